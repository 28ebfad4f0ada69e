/* SPDX-License-Identifier: Apache-2.0 */
/* client_ask - a request from plain options, and one read back from its bytes. */
#include <string.h>

#include "base/mem.h"
#include "scvp/client.h"

/* Everything that the request borrows while it is encoded. */
struct ask_parts {
	struct scvp_request q;
	struct view checks[SCVP_CHECK_AC_STATUS + 1];
	struct view wants[SCVP_WANT_COUNT];
	struct view hash;
	struct buf hash_oid;
};

/* An evidence record needs what it is about in the same request: RFC 5276 4. */
static int check_pairs(uint32_t wants, struct ltps_error *err)
{
	static const struct {
		enum scvp_want_id record, of;
	} pairs[] = {
		{ SCVP_WANT_ERS_CERT, SCVP_WANT_CERT },
		{ SCVP_WANT_ERS_BEST_PATH, SCVP_WANT_BEST_PATH },
		{ SCVP_WANT_ERS_PARTIAL_PATH, SCVP_WANT_PARTIAL_PATH },
		{ SCVP_WANT_ERS_REVOCATION, SCVP_WANT_REVOCATION },
	};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		if ((wants >> pairs[i].record & 1) == 0 ||
		    (wants >> pairs[i].of & 1) != 0)
			continue;
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, "RFC 5276 4",
				 "%s needs %s in the same request",
				 scvp_want_name(pairs[i].record),
				 scvp_want_name(pairs[i].of));
	}
	return 0;
}

static void put_checks(const struct scvp_ask *a, struct ask_parts *p)
{
	size_t n = 0;
	for (unsigned i = 1; i <= SCVP_CHECK_AC_STATUS; i++)
		if (a->checks >> i & 1)
			p->checks[n++] = scvp_check_oid((enum scvp_check_id)i);
	p->q.query.checks = (struct scvp_list){ p->checks, n };
	n = 0;
	for (unsigned i = 1; i < SCVP_WANT_COUNT; i++)
		if ((a->wants >> i & 1) && scvp_want_oid((enum scvp_want_id)i).n > 0)
			p->wants[n++] = scvp_want_oid((enum scvp_want_id)i);
	p->q.query.want_backs = (struct scvp_list){ p->wants, n };
}

static void put_query(const struct scvp_ask *a, struct scvp_query *q)
{
	q->certs = a->certs;
	q->n_certs = a->n_certs;
	q->policy = a->policy;
	if (q->policy.id.n == 0)
		q->policy.id = scvp_svp_oid(1);
	q->full_request = a->full_request;
	q->policy_by_value = a->policy_by_value;
	q->unprotected = a->unprotected;
	q->fresh_only = a->fresh_only;
	q->has_context = a->context.n > 0;
	q->context = a->context;
	q->has_validation_time = a->has_time;
	q->validation_time_ms = a->time_ms;
	q->intermediates = a->intermediates;
	q->rev_infos = a->rev_infos;
	q->n_rev_infos = a->n_rev_infos;
	q->has_produced_at = a->has_oldest;
	q->produced_at_ms = a->oldest_ms;
}

/* hashAlg is an OID's contents octets. */
static int put_hash(const struct scvp_ask *a, struct ask_parts *p,
		    struct ltps_error *err)
{
	const char *dotted = digest_oid_text(a->hash);
	struct tlv t;
	p->hash_oid = buf_make(OID_TEXT_MAX);
	if (a->hash == DIGEST_NONE)
		return 0;
	if (dotted == NULL)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "no such hash algorithm");
	if (der_put_oid(&p->hash_oid, dotted, err) != 0 ||
	    tlv_only(view_buf(&p->hash_oid), &t, err) != 0)
		return -1;
	p->q.hash_alg = t.body;
	return 0;
}

static int put_all(const struct scvp_ask *a, struct ask_parts *p,
		   struct ltps_error *err)
{
	struct scvp_request *q = &p->q;
	q->version = SCVP_VERSION;
	put_checks(a, p);
	put_query(a, &q->query);
	q->has_requestor_ref = a->requestor_ref.n > 0;
	q->requestor_ref = a->requestor_ref;
	q->has_nonce = a->nonce.n > 0;
	q->nonce = a->nonce;
	q->requestor_name = a->requestor_name;
	q->responder_name = a->responder_name;
	q->text = a->text;
	return put_hash(a, p, err);
}

static int wrap(const struct scvp_ask *a, struct view message, struct buf *out,
		struct ltps_error *err)
{
	if (a->signer == NULL)
		return scvp_envelope_bare(SCVP_CONTENT_CV_REQUEST, message, out, err);
	return scvp_envelope_sign(a->signer, 0, SCVP_CONTENT_CV_REQUEST, message, out,
				  err);
}

int scvp_ask_make(const struct scvp_ask *ask, struct scvp_asked **ret,
		  struct ltps_error *err)
{
	struct buf message = buf_make(SCVP_REQUEST_MAX);
	struct buf body = buf_make(SCVP_REQUEST_MAX);
	struct ask_parts *p = NULL;
	int rc = -1;
	if (ask->n_certs == 0 || ask->checks == 0)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, "RFC 5055 3.2",
				 "a request names certificates and checks");
	if (check_pairs(ask->wants, err) != 0)
		return -1;
	p = mem_zalloc(1, sizeof(*p));
	if (p == NULL)
		return ltps_fail_nomem(err);
	if (put_all(ask, p, err) == 0 &&
	    scvp_request_encode(&p->q, &message, err) == 0 &&
	    wrap(ask, view_buf(&message), &body, err) == 0 &&
	    scvp_asked_read(view_buf(&body), ret, err) == 0)
		rc = 0;
	buf_free(&p->hash_oid);
	mem_free(p);
	buf_free(&body);
	buf_free(&message);
	return rc;
}

static int read_asked(struct scvp_asked *a, struct view body, struct ltps_error *err)
{
	enum scvp_status status;
	a->body = buf_make(SCVP_REQUEST_MAX);
	if (buf_put(&a->body, body, err) != 0 ||
	    scvp_envelope_parse(body, &a->envelope, &status, err) != 0)
		return -1;
	if (a->envelope->kind != SCVP_CONTENT_CV_REQUEST)
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT, "RFC 5055 3",
				 "not a request about certificates");
	return scvp_request_parse(a->envelope->content, &a->request, &status, err);
}

int scvp_asked_read(struct view body, struct scvp_asked **ret, struct ltps_error *err)
{
	struct scvp_asked *a = mem_zalloc(1, sizeof(*a));
	if (a == NULL)
		return ltps_fail_nomem(err);
	if (read_asked(a, body, err) != 0) {
		scvp_asked_free(a);
		return -1;
	}
	*ret = a;
	return 0;
}

void scvp_asked_free(struct scvp_asked *a)
{
	if (a == NULL)
		return;
	scvp_request_free(a->request);
	scvp_envelope_free(a->envelope);
	buf_free(&a->body);
	mem_free(a);
}
