/* SPDX-License-Identifier: Apache-2.0 */
/* EN 319 102-1 5.4: time-stamps as basic signatures, and what RFC 3161 asks besides. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/basic_kit.h"

static struct basic_kit k;

static void set_up(void)
{
	basic_kit_init(&k, NULL);
}

static void tear_down(void)
{
	basic_kit_clear(&k);
}

TestSuite(engine_stamp, .init = set_up, .fini = tear_down);

static void again(const struct cades_kit_scene_options *o)
{
	basic_kit_clear(&k);
	basic_kit_init(&k, o);
}

/* A signature time-stamp of day 1. */
static void stamp(struct cades_kit_stamp t)
{
	if (t.kind == CADES_STAMP_CONTENT)
		t.kind = CADES_STAMP_SIGNATURE;
	if (t.tsa == NULL)
		t.tsa = k.scene.tsa;
	if (t.gen_ms == 0)
		t.gen_ms = KIT_DAY(1);
	basic_kit_load(&k, cades_kit_stamp(cades_kit_plain(k.scene.signer), &t),
		       VIEW_NULL);
}

static void expect(struct cades_kit_stamp t, enum subindication sub)
{
	stamp(t);
	basic_kit_expect_stamp(&k, 0, sub);
}

static void expect_deviating(struct tsp_deviation d, enum subindication sub)
{
	expect((struct cades_kit_stamp){ .deviation = d }, sub);
}

/* ---- the token ---- */

Test(engine_stamp, passes_when_nothing_is_wrong)
{
	expect((struct cades_kit_stamp){ 0 }, SUB_NONE);
	const struct report_stamp *r = &k.report->stamps[0];
	cr_assert(r->signature_intact);
	cr_assert_not_null(r->certificate);
	cr_assert(view_equal(r->signer->der, k.scene.tsa->der));
	cr_assert_gt(r->n_constraints, 0);
}

Test(engine_stamp, format_failure_when_the_token_holds_no_tst_info)
{
	expect_deviating((struct tsp_deviation){ .info = view_text("no TSTInfo") },
			 SUB_FORMAT_FAILURE);
	cr_assert_null(k.report->stamps[0].signer);
}

Test(engine_stamp, crypto_failure_when_the_value_is_changed)
{
	expect_deviating((struct tsp_deviation){ .bad_signature = true },
			 SUB_SIG_CRYPTO_FAILURE);
	cr_assert(!k.report->stamps[0].signature_intact);
}

Test(engine_stamp, hash_failure_when_the_message_digest_is_another)
{
	expect_deviating((struct tsp_deviation){ .wrong_message_digest = true },
			 SUB_HASH_FAILURE);
	cr_assert(!k.report->stamps[0].signature_intact);
}

Test(engine_stamp, no_certificate_when_the_signed_reference_is_to_another)
{
	expect_deviating((struct tsp_deviation){ .wrong_signing_certificate = true },
			 SUB_NO_SIGNING_CERTIFICATE_FOUND);
	cr_assert(!k.report->stamps[0].signature_intact);
}

Test(engine_stamp, no_certificate_when_it_is_nowhere)
{
	expect_deviating((struct tsp_deviation){ .no_certificate = true },
			 SUB_NO_SIGNING_CERTIFICATE_FOUND);
	basic_kit_add(&k, MATERIAL_CERT, k.scene.tsa->der);
	expect_deviating((struct tsp_deviation){ .no_certificate = true }, SUB_NONE);
}

Test(engine_stamp, missing_reference_is_told)
{
	expect_deviating((struct tsp_deviation){ .no_signing_certificate = true },
			 SUB_NONE);
	cr_assert_not_null(basic_kit_finding(&k, "signing-certificate-attribute"));
}

Test(engine_stamp, reference_by_sha1_alone_passes_and_is_told)
{
	expect_deviating((struct tsp_deviation){ .v1_alone = true, .v1_beside = true },
			 SUB_NONE);
	cr_assert_not_null(basic_kit_finding(&k, "SIGNING_CERTIFICATE_DIGEST"));
	expect((struct cades_kit_stamp){ 0 }, SUB_NONE);
	cr_assert_null(basic_kit_finding(&k, "SIGNING_CERTIFICATE_DIGEST"));
}

