/* SPDX-License-Identifier: Apache-2.0 */
/* renew_second - tokens of one TSA get a renewal by another one, for each footing. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/renew_private.h"

/* Footings that get a second opinion in one turn; each costs a request. */
#define TURN_SECONDS_MAX 64

struct group {
	enum digest_alg alg;
	int64_t footing;
	char tsa[STORE_TEXT_MAX + 1];
};

struct groups {
	const struct renew_turn *r;
	struct group list[TURN_SECONDS_MAX]; /* done in this turn, the last is now */
	size_t n;
	bool found;
	int64_t after_id;
};

static bool is_done(const struct groups *g, const struct tip *tip)
{
	for (size_t i = 0; i < g->n; i++)
		if (g->list[i].alg == tip->alg && g->list[i].footing == tip->footing &&
		    strcmp(g->list[i].tsa, tip->tsa) == 0)
			return true;
	return false;
}

static int find_group(void *arg, const struct tip *tip, struct ltps_error *err)
{
	struct groups *g = arg;
	(void)err;
	g->after_id = tip->token;
	if (g->found || tip->footing == 0 || is_done(g, tip) ||
	    renew_until(g->r, tip->alg) == INT64_MIN)
		return 0;
	const struct renew_live *live =
	    renew_find_live(g->r, tip->alg, tip->tsa, tip->footing);
	if (live != NULL && !live->open)
		return 0; /* the other TSA does not answer */
	struct group *new = &g->list[g->n++];
	new->alg = tip->alg;
	new->footing = tip->footing;
	memcpy(new->tsa, tip->tsa, sizeof(new->tsa));
	g->found = true;
	return 0;
}

static int next_group(struct groups *g, struct ltps_error *err)
{
	struct tip_query q = { .weakens_until = INT64_MAX,
			       .unpaired = true,
			       .idle = true,
			       .limit = RENEW_PAGE };
	g->found = false;
	g->after_id = 0;
	do {
		q.after_id = g->after_id;
		if (tip_list(g->r->w->conn, &q, find_group, g, err) != 0)
			return -1;
	} while (!g->found && g->after_id != q.after_id);
	return 0;
}

static int second_group(struct renew_turn *r, const struct group *group,
			struct ltps_error *err)
{
	const struct renew_live *open =
	    renew_find_live(r, group->alg, group->tsa, group->footing);
	struct renew_tree *tree = renew_tree_new(r, group->alg, open);
	struct renew_gather g = { .r = r,
				  .what = RENEW_SECOND,
				  .alg = group->alg,
				  .until_ms = INT64_MAX,
				  .footing = group->footing,
				  .tsa = group->tsa,
				  .tree = tree };
	if (tree == NULL)
		return ltps_fail_nomem(err);
	tree->not_tsa = group->tsa;
	tree->partner = group->footing;
	snprintf(tree->cause, sizeof(tree->cause), "a second opinion beside TSA %.200s",
		 group->tsa);
	int rc = renew_gather_run(&g, err);
	renew_tree_free(tree);
	return rc;
}

/* DESIGN: with two TSAs, each new token is at once renewed by the other. */
int renew_seconds(struct renew_turn *r, struct ltps_error *err)
{
	struct groups *g;
	int rc = 0;
	if (r->w->l->o.n_tsas < 2 || r->left == 0)
		return 0;
	g = mem_zalloc(1, sizeof(*g));
	if (g == NULL)
		return ltps_fail_nomem(err);
	g->r = r;
	do {
		rc = next_group(g, err);
		if (rc == 0 && g->found)
			rc = second_group(r, &g->list[g->n - 1], err);
	} while (rc == 0 && g->found && g->n < TURN_SECONDS_MAX && r->left > 0);
	r->more = r->more || (g->found && g->n == TURN_SECONDS_MAX);
	mem_free(g);
	return rc;
}
