/* SPDX-License-Identifier: Apache-2.0 */
/* responder - an exchange from bytes to bytes; see responder.h for the way of it. */
#include "scvp/responder.h"

#include <string.h>

#include "base/mem.h"
#include "scvp/cache.h"
#include "scvp/demand.h"
#include "scvp/write.h"
#include "validation/name.h"

struct session {
	const struct scvp_config *config;
	const struct scvp_archive *archive;
	const struct scvp_exchange *exchange;
	struct scvp_answer *answer;
	struct scvp_envelope *envelope;
	struct scvp_request *request; /* NULL: it could not be read */
	struct cert *client;
	bool authenticated;
	struct scvp_arena *arena;
	struct demand demand;
	enum scvp_status status;
	const char *text; /* static; NULL */
};

/* ---- the client ---- */

/* The anchors for clients, as path_input wants them. */
static int client_anchors(const struct session *s, const struct cert *const **ret,
			  size_t *ret_n, struct ltps_error *err)
{
	const struct material *m = s->config->client_trust;
	const size_t n = material_count(m, MATERIAL_ANCHOR);
	const struct cert **list = scvp_arena_alloc(s->arena, n, sizeof(*list));
	if (list == NULL)
		return ltps_fail_nomem(err);
	*ret_n = 0;
	for (size_t i = 0; i < n; i++)
		if (material_sunset(m, i) > s->exchange->now_ms)
			list[(*ret_n)++] = material_cert(m, MATERIAL_ANCHOR, i);
	*ret = list;
	return 0;
}

/*
 * A request whose signature holds but whose certificate is not trusted is treated as
 * unauthenticated: RFC 5055 3.11.
 */
static int judge_client(struct session *s, struct ltps_error *err)
{
	struct material *sent = NULL;
	struct path_result *r = NULL;
	struct path_input in = { .target = s->client,
				 .time_ms = s->exchange->now_ms,
				 .exempt_short_term = true,
				 .no_revocation = s->config->client_no_revocation };
	struct ltps_error bad = LTPS_ERROR_INIT;
	int rc = -1;
	if (s->config->client_trust == NULL || !scvp_may_sign(s->client, false))
		return 0;
	if (client_anchors(s, &in.anchors, &in.n_anchors, err) != 0 ||
	    in.n_anchors == 0 || material_new(&sent, err) != 0)
		return in.anchors != NULL && in.n_anchors == 0 ? 0 : -1;
	/* What does not decode among the certificates sent is of no help, no more. */
	if (material_add_cms(sent, s->envelope->cms, &bad) != 0 &&
	    read_pass_failure(&bad, err) != 0)
		goto out;
	in.pools[in.n_pools++] = sent;
	in.pools[in.n_pools++] = s->config->client_trust;
	if (s->archive->judge(s->archive->arg, &in, &r, err) != 0)
		goto out;
	s->authenticated = r->status == PATH_VALID;
	rc = 0;
out:
	path_result_free(r);
	if (s->archive->done != NULL)
		s->archive->done(s->archive->arg);
	material_free(sent);
	return rc;
}

static int check_protection(struct session *s, struct ltps_error *err)
{
	switch (s->envelope->protection) {
	case SCVP_BARE:
		break;
	case SCVP_AUTHENTICATED:
		/* No key agreement: serverPublicKeys is absent from our policy. */
		s->status = SCVP_UNSUPPORTED_SIGNATURE_OR_MAC;
		s->text = "AuthenticatedData is not supported";
		return 0;
	case SCVP_SIGNED:
		if (scvp_envelope_verify(s->envelope, &s->status, &s->client, err) != 0)
			return -1;
		if (s->status != SCVP_OKAY)
			return 0;
		if (judge_client(s, err) != 0)
			return -1;
		break;
	}
	if (s->config->require_authentication && !s->authenticated) {
		s->status = SCVP_NOT_AUTHORIZED;
		s->text = "this service answers authenticated requests only";
	}
	return 0;
}

/* ---- reading ---- */

