-- SPDX-License-Identifier: Apache-2.0
-- A tip: next IS NULL AND fallen_ms IS NULL AND trees > 0, as the indexes say it.

-- FOOTING_FIND
SELECT id FROM footing WHERE tsa_sha256 = ?1 AND uses_sha256 = ?2 AND ends_ms = ?3
-- FOOTING_INSERT
INSERT INTO footing (tsa_sha256, uses_sha256, ends_ms, weakens_ms, reason, tsa, uses)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)
-- FOOTING_GET
SELECT id, tsa_sha256, ends_ms, weakens_ms, lost_ms, reason, tsa, uses FROM footing
WHERE id = ?1
-- FOOTING_LIST
SELECT id, tsa_sha256, ends_ms, weakens_ms, lost_ms, reason, tsa, uses FROM footing f
WHERE EXISTS (SELECT 1 FROM link k INDEXED BY link_tip_footing WHERE k.footing = f.id
	AND k.next IS NULL AND k.fallen_ms IS NULL AND k.trees > 0)
OR EXISTS (SELECT 1 FROM link k INDEXED BY link_partner WHERE k.partner = f.id
	AND k.next IS NULL AND k.fallen_ms IS NULL AND k.trees > 0)
OR EXISTS (SELECT 1 FROM version v INDEXED BY version_footing WHERE v.footing = f.id)
OR EXISTS (SELECT 1 FROM version v INDEXED BY version_partner WHERE v.partner = f.id)
ORDER BY id
-- FOOTING_SET_PLAN
UPDATE footing SET weakens_ms = iif(lost_ms IS NULL, ?2, weakens_ms),
	reason = iif(lost_ms IS NULL, ?3, reason)
WHERE id = ?1
-- FOOTING_LOSE
UPDATE footing SET lost_ms = coalesce(lost_ms, ?2),
	weakens_ms = iif(lost_ms IS NULL, min(weakens_ms, ?2), weakens_ms),
	reason = iif(lost_ms IS NULL, ?3, reason)
WHERE id = ?1
-- FOOTING_IS_LOST
SELECT lost_ms FROM footing WHERE id = ?1

-- LINK_INSERT
INSERT INTO link (token, tree, alg, partner, trees, objects, bytes)
VALUES (?1, ?2, ?3, (SELECT id FROM footing WHERE id = ?4 AND lost_ms IS NULL),
	?5, ?6, ?7)
-- LINK_COVER
-- The token ?2 of the renewal tree ?1 is the next of what that covers.
UPDATE link SET next = ?2
WHERE token IN (SELECT ref FROM leaf WHERE tree = ?1 AND kind = 4)
AND next IS NULL AND fallen_ms IS NULL
-- LINK_GATHER
UPDATE link SET (trees, objects, bytes) =
	(SELECT coalesce(sum(b.trees), 0), coalesce(sum(b.objects), 0),
		coalesce(sum(b.bytes), 0)
	FROM link b INDEXED BY link_next WHERE b.next = ?1)
WHERE token = ?1
-- LINK_ADD_PATH
-- To the token ?1 and all behind it.
UPDATE link SET trees = trees + ?2, objects = objects + ?3, bytes = bytes + ?4
WHERE token IN (WITH RECURSIVE path (token) AS (SELECT ?1 UNION
	SELECT link.next FROM path JOIN link ON link.token = path.token
	WHERE link.next IS NOT NULL)
	SELECT token FROM path)
-- LINK_GET
SELECT next, footing, fallen_ms, tree, partner FROM link WHERE token = ?1
-- LINK_CHAIN_SIZE
-- Each token has one next: none is looked at twice.
WITH RECURSIVE below (token, octets, stamps) AS (
	SELECT k.token, length(o.der), 1 FROM link k JOIN token o ON o.id = k.token
	WHERE k.token = ?1
	UNION ALL
	SELECT k.token, below.octets + length(o.der), below.stamps + 1
	FROM below CROSS JOIN link k INDEXED BY link_next ON k.next = below.token
	CROSS JOIN token o ON o.id = k.token
	WHERE k.trees > 0)
