/* SPDX-License-Identifier: Apache-2.0 */
/* algorithm_suite_jws - the signature of a suite in JSON, RFC 7515 and RFC 7518 3. */
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/objects.h>
#include <openssl/rsa.h>
#include <string.h>

#include "base/mem.h"
#include "validation/algorithm_suite_private.h"

enum family { FAMILY_RSA, FAMILY_PSS, FAMILY_EC };

static const struct scheme {
	const char *name;
	enum family family;
	enum digest_alg digest;
	unsigned coordinate; /* of EC: octets of r and of s, RFC 7518 3.4 */
	const char *curve;   /* as OpenSSL calls it */
} schemes[] = {
	{ "RS256", FAMILY_RSA, DIGEST_SHA256, 0, NULL },
	{ "RS384", FAMILY_RSA, DIGEST_SHA384, 0, NULL },
	{ "RS512", FAMILY_RSA, DIGEST_SHA512, 0, NULL },
	{ "PS256", FAMILY_PSS, DIGEST_SHA256, 0, NULL },
	{ "PS384", FAMILY_PSS, DIGEST_SHA384, 0, NULL },
	{ "PS512", FAMILY_PSS, DIGEST_SHA512, 0, NULL },
	{ "ES256", FAMILY_EC, DIGEST_SHA256, 32, SN_X9_62_prime256v1 },
	{ "ES384", FAMILY_EC, DIGEST_SHA384, 48, SN_secp384r1 },
	{ "ES512", FAMILY_EC, DIGEST_SHA512, 66, SN_secp521r1 },
};

/* A DER ECDSA-Sig-Value: two INTEGER of at most 67 octets. */
#define ECDSA_DER_MAX 160

int suite_base64url(struct view text, struct buf *out, struct ltps_error *err)
{
	struct buf plain = buf_make(text.n > 0 ? text.n : 1);
	int rc = buf_put(&plain, text, err);
	for (size_t i = 0; rc == 0 && i < plain.n; i++) {
		if (plain.p[i] == '+' || plain.p[i] == '/' || plain.p[i] == '=')
			rc = ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER,
				       "RFC 7515 2", "no base64url text");
		else if (plain.p[i] == '-')
			plain.p[i] = '+';
		else if (plain.p[i] == '_')
			plain.p[i] = '/';
	}
	if (rc == 0)
		rc = b64_decode(view_buf(&plain), true, out, err);
	buf_free(&plain);
	return rc;
}

static const struct scheme *scheme_of(struct view name)
{
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++) {
		if (view_is_text(name, schemes[i].name))
			return &schemes[i];
	}
	return NULL;
}

/* Others have as many bits: brainpoolP256r1. */
static bool is_on_curve(EVP_PKEY *key, const char *curve)
{
	char group[64];
	size_t n = 0;
	return EVP_PKEY_is_a(key, "EC") &&
	       EVP_PKEY_get_group_name(key, group, sizeof(group), &n) == 1 &&
	       strcmp(group, curve) == 0;
}

static bool key_fits(const struct scheme *s, EVP_PKEY *key)
{
	switch (s->family) {
	case FAMILY_RSA:
		return EVP_PKEY_is_a(key, "RSA");
	case FAMILY_PSS:
		return EVP_PKEY_is_a(key, "RSA") || EVP_PKEY_is_a(key, "RSA-PSS");
	case FAMILY_EC:
		return is_on_curve(key, s->curve);
	}
	return false;
}

/* r and s side by side become what OpenSSL reads. */
static int ecdsa_der(const struct scheme *s, struct view raw, struct buf *out,
		     struct ltps_error *err)
{
	ECDSA_SIG *sig = NULL;
	BIGNUM *r = NULL, *v = NULL;
	unsigned char *der = NULL;
	int rc = -1;

