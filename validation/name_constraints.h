/* SPDX-License-Identifier: Apache-2.0 */
/*
 * name_constraints - permitted and excluded subtrees gathered on the way down a
 * path, and names held against them. Private to the room.
 */
#ifndef LTPS_VALIDATION_NAME_CONSTRAINTS_H
#define LTPS_VALIDATION_NAME_CONSTRAINTS_H

#include "validation/chain.h"

/* No subtrees; everything is permitted. */
struct name_constraints;
/* Fails: NOMEM */
int name_constraints_new(struct name_constraints **ret,
			 struct ltps_error *err) LTPS_CHECKED;
void name_constraints_free(struct name_constraints *n); /* NULL-safe */

/*
 * name_constraints_add - those of one certificate: names below must be within the
 * permitted subtrees of every certificate that has some for their form, and within
 * no excluded one.
 * value         contents of the SEQUENCE NameConstraints, borrowed
 * critical      forms that we cannot apply then refuse such names; else they are
 *               passed over
 * ret_malformed it does not decode, or a subtree is none of its form: nothing
 *               below may be trusted
 * Fails: NOMEM
 * Spec:  RFC 5280 4.2.1.10, 6.1.4 (g)
 */
int name_constraints_add(struct name_constraints *n, struct view value, bool critical,
			 bool *ret_malformed, struct ltps_error *err) LTPS_CHECKED;

/* PATH_OK, PATH_NAME_..., or PATH_BUDGET. */
struct name_verdict {
	enum path_code code;
	char text[160];
};
/*
 * name_constraints_check - subject and alternative names of a certificate. Stops at
 * the first that is refused.
 * A name that does not decode as its form is refused where its form is constrained.
 * Deviations to the strict side: emailAddress attributes of the subject count when
 * there is no rfc822Name, even beside other alternative names; a wildcard DNS name
 * is excluded when any name that it may stand for is.
 * Fails: NOMEM
 * Spec:  RFC 5280 6.1.3 (b) (c), 4.2.1.10; RFC 9598 6
 */
int name_constraints_check(const struct name_constraints *n, const struct cert *c,
			   struct path_run *run, struct name_verdict *ret,
			   struct ltps_error *err) LTPS_CHECKED;

#endif
