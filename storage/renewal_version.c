/* SPDX-License-Identifier: Apache-2.0 */
/* renewal_version - augmented forms and what they stand on, judgements, periods. */
#include <string.h>

#include "storage/object.h"
#include "storage/renewal_private.h"

static int check_footing(struct store_conn *conn, int64_t id, struct ltps_error *err)
{
	struct footing f;
	if (footing_get(conn, id, &f, err) != 0)
		return -1;
	footing_clear(&f);
	return 0;
}

int version_stand_put(struct store_conn *conn, int64_t version,
		      const struct version_stand *stand, struct ltps_error *err)
{
	struct db_stmt *s;
	const int64_t object = version >> VERSION_BITS;
	if (stand->partner == stand->footing)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "a form with one footing twice");
	if (writer_require(conn, err) != 0 ||
	    check_footing(conn, stand->footing, err) != 0 ||
	    (stand->partner != 0 && check_footing(conn, stand->partner, err) != 0) ||
	    db_get(conn->db, SQL_VERSION_STAND_PUT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(version), DB_INT(stand->footing), DB_OPT(stand->partner),
		DB_OPT(stand->second_ms), DB_INT(stand->seconds));
	if (renewal_update_one(conn, s, "form", version, err) != 0 ||
	    db_get(conn->db, SQL_VERSION_END_OLDER, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(VERSION_FIRST(object)), DB_INT(VERSION_LAST(object)));
	return db_finish(s, err);
}

int version_due_list(struct store_conn *conn, const struct version_due_query *query,
		     int (*row)(void *arg, const struct version_due *v,
				struct ltps_error *err),
		     void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	bool more = false;
	if (db_get(conn->db, SQL_VERSION_DUE_LIST, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(query->weakens_until), DB_INT(query->after_footing),
		DB_INT(query->after_id), DB_INT(page_limit(query->limit)),
		DB_INT(query->alone_until), DB_INT(query->now_ms));
	int rc = 0;
	while (rc == 0 && (rc = db_step(s, &more, err)) == 0 && more) {
		const struct version_due v = { .footing = db_int(s, 0),
					       .version = db_int(s, 1),
					       .object = db_int(s, 2),
					       .weakens_ms = db_int(s, 3),
					       .lost_ms = db_int(s, 4),
					       .submitted = db_int(s, 5) };
		rc = row(arg, &v, err);
	}
	db_reset(s);
	return rc;
}

static int read_sum(struct db_stmt *s, struct tip_sum *t, struct ltps_error *err)
{
	t->footing = db_int(s, 0);
	t->weakens_ms = db_int(s, 1);
	t->tips = (uint64_t)db_int(s, 4);
	t->objects = t->tips;
	t->partner = db_int(s, 5);
	if (db_copy_text(s, 2, t->reason, sizeof(t->reason), err) != 0)
		return -1;
	return db_copy_text(s, 3, t->tsa, sizeof(t->tsa), err);
}

int version_sums(struct store_conn *conn,
		 int (*row)(void *arg, const struct tip_sum *sum,
			    struct ltps_error *err),
		 void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	bool more = false;
	struct tip_sum t = { .alg = DIGEST_NONE };
	if (db_get(conn->db, SQL_VERSION_SUMS, &s, err) != 0)
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

/* Two columns a row: id and time. */
static int
each_date(struct store_conn *conn, enum sql_id sql, int64_t before, size_t limit,
	  int (*row)(void *arg, int64_t id, int64_t ms, struct ltps_error *err),
	  void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	bool more = false;
	if (db_get(conn->db, sql, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(before), DB_INT(page_limit(limit)));
	int rc = 0;
	while (rc == 0 && (rc = db_step(s, &more, err)) == 0 && more)
		rc = row(arg, db_int(s, 0), db_int(s, 1), err);
	db_reset(s);
	return rc;
}

int version_judged_list(struct store_conn *conn, int64_t judged_before, size_t limit,
			int (*row)(void *arg, int64_t version, int64_t judged_ms,
				   struct ltps_error *err),
			void *arg, struct ltps_error *err)
{
	return each_date(conn, SQL_VERSION_JUDGED_LIST, judged_before, limit, row, arg,
			 err);
}

int object_set_announced(struct store_conn *conn, int64_t object, int64_t now_ms,
			 struct ltps_error *err)
{
	struct db_stmt *s;
	if (writer_require(conn, err) != 0 ||
	    db_get(conn->db, SQL_OBJECT_SET_ANNOUNCED, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(object), DB_INT(now_ms));
	return renewal_update_one(conn, s, "object", object, err);
}

int object_ending_list(struct store_conn *conn, int64_t ends_before, size_t limit,
		       int (*row)(void *arg, int64_t object, int64_t ends_ms,
				  struct ltps_error *err),
		       void *arg, struct ltps_error *err)
{
	return each_date(conn, SQL_OBJECT_ENDING_LIST, ends_before, limit, row, arg,
			 err);
}
