/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_graph - which certificate policies are valid on a path: levels of nodes,
 * one node for a policy at a level, so that its size is that of the certificates.
 * Private to the room.
 */
#ifndef LTPS_VALIDATION_POLICY_GRAPH_H
#define LTPS_VALIDATION_POLICY_GRAPH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/err.h"

/* Policies of one certificate. The longest lists seen hold some fifty. */
#define POLICY_LEVEL_MAX 4096
/* Mappings of one certificate: all of 256 policies to all of 256. */
#define POLICY_MAPPINGS_MAX 65536

/* issuerDomainPolicy and subjectDomainPolicy: contents octets of OIDs, borrowed. */
struct policy_mapping {
	struct view from, to;
};

/* 2.5.29.32.0 as contents octets. */
extern const struct view policy_any;
bool policy_is_any(struct view oid);

/* The graph with anyPolicy at depth 0. Fails: NOMEM */
struct policy_graph;
int policy_graph_new(struct policy_graph **ret, struct ltps_error *err) LTPS_CHECKED;
void policy_graph_free(struct policy_graph *g); /* NULL-safe */

/*
 * policy_graph_add - the next depth, out of a certificatePolicies extension.
 * policies   contents octets, borrowed as long as the graph lives; anyPolicy
 *            among them counts when any_counts
 * Fails: TOO_LARGE (object) beyond POLICY_LEVEL_MAX, NOMEM
 * Spec:  RFC 5280 6.1.3 (d) as RFC 9618 states it
 */
int policy_graph_add(struct policy_graph *g, const struct view *policies, size_t n,
		     bool any_counts, struct ltps_error *err) LTPS_CHECKED;
/* No extension: the graph becomes NULL for good. RFC 5280 6.1.3 (e) */
void policy_graph_cut(struct policy_graph *g);
/*
 * policy_graph_map - policyMappings of the certificate that was added last.
 * inhibited  mapped policies are deleted instead (policy_mapping is 0)
 * Fails: TOO_LARGE (object) beyond POLICY_MAPPINGS_MAX, POLICY_LEVEL_MAX, NOMEM
 * Spec:  RFC 5280 6.1.4 (b) as RFC 9618 states it
 */
int policy_graph_map(struct policy_graph *g, const struct policy_mapping *pairs,
		     size_t n, bool inhibited, struct ltps_error *err) LTPS_CHECKED;
bool policy_graph_is_null(const struct policy_graph *g);

/*
 * policy_graph_authority - the authority-constrained policies in the anchor's
 * domain, sorted, without duplicates.
 * Fails: TOO_LARGE (object) beyond max, NOMEM
 * Spec:  RFC 5280 6.1.5 (g) as RFC 9618 states it
 */
int policy_graph_authority(const struct policy_graph *g, struct view *out, size_t max,
			   size_t *ret_n, struct ltps_error *err) LTPS_CHECKED;
/*
 * policy_graph_user - what of them the user's initial policies leave, sorted.
 * initial_any  the user accepts any policy: then out is the authority's set
 */
int policy_graph_user(const struct view *authority, size_t n_authority,
		      bool initial_any, const struct view *initial, size_t n_initial,
		      struct view *out, size_t max, size_t *ret_n,
		      struct ltps_error *err) LTPS_CHECKED;

/* Sorts views and drops duplicates; gives the number left. */
size_t policy_sort(struct view *oids, size_t n);

#endif
