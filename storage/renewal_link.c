/* SPDX-License-Identifier: Apache-2.0 */
/* renewal_link - how tokens follow each other, and the tips at their ends. */
#include <string.h>

#include "storage/renewal_private.h"

/* Stamping */

static int insert_link(struct store_conn *conn, const struct tree *t, int64_t token,
		       int64_t partner, struct ltps_error *err)
{
	struct db_stmt *s;
	bool objects = t->purpose != TREE_TIMESTAMP_RENEWAL;
	if (db_get(conn->db, SQL_LINK_INSERT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(token), DB_INT(t->id), DB_INT(t->alg), DB_OPT(partner),
		DB_INT(objects), DB_INT(objects ? (int64_t)t->n_leaves - 1 : 0),
		DB_INT(objects ? (int64_t)t->bytes - AUDIT_HEAD_BYTES : 0));
	return db_finish(s, err);
}

static int cover(struct store_conn *conn, int64_t tree, int64_t token,
		 struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, SQL_LINK_COVER, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(tree), DB_INT(token));
	if (db_finish(s, err) != 0)
		return -1;
	return renewal_run(conn, SQL_LINK_GATHER, token, err);
}

int renewal_stamped(struct store_conn *conn, const struct tree *t, int64_t token,
		    struct ltps_error *err)
{
	struct tree_second second;
	if (tree_second_get(conn, t->id, &second, err) != 0 ||
	    insert_link(conn, t, token, second.partner, err) != 0)
		return -1;
	if (t->purpose == TREE_HASH_RENEWAL)
		return renewal_supersede_below(conn, t->id, err);
	if (t->purpose == TREE_FIRST)
		return 0;
	return cover(conn, t->id, token, err);
}

int renewal_add_path(struct store_conn *conn, int64_t token, int64_t trees,
		     int64_t objects, int64_t bytes, struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, SQL_LINK_ADD_PATH, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(token), DB_INT(trees), DB_INT(objects), DB_INT(bytes));
	return db_finish(s, err);
}

int tree_set_second(struct store_conn *conn, int64_t tree, const char *not_tsa,
		    int64_t partner, struct ltps_error *err)
{
	struct db_stmt *s;
	struct tree t;
	if (writer_require(conn, err) != 0 ||
	    text_check("TSA", not_tsa, STORE_TEXT_MAX, err) != 0 ||
	    tree_get(conn, tree, &t, err) != 0 ||
	    db_get(conn->db, SQL_TREE_SET_SECOND, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(tree), DB_TEXT(not_tsa), DB_OPT(partner));
	if (db_finish(s, err) != 0)
		return -1;
	if (db_changes(conn->db) == 1)
		return 0;
	return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
			 "tree %lld is no renewal of tokens to be stamped",
			 (long long)tree);
}

int tree_second_get(struct store_conn *conn, int64_t tree, struct tree_second *ret,
		    struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	struct tree_second second;
	if (db_get(conn->db, SQL_TREE_SECOND, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(tree));
	int rc = db_step(s, &row, err);
	if (rc == 0 && !row)
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_SELF, NULL,
			       "no tree %lld", (long long)tree);
	if (rc == 0)
		rc = db_copy_text(s, 0, second.not_tsa, sizeof(second.not_tsa), err);
	if (rc == 0) {
		second.partner = db_int(s, 1);
		*ret = second;
	}
	db_reset(s);
	return rc;
}

int tree_covers_ms(struct store_conn *conn, int64_t tree, int64_t now_ms,
		   const char *record_part, int64_t *ret_ms, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_TREE_COVERS, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(tree), DB_INT(now_ms), DB_TEXT(record_part));
	const int rc = db_step(s, &row, err);
	if (rc == 0)
		*ret_ms = row && !db_is_null(s, 0) ? db_int(s, 0) : INT64_MIN;
	db_reset(s);
	return rc;
}

/* One token */

static int is_lost(struct store_conn *conn, int64_t footing, int64_t *ret_lost_ms,
		   struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_FOOTING_IS_LOST, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(footing));
	int rc = db_step(s, &row, err);
	if (rc == 0 && !row)
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_SELF, NULL,
			       "no footing %lld", (long long)footing);
	if (rc == 0)
		*ret_lost_ms = db_int(s, 0);
	db_reset(s);
	return rc;
}

