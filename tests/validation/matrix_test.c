/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Every sub-indication of EN 319 102-1 tables 5 and 6 that a signature alone can have:
 * a file that raises it and its nearest neighbour, one thing different, that does not;
 * and the report data that the tables require. Signatures with time-stamps are in
 * matrix_time_test.c, with archive time-stamps in matrix_lta_test.c.
 *
 * NO_POE and CUSTOM end no signature: the first is an outcome of 5.6.2.2 alone, which
 * 5.6.2.4 turns into the current one; the second is left to applications.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/cades_judge.h"

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

TestSuite(matrix, .init = set_up, .fini = tear_down);

/* Status of this day, with entries in the signer's CA's CRL and in the root's. */
static struct cades_kit_material status(int64_t day, const struct fix_revoked *signer,
					const struct fix_revoked *ca)
{
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(day));
	m.crls[0] = cades_kit_crl(s.ca, KIT_DAY(day), signer);
	m.crls[1] = cades_kit_crl(s.root, KIT_DAY(day), ca);
	return m;
}

/* One signer, status of day 2 inside, judged on day 4. */
static void made(const struct cades_kit_make *o)
{
	struct cades_kit_material m = status(2, NULL, NULL);
	cades_judge_clear(&j);
	cades_judge_init(&j, &s, cades_kit_add(cades_kit_make(o), &m), KIT_DAY(4));
}

static void signed_by(struct cades_kit_signer signer)
{
	if (signer.cert == NULL)
		signer.cert = s.signer;
	made(&(struct cades_kit_make){ .signers = &signer, .n_signers = 1 });
}

/* A plain signature with this status inside. */
static void plain(const struct cades_kit_material *m, int64_t day)
{
	cades_judge_clear(&j);
	cades_judge_init(&j, &s, cades_kit_add(cades_kit_plain(s.signer), m),
			 KIT_DAY(day));
}

static void expect(enum subindication sub)
{
	cades_judge_expect(&j, sub);
}

static void expect_chain(size_t n)
{
	cr_assert_not_null(j.first->certificate);
	cr_assert_eq(j.first->certificate->chain.n_certs, n);
}

static const struct document_reference *message_digest(void)
{
	const struct document_signature *d = j.first->signature;
	for (size_t i = 0; i < d->n_references; i++)
		if (strcmp(d->references[i].name, "message-digest") == 0)
			return &d->references[i];
	return NULL;
}

/* ---- nothing wrong ---- */

Test(matrix, signature_only_when_right_expect_passed)
{
	signed_by((struct cades_kit_signer){ 0 });
	expect(SUB_NONE);
	cr_assert_eq(j.first->conclusion.indication, INDICATION_PASSED);
	cr_assert_eq(j.report->indication, INDICATION_PASSED);
	cr_assert(j.first->signature_intact);
	cr_assert_eq(j.first->references_intact, MATCH_YES);
	cr_assert_eq(j.first->level, LEVEL_B);
	cr_assert_eq(j.first->best_signature_time_ms, KIT_DAY(4));
	cr_assert_null(j.first->best_proof);
	expect_chain(3);
}

Test(matrix, each_key_and_encoding_when_right_expect_passed)
{
	static const enum fix_key kinds[] = { FIX_KEY_RSA, FIX_KEY_RSA_PSS,
					      FIX_KEY_P256, FIX_KEY_P384 };
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		begin(
		    &(struct cades_kit_scene_options){ .signer = { .key = kinds[i] } });
		struct cades_kit_signer signer = { .cert = s.signer };
		for (int ber = 0; ber < 2; ber++) {
			made(&(struct cades_kit_make){
			    .signers = &signer, .n_signers = 1, .ber = ber != 0 });
			expect(SUB_NONE);
		}
	}
}

/* ---- TOTAL-FAILED ---- */

