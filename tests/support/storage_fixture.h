/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storage_fixture - a store in a temporary directory, objects of known bytes,
 * and a file-operation table that fails on demand.
 */
#ifndef LTPS_TESTS_STORAGE_FIXTURE_H
#define LTPS_TESTS_STORAGE_FIXTURE_H

#include "storage/object.h"
#include "storage/store.h"

#define FIXTURE_TENANT "alpha"
#define FIXTURE_PROFILE "urn:example:profile"
#define FIXTURE_TIME 1700000000000
/* Larger than STORE_SMALL_MAX: a file. */
#define FIXTURE_LARGE (100 * 1024)

/* New directory below TMPDIR; ends the process when there is none. */
void fixture_dir(char out[4096]);
void fixture_remove(const char *dir);
/* Ends the process with the error's text. */
void fixture_die(const char *what, const struct ltps_error *err)
    __attribute__((noreturn));
struct store *fixture_open(const char *dir);
/* A new directory, its store and a reader, as most suites want them; and the end. */
void fixture_start(char dir[4096], struct store **ret_store,
		   struct store_conn **ret_reader);
void fixture_stop(const char *dir, struct store *store, struct store_conn *reader);

/* The bytes of object number i: every length and content differs. */
void fixture_bytes(uint64_t i, size_t n, uint8_t *out);
void fixture_poid(uint64_t i, char out[32]);

/* One object of one part, with leaf and audit entry, ready to be submitted. */
struct fixture_object {
	const char *tenant;
	char poid[32];
	uint8_t *bytes;
	size_t n;
	struct part_new part;
	int64_t object;  /* set by run */
	int64_t version; /* set by run */
};
/* ret free with fixture_object_free(). -1 with the error of blob_prepare(). */
int fixture_object_make(struct store *store, const char *tenant, uint64_t i, size_t n,
			struct fixture_object **ret_o,
			struct ltps_error *err) LTPS_CHECKED;
void fixture_object_free(struct fixture_object *o);
/* A task's run(): object, leaf of the open tree, audit entry. arg: the object. */
int fixture_object_run(struct store_conn *conn, void *arg, struct ltps_error *err);
/* All of it, durable; -1 with the error. Object id and version id may be NULL. */
int fixture_add(struct store *store, uint64_t i, size_t n, int64_t *ret_object,
		int64_t *ret_version, struct ltps_error *err) LTPS_CHECKED;
/* Whether object i is there with exactly its bytes; otherwise the error says why. */
int fixture_check(struct store_conn *conn, uint64_t i, size_t n,
		  struct ltps_error *err) LTPS_CHECKED;
/* Damage that fsck finds, with each text on standard error. */
uint64_t fixture_fsck(struct store *store, uint64_t *ret_harmless);

/* Operations that can be told to fail. */
enum fault_op {
	FAULT_OPEN,
	FAULT_WRITE,
	FAULT_FDATASYNC,
	FAULT_SYNCFS,
	FAULT_RENAME,
	FAULT_UNLINK,
	FAULT_MKDIR,
	FAULT_FSYNC_DIR,
	FAULT_READ,
	FAULT_COUNT
};

struct fault_io {
	struct store_io io;
	int countdown[FAULT_COUNT]; /* 0: never; n: the n-th from now */
	int error[FAULT_COUNT];     /* errno of the failure */
	unsigned calls[FAULT_COUNT];
	size_t short_write; /* > 0: writes are cut to this many bytes */
};
void fault_io_init(struct fault_io *f);
void fault_io_arm(struct fault_io *f, enum fault_op op, int nth, int error);

#endif
