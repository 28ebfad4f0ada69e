/* SPDX-License-Identifier: Apache-2.0 */
/* renewal_chain - earlier chains as bytes, and renewals that are given up with them. */
#include "storage/renewal_private.h"

static int put_chain(struct store_conn *conn, enum leaf_kind ref_kind, int64_t ref,
		     uint32_t seq, struct view der, int64_t tail,
		     struct ltps_error *err)
{
	struct db_stmt *s;
	if (der.n == 0 || der.n > STORE_CHAIN_MAX)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "a chain of %zu bytes", der.n);
	if (db_get(conn->db, SQL_CHAIN_PUT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(ref_kind), DB_INT(ref), DB_INT(seq), DB_VIEW(der),
		DB_OPT(tail));
	return db_finish(s, err);
}

int chain_put(struct store_conn *conn, enum leaf_kind ref_kind, int64_t ref,
	      uint32_t seq, struct view der, struct ltps_error *err)
{
	if (writer_require(conn, err) != 0)
		return -1;
	return put_chain(conn, ref_kind, ref, seq, der, 0, err);
}

/* The leaf is there, and has no chain of this source yet. */
static int require_leaf(struct store_conn *conn, int64_t source, enum leaf_kind kind,
			int64_t ref, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_SOURCE_HAS_LEAF, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(source), DB_INT(kind), DB_INT(ref));
	int rc = db_step(s, &row, err);
	bool has = rc == 0 && row && db_int(s, 0) != 0;
	db_reset(s);
	if (rc == 0 && !row)
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_SELF, NULL,
			       "tree %lld has no leaf of %lld", (long long)source,
			       (long long)ref);
	if (rc == 0 && has)
		rc = ltps_fail(err, LTPS_EXISTS, LTPS_FAULT_SELF, NULL,
			       "the leaf of %lld in tree %lld is renewed already",
			       (long long)ref, (long long)source);
	return rc;
}

int chain_put_shared(struct store_conn *conn, enum leaf_kind ref_kind, int64_t ref,
		     uint32_t seq, struct view head, int64_t source,
		     struct ltps_error *err)
{
	struct source_state state;
	if (writer_require(conn, err) != 0 ||
	    renewal_source_state(conn, source, &state, err) != 0)
		return -1;
	if (state.tail == 0)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
				 "tree %lld has nothing for its chains to end with",
				 (long long)source);
	if (require_leaf(conn, source, ref_kind, ref, err) != 0 ||
	    put_chain(conn, ref_kind, ref, seq, head, state.tail, err) != 0)
		return -1;
	return renewal_run(conn, SQL_TAIL_COUNT, state.tail, err);
}

int chain_count_came(struct store_conn *conn, enum leaf_kind ref_kind, int64_t ref,
		     uint64_t *ret_n, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_CHAIN_COUNT_CAME, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(ref_kind), DB_INT(ref));
	const int rc = db_step(s, &row, err);
	*ret_n = rc == 0 && row ? (uint64_t)db_int(s, 0) : 0;
	db_reset(s);
	return rc;
}

/* A row of CHAIN_LIST, whose tail is read behind its head. */
static int give_chain(struct store_conn *conn, struct db_stmt *s, struct buf *whole,
		      int (*row)(void *arg, uint32_t seq, struct view der,
				 struct ltps_error *err),
		      void *arg, struct ltps_error *err)
{
	uint32_t seq = (uint32_t)db_int(s, 0);
	if (db_is_null(s, 3))
		return row(arg, seq, db_view(s, 1), err);
	if (db_is_null(s, 2))
		return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
				 "the tail %lld of a chain is gone",
				 (long long)db_int(s, 3));
	buf_clear(whole);
	if (buf_put(whole, db_view(s, 1), err) != 0 ||
	    blob_read(conn, db_int(s, 2), whole, err) != 0)
		return -1;
	return row(arg, seq, view_buf(whole), err);
}

int chain_list(struct store_conn *conn, enum leaf_kind ref_kind, int64_t ref,
	       int (*row)(void *arg, uint32_t seq, struct view der,
			  struct ltps_error *err),
	       void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	struct buf whole = buf_make(2 * STORE_CHAIN_MAX);
	bool more = false;
	if (db_get(conn->db, SQL_CHAIN_LIST, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(ref_kind), DB_INT(ref));
	conn_hold(conn);
	int rc = 0;
	while (rc == 0 && (rc = db_step(s, &more, err)) == 0 && more)
		rc = give_chain(conn, s, &whole, row, arg, err);
	db_reset(s);
	conn_drop(conn);
	buf_free(&whole);
	return rc;
}

/* Giving up */

static int require_abandonable(struct store_conn *conn, const struct tree *t,
			       struct ltps_error *err)
{
	struct db_stmt *s;
	bool used = false;
	if (t->purpose != TREE_HASH_RENEWAL || t->state == TREE_STAMPED)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
				 "tree %lld is not an unstamped hash-tree renewal",
				 (long long)t->id);
	if (db_get(conn->db, SQL_TAIL_USED, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(t->id));
	int rc = db_step(s, &used, err);
	db_reset(s);
	if (rc == 0 && used)
		rc = ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
			       "chains of other trees end in tree %lld",
			       (long long)t->id);
	return rc;
}

static int drop_tails_of(struct store_conn *conn, int64_t tree, struct ltps_error *err)
{
	struct db_stmt *s;
	struct buf rows = renewal_buf();
	int rc = db_get(conn->db, SQL_TAILS_OF, &s, err);
	if (rc == 0) {
		DB_BIND(s, DB_INT(tree));
		rc = renewal_collect(s, 2, &rows, err);
	}
	for (size_t i = 0; rc == 0 && i < renewal_rows(&rows, 2); i++) {
		const int64_t *t = renewal_row(&rows, 2, i);
		rc = renewal_tail_drop(conn, t[0], t[1], err);
	}
	buf_free(&rows);
	return rc;
}

int tree_abandon(struct store_conn *conn, int64_t tree, struct ltps_error *err)
{
	/* In this order: each needs what the next removes. The tokens are those of a
	 * tree that was stamped once: all of them have fallen. */
	static const enum sql_id first[] = { SQL_SOURCES_REWIND, SQL_SOURCES_REOPEN,
					     SQL_CHAINS_DROP, SQL_LEAVES_DROP,
					     SQL_TREE_DROP_TOKEN };
	static const enum sql_id last[] = { SQL_LINK_FORGET, SQL_TOKEN_FORGET,
					    SQL_TREE_DROP };
	struct tree t;
	if (writer_require(conn, err) != 0 || tree_get(conn, tree, &t, err) != 0 ||
	    require_abandonable(conn, &t, err) != 0 ||
	    tree_cache_forget(conn, tree, err) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(first) / sizeof(first[0]); i++)
		if (renewal_run(conn, first[i], tree, err) != 0)
			return -1;
	if (drop_tails_of(conn, tree, err) != 0)
		return -1;
	for (size_t i = 0; i < sizeof(last) / sizeof(last[0]); i++)
		if (renewal_run(conn, last[i], tree, err) != 0)
			return -1;
	return t.nodes_blob != 0 ? blob_release(conn, t.nodes_blob, err) : 0;
}
