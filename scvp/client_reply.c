/* SPDX-License-Identifier: Apache-2.0 */
/* client_reply - is a CertReply the answer about the certificate asked for, complete
 * and without contradiction? RFC 5055 4.9 */
#include <string.h>

#include "base/asn1.h"
#include "base/clock.h"
#include "base/mem.h"
#include "scvp/client_private.h"

/* ---- which certificate ---- */

static bool is_value(const struct scvp_cert_ref *r)
{
	return r->kind == SCVP_REF_CERT || r->kind == SCVP_REF_ATTRIBUTE_CERT;
}

static bool is_attribute(const struct scvp_cert_ref *r)
{
	return r->kind == SCVP_REF_ATTRIBUTE_CERT || r->kind == SCVP_REF_AC;
}

static enum digest_alg alg_of(const struct scvp_cert_id *id)
{
	return id->hash_algorithm.n == 0 ? DIGEST_SHA1
					 : digest_from_oid(id->hash_algorithm);
}

static bool same_id(const struct scvp_cert_id *a, const struct scvp_cert_id *b)
{
	return view_equal(a->hash, b->hash) && view_equal(a->issuer, b->issuer) &&
	       view_equal(a->serial, b->serial) && alg_of(a) == alg_of(b);
}

static int id_of_cert(const struct scvp_cert_id *id, struct view cert, bool *ret,
		      struct ltps_error *err)
{
	struct digest d;
	*ret = false;
	if (alg_of(id) == DIGEST_NONE)
		return 0;
	if (digest_once(alg_of(id), cert, &d, err) != 0)
		return -1;
	*ret = view_equal(digest_view(&d), id->hash);
	return 0;
}

int ref_matches(const struct scvp_cert_ref *asked, const struct scvp_cert_ref *got,
		bool *ret, struct ltps_error *err)
{
	*ret = false;
	if (is_attribute(asked) != is_attribute(got))
		return 0;
	if (is_value(asked) && is_value(got))
		*ret = view_equal(asked->cert, got->cert);
	else if (!is_value(asked) && !is_value(got))
		*ret = same_id(&asked->id, &got->id);
	else if (is_value(asked))
		return id_of_cert(&got->id, asked->cert, ret, err);
	else
		return id_of_cert(&asked->id, got->cert, ret, err);
	return 0;
}

/* ---- what a status means ---- */

/* Nothing was checked at all: RFC 5055 4.9.2. */
static bool is_unchecked(uint64_t status)
{
	return status >= SCVP_REPLY_MALFORMED_PKC &&
	       status <= SCVP_REPLY_REFERENCE_HASH_FAIL;
}

static bool has_check_above(const struct scvp_reply *r, uint64_t status)
{
	for (size_t i = 0; i < r->n_checks; i++)
		if (r->checks[i].status > status)
			return true;
	return false;
}

/* Defects of the certificate itself, which no other path would lift. */
static bool has_own_error(const struct scvp_reply *r)
{
	static const char *const own[] = { "expired",         "notYetValid",
					   "revoked",         "invalidKeyPurpose",
					   "invalidKeyUsage", "nameMismatch",
					   "noName" };
	for (size_t i = 0; i < r->errors.n; i++) {
		const char *name = scvp_error_name(r->errors.v[i]);
		for (size_t k = 0; name != NULL && k < sizeof(own) / sizeof(own[0]);
		     k++)
			if (strcmp(name, own[k]) == 0)
				return true;
	}
	return false;
}

/* A missing status (2 to 4) leaves it open, as does a missing path. */
static enum path_status status_of(const struct scvp_reply *r)
{
	switch (r->status) {
	case SCVP_REPLY_SUCCESS:
		return PATH_VALID;
	case SCVP_REPLY_WANT_BACK_UNSATISFIED:
		return has_check_above(r, SCVP_CHECK_GOOD) ? PATH_UNDETERMINED
							   : PATH_VALID;
	case SCVP_REPLY_MALFORMED_PKC:
	case SCVP_REPLY_MALFORMED_AC:
		return PATH_INVALID;
	case SCVP_REPLY_PATH_CONSTRUCT_FAIL:
		return has_own_error(r) ? PATH_INVALID : PATH_UNDETERMINED;
	case SCVP_REPLY_PATH_NOT_VALID:
	case SCVP_REPLY_PATH_NOT_VALID_NOW:
		return has_check_above(r, SCVP_CHECK_BAD) && !has_own_error(r)
			   ? PATH_UNDETERMINED
			   : PATH_INVALID;
	default:
		return PATH_UNDETERMINED;
	}
}

/* ---- checks ---- */

static bool is_status_check(enum scvp_check_id id)
{
	return id == SCVP_CHECK_STATUS || id == SCVP_CHECK_AA_STATUS ||
	       id == SCVP_CHECK_AC_STATUS;
}

/* How many answers there are to this check. */
static size_t count_check(const struct scvp_reply *r, struct view oid)
{
	size_t n = 0;
	for (size_t i = 0; i < r->n_checks; i++)
		n += view_equal(r->checks[i].oid, oid);
	return n;
}

static void check_completeness(const struct scvp_reply *r, struct scvp_list asked,
			       struct finder *f)
{
	char oid[OID_TEXT_MAX];
	if (is_unchecked(r->status)) {
		if (r->n_checks > 0)
			finder_add(f, SCVP_CODE_REPLY_CHECKS, "with status %s",
				   scvp_reply_status_name(r->status));
		return;
	}
	for (size_t i = 0; i < asked.n; i++) {
		if (count_check(r, asked.v[i]) == 1)
			continue;
		oid_text(asked.v[i], oid);
		finder_add(f, SCVP_CODE_REPLY_CHECKS, "%.100s", oid);
	}
	for (size_t i = 0; i < r->n_checks; i++) {
		if (scvp_list_has(asked, r->checks[i].oid))
			continue;
		oid_text(r->checks[i].oid, oid);
		finder_add(f, SCVP_CODE_REPLY_CHECKS, "%.100s was not asked for", oid);
	}
}

