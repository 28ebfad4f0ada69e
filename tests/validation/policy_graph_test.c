/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The policy graph by scripts: policies are letters, '*' is anyPolicy.
 *   "+AB*"      the next certificate's policies, anyPolicy counts
 *   "-AB*"      the same, anyPolicy inhibited
 *   "0"         no extension
 *   "mABAC"     mappings A to B and A to C
 *   "xABAC"     the same, inhibited
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "validation/policy_graph.h"

#define LETTERS 26

/* Contents octets 2A 41 for 'A'. */
static struct view policy(char letter)
{
	static uint8_t octets[LETTERS][2];
	if (letter == '*')
		return policy_any;
	uint8_t *p = octets[letter - 'A'];
	p[0] = 0x2a;
	p[1] = (uint8_t)letter;
	return view_of(p, 2);
}

static void step(struct policy_graph *g, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view policies[64];
	struct policy_mapping pairs[64];
	size_t n = strlen(text + 1);
	cr_assert_leq(n, 64);
	for (size_t i = 0; i < n; i++)
		policies[i] = policy(text[1 + i]);
	for (size_t i = 0; i + 1 < n; i += 2)
		pairs[i / 2] = (struct policy_mapping){ policies[i], policies[i + 1] };
	int rc = 0;
	if (text[0] == '0')
		policy_graph_cut(g);
	else if (text[0] == '+' || text[0] == '-')
		rc = policy_graph_add(g, policies, n, text[0] == '+', &err);
	else
		rc = policy_graph_map(g, pairs, n / 2, text[0] == 'x', &err);
	cr_assert_eq(rc, 0, "%s: %s", text, err.text);
}

static void letters(const struct view *oids, size_t n, char *out)
{
	size_t at = 0;
	for (size_t i = 0; i < n; i++)
		out[at++] = policy_is_any(oids[i]) ? '*' : (char)oids[i].p[1];
	out[at] = '\0';
}

/* Runs a script of steps separated by spaces. authority "!": the graph is NULL. */
static struct policy_graph *run(const char *script)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct policy_graph *g = NULL;
	char copy[512], *rest = NULL;
	cr_assert_lt(strlen(script), sizeof(copy));
	strcpy(copy, script);
	cr_assert_eq(policy_graph_new(&g, &err), 0);
	for (char *s = strtok_r(copy, " ", &rest); s != NULL;
	     s = strtok_r(NULL, " ", &rest))
		step(g, s);
	return g;
}

static size_t authority(const struct policy_graph *g, struct view out[64], char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	size_t n;
	cr_assert_eq(policy_graph_authority(g, out, 64, &n, &err), 0, "%s", err.text);
	letters(out, n, text);
	if (policy_graph_is_null(g))
		strcpy(text, "!");
	return n;
}

static void expect(const char *script, const char *wanted)
{
	struct view oids[64];
	char text[65];
	struct policy_graph *g = run(script);
	authority(g, oids, text);
	cr_expect_str_eq(text, wanted, "%s: %s, expected %s", script, text, wanted);
	policy_graph_free(g);
}

static void expect_user(const char *script, const char *initial, const char *wanted)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view oids[64], given[64], user[64];
	char text[65];
	struct policy_graph *g = run(script);
	size_t n = authority(g, oids, text), n_user;
	for (size_t i = 0; initial[i] != '\0'; i++)
		given[i] = policy(initial[i]);
	cr_assert_eq(policy_graph_user(oids, n, strcmp(initial, "*") == 0, given,
				       strlen(initial), user, 64, &n_user, &err),
		     0);
	letters(user, n_user, text);
	cr_expect_str_eq(text, wanted, "%s with %s: %s, expected %s", script, initial,
			 text, wanted);
	policy_graph_free(g);
}

Test(policy_graph, policies_when_they_differ_end_the_graph)
{
	expect("+A +B", "!");
	expect("+AB +C +AB", "!");
	expect("+A 0", "!");
	expect("0 +A", "!");
	expect("+A +A 0", "!");
}

Test(policy_graph, any_when_inhibited_stands_for_nothing)
{
	expect("-*", "!");
	expect("+A -*", "!");
	expect("+A -A*", "A");
	expect("+* -A*", "A"); /* a child of the one above, which did count */
}

Test(policy_graph, policies_when_shared_are_the_intersection)
{
	expect("", "*");
	expect("+A", "A");
	expect("+AB +BC", "B");
	expect("+BA +AB", "AB");
	expect("+* +*", "*");
	expect("+* +A", "A");
	expect("+A +*", "A");
	expect("+A* +B*", "AB*");
	expect("+* +* +AB +B", "B");
}

Test(policy_graph, mapped_policies_when_named_by_the_old_name_are_lost)
{
	expect("+A mAB +A", "!");
	expect("+A mAB +B mBC +D", "!");
	expect("+AB mAC +A", "!");
}

Test(policy_graph, mapped_policies_when_followed_are_the_anchors_own)
{
	expect("+A mAB +B", "A");
	expect("+AB mACBC +C", "AB"); /* two parents of one node */
	expect("+A mABAC +B", "A");
	expect("+A mABAC +CB", "A");
	expect("+A mAB +B mBC +C", "A");
	expect("+AB mAC +BC", "AB");
	expect("+A mABAB +B", "A"); /* said twice */
}

