/* SPDX-License-Identifier: Apache-2.0 */
/* signature - public-key signatures by AlgorithmIdentifier, through EVP. */
#include "timestamping/signature.h"

#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <stdbool.h>

#include "base/asn1.h"
#include "timestamping/x509_der.h"

#define OID_RSA_PSS "1.2.840.113549.1.1.10"
#define OID_MGF1 "1.2.840.113549.1.1.8"

/* Longest AlgorithmIdentifier that we write: PSS, some 70 octets. */
#define ALGORITHM_MAX 256
/* Longest value that we write: RSA of 16384 bits. */
#define VALUE_MAX 2048
/* RFC 8017 A.2.3 sets no bound; the salt can never be longer than the key. */
#define PSS_SALT_MAX 2048

/* ECDSA_PLAIN: both integers side by side, BSI TR-03111 5.2.1; verified alone. */
enum family {
	FAMILY_RSA,
	FAMILY_PSS,
	FAMILY_ECDSA,
	FAMILY_ECDSA_PLAIN,
	FAMILY_DSA,
	FAMILY_EDDSA
};

struct scheme {
	const char *oid;
	enum family family;
	enum digest_alg digest; /* NONE: named beside it */
	const char *key_type;   /* EVP_PKEY_is_a; NULL: by the family */
};

static const struct scheme schemes[] = {
	{ "1.2.840.113549.1.1.1", FAMILY_RSA, DIGEST_NONE, NULL },
	{ "1.2.840.113549.1.1.5", FAMILY_RSA, DIGEST_SHA1, NULL },
	{ "1.2.840.113549.1.1.14", FAMILY_RSA, DIGEST_SHA224, NULL },
	{ "1.2.840.113549.1.1.11", FAMILY_RSA, DIGEST_SHA256, NULL },
	{ "1.2.840.113549.1.1.12", FAMILY_RSA, DIGEST_SHA384, NULL },
	{ "1.2.840.113549.1.1.13", FAMILY_RSA, DIGEST_SHA512, NULL },
	{ "2.16.840.1.101.3.4.3.13", FAMILY_RSA, DIGEST_SHA3_224, NULL },
	{ "2.16.840.1.101.3.4.3.14", FAMILY_RSA, DIGEST_SHA3_256, NULL },
	{ "2.16.840.1.101.3.4.3.15", FAMILY_RSA, DIGEST_SHA3_384, NULL },
	{ "2.16.840.1.101.3.4.3.16", FAMILY_RSA, DIGEST_SHA3_512, NULL },
	{ OID_RSA_PSS, FAMILY_PSS, DIGEST_NONE, NULL },
	{ "1.2.840.10045.2.1", FAMILY_ECDSA, DIGEST_NONE, NULL },
	{ "1.2.840.10045.4.1", FAMILY_ECDSA, DIGEST_SHA1, NULL },
	{ "1.2.840.10045.4.3.1", FAMILY_ECDSA, DIGEST_SHA224, NULL },
	{ "1.2.840.10045.4.3.2", FAMILY_ECDSA, DIGEST_SHA256, NULL },
	{ "1.2.840.10045.4.3.3", FAMILY_ECDSA, DIGEST_SHA384, NULL },
	{ "1.2.840.10045.4.3.4", FAMILY_ECDSA, DIGEST_SHA512, NULL },
	{ "2.16.840.1.101.3.4.3.9", FAMILY_ECDSA, DIGEST_SHA3_224, NULL },
	{ "2.16.840.1.101.3.4.3.10", FAMILY_ECDSA, DIGEST_SHA3_256, NULL },
	{ "2.16.840.1.101.3.4.3.11", FAMILY_ECDSA, DIGEST_SHA3_384, NULL },
	{ "2.16.840.1.101.3.4.3.12", FAMILY_ECDSA, DIGEST_SHA3_512, NULL },
	{ "0.4.0.127.0.7.1.1.4.1.1", FAMILY_ECDSA_PLAIN, DIGEST_SHA1, NULL },
	{ "0.4.0.127.0.7.1.1.4.1.2", FAMILY_ECDSA_PLAIN, DIGEST_SHA224, NULL },
	{ "0.4.0.127.0.7.1.1.4.1.3", FAMILY_ECDSA_PLAIN, DIGEST_SHA256, NULL },
	{ "0.4.0.127.0.7.1.1.4.1.4", FAMILY_ECDSA_PLAIN, DIGEST_SHA384, NULL },
	{ "0.4.0.127.0.7.1.1.4.1.5", FAMILY_ECDSA_PLAIN, DIGEST_SHA512, NULL },
	{ "1.2.840.10040.4.1", FAMILY_DSA, DIGEST_NONE, NULL },
	{ "1.2.840.10040.4.3", FAMILY_DSA, DIGEST_SHA1, NULL },
	{ "2.16.840.1.101.3.4.3.1", FAMILY_DSA, DIGEST_SHA224, NULL },
	{ "2.16.840.1.101.3.4.3.2", FAMILY_DSA, DIGEST_SHA256, NULL },
	{ "2.16.840.1.101.3.4.3.3", FAMILY_DSA, DIGEST_SHA384, NULL },
	{ "2.16.840.1.101.3.4.3.4", FAMILY_DSA, DIGEST_SHA512, NULL },
	{ "1.3.101.112", FAMILY_EDDSA, DIGEST_NONE, "ED25519" },
	{ "1.3.101.113", FAMILY_EDDSA, DIGEST_NONE, "ED448" },
};

