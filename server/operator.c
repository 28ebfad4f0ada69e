/* SPDX-License-Identifier: Apache-2.0 */
/* operator - what operators and auditors get: the forecast of renewals, and the history
 * of trust anchors. Read from the store, so on a worker. */
#include "base/mem.h"
#include "server/service_job.h"

#define OPERATOR_BODY_MAX ((size_t)16 << 20)

struct operator_job {
	struct pool_job job;
	struct service *s;
	struct http_exchange *x;
	bool anchors;
	struct buf out;
	struct ltps_error err;
};

static enum pool_outcome work(struct pool_job *job, void *state)
{
	struct operator_job *j = (struct operator_job *)job;
	const struct service_worker *w = state;
	const int rc = j->anchors ? ltp_anchors(w->ltp, &j->out, &j->err)
				  : ltp_renewals(w->ltp, NULL, &j->out, &j->err);
	if (rc != 0 && j->err.code == LTPS_OK)
		j->err.code = LTPS_INTERNAL;
	return POOL_DONE;
}

static void done(struct pool_job *job)
{
	struct operator_job *j = (struct operator_job *)job;
	if (j->err.code != LTPS_OK) {
		log_error(j->s->log, LOG_OPERATION, LOG_ERROR,
			  "the store cannot be read", &j->err, NULL, 0);
		http_refuse(j->x, 503, "the store cannot be read");
	} else {
		http_reply(j->x, 200,
			   j->anchors ? "application/x-pem-file" : "application/json",
			   &j->out);
	}
	buf_free(&j->out);
	mem_free(j);
}

static void begin(struct http_exchange *x, struct service *s, bool anchors)
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
	j->anchors = anchors;
	j->out = buf_make(OPERATOR_BODY_MAX);
	if (!service_submit(s, x, &j->job))
		mem_free(j);
}

void operator_renewals(struct http_exchange *x, void *arg)
{
	begin(x, arg, false);
}

void operator_anchors(struct http_exchange *x, void *arg)
{
	begin(x, arg, true);
}
