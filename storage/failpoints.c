/* SPDX-License-Identifier: Apache-2.0 */
/* failpoints - the table of names. */
#include "storage/failpoints.h"

const char *const store_failpoints[] = {
	FP_BLOB_BEFORE_TEMP,   FP_BLOB_AFTER_TEMP,   FP_BATCH_BEGIN,
	FP_BLOB_BEFORE_SYNC,   FP_BLOB_AFTER_SYNC,   FP_BLOB_BEFORE_RENAME,
	FP_BLOB_AFTER_RENAME,  FP_DIR_BEFORE_SYNC,   FP_DIR_AFTER_SYNC,
	FP_BEFORE_COMMIT,      FP_AFTER_COMMIT,      FP_BEFORE_ACK,
	FP_TREE_CLOSE,         FP_TREE_STAMP,        FP_TOKEN_REPLACE,
	FP_BLOB_BEFORE_UNLINK, FP_BLOB_AFTER_UNLINK, FP_BEFORE_CHECKPOINT,
	FP_AFTER_CHECKPOINT,
};

const size_t store_failpoint_count =
    sizeof(store_failpoints) / sizeof(store_failpoints[0]);
