/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan_watch - the TSAs that evidence stands on are asked about at a rhythm: what
 * their CAs say of them today, not what they said when the tokens were made.
 *
 *   good                                  noted
 *   revoked, the key may be abused        footing_lose(): RFC 3161 4
 *   revoked otherwise, or to be revoked   it weakens then, now at the latest
 *   on hold, no word                      told when it lasts
 *
 * A round asks about each certificate once, a few a turn. Nothing kept counts, only
 * what is fetched: a CRL that is good for a year would hide a revocation for as long.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "ltp/path.h"
#include "ltp/plan_private.h"

#define SETTING_ROUND "plan.watch"
/* Asked about in one turn: each may wait for a few exchanges. */
#define WATCH_SLICE 4
/* Of the margin: without a word for that long there is an alarm. */
#define WATCH_ALARM_SHARE 2
/* Rounds without a word before it is told. */
#define WATCH_ROUNDS_QUIET 2

/* ---- the round ---- */

/* When it began, and the last certificate that it came to. */
struct round {
	int64_t began_ms; /* INT64_MIN: never */
	bool over;
	uint8_t last[32];
};
#define ROUND_SIZE (8 + 1 + 32)

static int round_get(struct store_conn *conn, struct round *ret, struct ltps_error *err)
{
	uint8_t p[ROUND_SIZE];
	size_t n;
	uint64_t ms = 0;
	*ret = (struct round){ .began_ms = INT64_MIN, .over = true };
	if (store_setting_find(conn, SETTING_ROUND, p, sizeof(p), &n, err) != 0)
		return -1;
	if (n != ROUND_SIZE)
		return 0; /* it begins anew */
	for (int i = 0; i < 8; i++)
		ms = ms << 8 | p[i];
	ret->began_ms = (int64_t)ms;
	ret->over = p[8] != 0;
	memcpy(ret->last, p + 9, 32);
	return 0;
}

static int round_put(struct store_conn *conn, const struct round *r,
		     struct ltps_error *err)
{
	uint8_t p[ROUND_SIZE];
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)((uint64_t)r->began_ms >> (56 - 8 * i));
	p[8] = r->over;
	memcpy(p + 9, r->last, 32);
	return store_setting_put(conn, SETTING_ROUND, p, sizeof(p), err);
}

/* ---- the certificates to ask about ---- */

struct watched {
	uint8_t sha256[32];
	char tsa[FOOTING_SHORT];
};
struct watch {
	struct ltp_worker *w;
	int64_t now_ms;
	struct watched *list; /* sorted, each once */
	size_t n, capacity;
};

static int by_sha256(const void *a, const void *b)
{
	return memcmp(a, b, 32);
}

/* Behind its end no CA need speak of it, and evidence is renewed by then. */
static bool is_watched(const struct footing *f, int64_t now_ms)
{
	return f->lost_ms == 0 && f->ends_ms > now_ms;
}

/* footing_row */
static int gather(void *arg, const struct footing *f, struct ltps_error *err)
{
	struct watch *s = arg;
	if (!is_watched(f, s->now_ms))
		return 0;
	if (mem_grow(&s->list, sizeof(*s->list), s->n + 1, &s->capacity, err) != 0)
		return -1;
	struct watched *t = &s->list[s->n++];
	memcpy(t->sha256, f->tsa_sha256, 32);
	footing_short(f->tsa, t->tsa);
	return 0;
}

static int gather_all(struct watch *s, struct ltps_error *err)
{
	size_t kept = 0;
	if (footing_list(s->w->conn, gather, s, err) != 0)
		return -1;
	if (s->n > 0)
		qsort(s->list, s->n, sizeof(*s->list), by_sha256);
	for (size_t i = 0; i < s->n; i++)
		if (kept == 0 || by_sha256(&s->list[kept - 1], &s->list[i]) != 0)
			s->list[kept++] = s->list[i];
	s->n = kept;
	return 0;
}

/* ---- one certificate: what is said of it now ---- */

/* Who and what together are a reason. */
#define WHO_MAX (FOOTING_SHORT + 8)
#define WHAT_MAX 48

enum word { WORD_GOOD, WORD_NONE, WORD_HELD, WORD_WITHDRAWN, WORD_LOST };

