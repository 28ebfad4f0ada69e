/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a PDF differs from a CMS in what its time-stamps and its DSS prove: document
 * time-stamps as the only proof, what each of them covers, the material of the DSS, the
 * older SubFilters, the levels, the rules on changes; each file beside its nearest
 * neighbour. EN 319 102-1 5.5, 5.6; EN 319 142-1; ISO 32000-2 12.8.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/cades_judge.h"
#include "tests/support/cms_make.h"
#include "tests/support/pades_kit.h"

#define KEY_COMPROMISE 1
#define YEAR_2011 INT64_C(1293840000000)
#define HOUR ((int64_t)3600000)

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

TestSuite(pades_matrix, .init = set_up, .fini = tear_down);

/* ---- files ---- */

static struct view sign(struct pades_kit_sign o)
{
	o.cert = o.cert != NULL ? o.cert : s.signer;
	return pades_kit_sign(pades_kit_blank(NULL), &o);
}

static struct view plain(void)
{
	return sign((struct pades_kit_sign){ .time_ms = KIT_DAY(0) });
}

static struct view with_dss(struct view file, const struct cades_kit_material *m)
{
	return pades_kit_dss(
	    file, &(struct pades_kit_dss){ .material = *m, .vri = true, .keep = true });
}

static struct view stamped(struct view file, const struct fix_cert *tsa, int64_t ms)
{
	return pades_kit_stamp(file,
			       &(struct pades_kit_stamp){ .tsa = tsa, .gen_ms = ms });
}

/* Signed, with status of day 2 in its DSS and no time-stamp. */
static struct view unproven(void)
{
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	return with_dss(plain(), &m);
}

static void at(struct view file, int64_t day, const struct cades_kit_material *outside)
{
	cades_judge_clear(&j);
	cades_judge_init(&j, &s, file, KIT_DAY(day));
	if (outside != NULL)
		j.outside = *outside;
}

static struct cades_kit_material fresh(int64_t day, const struct fix_revoked *ca)
{
	struct cades_kit_material m = { 0 };
	m.crls[0] = cades_kit_crl(s.tsa_ca, KIT_DAY(day), NULL);
	m.crls[1] = cades_kit_crl(s.root, KIT_DAY(day), ca);
	return m;
}

/* Judged on day 51, when the CA is known to be revoked since day 10. */
static void after_revocation(struct view file)
{
	struct fix_revoked entry = { .cert = s.ca,
				     .at_ms = KIT_DAY(10),
				     .reason = KEY_COMPROMISE };
	struct cades_kit_material m = fresh(50, &entry);
	at(file, 51, &m);
}

static void expect(enum subindication sub)
{
	cades_judge_expect(&j, sub);
}

static void expect_best(int64_t ms)
{
	expect(SUB_NONE);
	cr_assert_eq(j.first->best_signature_time_ms, ms);
	cr_assert_not_null(j.first->best_proof);
}

static void short_lived(void)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) } });
}

/* ---- the document time-stamp as the only proof ---- */

Test(pades_matrix, expired_signer_when_only_a_document_stamp_expect_passed)
{
	short_lived();
	at(unproven(), 20, NULL);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	at(stamped(unproven(), s.tsa, KIT_DAY(11)), 20, NULL);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	at(stamped(unproven(), s.tsa, KIT_DAY(9)), 20, NULL);
	expect_best(KIT_DAY(9));
	cr_assert_eq(j.first->process, PROCESS_LTA);
	cr_assert_str_eq(j.first->best_proof, j.report->stamps[0].stamp->id);
	cr_assert_eq(j.report->stamps[0].stamp->type, STAMP_DOCUMENT);
}

/* Years later: the status in the DSS is stale too, only the TSA's is at hand. */
Test(pades_matrix, expired_signer_when_status_is_stale_expect_passed)
{
	short_lived();
	struct cades_kit_material m = fresh(3000, NULL);
	at(pades_kit_typical(&s, CADES_KIT_LT), 3001, &m);
	cr_assert(cades_judge_run(&j));
	cr_assert_eq(j.first->conclusion.indication, INDICATION_INDETERMINATE);
	at(pades_kit_typical(&s, CADES_KIT_LTA), 3001, &m);
	expect_best(KIT_DAY(1));
}

