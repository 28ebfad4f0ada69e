/* SPDX-License-Identifier: Apache-2.0 */
/*
 * past - X.509 certificate validation, EN 319 102-1 5.2.6.4, and past certificate
 * validation, 5.6.2.1. Each candidate chain takes the steps in their order; what
 * the last one left is the outcome unless one passes.
 */
#include "validation/past.h"

#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "validation/past_private.h"

struct judging {
	const struct cert_validation_input *in;
	struct path_input path; /* in->path without hindsight */
	struct path_run run;
	struct cert_validation_result *r;
	bool ended; /* the outcome is settled: no further chain is looked at */
};

/* ---- outcomes ---- */

__attribute__((format(printf, 4, 5))) static void set_status(struct judging *j,
							     const char *subindication,
							     enum path_code why,
							     const char *fmt, ...)
{
	struct cert_validation_result *r = j->r;
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(r->text, sizeof(r->text), fmt, ap);
	va_end(ap);
	r->indication = INDICATION_INDETERMINATE;
	r->subindication = subindication;
	r->why = why;
	r->revoked_ms = INT64_MIN;
	r->reason = -1;
	r->retry_ms = INT64_MIN;
	r->control_time_ms = INT64_MIN;
	r->constraint = CONSTRAINT_COUNT;
	r->has_weak = false;
}

static void set_passed(struct judging *j)
{
	set_status(j, NULL, PATH_OK, "%s", "");
	j->r->indication = INDICATION_PASSED;
	j->ended = true;
}

static void name_of(const struct judging *j, size_t i, char out[CERT_TEXT_MAX])
{
	cert_text(j->r->chain.certs[i], out);
}

/* ---- sunset of anchors ---- */

static bool same_anchor(const struct cert *a, const struct cert *b)
{
	return view_equal(a->subject_canonical, b->subject_canonical) &&
	       view_equal(a->spki, b->spki);
}

/* The earliest end of this anchor; INT64_MAX when it has none. */
static int64_t sunset_of(const struct cert_validation_input *in,
			 const struct cert *anchor)
{
	int64_t sunset_ms = INT64_MAX;
	if (in->path.anchors == NULL)
		return path_sunset_of(&in->path, anchor);
	if (in->anchor_sunset_ms == NULL)
		return sunset_ms;
	for (size_t i = 0; i < in->path.n_anchors; i++)
		if (in->anchor_sunset_ms[i] != 0 &&
		    in->anchor_sunset_ms[i] < sunset_ms &&
		    same_anchor(in->path.anchors[i], anchor))
			sunset_ms = in->anchor_sunset_ms[i];
	return sunset_ms;
}

/* Step 1 for an anchor as signer, step 3 for the end of a chain. */
static bool is_past_sunset(struct judging *j, const struct cert *anchor)
{
	char name[CERT_TEXT_MAX], at[TIME_TEXT_MAX];
	int64_t sunset_ms = sunset_of(j->in, anchor);
	if (j->path.time_ms < sunset_ms)
		return false;
	cert_text(anchor, name);
	time_rfc3339(sunset_ms, at);
	set_status(j, "NO_CERTIFICATE_CHAIN_FOUND_NO_POE", PATH_ANCHOR_SUNSET,
		   "the anchor %.120s is trusted until %s only", name, at);
	return true;
}

/* ---- findings of the path by the step that they belong to ---- */

enum step { STEP_PATH = 4, STEP_CONSTRAINTS = 5, STEP_ALGORITHMS = 6 };

/* RFC 5280 6.1 does not ask what a target is used for: that is a constraint. */
static enum step step_of(enum path_code code)
{
	switch (code) {
	case PATH_KEY_USAGE:
	case PATH_EXTENDED_KEY_USAGE:
		return STEP_CONSTRAINTS;
	case PATH_ALGORITHM_WEAK:
		return STEP_ALGORITHMS;
	default:
		return STEP_PATH;
	}
}

