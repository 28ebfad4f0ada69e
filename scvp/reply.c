/* SPDX-License-Identifier: Apache-2.0 */
/* reply - the CertReply about one certificate: judged, and the verdict in the words of
 * RFC 5055 4.9. */
#include <string.h>

#include "scvp/demand.h"

/* id-bvae, RFC 5055 3.2.4.2.2 */
enum basic_error {
	BASIC_EXPIRED = 1,
	BASIC_NOT_YET_VALID = 2,
	BASIC_WRONG_ANCHOR = 3,
	BASIC_NO_VALID_PATH = 4,
	BASIC_REVOKED = 5,
	BASIC_KEY_PURPOSE = 9,
	BASIC_KEY_USAGE = 10,
	BASIC_POLICY = 11,
	BASIC_COUNT
};
#define ERRORS_MAX (BASIC_COUNT + 1) /* and one of the names */

/* Of a batch, each certificate gets less: hostile meshes must not be multiplied. Honest
 * paths need some ten signatures with those of their CRLs. */
#define BATCH 16
#define BATCH_SIGNATURES 64
#define BATCH_STEPS 20000

static struct view basic_oid(unsigned e)
{
	/* id-svp 3 and one arc more */
#define BVAE(n)                                                                        \
	{                                                                              \
		0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 19, 3, n                           \
	}
	static const uint8_t oids[][9] = { BVAE(0), BVAE(1), BVAE(2),  BVAE(3),
					   BVAE(4), BVAE(5), BVAE(6),  BVAE(7),
					   BVAE(8), BVAE(9), BVAE(10), BVAE(11) };
	return view_of(oids[e], sizeof(oids[e]));
}

/* One certificate being answered. */
struct answering {
	struct demand *d;
	struct scvp_reply *reply;
	struct cert *target;
	struct path_result *result;
	struct found_paths paths; /* acceptable, best first */
	bool only_build;          /* neither validity nor status is asked */
	uint32_t errors;          /* bit 1 << enum basic_error */
	struct view name_error;
};

/* ---- judging ---- */

static bool is_any_policy(struct view oid)
{
	return oid_is(oid, "2.5.29.32.0");
}

static void fill_policies(const struct scvp_policy *p, struct path_input *in)
{
	in->initial_policies = p->user_policies.v;
	in->n_initial_policies = p->user_policies.n;
	for (size_t i = 0; i < p->user_policies.n; i++) {
		if (is_any_policy(p->user_policies.v[i]))
			in->n_initial_policies = 0; /* which is what that means */
	}
	in->explicit_policy = p->explicit_policy == SCVP_TRUE;
	in->inhibit_mapping = p->inhibit_mapping == SCVP_TRUE;
	in->inhibit_any = p->inhibit_any == SCVP_TRUE;
	in->key_usages = p->key_usages;
	in->n_key_usages = p->n_key_usages;
	in->extended_key_usages = p->extended_key_usages.v;
	in->n_extended_key_usages = p->extended_key_usages.n;
	in->specified_key_usages = p->specified_key_usages.v;
	in->n_specified_key_usages = p->specified_key_usages.n;
}

static size_t paths_wanted(const struct demand *d)
{
	size_t n = 0;
	if (d->many_paths)
		n = d->given.n + 1; /* one more tells whether there is more */
	if (d->wants[SCVP_WANT_ALL_PATHS] || n > PATH_ALTERNATIVES_MAX)
		n = PATH_ALTERNATIVES_MAX;
	return n;
}

static int judge(const struct answering *a, bool any_anchor, struct path_result **ret,
		 struct ltps_error *err)
{
	const struct demand *d = a->d;
	struct path_input in = { .target = a->target,
				 .time_ms = d->time_ms,
				 .known_ms = d->known_ms,
				 .exempt_short_term = true,
				 .no_revocation = !d->needs_revocation || any_anchor,
				 .want_paths = any_anchor ? 0 : paths_wanted(d),
				 .explain = a->only_build && d->many_paths };
	fill_policies(&d->policy, &in);
	if (d->request->query.n_certs > BATCH) {
		in.budget.signatures = BATCH_SIGNATURES;
		in.budget.steps = BATCH_STEPS;
	}
	if (d->extra != NULL)
		in.pools[in.n_pools++] = d->extra;
	if (!any_anchor) {
		in.anchors = (const struct cert *const *)d->anchors;
		in.n_anchors = d->n_anchors;
	}
	return d->archive->judge(d->archive->arg, &in, ret, err);
}