/* Numbers that the check does not have, and those against the reply's status. */
static void check_contradictions(const struct scvp_reply *r, struct finder *f)
{
	for (size_t i = 0; i < r->n_checks; i++) {
		const enum scvp_check_id id = scvp_check_id(r->checks[i].oid);
		const uint64_t max = is_status_check(id)
					 ? SCVP_CHECK_NO_REVOCATION_SOURCE
					 : SCVP_CHECK_BAD;
		if (r->checks[i].status > max)
			finder_add(f, SCVP_CODE_REPLY_CONTRADICTS, "check %s: %llu",
				   scvp_check_name(id),
				   (unsigned long long)r->checks[i].status);
	}
	const bool bad = has_check_above(r, SCVP_CHECK_GOOD);
	if ((r->status == SCVP_REPLY_SUCCESS ||
	     r->status == SCVP_REPLY_WANT_BACK_UNSATISFIED) &&
	    bad)
		finder_add(f, SCVP_CODE_REPLY_CONTRADICTS, "%s, but a check failed",
			   scvp_reply_status_name(r->status));
	if (r->status >= SCVP_REPLY_PATH_CONSTRUCT_FAIL &&
	    r->status <= SCVP_REPLY_PATH_NOT_VALID_NOW && r->n_checks > 0 && !bad)
		finder_add(f, SCVP_CODE_REPLY_CONTRADICTS, "%s, but no check failed",
			   scvp_reply_status_name(r->status));
	if (r->status == SCVP_REPLY_SUCCESS && r->errors.n > 0)
		finder_add(f, SCVP_CODE_REPLY_ERRORS, "%s", "");
}

/* ---- time ---- */

static void check_time(const struct scvp_expect *x, const struct scvp_request *q,
		       const struct scvp_response *p, const struct scvp_reply *r,
		       struct finder *f)
{
	const int64_t skew = skew_of(x), at = r->validation_time_ms;
	const bool asked = q != NULL && q->query.has_validation_time;
	char text[TIME_TEXT_MAX];
	bool holds = at <= p->produced_ms + skew;
	if (asked) {
		const int64_t wanted = q->query.validation_time_ms;
		/* A time of just now may be treated as now: RFC 5055 3.2.7. */
		const bool now = wanted >= p->produced_ms - skew;
		holds =
		    at == wanted || (now && at >= wanted - skew && at <= wanted + skew);
	} else if (at < p->produced_ms - skew) {
		holds = q != NULL && !q->query.fresh_only && r->has_next_update;
	}
	if (!holds) {
		time_rfc3339(at, text);
		finder_add(f, SCVP_CODE_REPLY_TIME, "%s", text);
	}
	if (!asked && r->has_next_update && r->next_update_ms < x->now_ms - skew) {
		time_rfc3339(r->next_update_ms, text);
		finder_add(f, SCVP_CODE_REPLY_OUTDATED, "%s", text);
	}
}

/* ---- one reply ---- */

static int check_cert(struct scvp_report *r, const struct scvp_request *q, size_t i,
		      struct finder *f, struct ltps_error *err)
{
	const struct scvp_cert_ref *got = &r->reply->cert;
	struct ltps_error bad = LTPS_ERROR_INIT;
	bool same = true;
	if (q != NULL && i < q->query.n_certs) {
		const struct scvp_cert_ref *asked = &q->query.certs[i];
		if (ref_matches(asked, got, &same, err) != 0)
			return -1;
		/* The form of the request comes back, RFC 5055 4.9.1. */
		if (is_value(asked) && !is_value(got))
			same = false;
		if (!same)
			finder_add(f, SCVP_CODE_REPLY_CERT, "%s", "");
		if (same && !is_value(got) && !is_unchecked(r->reply->status) &&
		    scvp_list_has(q->query.want_backs, scvp_want_oid(SCVP_WANT_CERT)))
			finder_add(f, SCVP_CODE_WANTS, "the certificate is missing");
	}
	if (got->kind != SCVP_REF_CERT)
		return 0;
	if (cert_parse(got->cert, &r->target, &bad) != 0 && bad.code == LTPS_NOMEM)
		return ltps_fail_nomem(err);
	return 0;
}

int reply_check(struct scvp_judgement *j, const struct scvp_expect *x, size_t i,
		struct finder *f, struct ltps_error *err)
{
	const struct scvp_request *q = x->asked != NULL ? x->asked->request : NULL;
	struct scvp_report *r = &j->reports[i];
	r->reply = &j->response->replies[i];
	r->status = status_of(r->reply);
	if (material_new(&r->got, err) != 0 || check_cert(r, q, i, f, err) != 0)
		return -1;
	if (r->reply->status > SCVP_REPLY_WANT_BACK_UNSATISFIED)
		finder_add(f, SCVP_CODE_REPLY_STATUS, "%llu",
			   (unsigned long long)r->reply->status);
	if (q != NULL)
		check_completeness(r->reply, q->query.checks, f);
	check_contradictions(r->reply, f);
	check_time(x, q, j->response, r->reply, f);
	extensions_check(&r->reply->extensions, "certReplyExtensions", f);
	if (want_check(j, x, r, f, err) != 0)
		return -1;
	return evidence_check(x, r, f, err);
}
