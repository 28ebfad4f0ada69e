/* SPDX-License-Identifier: Apache-2.0 */
/* request - CVRequest, RFC 5055 3. */
#include <string.h>

#include "base/mem.h"
#include "scvp/write.h"

/* responseFlags; DEFAULT values that are written out are accepted. */
static int read_flags(struct reader *r, struct view body, struct scvp_query *q)
{
	/* What the module calls it, and what false of ours means. */
	const struct {
		bool *flag;
		bool inverted;
	} fields[] = { { &q->full_request, false },
		       { &q->policy_by_value, true },
		       { &q->unprotected, true },
		       { &q->fresh_only, true } };
	struct tlv t;
	bool there, v;
	q->has_flags = true;
	for (unsigned i = 0; i < 4; i++) {
		if (read_maybe(r, &body, (uint8_t)ID_VALUE(i), READ_VALUE,
			       "responseFlags", &t, &there) != 0)
			return -1;
		if (!there)
			continue;
		if (read_boolean(r, &t, &v) != 0)
			return -1;
		*fields[i].flag = v != fields[i].inverted;
	}
	return read_end(r, body, "responseFlags");
}

static int read_queried(struct reader *r, struct view *c, struct scvp_query *q)
{
	struct tlv t;
	bool there;
	if (read_maybe(r, c, ID_LIST(0), READ_LIST, "queriedCerts", &t, &there) != 0)
		return -1;
	if (!there) {
		if (read_need(r, c, ID_LIST(1), READ_LIST, "queriedCerts", &t) != 0)
			return -1;
		q->attribute_certs = true;
	}
	if (read_cert_refs(r, t.body, SCVP_CERTS_MAX, "queriedCerts", &q->certs,
			   &q->n_certs) != 0)
		return -1;
	for (size_t i = 0; i < q->n_certs; i++) {
		if ((q->certs[i].kind >= SCVP_REF_ATTRIBUTE_CERT) != q->attribute_certs)
			return read_fail(r, SCVP_BAD_STRUCTURE, "RFC 5055 3.2.1",
					 "references of both kinds");
	}
	return 0;
}

/* serverContextInfo [2] .. intermediateCerts [4] */
static int read_context_items(struct reader *r, struct view *c, struct scvp_query *q)
{
	struct tlv t;
	bool there;
	if (read_maybe(r, c, ID_VALUE(2), READ_STRING, "serverContextInfo", &t,
		       &there) != 0)
		return -1;
	q->has_context = there;
	if (there &&
	    read_octets(r, &t, SCVP_CONTEXT_MAX, "serverContextInfo", &q->context) != 0)
		return -1;
	if (read_maybe(r, c, ID_VALUE(3), READ_VALUE, "validationTime", &t, &there) !=
	    0)
		return -1;
	q->has_validation_time = there;
	if (there && read_time(r, &t, &q->validation_time_ms) != 0)
		return -1;
	if (read_maybe(r, c, ID_LIST(4), READ_LIST, "intermediateCerts", &t, &there) !=
	    0)
		return -1;
	return there ? read_tlvs(r, t.body, 1, SCVP_INTERMEDIATES_MAX,
				 "intermediateCerts", &q->intermediates)
		     : 0;
}

/* revInfos [5] .. queryExtensions [7] */
static int read_last_items(struct reader *r, struct view *c, struct scvp_query *q)
{
	struct tlv t;
	bool there;
	if (read_maybe(r, c, ID_LIST(5), READ_LIST, "revInfos", &t, &there) != 0)
		return -1;
	if (there && read_rev_infos(r, t.body, &q->rev_infos, &q->n_rev_infos) != 0)
		return -1;
	if (read_maybe(r, c, ID_VALUE(6), READ_VALUE, "producedAt", &t, &there) != 0)
		return -1;
	q->has_produced_at = there;
	if (there && read_time(r, &t, &q->produced_at_ms) != 0)
		return -1;
	if (read_maybe(r, c, ID_LIST(7), READ_LIST, "queryExtensions", &t, &there) != 0)
		return -1;
	return there ? read_extensions(r, t.body, &q->extensions) : 0;
}

