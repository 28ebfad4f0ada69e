/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew_hash - hash-tree renewal: digests that end, and all that stands on them.
 *
 *   digest ends within the margin
 *     its sources, by id            FIRST and HASH_RENEWAL trees, stamped
 *       leaves, a batch at a time   read ahead by threads, put down in order
 *     what was left                 damaged leaves, tried again now and then
 *   nothing to read now             trees that took leaves are closed, and stamped by
 *                                   the ordinary step
 *
 * Only a stamped tree supersedes: until then the old evidence is kept up like any
 * other. Everything that a turn knows is in the store after each batch; a turn that is
 * cut short, or repeated, goes on from there.
 *
 * Spec: RFC 4998 5.2
 */
#include "ltp/renew_hash.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ltp/plan.h"
#include "storage/object.h"

/* Looked at again after this when nothing can be done now: a tree is not stamped yet, a
 * token has no validation data yet. */
#define POLL_MS ((int64_t)3600000)
/* While others use the store, a turn is followed by a pause: at least PAUSE_MS, and so
 * many times what the store's writer was busy meanwhile. Where they leave it no rest,
 * the renewal has one part in twenty of the time; where they come now and then, most
 * of it. */
#define PAUSE_MS 100
#define PAUSE_TIMES 20
/* After a conflict: what made it may last. */
#define CONFLICT_MS 10000
/* Tasks of others while a turn ran, from which on the store counts as busy. */
#define OTHERS_BUSY 64
/* Less than this part of the margin is left: an alarm. */
#define LATE_PART 8
#define SOURCES_PAGE 64
#define CAUSE_MAX 96

/* ---- state of a turn ---- */

struct turn {
	struct ltp_worker *w;
	struct upkeep_turn *t;
	struct hash_readers *readers;
	struct hash_batch *ahead; /* given to the readers */
	char cause[CAUSE_MAX];
	bool has_cause;
	uint64_t bytes; /* read */
	uint64_t tasks, tasks_before;
	uint64_t busy_us, busy_us_before; /* the store's writer */
	bool more;     /* there is something to read now */
	bool changed;  /* look at the sources anew */
	bool conflict; /* since they were changed by others */
	bool pause;    /* others wait for the store */
	bool late;     /* the margin is nearly gone: only the shortest pause */
	bool stuck;    /* no digest lasts longer */
	bool waits;    /* for validation data */
	size_t broken; /* sources that cannot be read themselves */
	char why_broken[160];
};

static void again_at(struct turn *x, int64_t at_ms)
{
	if (at_ms < x->t->again_ms)
		x->t->again_ms = at_ms;
}

static int64_t margin_of(const struct turn *x)
{
	return x->w->l->o.upkeep.margin_ms;
}

/* ---- batches ---- */

static void count_others(struct turn *x)
{
	struct store_stats stats;
	store_stats_get(x->w->l->o.store, &stats);
	if (stats.tasks - x->tasks_before >= x->tasks + OTHERS_BUSY) {
		x->pause = true;
		x->busy_us = stats.commit_us - x->busy_us_before;
		hash_readers_cut(x->readers);
	}
}

/* What the readers have of the batch given before. */
static int finish_ahead(struct turn *x, struct ltps_error *err)
{
	struct hash_batch *b = x->ahead;
	if (b == NULL)
		return 0;
	x->ahead = NULL;
	int rc = hash_readers_await(x->readers, b, err);
	x->bytes += b->bytes;
	if (rc == 0 && !x->changed && (b->n > 0 || b->last)) {
		rc = hash_batch_write(x->w, b, x->cause, err);
		x->tasks++;
		if (rc != 0 &&
		    (err->code == LTPS_STATE || err->code == LTPS_NOT_FOUND)) {
			/* Given up, or another process was first. */
			log_error(x->w->l->o.log, LOG_OPERATION, LOG_WARNING,
				  "leaves of a hash-tree renewal are read again", err,
				  NULL, 0);
			ltps_error_clear(err);
			x->changed = x->conflict = true;
			hash_readers_cut(x->readers);
			rc = 0;
		}
	}
	hash_batch_free(b);
	count_others(x);
	return rc;
}