Test(matrix, format_failure_when_attributes_are_missing_or_twice)
{
	static const struct {
		const char *what;
		struct cades_kit_signer signer;
	} cases[] = {
		{ "no message-digest", { .message_digest = CADES_KIT_ABSENT } },
		{ "message-digest twice", { .message_digest = CADES_KIT_TWICE } },
		{ "two digests", { .message_digest = CADES_KIT_TWO_VALUES } },
		{ "content-type twice", { .content_type = CADES_KIT_TWICE } },
		{ "signing-time twice", { .signing_time = CADES_KIT_TWICE } },
		{ "two signing times", { .signing_time = CADES_KIT_TWO_VALUES } },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		fprintf(stderr, "%s\n", cases[i].what);
		signed_by(cases[i].signer);
		expect(SUB_FORMAT_FAILURE);
		cr_assert_neq(j.first->conclusion.text[0], '\0', "parse reason");
	}
	signed_by((struct cades_kit_signer){ .signing_time = CADES_KIT_ABSENT });
	expect(SUB_NONE);
}

Test(matrix, hash_failure_when_message_digest_is_another)
{
	signed_by((struct cades_kit_signer){ .message_digest = CADES_KIT_WRONG });
	expect(SUB_HASH_FAILURE);
	cr_assert_eq(j.first->references_intact, MATCH_NO);
	cr_assert_not_null(message_digest());
	cr_assert_eq(message_digest()->match, MATCH_NO);
	cr_assert(j.first->conclusion.has_object ||
		  strstr(j.first->conclusion.text, "message-digest") != NULL);
}

Test(matrix, hash_failure_when_detached_content_changed)
{
	struct cades_kit_signer signer = { .cert = s.signer };
	made(&(struct cades_kit_make){
	    .signers = &signer, .n_signers = 1, .detached = true });
	j.has_content = true;
	j.content = view_text(CADES_KIT_CONTENT "!");
	expect(SUB_HASH_FAILURE);
	cr_assert_eq(j.first->references_intact, MATCH_NO);
	cr_assert(j.first->signature_intact, "the attributes are as signed");
	j.content = view_text(CADES_KIT_CONTENT);
	expect(SUB_NONE);
}

Test(matrix, sig_crypto_failure_when_value_or_key_is_another)
{
	signed_by((struct cades_kit_signer){ .broken = true });
	expect(SUB_SIG_CRYPTO_FAILURE);
	cr_assert_not(j.first->signature_intact);
	cr_assert_eq(j.first->references_intact, MATCH_YES);
	cr_assert_not_null(j.first->signing_certificate, "tables 5: the certificate");
	signed_by((struct cades_kit_signer){ .sign_with = s.ca });
	expect(SUB_SIG_CRYPTO_FAILURE);
	signed_by((struct cades_kit_signer){ .sign_with = s.signer });
	expect(SUB_NONE);
}

/* 5.3.4 step 5: cryptography is verified even where the certificate failed. */
Test(matrix, sig_crypto_failure_wins_over_the_certificate)
{
	struct fix_revoked entry = { .cert = s.signer,
				     .at_ms = KIT_DAY(1),
				     .reason = KEY_COMPROMISE };
	struct cades_kit_signer signer = { .cert = s.signer, .broken = true };
	struct cades_kit_material m = status(2, &entry, NULL);
	struct view file = cades_kit_make(
	    &(struct cades_kit_make){ .signers = &signer, .n_signers = 1 });
	cades_judge_init(&j, &s, cades_kit_add(file, &m), KIT_DAY(4));
	expect(SUB_SIG_CRYPTO_FAILURE);
	plain(&m, 4);
	expect(SUB_REVOKED_NO_POE);
	cr_assert(j.first->signature_intact);
}

Test(matrix, sig_crypto_failure_wins_without_a_chain)
{
	struct cades_kit_signer signer = { .cert = s.signer, .broken = true };
	struct view file = cades_kit_make(
	    &(struct cades_kit_make){ .signers = &signer, .n_signers = 1 });
	cades_judge_init(&j, &s, file, KIT_DAY(4));
	expect(SUB_SIG_CRYPTO_FAILURE);
	cades_judge_clear(&j);
	cades_judge_init(&j, &s, cades_kit_plain(s.signer), KIT_DAY(4));
	expect(SUB_NO_CERTIFICATE_CHAIN_FOUND);
}

