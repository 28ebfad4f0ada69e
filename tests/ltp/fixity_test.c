/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

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
#include "ltp/fixity.h"
#include "storage/fixity.h"
#include "storage/material.h"
#include "tests/support/storage_fixture.h"
#include "tests/support/storage_sql.h"
#include "tests/support/test_time.h"

#define SMALL 500
#define PATH 8400
#define DAY_MS ((int64_t)86400000)
#define MINUTE_MS ((int64_t)60000)

static char dir[4096], other[4096];
static struct store *store;
static struct clock now;
static struct fault_io fault;
static struct ltp_options options;
static struct ltp *ltp;
static struct ltp_worker *w;

static void open_all(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_options so = { .dir = dir, .io = &fault.io };
	if (store_open(&so, &store, &err) != 0)
		fixture_die("store", &err);
	options.store = store;
	options.clock = &now;
	if (ltp_new(&options, &ltp, &err) != 0 || ltp_worker_new(ltp, &w, &err) != 0)
		fixture_die("ltp", &err);
}

static void close_all(void)
{
	ltp_worker_free(w);
	ltp_free(ltp);
	store_close(store);
}

/* The same store under other options. */
static void restart(void)
{
	close_all();
	open_all();
}

static void setup(void)
{
	fixture_dir(dir);
	fixture_dir(other);
	fault_io_init(&fault);
	now = clock_fixed(FIXTURE_TIME);
	options = (struct ltp_options){ .upkeep = { .fixity_ms = 90 * DAY_MS,
						    .copies = other } };
	open_all();
}

static void setup_alone(void)
{
	setup();
	options.upkeep.copies = NULL;
	restart();
}

static void teardown(void)
{
	close_all();
	fixture_remove(dir);
	fixture_remove(other);
}

TestSuite(fixity, .init = setup, .fini = teardown);
TestSuite(fixity_alone, .init = setup_alone, .fini = teardown);

/* Turns */

static struct upkeep_turn turn_of(const char *kind, const char *subject)
{
	struct upkeep_turn t = { .now_ms = now.fixed_ms };
	snprintf(t.job.kind, sizeof(t.job.kind), "%s", kind);
	snprintf(t.job.subject, sizeof(t.job.subject), "%s", subject);
	return t;
}

static struct upkeep_turn must_turn(upkeep_fn *fn, const char *kind,
				    const char *subject)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct upkeep_turn t = turn_of(kind, subject);
	cr_assert_eq(fn(w, &t, &err), 0, "%s (%s)", err.text, err.where);
	cr_assert_eq(err.code, LTPS_OK);
	return t;
}

static struct upkeep_turn copy_once(void)
{
	return must_turn(copy_turn, JOB_COPY, "");
}

static void copy_all(void)
{
	struct upkeep_turn t = copy_once();
	for (int i = 0; t.again_ms == now.fixed_ms; i++) {
		cr_assert_lt(i, 1000);
		t = copy_once();
	}
	cr_assert_eq(t.again_ms, INT64_MAX);
	cr_assert_str_eq(t.trouble, "");
}

static struct upkeep_turn check_once(void)
{
	return must_turn(fixity_turn, JOB_FIXITY, "");
}

/* A whole round from its beginning, on the clock; the last turn. */
static struct upkeep_turn check_round(void)
{
	now.fixed_ms += 90 * DAY_MS;
	int64_t begin = now.fixed_ms;
	struct upkeep_turn t = check_once();
	for (int i = 0; t.again_ms < begin + 90 * DAY_MS && i < 1000; i++) {
		if (t.again_ms >= now.fixed_ms + 60 * MINUTE_MS)
			break; /* only what is listed is looked at again */
		now.fixed_ms = t.again_ms;
		t = check_once();
	}
	return t;
}

static uint64_t damage_count(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint64_t n = 0;
	cr_assert_eq(fixity_damage_count(w->conn, &n, &err), 0, "%s", err.text);
	return n;
}

static int64_t audits(const char *operation)
{
	char sql[200];
	snprintf(sql, sizeof(sql), "SELECT count(*) FROM audit WHERE operation = '%s'",
		 operation);
	return storage_sql_int(dir, sql);
}

/* Objects */

