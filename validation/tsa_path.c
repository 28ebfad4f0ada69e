/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tsa_path - the rules for time-stamps over candidate paths: dates are those of
 * genTime, status must be as new as the token, and RFC 3161 4 says by the reason
 * what a revocation means for tokens that are older.
 */
#include "validation/tsa_path.h"

#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "timestamping/tst.h"
#include "validation/path_search.h"
#include "validation/revocation.h"

#define RESULT_BYTES_MAX ((size_t)16 << 20)
#define OID_TIME_STAMPING "1.3.6.1.5.5.7.3.8"
/* Where no status is asked for, any that is there counts. */
#define ANY_AGE_MS ((int64_t)1 << 60)

/* What was found on one path; the better one is kept. */
struct verdict {
	enum indication indication;
	const char *subindication;
	const char *clause;
	char text[256];
	bool missing; /* for want of a status only */
	char algorithm[ALGORITHM_WHAT_MAX]; /* of a weak status */
	int64_t status_age_ms;
	const struct cert *certs[PATH_CERTS_MAX];
	size_t n_certs;
};

struct judge {
	const struct tsa_path_input *in;
	struct path_input path;
	struct path_run run;
	int64_t proof_ms; /* revocations up to then count */
	struct path_cert_revocation status;
	/* Of this path a status that there is, but none that was made in time. */
	bool has_weak;
	struct algorithm_verdict weak;
	struct verdict kept;
	bool has_kept;
};

/* ---- verdicts ---- */

__attribute__((format(printf, 5, 6))) static void
set_verdict(struct verdict *v, enum indication indication, const char *subindication,
	    const char *clause, const char *fmt, ...)
{
	/* ltps_fail makes outside names printable; only its text is wanted. */
	struct ltps_error text = LTPS_ERROR_INIT;
	char line[256];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	(void)ltps_fail(&text, LTPS_FORMAT, LTPS_FAULT_OBJECT, NULL, "%s", line);
	v->indication = indication;
	v->subindication = subindication;
	v->clause = clause;
	memcpy(v->text, text.text, sizeof(v->text));
}

void tsa_path_result_clear(struct tsa_path_result *r)
{
	if (r == NULL)
		return;
	path_needs_free(r->needs, r->n_needs);
	buf_free(&r->owned);
	*r = (struct tsa_path_result){ 0 };
}

/* The first verdict stands, unless a later path lacks only a status: that may
 * still be got. */
static void keep(struct judge *j, const struct verdict *v)
{
	if (j->has_kept && v->indication != INDICATION_PASSED &&
	    (j->kept.missing || !v->missing))
		return;
	j->kept = *v;
	j->has_kept = true;
}

/* ---- the path's own defects ---- */

static bool is_no_path(enum path_code code)
{
	switch (code) {
	case PATH_NO_ISSUER:
	case PATH_NO_ANCHOR:
	case PATH_BUDGET:
	case PATH_DEPTH:
	case PATH_WRONG_ANCHOR:
	case PATH_SIGNATURE:
	case PATH_KEY_UNUSABLE:
	case PATH_ALGORITHM_UNSUPPORTED:
		return true;
	default:
		return false;
	}
}

static const struct path_finding *decisive(const struct path_candidate *c)
{
	for (size_t i = 0; i < c->n_findings; i++)
		if (c->findings[i].code == c->why)
			return &c->findings[i];
	return NULL;
}

static void judge_dates(const struct path_candidate *c, size_t at, struct verdict *v)
{
	char name[CERT_TEXT_MAX];
	cert_text(c->certs[at], name);
	if (c->why == PATH_NOT_YET_VALID && at == 0)
		set_verdict(v, INDICATION_FAILED, "NOT_YET_VALID", "EN 319 102-1 5.2.6",
			    "genTime is before the validity of %s", name);
	else
		set_verdict(v, INDICATION_INDETERMINATE, "OUT_OF_BOUNDS_NO_POE",
			    "EN 319 102-1 5.2.6",
			    "genTime is outside the validity of %s", name);
}

