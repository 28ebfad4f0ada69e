/* SPDX-License-Identifier: Apache-2.0 */
/* simulate_random - numbers and contents that a seed fixes (splitmix64). */
#include <string.h>

#include "server/simulate.h"

/* Sizes: as many between 100 and 200 octets as between 100 and 200 KiB. */
#define SIZE_LEAST 100
#define SIZE_DOUBLINGS 11
#define GROUP_EVERY 10
#define PURPOSE_CONTENT 1000

static uint64_t sim_next(struct sim_random *r)
{
	uint64_t z = r->state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
	return z ^ (z >> 31);
}

struct sim_random sim_random_of(uint64_t seed, uint64_t purpose)
{
	struct sim_random r = { .state = seed };
	r.state = sim_next(&r) ^ (purpose * UINT64_C(0xd1342543de82ef95));
	return r;
}

int64_t sim_between(struct sim_random *r, int64_t lo, int64_t hi)
{
	if (hi <= lo)
		return lo;
	return lo + (int64_t)(sim_next(r) % ((uint64_t)(hi - lo) + 1));
}

/* One in ten is a group. */
size_t sim_parts(uint64_t object)
{
	return object % GROUP_EVERY == 3 ? SIM_PARTS_MAX : 1;
}

int sim_content(uint64_t seed, uint64_t object, size_t part, struct buf *out,
		struct ltps_error *err)
{
	struct sim_random r =
	    sim_random_of(seed, PURPOSE_CONTENT + object * SIM_PARTS_MAX + part);
	uint64_t octets[512];
	size_t left = (size_t)SIZE_LEAST << (sim_next(&r) % SIZE_DOUBLINGS);
	left += (size_t)(sim_next(&r) % left);
	while (left > 0) {
		size_t n = left < sizeof(octets) ? left : sizeof(octets);
		for (size_t i = 0; i < (n + 7) / 8; i++)
			octets[i] = sim_next(&r);
		if (buf_put(out, view_of(octets, n), err) != 0)
			return -1;
		left -= n;
	}
	return 0;
}
