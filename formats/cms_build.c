/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/cms_build.h"

#include "base/clock.h"
#include "base/mem.h"
#include "formats/cades.h"
#include "formats/cms.h"
#include "formats/cms_frame.h"

#define OID_ID_DATA "1.2.840.113549.1.7.1"

/* RFC 5652 5.1, 5.3: what sid and content make of the versions. */
#define VERSION_PLAIN 1
#define VERSION_OTHER_CONTENT 3

/* Years whose time is a UTCTime, RFC 5652 11.3: 1950 to 2049. */
#define UTC_TIME_FROM_MS ((int64_t)-631152000000)
#define UTC_TIME_TO_MS ((int64_t)2524608000000)

/* ---- attributes ---- */

int cms_build_attribute(const char *oid, const struct view *values, size_t n,
			struct buf *out, struct ltps_error *err)
{
	struct buf body = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (n == 0)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, "RFC 5652 5.3",
				 "attribute without a value");
	if (der_put_oid(&body, oid, err) == 0 &&
	    der_put_set_of(&body, DER_SET, values, n, err) == 0)
		rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
	buf_free(&body);
	return rc;
}

/* Attributes one after another in a buffer, to be cut apart and sorted. */
struct attrs {
	struct buf whole;
	struct buf value; /* of the one being written */
};

/* The value written so far becomes an attribute. */
static int end_attr(struct attrs *a, const char *oid, struct ltps_error *err)
{
	struct view v = view_buf(&a->value);

	if (cms_build_attribute(oid, &v, 1, &a->whole, err) != 0)
		return -1;
	buf_clear(&a->value);
	return 0;
}

static int put_content_type(struct attrs *a, const char *oid, struct ltps_error *err)
{
	if (der_put_oid(&a->value, oid, err) != 0)
		return -1;
	return end_attr(a, OID_CONTENT_TYPE, err);
}

static int put_message_digest(struct attrs *a, const struct digest *d,
			      struct ltps_error *err)
{
	if (digest_len(d->alg) == 0 || d->n != digest_len(d->alg))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "no message digest");
	if (der_put(&a->value, ASN1_TAG_OCTET_STRING, digest_view(d), err) != 0)
		return -1;
	return end_attr(a, OID_MESSAGE_DIGEST, err);
}

/* UTCTime until 2049, GeneralizedTime then, whole seconds. */
static int put_signing_time(struct attrs *a, int64_t t_ms, struct ltps_error *err)
{
	struct tlv t;

	if (t_ms == INT64_MIN)
		return 0;
	int64_t left = t_ms % 1000;
	t_ms -= left < 0 ? left + 1000 : left;
	if (der_put_time(&a->value, t_ms, err) != 0 ||
	    tlv_only(view_buf(&a->value), &t, err) != 0)
		return -1;
	if (t_ms >= UTC_TIME_FROM_MS && t_ms < UTC_TIME_TO_MS) {
		/* "YYYYMMDDHHMMSSZ" without the century. */
		struct buf utc = buf_make(32);
		int rc = der_put(&utc, ASN1_TAG_UTC_TIME, view_skip(t.body, 2), err);
		buf_clear(&a->value);
		if (rc == 0)
			rc = buf_put(&a->value, view_buf(&utc), err);
		buf_free(&utc);
		if (rc != 0)
			return -1;
	}
	return end_attr(a, OID_SIGNING_TIME, err);
}

static int wrap(struct buf *b, uint8_t id, struct ltps_error *err)
{
	struct buf out = buf_make(CMS_SIZE_MAX);

	if (der_put(&out, id, view_buf(b), err) != 0) {
		buf_free(&out);
		return -1;
	}
	buf_free(b);
	*b = out;
	return 0;
}

/*
 * ESSCertIDv2 with the hash of the message digest, its algorithm left out when it is
 * the default; no issuerSerial (EN 319 122-1 6.3). Version 1 would be for SHA-1 only.
 */
static int put_signing_certificate(struct attrs *a, struct view certificate,
				   enum digest_alg alg, struct ltps_error *err)
{
	struct digest d;

	if (alg == DIGEST_SHA1)
		alg = DIGEST_SHA256;
	if (digest_once(alg, certificate, &d, err) != 0 ||
	    (alg != DIGEST_SHA256 &&
	     buf_put(&a->value, digest_algorithm_identifier(alg), err) != 0) ||
	    der_put(&a->value, ASN1_TAG_OCTET_STRING, digest_view(&d), err) != 0)
		return -1;
	/* ESSCertIDv2, certs, SigningCertificateV2 */
	for (int i = 0; i < 3; i++) {
		if (wrap(&a->value, DER_SEQUENCE, err) != 0)
			return -1;
	}
	return end_attr(a, OID_SIGNING_CERTIFICATE_V2, err);
}