Test(pades_matrix, revoked_signer_when_document_stamp_is_earlier_expect_passed)
{
	for (int64_t day = 10; day > 0; day -= 8) {
		struct fix_revoked entry = { .cert = s.signer,
					     .at_ms = KIT_DAY(day),
					     .reason = KEY_COMPROMISE };
		struct cades_kit_material m = fresh(50, NULL);
		struct cades_kit_material old = cades_kit_status(&s, KIT_DAY(1));
		m.crls[2] = cades_kit_crl(s.ca, KIT_DAY(50), &entry);
		at(stamped(with_dss(plain(), &old), s.tsa, KIT_DAY(3)), 51, &m);
		if (day == 10) {
			expect_best(KIT_DAY(3));
			cr_assert_eq(j.first->basic.sub, SUB_REVOKED_NO_POE);
		} else {
			expect(SUB_REVOKED_NO_POE);
			cr_assert_eq(j.first->conclusion.time_ms, KIT_DAY(2));
			cr_assert_eq(j.first->conclusion.reason, KEY_COMPROMISE);
		}
	}
}

Test(pades_matrix, revoked_ca_when_document_stamp_is_later_expect_no_poe)
{
	after_revocation(stamped(unproven(), s.tsa, KIT_DAY(11)));
	expect(SUB_REVOKED_CA_NO_POE);
	cr_assert_eq(j.first->conclusion.time_ms, KIT_DAY(10));
	after_revocation(stamped(unproven(), s.tsa, KIT_DAY(9)));
	expect_best(KIT_DAY(9));
}

/* ---- what a document time-stamp covers ---- */

/* What came into the file behind the time-stamp is not proven by it: here the CA's word
 * on the signer, which must be older than the CA's revocation. */
Test(pades_matrix, dss_when_added_after_the_document_stamp_expect_no_poe)
{
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	struct view file = stamped(plain(), s.tsa, KIT_DAY(3));
	after_revocation(with_dss(file, &m));
	expect(SUB_REVOKED_CA_NO_POE);
	cr_assert(j.report->stamps[0].counted, "the time-stamp itself is right");
	file = stamped(with_dss(file, &m), s.tsa2, KIT_DAY(4));
	after_revocation(file);
	expect_best(KIT_DAY(3));
}

/* Added to the DSS that the time-stamp covers, it is no older than its own revision. */
Test(pades_matrix, dss_when_extended_after_the_document_stamp_expect_no_poe)
{
	struct cades_kit_material all = cades_kit_status(&s, KIT_DAY(2));
	struct cades_kit_material some = all, rest = { .crls = { all.crls[0] } };
	some.crls[0] = all.crls[2]; /* without the CA's */
	some.crls[2] = VIEW_NULL;
	struct view file = stamped(with_dss(plain(), &some), s.tsa, KIT_DAY(3));
	after_revocation(with_dss(file, &rest));
	expect(SUB_REVOKED_CA_NO_POE);
	after_revocation(stamped(with_dss(file, &rest), s.tsa2, KIT_DAY(4)));
	expect_best(KIT_DAY(3));
}

Test(pades_matrix, signature_when_made_after_the_document_stamp_expect_no_proof)
{
	short_lived();
	struct view file = stamped(unproven(), s.tsa, KIT_DAY(3));
	file = pades_kit_sign(
	    file, &(struct pades_kit_sign){ .cert = s.signer, .time_ms = KIT_DAY(4) });
	at(file, 20, NULL);
	expect_best(KIT_DAY(3));
	cr_assert_eq(j.report->n_signatures, 2);
	cr_assert_eq(j.report->signatures[1].conclusion.sub, SUB_OUT_OF_BOUNDS_NO_POE);
	cr_assert_eq(j.report->indication, INDICATION_INDETERMINATE);
	at(stamped(file, s.tsa, KIT_DAY(5)), 20, NULL);
	expect_best(KIT_DAY(3));
	cr_assert_eq(j.report->signatures[1].conclusion.sub, SUB_NONE);
	cr_assert_eq(j.report->signatures[1].best_signature_time_ms, KIT_DAY(5));
}

