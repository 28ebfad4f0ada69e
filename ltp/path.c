/* SPDX-License-Identifier: Apache-2.0 */
/* path - judge, get what is missing, judge again. */
#include "ltp/path.h"

#include <string.h>

#include "ltp/limit.h"

struct loop {
	const struct path_sources *s;
	const struct path_input *in;
	struct judged_path *j;
	struct needs needs;
};

static int judge_once(struct loop *l, struct ltps_error *err)
{
	struct path_input in = *l->in;
	struct limit limit = limit_of(PATH_JUDGE_MS_MAX, NULL);
	if (in.budget.expired == NULL) {
		in.budget.expired = limit_is_over;
		in.budget.arg = &limit;
	}
	if (l->s->known != NULL) {
		known_drop(l->j->generation);
		l->j->generation = known_take(l->s->known);
		in.pools[in.n_pools++] = known_material(l->j->generation);
	}
	in.pools[in.n_pools++] = l->j->got;
	return path_judge(&in, &l->j->result, err);
}

static bool is_newer(const struct loop *l)
{
	if (l->s->known == NULL)
		return false;
	struct known_generation *g = known_take(l->s->known);
	bool newer = g != l->j->generation;
	known_drop(g);
	return newer;
}

static int go_round(struct loop *l, struct ltps_error *err)
{
	struct path_result *r = NULL;
	for (int round = 0; round < PATH_ROUNDS_MAX; round++) {
		bool news = false;
		if (judge_once(l, err) != 0)
			return -1;
		r = l->j->result;
		if (r->status == PATH_VALID || r->n_needs == 0 ||
		    round + 1 == PATH_ROUNDS_MAX)
			return 0;
		if (needs_answer(&l->needs, r->needs, r->n_needs, &news, err) != 0)
			return -1;
		if (!news && !is_newer(l))
			return 0;
		path_result_free(r);
		l->j->result = NULL;
	}
	return 0;
}

static void name_unreachable(struct loop *l)
{
	struct path_result *r = l->j->result;
	if (r->status == PATH_UNDETERMINED && l->needs.status_failed > 0 &&
	    l->needs.status_got == 0 &&
	    (r->why == PATH_REVOCATION_UNKNOWN || r->why == PATH_REVOCATION_STALE))
		r->why = PATH_REVOCATION_UNREACHABLE;
}

int path_judge_fetching(const struct path_sources *s, const struct path_input *in,
			struct judged_path *ret, struct ltps_error *err)
{
	struct judged_path j = { 0 };
	struct loop l = {
		.s = s,
		.in = in,
		.j = &j,
		.needs = { .sources = s, .time_ms = in->time_ms },
	};
	int rc = -1;
	if (in->n_pools + 2 > PATH_POOLS_MAX)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "too many pools");
	if (material_new(&j.got, err) != 0)
		return -1;
	l.needs.got = j.got;
	if (go_round(&l, err) == 0) {
		name_unreachable(&l);
		rc = 0;
	}
	j.fetched = l.needs.fetched;
	j.failed = l.needs.failed;
	needs_clear(&l.needs);
	if (rc != 0)
		judged_path_clear(&j);
	else
		*ret = j;
	return rc;
}

void judged_path_clear(struct judged_path *j)
{
	path_result_free(j->result);
	material_free(j->got);
	known_drop(j->generation);
	memset(j, 0, sizeof(*j));
}
