/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Forms of signatures: what signers and attackers write into a CMS, and what the
 * default policy makes of it. Each form beside those that differ in one thing.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/cades_judge.h"
#include "tests/support/cades_kit_private.h"
#include "tests/support/cms_make.h"

#define KEY_COMPROMISE 1

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

TestSuite(matrix_form, .init = set_up, .fini = tear_down);

/* With status of day 2 inside, judged on day 4. */
static void of_file(struct view file)
{
	struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
	cades_judge_clear(&j);
	cades_judge_init(&j, &s, cades_kit_add(file, &m), KIT_DAY(4));
}

static void of_signer(struct cades_kit_signer signer, const char *content_type)
{
	if (signer.cert == NULL)
		signer.cert = s.signer;
	of_file(cades_kit_make(&(struct cades_kit_make){
	    .signers = &signer, .n_signers = 1, .content_type = content_type }));
}

static void expect(enum subindication sub)
{
	cades_judge_expect(&j, sub);
}

/* ---- one signer ---- */

struct form {
	const char *what;
	struct cades_kit_signer signer;
	const char *content_type;
	enum subindication sub;
	const char *profile; /* NULL: not asked */
};

static const struct form forms[] = {
	{ "stored unsorted, signed sorted",
	  { .order = CADES_KIT_UNSORTED },
	  NULL,
	  SUB_NONE,
	  "CAdES-BASELINE-B" },
	{ "stored and signed unsorted",
	  { .order = CADES_KIT_UNSORTED_SIGNED },
	  NULL,
	  SUB_NONE,
	  NULL },
	{ "by subject key identifier",
	  { .by_ski = true },
	  NULL,
	  SUB_NONE,
	  "CAdES-BASELINE-B" },
	{ "another content type", { 0 }, "1.2.3", SUB_NONE, NULL },
	{ "another content type, no attributes",
	  { .no_signed_attrs = true },
	  "1.2.3",
	  SUB_FORMAT_FAILURE,
	  NULL },
	{ "no content-type",
	  { .content_type = CADES_KIT_ABSENT },
	  NULL,
	  SUB_FORMAT_FAILURE,
	  NULL },
	{ "two content types",
	  { .content_type = CADES_KIT_TWO_VALUES },
	  NULL,
	  SUB_FORMAT_FAILURE,
	  NULL },
	{ "signing-time that is none",
	  { .signing_time = CADES_KIT_WRONG },
	  NULL,
	  SUB_FORMAT_FAILURE,
	  NULL },
	{ "SHA-1 of the content only",
	  { .digest = DIGEST_SHA1, .signature_digest = DIGEST_SHA256 },
	  NULL,
	  SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
	  NULL },
	{ "SHA-1 of the attributes only",
	  { .digest = DIGEST_SHA256, .signature_digest = DIGEST_SHA1 },
	  NULL,
	  SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
	  NULL },
	{ "two strong digests",
	  { .digest = DIGEST_SHA256, .signature_digest = DIGEST_SHA512 },
	  NULL,
	  SUB_NONE,
	  NULL },
	{ "reference by SHA-1 in version 2",
	  { .reference_digest = DIGEST_SHA1 },
	  NULL,
	  SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE,
	  NULL },
	{ "reference by SHA-384",
	  { .reference_digest = DIGEST_SHA384 },
	  NULL,
	  SUB_NONE,
	  "CAdES-BASELINE-B" },
	{ "reference of version 1",
	  { .reference = CADES_KIT_V1 },
	  NULL,
	  SUB_NONE,
	  NULL },
	{ "wrong reference of version 1",
	  { .reference = CADES_KIT_V1, .signing_certificate = CADES_KIT_WRONG },
	  NULL,
	  SUB_NO_SIGNING_CERTIFICATE_FOUND,
	  NULL },
	{ "both references",
	  { .reference = CADES_KIT_V1_AND_V2 },
	  NULL,
	  SUB_NONE,
	  NULL },
	{ "reference twice",
	  { .signing_certificate = CADES_KIT_TWICE },
	  NULL,
	  SUB_FORMAT_FAILURE,
	  NULL },
	{ "reference with two values",
	  { .signing_certificate = CADES_KIT_TWO_VALUES },
	  NULL,
	  SUB_FORMAT_FAILURE,
	  NULL },
	{ "no reference",
	  { .signing_certificate = CADES_KIT_ABSENT },
	  NULL,
	  SUB_NONE,
	  "CMS" },
	{ "implied policy", { .policy = "implied" }, NULL, SUB_NONE, NULL },
	{ "everything that may be said",
	  { .policy = "1.2.3",
	    .policy_uri = "http://policy.example/",
	    .policy_store = true,
	    .policy_document = { (const uint8_t *)"p", 1 },
	    .commitment = "1.2.840.113549.1.9.16.6.1",
	    .mime_type = "text/plain",
	    .content_hints = "a text",
	    .issuer_serial = CADES_KIT_FITS,
	    .algorithm_protection = CADES_KIT_FITS },
	  NULL,
	  SUB_NONE,
	  NULL },
	{ "digest and value both wrong",
	  { .message_digest = CADES_KIT_WRONG, .broken = true },
	  NULL,
	  SUB_HASH_FAILURE,
	  NULL },
};

