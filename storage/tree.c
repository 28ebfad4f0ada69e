/* SPDX-License-Identifier: Apache-2.0 */
/* tree - hash trees and their leaves. */
#include <string.h>

#include "base/failpoint.h"
#include "storage/audit.h"
#include "storage/evidence.h"
#include "storage/failpoints.h"
#include "storage/renewal_private.h"

/* Counters of trees that take leaves in this transaction */

static int flush_one(struct store_conn *conn, struct tree_cache *c,
		     struct ltps_error *err)
{
	struct db_stmt *s;
	if (!c->valid || !c->dirty)
		return 0;
	if (db_get(conn->db, SQL_TREE_COUNTERS, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(c->tree), DB_INT((int64_t)c->n_leaves),
		DB_INT((int64_t)c->bytes));
	if (db_finish(s, err) != 0)
		return -1;
	c->dirty = false;
	return 0;
}

int tree_cache_flush(struct store_conn *conn, struct ltps_error *err)
{
	for (size_t i = 0; i < TREE_CACHE_MAX; i++) {
		if (flush_one(conn, &conn->trees[i], err) != 0)
			return -1;
	}
	return 0;
}

static struct tree_cache *cached_open(struct store_conn *conn, const char *profile,
				      enum digest_alg alg)
{
	for (size_t i = 0; i < TREE_CACHE_MAX; i++) {
		struct tree_cache *c = &conn->trees[i];
		if (c->valid && c->first && c->alg == alg &&
		    strcmp(c->profile, profile) == 0)
			return c;
	}
	return NULL;
}

static struct tree_cache *cached_tree(struct store_conn *conn, int64_t tree)
{
	for (size_t i = 0; i < TREE_CACHE_MAX; i++) {
		if (conn->trees[i].valid && conn->trees[i].tree == tree)
			return &conn->trees[i];
	}
	return NULL;
}

int tree_cache_forget(struct store_conn *conn, int64_t tree, struct ltps_error *err)
{
	struct tree_cache *c = cached_tree(conn, tree);
	if (c == NULL)
		return 0;
	if (flush_one(conn, c, err) != 0)
		return -1;
	c->valid = false;
	return 0;
}

/* A free place, by turns, after writing back what stood there. */
static int cache_place(struct store_conn *conn, struct tree_cache **ret_c,
		       struct ltps_error *err)
{
	struct tree_cache *c = &conn->trees[conn->tree_turn++ % TREE_CACHE_MAX];
	if (flush_one(conn, c, err) != 0)
		return -1;
	memset(c, 0, sizeof(*c));
	*ret_c = c;
	return 0;
}

static int insert_tree(struct store_conn *conn, enum tree_purpose purpose,
		       const char *profile, enum digest_alg alg, int64_t now_ms,
		       int64_t *ret_tree, struct ltps_error *err)
{
	struct db_stmt *s;
	if (digest_len(alg) == 0)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "a tree without a digest algorithm");
	if (text_check("profile", profile, STORE_URI_MAX, err) != 0 ||
	    db_get(conn->db, SQL_TREE_INSERT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(purpose), DB_TEXT(profile), DB_INT(alg), DB_INT(now_ms));
	if (db_finish(s, err) != 0)
		return -1;
	*ret_tree = db_last_id(conn->db);
	return 0;
}

static int find_open(struct store_conn *conn, const struct leaf_new *leaf,
		     struct tree_cache *c, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_TREE_OPEN_FIND, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_TEXT(leaf->profile), DB_INT(leaf->alg));
	int rc = db_step(s, &row, err);
	if (rc == 0 && row) {
		c->tree = db_int(s, 0);
		c->n_leaves = (uint64_t)db_int(s, 1);
		c->bytes = (uint64_t)db_int(s, 2);
	}
	db_reset(s);
	return rc;
}

/* The open tree of (profile, alg), opened if there is none. */
static int open_tree(struct store_conn *conn, const struct leaf_new *leaf,
		     struct tree_cache **ret_c, struct ltps_error *err)
{
	struct tree_cache *c = cached_open(conn, leaf->profile, leaf->alg);
	if (c != NULL) {
		*ret_c = c;
		return 0;
	}
	if (cache_place(conn, &c, err) != 0 || find_open(conn, leaf, c, err) != 0)
		return -1;
	if (c->tree == 0 && insert_tree(conn, TREE_FIRST, leaf->profile, leaf->alg,
					leaf->now_ms, &c->tree, err) != 0)
		return -1;
	c->alg = leaf->alg;
	c->first = true;
	memcpy(c->profile, leaf->profile, strlen(leaf->profile) + 1);
	c->valid = true;
	*ret_c = c;
	return 0;
}

static int fail_not_open(struct ltps_error *err)
{
	return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
			 "the tree takes no leaves any more");
}

