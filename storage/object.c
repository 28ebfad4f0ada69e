/* SPDX-License-Identifier: Apache-2.0 */
/* object - storing and deleting objects, versions and parts. */
#include "storage/object.h"

#include <string.h>

#include "storage/store_private.h"

static int check_part(const struct part_new *p, struct ltps_error *err)
{
	if (text_check_optional("part id", p->po_id, STORE_NAME_MAX, err) != 0 ||
	    text_check_optional("format id", p->format_id, STORE_URI_MAX, err) != 0 ||
	    text_check_optional("MIME type", p->mime, STORE_NAME_MAX, err) != 0 ||
	    text_check_optional("PRONOM id", p->pronom, STORE_NAME_MAX, err) != 0 ||
	    text_check_optional("related ids", p->related, STORE_SUBJECT_MAX, err) !=
		0 ||
	    text_check_optional("detected format", p->detected, STORE_NAME_MAX, err) !=
		0)
		return -1;
	if (p->blob != NULL && p->size != blob_new_size(p->blob))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "a part and its blob differ in size");
	return 0;
}

static int insert_part(struct store_conn *conn, int64_t version, size_t seq,
		       const struct part_new *p, struct ltps_error *err)
{
	struct db_stmt *s;
	int64_t blob = 0;
	if (check_part(p, err) != 0)
		return -1;
	if (p->blob != NULL && blob_attach(conn, p->blob, &blob, err) != 0)
		return -1;
	if (p->blob == NULL && p->same_blob != 0 &&
	    blob_share(conn, p->same_blob, err) != 0)
		return -1;
	if (p->blob == NULL)
		blob = p->same_blob;
	if (db_get(conn->db, SQL_PART_INSERT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(version), DB_INT((int64_t)seq), DB_TEXT(p->po_id),
		DB_TEXT(p->format_id), DB_TEXT(p->mime), DB_TEXT(p->pronom),
		DB_TEXT(p->related), DB_TEXT(p->detected), DB_INT((int64_t)p->size),
		DB_DIGEST(&p->sha256), DB_DIGEST(&p->sha512), DB_INT(p->given.alg),
		DB_DIGEST(&p->given), DB_OPT(blob), DB_INT(p->xml));
	return db_finish(s, err);
}

static int check_version(const struct version_new *v, struct ltps_error *err)
{
	if (text_check("version id", v->label, STORE_NAME_MAX, err) != 0 ||
	    text_check_optional("verdict", v->verdict, STORE_NAME_MAX, err) != 0)
		return -1;
	if (v->n_parts > STORE_PARTS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "%zu parts in one version", v->n_parts);
	return 0;
}

int object_last_logical(struct store_conn *conn, int64_t object, int64_t *ret_version,
			struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_VERSION_LAST_LOGICAL, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(VERSION_FIRST(object)), DB_INT(VERSION_LAST(object)));
	int rc = db_step(s, &row, err);
	*ret_version = rc == 0 && row ? db_int(s, 0) : 0;
	db_reset(s);
	return rc;
}

static int check_base(struct store_conn *conn, int64_t object, int64_t base,
		      struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_VERSION_IS_LOGICAL, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(base), DB_INT(object));
	int rc = db_step(s, &row, err);
	db_reset(s);
	if (rc == 0 && !row)
		rc = ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
			       "%lld is no version that a form can be made of",
			       (long long)base);
	return rc;
}

/* *ret_base: of what this form or report is; 0 for what came itself. */
static int find_base(struct store_conn *conn, int64_t object,
		     const struct version_new *v, int64_t *ret_base,
		     struct ltps_error *err)
{
	*ret_base = 0;
	if (v->kind == VERSION_SUBMITTED || v->kind == VERSION_UPDATED)
		return 0;
	if (v->base == 0)
		return object_last_logical(conn, object, ret_base, err);
	*ret_base = v->base;
	return check_base(conn, object, v->base, err);
}