static int64_t add(uint64_t i, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char poid[32];
	struct object *o = NULL;
	cr_assert_eq(fixture_add(store, i, n, NULL, NULL, &err), 0, "%s", err.text);
	fixture_poid(i, poid);
	cr_assert_eq(object_get(w->conn, FIXTURE_TENANT, poid, &o, &err), 0);
	int64_t blob = o->versions[0].parts[0].blob;
	object_free(o);
	return blob;
}

static void path_of(const char *root, int64_t blob, char out[PATH])
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct blob_info info;
	char hex[129];
	cr_assert_eq(blob_get(w->conn, blob, &info, &err), 0, "%s", err.text);
	hex_encode(digest_view(&info.sha512), hex);
	snprintf(out, PATH, "%.3000s/blobs/%s/%.2s/%s", root, info.tenant, hex, hex);
}

static void flip(const char *root, int64_t blob)
{
	char path[PATH];
	char byte;
	path_of(root, blob, path);
	cr_assert_eq(chmod(path, 0600), 0);
	int fd = open(path, O_RDWR);
	cr_assert_geq(fd, 0);
	cr_assert_eq(pread(fd, &byte, 1, 3), 1);
	byte ^= 1;
	cr_assert_eq(pwrite(fd, &byte, 1, 3), 1);
	close(fd);
}

static void lose(const char *root, int64_t blob)
{
	char path[PATH];
	path_of(root, blob, path);
	cr_assert_eq(unlink(path), 0);
}

static void spoil_small(void)
{
	storage_sql(dir, "UPDATE blob SET data = CAST(substr(data, 1, size - 1) || "
			 "x'00' AS BLOB) WHERE data IS NOT NULL");
}

static bool is_there(const char *root, int64_t blob)
{
	char path[PATH];
	path_of(root, blob, path);
	return access(path, F_OK) == 0;
}

static void must_read(uint64_t i, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(fixture_check(w->conn, i, n, &err), 0, "%s", err.text);
}

/* Copying */

Test(fixity_alone, copying_without_a_directory_is_nothing_to_do)
{
	struct upkeep_turn t = copy_once();
	cr_assert_eq(t.again_ms, INT64_MAX);
	cr_assert_str_eq(t.trouble, "");
}

Test(fixity, the_copies_follow_a_minute_behind_and_go_on_after_a_restart)
{
	int64_t first = add(1, FIXTURE_LARGE);
	copy_all();
	cr_assert(is_there(other, first));
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM setting WHERE name = "
					  "'copies' AND substr(value, 17, 8) <> "
					  "zeroblob(8)"),
		     1, "the cursor behind the name of the copy");
	restart();
	int64_t second = add(2, FIXTURE_LARGE);
	lose(other, first);
	copy_all();
	cr_assert(is_there(other, second));
	cr_assert_not(is_there(other, first), "not made twice");
}

Test(fixity, one_turn_of_copying_is_bounded)
{
	for (uint64_t i = 0; i < 24; i++)
		add(i, 3 << 20);
	struct upkeep_turn t = copy_once();
	cr_assert_eq(t.again_ms, now.fixed_ms, "72 MiB are more than one turn");
	copy_all();
}

Test(fixity, a_directory_that_is_gone_is_trouble_and_not_made_anew)
{
	add(1, FIXTURE_LARGE);
	copy_all();
	fixture_remove(other);
	struct upkeep_turn t = copy_once();
	cr_assert(t.alarm);
	cr_assert(strstr(t.trouble, other) != NULL, "%s", t.trouble);
	cr_assert_eq(t.again_ms, now.fixed_ms + MINUTE_MS);
	cr_assert_neq(access(other, F_OK), 0);
	t = check_once();
	cr_assert(t.alarm && strstr(t.trouble, other) != NULL);
	cr_assert_eq(damage_count(), 0);
}

