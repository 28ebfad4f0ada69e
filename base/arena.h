/* SPDX-License-Identifier: Apache-2.0 */
/*
 * arena - many small things that live and die together: octets handed out one after
 * another, freed at once. Bounded.
 */
#ifndef LTPS_BASE_ARENA_H
#define LTPS_BASE_ARENA_H

#include "base/bytes.h"

struct arena_block;
/* Zeroed = empty with max 0. */
struct arena {
	struct arena_block *blocks;
	size_t used; /* of the first block */
	size_t total, max;
};

struct arena arena_make(size_t max);
void arena_free(struct arena *a); /* NULL-safe */
/* Zeroed and aligned for any type. Fails: TOO_LARGE (object) beyond max, NOMEM */
int arena_take(struct arena *a, size_t count, size_t size, void *ret_p,
	       struct ltps_error *err) LTPS_CHECKED;
/* A copy. */
int arena_copy(struct arena *a, struct view v, struct view *ret_v,
	       struct ltps_error *err) LTPS_CHECKED;

#endif
