/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "storage/blob.h"
#include "tests/support/storage_fixture.h"
#include "tests/support/storage_sql.h"

static char dir[4096];
static struct store *store;
static struct store_conn *reader;
static struct fault_io fault;

static void open_store(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_options options = { .dir = dir, .io = &fault.io };
	if (store_open(&options, &store, &err) != 0 ||
	    store_reader_open(store, &reader, &err) != 0)
		fixture_die("open", &err);
}

static void close_store(void)
{
	store_reader_close(reader);
	store_close(store);
	reader = NULL;
	store = NULL;
}

static void setup(void)
{
	fixture_dir(dir);
	fault_io_init(&fault);
	open_store();
}

static void teardown(void)
{
	close_store();
	fixture_remove(dir);
}

TestSuite(blob, .init = setup, .fini = teardown);

struct attach {
	struct blob_new *blob;
	int64_t id;
};

static int run_attach(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct attach *a = arg;
	return blob_attach(conn, a->blob, &a->id, err);
}

static int run_release(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	return blob_release(conn, *(int64_t *)arg, err);
}

/* Bytes of object i, n of them, for a tenant; id through ret. */
static int put(const char *tenant, uint64_t i, size_t n, int64_t *ret_id,
	       struct ltps_error *err)
{
	uint8_t *bytes = mem_alloc(n);
	struct attach a = { NULL, 0 };
	fixture_bytes(i, n, bytes);
	int rc = blob_prepare(store, tenant, view_of(bytes, n), NULL, &a.blob, err);
	if (rc == 0)
		rc = store_write(store, run_attach, &a, err);
	blob_new_free(a.blob);
	mem_free(bytes);
	if (rc == 0)
		*ret_id = a.id;
	return rc;
}

static void must_read(int64_t id, uint64_t i, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(n);
	uint8_t *bytes = mem_alloc(n);
	fixture_bytes(i, n, bytes);
	cr_assert_eq(blob_read(reader, id, &b, &err), 0, "%s", err.text);
	cr_assert(view_equal(view_buf(&b), view_of(bytes, n)));
	buf_free(&b);
	mem_free(bytes);
}

static enum ltps_code read_code(int64_t id, struct ltps_error *err)
{
	struct buf b = buf_make(1 << 20);
	ltps_error_clear(err);
	int rc = blob_read(reader, id, &b, err);
	cr_assert_eq(rc == 0, err->code == LTPS_OK);
	cr_assert(rc == 0 || b.n == 0);
	buf_free(&b);
	return err->code;
}

static void file_of(int64_t id, char out[4200])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct blob_info info;
	char hex[129];
	cr_assert_eq(blob_get(reader, id, &info, &err), 0, "%s", err.text);
	hex_encode(digest_view(&info.sha512), hex);
	snprintf(out, 4200, "%.3000s/blobs/%s/%.2s/%s", dir, info.tenant, hex, hex);
}

static size_t files_below(const char *path)
{
	DIR *d = opendir(path);
	size_t n = 0;
	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		char below[8192];
		struct stat st;
		if (e->d_name[0] == '.')
			continue;
		snprintf(below, sizeof(below), "%s/%s", path, e->d_name);
		if (stat(below, &st) == 0)
			n += S_ISDIR(st.st_mode) ? files_below(below) : 1;
	}
	if (d != NULL)
		closedir(d);
	return n;
}

static size_t files_in(const char *name)
{
	char path[4200];
	snprintf(path, sizeof(path), "%s/%s", dir, name);
	return files_below(path);
}

Test(blob, sizes_around_the_inline_limit)
{
	static const size_t sizes[] = { 0,
					1,
					STORE_SMALL_MAX - 1,
					STORE_SMALL_MAX,
					STORE_SMALL_MAX + 1,
					FIXTURE_LARGE };
	struct ltps_error err = LTPS_ERROR_INIT;
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct blob_info info;
		int64_t id = 0;
		cr_assert_eq(put(FIXTURE_TENANT, i, sizes[i], &id, &err), 0, "%s",
			     err.text);
		must_read(id, i, sizes[i]);
		cr_assert_eq(blob_get(reader, id, &info, &err), 0);
		cr_assert_eq(info.is_inline, sizes[i] <= STORE_SMALL_MAX);
		cr_assert_eq(info.size, sizes[i]);
	}
	cr_assert_eq(files_in("blobs"), 2);
	cr_assert_eq(files_in("tmp"), 0);
}

