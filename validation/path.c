/* SPDX-License-Identifier: Apache-2.0 */
/* path - the judgement over all candidate paths: which one counts, and what it means.
 */
#include "validation/path.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "validation/past_private.h"
#include "validation/path_search.h"
#include "validation/revocation.h"

/* notAfter names a second, and all of it is meant: RFC 5280 4.1.2.5. */
#define SECOND_MS 1000

struct judgement {
	const struct path_input *in;
	struct path_run run;
	struct path_result *r;
	size_t capacity; /* of r->alternatives */
	bool target_revoked;
	bool past_sunset; /* a path was passed over, since trust in its anchor ended */
};

static void free_candidate(struct path_candidate *c)
{
	mem_free(c->revocation);
	c->revocation = NULL;
}

void path_result_free(struct path_result *r)
{
	if (r == NULL)
		return;
	free_candidate(&r->best);
	for (size_t i = 0; i < r->n_alternatives; i++)
		free_candidate(&r->alternatives[i]);
	mem_free(r->alternatives);
	path_needs_free(r->needs, r->n_needs);
	mem_free(r);
}

const char *path_status_name(enum path_status s)
{
	static const char *const names[] = {
		[PATH_VALID] = "valid",
		[PATH_INVALID] = "invalid",
		[PATH_UNDETERMINED] = "undetermined",
	};
	return (size_t)s < sizeof(names) / sizeof(names[0]) ? names[s] : "?";
}

const char *path_cert_status_name(enum path_cert_status s)
{
	static const char *const names[] = {
		[PATH_STATUS_UNKNOWN] = "unknown",
		[PATH_STATUS_GOOD] = "good",
		[PATH_STATUS_REVOKED] = "revoked",
		[PATH_STATUS_ON_HOLD] = "on_hold",
	};
	return (size_t)s < sizeof(names) / sizeof(names[0]) ? names[s] : "?";
}

static void result_find(struct path_result *r, enum path_code code, const char *fmt,
			...) __attribute__((format(printf, 3, 4)));
static void result_find(struct path_result *r, enum path_code code, const char *fmt,
			...)
{
	va_list ap;
	if (r->n_findings == PATH_FINDINGS_MAX)
		return;
	struct path_finding *f = &r->findings[r->n_findings++];
	f->code = code;
	f->cert = -1;
	va_start(ap, fmt);
	vsnprintf(f->text, sizeof(f->text), fmt, ap);
	va_end(ap);
}

/* ---- the target on its own ---- */

/* Defects that no path and no further material would lift. */
static enum path_code target_defect(const struct path_input *in)
{
	const struct cert *c = in->target;
	if (in->time_ms > c->not_after_ms && in->time_ms - c->not_after_ms >= SECOND_MS)
		return PATH_EXPIRED;
	if (in->time_ms < c->not_before_ms)
		return PATH_NOT_YET_VALID;
	if (c->unknown_critical)
		return PATH_CRITICAL_EXTENSION;
	if (c->malformed != 0 || c->unknown_twice)
		return PATH_MALFORMED_EXTENSION;
	if (!view_equal(c->tbs_algorithm, c->algorithm))
		return PATH_ALGORITHM_MISMATCH;
	return PATH_OK;
}

/* ---- status of the certificates of a path ---- */

static int ask_at(struct judgement *j, struct path_candidate *c, size_t i,
		  int64_t time_ms, struct ltps_error *err)
{
	const struct path_input *in = j->in;
	const struct revocation_query q = {
		.path = c,
		.index = i,
		.time_ms = time_ms,
		.known_ms = in->known_ms != 0 ? in->known_ms : in->time_ms,
		.max_age_ms = in->max_age_ms,
		.record_needs = true,
	};
	return revocation_judge(&j->run, &q, &c->revocation[i], err);
}

/*
 * CHAIN: a CA's certificate counts when it was used; but whoever has its key, or may
 * have it, can put any date into what it signs.
 */
static int find_status(struct judgement *j, struct path_candidate *c, size_t i,
		       struct ltps_error *err)
{
	const struct path_input *in = j->in;
	const struct path_cert_revocation *r = &c->revocation[i];
	if (ask_at(j, c, i, in->time_ms, err) != 0)
		return -1;
	if (in->model != PATH_CHAIN || i == 0 ||
	    (r->status == PATH_STATUS_REVOKED && !past_reason_keeps_earlier(r->reason)))
		return 0;
	return ask_at(j, c, i, c->certs[i - 1]->not_before_ms, err);
}

