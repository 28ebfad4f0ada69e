/* SPDX-License-Identifier: Apache-2.0 */
/*
 * blob - bytes known by their SHA-512, never shared between tenants. Small ones
 * lie in the database, each for itself. Larger ones are files addressed by it,
 * DIR/blobs/<tenant>/<first two hex digits>/<sha512>, stored once and counted.
 *
 * Writing has two steps: blob_prepare() on the caller's thread puts a large
 * blob into a temporary file (not synced); handing the prepared blob to an
 * insert inside a task lets the writer make all files of its batch durable at
 * once (data sync, rename, directory sync) before COMMIT.
 */
#ifndef LTPS_STORAGE_BLOB_H
#define LTPS_STORAGE_BLOB_H

#include "base/bytes.h"
#include "base/digest.h"
#include "storage/store.h"

struct blob_new;

/*
 * blob_prepare - make bytes ready for an insert.
 * tenant   STORE_TENANT_SYSTEM, or 1 to STORE_TENANT_MAX characters of
 *          [a-z0-9._-] starting with a letter or digit
 * bytes    borrowed until the task that uses the blob is done
 * sha512   of the bytes, or NULL: computed here. A wrong one is found by the
 *          next read or fsck, not here.
 * ret      free with blob_new_free() after the task is done, used or not
 * Fails:   ARGUMENT, TOO_LARGE, NO_SPACE, IO, NOMEM
 */
int blob_prepare(struct store *store, const char *tenant, struct view bytes,
		 const struct digest *sha512, struct blob_new **ret_blob,
		 struct ltps_error *err) LTPS_CHECKED;
/*
 * blob_prepare_begin/write/end - the same for bytes that arrive in pieces;
 * both digests are computed on the way. end() gives them. The bytes go to a
 * file at once unless they stay small.
 */
int blob_prepare_begin(struct store *store, const char *tenant,
		       struct blob_new **ret_blob, struct ltps_error *err) LTPS_CHECKED;
int blob_prepare_write(struct blob_new *blob, struct view piece,
		       struct ltps_error *err) LTPS_CHECKED;
int blob_prepare_end(struct blob_new *blob, struct digest *ret_sha256,
		     struct digest *ret_sha512, struct ltps_error *err) LTPS_CHECKED;
uint64_t blob_new_size(const struct blob_new *blob);
/* Removes the temporary file if no insert took it. NULL-safe, any thread. */
void blob_new_free(struct blob_new *blob);

/*
 * blob_attach - store this blob, or count one more reference to the file that
 * has its address; a task uses it for bytes that are not part of an object
 * (writer only). An equal address must have equal bytes, otherwise CORRUPT
 * naming the address.
 * ret_blob  number of the blob, > 0
 */
int blob_attach(struct store_conn *conn, struct blob_new *blob, int64_t *ret_blob,
		struct ltps_error *err) LTPS_CHECKED;
/* blob_share - one more reference to bytes that are stored (writer only).
 * Fails: NOT_FOUND */
int blob_share(struct store_conn *conn, int64_t blob,
	       struct ltps_error *err) LTPS_CHECKED;
/*
 * blob_release - one reference less (writer only); with the last one the row
 * goes, and after COMMIT the file.
 */
int blob_release(struct store_conn *conn, int64_t blob,
		 struct ltps_error *err) LTPS_CHECKED;

struct blob_info {
	int64_t id;
	char tenant[STORE_TENANT_MAX + 1];
	struct digest sha512;
	uint64_t size;
	uint64_t refs;
	bool is_inline;
};
/* Fails: NOT_FOUND */
int blob_get(struct store_conn *conn, int64_t blob, struct blob_info *ret_info,
	     struct ltps_error *err) LTPS_CHECKED;
/*
 * blob_read - all bytes, re-hashed.
 * out    empty buffer made with its maximum
 * Fails: NOT_FOUND; TOO_LARGE; CORRUPT naming the address when the bytes are
 *        missing or not those once stored
 */
int blob_read(struct store_conn *conn, int64_t blob, struct buf *out,
	      struct ltps_error *err) LTPS_CHECKED;
/*
 * blob_read_at - exactly n bytes from offset, not re-hashed: for tree nodes,
 * whose path is checked against the token's imprint.
 */
int blob_read_at(struct store_conn *conn, int64_t blob, uint64_t offset, uint8_t *out,
		 size_t n, struct ltps_error *err) LTPS_CHECKED;
/*
 * blob_read_stream - all bytes in pieces, re-hashed; -1 after the last piece
 * when the hash differs, so that the sink must not have acted on them.
 */
int blob_read_stream(struct store_conn *conn, int64_t blob,
		     int (*sink)(void *arg, struct view piece, struct ltps_error *err),
		     void *arg, struct ltps_error *err) LTPS_CHECKED;

#endif
