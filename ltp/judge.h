/* SPDX-License-Identifier: Apache-2.0 */
/*
 * judge - a document judged with what can be got: the loop around engine_judge() that
 * answers its needs from what is known, the material store and the network, and asks
 * again (DESIGN: judging is a loop with an end).
 */
#ifndef LTPS_LTP_JUDGE_H
#define LTPS_LTP_JUDGE_H

#include "ltp/needs.h"
#include "validation/engine.h"

#define JUDGE_ROUNDS_MAX 8

struct judged {
	struct report *report;
	unsigned fetched, failed; /* answers got over the network; sources without */
	/* What the report borrows from. */
	struct known_generation *generation;
	struct material *got; /* fetched for this judgement alone */
};
/*
 * judge_document - engine_judge() over the pools of the input, then what is known,
 * then what is fetched, until nothing more is missing or nothing more can be got.
 * in   pools with anchors; at most PATH_POOLS_MAX - 3. time_ms INT64_MIN: now, by the
 *      clock of the sources, anew in each round
 * ret  release with judged_clear(); the document and the pools must outlive it
 * Fails: ARGUMENT without any time; NOMEM, CRYPTO, CANCELLED; CORRUPT, IO of the store.
 * A source that fails is not an error: the report says what stays unknown
 */
int judge_document(const struct path_sources *s, const struct engine_input *in,
		   struct judged *ret, struct ltps_error *err) LTPS_CHECKED;
void judged_clear(struct judged *j);

#endif
