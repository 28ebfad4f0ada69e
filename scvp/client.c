/* SPDX-License-Identifier: Apache-2.0 */
/* client - a response judged from its bytes to a verdict. */
#include "scvp/client.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "scvp/client_private.h"

/* ---- findings ---- */

void finder_add(struct finder *f, enum scvp_code code, const char *fmt, ...)
{
	va_list ap;
	/* What finds no place must not make the response look better: the last one then
	 * stands against all of it. */
	if (*f->n == SCVP_FINDINGS_MAX) {
		struct scvp_finding *last = &f->f[SCVP_FINDINGS_MAX - 1];
		if (!scvp_code_is_note(code))
			*last = (struct scvp_finding){ .code = code, .reply = -1 };
		return;
	}
	struct scvp_finding *one = &f->f[(*f->n)++];
	one->code = code;
	one->reply = f->reply;
	va_start(ap, fmt);
	vsnprintf(one->text, sizeof(one->text), fmt, ap);
	va_end(ap);
}

static bool findings_hold(const struct scvp_finding *f, size_t n, int reply)
{
	for (size_t i = 0; i < n; i++)
		if (f[i].reply == reply && !scvp_code_is_note(f[i].code))
			return false;
	return true;
}

bool scvp_has_finding(const struct scvp_judgement *j, enum scvp_code code)
{
	for (size_t i = 0; i < j->n_findings; i++)
		if (j->findings[i].code == code)
			return true;
	return false;
}

/* ---- opening ---- */

/* The message out of its wrapper; NULL in *ret when it is none. */
static int open_envelope(struct view body, enum scvp_content kind,
			 struct scvp_envelope **ret, struct finder *f,
			 struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct scvp_envelope *e = NULL;
	enum scvp_status status;
	*ret = NULL;
	if (scvp_envelope_parse(body, &e, &status, &bad) != 0) {
		if (bad.code == LTPS_NOMEM)
			return ltps_fail_nomem(err);
		finder_add(f, SCVP_CODE_UNREADABLE, "%.150s", bad.text);
		return 0;
	}
	if (e->kind != kind) {
		finder_add(f, SCVP_CODE_NOT_A_RESPONSE, "%s", "");
		scvp_envelope_free(e);
		return 0;
	}
	*ret = e;
	return 0;
}

static int open_response(struct scvp_judgement *j, struct view body, struct finder *f,
			 struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	if (open_envelope(body, SCVP_CONTENT_CV_RESPONSE, &j->envelope, f, err) != 0)
		return -1;
	if (j->envelope == NULL ||
	    scvp_response_parse(j->envelope->content, &j->response, &bad) == 0)
		return 0;
	if (bad.code == LTPS_NOMEM)
		return ltps_fail_nomem(err);
	finder_add(f, SCVP_CODE_UNREADABLE, "%.150s", bad.text);
	return 0;
}

/* The anchors that the request gives by value. */
static int collect_anchors(struct scvp_judgement *j, const struct scvp_expect *x,
			   struct ltps_error *err)
{
	if (material_new(&j->anchors, err) != 0)
		return -1;
	if (x->asked == NULL)
		return 0;
	const struct scvp_policy *p = &x->asked->request->query.policy;
	for (size_t i = 0; i < p->n_anchors; i++) {
		struct ltps_error bad = LTPS_ERROR_INIT;
		if (p->anchors[i].kind == SCVP_REF_CERT &&
		    material_add(j->anchors, MATERIAL_ANCHOR, p->anchors[i].cert,
				 &bad) != 0 &&
		    bad.code == LTPS_NOMEM)
			return ltps_fail_nomem(err);
	}
	return 0;
}

/* ---- judging ---- */

static bool is_error(const struct scvp_response *p)
{
	return p->status > SCVP_SKIP_UNRECOGNIZED_ITEMS;
}

static int check_protection(struct scvp_judgement *j, const struct scvp_expect *x,
			    struct finder *f, struct ltps_error *err)
{
	/* An error is not relied on, and most must not be protected: RFC 5055 4. */
	struct protection p = { .envelope = j->envelope,
				.expect = x,
				.unprotected_ok =
				    is_error(j->response) ||
				    (x->asked != NULL &&
				     x->asked->request->query.unprotected) };
	int rc = protection_check(&p, f, err);
	j->signer = p.signer;
	j->server = p.path;
	j->server_got = p.got;
	return rc;
}