Test(blob, tenant_names_that_are_paths_are_refused)
{
	static const char *const names[] = { "",  ".",      "..", ".x",  "a/b",
					     "A", "_other", "-a", "a b", "\xc3\xa9" };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct blob_new *b = NULL;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		cr_assert_eq(
		    blob_prepare(store, names[i], view_text("x"), NULL, &b, &err), -1);
		cr_assert_eq(err.code, LTPS_ARGUMENT, "%s", names[i]);
		ltps_error_clear(&err);
	}
	char longest[STORE_TENANT_MAX + 2];
	memset(longest, 'a', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	cr_assert_eq(blob_prepare(store, longest, view_text("x"), NULL, &b, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
}

Test(blob, address_that_is_no_sha512_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct blob_new *b = NULL;
	struct digest d = { .alg = DIGEST_SHA256, .n = 32 };
	cr_assert_eq(blob_prepare(store, FIXTURE_TENANT, view_text("x"), &d, &b, &err),
		     -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
}

Test(blob, unused_temporary_file_goes_with_its_handle)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static uint8_t bytes[FIXTURE_LARGE];
	struct blob_new *b = NULL;
	cr_assert_eq(blob_prepare(store, FIXTURE_TENANT, view_of(bytes, sizeof(bytes)),
				  NULL, &b, &err),
		     0);
	cr_assert_eq(files_in("tmp"), 1);
	blob_new_free(b);
	cr_assert_eq(files_in("tmp"), 0);
}

/* Equal addresses */

Test(blob, equal_files_are_stored_once_and_counted)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t a = 0, b = 0;
	struct blob_info info;
	cr_assert_eq(put(FIXTURE_TENANT, 1, FIXTURE_LARGE, &a, &err), 0);
	cr_assert_eq(put(FIXTURE_TENANT, 1, FIXTURE_LARGE, &b, &err), 0);
	cr_assert_eq(a, b);
	cr_assert_eq(blob_get(reader, a, &info, &err), 0);
	cr_assert_eq(info.refs, 2);
	cr_assert_eq(store_write(store, run_release, &a, &err), 0);
	must_read(a, 1, FIXTURE_LARGE);
	cr_assert_eq(store_write(store, run_release, &a, &err), 0);
	cr_assert_eq(blob_get(reader, a, &info, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
}

Test(blob, small_equal_bytes_stand_each_for_itself)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t a = 0, b = 0;
	cr_assert_eq(put(FIXTURE_TENANT, 1, 100, &a, &err), 0);
	cr_assert_eq(put(FIXTURE_TENANT, 1, 100, &b, &err), 0);
	cr_assert_neq(a, b);
	cr_assert_eq(store_write(store, run_release, &a, &err), 0);
	must_read(b, 1, 100);
}

Test(blob, tenants_never_share)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t a = 0, b = 0;
	cr_assert_eq(put("alpha", 1, FIXTURE_LARGE, &a, &err), 0);
	cr_assert_eq(put("beta", 1, FIXTURE_LARGE, &b, &err), 0);
	cr_assert_neq(a, b);
	cr_assert_eq(files_in("blobs"), 2);
	cr_assert_eq(store_write(store, run_release, &a, &err), 0);
	must_read(b, 1, FIXTURE_LARGE);
}

struct twice {
	struct blob_new *first, *second;
	int64_t a, b;
};

static int run_twice(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct twice *t = arg;
	if (blob_attach(conn, t->first, &t->a, err) != 0)
		return -1;
	return blob_attach(conn, t->second, &t->b, err);
}

Test(blob, equal_bytes_within_one_batch_are_stored_once)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static uint8_t bytes[FIXTURE_LARGE];
	struct twice t = { 0 };
	struct view v = view_of(bytes, sizeof(bytes));
	cr_assert_eq(blob_prepare(store, FIXTURE_TENANT, v, NULL, &t.first, &err), 0);
	cr_assert_eq(blob_prepare(store, FIXTURE_TENANT, v, NULL, &t.second, &err), 0);
	cr_assert_eq(store_write(store, run_twice, &t, &err), 0, "%s", err.text);
	cr_assert_eq(t.a, t.b);
	blob_new_free(t.first);
	blob_new_free(t.second);
	cr_assert_eq(files_in("blobs"), 1);
	cr_assert_eq(files_in("tmp"), 0);
}

