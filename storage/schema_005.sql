-- SPDX-License-Identifier: Apache-2.0
-- What keeps a form when the authority of its last time-stamp falls.

-- Of the time-stamp under the last one, of another authority; NULL: none is known, as
-- of all forms of before, which get one when they are raised again.
ALTER TABLE version ADD COLUMN partner INTEGER REFERENCES footing (id);
-- It stands on one authority of two: when the other one is asked again; NULL: it need
-- not be asked. And how often it was asked in vain.
ALTER TABLE version ADD COLUMN second_ms INTEGER;
ALTER TABLE version ADD COLUMN seconds INTEGER NOT NULL DEFAULT 0;
CREATE INDEX version_partner ON version (partner) WHERE partner IS NOT NULL;
CREATE INDEX version_second ON version (footing) WHERE second_ms IS NOT NULL;

PRAGMA user_version = 5;
