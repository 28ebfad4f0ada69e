/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signatures with time-stamps, EN 319 102-1 5.5.4: what a signature-time-stamp on
 * either side of a revocation, an expiry, a hold, the end of an algorithm makes of the
 * outcome; each file beside its nearest neighbour.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/cades_judge.h"

#define KEY_COMPROMISE 1
#define HOLD 6
#define HOUR ((int64_t)3600000)
#define YEAR_2011 INT64_C(1293840000000)

static struct cades_kit_scene s;
static struct cades_judge j;

static void begin(const struct cades_kit_scene_options *o)
{
	cades_judge_clear(&j);
	if (s.root != NULL)
		cades_kit_scene_free(&s);
	s = cades_kit_scene(o);
}

static void set_up(void)
{
	begin(NULL);
}

static void tear_down(void)
{
	cades_judge_clear(&j);
	cades_kit_scene_free(&s);
}

TestSuite(matrix_time, .init = set_up, .fini = tear_down);

static struct cades_kit_material status(int64_t day, const struct fix_revoked *signer,
					const struct fix_revoked *ca)
{
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(day));
	m.crls[0] = cades_kit_crl(s.ca, KIT_DAY(day), signer);
	m.crls[1] = cades_kit_crl(s.root, KIT_DAY(day), ca);
	return m;
}

static struct view stamped(struct view file, int64_t gen_ms)
{
	return cades_kit_stamp(
	    file, &(struct cades_kit_stamp){
		      .kind = CADES_STAMP_SIGNATURE, .tsa = s.tsa, .gen_ms = gen_ms });
}

/* The file with this status inside, judged on this day. */
static void at(struct view file, const struct cades_kit_material *m, int64_t day)
{
	cades_judge_clear(&j);
	cades_judge_init(&j, &s, cades_kit_add(file, m), KIT_DAY(day));
}

/* Signed, stamped on one day, judged on another. */
static void case_of(int64_t stamp_day, const struct cades_kit_material *m, int64_t day)
{
	at(stamped(cades_kit_plain(s.signer), KIT_DAY(stamp_day)), m, day);
}

static void expect(enum subindication sub)
{
	cades_judge_expect(&j, sub);
}

static void expect_best(int64_t ms)
{
	expect(SUB_NONE);
	cr_assert_eq(j.first->best_signature_time_ms, ms);
	cr_assert_not_null(j.first->best_proof);
	cr_assert_str_eq(j.first->best_proof, j.report->stamps[0].stamp->id);
	cr_assert(j.report->stamps[0].counted);
}

/* ---- nothing wrong ---- */

Test(matrix_time, stamped_when_right_expect_its_time_and_level)
{
	struct cades_kit_material m = status(2, NULL, NULL);
	case_of(1, &m, 4);
	expect_best(KIT_DAY(1));
	cr_assert_eq(j.first->level, LEVEL_LT);
	cr_assert_eq(j.first->process, PROCESS_LTVM);
	cr_assert_eq(j.report->stamps[0].stamp->imprint, MATCH_YES);
	cades_judge_expect_stamp(&j, 0, SUB_NONE);
}

Test(matrix_time, several_stamps_when_right_expect_the_earliest)
{
	struct cades_kit_material m = status(2, NULL, NULL);
	struct view file = stamped(cades_kit_plain(s.signer), KIT_DAY(2));
	at(stamped(file, KIT_DAY(1)), &m, 4);
	expect(SUB_NONE);
	cr_assert_eq(j.first->best_signature_time_ms, KIT_DAY(1));
}

/* ---- time-stamps that do not count ---- */

static const struct fix_revoked *revoked_on(int64_t day, int reason)
{
	static struct fix_revoked entry;
	entry = (struct fix_revoked){ .cert = s.signer,
				      .at_ms = KIT_DAY(day),
				      .reason = reason };
	return &entry;
}

/* Revoked on day 5; a time-stamp of day 1 would prove that it was earlier. */
static void expect_dropped(struct cades_kit_stamp t)
{
	struct cades_kit_material m = status(7, revoked_on(5, KEY_COMPROMISE), NULL);
	t.kind = CADES_STAMP_SIGNATURE;
	if (t.tsa == NULL)
		t.tsa = s.tsa;
	t.gen_ms = KIT_DAY(1);
	at(cades_kit_stamp(cades_kit_plain(s.signer), &t), &m, 8);
	expect(SUB_REVOKED_NO_POE);
	cr_assert_not(j.report->stamps[0].counted);
}

