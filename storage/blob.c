/* SPDX-License-Identifier: Apache-2.0 */
/* blob - content-addressed bytes: preparing, attaching, releasing. */
#include "storage/blob.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "storage/failpoints.h"
#include "storage/fixity_private.h"

/* Piece in which files are compared. */
#define PIECE ((size_t)64 << 10)

int blob_fail(enum ltps_code code, const struct digest *sha512, const char *what,
	      struct ltps_error *err)
{
	char hex[2 * DIGEST_MAX + 1];
	hex_encode(digest_view(sha512), hex);
	return ltps_fail(err, code, LTPS_FAULT_SELF, NULL, "blob %s %s", hex, what);
}

/* Preparing, on the caller's thread */

static void close_temp(struct blob_new *b)
{
	if (b->fd >= 0)
		b->store->io.close(b->store->io.self, b->fd);
	b->fd = -1;
}

static int new_blob(struct store *store, const char *tenant, struct blob_new **ret_blob,
		    struct ltps_error *err)
{
	if (!blob_tenant_valid(tenant))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "not a tenant name");
	if (store->read_only)
		return ltps_fail(err, LTPS_READ_ONLY, LTPS_FAULT_SELF, NULL,
				 "the store is open for reading only");
	struct blob_new *b = mem_zalloc(1, sizeof(*b));
	if (b == NULL)
		return ltps_fail_nomem(err);
	b->store = store;
	b->fd = -1;
	b->owned = buf_make(store->small_max);
	memcpy(b->tenant, tenant, strlen(tenant) + 1);
	*ret_blob = b;
	return 0;
}

static int open_temp(struct blob_new *b, struct ltps_error *err)
{
	const struct store_io *io = &b->store->io;
	if (failpoint_fail(FP_BLOB_BEFORE_TEMP, err) != 0)
		return -1;
	char path[STORE_PATH_MAX];
	blob_temp_name(b->store, b->temp);
	if (blob_temp_path(b, path, err) != 0)
		return -1;
	b->fd = io->open(io->self, path, O_RDWR | O_CREAT | O_EXCL, 0440);
	if (b->fd < 0)
		return ltps_fail_errno(err, "cannot create a temporary file");
	b->is_file = true;
	return 0;
}

static int write_temp(struct blob_new *b, struct view bytes, struct ltps_error *err)
{
	if (open_temp(b, err) != 0 ||
	    blob_write_all(&b->store->io, b->fd, bytes, err) != 0)
		return -1;
	if (failpoint_fail(FP_BLOB_AFTER_TEMP, err) != 0)
		return -1;
	return 0;
}

static int take_address(struct blob_new *b, const struct digest *sha512,
			struct ltps_error *err)
{
	if (sha512 == NULL)
		return digest_once(DIGEST_SHA512, b->bytes, &b->sha512, err);
	if (sha512->alg != DIGEST_SHA512 || sha512->n != digest_len(DIGEST_SHA512))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "the address of a blob is its SHA-512");
	b->sha512 = *sha512;
	return 0;
}

int blob_prepare(struct store *store, const char *tenant, struct view bytes,
		 const struct digest *sha512, struct blob_new **ret_blob,
		 struct ltps_error *err)
{
	struct blob_new *b = NULL;
	if (bytes.n > STORE_BLOB_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "a blob of %zu bytes", bytes.n);
	if (new_blob(store, tenant, &b, err) != 0)
		return -1;
	b->bytes = bytes;
	b->size = bytes.n;
	if (take_address(b, sha512, err) != 0)
		goto fail;
	if (bytes.n > store->small_max && write_temp(b, bytes, err) != 0)
		goto fail;
	close_temp(b);
	*ret_blob = b;
	return 0;
fail:
	blob_new_free(b);
	return -1;
}

int blob_prepare_begin(struct store *store, const char *tenant,
		       struct blob_new **ret_blob, struct ltps_error *err)
{
	struct blob_new *b = NULL;
	if (new_blob(store, tenant, &b, err) != 0)
		return -1;
	if (digest_new(DIGEST_SHA256, &b->hash256, err) != 0 ||
	    digest_new(DIGEST_SHA512, &b->hash512, err) != 0) {
		blob_new_free(b);
		return -1;
	}
	*ret_blob = b;
	return 0;
}

int blob_prepare_write(struct blob_new *b, struct view piece, struct ltps_error *err)
{
	if (piece.n > STORE_BLOB_MAX - b->size)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "a blob of more than %llu bytes",
				 (unsigned long long)STORE_BLOB_MAX);
	if (digest_update(b->hash256, piece, err) != 0 ||
	    digest_update(b->hash512, piece, err) != 0)
		return -1;
	b->size += piece.n;
	if (!b->is_file && b->size <= b->store->small_max)
		return buf_put(&b->owned, piece, err);
	if (!b->is_file) {
		if (write_temp(b, view_buf(&b->owned), err) != 0)
			return -1;
		buf_free(&b->owned);
	}
	return blob_write_all(&b->store->io, b->fd, piece, err);
}

