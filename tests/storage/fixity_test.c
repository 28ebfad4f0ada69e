/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "base/mem.h"
#include "storage/backup.h"
#include "storage/fixity.h"
#include "tests/support/storage_fixture.h"
#include "tests/support/storage_sql.h"
#include "tests/support/test_time.h"

#define SMALL 500
#define PATH 8400

static char dir[4096], other[4096];
static struct store *store;
static struct store_conn *reader;
static struct copies *copies;
static struct fault_io fault;

/* What was told. */
#define TOLD_MAX 200
static struct fixity_damage told[TOLD_MAX];
static size_t n_told;

static int hear(void *arg, const struct fixity_damage *d, struct ltps_error *err)
{
	(void)arg;
	(void)err;
	cr_assert_lt(n_told, TOLD_MAX);
	told[n_told++] = *d;
	return 0;
}

static void open_store(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_options options = { .dir = dir, .io = &fault.io };
	if (store_open(&options, &store, &err) != 0 ||
	    store_reader_open(store, &reader, &err) != 0 ||
	    copies_open(store, other, &copies, &err) != 0)
		fixture_die("open", &err);
}

static void close_store(void)
{
	copies_close(copies);
	store_reader_close(reader);
	store_close(store);
	copies = NULL;
	reader = NULL;
	store = NULL;
}

static void setup(void)
{
	fixture_dir(dir);
	fixture_dir(other);
	fault_io_init(&fault);
	n_told = 0;
	open_store();
}

static void teardown(void)
{
	close_store();
	fixture_remove(dir);
	fixture_remove(other);
}

TestSuite(fixity, .init = setup, .fini = teardown);

/* The blob of object i. */
static int64_t add(uint64_t i, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char poid[32];
	struct object *o = NULL;
	cr_assert_eq(fixture_add(store, i, n, NULL, NULL, &err), 0, "%s", err.text);
	fixture_poid(i, poid);
	cr_assert_eq(object_get(reader, FIXTURE_TENANT, poid, &o, &err), 0);
	int64_t blob = o->versions[0].parts[0].blob;
	object_free(o);
	return blob;
}

static int run_delete(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	return object_delete(conn, *(int64_t *)arg, FIXTURE_TIME, err);
}

static void delete_object(uint64_t i)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char poid[32];
	struct object *o = NULL;
	fixture_poid(i, poid);
	cr_assert_eq(object_get(reader, FIXTURE_TENANT, poid, &o, &err), 0);
	cr_assert_eq(store_write(store, run_delete, &o->id, &err), 0, "%s", err.text);
	object_free(o);
}

static struct fixity_progress copy_some(struct fixity_bound bound,
					struct fixity_progress p)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(fixity_copy(reader, copies, &bound, &p, hear, NULL, &err), 0, "%s",
		     err.text);
	return p;
}

static void copy_all(void)
{
	struct fixity_progress p =
	    copy_some((struct fixity_bound){ 0 }, (struct fixity_progress){ 0 });
	cr_assert(p.end);
}

static int check_code(struct copies *c, bool repair, struct fixity_progress *p,
		      struct ltps_error *err)
{
	struct fixity_bound bound = { 0 };
	ltps_error_clear(err);
	n_told = 0;
	return (repair ? fixity_check : fixity_verify)(reader, c, &bound, p, hear, NULL,
						       err);
}

static size_t check_all(struct copies *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fixity_progress p = { 0 };
	cr_assert_eq(check_code(c, true, &p, &err), 0, "%s", err.text);
	cr_assert(p.end);
	return n_told;
}

static size_t verify_all(struct copies *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fixity_progress p = { 0 };
	cr_assert_eq(check_code(c, false, &p, &err), 0, "%s", err.text);
	return n_told;
}

static void path_of(const char *root, int64_t blob, char out[PATH])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct blob_info info;
	char hex[129];
	cr_assert_eq(blob_get(reader, blob, &info, &err), 0, "%s", err.text);
	hex_encode(digest_view(&info.sha512), hex);
	snprintf(out, PATH, "%.3000s/blobs/%s/%.2s/%s", root, info.tenant, hex, hex);
}

static bool is_there(const char *root, int64_t blob)
{
	char path[PATH];
	path_of(root, blob, path);
	return access(path, F_OK) == 0;
}

static void flip(const char *root, int64_t blob)
{
	char path[PATH];
	char byte;
	path_of(root, blob, path);
	cr_assert_eq(chmod(path, 0600), 0);
	int fd = open(path, O_RDWR);
	cr_assert_geq(fd, 0);
	cr_assert_eq(pread(fd, &byte, 1, 70000), 1);
	byte ^= 0x10;
	cr_assert_eq(pwrite(fd, &byte, 1, 70000), 1);
	close(fd);
}

static void cut(const char *root, int64_t blob, off_t n)
{
	char path[PATH];
	path_of(root, blob, path);
	cr_assert_eq(chmod(path, 0600), 0);
	cr_assert_eq(truncate(path, n), 0);
}

static void lose(const char *root, int64_t blob)
{
	char path[PATH];
	path_of(root, blob, path);
	cr_assert_eq(unlink(path), 0);
}

/* A small blob with another last octet. */
static const char *const spoil_small =
    "UPDATE blob SET data = CAST(substr(data, 1, size - 1) || x'00' AS BLOB) "
    "WHERE data IS NOT NULL";