static void check_error(const struct scvp_response *p, struct finder *f)
{
	finder_add(f, SCVP_CODE_SERVER_ERROR, "%s (%llu)%s%.*s",
		   scvp_status_name(p->status), (unsigned long long)p->status,
		   p->message.n > 0 ? ": " : "",
		   (int)(p->message.n < 80 ? p->message.n : 80),
		   p->message.n > 0 ? (const char *)p->message.p : "");
	if (p->n_replies > 0 || p->has_policy)
		finder_add(f, SCVP_CODE_ERROR_CONTENT, "%s", "");
}

static int check_replies(struct scvp_judgement *j, const struct scvp_expect *x,
			 struct finder *f, struct ltps_error *err)
{
	const struct scvp_response *p = j->response;
	const struct scvp_request *q = x->asked != NULL ? x->asked->request : NULL;
	if (q != NULL ? p->n_replies != q->query.n_certs : p->n_replies == 0)
		finder_add(f, SCVP_CODE_REPLY_COUNT, "%zu", p->n_replies);
	if (p->n_replies == 0)
		return 0;
	j->reports = mem_zalloc(p->n_replies, sizeof(*j->reports));
	if (j->reports == NULL)
		return ltps_fail_nomem(err);
	j->n_reports = p->n_replies;
	for (size_t i = 0; i < p->n_replies; i++) {
		f->reply = (int)i;
		if (reply_check(j, x, i, f, err) != 0)
			return -1;
	}
	f->reply = -1;
	return 0;
}

/* RFC 5055 4.11: with all paths there is nothing left to ask for. */
static void check_context(const struct scvp_judgement *j, const struct scvp_expect *x,
			  struct finder *f)
{
	if (x->asked != NULL && j->response->has_context &&
	    scvp_list_has(x->asked->request->query.want_backs,
			  scvp_want_oid(SCVP_WANT_ALL_PATHS)))
		finder_add(f, SCVP_CODE_CONTEXT, "beside all paths");
}

static int check_all(struct scvp_judgement *j, const struct scvp_expect *x,
		     struct finder *f, struct ltps_error *err)
{
	const struct scvp_response *p = j->response;
	if (check_protection(j, x, f, err) != 0)
		return -1;
	if (is_error(p)) {
		check_error(p, f);
		return 0;
	}
	if (p->status == SCVP_SKIP_UNRECOGNIZED_ITEMS)
		finder_add(f, SCVP_CODE_NOTE_SKIPPED, "%s", "");
	if (echo_check(x, p, f, err) != 0 ||
	    policy_check(x->asked != NULL ? x->asked->request : NULL, p, f, err) != 0)
		return -1;
	check_context(j, x, f);
	return check_replies(j, x, f, err);
}

int scvp_judge(struct view body, const struct scvp_expect *expect,
	       struct scvp_judgement **ret, struct ltps_error *err)
{
	struct scvp_judgement *j = mem_zalloc(1, sizeof(*j));
	int rc = -1;
	if (j == NULL)
		return ltps_fail_nomem(err);
	struct finder f = { .f = j->findings, .n = &j->n_findings, .reply = -1 };
	if (open_response(j, body, &f, err) != 0 ||
	    collect_anchors(j, expect, err) != 0 ||
	    (j->response != NULL && check_all(j, expect, &f, err) != 0))
		goto out;
	j->trusted =
	    j->response != NULL && findings_hold(j->findings, j->n_findings, -1);
	*ret = j;
	j = NULL;
	rc = 0;
out:
	scvp_judgement_free(j);
	return rc;
}

void scvp_judgement_free(struct scvp_judgement *j)
{
	if (j == NULL)
		return;
	for (size_t i = 0; i < j->n_reports; i++) {
		cert_free(j->reports[i].target);
		mem_free(j->reports[i].paths);
		material_free(j->reports[i].got);
	}
	mem_free(j->reports);
	path_result_free(j->server);
	material_free(j->server_got);
	material_free(j->anchors);
	cert_free(j->signer);
	scvp_response_free(j->response);
	scvp_envelope_free(j->envelope);
	mem_free(j);
}

/* ---- the verdict ---- */

enum path_status scvp_verdict(const struct scvp_judgement *j, size_t i)
{
	if (!j->trusted || i >= j->n_reports ||
	    !findings_hold(j->findings, j->n_findings, (int)i))
		return PATH_UNDETERMINED;
	return j->reports[i].status;
}

enum path_status scvp_worst(const struct scvp_judgement *j)
{
	enum path_status worst = PATH_VALID;
	if (j->n_reports == 0)
		return PATH_UNDETERMINED;
	for (size_t i = 0; i < j->n_reports; i++) {
		const enum path_status s = scvp_verdict(j, i);
		if (s == PATH_INVALID)
			return s;
		if (s != PATH_VALID)
			worst = s;
	}
	return worst;
}

