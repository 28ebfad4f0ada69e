/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What counts as a proof, EN 319 102-1 5.6.2.3: objects and references to them, digests
 * that were reliable then, status that was fresh; and the level that a signature holds.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/cades_judge.h"
#include "tests/support/cms_make.h"

#define KEY_COMPROMISE 1
#define HOLD 6
#define HOUR ((int64_t)3600000)
#define SECOND ((int64_t)1000)

static struct cades_kit_scene s;
static struct cades_judge j;

static void set_up(void)
{
	s = cades_kit_scene(NULL);
}

static void tear_down(void)
{
	cades_judge_clear(&j);
	cades_kit_scene_free(&s);
}

TestSuite(matrix_proof, .init = set_up, .fini = tear_down);

static void at(struct view file, int64_t day)
{
	cades_judge_clear(&j);
	cades_judge_init(&j, &s, file, KIT_DAY(day));
}

static void expect(enum subindication sub)
{
	cades_judge_expect(&j, sub);
}

/* On day 51 the CA is known to be revoked since day 10. */
static void after_revocation(struct view file)
{
	struct fix_revoked entry = { .cert = s.ca,
				     .at_ms = KIT_DAY(10),
				     .reason = KEY_COMPROMISE };
	at(file, 51);
	j.outside.crls[0] = cades_kit_crl(s.tsa_ca, KIT_DAY(50), NULL);
	j.outside.crls[1] = cades_kit_crl(s.root, KIT_DAY(50), &entry);
}

static struct view stamp(struct view file, enum cades_stamp_kind kind,
			 enum digest_alg alg, int64_t day)
{
	return cades_kit_stamp(
	    file,
	    &(struct cades_kit_stamp){
		.kind = kind, .tsa = s.tsa2, .alg = alg, .gen_ms = KIT_DAY(day) });
}

/* ---- references ---- */

/*
 * Status of day 2, referred to by digests of this algorithm that a time-stamp of this
 * day covers; the values themselves are not covered.
 */
static void by_references(enum cades_stamp_kind kind, enum digest_alg refs, int64_t day)
{
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	struct view file = cades_kit_plain(s.signer);
	/* Of a refs-time-stamp the signature is no part. */
	if (kind == CADES_STAMP_REFS)
		file = stamp(file, CADES_STAMP_SIGNATURE, DIGEST_NONE, 1);
	file = cades_kit_refs(file, 0, &m, refs);
	file = stamp(file, kind, DIGEST_NONE, day);
	/* What makes it a matter of 5.6 and proves nothing of use itself. */
	file = cades_kit_values(file, 0, &m);
	file = stamp(file, CADES_STAMP_ARCHIVE_V3, DIGEST_NONE, 12);
	after_revocation(file);
}

Test(matrix_proof, reference_when_stamped_before_expect_the_object_is_proven)
{
	by_references(CADES_STAMP_C, DIGEST_SHA256, 3);
	expect(SUB_NONE);
	cr_assert_eq(j.first->best_signature_time_ms, KIT_DAY(3));
	by_references(CADES_STAMP_C, DIGEST_SHA512, 3);
	expect(SUB_NONE);
	by_references(CADES_STAMP_C, DIGEST_SHA256, 11); /* after the revocation */
	expect(SUB_REVOKED_CA_NO_POE);
}

/* h must be reliable at a time at which the object is known: SHA-1 is not. */
Test(matrix_proof, reference_when_by_sha1_expect_nothing_is_proven)
{
	by_references(CADES_STAMP_C, DIGEST_SHA1, 3);
	expect(SUB_REVOKED_CA_NO_POE);
}

/* ---- the imprint ---- */

static struct view unproven(void)
{
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	return cades_kit_add(cades_kit_plain(s.signer), &m);
}

Test(matrix_proof, archive_stamp_when_its_imprint_is_weak_expect_no_proof)
{
	after_revocation(stamp(unproven(), CADES_STAMP_ARCHIVE_V3, DIGEST_SHA1, 3));
	expect(SUB_REVOKED_CA_NO_POE);
	cr_assert_not(j.report->stamps[0].counted);
	after_revocation(stamp(unproven(), CADES_STAMP_ARCHIVE_V3, DIGEST_SHA512, 3));
	expect(SUB_NONE);
}

/* ---- freshness ---- */

Test(matrix_proof, max_age_when_exceeded_expect_try_later)
{
	for (int64_t days = 1; days < 4; days++) {
		at(unproven(), 4);
		j.policy->max_age_ms = days * FIX_DAY_MS;
		expect(days < 2 ? SUB_TRY_LATER : SUB_NONE);
	}
}

