/* SPDX-License-Identifier: Apache-2.0 */
/* service_job - what the jobs that requests become share: the way to a worker, the
 * bytes taken there, what is counted and what is said when nothing came of it. */
#ifndef LTPS_SERVER_SERVICE_JOB_H
#define LTPS_SERVER_SERVICE_JOB_H

#include "server/service.h"

/* Hands the job to a worker. False: x was refused, the job is the caller's still. */
bool service_submit(struct service *s, struct http_exchange *x, struct pool_job *job);

/* Bytes that a job takes of the budget, until its answer is charged instead. */
struct service_room {
	struct budget *budget;
	size_t taken;
};
/* For the domain; r outlives its use, on the worker that has the job. */
struct ltp_room service_room_for(struct service_room *r);
/* All that was taken; before the answer is charged. */
void service_room_give(struct service_room *r);

/* One answer with this status of HTTP, begun at started_us (monotonic). */
void service_count(struct service_validate_counts *c, int status, int64_t started_us);
/* Of what was to be judged: tells the caller what is wrong with the request, and the
 * log what is wrong here. */
void service_refuse(struct service *s, struct http_exchange *x, int status,
		    const char *failure, const struct ltps_error *why);

#endif
