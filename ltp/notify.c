/* SPDX-License-Identifier: Apache-2.0 */
/* notify - which entries of the audit are told, the jobs that tell them, and the turn
 * that does it. */
#include "ltp/notify_private.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/upkeep.h"

#define OWNER "notify"
#define KIND "notify:"
#define HOOKS_SETTING "notify.hooks"
#define HOOKS_TEXT_MAX (4 * NOTIFY_HOOKS_MAX * (NOTIFY_NAME_MAX + 1) + 1)
/* Longer than any exchange may take (server/config.c). */
#define LEASE_MS ((int64_t)300000)
/* How often /health is compared with what was told. */
#define LOOK_MS ((int64_t)10000)
/* Due from the beginning of time: an entry may have been written by a clock that was
 * ahead, and is told nonetheless. 0 would say that nothing is due. */
#define AT_ONCE 1
/* Jobs of a hook that is configured no more, dropped in one turn. */
#define DROP_MAX 256
/* Given up not before it was tried that often, whatever the clock says. */
#define TRIES_MIN 3

static const struct job_policy retry = {
	.first_delay_ms = 5 * 1000,
	.longest_delay_ms = 3600 * 1000,
	.attempts_max = 0,
};
#define LONGEST_MS ((int64_t)2 * 3600 * 1000)

/* ---- kinds ---- */

static const struct {
	const char *name;
	unsigned kind;
} KINDS[] = {
	{ "verdict", NOTIFY_VERDICT }, { "evidence", NOTIFY_EVIDENCE },
	{ "alarm", NOTIFY_ALARM },     { "period", NOTIFY_PERIOD },
	{ "damage", NOTIFY_DAMAGE },
};
#define KINDS_COUNT (sizeof(KINDS) / sizeof(KINDS[0]))

unsigned notify_kind_parse(const char *name)
{
	for (size_t i = 0; i < KINDS_COUNT; i++)
		if (strcmp(KINDS[i].name, name) == 0)
			return KINDS[i].kind;
	return 0;
}

const char *notify_kind_name(unsigned kinds)
{
	for (size_t i = 0; i < KINDS_COUNT; i++)
		if ((KINDS[i].kind & kinds) != 0)
			return KINDS[i].name;
	return "";
}

static bool begins(const char *s, const char *with)
{
	return s != NULL && strncmp(s, with, strlen(with)) == 0;
}

static unsigned kinds_of_alarm(const struct audit_entry *e)
{
	return NOTIFY_ALARM | (begins(e->detail, NOTIFY_ALARM_LATE ":") ||
				       begins(e->detail, NOTIFY_ALARM_OVERDUE ":")
				   ? (unsigned)NOTIFY_EVIDENCE
				   : 0);
}

unsigned notify_kinds_of(const struct audit_entry *e)
{
	static const struct {
		const char *operation;
		unsigned kind;
	} OPERATIONS[] = {
		{ "VerdictChanged", NOTIFY_VERDICT },
		{ "EvidenceLost", NOTIFY_EVIDENCE },
		{ "EvidenceEnding", NOTIFY_EVIDENCE },
		{ "PreservationPeriodEnding", NOTIFY_PERIOD },
		{ "PreservationPeriodEnded", NOTIFY_PERIOD },
		{ "ObjectDamaged", NOTIFY_DAMAGE },
		{ "EvidenceDamaged", NOTIFY_DAMAGE },
		{ "ObjectRepaired", NOTIFY_DAMAGE },
		{ "EvidenceRepaired", NOTIFY_DAMAGE },
		{ "CopyRepaired", NOTIFY_DAMAGE },
	};
	for (size_t i = 0; i < sizeof(OPERATIONS) / sizeof(OPERATIONS[0]); i++)
		if (strcmp(OPERATIONS[i].operation, e->operation) == 0)
			return OPERATIONS[i].kind;
	return strcmp(e->operation, NOTIFY_RAISED) == 0 ||
		       strcmp(e->operation, NOTIFY_CLEARED) == 0
		   ? kinds_of_alarm(e)
		   : 0;
}

/* ---- jobs, in the transaction of what they tell ---- */

static void kind_of(const char *name, char out[STORE_NAME_MAX + 1])
{
	snprintf(out, STORE_NAME_MAX + 1, KIND "%.*s", NOTIFY_NAME_MAX, name);
}

