-- SPDX-License-Identifier: Apache-2.0

-- AUDIT_HEAD
SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1
-- AUDIT_APPEND
INSERT INTO audit (seq, time_ms, tenant, actor, operation, poid, detail, outcome, hash)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
-- AUDIT_HASH_AT
SELECT hash FROM audit WHERE seq = ?1
-- AUDIT_LIST
SELECT seq, time_ms, tenant, actor, operation, poid, detail, outcome, hash
FROM audit WHERE seq > ?1 AND (?2 IS NULL OR tenant = ?2) ORDER BY seq LIMIT ?3
-- AUDIT_LIST_POID
SELECT seq, time_ms, tenant, actor, operation, poid, detail, outcome, hash
FROM audit WHERE poid = ?4 AND seq > ?1 AND (?2 IS NULL OR tenant = ?2)
ORDER BY seq LIMIT ?3
