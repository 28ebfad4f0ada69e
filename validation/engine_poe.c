/* SPDX-License-Identifier: Apache-2.0 */
/* engine_poe - proofs of existence out of what passed, EN 319 102-1 5.6.2.3. */
#include "validation/engine_private.h"

bool engine_digest_reliable(const struct engine *e, enum digest_alg alg,
			    int64_t time_ms)
{
	const struct validation_policy *p = e->in->policy;
	const struct constraint_rule *rule =
	    validation_policy_rule(p, CONTEXT_TIME_STAMP, CONSTRAINT_CRYPTO);
	/* One that we cannot compute matched nothing. */
	if (digest_len(alg) == 0)
		return false;
	return rule->level != CONSTRAINT_FAIL ||
	       algorithm_policy_digest_at(&p->algorithms, alg, time_ms);
}

bool engine_stamp_fits(const struct engine *e, size_t stamp)
{
	const struct document_stamp *s = &e->in->document->stamps[stamp];
	const struct constraint_rule *rule = validation_policy_rule(
	    e->in->policy, CONTEXT_TIME_STAMP, CONSTRAINT_HASH_INDEX);
	if (s->imprint != MATCH_YES)
		return false;
	return !s->is_archive_v3 || s->index == MATCH_YES ||
	       rule->level != CONSTRAINT_FAIL;
}

/*
 * A digest of an object proves nothing about the object once somebody may have found
 * another one with the same digest: the object must be known from a time at which
 * that was still out of reach.
 */
static bool reference_serves(const struct engine *e, const struct document_cover *c)
{
	int64_t known_ms = poe_earliest(e->poes, c->sha256);
	return known_ms != INT64_MAX && engine_digest_reliable(e, c->by, known_ms);
}

int engine_proofs(struct engine *e, const struct document_cover *covers, size_t n,
		  int64_t time_ms, const char *by, struct ltps_error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (covers[i].by != DIGEST_NONE && !reference_serves(e, &covers[i]))
			continue;
		if (poe_add_by(e->poes, covers[i].sha256, time_ms, by, err) != 0)
			return -1;
	}
	return 0;
}
