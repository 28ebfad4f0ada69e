/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan - the date of every footing, and the turn that keeps them right: judged anew
 * when what they depend on has changed, watched for withdrawn TSAs, and nothing
 * without a date goes unnoticed.
 *
 *   what changed                        who sees it
 *   algorithm policy, anchors, TSAs,
 *   margin                              fingerprint() against the setting
 *   status of a TSA or its CA           plan_watch()
 *   a token without validation data     look_at_undated()
 */
#include "ltp/plan.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "ltp/plan_private.h"

#define SETTING_FINGERPRINT "plan.fingerprint"
#define FINGERPRINT_VERSION "plan 1"
/* A policy of some thousand limits, and as many anchors. */
#define FINGERPRINT_TEXT_MAX ((size_t)8 << 20)
/* Tokens without a footing looked into for their date; all are counted. */
#define UNDATED_LOOK_MAX 16

/* ---- one footing ---- */

/* EN 319 102-1 5.2.6.4: what is not proven by the sunset has no anchor any more. */
static int take_sunset(const struct ltp *l, struct view uses, struct footing_plan *p,
		       struct ltps_error *err)
{
	struct cert *anchor = NULL;
	char name[CERT_TEXT_MAX], shorter[FOOTING_SHORT];
	if (footing_path(uses, NULL, &anchor, err) != 0)
		return -1;
	if (anchor == NULL)
		return 0;
	cert_text(anchor, name);
	footing_short(name, shorter);
	footing_plan_earlier(p, material_sunset_of(l->history, anchor),
			     "trust anchor %s ends", shorter);
	cert_free(anchor);
	return 0;
}

int plan_made(const struct ltp *l, struct footing_made *f, struct ltps_error *err)
{
	struct footing_plan plan;
	if (footing_weakens(l->o.algorithms, f->row.uses, f->row.ends_ms, f->row.tsa,
			    &plan, err) != 0 ||
	    take_sunset(l, f->row.uses, &plan, err) != 0)
		return -1;
	return footing_made_plan(f, plan.weakens_ms, plan.reason, err);
}

int plan_token(struct ltp *l, const struct tst *tst, const struct tsa_path_result *path,
	       enum digest_alg tree_alg, struct footing_made *ret,
	       struct ltps_error *err)
{
	const enum digest_alg extra[] = { tree_alg, DIGEST_NONE };
	if (footing_of_path(tst, path, extra, ret, err) != 0)
		return -1;
	if (plan_made(l, ret, err) == 0)
		return 0;
	footing_made_clear(ret);
	return -1;
}

int plan_judge(const struct plan_judging *j, const struct footing *f,
	       struct footing_plan *ret, struct ltps_error *err)
{
	struct plan_tsa tsa;
	if (footing_weakens_by(j->memo, j->policy, f, ret, err) != 0 ||
	    take_sunset(j->l, f->uses, ret, err) != 0 ||
	    plan_tsa_get(j->conn, f->tsa_sha256, &tsa, err) != 0)
		return -1;
	footing_plan_earlier(ret, tsa.withdrawn_ms, "%s", tsa.why);
	return 0;
}

/* ---- digests ---- */

int64_t plan_digest_end(const struct ltp *l, enum digest_alg alg)
{
	return l->o.algorithms != NULL
		   ? algorithm_policy_digest_until(l->o.algorithms, alg)
		   : INT64_MAX;
}

/* INT64_MAX stays, whatever is taken away. */
static int64_t time_left(int64_t end_ms, int64_t now_ms)
{
	if (end_ms == INT64_MAX)
		return INT64_MAX;
	return end_ms > now_ms ? end_ms - now_ms : 0;
}

enum digest_alg plan_digest(const struct ltp *l, enum digest_alg wanted, int64_t now_ms)
{
	static const enum digest_alg order[] = { DIGEST_SHA512, DIGEST_SHA384,
						 DIGEST_SHA3_512, DIGEST_SHA3_256,
						 DIGEST_SHA256 };
	enum digest_alg best = DIGEST_NONE;
	int64_t best_left = 0;
	if (time_left(plan_digest_end(l, wanted), now_ms) / 2 >= l->o.upkeep.margin_ms)
		return wanted;
	for (size_t i = 0; i < sizeof(order) / sizeof(order[0]); i++) {
		const int64_t left = time_left(plan_digest_end(l, order[i]), now_ms);
		if (left > best_left) {
			best = order[i];
			best_left = left;
		}
	}
	return best;
}

/* ---- what plans depend on ---- */

