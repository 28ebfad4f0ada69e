-- SPDX-License-Identifier: Apache-2.0

-- TREE_OPEN_FIND
SELECT id, n_leaves, bytes FROM tree
WHERE profile = ?1 AND alg = ?2 AND state = 0 AND purpose = 0
-- TREE_INSERT
INSERT INTO tree (purpose, profile, alg, state, opened_ms, n_leaves, bytes, attempts)
VALUES (?1, ?2, ?3, 0, ?4, 0, 0, 0)
-- TREE_COUNTERS
UPDATE tree SET n_leaves = ?2, bytes = ?3 WHERE id = ?1
-- TREE_GET
SELECT id, purpose, profile, alg, state, opened_ms, closed_ms, stamped_ms, n_leaves,
	bytes, root, nodes, token, next_attempt_ms, attempts, last_error
FROM tree WHERE id = ?1
-- TREE_CLOSE
UPDATE tree SET state = 1, closed_ms = ?2, next_attempt_ms = ?2 WHERE id = ?1
-- TREE_ATTEMPT_FAILED
UPDATE tree SET next_attempt_ms = ?2, attempts = attempts + 1, last_error = ?3
WHERE id = ?1 AND state = 1
-- TREE_PUT_OFF
UPDATE tree SET next_attempt_ms = ?2 WHERE id = ?1 AND state = 1
-- TREE_STAMP
UPDATE tree SET state = 2, stamped_ms = ?2, root = ?3, nodes = ?4, token = ?5,
	next_attempt_ms = NULL, last_error = NULL
WHERE id = ?1
-- TREE_DUE_TO_CLOSE
SELECT id, purpose, profile, alg, state, opened_ms, closed_ms, stamped_ms, n_leaves,
	bytes, root, nodes, token, next_attempt_ms, attempts, last_error
FROM tree INDEXED BY tree_open
WHERE state = 0 AND purpose = 0 AND n_leaves > 0
AND (?1 IS NULL OR profile = ?1)
AND (n_leaves >= ?2 OR bytes >= ?3 OR opened_ms <= ?4)
-- TREE_DUE_TO_STAMP
SELECT id, purpose, profile, alg, state, opened_ms, closed_ms, stamped_ms, n_leaves,
	bytes, root, nodes, token, next_attempt_ms, attempts, last_error
FROM tree INDEXED BY tree_closing WHERE state = 1 AND next_attempt_ms <= ?1
ORDER BY next_attempt_ms, id
-- TREE_LIST
SELECT id, purpose, profile, alg, state, opened_ms, closed_ms, stamped_ms, n_leaves,
	bytes, root, nodes, token, next_attempt_ms, attempts, last_error
FROM tree WHERE id > ?1 AND (?2 IS NULL OR state = ?2) ORDER BY id LIMIT ?3

-- LEAF_INSERT
INSERT INTO leaf (tree, idx, kind, ref, digest) VALUES (?1, ?2, ?3, ?4, ?5)
-- LEAF_AT
SELECT tree, idx, kind, ref, digest FROM leaf WHERE tree = ?1 AND idx = ?2
-- LEAF_OF
SELECT tree, idx, kind, ref, digest FROM leaf WHERE ref = ?1 AND kind = ?2
ORDER BY tree
-- LEAF_LIST
SELECT tree, idx, kind, ref, digest FROM leaf WHERE tree = ?1 ORDER BY idx
-- LEAF_PAGE
SELECT tree, idx, kind, ref, digest FROM leaf WHERE tree = ?1 AND idx >= ?2
ORDER BY idx LIMIT ?3
-- LEAF_OF_IN
SELECT tree, idx, kind, ref, digest FROM leaf
WHERE ref = ?1 AND kind = ?2 AND tree = ?3

-- TOKEN_INSERT
INSERT INTO token (tree, gen_time_ms, tsa, frozen, stored_ms, der)
VALUES (?1, ?2, ?3, 0, ?4, ?5)
-- TOKEN_GET
SELECT id, tree, gen_time_ms, tsa, frozen, stored_ms, replaced_ms, der FROM token WHERE id = ?1
-- TOKEN_REPLACE
UPDATE token SET der = ?2, replaced_ms = ?3 WHERE id = ?1 AND frozen = 0
-- TOKEN_FREEZE
UPDATE token SET frozen = 1 WHERE id = ?1

-- CHAIN_PUT
INSERT INTO chain (ref_kind, ref, seq, der, tail) VALUES (?1, ?2, ?3, ?4, ?5)
-- CHAIN_LIST
-- head, and the blob of the tail behind it
SELECT c.seq, c.der, d.blob, c.tail FROM chain c LEFT JOIN tail d ON d.id = c.tail
WHERE c.ref_kind = ?1 AND c.ref = ?2 ORDER BY c.seq
-- CHAIN_COUNT_CAME
-- with the version: those that renewals put down end in a tail
SELECT count(*) FROM chain WHERE ref_kind = ?1 AND ref = ?2 AND tail IS NULL
-- CHAIN_FORGET
-- of the versions ?1 to ?2, after CHAIN_UNCOUNT
DELETE FROM chain WHERE ref_kind = 1 AND ref BETWEEN ?1 AND ?2
-- CHAIN_UNCOUNT
UPDATE tail SET chains = chains - (SELECT count(*) FROM chain c
	WHERE c.ref_kind = 1 AND c.ref BETWEEN ?1 AND ?2 AND c.tail = tail.id)
WHERE id IN (SELECT tail FROM chain WHERE ref_kind = 1 AND ref BETWEEN ?1 AND ?2)

-- TREE_IDS
SELECT id FROM tree WHERE id > ?1 ORDER BY id LIMIT 1
