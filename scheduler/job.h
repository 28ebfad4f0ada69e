/* SPDX-License-Identifier: Apache-2.0 */
/*
 * job - durable work: rows with a due time, leases with fencing, retries with
 * growing delays. Replaying a job is harmless; finishing it belongs into the
 * same task as its result.
 *
 * All functions that change something run inside a store task (writer's
 * connection).
 */
#ifndef LTPS_SCHEDULER_JOB_H
#define LTPS_SCHEDULER_JOB_H

#include "base/err.h"
#include "storage/queue.h"

/* A claimed job. */
struct job {
	int64_t id;
	int64_t fence;
	char kind[STORE_NAME_MAX + 1];
	char subject[STORE_SUBJECT_MAX + 1];
	uint32_t attempts; /* this one included */
	int64_t due_ms;
	int64_t lease_until_ms;
};

/* How failures are retried: first, first*2, first*4, ... at most longest. */
struct job_policy {
	int64_t first_delay_ms;
	int64_t longest_delay_ms;
	uint32_t attempts_max; /* 0: without end */
};
/* 5 s doubling to 6 h, without end. Static. */
const struct job_policy *job_policy_default(void);
/*
 * job_delay - delay before attempt `attempts` + 1, spread by up to an eighth
 * by `spread` (the job's id), so that jobs failed together do not come back
 * together.
 */
int64_t job_delay(const struct job_policy *policy, uint32_t attempts, uint64_t spread);

/*
 * job_add - idempotent by kind and subject; see queue_add().
 * subject  text that identifies the work ("version:17")
 * Fails:   ARGUMENT (too long)
 */
int job_add(struct store_conn *conn, const char *kind, const char *subject,
	    int64_t due_ms, bool *ret_added, struct ltps_error *err) LTPS_CHECKED;
/*
 * job_claim - the most overdue job for `owner` until now + lease.
 * kind       NULL: any
 * ret_found  false: nothing is due
 */
struct job_claim {
	const char *kind;
	const char *owner; /* names process and worker in listings */
	int64_t now_ms;
	int64_t lease_ms;
};
int job_claim(struct store_conn *conn, const struct job_claim *claim,
	      struct job *ret_job, bool *ret_found,
	      struct ltps_error *err) LTPS_CHECKED;
/* Longer lease, for work that takes its time. Fails: STATE (lease lost). */
int job_extend(struct store_conn *conn, struct job *job, int64_t now_ms,
	       int64_t lease_ms, struct ltps_error *err) LTPS_CHECKED;
/* Done. Fails: STATE (lease lost: the whole task must be undone). */
int job_finish(struct store_conn *conn, const struct job *job,
	       struct ltps_error *err) LTPS_CHECKED;
/*
 * job_fail - try again later, or give up after policy->attempts_max.
 * why        error of the attempt; its line is kept
 * ret_dead   true when given up; may be NULL
 * Fails:     STATE (lease lost)
 */
struct job_failure {
	const struct job *job;
	const struct job_policy *policy; /* NULL: job_policy_default() */
	int64_t now_ms;
	const struct ltps_error *why;
	bool final; /* retrying is pointless */
};
int job_fail(struct store_conn *conn, const struct job_failure *failure, bool *ret_dead,
	     struct ltps_error *err) LTPS_CHECKED;
/* Not done and no failure: due again at due_ms, attempts not counted. */
int job_postpone(struct store_conn *conn, const struct job *job, int64_t due_ms,
		 struct ltps_error *err) LTPS_CHECKED;

#endif