Test(matrix_time, stamp_when_defective_expect_it_proves_nothing)
{
	expect_dropped((struct cades_kit_stamp){ .wrong_imprint = true });
	cr_assert_eq(j.report->stamps[0].stamp->imprint, MATCH_NO);
	expect_dropped(
	    (struct cades_kit_stamp){ .deviation = { .bad_signature = true } });
	cades_judge_expect_stamp(&j, 0, SUB_SIG_CRYPTO_FAILURE);
	expect_dropped(
	    (struct cades_kit_stamp){ .deviation = { .wrong_message_digest = true } });
	cades_judge_expect_stamp(&j, 0, SUB_HASH_FAILURE);
	expect_dropped((struct cades_kit_stamp){ .tsa = s.ocsp }); /* not for stamps */
	expect_dropped((struct cades_kit_stamp){
	    .deviation = { .wrong_signing_certificate = true } });
	cades_judge_expect_stamp(&j, 0, SUB_NO_SIGNING_CERTIFICATE_FOUND);
	struct cades_kit_material m = status(7, revoked_on(5, KEY_COMPROMISE), NULL);
	case_of(1, &m, 8);
	expect_best(KIT_DAY(1));
}

Test(matrix_time, stamp_when_tsa_is_revoked_expect_it_proves_nothing)
{
	struct cades_kit_material m = status(7, revoked_on(5, KEY_COMPROMISE), NULL);
	struct fix_revoked entry = { .cert = s.tsa,
				     .at_ms = KIT_DAY(6),
				     .reason = KEY_COMPROMISE };
	m.crls[2] = cades_kit_crl(s.tsa_ca, KIT_DAY(7), &entry);
	case_of(1, &m, 8);
	expect(SUB_REVOKED_NO_POE);
	cades_judge_expect_stamp(&j, 0, SUB_REVOKED_NO_POE);
	entry.cert = s.tsa2;
	m.crls[2] = cades_kit_crl(s.tsa_ca, KIT_DAY(7), &entry);
	case_of(1, &m, 8);
	expect_best(KIT_DAY(1));
}

Test(matrix_time, stamp_when_a_policy_requires_it_expect_constraint)
{
	struct cades_kit_material m = status(2, NULL, NULL);
	at(cades_kit_plain(s.signer), &m, 4);
	expect(SUB_NONE);
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_SIGNATURE_TIME_STAMP,
			 CONSTRAINT_FAIL, NULL);
	expect(SUB_SIG_CONSTRAINTS_FAILURE);
	case_of(1, &m, 4);
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_SIGNATURE_TIME_STAMP,
			 CONSTRAINT_FAIL, NULL);
	expect(SUB_NONE);
}

/* ---- 5.5.4 step 4 ---- */

Test(matrix_time, revoked_signer_when_stamp_is_earlier_expect_passed)
{
	struct cades_kit_material m = status(7, revoked_on(5, KEY_COMPROMISE), NULL);
	case_of(6, &m, 8);
	expect(SUB_REVOKED_NO_POE);
	cr_assert_eq(j.first->conclusion.time_ms, KIT_DAY(5));
	cr_assert_eq(j.first->conclusion.reason, KEY_COMPROMISE);
	case_of(5, &m, 8); /* not later than it */
	expect(SUB_REVOKED_NO_POE);
	case_of(4, &m, 8);
	expect_best(KIT_DAY(4));
	cr_assert_eq(j.first->basic.sub, SUB_REVOKED_NO_POE);
}

Test(matrix_time, revoked_ca_when_stamp_is_earlier_expect_passed)
{
	struct fix_revoked entry = { .cert = s.ca,
				     .at_ms = KIT_DAY(5),
				     .reason = KEY_COMPROMISE };
	struct cades_kit_material m = status(7, NULL, &entry);
	/* The CA's word on the signer is from before as well. */
	m.crls[0] = cades_kit_crl(s.ca, KIT_DAY(4) + HOUR, NULL);
	case_of(6, &m, 8);
	expect(SUB_REVOKED_CA_NO_POE);
	cr_assert_eq(j.first->conclusion.time_ms, KIT_DAY(5));
	case_of(4, &m, 8);
	expect_best(KIT_DAY(4));
}

Test(matrix_time, not_yet_valid_when_stamp_is_before_the_certificate)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_before_ms = KIT_DAY(5) } });
	struct cades_kit_material m = status(7, NULL, NULL);
	case_of(4, &m, 8);
	expect(SUB_NOT_YET_VALID);
	case_of(6, &m, 8);
	expect_best(KIT_DAY(6));
}

