/* SPDX-License-Identifier: Apache-2.0 */
/* Every row of the built-in suite at its borders: the last millisecond that counts and
 * the first that does not, the smallest key that counts and the one below. */
#include <criterion/criterion.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/evp.h>
#include <openssl/param_build.h>
#include <string.h>

#include "base/asn1.h"
#include "base/clock.h"
#include "validation/validation_policy.h"

#define NEVER NULL
#define OPEN ""

static struct validation_policy *policy;

static void set_up(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(validation_policy_builtin("default", &policy, &err), 0, "%s",
		     err.text);
}

static void tear_down(void)
{
	validation_policy_free(policy);
}

TestSuite(algorithm_rows, .init = set_up, .fini = tear_down);

/* The first moment at which it no longer counts. */
static int64_t first_bad(const char *day)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char text[32];
	int64_t ms;
	snprintf(text, sizeof(text), "%sT00:00:00Z", day);
	cr_assert_eq(time_parse_rfc3339(view_text(text), &ms, &err), 0);
	return ms;
}

Test(algorithm_rows, digests_end_on_their_day)
{
	static const struct {
		enum digest_alg alg;
		const char *bad_from;
	} rows[] = {
		{ DIGEST_SHA1, "2012-08-01" }, { DIGEST_SHA224, "2029-01-01" },
		{ DIGEST_SHA256, OPEN },       { DIGEST_SHA384, OPEN },
		{ DIGEST_SHA512, OPEN },       { DIGEST_SHA3_224, NEVER },
		{ DIGEST_SHA3_256, OPEN },     { DIGEST_SHA3_384, OPEN },
		{ DIGEST_SHA3_512, OPEN },     { DIGEST_NONE, NEVER },
	};
	const struct algorithm_policy *p = &policy->algorithms;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *day = rows[i].bad_from;
		const int64_t end = day == NEVER     ? INT64_MIN
				    : day[0] == '\0' ? INT64_MAX
						     : first_bad(day) - 1;
		cr_expect_eq(algorithm_policy_digest_until(p, rows[i].alg), end, "%s",
			     digest_name(rows[i].alg));
		cr_expect_eq(algorithm_policy_digest_at(p, rows[i].alg, 0),
			     day != NEVER);
		if (day == NEVER || day[0] == '\0')
			continue;
		cr_expect(algorithm_policy_digest_at(p, rows[i].alg, end));
		cr_expect_not(algorithm_policy_digest_at(p, rows[i].alg, end + 1));
	}
}

/* ---- keys: only their size is looked at, so they need no secret ---- */

static BIGNUM *number(int bits)
{
	BIGNUM *n = BN_new();
	cr_assert_eq(BN_set_bit(n, bits - 1), 1);
	cr_assert_eq(BN_set_bit(n, 0), 1);
	return n;
}

static EVP_PKEY *key_of(const char *type, const char *const names[], BIGNUM *values[],
			size_t n)
{
	OSSL_PARAM_BLD *build = OSSL_PARAM_BLD_new();
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	EVP_PKEY *key = NULL;
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(OSSL_PARAM_BLD_push_BN(build, names[i], values[i]), 1);
	OSSL_PARAM *params = OSSL_PARAM_BLD_to_param(build);
	cr_assert_eq(EVP_PKEY_fromdata_init(ctx), 1);
	cr_assert_eq(EVP_PKEY_fromdata(ctx, &key, EVP_PKEY_PUBLIC_KEY, params), 1);
	for (size_t i = 0; i < n; i++)
		BN_free(values[i]);
	OSSL_PARAM_free(params);
	OSSL_PARAM_BLD_free(build);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *rsa_of(int bits)
{
	static const char *const names[] = { OSSL_PKEY_PARAM_RSA_N,
					     OSSL_PKEY_PARAM_RSA_E };
	BIGNUM *values[] = { number(bits), number(17) };
	return key_of("RSA", names, values, 2);
}

static EVP_PKEY *dsa_of(int p, int q)
{
	static const char *const names[] = { OSSL_PKEY_PARAM_FFC_P,
					     OSSL_PKEY_PARAM_FFC_Q,
					     OSSL_PKEY_PARAM_FFC_G,
					     OSSL_PKEY_PARAM_PUB_KEY };
	BIGNUM *values[] = { number(p), number(q), number(2), number(3) };
	return key_of("DSA", names, values, 4);
}

static struct buf identifier(const char *oid, struct view parameters)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf body = buf_make(512), out = buf_make(512);
	cr_assert_eq(der_put_oid(&body, oid, &err), 0);
	cr_assert_eq(buf_put(&body, parameters, &err), 0);
	cr_assert_lt(body.n, 128);
	cr_assert_eq(buf_put_byte(&out, 0x30, &err), 0);
	cr_assert_eq(buf_put_byte(&out, (uint8_t)body.n, &err), 0);
	cr_assert_eq(buf_put(&out, view_buf(&body), &err), 0);
	buf_free(&body);
	return out;
}

