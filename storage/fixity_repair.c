/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixity_repair - bytes from the side that is whole to the one that is not. What is
 * taken is hashed on the way and read again from the disk before it gets its name; what
 * was damaged is kept beside it.
 */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/file.h"
#include "storage/fixity_private.h"

/* What was written to temp, as the disk gives it back. */
static int confirm_file(const struct store_io *io, const char *temp,
			const struct blob_info *info, bool *ret_whole,
			struct ltps_error *err)
{
	struct fixity_side side;
	if (fixity_file_sync(io, temp, err) != 0 ||
	    fixity_file_read(io, temp, info, NULL, &side, err) != 0)
		return -1;
	if (!side.whole)
		return ltps_fail(err, LTPS_IO, LTPS_FAULT_SELF, NULL,
				 "a repaired file %s as soon as it is written",
				 side.text);
	*ret_whole = true;
	return 0;
}

/* A copied file. */
static int fetch_file(const struct store_io *io, const char *from, const char *temp,
		      const struct blob_info *info, bool *ret_whole,
		      struct ltps_error *err)
{
	struct fixity_side side;
	*ret_whole = false;
	if (fixity_file_read(io, from, info, temp, &side, err) != 0)
		return -1;
	return side.whole ? confirm_file(io, temp, info, ret_whole, err) : 0;
}

static int write_file(const struct store_io *io, struct view bytes, const char *temp,
		      const struct blob_info *info, bool *ret_whole,
		      struct ltps_error *err)
{
	*ret_whole = false;
	const int fd = io->open(io->self, temp, O_WRONLY | O_CREAT | O_EXCL, 0440);
	if (fd < 0)
		return ltps_fail_errno(err, "cannot create a temporary file");
	int rc = blob_write_all(io, fd, bytes, err);
	if (io->close(io->self, fd) != 0 && rc == 0)
		rc = ltps_fail_errno(err, "cannot close a temporary file");
	return rc == 0 ? confirm_file(io, temp, info, ret_whole, err) : -1;
}

static void note_kept(struct fixity_damage *d, const char *kept)
{
	d->repaired = true;
	snprintf(d->kept, sizeof(d->kept), "%s", kept);
}

/* Where the bytes of a damaged small blob go; they are not needed, but never lost. */
static int keep_bytes(const struct store_io *io, const char *dir,
		      const struct blob_info *info, const struct buf *bytes,
		      char kept[STORE_PATH_MAX], struct ltps_error *err)
{
	kept[0] = '\0';
	if (bytes->n == 0)
		return 0;
	if (fixity_folders_make(io, dir, info, err) != 0 ||
	    fixity_kept_path(dir, info, info->id, kept, err) != 0)
		return -1;
	return file_write(kept, view_buf(bytes), 0440, err);
}

/* A database that cannot write the row leaves it as it is: told, not failed. */
static int absorb_corrupt(struct fixity_damage *d, const struct ltps_error *e,
			  struct ltps_error *err)
{
	if (e->code != LTPS_CORRUPT) {
		*err = *e;
		return -1;
	}
	size_t n = strlen(d->text);
	snprintf(d->text + n, sizeof(d->text) - n, "; %s", e->text);
	return 0;
}

/* The store's own */

struct own_repair {
	const struct blob_info *info;
	const char *temp;  /* of a file */
	struct view bytes; /* of a small one */
	char kept[STORE_PATH_MAX];
	bool done;
};

/* On the writer's thread, where files are removed too: what is gone stays gone. */
static int place_own(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct own_repair *r = arg;
	if (fixity_is_gone(conn, r->info))
		return 0;
	if (fixity_file_place(&conn->store->io, conn->store->dir, r->info, r->temp,
			      r->kept, err) != 0)
		return -1;
	r->done = true;
	return 0;
}

static int replace_row(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct own_repair *r = arg;
	struct db_stmt *s;
	if (fixity_is_gone(conn, r->info))
		return 0;
	if (db_get(conn->db, SQL_BLOB_REPLACE_DATA, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(r->info->id), DB_VIEW(r->bytes));
	if (db_finish(s, err) != 0)
		return -1;
	r->done = db_changes(conn->db) == 1;
	return 0;
}

/* A file of the store is made anew: of another one, or of bytes when from is NULL. */
static int replace_own_file(struct store_conn *conn, const struct blob_info *info,
			    const char *from, struct view bytes,
			    struct fixity_damage *d, struct ltps_error *err)
{
	struct store *store = conn->store;
	struct blob_new named = { .store = store };
	struct own_repair r = { .info = info };
	char temp[STORE_PATH_MAX];
	bool whole = false;
	blob_temp_name(store, named.temp);
	if (blob_temp_path(&named, temp, err) != 0)
		return -1;
	r.temp = temp;
	int rc = from != NULL ? fetch_file(&store->io, from, temp, info, &whole, err)
			      : write_file(&store->io, bytes, temp, info, &whole, err);
	if (rc == 0 && whole)
		rc = store_write(store, place_own, &r, err);
	if (r.done)
		note_kept(d, r.kept);
	else
		(void)store->io.unlink(store->io.self, temp);
	return rc;
}

static int repair_own_file(struct store_conn *conn, struct copies *c,
			   const struct blob_info *info, struct fixity_damage *d,
			   struct ltps_error *err)
{
	char from[STORE_PATH_MAX];
	if (blob_path_in(c->dir, info->tenant, &info->sha512, from, err) != 0)
		return -1;
	return replace_own_file(conn, info, from, VIEW_NULL, d, err);
}

/* Good bytes in the place of a row's. */
static int replace_own_row(struct store_conn *conn, const struct blob_info *info,
			   struct view good, struct fixity_damage *d,
			   struct ltps_error *err)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	struct own_repair r = { .info = info, .bytes = good };
	struct buf bad = buf_make(STORE_SMALL_LIMIT);
	struct fixity_side side;
	int rc = fixity_own_look(conn, info, &bad, &side, err);
	if (rc == 0)
		rc = keep_bytes(&conn->store->io, conn->store->dir, info, &bad, r.kept,
				err);
	if (rc == 0)
		rc = failpoint_fail(FP_REPAIR_BEFORE_ROW, err);
	if (rc != 0)
		goto out;
	if (store_write(conn->store, replace_row, &r, &e) != 0)
		rc = absorb_corrupt(d, &e, err);
	else if (r.done)
		note_kept(d, r.kept);
out:
	buf_free(&bad);
	return rc;
}

