/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EN 319 102-1 5.5.4, its finer branches: which time-stamps give the time, what the
 * policy makes of them, and what a lifted outcome still has to hold. The outcomes one
 * by one are in matrix_time_test.c.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/cades_judge.h"

#define HOUR ((int64_t)3600000)
#define KEY_COMPROMISE 1
#define CESSATION 5
#define HOLD 6

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

TestSuite(engine_time, .init = set_up, .fini = tear_down);

static struct view stamped(struct view file, int64_t gen_ms)
{
	return cades_kit_stamp(
	    file, &(struct cades_kit_stamp){
		      .kind = CADES_STAMP_SIGNATURE, .tsa = s.tsa, .gen_ms = gen_ms });
}

/* CRLs of a day, with an entry in that of one CA. */
static struct cades_kit_material status(int64_t day, const struct fix_cert *bad,
					int64_t at_ms, int reason)
{
	const struct fix_revoked entry = { .cert = bad,
					   .at_ms = at_ms,
					   .reason = reason };
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(day));
	m.crls[0] = cades_kit_crl(s.ca, KIT_DAY(day), bad == s.signer ? &entry : NULL);
	m.crls[1] = cades_kit_crl(s.root, KIT_DAY(day), bad == s.ca ? &entry : NULL);
	m.crls[2] = cades_kit_crl(s.tsa_ca, KIT_DAY(day), bad == s.tsa ? &entry : NULL);
	return m;
}

static void at(struct view file, struct cades_kit_material m, int64_t day)
{
	cades_judge_clear(&j);
	cades_judge_init(&j, &s, file, KIT_DAY(day));
	j.outside = m;
}

static struct cades_kit_material good(void)
{
	return status(2, NULL, 0, 0);
}

static void expect(enum subindication sub)
{
	cades_judge_expect(&j, sub);
}

/* ---- step 3 ---- */

Test(engine_time, of_two_stamps_the_earliest_that_passes_gives_the_time)
{
	struct view file = stamped(cades_kit_plain(s.signer), KIT_DAY(2));
	at(stamped(file, KIT_DAY(1)), status(3, NULL, 0, 0), 4);
	expect(SUB_NONE);
	cr_assert_eq(j.first->best_signature_time_ms, KIT_DAY(1));

	const struct cades_kit_stamp wrong = { .kind = CADES_STAMP_SIGNATURE,
					       .tsa = s.tsa,
					       .gen_ms = KIT_DAY(1),
					       .wrong_imprint = true };
	at(cades_kit_stamp(file, &wrong), status(3, NULL, 0, 0), 4);
	expect(SUB_NONE);
	cr_assert_eq(j.first->best_signature_time_ms, KIT_DAY(2));
	cr_assert(cades_judge_has_finding(&j, "time-stamps-valid"));
}

Test(engine_time, a_stamp_from_the_future_gives_no_time)
{
	at(stamped(cades_kit_plain(s.signer), KIT_DAY(9)), good(), 4);
	cr_assert(cades_judge_run(&j));
	cr_assert_eq(j.first->best_signature_time_ms, KIT_DAY(4));
	cr_assert_null(j.first->best_proof);
}

Test(engine_time, a_stamp_by_a_digest_past_its_end_gives_no_time)
{
	static const struct algorithm_limit limits[] = {
		{ .algorithm = "sha256", .until_ms = INT64_MAX },
		{ .algorithm = "ECDSA", .until_ms = INT64_MAX },
		{ .algorithm = "ecdsa-with", .until_ms = INT64_MAX },
		{ .algorithm = ALGORITHM_ECDSA_WITH, .until_ms = INT64_MAX },
		{ .algorithm = "sha512", .until_ms = KIT_DAY(3) },
	};
	const struct cades_kit_stamp t = { .kind = CADES_STAMP_SIGNATURE,
					   .tsa = s.tsa,
					   .gen_ms = KIT_DAY(1),
					   .alg = DIGEST_SHA512 };
	for (int64_t day = 3; day <= 4; day++) {
		at(cades_kit_stamp(cades_kit_plain(s.signer), &t), good(), day);
		const struct algorithm_policy own = j.policy->algorithms;
		j.policy->algorithms.limits = limits;
		j.policy->algorithms.n = sizeof(limits) / sizeof(limits[0]);
		cr_assert(cades_judge_run(&j));
		cr_expect_eq(j.first->best_signature_time_ms,
			     day == 3 ? KIT_DAY(1) : KIT_DAY(4));
		j.policy->algorithms = own;
	}
}

