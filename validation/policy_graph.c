/* SPDX-License-Identifier: Apache-2.0 */
/*
 * policy_graph - RFC 5280 6.1.2 to 6.1.5 with the graph of RFC 9618.
 *
 * A level holds its nodes sorted by policy, and in one array the parents of all of
 * them. Everything is a merge of sorted lists: the work for a certificate is that
 * of sorting its policies and mappings.
 */
#include "validation/policy_graph.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Levels: more certificates than any path has (PATH_CERTS_MAX). */
#define LEVELS_MAX 64

static const uint8_t any_octets[] = { 0x55, 0x1d, 0x20, 0x00 };
const struct view policy_any = { any_octets, sizeof(any_octets) };

struct node {
	struct view policy;
	bool any;
	bool under_any; /* its only parent is anyPolicy */
	bool alive;
	bool reached; /* scratch: has a child */
	bool mapped;  /* expected policies are level.expected[expected ..] */
	size_t expected, n_expected;
	size_t parent, n_parents; /* in level.parents */
};

struct level {
	struct node *nodes;
	size_t n;
	uint32_t *parents; /* indexes into the level above */
	size_t n_parents;
	struct view *expected;
};

struct policy_graph {
	struct level levels[LEVELS_MAX];
	size_t n;
	bool null;
};

/* An expected policy and the node that expects it. */
struct expectation {
	struct view policy;
	uint32_t node;
};

bool policy_is_any(struct view oid)
{
	return view_equal(oid, policy_any);
}

/* Not view_compare(): sorting asks often, and octets of OIDs are no secret. */
static int compare(struct view a, struct view b)
{
	int order = memcmp(a.p, b.p, a.n < b.n ? a.n : b.n);
	return order != 0 ? order : (a.n > b.n) - (a.n < b.n);
}

static int compare_views(const void *a, const void *b)
{
	return compare(*(const struct view *)a, *(const struct view *)b);
}

static int compare_nodes(const void *a, const void *b)
{
	const struct node *x = a, *y = b;
	return compare(x->policy, y->policy);
}

static int compare_mappings(const void *a, const void *b)
{
	const struct policy_mapping *x = a, *y = b;
	int order = compare(x->from, y->from);
	return order != 0 ? order : compare(x->to, y->to);
}

static int compare_expectations(const void *a, const void *b)
{
	const struct expectation *x = a, *y = b;
	int order = compare(x->policy, y->policy);
	return order != 0 ? order : (x->node > y->node) - (x->node < y->node);
}

size_t policy_sort(struct view *oids, size_t n)
{
	size_t kept = 0;
	if (n > 1)
		qsort(oids, n, sizeof(*oids), compare_views);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || compare(oids[kept - 1], oids[i]) != 0)
			oids[kept++] = oids[i];
	}
	return kept;
}

static int too_many(struct ltps_error *err, const char *what, size_t max)
{
	return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, "RFC 9618",
			 "more than %zu %s", max, what);
}

static void level_free(struct level *l)
{
	mem_free(l->nodes);
	mem_free(l->parents);
	mem_free(l->expected);
}

void policy_graph_free(struct policy_graph *g)
{
	if (g == NULL)
		return;
	for (size_t i = 0; i < g->n; i++)
		level_free(&g->levels[i]);
	mem_free(g);
}

int policy_graph_new(struct policy_graph **ret, struct ltps_error *err)
{
	struct policy_graph *g = mem_zalloc(1, sizeof(*g));
	if (g == NULL)
		return ltps_fail_nomem(err);
	g->n = 1;
	g->levels[0].n = 1;
	g->levels[0].nodes = mem_zalloc(1, sizeof(struct node));
	if (g->levels[0].nodes == NULL) {
		policy_graph_free(g);
		return ltps_fail_nomem(err);
	}
	g->levels[0].nodes[0] =
	    (struct node){ .policy = policy_any, .any = true, .alive = true };
	*ret = g;
	return 0;
}

bool policy_graph_is_null(const struct policy_graph *g)
{
	return g->null;
}

void policy_graph_cut(struct policy_graph *g)
{
	g->null = true;
}

/* The living anyPolicy node of a level; SIZE_MAX when there is none. */
static size_t any_of(const struct level *l)
{
	for (size_t i = 0; i < l->n; i++) {
		if (l->nodes[i].any && l->nodes[i].alive)
			return i;
	}
	return SIZE_MAX;
}

