/* SPDX-License-Identifier: Apache-2.0 */
/*
 * period - what time brings to objects: judgements that are old, forms whose last
 * time-stamp weakens, ends of preservation periods. The work on signatures is that of
 * the job care-signatures; here it is asked for.
 *
 * Nothing is deleted by a clock alone: the end of a period must be behind the genTime
 * of a token, so that a clock set to another year destroys nothing.
 */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/failpoint.h"
#include "ltp/plan.h"
#include "ltp/signatures.h"
#include "ltp/upkeep.h"
#include "storage/term.h"

#define TURN_ROWS 200
/* Versions that one turn asks care for, and the pause before the next: a million forms
 * under one certificate are through long before its margin is over, and what is
 * submitted meanwhile does not wait long behind them. */
#define CARE_ROWS 1000
#define CARE_PAUSE_MS ((int64_t)3600000)
#define REAUGMENT_SETTING "reaugment.place"
#define DAY_MS ((int64_t)86400000)
/* So often asked in vain, a week has passed: that is told. */
#define ALONE_LONG 3
#define ENDED_SETTING "period.ended"
/* Everything is made, nothing is kept (base/failpoint.h). */
#define FP_PERIOD_CARE "ltp.period.care"
#define FP_PERIOD_ANNOUNCE "ltp.period.announce"
#define FP_PERIOD_END "ltp.period.end"

const char *const period_failpoints[] = { FP_PERIOD_CARE, FP_PERIOD_ANNOUNCE,
					  FP_PERIOD_END, NULL };

struct rows {
	int64_t id[CARE_ROWS];
	int64_t time_ms[CARE_ROWS];
	size_t n;
};

static int keep_row(void *arg, int64_t id, int64_t time_ms, struct ltps_error *err)
{
	struct rows *r = arg;
	(void)err;
	if (r->n < CARE_ROWS) {
		r->id[r->n] = id;
		r->time_ms[r->n++] = time_ms;
	}
	return 0;
}

static void earlier(int64_t *t, int64_t candidate)
{
	if (candidate < *t)
		*t = candidate;
}

/* ---- asked for: the care of versions ---- */

struct care_task {
	const struct rows *rows;
	size_t from, to;
	int64_t now_ms;
};

static int run_care(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct care_task *t = arg;
	if (failpoint_fail(FP_PERIOD_CARE, err) != 0)
		return -1;
	for (size_t i = t->from; i < t->to; i++) {
		char subject[32];
		snprintf(subject, sizeof(subject), "%" PRId64, t->rows->id[i]);
		if (job_add(conn, JOB_CARE, subject, t->now_ms, NULL, err) != 0)
			return -1;
	}
	return 0;
}

