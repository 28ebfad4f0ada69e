/* SPDX-License-Identifier: Apache-2.0 */
/* handle - requests to answers: routes, media types, limits. */
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "devpki/inside.h"
#include "timestamping/tsp.h"

#define PATH_MAX_OCTETS ((size_t)8 << 10)
#define MEDIA_OCSP_REQUEST "application/ocsp-request"
#define MEDIA_OCSP_RESPONSE "application/ocsp-response"
#define MEDIA_CERT "application/pkix-cert"
#define MEDIA_CRL "application/pkix-crl"
#define MEDIA_PEM "application/x-pem-file"
#define MEDIA_JSON "application/json"
#define MEDIA_TEXT "text/plain"

struct call {
	struct devpki *p;
	const struct devpki_request *req;
	struct view rest; /* of the path, behind the route's prefix */
	struct devpki_answer *a;
};

struct route {
	const char *path;
	bool prefix; /* something follows */
	bool control;
	const char *method;
	const char *media; /* of the body; NULL: any */
	size_t body_max;
	int (*serve)(struct call *c, struct ltps_error *err);
};

static int refuse(struct devpki_answer *a, int status, const char *text,
		  struct ltps_error *err)
{
	a->status = status;
	a->content_type = MEDIA_TEXT;
	buf_clear(&a->body);
	if (buf_put_text(&a->body, text, err) != 0)
		return -1;
	return buf_put_byte(&a->body, '\n', err);
}

/* Falsified and counted: the way of all answers that have a target. */
static int finish(struct call *c, enum devpki_target target, const char *media,
		  struct devpki_fault_state fault, struct ltps_error *err)
{
	c->p->answered[target]++;
	c->a->status = 200;
	c->a->content_type = media;
	return devpki_fault_spoil(fault, c->a, err);
}

/* ---- documents ---- */

static int serve_anchors(struct call *c, struct ltps_error *err)
{
	c->a->status = 200;
	c->a->content_type = MEDIA_PEM;
	return devpki_anchors(c->p, &c->a->body, err);
}

/* "NAME" of "NAME.suffix"; empty when it does not end so. */
static struct view stem(struct view file, const char *suffix)
{
	struct view end = view_text(suffix);
	if (file.n <= end.n || !view_equal(view_skip(file, file.n - end.n), end))
		return VIEW_NULL;
	return view_head(file, file.n - end.n);
}

/* NULL when there is none of that name. */
static const struct devpki_cert *named(const struct call *c, struct view name)
{
	for (size_t i = 0; i < devpki_count(c->p); i++) {
		const struct devpki_cert *cert = devpki_at(c->p, i);
		if (view_is_text(name, cert->name))
			return cert;
	}
	return NULL;
}

static int serve_aia(struct call *c, struct ltps_error *err)
{
	const struct devpki_cert *cert = named(c, stem(c->rest, ".cer"));
	if (cert == NULL)
		return refuse(c->a, 404, "no such certificate", err);
	if (buf_put(&c->a->body, cert->der, err) != 0)
		return -1;
	return finish(c, DEVPKI_TARGET_AIA, MEDIA_CERT,
		      devpki_fault_take(c->p, DEVPKI_TARGET_AIA, 0), err);
}

/* A CA of this name, or a point; neither: NULL. */
static const struct devpki_cert *crl_of(const struct call *c, struct view name,
					const struct devpki_point **ret_point)
{
	const struct devpki_cert *ca = named(c, name);
	*ret_point = devpki_point_find(c->p, name);
	return ca != NULL && devpki_is_ca(ca) ? ca : NULL;
}

static int serve_crl(struct call *c, struct ltps_error *err)
{
	struct devpki_crl_how how = { 0 };
	struct view name = stem(c->rest, ".crl");
	const struct devpki_cert *ca = crl_of(c, name, &how.point);
	if (ca == NULL && how.point == NULL) {
		how.delta = true;
		ca = crl_of(c, stem(name, "-delta"), &how.point);
	}
	if (ca == NULL && how.point == NULL)
		return refuse(c->a, 404, "no such CA", err);
	struct devpki_fault_state fault = devpki_fault_take(c->p, DEVPKI_TARGET_CRL, 0);
	how.fault = fault.fault;
	how.fault_value = fault.value;
	if (devpki_crl_shaped(c->p, ca, &how, &c->a->body, err) != 0)
		return -1;
	return finish(c, DEVPKI_TARGET_CRL, MEDIA_CRL, fault, err);
}