static int on_appended(void *arg, struct store_conn *conn, const struct audit_entry *e,
		       struct ltps_error *err)
{
	const struct ltp *l = arg;
	const unsigned kinds = notify_kinds_of(e);
	char kind[STORE_NAME_MAX + 1], subject[32];
	snprintf(subject, sizeof(subject), "%" PRId64, e->seq);
	for (size_t i = 0; kinds != 0 && i < l->o.n_hooks; i++) {
		if ((l->o.hooks[i].kinds & kinds) == 0)
			continue;
		kind_of(l->o.hooks[i].name, kind);
		if (job_add(conn, kind, subject, AT_ONCE, NULL, err) != 0)
			return -1;
	}
	return 0;
}

void notify_follow(struct ltp *l)
{
	audit_follow(l->o.store, on_appended, l);
}

void notify_unfollow(struct ltp *l)
{
	audit_unfollow(l->o.store, l);
}

/* ---- state of a thread ---- */

int notify_state_new(struct ltp *l, struct notify_state **ret_s, struct ltps_error *err)
{
	struct notify_state *s = mem_zalloc(1, sizeof(*s));
	if (s == NULL)
		return ltps_fail_nomem(err);
	s->looked_ms = INT64_MIN;
	for (size_t i = 0; i < l->o.n_hooks && i < NOTIFY_HOOKS_MAX; i++) {
		struct notify_peer *p = &s->peers[s->n++];
		struct fetch_policy policy = l->o.hooks[i].fetch;
		policy.redirects = 0;
		policy.max_bytes = 64 << 10; /* the body of the answer says nothing */
		p->hook = &l->o.hooks[i];
		kind_of(p->hook->name, p->kind);
		if (fetch_new(&policy, &p->fetch, err) != 0) {
			notify_state_free(s);
			return -1;
		}
	}
	*ret_s = s;
	return 0;
}

void notify_state_free(struct notify_state *s)
{
	for (size_t i = 0; s != NULL && i < s->n; i++)
		fetch_free(s->peers[i].fetch);
	mem_free(s);
}

void notify_state_cancel(struct notify_state *s)
{
	for (size_t i = 0; s != NULL && i < s->n; i++)
		fetch_cancel(s->peers[i].fetch);
}

/* ---- hooks that are configured no more ---- */

struct dropping {
	const struct ltp *l;
	int64_t now_ms;
	struct queue_row *rows;
	size_t n;
	char was[HOOKS_TEXT_MAX];
	char left[HOOKS_TEXT_MAX]; /* to be written down */
	bool again;
};

static bool is_hook(const struct ltp *l, const char *name)
{
	for (size_t i = 0; i < l->o.n_hooks; i++)
		if (strcmp(l->o.hooks[i].name, name) == 0)
			return true;
	return false;
}

static void add_name(char list[HOOKS_TEXT_MAX], const char *name)
{
	const size_t n = strlen(list);
	snprintf(list + n, HOOKS_TEXT_MAX - n, "%s ", name);
}

static int keep_row(void *arg, const struct queue_row *row, struct ltps_error *err)
{
	struct dropping *d = arg;
	(void)err;
	d->rows[d->n++] = *row;
	return 0;
}

/* Counted in d->n. */
static int finish_due(struct store_conn *conn, struct dropping *d, const char *kind,
		      struct ltps_error *err)
{
	const struct job_claim claim = {
		.kind = kind, .owner = OWNER, .now_ms = d->now_ms, .lease_ms = LEASE_MS
	};
	bool found = true;
	struct job job;
	for (d->n = 0; d->n < DROP_MAX; d->n++) {
		if (job_claim(conn, &claim, &job, &found, err) != 0)
			return -1;
		if (!found)
			break;
		if (job_finish(conn, &job, err) != 0)
			return -1;
	}
	return 0;
}

static int drop_hook(struct store_conn *conn, struct dropping *d, const char *name,
		     struct ltps_error *err)
{
	char kind[STORE_NAME_MAX + 1];
	const struct queue_query q = { .kind = kind, .state = -1, .limit = DROP_MAX };
	kind_of(name, kind);
	d->n = 0;
	if (queue_list(conn, &q, keep_row, d, err) != 0)
		return -1;
	const size_t listed = d->n;
	for (size_t i = 0; i < listed; i++)
		if (d->rows[i].state == QUEUE_WAITING &&
		    job_add(conn, kind, d->rows[i].subject, AT_ONCE, NULL, err) != 0)
			return -1;
	if (finish_due(conn, d, kind, err) != 0)
		return -1;
	/* The rest is leased by a process that has ended, or came too many. */
	if (d->n < listed || listed == DROP_MAX) {
		d->again = true;
		add_name(d->left, name);
	}
	if (d->n == 0)
		return 0;
	const struct upkeep_event e = { .operation = "NotificationGivenUp",
					.outcome = "failure",
					.now_ms = d->now_ms };
	return upkeep_audit(conn, &e, err, "%zu for %s, which is configured no more",
			    d->n, name);
}

