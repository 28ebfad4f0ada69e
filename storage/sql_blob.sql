-- SPDX-License-Identifier: Apache-2.0

-- BLOB_FIND
SELECT id, size FROM blob WHERE sha512 = ?1 AND tenant = ?2 AND data IS NULL
-- BLOB_INSERT
-- Nothing happens when the address of a file is known.
INSERT INTO blob (id, tenant, sha512, size, refs, data) VALUES (?1, ?2, ?3, ?4, 1, ?5)
ON CONFLICT (sha512, tenant) WHERE data IS NULL DO NOTHING
-- BLOB_ADD_REF
UPDATE blob SET refs = refs + 1 WHERE id = ?1
-- BLOB_DROP_REF
UPDATE blob SET refs = refs - 1 WHERE id = ?1
-- BLOB_GET
SELECT tenant, sha512, size, refs, data IS NOT NULL FROM blob WHERE id = ?1
-- BLOB_OPEN
-- As BLOB_GET, and the bytes.
SELECT tenant, sha512, size, refs, data IS NOT NULL, data FROM blob WHERE id = ?1
-- BLOB_DATA
SELECT data FROM blob WHERE id = ?1
-- BLOB_DATA_AT
SELECT substr(data, ?2 + 1, ?3) FROM blob WHERE id = ?1
-- BLOB_DELETE
DELETE FROM blob WHERE id = ?1
-- BLOB_IS_FILE
SELECT 1 FROM blob WHERE sha512 = ?1 AND tenant = ?2 AND data IS NULL
-- BLOB_NEXT
-- Row after row, without holding a snapshot for long.
SELECT id, tenant, sha512, size, refs, data IS NOT NULL FROM blob WHERE id > ?1
ORDER BY id LIMIT 1
-- BLOB_COUNT
SELECT count(*), coalesce(sum(size), 0) FROM blob
-- BLOB_REFS_WRONG
-- Stored count against the rows that refer to it.
SELECT b.id, b.tenant, b.sha512, b.refs, coalesce(u.n, 0)
FROM blob b LEFT JOIN (
	SELECT blob, count(*) AS n FROM (
		SELECT blob FROM part WHERE blob IS NOT NULL
		UNION ALL SELECT blob FROM material
		UNION ALL SELECT nodes FROM tree WHERE nodes IS NOT NULL
		UNION ALL SELECT blob FROM tail)
	GROUP BY blob) u ON u.blob = b.id
WHERE b.refs <> coalesce(u.n, 0)
-- BLOB_REPLACE_DATA
UPDATE blob SET data = ?2 WHERE id = ?1 AND data IS NOT NULL
-- BLOB_OBJECTS
-- What holds a blob.
SELECT DISTINCT o.id, o.tenant, o.poid FROM part p JOIN version v ON v.id = p.version
JOIN object o ON o.id = v.object WHERE p.blob = ?1 ORDER BY o.id
-- BLOB_TREES
SELECT id FROM tree WHERE nodes = ?1 ORDER BY id
-- BLOB_MATERIAL
SELECT id FROM material WHERE blob = ?1 ORDER BY id
-- BLOB_TAILS
SELECT id FROM tail WHERE blob = ?1 ORDER BY id
