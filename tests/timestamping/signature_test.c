/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "base/asn1.h"
#include "tests/support/cms_make.h"
#include "timestamping/signature.h"

#define RSA_ENCRYPTION "1.2.840.113549.1.1.1"
#define SHA256_RSA "1.2.840.113549.1.1.11"
#define RSA_PSS "1.2.840.113549.1.1.10"
#define MGF1 "1.2.840.113549.1.1.8"
#define EC_PUBLIC_KEY "1.2.840.10045.2.1"
#define ECDSA_SHA256 "1.2.840.10045.4.3.2"
#define ECDSA_PLAIN_SHA256 "0.4.0.127.0.7.1.1.4.1.3"
#define ECDSA_PLAIN_SHA384 "0.4.0.127.0.7.1.1.4.1.4"

static EVP_PKEY *rsa, *ec;

static void set_up(void)
{
	rsa = EVP_RSA_gen(2048);
	ec = EVP_EC_gen("P-256");
	cr_assert(rsa != NULL && ec != NULL);
}

static void tear_down(void)
{
	EVP_PKEY_free(ec);
	EVP_PKEY_free(rsa);
}

TestSuite(signature, .init = set_up, .fini = tear_down);

static struct view data(void)
{
	return view_text("what is signed");
}

static struct view plain(const char *oid)
{
	return make_el(DER_SEQUENCE, make_oid(oid));
}

static void expect(struct view algorithm, enum digest_alg fallback, EVP_PKEY *key,
		   struct view value, enum signature_verdict verdict)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	enum signature_verdict got;
	cr_assert_eq(
	    signature_verify(algorithm, fallback, key, data(), value, &got, &err), 0);
	cr_assert_eq(got, verdict, "%d instead of %d", got, verdict);
	cr_assert_eq(ERR_peek_error(), 0);
}

/* A value by this key; its AlgorithmIdentifier is not looked at. */
static struct buf sign(EVP_PKEY *key, enum digest_alg digest)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf algorithm = buf_make(1024), value = buf_make(1024);
	cr_assert_eq(signature_sign(key, digest, data(), &algorithm, &value, &err), 0,
		     "%s", err.text);
	buf_free(&algorithm);
	return value;
}

Test(signature, bare_key_identifiers_take_the_digest_beside_them)
{
	struct buf value = sign(rsa, DIGEST_SHA256);
	expect(plain(RSA_ENCRYPTION), DIGEST_SHA256, rsa, view_buf(&value),
	       SIGNATURE_VALID);
	expect(plain(RSA_ENCRYPTION), DIGEST_SHA512, rsa, view_buf(&value),
	       SIGNATURE_INVALID);
	expect(plain(RSA_ENCRYPTION), DIGEST_NONE, rsa, view_buf(&value),
	       SIGNATURE_UNSUPPORTED);
	buf_free(&value);
	value = sign(ec, DIGEST_SHA256);
	expect(plain(EC_PUBLIC_KEY), DIGEST_SHA256, ec, view_buf(&value),
	       SIGNATURE_VALID);
	buf_free(&value);
}

Test(signature, digest_of_the_algorithm_outweighs_the_one_beside_it)
{
	struct buf value = sign(rsa, DIGEST_SHA256);
	expect(plain(SHA256_RSA), DIGEST_SHA512, rsa, view_buf(&value),
	       SIGNATURE_VALID);
	buf_free(&value);
}

Test(signature, key_of_another_type_is_unsupported)
{
	struct buf value = sign(ec, DIGEST_SHA256);
	expect(plain(ECDSA_SHA256), DIGEST_NONE, rsa, view_buf(&value),
	       SIGNATURE_UNSUPPORTED);
	expect(plain(SHA256_RSA), DIGEST_NONE, ec, view_buf(&value),
	       SIGNATURE_UNSUPPORTED);
	expect(plain("1.3.101.112"), DIGEST_NONE, ec, view_buf(&value),
	       SIGNATURE_UNSUPPORTED);
	buf_free(&value);
}

