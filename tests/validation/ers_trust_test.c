/* SPDX-License-Identifier: Apache-2.0 */
/* Tokens, paths and status as the evidence record verifier sees them; reports. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/asn1.h"
#include "base/jsonw.h"
#include "base/mem.h"
#include "formats/cms.h"
#include "tests/support/ers_scene.h"
#include "validation/key.h"

#define S256(text) make_digest(DIGEST_SHA256, text)
#define NOW 30

static struct scene s;
static struct digest object;

static void set_up(void)
{
	s = scene_new();
	object = S256("a");
}

static void tear_down(void)
{
	scene_free(&s);
}

TestSuite(ers_trust, .init = set_up, .fini = tear_down);
TestSuite(ers_report, .init = set_up, .fini = tear_down);

static struct buf record_with(const struct tsp_deviation *deviation)
{
	struct scene_stamp o = { .alg = DIGEST_SHA256,
				 .imprint = &object,
				 .deviation = deviation };
	return scene_simple(&s, &o);
}

static struct ers_report *verify_plain(void)
{
	return scene_verify(&s, record_with(NULL), NOW, 1, "a");
}

/* Two time-stamps, the second of that day over the first. */
static struct buf renewed_record(int64_t day)
{
	struct buf token;
	struct scene_stamp first = { .alg = DIGEST_SHA256, .imprint = &object };
	struct buf one = scene_stamp_make(&s, &first, &token);
	struct digest cover = scene_token_hash(DIGEST_SHA256, &token);
	struct scene_stamp second = { .alg = DIGEST_SHA256,
				      .imprint = &cover,
				      .day = day };
	struct buf two = scene_stamp_make(&s, &second, NULL);
	buf_free(&token);
	return scene_record(1, make_tlv(DER_SEQUENCE, 2, one, two));
}

