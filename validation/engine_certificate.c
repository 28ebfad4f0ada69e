/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_certificate - the signing certificate under the policy, EN 319 102-1 5.2.6:
 * cert_validate() with the policy's constraints, and what it missed for the report.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "validation/engine_private.h"
#include "validation/past_private.h"
#include "validation/qc.h"

#define OID_ANY_POLICY "2.5.29.32.0"
#define OID_ANY_EXTENDED_KEY_USAGE "2.5.29.37.0"
#define OID_TIME_STAMPING "1.3.6.1.5.5.7.3.8"

/* One run of 5.2.6. */
struct certifying {
	struct engine *e;
	const struct engine_ledger *ledger;
	const struct cert **anchors; /* owned: of stamp_anchors */
	int64_t *sunsets;            /* owned: theirs */
	struct cert_validation_input in;
	unsigned n_applied; /* chains whose X.509 constraints were asked for */
};

/* ---- X.509 constraints: each says whether it holds ---- */

/* "digitalSignature+nonRepudiation": all of them; 0 for what is none. */
static uint16_t usage_bits(const char *alternative)
{
	struct view rest = view_text(alternative);
	uint16_t bits = 0;
	while (rest.n > 0) {
		size_t n = 0;
		while (n < rest.n && rest.p[n] != '+')
			n++;
		uint16_t bit = cert_key_usage_bit(view_head(rest, n));
		if (bit == 0)
			return 0;
		bits |= bit;
		rest = view_skip(rest, n + 1);
	}
	return bits;
}

/* RFC 3161 2.3 has no word about it; a key that signs time-stamps does nothing else. */
static bool signs_only(const struct cert *c)
{
	const uint16_t signing =
	    KEY_USAGE_DIGITAL_SIGNATURE | KEY_USAGE_NON_REPUDIATION;
	return (c->key_usage & signing) != 0 && (c->key_usage & ~signing) == 0;
}

static bool key_usage_holds(const struct certifying *k,
			    const struct constraint_rule *rule,
			    const struct path_candidate *path)
{
	const struct cert *c = path->certs[0];
	if (!cert_has(c, CERT_EXT_KEY_USAGE))
		return true;
	if (rule->n_values == 0)
		return k->ledger->context != CONTEXT_TIME_STAMP || signs_only(c);
	for (size_t i = 0; i < rule->n_values; i++) {
		uint16_t bits = usage_bits(rule->values[i]);
		if (bits != 0 && (c->key_usage & bits) == bits)
			return true;
	}
	return false;
}

static bool extended_usage_holds(const struct certifying *k,
				 const struct constraint_rule *rule,
				 const struct path_candidate *path)
{
	const struct cert *c = path->certs[0];
	(void)k;
	if (!cert_has(c, CERT_EXT_EKU) || cert_has_eku(c, OID_ANY_EXTENDED_KEY_USAGE))
		return true;
	for (size_t i = 0; i < rule->n_values; i++)
		if (!cert_has_eku(c, rule->values[i]))
			return false;
	return true;
}

/* RFC 3161 2.3: id-kp-timeStamping alone, and critical. */
static bool tsa_usage_holds(const struct certifying *k,
			    const struct constraint_rule *rule,
			    const struct path_candidate *path)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	const struct cert *c = path->certs[0];
	struct view cursor = c->eku;
	struct tlv only;
	(void)k;
	(void)rule;
	return cert_is_critical(c, CERT_EXT_EKU) &&
	       tlv_next(&cursor, &only, &ignored) == 0 && cursor.n == 0 &&
	       cert_has_eku(c, OID_TIME_STAMPING);
}

/* Of the path's policies, any; RFC 5280 6.1.6. */
static bool policy_holds(const struct certifying *k, const struct constraint_rule *rule,
			 const struct path_candidate *path)
{
	char oid[OID_TEXT_MAX];
	(void)k;
	if (rule->n_values == 0)
		return path->n_policies > 0;
	for (size_t i = 0; i < path->n_policies; i++) {
		oid_text(path->policies[i], oid);
		if (strcmp(oid, OID_ANY_POLICY) == 0 || engine_allows(rule, oid))
			return true;
	}
	return false;
}