static const char *const spoil_copied =
    "UPDATE copied SET data = CAST(substr(data, 1, size - 1) || x'00' AS BLOB) "
    "WHERE data IS NOT NULL";

/* copy.db under the name that the tampering knows. */
static void copy_sql(const char *sql)
{
	char name[PATH], link_name[PATH];
	char where[4096];
	fixture_dir(where);
	static const char *const suffixes[] = { "", "-wal", "-shm" };
	for (size_t i = 0; i < 3; i++) {
		snprintf(name, sizeof(name), "%.3000s/copy.db%s", other, suffixes[i]);
		snprintf(link_name, sizeof(link_name), "%.3000s/ltps.db%s", where,
			 suffixes[i]);
		if (i == 0)
			cr_assert_eq(symlink(name, link_name), 0);
	}
	storage_sql(where, sql);
	fixture_remove(where);
}

static size_t count_names(const char *root, const char *part)
{
	size_t n = 0;
	DIR *d = opendir(root);
	for (struct dirent *e; d != NULL && (e = readdir(d)) != NULL;) {
		char path[PATH];
		if (e->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%.4000s/%s", root, e->d_name);
		n += strstr(e->d_name, part) != NULL;
		n += count_names(path, part);
	}
	if (d != NULL)
		closedir(d);
	return n;
}

static void must_read(uint64_t i, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(fixture_check(reader, i, n, &err), 0, "%s", err.text);
}

static enum ltps_code read_code(uint64_t i, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int rc = fixture_check(reader, i, n, &err);
	cr_assert_eq(rc == 0, err.code == LTPS_OK);
	return err.code;
}

/* Digests */

Test(fixity, digests_of_several_algorithms_in_one_pass_are_those_of_the_bytes)
{
	static const enum digest_alg algs[] = { DIGEST_SHA256, DIGEST_SHA3_512,
						DIGEST_SHA512 };
	const size_t sizes[] = { 1, SMALL, FIXTURE_LARGE, 300001 };
	for (uint64_t i = 0; i < 4; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct digest d[3], right;
		int64_t blob = add(i, sizes[i]);
		uint8_t *bytes = mem_alloc(sizes[i]);
		fixture_bytes(i, sizes[i], bytes);
		cr_assert_eq(blob_digests(reader, blob, algs, 3, d, &err), 0);
		for (size_t k = 0; k < 3; k++) {
			cr_assert_eq(digest_once(algs[k], view_of(bytes, sizes[i]),
						 &right, &err),
				     0);
			cr_assert(digest_equal(&right, &d[k]));
		}
		mem_free(bytes);
	}
}

static enum ltps_code digests_code(int64_t blob, enum digest_alg alg)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	(void)!blob_digests(reader, blob, &alg, 1, &d, &err);
	return err.code;
}

Test(fixity, digests_with_the_address_among_them_find_another_content)
{
	int64_t large = add(1, FIXTURE_LARGE), small = add(2, SMALL);
	flip(dir, large);
	storage_sql(dir, spoil_small);
	cr_assert_eq(digests_code(large, DIGEST_SHA512), LTPS_CORRUPT);
	cr_assert_eq(digests_code(small, DIGEST_SHA512), LTPS_CORRUPT);
	cr_assert_eq(digests_code(large, DIGEST_SHA256), LTPS_OK);
	cr_assert_eq(digests_code(small, DIGEST_SHA256), LTPS_OK);
}

Test(fixity, digests_of_a_blob_that_is_missing_or_cut_are_refused)
{
	int64_t missing = add(1, FIXTURE_LARGE), shorter = add(2, FIXTURE_LARGE);
	int64_t small = add(3, SMALL);
	lose(dir, missing);
	cut(dir, shorter, FIXTURE_LARGE - 1);
	storage_sql(dir, "UPDATE blob SET data = substr(data, 2) WHERE data NOT NULL");
	cr_assert_eq(digests_code(missing, DIGEST_SHA256), LTPS_CORRUPT);
	cr_assert_eq(digests_code(shorter, DIGEST_SHA256), LTPS_CORRUPT);
	cr_assert_eq(digests_code(small, DIGEST_SHA256), LTPS_CORRUPT);
	cr_assert_eq(digests_code(999, DIGEST_SHA256), LTPS_NOT_FOUND);
	cr_assert_eq(digests_code(small, DIGEST_NONE), LTPS_CORRUPT);
}

/* Damage without a copy */

Test(fixity, damage_without_a_copy_is_told_and_stays)
{
	int64_t flipped = add(1, FIXTURE_LARGE), lost = add(2, FIXTURE_LARGE);
	int64_t shorter = add(3, FIXTURE_LARGE), small = add(4, SMALL);
	int64_t longer = add(5, FIXTURE_LARGE);
	add(6, FIXTURE_LARGE);
	flip(dir, flipped);
	lose(dir, lost);
	cut(dir, shorter, 10);
	cut(dir, longer, FIXTURE_LARGE + 1);
	storage_sql(dir, spoil_small);
	cr_assert_eq(check_all(NULL), 5);
	const int64_t expected[] = { flipped, lost, shorter, small, longer };
	for (size_t i = 0; i < 5; i++) {
		cr_assert_eq(told[i].blob, expected[i]);
		cr_assert_not(told[i].repaired);
		cr_assert_not(told[i].copy);
		cr_assert_str_eq(told[i].tenant, FIXTURE_TENANT);
		cr_assert_str_eq(told[i].kept, "");
	}
	cr_assert_str_eq(told[1].text, "has no file");
	cr_assert_str_eq(told[2].text, "is cut short");
	cr_assert_str_eq(told[4].text, "is longer than what was stored");
	cr_assert_eq(check_all(NULL), 5);
	cr_assert_eq(read_code(1, FIXTURE_LARGE), LTPS_CORRUPT);
}

