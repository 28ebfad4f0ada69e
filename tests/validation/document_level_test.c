/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The level that a structure promises: each rule of EN 319 122-1 6.3 table 1 broken
 * alone, and the names of what is no baseline signature.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/cades_kit.h"
#include "tests/support/cms_make.h"
#include "validation/document.h"

static struct cades_kit_scene scene;
static struct document *d;

static void set_up(void)
{
	scene = cades_kit_scene(NULL);
}

static void tear_down(void)
{
	document_free(d);
	cades_kit_scene_free(&scene);
}

TestSuite(document_level, .init = set_up, .fini = tear_down);

static const struct document_signature *read_file(struct view file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	document_free(d);
	d = NULL;
	cr_assert_eq(document_read(file, NULL, &d, &err), 0, "%s", err.text);
	return &d->signatures[0];
}

static struct view make(struct cades_kit_signer s, struct cades_kit_make o)
{
	s.cert = scene.signer;
	o.signers = &s;
	o.n_signers = 1;
	return cades_kit_make(&o);
}

static struct view stamp(struct view file, enum cades_stamp_kind kind, int day)
{
	return cades_kit_stamp(
	    file, &(struct cades_kit_stamp){
		      .kind = kind, .tsa = scene.tsa, .gen_ms = KIT_DAY(day) });
}

static void expect(struct view file, enum signature_level level, const char *profile)
{
	const struct document_signature *s = read_file(file);
	cr_assert_eq(s->structure, level, "%s: %s", signature_level_name(s->structure),
		     s->why_not);
	cr_assert_str_eq(s->profile, profile);
	cr_assert_eq(s->why_not[0] == '\0', level >= LEVEL_B);
}

/* ---- B ---- */

static void expect_not_b(struct cades_kit_signer s, struct cades_kit_make o,
			 const char *why, const char *profile)
{
	expect(make(s, o), LEVEL_NONE, profile);
	cr_assert_not_null(strstr(d->signatures[0].why_not, why), "%s",
			   d->signatures[0].why_not);
}

#define SIGNER(...) ((struct cades_kit_signer){ __VA_ARGS__ })
#define FILE_(...) ((struct cades_kit_make){ __VA_ARGS__ })
#define PLAIN FILE_(.detached = false)

Test(document_level, b_holds_its_signing_certificate)
{
	expect_not_b(SIGNER(.digest = DIGEST_NONE),
		     FILE_(.no_signer_certificates = true), "no certificates",
		     "CAdES-BES");
	expect_not_b(SIGNER(.digest = DIGEST_NONE),
		     FILE_(.no_signer_certificates = true,
			   .material = { .certs = { scene.ca->der } }),
		     "not among the certificates", "CAdES-BES");
	expect(
	    make(SIGNER(.digest = DIGEST_NONE),
		 FILE_(.no_signer_certificates = true,
		       .material = { .certs = { scene.ca->der, scene.signer->der } })),
	    LEVEL_B, "CAdES-BASELINE-B");
}

Test(document_level, b_signs_id_data)
{
	expect_not_b(SIGNER(.digest = DIGEST_NONE), FILE_(.content_type = "1.2.3.4"),
		     "id-data", "CAdES-BES");
}

Test(document_level, b_has_one_signing_time)
{
	expect_not_b(SIGNER(.signing_time = CADES_KIT_ABSENT), PLAIN, "signing-time",
		     "CAdES-BES");
}

Test(document_level, b_has_signed_attributes)
{
	expect_not_b(SIGNER(.no_signed_attrs = true), PLAIN, "no signed attributes",
		     "CMS");
}

Test(document_level, b_refers_to_its_certificate)
{
	expect_not_b(SIGNER(.signing_certificate = CADES_KIT_ABSENT), PLAIN, "neither",
		     "CMS");
	cr_assert_eq(d->signatures[0].format, SIGNATURE_PKCS7);
	expect_not_b(SIGNER(.signing_certificate = CADES_KIT_WRONG), PLAIN,
		     "not among the certificates", "CAdES-BES");
	expect_not_b(SIGNER(.reference = CADES_KIT_V1_AND_V2), PLAIN, "both",
		     "CAdES-BES");
}

/* Requirements h and i: version 1 is for SHA-1, version 2 for the others. */
Test(document_level, b_refers_in_the_version_of_its_digest)
{
	expect_not_b(SIGNER(.reference_digest = DIGEST_SHA1), PLAIN, "SHA-1", "CMS");
	expect(make(SIGNER(.reference_digest = DIGEST_SHA512), PLAIN), LEVEL_B,
	       "CAdES-BASELINE-B");
	expect(make(SIGNER(.reference = CADES_KIT_V1), PLAIN), LEVEL_B,
	       "CAdES-BASELINE-B");
}

