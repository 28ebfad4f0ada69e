/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renewal_lose - a footing proves nothing any more: what falls with it.
 *
 *   tips on a lost footing fall
 *     trees of objects stamped by them wait for a new token
 *       what a hash-renewal tree among these superseded is needed again
 *     what only they covered is a tip again; on a lost footing it falls next
 *   unstamped hash-renewal trees with chains that end in them are given up
 */
#include <string.h>

#include "storage/renewal_private.h"

/* Columns of TREE_UNSTAMP. */
enum { UNSTAMPED_TREE, UNSTAMPED_PURPOSE, UNSTAMPED_LEAVES, UNSTAMPED_COLUMNS };

/* All rounds of one loss. */
struct fall {
	struct store_conn *conn;
	int64_t now_ms;
	struct footing_loss loss;
	struct buf unstamped;
};

/* Trees of objects under fallen tokens. */
static int unstamp(struct fall *f, struct ltps_error *err)
{
	struct db_stmt *s;
	size_t before = renewal_rows(&f->unstamped, UNSTAMPED_COLUMNS);
	if (db_get(f->conn->db, SQL_TREE_UNSTAMP, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(f->now_ms));
	if (renewal_collect(s, UNSTAMPED_COLUMNS, &f->unstamped, err) != 0)
		return -1;
	for (size_t i = before; i < renewal_rows(&f->unstamped, UNSTAMPED_COLUMNS);
	     i++) {
		const int64_t *t = renewal_row(&f->unstamped, UNSTAMPED_COLUMNS, i);
		f->loss.trees++;
		f->loss.leaves += (uint64_t)t[UNSTAMPED_LEAVES];
		if (t[UNSTAMPED_PURPOSE] == TREE_HASH_RENEWAL &&
		    renewal_revive_below(f->conn, t[UNSTAMPED_TREE], err) != 0)
			return -1;
	}
	return 0;
}

static int fall_round(struct fall *f, bool *ret_more, struct ltps_error *err)
{
	struct db *db = f->conn->db;
	if (renewal_run(f->conn, SQL_LINK_FALL, f->now_ms, err) != 0)
		return -1;
	f->loss.tokens += (uint64_t)db_changes(db);
	*ret_more = db_changes(db) > 0;
	if (!*ret_more)
		return 0;
	if (unstamp(f, err) != 0 || db_run(db, SQL_LINK_RESTORE, err) != 0)
		return -1;
	f->loss.restored += (uint64_t)db_changes(db);
	return db_run(db, SQL_LINK_UNCOVER, err);
}

/* No chain ends with these from now on; those that were put already stay, or go with
 * the tree that they were put for. */
static int drop_tails(struct fall *f, struct ltps_error *err)
{
	struct db_stmt *s;
	struct buf rows = renewal_buf();
	int rc = db_get(f->conn->db, SQL_TAILS_LOST, &s, err);
	if (rc == 0)
		rc = renewal_collect(s, 2, &rows, err);
	for (size_t i = 0; rc == 0 && i < renewal_rows(&rows, 2); i++) {
		const int64_t *t = renewal_row(&rows, 2, i);
		rc = renewal_tail_set(f->conn, t[0], t[1], 0, err);
	}
	buf_free(&rows);
	return rc;
}

/* A tree that fell in this loss and is given up is not waiting any more. */
static void uncount(struct fall *f, int64_t tree)
{
	for (size_t i = 0; i < renewal_rows(&f->unstamped, UNSTAMPED_COLUMNS); i++) {
		const int64_t *t = renewal_row(&f->unstamped, UNSTAMPED_COLUMNS, i);
		if (t[UNSTAMPED_TREE] != tree)
			continue;
		f->loss.trees--;
		f->loss.leaves -= (uint64_t)t[UNSTAMPED_LEAVES];
	}
}

/* Newest first: chains of a later one may end in a tree that is given up too. */
static int abandon_lost(struct fall *f, struct ltps_error *err)
{
	struct db_stmt *s;
	struct buf trees = renewal_buf();
	int rc = db_get(f->conn->db, SQL_TREES_LOST, &s, err);
	if (rc == 0)
		rc = renewal_collect(s, 1, &trees, err);
	for (size_t i = 0; rc == 0 && i < renewal_rows(&trees, 1); i++) {
		struct ltps_error why = LTPS_ERROR_INIT;
		int64_t tree = *renewal_row(&trees, 1, i);
		if (tree_abandon(f->conn, tree, &why) == 0) {
			uncount(f, tree);
		} else if (why.code != LTPS_STATE) {
			*err = why;
			rc = -1;
		}
	}
	buf_free(&trees);
	return rc;
}

/* What follows from tokens that have fallen. */
static int fall_end(struct fall *f, struct ltps_error *err)
{
	return drop_tails(f, err) == 0 ? abandon_lost(f, err) : -1;
}

int renewal_fall(struct store_conn *conn, int64_t now_ms, struct footing_loss *ret,
		 struct ltps_error *err)
{
	struct fall f = { .conn = conn, .now_ms = now_ms, .unstamped = renewal_buf() };
	bool more = true;
	int rc = 0;
	while (rc == 0 && more)
		rc = fall_round(&f, &more, err);
	if (rc == 0)
		rc = fall_end(&f, err);
	buf_free(&f.unstamped);
	if (rc == 0)
		*ret = f.loss;
	return rc;
}

/* ---- tips that ended unrenewed ---- */

/* Columns of LINK_BRANCHES. */
enum { BRANCH_TOKEN, BRANCH_TIP, BRANCH_COLUMNS };

/* A tip without these branches; it falls when it has no other. */
static int prune(struct fall *f, int64_t tip, struct ltps_error *err)
{
	struct db_stmt *s;
	if (renewal_run(f->conn, SQL_LINK_GATHER, tip, err) != 0 ||
	    db_get(f->conn->db, SQL_LINK_LAPSE, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(f->now_ms), DB_INT(tip));
	if (db_finish(s, err) != 0)
		return -1;
	f->loss.tokens += (uint64_t)db_changes(f->conn->db);
	return 0;
}

static int lapse_round(struct fall *f, int64_t proven_ms, bool *ret_more,
		       struct ltps_error *err)
{
	struct db_stmt *s;
	struct buf rows = renewal_buf();
	int rc = db_get(f->conn->db, SQL_LINK_BRANCHES, &s, err);
	if (rc == 0) {
		DB_BIND(s, DB_INT(proven_ms));
		rc = renewal_collect(s, BRANCH_COLUMNS, &rows, err);
	}
	const size_t n = renewal_rows(&rows, BRANCH_COLUMNS);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		const int64_t *b = renewal_row(&rows, BRANCH_COLUMNS, i);
		const bool last = i + 1 == n || b[BRANCH_COLUMNS + BRANCH_TIP] !=
						    b[BRANCH_TIP];
		f->loss.restored++;
		rc = renewal_run(f->conn, SQL_LINK_DETACH, b[BRANCH_TOKEN], err);
		if (rc == 0 && last)
			rc = prune(f, b[BRANCH_TIP], err);
	}
	buf_free(&rows);
	*ret_more = n > 0;
	return rc;
}

int tips_lapse(struct store_conn *conn, int64_t now_ms, int64_t proven_ms,
	       struct footing_loss *ret, struct ltps_error *err)
{
	struct fall f = { .conn = conn, .now_ms = now_ms, .unstamped = renewal_buf() };
	bool more = true;
	int rc = writer_require(conn, err);
	while (rc == 0 && more)
		rc = lapse_round(&f, proven_ms, &more, err);
	/* What is superseded lies under them still. */
	if (rc == 0 && f.loss.tokens > 0)
		rc = db_run(conn->db, SQL_LINK_UNCOVER, err);
	if (rc == 0 && f.loss.tokens > 0)
		rc = fall_end(&f, err);
	buf_free(&f.unstamped);
	if (rc == 0)
		*ret = f.loss;
	return rc;
}

int footing_lose(struct store_conn *conn, int64_t id, int64_t now_ms,
		 const char *reason, struct footing_loss *ret, struct ltps_error *err)
{
	struct db_stmt *s;
	if (writer_require(conn, err) != 0 ||
	    text_check_optional("reason", reason, STORE_REASON_MAX, err) != 0 ||
	    db_get(conn->db, SQL_FOOTING_LOSE, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(id), DB_INT(now_ms), DB_TEXT(reason != NULL ? reason : ""));
	if (renewal_update_one(conn, s, "footing", id, err) != 0 ||
	    renewal_run(conn, SQL_LINK_NOBODYS_PARTNER, id, err) != 0)
		return -1;
	return renewal_fall(conn, now_ms, ret, err);
}