/* Defects of the request become s->status; -1 is our own failure. */
static int read_request(struct session *s, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	if (s->exchange->body.n > SCVP_REQUEST_MAX) {
		s->status = SCVP_INVALID_REQUEST;
		s->text = "request too large";
		return 0;
	}
	if (scvp_envelope_parse(s->exchange->body, &s->envelope, &s->status, &bad) !=
	    0) {
		return read_pass_failure(&bad, err);
	}
	if (s->envelope->kind != SCVP_CONTENT_CV_REQUEST) {
		s->status = SCVP_BAD_STRUCTURE;
		s->text = "not a CVRequest";
		return 0;
	}
	if (scvp_request_parse(s->envelope->content, &s->request, &s->status, &bad) !=
	    0) {
		return read_pass_failure(&bad, err);
	}
	return check_protection(s, err);
}

/* ---- the response ---- */

static enum digest_alg choose_hash(const struct session *s)
{
	const enum digest_alg asked = digest_from_oid(s->request->hash_alg);
	for (size_t i = 0; i < s->config->n_hashes; i++) {
		if (s->config->hashes[i] == asked && asked != DIGEST_NONE)
			return asked;
	}
	return s->config->hashes[0];
}

/* What binds the answer to its request: RFC 5055 4.6. */
static int fill_request_ref(struct session *s, struct scvp_response *p,
			    struct ltps_error *err)
{
	const enum digest_alg alg = choose_hash(s);
	struct digest *d = scvp_arena_alloc(s->arena, 1, sizeof(*d));
	uint8_t *oid = scvp_arena_alloc(s->arena, 1, 64);
	struct buf b = { .p = oid, .cap = 64, .max = 64 };
	if (d == NULL || oid == NULL)
		return ltps_fail_nomem(err);
	if (s->request->query.full_request &&
	    (s->config->refused & SCVP_REFUSE_FULL_REQUEST) == 0) {
		p->request_ref = SCVP_REQUEST_REF_FULL;
		p->full_request = s->request->exact;
		return 0;
	}
	if (digest_once(alg, s->request->exact, d, err) != 0 ||
	    der_put_oid(&b, digest_oid_text(alg), err) != 0)
		return -1;
	p->request_ref = SCVP_REQUEST_REF_HASH;
	p->hash_algorithm = view_of(b.p + 2, b.n - 2);
	p->request_hash = digest_view(d);
	return 0;
}

/* directoryName [4] of the client's subject. */
static int client_name(struct session *s, struct view *ret, struct ltps_error *err)
{
	const struct view subject = s->client->subject;
	struct buf b = buf_make(subject.n + 16);
	uint8_t *copy = NULL;
	if (der_put(&b, ID_LIST(4), subject, err) != 0)
		return -1;
	copy = scvp_arena_alloc(s->arena, 1, b.n);
	if (copy != NULL) {
		memcpy(copy, b.p, b.n);
		*ret = view_of(copy, b.n);
	}
	buf_free(&b);
	return copy != NULL ? 0 : ltps_fail_nomem(err);
}

/* The name it claimed and the one it proved: RFC 5055 4.8. */
static int fill_requestor(struct session *s, struct scvp_response *p,
			  struct ltps_error *err)
{
	struct view *names = scvp_arena_alloc(s->arena, 2, sizeof(*names));
	size_t n = 0;
	if (names == NULL)
		return ltps_fail_nomem(err);
	if (s->request->requestor_name.n > 0)
		names[n++] = s->request->requestor_name;
	if (s->authenticated && !name_is_empty(s->client->subject)) {
		if (client_name(s, &names[n], err) != 0)
			return -1;
		n++;
	}
	p->has_requestor_name = n > 0;
	p->requestor_name = (struct scvp_list){ names, n };
	return 0;
}

/* What every answer that is made for this request echoes. */
static int fill_echo(struct session *s, struct scvp_response *p, struct ltps_error *err)
{
	const struct scvp_request *q = s->request;
	p->has_requestor_ref = q->has_requestor_ref;
	p->requestor_ref = q->requestor_ref;
	p->has_nonce = q->has_nonce;
	p->nonce = q->nonce;
	p->text = q->text;
	if (fill_requestor(s, p, err) != 0)
		return -1;
	return fill_request_ref(s, p, err);
}