/* A time-stamp in the CMS of the second signature is over that signature's value. */
Test(pades_matrix, stamp_of_the_second_signature_expect_no_proof_for_the_first)
{
	struct fix_revoked entry = { .cert = s.signer,
				     .at_ms = KIT_DAY(5),
				     .reason = KEY_COMPROMISE };
	struct cades_kit_stamp t = { .tsa = s.tsa, .gen_ms = KIT_DAY(4) };
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(7));
	m.crls[0] = cades_kit_crl(s.ca, KIT_DAY(7), &entry);
	struct view file = pades_kit_sign(
	    plain(), &(struct pades_kit_sign){ .cert = s.signer, .stamp = &t });
	at(file, 8, &m);
	expect(SUB_REVOKED_NO_POE);
	cr_assert_eq(j.report->n_signatures, 2);
	cr_assert_eq(j.report->signatures[1].conclusion.sub, SUB_NONE);
	cr_assert_eq(j.report->signatures[1].best_signature_time_ms, KIT_DAY(4));
	at(stamped(file, s.tsa, KIT_DAY(4) + HOUR), 8, &m);
	expect_best(KIT_DAY(4) + HOUR);
}

/* ---- time-stamps that do not count ---- */

Test(pades_matrix, document_stamp_when_defective_expect_no_proof)
{
	static const struct {
		struct pades_kit_stamp stamp;
		enum subindication sub; /* of the time-stamp */
	} defects[] = {
		{ { .wrong_imprint = true }, SUB_HASH_FAILURE },
		{ { .deviation = { .bad_signature = true } }, SUB_SIG_CRYPTO_FAILURE },
		{ { .deviation = { .wrong_message_digest = true } }, SUB_HASH_FAILURE },
		{ { .deviation = { .wrong_signing_certificate = true } },
		  SUB_NO_SIGNING_CERTIFICATE_FOUND },
		{ { .no_type = true }, SUB_FORMAT_FAILURE },
	};
	short_lived();
	for (size_t i = 0; i < sizeof(defects) / sizeof(defects[0]); i++) {
		struct pades_kit_stamp t = defects[i].stamp;
		t.tsa = s.tsa;
		t.gen_ms = KIT_DAY(3);
		fprintf(stderr, "defect %zu\n", i);
		at(pades_kit_stamp(unproven(), &t), 20, NULL);
		expect(SUB_OUT_OF_BOUNDS_NO_POE);
		cr_assert_eq(j.report->n_stamps, 1);
		cr_assert_not(j.report->stamps[0].counted);
		cr_assert_neq(j.first->level, LEVEL_LTA);
		cr_expect_eq(j.report->stamps[0].conclusion.sub, defects[i].sub,
			     "%zu: %s", i, j.report->stamps[0].conclusion.text);
	}
	at(stamped(unproven(), s.ocsp, KIT_DAY(3)), 20, NULL); /* not for stamps */
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	at(stamped(unproven(), s.tsa, KIT_DAY(3)), 20, NULL);
	expect_best(KIT_DAY(3));
}

Test(pades_matrix, document_stamp_when_tsa_is_revoked_expect_no_proof)
{
	short_lived();
	struct fix_revoked entry = { .cert = s.tsa,
				     .at_ms = KIT_DAY(14),
				     .reason = KEY_COMPROMISE };
	struct cades_kit_material m = { 0 };
	m.crls[0] = cades_kit_crl(s.tsa_ca, KIT_DAY(19), &entry);
	struct view file = stamped(unproven(), s.tsa, KIT_DAY(3));
	at(file, 20, &m);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	cades_judge_expect_stamp(&j, 0, SUB_REVOKED_NO_POE);
	at(stamped(file, s.tsa2, KIT_DAY(15)), 20, &m);
	expect(SUB_OUT_OF_BOUNDS_NO_POE); /* too late for the first */
	at(stamped(file, s.tsa2, KIT_DAY(12)), 20, &m);
	expect_best(KIT_DAY(3));
	entry.cert = s.tsa2;
	m.crls[0] = cades_kit_crl(s.tsa_ca, KIT_DAY(19), &entry);
	at(file, 20, &m);
	expect_best(KIT_DAY(3));
}

