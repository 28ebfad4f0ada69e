/* SPDX-License-Identifier: Apache-2.0 */
/* store - opening and closing, read-only connections, small values. */
#include "storage/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "storage/store_private.h"

/* Blob files looked at before the store is ready; the rest when it is idle. */
#define SWEEP_AT_OPEN 8192

/* Small checks shared by the room */

int text_check_optional(const char *what, const char *s, size_t max,
			struct ltps_error *err)
{
	if (s == NULL)
		return 0;
	size_t n = strnlen(s, max + 1);
	if (n > max)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "%s is longer than %zu characters", what, max);
	if (!utf8_valid(view_of(s, n)))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "%s is not UTF-8", what);
	return 0;
}

int text_check(const char *what, const char *s, size_t max, struct ltps_error *err)
{
	if (s == NULL || s[0] == '\0')
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "%s is missing", what);
	return text_check_optional(what, s, max, err);
}

int64_t page_limit(size_t limit)
{
	return limit == 0 || limit > STORE_PAGE_MAX ? STORE_PAGE_MAX : (int64_t)limit;
}

/* Opening */

static int take_options(struct store *s, const struct store_options *o,
			struct ltps_error *err)
{
	if (text_check("store directory", o->dir, sizeof(s->dir) / 2, err) != 0)
		return -1;
	if (o->small_max > STORE_SMALL_LIMIT)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "inline blobs are limited to %zu bytes",
				 STORE_SMALL_LIMIT);
	snprintf(s->dir, sizeof(s->dir), "%s", o->dir);
	s->io = o->io != NULL ? *o->io : *io_system();
	s->small_max = o->small_max != 0 ? o->small_max : STORE_SMALL_MAX;
	s->queue_max = o->queue_max != 0 ? o->queue_max : STORE_QUEUE_MAX;
	s->batch_max = o->batch_max != 0 ? o->batch_max : STORE_BATCH_MAX;
	s->read_only = o->read_only;
	if (o->vfs != NULL) {
		s->vfs = mem_dup_text(o->vfs);
		if (s->vfs == NULL)
			return ltps_fail_nomem(err);
	}
	return 0;
}

/* A folder of the store; its name is durable when this returns. */
static int make_folder(struct store *s, const char *name, struct ltps_error *err)
{
	char path[STORE_PATH_MAX];
	if (file_join(s->dir, name, path, sizeof(path), err) != 0)
		return -1;
	if (s->io.mkdir(s->io.self, path, 0700) != 0 && errno != EEXIST)
		return ltps_fail_errno(err, "cannot create %.160s", path);
	return 0;
}

/* A new store must not come to stand on the half of another one. */
static int refuse_half_restored(const struct store *s, struct ltps_error *err)
{
	char path[STORE_PATH_MAX];
	if (file_join(s->dir, STORE_RESTORING_NAME, path, sizeof(path), err) != 0)
		return -1;
	if (access(path, F_OK) != 0)
		return 0;
	return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
			 "a restore into %.160s has not ended: where none runs, begin it again", s->dir);
}

static int make_folders(struct store *s, bool must_exist, struct ltps_error *err)
{
	char path[STORE_PATH_MAX];
	if (file_join(s->dir, STORE_DB_NAME, path, sizeof(path), err) != 0)
		return -1;
	if ((must_exist || s->read_only) && access(path, F_OK) != 0)
		return ltps_fail_errno(err, "no store at %.160s", s->dir);
	if (s->read_only)
		return 0;
	/* And once it is locked: what is made here would be in the way of a restore. */
	if (refuse_half_restored(s, err) != 0 ||
	    file_make_dir(s->dir, 0700, err) != 0 ||
	    make_folder(s, STORE_BLOBS_NAME, err) != 0 ||
	    make_folder(s, STORE_TEMP_NAME, err) != 0)
		return -1;
	return 0;
}

static int open_locks(struct store *s, struct ltps_error *err)
{
	if (lock_open(s->dir, STORE_WRITE_LOCK_NAME, s->read_only, &s->write_lock, err) != 0 ||
	    lock_open(s->dir, "open.lock", s->read_only, &s->open_lock, err) != 0 ||
	    lock_open(s->dir, "files.lock", s->read_only, &s->files_lock, err) != 0)
		return -1;
	return 0;
}

