/* SPDX-License-Identifier: Apache-2.0 */
/* material - collected certificates, CRLs and OCSP responses; trust anchors. */
#include "storage/material.h"

#include "storage/store_private.h"

/* Longest search key: an issuer's name and a serial number, or its hash. */
#define KEY_MAX 4096

static int find_material(struct store_conn *conn, const struct digest *sha512,
			 enum material_row_kind kind, int64_t *ret_id,
			 struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_MATERIAL_FIND, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_DIGEST(sha512), DB_INT(kind));
	int rc = db_step(s, &row, err);
	if (rc == 0)
		*ret_id = row ? db_int(s, 0) : 0;
	db_reset(s);
	return rc;
}

static int insert_material(struct store_conn *conn, const struct material_new *m,
			   int64_t *ret_id, struct ltps_error *err)
{
	struct db_stmt *s;
	int64_t blob;
	if (blob_attach(conn, m->blob, &blob, err) != 0 ||
	    db_get(conn->db, SQL_MATERIAL_INSERT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(m->kind), DB_DIGEST(&m->blob->sha512), DB_INT(blob),
		DB_INT((int64_t)m->blob->size),
		m->key.n > 0 ? DB_VIEW(m->key) : DB_NULL, DB_TEXT(m->source),
		DB_INT(m->fetched_ms), DB_OPT(m->produced_ms), DB_OPT(m->until_ms));
	if (db_finish(s, err) != 0)
		return -1;
	*ret_id = db_last_id(conn->db);
	return 0;
}

/* What came in some other way before is found under its key from now on. */
static int name_material(struct store_conn *conn, int64_t id,
			 const struct material_new *m, struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, SQL_MATERIAL_NAME, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(id), DB_VIEW(m->key), DB_TEXT(m->source),
		DB_OPT(m->produced_ms), DB_OPT(m->until_ms));
	return db_finish(s, err);
}

int material_put(struct store_conn *conn, const struct material_new *material,
		 int64_t *ret_id, bool *ret_added, struct ltps_error *err)
{
	int64_t id;
	if (writer_require(conn, err) != 0 ||
	    text_check_optional("source", material->source, STORE_TEXT_MAX, err) != 0)
		return -1;
	if (material->key.n > KEY_MAX)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "a search key of %zu bytes", material->key.n);
	if (find_material(conn, &material->blob->sha512, material->kind, &id, err) != 0)
		return -1;
	bool added = id == 0;
	if (added ? insert_material(conn, material, &id, err) != 0
		  : material->key.n > 0 && name_material(conn, id, material, err) != 0)
		return -1;
	*ret_id = id;
	if (ret_added != NULL)
		*ret_added = added;
	return 0;
}

static int read_row(struct db_stmt *s, struct material_row *m, struct ltps_error *err)
{
	*m = (struct material_row){
		.id = db_int(s, 0),
		.kind = (enum material_row_kind)db_int(s, 1),
		.blob = db_int(s, 3),
		.size = (uint64_t)db_int(s, 4),
		.key = db_view(s, 5),
		.source = db_text(s, 6),
		.fetched_ms = db_int(s, 7),
		.produced_ms = db_int(s, 8),
		.until_ms = db_int(s, 9),
	};
	return db_copy_digest(s, 2, DIGEST_SHA512, &m->sha512, err);
}

/* Gives every row of a bound statement, which is reset; *ret_n counts them. */
static int each_row(struct db_stmt *s, material_row_fn *row, void *arg, size_t *ret_n,
		    struct ltps_error *err)
{
	bool more = false;
	int rc = 0;
	*ret_n = 0;
	while (rc == 0 && (rc = db_step(s, &more, err)) == 0 && more) {
		struct material_row m;
		(*ret_n)++;
		rc = read_row(s, &m, err);
		if (rc == 0)
			rc = row(arg, &m, err);
	}
	db_reset(s);
	return rc;
}