Test(engine_stamp, constraints_failure_when_the_content_type_is_another)
{
	expect_deviating((struct tsp_deviation){ .wrong_content_type = true },
			 SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(k.report->stamps[0].conclusion.constraint,
		     CONSTRAINT_CONTENT_TYPE);
}

Test(engine_stamp, constraints_failure_when_an_unknown_extension_is_critical)
{
	expect_deviating((struct tsp_deviation){ .critical_extension = true },
			 SUB_SIG_CONSTRAINTS_FAILURE);
}

/* ---- the authority ---- */

Test(engine_stamp, chain_constraints_failure_when_the_certificate_is_no_tsas)
{
	static const enum fix_eku wrong[] = { FIX_EKU_TIMESTAMPING_NOT_CRITICAL,
					      FIX_EKU_TIMESTAMPING_AND_OTHER,
					      FIX_EKU_OTHER };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		again(&(struct cades_kit_scene_options){ .tsa = { .eku = wrong[i] } });
		expect((struct cades_kit_stamp){ 0 }, SUB_CHAIN_CONSTRAINTS_FAILURE);
		cr_assert_eq(k.report->stamps[0].conclusion.constraint,
			     CONSTRAINT_TSA_EXTENDED_KEY_USAGE);
	}
}

Test(engine_stamp, another_name_of_the_tsa_is_told_or_fails)
{
	const struct tsp_deviation wrong = { .wrong_tsa_name = true };
	expect_deviating(wrong, SUB_NONE);
	cr_assert_not_null(basic_kit_finding(&k, "tsa-name"));
	basic_kit_rule(&k, CONSTRAINT_TSA_NAME, CONSTRAINT_FAIL, NULL, NULL);
	expect_deviating(wrong, SUB_SIG_CONSTRAINTS_FAILURE);
	expect((struct cades_kit_stamp){ 0 }, SUB_NONE);
}

Test(engine_stamp, constraints_failure_when_the_tsa_policy_is_another)
{
	basic_kit_rule(&k, CONSTRAINT_TSA_POLICY, CONSTRAINT_FAIL, "1.2.3", NULL);
	expect((struct cades_kit_stamp){ 0 }, SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(k.report->stamps[0].conclusion.constraint, CONSTRAINT_TSA_POLICY);
	basic_kit_rule(&k, CONSTRAINT_TSA_POLICY, CONSTRAINT_FAIL, "1.2.3", FIX_POLICY);
	expect((struct cades_kit_stamp){ 0 }, SUB_NONE);
}

Test(engine_stamp, only_the_anchors_for_time_stamps_count_when_they_are_given)
{
	struct material *other = fix_material(k.scene.ca, NULL);
	k.in.stamp_anchors = other;
	expect((struct cades_kit_stamp){ 0 }, SUB_NO_CERTIFICATE_CHAIN_FOUND);
	basic_kit_expect(&k, SUB_NONE);
	k.in.stamp_anchors = k.scene.anchors;
	expect((struct cades_kit_stamp){ 0 }, SUB_NONE);
	material_free(other);
}

Test(engine_stamp, anchor_for_time_stamps_ends_with_its_sunset)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *ending = NULL;
	cr_assert_eq(material_new(&ending, &err), 0);
	cr_assert_eq(
	    material_add_anchor(ending, k.scene.root->der, k.in.time_ms, &err), 0);
	k.in.stamp_anchors = ending;
	expect((struct cades_kit_stamp){ 0 }, SUB_NO_CERTIFICATE_CHAIN_FOUND_NO_POE);
	cr_assert_eq(
	    material_add_anchor(ending, k.scene.root->der, k.in.time_ms + 1, &err), 0);
	expect((struct cades_kit_stamp){ 0 }, SUB_NONE);
	k.in.stamp_anchors = NULL;
	material_free(ending);
}

Test(engine_stamp, nothing_is_trusted_when_no_anchor_is_for_time_stamps)
{
	struct material *none = fix_material(NULL, k.scene.root);
	k.in.stamp_anchors = none;
	expect((struct cades_kit_stamp){ 0 }, SUB_NO_CERTIFICATE_CHAIN_FOUND);
	material_free(none);
}