static int open_conn(struct store *s, enum db_role role, struct store_conn **ret_conn,
		     struct ltps_error *err)
{
	char path[STORE_PATH_MAX];
	struct store_conn *c = mem_zalloc(1, sizeof(*c));
	if (c == NULL)
		return ltps_fail_nomem(err);
	c->store = s;
	c->writer = role == DB_WRITER;
	c->files_end = &c->files;
	if (file_join(s->dir, STORE_DB_NAME, path, sizeof(path), err) != 0 ||
	    db_open(path, s->vfs, role, &c->db, err) != 0) {
		mem_free(c);
		return -1;
	}
	*ret_conn = c;
	return 0;
}

/* The names of database and folders themselves become durable. */
static int sync_folders(struct store *s, struct ltps_error *err)
{
	char parent[STORE_PATH_MAX];
	snprintf(parent, sizeof(parent), "%s", s->dir);
	char *slash = strrchr(parent, '/');
	if (slash == NULL)
		snprintf(parent, sizeof(parent), ".");
	else
		slash[slash == parent ? 1 : 0] = '\0';
	if (s->io.fsync_dir(s->io.self, s->dir) != 0 ||
	    s->io.fsync_dir(s->io.self, parent) != 0)
		return ltps_fail_errno(err, "cannot sync %.160s", s->dir);
	return 0;
}

static int open_database(struct store *s, struct ltps_error *err)
{
	if (open_conn(s, DB_WRITER, &s->writer, err) != 0)
		return -1;
	if (migrate_schema(s->writer->db, err) != 0)
		return -1;
	return sync_folders(s, err);
}

/*
 * Whoever is alone removes what a crash left; the shared lock that follows
 * says that the store is open.
 */
static int sweep_and_announce(struct store *s, struct ltps_error *err)
{
	if (lock_try(&s->open_lock, true))
		blob_sweep_temp(s);
	blob_sweep_files(s, SWEEP_AT_OPEN);
	return lock_take(&s->open_lock, false, err);
}

static int open_for_writing(struct store *s, struct ltps_error *err)
{
	char path[STORE_PATH_MAX];
	if (lock_take(&s->write_lock, true, err) != 0)
		return -1;
	int rc = refuse_half_restored(s, err);
	if (rc == 0)
		rc = open_database(s, err);
	if (rc == 0)
		rc = sweep_and_announce(s, err);
	lock_drop(&s->write_lock);
	if (rc != 0)
		return -1;
	if (file_join(s->dir, STORE_BLOBS_NAME, path, sizeof(path), err) != 0)
		return -1;
	s->blobs_fd = s->io.open(s->io.self, path, O_RDONLY | O_DIRECTORY, 0);
	if (s->blobs_fd < 0)
		return ltps_fail_errno(err, "cannot open %.160s", path);
	return writer_start(s, err);
}

static int open_for_reading(struct store *s, struct ltps_error *err)
{
	struct store_conn *c;
	if (lock_take(&s->open_lock, false, err) != 0)
		return -1;
	if (open_conn(s, DB_READER, &c, err) != 0)
		return -1;
	int rc = migrate_check(c->db, err);
	db_close(c->db);
	mem_free(c);
	return rc;
}

static struct store *new_store(void)
{
	struct store *s = mem_zalloc(1, sizeof(*s));
	if (s == NULL)
		return NULL;
	s->write_lock = LOCK_NONE;
	s->open_lock = LOCK_NONE;
	s->files_lock = LOCK_NONE;
	s->blobs_fd = -1;
	s->tail = &s->head;
	s->epoch = 1;
	/* Temporary names are unique by O_EXCL; this only makes clashes rare. */
	if (getrandom(&s->temp_nonce, sizeof(s->temp_nonce), 0) < 0)
		s->temp_nonce = (uint64_t)getpid();
	pthread_condattr_t monotonic;
	pthread_condattr_init(&monotonic);
	pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
	pthread_mutex_init(&s->mutex, NULL);
	pthread_mutex_init(&s->follower.lock, NULL);
	pthread_cond_init(&s->wake, &monotonic);
	pthread_cond_init(&s->room, NULL);
	pthread_condattr_destroy(&monotonic);
	return s;
}