/* ---- status and time ---- */

static int answer_ocsp(struct call *c, struct view request, struct ltps_error *err)
{
	struct devpki_fault_state fault =
	    devpki_fault_take(c->p, DEVPKI_TARGET_OCSP, 0);
	struct devpki_ocsp_how how = { .fault = fault.fault,
				       .fault_value = fault.value };
	if (devpki_ocsp_shaped(c->p, request, &how, &c->a->body, err) != 0)
		return -1;
	return finish(c, DEVPKI_TARGET_OCSP, MEDIA_OCSP_RESPONSE, fault, err);
}

static int serve_ocsp_post(struct call *c, struct ltps_error *err)
{
	return answer_ocsp(c, c->req->body, err);
}

/* RFC 6960 A.1: what is no base64 becomes malformedRequest, like other noise. */
static int serve_ocsp_get(struct call *c, struct ltps_error *err)
{
	struct buf text = buf_make(PATH_MAX_OCTETS);
	struct buf der = buf_make(PATH_MAX_OCTETS);
	struct ltps_error bad = LTPS_ERROR_INIT;
	int ret = -1;
	if (devpki_percent_decode(c->rest, &text, &bad) != 0 ||
	    b64_decode(view_buf(&text), true, &der, &bad) != 0) {
		if (bad.code == LTPS_NOMEM) {
			*err = bad;
			goto out;
		}
		buf_clear(&der);
	}
	ret = answer_ocsp(c, view_buf(&der), err);
out:
	buf_free(&der);
	buf_free(&text);
	return ret;
}

static int serve_tsa(struct call *c, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	uint64_t slot = 0;
	if (c->rest.n > 0 &&
	    devpki_uint_parse(c->rest, DEVPKI_TSA_MAX, &slot, &bad) != 0)
		return refuse(c->a, 404, "no such TSA", err);
	if (devpki_active(c->p, DEVPKI_TSA, (unsigned)slot) == NULL)
		return refuse(c->a, 404, "no such TSA", err);
	struct devpki_fault_state fault =
	    devpki_fault_take(c->p, DEVPKI_TARGET_TSA, (unsigned)slot);
	if (devpki_tsp_make(c->p, (unsigned)slot, c->req->body, fault, &c->a->body,
			    err) != 0)
		return -1;
	return finish(c, DEVPKI_TARGET_TSA, TSP_MEDIA_REPLY, fault, err);
}

/* ---- control ---- */

/* The caller's faults are his answer; ours stay errors. */
static int answer_control(struct call *c, int ret, struct ltps_error *bad,
			  struct ltps_error *err)
{
	if (ret == 0) {
		c->a->status = 200;
		c->a->content_type = MEDIA_JSON;
		return 0;
	}
	if (bad->fault != LTPS_FAULT_CALLER) {
		*err = *bad;
		return -1;
	}
	return refuse(c->a, 400, bad->text, err);
}

static int serve_state(struct call *c, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	int ret = devpki_control_state(c->p, &c->a->body, &bad);
	return answer_control(c, ret, &bad, err);
}

static int serve_fault(struct call *c, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	int ret = devpki_control_fault(c->p, c->req->query, &c->a->body, &bad);
	return answer_control(c, ret, &bad, err);
}

static int serve_clock(struct call *c, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	int ret = devpki_control_clock(c->p, c->req->query, &c->a->body, &bad);
	return answer_control(c, ret, &bad, err);
}

static int serve_revoke(struct call *c, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	int ret = devpki_control_revoke(c->p, c->req->query, &c->a->body, &bad);
	return answer_control(c, ret, &bad, err);
}

static int serve_release(struct call *c, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	int ret = devpki_control_release(c->p, c->req->query, &c->a->body, &bad);
	return answer_control(c, ret, &bad, err);
}

static int serve_issue(struct call *c, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	int ret = devpki_control_issue(c->p, c->req->query, &c->a->body, &bad);
	return answer_control(c, ret, &bad, err);
}

static int serve_point(struct call *c, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	int ret = devpki_control_point(c->p, c->req->query, &c->a->body, &bad);
	return answer_control(c, ret, &bad, err);
}

