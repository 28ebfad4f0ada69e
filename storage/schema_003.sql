-- SPDX-License-Identifier: Apache-2.0
-- Versions of UpdatePOC, what Search looks for (storage/search.h), and xmlData.

-- Of a form or a report: the version that it was made of. NULL: it came itself.
ALTER TABLE version ADD COLUMN base INTEGER;
UPDATE version SET base = (SELECT max(s.id) FROM version s
		WHERE s.id >= version.object * 16384 AND s.id < version.id
		AND s.kind IN (1, 4))
	WHERE kind NOT IN (1, 4);

-- Who signed anything of a tenant's, once each.
CREATE TABLE signer (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	tenant TEXT NOT NULL,    -- whose objects
	subject TEXT NOT NULL    -- of the signing certificate
) STRICT;
CREATE UNIQUE INDEX signer_subject ON signer (tenant, subject);

-- Signatures of a version as last judged. A signer goes with the last of them.
CREATE TABLE signature (
	version INTEGER NOT NULL REFERENCES version (id) ON DELETE CASCADE,
	seq INTEGER NOT NULL,    -- from 1, order of the judgement
	part INTEGER NOT NULL,   -- seq of the part that holds it
	signer INTEGER NOT NULL, -- row of signer
	verdict TEXT NOT NULL,   -- as version.verdict
	PRIMARY KEY (version, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX signature_signer ON signature (signer, version);

-- The indication alone, without its sub-indication.
CREATE INDEX version_indication
	ON version (substr(verdict, 1, instr(verdict || '/', '/') - 1))
	WHERE verdict IS NOT NULL AND kind IN (1, 4);
CREATE INDEX object_stored ON object (tenant, created_ms) WHERE state <> 2;
CREATE INDEX object_of_profile ON object (tenant, profile, created_ms)
	WHERE state <> 2;

-- Who signed what was judged before is not known: it is judged once more, two a second
-- from the last moment that the store knows, so that what comes now does not wait.
INSERT OR IGNORE INTO job (id, kind, subject, state, due_ms, fence, attempts)
SELECT (SELECT next FROM sequence) + row_number() OVER (ORDER BY id),
	'care-signatures', CAST(id AS TEXT), 0,
	coalesce((SELECT time_ms FROM audit ORDER BY seq DESC LIMIT 1), 0)
		+ 500 * row_number() OVER (ORDER BY id), 0, 0
FROM version WHERE judged_ms IS NOT NULL AND live = 1 AND kind IN (1, 4);
UPDATE sequence SET next = next + 1 + (SELECT count(*) FROM version
	WHERE judged_ms IS NOT NULL AND live = 1 AND kind IN (1, 4));

-- Whether a part was submitted as xmlData: it is given back as that, where the binding
-- can (TS 119 512 5.4.5).
ALTER TABLE part ADD COLUMN xml INTEGER NOT NULL DEFAULT 0;
PRAGMA user_version = 3;
