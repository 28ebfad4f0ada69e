/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_forecast - what falls due when, and what it will cost. From sums that the store
 * keeps, or, for a policy that is not in force, from every tip with its footing judged
 * anew. Nothing is written.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/plan_private.h"

/* One renewal serves what falls due within this part of the margin: renew.c. */
#define GATHER_SHARE 4
/* What one time-stamp with its validation data, or one raised form, takes up. */
#define FORM_BYTES ((uint64_t)16 << 10)
/* Leaves of one tree of a hash-tree renewal: renew_hash.c. */
#define HASH_TREE_LEAVES ((uint64_t)1000000)
/* Tips of a forecast under another policy; 48 octets each. */
#define TIPS_MAX ((size_t)4 << 20)

/* One sum, as the store has it or as it would be. */
struct row {
	enum digest_alg alg;
	int64_t footing, partner;
	struct footing_plan plan;
	char tsa[CERT_TEXT_MAX];
	uint64_t tips, objects, bytes;
};
struct rows {
	struct row *list;
	size_t n, capacity;
};

static int rows_add(struct rows *r, struct row **ret, struct ltps_error *err)
{
	if (mem_grow(&r->list, sizeof(*r->list), r->n + 1, &r->capacity, err) != 0)
		return -1;
	*ret = &r->list[r->n++];
	memset(*ret, 0, sizeof(**ret));
	return 0;
}

/* ---- sums as they stand ---- */

static void copy_text(char *out, size_t size, const char *from)
{
	snprintf(out, size, "%.*s", (int)size - 1, from);
}

static int take_sum(void *arg, const struct tip_sum *sum, struct ltps_error *err)
{
	struct row *row;
	if (rows_add(arg, &row, err) != 0)
		return -1;
	row->alg = sum->alg;
	row->footing = sum->footing;
	row->partner = sum->partner;
	row->plan.weakens_ms = sum->weakens_ms;
	copy_text(row->plan.reason, sizeof(row->plan.reason), sum->reason);
	copy_text(row->tsa, sizeof(row->tsa), sum->tsa);
	row->tips = sum->tips;
	row->objects = sum->objects;
	row->bytes = sum->bytes;
	return 0;
}

/* ---- the same under another policy ---- */

struct judged {
	int64_t footing;
	struct footing_plan now, then; /* in force, and under the other one */
	char tsa[CERT_TEXT_MAX];
};
struct whatif {
	struct plan_judging how;
	struct judged *list; /* by footing */
	size_t n, capacity;
};

/* footing_row */
static int judge_footing(void *arg, const struct footing *f, struct ltps_error *err)
{
	struct whatif *s = arg;
	if (mem_grow(&s->list, sizeof(*s->list), s->n + 1, &s->capacity, err) != 0)
		return -1;
	struct judged *j = &s->list[s->n];
	memset(j, 0, sizeof(*j));
	j->footing = f->id;
	j->now.weakens_ms = f->weakens_ms;
	copy_text(j->now.reason, sizeof(j->now.reason), f->reason);
	copy_text(j->tsa, sizeof(j->tsa), f->tsa);
	if (f->lost_ms != 0)
		j->then = j->now;
	else if (plan_judge(&s->how, f, &j->then, err) != 0)
		return -1;
	s->n++;
	return 0;
}

static const struct judged *judged_by_id(const struct whatif *s, int64_t footing)
{
	size_t from = 0, to = s->n;
	while (from < to) {
		const size_t mid = from + (to - from) / 2;
		if (s->list[mid].footing < footing)
			from = mid + 1;
		else
			to = mid;
	}
	return from < s->n && s->list[from].footing == footing ? &s->list[from] : NULL;
}

/* Tips of one digest, footing and partner. */
struct tip_mark {
	enum digest_alg alg;
	int64_t footing, partner;
	uint64_t tips, objects, bytes;
};
struct tips {
	struct tip_mark *list;
	size_t n, capacity, n_page;
	int64_t last_id;
};

