/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storage_record - every file operation of a store, of SQLite and of the blob
 * files alike, in one log; and what a crash may leave of the operations that
 * no sync had covered: none, all, or any of them, torn at sectors.
 */
#ifndef LTPS_TESTS_STORAGE_RECORD_H
#define LTPS_TESTS_STORAGE_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "storage/io.h"

#define RECORD_VFS "ltps-record"
/* A disk writes a sector whole or not at all. */
#define RECORD_SECTOR 512

/* Makes the VFS known, for a test that only wants its faults. */
void record_register(void);
enum record_fault {
	RECORD_FAULT_NONE,
	RECORD_FAULT_FULL,    /* a write finds the disk full */
	RECORD_FAULT_FULL_ON, /* and so does every one after it */
	RECORD_FAULT_SYNC,    /* a sync fails */
	RECORD_FAULT_TORN,    /* a write stops halfway */
};
/* SQLite's nth write (or sync) from now fails. */
void record_fault(enum record_fault what, unsigned nth);
/* Whether it has. */
bool record_fault_hit(void);

/* Starts an empty log of what happens below root, which exists and is empty. */
void record_begin(const char *root);
/* The table to open the store with, beside the VFS of the name above. */
const struct store_io *record_io(void);
/* A note between operations. */
void record_note(int what, uint64_t i);
/* No further operations are recorded. */
void record_end(void);

size_t record_count(void);
/* Whether the operation makes something durable, or is a note. */
bool record_is_sync(size_t at);
bool record_is_note(size_t at, int *ret_what, uint64_t *ret_i);

enum record_mode {
	RECORD_LOSE_ALL,   /* everything that no sync covered */
	RECORD_KEEP_ALL,   /* as when only the process died */
	RECORD_RANDOM,     /* each operation and sector by chance */
	RECORD_NAMES_ONLY, /* names survive, contents do not */
	RECORD_DATA_ONLY,  /* contents survive, names do not */
};
/*
 * record_replay - the state after the first n operations and a crash, written
 * below root (empty).
 */
void record_replay(size_t n, enum record_mode mode, unsigned seed, const char *root);

#endif