static int ask_for_care(struct ltp_worker *w, const struct rows *rows, int64_t now_ms,
			struct ltps_error *err)
{
	struct care_task t = { .rows = rows, .now_ms = now_ms };
	for (; t.from < rows->n; t.from = t.to) {
		t.to = rows->n - t.from < TURN_ROWS ? rows->n : t.from + TURN_ROWS;
		if (store_write(w->l->o.store, run_care, &t, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- judgements that are old ---- */

int revalidate_turn(struct ltp_worker *w, struct upkeep_turn *t, struct ltps_error *err)
{
	const int64_t rhythm_ms = w->l->o.upkeep.rhythm_ms;
	struct rows rows = { .n = 0 };
	int64_t oldest_ms;
	if (version_judged_list(w->conn, t->now_ms - rhythm_ms, CARE_ROWS, keep_row,
				&rows, err) != 0 ||
	    ask_for_care(w, &rows, t->now_ms, err) != 0 ||
	    version_oldest_judgement(w->conn, &oldest_ms, err) != 0)
		return -1;
	/* Those asked for are judged meanwhile; what cannot be, is asked for again. */
	if (rows.n > 0)
		t->again_ms =
		    t->now_ms + (rows.n == CARE_ROWS ? CARE_PAUSE_MS : DAY_MS);
	else if (oldest_ms != INT64_MAX)
		t->again_ms = oldest_ms + rhythm_ms;
	return 0;
}

/* ---- forms whose last time-stamp weakens ---- */

/* How far the forms that are due were asked for: zero is the beginning. */
struct place {
	int64_t footing;
	int64_t version;
};

struct due {
	struct rows rows;
	struct place place; /* the last one */
};

static int keep_due(void *arg, const struct version_due *v, struct ltps_error *err)
{
	struct due *d = arg;
	d->place = (struct place){ v->footing, v->version };
	return keep_row(&d->rows, v->submitted, v->weakens_ms, err);
}

/* Of all forms, by footing. */
struct forms {
	int64_t first_ms;  /* the first that weakens */
	int64_t late_ms;   /* what weakens before this is in trouble, */
	int64_t danger_ms; /* and before this in danger */
	uint64_t late, danger;
};

static int add_sum(void *arg, const struct tip_sum *sum, struct ltps_error *err)
{
	struct forms *f = arg;
	(void)err;
	earlier(&f->first_ms, sum->weakens_ms);
	f->late += sum->weakens_ms <= f->late_ms ? sum->tips : 0;
	f->danger += sum->weakens_ms <= f->danger_ms ? sum->tips : 0;
	return 0;
}

static int place_read(struct ltp_worker *w, struct place *ret, struct ltps_error *err)
{
	size_t n;
	*ret = (struct place){ 0 };
	return store_setting_find(w->conn, REAUGMENT_SETTING, (uint8_t *)ret,
				  sizeof(*ret), &n, err);
}

static int run_place(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	return store_setting_put(conn, REAUGMENT_SETTING, arg, sizeof(struct place),
				 err);
}

/* What cannot be raised stays due: nothing behind it waits for it. */
static int ask_for_forms(struct ltp_worker *w, struct upkeep_turn *t,
			 struct ltps_error *err)
{
	const int64_t until_ms = t->now_ms + w->l->o.upkeep.margin_ms;
	struct due d = { .rows = { .n = 0 } };
	struct place from;
	if (place_read(w, &from, err) != 0)
		return -1;
	const struct version_due_query q = {
		.weakens_until = until_ms,
		.alone_until = signatures_alone_until(w->l, t->now_ms),
		.now_ms = t->now_ms,
		.after_footing = from.footing,
		.after_id = from.version,
		.limit = CARE_ROWS
	};
	if (version_due_list(w->conn, &q, keep_due, &d, err) != 0 ||
	    ask_for_care(w, &d.rows, t->now_ms, err) != 0)
		return -1;
	const bool more = d.rows.n == CARE_ROWS, moved = more || from.footing != 0;
	if (!more)
		d.place = (struct place){ 0 };
	if (moved && store_write(w->l->o.store, run_place, &d.place, err) != 0)
		return -1;
	if (d.rows.n > 0 || moved)
		t->again_ms = t->now_ms + (more ? CARE_PAUSE_MS : DAY_MS);
	return 0;
}

int reaugment_turn(struct ltp_worker *w, struct upkeep_turn *t, struct ltps_error *err)
{
	const int64_t margin_ms = w->l->o.upkeep.margin_ms;
	struct forms f = { .first_ms = INT64_MAX,
			   .late_ms = t->now_ms + margin_ms / 2,
			   .danger_ms = t->now_ms + margin_ms / 4 };
	struct version_alone alone;
	t->again_ms = INT64_MAX;
	if (ask_for_forms(w, t, err) != 0 ||
	    version_sums(w->conn, add_sum, &f, err) != 0 ||
	    version_alone_get(w->conn, ALONE_LONG, &alone, err) != 0)
		return -1;
	if (alone.n_long > 0)
		snprintf(t->trouble, sizeof(t->trouble),
			 "%" PRIu64 " augmented forms stand on one time-stamping "
			 "authority: the other one does not answer",
			 alone.n_long);
	if (f.late > 0)
		snprintf(t->trouble, sizeof(t->trouble),
			 "%" PRIu64 " augmented forms were due for a further "
			 "time-stamp and have none yet",
			 f.late);
	t->alarm = f.danger > 0;
	/* What waits for the other authority may be within the margin. */
	if (t->again_ms == INT64_MAX && f.first_ms != INT64_MAX)
		t->again_ms = f.first_ms - margin_ms > t->now_ms
				  ? f.first_ms - margin_ms
				  : t->now_ms + DAY_MS;
	if (alone.n > 0)
		earlier(&t->again_ms,
			alone.next_ms > t->now_ms ? alone.next_ms : t->now_ms + DAY_MS);
	return 0;
}

/* ---- ends of preservation periods ---- */

/* How far ends are handled. */
struct ended {
	int64_t ms;
	int64_t object; /* of those that end at this moment */
};

struct period_task {
	struct ltp_worker *w;
	const struct upkeep_turn *turn;
	const struct rows *rows;
	struct ended ended; /* the last one that was handled */
};

static int announce(struct store_conn *conn, const struct period_task *p,
		    const struct object *o, struct ltps_error *err)
{
	const struct profile *profile = profile_by_id(p->w->l, o->profile);
	const struct upkeep_event e = { .operation = "PreservationPeriodEnding",
					.tenant = o->tenant,
					.poid = o->poid,
					.now_ms = p->turn->now_ms };
	char at[TIME_TEXT_MAX];
	time_rfc3339(o->preserve_until_ms, at);
	return upkeep_audit(conn, &e, err, "at %s; then it is %s", at,
			    profile != NULL && profile->period_end == PERIOD_DELETE
				? "deleted"
				: "kept");
}

/* The profile itself announced it: how long evidence is held is all that it promises.
 */
static bool is_temporary(const struct period_task *p, const struct object *o)
{
	const struct profile *profile = profile_by_id(p->w->l, o->profile);
	return profile != NULL && profile->storage == WITH_TEMPORARY_STORAGE;
}

static int run_announce(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct period_task *p = arg;
	if (failpoint_fail(FP_PERIOD_ANNOUNCE, err) != 0)
		return -1;
	for (size_t i = 0; i < p->rows->n; i++) {
		struct object *o = NULL;
		if (object_get_by_id(conn, p->rows->id[i], &o, err) != 0)
			return -1;
		int rc = is_temporary(p, o) ? 0 : announce(conn, p, o, err);
		object_free(o);
		if (rc != 0 || object_set_announced(conn, p->rows->id[i],
						    p->turn->now_ms, err) != 0)
			return -1;
	}
	return 0;
}

/* Kept unless the profile says that it goes; one that is configured no more says
 * nothing. */
static int end_one(struct store_conn *conn, const struct period_task *p, size_t row,
		   struct ltps_error *err)
{
	const int64_t id = p->rows->id[row];
	struct object *o = NULL;
	if (object_get_by_id(conn, id, &o, err) != 0)
		return -1;
	/* It was given more time since it was listed. */
	if (o->preserve_until_ms != p->rows->time_ms[row]) {
		object_free(o);
		return 0;
	}
	const struct profile *profile = profile_by_id(p->w->l, o->profile);
	const bool deleted = profile != NULL && profile->period_end == PERIOD_DELETE;
	const struct upkeep_event e = { .operation = "PreservationPeriodEnded",
					.tenant = o->tenant,
					.poid = o->poid,
					.now_ms = p->turn->now_ms };
	int rc = 0;
	if (o->state == OBJECT_LIVE && deleted)
		rc = object_delete(conn, id, p->turn->now_ms, err);
	if (rc == 0)
		rc = upkeep_audit(conn, &e, err, "%s, as the profile %s",
				  deleted ? "deleted" : "kept",
				  profile != NULL ? "says" : "is gone");
	object_free(o);
	return rc;
}

static int run_end(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct period_task *p = arg;
	if (failpoint_fail(FP_PERIOD_END, err) != 0)
		return -1;
	for (size_t i = 0; i < p->rows->n; i++)
		if (end_one(conn, p, i, err) != 0)
			return -1;
	return store_setting_put(conn, ENDED_SETTING, &p->ended, sizeof(p->ended), err);
}

static int ended_until(struct ltp_worker *w, struct ended *ret, struct ltps_error *err)
{
	size_t n;
	*ret = (struct ended){ 0 };
	return store_setting_find(w->conn, ENDED_SETTING, (uint8_t *)ret, sizeof(*ret),
				  &n, err);
}

/* Until when it is certain that time has passed. */
static int sworn_time(struct ltp_worker *w, int64_t now_ms, int64_t *ret_ms,
		      struct ltps_error *err)
{
	if (token_newest_time(w->conn, ret_ms, err) != 0)
		return -1;
	if (*ret_ms > now_ms)
		*ret_ms = now_ms;
	return 0;
}

static int announce_some(struct ltp_worker *w, struct upkeep_turn *t,
			 struct ltps_error *err)
{
	struct rows rows = { .n = 0 };
	struct period_task p = { .w = w, .turn = t, .rows = &rows };
	if (object_ending_list(w->conn, t->now_ms + w->l->o.upkeep.notice_ms, TURN_ROWS,
			       keep_row, &rows, err) != 0 ||
	    (rows.n > 0 && store_write(w->l->o.store, run_announce, &p, err) != 0))
		return -1;
	if (rows.n > 0)
		t->again_ms = t->now_ms;
	return 0;
}

static int end_some(struct ltp_worker *w, struct upkeep_turn *t, struct ltps_error *err)
{
	struct rows rows = { .n = 0 };
	struct period_task p = { .w = w, .turn = t, .rows = &rows };
	struct ended from;
	int64_t sworn_ms;
	if (ended_until(w, &from, err) != 0 ||
	    sworn_time(w, t->now_ms, &sworn_ms, err) != 0 ||
	    object_ended_list(w->conn, from.ms, from.object, sworn_ms, TURN_ROWS,
			      keep_row, &rows, err) != 0)
		return -1;
	if (rows.n == 0)
		return 0;
	t->again_ms = t->now_ms;
	p.ended = (struct ended){ rows.time_ms[rows.n - 1], rows.id[rows.n - 1] };
	return store_write(w->l->o.store, run_end, &p, err);
}

int period_turn(struct ltp_worker *w, struct upkeep_turn *t, struct ltps_error *err)
{
	const int64_t notice_ms = w->l->o.upkeep.notice_ms;
	struct ended from;
	int64_t end_ms, notice_end_ms;
	if (announce_some(w, t, err) != 0 || end_some(w, t, err) != 0 ||
	    ended_until(w, &from, err) != 0 ||
	    object_next_end(w->conn, from.ms, &end_ms, err) != 0 ||
	    object_next_end(w->conn, t->now_ms + notice_ms, &notice_end_ms, err) != 0)
		return -1;
	/* Over by the clock alone: as soon as a token says so too. */
	if (end_ms != INT64_MAX)
		earlier(&t->again_ms, end_ms > t->now_ms ? end_ms : t->now_ms + DAY_MS);
	if (notice_end_ms != INT64_MAX)
		earlier(&t->again_ms, notice_end_ms - notice_ms);
	return 0;
}