Test(ers_trust, unreadable_token_is_a_format_failure)
{
	struct buf stamp = make_tlv(
	    DER_SEQUENCE, 2, make_algorithm(0xa0, DIGEST_SHA256), make_fake_token("t"));
	struct buf record = scene_record(1, make_tlv(DER_SEQUENCE, 1, stamp));
	struct ers_report *r;
	scene_crls(&s, 1, NULL);
	r = scene_verify(&s, record, NOW, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_TOKEN_MALFORMED"));
	cr_assert_eq(r->chains[0].stamps[0].time_ms, INT64_MIN);
	scene_expect(r, false, INDICATION_FAILED, "FORMAT_FAILURE");
}

Test(ers_trust, bad_signature_fails)
{
	struct tsp_deviation deviation = { .bad_signature = true };
	struct ers_report *r;
	scene_crls(&s, 1, NULL);
	r = scene_verify(&s, record_with(&deviation), NOW, 1, "a");
	cr_assert(scene_has_finding(r, "TST_SIGNATURE"));
	cr_assert(r->chains[0].stamps[0].imprint_intact);
	cr_assert_not(r->chains[0].stamps[0].signature_intact);
	scene_expect(r, false, INDICATION_FAILED, "SIG_CRYPTO_FAILURE");
}

Test(ers_trust, first_reason_of_two_failures_is_kept)
{
	struct tsp_deviation deviation = { .bad_signature = true };
	struct digest one[] = { S256("a"), S256("b") };
	struct scene_stamp o = { .alg = DIGEST_SHA256,
				 .lists = { { one, 2 } },
				 .imprint = &object,
				 .deviation = &deviation };
	struct ers_report *r;
	scene_crls(&s, 1, NULL);
	r = scene_verify(&s, scene_simple(&s, &o), NOW, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_IMPRINT_MISMATCH"));
	cr_assert(scene_has_finding(r, "TST_SIGNATURE"));
	scene_expect(r, false, INDICATION_FAILED, "HASH_FAILURE");
}

Test(ers_trust, wrong_message_digest_fails)
{
	struct tsp_deviation deviation = { .wrong_message_digest = true };
	struct ers_report *r;
	scene_crls(&s, 1, NULL);
	r = scene_verify(&s, record_with(&deviation), NOW, 1, "a");
	scene_expect(r, false, INDICATION_FAILED, "HASH_FAILURE");
}

Test(ers_trust, missing_signing_certificate_attribute_is_undetermined)
{
	struct tsp_deviation deviation = { .no_signing_certificate = true };
	struct ers_report *r;
	scene_crls(&s, 1, NULL);
	r = scene_verify(&s, record_with(&deviation), NOW, 1, "a");
	cr_assert(r->chains[0].stamps[0].signature_intact);
	scene_expect(r, true, INDICATION_INDETERMINATE, "SIG_CONSTRAINTS_FAILURE");
}

Test(ers_trust, token_without_certificate_needs_it_from_the_caller)
{
	struct tsp_deviation deviation = { .no_certificate = true };
	struct ers_report *r;
	scene_crls(&s, 1, NULL);
	r = scene_verify(&s, record_with(&deviation), NOW, 1, "a");
	scene_expect(r, false, INDICATION_INDETERMINATE,
		     "NO_SIGNING_CERTIFICATE_FOUND");
	fix_material_add(s.material, MATERIAL_CERT, s.pki.tsa->der);
	scene_expect(scene_verify(&s, record_with(&deviation), NOW, 1, "a"), true,
		     INDICATION_PASSED, NULL);
}

Test(ers_trust, certificate_of_another_purpose_is_undetermined)
{
	struct fix_cert_options o = { .cn = "not a TSA",
				      .issuer = s.pki.ca,
				      .eku = FIX_EKU_OTHER };
	struct fix_cert *other = fix_cert_make(&o);
	struct scene_stamp stamp = { .alg = DIGEST_SHA256,
				     .imprint = &object,
				     .tsa = other };
	struct ers_report *r;
	scene_crls(&s, 1, NULL);
	r = scene_verify(&s, scene_simple(&s, &stamp), NOW, 1, "a");
	cr_assert_neq(r->indication, INDICATION_PASSED);
	cr_assert(r->intact);
	ers_report_free(r);
	fix_cert_free(other);
}

Test(ers_trust, without_anchors_the_record_is_intact_and_undetermined)
{
	struct ers_report *r;
	material_free(s.material);
	s.material = NULL;
	r = verify_plain();
	cr_assert(r->covers[0].covered);
	scene_expect(r, true, INDICATION_INDETERMINATE, "NO_CERTIFICATE_CHAIN_FOUND");
}

Test(ers_trust, without_status_it_is_undetermined)
{
	struct ers_report *r = verify_plain();
	cr_assert(scene_has_finding(r, "ERS_TSA_PATH"));
	cr_assert(r->intact);
	cr_assert_eq(r->indication, INDICATION_INDETERMINATE);
	ers_report_free(r);
}

Test(ers_trust, object_not_covered_is_told_before_a_missing_path)
{
	struct ers_report *r = scene_verify(&s, record_with(NULL), NOW, 1, "b");
	scene_expect(r, true, INDICATION_INDETERMINATE, "SIGNED_DATA_NOT_FOUND");
}

Test(ers_trust, status_after_the_token_passes_and_its_age_is_told)
{
	struct ers_report *r;
	scene_crls(&s, 1, NULL);
	r = verify_plain();
	cr_assert_eq(r->chains[0].stamps[0].status_age_ms, FIX_DAY_MS);
	scene_expect(r, true, INDICATION_PASSED, NULL);
}

Test(ers_trust, token_of_the_future_is_undetermined)
{
	struct ers_report *r;
	scene_crls(&s, 1, NULL);
	r = scene_verify(&s, record_with(NULL), -1, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_FUTURE"));
	cr_assert(r->intact);
	cr_assert_eq(r->indication, INDICATION_INDETERMINATE);
	ers_report_free(r);
}

/* Not revoked at day 11, so not at day 10 either. */
Test(ers_trust, status_after_the_next_token_serves_the_first_too)
{
	struct ers_report *r;
	scene_crls(&s, 11, NULL);
	r = scene_verify(&s, renewed_record(10), NOW, 1, "a");
	cr_assert_eq(r->chains[0].stamps[0].indication, INDICATION_PASSED);
	scene_expect(r, true, INDICATION_PASSED, NULL);
}

Test(ers_trust, key_lost_before_the_renewal_is_not_healed_by_it)
{
	struct fix_revoked revoked = { .cert = s.pki.tsa,
				       .at_ms = DAY(2),
				       .reason = 1 /* keyCompromise */ };
	struct ers_report *r;
	scene_crls(&s, 5, &revoked);
	scene_crls(&s, 11, NULL);
	r = scene_verify(&s, renewed_record(10), NOW, 1, "a");
	cr_assert_neq(r->chains[0].stamps[0].indication, INDICATION_PASSED);
	cr_assert_neq(r->indication, INDICATION_PASSED);
	ers_report_free(r);
}

/* Each token is judged at the time of the next: a later revocation is no matter. */
Test(ers_trust, key_lost_after_the_renewal_leaves_the_first_token_valid)
{
	struct fix_cert_options o = { .cn = "TSA 2",
				      .issuer = s.pki.ca,
				      .eku = FIX_EKU_TIMESTAMPING };
	struct fix_cert *other = fix_cert_make(&o);
	struct fix_revoked revoked = { .cert = s.pki.tsa,
				       .at_ms = DAY(12),
				       .reason = 1 };
	struct buf token;
	struct scene_stamp first = { .alg = DIGEST_SHA256, .imprint = &object };
	struct buf one = scene_stamp_make(&s, &first, &token);
	struct digest cover = scene_token_hash(DIGEST_SHA256, &token);
	struct scene_stamp second = {
		.alg = DIGEST_SHA256, .imprint = &cover, .day = 10, .tsa = other
	};
	struct buf two = scene_stamp_make(&s, &second, NULL);
	struct buf alone =
	    scene_record(1, make_tlv(DER_SEQUENCE, 1, make_copy(view_buf(&one))));
	struct ers_report *r;

	scene_crls(&s, 1, NULL);
	scene_crls(&s, 13, &revoked);
	r = scene_verify(&s, scene_record(1, make_tlv(DER_SEQUENCE, 2, one, two)), NOW,
			 1, "a");
	scene_expect(r, true, INDICATION_PASSED, NULL);
	r = scene_verify(&s, alone, NOW, 1, "a");
	cr_assert_neq(r->indication, INDICATION_PASSED);
	ers_report_free(r);
	buf_free(&token);
	fix_cert_free(other);
}

/* Material that the record brings. */

static void add_root_crl(int64_t day)
{
	struct buf crl = buf_make(MAKE_MAX);
	fix_crl_simple(s.pki.root, DAY(day), NULL, &crl);
	fix_material_add(s.material, MATERIAL_CRL, view_buf(&crl));
	buf_free(&crl);
}

Test(ers_trust, status_inside_the_token_is_used)
{
	struct buf crl = buf_make(MAKE_MAX);
	struct scene_stamp o = { .alg = DIGEST_SHA256, .imprint = &object };
	fix_crl_simple(s.pki.ca, DAY(1), NULL, &crl);
	add_root_crl(1);
	o.material = view_buf(&crl);
	scene_expect(scene_verify(&s, scene_simple(&s, &o), NOW, 1, "a"), true,
		     INDICATION_PASSED, NULL);
	buf_free(&crl);
}

static struct buf record_with_infos(struct buf infos)
{
	struct scene_stamp o = { .alg = DIGEST_SHA256, .imprint = &object };
	struct buf algs =
	    make_tlv(DER_SEQUENCE, 1, make_algorithm(DER_SEQUENCE, DIGEST_SHA256));
	struct buf chain = make_tlv(DER_SEQUENCE, 1, scene_stamp_make(&s, &o, NULL));
	return make_tlv(DER_SEQUENCE, 4, make_version(1), algs, infos,
			make_tlv(DER_SEQUENCE, 1, chain));
}

static struct buf encode_infos(const struct cms_material *m)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf infos = buf_make(MAKE_MAX);
	cr_assert_eq(ers_crypto_infos_encode(m, &infos, &err), 0, "%s", err.text);
	return make_tlv(0xa0, 1, infos);
}

Test(ers_trust, certificates_and_crls_in_crypto_infos_are_used)
{
	struct buf crls[2] = { buf_make(MAKE_MAX), buf_make(MAKE_MAX) };
	struct view crl_views[2];
	struct view ca = s.pki.ca->der;
	struct cms_material m = {
		.certs = &ca, .n_certs = 1, .crls = crl_views, .n_crls = 2
	};
	fix_crl_simple(s.pki.ca, DAY(1), NULL, &crls[0]);
	fix_crl_simple(s.pki.root, DAY(1), NULL, &crls[1]);
	crl_views[0] = view_buf(&crls[0]);
	crl_views[1] = view_buf(&crls[1]);
	material_free(s.material);
	s.material = fix_material(s.pki.root, NULL);
	scene_expect(scene_verify(&s, record_with_infos(encode_infos(&m)), NOW, 1, "a"),
		     true, INDICATION_PASSED, NULL);
	buf_free(&crls[0]);
	buf_free(&crls[1]);
}

Test(ers_trust, ocsp_response_in_crypto_infos_is_used)
{
	struct buf ocsp = buf_make(MAKE_MAX);
	struct view v;
	struct cms_material m = { .ocsps = &v, .n_ocsps = 1 };
	fix_ocsp_good(s.pki.tsa, s.pki.ca, DAY(1), &ocsp);
	v = view_buf(&ocsp);
	add_root_crl(1);
	scene_expect(scene_verify(&s, record_with_infos(encode_infos(&m)), NOW, 1, "a"),
		     true, INDICATION_PASSED, NULL);
	buf_free(&ocsp);
}

Test(ers_trust, anchor_inside_the_record_is_not_trusted)
{
	struct view certs[2] = { s.pki.root->der, s.pki.ca->der };
	struct cms_material m = { .certs = certs, .n_certs = 2 };
	scene_crls(&s, 1, NULL);
	material_free(s.material);
	s.material = NULL;
	scene_expect(scene_verify(&s, record_with_infos(encode_infos(&m)), NOW, 1, "a"),
		     true, INDICATION_INDETERMINATE, "NO_CERTIFICATE_CHAIN_FOUND");
}

Test(ers_trust, malformed_crypto_infos_are_told_and_break_nothing)
{
	struct ers_report *r;
	scene_crls(&s, 1, NULL);
	r = scene_verify(&s, record_with_infos(make_tlv(0xa0, 1, make_version(1))), NOW,
			 1, "a");
	cr_assert(scene_has_finding(r, "ERS_MATERIAL_MALFORMED"));
	scene_expect(r, true, INDICATION_PASSED, NULL);
}

Test(ers_trust, encrypted_objects_are_told)
{
	struct buf info = make_tlv(0xa1, 1, make_version(1));
	struct ers_report *r;
	scene_crls(&s, 1, NULL);
	r = scene_verify(&s, record_with_infos(info), NOW, 1, "a");
	cr_assert(scene_has_finding(r, "ERS_ENCRYPTED"));
	scene_expect(r, true, INDICATION_PASSED, NULL);
}

/* Reports. */

Test(ers_report, json_of_a_valid_record_is_the_golden_one)
{
	static const char golden[] =
	    "{\"intact\":true,\"indication\":\"PASSED\",\"subindication\":null,"
	    "\"covers\":[{\"data\":\"a\",\"covered\":true,\"group_complete\":true}],"
	    "\"chains\":[[{\"digest\":\"sha256\",\"time\":\"2026-01-01T00:00:00Z\","
	    "\"imprint_intact\":true,\"signature_intact\":true,"
	    "\"indication\":\"PASSED\",\"subindication\":null,"
	    "\"status_age_seconds\":86400}]],"
	    "\"proof_of_existence\":\"2026-01-01T00:00:00Z\",\"findings\":[]}";
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(MAKE_MAX);
	struct jsonw j = jsonw_to(&out);
	struct ers_report *r;
	scene_crls(&s, 1, NULL);
	r = verify_plain();
	ers_report_json(r, &j);
	cr_assert_eq(jsonw_end(&j, &err), 0);
	cr_assert_eq(out.n, sizeof(golden) - 1, "%.*s", (int)out.n,
		     (const char *)out.p);
	cr_assert_eq(memcmp(out.p, golden, out.n), 0);
	ers_report_free(r);
	buf_free(&out);
}

Test(ers_report, json_of_a_broken_renewal_names_it)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest two = make_digest(DIGEST_SHA512, "a");
	struct scene_stamp o = { .alg = DIGEST_SHA256, .imprint = &object };
	struct scene_stamp p = { .alg = DIGEST_SHA512, .imprint = &two, .day = 10 };
	struct buf first = make_tlv(DER_SEQUENCE, 1, scene_stamp_make(&s, &o, NULL));
	struct buf second = make_tlv(DER_SEQUENCE, 1, scene_stamp_make(&s, &p, NULL));
	struct ers_report *r =
	    scene_verify(&s, scene_record(2, first, second), NOW, 1, "a");
	struct buf out = buf_make(MAKE_MAX);
	struct jsonw j = jsonw_to(&out);
	const char *text;
	ers_report_json(r, &j);
	cr_assert_eq(jsonw_end(&j, &err), 0);
	cr_assert_eq(buf_text(&out, &text, &err), 0);
	cr_assert_not_null(
	    strstr(text, "\"link_intact\":false,\"sorted_variant\":false"));
	cr_assert_not_null(strstr(text, "\"code\":\"ERS_RENEWAL_MISSING\""));
	cr_assert_not_null(strstr(text, "\"proof_of_existence\":null"));
	ers_report_free(r);
	buf_free(&out);
}

Test(ers_report, text_keeps_control_characters_from_the_terminal)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ers_report *r =
	    scene_verify(&s, record_with(NULL), NOW, 1, "x\033[2J\ny");
	struct buf out = buf_make(MAKE_MAX);
	cr_assert_eq(ers_report_text(r, &out, &err), 0);
	cr_assert_null(memchr(out.p, '\033', out.n));
	cr_assert_not_null(memmem(out.p, out.n, "x?[2J?y: NOT covered", 20));
	ers_report_free(r);
	buf_free(&out);
}

