/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_http - POST /verify: VerifyRequest and VerifyResponse of DSS-X core 2.0 in
 * JSON. Everything that DSS-X can say is a 200 with a result; 400 when the body is no
 * JSON, 503 when nothing can be said.
 */
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ltp/validation.h"
#include "server/service_job.h"
#include "server/verify_request.h"

#define MAJOR "urn:oasis:names:tc:dss:1.0:resultmajor:"
#define MINOR "urn:oasis:names:tc:dss:1.0:resultminor:"
#define MIME_REPORT "application/vnd.etsi.validation-report+xml"
#define REFUSAL_MAX ((size_t)64 << 10)

struct verify_job {
	struct pool_job job;
	struct service *s;
	struct http_exchange *x;
	struct buf body, answer;
	struct verify_request request;
	int64_t started_us;
	int status;
	struct ltps_error err;
};

/* ---- answers ---- */

static void put_result(struct jsonw *j, const char *major, const char *minor,
		       const char *message)
{
	jsonw_key(j, "result");
	jsonw_object(j);
	jsonw_member(j, "maj", major);
	if (minor != NULL)
		jsonw_member(j, "min", minor);
	if (message != NULL && message[0] != '\0') {
		jsonw_key(j, "msg");
		jsonw_object(j);
		jsonw_member(j, "value", message);
		jsonw_member(j, "lang", "en");
		jsonw_object_end(j);
	}
	jsonw_object_end(j);
}

static void put_head(struct jsonw *j, const struct verify_request *q)
{
	jsonw_key(j, "profile");
	jsonw_array(j);
	jsonw_cstr(j, VERIFY_PROFILE);
	jsonw_array_end(j);
	if (q->id != NULL)
		jsonw_member(j, "reqID", q->id);
}

static int write_refusal(struct verify_job *j, const char *minor, const char *message,
			 struct ltps_error *err)
{
	struct jsonw w = jsonw_to(&j->answer);
	jsonw_object(&w);
	put_result(&w, MAJOR "RequesterError", minor, message);
	put_head(&w, &j->request);
	jsonw_object_end(&w);
	return jsonw_end(&w, err);
}

/* What the worst verdict of a file is in the words of DSS (core 1.0, 2.6). */
struct verdict {
	const char *major, *minor;
};

static struct verdict verdict_of(const struct report *r)
{
	const struct report_signature *s =
	    r->n_signatures > 0 ? &r->signatures[0] : NULL;
	if (r->indication == INDICATION_PASSED)
		return (struct verdict){ MAJOR "Success",
					 MINOR "valid:signature:OnAllDocuments" };
	if (r->indication == INDICATION_FAILED)
		return (struct verdict){ MAJOR "Success",
					 MINOR "invalid:IncorrectSignature" };
	if (r->n_signatures == 1 && s->conclusion.sub == SUB_NO_CERTIFICATE_CHAIN_FOUND)
		return (struct verdict){ MAJOR "InsufficientInformation",
					 MINOR "CertificateChainNotComplete" };
	return (struct verdict){ MAJOR "InsufficientInformation", NULL };
}

static const char *verdict_text(const struct report *r)
{
	return r->n_signatures > 0 ? indication_total_name(r->indication)
				   : indication_name(r->indication);
}

/* Claimed, and the time by which it is proven to have existed; of one signature. */
static void put_signing_time(struct jsonw *j, const struct report *r)
{
	const struct report_signature *s =
	    r->n_signatures == 1 ? &r->signatures[0] : NULL;
	const int64_t claimed =
	    s != NULL ? s->signature->claims.signing_time_ms : INT64_MIN;
	if (claimed == INT64_MIN)
		return;
	jsonw_key(j, "signingTimeInfo");
	jsonw_object(j);
	jsonw_key(j, "signingTime");
	jsonw_time(j, claimed);
	if (s->best_signature_time_ms != INT64_MIN) {
		jsonw_key(j, "bounds");
		jsonw_object(j);
		jsonw_key(j, "upperBound");
		jsonw_time(j, s->best_signature_time_ms);
		jsonw_object_end(j);
	}
	jsonw_object_end(j);
}

/* The report as `other`: the core has no member of its own for it. */
static int put_report(struct jsonw *j, const struct validation_outcome *o,
		      struct ltps_error *err)
{
	struct buf xml = buf_make(VALIDATION_REPORT_MAX);
	const int rc = validation_write(o->report, o->frame, VALIDATION_XML, o->key,
					o->time_ms, &xml, err);
	if (rc == 0) {
		jsonw_key(j, "other");
		jsonw_array(j);
		jsonw_object(j);
		jsonw_key(j, "val");
		jsonw_base64(j, view_buf(&xml));
		jsonw_member(j, "mimeType", MIME_REPORT);
		jsonw_object_end(j);
		jsonw_array_end(j);
	}
	buf_free(&xml);
	return rc;
}

