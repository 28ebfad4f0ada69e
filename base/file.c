/* SPDX-License-Identifier: Apache-2.0 */
/* file - whole files in and out, durably. */
#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/failpoint.h"

/* Read at once when the size is unknown (pipes, /proc). */
#define READ_CHUNK ((size_t)64 << 10)
/* A temporary name taken by a process that died under the same number. */
#define TEMP_TRIES 100

static int open_retry(const char *path, int flags, unsigned mode)
{
	int fd;
	do
		fd = open(path, flags | O_CLOEXEC | O_NOCTTY, (mode_t)mode);
	while (fd < 0 && errno == EINTR);
	return fd;
}

static ssize_t read_retry(int fd, void *p, size_t n)
{
	ssize_t k;
	do
		k = read(fd, p, n);
	while (k < 0 && errno == EINTR);
	return k;
}

/* The buffer is full: there must be nothing more. */
static int expect_end(int fd, size_t max, struct ltps_error *err)
{
	uint8_t more;
	ssize_t k = read_retry(fd, &more, 1);
	if (k < 0)
		return ltps_fail_errno(err, "cannot read");
	if (k > 0)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "file is larger than %zu bytes", max);
	return 0;
}

/*
 * Room for the first read. What fstat promises is only a hint, for the file may
 * change meanwhile; one byte more lets the end be seen without growing.
 */
static size_t first_room(int fd, size_t max)
{
	struct stat st;
	size_t n = READ_CHUNK;
	if (fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && st.st_size > 0)
		n = (size_t)st.st_size + 1;
	return n < max ? n : max;
}

static int read_all(int fd, struct buf *b, struct ltps_error *err)
{
	if (buf_reserve(b, first_room(fd, b->max), err) != 0)
		return -1;
	for (;;) {
		size_t left = b->max - b->n;
		if (left == 0)
			return expect_end(fd, b->max, err);
		if (b->n == b->cap &&
		    buf_reserve(b, left < READ_CHUNK ? left : READ_CHUNK, err) != 0)
			return -1;
		ssize_t k = read_retry(fd, b->p + b->n, b->cap - b->n);
		if (k < 0)
			return ltps_fail_errno(err, "cannot read");
		if (k == 0)
			return 0;
		b->n += (size_t)k;
	}
}

int file_read(const char *path, struct buf *ret_b, struct ltps_error *err)
{
	bool standard_input = strcmp(path, "-") == 0;
	int fd = standard_input ? STDIN_FILENO : open_retry(path, O_RDONLY, 0);
	struct buf b = buf_make(ret_b->max);
	int rc = -1;
	if (fd < 0) {
		ltps_fail_errno(err, "cannot open");
		goto out;
	}
	if (read_all(fd, &b, err) != 0)
		goto out;
	buf_free(ret_b);
	*ret_b = b;
	b = buf_make(0);
	rc = 0;
out:
	buf_free(&b);
	if (fd >= 0 && !standard_input)
		close(fd);
	return rc == 0 ? 0 : ltps_where(err, "%s", path);
}

int file_first_line(const char *path, size_t max, struct buf *out,
		    struct ltps_error *err)
{
	struct buf b = buf_make(max);
	size_t n = 0;
	int rc = file_read(path, &b, err);
	while (n < b.n && b.p[n] != '\n' && b.p[n] != '\r')
		n++;
	if (rc == 0)
		rc = buf_put(out, view_of(b.p, n), err);
	OPENSSL_cleanse(b.p, b.n);
	buf_free(&b);
	return rc;
}

/* *ret_n 0: nothing to map, read it. */
static int map_regular(int fd, size_t max, void **ret_p, size_t *ret_n,
		       struct ltps_error *err)
{
	struct stat st;
	*ret_n = 0;
	if (fstat(fd, &st) != 0)
		return ltps_fail_errno(err, "cannot read");
	if (!S_ISREG(st.st_mode) || st.st_size <= 0)
		return 0;
	if ((uint64_t)st.st_size > max)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "file is larger than %zu bytes", max);
	void *p = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (p == MAP_FAILED)
		return ltps_fail_errno(err, "cannot map");
	*ret_p = p;
	*ret_n = (size_t)st.st_size;
	return 0;
}

int file_map(const char *path, size_t max, struct file_map *ret_m,
	     struct ltps_error *err)
{
	void *p = NULL;
	size_t n = 0;
	int rc = 0;
	*ret_m = (struct file_map){ .read = buf_make(max) };
	if (strcmp(path, "-") != 0) {
		int fd = open_retry(path, O_RDONLY, 0);
		if (fd < 0)
			ltps_fail_errno(err, "cannot open");
		rc = fd < 0 ? -1 : map_regular(fd, max, &p, &n, err);
		if (fd >= 0)
			close(fd);
	}
	if (rc != 0)
		return ltps_where(err, "%s", path);
	if (n > 0) {
		ret_m->mapped = p;
		ret_m->octets = view_of(p, n);
		return 0;
	}
	if (file_read(path, &ret_m->read, err) != 0)
		return -1;
	ret_m->octets = view_buf(&ret_m->read);
	return 0;
}