/* /dev/shm stands for another disk. */
Test(fixity, a_disk_that_is_not_mounted_is_trouble_and_not_filled_again)
{
	char disk[] = "/dev/shm/ltps-copies-XXXXXX";
	char mount_point[PATH];
	struct stat here, there;
	if (mkdtemp(disk) == NULL || stat(disk, &there) != 0 || stat(dir, &here) != 0 ||
	    here.st_dev == there.st_dev)
		cr_skip_test("no other file system at hand");
	snprintf(mount_point, sizeof(mount_point), "%.3000s/mnt", other);
	cr_assert_eq(symlink(disk, mount_point), 0);
	options.upkeep.copies = mount_point;
	restart();
	add(1, FIXTURE_LARGE);
	copy_all();
	cr_assert_eq(unlink(mount_point), 0);
	cr_assert_eq(mkdir(mount_point, 0700), 0);
	struct upkeep_turn t = copy_once();
	cr_assert(t.alarm);
	cr_assert(strstr(t.trouble, "mounted") != NULL, "%s", t.trouble);
	cr_assert_eq(rmdir(mount_point), 0, "nothing was made there");
	cr_assert_eq(symlink(disk, mount_point), 0);
	copy_all();
	cr_assert_str_eq(check_round().trouble, "");
	options.upkeep.copies = NULL;
	restart();
	fixture_remove(disk);
}

Test(fixity, an_emptied_directory_is_filled_again)
{
	int64_t blob = add(1, FIXTURE_LARGE);
	copy_all();
	fixture_remove(other);
	cr_assert_eq(mkdir(other, 0700), 0);
	copy_all();
	cr_assert(is_there(other, blob));
	cr_assert_str_eq(check_round().trouble, "");
}

Test(fixity, the_copies_of_another_store_are_trouble)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct copies *c = NULL;
	char third[4096];
	fixture_dir(third);
	struct store *stranger = fixture_open(third);
	cr_assert_eq(copies_open(stranger, other, &c, &err), 0);
	copies_close(c);
	store_close(stranger);
	fixture_remove(third);
	struct upkeep_turn t = copy_once();
	cr_assert(t.alarm);
	cr_assert(strstr(t.trouble, "another store") != NULL, "%s", t.trouble);
	t = check_once();
	cr_assert(strstr(t.trouble, "another store") != NULL, "%s", t.trouble);
}

Test(fixity, a_directory_that_cannot_be_written_is_trouble_and_the_round_goes_on)
{
	int64_t blob = add(1, FIXTURE_LARGE);
	flip(dir, blob);
	fault_io_arm(&fault, FAULT_MKDIR, 1, EROFS);
	struct upkeep_turn t = copy_once();
	cr_assert(t.alarm);
	cr_assert(strstr(t.trouble, "cannot create") != NULL, "%s", t.trouble);
	fault_io_arm(&fault, FAULT_MKDIR, 1, EROFS);
	(void)check_once();
	cr_assert_eq(damage_count(), 1);
}

Test(fixity, copies_in_use_by_another_process_are_waited_for)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct copies *c = NULL;
	cr_assert_eq(copies_open(store, other, &c, &err), 0);
	struct upkeep_turn t = copy_once();
	cr_assert_str_eq(t.trouble, "");
	cr_assert_eq(t.again_ms, now.fixed_ms + 10000);
	cr_assert_eq(check_once().again_ms, now.fixed_ms + 10000);
	copies_close(c);
}

Test(fixity, a_full_disk_is_an_error_of_the_turn_and_nothing_is_lost)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	add(1, FIXTURE_LARGE);
	copy_all();
	int64_t blob = add(2, FIXTURE_LARGE);
	struct upkeep_turn t = turn_of(JOB_COPY, "");
	fault_io_arm(&fault, FAULT_WRITE, 1, ENOSPC);
	cr_assert_eq(copy_turn(w, &t, &err), -1);
	cr_assert_eq(err.code, LTPS_NO_SPACE);
	copy_all();
	cr_assert(is_there(other, blob));
}

static int run_delete(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	return object_delete(conn, *(int64_t *)arg, FIXTURE_TIME, err);
}

Test(fixity, deleted_objects_vanish_from_the_copy_and_from_the_damage)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char path[PATH];
	int64_t object;
	cr_assert_eq(fixture_add(store, 1, FIXTURE_LARGE, &object, NULL, &err), 0);
	int64_t blob = storage_sql_int(dir, "SELECT id FROM blob WHERE data IS NULL");
	copy_all();
	path_of(other, blob, path);
	flip(dir, blob);
	flip(other, blob);
	(void)check_round();
	cr_assert_eq(damage_count(), 1);
	cr_assert_eq(store_write(store, run_delete, &object, &err), 0);
	cr_assert_eq(damage_count(), 0);
	copy_all();
	cr_assert_neq(access(path, F_OK), 0);
	cr_assert_str_eq(check_round().trouble, "");
	cr_assert_eq(audits("ObjectRepaired"), 0);
}

