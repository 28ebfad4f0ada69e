/* SPDX-License-Identifier: Apache-2.0 */
/*
 * poe - proofs of existence: which object is proven to have existed at which
 * time, and by what. EN 319 102-1 5.6.2.3.
 */
#ifndef LTPS_VALIDATION_POE_H
#define LTPS_VALIDATION_POE_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Covers of all time-stamps of a document, and as many proofs from outside. */
#define POE_ENTRIES_MAX 200000

struct poe_set;
int poe_set_new(struct poe_set **ret, struct ltps_error *err) LTPS_CHECKED;
void poe_set_free(struct poe_set *s);
/* sha256: of the object's DER. Fails: NOMEM, TOO_LARGE */
int poe_add(struct poe_set *s, const uint8_t sha256[32], int64_t time_ms,
	    struct ltps_error *err) LTPS_CHECKED;
/*
 * poe_add_by - the same, told by whom: id of the time-stamp or record. Of several
 * proofs of one object the earliest counts, of equal ones the first.
 * by  outlives the set; NULL: not named
 */
int poe_add_by(struct poe_set *s, const uint8_t sha256[32], int64_t time_ms,
	       const char *by, struct ltps_error *err) LTPS_CHECKED;
/* Everything not named otherwise existed at this time ("now" of the judgement). What is
 * named with INT64_MAX did not, unless something else proves it. */
void poe_default(struct poe_set *s, int64_t time_ms);
/* Earliest proof; INT64_MAX when there is none. */
int64_t poe_earliest(const struct poe_set *s, const uint8_t sha256[32]);
/* What gave the earliest proof; NULL: not named, or it is the default. */
const char *poe_source(const struct poe_set *s, const uint8_t sha256[32]);

#endif
