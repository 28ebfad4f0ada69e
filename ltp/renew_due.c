/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew_due - what weakens within the margin, a round for each digest.
 *
 * What was made after the last round and is due again shows that the TSAs have nothing
 * better to give: such young tips wait an hour, then twice as long, and so on.
 */
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ltp/plan.h"
#include "ltp/renew_private.h"

/* Of the margin: what weakens that much later than what is due goes along. */
#define ALONG_SHARE 4
/* genTime of a token that was asked for now may be that much earlier. */
#define YOUNG_SLACK_MS 120000

/* ---- rounds ---- */

static void round_name(enum digest_alg alg, char out[32])
{
	snprintf(out, 32, "renew.round.%s", digest_name(alg));
}

int renew_round_read(struct renew_turn *r, enum digest_alg alg, struct renew_round *ret,
		     struct ltps_error *err)
{
	char name[32];
	uint8_t p[16];
	size_t n;
	*ret = (struct renew_round){ .last_ms = INT64_MIN };
	round_name(alg, name);
	if (store_setting_find(r->w->conn, name, p, sizeof(p), &n, err) != 0)
		return -1;
	if (n == sizeof(p)) {
		memcpy(&ret->last_ms, p, 8);
		memcpy(&ret->futile, p + 8, 8);
	}
	/* Of a clock that was wrong. */
	if (ret->last_ms > r->t->now_ms)
		*ret = (struct renew_round){ .last_ms = INT64_MIN };
	return 0;
}

void renew_round_note(struct renew_tree *tree, const struct renew_round *last,
		      bool futile)
{
	const struct renew_round now = { .last_ms = tree->turn->now_ms,
					 .futile = futile ? last->futile + 1 : 0 };
	round_name(tree->alg, tree->round_name);
	memcpy(tree->round, &now.last_ms, 8);
	memcpy(tree->round + 8, &now.futile, 8);
	tree->n_round = sizeof(tree->round);
}

static int64_t clamp(int64_t v, int64_t low, int64_t high)
{
	return v < low ? low : v > high ? high : v;
}

/* Until when young tips wait: an hour, doubled with each futile round, but never so
 * long that their end would pass. */
static int64_t young_until(const struct renew_turn *r, const struct renew_round *last,
			   int64_t weakens_ms)
{
	const int64_t longest = r->margin_ms / RENEW_LAST_SHARE;
	int64_t wait = RENEW_HOUR_MS;
	for (uint64_t i = 0; i < last->futile && wait < longest; i++)
		wait *= 2;
	if (weakens_ms > last->last_ms)
		wait = clamp(wait, 0, (weakens_ms - last->last_ms) / 2);
	return last->last_ms + clamp(wait, RENEW_HOUR_MS,
				     longest > RENEW_HOUR_MS ? longest : RENEW_HOUR_MS);
}

/* Made after the last round. */
bool renew_is_young(const struct tip *tip, int64_t last_ms)
{
	return last_ms != INT64_MIN && tip->gen_time_ms >= last_ms - YOUNG_SLACK_MS;
}

/* ---- what is due ---- */

int64_t renew_until(const struct renew_turn *r, enum digest_alg alg)
{
	const int64_t end_ms = plan_digest_end(r->w->l, alg);
	if (end_ms <= r->t->now_ms)
		return INT64_MIN;
	return end_ms == INT64_MAX ? INT64_MAX : end_ms - 1;
}

/* The first of those found that weakens, of those that the last round left and of later
 * ones. */
struct due {
	int64_t last_ms; /* of the last round */
	int64_t from_id; /* all up to it were looked at before */
	int64_t after_id;
	struct tip old, young;
	bool has_old, has_young;
};

static int find_due(void *arg, const struct tip *tip, struct ltps_error *err)
{
	struct due *d = arg;
	(void)err;
	d->after_id = tip->token;
	if (tip->footing == 0)
		return 0;
	const bool young = renew_is_young(tip, d->last_ms);
	struct tip *first = young ? &d->young : &d->old;
	bool *has = young ? &d->has_young : &d->has_old;
	if (!*has || tip->weakens_ms < first->weakens_ms)
		*first = *tip;
	*has = true;
	return 0;
}

static int look_for_due(struct renew_turn *r, enum digest_alg alg, struct due *d,
			struct ltps_error *err)
{
	struct tip_query q = { .alg = alg,
			       .weakens_until = r->t->now_ms + r->margin_ms,
			       .idle = true,
			       .limit = RENEW_PAGE };
	const int64_t until_ms = renew_until(r, alg);
	if (until_ms < q.weakens_until)
		q.weakens_until = until_ms;
	do {
		q.after_id = d->after_id;
		if (tip_list(r->w->conn, &q, find_due, d, err) != 0)
			return -1;
	} while (!d->has_old && d->after_id != q.after_id);
	return 0;
}