static int fill_replies(struct session *s, struct scvp_response *p,
			struct ltps_error *err)
{
	const struct scvp_query *q = &s->request->query;
	struct scvp_reply *replies =
	    scvp_arena_alloc(s->arena, q->n_certs, sizeof(*replies));
	if (replies == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < q->n_certs; i++) {
		if (reply_make(&s->demand, &q->certs[i], &replies[i], err) != 0)
			return -1;
	}
	p->replies = replies;
	p->n_replies = q->n_certs;
	return 0;
}

static int fill_context(struct session *s, struct scvp_response *p,
			struct ltps_error *err)
{
	struct demand *d = &s->demand;
	if (!d->more_paths || d->next.n >= CONTEXT_PATHS_MAX)
		return 0;
	uint8_t *mem = scvp_arena_alloc(s->arena, CONTEXT_PATHS_MAX + 2, 32);
	if (mem == NULL)
		return ltps_fail_nomem(err);
	struct buf b = { .p = mem,
			 .cap = (size_t)(CONTEXT_PATHS_MAX + 2) * 32,
			 .max = (size_t)(CONTEXT_PATHS_MAX + 2) * 32 };
	if (context_write(s->config, d->identity, &d->next, &b, err) != 0)
		return -1;
	p->has_context = true;
	p->context = view_of(b.p, b.n);
	return 0;
}

static int fill_success(struct session *s, struct scvp_response *p,
			struct ltps_error *err)
{
	p->status = s->demand.skipped ? SCVP_SKIP_UNRECOGNIZED_ITEMS : SCVP_OKAY;
	p->has_policy = true;
	if (demand_policy_value(&s->demand, s->request->query.policy_by_value,
				&p->policy, err) != 0 ||
	    fill_replies(s, p, err) != 0 || fill_context(s, p, err) != 0)
		return -1;
	return 0;
}

static struct scvp_response empty_response(const struct scvp_config *c, int64_t now_ms)
{
	return (struct scvp_response){ .version = SCVP_VERSION,
				       .config_id = c->config_id,
				       .produced_ms = now_ms };
}

/* Encode and wrap. */
static int send(const struct scvp_response *p, const struct scvp_signer *signer,
		size_t alg, struct buf *out, struct ltps_error *err)
{
	struct buf b = buf_make(SCVP_RESPONSE_MAX);
	int rc = scvp_response_encode(p, &b, err);
	if (rc == 0 && signer != NULL)
		rc = scvp_envelope_sign(signer, alg, SCVP_CONTENT_CV_RESPONSE,
					view_buf(&b), out, err);
	else if (rc == 0)
		rc = scvp_envelope_bare(SCVP_CONTENT_CV_RESPONSE, view_buf(&b), out,
					err);
	buf_free(&b);
	return rc;
}

/* Only the error of an authenticated request is protected: RFC 5055 4, 4 to 7. */
static int send_error(struct session *s, struct ltps_error *err)
{
	struct scvp_response p = empty_response(s->config, s->exchange->now_ms);
	const struct scvp_signer *signer = NULL;
	p.status = s->status;
	if (s->text != NULL)
		p.message = view_text(s->text);
	if (s->request != NULL) {
		if (fill_echo(s, &p, err) != 0)
			return -1;
		if (s->authenticated && !s->exchange->secure &&
		    !s->request->query.unprotected && s->config->n_signers > 0)
			signer = s->config->signers[0];
	}
	return send(&p, signer, 0, &s->answer->body, err);
}

/* Whether the same bytes may answer the same request again. */
static bool is_cacheable(const struct session *s)
{
	const struct scvp_request *q = s->request;
	return s->config->cache_ms > 0 && s->demand.settled && !q->has_nonce &&
	       q->text.n == 0 && s->envelope->protection == SCVP_BARE &&
	       (!q->query.has_produced_at ||
		q->query.produced_at_ms <= s->exchange->now_ms);
}

static int send_success(struct session *s, struct ltps_error *err)
{
	struct scvp_response p = empty_response(s->config, s->exchange->now_ms);
	if (fill_success(s, &p, err) != 0 || fill_echo(s, &p, err) != 0 ||
	    send(&p, s->demand.signer, s->demand.alg, &s->answer->body, err) != 0)
		return -1;
	s->status = (enum scvp_status)p.status;
	if (is_cacheable(s))
		s->answer->until_ms = s->demand.until_ms;
	return 0;
}

