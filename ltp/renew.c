/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew - time-stamp renewals (RFC 4998 5.2): tokens that weaken become leaves of one
 * tree for each digest, and one time-stamp over it renews all they prove.
 *
 *   tip                                  what is done
 *   weakens within the margin            renewed, with those that follow soon
 *   stands on one TSA of several         a second opinion, for each footing
 *   has no validation data               waits, or is renewed when its end is near
 *   waits in a tree without a token      preserve.c asks; told here when it fails
 *
 * A renewal by a TSA that is about to end itself gains nothing and would be due again
 * at once: what was made after the last round waits longer and longer (young tips).
 */
#include "ltp/renew.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/renew_private.h"

/* Tokens of one turn: about a second of work. */
#define RENEW_TURN_TOKENS 5000
#define LIVE_MAX 256

/* ---- what is told ---- */

void renew_trouble(struct renew_turn *r, bool alarm, const char *fmt, ...)
{
	va_list ap;
	if (r->t->trouble[0] != '\0' && (r->t->alarm || !alarm))
		return;
	va_start(ap, fmt);
	vsnprintf(r->t->trouble, sizeof(r->t->trouble), fmt, ap);
	va_end(ap);
	r->t->alarm = alarm;
}

void renew_again(struct renew_turn *r, int64_t at_ms)
{
	if (at_ms < r->t->again_ms)
		r->t->again_ms = at_ms;
}

static int64_t left_until(int64_t weakens_ms, int64_t now_ms)
{
	return weakens_ms > now_ms ? weakens_ms - now_ms : 0;
}

bool renew_is_late(const struct renew_turn *r, int64_t weakens_ms, int share)
{
	return left_until(weakens_ms, r->t->now_ms) < r->margin_ms / share;
}

/* ---- trees without a token ---- */

static int keep_live(void *arg, const struct tree *tree, struct ltps_error *err)
{
	struct renew_turn *r = arg;
	if (tree->purpose != TREE_TIMESTAMP_RENEWAL || r->n_live == LIVE_MAX)
		return 0;
	struct renew_live *l = &r->live[r->n_live];
	*l = (struct renew_live){ .id = tree->id,
				  .alg = tree->alg,
				  .open = tree->state == TREE_OPEN,
				  .failed = tree->attempts > 0 };
	if (tree_second_get(r->w->conn, tree->id, &l->second, err) != 0)
		return -1;
	r->n_live++;
	if (l->failed)
		renew_trouble(r, false,
			      "no time-stamp for the renewal of %llu time-stamps: %s",
			      (unsigned long long)tree->n_leaves - 1, tree->last_error);
	return 0;
}

/* A waiting tip that will not wait much longer. */
struct waiting {
	int64_t after_id;
	int64_t weakens_ms; /* the first of them */
};

static int find_waiting(void *arg, const struct tip *tip, struct ltps_error *err)
{
	struct waiting *w = arg;
	(void)err;
	w->after_id = tip->token;
	if (tip->waiting && tip->footing != 0 && tip->weakens_ms < w->weakens_ms)
		w->weakens_ms = tip->weakens_ms;
	return 0;
}

static int look_at_trees(struct renew_turn *r, struct ltps_error *err)
{
	if (tree_list(r->w->conn, TREE_OPEN, 0, 0, keep_live, r, err) != 0 ||
	    tree_due_to_stamp(r->w->conn, INT64_MAX, keep_live, r, err) != 0)
		return -1;
	if (r->t->trouble[0] == '\0')
		return 0;
	struct waiting first = { .weakens_ms = INT64_MAX };
	struct tip_query q = { .weakens_until =
				   r->t->now_ms + r->margin_ms / RENEW_WAIT_SHARE };
	renew_again(r, r->t->now_ms + RENEW_LOOK_MS);
	do {
		q.after_id = first.after_id;
		if (tip_list(r->w->conn, &q, find_waiting, &first, err) != 0)
			return -1;
	} while (first.after_id != q.after_id);
	/* The text stands: it only weighs more now. */
	r->t->alarm = first.weakens_ms != INT64_MAX &&
		      renew_is_late(r, first.weakens_ms, RENEW_WAIT_SHARE);
	return 0;
}

