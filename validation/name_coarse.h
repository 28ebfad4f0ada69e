/* SPDX-License-Identifier: Apache-2.0 */
/*
 * name_coarse - the second form of a distinguished name, for those places where names
 * wrongly held different would let something pass: excluded subtrees, and entries of
 * revocation lists. Everything else compares the form of validation/name.h.
 */
#ifndef LTPS_VALIDATION_NAME_COARSE_H
#define LTPS_VALIDATION_NAME_COARSE_H

#include "validation/name.h"

/* Room for any coarse form: a character of BMPString, two octets, becomes 33 at most
 * (U+FDFA), and what stands around the texts is as in the canonical form. */
#define NAME_COARSE_MAX (20 * NAME_SIZE_MAX)

/*
 * name_coarse - as name_canonical(), but texts with the case of all scripts folded and
 * in normal form KC. Names with equal canonical forms have equal coarse ones; a leading
 * part of the name is a prefix here too.
 * Fails: FORMAT, TOO_LARGE (object), NOMEM
 * Spec:  RFC 5280 7.1, RFC 4518 2.2, 2.3
 */
int name_coarse(struct view name, struct buf *out, struct ltps_error *err) LTPS_CHECKED;

/*
 * name_fold_text - the folding alone; private to validation/name.c.
 * text     UTF-8
 * ret      memory of the C library, free() it
 * Fails: FORMAT, TOO_LARGE (object), NOMEM
 */
int name_fold_text(struct view text, uint8_t **ret, size_t *ret_n,
		   struct ltps_error *err) LTPS_CHECKED;

#endif