/* The attributes in the buffer as a DER SET; none of a type twice (RFC 5652 5.3). */
static int put_sorted(struct view all, struct buf *out, struct ltps_error *err)
{
	struct view items[CMS_ATTRS_MAX], types[CMS_ATTRS_MAX];
	size_t n = 0;
	struct tlv t, type;

	for (; all.n > 0; n++) {
		if (n == CMS_ATTRS_MAX)
			return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
					 "more than %d attributes", CMS_ATTRS_MAX);
		if (cms_expect(&all, ASN1_TAG_SEQUENCE, "Attribute", &t, err) != 0)
			return -1;
		struct view c = t.body;
		if (cms_expect(&c, ASN1_TAG_OID, "attrType", &type, err) != 0)
			return -1;
		items[n] = t.whole;
		types[n] = type.body;
		for (size_t i = 0; i < n; i++) {
			if (view_equal(types[i], type.body))
				return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER,
						 "RFC 5652 5.3",
						 "signed attribute given twice");
		}
	}
	return der_put_set_of(out, DER_SET, items, n, err);
}

int cms_build_signed_attrs(const struct cms_build_attrs *in, struct buf *out,
			   struct ltps_error *err)
{
	struct attrs a = { buf_make(CMS_SIZE_MAX), buf_make(CMS_SIZE_MAX) };
	int rc = -1;

	if (put_content_type(&a, in->content_type, err) != 0 ||
	    put_message_digest(&a, &in->message_digest, err) != 0 ||
	    put_signing_time(&a, in->signing_time_ms, err) != 0 ||
	    put_signing_certificate(&a, in->certificate, in->message_digest.alg, err) !=
		0)
		goto out;
	for (size_t i = 0; i < in->n_more; i++) {
		struct tlv t;
		if (tlv_only(in->more[i], &t, err) != 0 ||
		    buf_put(&a.whole, in->more[i], err) != 0)
			goto out;
	}
	rc = put_sorted(view_buf(&a.whole), out, err);
out:
	buf_free(&a.value);
	buf_free(&a.whole);
	return rc;
}

/* ---- the signer ---- */

/* issuer and serialNumber of a certificate. RFC 5280 4.1 */
static int find_names(struct view certificate, struct view *ret_issuer,
		      struct view *ret_serial, struct ltps_error *err)
{
	struct tlv cert, tbs, version, serial, algorithm, issuer;
	bool has;
	struct view c = certificate;

	if (cms_expect(&c, ASN1_TAG_SEQUENCE, "Certificate", &cert, err) != 0 ||
	    tlv_end(c, "Certificate", err) != 0)
		return -1;
	c = cert.body;
	if (cms_expect(&c, ASN1_TAG_SEQUENCE, "tbsCertificate", &tbs, err) != 0)
		return -1;
	c = tbs.body;
	if (tlv_optional(&c, ASN1_CONTEXT, 0, &version, &has, err) != 0 ||
	    cms_expect(&c, ASN1_TAG_INTEGER, "serialNumber", &serial, err) != 0 ||
	    cms_expect(&c, ASN1_TAG_SEQUENCE, "signature", &algorithm, err) != 0 ||
	    cms_expect(&c, ASN1_TAG_SEQUENCE, "issuer", &issuer, err) != 0)
		return -1;
	*ret_issuer = issuer.whole;
	*ret_serial = serial.whole;
	return 0;
}

static int put_sid(struct view certificate, struct buf *out, struct ltps_error *err)
{
	struct view issuer = VIEW_NULL, serial = VIEW_NULL;
	struct buf body = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (find_names(certificate, &issuer, &serial, err) == 0 &&
	    buf_put(&body, issuer, err) == 0 && buf_put(&body, serial, err) == 0)
		rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
	buf_free(&body);
	return rc;
}

/* The signed SET under its implicit [0]; the contents are what was signed. */
static int put_signed(struct view attrs, struct buf *out, struct ltps_error *err)
{
	struct tlv t;
	struct view c = attrs;

	if (attrs.n == 0)
		return 0;
	if (cms_expect(&c, ASN1_TAG_SET, "signedAttrs", &t, err) != 0 ||
	    tlv_end(c, "signedAttrs", err) != 0)
		return -1;
	return der_put(out, DER_ID(ASN1_CONTEXT, 1, 0), t.body, err);
}

static int check_algorithm(struct view algorithm, struct ltps_error *err)
{
	struct tlv t;

	if (cms_expect(&algorithm, ASN1_TAG_SEQUENCE, "signatureAlgorithm", &t, err) !=
	    0)
		return -1;
	return tlv_end(algorithm, "signatureAlgorithm", err);
}

static int put_signer(const struct cms_build_signer *s, struct buf *out,
		      struct ltps_error *err)
{
	struct buf body = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (s->n_unsigned_attrs > CMS_ATTRS_MAX) {
		ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
			  "more than %d attributes", CMS_ATTRS_MAX);
		goto out;
	}
	if (check_algorithm(s->algorithm, err) != 0 ||
	    der_put_uint(&body, VERSION_PLAIN, err) != 0 ||
	    put_sid(s->certificate, &body, err) != 0 ||
	    buf_put(&body, digest_algorithm_identifier(s->digest), err) != 0 ||
	    put_signed(s->signed_attrs, &body, err) != 0 ||
	    buf_put(&body, s->algorithm, err) != 0 ||
	    der_put(&body, ASN1_TAG_OCTET_STRING, s->signature, err) != 0 ||
	    (s->n_unsigned_attrs > 0 &&
	     der_put_set_of(&body, DER_ID(ASN1_CONTEXT, 1, 1), s->unsigned_attrs,
			    s->n_unsigned_attrs, err) != 0))
		goto out;
	rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