static const struct path_finding *finding_of(const struct path_candidate *c,
					     enum step step)
{
	for (size_t i = 0; i < c->n_findings; i++)
		if (step_of(c->findings[i].code) == step)
			return &c->findings[i];
	return NULL;
}

static void set_finding(struct judging *j, const char *subindication,
			const struct path_finding *f)
{
	set_status(j, subindication, f->code, "certificate %d of the path: %s%s%s",
		   f->cert + 1, path_code_text(f->code), f->text[0] != '\0' ? ": " : "",
		   f->text);
}

/* Step 4 without status; false when the chain fails it. */
static bool path_holds(struct judging *j)
{
	const struct path_candidate *c = &j->r->chain;
	const struct path_finding *f = finding_of(c, STEP_PATH);
	if (f != NULL)
		set_finding(j, "CERTIFICATE_CHAIN_GENERAL_FAILURE", f);
	else if (c->status == PATH_UNDETERMINED || c->n_findings == PATH_FINDINGS_MAX)
		set_status(j, "CERTIFICATE_CHAIN_GENERAL_FAILURE", c->why,
			   "the path was not judged to its end");
	return f == NULL && c->status != PATH_UNDETERMINED &&
	       c->n_findings < PATH_FINDINGS_MAX;
}

/* Those of the input, then those of the policy. */
static int constraints_hold(struct judging *j, bool *ret_hold, struct ltps_error *err)
{
	const struct path_finding *f = finding_of(&j->r->chain, STEP_CONSTRAINTS);
	struct cert_constraint c = { 0 };
	*ret_hold = f == NULL;
	if (f != NULL) {
		set_finding(j, "CHAIN_CONSTRAINTS_FAILURE", f);
		j->r->constraint = f->code == PATH_KEY_USAGE
				       ? CONSTRAINT_KEY_USAGE
				       : CONSTRAINT_EXTENDED_KEY_USAGE;
		return 0;
	}
	if (j->in->constraints == NULL)
		return 0;
	if (j->in->constraints(j->in->constraints_arg, &j->r->chain, &c, err) != 0)
		return -1;
	*ret_hold = !c.fails;
	if (c.fails) {
		set_status(j, "CHAIN_CONSTRAINTS_FAILURE", PATH_OK, "%s", c.text);
		j->r->constraint = c.constraint;
	}
	return 0;
}

/* Takes the certificates of a candidate over as the chain looked at. */
static int begin_chain(struct judging *j, const struct path_candidate *c,
		       struct ltps_error *err)
{
	struct path_candidate *own = &j->r->chain;
	mem_free(own->revocation);
	path_candidate_begin(own, c->certs, c->n_certs);
	return c->n_certs < 2 ? 0 : revocation_room(own, err);
}

/* ---- status along the chain ---- */

static bool is_bad(const struct path_cert_revocation *r)
{
	return r->status == PATH_STATUS_REVOKED || r->status == PATH_STATUS_ON_HOLD;
}

static int ask(struct judging *j, size_t i, int64_t time_ms, int64_t max_age_ms,
	       struct path_cert_revocation *r, struct ltps_error *err)
{
	const struct revocation_query q = {
		.path = &j->r->chain,
		.index = i,
		.time_ms = time_ms,
		.known_ms = j->path.time_ms,
		.max_age_ms = max_age_ms,
		.issuer_validity_at_issuance = true,
		.record_needs = true,
	};
	return revocation_judge(&j->run, &q, r, err);
}

/*
 * In the chain model a CA was needed when it signed the certificate below. A later
 * revocation counts all the same when its key may have been lost before.
 */
static int ask_used(struct judging *j, size_t i, struct path_cert_revocation *r,
		    struct ltps_error *err)
{
	int64_t used_ms = j->r->chain.certs[i - 1]->not_before_ms;
	if (ask(j, i, j->path.time_ms, PAST_ANY_AGE_MS, r, err) != 0)
		return -1;
	if (r->status == PATH_STATUS_REVOKED && !past_reason_keeps_earlier(r->reason))
		return 0;
	return ask(j, i, used_ms, PAST_ANY_AGE_MS, r, err);
}