/* A tree by its number, as long as it takes leaves. */
static int require_open(struct store_conn *conn, int64_t tree,
			struct tree_cache **ret_c, struct ltps_error *err)
{
	struct tree t;
	struct tree_cache *c = cached_tree(conn, tree);
	if (c != NULL) {
		*ret_c = c;
		return 0;
	}
	if (tree_get(conn, tree, &t, err) != 0)
		return -1;
	if (t.state != TREE_OPEN)
		return fail_not_open(err);
	if (cache_place(conn, &c, err) != 0)
		return -1;
	c->tree = tree;
	c->alg = t.alg;
	c->n_leaves = t.n_leaves;
	c->bytes = t.bytes;
	c->first = t.purpose == TREE_FIRST;
	memcpy(c->profile, t.profile, sizeof(c->profile));
	c->valid = true;
	*ret_c = c;
	return 0;
}

/* Adding leaves */

/* The hash of a token is taken: its bytes stay as they are from now on. */
static int freeze_for(struct store_conn *conn, const struct leaf_new *leaf,
		      struct ltps_error *err)
{
	struct token *token = NULL;
	struct digest d;
	if (token_get(conn, leaf->ref, &token, err) != 0)
		return -1;
	int rc = digest_once(leaf->digest.alg, token->der, &d, err);
	if (rc == 0 && !digest_equal(&d, &leaf->digest))
		rc = ltps_fail(err, LTPS_MISMATCH, LTPS_FAULT_SELF, "RFC 4998 5.2",
			       "the leaf is not the hash of the token");
	if (rc == 0)
		rc = token_freeze(conn, leaf->ref, err);
	token_free(token);
	return rc;
}

static int put_leaf(struct store_conn *conn, struct tree_cache *c,
		    const struct leaf_new *leaf, struct leaf *ret_leaf,
		    struct ltps_error *err)
{
	struct db_stmt *s;
	if (leaf->digest.alg != c->alg || leaf->digest.n != digest_len(c->alg))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "a leaf of another digest than its tree");
	if (c->n_leaves >= STORE_LEAVES_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, NULL,
				 "the tree is full");
	if (leaf->kind == LEAF_TOKEN && freeze_for(conn, leaf, err) != 0)
		return -1;
	if (db_get(conn->db, SQL_LEAF_INSERT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(c->tree), DB_INT((int64_t)c->n_leaves), DB_INT(leaf->kind),
		DB_INT(leaf->ref), DB_DIGEST(&leaf->digest));
	if (db_finish(s, err) != 0)
		return -1;
	if (ret_leaf != NULL)
		*ret_leaf = (struct leaf){ .tree = c->tree,
					   .index = c->n_leaves,
					   .kind = leaf->kind,
					   .ref = leaf->ref,
					   .digest = leaf->digest };
	c->n_leaves++;
	c->bytes += leaf->bytes;
	c->dirty = true;
	return 0;
}

int tree_append_leaf(struct store_conn *conn, const struct leaf_new *leaf,
		     struct leaf *ret_leaf, struct ltps_error *err)
{
	struct tree_cache *c;
	if (writer_require(conn, err) != 0 ||
	    text_check("profile", leaf->profile, STORE_URI_MAX, err) != 0 ||
	    open_tree(conn, leaf, &c, err) != 0)
		return -1;
	return put_leaf(conn, c, leaf, ret_leaf, err);
}

int tree_open_renewal(struct store_conn *conn, enum tree_purpose purpose,
		      const char *profile, enum digest_alg alg, int64_t now_ms,
		      int64_t *ret_tree, struct ltps_error *err)
{
	if (writer_require(conn, err) != 0)
		return -1;
	if (purpose == TREE_FIRST)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "a renewal tree needs its purpose");
	return insert_tree(conn, purpose, profile, alg, now_ms, ret_tree, err);
}

int tree_add_leaf(struct store_conn *conn, int64_t tree, const struct leaf_new *leaf,
		  struct leaf *ret_leaf, struct ltps_error *err)
{
	struct tree_cache *c;
	if (writer_require(conn, err) != 0 || require_open(conn, tree, &c, err) != 0)
		return -1;
	return put_leaf(conn, c, leaf, ret_leaf, err);
}

/* Closing and stamping */

static int append_audit_head(struct store_conn *conn, struct tree_cache *c,
			     struct ltps_error *err)
{
	struct digest head;
	struct leaf_new leaf = { .kind = LEAF_AUDIT_HEAD, .alg = c->alg };
	if (audit_head(conn, &leaf.ref, &head, err) != 0 ||
	    digest_once(c->alg, digest_view(&head), &leaf.digest, err) != 0)
		return -1;
	leaf.bytes = head.n;
	return put_leaf(conn, c, &leaf, NULL, err);
}

