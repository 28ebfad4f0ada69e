/* SPDX-License-Identifier: Apache-2.0 */
#include "timestamping/merkle.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* Nodes on the next level: pairs, and one that moves up alone. */
static uint64_t next_level(uint64_t n)
{
	return n / 2 + n % 2;
}

uint64_t merkle_node_count(uint64_t n_leaves)
{
	uint64_t total = 0;
	for (uint64_t n = n_leaves; n > 1; n = next_level(n))
		total += n;
	return total + (n_leaves > 0 ? 1 : 0);
}

size_t merkle_path_positions(uint64_t n_leaves, uint64_t index,
			     uint64_t ret_positions[MERKLE_PATH_MAX])
{
	size_t found = 0;
	uint64_t start = 0;
	if (n_leaves > MERKLE_LEAVES_MAX || index >= n_leaves)
		return 0;
	for (uint64_t n = n_leaves; n > 1; n = next_level(n)) {
		uint64_t sibling = index ^ 1;
		if (sibling < n)
			ret_positions[found++] = start + sibling;
		start += n;
		index /= 2;
	}
	return found;
}

static int hash_pair(struct digest_ctx *ctx, struct view a, struct view b,
		     struct digest *ret_d, struct ltps_error *err)
{
	uint8_t both[2 * DIGEST_MAX];
	bool swap = memcmp(a.p, b.p, a.n) > 0;
	struct view first = swap ? b : a;
	struct view second = swap ? a : b;

	memcpy(both, first.p, first.n);
	memcpy(both + first.n, second.p, second.n);
	if (digest_update(ctx, view_of(both, first.n + second.n), err) != 0)
		return -1;
	return digest_final(ctx, ret_d, err);
}

/* Fills one level from the one below it. */
static int build_level(struct digest_ctx *ctx, size_t len, const uint8_t *below,
		       uint64_t n_below, uint8_t *above, struct ltps_error *err)
{
	struct digest d;
	for (uint64_t i = 0; i + 1 < n_below; i += 2) {
		const uint8_t *pair = below + i * len;
		if (hash_pair(ctx, view_of(pair, len), view_of(pair + len, len), &d,
			      err) != 0)
			return -1;
		memcpy(above + i / 2 * len, d.p, len);
	}
	if (n_below % 2 == 1)
		memcpy(above + n_below / 2 * len, below + (n_below - 1) * len, len);
	return 0;
}

static void set_digest(struct digest *d, enum digest_alg alg, const uint8_t *p,
		       size_t n)
{
	memset(d, 0, sizeof(*d));
	d->alg = alg;
	d->n = n;
	memcpy(d->p, p, n);
}

int merkle_build(enum digest_alg alg, uint8_t *nodes, uint64_t n_leaves,
		 struct digest *ret_root, struct ltps_error *err)
{
	struct digest_ctx *ctx = NULL;
	size_t len = digest_len(alg);
	uint8_t *level = nodes;
	int rc = -1;

	if (len == 0 || n_leaves == 0 || n_leaves > MERKLE_LEAVES_MAX)
		return ltps_fail(
		    err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, "RFC 4998 4.2",
		    "a hash tree cannot have this many leaves or algorithm");
	if (digest_new(alg, &ctx, err) != 0)
		goto out;
	for (uint64_t n = n_leaves; n > 1; n = next_level(n)) {
		if (build_level(ctx, len, level, n, level + n * len, err) != 0)
			goto out;
		level += n * len;
	}
	set_digest(ret_root, alg, level, len);
	rc = 0;
out:
	digest_free(ctx);
	return rc;
}

int merkle_root_of(enum digest_alg alg, struct view leaf, const struct view *siblings,
		   size_t n, struct digest *ret_root, struct ltps_error *err)
{
	struct digest_ctx *ctx = NULL;
	struct digest current;
	size_t len = digest_len(alg);
	int rc = -1;

	if (len == 0 || leaf.n != len)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, "RFC 4998 4.3",
				 "the leaf is not a digest of the tree's algorithm");
	set_digest(&current, alg, leaf.p, len);
	if (digest_new(alg, &ctx, err) != 0)
		goto out;
	for (size_t i = 0; i < n; i++) {
		if (siblings[i].n != len) {
			ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, "RFC 4998 4.3",
				  "sibling %zu is not a digest of the tree's algorithm",
				  i);
			goto out;
		}
		if (hash_pair(ctx, digest_view(&current), siblings[i], &current, err) !=
		    0)
			goto out;
	}
	*ret_root = current;
	rc = 0;
out:
	digest_free(ctx);
	return rc;
}

static int by_value(const void *a, const void *b)
{
	return view_compare(*(const struct view *)a, *(const struct view *)b);
}

static int hash_sorted(enum digest_alg alg, struct view *sorted, size_t n,
		       struct digest *ret_d, struct ltps_error *err)
{
	struct digest_ctx *ctx = NULL;
	int rc = -1;

	qsort(sorted, n, sizeof(*sorted), by_value);
	if (digest_new(alg, &ctx, err) != 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		if (digest_update(ctx, sorted[i], err) != 0)
			goto out;
	rc = digest_final(ctx, ret_d, err);
out:
	digest_free(ctx);
	return rc;
}

int merkle_group(enum digest_alg alg, const struct view *hashes, size_t n,
		 bool pass_single, struct digest *ret_d, struct ltps_error *err)
{
	struct view *sorted;
	int rc;

	if (n == 0 || digest_len(alg) == 0)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, "RFC 4998 4.2",
				 "no hash to join, or an unknown algorithm");
	if (n == 1 && pass_single) {
		if (hashes[0].n != digest_len(alg))
			return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER,
					 "RFC 4998 4.2", "a hash of another length");
		set_digest(ret_d, alg, hashes[0].p, hashes[0].n);
		return 0;
	}
	sorted = mem_zalloc(n, sizeof(*sorted));
	if (sorted == NULL)
		return ltps_fail_nomem(err);
	memcpy(sorted, hashes, n * sizeof(*sorted));
	rc = hash_sorted(alg, sorted, n, ret_d, err);
	mem_free(sorted);
	return rc;
}
