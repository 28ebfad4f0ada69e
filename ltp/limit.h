/* SPDX-License-Identifier: Apache-2.0 */
/* limit - until when something that is asked for may take: a judgement, a search. */
#ifndef LTPS_LTP_LIMIT_H
#define LTPS_LTP_LIMIT_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>

#include "validation/path.h"

struct limit {
	int64_t until_ms;             /* monotonic */
	const atomic_bool *cancelled; /* NULL: nobody ends it earlier */
};

/* ms from now; cancelled may be NULL. */
struct limit limit_of(int64_t ms, const atomic_bool *cancelled);
/* arg: a struct limit, which is not changed. */
bool limit_is_over(void *arg);
/* All that a judgement may take is time; l outlives it. */
struct path_budget limit_budget(struct limit *l);

#endif