Test(ers_report, findings_are_bounded)
{
	struct ers_report r = { .n_findings = 0 };
	struct ers_finding f = { .code = "X" };
	struct ltps_error err = LTPS_ERROR_INIT;
	for (int i = 0; i < ERS_FINDINGS_MAX + 10; i++)
		cr_assert_eq(ers_report_add(&r, &f, &err), 0);
	cr_assert_eq(r.n_findings, ERS_FINDINGS_MAX);
	mem_free(r.findings);
}

static enum indication verify_cached(const struct tsp_deviation *deviation,
				     struct sig_cache *cache)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf record = record_with(deviation);
	struct ers_object o = { .name = "a", .has_data = true, .data = view_text("a") };
	struct ers_input in = { .objects = &o,
				.n_objects = 1,
				.material = s.material,
				.time_ms = DAY(NOW),
				.cache = cache };
	struct ers_report *r;
	cr_assert_eq(ers_verify(view_buf(&record), &in, &r, &err), 0, "%s", err.text);
	const enum indication indication = r->indication;
	ers_report_free(r);
	buf_free(&record);
	return indication;
}

Test(ers_trust, signatures_known_from_one_record_vouch_for_no_other)
{
	const struct tsp_deviation bad = { .bad_signature = true };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct sig_cache *cache;
	cr_assert_eq(sig_cache_new(&cache, &err), 0);
	scene_crls(&s, 1, NULL);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(verify_cached(NULL, cache), INDICATION_PASSED);
		cr_assert_eq(verify_cached(&bad, cache), INDICATION_FAILED);
	}
	sig_cache_free(cache);
}

