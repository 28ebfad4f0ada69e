/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of formats/: CMS, CAdES, evidence records in CMS, ASiC, ZIP, PEM. */
#include "base/mem.h"
#include "formats/asic.h"
#include "formats/cades.h"
#include "formats/cms.h"
#include "formats/cms_build.h"
#include "formats/cms_er.h"
#include "formats/format.h"
#include "formats/zip.h"
#include "tests/oom/oom.h"

static int cms_read(struct ltps_error *err)
{
	struct buf b = buf_make(OOM_BYTES_MAX);
	struct cms *cms = NULL;
	int rc = -1;

	if (cms_parse(view_buf(&world.full_token), &cms, err) != 0)
		goto out;
	if (cms_signed_attrs_der(&cms->signers[0], &b, err) != 0)
		goto out;
	for (size_t i = 0; i < cms->n_crls; i++)
		if (cms_crl_ocsp_response(cms->crls[i], &b, err) != 0)
			goto out;
	rc = 0;
out:
	buf_free(&b);
	cms_free(cms);
	return rc;
}

static int cms_splice(struct ltps_error *err)
{
	struct buf b = buf_make(OOM_BYTES_MAX);
	struct view crls[] = { view_buf(&world.crl), view_buf(&world.root_crl) };
	struct view ocsps[] = { view_buf(&world.ocsp) };
	struct view certs[] = { devpki_active(world.pki, DEVPKI_ROOT, 0)->der };
	struct cms_material m = { certs, 1, crls, 2, ocsps, 1 };
	int rc = cms_add_material(view_buf(&world.token), &m, &b, err);

	buf_free(&b);
	return rc;
}

static int cms_records(struct ltps_error *err)
{
	struct cms *cms = NULL;
	struct cms_er *ers = NULL;
	size_t n = 0;
	int rc = -1;

	if (cms_parse(world.signed_file, &cms, err) != 0 ||
	    cms_er_list(cms, &ers, &n, err) != 0)
		goto out;
	for (int form = 0; form < CMS_ER_FORM_COUNT; form++) {
		struct buf b = buf_make(OOM_BYTES_MAX);
		int put =
		    cms_er_covered(cms, ers, n, 0, (enum cms_er_form)form, &b, err);
		buf_free(&b);
		if (put != 0)
			goto out;
	}
	rc = 0;
out:
	mem_free(ers);
	cms_free(cms);
	return rc;
}

static int container_build(struct ltps_error *err)
{
	struct asic_object objects[] = { { view_text("a.txt"), "text/plain",
					   world.data },
					 { view_text("b/c"), NULL, world.data } };
	struct asic_input in = { .objects = objects,
				 .n_objects = 2,
				 .record = view_buf(&world.record),
				 .alg = DIGEST_SHA256,
				 .time_ms = world.judged_ms };
	struct buf b = buf_make(OOM_BYTES_MAX);
	int rc = asic_build(&in, &b, err);

	buf_free(&b);
	return rc;
}

static int container_read(struct ltps_error *err)
{
	struct asic *asic = NULL;
	int rc = asic_parse(view_buf(&world.asic), &asic, err);
	asic_free(asic);
	return rc;
}

/* One deflated entry "a": 300 times "x". */
static const char deflated[] =
    "504b030414000000080000002100132d431b070000002c0100000100000061ab"
    "a81805c40200504b0102140014000000080000002100132d431b070000002c01"
    "000001000000000000000000000080010000000061504b050600000000010001"
    "002f000000260000000000";

static int zip_unpack(struct ltps_error *err)
{
	struct buf file = buf_make(OOM_BYTES_MAX), out = buf_make(OOM_BYTES_MAX);
	struct zip *zip = NULL;
	int rc = -1;

	if (hex_decode(view_text(deflated), &file, err) == 0 &&
	    zip_open(view_buf(&file), &zip, err) == 0)
		rc = zip_read(&zip->entries[0], &out, err);
	zip_free(zip);
	buf_free(&out);
	buf_free(&file);
	return rc;
}

static int pem(struct ltps_error *err)
{
	struct buf b = buf_make(OOM_BYTES_MAX);
	int rc = format_pem_decode(view_buf(&world.pem), &b, err);
	buf_free(&b);
	return rc;
}

/* A signature of nobody around the data, with the token as its time-stamp. */
static int build(struct buf *out, struct ltps_error *err)
{
	struct view cert = devpki_active(world.pki, DEVPKI_ROOT, 0)->der;
	struct view token = view_buf(&world.full_token);
	struct buf attrs = buf_make(OOM_BYTES_MAX), stamp = buf_make(OOM_BYTES_MAX);
	struct cms_build_attrs a = { .content_type = "1.2.840.113549.1.7.1",
				     .signing_time_ms = world.judged_ms,
				     .certificate = cert };
	struct cms_build_signer s = { .certificate = cert,
				      .digest = DIGEST_SHA256,
				      .algorithm =
					  digest_algorithm_identifier(DIGEST_SHA256),
				      .signature = view_text("a signature") };
	struct cms_build in = { .content_type = a.content_type,
				.has_content = true,
				.content = world.data,
				.certs = &cert,
				.n_certs = 1,
				.signers = &s,
				.n_signers = 1 };
	int rc = -1;

	if (digest_once(DIGEST_SHA256, world.data, &a.message_digest, err) != 0 ||
	    cms_build_signed_attrs(&a, &attrs, err) != 0 ||
	    cms_build_attribute(OID_ARCHIVE_TIME_STAMP_V3, &token, 1, &stamp, err) != 0)
		goto out;
	struct view unsigned_attr = view_buf(&stamp);
	s.signed_attrs = view_buf(&attrs);
	s.unsigned_attrs = &unsigned_attr;
	s.n_unsigned_attrs = 1;
	rc = cms_build(&in, out, err);
out:
	buf_free(&stamp);
	buf_free(&attrs);
	return rc;
}

