/* SPDX-License-Identifier: Apache-2.0 */
/* Until when a signature is reliable, by its digest and its key. */
#include <criterion/criterion.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "timestamping/signature.h"
#include "validation/algorithm_policy.h"

#define NEVER INT64_MIN
#define ALWAYS INT64_MAX

static const struct algorithm_limit limits[] = {
	{ "sha256", 0, 3000 },  { "SHA-384", 0, ALWAYS }, { "sha1", 0, 1000 },
	{ "RSA", 1024, 500 },   { "RSA", 1536, 2000 },    { "RSA", 2000, 4000 },
	{ "ECDSA", 256, 3500 }, { "Ed25519", 0, 5000 },
};
static const struct algorithm_policy policy = { limits,
						sizeof(limits) / sizeof(limits[0]) };

static EVP_PKEY *generate(const char *type, int bits)
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	cr_assert_eq(EVP_PKEY_keygen_init(ctx), 1);
	if (bits > 0)
		cr_assert_eq(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, bits), 1);
	cr_assert_eq(EVP_PKEY_generate(ctx, &key), 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* By the AlgorithmIdentifier that the key signs with. */
static int64_t until(EVP_PKEY *key, enum digest_alg digest)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf algorithm = buf_make(256), value = buf_make(4096);
	cr_assert_eq(
	    signature_sign(key, digest, view_text("x"), &algorithm, &value, &err), 0,
	    "%s", err.text);
	int64_t t = algorithm_policy_until(&policy, key, view_buf(&algorithm));
	buf_free(&algorithm);
	buf_free(&value);
	cr_assert_eq(ERR_peek_error(), 0);
	return t;
}

Test(algorithm_policy, digest_when_not_named_is_never_reliable)
{
	EVP_PKEY *key = generate("RSA", 2048);
	cr_assert_eq(until(key, DIGEST_SHA512), NEVER);
	cr_assert_eq(until(key, DIGEST_SHA3_256), NEVER);
	EVP_PKEY_free(key);
}

Test(algorithm_policy, key_when_too_short_is_never_reliable)
{
	EVP_PKEY *key = EVP_EC_gen("P-224");
	cr_assert_eq(until(key, DIGEST_SHA384), NEVER);
	EVP_PKEY_free(key);
	key = generate("RSA", 512);
	cr_assert_eq(until(key, DIGEST_SHA256), NEVER);
	EVP_PKEY_free(key);
}

Test(algorithm_policy, key_when_not_named_is_never_reliable)
{
	EVP_PKEY *key = generate("ED448", 0);
	cr_assert_eq(until(key, DIGEST_NONE), NEVER);
	EVP_PKEY_free(key);
}

Test(algorithm_policy, algorithm_when_unknown_or_malformed_is_never_reliable)
{
	static const uint8_t unknown[] = { 0x30, 0x04, 0x06, 0x02, 0x2a, 0x03 };
	static const uint8_t pss[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48,
				       0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a };
	EVP_PKEY *key = EVP_EC_gen("P-256");
	cr_assert_eq(
	    algorithm_policy_until(&policy, key, view_of(unknown, sizeof(unknown))),
	    NEVER);
	cr_assert_eq(algorithm_policy_until(&policy, key, view_of(unknown, 3)), NEVER);
	cr_assert_eq(algorithm_policy_until(&policy, key, VIEW_NULL), NEVER);
	cr_assert_eq(algorithm_policy_until(&policy, key, view_of(pss, sizeof(pss))),
		     NEVER);
	cr_assert_eq(
	    algorithm_policy_until(&policy, NULL, view_of(unknown, sizeof(unknown))),
	    NEVER);
	EVP_PKEY_free(key);
}

Test(algorithm_policy, rsa_when_of_a_size_has_the_limit_of_the_largest_below)
{
	EVP_PKEY *key = generate("RSA", 1024);
	cr_assert_eq(until(key, DIGEST_SHA384), 500);
	EVP_PKEY_free(key);
	key = generate("RSA", 1536);
	cr_assert_eq(until(key, DIGEST_SHA384), 2000);
	EVP_PKEY_free(key);
	key = generate("RSA", 2048);
	cr_assert_eq(until(key, DIGEST_SHA384), 4000);
	cr_assert_eq(until(key, DIGEST_SHA1), 1000); /* the digest ends first */
	EVP_PKEY_free(key);
}

Test(algorithm_policy, ecdsa_when_of_each_digest_has_the_earlier_end)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	cr_assert_eq(until(key, DIGEST_SHA256), 3000);
	cr_assert_eq(until(key, DIGEST_SHA384), 3500);
	EVP_PKEY_free(key);
}

Test(algorithm_policy, pss_when_used_counts_by_its_parameters)
{
	EVP_PKEY *key = generate("RSA-PSS", 2048);
	cr_assert_eq(until(key, DIGEST_SHA256), 3000);
	cr_assert_eq(until(key, DIGEST_SHA384), 4000);
	EVP_PKEY_free(key);
}

/* RFC 4055 3.1: absent parameters are SHA-1, in the hash and in the mask. */
Test(algorithm_policy, pss_when_its_mask_is_weaker_counts_by_the_mask)
{
	static const uint8_t hash_only[] = { 0x30, 0x1e, 0x06, 0x09, 0x2a, 0x86, 0x48,
					     0x86, 0xf7, 0x0d, 0x01, 0x01, 0x0a, 0x30,
					     0x11, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09,
					     0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04,
					     0x02, 0x02, 0x05, 0x00 };
	EVP_PKEY *key = generate("RSA", 2048);
	cr_assert_eq(
	    algorithm_policy_until(&policy, key, view_of(hash_only, sizeof(hash_only))),
	    1000);
	EVP_PKEY_free(key);
}

Test(algorithm_policy, eddsa_when_named_needs_no_digest)
{
	EVP_PKEY *key = generate("ED25519", 0);
	cr_assert_eq(until(key, DIGEST_NONE), 5000);
	EVP_PKEY_free(key);
}