static int read_query(struct reader *r, struct view body, struct scvp_query *q)
{
	struct tlv t;
	bool there;
	if (read_queried(r, &body, q) != 0 ||
	    read_need(r, &body, ID_SEQUENCE, READ_LIST, "checks", &t) != 0 ||
	    read_oids(r, t.body, 1, SCVP_CHECKS_MAX, "checks", &q->checks) != 0 ||
	    read_maybe(r, &body, ID_LIST(1), READ_LIST, "wantBack", &t, &there) != 0)
		return -1;
	if (there && read_oids(r, t.body, 1, SCVP_WANT_BACKS_MAX, "wantBack",
			       &q->want_backs) != 0)
		return -1;
	/* Two SEQUENCEs of the same tag: the position decides. */
	if (read_need(r, &body, ID_SEQUENCE, READ_LIST, "validationPolicy", &t) != 0 ||
	    read_policy(r, t.body, &q->policy) != 0 ||
	    read_maybe(r, &body, ID_SEQUENCE, READ_LIST, "responseFlags", &t, &there) !=
		0)
		return -1;
	if (there && read_flags(r, t.body, q) != 0)
		return -1;
	if (read_context_items(r, &body, q) != 0 || read_last_items(r, &body, q) != 0)
		return -1;
	return read_end(r, body, "Query");
}

/* requestorRef [0] .. responderName [3] */
static int read_names_items(struct reader *r, struct view *c, struct scvp_request *q)
{
	struct tlv t;
	bool there;
	if (read_maybe(r, c, ID_LIST(0), READ_LIST, "requestorRef", &t, &there) != 0)
		return -1;
	q->has_requestor_ref = there;
	if (there && read_names(r, t.body, &q->requestor_ref) != 0)
		return -1;
	if (read_maybe(r, c, ID_VALUE(1), READ_STRING, "requestNonce", &t, &there) != 0)
		return -1;
	q->has_nonce = there;
	if (there && read_octets(r, &t, SCVP_NONCE_MAX, "requestNonce", &q->nonce) != 0)
		return -1;
	/* GeneralName is a CHOICE: these two tags are explicit. */
	if (read_maybe(r, c, ID_LIST(2), READ_LIST, "requestorName", &t, &there) != 0)
		return -1;
	if (there && read_name(r, t.body, &q->requestor_name) != 0)
		return -1;
	if (read_maybe(r, c, ID_LIST(3), READ_LIST, "responderName", &t, &there) != 0)
		return -1;
	return there ? read_name(r, t.body, &q->responder_name) : 0;
}

/* requestExtensions [4] .. requestorText [7] */
static int read_algorithm_items(struct reader *r, struct view *c,
				struct scvp_request *q)
{
	struct tlv t;
	struct view oid;
	bool there;
	if (read_maybe(r, c, ID_LIST(4), READ_LIST, "requestExtensions", &t, &there) !=
	    0)
		return -1;
	if (there && read_extensions(r, t.body, &q->extensions) != 0)
		return -1;
	if (read_maybe(r, c, ID_LIST(5), READ_LIST, "signatureAlg", &t, &there) != 0)
		return -1;
	if (there && (read_algorithm_oid(r, t.body, &oid) != 0 ||
		      read_retagged(r, &t, &q->signature_alg) != 0))
		return -1;
	if (read_maybe(r, c, ID_VALUE(6), READ_VALUE, "hashAlg", &t, &there) != 0)
		return -1;
	if (there)
		q->hash_alg = t.body;
	if (read_maybe(r, c, ID_VALUE(7), READ_STRING, "requestorText", &t, &there) !=
	    0)
		return -1;
	if (!there)
		return 0;
	if (read_utf8(r, &t, SCVP_TEXT_MAX, &q->text) != 0)
		return -1;
	return q->text.n > 0 ? 0
			     : read_fail(r, SCVP_BAD_STRUCTURE, "RFC 5055 3.10",
					 "empty requestorText");
}

/* version INTEGER DEFAULT 1 */
static int read_version(struct reader *r, struct view *c, uint64_t *ret)
{
	struct tlv t;
	bool there;
	*ret = SCVP_VERSION;
	if (read_maybe(r, c, ID_INTEGER, READ_VALUE, "version", &t, &there) != 0)
		return -1;
	if (there && read_uint(r, &t, ret) != 0)
		return -1;
	if (*ret == SCVP_VERSION)
		return 0;
	r->status = SCVP_UNSUPPORTED_VERSION;
	return ltps_fail(r->err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT, "RFC 5055 3.1",
			 "version of the message is not 1");
}