int store_open(const struct store_options *options, struct store **ret_store,
	       struct ltps_error *err)
{
	struct store *s = new_store();
	if (s == NULL)
		return ltps_fail_nomem(err);
	if (take_options(s, options, err) != 0 ||
	    make_folders(s, options->must_exist, err) != 0 || open_locks(s, err) != 0)
		goto fail;
	if ((s->read_only ? open_for_reading(s, err) : open_for_writing(s, err)) != 0)
		goto fail;
	*ret_store = s;
	return 0;
fail:
	store_close(s);
	return -1;
}

static void free_writer_state(struct store *s)
{
	if (s->writer != NULL) {
		db_close(s->writer->db);
		mem_free(s->writer);
	}
	while (s->gone != NULL) {
		struct blob_gone *next = s->gone->next;
		mem_free(s->gone);
		s->gone = next;
	}
	blob_sweep_free(s->sweep);
	while (s->dirs != NULL) {
		struct blob_dirs *next = s->dirs->next;
		mem_free(s->dirs);
		s->dirs = next;
	}
}

void store_close(struct store *store)
{
	if (store == NULL)
		return;
	writer_stop(store);
	free_writer_state(store);
	if (store->blobs_fd >= 0)
		store->io.close(store->io.self, store->blobs_fd);
	lock_close(&store->files_lock);
	lock_close(&store->write_lock);
	lock_close(&store->open_lock);
	pthread_cond_destroy(&store->room);
	pthread_cond_destroy(&store->wake);
	pthread_mutex_destroy(&store->mutex);
	pthread_mutex_destroy(&store->follower.lock);
	mem_free(store->vfs);
	mem_free(store);
}

const char *store_dir(const struct store *store)
{
	return store->dir;
}

/* Readers */

int store_reader_open(struct store *store, struct store_conn **ret_conn,
		      struct ltps_error *err)
{
	struct store_conn *c;
	if (open_conn(store, DB_READER, &c, err) != 0)
		return -1;
	pthread_mutex_lock(&store->mutex);
	c->next = store->readers;
	store->readers = c;
	pthread_mutex_unlock(&store->mutex);
	*ret_conn = c;
	return 0;
}

void store_reader_close(struct store_conn *conn)
{
	if (conn == NULL)
		return;
	struct store *s = conn->store;
	store_read_end(conn);
	pthread_mutex_lock(&s->mutex);
	struct store_conn **at = &s->readers;
	while (*at != conn)
		at = &(*at)->next;
	*at = conn->next;
	pthread_mutex_unlock(&s->mutex);
	db_close(conn->db);
	mem_free(conn);
}

/*
 * The hold comes before the snapshot: a file whose row went in a later commit
 * has a later epoch and stays; one of an earlier commit is not in the snapshot.
 */
void conn_hold(struct store_conn *conn)
{
	if (conn->writer || conn->holds++ > 0)
		return;
	pthread_mutex_lock(&conn->store->mutex);
	conn->hold_epoch = conn->store->epoch;
	pthread_mutex_unlock(&conn->store->mutex);
}

void conn_drop(struct store_conn *conn)
{
	if (conn->writer || conn->holds == 0 || --conn->holds > 0)
		return;
	pthread_mutex_lock(&conn->store->mutex);
	conn->hold_epoch = 0;
	pthread_mutex_unlock(&conn->store->mutex);
}

int store_read_begin(struct store_conn *conn, struct ltps_error *err)
{
	int64_t ignored;
	if (conn->writer)
		return 0;
	if (conn->reading)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
				 "a read is already under way");
	conn_hold(conn);
	/* The snapshot is taken by the first statement that reads. */
	if (db_run(conn->db, SQL_BEGIN_READ, err) != 0 ||
	    db_run_int(conn->db, SQL_SCHEMA_OBJECTS, &ignored, err) != 0) {
		if (db_in_transaction(conn->db))
			db_run_quiet(conn->db, SQL_ROLLBACK);
		conn_drop(conn);
		return -1;
	}
	conn->reading = true;
	return 0;
}

