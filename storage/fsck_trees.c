/* SPDX-License-Identifier: Apache-2.0 */
/* fsck_trees - every leaf against what it covers, every tree and its token. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "storage/audit.h"
#include "storage/blob.h"
#include "storage/fixity.h"
#include "storage/fsck_private.h"

/* Levels of a tree of STORE_LEAVES_MAX leaves. */
#define TREE_LEVELS_MAX 33
#include "storage/material.h"
#include "storage/object.h"

/* One tree under check. */
struct check {
	struct fsck *f;
	const struct tree *tree;
	char name[32];
	uint64_t next; /* index that the next leaf must have */
};

static void leaf_found(struct check *c, const struct leaf *l, const char *text)
{
	fsck_found(c->f, FSCK_LEAF, c->name, "leaf %llu: %s",
		   (unsigned long long)l->index, text);
}

/* Digest of a part in this algorithm, as far as it is stored. */
static struct view part_digest(const struct part *p, enum digest_alg alg)
{
	if (alg == DIGEST_SHA256 && p->sha256.n > 0)
		return digest_view(&p->sha256);
	if (alg == DIGEST_SHA512 && p->sha512.n > 0)
		return digest_view(&p->sha512);
	if (p->given.alg == alg)
		return digest_view(&p->given);
	return VIEW_NULL;
}

/* What a version's digest is made of; all false and empty without known digests. */
struct group {
	struct view *digests;
	struct digest *made; /* of those that are not stored; NULL: none */
	size_t n;
	bool known; /* each part has one of this algorithm */
};

static int group_read(const struct version *v, enum digest_alg alg, struct group *g,
		      struct ltps_error *err)
{
	g->n = v->n_parts;
	g->digests = mem_zalloc(v->n_parts + 1, sizeof(*g->digests));
	if (g->digests == NULL)
		return ltps_fail_nomem(err);
	g->known = v->n_parts > 0;
	for (size_t i = 0; i < v->n_parts; i++) {
		g->digests[i] = part_digest(&v->parts[i], alg);
		g->known = g->known && g->digests[i].n > 0;
	}
	return 0;
}

/* The digests that are not stored, from the data; not known where it is gone, or
 * damaged, which is found with the blobs. */
static int group_complete(struct check *c, const struct version *v, enum digest_alg alg,
			  struct group *g, struct ltps_error *err)
{
	if (g->known)
		return 0;
	g->made = mem_zalloc(v->n_parts + 1, sizeof(*g->made));
	if (g->made == NULL)
		return ltps_fail_nomem(err);
	g->known = v->n_parts > 0;
	for (size_t i = 0; g->known && i < v->n_parts; i++) {
		if (g->digests[i].n > 0)
			continue;
		g->known = v->parts[i].blob != 0;
		if (g->known && blob_digest(c->f->conn, v->parts[i].blob, alg,
					    &g->made[i], err) != 0) {
			if (err->code != LTPS_CORRUPT)
				return -1;
			ltps_error_clear(err);
			g->known = false;
		}
		g->digests[i] = digest_view(&g->made[i]);
	}
	return 0;
}

/* The version's digest recomputed from its parts. */
static int check_group(struct check *c, const struct leaf *l, const struct version *v,
		       const struct group *g, struct ltps_error *err)
{
	const struct fsck_hooks *hooks = c->f->hooks;
	struct digest d = { .alg = v->digest.alg };
	if (!g->known || (g->n > 1 && hooks->group_digest == NULL))
		return 0;
	if (g->n == 1) {
		d.n = g->digests[0].n;
		memcpy(d.p, g->digests[0].p, d.n);
	} else if (hooks->group_digest(hooks->arg, d.alg, g->digests, g->n, &d, err) !=
		   0) {
		return -1;
	}
	if (!digest_equal(&d, &v->digest))
		leaf_found(c, l, "the version's digest is not that of its parts");
	return 0;
}

/* ---- chains that came with a version ---- */

struct came {
	uint64_t left;     /* chains still to take */
	struct buf chains; /* their octets */
};

static int take_chain(void *arg, uint32_t seq, struct view der, struct ltps_error *err)
{
	struct came *came = arg;
	(void)seq;
	if (came->left == 0)
		return 0;
	came->left--;
	return buf_put(&came->chains, der, err);
}

static int came_read(struct store_conn *conn, int64_t version, struct came *came,
		     struct ltps_error *err)
{
	came->chains = buf_make(2 * STORE_CHAIN_MAX);
	if (chain_count_came(conn, LEAF_VERSION, version, &came->left, err) != 0)
		return -1;
	return came->left == 0 ? 0
			       : chain_list(conn, LEAF_VERSION, version, take_chain,
					    came, err);
}

static int check_continued(struct check *c, const struct leaf *l,
			   const struct version *v, const struct came *came,
			   struct group *g, struct ltps_error *err)
{
	const struct fsck_hooks *hooks = c->f->hooks;
	const enum digest_alg alg = l->digest.alg;
	struct digest d;
	if (hooks->continued_digest == NULL)
		return 0;
	if (group_complete(c, v, alg, g, err) != 0)
		return -1;
	if (!g->known)
		return 0;
	if (hooks->continued_digest(hooks->arg, alg, g->digests, g->n,
				    view_buf(&came->chains), &d, err) != 0)
		return -1;
	if (!digest_equal(&d, &l->digest))
		leaf_found(c, l, "not the digest of its version and the chains before");
	return 0;
}

