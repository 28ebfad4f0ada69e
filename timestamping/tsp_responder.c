/* SPDX-License-Identifier: Apache-2.0 */
/* tsp_responder - request bytes to response bytes; every token is plain DER. */
#include "timestamping/tsp_responder.h"

#include <openssl/err.h>
#include <openssl/rand.h>
#include <string.h>

#include "base/mem.h"
#include "formats/cms.h"
#include "timestamping/signature.h"

#define OID_DATA "1.2.840.113549.1.7.1"
#define OID_SHAKE256 "2.16.840.1.101.3.4.2.12"
#define OID_TEST_EXTENSION "1.3.6.1.4.1.99999.1"
/* Serial numbers: 128 random bits, positive and of full length. */
#define SERIAL_OCTETS 16
/* A TSTInfo, an attribute, a SignerInfo: a few hundred octets each. */
#define PART_MAX ((size_t)64 << 10)
#define CHAIN_MAX 64

#define ID_INTEGER DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_INTEGER)
#define ID_OCTETS DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_OCTET_STRING)

static const struct tsp_deviation no_deviation;

struct answer {
	const struct tsp_responder *r;
	const struct tsp_deviation *deviation;
	struct tsp_request request;
	int64_t now_ms;
	struct view certificate; /* DER of r->certificate */
};

/* ---- TSTInfo ---- */

static int put_imprint(const struct answer *a, struct buf *out, struct ltps_error *err)
{
	uint8_t hash[DIGEST_MAX];
	struct buf body = buf_make(PART_MAX);
	memcpy(hash, a->request.imprint, sizeof(hash));
	if (a->deviation->wrong_imprint)
		hash[0] ^= 1;
	int rc = buf_put(&body, digest_algorithm_identifier(a->request.alg), err);
	if (rc == 0)
		rc =
		    der_put(&body, ID_OCTETS, view_of(hash, a->request.imprint_n), err);
	if (rc == 0)
		rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
	buf_free(&body);
	return rc;
}

static int put_serial(struct buf *out, struct ltps_error *err)
{
	uint8_t serial[SERIAL_OCTETS];
	if (RAND_bytes(serial, sizeof(serial)) != 1)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "serial number");
	serial[0] = (uint8_t)((serial[0] & 0x7f) | 0x40);
	return der_put(out, ID_INTEGER, view_of(serial, sizeof(serial)), err);
}

/* seconds and millis [0], neither when it would be zero. */
static int put_accuracy(int64_t accuracy_ms, struct buf *out, struct ltps_error *err)
{
	struct buf body = buf_make(64);
	uint64_t millis = (uint64_t)accuracy_ms % 1000;
	uint8_t octets[] = { (uint8_t)(millis >> 8), (uint8_t)millis };
	struct view v = view_of(octets, 2);
	if (millis < 128) /* shortest form of a positive INTEGER */
		v = view_skip(v, 1);
	int rc = 0;
	if (accuracy_ms >= 1000)
		rc = der_put_uint(&body, (uint64_t)accuracy_ms / 1000, err);
	if (rc == 0 && millis > 0)
		rc = der_put(&body, DER_ID(ASN1_CONTEXT, 0, 0), v, err);
	if (rc == 0)
		rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
	buf_free(&body);
	return rc;
}

static int put_nonce(const struct answer *a, struct buf *out, struct ltps_error *err)
{
	uint8_t nonce[TST_NONCE_MAX];
	size_t n = a->request.nonce_n;
	if (n == 0 || a->deviation->no_nonce)
		return 0;
	memcpy(nonce, a->request.nonce, n);
	if (a->deviation->wrong_nonce)
		nonce[n - 1] ^= 1;
	return der_put(out, ID_INTEGER, view_of(nonce, n), err);
}

static int name_view(const X509_NAME *name, struct view *ret, struct ltps_error *err)
{
	const unsigned char *p;
	size_t n;
	if (X509_NAME_get0_der(name, &p, &n) != 1)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "name");
	*ret = view_of(p, n);
	return 0;
}

