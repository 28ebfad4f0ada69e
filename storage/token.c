/* SPDX-License-Identifier: Apache-2.0 */
/* token - time-stamp tokens over trees. */
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

static int read_token_row(struct db_stmt *s, struct token *t, struct ltps_error *err)
{
	t->id = db_int(s, 0);
	t->tree = db_int(s, 1);
	t->gen_time_ms = db_int(s, 2);
	t->frozen = db_int(s, 4) != 0;
	t->stored_ms = db_int(s, 5);
	t->replaced_ms = db_int(s, 6);
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
	    buf_put(&t->owned, db_view(s, 7), err) != 0)
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
	if (failpoint_fail(FP_TOKEN_REPLACE, err) != 0)
		return -1;
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