Test(matrix_time, expired_when_stamped_before_expect_no_poe_unless_known_not_revoked)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) } });
	struct cades_kit_material m = status(12, NULL, NULL);
	case_of(1, &m, 13);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	m.crls[0] = cades_kit_crl_make(
	    &(struct fix_crl_options){ .issuer = s.ca,
				       .this_ms = KIT_DAY(12),
				       .expired_kept_from_ms = KIT_DAY(9) });
	case_of(1, &m, 13);
	expect_best(KIT_DAY(1));
	cr_assert_eq(j.first->basic.sub, SUB_OUT_OF_BOUNDS_NOT_REVOKED);
	case_of(11, &m, 13);
	expect(SUB_OUT_OF_BOUNDS_NOT_REVOKED);
}

/* 5.5.4 step 4 a: revoked after the stamp, the stamp after expiry. */
Test(matrix_time, revoked_when_stamped_after_expiry_expect_out_of_bounds)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(3) } });
	struct cades_kit_material m = status(7, revoked_on(5, KEY_COMPROMISE), NULL);
	case_of(4, &m, 8);
	expect(SUB_OUT_OF_BOUNDS_NOT_REVOKED);
	case_of(2, &m, 8);
	expect_best(KIT_DAY(2));
}

Test(matrix_time, order_failure_when_content_stamp_is_later)
{
	struct cades_kit_material m = status(3, NULL, NULL);
	for (int64_t day = 2; day >= 0; day -= 2) {
		struct cades_kit_stamp c = { .tsa = s.tsa, .gen_ms = KIT_DAY(day) };
		struct cades_kit_signer signer = { .cert = s.signer,
						   .content_stamps = &c,
						   .n_content_stamps = 1 };
		struct view file = cades_kit_make(
		    &(struct cades_kit_make){ .signers = &signer, .n_signers = 1 });
		at(stamped(file, KIT_DAY(1)), &m, 4);
		expect(day == 2 ? SUB_TIMESTAMP_ORDER_FAILURE : SUB_NONE);
		for (size_t i = 0; day == 2 && i < 2; i++) /* table 6: which ones */
			cr_assert_not_null(strstr(j.first->conclusion.text,
						  j.report->stamps[i].stamp->id));
	}
}