int tree_close(struct store_conn *conn, int64_t tree, int64_t now_ms,
	       struct ltps_error *err)
{
	struct tree_cache *c;
	struct db_stmt *s;
	if (failpoint_fail(FP_TREE_CLOSE, err) != 0)
		return -1;
	if (writer_require(conn, err) != 0 || require_open(conn, tree, &c, err) != 0)
		return -1;
	if (c->n_leaves == 0)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
				 "a tree without leaves cannot close");
	if (append_audit_head(conn, c, err) != 0 || flush_one(conn, c, err) != 0)
		return -1;
	c->valid = false;
	if (db_get(conn->db, SQL_TREE_CLOSE, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(tree), DB_INT(now_ms));
	return db_finish(s, err);
}

static int require_closing(struct store_conn *conn, int64_t tree, struct tree *ret_tree,
			   struct ltps_error *err)
{
	if (tree_get(conn, tree, ret_tree, err) != 0)
		return -1;
	if (ret_tree->state != TREE_CLOSING)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
				 "the tree does not wait for a token");
	return 0;
}

int tree_attempt_failed(struct store_conn *conn, int64_t tree, int64_t next_attempt_ms,
			const char *error, struct ltps_error *err)
{
	struct db_stmt *s;
	struct tree t;
	if (writer_require(conn, err) != 0 ||
	    require_closing(conn, tree, &t, err) != 0 ||
	    text_check_optional("error", error, STORE_ERROR_MAX, err) != 0 ||
	    db_get(conn->db, SQL_TREE_ATTEMPT_FAILED, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(tree), DB_INT(next_attempt_ms), DB_TEXT(error));
	return db_finish(s, err);
}

int tree_put_off(struct store_conn *conn, int64_t tree, int64_t next_attempt_ms,
		 struct ltps_error *err)
{
	struct db_stmt *s;
	struct tree t;
	if (writer_require(conn, err) != 0 ||
	    require_closing(conn, tree, &t, err) != 0 ||
	    db_get(conn->db, SQL_TREE_PUT_OFF, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(tree), DB_INT(next_attempt_ms));
	return db_finish(s, err);
}

static int insert_token(struct store_conn *conn, const struct tree_stamp *stamp,
			int64_t *ret_token, struct ltps_error *err)
{
	struct db_stmt *s;
	if (stamp->token.n == 0 || stamp->token.n > STORE_TOKEN_MAX)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "a token of %zu bytes", stamp->token.n);
	if (text_check_optional("TSA", stamp->tsa, STORE_TEXT_MAX, err) != 0 ||
	    db_get(conn->db, SQL_TOKEN_INSERT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(stamp->tree), DB_INT(stamp->gen_time_ms),
		DB_TEXT(stamp->tsa != NULL ? stamp->tsa : ""), DB_INT(stamp->now_ms),
		DB_VIEW(stamp->token));
	if (db_finish(s, err) != 0)
		return -1;
	*ret_token = db_last_id(conn->db);
	return 0;
}

static int set_stamped(struct store_conn *conn, const struct tree_stamp *stamp,
		       int64_t nodes, int64_t token, struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, SQL_TREE_STAMP, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(stamp->tree), DB_INT(stamp->now_ms), DB_DIGEST(&stamp->root),
		DB_INT(nodes), DB_INT(token));
	return db_finish(s, err);
}

/* The leaves of a tree that is stamped again are what they were. */
static int require_root(const struct tree *t, const struct digest *root,
			struct ltps_error *err)
{
	if (root->alg != t->alg || root->n != digest_len(t->alg))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "a root of another digest than its tree");
	if (t->root.n != 0 && !digest_equal(&t->root, root))
		return ltps_fail(err, LTPS_MISMATCH, LTPS_FAULT_SELF, NULL,
				 "tree %lld was stamped over another root",
				 (long long)t->id);
	return 0;
}

int tree_stamp(struct store_conn *conn, const struct tree_stamp *stamp,
	       int64_t *ret_token, struct ltps_error *err)
{
	struct tree t;
	int64_t nodes = 0, token = 0;
	if (failpoint_fail(FP_TREE_STAMP, err) != 0)
		return -1;
	if (writer_require(conn, err) != 0 ||
	    require_closing(conn, stamp->tree, &t, err) != 0)
		return -1;
	if (require_root(&t, &stamp->root, err) != 0)
		return -1;
	if (blob_attach(conn, stamp->nodes, &nodes, err) != 0 ||
	    insert_token(conn, stamp, &token, err) != 0 ||
	    set_stamped(conn, stamp, nodes, token, err) != 0 ||
	    renewal_stamped(conn, &t, token, err) != 0)
		return -1;
	/* The nodes of the first time, when its token has fallen. */
	if (t.nodes_blob != 0 && blob_release(conn, t.nodes_blob, err) != 0)
		return -1;
	*ret_token = token;
	return 0;
}
