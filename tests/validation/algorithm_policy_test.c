/* SPDX-License-Identifier: Apache-2.0 */
/* Until when a signature is reliable, by its digest and its key. */
#include <criterion/criterion.h>
#include <openssl/dsa.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <string.h>

#include "timestamping/signature.h"
#include "validation/algorithm_policy.h"

#define NEVER INT64_MIN
#define ALWAYS INT64_MAX

static const struct algorithm_limit limits[] = {
	{ .algorithm = "sha256", .until_ms = 3000 },
	{ .algorithm = "SHA-384", .until_ms = ALWAYS },
	{ .algorithm = "sha1", .until_ms = 1000 },
	{ .algorithm = "RSA", .min_bits = 1024, .until_ms = 500 },
	{ .algorithm = "RSA", .min_bits = 1536, .until_ms = 2000 },
	{ .algorithm = "RSA", .min_bits = 2000, .until_ms = 4000 },
	{ .algorithm = "ECDSA", .min_bits = 256, .until_ms = 3500 },
	{ .algorithm = "Ed25519", .until_ms = 5000 },
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

/* ---- parts looked up one by one (RFC 5698 6) ---- */

/* What a policy with these limits says of a signature by the key. */
static struct algorithm_verdict explain(const struct algorithm_limit *list, size_t n,
					EVP_PKEY *key, enum digest_alg digest)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct algorithm_policy p = { list, n };
	struct buf algorithm = buf_make(256), value = buf_make(4096);
	struct algorithm_verdict v;
	cr_assert_eq(
	    signature_sign(key, digest, view_text("x"), &algorithm, &value, &err), 0,
	    "%s", err.text);
	const struct algorithm_use use = { .key = key,
					   .algorithm = view_buf(&algorithm) };
	algorithm_policy_explain(&p, &use, &v);
	buf_free(&algorithm);
	buf_free(&value);
	cr_assert_eq(ERR_peek_error(), 0);
	return v;
}
#define EXPLAIN(list, key, digest)                                                     \
	explain(list, sizeof(list) / sizeof((list)[0]), key, digest)

Test(algorithm_policy, padding_when_named_counts_beside_the_key)
{
	static const struct algorithm_limit list[] = {
		{ .algorithm = "sha256", .until_ms = ALWAYS },
		{ .algorithm = "RSA", .min_bits = 1024, .until_ms = 9000 },
		{ .algorithm = ALGORITHM_RSA_PKCS1, .until_ms = 7000 },
	};
	EVP_PKEY *rsa = generate("RSA", 1024), *pss = generate("RSA-PSS", 1024);
	struct algorithm_verdict v = EXPLAIN(list, rsa, DIGEST_SHA256);
	cr_expect_eq(v.until_ms, 7000);
	cr_expect_str_eq(v.what, ALGORITHM_RSA_PKCS1 " 1024");
	/* It names paddings, and not this one. */
	v = EXPLAIN(list, pss, DIGEST_SHA256);
	cr_expect_eq(v.until_ms, NEVER);
	cr_expect_not(v.known);
	EVP_PKEY_free(rsa);
	EVP_PKEY_free(pss);
}

Test(algorithm_policy, signature_algorithm_counts_with_its_own_digest_only)
{
	static const struct algorithm_limit list[] = {
		{ .algorithm = "sha256", .until_ms = ALWAYS },
		{ .algorithm = "sha384", .until_ms = ALWAYS },
		{ .algorithm = ALGORITHM_RSA_PKCS1,
		  .min_bits = 1024,
		  .until_ms = 7000,
		  .digest = DIGEST_SHA256 },
	};
	EVP_PKEY *key = generate("RSA", 1024);
	cr_expect_eq(EXPLAIN(list, key, DIGEST_SHA256).until_ms, 7000);
	cr_expect_eq(EXPLAIN(list, key, DIGEST_SHA384).until_ms, NEVER);
	EVP_PKEY_free(key);
}

Test(algorithm_policy, key_when_larger_than_allowed_is_not_reliable)
{
	static const struct algorithm_limit list[] = {
		{ .algorithm = "sha256", .until_ms = ALWAYS },
		{ .algorithm = "RSA", .max_bits = 1024, .until_ms = ALWAYS },
	};
	EVP_PKEY *small = generate("RSA", 1024), *large = generate("RSA", 1032);
	cr_expect_eq(EXPLAIN(list, small, DIGEST_SHA256).until_ms, ALWAYS);
	cr_expect_eq(EXPLAIN(list, large, DIGEST_SHA256).until_ms, NEVER);
	EVP_PKEY_free(small);
	EVP_PKEY_free(large);
}

Test(algorithm_policy, curve_when_others_are_named_is_not_reliable)
{
	static const struct algorithm_limit list[] = {
		{ .algorithm = "sha256", .until_ms = ALWAYS },
		{ .algorithm = "ECDSA", .min_bits = 256, .until_ms = ALWAYS },
		{ .algorithm = "1.2.840.10045.3.1.7", .until_ms = 5000 },
	};
	EVP_PKEY *named = EVP_EC_gen("P-256"), *other = EVP_EC_gen("secp256k1");
	struct algorithm_verdict v = EXPLAIN(list, named, DIGEST_SHA256);
	cr_expect_eq(v.until_ms, 5000);
	cr_expect_str_eq(v.what, "1.2.840.10045.3.1.7");
	v = EXPLAIN(list, other, DIGEST_SHA256);
	cr_expect_eq(v.until_ms, NEVER);
	cr_expect_not(v.known);
	EVP_PKEY_free(named);
	EVP_PKEY_free(other);
}

