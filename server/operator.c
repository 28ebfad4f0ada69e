/* SPDX-License-Identifier: Apache-2.0 */
/* operator - what operators and auditors get: the forecast of renewals, the history of
 * trust anchors, and what keeps the archive up. Read from the store, so on a worker. */
#include "base/mem.h"
#include "server/service_job.h"

#define OPERATOR_BODY_MAX ((size_t)16 << 20)

struct operator_job {
	struct pool_job job;
	struct service *s;
	struct http_exchange *x;
	unsigned what; /* ANSWER_RENEWALS ... */
	struct buf out;
	int64_t started_us;
	struct ltps_error err;
};

static int run(struct operator_job *j, struct ltp_worker *w)
{
	switch (j->what) {
	case ANSWER_ANCHORS:
		return ltp_anchors(w, &j->out, &j->err);
	case ANSWER_UPKEEP:
		return ltp_upkeep_state(w, &j->out, &j->err);
	default:
		break;
	}
	return ltp_renewals(w, NULL, &j->out, &j->err);
}

static enum pool_outcome work(struct pool_job *job, void *state)
{
	struct operator_job *j = (struct operator_job *)job;
	const struct service_worker *w = state;
	if (run(j, w->ltp) != 0 && j->err.code == LTPS_OK)
		j->err.code = LTPS_INTERNAL;
	return POOL_DONE;
}

static int status_of(const struct operator_job *j)
{
	return j->err.code == LTPS_OK && budget_has(j->s->budget, j->out.n) ? 200 : 503;
}

static void done(struct pool_job *job)
{
	struct operator_job *j = (struct operator_job *)job;
	const int status = status_of(j);
	service_answered_status(j->s, j->x, j->what, status, j->started_us);
	if (j->err.code != LTPS_OK) {
		log_error(j->s->log, LOG_OPERATION, LOG_ERROR,
			  "the store cannot be read", &j->err, NULL, 0);
		http_refuse(j->x, 503, "the store cannot be read");
	} else if (status == 503) {
		http_refuse(j->x, 503, "too many answers in flight");
	} else {
		http_reply(j->x, 200,
			   j->what == ANSWER_ANCHORS ? "application/x-pem-file"
						     : "application/json",
			   &j->out);
	}
	buf_free(&j->out);
	mem_free(j);
}

static void begin(struct http_exchange *x, struct service *s, unsigned what)
{
	struct operator_job *j = mem_zalloc(1, sizeof(*j));
	if (j == NULL) {
		http_refuse(x, 503, "out of memory");
		return;
	}
	j->job.work = work;
	j->job.done = done;
	j->s = s;
	j->x = x;
	j->what = what;
	j->started_us = clock_monotonic_us();
	j->out = buf_make(OPERATOR_BODY_MAX);
	if (!service_submit(s, x, &j->job))
		mem_free(j);
}

void operator_renewals(struct http_exchange *x, void *arg)
{
	begin(x, arg, ANSWER_RENEWALS);
}

void operator_anchors(struct http_exchange *x, void *arg)
{
	begin(x, arg, ANSWER_ANCHORS);
}

void operator_upkeep(struct http_exchange *x, void *arg)
{
	begin(x, arg, ANSWER_UPKEEP);
}