/* Further attributes beside the time-stamp, and inside of it. */
static int cms_attributes(struct ltps_error *err)
{
	static const enum digest_alg algs[] = { DIGEST_SHA512 };
	struct buf file = buf_make(OOM_BYTES_MAX), more = buf_make(OOM_BYTES_MAX),
		   nested = buf_make(OOM_BYTES_MAX), attr = buf_make(OOM_BYTES_MAX);
	struct view value = view_buf(&world.token);
	int rc = -1;

	if (build(&file, err) != 0 ||
	    cms_build_attribute(OID_SIGNATURE_TIME_STAMP, &value, 1, &attr, err) != 0)
		goto out;
	struct view v = view_buf(&attr);
	struct cms_addition addition = { 0, &v, 1 };
	if (cms_add_attributes(view_buf(&file), &addition, 1, algs, 1, &more, err) !=
		0 ||
	    cms_nested_attributes(view_buf(&file), 0, 0, 0, &v, 1, &nested, err) != 0)
		goto out;
	rc = 0;
out:
	buf_free(&attr);
	buf_free(&nested);
	buf_free(&more);
	buf_free(&file);
	return rc;
}

static int read_attributes(const struct cms *cms, struct ltps_error *err)
{
	const struct cms_signer *s = &cms->signers[0];
	struct cades_signing_certs certs = { 0 };
	struct cades_values values = { 0 };
	struct cades_stamp *stamps = NULL;
	struct cades_policy policy;
	struct cades_claims claims;
	size_t n = 0;
	int rc = -1;

	if (cades_stamps(s, &stamps, &n, err) == 0 &&
	    cades_signing_certs(s, &certs, err) == 0 &&
	    cades_values(s, &values, err) == 0 && cades_policy(s, &policy, err) == 0 &&
	    cades_claims(s, &claims, err) == 0)
		rc = n == 1 && certs.n == 1 ? 0 : OOM_OTHER;
	cades_values_clear(&values);
	cades_signing_certs_clear(&certs);
	mem_free(stamps);
	return rc;
}

/* An index made and ticked off again. */
static int read_index(const struct cms *cms, struct ltps_error *err)
{
	const struct cms_signer *s = &cms->signers[0];
	struct buf b = buf_make(OOM_BYTES_MAX), attr = buf_make(OOM_BYTES_MAX);
	struct cms_signer token_signer = { 0 };
	struct cms_attr a = { 0 };
	struct cades_index index = { 0 };
	struct cades_index_match match = { 0 };
	int rc = -1;

	if (cades_index_build(cms, 0, DIGEST_SHA256, &b, err) != 0 ||
	    der_put_oid(&attr, OID_ATS_HASH_INDEX_V3, err) != 0)
		goto out;
	a.type = view_skip(view_buf(&attr), 2);
	a.values = view_buf(&b);
	token_signer.unsigned_attrs = (struct cms_attrs){ a.values, &a, 1 };
	if (cades_index_parse(&token_signer, &index, err) != 0 ||
	    cades_index_match(cms, s, &index, &match, err) != 0)
		goto out;
	rc = match.unmatched == 0 && match.certs[0] && match.attrs[0] ? 0 : OOM_OTHER;
out:
	cades_index_match_clear(&match);
	cades_index_clear(&index);
	buf_free(&attr);
	buf_free(&b);
	return rc;
}

static int cades_read(struct ltps_error *err)
{
	struct buf file = buf_make(OOM_BYTES_MAX);
	struct cms *cms = NULL;
	int rc = -1;

	if (build(&file, err) == 0 && cms_parse(view_buf(&file), &cms, err) == 0)
		rc = read_attributes(cms, err);
	if (rc == 0)
		rc = read_index(cms, err);
	cms_free(cms);
	buf_free(&file);
	return rc;
}

const struct oom_case oom_formats[] = {
	{ "formats: CMS", cms_read },
	{ "formats: material into CMS", cms_splice },
	{ "formats: evidence records in CMS", cms_records },
	{ "formats: CMS build and attributes", cms_attributes },
	{ "formats: CAdES attributes", cades_read },
	{ "formats: ASiC build", container_build },
	{ "formats: ASiC read", container_read },
	{ "formats: ZIP with deflate", zip_unpack },
	{ "formats: PEM", pem },
	{ 0 },
};