static void judge_defect(const struct path_candidate *c, struct verdict *v)
{
	const struct path_finding *f = decisive(c);
	const char *clause = path_code_clause(c->why);
	size_t at = f != NULL && f->cert >= 0 ? (size_t)f->cert : 0;
	bool detail = f != NULL && f->text[0] != '\0';
	if (c->why == PATH_EXPIRED || c->why == PATH_NOT_YET_VALID)
		judge_dates(c, at, v);
	else
		set_verdict(v, INDICATION_INDETERMINATE,
			    is_no_path(c->why) ? "NO_CERTIFICATE_CHAIN_FOUND"
					       : "CHAIN_CONSTRAINTS_FAILURE",
			    clause != NULL ? clause : "RFC 5280 6.1",
			    "certificate %zu of the path: %s%s%s", at + 1,
			    path_code_text(c->why), detail ? ": " : "",
			    detail ? f->text : "");
}

/* ---- the signer as a time-stamping authority ---- */

/* RFC 3161 2.3: id-kp-timeStamping alone, and critical. */
static bool has_purpose(const struct cert *c)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view cursor = c->eku;
	struct tlv only;
	return cert_is_critical(c, CERT_EXT_EKU) &&
	       tlv_next(&cursor, &only, &ignored) == 0 && cursor.n == 0 &&
	       cert_has_eku(c, OID_TIME_STAMPING);
}

/* Where a key usage is given it is for signatures, and for nothing else. */
static bool has_usage(const struct cert *c)
{
	const uint16_t signing =
	    KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_NON_REPUDIATION;
	return !cert_has(c, CERT_EXT_KEY_USAGE) ||
	       ((c->key_usage & signing) != 0 && (c->key_usage & ~signing) == 0);
}

static bool judge_purpose(const struct cert *signer, struct verdict *v)
{
	const char *what = !has_purpose(signer) ? "extended key usage"
			   : !has_usage(signer) ? "key usage"
						: NULL;
	if (what != NULL)
		set_verdict(v, INDICATION_INDETERMINATE, "CHAIN_CONSTRAINTS_FAILURE",
			    "RFC 3161 2.3",
			    "the %s of the TSA's certificate is not that of a "
			    "time-stamping authority",
			    what);
	return what == NULL;
}

/* ---- revocation along the path ---- */

static int64_t whole_second(int64_t t_ms)
{
	return t_ms - ((t_ms % 1000) + 1000) % 1000;
}

/* From when on the certificate is not good: RFC 5280 5.3.2. */
static int64_t revoked_from(const struct path_cert_revocation *s)
{
	if (s->invalidity_ms != INT64_MIN && s->invalidity_ms < s->revoked_ms)
		return s->invalidity_ms;
	return s->revoked_ms;
}

/* Reasons after which earlier signatures stay good: RFC 3161 4, item 1. */
static bool is_harmless(int reason)
{
	switch (reason) {
	case 0: /* unspecified */
	case 3: /* affiliationChanged */
	case 4: /* superseded */
	case 5: /* cessationOfOperation */
		return true;
	default:
		return false;
	}
}

/* Revocation of the signer; false when the token is not touched by it. */
static bool judge_revoked_signer(const struct judge *j, struct verdict *v)
{
	const struct path_cert_revocation *s = &j->status;
	char at[TIME_TEXT_MAX];
	time_rfc3339(revoked_from(s), at);
	if (revoked_from(s) <= j->in->gen_time_ms) {
		set_verdict(
		    v, INDICATION_FAILED, "REVOKED", "EN 319 102-1 5.2.6",
		    "the certificate of the TSA was revoked at %s, before genTime", at);
	} else if (s->reason < 0) {
		set_verdict(
		    v, INDICATION_FAILED, "REVOKED", "RFC 3161 4",
		    "the certificate of the TSA was revoked at %s without a reason: "
		    "none of its tokens is valid",
		    at);
	} else if (!is_harmless(s->reason)) {
		set_verdict(
		    v, INDICATION_INDETERMINATE, "REVOKED_NO_POE", "RFC 3161 4",
		    "the certificate of the TSA was revoked at %s with reason %d: "
		    "only other evidence proves that the token is older",
		    at, s->reason);
	} else {
		return false;
	}
	return true;
}

