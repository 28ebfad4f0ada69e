/* SPDX-License-Identifier: Apache-2.0 */
/*
 * links_http - links that open one object for reading:
 *
 *   POST /links            {"poid": "...", "until": "...", "name": "..."} -> the link
 *   GET /links             the tenant's, without their secrets
 *   DELETE /links/N        withdraws one
 *   GET /link/SECRET       what it opens; below it /object, /evidence, /container,
 *                          /trace, /report
 *
 * What is opened goes through the domain as the tenant's own reading does, by an actor
 * "link:N:NAME", so that each use stands in the audit.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <jansson.h>
#include <openssl/crypto.h>

#include "base/jsonw.h"
#include "base/mem.h"
#include "ltp/link.h"
#include "server/api_json_out.h"
#include "server/auth.h"
#include "server/result.h"
#include "server/service_job.h"

#define LINKS_OUT_MAX ((size_t)8 << 20)   /* STORE_PAGE_MAX links */
#define LINK_ANSWER_MAX ((size_t)2 << 30) /* as of RetrievePO */
#define LINK_WHAT_MAX 16

struct link_job {
	struct pool_job job;
	struct service *s;
	struct http_exchange *x;
	int (*work)(struct link_job *j, struct ltp_worker *w, struct ltps_error *err);
	struct ltp_caller caller;
	struct buf body;
	struct buf out;
	int64_t started_us;
	struct service_room room;
	int status;
	const char *media_type;
	bool unknown;  /* the link opens nothing */
	bool loud;     /* too many of those from this address */
	bool secure;   /* came over TLS */
	bool download; /* out is somebody's document */
	size_t n_pos;
	struct ltp_result result;
	struct ltps_error err;
};

static int refuse_link(struct link_job *j, int status, const char *why)
{
	j->status = status;
	return result_set(&j->result, LTP_OK, "%s", why);
}

/* What the domain refused. True when it did. */
static bool refused(struct link_job *j)
{
	if (j->result.minor == LTP_OK || j->result.minor == LTP_WARN_LOW_SPACE)
		return false;
	j->status = j->result.minor == LTP_UNKNOWN_POID      ? 404
		    : j->result.minor == LTP_PARAMETER_ERROR ? 422
							     : 409;
	return true;
}

/* ---- the tenant's links ---- */

static void put_link(struct jsonw *j, const struct credential *c)
{
	jsonw_member_int(j, "id", c->id);
	jsonw_member(j, "name", c->name);
	jsonw_member(j, "poid", c->poid);
	jsonw_key(j, "created");
	jsonw_time(j, c->created_ms);
	jsonw_key(j, "until");
	jsonw_time(j, c->until_ms);
	jsonw_key(j, "used");
	if (c->used_ms != 0)
		jsonw_time(j, c->used_ms);
	else
		jsonw_null(j);
	jsonw_member_bool(j, "revoked", c->revoked_ms != 0);
}

static int list_row(void *arg, const struct credential *c, struct ltps_error *err)
{
	struct jsonw *j = arg;
	(void)err;
	jsonw_object(j);
	put_link(j, c);
	jsonw_object_end(j);
	return 0;
}

static int list_work(struct link_job *j, struct ltp_worker *w, struct ltps_error *err)
{
	struct jsonw json = jsonw_to(&j->out);
	jsonw_object(&json);
	jsonw_key(&json, "links");
	jsonw_array(&json);
	if (access_list(w, CREDENTIAL_LINK, j->caller.tenant, list_row, &json, err) !=
	    0)
		return -1;
	jsonw_array_end(&json);
	jsonw_object_end(&json);
	return jsonw_end(&json, err);
}

/* NULL, or why the body is no request for a link. Texts lie in json. */
static const char *read_request(json_t *json, struct link_request *req)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	const char *key, *until = NULL;
	json_t *v;
	if (!json_is_object(json))
		return "the body is no JSON object";
	json_object_foreach(json, key, v)
	{
		const char **at = strcmp(key, "poid") == 0    ? &req->poid
				  : strcmp(key, "until") == 0 ? &until
				  : strcmp(key, "name") == 0  ? &req->name
							      : NULL;
		if (at == NULL || !json_is_string(v))
			return "the members are poid, until and name, texts";
		*at = json_string_value(v);
	}
	if (req->poid == NULL || until == NULL)
		return "poid and until are needed";
	if (time_parse_rfc3339(view_text(until), &req->until_ms, &ignored) != 0)
		return "until is not an RFC 3339 time";
	return NULL;
}

