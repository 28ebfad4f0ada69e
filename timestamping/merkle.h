/* SPDX-License-Identifier: Apache-2.0 */
/*
 * merkle - binary hash trees of RFC 4998 4: an inner node is the digest of its
 * two children in binary ascending order; a node without a sibling moves up as
 * it is.
 *
 * All nodes of a tree stand in one array, level by level, leaves first, each
 * digest_len(alg) bytes; a node is found by its position alone, so that a path
 * is read from a stored tree without loading it.
 */
#ifndef LTPS_TIMESTAMPING_MERKLE_H
#define LTPS_TIMESTAMPING_MERKLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"

#define MERKLE_LEAVES_MAX ((uint64_t)1 << 32)
#define MERKLE_PATH_MAX 33

/* Nodes of a tree with n leaves (n >= 1). */
uint64_t merkle_node_count(uint64_t n_leaves);
/*
 * merkle_build - fill in the nodes above the leaves.
 * nodes    merkle_node_count(n) * digest_len(alg) bytes, leaves in front
 * ret_root the last node
 * Fails:   ARGUMENT (n == 0, too many), CRYPTO
 */
int merkle_build(enum digest_alg alg, uint8_t *nodes, uint64_t n_leaves,
		 struct digest *ret_root, struct ltps_error *err) LTPS_CHECKED;
/* Positions (node numbers) of the siblings of leaf `index`, lowest first;
 * returns how many. A level at which the node moves up gives none. */
size_t merkle_path_positions(uint64_t n_leaves, uint64_t index,
			     uint64_t ret_positions[MERKLE_PATH_MAX]);
/* Root reached from a leaf by its siblings; to check a path read back. */
int merkle_root_of(enum digest_alg alg, struct view leaf, const struct view *siblings,
		   size_t n, struct digest *ret_root,
		   struct ltps_error *err) LTPS_CHECKED;
/*
 * merkle_group - H(hashes in binary ascending order, concatenated); one value
 * is passed up unhashed when pass_single. Equal values each count: RFC 4998
 * speaks of no removal, and the records in use keep them.
 * Fails: ARGUMENT (n == 0, a lone value of another length), NOMEM, CRYPTO
 */
int merkle_group(enum digest_alg alg, const struct view *hashes, size_t n,
		 bool pass_single, struct digest *ret_d,
		 struct ltps_error *err) LTPS_CHECKED;

#endif