int token_set_footing(struct store_conn *conn, int64_t token, int64_t footing,
		      struct ltps_error *err)
{
	struct db_stmt *s;
	struct footing_loss loss;
	int64_t lost_ms;
	if (writer_require(conn, err) != 0 ||
	    is_lost(conn, footing, &lost_ms, err) != 0 ||
	    db_get(conn->db, SQL_LINK_SET_FOOTING, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(token), DB_INT(footing));
	if (renewal_update_one(conn, s, "token", token, err) != 0)
		return -1;
	return lost_ms == 0 ? 0 : renewal_fall(conn, lost_ms, &loss, err);
}

int token_link_get(struct store_conn *conn, int64_t token, struct token_link *ret,
		   struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_LINK_GET, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(token));
	int rc = db_step(s, &row, err);
	if (rc == 0 && !row)
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_SELF, NULL,
			       "no token %lld", (long long)token);
	if (rc == 0)
		*ret = (struct token_link){ .next = db_int(s, 0),
					    .footing = db_int(s, 1),
					    .fallen = !db_is_null(s, 2),
					    .tree = db_int(s, 3),
					    .partner = db_int(s, 4) };
	db_reset(s);
	return rc;
}

int token_chain_size(struct store_conn *conn, int64_t token, struct chain_size *ret,
		     struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_LINK_CHAIN_SIZE, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(token));
	int rc = db_step(s, &row, err);
	if (rc == 0 && (!row || db_int(s, 2) == 0))
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_SELF, NULL,
			       "no token %lld", (long long)token);
	if (rc == 0)
		*ret = (struct chain_size){ .octets = (uint64_t)db_int(s, 0),
					    .stamps = (uint64_t)db_int(s, 1) };
	db_reset(s);
	return rc;
}

int token_leaf_in(struct store_conn *conn, int64_t token, int64_t tree,
		  struct leaf *ret_leaf, struct ltps_error *err)
{
	struct db_stmt *s;
	struct tree t;
	struct leaf l;
	bool row = false;
	if (tree_get(conn, tree, &t, err) != 0 ||
	    db_get(conn->db, SQL_LEAF_OF_IN, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(token), DB_INT(LEAF_TOKEN), DB_INT(tree));
	int rc = db_step(s, &row, err);
	if (rc == 0 && !row)
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_SELF, NULL,
			       "token %lld has no leaf in tree %lld", (long long)token,
			       (long long)tree);
	if (rc == 0)
		rc = tree_leaf_read(s, t.alg, &l, err);
	db_reset(s);
	if (rc == 0)
		*ret_leaf = l;
	return rc;
}

/* Tips */

static int read_tip(struct db_stmt *s, struct tip *t, struct ltps_error *err)
{
	t->token = db_int(s, 0);
	t->tree = db_int(s, 1);
	t->alg = (enum digest_alg)db_int(s, 2);
	t->gen_time_ms = db_int(s, 3);
	t->footing = db_int(s, 5);
	t->partner = db_int(s, 6);
	t->weakens_ms = db_is_null(s, 7) ? INT64_MIN : db_int(s, 7);
	t->waiting = db_int(s, 8) != 0;
	t->objects = (uint64_t)db_int(s, 9);
	t->bytes = (uint64_t)db_int(s, 10);
	return db_copy_text(s, 4, t->tsa, sizeof(t->tsa), err);
}

int tip_list(struct store_conn *conn, const struct tip_query *query,
	     int (*row)(void *arg, const struct tip *tip, struct ltps_error *err),
	     void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	bool more = false;
	struct tip t;
	if (db_get(conn->db, SQL_TIP_LIST, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(query->alg), DB_INT(query->weakens_until),
		DB_INT(query->unpaired), DB_INT(query->idle), DB_INT(query->after_id),
		DB_INT(page_limit(query->limit)));
	int rc = 0;
	while (rc == 0 && (rc = db_step(s, &more, err)) == 0 && more) {
		rc = read_tip(s, &t, err);
		if (rc == 0)
			rc = row(arg, &t, err);
	}
	db_reset(s);
	return rc;
}

static int read_sum(struct db_stmt *s, struct tip_sum *t, struct ltps_error *err)
{
	t->alg = (enum digest_alg)db_int(s, 0);
	t->footing = db_int(s, 1);
	t->partner = db_int(s, 2);
	t->weakens_ms = db_is_null(s, 3) ? INT64_MIN : db_int(s, 3);
	t->tips = (uint64_t)db_int(s, 6);
	t->objects = (uint64_t)db_int(s, 7);
	t->bytes = (uint64_t)db_int(s, 8);
	if (db_copy_text(s, 4, t->reason, sizeof(t->reason), err) != 0)
		return -1;
	return db_copy_text(s, 5, t->tsa, sizeof(t->tsa), err);
}

int tip_sums(struct store_conn *conn,
	     int (*row)(void *arg, const struct tip_sum *sum, struct ltps_error *err),
	     void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	bool more = false;
	struct tip_sum t;
	if (db_get(conn->db, SQL_TIP_SUMS, &s, err) != 0)
		return -1;
	int rc = 0;
	while (rc == 0 && (rc = db_step(s, &more, err)) == 0 && more) {
		rc = read_sum(s, &t, err);
		if (rc == 0)
			rc = row(arg, &t, err);
	}
	db_reset(s);
	return rc;
}