struct pss {
	enum digest_alg digest;
	enum digest_alg mgf;
	uint64_t salt;
};

static const struct scheme *scheme_of_oid(struct view oid)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (oid_is(oid, schemes[i].oid))
			return &schemes[i];
	}
	return NULL;
}

enum digest_alg signature_digest(struct view oid_body)
{
	const struct scheme *s = scheme_of_oid(oid_body);
	return s != NULL ? s->digest : DIGEST_NONE;
}

/* AlgorithmIdentifier into its OID contents and whatever stands behind. */
static int split_algorithm(struct view tlv, struct view *oid, struct view *parameters,
			   struct ltps_error *err)
{
	struct tlv outer, id;
	if (tlv_expect(&tlv, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, "AlgorithmIdentifier",
		       &outer, err) != 0)
		return -1;
	struct view cursor = outer.body;
	if (tlv_expect(&cursor, ASN1_UNIVERSAL, ASN1_TAG_OID, "algorithm", &id, err) !=
	    0)
		return -1;
	*oid = id.body;
	*parameters = cursor;
	return 0;
}

/* One explicitly tagged digest algorithm of the PSS parameters. */
static int pss_digest(struct view *cursor, uint32_t number, bool inside_mgf,
		      enum digest_alg *ret, struct ltps_error *err)
{
	struct tlv t;
	struct view oid, parameters;
	bool present;
	if (tlv_optional(cursor, ASN1_CONTEXT, number, &t, &present, err) != 0)
		return -1;
	if (!present) {
		*ret = DIGEST_SHA1;
		return 0;
	}
	if (split_algorithm(t.body, &oid, &parameters, err) != 0)
		return -1;
	if (inside_mgf) {
		if (!oid_is(oid, OID_MGF1)) {
			*ret = DIGEST_NONE;
			return 0;
		}
		if (split_algorithm(parameters, &oid, &parameters, err) != 0)
			return -1;
	}
	*ret = digest_from_oid(oid);
	return 0;
}

static int pss_number(struct view *cursor, uint32_t number, uint64_t absent,
		      uint64_t *ret, struct ltps_error *err)
{
	struct tlv t, inner;
	bool present;
	if (tlv_optional(cursor, ASN1_CONTEXT, number, &t, &present, err) != 0)
		return -1;
	if (!present) {
		*ret = absent;
		return 0;
	}
	if (tlv_only(t.body, &inner, err) != 0)
		return -1;
	return tlv_uint(&inner, ret, err);
}

