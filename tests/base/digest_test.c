/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "base/asn1.h"
#include "base/digest.h"
#include "base/mem.h"

/* Of "abc": FIPS 180-4 and FIPS 202 example values. */
static const struct {
	enum digest_alg alg;
	const char *name, *oid, *abc;
} known[] = {
	{ DIGEST_SHA1, "sha1", "1.3.14.3.2.26",
	  "a9993e364706816aba3e25717850c26c9cd0d89d" },
	{ DIGEST_SHA224, "sha224", "2.16.840.1.101.3.4.2.4",
	  "23097d223405d8228642a477bda255b32aadbce4bda0b3f7e36c9da7" },
	{ DIGEST_SHA256, "sha256", "2.16.840.1.101.3.4.2.1",
	  "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad" },
	{ DIGEST_SHA384, "sha384", "2.16.840.1.101.3.4.2.2",
	  "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed"
	  "8086072ba1e7cc2358baeca134c825a7" },
	{ DIGEST_SHA512, "sha512", "2.16.840.1.101.3.4.2.3",
	  "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a"
	  "2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f" },
	{ DIGEST_SHA3_224, "sha3-224", "2.16.840.1.101.3.4.2.7",
	  "e642824c3f8cf24ad09234ee7d3c766fc9a3a5168d0c94ad73b46fdf" },
	{ DIGEST_SHA3_256, "sha3-256", "2.16.840.1.101.3.4.2.8",
	  "3a985da74fe225b2045c172d6bd390bd855f086e3e9d525b46bfe24511431532" },
	{ DIGEST_SHA3_384, "sha3-384", "2.16.840.1.101.3.4.2.9",
	  "ec01498288516fc926459f58e2c6ad8df9b473cb0fc08c2596da7cf0e49be4b2"
	  "98d88cea927ac7f539f1edf228376d25" },
	{ DIGEST_SHA3_512, "sha3-512", "2.16.840.1.101.3.4.2.10",
	  "b751850b1a57168a5693cd924b6b096e08f621827444f70d884f5d0240d2712e"
	  "10e116e9192af3c91a7ec57647e3934057340b4cf408d5a56592f8274eec53f0" },
};

#define KNOWN_COUNT (sizeof(known) / sizeof(known[0]))

static void assert_hex(const struct digest *d, const char *hex)
{
	char text[2 * DIGEST_MAX + 1];
	hex_encode(digest_view(d), text);
	cr_assert_str_eq(text, hex);
}

Test(digest, example_values_hold_in_one_shot_and_in_pieces)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(KNOWN_COUNT, DIGEST_ALG_COUNT - 1);
	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		struct digest d;
		struct digest_ctx *ctx = NULL;
		cr_assert_eq(digest_once(known[i].alg, view_text("abc"), &d, &err), 0);
		cr_assert_eq(d.n, digest_len(known[i].alg));
		assert_hex(&d, known[i].abc);
		cr_assert_eq(digest_new(known[i].alg, &ctx, &err), 0);
		for (int round = 0; round < 3; round++) {
			memset(&d, 0, sizeof(d));
			cr_assert_eq(digest_update(ctx, view_text("a"), &err), 0);
			cr_assert_eq(digest_update(ctx, VIEW_NULL, &err), 0);
			cr_assert_eq(digest_update(ctx, view_text("bc"), &err), 0);
			cr_assert_eq(digest_final(ctx, &d, &err), 0);
			assert_hex(&d, known[i].abc);
		}
		digest_free(ctx);
	}
}

Test(digest, empty_input_has_its_value)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	cr_assert_eq(digest_once(DIGEST_SHA256, VIEW_NULL, &d, &err), 0);
	assert_hex(&d,
		   "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

Test(digest, unknown_algorithm_is_unsupported)
{
	static const enum digest_alg bad[] = { DIGEST_NONE, DIGEST_ALG_COUNT,
					       (enum digest_alg) - 1,
					       (enum digest_alg)99 };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct digest d;
		struct digest_ctx *ctx = NULL;
		cr_assert_eq(digest_once(bad[i], view_text("abc"), &d, &err), -1);
		cr_assert_eq(err.code, LTPS_UNSUPPORTED);
		cr_assert_eq(err.fault, LTPS_FAULT_CALLER);
		ltps_error_clear(&err);
		cr_assert_eq(digest_new(bad[i], &ctx, &err), -1);
		cr_assert_eq(ctx, NULL);
		cr_assert_eq(digest_len(bad[i]), 0);
		cr_assert_str_eq(digest_name(bad[i]), "?");
		cr_assert_eq(digest_oid_text(bad[i]), NULL);
		cr_assert_eq(digest_algorithm_identifier(bad[i]).n, 0);
		cr_assert_eq(digest_evp(bad[i]), NULL);
	}
	cr_assert_eq(ERR_peek_error(), 0);
}

Test(digest, names_are_read_in_their_usual_forms)
{
	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		cr_assert_str_eq(digest_name(known[i].alg), known[i].name);
		cr_assert_eq(digest_from_name(view_text(known[i].name)), known[i].alg);
	}
	cr_assert_eq(digest_from_name(view_text("SHA-256")), DIGEST_SHA256);
	cr_assert_eq(digest_from_name(view_text("Sha512")), DIGEST_SHA512);
	cr_assert_eq(digest_from_name(view_text("SHA-1")), DIGEST_SHA1);
	cr_assert_eq(digest_from_name(view_text("SHA3-256")), DIGEST_SHA3_256);
}