static int put_outputs(struct jsonw *j, const struct verify_request *q,
		       const struct validation_outcome *o, struct ltps_error *err)
{
	jsonw_key(j, "optOutp");
	jsonw_object(j);
	jsonw_key(j, "policy");
	jsonw_array(j);
	jsonw_cstr(j, o->report->policy->id);
	jsonw_array_end(j);
	if (put_report(j, o, err) != 0)
		return -1;
	if (q->want_signing_time)
		put_signing_time(j, o->report);
	if (q->want_time) {
		jsonw_key(j, "verificationTimeInfo");
		jsonw_object(j);
		jsonw_key(j, "verificationTime");
		jsonw_time(j, o->report->time_ms);
		jsonw_object_end(j);
	}
	jsonw_object_end(j);
	return 0;
}

static int write_answer(void *arg, const struct validation_outcome *o, struct buf *out,
			struct ltps_error *err)
{
	struct verify_job *j = arg;
	if (o->report->nothing)
		return write_refusal(j, MINOR "GeneralError",
				     "there is no signature in it", err);
	const struct verdict v = verdict_of(o->report);
	struct jsonw w = jsonw_to(out);
	jsonw_object(&w);
	put_result(&w, v.major, v.minor, verdict_text(o->report));
	put_head(&w, &j->request);
	if (put_outputs(&w, &j->request, o, err) != 0)
		return -1;
	jsonw_object_end(&w);
	return jsonw_end(&w, err);
}

/* ---- on the worker ---- */

static int judge(struct verify_job *j, const struct service_worker *w,
		 const struct validation_policy *policy, struct ltps_error *err)
{
	struct verify_request *q = &j->request;
	const struct ltp_validation v = {
		.file = q->file,
		.content = q->has_content ? &q->content : NULL,
		.policy = policy,
		.time_ms = q->time_ms,
		.form = VALIDATION_XML,
		.fetch = j->s->config->validation.fetch,
		.version = LTPS_VERSION,
		.cache = w->signatures,
		.write = write_answer,
		.write_arg = j,
	};
	if (ltp_validate_document(w->ltp, &v, &j->answer, err) == 0)
		return 0;
	/* What cannot be read is told as an answer. */
	if (err->fault != LTPS_FAULT_OBJECT && err->fault != LTPS_FAULT_CALLER)
		return -1;
	char line[400];
	ltps_error_line(err, line, sizeof(line));
	const char *minor =
	    err->code == LTPS_UNSUPPORTED ? MINOR "NotSupported" : MINOR "GeneralError";
	ltps_error_clear(err);
	buf_clear(&j->answer);
	return write_refusal(j, minor, line, err);
}

static int answer(struct verify_job *j, const struct service_worker *w,
		  struct ltps_error *err)
{
	struct ltp_result refusal = { .minor = LTP_OK };
	bool json = false;
	if (verify_request_parse(view_buf(&j->body), &j->request, &refusal, &json,
				 err) != 0)
		return -1;
	buf_free(&j->body);
	j->status = json ? 200 : 400;
	if (refusal.minor != LTP_OK)
		return write_refusal(j,
				     refusal.minor == LTP_NOT_SUPPORTED
					 ? MINOR "NotSupported"
					 : MINOR "GeneralError",
				     refusal.message, err);
	const struct validation_policy *policy =
	    service_policy_find(j->s, j->request.policy);
	if (policy == NULL)
		return write_refusal(j, MINOR "NotSupported",
				     "policy: there is no such policy", err);
	return judge(j, w, policy, err);
}

static enum pool_outcome verify_work(struct pool_job *job, void *state)
{
	struct verify_job *j = (struct verify_job *)job;
	if (atomic_load(&j->s->abandoned))
		j->err.code = LTPS_CANCELLED; /* nobody waits for it any more */
	else if (answer(j, state, &j->err) != 0 && j->err.code == LTPS_OK)
		j->err.code = LTPS_INTERNAL;
	return POOL_DONE;
}

/* ---- back on the loop ---- */

static void verify_job_free(struct verify_job *j)
{
	verify_request_clear(&j->request);
	buf_free(&j->answer);
	buf_free(&j->body);
	mem_free(j);
}

static void verify_done(struct pool_job *job)
{
	struct verify_job *j = (struct verify_job *)job;
	const bool fits =
	    j->answer.n <= REFUSAL_MAX || budget_has(j->s->budget, j->answer.n);
	const bool judged = j->err.code == LTPS_OK;
	service_count(j->s->validate_counts, judged ? 200 : 503, j->started_us);
	service_answered_status(j->s, j->x, ANSWER_VERIFY,
				judged && fits ? j->status : 503, j->started_us);
	if (!judged)
		service_refuse(j->s, j->x, 503, "a signature cannot be judged",
			       &j->err);
	else if (!fits)
		http_refuse(j->x, 503, "too many answers in flight");
	else
		http_reply(j->x, j->status, "application/json", &j->answer);
	verify_job_free(j);
}

void verify_http_handle(struct http_exchange *x, void *arg)
{
	struct service *s = arg;
	struct verify_job *j = mem_zalloc(1, sizeof(*j));
	if (j == NULL) {
		http_refuse(x, 503, "out of memory");
		return;
	}
	j->job.work = verify_work;
	j->job.done = verify_done;
	j->s = s;
	j->x = x;
	j->started_us = clock_monotonic_us();
	j->answer = buf_make(2 * VALIDATION_REPORT_MAX);
	j->body = http_take_body(x);
	if (!service_submit(s, x, &j->job))
		verify_job_free(j);
}