Test(pades_matrix, document_stamp_when_tsa_expired_expect_renewal_decides)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) },
	    .tsa = { .not_after_ms = KIT_DAY(15) } });
	struct view file = stamped(unproven(), s.tsa, KIT_DAY(3));
	at(file, 20, NULL);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	cades_judge_expect_stamp(&j, 0, SUB_OUT_OF_BOUNDS_NO_POE);
	at(stamped(file, s.tsa2, KIT_DAY(16)), 20, NULL);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	at(stamped(file, s.tsa2, KIT_DAY(12)), 20, NULL);
	expect_best(KIT_DAY(3));
	cades_judge_expect_stamp(&j, 0, SUB_NONE);
	cades_judge_expect_stamp(&j, 1, SUB_NONE);
}

/* ---- the DSS as the source of material ---- */

static bool concludes(void)
{
	cr_assert(cades_judge_run(&j));
	cr_assert_not_null(j.first);
	return j.first->conclusion.indication == INDICATION_PASSED;
}

Test(pades_matrix, material_when_in_the_dss_alone_expect_it_is_used)
{
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2)), part;
	for (int compressed = 0; compressed < 2; compressed++) {
		struct pades_kit_dss d = { .material = m, .compressed = compressed };
		at(pades_kit_dss(plain(), &d), 4, NULL);
		cr_assert(concludes(), "%s", j.first->conclusion.text);
		cr_assert_eq(j.report->n_needs, 0);
	}
	at(plain(), 4, NULL);
	cr_assert_not(concludes());
	part = m;
	part.crls[0] = m.crls[2]; /* all but the CA's CRL */
	part.crls[2] = VIEW_NULL;
	at(with_dss(plain(), &part), 4, NULL);
	cr_assert_not(concludes());
	part = m;
	part.certs[0] = m.certs[2]; /* the root instead of the CA */
	at(with_dss(plain(), &part), 4, NULL);
	cr_assert_not(concludes());
}

/* What a later signer adds is of use to the earlier one. */
Test(pades_matrix, material_when_in_another_signature_expect_it_is_used)
{
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	at(pades_kit_sign(plain(), &(struct pades_kit_sign){ .cert = s.signer,
							     .time_ms = KIT_DAY(1),
							     .material = m }),
	   4, NULL);
	cr_assert(concludes(), "%s", j.first->conclusion.text);
	cr_assert_eq(j.report->indication, INDICATION_PASSED);
}

/* ---- algorithms ---- */

static struct fix_cert_options old(void)
{
	return (struct fix_cert_options){ .not_before_ms = YEAR_2011 - FIX_YEAR_MS };
}

static void in_2011(void)
{
	begin(&(struct cades_kit_scene_options){ .root = old(),
						 .ca = old(),
						 .signer = old(),
						 .tsa_ca = old(),
						 .tsa = old(),
						 .tsa2 = old() });
}

static struct view stamped_by_sha1(struct view file, int64_t ms)
{
	return pades_kit_stamp(file, &(struct pades_kit_stamp){ .tsa = s.tsa,
								.gen_ms = ms,
								.alg = DIGEST_SHA1 });
}

Test(pades_matrix, document_stamp_when_by_sha1_after_its_end_expect_no_proof)
{
	after_revocation(stamped_by_sha1(unproven(), KIT_DAY(3)));
	expect(SUB_REVOKED_CA_NO_POE);
	cr_assert_eq(j.report->stamps[0].stamp->imprint, MATCH_YES);
	cr_assert_not(j.report->stamps[0].counted);
	after_revocation(pades_kit_stamp(
	    unproven(), &(struct pades_kit_stamp){ .tsa = s.tsa,
						   .gen_ms = KIT_DAY(3),
						   .alg = DIGEST_SHA512 }));
	expect_best(KIT_DAY(3));
}

