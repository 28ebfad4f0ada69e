/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cms_splice - validation material put into an existing SignedData. Every
 * element that was there keeps its bytes; only sets gain members and the
 * lengths around them change.
 */
#include "base/mem.h"
#include "formats/cms.h"
#include "formats/cms_frame.h"
#include "formats/cms_members.h"

#define VERSION_WITH_OTHER_CRLS 5 /* RFC 5652 5.1 */

static const struct view no_bytes = { NULL, 0 };

/* A certificate or CRL as the caller must give it: one SEQUENCE, no more. */
static int check_item(struct view item, const char *what, struct ltps_error *err)
{
	struct tlv t;
	struct view c = item;

	if (cms_expect(&c, ASN1_TAG_SEQUENCE, what, &t, err) != 0)
		return -1;
	return tlv_end(c, what, err);
}

/* responseStatus successful and responseBytes present (RFC 5940 2.1). */
static int check_ocsp(struct view response, struct ltps_error *err)
{
	struct tlv t, status, bytes;

	if (check_item(response, "OCSPResponse", err) != 0 ||
	    tlv_only(response, &t, err) != 0)
		return -1;
	struct view c = t.body;
	uint64_t value = 0;
	if (cms_expect(&c, ASN1_TAG_ENUMERATED, "responseStatus", &status, err) != 0 ||
	    tlv_uint(&status, &value, err) != 0 ||
	    tlv_expect(&c, ASN1_CONTEXT, 0, "responseBytes", &bytes, err) != 0)
		return -1;
	if (value != 0)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, "RFC 5940 2.1",
				 "OCSP response is not successful");
	return tlv_end(c, "OCSPResponse", err);
}

/* RevocationInfoChoice [1] with an OCSPResponse, appended to `out`. */
static int put_ocsp_choice(struct buf *out, struct view response,
			   struct ltps_error *err)
{
	struct buf body = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (der_put_oid(&body, OID_RI_OCSP_RESPONSE, err) != 0 ||
	    buf_put(&body, response, err) != 0 ||
	    der_put(out, DER_ID(ASN1_CONTEXT, 1, 1), view_buf(&body), err) != 0)
		goto out;
	rc = 0;
out:
	buf_free(&body);
	return rc;
}

/* Whether a crls element says the same, also in the basic form. */
static int has_ocsp(const struct cms *cms, struct view response, bool *ret_has,
		    struct ltps_error *err)
{
	struct buf found = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	*ret_has = false;
	for (size_t i = 0; i < cms->n_crls && !*ret_has; i++) {
		buf_clear(&found);
		if (cms->crls[i].p[0] == DER_SEQUENCE)
			continue;
		if (cms_crl_ocsp_response(cms->crls[i], &found, err) != 0)
			goto out;
		*ret_has = view_equal(view_buf(&found), response);
	}
	rc = 0;
out:
	buf_free(&found);
	return rc;
}

static int gather_certs(const struct cms *cms, const struct cms_material *m,
			struct cms_members *s, struct ltps_error *err)
{
	if (cms_members_start(s, cms->certs, cms->n_certs, m->n_certs, CMS_CERTS_MAX,
			      err) != 0)
		return -1;
	for (size_t i = 0; i < m->n_certs; i++) {
		if (check_item(m->certs[i], "Certificate", err) != 0 ||
		    cms_members_add(s, m->certs[i], err) != 0)
			return ltps_where(err, "certificate %zu", i + 1);
	}
	return 0;
}