/* Damage */

Test(fixity_alone, damage_is_an_alarm_until_it_is_whole_and_told_once)
{
	int64_t blob = add(1, FIXTURE_LARGE);
	add(2, SMALL);
	flip(dir, blob);
	spoil_small();
	struct upkeep_turn t = check_round();
	cr_assert(t.alarm);
	cr_assert(strstr(t.trouble, "2 blobs") != NULL, "%s", t.trouble);
	cr_assert_eq(damage_count(), 2);
	cr_assert_eq(audits("ObjectDamaged"), 2);
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM audit WHERE operation "
					  "= 'ObjectDamaged' AND tenant = 'alpha' AND "
					  "poid = 'poid-00000001'"),
		     1);
	cr_assert_eq(t.again_ms, now.fixed_ms + 24 * 60 * MINUTE_MS, "looked at again");
	now.fixed_ms = t.again_ms;
	t = check_once();
	cr_assert(t.alarm);
	lose(dir, add(3, FIXTURE_LARGE + 1));
	(void)check_round();
	cr_assert_eq(audits("ObjectDamaged"), 3, "the new one, not the others again");
	flip(dir, blob);
	now.fixed_ms += 60 * MINUTE_MS;
	t = check_once();
	cr_assert(strstr(t.trouble, "2 blobs") != NULL, "%s", t.trouble);
	cr_assert_eq(audits("ObjectRepaired"), 1);
	cr_assert_eq(damage_count(), 2);
}

Test(fixity, damage_is_told_and_repaired_from_the_copy_in_the_same_turn)
{
	int64_t flipped = add(1, FIXTURE_LARGE), lost = add(2, FIXTURE_LARGE);
	add(3, SMALL);
	copy_all();
	flip(dir, flipped);
	lose(dir, lost);
	spoil_small();
	struct upkeep_turn t = check_round();
	cr_assert_str_eq(t.trouble, "");
	cr_assert_eq(damage_count(), 0);
	cr_assert_eq(audits("ObjectDamaged"), 3);
	cr_assert_eq(audits("ObjectRepaired"), 3);
	must_read(1, FIXTURE_LARGE);
	must_read(2, FIXTURE_LARGE);
	must_read(3, SMALL);
	(void)check_round();
	cr_assert_eq(audits("ObjectRepaired"), 3);
}

Test(fixity, a_damaged_copy_is_repaired_and_no_object_hears_of_it)
{
	int64_t flipped = add(1, FIXTURE_LARGE), lost = add(2, FIXTURE_LARGE);
	copy_all();
	flip(other, flipped);
	lose(other, lost);
	struct upkeep_turn t = check_round();
	cr_assert_str_eq(t.trouble, "");
	cr_assert_eq(audits("CopyRepaired"), 1, "one entry");
	cr_assert_eq(audits("ObjectDamaged") + audits("ObjectRepaired"), 0);
	cr_assert(is_there(other, lost));
}

Test(fixity, damage_on_both_sides_is_an_alarm)
{
	int64_t blob = add(1, FIXTURE_LARGE);
	copy_all();
	flip(dir, blob);
	flip(other, blob);
	struct upkeep_turn t = check_round();
	cr_assert(t.alarm);
	cr_assert(strstr(t.trouble, "no copy of them is whole") != NULL);
	cr_assert_eq(damage_count(), 1);
	/* Somebody brings the copy back. */
	flip(other, blob);
	now.fixed_ms += 60 * MINUTE_MS;
	t = check_once();
	cr_assert_str_eq(t.trouble, "");
	cr_assert_eq(audits("ObjectRepaired"), 1);
	must_read(1, FIXTURE_LARGE);
}

Test(fixity, a_full_disk_ends_the_repair_and_a_later_turn_makes_it)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t blob = add(1, FIXTURE_LARGE);
	copy_all();
	flip(dir, blob);
	struct upkeep_turn t = turn_of(JOB_FIXITY, "");
	fault_io_arm(&fault, FAULT_WRITE, 1, ENOSPC);
	cr_assert_eq(fixity_turn(w, &t, &err), -1);
	cr_assert_eq(err.code, LTPS_NO_SPACE);
	cr_assert_eq(damage_count(), 1);
	cr_assert_eq(audits("ObjectDamaged"), 1);
	t = check_once();
	cr_assert_eq(damage_count(), 0);
	cr_assert_eq(audits("ObjectDamaged"), 1);
	cr_assert_eq(audits("ObjectRepaired"), 1);
	must_read(1, FIXTURE_LARGE);
}

