-- SPDX-License-Identifier: Apache-2.0

-- QUEUE_FIND
SELECT id, state, due_ms, again_ms FROM job WHERE kind = ?1 AND subject = ?2
-- QUEUE_INSERT
INSERT INTO job (id, kind, subject, state, due_ms, fence, attempts)
VALUES (?1, ?2, ?3, 0, ?4, 0, 0)
-- QUEUE_EARLIER
UPDATE job SET due_ms = ?2 WHERE id = ?1
-- QUEUE_AGAIN
UPDATE job SET again_ms = ?2 WHERE id = ?1
-- QUEUE_REVIVE
UPDATE job SET state = 0, due_ms = ?2, attempts = 0, again_ms = NULL WHERE id = ?1
-- QUEUE_DUE
SELECT id FROM job INDEXED BY job_due WHERE state < 2 AND due_ms <= ?1
ORDER BY due_ms LIMIT 1
-- QUEUE_DUE_KIND
SELECT id FROM job INDEXED BY job_kind_due WHERE state < 2 AND kind = ?2
AND due_ms <= ?1 ORDER BY due_ms LIMIT 1
-- QUEUE_CLAIM
UPDATE job SET state = 1, owner = ?2, due_ms = ?3, fence = fence + 1,
	attempts = attempts + 1
WHERE id = ?1
-- QUEUE_GET
SELECT id, kind, subject, state, due_ms, owner, fence, attempts, last_error, again_ms
FROM job WHERE id = ?1
-- QUEUE_EXTEND
UPDATE job SET due_ms = ?2 WHERE id = ?1
-- QUEUE_DELETE
DELETE FROM job WHERE id = ?1
-- QUEUE_WAIT
-- ?2 due, ?3 state, ?4 error or NULL to keep it, ?5 attempts
UPDATE job SET state = ?3, due_ms = ?2, owner = NULL, again_ms = NULL,
	last_error = coalesce(?4, last_error), attempts = ?5
WHERE id = ?1
-- QUEUE_NEXT_DUE
-- 0 says that nothing waits: what is due since ever is due at 1
SELECT coalesce(max(min(due_ms), 1), 0) FROM job INDEXED BY job_due WHERE state < 2
-- QUEUE_NEXT_DUE_KIND
SELECT coalesce(max(min(due_ms), 1), 0) FROM job INDEXED BY job_kind_due WHERE state < 2 AND kind = ?1
-- QUEUE_LAST_DUE_KIND
SELECT coalesce(max(due_ms), 0) FROM job INDEXED BY job_kind_due WHERE state < 2 AND kind = ?1
-- QUEUE_AHEAD
-- Waiting for later than ?2, or leased beyond ?3, which is not later than ?2.
SELECT id, kind, subject, state, due_ms, owner, fence, attempts, last_error, again_ms
FROM job INDEXED BY job_kind_due WHERE state < 2 AND kind = ?1 AND due_ms > ?3
AND due_ms > iif(state = 1, ?3, ?2) ORDER BY due_ms DESC LIMIT ?4
-- QUEUE_LIST
SELECT id, kind, subject, state, due_ms, owner, fence, attempts, last_error, again_ms
FROM job WHERE id > ?1 AND (?2 IS NULL OR kind = ?2) AND (?3 IS NULL OR state = ?3)
ORDER BY id LIMIT ?4
-- QUEUE_SUMS
-- By kind at ?1: waiting for their time, due, at work, their lease run out (due again),
-- given up; the first that is due, and an error of one that was tried again or given up.
SELECT kind, sum(state = 0 AND due_ms > ?1), sum(state < 2 AND due_ms <= ?1),
	sum(state = 1 AND due_ms > ?1), sum(state = 2),
	min(iif(state < 2 AND due_ms <= ?1, due_ms, NULL)), max(last_error)
FROM job GROUP BY kind ORDER BY kind
