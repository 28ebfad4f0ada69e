/* SPDX-License-Identifier: Apache-2.0 */
/* store_private - what the files of storage/ share about an open store. */
#ifndef LTPS_STORAGE_STORE_PRIVATE_H
#define LTPS_STORAGE_STORE_PRIVATE_H

#include <limits.h>
#include <pthread.h>
#include <stdatomic.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "storage/audit.h"
#include "storage/blob.h"
#include "storage/db.h"
#include "storage/lock.h"
#include "storage/store.h"

#define STORE_PATH_MAX PATH_MAX
#define STORE_DB_NAME "ltps.db"
/* The database until a restore is complete: backup.h. */
#define STORE_RESTORING_NAME "restoring.db"
#define STORE_WRITE_LOCK_NAME "write.lock"
#define STORE_BLOBS_NAME "blobs"
#define STORE_TEMP_NAME "tmp"

/*
 * A version's id holds its object's and its number, so that the versions of an
 * object are a range of ids and need no index.
 */
#define VERSION_BITS 14
#define VERSION_ID(object, number) ((object) * ((int64_t)1 << VERSION_BITS) + (number))
#define VERSION_FIRST(object) VERSION_ID(object, 0)
#define VERSION_LAST(object) (VERSION_ID((object) + 1, 0) - 1)
_Static_assert(STORE_VERSIONS_MAX < 1 << VERSION_BITS, "version numbers have room");

/* "pid-nonce-counter" */
#define BLOB_TEMP_MAX 64

/* A blob on its way into the store (blob.h). */
struct blob_new {
	struct store *store;
	char tenant[STORE_TENANT_MAX + 1];
	struct digest sha512;
	uint64_t size;
	struct view bytes; /* borrowed, or of owned; n 0 when only in the file */
	struct buf owned;  /* streamed bytes while they are few */
	struct digest_ctx *hash256;
	struct digest_ctx *hash512;
	bool is_file;
	bool placed;                 /* the file has its final name */
	int fd;                      /* of the temporary file, -1 when none */
	char temp[BLOB_TEMP_MAX];    /* its name below DIR/tmp */
	struct blob_new *batch_next; /* files that the running batch places */
	bool in_batch;
};

/* Known-durable folders of one tenant. */
struct blob_dirs {
	char tenant[STORE_TENANT_MAX + 1];
	bool known; /* its own name is durable */
	uint8_t durable[256 / 8];
	struct blob_dirs *next;
};

/* A file without a row, to be removed when nobody can want it any more. */
struct blob_gone {
	char tenant[STORE_TENANT_MAX + 1];
	struct digest sha512;
	uint64_t epoch; /* 0: its COMMIT has not happened yet */
	struct blob_gone *next;
};

/* Counters of an open tree, kept during one transaction. */
struct tree_cache {
	bool valid;
	bool dirty;
	bool first; /* the open tree of (profile, alg) */
	int64_t tree;
	enum digest_alg alg;
	uint64_t n_leaves;
	uint64_t bytes;
	char profile[STORE_URI_MAX + 1];
};

/* Trees that take leaves in one transaction without being read again. */
#define TREE_CACHE_MAX 8

/* Last link of the audit chain, kept during one transaction. */
struct audit_cache {
	bool valid;
	int64_t seq;
	struct digest head;
};

/* Ids given in one transaction. */
struct sequence_cache {
	bool valid;
	int64_t next;
};

struct store_conn {
	struct store *store;
	struct db *db;
	bool writer;
	bool reading;        /* between store_read_begin and store_read_end */
	unsigned holds;      /* nested conn_hold() */
	uint64_t hold_epoch; /* 0: none; under store->mutex */
	struct store_conn *next;
	/* Writer only: the running transaction. */
	struct blob_new *files;
	struct blob_new **files_end;
	struct blob_gone *gone;
	struct tree_cache trees[TREE_CACHE_MAX];
	size_t tree_turn;
	struct audit_cache audit;
	struct sequence_cache sequence;
};

/* Who is told of entries of the audit, inside their transactions (audit.h). */
struct audit_follower {
	pthread_mutex_t lock; /* held while it is told: guards the two below */
	int (*appended)(void *arg, struct store_conn *conn,
			const struct audit_entry *entry, struct ltps_error *err);
	void *arg;
};

struct store {
	char dir[STORE_PATH_MAX];
	char *vfs;
	struct store_io io;
	size_t small_max;
	size_t queue_max;
	size_t batch_max;
	bool read_only;
	struct lock write_lock;
	struct lock open_lock;
	struct lock files_lock;
	int blobs_fd; /* for syncfs */
	_Atomic uint64_t temp_counter;
	uint64_t temp_nonce;

	struct audit_follower follower;

	pthread_mutex_t mutex;
	pthread_cond_t wake; /* writer: tasks or closing */
	pthread_cond_t room; /* store_write: queue not full */
	struct store_task *head;
	struct store_task **tail;
	size_t queued;
	bool closing;
	bool thread_runs;
	pthread_t thread;
	uint64_t epoch; /* counts commits that dropped files; from 1 */
	struct store_conn *readers;
	struct store_stats stats;