static bool judge_revoked_ca(const struct judge *j, const struct cert *ca,
			     struct verdict *v)
{
	char at[TIME_TEXT_MAX], name[CERT_TEXT_MAX];
	if (revoked_from(&j->status) > j->in->gen_time_ms &&
	    is_harmless(j->status.reason))
		return false;
	time_rfc3339(revoked_from(&j->status), at);
	cert_text(ca, name);
	set_verdict(v, INDICATION_INDETERMINATE, "REVOKED_CA_NO_POE",
		    "EN 319 102-1 5.2.6", "the CA %.160s was revoked at %s", name, at);
	return true;
}

/* The age of a good status; whether it is as new as the token. */
static bool take_age(const struct judge *j, struct verdict *v)
{
	if (j->status.source == PATH_SOURCE_EXEMPT)
		return true;
	if (j->status.this_ms < whole_second(j->in->gen_time_ms))
		return false;
	int64_t age = j->status.this_ms - j->in->gen_time_ms;
	if (v->status_age_ms == INT64_MIN || age < v->status_age_ms)
		v->status_age_ms = age;
	return true;
}

/*
 * The status of one certificate of the path. True when it settles the verdict;
 * *ret_missing when none issued since genTime is at hand.
 */
static bool judge_status(const struct judge *j, const struct path_candidate *c,
			 size_t i, bool *ret_missing, struct verdict *v)
{
	char name[CERT_TEXT_MAX];
	*ret_missing = false;
	switch (j->status.status) {
	case PATH_STATUS_ON_HOLD:
		cert_text(c->certs[i], name);
		set_verdict(v, INDICATION_INDETERMINATE, "TRY_LATER",
			    "EN 319 102-1 5.2.6", "%s is on hold", name);
		return true;
	case PATH_STATUS_REVOKED:
		return i == 0 ? judge_revoked_signer(j, v)
			      : judge_revoked_ca(j, c->certs[i], v);
	case PATH_STATUS_GOOD:
		*ret_missing = !take_age(j, v);
		break;
	case PATH_STATUS_UNKNOWN:
		*ret_missing = true;
		break;
	}
	return false;
}

static void judge_weak(const struct judge *j, const char *name, struct verdict *v)
{
	char until[TIME_TEXT_MAX] = "at no time";
	if (j->weak.until_ms != INT64_MIN)
		time_rfc3339(j->weak.until_ms, until);
	set_verdict(v, INDICATION_INDETERMINATE, "CRYPTO_CONSTRAINTS_FAILURE_NO_POE",
		    "EN 319 102-1 5.2.8.4.3",
		    "the status of %.120s rests on %s, which is good until %s, and is "
		    "not proven to be as old",
		    name, j->weak.what, until);
	memcpy(v->algorithm, j->weak.what, sizeof(v->algorithm));
}

static void judge_missing(const struct judge *j, const struct cert *c,
			  struct verdict *v)
{
	char at[TIME_TEXT_MAX], name[CERT_TEXT_MAX];
	time_rfc3339(j->in->gen_time_ms, at);
	cert_text(c, name);
	if (j->has_weak)
		judge_weak(j, name, v);
	else
		set_verdict(v, INDICATION_INDETERMINATE, "TRY_LATER",
			    "EN 319 102-1 5.2.5",
			    "no revocation status of %.160s issued since %s", name, at);
	v->missing = true;
}

/* Status counts from the second of genTime on, whatever its own end. */
static int64_t status_age_max(const struct judge *j)
{
	int64_t age = j->proof_ms - whole_second(j->in->gen_time_ms) + 1;
	if (!j->in->need_revocation)
		return ANY_AGE_MS;
	return age > 0 ? age : 1;
}

static int64_t proven_ms(void *arg, const uint8_t sha256[32])
{
	const struct judge *j = arg;
	return j->in->proven_ms != NULL
		   ? j->in->proven_ms(j->in->proven_arg, sha256)
		   : j->path.known_ms;
}

/* in_time: by good words alone that were proven before the end of their algorithm. */
static int ask(struct judge *j, struct path_candidate *c, size_t i, bool in_time,
	       struct ltps_error *err)
{
	struct path_input path = j->path;
	const struct revocation_query q = {
		.path = c,
		.index = i,
		.time_ms = j->proof_ms,
		.known_ms = j->path.known_ms,
		.max_age_ms = status_age_max(j),
		.arg = j,
		.issuer_validity_at_issuance = true,
		.strong_when_issued = in_time,
		.proven_ms = in_time ? proven_ms : NULL,
		.record_needs = j->in->want_needs,
	};
	/* Of the path itself the caller judges them. */
	path.algorithms = in_time ? j->in->algorithms : NULL;
	j->run.in = &path;
	int rc = revocation_judge(&j->run, &q, &c->revocation[i], err);
	j->run.in = &j->path;
	return rc;
}

