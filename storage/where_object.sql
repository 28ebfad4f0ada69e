-- SPDX-License-Identifier: Apache-2.0
-- Conditions that storage/search.c puts together; ?1 is the tenant, ? the value.

-- ALL
SELECT poid FROM object WHERE tenant = ?1 AND state <> 2
-- ALL_BY_ID
-- Where few ids are given: not by way of the tenant's index.
SELECT poid FROM object WHERE +tenant = ?1 AND state <> 2
-- BEHIND
 AND (created_ms, id) > (?, ?)
-- BEFORE
 AND (created_ms, id) < (?, ?)
-- UPWARD
 ORDER BY created_ms, id LIMIT ?
-- DOWNWARD
 ORDER BY created_ms DESC, id DESC LIMIT ?

-- POID_EQ
poid = ?
-- POID_LT
poid < ?
-- POID_LE
poid <= ?
-- POID_GT
poid > ?
-- POID_GE
poid >= ?
-- POID_HAS
instr(lower(poid), lower(?)) > 0
-- STORED_EQ
created_ms = ?
-- STORED_LT
created_ms < ?
-- STORED_LE
created_ms <= ?
-- STORED_GT
created_ms > ?
-- STORED_GE
created_ms >= ?
-- PERIOD_EQ
coalesce(preserve_until_ms = ?, 0)
-- PERIOD_LT
coalesce(preserve_until_ms < ?, 0)
-- PERIOD_LE
coalesce(preserve_until_ms <= ?, 0)
-- PERIOD_GT
coalesce(preserve_until_ms > ?, 1)
-- PERIOD_GE
coalesce(preserve_until_ms >= ?, 1)
-- PROFILE_EQ
profile = ?
-- PROFILE_HAS
instr(lower(profile), lower(?)) > 0
-- FORMAT_EQ
EXISTS (SELECT 1 FROM version v JOIN part p ON p.version = v.id
	WHERE v.id BETWEEN object.id * 16384 AND object.id * 16384 + 16383
	AND v.kind IN (1, 4) AND p.format_id = ?)
-- FORMAT_EQ_NARROW
id IN (SELECT v.object FROM part p INDEXED BY part_format
	JOIN version v ON v.id = p.version
	WHERE p.format_id = ? AND v.kind IN (1, 4))
-- FORMAT_HAS
EXISTS (SELECT 1 FROM version v JOIN part p ON p.version = v.id
	WHERE v.id BETWEEN object.id * 16384 AND object.id * 16384 + 16383
	AND v.kind IN (1, 4) AND instr(lower(p.format_id), lower(?)) > 0)
-- MIME_EQ
EXISTS (SELECT 1 FROM version v JOIN part p ON p.version = v.id
	WHERE v.id BETWEEN object.id * 16384 AND object.id * 16384 + 16383
	AND v.kind IN (1, 4) AND p.mime = ?)
-- MIME_HAS
EXISTS (SELECT 1 FROM version v JOIN part p ON p.version = v.id
	WHERE v.id BETWEEN object.id * 16384 AND object.id * 16384 + 16383
	AND v.kind IN (1, 4) AND instr(lower(p.mime), lower(?)) > 0)
-- PRONOM_EQ
EXISTS (SELECT 1 FROM version v JOIN part p ON p.version = v.id
	WHERE v.id BETWEEN object.id * 16384 AND object.id * 16384 + 16383
	AND v.kind IN (1, 4) AND p.pronom = ?)
-- PRONOM_HAS
EXISTS (SELECT 1 FROM version v JOIN part p ON p.version = v.id
	WHERE v.id BETWEEN object.id * 16384 AND object.id * 16384 + 16383
	AND v.kind IN (1, 4) AND instr(lower(p.pronom), lower(?)) > 0)
-- ID_EQ
EXISTS (SELECT 1 FROM version v JOIN part p ON p.version = v.id
	WHERE v.id BETWEEN object.id * 16384 AND object.id * 16384 + 16383
	AND v.kind IN (1, 4) AND ? IN (p.po_id, v.record_id))
-- ID_EQ_NARROW
id IN (WITH x (id) AS (VALUES (?))
	SELECT v.object FROM x JOIN part p INDEXED BY part_id ON p.po_id = x.id
		JOIN version v ON v.id = p.version WHERE v.kind IN (1, 4)
	UNION SELECT v.object FROM x JOIN version v INDEXED BY version_record
		ON v.record_id = x.id WHERE v.kind IN (1, 4))
-- ID_HAS
EXISTS (SELECT 1 FROM version v JOIN part p ON p.version = v.id
	WHERE v.id BETWEEN object.id * 16384 AND object.id * 16384 + 16383
	AND v.kind IN (1, 4) AND EXISTS (WITH x (id) AS (VALUES (lower(?)))
		SELECT 1 FROM x WHERE instr(lower(p.po_id), x.id) > 0
			OR instr(lower(v.record_id), x.id) > 0))
