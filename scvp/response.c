/* SPDX-License-Identifier: Apache-2.0 */
/* response - CVResponse, RFC 5055 4. */
#include <string.h>

#include "base/mem.h"
#include "scvp/write.h"

/* ---- reading ---- */

static int read_status(struct reader *r, struct view body, struct scvp_response *p)
{
	struct tlv t;
	bool there;
	p->status = SCVP_OKAY; /* DEFAULT */
	if (read_maybe(r, &body, ID_ENUMERATED, READ_VALUE, "statusCode", &t, &there) !=
	    0)
		return -1;
	if (there && read_uint(r, &t, &p->status) != 0)
		return -1;
	if (read_maybe(r, &body, ID_UTF8, READ_STRING, "errorMessage", &t, &there) != 0)
		return -1;
	if (there && read_utf8(r, &t, (size_t)16 << 10, &p->message) != 0)
		return -1;
	return read_end(r, body, "responseStatus");
}

/* HashValue ::= SEQUENCE { algorithm DEFAULT sha-1, value } */
static int read_hash(struct reader *r, struct view body, struct scvp_response *p)
{
	struct tlv t;
	bool there;
	if (read_maybe(r, &body, ID_SEQUENCE, READ_LIST, "HashValue", &t, &there) != 0)
		return -1;
	if (there && read_algorithm_oid(r, t.body, &p->hash_algorithm) != 0)
		return -1;
	if (read_need(r, &body, ID_OCTETS, READ_STRING, "HashValue", &t) != 0 ||
	    read_octets(r, &t, DIGEST_MAX, "HashValue", &p->request_hash) != 0)
		return -1;
	return read_end(r, body, "HashValue");
}

static int read_request_ref(struct reader *r, struct view body, struct scvp_response *p)
{
	struct tlv t;
	bool there;
	if (read_maybe(r, &body, ID_LIST(0), READ_LIST, "requestRef", &t, &there) != 0)
		return -1;
	if (there) {
		p->request_ref = SCVP_REQUEST_REF_HASH;
		if (read_hash(r, t.body, p) != 0)
			return -1;
	} else {
		p->request_ref = SCVP_REQUEST_REF_FULL;
		if (read_need(r, &body, ID_LIST(1), READ_LIST, "requestRef", &t) != 0 ||
		    read_retagged(r, &t, &p->full_request) != 0)
			return -1;
	}
	return read_end(r, body, "requestRef");
}

static int read_checks(struct reader *r, struct view body, struct scvp_reply *p)
{
	size_t n;
	struct tlv t;
	bool there;
	if (read_count(r, body, 0, SCVP_CHECKS_MAX, "replyChecks", &n) != 0)
		return -1;
	struct scvp_check *checks = scvp_arena_alloc(r->arena, n, sizeof(*checks));
	if (checks == NULL)
		return read_nomem(r);
	for (size_t i = 0; i < n; i++) {
		if (read_need(r, &body, ID_SEQUENCE, READ_LIST, "ReplyCheck", &t) != 0)
			return -1;
		struct view c = t.body;
		if (read_need(r, &c, ID_OID, READ_VALUE, "ReplyCheck", &t) != 0)
			return -1;
		checks[i].oid = t.body;
		if (read_maybe(r, &c, ID_INTEGER, READ_VALUE, "ReplyCheck", &t,
			       &there) != 0)
			return -1;
		if ((there && read_uint(r, &t, &checks[i].status) != 0) ||
		    read_end(r, c, "ReplyCheck") != 0)
			return -1;
	}
	p->checks = checks;
	p->n_checks = n;
	return 0;
}

