/* SPDX-License-Identifier: Apache-2.0 */
/* footing_private - tags of what stands in a footing, whose syntax footing.h has; names
 * in its texts; and judging thousands of them. */
#ifndef LTPS_LTP_FOOTING_PRIVATE_H
#define LTPS_LTP_FOOTING_PRIVATE_H

#include "ltp/footing.h"

enum footing_member {
	FOOTING_USE = 0,
	FOOTING_DIGEST = 1,
	FOOTING_CERTIFICATE = 2,
	FOOTING_ANCHOR = 3,
};

/* A name inside a reason of STORE_REASON_MAX characters; cut between characters, since
 * the store takes UTF-8 only. */
#define FOOTING_SHORT 200
void footing_short(const char *from, char out[FOOTING_SHORT]);

/*
 * Ends of uses under one policy, remembered: decoding a key takes most of the time, and
 * footings share the keys of few TSAs and CAs. Direct-mapped: what is pushed out is
 * judged again. Begins zeroed; some 100 KB, so not for the stack.
 */
#define FOOTING_MEMO_SLOTS 1024
struct footing_memo {
	struct footing_known {
		bool used;
		uint8_t sha256[32]; /* of the use */
		int64_t until_ms;
		char what[ALGORITHM_WHAT_MAX];
	} slots[FOOTING_MEMO_SLOTS];
};
/* footing_weakens() with it; NULL: without. */
int footing_weakens_by(struct footing_memo *memo, const struct algorithm_policy *policy,
		       const struct footing *f, struct footing_plan *ret,
		       struct ltps_error *err) LTPS_CHECKED;

#endif
