/* SPDX-License-Identifier: Apache-2.0 */
/* EN 319 102-1 5.6.3: which process runs, and what archive time-stamps prove. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/cades_judge.h"
#include "tests/support/cms_make.h"
#include "tests/support/test_time.h"
#include "validation/poe.h"

#define KEY_COMPROMISE 1

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

TestSuite(engine_lta, .init = set_up, .fini = tear_down);

/* ---- processes ---- */

static void typical(enum cades_kit_level level, int64_t now_ms)
{
	cades_judge_clear(&j);
	cades_judge_init(&j, &s, cades_kit_typical(&s, level), now_ms);
	if (level < CADES_KIT_LT)
		j.outside = cades_kit_status(&s, KIT_DAY(2));
}

Test(engine_lta, each_level_runs_its_process)
{
	static const enum report_process wanted[] = {
		[CADES_KIT_B] = PROCESS_BASIC,
		[CADES_KIT_T] = PROCESS_LTVM,
		[CADES_KIT_LT] = PROCESS_LTVM,
		[CADES_KIT_LTA] = PROCESS_LTA,
	};
	for (int l = CADES_KIT_B; l <= CADES_KIT_LTA; l++) {
		typical((enum cades_kit_level)l, KIT_DAY(4));
		cades_judge_expect(&j, SUB_NONE);
		cr_expect_eq(j.first->process, wanted[l], "level %d", l);
	}
}

Test(engine_lta, the_best_time_is_that_of_the_signature_time_stamp_and_names_it)
{
	typical(CADES_KIT_LTA, KIT_DAY(4));
	cades_judge_expect(&j, SUB_NONE);
	cr_assert_eq(j.first->best_signature_time_ms, KIT_DAY(1));
	cr_assert_str_eq(j.first->best_proof, j.document->stamps[0].id);
	typical(CADES_KIT_B, KIT_DAY(4));
	cades_judge_expect(&j, SUB_NONE);
	cr_assert_eq(j.first->best_signature_time_ms, KIT_DAY(4));
	cr_assert_null(j.first->best_proof);
}

/* ---- the file of the following tests ---- */

static struct view archived(struct view file, const struct fix_cert *tsa, int64_t day)
{
	return cades_kit_stamp(
	    file, &(struct cades_kit_stamp){ .kind = CADES_STAMP_ARCHIVE_V3,
					     .tsa = tsa,
					     .gen_ms = KIT_DAY(day) });
}

/* The signer's certificate ends on day 10. */
static void short_lived(void)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) } });
}

static void at(struct view file, int64_t day)
{
	cades_judge_clear(&j);
	cades_judge_init(&j, &s, file, KIT_DAY(day));
}

static void expect(enum subindication sub)
{
	cades_judge_expect(&j, sub);
}

/* ---- step 3 ---- */

Test(engine_lta, what_passed_is_not_judged_in_the_past)
{
	typical(CADES_KIT_LTA, KIT_DAY(4));
	expect(SUB_NONE);
	cr_assert_null(j.first->past);
	cr_assert(j.report->stamps[1].counted);
}

Test(engine_lta, an_archive_stamp_that_proves_nothing_changes_no_outcome)
{
	short_lived();
	const struct cades_kit_stamp wrong = { .kind = CADES_STAMP_ARCHIVE_V3,
					       .tsa = s.tsa,
					       .gen_ms = KIT_DAY(3),
					       .wrong_imprint = true };
	struct view file = cades_kit_typical(&s, CADES_KIT_LT);
	at(file, 20);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	at(cades_kit_stamp(file, &wrong), 20);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	cr_assert_null(j.first->past);
	at(archived(file, s.tsa, 3), 20);
	expect(SUB_NONE);
	cr_assert_not_null(j.first->past);
}

/* ---- step 5 ---- */

