/* SPDX-License-Identifier: Apache-2.0 */
/* db - the only user of SQLite. */
#include "storage/db.h"

#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include <sqlite3.h>

#include "base/mem.h"

/* Pages copied by one step of a backup; the lock is released in between. */
#define BACKUP_STEP_PAGES 1024
/*
 * Pages of one savepoint in memory; what goes beyond is put into a file in one
 * write. Below 128 KB: SQLite's write cuts a length to its low 17 bits and takes
 * the rest of 0 for a full disk.
 */
#define SAVEPOINT_BYTES (120 << 10)
/* Steps of SQLite's machine between two looks at the time: well below a millisecond. */
#define WATCH_STEPS 10000
/* As SQL_PRAGMA_PAGE_SIZE_SET: scattered keys touch a page each. */
#define PAGE_BYTES 4096

struct db_stmt {
	sqlite3_stmt *stmt;
	struct db *db;
	enum sql_id id;
	int bind_rc; /* first failure of db_bind() */
	bool busy;
};

struct db {
	sqlite3 *sqlite;
	struct db_stmt stmts[SQL_COUNT];
	uint64_t wal_pages;
	uint64_t page_size;
	bool (*over)(void *arg); /* db_watch() */
	void *over_arg;
};

static pthread_once_t configured = PTHREAD_ONCE_INIT;

/*
 * Memory statistics take a process-wide lock at every allocation. A savepoint
 * keeps the pages that a task changes in one piece of SAVEPOINT_BYTES; with
 * temp_store = MEMORY it would be in pieces of 1 KB.
 */
static void configure(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
	(void)sqlite3_config(SQLITE_CONFIG_STMTJRNL_SPILL, SAVEPOINT_BYTES);
}

static enum ltps_code code_of_system_errno(int e)
{
	switch (e) {
	case ENOSPC:
	case EDQUOT:
		return LTPS_NO_SPACE;
	case EROFS:
		return LTPS_READ_ONLY;
	case ENOENT:
		return LTPS_NOT_FOUND;
	case EACCES:
	case EPERM:
		return LTPS_DENIED;
	default:
		return LTPS_IO;
	}
}

static enum ltps_code code_of_constraint(int extended)
{
	switch (extended) {
	case SQLITE_CONSTRAINT_UNIQUE:
	case SQLITE_CONSTRAINT_PRIMARYKEY:
	case SQLITE_CONSTRAINT_ROWID:
		return LTPS_EXISTS;
	case SQLITE_CONSTRAINT_TRIGGER:
		return LTPS_STATE;
	default:
		return LTPS_INTERNAL;
	}
}

static enum ltps_code code_of(sqlite3 *sqlite, int extended)
{
	switch (extended & 0xff) {
	case SQLITE_FULL:
		return LTPS_NO_SPACE;
	case SQLITE_READONLY:
		return LTPS_READ_ONLY;
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return LTPS_CORRUPT;
	case SQLITE_NOMEM:
		return LTPS_NOMEM;
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return LTPS_BUSY;
	case SQLITE_CONSTRAINT:
		return code_of_constraint(extended);
	case SQLITE_TOOBIG:
		return LTPS_TOO_LARGE;
	case SQLITE_PERM:
	case SQLITE_AUTH:
		return LTPS_DENIED;
	case SQLITE_INTERRUPT:
		return LTPS_CANCELLED;
	case SQLITE_IOERR:
		if (extended == SQLITE_IOERR_NOMEM)
			return LTPS_NOMEM;
		return code_of_system_errno(sqlite3_system_errno(sqlite));
	case SQLITE_CANTOPEN:
		return code_of_system_errno(sqlite3_system_errno(sqlite));
	default:
		return LTPS_INTERNAL;
	}
}

