/* SPDX-License-Identifier: Apache-2.0 */
/*
 * past_kit - a judgement under construction for tests of certificates in the
 * past: material, target, times and proofs, and what must come out.
 */
#ifndef LTPS_TESTS_PAST_KIT_H
#define LTPS_TESTS_PAST_KIT_H

#include "validation/past.h"

struct past_kit {
	struct material *m;
	struct cert *target;
	struct poe_set *poes;
	struct cert_validation_input in; /* pool, target and poes are set */
	struct cert_validation_result *r;
};

/* In place, since the input points into it. */
void past_kit_init(struct past_kit *k, int64_t time_ms);
void past_kit_clear(struct past_kit *k);
void past_kit_target(struct past_kit *k, struct view der);
void past_kit_add(struct past_kit *k, enum material_kind kind, struct view der);
/* Takes the bytes. */
void past_kit_take(struct past_kit *k, enum material_kind kind, struct buf der);
/* Proof that this object existed; the first one makes the set. */
void past_kit_poe(struct past_kit *k, struct view der, int64_t time_ms);
void past_kit_poe_default(struct past_kit *k, int64_t time_ms);

/* Judge; the result stays in k->r until the next one. */
const struct cert_validation_result *past_kit_now(struct past_kit *k);
const struct cert_validation_result *past_kit_past(struct past_kit *k);
/* Judge, and it must be PASSED (sub NULL) or INDETERMINATE with this term. */
void past_kit_expect(struct past_kit *k, const char *sub);
/* 5.6.2.1: the control time, or INT64_MIN for none. */
void past_kit_expect_past(struct past_kit *k, int64_t control_ms);

#endif