Test(engine_time, a_failing_stamp_fails_the_signature_only_where_the_policy_says_so)
{
	static const enum constraint_level levels[] = {
		CONSTRAINT_FAIL, CONSTRAINT_WARN, CONSTRAINT_INFORM, CONSTRAINT_IGNORE
	};
	const struct cades_kit_stamp wrong = { .kind = CADES_STAMP_SIGNATURE,
					       .tsa = s.tsa,
					       .gen_ms = KIT_DAY(1),
					       .wrong_imprint = true };
	struct view file = cades_kit_stamp(cades_kit_plain(s.signer), &wrong);
	for (size_t i = 0; i < 4; i++) {
		at(file, good(), 4);
		cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_TIME_STAMPS_VALID,
				 levels[i], NULL);
		expect(i == 0 ? SUB_SIG_CONSTRAINTS_FAILURE : SUB_NONE);
		cades_judge_expect_stamp(&j, 0, SUB_HASH_FAILURE);
	}
}

Test(engine_time, a_stamp_that_is_open_gives_its_own_outcome_where_it_must_pass)
{
	at(stamped(cades_kit_plain(s.signer), KIT_DAY(1)),
	   status(2, s.tsa, KIT_DAY(0), KEY_COMPROMISE), 4);
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_TIME_STAMPS_VALID,
			 CONSTRAINT_FAIL, NULL);
	expect(SUB_REVOKED_NO_POE);
	cr_assert_eq(j.first->conclusion.constraint, CONSTRAINT_TIME_STAMPS_VALID);
}

Test(engine_time, a_required_stamp_is_missed)
{
	at(cades_kit_plain(s.signer), good(), 4);
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_SIGNATURE_TIME_STAMP,
			 CONSTRAINT_FAIL, NULL);
	expect(SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(j.first->conclusion.constraint, CONSTRAINT_SIGNATURE_TIME_STAMP);
	at(stamped(cades_kit_plain(s.signer), KIT_DAY(1)), good(), 4);
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_SIGNATURE_TIME_STAMP,
			 CONSTRAINT_FAIL, NULL);
	expect(SUB_NONE);
}

/* ---- step 4 e ---- */

static struct view ordered(int64_t content_ms, int64_t accuracy_ms,
			   int64_t signature_ms)
{
	const struct cades_kit_stamp content = { .tsa = s.tsa,
						 .gen_ms = content_ms,
						 .accuracy_ms = accuracy_ms };
	const struct cades_kit_signer signer = { .cert = s.signer,
						 .content_stamps = &content,
						 .n_content_stamps = 1 };
	return stamped(cades_kit_make(&(struct cades_kit_make){ .signers = &signer,
								.n_signers = 1 }),
		       signature_ms);
}

Test(engine_time, order_is_asked_beyond_the_accuracy_of_the_stamps)
{
	at(ordered(KIT_DAY(1), 0, KIT_DAY(1)), good(), 4);
	expect(SUB_NONE);
	at(ordered(KIT_DAY(1) + HOUR, 0, KIT_DAY(1)), good(), 4);
	expect(SUB_TIMESTAMP_ORDER_FAILURE);
	at(ordered(KIT_DAY(1) + HOUR, HOUR, KIT_DAY(1)), good(), 4);
	expect(SUB_NONE);
}

Test(engine_time, order_may_be_told_only)
{
	at(ordered(KIT_DAY(1) + HOUR, 0, KIT_DAY(1)), good(), 4);
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_TIME_STAMP_ORDER,
			 CONSTRAINT_WARN, NULL);
	expect(SUB_NONE);
	cr_assert(cades_judge_has_finding(&j, "time-stamp-order"));
}

/* ---- step 5 ---- */

static void delayed(enum cades_kit_attr signing_time, int64_t delay_ms)
{
	const struct cades_kit_signer signer = { .cert = s.signer,
						 .signing_time = signing_time };
	at(stamped(cades_kit_make(
		       &(struct cades_kit_make){ .signers = &signer, .n_signers = 1 }),
		   KIT_DAY(1)),
	   good(), 4);
	struct constraint_rule *rule =
	    &j.policy->rules[CONTEXT_SIGNATURE][CONSTRAINT_TIME_STAMP_DELAY];
	rule->level = CONSTRAINT_FAIL;
	rule->number = delay_ms;
}

