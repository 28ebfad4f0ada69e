/* SPDX-License-Identifier: Apache-2.0 */
#include "ltp/upkeep.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/trusted_lists.h"
#include "storage/audit.h"

/* Of a job about everything. */
#define SUBJECT "all"
#define OWNER "upkeep"
#define ACTOR "service"
/* Asked for at the latest then, whatever a turn says: plans may be wrong. */
#define LONGEST_MS ((int64_t)30 * 86400000)
#define SETTING_MAX (STORE_NAME_MAX + 16)
#define CLOCK_SETTING "upkeep.clock"
/* When the clock was first seen behind that; for so long it may tell otherwise. */
#define CLOCK_BEHIND_SETTING "upkeep.clock.behind"
#define CLOCK_BEHIND_MS ((int64_t)7 * 86400000)
/* Seen at this step: written down for each turn would be a write for nothing. */
#define CLOCK_STEP_MS 60000
/* Jobs of a wrong clock that one store task sets right. */
#define AHEAD_MAX 64

static const struct {
	const char *kind;
	upkeep_fn *turn;
} WORKS[] = {
	{ JOB_PLAN, plan_turn },
	{ JOB_RENEW_TIMESTAMPS, renew_timestamps_turn },
	{ JOB_RENEW_HASHES, renew_hashes_turn },
	{ JOB_REVALIDATE, revalidate_turn },
	{ JOB_REAUGMENT, reaugment_turn },
	{ JOB_PERIOD, period_turn },
	{ JOB_COPY, copy_turn },
	{ JOB_FIXITY, fixity_turn },
	{ JOB_TRUSTED_LISTS, trusted_lists_turn },
};
#define WORKS_COUNT (sizeof(WORKS) / sizeof(WORKS[0]))

/* ---- jobs that never end ---- */

int upkeep_wake(struct store_conn *conn, const char *kind, int64_t now_ms,
		struct ltps_error *err)
{
	return job_add(conn, kind, SUBJECT, now_ms, NULL, err);
}

/* At a start policy, anchors, TSAs and folders may be others: all are asked. */
static int run_begin(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const int64_t *now_ms = arg;
	for (size_t i = 0; i < WORKS_COUNT; i++)
		if (upkeep_wake(conn, WORKS[i].kind, *now_ms, err) != 0)
			return -1;
	return 0;
}

/* ---- times of a clock that was ahead ---- */

struct ahead {
	const char *kind;
	int64_t now_ms;
	int64_t longest_ms;
	struct queue_row *rows;
	size_t n;
};

/* Later than a claim, or the end of a turn, can have put it now. */
static bool is_ahead(const struct queue_row *row, int64_t now_ms, int64_t longest_ms)
{
	const int64_t from_ms = now_ms + UPKEEP_CLOCK_SLACK_MS;
	if (row->state == QUEUE_LEASED)
		return row->lease_until_ms > from_ms + UPKEEP_LEASE_MS;
	return row->state == QUEUE_WAITING && row->due_ms > from_ms + longest_ms;
}

static int keep_ahead(void *arg, const struct queue_row *row, struct ltps_error *err)
{
	struct ahead *a = arg;
	(void)err;
	if (a->n < AHEAD_MAX && is_ahead(row, a->now_ms, a->longest_ms))
		a->rows[a->n++] = *row;
	return 0;
}

/* Whoever holds such a lease is fenced off, if he lives at all. */
static int run_ahead(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct ahead *a = arg;
	const int64_t from_ms = a->now_ms + UPKEEP_CLOCK_SLACK_MS;
	const struct queue_ahead q = { .kind = a->kind,
				       .due_ms = from_ms + a->longest_ms,
				       .lease_ms = from_ms + UPKEEP_LEASE_MS,
				       .limit = AHEAD_MAX };
	a->n = 0;
	if (queue_list_ahead(conn, &q, keep_ahead, a, err) != 0)
		return -1;
	for (size_t i = 0; i < a->n; i++) {
		const struct queue_row *r = &a->rows[i];
		if ((r->state == QUEUE_LEASED
			 ? queue_postpone(conn, r->id, r->fence, a->now_ms, err)
			 : job_add(conn, r->kind, r->subject, a->now_ms, NULL, err)) !=
		    0)
			return -1;
	}
	return 0;
}

int upkeep_set_right(struct ltp_worker *w, const char *kind, int64_t now_ms,
		     int64_t longest_ms, bool *ret_any, struct ltps_error *err)
{
	struct ahead a = { .kind = kind, .now_ms = now_ms, .longest_ms = longest_ms };
	a.rows = mem_zalloc(AHEAD_MAX, sizeof(*a.rows));
	if (a.rows == NULL)
		return ltps_fail_nomem(err);
	int rc = 0;
	*ret_any = false;
	do { /* each task is a short one; whoever is last takes the rest */
		a.n = 0;
		rc = store_write(w->l->o.store, run_ahead, &a, err);
		*ret_any = *ret_any || (rc == 0 && a.n > 0);
	} while (rc == 0 && a.n == AHEAD_MAX && !atomic_load(&w->cancelled));
	mem_free(a.rows);
	return rc;
}

