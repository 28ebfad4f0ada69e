/* SPDX-License-Identifier: Apache-2.0 */
/*
 * budget - the bytes that all requests and answers together may hold. The
 * loop charges what comes and goes over connections, workers charge what they
 * read out of the store for an answer.
 */
#ifndef LTPS_SERVER_BUDGET_H
#define LTPS_SERVER_BUDGET_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

struct budget {
	_Atomic size_t used;
	_Atomic size_t max; /* a reload may set it */
};

/* Whether n more bytes fit; then they are charged. Any thread. */
static inline bool budget_take(struct budget *b, size_t n)
{
	size_t used = atomic_load(&b->used);
	do {
		if (used > b->max || n > b->max - used)
			return false;
	} while (!atomic_compare_exchange_weak(&b->used, &used, used + n));
	return true;
}

/* Whether n more bytes would fit now. */
static inline bool budget_has(struct budget *b, size_t n)
{
	const size_t used = atomic_load(&b->used);
	return used <= b->max && n <= b->max - used;
}

/* Charges what is there already. */
static inline void budget_add(struct budget *b, size_t n)
{
	atomic_fetch_add(&b->used, n);
}

static inline void budget_give(struct budget *b, size_t n)
{
	atomic_fetch_sub(&b->used, n);
}

#endif
