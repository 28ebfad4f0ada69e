-- SPDX-License-Identifier: Apache-2.0

-- OBJECT_INSERT
INSERT INTO object (id, tenant, poid, profile, state, created_ms, preserve_until_ms)
VALUES (?1, ?2, ?3, ?4, 0, ?5, ?6)
-- OBJECT_BY_POID
SELECT id, tenant, poid, profile, state, created_ms, preserve_until_ms, deleted_ms
FROM object WHERE tenant = ?1 AND poid = ?2
-- OBJECT_BY_ID
SELECT id, tenant, poid, profile, state, created_ms, preserve_until_ms, deleted_ms
FROM object WHERE id = ?1
-- OBJECT_STATE
SELECT state, tenant FROM object WHERE id = ?1
-- OBJECT_OF_VERSION
SELECT object FROM version WHERE id = ?1
-- OBJECT_SET_STATE
UPDATE object SET state = ?2, deleted_ms = ?3 WHERE id = ?1
-- OBJECT_SET_PRESERVE_UNTIL
UPDATE object SET preserve_until_ms = ?2, announced_ms = NULL WHERE id = ?1
-- OBJECT_LIST
-- ?1 after id, ?2 tenant, ?3 profile, ?4 state, ?5 created from, ?6 created
-- before, ?7 prefix of the POID, ?8 SHA-512 of a part, ?9 limit
SELECT id, tenant, poid, profile, state, created_ms, preserve_until_ms, deleted_ms
FROM object WHERE id > ?1
AND (?2 IS NULL OR tenant = ?2)
AND (?3 IS NULL OR profile = ?3)
AND (?4 IS NULL OR state = ?4)
AND (?5 IS NULL OR created_ms >= ?5)
AND (?6 IS NULL OR created_ms < ?6)
AND (?7 IS NULL OR substr(poid, 1, length(?7)) = ?7)
AND (?8 IS NULL OR EXISTS (SELECT 1 FROM version v JOIN part p ON p.version = v.id
	WHERE v.id BETWEEN object.id * 16384 AND object.id * 16384 + 16383
	AND p.sha512 = ?8))
ORDER BY id LIMIT ?9
-- OBJECT_LIST_ENDING
-- Live objects whose period ends before ?5; ?4 prefix of the POID, ?6 limit.
SELECT id, tenant, poid, profile, state, created_ms, preserve_until_ms, deleted_ms
FROM object INDEXED BY object_ends
WHERE preserve_until_ms IS NOT NULL AND state = 0 AND preserve_until_ms < ?5
AND id > ?1
AND (?2 IS NULL OR tenant = ?2)
AND (?3 IS NULL OR profile = ?3)
AND (?4 IS NULL OR substr(poid, 1, length(?4)) = ?4)
ORDER BY id LIMIT ?6

-- VERSION_LAST_NUMBER
-- ?1 and ?2: first and last possible id of the object's versions, here and below
SELECT max(id) FROM version WHERE id BETWEEN ?1 AND ?2
-- VERSION_LAST_LOGICAL
-- The last that was submitted or updated.
SELECT max(id) FROM version WHERE id BETWEEN ?1 AND ?2 AND kind IN (1, 4)
-- VERSION_IS_LOGICAL
SELECT 1 FROM version WHERE id = ?1 AND object = ?2 AND kind IN (1, 4)
-- VERSION_HAS_LABEL
SELECT 1 FROM version WHERE id BETWEEN ?1 AND ?2 AND label = ?3
-- VERSION_INSERT
INSERT INTO version (id, object, label, kind, created_ms, digest_alg, digest,
	verdict, judged_ms, base, record_id)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)
-- VERSION_LIST
SELECT id, label, kind, created_ms, digest_alg, digest, verdict, judged_ms, base
FROM version WHERE id BETWEEN ?1 AND ?2 ORDER BY id
-- VERSION_OF_RECORD
-- ?1 tenant, ?2 profile, ?3 what the record is called, ?4 behind this version. Of objects
-- that stand.
SELECT v.id FROM version v INDEXED BY version_record JOIN object o ON o.id = v.object
WHERE v.record_id = ?3 AND v.id > ?4 AND v.kind IN (1, 4)
AND o.tenant = ?1 AND o.profile = ?2 AND o.state = 0 ORDER BY v.id LIMIT 1
-- VERSION_OF_PART
-- likewise, by a part of this name and SHA-256 ?5
SELECT v.id FROM part p INDEXED BY part_id JOIN version v ON v.id = p.version
	JOIN object o ON o.id = v.object
WHERE p.po_id = ?3 AND p.sha256 = ?5 AND v.id > ?4 AND v.kind IN (1, 4)
AND o.tenant = ?1 AND o.profile = ?2 AND o.state = 0 ORDER BY v.id LIMIT 1
-- VERSION_SET_VERDICT
UPDATE version SET verdict = ?2, judged_ms = ?3 WHERE id = ?1
-- VERSION_DELETE
DELETE FROM version WHERE id BETWEEN ?1 AND ?2
-- PART_INSERT
INSERT INTO part (version, seq, po_id, format_id, mime, pronom, related, detected,
	size, sha256, sha512, given_alg, given, blob, xml)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)
-- PART_LIST
SELECT seq, po_id, format_id, mime, pronom, related, detected, size, sha256, sha512,
	given_alg, given, blob, xml
FROM part WHERE version = ?1 ORDER BY seq
-- PART_BLOBS
SELECT blob FROM part WHERE version BETWEEN ?1 AND ?2 AND blob IS NOT NULL
ORDER BY version, seq
-- PART_KEEP_DIGEST
UPDATE part SET given_alg = ?3, given = ?4
WHERE version = ?1 AND seq = ?2 AND blob IS NOT NULL AND given_alg = 0
-- PART_DETACH_BLOBS
UPDATE part SET blob = NULL WHERE version BETWEEN ?1 AND ?2
-- PART_OF_BLOB
SELECT version, seq, size, sha256, sha512 FROM part WHERE blob = ?1
