/* SPDX-License-Identifier: Apache-2.0 */
/* blob_read - the bytes of a blob: whole, in pieces, a range, or only their digests. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/mem.h"
#include "storage/blob_private.h"
#include "storage/fixity.h"

/* A piece is hashed while it is still in the processor's cache. */
#define PIECE ((size_t)128 << 10)

/* Steps to the row of SQL_BLOB_GET or SQL_BLOB_OPEN; the caller resets s. */
static int step_to(struct db_stmt *s, int64_t blob, struct blob_info *ret_info,
		   struct ltps_error *err)
{
	bool row = false;
	struct blob_info info = { .id = blob };
	DB_BIND(s, DB_INT(blob));
	int rc = db_step(s, &row, err);
	if (rc == 0 && !row)
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
			       "no blob %lld", (long long)blob);
	if (rc == 0)
		rc = db_copy_text(s, 0, info.tenant, sizeof(info.tenant), err);
	if (rc == 0)
		rc = db_copy_digest(s, 1, DIGEST_SHA512, &info.sha512, err);
	if (rc != 0)
		return -1;
	info.size = (uint64_t)db_int(s, 2);
	info.refs = (uint64_t)db_int(s, 3);
	info.is_inline = db_int(s, 4) != 0;
	*ret_info = info;
	return 0;
}

int blob_get(struct store_conn *conn, int64_t blob, struct blob_info *ret_info,
	     struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, SQL_BLOB_GET, &s, err) != 0)
		return -1;
	int rc = step_to(s, blob, ret_info, err);
	db_reset(s);
	return rc;
}

/* Gives the bytes of an inline blob while its row is at hand. */
static int with_row(struct store_conn *conn, const struct blob_info *info,
		    int (*use)(void *arg, struct view bytes, struct ltps_error *err),
		    void *arg, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_BLOB_DATA, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(info->id));
	int rc = db_step(s, &row, err);
	if (rc == 0 && !row)
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
			       "no blob %lld", (long long)info->id);
	if (rc == 0)
		rc = use(arg, db_view(s, 0), err);
	db_reset(s);
	return rc;
}

/* A writer reads what its own batch has not placed yet. */
static int open_file(struct store_conn *conn, const struct blob_info *info, int *ret_fd,
		     struct ltps_error *err)
{
	const struct store_io *io = &conn->store->io;
	char path[STORE_PATH_MAX];
	if (blob_path(conn->store, info->tenant, &info->sha512, path, err) != 0)
		return -1;
	const struct blob_new *pending =
	    blob_in_batch(conn, info->tenant, &info->sha512);
	if (pending != NULL && blob_temp_path(pending, path, err) != 0)
		return -1;
	int fd = io->open(io->self, path, O_RDONLY, 0);
	if (fd < 0 && errno == ENOENT)
		return blob_fail(LTPS_CORRUPT, &info->sha512, "has no file", err);
	if (fd < 0)
		return ltps_fail_errno(err, "cannot open a blob file");
	*ret_fd = fd;
	return 0;
}

struct reading {
	const struct blob_info *info;
	struct digest_ctx *hash;
	int (*sink)(void *arg, struct view piece, struct ltps_error *err);
	void *arg;
};

static int take_piece(void *arg, struct view piece, struct ltps_error *err)
{
	struct reading *r = arg;
	if (digest_update(r->hash, piece, err) != 0)
		return -1;
	return r->sink(r->arg, piece, err);
}

static int pieces_of_file(struct store_conn *conn, const struct blob_info *info,
			  int (*take)(void *arg, struct view piece,
				      struct ltps_error *err),
			  void *arg, struct ltps_error *err)
{
	const struct store_io *io = &conn->store->io;
	size_t room = info->size < PIECE ? (size_t)info->size : PIECE;
	int fd;
	if (open_file(conn, info, &fd, err) != 0)
		return -1;
	uint8_t *space = mem_alloc(room);
	int rc = space != NULL ? 0 : ltps_fail_nomem(err);
	for (uint64_t at = 0; rc == 0 && at < info->size; at += room) {
		uint64_t left = info->size - at;
		size_t n = left < room ? (size_t)left : room;
		struct ltps_error e = LTPS_ERROR_INIT;
		rc = blob_read_exact(io, fd, at, space, n, &e);
		if (rc != 0 && e.code == LTPS_CORRUPT)
			blob_fail(LTPS_CORRUPT, &info->sha512, "is cut short", err);
		else if (rc != 0 && err->code == LTPS_OK)
			*err = e;
		if (rc == 0)
			rc = take(arg, view_of(space, n), err);
	}
	mem_free(space);
	io->close(io->self, fd);
	return rc;
}

static int check_address(struct reading *r, struct ltps_error *err)
{
	struct digest d;
	if (digest_final(r->hash, &d, err) != 0)
		return -1;
	if (!digest_equal(&d, &r->info->sha512))
		return blob_fail(LTPS_CORRUPT, &r->info->sha512,
				 "does not have the bytes once stored", err);
	return 0;
}

int blob_read_stream(struct store_conn *conn, int64_t blob,
		     int (*sink)(void *arg, struct view piece, struct ltps_error *err),
		     void *arg, struct ltps_error *err)
{
	struct blob_info info;
	struct reading r = { .info = &info, .sink = sink, .arg = arg };
	conn_hold(conn);
	int rc = blob_get(conn, blob, &info, err);
	if (rc == 0)
		rc = digest_new(DIGEST_SHA512, &r.hash, err);
	if (rc == 0)
		rc = info.is_inline ? with_row(conn, &info, take_piece, &r, err)
				    : pieces_of_file(conn, &info, take_piece, &r, err);
	conn_drop(conn);
	if (rc == 0)
		rc = check_address(&r, err);
	digest_free(r.hash);
	return rc;
}

