-- SPDX-License-Identifier: Apache-2.0
-- Renewal: what evidence stands on, how tokens follow each other, how far hash-tree
-- renewals have come. token.renew_ms of the first schema has no meaning any more.

-- What the proof of a time-stamp rests on (storage/renewal.h).
CREATE TABLE footing (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	tsa_sha256 BLOB NOT NULL CHECK (length(tsa_sha256) = 32), -- its certificate
	uses_sha256 BLOB NOT NULL CHECK (length(uses_sha256) = 32), -- of uses
	ends_ms INTEGER NOT NULL, -- first end of a certificate of the path
	weakens_ms INTEGER NOT NULL, -- as planned; of a lost one: when it was lost
	lost_ms INTEGER,         -- it proves nothing any more; NULL: it stands
	reason TEXT NOT NULL,    -- of weakens_ms
	tsa TEXT NOT NULL,       -- subject of the certificate
	uses BLOB NOT NULL       -- algorithms, keys, digests; opaque here
) STRICT;
CREATE UNIQUE INDEX footing_content ON footing (tsa_sha256, uses_sha256, ends_ms);
CREATE INDEX footing_lost ON footing (id) WHERE lost_ms IS NOT NULL;

-- What changes about a token: its bytes stand elsewhere, since they are large.
CREATE TABLE link (
	token INTEGER PRIMARY KEY REFERENCES token (id),
	tree INTEGER NOT NULL REFERENCES tree (id), -- that it is over
	alg INTEGER NOT NULL,    -- enum digest_alg of that tree
	next INTEGER REFERENCES link (token), -- token that covers it; NULL: none does
	footing INTEGER REFERENCES footing (id), -- NULL: not known yet
	partner INTEGER REFERENCES footing (id), -- of the token before, another TSA's
	fallen_ms INTEGER,       -- it proves nothing since; NULL: it stands
	trees INTEGER NOT NULL,  -- below, that no hash-tree renewal superseded
	objects INTEGER NOT NULL, -- leaves of these without audit heads
	bytes INTEGER NOT NULL   -- sum of the sizes of what these cover
) STRICT;
CREATE INDEX link_tip ON link (token)
	WHERE next IS NULL AND fallen_ms IS NULL AND trees > 0;
CREATE INDEX link_tip_footing ON link (footing)
	WHERE next IS NULL AND fallen_ms IS NULL AND trees > 0;
CREATE INDEX link_tree ON link (tree);
CREATE INDEX link_next ON link (next) WHERE next IS NOT NULL;
CREATE INDEX link_partner ON link (partner) WHERE partner IS NOT NULL;
CREATE INDEX link_fallen ON link (token) WHERE fallen_ms IS NOT NULL;

-- What chains that a hash-tree renewal put down have in common behind their heads.
CREATE TABLE tail (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	source INTEGER NOT NULL REFERENCES tree (id), -- whose leaves are renewed
	target INTEGER NOT NULL REFERENCES tree (id), -- that takes them
	blob INTEGER NOT NULL REFERENCES blob (id), -- the octets
	tip INTEGER NOT NULL REFERENCES token (id), -- the last token among them
	chains INTEGER NOT NULL  -- that end with it
) STRICT;
CREATE INDEX tail_source ON tail (source);
CREATE INDEX tail_target ON tail (target);
CREATE INDEX tail_blob ON tail (blob);
CREATE INDEX tail_tip ON tail (tip);

-- Of a renewal tree: whose tokens it must not be stamped by, and what they stand on.
ALTER TABLE tree ADD COLUMN not_tsa TEXT;
ALTER TABLE tree ADD COLUMN partner INTEGER REFERENCES footing (id);
-- Of a tree that is renewed under another digest: leaves handled so far; 0: some are
-- left, 1: all are, 2: and nothing needs its tokens any more; the tail of chains that
-- are put now.
ALTER TABLE tree ADD COLUMN renewed INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tree ADD COLUMN renewed_leaves INTEGER NOT NULL DEFAULT 0;
ALTER TABLE tree ADD COLUMN tail INTEGER REFERENCES tail (id);
CREATE INDEX tree_tail ON tree (tail) WHERE tail IS NOT NULL;
CREATE INDEX tree_token ON tree (token) WHERE token IS NOT NULL;
CREATE INDEX tree_source ON tree (alg) WHERE state = 2 AND purpose <> 1 AND renewed = 0;

-- NULL: der is the whole chain. No reference, which would want an index of all chains.
ALTER TABLE chain ADD COLUMN tail INTEGER;

-- What the newest form of a signed part stands on; NULL: nothing to renew.
ALTER TABLE version ADD COLUMN footing INTEGER REFERENCES footing (id);
-- 0: its data was deleted.
ALTER TABLE version ADD COLUMN live INTEGER NOT NULL DEFAULT 1;
UPDATE version SET live = 0 WHERE object IN (SELECT id FROM object WHERE state <> 0);
CREATE INDEX version_footing ON version (footing) WHERE footing IS NOT NULL;
CREATE INDEX version_judged ON version (judged_ms)
	WHERE judged_ms IS NOT NULL AND live = 1 AND kind IN (1, 4);

-- When the end of its preservation period was announced.
ALTER TABLE object ADD COLUMN announced_ms INTEGER;
CREATE INDEX object_unannounced ON object (preserve_until_ms)
	WHERE preserve_until_ms IS NOT NULL AND state = 0 AND announced_ms IS NULL;

-- A tree whose token has fallen is stamped again.
DROP INDEX token_tree;
CREATE INDEX token_of_tree ON token (tree);
DROP INDEX token_renew;

-- Tokens of before: each stamped tree has one, over objects and the audit head (32).
INSERT INTO link (token, tree, alg, trees, objects, bytes)
SELECT t.token, t.id, t.alg, t.purpose <> 1,
	iif(t.purpose <> 1, t.n_leaves - 1, 0), iif(t.purpose <> 1, t.bytes - 32, 0)
FROM tree t WHERE t.token IS NOT NULL;
UPDATE link SET next = (SELECT t.token FROM leaf l JOIN tree t ON t.id = l.tree
	WHERE l.ref = link.token AND l.kind = 4 AND t.purpose = 1 AND t.state = 2
	ORDER BY t.id LIMIT 1);
UPDATE link SET trees = s.trees, objects = s.objects, bytes = s.bytes
FROM (WITH RECURSIVE above (token, trees, objects, bytes) AS (
		SELECT next, trees, objects, bytes FROM link
		WHERE trees > 0 AND next IS NOT NULL
		UNION ALL
		SELECT link.next, above.trees, above.objects, above.bytes
		FROM above JOIN link ON link.token = above.token
		WHERE link.next IS NOT NULL)
	SELECT token, sum(trees) AS trees, sum(objects) AS objects, sum(bytes) AS bytes
	FROM above GROUP BY token) s
WHERE link.token = s.token;

-- What they stand on is not known: their completion says so once more.
INSERT OR IGNORE INTO job (id, kind, subject, state, due_ms, fence, attempts)
SELECT (SELECT next FROM sequence) + token, 'complete-token', CAST(token AS TEXT), 0, 1, 0,
	0 FROM link WHERE footing IS NULL;
UPDATE sequence SET next = next + 1 + (SELECT coalesce(max(token), 0) FROM link);

PRAGMA user_version = 2;