static int put_limits(const struct algorithm_policy *p, struct buf *out,
		      struct ltps_error *err)
{
	for (size_t i = 0; p != NULL && i < p->n; i++) {
		const struct algorithm_limit *l = &p->limits[i];
		if (buf_put_fmt(out, err, "limit %s %u %u %u %u %d %lld %lld\n",
				l->algorithm, l->min_bits, l->max_bits, l->min_q,
				l->max_q, (int)l->digest, (long long)l->from_ms,
				(long long)l->until_ms) != 0)
			return -1;
	}
	return 0;
}

struct anchor_mark {
	uint8_t sha256[32];
	int64_t sunset_ms;
};

static int by_sha256(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

/* In an order that does not depend on that of the configuration. */
static int put_anchors(const struct material *m, struct buf *out,
		       struct ltps_error *err)
{
	const size_t n = material_count(m, MATERIAL_ANCHOR);
	struct anchor_mark *marks = mem_zalloc(n > 0 ? n : 1, sizeof(*marks));
	int rc = 0;
	if (marks == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++) {
		memcpy(marks[i].sha256, material_cert(m, MATERIAL_ANCHOR, i)->sha256,
		       32);
		marks[i].sunset_ms = material_sunset(m, i);
	}
	qsort(marks, n, sizeof(*marks), by_sha256);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		char hex[2 * 32 + 1];
		hex_encode(view_of(marks[i].sha256, 32), hex);
		rc = buf_put_fmt(out, err, "anchor %s %lld\n", hex,
				 (long long)marks[i].sunset_ms);
	}
	mem_free(marks);
	return rc;
}

static int put_tsas(const struct ltp *l, struct buf *out, struct ltps_error *err)
{
	for (size_t i = 0; i < l->o.n_tsas; i++)
		if (buf_put_fmt(out, err, "tsa %s %s\n", l->o.tsas[i].name,
				l->o.tsas[i].url) != 0)
			return -1;
	return 0;
}

static int fingerprint(const struct ltp *l, struct digest *ret, struct ltps_error *err)
{
	struct buf text = buf_make(FINGERPRINT_TEXT_MAX);
	int rc = -1;
	if (buf_put_fmt(&text, err, "%s\nmargin %lld\npolicy %d\n", FINGERPRINT_VERSION,
			(long long)l->o.upkeep.margin_ms,
			l->o.algorithms != NULL) == 0 &&
	    put_limits(l->o.algorithms, &text, err) == 0 &&
	    put_anchors(l->history, &text, err) == 0 && put_tsas(l, &text, err) == 0)
		rc = digest_once(DIGEST_SHA256, view_buf(&text), ret, err);
	buf_free(&text);
	return rc;
}

int plan_forget(struct store_conn *conn, struct ltps_error *err)
{
	return store_setting_put(conn, SETTING_FINGERPRINT, "", 1, err);
}

static int is_planned(struct store_conn *conn, const struct digest *now, bool *ret,
		      struct ltps_error *err)
{
	uint8_t then[DIGEST_MAX];
	size_t n;
	if (store_setting_find(conn, SETTING_FINGERPRINT, then, sizeof(then), &n,
			       err) != 0)
		return -1;
	*ret = view_equal(view_of(then, n), digest_view(now));
	return 0;
}

/* ---- all footings anew ---- */

struct finding {
	struct plan_judging how;
	const uint8_t *tsa_sha256;
	struct plan_changes *changes;
};

static int keep_change(struct plan_changes *c, int64_t footing,
		       const struct footing_plan *plan, struct ltps_error *err)
{
	if (mem_grow(&c->list, sizeof(*c->list), c->n + 1, &c->capacity, err) != 0)
		return -1;
	c->list[c->n++] = (struct plan_change){ footing, *plan };
	return 0;
}

/* footing_row */
static int find_change(void *arg, const struct footing *f, struct ltps_error *err)
{
	const struct finding *s = arg;
	struct footing_plan plan;
	if (f->lost_ms != 0 ||
	    (s->tsa_sha256 != NULL && memcmp(s->tsa_sha256, f->tsa_sha256, 32) != 0))
		return 0;
	s->changes->judged++;
	if (plan_judge(&s->how, f, &plan, err) != 0)
		return ltps_where(err, "footing %lld", (long long)f->id);
	if (plan.weakens_ms == f->weakens_ms && strcmp(plan.reason, f->reason) == 0)
		return 0;
	return keep_change(s->changes, f->id, &plan, err);
}

