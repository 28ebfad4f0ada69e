/* SPDX-License-Identifier: Apache-2.0 */
/*
 * validate_http - POST /validate: a signed document in, its report out. What is wrong
 * with a signature stands in the report; only a request that cannot be judged is
 * refused, as a problem (RFC 9457).
 */
#include <openssl/crypto.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/validation.h"
#include "server/digest_option.h"
#include "server/multipart.h"
#include "server/policy_file.h"
#include "server/result.h"
#include "server/service_job.h"

#define ACCEPT_MAX 1000 /* of the field; browsers send a hundred */

/* ---- policies: read once, shared by all threads ---- */

static int add_policy(struct service *s, const char *name, struct ltps_error *err)
{
	struct service_policy *p = &s->policies[s->n_policies];
	if (s->n_policies == SERVICE_POLICIES_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, NULL,
				 "more than %d policies", SERVICE_POLICIES_MAX);
	if (policy_load(name, &p->policy, err) != 0)
		return ltps_where(err, "policy %.80s", name);
	snprintf(p->name, sizeof(p->name), "%s", name);
	s->n_policies++;
	return 0;
}

int validate_http_start(struct service *s, struct ltps_error *err)
{
	const char *configured = s->config->validation.policy;
	char name[VALIDATION_POLICY_NAME_MAX];
	if (add_policy(s, configured != NULL ? configured : "default", err) != 0)
		return -1;
	for (size_t i = 0; validation_policy_builtin_name(i, name); i++)
		if (strcmp(name, s->policies[0].name) != 0 &&
		    add_policy(s, name, err) != 0)
			return -1;
	return 0;
}

void validate_http_stop(struct service *s)
{
	while (s->n_policies > 0)
		validation_policy_free(s->policies[--s->n_policies].policy);
}

const struct validation_policy *service_policy_find(const struct service *s,
						    const char *name)
{
	if (name == NULL)
		return s->policies[0].policy;
	for (size_t i = 0; i < s->n_policies; i++)
		if (strcmp(name, s->policies[i].name) == 0 ||
		    strcmp(name, s->policies[i].policy->id) == 0)
			return s->policies[i].policy;
	return NULL;
}

/* ---- one request ---- */

struct validate_job {
	struct pool_job job;
	struct service *s;
	struct http_exchange *x;
	struct buf body;
	struct view content_type; /* of the exchange, which stays until the reply */
	bool is_multipart;
	size_t offer; /* what is answered, of offers[] */
	struct ltp_validation v;
	struct content content;
	struct buf answer;
	int64_t started_us;
	struct ltps_error err;
};

/* ---- what is wanted back ---- */

static const struct {
	const char *type;
	enum validation_form form;
	const char *answer;
} offers[] = {
	{ "application/json", VALIDATION_JSON, "application/json" },
	{ "application/xml", VALIDATION_XML, "application/xml" },
	{ "text/xml", VALIDATION_XML, "text/xml" },
	{ "text/plain", VALIDATION_TEXT, "text/plain; charset=utf-8" },
};
#define OFFERS_COUNT (sizeof(offers) / sizeof(offers[0]))

/* Thousandths of "0.5". */
static int weight(const char *q)
{
	int thousandths = 0, scale = 1000;
	if (*q == '1')
		return 1000;
	if (*q++ != '0' || *q++ != '.')
		return 0;
	for (; *q >= '0' && *q <= '9' && scale > 1; q++) {
		scale /= 10;
		thousandths += (*q - '0') * scale;
	}
	return thousandths;
}

/* The weight among the parameters of a media range; 1000 without one. */
static int quality(char *parameters)
{
	char *save = NULL;
	for (char *p = strtok_r(parameters, ";", &save); p != NULL;
	     p = strtok_r(NULL, ";", &save)) {
		p += strspn(p, " \t");
		if ((p[0] == 'q' || p[0] == 'Q') && p[1] == '=')
			return weight(p + 2);
	}
	return 1000;
}

/* How well a range fits an offer: 0 not, 1 by "*", 2 by "type/" "*", 3 exactly. */
static int fits(const char *range, const char *type)
{
	const char *slash = strchr(type, '/');
	if (strcmp(range, "*/*") == 0)
		return 1;
	if (strncasecmp(range, type, (size_t)(slash + 1 - type)) == 0 &&
	    strcmp(range + (slash + 1 - type), "*") == 0)
		return 2;
	return strcasecmp(range, type) == 0 ? 3 : 0;
}