Test(blob, same_handle_twice_counts_twice)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static uint8_t bytes[FIXTURE_LARGE];
	struct blob_info info;
	struct twice t = { 0 };
	cr_assert_eq(blob_prepare(store, FIXTURE_TENANT, view_of(bytes, sizeof(bytes)),
				  NULL, &t.first, &err),
		     0);
	t.second = t.first;
	cr_assert_eq(store_write(store, run_twice, &t, &err), 0, "%s", err.text);
	cr_assert_eq(blob_get(reader, t.a, &info, &err), 0);
	cr_assert_eq(info.refs, 2);
	blob_new_free(t.first);
}

/* A wrong address stands for a broken SHA-512. */
Test(blob, equal_address_with_other_bytes_is_corrupt)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t id = 0;
	struct blob_info info;
	struct attach a = { NULL, 0 };
	static uint8_t bytes[FIXTURE_LARGE];
	cr_assert_eq(put(FIXTURE_TENANT, 1, FIXTURE_LARGE, &id, &err), 0);
	cr_assert_eq(blob_get(reader, id, &info, &err), 0);
	fixture_bytes(1, FIXTURE_LARGE, bytes);
	bytes[FIXTURE_LARGE - 1] ^= 1;
	/* The same length, then another one. */
	for (size_t cut = 0; cut < 2; cut++) {
		cr_assert_eq(blob_prepare(store, FIXTURE_TENANT,
					  view_of(bytes, FIXTURE_LARGE - cut),
					  &info.sha512, &a.blob, &err),
			     0);
		cr_assert_eq(store_write(store, run_attach, &a, &err), -1);
		cr_assert_eq(err.code, LTPS_CORRUPT);
		ltps_error_clear(&err);
		blob_new_free(a.blob);
	}
	must_read(id, 1, FIXTURE_LARGE);
}

/* Damage */

static void overwrite(const char *path, long offset, const char *with, size_t n)
{
	cr_assert_eq(chmod(path, 0600), 0);
	int fd = open(path, O_WRONLY);
	cr_assert_eq(pwrite(fd, with, n, offset), (ssize_t)n);
	close(fd);
}

Test(blob, torn_file_is_corrupt_and_named)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t bad = 0, good = 0;
	char path[4200];
	cr_assert_eq(put(FIXTURE_TENANT, 1, FIXTURE_LARGE, &bad, &err), 0);
	cr_assert_eq(put(FIXTURE_TENANT, 2, FIXTURE_LARGE, &good, &err), 0);
	file_of(bad, path);
	overwrite(path, FIXTURE_LARGE - 1, "\0", 1);
	cr_assert_eq(read_code(bad, &err), LTPS_CORRUPT);
	cr_assert_not_null(strstr(err.text, strrchr(path, '/') + 1));
	must_read(good, 2, FIXTURE_LARGE);
}

Test(blob, short_file_is_corrupt_and_named)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t id = 0;
	char path[4200];
	uint8_t one;
	cr_assert_eq(put(FIXTURE_TENANT, 1, FIXTURE_LARGE, &id, &err), 0);
	file_of(id, path);
	cr_assert_eq(chmod(path, 0600), 0);
	cr_assert_eq(truncate(path, 5), 0);
	cr_assert_eq(read_code(id, &err), LTPS_CORRUPT);
	cr_assert_not_null(strstr(err.text, strrchr(path, '/') + 1));
	ltps_error_clear(&err);
	cr_assert_eq(blob_read_at(reader, id, 5, &one, 1, &err), -1);
	cr_assert_eq(err.code, LTPS_CORRUPT);
}