int upkeep_due(struct ltp_worker *w, const char *kind, int64_t now_ms,
	       int64_t longest_ms, int64_t *ret_due_ms, struct ltps_error *err)
{
	int64_t last_ms;
	bool any = false;
	if (queue_next_due(w->conn, kind, ret_due_ms, err) != 0 ||
	    queue_last_due(w->conn, kind, &last_ms, err) != 0)
		return -1;
	if (last_ms > now_ms + longest_ms + UPKEEP_CLOCK_SLACK_MS &&
	    upkeep_set_right(w, kind, now_ms, longest_ms, &any, err) != 0)
		return -1;
	if (any && *ret_due_ms > now_ms)
		*ret_due_ms = now_ms;
	return 0;
}

/* When a kind is due. */
static int due_of(struct ltp_worker *w, const char *kind, int64_t now_ms,
		  int64_t *ret_due_ms, struct ltps_error *err)
{
	struct queue_row all = { 0 };
	bool found, ahead;
	if (upkeep_due(w, kind, now_ms, LONGEST_MS, ret_due_ms, err) != 0 ||
	    queue_find(w->conn, kind, SUBJECT, &all, &found, err) != 0)
		return -1;
	if (!found || !is_ahead(&all, now_ms, LONGEST_MS))
		return 0;
	if (upkeep_set_right(w, kind, now_ms, LONGEST_MS, &ahead, err) != 0)
		return -1;
	if (ahead && *ret_due_ms > now_ms)
		*ret_due_ms = now_ms;
	return 0;
}

/* The kind that is most overdue; its time in *ret_due_ms, 0 when there is none. */
static int find_due(struct ltp_worker *w, int64_t now_ms, size_t *ret_work,
		    int64_t *ret_due_ms, struct ltps_error *err)
{
	*ret_due_ms = 0;
	for (size_t i = 0; i < WORKS_COUNT; i++) {
		int64_t due_ms;
		if (due_of(w, WORKS[i].kind, now_ms, &due_ms, err) != 0)
			return -1;
		if (due_ms == 0 || (*ret_due_ms != 0 && due_ms >= *ret_due_ms))
			continue;
		*ret_due_ms = due_ms;
		*ret_work = i;
	}
	return 0;
}

struct claiming {
	struct job_claim claim;
	struct job *job;
	bool found;
};

static int run_claim(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct claiming *c = arg;
	return job_claim(conn, &c->claim, c->job, &c->found, err);
}

/* ---- what is told ---- */

/* "!text" of an alarm, "text" of trouble, "" of none. */
static void trouble_line(const struct upkeep_turn *t, char out[STORE_ERROR_MAX + 2])
{
	snprintf(out, STORE_ERROR_MAX + 2, "%s%.*s",
		 t->alarm && t->trouble[0] != '\0' ? "!" : "", STORE_ERROR_MAX,
		 t->trouble);
}

static int get_text(struct store_conn *conn, const char *name, char *out, size_t size,
		    struct ltps_error *err)
{
	size_t n;
	if (store_setting_find(conn, name, (uint8_t *)out, size - 1, &n, err) != 0)
		return -1;
	out[n] = '\0';
	return 0;
}

static int keep_trouble(struct store_conn *conn, const struct upkeep_turn *t,
			struct ltps_error *err)
{
	char name[SETTING_MAX], now[STORE_ERROR_MAX + 2], was[STORE_ERROR_MAX + 2];
	snprintf(name, sizeof(name), "trouble.%s", t->job.kind);
	trouble_line(t, now);
	if (get_text(conn, name, was, sizeof(was), err) != 0)
		return -1;
	return strcmp(now, was) == 0
		   ? 0
		   : store_setting_put(conn, name, now, strlen(now), err);
}

/* What was in danger is so still when a turn could not even look. */
static int keep_alarm(struct store_conn *conn, struct upkeep_turn *t,
		      struct ltps_error *err)
{
	char name[SETTING_MAX], was[STORE_ERROR_MAX + 2];
	snprintf(name, sizeof(name), "trouble.%s", t->job.kind);
	if (get_text(conn, name, was, sizeof(was), err) != 0)
		return -1;
	t->alarm = t->alarm || was[0] == '!';
	return 0;
}