/* RFC 5280 6.1.3 (d)(3): nodes above without children go, level by level. */
static void prune(struct policy_graph *g)
{
	for (size_t depth = g->n - 1; depth > 0; depth--) {
		const struct level *below = &g->levels[depth];
		struct level *l = &g->levels[depth - 1];
		for (size_t i = 0; i < l->n; i++)
			l->nodes[i].reached = false;
		for (size_t i = 0; i < below->n; i++) {
			const struct node *child = &below->nodes[i];
			for (size_t k = 0; child->alive && k < child->n_parents; k++)
				l->nodes[below->parents[child->parent + k]].reached =
				    true;
		}
		for (size_t i = 0; i < l->n; i++)
			l->nodes[i].alive = l->nodes[i].alive && l->nodes[i].reached;
	}
	g->null = !g->levels[0].nodes[0].alive;
}

/* ---- the next depth ---- */

/* What the living nodes of a level expect, sorted; free with mem_free(). */
static int expectations(const struct level *l, struct expectation **ret, size_t *ret_n,
			struct ltps_error *err)
{
	size_t n = 0, at = 0;
	for (size_t i = 0; i < l->n; i++)
		n += l->nodes[i].mapped ? l->nodes[i].n_expected : 1;
	struct expectation *all = mem_zalloc(n + 1, sizeof(*all));
	if (all == NULL)
		return ltps_fail_nomem(err);
	for (uint32_t i = 0; i < l->n; i++) {
		const struct node *node = &l->nodes[i];
		if (!node->alive)
			continue;
		if (!node->mapped)
			all[at++] = (struct expectation){ node->policy, i };
		for (size_t k = 0; node->mapped && k < node->n_expected; k++)
			all[at++] =
			    (struct expectation){ l->expected[node->expected + k], i };
	}
	if (at > 1)
		qsort(all, at, sizeof(*all), compare_expectations);
	*ret = all;
	*ret_n = at;
	return 0;
}

/* Everything that one more depth is made from; lists are sorted. */
struct growth {
	struct view *policies; /* without anyPolicy */
	size_t n_policies;
	bool any; /* anyPolicy stands in the extension and counts */
	struct expectation *expected;
	size_t n_expected;
	size_t any_above; /* SIZE_MAX: none */
};

static void put_node(struct level *l, struct view policy)
{
	l->nodes[l->n++] = (struct node){ .policy = policy,
					  .any = policy_is_any(policy),
					  .alive = true,
					  .parent = l->n_parents };
}

/* Expectations of one policy from `at` on become parents; gives how many. */
static size_t put_parents(struct level *l, const struct growth *g, size_t at)
{
	size_t end = at;
	while (end < g->n_expected &&
	       compare(g->expected[end].policy, g->expected[at].policy) == 0)
		l->parents[l->n_parents++] = g->expected[end++].node;
	l->nodes[l->n - 1].n_parents = end - at;
	l->nodes[l->n - 1].under_any =
	    end - at == 1 && g->expected[at].node == g->any_above;
	return end - at;
}

static void put_under_any(struct level *l, size_t any_above)
{
	struct node *node = &l->nodes[l->n - 1];
	l->parents[l->n_parents++] = (uint32_t)any_above;
	node->n_parents = 1;
	node->under_any = true;
}

static size_t skip_group(const struct growth *g, size_t at)
{
	size_t end = at;
	while (end < g->n_expected &&
	       compare(g->expected[end].policy, g->expected[at].policy) == 0)
		end++;
	return end - at;
}

/* One walk over both lists: RFC 5280 6.1.3 (d)(1)(i), (1)(ii) and (2). */
static void merge(struct level *l, const struct growth *g)
{
	size_t p = 0, e = 0;
	while (p < g->n_policies || e < g->n_expected) {
		int order = p == g->n_policies ? 1 : -1;
		if (p < g->n_policies && e < g->n_expected)
			order = compare(g->policies[p], g->expected[e].policy);
		if (order < 0) { /* nobody expects it: a child of anyPolicy */
			if (g->any_above != SIZE_MAX) {
				put_node(l, g->policies[p]);
				put_under_any(l, g->any_above);
			}
			p++;
			continue;
		}
		if (order == 0 || g->any) {
			put_node(l, g->expected[e].policy);
			e += put_parents(l, g, e);
		} else {
			e += skip_group(g, e);
		}
		p += order == 0;
	}
}