static int fail_rc(sqlite3 *sqlite, int rc, const char *what, struct ltps_error *err)
{
	if (err->code != LTPS_OK)
		return -1;
	int extended = sqlite != NULL ? sqlite3_extended_errcode(sqlite) : rc;
	if ((extended & 0xff) != (rc & 0xff))
		extended = rc;
	ltps_fail(err, code_of(sqlite, extended), LTPS_FAULT_SELF, NULL,
		  "database %s: %s", what,
		  sqlite != NULL ? sqlite3_errmsg(sqlite) : sqlite3_errstr(rc));
	err->foreign = LTPS_FOREIGN_SQLITE;
	err->foreign_code = extended;
	return -1;
}

/* Statements */

int db_get(struct db *db, enum sql_id id, struct db_stmt **ret_stmt,
	   struct ltps_error *err)
{
	struct db_stmt *s = &db->stmts[id];
	if (s->busy)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "statement %d is in use", (int)id);
	if (s->stmt == NULL) {
		int rc = sqlite3_prepare_v3(db->sqlite, sql_texts[id], -1,
					    SQLITE_PREPARE_PERSISTENT, &s->stmt, NULL);
		if (rc != SQLITE_OK)
			return fail_rc(db->sqlite, rc, "prepare", err);
		s->db = db;
		s->id = id;
	}
	s->busy = true;
	s->bind_rc = SQLITE_OK;
	*ret_stmt = s;
	return 0;
}

void db_reset(struct db_stmt *s)
{
	if (s == NULL || !s->busy)
		return;
	sqlite3_reset(s->stmt);
	sqlite3_clear_bindings(s->stmt);
	s->busy = false;
}

int db_make(struct db *db, const char *text, struct db_stmt **ret_stmt,
	    struct ltps_error *err)
{
	struct db_stmt *s = mem_zalloc(1, sizeof(*s));
	if (s == NULL)
		return ltps_fail_nomem(err);
	int rc = sqlite3_prepare_v2(db->sqlite, text, -1, &s->stmt, NULL);
	if (rc != SQLITE_OK) {
		mem_free(s);
		return fail_rc(db->sqlite, rc, "prepare", err);
	}
	s->db = db;
	s->busy = true;
	*ret_stmt = s;
	return 0;
}

void db_drop(struct db_stmt *s)
{
	if (s == NULL)
		return;
	sqlite3_finalize(s->stmt);
	mem_free(s);
}

static int ask_watch(void *arg)
{
	struct db *db = arg;
	return db->over(db->over_arg);
}

void db_watch(struct db *db, bool (*over)(void *arg), void *arg)
{
	db->over = over;
	db->over_arg = arg;
	sqlite3_progress_handler(db->sqlite, over != NULL ? WATCH_STEPS : 0,
				 over != NULL ? ask_watch : NULL, db);
}

static int bind_one(sqlite3_stmt *stmt, int at, const struct db_value *v)
{
	switch (v->type) {
	case DB_TYPE_INT:
		return sqlite3_bind_int64(stmt, at, v->i);
	case DB_TYPE_TEXT:
		return sqlite3_bind_text(stmt, at, v->p, -1, SQLITE_STATIC);
	case DB_TYPE_VIEW:
		if (v->n == 0)
			return sqlite3_bind_zeroblob(stmt, at, 0);
		return sqlite3_bind_blob64(stmt, at, v->p, v->n, SQLITE_STATIC);
	case DB_TYPE_NULL:
		break;
	}
	return sqlite3_bind_null(stmt, at);
}

void db_bind(struct db_stmt *s, const struct db_value *values, size_t n)
{
	for (size_t i = 0; i < n && s->bind_rc == SQLITE_OK; i++)
		s->bind_rc = bind_one(s->stmt, (int)i + 1, &values[i]);
}

int db_step(struct db_stmt *s, bool *ret_row, struct ltps_error *err)
{
	if (s->bind_rc != SQLITE_OK)
		return fail_rc(s->db->sqlite, s->bind_rc, "bind", err);
	int rc = sqlite3_step(s->stmt);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		return fail_rc(s->db->sqlite, rc, "step", err);
	*ret_row = rc == SQLITE_ROW;
	return 0;
}