int blob_prepare_end(struct blob_new *b, struct digest *ret_sha256,
		     struct digest *ret_sha512, struct ltps_error *err)
{
	struct digest sha256;
	if (digest_final(b->hash256, &sha256, err) != 0 ||
	    digest_final(b->hash512, &b->sha512, err) != 0)
		return -1;
	if (!b->is_file)
		b->bytes = view_buf(&b->owned);
	close_temp(b);
	*ret_sha256 = sha256;
	*ret_sha512 = b->sha512;
	return 0;
}

uint64_t blob_new_size(const struct blob_new *blob)
{
	return blob->size;
}

void blob_new_free(struct blob_new *b)
{
	if (b == NULL)
		return;
	struct ltps_error ignored = LTPS_ERROR_INIT;
	char path[STORE_PATH_MAX];
	close_temp(b);
	if (b->is_file && !b->placed && blob_temp_path(b, path, &ignored) == 0)
		(void)b->store->io.unlink(b->store->io.self, path);
	digest_free(b->hash256);
	digest_free(b->hash512);
	buf_free(&b->owned);
	mem_free(b);
}

/* Comparing bytes at equal addresses */

/* Bytes in memory, or in an open file. */
struct source {
	struct view bytes;
	int fd; /* -1: in memory */
};

static int source_open(const struct store_io *io, const char *path,
		       struct source *ret_s, struct ltps_error *err)
{
	*ret_s = (struct source){ .fd = io->open(io->self, path, O_RDONLY, 0) };
	return ret_s->fd >= 0 ? 0 : ltps_fail_errno(err, "cannot open a blob file");
}

static int source_of_new(const struct blob_new *b, struct source *ret_s,
			 struct ltps_error *err)
{
	char path[STORE_PATH_MAX];
	*ret_s = (struct source){ .bytes = b->bytes, .fd = -1 };
	if (b->bytes.n == b->size)
		return 0;
	if (blob_temp_path(b, path, err) != 0)
		return -1;
	return source_open(&b->store->io, path, ret_s, err);
}

static void source_close(const struct store_io *io, struct source *s)
{
	if (s->fd >= 0)
		io->close(io->self, s->fd);
	s->fd = -1;
}

static int source_piece(const struct store_io *io, const struct source *s,
			uint64_t offset, size_t n, uint8_t *space, struct view *ret_v,
			struct ltps_error *err)
{
	if (s->fd < 0) {
		*ret_v = view_head(view_skip(s->bytes, (size_t)offset), n);
		return 0;
	}
	if (blob_read_exact(io, s->fd, offset, space, n, err) != 0)
		return -1;
	*ret_v = view_of(space, n);
	return 0;
}

static int sources_equal(const struct store_io *io, const struct source *a,
			 const struct source *b, uint64_t size, bool *ret_equal,
			 struct ltps_error *err)
{
	uint8_t *space = mem_alloc(2 * PIECE);
	int rc = 0;
	bool equal = true;
	if (space == NULL)
		return ltps_fail_nomem(err);
	for (uint64_t at = 0; rc == 0 && equal && at < size; at += PIECE) {
		size_t n = size - at < PIECE ? (size_t)(size - at) : PIECE;
		struct view va, vb;
		rc = source_piece(io, a, at, n, space, &va, err);
		if (rc == 0)
			rc = source_piece(io, b, at, n, space + PIECE, &vb, err);
		if (rc == 0)
			equal = view_equal(va, vb);
	}
	mem_free(space);
	if (rc == 0)
		*ret_equal = equal;
	return rc;
}

const struct blob_new *blob_in_batch(const struct store_conn *conn, const char *tenant,
				     const struct digest *sha512)
{
	for (struct blob_new *f = conn->files; f != NULL; f = f->batch_next) {
		if (digest_equal(&f->sha512, sha512) && strcmp(f->tenant, tenant) == 0)
			return f;
	}
	return NULL;
}

/* The stored bytes: a file of this batch, or one that has its name already. */
static int source_of_file(struct store_conn *conn, const struct blob_new *b,
			  struct source *ret_s, struct ltps_error *err)
{
	const struct blob_new *pending = blob_in_batch(conn, b->tenant, &b->sha512);
	char path[STORE_PATH_MAX];
	if (pending != NULL)
		return source_of_new(pending, ret_s, err);
	if (blob_path(conn->store, b->tenant, &b->sha512, path, err) != 0)
		return -1;
	struct ltps_error e = LTPS_ERROR_INIT;
	if (source_open(&conn->store->io, path, ret_s, &e) == 0)
		return 0;
	if (e.code == LTPS_NOT_FOUND)
		return blob_fail(LTPS_CORRUPT, &b->sha512, "has no file", err);
	*err = e;
	return -1;
}