Test(blob, missing_file_is_corrupt_and_named)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t id = 0;
	char path[4200];
	cr_assert_eq(put(FIXTURE_TENANT, 1, FIXTURE_LARGE, &id, &err), 0);
	file_of(id, path);
	cr_assert_eq(unlink(path), 0);
	cr_assert_eq(read_code(id, &err), LTPS_CORRUPT);
	cr_assert_not_null(strstr(err.text, strrchr(path, '/') + 1));
}

Test(blob, damaged_inline_bytes_are_corrupt)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t id = 0;
	cr_assert_eq(put(FIXTURE_TENANT, 1, 100, &id, &err), 0);
	storage_sql(dir, "UPDATE blob SET data = zeroblob(100)");
	cr_assert_eq(read_code(id, &err), LTPS_CORRUPT);
}

Test(blob, read_beyond_the_callers_maximum_is_too_large)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t id = 0;
	struct buf b = buf_make(99);
	cr_assert_eq(put(FIXTURE_TENANT, 1, 100, &id, &err), 0);
	cr_assert_eq(blob_read(reader, id, &b, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	buf_free(&b);
}

Test(blob, ranges_are_read_exactly_or_not_at_all)
{
	static const size_t sizes[] = { 1000, FIXTURE_LARGE };
	struct ltps_error err = LTPS_ERROR_INIT;
	for (size_t i = 0; i < 2; i++) {
		int64_t id = 0;
		size_t n = sizes[i];
		uint8_t bytes[FIXTURE_LARGE], out[64];
		cr_assert_eq(put(FIXTURE_TENANT, 1, n, &id, &err), 0);
		fixture_bytes(1, n, bytes);
		cr_assert_eq(blob_read_at(reader, id, 0, out, 64, &err), 0);
		cr_assert_arr_eq(out, bytes, 64);
		cr_assert_eq(blob_read_at(reader, id, n - 64, out, 64, &err), 0);
		cr_assert_arr_eq(out, bytes + n - 64, 64);
		cr_assert_eq(blob_read_at(reader, id, n, out, 0, &err), 0);
		cr_assert_eq(blob_read_at(reader, id, n - 63, out, 64, &err), -1);
		cr_assert_eq(err.code, LTPS_ARGUMENT);
		ltps_error_clear(&err);
		cr_assert_eq(blob_read_at(reader, id, UINT64_MAX, out, 64, &err), -1);
		cr_assert_eq(err.code, LTPS_ARGUMENT);
		ltps_error_clear(&err);
	}
}

/* Streaming */

static int64_t stream_in(uint64_t i, size_t n, size_t piece)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct attach a = { NULL, 0 };
	struct digest sha256, sha512, expected;
	uint8_t *bytes = mem_alloc(n);
	fixture_bytes(i, n, bytes);
	cr_assert_eq(blob_prepare_begin(store, FIXTURE_TENANT, &a.blob, &err), 0);
	for (size_t at = 0; at < n; at += piece) {
		struct view v = view_head(view_of(bytes + at, n - at), piece);
		cr_assert_eq(blob_prepare_write(a.blob, v, &err), 0, "%s", err.text);
	}
	cr_assert_eq(blob_prepare_end(a.blob, &sha256, &sha512, &err), 0);
	cr_assert_eq(digest_once(DIGEST_SHA256, view_of(bytes, n), &expected, &err), 0);
	cr_assert(digest_equal(&sha256, &expected));
	cr_assert_eq(digest_once(DIGEST_SHA512, view_of(bytes, n), &expected, &err), 0);
	cr_assert(digest_equal(&sha512, &expected));
	cr_assert_eq(store_write(store, run_attach, &a, &err), 0, "%s", err.text);
	blob_new_free(a.blob);
	mem_free(bytes);
	return a.id;
}

