/* SPDX-License-Identifier: Apache-2.0 */
/* Levels of PAdES by structure, EN 319 142-1 6.3: each rule of B broken alone. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/cms_make.h"
#include "tests/support/pades_kit.h"
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

TestSuite(pades_document_level, .init = set_up, .fini = tear_down);

static void read_file(struct view file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	document_free(d);
	d = NULL;
	cr_assert_eq(document_read_pdf(file, VIEW_NULL, &d, &err), 0, "%s", err.text);
}

static struct view signed_by(struct pades_kit_sign s)
{
	s.cert = scene.signer;
	return pades_kit_sign(pades_kit_blank(NULL), &s);
}

static struct view stamped(struct view file, int64_t gen_ms)
{
	return pades_kit_stamp(
	    file, &(struct pades_kit_stamp){ .tsa = scene.tsa, .gen_ms = gen_ms });
}

static struct view with_dss(struct view file, int64_t this_ms)
{
	return pades_kit_dss(file, &(struct pades_kit_dss){
				       .material = cades_kit_status(&scene, this_ms) });
}

static void expect(enum signature_level level, const char *profile)
{
	cr_assert_gt(d->n_signatures, 0);
	const struct document_signature *s = &d->signatures[0];
	cr_expect_eq(s->structure, level, "%s: %s", signature_level_name(s->structure),
		     s->why_not);
	cr_expect_str_eq(s->profile, profile);
}

static void expect_none(struct pades_kit_sign s, const char *why, const char *profile)
{
	read_file(signed_by(s));
	expect(LEVEL_NONE, profile);
	cr_expect_not_null(strstr(d->signatures[0].why_not, why), "%s",
			   d->signatures[0].why_not);
}

/* ---- B ---- */

Test(pades_document_level, each_broken_rule_of_b_is_told)
{
	expect_none((struct pades_kit_sign){ .no_filter = true }, "Filter",
		    "PAdES-BES");
	expect_none((struct pades_kit_sign){ .no_time = true }, "no M", "PAdES-BES");
	expect_none((struct pades_kit_sign){ .more = "/Cert <3000>" }, "Cert",
		    "PAdES-BES");
	expect_none((struct pades_kit_sign){ .more = "/Reason (why)",
					     .cms = { .commitment = "1.2.3" } },
		    "Reason", "PAdES-BES");
	expect_none(
	    (struct pades_kit_sign){
		.more = "/Reason (why)",
		.cms = { .policy = "1.2.3.4", .policy_document = view_text("p") } },
	    "Reason", "PAdES-EPES");
	expect_none((struct pades_kit_sign){ .cms = { .signing_certificate =
							  CADES_KIT_ABSENT } },
		    "neither signing-certificate", "PDF");
	expect_none(
	    (struct pades_kit_sign){ .cms = { .reference = CADES_KIT_V1_AND_V2 } },
	    "both signing-certificate", "PAdES-BES");
	expect_none(
	    (struct pades_kit_sign){ .cms = { .reference_digest = DIGEST_SHA1 } },
	    "with SHA-1", "PAdES-BES");
	expect_none((struct pades_kit_sign){ .cms = { .content_hints = "hint" } },
		    "content-hints", "PAdES-BES");
	expect_none(
	    (struct pades_kit_sign){
		.cms = { .more_signed = { make_attr(OID_SIGNER_LOCATION,
						    make_el(0x30, VIEW_NULL)) } } },
	    "signer-location", "PAdES-BES");
	expect_none(
	    (struct pades_kit_sign){
		.cms = { .more_signed = { make_attr(
			     OID_SIGNING_TIME,
			     make_el(ASN1_TAG_UTC_TIME,
				     view_text("260101000000Z"))) } } },
	    "signing-time", "PAdES-BES");
	expect_none(
	    (struct pades_kit_sign){ .cms = { .message_digest = CADES_KIT_ABSENT } },
	    "message-digest", "PDF");
}

Test(pades_document_level, reason_alone_is_baseline)
{
	read_file(signed_by((struct pades_kit_sign){ .more = "/Reason (why)" }));
	expect(LEVEL_B, "PAdES-BASELINE-B");
	read_file(
	    signed_by((struct pades_kit_sign){ .cms = { .commitment = "1.2.3" } }));
	expect(LEVEL_B, "PAdES-BASELINE-B");
}