static int run_drop(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct dropping *d = arg;
	char *rest = NULL;
	size_t n = 0;
	d->again = false;
	d->left[0] = '\0';
	if (store_setting_find(conn, HOOKS_SETTING, (uint8_t *)d->was,
			       sizeof(d->was) - 1, &n, err) != 0)
		return -1;
	d->was[n] = '\0';
	for (size_t i = 0; i < d->l->o.n_hooks; i++)
		add_name(d->left, d->l->o.hooks[i].name);
	if (strcmp(d->was, d->left) == 0)
		return 0;
	for (char *name = strtok_r(d->was, " ", &rest); name != NULL;
	     name = strtok_r(NULL, " ", &rest))
		if (!is_hook(d->l, name) && drop_hook(conn, d, name, err) != 0)
			return -1;
	return store_setting_put(conn, HOOKS_SETTING, d->left, strlen(d->left), err);
}

/* Nobody will ever take what waits for them. */
static int drop_gone(struct ltp_worker *w, int64_t now_ms, struct ltps_error *err)
{
	struct dropping *d = mem_zalloc(1, sizeof(*d));
	if (d == NULL)
		return ltps_fail_nomem(err);
	int rc = -1;
	d->l = w->l;
	d->now_ms = now_ms;
	d->rows = mem_zalloc(DROP_MAX, sizeof(*d->rows));
	if (d->rows == NULL)
		ltps_fail_nomem(err);
	else
		rc = store_write(w->l->o.store, run_drop, d, err);
	if (rc == 0)
		w->notify->begun = !d->again;
	mem_free(d->rows);
	mem_free(d);
	return rc;
}

/* ---- a turn ---- */

struct delivery {
	struct job_claim claim;
	struct job job;
	bool found;
	int64_t now_ms;
	const struct ltps_error *why; /* NULL: it went well */
	const char *hook;
	bool given_up;
};

static int run_claim(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct delivery *d = arg;
	return job_claim(conn, &d->claim, &d->job, &d->found, err);
}

static int run_give_up(struct store_conn *conn, const struct delivery *d,
		       struct ltps_error *err)
{
	char line[STORE_ERROR_MAX];
	const struct upkeep_event e = { .operation = "NotificationGivenUp",
					.outcome = "failure",
					.now_ms = d->now_ms };
	ltps_error_line(d->why, line, sizeof(line));
	if (job_finish(conn, &d->job, err) != 0)
		return -1;
	return upkeep_audit(conn, &e, err, "entry %s for %s after %u attempts: %s",
			    d->job.subject, d->hook, d->job.attempts, line);
}

static int run_end(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	const struct delivery *d = arg;
	if (d->why == NULL)
		return job_finish(conn, &d->job, err);
	if (d->given_up)
		return run_give_up(conn, d, err);
	if (d->why->code == LTPS_CANCELLED)
		return job_postpone(conn, &d->job, AT_ONCE, err);
	const struct job_failure f = {
		.job = &d->job, .policy = &retry, .now_ms = d->now_ms, .why = d->why
	};
	return job_fail(conn, &f, NULL, err);
}

static int keep_time(void *arg, const struct audit_entry *e, struct ltps_error *err)
{
	(void)err;
	*(int64_t *)arg = e->time_ms;
	return 0;
}

/* What the audit does not have, since an older backup was restored, is never told. */
static bool is_hopeless(struct ltp_worker *w, const struct notify_peer *p,
			const struct delivery *d, int64_t seq)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	int64_t time_ms = INT64_MAX;
	if (d->why->code == LTPS_NOT_FOUND)
		return true;
	if (d->why->code == LTPS_CANCELLED || d->job.attempts < TRIES_MIN ||
	    audit_get(w->conn, seq, keep_time, &time_ms, &ignored) != 0)
		return false;
	return d->now_ms > time_ms && d->now_ms - time_ms >= p->hook->give_up_ms;
}