static int is_weak(struct judge *j, const struct path_candidate *c, size_t i, bool *ret,
		   struct ltps_error *err)
{
	const struct revocation_strength s = { j->in->algorithms, proven_ms, j };
	struct algorithm_verdict why;
	bool strong = true;
	if (c->revocation[i].status == PATH_STATUS_GOOD && j->in->algorithms != NULL &&
	    revocation_is_strong(c, i, &s, &strong, &why, err) != 0)
		return -1;
	*ret = !strong;
	if (!strong && !j->has_weak) {
		j->has_weak = true;
		j->weak = why;
	}
	return 0;
}

/* Where the latest good word could have been made by anybody, an older one may serve;
 * a revocation counts before. */
static int ask_strong(struct judge *j, struct path_candidate *c, size_t i,
		      struct ltps_error *err)
{
	bool weak = false;
	if (ask(j, c, i, false, err) != 0 || is_weak(j, c, i, &weak, err) != 0)
		return -1;
	if (!weak)
		return 0;
	if (ask(j, c, i, true, err) != 0 || is_weak(j, c, i, &weak, err) != 0)
		return -1;
	if (weak)
		c->revocation[i].status = PATH_STATUS_UNKNOWN;
	return 0;
}

/* From the anchor down: what a CA says about those below counts as far as its own
 * status goes. */
static int ask_all(struct judge *j, struct path_candidate *c, struct ltps_error *err)
{
	j->has_weak = false;
	for (size_t i = c->n_certs - 1; i-- > 0;) {
		if (ask_strong(j, c, i, err) != 0)
			return -1;
	}
	return 0;
}

/* A revocation outweighs a missing status, and the signer's those of its CAs. */
static void weigh_all(struct judge *j, const struct path_candidate *c,
		      struct verdict *v)
{
	size_t first_missing = c->n_certs;
	for (size_t i = 0; i + 1 < c->n_certs; i++) {
		bool missing;
		j->status = c->revocation[i];
		if (judge_status(j, c, i, &missing, v))
			return;
		if (missing && first_missing == c->n_certs)
			first_missing = i;
	}
	if (first_missing < c->n_certs && j->in->need_revocation)
		judge_missing(j, c->certs[first_missing], v);
}

/* Every certificate below the anchor. */
static int judge_revocation(struct judge *j, struct path_candidate *c,
			    struct verdict *v, struct ltps_error *err)
{
	const size_t n = c->n_certs - 1;
	if (n == 0)
		return 0;
	if (revocation_room(c, err) != 0)
		return -1;
	int rc = ask_all(j, c, err);
	if (rc == 0)
		weigh_all(j, c, v);
	mem_free(c->revocation);
	c->revocation = NULL;
	return rc;
}

/* ---- the end of trust ---- */

/* EN 319 102-1 5.2.6.4 step 3: what is proven only at the sunset, or after, has no
 * anchor. */
static bool judge_sunset(const struct judge *j, const struct path_candidate *c,
			 struct verdict *v)
{
	char at[TIME_TEXT_MAX], name[CERT_TEXT_MAX];
	const struct cert *anchor = c->certs[c->n_certs - 1];
	const int64_t sunset_ms = material_sunset_of(j->in->material, anchor);
	if (j->in->time_ms < sunset_ms)
		return true;
	time_rfc3339(sunset_ms, at);
	cert_text(anchor, name);
	set_verdict(
	    v, INDICATION_INDETERMINATE, "NO_CERTIFICATE_CHAIN_FOUND_NO_POE",
	    "EN 319 102-1 5.2.6.4",
	    "the anchor %.120s is trusted until %s only, and nothing proves the "
	    "token before",
	    name, at);
	return false;
}

/* ---- putting it together ---- */