Test(fixity, a_file_that_the_disk_cannot_read_is_damaged)
{
	add(1, FIXTURE_LARGE);
	copy_all();
	fault_io_arm(&fault, FAULT_READ, 1, EIO);
	cr_assert_eq(check_all(copies), 1);
	cr_assert(told[0].repaired);
	cr_assert_str_eq(told[0].text, "cannot be read: Input/output error");
	must_read(1, FIXTURE_LARGE);
}

/* Repair from the copy */

static void must_be_repaired(int64_t blob, uint64_t i, bool copy, bool kept)
{
	cr_assert_eq(check_all(copies), 1);
	cr_assert_eq(told[0].blob, blob);
	cr_assert_eq(told[0].copy, copy);
	cr_assert(told[0].repaired);
	cr_assert_eq(told[0].kept[0] != '\0', kept);
	cr_assert(!kept || access(told[0].kept, F_OK) == 0);
	cr_assert_eq(check_all(copies), 0, "once");
	must_read(i, FIXTURE_LARGE);
}

Test(fixity, a_damaged_file_is_repaired_from_its_copy_and_kept)
{
	int64_t blob = add(1, FIXTURE_LARGE);
	copy_all();
	flip(dir, blob);
	must_be_repaired(blob, 1, false, true);
	cut(dir, blob, 77);
	must_be_repaired(blob, 1, false, true);
	cr_assert_eq(count_names(dir, ".damaged-1"), 1);
	cr_assert_eq(count_names(dir, ".damaged-2"), 1);
	lose(dir, blob);
	must_be_repaired(blob, 1, false, false);
	cr_assert_eq(count_names(dir, ".damaged-3"), 0);
	cr_assert_eq(fixture_fsck(store, NULL), 0);
}

Test(fixity, a_damaged_copy_is_repaired_from_the_store_and_kept)
{
	int64_t blob = add(1, FIXTURE_LARGE);
	copy_all();
	flip(other, blob);
	must_be_repaired(blob, 1, true, true);
	cut(other, blob, 0);
	must_be_repaired(blob, 1, true, true);
	lose(other, blob);
	must_be_repaired(blob, 1, true, false);
	cr_assert_eq(count_names(other, ".damaged-"), 2);
	cr_assert_eq(count_names(dir, ".damaged-"), 0);
}

Test(fixity, a_damaged_small_blob_is_repaired_and_kept_as_a_file)
{
	add(1, SMALL);
	copy_all();
	storage_sql(dir, spoil_small);
	cr_assert_eq(read_code(1, SMALL), LTPS_CORRUPT);
	cr_assert_eq(check_all(copies), 1);
	cr_assert(told[0].repaired);
	cr_assert(strstr(told[0].kept, ".damaged-1") != NULL);
	cr_assert_eq(access(told[0].kept, F_OK), 0);
	must_read(1, SMALL);
	copy_sql(spoil_copied);
	cr_assert_eq(check_all(copies), 1);
	cr_assert(told[0].copy && told[0].repaired);
	cr_assert(strncmp(told[0].kept, other, strlen(other)) == 0);
	cr_assert_eq(check_all(copies), 0);
}

Test(fixity, damage_on_both_sides_stays_and_is_told_twice)
{
	int64_t large = add(1, FIXTURE_LARGE), small = add(2, SMALL);
	copy_all();
	flip(dir, large);
	cut(other, large, 5);
	storage_sql(dir, spoil_small);
	copy_sql(spoil_copied);
	for (int round = 0; round < 2; round++) {
		cr_assert_eq(check_all(copies), 4);
		for (size_t i = 0; i < 4; i++) {
			cr_assert_eq(told[i].blob, i < 2 ? large : small);
			cr_assert_eq(told[i].copy, i % 2 == 1);
			cr_assert_not(told[i].repaired);
		}
	}
	cr_assert_eq(count_names(dir, ".damaged-"), 0);
	cr_assert_eq(count_names(other, ".damaged-"), 0);
}

Test(fixity, verification_tells_and_changes_nothing)
{
	int64_t blob = add(1, FIXTURE_LARGE), second = add(2, FIXTURE_LARGE);
	copy_all();
	add(3, SMALL);
	flip(dir, blob);
	lose(other, second);
	cr_assert_eq(verify_all(copies), 2);
	cr_assert(!told[0].repaired && !told[1].repaired);
	cr_assert_eq(verify_all(copies), 2);
	cr_assert_eq(read_code(1, FIXTURE_LARGE), LTPS_CORRUPT);
	cr_assert_not(is_there(other, second));
	copies_close(copies);
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(copies_open_reading(store, other, &copies, &err), 0, "%s",
		     err.text);
	cr_assert_eq(verify_all(copies), 2);
}