/* SHA-256 with MGF1 of a digest: ...2.1, or ...2.4 for SHA-224 in the last octet. */
static const uint8_t pss_sha256[] = { 0x30, 0x34, 0xa0, 0x0f, 0x30, 0x0d, 0x06, 0x09,
				      0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
				      0x01, 0x05, 0x00, 0xa1, 0x1c, 0x30, 0x1a, 0x06,
				      0x09, 0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01,
				      0x01, 0x08, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86,
				      0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05,
				      0x00, 0xa2, 0x03, 0x02, 0x01, 0x20 };
#define PSS_DIGEST_AT 16
#define PSS_MASK_AT 46
static const uint8_t pss_empty[] = { 0x30, 0x00 }; /* SHA-1 all through */

#define RSA_SHA256 "1.2.840.113549.1.1.11"
#define PSS "1.2.840.113549.1.1.10"
#define DSA_SHA256 "2.16.840.1.101.3.4.3.2"
#define ECDSA_SHA256 "1.2.840.10045.4.3.2"

static void expect_end(EVP_PKEY *key, const char *oid, struct view parameters,
		       enum digest_alg beside, const char *bad_from, const char *what)
{
	const struct algorithm_policy *p = &policy->algorithms;
	struct buf algorithm = identifier(oid, parameters);
	const struct algorithm_use use = { key, view_buf(&algorithm), beside };
	const int64_t end = bad_from == NEVER     ? INT64_MIN
			    : bad_from[0] == '\0' ? INT64_MAX
						  : first_bad(bad_from) - 1;
	struct algorithm_verdict v;
	algorithm_policy_explain(p, &use, &v);
	cr_expect_eq(v.until_ms, end, "%s: %lld, not %lld", what, (long long)v.until_ms,
		     (long long)end);
	cr_expect_eq(algorithm_policy_reliable_at(p, &use, 0, &v), bad_from != NEVER,
		     "%s", what);
	if (end != INT64_MIN)
		cr_expect(algorithm_policy_reliable_at(p, &use, end, &v), "%s", what);
	if (end != INT64_MAX && end != INT64_MIN)
		cr_expect_not(algorithm_policy_reliable_at(p, &use, end + 1, &v), "%s",
			      what);
	buf_free(&algorithm);
}

Test(algorithm_rows, rsa_ends_by_size_and_padding)
{
	static const struct {
		int bits;
		const char *pkcs1, *pss;
	} rows[] = {
		{ 785, NEVER, NEVER },
		{ 786, "2010-08-01", "2010-08-01" },
		{ 1023, "2010-08-01", "2010-08-01" },
		{ 1024, "2019-10-01", "2019-10-01" },
		{ 1535, "2019-10-01", "2019-10-01" },
		{ 1536, "2019-10-01", "2019-10-01" },
		{ 1899, "2019-10-01", "2019-10-01" },
		{ 1900, "2029-01-01", "2029-01-01" },
		{ 2999, "2029-01-01", "2029-01-01" },
		{ 3000, "2029-01-01", OPEN },
		{ 8192, "2029-01-01", OPEN },
	};
	const struct view pss = view_of(pss_sha256, sizeof(pss_sha256));
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		EVP_PKEY *key = rsa_of(rows[i].bits);
		char what[32];
		snprintf(what, sizeof(what), "RSA %d", rows[i].bits);
		expect_end(key, RSA_SHA256, VIEW_NULL, DIGEST_NONE, rows[i].pkcs1,
			   what);
		/* rsaEncryption of CMS, the digest stands beside it. */
		expect_end(key, "1.2.840.113549.1.1.1", VIEW_NULL, DIGEST_SHA256,
			   rows[i].pkcs1, what);
		expect_end(key, PSS, pss, DIGEST_NONE, rows[i].pss, what);
		EVP_PKEY_free(key);
	}
}

