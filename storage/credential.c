/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/credential.h"

#include <string.h>

#include "storage/store_private.h"

int credential_add(struct store_conn *conn, enum credential_kind kind,
		   const struct digest *hash, const struct credential *new,
		   int64_t *ret_id, struct ltps_error *err)
{
	struct db_stmt *s;
	const char *poid = new->poid[0] != '\0' ? new->poid : NULL;
	if (writer_require(conn, err) != 0 ||
	    text_check("tenant", new->tenant, STORE_TENANT_MAX, err) != 0 ||
	    text_check("name", new->name, CREDENTIAL_NAME_MAX, err) != 0 ||
	    text_check_optional("POID", poid, STORE_POID_MAX, err) != 0 ||
	    db_get(conn->db, SQL_CREDENTIAL_ADD, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(kind), DB_DIGEST(hash), DB_TEXT(new->tenant),
		DB_TEXT(new->name), DB_INT(new->roles), DB_TEXT(poid),
		DB_INT(new->created_ms), DB_OPT(new->until_ms));
	if (db_finish(s, err) != 0)
		return -1;
	*ret_id = db_last_id(conn->db);
	return 0;
}

static int read_row(struct db_stmt *s, struct credential *c, struct ltps_error *err)
{
	*c = (struct credential){
		.id = db_int(s, 0),
		.roles = (uint32_t)db_int(s, 3),
		.created_ms = db_int(s, 5),
		.until_ms = db_int(s, 6),
		.used_ms = db_int(s, 7),
		.revoked_ms = db_int(s, 8),
	};
	if (db_copy_text(s, 1, c->tenant, sizeof(c->tenant), err) != 0 ||
	    db_copy_text(s, 2, c->name, sizeof(c->name), err) != 0)
		return -1;
	return db_is_null(s, 4) ? 0 : db_copy_text(s, 4, c->poid, sizeof(c->poid), err);
}

int credential_find(struct store_conn *conn, enum credential_kind kind,
		    const struct digest *hash, struct credential *ret_c,
		    struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_CREDENTIAL_FIND, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_DIGEST(hash), DB_INT(kind));
	int rc = db_step(s, &row, err);
	if (rc == 0 && row)
		rc = read_row(s, ret_c, err);
	db_reset(s);
	if (rc == 0 && !row)
		return ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
				 "this opens nothing");
	return rc;
}

int credential_used(struct store_conn *conn, int64_t id, int64_t now_ms,
		    struct ltps_error *err)
{
	struct db_stmt *s;
	if (writer_require(conn, err) != 0 ||
	    db_get(conn->db, SQL_CREDENTIAL_USED, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(id), DB_INT(now_ms - now_ms % CREDENTIAL_USED_MS));
	return db_finish(s, err);
}

int credential_revoke(struct store_conn *conn, enum credential_kind kind, int64_t id,
		      const char *tenant, int64_t now_ms, struct ltps_error *err)
{
	struct db_stmt *s;
	if (writer_require(conn, err) != 0 ||
	    db_get(conn->db, SQL_CREDENTIAL_REVOKE, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(id), DB_INT(kind), DB_TEXT(tenant), DB_INT(now_ms));
	if (db_finish(s, err) != 0)
		return -1;
	if (db_changes(conn->db) == 1)
		return 0;
	return ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
			 "there is none with the number %lld, or it is revoked",
			 (long long)id);
}

int credential_list(struct store_conn *conn, enum credential_kind kind,
		    const char *tenant, int64_t after_id,
		    int (*row)(void *arg, const struct credential *c,
			       struct ltps_error *err),
		    void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	struct credential c;
	bool more = false;
	int rc = 0;
	if (db_get(conn->db, SQL_CREDENTIAL_LIST, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(after_id), DB_INT(kind), DB_TEXT(tenant),
		DB_INT(STORE_PAGE_MAX));
	while (rc == 0 && (rc = db_step(s, &more, err)) == 0 && more) {
		rc = read_row(s, &c, err);
		if (rc == 0)
			rc = row(arg, &c, err);
	}
	db_reset(s);
	return rc;
}

int credential_count(struct store_conn *conn, enum credential_kind kind,
		     const char *tenant, int64_t now_ms, uint64_t *ret_n,
		     struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_CREDENTIAL_COUNT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(kind), DB_TEXT(tenant), DB_INT(now_ms));
	const int rc = db_step(s, &row, err);
	*ret_n = rc == 0 && row ? (uint64_t)db_int(s, 0) : 0;
	db_reset(s);
	return rc;
}

int tenant_use_get(struct store_conn *conn, const char *tenant,
		   struct tenant_use *ret_use, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	*ret_use = (struct tenant_use){ 0 };
	if (db_get(conn->db, SQL_TENANT_USE, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_TEXT(tenant));
	const int rc = db_step(s, &row, err);
	if (rc == 0 && row) {
		ret_use->objects = (uint64_t)db_int(s, 0);
		ret_use->bytes = (uint64_t)db_int(s, 1);
	}
	db_reset(s);
	return rc;
}