const char *scvp_why(const struct scvp_judgement *j, size_t i)
{
	if (scvp_verdict(j, i) == PATH_VALID)
		return NULL;
	for (int pass = 0; pass < 2; pass++)
		for (size_t k = 0; k < j->n_findings; k++)
			if (j->findings[k].reply == (pass == 0 ? -1 : (int)i) &&
			    !scvp_code_is_note(j->findings[k].code))
				return scvp_code_name(j->findings[k].code);
	return i < j->n_reports ? scvp_reply_status_name(j->reports[i].reply->status)
				: "?";
}

/* ---- policies ---- */

int scvp_policy_ask(struct view nonce, struct buf *out, struct ltps_error *err)
{
	const struct scvp_vp_request q = { .version = SCVP_VERSION, .nonce = nonce };
	struct buf message = buf_make(SCVP_REQUEST_MAX);
	int rc = scvp_vp_request_encode(&q, &message, err);
	if (rc == 0)
		rc = scvp_envelope_bare(SCVP_CONTENT_VP_REQUEST, view_buf(&message),
					out, err);
	buf_free(&message);
	return rc;
}

/* Cached: nextUpdate and no nonce; made for us: the other way round. RFC 5055 6.6,
 * 6.18 */
static void check_policies(const struct scvp_vp_response *p, struct view nonce,
			   const struct scvp_expect *x, struct finder *f)
{
	const int64_t skew = skew_of(x);
	char text[TIME_TEXT_MAX];
	if (p->version != SCVP_VERSION)
		finder_add(f, SCVP_CODE_VERSION, "%llu",
			   (unsigned long long)p->version);
	if (p->has_nonce && nonce.n > 0 && !view_equal(p->nonce, nonce))
		finder_add(f, SCVP_CODE_NONCE, "%s", "");
	if (p->has_nonce == p->has_next_update)
		finder_add(f, SCVP_CODE_NOT_FRESH, "neither fresh nor cached");
	else if (!p->has_nonce)
		finder_add(f, SCVP_CODE_NOTE_CACHED, "%s", "");
	time_rfc3339(p->this_update_ms, text);
	if (p->this_update_ms > x->now_ms + skew)
		finder_add(f, SCVP_CODE_PRODUCED_FUTURE, "%s", text);
	if (p->has_nonce && x->sent_ms != 0 && p->this_update_ms < x->sent_ms - skew)
		finder_add(f, SCVP_CODE_PRODUCED_OLD, "%s", text);
	if (p->has_next_update && p->next_update_ms < x->now_ms - skew)
		finder_add(f, SCVP_CODE_PRODUCED_OLD, "past its nextUpdate");
}

static int judge_policies(struct scvp_policy_judgement *j, struct view body,
			  struct view nonce, const struct scvp_expect *x,
			  struct finder *f, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct protection p = { .expect = x };
	if (open_envelope(body, SCVP_CONTENT_VP_RESPONSE, &j->envelope, f, err) != 0)
		return -1;
	if (j->envelope == NULL)
		return 0;
	if (scvp_vp_response_parse(j->envelope->content, &j->response, &bad) != 0) {
		finder_add(f, SCVP_CODE_UNREADABLE, "%.150s", bad.text);
		return bad.code == LTPS_NOMEM ? ltps_fail_nomem(err) : 0;
	}
	p.envelope = j->envelope;
	int rc = protection_check(&p, f, err);
	j->signer = p.signer;
	j->server = p.path;
	j->server_got = p.got;
	if (rc == 0)
		check_policies(j->response, nonce, x, f);
	return rc;
}

int scvp_policy_judge(struct view body, struct view nonce,
		      const struct scvp_expect *expect,
		      struct scvp_policy_judgement **ret, struct ltps_error *err)
{
	struct scvp_policy_judgement *j = mem_zalloc(1, sizeof(*j));
	if (j == NULL)
		return ltps_fail_nomem(err);
	struct finder f = { .f = j->findings, .n = &j->n_findings, .reply = -1 };
	if (judge_policies(j, body, nonce, expect, &f, err) != 0) {
		scvp_policy_judgement_free(j);
		return -1;
	}
	j->trusted =
	    j->response != NULL && findings_hold(j->findings, j->n_findings, -1);
	*ret = j;
	return 0;
}

void scvp_policy_judgement_free(struct scvp_policy_judgement *j)
{
	if (j == NULL)
		return;
	path_result_free(j->server);
	material_free(j->server_got);
	cert_free(j->signer);
	scvp_vp_response_free(j->response);
	scvp_envelope_free(j->envelope);
	mem_free(j);
}
