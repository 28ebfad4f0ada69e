/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/cms_frame.h"

#include "formats/cms.h"

int cms_expect(struct view *cursor, uint32_t number, const char *what,
	       struct tlv *ret_t, struct ltps_error *err)
{
	struct tlv t;
	struct view c = *cursor;
	bool is_list = number == ASN1_TAG_SEQUENCE || number == ASN1_TAG_SET;

	if (tlv_expect(&c, ASN1_UNIVERSAL, number, what, &t, err) != 0)
		return -1;
	if (number != ASN1_TAG_OCTET_STRING && t.constructed != is_list)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "X.690 8",
				 "%s: %s", what,
				 is_list ? "primitive list" : "constructed value");
	*cursor = c;
	*ret_t = t;
	return 0;
}

static int open_content_info(struct view in, struct cms_frame *f, struct view *ret_body,
			     struct ltps_error *err)
{
	struct tlv oid;
	if (cms_expect(&in, ASN1_TAG_SEQUENCE, "ContentInfo", &f->content_info, err) !=
		0 ||
	    tlv_end(in, "ContentInfo", err) != 0)
		return -1;
	struct view c = f->content_info.body;
	if (cms_expect(&c, ASN1_TAG_OID, "contentType", &oid, err) != 0)
		return -1;
	if (!oid_is(oid.body, OID_SIGNED_DATA)) {
		char text[OID_TEXT_MAX];
		oid_text(oid.body, text);
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT, "RFC 5652 3",
				 "content type %s is not signedData", text);
	}
	f->content_type = oid.whole;
	if (tlv_expect(&c, ASN1_CONTEXT, 0, "content", &f->explicit_content, err) !=
		0 ||
	    tlv_end(c, "ContentInfo", err) != 0)
		return -1;
	if (!f->explicit_content.constructed)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 5652 3",
				 "primitive content");
	*ret_body = f->explicit_content.body;
	return 0;
}

int cms_frame_parse(struct view in, struct cms_frame *ret_f, struct ltps_error *err)
{
	struct cms_frame f = { 0 };
	struct view c;

	if (in.n > CMS_SIZE_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "CMS of more than %zu bytes", CMS_SIZE_MAX);
	if (open_content_info(in, &f, &c, err) != 0)
		return -1;
	if (cms_expect(&c, ASN1_TAG_SEQUENCE, "SignedData", &f.signed_data, err) != 0 ||
	    tlv_end(c, "content", err) != 0)
		return -1;
	c = f.signed_data.body;
	if (cms_expect(&c, ASN1_TAG_INTEGER, "version", &f.version, err) != 0 ||
	    cms_expect(&c, ASN1_TAG_SET, "digestAlgorithms", &f.digest_algorithms,
		       err) != 0 ||
	    cms_expect(&c, ASN1_TAG_SEQUENCE, "encapContentInfo", &f.encap, err) != 0 ||
	    tlv_optional(&c, ASN1_CONTEXT, 0, &f.certs, &f.has_certs, err) != 0 ||
	    tlv_optional(&c, ASN1_CONTEXT, 1, &f.crls, &f.has_crls, err) != 0 ||
	    cms_expect(&c, ASN1_TAG_SET, "signerInfos", &f.signer_infos, err) != 0 ||
	    tlv_end(c, "SignedData", err) != 0)
		return -1;
	if ((f.has_certs && !f.certs.constructed) ||
	    (f.has_crls && !f.crls.constructed))
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 5652 5.1",
				 "certificates or crls are not a set");
	*ret_f = f;
	return 0;
}

int cms_signer_frame_next(struct view *cursor, struct cms_signer_frame *ret_s,
			  struct ltps_error *err)
{
	struct cms_signer_frame s = { 0 };
	struct tlv t;
	bool has_signed;

	if (cms_expect(cursor, ASN1_TAG_SEQUENCE, "SignerInfo", &s.whole, err) != 0)
		return -1;
	struct view c = s.whole.body;
	/* version, sid, digestAlgorithm */
	for (int i = 0; i < 3; i++) {
		if (tlv_next(&c, &t, err) != 0)
			return -1;
	}
	if (tlv_optional(&c, ASN1_CONTEXT, 0, &t, &has_signed, err) != 0 ||
	    cms_expect(&c, ASN1_TAG_SEQUENCE, "signatureAlgorithm", &t, err) != 0 ||
	    cms_expect(&c, ASN1_TAG_OCTET_STRING, "signature", &t, err) != 0)
		return -1;
	s.before = view_head(s.whole.body, s.whole.body.n - c.n);
	if (tlv_optional(&c, ASN1_CONTEXT, 1, &s.unsigned_attrs, &s.has_unsigned,
			 err) != 0)
		return -1;
	if (tlv_end(c, "SignerInfo", err) != 0)
		return -1;
	if (s.has_unsigned && !s.unsigned_attrs.constructed)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 5652 5.3",
				 "attributes are not a set");
	*ret_s = s;
	return 0;
}

int cms_rewrap(struct buf *out, const struct tlv *like, struct view body,
	       struct ltps_error *err)
{
	static const uint8_t end_of_contents[2] = { 0, 0 };
	uint8_t id = like->whole.p[0]; /* every tag of SignedData is below 31 */

	if (!like->indefinite)
		return der_put(out, id, body, err);
	if (buf_put_byte(out, id, err) != 0 || buf_put_byte(out, 0x80, err) != 0 ||
	    buf_put(out, body, err) != 0)
		return -1;
	return buf_put(out, view_of(end_of_contents, 2), err);
}

int cms_frame_close(struct buf *out, const struct cms_frame *f, struct view signed_data,
		    struct ltps_error *err)
{
	struct buf inner = buf_make(CMS_SIZE_MAX);
	struct buf body = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (cms_rewrap(&inner, &f->signed_data, signed_data, err) != 0 ||
	    buf_put(&body, f->content_type, err) != 0 ||
	    cms_rewrap(&body, &f->explicit_content, view_buf(&inner), err) != 0 ||
	    cms_rewrap(out, &f->content_info, view_buf(&body), err) != 0)
		goto out;
	rc = 0;
out:
	buf_free(&body);
	buf_free(&inner);
	return rc;
}