/* On hold since day 5: an archive time-stamp from before is a proof. */
Test(matrix_proof, hold_when_archived_before_expect_passed)
{
	for (int64_t day = 6; day > 2; day -= 3) {
		struct fix_revoked entry = { .cert = s.signer,
					     .at_ms = KIT_DAY(5),
					     .reason = HOLD };
		at(stamp(unproven(), CADES_STAMP_ARCHIVE_V3, DIGEST_NONE, day), 8);
		j.outside.crls[0] = cades_kit_crl(s.ca, KIT_DAY(7), &entry);
		expect(day == 6 ? SUB_TRY_LATER : SUB_NONE);
	}
}

/* ---- order: RFC 3161 2.4.2 ---- */

static void ordered(int64_t content_ms, int64_t accuracy_ms, int64_t signature_ms)
{
	struct cades_kit_stamp c = { .tsa = s.tsa,
				     .gen_ms = content_ms,
				     .accuracy_ms = accuracy_ms };
	struct cades_kit_stamp t = { .tsa = s.tsa,
				     .gen_ms = signature_ms,
				     .accuracy_ms = accuracy_ms };
	struct cades_kit_signer signer = { .cert = s.signer,
					   .content_stamps = &c,
					   .n_content_stamps = 1,
					   .stamps = &t,
					   .n_stamps = 1 };
	struct cades_kit_make o = { .signers = &signer,
				    .n_signers = 1,
				    .material = cades_kit_status(&s, KIT_DAY(2)) };
	at(cades_kit_make(&o), 4);
}

Test(matrix_proof, order_when_surely_wrong_expect_failure)
{
	ordered(KIT_DAY(1) + HOUR, SECOND, KIT_DAY(1));
	expect(SUB_TIMESTAMP_ORDER_FAILURE);
	cr_assert_eq(j.first->conclusion.constraint, CONSTRAINT_TIME_STAMP_ORDER);
	ordered(KIT_DAY(1), SECOND, KIT_DAY(1) + HOUR);
	expect(SUB_NONE);
	ordered(KIT_DAY(1), 0, KIT_DAY(1)); /* the same second */
	expect(SUB_NONE);
	/* A policy may only be told of it. */
	ordered(KIT_DAY(1) + HOUR, SECOND, KIT_DAY(1));
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_TIME_STAMP_ORDER,
			 CONSTRAINT_WARN, NULL);
	expect(SUB_NONE);
}

/* ---- levels ---- */

static void expect_level(struct view file, enum signature_level level)
{
	at(file, 4);
	j.outside = cades_kit_status(&s, KIT_DAY(3));
	expect(SUB_NONE);
	cr_assert_eq(j.first->level, level, "%s instead of %s",
		     signature_level_name(j.first->level), signature_level_name(level));
}

Test(matrix_proof, level_when_what_it_promises_is_there_expect_it)
{
	expect_level(cades_kit_typical(&s, CADES_KIT_B), LEVEL_B);
	expect_level(cades_kit_typical(&s, CADES_KIT_T), LEVEL_T);
	expect_level(cades_kit_typical(&s, CADES_KIT_LT), LEVEL_LT);
	expect_level(cades_kit_typical(&s, CADES_KIT_LTA), LEVEL_LTA);
}

Test(matrix_proof, level_when_something_is_missing_expect_the_one_below)
{
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	struct view t = cades_kit_typical(&s, CADES_KIT_T);
	struct cades_kit_stamp bad = { .kind = CADES_STAMP_SIGNATURE,
				       .tsa = s.tsa,
				       .gen_ms = KIT_DAY(1),
				       .wrong_imprint = true };
	expect_level(cades_kit_stamp(cades_kit_typical(&s, CADES_KIT_B), &bad),
		     LEVEL_B);
	m.crls[2] = VIEW_NULL; /* no status of the TSA */
	expect_level(cades_kit_add(t, &m), LEVEL_T);
	expect_level(
	    stamp(cades_kit_add(t, &m), CADES_STAMP_ARCHIVE_V3, DIGEST_NONE, 3),
	    LEVEL_T);
	/* An archive time-stamp without a signature-time-stamp. */
	expect_level(stamp(unproven(), CADES_STAMP_ARCHIVE_V3, DIGEST_NONE, 3),
		     LEVEL_B);
	/* Values where baseline does not have them. */
	m = cades_kit_status(&s, KIT_DAY(2));
	at(cades_kit_values(t, 0, &m), 4);
	expect(SUB_NONE);
	cr_assert_str_neq(j.first->profile, "CAdES-BASELINE-LT");
}