static void note_failure(struct ltp_worker *w, struct notify_peer *p,
			 const struct delivery *d)
{
	if (d->why->code == LTPS_CANCELLED)
		return;
	p->failures++;
	p->pause_until_ms = d->now_ms + job_delay(&retry, p->failures, 0);
	log_error(w->l->o.log, LOG_OPERATION, d->given_up ? LOG_ERROR : LOG_WARNING,
		  d->given_up ? "a notification was given up"
			      : "a notification could not be delivered",
		  d->why,
		  LOG_FIELDS({ "hook", p->hook->name }, { "entry", d->job.subject }));
}

static int deliver(struct ltp_worker *w, struct notify_peer *p, struct delivery *d,
		   struct ltps_error *err)
{
	struct ltps_error why = LTPS_ERROR_INIT;
	const int64_t seq = strtoll(d->job.subject, NULL, 10);
	const int rc = notify_send(w, p, seq, &why);
	d->now_ms = ltp_now(w->l);
	d->hook = p->hook->name;
	if (rc != 0) {
		d->why = &why;
		d->given_up = is_hopeless(w, p, d, seq);
		note_failure(w, p, d);
	} else {
		p->failures = 0;
		p->pause_until_ms = 0;
	}
	if (store_write(w->l->o.store, run_end, d, err) == 0)
		return 0;
	/* Whoever claimed it meanwhile, since it took too long, goes on with it. */
	if (err->code != LTPS_STATE && err->code != LTPS_NOT_FOUND)
		return -1;
	ltps_error_clear(err);
	return 0;
}

/* When the next one for this hook may go; 0: none waits. */
static int due_of(struct ltp_worker *w, struct notify_peer *p, int64_t now_ms,
		  int64_t *ret_due_ms, struct ltps_error *err)
{
	if (upkeep_due(w, p->kind, now_ms, LONGEST_MS, ret_due_ms, err) != 0)
		return -1;
	if (*ret_due_ms == 0)
		return 0;
	if (p->pause_until_ms > now_ms + LONGEST_MS)
		p->pause_until_ms = 0; /* the clock was ahead */
	if (*ret_due_ms < p->pause_until_ms)
		*ret_due_ms = p->pause_until_ms;
	return 0;
}

/* Whose next one is most overdue: a hook that works waits for none that does not. */
static int find_due(struct ltp_worker *w, int64_t now_ms, struct notify_peer **ret_p,
		    int64_t *ret_due_ms, struct ltps_error *err)
{
	struct notify_state *s = w->notify;
	*ret_due_ms = INT64_MAX;
	for (size_t i = 0; i < s->n; i++) {
		int64_t due_ms;
		if (due_of(w, &s->peers[i], now_ms, &due_ms, err) != 0)
			return -1;
		if (due_ms == 0 || due_ms >= *ret_due_ms)
			continue;
		*ret_due_ms = due_ms;
		*ret_p = &s->peers[i];
	}
	return 0;
}

static int look(struct ltp_worker *w, int64_t now_ms, struct ltps_error *err)
{
	struct notify_state *s = w->notify;
	if (!s->begun && drop_gone(w, now_ms, err) != 0)
		return -1;
	if (s->looked_ms != INT64_MIN && s->looked_ms <= now_ms &&
	    now_ms - s->looked_ms < LOOK_MS)
		return 0;
	s->looked_ms = now_ms;
	return notify_alarms(w, now_ms, err);
}

int ltp_notify(struct ltp_worker *w, int64_t *ret_next_ms, struct ltps_error *err)
{
	const int64_t now_ms = ltp_now(w->l);
	struct notify_peer *p = NULL;
	struct delivery d = { 0 };
	int64_t due_ms;
	*ret_next_ms = INT64_MAX;
	if (atomic_load(&w->cancelled))
		return ltps_fail(err, LTPS_CANCELLED, LTPS_FAULT_SELF, NULL,
				 "the step was cancelled");
	if (look(w, now_ms, err) != 0 || find_due(w, now_ms, &p, &due_ms, err) != 0)
		return -1;
	if (p == NULL || due_ms > now_ms) {
		*ret_next_ms = due_ms < now_ms + LOOK_MS ? due_ms : now_ms + LOOK_MS;
		return 0;
	}
	d.claim = (struct job_claim){
		.kind = p->kind, .owner = OWNER, .now_ms = now_ms, .lease_ms = LEASE_MS
	};
	*ret_next_ms = now_ms;
	if (store_write(w->l->o.store, run_claim, &d, err) != 0)
		return -1;
	return d.found ? deliver(w, p, &d, err) : 0;
}
