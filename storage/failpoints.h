/* SPDX-License-Identifier: Apache-2.0 */
/* failpoints - every durability step of the store, by name (base/failpoint.h). */
#ifndef LTPS_STORAGE_FAILPOINTS_H
#define LTPS_STORAGE_FAILPOINTS_H

#include <stddef.h>

#define FP_BLOB_BEFORE_TEMP "storage.blob.before_temp"
#define FP_BLOB_AFTER_TEMP "storage.blob.after_temp"
#define FP_BATCH_BEGIN "storage.batch.begin"
#define FP_BLOB_BEFORE_SYNC "storage.blob.before_sync"
#define FP_BLOB_AFTER_SYNC "storage.blob.after_sync"
#define FP_BLOB_BEFORE_RENAME "storage.blob.before_rename"
#define FP_BLOB_AFTER_RENAME "storage.blob.after_rename"
#define FP_DIR_BEFORE_SYNC "storage.dir.before_sync"
#define FP_DIR_AFTER_SYNC "storage.dir.after_sync"
#define FP_BEFORE_COMMIT "storage.before_commit"
#define FP_AFTER_COMMIT "storage.after_commit"
#define FP_BEFORE_ACK "storage.before_ack"
#define FP_TREE_CLOSE "storage.tree.close"
#define FP_TREE_STAMP "storage.tree.stamp"
#define FP_TOKEN_REPLACE "storage.token.replace"
#define FP_BLOB_BEFORE_UNLINK "storage.blob.before_unlink"
#define FP_BLOB_AFTER_UNLINK "storage.blob.after_unlink"
#define FP_BEFORE_CHECKPOINT "storage.before_checkpoint"
#define FP_AFTER_CHECKPOINT "storage.after_checkpoint"

/* All of the above, for tests that go through them. */
extern const char *const store_failpoints[];
extern const size_t store_failpoint_count;

#endif
