/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path_search - candidate paths from a certificate to the anchors, best first,
 * with backtracking. Private to the room.
 */
#ifndef LTPS_VALIDATION_PATH_SEARCH_H
#define LTPS_VALIDATION_PATH_SEARCH_H

#include <string.h>

#include "validation/chain.h"

/* The shared part of one judgement: budgets unspent, an own signature cache when the
 * input has none. Clear it in any case. Fails: NOMEM */
int path_run_init(struct path_run *run, const struct path_input *in,
		  struct ltps_error *err) LTPS_CHECKED;
void path_run_clear(struct path_run *run);
void path_needs_free(struct need *needs, size_t n);

/*
 * Called with each complete path (c->certs, n_certs; nothing else set). Sets
 * *ret_stop to end the search.
 */
typedef int path_visit_fn(void *arg, struct path_candidate *c, bool *ret_stop,
			  struct ltps_error *err);

struct path_search_options {
	const struct cert *target;
	const struct cert *anchor; /* only paths to it; NULL: any of the input */
	int64_t time_ms;           /* for the order of candidates */
	bool need_issuers;         /* record NEED_ISSUER for where chains end */
};

struct path_search_end {
	bool found;         /* some complete path was visited */
	enum path_code why; /* when not: PATH_NO_ISSUER, PATH_NO_ANCHOR, PATH_SIGNATURE,
			       PATH_NAME_CHAINING, PATH_DEPTH, PATH_BUDGET */
	char text[200];
};

/*
 * path_search - names chain, key identifiers decide the order only, no (subject,
 * key) stands twice on a path, signatures are verified on the way where the
 * issuer's key is complete.
 * Spec: RFC 4158 3, RFC 5280 6.1 (prospective path)
 */
int path_search(struct path_run *run, const struct path_search_options *o,
		path_visit_fn *visit, void *arg, struct path_search_end *ret,
		struct ltps_error *err) LTPS_CHECKED;
/* Whether c is one of the input's anchors (by name and key). */
bool path_is_anchor(const struct path_input *in, const struct cert *c);
/* When trust in this anchor of the input ends: INT64_MAX when it does not, in one pool or
 * by the input's own anchors, of which no end is known. */
int64_t path_sunset_of(const struct path_input *in, const struct cert *anchor);
/* The same subject name and key: one entity, whoever certified it. */
bool path_same_entity(const struct cert *a, const struct cert *b);

/* A path of these certificates of which nothing is known yet. Its lists are empty; what
 * is behind their ends, 25 KB of it, is not cleared. */
static inline void path_candidate_begin(struct path_candidate *c,
					const struct cert *const *certs, size_t n)
{
	if (n > 0)
		memmove(c->certs, certs, n * sizeof(certs[0]));
	memset(c->certs + n, 0, (PATH_CERTS_MAX - n) * sizeof(certs[0]));
	c->n_certs = n;
	c->status = PATH_VALID;
	c->why = PATH_OK;
	c->n_findings = 0;
	c->revocation = NULL;
	c->n_policies = 0;
	c->n_authority_policies = 0;
	c->explicit_policy = false;
}

#endif