Test(policy_graph, mapping_when_only_any_is_there_makes_the_policy)
{
	expect("+* mAB +B", "A");
	expect("+* mAB +*", "A*");
	expect("+* mAB +A", "A"); /* anyPolicy of the issuer covers A as A */
	expect("+A* mAB +A*", "A*");
}

Test(policy_graph, mapping_when_inhibited_deletes_the_policy)
{
	expect("+A xAB", "!");
	expect("+AB xAC +AB", "B");
	expect("+* xAB +A", "A"); /* no node of A: nothing to delete */
	expect("+A +A xAB", "!");
}

Test(policy_graph, mapping_when_of_a_policy_not_valid_does_nothing)
{
	expect("+A mBC +C", "!");
	expect("+A mBC +A", "A");
}

Test(policy_graph, user_policies_when_none_fits_are_empty)
{
	expect_user("+A", "B", "");
	expect_user("+A mAB +B", "B", ""); /* the anchor's name counts */
	expect_user("+A +B", "*", "");
}

Test(policy_graph, user_policies_when_some_fit_are_those)
{
	expect_user("+AB", "BC", "B");
	expect_user("+*", "BA", "AB");
	expect_user("+*", "*", "*");
	expect_user("+A mAB +B", "A", "A");
	expect_user("+* mAB +B", "AC", "A");
}

/* ---- the tree of RFC 5280, as it is written there, for comparison ---- */

#define TREE_MAX 4096
#define SMALL 4           /* policies A to D */
#define ANY (1u << SMALL) /* bit of anyPolicy */

struct tree_node {
	unsigned policy; /* one bit */
	unsigned expected;
	int parent, depth;
	bool dead;
};
struct tree {
	struct tree_node nodes[TREE_MAX];
	int n, depth;
};

static void tree_child(struct tree *t, int parent, unsigned bit, unsigned expected)
{
	cr_assert_lt(t->n, TREE_MAX);
	t->nodes[t->n++] = (struct tree_node){ bit, expected, parent,
					       t->nodes[parent].depth + 1, false };
}

static void tree_prune(struct tree *t)
{
	for (int depth = t->depth - 1; depth >= 0; depth--) {
		for (int i = 0; i < t->n; i++) {
			bool child = t->nodes[i].depth != depth;
			for (int k = 0; k < t->n && !child; k++)
				child = !t->nodes[k].dead && t->nodes[k].parent == i;
			t->nodes[i].dead = t->nodes[i].dead || !child;
		}
	}
}

static bool tree_has_child(const struct tree *t, int parent, unsigned bit)
{
	for (int i = 0; i < t->n; i++) {
		if (t->nodes[i].parent == parent && t->nodes[i].policy == bit)
			return true;
	}
	return false;
}

static void tree_policy(struct tree *t, unsigned bit, int n)
{
	bool matched = false;
	for (int pass = 0; pass < 2 && !matched; pass++) {
		for (int i = 0; i < n; i++) {
			const struct tree_node *x = &t->nodes[i];
			if (x->dead || x->depth != t->depth ||
			    (pass == 0 ? (x->expected & bit) == 0 : x->policy != ANY))
				continue;
			tree_child(t, i, bit, bit);
			matched = true;
		}
	}
}

static void tree_add(struct tree *t, unsigned policies, bool any_counts)
{
	int n = t->n;
	for (unsigned bit = 1; bit < ANY; bit <<= 1) {
		if ((policies & bit) != 0)
			tree_policy(t, bit, n);
	}
	for (int i = 0; i < n && (policies & ANY) != 0 && any_counts; i++) {
		if (t->nodes[i].dead || t->nodes[i].depth != t->depth)
			continue;
		for (unsigned bit = 1; bit <= ANY; bit <<= 1) {
			if ((t->nodes[i].expected & bit) != 0 &&
			    !tree_has_child(t, i, bit))
				tree_child(t, i, bit, bit);
		}
	}
	t->depth++;
	tree_prune(t);
}

static void tree_map(struct tree *t, unsigned from, unsigned to, bool inhibited)
{
	int n = t->n;
	bool found = false;
	for (int i = 0; i < n; i++) {
		struct tree_node *x = &t->nodes[i];
		if (x->dead || x->depth != t->depth || x->policy != from)
			continue;
		found = true;
		if (inhibited)
			x->dead = true;
		else
			x->expected = to;
	}
	for (int i = 0; i < n && !found && !inhibited; i++) {
		const struct tree_node *x = &t->nodes[i];
		if (!x->dead && x->depth == t->depth && x->policy == ANY)
			tree_child(t, x->parent, from, to);
	}
	if (inhibited)
		tree_prune(t);
}

