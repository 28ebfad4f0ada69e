/* SPDX-License-Identifier: Apache-2.0 */
/* evidence - an evidence record made on request from (tree path, token). */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/inside.h"
#include "storage/blob.h"
#include "storage/queue.h"
#include "timestamping/ers.h"
#include "timestamping/merkle.h"

/* How long a record is held back for its token's validation data at most. */
#define COMPLETION_AWAIT_MS 10000

int part_digest(struct ltp_worker *w, const struct part *p, enum digest_alg alg,
		struct digest *ret_d, struct ltps_error *err)
{
	if (alg == p->sha256.alg || alg == p->sha512.alg) {
		*ret_d = alg == p->sha256.alg ? p->sha256 : p->sha512;
		return 0;
	}
	if (p->blob == 0)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_OBJECT, NULL,
				 "the data is gone and its %s digest was not kept",
				 digest_name(alg));
	struct buf data = buf_make((size_t)p->size);
	int rc = blob_read(w->conn, p->blob, &data, err);
	if (rc == 0)
		rc = digest_once(alg, view_buf(&data), ret_d, err);
	buf_free(&data);
	return rc;
}

static int first_leaf(void *arg, const struct leaf *leaf, struct ltps_error *err)
{
	struct leaf *found = arg;
	(void)err;
	if (found->tree == 0)
		*found = *leaf;
	return 0;
}

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

/* What a record covers: a version with its parts, or the octets of a material. */
struct covered {
	enum leaf_kind kind;
	int64_t ref;
	const struct version *version; /* NULL: octets */
	struct view octets;
};

/* The first list: the object's hash, or the hashes of the whole data group. */
struct group {
	struct digest *digests;
	struct view *hashes;
	size_t n;
};

static int group_read(struct ltp_worker *w, const struct covered *c,
		      enum digest_alg alg, struct group *g, struct ltps_error *err)
{
	const struct version *v = c->version;
	const size_t n = v != NULL ? v->n_parts : 1;
	g->digests = mem_zalloc(n, sizeof(*g->digests));
	g->hashes = mem_zalloc(n, sizeof(*g->hashes));
	if (g->digests == NULL || g->hashes == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++) {
		if ((v != NULL ? part_digest(w, &v->parts[i], alg, &g->digests[i], err)
			       : digest_once(alg, c->octets, &g->digests[i], err)) != 0)
			return -1;
		g->hashes[i] = digest_view(&g->digests[i]);
	}
	g->n = n;
	return 0;
}

/* EvidenceRecord of one chain with one archive time-stamp. */
static int record_encode(const struct ers_stamp_parts *parts, struct buf *out,
			 struct ltps_error *err)
{
	int rc = -1;
	struct buf stamp = buf_make(ERS_SIZE_MAX), chain = buf_make(ERS_SIZE_MAX);
	if (ers_stamp_encode(parts, &stamp, err) != 0)
		goto out;
	struct view stamps[] = { view_buf(&stamp) };
	if (ers_chain_encode(stamps, 1, &chain, err) != 0)
		goto out;
	struct view chains[] = { view_buf(&chain) };
	rc = ers_encode(chains, 1, &parts->alg, 1, VIEW_NULL, out, err);
out:
	buf_free(&chain);
	buf_free(&stamp);
	return rc;
}

/*
 * A record is given out when its token carries its validation data, or when
 * that could not be had at the first attempt: it would verify only with help.
 */
static int token_awaited(struct ltp_worker *w, const struct token *token,
			 bool *ret_awaited, struct ltps_error *err)
{
	struct queue_row job;
	bool found;
	char subject[32];
	*ret_awaited = false;
	if (token->replaced_ms != 0 || token->frozen ||
	    ltp_now(w->l) >= token->stored_ms + COMPLETION_AWAIT_MS)
		return 0;
	snprintf(subject, sizeof(subject), "%lld", (long long)token->id);
	if (queue_find(w->conn, JOB_COMPLETE_TOKEN, subject, &job, &found, err) != 0)
		return -1;
	*ret_awaited = found && ((job.state == QUEUE_WAITING && job.attempts == 0) ||
				 (job.state == QUEUE_LEASED && job.attempts <= 1));
	return 0;
}

