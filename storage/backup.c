/* SPDX-License-Identifier: Apache-2.0 */
/* backup - copies of a store, checked on the way. */
#include "storage/backup.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "storage/store_private.h"

#define COMPLETE_NAME "complete"
#define COMPLETE_TEXT "complete backup of a store\n"
#define PIECE ((size_t)256 << 10)

/* Copying the blobs that a database names, from one directory to another. */
struct copying {
	const char *from;
	const char *to;
	const char *db_name; /* in to */
	struct db *db;       /* of the copy */
	backup_progress *progress;
	void *arg;
	struct backup_report report;
	uint64_t done, total; /* octets of blobs */
	char first_damage[2 * DIGEST_MAX + 1];
};

static void tell(const struct copying *c, const char *stage, uint64_t done)
{
	if (c->progress != NULL)
		c->progress(c->arg, stage, done, c->total);
}

static bool is_one_of(const char *name, const char *const *names)
{
	for (; *names != NULL; names++)
		if (strcmp(name, *names) == 0)
			return true;
	return false;
}

/* allowed  names that may stand there, and NULL */
static int require_empty(const char *dir, const char *const *allowed,
			 struct ltps_error *err)
{
	if (file_make_dir(dir, 0700, err) != 0)
		return -1;
	DIR *d = opendir(dir);
	if (d == NULL)
		return ltps_fail_errno(err, "cannot open %.160s", dir);
	bool empty = true;
	for (struct dirent *e; (e = readdir(d)) != NULL;)
		empty = empty && is_one_of(e->d_name, allowed);
	closedir(d);
	return empty ? 0
		     : ltps_fail(err, LTPS_EXISTS, LTPS_FAULT_CALLER, NULL,
				 "the directory %.160s is not empty", dir);
}

static int make_parent(const char *path, struct ltps_error *err)
{
	char parent[STORE_PATH_MAX];
	snprintf(parent, sizeof(parent), "%s", path);
	char *slash = strrchr(parent, '/');
	if (slash == NULL)
		return 0;
	*slash = '\0';
	return file_make_dir(parent, 0700, err);
}

/* Everything from one descriptor to the other; the hash of what was written.
 * c  a blob of it; NULL: not a blob */
static int pump(const struct copying *c, int from, int to, struct digest_ctx *hash,
		uint64_t *ret_n, struct ltps_error *err)
{
	uint8_t *space = mem_alloc(PIECE);
	int rc = space != NULL ? 0 : ltps_fail_nomem(err);
	uint64_t total = 0;
	while (rc == 0) {
		ssize_t n = read(from, space, PIECE);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			rc = ltps_fail_errno(err, "cannot read a blob file");
		if (n <= 0)
			break;
		struct view v = view_of(space, (size_t)n);
		rc = digest_update(hash, v, err);
		if (rc == 0)
			rc = blob_write_all(io_system(), to, v, err);
		total += (uint64_t)n;
		if (c != NULL)
			tell(c, "blobs", c->done + total);
	}
	mem_free(space);
	*ret_n = total;
	return rc;
}

static int copy_file(const struct copying *c, const char *from, const char *to,
		     struct digest *ret_hash, uint64_t *ret_n, struct ltps_error *err)
{
	struct digest_ctx *hash = NULL;
	int out = -1, rc = -1;
	int in = open(from, O_RDONLY | O_CLOEXEC);
	if (in < 0)
		return ltps_fail_errno(err, "cannot open %.160s", from);
	if (make_parent(to, err) != 0)
		goto out;
	(void)unlink(to); /* of a restore that did not end */
	out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0440);
	if (out < 0) {
		ltps_fail_errno(err, "cannot create %.160s", to);
		goto out;
	}
	if (digest_new(DIGEST_SHA512, &hash, err) != 0 ||
	    pump(c, in, out, hash, ret_n, err) != 0 ||
	    digest_final(hash, ret_hash, err) != 0)
		goto out;
	rc = 0;
out:
	digest_free(hash);
	if (out >= 0 && close(out) != 0 && rc == 0)
		rc = ltps_fail_errno(err, "cannot write %.160s", to);
	close(in);
	return rc;
}

static void note_damage(struct copying *c, const struct digest *sha512)
{
	if (c->report.damaged++ == 0)
		hex_encode(digest_view(sha512), c->first_damage);
}

static int copy_blob_file(struct copying *c, const char *tenant,
			  const struct digest *sha512, struct ltps_error *err)
{
	char from[STORE_PATH_MAX], to[STORE_PATH_MAX];
	struct digest d;
	uint64_t n = 0;
	if (blob_path_in(c->from, tenant, sha512, from, err) != 0 ||
	    blob_path_in(c->to, tenant, sha512, to, err) != 0)
		return -1;
	if (copy_file(c, from, to, &d, &n, err) != 0) {
		if (err->code != LTPS_NOT_FOUND)
			return -1;
		ltps_error_clear(err);
		note_damage(c, sha512);
		return 0;
	}
	if (!digest_equal(&d, sha512)) {
		(void)unlink(to);
		note_damage(c, sha512);
		return 0;
	}
	c->report.blobs++;
	c->report.bytes += n;
	return 0;
}