Test(signature, unknown_and_malformed_algorithms_are_unsupported)
{
	struct buf value = sign(ec, DIGEST_SHA256);
	expect(plain("1.2.3"), DIGEST_SHA256, ec, view_buf(&value),
	       SIGNATURE_UNSUPPORTED);
	expect(make_int(1), DIGEST_SHA256, ec, view_buf(&value), SIGNATURE_UNSUPPORTED);
	expect(VIEW_NULL, DIGEST_SHA256, ec, view_buf(&value), SIGNATURE_UNSUPPORTED);
	buf_free(&value);
}

Test(signature, malformed_values_are_invalid)
{
	struct buf value = sign(ec, DIGEST_SHA256);
	expect(plain(ECDSA_SHA256), DIGEST_NONE, ec, VIEW_NULL, SIGNATURE_INVALID);
	expect(plain(ECDSA_SHA256), DIGEST_NONE, ec, view_text("?"), SIGNATURE_INVALID);
	expect(plain(ECDSA_SHA256), DIGEST_NONE, ec, view_of(value.p, value.n - 1),
	       SIGNATURE_INVALID);
	expect(plain(SHA256_RSA), DIGEST_NONE, rsa, view_text("?"), SIGNATURE_INVALID);
	buf_free(&value);
}

/* ---- RSASSA-PSS ---- */

/* A value with these parameters by the RSA key. */
static struct view sign_pss(const EVP_MD *md, const EVP_MD *mgf, int salt)
{
	static uint8_t value[512];
	size_t n = sizeof(value);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	EVP_PKEY_CTX *key_ctx;
	cr_assert_eq(EVP_DigestSignInit(ctx, &key_ctx, md, NULL, rsa), 1);
	cr_assert(EVP_PKEY_CTX_set_rsa_padding(key_ctx, RSA_PKCS1_PSS_PADDING) > 0);
	cr_assert(EVP_PKEY_CTX_set_rsa_pss_saltlen(key_ctx, salt) > 0);
	cr_assert(EVP_PKEY_CTX_set_rsa_mgf1_md(key_ctx, mgf) > 0);
	cr_assert_eq(EVP_DigestSign(ctx, value, &n, data().p, data().n), 1);
	EVP_MD_CTX_free(ctx);
	return view_of(value, n);
}

static struct view pss(struct view digest, struct view mgf, struct view salt,
		       struct view trailer)
{
	return make_el(DER_SEQUENCE, make_oid(RSA_PSS),
		       make_el(DER_SEQUENCE, digest, mgf, salt, trailer));
}

static struct view pss_digest(enum digest_alg alg)
{
	return make_el(0xa0, digest_algorithm_identifier(alg));
}

static struct view pss_mgf(const char *oid, enum digest_alg alg)
{
	return make_el(0xa1, make_el(DER_SEQUENCE, make_oid(oid),
				     digest_algorithm_identifier(alg)));
}

static struct view number(uint8_t id, unsigned v)
{
	return make_el(id, make_int(v));
}

Test(signature, pss_parameters_have_their_defaults)
{
	struct view none = VIEW_NULL;
	expect(pss(none, none, none, none), DIGEST_NONE, rsa,
	       sign_pss(EVP_sha1(), EVP_sha1(), 20), SIGNATURE_VALID);
	expect(pss(pss_digest(DIGEST_SHA256), none, none, none), DIGEST_NONE, rsa,
	       sign_pss(EVP_sha256(), EVP_sha1(), 20), SIGNATURE_VALID);
	expect(pss(pss_digest(DIGEST_SHA256), pss_mgf(MGF1, DIGEST_SHA512),
		   number(0xa2, 7), number(0xa3, 1)),
	       DIGEST_NONE, rsa, sign_pss(EVP_sha256(), EVP_sha512(), 7),
	       SIGNATURE_VALID);
}

