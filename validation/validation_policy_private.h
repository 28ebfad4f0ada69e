/* SPDX-License-Identifier: Apache-2.0 */
/* validation_policy_private - between the files of validation_policy. */
#ifndef LTPS_VALIDATION_VALIDATION_POLICY_PRIVATE_H
#define LTPS_VALIDATION_VALIDATION_POLICY_PRIVATE_H

#include "base/conf.h"
#include "validation/validation_policy.h"

#define POLICY_VALUES_MAX 64 /* of one rule: a list that a person still reads */
#define POLICY_NOTES_MAX 512 /* a policy of DSS has some hundred elements */

/* The rule's section of each context: "constraints", "constraints.time-stamp". */
extern const char *const policy_sections[CONTEXT_COUNT];

/* All rules by their defaults. */
void policy_rules_default(struct validation_policy *p);
/* What the sections say instead. name: the file, for error texts */
int policy_rules_read(const struct conf *c, const char *name,
		      struct validation_policy *p, struct ltps_error *err) LTPS_CHECKED;
/*
 * policy_rule_set - one rule from its words: "FAIL nonRepudiation digitalSignature".
 * Fails: FORMAT (caller) without a place; NOMEM
 */
#define NEEDS_A_VALUE "needs a value"
int policy_rule_set(struct constraint_rule *rule, enum constraint c, struct view words,
		    struct ltps_error *err) LTPS_CHECKED;
void policy_rules_free(struct validation_policy *p);

/* Beyond POLICY_NOTES_MAX they are dropped, which the last one says. */
int policy_note(struct validation_policy *p, struct ltps_error *err, const char *fmt,
		...) __attribute__((format(printf, 3, 4))) LTPS_CHECKED;
/* Takes the suite over, also when it fails, and makes the plain form. */
int policy_set_suite(struct validation_policy *p, struct algorithm_suite *suite,
		     const char *name, struct ltps_error *err) LTPS_CHECKED;

/*
 * policy_read_dss - the ConstraintsParameters of EU DSS (policy_dss.c).
 * p  with its defaults; filled
 */
int policy_read_dss(struct view text, const char *name, struct validation_policy *p,
		    struct ltps_error *err) LTPS_CHECKED;

/* policy_19172.c: whether the root is a SignaturePolicy; the refusal that names its
 * parts: UNSUPPORTED (caller). */
int policy_is_19172(struct view text, bool *ret_is,
		    struct ltps_error *err) LTPS_CHECKED;
int policy_refuse_19172(struct view text, struct ltps_error *err) LTPS_CHECKED;

#endif
