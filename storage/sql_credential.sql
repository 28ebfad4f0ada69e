-- SPDX-License-Identifier: Apache-2.0

-- CREDENTIAL_ADD
INSERT INTO credential (kind, hash, tenant, name, roles, poid, created_ms, until_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
-- CREDENTIAL_FIND
SELECT id, tenant, name, roles, poid, created_ms, until_ms, used_ms, revoked_ms
FROM credential WHERE hash = ?1 AND kind = ?2
-- CREDENTIAL_USED
UPDATE credential SET used_ms = ?2 WHERE id = ?1
-- CREDENTIAL_REVOKE
-- ?1 id, ?2 kind, ?3 tenant or NULL
UPDATE credential SET revoked_ms = ?4
WHERE id = ?1 AND kind = ?2 AND (?3 IS NULL OR tenant = ?3) AND revoked_ms IS NULL
-- CREDENTIAL_LIST
-- ?1 after id, ?2 kind, ?3 tenant or NULL, ?4 limit
SELECT id, tenant, name, roles, poid, created_ms, until_ms, used_ms, revoked_ms
FROM credential WHERE id > ?1 AND kind = ?2 AND (?3 IS NULL OR tenant = ?3)
ORDER BY id LIMIT ?4
-- CREDENTIAL_COUNT
-- Live ones: ?1 kind, ?2 tenant, ?3 now
SELECT count(*) FROM credential WHERE tenant = ?2 AND kind = ?1 AND revoked_ms IS NULL
AND (until_ms IS NULL OR until_ms > ?3)
-- TENANT_USE
SELECT objects, bytes FROM tenant_use WHERE tenant = ?1
