/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cades_judge - a file read and judged for a test: document_read() and engine_judge()
 * under the default policy, which the test may change, with the anchors of a scene and
 * material from outside.
 *
 *	struct cades_judge j;
 *	cades_judge_init(&j, &scene, file, KIT_DAY(4));
 *	j.outside.crls[0] = cades_kit_crl(...);
 *	cades_judge_expect(&j, SUB_REVOKED_NO_POE);
 *	cr_assert_eq(j.first->conclusion.time_ms, ...);
 *	cades_judge_clear(&j);
 */
#ifndef LTPS_TESTS_CADES_JUDGE_H
#define LTPS_TESTS_CADES_JUDGE_H

#include "tests/support/cades_kit.h"
#include "validation/engine.h"

struct cades_judge {
	/* The test's, before judging. */
	struct view file;
	bool has_content; /* detached: this is the content */
	struct view content;
	const struct cades_kit_scene *scene; /* its anchors */
	int64_t now_ms;
	struct cades_kit_material outside;
	struct validation_policy *policy; /* the default one; the test may change it */
	int64_t sunset_ms;                /* of the scene's root; 0: none */
	const struct material *stamp_anchors; /* NULL: the scene's anchors */
	struct view signature_policy;
	const struct engine_proof *proofs;
	size_t n_proofs;

	/* The outcome, until the next judgement or cades_judge_clear(). */
	struct document *document; /* NULL: it could not be read */
	struct report *report;
	const struct report_signature *first; /* signatures[0]; NULL when none */
	struct ltps_error why;                /* of a file that could not be read */

	struct content given; /* private */
	struct material *pool;
};

void cades_judge_init(struct cades_judge *j, const struct cades_kit_scene *scene,
		      struct view file, int64_t now_ms);
void cades_judge_clear(struct cades_judge *j);
/* false: the file cannot be read (FORMAT...). What cannot be judged ends the test. */
bool cades_judge_run(struct cades_judge *j);
/* Judges; the first signature must end with this (SUB_NONE: TOTAL-PASSED). */
void cades_judge_expect(struct cades_judge *j, enum subindication sub);
/* The i-th time-stamp must have ended with this. */
void cades_judge_expect_stamp(const struct cades_judge *j, size_t i,
			      enum subindication sub);
/* A rule of the policy; values separated by blanks, or NULL. */
void cades_judge_rule(struct cades_judge *j, enum constraint_context context,
		      enum constraint c, enum constraint_level level,
		      const char *values);
/* What became of a constraint of the first signature; NULL: not applied. */
const struct report_constraint *cades_judge_constraint(const struct cades_judge *j,
						       enum constraint c);
bool cades_judge_has_finding(const struct cades_judge *j, const char *code);

#endif