static int level_room(struct level *l, size_t nodes, size_t parents,
		      struct ltps_error *err)
{
	l->nodes = mem_zalloc(nodes + 1, sizeof(*l->nodes));
	l->parents = mem_zalloc(parents + 1, sizeof(*l->parents));
	if (l->nodes == NULL || l->parents == NULL)
		return ltps_fail_nomem(err);
	return 0;
}

/* Sorted copy without anyPolicy. */
static int take_policies(const struct view *policies, size_t n, bool any_counts,
			 struct growth *g, struct ltps_error *err)
{
	g->policies = mem_zalloc(n + 1, sizeof(*g->policies));
	if (g->policies == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++) {
		if (policy_is_any(policies[i]))
			g->any = any_counts;
		else
			g->policies[g->n_policies++] = policies[i];
	}
	g->n_policies = policy_sort(g->policies, g->n_policies);
	return 0;
}

int policy_graph_add(struct policy_graph *g, const struct view *policies, size_t n,
		     bool any_counts, struct ltps_error *err)
{
	struct growth growth = { 0 };
	struct level next = { 0 };
	int rc = -1;
	if (g->null)
		return 0;
	if (g->n == LEVELS_MAX)
		return too_many(err, "depths of policies", LEVELS_MAX);
	if (n > POLICY_LEVEL_MAX)
		return too_many(err, "policies", POLICY_LEVEL_MAX);
	const struct level *above = &g->levels[g->n - 1];
	if (take_policies(policies, n, any_counts, &growth, err) != 0 ||
	    expectations(above, &growth.expected, &growth.n_expected, err) != 0)
		goto out;
	growth.any_above = any_of(above);
	if (level_room(&next, growth.n_policies + growth.n_expected,
		       growth.n_policies + growth.n_expected, err) != 0)
		goto out;
	merge(&next, &growth);
	if (next.n > 2 * POLICY_LEVEL_MAX) { /* mapped to ever more, then anyPolicy */
		too_many(err, "valid policies", 2 * POLICY_LEVEL_MAX);
		goto out;
	}
	g->levels[g->n++] = next;
	memset(&next, 0, sizeof(next));
	prune(g);
	rc = 0;
out:
	level_free(&next);
	mem_free(growth.expected);
	mem_free(growth.policies);
	return rc;
}

/* ---- mappings ---- */

static struct node *node_of(struct level *l, struct view policy)
{
	struct node wanted = { .policy = policy };
	struct node *node =
	    bsearch(&wanted, l->nodes, l->n, sizeof(wanted), compare_nodes);
	return node != NULL && node->alive ? node : NULL;
}

static void delete_mapped(struct policy_graph *g, const struct policy_mapping *pairs,
			  size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct node *node = node_of(&g->levels[g->n - 1], pairs[i].from);
		if (node != NULL)
			node->alive = false;
	}
	prune(g);
}

/* Sorted copy without repetitions. */
static int sort_mappings(const struct policy_mapping *pairs, size_t n,
			 struct policy_mapping **ret, size_t *ret_n,
			 struct ltps_error *err)
{
	struct policy_mapping *sorted = mem_zalloc(n, sizeof(*sorted));
	size_t kept = 0;
	if (sorted == NULL)
		return ltps_fail_nomem(err);
	memcpy(sorted, pairs, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_mappings);
	for (size_t i = 0; i < n; i++) {
		if (kept == 0 || compare_mappings(&sorted[kept - 1], &sorted[i]) != 0)
			sorted[kept++] = sorted[i];
	}
	*ret = sorted;
	*ret_n = kept;
	return 0;
}

static size_t group_end(const struct policy_mapping *pairs, size_t n, size_t at)
{
	size_t end = at;
	while (end < n && compare(pairs[end].from, pairs[at].from) == 0)
		end++;
	return end;
}

/* RFC 5280 6.1.4 (b)(1): what the nodes expect; nodes that anyPolicy stands for are
 * made. Room for them is there; a policy stands in at most one group. */
static int map_groups(struct level *l, const struct policy_mapping *pairs, size_t n,
		      size_t any, size_t any_above, struct ltps_error *err)
{
	size_t n_old = l->n;
	for (size_t at = 0, end; at < n; at = end) {
		struct level old = { .nodes = l->nodes, .n = n_old };
		struct node *node = node_of(&old, pairs[at].from);
		end = group_end(pairs, n, at);
		if (node == NULL && any != SIZE_MAX) {
			if (l->n == 2 * POLICY_LEVEL_MAX)
				return too_many(err, "mapped policies",
						2 * POLICY_LEVEL_MAX);
			put_node(l, pairs[at].from);
			put_under_any(l, any_above);
			node = &l->nodes[l->n - 1];
		}
		if (node == NULL)
			continue;
		node->mapped = true;
		node->expected = at;
		node->n_expected = end - at;
	}
	qsort(l->nodes, l->n, sizeof(*l->nodes), compare_nodes);
	return 0;
}

