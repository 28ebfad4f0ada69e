/* SPDX-License-Identifier: Apache-2.0 */
/* fixity_copies - the second directory: whose it is, its database, its lock. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "storage/fixity_private.h"

#define STATE_STORE "store"
#define STATE_COPY "copy"
#define STATE_MARK "mark"   /* COPIES_MARK_SETTING at the last batch */
#define STATE_AHEAD "ahead" /* 1: this copy was once newer than the store */
/* Log at which it is written back. */
#define LOG_MAX ((uint64_t)8 << 20)

/* Small values */

static int state_get(struct copies *c, const char *name, uint8_t *out, size_t n,
		     bool *ret_found, struct ltps_error *err)
{
	struct db_stmt *s;
	bool row = false;
	if (db_get(c->db, SQL_COPY_STATE_GET, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_TEXT(name));
	int rc = db_step(s, &row, err);
	if (rc == 0 && row && db_view(s, 0).n != n)
		rc = ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
			       "the copies have an impossible value of %s", name);
	if (rc == 0 && row)
		memcpy(out, db_view(s, 0).p, n);
	db_reset(s);
	*ret_found = row;
	return rc;
}

static int state_put(struct copies *c, const char *name, const void *p, size_t n,
		     struct ltps_error *err)
{
	struct db_stmt *s;
	if (db_get(c->db, SQL_COPY_STATE_PUT, &s, err) != 0)
		return -1;
	DB_BIND(s, DB_TEXT(name), DB_VIEW(view_of(p, n)));
	return db_finish(s, err);
}

int copies_number_get(struct copies *c, const char *name, uint64_t *ret_n,
		      struct ltps_error *err)
{
	uint64_t n = 0;
	bool found;
	if (state_get(c, name, (uint8_t *)&n, sizeof(n), &found, err) != 0)
		return -1;
	*ret_n = found ? n : 0;
	return 0;
}

int copies_number_put(struct copies *c, const char *name, uint64_t n,
		      struct ltps_error *err)
{
	return state_put(c, name, &n, sizeof(n), err);
}

int copies_begin(struct copies *c, struct ltps_error *err)
{
	return db_run(c->db, SQL_BEGIN_IMMEDIATE, err);
}

void copies_rollback(struct copies *c)
{
	if (db_in_transaction(c->db))
		db_run_quiet(c->db, SQL_ROLLBACK);
}

int copies_commit(struct copies *c, struct ltps_error *err)
{
	bool done;
	if (db_run(c->db, SQL_COMMIT, err) != 0)
		return -1;
	return db_wal_bytes(c->db) < LOG_MAX ? 0
					     : db_checkpoint(c->db, false, &done, err);
}

void copies_id(const struct copies *c, uint8_t out[COPIES_ID_BYTES])
{
	memcpy(out, c->id, COPIES_ID_BYTES);
}

int copies_temp_path(struct copies *c, char out[STORE_PATH_MAX], struct ltps_error *err)
{
	char name[64];
	snprintf(name, sizeof(name), STORE_TEMP_NAME "/%ld-%llu", (long)getpid(),
		 (unsigned long long)c->temp_counter++);
	return file_join(c->dir, name, out, STORE_PATH_MAX, err);
}

/* The store's name */

static int random_id(uint8_t out[COPIES_ID_BYTES], struct ltps_error *err)
{
	if (getrandom(out, COPIES_ID_BYTES, 0) != COPIES_ID_BYTES)
		return ltps_fail_errno(err, "no random octets");
	return 0;
}

static int get_store_id(struct store_conn *conn, uint8_t out[COPIES_ID_BYTES],
			struct ltps_error *err)
{
	size_t n = 0;
	if (store_setting_get(conn, STORE_ID_SETTING, out, COPIES_ID_BYTES, &n, err) !=
	    0)
		return -1;
	return n == COPIES_ID_BYTES
		   ? 0
		   : ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
			       "the name of the store has %zu octets", n);
}

/* What the store says: its name, the id that its next blob gets, and its mark. */
struct store_says {
	uint8_t id[COPIES_ID_BYTES];
	int64_t next;
	uint64_t mark;
};

static int get_mark(struct store_conn *conn, uint64_t *ret_mark, struct ltps_error *err)
{
	size_t n;
	*ret_mark = 0;
	return store_setting_find(conn, COPIES_MARK_SETTING, (uint8_t *)ret_mark,
				  sizeof(*ret_mark), &n, err);
}

static int ask_place(struct store_conn *conn, struct store_says *says,
		     struct ltps_error *err)
{
	if (get_mark(conn, &says->mark, err) != 0)
		return -1;
	return db_run_int(conn->db, SQL_SEQUENCE_GET, &says->next, err);
}

static int name_store(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct store_says *says = arg;
	struct ltps_error e = LTPS_ERROR_INIT;
	if (get_store_id(conn, says->id, &e) == 0)
		return ask_place(conn, says, err);
	if (e.code != LTPS_NOT_FOUND) {
		*err = e;
		return -1;
	}
	if (random_id(says->id, err) != 0 ||
	    store_setting_put(conn, STORE_ID_SETTING, says->id, sizeof(says->id),
			      err) != 0)
		return -1;
	return ask_place(conn, says, err);
}