/* ---- reading the verdict ---- */

static bool is_status_code(enum path_code code)
{
	return code == PATH_REVOKED || code == PATH_ON_HOLD ||
	       code == PATH_REVOCATION_UNKNOWN || code == PATH_REVOCATION_STALE ||
	       code == PATH_REVOCATION_UNREACHABLE;
}
/* What time may lift: RFC 5055 4.9.2, code 7. */
static bool may_pass(enum path_code code)
{
	return code == PATH_ON_HOLD || code == PATH_REVOCATION_UNKNOWN ||
	       code == PATH_REVOCATION_STALE || code == PATH_REVOCATION_UNREACHABLE ||
	       code == PATH_NOT_YET_VALID;
}
static bool is_missing_status(enum path_code code)
{
	return code != PATH_REVOKED && code != PATH_ON_HOLD && is_status_code(code);
}

/* All defects of a candidate are of this sort, and there is one. */
static bool only(const struct path_candidate *c, bool (*sort)(enum path_code))
{
	bool any = c->why != PATH_OK;
	if (any && !sort(c->why))
		return false;
	for (size_t i = 0; i < c->n_findings; i++) {
		if (c->findings[i].code == PATH_OK ||
		    c->findings[i].code == PATH_DECIDED_REMOTELY ||
		    c->findings[i].code == PATH_REMOTE_FAILED)
			continue;
		if (!sort(c->findings[i].code))
			return false;
		any = true;
	}
	return any;
}

static bool is_valid(const struct path_candidate *c)
{
	return c->status == PATH_VALID || only(c, is_status_code);
}

/* Whether a candidate answers what was asked. */
static bool is_acceptable(const struct answering *a, const struct path_candidate *c)
{
	const bool *checks = a->d->checks;
	if (c->n_certs == 0)
		return false;
	if (checks[SCVP_CHECK_STATUS])
		return c->status == PATH_VALID;
	return checks[SCVP_CHECK_VALID] ? is_valid(c) : true;
}

static int take_path(struct answering *a, const struct path_candidate *c,
		     struct ltps_error *err)
{
	struct path_hash h;
	if (!is_acceptable(a, c) || a->paths.n > PATH_ALTERNATIVES_MAX)
		return 0;
	if (a->d->given.n > 0) {
		if (context_path_hash(c, &h, err) != 0)
			return -1;
		if (context_has(&a->d->given, &h))
			return 0;
	}
	a->paths.paths[a->paths.n++] = c;
	return 0;
}

/* A path that evidence is kept for goes first: bundles stay the same over the years. */
static int prefer_evidence(struct answering *a, struct ltps_error *err)
{
	const struct scvp_archive *archive = a->d->archive;
	if (!a->d->wants[SCVP_WANT_ERS_BEST_PATH] && !a->d->wants[SCVP_WANT_ERS_ALL])
		return 0;
	for (size_t i = 0; i < a->paths.n && a->paths.n > 1; i++) {
		struct buf bundle = buf_make(SCVP_RESPONSE_MAX);
		struct buf record = buf_make(SCVP_RESPONSE_MAX);
		bool found = false;
		int rc = want_bundle(a->paths.paths[i], 0, &bundle, err);
		if (rc == 0)
			rc = archive->evidence(archive->arg, view_buf(&bundle), &record,
					       &found, err);
		buf_free(&record);
		buf_free(&bundle);
		if (rc != 0)
			return -1;
		if (found) {
			const struct path_candidate *c = a->paths.paths[i];
			memmove(&a->paths.paths[1], &a->paths.paths[0],
				i * sizeof(a->paths.paths[0]));
			a->paths.paths[0] = c;
			return 0;
		}
	}
	return 0;
}