struct answer {
	enum word word;
	int64_t from_ms; /* of WITHDRAWN: when it is no more; may be to come */
	char why[STORE_REASON_MAX + 1];
};

/* As tsa_path_judge() has it: what it would not accept any more is lost. A missing
 * reason may hide the worst one. */
static bool is_harmless(int reason)
{
	return reason == 0 || (reason >= 3 && reason <= 5);
}

static const char *reason_name(int reason)
{
	static const char *const names[] = {
		"unspecified",        "keyCompromise",   "cACompromise",
		"affiliationChanged", "superseded",      "cessationOfOperation",
		"certificateHold",    "no reason known", "removeFromCRL",
		"privilegeWithdrawn", "aACompromise",
	};
	if (reason < 0)
		return "no reason given";
	return (size_t)reason < sizeof(names) / sizeof(names[0]) ? names[reason]
								 : "unknown reason";
}

/* "the TSA", or the CA above it by its name. */
static void name_of(const struct path_candidate *c, size_t i, char out[WHO_MAX])
{
	char name[CERT_TEXT_MAX], shorter[FOOTING_SHORT];
	if (i == 0) {
		snprintf(out, WHO_MAX, "the TSA");
		return;
	}
	cert_text(c->certs[i], name);
	footing_short(name, shorter);
	snprintf(out, WHO_MAX, "the CA %s", shorter);
}

static int64_t effective_ms(const struct path_cert_revocation *r)
{
	return r->invalidity_ms != INT64_MIN && r->invalidity_ms < r->revoked_ms
		   ? r->invalidity_ms
		   : r->revoked_ms;
}

/* The worse word of two stands; of two withdrawals the earlier. */
static void weigh(struct answer *a, enum word word, int64_t from_ms, const char *who,
		  const char *what)
{
	if (word < a->word || (word == a->word && from_ms >= a->from_ms))
		return;
	a->word = word;
	a->from_ms = from_ms;
	snprintf(a->why, sizeof(a->why), "%s %s", who, what);
}

/* One that spares what is older may be told before its day. Any other counts at once,
 * whatever its date. */
static void weigh_revoked(const struct path_cert_revocation *r, int64_t now_ms,
			  const char *who, struct answer *a)
{
	char what[WHAT_MAX];
	const bool later = effective_ms(r) > now_ms;
	if (!is_harmless(r->reason)) {
		snprintf(what, sizeof(what), "was revoked: %s", reason_name(r->reason));
		weigh(a, WORD_LOST, INT64_MIN, who, what);
		return;
	}
	snprintf(what, sizeof(what), "%s withdrawn: %s", later ? "is to be" : "was",
		 reason_name(r->reason));
	weigh(a, WORD_WITHDRAWN, later ? effective_ms(r) : INT64_MIN, who, what);
}

static void weigh_cert(const struct path_candidate *c, size_t i, int64_t now_ms,
		       struct answer *a)
{
	const struct path_cert_revocation *r = &c->revocation[i];
	char who[WHO_MAX];
	name_of(c, i, who);
	switch (r->status) {
	case PATH_STATUS_REVOKED:
		weigh_revoked(r, now_ms, who, a);
		break;
	case PATH_STATUS_ON_HOLD:
		weigh(a, WORD_HELD, INT64_MIN, who, "is on hold");
		break;
	case PATH_STATUS_GOOD:
		break;
	case PATH_STATUS_UNKNOWN:
		weigh(a, WORD_NONE, INT64_MIN, who, "has no status");
		break;
	}
}

static void weigh_path(const struct path_result *r, int64_t now_ms, struct answer *a)
{
	const struct path_candidate *c = &r->best;
	*a = (struct answer){ .word = WORD_GOOD, .from_ms = INT64_MAX };
	for (size_t i = 0; c->revocation != NULL && i + 1 < c->n_certs; i++)
		weigh_cert(c, i, now_ms, a);
	/* An anchor itself has no status; without a path there is nothing to say. */
	if (r->status == PATH_VALID || a->word > WORD_NONE)
		return;
	a->word = WORD_NONE;
	snprintf(a->why, sizeof(a->why), "%s", path_code_text(r->why));
}

struct asking {
	const uint8_t *sha256;
	struct material *m;
	size_t n; /* footings */
};

