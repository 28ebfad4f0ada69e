/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/failpoint.h"
#include "storage/audit.h"
#include "storage/failpoints.h"
#include "storage/queue.h"
#include "tests/support/storage_fixture.h"
#include "tests/support/storage_sql.h"

static char dir[4096];

static void setup(void)
{
	fixture_dir(dir);
}

static void teardown(void)
{
	fixture_remove(dir);
}

TestSuite(store, .init = setup, .fini = teardown);

static int open_at(const char *path, struct store **ret, struct ltps_error *err)
{
	struct store_options options = { .dir = path };
	return store_open(&options, ret, err);
}

static enum ltps_code open_code(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *s = NULL;
	if (open_at(dir, &s, &err) == 0)
		store_close(s);
	return err.code;
}

Test(store, schema_newer_than_program_is_refused)
{
	store_close(fixture_open(dir));
	storage_sql(dir, "PRAGMA user_version = 99");
	cr_assert_eq(open_code(), LTPS_UNSUPPORTED);
	/* Nothing was changed by the refusal. */
	cr_assert_eq(storage_sql_int(dir, "PRAGMA user_version"), 99);
}

Test(store, foreign_database_is_refused_untouched)
{
	storage_sql(dir, "CREATE TABLE somebody (x); PRAGMA application_id = 5");
	cr_assert_eq(open_code(), LTPS_FORMAT);
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM sqlite_schema"), 1);
}

Test(store, database_with_tables_but_no_application_id_is_refused)
{
	storage_sql(dir, "CREATE TABLE somebody (x)");
	cr_assert_eq(open_code(), LTPS_FORMAT);
}

Test(store, file_that_is_no_database_is_corrupt)
{
	char path[4200];
	snprintf(path, sizeof(path), "%s/ltps.db", dir);
	FILE *f = fopen(path, "w");
	for (int i = 0; i < 1000; i++)
		fputs("this is not a database at all\n", f);
	fclose(f);
	cr_assert_eq(open_code(), LTPS_CORRUPT);
}

Test(store, damaged_first_page_is_corrupt)
{
	char path[4200];
	store_close(fixture_open(dir));
	snprintf(path, sizeof(path), "%s/ltps.db", dir);
	int fd = open(path, O_WRONLY);
	cr_assert_eq(pwrite(fd, "garbage!", 8, 0), 8);
	close(fd);
	cr_assert_eq(open_code(), LTPS_CORRUPT);
}

Test(store, empty_database_of_ours_is_migrated_from_version_zero)
{
	storage_sql(dir, "PRAGMA application_id = 0x4c545053");
	store_close(fixture_open(dir));
	cr_assert_gt(storage_sql_int(dir, "PRAGMA user_version"), 0);
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM object"), 0);
}

Test(store, migration_that_fails_leaves_version_zero)
{
	/* An empty file in which a table of ours stands already. */
	storage_sql(dir, "PRAGMA application_id = 0x4c545053; CREATE TABLE token (x)");
	cr_assert_neq(open_code(), LTPS_OK);
	cr_assert_eq(storage_sql_int(dir, "PRAGMA user_version"), 0);
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM sqlite_schema"), 1);
}