void file_unmap(struct file_map *m)
{
	if (m == NULL)
		return;
	if (m->mapped != NULL)
		munmap(m->mapped, m->octets.n);
	buf_free(&m->read);
	*m = (struct file_map){ 0 };
}

static int write_all(int fd, struct view data, struct ltps_error *err)
{
	while (data.n > 0) {
		ssize_t k = write(fd, data.p, data.n);
		if (k < 0 && errno != EINTR)
			return ltps_fail_errno(err, "cannot write");
		if (k > 0)
			data = view_skip(data, (size_t)k);
	}
	return 0;
}

/* The folder that holds path: "." when it names none. */
static void parent_of(const char *path, char out[PATH_MAX])
{
	const char *slash = strrchr(path, '/');
	size_t n = slash == NULL ? 0 : slash == path ? 1 : (size_t)(slash - path);
	if (n == 0)
		snprintf(out, PATH_MAX, ".");
	else
		snprintf(out, PATH_MAX, "%.*s", (int)(n < PATH_MAX ? n : PATH_MAX - 1),
			 path);
}

/* A name in a folder is durable only when the folder is. */
static int sync_parent(const char *path, struct ltps_error *err)
{
	char dir[PATH_MAX];
	parent_of(path, dir);
	int fd = open_retry(dir, O_RDONLY | O_DIRECTORY, 0);
	if (fd < 0)
		return ltps_fail_errno(err, "cannot open folder");
	/* EINVAL: a file system that does not sync folders. */
	int rc = fsync(fd) == 0 || errno == EINVAL
		     ? 0
		     : ltps_fail_errno(err, "cannot sync folder");
	close(fd);
	return rc;
}

/* A new file beside path; its name is unique in this process. */
static int open_temp(const char *path, unsigned mode, char temp[PATH_MAX],
		     struct ltps_error *err)
{
	static atomic_uint counter;
	for (int i = 0; i < TEMP_TRIES; i++) {
		int n = snprintf(temp, PATH_MAX, "%s.%ld-%u.tmp", path, (long)getpid(),
				 atomic_fetch_add(&counter, 1));
		if (n < 0 || n >= PATH_MAX)
			return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
					 "path is too long");
		int fd =
		    open_retry(temp, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode);
		if (fd >= 0 || errno != EEXIST)
			return fd >= 0 ? fd : ltps_fail_errno(err, "cannot create");
	}
	return ltps_fail_errno(err, "cannot create");
}

static int fill_temp(int fd, struct view data, struct ltps_error *err)
{
	int rc = write_all(fd, data, err);
	if (rc == 0 && fsync(fd) != 0)
		rc = ltps_fail_errno(err, "cannot sync");
	/* A delayed write error may show only here. */
	if (close(fd) != 0 && rc == 0)
		rc = ltps_fail_errno(err, "cannot close");
	return rc;
}

int file_write(const char *path, struct view data, unsigned mode,
	       struct ltps_error *err)
{
	char temp[PATH_MAX];
	int fd = open_temp(path, mode, temp, err);
	if (fd < 0)
		return ltps_where(err, "%s", path);
	int rc = fill_temp(fd, data, err);
	if (rc == 0)
		rc = failpoint_fail("file.before-rename", err);
	if (rc == 0 && rename(temp, path) != 0)
		rc = ltps_fail_errno(err, "cannot rename");
	if (rc != 0) {
		unlink(temp);
		return ltps_where(err, "%s", path);
	}
	if (sync_parent(path, err) != 0)
		return ltps_where(err, "%s", path);
	return 0;
}

static int make_one(const char *path, unsigned mode, struct ltps_error *err)
{
	struct stat st;
	if (mkdir(path, (mode_t)mode) == 0)
		return sync_parent(path, err);
	int e = errno;
	/* A parent that may only be entered can answer EACCES or EROFS. */
	if (stat(path, &st) == 0) {
		if (S_ISDIR(st.st_mode))
			return 0;
		e = ENOTDIR;
	}
	errno = e;
	return ltps_fail_errno(err, "cannot make folder");
}

int file_make_dir(const char *path, unsigned mode, struct ltps_error *err)
{
	char part[PATH_MAX];
	size_t n = strlen(path);
	if (n == 0 || n >= sizeof(part))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "path is empty or too long");
	for (size_t i = 1; i <= n; i++) {
		bool name_ends = path[i - 1] != '/' && (i == n || path[i] == '/');
		if (!name_ends)
			continue;
		memcpy(part, path, i);
		part[i] = '\0';
		if (make_one(part, mode, err) != 0)
			return ltps_where(err, "%s", part);
	}
	return 0;
}

int file_join(const char *dir, const char *name, char *out, size_t out_size,
	      struct ltps_error *err)
{
	size_t n = strlen(dir);
	bool slash = n > 0 && dir[n - 1] == '/';
	char joined[PATH_MAX];
	int k = snprintf(joined, sizeof(joined), "%s%s%s", dir, slash ? "" : "/", name);
	if (k < 0 || (size_t)k >= sizeof(joined) || (size_t)k >= out_size)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "path is too long");
	memcpy(out, joined, (size_t)k + 1);
	return 0;
}