static int assemble(struct ltp_worker *w, const struct covered *c, struct buf *out,
		    bool *ret_ready, struct ltps_error *err)
{
	int rc = -1;
	struct leaf leaf = { 0 };
	struct tree tree;
	struct path path;
	struct group group = { 0 };
	struct token *token = NULL;
	*ret_ready = false;
	if (tree_leaves_of(w->conn, c->kind, c->ref, first_leaf, &leaf, err) != 0)
		goto out;
	if (leaf.tree == 0 && c->version == NULL) {
		rc = 0; /* material that no tree was to cover */
		goto out;
	}
	if (leaf.tree == 0) {
		ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
			  "version %lld has no leaf", (long long)c->ref);
		goto out;
	}
	if (tree_get(w->conn, leaf.tree, &tree, err) != 0)
		goto out;
	if (tree.state != TREE_STAMPED) {
		rc = 0;
		goto out;
	}
	bool awaited;
	if (token_get(w->conn, tree.token, &token, err) != 0 ||
	    token_awaited(w, token, &awaited, err) != 0)
		goto out;
	if (awaited) {
		rc = 0;
		goto out;
	}
	if (path_read(w, &tree, &leaf, &path, err) != 0 ||
	    group_read(w, c, tree.alg, &group, err) != 0)
		goto out;
	const struct ers_stamp_parts parts = {
		.alg = tree.alg,
		.group = group.hashes,
		.n_group = group.n,
		.path = path.siblings,
		.n_path = path.n,
		.token = token->der,
	};
	if (record_encode(&parts, out, err) != 0)
		goto out;
	*ret_ready = true;
	rc = 0;
out:
	token_free(token);
	mem_free(group.hashes);
	mem_free(group.digests);
	return rc;
}

int evidence_assemble(struct ltp_worker *w, const struct version *v, struct buf *out,
		      bool *ret_ready, struct ltps_error *err)
{
	const struct covered c = { .kind = LEAF_VERSION, .ref = v->id, .version = v };
	return assemble(w, &c, out, ret_ready, err);
}

int evidence_assemble_material(struct ltp_worker *w, int64_t material,
			       struct view octets, struct buf *out, bool *ret_ready,
			       struct ltps_error *err)
{
	const struct covered c = { .kind = LEAF_MATERIAL,
				   .ref = material,
				   .octets = octets };
	return assemble(w, &c, out, ret_ready, err);
}

int evidence_proof_time(struct ltp_worker *w, const struct version *v, int64_t *ret_ms,
			struct ltps_error *err)
{
	struct leaf leaf = { 0 };
	struct tree tree;
	struct token *token = NULL;
	*ret_ms = INT64_MAX;
	if (tree_leaves_of(w->conn, LEAF_VERSION, v->id, first_leaf, &leaf, err) != 0)
		return -1;
	if (leaf.tree == 0)
		return 0;
	if (tree_get(w->conn, leaf.tree, &tree, err) != 0)
		return -1;
	if (tree.state != TREE_STAMPED)
		return 0;
	if (token_get(w->conn, tree.token, &token, err) != 0)
		return -1;
	*ret_ms = token->gen_time_ms;
	token_free(token);
	return 0;
}

static int count_leaf(void *arg, const struct leaf *leaf, struct ltps_error *err)
{
	(void)leaf;
	(void)err;
	++*(size_t *)arg;
	return 0;
}

int material_preserve(struct store_conn *conn, const struct material_new *row,
		      struct leaf_new *leaf, int64_t *ret_id, struct ltps_error *err)
{
	size_t leaves = 0;
	leaf->kind = LEAF_MATERIAL;
	if (material_put(conn, row, ret_id, NULL, err) != 0 ||
	    tree_leaves_of(conn, LEAF_MATERIAL, *ret_id, count_leaf, &leaves, err) != 0)
		return -1;
	leaf->ref = *ret_id;
	return leaves > 0 ? 0 : tree_append_leaf(conn, leaf, NULL, err);
}