/* Room for a node and a parent more per mapping, and the mapped policies. */
static int level_extend(struct level *l, const struct policy_mapping *pairs, size_t n,
			struct ltps_error *err)
{
	struct node *nodes = mem_resize(l->nodes, l->n + n, sizeof(*nodes));
	if (nodes == NULL)
		return ltps_fail_nomem(err);
	l->nodes = nodes;
	uint32_t *parents =
	    mem_resize(l->parents, l->n_parents + n, sizeof(*l->parents));
	if (parents == NULL)
		return ltps_fail_nomem(err);
	l->parents = parents;
	l->expected = mem_zalloc(n, sizeof(*l->expected));
	if (l->expected == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		l->expected[i] = pairs[i].to;
	return 0;
}

int policy_graph_map(struct policy_graph *g, const struct policy_mapping *pairs,
		     size_t n, bool inhibited, struct ltps_error *err)
{
	struct policy_mapping *sorted = NULL;
	int rc = -1;
	if (g->null || g->n < 2 || n == 0)
		return 0;
	if (n > POLICY_MAPPINGS_MAX)
		return too_many(err, "policy mappings", POLICY_MAPPINGS_MAX);
	struct level *l = &g->levels[g->n - 1];
	if (inhibited) {
		delete_mapped(g, pairs, n);
		return 0;
	}
	if (l->expected != NULL)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
				 "policies are mapped once");
	if (sort_mappings(pairs, n, &sorted, &n, err) != 0 ||
	    level_extend(l, sorted, n, err) != 0)
		goto out;
	rc = map_groups(l, sorted, n, any_of(l), any_of(&g->levels[g->n - 2]), err);
out:
	mem_free(sorted);
	return rc;
}

/* ---- the outcome ---- */

static int give(struct view *all, size_t n, struct view *out, size_t max, size_t *ret_n,
		struct ltps_error *err)
{
	n = policy_sort(all, n);
	if (n > max)
		return too_many(err, "resulting policies", max);
	if (n > 0)
		memcpy(out, all, n * sizeof(*all));
	*ret_n = n;
	return 0;
}

/* RFC 9618: the nodes right under anyPolicy, at any depth, are in the anchor's domain;
 * and anyPolicy itself when it got to the end. */
int policy_graph_authority(const struct policy_graph *g, struct view *out, size_t max,
			   size_t *ret_n, struct ltps_error *err)
{
	size_t room = 1, n = 0;
	*ret_n = 0;
	if (g->null)
		return 0;
	for (size_t i = 0; i < g->n; i++)
		room += g->levels[i].n;
	struct view *all = mem_zalloc(room, sizeof(*all));
	if (all == NULL)
		return ltps_fail_nomem(err);
	for (size_t depth = 1; depth < g->n; depth++) {
		for (size_t i = 0; i < g->levels[depth].n; i++) {
			const struct node *node = &g->levels[depth].nodes[i];
			if (node->alive && node->under_any && !node->any)
				all[n++] = node->policy;
		}
	}
	if (any_of(&g->levels[g->n - 1]) != SIZE_MAX)
		all[n++] = policy_any;
	int rc = give(all, n, out, max, ret_n, err);
	mem_free(all);
	return rc;
}

static bool holds(const struct view *sorted, size_t n, struct view oid)
{
	return n > 0 && bsearch(&oid, sorted, n, sizeof(oid), compare_views) != NULL;
}

int policy_graph_user(const struct view *authority, size_t n_authority,
		      bool initial_any, const struct view *initial, size_t n_initial,
		      struct view *out, size_t max, size_t *ret_n,
		      struct ltps_error *err)
{
	bool any = holds(authority, n_authority, policy_any);
	size_t n = 0, room = n_authority + n_initial + 1;
	struct view *all = mem_zalloc(room, sizeof(*all));
	*ret_n = 0;
	if (all == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; initial_any && i < n_authority; i++)
		all[n++] = authority[i];
	for (size_t i = 0; !initial_any && i < n_initial; i++) {
		if (any || holds(authority, n_authority, initial[i]))
			all[n++] = initial[i];
	}
	int rc = give(all, n, out, max, ret_n, err);
	mem_free(all);
	return rc;
}
