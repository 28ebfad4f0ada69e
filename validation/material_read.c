/* SPDX-License-Identifier: Apache-2.0 */
/* material_read - out of files, PEM, bundles and signed messages into material. */
#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/asn1.h"
#include "base/clock.h"
#include "base/file.h"
#include "formats/cms.h"
#include "timestamping/x509_der.h"
#include "validation/material.h"

#define OID_CERTIFICATE_VALUES "1.2.840.113549.1.9.16.2.23"
#define OID_REVOCATION_VALUES "1.2.840.113549.1.9.16.2.24"

/* What does not decode is left out without a word. Too large or too many of them is not
 * the object's, and is said. */
static int unless_object(int rc, struct ltps_error *err)
{
	if (rc == 0 || err->fault != LTPS_FAULT_OBJECT)
		return rc;
	ltps_error_clear(err);
	return 0;
}

static int add_if_decodes(struct material *m, enum material_kind kind, struct view der,
			  struct ltps_error *err)
{
	return unless_object(material_add(m, kind, der, err), err);
}

/* Each element of a SEQUENCE OF, as one kind; a broken list is left out. */
static int add_elements(struct material *m, enum material_kind kind, struct view body,
			struct ltps_error *err)
{
	struct tlv t;
	while (body.n > 0) {
		if (tlv_next(&body, &t, err) != 0) {
			ltps_error_clear(err);
			return 0;
		}
		if (add_if_decodes(m, kind, t.whole, err) != 0)
			return -1;
	}
	return 0;
}

/* A BasicOCSPResponse on its own, as an OCSPResponse: RFC 6960 4.2.1. */
static int add_basic_ocsp(struct material *m, struct view basic, struct ltps_error *err)
{
	struct buf bytes = buf_make(MATERIAL_BYTES_MAX);
	struct buf out = buf_make(MATERIAL_BYTES_MAX);
	int rc = -1;
	if (der_put_oid(&bytes, OID_PKIX_OCSP_BASIC, err) != 0 ||
	    der_put(&bytes, DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_OCTET_STRING), basic,
		    err) != 0)
		goto out;
	size_t inner = der_header_len(bytes.n) + bytes.n;
	size_t tagged = der_header_len(inner) + inner;
	static const uint8_t successful[] = { 0x0a, 0x01, 0x00 };
	if (der_put_header(&out, DER_SEQUENCE, sizeof(successful) + tagged, err) != 0 ||
	    buf_put(&out, view_of(successful, sizeof(successful)), err) != 0 ||
	    der_put_header(&out, DER_ID(ASN1_CONTEXT, 1, 0), inner, err) != 0 ||
	    der_put(&out, DER_SEQUENCE, view_buf(&bytes), err) != 0)
		goto out;
	rc = add_if_decodes(m, MATERIAL_OCSP, view_buf(&out), err);
out:
	buf_free(&out);
	buf_free(&bytes);
	return rc;
}

static int add_basic_ocsps(struct material *m, struct view body, struct ltps_error *err)
{
	struct tlv t;
	while (body.n > 0) {
		if (tlv_next(&body, &t, err) != 0) {
			ltps_error_clear(err);
			return 0;
		}
		if (add_basic_ocsp(m, t.whole, err) != 0)
			return -1;
	}
	return 0;
}

/* RevocationValues: crlVals [0], ocspVals [1]; RFC 5126 6.3.4. */
static int add_revocation_values(struct material *m, struct view value,
				 struct ltps_error *err)
{
	struct tlv outer, tagged, list;
	if (tlv_only(value, &outer, err) != 0)
		goto malformed;
	struct view cursor = outer.body;
	while (cursor.n > 0) {
		if (tlv_next(&cursor, &tagged, err) != 0)
			goto malformed;
		if (tagged.cls != ASN1_CONTEXT || tagged.number > 1)
			continue;
		if (tlv_only(tagged.body, &list, err) != 0)
			goto malformed;
		int rc = tagged.number == 0
			     ? add_elements(m, MATERIAL_CRL, list.body, err)
			     : add_basic_ocsps(m, list.body, err);
		if (rc != 0)
			return -1;
	}
	return 0;
malformed:
	ltps_error_clear(err);
	return 0;
}

/* certificate-values and revocation-values beside a signature. */
static int add_attributes(struct material *m, const struct cms_signer *signer,
			  struct ltps_error *err)
{
	const struct cms_attr *a;
	struct tlv t;
	for (size_t i = 0; (a = cms_attr_find(&signer->unsigned_attrs,
					      OID_CERTIFICATE_VALUES, i)) != NULL;
	     i++) {
		if (tlv_only(a->values, &t, err) != 0)
			ltps_error_clear(err);
		else if (add_elements(m, MATERIAL_CERT, t.body, err) != 0)
			return -1;
	}
	for (size_t i = 0; (a = cms_attr_find(&signer->unsigned_attrs,
					      OID_REVOCATION_VALUES, i)) != NULL;
	     i++) {
		if (add_revocation_values(m, a->values, err) != 0)
			return -1;
	}
	return 0;
}

