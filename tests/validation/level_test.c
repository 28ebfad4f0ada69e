/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The level that a judged signature holds: the validation data that EN 319 122-1 6.3
 * asks for stands in the file, or it is told as what is left without it.
 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/cades_judge.h"
#include "tests/support/cms_make.h"

static struct cades_kit_scene scene;
static struct cades_judge j;

static void set_up(void)
{
	scene = cades_kit_scene(NULL);
}

static void tear_down(void)
{
	cades_judge_clear(&j);
	cades_kit_scene_free(&scene);
}

TestSuite(level, .init = set_up, .fini = tear_down);

static void expect_with(struct view file, const struct cades_kit_material *outside,
			enum signature_level level, const char *profile)
{
	cades_judge_clear(&j);
	cades_judge_init(&j, &scene, file, KIT_DAY(4));
	if (outside != NULL)
		j.outside = *outside;
	cr_assert(cades_judge_run(&j), "%s", j.why.text);
	cr_assert_eq(j.first->level, level, "%s", signature_level_name(j.first->level));
	cr_assert_str_eq(j.first->profile, profile);
}

static void expect(struct view file, enum signature_level level, const char *profile)
{
	expect_with(file, NULL, level, profile);
}

static struct view typical(enum cades_kit_level l)
{
	return cades_kit_typical(&scene, l);
}

/* A file of level T with this material, whose structure promises LT. */
static struct view with(struct cades_kit_material m)
{
	return cades_kit_add(typical(CADES_KIT_T), &m);
}

static struct view crl_of(const struct fix_cert *issuer)
{
	return cades_kit_crl(issuer, KIT_DAY(2), NULL);
}

#define MATERIAL(...) ((struct cades_kit_material){ __VA_ARGS__ })
#define CAS                                                                            \
	{                                                                              \
		scene.ca->der, scene.tsa_ca->der, scene.root->der                      \
	}

Test(level, usual_files_hold_what_they_promise)
{
	expect(typical(CADES_KIT_B), LEVEL_B, "CAdES-BASELINE-B");
	expect(typical(CADES_KIT_T), LEVEL_T, "CAdES-BASELINE-T");
	expect(typical(CADES_KIT_LT), LEVEL_LT, "CAdES-BASELINE-LT");
	expect(typical(CADES_KIT_LTA), LEVEL_LTA, "CAdES-BASELINE-LTA");
}

/* ---- LT ---- */

Test(level, status_that_stands_elsewhere_does_not_make_lt)
{
	struct view crls[3] = { crl_of(scene.ca), crl_of(scene.tsa_ca),
				crl_of(scene.root) };
	for (size_t left_out = 0; left_out < 3; left_out++) {
		struct cades_kit_material inside = MATERIAL(.certs = CAS);
		struct cades_kit_material outside =
		    MATERIAL(.crls = { crls[left_out] });
		for (size_t i = 0, n = 0; i < 3; i++) {
			if (i != left_out)
				inside.crls[n++] = crls[i];
		}
		expect_with(with(inside), &outside, LEVEL_T, "CAdES-BASELINE-T");
	}
	expect(with(MATERIAL(.certs = CAS, .crls = { crls[0], crls[1], crls[2] })),
	       LEVEL_LT, "CAdES-BASELINE-LT");
}

Test(level, fresher_status_from_elsewhere_takes_nothing_away)
{
	struct cades_kit_material outside =
	    MATERIAL(.crls = { cades_kit_crl(scene.ca, KIT_DAY(3), NULL),
			       cades_kit_crl(scene.tsa_ca, KIT_DAY(3), NULL) });
	expect_with(typical(CADES_KIT_LT), &outside, LEVEL_LT, "CAdES-BASELINE-LT");
}

Test(level, certificate_that_stands_elsewhere_does_not_make_lt)
{
	struct cades_kit_material outside = MATERIAL(.certs = { scene.ca->der });
	expect_with(with(MATERIAL(.certs = { scene.tsa_ca->der },
				  .crls = { crl_of(scene.ca), crl_of(scene.tsa_ca),
					    crl_of(scene.root) })),
		    &outside, LEVEL_T, "CAdES-BASELINE-T");
}

