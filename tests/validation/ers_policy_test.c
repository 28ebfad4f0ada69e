/* SPDX-License-Identifier: Apache-2.0 */
/* Under a policy: what each time-stamp stands on must last until the next one. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/asn1.h"
#include "tests/support/ers_scene.h"
#include "validation/algorithm_policy.h"

#define WEAK "CRYPTO_CONSTRAINTS_FAILURE_NO_POE"
#define ENDED "OUT_OF_BOUNDS_NO_POE"

enum { L_SHA256, L_SHA512, L_ECDSA, L_RSA, L_RSA_SHA256, L_CURVE, LIMITS };

static struct scene s;
static struct digest object;
static struct algorithm_limit limits[LIMITS];
static struct algorithm_policy policy;

static void set_up(void)
{
	static const struct algorithm_limit all[LIMITS] = {
		[L_SHA256] = { "sha256", .until_ms = INT64_MAX },
		[L_SHA512] = { "sha512", .until_ms = INT64_MAX },
		[L_ECDSA] = { "ECDSA", .min_bits = 256, .until_ms = INT64_MAX },
		[L_RSA] = { "RSA", .min_bits = 2048, .until_ms = INT64_MAX },
		[L_RSA_SHA256] = { ALGORITHM_RSA_PKCS1, .until_ms = INT64_MAX },
		[L_CURVE] = { "1.2.840.10045.3.1.7", .until_ms = INT64_MAX },
	};
	s = scene_new();
	memcpy(limits, all, sizeof(limits));
	policy = (struct algorithm_policy){ limits, LIMITS };
	s.policy = &policy;
	object = make_digest(DIGEST_SHA256, "a");
}

static void tear_down(void)
{
	scene_free(&s);
}

TestSuite(ers_policy, .init = set_up, .fini = tear_down);

/* A time-stamp on day 0, renewed on that day; a TSA of its own for the first. */
static struct buf renewed(int64_t day, const struct fix_cert *tsa)
{
	struct buf token;
	struct scene_stamp first = { .alg = DIGEST_SHA256,
				     .imprint = &object,
				     .tsa = tsa };
	struct buf one = scene_stamp_make(&s, &first, &token);
	struct digest cover = scene_token_hash(DIGEST_SHA256, &token);
	struct scene_stamp second = { .alg = DIGEST_SHA256,
				      .imprint = &cover,
				      .day = day };
	struct buf two = scene_stamp_make(&s, &second, NULL);
	buf_free(&token);
	return scene_record(1, make_tlv(DER_SEQUENCE, 2, one, two));
}

/* A chain of SHA-256 on day 0, and one of SHA-512 from that day on. */
static struct buf rehashed(int64_t day)
{
	struct scene_stamp first = { .alg = DIGEST_SHA256, .imprint = &object };
	struct buf one = make_tlv(DER_SEQUENCE, 1, scene_stamp_make(&s, &first, NULL));
	struct digest strong = make_digest(DIGEST_SHA512, "a");
	struct digest cover = scene_renewed(&strong, &one);
	struct scene_stamp second = { .alg = DIGEST_SHA512,
				      .imprint = &cover,
				      .day = day };
	struct buf two = make_tlv(DER_SEQUENCE, 1, scene_stamp_make(&s, &second, NULL));
	return scene_record(2, one, two);
}

static void expect_passed(struct buf record, int64_t now)
{
	scene_expect(scene_verify(&s, record, now, 1, "a"), true, INDICATION_PASSED,
		     NULL);
}

