/* SPDX-License-Identifier: Apache-2.0 */
/* fixity_file - files read from the disk itself, and put in the place of damaged ones.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/file.h"
#include "base/mem.h"
#include "storage/fixity_private.h"

/* Pieces in which files are read; hashed while in the processor's cache. */
#define PIECE ((size_t)128 << 10)
/* Damaged files of one name that are kept: a disk that eats more is to be replaced. */
#define KEPT_MAX 100

const char *const fixity_failpoints[] = {
	FP_COPY_BEFORE_SYNC,
	FP_COPY_BEFORE_RENAME,
	FP_COPY_AFTER_RENAME,
	FP_COPY_BEFORE_COMMIT,
	FP_COPY_AFTER_COMMIT,
	FP_COPY_BEFORE_DROP,
	FP_COPY_AFTER_UNLINK,
	FP_REPAIR_BEFORE_SYNC,
	FP_REPAIR_BEFORE_AWAY,
	FP_REPAIR_BEFORE_PLACE,
	FP_REPAIR_AFTER_PLACE,
	FP_REPAIR_BEFORE_ROW,
	NULL,
};

/* Reading */

static void side_damaged(struct fixity_side *side, const char *what)
{
	side->whole = false;
	snprintf(side->text, sizeof(side->text), "%s", what);
}

static const char *const NO_FILE = "has no file";
static const char *const CUT = "is cut short";
static const char *const LONGER = "is longer than what was stored";
static const char *const CHANGED = "does not have the bytes once stored";

struct file_reading {
	const struct store_io *io;
	const struct blob_info *info;
	struct digest_ctx *hash;
	int from;
	int to; /* -1: only read */
	uint8_t *space;
};

/* What the process lacks is no damage of the file. */
static bool errno_is_own(int e)
{
	return e == EMFILE || e == ENFILE || e == ENOMEM || e == EINTR;
}

static int judge_errno(const char *what, struct fixity_side *side,
		       struct ltps_error *err)
{
	int e = errno;
	if (errno_is_own(e))
		return ltps_fail_errno(err, "cannot %s a blob file", what);
	if (e == ENOENT || e == ENOTDIR) {
		side_damaged(side, NO_FILE);
		return 0;
	}
	char reason[64] = "";
	snprintf(side->text, sizeof(side->text), "cannot be %s: %s",
		 strcmp(what, "open") == 0 ? "opened" : "read",
		 strerror_r(e, reason, sizeof(reason)));
	side->whole = false;
	return 0;
}

static ssize_t read_some(const struct file_reading *r, uint64_t at)
{
	ssize_t n;
	do
		n = r->io->read(r->io->self, r->from, r->space, PIECE, at);
	while (n < 0 && errno == EINTR);
	return n;
}

/* To the end of the file, or beyond where it should be. */
static int read_pieces(struct file_reading *r, struct fixity_side *side,
		       struct ltps_error *err)
{
	uint64_t at = 0;
	for (ssize_t n; at <= r->info->size; at += (uint64_t)n) {
		n = read_some(r, at);
		if (n < 0)
			return judge_errno("read", side, err);
		if (n == 0)
			break;
		struct view piece = view_of(r->space, (size_t)n);
		if (digest_update(r->hash, piece, err) != 0 ||
		    (r->to >= 0 && blob_write_all(r->io, r->to, piece, err) != 0))
			return -1;
	}
	struct digest d;
	if (digest_final(r->hash, &d, err) != 0)
		return -1;
	if (at != r->info->size)
		side_damaged(side, at < r->info->size ? CUT : LONGER);
	else if (!digest_equal(&d, &r->info->sha512))
		side_damaged(side, CHANGED);
	else
		side->whole = true;
	return 0;
}

/* What the system remembers of the file is not what the disk has. */
static void forget_pages(int fd)
{
	(void)posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
}

static int read_open(struct file_reading *r, struct fixity_side *side,
		     struct ltps_error *err)
{
	forget_pages(r->from);
	if (digest_new(DIGEST_SHA512, &r->hash, err) != 0)
		return -1;
	r->space = mem_alloc(PIECE);
	int rc = r->space != NULL ? read_pieces(r, side, err) : ltps_fail_nomem(err);
	mem_free(r->space);
	digest_free(r->hash);
	forget_pages(r->from);
	return rc;
}

