-- SPDX-License-Identifier: Apache-2.0

-- SIGNER_ADD
INSERT OR IGNORE INTO signer (tenant, subject) VALUES (?1, ?2)
-- SIGNER_GET
SELECT id FROM signer WHERE tenant = ?1 AND subject = ?2
-- SIGNERS_FORGET
-- Those of versions from ?1 to ?2, and of no other.
DELETE FROM signer WHERE id IN
	(SELECT signer FROM signature WHERE version BETWEEN ?1 AND ?2)
AND NOT EXISTS (SELECT 1 FROM signature s WHERE s.signer = signer.id
	AND s.version NOT BETWEEN ?1 AND ?2)
-- SIGNATURES_FORGET
DELETE FROM signature WHERE version BETWEEN ?1 AND ?2
-- SIGNATURE_ADD
INSERT INTO signature (version, seq, part, signer, verdict) VALUES (?1, ?2, ?3, ?4, ?5)
-- SIGNATURES_COPY
-- Of parts of version ?1 that version ?2 holds unchanged.
INSERT INTO signature (version, seq, part, signer, verdict)
SELECT ?2, ?3 + row_number() OVER (ORDER BY s.seq), s.part, s.signer, s.verdict
FROM signature s JOIN part a ON a.version = s.version AND a.seq = s.part
JOIN part b ON b.version = ?2 AND b.seq = a.seq AND b.sha512 = a.sha512
WHERE s.version = ?1
AND NOT EXISTS (SELECT 1 FROM signature t WHERE t.version = ?2 AND t.part = s.part)
-- SIGNATURES_LIST
SELECT s.part, g.subject, s.verdict FROM signature s JOIN signer g ON g.id = s.signer
WHERE s.version = ?1 ORDER BY s.seq
-- VERSION_OWNER
-- None when its data was deleted.
SELECT o.tenant FROM version v JOIN object o ON o.id = v.object
WHERE v.id = ?1 AND v.live = 1
-- PROBE_SIGNER_EQ
-- Rows that ?2 would lead to, here and below, counted up to ?3.
SELECT count(*) FROM (SELECT 1 FROM signer g JOIN signature s ON s.signer = g.id
	WHERE g.tenant = ?1 AND g.subject = ?2 LIMIT ?3)
-- PROBE_SIGNER_HAS
SELECT count(*) FROM (SELECT 1 FROM signer g CROSS JOIN signature s ON s.signer = g.id
	WHERE g.tenant = ?1 AND instr(lower(g.subject), lower(?2)) > 0 LIMIT ?3)
-- PROBE_INDICATION_EQ
-- Of all tenants.
SELECT count(*) FROM (SELECT 1 FROM version v INDEXED BY version_indication
	WHERE ?1 IS NOT NULL
	AND substr(v.verdict, 1, instr(v.verdict || '/', '/') - 1) = ?2
	AND v.verdict IS NOT NULL AND v.kind IN (1, 4) LIMIT ?3)
-- PROBE_SUBINDICATION_EQ
-- Likewise.
SELECT count(*) FROM (SELECT 1 FROM version v INDEXED BY version_subindication
	WHERE ?1 IS NOT NULL
	AND substr(v.verdict, instr(v.verdict || '/', '/') + 1) = ?2
	AND instr(v.verdict, '/') > 0 AND v.kind IN (1, 4) LIMIT ?3)
-- PROBE_FORMAT_EQ
-- Likewise.
SELECT count(*) FROM (SELECT 1 FROM part p INDEXED BY part_format
	WHERE ?1 IS NOT NULL AND p.format_id = ?2 LIMIT ?3)
-- PROBE_ID_EQ
-- Of all tenants too.
SELECT count(*) FROM (SELECT 1 FROM part p INDEXED BY part_id
		WHERE ?1 IS NOT NULL AND p.po_id = ?2
	UNION ALL SELECT 1 FROM version v INDEXED BY version_record
		WHERE v.record_id = ?2 LIMIT ?3)
-- PROBE_RECORD_EQ
-- Likewise.
SELECT count(*) FROM (SELECT 1 FROM version v INDEXED BY version_record
	WHERE ?1 IS NOT NULL AND v.record_id = ?2 LIMIT ?3)
-- SEARCH_PLACE
SELECT created_ms, id FROM object WHERE tenant = ?1 AND poid = ?2
