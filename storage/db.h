/* SPDX-License-Identifier: Apache-2.0 */
/*
 * db - the fence around SQLite: one connection, its cached statements, and the
 * mapping of its errors. Private to storage/.
 *
 * A statement is taken with db_get(), bound with DB_BIND, stepped, and always
 * given back with db_reset(). Bound texts and views are borrowed until then.
 * Taking a statement that is in use is INTERNAL: no function may call back
 * into itself while it reads rows.
 */
#ifndef LTPS_STORAGE_DB_H
#define LTPS_STORAGE_DB_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"
#include "storage/sql_ids.h"

/* PRAGMA application_id of our files: "LTPS". */
#define DB_APPLICATION_ID 0x4c545053
/* How long SQLite waits for a lock of its own (recovery by another process). */
#define DB_BUSY_MS 10000

struct db;
struct db_stmt;

enum db_role {
	DB_WRITER, /* creates the file if missing */
	DB_READER, /* read-only file, query_only */
};

/*
 * db_open - open with every pragma set and read back.
 * vfs     NULL: SQLite's default
 * Fails:  CORRUPT, FORMAT (not a database of ours), NOT_FOUND, DENIED, IO,
 *         NO_SPACE, NOMEM, INTERNAL (a pragma did not take effect)
 */
int db_open(const char *path, const char *vfs, enum db_role role, struct db **ret_db,
	    struct ltps_error *err) LTPS_CHECKED;
/* Finalizes all statements; never checkpoints. NULL-safe. */
void db_close(struct db *db);

/* A statement made of parts (storage/search.c); ends with db_drop(), not db_reset(). */
int db_make(struct db *db, const char *text, struct db_stmt **ret_stmt,
	    struct ltps_error *err) LTPS_CHECKED;
/* NULL-safe. */
void db_drop(struct db_stmt *stmt);
/* While running statements: true from over() ends them with CANCELLED. NULL: none. */
void db_watch(struct db *db, bool (*over)(void *arg), void *arg);

int db_get(struct db *db, enum sql_id id, struct db_stmt **ret_stmt,
	   struct ltps_error *err) LTPS_CHECKED;
/* Ends the use of the statement. NULL-safe. */
void db_reset(struct db_stmt *stmt);

enum db_type { DB_TYPE_NULL, DB_TYPE_INT, DB_TYPE_TEXT, DB_TYPE_VIEW };

struct db_value {
	enum db_type type;
	int64_t i;
	const void *p;
	size_t n;
};

static inline struct db_value db_int_value(int64_t i)
{
	return (struct db_value){ .type = DB_TYPE_INT, .i = i };
}

/* 0 stands for "none" in the API and is NULL in the database. */
static inline struct db_value db_opt_value(int64_t i)
{
	return (struct db_value){ .type = i != 0 ? DB_TYPE_INT : DB_TYPE_NULL, .i = i };
}

static inline struct db_value db_text_value(const char *s)
{
	return (struct db_value){ .type = s != NULL ? DB_TYPE_TEXT : DB_TYPE_NULL,
				  .p = s };
}

/* An empty view is an empty blob. */
static inline struct db_value db_view_value(struct view v)
{
	return (struct db_value){ .type = DB_TYPE_VIEW, .p = v.p, .n = v.n };
}

/* An unset digest is NULL. */
static inline struct db_value db_digest_value(const struct digest *d)
{
	if (d->n == 0)
		return (struct db_value){ .type = DB_TYPE_NULL };
	return db_view_value(digest_view(d));
}

#define DB_INT(x) db_int_value(x)
#define DB_OPT(x) db_opt_value(x)
#define DB_TEXT(x) db_text_value(x)
#define DB_VIEW(x) db_view_value(x)
#define DB_DIGEST(x) db_digest_value(x)
#define DB_NULL ((struct db_value){ .type = DB_TYPE_NULL })

/* Parameters ?1, ?2, ...; a failure is reported by db_step(). */
void db_bind(struct db_stmt *stmt, const struct db_value *values, size_t n);
#define DB_BIND(stmt, ...)                                                             \
	db_bind(stmt, (const struct db_value[]){ __VA_ARGS__ },                        \
		sizeof((const struct db_value[]){ __VA_ARGS__ }) /                     \
		    sizeof(struct db_value))

int db_step(struct db_stmt *stmt, bool *ret_row, struct ltps_error *err) LTPS_CHECKED;
/* Runs a statement that gives no row and resets it, also on failure. */
int db_finish(struct db_stmt *stmt, struct ltps_error *err) LTPS_CHECKED;
/* A statement without parameters and rows. */
int db_run(struct db *db, enum sql_id id, struct ltps_error *err) LTPS_CHECKED;
/* The same where nothing can be done about a failure: rolling back. */
void db_run_quiet(struct db *db, enum sql_id id);
/* First column of the first row of a statement without parameters. */
int db_run_int(struct db *db, enum sql_id id, int64_t *ret_i,
	       struct ltps_error *err) LTPS_CHECKED;

/* Columns of the present row, from 0; borrowed until the next step or reset. */
int64_t db_int(struct db_stmt *stmt, int column); /* NULL is 0 */
bool db_is_null(struct db_stmt *stmt, int column);
const char *db_text(struct db_stmt *stmt, int column); /* NULL is NULL */
struct view db_view(struct db_stmt *stmt, int column);
/* Copy into a text array of this size; CORRUPT when it does not fit. */
int db_copy_text(struct db_stmt *stmt, int column, char *out, size_t out_size,
		 struct ltps_error *err) LTPS_CHECKED;
/* mem_dup_text of it; NULL stays NULL. */
int db_dup_text(struct db_stmt *stmt, int column, char **ret_s,
		struct ltps_error *err) LTPS_CHECKED;
/* A digest of this algorithm; NULL leaves it unset. CORRUPT on a wrong length. */
int db_copy_digest(struct db_stmt *stmt, int column, enum digest_alg alg,
		   struct digest *ret_d, struct ltps_error *err) LTPS_CHECKED;

int64_t db_last_id(struct db *db);
int64_t db_changes(struct db *db);
/* Whether a transaction is open. */
bool db_in_transaction(struct db *db);
/* Several statements of an embedded schema file; NUL-terminated. */
int db_exec_schema(struct db *db, const char *text,
		   struct ltps_error *err) LTPS_CHECKED;

/* Pages in the write-ahead log after the last commit of this connection. */
uint64_t db_wal_bytes(const struct db *db);
/*
 * db_checkpoint - PASSIVE, or TRUNCATE (does not wait for readers).
 * ret_done  whether everything in the log was written back
 */
int db_checkpoint(struct db *db, bool truncate, bool *ret_done,
		  struct ltps_error *err) LTPS_CHECKED;
/*
 * db_backup - copy the whole database into a new file. The caller holds a
 * read transaction open, so that the copy is of one state.
 */
int db_backup(struct db *db, const char *path, const char *vfs,
	      struct ltps_error *err) LTPS_CHECKED;

#endif