/* --- candidates for a signer --- */

#define DECOYS 40
/* What taking so many more certificates over costs; to decode one takes some thirty
 * allocations, and each would be decoded for each of ten time-stamps. */
#define DECOY_ALLOCATIONS 100
#define STAMPS 10
#define WITHOUT_LIMIT 0

static struct fix_cert *tsa_numbered(const char *cn, const struct fix_cert *issuer)
{
	return fix_cert_make(&(struct fix_cert_options){ .cn = cn,
							 .issuer = issuer,
							 .eku = FIX_EKU_TIMESTAMPING,
							 .serial = 77 });
}

/* One chain of renewals whose tokens leave the certificate of their signer out. */
static struct buf record_without_certificates(const struct fix_cert *tsa)
{
	const struct tsp_deviation deviation = { .no_certificate = true };
	struct digest cover = object;
	struct buf stamps = buf_make(MAKE_MAX);
	for (int i = 0; i < STAMPS; i++) {
		struct buf token;
		struct scene_stamp o = { .alg = DIGEST_SHA256,
					 .imprint = &cover,
					 .day = 2 + i,
					 .tsa = tsa,
					 .deviation = &deviation };
		stamps = make_join(stamps, scene_stamp_make(&s, &o, &token));
		cover = scene_token_hash(DIGEST_SHA256, &token);
		buf_free(&token);
	}
	return scene_record(1, make_tlv(DER_SEQUENCE, 1, stamps));
}

