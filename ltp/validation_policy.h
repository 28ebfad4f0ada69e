/* SPDX-License-Identifier: Apache-2.0 */
/*
 * validation_policy - how certificates are judged, as data: policies/validation-*.conf,
 * built into the program.
 */
#ifndef LTPS_LTP_VALIDATION_POLICY_H
#define LTPS_LTP_VALIDATION_POLICY_H

#include "validation/path.h"

#define VALIDATION_POLICY_LIMITS_MAX 256 /* lines about algorithms */

struct validation_policy {
	char *id;
	char *description;
	enum path_model model;
	int64_t max_age_ms; /* 0: a status counts until its nextUpdate */
	bool exempt_short_term;
	struct algorithm_policy algorithms;
	struct algorithm_limit *limits; /* what it points to */
};

/*
 * validation_policy_parse - strict: an unknown key, algorithm or date is refused.
 * name   for error texts
 * ret_p  free with validation_policy_free()
 * Fails: FORMAT (caller) with file and line; NOMEM
 */
int validation_policy_parse(struct view text, const char *name,
			    struct validation_policy **ret_p,
			    struct ltps_error *err) LTPS_CHECKED;
/*
 * validation_policy_builtin - "default" is policies/validation-default.conf; its id
 * is a name too.
 * Fails: NOT_FOUND (caller); NOMEM
 */
int validation_policy_builtin(const char *name, struct validation_policy **ret_p,
			      struct ltps_error *err) LTPS_CHECKED;
void validation_policy_free(struct validation_policy *p); /* NULL-safe */
/* Writes what the policy says of judgement into an input; borrows the policy. */
void validation_policy_apply(const struct validation_policy *p, struct path_input *in);

#endif