Test(fixity, one_blob_is_checked_at_once_and_one_that_is_gone_is_whole)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t blob = add(1, FIXTURE_LARGE), second = add(2, FIXTURE_LARGE);
	copy_all();
	flip(dir, blob);
	flip(dir, second);
	cr_assert_eq(fixity_check_one(reader, copies, second, hear, NULL, &err), 0);
	cr_assert_eq(n_told, 1);
	cr_assert(told[0].repaired);
	must_read(2, FIXTURE_LARGE);
	cr_assert_eq(read_code(1, FIXTURE_LARGE), LTPS_CORRUPT);
	delete_object(1);
	cr_assert_eq(fixity_check_one(reader, copies, blob, hear, NULL, &err), 0);
	cr_assert_eq(n_told, 1);
}

/* Copying */

Test(fixity, copies_are_made_in_batches_and_not_twice)
{
	for (uint64_t i = 0; i < 30; i++)
		add(i, i % 2 == 0 ? SMALL + i : FIXTURE_LARGE + i);
	const struct fixity_bound bound = { .blobs = 7 };
	struct fixity_progress p = { 0 };
	unsigned calls = 0;
	while (!p.end) {
		uint64_t before = p.blobs;
		p = copy_some(bound, p);
		cr_assert_leq(p.blobs - before, 7);
		calls++;
	}
	cr_assert_eq(calls, 5);
	cr_assert_eq(p.blobs, 30);
	p = copy_some((struct fixity_bound){ 0 }, (struct fixity_progress){ 0 });
	cr_assert_eq(p.bytes, 0, "all are there");
	cr_assert_eq(n_told, 0);
	cr_assert_eq(check_all(copies), 0);
	cr_assert_eq(count_names(other, ".damaged-"), 0);
}

Test(fixity, a_bound_of_octets_ends_a_call_after_the_blob_that_reaches_it)
{
	for (uint64_t i = 0; i < 4; i++)
		add(i, FIXTURE_LARGE);
	const struct fixity_bound bound = { .bytes = FIXTURE_LARGE + 1 };
	struct fixity_progress p = copy_some(bound, (struct fixity_progress){ 0 });
	cr_assert_eq(p.blobs, 2);
	cr_assert_not(p.end);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fixity_progress q = { 0 };
	cr_assert_eq(fixity_check(reader, NULL, &bound, &q, hear, NULL, &err), 0);
	cr_assert_eq(q.blobs, 2);
	cr_assert_eq(q.bytes, 2 * FIXTURE_LARGE);
}

Test(fixity, a_damaged_blob_is_not_copied_until_it_is_whole)
{
	char path[PATH], aside[PATH];
	int64_t blob = add(1, FIXTURE_LARGE);
	int64_t later = add(2, FIXTURE_LARGE);
	path_of(dir, blob, path);
	snprintf(aside, sizeof(aside), "%.3000s/aside", dir);
	cr_assert_eq(rename(path, aside), 0);
	copy_all();
	cr_assert_eq(n_told, 1);
	cr_assert_eq(told[0].blob, blob);
	cr_assert_not(is_there(other, blob));
	cr_assert(is_there(other, later), "the others are");
	cr_assert_eq(check_all(copies), 1);
	cr_assert_not(told[0].repaired, "there is nothing to repair it from");
	cr_assert_eq(rename(aside, path), 0);
	cr_assert_eq(check_all(copies), 0);
	cr_assert(is_there(other, blob));
}

Test(fixity, deleted_objects_vanish_from_the_copy)
{
	int64_t large = add(1, FIXTURE_LARGE);
	add(2, SMALL);
	int64_t stays = add(3, FIXTURE_LARGE);
	char path[PATH];
	copy_all();
	flip(other, large);
	cr_assert_eq(check_all(copies), 1);
	path_of(other, large, path);
	delete_object(1);
	delete_object(2);
	cr_assert_eq(access(path, F_OK), 0);
	copy_all();
	cr_assert_neq(access(path, F_OK), 0);
	cr_assert_eq(count_names(other, ".damaged-"), 0, "nor in another form");
	cr_assert(is_there(other, stays));
	close_store();
	char db[PATH];
	snprintf(db, sizeof(db), "%.3000s/copy.db", other);
	char link_name[PATH];
	snprintf(link_name, sizeof(link_name), "%.3000s/ltps.db", other);
	cr_assert_eq(rename(db, link_name), 0);
	cr_assert_eq(storage_sql_int(other, "SELECT count(*) FROM copied"), 1);
	cr_assert_eq(rename(link_name, db), 0);
	open_store();
}

Test(fixity, bytes_that_come_again_after_their_deletion_are_copied_again)
{
	add(1, FIXTURE_LARGE);
	copy_all();
	delete_object(1);
	add(1 + 100, SMALL);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fixture_object *o;
	cr_assert_eq(
	    fixture_object_make(store, FIXTURE_TENANT, 1, FIXTURE_LARGE, &o, &err), 0);
	snprintf(o->poid, sizeof(o->poid), "again");
	cr_assert_eq(store_write(store, fixture_object_run, o, &err), 0, "%s",
		     err.text);
	fixture_object_free(o);
	copy_all();
	cr_assert_eq(check_all(copies), 0);
	cr_assert_eq(count_names(other, ".damaged-"), 0);
	copy_all();
	cr_assert_eq(verify_all(copies), 0);
}