Test(document_level, b_has_attributes_once)
{
	struct view commitment =
	    make_attr(OID_COMMITMENT_TYPE,
		      make_el(DER_SEQUENCE, make_oid("1.2.840.113549.1.9.16.6.1")));
	expect_not_b(SIGNER(.commitment = "1.2.3", .more_signed = { commitment }),
		     PLAIN, "commitment", "CAdES-BES");
	expect(make(SIGNER(.commitment = "1.2.3"), PLAIN), LEVEL_B, "CAdES-BASELINE-B");
}

/* Requirement k. */
Test(document_level, b_stores_only_a_policy_that_it_names_by_digest)
{
	struct view store =
	    make_attr(OID_SIGNATURE_POLICY_STORE,
		      make_el(DER_SEQUENCE, make_oid("1.2.3"), make_octets("policy")));
	expect_not_b(SIGNER(.more_unsigned = { store }), PLAIN, "store", "CAdES-BES");
	expect_not_b(SIGNER(.policy = "implied", .more_unsigned = { store }), PLAIN,
		     "store", "CAdES-BES");
	expect(make(SIGNER(.policy = "1.2.3", .policy_document = view_text("policy"),
			   .policy_store = true),
		    PLAIN),
	       LEVEL_B, "CAdES-BASELINE-B");
}

Test(document_level, signature_with_a_policy_that_is_no_baseline_is_epes)
{
	expect_not_b(SIGNER(.signing_time = CADES_KIT_ABSENT, .policy = "1.2.3",
			    .policy_document = view_text("policy")),
		     PLAIN, "signing-time", "CAdES-EPES");
	expect_not_b(SIGNER(.signing_time = CADES_KIT_ABSENT, .policy = "implied"),
		     PLAIN, "signing-time", "CAdES-BES");
}

/* ---- T ---- */

Test(document_level, t_needs_a_signature_stamp_that_fits)
{
	struct view b = cades_kit_plain(scene.signer);
	struct cades_kit_stamp wrong = { .kind = CADES_STAMP_SIGNATURE,
					 .tsa = scene.tsa,
					 .gen_ms = KIT_DAY(1),
					 .wrong_imprint = true };
	expect(cades_kit_stamp(b, &wrong), LEVEL_B, "CAdES-BASELINE-B");
	expect(stamp(cades_kit_stamp(b, &wrong), CADES_STAMP_SIGNATURE, 1), LEVEL_T,
	       "CAdES-BASELINE-T");
}

/* Requirement m. */
Test(document_level, t_needs_a_stamp_from_before_the_end_of_the_certificate)
{
	struct cades_kit_scene_options o = { .signer = { .not_after_ms =
							     KIT_DAY(10) } };
	cades_kit_scene_free(&scene);
	scene = cades_kit_scene(&o);
	struct view b = cades_kit_plain(scene.signer);
	expect(stamp(b, CADES_STAMP_SIGNATURE, 11), LEVEL_B, "CAdES-BASELINE-B");
	expect(stamp(b, CADES_STAMP_SIGNATURE, 9), LEVEL_T, "CAdES-BASELINE-T");
}

/* ---- LT, LTA ---- */

Test(document_level, lt_has_status_in_signed_data)
{
	struct view t = cades_kit_typical(&scene, CADES_KIT_T);
	struct cades_kit_material certs = { .certs = { scene.ca->der } };
	expect(cades_kit_add(t, &certs), LEVEL_T, "CAdES-BASELINE-T");
	expect(cades_kit_typical(&scene, CADES_KIT_LT), LEVEL_LT, "CAdES-BASELINE-LT");
}

Test(document_level, lt_has_none_of_the_legacy_attributes)
{
	static const char *const oids[] = {
		OID_CERTIFICATE_VALUES,         OID_REVOCATION_VALUES,
		OID_CERTIFICATE_REFS,           OID_REVOCATION_REFS,
		OID_ATTRIBUTE_CERTIFICATE_REFS, OID_ATTRIBUTE_REVOCATION_REFS
	};
	struct view lt = cades_kit_typical(&scene, CADES_KIT_LT);
	for (size_t i = 0; i < sizeof(oids) / sizeof(oids[0]); i++) {
		const struct document_signature *s = read_file(cades_kit_attribute(
		    lt, 0, make_attr(oids[i], make_empty(DER_SEQUENCE))));
		cr_assert_eq(s->structure, LEVEL_T, "%s", oids[i]);
		cr_assert_str_eq(s->profile, "CAdES-T");
	}
}

