/* SPDX-License-Identifier: Apache-2.0 */
/* package_http - GET /package/POID: what an auditor verifies an object with, as a ZIP
 * file. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/package.h"
#include "server/auth.h"
#include "server/query_names.h"
#include "server/result.h"
#include "server/service_job.h"

struct package_job {
	struct pool_job job;
	struct service *s;
	struct http_exchange *x;
	struct ltp_package_request request;
	struct ltp_result result;
	struct buf out;
	int64_t started_us;
	struct service_room room;
	struct ltps_error err;
};

static enum pool_outcome package_work(struct pool_job *job, void *state)
{
	struct package_job *j = (struct package_job *)job;
	const struct service_worker *w = state;
	if (atomic_load(&j->s->abandoned)) {
		j->err.code = LTPS_CANCELLED; /* nobody waits for it any more */
		return POOL_DONE;
	}
	ltp_worker_set_room(w->ltp, service_room_for(&j->room));
	if (ltp_package(w->ltp, &j->request, &j->out, &j->result, &j->err) != 0 &&
	    j->err.code == LTPS_OK)
		j->err.code = LTPS_INTERNAL;
	ltp_worker_set_room(w->ltp, (struct ltp_room){ .take = NULL });
	return POOL_DONE;
}

static int status_of(const struct package_job *j)
{
	if (j->err.code != LTPS_OK)
		return result_of_error(&j->err).http_status;
	switch (j->result.minor) {
	case LTP_OK:
		return budget_has(j->s->budget, j->out.n) ? 200 : 503;
	case LTP_WARN_PARTLY:
		return 409; /* ask again later, or for what there is */
	case LTP_UNKNOWN_POID:
		return 404;
	default:
		return 403;
	}
}

static void reply(struct package_job *j, int status)
{
	char line[400];
	if (status == 200) {
		http_add_field(j->x, "Content-Disposition",
			       "attachment; filename=\"package.zip\"");
		http_reply(j->x, 200, "application/zip", &j->out);
		return;
	}
	if (status >= 500 && j->err.code != LTPS_OK)
		log_error(j->s->log, LOG_OPERATION, LOG_ERROR,
			  "a package cannot be made", &j->err, NULL, 0);
	if (status >= 500)
		snprintf(line, sizeof(line), "the service cannot make it now");
	else if (j->err.code != LTPS_OK)
		ltps_error_line(&j->err, line, sizeof(line));
	else
		snprintf(line, sizeof(line), "%.380s", j->result.message);
	http_refuse(j->x, status, line);
}

static void package_done(struct pool_job *job)
{
	struct package_job *j = (struct package_job *)job;
	service_room_give(&j->room);
	const int status = status_of(j);
	service_answered_status(j->s, j->x, ANSWER_PACKAGE, status, j->started_us);
	reply(j, status);
	buf_free(&j->out);
	mem_free(j);
}

void package_http_handle(struct http_exchange *x, void *arg)
{
	struct service *s = arg;
	struct ltps_error err = LTPS_ERROR_INIT;
	static const char *const names[] = { "partial", NULL };
	const char *partial = http_query(x, "partial");
	if (query_names_check(http_raw_query(x), names, &err) != 0 ||
	    (partial != NULL && strcmp(partial, "true") != 0 &&
	     strcmp(partial, "false") != 0)) {
		http_refuse(x, 400,
			    err.code != LTPS_OK ? err.text
						: "partial is true or false");
		return;
	}
	struct package_job *j = mem_zalloc(1, sizeof(*j));
	if (j == NULL) {
		http_refuse(x, 503, "out of memory");
		return;
	}
	j->job.work = package_work;
	j->job.done = package_done;
	j->s = s;
	j->x = x;
	j->started_us = clock_monotonic_us();
	j->request = (struct ltp_package_request){
		.caller = auth_caller(x),
		.poid = http_path_rest(x),
		.partial = partial != NULL && strcmp(partial, "true") == 0,
	};
	j->room.budget = s->budget;
	j->out = buf_make(s->budget->max);
	if (!service_submit(s, x, &j->job))
		mem_free(j);
}