static int compare_with_file(struct store_conn *conn, const struct blob_new *b,
			     bool *ret_equal, struct ltps_error *err)
{
	const struct store_io *io = &conn->store->io;
	struct source mine = { .fd = -1 }, other = { .fd = -1 };
	int rc = source_of_new(b, &mine, err);
	if (rc == 0)
		rc = source_of_file(conn, b, &other, err);
	if (rc == 0)
		rc = sources_equal(io, &mine, &other, b->size, ret_equal, err);
	source_close(io, &other);
	source_close(io, &mine);
	return rc;
}

/* The file that has an address. */
struct known {
	int64_t id; /* 0: none */
	uint64_t size;
};

static int find_address(struct store_conn *conn, const struct blob_new *b,
			struct known *ret_known, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	memset(ret_known, 0, sizeof(*ret_known));
	if (db_get(conn->db, SQL_BLOB_FIND, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_DIGEST(&b->sha512), DB_TEXT(b->tenant));
	int rc = db_step(s, &row, err);
	if (rc == 0 && row) {
		ret_known->id = db_int(s, 0);
		ret_known->size = (uint64_t)db_int(s, 1);
	}
	db_reset(s);
	return rc;
}

static int run_by_id(struct store_conn *conn, enum sql_id sql, int64_t id,
		     struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(conn->db, sql, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(id));
	return db_finish(s, err);
}

static int add_reference(struct store_conn *conn, const struct blob_new *b,
			 const struct known *known, struct ltps_error *err)
{
	bool equal = false;
	if (known->size == b->size && compare_with_file(conn, b, &equal, err) != 0)
		return -1;
	if (!equal)
		return blob_fail(LTPS_CORRUPT, &b->sha512,
				 "is stored with other bytes than the new ones", err);
	return run_by_id(conn, SQL_BLOB_ADD_REF, known->id, err);
}

/* *ret_id is 0 when the address is known already. */
static int insert_blob(struct store_conn *conn, const struct blob_new *b,
		       int64_t *ret_id, struct ltps_error *err)
{
	struct db_stmt *s;
	int64_t id;
	if (sequence_next(conn, &id, err) != 0 ||
	    db_get(conn->db, SQL_BLOB_INSERT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(id), DB_TEXT(b->tenant), DB_DIGEST(&b->sha512),
		DB_INT((int64_t)b->size), b->is_file ? DB_NULL : DB_VIEW(b->bytes));
	if (db_finish(s, err) != 0)
		return -1;
	*ret_id = db_changes(conn->db) == 1 ? id : 0;
	return 0;
}

static int join_batch(struct store_conn *conn, struct blob_new *b,
		      struct ltps_error *err)
{
	if (!b->is_file)
		return 0;
	if (b->placed || b->in_batch)
		return ltps_fail(
		    err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
		    "a blob was used by a task that failed: prepare it again");
	b->in_batch = true;
	b->batch_next = NULL;
	*conn->files_end = b;
	conn->files_end = &b->batch_next;
	return 0;
}

int blob_attach(struct store_conn *conn, struct blob_new *blob, int64_t *ret_blob,
		struct ltps_error *err)
{
	struct known known;
	int64_t id = 0;
	if (writer_require(conn, err) != 0 || insert_blob(conn, blob, &id, err) != 0)
		return -1;
	if (id != 0) {
		if (join_batch(conn, blob, err) != 0)
			return -1;
		*ret_blob = id;
		return 0;
	}
	if (find_address(conn, blob, &known, err) != 0 ||
	    add_reference(conn, blob, &known, err) != 0)
		return -1;
	*ret_blob = known.id;
	return 0;
}

int blob_share(struct store_conn *conn, int64_t blob, struct ltps_error *err)
{
	struct blob_info info;
	if (writer_require(conn, err) != 0 || blob_get(conn, blob, &info, err) != 0)
		return -1;
	return run_by_id(conn, SQL_BLOB_ADD_REF, blob, err);
}

/* Copies compare themselves with the store only when something went. */
static int count_gone(struct store_conn *conn, struct ltps_error *err)
{
	uint64_t count = 0;
	size_t n;
	if (store_setting_find(conn, BLOBS_GONE_SETTING, (uint8_t *)&count,
			       sizeof(count), &n, err) != 0)
		return -1;
	count++;
	return store_setting_put(conn, BLOBS_GONE_SETTING, &count, sizeof(count), err);
}

int blob_release(struct store_conn *conn, int64_t blob, struct ltps_error *err)
{
	struct blob_info info;
	if (writer_require(conn, err) != 0 || blob_get(conn, blob, &info, err) != 0)
		return -1;
	if (info.refs > 1)
		return run_by_id(conn, SQL_BLOB_DROP_REF, blob, err);
	if (run_by_id(conn, SQL_BLOB_DELETE, blob, err) != 0 ||
	    count_gone(conn, err) != 0)
		return -1;
	if (!info.is_inline)
		return blob_gone_add(conn, info.tenant, &info.sha512, err);
	/* What a repair put away goes too, even should this task be undone. */
	fixity_kept_remove(&conn->store->io, conn->store->dir, &info, blob);
	return 0;
}
