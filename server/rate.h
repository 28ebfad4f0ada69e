/* SPDX-License-Identifier: Apache-2.0 */
/*
 * rate - how often somebody may come: a bucket a key, which holds so many at most and
 * is refilled at a rate. The table has a fixed size; when it is full, the bucket that
 * was not used for longest makes room, which forgives its key early and costs no
 * memory.
 */
#ifndef LTPS_SERVER_RATE_H
#define LTPS_SERVER_RATE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/* Keys remembered at a time: addresses that fail, tenants, callers. */
#define RATE_BUCKETS 8192
#define RATE_KEY_MAX 160

struct rate;
/* Fails: NOMEM, CRYPTO */
int rate_new(struct rate **ret_r, struct ltps_error *err) LTPS_CHECKED;
/* NULL-safe. */
void rate_free(struct rate *r);

struct rate_rule {
	uint32_t per_minute;
	uint32_t burst; /* at once, after a pause */
};
/*
 * rate_take - one more of this key at now_ms (monotonic).
 * key  at most RATE_KEY_MAX octets; what is behind is not looked at
 * Returns 0, or after how many milliseconds to come again: then nothing is taken.
 */
int64_t rate_take(struct rate *r, struct view key, struct rate_rule rule,
		  int64_t now_ms);
/* The same without taking. */
int64_t rate_look(struct rate *r, struct view key, struct rate_rule rule,
		  int64_t now_ms);

#endif