Test(level, anchor_need_not_stand_in_the_file)
{
	expect(with(MATERIAL(.certs = { scene.ca->der, scene.tsa_ca->der },
			     .crls = { crl_of(scene.ca), crl_of(scene.tsa_ca),
				       crl_of(scene.root) })),
	       LEVEL_LT, "CAdES-BASELINE-LT");
}

Test(level, status_by_ocsp_counts)
{
	struct fix_ocsp_options o = { .cert = scene.signer,
				      .issuer = scene.ca,
				      .responder = scene.ocsp,
				      .this_ms = KIT_DAY(2) };
	struct cades_kit_material m =
	    MATERIAL(.certs = CAS, .crls = { crl_of(scene.tsa_ca), crl_of(scene.root) },
		     .ocsps = { cades_kit_ocsp(&o) });
	expect(with(m), LEVEL_LT, "CAdES-BASELINE-LT");
	o.wrong_serial = true;
	m.ocsps[0] = cades_kit_ocsp(&o);
	expect(with(m), LEVEL_T, "CAdES-BASELINE-T");
}

Test(level, crl_for_other_kinds_of_certificates_does_not_count)
{
	struct fix_crl_options o = { .issuer = scene.ca,
				     .this_ms = KIT_DAY(2),
				     .idp = FIX_IDP_ONLY_CA };
	struct cades_kit_material m =
	    MATERIAL(.certs = CAS, .crls = { crl_of(scene.tsa_ca), crl_of(scene.root),
					     cades_kit_crl_make(&o) });
	expect(with(m), LEVEL_T, "CAdES-BASELINE-T");
	o.idp = FIX_IDP_ONLY_USER;
	m.crls[2] = cades_kit_crl_make(&o);
	expect(with(m), LEVEL_LT, "CAdES-BASELINE-LT");
}

Test(level, certificate_without_revocation_needs_no_status)
{
	struct cades_kit_scene_options o = { .signer = { .no_rev_avail = true } };
	cades_kit_scene_free(&scene);
	scene = cades_kit_scene(&o);
	expect(with(MATERIAL(.certs = CAS,
			     .crls = { crl_of(scene.tsa_ca), crl_of(scene.root) })),
	       LEVEL_LT, "CAdES-BASELINE-LT");
}

/* ---- without a path to an anchor ---- */

static void forget_anchors(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	material_free(scene.anchors);
	cr_assert_eq(material_new(&scene.anchors, &err), 0);
}

Test(level, without_anchors_the_issuers_inside_are_followed)
{
	forget_anchors();
	expect(typical(CADES_KIT_LTA), LEVEL_LTA, "CAdES-BASELINE-LTA");
	expect(with(MATERIAL(.certs = CAS,
			     .crls = { crl_of(scene.tsa_ca), crl_of(scene.root) })),
	       LEVEL_T, "CAdES-BASELINE-T");
	expect(with(MATERIAL(.certs = CAS,
			     .crls = { crl_of(scene.ca), crl_of(scene.root) })),
	       LEVEL_T, "CAdES-BASELINE-T");
	expect(with(MATERIAL(.certs = CAS,
			     .crls = { crl_of(scene.ca), crl_of(scene.tsa_ca) })),
	       LEVEL_T, "CAdES-BASELINE-T");
}