/* SHA-1 in 2011 for signature and document time-stamp, renewed in time or too late. */
Test(pades_matrix, document_stamp_when_by_sha1_before_its_end_expect_renewal_decides)
{
	in_2011();
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	struct cades_kit_material then = cades_kit_status(&s, YEAR_2011 + 2 * HOUR);
	struct view file = sign((struct pades_kit_sign){
	    .cms = { .digest = DIGEST_SHA1 }, .time_ms = YEAR_2011 });
	file = with_dss(stamped_by_sha1(file, YEAR_2011 + HOUR), &then);
	at(file, 4, &m);
	expect(SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
	at(stamped(file, s.tsa2, KIT_DAY(1)), 4, &m);
	expect(SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
	at(stamped(file, s.tsa2, YEAR_2011 + 10 * FIX_DAY_MS), 4, &m);
	expect_best(YEAR_2011 + HOUR);
}

/* RSA 2048 of the CA is no longer reliable: only proofs from before help. */
Test(pades_matrix, weak_ca_when_stamped_before_expect_passed)
{
	const int64_t day = 3 * 365 + 30; /* after 2028 */
	begin(&(struct cades_kit_scene_options){ .ca = { .key = FIX_KEY_RSA } });
	struct cades_kit_material m = fresh(day - 1, NULL);
	at(pades_kit_typical(&s, CADES_KIT_LT), day, &m);
	cr_assert_not(concludes());
	at(pades_kit_typical(&s, CADES_KIT_LTA), day, &m);
	expect_best(KIT_DAY(1));
}

/* ---- levels, EN 319 142-1 6 ---- */

Test(pades_matrix, level_when_right_expect_it_is_held)
{
	static const char *const profiles[] = { "PAdES-BASELINE-B", "PAdES-BASELINE-T",
						"PAdES-BASELINE-LT",
						"PAdES-BASELINE-LTA" };
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	for (int l = CADES_KIT_B; l <= CADES_KIT_LTA; l++) {
		at(pades_kit_typical(&s, l), 4, l < CADES_KIT_LT ? &m : NULL);
		expect(SUB_NONE);
		cr_assert_eq(j.first->level, (enum signature_level)(LEVEL_B + l));
		cr_assert_str_eq(j.first->profile, profiles[l]);
		cr_assert_eq(j.report->n_stamps,
			     (size_t)(l >= CADES_KIT_T) + (l == CADES_KIT_LTA));
		for (size_t i = 0; i < j.report->n_stamps; i++)
			cades_judge_expect_stamp(&j, i, SUB_NONE);
	}
}

/* What is there but does not hold is no level. */
Test(pades_matrix, level_when_only_promised_expect_a_lower_one)
{
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2)), part = m;
	struct pades_kit_stamp broken = { .tsa = s.tsa,
					  .gen_ms = KIT_DAY(3),
					  .deviation = { .bad_signature = true } };
	at(pades_kit_stamp(unproven(), &broken), 4, NULL);
	expect(SUB_NONE);
	cr_assert_eq(j.first->level, LEVEL_B);
	at(pades_kit_stamp(pades_kit_typical(&s, CADES_KIT_LT), &broken), 4, NULL);
	expect(SUB_NONE);
	cr_assert_eq(j.first->level, LEVEL_LT);
	part.crls[0] = m.crls[2]; /* the CA's CRL comes from outside */
	part.crls[2] = VIEW_NULL;
	at(stamped(with_dss(plain(), &part), s.tsa, KIT_DAY(3)), 4, &m);
	expect(SUB_NONE);
	cr_assert_eq(j.first->level, LEVEL_T);
}

/* ---- the claimed time ---- */

