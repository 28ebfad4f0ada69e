-- SPDX-License-Identifier: Apache-2.0
-- What is of few objects is found at once by its format and its sub-indication.

CREATE INDEX part_format ON part (format_id) WHERE format_id IS NOT NULL;
-- Of those that have one: what is valid adds nothing to it.
CREATE INDEX version_subindication
	ON version (substr(verdict, instr(verdict || '/', '/') + 1))
	WHERE instr(verdict, '/') > 0 AND kind IN (1, 4);

PRAGMA user_version = 7;