Test(engine_lta, stamps_are_lifted_from_the_newest_to_the_oldest)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) },
	    .tsa = { .not_after_ms = KIT_DAY(12) } });
	struct view file = cades_kit_typical(&s, CADES_KIT_LTA);
	at(file, 20);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	cades_judge_expect_stamp(&j, 1, SUB_OUT_OF_BOUNDS_NO_POE);
	cr_assert_not(j.report->stamps[1].counted);
	at(archived(file, s.tsa2, 13), 20); /* too late for the first TSA */
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	cr_assert(j.report->stamps[2].counted);
	at(archived(file, s.tsa2, 11), 20);
	expect(SUB_NONE);
	for (size_t i = 0; i < 3; i++) {
		cades_judge_expect_stamp(&j, i, SUB_NONE);
		cr_assert(j.report->stamps[i].counted);
	}
	cr_assert_eq(j.report->stamps[2].poe_ms, KIT_DAY(20));
	cr_assert_eq(j.report->stamps[1].poe_ms, KIT_DAY(11));
	cr_assert_eq(j.report->stamps[0].poe_ms, KIT_DAY(3));
	cr_assert_str_eq(j.first->best_proof, j.document->stamps[0].id);
}

Test(engine_lta, a_lifted_stamp_satisfies_the_constraint_on_stamps)
{
	begin(&(struct cades_kit_scene_options){
	    .tsa = { .not_after_ms = KIT_DAY(12) } });
	struct view file = cades_kit_typical(&s, CADES_KIT_LTA);
	for (int lifted = 0; lifted < 2; lifted++) {
		at(lifted ? archived(file, s.tsa2, 11) : file, 20);
		cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_TIME_STAMPS_VALID,
				 CONSTRAINT_FAIL, NULL);
		expect(lifted ? SUB_NONE : SUB_OUT_OF_BOUNDS_NO_POE);
	}
}

Test(engine_lta, an_index_that_names_too_much_counts_where_the_policy_lets_it)
{
	short_lived();
	const struct cades_kit_stamp t = { .kind = CADES_STAMP_ARCHIVE_V3,
					   .tsa = s.tsa,
					   .gen_ms = KIT_DAY(3),
					   .nothing_in_certs = true };
	struct view file = cades_kit_stamp(cades_kit_typical(&s, CADES_KIT_LT), &t);
	at(file, 20);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	cades_judge_expect_stamp(&j, 1, SUB_SIG_CONSTRAINTS_FAILURE);
	at(file, 20);
	cades_judge_rule(&j, CONTEXT_TIME_STAMP, CONSTRAINT_HASH_INDEX, CONSTRAINT_WARN,
			 NULL);
	expect(SUB_NONE);
	cr_assert(cades_judge_has_finding(&j, "hash-index"));
}

/* ---- steps 8 and after ---- */

Test(engine_lta, delay_is_asked_of_what_the_past_proved)
{
	short_lived();
	struct view file =
	    archived(cades_kit_make(&(struct cades_kit_make){
			 .signers = &(struct cades_kit_signer){ .cert = s.signer },
			 .n_signers = 1,
			 .material = cades_kit_status(&s, KIT_DAY(2)) }),
		     s.tsa, 3);
	for (int64_t days = 3; days <= 4; days++) {
		at(file, 20);
		struct constraint_rule *rule =
		    &j.policy->rules[CONTEXT_SIGNATURE][CONSTRAINT_TIME_STAMP_DELAY];
		rule->level = CONSTRAINT_FAIL;
		rule->number = days * FIX_DAY_MS;
		expect(days == 4 ? SUB_NONE : SUB_SIG_CONSTRAINTS_FAILURE);
	}
}

Test(engine_lta, a_level_that_is_asked_for_must_be_held)
{
	for (int l = CADES_KIT_LT; l <= CADES_KIT_LTA; l++) {
		typical((enum cades_kit_level)l, KIT_DAY(4));
		cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_LEVEL,
				 CONSTRAINT_FAIL, "LTA");
		expect(l == CADES_KIT_LTA ? SUB_NONE : SUB_SIG_CONSTRAINTS_FAILURE);
	}
	/* Its structure promises LTA; the archive time-stamp does not hold it. */
	const struct cades_kit_stamp wrong = { .kind = CADES_STAMP_ARCHIVE_V3,
					       .tsa = s.tsa,
					       .gen_ms = KIT_DAY(3),
					       .wrong_imprint = true };
	at(cades_kit_stamp(cades_kit_typical(&s, CADES_KIT_LT), &wrong), 4);
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_LEVEL, CONSTRAINT_FAIL,
			 "LTA");
	expect(SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(j.first->conclusion.constraint, CONSTRAINT_LEVEL);
}