static int read_want_backs(struct reader *r, struct view body, struct scvp_reply *p)
{
	size_t n;
	struct tlv t;
	if (read_count(r, body, 0, SCVP_WANT_BACKS_MAX, "replyWantBacks", &n) != 0)
		return -1;
	struct scvp_want_back *w = scvp_arena_alloc(r->arena, n, sizeof(*w));
	if (w == NULL)
		return read_nomem(r);
	for (size_t i = 0; i < n; i++) {
		if (read_need(r, &body, ID_SEQUENCE, READ_LIST, "ReplyWantBack", &t) !=
		    0)
			return -1;
		struct view c = t.body;
		if (read_need(r, &c, ID_OID, READ_VALUE, "ReplyWantBack", &t) != 0)
			return -1;
		w[i].oid = t.body;
		if (read_need(r, &c, ID_OCTETS, READ_STRING, "ReplyWantBack", &t) !=
			0 ||
		    read_octets(r, &t, SCVP_RESPONSE_MAX, "ReplyWantBack",
				&w[i].value) != 0 ||
		    read_end(r, c, "ReplyWantBack") != 0)
			return -1;
	}
	p->want_backs = w;
	p->n_want_backs = n;
	return 0;
}

/* validationErrors [0] .. certReplyExtensions [2] */
static int read_reply_tail(struct reader *r, struct view *c, struct scvp_reply *p)
{
	struct tlv t;
	bool there;
	if (read_maybe(r, c, ID_LIST(0), READ_LIST, "validationErrors", &t, &there) !=
	    0)
		return -1;
	if (there &&
	    read_oids(r, t.body, 1, SCVP_OIDS_MAX, "validationErrors", &p->errors) != 0)
		return -1;
	if (read_maybe(r, c, ID_VALUE(1), READ_VALUE, "nextUpdate", &t, &there) != 0)
		return -1;
	p->has_next_update = there;
	if (there && read_time(r, &t, &p->next_update_ms) != 0)
		return -1;
	if (read_maybe(r, c, ID_LIST(2), READ_LIST, "certReplyExtensions", &t,
		       &there) != 0)
		return -1;
	return there ? read_extensions(r, t.body, &p->extensions) : 0;
}

static int read_reply(struct reader *r, struct view body, struct scvp_reply *p)
{
	struct tlv t;
	bool there;
	if (read_cert_ref(r, &body, &p->cert) != 0 ||
	    read_maybe(r, &body, ID_ENUMERATED, READ_VALUE, "replyStatus", &t,
		       &there) != 0)
		return -1;
	if (there && read_uint(r, &t, &p->status) != 0)
		return -1;
	if (read_need(r, &body, ID_TIME, READ_VALUE, "replyValTime", &t) != 0 ||
	    read_time(r, &t, &p->validation_time_ms) != 0 ||
	    read_need(r, &body, ID_SEQUENCE, READ_LIST, "replyChecks", &t) != 0 ||
	    read_checks(r, t.body, p) != 0 ||
	    read_need(r, &body, ID_SEQUENCE, READ_LIST, "replyWantBacks", &t) != 0 ||
	    read_want_backs(r, t.body, p) != 0 || read_reply_tail(r, &body, p) != 0)
		return -1;
	return read_end(r, body, "CertReply");
}

static int read_replies(struct reader *r, struct view body, struct scvp_response *p)
{
	size_t n;
	struct tlv t;
	if (read_count(r, body, 1, SCVP_CERTS_MAX, "replyObjects", &n) != 0)
		return -1;
	struct scvp_reply *replies = scvp_arena_alloc(r->arena, n, sizeof(*replies));
	if (replies == NULL)
		return read_nomem(r);
	for (size_t i = 0; i < n; i++) {
		if (read_need(r, &body, ID_SEQUENCE, READ_LIST, "CertReply", &t) != 0 ||
		    read_reply(r, t.body, &replies[i]) != 0)
			return -1;
	}
	p->replies = replies;
	p->n_replies = n;
	return 0;
}

static int read_head(struct reader *r, struct view *c, struct scvp_response *p)
{
	struct tlv t;
	if (read_need(r, c, ID_INTEGER, READ_VALUE, "cvResponseVersion", &t) != 0 ||
	    read_uint(r, &t, &p->version) != 0 ||
	    read_need(r, c, ID_INTEGER, READ_VALUE, "serverConfigurationID", &t) != 0)
		return -1;
	p->config_id = t.body;
	if (read_need(r, c, ID_TIME, READ_VALUE, "producedAt", &t) != 0 ||
	    read_time(r, &t, &p->produced_ms) != 0 ||
	    read_need(r, c, ID_SEQUENCE, READ_LIST, "responseStatus", &t) != 0)
		return -1;
	return read_status(r, t.body, p);
}