int plan_changes_find(struct ltp_worker *w, const uint8_t *tsa_sha256,
		      struct plan_changes *ret, struct ltps_error *err)
{
	struct finding s = {
		.how = { .l = w->l, .conn = w->conn, .policy = w->l->o.algorithms },
		.tsa_sha256 = tsa_sha256,
		.changes = ret
	};
	s.how.memo = mem_zalloc(1, sizeof(*s.how.memo));
	if (s.how.memo == NULL)
		return ltps_fail_nomem(err);
	int rc = footing_list(w->conn, find_change, &s, err);
	mem_free(s.how.memo);
	return rc;
}

int plan_changes_apply(struct store_conn *conn, const struct plan_changes *c,
		       int64_t now_ms, struct ltps_error *err)
{
	for (size_t i = 0; i < c->n; i++)
		if (footing_set_plan(conn, c->list[i].footing,
				     c->list[i].plan.weakens_ms, c->list[i].plan.reason,
				     err) != 0)
			return -1;
	if (c->n == 0)
		return 0;
	if (upkeep_wake(conn, JOB_RENEW_TIMESTAMPS, now_ms, err) != 0 ||
	    upkeep_wake(conn, JOB_REAUGMENT, now_ms, err) != 0)
		return -1;
	return 0;
}

struct planned {
	struct plan_changes changes;
	struct digest fingerprint;
	int64_t now_ms;
};

static int run_planned(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct planned *p = arg;
	const struct upkeep_event e = { .operation = "RenewalPlanned",
					.now_ms = p->now_ms };
	if (plan_changes_apply(conn, &p->changes, p->now_ms, err) != 0 ||
	    store_setting_put(conn, SETTING_FINGERPRINT, p->fingerprint.p,
			      p->fingerprint.n, err) != 0)
		return -1;
	/* What is due is another matter than what weakens: margin and digests too. */
	if (upkeep_wake(conn, JOB_RENEW_TIMESTAMPS, p->now_ms, err) != 0 ||
	    upkeep_wake(conn, JOB_RENEW_HASHES, p->now_ms, err) != 0 ||
	    upkeep_wake(conn, JOB_REAUGMENT, p->now_ms, err) != 0)
		return -1;
	return upkeep_audit(conn, &e, err,
			    "policy, anchors, TSAs, margin or tips changed: %zu "
			    "footings judged anew, %zu with another date",
			    p->changes.judged, p->changes.n);
}

/* What nothing stands on is left out, and judged by the watch when something stands on
 * it again: at once after a loss (plan_forget()). */
static int plan_anew(struct ltp_worker *w, const struct upkeep_turn *t,
		     struct ltps_error *err)
{
	struct planned p = { .now_ms = t->now_ms };
	bool planned = false;
	int rc = -1;
	if (fingerprint(w->l, &p.fingerprint, err) != 0 ||
	    is_planned(w->conn, &p.fingerprint, &planned, err) != 0)
		return -1;
	if (planned)
		return 0;
	if (plan_changes_find(w, NULL, &p.changes, err) != 0 ||
	    failpoint_fail("ltp.plan.judged", err) != 0)
		goto out;
	rc = store_write(w->l->o.store, run_planned, &p, err);
out:
	mem_free(p.changes.list);
	return rc;
}

/* ---- what has no date ---- */

void plan_trouble(struct upkeep_turn *t, bool alarm, const char *fmt, ...)
{
	va_list ap;
	if (t->trouble[0] != '\0' && (t->alarm || !alarm))
		return;
	va_start(ap, fmt);
	vsnprintf(t->trouble, sizeof(t->trouble), fmt, ap);
	va_end(ap);
	t->alarm = alarm;
}

struct undated {
	int64_t now_ms;
	uint64_t n;                     /* older than a day, without a footing */
	int64_t oldest_ms;              /* genTime */
	uint64_t unreliable;            /* with a footing that never was reliable */
	int64_t footing;                /* of one of these */
	int64_t look[UNDATED_LOOK_MAX]; /* the first tokens */
	size_t n_look;
	int64_t last_id;
	size_t n_page;
};

static int count_undated(void *arg, const struct tip *tip, struct ltps_error *err)
{
	struct undated *u = arg;
	(void)err;
	u->last_id = tip->token;
	u->n_page++;
	if (tip->footing != 0) {
		u->unreliable++;
		u->footing = tip->footing;
		return 0;
	}
	if (tip->gen_time_ms > u->now_ms - PLAN_DAY_MS)
		return 0;
	if (u->n == 0 || tip->gen_time_ms < u->oldest_ms)
		u->oldest_ms = tip->gen_time_ms;
	u->n++;
	if (u->n_look < UNDATED_LOOK_MAX)
		u->look[u->n_look++] = tip->token;
	return 0;
}

