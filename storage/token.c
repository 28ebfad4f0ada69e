/* SPDX-License-Identifier: Apache-2.0 */
/* token - time-stamp tokens over trees, and earlier chains as bytes. */
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "storage/evidence.h"
#include "storage/failpoints.h"
#include "storage/store_private.h"

void token_free(struct token *token)
{
	if (token == NULL)
		return;
	buf_free(&token->owned);
	mem_free(token);
}

/* Columns of TOKEN_LIST; TOKEN_GET has the bytes behind them. */
static int read_token_row(struct db_stmt *s, struct token *t, struct ltps_error *err)
{
	t->id = db_int(s, 0);
	t->tree = db_int(s, 1);
	t->gen_time_ms = db_int(s, 2);
	t->frozen = db_int(s, 4) != 0;
	t->stored_ms = db_int(s, 5);
	t->replaced_ms = db_int(s, 6);
	t->renew_ms = db_int(s, 7);
	return db_copy_text(s, 3, t->tsa, sizeof(t->tsa), err);
}

static int fail_no_token(int64_t token, struct ltps_error *err)
{
	return ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_SELF, NULL, "no token %lld",
			 (long long)token);
}

static int read_token(struct db_stmt *s, int64_t id, struct token *t,
		      struct ltps_error *err)
{
	bool row = false;
	if (db_step(s, &row, err) != 0)
		return -1;
	if (!row)
		return fail_no_token(id, err);
	t->owned = buf_make(STORE_TOKEN_MAX);
	if (read_token_row(s, t, err) != 0 ||
	    buf_put(&t->owned, db_view(s, 8), err) != 0)
		return -1;
	t->der = view_buf(&t->owned);
	return 0;
}

int token_get(struct store_conn *conn, int64_t token, struct token **ret_token,
	      struct ltps_error *err)
{
	struct db_stmt *s;
	struct token *t = mem_zalloc(1, sizeof(*t));
	if (t == NULL)
		return ltps_fail_nomem(err);
	if (db_get(conn->db, SQL_TOKEN_GET, &s, err) != 0) {
		token_free(t);
		return -1;
	}
	DB_BIND(s, DB_INT(token));
	int rc = read_token(s, token, t, err);
	db_reset(s);
	if (rc != 0) {
		token_free(t);
		return -1;
	}
	*ret_token = t;
	return 0;
}

static int is_frozen(struct store_conn *conn, int64_t token, bool *ret_frozen,
		     struct ltps_error *err)
{
	struct token *t;
	if (token_get(conn, token, &t, err) != 0)
		return -1;
	*ret_frozen = t->frozen;
	token_free(t);
	return 0;
}

int token_replace(struct store_conn *conn, int64_t token, struct view der,
		  int64_t now_ms, struct ltps_error *err)
{
	struct db_stmt *s;
	bool frozen;
	if (failpoint_pass(FP_TOKEN_REPLACE))
		return ltps_fail(err, LTPS_IO, LTPS_FAULT_SELF, NULL, "failpoint");
	if (writer_require(conn, err) != 0 || is_frozen(conn, token, &frozen, err) != 0)
		return -1;
	if (frozen)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, "RFC 4998 5.2",
				 "a renewal has taken the token's hash");
	if (der.n == 0 || der.n > STORE_TOKEN_MAX)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "a token of %zu bytes", der.n);
	if (db_get(conn->db, SQL_TOKEN_REPLACE, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(token), DB_VIEW(der), DB_INT(now_ms));
	return db_finish(s, err);
}

/* Runs an UPDATE of one token. */
static int update_token(struct store_conn *conn, struct db_stmt *s, int64_t token,
			struct ltps_error *err)
{
	if (db_finish(s, err) != 0)
		return -1;
	return db_changes(conn->db) == 1 ? 0 : fail_no_token(token, err);
}

int token_freeze(struct store_conn *conn, int64_t token, struct ltps_error *err)
{
	struct db_stmt *s;
	if (writer_require(conn, err) != 0 ||
	    db_get(conn->db, SQL_TOKEN_FREEZE, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(token));
	return update_token(conn, s, token, err);
}

int token_set_renewal(struct store_conn *conn, int64_t token, int64_t renew_ms,
		      struct ltps_error *err)
{
	struct db_stmt *s;
	if (writer_require(conn, err) != 0 ||
	    db_get(conn->db, SQL_TOKEN_SET_RENEWAL, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(token), DB_OPT(renew_ms));
	return update_token(conn, s, token, err);
}

static int each_token(struct db_stmt *s, token_row *row, void *arg,
		      struct ltps_error *err)
{
	bool more = false;
	struct token *t = mem_zalloc(1, sizeof(*t));
	int rc = t != NULL ? 0 : ltps_fail_nomem(err);
	while (rc == 0 && (rc = db_step(s, &more, err)) == 0 && more) {
		rc = read_token_row(s, t, err);
		if (rc == 0)
			rc = row(arg, t, err);
	}
	db_reset(s);
	mem_free(t);
	return rc;
}

int token_list(struct store_conn *conn, int64_t after_id, int64_t due_ms, size_t limit,
	       token_row *row, void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	enum sql_id sql = due_ms > 0 ? SQL_TOKEN_LIST_DUE : SQL_TOKEN_LIST;
	if (db_get(conn->db, sql, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(due_ms > 0 ? due_ms : after_id), DB_INT(page_limit(limit)));
	return each_token(s, row, arg, err);
}

/* Chains */

int chain_put(struct store_conn *conn, enum leaf_kind ref_kind, int64_t ref,
	      uint32_t seq, struct view der, struct ltps_error *err)
{
	struct db_stmt *s;
	if (writer_require(conn, err) != 0)
		return -1;
	if (der.n == 0 || der.n > STORE_CHAIN_MAX)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "a chain of %zu bytes", der.n);
	if (db_get(conn->db, SQL_CHAIN_PUT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(ref_kind), DB_INT(ref), DB_INT(seq), DB_VIEW(der));
	return db_finish(s, err);
}

int chain_list(struct store_conn *conn, enum leaf_kind ref_kind, int64_t ref,
	       int (*row)(void *arg, uint32_t seq, struct view der,
			  struct ltps_error *err),
	       void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	bool more = false;
	if (db_get(conn->db, SQL_CHAIN_LIST, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(ref_kind), DB_INT(ref));
	int rc = 0;
	while (rc == 0 && (rc = db_step(s, &more, err)) == 0 && more)
		rc = row(arg, (uint32_t)db_int(s, 0), db_view(s, 1), err);
	db_reset(s);
	return rc;
}
