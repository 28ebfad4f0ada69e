/* SPDX-License-Identifier: Apache-2.0 */
/* EN 319 102-1 5.2.3 and 5.2.4: who signed, and under which signature policy. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/basic_kit.h"
#include "tests/support/corpus.h"

static struct basic_kit k;

static void set_up(void)
{
	basic_kit_init(&k, NULL);
}

static void tear_down(void)
{
	basic_kit_clear(&k);
}

TestSuite(engine_signer, .init = set_up, .fini = tear_down);

static void sign(struct cades_kit_signer s)
{
	basic_kit_sign(&k, &s);
}

static void expect_signer(const struct fix_cert *c)
{
	basic_kit_expect(&k, SUB_NONE);
	cr_assert_not_null(k.b.signer);
	cr_assert(view_equal(k.b.signer->der, c->der));
}

/* ---- the signed reference ---- */

Test(engine_signer, none_is_found_when_no_candidate_has_the_hash)
{
	sign((struct cades_kit_signer){ .signing_certificate = CADES_KIT_WRONG });
	basic_kit_expect(&k, SUB_NO_SIGNING_CERTIFICATE_FOUND);
	cr_assert_null(k.b.signer);
	cr_assert(!k.b.intact && !k.b.checked);
	cr_assert_eq(k.b.conclusion.constraint, CONSTRAINT_SIGNING_CERTIFICATE);
	cr_assert(!basic_kit_constraint(&k, 0, CONSTRAINT_SIGNING_CERTIFICATE)->holds);
}

Test(engine_signer, is_found_by_each_kind_of_reference)
{
	static const struct cades_kit_signer cases[] = {
		{ .reference = CADES_KIT_V1 },
		{ .reference = CADES_KIT_V1_AND_V2 },
		{ .reference_digest = DIGEST_SHA384 },
		{ .reference_digest = DIGEST_SHA512, .by_ski = true },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		sign(cases[i]);
		expect_signer(k.scene.signer);
	}
}

static void load_without_certificates(struct cades_kit_signer s)
{
	s.cert = k.scene.signer;
	basic_kit_load(
	    &k,
	    cades_kit_make(&(struct cades_kit_make){
		.no_signer_certificates = true, .signers = &s, .n_signers = 1 }),
	    VIEW_NULL);
}

Test(engine_signer, none_is_found_when_the_certificate_is_nowhere)
{
	load_without_certificates((struct cades_kit_signer){ 0 });
	basic_kit_expect(&k, SUB_NO_SIGNING_CERTIFICATE_FOUND);
	load_without_certificates(
	    (struct cades_kit_signer){ .signing_certificate = CADES_KIT_ABSENT });
	basic_kit_expect(&k, SUB_NO_SIGNING_CERTIFICATE_FOUND);
}

Test(engine_signer, is_found_in_a_pool)
{
	basic_kit_add(&k, MATERIAL_CERT, k.scene.signer->der);
	load_without_certificates((struct cades_kit_signer){ 0 });
	expect_signer(k.scene.signer);
	load_without_certificates(
	    (struct cades_kit_signer){ .reference_digest = DIGEST_SHA512 });
	expect_signer(k.scene.signer);
}

/* Issuer, serial number and key are those of the signer. */
static struct fix_cert *twin_of_signer(void)
{
	return fix_cert_make(&(struct fix_cert_options){
	    .cn = "Twin",
	    .issuer = k.scene.ca,
	    .same_key = k.scene.signer,
	    .serial = (uint64_t)ASN1_INTEGER_get(
		X509_get0_serialNumber(k.scene.signer->x)) });
}

Test(engine_signer, the_reference_decides_among_those_of_one_name_and_number)
{
	struct fix_cert *twin = twin_of_signer();
	basic_kit_add(&k, MATERIAL_CERT, twin->der);
	basic_kit_add(&k, MATERIAL_CERT, k.scene.signer->der);
	load_without_certificates((struct cades_kit_signer){ 0 });
	expect_signer(k.scene.signer);
	cr_assert_null(basic_kit_finding(&k, "SIGNER_IDENTIFIER"));
	fix_cert_free(twin);
}

Test(engine_signer, none_is_found_when_only_a_twin_of_the_referenced_one_is_there)
{
	struct fix_cert *twin = twin_of_signer();
	basic_kit_add(&k, MATERIAL_CERT, twin->der);
	load_without_certificates((struct cades_kit_signer){ 0 });
	basic_kit_expect(&k, SUB_NO_SIGNING_CERTIFICATE_FOUND);
	fix_cert_free(twin);
}