Test(digest, other_names_are_none)
{
	static const char *const bad[] = {
		"",           "sha",      "sha-",      "sha2",
		"sha25",      "sha2566",  "sha--256",  "sha-2-56",
		"sha3256",    "sha3_256", "sha-3-256", "sha3",
		"md5",        "sha256 ",  " sha256",   "sha-512/256",
		"sha512-256",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(digest_from_name(view_text(bad[i])), DIGEST_NONE, "%s",
			     bad[i]);
	cr_assert_eq(digest_from_name(view_of("sha256\0", 7)), DIGEST_NONE);
	cr_assert_eq(digest_from_name(VIEW_NULL), DIGEST_NONE);
}

Test(digest, identifier_holds_the_oid_of_the_table)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		enum digest_alg alg = known[i].alg;
		struct view id = digest_algorithm_identifier(alg);
		struct tlv seq, oid;
		cr_assert_eq(der_check(id, &err), 0);
		cr_assert_eq(tlv_only(id, &seq, &err), 0);
		cr_assert(tlv_is(&seq, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE));
		cr_assert_eq(tlv_only(seq.body, &oid, &err), 0);
		cr_assert(tlv_is(&oid, ASN1_UNIVERSAL, ASN1_TAG_OID));
		cr_assert(oid_is(oid.body, known[i].oid), "%s", known[i].name);
		cr_assert_str_eq(digest_oid_text(alg), known[i].oid);
		cr_assert_eq(digest_from_oid(oid.body), alg);
		cr_assert_eq(digest_from_oid_text(view_text(known[i].oid)), alg);
		/* One octet less or more is another OID. */
		cr_assert_eq(digest_from_oid(view_head(oid.body, oid.body.n - 1)),
			     DIGEST_NONE);
	}
	cr_assert_eq(digest_from_oid(VIEW_NULL), DIGEST_NONE);
	cr_assert_eq(digest_from_oid_text(view_text("1.3.14.3.2.2")), DIGEST_NONE);
	cr_assert_eq(digest_from_oid_text(view_text("2.16.840.1.101.3.4.2.10.1")),
		     DIGEST_NONE);
}

Test(digest, openssl_agrees_about_the_length)
{
	for (size_t i = 0; i < KNOWN_COUNT; i++) {
		const EVP_MD *md = digest_evp(known[i].alg);
		cr_assert_neq(md, NULL);
		cr_assert_eq((size_t)EVP_MD_get_size(md), digest_len(known[i].alg));
		cr_assert_eq(digest_evp(known[i].alg), md);
	}
}

Test(digest, different_algorithms_are_never_equal)
{
	struct digest a = { .alg = DIGEST_SHA256, .n = 32 };
	struct digest b = { .alg = DIGEST_SHA3_256, .n = 32 };
	cr_assert(!digest_equal(&a, &b));
	b.alg = DIGEST_SHA256;
	cr_assert(digest_equal(&a, &b));
	b.p[31] = 1;
	cr_assert(!digest_equal(&a, &b));
}

Test(digest, start_that_failed_can_be_tried_again)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest_ctx *ctx = NULL;
	struct digest d;
	cr_assert_eq(digest_new(DIGEST_SHA256, &ctx, &err), 0);
	cr_assert_eq(digest_update(ctx, view_text("xyz"), &err), 0);
	mem_fail_nth(1);
	cr_assert_eq(digest_final(ctx, &d, &err), 0);
	cr_assert_eq(mem_fail_hit(), 0);
	cr_assert_eq(digest_update(ctx, view_text("abc"), &err), -1);
	cr_assert_eq(err.fault, LTPS_FAULT_SELF);
	cr_assert_eq(mem_fail_hit(), 1);
	ltps_error_clear(&err);
	cr_assert_eq(digest_update(ctx, view_text("abc"), &err), 0);
	cr_assert_eq(digest_final(ctx, &d, &err), 0);
	assert_hex(&d, known[2].abc);
	cr_assert_eq(ERR_peek_error(), 0);
	digest_free(ctx);
}

Test(digest, each_failing_allocation_is_an_error_and_is_not_remembered)
{
	for (uint64_t n = 1;; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct digest_ctx *ctx = NULL;
		struct digest d;
		mem_fail_nth(n);
		int rc = digest_new(DIGEST_SHA512, &ctx, &err);
		if (rc == 0)
			rc = digest_once(DIGEST_SHA512, view_text("abc"), &d, &err);
		int hit = mem_fail_hit();
		mem_fail_nth(0);
		cr_assert_eq(ERR_peek_error(), 0);
		digest_free(ctx);
		if (!hit) {
			cr_assert_eq(rc, 0);
			assert_hex(&d, known[4].abc);
			break;
		}
		if (rc != 0)
			cr_assert_neq(err.code, LTPS_OK);
		cr_assert_lt(n, 10000);
	}
}