Test(fixity, files_that_the_copy_does_not_know_are_swept)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t blob = add(1, FIXTURE_LARGE);
	copy_all();
	flip(other, blob);
	cr_assert_eq(check_all(copies), 1);
	char path[PATH], twin[PATH];
	path_of(other, blob, path);
	snprintf(twin, sizeof(twin), "%s", path);
	char *last = twin + strlen(twin) - 1;
	*last = *last == '0' ? '1' : '0';
	cr_assert_eq(link(path, twin), 0);
	char kept[PATH];
	snprintf(kept, sizeof(kept), "%.4000s.damaged-1", twin);
	cr_assert_eq(link(path, kept), 0);
	cr_assert_eq(fixity_sweep(copies, &err), 0, "%s", err.text);
	cr_assert_neq(access(twin, F_OK), 0);
	cr_assert_neq(access(kept, F_OK), 0);
	cr_assert_eq(access(path, F_OK), 0);
	cr_assert_eq(count_names(other, ".damaged-"), 1, "of what is there: kept");
}

/* Directories */

static enum ltps_code open_code(const char *where, struct ltps_error *err)
{
	struct copies *c = NULL;
	ltps_error_clear(err);
	if (copies_open(store, where, &c, err) == 0)
		copies_close(c);
	return err->code;
}

Test(fixity, a_directory_in_use_is_refused)
{
	struct ltps_error err;
	cr_assert_eq(open_code(other, &err), LTPS_BUSY);
}

Test(fixity, the_copies_of_another_store_are_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char third[4096];
	struct copies *c = NULL;
	copies_close(copies);
	copies = NULL;
	fixture_dir(third);
	struct store *stranger = fixture_open(third);
	cr_assert_eq(copies_open(stranger, other, &c, &err), -1);
	cr_assert_eq(err.code, LTPS_STATE);
	cr_assert(strstr(err.text, "another store") != NULL, "%s", err.text);
	store_close(stranger);
	fixture_remove(third);
}

Test(fixity, a_store_is_no_place_for_copies)
{
	struct ltps_error err;
	char inside[PATH], third[4096];
	snprintf(inside, sizeof(inside), "%.3000s/copies", dir);
	cr_assert_eq(open_code(dir, &err), LTPS_ARGUMENT);
	cr_assert_eq(open_code(inside, &err), LTPS_ARGUMENT);
	fixture_dir(third);
	store_close(fixture_open(third));
	cr_assert_eq(open_code(third, &err), LTPS_STATE);
	fixture_remove(third);
}

Test(fixity, a_directory_that_cannot_be_written_is_told_by_name)
{
	struct ltps_error err;
	char third[4096], file[PATH];
	fixture_dir(third);
	snprintf(file, sizeof(file), "%.3000s/file", third);
	close(open(file, O_CREAT | O_WRONLY, 0600));
	cr_assert_neq(open_code(file, &err), LTPS_OK);
	cr_assert(strstr(err.where, "file") != NULL || strstr(err.text, "file"));
	fault_io_arm(&fault, FAULT_MKDIR, 1, EROFS);
	cr_assert_eq(open_code(third, &err), LTPS_READ_ONLY);
	cr_assert(strstr(err.text, third) != NULL);
	fixture_remove(third);
}

Test(fixity, a_store_put_back_is_older_than_its_copies_and_refused)
{
	struct ltps_error err;
	add(1, SMALL);
	storage_sql(dir, "CREATE TABLE old AS SELECT next FROM sequence");
	for (uint64_t i = 2; i < 5; i++)
		add(i, SMALL);
	copy_all();
	close_store();
	storage_sql(dir, "UPDATE sequence SET next = (SELECT next FROM old);"
			 "DROP TABLE old");
	store = fixture_open(dir);
	cr_assert_eq(open_code(other, &err), LTPS_STATE);
	cr_assert(strstr(err.text, "put back") != NULL);
	store_close(store);
	storage_sql(dir, "UPDATE sequence SET next = 1000");
	store = fixture_open(dir);
	cr_assert_eq(open_code(other, &err), LTPS_STATE, "it stays so: %s", err.text);
	cr_assert_eq(store_reader_open(store, &reader, &err), 0);
}

/* The store as it was when it was backed up, in the place of the one there is. */
static void put_back(const char *backup)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct backup_report report;
	close_store();
	fixture_remove(dir);
	if (store_restore(backup, dir, NULL, NULL, &report, &err) != 0)
		fixture_die("restore", &err);
	store = fixture_open(dir);
	cr_assert_eq(store_reader_open(store, &reader, &err), 0);
}

static void back_up(char backup[4096])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct backup_report report;
	fixture_dir(backup);
	if (store_backup(store, backup, NULL, NULL, &report, &err) != 0)
		fixture_die("backup", &err);
}

static int64_t file_names(void)
{
	return (int64_t)count_names(other, "");
}

Test(fixity, a_store_put_back_is_known_when_its_ids_have_caught_up)
{
	struct ltps_error err;
	char backup[4096], fresh[4096];
	add(1, SMALL);
	copy_all();
	back_up(backup);
	const int64_t last = add(2, FIXTURE_LARGE);
	copy_all();
	const int64_t names = file_names();
	put_back(backup);
	/* As long as no copies were asked for, and longer. */
	for (uint64_t i = 100; add(i, SMALL) <= last + 10;)
		i++;
	cr_assert_eq(open_code(other, &err), LTPS_STATE);
	cr_assert(strstr(err.text, "put back") != NULL, "%s", err.text);
	cr_assert_eq(file_names(), names, "nothing of it went");
	fixture_dir(fresh);
	cr_assert_eq(copies_open(store, fresh, &copies, &err), 0, "%s", err.text);
	copy_all();
	close_store();
	store = fixture_open(dir);
	cr_assert_eq(store_reader_open(store, &reader, &err), 0);
	cr_assert_eq(open_code(other, &err), LTPS_STATE, "still: %s", err.text);
	cr_assert_eq(open_code(fresh, &err), LTPS_OK, "%s", err.text);
	fixture_remove(fresh);
	fixture_remove(backup);
}

