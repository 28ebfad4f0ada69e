/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables of EN 319 102-1 5.5.4 and 5.6, every sub-indication in each: which go on,
 * and what the times make of them.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "validation/engine_decide.h"

TestSuite(engine_decide);

/* ---- who goes on ---- */

/* Said once more, in words and not from the code: which step lets which outcome go on.
 */
static const struct {
	enum subindication sub;
	bool with_time, long_term, stamp, past;
} rows[] = {
	{ SUB_NONE, true, true, true, true },
	{ SUB_FORMAT_FAILURE, false, false, false, false },
	{ SUB_HASH_FAILURE, false, false, false, false },
	{ SUB_SIG_CRYPTO_FAILURE, false, false, false, false },
	{ SUB_REVOKED, false, false, false, false },
	{ SUB_EXPIRED, false, false, false, false },
	{ SUB_NOT_YET_VALID, false, false, false, false },
	{ SUB_SIG_CONSTRAINTS_FAILURE, false, true, false, false },
	{ SUB_CHAIN_CONSTRAINTS_FAILURE, false, false, false, false },
	{ SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE, false, false, false, false },
	{ SUB_CRYPTO_CONSTRAINTS_FAILURE, false, false, false, false },
	{ SUB_POLICY_PROCESSING_ERROR, false, false, false, false },
	{ SUB_SIGNATURE_POLICY_NOT_AVAILABLE, false, false, false, false },
	{ SUB_TIMESTAMP_ORDER_FAILURE, false, false, false, false },
	{ SUB_NO_SIGNING_CERTIFICATE_FOUND, false, false, false, false },
	{ SUB_NO_CERTIFICATE_CHAIN_FOUND, false, false, false, false },
	{ SUB_NO_CERTIFICATE_CHAIN_FOUND_NO_POE, false, true, true, false },
	{ SUB_REVOKED_NO_POE, true, true, true, true },
	{ SUB_REVOKED_CA_NO_POE, true, true, true, true },
	{ SUB_OUT_OF_BOUNDS_NOT_REVOKED, true, true, true, false },
	{ SUB_OUT_OF_BOUNDS_NO_POE, true, true, true, true },
	{ SUB_REVOCATION_OUT_OF_BOUNDS_NO_POE, false, true, true, false },
	{ SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE, true, true, true, true },
	{ SUB_NO_POE, false, false, false, false },
	{ SUB_TRY_LATER, true, true, true, false },
	{ SUB_SIGNED_DATA_NOT_FOUND, false, false, false, false },
	{ SUB_CUSTOM, false, false, false, false },
};

#define ROWS (sizeof(rows) / sizeof(rows[0]))

Test(engine_decide, every_subindication_stands_in_the_rows_once)
{
	cr_assert_eq(ROWS, (size_t)SUB_COUNT);
	for (size_t i = 0; i < ROWS; i++)
		cr_expect_eq(rows[i].sub, (enum subindication)i);
}

Test(engine_decide, each_outcome_goes_on_in_its_steps_only)
{
	for (size_t i = 0; i < ROWS; i++) {
		enum subindication s = rows[i].sub;
		enum indication m = subindication_main(s);
		const char *name = s == SUB_NONE ? "PASSED" : subindication_name(s);
		cr_expect_eq(decide_goes_on(DECIDE_WITH_TIME, m, s), rows[i].with_time,
			     "5.5.4: %s", name);
		cr_expect_eq(decide_goes_on(DECIDE_LONG_TERM, m, s), rows[i].long_term,
			     "5.6.3.4: %s", name);
		cr_expect_eq(decide_goes_on(DECIDE_STAMP, m, s), rows[i].stamp,
			     "5.6.3.4 step 5: %s", name);
		cr_expect_eq(decide_goes_on(DECIDE_PAST, m, s), rows[i].past,
			     "5.6.2.4 step 2: %s", name);
	}
}

Test(engine_decide, failed_and_nameless_outcomes_never_go_on)
{
	for (int step = 0; step < DECIDE_STEP_COUNT; step++) {
		for (int s = 0; s < SUB_COUNT; s++)
			cr_expect_not(decide_goes_on((enum decide_step)step,
						     INDICATION_FAILED,
						     (enum subindication)s));
		cr_expect_not(decide_goes_on((enum decide_step)step,
					     INDICATION_INDETERMINATE, SUB_NONE));
	}
}

/* ---- 5.5.4 step 4 ---- */