Test(store, must_exist_does_not_create)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *s = NULL;
	struct store_options options = { .dir = dir, .must_exist = true };
	cr_assert_eq(store_open(&options, &s, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
	char path[4200];
	snprintf(path, sizeof(path), "%s/ltps.db", dir);
	cr_assert_eq(access(path, F_OK), -1);
}

Test(store, small_max_beyond_limit_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *s = NULL;
	struct store_options options = { .dir = dir,
					 .small_max = STORE_SMALL_LIMIT + 1 };
	cr_assert_eq(store_open(&options, &s, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
}

Test(store, directory_without_write_permission_is_denied)
{
	if (geteuid() == 0)
		cr_skip_test("root may write everywhere");
	chmod(dir, 0500);
	cr_assert_eq(open_code(), LTPS_DENIED);
	chmod(dir, 0700);
}

Test(store, path_below_a_file_fails)
{
	char path[4200];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *s = NULL;
	snprintf(path, sizeof(path), "%s/file", dir);
	fclose(fopen(path, "w"));
	snprintf(path, sizeof(path), "%s/file/store", dir);
	cr_assert_eq(open_at(path, &s, &err), -1);
	cr_assert_neq(err.code, LTPS_OK);
}

Test(store, pragmas_are_in_force)
{
	struct store *s = fixture_open(dir);
	cr_assert_eq(storage_sql_int(dir, "PRAGMA page_size"), 4096);
	store_close(s);
	/* The file says WAL: bytes 18 and 19 of its header are 2. */
	char path[4200];
	uint8_t header[100];
	snprintf(path, sizeof(path), "%s/ltps.db", dir);
	int fd = open(path, O_RDONLY);
	cr_assert_eq(read(fd, header, sizeof(header)), (ssize_t)sizeof(header));
	close(fd);
	cr_assert_eq(header[18], 2);
	cr_assert_eq(header[19], 2);
}

Test(store, log_is_empty_after_close)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct stat st;
	char path[4200];
	struct store *s = fixture_open(dir);
	cr_assert_eq(fixture_add(s, 1, 100, NULL, NULL, &err), 0);
	store_close(s);
	snprintf(path, sizeof(path), "%s/ltps.db-wal", dir);
	cr_assert(stat(path, &st) != 0 || st.st_size == 0);
}

/* Readers */

static int add_audit(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct audit_entry e = { .time_ms = 1, .operation = arg };
	return audit_append(conn, &e, NULL, err);
}

Test(store, change_on_reader_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *s = fixture_open(dir);
	struct store_conn *r = NULL;
	cr_assert_eq(store_reader_open(s, &r, &err), 0);
	char text[] = "X";
	cr_assert_eq(add_audit(r, text, &err), -1);
	cr_assert_eq(err.code, LTPS_STATE);
	ltps_error_clear(&err);
	cr_assert_eq(store_setting_put(r, "a", "b", 1, &err), -1);
	cr_assert_eq(err.code, LTPS_STATE);
	store_reader_close(r);
	store_close(s);
}

Test(store, reader_keeps_its_snapshot)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *s = fixture_open(dir);
	struct store_conn *r = NULL;
	struct store_counts before, during, after;
	cr_assert_eq(store_reader_open(s, &r, &err), 0);
	cr_assert_eq(store_read_begin(r, &err), 0);
	cr_assert_eq(store_counts_get(r, &before, &err), 0);
	cr_assert_eq(fixture_add(s, 1, 100, NULL, NULL, &err), 0);
	cr_assert_eq(store_counts_get(r, &during, &err), 0);
	store_read_end(r);
	cr_assert_eq(store_counts_get(r, &after, &err), 0);
	cr_assert_eq(before.objects, 0);
	cr_assert_eq(during.objects, 0);
	cr_assert_eq(after.objects, 1);
	store_reader_close(r);
	store_close(s);
}

Test(store, second_read_begin_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *s = fixture_open(dir);
	struct store_conn *r = NULL;
	cr_assert_eq(store_reader_open(s, &r, &err), 0);
	cr_assert_eq(store_read_begin(r, &err), 0);
	cr_assert_eq(store_read_begin(r, &err), -1);
	cr_assert_eq(err.code, LTPS_STATE);
	store_reader_close(r); /* ends the read */
	store_close(s);
}

Test(store, read_only_store_reads_and_refuses_changes)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *s = fixture_open(dir);
	cr_assert_eq(fixture_add(s, 1, 100, NULL, NULL, &err), 0);
	store_close(s);
	struct store_options options = { .dir = dir, .read_only = true };
	cr_assert_eq(store_open(&options, &s, &err), 0, "%s", err.text);
	struct store_conn *r = NULL;
	cr_assert_eq(store_reader_open(s, &r, &err), 0);
	cr_assert_eq(fixture_check(r, 1, 100, &err), 0, "%s", err.text);
	char text[] = "X";
	cr_assert_eq(store_write(s, add_audit, text, &err), -1);
	cr_assert_eq(err.code, LTPS_READ_ONLY);
	store_reader_close(r);
	store_close(s);
}

static int put_secret(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	return store_setting_put(conn, "secret", arg, 5, err);
}

