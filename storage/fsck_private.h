/* SPDX-License-Identifier: Apache-2.0 */
/* fsck_private - what the stages of a check share. */
#ifndef LTPS_STORAGE_FSCK_PRIVATE_H
#define LTPS_STORAGE_FSCK_PRIVATE_H

#include "storage/fsck.h"
#include "storage/store_private.h"

struct fsck {
	struct store *store;
	struct store_conn *conn;
	const struct fsck_options *options;
	const struct fsck_hooks *hooks;
	struct fsck_report report;
};

void fsck_found(struct fsck *f, enum fsck_kind kind, const char *subject,
		const char *fmt, ...) __attribute__((format(printf, 4, 5)));
/*
 * Whether an error is damage of the store (CORRUPT, NOT_FOUND, MISMATCH): then
 * it becomes a finding and is cleared.
 */
bool fsck_absorb(struct fsck *f, enum fsck_kind kind, const char *subject,
		 struct ltps_error *err);
void fsck_progress(struct fsck *f, const char *stage, uint64_t done, uint64_t total);

int fsck_blobs(struct fsck *f, struct ltps_error *err) LTPS_CHECKED;
int fsck_orphans(struct fsck *f, struct ltps_error *err) LTPS_CHECKED;
int fsck_renewal(struct fsck *f, struct ltps_error *err) LTPS_CHECKED;
int fsck_trees(struct fsck *f, struct ltps_error *err) LTPS_CHECKED;

#endif
