/* SPDX-License-Identifier: Apache-2.0 */
/*
 * anchors - the history of trust anchors: each with the period in which this service
 * trusted it. An anchor that is configured no more has a sunset and goes on proving
 * what was time-stamped under it before.
 */
#ifndef LTPS_LTP_ANCHORS_H
#define LTPS_LTP_ANCHORS_H

#include "storage/material.h"
#include "validation/material.h"

/* Where an anchor comes from that is not named in the configuration itself. */
struct anchor_origin {
	uint8_t sha256[32];
	int64_t from_ms;  /* since when it is trusted there */
	int64_t until_ms; /* until when; INT64_MAX: still */
	char source[128]; /* "trusted list EU/RO" */
};
#define ANCHOR_SOURCE_LIST "trusted list "
/* An anchor may have several, in any order. */
struct anchor_origins {
	struct anchor_origin *list;
	size_t n, capacity;
};
/* Release the list with mem_free(). */
int anchor_origins_add(struct anchor_origins *o, const struct anchor_origin *origin,
		       struct ltps_error *err) LTPS_CHECKED;
/*
 * anchor_origins_join - an anchor is trusted when any of its origins trusts it: the
 * last time without a break in which one of them did. Its source is the one that ends
 * last; of those the one that began first.
 * Gives false when the anchor has none.
 */
bool anchor_origins_join(const struct anchor_origins *o, const uint8_t sha256[32],
			 struct anchor_origin *ret);

/* Configured anchors that are not in the history are added, from now on or since their
 * origins say; those of the history that are configured no more get their sunset now;
 * one that is back begins a new period. On the writer's thread.
 * origins  NULL: all are of the configuration */
int anchors_record(struct store_conn *conn, const struct material *configured,
		   const struct anchor_origins *origins, int64_t now_ms,
		   size_t *ret_changes, struct ltps_error *err) LTPS_CHECKED;
/* All of the history into a pool, those past with their sunset
 * (material_add_anchor()). */
int anchors_read(struct store_conn *conn, struct material *into,
		 struct ltps_error *err) LTPS_CHECKED;
/* The same as a file for auditors: PEM, each block behind lines "Subject: ...",
 * "Trusted-From: RFC3339" and, when it ended, "Trusted-Until: RFC3339", which
 * material_add_text_or_der() reads. Appended. */
int anchors_write(struct store_conn *conn, struct buf *out,
		  struct ltps_error *err) LTPS_CHECKED;

#endif