/* The worst trouble there is: an alarm before the others. */
int upkeep_trouble(struct store_conn *conn, char out[STORE_ERROR_MAX + 1],
		   bool *ret_alarm, struct ltps_error *err)
{
	char name[SETTING_MAX], text[STORE_ERROR_MAX + 2];
	out[0] = '\0';
	*ret_alarm = false;
	for (size_t i = 0; i < WORKS_COUNT && !*ret_alarm; i++) {
		snprintf(name, sizeof(name), "trouble.%s", WORKS[i].kind);
		if (get_text(conn, name, text, sizeof(text), err) != 0)
			return -1;
		*ret_alarm = text[0] == '!';
		if (text[0] != '\0' && (*ret_alarm || out[0] == '\0'))
			snprintf(out, STORE_ERROR_MAX + 1, "%.*s: %.*s", 32,
				 WORKS[i].kind, STORE_ERROR_MAX - 40,
				 text + *ret_alarm);
	}
	return 0;
}

int upkeep_audit(struct store_conn *conn, const struct upkeep_event *e,
		 struct ltps_error *err, const char *fmt, ...)
{
	char detail[STORE_TEXT_MAX + 1];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(detail, sizeof(detail), fmt, ap);
	va_end(ap);
	const struct audit_entry entry = {
		.time_ms = e->now_ms,
		.tenant = e->tenant,
		.actor = ACTOR,
		.operation = e->operation,
		.poid = e->poid,
		.detail = detail[0] != '\0' ? detail : NULL,
		.outcome = e->outcome != NULL ? e->outcome : "success",
	};
	return audit_append(conn, &entry, NULL, err);
}

/* ---- the clock ---- */

static int get_time(struct store_conn *conn, const char *name, int64_t *ret_ms,
		    struct ltps_error *err)
{
	size_t n;
	*ret_ms = INT64_MIN;
	return store_setting_find(conn, name, (uint8_t *)ret_ms, sizeof(*ret_ms), &n,
				  err);
}

static int put_time(struct store_conn *conn, const char *name, int64_t ms,
		    struct ltps_error *err)
{
	return store_setting_put(conn, name, &ms, sizeof(ms), err);
}

int upkeep_clock(struct store_conn *conn, int64_t *ret_seen_ms, struct ltps_error *err)
{
	return get_time(conn, CLOCK_SETTING, ret_seen_ms, err);
}

/* It was said for a week: the clock that was ahead is forgotten. One that goes on going
 * back begins its week anew. */
static int keep_behind(struct store_conn *conn, int64_t now_ms, struct ltps_error *err)
{
	int64_t since_ms;
	if (get_time(conn, CLOCK_BEHIND_SETTING, &since_ms, err) != 0)
		return -1;
	if (since_ms == INT64_MIN || now_ms < since_ms - CLOCK_STEP_MS)
		return put_time(conn, CLOCK_BEHIND_SETTING, now_ms, err);
	if (now_ms < since_ms + CLOCK_BEHIND_MS)
		return 0;
	if (put_time(conn, CLOCK_BEHIND_SETTING, INT64_MIN, err) != 0)
		return -1;
	return put_time(conn, CLOCK_SETTING, now_ms, err);
}

/* The latest time that was seen: a clock that goes back is noticed. */
static int keep_clock(struct store_conn *conn, int64_t now_ms, struct ltps_error *err)
{
	int64_t seen_ms, since_ms;
	if (upkeep_clock(conn, &seen_ms, err) != 0)
		return -1;
	if (seen_ms != INT64_MIN && now_ms < seen_ms - UPKEEP_CLOCK_SLACK_MS)
		return keep_behind(conn, now_ms, err);
	if (seen_ms != INT64_MIN && now_ms < seen_ms + CLOCK_STEP_MS)
		return 0;
	if (get_time(conn, CLOCK_BEHIND_SETTING, &since_ms, err) != 0 ||
	    (since_ms != INT64_MIN &&
	     put_time(conn, CLOCK_BEHIND_SETTING, INT64_MIN, err) != 0))
		return -1;
	return put_time(conn, CLOCK_SETTING, now_ms, err);
}

/* ---- a turn ---- */

struct ending {
	struct upkeep_turn *turn;
	const struct ltps_error *why; /* of a failure */
	int64_t now_ms;
	bool cut_short; /* neither failed nor went well */
};

/* What is about one thing alone ends with it. */
static bool is_over(const struct upkeep_turn *t)
{
	return strcmp(t->job.subject, SUBJECT) != 0 && t->again_ms == INT64_MAX;
}

/* Only failures in a row come later and later: a turn that went well ends the row. */
static int put_off(struct store_conn *conn, const struct job *job, int64_t due_ms,
		   bool cut_short, struct ltps_error *err)
{
	if (cut_short || job->attempts <= 1)
		return job_postpone(conn, job, due_ms, err);
	if (job_finish(conn, job, err) != 0)
		return -1;
	return job_add(conn, job->kind, job->subject, due_ms, NULL, err);
}

