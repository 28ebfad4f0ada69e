/* SPDX-License-Identifier: Apache-2.0 */
/* Writing the attributes of cryptoInfos, and OCSP responses both ways. */
#include "base/asn1.h"
#include "base/mem.h"
#include "formats/cms.h"
#include "timestamping/ers.h"

#define EXPLICIT_0 DER_ID(ASN1_CONTEXT, true, 0)
#define EXPLICIT_1 DER_ID(ASN1_CONTEXT, true, 1)

int ers_ocsp_wrap(struct view basic, struct buf *out, struct ltps_error *err)
{
	struct buf bytes = buf_make(ERS_SIZE_MAX);
	struct buf body = buf_make(ERS_SIZE_MAX);
	int rc = -1;

	/* ResponseBytes { id-pkix-ocsp-basic, OCTET STRING }, RFC 6960 4.2.1 */
	if (der_put_oid(&body, OID_PKIX_OCSP_BASIC, err) != 0 ||
	    der_put(&body, ASN1_TAG_OCTET_STRING, basic, err) != 0 ||
	    der_put(&bytes, DER_SEQUENCE, view_buf(&body), err) != 0)
		goto out;
	buf_clear(&body);
	/* OCSPResponse { successful, [0] ResponseBytes } */
	if (der_put(&body, ASN1_TAG_ENUMERATED, view_of("\0", 1), err) != 0 ||
	    der_put(&body, EXPLICIT_0, view_buf(&bytes), err) != 0)
		goto out;
	rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
out:
	buf_free(&body);
	buf_free(&bytes);
	return rc;
}

/* BasicOCSPResponse out of an OCSPResponse. */
static int put_basic(struct view response, struct buf *out, struct ltps_error *err)
{
	struct tlv outer, t;
	struct view body;

	if (tlv_only(response, &outer, err) != 0)
		return -1;
	body = outer.body;
	if (tlv_expect(&body, ASN1_UNIVERSAL, ASN1_TAG_ENUMERATED, "responseStatus", &t,
		       err) != 0 ||
	    tlv_expect(&body, ASN1_CONTEXT, 0, "responseBytes", &t, err) != 0)
		return -1;
	body = t.body;
	if (tlv_expect(&body, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, "ResponseBytes", &t,
		       err) != 0)
		return -1;
	body = t.body;
	if (tlv_expect(&body, ASN1_UNIVERSAL, ASN1_TAG_OID, "responseType", &t, err) !=
		0 ||
	    tlv_expect(&body, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING, "response", &t,
		       err) != 0)
		return -1;
	return tlv_octets(&t, out, err);
}

static int put_joined(const struct view *items, size_t n, struct buf *out,
		      struct ltps_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (buf_put(out, items[i], err) != 0)
			return -1;
	return 0;
}

/* Attribute with this one value. */
static int put_attribute(const char *type, struct view value, struct buf *out,
			 struct ltps_error *err)
{
	struct buf body = buf_make(ERS_SIZE_MAX);
	int rc = -1;

	if (der_put_oid(&body, type, err) != 0 ||
	    der_put(&body, DER_SET, value, err) != 0)
		goto out;
	rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
out:
	buf_free(&body);
	return rc;
}

/* [tag] { SEQUENCE OF members }, unless there are none. */
static int put_field(uint8_t id, struct view members, struct buf *out,
		     struct ltps_error *err)
{
	struct buf sequence = buf_make(ERS_SIZE_MAX);
	int rc = -1;

	if (members.n == 0)
		return 0;
	if (der_put(&sequence, DER_SEQUENCE, members, err) != 0)
		goto out;
	rc = der_put(out, id, view_buf(&sequence), err);
out:
	buf_free(&sequence);
	return rc;
}

static int put_cert_values(const struct cms_material *m, struct buf *out,
			   struct ltps_error *err)
{
	struct buf members = buf_make(ERS_SIZE_MAX);
	struct buf value = buf_make(ERS_SIZE_MAX);
	int rc = -1;

	if (put_joined(m->certs, m->n_certs, &members, err) != 0 ||
	    der_put(&value, DER_SEQUENCE, view_buf(&members), err) != 0)
		goto out;
	rc = put_attribute(OID_CERT_VALUES, view_buf(&value), out, err);
out:
	buf_free(&value);
	buf_free(&members);
	return rc;
}

static int put_revocation_values(const struct cms_material *m, struct buf *out,
				 struct ltps_error *err)
{
	struct buf members = buf_make(ERS_SIZE_MAX);
	struct buf fields = buf_make(ERS_SIZE_MAX);
	struct buf value = buf_make(ERS_SIZE_MAX);
	int rc = -1;

	if (put_joined(m->crls, m->n_crls, &members, err) != 0 ||
	    put_field(EXPLICIT_0, view_buf(&members), &fields, err) != 0)
		goto out;
	buf_clear(&members);
	for (size_t i = 0; i < m->n_ocsps; i++)
		if (put_basic(m->ocsps[i], &members, err) != 0)
			goto out;
	if (put_field(EXPLICIT_1, view_buf(&members), &fields, err) != 0 ||
	    der_put(&value, DER_SEQUENCE, view_buf(&fields), err) != 0)
		goto out;
	rc = put_attribute(OID_REVOCATION_VALUES, view_buf(&value), out, err);
out:
	buf_free(&value);
	buf_free(&fields);
	buf_free(&members);
	return rc;
}

int ers_crypto_infos_encode(const struct cms_material *m, struct buf *out,
			    struct ltps_error *err)
{
	if (m->n_certs > 0 && put_cert_values(m, out, err) != 0)
		return -1;
	if (m->n_crls + m->n_ocsps > 0 && put_revocation_values(m, out, err) != 0)
		return -1;
	return 0;
}
