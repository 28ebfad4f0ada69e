/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of formats/: CMS, evidence records in CMS, ASiC, ZIP, PEM. */
#include "base/mem.h"
#include "formats/asic.h"
#include "formats/cms.h"
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

const struct oom_case oom_formats[] = {
	{ "formats: CMS", cms_read },
	{ "formats: material into CMS", cms_splice },
	{ "formats: evidence records in CMS", cms_records },
	{ "formats: ASiC build", container_build },
	{ "formats: ASiC read", container_read },
	{ "formats: ZIP with deflate", zip_unpack },
	{ "formats: PEM", pem },
	{ 0 },
};
