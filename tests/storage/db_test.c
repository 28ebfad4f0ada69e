/* SPDX-License-Identifier: Apache-2.0 */
/* The wrapper of SQLite: its errors as ours, and faults of the disk below it. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "storage/db.h"
#include "tests/support/storage_fixture.h"
#include "tests/support/storage_record.h"
#include "tests/support/storage_sql.h"

static char dir[4096];

static void setup(void)
{
	record_register();
	fixture_dir(dir);
}

static void teardown(void)
{
	record_fault(RECORD_FAULT_NONE, 0);
	fixture_remove(dir);
}

TestSuite(db, .init = setup, .fini = teardown);

/* Faults below a store */

static struct store *store;
static struct store_conn *reader;

static void open_store(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_options options = { .dir = dir, .vfs = RECORD_VFS };
	if (store_open(&options, &store, &err) != 0 ||
	    store_reader_open(store, &reader, &err) != 0)
		fixture_die("open", &err);
}

static void close_store(void)
{
	store_reader_close(reader);
	store_close(store);
}

static void must_have(uint64_t i, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(fixture_check(reader, i, n, &err), 0, "%s", err.text);
}

/* Writes of one commit, each failing once. */
static void every_write_fails(enum record_fault fault, enum ltps_code code)
{
	uint64_t i = 100;
	bool hit = true;
	open_store();
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(fixture_add(store, 1, 3000, NULL, NULL, &err), 0);
	for (unsigned nth = 1; hit && nth < 200; nth++) {
		ltps_error_clear(&err);
		record_fault(fault, nth);
		int rc = fixture_add(store, ++i, 20000, NULL, NULL, &err);
		hit = record_fault_hit();
		record_fault(RECORD_FAULT_NONE, 0);
		if (rc != 0)
			cr_assert_eq(err.code, code, "write %u: %s", nth, err.text);
		cr_assert(rc != 0 || !hit, "acknowledged although write %u failed",
			  nth);
		must_have(1, 3000);
		/* The same object can be stored when there is room again. */
		ltps_error_clear(&err);
		if (rc != 0)
			cr_assert_eq(fixture_add(store, i, 20000, NULL, NULL, &err), 0,
				     "%s", err.text);
		must_have(i, 20000);
	}
	cr_assert_not(hit, "the commit has too many writes");
	cr_assert_gt(i, 101u);
	cr_assert_eq(fixture_fsck(store, NULL), 0);
	close_store();
	open_store();
	must_have(i, 20000);
	cr_assert_eq(fixture_fsck(store, NULL), 0);
	close_store();
}

Test(db, full_disk_fails_the_commit_and_loses_nothing)
{
	every_write_fails(RECORD_FAULT_FULL, LTPS_NO_SPACE);
}

Test(db, torn_write_fails_the_commit_and_loses_nothing)
{
	every_write_fails(RECORD_FAULT_TORN, LTPS_NO_SPACE);
}

Test(db, failing_sync_fails_the_commit_and_loses_nothing)
{
	every_write_fails(RECORD_FAULT_SYNC, LTPS_IO);
}

Test(db, disk_that_stays_full_still_reads)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	open_store();
	cr_assert_eq(fixture_add(store, 1, 3000, NULL, NULL, &err), 0);
	record_fault(RECORD_FAULT_FULL_ON, 1);
	for (uint64_t i = 2; i < 6; i++) {
		cr_assert_eq(fixture_add(store, i, 3000, NULL, NULL, &err), -1);
		cr_assert_eq(err.code, LTPS_NO_SPACE, "%s", err.text);
		ltps_error_clear(&err);
		must_have(1, 3000);
	}
	close_store();
	record_fault(RECORD_FAULT_NONE, 0);
	open_store();
	must_have(1, 3000);
	cr_assert_eq(fixture_add(store, 2, 3000, NULL, NULL, &err), 0, "%s", err.text);
	cr_assert_eq(fixture_fsck(store, NULL), 0);
	close_store();
}

Test(db, full_disk_while_opening_is_no_space)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *s = NULL;
	struct store_options options = { .dir = dir, .vfs = RECORD_VFS };
	bool hit = true;
	unsigned nth = 0;
	while (hit && ++nth < 200) {
		ltps_error_clear(&err);
		record_fault(RECORD_FAULT_FULL, nth);
		int rc = store_open(&options, &s, &err);
		hit = record_fault_hit();
		record_fault(RECORD_FAULT_NONE, 0);
		if (rc != 0)
			cr_assert_eq(err.code, LTPS_NO_SPACE, "write %u: %s", nth,
				     err.text);
		else
			store_close(s);
		if (!hit)
			break;
		/* Whatever was begun is finished by the next opening. */
		if (rc != 0) {
			ltps_error_clear(&err);
			cr_assert_eq(store_open(&options, &s, &err), 0, "write %u: %s",
				     nth, err.text);
			store_close(s);
		}
		fixture_remove(dir);
		cr_assert_eq(mkdir(dir, 0700), 0);
	}
	cr_assert_gt(nth, 5u);
}