static int add_crl_choice(struct material *m, struct view choice,
			  struct ltps_error *err)
{
	if (choice.n > 0 && choice.p[0] == DER_SEQUENCE)
		return add_if_decodes(m, MATERIAL_CRL, choice, err);
	struct buf ocsp = buf_make(MATERIAL_BYTES_MAX);
	int rc = cms_crl_ocsp_response(choice, &ocsp, err);
	if (rc != 0 && x509_der_is_object_fault(err)) {
		ltps_error_clear(err);
		rc = 0;
	} else if (rc == 0 && ocsp.n > 0) {
		rc = add_if_decodes(m, MATERIAL_OCSP, view_buf(&ocsp), err);
	}
	buf_free(&ocsp);
	return rc;
}

static bool is_certificate(struct view choice)
{
	return choice.n > 0 && choice.p[0] == DER_SEQUENCE;
}

static int add_cms_certs(struct material *m, const struct cms *cms,
			 struct ltps_error *err)
{
	for (size_t i = 0; i < cms->n_certs; i++) {
		if (is_certificate(cms->certs[i]) &&
		    add_if_decodes(m, MATERIAL_CERT, cms->certs[i], err) != 0)
			return -1;
	}
	return 0;
}

static int add_cms_anchors(struct material *m, const struct cms *cms, int64_t sunset_ms,
			   struct ltps_error *err)
{
	for (size_t i = 0; i < cms->n_certs; i++) {
		if (is_certificate(cms->certs[i]) &&
		    unless_object(
			material_add_anchor(m, cms->certs[i], sunset_ms, err), err) != 0)
			return -1;
	}
	return 0;
}

int material_add_cms(struct material *m, const struct cms *cms, struct ltps_error *err)
{
	if (add_cms_certs(m, cms, err) != 0)
		return -1;
	for (size_t i = 0; i < cms->n_crls; i++) {
		if (add_crl_choice(m, cms->crls[i], err) != 0)
			return -1;
	}
	for (size_t i = 0; i < cms->n_signers; i++) {
		if (add_attributes(m, &cms->signers[i], err) != 0)
			return -1;
	}
	return 0;
}

/* A bundle of certificates and CRLs without signers (or with). sunset_ms is of anchors
 * alone. */
static int add_bundle(struct material *m, enum material_kind kind, struct view der,
		      int64_t sunset_ms, struct ltps_error *err)
{
	struct cms *cms = NULL;
	int rc = cms_parse(der, &cms, err);
	if (rc == 0 && kind == MATERIAL_ANCHOR)
		rc = add_cms_anchors(m, cms, sunset_ms, err);
	else if (rc == 0)
		rc = material_add_cms(m, cms, err);
	cms_free(cms);
	return rc;
}

/* ContentInfo begins with an OBJECT IDENTIFIER, a Certificate does not. */
static bool is_content_info(struct view der)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct tlv outer, first;
	return tlv_peek(der, &outer, &ignored) == 0 &&
	       tlv_is(&outer, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE) &&
	       tlv_peek(outer.body, &first, &ignored) == 0 &&
	       tlv_is(&first, ASN1_UNIVERSAL, ASN1_TAG_OID);
}

static int add_der(struct material *m, enum material_kind kind, struct view der,
		   struct ltps_error *err)
{
	if (is_content_info(der))
		return add_bundle(m, kind, der, INT64_MAX, err);
	return material_add(m, kind, der, err);
}

static const struct {
	const char *label;
	enum material_kind kind;
} pem_labels[] = {
	{ "CERTIFICATE", MATERIAL_CERT }, { "X509 CERTIFICATE", MATERIAL_CERT },
	{ "X509 CRL", MATERIAL_CRL },     { "OCSP RESPONSE", MATERIAL_OCSP },
	{ "PKCS7", MATERIAL_CERT },       { "CMS", MATERIAL_CERT },
};

/* "Trusted-Until: RFC3339" in the text before a block; INT64_MAX without such a line.
 * A date that cannot be read must not become trust without an end. */
static int read_sunset(struct view text, int64_t *ret_ms, struct ltps_error *err)
{
	static const char label[] = "Trusted-Until:";
	*ret_ms = INT64_MAX;
	while (text.n > 0) {
		const uint8_t *end = memchr(text.p, '\n', text.n);
		size_t n = end != NULL ? (size_t)(end - text.p) : text.n;
		struct view line = view_head(text, n);
		text = view_skip(text, end != NULL ? n + 1 : n);
		if (line.n > 0 && line.p[line.n - 1] == '\r')
			line.n--;
		if (view_starts(line, view_text(label)) &&
		    time_parse_rfc3339(view_trim(view_skip(line, sizeof(label) - 1)),
				       ret_ms, err) != 0)
			return ltps_where(err, "%s", label);
	}
	return 0;
}

