/* SPDX-License-Identifier: Apache-2.0 */
/* tree_read - reading trees and leaves. */
#include <string.h>

#include "storage/evidence.h"
#include "storage/renewal_private.h"

static int read_tree_row(struct db_stmt *s, struct tree *t, struct ltps_error *err)
{
	memset(t, 0, sizeof(*t));
	t->id = db_int(s, 0);
	t->purpose = (enum tree_purpose)db_int(s, 1);
	t->alg = (enum digest_alg)db_int(s, 3);
	t->state = (enum tree_state)db_int(s, 4);
	t->opened_ms = db_int(s, 5);
	t->closed_ms = db_int(s, 6);
	t->stamped_ms = db_int(s, 7);
	t->n_leaves = (uint64_t)db_int(s, 8);
	t->bytes = (uint64_t)db_int(s, 9);
	t->nodes_blob = db_int(s, 11);
	t->token = db_int(s, 12);
	t->next_attempt_ms = db_int(s, 13);
	t->attempts = (uint32_t)db_int(s, 14);
	if (db_copy_text(s, 2, t->profile, sizeof(t->profile), err) != 0 ||
	    db_copy_text(s, 15, t->last_error, sizeof(t->last_error), err) != 0)
		return -1;
	return db_copy_digest(s, 10, t->alg, &t->root, err);
}

int tree_get(struct store_conn *conn, int64_t tree, struct tree *ret_tree,
	     struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	struct tree t;
	if (tree_cache_flush(conn, err) != 0 ||
	    db_get(conn->db, SQL_TREE_GET, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(tree));
	int rc = db_step(s, &row, err);
	if (rc == 0 && !row)
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_SELF, NULL,
			       "no tree %lld", (long long)tree);
	if (rc == 0)
		rc = read_tree_row(s, &t, err);
	db_reset(s);
	if (rc == 0)
		*ret_tree = t;
	return rc;
}

/* Gives every row of a bound statement, which is reset. */
static int each_tree(struct db_stmt *s, tree_row *row, void *arg,
		     struct ltps_error *err)
{
	bool more = false;
	int rc = 0;
	while (rc == 0 && (rc = db_step(s, &more, err)) == 0 && more) {
		struct tree t;
		rc = read_tree_row(s, &t, err);
		if (rc == 0)
			rc = row(arg, &t, err);
	}
	db_reset(s);
	return rc;
}

static int64_t or_never(uint64_t limit)
{
	return limit == 0 || limit > INT64_MAX ? INT64_MAX : (int64_t)limit;
}

int tree_due_to_close(struct store_conn *conn, const struct tree_limits *limits,
		      tree_row *row, void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	if (tree_cache_flush(conn, err) != 0 ||
	    db_get(conn->db, SQL_TREE_DUE_TO_CLOSE, &s, err) != 0)
		return -1;
	int64_t opened =
	    limits->opened_before_ms != 0 ? limits->opened_before_ms : INT64_MIN;
	DB_BIND(s, DB_TEXT(limits->profile), DB_INT(or_never(limits->leaves)),
		DB_INT(or_never(limits->bytes)), DB_INT(opened));
	return each_tree(s, row, arg, err);
}

int tree_due_to_stamp(struct store_conn *conn, int64_t now_ms, tree_row *row, void *arg,
		      struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, SQL_TREE_DUE_TO_STAMP, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(now_ms));
	return each_tree(s, row, arg, err);
}