	if (raw.n != (size_t)2 * s->coordinate)
		return 0; /* an empty value, which verifies nothing */
	sig = ECDSA_SIG_new();
	r = BN_bin2bn(raw.p, (int)s->coordinate, NULL);
	v = BN_bin2bn(raw.p + s->coordinate, (int)s->coordinate, NULL);
	if (sig == NULL || r == NULL || v == NULL || ECDSA_SIG_set0(sig, r, v) != 1) {
		BN_free(r);
		BN_free(v);
		ltps_fail_nomem(err);
		goto out;
	}
	const int n = i2d_ECDSA_SIG(sig, &der);
	if (n <= 0) {
		ltps_fail_nomem(err);
		goto out;
	}
	rc = buf_put(out, view_of(der, (size_t)n), err);
out:
	OPENSSL_free(der);
	ECDSA_SIG_free(sig);
	ERR_clear_error();
	return rc;
}

static int verify(const struct scheme *s, EVP_PKEY *key, struct view input,
		  struct view value, bool *ret_good, struct ltps_error *err)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *pkey = NULL;
	*ret_good = false;
	if (ctx == NULL)
		return ltps_fail_nomem(err);
	if (EVP_DigestVerifyInit(ctx, &pkey, digest_evp(s->digest), NULL, key) == 1 &&
	    (s->family != FAMILY_PSS ||
	     (EVP_PKEY_CTX_set_rsa_padding(pkey, RSA_PKCS1_PSS_PADDING) > 0 &&
	      EVP_PKEY_CTX_set_rsa_pss_saltlen(pkey, RSA_PSS_SALTLEN_DIGEST) > 0)))
		*ret_good =
		    EVP_DigestVerify(ctx, value.p, value.n, input.p, input.n) == 1;
	EVP_MD_CTX_free(ctx);
	ERR_clear_error();
	return 0;
}

static int keep_signer(struct suite_reader *r, const struct cert *c, struct view der,
		       struct ltps_error *err)
{
	char text[CERT_TEXT_MAX];
	struct digest d;
	cert_text(c, text);
	if (digest_once(DIGEST_SHA256, der, &d, err) != 0)
		return -1;
	memcpy(r->s->signer_hash, d.p, sizeof(r->s->signer_hash));
	return suite_text(r->s, view_text(text), &r->s->signer, err);
}

static int verify_with(const struct scheme *s, const struct suite_jws *j,
		       const struct cert *c, bool *ret_good, struct ltps_error *err)
{
	struct buf der = buf_make(ECDSA_DER_MAX);
	EVP_PKEY *key = NULL;
	struct view value = j->signature;
	int rc = cert_key(c, &key, err);

	*ret_good = false;
	if (rc == 0 && key != NULL && key_fits(s, key)) {
		if (s->family == FAMILY_EC) {
			rc = ecdsa_der(s, j->signature, &der, err);
			value = view_buf(&der);
		}
		if (rc == 0)
			rc = verify(s, key, j->signing_input, value, ret_good, err);
	}
	buf_free(&der);
	return rc;
}

int suite_jws_verify(struct suite_reader *r, const struct suite_jws *j,
		     struct ltps_error *err)
{
	const struct scheme *s = scheme_of(j->algorithm);
	struct cert *c = NULL;
	bool good = false;
	int rc = -1;

	if (s == NULL)
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_CALLER,
				 "RFC 7515 4.1.1",
				 "algorithm suite: Signature: alg %.*s is not known",
				 (int)(j->algorithm.n < 32 ? j->algorithm.n : 32),
				 (const char *)j->algorithm.p);
	if (cert_parse(j->certificate, &c, err) != 0) {
		if (err->code != LTPS_FORMAT)
			return -1;
		ltps_error_clear(err);
		return suite_fail(r, err, "Signature: x5c holds no certificate");
	}
	if (verify_with(s, j, c, &good, err) != 0)
		goto out;
	if (!good) {
		suite_fail(r, err, "Signature: it does not verify (RFC 7515 5.2)");
		goto out;
	}
	rc = keep_signer(r, c, j->certificate, err);
out:
	cert_free(c);
	return rc;
}
