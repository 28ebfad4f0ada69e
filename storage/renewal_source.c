/* SPDX-License-Identifier: Apache-2.0 */
/* renewal_source - trees whose leaves are renewed under another digest, and what their
 * chains end with. */
#include <string.h>

#include "storage/renewal_private.h"

int renewal_source_state(struct store_conn *conn, int64_t tree,
			 struct source_state *ret, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_SOURCE_STATE, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(tree));
	int rc = db_step(s, &row, err);
	if (rc == 0 && !row)
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_SELF, NULL,
			       "no tree %lld", (long long)tree);
	if (rc == 0 && db_int(s, 0) == 0)
		rc = ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
			       "tree %lld is not a stamped one of objects",
			       (long long)tree);
	if (rc == 0)
		*ret = (struct source_state){ .n_leaves = db_int(s, 1),
					      .tail = db_int(s, 2) };
	db_reset(s);
	return rc;
}

/* Tails */

struct tail {
	int64_t target;
	int64_t tip;
	int64_t chains;
	struct digest sha512;
	int64_t blob;
};

static int get_tail(struct store_conn *conn, int64_t id, struct tail *ret,
		    struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_TAIL_GET, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(id));
	int rc = db_step(s, &row, err);
	if (rc == 0 && !row)
		rc = ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL, "no tail %lld",
			       (long long)id);
	if (rc == 0) {
		ret->target = db_int(s, 0);
		ret->tip = db_int(s, 1);
		ret->chains = db_int(s, 2);
		ret->blob = db_int(s, 4);
		rc = db_copy_digest(s, 3, DIGEST_SHA512, &ret->sha512, err);
	}
	db_reset(s);
	return rc;
}

int renewal_tail_drop(struct store_conn *conn, int64_t tail, int64_t blob,
		      struct ltps_error *err)
{
	if (renewal_run(conn, SQL_TAIL_DELETE, tail, err) != 0)
		return -1;
	return blob_release(conn, blob, err);
}

int renewal_tail_set(struct store_conn *conn, int64_t source, int64_t before,
		     int64_t tail, struct ltps_error *err)
{
	struct db_stmt *s;
	struct tail t = { .chains = 1 };
	if ((before != 0 && get_tail(conn, before, &t, err) != 0) ||
	    db_get(conn->db, SQL_SOURCE_SET_TAIL, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(source), DB_OPT(tail));
	if (db_finish(s, err) != 0)
		return -1;
	return t.chains == 0 ? renewal_tail_drop(conn, before, t.blob, err) : 0;
}

static int require_target(struct store_conn *conn, int64_t tree, int64_t tip,
			  struct ltps_error *err)
{
	struct tree t;
	struct token_link link;
	if (tree_get(conn, tree, &t, err) != 0 ||
	    token_link_get(conn, tip, &link, err) != 0)
		return -1;
	if (t.purpose != TREE_HASH_RENEWAL || t.state != TREE_OPEN)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
				 "tree %lld takes no renewed leaves", (long long)tree);
	if (link.fallen)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
				 "token %lld has fallen: no chain may end in it",
				 (long long)tip);
	return 0;
}

static int insert_tail(struct store_conn *conn, int64_t source, int64_t target,
		       struct blob_new *tail, int64_t tip, int64_t *ret_tail,
		       struct ltps_error *err)
{
	struct db_stmt *s;
	int64_t blob;
	if (blob_attach(conn, tail, &blob, err) != 0 ||
	    db_get(conn->db, SQL_TAIL_INSERT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(source), DB_INT(target), DB_INT(blob), DB_INT(tip));
	if (db_finish(s, err) != 0)
		return -1;
	*ret_tail = db_last_id(conn->db);
	return 0;
}

int renewal_source_begin(struct store_conn *conn, int64_t tree, int64_t into,
			 struct blob_new *tail, int64_t tip, struct ltps_error *err)
{
	struct source_state state;
	struct tail now = { .target = 0 };
	int64_t id;
	if (writer_require(conn, err) != 0 ||
	    renewal_source_state(conn, tree, &state, err) != 0 ||
	    require_target(conn, into, tip, err) != 0 ||
	    (state.tail != 0 && get_tail(conn, state.tail, &now, err) != 0))
		return -1;
	if (now.target == into && now.tip == tip &&
	    digest_equal(&now.sha512, &tail->sha512))
		return 0;
	if (insert_tail(conn, tree, into, tail, tip, &id, err) != 0)
		return -1;
	return renewal_tail_set(conn, tree, state.tail, id, err);
}

/* Progress */

/* Rows of SOURCE_SUPERSEDE and SOURCE_REVIVE: token, objects, bytes. */
static int add_paths(struct store_conn *conn, struct db_stmt *s, int sign,
		     struct ltps_error *err)
{
	struct buf rows = renewal_buf();
	int rc = renewal_collect(s, 3, &rows, err);
	for (size_t i = 0; rc == 0 && i < renewal_rows(&rows, 3); i++) {
		const int64_t *t = renewal_row(&rows, 3, i);
		rc = renewal_add_path(conn, t[0], sign, sign * t[1], sign * t[2], err);
	}
	buf_free(&rows);
	return rc;
}

static int renewal_supersede(struct store_conn *conn, int64_t source,
			     struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, SQL_SOURCE_SUPERSEDE, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(source));
	return add_paths(conn, s, -1, err);
}