Test(pades_document_level, older_subfilters_have_levels_of_their_own)
{
	struct cades_kit_stamp st = { .kind = CADES_STAMP_SIGNATURE,
				      .tsa = scene.tsa,
				      .gen_ms = KIT_DAY(1) };
	struct pades_kit_sign s = { .subfilter = "adbe.pkcs7.detached" };
	expect_none(s, "SubFilter", "PKCS7-B");
	s.stamp = &st;
	expect_none(s, "SubFilter", "PKCS7-T");
	struct view file = with_dss(signed_by(s), KIT_DAY(2));
	read_file(file);
	expect(LEVEL_NONE, "PKCS7-LT");
	read_file(stamped(file, KIT_DAY(3)));
	expect(LEVEL_NONE, "PKCS7-LTA");
}

/* ---- T, LT, LTA ---- */

Test(pades_document_level, time_stamp_that_does_not_fit_is_not_t)
{
	struct cades_kit_stamp st = { .kind = CADES_STAMP_SIGNATURE,
				      .tsa = scene.tsa,
				      .gen_ms = KIT_DAY(1),
				      .wrong_imprint = true };
	read_file(signed_by((struct pades_kit_sign){ .stamp = &st }));
	expect(LEVEL_B, "PAdES-BASELINE-B");
	st.wrong_imprint = false;
	read_file(signed_by((struct pades_kit_sign){ .stamp = &st }));
	expect(LEVEL_T, "PAdES-BASELINE-T");
}

Test(pades_document_level, document_time_stamp_is_t_of_what_it_covers)
{
	struct view file = stamped(pades_kit_blank(NULL), KIT_DAY(0));
	file = pades_kit_sign(file, &(struct pades_kit_sign){ .cert = scene.signer });
	read_file(file);
	expect(LEVEL_B, "PAdES-BASELINE-B");
	read_file(stamped(file, KIT_DAY(1)));
	expect(LEVEL_T, "PAdES-BASELINE-T");
}

Test(pades_document_level, dss_without_a_time_is_b)
{
	struct view file = signed_by((struct pades_kit_sign){ .time_ms = KIT_DAY(0) });
	read_file(with_dss(file, KIT_DAY(2)));
	expect(LEVEL_B, "PAdES-BASELINE-B");
}

Test(pades_document_level, dss_behind_the_last_time_stamp_is_lt)
{
	struct view file = signed_by((struct pades_kit_sign){ .time_ms = KIT_DAY(0) });
	file = with_dss(stamped(file, KIT_DAY(1)), KIT_DAY(2));
	read_file(file);
	expect(LEVEL_LT, "PAdES-BASELINE-LT");
	read_file(stamped(file, KIT_DAY(3)));
	expect(LEVEL_LTA, "PAdES-BASELINE-LTA");
}

Test(pades_document_level, one_document_time_stamp_behind_the_dss_is_lta)
{
	struct view file = signed_by((struct pades_kit_sign){ .time_ms = KIT_DAY(0) });
	file = stamped(with_dss(file, KIT_DAY(2)), KIT_DAY(3));
	read_file(file);
	expect(LEVEL_LTA, "PAdES-BASELINE-LTA");
}

Test(pades_document_level, one_document_time_stamp_over_certificates_alone_is_lt)
{
	struct view file = signed_by((struct pades_kit_sign){ .time_ms = KIT_DAY(0) });
	file = pades_kit_dss(file, &(struct pades_kit_dss){
				       .material = { .certs = { scene.ca->der } } });
	read_file(stamped(file, KIT_DAY(3)));
	expect(LEVEL_LT, "PAdES-BASELINE-LT");
}

Test(pades_document_level, dss_with_a_time_over_no_baseline_is_ltv)
{
	struct view file = signed_by((struct pades_kit_sign){ .no_time = true });
	file = stamped(with_dss(file, KIT_DAY(2)), KIT_DAY(3));
	read_file(file);
	expect(LEVEL_NONE, "PAdES-LTV");
}

Test(pades_document_level, usual_files_are_what_they_should_be)
{
	static const char *const names[] = { "PAdES-BASELINE-B", "PAdES-BASELINE-T",
					     "PAdES-BASELINE-LT",
					     "PAdES-BASELINE-LTA" };
	for (int l = CADES_KIT_B; l <= CADES_KIT_LTA; l++) {
		read_file(pades_kit_typical(&scene, l));
		expect((enum signature_level)(LEVEL_B + l), names[l]);
	}
}

Test(pades_document_level, profile_is_of_what_is_held)
{
	read_file(pades_kit_typical(&scene, CADES_KIT_LTA));
	const struct document_signature *s = &d->signatures[0];
	cr_expect_str_eq(document_profile(s, LEVEL_T), "PAdES-BASELINE-T");
	cr_expect_str_eq(document_profile(s, LEVEL_LTA), "PAdES-BASELINE-LTA");
}
