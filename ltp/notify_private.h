/* SPDX-License-Identifier: Apache-2.0 */
/* notify_private - what the files of notifications share. */
#ifndef LTPS_LTP_NOTIFY_PRIVATE_H
#define LTPS_LTP_NOTIFY_PRIVATE_H

#include "base/jsonw.h"
#include "ltp/inside.h"
#include "ltp/notify.h"
#include "scheduler/job.h"
#include "storage/audit.h"

/* What one thread knows of one hook. */
struct notify_peer {
	const struct notify_hook *hook;
	struct fetch *fetch;
	char kind[STORE_NAME_MAX + 1]; /* of its jobs */
	uint32_t failures;             /* in a row */
	int64_t pause_until_ms;
};

struct notify_state {
	struct notify_peer peers[NOTIFY_HOOKS_MAX];
	size_t n;
	bool begun;
	int64_t looked_ms; /* for alarms; INT64_MIN: never */
};

/* notify.c */
int notify_state_new(struct ltp *l, struct notify_state **ret_s,
		     struct ltps_error *err) LTPS_CHECKED;
void notify_state_free(struct notify_state *s);   /* NULL-safe */
void notify_state_cancel(struct notify_state *s); /* any thread; NULL-safe */
void notify_follow(struct ltp *l);
void notify_unfollow(struct ltp *l);
/* Kinds that an entry is of; 0: nobody is told. */
unsigned notify_kinds_of(const struct audit_entry *e);
/* One word for the body, of the first kind. */
const char *notify_kind_name(unsigned kinds);

/* notify_send.c: one event to one hook. Fails: as fetch_do(); REMOTE (status not 2xx),
 * NOT_FOUND (the audit has no such entry). */
int notify_send(struct ltp_worker *w, struct notify_peer *p, int64_t seq,
		struct ltps_error *err) LTPS_CHECKED;

/* notify_alarm.c: what /health shows, compared with what was told; raised and cleared
 * alarms become entries of the audit. */
int notify_alarms(struct ltp_worker *w, int64_t now_ms,
		  struct ltps_error *err) LTPS_CHECKED;
/* Those that stand now, as an array; since null: not told yet. */
int notify_alarms_json(struct ltp_worker *w, struct jsonw *j,
		       struct ltps_error *err) LTPS_CHECKED;
#define NOTIFY_RAISED "AlarmRaised"
#define NOTIFY_CLEARED "AlarmCleared"
/* Alarms that evidence is in question. */
#define NOTIFY_ALARM_LATE "evidence-late"
#define NOTIFY_ALARM_OVERDUE "renewals-overdue"

#endif