static int judge_candidate(struct judge *j, struct path_candidate *c, struct verdict *v,
			   struct ltps_error *err)
{
	if (chain_check(&j->run, CHAIN_TIME_ALL, true, c, err) != 0)
		return -1;
	if (c->status != PATH_VALID)
		judge_defect(c, v);
	else if (judge_purpose(c->certs[0], v) && judge_sunset(j, c, v))
		return judge_revocation(j, c, v, err);
	return 0;
}

/* The search ends with a path that passes; and with a revoked signer, whom no
 * other path makes good. */
static int visit(void *arg, struct path_candidate *c, bool *ret_stop,
		 struct ltps_error *err)
{
	struct judge *j = arg;
	struct verdict v = { .indication = INDICATION_PASSED,
			     .status_age_ms = INT64_MIN,
			     .n_certs = c->n_certs };
	memcpy(v.certs, c->certs, sizeof(v.certs));
	if (judge_candidate(j, c, &v, err) != 0)
		return -1;
	bool revoked =
	    v.subindication != NULL && (strcmp(v.subindication, "REVOKED") == 0 ||
					strcmp(v.subindication, "REVOKED_NO_POE") == 0);
	if (revoked)
		j->has_kept = false;
	keep(j, &v);
	*ret_stop = revoked || v.indication == INDICATION_PASSED;
	return 0;
}

static void keep_no_path(struct judge *j, enum path_code why, const char *text)
{
	struct verdict v = { .status_age_ms = INT64_MIN,
			     .certs[0] = j->path.target,
			     .n_certs = 1 };
	const char *clause = path_code_clause(why);
	set_verdict(&v, INDICATION_INDETERMINATE, "NO_CERTIFICATE_CHAIN_FOUND",
		    clause != NULL ? clause : "EN 319 102-1 5.2.6",
		    "no path to an anchor: %s%s%s", path_code_text(why),
		    text[0] != '\0' ? ": " : "", text);
	keep(j, &v);
}

static int copy_path(const struct verdict *v, struct tsa_path_result *r,
		     struct ltps_error *err)
{
	size_t ends[TSA_PATH_DEPTH_MAX], begin = 0;
	size_t n = v->n_certs < TSA_PATH_DEPTH_MAX ? v->n_certs : TSA_PATH_DEPTH_MAX;
	r->owned = buf_make(RESULT_BYTES_MAX);
	for (size_t i = 0; i < n; i++) {
		if (buf_put(&r->owned, v->certs[i]->der, err) != 0)
			return -1;
		ends[i] = r->owned.n;
	}
	for (size_t i = 0; i < n; i++) {
		r->chain[i] = view_of(r->owned.p + begin, ends[i] - begin);
		begin = ends[i];
	}
	r->n_chain = n;
	return 0;
}

static int make_result(const struct verdict *v, struct tsa_path_result *ret,
		       struct ltps_error *err)
{
	struct tsa_path_result r = { .indication = v->indication,
				     .subindication = v->subindication,
				     .clause = v->clause,
				     .status_age_ms = v->status_age_ms };
	memcpy(r.text, v->text, sizeof(r.text));
	memcpy(r.algorithm, v->algorithm, sizeof(r.algorithm));
	if (copy_path(v, &r, err) != 0) {
		tsa_path_result_clear(&r);
		return -1;
	}
	*ret = r;
	return 0;
}

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

static void set_up(struct judge *j, const struct cert *signer)
{
	const struct tsa_path_input *in = j->in;
	int64_t now_ms = in->now_ms > in->time_ms ? in->now_ms : in->time_ms;
	j->path = (struct path_input){
		.target = signer,
		.pools[0] = in->material,
		.n_pools = 1,
		/* RFC 5280 4.1.2.5: both ends belong to the validity, as seconds. */
		.time_ms = whole_second(in->gen_time_ms),
		.known_ms = now_ms,
		.exempt_short_term = true,
		.budget.depth = TSA_PATH_DEPTH_MAX - 2,
		.cache = in->cache,
	};
	if (in->budget != NULL) {
		j->path.budget.signatures =
		    smaller(in->budget->signatures, PATH_SIGNATURES_DEFAULT);
		j->path.budget.steps = smaller(in->budget->steps, PATH_STEPS_DEFAULT);
	}
	/* Without a proof of existence all that is known now counts. */
	j->proof_ms = now_ms > in->time_ms ? in->time_ms : j->path.known_ms;
}

