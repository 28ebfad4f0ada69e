/* SPDX-License-Identifier: Apache-2.0 */
/* judge - judge a document, get what is missing, judge again. */
#include "ltp/judge.h"

#include <string.h>

#include "ltp/limit.h"

/* Of one round over all signatures; other budgets end each path far earlier. */
#define JUDGE_MS_MAX 60000

struct loop {
	const struct path_sources *s;
	const struct engine_input *in;
	struct judged *j;
	struct needs needs; /* its time is that of the round */
};

static int judge_once(struct loop *l, struct ltps_error *err)
{
	struct engine_input in = *l->in;
	const struct material *pools[PATH_POOLS_MAX] = { NULL };
	struct limit limit = limit_of(JUDGE_MS_MAX, NULL);
	if (in.budget.expired == NULL) {
		in.budget.expired = limit_is_over;
		in.budget.arg = &limit;
	}
	for (size_t i = 0; i < in.n_pools; i++)
		pools[i] = in.pools[i];
	if (l->s->known != NULL) {
		known_drop(l->j->generation);
		l->j->generation = known_take(l->s->known);
		pools[in.n_pools++] = known_material(l->j->generation);
	}
	pools[in.n_pools++] = l->j->got;
	in.pools = pools;
	in.time_ms = l->needs.time_ms;
	return engine_judge(&in, &l->j->report, err);
}

/* Whether another thread brought something meanwhile. */
static bool is_newer(const struct loop *l)
{
	if (l->s->known == NULL)
		return false;
	struct known_generation *g = known_take(l->s->known);
	const bool newer = g != l->j->generation;
	known_drop(g);
	return newer;
}

/* A judgement that was cut short found less than there is: it is none. */
static int check_cancelled(const struct loop *l, struct ltps_error *err)
{
	if (l->s->cancelled == NULL || !atomic_load(l->s->cancelled))
		return 0;
	return ltps_fail(err, LTPS_CANCELLED, LTPS_FAULT_SELF, NULL,
			 "the service stops");
}

static int go_round(struct loop *l, struct ltps_error *err)
{
	for (int round = 1;; round++) {
		bool news = false;
		l->needs.time_ms = l->in->time_ms != INT64_MIN
				       ? l->in->time_ms
				       : clock_now_ms(l->s->clock);
		if (judge_once(l, err) != 0 || check_cancelled(l, err) != 0)
			return -1;
		const struct report *r = l->j->report;
		if (r->n_needs == 0 || round == JUDGE_ROUNDS_MAX)
			return 0;
		if (needs_answer(&l->needs, r->needs, r->n_needs, &news, err) != 0)
			return -1;
		if (!news && !is_newer(l))
			return 0;
		report_free(l->j->report);
		l->j->report = NULL;
	}
}

int judge_document(const struct path_sources *s, const struct engine_input *in,
		   struct judged *ret, struct ltps_error *err)
{
	struct judged j = { 0 };
	struct loop l = {
		.s = s,
		.in = in,
		.j = &j,
		.needs = { .sources = s },
	};
	if (in->n_pools + 3 > PATH_POOLS_MAX)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "too many pools");
	if (in->time_ms == INT64_MIN && s->clock == NULL)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "no time to judge for");
	if (material_new(&j.got, err) != 0)
		return -1;
	l.needs.got = j.got;
	const int rc = go_round(&l, err);
	j.fetched = l.needs.fetched;
	j.failed = l.needs.failed;
	needs_clear(&l.needs);
	if (rc != 0)
		judged_clear(&j);
	else
		*ret = j;
	return rc;
}

void judged_clear(struct judged *j)
{
	if (j->report != NULL)
		report_free(j->report);
	material_free(j->got);
	known_drop(j->generation);
	memset(j, 0, sizeof(*j));
}