int db_finish(struct db_stmt *s, struct ltps_error *err)
{
	bool row = true;
	int rc = 0;
	while (row && rc == 0)
		rc = db_step(s, &row, err);
	db_reset(s);
	return rc;
}

int db_run(struct db *db, enum sql_id id, struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(db, id, &s, err) != 0)
		return -1;
	return db_finish(s, err);
}

void db_run_quiet(struct db *db, enum sql_id id)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	if (db_run(db, id, &err) != 0)
		ltps_error_clear(&err);
}

int db_run_int(struct db *db, enum sql_id id, int64_t *ret_i, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(db, id, &s, err) != 0)
		return -1;
	int rc = db_step(s, &row, err);
	if (rc == 0)
		*ret_i = row ? db_int(s, 0) : 0;
	db_reset(s);
	return rc;
}

int64_t db_int(struct db_stmt *s, int column)
{
	return sqlite3_column_int64(s->stmt, column);
}

bool db_is_null(struct db_stmt *s, int column)
{
	return sqlite3_column_type(s->stmt, column) == SQLITE_NULL;
}

const char *db_text(struct db_stmt *s, int column)
{
	return (const char *)sqlite3_column_text(s->stmt, column);
}

struct view db_view(struct db_stmt *s, int column)
{
	const void *p = sqlite3_column_blob(s->stmt, column);
	return view_of(p, (size_t)sqlite3_column_bytes(s->stmt, column));
}

static int fail_column(struct db_stmt *s, int column, struct ltps_error *err)
{
	return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
			 "database column %s holds an impossible value",
			 sqlite3_column_name(s->stmt, column));
}

int db_copy_text(struct db_stmt *s, int column, char *out, size_t out_size,
		 struct ltps_error *err)
{
	const char *text = db_text(s, column);
	size_t n = (size_t)sqlite3_column_bytes(s->stmt, column);
	if (text == NULL)
		n = 0;
	if (n >= out_size)
		return fail_column(s, column, err);
	if (n > 0)
		memcpy(out, text, n);
	out[n] = '\0';
	return 0;
}

int db_dup_text(struct db_stmt *s, int column, char **ret_s, struct ltps_error *err)
{
	const char *text = db_text(s, column);
	char *copy = NULL;
	if (text != NULL) {
		copy = mem_dup_text(text);
		if (copy == NULL)
			return ltps_fail_nomem(err);
	}
	*ret_s = copy;
	return 0;
}

int db_copy_digest(struct db_stmt *s, int column, enum digest_alg alg,
		   struct digest *ret_d, struct ltps_error *err)
{
	struct view v = db_view(s, column);
	memset(ret_d, 0, sizeof(*ret_d));
	if (db_is_null(s, column))
		return 0;
	if (v.n == 0 || v.n > DIGEST_MAX || v.n != digest_len(alg))
		return fail_column(s, column, err);
	ret_d->alg = alg;
	ret_d->n = v.n;
	memcpy(ret_d->p, v.p, v.n);
	return 0;
}

int64_t db_last_id(struct db *db)
{
	return sqlite3_last_insert_rowid(db->sqlite);
}

int64_t db_changes(struct db *db)
{
	return sqlite3_changes64(db->sqlite);
}

bool db_in_transaction(struct db *db)
{
	return !sqlite3_get_autocommit(db->sqlite);
}

int db_exec_schema(struct db *db, const char *text, struct ltps_error *err)
{
	int rc = sqlite3_exec(db->sqlite, text, NULL, NULL, NULL);
	return rc == SQLITE_OK ? 0 : fail_rc(db->sqlite, rc, "schema", err);
}

/* Opening and closing */

/* A pragma that takes effect without saying so is read back. */
struct pragma {
	enum sql_id set;
	enum sql_id get;
	int64_t expected;
};