/* respValidationPolicy [0] .. replyObjects [4] */
static int read_middle(struct reader *r, struct view *c, struct scvp_response *p)
{
	struct tlv t;
	bool there;
	if (read_maybe(r, c, ID_LIST(0), READ_LIST, "respValidationPolicy", &t,
		       &there) != 0)
		return -1;
	p->has_policy = there;
	if (there && read_policy(r, t.body, &p->policy) != 0)
		return -1;
	if (read_maybe(r, c, ID_LIST(1), READ_LIST, "requestRef", &t, &there) != 0)
		return -1;
	if (there && read_request_ref(r, t.body, p) != 0)
		return -1;
	if (read_maybe(r, c, ID_LIST(2), READ_LIST, "requestorRef", &t,
		       &p->has_requestor_ref) != 0)
		return -1;
	if (p->has_requestor_ref && read_names(r, t.body, &p->requestor_ref) != 0)
		return -1;
	if (read_maybe(r, c, ID_LIST(3), READ_LIST, "requestorName", &t,
		       &p->has_requestor_name) != 0)
		return -1;
	if (p->has_requestor_name && read_names(r, t.body, &p->requestor_name) != 0)
		return -1;
	if (read_maybe(r, c, ID_LIST(4), READ_LIST, "replyObjects", &t, &there) != 0)
		return -1;
	return there ? read_replies(r, t.body, p) : 0;
}

/* respNonce [5] .. requestorText [8] */
static int read_tail(struct reader *r, struct view *c, struct scvp_response *p)
{
	struct tlv t;
	bool there;
	if (read_maybe(r, c, ID_VALUE(5), READ_STRING, "respNonce", &t,
		       &p->has_nonce) != 0)
		return -1;
	if (p->has_nonce &&
	    read_octets(r, &t, SCVP_NONCE_MAX, "respNonce", &p->nonce) != 0)
		return -1;
	if (read_maybe(r, c, ID_VALUE(6), READ_STRING, "serverContextInfo", &t,
		       &p->has_context) != 0)
		return -1;
	if (p->has_context &&
	    read_octets(r, &t, SCVP_CONTEXT_MAX, "serverContextInfo", &p->context) != 0)
		return -1;
	if (read_maybe(r, c, ID_LIST(7), READ_LIST, "cvResponseExtensions", &t,
		       &there) != 0)
		return -1;
	if (there && read_extensions(r, t.body, &p->extensions) != 0)
		return -1;
	if (read_maybe(r, c, ID_VALUE(8), READ_STRING, "requestorText", &t, &there) !=
	    0)
		return -1;
	return there ? read_utf8(r, &t, SCVP_TEXT_MAX, &p->text) : 0;
}

static int read_response(struct reader *r, struct view in, struct scvp_response *p)
{
	struct tlv t;
	if (in.n > SCVP_RESPONSE_MAX)
		return read_fail(r, SCVP_INVALID_REQUEST, NULL, "message too large");
	uint8_t *copy = scvp_arena_alloc(r->arena, 1, in.n);
	if (copy == NULL)
		return read_nomem(r);
	if (in.n > 0)
		memcpy(copy, in.p, in.n);
	p->exact = view_of(copy, in.n);
	struct view c = p->exact;
	if (read_need(r, &c, ID_SEQUENCE, READ_LIST, "CVResponse", &t) != 0 ||
	    read_end(r, c, "CVResponse") != 0)
		return -1;
	c = t.body;
	if (read_head(r, &c, p) != 0 || read_middle(r, &c, p) != 0 ||
	    read_tail(r, &c, p) != 0)
		return -1;
	return read_end(r, c, "CVResponse");
}

int scvp_response_parse(struct view in, struct scvp_response **ret,
			struct ltps_error *err)
{
	struct reader r = { .err = err };
	struct scvp_response *p = mem_zalloc(1, sizeof(*p));
	int rc = -1;
	if (p == NULL || (r.arena = p->arena = scvp_arena_new()) == NULL)
		read_nomem(&r);
	else
		rc = read_response(&r, in, p);
	if (rc == 0)
		*ret = p;
	else
		scvp_response_free(p);
	return rc;
}

void scvp_response_free(struct scvp_response *r)
{
	if (r == NULL)
		return;
	scvp_arena_free(r->arena);
	mem_free(r);
}