/* Whether a judgement takes fewer allocations than this; its outcome then passed. */
static bool judged_within(const struct buf *record, uint64_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ers_object o = { .name = "a", .has_data = true, .data = view_text("a") };
	struct ers_input in = { .objects = &o,
				.n_objects = 1,
				.material = s.material,
				.time_ms = DAY(NOW) };
	struct ers_report *r = NULL;
	mem_fail_nth(n);
	int rc = ers_verify(view_buf(record), &in, &r, &err);
	bool within = !mem_fail_hit();
	mem_fail_nth(0);
	cr_assert(!within || (rc == 0 && r->indication == INDICATION_PASSED), "%s %s",
		  err.text, r != NULL ? r->subindication : "");
	ers_report_free(r);
	return within;
}

static uint64_t allocations_to_judge(const struct buf *record)
{
	uint64_t low = 0, high = 1;
	while (!judged_within(record, high))
		high *= 2;
	while (high - low > 1) {
		uint64_t middle = low + (high - low) / 2;
		if (judged_within(record, middle))
			high = middle;
		else
			low = middle;
	}
	return high;
}

/* Same serial number, other issuers: none is the signer of any of the tokens. */
Test(ers_trust, certificates_that_no_token_names_cost_no_decoding)
{
	struct fix_cert *tsa = tsa_numbered("TSA 77", s.pki.ca);
	struct buf record = record_without_certificates(tsa);
	scene_crls(&s, 20, NULL);
	fix_material_add(s.material, MATERIAL_CERT, tsa->der);
	uint64_t before = allocations_to_judge(&record);
	material_free(s.material);
	s.material = fix_material(s.pki.root, s.pki.ca);
	scene_crls(&s, 20, NULL);
	for (int i = 0; i < DECOYS; i++) {
		struct fix_cert *decoy = tsa_numbered("decoy", NULL);
		fix_material_add(s.material, MATERIAL_CERT, decoy->der);
		fix_cert_free(decoy);
	}
	fix_material_add(s.material, MATERIAL_CERT, tsa->der);
	/* The keys of new material are decoded once, whatever happens. */
	cr_assert(judged_within(&record, WITHOUT_LIMIT));
	cr_assert(judged_within(&record, before + DECOY_ALLOCATIONS));
	fix_cert_free(tsa);
	buf_free(&record);
}

