/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/tsa_seen.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"

struct tsa_seen {
	pthread_mutex_t lock;
	const struct tsa *tsas;
	size_t n;
	const struct clock *clock;
	struct tsa_seen_state states[TSP_TSAS_MAX];
};

int tsa_seen_new(const struct tsa *tsas, size_t n, const struct clock *clock,
		 struct tsa_seen **ret, struct ltps_error *err)
{
	struct tsa_seen *s = mem_zalloc(1, sizeof(*s));
	if (s == NULL)
		return ltps_fail_nomem(err);
	pthread_mutex_init(&s->lock, NULL);
	s->tsas = tsas;
	s->n = n < TSP_TSAS_MAX ? n : TSP_TSAS_MAX;
	s->clock = clock;
	for (size_t i = 0; i < s->n; i++)
		s->states[i].answered_ms = s->states[i].failing_ms = INT64_MIN;
	*ret = s;
	return 0;
}

void tsa_seen_free(struct tsa_seen *s)
{
	if (s == NULL)
		return;
	pthread_mutex_destroy(&s->lock);
	mem_free(s);
}

/* By its name: lists in another order are copies (tsp_client_begin_with()). */
static struct tsa_seen_state *state_of(struct tsa_seen *s, const struct tsa *tsa)
{
	for (size_t i = 0; i < s->n; i++)
		if (strcmp(s->tsas[i].name, tsa->name) == 0)
			return &s->states[i];
	return NULL;
}

static void note(struct tsa_seen_state *t, int64_t now_ms, const struct ltps_error *why)
{
	if (why == NULL) {
		*t = (struct tsa_seen_state){ .answered_ms = now_ms,
					      .failing_ms = INT64_MIN };
		return;
	}
	if (t->failing_ms == INT64_MIN)
		t->failing_ms = now_ms;
	t->failures++;
	ltps_error_line(why, t->why, sizeof(t->why));
}

void tsa_seen_told(void *arg, const struct tsa *tsa, const struct ltps_error *why)
{
	struct tsa_seen *s = arg;
	const int64_t now_ms = clock_now_ms(s->clock);
	pthread_mutex_lock(&s->lock);
	struct tsa_seen_state *t = state_of(s, tsa);
	if (t != NULL)
		note(t, now_ms, why);
	pthread_mutex_unlock(&s->lock);
}

void tsa_seen_get(struct tsa_seen *s, size_t i, struct tsa_seen_state *ret)
{
	pthread_mutex_lock(&s->lock);
	*ret = s->states[i];
	pthread_mutex_unlock(&s->lock);
}