static int check_inline(struct copying *c, int64_t id, const struct digest *sha512,
			struct ltps_error *err)
{
	struct db_stmt *s;
	struct digest d;
	bool row = false;
	if (db_get(c->db, SQL_BLOB_DATA, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(id));
	int rc = db_step(s, &row, err);
	if (rc == 0)
		rc = digest_once(DIGEST_SHA512, db_view(s, 0), &d, err);
	db_reset(s);
	if (rc == 0 && !digest_equal(&d, sha512))
		note_damage(c, sha512);
	return rc;
}

static int copy_row(struct copying *c, struct db_stmt *s, struct ltps_error *err)
{
	char tenant[STORE_TENANT_MAX + 1];
	struct digest sha512;
	if (db_copy_text(s, 1, tenant, sizeof(tenant), err) != 0 ||
	    db_copy_digest(s, 2, DIGEST_SHA512, &sha512, err) != 0)
		return -1;
	if (db_int(s, 5) != 0)
		return check_inline(c, db_int(s, 0), &sha512, err);
	return copy_blob_file(c, tenant, &sha512, err);
}

static int copy_blobs(struct copying *c, struct ltps_error *err)
{
	int64_t id = 0;
	bool row = true;
	tell(c, "blobs", 0);
	while (row) {
		struct db_stmt *s;
		uint64_t size = 0;
		if (db_get(c->db, SQL_BLOB_NEXT, &s, err) != 0)
			return -1;
		DB_BIND(s, DB_INT(id));
		int rc = db_step(s, &row, err);
		if (rc == 0 && row) {
			id = db_int(s, 0);
			size = (uint64_t)db_int(s, 3);
			rc = copy_row(c, s, err);
		}
		db_reset(s);
		if (rc != 0)
			return -1;
		c->done += size;
		tell(c, "blobs", c->done);
	}
	return 0;
}

/* The copied database, as far as its own structure goes. */
static int check_database(struct db *db, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(db, SQL_PRAGMA_QUICK_CHECK, &s, err) != 0)
		return -1;
	int rc = db_step(s, &row, err);
	if (rc == 0 &&
	    (!row || db_text(s, 0) == NULL || strcmp(db_text(s, 0), "ok") != 0))
		rc = ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
			       "the copied database is damaged");
	db_reset(s);
	return rc;
}

static void remove_sidecars(const char *db_path)
{
	static const char *const suffixes[] = { "-wal", "-shm" };
	char path[STORE_PATH_MAX + 8];
	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "%s%s", db_path, suffixes[i]);
		(void)unlink(path);
	}
}

static int sync_all(const char *dir, struct ltps_error *err)
{
	int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return ltps_fail_errno(err, "cannot open %.160s", dir);
	int rc = syncfs(fd) == 0 ? 0 : ltps_fail_errno(err, "cannot sync %.160s", dir);
	close(fd);
	return rc;
}

static int count_bytes(struct copying *c, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(c->db, SQL_BLOB_COUNT, &s, err) != 0)
		return -1;
	const int rc = db_step(s, &row, err);
	if (rc == 0 && row)
		c->total = (uint64_t)db_int(s, 1);
	db_reset(s);
	return rc;
}

/* Blobs of the database that stands in c->to already; all of it is durable then. */
static int copy_named_blobs(struct copying *c, struct ltps_error *err)
{
	char path[STORE_PATH_MAX];
	if (file_join(c->to, c->db_name, path, sizeof(path), err) != 0 ||
	    db_open(path, NULL, DB_READER, &c->db, err) != 0)
		return -1;
	int rc = migrate_check(c->db, err);
	if (rc == 0)
		rc = check_database(c->db, err);
	if (rc == 0)
		rc = count_bytes(c, err);
	if (rc == 0)
		rc = copy_blobs(c, err);
	db_close(c->db);
	remove_sidecars(path);
	c->total = 0; /* of the sync nothing is known */
	if (rc == 0)
		tell(c, "sync", 0);
	if (rc == 0)
		rc = sync_all(c->to, err);
	return rc;
}

static int fail_if_damaged(const struct copying *c, struct ltps_error *err)
{
	if (c->report.damaged == 0)
		return 0;
	return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
			 "%llu blobs are missing or damaged, the first is %s",
			 (unsigned long long)c->report.damaged, c->first_damage);
}

static int write_complete(const char *dir, struct ltps_error *err)
{
	char path[STORE_PATH_MAX];
	if (file_join(dir, COMPLETE_NAME, path, sizeof(path), err) != 0)
		return -1;
	return file_write(path, view_text(COMPLETE_TEXT), 0600, err);
}

static int snapshot_database(struct store *store, const char *dir,
			     struct ltps_error *err)
{
	char path[STORE_PATH_MAX];
	struct store_conn *conn = NULL;
	if (file_join(dir, STORE_DB_NAME, path, sizeof(path), err) != 0 ||
	    store_reader_open(store, &conn, err) != 0)
		return -1;
	int rc = store_read_begin(conn, err);
	if (rc == 0)
		rc = db_backup(conn->db, path, NULL, err);
	store_reader_close(conn);
	return rc;
}

