-- SPDX-License-Identifier: Apache-2.0

-- VERSION_FOOTING_GET
SELECT version.footing, footing.weakens_ms FROM version
LEFT JOIN footing ON footing.id = version.footing WHERE version.id = ?1
-- OBJECT_ENDED
SELECT id, preserve_until_ms FROM object INDEXED BY object_ends
WHERE preserve_until_ms IS NOT NULL AND state = 0
AND preserve_until_ms >= ?1 AND preserve_until_ms <= ?2
AND (preserve_until_ms > ?1 OR id > ?4)
ORDER BY preserve_until_ms, id LIMIT ?3
-- OBJECT_NEXT_END
SELECT min(preserve_until_ms) FROM object INDEXED BY object_ends
WHERE preserve_until_ms IS NOT NULL AND state = 0 AND preserve_until_ms > ?1
-- TOKEN_NEWEST_TIME
SELECT gen_time_ms FROM token ORDER BY id DESC LIMIT 1
-- TOKEN_NEWEST_OF
SELECT gen_time_ms FROM token WHERE tsa = ?1
AND id > (SELECT max(id) FROM token) - ?2 ORDER BY id DESC LIMIT 1
-- VERSION_OLDEST_JUDGEMENT
SELECT min(judged_ms) FROM version INDEXED BY version_judged
WHERE judged_ms IS NOT NULL AND live = 1 AND kind IN (1, 4)