out:
	buf_free(&body);
	return rc;
}

/* ---- the whole ---- */

static int put_algorithms(const struct cms_build *in, struct buf *out,
			  struct ltps_error *err)
{
	struct view algorithms[DIGEST_ALG_COUNT];
	bool has[DIGEST_ALG_COUNT] = { false };
	size_t n = 0;

	for (size_t i = 0; i < in->n_signers; i++) {
		enum digest_alg alg = in->signers[i].digest;
		struct view v = digest_algorithm_identifier(alg);
		if (v.n == 0)
			return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
					 "no digest algorithm");
		if (!has[alg])
			algorithms[n++] = v;
		has[alg] = true;
	}
	return der_put_set_of(out, DER_SET, algorithms, n, err);
}

static int put_encap(const struct cms_build *in, struct buf *out,
		     struct ltps_error *err)
{
	struct buf body = buf_make(CMS_SIZE_MAX);
	size_t inner = der_header_len(in->content.n);
	int rc = -1;

	if (in->has_content && in->content.n > CMS_SIZE_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "content of more than %zu bytes", CMS_SIZE_MAX);
	if (der_put_oid(&body, in->content_type, err) != 0 ||
	    (in->has_content &&
	     (der_put_header(&body, DER_ID(ASN1_CONTEXT, 1, 0), inner + in->content.n,
			     err) != 0 ||
	      der_put(&body, ASN1_TAG_OCTET_STRING, in->content, err) != 0)))
		goto out;
	rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
out:
	buf_free(&body);
	return rc;
}

static int put_certs(const struct cms_build *in, struct buf *out,
		     struct ltps_error *err)
{
	struct view unique[CMS_CERTS_MAX];
	size_t n = 0;

	if (in->n_certs > CMS_CERTS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %d certificates", CMS_CERTS_MAX);
	for (size_t i = 0; i < in->n_certs; i++) {
		struct tlv t;
		struct view c = in->certs[i];
		bool known = false;
		if (cms_expect(&c, ASN1_TAG_SEQUENCE, "Certificate", &t, err) != 0 ||
		    tlv_end(c, "Certificate", err) != 0)
			return -1;
		for (size_t k = 0; k < n && !known; k++)
			known = view_equal(unique[k], t.whole);
		if (!known)
			unique[n++] = t.whole;
	}
	return n > 0 ? der_put_set_of(out, DER_ID(ASN1_CONTEXT, 1, 0), unique, n, err)
		     : 0;
}

static int put_signers(const struct cms_build *in, struct buf *out,
		       struct ltps_error *err)
{
	struct view items[CMS_SIGNERS_MAX];
	struct buf all = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (in->n_signers > CMS_SIGNERS_MAX) {
		ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
			  "more than %d signers", CMS_SIGNERS_MAX);
		goto out;
	}
	for (size_t i = 0; i < in->n_signers; i++) {
		if (put_signer(&in->signers[i], &all, err) != 0) {
			ltps_where(err, "signer %zu", i + 1);
			goto out;
		}
	}
	struct view c = view_buf(&all);
	for (size_t i = 0; i < in->n_signers; i++) {
		struct tlv t;
		if (tlv_next(&c, &t, err) != 0)
			goto out;
		items[i] = t.whole;
	}
	rc = der_put_set_of(out, DER_SET, items, in->n_signers, err);
out:
	buf_free(&all);
	return rc;
}

/* [0] around SignedData, ContentInfo around both. */
static int put_content_info(struct view signed_data, struct buf *out,
			    struct ltps_error *err)
{
	struct buf inner = buf_make(CMS_SIZE_MAX), body = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (der_put(&inner, DER_SEQUENCE, signed_data, err) == 0 &&
	    der_put_oid(&body, OID_SIGNED_DATA, err) == 0 &&
	    der_put(&body, DER_ID(ASN1_CONTEXT, 1, 0), view_buf(&inner), err) == 0)
		rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
	buf_free(&body);
	buf_free(&inner);
	return rc;
}

int cms_build(const struct cms_build *in, struct buf *out, struct ltps_error *err)
{
	struct buf oid = buf_make(OID_TEXT_MAX), body = buf_make(CMS_SIZE_MAX);
	struct tlv type;
	int rc = -1;

	if (der_put_oid(&oid, in->content_type, err) != 0 ||
	    tlv_only(view_buf(&oid), &type, err) != 0 ||
	    der_put_uint(&body,
			 oid_is(type.body, OID_ID_DATA) ? VERSION_PLAIN
							: VERSION_OTHER_CONTENT,
			 err) != 0 ||
	    put_algorithms(in, &body, err) != 0 || put_encap(in, &body, err) != 0 ||
	    put_certs(in, &body, err) != 0 || put_signers(in, &body, err) != 0)
		goto out;
	rc = put_content_info(view_buf(&body), out, err);
out:
	buf_free(&body);
	buf_free(&oid);
	return rc;
}
