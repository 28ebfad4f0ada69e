/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence_chain - what archive time-stamp chains are made of: the octets before the
 * first token, which are one object's own, and from that token on to the tip what all
 * objects of a tree share.
 */
#include <string.h>

#include "base/mem.h"
#include "ltp/evidence_attributes.h"
#include "ltp/evidence_private.h"
#include "storage/blob.h"
#include "storage/renewal.h"
#include "timestamping/ers.h"
#include "timestamping/merkle.h"

/* ---- paths ---- */

/* The path of a leaf, read by position and checked against the root. */
struct path {
	uint8_t bytes[MERKLE_PATH_MAX][DIGEST_MAX];
	struct view siblings[MERKLE_PATH_MAX];
	size_t n;
};

static int path_read(struct ltp_worker *w, const struct tree *t,
		     const struct leaf *leaf, struct path *p, struct ltps_error *err)
{
	uint64_t positions[MERKLE_PATH_MAX];
	size_t len = digest_len(t->alg);
	struct digest root;
	p->n = merkle_path_positions(t->n_leaves, leaf->index, positions);
	for (size_t i = 0; i < p->n; i++) {
		if (blob_read_at(w->conn, t->nodes_blob, positions[i] * len,
				 p->bytes[i], len, err) != 0)
			return -1;
		p->siblings[i] = view_of(p->bytes[i], len);
	}
	if (merkle_root_of(t->alg, digest_view(&leaf->digest), p->siblings, p->n, &root,
			   err) != 0)
		return -1;
	if (!digest_equal(&root, &t->root))
		return ltps_fail(
		    err, LTPS_CORRUPT, LTPS_FAULT_SELF, "RFC 4998 4.2",
		    "tree %lld: the path of leaf %llu does not lead to its root",
		    (long long)t->id, (unsigned long long)leaf->index);
	return 0;
}

/* ---- tail ---- */

static int fail_link(const struct token *before, int64_t next, const char *what,
		     struct ltps_error *err)
{
	return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, "RFC 4998 5.2",
			 "token %lld, renewed by token %lld: %s", (long long)before->id,
			 (long long)next, what);
}

/* Where the renewal took the hash of the token. */
static int renewal_read(struct ltp_worker *w, enum digest_alg alg,
			const struct token *before, const struct token *next,
			struct tree *ret_tree, struct leaf *ret_leaf,
			struct ltps_error *err)
{
	struct digest d;
	if (tree_get(w->conn, next->tree, ret_tree, err) != 0 ||
	    token_leaf_in(w->conn, before->id, next->tree, ret_leaf, err) != 0 ||
	    ers_token_hash(alg, before->der, &d, err) != 0)
		return -1;
	/* A chain keeps its digest: RFC 4998 5.1. */
	if (ret_tree->alg != alg || ret_tree->token != next->id)
		return fail_link(before, next->id, "the tree is not of this chain",
				 err);
	if (!digest_equal(&d, &ret_leaf->digest))
		return fail_link(before, next->id, "the leaf is not the token's hash",
				 err);
	return 0;
}

/* The ArchiveTimeStamp of the token that renews another one. */
static int put_renewal(struct ltp_worker *w, enum digest_alg alg,
		       const struct token *before, const struct token *next,
		       struct buf *out, struct ltps_error *err)
{
	struct tree tree;
	struct leaf leaf;
	struct path path;
	if (renewal_read(w, alg, before, next, &tree, &leaf, err) != 0 ||
	    path_read(w, &tree, &leaf, &path, err) != 0)
		return -1;
	const struct view hash = digest_view(&leaf.digest);
	const struct ers_stamp_parts parts = {
		.alg = alg,
		.group = &hash,
		.n_group = 1,
		.path = path.siblings,
		.n_path = path.n,
		.token = next->der,
	};
	return ers_stamp_encode(&parts, out, err);
}

/* One token further; *ret_next is NULL at the end. */
static int next_token(struct ltp_worker *w, const struct token *at, bool finished,
		      struct token **ret_next, struct ltps_error *err)
{
	struct token_link link;
	bool awaited = false;
	*ret_next = NULL;
	if (token_link_get(w->conn, at->id, &link, err) != 0)
		return -1;
	if (link.fallen)
		return fail_link(at, link.next, "it has fallen", err);
	if (link.next == 0)
		return 0;
	if (!at->frozen)
		return fail_link(at, link.next, "it is not frozen", err);
	if (token_get(w->conn, link.next, ret_next, err) != 0)
		return -1;
	if (finished && evidence_token_awaited(w, *ret_next, &awaited, err) != 0)
		return -1;
	if (awaited) {
		token_free(*ret_next);
		*ret_next = NULL;
	}
	return 0;
}

static void tip_set(struct evidence_tail *tail, const struct token *t)
{
	tail->tip = t->id;
	tail->tip_ms = t->gen_time_ms;
}

