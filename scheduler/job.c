/* SPDX-License-Identifier: Apache-2.0 */
/* job - retry policy over the rows of storage/queue.h. */
#include "scheduler/job.h"

#include <string.h>

static const struct job_policy default_policy = {
	.first_delay_ms = 5 * 1000,
	.longest_delay_ms = 6 * 3600 * 1000,
	.attempts_max = 0,
};

const struct job_policy *job_policy_default(void)
{
	return &default_policy;
}

int64_t job_delay(const struct job_policy *policy, uint32_t attempts, uint64_t spread)
{
	int64_t delay = policy->first_delay_ms;
	for (uint32_t i = 1; i < attempts && delay < policy->longest_delay_ms; i++)
		delay *= 2;
	if (delay > policy->longest_delay_ms)
		delay = policy->longest_delay_ms;
	/* Neighbouring ids fall far apart. */
	uint64_t scattered = (spread * 0x9e3779b97f4a7c15u) >> 32;
	int64_t range = delay / 8;
	return range > 0 ? delay + (int64_t)(scattered % (uint64_t)range) : delay;
}

int job_add(struct store_conn *conn, const char *kind, const char *subject,
	    int64_t due_ms, bool *ret_added, struct ltps_error *err)
{
	return queue_add(conn, kind, subject, due_ms, ret_added, err);
}

int job_claim(struct store_conn *conn, const struct job_claim *claim,
	      struct job *ret_job, bool *ret_found, struct ltps_error *err)
{
	struct queue_row row;
	bool found;
	struct queue_claim q = {
		.kind = claim->kind,
		.owner = claim->owner,
		.now_ms = claim->now_ms,
		.lease_until_ms = claim->now_ms + claim->lease_ms,
	};
	if (queue_claim(conn, &q, &row, &found, err) != 0)
		return -1;
	*ret_found = found;
	if (!found)
		return 0;
	memset(ret_job, 0, sizeof(*ret_job));
	ret_job->id = row.id;
	ret_job->fence = row.fence;
	ret_job->attempts = row.attempts;
	ret_job->due_ms = claim->now_ms;
	ret_job->lease_until_ms = row.lease_until_ms;
	memcpy(ret_job->kind, row.kind, sizeof(ret_job->kind));
	memcpy(ret_job->subject, row.subject, sizeof(ret_job->subject));
	return 0;
}

int job_extend(struct store_conn *conn, struct job *job, int64_t now_ms,
	       int64_t lease_ms, struct ltps_error *err)
{
	if (queue_extend(conn, job->id, job->fence, now_ms + lease_ms, err) != 0)
		return -1;
	job->lease_until_ms = now_ms + lease_ms;
	return 0;
}

int job_finish(struct store_conn *conn, const struct job *job, struct ltps_error *err)
{
	return queue_finish(conn, job->id, job->fence, err);
}

int job_fail(struct store_conn *conn, const struct job_failure *failure, bool *ret_dead,
	     struct ltps_error *err)
{
	const struct job *job = failure->job;
	const struct job_policy *policy =
	    failure->policy != NULL ? failure->policy : &default_policy;
	char line[STORE_ERROR_MAX + 1] = "";
	if (failure->why != NULL)
		ltps_error_line(failure->why, line, sizeof(line));
	struct queue_failure q = {
		.id = job->id,
		.fence = job->fence,
		.due_ms = failure->now_ms +
			  job_delay(policy, job->attempts, (uint64_t)job->id),
		.dead = failure->final || (policy->attempts_max != 0 &&
					   job->attempts >= policy->attempts_max),
		.error = line,
	};
	if (queue_fail(conn, &q, err) != 0)
		return -1;
	if (ret_dead != NULL)
		*ret_dead = q.dead;
	return 0;
}

int job_postpone(struct store_conn *conn, const struct job *job, int64_t due_ms,
		 struct ltps_error *err)
{
	return queue_postpone(conn, job->id, job->fence, due_ms, err);
}