static int take_tip(void *arg, const struct tip *tip, struct ltps_error *err)
{
	struct tips *t = arg;
	struct tip_mark *last = t->n > 0 ? &t->list[t->n - 1] : NULL;
	t->last_id = tip->token;
	t->n_page++;
	if (last != NULL && last->alg == tip->alg && last->footing == tip->footing &&
	    last->partner == tip->partner) {
		last->tips++;
		last->objects += tip->objects;
		last->bytes += tip->bytes;
		return 0;
	}
	if (t->n == TIPS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, NULL,
				 "too many time-stamps for this forecast");
	if (mem_grow(&t->list, sizeof(*t->list), t->n + 1, &t->capacity, err) != 0)
		return -1;
	t->list[t->n++] = (struct tip_mark){ tip->alg, tip->footing, tip->partner,
					     1,        tip->objects, tip->bytes };
	return 0;
}

static int by_mark(const void *a, const void *b)
{
	const struct tip_mark *x = a, *y = b;
	if (x->alg != y->alg)
		return x->alg < y->alg ? -1 : 1;
	if (x->footing != y->footing)
		return x->footing < y->footing ? -1 : 1;
	return x->partner < y->partner ? -1 : x->partner > y->partner;
}

static int list_tips(struct store_conn *conn, struct tips *t, struct ltps_error *err)
{
	do {
		const struct tip_query q = { .weakens_until = INT64_MAX,
					     .after_id = t->last_id };
		t->n_page = 0;
		if (tip_list(conn, &q, take_tip, t, err) != 0)
			return -1;
	} while (t->n_page == STORE_PAGE_MAX);
	if (t->n > 0)
		qsort(t->list, t->n, sizeof(*t->list), by_mark);
	return 0;
}

/* The earlier of footing and partner; no footing: no date. */
static void judge_pair(const struct whatif *s, struct row *row)
{
	const struct judged *f = judged_by_id(s, row->footing);
	const struct judged *p =
	    row->partner != 0 ? judged_by_id(s, row->partner) : NULL;
	row->plan.weakens_ms = INT64_MIN;
	if (f == NULL)
		return;
	if (p != NULL && p->then.weakens_ms < f->then.weakens_ms)
		f = p;
	row->plan = f->then;
	copy_text(row->tsa, sizeof(row->tsa), f->tsa);
}

static int tips_anew(const struct whatif *s, struct rows *rows, struct ltps_error *err)
{
	struct tips t = { 0 };
	int rc = list_tips(s->how.conn, &t, err);
	for (size_t i = 0; rc == 0 && i < t.n; i++) {
		struct row *row = rows->n > 0 ? &rows->list[rows->n - 1] : NULL;
		if (i == 0 || by_mark(&t.list[i - 1], &t.list[i]) != 0) {
			rc = rows_add(rows, &row, err);
			if (rc != 0)
				break;
			row->alg = t.list[i].alg;
			row->footing = t.list[i].footing;
			row->partner = t.list[i].partner;
			judge_pair(s, row);
		}
		row->tips += t.list[i].tips;
		row->objects += t.list[i].objects;
		row->bytes += t.list[i].bytes;
	}
	mem_free(t.list);
	return rc;
}

static void versions_anew(const struct whatif *s, struct rows *rows)
{
	for (size_t i = 0; i < rows->n; i++)
		judge_pair(s, &rows->list[i]);
}

static int gather_rows(struct ltp *l, struct store_conn *conn,
		       const struct algorithm_policy *policy, struct rows *tips,
		       struct rows *versions, struct ltps_error *err)
{
	struct whatif s = { .how = { .l = l, .conn = conn, .policy = policy } };
	int rc = -1;
	if (version_sums(conn, take_sum, versions, err) != 0)
		return -1;
	if (policy == NULL)
		return tip_sums(conn, take_sum, tips, err);
	s.how.memo = mem_zalloc(1, sizeof(*s.how.memo));
	if (s.how.memo == NULL)
		return ltps_fail_nomem(err);
	if (footing_list(conn, judge_footing, &s, err) == 0 &&
	    tips_anew(&s, tips, err) == 0) {
		versions_anew(&s, versions);
		rc = 0;
	}
	mem_free(s.list);
	mem_free(s.how.memo);
	return rc;
}

/* ---- what two authorities share ---- */

static int add_pairs(struct plan_pairs *pairs, const struct rows *rows,
		     struct ltps_error *err)
{
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *row = &rows->list[i];
		const struct plan_pair pair = { row->footing, row->partner, row->tips,
						row->objects };
		if (plan_pairs_add(pairs, &pair, err) != 0)
			return -1;
	}
	return 0;
}