static void spend(const struct judge *j)
{
	struct tsa_path_budget *b = j->in->budget;
	if (b == NULL)
		return;
	b->signatures -=
	    j->run.signatures < b->signatures ? j->run.signatures : b->signatures;
	b->steps -= j->run.steps < b->steps ? j->run.steps : b->steps;
}

static int judge_signer(struct judge *j, struct ltps_error *err)
{
	const struct path_search_options o = { .target = j->path.target,
					       .time_ms = j->path.time_ms,
					       .need_issuers = j->in->want_needs };
	struct path_search_end end = { 0 };
	const struct tsa_path_budget *b = j->in->budget;
	/* 0 would be the default of one judgement. */
	if (b != NULL && (b->signatures == 0 || b->steps == 0)) {
		keep_no_path(j, PATH_BUDGET, "");
		return 0;
	}
	if (path_run_init(&j->run, &j->path, err) != 0 ||
	    path_search(&j->run, &o, visit, j, &end, err) != 0)
		return -1;
	if (!end.found)
		keep_no_path(j, end.why, end.text);
	spend(j);
	return 0;
}

/* Decoded as it stands in the material, or afresh; *ret_cert NULL when it does not
 * decode as strictly as we do: then *bad says why. */
static int decode_signer(const struct tsa_path_input *in, struct cert **ret_cert,
			 struct ltps_error *bad, struct ltps_error *err)
{
	unsigned char *der = NULL;
	int n = i2d_X509(in->signer, &der);
	if (n <= 0)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "certificate of the TSA");
	int rc = cert_parse(view_of(der, (size_t)n), ret_cert, bad);
	OPENSSL_free(der);
	if (rc == 0 || bad->code == LTPS_FORMAT || bad->code == LTPS_TOO_LARGE)
		return 0;
	*err = *bad;
	return -1;
}

static int undecodable(const struct ltps_error *bad, struct tsa_path_result *ret,
		       struct ltps_error *err)
{
	struct verdict v = { .status_age_ms = INT64_MIN };
	set_verdict(&v, INDICATION_INDETERMINATE, "NO_CERTIFICATE_CHAIN_FOUND",
		    bad->clause != NULL ? bad->clause : "RFC 5280 4.1",
		    "the certificate of the TSA: %s", bad->text);
	return make_result(&v, ret, err);
}

int tsa_path_judge(const struct tsa_path_input *in, struct tsa_path_result *ret,
		   struct ltps_error *err)
{
	struct judge j = { .in = in };
	struct cert *signer = NULL;
	struct ltps_error bad = LTPS_ERROR_INIT;
	int rc = -1;
	if (decode_signer(in, &signer, &bad, err) != 0)
		goto out;
	if (signer == NULL) {
		rc = undecodable(&bad, ret, err);
		goto out;
	}
	set_up(&j, signer);
	if (judge_signer(&j, err) != 0)
		goto out;
	rc = make_result(&j.kept, ret, err);
	if (rc == 0) {
		ret->needs = j.run.needs;
		ret->n_needs = j.run.n_needs;
		j.run.needs = NULL;
		j.run.n_needs = 0;
	}
out:
	path_run_clear(&j.run);
	cert_free(signer);
	return rc;
}

/* --- the gate of a TSP client --- */

int tsa_path_gate(const void *arg, const struct tst *tst, X509 *signer,
		  int64_t received_ms, struct ltps_error *err)
{
	struct material *m = NULL;
	struct tsa_path_result result = { 0 };
	int rc = -1;
	if (material_new(&m, err) != 0 || material_add_all(m, arg, err) != 0 ||
	    material_add_cms(m, tst->cms, err) != 0)
		goto out;
	struct tsa_path_input in = {
		.signer = signer,
		.material = m,
		.gen_time_ms = tst->gen_time_ms,
		.time_ms =
		    received_ms > tst->gen_time_ms ? received_ms : tst->gen_time_ms,
	};
	rc = tsa_path_judge(&in, &result, err);
	if (rc == 0 && result.indication != INDICATION_PASSED)
		rc = ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, result.clause,
			       "%s: %s", result.subindication, result.text);
out:
	tsa_path_result_clear(&result);
	material_free(m);
	return rc;
}