static int open_temp(struct file_reading *r, const char *temp, struct ltps_error *err)
{
	if (temp == NULL)
		return 0;
	r->to = r->io->open(r->io->self, temp, O_WRONLY | O_CREAT | O_EXCL, 0440);
	return r->to >= 0 ? 0 : ltps_fail_errno(err, "cannot create a temporary file");
}

static int close_temp(struct file_reading *r, const char *temp, bool keep, int rc,
		      struct ltps_error *err)
{
	if (r->to < 0)
		return rc;
	/* A delayed write error may show only here. */
	if (r->io->close(r->io->self, r->to) != 0 && rc == 0)
		rc = ltps_fail_errno(err, "cannot close a temporary file");
	if (rc != 0 || !keep)
		(void)r->io->unlink(r->io->self, temp);
	return rc;
}

int fixity_file_read(const struct store_io *io, const char *path,
		     const struct blob_info *info, const char *temp,
		     struct fixity_side *ret_side, struct ltps_error *err)
{
	struct file_reading r = { .io = io, .info = info, .to = -1 };
	*ret_side = (struct fixity_side){ .there = true };
	r.from = io->open(io->self, path, O_RDONLY, 0);
	if (r.from < 0)
		return judge_errno("open", ret_side, err);
	int rc = open_temp(&r, temp, err);
	if (rc == 0)
		rc = read_open(&r, ret_side, err);
	rc = close_temp(&r, temp, ret_side->whole, rc, err);
	io->close(io->self, r.from);
	return rc;
}

void fixity_bytes_judge(struct view bytes, const struct blob_info *info,
			struct fixity_side *ret_side)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	struct digest d;
	*ret_side = (struct fixity_side){ .there = true };
	if (bytes.n != info->size)
		side_damaged(ret_side, bytes.n < info->size ? CUT : LONGER);
	else if (digest_once(DIGEST_SHA512, bytes, &d, &e) != 0)
		side_damaged(ret_side, e.text);
	else if (!digest_equal(&d, &info->sha512))
		side_damaged(ret_side, CHANGED);
	else
		ret_side->whole = true;
}

/* Names and places */

static int folder_of(const char *dir, const struct blob_info *info, bool tenant_only,
		     char out[STORE_PATH_MAX], struct ltps_error *err)
{
	int n = snprintf(out, STORE_PATH_MAX, "%s/" STORE_BLOBS_NAME "/%s", dir,
			 info->tenant);
	if (n < STORE_PATH_MAX && !tenant_only)
		n += snprintf(out + n, (size_t)(STORE_PATH_MAX - n), "/%02x",
			      info->sha512.p[0]);
	return n < STORE_PATH_MAX
		   ? 0
		   : ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
			       "the path of the store is too long");
}

static int make_folder(const struct store_io *io, const char *path, bool *ret_made,
		       struct ltps_error *err)
{
	*ret_made = io->mkdir(io->self, path, 0700) == 0;
	return *ret_made || errno == EEXIST
		   ? 0
		   : ltps_fail_errno(err, "cannot create %.160s", path);
}

static int sync_folder(const struct store_io *io, const char *path,
		       struct ltps_error *err)
{
	return io->fsync_dir(io->self, path) == 0
		   ? 0
		   : ltps_fail_errno(err, "cannot sync %.160s", path);
}

int fixity_folders_make(const struct store_io *io, const char *dir,
			const struct blob_info *info, struct ltps_error *err)
{
	char root[STORE_PATH_MAX], tenant[STORE_PATH_MAX], folder[STORE_PATH_MAX];
	bool new_tenant, new_folder;
	if (file_join(dir, STORE_BLOBS_NAME, root, sizeof(root), err) != 0 ||
	    folder_of(dir, info, true, tenant, err) != 0 ||
	    folder_of(dir, info, false, folder, err) != 0)
		return -1;
	if (make_folder(io, folder, &new_folder, &(struct ltps_error){ 0 }) == 0 &&
	    !new_folder)
		return 0;
	if (make_folder(io, tenant, &new_tenant, err) != 0 ||
	    make_folder(io, folder, &new_folder, err) != 0 ||
	    sync_folder(io, tenant, err) != 0)
		return -1;
	return new_tenant ? sync_folder(io, root, err) : 0;
}