static void delayed(bool no_time, int64_t stamp_ms)
{
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(3));
	struct cades_kit_stamp t = { .tsa = s.tsa, .gen_ms = stamp_ms };
	struct pades_kit_sign o = { .no_time = no_time,
				    .time_ms = KIT_DAY(1),
				    .stamp = &t };
	at(with_dss(sign(o), &m), 4, NULL);
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_TIME_STAMP_DELAY,
			 CONSTRAINT_FAIL, NULL);
	j.policy->rules[CONTEXT_SIGNATURE][CONSTRAINT_TIME_STAMP_DELAY].number =
	    FIX_DAY_MS;
}

Test(pades_matrix, claimed_time_when_in_the_dictionary_expect_it_counts)
{
	delayed(false, KIT_DAY(2) + HOUR);
	expect(SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(j.first->conclusion.constraint, CONSTRAINT_TIME_STAMP_DELAY);
	delayed(false, KIT_DAY(2) - HOUR);
	expect(SUB_NONE);
	cr_assert_eq(j.first->signature->claims.signing_time_ms, KIT_DAY(1));
	delayed(true, KIT_DAY(2) - HOUR);
	expect(SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(j.first->signature->claims.signing_time_ms, INT64_MIN);
}

/* It is a claim: it proves nothing. */
Test(pades_matrix, claimed_time_when_before_the_expiry_expect_no_proof)
{
	short_lived();
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(12));
	at(plain(), 13, &m);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
}

/* ---- SubFilters ---- */

static struct pades_kit_sign pkcs7(const char *subfilter)
{
	return (struct pades_kit_sign){ .subfilter = subfilter, .time_ms = KIT_DAY(0) };
}

static void of(struct pades_kit_sign o)
{
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	at(with_dss(sign(o), &m), 4, NULL);
}

Test(pades_matrix, pkcs7_detached_when_right_expect_passed)
{
	struct pades_kit_sign o = pkcs7("adbe.pkcs7.detached");
	of(o);
	expect(SUB_NONE);
	cr_assert_eq(j.first->level, LEVEL_NONE);
	o.wrong_digest = true;
	of(o);
	expect(SUB_HASH_FAILURE);
	o.wrong_digest = false;
	o.cms.broken = true;
	of(o);
	expect(SUB_SIG_CRYPTO_FAILURE);
	o = pkcs7("adbe.pkcs7.detached");
	o.cms.signing_certificate = CADES_KIT_ABSENT; /* as most of them */
	of(o);
	expect(SUB_NONE);
}

Test(pades_matrix, pkcs7_sha1_when_after_its_end_expect_no_poe)
{
	struct pades_kit_sign o = pkcs7("adbe.pkcs7.sha1");
	of(o);
	expect(SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
	cr_assert(strstr(j.first->conclusion.algorithm, "sha1") != NULL, "%s",
		  j.first->conclusion.algorithm);
	cr_assert(j.first->signature_intact);
	o.wrong_digest = true;
	of(o);
	expect(SUB_HASH_FAILURE);
}

/* The old SubFilters were right in their time. */
Test(pades_matrix, pkcs7_sha1_when_stamped_before_its_end_expect_passed)
{
	static const char *const names[] = { "adbe.pkcs7.sha1", "adbe.x509.rsa_sha1" };
	in_2011();
	struct fix_cert *rsa = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "RSA",
					.issuer = s.ca,
					.key = FIX_KEY_RSA,
					.not_before_ms = YEAR_2011 - FIX_YEAR_MS });
	for (size_t i = 0; i < 2; i++) {
		struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
		struct pades_kit_sign o = pkcs7(names[i]);
		o.cert = rsa;
		o.time_ms = o.cms.signing_ms = YEAR_2011;
		fprintf(stderr, "%s\n", names[i]);
		at(sign(o), 4, &m);
		expect(SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
		at(stamped(sign(o), s.tsa, YEAR_2011 + HOUR), 4, &m);
		expect_best(YEAR_2011 + HOUR);
	}
	fix_cert_free(rsa);
}

Test(pades_matrix, rsa_sha1_when_broken_expect_failed)
{
	struct fix_cert *rsa = fix_cert_make(&(struct fix_cert_options){
	    .cn = "RSA", .issuer = s.ca, .key = FIX_KEY_RSA });
	struct pades_kit_sign o = pkcs7("adbe.x509.rsa_sha1");
	o.cert = rsa;
	of(o);
	expect(SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
	o.wrong_digest = true;
	of(o);
	cr_assert(cades_judge_run(&j));
	cr_assert_eq(j.first->conclusion.indication, INDICATION_FAILED);
	fix_cert_free(rsa);
}

/* ---- rules on changes ---- */

static void expect_rule(enum constraint c, enum constraint_level level)
{
	cades_judge_rule(&j, CONTEXT_SIGNATURE, c, level, NULL);
	expect(level == CONSTRAINT_FAIL ? SUB_SIG_CONSTRAINTS_FAILURE : SUB_NONE);
	const struct report_constraint *r = cades_judge_constraint(&j, c);
	cr_assert_not_null(r);
	cr_assert_eq(r->level, level);
	if (level == CONSTRAINT_FAIL)
		cr_assert_eq(j.first->conclusion.constraint, c);
	if (level != CONSTRAINT_IGNORE)
		cr_assert(r->checked && !r->holds);
}

static void expect_lowered(struct view file, enum constraint c)
{
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	at(file, 4, &m);
	expect(SUB_SIG_CONSTRAINTS_FAILURE); /* by default */
	expect_rule(c, CONSTRAINT_FAIL);
	expect_rule(c, CONSTRAINT_WARN);
	expect_rule(c, CONSTRAINT_INFORM);
	expect_rule(c, CONSTRAINT_IGNORE);
}

/* An undefined change is a matter of one rule, a forbidden one of the other. */
Test(pades_matrix, changes_when_rule_is_lowered_expect_as_it_says)
{
	struct view file = pades_kit_update(
	    plain(),
	    &(struct pades_kit_object){
		.number = PADES_KIT_CONTENTS,
		.stream = view_text("BT /F1 18 Tf 20 150 Td (Mallory) Tj ET") },
	    1);
	expect_lowered(file, CONSTRAINT_PDF_CHANGES);
	cr_assert_not_null(j.first->signature->pdf->undefined);
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_PDF_CHANGES, CONSTRAINT_FAIL,
			 NULL);
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_PDF_PERMISSIONS,
			 CONSTRAINT_IGNORE, NULL);
	expect(SUB_SIG_CONSTRAINTS_FAILURE);
}

