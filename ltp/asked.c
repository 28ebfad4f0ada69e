/* SPDX-License-Identifier: Apache-2.0 */
/* asked - one question at a time about the same thing. */
#include "ltp/asked.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"

struct entry {
	char *key; /* NULL: free */
	bool running;
	int64_t again_ms; /* not before, once it is over */
};

struct asked {
	pthread_mutex_t lock;
	pthread_cond_t ended;
	unsigned held, max_held;
	struct entry entries[ASKED_ENTRIES_MAX];
};

int asked_new(unsigned max_held, struct asked **ret_a, struct ltps_error *err)
{
	struct asked *a = mem_zalloc(1, sizeof(*a));
	if (a == NULL)
		return ltps_fail_nomem(err);
	a->max_held = max_held;
	pthread_mutex_init(&a->lock, NULL);
	pthread_cond_init(&a->ended, NULL);
	*ret_a = a;
	return 0;
}

void asked_free(struct asked *a)
{
	if (a == NULL)
		return;
	for (size_t i = 0; i < ASKED_ENTRIES_MAX; i++)
		mem_free(a->entries[i].key);
	pthread_cond_destroy(&a->ended);
	pthread_mutex_destroy(&a->lock);
	mem_free(a);
}

static struct entry *find(struct asked *a, const char *key)
{
	for (size_t i = 0; i < ASKED_ENTRIES_MAX; i++)
		if (a->entries[i].key != NULL && strcmp(a->entries[i].key, key) == 0)
			return &a->entries[i];
	return NULL;
}

/* A free entry, or the one whose pause ends first; NULL when all are running. */
static struct entry *spare(struct asked *a)
{
	struct entry *first = NULL;
	for (size_t i = 0; i < ASKED_ENTRIES_MAX; i++) {
		struct entry *e = &a->entries[i];
		if (e->key == NULL)
			return e;
		if (!e->running && (first == NULL || e->again_ms < first->again_ms))
			first = e;
	}
	if (first != NULL) {
		mem_free(first->key);
		first->key = NULL;
	}
	return first;
}

/* What lies further ahead was noted before the clock went back. */
static bool is_paused(const struct entry *e, int64_t now_ms)
{
	return e != NULL && !e->running && e->again_ms > now_ms &&
	       e->again_ms - now_ms <= ASKED_PAUSE_MS;
}

static struct entry *entry_for(struct asked *a, const char *key)
{
	struct entry *e = find(a, key);
	if (e == NULL && (e = spare(a)) != NULL)
		e->key = mem_dup_text(key);
	return e != NULL && e->key != NULL ? e : NULL;
}

static void wait_for_others(struct asked *a, const char *key, unsigned held)
{
	struct entry *e = find(a, key);
	a->held += held;
	while (e != NULL && e->running) {
		pthread_cond_wait(&a->ended, &a->lock);
		e = find(a, key);
	}
	a->held -= held;
}

static enum asked_turn begin(struct asked *a, const struct asked_question *q,
			     int64_t now_ms)
{
	const unsigned held = q->own_place ? 0 : 1;
	struct entry *e = find(a, q->key);
	if (is_paused(e, now_ms) ||
	    (q->host != NULL && is_paused(find(a, q->host), now_ms)))
		return ASKED_PAUSED;
	if (held > 0 && a->max_held > 0 && a->held >= a->max_held)
		return ASKED_FULL;
	if (e != NULL && e->running) {
		wait_for_others(a, q->key, held);
		return ASKED_OTHERS;
	}
	e = entry_for(a, q->key);
	if (e == NULL)
		return ASKED_FULL;
	e->running = true;
	a->held += held;
	return ASKED_YOURS;
}

enum asked_turn asked_begin(struct asked *a, const struct asked_question *q,
			    int64_t now_ms)
{
	pthread_mutex_lock(&a->lock);
	enum asked_turn turn = begin(a, q, now_ms);
	pthread_mutex_unlock(&a->lock);
	return turn;
}

void asked_end(struct asked *a, const struct asked_question *q, bool silent,
	       int64_t now_ms)
{
	pthread_mutex_lock(&a->lock);
	struct entry *e = find(a, q->key);
	if (e != NULL) {
		a->held -= e->running && !q->own_place;
		e->running = false;
		e->again_ms = now_ms + ASKED_PAUSE_MS;
	}
	if (silent && q->host != NULL && (e = entry_for(a, q->host)) != NULL)
		e->again_ms = now_ms + ASKED_PAUSE_MS;
	pthread_cond_broadcast(&a->ended);
	pthread_mutex_unlock(&a->lock);
}
