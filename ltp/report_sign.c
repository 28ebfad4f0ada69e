/* SPDX-License-Identifier: Apache-2.0 */
/*
 * report_sign - XAdES baseline B around a report. The report is canonical already, so
 * the digest of the whole document without the signature is the digest of its octets;
 * the parts of the signature are written twice, once as they stand in the document and
 * once as the apex of what is hashed, where namespaces are declared anew.
 */
#include "ltp/report_sign.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "base/xmlw.h"

#define ROOT_START "<vr:ValidationReport "
#define ROOT_END "</vr:ValidationReport>"
#define EXC_C14N "http://www.w3.org/2001/10/xml-exc-c14n#"
#define ENVELOPED "http://www.w3.org/2000/09/xmldsig#enveloped-signature"
#define SHA256_URI "http://www.w3.org/2001/04/xmlenc#sha256"
#define MORE "http://www.w3.org/2001/04/xmldsig-more#"
#define MORE_2021 "http://www.w3.org/2021/04/xmldsig-more#"
#define ID_SIGNATURE "report-signature"
#define ID_REFERENCE "report-reference"
#define ID_PROPERTIES "report-signed-properties"
#define SIGNATURE_VALUE_MAX ((size_t)8 << 10) /* RSA of 65536 bits */
#define SIGNATURE_TEXT_MAX ((size_t)32 << 20) /* with the chain */
#define EC_HALF_MAX 66                        /* P-521 */

static const struct xmlw_namespace namespaces[] = {
	{ "ds", "http://www.w3.org/2000/09/xmldsig#" },
	{ "xades", "http://uri.etsi.org/01903/v1.3.2#" },
};

struct algorithm {
	const char *uri;
	const char *digest; /* OpenSSL's name; NULL: the key's own */
	size_t ec_half;     /* octets of r and of s; 0: as OpenSSL gives it */
};

struct signing {
	const struct signing_key *key;
	int64_t time_ms;
	struct algorithm algorithm;
	struct digest document, properties;
	struct buf value;
};

/* ---- the key ---- */

static int choose_ec(const EVP_PKEY *key, struct algorithm *ret, struct ltps_error *err)
{
	static const struct {
		int bits;
		struct algorithm algorithm;
	} curves[] = {
		{ 256, { MORE "ecdsa-sha256", "SHA256", 32 } },
		{ 384, { MORE "ecdsa-sha384", "SHA384", 48 } },
		{ 521, { MORE "ecdsa-sha512", "SHA512", EC_HALF_MAX } },
	};
	for (size_t i = 0; i < sizeof(curves) / sizeof(curves[0]); i++) {
		if (EVP_PKEY_get_bits(key) == curves[i].bits) {
			*ret = curves[i].algorithm;
			return 0;
		}
	}
	return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_CALLER, "XMLDSIG 6.4.3",
			 "no report is signed with a curve of %d bits",
			 EVP_PKEY_get_bits(key));
}

/* RFC 9231 2.3; XML Signature 1.1 6.4. */
static int choose(const EVP_PKEY *key, struct algorithm *ret, struct ltps_error *err)
{
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_RSA:
		*ret = (struct algorithm){ MORE "rsa-sha256", "SHA256", 0 };
		return 0;
	case EVP_PKEY_EC:
		return choose_ec(key, ret, err);
	case EVP_PKEY_ED25519:
		*ret = (struct algorithm){ MORE_2021 "eddsa-ed25519", NULL, 0 };
		return 0;
	case EVP_PKEY_ED448:
		*ret = (struct algorithm){ MORE_2021 "eddsa-ed448", NULL, 0 };
		return 0;
	default:
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_CALLER,
				 "XMLDSIG 6.4", "no report is signed with this key");
	}
}

