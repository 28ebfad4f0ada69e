-- SPDX-License-Identifier: Apache-2.0
-- Pragmas of a connection: set, then read back.

-- PRAGMA_PAGE_SIZE_SET
PRAGMA page_size = 4096
-- PRAGMA_JOURNAL_MODE_SET
PRAGMA journal_mode = WAL
-- PRAGMA_JOURNAL_MODE
PRAGMA journal_mode
-- PRAGMA_SYNCHRONOUS_SET
PRAGMA synchronous = FULL
-- PRAGMA_SYNCHRONOUS
PRAGMA synchronous
-- PRAGMA_FOREIGN_KEYS_SET
PRAGMA foreign_keys = ON
-- PRAGMA_FOREIGN_KEYS
PRAGMA foreign_keys
-- PRAGMA_TRUSTED_SCHEMA_SET
PRAGMA trusted_schema = OFF
-- PRAGMA_TRUSTED_SCHEMA
PRAGMA trusted_schema
-- PRAGMA_CELL_SIZE_CHECK_SET
PRAGMA cell_size_check = ON
-- PRAGMA_CELL_SIZE_CHECK
PRAGMA cell_size_check
-- PRAGMA_SECURE_DELETE_SET
PRAGMA secure_delete = ON
-- PRAGMA_SECURE_DELETE
PRAGMA secure_delete
-- PRAGMA_AUTOCHECKPOINT_SET
PRAGMA wal_autocheckpoint = 0
-- PRAGMA_AUTOCHECKPOINT
PRAGMA wal_autocheckpoint
-- PRAGMA_QUERY_ONLY_SET
PRAGMA query_only = ON
-- PRAGMA_QUERY_ONLY
PRAGMA query_only
-- PRAGMA_CACHE_WRITER_SET
PRAGMA cache_size = -65536
-- PRAGMA_CACHE_READER_SET
PRAGMA cache_size = -8192
-- PRAGMA_TEMP_STORE_SET
PRAGMA temp_store = MEMORY
-- PRAGMA_APPLICATION_ID
PRAGMA application_id
-- PRAGMA_USER_VERSION
PRAGMA user_version
-- PRAGMA_INTEGRITY_CHECK
PRAGMA integrity_check (100)
-- PRAGMA_QUICK_CHECK
PRAGMA quick_check (1)
-- PRAGMA_FOREIGN_KEY_CHECK
PRAGMA foreign_key_check
-- SCHEMA_OBJECTS
SELECT count(*) FROM sqlite_schema

-- BEGIN_IMMEDIATE
BEGIN IMMEDIATE
-- BEGIN_READ
BEGIN
-- COMMIT
COMMIT
-- ROLLBACK
ROLLBACK
-- SAVEPOINT
SAVEPOINT task
-- SAVEPOINT_RELEASE
RELEASE task
-- SAVEPOINT_ROLLBACK
ROLLBACK TO task

-- SEQUENCE_GET
SELECT next FROM sequence
-- SEQUENCE_PUT
UPDATE sequence SET next = ?1

-- SETTING_GET
SELECT value FROM setting WHERE name = ?1
-- SETTING_PUT
INSERT INTO setting (name, value) VALUES (?1, ?2)
ON CONFLICT (name) DO UPDATE SET value = excluded.value

-- SUMMARY
SELECT
	(SELECT count(*) FROM object),
	(SELECT count(*) FROM object WHERE state <> 0),
	(SELECT count(*) FROM tree WHERE state = 0),
	(SELECT count(*) FROM tree WHERE state = 1),
	(SELECT count(*) FROM tree WHERE state = 2)

-- COUNTS
SELECT
	(SELECT count(*) FROM object),
	(SELECT count(*) FROM object WHERE state <> 0),
	(SELECT count(*) FROM version),
	(SELECT count(*) FROM blob),
	(SELECT coalesce(sum(size), 0) FROM blob),
	(SELECT count(*) FROM tree WHERE state = 0),
	(SELECT count(*) FROM tree WHERE state = 1),
	(SELECT count(*) FROM tree WHERE state = 2),
	(SELECT count(*) FROM token),
	(SELECT count(*) FROM job),
	(SELECT count(*) FROM job WHERE state = 2),
	(SELECT coalesce(max(seq), 0) FROM audit)