/* The same key certified anew: the reference is to it, the SignerIdentifier is not. */
Test(engine_signer, another_name_in_the_signer_identifier_is_told)
{
	sign((struct cades_kit_signer){ 0 });
	struct cms_signer other = *k.doc->signatures[0].signer;
	other.serial = view_of("\x7f\x01", 2);
	k.doc->signatures[0].signer = &other;
	expect_signer(k.scene.signer);
	const struct report_finding *f = basic_kit_finding(&k, "SIGNER_IDENTIFIER");
	cr_assert_not_null(f);
	cr_assert_eq(f->level, CONSTRAINT_WARN);
}

/* ---- no reference ---- */

Test(engine_signer, without_a_reference_the_named_one_signed_and_that_is_told)
{
	sign((struct cades_kit_signer){ .signing_certificate = CADES_KIT_ABSENT });
	expect_signer(k.scene.signer);
	cr_assert_not_null(basic_kit_finding(&k, "signing-certificate-attribute"));
	sign((struct cades_kit_signer){ .signing_certificate = CADES_KIT_ABSENT,
					.by_ski = true });
	expect_signer(k.scene.signer);
}

Test(engine_signer, without_a_reference_it_fails_when_the_policy_asks_for_one)
{
	basic_kit_rule(&k, CONSTRAINT_SIGNING_CERTIFICATE_ATTRIBUTE, CONSTRAINT_FAIL,
		       NULL, NULL);
	sign((struct cades_kit_signer){ .signing_certificate = CADES_KIT_ABSENT });
	basic_kit_expect(&k, SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert(k.b.intact);
	sign((struct cades_kit_signer){ .reference = CADES_KIT_V1_AND_V2 });
	basic_kit_expect(&k, SUB_SIG_CONSTRAINTS_FAILURE);
	sign((struct cades_kit_signer){ 0 });
	basic_kit_expect(&k, SUB_NONE);
}

/* ---- issuerSerial and further references ---- */

Test(engine_signer, another_issuer_serial_is_told)
{
	sign((struct cades_kit_signer){ .issuer_serial = CADES_KIT_DIFFERS });
	basic_kit_expect(&k, SUB_NONE);
	cr_assert_not_null(basic_kit_finding(&k, "issuer-serial"));
}

Test(engine_signer, another_issuer_serial_fails_when_the_policy_says_so)
{
	basic_kit_rule(&k, CONSTRAINT_ISSUER_SERIAL, CONSTRAINT_FAIL, NULL, NULL);
	sign((struct cades_kit_signer){ .issuer_serial = CADES_KIT_DIFFERS });
	basic_kit_expect(&k, SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(k.b.conclusion.constraint, CONSTRAINT_ISSUER_SERIAL);
	sign((struct cades_kit_signer){ .issuer_serial = CADES_KIT_FITS });
	basic_kit_expect(&k, SUB_NONE);
}

Test(engine_signer, a_reference_beside_the_path_fails)
{
	sign((struct cades_kit_signer){ .more_references = { k.scene.tsa_ca } });
	basic_kit_expect(&k, SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(k.b.conclusion.constraint, CONSTRAINT_CERTIFICATE_REFERENCES);
}

Test(engine_signer, references_to_the_path_pass)
{
	sign((struct cades_kit_signer){
	    .more_references = { k.scene.ca, k.scene.root } });
	expect_signer(k.scene.signer);
}

Test(engine_signer, the_whole_path_is_referenced_when_the_policy_asks_for_it)
{
	basic_kit_rule(&k, CONSTRAINT_PATH_REFERENCED, CONSTRAINT_FAIL, NULL, NULL);
	sign((struct cades_kit_signer){ .more_references = { k.scene.ca } });
	basic_kit_expect(&k, SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(k.b.conclusion.constraint, CONSTRAINT_PATH_REFERENCED);
	sign((struct cades_kit_signer){
	    .more_references = { k.scene.ca, k.scene.root } });
	basic_kit_expect(&k, SUB_NONE);
}

/* ---- signature policy ---- */

#define POLICY "1.2.3.4.5"
#define POLICY_TEXT "the rules"

static struct cades_kit_signer under_policy(void)
{
	return (struct cades_kit_signer){ .policy = POLICY,
					  .policy_document = view_text(POLICY_TEXT) };
}

static void expect_policy(struct cades_kit_signer s, const char *value,
			  const char *value2, enum subindication sub)
{
	basic_kit_rule(&k, CONSTRAINT_SIGNATURE_POLICY, CONSTRAINT_FAIL, value, value2);
	sign(s);
	basic_kit_expect(&k, sub);
}

Test(engine_signer, processing_error_when_the_signature_policy_is_not_accepted)
{
	const struct cades_kit_signer implied = { .policy = "implied" };
	const enum subindication error = SUB_POLICY_PROCESSING_ERROR;
	expect_policy(under_policy(), "1.2.3.4.6", NULL, error);
	expect_policy(under_policy(), "NONE", "IMPLICIT", error);
	expect_policy((struct cades_kit_signer){ 0 }, POLICY, "ANY", error);
	expect_policy(implied, POLICY, "NONE", error);
}

Test(engine_signer, passes_when_the_signature_policy_is_accepted)
{
	const struct cades_kit_signer implied = { .policy = "implied" };
	expect_policy(under_policy(), "1.2.3.4.6", POLICY, SUB_NONE);
	expect_policy(under_policy(), "ANY", NULL, SUB_NONE);
	expect_policy((struct cades_kit_signer){ 0 }, "NONE", NULL, SUB_NONE);
	expect_policy(implied, "IMPLICIT", NULL, SUB_NONE);
}

static void ask_for_document(void)
{
	basic_kit_rule(&k, CONSTRAINT_SIGNATURE_POLICY_HASH, CONSTRAINT_FAIL, NULL,
		       NULL);
}

Test(engine_signer, policy_not_available_when_its_document_is_nowhere)
{
	ask_for_document();
	sign(under_policy());
	basic_kit_expect(&k, SUB_SIGNATURE_POLICY_NOT_AVAILABLE);
}

Test(engine_signer, processing_error_when_the_document_is_another)
{
	ask_for_document();
	k.in.signature_policy = view_text("other rules");
	sign(under_policy());
	basic_kit_expect(&k, SUB_POLICY_PROCESSING_ERROR);
	cr_assert_eq(k.b.conclusion.constraint, CONSTRAINT_SIGNATURE_POLICY_HASH);
}

Test(engine_signer, passes_when_the_document_is_given_or_stored)
{
	ask_for_document();
	k.in.signature_policy = view_text(POLICY_TEXT);
	sign(under_policy());
	basic_kit_expect(&k, SUB_NONE);
	k.in.signature_policy = VIEW_NULL;
	struct cades_kit_signer s = under_policy();
	s.policy_store = true;
	sign(s);
	basic_kit_expect(&k, SUB_NONE);
}

Test(engine_signer, missing_document_is_told_by_default)
{
	sign(under_policy());
	basic_kit_expect(&k, SUB_NONE);
	cr_assert_not_null(basic_kit_finding(&k, "signature-policy-hash"));
}

/* SEQUENCE { AlgorithmIdentifier of SHA-256, SEQUENCE { 1 } } and its contents. */
static const uint8_t asn1_policy[] = { 0x30, 0x12, 0x30, 0x0b, 0x06, 0x09, 0x60,
				       0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02,
				       0x01, 0x30, 0x03, 0x02, 0x01, 0x01 };

Test(engine_signer, a_policy_in_asn1_is_hashed_without_its_frame)
{
	ask_for_document();
	k.in.signature_policy = view_of(asn1_policy, sizeof(asn1_policy));
	struct cades_kit_signer s = under_policy();
	s.policy_document = view_skip(k.in.signature_policy, 2);
	sign(s);
	basic_kit_expect(&k, SUB_NONE);
	s.policy_document = view_skip(k.in.signature_policy, 15);
	sign(s);
	basic_kit_expect(&k, SUB_POLICY_PROCESSING_ERROR);
}

/* Each octet of an outsider's policy document is as good as any other here. */
Test(engine_signer, a_policy_in_asn1_that_breaks_off_is_another_document)
{
	ask_for_document();
	sign(under_policy());
	for (size_t n = 1; n < sizeof(asn1_policy); n++) {
		k.in.signature_policy = view_of(asn1_policy, n);
		basic_kit_expect(&k, SUB_POLICY_PROCESSING_ERROR);
	}
}
