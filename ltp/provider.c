/* SPDX-License-Identifier: Apache-2.0 */
/* provider - the remote judge first, ours where it fails. */
#include "ltp/provider.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "storage/blob.h"
#include "storage/material.h"

#define KEY_MAX 80

/* ---- the store ---- */

static int run_keep(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	int64_t id;
	return material_put(conn, arg, &id, NULL, err);
}

/* A verified answer is material like any other: found again by its certificate. */
static int keep(const struct provider *p, const struct path_sources *s,
		const struct path_input *in, const struct scvp_judgement *j,
		struct view body, struct ltps_error *err)
{
	const struct scvp_reply *r = j->reports[0].reply;
	char hex[2 * sizeof(in->target->sha256) + 1], key[KEY_MAX];
	if (s->store == NULL)
		return 0;
	hex_encode(view_of(in->target->sha256, sizeof(in->target->sha256)), hex);
	snprintf(key, sizeof(key), "scvp %s", hex);
	struct material_new row = {
		.kind = MATERIAL_ROW_SCVP,
		.key = view_text(key),
		.source = p->url,
		.fetched_ms = clock_now_ms(s->clock),
		.produced_ms = j->response->produced_ms,
		.until_ms = r->has_next_update ? r->next_update_ms : 0,
	};
	if (blob_prepare(s->store, STORE_TENANT_SYSTEM, body, NULL, &row.blob, err) !=
	    0)
		return -1;
	int rc = store_write(s->store, run_keep, &row, err);
	blob_new_free(row.blob);
	return rc;
}

/* ---- the server's own certificate ---- */

int provider_fetch_server(struct fetch *fetch, const struct path_result *server,
			  struct material *trust, unsigned *fetches, bool *ret_more,
			  struct ltps_error *err)
{
	*ret_more = false;
	for (size_t i = 0; server != NULL && i < server->n_needs; i++) {
		struct ltps_error bad = LTPS_ERROR_INIT;
		if (*fetches == PROVIDER_FETCHES_MAX)
			return 0;
		++*fetches;
		if (need_fetch(fetch, &server->needs[i], trust, &bad) == 0)
			*ret_more = true;
		else if (bad.code == LTPS_NOMEM)
			return ltps_fail_nomem(err);
	}
	return 0;
}

/* Judged until nothing more about the server can be got. */
static int judge_answer(struct fetch *fetch, struct view body, struct scvp_expect *x,
			struct material *trust, struct scvp_judgement **ret,
			struct ltps_error *err)
{
	unsigned fetches = 0;
	x->trust = trust;
	for (int round = 0; round < PROVIDER_ROUNDS_MAX; round++) {
		bool more = false;
		scvp_judgement_free(*ret);
		*ret = NULL;
		if (scvp_judge(body, x, ret, err) != 0)
			return -1;
		if (fetch != NULL && provider_fetch_server(fetch, (*ret)->server, trust,
							   &fetches, &more, err) != 0)
			return -1;
		if (!more)
			break;
	}
	return 0;
}

/* ---- the remote judge ---- */

struct remote {
	const struct provider *p;
	const struct path_sources *s;
	const struct path_input *in;
	struct fetch *fetch;            /* NULL: none */
	char why[PROVIDER_FINDING_MAX]; /* it failed; "": it decided */
};

static void failed(struct remote *r, const char *why)
{
	snprintf(r->why, sizeof(r->why), "%.150s", why);
}

static bool is_our_fault(const struct ltps_error *err)
{
	return err->code == LTPS_NOMEM || err->code == LTPS_CRYPTO ||
	       err->code == LTPS_CANCELLED || err->code == LTPS_INTERNAL;
}

static int post(struct remote *r, struct view body, struct buf *answer,
		struct ltps_error *err)
{
	const struct provider *p = r->p;
	struct ltps_error bad = LTPS_ERROR_INIT;
	int rc;
	if (p->post == NULL && r->fetch == NULL) {
		failed(r, "the network is not to be used");
		return 0;
	}
	rc = p->post != NULL ? p->post(p->post_arg, body, answer, &bad)
			     : scvp_post(r->fetch, p->url, false, body, answer, &bad);
	if (rc == 0)
		return 0;
	if (is_our_fault(&bad)) {
		*err = bad;
		return -1;
	}
	failed(r, bad.text);
	return 0;
}

