/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certificate_http - POST /certificates/validate: what SCVP judges, for clients that
 * speak JSON. Whether a certificate is valid stands in the answer; only a request that
 * cannot be judged is refused, as a problem (RFC 9457).
 */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ltp/certificate.h"
#include "server/certificate_request.h"
#include "server/query_names.h"
#include "server/result.h"
#include "server/service_job.h"

struct certificate_job {
	struct pool_job job;
	struct service *s;
	struct http_exchange *x;
	struct buf body;
	bool json;
	struct certificate_request request;
	struct buf answer;
	int64_t started_us;
	struct ltps_error err;
};

/* ---- on the worker ---- */

static int read_time(struct certificate_job *j, int64_t now_ms, struct path_input *in,
		     struct ltps_error *err)
{
	struct ltps_error inner = LTPS_ERROR_INIT;
	in->time_ms = now_ms;
	if (j->request.time != NULL &&
	    time_parse_rfc3339(view_text(j->request.time), &in->time_ms, &inner) != 0)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "time: is not an RFC 3339 time");
	return 0;
}

static int read_policy(struct certificate_job *j, const struct validation_policy **ret,
		       struct ltps_error *err)
{
	*ret = NULL;
	if (j->request.policy == NULL)
		return 0;
	*ret = service_policy_find(j->s, j->request.policy);
	return *ret != NULL ? 0
			    : ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
					"policy: there is no such policy");
}

static int judge(struct certificate_job *j, const struct service_worker *w,
		 struct ltps_error *err)
{
	struct certificate_request *r = &j->request;
	const struct validation_policy *policy = NULL;
	const int64_t now_ms = clock_now_ms(j->s->clock);
	struct path_input in = { .n_pools = 1 };
	const struct ltp_certificate c = { .in = &in,
					   .fetch = j->s->config->validation.fetch,
					   .cache = w->signatures };
	const int rc = j->json ? certificate_request_json(r, view_buf(&j->body), err)
			       : certificate_request_body(r, view_buf(&j->body), err);
	if (rc != 0 || read_time(j, now_ms, &in, err) != 0 ||
	    read_policy(j, &policy, err) != 0)
		return -1;
	in.target = material_cert(r->material, MATERIAL_CERT, 0);
	in.pools[0] = r->material;
	if (path_options_wishes(&r->path, &in, err) != 0 ||
	    path_options_policy(&r->path, policy, now_ms, &in, err) != 0)
		return -1;
	return ltp_validate_certificate(w->ltp, &c, &j->answer, err);
}

static enum pool_outcome certificate_work(struct pool_job *job, void *state)
{
	struct certificate_job *j = (struct certificate_job *)job;
	if (atomic_load(&j->s->abandoned))
		j->err.code = LTPS_CANCELLED; /* nobody waits for it any more */
	else if (judge(j, state, &j->err) != 0 && j->err.code == LTPS_OK)
		j->err.code = LTPS_INTERNAL;
	return POOL_DONE;
}

/* ---- back on the loop ---- */

static void certificate_job_free(struct certificate_job *j)
{
	certificate_request_clear(&j->request);
	buf_free(&j->answer);
	buf_free(&j->body);
	mem_free(j);
}

static void certificate_done(struct pool_job *job)
{
	struct certificate_job *j = (struct certificate_job *)job;
	int status = 200;
	if (j->err.code != LTPS_OK)
		status = result_of_error(&j->err).http_status;
	else if (!budget_has(j->s->budget, j->answer.n))
		status = 503;
	service_count(j->s->certificate_counts, status, j->started_us);
	service_answered_status(j->s, j->x, ANSWER_CERTIFICATES, status, j->started_us);
	if (j->err.code != LTPS_OK)
		service_refuse(j->s, j->x, status, "a certificate cannot be judged",
			       &j->err);
	else if (status == 503)
		http_refuse(j->x, 503, "too many answers in flight");
	else
		http_reply(j->x, 200, "application/json", &j->answer);
	certificate_job_free(j);
}

/* ---- the request ---- */

static const char *get(void *arg, const char *name)
{
	return http_query(arg, name);
}

/* With JSON everything stands in the body. */
static int read_query(struct certificate_job *j, struct ltps_error *err)
{
	static const char *const none[] = { NULL };
	static const char *const names[] = { "time",
					     "policy",
					     "known",
					     "model",
					     "depth",
					     "paths",
					     "explain",
					     "initial-policy",
					     "eku",
					     "key-usage",
					     "no-revocation",
					     "explicit-policy",
					     "inhibit-mapping",
					     "inhibit-any",
					     NULL };
	if (query_names_check(http_raw_query(j->x), j->json ? none : names, err) != 0)
		return -1;
	return j->json ? 0 : certificate_request_query(&j->request, get, j->x, err);
}

void certificate_http_handle(struct http_exchange *x, void *arg)
{
	struct service *s = arg;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct certificate_job *j = mem_zalloc(1, sizeof(*j));
	if (j == NULL) {
		http_refuse(x, 503, "out of memory");
		return;
	}
	j->job.work = certificate_work;
	j->job.done = certificate_done;
	j->s = s;
	j->x = x;
	j->started_us = clock_monotonic_us();
	j->answer = buf_make(CERTIFICATE_REPORT_MAX);
	j->json = strcmp(http_media_type(x), "application/json") == 0;
	if (read_query(j, &err) != 0) {
		service_refuse(s, x, result_of_error(&err).http_status,
			       "a certificate cannot be judged", &err);
		certificate_job_free(j);
		return;
	}
	j->body = http_take_body(x);
	if (!service_submit(s, x, &j->job))
		certificate_job_free(j);
}