static const struct pragma common_pragmas[] = {
	{ SQL_PRAGMA_FOREIGN_KEYS_SET, SQL_PRAGMA_FOREIGN_KEYS, 1 },
	{ SQL_PRAGMA_TRUSTED_SCHEMA_SET, SQL_PRAGMA_TRUSTED_SCHEMA, 0 },
	{ SQL_PRAGMA_CELL_SIZE_CHECK_SET, SQL_PRAGMA_CELL_SIZE_CHECK, 1 },
	/* What a client deletes is overwritten, not only forgotten. */
	{ SQL_PRAGMA_SECURE_DELETE_SET, SQL_PRAGMA_SECURE_DELETE, 1 },
	{ SQL_PRAGMA_AUTOCHECKPOINT_SET, SQL_PRAGMA_AUTOCHECKPOINT, 0 },
	/* 2 is FULL */
	{ SQL_PRAGMA_SYNCHRONOUS_SET, SQL_PRAGMA_SYNCHRONOUS, 2 },
};

static const struct pragma reader_pragmas[] = {
	{ SQL_PRAGMA_QUERY_ONLY_SET, SQL_PRAGMA_QUERY_ONLY, 1 },
};

static int set_pragmas(struct db *db, const struct pragma *p, size_t n,
		       struct ltps_error *err)
{
	for (size_t i = 0; i < n; i++) {
		int64_t value;
		if (db_run(db, p[i].set, err) != 0 ||
		    db_run_int(db, p[i].get, &value, err) != 0)
			return -1;
		if (value != p[i].expected)
			return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
					 "database: \"%.60s\" had no effect",
					 sql_texts[p[i].set]);
	}
	return 0;
}

/* Neither an empty file nor ours: somebody else's database stays untouched. */
static int check_application(struct db *db, struct ltps_error *err)
{
	int64_t id, objects;
	if (db_run_int(db, SQL_PRAGMA_APPLICATION_ID, &id, err) != 0 ||
	    db_run_int(db, SQL_SCHEMA_OBJECTS, &objects, err) != 0)
		return -1;
	if (id != DB_APPLICATION_ID && (id != 0 || objects != 0))
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL,
				 "the database is not one of this service");
	return 0;
}

static int set_wal(struct db *db, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_run(db, SQL_PRAGMA_PAGE_SIZE_SET, err) != 0 ||
	    db_run(db, SQL_PRAGMA_JOURNAL_MODE_SET, err) != 0 ||
	    db_get(db, SQL_PRAGMA_JOURNAL_MODE, &s, err) != 0)
		return -1;
	int rc = db_step(s, &row, err);
	if (rc == 0 && (!row || strcmp(db_text(s, 0), "wal") != 0))
		rc = ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
			       "the database does not enter WAL mode");
	db_reset(s);
	return rc;
}

static int set_up_writer(struct db *db, struct ltps_error *err)
{
	if (set_wal(db, err) != 0)
		return -1;
	return db_run(db, SQL_PRAGMA_CACHE_WRITER_SET, err);
}

static int set_up_reader(struct db *db, struct ltps_error *err)
{
	if (set_pragmas(db, reader_pragmas,
			sizeof(reader_pragmas) / sizeof(*reader_pragmas), err) != 0)
		return -1;
	if (db_run(db, SQL_PRAGMA_CACHE_READER_SET, err) != 0)
		return -1;
	return db_run(db, SQL_PRAGMA_TEMP_STORE_SET, err);
}

static int count_wal_pages(void *arg, sqlite3 *sqlite, const char *name, int pages)
{
	(void)sqlite;
	(void)name;
	((struct db *)arg)->wal_pages = (uint64_t)pages;
	return SQLITE_OK;
}