Test(engine_time, delay_counts_from_the_claimed_time_and_wants_one)
{
	delayed(CADES_KIT_RIGHT, 24 * HOUR); /* signingTime + delay > best */
	expect(SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(j.first->conclusion.constraint, CONSTRAINT_TIME_STAMP_DELAY);
	delayed(CADES_KIT_RIGHT, 24 * HOUR + 1);
	expect(SUB_NONE);
	delayed(CADES_KIT_ABSENT, 24 * HOUR + 1);
	expect(SUB_SIG_CONSTRAINTS_FAILURE);
	delayed(CADES_KIT_ABSENT, 0);
	expect(SUB_NONE);
}

/* ---- steps 6 and 7, and what 5.2.6 had not come to ---- */

Test(engine_time, a_lifted_revocation_wants_the_status_of_the_whole_path)
{
	struct cades_kit_material m = status(3, s.signer, KIT_DAY(2), KEY_COMPROMISE);
	struct view file = stamped(cades_kit_plain(s.signer), KIT_DAY(1));
	at(file, m, 4);
	expect(SUB_NONE);
	m.crls[1] = cades_kit_crl(s.root, KIT_DAY(-40), NULL); /* stale on day 1 */
	at(file, m, 4);
	cr_assert(cades_judge_run(&j));
	cr_assert_eq(j.first->conclusion.indication, INDICATION_INDETERMINATE);
}

Test(engine_time, a_lifted_revocation_wants_a_path_fit_for_signing)
{
	for (int wrong = 0; wrong < 2; wrong++) {
		begin(&(struct cades_kit_scene_options){
		    .signer = { .key_usage = wrong ? "critical,keyAgreement"
						   : "critical,digitalSignature" } });
		at(stamped(cades_kit_plain(s.signer), KIT_DAY(1)),
		   status(3, s.signer, KIT_DAY(2), KEY_COMPROMISE), 4);
		expect(wrong ? SUB_CHAIN_CONSTRAINTS_FAILURE : SUB_NONE);
	}
}

Test(engine_time, a_hold_is_lifted_only_for_what_is_older)
{
	struct view file = stamped(cades_kit_plain(s.signer), KIT_DAY(1));
	at(file, status(3, s.signer, KIT_DAY(1) + HOUR, HOLD), 4);
	expect(SUB_NONE);
	at(file, status(3, s.signer, KIT_DAY(1), HOLD), 4);
	expect(SUB_TRY_LATER);
}

/* What lists of day 3 date on day 9: bad by day 4 for what is first known then, as for
 * whoever asks for the path; what is older is compared with the date. An end may be
 * announced, a loss is one at once. */
Test(engine_time, a_date_ahead_spares_what_is_proven_before_the_moment_asked)
{
	const struct {
		const struct fix_cert *bad;
		int reason;
		enum subindication sub;
	} cases[] = {
		{ s.signer, KEY_COMPROMISE, SUB_REVOKED_NO_POE },
		{ s.signer, FIX_NO_REASON, SUB_REVOKED_NO_POE },
		{ s.signer, HOLD, SUB_TRY_LATER },
		{ s.ca, KEY_COMPROMISE, SUB_REVOKED_CA_NO_POE },
		{ s.signer, CESSATION, SUB_NONE },
		{ s.ca, CESSATION, SUB_NONE },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct view file = cades_kit_plain(s.signer);
		struct cades_kit_material m =
		    status(3, cases[i].bad, KIT_DAY(9), cases[i].reason);
		at(file, m, 4);
		expect(cases[i].sub);
		at(stamped(file, KIT_DAY(3) + HOUR), m, 4);
		expect(SUB_NONE);
	}
}

Test(engine_time, stale_status_is_not_lifted_after_the_end_of_the_certificate)
{
	for (int64_t end = 1; end <= 3; end += 2) {
		begin(&(struct cades_kit_scene_options){
		    .own_tsa_root = true,
		    .signer = { .not_after_ms = KIT_DAY(end) - HOUR } });
		struct cades_kit_material m = good();
		m.crls[2] = cades_kit_crl(s.tsa_ca, KIT_DAY(49), NULL);
		m.crls[3] = cades_kit_crl(s.ca, KIT_DAY(1) - 2 * HOUR, NULL);
		at(stamped(cades_kit_plain(s.signer), KIT_DAY(1)), m, 50);
		expect(end == 1 ? SUB_OUT_OF_BOUNDS_NO_POE : SUB_NONE);
		cr_expect_eq(j.first->basic.sub, SUB_TRY_LATER);
		cr_expect_eq(j.first->best_signature_time_ms, KIT_DAY(1));
	}
}
