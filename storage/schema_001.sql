-- SPDX-License-Identifier: Apache-2.0
-- Times are milliseconds since 1970 (UTC); NULL stands for "not known" or "none".
-- Ids that something outside their table may remember are never given twice:
-- those of busy tables come from the sequence, the others are AUTOINCREMENT.

PRAGMA application_id = 0x4c545053;

-- Small values of the store itself.
CREATE TABLE setting (
	name TEXT PRIMARY KEY,   -- what it is
	value BLOB NOT NULL      -- its bytes
) STRICT, WITHOUT ROWID;

-- The next id of objects, blobs and jobs; written once a transaction.
CREATE TABLE sequence (
	id INTEGER PRIMARY KEY CHECK (id = 1), -- there is one row
	next INTEGER NOT NULL    -- greater than any id ever given
) STRICT;
INSERT INTO sequence (id, next) VALUES (1, 1);

-- Bytes. Files have an address, once for each tenant and content; what is small
-- enough to stand here is not looked for again, which would cost more than it.
CREATE TABLE blob (
	id INTEGER PRIMARY KEY, -- from the sequence
	tenant TEXT NOT NULL,    -- owner; never shared between tenants
	sha512 BLOB NOT NULL CHECK (length(sha512) = 64), -- the address
	size INTEGER NOT NULL CHECK (size >= 0),          -- octets
	refs INTEGER NOT NULL CHECK (refs > 0),           -- rows that refer to it
	data BLOB                -- the bytes when small; NULL: a file
) STRICT;
CREATE UNIQUE INDEX blob_address ON blob (sha512, tenant) WHERE data IS NULL;

-- A preserved object: what a POID names.
CREATE TABLE object (
	id INTEGER PRIMARY KEY, -- from the sequence
	tenant TEXT NOT NULL,    -- owner
	poid TEXT NOT NULL,      -- identifier given to the client
	profile TEXT NOT NULL,   -- preservation profile
	state INTEGER NOT NULL,  -- enum object_state
	created_ms INTEGER NOT NULL,  -- accepted
	preserve_until_ms INTEGER,    -- end of the preservation period; NULL: none
	deleted_ms INTEGER       -- data or all deleted
) STRICT;
CREATE UNIQUE INDEX object_poid ON object (tenant, poid);
CREATE INDEX object_ends ON object (preserve_until_ms)
	WHERE preserve_until_ms IS NOT NULL AND state = 0;
CREATE INDEX object_gone ON object (state) WHERE state <> 0;

-- One state of an object.
CREATE TABLE version (
	id INTEGER PRIMARY KEY,  -- object * 16384 + number from 1
	object INTEGER NOT NULL REFERENCES object (id),
	label TEXT NOT NULL,     -- VersionID of the protocol
	kind INTEGER NOT NULL,   -- enum version_kind
	created_ms INTEGER NOT NULL,  -- stored
	digest_alg INTEGER NOT NULL,  -- enum digest_alg of digest
	digest BLOB,             -- of the single part or of the data group
	verdict TEXT,            -- indication of the last judgement
	judged_ms INTEGER        -- time of the last judgement
) STRICT;

-- One preservation object (PO) of a version.
CREATE TABLE part (
	version INTEGER NOT NULL REFERENCES version (id) ON DELETE CASCADE,
	seq INTEGER NOT NULL,    -- from 1, order of submission
	po_id TEXT,              -- ID of the PO in its request
	format_id TEXT,          -- FormatId as submitted
	mime TEXT,               -- MimeType as submitted
	pronom TEXT,             -- PronomId as submitted
	related TEXT,            -- ids of related POs, blank-separated
	detected TEXT,           -- format that was found
	size INTEGER NOT NULL,   -- octets
	sha256 BLOB,             -- of the bytes; kept when they are deleted
	sha512 BLOB,             -- likewise
	given_alg INTEGER NOT NULL, -- enum digest_alg of given
	given BLOB,              -- digest submitted instead of bytes
	blob INTEGER REFERENCES blob (id), -- the bytes; NULL: none or deleted
	PRIMARY KEY (version, seq)
) STRICT, WITHOUT ROWID;
CREATE INDEX part_blob ON part (blob) WHERE blob IS NOT NULL;

-- Journal of everything, hash-chained (storage/audit.h).
CREATE TABLE audit (
	seq INTEGER PRIMARY KEY, -- from 1 without gaps
	time_ms INTEGER NOT NULL,
	tenant TEXT,             -- whose object
	actor TEXT,              -- who asked
	operation TEXT NOT NULL, -- what
	poid TEXT,               -- to which object
	detail TEXT,             -- further facts, reason of a deletion
	outcome TEXT,            -- how it ended
	hash BLOB NOT NULL CHECK (length(hash) = 32) -- h_seq
) STRICT;
CREATE INDEX audit_poid ON audit (poid) WHERE poid IS NOT NULL;
CREATE TRIGGER audit_no_update BEFORE UPDATE ON audit BEGIN
	SELECT RAISE (ABORT, 'the audit chain is append-only');
END;
CREATE TRIGGER audit_no_delete BEFORE DELETE ON audit BEGIN
	SELECT RAISE (ABORT, 'the audit chain is append-only');
END;

