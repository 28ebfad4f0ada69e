/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/limit.h"

#include "base/clock.h"

struct limit limit_of(int64_t ms, const atomic_bool *cancelled)
{
	return (struct limit){ .until_ms = clock_monotonic_ms() + ms,
			       .cancelled = cancelled };
}

bool limit_is_over(void *arg)
{
	const struct limit *l = arg;
	return (l->cancelled != NULL && atomic_load(l->cancelled)) ||
	       clock_monotonic_ms() > l->until_ms;
}

struct path_budget limit_budget(struct limit *l)
{
	return (struct path_budget){ .expired = limit_is_over, .arg = l };
}