/* The first token, and behind it archive time-stamps to the tip. */
static int tail_fill(struct ltp_worker *w, const struct tree *tree, bool finished,
		     struct token **at, struct evidence_tail *tail,
		     struct ltps_error *err)
{
	struct token *next = NULL;
	if (token_get(w->conn, tree->token, at, err) != 0 ||
	    buf_put(&tail->octets, (*at)->der, err) != 0)
		return -1;
	tail->n_token = tail->octets.n;
	for (size_t n = 1;; n++) {
		tip_set(tail, *at);
		if (next_token(w, *at, finished, &next, err) != 0)
			goto failed;
		if (next == NULL)
			return 0;
		if (n == ERS_STAMPS_MAX) {
			fail_link(*at, next->id, "the chain is too long", err);
			goto failed;
		}
		if (put_renewal(w, tree->alg, *at, next, &tail->octets, err) != 0)
			goto failed;
		token_free(*at);
		*at = next;
		next = NULL;
	}
failed:
	token_free(next);
	return -1;
}

int evidence_tail_until(struct ltp_worker *w, const struct tree *tree, bool finished,
			struct evidence_tail *ret, struct ltps_error *err)
{
	struct evidence_tail tail = { .octets = buf_make(STORE_CHAIN_MAX) };
	struct token *at = NULL;
	if (tree->state != TREE_STAMPED)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
				 "tree %lld has no token", (long long)tree->id);
	int rc = tail_fill(w, tree, finished, &at, &tail, err);
	token_free(at);
	if (rc != 0) {
		buf_free(&tail.octets);
		return -1;
	}
	*ret = tail;
	return 0;
}

int evidence_tail_read(struct ltp_worker *w, const struct tree *tree,
		       struct evidence_tail *ret, struct ltps_error *err)
{
	return evidence_tail_until(w, tree, false, ret, err);
}

/* ---- head ---- */

/* A single hash is passed up as it is: spec of RFC 6283, and every verifier. */
static int check_group(const struct tree *tree, const struct leaf *leaf,
		       const struct view *group, size_t n, struct ltps_error *err)
{
	struct digest d;
	if (merkle_group(tree->alg, group, n, true, &d, err) != 0)
		return -1;
	if (digest_equal(&d, &leaf->digest))
		return 0;
	return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, "RFC 4998 4.2",
			 "tree %lld: leaf %llu is not that of its data",
			 (long long)tree->id, (unsigned long long)leaf->index);
}

int evidence_head_write(struct ltp_worker *w, const struct tree *tree,
			const struct leaf *leaf, const struct view *group,
			size_t n_group, const struct evidence_tail *tail,
			struct buf *out, struct ltps_error *err)
{
	struct path path;
	uint8_t attributes[EVIDENCE_ATTRIBUTES_MAX];
	size_t n_attributes;
	if (check_group(tree, leaf, group, n_group, err) != 0 ||
	    path_read(w, tree, leaf, &path, err) != 0 ||
	    evidence_attributes_get(w->conn, tree, attributes, &n_attributes, err) != 0)
		return -1;
	const struct ers_stamp_parts parts = {
		.alg = tree->alg,
		.group = group,
		.n_group = n_group,
		.path = path.siblings,
		.n_path = path.n,
		.attributes = view_of(attributes, n_attributes),
	};
	return ers_chain_head_encode(&parts, tail->n_token,
				     tail->octets.n - tail->n_token, out, err);
}

/* ---- earlier chains ---- */

static int keep_chain(void *arg, uint32_t seq, struct view der, struct ltps_error *err)
{
	struct evidence_chains *c = arg;
	/* seq counts from 1. */
	if (seq != c->n + 1 || c->n == ERS_CHAINS_MAX)
		return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, "RFC 4998 5.1",
				 "chain %u follows chain %zu", (unsigned)seq, c->n);
	if (buf_put(&c->octets, der, err) != 0)
		return -1;
	c->end[c->n++] = c->octets.n;
	return 0;
}

int evidence_chains_load(struct ltp_worker *w, enum leaf_kind kind, int64_t ref,
			 struct evidence_chains *ret, struct ltps_error *err)
{
	struct evidence_chains c = { .octets = buf_make(ERS_SIZE_MAX) };
	if (chain_list(w->conn, kind, ref, keep_chain, &c, err) != 0) {
		buf_free(&c.octets);
		return -1;
	}
	*ret = c;
	return 0;
}

struct view evidence_chain_at(const struct evidence_chains *c, size_t i)
{
	const size_t from = i == 0 ? 0 : c->end[i - 1];
	return view_of(c->octets.p + from, c->end[i] - from);
}

int evidence_chains_read(struct ltp_worker *w, enum leaf_kind kind, int64_t ref,
			 struct buf *out, uint32_t *ret_n, struct ltps_error *err)
{
	struct evidence_chains c;
	if (evidence_chains_load(w, kind, ref, &c, err) != 0)
		return -1;
	int rc = c.n > 0 ? buf_put(out, view_buf(&c.octets), err) : 0;
	if (rc == 0)
		*ret_n = (uint32_t)c.n;
	buf_free(&c.octets);
	return rc;
}