-- A hash tree (RFC 4998 4.2).
CREATE TABLE tree (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	purpose INTEGER NOT NULL, -- enum tree_purpose
	profile TEXT NOT NULL,   -- whose leaves it takes
	alg INTEGER NOT NULL,    -- enum digest_alg of all its nodes
	state INTEGER NOT NULL,  -- enum tree_state
	opened_ms INTEGER NOT NULL, -- first leaf
	closed_ms INTEGER,       -- leaf set fixed
	stamped_ms INTEGER,      -- token stored
	n_leaves INTEGER NOT NULL, -- leaves so far; the next one's index
	bytes INTEGER NOT NULL,  -- sum of the sizes of what the leaves cover
	root BLOB,               -- last node
	nodes INTEGER REFERENCES blob (id), -- all nodes, level by level, leaves first
	token INTEGER REFERENCES token (id), -- over root
	next_attempt_ms INTEGER, -- of getting the token
	attempts INTEGER NOT NULL, -- failed so far
	last_error TEXT          -- of the last failed attempt
) STRICT;
CREATE UNIQUE INDEX tree_open ON tree (profile, alg) WHERE state = 0 AND purpose = 0;
CREATE INDEX tree_nodes ON tree (nodes) WHERE nodes IS NOT NULL;
CREATE INDEX tree_closing ON tree (next_attempt_ms) WHERE state = 1;

-- Leaves of all trees, by position.
CREATE TABLE leaf (
	tree INTEGER NOT NULL REFERENCES tree (id),
	idx INTEGER NOT NULL,    -- from 0
	kind INTEGER NOT NULL,   -- enum leaf_kind: what it covers
	ref INTEGER NOT NULL,    -- row of what it covers; may be gone by deletion
	digest BLOB NOT NULL,    -- as in the tree
	PRIMARY KEY (tree, idx)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX leaf_ref ON leaf (ref, kind, tree);

-- Time-stamp tokens (RFC 3161) over trees.
CREATE TABLE token (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	tree INTEGER NOT NULL REFERENCES tree (id),
	gen_time_ms INTEGER NOT NULL, -- genTime
	tsa TEXT NOT NULL,       -- who issued it
	frozen INTEGER NOT NULL, -- 1: a renewal took its hash, bytes stay
	stored_ms INTEGER NOT NULL,   -- received
	replaced_ms INTEGER,     -- validation data last put in
	renew_ms INTEGER,        -- planned renewal
	der BLOB NOT NULL        -- TimeStampToken
) STRICT;
CREATE UNIQUE INDEX token_tree ON token (tree);
CREATE INDEX token_renew ON token (renew_ms) WHERE renew_ms IS NOT NULL;

-- ArchiveTimeStampChains before a hash-tree renewal, never rebuilt.
CREATE TABLE chain (
	ref_kind INTEGER NOT NULL, -- enum leaf_kind
	ref INTEGER NOT NULL,    -- whose chains
	seq INTEGER NOT NULL,    -- from 1, oldest first
	der BLOB NOT NULL,       -- the encoded chain
	PRIMARY KEY (ref_kind, ref, seq)
) STRICT;

-- Collected certificates, CRLs, OCSP responses; each once.
CREATE TABLE material (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	kind INTEGER NOT NULL,   -- enum material_row_kind
	sha512 BLOB NOT NULL CHECK (length(sha512) = 64), -- of the bytes
	blob INTEGER NOT NULL REFERENCES blob (id),       -- the bytes
	size INTEGER NOT NULL,   -- octets
	key BLOB,                -- search key: issuer, CertID
	source TEXT,             -- where it came from
	fetched_ms INTEGER NOT NULL,
	produced_ms INTEGER,     -- thisUpdate, producedAt, notBefore
	until_ms INTEGER         -- nextUpdate, notAfter
) STRICT;
CREATE INDEX material_blob ON material (blob);
CREATE UNIQUE INDEX material_address ON material (sha512, kind);
CREATE INDEX material_key ON material (kind, key, produced_ms) WHERE key IS NOT NULL;

-- Which token or version needs which material.
CREATE TABLE material_use (
	user_kind INTEGER NOT NULL, -- enum material_user
	user INTEGER NOT NULL,   -- token or version; may be gone by deletion
	material INTEGER NOT NULL REFERENCES material (id),
	PRIMARY KEY (user_kind, user, material)
) STRICT, WITHOUT ROWID;

-- Trust anchors, each with the period in which it was trusted.
CREATE TABLE anchor (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	sha256 BLOB NOT NULL CHECK (length(sha256) = 32), -- of der
	der BLOB NOT NULL,       -- certificate
	trusted_from_ms INTEGER NOT NULL,
	sunset_ms INTEGER,       -- trust ended; NULL: still trusted
	source TEXT              -- configuration, trusted list
) STRICT;
CREATE UNIQUE INDEX anchor_period ON anchor (sha256, trusted_from_ms);

-- Durable jobs.
CREATE TABLE job (
	id INTEGER PRIMARY KEY, -- from the sequence
	kind TEXT NOT NULL,      -- which step
	subject TEXT NOT NULL,   -- on what
	state INTEGER NOT NULL,  -- enum queue_state
	due_ms INTEGER NOT NULL, -- waiting: when to run; leased: when the lease ends
	again_ms INTEGER,        -- leased, and asked for once more: due then
	owner TEXT,              -- who holds the lease
	fence INTEGER NOT NULL,  -- number of the last claim
	attempts INTEGER NOT NULL, -- claims so far
	last_error TEXT          -- of the last failed attempt
) STRICT;
CREATE UNIQUE INDEX job_subject ON job (kind, subject);
CREATE INDEX job_due ON job (due_ms) WHERE state < 2;
CREATE INDEX job_kind_due ON job (kind, due_ms) WHERE state < 2;

PRAGMA user_version = 1;