/* As far as it can be said from the token alone: its signer's end, its algorithms. */
static int provisional_end(struct ltp_worker *w, int64_t token, int64_t *ret_ms,
			   struct ltps_error *err)
{
	struct token *row = NULL;
	struct tst *tst = NULL;
	struct tst_intact intact = { 0 };
	struct footing_made made = { 0 };
	struct footing_plan plan = { .weakens_ms = INT64_MIN };
	unsigned char *der = NULL;
	int rc = -1;
	if (token_get(w->conn, token, &row, err) != 0 ||
	    tst_parse(row->der, &tst, err) != 0 ||
	    tst_check(tst, NULL, 0, &intact, err) != 0)
		goto out;
	const int n = intact.signer != NULL ? i2d_X509(intact.signer, &der) : 0;
	const struct view chain = view_of(der, n > 0 ? (size_t)n : 0);
	if (n > 0 && (footing_of_token(tst, &chain, 1, NULL, &made, err) != 0 ||
		      footing_weakens(w->l->o.algorithms, made.row.uses,
				      made.row.ends_ms, made.row.tsa, &plan, err) != 0))
		goto out;
	*ret_ms = plan.weakens_ms;
	rc = 0;
out:
	OPENSSL_free(der);
	footing_made_clear(&made);
	tst_intact_clear(&intact);
	tst_free(tst);
	token_free(row);
	return rc;
}

/* A token that cannot even be read has no date that would be soon enough. */
static int is_near(struct ltp_worker *w, int64_t token, int64_t now_ms, bool *ret,
		   struct ltps_error *err)
{
	int64_t end_ms = INT64_MIN;
	if (provisional_end(w, token, &end_ms, err) != 0) {
		if (err->code != LTPS_FORMAT && err->code != LTPS_TOO_LARGE)
			return -1;
		ltps_error_clear(err);
	}
	*ret = *ret || plan_is_due(end_ms, w->l->o.upkeep.margin_ms / 2, now_ms);
	return 0;
}

static int list_undated(struct ltp_worker *w, struct undated *u, struct ltps_error *err)
{
	do {
		const struct tip_query q = { .weakens_until = INT64_MIN,
					     .after_id = u->last_id };
		u->n_page = 0;
		if (tip_list(w->conn, &q, count_undated, u, err) != 0)
			return -1;
	} while (u->n_page == STORE_PAGE_MAX);
	return 0;
}

/* The reason is that of the footing or of its partner. */
static int tell_unreliable(struct ltp_worker *w, struct upkeep_turn *t,
			   const struct undated *u, struct ltps_error *err)
{
	struct footing f;
	if (footing_get(w->conn, u->footing, &f, err) != 0)
		return -1;
	plan_trouble(t, true, "%llu time-stamps stand on what was never reliable: %s",
		     (unsigned long long)u->unreliable, f.reason);
	footing_clear(&f);
	return 0;
}

/* Validation data that cannot be got is tried again by its own job; here it is told,
 * and the louder the nearer the end. */
static int look_at_undated(struct ltp_worker *w, struct upkeep_turn *t,
			   struct ltps_error *err)
{
	struct undated u = { .now_ms = t->now_ms };
	char since[TIME_TEXT_MAX];
	bool near = false;
	if (list_undated(w, &u, err) != 0)
		return -1;
	for (size_t i = 0; i < u.n_look && !near; i++)
		if (is_near(w, u.look[i], t->now_ms, &near, err) != 0)
			return -1;
	if (u.unreliable > 0 && tell_unreliable(w, t, &u, err) != 0)
		return -1;
	if (u.n == 0)
		return 0;
	time_rfc3339(u.oldest_ms, since);
	near = near || u.oldest_ms <= t->now_ms - w->l->o.upkeep.margin_ms / 2;
	plan_trouble(t, near,
		     "%llu time-stamps have no date: their validation data is missing, "
		     "the oldest from %s",
		     (unsigned long long)u.n, since);
	return 0;
}

/* ---- the turn ---- */

int plan_turn(struct ltp_worker *w, struct upkeep_turn *t, struct ltps_error *err)
{
	t->again_ms = t->now_ms + w->l->o.upkeep.watch_ms;
	if (plan_anew(w, t, err) != 0 || look_at_undated(w, t, err) != 0)
		return -1;
	return plan_watch(w, t, err);
}

const char *const plan_failpoints[] = { "ltp.plan.judged", "ltp.plan.lost",
					"ltp.plan.watched", NULL };