Test(blob, streamed_bytes_equal_whole_ones)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static const size_t sizes[] = { 0, 100, STORE_SMALL_MAX, STORE_SMALL_MAX + 1,
					FIXTURE_LARGE };
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		int64_t whole = 0;
		int64_t id = stream_in(i, sizes[i], 777);
		must_read(id, i, sizes[i]);
		/* Whole after streamed, then streamed after whole: one file. */
		cr_assert_eq(put(FIXTURE_TENANT, i, sizes[i], &whole, &err), 0, "%s",
			     err.text);
		if (sizes[i] <= STORE_SMALL_MAX)
			continue;
		cr_assert_eq(whole, id);
		cr_assert_eq(stream_in(i, sizes[i], 40000), id);
	}
	cr_assert_eq(files_in("tmp"), 0);
}

Test(blob, abandoned_stream_leaves_nothing)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static uint8_t bytes[FIXTURE_LARGE];
	struct blob_new *b = NULL;
	cr_assert_eq(blob_prepare_begin(store, FIXTURE_TENANT, &b, &err), 0);
	cr_assert_eq(blob_prepare_write(b, view_of(bytes, sizeof(bytes)), &err), 0);
	blob_new_free(b);
	cr_assert_eq(files_in("tmp"), 0);
}

/* Removal */

Test(blob, file_goes_after_the_commit_that_drops_it)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t id = 0, next = 0;
	cr_assert_eq(put(FIXTURE_TENANT, 1, FIXTURE_LARGE, &id, &err), 0);
	cr_assert_eq(store_write(store, run_release, &id, &err), 0);
	/* The next batch begins after the unlinking of the last. */
	cr_assert_eq(put(FIXTURE_TENANT, 2, 10, &next, &err), 0);
	cr_assert_eq(files_in("blobs"), 0);
	cr_assert_eq(fault.calls[FAULT_UNLINK], 1);
}

static int release_and_fail(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	if (blob_release(conn, *(int64_t *)arg, err) != 0)
		return -1;
	return ltps_fail(err, LTPS_MISMATCH, LTPS_FAULT_SELF, NULL, "on purpose");
}

Test(blob, file_stays_when_the_task_that_drops_it_fails)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t id = 0, next = 0;
	cr_assert_eq(put(FIXTURE_TENANT, 1, FIXTURE_LARGE, &id, &err), 0);
	cr_assert_eq(store_write(store, release_and_fail, &id, &err), -1);
	ltps_error_clear(&err);
	cr_assert_eq(put(FIXTURE_TENANT, 2, 10, &next, &err), 0);
	must_read(id, 1, FIXTURE_LARGE);
}

Test(blob, file_stays_while_a_reader_sees_it)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t id = 0, next = 0;
	cr_assert_eq(put(FIXTURE_TENANT, 1, FIXTURE_LARGE, &id, &err), 0);
	cr_assert_eq(store_read_begin(reader, &err), 0);
	cr_assert_eq(store_write(store, run_release, &id, &err), 0);
	cr_assert_eq(put(FIXTURE_TENANT, 2, 10, &next, &err), 0);
	must_read(id, 1, FIXTURE_LARGE);
	store_read_end(reader);
	cr_assert_eq(put(FIXTURE_TENANT, 3, 10, &next, &err), 0);
	cr_assert_eq(put(FIXTURE_TENANT, 4, 10, &next, &err), 0);
	cr_assert_eq(files_in("blobs"), 0);
}

Test(blob, bytes_that_came_back_keep_their_file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t id = 0, next = 0;
	cr_assert_eq(put(FIXTURE_TENANT, 1, FIXTURE_LARGE, &id, &err), 0);
	cr_assert_eq(store_read_begin(reader, &err), 0); /* holds the unlinking up */
	cr_assert_eq(store_write(store, run_release, &id, &err), 0);
	cr_assert_eq(put(FIXTURE_TENANT, 1, FIXTURE_LARGE, &id, &err), 0);
	store_read_end(reader);
	cr_assert_eq(put(FIXTURE_TENANT, 2, 10, &next, &err), 0);
	cr_assert_eq(put(FIXTURE_TENANT, 3, 10, &next, &err), 0);
	must_read(id, 1, FIXTURE_LARGE);
}