static int read_request(struct reader *r, struct scvp_request *q)
{
	struct view c = q->exact;
	struct tlv t;
	if (read_deep(r, c) != 0 ||
	    read_need(r, &c, ID_SEQUENCE, READ_LIST, "CVRequest", &t) != 0 ||
	    read_end(r, c, "CVRequest") != 0)
		return -1;
	c = t.body;
	if (read_version(r, &c, &q->version) != 0 ||
	    read_need(r, &c, ID_SEQUENCE, READ_LIST, "query", &t) != 0 ||
	    read_query(r, t.body, &q->query) != 0 || read_names_items(r, &c, q) != 0 ||
	    read_algorithm_items(r, &c, q) != 0)
		return -1;
	if (q->query.full_request &&
	    read_der(r, q->exact, "a request that is to come back is not DER") != 0)
		return -1;
	return read_end(r, c, "CVRequest");
}

/* An owned copy of the input. */
static int copy_input(struct reader *r, struct view in, size_t max, struct view *ret)
{
	if (in.n > max)
		return read_fail(r, SCVP_INVALID_REQUEST, NULL, "message too large");
	uint8_t *copy = scvp_arena_alloc(r->arena, 1, in.n);
	if (copy == NULL)
		return read_nomem(r);
	if (in.n > 0)
		memcpy(copy, in.p, in.n);
	*ret = view_of(copy, in.n);
	return 0;
}

int scvp_request_parse(struct view in, struct scvp_request **ret,
		       enum scvp_status *ret_status, struct ltps_error *err)
{
	struct reader r = { .err = err, .status = SCVP_INTERNAL_ERROR, .strict = true };
	struct scvp_request *q = mem_zalloc(1, sizeof(*q));
	int rc = -1;
	if (q == NULL || (r.arena = q->arena = scvp_arena_new()) == NULL)
		read_nomem(&r);
	else if (copy_input(&r, in, SCVP_REQUEST_MAX, &q->exact) == 0)
		rc = read_request(&r, q);
	*ret_status = rc == 0 ? SCVP_OKAY : r.status;
	if (rc == 0)
		*ret = q;
	else
		scvp_request_free(q);
	return rc;
}

void scvp_request_free(struct scvp_request *r)
{
	if (r == NULL)
		return;
	scvp_arena_free(r->arena);
	mem_free(r);
}

/* ---- writing ---- */

static void write_flags(struct writer *w, const struct scvp_query *q)
{
	if (!q->full_request && !q->policy_by_value && !q->unprotected &&
	    !q->fresh_only)
		return; /* RFC 5055 3.2.5: MUST NOT be included then */
	const size_t at = write_open(w, ID_SEQUENCE);
	if (q->full_request)
		write_boolean(w, ID_VALUE(0), true);
	if (q->policy_by_value)
		write_boolean(w, ID_VALUE(1), false);
	if (q->unprotected)
		write_boolean(w, ID_VALUE(2), false);
	if (q->fresh_only)
		write_boolean(w, ID_VALUE(3), false);
	write_close(w, at);
}

static void write_query(struct writer *w, const struct scvp_query *q)
{
	const size_t at = write_open(w, ID_SEQUENCE);
	const size_t certs = write_open(w, ID_LIST(q->attribute_certs ? 1 : 0));
	for (size_t i = 0; i < q->n_certs; i++)
		write_cert_ref(w, &q->certs[i]);
	write_close(w, certs);
	write_oids(w, ID_SEQUENCE, q->checks);
	if (q->want_backs.n > 0)
		write_oids(w, ID_LIST(1), q->want_backs);
	write_policy(w, ID_SEQUENCE, &q->policy);
	write_flags(w, q);
	if (q->has_context)
		write_value(w, ID_VALUE(2), q->context);
	if (q->has_validation_time)
		write_time(w, ID_VALUE(3), q->validation_time_ms);
	if (q->intermediates.n > 0)
		write_tlvs(w, ID_LIST(4), q->intermediates);
	if (q->n_rev_infos > 0)
		write_rev_infos(w, ID_LIST(5), q->rev_infos, q->n_rev_infos);
	if (q->has_produced_at)
		write_time(w, ID_VALUE(6), q->produced_at_ms);
	write_extensions(w, ID_LIST(7), &q->extensions);
	write_close(w, at);
}