static void weigh_status(struct judgement *j, struct path_candidate *c, size_t i)
{
	const struct path_cert_revocation *r = &c->revocation[i];
	enum path_code why = r->why;
	char when[TIME_TEXT_MAX] = "?";
	switch (r->status) {
	case PATH_STATUS_GOOD:
		return;
	case PATH_STATUS_REVOKED:
	case PATH_STATUS_ON_HOLD:
		/* Held at that time is not valid at that time, whatever came later. */
		why = r->status == PATH_STATUS_REVOKED ? PATH_REVOKED : PATH_ON_HOLD;
		if (r->revoked_ms != INT64_MIN)
			time_rfc3339(r->revoked_ms, when);
		candidate_find(c, why, (int)i, "since %s", when);
		j->target_revoked |= i == 0;
		break;
	case PATH_STATUS_UNKNOWN:
		if (why == PATH_OK)
			why = PATH_REVOCATION_UNKNOWN;
		candidate_find(c, why, (int)i, "%s", "");
		break;
	}
}

/* From the anchor down, so that the word of a revoked CA is not asked for. */
static int judge_status(struct judgement *j, struct path_candidate *c,
			struct ltps_error *err)
{
	size_t n = c->n_certs - 1;
	if (n == 0)
		return 0;
	if (revocation_room(c, err) != 0)
		return -1;
	for (size_t i = n; i-- > 0 && c->status != PATH_INVALID;) {
		if (find_status(j, c, i, err) != 0)
			return -1;
		weigh_status(j, c, i);
	}
	return 0;
}

/* ---- candidates ---- */

/* An anchor is trusted as it is, RFC 5280 6.1 begins below it; but it may be unfit
 * for what the caller asks of the target. */
static void judge_anchor(struct judgement *j, struct path_candidate *c)
{
	enum path_code defect = target_defect(j->in);
	if (defect != PATH_OK)
		candidate_find(c, defect, 0, "%s", "");
	if (c->status == PATH_VALID)
		result_find(j->r, PATH_OK, "the certificate is a trust anchor itself");
}

static int judge_candidate(struct judgement *j, struct path_candidate *c,
			   struct ltps_error *err)
{
	if (chain_check(&j->run, CHAIN_TIME_ALL, true, c, err) != 0)
		return -1;
	if (c->n_certs == 1)
		judge_anchor(j, c);
	else if (c->status == PATH_VALID && !j->in->no_revocation)
		return judge_status(j, c, err);
	return 0;
}

/* The owner of c->revocation changes. */
static int keep_alternative(struct judgement *j, struct path_candidate *c,
			    struct ltps_error *err)
{
	struct path_result *r = j->r;
	bool wanted = j->in->explain || c->status == PATH_VALID;
	if (!wanted || r->n_alternatives == PATH_ALTERNATIVES_MAX) {
		free_candidate(c);
		return 0;
	}
	if (r->n_alternatives == j->capacity) {
		size_t more = j->capacity == 0 ? 2 : j->capacity * 2;
		void *p = mem_resize(r->alternatives, more, sizeof(*r->alternatives));
		if (p == NULL)
			return ltps_fail_nomem(err);
		r->alternatives = p;
		j->capacity = more;
	}
	r->alternatives[r->n_alternatives++] = *c;
	c->revocation = NULL;
	return 0;
}

/* VALID before UNDETERMINED before INVALID; but a revoked target is the last word. */
static bool is_better(const struct judgement *j, const struct path_candidate *c)
{
	static const int rank[] = {
		[PATH_VALID] = 2,
		[PATH_UNDETERMINED] = 1,
		[PATH_INVALID] = 0,
	};
	const struct path_candidate *best = &j->r->best;
	return best->n_certs == 0 || j->target_revoked ||
	       rank[c->status] > rank[best->status];
}

static size_t count_valid(const struct path_result *r)
{
	size_t n = r->best.n_certs > 0 && r->best.status == PATH_VALID;
	for (size_t i = 0; i < r->n_alternatives; i++)
		n += r->alternatives[i].status == PATH_VALID;
	return n;
}

/* EN 319 102-1 5.2.6.4 step 3: what is judged here, no proof of existence makes older.
 * Such a path ends in no anchor: it is no candidate. */
static bool is_past_sunset(struct judgement *j, const struct path_candidate *c)
{
	char at[TIME_TEXT_MAX], name[CERT_TEXT_MAX];
	const struct cert *anchor = c->certs[c->n_certs - 1];
	const int64_t sunset_ms = path_sunset_of(j->in, anchor);
	if (j->in->ignore_sunset || j->in->time_ms < sunset_ms)
		return false;
	if (!j->past_sunset) {
		cert_text(anchor, name);
		time_rfc3339(sunset_ms, at);
		result_find(j->r, PATH_ANCHOR_SUNSET,
			    "the anchor %.120s is trusted until %s only", name, at);
	}
	j->past_sunset = true;
	return true;
}

/* path_visit_fn */
static int visit(void *arg, struct path_candidate *c, bool *ret_stop,
		 struct ltps_error *err)
{
	struct judgement *j = arg;
	struct path_result *r = j->r;
	if (is_past_sunset(j, c))
		return 0;
	int rc = judge_candidate(j, c, err);
	if (rc == 0 && is_better(j, c)) {
		if (r->best.n_certs > 0)
			rc = keep_alternative(j, &r->best, err);
		if (rc == 0) {
			free_candidate(&r->best);
			r->best = *c;
			c->revocation = NULL;
		}
	} else if (rc == 0) {
		rc = keep_alternative(j, c, err);
	}
	free_candidate(c);
	*ret_stop = j->target_revoked || count_valid(r) > j->in->want_paths;
	return rc;
}