Test(blob, release_of_an_unknown_blob_is_not_found)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t id = 4711;
	cr_assert_eq(store_write(store, run_release, &id, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
}

/* Failing operations: the error is clear, nothing is acknowledged or lost */

struct failure {
	enum fault_op op;
	int error;
	enum ltps_code code;
	bool prepare; /* fails in blob_prepare() already */
};

static const struct failure failures[] = {
	{ FAULT_OPEN, ENOSPC, LTPS_NO_SPACE, true },
	{ FAULT_WRITE, ENOSPC, LTPS_NO_SPACE, true },
	{ FAULT_WRITE, EDQUOT, LTPS_NO_SPACE, true },
	{ FAULT_WRITE, EIO, LTPS_IO, true },
	{ FAULT_WRITE, EROFS, LTPS_READ_ONLY, true },
	{ FAULT_FDATASYNC, EIO, LTPS_IO, false },
	{ FAULT_FDATASYNC, ENOSPC, LTPS_NO_SPACE, false },
	{ FAULT_MKDIR, ENOSPC, LTPS_NO_SPACE, false },
	{ FAULT_RENAME, EIO, LTPS_IO, false },
	{ FAULT_FSYNC_DIR, EIO, LTPS_IO, false },
};

Test(blob, failing_operations_fail_the_write_and_nothing_else)
{
	for (size_t i = 0; i < sizeof(failures) / sizeof(failures[0]); i++) {
		const struct failure *f = &failures[i];
		struct ltps_error err = LTPS_ERROR_INIT;
		int64_t id = 0, before = 0;
		char tenant[16];
		/* A tenant of its own, so that folders are new each time. */
		snprintf(tenant, sizeof(tenant), "t%zu", i);
		cr_assert_eq(put("before", 100 + i, FIXTURE_LARGE, &before, &err), 0);
		fault_io_arm(&fault, f->op, 1, f->error);
		cr_assert_eq(put(tenant, 1, FIXTURE_LARGE, &id, &err), -1, "case %zu",
			     i);
		cr_assert_eq(err.code, f->code, "case %zu: %s", i, err.text);
		cr_assert_eq(err.foreign_code, f->error);
		ltps_error_clear(&err);
		must_read(before, 100 + i, FIXTURE_LARGE);
		/* The same bytes can be stored afterwards. */
		cr_assert_eq(put(tenant, 1, FIXTURE_LARGE, &id, &err), 0,
			     "case %zu: %s", i, err.text);
		must_read(id, 1, FIXTURE_LARGE);
	}
	cr_assert_eq(files_in("tmp"), 0);
	cr_assert_eq(files_in("blobs"), 2 * sizeof(failures) / sizeof(failures[0]));
}

Test(blob, short_writes_are_continued)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t id = 0;
	fault.short_write = 1000;
	cr_assert_eq(put(FIXTURE_TENANT, 1, FIXTURE_LARGE, &id, &err), 0);
	cr_assert_geq(fault.calls[FAULT_WRITE], 100u);
	must_read(id, 1, FIXTURE_LARGE);
}

Test(blob, unreadable_file_is_an_io_error)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t id = 0;
	cr_assert_eq(put(FIXTURE_TENANT, 1, FIXTURE_LARGE, &id, &err), 0);
	fault_io_arm(&fault, FAULT_READ, 1, EIO);
	cr_assert_eq(read_code(id, &err), LTPS_IO);
}

Test(blob, handle_of_a_failed_batch_must_be_prepared_again)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static uint8_t bytes[FIXTURE_LARGE];
	struct attach a = { NULL, 0 };
	cr_assert_eq(blob_prepare(store, FIXTURE_TENANT, view_of(bytes, sizeof(bytes)),
				  NULL, &a.blob, &err),
		     0);
	fault_io_arm(&fault, FAULT_FSYNC_DIR, 1, EIO);
	cr_assert_eq(store_write(store, run_attach, &a, &err), -1);
	ltps_error_clear(&err);
	cr_assert_eq(store_write(store, run_attach, &a, &err), -1);
	cr_assert_eq(err.code, LTPS_STATE);
	blob_new_free(a.blob);
}

struct many {
	struct blob_new *blobs[8];
	size_t n;
};