/* RFC 6960 4.2.2.2.1: a responder that may itself be revoked. */
Test(level, without_anchors_a_responder_needs_its_status)
{
	struct fix_cert_options plain = { .cn = "Other OCSP",
					  .issuer = scene.ca,
					  .eku = FIX_EKU_OCSP_SIGNING };
	struct fix_cert *responder = fix_cert_make(&plain);
	struct fix_ocsp_options own = { .cert = responder,
					.issuer = scene.ca,
					.this_ms = KIT_DAY(2) };
	struct fix_ocsp_options o = { .cert = scene.signer,
				      .issuer = scene.ca,
				      .responder = responder,
				      .this_ms = KIT_DAY(2) };
	struct cades_kit_material m =
	    MATERIAL(.certs = CAS, .crls = { crl_of(scene.tsa_ca), crl_of(scene.root) },
		     .ocsps = { cades_kit_ocsp(&o) });
	forget_anchors();
	expect(with(m), LEVEL_T, "CAdES-BASELINE-T");
	o.by_key_hash = true;
	m.ocsps[0] = cades_kit_ocsp(&o);
	expect(with(m), LEVEL_T, "CAdES-BASELINE-T");
	m.ocsps[1] = cades_kit_ocsp(&own);
	expect(with(m), LEVEL_LT, "CAdES-BASELINE-LT");
	o.responder = scene.ocsp; /* id-pkix-ocsp-nocheck */
	m.ocsps[0] = cades_kit_ocsp(&o);
	m.ocsps[1] = VIEW_NULL;
	expect(with(m), LEVEL_LT, "CAdES-BASELINE-LT");
	o.responder = NULL;
	m.ocsps[0] = cades_kit_ocsp(&o);
	expect(with(m), LEVEL_LT, "CAdES-BASELINE-LT");
	fix_cert_free(responder);
}

/* ---- LTA ---- */

static struct view archive(struct view file, const struct fix_cert *tsa, int day)
{
	return cades_kit_stamp(
	    file, &(struct cades_kit_stamp){ .kind = CADES_STAMP_ARCHIVE_V3,
					     .tsa = tsa,
					     .gen_ms = KIT_DAY(day) });
}

/* Its own validation data comes with the next one. */
Test(level, youngest_archive_stamp_needs_no_validation_data)
{
	struct fix_cert_options other_ca = { .cn = "Other TSA CA", .ca = true };
	struct fix_cert *root = fix_cert_make(&other_ca);
	struct fix_cert_options other = { .cn = "Other TSA",
					  .issuer = root,
					  .eku = FIX_EKU_TIMESTAMPING };
	struct fix_cert *tsa = fix_cert_make(&other);
	struct view once = archive(typical(CADES_KIT_LT), tsa, 3);
	expect(once, LEVEL_LTA, "CAdES-BASELINE-LTA");
	expect(archive(once, scene.tsa, 4), LEVEL_T, "CAdES-BASELINE-T");
	fix_cert_free(tsa);
	fix_cert_free(root);
}

Test(level, archive_stamp_that_is_not_intact_does_not_make_lta)
{
	struct cades_kit_stamp o = { .kind = CADES_STAMP_ARCHIVE_V3,
				     .tsa = scene.tsa,
				     .gen_ms = KIT_DAY(3),
				     .deviation = { .bad_signature = true } };
	expect(cades_kit_stamp(typical(CADES_KIT_LT), &o), LEVEL_LT,
	       "CAdES-BASELINE-LT");
}

/* ---- T ---- */

Test(level, signature_stamp_that_is_not_intact_does_not_make_t)
{
	struct cades_kit_stamp o = { .kind = CADES_STAMP_SIGNATURE,
				     .tsa = scene.tsa,
				     .gen_ms = KIT_DAY(1),
				     .deviation = { .bad_signature = true } };
	expect(cades_kit_stamp(typical(CADES_KIT_B), &o), LEVEL_B, "CAdES-BASELINE-B");
}

/* Requirement m: not after the revocation of the signing certificate. */
Test(level, signature_stamp_after_the_revocation_does_not_make_t)
{
	for (int day = 1; day <= 2; day++) {
		struct fix_revoked r = { .cert = scene.signer,
					 .at_ms = KIT_DAY(1) + FIX_DAY_MS / 2,
					 .reason = FIX_NO_REASON };
		struct cades_kit_material outside =
		    MATERIAL(.certs = CAS,
			     .crls = { cades_kit_crl(scene.ca, KIT_DAY(3), &r),
				       crl_of(scene.tsa_ca), crl_of(scene.root) });
		struct cades_kit_stamp o = { .kind = CADES_STAMP_SIGNATURE,
					     .tsa = scene.tsa,
					     .gen_ms = KIT_DAY(day) };
		expect_with(cades_kit_stamp(typical(CADES_KIT_B), &o), &outside,
			    day == 1 ? LEVEL_T : LEVEL_B,
			    day == 1 ? "CAdES-BASELINE-T" : "CAdES-BASELINE-B");
	}
}
