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
	char source[128]; /* "trusted list EU/RO" */
};
#define ANCHOR_SOURCE_LIST "trusted list "
/* The first of an anchor counts. */
struct anchor_origins {
	struct anchor_origin *list;
	size_t n, capacity;
};
/* Adds one, unless it is there. Release the list with mem_free(). */
int anchor_origins_add(struct anchor_origins *o, const struct anchor_origin *origin,
		       struct ltps_error *err) LTPS_CHECKED;

/* Configured anchors that are not in the history are added, from now on or since their
 * origin says; those of the history that are configured no more get their sunset now;
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