Test(matrix_form, each_form_expect_its_outcome)
{
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		fprintf(stderr, "%s\n", forms[i].what);
		of_signer(forms[i].signer, forms[i].content_type);
		expect(forms[i].sub);
		if (forms[i].profile != NULL)
			cr_expect_str_eq(j.first->profile, forms[i].profile, "%s: %s",
					 forms[i].what, j.first->profile);
	}
}

Test(matrix_form, reference_when_required_expect_constraint)
{
	of_signer((struct cades_kit_signer){ .signing_certificate = CADES_KIT_ABSENT },
		  NULL);
	cades_judge_rule(&j, CONTEXT_SIGNATURE,
			 CONSTRAINT_SIGNING_CERTIFICATE_ATTRIBUTE, CONSTRAINT_FAIL,
			 NULL);
	cr_assert(cades_judge_run(&j));
	cr_assert_eq(j.first->conclusion.indication, INDICATION_INDETERMINATE);
	cr_assert_eq(j.first->conclusion.constraint,
		     CONSTRAINT_SIGNING_CERTIFICATE_ATTRIBUTE);
	of_signer((struct cades_kit_signer){ 0 }, NULL);
	cades_judge_rule(&j, CONTEXT_SIGNATURE,
			 CONSTRAINT_SIGNING_CERTIFICATE_ATTRIBUTE, CONSTRAINT_FAIL,
			 NULL);
	expect(SUB_NONE);
}

/* A check that is switched off is listed as such (EN 319 102-1 5.1.4.1). */
Test(matrix_form, check_when_switched_off_expect_it_is_listed)
{
	of_signer(
	    (struct cades_kit_signer){ .algorithm_protection = CADES_KIT_DIFFERS },
	    NULL);
	expect(SUB_SIG_CONSTRAINTS_FAILURE);
	cades_judge_rule(&j, CONTEXT_SIGNATURE, CONSTRAINT_ALGORITHM_PROTECTION,
			 CONSTRAINT_IGNORE, NULL);
	expect(SUB_NONE);
	const struct report_constraint *c =
	    cades_judge_constraint(&j, CONSTRAINT_ALGORITHM_PROTECTION);
	cr_assert_not_null(c);
	cr_assert_eq(c->level, CONSTRAINT_IGNORE);
}

/* ---- where status may stand ---- */

enum place { IN_CRLS, IN_CRLS_BASIC, IN_VALUES, OUTSIDE, NOWHERE, PLACES };