Test(fixity, a_store_put_back_that_lacks_nothing_goes_on_with_its_copies)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char backup[4096];
	int64_t blob = add(1, FIXTURE_LARGE);
	copy_all();
	back_up(backup);
	put_back(backup);
	cr_assert_eq(copies_open(store, other, &copies, &err), 0, "%s", err.text);
	add(2, SMALL);
	copy_all();
	cr_assert_eq(check_all(copies), 0);
	cr_assert(is_there(other, blob));
	fixture_remove(backup);
}

/* Copies that were made before there were marks. */
Test(fixity, a_row_of_another_blob_is_not_replaced_and_ends_the_copying)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fixity_progress p = { 0 };
	char backup[4096];
	back_up(backup);
	const int64_t one = add(1, SMALL);
	copy_all();
	put_back(backup);
	storage_sql(dir, "INSERT INTO setting (name, value) "
			 "VALUES ('copies.mark', x'ff00000000000000')");
	cr_assert_eq(add(7, SMALL + 1), one, "the same number again");
	cr_assert_eq(copies_open(store, other, &copies, &err), 0, "%s", err.text);
	cr_assert_eq(fixity_copy(reader, copies, &(struct fixity_bound){ 0 }, &p, hear,
				 NULL, &err),
		     -1);
	cr_assert_eq(err.code, LTPS_STATE);
	cr_assert(strstr(err.text, "put back") != NULL, "%s", err.text);
	cr_assert_eq(check_code(copies, false, &p, &err), -1);
	copies_close(copies);
	copies = NULL;
	cr_assert_eq(open_code(other, &err), LTPS_STATE, "remembered: %s", err.text);
	fixture_remove(backup);
}

Test(fixity, an_emptied_directory_is_another_copy_and_filled_again)
{
	uint8_t before[COPIES_ID_BYTES], after[COPIES_ID_BYTES];
	int64_t blob = add(1, FIXTURE_LARGE);
	add(2, SMALL);
	copy_all();
	copies_id(copies, before);
	close_store();
	fixture_remove(other);
	cr_assert_eq(mkdir(other, 0700), 0);
	open_store();
	copies_id(copies, after);
	cr_assert(memcmp(before, after, sizeof(before)) != 0);
	cr_assert_eq(check_all(copies), 0, "never copied is not damaged");
	cr_assert(is_there(other, blob));
	copy_all();
	cr_assert_eq(check_all(copies), 0);
}

Test(fixity, files_of_a_copy_whose_database_is_gone_are_taken_over)
{
	int64_t good = add(1, FIXTURE_LARGE), bad = add(2, FIXTURE_LARGE);
	char db[PATH];
	copy_all();
	flip(other, bad);
	close_store();
	for (int i = 0; i < 3; i++) {
		static const char *const names[] = { "", "-wal", "-shm" };
		snprintf(db, sizeof(db), "%.3000s/copy.db%s", other, names[i]);
		(void)unlink(db);
	}
	open_store();
	copy_all();
	cr_assert_eq(n_told, 0);
	cr_assert(is_there(other, good));
	cr_assert_eq(count_names(other, ".damaged-1"), 1, "the bad one is kept");
	cr_assert_eq(check_all(copies), 0);
}

/* Full disks */

static enum ltps_code copy_code(struct fixity_progress *p)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct fixity_bound bound = { 0 };
	int rc = fixity_copy(reader, copies, &bound, p, hear, NULL, &err);
	cr_assert_eq(rc == 0, err.code == LTPS_OK);
	return err.code;
}

Test(fixity, a_full_disk_ends_the_copying_and_nothing_is_lost)
{
	struct fixity_progress p = { 0 };
	add(1, FIXTURE_LARGE);
	add(2, FIXTURE_LARGE);
	static const enum fault_op ops[] = { FAULT_MKDIR, FAULT_OPEN, FAULT_WRITE,
					     FAULT_SYNCFS, FAULT_RENAME };
	for (size_t i = 0; i < 5; i++) {
		/* The first folder is only tried. */
		fault_io_arm(&fault, ops[i], ops[i] == FAULT_MKDIR ? 2 : 1, ENOSPC);
		cr_assert_eq(copy_code(&p), LTPS_NO_SPACE, "%zu", i);
		cr_assert_eq(p.after, 0);
		cr_assert_not(p.end);
	}
	cr_assert_eq(copy_code(&p), LTPS_OK);
	cr_assert(p.end);
	cr_assert_eq(check_all(copies), 0);
	cr_assert_eq(count_names(other, "-"), count_names(other, "copy.db-"),
		     "no temporary file stays");
}