static int ask_now(struct judging *j, size_t i, struct path_cert_revocation *r,
		   struct ltps_error *err)
{
	return ask(j, i, j->path.time_ms, j->path.max_age_ms, r, err);
}

static int ask_all(struct judging *j, struct ltps_error *err)
{
	const struct path_candidate *c = &j->r->chain;
	for (size_t i = c->n_certs - 1; i-- > 0;) {
		struct path_cert_revocation *r = &c->revocation[i];
		int rc = j->path.model == PATH_CHAIN && i > 0 ? ask_used(j, i, r, err)
							      : ask_now(j, i, r, err);
		if (rc != 0)
			return -1;
	}
	return 0;
}

/*
 * The certificate whose being bad decides: the earliest, since what existed before
 * a later one is not saved from an earlier one. Revoked comes before on hold.
 */
static const struct path_cert_revocation *worst_of(const struct path_candidate *c,
						   size_t *ret_i)
{
	const struct path_cert_revocation *worst = NULL;
	for (size_t i = 0; i + 1 < c->n_certs; i++) {
		const struct path_cert_revocation *r = &c->revocation[i];
		if (!is_bad(r) || (worst != NULL && worst->status != r->status &&
				   worst->status == PATH_STATUS_REVOKED))
			continue;
		if (worst != NULL && worst->status == r->status &&
		    past_bad_from(worst) <= past_bad_from(r))
			continue;
		worst = r;
		*ret_i = i;
	}
	return worst;
}

/* Step 4 b to d. */
static void set_bad(struct judging *j, size_t i, const struct path_cert_revocation *r)
{
	const bool hold = r->status == PATH_STATUS_ON_HOLD;
	const int64_t from_ms = past_bad_from(r);
	char name[CERT_TEXT_MAX], at[TIME_TEXT_MAX];
	name_of(j, i, name);
	time_rfc3339(from_ms, at);
	set_status(j,
		   hold     ? "TRY_LATER"
		   : i == 0 ? "REVOKED_NO_POE"
			    : "REVOKED_CA_NO_POE",
		   hold ? PATH_ON_HOLD : PATH_REVOKED, "%.120s %s %s", name,
		   from_ms > j->path.time_ms ? "is listed already, with the date"
		   : hold                    ? "is on hold since"
					     : "was revoked at",
		   at);
	j->r->revoked_ms = past_lost_from(r, j->path.time_ms);
	j->r->reason = r->reason;
	j->ended = i == 0;
}

/*
 * Outside of its validity no status need be at hand for the target: that is for
 * step 7 to say, which tells it from one that is known not to be revoked.
 */
static bool is_out_of_bounds(const struct judging *j)
{
	const struct cert *target = j->r->chain.certs[0];
	return j->path.time_ms < target->not_before_ms ||
	       j->path.time_ms > target->not_after_ms;
}

static bool is_stale(const struct judging *j, size_t i)
{
	const struct path_cert_revocation *r = &j->r->chain.revocation[i];
	if (r->status == PATH_STATUS_UNKNOWN)
		return true;
	/* In the chain model a status from after the use is as fresh as it need be. */
	if (j->path.model == PATH_CHAIN && i > 0 &&
	    r->this_ms >= j->r->chain.certs[i - 1]->not_before_ms)
		return false;
	return !r->fresh;
}

/*
 * Step 4 a: none too old, which tells when to try again. A missing one is no general
 * failure either: table 5 has TRY_LATER for what further status may still fulfil.
 */
