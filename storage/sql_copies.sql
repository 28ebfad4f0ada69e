-- SPDX-License-Identifier: Apache-2.0
-- copy.db, the database of a second directory (storage/fixity.h). Not of the store.

-- COPY_APPLICATION_ID_SET
PRAGMA application_id = 0x4c545053
-- COPY_CREATE_STATE
-- store: name of the store; copy: of this copy; swept, sweep: how far deletions came;
-- mark: of the store when it was last copied; ahead: 1 once it was newer than the store
CREATE TABLE state (
	name TEXT PRIMARY KEY,   -- what it is
	value BLOB NOT NULL      -- its bytes
) STRICT, WITHOUT ROWID
-- COPY_CREATE_COPIED
CREATE TABLE copied (
	id INTEGER PRIMARY KEY,  -- of the blob in the store
	tenant TEXT NOT NULL,    -- owner
	sha512 BLOB NOT NULL CHECK (length(sha512) = 64), -- the address
	size INTEGER NOT NULL CHECK (size >= 0),          -- octets
	data BLOB                -- the bytes when small; NULL: a file
) STRICT
-- COPY_CREATE_ADDRESS
CREATE INDEX copied_address ON copied (sha512, tenant) WHERE data IS NULL
-- COPY_STATE_GET
SELECT value FROM state WHERE name = ?1
-- COPY_STATE_PUT
INSERT INTO state (name, value) VALUES (?1, ?2)
ON CONFLICT (name) DO UPDATE SET value = excluded.value
-- COPY_GET
SELECT tenant, sha512, size, data IS NOT NULL, data FROM copied WHERE id = ?1
-- COPY_PUT
INSERT INTO copied (id, tenant, sha512, size, data) VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (id) DO UPDATE SET data = excluded.data
-- COPY_DELETE
DELETE FROM copied WHERE id = ?1
-- COPY_NEXT
SELECT id, tenant, sha512, data IS NOT NULL FROM copied WHERE id > ?1
ORDER BY id LIMIT 1
-- COPY_HAS_FILE
-- Of another blob than ?3.
SELECT 1 FROM copied WHERE sha512 = ?1 AND tenant = ?2 AND data IS NULL AND id <> ?3
-- COPY_LAST
SELECT coalesce(max(id), 0) FROM copied