SELECT max(octets), max(stamps), count(*) FROM below
-- LINK_SET_FOOTING
UPDATE link SET footing = ?2 WHERE token = ?1
-- LINK_NOBODYS_PARTNER
UPDATE link SET partner = NULL WHERE partner = ?1
-- LINK_FALL
UPDATE link SET fallen_ms = ?1
WHERE next IS NULL AND fallen_ms IS NULL AND trees > 0
AND footing IN (SELECT id FROM footing WHERE lost_ms IS NOT NULL)
-- LINK_BRANCHES
-- ?1 a proven time: what tips that ended until then cover, and what need not end with
-- them, since it stands, or all that it covers does or lies over what stands. Ended: not
-- weak already when it was made.
SELECT b.token, b.next FROM footing f
CROSS JOIN link k INDEXED BY link_tip_footing ON k.footing = f.id
CROSS JOIN token o ON o.id = k.token
CROSS JOIN link b INDEXED BY link_next ON b.next = k.token AND b.trees > 0
WHERE k.next IS NULL AND k.fallen_ms IS NULL AND k.trees > 0
AND f.weakens_ms <= ?1 AND f.weakens_ms > o.gen_time_ms
AND NOT EXISTS (WITH RECURSIVE ended (token) AS (
	SELECT b.token WHERE NOT EXISTS (SELECT 1 FROM footing g WHERE g.id = b.footing
		AND g.lost_ms IS NULL AND g.weakens_ms > ?1)
	UNION SELECT c.token FROM ended
	CROSS JOIN link c INDEXED BY link_next ON c.next = ended.token AND c.trees > 0
	WHERE NOT EXISTS (SELECT 1 FROM footing g WHERE g.id = c.footing
		AND g.lost_ms IS NULL AND g.weakens_ms > ?1))
	SELECT 1 FROM ended WHERE NOT EXISTS (SELECT 1 FROM link c INDEXED BY link_next
		WHERE c.next = ended.token AND c.trees > 0))
ORDER BY b.next, b.token
-- LINK_DETACH
UPDATE link SET next = NULL WHERE token = ?1
-- LINK_LAPSE
-- ?1 now: a token that nothing needs any more.
UPDATE link SET fallen_ms = ?1 WHERE token = ?2 AND trees = 0
-- LINK_RESTORE
-- What stands by itself; the others fall, or do not matter.
UPDATE link SET next = NULL
WHERE next IN (SELECT token FROM link INDEXED BY link_fallen WHERE fallen_ms IS NOT NULL)
AND trees > 0 AND (footing IS NULL
	OR footing NOT IN (SELECT id FROM footing WHERE lost_ms IS NOT NULL))
-- LINK_UNCOVER
UPDATE link SET next = NULL
WHERE next IN (SELECT token FROM link INDEXED BY link_fallen WHERE fallen_ms IS NOT NULL)
-- LINK_FORGET
DELETE FROM link WHERE tree = ?1
-- TOKEN_FORGET
DELETE FROM token WHERE tree = ?1

-- TIP_LIST
-- ?1 digest or 0, ?2 weakens until, ?3 only unpaired, ?4 only idle, ?5 after, ?6 limit
SELECT k.token, k.tree, k.alg, o.gen_time_ms, o.tsa, k.footing, k.partner,
	min(f.weakens_ms, coalesce(p.weakens_ms, f.weakens_ms)) AS weakens,
	EXISTS (SELECT 1 FROM leaf l JOIN tree t ON t.id = l.tree WHERE l.ref = k.token
		AND l.kind = 4 AND t.purpose = 1 AND t.state < 2) AS waiting,
	k.objects, k.bytes
