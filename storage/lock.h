/* SPDX-License-Identifier: Apache-2.0 */
/*
 * lock - flock(2) on the lock files of a store directory. Private to storage/.
 *
 *   write.lock  exclusive during one batch, a checkpoint, an unlinking
 *   open.lock   shared while a process has the store open; exclusive for the
 *               sweep of what a crash left behind
 *   files.lock  shared while blob files must not go (backup, fsck); exclusive
 *               for unlinking
 */
#ifndef LTPS_STORAGE_LOCK_H
#define LTPS_STORAGE_LOCK_H

#include <stdbool.h>

#include "base/err.h"

struct lock {
	int fd; /* -1: a read-only directory, nothing is locked */
};

#define LOCK_NONE ((struct lock){ .fd = -1 })

/* optional: a directory that cannot be written gives LOCK_NONE. */
int lock_open(const char *dir, const char *name, bool optional, struct lock *ret_lock,
	      struct ltps_error *err) LTPS_CHECKED;
void lock_close(struct lock *lock);
/* Waits up to STORE_LOCK_WAIT_MS. Fails: BUSY */
int lock_take(struct lock *lock, bool exclusive, struct ltps_error *err) LTPS_CHECKED;
/* Whether it was free. */
bool lock_try(struct lock *lock, bool exclusive);
void lock_drop(struct lock *lock);

#endif
