/* SPDX-License-Identifier: Apache-2.0 */
/*
 * EN 319 102-1 5.6.2.4: each branch of past signature validation with a file that takes
 * it, and its nearest neighbour that does not. The decisions alone are in
 * engine_decide_test.c.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/cades_judge.h"

#define HOUR ((int64_t)3600000)
#define KEY_COMPROMISE 1
#define HOLD 6

static struct cades_kit_scene s;
static struct cades_judge j;

static void begin(const struct cades_kit_scene_options *o)
{
	cades_judge_clear(&j);
	if (s.root != NULL)
		cades_kit_scene_free(&s);
	s = cades_kit_scene(o);
}

static void set_up(void)
{
	begin(NULL);
}

static void tear_down(void)
{
	cades_judge_clear(&j);
	cades_kit_scene_free(&s);
}

TestSuite(engine_past, .init = set_up, .fini = tear_down);

/* Signed on day 0, with this material inside; no signature time-stamp. */
static struct view signed_with(struct cades_kit_material m)
{
	const struct cades_kit_signer signer = { .cert = s.signer };
	return cades_kit_make(&(struct cades_kit_make){
	    .signers = &signer, .n_signers = 1, .material = m });
}

static struct view archived(struct view file, const struct fix_cert *tsa, int64_t day)
{
	return cades_kit_stamp(
	    file, &(struct cades_kit_stamp){ .kind = CADES_STAMP_ARCHIVE_V3,
					     .tsa = tsa,
					     .gen_ms = KIT_DAY(day) });
}

static struct view usual(int64_t archive_day)
{
	return archived(signed_with(cades_kit_status(&s, KIT_DAY(2))), s.tsa,
			archive_day);
}

/* Status of the day before, of the CAs and the TSA; an entry in that of one. */
static void at(struct view file, int64_t day, const struct fix_cert *bad, int64_t at_ms,
	       int reason)
{
	const struct fix_revoked entry = { .cert = bad,
					   .at_ms = at_ms,
					   .reason = reason };
	int64_t this_ms = KIT_DAY(day) - 2 * HOUR;
	cades_judge_clear(&j);
	cades_judge_init(&j, &s, file, KIT_DAY(day));
	j.outside.crls[0] =
	    cades_kit_crl(s.tsa_ca, this_ms, bad == s.tsa ? &entry : NULL);
	j.outside.crls[1] = cades_kit_crl(s.root, this_ms, bad == s.ca ? &entry : NULL);
	if (bad == s.signer)
		j.outside.crls[2] = cades_kit_crl(s.ca, this_ms, &entry);
}

static void expect(enum subindication sub)
{
	cades_judge_expect(&j, sub);
}

/* ---- step 1 and 7: who issued the status ---- */

/* A responder whose certificate ends on day 6; the status is its, of day 2. */
static struct view by_responder(int64_t archive_day)
{
	const struct fix_ocsp_options o = { .cert = s.signer,
					    .issuer = s.ca,
					    .responder = s.ocsp,
					    .this_ms = KIT_DAY(2),
					    .next_ms = KIT_DAY(60) };
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	m.crls[0] = cades_kit_crl(s.root, KIT_DAY(2), NULL);
	m.crls[1] = (struct view){ 0 };
	m.crls[2] = (struct view){ 0 };
	m.ocsps[0] = cades_kit_ocsp(&o);
	struct view file = signed_with(m);
	return archive_day > 0 ? archived(file, s.tsa, archive_day) : file;
}

static void short_responder(int64_t signer_end)
{
	begin(&(struct cades_kit_scene_options){
	    .ocsp = { .not_after_ms = KIT_DAY(6) },
	    .signer = { .not_after_ms = signer_end } });
}

Test(engine_past, an_expired_responder_is_lifted_by_a_proof_from_its_time)
{
	short_responder(0);
	at(by_responder(0), 20, NULL, 0, 0);
	expect(SUB_REVOCATION_OUT_OF_BOUNDS_NO_POE);
	cr_expect_eq(j.first->process, PROCESS_BASIC);
	at(by_responder(4), 20, NULL, 0, 0);
	expect(SUB_NONE);
	cr_expect_eq(j.first->best_signature_time_ms, KIT_DAY(4));
	at(by_responder(8), 20, NULL, 0, 0); /* it had ended by then */
	expect(SUB_REVOCATION_OUT_OF_BOUNDS_NO_POE);
}

/* The signer has expired as well: its own outcome is lifted, that of the responder
 * stays (step 7). */
Test(engine_past, the_outcome_of_the_responder_replaces_a_lifted_one)
{
	short_responder(KIT_DAY(10));
	at(by_responder(8), 20, NULL, 0, 0);
	expect(SUB_REVOCATION_OUT_OF_BOUNDS_NO_POE);
	cr_expect_eq(j.first->basic.sub, SUB_OUT_OF_BOUNDS_NO_POE);
	at(by_responder(4), 20, NULL, 0, 0);
	expect(SUB_NONE);
}

/* ---- step 2: past certificate validation ---- */