/* ---- writing ---- */

static void write_request_ref(struct writer *w, const struct scvp_response *p)
{
	if (p->request_ref == SCVP_REQUEST_REF_NONE)
		return;
	const size_t at = write_open(w, ID_LIST(1)); /* a CHOICE: explicit */
	if (p->request_ref == SCVP_REQUEST_REF_FULL) {
		write_retagged(w, ID_LIST(1), p->full_request);
	} else {
		const size_t hash = write_open(w, ID_LIST(0));
		write_hash_algorithm(w, p->hash_algorithm);
		write_value(w, ID_OCTETS, p->request_hash);
		write_close(w, hash);
	}
	write_close(w, at);
}

static void write_checks(struct writer *w, const struct scvp_reply *p)
{
	const size_t at = write_open(w, ID_SEQUENCE);
	for (size_t i = 0; i < p->n_checks; i++) {
		const size_t one = write_open(w, ID_SEQUENCE);
		write_value(w, ID_OID, p->checks[i].oid);
		if (p->checks[i].status != 0)
			write_uint(w, ID_INTEGER, p->checks[i].status);
		write_close(w, one);
	}
	write_close(w, at);
}

static void write_want_backs(struct writer *w, const struct scvp_reply *p)
{
	const size_t at = write_open(w, ID_SEQUENCE);
	for (size_t i = 0; i < p->n_want_backs; i++) {
		const size_t one = write_open(w, ID_SEQUENCE);
		write_value(w, ID_OID, p->want_backs[i].oid);
		write_value(w, ID_OCTETS, p->want_backs[i].value);
		write_close(w, one);
	}
	write_close(w, at);
}

static void write_reply(struct writer *w, const struct scvp_reply *p)
{
	const size_t at = write_open(w, ID_SEQUENCE);
	write_cert_ref(w, &p->cert);
	if (p->status != SCVP_REPLY_SUCCESS)
		write_uint(w, ID_ENUMERATED, p->status);
	write_time(w, ID_TIME, p->validation_time_ms);
	write_checks(w, p);
	write_want_backs(w, p);
	if (p->errors.n > 0)
		write_oids(w, ID_LIST(0), p->errors);
	if (p->has_next_update)
		write_time(w, ID_VALUE(1), p->next_update_ms);
	write_extensions(w, ID_LIST(2), &p->extensions);
	write_close(w, at);
}

static void write_status(struct writer *w, const struct scvp_response *p)
{
	const size_t at = write_open(w, ID_SEQUENCE);
	if (p->status != SCVP_OKAY)
		write_uint(w, ID_ENUMERATED, p->status);
	if (p->message.n > 0)
		write_value(w, ID_UTF8, p->message);
	write_close(w, at);
}

int scvp_response_encode(const struct scvp_response *p, struct buf *out,
			 struct ltps_error *err)
{
	struct writer w = writer_to(out, err);
	const size_t at = write_open(&w, ID_SEQUENCE);
	write_uint(&w, ID_INTEGER, p->version);
	write_value(&w, ID_INTEGER, p->config_id);
	write_time(&w, ID_TIME, p->produced_ms);
	write_status(&w, p);
	if (p->has_policy)
		write_policy(&w, ID_LIST(0), &p->policy);
	write_request_ref(&w, p);
	if (p->has_requestor_ref)
		write_tlvs(&w, ID_LIST(2), p->requestor_ref);
	if (p->has_requestor_name)
		write_tlvs(&w, ID_LIST(3), p->requestor_name);
	if (p->n_replies > 0) {
		const size_t replies = write_open(&w, ID_LIST(4));
		for (size_t i = 0; i < p->n_replies; i++)
			write_reply(&w, &p->replies[i]);
		write_close(&w, replies);
	}
	if (p->has_nonce)
		write_value(&w, ID_VALUE(5), p->nonce);
	if (p->has_context)
		write_value(&w, ID_VALUE(6), p->context);
	write_extensions(&w, ID_LIST(7), &p->extensions);
	if (p->text.n > 0)
		write_value(&w, ID_VALUE(8), p->text);
	write_close(&w, at);
	return writer_end(&w);
}