/* CRLs and OCSP responses; `choices` holds what is made for the latter. */
static int gather_crls(const struct cms *cms, const struct cms_material *m,
		       struct buf *choices, struct cms_members *s,
		       struct ltps_error *err)
{
	if (m->n_ocsps > CMS_CRLS_MAX || m->n_crls > CMS_CRLS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %d items to add", CMS_CRLS_MAX);
	if (cms_members_start(s, cms->crls, cms->n_crls, m->n_crls + m->n_ocsps,
			      2 * CMS_CRLS_MAX, err) != 0)
		return -1;
	s->max = CMS_CRLS_MAX;
	for (size_t i = 0; i < m->n_crls; i++) {
		if (check_item(m->crls[i], "CertificateList", err) != 0 ||
		    cms_members_add(s, m->crls[i], err) != 0)
			return ltps_where(err, "CRL %zu", i + 1);
	}
	for (size_t i = 0; i < m->n_ocsps; i++) {
		bool has = false;
		if (check_ocsp(m->ocsps[i], err) != 0 ||
		    has_ocsp(cms, m->ocsps[i], &has, err) != 0 ||
		    (!has && put_ocsp_choice(choices, m->ocsps[i], err) != 0))
			return ltps_where(err, "OCSP response %zu", i + 1);
	}
	struct view c = view_buf(choices);
	while (c.n > 0) {
		struct tlv t;
		if (tlv_next(&c, &t, err) != 0 || cms_members_add(s, t.whole, err) != 0)
			return -1;
	}
	return 0;
}

static int put_version(const struct cms *cms, const struct cms_frame *f,
		       const struct cms_members *crls, struct buf *out,
		       struct ltps_error *err)
{
	bool other = false;

	for (size_t i = 0; i < crls->n; i++)
		other = other || crls->v[i].p[0] != DER_SEQUENCE;
	if (other && cms->version < VERSION_WITH_OTHER_CRLS)
		return der_put_uint(out, VERSION_WITH_OTHER_CRLS, err);
	return buf_put(out, f->version.whole, err);
}

/* A set as it stands when nothing came to it (or absent), else rebuilt. */
static int put_set(const struct cms_members *s, uint8_t id, const struct tlv *old,
		   struct buf *out, struct ltps_error *err)
{
	if (s->n == s->existing)
		return buf_put(out, old != NULL ? old->whole : no_bytes, err);
	return cms_members_put(s, id, old, out, err);
}

static int put_signed_data(const struct cms *cms, const struct cms_members *certs,
			   const struct cms_members *crls, struct buf *out,
			   struct ltps_error *err)
{
	struct cms_frame f;
	struct buf body = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (cms_frame_parse(cms->whole, &f, err) != 0 ||
	    put_version(cms, &f, crls, &body, err) != 0 ||
	    buf_put(&body, f.digest_algorithms.whole, err) != 0 ||
	    buf_put(&body, f.encap.whole, err) != 0 ||
	    put_set(certs, DER_ID(ASN1_CONTEXT, 1, 0), f.has_certs ? &f.certs : NULL,
		    &body, err) != 0 ||
	    put_set(crls, DER_ID(ASN1_CONTEXT, 1, 1), f.has_crls ? &f.crls : NULL,
		    &body, err) != 0 ||
	    buf_put(&body, f.signer_infos.whole, err) != 0 ||
	    cms_frame_close(out, &f, view_buf(&body), err) != 0)
		goto out;
	rc = 0;
out:
	buf_free(&body);
	return rc;
}

int cms_add_material(struct view in, const struct cms_material *m, struct buf *out,
		     struct ltps_error *err)
{
	struct cms *cms = NULL;
	struct cms_members certs = { 0 };
	struct cms_members crls = { 0 };
	struct buf choices = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (cms_parse(in, &cms, err) != 0 || gather_certs(cms, m, &certs, err) != 0 ||
	    gather_crls(cms, m, &choices, &crls, err) != 0)
		goto out;
	if (certs.n == certs.existing && crls.n == crls.existing)
		rc = buf_put(out, cms->whole, err);
	else
		rc = put_signed_data(cms, &certs, &crls, out, err);
out:
	buf_free(&choices);
	mem_free(crls.v);
	mem_free(certs.v);
	cms_free(cms);
	return rc;
}
