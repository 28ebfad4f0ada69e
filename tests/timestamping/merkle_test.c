/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "timestamping/merkle.h"

#define SHA256_LEN 32
#define LEAVES_TRIED 70

/* Leaf i is 32 octets of value i, so that their order is their number. */
static uint8_t *make_nodes(uint64_t n)
{
	size_t size = (size_t)merkle_node_count(n) * SHA256_LEN;
	uint8_t *nodes = mem_alloc(size);
	cr_assert_not_null(nodes);
	memset(nodes, 0xee, size);
	for (uint64_t i = 0; i < n; i++)
		memset(nodes + i * SHA256_LEN, (int)i, SHA256_LEN);
	return nodes;
}

static struct view node(const uint8_t *nodes, uint64_t i)
{
	return view_of(nodes + i * SHA256_LEN, SHA256_LEN);
}

static struct digest build(uint8_t *nodes, uint64_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest root;
	cr_assert_eq(merkle_build(DIGEST_SHA256, nodes, n, &root, &err), 0, "%s",
		     err.text);
	return root;
}

static struct digest pair(struct view a, struct view b)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint8_t both[2 * SHA256_LEN];
	struct digest d;
	memcpy(both, a.p, a.n);
	memcpy(both + a.n, b.p, b.n);
	cr_assert_eq(digest_once(DIGEST_SHA256, view_of(both, sizeof(both)), &d, &err),
		     0);
	return d;
}

