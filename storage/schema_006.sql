-- SPDX-License-Identifier: Apache-2.0
-- Evidence of another service: whom it is counted to, and how its version is found again.

-- ID of the PO that was the record to be continued, in the request that made the
-- version; NULL: none came, or it had no name.
ALTER TABLE version ADD COLUMN record_id TEXT;
CREATE INDEX version_record ON version (record_id) WHERE record_id IS NOT NULL;
-- What a client calls its parts leads to them.
CREATE INDEX part_id ON part (po_id) WHERE po_id IS NOT NULL;

-- Chains that came with a version are part of what its tenant has in the store. Those
-- that renewals put down end in a tail, and are the service's own.
INSERT INTO tenant_use (tenant, bytes)
SELECT o.tenant, sum(length(c.der)) FROM chain c JOIN version v ON v.id = c.ref
	JOIN object o ON o.id = v.object
	WHERE c.ref_kind = 1 AND c.tail IS NULL GROUP BY o.tenant
ON CONFLICT (tenant) DO UPDATE SET bytes = bytes + excluded.bytes;

CREATE TRIGGER tenant_use_chain AFTER INSERT ON chain
WHEN NEW.ref_kind = 1 AND NEW.tail IS NULL BEGIN
	UPDATE tenant_use SET bytes = bytes + length(NEW.der)
	WHERE tenant = (SELECT o.tenant FROM version v JOIN object o ON o.id = v.object
		WHERE v.id = NEW.ref);
END;
CREATE TRIGGER tenant_use_no_chain AFTER DELETE ON chain
WHEN OLD.ref_kind = 1 AND OLD.tail IS NULL BEGIN
	UPDATE tenant_use SET bytes = bytes - length(OLD.der)
	WHERE tenant = (SELECT o.tenant FROM version v JOIN object o ON o.id = v.object
		WHERE v.id = OLD.ref);
END;

PRAGMA user_version = 6;