Test(algorithm_policy, dsa_when_q_is_short_is_not_reliable)
{
	static const struct algorithm_limit list[] = {
		{ .algorithm = "sha256", .until_ms = ALWAYS },
		{ .algorithm = "DSA", .min_bits = 1024, .min_q = 200, .until_ms = 1 },
	};
	EVP_PKEY *parameters = NULL, *key = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
	cr_assert_eq(EVP_PKEY_paramgen_init(ctx), 1);
	cr_assert_eq(EVP_PKEY_CTX_set_dsa_paramgen_bits(ctx, 1024), 1);
	cr_assert_eq(EVP_PKEY_CTX_set_dsa_paramgen_q_bits(ctx, 160), 1);
	cr_assert_eq(EVP_PKEY_generate(ctx, &parameters), 1);
	EVP_PKEY_CTX_free(ctx);
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, parameters, NULL);
	cr_assert_eq(EVP_PKEY_keygen_init(ctx), 1);
	cr_assert_eq(EVP_PKEY_generate(ctx, &key), 1);
	const struct algorithm_verdict v = EXPLAIN(list, key, DIGEST_SHA256);
	cr_expect_eq(v.until_ms, NEVER);
	cr_expect(v.known);
	cr_expect_str_eq(v.what, "DSA 1024");
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(parameters);
	EVP_PKEY_free(key);
}

Test(algorithm_policy, part_that_ends_first_is_named)
{
	EVP_PKEY *key = generate("RSA", 2048);
	struct algorithm_verdict v = explain(policy.limits, policy.n, key, DIGEST_SHA1);
	cr_expect_str_eq(v.what, "sha1");
	cr_expect_eq(v.until_ms, 1000);
	cr_expect(v.known);
	v = explain(policy.limits, policy.n, key, DIGEST_SHA384);
	cr_expect_str_eq(v.what, "RSA 2048");
	v = explain(policy.limits, policy.n, key, DIGEST_SHA512);
	cr_expect_not(v.known);
	cr_expect_str_eq(v.what, "sha512");
	EVP_PKEY_free(key);
}

/* signatureAlgorithm of CMS may name the key alone (RFC 3370 3.2). */
Test(algorithm_policy, digest_beside_the_algorithm_counts)
{
	static const uint8_t rsa[] = { 0x30, 0x0d, 0x06, 0x09, 0x2a, 0x86, 0x48, 0x86,
				       0xf7, 0x0d, 0x01, 0x01, 0x01, 0x05, 0x00 };
	EVP_PKEY *key = generate("RSA", 2048);
	struct algorithm_use use = { .key = key,
				     .algorithm = view_of(rsa, sizeof(rsa)) };
	struct algorithm_verdict v;
	algorithm_policy_explain(&policy, &use, &v);
	cr_expect_eq(v.until_ms, NEVER);
	use.digest = DIGEST_SHA1;
	algorithm_policy_explain(&policy, &use, &v);
	cr_expect_eq(v.until_ms, 1000);
	use.digest = DIGEST_SHA256;
	algorithm_policy_explain(&policy, &use, &v);
	cr_expect_eq(v.until_ms, 3000);
	EVP_PKEY_free(key);
}

Test(algorithm_policy, beginning_and_end_are_included)
{
	static const struct algorithm_limit list[] = {
		{ .algorithm = "sha256", .until_ms = ALWAYS },
		{ .algorithm = "Ed25519", .from_ms = 100, .until_ms = 200 },
		{ .algorithm = "Ed25519", .from_ms = 300, .until_ms = 400 },
	};
	static const uint8_t ed25519[] = { 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70 };
	static const struct {
		int64_t at;
		bool good;
	} cases[] = { { 99, false },  { 100, true }, { 200, true }, { 201, false },
		      { 299, false }, { 300, true }, { 400, true }, { 401, false } };
	const struct algorithm_policy p = { list, 3 };
	EVP_PKEY *key = generate("ED25519", 0);
	const struct algorithm_use use = { .key = key,
					   .algorithm =
					       view_of(ed25519, sizeof(ed25519)) };
	struct algorithm_verdict v;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(algorithm_policy_reliable_at(&p, &use, cases[i].at, &v),
			     cases[i].good, "%lld", (long long)cases[i].at);
	cr_expect_str_eq(v.what, "Ed25519");
	cr_expect_eq(v.until_ms, 400);
	cr_expect_eq(v.from_ms, 300);
	EVP_PKEY_free(key);
}

Test(algorithm_policy, digest_alone_has_its_own_end)
{
	cr_expect_eq(algorithm_policy_digest_until(&policy, DIGEST_SHA1), 1000);
	cr_expect_eq(algorithm_policy_digest_until(&policy, DIGEST_SHA384), ALWAYS);
	cr_expect_eq(algorithm_policy_digest_until(&policy, DIGEST_SHA512), NEVER);
	cr_expect_eq(algorithm_policy_digest_until(&policy, DIGEST_NONE), NEVER);
	cr_expect(algorithm_policy_digest_at(&policy, DIGEST_SHA1, 1000));
	cr_expect_not(algorithm_policy_digest_at(&policy, DIGEST_SHA1, 1001));
}