static int put_new_link(struct link_job *j, const struct link_request *req, int64_t id,
			const char *secret, struct ltps_error *err)
{
	char url[512];
	const struct view host = http_field(j->x, "host");
	struct jsonw json = jsonw_to(&j->out);
	snprintf(url, sizeof(url), "%s://%.*s/link/%s",
		 j->secure ? "https" : "http",
		 (int)(host.n < 255 ? host.n : 255), (const char *)host.p, secret);
	jsonw_object(&json);
	jsonw_member_int(&json, "id", id);
	jsonw_member(&json, "url", url);
	jsonw_member(&json, "path", strstr(url, "/link/"));
	jsonw_member(&json, "poid", req->poid);
	jsonw_key(&json, "until");
	jsonw_time(&json, req->until_ms);
	jsonw_object_end(&json);
	OPENSSL_cleanse(url, sizeof(url));
	j->status = 201;
	return jsonw_end(&json, err);
}

static int add_work(struct link_job *j, struct ltp_worker *w, struct ltps_error *err)
{
	struct link_request req = { .caller = j->caller };
	char secret[ACCESS_SECRET_SIZE] = "";
	int64_t id = 0;
	int rc = -1;
	json_t *json = json_loadb((const char *)j->body.p, j->body.n,
				  JSON_REJECT_DUPLICATES, NULL);
	const char *why = read_request(json, &req);
	if (why != NULL)
		rc = refuse_link(j, 400, why);
	else
		rc = link_add(w, &req, &id, secret, &j->result, err);
	if (rc == 0 && why == NULL && !refused(j))
		rc = put_new_link(j, &req, id, secret, err);
	OPENSSL_cleanse(secret, sizeof(secret));
	json_decref(json);
	return rc;
}

static int revoke_work(struct link_job *j, struct ltp_worker *w, struct ltps_error *err)
{
	char *end;
	const char *text = http_path_rest(j->x);
	const long long id = strtoll(text, &end, 10);
	if (text[0] < '0' || text[0] > '9' || *end != '\0')
		return refuse_link(j, 404, "a link has a number");
	if (link_revoke(w, &j->caller, id, &j->result, err) != 0)
		return -1;
	if (j->result.minor != LTP_OK)
		j->status = 404;
	return buf_put_text(&j->out, "{\"revoked\":true}\n", err);
}

/* ---- what a link opens ---- */

static int audit_open(struct link_job *j, struct ltp_worker *w, const char *poid,
		      const char *detail, struct ltps_error *err)
{
	const struct audit_note note = { .caller = &j->caller,
					 .what = "OpenLink",
					 .poid = poid,
					 .detail = detail,
					 .result = &j->result };
	return ltp_audit(w, &note, err);
}

static int open_page(struct link_job *j, struct ltp_worker *w,
		     const struct credential *c, struct ltps_error *err)
{
	static const char *const below[] = { "object", "evidence", "container", "trace",
					     "report" };
	char href[LINK_WHAT_MAX + ACCESS_SECRET_SIZE + 8];
	struct jsonw json = jsonw_to(&j->out);
	jsonw_object(&json);
	jsonw_member(&json, "poid", c->poid);
	jsonw_key(&json, "until");
	jsonw_time(&json, c->until_ms);
	jsonw_key(&json, "fetch");
	jsonw_object(&json);
	for (size_t i = 0; i < sizeof(below) / sizeof(below[0]); i++) {
		snprintf(href, sizeof(href), "/link/%.*s/%s", ACCESS_SECRET_HEX,
			 http_path_rest(j->x), below[i]);
		jsonw_member(&json, below[i], href);
	}
	jsonw_object_end(&json);
	jsonw_object_end(&json);
	if (jsonw_end(&json, err) != 0)
		return -1;
	return audit_open(j, w, c->poid, NULL, err);
}

/* A document of a tenant is handed out as nothing that a browser would run. */
static const char *harmless_type(const char *mime)
{
	static const char *const types[] = { "application/pdf", "application/json",
					     "application/xml" };
	for (size_t i = 0; mime != NULL && i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(mime, types[i]) == 0)
			return types[i];
	return "application/octet-stream";
}