Test(matrix_form, ocsp_response_when_in_any_place_expect_it_counts)
{
	for (int place = 0; place < PLACES; place++) {
		struct cades_kit_material m = cades_kit_status(&s, KIT_DAY(2));
		struct cades_kit_material o = { .basic = place == IN_CRLS_BASIC };
		struct view file = cades_kit_plain(s.signer);
		m.crls[0] = m.crls[2];
		m.crls[2] = VIEW_NULL;
		o.ocsps[0] =
		    cades_kit_ocsp(&(struct fix_ocsp_options){ .cert = s.signer,
							       .issuer = s.ca,
							       .responder = s.ocsp,
							       .this_ms = KIT_DAY(2) });
		file = cades_kit_add(file, &m);
		if (place == IN_CRLS || place == IN_CRLS_BASIC)
			file = cades_kit_add(file, &o);
		if (place == IN_VALUES)
			file = cades_kit_values(file, 0, &o);
		cades_judge_clear(&j);
		cades_judge_init(&j, &s, file, KIT_DAY(4));
		if (place == OUTSIDE)
			j.outside = o;
		fprintf(stderr, "place %d\n", place);
		cr_assert(cades_judge_run(&j));
		cr_assert_eq(j.first->conclusion.indication == INDICATION_PASSED,
			     place != NOWHERE);
	}
}

/* ---- attacks ---- */

/*
 * The signed attributes of somebody's signature as the content of another file, without
 * attributes: the value verifies over them (RFC 5652 5.4), yet nobody signed that as a
 * content.
 */
Test(matrix_form, attributes_as_content_expect_never_passed)
{
	struct ck_file *f = ck_file_read(cades_kit_plain(s.signer));
	struct ck_signer_info *si = &f->signers[0];
	struct buf set = buf_make(CK_BYTES_MAX);
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(buf_put(&set, si->signed_attrs, &err), 0);
	set.p[0] = DER_SET;
	si->signed_attrs = VIEW_NULL;
	f->encap =
	    make_el(DER_SEQUENCE, make_oid("1.2.840.113549.1.7.1"),
		    make_el(0xa0, make_el(ASN1_TAG_OCTET_STRING, view_buf(&set))));
	of_file(ck_file_write(f));
	buf_free(&set);
	cr_assert(cades_judge_run(&j));
	cr_assert_neq(j.first->conclusion.indication, INDICATION_PASSED);
}

/* Somebody else's certificate under the signer's name and number. */
Test(matrix_form, certificate_of_the_same_name_expect_the_referenced_one)
{
	struct fix_cert *twin = fix_cert_make(&(struct fix_cert_options){
	    .cn = "Signer",
	    .issuer = s.ca,
	    .serial = ASN1_INTEGER_get(X509_get0_serialNumber(s.signer->x)) });
	struct cades_kit_signer by_twin = { .cert = s.signer, .sign_with = twin };
	struct view file = cades_kit_plain(s.signer);
	struct cades_kit_material m = { .certs = { twin->der } };
	of_file(cades_kit_add(file, &m));
	expect(SUB_NONE);
	cr_assert_arr_eq(j.first->signing_certificate->sha256,
			 cades_kit_hash(DIGEST_SHA256, s.signer->der).p, 32);
	file = cades_kit_make(
	    &(struct cades_kit_make){ .signers = &by_twin, .n_signers = 1 });
	of_file(cades_kit_add(file, &m));
	expect(SUB_SIG_CRYPTO_FAILURE);
	fix_cert_free(twin);
}

/* The content time-stamp must be about this content, else it proves nothing. */
Test(matrix_form, content_time_stamp_when_of_another_content_expect_no_proof)
{
	struct fix_revoked entry = { .cert = s.signer,
				     .at_ms = KIT_DAY(1),
				     .reason = KEY_COMPROMISE };
	for (int wrong = 1; wrong >= 0; wrong--) {
		struct cades_kit_stamp t = { .tsa = s.tsa,
					     .gen_ms = KIT_DAY(2),
					     .wrong_imprint = wrong != 0 };
		of_signer((struct cades_kit_signer){ .content_stamps = &t,
						     .n_content_stamps = 1 },
			  NULL);
		j.outside.crls[0] = cades_kit_crl(s.ca, KIT_DAY(3), &entry);
		expect(wrong ? SUB_REVOKED_NO_POE : SUB_REVOKED);
	}
}