static void write_explicit(struct writer *w, uint8_t id, struct view tlv)
{
	if (tlv.n > 0)
		write_value(w, id, tlv);
}

int scvp_request_encode(const struct scvp_request *r, struct buf *out,
			struct ltps_error *err)
{
	struct writer w = writer_to(out, err);
	const size_t at = write_open(&w, ID_SEQUENCE);
	if (r->version > SCVP_VERSION)
		write_uint(&w, ID_INTEGER, r->version);
	write_query(&w, &r->query);
	if (r->has_requestor_ref)
		write_tlvs(&w, ID_LIST(0), r->requestor_ref);
	if (r->has_nonce)
		write_value(&w, ID_VALUE(1), r->nonce);
	write_explicit(&w, ID_LIST(2), r->requestor_name);
	write_explicit(&w, ID_LIST(3), r->responder_name);
	write_extensions(&w, ID_LIST(4), &r->extensions);
	if (r->signature_alg.n > 0)
		write_retagged(&w, ID_LIST(5), r->signature_alg);
	if (r->hash_alg.n > 0)
		write_value(&w, ID_VALUE(6), r->hash_alg);
	if (r->text.n > 0)
		write_value(&w, ID_VALUE(7), r->text);
	write_close(&w, at);
	return writer_end(&w);
}

/* ---- ValPolRequest, RFC 5055 5 ---- */

static int read_vp_request(struct reader *r, struct view in, struct scvp_vp_request *q)
{
	struct view c;
	struct tlv t;
	bool there;
	if (copy_input(r, in, SCVP_REQUEST_MAX, &c) != 0 ||
	    read_need(r, &c, ID_SEQUENCE, READ_LIST, "ValPolRequest", &t) != 0 ||
	    read_end(r, c, "ValPolRequest") != 0)
		return -1;
	c = t.body;
	/* A greater version is answered with ours (RFC 5055 6.1), so it is read. */
	q->version = SCVP_VERSION;
	if (read_maybe(r, &c, ID_INTEGER, READ_VALUE, "vpRequestVersion", &t, &there) !=
	    0)
		return -1;
	if (there && read_uint(r, &t, &q->version) != 0)
		return -1;
	if (read_need(r, &c, ID_OCTETS, READ_STRING, "requestNonce", &t) != 0 ||
	    read_octets(r, &t, SCVP_NONCE_MAX, "requestNonce", &q->nonce) != 0)
		return -1;
	return q->version > SCVP_VERSION ? 0 : read_end(r, c, "ValPolRequest");
}

int scvp_vp_request_parse(struct view in, struct scvp_vp_request **ret,
			  enum scvp_status *ret_status, struct ltps_error *err)
{
	struct reader r = { .err = err, .status = SCVP_INTERNAL_ERROR };
	struct scvp_vp_request *q = mem_zalloc(1, sizeof(*q));
	int rc = -1;
	if (q == NULL || (r.arena = q->arena = scvp_arena_new()) == NULL)
		read_nomem(&r);
	else
		rc = read_vp_request(&r, in, q);
	*ret_status = rc == 0 ? SCVP_OKAY : r.status;
	if (rc == 0)
		*ret = q;
	else
		scvp_vp_request_free(q);
	return rc;
}

void scvp_vp_request_free(struct scvp_vp_request *r)
{
	if (r == NULL)
		return;
	scvp_arena_free(r->arena);
	mem_free(r);
}

int scvp_vp_request_encode(const struct scvp_vp_request *r, struct buf *out,
			   struct ltps_error *err)
{
	struct writer w = writer_to(out, err);
	const size_t at = write_open(&w, ID_SEQUENCE);
	if (r->version > SCVP_VERSION)
		write_uint(&w, ID_INTEGER, r->version);
	write_value(&w, ID_OCTETS, r->nonce);
	write_close(&w, at);
	return writer_end(&w);
}