static void tree_authority(const struct tree *t, char *out)
{
	unsigned set = 0;
	for (int i = 1; i < t->n; i++) {
		const struct tree_node *x = &t->nodes[i];
		if (x->dead)
			continue;
		if (x->policy == ANY)
			set |= x->depth == t->depth ? ANY : 0;
		else if (t->nodes[x->parent].policy == ANY)
			set |= x->policy;
	}
	for (int i = 0; i < SMALL; i++) {
		if ((set >> i & 1) != 0)
			*out++ = (char)('A' + i);
	}
	if ((set & ANY) != 0)
		*out++ = '*';
	*out = '\0';
}

static unsigned draw(uint32_t *seed, unsigned below)
{
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 16) % below;
}

static unsigned draw_policies(uint32_t *seed, char *text)
{
	unsigned set = draw(seed, 2 * ANY);
	size_t n = 1;
	for (int i = 0; i < SMALL; i++) {
		if ((set >> i & 1) != 0)
			text[n++] = (char)('A' + i);
	}
	if ((set & ANY) != 0)
		text[n++] = '*';
	text[n] = '\0';
	return set;
}

static void compare_once(uint32_t *seed)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tree *t = mem_zalloc(1, sizeof(*t));
	struct policy_graph *g = NULL;
	struct view oids[64];
	char text[65], of_tree[65], script[256] = "";
	t->n = 1;
	t->nodes[0] = (struct tree_node){ ANY, ANY, -1, 0, false };
	cr_assert_eq(policy_graph_new(&g, &err), 0);
	for (int level = 0; level < 4; level++) {
		text[0] = draw(seed, 4) == 0 ? '-' : '+';
		tree_add(t, draw_policies(seed, text), text[0] == '+');
		step(g, text);
		strcat(strcat(script, " "), text);
		if (draw(seed, 2) == 0)
			continue;
		unsigned from = draw(seed, SMALL), to = draw(seed, SMALL);
		unsigned also = draw(seed, SMALL);
		snprintf(text, sizeof(text), "%c%c%c%c%c",
			 draw(seed, 4) == 0 ? 'x' : 'm', 'A' + (int)from, 'A' + (int)to,
			 'A' + (int)from, 'A' + (int)also);
		tree_map(t, 1u << from, 1u << to | 1u << also, text[0] == 'x');
		step(g, text);
		strcat(strcat(script, " "), text);
	}
	authority(g, oids, text);
	tree_authority(t, of_tree);
	if (t->nodes[0].dead)
		strcpy(of_tree, "!");
	cr_expect_str_eq(text, of_tree, "%s: graph %s, tree %s", script, text, of_tree);
	policy_graph_free(g);
	mem_free(t);
}

Test(policy_graph, graph_when_compared_with_the_tree_gives_the_same)
{
	uint32_t seed = 5280;
	for (int i = 0; i < 3000; i++)
		compare_once(&seed);
}

/* ---- hostile ---- */

#define HOSTILE_LEVELS 24
#define HOSTILE 100

/* Every policy to every other, at every certificate: a tree would have 100^24 nodes. */
Test(policy_graph, mappings_when_all_to_all_stay_as_many_as_written)
{
	static uint8_t octets[HOSTILE][3];
	static struct view policies[HOSTILE], out[HOSTILE];
	static struct policy_mapping pairs[HOSTILE * HOSTILE];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct policy_graph *g = NULL;
	size_t n;
	for (size_t i = 0; i < HOSTILE; i++) {
		octets[i][0] = 0x2a;
		octets[i][1] = 0x81;
		octets[i][2] = (uint8_t)i;
		policies[i] = view_of(octets[i], 3);
	}
	for (size_t i = 0; i < HOSTILE * HOSTILE; i++)
		pairs[i] = (struct policy_mapping){ policies[i / HOSTILE],
						    policies[i % HOSTILE] };
	cr_assert_eq(policy_graph_new(&g, &err), 0);
	for (int level = 0; level < HOSTILE_LEVELS; level++) {
		cr_assert_eq(policy_graph_add(g, policies, HOSTILE, true, &err), 0);
		cr_assert_eq(policy_graph_map(g, pairs, HOSTILE * HOSTILE, false, &err),
			     0);
	}
	cr_assert_eq(policy_graph_authority(g, out, HOSTILE, &n, &err), 0);
	cr_assert_eq(n, HOSTILE);
	cr_assert_eq(policy_graph_authority(g, out, HOSTILE - 1, &n, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	policy_graph_free(g);
}

Test(policy_graph, lists_when_longer_than_the_limit_are_refused)
{
	static struct view policies[POLICY_LEVEL_MAX + 1];
	static struct policy_mapping pairs[POLICY_MAPPINGS_MAX + 1];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct policy_graph *g = run("+A");
	for (size_t i = 0; i <= POLICY_LEVEL_MAX; i++)
		policies[i] = policy('A');
	for (size_t i = 0; i <= POLICY_MAPPINGS_MAX; i++)
		pairs[i] = (struct policy_mapping){ policy('A'), policy('B') };
	cr_assert_eq(policy_graph_add(g, policies, POLICY_LEVEL_MAX + 1, true, &err),
		     -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	ltps_error_clear(&err);
	cr_assert_eq(policy_graph_map(g, pairs, POLICY_MAPPINGS_MAX + 1, false, &err),
		     -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	policy_graph_free(g);
}