static int serve_modes(struct call *c, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	int ret = devpki_control_ocsp(c->p, c->req->query, &c->a->body, &bad);
	return answer_control(c, ret, &bad, err);
}

static int serve_rollover(struct call *c, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	int ret = devpki_control_rollover(c->p, c->req->query, &c->a->body, &bad);
	return answer_control(c, ret, &bad, err);
}

/* ---- routing ---- */

static const struct route routes[] = {
	{ "/anchors.pem", false, false, "GET", NULL, 0, serve_anchors },
	{ "/aia/", true, false, "GET", NULL, 0, serve_aia },
	{ "/crl/", true, false, "GET", NULL, 0, serve_crl },
	{ "/ocsp", false, false, "POST", MEDIA_OCSP_REQUEST, DEVPKI_BODY_MAX,
	  serve_ocsp_post },
	{ "/ocsp/", true, false, "GET", NULL, 0, serve_ocsp_get },
	{ "/tsa", false, false, "POST", TSP_MEDIA_QUERY, TSP_QUERY_MAX, serve_tsa },
	{ "/tsa/", true, false, "POST", TSP_MEDIA_QUERY, TSP_QUERY_MAX, serve_tsa },
	{ "/control/state", false, true, "GET", NULL, 0, serve_state },
	{ "/control/fault", false, true, "POST", NULL, DEVPKI_BODY_MAX, serve_fault },
	{ "/control/clock", false, true, "POST", NULL, DEVPKI_BODY_MAX, serve_clock },
	{ "/control/revoke", false, true, "POST", NULL, DEVPKI_BODY_MAX, serve_revoke },
	{ "/control/release", false, true, "POST", NULL, DEVPKI_BODY_MAX,
	  serve_release },
	{ "/control/issue", false, true, "POST", NULL, DEVPKI_BODY_MAX, serve_issue },
	{ "/control/point", false, true, "POST", NULL, DEVPKI_BODY_MAX, serve_point },
	{ "/control/ocsp", false, true, "POST", NULL, DEVPKI_BODY_MAX, serve_modes },
	{ "/control/rollover", false, true, "POST", NULL, DEVPKI_BODY_MAX,
	  serve_rollover },
};

static const struct route *find_route(const struct devpki *p, struct view path)
{
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++) {
		const struct route *r = &routes[i];
		struct view want = view_text(r->path);
		if (r->control && !p->control)
			continue;
		if (r->prefix ? path.n > want.n && view_starts(path, want)
			      : view_equal(path, want))
			return r;
	}
	return NULL;
}

/* Type and subtype in any case, parameters ignored (RFC 9110 8.3.1). */
static bool media_is(struct view given, const char *wanted)
{
	size_t n = 0;
	size_t len = view_text(wanted).n;
	while (n < given.n && given.p[n] != ';' && given.p[n] != ' ' &&
	       given.p[n] != '\t')
		n++;
	return n == len && strncasecmp((const char *)given.p, wanted, n) == 0;
}

static int dispatch(struct call *c, struct ltps_error *err)
{
	const struct devpki_request *req = c->req;
	const struct route *r = find_route(c->p, req->path);
	if (req->path.n > PATH_MAX_OCTETS)
		return refuse(c->a, 414, "path too long", err);
	if (r == NULL)
		return refuse(c->a, 404, "nothing here", err);
	if (!view_is_text(req->method, r->method)) {
		c->a->allow = r->method;
		return refuse(c->a, 405, "not with that method", err);
	}
	if (r->media != NULL && !media_is(req->content_type, r->media))
		return refuse(c->a, 415, "not with that media type", err);
	if (req->body.n > r->body_max)
		return refuse(c->a, 413, "body too large", err);
	c->rest = r->prefix ? view_skip(req->path, view_text(r->path).n) : VIEW_NULL;
	return r->serve(c, err);
}

int devpki_handle(struct devpki *p, const struct devpki_request *req,
		  struct devpki_answer *ret_a, struct ltps_error *err)
{
	struct devpki_answer a = { .body = buf_make(DEVPKI_ANSWER_MAX) };
	struct call c = { .p = p, .req = req, .a = &a };
	if (dispatch(&c, err) != 0) {
		buf_free(&a.body);
		return -1;
	}
	*ret_a = a;
	return 0;
}

void devpki_answer_free(struct devpki_answer *a)
{
	if (a != NULL)
		buf_free(&a->body);
}
