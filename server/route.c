/* SPDX-License-Identifier: Apache-2.0 */
/* Paths to work: what a request becomes, and how its answer comes back. */
#include <stdio.h>
#include <string.h>

#include "base/embedded.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "server/api_call.h"
#include "server/auth.h"
#include "server/result.h"
#include "server/service_job.h"
#include "server/soap.h"
#include "server/verify_request.h"

extern const struct embedded server_documents[];
/* Bodies of /health and /metrics. */
#define STATUS_BODY_MAX ((size_t)64 << 10)
/* A POID, a date and a name. */
#define LINK_REQUEST_MAX ((size_t)4 << 10)
/* Answers up to this size always leave: refusals, and what tells of a change. */
#define SMALL_ANSWER ((size_t)64 << 10)

/* --- /pres --- */

struct call_job {
	struct pool_job job;
	struct api_call call;
	struct service *s;
	struct http_exchange *x;
	int64_t started_us;
	struct service_room room;
	bool later;
};

static void call_later(struct api_call *call)
{
	struct call_job *j = call->later_arg;
	j->later = true;
	pool_finish(j->s->workers, &j->job);
}

static enum pool_outcome call_work(struct pool_job *job, void *state)
{
	struct call_job *j = (struct call_job *)job;
	if (atomic_load(&j->s->abandoned)) {
		j->call.status = 503; /* nobody waits for the answer any more */
		j->call.outcome = API_FAILED;
		return POOL_DONE;
	}
	const struct service_worker *w = state;
	return api_run(&j->call, w->ltp) ? POOL_DONE : POOL_PENDING;
}

static void count_call(struct service *s, const struct call_job *j)
{
	struct service_counts *c = &s->counts[j->call.op];
	if (j->call.op_unknown)
		return;
	switch (j->call.outcome) {
	case API_SUCCESS:
		c->success++;
		break;
	case API_REFUSED:
		c->refused++;
		break;
	case API_FAILED:
		c->failed++;
		break;
	}
	c->us += (uint64_t)(clock_monotonic_us() - j->started_us);
}

/* An answer that changed nothing may be given up when there is no room for it. */
static bool may_answer(struct service *s, const struct call_job *j)
{
	const enum operation op = j->call.op;
	return j->call.answer.n <= SMALL_ANSWER ||
	       (op != OP_RETRIEVE_INFO && op != OP_RETRIEVE_PO &&
		op != OP_RETRIEVE_TRACE && op != OP_VALIDATE_EVIDENCE) ||
	       budget_has(s->budget, j->call.answer.n);
}

static const char *outcome_text(int outcome)
{
	return outcome == API_SUCCESS   ? "success"
	       : outcome == API_REFUSED ? "refused"
					: "failed";
}

static void call_done(struct pool_job *job)
{
	struct call_job *j = (struct call_job *)job;
	struct service *s = j->s;
	if (j->later)
		api_finish(&j->call);
	count_call(s, j);
	if (j->call.ingested)
		background_wake(s);
	service_room_give(&j->room);
	const bool fits = may_answer(s, j);
	const struct service_answer answer = {
		.x = j->x,
		.what = j->call.op,
		.status = fits ? j->call.status : 503,
		.outcome = outcome_text(fits ? j->call.outcome : API_FAILED),
		.us = clock_monotonic_us() - j->started_us,
	};
	service_answered(s, &answer);
	if (!fits) {
		http_refuse(j->x, 503, "too many answers in flight");
	} else {
		if (j->call.status == 503)
			http_add_field(j->x, "Retry-After", "1");
		http_reply(j->x, j->call.status, api_media_type(&j->call),
			   &j->call.answer);
	}
	api_clear(&j->call);
	mem_free(j);
}

/* Operations whose own routes are closed to the caller. */
static unsigned denied_to(const struct http_exchange *x)
{
	unsigned denied = 0;
	for (unsigned op = 0; op < OP_COUNT; op++) {
		char path[64];
		snprintf(path, sizeof(path), "/pres/%s",
			 operation_name((enum operation)op));
		if (!auth_may(x, path))
			denied |= 1u << op;
	}
	return denied;
}

