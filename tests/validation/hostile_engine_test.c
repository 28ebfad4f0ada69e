/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The engine against people who want a forged signature accepted, and against time,
 * which wants a real one lost.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/cades_judge.h"

#define HOUR ((int64_t)3600000)
#define KEY_COMPROMISE 1

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

TestSuite(hostile_engine, .init = set_up, .fini = tear_down);

static void at(struct view file, int64_t day, const struct cades_kit_material *outside)
{
	cades_judge_clear(&j);
	cades_judge_init(&j, &s, file, KIT_DAY(day));
	if (outside != NULL)
		j.outside = *outside;
}

static struct view stamped(struct view file, enum cades_stamp_kind kind,
			   const struct fix_cert *tsa, int64_t day)
{
	return cades_kit_stamp(file,
			       &(struct cades_kit_stamp){
				   .kind = kind, .tsa = tsa, .gen_ms = KIT_DAY(day) });
}

static struct view archived(struct view file, const struct fix_cert *tsa, int64_t day)
{
	return stamped(file, CADES_STAMP_ARCHIVE_V3, tsa, day);
}

/* ---- forged ---- */

/*
 * The key was lost on day 5, the signature is known from day 10 only. The root's word,
 * stale by now, takes the sliding back to day 12, where the list that tells of the
 * revocation was not issued yet.
 */
Test(hostile_engine, revocation_before_the_proof_counts_whatever_the_sliding_sees)
{
	begin(&(struct cades_kit_scene_options){ .own_tsa_root = true });
	for (int late = 0; late < 2; late++) {
		struct fix_revoked entry = { .cert = s.signer,
					     .at_ms = KIT_DAY(late ? 5 : 20),
					     .reason = KEY_COMPROMISE };
		struct cades_kit_material m = { 0 }, out = { 0 };
		m.certs[0] = s.ca->der;
		m.certs[1] = s.tsa_ca->der;
		m.crls[0] = cades_kit_crl(s.ca, KIT_DAY(4), NULL);
		out.crls[0] = cades_kit_crl(s.root, KIT_DAY(12), NULL);
		out.crls[1] = cades_kit_crl(s.tsa_ca, KIT_DAY(49), NULL);
		out.crls[2] = cades_kit_crl(s.ca, KIT_DAY(40), &entry);
		struct view file = cades_kit_add(cades_kit_plain(s.signer), &m);
		file = stamped(file, CADES_STAMP_SIGNATURE, s.tsa, 10);
		file = archived(file, s.tsa, 11);
		at(file, 50, &out);
		cr_assert(cades_judge_run(&j));
		cr_expect_neq(j.first->conclusion.indication == INDICATION_PASSED, late,
			      "revoked %s the proof: %s", late ? "before" : "after",
			      j.first->conclusion.text);
	}
}

/* ---- lost ---- */

/*
 * Signer and CA expired long ago. Status was gathered before the archive time-stamp, as
 * is usual, and all of it is stale; only the TSAs still say something.
 */
Test(hostile_engine, status_from_before_the_archive_stamp_serves_when_it_is_stale)
{
	begin(&(struct cades_kit_scene_options){
	    .own_tsa_root = true,
	    .ca = { .not_after_ms = KIT_DAY(500) },
	    .signer = { .not_after_ms = KIT_DAY(400) } });
	struct cades_kit_material out = { 0 };
	out.crls[0] = cades_kit_crl(s.tsa_ca, KIT_DAY(3000), NULL);
	at(cades_kit_typical(&s, CADES_KIT_LTA), 3001, &out);
	cades_judge_expect(&j, SUB_NONE);
	cr_assert_eq(j.first->best_signature_time_ms, KIT_DAY(1));
	/* Gathered before, but proven only after the last of it had become stale. */
	struct view late = archived(cades_kit_typical(&s, CADES_KIT_LT), s.tsa, 33);
	at(late, 3001, &out);
	cr_assert(cades_judge_run(&j));
	cr_assert_eq(j.first->conclusion.indication, INDICATION_INDETERMINATE);
}

/* RSA 2048 ended, and the CA that signed with it. */
Test(hostile_engine, a_ca_that_expired_and_grew_weak_is_lifted)
{
	const int64_t day = 3 * 365 + 30; /* after 2028 */
	begin(&(struct cades_kit_scene_options){
	    .ca = { .key = FIX_KEY_RSA, .not_after_ms = KIT_DAY(500) },
	    .signer = { .not_after_ms = KIT_DAY(400) } });
	struct cades_kit_material out = { 0 };
	out.crls[0] = cades_kit_crl(s.tsa_ca, KIT_DAY(day - 1), NULL);
	out.crls[1] = cades_kit_crl(s.root, KIT_DAY(day - 1), NULL);
	at(cades_kit_typical(&s, CADES_KIT_LTA), day, &out);
	cades_judge_expect(&j, SUB_NONE);
	cr_assert_eq(j.first->best_signature_time_ms, KIT_DAY(1));
	at(cades_kit_typical(&s, CADES_KIT_LT), day, &out);
	cr_assert(cades_judge_run(&j));
	cr_assert_eq(j.first->conclusion.indication, INDICATION_INDETERMINATE);
}

/* ---- who signed ---- */

/* Anybody may put a certificate of the same name and number before the signer's. */
Test(hostile_engine, a_namesake_does_not_take_the_signers_place)
{
	struct fix_cert *real = fix_cert_make(&(struct fix_cert_options){
	    .cn = "Signer of all", .issuer = s.ca, .serial = 4711 });
	struct fix_cert *forger =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Forger", .ca = true });
	struct fix_cert *namesake =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Signer of none",
						      .issuer = s.ca,
						      .sign_with = forger,
						      .serial = 4711 });
	const struct cades_kit_signer signer = { .cert = real,
						 .signing_certificate =
						     CADES_KIT_ABSENT };
	for (int first = 0; first < 2; first++) {
		struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
		m.certs[CADES_KIT_LIST_MAX - 2] = VIEW_NULL;
		size_t n = 0;
		while (m.certs[n].n > 0)
			n++;
		memmove(m.certs + 2, m.certs, n * sizeof(m.certs[0]));
		m.certs[first] = namesake->der;
		m.certs[1 - first] = real->der;
		at(cades_kit_make(
		       &(struct cades_kit_make){ .signers = &signer,
						 .n_signers = 1,
						 .no_signer_certificates = true,
						 .ber = true,
						 .material = m }),
		   4, NULL);
		cades_judge_expect(&j, SUB_NONE);
	}
	fix_cert_free(namesake);
	fix_cert_free(forger);
	fix_cert_free(real);
}

/* ---- the future ---- */

/* A content time-stamp that is younger than now proves nothing. */
Test(hostile_engine, a_content_stamp_from_the_future_makes_nothing_definite)
{
	const struct cades_kit_stamp content = { .tsa = s.tsa, .gen_ms = KIT_DAY(20) };
	const struct cades_kit_signer signer = { .cert = s.signer,
						 .content_stamps = &content,
						 .n_content_stamps = 1 };
	struct fix_revoked entry = { .cert = s.signer,
				     .at_ms = KIT_DAY(3),
				     .reason = KEY_COMPROMISE };
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	m.crls[3] = cades_kit_crl(s.ca, KIT_DAY(3) + HOUR, &entry);
	at(cades_kit_make(&(struct cades_kit_make){
	       .signers = &signer, .n_signers = 1, .material = m }),
	   4, NULL);
	cades_judge_expect(&j, SUB_REVOKED_NO_POE);
}
