/* SPDX-License-Identifier: Apache-2.0 */
/*
 * io - the file operations of the blob store as a table, so that a test can
 * record them, fail them, or replay what a crash leaves of them.
 *
 * Every function answers as the system call does: -1 with errno. `self` is the
 * table's own argument.
 */
#ifndef LTPS_STORAGE_IO_H
#define LTPS_STORAGE_IO_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct store_io {
	void *self;
	int (*open)(void *self, const char *path, int flags, unsigned mode);
	int (*close)(void *self, int fd);
	ssize_t (*read)(void *self, int fd, void *p, size_t n, uint64_t offset);
	ssize_t (*write)(void *self, int fd, const void *p, size_t n);
	int (*fdatasync)(void *self, int fd);
	int (*fsync)(void *self, int fd);
	int (*syncfs)(void *self, int fd);
	int (*rename)(void *self, const char *from, const char *to);
	int (*unlink)(void *self, const char *path);
	int (*mkdir)(void *self, const char *path, unsigned mode);
	/* fsync of the directory itself: its entries become durable. */
	int (*fsync_dir)(void *self, const char *path);
};

/* The operating system's own. Static. */
const struct store_io *io_system(void);

#endif