int store_backup(struct store *store, const char *dir, backup_progress *progress,
		 void *arg, struct backup_report *ret_report, struct ltps_error *err)
{
	struct copying c = { .from = store->dir,
			     .to = dir,
			     .db_name = STORE_DB_NAME,
			     .progress = progress,
			     .arg = arg };
	/* A lock of its own, before the snapshot: no blob that it names goes. */
	struct lock files = LOCK_NONE;
	static const char *const nothing[] = { ".", "..", NULL };
	int rc = -1;
	if (require_empty(dir, nothing, err) != 0 ||
	    lock_open(store->dir, "files.lock", true, &files, err) != 0)
		return -1;
	tell(&c, "database", 0);
	if (lock_take(&files, false, err) == 0 &&
	    snapshot_database(store, dir, err) == 0 && copy_named_blobs(&c, err) == 0)
		rc = write_complete(dir, err);
	lock_close(&files);
	if (rc != 0)
		return -1;
	*ret_report = c.report;
	return fail_if_damaged(&c, err);
}

/* Restoring */

static int require_complete(const char *backup_dir, struct ltps_error *err)
{
	char path[STORE_PATH_MAX];
	struct buf b = buf_make(sizeof(COMPLETE_TEXT));
	if (file_join(backup_dir, COMPLETE_NAME, path, sizeof(path), err) != 0)
		return -1;
	struct ltps_error e = LTPS_ERROR_INIT;
	int rc = file_read(path, &b, &e);
	if (rc != 0 && e.code != LTPS_NOT_FOUND && e.code != LTPS_TOO_LARGE)
		*err = e;
	else if (rc != 0 || !view_is_text(view_buf(&b), COMPLETE_TEXT))
		rc = ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL,
			       "%.160s holds no complete backup", backup_dir);
	buf_free(&b);
	return rc;
}

static int copy_database(const struct copying *c, struct ltps_error *err)
{
	char from[STORE_PATH_MAX], to[STORE_PATH_MAX];
	struct digest ignored;
	uint64_t n;
	if (file_join(c->from, STORE_DB_NAME, from, sizeof(from), err) != 0 ||
	    file_join(c->to, c->db_name, to, sizeof(to), err) != 0)
		return -1;
	remove_sidecars(to);
	if (copy_file(NULL, from, to, &ignored, &n, err) != 0)
		return -1;
	if (chmod(to, 0600) != 0)
		return ltps_fail_errno(err, "cannot make %.160s writable", to);
	return 0;
}

/* From now on it is a store. */
static int name_database(const struct copying *c, struct ltps_error *err)
{
	char from[STORE_PATH_MAX], to[STORE_PATH_MAX];
	if (file_join(c->to, c->db_name, from, sizeof(from), err) != 0 ||
	    file_join(c->to, STORE_DB_NAME, to, sizeof(to), err) != 0)
		return -1;
	if (rename(from, to) != 0)
		return ltps_fail_errno(err, "cannot rename %.160s", from);
	return sync_all(c->to, err);
}

/* Empty, or what a restore that did not end left. */
static int require_restorable(const char *dir, struct ltps_error *err)
{
	static const char *const nothing[] = { ".", "..", STORE_WRITE_LOCK_NAME, NULL };
	static const char *const begun[] = { ".",
					     "..",
					     STORE_WRITE_LOCK_NAME,
					     STORE_RESTORING_NAME,
					     STORE_RESTORING_NAME "-wal",
					     STORE_RESTORING_NAME "-shm",
					     STORE_BLOBS_NAME,
					     NULL };
	char path[STORE_PATH_MAX];
	if (file_join(dir, STORE_RESTORING_NAME, path, sizeof(path), err) != 0)
		return -1;
	return require_empty(dir, access(path, F_OK) == 0 ? begun : nothing, err);
}

static int restore_locked(struct copying *c, struct ltps_error *err)
{
	if (require_restorable(c->to, err) != 0)
		return -1;
	tell(c, "database", 0);
	if (copy_database(c, err) != 0 || copy_named_blobs(c, err) != 0)
		return -1;
	return name_database(c, err);
}

int store_restore(const char *backup_dir, const char *dir, backup_progress *progress,
		  void *arg, struct backup_report *ret_report, struct ltps_error *err)
{
	struct copying c = { .from = backup_dir,
			     .to = dir,
			     .db_name = STORE_RESTORING_NAME,
			     .progress = progress,
			     .arg = arg };
	struct lock write = LOCK_NONE;
	/* Before a lock is made in a folder of something else. */
	if (require_complete(backup_dir, err) != 0 ||
	    require_restorable(dir, err) != 0 ||
	    lock_open(dir, STORE_WRITE_LOCK_NAME, false, &write, err) != 0)
		return -1;
	int rc = lock_take(&write, true, err);
	if (rc == 0)
		rc = restore_locked(&c, err);
	lock_close(&write);
	if (rc != 0)
		return -1;
	*ret_report = c.report;
	return fail_if_damaged(&c, err);
}