static int add_pem_anchor(struct material *m, struct view der, struct view before,
			  struct ltps_error *err)
{
	int64_t sunset_ms;
	if (read_sunset(before, &sunset_ms, err) != 0)
		return -1;
	if (is_content_info(der))
		return add_bundle(m, MATERIAL_ANCHOR, der, sunset_ms, err);
	return material_add_anchor(m, der, sunset_ms, err);
}

/* One PEM object, and the text before it; other labels (keys, parameters) are passed
 * over. */
static int add_pem_object(struct material *m, enum material_kind kind,
			  const char *label, struct view der, struct view before,
			  bool *added, struct ltps_error *err)
{
	for (size_t i = 0; i < sizeof(pem_labels) / sizeof(pem_labels[0]); i++) {
		if (strcmp(label, pem_labels[i].label) != 0)
			continue;
		enum material_kind k = pem_labels[i].kind;
		if (k == MATERIAL_CERT && kind == MATERIAL_ANCHOR)
			k = MATERIAL_ANCHOR;
		*added = true;
		return k == MATERIAL_ANCHOR ? add_pem_anchor(m, der, before, err)
					    : add_der(m, k, der, err);
	}
	return 0;
}

/* The queue is left by PEM_read_bio: its end, or a real fault. */
static int pem_end(bool added, struct ltps_error *err)
{
	unsigned long e = ERR_peek_last_error();
	/* What the PEM reader did not find fault with itself, is memory. */
	if (ERR_GET_LIB(ERR_peek_error()) != ERR_LIB_PEM)
		return ltps_fail_openssl(err, LTPS_NOMEM, LTPS_FAULT_SELF, NULL, "PEM");
	if (ERR_GET_REASON(e) != PEM_R_NO_START_LINE)
		return ltps_fail_openssl(err, LTPS_FORMAT, LTPS_FAULT_OBJECT,
					 "RFC 7468 2", "PEM does not decode");
	ERR_clear_error();
	if (!added)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 7468 2",
				 "neither DER nor PEM with a certificate, CRL or OCSP "
				 "response");
	return 0;
}

static int add_pem(struct material *m, enum material_kind kind, struct view text,
		   struct ltps_error *err)
{
	if (text.n > INT_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %d bytes of PEM", INT_MAX);
	BIO *bio = BIO_new_mem_buf(text.n > 0 ? (const void *)text.p : "", (int)text.n);
	if (bio == NULL)
		return ltps_fail_openssl(err, LTPS_NOMEM, LTPS_FAULT_SELF, NULL, "PEM");
	bool added = false;
	int rc = 0;
	while (rc == 0) {
		char *label = NULL, *header = NULL;
		unsigned char *data = NULL;
		long n = 0;
		const size_t from = text.n - BIO_pending(bio);
		if (PEM_read_bio(bio, &label, &header, &data, &n) != 1) {
			rc = pem_end(added, err);
			break;
		}
		rc = add_pem_object(
		    m, kind, label, view_of(data, (size_t)n),
		    view_head(view_skip(text, from), text.n - BIO_pending(bio) - from),
		    &added, err);
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_clear_free(data, (size_t)n); /* may have been a key */
	}
	BIO_free(bio);
	return rc;
}

int material_add_text_or_der(struct material *m, enum material_kind kind,
			     struct view bytes, struct ltps_error *err)
{
	if (bytes.n > 0 && bytes.p[0] == DER_SEQUENCE)
		return add_der(m, kind, bytes, err);
	return add_pem(m, kind, bytes, err);
}

/* A list may be large: what was read becomes its own memory. */
static int add_crl_file(struct material *m, struct buf *der, struct ltps_error *err)
{
	struct crl *c = NULL;
	if (crl_take(der, &c, err) != 0)
		return -1;
	int rc = material_add_crl(m, c, err);
	crl_free(c);
	return rc;
}

int material_read(struct material *m, enum material_kind kind, const char *path,
		  struct ltps_error *err)
{
	struct buf b = buf_make(MATERIAL_BYTES_MAX);
	int rc = file_read(path, &b, err);
	if (rc == 0 && kind == MATERIAL_CRL && b.n > 0 && b.p[0] == DER_SEQUENCE &&
	    !is_content_info(view_buf(&b)))
		rc = add_crl_file(m, &b, err);
	else if (rc == 0)
		rc = material_add_text_or_der(m, kind, view_buf(&b), err);
	buf_free(&b);
	return rc == 0 ? 0 : ltps_where(err, "%s", path);
}