static int choose_paths(struct answering *a, struct ltps_error *err)
{
	const struct path_result *r = a->result;
	if (r->best.n_certs > 0 && take_path(a, &r->best, err) != 0)
		return -1;
	for (size_t i = 0; i < r->n_alternatives; i++) {
		if (take_path(a, &r->alternatives[i], err) != 0)
			return -1;
	}
	return prefer_evidence(a, err);
}

/* The next answer must give another path; without one there is no context. */
static int note_context(struct answering *a, struct ltps_error *err)
{
	struct demand *d = a->d;
	struct path_hash h;
	if (!d->many_paths || d->wants[SCVP_WANT_ALL_PATHS] || a->paths.n == 0)
		return 0;
	if (context_path_hash(a->paths.paths[0], &h, err) != 0)
		return -1;
	context_add(&d->next, &h);
	d->more_paths |= a->paths.n > 1;
	return 0;
}

/* ---- errors and statuses ---- */

static void note_code(struct answering *a, enum path_code code, int cert)
{
	unsigned e = 0;
	/* expired, not yet valid and revoked speak of the end certificate alone. */
	switch (code) {
	case PATH_EXPIRED:
		e = cert == 0 ? BASIC_EXPIRED : BASIC_NO_VALID_PATH;
		break;
	case PATH_NOT_YET_VALID:
		e = cert == 0 ? BASIC_NOT_YET_VALID : BASIC_NO_VALID_PATH;
		break;
	case PATH_REVOKED:
		e = cert == 0 ? BASIC_REVOKED : BASIC_NO_VALID_PATH;
		break;
	case PATH_EXTENDED_KEY_USAGE:
		e = BASIC_KEY_PURPOSE;
		break;
	case PATH_KEY_USAGE:
		e = BASIC_KEY_USAGE;
		break;
	case PATH_POLICY:
		e = BASIC_POLICY;
		break;
	case PATH_WRONG_ANCHOR:
		e = BASIC_WRONG_ANCHOR;
		break;
	case PATH_OK:
	case PATH_DECIDED_REMOTELY:
	case PATH_REMOTE_FAILED:
		return;
	default:
		e = is_missing_status(code) || code == PATH_ON_HOLD
			? 0
			: BASIC_NO_VALID_PATH;
		break;
	}
	if (e != 0)
		a->errors |= 1u << e;
}

static void note_errors(struct answering *a)
{
	const struct path_candidate *c = &a->result->best;
	for (size_t i = 0; i < c->n_findings; i++)
		note_code(a, c->findings[i].code, c->findings[i].cert);
	if (c->n_findings == 0)
		note_code(a, c->n_certs > 0 ? c->why : a->result->why, -1);
}

/* No path to the client's anchors: is there one to ours? */
static int note_wrong_anchor(struct answering *a, struct ltps_error *err)
{
	struct path_result *r = NULL;
	a->errors |= 1u << BASIC_NO_VALID_PATH;
	if (a->d->n_anchors == 0)
		return 0;
	if (judge(a, true, &r, err) != 0)
		return -1;
	if (r->best.n_certs > 0)
		a->errors |= 1u << BASIC_WRONG_ANCHOR;
	path_result_free(r);
	return 0;
}

static uint64_t status_check(const struct path_candidate *c)
{
	if (c->n_certs == 0)
		return SCVP_CHECK_BAD;
	if (c->status == PATH_VALID)
		return SCVP_CHECK_GOOD;
	if (!only(c, is_missing_status))
		return SCVP_CHECK_BAD;
	switch (c->why) {
	case PATH_REVOCATION_STALE:
		return SCVP_CHECK_REVOCATION_OFFLINE;
	case PATH_REVOCATION_UNREACHABLE:
		return SCVP_CHECK_REVOCATION_UNAVAILABLE;
	default:
		return SCVP_CHECK_NO_REVOCATION_SOURCE;
	}
}

