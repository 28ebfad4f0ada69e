/* SPDX-License-Identifier: Apache-2.0 */
/* engine_accept - one run of EN 319 102-1 5.2.8: what fails is collected. Private to
 * the engine. */
#ifndef LTPS_VALIDATION_ENGINE_ACCEPT_H
#define LTPS_VALIDATION_ENGINE_ACCEPT_H

#include "validation/engine_private.h"

struct accepting {
	struct engine *e;
	const struct basic *b;
	enum constraint first; /* that fails; CONSTRAINT_COUNT: none */
	char failed[200];      /* names of those that fail, comma between */
};

/* Applies a constraint of the policy. text: what was found; may be "". */
int accept_apply(struct accepting *a, enum constraint c, bool holds, const char *text,
		 struct ltps_error *err) LTPS_CHECKED;
/* What no policy lowers. */
void accept_fail(struct accepting *a, enum constraint c, const char *what);
static inline const struct constraint_rule *accept_rule(const struct accepting *a,
							enum constraint c)
{
	return engine_rule(a->e, &a->b->ledger, c);
}
/* engine_pdf.c: what came behind a signature of a PDF. */
int accept_pdf(struct accepting *a, struct ltps_error *err) LTPS_CHECKED;
/* engine_stamp.c: those of a time-stamp. */
int accept_stamp(struct accepting *a, struct ltps_error *err) LTPS_CHECKED;

#endif