/* ---- what a policy asks of the level ---- */

Test(matrix_proof, level_when_required_expect_constraint)
{
	static const enum cades_kit_level levels[] = { CADES_KIT_T, CADES_KIT_LT,
						       CADES_KIT_LTA };
	for (size_t i = 0; i < 3; i++) {
		at(cades_kit_typical(&s, levels[i]), 4);
		j.outside = cades_kit_status(&s, KIT_DAY(3));
		cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_LEVEL,
				 CONSTRAINT_FAIL, "LT");
		expect(i == 0 ? SUB_SIG_CONSTRAINTS_FAILURE : SUB_NONE);
	}
}

/* ---- time-stamps of their own ---- */

/* TSA certificate not fit for time-stamps: RFC 3161 2.3. */
Test(matrix_proof, tsa_when_its_certificate_is_unfit_expect_no_proof)
{
	static const enum fix_eku ekus[] = { FIX_EKU_TIMESTAMPING_NOT_CRITICAL,
					     FIX_EKU_TIMESTAMPING_AND_OTHER,
					     FIX_EKU_OTHER, FIX_EKU_TIMESTAMPING };
	for (size_t i = 0; i < 4; i++) {
		struct fix_cert *tsa = fix_cert_make(&(struct fix_cert_options){
		    .cn = "Unfit", .issuer = s.tsa_ca, .eku = ekus[i] });
		struct cades_kit_stamp a = { .kind = CADES_STAMP_ARCHIVE_V3,
					     .tsa = tsa,
					     .gen_ms = KIT_DAY(3) };
		fprintf(stderr, "EKU %zu\n", i);
		after_revocation(cades_kit_stamp(unproven(), &a));
		expect(i < 3 ? SUB_REVOKED_CA_NO_POE : SUB_NONE);
		fix_cert_free(tsa);
	}
}

Test(matrix_proof, tsa_name_when_another_expect_as_the_policy_says)
{
	struct cades_kit_stamp a = { .kind = CADES_STAMP_ARCHIVE_V3,
				     .tsa = s.tsa,
				     .gen_ms = KIT_DAY(3),
				     .deviation = { .wrong_tsa_name = true } };
	after_revocation(cades_kit_stamp(unproven(), &a));
	cades_judge_rule(&j, CONTEXT_TIME_STAMP, CONSTRAINT_TSA_NAME, CONSTRAINT_FAIL,
			 NULL);
	expect(SUB_REVOKED_CA_NO_POE);
	cades_judge_rule(&j, CONTEXT_TIME_STAMP, CONSTRAINT_TSA_NAME, CONSTRAINT_IGNORE,
			 NULL);
	expect(SUB_NONE);
}

Test(matrix_proof, tsa_policy_when_another_expect_no_proof)
{
	static const char *const policies[] = { "1.2.3", ("1.2.3 " FIX_POLICY) };
	struct view file = stamp(unproven(), CADES_STAMP_ARCHIVE_V3, DIGEST_NONE, 3);
	for (size_t i = 0; i < 2; i++) {
		after_revocation(file);
		cades_judge_rule(&j, CONTEXT_TIME_STAMP, CONSTRAINT_TSA_POLICY,
				 CONSTRAINT_FAIL, policies[i]);
		expect(i == 0 ? SUB_REVOKED_CA_NO_POE : SUB_NONE);
	}
}

/* A file that is a time-stamp. */
Test(matrix_proof, token_alone_when_judged_expect_its_own_outcome)
{
	struct digest d = cades_kit_hash(DIGEST_SHA256, view_text(CADES_KIT_CONTENT));
	struct cades_kit_stamp t = { .tsa = s.tsa,
				     .gen_ms = KIT_DAY(3),
				     .inside = cades_kit_status(&s, KIT_DAY(2)) };
	static const char *const contents[] = { CADES_KIT_CONTENT, "another" };
	for (size_t i = 0; i < 2; i++) {
		at(cades_kit_token(&t, &d), 4);
		j.has_content = true;
		j.content = view_text(contents[i]);
		cr_assert(cades_judge_run(&j));
		cr_assert_eq(j.report->n_signatures, 0);
		cr_assert_eq(j.report->n_stamps, 1);
		cr_assert_eq(j.report->stamps[0].stamp->imprint,
			     i == 0 ? MATCH_YES : MATCH_NO);
		if (i == 0)
			cr_assert_eq(j.report->indication, INDICATION_PASSED);
		else
			cr_assert_neq(j.report->indication, INDICATION_PASSED);
	}
}