/* footing_row: the paths of all footings of this TSA, any of which may serve. */
static int take_path(void *arg, const struct footing *f, struct ltps_error *err)
{
	struct asking *a = arg;
	if (f->lost_ms != 0 || memcmp(f->tsa_sha256, a->sha256, 32) != 0)
		return 0;
	a->n++;
	return footing_path(f->uses, a->m, NULL, err);
}

static int judge(struct ltp_worker *w, const struct material *m,
		 const struct cert *target, struct answer *ret, struct ltps_error *err)
{
	struct judged_path j = { 0 };
	/* CRLs first: they tell of days to come. */
	const struct path_sources sources = { .fetch = w->fetch,
					      .clock = w->l->o.clock,
					      .cancelled = &w->cancelled,
					      .crl_first = true };
	const struct path_input in = { .target = target,
				       .pools = { m, w->l->history },
				       .n_pools = 2,
				       /* what an anchor of old proves is still
					  watched; its end is the plan's */
				       .ignore_sunset = true,
				       .time_ms = ltp_now(w->l),
				       .exempt_short_term = true,
				       .cache = w->signatures };
	if (path_judge_fetching(&sources, &in, &j, err) != 0)
		return -1;
	weigh_path(j.result, in.time_ms, ret);
	judged_path_clear(&j);
	return 0;
}

static int ask(struct ltp_worker *w, const struct watched *t, struct answer *ret,
	       struct ltps_error *err)
{
	struct asking a = { .sha256 = t->sha256 };
	int rc = -1;
	if (material_new(&a.m, err) != 0)
		return -1;
	if (footing_list(w->conn, take_path, &a, err) != 0)
		goto out;
	const struct cert *target = material_find_cert(a.m, MATERIAL_CERT, t->sha256);
	if (target == NULL) {
		*ret = (struct answer){ .word = WORD_NONE,
					.why = "its certificate is not kept" };
		rc = 0;
		goto out;
	}
	rc = judge(w, a.m, target, ret, err);
out:
	material_free(a.m);
	return rc;
}

/* ---- what follows ---- */

static void log_tsa(const struct ltp *l, enum log_level level, const char *text,
		    const struct watched *t, const char *why)
{
	log_write(l->o.log, LOG_OPERATION, level, text,
		  LOG_FIELDS({ "tsa", t->tsa }, { "why", why }));
}

struct loss {
	const struct watched *t;
	const char *why;
	int64_t now_ms;
	int64_t *ids;
	size_t n, capacity;
	struct footing_loss sum;
};

/* footing_row */
static int gather_lost(void *arg, const struct footing *f, struct ltps_error *err)
{
	struct loss *s = arg;
	if (f->lost_ms != 0 || memcmp(f->tsa_sha256, s->t->sha256, 32) != 0)
		return 0;
	if (mem_grow(&s->ids, sizeof(*s->ids), s->n + 1, &s->capacity, err) != 0)
		return -1;
	s->ids[s->n++] = f->id;
	return 0;
}

static int lose_listed(struct store_conn *conn, struct loss *s, struct ltps_error *err)
{
	s->n = 0;
	if (footing_list(conn, gather_lost, s, err) != 0)
		return -1;
	for (size_t i = 0; i < s->n; i++) {
		struct footing_loss one = { 0 };
		if (footing_lose(conn, s->ids[i], s->now_ms, s->why, &one, err) != 0)
			return -1;
		s->sum.tokens += one.tokens;
		s->sum.restored += one.restored;
		s->sum.trees += one.trees;
		s->sum.leaves += one.leaves;
	}
	return 0;
}

/* What is a tip again by a loss may stand on another footing of the same certificate,
 * which was not listed before: it would be renewed as if it still proved something. */
static int lose_all(struct store_conn *conn, struct loss *s, struct ltps_error *err)
{
	do {
		if (lose_listed(conn, s, err) != 0)
			return -1;
	} while (s->n > 0);
	return s->sum.restored > 0 ? plan_forget(conn, err) : 0;
}