/* A content time-stamp of this day in a signature, with this status. */
static void content_stamped(int64_t day, const struct cades_kit_material *m,
			    int64_t now, enum digest_alg digest)
{
	struct cades_kit_stamp t = { .tsa = s.tsa, .gen_ms = KIT_DAY(day) };
	struct cades_kit_signer signer = { .cert = s.signer,
					   .digest = digest,
					   .content_stamps = &t,
					   .n_content_stamps = 1 };
	struct view file = cades_kit_make(
	    &(struct cades_kit_make){ .signers = &signer, .n_signers = 1 });
	cades_judge_clear(&j);
	cades_judge_init(&j, &s, cades_kit_add(file, m), KIT_DAY(now));
}

Test(matrix, revoked_when_content_time_stamp_is_later)
{
	struct fix_revoked entry = { .cert = s.signer,
				     .at_ms = KIT_DAY(5),
				     .reason = KEY_COMPROMISE };
	struct cades_kit_material m = status(7, &entry, NULL);
	content_stamped(6, &m, 8, DIGEST_NONE);
	expect(SUB_REVOKED);
	cr_assert_eq(j.first->conclusion.time_ms, KIT_DAY(5));
	cr_assert_eq(j.first->conclusion.reason, KEY_COMPROMISE);
	expect_chain(3);
	content_stamped(4, &m, 8, DIGEST_NONE);
	expect(SUB_REVOKED_NO_POE);
	cr_assert_eq(j.first->conclusion.time_ms, KIT_DAY(5));
	cr_assert_eq(j.first->conclusion.reason, KEY_COMPROMISE);
}

Test(matrix, expired_when_content_time_stamp_is_later)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) } });
	struct cades_kit_material m = status(12, NULL, NULL);
	content_stamped(11, &m, 13, DIGEST_NONE);
	expect(SUB_EXPIRED);
	expect_chain(3);
	content_stamped(9, &m, 13, DIGEST_NONE);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
}

/* ---- INDETERMINATE: attributes, policy ---- */

Test(matrix, sig_constraints_failure_when_commitment_is_missing)
{
	signed_by((struct cades_kit_signer){ 0 });
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_COMMITMENT_TYPE,
			 CONSTRAINT_FAIL, "1.2.3 1.2.4");
	expect(SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(j.first->conclusion.constraint, CONSTRAINT_COMMITMENT_TYPE);
	const struct report_constraint *c =
	    cades_judge_constraint(&j, CONSTRAINT_COMMITMENT_TYPE);
	cr_assert(c != NULL && c->checked && !c->holds);
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_COMMITMENT_TYPE,
			 CONSTRAINT_WARN, "1.2.3 1.2.4");
	expect(SUB_NONE);
	signed_by((struct cades_kit_signer){ .commitment = "1.2.5" });
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_COMMITMENT_TYPE,
			 CONSTRAINT_FAIL, "1.2.3 1.2.4");
	expect(SUB_SIG_CONSTRAINTS_FAILURE);
	signed_by((struct cades_kit_signer){ .commitment = "1.2.4" });
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_COMMITMENT_TYPE,
			 CONSTRAINT_FAIL, "1.2.3 1.2.4");
	expect(SUB_NONE);
}