/* tsa [0] { directoryName [4] } */
static int put_tsa(const struct answer *a, struct buf *out, struct ltps_error *err)
{
	struct view name;
	static const uint8_t other[] = { 0x30, 0x0c, 0x31, 0x0a, 0x30, 0x08, 0x06,
					 0x03, 0x55, 0x04, 0x03, 0x0c, 0x01, 0x3f };
	if (!a->r->tsa_name && !a->deviation->wrong_tsa_name)
		return 0;
	if (name_view(X509_get_subject_name(a->r->certificate), &name, err) != 0)
		return -1;
	if (a->deviation->wrong_tsa_name)
		name = view_of(other, sizeof(other));
	if (der_put_header(out, DER_ID(ASN1_CONTEXT, 1, 0),
			   der_header_len(name.n) + name.n, err) != 0)
		return -1;
	return der_put(out, DER_ID(ASN1_CONTEXT, 1, 4), name, err);
}

static int put_critical_extension(struct buf *out, struct ltps_error *err)
{
	struct buf extension = buf_make(128);
	struct buf list = buf_make(128);
	int rc = der_put_oid(&extension, OID_TEST_EXTENSION, err);
	if (rc == 0)
		rc = der_put_boolean(&extension, true, err);
	if (rc == 0)
		rc = der_put(&extension, ID_OCTETS, view_text("?"), err);
	if (rc == 0)
		rc = der_put(&list, DER_SEQUENCE, view_buf(&extension), err);
	if (rc == 0)
		rc = der_put(out, DER_ID(ASN1_CONTEXT, 1, 1), view_buf(&list), err);
	buf_free(&list);
	buf_free(&extension);
	return rc;
}

static int put_info(const struct answer *a, struct buf *out, struct ltps_error *err)
{
	struct buf body = buf_make(PART_MAX);
	int rc = -1;
	int64_t seconds = a->now_ms - ((a->now_ms % 1000) + 1000) % 1000;
	const char *policy = a->deviation->wrong_policy ? "1.2.3" : a->r->policy;
	if (a->deviation->info.n > 0)
		return buf_put(out, a->deviation->info, err);
	if (der_put_uint(&body, 1, err) != 0 || der_put_oid(&body, policy, err) != 0 ||
	    put_imprint(a, &body, err) != 0 || put_serial(&body, err) != 0 ||
	    der_put_time(&body, seconds, err) != 0)
		goto out;
	if (a->r->accuracy_ms > 0 && put_accuracy(a->r->accuracy_ms, &body, err) != 0)
		goto out;
	if (put_nonce(a, &body, err) != 0 || put_tsa(a, &body, err) != 0)
		goto out;
	if (a->deviation->critical_extension && put_critical_extension(&body, err) != 0)
		goto out;
	rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
out:
	buf_free(&body);
	return rc;
}

/* ---- signed attributes ---- */

/* Attribute with one value. */
static int put_attribute(const char *oid, struct view value, struct buf *out,
			 struct ltps_error *err)
{
	struct buf body = buf_make(PART_MAX);
	int rc = der_put_oid(&body, oid, err);
	if (rc == 0)
		rc = der_put(&body, DER_SET, value, err);
	if (rc == 0)
		rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
	buf_free(&body);
	return rc;
}

/* Digest of version 2; hashAlgorithm is left out where it is the default (SHA-256). */
static int put_reference_digest(enum digest_alg alg, struct buf *id,
				struct ltps_error *err)
{
	return alg == DIGEST_SHA256
		   ? 0
		   : buf_put(id, digest_algorithm_identifier(alg), err);
}

/* SigningCertificate or its version 2, hash alone. */
static int put_reference(const struct answer *a, bool v2, bool wrong, struct buf *out,
			 struct ltps_error *err)
{
	struct digest d;
	struct buf id = buf_make(PART_MAX);
	struct buf value = buf_make(PART_MAX);
	enum digest_alg alg = a->r->reference_digest != DIGEST_NONE
				  ? a->r->reference_digest
				  : DIGEST_SHA256;
	int rc = digest_once(v2 ? alg : DIGEST_SHA1, a->certificate, &d, err);
	if (rc == 0 && wrong)
		d.p[0] ^= 1;
	if (rc == 0 && v2)
		rc = put_reference_digest(alg, &id, err);
	if (rc == 0)
		rc = der_put(&id, ID_OCTETS, digest_view(&d), err);
	size_t list = der_header_len(id.n) + id.n;
	if (rc == 0)
		rc = der_put_header(&value, DER_SEQUENCE, der_header_len(list) + list,
				    err);
	if (rc == 0)
		rc = der_put_header(&value, DER_SEQUENCE, list, err);
	if (rc == 0)
		rc = der_put(&value, DER_SEQUENCE, view_buf(&id), err);
	if (rc == 0)
		rc = put_attribute(v2 ? OID_SIGNING_CERTIFICATE_V2
				      : OID_SIGNING_CERTIFICATE,
				   view_buf(&value), out, err);
	buf_free(&value);
	buf_free(&id);
	return rc;
}