Test(store, settings_round_trip)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *s = fixture_open(dir);
	struct store_conn *r = NULL;
	uint8_t out[5], value[] = { 1, 2, 3, 4, 0 };
	size_t n = 0;
	cr_assert_eq(store_reader_open(s, &r, &err), 0);
	cr_assert_eq(store_setting_get(r, "secret", out, sizeof(out), &n, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
	ltps_error_clear(&err);
	cr_assert_eq(store_write(s, put_secret, value, &err), 0);
	value[4] = 5;
	cr_assert_eq(store_write(s, put_secret, value, &err), 0);
	cr_assert_eq(store_setting_get(r, "secret", out, 4, &n, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	ltps_error_clear(&err);
	cr_assert_eq(store_setting_get(r, "secret", out, sizeof(out), &n, &err), 0);
	cr_assert_eq(n, 5);
	cr_assert_arr_eq(out, value, 5);
	store_reader_close(r);
	store_close(s);
}

/* Tasks */

struct step {
	const char *operation;
	bool fail;
};

static int run_step(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct step *step = arg;
	struct audit_entry e = { .time_ms = 1, .operation = step->operation };
	if (audit_append(conn, &e, NULL, err) != 0 ||
	    queue_add(conn, "kind", step->operation, 1, NULL, err) != 0)
		return -1;
	if (step->fail)
		return ltps_fail(err, LTPS_MISMATCH, LTPS_FAULT_CALLER, NULL,
				 "on purpose");
	return 0;
}

/* Tasks that are answered together: the writer is held until all are queued. */
struct gate {
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	bool inside, open;
	unsigned answered;
	struct ltps_error errors[8];
};

static struct gate gate = { .mutex = PTHREAD_MUTEX_INITIALIZER,
			    .cond = PTHREAD_COND_INITIALIZER };

static int hold_writer(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	(void)conn;
	(void)arg;
	(void)err;
	pthread_mutex_lock(&gate.mutex);
	gate.inside = true;
	pthread_cond_broadcast(&gate.cond);
	while (!gate.open)
		pthread_cond_wait(&gate.cond, &gate.mutex);
	pthread_mutex_unlock(&gate.mutex);
	return 0;
}

static void wait_inside(void)
{
	pthread_mutex_lock(&gate.mutex);
	while (!gate.inside)
		pthread_cond_wait(&gate.cond, &gate.mutex);
	pthread_mutex_unlock(&gate.mutex);
}

static void open_gate(void)
{
	pthread_mutex_lock(&gate.mutex);
	gate.open = true;
	pthread_cond_broadcast(&gate.cond);
	pthread_mutex_unlock(&gate.mutex);
}

static void note(void *arg, const struct ltps_error *error)
{
	pthread_mutex_lock(&gate.mutex);
	gate.errors[(size_t)arg] = *error;
	gate.answered++;
	pthread_cond_broadcast(&gate.cond);
	pthread_mutex_unlock(&gate.mutex);
}

static void wait_answers(unsigned n)
{
	pthread_mutex_lock(&gate.mutex);
	while (gate.answered < n)
		pthread_cond_wait(&gate.cond, &gate.mutex);
	pthread_mutex_unlock(&gate.mutex);
}

struct noted {
	struct store_task task;
	struct step step;
	size_t slot;
};

static int run_noted(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct noted *n = arg;
	return run_step(conn, &n->step, err);
}

static void done_noted(void *arg, const struct ltps_error *error)
{
	note((void *)((struct noted *)arg)->slot, error);
}

/* Submits n steps as one batch; step `bad` fails (n: none). */
static void submit_batch(struct store *s, struct noted *tasks, size_t n, size_t bad)
{
	static const char *const names[] = { "one", "two", "three", "four" };
	struct ltps_error err = LTPS_ERROR_INIT;
	static struct store_task holder = { .run = hold_writer };
	cr_assert_eq(store_submit(s, &holder, &err), 0);
	wait_inside();
	for (size_t i = 0; i < n; i++) {
		tasks[i] = (struct noted){
			.task = { .run = run_noted,
				  .done = done_noted,
				  .arg = &tasks[i] },
			.step = { .operation = names[i], .fail = i == bad },
			.slot = i,
		};
		cr_assert_eq(store_submit(s, &tasks[i].task, &err), 0);
	}
	open_gate();
	wait_answers((unsigned)n);
}

Test(store, failing_task_undoes_only_itself)
{
	struct noted tasks[3];
	struct store *s = fixture_open(dir);
	submit_batch(s, tasks, 3, 1);
	cr_assert_eq(gate.errors[0].code, LTPS_OK);
	cr_assert_eq(gate.errors[1].code, LTPS_MISMATCH);
	cr_assert_str_eq(gate.errors[1].text, "on purpose");
	cr_assert_eq(gate.errors[2].code, LTPS_OK);
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM job"), 2);
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM audit"), 2);
	cr_assert_eq(storage_sql_int(dir, "SELECT max(seq) FROM audit"), 2);
	cr_assert_eq(fixture_fsck(s, NULL), 0); /* the audit chain holds */
	store_close(s);
}

Test(store, failing_commit_fails_every_task_and_keeps_nothing)
{
	struct noted tasks[3];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *s = fixture_open(dir);
	/* The first passage is the holder's own batch. */
	cr_assert_eq(failpoint_arm(FP_BEFORE_COMMIT ":2:fail", &err), 0);
	submit_batch(s, tasks, 3, 3);
	for (size_t i = 0; i < 3; i++)
		cr_assert_eq(gate.errors[i].code, LTPS_IO);
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM audit"), 0);
	/* The store goes on. */
	struct step again = { .operation = "again" };
	cr_assert_eq(store_write(s, run_step, &again, &err), 0, "%s", err.text);
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM audit"), 1);
	store_close(s);
	cr_assert_eq(failpoint_arm(NULL, &err), 0);
}

Test(store, full_queue_is_busy_and_drains)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *s = NULL;
	struct store_options options = { .dir = dir, .queue_max = 2 };
	cr_assert_eq(store_open(&options, &s, &err), 0);
	struct store_task holder = { .run = hold_writer };
	cr_assert_eq(store_submit(s, &holder, &err), 0);
	wait_inside();
	struct noted t[3];
	for (size_t i = 0; i < 3; i++) {
		t[i] = (struct noted){
			.task = { .run = run_noted, .done = done_noted, .arg = &t[i] },
			.step = { .operation = i == 0 ? "a" : "b" },
			.slot = i
		};
		int rc = store_submit(s, &t[i].task, &err);
		cr_assert_eq(rc, i < 2 ? 0 : -1);
	}
	cr_assert_eq(err.code, LTPS_BUSY);
	open_gate();
	wait_answers(2);
	store_close(s);
}

Test(store, close_drains_the_queue)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *s = fixture_open(dir);
	struct noted t[8];
	for (size_t i = 0; i < 8; i++) {
		static const char *const names[] = { "1", "2", "3", "4",
						     "5", "6", "7", "8" };
		t[i] = (struct noted){
			.task = { .run = run_noted, .done = done_noted, .arg = &t[i] },
			.step = { .operation = names[i] },
			.slot = i
		};
		cr_assert_eq(store_submit(s, &t[i].task, &err), 0);
	}
	store_close(s);
	cr_assert_eq(gate.answered, 8);
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM audit"), 8);
}

static struct store *the_store;
static enum ltps_code inner_code;

static int write_within(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	(void)conn;
	(void)err;
	struct ltps_error inner = LTPS_ERROR_INIT;
	cr_assert_eq(store_write(the_store, run_step, arg, &inner), -1);
	inner_code = inner.code;
	return 0;
}

Test(store, waiting_for_the_writer_on_the_writer_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct step step = { .operation = "inner" };
	the_store = fixture_open(dir);
	cr_assert_eq(store_write(the_store, write_within, &step, &err), 0);
	cr_assert_eq(inner_code, LTPS_STATE);
	store_close(the_store);
}

static int fail_silently(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	(void)conn;
	(void)arg;
	(void)err;
	return -1;
}

Test(store, task_that_fails_without_a_reason_is_internal)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *s = fixture_open(dir);
	cr_assert_eq(store_write(s, fail_silently, NULL, &err), -1);
	cr_assert_eq(err.code, LTPS_INTERNAL);
	store_close(s);
}