Test(merkle, no_leaves_are_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint8_t nodes[SHA256_LEN];
	struct digest root;
	cr_assert_eq(merkle_build(DIGEST_SHA256, nodes, 0, &root, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
	cr_assert_eq(merkle_node_count(0), 0);
}

Test(merkle, too_many_leaves_are_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint64_t positions[MERKLE_PATH_MAX];
	uint8_t nodes[SHA256_LEN];
	struct digest root;
	cr_assert_eq(
	    merkle_build(DIGEST_SHA256, nodes, MERKLE_LEAVES_MAX + 1, &root, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
	cr_assert_eq(merkle_path_positions(MERKLE_LEAVES_MAX + 1, 0, positions), 0);
}

Test(merkle, unknown_algorithm_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint8_t nodes[SHA256_LEN] = { 0 };
	struct view v = view_of(nodes, sizeof(nodes));
	struct digest root;
	cr_assert_eq(merkle_build(DIGEST_NONE, nodes, 1, &root, &err), -1);
	cr_assert_eq(merkle_root_of(DIGEST_NONE, v, NULL, 0, &root, &err), -1);
	cr_assert_eq(merkle_group(DIGEST_NONE, &v, 1, true, &root, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
}

Test(merkle, leaf_of_another_length_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint8_t leaf[SHA256_LEN] = { 0 };
	struct digest root;
	cr_assert_eq(
	    merkle_root_of(DIGEST_SHA256, view_of(leaf, 31), NULL, 0, &root, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
}

Test(merkle, sibling_of_another_length_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint8_t leaf[SHA256_LEN] = { 0 };
	struct view sibling = view_of(leaf, 20);
	struct digest root;
	cr_assert_eq(merkle_root_of(DIGEST_SHA256, view_of(leaf, SHA256_LEN), &sibling,
				    1, &root, &err),
		     -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
}

Test(merkle, empty_group_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	cr_assert_eq(merkle_group(DIGEST_SHA256, NULL, 0, true, &d, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
}

Test(merkle, lone_value_of_another_length_is_not_passed_up)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint8_t value[64] = { 0 };
	struct view v = view_of(value, sizeof(value));
	struct digest d;
	cr_assert_eq(merkle_group(DIGEST_SHA256, &v, 1, true, &d, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
}

Test(merkle, index_beyond_the_leaves_has_no_path)
{
	uint64_t positions[MERKLE_PATH_MAX];
	cr_assert_eq(merkle_path_positions(5, 5, positions), 0);
	cr_assert_eq(merkle_path_positions(0, 0, positions), 0);
}

Test(merkle, one_leaf_is_its_own_root)
{
	uint64_t positions[MERKLE_PATH_MAX];
	uint8_t *nodes = make_nodes(1);
	struct digest root = build(nodes, 1);
	cr_assert_eq(merkle_node_count(1), 1);
	cr_assert(view_equal(digest_view(&root), node(nodes, 0)));
	cr_assert_eq(merkle_path_positions(1, 0, positions), 0);
	mem_free(nodes);
}

Test(merkle, third_leaf_moves_up_as_it_is)
{
	uint64_t positions[MERKLE_PATH_MAX];
	uint8_t *nodes = make_nodes(3);
	struct digest root = build(nodes, 3);
	struct digest first = pair(node(nodes, 0), node(nodes, 1));
	bool leaf_first = view_compare(node(nodes, 2), digest_view(&first)) < 0;
	struct digest expected = leaf_first ? pair(node(nodes, 2), digest_view(&first))
					    : pair(digest_view(&first), node(nodes, 2));
	cr_assert_eq(merkle_node_count(3), 6);
	cr_assert(digest_equal(&root, &expected));
	cr_assert(view_equal(node(nodes, 4), node(nodes, 2)));
	cr_assert_eq(merkle_path_positions(3, 2, positions), 1);
	cr_assert_eq(positions[0], 3);
	mem_free(nodes);
}

/* Computed apart from this code: five leaves of 32 octets 00, 01 ... 04. */
Test(merkle, root_of_five_leaves_is_the_golden_one)
{
	static const char golden[] =
	    "b90d567c233f36ac35238068c890884128f207e54e695ca5f239b0a86e763d7a";
	uint8_t *nodes = make_nodes(5);
	struct digest root = build(nodes, 5);
	char hex[2 * DIGEST_MAX + 1];
	hex_encode(digest_view(&root), hex);
	cr_assert_str_eq(hex, golden);
	mem_free(nodes);
}

Test(merkle, order_of_a_pair_does_not_matter)
{
	uint8_t *nodes = make_nodes(2);
	struct digest root = build(nodes, 2);
	uint8_t leaf[SHA256_LEN];
	struct digest swapped;
	memcpy(leaf, nodes, SHA256_LEN);
	memcpy(nodes, nodes + SHA256_LEN, SHA256_LEN);
	memcpy(nodes + SHA256_LEN, leaf, SHA256_LEN);
	swapped = build(nodes, 2);
	cr_assert(digest_equal(&root, &swapped));
	mem_free(nodes);
}

static size_t path_of(const uint8_t *nodes, uint64_t n, uint64_t i,
		      struct view siblings[MERKLE_PATH_MAX])
{
	uint64_t positions[MERKLE_PATH_MAX];
	size_t k = merkle_path_positions(n, i, positions);
	for (size_t j = 0; j < k; j++) {
		cr_assert_lt(positions[j], merkle_node_count(n));
		siblings[j] = node(nodes, positions[j]);
	}
	return k;
}

Test(merkle, path_of_every_leaf_reaches_the_root)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	for (uint64_t n = 1; n <= LEAVES_TRIED; n++) {
		uint8_t *nodes = make_nodes(n);
		struct digest root = build(nodes, n);
		for (uint64_t i = 0; i < n; i++) {
			struct view siblings[MERKLE_PATH_MAX];
			struct digest reached;
			size_t k = path_of(nodes, n, i, siblings);
			cr_assert_eq(merkle_root_of(DIGEST_SHA256, node(nodes, i),
						    siblings, k, &reached, &err),
				     0);
			cr_assert(digest_equal(&root, &reached), "leaf %zu of %zu",
				  (size_t)i, (size_t)n);
		}
		mem_free(nodes);
	}
}

Test(merkle, path_of_another_leaf_misses_the_root)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint8_t *nodes = make_nodes(8);
	struct digest root = build(nodes, 8);
	struct view siblings[MERKLE_PATH_MAX];
	struct digest reached;
	size_t k = path_of(nodes, 8, 2, siblings);
	cr_assert_eq(
	    merkle_root_of(DIGEST_SHA256, node(nodes, 4), siblings, k, &reached, &err),
	    0);
	cr_assert_not(digest_equal(&root, &reached));
	mem_free(nodes);
}

Test(merkle, changed_leaf_changes_the_root)
{
	uint8_t *nodes = make_nodes(9);
	struct digest root = build(nodes, 9);
	struct digest other;
	nodes[8 * SHA256_LEN] ^= 1;
	other = build(nodes, 9);
	cr_assert_not(digest_equal(&root, &other));
	mem_free(nodes);
}

Test(merkle, largest_tree_has_a_path_that_fits)
{
	uint64_t positions[MERKLE_PATH_MAX];
	size_t k =
	    merkle_path_positions(MERKLE_LEAVES_MAX, MERKLE_LEAVES_MAX - 1, positions);
	cr_assert_eq(k, 32);
	cr_assert_eq(merkle_node_count(MERKLE_LEAVES_MAX), 2 * MERKLE_LEAVES_MAX - 1);
	cr_assert_eq(positions[31], merkle_node_count(MERKLE_LEAVES_MAX) - 3);
}

Test(merkle, group_is_sorted_before_it_is_hashed)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint8_t *nodes = make_nodes(2);
	struct view unsorted[2] = { node(nodes, 1), node(nodes, 0) };
	struct digest expected = pair(node(nodes, 0), node(nodes, 1));
	struct digest d;
	cr_assert_eq(merkle_group(DIGEST_SHA256, unsorted, 2, true, &d, &err), 0);
	cr_assert(digest_equal(&d, &expected));
	mem_free(nodes);
}

Test(merkle, equal_members_of_a_group_both_count)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint8_t *nodes = make_nodes(1);
	struct view twice[2] = { node(nodes, 0), node(nodes, 0) };
	struct digest expected = pair(node(nodes, 0), node(nodes, 0));
	struct digest d;
	cr_assert_eq(merkle_group(DIGEST_SHA256, twice, 2, true, &d, &err), 0);
	cr_assert(digest_equal(&d, &expected));
	mem_free(nodes);
}

Test(merkle, lone_value_is_passed_up_or_hashed_as_asked)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint8_t *nodes = make_nodes(1);
	struct view lone = node(nodes, 0);
	struct digest passed, hashed, expected;
	cr_assert_eq(merkle_group(DIGEST_SHA256, &lone, 1, true, &passed, &err), 0);
	cr_assert(view_equal(digest_view(&passed), lone));
	cr_assert_eq(merkle_group(DIGEST_SHA256, &lone, 1, false, &hashed, &err), 0);
	cr_assert_eq(digest_once(DIGEST_SHA256, lone, &expected, &err), 0);
	cr_assert(digest_equal(&hashed, &expected));
	mem_free(nodes);
}
