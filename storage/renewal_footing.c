/* SPDX-License-Identifier: Apache-2.0 */
/* renewal_footing - rows of what evidence stands on, and what all changes share. */
#include <string.h>

#include "storage/renewal_private.h"

/* Rows that one statement may name: all trees that one loss concerns. */
#define COLLECT_MAX ((size_t)256 << 20)

int renewal_update_one(struct store_conn *conn, struct db_stmt *s, const char *what,
		       int64_t id, struct ltps_error *err)
{
	if (db_finish(s, err) != 0)
		return -1;
	if (db_changes(conn->db) != 1)
		return ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_SELF, NULL,
				 "no %s %lld", what, (long long)id);
	return 0;
}

int renewal_run(struct store_conn *conn, enum sql_id sql, int64_t a,
		struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, sql, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(a));
	return db_finish(s, err);
}

struct buf renewal_buf(void)
{
	return buf_make(COLLECT_MAX);
}

int renewal_collect(struct db_stmt *s, int columns, struct buf *out,
		    struct ltps_error *err)
{
	bool row = false;
	int rc = 0;
	while (rc == 0 && (rc = db_step(s, &row, err)) == 0 && row) {
		for (int k = 0; rc == 0 && k < columns; k++) {
			int64_t n = db_int(s, k);
			rc = buf_put(out, view_of(&n, sizeof(n)), err);
		}
	}
	db_reset(s);
	return rc;
}

static int find_footing(struct store_conn *conn, const struct footing_new *f,
			const struct digest *uses, int64_t *ret_id,
			struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_FOOTING_FIND, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_VIEW(view_of(f->tsa_sha256, sizeof(f->tsa_sha256))),
		DB_DIGEST(uses), DB_INT(f->ends_ms));
	int rc = db_step(s, &row, err);
	if (rc == 0)
		*ret_id = row ? db_int(s, 0) : 0;
	db_reset(s);
	return rc;
}

static int insert_footing(struct store_conn *conn, const struct footing_new *f,
			  const struct digest *uses, int64_t *ret_id,
			  struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, SQL_FOOTING_INSERT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_VIEW(view_of(f->tsa_sha256, sizeof(f->tsa_sha256))),
		DB_DIGEST(uses), DB_INT(f->ends_ms), DB_INT(f->weakens_ms),
		DB_TEXT(f->reason != NULL ? f->reason : ""),
		DB_TEXT(f->tsa != NULL ? f->tsa : ""), DB_VIEW(f->uses));
	if (db_finish(s, err) != 0)
		return -1;
	*ret_id = db_last_id(conn->db);
	return 0;
}

int footing_put(struct store_conn *conn, const struct footing_new *footing,
		int64_t *ret_id, struct ltps_error *err)
{
	struct digest uses;
	int64_t id = 0;
	if (writer_require(conn, err) != 0 ||
	    text_check_optional("TSA", footing->tsa, STORE_TEXT_MAX, err) != 0 ||
	    text_check_optional("reason", footing->reason, STORE_REASON_MAX, err) != 0)
		return -1;
	if (footing->uses.n == 0 || footing->uses.n > STORE_USES_MAX)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "a footing of %zu bytes", footing->uses.n);
	if (digest_once(DIGEST_SHA256, footing->uses, &uses, err) != 0 ||
	    find_footing(conn, footing, &uses, &id, err) != 0)
		return -1;
	if (id == 0 && insert_footing(conn, footing, &uses, &id, err) != 0)
		return -1;
	*ret_id = id;
	return 0;
}

void footing_clear(struct footing *f)
{
	if (f == NULL)
		return;
	buf_free(&f->owned);
	f->uses = VIEW_NULL;
}

/* f->owned is empty, or of the row before: its memory is used again. */
static int read_footing(struct db_stmt *s, struct footing *f, struct ltps_error *err)
{
	struct view sha256 = db_view(s, 1);
	f->id = db_int(s, 0);
	f->ends_ms = db_int(s, 2);
	f->weakens_ms = db_int(s, 3);
	f->lost_ms = db_int(s, 4);
	if (sha256.n != sizeof(f->tsa_sha256))
		return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
				 "footing %lld has no certificate", (long long)f->id);
	memcpy(f->tsa_sha256, sha256.p, sha256.n);
	buf_clear(&f->owned);
	if (db_copy_text(s, 5, f->reason, sizeof(f->reason), err) != 0 ||
	    db_copy_text(s, 6, f->tsa, sizeof(f->tsa), err) != 0 ||
	    buf_put(&f->owned, db_view(s, 7), err) != 0)
		return -1;
	f->uses = view_buf(&f->owned);
	return 0;
}

int footing_get(struct store_conn *conn, int64_t id, struct footing *ret,
		struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	struct footing f = { .owned = buf_make(STORE_USES_MAX) };
	if (db_get(conn->db, SQL_FOOTING_GET, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(id));
	int rc = db_step(s, &row, err);
	if (rc == 0 && !row)
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_SELF, NULL,
			       "no footing %lld", (long long)id);
	if (rc == 0)
		rc = read_footing(s, &f, err);
	db_reset(s);
	if (rc == 0)
		*ret = f;
	else
		footing_clear(&f);
	return rc;
}

int footing_list(struct store_conn *conn, footing_row *row, void *arg,
		 struct ltps_error *err)
{
	struct db_stmt *s;
	bool more = false;
	struct footing f = { .owned = buf_make(STORE_USES_MAX) };
	if (db_get(conn->db, SQL_FOOTING_LIST, &s, err) != 0)
		return -1;
	int rc = 0;
	while (rc == 0 && (rc = db_step(s, &more, err)) == 0 && more) {
		rc = read_footing(s, &f, err);
		if (rc == 0)
			rc = row(arg, &f, err);
	}
	db_reset(s);
	footing_clear(&f);
	return rc;
}

int footing_set_plan(struct store_conn *conn, int64_t id, int64_t weakens_ms,
		     const char *reason, struct ltps_error *err)
{
	struct db_stmt *s;
	if (writer_require(conn, err) != 0 ||
	    text_check_optional("reason", reason, STORE_REASON_MAX, err) != 0 ||
	    db_get(conn->db, SQL_FOOTING_SET_PLAN, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(id), DB_INT(weakens_ms),
		DB_TEXT(reason != NULL ? reason : ""));
	return renewal_update_one(conn, s, "footing", id, err);
}