static int put_content_type(const struct answer *a, struct buf *out,
			    struct ltps_error *err)
{
	struct buf value = buf_make(64);
	int rc = der_put_oid(
	    &value, a->deviation->wrong_content_type ? OID_DATA : OID_TST_INFO, err);
	if (rc == 0)
		rc = put_attribute(OID_CONTENT_TYPE, view_buf(&value), out, err);
	buf_free(&value);
	return rc;
}

/* Which digest goes with the key: RFC 8419 3 for EdDSA. */
static enum digest_alg message_digest_of(const struct tsp_responder *r, bool *shake)
{
	*shake = EVP_PKEY_is_a(r->key, "ED448");
	if (EVP_PKEY_is_a(r->key, "ED25519"))
		return DIGEST_SHA512;
	return r->signature_digest != DIGEST_NONE ? r->signature_digest : DIGEST_SHA256;
}

static int compute_message_digest(const struct answer *a, struct view info,
				  struct digest *ret, struct ltps_error *err)
{
	bool shake;
	enum digest_alg alg = message_digest_of(a->r, &shake);
	if (!shake)
		return digest_once(alg, info, ret, err);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	bool ok = ctx != NULL && EVP_DigestInit_ex(ctx, EVP_shake256(), NULL) == 1 &&
		  EVP_DigestUpdate(ctx, info.p, info.n) == 1 &&
		  EVP_DigestFinalXOF(ctx, ret->p, DIGEST_MAX) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "SHAKE256");
	ret->n = DIGEST_MAX;
	return 0;
}

static int put_message_digest(const struct answer *a, struct view info, struct buf *out,
			      struct ltps_error *err)
{
	struct digest d = { 0 };
	struct buf value = buf_make(PART_MAX);
	int rc = compute_message_digest(a, info, &d, err);
	if (rc == 0 && a->deviation->wrong_message_digest)
		d.p[0] ^= 1;
	if (rc == 0)
		rc = der_put(&value, ID_OCTETS, digest_view(&d), err);
	if (rc == 0)
		rc = put_attribute(OID_MESSAGE_DIGEST, view_buf(&value), out, err);
	buf_free(&value);
	return rc;
}

#define ATTRIBUTES_MAX 4

/* Attributes into one buffer, their places in views; *ret_n of them. */
static int make_attributes(const struct answer *a, struct view info, struct buf *bytes,
			   size_t ends[ATTRIBUTES_MAX], size_t *ret_n,
			   struct ltps_error *err)
{
	const struct tsp_deviation *d = a->deviation;
	size_t n = 0;
	if (put_content_type(a, bytes, err) != 0)
		return -1;
	ends[n++] = bytes->n;
	if (put_message_digest(a, info, bytes, err) != 0)
		return -1;
	ends[n++] = bytes->n;
	if (!d->no_signing_certificate && !d->v1_alone) {
		if (put_reference(a, true, d->wrong_signing_certificate, bytes, err) !=
		    0)
			return -1;
		ends[n++] = bytes->n;
	}
	if (d->v1_alone || d->v1_beside || d->wrong_v1_beside) {
		if (put_reference(a, false, d->wrong_v1_beside, bytes, err) != 0)
			return -1;
		ends[n++] = bytes->n;
	}
	*ret_n = n;
	return 0;
}

/* The attributes as SET OF: as they are signed. */
static int put_attributes(const struct answer *a, struct view info, struct buf *out,
			  struct ltps_error *err)
{
	struct buf bytes = buf_make(PART_MAX);
	struct view members[ATTRIBUTES_MAX];
	size_t ends[ATTRIBUTES_MAX], n = 0, begin = 0;
	int rc = make_attributes(a, info, &bytes, ends, &n, err);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		members[i] = view_of(bytes.p + begin, ends[i] - begin);
		begin = ends[i];
	}
	if (rc == 0)
		rc = der_put_set_of(out, DER_SET, members, n, err);
	buf_free(&bytes);
	return rc;
}

/* ---- SignedData ---- */

static int put_digest_algorithm(const struct answer *a, struct buf *out,
				struct ltps_error *err)
{
	bool shake;
	enum digest_alg alg = message_digest_of(a->r, &shake);
	if (!shake)
		return buf_put(out, digest_algorithm_identifier(alg), err);
	struct buf oid = buf_make(64);
	int rc = der_put_oid(&oid, OID_SHAKE256, err);
	if (rc == 0)
		rc = der_put(out, DER_SEQUENCE, view_buf(&oid), err);
	buf_free(&oid);
	return rc;
}

