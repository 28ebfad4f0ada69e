-- SPDX-License-Identifier: Apache-2.0
-- Nothing: the number is taken by another change.
PRAGMA user_version = 3;