static bool compliance_holds(const struct certifying *k,
			     const struct constraint_rule *rule,
			     const struct path_candidate *path)
{
	struct qc_statements qc;
	(void)k;
	(void)rule;
	qc_read(path->certs[0], &qc);
	return qc.present && !qc.malformed && qc.compliance;
}

static bool sscd_holds(const struct certifying *k, const struct constraint_rule *rule,
		       const struct path_candidate *path)
{
	struct qc_statements qc;
	(void)k;
	(void)rule;
	qc_read(path->certs[0], &qc);
	return qc.present && !qc.malformed && qc.sscd;
}

/* EN 319 412-5 4.2.3: a compliant certificate without a type is for signatures. */
static bool type_holds(const struct certifying *k, const struct constraint_rule *rule,
		       const struct path_candidate *path)
{
	struct qc_statements qc;
	(void)k;
	qc_read(path->certs[0], &qc);
	if (!qc.present || qc.malformed)
		return false;
	bool none = !qc.type_esign && !qc.type_eseal && !qc.type_web;
	if (rule->n_values == 0)
		return !none || qc.compliance;
	return ((qc.type_esign || (none && qc.compliance)) &&
		engine_allows(rule, "esign")) ||
	       (qc.type_eseal && engine_allows(rule, "eseal")) ||
	       (qc.type_web && engine_allows(rule, "web"));
}

static bool not_self_signed_holds(const struct certifying *k,
				  const struct constraint_rule *rule,
				  const struct path_candidate *path)
{
	(void)k;
	(void)rule;
	return !path->certs[0]->self_issued;
}

static const struct {
	enum constraint constraint;
	bool (*holds)(const struct certifying *k, const struct constraint_rule *rule,
		      const struct path_candidate *path);
	const char *failure;
} checks[] = {
	{ CONSTRAINT_KEY_USAGE, key_usage_holds,
	  "the key usage of the signing certificate is another" },
	{ CONSTRAINT_EXTENDED_KEY_USAGE, extended_usage_holds,
	  "the extended key usage of the signing certificate is another" },
	{ CONSTRAINT_TSA_EXTENDED_KEY_USAGE, tsa_usage_holds,
	  "the extended key usage of the TSA's certificate is not time-stamping alone, "
	  "critical" },
	{ CONSTRAINT_CERTIFICATE_POLICY, policy_holds,
	  "the path is not valid for a certificate policy that is asked for" },
	{ CONSTRAINT_QC_COMPLIANCE, compliance_holds,
	  "the signing certificate does not say that it is qualified" },
	{ CONSTRAINT_QC_SSCD, sscd_holds,
	  "the signing certificate does not say that its key is in a qualified "
	  "device" },
	{ CONSTRAINT_QC_TYPE, type_holds,
	  "the signing certificate is qualified for another purpose" },
	{ CONSTRAINT_NOT_SELF_SIGNED, not_self_signed_holds,
	  "the signing certificate is self-signed" },
};

/* Step 5; the first that fails is the outcome, all are written down. */
static int apply_constraints(void *arg, const struct path_candidate *c,
			     struct cert_constraint *ret, struct ltps_error *err)
{
	struct certifying *k = arg;
	k->n_applied++;
	for (size_t i = 0; i < sizeof(checks) / sizeof(checks[0]); i++) {
		enum constraint what = checks[i].constraint;
		const struct constraint_rule *rule = engine_rule(k->e, k->ledger, what);
		bool fails, holds = true;
		if (!constraint_applies(what, k->ledger->context))
			continue;
		holds = rule->level == CONSTRAINT_IGNORE || checks[i].holds(k, rule, c);
		if (engine_constrain(k->e, k->ledger, what, holds, &fails, err, "%s",
				     holds ? "" : checks[i].failure) != 0)
			return -1;
		if (!fails || ret->fails)
			continue;
		ret->fails = true;
		ret->constraint = what;
		snprintf(ret->text, sizeof(ret->text), "%s", checks[i].failure);
	}
	return 0;
}

/* ---- the input ---- */