static int one_row(struct db_stmt *s, material_row_fn *row, void *arg,
		   struct ltps_error *err)
{
	size_t n;
	if (each_row(s, row, arg, &n, err) != 0)
		return -1;
	return n > 0 ? 0
		     : ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_SELF, NULL,
				 "no such material");
}

int material_get(struct store_conn *conn, int64_t id, material_row_fn *row, void *arg,
		 struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, SQL_MATERIAL_GET, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(id));
	return one_row(s, row, arg, err);
}

int material_by_sha512(struct store_conn *conn, enum material_row_kind kind,
		       const struct digest *sha512, material_row_fn *row, void *arg,
		       struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, SQL_MATERIAL_BY_SHA512, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_DIGEST(sha512), DB_INT(kind));
	return one_row(s, row, arg, err);
}

int material_by_key(struct store_conn *conn, enum material_row_kind kind,
		    struct view key, int64_t produced_until, material_row_fn *row,
		    void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	size_t n;
	if (db_get(conn->db, SQL_MATERIAL_BY_KEY, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(kind), DB_VIEW(key), DB_INT(produced_until),
		DB_INT(MATERIAL_KEY_ROWS_MAX));
	return each_row(s, row, arg, &n, err);
}

int material_list(struct store_conn *conn, int64_t after_id, size_t limit,
		  material_row_fn *row, void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	size_t n;
	if (db_get(conn->db, SQL_MATERIAL_LIST, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(after_id), DB_INT(page_limit(limit)));
	return each_row(s, row, arg, &n, err);
}

int material_link(struct store_conn *conn, int64_t material, enum material_user kind,
		  int64_t user, struct ltps_error *err)
{
	struct db_stmt *s;
	if (writer_require(conn, err) != 0 ||
	    db_get(conn->db, SQL_MATERIAL_LINK, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(kind), DB_INT(user), DB_INT(material));
	return db_finish(s, err);
}

int material_of(struct store_conn *conn, enum material_user kind, int64_t user,
		material_row_fn *row, void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	size_t n;
	if (db_get(conn->db, SQL_MATERIAL_OF, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(kind), DB_INT(user));
	return each_row(s, row, arg, &n, err);
}

/* Anchors */

int anchor_put(struct store_conn *conn, const struct anchor_row *anchor,
	       int64_t *ret_id, struct ltps_error *err)
{
	struct db_stmt *s;
	struct digest sha256;
	bool row = false;
	if (writer_require(conn, err) != 0 ||
	    text_check_optional("source", anchor->source, STORE_TEXT_MAX, err) != 0 ||
	    digest_once(DIGEST_SHA256, anchor->der, &sha256, err) != 0 ||
	    db_get(conn->db, SQL_ANCHOR_PUT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_DIGEST(&sha256), DB_VIEW(anchor->der),
		DB_INT(anchor->trusted_from_ms), DB_OPT(anchor->sunset_ms),
		DB_TEXT(anchor->source));
	int rc = db_step(s, &row, err);
	int64_t id = rc == 0 && row ? db_int(s, 0) : 0;
	/* RETURNING: the row is written when the statement has run to its end. */
	if (rc == 0)
		rc = db_step(s, &row, err);
	db_reset(s);
	if (rc == 0)
		*ret_id = id;
	return rc;
}

int anchor_list(struct store_conn *conn,
		int (*row)(void *arg, const struct anchor_row *anchor,
			   struct ltps_error *err),
		void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	bool more = false;
	if (db_get(conn->db, SQL_ANCHOR_LIST, &s, err) != 0)
		return -1;
	int rc = 0;
	while (rc == 0 && (rc = db_step(s, &more, err)) == 0 && more) {
		struct anchor_row a = {
			.id = db_int(s, 0),
			.der = db_view(s, 1),
			.trusted_from_ms = db_int(s, 2),
			.sunset_ms = db_int(s, 3),
			.source = db_text(s, 4),
		};
		rc = row(arg, &a, err);
	}
	db_reset(s);
	return rc;
}