static int run_material(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	int64_t id;
	const struct material_new m = { .kind = MATERIAL_ROW_OTHER,
					.blob = arg,
					.fetched_ms = FIXTURE_TIME };
	return material_put(conn, &m, &id, NULL, err);
}

Test(fixity, damaged_material_is_damaged_evidence)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct blob_new *b = NULL;
	cr_assert_eq(blob_prepare(store, STORE_TENANT_SYSTEM, view_text("a CRL"), NULL,
				  &b, &err),
		     0);
	cr_assert_eq(store_write(store, run_material, b, &err), 0);
	blob_new_free(b);
	copy_all();
	spoil_small();
	(void)check_round();
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM audit WHERE operation "
					  "= 'EvidenceDamaged' AND detail LIKE "
					  "'%material:1%' AND poid IS NULL"),
		     1);
	cr_assert_eq(audits("EvidenceRepaired"), 1);
}

/* One blob */

Test(fixity, a_read_that_finds_damage_stays_corrupt_and_wakes_the_repair)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(1 << 20);
	int64_t blob = add(1, FIXTURE_LARGE), second = add(2, FIXTURE_LARGE);
	char subject[32], sql[200];
	copy_all();
	flip(dir, blob);
	flip(dir, second);
	cr_assert_eq(fixity_blob_read(w, blob, &out, &err), -1);
	cr_assert_eq(err.code, LTPS_CORRUPT);
	cr_assert_eq(out.n, 0);
	snprintf(subject, sizeof(subject), "%lld", (long long)blob);
	snprintf(sql, sizeof(sql),
		 "SELECT count(*) FROM job WHERE kind = 'fixity' AND subject = '%s' "
		 "AND due_ms <= %lld",
		 subject, (long long)now.fixed_ms);
	cr_assert_eq(storage_sql_int(dir, sql), 1);
	struct upkeep_turn t = must_turn(fixity_turn, JOB_FIXITY, subject);
	cr_assert_eq(t.again_ms, INT64_MAX);
	cr_assert_eq(audits("ObjectRepaired"), 1);
	ltps_error_clear(&err);
	cr_assert_eq(fixity_blob_read(w, blob, &out, &err), 0);
	buf_clear(&out);
	cr_assert_eq(fixity_blob_read(w, second, &out, &err), -1, "not looked at");
	buf_free(&out);
}

Test(fixity, a_blob_damaged_before_it_was_copied_is_copied_when_it_is_whole)
{
	int64_t blob = add(1, FIXTURE_LARGE);
	char subject[32];
	flip(dir, blob);
	copy_all();
	cr_assert_not(is_there(other, blob));
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM job WHERE kind = "
					  "'fixity' AND subject <> ''"),
		     1);
	snprintf(subject, sizeof(subject), "%lld", (long long)blob);
	cr_assert(must_turn(fixity_turn, JOB_FIXITY, subject).alarm);
	flip(dir, blob);
	cr_assert_str_eq(must_turn(fixity_turn, JOB_FIXITY, subject).trouble, "");
	cr_assert(is_there(other, blob));
}

/* Time */

Test(fixity_alone, the_rate_is_kept_by_the_clock)
{
	options.upkeep.fixity_rate = 200000;
	restart();
	for (uint64_t i = 0; i < 40; i++)
		add(i, FIXTURE_LARGE);
	int64_t begin = now.fixed_ms;
	struct upkeep_turn t = check_once();
	unsigned turns = 1;
	while (t.again_ms < begin + 90 * DAY_MS) {
		cr_assert_lt(turns, 100);
		cr_assert_gt(t.again_ms, now.fixed_ms);
		now.fixed_ms = t.again_ms;
		t = check_once();
		turns++;
	}
	int64_t least = (int64_t)40 * FIXTURE_LARGE * 1000 / 200000;
	cr_assert_geq(now.fixed_ms - begin, least - 2000);
	cr_assert_leq(now.fixed_ms - begin, least * 11 / 10);
	cr_assert_eq(t.again_ms, begin + 90 * DAY_MS, "once in the period");
}