/* ---- proofs that the caller brings ---- */

static struct engine_proof proof_of(const uint8_t sha256[32], int64_t time_ms)
{
	struct engine_proof p = { .time_ms = time_ms };
	memcpy(p.sha256, sha256, sizeof(p.sha256));
	return p;
}

Test(engine_lta, proofs_of_the_caller_lift_what_they_speak_of)
{
	short_lived();
	struct view file = cades_kit_typical(&s, CADES_KIT_LT);
	at(file, 20);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	uint8_t value[32], other[32];
	memcpy(value, j.first->signature->sha256, sizeof(value));
	memcpy(other, j.document->stamps[0].sha256, sizeof(other));
	struct engine_proof p = proof_of(value, KIT_DAY(5));
	at(file, 20);
	j.proofs = &p;
	j.n_proofs = 1;
	expect(SUB_NONE);
	cr_assert_eq(j.first->process, PROCESS_LTA);
	cr_assert_eq(j.first->best_signature_time_ms, KIT_DAY(1));
	p = proof_of(other, KIT_DAY(5)); /* of something else */
	at(file, 20);
	j.proofs = &p;
	j.n_proofs = 1;
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	p = proof_of(value, KIT_DAY(20)); /* no older than now */
	at(file, 20);
	j.proofs = &p;
	j.n_proofs = 1;
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
}

/* ---- countersignatures ---- */

/* The countersigner's certificate ends on day 10; its parent is archived on day 3. */
Test(engine_lta, the_archive_stamp_of_the_parent_serves_its_countersignatures)
{
	short_lived();
	for (int64_t day = 3; day <= 13; day += 10) {
		const struct cades_kit_signer counter = { .cert = s.signer };
		const struct cades_kit_signer signer = { .cert = s.signer,
							 .counters = &counter,
							 .n_counters = 1 };
		struct view file = cades_kit_make(&(struct cades_kit_make){
		    .signers = &signer,
		    .n_signers = 1,
		    .material = cades_kit_status(&s, KIT_DAY(2)) });
		at(archived(file, s.tsa, day), 20);
		cr_assert(cades_judge_run(&j));
		cr_assert_eq(j.report->n_signatures, 2);
		for (size_t i = 0; i < 2; i++) {
			const struct report_signature *r = &j.report->signatures[i];
			cr_expect_eq(r->conclusion.sub,
				     day == 3 ? SUB_NONE : SUB_OUT_OF_BOUNDS_NO_POE);
			cr_expect_eq(r->process, PROCESS_LTA);
		}
	}
}

Test(engine_lta, a_parent_may_ask_for_countersignatures_that_only_the_past_lifts)
{
	short_lived();
	const struct cades_kit_signer counter = { .cert = s.signer };
	const struct cades_kit_signer signer = { .cert = s.signer,
						 .counters = &counter,
						 .n_counters = 1 };
	struct view file = cades_kit_make(
	    &(struct cades_kit_make){ .signers = &signer,
				      .n_signers = 1,
				      .material = cades_kit_status(&s, KIT_DAY(2)) });
	for (int wrong = 0; wrong < 2; wrong++) {
		const struct cades_kit_signer broken = { .cert = s.signer,
							 .broken = true };
		struct view whole =
		    wrong ? cades_kit_countersign(file, 0, &broken) : file;
		at(archived(whole, s.tsa, 3), 20);
		cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_COUNTERSIGNATURE,
				 CONSTRAINT_FAIL, NULL);
		expect(wrong ? SUB_SIG_CONSTRAINTS_FAILURE : SUB_NONE);
	}
}

/* ---- the rest of the report ---- */

Test(engine_lta, material_that_counted_is_named_once)
{
	typical(CADES_KIT_LTA, KIT_DAY(4));
	expect(SUB_NONE);
	const struct report *r = j.report;
	cr_assert_eq(r->n_certs, 5); /* signer, CA, root, TSA, TSA CA */
	cr_assert_eq(r->n_crls, 3);
	for (size_t i = 0; i < r->n_certs; i++)
		for (size_t k = i + 1; k < r->n_certs; k++)
			cr_expect_not(cert_equal(r->certs[i], r->certs[k]));
	cr_assert_eq(r->n_ocsps, 0);
	cr_assert_eq(r->n_needs, 0);
}

