/* SPDX-License-Identifier: Apache-2.0 */
/* object_read - reading and listing objects. */
#include <string.h>

#include "base/mem.h"
#include "storage/object.h"
#include "storage/store_private.h"

static void free_part(struct part *p)
{
	mem_free(p->po_id);
	mem_free(p->format_id);
	mem_free(p->mime);
	mem_free(p->pronom);
	mem_free(p->related);
	mem_free(p->detected);
}

void object_free(struct object *object)
{
	if (object == NULL)
		return;
	for (size_t i = 0; i < object->n_versions; i++) {
		struct version *v = &object->versions[i];
		for (size_t k = 0; k < v->n_parts; k++)
			free_part(&v->parts[k]);
		mem_free(v->parts);
		mem_free(v->label);
		mem_free(v->verdict);
	}
	mem_free(object->versions);
	mem_free(object);
}

const struct version *object_version(const struct object *object, const char *label)
{
	for (size_t i = 0; i < object->n_versions; i++) {
		if (strcmp(object->versions[i].label, label) == 0)
			return &object->versions[i];
	}
	return NULL;
}

const struct version *object_version_by_id(const struct object *object, int64_t id)
{
	for (size_t i = 0; i < object->n_versions; i++) {
		if (object->versions[i].id == id)
			return &object->versions[i];
	}
	return NULL;
}

bool version_is_logical(const struct version *v)
{
	return v->kind == VERSION_SUBMITTED || v->kind == VERSION_UPDATED;
}

const struct version *object_latest(const struct object *object)
{
	for (size_t i = object->n_versions; i > 0; i--) {
		if (version_is_logical(&object->versions[i - 1]))
			return &object->versions[i - 1];
	}
	return NULL;
}

static int read_object_row(struct db_stmt *s, struct object *o, struct ltps_error *err)
{
	o->id = db_int(s, 0);
	o->state = (enum object_state)db_int(s, 4);
	o->created_ms = db_int(s, 5);
	o->preserve_until_ms = db_int(s, 6);
	o->deleted_ms = db_int(s, 7);
	if (db_copy_text(s, 1, o->tenant, sizeof(o->tenant), err) != 0 ||
	    db_copy_text(s, 2, o->poid, sizeof(o->poid), err) != 0 ||
	    db_copy_text(s, 3, o->profile, sizeof(o->profile), err) != 0)
		return -1;
	return 0;
}

static int read_version_row(struct db_stmt *s, struct version *v,
			    struct ltps_error *err)
{
	v->id = db_int(s, 0);
	v->number = (uint32_t)(v->id & ((1 << VERSION_BITS) - 1));
	v->kind = (enum version_kind)db_int(s, 2);
	v->created_ms = db_int(s, 3);
	v->judged_ms = db_int(s, 7);
	v->base = db_int(s, 8);
	if (db_dup_text(s, 1, &v->label, err) != 0 ||
	    db_dup_text(s, 6, &v->verdict, err) != 0)
		return -1;
	return db_copy_digest(s, 5, (enum digest_alg)db_int(s, 4), &v->digest, err);
}

static int read_part_row(struct db_stmt *s, struct part *p, struct ltps_error *err)
{
	p->seq = (uint32_t)db_int(s, 0);
	p->size = (uint64_t)db_int(s, 7);
	p->blob = db_int(s, 12);
	p->xml = db_int(s, 13) != 0;
	if (db_dup_text(s, 1, &p->po_id, err) != 0 ||
	    db_dup_text(s, 2, &p->format_id, err) != 0 ||
	    db_dup_text(s, 3, &p->mime, err) != 0 ||
	    db_dup_text(s, 4, &p->pronom, err) != 0 ||
	    db_dup_text(s, 5, &p->related, err) != 0 ||
	    db_dup_text(s, 6, &p->detected, err) != 0)
		return -1;
	if (db_copy_digest(s, 8, DIGEST_SHA256, &p->sha256, err) != 0 ||
	    db_copy_digest(s, 9, DIGEST_SHA512, &p->sha512, err) != 0)
		return -1;
	return db_copy_digest(s, 11, (enum digest_alg)db_int(s, 10), &p->given, err);
}

/* Room for one more zeroed element of an array that doubles. */
static void *grow(void *array, size_t n, size_t size, struct ltps_error *err)
{
	if (n != 0 && (n & (n - 1)) != 0)
		return array;
	size_t count = n == 0 ? 1 : 2 * n;
	uint8_t *bigger = mem_resize(array, count, size);
	if (bigger == NULL) {
		ltps_fail_nomem(err);
		return NULL;
	}
	memset(bigger + n * size, 0, (count - n) * size);
	return bigger;
}

static int read_parts(struct store_conn *conn, struct version *v,
		      struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_PART_LIST, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(v->id));
	int rc = 0;
	while (rc == 0 && (rc = db_step(s, &row, err)) == 0 && row) {
		struct part *bigger =
		    grow(v->parts, v->n_parts, sizeof(*v->parts), err);
		if (bigger == NULL) {
			rc = -1;
			break;
		}
		v->parts = bigger;
		rc = read_part_row(s, &v->parts[v->n_parts++], err);
	}
	db_reset(s);
	return rc;
}

static int read_versions(struct store_conn *conn, struct object *o,
			 struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_VERSION_LIST, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(VERSION_FIRST(o->id)), DB_INT(VERSION_LAST(o->id)));
	int rc = 0;
	while (rc == 0 && (rc = db_step(s, &row, err)) == 0 && row) {
		struct version *bigger =
		    grow(o->versions, o->n_versions, sizeof(*o->versions), err);
		if (bigger == NULL) {
			rc = -1;
			break;
		}
		o->versions = bigger;
		rc = read_version_row(s, &o->versions[o->n_versions++], err);
	}
	db_reset(s);
	for (size_t i = 0; rc == 0 && i < o->n_versions; i++)
		rc = read_parts(conn, &o->versions[i], err);
	return rc;
}