Test(matrix, sig_constraints_failure_when_reference_is_outside_the_path)
{
	signed_by((struct cades_kit_signer){ .more_references = { s.tsa } });
	expect(SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(j.first->conclusion.constraint, CONSTRAINT_CERTIFICATE_REFERENCES);
	signed_by((struct cades_kit_signer){ .more_references = { s.ca, s.root } });
	expect(SUB_NONE);
}

Test(matrix, sig_constraints_failure_when_algorithm_protection_differs)
{
	signed_by(
	    (struct cades_kit_signer){ .algorithm_protection = CADES_KIT_DIFFERS });
	expect(SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(j.first->conclusion.constraint, CONSTRAINT_ALGORITHM_PROTECTION);
	signed_by((struct cades_kit_signer){ .algorithm_protection = CADES_KIT_FITS });
	expect(SUB_NONE);
}

Test(matrix, sig_constraints_failure_when_content_type_differs)
{
	signed_by((struct cades_kit_signer){ .content_type = CADES_KIT_WRONG });
	expect(SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(j.first->conclusion.constraint, CONSTRAINT_CONTENT_TYPE);
}

Test(matrix, issuer_serial_when_differing_expect_a_warning_only)
{
	signed_by((struct cades_kit_signer){ .issuer_serial = CADES_KIT_DIFFERS });
	expect(SUB_NONE);
	const struct report_constraint *c =
	    cades_judge_constraint(&j, CONSTRAINT_ISSUER_SERIAL);
	cr_assert(c != NULL && !c->holds && c->level == CONSTRAINT_WARN);
	signed_by((struct cades_kit_signer){ .issuer_serial = CADES_KIT_FITS });
	expect(SUB_NONE);
	c = cades_judge_constraint(&j, CONSTRAINT_ISSUER_SERIAL);
	cr_assert(c == NULL || c->holds);
}

static void under_policy(const char *document)
{
	signed_by((struct cades_kit_signer){
	    .policy = "1.2.3", .policy_document = view_text("the policy") });
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_SIGNATURE_POLICY_HASH,
			 CONSTRAINT_FAIL, NULL);
	if (document != NULL)
		j.signature_policy = view_text(document);
}

Test(matrix, signature_policy_not_available_when_document_is_missing)
{
	under_policy(NULL);
	expect(SUB_SIGNATURE_POLICY_NOT_AVAILABLE);
	cr_assert(strstr(j.first->conclusion.text, "1.2.3") != NULL, "%s",
		  j.first->conclusion.text);
	under_policy("the policy");
	expect(SUB_NONE);
}

Test(matrix, policy_processing_error_when_document_is_another)
{
	under_policy("another policy");
	expect(SUB_POLICY_PROCESSING_ERROR);
	cr_assert_neq(j.first->conclusion.text[0], '\0');
	under_policy("the policy");
	expect(SUB_NONE);
}

Test(matrix, signed_data_not_found_when_detached_content_is_missing)
{
	struct cades_kit_signer signer = { .cert = s.signer };
	made(&(struct cades_kit_make){
	    .signers = &signer, .n_signers = 1, .detached = true });
	expect(SUB_SIGNED_DATA_NOT_FOUND);
	cr_assert_eq(j.first->references_intact, MATCH_UNKNOWN);
	j.has_content = true;
	j.content = view_text(CADES_KIT_CONTENT);
	expect(SUB_NONE);
}

/* ---- INDETERMINATE: certificates ---- */

Test(matrix, no_signing_certificate_when_nowhere)
{
	struct cades_kit_signer signer = { .cert = s.signer };
	made(&(struct cades_kit_make){
	    .signers = &signer, .n_signers = 1, .no_signer_certificates = true });
	expect(SUB_NO_SIGNING_CERTIFICATE_FOUND);
	cr_assert_null(j.first->signing_certificate);
	j.outside.certs[0] = s.signer->der;
	expect(SUB_NONE);
}

Test(matrix, no_signing_certificate_when_reference_fits_none)
{
	signed_by((struct cades_kit_signer){ .signing_certificate = CADES_KIT_WRONG });
	expect(SUB_NO_SIGNING_CERTIFICATE_FOUND);
	signed_by((struct cades_kit_signer){ .reference_digest = DIGEST_SHA512 });
	expect(SUB_NONE);
}

Test(matrix, no_certificate_chain_when_issuer_is_missing)
{
	struct cades_kit_material m = status(2, NULL, NULL);
	m.certs[0] = m.certs[2]; /* the root instead of the CA */
	plain(&m, 4);
	expect(SUB_NO_CERTIFICATE_CHAIN_FOUND);
	cr_assert(j.first->signature_intact, "5.3.4 step 5");
	j.outside.certs[0] = s.ca->der;
	expect(SUB_NONE);
}

Test(matrix, no_certificate_chain_no_poe_when_anchor_is_past_its_sunset)
{
	signed_by((struct cades_kit_signer){ 0 });
	j.sunset_ms = KIT_DAY(4); /* from that moment on */
	expect(SUB_NO_CERTIFICATE_CHAIN_FOUND_NO_POE);
	j.sunset_ms = KIT_DAY(4) + 1000;
	expect(SUB_NONE);
}

Test(matrix, chain_general_failure_when_extension_is_unknown_and_critical)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .critical_extension = true } });
	signed_by((struct cades_kit_signer){ 0 });
	expect(SUB_CERTIFICATE_CHAIN_GENERAL_FAILURE);
	cr_assert_neq(j.first->conclusion.text[0], '\0', "reason");
	begin(NULL);
	signed_by((struct cades_kit_signer){ 0 });
	expect(SUB_NONE);
}