static int insert_version(struct store_conn *conn, int64_t object, int64_t number,
			  const struct version_new *v, int64_t *ret_version,
			  struct ltps_error *err)
{
	struct db_stmt *s;
	int64_t id = VERSION_ID(object, number), base;
	if (check_version(v, err) != 0 || find_base(conn, object, v, &base, err) != 0 ||
	    db_get(conn->db, SQL_VERSION_INSERT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(id), DB_INT(object), DB_TEXT(v->label), DB_INT(v->kind),
		DB_INT(v->created_ms), DB_INT(v->digest.alg), DB_DIGEST(&v->digest),
		DB_TEXT(v->verdict), DB_OPT(v->judged_ms), DB_OPT(base),
		DB_TEXT(v->record_id));
	if (db_finish(s, err) != 0)
		return -1;
	for (size_t i = 0; i < v->n_parts; i++) {
		if (insert_part(conn, id, i + 1, &v->parts[i], err) != 0)
			return -1;
	}
	*ret_version = id;
	return 0;
}

int object_insert(struct store_conn *conn, const struct object_new *o,
		  int64_t *ret_object, int64_t *ret_version, struct ltps_error *err)
{
	struct db_stmt *s;
	int64_t object, version = 0;
	if (writer_require(conn, err) != 0 ||
	    text_check("POID", o->poid, STORE_POID_MAX, err) != 0 ||
	    text_check("profile", o->profile, STORE_URI_MAX, err) != 0)
		return -1;
	if (!blob_tenant_valid(o->tenant))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "not a tenant name");
	if (sequence_next(conn, &object, err) != 0 ||
	    db_get(conn->db, SQL_OBJECT_INSERT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(object), DB_TEXT(o->tenant), DB_TEXT(o->poid),
		DB_TEXT(o->profile), DB_INT(o->created_ms),
		DB_OPT(o->preserve_until_ms));
	if (db_finish(s, err) != 0)
		return -1;
	if (o->first != NULL &&
	    insert_version(conn, object, 1, o->first, &version, err) != 0)
		return -1;
	*ret_object = object;
	*ret_version = version;
	return 0;
}

/* Fails: NOT_FOUND; STATE unless the object is in this state. */
static int require_state(struct store_conn *conn, int64_t object,
			 enum object_state wanted, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_OBJECT_STATE, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(object));
	int rc = db_step(s, &row, err);
	if (rc == 0 && !row)
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
			       "no object %lld", (long long)object);
	if (rc == 0 && db_int(s, 0) != (int64_t)wanted)
		rc = ltps_fail(err, LTPS_STATE, LTPS_FAULT_CALLER, NULL,
			       "the object is deleted");
	db_reset(s);
	return rc;
}

static int next_number(struct store_conn *conn, int64_t object,
		       const struct version_new *v, int64_t *ret_number,
		       struct ltps_error *err)
{
	const int64_t max =
	    v->kind == VERSION_UPDATED ? STORE_UPDATES_MAX : STORE_VERSIONS_MAX;
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_VERSION_HAS_LABEL, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(VERSION_FIRST(object)), DB_INT(VERSION_LAST(object)),
		DB_TEXT(v->label));
	int rc = db_step(s, &row, err);
	db_reset(s);
	if (rc == 0 && row)
		rc = ltps_fail(err, LTPS_EXISTS, LTPS_FAULT_CALLER, NULL,
			       "the object has a version of this name");
	if (rc != 0 || db_get(conn->db, SQL_VERSION_LAST_NUMBER, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(VERSION_FIRST(object)), DB_INT(VERSION_LAST(object)));
	rc = db_step(s, &row, err);
	if (rc == 0)
		*ret_number =
		    db_is_null(s, 0) ? 1 : db_int(s, 0) - VERSION_FIRST(object) + 1;
	db_reset(s);
	if (rc == 0 && *ret_number > max)
		rc = ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
			       "the object has %lld versions, forms and reports, an "
			       "update is taken up to %d",
			       (long long)*ret_number - 1, STORE_UPDATES_MAX);
	return rc;
}

int object_add_version(struct store_conn *conn, int64_t object,
		       const struct version_new *version, int64_t *ret_version,
		       struct ltps_error *err)
{
	int64_t number = 0;
	if (writer_require(conn, err) != 0 || check_version(version, err) != 0 ||
	    require_state(conn, object, OBJECT_LIVE, err) != 0 ||
	    next_number(conn, object, version, &number, err) != 0)
		return -1;
	return insert_version(conn, object, number, version, ret_version, err);
}

/* An UPDATE of one row by its id, which must exist. */
static int update_one(struct store_conn *conn, struct db_stmt *s, const char *what,
		      struct ltps_error *err)
{
	if (db_finish(s, err) != 0)
		return -1;
	if (db_changes(conn->db) != 1)
		return ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
				 "no such %s", what);
	return 0;
}