static int answer_request(struct session *s, struct ltps_error *err)
{
	if (read_request(s, err) != 0)
		return -1;
	if (s->status != SCVP_OKAY)
		return send_error(s, err);
	s->demand = (struct demand){
		.config = s->config,
		.archive = s->archive,
		.exchange = s->exchange,
		.request = s->request,
		.arena = s->arena,
		.authenticated = s->authenticated,
		.client = s->client,
	};
	if (demand_make(&s->demand, &s->status, err) != 0)
		return -1;
	if (s->status == SCVP_OKAY)
		return send_success(s, err);
	s->text = s->demand.text;
	return send_error(s, err);
}

/* Our own failure is an answer too, as long as one can be made. */
static int recover(struct session *s, struct ltps_error *err)
{
	struct ltps_error again = LTPS_ERROR_INIT;
	const enum scvp_status status =
	    err->code == LTPS_BUSY ? SCVP_TOO_BUSY : SCVP_INTERNAL_ERROR;
	buf_clear(&s->answer->body);
	s->answer->until_ms = 0;
	if (scvp_refusal(s->config, status, s->exchange->now_ms, &s->answer->body,
			 &again) != 0)
		return -1;
	ltps_error_clear(err); /* the answer says it now */
	s->status = status;
	return 0;
}

static int respond_request(const struct scvp_config *c,
			   const struct scvp_archive *archive,
			   const struct scvp_exchange *x, struct scvp_answer *answer,
			   struct ltps_error *err)
{
	struct session s = {
		.config = c, .archive = archive, .exchange = x, .answer = answer
	};
	s.arena = scvp_arena_new();
	int rc = s.arena == NULL ? ltps_fail_nomem(err) : answer_request(&s, err);
	if (rc != 0)
		rc = recover(&s, err);
	answer->status = s.status;
	demand_clear(&s.demand);
	scvp_arena_free(s.arena);
	cert_free(s.client);
	scvp_request_free(s.request);
	scvp_envelope_free(s.envelope);
	return rc;
}

int scvp_refusal(const struct scvp_config *c, enum scvp_status status, int64_t now_ms,
		 struct buf *out, struct ltps_error *err)
{
	struct scvp_response p = empty_response(c, now_ms);
	p.status = status;
	return send(&p, NULL, 0, out, err);
}

/* ---- policy messages ---- */

static int make_policy_answer(const struct scvp_config *c, struct view nonce,
			      const struct scvp_exchange *x, struct buf *out,
			      struct ltps_error *err)
{
	struct buf b = buf_make(SCVP_RESPONSE_MAX);
	int rc = policy_answer(c, nonce, x->now_ms, &b, err);
	if (rc == 0)
		rc = scvp_envelope_sign(c->signers[0], 0, SCVP_CONTENT_VP_RESPONSE,
					view_buf(&b), out, err);
	buf_free(&b);
	return rc;
}

/* One entry of the cache stands for all of them. */
static int cached_policy_answer(const struct scvp_config *c, struct scvp_cache *cache,
				const struct scvp_exchange *x,
				struct scvp_answer *answer, struct ltps_error *err)
{
	static const uint8_t key[32] = "policies of this server";
	if (cache != NULL) {
		const struct view kept = cache_get(cache, key, x->now_ms);
		answer->cached = kept.n > 0;
		if (kept.n > 0)
			return buf_put(&answer->body, kept, err);
	}
	answer->until_ms = x->now_ms + c->vp_cache_ms;
	if (make_policy_answer(c, VIEW_NULL, x, &answer->body, err) != 0)
		return -1;
	if (cache != NULL)
		cache_put(cache, key, view_buf(&answer->body), x->now_ms,
			  answer->until_ms);
	return 0;
}