static int take_anchors(struct certifying *k, struct ltps_error *err)
{
	const struct engine_input *in = k->e->in;
	const struct material *m = in->stamp_anchors;
	if (k->ledger->context != CONTEXT_TIME_STAMP || m == NULL) {
		k->in.path.anchors = in->anchors;
		k->in.path.n_anchors = in->n_anchors;
		k->in.anchor_sunset_ms =
		    in->anchors != NULL ? in->anchor_sunset_ms : NULL;
		return 0;
	}
	size_t n = material_count(m, MATERIAL_ANCHOR);
	/* Not NULL even when there are none: then nothing is trusted. */
	k->anchors = mem_zalloc(n + 1, sizeof(*k->anchors));
	k->sunsets = mem_zalloc(n + 1, sizeof(*k->sunsets));
	if (k->anchors == NULL || k->sunsets == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++) {
		const int64_t sunset_ms = material_sunset(m, i);
		k->anchors[i] = material_cert(m, MATERIAL_ANCHOR, i);
		k->sunsets[i] = sunset_ms != INT64_MAX ? sunset_ms : 0;
	}
	k->in.path.anchors = k->anchors;
	k->in.path.n_anchors = n;
	k->in.anchor_sunset_ms = k->sunsets;
	return 0;
}

/* A path_input without anchors of its own takes those of the pools: where there are to
 * be none, pools that have some are left out. */
static void take_pool(struct path_input *path, const struct material *m)
{
	bool none = path->anchors != NULL && path->n_anchors == 0;
	if (m == NULL || path->n_pools == PATH_POOLS_MAX ||
	    (none && material_count(m, MATERIAL_ANCHOR) > 0))
		return;
	path->pools[path->n_pools++] = m;
}

/* The document's own material goes first. */
static void take_pools(struct certifying *k)
{
	const struct engine_input *in = k->e->in;
	take_pool(&k->in.path, in->document->material);
	for (size_t i = 0; i < in->n_pools; i++)
		take_pool(&k->in.path, in->pools[i]);
}

static enum constraint_level level_of(const struct certifying *k, enum constraint c)
{
	return engine_rule(k->e, k->ledger, c)->level;
}

static int prepare(struct certifying *k, const struct basic *b, int64_t time_ms,
		   bool past, struct ltps_error *err)
{
	const struct engine_input *in = k->e->in;
	struct path_input *path = &k->in.path;
	if (take_anchors(k, err) != 0)
		return -1;
	take_pools(k);
	validation_policy_apply(in->policy, path);
	path->target = b->signer;
	path->time_ms = time_ms;
	path->budget = in->budget;
	path->cache = k->e->cache;
	path->no_revocation = level_of(k, CONSTRAINT_REVOCATION) == CONSTRAINT_IGNORE;
	if (level_of(k, CONSTRAINT_CRYPTO) != CONSTRAINT_FAIL)
		path->algorithms = NULL;
	k->in.anchor_as_signer_passes = in->policy->anchor_as_signer_passes;
	k->in.only =
	    b->same_chain && b->certificate != NULL ? &b->certificate->chain : NULL;
	k->in.poes = past ? k->e->poes : NULL;
	k->in.constraints = apply_constraints;
	k->in.constraints_arg = k;
	return 0;
}

/* ---- what was missing ---- */

static int collect_needs(struct engine *e, const struct cert_validation_result *r,
			 struct ltps_error *err)
{
	for (size_t i = 0; i < r->n_needs; i++)
		if (engine_need(e, &r->needs[i], err) != 0)
			return -1;
	return 0;
}

/* ---- checks that may be told only ---- */

static bool is_for_want_of_status(const struct cert_validation_result *r)
{
	return r->why == PATH_REVOCATION_UNKNOWN || r->why == PATH_REVOCATION_STALE;
}

static int run(struct certifying *k, bool past, struct cert_validation_result **ret,
	       struct ltps_error *err)
{
	return past ? cert_validate_past(&k->in, ret, err)
		    : cert_validate(&k->in, ret, err);
}

/* A status that is not at hand, where the policy only wants to be told: once more
 * without. What is at hand and bad counts all the same, on each chain. */
static int run_lowered(struct certifying *k, bool past,
		       struct cert_validation_result **ret, struct ltps_error *err)
{
	if (run(k, past, ret, err) != 0)
		return -1;
	if (!is_for_want_of_status(*ret) ||
	    level_of(k, CONSTRAINT_REVOCATION) == CONSTRAINT_FAIL)
		return 0;
	if (collect_needs(k->e, *ret, err) != 0)
		return -1;
	cert_validation_free(*ret);
	*ret = NULL;
	k->in.status_optional = true;
	return run(k, past, ret, err);
}