int object_set_verdict(struct store_conn *conn, int64_t version, const char *verdict,
		       int64_t judged_ms, struct ltps_error *err)
{
	struct db_stmt *s;
	if (writer_require(conn, err) != 0 ||
	    text_check_optional("verdict", verdict, STORE_NAME_MAX, err) != 0 ||
	    db_get(conn->db, SQL_VERSION_SET_VERDICT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(version), DB_TEXT(verdict), DB_OPT(judged_ms));
	return update_one(conn, s, "version", err);
}

int object_set_preserve_until(struct store_conn *conn, int64_t object, int64_t until_ms,
			      struct ltps_error *err)
{
	struct db_stmt *s;
	if (writer_require(conn, err) != 0 ||
	    db_get(conn->db, SQL_OBJECT_SET_PRESERVE_UNTIL, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(object), DB_OPT(until_ms));
	return update_one(conn, s, "object", err);
}

int object_keep_digest(struct store_conn *conn, int64_t version, uint32_t seq,
		       const struct digest *digest, struct ltps_error *err)
{
	struct db_stmt *s;
	if (writer_require(conn, err) != 0 ||
	    db_get(conn->db, SQL_PART_KEEP_DIGEST, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(version), DB_INT(seq), DB_INT(digest->alg),
		DB_DIGEST(digest));
	return update_one(conn, s, "part with bytes and room for a digest", err);
}

/* Ids are collected first: a statement is not used while it gives rows. */
static int blobs_of(struct store_conn *conn, int64_t object, struct buf *ids,
		    struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = true;
	if (db_get(conn->db, SQL_PART_BLOBS, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(VERSION_FIRST(object)), DB_INT(VERSION_LAST(object)));
	int rc = 0;
	while ((rc = db_step(s, &row, err)) == 0 && row) {
		int64_t id = db_int(s, 0);
		rc = buf_put(ids, view_of(&id, sizeof(id)), err);
		if (rc != 0)
			break;
	}
	db_reset(s);
	return rc;
}

static int run_on_versions(struct store_conn *conn, enum sql_id sql, int64_t object,
			   struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, sql, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(VERSION_FIRST(object)), DB_INT(VERSION_LAST(object)));
	return db_finish(s, err);
}

static int drop_data(struct store_conn *conn, int64_t object, struct ltps_error *err)
{
	struct buf ids =
	    buf_make(sizeof(int64_t) * STORE_PARTS_MAX * STORE_VERSIONS_MAX);
	int rc = blobs_of(conn, object, &ids, err);
	if (rc == 0)
		rc = run_on_versions(conn, SQL_PART_DETACH_BLOBS, object, err);
	for (size_t at = 0; rc == 0 && at < ids.n; at += sizeof(int64_t)) {
		int64_t id;
		memcpy(&id, ids.p + at, sizeof(id));
		rc = blob_release(conn, id, err);
	}
	buf_free(&ids);
	return rc;
}

static int set_state(struct store_conn *conn, int64_t object, enum object_state state,
		     int64_t now_ms, struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, SQL_OBJECT_SET_STATE, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(object), DB_INT(state), DB_OPT(now_ms));
	return update_one(conn, s, "object", err);
}

int object_delete_data(struct store_conn *conn, int64_t object, int64_t now_ms,
		       struct ltps_error *err)
{
	if (writer_require(conn, err) != 0 ||
	    require_state(conn, object, OBJECT_LIVE, err) != 0 ||
	    drop_data(conn, object, err) != 0 ||
	    run_on_versions(conn, SQL_SIGNERS_FORGET, object, err) != 0 ||
	    run_on_versions(conn, SQL_SIGNATURES_FORGET, object, err) != 0 ||
	    run_on_versions(conn, SQL_VERSION_DATA_GONE, object, err) != 0)
		return -1;
	return set_state(conn, object, OBJECT_DATA_DELETED, now_ms, err);
}

int object_delete(struct store_conn *conn, int64_t object, int64_t now_ms,
		  struct ltps_error *err)
{
	struct ltps_error first = LTPS_ERROR_INIT;
	if (writer_require(conn, err) != 0)
		return -1;
	/* From either of the two states in which something is left. */
	if (require_state(conn, object, OBJECT_LIVE, &first) != 0 &&
	    (first.code != LTPS_STATE ||
	     require_state(conn, object, OBJECT_DATA_DELETED, err) != 0)) {
		if (err->code == LTPS_OK)
			*err = first;
		return -1;
	}
	if (drop_data(conn, object, err) != 0 ||
	    run_on_versions(conn, SQL_CHAIN_UNCOUNT, object, err) != 0 ||
	    run_on_versions(conn, SQL_CHAIN_FORGET, object, err) != 0 ||
	    run_on_versions(conn, SQL_SIGNERS_FORGET, object, err) != 0 ||
	    run_on_versions(conn, SQL_VERSION_DELETE, object, err) != 0)
		return -1;
	return set_state(conn, object, OBJECT_DELETED, now_ms, err);
}