/* The part asked for, from 1. */
static size_t part_number(struct http_exchange *x)
{
	const char *text = http_query(x, "part");
	char *end;
	const unsigned long n = text != NULL ? strtoul(text, &end, 10) : 1;
	return text != NULL && (text[0] < '1' || text[0] > '9' || *end != '\0') ? 0 : n;
}

static int open_object(struct link_job *j, struct ltp_worker *w,
		       const struct credential *c, enum subject subject,
		       const char *version, struct ltps_error *err)
{
	const size_t part = part_number(j->x);
	struct ltp_retrieved r = { 0 };
	const struct ltp_retrieve_request req = { .caller = j->caller,
						  .poid = c->poid,
						  .versions = &version,
						  .n_versions = version != NULL,
						  .subject = subject };
	if (ltp_retrieve(w, &req, &r, &j->result, err) != 0)
		return -1;
	j->n_pos = r.n_pos;
	if (refused(j)) {
		/* The status says it. */
	} else if (part == 0 || part > r.n_pos) {
		refuse_link(j, 404, "there is no such part");
	} else {
		struct ltp_po_out *po = &r.pos[part - 1];
		j->download = true;
		j->media_type = harmless_type(po->mime);
		buf_free(&j->out);
		j->out = po->data;
		po->data = buf_make(0);
	}
	ltp_retrieved_clear(&r);
	return 0;
}

static int open_trace(struct link_job *j, struct ltp_worker *w,
		      const struct credential *c, struct ltps_error *err)
{
	struct ltp_trace t = { 0 };
	if (ltp_trace(w, &j->caller, c->poid, &t, &j->result, err) != 0)
		return -1;
	const struct api_answer a = { .result = &j->result };
	const int rc = refused(j) ? 0 : api_out_trace(&a, &t, &j->out, err);
	ltp_trace_clear(&t);
	return rc;
}

static int open_report(struct link_job *j, struct ltp_worker *w,
		       const struct credential *c, struct ltps_error *err)
{
	char label[STORE_NAME_MAX + 1];
	if (link_report_label(w, &j->caller, c->poid, label, err) != 0)
		return -1;
	if (label[0] != '\0')
		return open_object(j, w, c, SUBJECT_PO, label, err);
	refuse_link(j, 404, "there is no report of this object");
	return audit_open(j, w, c->poid, "report: none", err);
}

static int open_below(struct link_job *j, struct ltp_worker *w,
		      const struct credential *c, const char *what,
		      struct ltps_error *err)
{
	if (what[0] == '\0')
		return open_page(j, w, c, err);
	if (strcmp(what, "/object") == 0)
		return open_object(j, w, c, SUBJECT_PO, http_query(j->x, "version"),
				   err);
	if (strcmp(what, "/evidence") == 0)
		return open_object(j, w, c, SUBJECT_EVIDENCE, NULL, err);
	if (strcmp(what, "/container") == 0)
		return open_object(j, w, c, SUBJECT_PO_EMBEDDED, NULL, err);
	if (strcmp(what, "/trace") == 0)
		return open_trace(j, w, c, err);
	if (strcmp(what, "/report") == 0)
		return open_report(j, w, c, err);
	return refuse_link(j, 404, "there is nothing below this link");
}

static int unknown_link(struct link_job *j, struct ltp_worker *w,
			const struct credential *c, const char *why,
			struct ltps_error *err)
{
	char detail[200];
	snprintf(detail, sizeof(detail), "from %s: %s", http_peer(j->x), why);
	j->unknown = true;
	if (c->id == 0)
		j->caller = (struct ltp_caller){ STORE_TENANT_SYSTEM, "nobody" };
	result_set(&j->result, LTP_NO_PERMISSION, "%s", detail);
	return j->loud ? 0 : audit_open(j, w, c->id != 0 ? c->poid : NULL, detail, err);
}