/* One row of a bound statement, which is reset. */
static int read_one(struct db_stmt *s, struct object *o, struct ltps_error *err)
{
	bool row = false;
	int rc = db_step(s, &row, err);
	if (rc == 0 && !row)
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
			       "no such object");
	if (rc == 0)
		rc = read_object_row(s, o, err);
	db_reset(s);
	return rc;
}

/*
 * The rows of an object are read in one snapshot, the caller's if there is one.
 */
static int with_snapshot(struct store_conn *conn, struct db_stmt *s,
			 struct object **ret_object, struct ltps_error *err)
{
	struct object *o = mem_zalloc(1, sizeof(*o));
	if (o == NULL) {
		db_reset(s);
		return ltps_fail_nomem(err);
	}
	if (read_one(s, o, err) != 0 || read_versions(conn, o, err) != 0) {
		object_free(o);
		return -1;
	}
	*ret_object = o;
	return 0;
}

/* Begins a snapshot unless there is one; *ret_own says whether to end it. */
static int begin_own(struct store_conn *conn, bool *ret_own, struct ltps_error *err)
{
	*ret_own = !conn->writer && !conn->reading;
	return *ret_own ? store_read_begin(conn, err) : 0;
}

static void end_own(struct store_conn *conn, bool own)
{
	if (own)
		store_read_end(conn);
}

int object_get(struct store_conn *conn, const char *tenant, const char *poid,
	       struct object **ret_object, struct ltps_error *err)
{
	struct db_stmt *s;
	bool own;
	if (begin_own(conn, &own, err) != 0)
		return -1;
	int rc = db_get(conn->db, SQL_OBJECT_BY_POID, &s, err);
	if (rc == 0) {
		DB_BIND(s, DB_TEXT(tenant), DB_TEXT(poid));
		rc = with_snapshot(conn, s, ret_object, err);
	}
	end_own(conn, own);
	return rc;
}

int object_get_by_id(struct store_conn *conn, int64_t object,
		     struct object **ret_object, struct ltps_error *err)
{
	struct db_stmt *s;
	bool own;
	if (begin_own(conn, &own, err) != 0)
		return -1;
	int rc = db_get(conn->db, SQL_OBJECT_BY_ID, &s, err);
	if (rc == 0) {
		DB_BIND(s, DB_INT(object));
		rc = with_snapshot(conn, s, ret_object, err);
	}
	end_own(conn, own);
	return rc;
}

int object_get_by_version(struct store_conn *conn, int64_t version,
			  struct object **ret_object, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_OBJECT_OF_VERSION, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(version));
	int rc = db_step(s, &row, err);
	int64_t object = rc == 0 && row ? db_int(s, 0) : 0;
	db_reset(s);
	if (rc == 0 && object == 0)
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
			       "no version %lld", (long long)version);
	return rc == 0 ? object_get_by_id(conn, object, ret_object, err) : -1;
}

int object_origin_next(struct store_conn *conn, struct object_origin *q, bool *ret_more,
		       struct ltps_error *err)
{
	struct db_stmt *s;
	*ret_more = false;
	if (db_get(conn->db,
		   q->sha256 != NULL ? SQL_VERSION_OF_PART : SQL_VERSION_OF_RECORD, &s,
		   err) != 0)
		return -1;
	if (q->sha256 != NULL)
		DB_BIND(s, DB_TEXT(q->tenant), DB_TEXT(q->profile), DB_TEXT(q->name),
			DB_INT(q->version), DB_DIGEST(q->sha256));
	else
		DB_BIND(s, DB_TEXT(q->tenant), DB_TEXT(q->profile), DB_TEXT(q->name),
			DB_INT(q->version));
	const int rc = db_step(s, ret_more, err);
	if (rc == 0 && *ret_more)
		q->version = db_int(s, 0);
	db_reset(s);
	return rc;
}

/* Listing */

static const struct digest no_digest;

static void bind_ending(struct db_stmt *s, const struct object_query *q)
{
	DB_BIND(s, DB_INT(q->after_id), DB_TEXT(q->tenant), DB_TEXT(q->profile),
		DB_TEXT(q->poid_prefix), DB_INT(q->preserve_until_before_ms),
		DB_INT(page_limit(q->limit)));
}

static void bind_list(struct db_stmt *s, const struct object_query *q)
{
	const struct digest *sha512 = q->sha512 != NULL ? q->sha512 : &no_digest;
	DB_BIND(s, DB_INT(q->after_id), DB_TEXT(q->tenant), DB_TEXT(q->profile),
		q->has_state ? DB_INT(q->state) : DB_NULL, DB_OPT(q->created_from_ms),
		DB_OPT(q->created_until_ms), DB_TEXT(q->poid_prefix), DB_DIGEST(sha512),
		DB_INT(page_limit(q->limit)));
}

int object_list(struct store_conn *conn, const struct object_query *query,
		int (*row)(void *arg, const struct object *object,
			   struct ltps_error *err),
		void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	bool ending = query->preserve_until_before_ms != 0;
	bool more = false;
	if (db_get(conn->db, ending ? SQL_OBJECT_LIST_ENDING : SQL_OBJECT_LIST, &s,
		   err) != 0)
		return -1;
	if (ending)
		bind_ending(s, query);
	else
		bind_list(s, query);
	int rc = 0;
	while (rc == 0 && (rc = db_step(s, &more, err)) == 0 && more) {
		struct object o = { 0 };
		rc = read_object_row(s, &o, err);
		if (rc == 0)
			rc = row(arg, &o, err);
	}
	db_reset(s);
	return rc;
}
