/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "storage/backup.h"
#include "tests/support/storage_fixture.h"
#include "tests/support/storage_scene.h"
#include "tests/support/storage_sql.h"

static char dir[4096], copy[4096], back[4096];
static struct store *store;
static struct scene_state state;

static void noted(void *arg, enum scene_event what, uint64_t i)
{
	(void)arg;
	scene_note(&state, what, i);
}

static void setup(void)
{
	struct scene scene = { .first = 1, .count = 22, .event = noted };
	fixture_dir(dir);
	fixture_dir(copy);
	fixture_dir(back);
	store = fixture_open(dir);
	scene_run(store, &scene);
}

static void teardown(void)
{
	store_close(store);
	fixture_remove(dir);
	fixture_remove(copy);
	fixture_remove(back);
}

TestSuite(backup, .init = setup, .fini = teardown);

static enum ltps_code backup(struct backup_report *report)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int rc = store_backup(store, copy, NULL, NULL, report, &err);
	cr_assert_eq(rc == 0, err.code == LTPS_OK, "%s", err.text);
	return err.code;
}

static enum ltps_code restore(struct backup_report *report)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int rc = store_restore(copy, back, NULL, NULL, report, &err);
	cr_assert_eq(rc == 0, err.code == LTPS_OK, "%s", err.text);
	return err.code;
}

/* A command about the directory $D. */
static void shell(const char *command, const char *where)
{
	setenv("D", where, 1);
	cr_assert_eq(system(command), 0, "%s", command);
}

Test(backup, restored_store_holds_everything)
{
	struct backup_report a, b;
	cr_assert_eq(backup(&a), LTPS_OK);
	cr_assert_eq(restore(&b), LTPS_OK);
	cr_assert_eq(a.blobs, b.blobs);
	cr_assert_eq(a.bytes, b.bytes);
	cr_assert_gt(a.blobs, 0u);
	struct store *restored = fixture_open(back);
	cr_assert_eq(scene_check(restored, &state), 0);
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(fixture_add(restored, 500, FIXTURE_LARGE, NULL, NULL, &err), 0,
		     "%s", err.text);
	store_close(restored);
}

Test(backup, directory_in_use_is_refused)
{
	struct backup_report r;
	shell("touch $D/something", copy);
	cr_assert_eq(backup(&r), LTPS_EXISTS);
}

Test(backup, restore_over_something_is_refused)
{
	struct backup_report r;
	cr_assert_eq(backup(&r), LTPS_OK);
	shell("touch $D/something", back);
	cr_assert_eq(restore(&r), LTPS_EXISTS);
}

static enum ltps_code open_there(void)
{
	struct store_options o = { .dir = back };
	struct store *opened = NULL;
	struct ltps_error err = LTPS_ERROR_INIT;
	if (store_open(&o, &opened, &err) == 0)
		store_close(opened);
	return err.code;
}

/* As one looks that was killed between two blobs. */
Test(backup, restore_that_did_not_end_is_no_store_and_is_begun_again)
{
	struct backup_report r;
	cr_assert_eq(backup(&r), LTPS_OK);
	cr_assert_eq(restore(&r), LTPS_OK);
	shell("mv $D/ltps.db $D/restoring.db && touch $D/restoring.db-shm && "
	      "f=$(find $D/blobs/alpha -type f | head -n 1) && chmod 600 \"$f\" && "
	      "echo x > \"$f\" && rm $(find $D/blobs/alpha -type f | tail -n 1)",
	      back);
	cr_assert_eq(open_there(), LTPS_STATE);
	cr_assert_eq(restore(&r), LTPS_OK);
	struct store *restored = fixture_open(back);
	cr_assert_eq(scene_check(restored, &state), 0);
	store_close(restored);
	cr_assert_eq(restore(&r), LTPS_EXISTS);
}

static void look_while_restoring(void *arg, const char *stage, uint64_t done,
				 uint64_t total)
{
	unsigned *blobs = arg;
	(void)done;
	(void)total;
	if (strcmp(stage, "blobs") != 0)
		return;
	++*blobs;
	shell("test -e $D/restoring.db && ! test -e $D/ltps.db", back);
}