static void expect_open(struct buf record, int64_t now, const char *sub)
{
	struct ers_report *r = scene_verify(&s, record, now, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_ENDED"));
	scene_expect(r, true, INDICATION_INDETERMINATE, sub);
}

Test(ers_policy, all_reliable_passes)
{
	scene_crls(&s, 15, NULL);
	expect_passed(renewed(10, NULL), 20);
	expect_passed(rehashed(10), 20);
}

Test(ers_policy, digest_ended_with_the_last_token_is_open)
{
	scene_crls(&s, 15, NULL);
	limits[L_SHA256].until_ms = DAY(20) - 1;
	expect_open(renewed(10, NULL), 20, WEAK);
	limits[L_SHA256].until_ms = DAY(20);
	expect_passed(renewed(10, NULL), 20);
}

Test(ers_policy, key_ended_before_the_renewal_is_open)
{
	struct fix_cert_options o = { .cn = "RSA TSA",
				      .issuer = s.pki.ca,
				      .key = FIX_KEY_RSA,
				      .eku = FIX_EKU_TIMESTAMPING };
	struct fix_cert *tsa = fix_cert_make(&o);
	scene_crls(&s, 15, NULL);
	limits[L_RSA].until_ms = DAY(10) - 1;
	expect_open(renewed(10, tsa), 20, WEAK);
	/* What ends after the renewal has done its work. */
	limits[L_RSA].until_ms = DAY(10);
	expect_passed(renewed(10, tsa), 20);
	fix_cert_free(tsa);
}

Test(ers_policy, certificate_of_the_tsa_ended_before_the_renewal_is_open)
{
	struct fix_cert_options o = { .cn = "short TSA",
				      .issuer = s.pki.ca,
				      .eku = FIX_EKU_TIMESTAMPING,
				      .not_after_ms = DAY(9) };
	struct fix_cert *tsa = fix_cert_make(&o);
	scene_crls(&s, 5, NULL);
	scene_crls(&s, 15, NULL);
	expect_open(renewed(10, tsa), 20, ENDED);
	expect_passed(renewed(9, tsa), 20);
	/* Without a policy it is told by nothing. */
	s.policy = NULL;
	expect_passed(renewed(10, tsa), 20);
	fix_cert_free(tsa);
}

Test(ers_policy, certificate_of_a_ca_ended_before_the_renewal_is_open)
{
	struct fix_cert_options a = { .cn = "short CA",
				      .issuer = s.pki.root,
				      .ca = true,
				      .not_after_ms = DAY(9) };
	struct fix_cert *ca = fix_cert_make(&a);
	struct fix_cert_options o = { .cn = "its TSA",
				      .issuer = ca,
				      .eku = FIX_EKU_TIMESTAMPING,
				      .not_after_ms = DAY(9) };
	struct fix_cert *tsa = fix_cert_make(&o);
	struct fix_crl_options c = { .issuer = ca, .this_ms = DAY(5) };
	struct buf crl = buf_make(1 << 16);
	fix_crl_make(&c, &crl);
	scene_crls(&s, 5, NULL);
	scene_crls(&s, 15, NULL);
	fix_material_add(s.material, MATERIAL_CERT, ca->der);
	fix_material_add(s.material, MATERIAL_CRL, view_buf(&crl));
	expect_open(renewed(10, tsa), 20, ENDED);
	expect_passed(renewed(9, tsa), 20);
	buf_free(&crl);
	fix_cert_free(tsa);
	fix_cert_free(ca);
}

Test(ers_policy, tree_digest_ended_before_the_next_chain_is_open)
{
	scene_crls(&s, 15, NULL);
	/* The tokens' own digest stays: only the tree's is asked here. */
	limits[L_SHA512].until_ms = DAY(20) - 1;
	expect_open(rehashed(10), 20, WEAK);
	limits[L_SHA512].until_ms = DAY(20);
	expect_passed(rehashed(10), 20);
}

Test(ers_policy, algorithm_that_no_limit_names_is_open)
{
	scene_crls(&s, 15, NULL);
	policy.n = L_ECDSA;
	expect_open(renewed(10, NULL), 20, WEAK);
}

/* ---- sunset ---- */

static void set_sunset(int64_t sunset_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	material_free(s.material);
	cr_assert_eq(material_new(&s.material, &err), 0);
	cr_assert_eq(material_add_anchor(s.material, s.pki.root->der, sunset_ms, &err),
		     0);
	fix_material_add(s.material, MATERIAL_CERT, s.pki.ca->der);
	scene_crls(&s, 15, NULL);
}

Test(ers_policy, anchor_past_its_sunset_serves_what_was_renewed_before)
{
	struct fix_cert_options o = { .cn = "other root", .ca = true };
	struct fix_cert *root = fix_cert_make(&o);
	struct fix_cert_options t = { .cn = "other TSA",
				      .issuer = root,
				      .eku = FIX_EKU_TIMESTAMPING };
	struct fix_cert *tsa = fix_cert_make(&t);
	struct fix_crl_options c = { .issuer = root, .this_ms = DAY(15) };
	struct buf crl = buf_make(1 << 16);
	fix_crl_make(&c, &crl);
	struct ltps_error err = LTPS_ERROR_INIT;
	scene_crls(&s, 15, NULL);
	fix_material_add(s.material, MATERIAL_CRL, view_buf(&crl));
	cr_assert_eq(material_add_anchor(s.material, root->der, DAY(10), &err), 0);
	struct ers_report *r = scene_verify(&s, renewed(10, tsa), 20, 1, "a");
	scene_expect(r, true, INDICATION_INDETERMINATE,
		     "NO_CERTIFICATE_CHAIN_FOUND_NO_POE");
	/* The later of two sunsets of one anchor counts. */
	cr_assert_eq(material_add_anchor(s.material, root->der, DAY(10) + 1, &err), 0);
	expect_passed(renewed(10, tsa), 20);
	buf_free(&crl);
	fix_cert_free(tsa);
	fix_cert_free(root);
}

Test(ers_policy, last_token_needs_an_anchor_that_is_trusted_still)
{
	set_sunset(DAY(20));
	scene_expect(scene_verify(&s, renewed(10, NULL), 20, 1, "a"), true,
		     INDICATION_INDETERMINATE, "NO_CERTIFICATE_CHAIN_FOUND_NO_POE");
	set_sunset(DAY(20) + 1);
	expect_passed(renewed(10, NULL), 20);
}