/* What was completed meanwhile falls too: the rows are read here. */
static int run_lose(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct loss *s = arg;
	const struct upkeep_event e = { .operation = "EvidenceLost",
					.now_ms = s->now_ms };
	s->sum = (struct footing_loss){ 0 };
	if (lose_all(conn, s, err) != 0)
		return -1;
	if (upkeep_wake(conn, JOB_RENEW_TIMESTAMPS, s->now_ms, err) != 0 ||
	    upkeep_wake(conn, JOB_RENEW_HASHES, s->now_ms, err) != 0 ||
	    upkeep_wake(conn, JOB_REAUGMENT, s->now_ms, err) != 0)
		return -1;
	return upkeep_audit(conn, &e, err,
			    "%s: %s; %llu time-stamps fell, %llu before them "
			    "count again, %llu trees of %llu leaves wait for a new one",
			    s->t->tsa, s->why, (unsigned long long)s->sum.tokens,
			    (unsigned long long)s->sum.restored,
			    (unsigned long long)s->sum.trees,
			    (unsigned long long)s->sum.leaves);
}

static int lose(struct ltp_worker *w, struct upkeep_turn *turn, const struct watched *t,
		const struct answer *a, struct ltps_error *err)
{
	struct loss s = { .t = t, .why = a->why, .now_ms = turn->now_ms };
	if (failpoint_fail("ltp.plan.lost", err) != 0)
		return -1;
	int rc = store_write(w->l->o.store, run_lose, &s, err);
	mem_free(s.ids);
	if (rc != 0)
		return -1;
	if (s.sum.restored > 0)
		plan_again(turn, turn->now_ms);
	log_tsa(w->l, LOG_ERROR, "evidence lost: time-stamps count no more", t, a->why);
	plan_trouble(turn, s.sum.trees > 0,
		     "%s: %s; %llu time-stamps fell, %llu trees have no proof "
		     "of older time any more",
		     t->tsa, a->why, (unsigned long long)s.sum.tokens,
		     (unsigned long long)s.sum.trees);
	return 0;
}

struct noting {
	const struct watched *t;
	struct plan_tsa tsa;
	bool newly; /* withdrawn, or no more */
	struct plan_changes changes;
	int64_t now_ms;
};

static int run_note(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct noting *s = arg;
	return plan_tsa_put(conn, s->t->sha256, &s->tsa, err);
}

static int run_replan(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct noting *s = arg;
	const struct upkeep_event e = { .operation = "RenewalPlanned",
					.now_ms = s->now_ms };
	if (plan_changes_apply(conn, &s->changes, s->now_ms, err) != 0)
		return -1;
	return upkeep_audit(conn, &e, err,
			    "%s: %s; %zu footings with another "
			    "date",
			    s->t->tsa,
			    s->tsa.withdrawn_ms != INT64_MAX ? s->tsa.why
							     : "not to be withdrawn",
			    s->changes.n);
}

/* A withdrawal is for good once its day has come. */
static void take_answer(struct plan_tsa *tsa, const struct answer *a, int64_t now_ms)
{
	const int64_t from_ms = a->from_ms > now_ms ? a->from_ms : now_ms;
	const bool withdrawn = tsa->withdrawn_ms <= now_ms;
	if (tsa->good_ms == INT64_MIN || a->word == WORD_GOOD ||
	    a->word == WORD_WITHDRAWN)
		tsa->good_ms = now_ms;
	tsa->held = a->word == WORD_HELD;
	if (withdrawn)
		return;
	if (a->word == WORD_GOOD)
		tsa->withdrawn_ms = INT64_MAX;
	else if (a->word == WORD_WITHDRAWN)
		tsa->withdrawn_ms = from_ms;
	else if (tsa->withdrawn_ms != INT64_MAX)
		return; /* its reason stays */
	snprintf(tsa->why, sizeof(tsa->why), "%s", a->why);
}

