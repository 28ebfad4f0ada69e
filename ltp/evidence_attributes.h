/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence_attributes - by whom, under which evidence policy and which profile evidence
 * was made: attributes of the first ArchiveTimeStamp of an object, where the profile
 * says so.
 *
 * They are a statement of the service, not a proof: no time-stamp covers the attributes
 * of its own ArchiveTimeStamp (RFC 4998 4.1); only a later hash-tree renewal takes the
 * hash of the chain that they stand in. They are written down with the tree when it
 * closes, so that its records stay the same octets whatever is configured later.
 */
#ifndef LTPS_LTP_EVIDENCE_ATTRIBUTES_H
#define LTPS_LTP_EVIDENCE_ATTRIBUTES_H

#include "ltp/inside.h"

#define EVIDENCE_ATTRIBUTES_MAX 8192 /* three URIs of STORE_URI_MAX */

/*
 * evidence_attributes_put - for a tree that closes now: on the writer's thread.
 * p  NULL, or without evidence_attributes: nothing is written
 * Spec: TS 119 512 annexes H and I
 */
int evidence_attributes_put(struct store_conn *conn, const struct ltp *l,
			    const struct profile *p, int64_t tree,
			    struct ltps_error *err) LTPS_CHECKED;
/* Attribute TLVs one behind the other, as ers_stamp_parts takes them; none: *ret_n 0.
 */
int evidence_attributes_get(struct store_conn *conn, const struct tree *tree,
			    uint8_t out[EVIDENCE_ATTRIBUTES_MAX], size_t *ret_n,
			    struct ltps_error *err) LTPS_CHECKED;

#endif
