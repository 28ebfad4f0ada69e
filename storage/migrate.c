/* SPDX-License-Identifier: Apache-2.0 */
/* migrate - the schema by PRAGMA user_version, one transaction each step. */
#include <stdio.h>
#include <string.h>

#include "base/embedded.h"
#include "storage/store_private.h"

/* schema_001.sql, schema_002.sql, ... made by cmake/embed.cmake, in order. */
extern const struct embedded store_schemas[];
extern const size_t store_schemas_count;

static const struct embedded *schema_of(size_t version)
{
	char name[32];
	snprintf(name, sizeof(name), "schema_%03zu.sql", version);
	for (size_t i = 0; i < store_schemas_count; i++) {
		if (strcmp(store_schemas[i].name, name) == 0)
			return &store_schemas[i];
	}
	return NULL;
}

static int step_to(struct db *db, size_t version, struct ltps_error *err)
{
	const struct embedded *schema = schema_of(version);
	int64_t reached = -1;
	if (schema == NULL)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "no schema for version %zu", version);
	if (db_run(db, SQL_BEGIN_IMMEDIATE, err) != 0)
		return -1;
	if (db_exec_schema(db, (const char *)schema->bytes.p, err) == 0 &&
	    db_run_int(db, SQL_PRAGMA_USER_VERSION, &reached, err) == 0) {
		if (reached == (int64_t)version)
			return db_run(db, SQL_COMMIT, err);
		ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
			  "schema %zu leaves version %lld", version,
			  (long long)reached);
	}
	db_run_quiet(db, SQL_ROLLBACK);
	return -1;
}

static int fail_version(int64_t version, struct ltps_error *err)
{
	return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_CALLER, NULL,
			 "the store has schema version %lld, this program knows %zu",
			 (long long)version, store_schemas_count);
}

int migrate_schema(struct db *db, struct ltps_error *err)
{
	int64_t version;
	if (db_run_int(db, SQL_PRAGMA_USER_VERSION, &version, err) != 0)
		return -1;
	if (version < 0 || version > (int64_t)store_schemas_count)
		return fail_version(version, err);
	for (size_t v = (size_t)version + 1; v <= store_schemas_count; v++) {
		if (step_to(db, v, err) != 0)
			return -1;
	}
	return 0;
}

int migrate_check(struct db *db, struct ltps_error *err)
{
	int64_t version;
	if (db_run_int(db, SQL_PRAGMA_USER_VERSION, &version, err) != 0)
		return -1;
	if (version != (int64_t)store_schemas_count)
		return fail_version(version, err);
	return 0;
}