static int repair_own_row(struct store_conn *conn, struct copies *c,
			  const struct blob_info *info, struct fixity_damage *d,
			  struct ltps_error *err)
{
	struct buf good = buf_make(STORE_SMALL_LIMIT);
	struct fixity_side side;
	int rc = fixity_copy_look(c, info, &good, &side, err);
	if (rc == 0 && side.there && side.whole)
		rc = replace_own_row(conn, info, view_buf(&good), d, err);
	buf_free(&good);
	return rc;
}

int fixity_repair_own(struct store_conn *conn, struct copies *c,
		      const struct blob_info *info, struct fixity_damage *d,
		      struct ltps_error *err)
{
	return info->is_inline ? repair_own_row(conn, c, info, d, err)
			       : repair_own_file(conn, c, info, d, err);
}

int fixity_mend(struct store_conn *conn, int64_t blob, struct view bytes,
		struct ltps_error *err)
{
	struct blob_info info;
	struct fixity_side side;
	struct fixity_damage d = { .blob = blob };
	if (blob_get(conn, blob, &info, err) != 0)
		return -1;
	fixity_bytes_judge(bytes, &info, &side);
	if (!side.whole)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "these are not the bytes of the blob");
	if (fixity_own_look(conn, &info, NULL, &side, err) != 0)
		return -1;
	if (side.whole)
		return 0;
	const int rc =
	    info.is_inline ? replace_own_row(conn, &info, bytes, &d, err)
			   : replace_own_file(conn, &info, NULL, bytes, &d, err);
	if (rc != 0 || d.repaired)
		return rc;
	return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
			 "a damaged blob could not be mended%s", d.text);
}

/* The copy */

static int repair_copy_file(struct store_conn *conn, struct copies *c,
			    const struct blob_info *info, struct fixity_damage *d,
			    struct ltps_error *err)
{
	const struct store_io *io = &conn->store->io;
	char from[STORE_PATH_MAX], temp[STORE_PATH_MAX], kept[STORE_PATH_MAX];
	bool whole = false, placed = false;
	if (blob_path(conn->store, info->tenant, &info->sha512, from, err) != 0 ||
	    copies_temp_path(c, temp, err) != 0)
		return -1;
	conn_hold(conn);
	int rc = fetch_file(io, from, temp, info, &whole, err);
	conn_drop(conn);
	if (rc == 0 && whole) {
		rc = fixity_file_place(io, c->dir, info, temp, kept, err);
		placed = rc == 0;
	}
	if (placed)
		note_kept(d, kept);
	else
		(void)io->unlink(io->self, temp);
	return rc;
}

static int put_row(struct copies *c, const struct blob_info *info, struct view bytes,
		   struct ltps_error *err)
{
	if (failpoint_fail(FP_REPAIR_BEFORE_ROW, err) != 0)
		return -1;
	if (copies_begin(c, err) != 0)
		return -1;
	int rc = fixity_copy_put(c, info, bytes, err);
	if (rc == 0)
		rc = copies_commit(c, err);
	copies_rollback(c);
	return rc;
}

static int repair_copy_row(struct store_conn *conn, struct copies *c,
			   const struct blob_info *info, struct fixity_damage *d,
			   struct ltps_error *err)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	struct buf good = buf_make(STORE_SMALL_LIMIT);
	struct buf bad = buf_make(STORE_SMALL_LIMIT);
	struct fixity_side side;
	char kept[STORE_PATH_MAX];
	int rc = fixity_own_look(conn, info, &good, &side, err);
	if (rc != 0 || !side.whole)
		goto out;
	rc = fixity_copy_look(c, info, &bad, &side, err);
	if (rc == 0)
		rc = keep_bytes(&conn->store->io, c->dir, info, &bad, kept, err);
	if (rc != 0)
		goto out;
	if (put_row(c, info, view_buf(&good), &e) != 0)
		rc = absorb_corrupt(d, &e, err);
	else
		note_kept(d, kept);
out:
	buf_free(&bad);
	buf_free(&good);
	return rc;
}

int fixity_repair_copy(struct store_conn *conn, struct copies *c,
		       const struct blob_info *info, struct fixity_damage *d,
		       struct ltps_error *err)
{
	if (c->read_only)
		return 0;
	return info->is_inline ? repair_copy_row(conn, c, info, d, err)
			       : repair_copy_file(conn, c, info, d, err);
}