Test(matrix, chain_constraints_failure_when_key_usage_is_another)
{
	signed_by((struct cades_kit_signer){ 0 });
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_KEY_USAGE, CONSTRAINT_FAIL,
			 "nonRepudiation");
	expect(SUB_CHAIN_CONSTRAINTS_FAILURE);
	cr_assert_eq(j.first->conclusion.constraint, CONSTRAINT_KEY_USAGE);
	expect_chain(3);
	begin(&(struct cades_kit_scene_options){
	    .signer = { .key_usage = "critical,nonRepudiation" } });
	signed_by((struct cades_kit_signer){ 0 });
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_KEY_USAGE, CONSTRAINT_FAIL,
			 "nonRepudiation");
	expect(SUB_NONE);
}

Test(matrix, revoked_no_poe_when_revoked_before_now)
{
	struct fix_revoked entry = { .cert = s.signer,
				     .at_ms = KIT_DAY(1),
				     .reason = KEY_COMPROMISE };
	struct cades_kit_material m = status(2, &entry, NULL);
	plain(&m, 4);
	expect(SUB_REVOKED_NO_POE);
	cr_assert_eq(j.first->conclusion.time_ms, KIT_DAY(1));
	cr_assert_eq(j.first->conclusion.reason, KEY_COMPROMISE);
	expect_chain(3);
	entry.cert = s.ocsp;
	m = status(2, &entry, NULL);
	plain(&m, 4);
	expect(SUB_NONE);
}

Test(matrix, revoked_ca_no_poe_when_ca_is_revoked)
{
	struct fix_revoked entry = { .cert = s.ca,
				     .at_ms = KIT_DAY(1),
				     .reason = KEY_COMPROMISE };
	struct cades_kit_material m = status(2, NULL, &entry);
	plain(&m, 4);
	expect(SUB_REVOKED_CA_NO_POE);
	cr_assert_eq(j.first->conclusion.time_ms, KIT_DAY(1));
	cr_assert_eq(j.first->conclusion.reason, KEY_COMPROMISE);
	entry.cert = s.tsa_ca;
	m = status(2, NULL, &entry);
	plain(&m, 4);
	expect(SUB_NONE);
}

/* Expired on day 10; the CRL of day 12 keeps expired certificates, or does not. */
static void expired(int64_t kept_from_ms, int64_t day)
{
	struct cades_kit_material m = status(12, NULL, NULL);
	m.crls[0] = cades_kit_crl_make(
	    &(struct fix_crl_options){ .issuer = s.ca,
				       .this_ms = KIT_DAY(day - 1),
				       .expired_kept_from_ms = kept_from_ms });
	m.crls[1] = cades_kit_crl(s.root, KIT_DAY(day - 1), NULL);
	plain(&m, day);
}

