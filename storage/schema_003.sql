-- SPDX-License-Identifier: Apache-2.0
-- Whether a part was submitted as xmlData: it is given back as that, where the binding
-- can (TS 119 512 5.4.5).
ALTER TABLE part ADD COLUMN xml INTEGER NOT NULL DEFAULT 0;
PRAGMA user_version = 3;
