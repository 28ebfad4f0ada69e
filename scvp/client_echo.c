/* SPDX-License-Identifier: Apache-2.0 */
/* client_echo - what must come back as it was sent, and when it was produced. */
#include <string.h>

#include "base/clock.h"
#include "scvp/client_private.h"

#define MINUTE_MS ((int64_t)60000)

int64_t skew_of(const struct scvp_expect *x)
{
	return x->skew_ms != 0 ? x->skew_ms : SCVP_CLOCK_SKEW_DEFAULT_MIN * MINUTE_MS;
}

void extensions_check(const struct scvp_extensions *e, const char *where,
		      struct finder *f)
{
	for (size_t i = 0; i < e->n; i++) {
		char oid[OID_TEXT_MAX];
		oid_text(e->e[i].oid, oid);
		if (e->e[i].critical)
			finder_add(f, SCVP_CODE_EXTENSION, "%s: %.100s", where, oid);
	}
}

/* ---- which request ---- */

static int hash_fits(const struct scvp_request *q, const struct scvp_response *p,
		     bool *ret, struct ltps_error *err)
{
	const enum digest_alg alg =
	    p->hash_algorithm.n == 0 ? DIGEST_SHA1 : digest_from_oid(p->hash_algorithm);
	struct digest d;
	*ret = false;
	if (alg == DIGEST_NONE)
		return 0;
	if (digest_once(alg, q->exact, &d, err) != 0)
		return -1;
	*ret = view_equal(digest_view(&d), p->request_hash);
	return 0;
}

static int check_hash(const struct scvp_request *q, const struct scvp_response *p,
		      struct finder *f, struct ltps_error *err)
{
	bool fits;
	if (hash_fits(q, p, &fits, err) != 0)
		return -1;
	if (!fits)
		finder_add(f, SCVP_CODE_REQUEST_REF, "the hash is another");
	if (q->query.full_request)
		finder_add(f, SCVP_CODE_REQUEST_REF,
			   "a hash, where the whole request was asked for");
	const enum digest_alg asked = digest_from_oid(q->hash_alg);
	if (asked != DIGEST_NONE && asked != DIGEST_SHA1 &&
	    digest_from_oid(p->hash_algorithm) != asked)
		finder_add(f, SCVP_CODE_NOTE_HASH, "%s", digest_name(asked));
	return 0;
}

/* The nonce serves too where the server sends no reference: RFC 5055 4.6. */
static int check_reference(const struct scvp_request *q, const struct scvp_response *p,
			   struct finder *f, struct ltps_error *err)
{
	switch (p->request_ref) {
	case SCVP_REQUEST_REF_HASH:
		return check_hash(q, p, f, err);
	case SCVP_REQUEST_REF_FULL:
		if (!view_equal(p->full_request, q->exact))
			finder_add(f, SCVP_CODE_REQUEST_REF, "another request");
		return 0;
	case SCVP_REQUEST_REF_NONE:
		break;
	}
	if (q->query.full_request)
		finder_add(f, SCVP_CODE_REQUEST_REF, "the request is missing");
	else if (!q->has_nonce || !p->has_nonce)
		finder_add(f, SCVP_CODE_REQUEST_REF, "neither reference nor nonce");
	return 0;
}

/* ---- nonce, reference, text ---- */

static bool same_list(struct scvp_list a, struct scvp_list b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++)
		if (!view_equal(a.v[i], b.v[i]))
			return false;
	return true;
}

/* Without our nonce the response may come from a cache, and then says nothing
 * specific: RFC 5055 3.2.5.4, 4.7, 4.13. */
static void check_nonce(const struct scvp_request *q, const struct scvp_response *p,
			struct finder *f)
{
	if (p->has_nonce) {
		if (!q->has_nonce)
			finder_add(f, SCVP_CODE_NONCE, "none was sent");
		else if (!view_equal(q->nonce, p->nonce))
			finder_add(f, SCVP_CODE_NONCE, "%s", "");
		return;
	}
	if (!q->has_nonce)
		return;
	if (q->query.fresh_only)
		finder_add(f, SCVP_CODE_NOT_FRESH, "the nonce is missing");
	else
		finder_add(f, SCVP_CODE_NOTE_CACHED, "%s", "");
}

/* With a nonce of ours inside, it was made for us. */
static bool is_specific(const struct scvp_request *q, const struct scvp_response *p)
{
	return q->query.fresh_only || p->has_nonce;
}

static void check_reflected(const struct scvp_request *q, const struct scvp_response *p,
			    struct finder *f)
{
	if (p->has_requestor_ref ? !q->has_requestor_ref ||
				       !same_list(q->requestor_ref, p->requestor_ref)
				 : q->has_requestor_ref && is_specific(q, p))
		finder_add(f, SCVP_CODE_REQUESTOR_REF, "%s",
			   p->has_requestor_ref ? "" : "missing");
	if (p->text.n > 0 ? !view_equal(p->text, q->text)
			  : q->text.n > 0 && is_specific(q, p))
		finder_add(f, SCVP_CODE_REQUESTOR_TEXT, "%s",
			   p->text.n > 0 ? "" : "missing");
	if (p->has_context && p->context.n == 0)
		finder_add(f, SCVP_CODE_CONTEXT, "empty");
}

/* ---- when ---- */

static void add_time(struct finder *f, enum scvp_code code, int64_t ms)
{
	char text[TIME_TEXT_MAX];
	time_rfc3339(ms, text);
	finder_add(f, code, "%s", text);
}

static void check_produced(const struct scvp_expect *x, const struct scvp_request *q,
			   const struct scvp_response *p, struct finder *f)
{
	const int64_t skew = skew_of(x);
	int64_t oldest = INT64_MIN;
	if (p->produced_ms > x->now_ms + skew)
		add_time(f, SCVP_CODE_PRODUCED_FUTURE, p->produced_ms);
	if (q == NULL)
		return;
	if (q->query.has_produced_at)
		oldest = q->query.produced_at_ms;
	if (is_specific(q, p) && x->sent_ms != 0 && x->sent_ms - skew > oldest)
		oldest = x->sent_ms - skew;
	if (p->produced_ms < oldest)
		add_time(f, SCVP_CODE_PRODUCED_OLD, p->produced_ms);
}

static void check_version(const struct scvp_request *q, const struct scvp_response *p,
			  struct finder *f)
{
	/* 21 tells which version it would be: RFC 5055 4.4. */
	if (p->status != SCVP_UNSUPPORTED_VERSION &&
	    p->version != (q != NULL ? q->version : SCVP_VERSION))
		finder_add(f, SCVP_CODE_VERSION, "%llu",
			   (unsigned long long)p->version);
}

int echo_check(const struct scvp_expect *x, const struct scvp_response *p,
	       struct finder *f, struct ltps_error *err)
{
	const struct scvp_request *q = x->asked != NULL ? x->asked->request : NULL;
	check_version(q, p, f);
	extensions_check(&p->extensions, "cvResponseExtensions", f);
	check_produced(x, q, p, f);
	if (q == NULL) {
		finder_add(f, SCVP_CODE_NOTE_REQUEST_UNKNOWN, "%s", "");
		return 0;
	}
	check_nonce(q, p, f);
	check_reflected(q, p, f);
	return check_reference(q, p, f, err);
}