int renewal_source_progress(struct store_conn *conn, int64_t tree, uint64_t done,
			    bool finished, struct ltps_error *err)
{
	struct db_stmt *s;
	struct source_state state;
	if (writer_require(conn, err) != 0 ||
	    renewal_source_state(conn, tree, &state, err) != 0)
		return -1;
	if (done > (uint64_t)state.n_leaves)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "more leaves handled than tree %lld has",
				 (long long)tree);
	if (db_get(conn->db, SQL_SOURCE_PROGRESS, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(tree), DB_INT((int64_t)done), DB_INT(finished));
	if (db_finish(s, err) != 0)
		return -1;
	return finished ? renewal_supersede(conn, tree, err) : 0;
}

int renewal_supersede_below(struct store_conn *conn, int64_t target,
			    struct ltps_error *err)
{
	struct db_stmt *s;
	struct buf rows = renewal_buf();
	int rc = db_get(conn->db, SQL_SOURCES_OF, &s, err);
	if (rc == 0) {
		DB_BIND(s, DB_INT(target));
		rc = renewal_collect(s, 1, &rows, err);
	}
	for (size_t i = 0; rc == 0 && i < renewal_rows(&rows, 1); i++)
		rc = renewal_supersede(conn, *renewal_row(&rows, 1, i), err);
	buf_free(&rows);
	return rc;
}

int renewal_revive_below(struct store_conn *conn, int64_t target,
			 struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, SQL_SOURCE_REVIVE, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(target));
	return add_paths(conn, s, 1, err);
}

/* Listing */

static int read_source(struct db_stmt *s, struct renewal_source *r,
		       struct ltps_error *err)
{
	r->tree = db_int(s, 0);
	r->alg = (enum digest_alg)db_int(s, 2);
	r->n_leaves = (uint64_t)db_int(s, 3);
	r->bytes = (uint64_t)db_int(s, 4);
	r->done = (uint64_t)db_int(s, 5);
	r->into = db_int(s, 6);
	r->tail = db_int(s, 7);
	r->tail_tip = db_int(s, 8);
	return db_copy_text(s, 1, r->profile, sizeof(r->profile), err);
}

int renewal_source_list(struct store_conn *conn, enum digest_alg alg, int64_t after_id,
			size_t limit,
			int (*row)(void *arg, const struct renewal_source *s,
				   struct ltps_error *err),
			void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	struct renewal_source r;
	bool more = false;
	if (db_get(conn->db, SQL_SOURCE_LIST, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(alg), DB_INT(after_id), DB_INT(page_limit(limit)));
	int rc = 0;
	while (rc == 0 && (rc = db_step(s, &more, err)) == 0 && more) {
		rc = read_source(s, &r, err);
		if (rc == 0)
			rc = row(arg, &r, err);
	}
	db_reset(s);
	return rc;
}

int renewal_sum_get(struct store_conn *conn, enum digest_alg alg,
		    struct renewal_sum *ret, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_SOURCE_SUM, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(alg));
	int rc = db_step(s, &row, err);
	if (rc == 0)
		*ret = (struct renewal_sum){ .trees = (uint64_t)db_int(s, 0),
					     .leaves = (uint64_t)db_int(s, 1),
					     .bytes = (uint64_t)db_int(s, 2) };
	db_reset(s);
	return rc;
}
