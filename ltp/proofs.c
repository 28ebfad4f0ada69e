/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/proofs.h"

#include <pthread.h>

#include "base/mem.h"

struct entry {
	struct proof_key key; /* version 0: none */
	int64_t from_ms, until_ms;
	int64_t proof_ms;
};
struct proofs {
	pthread_mutex_t lock;
	/* By version: those of one object stand one behind the other. */
	struct entry entries[PROOFS_MAX];
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

static struct entry *entry_of(struct proofs *p, const struct proof_key *key)
{
	return &p->entries[(uint64_t)key->version % PROOFS_MAX];
}

bool proofs_find(struct proofs *p, const struct proof_key *key, int64_t now_ms,
		 int64_t *ret_ms)
{
	pthread_mutex_lock(&p->lock);
	const struct entry *e = entry_of(p, key);
	const bool known = e->key.version == key->version &&
			   digest_equal(&e->key.state, &key->state) &&
			   now_ms >= e->from_ms && now_ms < e->until_ms;
	if (known)
		*ret_ms = e->proof_ms;
	pthread_mutex_unlock(&p->lock);
	return known;
}

void proofs_keep(struct proofs *p, const struct proof_key *key, int64_t now_ms,
		 int64_t until_ms, int64_t proof_ms)
{
	pthread_mutex_lock(&p->lock);
	*entry_of(p, key) = (struct entry){ .key = *key,
					    .from_ms = now_ms,
					    .until_ms = until_ms,
					    .proof_ms = proof_ms };
	pthread_mutex_unlock(&p->lock);
}