static int write_status(struct certifying *k, const struct cert_validation_result *r,
			struct ltps_error *err)
{
	bool fails, wanted = is_for_want_of_status(r) || k->in.status_optional;
	if (r->chain.n_certs < 2)
		return 0;
	return engine_constrain(k->e, k->ledger, CONSTRAINT_REVOCATION, !wanted, &fails,
				err, "%s",
				wanted ? "a status is missing or too old" : "");
}

/* Weak algorithms of the path, where the policy only wants to be told. */
static int note_algorithms(struct certifying *k, const struct path_candidate *c,
			   struct ltps_error *err)
{
	enum constraint_level level = level_of(k, CONSTRAINT_CRYPTO);
	if (level != CONSTRAINT_WARN && level != CONSTRAINT_INFORM)
		return 0;
	for (size_t i = 0; i + 1 < c->n_certs; i++) {
		const struct path_cert_revocation *r =
		    c->revocation != NULL ? &c->revocation[i] : NULL;
		struct past_weakest w;
		if (past_weakest(&k->e->in->policy->algorithms, c, i, r, &w, err) != 0)
			return -1;
		if (w.until_ms < k->in.path.time_ms &&
		    engine_find(k->e, level, constraint_name(CONSTRAINT_CRYPTO),
				"EN 319 102-1 5.2.6.4", k->ledger->object, err,
				"certificate %zu of the path, or its status, is signed "
				"with %s",
				i + 1, w.algorithm) != 0)
			return -1;
	}
	return 0;
}

/* ---- the certificate of the time-stamp before ---- */

static bool may_be_shared(const struct certifying *k, bool past)
{
	return k->ledger->context == CONTEXT_TIME_STAMP && !past && k->in.only == NULL;
}

/* The same question has the same answer; what the policy makes of it is written down
 * for each. *ret stays NULL when it was another question. */
static int take_last(struct certifying *k, struct cert_validation_result **ret,
		     struct ltps_error *err)
{
	const struct engine *e = k->e;
	struct cert_constraint ignored = { 0 };
	if (e->last_stamp.result == NULL ||
	    e->last_stamp.time_ms != k->in.path.time_ms ||
	    !cert_equal(e->last_stamp.signer, k->in.path.target))
		return 0;
	if (cert_validation_copy(e->last_stamp.result, ret, err) != 0)
		return -1;
	return apply_constraints(k, &(*ret)->chain, &ignored, err);
}

/* One chain only: of others, what the policy found would have to be told again. */
static int keep_last(struct certifying *k, const struct cert_validation_result *r,
		     struct ltps_error *err)
{
	struct engine *e = k->e;
	if (!e->last_stamp.wanted || r->indication != INDICATION_PASSED ||
	    r->n_needs > 0 || k->in.status_optional || k->n_applied != 1)
		return 0;
	cert_validation_free(e->last_stamp.result);
	e->last_stamp.result = NULL;
	e->last_stamp.signer = k->in.path.target;
	e->last_stamp.time_ms = k->in.path.time_ms;
	return cert_validation_copy(r, &e->last_stamp.result, err);
}

static int certify(struct certifying *k, bool past, struct cert_validation_result **ret,
		   struct ltps_error *err)
{
	const bool shared = may_be_shared(k, past);
	if (shared && take_last(k, ret, err) != 0)
		return -1;
	if (*ret != NULL)
		return 0;
	if (run_lowered(k, past, ret, err) != 0)
		return -1;
	return shared ? keep_last(k, *ret, err) : 0;
}

int engine_certificate(struct engine *e, const struct basic *b, int64_t time_ms,
		       bool past, struct cert_validation_result **ret,
		       struct ltps_error *err)
{
	struct certifying k = { .e = e, .ledger = &b->ledger };
	struct cert_validation_result *r = NULL;
	int rc = -1;
	if (prepare(&k, b, time_ms, past, err) != 0 ||
	    certify(&k, past, &r, err) != 0 || write_status(&k, r, err) != 0 ||
	    note_algorithms(&k, &r->chain, err) != 0 || collect_needs(e, r, err) != 0)
		goto out;
	*ret = r;
	r = NULL;
	rc = 0;
out:
	cert_validation_free(r);
	mem_free(k.sunsets);
	mem_free(k.anchors);
	return rc;
}