static bool status_is_fresh(struct judging *j)
{
	const struct path_candidate *c = &j->r->chain;
	int64_t retry_ms = INT64_MIN;
	size_t first = c->n_certs;
	for (size_t i = c->n_certs - 1; i-- > 0;) {
		if (!is_stale(j, i) || (i == 0 && is_out_of_bounds(j)))
			continue;
		if (first == c->n_certs)
			first = i;
		if (c->revocation[i].next_ms > retry_ms)
			retry_ms = c->revocation[i].next_ms;
	}
	if (first == c->n_certs)
		return true;
	char name[CERT_TEXT_MAX];
	name_of(j, first, name);
	bool old = c->revocation[first].status == PATH_STATUS_GOOD ||
		   c->revocation[first].why == PATH_REVOCATION_STALE;
	set_status(j, "TRY_LATER",
		   old ? PATH_REVOCATION_STALE : PATH_REVOCATION_UNKNOWN, "%s %.160s",
		   old ? "the revocation status is too old of"
		       : "no revocation status of",
		   name);
	j->r->retry_ms = retry_ms;
	return false;
}

/* What says nothing that counts is not judged any further either. */
static void drop_stale(struct judging *j)
{
	const struct path_candidate *c = &j->r->chain;
	for (size_t i = 0; i + 1 < c->n_certs; i++)
		if (is_stale(j, i))
			c->revocation[i].n_objects = 0;
}

/* Step 4's questions about status; *ret_holds false when they settle this chain. */
static int judge_status(struct judging *j, bool *ret_holds, struct ltps_error *err)
{
	size_t i = 0;
	*ret_holds = true;
	if (j->path.no_revocation)
		return 0;
	if (ask_all(j, err) != 0)
		return -1;
	const struct path_cert_revocation *worst = worst_of(&j->r->chain, &i);
	if (worst != NULL)
		set_bad(j, i, worst);
	if (worst == NULL && j->in->status_optional)
		drop_stale(j);
	*ret_holds = worst == NULL && (j->in->status_optional || status_is_fresh(j));
	return 0;
}

/* ---- steps 6 to 8 ---- */

static void set_weakest(struct judging *j, const struct past_weakest *w)
{
	struct cert_validation_result *r = j->r;
	r->constraint = CONSTRAINT_CRYPTO;
	r->has_weak = true;
	r->weak_until_ms = w->until_ms;
	memcpy(r->weak_object, w->object, sizeof(r->weak_object));
	memcpy(r->weak_algorithm, w->algorithm, sizeof(r->weak_algorithm));
}

static int set_weak_cert(struct judging *j, const struct path_finding *f,
			 struct ltps_error *err)
{
	struct past_weakest w;
	set_finding(j, "CRYPTO_CONSTRAINTS_FAILURE_NO_POE", f);
	if (f->cert < 0 || (size_t)f->cert + 1 >= j->r->chain.n_certs)
		return 0;
	if (past_weakest(j->path.algorithms, &j->r->chain, (size_t)f->cert, NULL, &w,
			 err) != 0)
		return -1;
	set_weakest(j, &w);
	return 0;
}

/* Step 6; the chain's own algorithms were judged with it, here those of status. */
static int algorithms_hold(struct judging *j, bool *ret_hold, struct ltps_error *err)
{
	const struct path_candidate *c = &j->r->chain;
	const struct path_finding *f = finding_of(c, STEP_ALGORITHMS);
	*ret_hold = f == NULL;
	if (f != NULL && set_weak_cert(j, f, err) != 0)
		return -1;
	for (size_t i = 0; *ret_hold && i + 1 < c->n_certs; i++) {
		struct past_weakest w;
		if (past_weakest(j->path.algorithms, c, i, &c->revocation[i], &w,
				 err) != 0)
			return -1;
		if (j->path.time_ms <= w.until_ms)
			continue;
		char name[CERT_TEXT_MAX];
		name_of(j, i, name);
		set_status(j, "CRYPTO_CONSTRAINTS_FAILURE_NO_POE", PATH_ALGORITHM_WEAK,
			   "the revocation status of %.160s", name);
		set_weakest(j, &w);
		*ret_hold = false;
	}
	return 0;
}

