/* SPDX-License-Identifier: Apache-2.0 */
/*
 * allowance - how much strangers may make the store grow in an hour. A service that
 * keeps what unknown clients point it to has no other limit: each of their requests
 * may name new objects. What is over the limit is served, and not kept.
 */
#ifndef LTPS_LTP_ALLOWANCE_H
#define LTPS_LTP_ALLOWANCE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A busy authority's certificates with their status fit; a disk is not filled in a
 * weekend. */
#define ALLOWANCE_OBJECTS 5000
#define ALLOWANCE_OCTETS ((size_t)512 << 20)
#define ALLOWANCE_MS ((int64_t)3600000)

/* Shared by threads. */
struct allowance {
	pthread_mutex_t lock;
	unsigned objects_max;
	size_t octets_max;
	int64_t since_ms;
	unsigned objects;
	size_t octets;
};
/* objects_max, octets_max  in an hour; 0: the values above */
void allowance_init(struct allowance *a, unsigned objects_max, size_t octets_max);
void allowance_end(struct allowance *a);
/* Whether one object of so many octets may still be kept; counts it then. now_ms
 * any clock: one that jumps begins a new hour. */
bool allowance_take(struct allowance *a, size_t octets, int64_t now_ms);

#endif