static int put_piece(void *arg, struct view piece, struct ltps_error *err)
{
	return buf_put(arg, piece, err);
}

int blob_read(struct store_conn *conn, int64_t blob, struct buf *out,
	      struct ltps_error *err)
{
	struct blob_info info;
	if (blob_get(conn, blob, &info, err) != 0)
		return -1;
	if (info.size > out->max - out->n)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "a blob of %llu bytes where %zu are allowed",
				 (unsigned long long)info.size, out->max - out->n);
	if (buf_reserve(out, (size_t)info.size, err) != 0)
		return -1;
	size_t before = out->n;
	int rc = blob_read_stream(conn, blob, put_piece, out, err);
	if (rc != 0)
		out->n = before;
	return rc;
}

static int read_row_at(struct store_conn *conn, int64_t blob, uint64_t offset,
		       uint8_t *out, size_t n, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_BLOB_DATA_AT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(blob), DB_INT((int64_t)offset), DB_INT((int64_t)n));
	int rc = db_step(s, &row, err);
	if (rc == 0 && (!row || db_view(s, 0).n != n))
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_SELF, NULL,
			       "no blob %lld", (long long)blob);
	if (rc == 0 && n > 0)
		memcpy(out, db_view(s, 0).p, n);
	db_reset(s);
	return rc;
}

int blob_read_at(struct store_conn *conn, int64_t blob, uint64_t offset, uint8_t *out,
		 size_t n, struct ltps_error *err)
{
	struct blob_info info;
	int fd = -1;
	conn_hold(conn);
	int rc = blob_get(conn, blob, &info, err);
	if (rc == 0 && (offset > info.size || n > info.size - offset))
		rc = ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
			       "a range beyond the end of a blob");
	if (rc == 0 && info.is_inline) {
		rc = read_row_at(conn, blob, offset, out, n, err);
	} else if (rc == 0) {
		rc = open_file(conn, &info, &fd, err);
		if (rc == 0)
			rc = blob_read_exact(&conn->store->io, fd, offset, out, n, err);
		if (fd >= 0)
			conn->store->io.close(conn->store->io.self, fd);
	}
	conn_drop(conn);
	return rc;
}

/* Digests only */

struct digesting {
	const enum digest_alg *algs;
	size_t n;
	struct digest_ctx *ctx[DIGEST_ALG_COUNT];
	struct digest *ret;
};

static int digest_row(const struct blob_info *info, struct view bytes,
		      const struct digesting *d, struct ltps_error *err)
{
	if (bytes.n != info->size)
		return blob_fail(LTPS_CORRUPT, &info->sha512, "is cut short", err);
	for (size_t i = 0; i < d->n; i++)
		if (digest_once(d->algs[i], bytes, &d->ret[i], err) != 0)
			return -1;
	return 0;
}

static int digest_piece(void *arg, struct view piece, struct ltps_error *err)
{
	struct digesting *d = arg;
	for (size_t i = 0; i < d->n; i++)
		if (digest_update(d->ctx[i], piece, err) != 0)
			return -1;
	return 0;
}

static int digest_file(struct store_conn *conn, const struct blob_info *info,
		       struct digesting *d, struct ltps_error *err)
{
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < d->n; i++)
		rc = digest_new(d->algs[i], &d->ctx[i], err);
	if (rc == 0)
		rc = pieces_of_file(conn, info, digest_piece, d, err);
	for (size_t i = 0; rc == 0 && i < d->n; i++)
		rc = digest_final(d->ctx[i], &d->ret[i], err);
	for (size_t i = 0; i < d->n; i++)
		digest_free(d->ctx[i]);
	return rc;
}

/* The address is one of them: it must be what the bytes have. */
static int compare_address(const struct blob_info *info, const struct digesting *d,
			   struct ltps_error *err)
{
	for (size_t i = 0; i < d->n; i++)
		if (d->algs[i] == DIGEST_SHA512 &&
		    !digest_equal(&d->ret[i], &info->sha512))
			return blob_fail(LTPS_CORRUPT, &info->sha512,
					 "does not have the bytes once stored", err);
	return 0;
}

int blob_digests(struct store_conn *conn, int64_t blob, const enum digest_alg *algs,
		 size_t n, struct digest *ret, struct ltps_error *err)
{
	struct digest values[DIGEST_ALG_COUNT];
	struct digesting d = { .algs = algs, .n = n, .ret = values };
	struct blob_info info;
	struct db_stmt *s;
	if (n > DIGEST_ALG_COUNT)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "%zu digests of one blob", n);
	if (db_get(conn->db, SQL_BLOB_OPEN, &s, err) != 0)
		return -1;
	conn_hold(conn);
	int rc = step_to(s, blob, &info, err);
	if (rc == 0 && info.is_inline)
		rc = digest_row(&info, db_view(s, 5), &d, err);
	db_reset(s);
	if (rc == 0 && !info.is_inline)
		rc = digest_file(conn, &info, &d, err);
	conn_drop(conn);
	if (rc == 0)
		rc = compare_address(&info, &d, err);
	if (rc == 0)
		memcpy(ret, values, n * sizeof(values[0]));
	return rc;
}

int blob_digest(struct store_conn *conn, int64_t blob, enum digest_alg alg,
		struct digest *ret_d, struct ltps_error *err)
{
	const enum digest_alg algs[] = { alg, DIGEST_SHA512 };
	struct digest d[2];
	if (blob_digests(conn, blob, algs, 2, d, err) != 0)
		return -1;
	*ret_d = d[0];
	return 0;
}