static int open_work(struct link_job *j, struct ltp_worker *w, struct ltps_error *err)
{
	char name[CREDENTIAL_NAME_MAX + 32];
	struct credential c = { 0 };
	struct digest hash;
	const char *why = "no link has this form";
	const char *rest = http_path_rest(j->x);
	const size_t n = strcspn(rest, "/");
	if (access_hash(CREDENTIAL_LINK, view_of(rest, n), &hash) &&
	    access_find(w, CREDENTIAL_LINK, &hash, &c, &why, err) != 0)
		return -1;
	snprintf(name, sizeof(name), "link:%lld:%s", (long long)c.id, c.name);
	j->caller = (struct ltp_caller){ .tenant = c.tenant, .name = name };
	const int rc = why != NULL ? unknown_link(j, w, &c, why, err)
				   : open_below(j, w, &c, rest + n, err);
	j->caller = (struct ltp_caller){ 0 }; /* its texts end here */
	return rc;
}

/* ---- the way to a worker and back ---- */

static enum pool_outcome run(struct pool_job *job, void *state)
{
	struct link_job *j = (struct link_job *)job;
	const struct service_worker *w = state;
	if (atomic_load(&j->s->abandoned)) {
		j->err.code = LTPS_CANCELLED; /* nobody waits for it any more */
		return POOL_DONE;
	}
	ltp_worker_set_room(w->ltp, service_room_for(&j->room));
	if (j->work(j, w->ltp, &j->err) != 0 && j->err.code == LTPS_OK)
		j->err.code = LTPS_INTERNAL;
	return POOL_DONE;
}

static void reply(struct link_job *j)
{
	char parts[24];
	http_add_field(j->x, "Cache-Control", "no-store");
	http_add_field(j->x, "X-Content-Type-Options", "nosniff");
	if (j->download) {
		snprintf(parts, sizeof(parts), "%zu", j->n_pos);
		http_add_field(j->x, "Content-Disposition", "attachment");
		http_add_field(j->x, "X-Parts", parts);
	}
	http_reply(j->x, j->status, j->media_type, &j->out);
}

static int status_of(const struct link_job *j)
{
	if (j->err.code != LTPS_OK)
		return 503;
	if (j->unknown)
		return 404;
	return j->status >= 400 || budget_has(j->s->budget, j->out.n) ? j->status : 503;
}

static void done(struct pool_job *job)
{
	struct link_job *j = (struct link_job *)job;
	service_room_give(&j->room);
	const int status = status_of(j);
	service_answered_status(j->s, j->x, ANSWER_LINK, status, j->started_us);
	if (j->err.code != LTPS_OK) {
		log_error(j->s->log, LOG_OPERATION, LOG_ERROR,
			  "a request about links failed", &j->err, NULL, 0);
		http_refuse(j->x, 503, "the service cannot do it now");
	} else if (j->unknown) {
		auth_refuse_unknown(j->s, j->x, 404, "this link opens nothing");
	} else if (j->status >= 400) {
		http_refuse(j->x, j->status, j->result.message);
	} else if (status == 503) {
		http_refuse(j->x, 503, "too many answers in flight");
	} else {
		reply(j);
	}
	buf_free(&j->out);
	buf_free(&j->body);
	mem_free(j);
}

static void begin(struct http_exchange *x, struct service *s,
		  int (*work)(struct link_job *j, struct ltp_worker *w,
			      struct ltps_error *err),
		  size_t out_max)
{
	struct link_job *j = mem_zalloc(1, sizeof(*j));
	if (j == NULL) {
		http_refuse(x, 503, "out of memory");
		return;
	}
	j->job.work = run;
	j->job.done = done;
	j->s = s;
	j->x = x;
	j->started_us = clock_monotonic_us();
	j->room.budget = s->budget;
	j->work = work;
	j->caller = auth_caller(x);
	j->body = http_take_body(x);
	j->out = buf_make(out_max);
	j->status = 200;
	j->media_type = "application/json";
	j->loud = auth_is_loud(s, x);
	j->secure = http_secure(x);
	if (!service_submit(s, x, &j->job)) {
		buf_free(&j->body);
		mem_free(j);
	}
}

void links_http_list(struct http_exchange *x, void *arg)
{
	begin(x, arg, list_work, LINKS_OUT_MAX);
}

void links_http_add(struct http_exchange *x, void *arg)
{
	begin(x, arg, add_work, LINKS_OUT_MAX);
}

void links_http_revoke(struct http_exchange *x, void *arg)
{
	begin(x, arg, revoke_work, LINKS_OUT_MAX);
}

void links_http_open(struct http_exchange *x, void *arg)
{
	begin(x, arg, open_work, LINK_ANSWER_MAX);
}