static int run_many(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct many *m = arg;
	int64_t id;
	for (size_t i = 0; i < m->n; i++) {
		if (blob_attach(conn, m->blobs[i], &id, err) != 0)
			return -1;
	}
	return 0;
}

static void put_many(uint64_t first, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static uint8_t bytes[8][FIXTURE_LARGE];
	struct many m = { .n = n };
	for (size_t i = 0; i < n; i++) {
		fixture_bytes(first + i, FIXTURE_LARGE, bytes[i]);
		cr_assert_eq(blob_prepare(store, FIXTURE_TENANT,
					  view_of(bytes[i], FIXTURE_LARGE), NULL,
					  &m.blobs[i], &err),
			     0);
	}
	cr_assert_eq(store_write(store, run_many, &m, &err), 0, "%s", err.text);
	for (size_t i = 0; i < n; i++)
		blob_new_free(m.blobs[i]);
}

Test(blob, many_files_of_a_batch_share_their_sync)
{
	put_many(100, 3);
	cr_assert_eq(fault.calls[FAULT_FDATASYNC], 3);
	unsigned syncs = fault.calls[FAULT_SYNCFS];
	put_many(200, 8);
	cr_assert_eq(fault.calls[FAULT_FDATASYNC], 3);
	cr_assert_gt(fault.calls[FAULT_SYNCFS], syncs);
}

Test(blob, failing_common_sync_fails_the_write)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	static uint8_t bytes[8][FIXTURE_LARGE];
	for (int nth = 1; nth <= 2; nth++) {
		struct many m = { .n = 8 };
		for (size_t i = 0; i < m.n; i++) {
			fixture_bytes((uint64_t)nth * 10 + i, FIXTURE_LARGE, bytes[i]);
			cr_assert_eq(blob_prepare(store, FIXTURE_TENANT,
						  view_of(bytes[i], FIXTURE_LARGE),
						  NULL, &m.blobs[i], &err),
				     0);
		}
		/* The first is for the data, the second for the names. */
		fault_io_arm(&fault, FAULT_SYNCFS, nth, EIO);
		cr_assert_eq(store_write(store, run_many, &m, &err), -1);
		cr_assert_eq(err.code, LTPS_IO);
		ltps_error_clear(&err);
		for (size_t i = 0; i < m.n; i++)
			blob_new_free(m.blobs[i]);
		cr_assert_eq(files_in("tmp"), 0);
	}
	put_many(10, 8);
}

/* What a crash leaves */

static void touch(const char *below)
{
	char path[8192];
	snprintf(path, sizeof(path), "%s/%s", dir, below);
	FILE *f = fopen(path, "w");
	cr_assert_not_null(f, "%s", path);
	fputs("left behind", f);
	fclose(f);
}

Test(blob, leavings_of_a_crash_are_swept_at_open)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t id = 0;
	char orphan[400], hex[129];
	cr_assert_eq(put(FIXTURE_TENANT, 1, FIXTURE_LARGE, &id, &err), 0);
	close_store();
	memset(hex, 'a', 128);
	hex[128] = '\0';
	char folder[8192];
	snprintf(folder, sizeof(folder), "%s/blobs/%s/aa", dir, FIXTURE_TENANT);
	cr_assert(mkdir(folder, 0700) == 0 || errno == EEXIST);
	snprintf(orphan, sizeof(orphan), "blobs/%s/aa/%s", FIXTURE_TENANT, hex);
	touch(orphan);
	touch("tmp/123-abc-0");
	touch("blobs/stranger");
	open_store();
	cr_assert_eq(files_in("tmp"), 0);
	cr_assert_eq(files_in("blobs"), 2); /* ours, and the file that is no blob */
	must_read(id, 1, FIXTURE_LARGE);
}

Test(blob, temporary_files_of_a_living_process_stay)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_options options = { .dir = dir };
	struct store *second = NULL;
	touch("tmp/123-abc-0");
	/* In one process, but with its own locks, as another process would. */
	cr_assert_eq(store_open(&options, &second, &err), 0);
	cr_assert_eq(files_in("tmp"), 1);
	store_close(second);
}