/* One range "type/subtype;q=..." into the qualities of the offers. RFC 9110 12.5.1.
 * False when there is none. */
static bool take_range(char *range, int quality_of[OFFERS_COUNT],
		       int precision[OFFERS_COUNT])
{
	char *parameters = range + strcspn(range, ";");
	if (*parameters != '\0')
		*parameters++ = '\0';
	range += strspn(range, " \t");
	range[strcspn(range, " \t")] = '\0';
	if (*range == '\0')
		return false; /* empty elements of a list are passed over */
	const int q = quality(parameters);
	for (size_t i = 0; i < OFFERS_COUNT; i++) {
		const int fit = fits(range, offers[i].type);
		if (fit > precision[i]) {
			precision[i] = fit;
			quality_of[i] = q;
		}
	}
	return true;
}

/* The offer that is wanted most, the first of equals; OFFERS_COUNT: none. */
static size_t choose_offer(struct view accept)
{
	char text[ACCEPT_MAX];
	int quality_of[OFFERS_COUNT] = { 0 }, precision[OFFERS_COUNT] = { 0 };
	size_t best = OFFERS_COUNT;
	if (accept.n == 0)
		return 0;
	if (accept.n >= sizeof(text))
		return OFFERS_COUNT;
	memcpy(text, accept.p, accept.n);
	text[accept.n] = '\0';
	char *save = NULL;
	bool any = false;
	for (char *range = strtok_r(text, ",", &save); range != NULL;
	     range = strtok_r(NULL, ",", &save))
		any = take_range(range, quality_of, precision) || any;
	if (!any)
		return 0;
	for (size_t i = 0; i < OFFERS_COUNT; i++)
		if (quality_of[i] > 0 &&
		    (best == OFFERS_COUNT || quality_of[i] > quality_of[best]))
			best = i;
	return best;
}

/* ---- on the worker ---- */

static int take_part(struct validate_job *j, const struct multipart_part *p,
		     struct ltps_error *err)
{
	if (view_is_text(p->name, "document") && j->v.file.p == NULL) {
		j->v.file = p->body;
	} else if (view_is_text(p->name, "content") && j->v.content == NULL) {
		j->content = content_of(p->body);
		j->v.content = &j->content;
	} else if (view_is_text(p->name, "digest") &&
		   (j->v.content == NULL || j->content.digests_only)) {
		j->v.content = &j->content;
		return digest_option_known("digest", p->body, &j->content, err);
	} else if (view_is_text(p->name, "password") && j->v.password.p == NULL) {
		j->v.password = p->body;
	} else {
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "the parts are \"document\", \"password\" and "
				 "\"content\" or \"digest\", each but the last once, "
				 "not %.*s",
				 (int)(p->name.n < 60 ? p->name.n : 60),
				 (const char *)p->name.p);
	}
	return 0;
}

static int read_body(struct validate_job *j, struct ltps_error *err)
{
	struct multipart_part parts[MULTIPART_PARTS_MAX];
	size_t n = 0;
	if (!j->is_multipart) {
		j->v.file = view_buf(&j->body);
	} else {
		if (multipart_parse(j->content_type, view_buf(&j->body), parts,
				    MULTIPART_PARTS_MAX, &n, err) != 0)
			return -1;
		for (size_t i = 0; i < n; i++)
			if (take_part(j, &parts[i], err) != 0)
				return -1;
	}
	if (j->v.file.n == 0)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "there is no document");
	return 0;
}

static enum pool_outcome validate_work(struct pool_job *job, void *state)
{
	struct validate_job *j = (struct validate_job *)job;
	const struct service_worker *w = state;
	j->v.cache = w->signatures;
	if (atomic_load(&j->s->abandoned))
		j->err.code = LTPS_CANCELLED; /* nobody waits for it any more */
	else if ((read_body(j, &j->err) != 0 ||
		  ltp_validate_document(w->ltp, &j->v, &j->answer, &j->err) != 0) &&
		 j->err.code == LTPS_OK)
		j->err.code = LTPS_INTERNAL;
	return POOL_DONE;
}