static int respond_policies(const struct scvp_config *c, struct scvp_cache *cache,
			    const struct scvp_exchange *x, struct scvp_answer *answer,
			    struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct scvp_envelope *e = NULL;
	struct scvp_vp_request *q = NULL;
	int rc = 0;
	answer->bad_policy_request = true;
	if (c->n_signers == 0) {
		/* A policy response MUST be signed: RFC 5055 6. */
		answer->status = SCVP_PROTECTED_RESPONSE_UNSUPPORTED;
		goto out;
	}
	if (scvp_envelope_parse(x->body, &e, &answer->status, &bad) != 0)
		goto out;
	answer->status = SCVP_BAD_STRUCTURE;
	if (e->kind != SCVP_CONTENT_VP_REQUEST || e->protection != SCVP_BARE ||
	    scvp_vp_request_parse(e->content, &q, &answer->status, &bad) != 0)
		goto out;
	answer->bad_policy_request = false;
	if (c->vp_cache_ms > 0)
		rc = cached_policy_answer(c, cache, x, answer, err);
	else
		rc = make_policy_answer(c, q->nonce, x, &answer->body, err);
out:
	if (read_pass_failure(&bad, err) != 0)
		rc = -1;
	scvp_vp_request_free(q);
	scvp_envelope_free(e);
	return rc;
}

/* ---- with a cache in front ---- */

int scvp_serve(const struct scvp_config *c, const struct scvp_archive *archive,
	       struct scvp_cache *cache, const struct scvp_exchange *x,
	       struct scvp_answer *answer, struct ltps_error *err)
{
	struct digest d;
	answer->bad_policy_request = false;
	answer->status = SCVP_OKAY;
	answer->cached = false;
	answer->until_ms = 0;
	if (x->policy_request)
		return respond_policies(c, cache, x, answer, err);
	if (cache == NULL || c->cache_ms <= 0)
		return respond_request(c, archive, x, answer, err);
	if (digest_once(DIGEST_SHA256, x->body, &d, err) != 0)
		return -1;
	const struct view kept = cache_get(cache, d.p, x->now_ms);
	if (kept.n > 0) {
		answer->cached = true;
		return buf_put(&answer->body, kept, err);
	}
	if (respond_request(c, archive, x, answer, err) != 0)
		return -1;
	if (answer->until_ms > 0)
		cache_put(cache, d.p, view_buf(&answer->body), x->now_ms,
			  answer->until_ms);
	return 0;
}

int scvp_respond(const struct scvp_config *c, const struct scvp_archive *archive,
		 const struct scvp_exchange *x, struct scvp_answer *answer,
		 struct ltps_error *err)
{
	return scvp_serve(c, archive, NULL, x, answer, err);
}

/* ---- configuration ---- */

int scvp_config_check(const struct scvp_config *c, struct ltps_error *err)
{
	const char *what = NULL;
	if (c->n_policies == 0 || c->n_policies > SCVP_POLICIES_MAX ||
	    !view_equal(c->policies[0].id, scvp_svp_oid(1)))
		what = "the first validation policy must be the default one";
	else if (c->n_signers > SCVP_SIGNERS_MAX)
		what = "too many signing keys";
	else if (c->n_hashes == 0 || c->n_hashes > DIGEST_ALG_COUNT)
		what = "hash algorithms";
	else if (c->trust == NULL || material_count(c->trust, MATERIAL_ANCHOR) == 0)
		what = "no trust anchor";
	else if (c->config_id.n == 0 || c->config_id.p[0] >= 0x80)
		what = "serverConfigurationID";
	else if (c->require_authentication && c->client_trust == NULL)
		what = "authentication is required, but no client can be trusted";
	return what == NULL ? 0
			    : ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER,
					"RFC 5055", "SCVP: %s", what);
}

/* validationPolicies, validationAlgs, authPolicies, defaultPolicyValues, clockSkew:
 * all are in a policy response whose other items are held still. */
int scvp_config_digest(const struct scvp_config *c, struct digest *ret,
		       struct ltps_error *err)
{
	static const uint8_t zero[1] = { 0 };
	struct scvp_config still = *c;
	struct buf b = buf_make(SCVP_RESPONSE_MAX);
	still.config_id = view_of(zero, 1);
	still.n_signers = 0;
	still.vp_cache_ms = 0;
	int rc = policy_answer(&still, VIEW_NULL, 0, &b, err);
	if (rc == 0)
		rc = digest_once(DIGEST_SHA256, view_buf(&b), ret, err);
	buf_free(&b);
	return rc;
}