static int ask_store(struct copies *c, struct store_says *says, struct ltps_error *err)
{
	struct store_conn *conn = NULL;
	struct ltps_error e = LTPS_ERROR_INIT;
	if (store_reader_open(c->store, &conn, err) != 0)
		return -1;
	int rc = get_store_id(conn, says->id, &e);
	if (rc == 0)
		rc = ask_place(conn, says, &e);
	store_reader_close(conn);
	if (rc == 0)
		return 0;
	if (e.code == LTPS_NOT_FOUND && !c->read_only)
		return store_write(c->store, name_store, says, err);
	*err = e;
	return -1;
}

/* Which of the two is older */

static int run_mark(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	uint64_t *mark = arg;
	if (get_mark(conn, mark, err) != 0)
		return -1;
	++*mark;
	return store_setting_put(conn, COPIES_MARK_SETTING, mark, sizeof(*mark), err);
}

int copies_mark(struct copies *c, struct ltps_error *err)
{
	uint64_t mark = 0;
	if (store_write(c->store, run_mark, &mark, err) != 0)
		return -1;
	return copies_number_put(c, STATE_MARK, mark, err);
}

int copies_ahead(struct copies *c, struct ltps_error *err)
{
	copies_rollback(c);
	if (!c->read_only && copies_number_put(c, STATE_AHEAD, 1, err) != 0)
		return -1;
	return ltps_fail(
	    err, LTPS_STATE, LTPS_FAULT_CALLER, NULL,
	    "the copies in %.120s are newer than the store: was it put back?", c->dir);
}

/*
 * Ids and marks of a store that was put back grow until they are as high as before. So
 * it is remembered: what such copies hold beside the store may be all that is left.
 */
static int require_not_ahead(struct copies *c, const struct store_says *says,
			     struct ltps_error *err)
{
	uint64_t known, mark;
	int64_t last;
	if (copies_number_get(c, STATE_AHEAD, &known, err) != 0 ||
	    copies_number_get(c, STATE_MARK, &mark, err) != 0 ||
	    db_run_int(c->db, SQL_COPY_LAST, &last, err) != 0)
		return -1;
	if (known == 0 && mark <= says->mark && last < says->next)
		return 0;
	return copies_ahead(c, err);
}

/* Opening */

/* The directory as the system names it, so that no link leads into the store. */
static int require_outside(const struct copies *c, struct ltps_error *err)
{
	char own[PATH_MAX], other[PATH_MAX], db[STORE_PATH_MAX];
	if (realpath(c->store->dir, own) == NULL || realpath(c->dir, other) == NULL)
		return ltps_fail_errno(err, "cannot find %.160s", c->dir);
	size_t n = strlen(own);
	if (strncmp(own, other, n) == 0 && (other[n] == '/' || other[n] == '\0'))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "the copies are to stand outside of the store: %.120s",
				 c->dir);
	if (file_join(c->dir, STORE_DB_NAME, db, sizeof(db), err) != 0)
		return -1;
	if (access(db, F_OK) == 0)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_CALLER, NULL,
				 "%.120s holds a store, not copies", c->dir);
	return 0;
}

static int make_inner(struct copies *c, const char *name, struct ltps_error *err)
{
	const struct store_io *io = &c->store->io;
	char path[STORE_PATH_MAX];
	if (file_join(c->dir, name, path, sizeof(path), err) != 0)
		return -1;
	if (io->mkdir(io->self, path, 0700) != 0 && errno != EEXIST)
		return ltps_fail_errno(err, "cannot create %.160s", path);
	return 0;
}

/* What a crash left there; nobody else has it open. */
static void clear_temp(struct copies *c)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	char tmp[STORE_PATH_MAX], path[STORE_PATH_MAX];
	if (file_join(c->dir, STORE_TEMP_NAME, tmp, sizeof(tmp), &ignored) != 0)
		return;
	DIR *dir = opendir(tmp);
	for (struct dirent *e; dir != NULL && (e = readdir(dir)) != NULL;)
		if (e->d_name[0] != '.' &&
		    file_join(tmp, e->d_name, path, sizeof(path), &ignored) == 0)
			(void)c->store->io.unlink(c->store->io.self, path);
	if (dir != NULL)
		closedir(dir);
}

static int take_lock(struct copies *c, struct ltps_error *err)
{
	if (lock_open(c->dir, COPIES_LOCK_NAME, c->read_only, &c->lock, err) != 0)
		return -1;
	if (!lock_try(&c->lock, !c->read_only))
		return ltps_fail(err, LTPS_BUSY, LTPS_FAULT_SELF, NULL,
				 "the copies in %.160s are in use", c->dir);
	return 0;
}