/* A time-stamp from a TSA that is trusted for signatures only. */
Test(matrix_form, time_stamp_when_anchors_are_others_expect_no_proof)
{
	struct fix_cert *other =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Other", .ca = true });
	struct material *anchors = fix_material(other, NULL);
	struct fix_revoked entry = { .cert = s.signer,
				     .at_ms = KIT_DAY(2),
				     .reason = KEY_COMPROMISE };
	of_file(cades_kit_typical(&s, CADES_KIT_T));
	j.outside.crls[0] = cades_kit_crl(s.ca, KIT_DAY(3), &entry);
	j.stamp_anchors = anchors;
	expect(SUB_REVOKED_NO_POE);
	cades_judge_expect_stamp(&j, 0, SUB_NO_CERTIFICATE_CHAIN_FOUND);
	j.stamp_anchors = s.anchors;
	expect(SUB_NONE);
	material_free(anchors);
	fix_cert_free(other);
}

/* A revocation whose cause is known to be older. */
Test(matrix_form, invalidity_date_when_before_the_stamp_expect_revoked)
{
	struct fix_revoked entry = { .cert = s.signer,
				     .at_ms = KIT_DAY(3),
				     .reason = KEY_COMPROMISE };
	for (int early = 1; early >= 0; early--) {
		of_file(cades_kit_typical(&s, CADES_KIT_T)); /* stamped on day 1 */
		entry.invalidity_ms = early ? FIX_T0_MS : KIT_DAY(2);
		j.outside.crls[0] = cades_kit_crl(s.ca, KIT_DAY(3), &entry);
		expect(early ? SUB_REVOKED_NO_POE : SUB_NONE);
	}
}

/* ---- proofs of the caller ---- */

/* What the caller has had since then proves as a time-stamp does. */
Test(matrix_form, proofs_of_the_caller_expect_revoked_signer_passes)
{
	struct fix_revoked entry = { .cert = s.signer,
				     .at_ms = KIT_DAY(3),
				     .reason = KEY_COMPROMISE };
	struct engine_proof proof = { .time_ms = KIT_DAY(2) };
	of_file(cades_kit_plain(s.signer));
	j.outside.crls[0] = cades_kit_crl(s.ca, KIT_DAY(3), &entry);
	expect(SUB_REVOKED_NO_POE);
	memcpy(proof.sha256, j.first->signature->sha256, 32);
	j.proofs = &proof;
	j.n_proofs = 1;
	expect(SUB_NONE);
	cr_assert_eq(j.first->best_signature_time_ms, KIT_DAY(2));
	proof.time_ms = KIT_DAY(3) + 1000;
	expect(SUB_REVOKED_NO_POE);
	proof.time_ms = KIT_DAY(2);
	proof.sha256[0] ^= 1;
	expect(SUB_REVOKED_NO_POE);
}

/* ---- determinism, EN 319 102-1 5.1.4 ---- */

static void json(struct buf *out)
{
	struct jsonw w = jsonw_to(out);
	report_json(j.report, &(struct report_frame){ .file = "a" }, &w);
	cr_assert_gt(out->n, 100);
}

Test(matrix_form, judgement_when_repeated_expect_the_same_octets)
{
	struct buf a = buf_make(1 << 22), b = buf_make(1 << 22);
	of_file(cades_kit_typical(&s, CADES_KIT_LTA));
	expect(SUB_NONE);
	json(&a);
	expect(SUB_NONE);
	json(&b);
	cr_assert(view_equal(view_buf(&a), view_buf(&b)));
	buf_free(&b);
	buf_free(&a);
}

/* More validation data never turns a definite outcome. */
Test(matrix_form, more_material_expect_the_same_outcome)
{
	struct cades_kit_signer broken = { .cert = s.signer, .broken = true };
	struct cades_kit_material more = cades_kit_status(&s, KIT_DAY(3));
	struct view files[2] = { cades_kit_typical(&s, CADES_KIT_LTA),
				 cades_kit_make(&(struct cades_kit_make){
				     .signers = &broken, .n_signers = 1 }) };
	more.certs[3] = s.tsa->der;
	more.certs[4] = s.tsa2->der;
	more.certs[5] = s.ocsp->der;
	for (size_t i = 0; i < 2; i++) {
		of_file(files[i]);
		j.outside = more;
		expect(i == 0 ? SUB_NONE : SUB_SIG_CRYPTO_FAILURE);
	}
}