/* Processes */

Test(store, batch_waits_for_the_lock_of_another_process)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *s = fixture_open(dir);
	char path[4200];
	snprintf(path, sizeof(path), "%s/write.lock", dir);
	int locked[2], release[2];
	cr_assert_eq(pipe(locked), 0);
	cr_assert_eq(pipe(release), 0);
	pid_t pid = fork();
	if (pid == 0) {
		char c = 'x';
		int fd = open(path, O_RDWR);
		flock(fd, LOCK_EX);
		if (write(locked[1], &c, 1) != 1 || read(release[0], &c, 1) != 1)
			_exit(1);
		_exit(0); /* closes the descriptor: unlocks */
	}
	char c;
	cr_assert_eq(read(locked[0], &c, 1), 1);
	struct noted t = { .task = { .run = run_noted, .done = done_noted, .arg = &t },
			   .step = { .operation = "locked out" } };
	cr_assert_eq(store_submit(s, &t.task, &err), 0);
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM audit"), 0);
	cr_assert_eq(write(release[1], &c, 1), 1);
	wait_answers(1);
	cr_assert_eq(gate.errors[0].code, LTPS_OK, "%s", gate.errors[0].text);
	cr_assert_eq(storage_sql_int(dir, "SELECT count(*) FROM audit"), 1);
	waitpid(pid, NULL, 0);
	store_close(s);
}