/*
 * A failing allocation gives NOMEM or, where OpenSSL gets over it, the very
 * report that there would have been; never another verdict. The first are
 * tried one by one, the thousands inside OpenSSL by samples.
 */
#define EACH_UP_TO 150
#define THEN_EVERY 17

Test(ers_report, failing_allocations_never_change_a_verdict)
{
	struct buf record = record_with(NULL);
	struct ers_object o = { .name = "a", .has_data = true, .data = view_text("a") };
	struct ers_input in = { .objects = &o,
				.n_objects = 1,
				.material = s.material,
				.time_ms = DAY(NOW) };
	size_t failed = 0;
	scene_crls(&s, 1, NULL);
	for (uint64_t n = 1;; n += n < EACH_UP_TO ? 1 : THEN_EVERY) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct ers_report *r = NULL;
		int rc, hit;
		mem_fail_nth(n);
		rc = ers_verify(view_buf(&record), &in, &r, &err);
		hit = mem_fail_hit();
		mem_fail_nth(0);
		cr_assert_eq(rc == 0, r != NULL);
		cr_assert(rc != 0 || r->indication == INDICATION_PASSED, "%zu",
			  (size_t)n);
		ers_report_free(r);
		if (!hit)
			break;
		failed += rc != 0;
	}
	cr_assert_gt(failed, 50);
	buf_free(&record);
}