#define FROM 1000
#define TO 2000
#define ON SUB_COUNT /* on to step e */

static enum subindication times(struct decide_times t)
{
	enum subindication sub = SUB_NONE;
	t.not_before_ms = FROM;
	t.not_after_ms = TO;
	return decide_times(&t, &sub) ? ON : sub;
}

static void expect_times(enum subindication basic, int64_t best, int64_t revoked,
			 enum subindication wanted)
{
	enum subindication got = times((struct decide_times){
	    .basic = basic, .best_ms = best, .revoked_ms = revoked });
	cr_expect_eq(got, wanted, "%s at %lld: %s, not %s", subindication_name(basic),
		     (long long)best, subindication_name(got),
		     subindication_name(wanted));
}

Test(engine_decide, a_revocation_no_later_than_the_signature_stays)
{
	const enum subindication both[] = { SUB_REVOKED_NO_POE, SUB_REVOKED_CA_NO_POE };
	for (size_t i = 0; i < 2; i++) {
		expect_times(both[i], 1500, 1499, both[i]);
		expect_times(both[i], 1500, 1500, both[i]);
		expect_times(both[i], 1500, INT64_MIN, both[i]);
		expect_times(both[i], 1500, 1501, ON);
	}
}

Test(engine_decide, a_revocation_later_than_the_signature_goes_by_the_validity)
{
	const enum subindication both[] = { SUB_REVOKED_NO_POE, SUB_REVOKED_CA_NO_POE };
	for (size_t i = 0; i < 2; i++) {
		expect_times(both[i], FROM - 1, 5000, SUB_NOT_YET_VALID);
		expect_times(both[i], FROM, 5000, ON);
		expect_times(both[i], TO - 1, 5000, ON);
		expect_times(both[i], TO, 5000, SUB_OUT_OF_BOUNDS_NOT_REVOKED);
	}
}

Test(engine_decide, passed_is_left_but_before_the_certificate)
{
	expect_times(SUB_NONE, FROM - 1, INT64_MIN, SUB_NOT_YET_VALID);
	expect_times(SUB_NONE, FROM, INT64_MIN, ON);
	expect_times(SUB_NONE, TO, INT64_MIN, ON);
}

Test(engine_decide, out_of_bounds_without_proof_is_never_lifted_by_time_alone)
{
	expect_times(SUB_OUT_OF_BOUNDS_NO_POE, FROM - 1, INT64_MIN, SUB_NOT_YET_VALID);
	expect_times(SUB_OUT_OF_BOUNDS_NO_POE, 1500, INT64_MIN,
		     SUB_OUT_OF_BOUNDS_NO_POE);
	expect_times(SUB_OUT_OF_BOUNDS_NO_POE, TO + 1, INT64_MIN,
		     SUB_OUT_OF_BOUNDS_NO_POE);
}

Test(engine_decide, out_of_bounds_not_revoked_is_lifted_inside_the_validity)
{
	expect_times(SUB_OUT_OF_BOUNDS_NOT_REVOKED, FROM - 1, INT64_MIN,
		     SUB_NOT_YET_VALID);
	expect_times(SUB_OUT_OF_BOUNDS_NOT_REVOKED, FROM, INT64_MIN, ON);
	expect_times(SUB_OUT_OF_BOUNDS_NOT_REVOKED, TO - 1, INT64_MIN, ON);
	expect_times(SUB_OUT_OF_BOUNDS_NOT_REVOKED, TO, INT64_MIN,
		     SUB_OUT_OF_BOUNDS_NOT_REVOKED);
}

static enum subindication weak_times(bool signature, int64_t until, int64_t best)
{
	return times(
	    (struct decide_times){ .basic = SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
				   .best_ms = best,
				   .revoked_ms = INT64_MIN,
				   .weak_signature = signature,
				   .weak_until_ms = until });
}

