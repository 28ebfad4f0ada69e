/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/proofs.h"

#include <pthread.h>

#include "base/mem.h"

/* Of a set: few enough to look at all, enough that what is asked alternately stays. */
#define WAYS 8

struct entry {
	struct proof_key key; /* version 0: none */
	int64_t from_ms, until_ms;
	int64_t proof_ms;
};
struct proofs {
	pthread_mutex_t lock;
	struct entry sets[PROOFS_MAX / WAYS][WAYS];
};

int proofs_new(struct proofs **ret, struct ltps_error *err)
{
	struct proofs *p = mem_zalloc(1, sizeof(*p));
	if (p == NULL)
		return ltps_fail_nomem(err);
	pthread_mutex_init(&p->lock, NULL);
	*ret = p;
	return 0;
}

void proofs_free(struct proofs *p)
{
	if (p == NULL)
		return;
	pthread_mutex_destroy(&p->lock);
	mem_free(p);
}

/* The ids of first versions are alike in their low bits: the state, which is a digest,
 * spreads them; records that are the same are spread by the id, times 2^64 / phi. */
static struct entry *set_of(struct proofs *p, const struct proof_key *key)
{
	uint64_t mixed = (uint64_t)key->version * UINT64_C(0x9e3779b97f4a7c15);
	for (size_t i = 0; i < sizeof(mixed); i++)
		mixed ^= (uint64_t)digest_view(&key->state).p[i] << (8 * i);
	return p->sets[(mixed >> 32) % (PROOFS_MAX / WAYS)];
}

bool proof_key_equal(const struct proof_key *a, const struct proof_key *b)
{
	return a->version == b->version && digest_equal(&a->state, &b->state);
}

/* Its own, or a free one, or the one that ends first. */
static struct entry *place_for(struct entry *set, const struct proof_key *key)
{
	struct entry *place = set;
	for (size_t i = 0; i < WAYS; i++) {
		if (proof_key_equal(&set[i].key, key))
			return &set[i];
		if (set[i].until_ms < place->until_ms)
			place = &set[i];
	}
	return place;
}

bool proofs_find(struct proofs *p, const struct proof_key *key, int64_t now_ms,
		 int64_t *ret_ms)
{
	pthread_mutex_lock(&p->lock);
	const struct entry *set = set_of(p, key);
	bool known = false;
	for (size_t i = 0; i < WAYS && !known; i++) {
		known = proof_key_equal(&set[i].key, key) && now_ms >= set[i].from_ms &&
			now_ms < set[i].until_ms;
		if (known)
			*ret_ms = set[i].proof_ms;
	}
	pthread_mutex_unlock(&p->lock);
	return known;
}

void proofs_keep(struct proofs *p, const struct proof_key *key, int64_t now_ms,
		 int64_t until_ms, int64_t proof_ms)
{
	pthread_mutex_lock(&p->lock);
	*place_for(set_of(p, key), key) = (struct entry){ .key = *key,
							 .from_ms = now_ms,
							 .until_ms = until_ms,
							 .proof_ms = proof_ms };
	pthread_mutex_unlock(&p->lock);
}