/* r and s in fixed length, one behind the other: XML Signature 1.1 6.4.3. */
static int flatten_ecdsa(struct buf *value, size_t half, struct ltps_error *err)
{
	const unsigned char *p = value->p;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)value->n);
	const bool ok =
	    sig != NULL && 2 * half <= value->cap &&
	    BN_bn2binpad(ECDSA_SIG_get0_r(sig), value->p, (int)half) >= 0 &&
	    BN_bn2binpad(ECDSA_SIG_get0_s(sig), value->p + half, (int)half) >= 0;
	ECDSA_SIG_free(sig);
	if (!ok)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF,
					 "XMLDSIG 6.4.3", "ECDSA signature");
	value->n = 2 * half;
	return 0;
}

static int make_value(struct signing *s, struct view octets, struct ltps_error *err)
{
	size_t n = SIGNATURE_VALUE_MAX;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	int rc = -1;
	if (ctx == NULL)
		return ltps_fail_openssl(err, LTPS_NOMEM, LTPS_FAULT_SELF, NULL,
					 "signing the report");
	if (buf_reserve(&s->value, n, err) != 0)
		goto out;
	if (EVP_DigestSignInit_ex(ctx, NULL, s->algorithm.digest, NULL, NULL,
				  s->key->key, NULL) != 1 ||
	    EVP_DigestSign(ctx, s->value.p, &n, octets.p, octets.n) != 1) {
		ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
				  "signing the report");
		goto out;
	}
	s->value.n = n;
	rc = s->algorithm.ec_half != 0
		 ? flatten_ecdsa(&s->value, s->algorithm.ec_half, err)
		 : 0;
out:
	EVP_MD_CTX_free(ctx);
	ERR_clear_error(); /* of tries inside that something else made good */
	return rc;
}

/* ---- the parts ---- */

static void with_algorithm(struct xmlw *x, const char *name, const char *uri)
{
	xmlw_open(x, name);
	xmlw_attribute(x, "Algorithm", view_text(uri));
	xmlw_close(x);
}

static void write_digest(struct xmlw *x, const struct digest *d)
{
	with_algorithm(x, "ds:DigestMethod", SHA256_URI);
	xmlw_element_base64(x, "ds:DigestValue", digest_view(d));
}

static void write_document_reference(struct xmlw *x, const struct signing *s)
{
	xmlw_open(x, "ds:Reference");
	xmlw_attribute(x, "Id", view_text(ID_REFERENCE));
	xmlw_attribute(x, "URI", VIEW_NULL);
	xmlw_open(x, "ds:Transforms");
	with_algorithm(x, "ds:Transform", ENVELOPED);
	with_algorithm(x, "ds:Transform", EXC_C14N);
	xmlw_close(x);
	write_digest(x, &s->document);
	xmlw_close(x);
}

static void write_properties_reference(struct xmlw *x, const struct signing *s)
{
	xmlw_open(x, "ds:Reference");
	xmlw_attribute(x, "Type",
		       view_text("http://uri.etsi.org/01903#SignedProperties"));
	xmlw_attribute(x, "URI", view_text("#" ID_PROPERTIES));
	xmlw_open(x, "ds:Transforms");
	with_algorithm(x, "ds:Transform", EXC_C14N);
	xmlw_close(x);
	write_digest(x, &s->properties);
	xmlw_close(x);
}

static void write_signed_info(struct xmlw *x, const struct signing *s)
{
	xmlw_open(x, "ds:SignedInfo");
	with_algorithm(x, "ds:CanonicalizationMethod", EXC_C14N);
	with_algorithm(x, "ds:SignatureMethod", s->algorithm.uri);
	write_document_reference(x, s);
	write_properties_reference(x, s);
	xmlw_close(x);
}

/* EN 319 132-1 5.2.1, 5.2.2, 5.2.4 */
static void write_properties(struct xmlw *x, const struct signing *s)
{
	const struct digest cert = { .alg = DIGEST_SHA256, .n = 32 };
	struct digest d = cert;
	memcpy(d.p, s->key->certificate->sha256, 32);
	xmlw_open(x, "xades:SignedProperties");
	xmlw_attribute(x, "Id", view_text(ID_PROPERTIES));
	xmlw_open(x, "xades:SignedSignatureProperties");
	xmlw_element_time(x, "xades:SigningTime", s->time_ms);
	xmlw_open(x, "xades:SigningCertificateV2");
	xmlw_open(x, "xades:Cert");
	xmlw_open(x, "xades:CertDigest");
	write_digest(x, &d);
	xmlw_close(x);
	xmlw_close(x);
	xmlw_close(x);
	xmlw_close(x);
	xmlw_open(x, "xades:SignedDataObjectProperties");
	xmlw_open(x, "xades:DataObjectFormat");
	xmlw_attribute(x, "ObjectReference", view_text("#" ID_REFERENCE));
	xmlw_element(x, "xades:MimeType", "application/xml");
	xmlw_close(x);
	xmlw_close(x);
	xmlw_close(x);
}