/* RSASSA-PSS-params, RFC 4055 3.1. */
static int pss_parse(struct view parameters, struct pss *ret, struct ltps_error *err)
{
	struct tlv outer;
	uint64_t trailer;
	if (tlv_only(parameters, &outer, err) != 0)
		return -1;
	struct view cursor = outer.body;
	if (pss_digest(&cursor, 0, false, &ret->digest, err) != 0 ||
	    pss_digest(&cursor, 1, true, &ret->mgf, err) != 0 ||
	    pss_number(&cursor, 2, 20, &ret->salt, err) != 0 ||
	    pss_number(&cursor, 3, 1, &trailer, err) != 0 ||
	    tlv_end(cursor, "RSASSA-PSS-params", err) != 0)
		return -1;
	if (trailer != 1 || ret->salt > PSS_SALT_MAX)
		ret->digest = DIGEST_NONE; /* nothing that anybody computes */
	return 0;
}

static bool key_fits(const struct scheme *s, EVP_PKEY *key)
{
	switch (s->family) {
	case FAMILY_RSA:
		return EVP_PKEY_is_a(key, "RSA");
	case FAMILY_PSS: /* RFC 4055 1.2: a plain RSA key may sign with PSS */
		return EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS");
	case FAMILY_ECDSA:
	case FAMILY_ECDSA_PLAIN:
		return EVP_PKEY_is_a(key, "EC");
	case FAMILY_DSA:
		return EVP_PKEY_is_a(key, "DSA");
	case FAMILY_EDDSA:
		return EVP_PKEY_is_a(key, s->key_type);
	}
	return false;
}

static bool set_pss(EVP_PKEY_CTX *ctx, const struct pss *pss)
{
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) > 0 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, (int)pss->salt) > 0 &&
	       EVP_PKEY_CTX_set_rsa_mgf1_md(ctx, digest_evp(pss->mgf)) > 0;
}

/* Either an answer, or want of memory; everything else was the object's. */
static int conclude(enum signature_verdict verdict, enum signature_verdict *ret,
		    struct ltps_error *err)
{
	if (x509_der_settle(err) != 0)
		return -1;
	*ret = verdict;
	return 0;
}

struct computation {
	const struct scheme *scheme;
	enum digest_alg digest;
	struct pss pss;
};

/* The value as OpenSSL wants it; NULL also when it is not as long as two integers of
 * the order. */
static uint8_t *value_of_plain(EVP_PKEY *key, struct view plain, int *ret_n)
{
	size_t half = ((size_t)EVP_PKEY_get_bits(key) + 7) / 8;
	uint8_t *der = NULL;
	if (plain.n != 2 * half)
		return NULL;
	ECDSA_SIG *sig = ECDSA_SIG_new();
	BIGNUM *r = BN_bin2bn(plain.p, (int)half, NULL);
	BIGNUM *s = BN_bin2bn(plain.p + half, (int)half, NULL);
	if (sig == NULL || r == NULL || s == NULL || ECDSA_SIG_set0(sig, r, s) != 1) {
		BN_free(r);
		BN_free(s);
	} else {
		*ret_n = i2d_ECDSA_SIG(sig, &der);
	}
	ECDSA_SIG_free(sig);
	return der;
}

static bool verifies(const struct computation *c, EVP_PKEY *key, EVP_MD_CTX *ctx,
		     struct view data, struct view value)
{
	if (c->scheme->family != FAMILY_ECDSA_PLAIN)
		return EVP_DigestVerify(ctx, value.p, value.n, data.p, data.n) == 1;
	int n = 0;
	uint8_t *der = value_of_plain(key, value, &n);
	bool valid =
	    der != NULL && EVP_DigestVerify(ctx, der, (size_t)n, data.p, data.n) == 1;
	OPENSSL_free(der);
	return valid;
}

