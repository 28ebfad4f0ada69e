-- SPDX-License-Identifier: Apache-2.0
-- Who may come in, and how much of the store each tenant has.

-- API tokens and links: what opens something for whoever has it (storage/credential.h).
CREATE TABLE credential (
	id INTEGER PRIMARY KEY AUTOINCREMENT,
	kind INTEGER NOT NULL,   -- enum credential_kind
	hash BLOB NOT NULL CHECK (length(hash) = 32), -- SHA-256 of the secret
	tenant TEXT NOT NULL,    -- whose
	name TEXT NOT NULL,      -- for people
	roles INTEGER NOT NULL,  -- of a token; opaque here
	poid TEXT,               -- of a link: the one object it opens
	created_ms INTEGER NOT NULL,
	until_ms INTEGER,        -- NULL: without end
	used_ms INTEGER,         -- last use, to the hour
	revoked_ms INTEGER
) STRICT;
CREATE UNIQUE INDEX credential_hash ON credential (hash);
CREATE INDEX credential_tenant ON credential (tenant, kind);

-- What a tenant has in the store, kept by the triggers below: exact in every
-- transaction, whoever changes the rows.
CREATE TABLE tenant_use (
	tenant TEXT PRIMARY KEY,
	objects INTEGER NOT NULL DEFAULT 0, -- that are not deleted
	bytes INTEGER NOT NULL DEFAULT 0    -- of blobs, each once
) STRICT, WITHOUT ROWID;
INSERT INTO tenant_use (tenant, objects, bytes)
SELECT tenant, sum(objects), sum(bytes) FROM (
	SELECT tenant, count(*) AS objects, 0 AS bytes FROM object WHERE state <> 2
	GROUP BY tenant
	UNION ALL
	SELECT tenant, 0, sum(size) FROM blob GROUP BY tenant)
GROUP BY tenant;

CREATE TRIGGER tenant_use_blob AFTER INSERT ON blob BEGIN
	INSERT INTO tenant_use (tenant, bytes) VALUES (NEW.tenant, NEW.size)
	ON CONFLICT (tenant) DO UPDATE SET bytes = bytes + excluded.bytes;
END;
CREATE TRIGGER tenant_use_no_blob AFTER DELETE ON blob BEGIN
	UPDATE tenant_use SET bytes = bytes - OLD.size WHERE tenant = OLD.tenant;
END;
CREATE TRIGGER tenant_use_object AFTER INSERT ON object BEGIN
	INSERT INTO tenant_use (tenant, objects) VALUES (NEW.tenant, 1)
	ON CONFLICT (tenant) DO UPDATE SET objects = objects + 1;
END;
CREATE TRIGGER tenant_use_no_object AFTER UPDATE OF state ON object
WHEN NEW.state = 2 AND OLD.state <> 2 BEGIN
	UPDATE tenant_use SET objects = objects - 1 WHERE tenant = NEW.tenant;
END;

PRAGMA user_version = 4;