/* issuerAndSerialNumber */
static int put_signer_id(const struct answer *a, struct buf *out,
			 struct ltps_error *err)
{
	struct view issuer;
	unsigned char *serial = NULL;
	struct buf body = buf_make(PART_MAX);
	int rc = -1;
	int n = i2d_ASN1_INTEGER(X509_get0_serialNumber(a->r->certificate), &serial);
	if (n < 0) {
		ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
				  "serial number");
		goto out;
	}
	if (name_view(X509_get_issuer_name(a->r->certificate), &issuer, err) != 0 ||
	    buf_put(&body, issuer, err) != 0 ||
	    buf_put(&body, view_of(serial, (size_t)n), err) != 0)
		goto out;
	rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
out:
	buf_free(&body);
	OPENSSL_free(serial);
	return rc;
}

static int put_signature(const struct answer *a, struct view attributes,
			 struct buf *out, struct ltps_error *err)
{
	bool shake;
	struct buf value = buf_make(PART_MAX);
	int rc = signature_sign(a->r->key, message_digest_of(a->r, &shake), attributes,
				out, &value, err);
	if (rc == 0 && a->deviation->bad_signature)
		value.p[value.n - 1] ^= 1;
	if (rc == 0)
		rc = der_put(out, ID_OCTETS, view_buf(&value), err);
	buf_free(&value);
	return rc;
}

static int put_signer(const struct answer *a, struct view info, struct buf *out,
		      struct ltps_error *err)
{
	struct buf body = buf_make(PART_MAX);
	struct buf attributes = buf_make(PART_MAX);
	int rc = -1;
	if (put_attributes(a, info, &attributes, err) != 0 ||
	    der_put_uint(&body, 1, err) != 0 || put_signer_id(a, &body, err) != 0 ||
	    put_digest_algorithm(a, &body, err) != 0)
		goto out;
	/* The same octets, tagged [0] where they stand: RFC 5652 5.4. */
	size_t at = body.n;
	if (buf_put(&body, view_buf(&attributes), err) != 0)
		goto out;
	body.p[at] = DER_ID(ASN1_CONTEXT, 1, 0);
	if (put_signature(a, view_buf(&attributes), &body, err) != 0)
		goto out;
	rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
out:
	buf_free(&attributes);
	buf_free(&body);
	return rc;
}