/* The first thing against it, in one line. */
static void name_findings(struct remote *r, const struct scvp_judgement *j)
{
	for (size_t i = 0; i < j->n_findings; i++) {
		const struct scvp_finding *f = &j->findings[i];
		if (scvp_code_is_note(f->code))
			continue;
		snprintf(r->why, sizeof(r->why), "%s%s%.100s", scvp_code_name(f->code),
			 f->text[0] != '\0' ? ": " : "", f->text);
		return;
	}
	snprintf(r->why, sizeof(r->why), "the server leaves it open: %s",
		 scvp_why(j, 0) != NULL ? scvp_why(j, 0) : "?");
}

static int take(struct remote *r, const struct scvp_judgement *j, struct view body,
		struct judged_path *ret, struct ltps_error *err)
{
	const char *why = NULL;
	if (scvp_verdict(j, 0) == PATH_UNDETERMINED) {
		name_findings(r, j);
		return 0;
	}
	if (provider_result(j, r->in, r->p->url, ret, &why, err) != 0)
		return -1;
	if (why != NULL) {
		failed(r, why);
		return 0;
	}
	return keep(r->p, r->s, r->in, j, body, err);
}

static int ask(struct remote *r, const struct scvp_asked *asked, int64_t sent_ms,
	       struct judged_path *ret, struct ltps_error *err)
{
	struct buf answer = buf_make(SCVP_RESPONSE_MAX);
	struct scvp_judgement *j = NULL;
	struct material *trust = NULL;
	int rc = -1;
	if (material_new(&trust, err) != 0 ||
	    material_add_all(trust, r->p->trust, err) != 0)
		goto out;
	rc = post(r, view_buf(&asked->body), &answer, err);
	if (rc == 0 && r->why[0] == '\0') {
		struct scvp_expect expect = {
			.asked = asked,
			.sent_ms = sent_ms,
			.now_ms = clock_now_ms(r->s->clock),
			.server_status = r->p->server_status,
			.servers = r->p->servers,
			.cache = r->in->cache,
		};
		rc = judge_answer(r->fetch, view_buf(&answer), &expect, trust, &j, err);
	}
	if (rc == 0 && j != NULL)
		rc = take(r, j, view_buf(&answer), ret, err);
out:
	scvp_judgement_free(j);
	material_free(trust);
	buf_free(&answer);
	return rc;
}

static int judge_remotely(struct remote *r, struct judged_path *ret,
			  struct ltps_error *err)
{
	const int64_t now_ms = clock_now_ms(r->s->clock);
	struct scvp_asked *asked = NULL;
	const char *why = NULL;
	if (provider_ask(r->p, r->in, now_ms, &asked, &why, err) != 0)
		return -1;
	if (asked == NULL) {
		failed(r, why);
		return 0;
	}
	int rc = ask(r, asked, now_ms, ret, err);
	scvp_asked_free(asked);
	return rc;
}

/* ---- both ---- */

static void add_failure(const struct remote *r, struct path_result *result)
{
	if (result->n_findings == PATH_FINDINGS_MAX)
		return;
	struct path_finding *f = &result->findings[result->n_findings++];
	f->code = PATH_REMOTE_FAILED;
	f->cert = -1;
	snprintf(f->text, sizeof(f->text), "%s", r->why);
}

int provider_judge(const struct provider *p, const struct path_sources *s,
		   const struct path_input *in, struct judged_path *ret,
		   struct ltps_error *err)
{
	struct remote r = { .p = p,
			    .s = s,
			    .in = in,
			    .fetch = p->fetch != NULL ? p->fetch : s->fetch };
	struct judged_path j = { 0 };
	if (judge_remotely(&r, &j, err) != 0) {
		judged_path_clear(&j);
		return -1;
	}
	if (r.why[0] == '\0') {
		*ret = j;
		return 0;
	}
	judged_path_clear(&j);
	if (path_judge_fetching(s, in, ret, err) != 0)
		return -1;
	add_failure(&r, ret->result);
	return 0;
}