FROM link k INDEXED BY link_tip LEFT JOIN footing f ON f.id = k.footing
LEFT JOIN footing p ON p.id = k.partner CROSS JOIN token o ON o.id = k.token
WHERE k.next IS NULL AND k.fallen_ms IS NULL AND k.trees > 0 AND k.token > ?5
AND (?1 = 0 OR k.alg = ?1) AND (k.footing IS NULL OR weakens <= ?2)
AND (?3 = 0 OR k.partner IS NULL) AND (?4 = 0 OR waiting = 0)
ORDER BY k.token LIMIT ?6
-- TIP_SUMS
SELECT s.alg, s.footing, s.partner,
	min(f.weakens_ms, coalesce(p.weakens_ms, f.weakens_ms)) AS weakens,
	iif(p.weakens_ms < f.weakens_ms, p.reason, f.reason), f.tsa,
	s.tips, s.objects, s.bytes
FROM (SELECT alg, footing, partner, count(*) AS tips, sum(objects) AS objects,
		sum(bytes) AS bytes
	FROM link INDEXED BY link_tip
	WHERE next IS NULL AND fallen_ms IS NULL AND trees > 0
	GROUP BY footing, partner, alg) s
LEFT JOIN footing f ON f.id = s.footing LEFT JOIN footing p ON p.id = s.partner
ORDER BY weakens, s.footing, s.partner, s.alg

-- TREE_SET_SECOND
UPDATE tree SET not_tsa = ?2, partner = ?3 WHERE id = ?1 AND purpose = 1 AND state < 2
-- TREE_SECOND
SELECT not_tsa, partner FROM tree WHERE id = ?1
-- TREE_COVERS
-- ?1 tree, ?2 now, ?3 what a part is detected as that is a record: the latest genTime
-- below. What came with a version was judged before the tree closed.
SELECT max(ms) FROM (
	SELECT max(o.gen_time_ms) AS ms FROM leaf l CROSS JOIN token o ON o.id = l.ref
	WHERE l.tree = ?1 AND l.kind = 4
	UNION ALL
	SELECT max(o.gen_time_ms) FROM tail d CROSS JOIN token o ON o.id = d.tip
	WHERE d.target = ?1 AND d.chains > 0
	UNION ALL
	SELECT t.closed_ms - t.closed_ms % 1000 FROM tree t
	WHERE t.id = ?1 AND t.purpose = 0 AND t.closed_ms <= ?2
	AND EXISTS (SELECT 1 FROM leaf l WHERE l.tree = ?1 AND l.kind = 1
		AND (EXISTS (SELECT 1 FROM chain c WHERE c.ref_kind = 1 AND c.ref = l.ref
				AND c.tail IS NULL)
			OR EXISTS (SELECT 1 FROM part p WHERE p.version = l.ref
				AND p.detected = ?3))))
-- TREE_UNSTAMP
-- Of objects, stamped, still needed, its token fallen.
UPDATE tree SET state = 1, token = NULL, next_attempt_ms = ?1, attempts = 0,
	last_error = NULL
WHERE token IN (SELECT token FROM link INDEXED BY link_fallen
	WHERE fallen_ms IS NOT NULL)
AND purpose <> 1 AND renewed < 2 AND state = 2
RETURNING id, purpose, n_leaves - 1

-- SOURCE_LIST
-- ?1 digest, ?2 after, ?3 limit
SELECT t.id, t.profile, t.alg, t.n_leaves, t.bytes - 32, t.renewed_leaves,
	iif(i.state = 0, d.target, NULL), d.blob, d.tip
FROM tree t INDEXED BY tree_source LEFT JOIN tail d ON d.id = t.tail
LEFT JOIN tree i ON i.id = d.target
WHERE t.state = 2 AND t.purpose <> 1 AND t.renewed = 0 AND t.alg = ?1 AND t.id > ?2
ORDER BY t.id LIMIT ?3
-- SOURCE_SUM
SELECT count(*), coalesce(sum(n_leaves - renewed_leaves), 0),
	CAST(coalesce(sum((bytes - 32) * (1.0 - 1.0 * renewed_leaves / n_leaves)), 0)
		AS INTEGER)