Test(signature, pss_value_under_other_parameters_is_invalid)
{
	struct view none = VIEW_NULL, digest = pss_digest(DIGEST_SHA256);
	struct view mgf = pss_mgf(MGF1, DIGEST_SHA256), salt = number(0xa2, 32);
	struct view value = sign_pss(EVP_sha256(), EVP_sha256(), 32);
	expect(pss(digest, mgf, salt, none), DIGEST_NONE, rsa, value, SIGNATURE_VALID);
	expect(pss(digest, mgf, number(0xa2, 31), none), DIGEST_NONE, rsa, value,
	       SIGNATURE_INVALID);
	expect(pss(digest, pss_mgf(MGF1, DIGEST_SHA1), salt, none), DIGEST_NONE, rsa,
	       value, SIGNATURE_INVALID);
	expect(pss(pss_digest(DIGEST_SHA512), mgf, salt, none), DIGEST_NONE, rsa, value,
	       SIGNATURE_INVALID);
	expect(plain(SHA256_RSA), DIGEST_NONE, rsa, value, SIGNATURE_INVALID);
}

Test(signature, pss_parameters_that_nobody_computes_are_unsupported)
{
	struct view none = VIEW_NULL, digest = pss_digest(DIGEST_SHA256);
	struct view mgf = pss_mgf(MGF1, DIGEST_SHA256), salt = number(0xa2, 32);
	struct view value = sign_pss(EVP_sha256(), EVP_sha256(), 32);
	expect(pss(digest, mgf, salt, number(0xa3, 2)), DIGEST_NONE, rsa, value,
	       SIGNATURE_UNSUPPORTED);
	expect(pss(digest, mgf, number(0xa2, 100000), none), DIGEST_NONE, rsa, value,
	       SIGNATURE_UNSUPPORTED);
	expect(pss(digest, pss_mgf("1.2.3", DIGEST_SHA256), salt, none), DIGEST_NONE,
	       rsa, value, SIGNATURE_UNSUPPORTED);
	expect(pss(digest, mgf, salt, make_int(1)), DIGEST_NONE, rsa, value,
	       SIGNATURE_UNSUPPORTED);
	expect(plain(RSA_PSS), DIGEST_NONE, rsa, value, SIGNATURE_UNSUPPORTED);
}

Test(signature, no_digest_to_sign_with_is_unsupported)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf algorithm = buf_make(1024), value = buf_make(1024);
	cr_assert_eq(signature_sign(ec, DIGEST_NONE, data(), &algorithm, &value, &err),
		     -1);
	cr_assert_eq(err.code, LTPS_UNSUPPORTED);
	cr_assert_eq(err.fault, LTPS_FAULT_CALLER);
	cr_assert_eq(value.n, 0);
}

/* BSI TR-03111 5.2.1: r and s side by side, each as long as the order. */
Test(signature, plain_ecdsa_is_two_integers_of_the_order_alone)
{
	struct buf value = sign(ec, DIGEST_SHA256);
	const uint8_t *p = value.p;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)value.n);
	uint8_t octets[65] = { 0 };
	cr_assert(sig != NULL);
	cr_assert_eq(BN_bn2binpad(ECDSA_SIG_get0_r(sig), octets, 32), 32);
	cr_assert_eq(BN_bn2binpad(ECDSA_SIG_get0_s(sig), octets + 32, 32), 32);
	ECDSA_SIG_free(sig);
	expect(plain(ECDSA_PLAIN_SHA256), DIGEST_NONE, ec, view_of(octets, 64),
	       SIGNATURE_VALID);
	expect(plain(ECDSA_PLAIN_SHA384), DIGEST_NONE, ec, view_of(octets, 64),
	       SIGNATURE_INVALID);
	expect(plain(ECDSA_SHA256), DIGEST_NONE, ec, view_of(octets, 64),
	       SIGNATURE_INVALID);
	expect(plain(ECDSA_PLAIN_SHA256), DIGEST_NONE, ec, view_buf(&value),
	       SIGNATURE_INVALID);
	expect(plain(ECDSA_PLAIN_SHA256), DIGEST_NONE, rsa, view_of(octets, 64),
	       SIGNATURE_UNSUPPORTED);
	for (size_t n = 0; n <= 65; n++) {
		if (n != 64)
			expect(plain(ECDSA_PLAIN_SHA256), DIGEST_NONE, ec,
			       view_of(octets, n), SIGNATURE_INVALID);
	}
	octets[63] ^= 1;
	expect(plain(ECDSA_PLAIN_SHA256), DIGEST_NONE, ec, view_of(octets, 64),
	       SIGNATURE_INVALID);
	buf_free(&value);
}
