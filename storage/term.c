/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/term.h"

#include "storage/store_private.h"

int version_stand_get(struct store_conn *conn, int64_t version,
		      struct version_stood *ret, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	*ret = (struct version_stood){ .weakens_ms = INT64_MAX,
				       .holds_ms = INT64_MAX };
	if (db_get(conn->db, SQL_VERSION_STAND_GET, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(version));
	int rc = db_step(s, &row, err);
	if (rc == 0 && row)
		*ret = (struct version_stood){ .stand = { .footing = db_int(s, 0),
							  .partner = db_int(s, 1),
							  .second_ms = db_int(s, 2),
							  .seconds =
							      (uint32_t)db_int(s, 3) },
					       .weakens_ms = db_int(s, 4),
					       .holds_ms = db_int(s, 5),
				       .holds = db_int(s, 6) };
	db_reset(s);
	return rc;
}

int version_alone_get(struct store_conn *conn, uint32_t often,
		      struct version_alone *ret, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	*ret = (struct version_alone){ .next_ms = INT64_MAX };
	if (db_get(conn->db, SQL_VERSION_ALONE, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(often));
	int rc = db_step(s, &row, err);
	if (rc == 0 && row && db_int(s, 0) > 0)
		*ret = (struct version_alone){ .n = (uint64_t)db_int(s, 0),
					       .n_long = (uint64_t)db_int(s, 1),
					       .next_ms = db_int(s, 2) };
	db_reset(s);
	return rc;
}

int object_ended_list(struct store_conn *conn, int64_t from_ms, int64_t from_object,
		      int64_t until_ms, size_t limit,
		      int (*row)(void *arg, int64_t object, int64_t ended_ms,
				 struct ltps_error *err),
		      void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	bool more = true;
	int rc = 0;
	if (db_get(conn->db, SQL_OBJECT_ENDED, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(from_ms), DB_INT(until_ms), DB_INT((int64_t)limit),
		DB_INT(from_object));
	while (rc == 0 && more) {
		rc = db_step(s, &more, err);
		if (rc == 0 && more)
			rc = row(arg, db_int(s, 0), db_int(s, 1), err);
	}
	db_reset(s);
	return rc;
}

/* One number; `none` when there is none. */
static int one(struct db_stmt *s, int64_t none, int64_t *ret, struct ltps_error *err)
{
	bool row = false;
	int rc = db_step(s, &row, err);
	*ret = rc == 0 && row && db_int(s, 0) != 0 ? db_int(s, 0) : none;
	db_reset(s);
	return rc;
}

int object_next_end(struct store_conn *conn, int64_t after_ms, int64_t *ret_ms,
		    struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, SQL_OBJECT_NEXT_END, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(after_ms));
	return one(s, INT64_MAX, ret_ms, err);
}

int token_newest_time(struct store_conn *conn, int64_t *ret_ms, struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, SQL_TOKEN_NEWEST_TIME, &s, err) != 0)
		return -1;
	return one(s, INT64_MIN, ret_ms, err);
}

int token_newest_of(struct store_conn *conn, const char *tsa, int64_t *ret_ms,
		    struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, SQL_TOKEN_NEWEST_OF, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_TEXT(tsa), DB_INT(TOKEN_NEWEST_LOOK));
	return one(s, INT64_MIN, ret_ms, err);
}

int version_oldest_judgement(struct store_conn *conn, int64_t *ret_ms,
			     struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, SQL_VERSION_OLDEST_JUDGEMENT, &s, err) != 0)
		return -1;
	return one(s, INT64_MAX, ret_ms, err);
}
