/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine_context - EN 319 102-1 5.2.4: the signature policy that the signature names
 * must be one of those that the validation policy takes, and its document the one that
 * was hashed; the suite of algorithms must not be out of date. What such a document
 * asks for is not applied: its rules are of free form.
 */
#include <string.h>

#include "validation/engine_private.h"

bool engine_allows(const struct constraint_rule *rule, const char *value)
{
	for (size_t i = 0; i < rule->n_values; i++)
		if (strcmp(rule->values[i], value) == 0)
			return true;
	return rule->n_values == 0;
}

/* ---- which policy ---- */

static bool is_acceptable(const struct constraint_rule *rule,
			  const struct cades_policy *p)
{
	if (!p->present)
		return engine_allows(rule, "NONE");
	if (engine_allows(rule, "ANY"))
		return true;
	return engine_allows(rule, p->implied ? "IMPLICIT" : p->oid);
}

static int judge_identifier(struct engine *e, struct basic *b, struct ltps_error *err)
{
	const struct cades_policy *p = &b->signature->policy;
	const struct constraint_rule *rule =
	    engine_rule(e, &b->ledger, CONSTRAINT_SIGNATURE_POLICY);
	const char *what = !p->present  ? "no signature policy is named"
			   : p->implied ? "the signature policy is implied"
					: p->oid;
	bool fails;
	if (engine_constrain(e, &b->ledger, CONSTRAINT_SIGNATURE_POLICY,
			     is_acceptable(rule, p), &fails, err, "%s", what) != 0)
		return -1;
	if (!fails)
		return 0;
	b->conclusion =
	    conclusion_of(SUB_POLICY_PROCESSING_ERROR, "EN 319 102-1 5.2.4",
			  "not a signature policy that is accepted: %s", what);
	b->conclusion.constraint = CONSTRAINT_SIGNATURE_POLICY;
	return 0;
}

/* ---- its document ---- */

/* RFC 5126 5.8.1: zero, or left out, when the signer did not know it. */
static bool has_hash(const struct cades_policy *p)
{
	for (size_t i = 0; i < p->hash.n; i++)
		if (p->hash.p[i] != 0)
			return true;
	return false;
}

/* The document as it was hashed: in one piece, or two. */
struct reading {
	const char *name;
	struct view part[2];
};

/*
 * SignaturePolicy ::= SEQUENCE { signPolicyHashAlg, signPolicyInfo, signPolicyHash
 * OPTIONAL }: its hash is over the first two (TS 102 272 6.1), or over the contents of
 * the SEQUENCE (RFC 5126 5.8.1). Any other document is hashed as it is.
 */
static size_t readings_of(struct view document, struct reading out[3])
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct tlv outer, alg, info;
	size_t n = 0;
	out[n++] = (struct reading){ "its octets", { document } };
	if (tlv_only(document, &outer, &ignored) != 0 ||
	    !tlv_is(&outer, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE))
		return n;
	out[n++] = (struct reading){ "its contents", { outer.body } };
	struct view cursor = outer.body;
	if (tlv_next(&cursor, &alg, &ignored) == 0 &&
	    tlv_next(&cursor, &info, &ignored) == 0)
		out[n++] = (struct reading){ "signPolicyHashAlg and signPolicyInfo",
					     { alg.whole, info.whole } };
	return n;
}

static int hash_reading(enum digest_alg alg, const struct reading *r,
			struct digest *ret_d, struct ltps_error *err)
{
	struct digest_ctx *ctx = NULL;
	int rc = -1;
	if (digest_new(alg, &ctx, err) == 0 &&
	    digest_update(ctx, r->part[0], err) == 0 &&
	    digest_update(ctx, r->part[1], err) == 0 &&
	    digest_final(ctx, ret_d, err) == 0)
		rc = 0;
	digest_free(ctx);
	return rc;
}

/* ret_reading  NULL when the document is not the one that was hashed */
static int compare(const struct cades_policy *p, struct view document,
		   const char **ret_reading, struct ltps_error *err)
{
	struct reading readings[3];
	struct digest d;
	size_t n = readings_of(document, readings);
	*ret_reading = NULL;
	if (p->alg == DIGEST_NONE)
		return 0;
	for (size_t i = 0; i < n && *ret_reading == NULL; i++) {
		if (hash_reading(p->alg, &readings[i], &d, err) != 0)
			return -1;
		if (view_equal(p->hash, digest_view(&d)))
			*ret_reading = readings[i].name;
	}
	return 0;
}

static int judge_hash(struct engine *e, struct basic *b, struct ltps_error *err)
{
	const struct cades_policy *p = &b->signature->policy;
	struct view document = p->store.n > 0 ? p->store : e->in->signature_policy;
	const char *reading = NULL;
	bool fails;
	if (document.n > 0 && compare(p, document, &reading, err) != 0)
		return -1;
	if (engine_constrain(
		e, &b->ledger, CONSTRAINT_SIGNATURE_POLICY_HASH, reading != NULL,
		&fails, err, "%s%s",
		reading != NULL ? "the hash is that of the document by "
		: document.n > 0
		    ? "the document of the signature policy has another "
		      "hash"
		    : "the document of the signature policy is not at hand",
		reading != NULL ? reading : "") != 0)
		return -1;
	if (!fails)
		return 0;
	b->conclusion =
	    document.n > 0
		? conclusion_of(SUB_POLICY_PROCESSING_ERROR, "EN 319 102-1 5.2.4",
				"the document of the signature policy %s has another "
				"hash than the signature says",
				p->oid)
		: conclusion_of(
		      SUB_SIGNATURE_POLICY_NOT_AVAILABLE, "EN 319 102-1 5.2.4",
		      "the document of the signature policy %s is not at hand", p->oid);
	b->conclusion.constraint = CONSTRAINT_SIGNATURE_POLICY_HASH;
	return 0;
}

/* ---- the validation policy itself ---- */

/* RFC 5698 6.2: a suite past its NextUpdate is rejected. */
static int judge_suite(struct engine *e, struct basic *b, struct ltps_error *err)
{
	enum constraint_level level;
	if (!validation_policy_outdated(e->in->policy, e->in->time_ms, &level))
		return 0;
	if (level != CONSTRAINT_FAIL)
		return engine_find(e, level, "ALGORITHM_SUITE_OUTDATED", "RFC 5698 6.2",
				   "", err,
				   "the algorithm suite %.100s is past its NextUpdate",
				   e->in->policy->suite_name);
	b->conclusion =
	    conclusion_of(SUB_POLICY_PROCESSING_ERROR, "RFC 5698 6.2",
			  "the algorithm suite %.100s is past its NextUpdate",
			  e->in->policy->suite_name);
	return 0;
}

int engine_context(struct engine *e, struct basic *b, struct ltps_error *err)
{
	const struct cades_policy *p = &b->signature->policy;
	b->conclusion = conclusion_passed();
	if (judge_suite(e, b, err) != 0)
		return -1;
	if (b->conclusion.sub != SUB_NONE || b->ledger.context == CONTEXT_TIME_STAMP)
		return 0;
	if (judge_identifier(e, b, err) != 0)
		return -1;
	if (b->conclusion.sub != SUB_NONE || !p->present || p->implied)
		return 0;
	if (has_hash(p))
		return judge_hash(e, b, err);
	return engine_find(e, CONSTRAINT_INFORM, "SIGNATURE_POLICY_NO_HASH",
			   "RFC 5126 5.8.1", b->ledger.object, err,
			   "the signature policy is named without its hash");
}
