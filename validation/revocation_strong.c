/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revocation_strong - whether the words that a good status rests on could be trusted
 * when they are proven to exist: later anybody could have made them (EN 319 102-1
 * 5.2.8.4.3, 5.4).
 */
#include "validation/revocation.h"
#include "validation/status_signatures.h"

struct weighing {
	const struct revocation_strength *in;
	struct algorithm_verdict *why;
	bool strong;
};

static void weigh(void *arg, const struct status_signature *s)
{
	struct weighing *w = arg;
	const struct revocation_strength *in = w->in;
	const struct algorithm_use use = { s->key, s->algorithm, DIGEST_NONE };
	if (!w->strong)
		return;
	const int64_t proven_ms =
	    s->cert != NULL
		? status_known_since(s->word, s->cert, in->proven_ms, in->arg)
		: in->proven_ms(in->arg, s->sha256);
	w->strong =
	    algorithm_policy_reliable_at(in->algorithms, &use, proven_ms, w->why);
}

int revocation_is_strong(const struct path_candidate *c, size_t i,
			 const struct revocation_strength *in, bool *ret,
			 struct algorithm_verdict *ret_why, struct ltps_error *err)
{
	struct weighing w = { .in = in, .why = ret_why, .strong = true };
	if (status_signatures(c, i, &c->revocation[i], weigh, &w, err) != 0)
		return -1;
	*ret = w.strong;
	return 0;
}