Test(engine_decide, a_weak_signature_is_lifted_up_to_the_end_of_its_algorithm)
{
	cr_expect_eq(weak_times(true, 1500, 1500), ON);
	cr_expect_eq(weak_times(true, 1500, 1501),
		     SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
	cr_expect_eq(weak_times(true, INT64_MIN, 1500),
		     SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
	/* Step 10 is for certificates. */
	cr_expect_eq(weak_times(false, INT64_MIN, 1500), ON);
	cr_expect_eq(weak_times(true, 1500, FROM - 1), SUB_NOT_YET_VALID);
}

Test(engine_decide, try_later_is_for_later_steps_while_the_certificate_was_valid)
{
	expect_times(SUB_TRY_LATER, FROM - 1, INT64_MIN, SUB_NOT_YET_VALID);
	expect_times(SUB_TRY_LATER, 1500, INT64_MIN, ON);
	expect_times(SUB_TRY_LATER, TO, INT64_MIN, ON);
	expect_times(SUB_TRY_LATER, TO + 1, INT64_MIN, SUB_OUT_OF_BOUNDS_NO_POE);
}

Test(engine_decide, what_step_two_returned_is_not_lifted_by_step_four)
{
	for (size_t i = 0; i < ROWS; i++)
		if (!rows[i].with_time)
			cr_expect_eq(
			    times((struct decide_times){ .basic = rows[i].sub,
							 .best_ms = 1500,
							 .revoked_ms = 5000,
							 .weak_until_ms = 5000 }),
			    rows[i].sub);
}

/* ---- 5.6.2.4 ---- */

static enum subindication past(struct decide_past p)
{
	enum subindication sub = SUB_NONE;
	p.not_before_ms = FROM;
	p.not_after_ms = TO;
	return decide_past(&p, &sub) ? ON : sub;
}

/* Everything speaks for it but what the test takes away. */
static struct decide_past good(enum subindication current, int64_t best)
{
	return (struct decide_past){
		.current = current,
		.best_ms = best,
		.validation_ms = 9000,
		.status_before_ca_revoked = true,
		.weak_proven = true,
		.fresh_at_best = true,
	};
}

static void expect_past(struct decide_past p, enum subindication wanted)
{
	enum subindication got = past(p);
	cr_expect_eq(got, wanted, "%s at %lld: %s, not %s",
		     subindication_name(p.current), (long long)p.best_ms,
		     subindication_name(got), subindication_name(wanted));
}

/* What steps 3 to 5 know of; all else is returned by step 6. */
static bool is_known(enum subindication s)
{
	return s == SUB_NO_CERTIFICATE_CHAIN_FOUND_NO_POE || s == SUB_REVOKED_NO_POE ||
	       s == SUB_REVOCATION_OUT_OF_BOUNDS_NO_POE || s == SUB_TRY_LATER ||
	       s == SUB_REVOKED_CA_NO_POE || s == SUB_OUT_OF_BOUNDS_NO_POE ||
	       s == SUB_OUT_OF_BOUNDS_NOT_REVOKED ||
	       s == SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE;
}

Test(engine_decide, the_past_lifts_what_its_steps_name_and_nothing_else)
{
	for (int s = 1; s < SUB_COUNT; s++)
		expect_past(good((enum subindication)s, 1500),
			    is_known((enum subindication)s) ? ON
							    : (enum subindication)s);
}

Test(engine_decide, without_proof_up_to_the_validation_time_step_three_lifts_nothing)
{
	for (int s = 1; s < SUB_COUNT; s++) {
		struct decide_past p = good((enum subindication)s, 1500);
		bool by_later_steps =
		    s == SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE || s == SUB_TRY_LATER;
		p.validation_ms = 1499;
		expect_past(p, by_later_steps ? ON : (enum subindication)s);
		p.validation_ms = INT64_MIN;
		expect_past(p, by_later_steps ? ON : (enum subindication)s);
		p.validation_ms = 1500;
		expect_past(p, is_known((enum subindication)s) ? ON
							       : (enum subindication)s);
		p.validation_ms = 9000;
		p.best_ms = INT64_MAX;
		expect_past(p, (enum subindication)s);
	}
}

Test(engine_decide, proof_from_before_the_certificate_is_not_yet_valid)
{
	const enum subindication subs[] = {
		SUB_NO_CERTIFICATE_CHAIN_FOUND_NO_POE, SUB_REVOKED_NO_POE,
		SUB_REVOCATION_OUT_OF_BOUNDS_NO_POE,   SUB_OUT_OF_BOUNDS_NO_POE,
		SUB_OUT_OF_BOUNDS_NOT_REVOKED,
	};
	for (size_t i = 0; i < sizeof(subs) / sizeof(subs[0]); i++)
		expect_past(good(subs[i], FROM - 1), SUB_NOT_YET_VALID);
	struct decide_past held = good(SUB_TRY_LATER, FROM - 1);
	held.on_hold = true;
	expect_past(held, SUB_NOT_YET_VALID);
}

Test(engine_decide, proof_from_after_the_certificate_lifts_nothing)
{
	struct decide_past held = good(SUB_TRY_LATER, TO + 1);
	held.on_hold = true;
	expect_past(held, SUB_OUT_OF_BOUNDS_NOT_REVOKED);
	expect_past(good(SUB_TRY_LATER, TO + 1), SUB_TRY_LATER);
	expect_past(good(SUB_NO_CERTIFICATE_CHAIN_FOUND_NO_POE, TO + 1),
		    SUB_OUT_OF_BOUNDS_NO_POE);
	expect_past(good(SUB_REVOKED_NO_POE, TO + 1), SUB_OUT_OF_BOUNDS_NOT_REVOKED);
	expect_past(good(SUB_REVOCATION_OUT_OF_BOUNDS_NO_POE, TO + 1),
		    SUB_OUT_OF_BOUNDS_NOT_REVOKED);
	expect_past(good(SUB_REVOKED_CA_NO_POE, TO + 1), SUB_OUT_OF_BOUNDS_NOT_REVOKED);
	expect_past(good(SUB_OUT_OF_BOUNDS_NO_POE, TO + 1), SUB_OUT_OF_BOUNDS_NO_POE);
	expect_past(good(SUB_OUT_OF_BOUNDS_NOT_REVOKED, TO + 1),
		    SUB_OUT_OF_BOUNDS_NOT_REVOKED);
	expect_past(good(SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE, TO + 1),
		    SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
}

Test(engine_decide, out_of_bounds_wants_a_proof_strictly_inside_the_validity)
{
	const enum subindication both[] = { SUB_OUT_OF_BOUNDS_NO_POE,
					    SUB_OUT_OF_BOUNDS_NOT_REVOKED };
	for (size_t i = 0; i < 2; i++) {
		expect_past(good(both[i], FROM), both[i]);
		expect_past(good(both[i], FROM + 1), ON);
		expect_past(good(both[i], TO - 1), ON);
		expect_past(good(both[i], TO), both[i]);
	}
}

Test(engine_decide, ends_of_the_validity_belong_to_it_elsewhere)
{
	expect_past(good(SUB_REVOKED_NO_POE, FROM), ON);
	expect_past(good(SUB_REVOKED_NO_POE, TO), ON);
	expect_past(good(SUB_REVOKED_CA_NO_POE, FROM), ON);
	expect_past(good(SUB_REVOKED_CA_NO_POE, TO), ON);
	expect_past(good(SUB_NO_CERTIFICATE_CHAIN_FOUND_NO_POE, FROM), ON);
	expect_past(good(SUB_NO_CERTIFICATE_CHAIN_FOUND_NO_POE, TO), ON);
}

Test(engine_decide, a_revoked_ca_wants_the_status_from_before)
{
	struct decide_past p = good(SUB_REVOKED_CA_NO_POE, 1500);
	p.status_before_ca_revoked = false;
	expect_past(p, SUB_REVOKED_CA_NO_POE);
	p.status_before_ca_revoked = true;
	expect_past(p, ON);
}

Test(engine_decide, weak_algorithms_want_proofs_of_everything_weak)
{
	struct decide_past p = good(SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE, 1500);
	p.weak_proven = false;
	expect_past(p, SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
}

Test(engine_decide, freshness_is_asked_of_stale_status_and_not_of_a_hold)
{
	struct decide_past p = good(SUB_TRY_LATER, 1500);
	p.fresh_at_best = false;
	expect_past(p, SUB_TRY_LATER);
	p.on_hold = true;
	expect_past(p, ON);
	p.validation_ms = 1499;
	expect_past(p, SUB_TRY_LATER);
}

/* ---- order of time-stamps ---- */

Test(engine_decide, an_older_second_is_out_of_order_beyond_the_accuracies)
{
	cr_expect(decide_ordered(1000, -1, 1000, -1, false));
	cr_expect(decide_ordered(1000, -1, 1001, -1, true));
	cr_expect_not(decide_ordered(1001, -1, 1000, -1, false));
	cr_expect(decide_ordered(1010, 6000, 1000, 4000, false));
	cr_expect_not(decide_ordered(1011, 6000, 1000, 4000, false));
	/* RFC 3161 2.4.2: then the times alone tell. */
	cr_expect_not(decide_ordered(1010, 6000, 1000, 4000, true));
}
