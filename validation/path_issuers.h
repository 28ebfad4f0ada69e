/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path_issuers - who may have issued a certificate: all certificates at hand that
 * bear its issuer's name, in the order in which they are worth a try. Private to
 * the search.
 */
#ifndef LTPS_VALIDATION_PATH_ISSUERS_H
#define LTPS_VALIDATION_PATH_ISSUERS_H

#include "validation/path_search.h"

/* What the signature said about one edge. */
enum path_edge {
	EDGE_UNKNOWN,
	EDGE_SIGNED,
	EDGE_OPEN, /* only the whole path tells: the key inherits its parameters */
	EDGE_UNSUPPORTED, /* we cannot compute it; the judgement of the path says so */
	EDGE_BROKEN,
};

struct path_issuer {
	const struct cert *cert;
	unsigned rank; /* smaller first; among equals the order of the pools */
	uint32_t sequence;
	bool anchor; /* a path ends here */
	/* Nothing about it speaks against: fit candidates are exhausted before the
	 * others are looked at. */
	bool fit;
	bool key_mismatch; /* the key identifiers say that it is another key */
	enum path_edge edge;
	struct path_node *node; /* its own, once surveyed; NULL */
};

struct path_node {
	const struct cert *cert;
	struct path_issuer *issuers; /* sorted */
	size_t n_issuers;
	unsigned distance; /* certificates still to come up to an anchor, at least;
			      PATH_FAR: it cannot be reached */
	bool explained;
	bool reached;            /* from the target by signatures that hold */
	struct path_node *from;  /* from which it was reached */
	struct path_node *next;  /* in its chain of the table */
	struct path_node *later; /* in the order in which they were made */
};
#define PATH_FAR 1000u

struct path_issuers;
int path_issuers_new(struct path_run *run, const struct path_search_options *o,
		     struct path_issuers **ret, struct ltps_error *err) LTPS_CHECKED;
void path_issuers_free(struct path_issuers *p);
/*
 * path_issuers_of - the node of a certificate, made at the first call. Each
 * candidate costs a step.
 * ret_node  borrowed; NULL when the budget is spent
 * Fails:    NOMEM
 */
int path_issuers_of(struct path_issuers *p, const struct cert *c,
		    struct path_node **ret_node, struct ltps_error *err) LTPS_CHECKED;
/* Whether this very certificate ends a path. One with an anchor's name and key that
 * was certified otherwise is an ordinary candidate beside it. */
bool path_issuers_end_at(const struct path_issuers *p, const struct cert *c);
/* All nodes so far, the oldest first, linked by `later`. */
struct path_node *path_issuers_nodes(struct path_issuers *p);

#endif
