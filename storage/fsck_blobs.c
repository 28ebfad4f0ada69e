/* SPDX-License-Identifier: Apache-2.0 */
/* fsck_blobs - every blob is read and hashed, and compared with its parts. */
#include <string.h>
#include <unistd.h>

#include "storage/fsck_private.h"

struct hashing {
	struct fsck *f;
	struct digest_ctx *sha256;
	uint64_t done, total; /* octets */
};

static int hash_piece(void *arg, struct view piece, struct ltps_error *err)
{
	struct hashing *h = arg;
	h->done += piece.n;
	fsck_progress(h->f, "blobs", h->done, h->total);
	return digest_update(h->sha256, piece, err);
}

static int next_blob(struct fsck *f, int64_t after, struct blob_info *ret_info,
		     bool *ret_found, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	int64_t id = 0;
	if (db_get(f->conn->db, SQL_BLOB_NEXT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(after));
	int rc = db_step(s, &row, err);
	if (rc == 0 && row)
		id = db_int(s, 0);
	db_reset(s);
	*ret_found = row;
	if (rc != 0 || !row)
		return rc;
	ret_info->id = id;
	return blob_get(f->conn, id, ret_info, err);
}

/* Stored digests of every part that has this blob. */
static int check_parts(struct fsck *f, const struct blob_info *info,
		       const char *address, const struct digest *sha256,
		       struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(f->conn->db, SQL_PART_OF_BLOB, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_INT(info->id));
	int rc;
	while ((rc = db_step(s, &row, err)) == 0 && row) {
		bool same = (uint64_t)db_int(s, 2) == info->size;
		same = same && (db_is_null(s, 3) ||
				view_equal(db_view(s, 3), digest_view(sha256)));
		same = same && (db_is_null(s, 4) ||
				view_equal(db_view(s, 4), digest_view(&info->sha512)));
		if (!same)
			fsck_found(f, FSCK_PART_DIGEST, address,
				   "part %lld of version %lld has other digests",
				   (long long)db_int(s, 1), (long long)db_int(s, 0));
	}
	db_reset(s);
	return rc;
}

static bool still_there(struct fsck *f, int64_t blob)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct blob_info info;
	return blob_get(f->conn, blob, &info, &ignored) == 0 ||
	       ignored.code != LTPS_NOT_FOUND;
}

static bool file_is_missing(struct fsck *f, const struct blob_info *info)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	char path[STORE_PATH_MAX];
	return !info->is_inline &&
	       blob_path(f->store, info->tenant, &info->sha512, path, &ignored) == 0 &&
	       access(path, F_OK) != 0;
}

/* A read that failed: deleted meanwhile, missing, damaged, or not our business. */
static int judge_failure(struct fsck *f, const struct blob_info *info,
			 const char *address, struct ltps_error *err)
{
	if (!still_there(f, info->id)) {
		ltps_error_clear(err);
		return 0;
	}
	enum fsck_kind kind =
	    file_is_missing(f, info) ? FSCK_BLOB_MISSING : FSCK_BLOB_DAMAGED;
	/* A disk that cannot read a file has lost it as much as changed it. */
	if (err->code == LTPS_IO)
		err->code = LTPS_CORRUPT;
	return fsck_absorb(f, kind, address, err) ? 0 : -1;
}

static int check_blob(struct fsck *f, const struct blob_info *info, struct hashing *h,
		      struct ltps_error *err)
{
	char address[2 * DIGEST_MAX + 1];
	struct digest sha256;
	hex_encode(digest_view(&info->sha512), address);
	f->report.blobs++;
	f->report.bytes += info->size;
	int rc = blob_read_stream(f->conn, info->id, hash_piece, h, err);
	struct ltps_error final_error = LTPS_ERROR_INIT;
	/* Also after a failure: the computation starts afresh. */
	if (digest_final(h->sha256, &sha256, &final_error) != 0) {
		*err = final_error;
		return -1;
	}
	if (rc != 0)
		return judge_failure(f, info, address, err);
	return check_parts(f, info, address, &sha256, err);
}

int fsck_blobs(struct fsck *f, struct ltps_error *err)
{
	struct hashing h = { .f = f };
	struct store_counts counts;
	int64_t id = 0;
	bool found = true;
	if (store_counts_get(f->conn, &counts, err) != 0 ||
	    digest_new(DIGEST_SHA256, &h.sha256, err) != 0)
		return -1;
	h.total = counts.blob_bytes;
	int rc = 0;
	while (rc == 0 && found) {
		struct blob_info info = { 0 };
		rc = next_blob(f, id, &info, &found, err);
		if (rc != 0 && info.id > id &&
		    fsck_absorb(f, FSCK_BLOB_DAMAGED, "row", err)) {
			id = info.id;
			rc = 0;
			continue;
		}
		if (rc != 0 || !found)
			break;
		id = info.id;
		rc = check_blob(f, &info, &h, err);
		h.done = f->report.bytes; /* also of what could not be read */
	}
	digest_free(h.sha256);
	return rc;
}

/* Orphans */

static int file_has_row(struct fsck *f, const char *tenant, const struct digest *sha512,
			bool *ret_row, struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(f->conn->db, SQL_BLOB_IS_FILE, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_DIGEST(sha512), DB_TEXT(tenant));
	int rc = db_step(s, ret_row, err);
	db_reset(s);
	return rc;
}

static int look_at_file(void *arg, const char *tenant, const struct digest *sha512,
			struct ltps_error *err)
{
	struct fsck *f = arg;
	char address[2 * DIGEST_MAX + 1];
	bool row = false;
	if (file_has_row(f, tenant, sha512, &row, err) != 0)
		return -1;
	if (row)
		return 0;
	/* It may be between rename and COMMIT: look again between two batches. */
	if (lock_take(&f->store->write_lock, true, err) != 0)
		return -1;
	int rc = file_has_row(f, tenant, sha512, &row, err);
	lock_drop(&f->store->write_lock);
	hex_encode(digest_view(sha512), address);
	if (rc == 0 && !row)
		fsck_found(f, FSCK_BLOB_ORPHAN, address,
			   "a file of tenant %s without a row", tenant);
	return rc;
}

int fsck_orphans(struct fsck *f, struct ltps_error *err)
{
	return blob_sweep_each(f->store->dir, look_at_file, f, err);
}