static void write_key_info(struct xmlw *x, const struct signing_key *k)
{
	xmlw_open(x, "ds:KeyInfo");
	xmlw_open(x, "ds:X509Data");
	xmlw_element_base64(x, "ds:X509Certificate", k->certificate->der);
	for (size_t i = 0; i < k->n_chain; i++)
		xmlw_element_base64(x, "ds:X509Certificate", k->chain[i]->der);
	xmlw_close(x);
	xmlw_close(x);
}

static void write_signature(struct xmlw *x, const struct signing *s)
{
	xmlw_open(x, "ds:Signature");
	xmlw_attribute(x, "Id", view_text(ID_SIGNATURE));
	write_signed_info(x, s);
	xmlw_element_base64(x, "ds:SignatureValue", view_buf(&s->value));
	write_key_info(x, s->key);
	xmlw_open(x, "ds:Object");
	xmlw_open(x, "xades:QualifyingProperties");
	xmlw_attribute(x, "Target", view_text("#" ID_SIGNATURE));
	write_properties(x, s);
	xmlw_close(x);
	xmlw_close(x);
	xmlw_close(x);
}

/* One part, as the apex of its canonical form or of the signature. */
static int make_part(void (*write)(struct xmlw *x, const struct signing *s),
		     const struct signing *s, struct buf *out, struct ltps_error *err)
{
	struct xmlw x =
	    xmlw_to(out, namespaces, sizeof(namespaces) / sizeof(namespaces[0]));
	write(&x, s);
	return xmlw_end(&x, err);
}

/* ---- the whole ---- */

static int make_signature(struct signing *s, struct view xml, struct buf *part,
			  struct ltps_error *err)
{
	if (digest_once(DIGEST_SHA256, xml, &s->document, err) != 0 ||
	    make_part(write_properties, s, part, err) != 0 ||
	    digest_once(DIGEST_SHA256, view_buf(part), &s->properties, err) != 0)
		return -1;
	buf_clear(part);
	if (make_part(write_signed_info, s, part, err) != 0 ||
	    make_value(s, view_buf(part), err) != 0)
		return -1;
	buf_clear(part);
	return make_part(write_signature, s, part, err);
}

static bool is_report(struct view xml)
{
	const struct view start = view_text(ROOT_START), end = view_text(ROOT_END);
	return view_starts(xml, start) && xml.n > start.n + end.n &&
	       view_equal(view_skip(xml, xml.n - end.n), end);
}

int report_sign(struct view xml, const struct signing_key *key, int64_t time_ms,
		struct buf *out, struct ltps_error *err)
{
	struct signing s = { .key = key,
			     .time_ms = time_ms,
			     .value = buf_make(SIGNATURE_VALUE_MAX) };
	struct buf part = buf_make(SIGNATURE_TEXT_MAX);
	const struct view end = view_text(ROOT_END);
	int rc = -1;
	if (!is_report(xml)) {
		ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, "TS 119 102-2 4.2",
			  "no ValidationReport");
		goto out;
	}
	if (choose(key->key, &s.algorithm, err) != 0 ||
	    make_signature(&s, xml, &part, err) != 0)
		goto out;
	if (buf_put(out, view_head(xml, xml.n - end.n), err) == 0 &&
	    buf_put(out, view_buf(&part), err) == 0)
		rc = buf_put(out, end, err);
out:
	buf_free(&part);
	buf_free(&s.value);
	return rc;
}