static int put_certificates(const struct answer *a, struct buf *out,
			    struct ltps_error *err)
{
	struct view all[1 + CHAIN_MAX] = { a->certificate };
	size_t n = 1;
	if (!a->request.cert_req || a->deviation->no_certificate)
		return 0;
	if (a->r->n_chain > CHAIN_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %d certificates for a token", CHAIN_MAX);
	for (size_t i = 0; i < a->r->n_chain; i++)
		all[n++] = a->r->chain[i];
	return der_put_set_of(out, DER_ID(ASN1_CONTEXT, 1, 0), all, n, err);
}

/* encapContentInfo */
static int put_content(struct view info, struct buf *out, struct ltps_error *err)
{
	struct buf body = buf_make(PART_MAX);
	int rc = der_put_oid(&body, OID_TST_INFO, err);
	if (rc == 0)
		rc = der_put_header(&body, DER_ID(ASN1_CONTEXT, 1, 0),
				    der_header_len(info.n) + info.n, err);
	if (rc == 0)
		rc = der_put(&body, ID_OCTETS, info, err);
	if (rc == 0)
		rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
	buf_free(&body);
	return rc;
}

static int put_signers(const struct answer *a, struct view info, struct buf *out,
		       struct ltps_error *err)
{
	struct buf first = buf_make(PART_MAX);
	struct buf second = buf_make(PART_MAX);
	int rc = put_signer(a, info, &first, err);
	if (rc == 0 && a->deviation->two_signers)
		rc = put_signer(a, info, &second, err);
	struct view members[] = { view_buf(&first), view_buf(&second) };
	if (rc == 0)
		rc = der_put_set_of(out, DER_SET, members,
				    a->deviation->two_signers ? 2 : 1, err);
	buf_free(&second);
	buf_free(&first);
	return rc;
}

/* SignedData without its own header; version 3 as the content is no id-data. */
static int put_signed_data(const struct answer *a, struct buf *out,
			   struct ltps_error *err)
{
	struct buf info = buf_make(PART_MAX);
	struct buf digests = buf_make(PART_MAX);
	int rc = -1;
	if (put_info(a, &info, err) != 0 ||
	    put_digest_algorithm(a, &digests, err) != 0 ||
	    der_put_uint(out, 3, err) != 0 ||
	    der_put(out, DER_SET, view_buf(&digests), err) != 0 ||
	    put_content(view_buf(&info), out, err) != 0 ||
	    put_certificates(a, out, err) != 0)
		goto out;
	rc = put_signers(a, view_buf(&info), out, err);
out:
	buf_free(&digests);
	buf_free(&info);
	return rc;
}

static int put_token(const struct answer *a, struct buf *out, struct ltps_error *err)
{
	struct buf body = buf_make(TST_SIZE_MAX);
	struct buf info = buf_make(TST_SIZE_MAX);
	int rc = -1;
	if (put_signed_data(a, &body, err) != 0 ||
	    der_put_oid(&info, OID_SIGNED_DATA, err) != 0 ||
	    der_put_header(&info, DER_ID(ASN1_CONTEXT, 1, 0),
			   der_header_len(body.n) + body.n, err) != 0 ||
	    der_put(&info, DER_SEQUENCE, view_buf(&body), err) != 0)
		goto out;
	rc = der_put(out, DER_SEQUENCE, view_buf(&info), err);
out:
	buf_free(&info);
	buf_free(&body);
	return rc;
}

/* ---- the answer ---- */

static int reject(int failure, const char *text, struct buf *out,
		  struct ltps_error *err)
{
	struct tsp_response response = { .status = TSP_REJECTION, .failure = failure };
	memcpy(response.text, text, strlen(text) + 1);
	return tsp_response_encode(&response, out, err);
}

/* What is wrong with the request, if anything. */
static int judge_request(const struct answer *a, const char **ret_text)
{
	const struct tsp_request *q = &a->request;
	if (q->alg == DIGEST_NONE) {
		*ret_text = "unknown hash algorithm";
		return TSP_BAD_ALG;
	}
	if (q->policy[0] != '\0' && strcmp(q->policy, a->r->policy) != 0) {
		*ret_text = "policy not supported";
		return TSP_UNACCEPTED_POLICY;
	}
	if (q->extension) {
		*ret_text = "extension not supported";
		return TSP_UNACCEPTED_EXTENSION;
	}
	if (a->deviation->refuse) {
		*ret_text = "refused";
		return TSP_SYSTEM_FAILURE;
	}
	return TSP_NO_FAILURE;
}

static int reject_malformed(const struct ltps_error *why, struct buf *out,
			    struct ltps_error *err)
{
	if (why->code == LTPS_FORMAT)
		return reject(TSP_BAD_DATA_FORMAT, "malformed request", out, err);
	return reject(TSP_BAD_REQUEST, "request not supported", out, err);
}

static int grant(struct answer *a, struct buf *out, struct ltps_error *err)
{
	struct tsp_response response = { .status = TSP_GRANTED,
					 .failure = TSP_NO_FAILURE };
	struct buf token = buf_make(TST_SIZE_MAX);
	unsigned char *der = NULL;
	int rc = -1;
	int n = i2d_X509(a->r->certificate, &der);
	if (n < 0) {
		ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
				  "certificate");
		goto out;
	}
	a->certificate = view_of(der, (size_t)n);
	if (put_token(a, &token, err) != 0)
		goto out;
	response.token = view_buf(&token);
	rc = tsp_response_encode(&response, out, err);
out:
	OPENSSL_free(der);
	buf_free(&token);
	return rc;
}

int tsp_respond(const struct tsp_responder *r, struct view request, int64_t now_ms,
		const struct tsp_deviation *deviation, struct buf *out,
		struct ltps_error *err)
{
	struct answer a = { .r = r,
			    .deviation = deviation != NULL ? deviation : &no_deviation,
			    .now_ms = now_ms };
	struct ltps_error why = LTPS_ERROR_INIT;
	const char *text = NULL;
	if (tsp_request_parse(request, &a.request, &why) != 0) {
		if (why.code == LTPS_NOMEM)
			return ltps_fail_nomem(err);
		return reject_malformed(&why, out, err);
	}
	int failure = judge_request(&a, &text);
	if (failure != TSP_NO_FAILURE)
		return reject(failure, text, out, err);
	return grant(&a, out, err);
}