Test(engine_lta, the_worst_outcome_is_that_of_the_file)
{
	short_lived();
	struct cades_kit_signer signers[3] = { { .cert = s.signer },
					       { .cert = s.signer },
					       { .cert = s.signer } };
	static const enum indication wanted[] = { INDICATION_PASSED,
						  INDICATION_INDETERMINATE,
						  INDICATION_FAILED };
	for (size_t i = 0; i < 3; i++) {
		signers[1].broken = i == 2;
		signers[0].signing_ms = KIT_DAY(1);
		signers[2].signing_ms = KIT_DAY(2);
		at(cades_kit_make(&(struct cades_kit_make){
		       .signers = signers,
		       .n_signers = 3,
		       .material = cades_kit_status(&s, KIT_DAY(2)) }),
		   i == 0 ? 4 : 20);
		cr_assert(cades_judge_run(&j));
		cr_expect_eq(j.report->indication, wanted[i]);
		cr_expect_not(j.report->nothing);
	}
}

Test(engine_lta, judging_twice_gives_the_same)
{
	short_lived();
	struct view file = archived(cades_kit_typical(&s, CADES_KIT_LTA), s.tsa2, 5);
	struct buf text[2] = { buf_make(1 << 22), buf_make(1 << 22) };
	for (int i = 0; i < 2; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		const struct report_frame frame = { .file = "a.p7m" };
		struct jsonw w = jsonw_to(&text[i]);
		at(file, 20);
		expect(SUB_NONE);
		report_json(j.report, &frame, &w);
		cr_assert_eq(jsonw_end(&w, &err), 0, "%s", err.text);
	}
	cr_assert(view_equal(view_buf(&text[0]), view_buf(&text[1])));
	buf_free(&text[0]);
	buf_free(&text[1]);
}

/* ---- what the caller gives ---- */

Test(engine_lta, input_that_cannot_be_judged_is_the_callers_fault)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct report *r = NULL;
	typical(CADES_KIT_B, KIT_DAY(4));
	expect(SUB_NONE);
	struct engine_input in = { .document = j.document, .time_ms = KIT_DAY(4) };
	cr_assert_eq(engine_judge(&in, &r, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
	ltps_error_clear(&err);
	in.policy = j.policy;
	in.n_pools = PATH_POOLS_MAX;
	cr_assert_eq(engine_judge(&in, &r, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
	cr_assert_null(r);
}

Test(engine_lta, without_pools_nothing_passes)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct report *r = NULL;
	typical(CADES_KIT_LTA, KIT_DAY(4));
	expect(SUB_NONE);
	const struct engine_input in = { .document = j.document,
					 .policy = j.policy,
					 .time_ms = KIT_DAY(4) };
	cr_assert_eq(engine_judge(&in, &r, &err), 0, "%s", err.text);
	cr_assert_eq(r->indication, INDICATION_INDETERMINATE);
	cr_assert_eq(r->signatures[0].conclusion.sub, SUB_NO_CERTIFICATE_CHAIN_FOUND);
	cr_assert(r->signatures[0].signature_intact);
	report_free(r);
}

Test(engine_lta, failing_allocations_are_told_and_nothing_is_lost,
     .timeout = TEST_SECONDS_MAX)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct report *r = NULL;
	short_lived();
	at(archived(cades_kit_typical(&s, CADES_KIT_LTA), s.tsa2, 5), 20);
	expect(SUB_NONE);
	const struct material *pools[1] = { j.pool };
	const struct engine_input in = { .document = j.document,
					 .policy = j.policy,
					 .pools = pools,
					 .n_pools = 1,
					 .time_ms = KIT_DAY(20) };
	/* Every one of the first, then ever fewer: there are thousands. */
	for (uint64_t n = 1;; n += 1 + n / 24) {
		ltps_error_clear(&err);
		r = NULL;
		mem_fail_nth(n);
		int rc = engine_judge(&in, &r, &err);
		bool hit = mem_fail_hit();
		mem_fail_nth(0);
		cr_assert_eq(rc == 0, r != NULL);
		if (rc != 0)
			cr_assert(err.code == LTPS_NOMEM || err.code == LTPS_CRYPTO,
				  "%s", err.text);
		report_free(r);
		if (!hit)
			break;
	}
}