	/* Writer thread only. */
	struct store_conn *writer;
	struct blob_gone *gone; /* waiting to be unlinked */
	struct blob_dirs *dirs;
	struct blob_sweep *sweep; /* NULL: not begun */
	bool swept;               /* once round */
	uint64_t checkpointed;    /* size of the log at the last checkpoint */
	bool wal_empty;
};

/* writer.c */
int writer_start(struct store *store, struct ltps_error *err) LTPS_CHECKED;
/* Drains and ends the thread; the connection stays. */
void writer_stop(struct store *store);
/* Fails with STATE on a read-only connection. */
int writer_require(const struct store_conn *conn, struct ltps_error *err) LTPS_CHECKED;

/* store.c: blob files of the state that this connection sees stay until drop. */
void conn_hold(struct store_conn *conn);
void conn_drop(struct store_conn *conn);

/*
 * sequence.c: ids that are never given twice. What a failing task took stays
 * taken; the next one is written before COMMIT.
 */
int sequence_next(struct store_conn *conn, int64_t *ret_id,
		  struct ltps_error *err) LTPS_CHECKED;
int sequence_flush(struct store_conn *conn, struct ltps_error *err) LTPS_CHECKED;

/* migrate.c */
int migrate_schema(struct db *db, struct ltps_error *err) LTPS_CHECKED;
/* Fails: UNSUPPORTED when the schema is not the one of this program. */
int migrate_check(struct db *db, struct ltps_error *err) LTPS_CHECKED;

/* blob_file.c */
bool blob_tenant_valid(const char *tenant);
int blob_path_in(const char *dir, const char *tenant, const struct digest *sha512,
		 char out[STORE_PATH_MAX], struct ltps_error *err) LTPS_CHECKED;
int blob_path(const struct store *store, const char *tenant,
	      const struct digest *sha512, char out[STORE_PATH_MAX],
	      struct ltps_error *err) LTPS_CHECKED;
/* A new name below DIR/tmp, and its path. */
void blob_temp_name(struct store *store, char out[BLOB_TEMP_MAX]);
int blob_temp_path(const struct blob_new *blob, char out[STORE_PATH_MAX],
		   struct ltps_error *err) LTPS_CHECKED;
/* Makes the files of the running batch durable under their final names. */
int blob_files_place(struct store_conn *conn, struct ltps_error *err) LTPS_CHECKED;
/* After COMMIT (committed) or its failure. */
void blob_files_end(struct store_conn *conn, bool committed);
/* Forget what was attached behind this point. */
void blob_files_cut(struct store_conn *conn, struct blob_new **end,
		    struct blob_gone *gone);
/* Removes waiting files that nobody can want any more. Writer thread. */
void blob_files_unlink(struct store *store);

/*
 * blob_sweep.c: temporary files (only when no other process has the store
 * open), and blob files without a row. Called under the write lock outside of
 * a transaction, when no file can be between rename and COMMIT.
 */
struct blob_sweep;
void blob_sweep_temp(struct store *store);
/* Looks at most at `budget` files; goes on where it stopped. */
void blob_sweep_files(struct store *store, size_t budget);
void blob_sweep_free(struct blob_sweep *sweep);
/* All blob files of a directory, in no order; names that are none are skipped. */
int blob_sweep_each(const char *dir,
		    int (*file)(void *arg, const char *tenant,
				const struct digest *sha512, struct ltps_error *err),
		    void *arg, struct ltps_error *err) LTPS_CHECKED;
/* The row goes with this transaction, the file some time after it. */
int blob_gone_add(struct store_conn *conn, const char *tenant,
		  const struct digest *sha512, struct ltps_error *err) LTPS_CHECKED;
struct blob_gone *blob_gone_new(const char *tenant, const struct digest *sha512);
/* Writes all bytes. */
int blob_write_all(const struct store_io *io, int fd, struct view v,
		   struct ltps_error *err) LTPS_CHECKED;
/* Fills exactly n bytes. Fails: CORRUPT at the end of the file, IO. */
int blob_read_exact(const struct store_io *io, int fd, uint64_t offset, uint8_t *out,
		    size_t n, struct ltps_error *err) LTPS_CHECKED;

/* tree.c: counters of open trees, written before COMMIT. */
int tree_cache_flush(struct store_conn *conn, struct ltps_error *err) LTPS_CHECKED;

/* Text of the API: not NULL, not empty, at most max octets. */
int text_check(const char *what, const char *s, size_t max,
	       struct ltps_error *err) LTPS_CHECKED;
/* The same, NULL allowed, empty allowed. */
int text_check_optional(const char *what, const char *s, size_t max,
			struct ltps_error *err) LTPS_CHECKED;
/* Rows of a page: 0 or too many give STORE_PAGE_MAX. */
int64_t page_limit(size_t limit);

#endif