static int run_end(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct ending *e = arg;
	const struct upkeep_turn *t = e->turn;
	if (keep_clock(conn, e->now_ms, err) != 0 ||
	    (!e->cut_short && keep_trouble(conn, t, err) != 0))
		return -1;
	if (is_over(t))
		return job_finish(conn, &t->job, err);
	const int64_t longest_ms = e->now_ms + LONGEST_MS;
	return put_off(conn, &t->job,
		       t->again_ms < longest_ms ? t->again_ms : longest_ms,
		       e->cut_short, err);
}

static int run_failed(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct ending *e = arg;
	const struct job_failure f = { .job = &e->turn->job,
				       .now_ms = e->now_ms,
				       .why = e->why };
	if (keep_alarm(conn, e->turn, err) != 0 ||
	    keep_trouble(conn, e->turn, err) != 0)
		return -1;
	return job_fail(conn, &f, NULL, err);
}

/* Whoever claimed it meanwhile, since it took too long, goes on with it. */
static int end_turn(struct ltp_worker *w, struct ending *e, struct ltps_error *err)
{
	if (store_write(w->l->o.store, e->why != NULL ? run_failed : run_end, e, err) ==
	    0)
		return 0;
	if (err->code != LTPS_STATE && err->code != LTPS_NOT_FOUND)
		return -1;
	ltps_error_clear(err);
	return 0;
}

static int fail_turn(struct ltp_worker *w, struct upkeep_turn *t,
		     const struct ltps_error *why, struct ltps_error *err)
{
	struct ending e = { .turn = t, .why = why, .now_ms = ltp_now(w->l) };
	if (atomic_load(&w->cancelled) || why->code == LTPS_CANCELLED) {
		/* The attempt does not count, and a restart takes it up at once. */
		t->again_ms = e.now_ms;
		e.why = NULL;
		e.cut_short = true;
	} else {
		ltps_error_line(why, t->trouble, sizeof(t->trouble));
		log_error(w->l->o.log, LOG_OPERATION, LOG_ERROR,
			  "upkeep failed; will be tried again", why,
			  LOG_FIELDS({ "job", t->job.kind }));
	}
	return end_turn(w, &e, err);
}

static int take_turn(struct ltp_worker *w, upkeep_fn *turn, struct upkeep_turn *t,
		     struct ltps_error *err)
{
	struct ltps_error why = LTPS_ERROR_INIT;
	t->now_ms = ltp_now(w->l);
	t->again_ms = INT64_MAX;
	if (turn(w, t, &why) != 0)
		return fail_turn(w, t, &why, err);
	struct ending e = { .turn = t, .now_ms = ltp_now(w->l) };
	if (t->trouble[0] != '\0')
		log_write(w->l->o.log, LOG_OPERATION,
			  t->alarm ? LOG_ERROR : LOG_WARNING, t->trouble,
			  LOG_FIELDS({ "job", t->job.kind }));
	return end_turn(w, &e, err);
}

/* Each process looks, whoever takes the turns. Its failure is no reason to do nothing
 * else. */
static void watch_lists(struct ltp_worker *w, int64_t now_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	if (trusted_lists_watch(w, now_ms, &err) != 0)
		log_error(w->l->o.log, LOG_OPERATION, LOG_ERROR,
			  "what follows from the trusted lists is not known", &err,
			  NULL, 0);
}

int ltp_upkeep(struct ltp_worker *w, int64_t *ret_next_ms, struct ltps_error *err)
{
	struct upkeep_turn t = { 0 };
	struct claiming c = { .job = &t.job };
	int64_t due_ms, now_ms = ltp_now(w->l);
	size_t work = 0;
	*ret_next_ms = INT64_MAX;
	if (!w->upkeep_begun &&
	    store_write(w->l->o.store, run_begin, &now_ms, err) != 0)
		return -1;
	w->upkeep_begun = true;
	watch_lists(w, now_ms);
	if (find_due(w, now_ms, &work, &due_ms, err) != 0)
		return -1;
	if (due_ms == 0 || due_ms > now_ms) {
		*ret_next_ms = due_ms != 0 ? due_ms : INT64_MAX;
		return 0;
	}
	if (atomic_load(&w->cancelled))
		return ltps_fail(err, LTPS_CANCELLED, LTPS_FAULT_SELF, NULL,
				 "the step was cancelled");
	c.claim = (struct job_claim){ .kind = WORKS[work].kind,
				      .owner = OWNER,
				      .now_ms = now_ms,
				      .lease_ms = UPKEEP_LEASE_MS };
	*ret_next_ms = now_ms;
	if (store_write(w->l->o.store, run_claim, &c, err) != 0)
		return -1;
	return c.found ? take_turn(w, WORKS[work].turn, &t, err) : 0;
}
