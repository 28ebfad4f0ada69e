/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_decide - what EN 319 102-1 5.5 and 5.6 make of outcomes and times: which
 * outcomes let a process go on, and how times compare. No judging is done here, so
 * that the tables can be tested row by row. Private to the room.
 */
#ifndef LTPS_VALIDATION_ENGINE_DECIDE_H
#define LTPS_VALIDATION_ENGINE_DECIDE_H

#include <stdbool.h>
#include <stdint.h>

#include "validation/indication.h"

enum decide_step {
	DECIDE_WITH_TIME, /* 5.5.4 step 2: the outcome of 5.3 */
	DECIDE_LONG_TERM, /* 5.6.3.4 step 3: the outcome of 5.5 */
	DECIDE_STAMP,     /* 5.6.3.4 step 5 c: the outcome of 5.4 */
	DECIDE_PAST,      /* 5.6.2.4 step 2: the outcome of 5.6.2.1 */
	DECIDE_STEP_COUNT
};
/* Whether the process goes on after this outcome. */
bool decide_goes_on(enum decide_step step, enum indication main,
		    enum subindication outcome);

/* 5.5.4 step 4. */
struct decide_times {
	enum subindication basic;            /* outcome of 5.3; SUB_NONE: PASSED */
	int64_t best_ms;                     /* best_signature_time */
	int64_t not_before_ms, not_after_ms; /* of the signing certificate */
	int64_t revoked_ms; /* of REVOKED_NO_POE, REVOKED_CA_NO_POE; else INT64_MIN */
	/* Of CRYPTO_CONSTRAINTS_FAILURE_NO_POE: the signature value or a signed
	 * attribute is concerned, and was reliable until then. */
	bool weak_signature;
	int64_t weak_until_ms;
};
/*
 * Steps a to d. True: on to e. False: *ret is the outcome.
 * Beyond the letter: NOT_YET_VALID whatever 5.3 said, since table 5 gives it to every
 * signature from before its certificate; and a certificate that had ended by then
 * lets no TRY_LATER be lifted, since 5.2.6.4 had not come to its dates.
 */
bool decide_times(const struct decide_times *t, enum subindication *ret);

/* 5.6.2.4 steps 3 to 6. */
struct decide_past {
	enum subindication current; /* current time sub-indication */
	bool on_hold;               /* of TRY_LATER: suspended, not stale */
	int64_t best_ms;            /* lowest proof of the signature; INT64_MAX: none */
	int64_t validation_ms;      /* of 5.6.2.1; INT64_MIN: it did not pass */
	int64_t not_before_ms, not_after_ms;
	bool status_before_ca_revoked; /* the signer's status is proven to have existed
					  when the CA was revoked */
	bool lost_before;   /* what is revoked or on hold was so before best_ms */
	bool weak_proven;   /* everything weak is proven to be from before its end */
	bool fresh_at_best; /* freshness of the status at best_ms */
};
/*
 * True: step 7. False: *ret is the outcome.
 * Beyond the letter: step 3 lifts nothing that is proven to be from after the loss
 * itself, whatever the sliding came to see of it; steps 4 and 5 ask that best_ms lies
 * inside the certificate's validity, since 5.2.6.4 had ended before its step 7.
 */
bool decide_past(const struct decide_past *p, enum subindication *ret);

/*
 * Whether one time-stamp may come before another: 5.5.4 step 4 e with the accuracies
 * of RFC 3161 2.4.2 (none: 0). ordered: both say so and are of one authority.
 */
bool decide_ordered(int64_t first_ms, int64_t first_accuracy_us, int64_t second_ms,
		    int64_t second_accuracy_us, bool ordered);

#endif
