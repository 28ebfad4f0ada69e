-- SPDX-License-Identifier: Apache-2.0

-- MATERIAL_FIND
SELECT id FROM material WHERE sha512 = ?1 AND kind = ?2
-- MATERIAL_INSERT
INSERT INTO material (kind, sha512, blob, size, key, source, fetched_ms, produced_ms,
	until_ms)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
-- MATERIAL_NAME
UPDATE material SET key = ?2, source = coalesce(source, ?3),
	produced_ms = coalesce(produced_ms, ?4), until_ms = coalesce(until_ms, ?5)
WHERE id = ?1 AND key IS NULL
-- MATERIAL_GET
SELECT id, kind, sha512, blob, size, key, source, fetched_ms, produced_ms, until_ms
FROM material WHERE id = ?1
-- MATERIAL_BY_SHA512
SELECT id, kind, sha512, blob, size, key, source, fetched_ms, produced_ms, until_ms
FROM material WHERE sha512 = ?1 AND kind = ?2
-- MATERIAL_BY_KEY
SELECT id, kind, sha512, blob, size, key, source, fetched_ms, produced_ms, until_ms
FROM material WHERE kind = ?1 AND key = ?2 AND coalesce(produced_ms, 0) <= ?3
ORDER BY produced_ms DESC, id DESC LIMIT ?4
-- MATERIAL_LIST
SELECT id, kind, sha512, blob, size, key, source, fetched_ms, produced_ms, until_ms
FROM material WHERE id > ?1 ORDER BY id LIMIT ?2
-- MATERIAL_LINK
INSERT INTO material_use (user_kind, user, material) VALUES (?1, ?2, ?3)
ON CONFLICT DO NOTHING
-- MATERIAL_OF
SELECT m.id, m.kind, m.sha512, m.blob, m.size, m.key, m.source, m.fetched_ms,
	m.produced_ms, m.until_ms
FROM material_use u JOIN material m ON m.id = u.material
WHERE u.user_kind = ?1 AND u.user = ?2 ORDER BY m.id

-- ANCHOR_PUT
INSERT INTO anchor (sha256, der, trusted_from_ms, sunset_ms, source)
VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT (sha256, trusted_from_ms)
DO UPDATE SET sunset_ms = excluded.sunset_ms, source = excluded.source
RETURNING id
-- ANCHOR_LIST
SELECT id, der, trusted_from_ms, sunset_ms, source FROM anchor
ORDER BY trusted_from_ms, id
