/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fixity - what was found damaged: kept until it is whole, told in the audit of every
 * object that holds it, repaired from the second directory where there is one.
 */
#ifndef LTPS_LTP_FIXITY_H
#define LTPS_LTP_FIXITY_H

#include "ltp/upkeep.h"

/* Blobs that are damaged now and could not be repaired: for /health. A few thousand
 * are counted at most. */
int fixity_damage_count(struct store_conn *conn, uint64_t *ret_n,
			struct ltps_error *err) LTPS_CHECKED;
/* This blob is to be checked and repaired at once. On the writer's thread. */
int fixity_wake(struct store_conn *conn, int64_t blob, int64_t now_ms,
		struct ltps_error *err) LTPS_CHECKED;
/* blob_read() for whoever answers a client: CORRUPT wakes the check of the blob. */
int fixity_blob_read(struct ltp_worker *w, int64_t blob, struct buf *out,
		     struct ltps_error *err) LTPS_CHECKED;
/*
 * fixity_blob_try - the same for whoever can do without the octets: of damaged ones
 * nothing is in out, and it is no failure.
 * ret_damage  what is wrong with them; LTPS_OK: nothing
 */
int fixity_blob_try(struct ltp_worker *w, int64_t blob, struct buf *out,
		    struct ltps_error *ret_damage,
		    struct ltps_error *err) LTPS_CHECKED;

/* Before each task of the turns (base/failpoint.h); NULL-terminated. */
extern const char *const ltp_fixity_failpoints[];

#endif