FROM tree INDEXED BY tree_source
WHERE state = 2 AND purpose <> 1 AND renewed = 0 AND alg = ?1
-- SOURCE_STATE
SELECT purpose <> 1 AND state = 2, n_leaves, tail FROM tree WHERE id = ?1
-- SOURCE_PROGRESS
UPDATE tree SET renewed_leaves = ?2, renewed = ?3 WHERE id = ?1
-- SOURCE_SET_TAIL
UPDATE tree SET tail = ?2 WHERE id = ?1
-- SOURCE_HAS_LEAF
-- ?1 tree, ?2 kind, ?3 ref: whether this leaf of it has a chain
SELECT EXISTS (SELECT 1 FROM chain c JOIN tail d ON d.id = c.tail
	WHERE c.ref_kind = ?2 AND c.ref = ?3 AND d.source = ?1)
FROM leaf WHERE ref = ?3 AND kind = ?2 AND tree = ?1
-- SOURCE_SUPERSEDE
-- All its chains are covered by stamped trees, and no leaf that still matters lacks
-- one. Mostly the numbers say so; else every leaf is looked at.
UPDATE tree SET renewed = 2 WHERE id = ?1 AND renewed = 1 AND state = 2
AND NOT EXISTS (SELECT 1 FROM tail d JOIN tree t ON t.id = d.target
	WHERE d.source = ?1 AND d.chains > 0 AND t.state <> 2)
AND (n_leaves - 1 = (SELECT sum(d.chains) FROM tail d WHERE d.source = ?1)
	OR NOT EXISTS (SELECT 1 FROM leaf l WHERE l.tree = ?1 AND l.kind IN (1, 3)
		AND (l.kind = 3 OR EXISTS (SELECT 1 FROM version v WHERE v.id = l.ref))
		AND NOT EXISTS (SELECT 1 FROM chain c JOIN tail d ON d.id = c.tail
			WHERE c.ref_kind = l.kind AND c.ref = l.ref AND d.source = ?1)))
RETURNING token, n_leaves - 1, bytes - 32
-- SOURCE_REVIVE
-- The opposite, after the token of the tree ?1 that took its leaves has fallen.
UPDATE tree SET renewed = 1 WHERE renewed = 2
AND id IN (SELECT source FROM tail WHERE target = ?1 AND chains > 0)
RETURNING token, n_leaves - 1, bytes - 32
-- SOURCES_OF
SELECT DISTINCT source FROM tail WHERE target = ?1
-- SOURCES_REWIND
-- To their first leaf whose chain was put for the tree ?1.
UPDATE tree SET renewed_leaves = min(renewed_leaves, s.first)
FROM (SELECT d.source AS source, min(o.idx) AS first FROM leaf n
	CROSS JOIN chain c ON c.ref_kind = n.kind AND c.ref = n.ref
	CROSS JOIN tail d ON d.id = c.tail
	CROSS JOIN leaf o ON o.ref = c.ref AND o.kind = c.ref_kind AND o.tree = d.source
	WHERE n.tree = ?1 AND d.target = ?1 GROUP BY d.source) s
WHERE tree.id = s.source
-- SOURCES_REOPEN
UPDATE tree SET renewed = 0,
	tail = iif(tail IN (SELECT id FROM tail WHERE target = ?1), NULL, tail)
WHERE id IN (SELECT source FROM tail WHERE target = ?1)