static int open_sqlite(const char *path, const char *vfs, enum db_role role,
		       struct db *db, struct ltps_error *err)
{
	int flags = SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
	flags |= role == DB_WRITER ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
				   : SQLITE_OPEN_READONLY;
	int rc = sqlite3_open_v2(path, &db->sqlite, flags, vfs);
	if (rc != SQLITE_OK)
		return fail_rc(db->sqlite, rc, "open", err);
	sqlite3_busy_timeout(db->sqlite, DB_BUSY_MS);
	/* The last connection to close would checkpoint, outside of our lock. */
	rc = sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_db_config(db->sqlite, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
	if (rc != SQLITE_OK)
		return fail_rc(db->sqlite, rc, "configure", err);
	return 0;
}

int db_open(const char *path, const char *vfs, enum db_role role, struct db **ret_db,
	    struct ltps_error *err)
{
	pthread_once(&configured, configure);
	struct db *db = mem_zalloc(1, sizeof(*db));
	if (db == NULL)
		return ltps_fail_nomem(err);
	db->page_size = PAGE_BYTES;
	if (open_sqlite(path, vfs, role, db, err) != 0 ||
	    check_application(db, err) != 0)
		goto fail;
	if ((role == DB_WRITER ? set_up_writer(db, err) : set_up_reader(db, err)) != 0)
		goto fail;
	if (set_pragmas(db, common_pragmas,
			sizeof(common_pragmas) / sizeof(*common_pragmas), err) != 0)
		goto fail;
	/* Behind the pragmas: wal_autocheckpoint takes any hook away. */
	sqlite3_wal_hook(db->sqlite, count_wal_pages, db);
	*ret_db = db;
	return 0;
fail:
	db_close(db);
	return -1;
}

void db_close(struct db *db)
{
	if (db == NULL)
		return;
	for (size_t i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(db->stmts[i].stmt);
	sqlite3_close(db->sqlite);
	mem_free(db);
}

/* Log and backup */

uint64_t db_wal_bytes(const struct db *db)
{
	return db->wal_pages * db->page_size;
}

int db_checkpoint(struct db *db, bool truncate, bool *ret_done, struct ltps_error *err)
{
	int in_log = 0, written = 0;
	/* Readers are not waited for: the next idle moment comes. */
	sqlite3_busy_timeout(db->sqlite, 0);
	int rc = sqlite3_wal_checkpoint_v2(db->sqlite, NULL,
					   truncate ? SQLITE_CHECKPOINT_TRUNCATE
						    : SQLITE_CHECKPOINT_PASSIVE,
					   &in_log, &written);
	sqlite3_busy_timeout(db->sqlite, DB_BUSY_MS);
	if (rc != SQLITE_OK && (rc & 0xff) != SQLITE_BUSY)
		return fail_rc(db->sqlite, rc, "checkpoint", err);
	*ret_done = rc == SQLITE_OK && in_log == written;
	if (*ret_done)
		db->wal_pages = 0;
	return 0;
}

static int copy_steps(struct db *db, sqlite3 *to, struct ltps_error *err)
{
	sqlite3_backup *backup = sqlite3_backup_init(to, "main", db->sqlite, "main");
	if (backup == NULL)
		return fail_rc(to, sqlite3_errcode(to), "backup", err);
	int rc;
	do
		rc = sqlite3_backup_step(backup, BACKUP_STEP_PAGES);
	while (rc == SQLITE_OK);
	int end = sqlite3_backup_finish(backup);
	if (rc != SQLITE_DONE)
		return fail_rc(to, rc, "backup", err);
	return end == SQLITE_OK ? 0 : fail_rc(to, end, "backup", err);
}

int db_backup(struct db *db, const char *path, const char *vfs, struct ltps_error *err)
{
	sqlite3 *to = NULL;
	int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
		    SQLITE_OPEN_EXRESCODE;
	int rc = sqlite3_open_v2(path, &to, flags, vfs);
	int ret =
	    rc == SQLITE_OK ? copy_steps(db, to, err) : fail_rc(to, rc, "open", err);
	sqlite3_close(to);
	return ret;
}
