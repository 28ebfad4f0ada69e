/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store - an open store directory: the database DIR/ltps.db, the blob files
 * DIR/blobs/, one writer thread with group commit, and read-only connections.
 *
 * Thread rule: exactly one thread and one connection of a process writes and
 * checkpoints, under an inter-process lock held for one batch (SQLite before
 * 3.51.3 can lose commits otherwise). Everything that changes the store runs
 * as a task on that thread. A read-only connection belongs to one thread at a
 * time.
 *
 * Functions of the other headers take a `struct store_conn`: those that change
 * something need the writer's (given to a task's run()), all others work on
 * either kind. While a listing gives its rows, row() must not start the same
 * listing on the same connection (INTERNAL); -1 from row() ends a listing.
 *
 * Errors common to everything here: NO_SPACE, READ_ONLY, CORRUPT (damaged
 * database page or blob), IO, BUSY (another process holds the lock), NOMEM.
 */
#ifndef LTPS_STORAGE_STORE_H
#define LTPS_STORAGE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "storage/io.h"
#include "storage/limits.h"

struct store;
struct store_conn;

/* Owner of the blobs that belong to no tenant: tree nodes, material. */
#define STORE_TENANT_SYSTEM "_system"

struct store_options {
	const char *dir;
	const struct store_io *io; /* NULL: io_system() */
	const char *vfs;           /* SQLite VFS by name; NULL: its default */
	size_t small_max;          /* largest inline blob; 0: STORE_SMALL_MAX */
	size_t queue_max;          /* 0: STORE_QUEUE_MAX */
	size_t batch_max;          /* 0: STORE_BATCH_MAX */
	bool read_only;            /* no writer; the store must exist */
	bool must_exist;           /* NOT_FOUND instead of creating */
};

/*
 * store_open - create or open, migrate the schema, sweep the leavings of a
 * crash (temporary files; blob files without a row) unless another process has
 * the store open, start the writer.
 * Fails: as above; UNSUPPORTED (schema newer than this program), NOT_FOUND,
 *        FORMAT (not a store), DENIED
 */
int store_open(const struct store_options *options, struct store **ret_store,
	       struct ltps_error *err) LTPS_CHECKED;
/* Drains the queue, checkpoints, closes. Readers must be closed. NULL-safe. */
void store_close(struct store *store);
const char *store_dir(const struct store *store);

/* One change of the store; owned by the store from submit until done(). */
struct store_task {
	/*
	 * On the writer thread, inside the batch's transaction and a savepoint of
	 * its own: a failing run() undoes this task alone. Must not wait.
	 */
	int (*run)(struct store_conn *conn, void *arg, struct ltps_error *err);
	/*
	 * On the writer thread, after COMMIT (error->code LTPS_OK: durable) or
	 * after the failure. May free the task. May submit; must not call
	 * store_write(). May be NULL.
	 */
	void (*done)(void *arg, const struct ltps_error *error);
	void *arg;
	/* The store's own. */
	struct store_task *next;
	struct ltps_error error;
};

/*
 * store_submit - queue a task; done() will be called exactly once.
 * Fails: BUSY (queue full), STATE (closing), READ_ONLY; done() is not called
 */
int store_submit(struct store *store, struct store_task *task,
		 struct ltps_error *err) LTPS_CHECKED;
/*
 * store_write - run one change and wait until it is durable.
 * Waits for room in the queue. Fails: as run(), as COMMIT; STATE on the writer
 * thread itself.
 */
int store_write(struct store *store,
		int (*run)(struct store_conn *conn, void *arg, struct ltps_error *err),
		void *arg, struct ltps_error *err) LTPS_CHECKED;

/* A read-only connection, for one thread at a time. */
int store_reader_open(struct store *store, struct store_conn **ret_conn,
		      struct ltps_error *err) LTPS_CHECKED;
/* NULL-safe. */
void store_reader_close(struct store_conn *conn);
/*
 * store_read_begin - several reads see one state until store_read_end(); blob
 * files of that state stay. Keep it short: it holds up checkpoints.
 * Nothing on the writer's connection, which is in a transaction anyway.
 */
int store_read_begin(struct store_conn *conn, struct ltps_error *err) LTPS_CHECKED;
void store_read_end(struct store_conn *conn);

/* For /metrics; counted since store_open(). */
struct store_stats {
	uint64_t tasks;        /* committed */
	uint64_t tasks_failed; /* by themselves or with their batch */
	uint64_t batches;
	uint64_t commit_us; /* total time from BEGIN to after COMMIT */
	uint64_t files;     /* blob files made durable */
	uint64_t checkpoints;
	uint64_t wal_bytes; /* at the last commit */
	uint64_t queued;    /* waiting now */
	uint64_t unlinks_pending;
};
void store_stats_get(struct store *store, struct store_stats *ret_stats);

/* What is asked for often: found without reading what is large. */
struct store_summary {
	uint64_t objects; /* ever taken; the deleted ones remain as tombstones */
	uint64_t objects_deleted;
	uint64_t trees_open;
	uint64_t trees_closing;
	uint64_t trees_stamped;
};
int store_summary_get(struct store_conn *conn, struct store_summary *ret_summary,
		      struct ltps_error *err) LTPS_CHECKED;

/* Totals of rows, for fsck; reads the whole database. */
struct store_counts {
	uint64_t objects;
	uint64_t objects_deleted;
	uint64_t versions;
	uint64_t blobs;
	uint64_t blob_bytes;
	uint64_t trees_open;
	uint64_t trees_closing;
	uint64_t trees_stamped;
	uint64_t tokens;
	uint64_t jobs;
	uint64_t jobs_dead;
	uint64_t audit_entries;
};
int store_counts_get(struct store_conn *conn, struct store_counts *ret_counts,
		     struct ltps_error *err) LTPS_CHECKED;

/*
 * store_setting_get/put - small values of the store itself (service secret,
 * last clean-up), by name.
 * get  *ret_n bytes copied into out, NOT_FOUND, TOO_LARGE
 */
int store_setting_get(struct store_conn *conn, const char *name, uint8_t *out,
		      size_t out_size, size_t *ret_n,
		      struct ltps_error *err) LTPS_CHECKED;
/* The same where none is an answer: *ret_n 0, and out as it was. */
int store_setting_find(struct store_conn *conn, const char *name, uint8_t *out,
		       size_t out_size, size_t *ret_n,
		       struct ltps_error *err) LTPS_CHECKED;
int store_setting_put(struct store_conn *conn, const char *name, const void *p,
		      size_t n, struct ltps_error *err) LTPS_CHECKED;

#endif