/* ---- back on the loop ---- */

/* A transfer encoding or another multipart is a matter of the media type; a document of
 * a format that is not judged is not. */
static int status_of(const struct ltps_error *err)
{
	if (err->code == LTPS_UNSUPPORTED && err->fault == LTPS_FAULT_CALLER)
		return 415;
	/* Malformed as a document, not as a request; or its password does not open it,
	 * which is nothing that the service forbids. */
	if ((err->code == LTPS_FORMAT || err->code == LTPS_DENIED) &&
	    err->fault == LTPS_FAULT_OBJECT)
		return 422;
	return result_of_error(err).http_status;
}

static void validate_job_free(struct validate_job *j)
{
	buf_free(&j->answer);
	/* It lies in the body. */
	if (j->v.password.n > 0)
		OPENSSL_cleanse(j->body.p + (j->v.password.p - j->body.p),
				j->v.password.n);
	buf_free(&j->body);
	mem_free(j);
}

static void validate_done(struct pool_job *job)
{
	struct validate_job *j = (struct validate_job *)job;
	int status = 200;
	if (j->err.code != LTPS_OK)
		status = status_of(&j->err);
	else if (!budget_has(j->s->budget, j->answer.n))
		status = 503;
	service_count(j->s->validate_counts, status, j->started_us);
	service_answered_status(j->s, j->x, ANSWER_VALIDATE, status, j->started_us);
	if (j->err.code != LTPS_OK)
		service_refuse(j->s, j->x, status, "a document cannot be judged",
			       &j->err);
	else if (status == 503)
		http_refuse(j->x, 503, "too many answers in flight");
	else
		http_reply(j->x, 200, offers[j->offer].answer, &j->answer);
	validate_job_free(j);
}

/* ---- the request ---- */

/* NULL, or why the query cannot be taken. */
static const char *read_query(struct validate_job *j)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	const char *time = http_query(j->x, "time");
	const char *policy = http_query(j->x, "policy");
	const char *digest = http_query(j->x, "digest");
	j->v.time_ms = INT64_MIN;
	if (digest != NULL) {
		j->v.content = &j->content;
		if (digest_option_known("digest", view_text(digest), &j->content,
					&ignored) != 0)
			return "digest is not ALG:HEX, several after commas, one of "
			       "each algorithm";
	}
	if (time != NULL &&
	    time_parse_rfc3339(view_text(time), &j->v.time_ms, &ignored) != 0)
		return "time is not an RFC 3339 time";
	j->v.policy = service_policy_find(j->s, policy);
	return j->v.policy != NULL ? NULL : "there is no such policy";
}

/* 0, or the status of a refusal made without looking at the body. */
static int read_request(struct validate_job *j, const char **ret_why)
{
	const size_t offer = choose_offer(http_field(j->x, "accept"));
	const char *type = http_media_type(j->x);
	*ret_why = read_query(j);
	if (*ret_why != NULL)
		return 400;
	if (offer == OFFERS_COUNT) {
		*ret_why = "a report is application/json or application/xml";
		return 406;
	}
	j->offer = offer;
	j->v.form = offers[offer].form;
	j->is_multipart = strncmp(type, "multipart/", 10) == 0;
	j->content_type = http_field(j->x, "content-type");
	j->v.fetch = j->s->config->validation.fetch;
	j->v.version = LTPS_VERSION;
	return 0;
}

void validate_http_handle(struct http_exchange *x, void *arg)
{
	struct service *s = arg;
	const char *why = NULL;
	struct validate_job *j = mem_zalloc(1, sizeof(*j));
	if (j == NULL) {
		http_refuse(x, 503, "out of memory");
		return;
	}
	j->job.work = validate_work;
	j->job.done = validate_done;
	j->s = s;
	j->x = x;
	j->started_us = clock_monotonic_us();
	j->answer = buf_make(VALIDATION_REPORT_MAX);
	const int status = read_request(j, &why);
	if (status != 0) {
		validate_job_free(j);
		http_refuse(x, status, why);
		return;
	}
	j->body = http_take_body(x);
	if (!service_submit(s, x, &j->job))
		validate_job_free(j);
}