static enum signature_verdict compute(const struct computation *c, EVP_PKEY *key,
				      EVP_MD_CTX *ctx, struct view data,
				      struct view value)
{
	EVP_PKEY_CTX *key_ctx = NULL;
	const EVP_MD *md = digest_evp(c->digest); /* NULL for EdDSA */
	if (EVP_DigestVerifyInit(ctx, &key_ctx, md, NULL, key) != 1)
		return SIGNATURE_UNSUPPORTED;
	if (c->scheme->family == FAMILY_PSS && !set_pss(key_ctx, &c->pss))
		return SIGNATURE_UNSUPPORTED;
	/* Negative answers are malformed values, which do not verify either. */
	return verifies(c, key, ctx, data, value) ? SIGNATURE_VALID : SIGNATURE_INVALID;
}

/* What is to be computed; false when we cannot. */
static bool plan(struct view algorithm, enum digest_alg fallback, EVP_PKEY *key,
		 struct computation *c)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view oid, parameters;
	if (split_algorithm(algorithm, &oid, &parameters, &ignored) != 0)
		return false;
	c->scheme = scheme_of_oid(oid);
	if (c->scheme == NULL || !key_fits(c->scheme, key))
		return false;
	c->digest = c->scheme->digest;
	if (c->scheme->family == FAMILY_EDDSA)
		return true;
	if (c->scheme->family == FAMILY_PSS) {
		if (pss_parse(parameters, &c->pss, &ignored) != 0 ||
		    digest_evp(c->pss.mgf) == NULL)
			return false;
		c->digest = c->pss.digest;
	} else if (c->digest == DIGEST_NONE) {
		c->digest = fallback;
	}
	return digest_evp(c->digest) != NULL;
}

static int verify_once(struct view algorithm, enum digest_alg fallback, EVP_PKEY *key,
		       struct view data, struct view value, enum signature_verdict *ret,
		       struct ltps_error *err)
{
	struct computation c = { 0 };
	if (!plan(algorithm, fallback, key, &c))
		return conclude(SIGNATURE_UNSUPPORTED, ret, err);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (ctx == NULL)
		return ltps_fail_openssl(err, LTPS_NOMEM, LTPS_FAULT_SELF, NULL,
					 "signature verification");
	enum signature_verdict verdict = compute(&c, key, ctx, data, value);
	EVP_MD_CTX_free(ctx);
	return conclude(verdict, ret, err);
}

/* OpenSSL hides some failed allocations, of the question for a key's type and within
 * ECDSA: whatever is not valid has to be so twice. */
int signature_verify(struct view algorithm, enum digest_alg fallback, EVP_PKEY *key,
		     struct view data, struct view value, enum signature_verdict *ret,
		     struct ltps_error *err)
{
	if (verify_once(algorithm, fallback, key, data, value, ret, err) != 0)
		return -1;
	return *ret == SIGNATURE_VALID
		   ? 0
		   : verify_once(algorithm, fallback, key, data, value, ret, err);
}

/* The scheme that a key signs with: a named digest, or EdDSA's own. Plain ECDSA values
 * are read and not made, whatever a failed allocation hides of the others. */
static const struct scheme *scheme_of_key(EVP_PKEY *key, enum digest_alg digest)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		const struct scheme *s = &schemes[i];
		if (s->family == FAMILY_ECDSA_PLAIN ||
		    (s->family == FAMILY_PSS ? !EVP_PKEY_is_a(key, "RSA-PSS")
					     : !key_fits(s, key)))
			continue;
		if (s->family == FAMILY_EDDSA || s->family == FAMILY_PSS ||
		    s->digest == digest)
			return s;
	}
	return NULL;
}

/* [number] AlgorithmIdentifier */
static int put_tagged(struct buf *out, uint8_t number, struct view body,
		      struct ltps_error *err)
{
	return der_put(out, DER_ID(ASN1_CONTEXT, 1, number), body, err);
}

