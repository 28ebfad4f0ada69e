/* SPDX-License-Identifier: Apache-2.0 */
/* fixity_private - what the files of fixity share; not for other files of the room. */
#ifndef LTPS_STORAGE_FIXITY_PRIVATE_H
#define LTPS_STORAGE_FIXITY_PRIVATE_H

#include "storage/blob_private.h"
#include "storage/fixity.h"

#define COPIES_DB_NAME "copy.db"
#define COPIES_LOCK_NAME "copy.lock"
/* Setting of the store: its name, at random, known to its copies. */
#define STORE_ID_SETTING "store.id"
/* Likewise: how many batches its copies took. A copy notes the number of its last one,
 * and a store that has a smaller number is older than its copy. */
#define COPIES_MARK_SETTING "copies.mark"

#define FP_COPY_BEFORE_SYNC "storage.copy.before_sync"
#define FP_COPY_BEFORE_RENAME "storage.copy.before_rename"
#define FP_COPY_AFTER_RENAME "storage.copy.after_rename"
#define FP_COPY_BEFORE_COMMIT "storage.copy.before_commit"
#define FP_COPY_AFTER_COMMIT "storage.copy.after_commit"
#define FP_COPY_BEFORE_DROP "storage.copy.before_drop"
#define FP_COPY_AFTER_UNLINK "storage.copy.after_unlink"
#define FP_REPAIR_BEFORE_SYNC "storage.repair.before_sync"
#define FP_REPAIR_BEFORE_AWAY "storage.repair.before_away"
#define FP_REPAIR_BEFORE_PLACE "storage.repair.before_place"
#define FP_REPAIR_AFTER_PLACE "storage.repair.after_place"
#define FP_REPAIR_BEFORE_ROW "storage.repair.before_row"

struct copies {
	struct store *store;
	char dir[STORE_PATH_MAX];
	struct lock lock;
	struct db *db;
	int fd; /* of its blobs, for syncfs */
	bool read_only;
	uint8_t id[COPIES_ID_BYTES];
	uint64_t temp_counter;
};

/* One side of a blob as it was found. */
struct fixity_side {
	bool there; /* false: never copied */
	bool whole;
	char text[256]; /* what is wrong with it */
};

/* fixity_copies.c */
/* A new file below DIR/tmp of the copy. */
int copies_temp_path(struct copies *c, char out[STORE_PATH_MAX],
		     struct ltps_error *err) LTPS_CHECKED;
/* NOT_FOUND is value 0. */
int copies_number_get(struct copies *c, const char *name, uint64_t *ret_n,
		      struct ltps_error *err) LTPS_CHECKED;
int copies_number_put(struct copies *c, const char *name, uint64_t n,
		      struct ltps_error *err) LTPS_CHECKED;
int copies_begin(struct copies *c, struct ltps_error *err) LTPS_CHECKED;
/* Also writes the log back when it has grown. */
int copies_commit(struct copies *c, struct ltps_error *err) LTPS_CHECKED;
void copies_rollback(struct copies *c);
/* A new mark for what the open transaction takes: called when all of it was read, so
 * that no backup with this mark lacks any of it. */
int copies_mark(struct copies *c, struct ltps_error *err) LTPS_CHECKED;
/* The store was put back: remembered for good, what is open is undone. Always -1. */
int copies_ahead(struct copies *c, struct ltps_error *err) LTPS_CHECKED;

/* fixity_file.c */
/*
 * Reads a file to its end. temp: where its bytes are written at the same time, or NULL;
 * it is removed again unless the file is whole.
 * Fails: only for other reasons than damage: writing, memory, descriptors
 */
int fixity_file_read(const struct store_io *io, const char *path,
		     const struct blob_info *info, const char *temp,
		     struct fixity_side *ret_side, struct ltps_error *err) LTPS_CHECKED;
void fixity_bytes_judge(struct view bytes, const struct blob_info *info,
			struct fixity_side *ret_side);
int fixity_file_sync(const struct store_io *io, const char *path,
		     struct ltps_error *err) LTPS_CHECKED;
/* Missing folders of DIR/blobs/tenant/ab. */
int fixity_folders_make(const struct store_io *io, const char *dir,
			const struct blob_info *info,
			struct ltps_error *err) LTPS_CHECKED;
/* "FILE.damaged-N" that is not there yet; id > 0: of the small blob with this number */
int fixity_kept_path(const char *dir, const struct blob_info *info, int64_t id,
		     char out[STORE_PATH_MAX], struct ltps_error *err) LTPS_CHECKED;
/*
 * temp becomes the blob's file below dir; what stood there is renamed to kept ("" when
 * there was nothing). The folder is synced.
 */
int fixity_file_place(const struct store_io *io, const char *dir,
		      const struct blob_info *info, const char *temp,
		      char kept[STORE_PATH_MAX], struct ltps_error *err) LTPS_CHECKED;
/* Removes all "FILE.damaged-N" of a blob that is gone. */
void fixity_kept_remove(const struct store_io *io, const char *dir,
			const struct blob_info *info, int64_t id);

/* fixity_copy.c */
/* What the copy says of a blob; small: bytes may be NULL, appended otherwise.
 * Fails: STATE (the number is another blob's there); as for damage above */
int fixity_copy_look(struct copies *c, const struct blob_info *info, struct buf *bytes,
		     struct fixity_side *ret_side, struct ltps_error *err) LTPS_CHECKED;
/* One blob that the copy has not, in a transaction of its own. */
int fixity_copy_one(struct store_conn *conn, struct copies *c,
		    const struct blob_info *info, struct fixity_side *ret_side,
		    struct ltps_error *err) LTPS_CHECKED;
int fixity_copy_put(struct copies *c, const struct blob_info *info, struct view bytes,
		    struct ltps_error *err) LTPS_CHECKED;

/* fixity.c */
int fixity_next(struct store_conn *conn, int64_t after, struct blob_info *ret_info,
		bool *ret_found, struct ltps_error *err) LTPS_CHECKED;
/* As fixity_copy_look(), of the store. */
int fixity_own_look(struct store_conn *conn, const struct blob_info *info,
		    struct buf *bytes, struct fixity_side *ret_side,
		    struct ltps_error *err) LTPS_CHECKED;
/* Whether the row went since it was read. */
bool fixity_is_gone(struct store_conn *conn, const struct blob_info *info);

/* fixity_repair.c */
int fixity_repair_own(struct store_conn *conn, struct copies *c,
		      const struct blob_info *info, struct fixity_damage *d,
		      struct ltps_error *err) LTPS_CHECKED;
int fixity_repair_copy(struct store_conn *conn, struct copies *c,
		       const struct blob_info *info, struct fixity_damage *d,
		       struct ltps_error *err) LTPS_CHECKED;

#endif