/* The wrapper itself */

static struct db *open_db(enum db_role role)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct db *db = NULL;
	char path[4200];
	snprintf(path, sizeof(path), "%s/ltps.db", dir);
	if (db_open(path, NULL, role, &db, &err) != 0)
		fixture_die("db_open", &err);
	return db;
}

Test(db, reader_of_a_missing_file_is_not_found)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct db *db = NULL;
	char path[4200];
	snprintf(path, sizeof(path), "%s/none.db", dir);
	cr_assert_eq(db_open(path, NULL, DB_READER, &db, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND, "%s", err.text);
	cr_assert_eq(err.foreign, LTPS_FOREIGN_SQLITE);
}

Test(db, unknown_vfs_fails)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct db *db = NULL;
	char path[4200];
	snprintf(path, sizeof(path), "%s/x.db", dir);
	cr_assert_eq(db_open(path, "no-such-vfs", DB_WRITER, &db, &err), -1);
	cr_assert_neq(err.code, LTPS_OK);
}

Test(db, statement_in_use_is_not_given_again)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct db_stmt *a = NULL, *b = NULL;
	struct db *db = open_db(DB_WRITER);
	cr_assert_eq(db_get(db, SQL_SCHEMA_OBJECTS, &a, &err), 0);
	cr_assert_eq(db_get(db, SQL_SCHEMA_OBJECTS, &b, &err), -1);
	cr_assert_eq(err.code, LTPS_INTERNAL);
	ltps_error_clear(&err);
	db_reset(a);
	cr_assert_eq(db_get(db, SQL_SCHEMA_OBJECTS, &b, &err), 0);
	db_reset(b);
	db_reset(NULL);
	db_close(db);
}

Test(db, too_many_parameters_are_an_error_of_the_step)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct db_stmt *s = NULL;
	bool row;
	struct db *db = open_db(DB_WRITER);
	cr_assert_eq(db_get(db, SQL_SCHEMA_OBJECTS, &s, &err), 0);
	DB_BIND(s, DB_INT(1));
	cr_assert_eq(db_step(s, &row, &err), -1);
	cr_assert_eq(err.code, LTPS_INTERNAL);
	db_reset(s);
	db_close(db);
}

Test(db, column_of_impossible_length_is_corrupt)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	char text[3];
	bool row;
	struct db_stmt *s = NULL;
	store_close(fixture_open(dir));
	storage_sql(dir, "INSERT INTO setting VALUES ('x', x'010203')");
	struct db *db = open_db(DB_READER);
	cr_assert_eq(db_get(db, SQL_SETTING_GET, &s, &err), 0);
	DB_BIND(s, DB_TEXT("x"));
	cr_assert_eq(db_step(s, &row, &err), 0);
	cr_assert(row);
	cr_assert_eq(db_copy_digest(s, 0, DIGEST_SHA256, &d, &err), -1);
	cr_assert_eq(err.code, LTPS_CORRUPT);
	ltps_error_clear(&err);
	cr_assert_eq(db_copy_text(s, 0, text, sizeof(text), &err), -1);
	cr_assert_eq(err.code, LTPS_CORRUPT);
	db_reset(s);
	db_close(db);
}

Test(db, reader_cannot_write)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct db_stmt *s = NULL;
	store_close(fixture_open(dir));
	struct db *db = open_db(DB_READER);
	cr_assert_eq(db_get(db, SQL_SETTING_PUT, &s, &err), 0);
	DB_BIND(s, DB_TEXT("x"), DB_VIEW(view_text("y")));
	cr_assert_eq(db_finish(s, &err), -1);
	cr_assert_eq(err.code, LTPS_READ_ONLY);
	db_close(db);
}

Test(db, every_named_statement_is_valid)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	store_close(fixture_open(dir));
	struct db *db = open_db(DB_WRITER);
	for (int id = 0; id < SQL_COUNT; id++) {
		struct db_stmt *s = NULL;
		cr_assert_eq(db_get(db, (enum sql_id)id, &s, &err), 0, "%s: %s",
			     sql_texts[id], err.text);
		db_reset(s);
		/* Those behind speak of the tables of a second folder's database. */
		if (id == SQL_COPY_CREATE_STATE || id == SQL_COPY_CREATE_COPIED)
			cr_assert_eq(db_run(db, (enum sql_id)id, &err), 0);
	}
	db_close(db);
}