/* In a first tree that is the version's digest, or that with the chains that came. */
static int check_first(struct check *c, const struct leaf *l, const struct version *v,
		       struct group *g, struct ltps_error *err)
{
	struct came came = { 0 };
	if (v->digest.alg != l->digest.alg)
		return 0;
	int rc = came_read(c->f->conn, v->id, &came, err);
	if (rc == 0 && came.chains.n > 0)
		rc = check_continued(c, l, v, &came, g, err);
	else if (rc == 0 && !digest_equal(&v->digest, &l->digest))
		leaf_found(c, l, "not the digest of its version");
	buf_free(&came.chains);
	return rc;
}

static int check_parts(struct check *c, const struct leaf *l, const struct version *v,
		       struct ltps_error *err)
{
	struct group g = { 0 };
	int rc = group_read(v, v->digest.alg, &g, err);
	if (rc == 0)
		rc = check_group(c, l, v, &g, err);
	if (rc == 0 && c->tree->purpose == TREE_FIRST)
		rc = check_first(c, l, v, &g, err);
	mem_free(g.made);
	mem_free(g.digests);
	return rc;
}

static int check_version(struct check *c, const struct leaf *l, struct ltps_error *err)
{
	struct object *o = NULL;
	if (object_get_by_version(c->f->conn, l->ref, &o, err) != 0) {
		/* The object was deleted; other paths need its leaf all the same. */
		if (err->code != LTPS_NOT_FOUND)
			return -1;
		ltps_error_clear(err);
		return 0;
	}
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < o->n_versions; i++)
		if (o->versions[i].id == l->ref)
			rc = check_parts(c, l, &o->versions[i], err);
	object_free(o);
	return rc;
}

static int check_audit_head(struct check *c, const struct leaf *l,
			    struct ltps_error *err)
{
	struct digest head, d;
	if (audit_hash_at(c->f->conn, l->ref, &head, err) != 0 ||
	    digest_once(l->digest.alg, digest_view(&head), &d, err) != 0)
		return -1;
	if (!digest_equal(&d, &l->digest))
		leaf_found(c, l, "not the hash of the audit head");
	return 0;
}

static int check_token_leaf(struct check *c, const struct leaf *l,
			    struct ltps_error *err)
{
	struct token *t = NULL;
	struct digest d;
	if (token_get(c->f->conn, l->ref, &t, err) != 0) {
		/* It had fallen, and its tree was given up with it. A token that
		 * counts is missed by its tree. */
		if (err->code != LTPS_NOT_FOUND)
			return -1;
		ltps_error_clear(err);
		return 0;
	}
	int rc = digest_once(l->digest.alg, t->der, &d, err);
	if (rc == 0 && !digest_equal(&d, &l->digest))
		leaf_found(c, l, "not the hash of its token");
	if (rc == 0 && !t->frozen)
		leaf_found(c, l, "its token is not frozen");
	token_free(t);
	return rc;
}

static int take_blob(void *arg, const struct material_row *row, struct ltps_error *err)
{
	(void)err;
	*(int64_t *)arg = row->blob;
	return 0;
}

static int check_material(struct check *c, const struct leaf *l, struct ltps_error *err)
{
	int64_t blob = 0;
	struct digest d;
	if (material_get(c->f->conn, l->ref, take_blob, &blob, err) != 0 ||
	    blob_digest(c->f->conn, blob, l->digest.alg, &d, err) != 0)
		return -1;
	if (!digest_equal(&d, &l->digest))
		leaf_found(c, l, "not the digest of its material");
	return 0;
}

static int check_kind(struct check *c, const struct leaf *l, struct ltps_error *err)
{
	/* A hash-tree renewal hashes the earlier chains too: the hooks know. */
	bool renewed = c->tree->purpose == TREE_HASH_RENEWAL;
	switch (l->kind) {
	case LEAF_VERSION:
		return check_version(c, l, err);
	case LEAF_AUDIT_HEAD:
		return check_audit_head(c, l, err);
	case LEAF_MATERIAL:
		return renewed ? 0 : check_material(c, l, err);
	case LEAF_TOKEN:
		return check_token_leaf(c, l, err);
	}
	leaf_found(c, l, "of no known kind");
	return 0;
}

static int check_leaf(void *arg, const struct leaf *l, struct ltps_error *err)
{
	struct check *c = arg;
	c->f->report.leaves++;
	if (l->index != c->next)
		fsck_found(c->f, FSCK_LEAF, c->name, "leaf %llu is missing",
			   (unsigned long long)c->next);
	c->next = l->index + 1;
	if (check_kind(c, l, err) == 0)
		return 0;
	return fsck_absorb(c->f, FSCK_LEAF, c->name, err) ? 0 : -1;
}