/* op_unknown: the body will tell the operation. */
static void start_call(struct http_exchange *x, struct service *s,
		       const struct api_binding *binding, enum operation op,
		       bool op_unknown)
{
	struct call_job *j = mem_zalloc(1, sizeof(*j));
	if (j == NULL) {
		http_refuse(x, 503, "out of memory");
		return;
	}
	j->job.work = call_work;
	j->job.done = call_done;
	j->s = s;
	j->x = x;
	j->started_us = clock_monotonic_us();
	j->call.binding = binding;
	j->call.op = op;
	j->call.op_unknown = op_unknown;
	j->call.content_type = http_field(x, "content-type");
	j->call.ltp = s->ltp;
	j->call.log = s->log;
	j->call.caller = auth_caller(x);
	j->call.denied = denied_to(x);
	j->call.request_id = http_request_id(x);
	j->room.budget = s->budget;
	j->call.room = service_room_for(&j->room);
	j->call.body = http_take_body(x);
	j->call.later = call_later;
	j->call.later_arg = j;
	if (!service_submit(s, x, &j->job)) {
		api_clear(&j->call);
		mem_free(j);
	}
}

static void handle_call(struct http_exchange *x, void *arg)
{
	const struct service_route *route = arg;
	start_call(x, route->service, &api_json_binding, route->op, false);
}

static void handle_soap(struct http_exchange *x, void *arg)
{
	if (http_method(x) == HTTP_METHOD_POST)
		start_call(x, arg, &api_soap_binding, OP_RETRIEVE_INFO, true);
	else
		soap_http_describe(x);
}

/* --- /health, /metrics: read from the store, so on a worker --- */

struct status_job {
	struct pool_job job;
	struct service *s;
	struct http_exchange *x;
	enum { STATUS_HEALTH, STATUS_METRICS, STATUS_READY } what;
	struct ltp_health health;
	struct ltps_error err;
};

static enum pool_outcome status_work(struct pool_job *job, void *state)
{
	struct status_job *j = (struct status_job *)job;
	const struct service_worker *w = state;
	if (ltp_health(w->ltp, &j->health, &j->err) != 0 && j->err.code == LTPS_OK)
		j->err.code = LTPS_INTERNAL;
	return POOL_DONE;
}

/* Why no requests should come; NULL: they may. */
static const char *why_not_ready(const struct service *s, const struct ltp_health *h)
{
	if (s->shell->draining)
		return "the service is stopping";
	if (s->shell->now->evidence.failing)
		return "the store fails";
	return h->no_space ? "there is no space left" : NULL;
}

static void reply_ready(const struct status_job *j)
{
	const char *why = why_not_ready(j->s, &j->health);
	if (why != NULL)
		http_refuse(j->x, 503, why);
	else
		http_reply_view(j->x, 200, "application/json",
				view_text("{\"ready\":true}\n"));
}

/* What is kept here, and what troubles it, is for those who run it. */
static int status_body(const struct status_job *j, struct buf *out,
		       struct ltps_error *err)
{
	if (j->what == STATUS_METRICS)
		return status_metrics(j->s, &j->health, out, err);
	return auth_may(j->x, "/metrics")
		   ? status_health(j->s, &j->health, out, err)
		   : status_health_bare(j->s, &j->health, out, err);
}

static void reply_status(const struct status_job *j)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(STATUS_BODY_MAX);
	if (status_body(j, &out, &err) != 0)
		http_refuse(j->x, 503, "out of memory");
	else
		http_reply(j->x, 200,
			   j->what == STATUS_METRICS
			       ? "text/plain; version=0.0.4; charset=utf-8"
			       : "application/json",
			   &out);
	buf_free(&out);
}