/* ---- no path ---- */

/* path_visit_fn */
static int note_anchor(void *arg, struct path_candidate *c, bool *ret_stop,
		       struct ltps_error *err)
{
	const struct cert **anchor = arg;
	(void)err;
	*anchor = c->certs[c->n_certs - 1];
	*ret_stop = true;
	return 0;
}

/* Whether the pools' own anchors, which the input set aside, would have served. */
static int look_for_wrong_anchor(struct judgement *j, bool *ret_found,
				 struct ltps_error *err)
{
	struct path_input all = *j->in;
	const struct path_search_options o = { .target = j->in->target,
					       .time_ms = j->in->time_ms };
	const struct cert *anchor = NULL;
	struct path_search_end end;
	char name[CERT_TEXT_MAX];
	bool spent = j->run.spent;

	*ret_found = false;
	if (j->in->n_anchors == 0)
		return 0;
	all.n_anchors = 0;
	j->run.in = &all;
	int rc = path_search(&j->run, &o, note_anchor, &anchor, &end, err);
	j->run.in = j->in;
	j->run.spent = spent;
	if (rc != 0 || anchor == NULL)
		return rc;
	*ret_found = true;
	cert_text(anchor, name);
	result_find(j->r, PATH_WRONG_ANCHOR, "%.190s", name);
	return 0;
}

static int conclude_without(struct judgement *j, const struct path_search_end *end,
			    struct ltps_error *err)
{
	struct path_result *r = j->r;
	bool wrong = false;
	/* Signatures that fail and names that do not chain are the object's own;
	 * everything else may be lifted by a certificate that is not at hand. */
	r->why = end->why;
	r->status = end->why == PATH_SIGNATURE || end->why == PATH_NAME_CHAINING
			? PATH_INVALID
			: PATH_UNDETERMINED;
	if (end->why == PATH_NO_ANCHOR || end->why == PATH_NO_ISSUER)
		if (look_for_wrong_anchor(j, &wrong, err) != 0)
			return -1;
	if (wrong)
		r->why = PATH_WRONG_ANCHOR;
	if (end->why != PATH_OK)
		result_find(r, end->why, "%s", end->text);
	else
		r->why = PATH_ANCHOR_SUNSET; /* found, and passed over */
	return 0;
}

static void conclude_with(struct judgement *j, const struct path_search_end *end)
{
	struct path_result *r = j->r;
	r->status = r->best.status;
	r->why = r->best.why;
	if (end->why == PATH_BUDGET)
		result_find(r, PATH_BUDGET, "%s", end->text);
	/* What was not looked at might have been valid. */
	if (r->status == PATH_INVALID && j->run.spent && !j->target_revoked) {
		r->status = PATH_UNDETERMINED;
		r->why = PATH_BUDGET;
	}
}

static int conclude(struct judgement *j, const struct path_search_end *end,
		    struct ltps_error *err)
{
	struct path_result *r = j->r;
	enum path_code defect = target_defect(j->in);
	const bool found = r->best.n_certs > 0;
	if (found)
		conclude_with(j, end);
	else if (conclude_without(j, end, err) != 0)
		return -1;
	bool final = r->status == PATH_VALID || j->target_revoked;
	if (defect != PATH_OK && !j->target_revoked) {
		if (!found)
			result_find(r, defect, "the certificate itself");
		if (r->status == PATH_UNDETERMINED || !found)
			r->why = defect;
		r->status = PATH_INVALID;
		final = true;
	}
	if (!final) {
		r->needs = j->run.needs;
		r->n_needs = j->run.n_needs;
		j->run.needs = NULL;
		j->run.n_needs = 0;
	}
	r->signatures = j->run.signatures;
	r->paths = j->run.paths;
	r->steps = j->run.steps;
	return 0;
}

int path_judge(const struct path_input *in, struct path_result **ret_result,
	       struct ltps_error *err)
{
	const struct path_search_options o = { .target = in->target,
					       .time_ms = in->time_ms,
					       .need_issuers = true };
	struct judgement j = { .in = in };
	struct path_search_end end = { .why = PATH_OK };
	int rc = -1;

	if (path_run_init(&j.run, in, err) != 0)
		goto out;
	j.r = mem_zalloc(1, sizeof(*j.r));
	if (j.r == NULL) {
		ltps_fail_nomem(err);
		goto out;
	}
	qc_read(in->target, &j.r->qc);
	if (path_search(&j.run, &o, visit, &j, &end, err) != 0 ||
	    conclude(&j, &end, err) != 0)
		goto out;
	*ret_result = j.r;
	j.r = NULL;
	rc = 0;
out:
	path_result_free(j.r);
	path_run_clear(&j.run);
	return rc;
}