Test(document_level, lta_has_an_archive_stamp_v3_that_fits)
{
	struct view lt = cades_kit_typical(&scene, CADES_KIT_LT);
	struct cades_kit_stamp o = { .kind = CADES_STAMP_ARCHIVE_V3,
				     .tsa = scene.tsa,
				     .gen_ms = KIT_DAY(3),
				     .wrong_imprint = true };
	expect(cades_kit_stamp(lt, &o), LEVEL_LT, "CAdES-BASELINE-LT");
	o.wrong_imprint = false;
	o.nothing_in_certs = true;
	expect(cades_kit_stamp(lt, &o), LEVEL_LT, "CAdES-BASELINE-LT");
	expect(stamp(lt, CADES_STAMP_ARCHIVE_V2, 3), LEVEL_LT, "CAdES-A");
	o.nothing_in_certs = false;
	expect(cades_kit_stamp(lt, &o), LEVEL_LTA, "CAdES-BASELINE-LTA");
}

Test(document_level, lta_needs_t)
{
	struct cades_kit_material m = cades_kit_status(&scene, KIT_DAY(2));
	struct view b = cades_kit_add(cades_kit_plain(scene.signer), &m);
	expect(stamp(b, CADES_STAMP_ARCHIVE_V3, 3), LEVEL_B, "CAdES-BASELINE-B");
}

/* ---- legacy names, RFC 5126 4.3, 4.4 ---- */

Test(document_level, legacy_forms_have_their_names)
{
	struct cades_kit_material m = { .certs = { scene.ca->der },
					.crls = { cades_kit_crl(scene.ca, KIT_DAY(2),
								NULL) } };
	struct view t = stamp(make(SIGNER(.signing_time = CADES_KIT_ABSENT), PLAIN),
			      CADES_STAMP_SIGNATURE, 1);
	struct view c = cades_kit_refs(t, 0, &m, DIGEST_NONE);
	struct view x1 = stamp(c, CADES_STAMP_C, 2);
	struct view x2 = stamp(c, CADES_STAMP_REFS, 2);
	struct view xl = cades_kit_values(c, 0, &m);
	expect(t, LEVEL_NONE, "CAdES-T");
	expect(c, LEVEL_NONE, "CAdES-C");
	expect(x1, LEVEL_NONE, "CAdES-X");
	expect(x2, LEVEL_NONE, "CAdES-X");
	expect(xl, LEVEL_NONE, "CAdES-X-L");
	expect(cades_kit_values(x1, 0, &m), LEVEL_NONE, "CAdES-X-L");
	expect(stamp(c, CADES_STAMP_ARCHIVE_V2, 3), LEVEL_NONE, "CAdES-C");
	expect(stamp(xl, CADES_STAMP_ARCHIVE_V2, 3), LEVEL_NONE, "CAdES-A");
	expect(stamp(xl, CADES_STAMP_ARCHIVE_V3, 3), LEVEL_NONE, "CAdES-A");
}

Test(document_level, record_over_validation_data_makes_an_ers)
{
	struct cades_kit_record o = { .tsa = scene.tsa, .gen_ms = KIT_DAY(5) };
	expect(cades_kit_record(cades_kit_typical(&scene, CADES_KIT_T), &o), LEVEL_T,
	       "CAdES-BASELINE-T");
	expect(cades_kit_record(cades_kit_typical(&scene, CADES_KIT_LT), &o), LEVEL_LT,
	       "CAdES-ERS");
	expect(cades_kit_record(cades_kit_typical(&scene, CADES_KIT_LTA), &o),
	       LEVEL_LTA, "CAdES-BASELINE-LTA");
}

Test(document_level, profile_follows_the_level_that_is_held)
{
	const struct document_signature *s =
	    read_file(cades_kit_typical(&scene, CADES_KIT_LTA));
	cr_assert_str_eq(document_profile(s, LEVEL_LTA), "CAdES-BASELINE-LTA");
	cr_assert_str_eq(document_profile(s, LEVEL_T), "CAdES-BASELINE-T");
	cr_assert_str_eq(document_profile(s, LEVEL_B), "CAdES-BASELINE-B");
	s = read_file(
	    stamp(cades_kit_typical(&scene, CADES_KIT_LT), CADES_STAMP_ARCHIVE_V2, 3));
	cr_assert_str_eq(document_profile(s, LEVEL_T), "CAdES-A");
}

/* A certificate inside a response is not among the certificates. */
Test(document_level, certificate_of_a_responder_does_not_stand_in_for_certificates)
{
	struct view ocsp =
	    cades_kit_ocsp(&(struct fix_ocsp_options){ .cert = scene.signer,
						       .issuer = scene.ca,
						       .responder = scene.ocsp,
						       .this_ms = KIT_DAY(2) });
	struct cades_kit_signer s = { .cert = scene.ocsp };
	expect(cades_kit_make(&(struct cades_kit_make){
		   .no_signer_certificates = true,
		   .material = { .certs = { scene.ca->der }, .ocsps = { ocsp } },
		   .signers = &s,
		   .n_signers = 1 }),
	       LEVEL_NONE, "CAdES-BES");
}
