/* SPDX-License-Identifier: Apache-2.0 */
/* Scenarios of scvp/: what fails becomes an error or an answer that says so. */
#include "base/mem.h"
#include "tests/interop/records_stamp.h"
#include "tests/oom/oom.h"
#include "tests/support/scvp_kit.h"

static struct scvp_kit kit;
static struct buf question, policy_question, answer;

void oom_scvp_make(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct kit_answer a;
	struct kit_ask ask;
	scvp_kit_make(&kit);
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_want(&ask, SCVP_WANT_BEST_PATH);
	scvp_kit_want(&ask, SCVP_WANT_REVOCATION);
	question = scvp_kit_bytes(&ask);
	scvp_kit_send(&kit, view_buf(&question), &a);
	answer = buf_make(SCVP_RESPONSE_MAX);
	must(buf_put(&answer, view_buf(&a.raw.body), &err), "answer", &err);
	scvp_kit_answer_free(&a);
	/* Nothing is remembered from one run to the next. */
	sig_cache_free(kit.cache);
	kit.cache = NULL;
	const struct scvp_vp_request vp = { .nonce = view_text("n") };
	struct buf message = buf_make(SCVP_REQUEST_MAX);
	policy_question = buf_make(SCVP_REQUEST_MAX);
	must(scvp_vp_request_encode(&vp, &message, &err), "request", &err);
	must(scvp_envelope_bare(SCVP_CONTENT_VP_REQUEST, view_buf(&message),
				&policy_question, &err),
	     "request", &err);
	buf_free(&message);
}

void oom_scvp_free(void)
{
	buf_free(&question);
	buf_free(&policy_question);
	buf_free(&answer);
	scvp_kit_free(&kit);
}

static int read_request(struct ltps_error *err)
{
	struct buf again = buf_make(SCVP_REQUEST_MAX);
	struct scvp_envelope *e = NULL;
	struct scvp_request *q = NULL;
	enum scvp_status status;
	int rc = -1;
	if (scvp_envelope_parse(view_buf(&question), &e, &status, err) == 0 &&
	    scvp_request_parse(e->content, &q, &status, err) == 0)
		rc = scvp_request_encode(q, &again, err);
	buf_free(&again);
	scvp_request_free(q);
	scvp_envelope_free(e);
	return rc;
}

static int read_response(struct ltps_error *err)
{
	struct buf again = buf_make(SCVP_RESPONSE_MAX);
	struct scvp_envelope *e = NULL;
	struct scvp_response *p = NULL;
	struct cert *signer = NULL;
	enum scvp_status status = SCVP_OKAY;
	int rc = -1;
	if (scvp_envelope_parse(view_buf(&answer), &e, &status, err) == 0 &&
	    scvp_envelope_verify(e, &status, &signer, err) == 0 &&
	    scvp_response_parse(e->content, &p, err) == 0)
		rc = scvp_response_encode(p, &again, err);
	if (rc == 0 && status != SCVP_OKAY)
		rc = OOM_OTHER;
	cert_free(signer);
	buf_free(&again);
	scvp_response_free(p);
	scvp_envelope_free(e);
	return rc;
}

static int respond(struct view body, bool policies, struct scvp_cache *cache,
		   struct ltps_error *err)
{
	const struct scvp_exchange x = { .body = body,
					 .policy_request = policies,
					 .now_ms = KIT_NOW_MS };
	struct scvp_answer a = { .body = buf_make(SCVP_RESPONSE_MAX) };
	int rc = scvp_serve(&kit.config, &kit.archive, cache, &x, &a, err);
	if (rc == 0 && a.status != SCVP_OKAY && a.status != SCVP_INTERNAL_ERROR)
		rc = OOM_OTHER;
	buf_free(&a.body);
	return rc;
}

static int answer_request(struct ltps_error *err)
{
	return respond(view_buf(&question), false, NULL, err);
}

static int answer_twice(struct ltps_error *err)
{
	struct scvp_cache *cache = NULL;
	int rc = -1;
	if (scvp_cache_new(&cache, err) != 0)
		return -1;
	rc = respond(view_buf(&question), false, cache, err);
	if (rc == 0)
		rc = respond(view_buf(&question), false, cache, err);
	scvp_cache_free(cache);
	return rc;
}

static int answer_policies(struct ltps_error *err)
{
	return respond(view_buf(&policy_question), true, NULL, err);
}

const struct oom_case oom_scvp[] = {
	{ "scvp: request", read_request },     { "scvp: response", read_response },
	{ "scvp: answer", answer_request },    { "scvp: answer twice", answer_twice },
	{ "scvp: policies", answer_policies }, { 0 },
};
