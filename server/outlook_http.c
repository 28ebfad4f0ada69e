/* SPDX-License-Identifier: Apache-2.0 */
/* outlook_http - GET /outlook/POID: an object's own life, and what falls due for it. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "server/auth.h"
#include "server/query_names.h"
#include "server/result.h"
#include "server/service_job.h"

/* An object with the reports and forms of a century. */
#define OUTLOOK_BODY_MAX ((size_t)16 << 20)

struct outlook_job {
	struct pool_job job;
	struct service *s;
	struct http_exchange *x;
	struct ltp_result result;
	struct buf out;
	int64_t started_us;
	struct ltps_error err;
};

static enum pool_outcome outlook_work(struct pool_job *job, void *state)
{
	struct outlook_job *j = (struct outlook_job *)job;
	const struct service_worker *w = state;
	const struct ltp_caller caller = auth_caller(j->x);
	if (atomic_load(&j->s->abandoned))
		j->err.code = LTPS_CANCELLED; /* nobody waits for it any more */
	else if (ltp_outlook(w->ltp, &caller, http_path_rest(j->x), &j->out, &j->result,
			     &j->err) != 0 &&
		 j->err.code == LTPS_OK)
		j->err.code = LTPS_INTERNAL;
	return POOL_DONE;
}

static int status_of(const struct outlook_job *j)
{
	if (j->err.code != LTPS_OK)
		return result_of_error(&j->err).http_status;
	switch (j->result.minor) {
	case LTP_OK:
		return budget_has(j->s->budget, j->out.n) ? 200 : 503;
	case LTP_UNKNOWN_POID:
		return 404;
	default:
		return 403;
	}
}

static void outlook_done(struct pool_job *job)
{
	struct outlook_job *j = (struct outlook_job *)job;
	char line[sizeof(j->result.message)];
	const int status = status_of(j);
	service_answered_status(j->s, j->x, ANSWER_OUTLOOK, status, j->started_us);
	if (status >= 500 && j->err.code != LTPS_OK)
		log_error(j->s->log, LOG_OPERATION, LOG_ERROR,
			  "an outlook cannot be made", &j->err, NULL, 0);
	snprintf(line, sizeof(line), "%s",
		 status >= 500 ? "the service cannot tell it now" : j->result.message);
	if (status == 200)
		http_reply(j->x, 200, "application/json", &j->out);
	else
		http_refuse(j->x, status, line);
	buf_free(&j->out);
	mem_free(j);
}

void outlook_http_handle(struct http_exchange *x, void *arg)
{
	struct service *s = arg;
	struct ltps_error err = LTPS_ERROR_INIT;
	static const char *const names[] = { NULL };
	if (query_names_check(http_raw_query(x), names, &err) != 0) {
		http_refuse(x, 400, err.text);
		return;
	}
	struct outlook_job *j = mem_zalloc(1, sizeof(*j));
	if (j == NULL) {
		http_refuse(x, 503, "out of memory");
		return;
	}
	j->job.work = outlook_work;
	j->job.done = outlook_done;
	j->s = s;
	j->x = x;
	j->started_us = clock_monotonic_us();
	j->out = buf_make(OUTLOOK_BODY_MAX);
	if (!service_submit(s, x, &j->job))
		mem_free(j);
}
