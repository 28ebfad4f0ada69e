/* SPDX-License-Identifier: Apache-2.0 */
/* fixity_copy - the second directory follows the store: what came, what went. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "storage/fixity_private.h"

/* Files of one batch: synced together, twice. */
#define BATCH_FILES 64
/* Blobs of one batch, the small ones too: one transaction of the copy. */
#define BATCH_BLOBS 1024
/* Rows compared with the store by one bounded call: about a second. */
#define DROP_ROWS 50000

#define STATE_SWEPT "swept"       /* BLOBS_GONE_SETTING when the last sweep began */
#define STATE_SWEEP "sweep"       /* where the running one is; 0: none runs */
#define STATE_SWEEPING "sweeping" /* BLOBS_GONE_SETTING when it began */

/* What the copy has */

static bool same_address(const struct blob_info *info, struct db_stmt *s)
{
	const char *tenant = db_text(s, 0);
	return tenant != NULL && strcmp(tenant, info->tenant) == 0 &&
	       view_equal(db_view(s, 1), digest_view(&info->sha512)) &&
	       (uint64_t)db_int(s, 2) == info->size;
}

static int row_get(struct copies *c, const struct blob_info *info, struct buf *bytes,
		   bool *ret_file, struct fixity_side *ret_side, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	*ret_side = (struct fixity_side){ 0 };
	*ret_file = false;
	if (db_get(c->db, SQL_COPY_GET, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(info->id));
	int rc = db_step(s, &row, err);
	const bool ours = rc == 0 && row && same_address(info, s);
	if (ours) {
		ret_side->there = true;
		*ret_file = db_int(s, 3) == 0;
		if (!*ret_file)
			fixity_bytes_judge(db_view(s, 4), info, ret_side);
		if (!*ret_file && bytes != NULL && db_view(s, 4).n <= bytes->max)
			rc = buf_put(bytes, db_view(s, 4), err);
	}
	db_reset(s);
	/* Ids are never given twice, but by a store that was put back. */
	return rc == 0 && row && !ours ? copies_ahead(c, err) : rc;
}

int fixity_copy_look(struct copies *c, const struct blob_info *info, struct buf *bytes,
		     struct fixity_side *ret_side, struct ltps_error *err)
{
	char path[STORE_PATH_MAX];
	bool file;
	if (row_get(c, info, bytes, &file, ret_side, err) != 0)
		return -1;
	if (!file)
		return 0;
	if (blob_path_in(c->dir, info->tenant, &info->sha512, path, err) != 0)
		return -1;
	return fixity_file_read(&c->store->io, path, info, NULL, ret_side, err);
}

static int has_row(struct copies *c, const struct blob_info *info, bool *ret_has,
		   struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(c->db, SQL_COPY_GET, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(info->id));
	int rc = db_step(s, &row, err);
	*ret_has = rc == 0 && row && same_address(info, s);
	db_reset(s);
	return rc == 0 && row && !*ret_has ? copies_ahead(c, err) : rc;
}

int fixity_copy_put(struct copies *c, const struct blob_info *info, struct view bytes,
		    struct ltps_error *err)
{
	struct db_stmt *s;
	bool has;
	/* Only what is the same may be put in the place of a row. */
	if (has_row(c, info, &has, err) != 0 ||
	    db_get(c->db, SQL_COPY_PUT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(info->id), DB_TEXT(info->tenant), DB_DIGEST(&info->sha512),
		DB_INT((int64_t)info->size),
		info->is_inline ? DB_VIEW(bytes) : DB_NULL);
	return db_finish(s, err);
}

/* Copying */

struct pending {
	struct blob_info info;
	char temp[STORE_PATH_MAX];
	bool standing; /* the file is there already, whole */
};

struct batch {
	struct store_conn *conn;
	struct copies *c;
	struct pending *files;
	size_t n_files;
	size_t n_blobs;
};

static void batch_drop(struct batch *b)
{
	for (size_t i = 0; i < b->n_files; i++)
		if (!b->files[i].standing)
			(void)b->c->store->io.unlink(b->c->store->io.self,
						     b->files[i].temp);
	b->n_files = 0;
	b->n_blobs = 0;
	copies_rollback(b->c);
}

static int batch_sync(struct batch *b, struct ltps_error *err)
{
	const struct store_io *io = &b->c->store->io;
	return io->syncfs(io->self, b->c->fd) == 0
		   ? 0
		   : ltps_fail_errno(err, "cannot sync the copies in %.160s",
				     b->c->dir);
}

/* Names of a batch that never committed stand there already, and may be whole. */
static int file_stands(struct batch *b, const struct blob_info *info, bool *ret_whole,
		       struct ltps_error *err)
{
	struct fixity_side side;
	char path[STORE_PATH_MAX];
	*ret_whole = false;
	if (blob_path_in(b->c->dir, info->tenant, &info->sha512, path, err) != 0)
		return -1;
	if (access(path, F_OK) != 0)
		return 0;
	if (fixity_file_read(&b->c->store->io, path, info, NULL, &side, err) != 0)
		return -1;
	*ret_whole = side.whole;
	return 0;
}

static int batch_rename(struct batch *b, struct pending *p, struct ltps_error *err)
{
	const struct store_io *io = &b->c->store->io;
	char path[STORE_PATH_MAX], kept[STORE_PATH_MAX];
	if (p->standing)
		return 0;
	if (failpoint_fail(FP_COPY_BEFORE_RENAME, err) != 0)
		return -1;
	if (blob_path_in(b->c->dir, p->info.tenant, &p->info.sha512, path, err) != 0)
		return -1;
	if (file_stands(b, &p->info, &p->standing, err) != 0)
		return -1;
	if (p->standing) { /* the same bytes came twice in this batch */
		(void)io->unlink(io->self, p->temp);
	} else if (access(path, F_OK) == 0) {
		/* What stands there is damaged: never overwritten. */
		if (fixity_file_place(io, b->c->dir, &p->info, p->temp, kept, err) != 0)
			return -1;
	} else if (fixity_folders_make(io, b->c->dir, &p->info, err) != 0) {
		return -1;
	} else if (io->rename(io->self, p->temp, path) != 0) {
		return ltps_fail_errno(err, "cannot rename a blob file of the copy");
	}
	p->standing = true;
	return failpoint_fail(FP_COPY_AFTER_RENAME, err);
}

/* Bytes, then names, then the rows that say that they are there. */
static int batch_files(struct batch *b, struct ltps_error *err)
{
	if (b->n_files == 0)
		return 0;
	if (failpoint_fail(FP_COPY_BEFORE_SYNC, err) != 0)
		return -1;
	if (batch_sync(b, err) != 0)
		return -1;
	for (size_t i = 0; i < b->n_files; i++)
		if (batch_rename(b, &b->files[i], err) != 0)
			return -1;
	for (size_t i = 0; i < b->n_files; i++)
		if (fixity_copy_put(b->c, &b->files[i].info, VIEW_NULL, err) != 0)
			return -1;
	return batch_sync(b, err);
}

static int batch_end(struct batch *b, struct ltps_error *err)
{
	if (b->n_blobs == 0)
		return 0;
	if (copies_mark(b->c, err) != 0)
		return -1;
	if (batch_files(b, err) != 0)
		return -1;
	if (failpoint_fail(FP_COPY_BEFORE_COMMIT, err) != 0)
		return -1;
	if (copies_commit(b->c, err) != 0)
		return -1;
	b->n_files = 0;
	b->n_blobs = 0;
	return failpoint_fail(FP_COPY_AFTER_COMMIT, err);
}

static int take_small(struct batch *b, const struct blob_info *info,
		      struct fixity_side *ret_side, struct ltps_error *err)
{
	struct buf bytes = buf_make(STORE_SMALL_LIMIT);
	int rc = fixity_own_look(b->conn, info, &bytes, ret_side, err);
	if (rc == 0 && ret_side->whole)
		rc = fixity_copy_put(b->c, info, view_buf(&bytes), err);
	buf_free(&bytes);
	return rc;
}

static int take_file(struct batch *b, const struct blob_info *info,
		     struct fixity_side *ret_side, struct ltps_error *err)
{
	char path[STORE_PATH_MAX];
	struct pending *p = &b->files[b->n_files];
	*p = (struct pending){ .info = *info };
	*ret_side = (struct fixity_side){ .there = true, .whole = true };
	if (file_stands(b, info, &p->standing, err) != 0)
		return -1;
	if (!p->standing) {
		if (copies_temp_path(b->c, p->temp, err) != 0 ||
		    blob_path(b->c->store, info->tenant, &info->sha512, path, err) != 0)
			return -1;
		conn_hold(b->conn);
		int rc = fixity_file_read(&b->c->store->io, path, info, p->temp,
					  ret_side, err);
		conn_drop(b->conn);
		if (rc != 0)
			return -1;
	}
	if (ret_side->whole)
		b->n_files++;
	return 0;
}

static int batch_take(struct batch *b, const struct blob_info *info,
		      struct fixity_side *ret_side, struct ltps_error *err)
{
	if (b->n_blobs++ == 0 && copies_begin(b->c, err) != 0)
		return -1;
	return info->is_inline ? take_small(b, info, ret_side, err)
			       : take_file(b, info, ret_side, err);
}

static bool batch_full(const struct batch *b)
{
	return b->n_files == BATCH_FILES || b->n_blobs == BATCH_BLOBS;
}

static int batch_make(struct store_conn *conn, struct copies *c, struct batch *ret_b,
		      struct ltps_error *err)
{
	*ret_b = (struct batch){ .conn = conn, .c = c };
	ret_b->files = mem_zalloc(BATCH_FILES, sizeof(*ret_b->files));
	return ret_b->files != NULL ? 0 : ltps_fail_nomem(err);
}

int fixity_copy_one(struct store_conn *conn, struct copies *c,
		    const struct blob_info *info, struct fixity_side *ret_side,
		    struct ltps_error *err)
{
	struct batch b;
	if (batch_make(conn, c, &b, err) != 0)
		return -1;
	int rc = batch_take(&b, info, ret_side, err);
	if (rc == 0)
		rc = batch_end(&b, err);
	batch_drop(&b);
	mem_free(b.files);
	return rc;
}

/* Dropping what is gone */

static int unlink_copy(struct copies *c, const struct blob_info *info,
		       struct ltps_error *err)
{
	char path[STORE_PATH_MAX];
	struct db_stmt *s;
	bool used = false;
	if (info->is_inline)
		return 0;
	if (db_get(c->db, SQL_COPY_HAS_FILE, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_DIGEST(&info->sha512), DB_TEXT(info->tenant), DB_INT(info->id));
	int rc = db_step(s, &used, err);
	db_reset(s);
	if (rc != 0 || used)
		return rc;
	if (blob_path_in(c->dir, info->tenant, &info->sha512, path, err) != 0)
		return -1;
	if (c->store->io.unlink(c->store->io.self, path) != 0 && errno != ENOENT)
		return ltps_fail_errno(err, "cannot remove a copy");
	fixity_kept_remove(&c->store->io, c->dir, info, 0);
	return 0;
}

/* The file first: a row without it is found again, a file without a row is not. */
static int drop_one(struct copies *c, const struct blob_info *info,
		    struct ltps_error *err)
{
	struct db_stmt *s;
	if (failpoint_fail(FP_COPY_BEFORE_DROP, err) != 0)
		return -1;
	if (unlink_copy(c, info, err) != 0)
		return -1;
	if (info->is_inline)
		fixity_kept_remove(&c->store->io, c->dir, info, info->id);
	if (failpoint_fail(FP_COPY_AFTER_UNLINK, err) != 0)
		return -1;
	if (db_get(c->db, SQL_COPY_DELETE, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(info->id));
	return db_finish(s, err);
}

static int next_copied(struct copies *c, int64_t after, struct blob_info *ret_info,
		       bool *ret_found, struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(c->db, SQL_COPY_NEXT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(after));
	*ret_info = (struct blob_info){ 0 };
	int rc = db_step(s, ret_found, err);
	if (rc == 0 && *ret_found) {
		ret_info->id = db_int(s, 0);
		ret_info->is_inline = db_int(s, 3) != 0;
		rc =
		    db_copy_text(s, 1, ret_info->tenant, sizeof(ret_info->tenant), err);
		if (rc == 0)
			rc =
			    db_copy_digest(s, 2, DIGEST_SHA512, &ret_info->sha512, err);
	}
	db_reset(s);
	return rc;
}

static int store_has(struct store_conn *conn, struct copies *c,
		     const struct blob_info *info, bool *ret_has,
		     struct ltps_error *err)
{
	struct blob_info own;
	struct ltps_error e = LTPS_ERROR_INIT;
	*ret_has = false;
	if (blob_get(conn, info->id, &own, &e) == 0) {
		*ret_has = digest_equal(&own.sha512, &info->sha512) &&
			   strcmp(own.tenant, info->tenant) == 0;
		return *ret_has ? 0 : copies_ahead(c, err);
	}
	if (e.code == LTPS_NOT_FOUND)
		return 0;
	*err = e;
	return -1;
}

static int gone_count(struct store_conn *conn, uint64_t *ret_n, struct ltps_error *err)
{
	size_t n;
	*ret_n = 0;
	return store_setting_find(conn, BLOBS_GONE_SETTING, (uint8_t *)ret_n,
				  sizeof(*ret_n), &n, err);
}

/* rows 0: no bound. at: in and out, the last row compared; 0 at the end. */
static int drop_some(struct store_conn *conn, struct copies *c, uint64_t rows,
		     uint64_t *at, struct ltps_error *err)
{
	struct blob_info info;
	bool found = true, has;
	for (uint64_t k = 0; rows == 0 || k < rows; k++) {
		if (next_copied(c, (int64_t)*at, &info, &found, err) != 0)
			return -1;
		if (!found) {
			*at = 0;
			return 0;
		}
		*at = (uint64_t)info.id;
		if (store_has(conn, c, &info, &has, err) != 0 ||
		    (!has && drop_one(c, &info, err) != 0))
			return -1;
	}
	return 0;
}

/* Where a sweep stands: rows up to `at` were compared since `gone` blobs had gone. */
static int sweep_put(struct copies *c, uint64_t at, uint64_t gone,
		     struct ltps_error *err)
{
	if (copies_number_put(c, STATE_SWEEP, at, err) != 0)
		return -1;
	return copies_number_put(c, at == 0 ? STATE_SWEPT : STATE_SWEEPING, gone, err);
}

/* Only when something went since the last time; ret_end: nothing is left to compare. */
static int drop_gone(struct store_conn *conn, struct copies *c, uint64_t rows,
		     bool *ret_end, struct ltps_error *err)
{
	uint64_t gone, swept, at;
	if (gone_count(conn, &gone, err) != 0 ||
	    copies_number_get(c, STATE_SWEPT, &swept, err) != 0 ||
	    copies_number_get(c, STATE_SWEEP, &at, err) != 0)
		return -1;
	*ret_end = at == 0 && swept == gone;
	if (*ret_end)
		return 0;
	if (at != 0 && copies_number_get(c, STATE_SWEEPING, &gone, err) != 0)
		return -1;
	int rc = copies_begin(c, err);
	if (rc == 0)
		rc = drop_some(conn, c, rows, &at, err);
	if (rc == 0)
		rc = sweep_put(c, at, gone, err);
	if (rc == 0)
		rc = copies_commit(c, err);
	copies_rollback(c);
	*ret_end = rc == 0 && at == 0;
	return rc;
}

static int copied_has(struct copies *c, const struct blob_name *n, bool *ret_has,
		      struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(c->db, n->id > 0 ? SQL_COPY_GET : SQL_COPY_HAS_FILE, &s, err) != 0)
		return -1;
	if (n->id > 0)
		DB_BIND(s, DB_INT(n->id));
	else
		DB_BIND(s, DB_DIGEST(&n->sha512), DB_TEXT(n->tenant), DB_INT(0));
	int rc = db_step(s, ret_has, err);
	if (rc == 0 && *ret_has && n->id > 0)
		*ret_has = view_equal(db_view(s, 1), digest_view(&n->sha512));
	db_reset(s);
	return rc;
}

static int sweep_name(void *arg, const struct blob_name *n, struct ltps_error *err)
{
	struct copies *c = arg;
	bool has;
	if (copied_has(c, n, &has, err) != 0)
		return -1;
	if (!has)
		blob_name_unlink(&c->store->io, c->dir, n);
	return 0;
}

int fixity_sweep(struct copies *c, struct ltps_error *err)
{
	return blob_sweep_names(c->dir, sweep_name, c, err);
}

/* The whole */

struct copy_run {
	struct batch batch;
	const struct fixity_bound *bound;
	struct fixity_progress now; /* with what the open batch holds */
	uint64_t bytes, blobs;      /* of this call */
	fixity_damage_row *damaged;
	void *arg;
	unsigned n_damaged;
};

static int tell_damage(struct copy_run *r, const struct blob_info *info,
		       const struct fixity_side *side, struct ltps_error *err)
{
	struct fixity_damage d = { .blob = info->id,
				   .sha512 = info->sha512,
				   .size = info->size };
	if (fixity_is_gone(r->batch.conn, info))
		return 0;
	snprintf(d.tenant, sizeof(d.tenant), "%s", info->tenant);
	snprintf(d.text, sizeof(d.text), "%s", side->text);
	r->n_damaged++;
	return r->damaged(r->arg, &d, err);
}

static int copy_next(struct copy_run *r, struct ltps_error *err)
{
	struct blob_info info;
	struct fixity_side side;
	bool found, has;
	if (fixity_next(r->batch.conn, r->now.after, &info, &found, err) != 0)
		return -1;
	r->now.end = !found;
	if (!found)
		return 0;
	if (has_row(r->batch.c, &info, &has, err) != 0)
		return -1;
	if (!has) {
		if (batch_take(&r->batch, &info, &side, err) != 0 ||
		    (!side.whole && tell_damage(r, &info, &side, err) != 0))
			return -1;
		r->now.bytes += info.size;
		r->bytes += info.size;
	}
	r->now.blobs++;
	r->blobs++;
	r->now.after = info.id;
	return 0;
}

static bool bound_reached(const struct copy_run *r)
{
	return r->n_damaged >= FIXITY_DAMAGED_MAX ||
	       (r->bound->bytes > 0 && r->bytes >= r->bound->bytes) ||
	       (r->bound->blobs > 0 && r->blobs >= r->bound->blobs);
}

static int copy_batches(struct copy_run *r, struct fixity_progress *progress,
			struct ltps_error *err)
{
	do {
		if (copy_next(r, err) != 0)
			return -1;
		if (!batch_full(&r->batch) && !r->now.end && !bound_reached(r))
			continue;
		if (batch_end(&r->batch, err) != 0)
			return -1;
		*progress = r->now;
	} while (!r->now.end && !bound_reached(r));
	return 0;
}

int fixity_copy(struct store_conn *conn, struct copies *c,
		const struct fixity_bound *bound, struct fixity_progress *progress,
		fixity_damage_row *damaged, void *arg, struct ltps_error *err)
{
	struct copy_run r = {
		.bound = bound, .now = *progress, .damaged = damaged, .arg = arg
	};
	r.now.end = false;
	if (batch_make(conn, c, &r.batch, err) != 0)
		return -1;
	int rc = copy_batches(&r, progress, err);
	batch_drop(&r.batch);
	mem_free(r.batch.files);
	if (rc != 0)
		progress->end = false;
	if (rc == 0 && progress->end)
		rc = drop_gone(conn, c, bound->blobs > 0 ? DROP_ROWS : 0,
			       &progress->end, err);
	return rc;
}