static void status_done(struct pool_job *job)
{
	struct status_job *j = (struct status_job *)job;
	if (j->err.code != LTPS_OK) {
		log_error(j->s->log, LOG_OPERATION, LOG_ERROR, "health cannot be read",
			  &j->err, NULL, 0);
		http_refuse(j->x, 503, "the store cannot be read");
	} else if (j->what == STATUS_READY) {
		reply_ready(j);
	} else {
		reply_status(j);
	}
	mem_free(j);
}

static void start_status(struct http_exchange *x, struct service *s, int what)
{
	struct status_job *j = mem_zalloc(1, sizeof(*j));
	if (j == NULL) {
		http_refuse(x, 503, "out of memory");
		return;
	}
	j->job.work = status_work;
	j->job.done = status_done;
	j->s = s;
	j->x = x;
	j->what = what;
	if (!service_submit(s, x, &j->job))
		mem_free(j);
}

static void handle_health(struct http_exchange *x, void *arg)
{
	start_status(x, arg, STATUS_HEALTH);
}

static void handle_metrics(struct http_exchange *x, void *arg)
{
	start_status(x, arg, STATUS_METRICS);
}

/* Nothing is listened to while the store is migrated. */
static void handle_ready(struct http_exchange *x, void *arg)
{
	const struct service *s = arg;
	if (s->shell->draining)
		http_refuse(x, 503, "the service is stopping");
	else
		start_status(x, arg, STATUS_READY);
}

/* The document is data: tests hold it against the table below and the answers. */
static void handle_openapi(struct http_exchange *x, void *arg)
{
	(void)arg;
	http_reply_view(x, 200, "application/json", server_documents[0].bytes);
}

static void handle_root(struct http_exchange *x, void *arg)
{
	(void)arg;
	http_reply_view(
	    x, 200, "text/plain",
	    view_text(
		"LTPS " LTPS_VERSION ", long-term preservation service\n"
		"POST /pres/{RetrieveInfo,PreservePO,RetrievePO,DeletePO,"
		"UpdatePOC,RetrieveTrace,ValidateEvidence,Search}"
		"  ETSI TS 119 512, application/json\n"
		"POST /pres/soap  the same in SOAP 1.2; GET /pres/soap?wsdl\n"
		"POST /scvp  RFC 5055, application/scvp-cv-request, "
		"application/scvp-vp-request\n"
		"POST /validate  a signed document, or multipart/form-data with "
		"\"document\", \"content\" or \"digest\", \"password\"; "
		"?time=T&policy=P&digest=ALG:HEX\n"
		"POST /certificates/validate  certificates (PEM, DER), or JSON\n"
		"POST /verify  VerifyRequest of DSS-X 2.0 (TS 119 442), "
		"application/json\n"
		"GET /package/POID  an object with all that verifies it, ZIP; "
		"?partial=true\n"
		"GET /outlook/POID  an object's evidence, and what falls due for it\n"
		"GET, POST /links; DELETE /links/N; GET /link/...  read-only "
		"access to one object\n"
		"GET /ui/  all this for people, in a browser\n"
		"GET /health /ready /metrics /openapi.json /renewals /upkeep\n"
		"GET /anchors.pem\n"));
}

/* --- the table --- */

