/* SPDX-License-Identifier: Apache-2.0 */
/* engine_decide - the tables and comparisons of EN 319 102-1 5.5.4 and 5.6. */
#include "validation/engine_decide.h"

#define BIT(sub) (UINT64_C(1) << (sub))
_Static_assert(SUB_COUNT <= 64, "one bit for each");

/*
 * Which outcomes go on; all others are returned as they are. PASSED is in each
 * (SUB_NONE).
 * REVOCATION_OUT_OF_BOUNDS_NO_POE and NO_CERTIFICATE_CHAIN_FOUND_NO_POE are missing
 * from the first on purpose: nothing but a proof of existence helps them.
 */
static const uint64_t goes_on[DECIDE_STEP_COUNT] = {
	/* 5.5.4 step 2 */
	[DECIDE_WITH_TIME] =
	    BIT(SUB_NONE) | BIT(SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE) |
	    BIT(SUB_REVOKED_NO_POE) | BIT(SUB_REVOKED_CA_NO_POE) | BIT(SUB_TRY_LATER) |
	    BIT(SUB_OUT_OF_BOUNDS_NO_POE) | BIT(SUB_OUT_OF_BOUNDS_NOT_REVOKED),
	/* 5.6.3.4 step 3. NO_CERTIFICATE_CHAIN_FOUND_NO_POE is not in its list, but
	 * 5.6.2.4 step 3 has a branch for it that nothing else leads to. */
	[DECIDE_LONG_TERM] =
	    BIT(SUB_NONE) | BIT(SUB_REVOKED_NO_POE) | BIT(SUB_REVOKED_CA_NO_POE) |
	    BIT(SUB_OUT_OF_BOUNDS_NO_POE) | BIT(SUB_OUT_OF_BOUNDS_NOT_REVOKED) |
	    BIT(SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE) |
	    BIT(SUB_REVOCATION_OUT_OF_BOUNDS_NO_POE) |
	    BIT(SUB_SIG_CONSTRAINTS_FAILURE) | BIT(SUB_TRY_LATER) |
	    BIT(SUB_NO_CERTIFICATE_CHAIN_FOUND_NO_POE),
	/* 5.6.3.4 step 5 c: what a proof of existence may lift. Staleness is among it:
	 * 5.6.2.4 step 5 lifts it, and the status of an authority that is gone was
	 * collected before the next time-stamp and never will be again. */
	[DECIDE_STAMP] = BIT(SUB_NONE) | BIT(SUB_REVOKED_NO_POE) |
			 BIT(SUB_REVOKED_CA_NO_POE) | BIT(SUB_OUT_OF_BOUNDS_NO_POE) |
			 BIT(SUB_OUT_OF_BOUNDS_NOT_REVOKED) |
			 BIT(SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE) |
			 BIT(SUB_REVOCATION_OUT_OF_BOUNDS_NO_POE) | BIT(SUB_TRY_LATER) |
			 BIT(SUB_NO_CERTIFICATE_CHAIN_FOUND_NO_POE),
	/* 5.6.2.4 step 2 goes on with PASSED; with the others other implementations do
	 * too. Without a validation time they then reach steps 4 to 6 only. */
	[DECIDE_PAST] = BIT(SUB_NONE) | BIT(SUB_REVOKED_NO_POE) |
			BIT(SUB_REVOKED_CA_NO_POE) | BIT(SUB_OUT_OF_BOUNDS_NO_POE) |
			BIT(SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE),
};

bool decide_goes_on(enum decide_step step, enum indication main,
		    enum subindication outcome)
{
	if (main == INDICATION_FAILED ||
	    (main == INDICATION_INDETERMINATE && outcome == SUB_NONE))
		return false;
	return (goes_on[step] & BIT(outcome)) != 0;
}

static bool outcome(enum subindication *ret, enum subindication sub)
{
	*ret = sub;
	return false;
}