/* Step 7. */
static bool target_in_bounds(struct judging *j)
{
	const struct path_cert_revocation *r = &j->r->chain.revocation[0];
	if (!is_out_of_bounds(j))
		return true;
	bool known = !j->path.no_revocation && r->status == PATH_STATUS_GOOD &&
		     r->kept_after_end && !is_stale(j, 0);
	bool early = j->path.time_ms < j->r->chain.certs[0]->not_before_ms;
	set_status(j, known ? "OUT_OF_BOUNDS_NOT_REVOKED" : "OUT_OF_BOUNDS_NO_POE",
		   early ? PATH_NOT_YET_VALID : PATH_EXPIRED, "%s%s",
		   early ? "the certificate is not valid yet"
			 : "the certificate has expired",
		   known ? ", and is known not to have been revoked" : "");
	j->ended = true;
	return false;
}

static bool signer_in_bounds(const struct judging *j, const struct cert *signer)
{
	return path_is_anchor(&j->path, signer) ||
	       (signer->not_before_ms <= j->path.time_ms &&
		j->path.time_ms <= signer->not_after_ms);
}

/* Step 8. */
static bool status_in_bounds(struct judging *j)
{
	const struct path_candidate *c = &j->r->chain;
	for (size_t i = 0; i + 1 < c->n_certs; i++)
		for (size_t k = 0; k < c->revocation[i].n_objects; k++) {
			const struct cert *signer = c->revocation[i].objects[k].signer;
			if (signer == NULL || signer_in_bounds(j, signer))
				continue;
			char name[CERT_TEXT_MAX];
			cert_text(signer, name);
			set_status(j, "REVOCATION_OUT_OF_BOUNDS_NO_POE", PATH_EXPIRED,
				   "%.160s, which signed revocation status, is not "
				   "valid now",
				   name);
			j->ended = true;
			return false;
		}
	return true;
}

/* Steps 3 to 9 for one chain. */
static int judge_chain(struct judging *j, struct ltps_error *err)
{
	struct path_candidate *c = &j->r->chain;
	bool holds = true;
	if (is_past_sunset(j, c->certs[c->n_certs - 1]))
		return 0;
	if (chain_check(&j->run, CHAIN_TIME_NOT_TARGET, true, c, err) != 0)
		return -1;
	if (!path_holds(j))
		return 0;
	if (judge_status(j, &holds, err) != 0)
		return -1;
	if (holds && constraints_hold(j, &holds, err) != 0)
		return -1;
	if (!holds)
		return 0;
	if (algorithms_hold(j, &holds, err) != 0)
		return -1;
	if (holds && target_in_bounds(j) && status_in_bounds(j))
		set_passed(j);
	return 0;
}

/* ---- 5.6.2.1 for one chain ---- */

/* Step 2: whether there is a date at which the model's dates all fit. */
static bool dates_fit(struct judging *j)
{
	const struct path_candidate *c = &j->r->chain;
	int64_t first_ms = INT64_MIN, last_ms = INT64_MAX;
	for (size_t i = 0; i + 1 < c->n_certs; i++) {
		const struct cert *x = c->certs[i];
		bool fits = true;
		if (j->path.model == PATH_CHAIN && i > 0) {
			int64_t used_ms = c->certs[i - 1]->not_before_ms;
			fits =
			    x->not_before_ms <= used_ms && used_ms <= x->not_after_ms;
		} else if (j->path.model == PATH_SHELL) {
			if (x->not_before_ms > first_ms)
				first_ms = x->not_before_ms;
			if (x->not_after_ms < last_ms)
				last_ms = x->not_after_ms;
			fits = first_ms <= last_ms;
		}
		if (!fits) {
			set_status(j, "CERTIFICATE_CHAIN_GENERAL_FAILURE", PATH_EXPIRED,
				   "certificate %zu of the path was never valid "
				   "together with those below it",
				   i + 1);
			return false;
		}
	}
	return true;
}

/* Where the sliding begins: now, or the anchor's end. */
static int64_t start_of(const struct judging *j, const struct cert *anchor)
{
	int64_t sunset_ms = sunset_of(j->in, anchor);
	return sunset_ms < j->path.time_ms ? sunset_ms : j->path.time_ms;
}