-- TAIL_GET
SELECT d.target, d.tip, d.chains, b.sha512, d.blob FROM tail d JOIN blob b ON b.id = d.blob
WHERE d.id = ?1
-- TAIL_INSERT
INSERT INTO tail (source, target, blob, tip, chains) VALUES (?1, ?2, ?3, ?4, 0)
-- TAIL_COUNT
UPDATE tail SET chains = chains + 1 WHERE id = ?1
-- TAIL_DELETE
DELETE FROM tail WHERE id = ?1
-- TAILS_OF
-- Of the tree ?1, as target or as source.
SELECT id, blob FROM tail WHERE target = ?1 OR source = ?1
-- TAIL_USED
SELECT 1 FROM tail WHERE source = ?1 AND chains > 0 LIMIT 1
-- TAILS_LOST
-- Of those that chains are put with now.
SELECT t.id, d.id FROM tree t INDEXED BY tree_tail
JOIN tail d ON d.id = t.tail JOIN link k ON k.token = d.tip
LEFT JOIN footing f ON f.id = k.footing
WHERE t.tail IS NOT NULL AND (f.lost_ms IS NOT NULL OR k.fallen_ms IS NOT NULL)
-- TREES_LOST
-- Unstamped trees with chains that end in what is lost, newest first.
SELECT DISTINCT t.id FROM tail d JOIN tree t ON t.id = d.target
JOIN link k ON k.token = d.tip LEFT JOIN footing f ON f.id = k.footing
WHERE t.state < 2 AND d.chains > 0
AND (f.lost_ms IS NOT NULL OR k.fallen_ms IS NOT NULL)
ORDER BY t.id DESC
-- CHAINS_DROP
DELETE FROM chain WHERE rowid IN (SELECT c.rowid FROM leaf n
	CROSS JOIN chain c ON c.ref_kind = n.kind AND c.ref = n.ref
	CROSS JOIN tail d ON d.id = c.tail
	WHERE n.tree = ?1 AND d.target = ?1)
-- LEAVES_DROP
DELETE FROM leaf WHERE tree = ?1
-- TREE_DROP_TOKEN
UPDATE tree SET token = NULL WHERE id = ?1
-- TREE_DROP
DELETE FROM tree WHERE id = ?1

-- VERSION_STAND_PUT
UPDATE version SET footing = ?2, partner = ?3, second_ms = ?4, seconds = ?5
WHERE id = ?1 AND kind IN (2, 3) AND live = 1
-- VERSION_END_OLDER
-- Forms between ?1 and ?2 with a newer form of each of their parts, of the same version.
UPDATE version SET footing = NULL, partner = NULL, second_ms = NULL
WHERE id BETWEEN ?1 AND ?2 AND footing IS NOT NULL
AND NOT EXISTS (SELECT 1 FROM part o WHERE o.version = version.id AND NOT EXISTS (
	SELECT 1 FROM version n JOIN part p ON p.version = n.id
	WHERE n.id > version.id AND n.id <= ?2 AND n.footing IS NOT NULL
	AND coalesce(p.related, p.po_id) = coalesce(o.related, o.po_id)
	AND n.base IS version.base))
-- VERSION_DUE_LIST
-- ?1 until, ?2 and ?3 behind this footing and id, ?4 limit, ?5 until for those that
-- wait for the other authority, ?6 now. One by one: what stands on a footing that
-- weakens, what has it for its partner, what waits no longer.
SELECT f.id, v.id, v.object, f.weakens_ms, f.lost_ms, coalesce(v.base, 0)
FROM footing f CROSS JOIN version v INDEXED BY version_footing ON v.footing = f.id
WHERE f.weakens_ms <= ?1 AND f.id >= ?2 AND v.footing IS NOT NULL
AND v.id > iif(f.id = ?2, ?3, 0) AND (v.second_ms IS NULL OR f.weakens_ms <= ?5)
UNION ALL
SELECT f.id, v.id, v.object, f.weakens_ms, f.lost_ms, coalesce(v.base, 0)
FROM footing f CROSS JOIN version v INDEXED BY version_partner ON v.partner = f.id
WHERE f.weakens_ms <= ?1 AND f.id >= ?2 AND v.partner IS NOT NULL
AND v.id > iif(f.id = ?2, ?3, 0)
UNION ALL
SELECT f.id, v.id, v.object, f.weakens_ms, f.lost_ms, coalesce(v.base, 0)
FROM footing f CROSS JOIN version v INDEXED BY version_second ON v.footing = f.id
WHERE f.weakens_ms > ?5 AND f.id >= ?2 AND v.second_ms IS NOT NULL
AND v.second_ms <= ?6 AND v.id > iif(f.id = ?2, ?3, 0)
ORDER BY 1, 2 LIMIT ?4
-- VERSION_SUMS
SELECT s.footing, min(f.weakens_ms, coalesce(p.weakens_ms, f.weakens_ms)) AS weakens,
	iif(p.weakens_ms < f.weakens_ms, p.reason, f.reason),
	iif(p.weakens_ms < f.weakens_ms, p.tsa, f.tsa), s.n, s.partner