static uint64_t check_value(const struct answering *a, enum scvp_check_id id)
{
	const struct path_candidate *c =
	    a->paths.n > 0 ? a->paths.paths[0] : &a->result->best;
	const bool exhausted = a->paths.n == 0 && a->d->given.n > 0;
	uint64_t v;
	switch (id) {
	case SCVP_CHECK_BUILD:
		return c->n_certs > 0 && !exhausted ? SCVP_CHECK_GOOD : SCVP_CHECK_BAD;
	case SCVP_CHECK_VALID:
		v = c->n_certs > 0 && is_valid(c) && !exhausted ? SCVP_CHECK_GOOD
								: SCVP_CHECK_BAD;
		break;
	default:
		v = exhausted ? SCVP_CHECK_BAD : status_check(c);
		break;
	}
	return v == SCVP_CHECK_GOOD && a->name_error.n > 0 ? SCVP_CHECK_BAD : v;
}

/* An entry for each check of the request, each once. */
static int fill_checks(struct answering *a, struct ltps_error *err)
{
	const struct scvp_list asked = a->d->request->query.checks;
	struct scvp_check *checks =
	    scvp_arena_alloc(a->d->arena, asked.n, sizeof(*checks));
	bool given[SCVP_CHECK_AC_STATUS + 1] = { false };
	size_t n = 0;
	if (checks == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < asked.n; i++) {
		const enum scvp_check_id id = scvp_check_id(asked.v[i]);
		if (given[id])
			continue;
		given[id] = true;
		checks[n++] = (struct scvp_check){ asked.v[i], check_value(a, id) };
	}
	a->reply->checks = checks;
	a->reply->n_checks = n;
	return 0;
}

static int fill_errors(struct answering *a, struct ltps_error *err)
{
	struct view *v = scvp_arena_alloc(a->d->arena, ERRORS_MAX, sizeof(*v));
	size_t n = 0;
	if (v == NULL)
		return ltps_fail_nomem(err);
	for (unsigned e = 1; e < BASIC_COUNT; e++) {
		if ((a->errors >> e & 1) != 0)
			v[n++] = basic_oid(e);
	}
	if (a->name_error.n > 0)
		v[n++] = a->name_error;
	a->reply->errors = (struct scvp_list){ v, n };
	return 0;
}

/* When better or other news is to be expected, and how long the answer may be kept. */
static void note_next_update(struct answering *a)
{
	const struct path_candidate *c =
	    a->paths.n > 0 ? a->paths.paths[0] : &a->result->best;
	struct demand *d = a->d;
	int64_t next = INT64_MAX;
	for (size_t i = 0; i + 1 < c->n_certs; i++) {
		if (!d->historical && c->certs[i]->not_after_ms < d->until_ms)
			d->until_ms = c->certs[i]->not_after_ms;
		if (c->revocation == NULL || c->revocation[i].next_ms == INT64_MIN)
			continue;
		if (c->revocation[i].next_ms < next)
			next = c->revocation[i].next_ms;
	}
	if (d->historical || !d->needs_revocation || next == INT64_MAX)
		return;
	a->reply->has_next_update = true;
	a->reply->next_update_ms = next;
	if (next < d->until_ms)
		d->until_ms = next;
}

static enum scvp_reply_status failed_status(const struct answering *a)
{
	const struct path_candidate *c = &a->result->best;
	if (c->n_certs == 0 || (a->paths.n == 0 && a->d->given.n > 0))
		return SCVP_REPLY_PATH_CONSTRUCT_FAIL;
	/* What was known at a time of the past does not come later. */
	if (a->d->historical && only(c, is_missing_status))
		return SCVP_REPLY_UNAVAILABLE_TIME;
	/* A search that ended before its time found no path; 6 and 7 would be a
	 * verdict. */
	if (a->result->status == PATH_UNDETERMINED && !only(c, is_missing_status))
		return SCVP_REPLY_PATH_CONSTRUCT_FAIL;
	if (only(c, may_pass))
		return SCVP_REPLY_PATH_NOT_VALID_NOW;
	return SCVP_REPLY_PATH_NOT_VALID;
}