static int judge_past(struct judging *j, struct ltps_error *err)
{
	struct path_candidate *c = &j->r->chain;
	int64_t start_ms = start_of(j, c->certs[c->n_certs - 1]);
	struct time_slide slide;
	bool holds = true;
	if (chain_check(&j->run, CHAIN_TIME_NONE, true, c, err) != 0)
		return -1;
	if (!path_holds(j) || !dates_fit(j))
		return 0;
	if (time_slide_with(&j->run, j->in->poes, start_ms, j->in->status_optional, c,
			    &slide, err) != 0)
		return -1;
	if (!slide.found) {
		set_status(j, "NO_POE",
			   slide.missing_cert ? PATH_OK : PATH_REVOCATION_UNKNOWN, "%s",
			   slide.text);
		return 0;
	}
	if (constraints_hold(j, &holds, err) != 0)
		return -1;
	if (!holds)
		return 0;
	set_passed(j);
	j->r->control_time_ms = slide.control_time_ms;
	return 0;
}

/* ---- both ---- */

static bool same_chain(const struct path_candidate *a, const struct path_candidate *b)
{
	if (a->n_certs != b->n_certs)
		return false;
	for (size_t i = 0; i < a->n_certs; i++)
		if (!cert_equal(a->certs[i], b->certs[i]))
			return false;
	return true;
}

static int visit_with(struct judging *j, const struct path_candidate *c, bool *ret_stop,
		      int (*judge)(struct judging *, struct ltps_error *),
		      struct ltps_error *err)
{
	if (c->n_certs < 2) /* the target as an anchor: step 1 */
		return 0;
	if (j->in->only != NULL && !same_chain(c, j->in->only))
		return 0;
	if (begin_chain(j, c, err) != 0 || judge(j, err) != 0)
		return -1;
	*ret_stop = j->ended;
	return 0;
}

static int visit_now(void *arg, struct path_candidate *c, bool *ret_stop,
		     struct ltps_error *err)
{
	return visit_with(arg, c, ret_stop, judge_chain, err);
}

static int visit_past(void *arg, struct path_candidate *c, bool *ret_stop,
		      struct ltps_error *err)
{
	return visit_with(arg, c, ret_stop, judge_past, err);
}

/* Step 1: the target is an anchor. */
static void judge_anchor(struct judging *j, bool past)
{
	if (!path_is_anchor(&j->path, j->path.target) ||
	    (!past && is_past_sunset(j, j->path.target)) ||
	    !j->in->anchor_as_signer_passes)
		return;
	mem_free(j->r->chain.revocation);
	path_candidate_begin(&j->r->chain, &j->path.target, 1);
	set_passed(j);
	if (past)
		j->r->control_time_ms = start_of(j, j->path.target);
}

/* Steps 1 and 2. */
static int judge_all(struct judging *j, bool past, struct ltps_error *err)
{
	const struct path_search_options o = {
		.target = j->path.target,
		.time_ms = past ? j->path.target->not_before_ms : j->path.time_ms,
		.need_issuers = true,
	};
	struct path_search_end end = { 0 };
	set_status(j, "NO_CERTIFICATE_CHAIN_FOUND", PATH_NO_ANCHOR,
		   "no path to an anchor");
	judge_anchor(j, past);
	if (j->ended)
		return 0;
	if (path_search(&j->run, &o, past ? visit_past : visit_now, j, &end, err) != 0)
		return -1;
	/* Step 1 may have left a word of its own about an anchor. */
	if (!end.found && j->r->why != PATH_ANCHOR_SUNSET)
		set_status(j, "NO_CERTIFICATE_CHAIN_FOUND", end.why, "%s%s%s",
			   path_code_text(end.why), end.text[0] != '\0' ? ": " : "",
			   end.text);
	return 0;
}