/* Tips are taken in the order of their numbers: a round that was cut short has looked
 * at all up to its last leaf. */
static int resume_after(struct renew_turn *r, const struct renew_live *open,
			int64_t *ret_id, struct ltps_error *err)
{
	struct tree t;
	struct leaf leaf = { 0 };
	*ret_id = 0;
	if (open == NULL || !open->open)
		return 0;
	if (tree_get(r->w->conn, open->id, &t, err) != 0 ||
	    (t.n_leaves > 0 &&
	     tree_leaf_at(r->w->conn, t.id, t.n_leaves - 1, &leaf, err) != 0))
		return -1;
	*ret_id = leaf.ref;
	return 0;
}

/* Why, by the footing that ends first. */
static int cause_of(struct renew_turn *r, const struct tip *tip,
		    char out[STORE_REASON_MAX + 64], struct ltps_error *err)
{
	struct footing f = { 0 };
	char at[TIME_TEXT_MAX];
	if (footing_first(r->w->conn, tip->footing, tip->partner, tip->weakens_ms, &f,
			  err) != 0)
		return -1;
	if (f.weakens_ms == INT64_MIN)
		snprintf(at, sizeof(at), "never reliable");
	else
		time_rfc3339(f.weakens_ms, at);
	snprintf(out, STORE_REASON_MAX + 64, "%s (%s)", f.reason, at);
	footing_clear(&f);
	return 0;
}

static int due_round(struct renew_turn *r, const struct due *d,
		     const struct renew_round *last, const struct renew_live *open,
		     struct ltps_error *err)
{
	const struct tip *first = d->has_old ? &d->old : &d->young;
	struct renew_tree *tree = renew_tree_new(r, first->alg, open);
	struct renew_gather g = {
		.r = r,
		.what = RENEW_DUE,
		.alg = first->alg,
		.until_ms = r->t->now_ms + r->margin_ms + r->margin_ms / ALONG_SHARE,
		.young = !d->has_old,
		.last_ms = last->last_ms,
		.after_id = d->from_id,
		.tree = tree,
	};
	const int64_t until_ms = renew_until(r, first->alg);
	if (tree == NULL)
		return ltps_fail_nomem(err);
	if (until_ms < g.until_ms)
		g.until_ms = until_ms;
	renew_round_note(tree, last, !d->has_old);
	int rc = cause_of(r, first, tree->cause, err);
	if (rc == 0)
		rc = renew_gather_run(&g, err);
	renew_tree_free(tree);
	return rc;
}

static int tell_futile(struct renew_turn *r, const struct tip *tip, int64_t until_ms,
		       struct ltps_error *err)
{
	char cause[STORE_REASON_MAX + 64];
	if (cause_of(r, tip, cause, err) != 0)
		return -1;
	renew_again(r, until_ms);
	renew_trouble(r, renew_is_late(r, tip->weakens_ms, RENEW_LAST_SHARE),
		      "what the TSAs stamp weakens within the margin: %s", cause);
	return 0;
}

static int due_of_alg(struct renew_turn *r, enum digest_alg alg, struct due *d,
		      struct ltps_error *err)
{
	struct renew_round last;
	const struct renew_live *live = renew_find_live(r, alg, NULL, 0);
	*d = (struct due){ 0 };
	if (renew_until(r, alg) == INT64_MIN)
		return 0;
	if (renew_round_read(r, alg, &last, err) != 0)
		return -1;
	d->last_ms = last.last_ms;
	if (resume_after(r, live, &d->from_id, err) != 0)
		return -1;
	d->after_id = d->from_id;
	if (look_for_due(r, alg, d, err) != 0)
		return -1;
	if (!d->has_old && !d->has_young)
		return 0;
	if (live != NULL && !live->open)
		return 0; /* no TSA answers: told already */
	if (!d->has_old) {
		const int64_t until_ms = young_until(r, &last, d->young.weakens_ms);
		if (until_ms > r->t->now_ms)
			return tell_futile(r, &d->young, until_ms, err);
	}
	return due_round(r, d, &last, live, err);
}

int renew_due(struct renew_turn *r, struct ltps_error *err)
{
	struct due *d = mem_zalloc(1, sizeof(*d));
	int rc = 0;
	if (d == NULL)
		return ltps_fail_nomem(err);
	for (int alg = DIGEST_NONE + 1; rc == 0 && alg < DIGEST_ALG_COUNT; alg++)
		if (r->left > 0)
			rc = due_of_alg(r, (enum digest_alg)alg, d, err);
	mem_free(d);
	return rc;
}
