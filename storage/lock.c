/* SPDX-License-Identifier: Apache-2.0 */
/* lock - advisory locks between processes. */
#include "storage/lock.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "storage/limits.h"
#include "storage/store_private.h"

/* Between two tries; a batch of another process takes a few milliseconds. */
#define RETRY_NS 1000000L

int lock_open(const char *dir, const char *name, bool optional, struct lock *ret_lock,
	      struct ltps_error *err)
{
	char path[STORE_PATH_MAX];
	if (file_join(dir, name, path, sizeof(path), err) != 0)
		return -1;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (fd < 0 && !(optional && (errno == EROFS || errno == EACCES)))
		return ltps_fail_errno(err, "cannot open the lock file %.160s", path);
	ret_lock->fd = fd;
	return 0;
}

void lock_close(struct lock *lock)
{
	if (lock->fd >= 0)
		close(lock->fd);
	lock->fd = -1;
}

bool lock_try(struct lock *lock, bool exclusive)
{
	if (lock->fd < 0)
		return true;
	return flock(lock->fd, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB) == 0;
}

int lock_take(struct lock *lock, bool exclusive, struct ltps_error *err)
{
	int64_t deadline = 0;
	while (!lock_try(lock, exclusive)) {
		if (errno != EWOULDBLOCK && errno != EINTR)
			return ltps_fail_errno(err, "cannot lock the store");
		int64_t now = clock_monotonic_ms();
		if (deadline == 0)
			deadline = now + STORE_LOCK_WAIT_MS;
		if (now >= deadline)
			return ltps_fail(err, LTPS_BUSY, LTPS_FAULT_SELF, NULL,
					 "the store is locked by another process");
		struct timespec pause = { .tv_nsec = RETRY_NS };
		nanosleep(&pause, NULL);
	}
	return 0;
}

void lock_drop(struct lock *lock)
{
	if (lock->fd >= 0)
		(void)flock(lock->fd, LOCK_UN);
}