Test(matrix, out_of_bounds_when_expired)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_after_ms = KIT_DAY(10) } });
	expired(0, 13);
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	expired(KIT_DAY(9), 13);
	expect(SUB_OUT_OF_BOUNDS_NOT_REVOKED);
	expired(KIT_DAY(11), 13); /* kept only those that expired later */
	expect(SUB_OUT_OF_BOUNDS_NO_POE);
	expired(0, 10); /* notAfter is still inside */
	expect(SUB_NONE);
}

/* 5.5.4 step 4 b: that it exists now is proof enough. */
Test(matrix, not_yet_valid_when_judged_before_the_certificate)
{
	begin(&(struct cades_kit_scene_options){
	    .signer = { .not_before_ms = KIT_DAY(5) } });
	struct cades_kit_material m = status(2, NULL, NULL);
	plain(&m, 4);
	expect(SUB_NOT_YET_VALID);
	cr_assert_eq(j.first->basic.sub, SUB_OUT_OF_BOUNDS_NO_POE);
	plain(&m, 5);
	expect(SUB_NONE);
}

/* Status by the OCSP responder, answered on day 2 for thirty days. */
static void by_ocsp(int64_t now)
{
	struct cades_kit_material m = status(2, NULL, NULL);
	m.crls[0] = m.crls[2];
	m.crls[2] = VIEW_NULL;
	m.ocsps[0] =
	    cades_kit_ocsp(&(struct fix_ocsp_options){ .cert = s.signer,
						       .issuer = s.ca,
						       .responder = s.ocsp,
						       .this_ms = KIT_DAY(2),
						       .next_ms = KIT_DAY(32) });
	plain(&m, now);
}

Test(matrix, revocation_out_of_bounds_when_responder_expired)
{
	begin(&(struct cades_kit_scene_options){
	    .ocsp = { .not_after_ms = KIT_DAY(5) } });
	by_ocsp(6);
	expect(SUB_REVOCATION_OUT_OF_BOUNDS_NO_POE);
	expect_chain(3);
	cr_assert(j.first->certificate->chain.revocation[0].n_objects > 0,
		  "the revocation data");
	by_ocsp(4);
	expect(SUB_NONE);
}

Test(matrix, try_later_when_status_is_stale)
{
	struct cades_kit_material m = status(2, NULL, NULL);
	plain(&m, 33);
	expect(SUB_TRY_LATER);
	cr_assert_eq(j.first->conclusion.retry_ms, KIT_DAY(32));
	plain(&m, 31);
	expect(SUB_NONE);
}

Test(matrix, try_later_when_on_hold)
{
	struct fix_revoked entry = { .cert = s.signer,
				     .at_ms = KIT_DAY(1),
				     .reason = HOLD };
	struct cades_kit_material m = status(2, &entry, NULL);
	plain(&m, 4);
	expect(SUB_TRY_LATER);
	cr_assert_eq(j.first->conclusion.time_ms, KIT_DAY(1));
	entry.cert = s.ocsp;
	m = status(2, &entry, NULL);
	plain(&m, 4);
	expect(SUB_NONE);
}

Test(matrix, no_status_at_all_expect_no_verdict)
{
	struct cades_kit_material m = { .certs = { s.ca->der, s.root->der } };
	plain(&m, 4);
	cr_assert(cades_judge_run(&j));
	cr_assert_eq(j.first->conclusion.indication, INDICATION_INDETERMINATE);
	j.outside = status(2, NULL, NULL);
	expect(SUB_NONE);
}

/* ---- INDETERMINATE: algorithms ---- */

