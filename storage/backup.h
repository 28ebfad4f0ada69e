/* SPDX-License-Identifier: Apache-2.0 */
/*
 * backup - a consistent copy of a store in use, and back.
 *
 * The database snapshot comes first, then every blob that it names, re-hashed
 * on the way; deletions of blob files wait until the copy is complete.
 */
#ifndef LTPS_STORAGE_BACKUP_H
#define LTPS_STORAGE_BACKUP_H

#include "storage/store.h"

struct backup_report {
	uint64_t blobs; /* files copied */
	uint64_t bytes;
	uint64_t damaged; /* blobs that were not copied because they are damaged */
};
/* stage  "database", "blobs", "sync"; done and total: octets of blobs, 0 elsewhere */
typedef void backup_progress(void *arg, const char *stage, uint64_t done,
			     uint64_t total);

/*
 * store_backup - into a new or empty directory. The last file written is
 * DIR/complete; without it the copy is refused by store_restore().
 * A damaged blob is left out, counted, and the whole ends with CORRUPT after
 * everything else was copied (DIR/complete is written all the same).
 * Fails: EXISTS (directory not empty), NO_SPACE, IO, CORRUPT
 */
int store_backup(struct store *store, const char *dir, backup_progress *progress,
		 void *arg, struct backup_report *ret_report,
		 struct ltps_error *err) LTPS_CHECKED;
/*
 * store_restore - a backup into a new or empty directory, or one where a restore did
 * not end, every blob re-hashed and the database checked; the store opens there
 * afterwards, and not before: the database gets its name last.
 * Fails: NOT_FOUND, FORMAT (no complete backup), EXISTS, BUSY, CORRUPT
 */
int store_restore(const char *backup_dir, const char *dir, backup_progress *progress,
		  void *arg, struct backup_report *ret_report,
		  struct ltps_error *err) LTPS_CHECKED;

#endif
