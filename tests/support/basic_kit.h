/* SPDX-License-Identifier: Apache-2.0 */
/*
 * basic_kit - building blocks of the engine on a file made by cades_kit: a policy whose
 * levels the test sets, pools, and one run of 5.3 or 5.4 with what it wrote down.
 */
#ifndef LTPS_TESTS_BASIC_KIT_H
#define LTPS_TESTS_BASIC_KIT_H

#include "tests/support/cades_kit.h"
#include "validation/engine_private.h"

#define BASIC_KIT_VALUES_MAX 4

struct basic_kit {
	struct cades_kit_scene scene;
	struct validation_policy *policy;
	struct constraint_rule rules[CONTEXT_COUNT]
				    [CONSTRAINT_COUNT]; /* as they came */
	char *values[CONSTRAINT_COUNT][BASIC_KIT_VALUES_MAX];
	struct material *extra; /* pool beside the anchors */
	const struct material *pools[2];
	struct content content; /* detached */
	struct document *doc;
	struct engine_input in;
	struct engine e;
	struct report *report;
	struct basic b; /* of the last run */
};

/* CA certificates and their CRLs of day 2 are in the pool beside; now is day 4. */
void basic_kit_init(struct basic_kit *k, const struct cades_kit_scene_options *o);
/* The same without the CRLs. */
void basic_kit_init_bare(struct basic_kit *k, const struct cades_kit_scene_options *o);
void basic_kit_clear(struct basic_kit *k);
void basic_kit_add(struct basic_kit *k, enum material_kind kind, struct view der);
void basic_kit_no_anchors(struct basic_kit *k);
/* The level of a constraint in all contexts, with its values ("" and NULL: none). */
void basic_kit_rule(struct basic_kit *k, enum constraint c, enum constraint_level level,
		    const char *value, const char *value2);

/* Reads a file; detached content may have n 0. */
void basic_kit_load(struct basic_kit *k, struct view file, struct view detached);
/* One signer of the scene's certificate. */
void basic_kit_sign(struct basic_kit *k, const struct cades_kit_signer *signer);
/* 5.3 of this signature at a time; the outcome must be this one. */
const struct conclusion *basic_kit_judge(struct basic_kit *k, size_t signature,
					 int64_t time_ms);
void basic_kit_expect(struct basic_kit *k, enum subindication sub);
/* 5.4 of this time-stamp at day 4. */
const struct report_stamp *basic_kit_stamp(struct basic_kit *k, size_t stamp);
void basic_kit_expect_stamp(struct basic_kit *k, size_t stamp, enum subindication sub);

/* What the last runs wrote down; NULL: nothing. */
const struct report_finding *basic_kit_finding(const struct basic_kit *k,
					       const char *code);
const struct report_constraint *
basic_kit_constraint(const struct basic_kit *k, size_t signature, enum constraint c);

#endif