static int note(struct ltp_worker *w, struct upkeep_turn *turn, const struct watched *t,
		const struct answer *a, struct ltps_error *err)
{
	struct noting s = { .t = t, .now_ms = turn->now_ms };
	int rc = -1;
	if (plan_tsa_get(w->conn, t->sha256, &s.tsa, err) != 0)
		return -1;
	const int64_t before_ms = s.tsa.withdrawn_ms;
	take_answer(&s.tsa, a, turn->now_ms);
	if (failpoint_fail("ltp.plan.watched", err) != 0)
		return -1;
	if (store_write(w->l->o.store, run_note, &s, err) != 0)
		return -1;
	if (s.tsa.withdrawn_ms != before_ms)
		log_tsa(w->l, LOG_WARNING, "a TSA is withdrawn: renewed in time", t,
			s.tsa.why);
	/* Also what was stored, but not planned, before a crash; and new footings of a
	 * TSA that is withdrawn already. */
	if (plan_changes_find(w, t->sha256, &s.changes, err) == 0)
		rc = s.changes.n > 0 ? store_write(w->l->o.store, run_replan, &s, err)
				     : 0;
	mem_free(s.changes.list);
	return rc;
}

/* ---- what lasts ---- */

static int tell_one(struct ltp_worker *w, struct upkeep_turn *turn,
		    const struct watched *t, struct ltps_error *err)
{
	const struct ltp_upkeep_options *o = &w->l->o.upkeep;
	struct plan_tsa tsa;
	char since[TIME_TEXT_MAX];
	if (plan_tsa_get(w->conn, t->sha256, &tsa, err) != 0)
		return -1;
	if (tsa.good_ms == INT64_MIN || tsa.withdrawn_ms <= turn->now_ms)
		return 0;
	const int64_t silent_ms = turn->now_ms - tsa.good_ms;
	if (!tsa.held && silent_ms <= WATCH_ROUNDS_QUIET * o->watch_ms)
		return 0;
	time_rfc3339(tsa.good_ms, since);
	plan_trouble(turn, silent_ms > o->margin_ms / WATCH_ALARM_SHARE,
		     "no good word of the TSA %s since %s: %s", t->tsa, since, tsa.why);
	return 0;
}

static int tell_all(const struct watch *s, struct upkeep_turn *turn,
		    struct ltps_error *err)
{
	for (size_t i = 0; i < s->n; i++)
		if (tell_one(s->w, turn, &s->list[i], err) != 0)
			return -1;
	return 0;
}

/* ---- a turn's share of the round ---- */

static int run_round(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	return round_put(conn, arg, err);
}

static int ask_one(struct watch *s, struct upkeep_turn *turn, const struct watched *t,
		   struct ltps_error *err)
{
	struct answer a;
	if (ask(s->w, t, &a, err) != 0)
		return -1;
	return a.word == WORD_LOST ? lose(s->w, turn, t, &a, err)
				   : note(s->w, turn, t, &a, err);
}

static int ask_some(struct watch *s, struct upkeep_turn *turn, struct round *r,
		    struct ltps_error *err)
{
	unsigned asked = 0;
	for (size_t i = 0; i < s->n; i++) {
		const struct watched *t = &s->list[i];
		if (memcmp(t->sha256, r->last, 32) <= 0)
			continue;
		if (asked++ == WATCH_SLICE) {
			plan_again(turn, turn->now_ms);
			return store_write(s->w->l->o.store, run_round, r, err);
		}
		if (ask_one(s, turn, t, err) != 0)
			return -1;
		memcpy(r->last, t->sha256, 32);
	}
	r->over = true;
	return store_write(s->w->l->o.store, run_round, r, err);
}

/* A clock that was set back makes it begin anew as well. */
static bool begins(const struct round *r, int64_t now_ms, int64_t watch_ms)
{
	return r->over && (r->began_ms == INT64_MIN || r->began_ms > now_ms ||
			   now_ms - r->began_ms >= watch_ms);
}

int plan_watch(struct ltp_worker *w, struct upkeep_turn *t, struct ltps_error *err)
{
	struct watch s = { .w = w, .now_ms = t->now_ms };
	struct round r;
	const int64_t watch_ms = w->l->o.upkeep.watch_ms;
	int rc = -1;
	if (round_get(w->conn, &r, err) != 0 || gather_all(&s, err) != 0)
		goto out;
	if (begins(&r, t->now_ms, watch_ms))
		r = (struct round){ .began_ms = t->now_ms };
	if (s.n > 0 && !r.over && ask_some(&s, t, &r, err) != 0)
		goto out;
	if (s.n > 0 && r.over)
		plan_again(t, r.began_ms + watch_ms);
	rc = tell_all(&s, t, err);
out:
	mem_free(s.list);
	return rc;
}
