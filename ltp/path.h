/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path - paths judged with what can be got: the loop around path_judge() that
 * answers its needs from the material store and over the network, and asks again
 * (DESIGN: judging is a loop with an end).
 */
#ifndef LTPS_LTP_PATH_H
#define LTPS_LTP_PATH_H

#include "ltp/needs.h"
#include "validation/path.h"

#define PATH_JUDGE_MS_MAX 10000 /* of one round; its other budgets end it far earlier  \
				 */
#define PATH_ROUNDS_MAX 8       /* DESIGN: judging is a loop with an end */
struct judged_path {
	struct path_result *result;
	unsigned fetched; /* answers got over the network */
	unsigned failed;  /* sources that gave none */
	/* What the result borrows from. */
	struct known_generation *generation;
	struct material *got;
};

/*
 * path_judge_fetching - path_judge() over the pools of the input, then what is
 * known, then what is fetched for this judgement alone. When every way to a status
 * failed on the network, `why` is PATH_REVOCATION_UNREACHABLE.
 * in   at most PATH_POOLS_MAX - 2 pools
 * ret  release with judged_path_clear(), also the pools must outlive it
 * Fails: NOMEM, CRYPTO, CANCELLED; CORRUPT, IO of the store. A source that fails is
 *        not an error
 */
int path_judge_fetching(const struct path_sources *s, const struct path_input *in,
			struct judged_path *ret, struct ltps_error *err) LTPS_CHECKED;
void judged_path_clear(struct judged_path *j);

#endif