int tree_list(struct store_conn *conn, int state, int64_t after_id, size_t limit,
	      tree_row *row, void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	if (tree_cache_flush(conn, err) != 0 ||
	    db_get(conn->db, SQL_TREE_LIST, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(after_id), state < 0 ? DB_NULL : DB_INT(state),
		DB_INT(page_limit(limit)));
	return each_tree(s, row, arg, err);
}

/* Leaves */

/* The algorithm is the tree's; the length tells it apart well enough here. */
int tree_leaf_read(struct db_stmt *s, enum digest_alg alg, struct leaf *l,
		   struct ltps_error *err)
{
	l->tree = db_int(s, 0);
	l->index = (uint64_t)db_int(s, 1);
	l->kind = (enum leaf_kind)db_int(s, 2);
	l->ref = db_int(s, 3);
	return db_copy_digest(s, 4, alg, &l->digest, err);
}

int tree_leaves(struct store_conn *conn, int64_t tree, uint8_t *out, size_t out_size,
		struct ltps_error *err)
{
	struct tree t;
	struct db_stmt *s;
	bool more = false;
	size_t n = 0;
	uint64_t index = 0;
	if (tree_get(conn, tree, &t, err) != 0)
		return -1;
	size_t len = digest_len(t.alg);
	if (out_size != t.n_leaves * len)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "room for %zu bytes where %llu leaves are", out_size,
				 (unsigned long long)t.n_leaves);
	if (db_get(conn->db, SQL_LEAF_LIST, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(tree));
	int rc = 0;
	while ((rc = db_step(s, &more, err)) == 0 && more) {
		struct view digest = db_view(s, 4);
		if (db_int(s, 1) != (int64_t)index || digest.n != len ||
		    out_size - n < len)
			break;
		memcpy(out + n, digest.p, len);
		n += len;
		index++;
	}
	db_reset(s);
	if (rc == 0 && (more || n != out_size))
		rc = ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
			       "tree %lld: leaf %llu is not as counted",
			       (long long)tree, (unsigned long long)index);
	return rc;
}

static int alg_of(struct store_conn *conn, int64_t tree, enum digest_alg *ret_alg,
		  struct ltps_error *err)
{
	struct tree t;
	if (tree_get(conn, tree, &t, err) != 0)
		return -1;
	*ret_alg = t.alg;
	return 0;
}

int tree_leaf_at(struct store_conn *conn, int64_t tree, uint64_t index,
		 struct leaf *ret_leaf, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	enum digest_alg alg;
	struct leaf l;
	if (alg_of(conn, tree, &alg, err) != 0 ||
	    db_get(conn->db, SQL_LEAF_AT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(tree), DB_INT((int64_t)index));
	int rc = db_step(s, &row, err);
	if (rc == 0 && !row)
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_SELF, NULL,
			       "no leaf %llu in tree %lld", (unsigned long long)index,
			       (long long)tree);
	if (rc == 0)
		rc = tree_leaf_read(s, alg, &l, err);
	db_reset(s);
	if (rc == 0)
		*ret_leaf = l;
	return rc;
}

int tree_leaves_of(struct store_conn *conn, enum leaf_kind kind, int64_t ref,
		   int (*row)(void *arg, const struct leaf *leaf,
			      struct ltps_error *err),
		   void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	bool more = false;
	if (db_get(conn->db, SQL_LEAF_OF, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(ref), DB_INT(kind));
	int rc = 0;
	while (rc == 0 && (rc = db_step(s, &more, err)) == 0 && more) {
		struct leaf l;
		enum digest_alg alg;
		rc = alg_of(conn, db_int(s, 0), &alg, err);
		if (rc == 0)
			rc = tree_leaf_read(s, alg, &l, err);
		if (rc == 0)
			rc = row(arg, &l, err);
	}
	db_reset(s);
	return rc;
}

/* Leaves of a bound statement, which is reset. */
static int each_leaf(struct db_stmt *s, enum digest_alg alg,
		     int (*row)(void *arg, const struct leaf *leaf,
				struct ltps_error *err),
		     void *arg, struct ltps_error *err)
{
	bool more = false;
	int rc = 0;
	while (rc == 0 && (rc = db_step(s, &more, err)) == 0 && more) {
		struct leaf l;
		rc = tree_leaf_read(s, alg, &l, err);
		if (rc == 0)
			rc = row(arg, &l, err);
	}
	db_reset(s);
	return rc;
}

int tree_leaves_list(struct store_conn *conn, int64_t tree,
		     int (*row)(void *arg, const struct leaf *leaf,
				struct ltps_error *err),
		     void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	enum digest_alg alg;
	if (alg_of(conn, tree, &alg, err) != 0 ||
	    db_get(conn->db, SQL_LEAF_LIST, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(tree));
	return each_leaf(s, alg, row, arg, err);
}

int tree_leaves_page(struct store_conn *conn, int64_t tree, uint64_t from, size_t limit,
		     int (*row)(void *arg, const struct leaf *leaf,
				struct ltps_error *err),
		     void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	enum digest_alg alg;
	if (alg_of(conn, tree, &alg, err) != 0 ||
	    db_get(conn->db, SQL_LEAF_PAGE, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(tree), DB_INT((int64_t)from), DB_INT(page_limit(limit)));
	return each_leaf(s, alg, row, arg, err);
}
