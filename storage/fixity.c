/* SPDX-License-Identifier: Apache-2.0 */
/* fixity - blob after blob is read and hashed again, here and in the copy. */
#include "storage/fixity.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "storage/fixity_private.h"

int fixity_next(struct store_conn *conn, int64_t after, struct blob_info *ret_info,
		bool *ret_found, struct ltps_error *err)
{
	struct db_stmt *s;
	*ret_info = (struct blob_info){ 0 };
	*ret_found = false;
	if (db_get(conn->db, SQL_BLOB_NEXT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(after));
	int rc = db_step(s, ret_found, err);
	if (rc == 0 && *ret_found) {
		ret_info->id = db_int(s, 0);
		ret_info->size = (uint64_t)db_int(s, 3);
		ret_info->refs = (uint64_t)db_int(s, 4);
		ret_info->is_inline = db_int(s, 5) != 0;
		rc =
		    db_copy_text(s, 1, ret_info->tenant, sizeof(ret_info->tenant), err);
		if (rc == 0)
			rc =
			    db_copy_digest(s, 2, DIGEST_SHA512, &ret_info->sha512, err);
	}
	db_reset(s);
	return rc;
}

static bool is_same(const struct blob_info *a, const struct blob_info *b)
{
	return digest_equal(&a->sha512, &b->sha512) &&
	       strcmp(a->tenant, b->tenant) == 0;
}

bool fixity_is_gone(struct store_conn *conn, const struct blob_info *info)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	struct blob_info now;
	if (blob_get(conn, info->id, &now, &e) == 0)
		return !is_same(&now, info);
	return e.code == LTPS_NOT_FOUND;
}

/* A row that the database cannot read is as damaged as one with other bytes. */
static int row_look(struct store_conn *conn, const struct blob_info *info,
		    struct buf *bytes, struct fixity_side *ret_side,
		    struct ltps_error *err)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	struct db_stmt *s;
	bool row = false;
	*ret_side = (struct fixity_side){ .there = true };
	if (db_get(conn->db, SQL_BLOB_DATA, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(info->id));
	int rc = db_step(s, &row, &e);
	if (rc == 0 && row)
		fixity_bytes_judge(db_view(s, 0), info, ret_side);
	else
		snprintf(ret_side->text, sizeof(ret_side->text), "%s",
			 rc == 0 ? "has no row" : e.text);
	if (rc == 0 && row && bytes != NULL && db_view(s, 0).n <= bytes->max)
		rc = buf_put(bytes, db_view(s, 0), &e);
	db_reset(s);
	if (rc == 0 || e.code == LTPS_CORRUPT)
		return 0;
	*err = e;
	return -1;
}

int fixity_own_look(struct store_conn *conn, const struct blob_info *info,
		    struct buf *bytes, struct fixity_side *ret_side,
		    struct ltps_error *err)
{
	char path[STORE_PATH_MAX];
	if (info->is_inline)
		return row_look(conn, info, bytes, ret_side, err);
	if (blob_path(conn->store, info->tenant, &info->sha512, path, err) != 0)
		return -1;
	conn_hold(conn);
	int rc = fixity_file_read(&conn->store->io, path, info, NULL, ret_side, err);
	conn_drop(conn);
	return rc;
}

/* One blob on both sides */

struct check_run {
	struct store_conn *conn;
	struct copies *c;
	bool repair;
	fixity_damage_row *damaged;
	void *arg;
	unsigned n_damaged;
	uint64_t bytes;
};

static void damage_of(const struct blob_info *info, const struct fixity_side *side,
		      bool copy, struct fixity_damage *ret_d)
{
	*ret_d = (struct fixity_damage){ .blob = info->id,
					 .sha512 = info->sha512,
					 .size = info->size,
					 .copy = copy };
	snprintf(ret_d->tenant, sizeof(ret_d->tenant), "%s", info->tenant);
	snprintf(ret_d->text, sizeof(ret_d->text), "%s", side->text);
}

static int tell(struct check_run *r, const struct fixity_damage *d,
		struct ltps_error *err)
{
	r->n_damaged++;
	return r->damaged(r->arg, d, err);
}

typedef int repair_fn(struct store_conn *conn, struct copies *c,
		      const struct blob_info *info, struct fixity_damage *d,
		      struct ltps_error *err);

/* Whoever listens hears of the damage also when the repair cannot be made. */
static int settle_side(struct check_run *r, const struct blob_info *info,
		       const struct fixity_side *side, repair_fn *repair, bool copy,
		       struct ltps_error *err)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	struct fixity_damage d;
	damage_of(info, side, copy, &d);
	int rc = repair != NULL ? repair(r->conn, r->c, info, &d, &e) : 0;
	if (tell(r, &d, err) != 0)
		return -1;
	if (rc != 0)
		*err = e;
	return rc;
}

static int settle(struct check_run *r, const struct blob_info *info,
		  const struct fixity_side *own, const struct fixity_side *copy,
		  struct ltps_error *err)
{
	bool from_copy = r->repair && copy->there && copy->whole;
	bool from_own = r->repair && own->whole;
	if (!own->whole &&
	    settle_side(r, info, own, from_copy ? fixity_repair_own : NULL, false,
			err) != 0)
		return -1;
	if (!copy->there || copy->whole)
		return 0;
	return settle_side(r, info, copy, from_own ? fixity_repair_copy : NULL, true,
			   err);
}