Test(engine_stamp, revoked_no_poe_when_the_authority_is_revoked)
{
	const struct fix_revoked r = { .cert = k.scene.tsa,
				       .at_ms = KIT_DAY(2),
				       .reason = 1 };
	basic_kit_add(&k, MATERIAL_CRL, cades_kit_crl(k.scene.tsa_ca, KIT_DAY(3), &r));
	expect((struct cades_kit_stamp){ 0 }, SUB_REVOKED_NO_POE);
	cr_assert_eq(k.report->stamps[0].conclusion.time_ms, KIT_DAY(2));
	expect((struct cades_kit_stamp){ .tsa = k.scene.tsa2 }, SUB_NONE);
}

Test(engine_stamp, no_poe_when_the_digest_of_the_token_had_ended)
{
	expect((struct cades_kit_stamp){ .token_alg = DIGEST_SHA1 },
	       SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
	cr_assert_str_eq(k.report->stamps[0].conclusion.algorithm, "sha1");
}

/* ---- what it is for ---- */

Test(engine_stamp, hash_failure_when_the_imprint_is_another)
{
	expect((struct cades_kit_stamp){ .wrong_imprint = true }, SUB_HASH_FAILURE);
	cr_assert(k.report->stamps[0].signature_intact);
}

Test(engine_stamp, the_imprint_decides_where_the_authority_is_not_trusted)
{
	basic_kit_no_anchors(&k);
	expect((struct cades_kit_stamp){ .wrong_imprint = true }, SUB_HASH_FAILURE);
	expect((struct cades_kit_stamp){ 0 }, SUB_NO_CERTIFICATE_CHAIN_FOUND);
	cr_assert(k.report->stamps[0].signature_intact);
}

Test(engine_stamp, a_broken_value_comes_before_the_imprint)
{
	expect((struct cades_kit_stamp){ .wrong_imprint = true,
					 .deviation = { .bad_signature = true } },
	       SUB_SIG_CRYPTO_FAILURE);
}

static struct view with_content_stamp(void)
{
	const struct cades_kit_stamp t = { .tsa = k.scene.tsa, .gen_ms = KIT_DAY(-1) };
	const struct cades_kit_signer s = { .cert = k.scene.signer,
					    .content_stamps = &t,
					    .n_content_stamps = 1 };
	return cades_kit_make(&(struct cades_kit_make){
	    .detached = true, .signers = &s, .n_signers = 1 });
}

Test(engine_stamp, no_data_when_what_it_is_for_is_not_at_hand)
{
	basic_kit_load(&k, with_content_stamp(), VIEW_NULL);
	basic_kit_expect_stamp(&k, 0, SUB_SIGNED_DATA_NOT_FOUND);
	basic_kit_no_anchors(&k);
	basic_kit_load(&k, with_content_stamp(), VIEW_NULL);
	basic_kit_expect_stamp(&k, 0, SUB_SIGNED_DATA_NOT_FOUND);
	k.in.anchors = NULL;
	basic_kit_load(&k, with_content_stamp(), view_text(CADES_KIT_CONTENT));
	basic_kit_expect_stamp(&k, 0, SUB_NONE);
}

static void archive(struct cades_kit_stamp t)
{
	t.kind = CADES_STAMP_ARCHIVE_V3;
	stamp(t);
}

Test(engine_stamp, constraints_failure_when_the_hash_index_names_what_is_not_there)
{
	archive((struct cades_kit_stamp){ .nothing_in_attrs = true });
	basic_kit_expect_stamp(&k, 0, SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(k.report->stamps[0].conclusion.constraint, CONSTRAINT_HASH_INDEX);
	archive((struct cades_kit_stamp){ 0 });
	basic_kit_expect_stamp(&k, 0, SUB_NONE);
}

/* ---- asked twice ---- */

Test(engine_stamp, is_judged_again_for_another_time_only)
{
	expect((struct cades_kit_stamp){ 0 }, SUB_NONE);
	const struct cert_validation_result *first = k.report->stamps[0].certificate;
	basic_kit_expect_stamp(&k, 0, SUB_NONE);
	cr_assert_eq(k.report->stamps[0].certificate, first);
	k.in.time_ms = FIX_NOT_AFTER_MS + FIX_DAY_MS;
	cr_assert_neq(basic_kit_stamp(&k, 0)->conclusion.sub, SUB_NONE);
}