Test(matrix, crypto_constraints_when_digest_is_past_its_end)
{
	struct cades_kit_material m = status(2, NULL, NULL);
	signed_by((struct cades_kit_signer){ .digest = DIGEST_SHA1 });
	expect(SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
	cr_assert(strstr(j.first->conclusion.algorithm, "sha1") != NULL, "%s",
		  j.first->conclusion.algorithm);
	cr_assert(j.first->conclusion.time_ms > 0 &&
		  j.first->conclusion.time_ms < FIX_T0_MS);
	cr_assert(j.first->conclusion.has_object);
	/* Proof that it was made after that end. */
	content_stamped(0, &m, 4, DIGEST_SHA1);
	expect(SUB_CRYPTO_CONSTRAINTS_FAILURE);
	cr_assert(strstr(j.first->conclusion.algorithm, "sha1") != NULL);
	cr_assert(j.first->conclusion.has_object);
	content_stamped(0, &m, 4, DIGEST_SHA384);
	expect(SUB_NONE);
}

Test(matrix, crypto_constraints_when_algorithm_is_outside_the_suite)
{
	begin(
	    &(struct cades_kit_scene_options){ .signer = { .key = FIX_KEY_ED25519 } });
	signed_by((struct cades_kit_signer){ 0 });
	cr_assert(cades_judge_run(&j));
	cr_assert(j.first->signature_intact);
	if (algorithm_policy_until(&j.policy->algorithms, s.signer->key,
				   j.first->signature->algorithm) == INT64_MIN)
		cr_assert_eq(j.first->conclusion.sub,
			     SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
	else
		cr_assert_eq(j.first->conclusion.sub, SUB_NONE);
}

Test(matrix, crypto_constraints_when_the_key_size_ends)
{
	const int64_t last = INT64_C(1861919999000); /* 2028-12-31T23:59:59Z */
	begin(&(struct cades_kit_scene_options){ .signer = { .key = FIX_KEY_RSA } });
	for (int after = 0; after < 2; after++) {
		cades_judge_clear(&j);
		cades_judge_init(&j, &s, cades_kit_plain(s.signer),
				 last + after * 1000);
		j.outside = cades_kit_status(&s, last - FIX_DAY_MS);
		expect(after ? SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE : SUB_NONE);
	}
	cr_assert(strstr(j.first->conclusion.algorithm, "RSA") != NULL);
}

/* ---- several ---- */

Test(matrix, report_when_several_signatures_expect_the_worst)
{
	struct cades_kit_signer signers[2] = { { .cert = s.signer },
					       { .cert = s.tsa2, .broken = true } };
	made(&(struct cades_kit_make){ .signers = signers, .n_signers = 2 });
	expect(SUB_NONE);
	cr_assert_eq(j.report->n_signatures, 2);
	cr_assert_eq(j.report->signatures[1].conclusion.sub, SUB_SIG_CRYPTO_FAILURE);
	cr_assert_eq(j.report->indication, INDICATION_FAILED);
	signers[1].broken = false;
	made(&(struct cades_kit_make){ .signers = signers, .n_signers = 2 });
	expect(SUB_NONE);
	cr_assert_eq(j.report->indication, INDICATION_PASSED);
}

Test(matrix, countersignature_when_broken_expect_the_parent_passes)
{
	struct cades_kit_signer counter = { .cert = s.tsa2, .broken = true };
	struct cades_kit_signer signer = { .cert = s.signer };
	struct cades_kit_make o = { .signers = &signer, .n_signers = 1 };
	made(&o);
	j.file = cades_kit_countersign(j.file, 0, &counter);
	expect(SUB_NONE);
	cr_assert_eq(j.report->n_signatures, 2);
	cr_assert_eq(j.report->signatures[1].signature->role, ROLE_COUNTERSIGNATURE);
	cr_assert_eq(j.report->signatures[1].conclusion.sub, SUB_SIG_CRYPTO_FAILURE);
	counter.broken = false;
	made(&o);
	j.file = cades_kit_countersign(j.file, 0, &counter);
	expect(SUB_NONE);
	cr_assert_eq(j.report->signatures[1].conclusion.sub, SUB_NONE);
	/* Only a constraint makes it the parent's matter (5.2.8.4.2). */
	counter.message_digest = CADES_KIT_WRONG;
	made(&o);
	j.file = cades_kit_countersign(j.file, 0, &counter);
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_COUNTERSIGNATURE,
			 CONSTRAINT_FAIL, NULL);
	expect(SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(j.report->signatures[1].conclusion.sub, SUB_HASH_FAILURE);
}