Test(store, two_processes_write_in_turn)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	store_close(fixture_open(dir));
	pid_t pids[2];
	for (uint64_t k = 0; k < 2; k++) {
		pids[k] = fork();
		if (pids[k] == 0) {
			struct store *s = fixture_open(dir);
			for (uint64_t i = 0; i < 20; i++) {
				if (fixture_add(s, 100 * k + i,
						i % 4 == 0 ? FIXTURE_LARGE : 200, NULL,
						NULL, &err) != 0)
					fixture_die("add", &err);
			}
			store_close(s);
			_exit(0);
		}
	}
	for (int k = 0; k < 2; k++) {
		int status;
		waitpid(pids[k], &status, 0);
		cr_assert(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	}
	struct store *s = fixture_open(dir);
	struct store_conn *r = NULL;
	cr_assert_eq(store_reader_open(s, &r, &err), 0);
	for (uint64_t i = 0; i < 40; i++) {
		uint64_t number = 100 * (i / 20) + i % 20;
		size_t n = i % 4 == 0 ? FIXTURE_LARGE : 200;
		cr_assert_eq(fixture_check(r, number, n, &err), 0, "%s", err.text);
	}
	store_reader_close(r);
	cr_assert_eq(fixture_fsck(s, NULL), 0);
	store_close(s);
}

Test(store, stats_count_tasks)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_stats stats;
	struct store *s = fixture_open(dir);
	cr_assert_eq(fixture_add(s, 1, FIXTURE_LARGE, NULL, NULL, &err), 0);
	cr_assert_eq(store_write(s, fail_silently, NULL, &err), -1);
	/* The writer counts after it has answered: one more round makes sure. */
	struct step step = { .operation = "count" };
	ltps_error_clear(&err);
	cr_assert_eq(store_write(s, run_step, &step, &err), 0);
	store_stats_get(s, &stats);
	cr_assert_geq(stats.tasks, 1u);
	cr_assert_eq(stats.tasks_failed, 1);
	cr_assert_eq(stats.files, 1);
	store_close(s);
}

static int put_bulk(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	static uint8_t bytes[1 << 20];
	char name[32];
	snprintf(name, sizeof(name), "bulk %d", ++*(int *)arg % 4);
	memset(bytes, *(int *)arg, sizeof(bytes));
	return store_setting_put(conn, name, bytes, sizeof(bytes), err);
}

Test(store, log_stays_bounded_while_writing_goes_on)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_stats stats;
	struct store *s = fixture_open(dir);
	int n = 0;
	uint64_t largest = 0;
	/* Three times the bound, without an idle moment. */
	while ((uint64_t)n << 20 < 3 * STORE_WAL_MAX) {
		cr_assert_eq(store_write(s, put_bulk, &n, &err), 0, "%s", err.text);
		store_stats_get(s, &stats);
		if (stats.wal_bytes > largest)
			largest = stats.wal_bytes;
	}
	cr_assert_gt(stats.checkpoints, 1u);
	cr_assert_gt(largest, STORE_WAL_MAX / 2, "the size of the log is not seen");
	cr_assert_lt(largest, STORE_WAL_MAX + ((uint64_t)4 << 20));
	store_close(s);
}