static int find_shares(struct store_conn *conn, const struct rows *tips,
		       const struct rows *versions, struct plan_shares *ret,
		       struct ltps_error *err)
{
	struct plan_pairs pairs = { .n = 0 };
	int rc = -1;
	if (add_pairs(&pairs, tips, err) == 0 && add_pairs(&pairs, versions, err) == 0)
		rc = plan_pairs_shares(conn, &pairs, ret, err);
	plan_pairs_clear(&pairs);
	return rc;
}

/* ---- items ---- */

struct making {
	const struct ltp *l;
	struct forecast *f;
	size_t capacity;
	uint64_t stamps; /* requests of one renewal: two where a second TSA confirms */
};

static int add_item(struct making *m, enum forecast_kind kind, int64_t weakens_ms,
		    struct forecast_item **ret, struct ltps_error *err)
{
	struct forecast *f = m->f;
	if (mem_grow(&f->items, sizeof(*f->items), f->n + 1, &m->capacity, err) != 0)
		return -1;
	struct forecast_item *item = &f->items[f->n++];
	memset(item, 0, sizeof(*item));
	item->kind = kind;
	item->weakens_ms = weakens_ms;
	item->due_ms = weakens_ms;
	if (weakens_ms != INT64_MIN && weakens_ms != INT64_MAX)
		item->due_ms -= f->margin_ms;
	*ret = item;
	return 0;
}

static int by_digest_and_date(const void *a, const void *b)
{
	const struct row *x = a, *y = b;
	if (x->alg != y->alg)
		return x->alg < y->alg ? -1 : 1;
	if (x->plan.weakens_ms != y->plan.weakens_ms)
		return x->plan.weakens_ms < y->plan.weakens_ms ? -1 : 1;
	const int reason = strcmp(x->plan.reason, y->plan.reason);
	return reason != 0 ? reason : strcmp(x->tsa, y->tsa);
}

static void sort_rows(struct rows *r)
{
	if (r->n > 0)
		qsort(r->list, r->n, sizeof(*r->list), by_digest_and_date);
}

/* Whether the renewal of `first` takes this one along. What has no date, and what has
 * no end, stand by themselves, each reason apart. */
static bool goes_along(const struct making *m, const struct row *first,
		       const struct row *row)
{
	const int64_t t = first->plan.weakens_ms;
	if (first->alg != row->alg)
		return false;
	if (t == INT64_MIN || row->plan.weakens_ms == INT64_MAX)
		return t == row->plan.weakens_ms &&
		       strcmp(first->plan.reason, row->plan.reason) == 0;
	return row->plan.weakens_ms - t <= m->f->margin_ms / GATHER_SHARE;
}

static void add_tips(struct forecast_item *item, const struct row *row)
{
	item->trees += row->tips;
	item->objects += row->objects;
}

static int make_tips(struct making *m, struct rows *rows, struct ltps_error *err)
{
	const struct row *first = NULL;
	struct forecast_item *item = NULL;
	sort_rows(rows);
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *row = &rows->list[i];
		if (row->plan.weakens_ms == INT64_MIN && row->plan.reason[0] == '\0') {
			m->f->undated += row->tips;
			continue;
		}
		if (first != NULL && goes_along(m, first, row)) {
			add_tips(item, row);
			continue;
		}
		first = row;
		if (add_item(m, FORECAST_TIMESTAMP, row->plan.weakens_ms, &item, err) !=
		    0)
			return -1;
		item->alg = row->alg;
		copy_text(item->reason, sizeof(item->reason), row->plan.reason);
		copy_text(item->tsa, sizeof(item->tsa), row->tsa);
		if (row->plan.weakens_ms != INT64_MAX)
			item->requests = m->stamps;
		item->bytes = item->requests * FORM_BYTES;
		add_tips(item, row);
	}
	return 0;
}

/* Each form is raised by itself, by a time-stamp of each of two authorities where there
 * are two. */