void store_read_end(struct store_conn *conn)
{
	if (!conn->reading)
		return;
	conn->reading = false;
	db_run_quiet(conn->db, SQL_ROLLBACK);
	conn_drop(conn);
}

/* Numbers and small values */

void store_stats_get(struct store *store, struct store_stats *ret_stats)
{
	pthread_mutex_lock(&store->mutex);
	*ret_stats = store->stats;
	ret_stats->queued = store->queued;
	pthread_mutex_unlock(&store->mutex);
}

int store_summary_get(struct store_conn *conn, struct store_summary *ret_summary,
		      struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_SUMMARY, &s, err) != 0)
		return -1;
	int rc = db_step(s, &row, err);
	if (rc == 0 && row) {
		*ret_summary = (struct store_summary){
			.objects = (uint64_t)db_int(s, 0),
			.objects_deleted = (uint64_t)db_int(s, 1),
			.trees_open = (uint64_t)db_int(s, 2),
			.trees_closing = (uint64_t)db_int(s, 3),
			.trees_stamped = (uint64_t)db_int(s, 4),
		};
	}
	db_reset(s);
	return rc;
}

int store_counts_get(struct store_conn *conn, struct store_counts *ret_counts,
		     struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_COUNTS, &s, err) != 0)
		return -1;
	int rc = db_step(s, &row, err);
	if (rc == 0 && row) {
		*ret_counts = (struct store_counts){
			.objects = (uint64_t)db_int(s, 0),
			.objects_deleted = (uint64_t)db_int(s, 1),
			.versions = (uint64_t)db_int(s, 2),
			.blobs = (uint64_t)db_int(s, 3),
			.blob_bytes = (uint64_t)db_int(s, 4),
			.trees_open = (uint64_t)db_int(s, 5),
			.trees_closing = (uint64_t)db_int(s, 6),
			.trees_stamped = (uint64_t)db_int(s, 7),
			.tokens = (uint64_t)db_int(s, 8),
			.jobs = (uint64_t)db_int(s, 9),
			.jobs_dead = (uint64_t)db_int(s, 10),
			.audit_entries = (uint64_t)db_int(s, 11),
		};
	}
	db_reset(s);
	return rc;
}

int store_setting_get(struct store_conn *conn, const char *name, uint8_t *out,
		      size_t out_size, size_t *ret_n, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(conn->db, SQL_SETTING_GET, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_TEXT(name));
	int rc = db_step(s, &row, err);
	if (rc == 0 && !row)
		rc = ltps_fail(err, LTPS_NOT_FOUND, LTPS_FAULT_CALLER, NULL,
			       "no setting %.60s", name);
	if (rc == 0) {
		struct view v = db_view(s, 0);
		if (v.n > out_size) {
			rc = ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				       "setting %.60s has %zu bytes", name, v.n);
		} else {
			if (v.n > 0)
				memcpy(out, v.p, v.n);
			*ret_n = v.n;
		}
	}
	db_reset(s);
	return rc;
}

int store_setting_find(struct store_conn *conn, const char *name, uint8_t *out,
		       size_t out_size, size_t *ret_n, struct ltps_error *err)
{
	struct ltps_error why = LTPS_ERROR_INIT;
	*ret_n = 0;
	if (store_setting_get(conn, name, out, out_size, ret_n, &why) == 0 ||
	    why.code == LTPS_NOT_FOUND)
		return 0;
	*err = why;
	return -1;
}

int store_setting_put(struct store_conn *conn, const char *name, const void *p,
		      size_t n, struct ltps_error *err)
{
	struct db_stmt *s;
	if (writer_require(conn, err) != 0 ||
	    text_check("setting name", name, STORE_NAME_MAX, err) != 0 ||
	    db_get(conn->db, SQL_SETTING_PUT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_TEXT(name), DB_VIEW(view_of(p, n)));
	return db_finish(s, err);
}