/* RSASSA-PSS-params with one digest for both and a salt as long as it. */
static int put_pss_parameters(enum digest_alg digest, struct buf *out,
			      struct ltps_error *err)
{
	struct buf mgf = buf_make(ALGORITHM_MAX);
	struct buf body = buf_make(ALGORITHM_MAX);
	struct buf salt = buf_make(ALGORITHM_MAX);
	struct view id = digest_algorithm_identifier(digest);
	int rc = -1;
	if (put_tagged(&body, 0, id, err) != 0 ||
	    der_put_oid(&mgf, OID_MGF1, err) != 0 || buf_put(&mgf, id, err) != 0 ||
	    der_put_header(&body, DER_ID(ASN1_CONTEXT, 1, 1),
			   der_header_len(mgf.n) + mgf.n, err) != 0 ||
	    der_put(&body, DER_SEQUENCE, view_buf(&mgf), err) != 0)
		goto out;
	if (der_put_uint(&salt, digest_len(digest), err) != 0 ||
	    put_tagged(&body, 2, view_buf(&salt), err) != 0)
		goto out;
	rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
out:
	buf_free(&salt);
	buf_free(&body);
	buf_free(&mgf);
	return rc;
}

static int put_algorithm(const struct scheme *s, enum digest_alg digest,
			 struct buf *out, struct ltps_error *err)
{
	struct buf body = buf_make(ALGORITHM_MAX);
	int rc = der_put_oid(&body, s->oid, err);
	if (rc == 0 && s->family == FAMILY_RSA) /* RFC 4055 5: NULL */
		rc = der_put_null(&body, err);
	if (rc == 0 && s->family == FAMILY_PSS)
		rc = put_pss_parameters(digest, &body, err);
	if (rc == 0)
		rc = der_put(out, DER_SEQUENCE, view_buf(&body), err);
	buf_free(&body);
	return rc;
}

/* Out of memory, ECDSA gives lengths of 0 or -1 without a word. */
static int sign_value(EVP_MD_CTX *ctx, struct view data, struct buf *value,
		      struct ltps_error *err)
{
	size_t room = 0;
	if (EVP_DigestSign(ctx, NULL, &room, data.p, data.n) != 1 || room == 0 ||
	    room > VALUE_MAX)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "signing");
	if (buf_reserve(value, room, err) != 0)
		return -1;
	size_t n = room;
	if (EVP_DigestSign(ctx, value->p + value->n, &n, data.p, data.n) != 1 ||
	    n == 0 || n > room)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "signing");
	value->n += n;
	return 0;
}

int signature_sign(EVP_PKEY *key, enum digest_alg digest, struct view data,
		   struct buf *algorithm, struct buf *value, struct ltps_error *err)
{
	const struct scheme *s = scheme_of_key(key, digest);
	if (s == NULL) /* EVP_PKEY_is_a hides a failed allocation: ask twice */
		s = scheme_of_key(key, digest);
	if (s == NULL || (s->family != FAMILY_EDDSA && digest_evp(digest) == NULL))
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_CALLER, NULL,
				 "no signature algorithm for this key and digest");
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_ctx = NULL;
	const EVP_MD *md = s->family == FAMILY_EDDSA ? NULL : digest_evp(digest);
	struct pss pss = { digest, digest, digest_len(digest) };
	int rc = -1;
	if (ctx == NULL || EVP_DigestSignInit(ctx, &key_ctx, md, NULL, key) != 1 ||
	    (s->family == FAMILY_PSS && !set_pss(key_ctx, &pss))) {
		ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL, "signing");
		goto out;
	}
	if (sign_value(ctx, data, value, err) != 0)
		goto out;
	rc = put_algorithm(s, digest, algorithm, err);
out:
	EVP_MD_CTX_free(ctx);
	ERR_clear_error(); /* of probes that did not matter */
	return rc;
}