Test(backup, database_has_its_name_when_all_is_there)
{
	struct backup_report r;
	struct ltps_error err = LTPS_ERROR_INIT;
	unsigned blobs = 0;
	cr_assert_eq(backup(&r), LTPS_OK);
	cr_assert_eq(store_restore(copy, back, look_while_restoring, &blobs, &r, &err),
		     0, "%s", err.text);
	cr_assert_gt(blobs, 0u);
	shell("test -e $D/ltps.db && ! test -e $D/restoring.db", back);
}

/* Blobs without a database may be all that is left of a store. */
Test(backup, restore_over_blobs_alone_is_refused)
{
	struct backup_report r;
	cr_assert_eq(backup(&r), LTPS_OK);
	shell("mkdir $D/blobs", back);
	cr_assert_eq(restore(&r), LTPS_EXISTS);
}

Test(backup, incomplete_backup_is_refused)
{
	struct backup_report r;
	cr_assert_eq(restore(&r), LTPS_FORMAT);
	cr_assert_eq(backup(&r), LTPS_OK);
	shell("rm $D/complete", copy);
	cr_assert_eq(restore(&r), LTPS_FORMAT);
	shell("echo something else > $D/complete", copy);
	cr_assert_eq(restore(&r), LTPS_FORMAT);
}

Test(backup, damaged_blob_is_left_out_and_named)
{
	struct backup_report r;
	shell("f=$(find $D/blobs/alpha -type f | head -n 1) && chmod 600 \"$f\" && "
	      "echo x > \"$f\"",
	      dir);
	cr_assert_eq(backup(&r), LTPS_CORRUPT);
	cr_assert_eq(r.damaged, 1);
	/* All the rest can be restored. */
	cr_assert_eq(restore(&r), LTPS_CORRUPT);
	cr_assert_eq(r.damaged, 1);
	struct store *restored = fixture_open(back);
	struct store_conn *conn = NULL;
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(store_reader_open(restored, &conn, &err), 0);
	unsigned lost = 0;
	for (uint64_t i = 1; i <= 22; i++) {
		ltps_error_clear(&err);
		if (state.objects[i] == SCENE_ADDED &&
		    fixture_check(conn, i, scene_size(i), &err) != 0)
			lost++;
	}
	cr_assert_eq(lost, 1);
	store_reader_close(conn);
	store_close(restored);
}

Test(backup, blob_damaged_in_the_backup_is_found_by_restore)
{
	struct backup_report r;
	cr_assert_eq(backup(&r), LTPS_OK);
	shell("f=$(find $D/blobs -type f | head -n 1) && chmod 600 \"$f\" && echo x > "
	      "\"$f\"",
	      copy);
	cr_assert_eq(restore(&r), LTPS_CORRUPT);
	cr_assert_eq(r.damaged, 1);
}

Test(backup, inline_blob_damaged_in_the_backup_is_found_by_restore)
{
	struct backup_report r;
	cr_assert_eq(backup(&r), LTPS_OK);
	storage_sql(copy, "UPDATE blob SET data = zeroblob(length(data)) WHERE id ="
			  " (SELECT min(id) FROM blob WHERE data IS NOT NULL)");
	cr_assert_eq(restore(&r), LTPS_CORRUPT);
}

Test(backup, damaged_database_in_the_backup_is_found_by_restore)
{
	struct backup_report r;
	cr_assert_eq(backup(&r), LTPS_OK);
	shell("chmod 600 $D/ltps.db", copy);
	shell("dd if=/dev/zero of=$D/ltps.db bs=4096 seek=5 count=3 conv=notrunc 2> "
	      "/dev/null",
	      copy);
	cr_assert_eq(restore(&r), LTPS_CORRUPT);
}

static atomic_bool stop;

static void *busy(void *arg)
{
	(void)arg;
	for (uint64_t k = 1; !atomic_load(&stop); k++) {
		struct scene scene = { .first = 100 * k, .count = 20, .event = noted };
		scene_run(store, &scene);
	}
	return NULL;
}

Test(backup, backup_of_a_busy_store_is_of_one_moment)
{
	struct backup_report r;
	struct scene_state before = state;
	pthread_t thread;
	pthread_create(&thread, NULL, busy, NULL);
	enum ltps_code code = backup(&r);
	atomic_store(&stop, true);
	pthread_join(thread, NULL);
	cr_assert_eq(code, LTPS_OK);
	cr_assert_eq(restore(&r), LTPS_OK);
	struct store *restored = fixture_open(back);
	cr_assert_eq(scene_check(restored, &before), 0);
	store_close(restored);
}