static bool is_over(const struct turn *x)
{
	return x->changed || atomic_load(&x->w->cancelled) ||
	       hash_readers_were_cut(x->readers);
}

/* The readers work on this one while the one before is put down. */
static int give(struct turn *x, struct hash_batch *b, struct ltps_error *err)
{
	hash_readers_give(x->readers, b);
	int rc = finish_ahead(x, err);
	x->ahead = b;
	return rc;
}

static struct hash_batch *batch_new(struct hash_source *s)
{
	struct hash_batch *b = mem_zalloc(1, sizeof(*b));
	if (b != NULL)
		b->source = hash_source_take(s);
	return b;
}

static int keep_leaf(void *arg, const struct leaf *leaf, struct ltps_error *err)
{
	struct hash_batch *b = arg;
	if (b->n == HASH_BATCH_LEAVES || leaf->index != b->from + b->n)
		return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
				 "tree %lld: leaf %llu is not as counted",
				 (long long)leaf->tree,
				 (unsigned long long)(b->from + b->n));
	b->items[b->n++].leaf = *leaf;
	return 0;
}

/* Nodes that cannot be read are the damage of each leaf that needs them. */
static int read_nodes(struct turn *x, struct hash_batch *b, struct ltps_error *err)
{
	if (hash_nodes_read(x->w, &b->source->tree, b->items, b->n, &b->nodes, err) !=
	    0) {
		if (err->code == LTPS_NOMEM)
			return -1;
		ltps_error_clear(err);
	}
	for (size_t i = 0; i < b->n; i++)
		b->items[i].nodes = b->nodes;
	return 0;
}

static int page_read(struct turn *x, struct hash_source *s, uint64_t from,
		     struct hash_batch **ret, struct ltps_error *err)
{
	struct hash_batch *b = batch_new(s);
	if (b == NULL)
		return ltps_fail_nomem(err);
	b->from = from;
	int rc = tree_leaves_page(x->w->conn, s->row.tree, from, HASH_BATCH_LEAVES,
				  keep_leaf, b, err);
	if (rc == 0 && b->n == 0)
		rc = ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
			       "tree %lld ends before leaf %llu",
			       (long long)s->row.tree, (unsigned long long)from);
	if (rc == 0)
		rc = read_nodes(x, b, err);
	if (rc != 0) {
		hash_batch_free(b);
		return -1;
	}
	b->last = from + b->n == s->row.n_leaves;
	*ret = b;
	return 0;
}

/* A source that is damaged itself is told, and must not keep the others waiting. */
static int source_failed(struct turn *x, int64_t tree, struct ltps_error *err)
{
	char line[sizeof(x->why_broken) - 32];
	if (!hash_is_damage(err))
		return -1;
	log_error(x->w->l->o.log, LOG_OPERATION, LOG_ERROR,
		  "the evidence of a tree is damaged: it cannot be renewed", err, NULL,
		  0);
	ltps_error_line(err, line, sizeof(line));
	if (x->broken++ == 0)
		snprintf(x->why_broken, sizeof(x->why_broken), "tree %lld: %s",
			 (long long)tree, line);
	ltps_error_clear(err);
	return 0;
}