/* The open tree that these tips belong to, or one that waits in vain already. */
const struct renew_live *renew_find_live(const struct renew_turn *r,
					 enum digest_alg alg, const char *not_tsa,
					 int64_t partner)
{
	const struct renew_live *found = NULL;
	for (size_t i = 0; i < r->n_live; i++) {
		const struct renew_live *l = &r->live[i];
		if (l->alg == alg && l->second.partner == partner &&
		    strcmp(l->second.not_tsa, not_tsa != NULL ? not_tsa : "") == 0 &&
		    (l->open || l->failed) && (found == NULL || l->open))
			found = l;
	}
	return found;
}

struct renew_tree *renew_tree_new(struct renew_turn *r, enum digest_alg alg,
				  const struct renew_live *open)
{
	struct renew_tree *tree = mem_zalloc(1, sizeof(*tree));
	if (tree == NULL)
		return NULL;
	tree->w = r->w;
	tree->turn = r->t;
	tree->alg = alg;
	tree->tree = open != NULL ? open->id : 0;
	tree->resumed = open != NULL;
	return tree;
}

/* ---- the turn ---- */

/* A round that was cut short and has nothing left to take. */
static int close_rest(struct renew_turn *r, struct ltps_error *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && !r->more && i < r->n_live; i++) {
		struct renew_round last;
		const struct renew_live *l = &r->live[i];
		if (!l->open)
			continue;
		struct renew_tree *tree = renew_tree_new(r, l->alg, l);
		if (tree == NULL)
			return ltps_fail_nomem(err);
		snprintf(tree->cause, sizeof(tree->cause), "cut short, and ended");
		rc = renew_round_read(r, l->alg, &last, err);
		if (rc == 0 && l->second.not_tsa[0] == '\0')
			renew_round_note(tree, &last, false);
		if (rc == 0)
			rc = renew_tree_close(tree, err);
		renew_tree_free(tree);
	}
	return rc;
}

/* When the next one is due; what is overdue waits for somebody else. */
static int find_next(void *arg, const struct tip_sum *sum, struct ltps_error *err)
{
	struct renew_turn *r = arg;
	(void)err;
	if (sum->weakens_ms == INT64_MIN || sum->weakens_ms == INT64_MAX ||
	    sum->weakens_ms > renew_until(r, sum->alg))
		return 0;
	const int64_t due_ms = sum->weakens_ms - r->margin_ms;
	renew_again(r, due_ms > r->t->now_ms ? due_ms : r->t->now_ms + RENEW_DAY_MS);
	return 0;
}

static int turn_run(struct renew_turn *r, struct ltps_error *err)
{
	if (look_at_trees(r, err) != 0 || renew_long(r, err) != 0 ||
	    renew_undated(r, err) != 0 || renew_due(r, err) != 0 ||
	    renew_seconds(r, err) != 0 || close_rest(r, err) != 0)
		return -1;
	if (r->more)
		r->t->again_ms = r->t->now_ms;
	return r->more ? 0 : tip_sums(r->w->conn, find_next, r, err);
}

int renew_timestamps_turn(struct ltp_worker *w, struct upkeep_turn *t,
			  struct ltps_error *err)
{
	struct renew_turn r = { .w = w,
				.t = t,
				.margin_ms = w->l->o.upkeep.margin_ms,
				.status = { .w = w, .turn = t },
				.left = RENEW_TURN_TOKENS };
	r.live = mem_zalloc(LIVE_MAX, sizeof(*r.live));
	if (r.live == NULL)
		return ltps_fail_nomem(err);
	t->again_ms = INT64_MAX;
	int rc = turn_run(&r, err);
	renew_status_clear(&r.status);
	mem_free(r.live);
	return rc;
}