void route_table(struct service *s)
{
	static const struct {
		const char *path;
		void (*handle)(struct http_exchange *x, void *arg);
	} gets[] = { { "/health", handle_health },
		     { "/ready", handle_ready },
		     { "/metrics", handle_metrics },
		     { "/renewals", operator_renewals },
		     { "/anchors.pem", operator_anchors },
		     { "/upkeep", operator_upkeep },
		     { "/outlook/*", outlook_http_handle },
		     { "/openapi.json", handle_openapi },
		     { "/links", links_http_list },
		     { "/link/*", links_http_open },
		     { "/ui", ui_http_redirect },
		     { "/ui/", ui_http_handle },
		     { "/ui/*", ui_http_handle },
		     { "/", handle_root } };
	struct service_shell *h = s->shell;
	size_t n = 0;
	for (unsigned op = 0; op < OP_COUNT; op++) {
		struct service_route *r = &h->pres_routes[op];
		r->service = s;
		r->op = (enum operation)op;
		snprintf(r->path, sizeof(r->path), "/pres/%s", operation_name(r->op));
		h->routes[n++] = (struct http_route){
			.path = r->path,
			.methods = HTTP_METHOD_POST,
			.media_types = { "application/json" },
			.body_max = s->config->body_max,
			.handle = handle_call,
			.arg = r,
		};
	}
	h->routes[n++] = (struct http_route){
		.path = SOAP_PATH,
		.methods = HTTP_METHOD_GET | HTTP_METHOD_POST,
		/* The last is SOAP 1.1, which is told so. */
		.media_types = { "application/soap+xml", "multipart/related",
				 "text/xml" },
		.body_max = s->config->body_max,
		.handle = handle_soap,
		.arg = s,
	};
	h->routes[n++] = (struct http_route){
		.path = "/validate",
		.methods = HTTP_METHOD_POST,
		.body_max = s->config->body_max,
		.handle = validate_http_handle,
		.arg = s,
	};
	h->routes[n++] = (struct http_route){
		.path = "/certificates/validate",
		.methods = HTTP_METHOD_POST,
		.body_max = CERTIFICATE_BODY_MAX,
		.handle = certificate_http_handle,
		.arg = s,
	};
	h->routes[n++] = (struct http_route){
		.path = "/verify",
		.methods = HTTP_METHOD_POST,
		.media_types = { "application/json" },
		.body_max = s->config->body_max < VERIFY_BODY_MAX ? s->config->body_max
								  : VERIFY_BODY_MAX,
		.handle = verify_http_handle,
		.arg = s,
	};
	h->routes[n++] = (struct http_route){
		.path = "/package/*",
		.methods = HTTP_METHOD_GET,
		.handle = package_http_handle,
		.arg = s,
	};
	h->routes[n++] = (struct http_route){
		.path = "/links",
		.methods = HTTP_METHOD_POST,
		.media_types = { "application/json" },
		.body_max = LINK_REQUEST_MAX,
		.handle = links_http_add,
		.arg = s,
	};
	h->routes[n++] = (struct http_route){ .path = "/links/*",
					      .methods = HTTP_METHOD_DELETE,
					      .handle = links_http_revoke,
					      .arg = s };
	for (size_t i = 0; i < sizeof(gets) / sizeof(gets[0]); i++)
		h->routes[n++] = (struct http_route){ .path = gets[i].path,
						      .methods = HTTP_METHOD_GET,
						      .handle = gets[i].handle,
						      .arg = s };
	/* The last, since it may come and go. */
	h->routes[n] = (struct http_route){
		.path = "/scvp",
		.methods = HTTP_METHOD_POST,
		.media_types = { SCVP_MEDIA_CV_REQUEST, SCVP_MEDIA_VP_REQUEST },
		.body_max = SCVP_REQUEST_MAX,
		.handle = scvp_http_handle,
		.arg = s,
	};
	h->n_routes = n + (s->scvp != NULL);
}

/* Under /pres a ResponseType or a fault, elsewhere a problem (RFC 9457). */
int route_refusal_body(void *arg, const char *path, int status, const char *text,
		       struct buf *out, const char **ret_type, struct ltps_error *err)
{
	(void)arg;
	if (strcmp(path, SOAP_PATH) == 0) {
		*ret_type = SOAP_MEDIA_TYPE;
		return soap_refusal_body(status, text, out, err);
	}
	if (strncmp(path, "/pres/", 6) == 0) {
		enum operation op = OP_RETRIEVE_INFO; /* has the common minors only */
		(void)api_operation(path + 6, &op);
		*ret_type = "application/json";
		return api_refusal_body(op, status, text, out, err);
	}
	struct jsonw j = jsonw_to(out);
	jsonw_object(&j);
	jsonw_member(&j, "title", http_status_text(status));
	jsonw_member_int(&j, "status", status);
	jsonw_member(&j, "detail", text);
	jsonw_object_end(&j);
	*ret_type = "application/problem+json";
	return jsonw_end(&j, err);
}