static int make_versions(struct making *m, struct rows *rows, struct ltps_error *err)
{
	struct forecast_item *item = NULL;
	sort_rows(rows);
	for (size_t i = 0; i < rows->n; i++) {
		const struct row *row = &rows->list[i];
		if (row->plan.weakens_ms == INT64_MAX)
			continue;
		if (add_item(m, FORECAST_AUGMENT, row->plan.weakens_ms, &item, err) !=
		    0)
			return -1;
		copy_text(item->reason, sizeof(item->reason), row->plan.reason);
		copy_text(item->tsa, sizeof(item->tsa), row->tsa);
		item->trees = row->tips;
		item->objects = row->objects;
		item->requests = m->stamps * row->tips;
		item->bytes = item->requests * FORM_BYTES;
	}
	return 0;
}

static int64_t digest_end(const struct making *m, const struct algorithm_policy *policy,
			  enum digest_alg alg)
{
	return policy != NULL ? algorithm_policy_digest_until(policy, alg)
			      : plan_digest_end(m->l, alg);
}

static int make_trees(struct making *m, struct store_conn *conn,
		      const struct algorithm_policy *policy, struct ltps_error *err)
{
	for (int alg = DIGEST_NONE + 1; alg < DIGEST_ALG_COUNT; alg++) {
		struct renewal_sum sum = { 0 };
		struct forecast_item *item;
		const int64_t end_ms = digest_end(m, policy, (enum digest_alg)alg);
		if (end_ms == INT64_MAX)
			continue;
		if (renewal_sum_get(conn, (enum digest_alg)alg, &sum, err) != 0)
			return -1;
		if (sum.trees == 0)
			continue;
		if (add_item(m, FORECAST_HASH_TREE, end_ms, &item, err) != 0)
			return -1;
		item->alg = (enum digest_alg)alg;
		copy_text(item->reason, sizeof(item->reason), digest_name(item->alg));
		item->trees = sum.trees;
		item->objects = sum.leaves;
		item->requests = m->stamps * ((sum.leaves + HASH_TREE_LEAVES - 1) /
					      HASH_TREE_LEAVES);
		item->bytes = sum.bytes;
	}
	return 0;
}

static int by_due(const void *a, const void *b)
{
	const struct forecast_item *x = a, *y = b;
	if (x->due_ms != y->due_ms)
		return x->due_ms < y->due_ms ? -1 : 1;
	if (x->kind != y->kind)
		return x->kind < y->kind ? -1 : 1;
	if (x->alg != y->alg)
		return x->alg < y->alg ? -1 : 1;
	const int reason = strcmp(x->reason, y->reason);
	return reason != 0 ? reason : strcmp(x->tsa, y->tsa);
}

void forecast_clear(struct forecast *f)
{
	if (f == NULL)
		return;
	mem_free(f->items);
	*f = (struct forecast){ 0 };
}

static int make_all(struct making *m, struct store_conn *conn,
		    const struct algorithm_policy *policy, struct rows *tips,
		    struct rows *versions, struct ltps_error *err)
{
	if (make_tips(m, tips, err) != 0 || make_trees(m, conn, policy, err) != 0 ||
	    make_versions(m, versions, err) != 0)
		return -1;
	if (m->f->n > 0)
		qsort(m->f->items, m->f->n, sizeof(*m->f->items), by_due);
	return 0;
}

int plan_forecast(struct ltp *l, struct store_conn *conn,
		  const struct algorithm_policy *policy, int64_t now_ms,
		  struct forecast *ret, struct ltps_error *err)
{
	struct forecast f = { .now_ms = now_ms, .margin_ms = l->o.upkeep.margin_ms };
	struct rows tips = { 0 }, versions = { 0 };
	struct making m = { .l = l, .f = &f, .stamps = l->o.n_tsas > 1 ? 2 : 1 };
	int rc = store_read_begin(conn, err);
	if (rc == 0) {
		rc = gather_rows(l, conn, policy, &tips, &versions, err);
		if (rc == 0)
			rc = find_shares(conn, &tips, &versions, &f.shares, err);
		if (rc == 0)
			rc = make_all(&m, conn, policy, &tips, &versions, err);
		store_read_end(conn);
	}
	mem_free(tips.list);
	mem_free(versions.list);
	if (rc == 0)
		*ret = f;
	else
		forecast_clear(&f);
	return rc;
}
