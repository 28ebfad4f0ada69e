-- SPDX-License-Identifier: Apache-2.0

-- VERSION_STAND_GET
-- The first and the last of its dates; a lost footing holds nothing.
SELECT v.footing, v.partner, v.second_ms, v.seconds,
	min(f.weakens_ms, coalesce(p.weakens_ms, f.weakens_ms)),
	max(iif(f.lost_ms IS NULL, f.weakens_ms, -1),
		iif(p.id IS NOT NULL AND p.lost_ms IS NULL, p.weakens_ms, -1)),
	iif(p.id IS NOT NULL AND p.lost_ms IS NULL
		AND (f.lost_ms IS NOT NULL OR p.weakens_ms > f.weakens_ms), p.id, f.id)
FROM version v JOIN footing f ON f.id = v.footing
LEFT JOIN footing p ON p.id = v.partner WHERE v.id = ?1
-- VERSION_ALONE
SELECT count(*), count(*) FILTER (WHERE seconds >= ?1), coalesce(min(second_ms), 0)
FROM version INDEXED BY version_second WHERE second_ms IS NOT NULL
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