/* Nodes begin with the leaves and end with the root; the rest is for the hook. */
static int check_nodes(struct check *c, struct view leaves, struct view nodes,
		       struct ltps_error *err)
{
	const struct fsck_hooks *hooks = c->f->hooks;
	const struct tree *t = c->tree;
	if (!view_starts(nodes, leaves))
		return ltps_fail(err, LTPS_MISMATCH, LTPS_FAULT_SELF, NULL,
				 "the stored nodes do not begin with the leaves");
	if (t->root.n == 0 || nodes.n < t->root.n ||
	    !view_equal(view_skip(nodes, nodes.n - t->root.n), digest_view(&t->root)))
		return ltps_fail(err, LTPS_MISMATCH, LTPS_FAULT_SELF, NULL,
				 "the stored nodes do not end with the root");
	return hooks->check_tree == NULL
		   ? 0
		   : hooks->check_tree(hooks->arg, t, leaves, nodes, err);
}

static int check_stamped(struct check *c, struct ltps_error *err)
{
	const struct tree *t = c->tree;
	size_t n = (size_t)t->n_leaves * digest_len(t->alg);
	/* Twice the leaves, and a node that moves up on each level. */
	struct buf nodes = buf_make(2 * n + TREE_LEVELS_MAX * DIGEST_MAX);
	uint8_t *leaves = mem_alloc(n);
	int rc = leaves != NULL ? 0 : ltps_fail_nomem(err);
	if (rc == 0)
		rc = tree_leaves(c->f->conn, t->id, leaves, n, err);
	if (rc == 0)
		rc = blob_read(c->f->conn, t->nodes_blob, &nodes, err);
	if (rc == 0)
		rc = check_nodes(c, view_of(leaves, n), view_buf(&nodes), err);
	mem_free(leaves);
	buf_free(&nodes);
	return rc;
}

static int check_token(struct check *c, struct ltps_error *err)
{
	const struct fsck_hooks *hooks = c->f->hooks;
	struct token *t = NULL;
	if (token_get(c->f->conn, c->tree->token, &t, err) != 0)
		return -1;
	int rc = 0;
	if (t->tree != c->tree->id)
		rc = ltps_fail(err, LTPS_MISMATCH, LTPS_FAULT_SELF, NULL,
			       "the token is of another tree");
	else if (hooks->check_token != NULL)
		rc = hooks->check_token(hooks->arg, t, c->tree, err);
	token_free(t);
	return rc;
}

/* A hook says what it finds as an error, whatever its code. */
static int as_finding(struct check *c, enum fsck_kind kind, int rc,
		      struct ltps_error *err)
{
	if (rc == 0)
		return 0;
	if (err->code == LTPS_NOMEM)
		return -1;
	err->code = err->foreign == LTPS_FOREIGN_SQLITE ? err->code : LTPS_CORRUPT;
	return fsck_absorb(c->f, kind, c->name, err) ? 0 : -1;
}

static int check_tree(struct fsck *f, const struct tree *t, struct ltps_error *err)
{
	struct check c = { .f = f, .tree = t };
	snprintf(c.name, sizeof(c.name), "tree %lld", (long long)t->id);
	if (tree_leaves_list(f->conn, t->id, check_leaf, &c, err) != 0)
		return -1;
	if (c.next != t->n_leaves)
		fsck_found(f, FSCK_TREE, c.name, "counts %llu leaves, %llu are there",
			   (unsigned long long)t->n_leaves, (unsigned long long)c.next);
	if (t->state != TREE_STAMPED)
		return 0;
	if (as_finding(&c, FSCK_TREE, check_stamped(&c, err), err) != 0)
		return -1;
	return as_finding(&c, FSCK_TOKEN, check_token(&c, err), err);
}

static int next_tree(struct fsck *f, int64_t *id, bool *ret_found,
		     struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(f->conn->db, SQL_TREE_IDS, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(*id));
	int rc = db_step(s, &row, err);
	if (rc == 0 && row)
		*id = db_int(s, 0);
	db_reset(s);
	*ret_found = row;
	return rc;
}

/* Each tree in one snapshot: it may grow while we look. */
static int check_next(struct fsck *f, int64_t *id, bool *ret_found,
		      struct ltps_error *err)
{
	struct tree t;
	if (store_read_begin(f->conn, err) != 0)
		return -1;
	int rc = next_tree(f, id, ret_found, err);
	if (rc == 0 && *ret_found) {
		f->report.trees++;
		rc = tree_get(f->conn, *id, &t, err);
		if (rc == 0)
			rc = check_tree(f, &t, err);
		if (rc != 0 && fsck_absorb(f, FSCK_TREE, "trees", err))
			rc = 0;
	}
	store_read_end(f->conn);
	return rc;
}

int fsck_trees(struct fsck *f, struct ltps_error *err)
{
	struct store_counts counts;
	int64_t id = 0;
	bool found = true;
	if (store_counts_get(f->conn, &counts, err) != 0)
		return -1;
	uint64_t total =
	    counts.trees_open + counts.trees_closing + counts.trees_stamped;
	while (found) {
		if (check_next(f, &id, &found, err) != 0)
			return -1;
		fsck_progress(f, "trees", f->report.trees, total);
	}
	return 0;
}