Test(engine_past, without_a_past_the_present_outcome_stays_and_says_why)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) } });
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	m.crls[0] = m.crls[1] = m.crls[2] = (struct view){ 0 };
	at(archived(signed_with(m), s.tsa, 3), 20, NULL, 0, 0);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	cr_expect_not_null(j.first->past);
	cr_expect_str_eq(j.first->past->subindication, "NO_POE");
	cr_expect_not_null(strstr(j.first->conclusion.text, "NO_POE"));
	at(usual(3), 20, NULL, 0, 0);
	expect(SUB_NONE);
}

/* ---- step 3 ---- */

Test(engine_past, a_revoked_signer_is_lifted_up_to_its_revocation)
{
	at(usual(5), 20, s.signer, KIT_DAY(5) + HOUR, KEY_COMPROMISE);
	expect(SUB_NONE);
	cr_expect_eq(j.first->basic.sub, SUB_REVOKED_NO_POE);
	at(usual(5), 20, s.signer, KIT_DAY(5) - HOUR, KEY_COMPROMISE);
	expect(SUB_REVOKED_NO_POE);
	cr_expect_eq(j.first->conclusion.time_ms, KIT_DAY(5) - HOUR);
	cr_expect_eq(j.first->conclusion.reason, KEY_COMPROMISE);
}

Test(engine_past, a_hold_is_lifted_for_what_is_older)
{
	at(usual(5), 20, s.signer, KIT_DAY(5) + HOUR, HOLD);
	expect(SUB_NONE);
	cr_expect_eq(j.first->basic.sub, SUB_TRY_LATER);
	at(usual(5), 20, s.signer, KIT_DAY(5) - HOUR, HOLD);
	expect(SUB_TRY_LATER);
}

Test(engine_past, proof_from_before_the_certificate_fails_the_signature)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_before_ms = KIT_DAY(4), .not_after_ms = KIT_DAY(10) } });
	at(archived(signed_with(cades_kit_status(&s, KIT_DAY(5))), s.tsa, 3), 20, NULL,
	   0, 0);
	expect(SUB_NOT_YET_VALID);
	cr_expect_eq(j.first->conclusion.indication, INDICATION_FAILED);
	at(archived(signed_with(cades_kit_status(&s, KIT_DAY(5))), s.tsa, 6), 20, NULL,
	   0, 0);
	expect(SUB_NONE);
}

Test(engine_past, an_expired_signer_wants_a_proof_from_before_its_end)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) } });
	for (int64_t day = 9; day <= 11; day++) {
		at(usual(day), 20, NULL, 0, 0);
		expect(day < 10 ? SUB_NONE : SUB_OUT_OF_BOUNDS_NO_POE);
	}
}

/* A CA that has expired is a general failure now: dates above the signer only. */
Test(engine_past, an_expired_ca_is_lifted_by_a_proof_from_its_time)
{
	begin(&(struct cades_kit_scene_options){
	    .ca = { .not_after_ms = KIT_DAY(12) },
	    .signer = { .not_after_ms = KIT_DAY(10) } });
	at(signed_with(cades_kit_status(&s, KIT_DAY(2))), 20, NULL, 0, 0);
	expect(SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE);
	at(usual(11), 20, NULL, 0, 0);
	expect(SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE);
	at(usual(3), 20, NULL, 0, 0);
	/* The root's word about the CA is from after its end: it says nothing. */
	j.outside.crls[1] = cades_kit_crl(s.root, KIT_DAY(19), NULL);
	j.outside.crls[2] = cades_kit_crl(s.root, KIT_DAY(9), NULL);
	expect(SUB_NONE);
	cr_expect_eq(j.first->basic.sub, SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE);
	cr_expect_eq(j.first->best_signature_time_ms, KIT_DAY(3));
}

/* Any other general failure stays one. */
Test(engine_past, an_expired_ca_with_another_defect_is_not_lifted)
{
	begin(&(struct cades_kit_scene_options){
	    .ca = { .not_after_ms = KIT_DAY(12), .critical_extension = true },
	    .signer = { .not_after_ms = KIT_DAY(10) } });
	at(usual(3), 20, NULL, 0, 0);
	j.outside.crls[2] = cades_kit_crl(s.root, KIT_DAY(9), NULL);
	expect(SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE);
	cr_expect_null(j.first->past);
}

/* ---- step 5 ---- */

Test(engine_past, stale_status_is_lifted_where_it_was_fresh_when_proven)
{
	struct view file = usual(5);
	at(file, 50, NULL, 0, 0);
	expect(SUB_NONE);
	cr_expect_eq(j.first->basic.sub, SUB_TRY_LATER);
	cr_expect_eq(j.first->best_signature_time_ms, KIT_DAY(5));
	/* The CRLs of day 2 end on day 32. */
	at(usual(33), 50, NULL, 0, 0);
	expect(SUB_TRY_LATER);
}

/* ---- what is not lifted ---- */

Test(engine_past, what_failed_is_not_asked_for_its_past)
{
	const struct cades_kit_signer signer = { .cert = s.signer, .broken = true };
	struct view file = cades_kit_make(
	    &(struct cades_kit_make){ .signers = &signer,
				      .n_signers = 1,
				      .material = cades_kit_status(&s, KIT_DAY(2)) });
	at(archived(file, s.tsa, 3), 20, NULL, 0, 0);
	expect(SUB_SIG_CRYPTO_FAILURE);
	cr_expect_null(j.first->past);
}