static void take_needs(struct judging *j)
{
	/* No material takes back a proof, nor a revocation for good. */
	if (j->r->indication == INDICATION_PASSED ||
	    (j->ended && j->r->why == PATH_REVOKED))
		return;
	j->r->needs = j->run.needs;
	j->r->n_needs = j->run.n_needs;
	j->run.needs = NULL;
	j->run.n_needs = 0;
}

/* Where the fields behind the chain begin. */
#define AFTER_CHAIN                                                                    \
	(offsetof(struct cert_validation_result, chain) + sizeof(struct path_candidate))

/* Zeroed but for the lists of the chain, 25 KB that are nearly always empty. */
static struct cert_validation_result *new_result(void)
{
	struct cert_validation_result *r = mem_alloc(sizeof(*r));
	if (r == NULL)
		return NULL;
	memset(r, 0, offsetof(struct cert_validation_result, chain));
	memset((uint8_t *)r + AFTER_CHAIN, 0, sizeof(*r) - AFTER_CHAIN);
	path_candidate_begin(&r->chain, NULL, 0);
	return r;
}

static int validate(const struct cert_validation_input *in, bool past,
		    struct cert_validation_result **ret, struct ltps_error *err)
{
	struct judging j = { .in = in, .path = in->path };
	int rc = -1;
	j.path.known_ms = 0;
	j.r = new_result();
	if (j.r == NULL)
		return ltps_fail_nomem(err);
	if (path_run_init(&j.run, &j.path, err) != 0 || judge_all(&j, past, err) != 0)
		goto out;
	take_needs(&j);
	*ret = j.r;
	j.r = NULL;
	rc = 0;
out:
	path_run_clear(&j.run);
	cert_validation_free(j.r);
	return rc;
}

int cert_validate(const struct cert_validation_input *in,
		  struct cert_validation_result **ret, struct ltps_error *err)
{
	return validate(in, false, ret, err);
}

int cert_validate_past(const struct cert_validation_input *in,
		       struct cert_validation_result **ret, struct ltps_error *err)
{
	return validate(in, true, ret, err);
}

/* Of a chain what is in its lists. */
static int copy_chain(struct path_candidate *to, const struct path_candidate *from,
		      struct ltps_error *err)
{
	path_candidate_begin(to, from->certs, from->n_certs);
	to->status = from->status;
	to->why = from->why;
	to->n_findings = from->n_findings;
	to->n_policies = from->n_policies;
	to->n_authority_policies = from->n_authority_policies;
	to->explicit_policy = from->explicit_policy;
	memcpy(to->findings, from->findings,
	       from->n_findings * sizeof(to->findings[0]));
	memcpy(to->policies, from->policies,
	       from->n_policies * sizeof(to->policies[0]));
	memcpy(to->authority_policies, from->authority_policies,
	       from->n_authority_policies * sizeof(to->authority_policies[0]));
	if (from->revocation == NULL)
		return 0;
	to->revocation =
	    mem_dup(from->revocation, (from->n_certs - 1) * sizeof(*to->revocation));
	return to->revocation != NULL ? 0 : ltps_fail_nomem(err);
}

int cert_validation_copy(const struct cert_validation_result *r,
			 struct cert_validation_result **ret, struct ltps_error *err)
{
	struct cert_validation_result *copy = new_result();
	if (copy == NULL)
		return ltps_fail_nomem(err);
	memcpy(copy, r, offsetof(struct cert_validation_result, chain));
	memcpy((uint8_t *)copy + AFTER_CHAIN, (const uint8_t *)r + AFTER_CHAIN,
	       sizeof(*r) - AFTER_CHAIN);
	copy->needs = NULL;
	copy->n_needs = 0;
	if (copy_chain(&copy->chain, &r->chain, err) != 0) {
		cert_validation_free(copy);
		return -1;
	}
	*ret = copy;
	return 0;
}

void cert_validation_free(struct cert_validation_result *r)
{
	if (r == NULL)
		return;
	mem_free(r->chain.revocation);
	path_needs_free(r->needs, r->n_needs);
	mem_free(r);
}
