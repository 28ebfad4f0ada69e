/* SPDX-License-Identifier: Apache-2.0 */
/*
 * upkeep - what the service does without being asked, for as long as it keeps anything:
 * planning, renewing, re-validating, reading again. Each is a durable job that never
 * ends: claimed under a lease, run for a bounded turn, due again when the turn says so.
 * Several processes may share a store; a turn that is repeated does no harm.
 *
 *   kind               file             turn
 *   plan               plan.c           footings judged anew after a change of policy,
 *                                       anchors or TSAs; status of the TSAs in use
 *   renew-timestamps   renew.c          tips that are due, or have no partner
 *   renew-hashes       renew_hash.c     leaves of trees whose digest ends
 *   revalidate         period.c         objects whose judgement is old
 *   reaugment          period.c         forms whose last time-stamp weakens
 *   period             period.c         ends of preservation periods
 *   copy, fixity       fixity.c         second directory; every blob read again
 *   trusted-lists      trusted_lists.c  the most overdue trusted list got and judged
 */
#ifndef LTPS_LTP_UPKEEP_H
#define LTPS_LTP_UPKEEP_H

#include "ltp/inside.h"
#include "scheduler/job.h"

#define UPKEEP_LEASE_MS ((int64_t)600000)
/* One turn is not to take longer than about this: others wait. */
#define UPKEEP_TURN_MS 2000

struct upkeep_turn {
	struct job job;
	int64_t now_ms;
	/* Set by the turn: when it is due again; INT64_MAX is the longest wait, and the
	 * end of a job about one thing (with a subject). */
	int64_t again_ms;
	/* Set by the turn when it could not do what is due: told in /health from then
	 * on with this text, until a turn that leaves it empty. */
	char trouble[STORE_ERROR_MAX + 1];
	bool alarm; /* of trouble: evidence or objects are in danger */
};
/*
 * A turn: -1 is a failure of its own (the job comes again, later and later); remote
 * parties that do not answer are trouble, not failure.
 */
typedef int upkeep_fn(struct ltp_worker *w, struct upkeep_turn *t,
		      struct ltps_error *err);

upkeep_fn plan_turn;             /* plan.c */
upkeep_fn renew_timestamps_turn; /* renew.c */
upkeep_fn renew_hashes_turn;     /* renew_hash.c */
upkeep_fn revalidate_turn;       /* period.c */
upkeep_fn reaugment_turn;        /* period.c */
upkeep_fn period_turn;           /* period.c */
upkeep_fn copy_turn;             /* fixity.c */
upkeep_fn fixity_turn;           /* fixity.c */
upkeep_fn trusted_lists_turn;    /* trusted_lists.c */

/* Fail-points of period.c; NULL ends it. */
extern const char *const period_failpoints[];

/* This kind is due now: after an ingest of evidence, a change of plan. On the writer's
 * thread, in the task that makes it so. */
int upkeep_wake(struct store_conn *conn, const char *kind, int64_t now_ms,
		struct ltps_error *err) LTPS_CHECKED;
/*
 * upkeep_set_right - jobs of a kind that were put off or claimed while the clock was
 * ahead, and would sleep until then: due now. Those that are later than `longest_ms`
 * from now, which is as long as a job of this kind is ever put off.
 * ret_any  true: some of them are due now; false: there was none
 */
int upkeep_set_right(struct ltp_worker *w, const char *kind, int64_t now_ms,
		     int64_t longest_ms, bool *ret_any,
		     struct ltps_error *err) LTPS_CHECKED;
/*
 * upkeep_due - when a kind is due first, 0 when nothing of it waits; what a wrong clock
 * put off is set right before, however much else is due.
 */
int upkeep_due(struct ltp_worker *w, const char *kind, int64_t now_ms,
	       int64_t longest_ms, int64_t *ret_due_ms,
	       struct ltps_error *err) LTPS_CHECKED;
/* A clock may be ahead that much, for a moment, without a word. */
#define UPKEEP_CLOCK_SLACK_MS ((int64_t)300000)
/* One audit entry of the service's own acts: operation and outcome of the trace.
 * poid, tenant NULL: of no one object. On the writer's thread. */
struct upkeep_event {
	const char *operation; /* "EvidenceRenewed" */
	const char *tenant;
	const char *poid;
	const char *outcome; /* NULL: success */
	int64_t now_ms;
};
int upkeep_audit(struct store_conn *conn, const struct upkeep_event *e,
		 struct ltps_error *err, const char *fmt, ...) LTPS_CHECKED
    __attribute__((format(printf, 4, 5)));

/* For /health. out "": none. */
int upkeep_trouble(struct store_conn *conn, char out[STORE_ERROR_MAX + 1],
		   bool *ret_alarm, struct ltps_error *err) LTPS_CHECKED;
/* The latest time that any turn saw, to a minute; INT64_MIN: none yet. A later one than
 * the clock has told for a week is forgotten. */
int upkeep_clock(struct store_conn *conn, int64_t *ret_seen_ms,
		 struct ltps_error *err) LTPS_CHECKED;

#define JOB_PLAN "plan"
#define JOB_RENEW_TIMESTAMPS "renew-timestamps"
#define JOB_RENEW_HASHES "renew-hashes"
#define JOB_REVALIDATE "revalidate"
#define JOB_REAUGMENT "reaugment"
#define JOB_PERIOD "period"
#define JOB_COPY "copy"
#define JOB_FIXITY "fixity"
#define JOB_TRUSTED_LISTS "trusted-lists"

#endif