Test(fixity, a_full_disk_ends_the_repair_and_the_damage_is_told)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t blob = add(1, FIXTURE_LARGE);
	copy_all();
	flip(dir, blob);
	static const enum fault_op ops[] = { FAULT_OPEN, FAULT_WRITE, FAULT_FDATASYNC,
					     FAULT_RENAME };
	for (size_t i = 0; i < 4; i++) {
		struct fixity_progress p = { 0 };
		fault_io_arm(&fault, ops[i], 1, ENOSPC);
		cr_assert_eq(check_code(copies, true, &p, &err), -1);
		cr_assert_eq(err.code, LTPS_NO_SPACE, "%zu: %s", i, err.text);
		cr_assert_eq(p.after, 0, "it comes again");
		cr_assert_eq(n_told, 1);
		cr_assert_not(told[0].repaired);
		cr_assert(is_there(dir, blob));
	}
	must_be_repaired(blob, 1, false, true);
}

Test(fixity, a_repair_that_fails_between_the_names_is_made_by_the_next)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fixity_progress p = { 0 };
	int64_t blob = add(1, FIXTURE_LARGE);
	copy_all();
	flip(dir, blob);
	fault_io_arm(&fault, FAULT_RENAME, 2, EIO);
	cr_assert_eq(check_code(copies, true, &p, &err), -1);
	cr_assert_not(is_there(dir, blob));
	cr_assert_eq(count_names(dir, ".damaged-1"), 1);
	must_be_repaired(blob, 1, false, false);
}

Test(fixity, a_copy_that_fails_while_it_is_fetched_repairs_nothing)
{
	int64_t blob = add(1, FIXTURE_LARGE);
	copy_all();
	flip(dir, blob);
	/* Each file is read in one piece and an end: the store's, the copy, and it
	 * again. */
	fault_io_arm(&fault, FAULT_READ, 5, EIO);
	cr_assert_eq(check_all(copies), 1);
	cr_assert_not(told[0].repaired);
	cr_assert_eq(count_names(dir, ".damaged-"), 0);
	must_be_repaired(blob, 1, false, true);
}

/* Deletion leaves nothing */

static uint64_t goes_at_sync; /* object that is deleted while its repair is synced */

static int sync_and_delete(void *self, int fd)
{
	uint64_t i = goes_at_sync;
	(void)self;
	goes_at_sync = 0;
	if (i != 0)
		delete_object(i);
	return io_system()->fdatasync(NULL, fd);
}

Test(fixity, a_blob_that_is_deleted_during_its_repair_does_not_come_back)
{
	char path[PATH];
	close_store();
	fault.io.fdatasync = sync_and_delete;
	open_store();
	int64_t blob = add(1, FIXTURE_LARGE);
	copy_all();
	flip(dir, blob);
	path_of(dir, blob, path);
	goes_at_sync = 1;
	cr_assert_eq(check_all(copies), 1);
	cr_assert_not(told[0].repaired);
	add(2, SMALL);
	cr_assert_neq(access(path, F_OK), 0);
	cr_assert_eq(count_names(dir, ".damaged-"), 0);
}

Test(fixity, damaged_bytes_of_a_deleted_object_go_with_it)
{
	int64_t large = add(1, FIXTURE_LARGE);
	add(2, SMALL);
	add(3, FIXTURE_LARGE);
	copy_all();
	flip(dir, large);
	storage_sql(dir, spoil_small);
	cr_assert_eq(check_all(copies), 2);
	cr_assert_eq(count_names(dir, ".damaged-1"), 2);
	delete_object(1);
	delete_object(2);
	/* The file goes with the writer's next batch. */
	add(4, SMALL);
	cr_assert_eq(count_names(dir, ".damaged-"), 0);
	must_read(3, FIXTURE_LARGE);
}

Test(fixity, damaged_bytes_whose_blob_went_with_a_crash_are_swept_at_the_start)
{
	char path[PATH], wanted[PATH], unwanted[PATH];
	path_of(dir, add(1, FIXTURE_LARGE), path);
	snprintf(wanted, sizeof(wanted), "%.4000s.damaged-1", path);
	snprintf(unwanted, sizeof(unwanted), "%.4000s.blob-999.damaged-1", path);
	cr_assert_eq(link(path, wanted), 0);
	cr_assert_eq(link(path, unwanted), 0);
	close_store();
	open_store();
	cr_assert_eq(access(wanted, F_OK), 0, "its blob is there");
	cr_assert_neq(access(unwanted, F_OK), 0);
}

/* Who holds it */

static char users[1000];

static int note_user(void *arg, const char *kind, const char *tenant,
		     const char *subject, struct ltps_error *err)
{
	size_t n = strlen(users);
	(void)arg;
	(void)err;
	snprintf(users + n, sizeof(users) - n, "%s %s %s;", kind, tenant, subject);
	return 0;
}

Test(fixity, the_objects_that_hold_a_blob_are_told)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fixture_object *o;
	int64_t blob = add(1, FIXTURE_LARGE);
	cr_assert_eq(
	    fixture_object_make(store, FIXTURE_TENANT, 1, FIXTURE_LARGE, &o, &err), 0);
	snprintf(o->poid, sizeof(o->poid), "twin");
	cr_assert_eq(store_write(store, fixture_object_run, o, &err), 0);
	fixture_object_free(o);
	cr_assert_eq(fixity_users(reader, blob, note_user, NULL, &err), 0);
	cr_assert_str_eq(users, "object alpha poid-00000001;object alpha twin;");
	users[0] = '\0';
	cr_assert_eq(fixity_users(reader, 999, note_user, NULL, &err), 0);
	cr_assert_str_eq(users, "");
}