bool decide_times(const struct decide_times *t, enum subindication *ret)
{
	bool before_end = t->best_ms < t->not_after_ms;
	bool revoked =
	    t->basic == SUB_REVOKED_NO_POE || t->basic == SUB_REVOKED_CA_NO_POE;

	/* 4 a: not posterior to the signature, or nobody knows when */
	if (revoked && t->revoked_ms <= t->best_ms)
		return outcome(ret, t->basic);
	if (t->best_ms < t->not_before_ms)
		return outcome(ret, SUB_NOT_YET_VALID);
	switch (t->basic) {
	case SUB_NONE: /* 4 b */
		return true;
	case SUB_OUT_OF_BOUNDS_NO_POE: /* 4 b */
		return outcome(ret, t->basic);
	case SUB_REVOKED_NO_POE: /* 4 a */
	case SUB_REVOKED_CA_NO_POE:
	case SUB_OUT_OF_BOUNDS_NOT_REVOKED: /* 4 d */
		return before_end || outcome(ret, SUB_OUT_OF_BOUNDS_NOT_REVOKED);
	case SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE: /* 4 c; certificates: step 10 */
		return !t->weak_signature || t->best_ms <= t->weak_until_ms ||
		       outcome(ret, t->basic);
	case SUB_TRY_LATER: /* steps 6 and 7 */
		return t->best_ms <= t->not_after_ms ||
		       outcome(ret, SUB_OUT_OF_BOUNDS_NO_POE);
	default:
		return outcome(ret, t->basic);
	}
}

static bool is_within(const struct decide_past *p)
{
	return p->not_before_ms <= p->best_ms && p->best_ms <= p->not_after_ms;
}

/* REVOKED_NO_POE, REVOCATION_OUT_OF_BOUNDS_NO_POE, on hold: proven from before. */
static bool decide_before_loss(const struct decide_past *p, enum subindication *ret)
{
	if (p->best_ms < p->not_before_ms)
		return outcome(ret, SUB_NOT_YET_VALID);
	return is_within(p) || outcome(ret, SUB_OUT_OF_BOUNDS_NOT_REVOKED);
}

static bool decide_ca_revoked(const struct decide_past *p, enum subindication *ret)
{
	if (!p->status_before_ca_revoked)
		return outcome(ret, SUB_REVOKED_CA_NO_POE);
	return is_within(p) || outcome(ret, SUB_OUT_OF_BOUNDS_NOT_REVOKED);
}

/* "after the issuance date and before the expiration date" */
static bool decide_out_of_bounds(const struct decide_past *p, enum subindication *ret)
{
	if (p->best_ms < p->not_before_ms)
		return outcome(ret, SUB_NOT_YET_VALID);
	return (p->not_before_ms < p->best_ms && p->best_ms < p->not_after_ms) ||
	       outcome(ret, p->current);
}

static bool decide_no_chain(const struct decide_past *p, enum subindication *ret)
{
	if (p->best_ms < p->not_before_ms)
		return outcome(ret, SUB_NOT_YET_VALID);
	return p->best_ms <= p->not_after_ms || outcome(ret, SUB_OUT_OF_BOUNDS_NO_POE);
}

bool decide_past(const struct decide_past *p, enum subindication *ret)
{
	/* Step 3's condition. */
	bool proven = p->best_ms != INT64_MAX && p->best_ms <= p->validation_ms &&
		      !p->lost_before;
	*ret = p->current;
	switch (p->current) {
	case SUB_NO_CERTIFICATE_CHAIN_FOUND_NO_POE:
		return proven && decide_no_chain(p, ret);
	case SUB_REVOKED_NO_POE:
	case SUB_REVOCATION_OUT_OF_BOUNDS_NO_POE:
		return proven && decide_before_loss(p, ret);
	case SUB_REVOKED_CA_NO_POE:
		return proven && decide_ca_revoked(p, ret);
	case SUB_OUT_OF_BOUNDS_NO_POE:
	case SUB_OUT_OF_BOUNDS_NOT_REVOKED:
		return proven && decide_out_of_bounds(p, ret);
	case SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE: /* step 4 */
		return p->weak_proven && is_within(p);
	case SUB_TRY_LATER: /* step 3 when on hold, else step 5 */
		if (p->on_hold)
			return proven && decide_before_loss(p, ret);
		return p->fresh_at_best && is_within(p);
	default: /* step 6 */
		return false;
	}
}

bool decide_ordered(int64_t first_ms, int64_t first_accuracy_us, int64_t second_ms,
		    int64_t second_accuracy_us, bool ordered)
{
	int64_t doubt_us = 0;
	if (first_ms <= second_ms)
		return true;
	if (!ordered && first_accuracy_us > 0)
		doubt_us += first_accuracy_us;
	if (!ordered && second_accuracy_us > 0)
		doubt_us += second_accuracy_us;
	return first_ms - second_ms <= doubt_us / 1000;
}