/* It came behind the copying, or was damaged when its turn was. */
static int copy_late(struct check_run *r, const struct blob_info *info,
		     struct ltps_error *err)
{
	struct fixity_side side;
	if (!r->repair || r->c == NULL || r->c->read_only)
		return 0;
	return fixity_copy_one(r->conn, r->c, info, &side, err);
}

static int check_blob(struct check_run *r, const struct blob_info *info,
		      struct ltps_error *err)
{
	struct fixity_side own, copy = { 0 };
	if (fixity_own_look(r->conn, info, NULL, &own, err) != 0 ||
	    (r->c != NULL && fixity_copy_look(r->c, info, NULL, &copy, err) != 0))
		return -1;
	r->bytes += info->size * (copy.there ? 2 : 1);
	if (own.whole && !copy.there)
		return copy_late(r, info, err);
	if ((own.whole && copy.whole) || fixity_is_gone(r->conn, info))
		return 0;
	return settle(r, info, &own, &copy, err);
}

/* Many */

static int check_many(struct check_run *r, const struct fixity_bound *bound,
		      struct fixity_progress *progress, struct ltps_error *err)
{
	struct blob_info info;
	bool found = true;
	uint64_t blobs = 0;
	progress->end = false;
	do {
		uint64_t before = r->bytes;
		if (fixity_next(r->conn, progress->after, &info, &found, err) != 0 ||
		    (found && check_blob(r, &info, err) != 0))
			return -1;
		progress->end = !found;
		if (!found)
			break;
		progress->after = info.id;
		progress->blobs++;
		progress->bytes += r->bytes - before;
		blobs++;
	} while ((bound->bytes == 0 || r->bytes < bound->bytes) &&
		 (bound->blobs == 0 || blobs < bound->blobs) &&
		 r->n_damaged < FIXITY_DAMAGED_MAX);
	return 0;
}

int fixity_check(struct store_conn *conn, struct copies *c,
		 const struct fixity_bound *bound, struct fixity_progress *progress,
		 fixity_damage_row *damaged, void *arg, struct ltps_error *err)
{
	struct check_run r = {
		.conn = conn, .c = c, .repair = true, .damaged = damaged, .arg = arg
	};
	return check_many(&r, bound, progress, err);
}

int fixity_verify(struct store_conn *conn, struct copies *c,
		  const struct fixity_bound *bound, struct fixity_progress *progress,
		  fixity_damage_row *damaged, void *arg, struct ltps_error *err)
{
	struct check_run r = { .conn = conn, .c = c, .damaged = damaged, .arg = arg };
	return check_many(&r, bound, progress, err);
}

int fixity_check_one(struct store_conn *conn, struct copies *c, int64_t blob,
		     fixity_damage_row *damaged, void *arg, struct ltps_error *err)
{
	struct check_run r = {
		.conn = conn, .c = c, .repair = true, .damaged = damaged, .arg = arg
	};
	struct ltps_error e = LTPS_ERROR_INIT;
	struct blob_info info;
	if (blob_get(conn, blob, &info, &e) == 0)
		return check_blob(&r, &info, err);
	if (e.code == LTPS_NOT_FOUND)
		return 0;
	*err = e;
	return -1;
}

/* Who holds it */

typedef int user_row(void *arg, const char *kind, const char *tenant,
		     const char *subject, struct ltps_error *err);

static int objects_of(struct store_conn *conn, int64_t blob, user_row *row, void *arg,
		      struct ltps_error *err)
{
	struct db_stmt *s;
	bool found = false;
	int rc;
	if (db_get(conn->db, SQL_BLOB_OBJECTS, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(blob));
	while ((rc = db_step(s, &found, err)) == 0 && found) {
		rc = row(arg, "object", db_text(s, 1), db_text(s, 2), err);
		if (rc != 0)
			break;
	}
	db_reset(s);
	return rc;
}

static int system_users(struct store_conn *conn, enum sql_id sql, const char *kind,
			int64_t blob, user_row *row, void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	bool found = false;
	int rc;
	if (db_get(conn->db, sql, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(blob));
	while ((rc = db_step(s, &found, err)) == 0 && found) {
		char subject[64];
		snprintf(subject, sizeof(subject), "%s:%lld", kind,
			 (long long)db_int(s, 0));
		rc = row(arg, kind, STORE_TENANT_SYSTEM, subject, err);
		if (rc != 0)
			break;
	}
	db_reset(s);
	return rc;
}

int fixity_users(struct store_conn *conn, int64_t blob, user_row *row, void *arg,
		 struct ltps_error *err)
{
	if (objects_of(conn, blob, row, arg, err) != 0 ||
	    system_users(conn, SQL_BLOB_TREES, "tree", blob, row, arg, err) != 0 ||
	    system_users(conn, SQL_BLOB_TAILS, "tail", blob, row, arg, err) != 0)
		return -1;
	return system_users(conn, SQL_BLOB_MATERIAL, "material", blob, row, arg, err);
}