static int read_pages(struct turn *x, struct hash_source *s, struct ltps_error *err)
{
	uint64_t from = s->row.done;
	while (from < s->row.n_leaves && !is_over(x)) {
		struct hash_batch *b = NULL;
		if (page_read(x, s, from, &b, err) != 0)
			return source_failed(x, s->row.tree, err);
		from += b->n;
		if (give(x, b, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- leaves that were left ---- */

static int read_left(struct turn *x, struct hash_source *s,
		     const struct hash_left *left, struct ltps_error *err)
{
	size_t at = 0;
	while (at < left->n && left->index[at] < left->from)
		at++;
	while (!is_over(x)) {
		struct hash_batch *b = batch_new(s);
		if (b == NULL)
			return ltps_fail_nomem(err);
		b->retry = true;
		for (; at < left->n && b->n < HASH_BATCH_LEAVES; at++) {
			if (tree_leaf_at(x->w->conn, s->row.tree, left->index[at],
					 &b->items[b->n].leaf, err) != 0) {
				hash_batch_free(b);
				return source_failed(x, s->row.tree, err);
			}
			b->n++;
		}
		b->last = at == left->n;
		const bool last = b->last;
		if (give(x, b, err) != 0)
			return -1;
		if (last)
			return 0;
	}
	return 0;
}

/* ---- one source ---- */

static int with_source(struct turn *x, const struct hash_due *d,
		       const struct renewal_source *row, const struct hash_left *left,
		       struct ltps_error *err)
{
	struct hash_source *s = NULL;
	enum hash_ready ready;
	if (hash_source_open(x->w, row, x->t->now_ms, d->late, &ready, &s, err) != 0)
		return source_failed(x, row->tree, err);
	x->stuck = x->stuck || ready == HASH_STUCK;
	x->waits = x->waits || ready == HASH_WAITS;
	x->changed = x->changed || ready == HASH_AGAIN;
	if (ready != HASH_READY)
		return 0;
	int rc = left != NULL ? read_left(x, s, left, err) : read_pages(x, s, err);
	hash_source_drop(s);
	return rc;
}

static int work_on(struct turn *x, const struct hash_due *d,
		   const struct renewal_source *row, struct ltps_error *err)
{
	struct hash_left left = { 0 };
	int rc;
	if (row->done < row->n_leaves)
		return with_source(x, d, row, NULL, err);
	if (hash_left_read(x->w->conn, row->tree, &left, err) != 0)
		return -1;
	if (left.n == 0 && !left.overflow)
		rc = 0; /* waits for the token of its new tree */
	else if (left.again_ms > x->t->now_ms)
		rc = (again_at(x, left.again_ms), 0);
	else
		rc = with_source(x, d, row, &left, err);
	if (rc == 0 && left.n == 0 && left.overflow) {
		/* All that was listed is done: the source begins again. */
		rc = finish_ahead(x, err);
		x->changed = true;
	}
	hash_left_clear(&left);
	return rc;
}

/* ---- all sources of a digest ---- */

/* Of a digest that has sources; for the trace, the first one. */
static void set_cause(struct turn *x, const struct hash_due *d)
{
	char end[TIME_TEXT_MAX];
	x->late = x->late || d->late;
	if (x->has_cause)
		return;
	time_rfc3339(d->end_ms, end);
	snprintf(x->cause, sizeof(x->cause), "%s ends %s", digest_name(d->alg), end);
	x->has_cause = true;
}

struct page {
	struct renewal_source rows[SOURCES_PAGE];
	size_t n;
};

static int keep_source(void *arg, const struct renewal_source *row,
		       struct ltps_error *err)
{
	struct page *p = arg;
	(void)err;
	if (p->n < SOURCES_PAGE)
		p->rows[p->n++] = *row;
	return 0;
}

static int each_source(struct turn *x, const struct hash_due *d, struct ltps_error *err)
{
	int rc = 0;
	int64_t after = 0;
	struct page *p = mem_alloc(sizeof(*p));
	if (p == NULL)
		return ltps_fail_nomem(err);
	do {
		p->n = 0;
		rc = renewal_source_list(x->w->conn, d->alg, after, SOURCES_PAGE,
					 keep_source, p, err);
		if (p->n > 0)
			set_cause(x, d);
		for (size_t i = 0; rc == 0 && i < p->n && !is_over(x); i++) {
			rc = work_on(x, d, &p->rows[i], err);
			after = p->rows[i].tree;
		}
	} while (rc == 0 && p->n == SOURCES_PAGE && !is_over(x));
	mem_free(p);
	return rc;
}

/* ---- digests ---- */

/* Those that are due, first to end first; the others are when they will be. */
static void find_dues(struct turn *x, struct hash_dues *dues)
{
	const struct ltp *l = x->w->l;
	const int64_t margin = margin_of(x), now = x->t->now_ms;
	for (int alg = DIGEST_NONE + 1; alg < DIGEST_ALG_COUNT; alg++) {
		struct hash_due d = { .alg = (enum digest_alg)alg };
		d.end_ms = plan_digest_end(l, d.alg);
		if (d.end_ms == INT64_MAX)
			continue;
		if (d.end_ms < 0) /* never was reliable: times below stay numbers */
			d.end_ms = 0;
		if (!plan_is_due(d.end_ms, margin, now)) {
			again_at(x, d.end_ms - margin);
			continue;
		}
		d.late = d.end_ms - margin / LATE_PART <= now;
		size_t at = dues->n++;
		for (; at > 0 && dues->d[at - 1].end_ms > d.end_ms; at--)
			dues->d[at] = dues->d[at - 1];
		dues->d[at] = d;
	}
}

/* ---- trees under way ---- */

struct under_way {
	const struct hash_dues *dues;
	int64_t stale_ms; /* opened before: its chains end with tokens that grow old */
	bool any;         /* that will be sources, or supersede some */
	int64_t stale;    /* one of them; 0: none */
};

static int see_tree(void *arg, const struct tree *t, struct ltps_error *err)
{
	struct under_way *u = arg;
	(void)err;
	if (t->purpose == TREE_HASH_RENEWAL) {
		u->any = true;
		if (t->state == TREE_CLOSING && t->token == 0 &&
		    t->opened_ms < u->stale_ms)
			u->stale = t->id;
	}
	for (size_t i = 0; i < u->dues->n; i++)
		u->any = u->any || t->alg == u->dues->d[i].alg;
	return 0;
}

/* A tree that gets no token for so long that the chains in it may not stand any more is
 * made anew, with longer ones. */
static int look_under_way(struct turn *x, const struct hash_dues *dues, bool *ret_any,
			  struct ltps_error *err)
{
	struct under_way u = { .dues = dues,
			       .stale_ms = x->t->now_ms - margin_of(x) / 2 };
	if (tree_list(x->w->conn, TREE_OPEN, 0, 0, see_tree, &u, err) != 0 ||
	    tree_list(x->w->conn, TREE_CLOSING, 0, 0, see_tree, &u, err) != 0)
		return -1;
	*ret_any = u.any;
	return u.stale == 0 ? 0 : hash_target_abandon(x->w, u.stale, err);
}

/* ---- the turn ---- */

/* As many octets as the rate gives in the time of a turn; 0: no bound. */
static uint64_t turn_bytes(const struct turn *x)
{
	const uint64_t rate = x->w->l->o.upkeep.renewal_rate;
	return rate == 0 ? 0 : rate * UPKEEP_TURN_MS / 1000 + 1;
}

static int work(struct turn *x, const struct hash_dues *dues, struct ltps_error *err)
{
	struct store_stats stats;
	store_stats_get(x->w->l->o.store, &stats);
	x->tasks_before = stats.tasks;
	x->busy_us_before = stats.commit_us;
	if (hash_readers_start(x->w->l, clock_monotonic_ms() + UPKEEP_TURN_MS,
			       turn_bytes(x), &x->readers, err) != 0)
		return -1;
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < dues->n && !is_over(x); i++)
		rc = each_source(x, &dues->d[i], err);
	if (rc == 0)
		rc = finish_ahead(x, err);
	x->more = is_over(x);
	if (rc != 0)
		hash_readers_cut(x->readers);
	if (x->ahead != NULL) { /* of a turn that failed */
		struct ltps_error second = LTPS_ERROR_INIT;
		(void)!hash_readers_await(x->readers, x->ahead, &second);
		hash_batch_free(x->ahead);
	}
	hash_readers_stop(x->readers);
	return rc;
}

/* From the beginning of the turn. */
static int64_t pause_of(const struct turn *x)
{
	const int64_t pause_ms = (int64_t)(x->busy_us * PAUSE_TIMES / 1000);
	return x->late || pause_ms < PAUSE_MS ? PAUSE_MS : pause_ms;
}

/* When to go on, so that the rate is kept and nobody waits for us. */
static void set_again(struct turn *x)
{
	const uint64_t rate = x->w->l->o.upkeep.renewal_rate;
	int64_t at_ms = x->t->now_ms;
	if (x->conflict)
		at_ms += CONFLICT_MS;
	else if (x->pause)
		at_ms += pause_of(x);
	if (rate != 0 && x->bytes > 0) {
		const int64_t by_rate =
		    x->t->now_ms + (int64_t)((double)x->bytes * 1000 / (double)rate);
		at_ms = by_rate > at_ms ? by_rate : at_ms;
	}
	again_at(x, at_ms);
}

static void set_trouble(struct turn *x, const struct hash_told *told)
{
	struct upkeep_turn *t = x->t;
	t->alarm = true;
	if (told->damaged > 0)
		snprintf(
		    t->trouble, sizeof(t->trouble),
		    "%s: %llu objects cannot be renewed, their data or evidence is "
		    "damaged: %s%s",
		    x->cause, (unsigned long long)told->damaged, told->names,
		    told->ended ? "; the digest has ended" : "");
	else if (x->broken > 0)
		snprintf(t->trouble, sizeof(t->trouble),
			 "%s: %zu trees cannot be renewed, their evidence is damaged: "
			 "%s%s",
			 x->cause, x->broken, x->why_broken,
			 told->ended ? "; the digest has ended" : "");
	else if (x->stuck)
		snprintf(t->trouble, sizeof(t->trouble),
			 "%s: no digest is left that lasts longer", x->cause);
	else if (told->late)
		snprintf(t->trouble, sizeof(t->trouble),
			 "%s: %llu leaves are not renewed yet", x->cause,
			 (unsigned long long)told->unread);
	else
		t->alarm = false;
}

static int end_of_work(struct turn *x, const struct hash_dues *dues,
		       struct ltps_error *err)
{
	bool under_way = false;
	if (x->more) {
		set_again(x);
		return 0;
	}
	if (hash_targets_close(x->w, x->cause, x->t->now_ms, err) != 0 ||
	    look_under_way(x, dues, &under_way, err) != 0)
		return -1;
	if (under_way || x->waits || x->stuck || x->broken > 0)
		again_at(x, x->t->now_ms + POLL_MS);
	return 0;
}

int renew_hashes_turn(struct ltp_worker *w, struct upkeep_turn *t,
		      struct ltps_error *err)
{
	struct turn x = { .w = w, .t = t };
	struct hash_dues dues = { .n = 0 };
	struct hash_told told;
	t->again_ms = INT64_MAX;
	/* Trees that were begun are brought to an end under any policy. */
	snprintf(x.cause, sizeof(x.cause), "begun under an earlier policy");
	find_dues(&x, &dues);
	if ((dues.n > 0 && work(&x, &dues, err) != 0) ||
	    end_of_work(&x, &dues, err) != 0 ||
	    hash_tell(w, &dues, t->now_ms, &told, err) != 0) {
		/* Trees of a digest that ends wait for what does not work. */
		t->alarm = x.has_cause;
		return -1;
	}
	again_at(&x, told.again_ms);
	set_trouble(&x, &told);
	return 0;
}