-- RECORD_EQ
EXISTS (SELECT 1 FROM version v
	WHERE v.id BETWEEN object.id * 16384 AND object.id * 16384 + 16383
	AND v.kind IN (1, 4) AND v.record_id = ?)
-- RECORD_EQ_NARROW
id IN (SELECT v.object FROM version v INDEXED BY version_record
	WHERE v.record_id = ? AND v.kind IN (1, 4))
-- RECORD_HAS
EXISTS (SELECT 1 FROM version v
	WHERE v.id BETWEEN object.id * 16384 AND object.id * 16384 + 16383
	AND v.kind IN (1, 4) AND instr(lower(v.record_id), lower(?)) > 0)
-- SIGNER_EQ
id IN (SELECT s.version / 16384 FROM signature s WHERE s.signer IN
	(SELECT g.id FROM signer g WHERE g.tenant = ?1 AND g.subject = ?))
-- SIGNER_HAS
id IN (SELECT s.version / 16384 FROM signature s WHERE s.signer IN
	(SELECT g.id FROM signer g WHERE g.tenant = ?1
	AND instr(lower(g.subject), lower(?)) > 0))
-- SIGNER_EQ_WIDE
EXISTS (SELECT 1 FROM signature s
	WHERE s.version BETWEEN object.id * 16384 AND object.id * 16384 + 16383
	AND s.signer = (SELECT g.id FROM signer g WHERE g.tenant = ?1 AND g.subject = ?))
-- SIGNER_HAS_WIDE
EXISTS (SELECT 1 FROM signature s CROSS JOIN signer g ON g.id = s.signer
	WHERE s.version BETWEEN object.id * 16384 AND object.id * 16384 + 16383
	AND instr(lower(g.subject), lower(?)) > 0)
-- INDICATION_EQ_NARROW
id IN (SELECT v.object FROM version v INDEXED BY version_indication
	WHERE substr(v.verdict, 1, instr(v.verdict || '/', '/') - 1) = ?
	AND v.verdict IS NOT NULL AND v.kind IN (1, 4)
	AND NOT EXISTS (SELECT 1 FROM version n WHERE n.id > v.id
		AND n.id <= v.object * 16384 + 16383 AND n.kind IN (1, 4)))
-- INDICATION_EQ
coalesce((SELECT substr(v.verdict, 1, instr(v.verdict || '/', '/') - 1) FROM version v
	WHERE v.id BETWEEN object.id * 16384 AND object.id * 16384 + 16383
	AND v.kind IN (1, 4) ORDER BY v.id DESC LIMIT 1), '') = ?
-- SUBINDICATION_EQ
coalesce((SELECT substr(v.verdict, instr(v.verdict || '/', '/') + 1) FROM version v
	WHERE v.id BETWEEN object.id * 16384 AND object.id * 16384 + 16383
	AND v.kind IN (1, 4) ORDER BY v.id DESC LIMIT 1), '') = ?
-- SUBINDICATION_EQ_NARROW
id IN (SELECT v.object FROM version v INDEXED BY version_subindication
	WHERE substr(v.verdict, instr(v.verdict || '/', '/') + 1) = ?
	AND instr(v.verdict, '/') > 0 AND v.kind IN (1, 4)
	AND NOT EXISTS (SELECT 1 FROM version n WHERE n.id > v.id
		AND n.id <= v.object * 16384 + 16383 AND n.kind IN (1, 4)))
-- VERSIONS_EQ
(SELECT count(*) FROM version v
	WHERE v.id BETWEEN object.id * 16384 AND object.id * 16384 + 16383
	AND v.kind IN (1, 4)) = ?
-- VERSIONS_LT
(SELECT count(*) FROM version v
	WHERE v.id BETWEEN object.id * 16384 AND object.id * 16384 + 16383
	AND v.kind IN (1, 4)) < ?
-- VERSIONS_LE
(SELECT count(*) FROM version v
	WHERE v.id BETWEEN object.id * 16384 AND object.id * 16384 + 16383
	AND v.kind IN (1, 4)) <= ?
-- VERSIONS_GT
(SELECT count(*) FROM version v
	WHERE v.id BETWEEN object.id * 16384 AND object.id * 16384 + 16383
	AND v.kind IN (1, 4)) > ?
-- VERSIONS_GE
(SELECT count(*) FROM version v
	WHERE v.id BETWEEN object.id * 16384 AND object.id * 16384 + 16383
	AND v.kind IN (1, 4)) >= ?
-- STATE_EQ
state = ?
