/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/storage_sql.h"

#include <stdio.h>
#include <stdlib.h>

#include <sqlite3.h>

static sqlite3 *open_db(const char *dir)
{
	char path[4200];
	sqlite3 *db = NULL;
	snprintf(path, sizeof(path), "%s/ltps.db", dir);
	if (sqlite3_open(path, &db) != SQLITE_OK) {
		fprintf(stderr, "%s: %s\n", path, sqlite3_errmsg(db));
		abort();
	}
	sqlite3_busy_timeout(db, 5000);
	return db;
}

int storage_sql_try(const char *dir, const char *sql)
{
	sqlite3 *db = open_db(dir);
	int rc = sqlite3_exec(db, sql, NULL, NULL, NULL);
	sqlite3_close(db);
	return rc == SQLITE_OK ? 0 : -1;
}

void storage_sql(const char *dir, const char *sql)
{
	if (storage_sql_try(dir, sql) != 0) {
		fprintf(stderr, "failed: %s\n", sql);
		abort();
	}
}

int64_t storage_sql_int(const char *dir, const char *sql)
{
	sqlite3 *db = open_db(dir);
	sqlite3_stmt *s = NULL;
	if (sqlite3_prepare_v2(db, sql, -1, &s, NULL) != SQLITE_OK ||
	    sqlite3_step(s) != SQLITE_ROW) {
		fprintf(stderr, "failed: %s: %s\n", sql, sqlite3_errmsg(db));
		abort();
	}
	int64_t value = sqlite3_column_int64(s, 0);
	sqlite3_finalize(s);
	sqlite3_close(db);
	return value;
}