static int fail_reply(struct answering *a, struct ltps_error *err)
{
	struct scvp_reply *r = a->reply;
	r->status = failed_status(a);
	if (r->status == SCVP_REPLY_PATH_CONSTRUCT_FAIL) {
		if (note_wrong_anchor(a, err) != 0)
			return -1;
	} else {
		note_errors(a);
	}
	if ((a->errors >> BASIC_REVOKED & 1) == 0)
		a->d->settled = false; /* later material may change it */
	if (r->status != SCVP_REPLY_UNAVAILABLE_TIME && fill_checks(a, err) != 0)
		return -1;
	return fill_errors(a, err);
}

/* ---- the parts put together ---- */

static int answer_paths(struct answering *a, struct ltps_error *err)
{
	struct scvp_reply *r = a->reply;
	bool satisfied;
	note_next_update(a);
	if (a->d->by_name && a->paths.n > 0 && !a->only_build &&
	    names_check(&a->d->names, a->target, &a->name_error, err) != 0)
		return -1;
	if (a->paths.n == 0)
		return fail_reply(a, err);
	if (fill_checks(a, err) != 0)
		return -1;
	if (a->name_error.n > 0) {
		r->status = SCVP_REPLY_PATH_NOT_VALID;
		return fill_errors(a, err);
	}
	if (want_make(a->d, a->target, &a->paths, r, &satisfied, err) != 0)
		return -1;
	if (!satisfied) {
		r->status = SCVP_REPLY_WANT_BACK_UNSATISFIED;
		a->d->settled = false;
		return 0;
	}
	return note_context(a, err);
}

static int answer_target(struct answering *a, struct ltps_error *err)
{
	const bool *checks = a->d->checks;
	int rc = -1;
	a->only_build = !checks[SCVP_CHECK_VALID] && !checks[SCVP_CHECK_STATUS];
	if (judge(a, false, &a->result, err) != 0)
		return -1;
	if (choose_paths(a, err) == 0)
		rc = answer_paths(a, err);
	path_result_free(a->result);
	if (a->d->archive->done != NULL)
		a->d->archive->done(a->d->archive->arg);
	return rc;
}

/* The certificate itself in place of the reference, when that was wanted. */
static int fill_cert(struct answering *a, const struct scvp_cert_ref *ref,
		     struct ltps_error *err)
{
	a->reply->cert = *ref;
	if (ref->kind != SCVP_REF_PKC || !a->d->wants[SCVP_WANT_CERT])
		return 0;
	uint8_t *copy = scvp_arena_alloc(a->d->arena, 1, a->target->der.n);
	if (copy == NULL)
		return ltps_fail_nomem(err);
	memcpy(copy, a->target->der.p, a->target->der.n);
	a->reply->cert =
	    (struct scvp_cert_ref){ .kind = SCVP_REF_CERT,
				    .cert = view_of(copy, a->target->der.n) };
	return 0;
}

/* *ret NULL: the reply says why. */
static int find_target(struct answering *a, const struct scvp_cert_ref *ref,
		       struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	if (ref->kind == SCVP_REF_CERT) {
		a->reply->status = SCVP_REPLY_MALFORMED_PKC;
		if (cert_parse(ref->cert, &a->target, &bad) != 0)
			return read_pass_failure(&bad, err);
	} else {
		a->reply->status = SCVP_REPLY_REFERENCE_HASH_FAIL;
		if (demand_find(a->d, &ref->id, &a->target, err) != 0)
			return -1;
	}
	if (a->target != NULL)
		a->reply->status = SCVP_REPLY_SUCCESS;
	return 0;
}

int reply_make(struct demand *d, const struct scvp_cert_ref *ref,
	       struct scvp_reply *ret, struct ltps_error *err)
{
	struct answering a = { .d = d, .reply = ret };
	int rc = -1;
	*ret = (struct scvp_reply){ .cert = *ref, .validation_time_ms = d->time_ms };
	if (find_target(&a, ref, err) != 0)
		return -1;
	if (a.target == NULL) {
		d->settled = false;
		return 0; /* 1 and 4: nothing else is populated */
	}
	if (fill_cert(&a, ref, err) == 0)
		rc = answer_target(&a, err);
	cert_free(a.target);
	return rc;
}