Test(matrix_time, weak_digest_when_stamped_before_its_end_expect_passed)
{
	begin(&(struct cades_kit_scene_options){
	    .root = { .not_before_ms = YEAR_2011 - FIX_YEAR_MS },
	    .ca = { .not_before_ms = YEAR_2011 - FIX_YEAR_MS },
	    .signer = { .not_before_ms = YEAR_2011 - FIX_YEAR_MS },
	    .tsa_ca = { .not_before_ms = YEAR_2011 - FIX_YEAR_MS },
	    .tsa = { .not_before_ms = YEAR_2011 - FIX_YEAR_MS } });
	struct cades_kit_signer signer = { .cert = s.signer,
					   .digest = DIGEST_SHA1,
					   .signing_ms = YEAR_2011 };
	struct cades_kit_make o = { .signers = &signer, .n_signers = 1 };
	struct cades_kit_material m = status(2, NULL, NULL);
	at(stamped(cades_kit_make(&o), KIT_DAY(1)), &m, 4);
	expect(SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
	at(stamped(cades_kit_make(&o), YEAR_2011 + HOUR), &m, 4);
	expect_best(YEAR_2011 + HOUR);
	cr_assert_eq(j.first->basic.sub, SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
}

Test(matrix_time, rsa_2048_when_stamped_before_its_end_expect_passed)
{
	const int64_t later = KIT_DAY(3 * 365 + 30);
	begin(&(struct cades_kit_scene_options){ .signer = { .key = FIX_KEY_RSA } });
	for (int proven = 0; proven < 2; proven++) {
		struct view file = cades_kit_plain(s.signer);
		file = stamped(file, proven ? KIT_DAY(1) : later - FIX_DAY_MS);
		cades_judge_clear(&j);
		cades_judge_init(&j, &s, file, later);
		j.outside = cades_kit_status(&s, later - FIX_DAY_MS);
		expect(proven ? SUB_NONE : SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
	}
}

/* 5.5.4 step 10: certificates and status must be reliable now, whatever the proof. */
Test(matrix_time, weak_ca_when_signature_is_proven_expect_still_no_poe)
{
	const int64_t later = KIT_DAY(3 * 365 + 30);
	for (int weak = 1; weak >= 0; weak--) {
		enum fix_key key = weak ? FIX_KEY_RSA : FIX_KEY_P256;
		begin(&(struct cades_kit_scene_options){ .ca = { .key = key } });
		cades_judge_init(&j, &s, stamped(cades_kit_plain(s.signer), KIT_DAY(1)),
				 later);
		j.outside = cades_kit_status(&s, later - FIX_DAY_MS);
		expect(weak ? SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE : SUB_NONE);
	}
}

/* ---- 5.5.4 steps 5 to 7 ---- */

static void delayed(enum cades_kit_attr signing_time, int64_t stamp_ms)
{
	struct cades_kit_material m = status(3, NULL, NULL);
	struct cades_kit_signer signer = { .cert = s.signer,
					   .signing_time = signing_time };
	struct view file = cades_kit_make(
	    &(struct cades_kit_make){ .signers = &signer, .n_signers = 1 });
	at(stamped(file, stamp_ms), &m, 4);
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_TIME_STAMP_DELAY,
			 CONSTRAINT_FAIL, NULL);
	j.policy->rules[CONTEXT_SIGNATURE][CONSTRAINT_TIME_STAMP_DELAY].number =
	    FIX_DAY_MS;
}

Test(matrix_time, delay_when_stamp_is_too_late_expect_constraint)
{
	delayed(CADES_KIT_RIGHT, KIT_DAY(1) + HOUR);
	expect(SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(j.first->conclusion.constraint, CONSTRAINT_TIME_STAMP_DELAY);
	delayed(CADES_KIT_RIGHT, KIT_DAY(1) - HOUR);
	expect(SUB_NONE);
	delayed(CADES_KIT_ABSENT, KIT_DAY(1) - HOUR);
	expect(SUB_SIG_CONSTRAINTS_FAILURE);
}

/* Only the signer's status is stale; it was fresh when the stamp was made. */
Test(matrix_time, stale_status_when_fresh_at_best_time_expect_passed)
{
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(39));
	m.crls[0] = cades_kit_crl(s.ca, KIT_DAY(2), NULL);
	at(cades_kit_plain(s.signer), &m, 40);
	expect(SUB_TRY_LATER);
	cr_assert_eq(j.first->conclusion.retry_ms, KIT_DAY(32));
	case_of(1, &m, 40);
	expect_best(KIT_DAY(1));
	cr_assert_eq(j.first->basic.sub, SUB_TRY_LATER);
	case_of(38, &m, 40);
	expect(SUB_TRY_LATER);
}

Test(matrix_time, hold_when_stamp_is_earlier_expect_passed)
{
	struct cades_kit_material m = status(7, revoked_on(5, HOLD), NULL);
	case_of(6, &m, 8);
	expect(SUB_TRY_LATER);
	cr_assert_eq(j.first->conclusion.time_ms, KIT_DAY(5));
	case_of(5, &m, 8);
	expect(SUB_TRY_LATER);
	case_of(4, &m, 8);
	expect_best(KIT_DAY(4));
}

/* ---- several ---- */

Test(matrix_time, stamp_of_one_signer_expect_no_proof_for_the_other)
{
	struct cades_kit_material m = status(7, revoked_on(5, KEY_COMPROMISE), NULL);
	struct cades_kit_signer signers[2] = {
		{ .cert = s.signer }, { .cert = s.signer, .signing_ms = KIT_DAY(1) }
	};
	struct view file = cades_kit_make(
	    &(struct cades_kit_make){ .signers = signers, .n_signers = 2 });
	at(stamped(file, KIT_DAY(4)), &m, 8);
	expect_best(KIT_DAY(4));
	cr_assert_eq(j.report->signatures[1].conclusion.sub, SUB_REVOKED_NO_POE);
	cr_assert_eq(j.report->indication, INDICATION_INDETERMINATE);
}

Test(matrix_time, countersignature_when_stamped_itself_expect_its_own_time)
{
	struct cades_kit_material m = status(7, NULL, NULL);
	struct cades_kit_stamp t = { .tsa = s.tsa, .gen_ms = KIT_DAY(3) };
	struct cades_kit_signer inner = { .cert = s.signer };
	struct cades_kit_signer counter = { .cert = s.signer,
					    .stamps = &t,
					    .n_stamps = 1,
					    .counters = &inner,
					    .n_counters = 1 };
	struct cades_kit_signer signer = { .cert = s.signer,
					   .counters = &counter,
					   .n_counters = 1 };
	struct view file = cades_kit_make(
	    &(struct cades_kit_make){ .signers = &signer, .n_signers = 1 });
	at(file, &m, 8);
	expect(SUB_NONE);
	cr_assert_eq(j.report->n_signatures, 3);
	cr_assert_eq(j.report->signatures[1].conclusion.sub, SUB_NONE);
	cr_assert_eq(j.report->signatures[1].best_signature_time_ms, KIT_DAY(3));
	cr_assert_eq(j.report->signatures[2].conclusion.sub, SUB_NONE);
	cr_assert_eq(j.report->signatures[2].signature->parent, 1);
}