static int open_folders(struct copies *c, struct ltps_error *err)
{
	const struct store_io *io = &c->store->io;
	char path[STORE_PATH_MAX];
	if (make_inner(c, STORE_BLOBS_NAME, err) != 0 ||
	    make_inner(c, STORE_TEMP_NAME, err) != 0 ||
	    file_join(c->dir, STORE_BLOBS_NAME, path, sizeof(path), err) != 0)
		return -1;
	clear_temp(c);
	c->fd = io->open(io->self, path, O_RDONLY | O_DIRECTORY, 0);
	return c->fd >= 0 ? 0 : ltps_fail_errno(err, "cannot open %.160s", path);
}

static int create_tables(struct copies *c, const struct store_says *says,
			 struct ltps_error *err)
{
	static const enum sql_id steps[] = {
		SQL_COPY_APPLICATION_ID_SET,
		SQL_COPY_CREATE_STATE,
		SQL_COPY_CREATE_COPIED,
		SQL_COPY_CREATE_ADDRESS,
	};
	int rc = copies_begin(c, err);
	for (size_t i = 0; rc == 0 && i < sizeof(steps) / sizeof(steps[0]); i++)
		rc = db_run(c->db, steps[i], err);
	if (rc == 0)
		rc = random_id(c->id, err);
	if (rc == 0)
		rc = state_put(c, STATE_STORE, says->id, sizeof(says->id), err);
	if (rc == 0)
		rc = state_put(c, STATE_COPY, c->id, sizeof(c->id), err);
	if (rc == 0)
		rc = copies_commit(c, err);
	copies_rollback(c);
	/* The names of database and folders become durable. */
	if (rc == 0 && c->store->io.syncfs(c->store->io.self, c->fd) != 0)
		rc = ltps_fail_errno(err, "cannot sync %.160s", c->dir);
	return rc;
}

static int require_ours(struct copies *c, const struct store_says *says,
			struct ltps_error *err)
{
	uint8_t store[COPIES_ID_BYTES];
	bool found = false, named = false;
	if (state_get(c, STATE_STORE, store, sizeof(store), &found, err) != 0 ||
	    state_get(c, STATE_COPY, c->id, sizeof(c->id), &named, err) != 0)
		return -1;
	if (!found || !named || memcmp(store, says->id, sizeof(store)) != 0)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_CALLER, NULL,
				 "%.120s holds the copies of another store", c->dir);
	return require_not_ahead(c, says, err);
}

static int open_database(struct copies *c, struct ltps_error *err)
{
	struct store_says says;
	int64_t objects;
	char path[STORE_PATH_MAX];
	if (ask_store(c, &says, err) != 0 ||
	    file_join(c->dir, COPIES_DB_NAME, path, sizeof(path), err) != 0 ||
	    db_open(path, NULL, c->read_only ? DB_READER : DB_WRITER, &c->db, err) !=
		0 ||
	    db_run_int(c->db, SQL_SCHEMA_OBJECTS, &objects, err) != 0)
		return -1;
	if (objects == 0 && !c->read_only)
		return create_tables(c, &says, err);
	return require_ours(c, &says, err);
}

static int open_copies(struct store *store, const char *dir, bool read_only,
		       struct copies **ret_c, struct ltps_error *err)
{
	if (text_check("directory of the copies", dir, STORE_PATH_MAX / 2, err) != 0)
		return -1;
	struct copies *c = mem_zalloc(1, sizeof(*c));
	if (c == NULL)
		return ltps_fail_nomem(err);
	c->store = store;
	c->lock = LOCK_NONE;
	c->fd = -1;
	c->read_only = read_only;
	snprintf(c->dir, sizeof(c->dir), "%s", dir);
	if ((!read_only && file_make_dir(dir, 0700, err) != 0) ||
	    require_outside(c, err) != 0 || take_lock(c, err) != 0 ||
	    (!read_only && open_folders(c, err) != 0) || open_database(c, err) != 0) {
		copies_close(c);
		ltps_where(err, "%s", dir);
		return -1;
	}
	*ret_c = c;
	return 0;
}

int copies_open(struct store *store, const char *dir, struct copies **ret_c,
		struct ltps_error *err)
{
	if (store->read_only)
		return ltps_fail(err, LTPS_READ_ONLY, LTPS_FAULT_SELF, NULL,
				 "the store is open for reading only");
	return open_copies(store, dir, false, ret_c, err);
}

int copies_open_reading(struct store *store, const char *dir, struct copies **ret_c,
			struct ltps_error *err)
{
	return open_copies(store, dir, true, ret_c, err);
}

void copies_close(struct copies *c)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	bool done;
	if (c == NULL)
		return;
	if (c->db != NULL && !c->read_only &&
	    db_checkpoint(c->db, true, &done, &ignored) != 0)
		ltps_error_clear(&ignored); /* the log is durable as it is */
	db_close(c->db);
	if (c->fd >= 0)
		c->store->io.close(c->store->io.self, c->fd);
	lock_close(&c->lock);
	mem_free(c);
}