FROM (SELECT footing, partner, count(*) AS n FROM version INDEXED BY version_footing
	WHERE footing IS NOT NULL GROUP BY footing, partner) s
JOIN footing f ON f.id = s.footing LEFT JOIN footing p ON p.id = s.partner
ORDER BY weakens, s.footing, s.partner
-- VERSION_JUDGED_LIST
SELECT id, judged_ms FROM version INDEXED BY version_judged
WHERE judged_ms IS NOT NULL AND live = 1 AND kind IN (1, 4) AND judged_ms < ?1
ORDER BY judged_ms, id LIMIT ?2
-- VERSION_DATA_GONE
UPDATE version SET live = 0, footing = NULL, partner = NULL, second_ms = NULL
WHERE id BETWEEN ?1 AND ?2

-- OBJECT_SET_ANNOUNCED
UPDATE object SET announced_ms = ?2 WHERE id = ?1
-- OBJECT_ENDING_LIST
SELECT id, preserve_until_ms FROM object INDEXED BY object_unannounced
WHERE preserve_until_ms IS NOT NULL AND state = 0 AND announced_ms IS NULL
AND preserve_until_ms < ?1
ORDER BY preserve_until_ms, id LIMIT ?2

-- LINKS_WRONG
-- For fsck: the next of a token that does not cover it.
SELECT k.token, k.next FROM link k WHERE k.next IS NOT NULL AND NOT EXISTS (
	SELECT 1 FROM link n JOIN leaf l ON l.tree = n.tree
	WHERE n.token = k.next AND n.fallen_ms IS NULL AND l.ref = k.token AND l.kind = 4)
-- LINKS_MISSING
-- Stamped trees whose token is not linked as it should.
SELECT t.id, t.token, k.tree FROM tree t LEFT JOIN link k ON k.token = t.token
WHERE t.state = 2 AND (k.tree IS NOT t.id OR k.alg IS NOT t.alg
	OR (k.fallen_ms IS NOT NULL AND t.purpose <> 1 AND t.renewed < 2))
-- LINKS_COUNT
-- Trees that need a token, by the paths from them to their tips.
WITH RECURSIVE path (token, tree, objects, bytes) AS (
	SELECT token, id, n_leaves - 1, bytes - 32 FROM tree
	WHERE state = 2 AND purpose <> 1 AND renewed < 2
	UNION
	SELECT link.next, path.tree, path.objects, path.bytes
	FROM path JOIN link ON link.token = path.token WHERE link.next IS NOT NULL)
SELECT k.token, k.trees, coalesce(s.trees, 0) FROM link k LEFT JOIN
	(SELECT token, count(*) AS trees, sum(objects) AS objects, sum(bytes) AS bytes
	FROM path GROUP BY token) s ON s.token = k.token
WHERE k.fallen_ms IS NULL AND (k.trees <> coalesce(s.trees, 0)
	OR k.objects <> coalesce(s.objects, 0) OR k.bytes <> coalesce(s.bytes, 0))
-- TAILS_WRONG
SELECT d.id, d.chains, coalesce(c.n, 0) FROM tail d LEFT JOIN
	(SELECT tail, count(*) AS n FROM chain WHERE tail IS NOT NULL GROUP BY tail) c
	ON c.tail = d.id
WHERE d.chains <> coalesce(c.n, 0)
-- CHAINS_WRONG
SELECT ref, ref_kind, seq FROM chain WHERE tail IS NOT NULL
AND tail NOT IN (SELECT id FROM tail)
