/* SPDX-License-Identifier: Apache-2.0 */
#include "server/rate.h"

#include <string.h>

#include <openssl/rand.h>

#include "base/mem.h"

/* Buckets that a key may stand in. */
#define WAYS 8
/* Contents are counted in these of one request: one a minute is refilled in one of them
 * a millisecond. */
#define UNIT INT64_C(60000)

struct bucket {
	uint8_t key[RATE_KEY_MAX];
	size_t key_n; /* 0: free */
	int64_t at_ms;
	int64_t left; /* of UNIT */
};

struct rate {
	uint64_t seed; /* nobody can choose keys that meet in one place */
	struct bucket buckets[RATE_BUCKETS];
};

int rate_new(struct rate **ret_r, struct ltps_error *err)
{
	struct rate *r = mem_zalloc(1, sizeof(*r));
	if (r == NULL)
		return ltps_fail_nomem(err);
	if (RAND_bytes((uint8_t *)&r->seed, sizeof(r->seed)) != 1) {
		mem_free(r);
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "random number generator");
	}
	*ret_r = r;
	return 0;
}

void rate_free(struct rate *r)
{
	mem_free(r);
}

/* FNV-1a from a secret start, mixed at the end. */
static uint64_t hash(const struct rate *r, struct view key)
{
	uint64_t h = r->seed ^ UINT64_C(14695981039346656037);
	for (size_t i = 0; i < key.n; i++)
		h = (h ^ key.p[i]) * UINT64_C(1099511628211);
	h ^= r->seed >> 7;
	h = (h ^ h >> 33) * UINT64_C(0xff51afd7ed558ccd);
	return h ^ h >> 33;
}

/* The key's own (*ret_known), or the one that makes room for it. */
static struct bucket *find(struct rate *r, struct view key, bool *ret_known)
{
	struct bucket *set = &r->buckets[hash(r, key) % (RATE_BUCKETS / WAYS) * WAYS];
	struct bucket *oldest = set;
	for (struct bucket *b = set; b < set + WAYS; b++) {
		*ret_known = b->key_n == key.n && memcmp(b->key, key.p, key.n) == 0;
		if (*ret_known)
			return b;
		if (b->key_n == 0 || (oldest->key_n != 0 && b->at_ms < oldest->at_ms))
			oldest = b;
	}
	return oldest;
}

static int64_t use(struct rate *r, struct view key, struct rate_rule rule,
		   int64_t now_ms, bool take)
{
	if (key.n == 0 || rule.per_minute == 0 || rule.burst == 0)
		return 0;
	key = view_head(key, key.n < RATE_KEY_MAX ? key.n : RATE_KEY_MAX);
	bool known = false;
	struct bucket *b = find(r, key, &known);
	const int64_t full = (int64_t)rule.burst * UNIT;
	int64_t left = full;
	if (known) {
		const int64_t passed = now_ms > b->at_ms ? now_ms - b->at_ms : 0;
		/* Longer than it takes to be full again is no difference. */
		left = passed >= full / rule.per_minute
			   ? full
			   : b->left + passed * rule.per_minute;
		left = left < full ? left : full;
	}
	if (left < UNIT)
		return (UNIT - left + rule.per_minute - 1) / rule.per_minute;
	if (take) {
		memcpy(b->key, key.p, key.n);
		b->key_n = key.n;
		b->at_ms = now_ms;
		b->left = left - UNIT;
	}
	return 0;
}

int64_t rate_take(struct rate *r, struct view key, struct rate_rule rule,
		  int64_t now_ms)
{
	return use(r, key, rule, now_ms, true);
}

int64_t rate_look(struct rate *r, struct view key, struct rate_rule rule,
		  int64_t now_ms)
{
	return use(r, key, rule, now_ms, false);
}