/* Killed */

static int hear_nothing(void *arg, const struct fixity_damage *d,
			struct ltps_error *err)
{
	(void)arg;
	(void)d;
	(void)err;
	return 0;
}

/* All of it in a process that dies at this fail-point; false: it was not passed. */
static bool die_at(const char *name)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int status;
	char spec[128];
	snprintf(spec, sizeof(spec), "%s:1:kill", name);
	close_store();
	pid_t pid = fork();
	if (pid == 0) {
		struct fixity_progress p = { 0 }, q = { 0 };
		const struct fixity_bound bound = { 0 };
		open_store();
		if (failpoint_arm(spec, &err) != 0)
			_exit(3);
		(void)!fixity_check(reader, copies, &bound, &q, hear_nothing, NULL,
				    &err);
		(void)!fixity_copy(reader, copies, &bound, &p, hear_nothing, NULL,
				   &err);
		_exit(err.code == LTPS_OK ? 0 : 4);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	open_store();
	if (WIFEXITED(status))
		cr_assert_eq(WEXITSTATUS(status), 0);
	else
		cr_assert_eq(WTERMSIG(status), SIGKILL);
	return WIFSIGNALED(status);
}

/*
 * A damaged file, small blob and copy of each, blobs to copy, one to drop: after death
 * at any step, and a second run, everything is whole on both sides and nothing of what
 * was damaged is lost or stays without its blob.
 */
Test(fixity, death_at_any_step_is_made_good_by_the_next_run,
     .timeout = TEST_SECONDS_MAX)
{
	for (uint64_t k = 0; fixity_failpoints[k] != NULL; k++) {
		uint64_t i = 100 * (k + 1);
		int64_t file = add(i, FIXTURE_LARGE + k);
		int64_t copied = add(i + 1, FIXTURE_LARGE + k);
		add(i + 2, SMALL);
		add(i + 3, FIXTURE_LARGE + k);
		copy_all();
		flip(dir, file);
		flip(other, copied);
		storage_sql(dir, spoil_small);
		delete_object(i + 3);
		add(i + 4, FIXTURE_LARGE + k);
		add(i + 5, FIXTURE_LARGE + k);
		add(i + 6, SMALL);
		cr_assert(die_at(fixity_failpoints[k]), "%s is passed",
			  fixity_failpoints[k]);
		check_all(copies);
		copy_all();
		cr_assert_eq(check_all(copies), 0, "%s", fixity_failpoints[k]);
		for (uint64_t j = 0; j < 7; j++)
			if (j != 3)
				must_read(i + j,
					  j == 2 || j == 6 ? SMALL : FIXTURE_LARGE + k);
		cr_assert_eq(fixture_fsck(store, NULL), 0);
	}
	cr_assert_eq(count_names(dir, "-"), count_names(dir, ".damaged-") + 2,
		     "no temporary file stays, but for the log's");
}

Test(fixity, a_kept_file_of_a_killed_repair_is_the_damaged_one)
{
	int64_t blob = add(1, FIXTURE_LARGE);
	copy_all();
	flip(dir, blob);
	cr_assert(die_at("storage.repair.before_place"));
	cr_assert_not(is_there(dir, blob));
	cr_assert_eq(count_names(dir, ".damaged-1"), 1);
	cr_assert_eq(check_all(copies), 1);
	cr_assert(told[0].repaired);
	cr_assert_eq(count_names(dir, ".damaged-"), 1);
	must_read(1, FIXTURE_LARGE);
}

/* ---- from bytes that were got again ---- */

static int mend(int64_t blob, struct view bytes)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const int rc = fixity_mend(reader, blob, bytes, &err);
	cr_assert_eq(rc, err.code == LTPS_OK ? 0 : -1);
	return (int)err.code;
}

Test(fixity, mended_with_the_bytes_once_stored_and_with_no_others)
{
	int64_t blobs[] = { add(1, FIXTURE_LARGE), add(2, SMALL),
			    add(3, FIXTURE_LARGE) };
	struct buf good[3];
	for (size_t i = 0; i < 3; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		good[i] = buf_make(FIXTURE_LARGE);
		cr_assert_eq(blob_read(reader, blobs[i], &good[i], &err), 0);
	}
	flip(dir, blobs[0]);
	storage_sql(dir, spoil_small);
	lose(dir, blobs[2]);
	cr_assert_eq(verify_all(NULL), 3);
	for (size_t i = 0; i < 3; i++) {
		cr_assert_eq(mend(blobs[i], view_buf(&good[(i + 1) % 3])),
			     LTPS_ARGUMENT);
		cr_assert_eq(verify_all(NULL), 3 - i);
		cr_assert_eq(mend(blobs[i], view_buf(&good[i])), LTPS_OK);
		cr_assert_eq(verify_all(NULL), 2 - i);
		cr_assert_eq(mend(blobs[i], view_buf(&good[i])), LTPS_OK, "whole");
	}
	/* What was damaged is never lost. */
	char path[PATH + 16];
	path_of(dir, blobs[0], path);
	strcat(path, ".damaged-1");
	cr_assert_eq(access(path, F_OK), 0);
	cr_assert_eq(mend(blobs[2] + 1000, view_buf(&good[2])), LTPS_NOT_FOUND);
	for (size_t i = 0; i < 3; i++)
		buf_free(&good[i]);
}
