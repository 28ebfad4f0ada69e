/* SPDX-License-Identifier: Apache-2.0 */
#include "storage/signature.h"

#include "storage/store_private.h"

/* Empty: the version or its data is gone. */
static int owner_of(struct store_conn *conn, int64_t version,
		    char tenant[STORE_TENANT_MAX + 1], struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	tenant[0] = '\0';
	if (db_get(conn->db, SQL_VERSION_OWNER, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(version));
	int rc = db_step(s, &row, err);
	if (rc == 0 && row)
		rc = db_copy_text(s, 0, tenant, STORE_TENANT_MAX + 1, err);
	db_reset(s);
	return rc;
}

static int forget(struct store_conn *conn, enum sql_id sql, int64_t version,
		  struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, sql, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(version), DB_INT(version));
	return db_finish(s, err);
}

static int signer_of(struct store_conn *conn, const char *tenant, const char *subject,
		     int64_t *ret_id, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_SIGNER_ADD, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_TEXT(tenant), DB_TEXT(subject));
	if (db_finish(s, err) != 0 || db_get(conn->db, SQL_SIGNER_GET, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_TEXT(tenant), DB_TEXT(subject));
	int rc = db_step(s, &row, err);
	*ret_id = rc == 0 && row ? db_int(s, 0) : 0;
	db_reset(s);
	return rc;
}

static int put_row(struct store_conn *conn, int64_t version, size_t seq,
		   const char *tenant, const struct signature_row *r,
		   struct ltps_error *err)
{
	struct db_stmt *s;
	int64_t signer;
	if (text_check("signer", r->subject, SIGNATURE_SUBJECT_MAX, err) != 0 ||
	    text_check("verdict", r->verdict, STORE_NAME_MAX, err) != 0 ||
	    signer_of(conn, tenant, r->subject, &signer, err) != 0 ||
	    db_get(conn->db, SQL_SIGNATURE_ADD, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(version), DB_INT((int64_t)seq), DB_INT(r->part),
		DB_INT(signer), DB_TEXT(r->verdict));
	return db_finish(s, err);
}

int signatures_put(struct store_conn *conn, int64_t version,
		   const struct signature_row *rows, size_t n, struct ltps_error *err)
{
	char tenant[STORE_TENANT_MAX + 1];
	if (n > SIGNATURE_ROWS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, NULL,
				 "%zu signatures of one version", n);
	if (writer_require(conn, err) != 0 || owner_of(conn, version, tenant, err) != 0)
		return -1;
	if (tenant[0] == '\0')
		return 0;
	if (forget(conn, SQL_SIGNERS_FORGET, version, err) != 0 ||
	    forget(conn, SQL_SIGNATURES_FORGET, version, err) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (put_row(conn, version, i + 1, tenant, &rows[i], err) != 0)
			return -1;
	return 0;
}

int signatures_copy(struct store_conn *conn, int64_t from, int64_t to,
		    struct ltps_error *err)
{
	struct db_stmt *s;
	if (writer_require(conn, err) != 0 ||
	    db_get(conn->db, SQL_SIGNATURES_COPY, &s, err) != 0)
		return -1;
	/* Behind any that were put. */
	DB_BIND(s, DB_INT(from), DB_INT(to), DB_INT(SIGNATURE_ROWS_MAX));
	return db_finish(s, err);
}

int signatures_list(struct store_conn *conn, int64_t version,
		    int (*row)(void *arg, const struct signature_row *row,
			       struct ltps_error *err),
		    void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	bool more = true;
	int rc = 0;
	if (db_get(conn->db, SQL_SIGNATURES_LIST, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(version));
	while (rc == 0 && (rc = db_step(s, &more, err)) == 0 && more) {
		char subject[SIGNATURE_SUBJECT_MAX + 1], verdict[STORE_NAME_MAX + 1];
		const struct signature_row r = { .part = (uint32_t)db_int(s, 0),
						 .subject = subject,
						 .verdict = verdict };
		rc = db_copy_text(s, 1, subject, sizeof(subject), err);
		if (rc == 0)
			rc = db_copy_text(s, 2, verdict, sizeof(verdict), err);
		if (rc == 0)
			rc = row(arg, &r, err);
	}
	db_reset(s);
	return rc;
}