static int kept_name(const char *dir, const struct blob_info *info, int64_t id,
		     unsigned n, char out[STORE_PATH_MAX], struct ltps_error *err)
{
	char small[32] = "";
	if (blob_path_in(dir, info->tenant, &info->sha512, out, err) != 0)
		return -1;
	size_t len = strlen(out);
	if (id > 0)
		snprintf(small, sizeof(small), ".blob-%lld", (long long)id);
	int k = snprintf(out + len, STORE_PATH_MAX - len, "%s.damaged-%u", small, n);
	return (size_t)k < STORE_PATH_MAX - len
		   ? 0
		   : ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
			       "the path of the store is too long");
}

int fixity_kept_path(const char *dir, const struct blob_info *info, int64_t id,
		     char out[STORE_PATH_MAX], struct ltps_error *err)
{
	for (unsigned n = 1; n <= KEPT_MAX; n++) {
		if (kept_name(dir, info, id, n, out, err) != 0)
			return -1;
		if (access(out, F_OK) != 0 && errno == ENOENT)
			return 0;
	}
	return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
			 "%d damaged files of one blob are kept already below %.120s",
			 KEPT_MAX, dir);
}

void fixity_kept_remove(const struct store_io *io, const char *dir,
			const struct blob_info *info, int64_t id)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	char path[STORE_PATH_MAX];
	for (unsigned n = 1; n <= KEPT_MAX; n++)
		if (kept_name(dir, info, id, n, path, &ignored) != 0 ||
		    access(path, F_OK) != 0 || io->unlink(io->self, path) != 0)
			return;
}

int fixity_file_sync(const struct store_io *io, const char *path,
		     struct ltps_error *err)
{
	if (failpoint_fail(FP_REPAIR_BEFORE_SYNC, err) != 0)
		return -1;
	int fd = io->open(io->self, path, O_RDONLY, 0);
	if (fd < 0)
		return ltps_fail_errno(err, "cannot open a temporary file");
	int rc = io->fdatasync(io->self, fd);
	if (rc != 0)
		ltps_fail_errno(err, "cannot sync a blob file");
	io->close(io->self, fd);
	return rc;
}

/* Between the two names the file is missing, which is as damaged as before. */
static int put_away(const struct store_io *io, const char *dir,
		    const struct blob_info *info, const char *path,
		    char kept[STORE_PATH_MAX], struct ltps_error *err)
{
	if (failpoint_fail(FP_REPAIR_BEFORE_AWAY, err) != 0)
		return -1;
	if (fixity_kept_path(dir, info, 0, kept, err) != 0)
		return -1;
	if (io->rename(io->self, path, kept) == 0)
		return 0;
	if (errno != ENOENT)
		return ltps_fail_errno(err, "cannot rename a damaged blob file");
	kept[0] = '\0';
	return 0;
}

int fixity_file_place(const struct store_io *io, const char *dir,
		      const struct blob_info *info, const char *temp,
		      char kept[STORE_PATH_MAX], struct ltps_error *err)
{
	char path[STORE_PATH_MAX], folder[STORE_PATH_MAX];
	kept[0] = '\0';
	if (blob_path_in(dir, info->tenant, &info->sha512, path, err) != 0 ||
	    folder_of(dir, info, false, folder, err) != 0 ||
	    fixity_folders_make(io, dir, info, err) != 0 ||
	    put_away(io, dir, info, path, kept, err) != 0)
		return -1;
	if (failpoint_fail(FP_REPAIR_BEFORE_PLACE, err) != 0)
		return -1;
	if (io->rename(io->self, temp, path) != 0)
		return ltps_fail_errno(err, "cannot rename a blob file");
	if (failpoint_fail(FP_REPAIR_AFTER_PLACE, err) != 0)
		return -1;
	return sync_folder(io, folder, err);
}
