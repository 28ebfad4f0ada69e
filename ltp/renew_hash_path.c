/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew_hash_path - the paths of all leaves of a page. Neighbours share nearly all of
 * their nodes, which lie side by side at each level of the stored tree: a page of 256
 * leaves needs some twenty reads instead of one for each node of each path, which would
 * cost more than all else that is done for a leaf besides its digests.
 *
 * The checks are those of evidence_head_write().
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/renew_hash.h"
#include "timestamping/ers.h"
#include "timestamping/merkle.h"

/* Nodes that lie side by side. */
struct run {
	uint64_t first;
	size_t n;
	const uint8_t *p;
};

struct hash_nodes {
	uint8_t *bytes;
	struct run *runs;
	size_t n_runs;
};

static int by_number(const void *a, const void *b)
{
	const uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* Numbers of all nodes, ascending, each once. */
static size_t list_nodes(const struct tree *tree, const struct hash_item *items,
			 size_t n, uint64_t *out)
{
	size_t total = 0, kept = 0;
	for (size_t i = 0; i < n; i++)
		total += merkle_path_positions(tree->n_leaves, items[i].leaf.index,
					       out + total);
	qsort(out, total, sizeof(*out), by_number);
	for (size_t i = 0; i < total; i++)
		if (i == 0 || out[i] != out[i - 1])
			out[kept++] = out[i];
	return kept;
}

static int read_runs(struct ltp_worker *w, const struct tree *tree,
		     const uint64_t *numbers, size_t n, struct hash_nodes *nodes,
		     struct ltps_error *err)
{
	const size_t len = digest_len(tree->alg);
	for (size_t i = 0; i < n;) {
		struct run *r = &nodes->runs[nodes->n_runs++];
		uint8_t *to = nodes->bytes + i * len;
		*r = (struct run){ .first = numbers[i], .p = to };
		while (i < n && numbers[i] == r->first + r->n) {
			r->n++;
			i++;
		}
		if (blob_read_at(w->conn, tree->nodes_blob, r->first * len, to,
				 r->n * len, err) != 0)
			return -1;
	}
	return 0;
}

int hash_nodes_read(struct ltp_worker *w, const struct tree *tree,
		    const struct hash_item *items, size_t n, struct hash_nodes **ret,
		    struct ltps_error *err)
{
	int rc = -1;
	uint64_t *numbers = mem_zalloc(n + 1, MERKLE_PATH_MAX * sizeof(*numbers));
	struct hash_nodes *nodes = mem_zalloc(1, sizeof(*nodes));
	if (numbers == NULL || nodes == NULL) {
		ltps_fail_nomem(err);
		goto out;
	}
	const size_t count = list_nodes(tree, items, n, numbers);
	nodes->bytes = mem_zalloc(count + 1, digest_len(tree->alg));
	nodes->runs = mem_zalloc(count + 1, sizeof(*nodes->runs));
	if (nodes->bytes == NULL || nodes->runs == NULL)
		ltps_fail_nomem(err);
	else
		rc = read_runs(w, tree, numbers, count, nodes, err);
out:
	mem_free(numbers);
	if (rc == 0)
		*ret = nodes;
	else
		hash_nodes_free(nodes);
	return rc;
}

void hash_nodes_free(struct hash_nodes *nodes)
{
	if (nodes == NULL)
		return;
	mem_free(nodes->runs);
	mem_free(nodes->bytes);
	mem_free(nodes);
}

static const uint8_t *node_at(const struct hash_nodes *nodes, uint64_t number,
			      size_t len)
{
	size_t low = 0, high = nodes->n_runs;
	while (high - low > 1) {
		const size_t mid = low + (high - low) / 2;
		if (nodes->runs[mid].first <= number)
			low = mid;
		else
			high = mid;
	}
	const struct run *r = &nodes->runs[low];
	return low < high && number >= r->first && number - r->first < r->n
		   ? r->p + (number - r->first) * len
		   : NULL;
}

static int check(const struct tree *tree, const struct leaf *leaf,
		 const struct ers_stamp_parts *p, struct ltps_error *err)
{
	struct digest d;
	if (merkle_group(tree->alg, p->group, p->n_group, true, &d, err) != 0)
		return -1;
	if (!digest_equal(&d, &leaf->digest))
		return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, "RFC 4998 4.2",
				 "the leaf is not that of its data");
	if (merkle_root_of(tree->alg, digest_view(&leaf->digest), p->path, p->n_path,
			   &d, err) != 0)
		return -1;
	if (!digest_equal(&d, &tree->root))
		return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, "RFC 4998 4.2",
				 "the path of the leaf does not lead to the root");
	return 0;
}

int hash_head_write(const struct hash_nodes *nodes, const struct hash_source *s,
		    const struct leaf *leaf, const struct view *group, size_t n_group,
		    struct buf *out, struct ltps_error *err)
{
	uint64_t numbers[MERKLE_PATH_MAX];
	struct view path[MERKLE_PATH_MAX];
	const struct tree *tree = &s->tree;
	const size_t len = digest_len(tree->alg);
	const size_t n = merkle_path_positions(tree->n_leaves, leaf->index, numbers);
	for (size_t i = 0; i < n; i++) {
		path[i] = view_of(node_at(nodes, numbers[i], len), len);
		if (path[i].p == NULL)
			return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
					 "a node of another page");
	}
	const struct ers_stamp_parts parts = { .alg = tree->alg,
					       .group = group,
					       .n_group = n_group,
					       .path = path,
					       .n_path = n };
	if (check(tree, leaf, &parts, err) != 0)
		return -1;
	return ers_chain_head_encode(&parts, s->tail.n_token,
				     s->tail.octets.n - s->tail.n_token, out, err);
}
