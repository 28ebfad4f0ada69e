/* SPDX-License-Identifier: Apache-2.0 */
/* io - the operating system's own file operations. */
#include "storage/io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static int system_open(void *self, const char *path, int flags, unsigned mode)
{
	(void)self;
	return open(path, flags | O_CLOEXEC, (mode_t)mode);
}

static int system_close(void *self, int fd)
{
	(void)self;
	return close(fd);
}

static ssize_t system_read(void *self, int fd, void *p, size_t n, uint64_t offset)
{
	(void)self;
	return pread(fd, p, n, (off_t)offset);
}

static ssize_t system_write(void *self, int fd, const void *p, size_t n)
{
	(void)self;
	return write(fd, p, n);
}

static int system_fdatasync(void *self, int fd)
{
	(void)self;
	return fdatasync(fd);
}

static int system_fsync(void *self, int fd)
{
	(void)self;
	return fsync(fd);
}

static int system_syncfs(void *self, int fd)
{
	(void)self;
	return syncfs(fd);
}

static int system_rename(void *self, const char *from, const char *to)
{
	(void)self;
	return rename(from, to);
}

static int system_unlink(void *self, const char *path)
{
	(void)self;
	return unlink(path);
}

static int system_mkdir(void *self, const char *path, unsigned mode)
{
	(void)self;
	return mkdir(path, (mode_t)mode);
}

static int system_fsync_dir(void *self, const char *path)
{
	(void)self;
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return -1;
	int rc = fsync(fd);
	int saved = errno;
	close(fd);
	errno = saved;
	return rc;
}

static const struct store_io system_io = {
	.open = system_open,
	.close = system_close,
	.read = system_read,
	.write = system_write,
	.fdatasync = system_fdatasync,
	.fsync = system_fsync,
	.syncfs = system_syncfs,
	.rename = system_rename,
	.unlink = system_unlink,
	.mkdir = system_mkdir,
	.fsync_dir = system_fsync_dir,
};

const struct store_io *io_system(void)
{
	return &system_io;
}