Test(pades_matrix, permissions_when_rule_is_lowered_expect_as_it_says)
{
	struct view file = pades_kit_sign(sign((struct pades_kit_sign){ .docmdp = 1 }),
					  &(struct pades_kit_sign){ .cert = s.signer });
	expect_lowered(file, CONSTRAINT_PDF_PERMISSIONS);
	cr_assert_not_null(j.first->signature->pdf->forbidden);
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_PDF_PERMISSIONS,
			 CONSTRAINT_FAIL, NULL);
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_PDF_CHANGES,
			 CONSTRAINT_IGNORE, NULL);
	expect(SUB_SIG_CONSTRAINTS_FAILURE);
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	at(pades_kit_sign(sign((struct pades_kit_sign){ .docmdp = 2 }),
			  &(struct pades_kit_sign){ .cert = s.signer }),
	   4, &m);
	expect(SUB_NONE);
}

/* Who forbids is only who signed before; the later signer saw what was there. */
Test(pades_matrix, changes_when_between_two_signatures_expect_the_first_alone_suffers)
{
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	struct view file = pades_kit_update(
	    plain(),
	    &(struct pades_kit_object){
		.number = PADES_KIT_CONTENTS,
		.stream = view_text("BT /F1 18 Tf 20 150 Td (Mallory) Tj ET") },
	    1);
	at(pades_kit_sign(file, &(struct pades_kit_sign){ .cert = s.signer,
							  .time_ms = KIT_DAY(1) }),
	   4, &m);
	expect(SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(j.first->conclusion.constraint, CONSTRAINT_PDF_CHANGES);
	cr_assert_eq(j.report->n_signatures, 2);
	cr_assert_eq(j.report->signatures[1].conclusion.sub, SUB_NONE);
}