Test(fixity_alone, a_round_goes_on_after_a_restart_where_it_was)
{
	int64_t blobs[6];
	options.upkeep.fixity_rate = 2 * FIXTURE_LARGE;
	restart();
	for (uint64_t i = 0; i < 6; i++)
		blobs[i] = add(i, FIXTURE_LARGE);
	struct upkeep_turn t = check_once();
	restart();
	flip(dir, blobs[0]);
	flip(dir, blobs[5]);
	while (t.again_ms < now.fixed_ms + MINUTE_MS) {
		now.fixed_ms = t.again_ms;
		t = check_once();
	}
	cr_assert_eq(damage_count(), 1, "the first was read before");
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM audit WHERE poid = "
					  "'poid-00000005' AND operation = "
					  "'ObjectDamaged'"),
		     1);
}

Test(fixity_alone, a_round_that_takes_too_long_is_told_without_alarm)
{
	options.upkeep.fixity_rate = FIXTURE_LARGE;
	options.upkeep.fixity_ms = 1000;
	restart();
	for (uint64_t i = 0; i < 5; i++)
		add(i, FIXTURE_LARGE);
	struct upkeep_turn t = check_once();
	cr_assert_str_eq(t.trouble, "");
	now.fixed_ms = t.again_ms;
	t = check_once();
	now.fixed_ms = t.again_ms;
	t = check_once();
	cr_assert(strstr(t.trouble, "longer") != NULL, "%s", t.trouble);
	cr_assert_not(t.alarm);
}

Test(fixity_alone, an_empty_store_is_read_once_in_the_period)
{
	struct upkeep_turn t = check_once();
	cr_assert_eq(t.again_ms, now.fixed_ms + 90 * DAY_MS);
	cr_assert_str_eq(t.trouble, "");
}

/* Killed */

static bool die_at(const char *name)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char spec[128];
	int status;
	snprintf(spec, sizeof(spec), "%s:1:kill", name);
	close_all();
	pid_t pid = fork();
	if (pid == 0) {
		open_all();
		struct upkeep_turn c = turn_of(JOB_COPY, "");
		struct upkeep_turn f = turn_of(JOB_FIXITY, "");
		if (failpoint_arm(spec, &err) != 0)
			_exit(3);
		_exit(copy_turn(w, &c, &err) != 0 || fixity_turn(w, &f, &err) != 0);
	}
	cr_assert_eq(waitpid(pid, &status, 0), pid);
	open_all();
	cr_assert(WIFSIGNALED(status) || WEXITSTATUS(status) == 0);
	return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void die_and_go_on(const char *name, uint64_t i)
{
	int64_t blob = add(i, FIXTURE_LARGE + i);
	copy_all();
	add(i + 1, FIXTURE_LARGE + i + 1);
	flip(dir, blob);
	now.fixed_ms += 90 * DAY_MS;
	int64_t damaged = audits("ObjectDamaged"), repaired = audits("ObjectRepaired");
	cr_assert(die_at(name), "%s is passed", name);
	copy_all();
	for (int k = 0; k < 3; k++) {
		(void)check_once();
		now.fixed_ms += 60 * MINUTE_MS;
	}
	cr_assert_eq(damage_count(), 0, "%s", name);
	cr_assert_eq(audits("ObjectDamaged"), damaged + 1, "%s", name);
	cr_assert_eq(audits("ObjectRepaired"), repaired + 1, "%s", name);
	must_read(i, FIXTURE_LARGE + i);
	must_read(i + 1, FIXTURE_LARGE + i + 1);
}

Test(fixity, a_turn_that_is_killed_is_made_again_and_told_once,
     .timeout = TEST_SECONDS_MAX)
{
	static const char *const repair[] = { "storage.repair.before_sync",
					      "storage.repair.before_away",
					      "storage.repair.before_place",
					      "storage.repair.after_place" };
	uint64_t i = 1;
	for (size_t k = 0; ltp_fixity_failpoints[k] != NULL; k++, i += 2)
		die_and_go_on(ltp_fixity_failpoints[k], i);
	for (size_t k = 0; k < 4; k++, i += 2)
		die_and_go_on(repair[k], i);
}