Test(algorithm_rows, digest_of_a_signature_counts_wherever_it_stands)
{
	EVP_PKEY *key = rsa_of(4096);
	const struct view null = VIEW_NULL;
	uint8_t pss[sizeof(pss_sha256)];
	const struct view changed = view_of(pss, sizeof(pss));
	expect_end(key, "1.2.840.113549.1.1.5", null, DIGEST_NONE, "2012-08-01",
		   "sha1");
	/* The digest beside says nothing against the one in the algorithm. */
	expect_end(key, "1.2.840.113549.1.1.5", null, DIGEST_SHA256, "2012-08-01",
		   "sha1, sha256 beside");
	expect_end(key, "1.2.840.113549.1.1.4", null, DIGEST_SHA256, NEVER, "md5");
	expect_end(key, "1.2.840.113549.1.1.1", null, DIGEST_SHA1, "2012-08-01",
		   "rsa, sha1 beside");
	expect_end(key, "1.2.840.113549.1.1.1", null, DIGEST_NONE, NEVER, "rsa alone");
	expect_end(key, "1.2.840.113549.1.1.1", null, DIGEST_SHA3_224, NEVER,
		   "rsa, sha3-224 beside");
	expect_end(key, "2.16.840.1.101.3.4.3.13", null, DIGEST_NONE, NEVER,
		   "sha3-224");
	expect_end(key, "2.16.840.1.101.3.4.3.14", null, DIGEST_NONE, "2029-01-01",
		   "sha3-256");
	expect_end(key, "1.2.3.4", null, DIGEST_SHA256, NEVER, "unknown");
	expect_end(key, PSS, view_of(pss_empty, sizeof(pss_empty)), DIGEST_SHA256,
		   "2012-08-01", "pss by default");
	expect_end(key, PSS, null, DIGEST_SHA256, NEVER, "pss without parameters");
	memcpy(pss, pss_sha256, sizeof(pss));
	pss[PSS_DIGEST_AT] = 4;
	expect_end(key, PSS, changed, DIGEST_NONE, "2029-01-01", "pss sha224");
	memcpy(pss, pss_sha256, sizeof(pss));
	pss[PSS_MASK_AT] = 4;
	expect_end(key, PSS, changed, DIGEST_NONE, "2029-01-01", "mask sha224");
	pss[PSS_MASK_AT] = 99;
	expect_end(key, PSS, changed, DIGEST_NONE, NEVER, "mask unknown");
	EVP_PKEY_free(key);
}

Test(algorithm_rows, dsa_ends_by_both_sizes)
{
	static const struct {
		int p, q;
		const char *end;
	} rows[] = {
		{ 1023, 160, NEVER },        { 1024, 159, NEVER },
		{ 1024, 160, "2015-12-01" }, { 1899, 256, "2015-12-01" },
		{ 2048, 160, "2015-12-01" }, { 1900, 199, "2015-12-01" },
		{ 1900, 200, "2029-01-01" }, { 2999, 256, "2029-01-01" },
		{ 3000, 249, "2029-01-01" }, { 3000, 250, OPEN },
		{ 3072, 256, OPEN },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		EVP_PKEY *key = dsa_of(rows[i].p, rows[i].q);
		char what[32];
		snprintf(what, sizeof(what), "DSA %d %d", rows[i].p, rows[i].q);
		expect_end(key, DSA_SHA256, VIEW_NULL, DIGEST_NONE, rows[i].end, what);
		EVP_PKEY_free(key);
	}
}

Test(algorithm_rows, ecdsa_ends_by_size)
{
	static const struct {
		const char *group, *end;
	} rows[] = {
		{ "secp112r1", NEVER },         { "secp160r1", "2012-08-01" },
		{ "prime192v1", "2012-08-01" }, { "secp224r1", "2021-10-01" },
		{ "prime239v1", "2021-10-01" }, { "prime256v1", OPEN },
		{ "secp521r1", OPEN },
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		EVP_PKEY *key = EVP_EC_gen(rows[i].group);
		if (key == NULL)
			continue; /* not every build has the small ones */
		expect_end(key, ECDSA_SHA256, VIEW_NULL, DIGEST_NONE, rows[i].end,
			   rows[i].group);
		EVP_PKEY_free(key);
	}
}
