/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scvp_http - POST /scvp: RFC 5055 over HTTP (appendix B). What SCVP can say itself is
 * a 200 with a response; only faults of HTTP have another status.
 */
#include <string.h>

#include "base/mem.h"
#include "server/service_job.h"

int scvp_http_start(struct service *s, struct ltps_error *err)
{
	const struct config_scvp *c = &s->config->scvp;
	if (c->certificate == NULL)
		return 0;
	if (c->n_clients > 0 && material_new(&s->scvp_clients, err) != 0)
		return -1;
	for (size_t i = 0; i < c->n_clients; i++) {
		if (material_read(s->scvp_clients, MATERIAL_ANCHOR, c->clients[i],
				  err) != 0)
			return ltps_where(err, "%s", c->clients[i]);
	}
	const struct ltp_scvp_options options = {
		.ltp = s->ltp,
		.trust = s->trust,
		.clients = s->scvp_clients,
		.certificate = c->certificate,
		.key = c->key,
		.password_file = c->password_file,
		.names = c->names,
		.n_names = c->n_names,
		.hindsight_policy = c->hindsight_policy,
		.hash = c->hash,
		.fetch = c->fetch,
		.client_status = c->client_status,
		.require_authentication = c->require_authentication,
		.refused = c->refused,
		.cache_ms = c->cache_ms,
		.policy_cache_ms = c->policy_cache_ms,
		.clock_skew_min = c->clock_skew_min,
	};
	return ltp_scvp_new(&options, &s->scvp, err);
}

void scvp_http_stop(struct service *s)
{
	ltp_scvp_free(s->scvp);
	material_free(s->scvp_clients);
}

struct scvp_job {
	struct pool_job job;
	struct service *s;
	struct http_exchange *x;
	struct buf body;
	bool policy_request;
	bool preserved;
	int64_t started_us;
	struct scvp_answer answer;
	struct ltps_error err;
};

static enum pool_outcome answer_work(struct pool_job *job, void *state)
{
	struct scvp_job *j = (struct scvp_job *)job;
	const struct service_worker *w = state;
	if (atomic_load(&j->s->abandoned))
		j->err.code = LTPS_CANCELLED; /* nobody waits for it any more */
	else if (ltp_scvp_answer(w->scvp, view_buf(&j->body), j->policy_request,
				 &j->answer, &j->preserved, &j->err) != 0 &&
		 j->err.code == LTPS_OK)
		j->err.code = LTPS_INTERNAL;
	return POOL_DONE;
}

static void count(struct service *s, const struct scvp_job *j)
{
	struct service_scvp_counts *c = s->scvp_counts;
	if (j->err.code != LTPS_OK)
		c->failed++;
	else if (j->answer.status >= SCVP_TOO_BUSY || j->answer.bad_policy_request)
		c->refused++;
	else
		c->okay++;
	c->cached += j->answer.cached;
	c->us += (uint64_t)(clock_monotonic_us() - j->started_us);
}

static void reply(struct scvp_job *j)
{
	const bool fits = budget_has(j->s->budget, j->answer.body.n);
	if (j->err.code != LTPS_OK) {
		log_error(j->s->log, LOG_OPERATION, LOG_ERROR,
			  "an SCVP request cannot be answered", &j->err, NULL, 0);
		http_refuse(j->x, 503, "the service cannot answer now");
	} else if (j->answer.bad_policy_request) {
		/* A ValPolResponse has no status of its own. */
		http_refuse(j->x, 400, "not a ValPolRequest");
	} else if (!fits) {
		http_refuse(j->x, 503, "too many answers in flight");
	} else {
		http_reply(j->x, 200,
			   j->policy_request ? SCVP_MEDIA_VP_RESPONSE
					     : SCVP_MEDIA_CV_RESPONSE,
			   &j->answer.body);
	}
}

static void answered(const struct scvp_job *j)
{
	const bool failed =
	    j->err.code != LTPS_OK || !budget_has(j->s->budget, j->answer.body.n);
	const bool refused =
	    j->answer.status >= SCVP_TOO_BUSY || j->answer.bad_policy_request;
	const struct service_answer answer = {
		.x = j->x,
		.what = ANSWER_SCVP,
		.status = failed                         ? 503
			  : j->answer.bad_policy_request ? 400
							 : 200,
		.outcome = failed    ? "failed"
			   : refused ? "refused"
				     : "success",
		.us = clock_monotonic_us() - j->started_us,
	};
	service_answered(j->s, &answer);
}

static void scvp_job_free(struct scvp_job *j)
{
	buf_free(&j->answer.body);
	buf_free(&j->body);
	mem_free(j);
}

static void answer_done(struct pool_job *job)
{
	struct scvp_job *j = (struct scvp_job *)job;
	count(j->s, j);
	answered(j);
	if (j->preserved)
		background_wake(j->s);
	reply(j);
	scvp_job_free(j);
}

void scvp_http_handle(struct http_exchange *x, void *arg)
{
	struct service *s = arg;
	if (s->scvp == NULL) { /* gone since the request began */
		http_refuse(x, 404, "there is nothing here");
		return;
	}
	struct scvp_job *j = mem_zalloc(1, sizeof(*j));
	if (j == NULL) {
		http_refuse(x, 503, "out of memory");
		return;
	}
	const char *type = http_media_type(x);
	j->job.work = answer_work;
	j->job.done = answer_done;
	j->s = s;
	j->x = x;
	j->policy_request = type != NULL && strcmp(type, SCVP_MEDIA_VP_REQUEST) == 0;
	j->started_us = clock_monotonic_us();
	j->answer.body = buf_make(SCVP_RESPONSE_MAX);
	j->body = http_take_body(x);
	if (!service_submit(s, x, &j->job))
		scvp_job_free(j);
}
