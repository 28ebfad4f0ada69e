/* SPDX-License-Identifier: Apache-2.0 */
/* Revocation along the path of tsa_path_judge: CRLs, OCSP, reasons, times. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/pki_fixture.h"
#include "validation/revocation_private.h"
#include "validation/tsa_path.h"

#define GEN FIX_T0_MS
#define HOUR ((int64_t)3600000)
#define NOW (GEN + 10 * FIX_DAY_MS)

/* TSA directly below the root: one status decides. */
static struct fix_cert *root, *tsa;
static struct material *m;

static void set_up(void)
{
	root = fix_cert_make(&(struct fix_cert_options){ .cn = "Root", .ca = true });
	tsa = fix_cert_make(&(struct fix_cert_options){
	    .cn = "TSA", .issuer = root, .eku = FIX_EKU_TIMESTAMPING });
	m = fix_material(root, NULL);
}

static void tear_down(void)
{
	material_free(m);
	fix_cert_free(tsa);
	fix_cert_free(root);
}

TestSuite(tsa_crl, .init = set_up, .fini = tear_down);
TestSuite(tsa_ocsp, .init = set_up, .fini = tear_down);
TestSuite(tsa_reason, .init = set_up, .fini = tear_down);
TestSuite(tsa_chain, .init = set_up, .fini = tear_down);

static struct tsa_path_result judge(const struct fix_cert *signer, bool need)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsa_path_result r;
	struct tsa_path_input in = { .signer = signer->x,
				     .material = m,
				     .gen_time_ms = GEN,
				     .time_ms = NOW,
				     .need_revocation = need };
	cr_assert_eq(tsa_path_judge(&in, &r, &err), 0, "%s", err.text);
	cr_assert_eq(ERR_peek_error(), 0);
	return r;
}

static void expect_of(const struct fix_cert *signer, enum indication indication,
		      const char *subindication)
{
	struct tsa_path_result r = judge(signer, true);
	cr_assert_eq(r.indication, indication, "%s %s: %s",
		     indication_name(r.indication), r.subindication, r.text);
	if (subindication != NULL)
		cr_assert_str_eq(r.subindication, subindication, "%s", r.text);
	else
		cr_assert_null(r.subindication);
	tsa_path_result_clear(&r);
}

static void expect(enum indication indication, const char *subindication)
{
	expect_of(tsa, indication, subindication);
}

static void expect_passed(void)
{
	expect(INDICATION_PASSED, NULL);
}

/* Nothing usable was found. */
static void expect_missing(void)
{
	expect(INDICATION_INDETERMINATE, "TRY_LATER");
}

static void forget(void)
{
	material_free(m);
	m = fix_material(root, NULL);
}

static void add_crl(struct fix_crl_options o)
{
	struct buf out = buf_make(65536);
	if (o.issuer == NULL)
		o.issuer = root;
	if (o.this_ms == 0)
		o.this_ms = GEN + HOUR;
	fix_crl_make(&o, &out);
	fix_material_add(m, MATERIAL_CRL, view_buf(&out));
	buf_free(&out);
}

static void add_ocsp(struct fix_ocsp_options o)
{
	struct buf out = buf_make(65536);
	if (o.cert == NULL)
		o.cert = tsa;
	if (o.issuer == NULL)
		o.issuer = root;
	if (o.this_ms == 0)
		o.this_ms = GEN + HOUR;
	fix_ocsp_make(&o, &out);
	fix_material_add(m, MATERIAL_OCSP, view_buf(&out));
	buf_free(&out);
}

/* ---- CRL: what makes one unusable ---- */

Test(tsa_crl, missing_status_matters_only_when_needed)
{
	struct tsa_path_result r = judge(tsa, false);
	cr_assert_eq(r.indication, INDICATION_PASSED);
	cr_assert_eq(r.status_age_ms, INT64_MIN);
	tsa_path_result_clear(&r);
	expect_missing();
}

Test(tsa_crl, good_one_passes_and_its_age_is_told)
{
	add_crl((struct fix_crl_options){ 0 });
	struct tsa_path_result r = judge(tsa, true);
	cr_assert_eq(r.indication, INDICATION_PASSED, "%s", r.text);
	cr_assert_eq(r.status_age_ms, HOUR);
	tsa_path_result_clear(&r);
}

Test(tsa_crl, issue_is_compared_with_gen_time_in_whole_seconds)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	add_crl((struct fix_crl_options){ .this_ms = GEN });
	expect_passed();
	struct tsa_path_result r;
	struct tsa_path_input in = { .signer = tsa->x,
				     .material = m,
				     .gen_time_ms = GEN + 999,
				     .time_ms = NOW,
				     .need_revocation = true };
	cr_assert_eq(tsa_path_judge(&in, &r, &err), 0);
	cr_assert_eq(r.indication, INDICATION_PASSED, "%s", r.text);
	tsa_path_result_clear(&r);
	in.gen_time_ms = GEN + 1000;
	cr_assert_eq(tsa_path_judge(&in, &r, &err), 0);
	cr_assert_eq(r.indication, INDICATION_INDETERMINATE);
	tsa_path_result_clear(&r);
}

Test(tsa_crl, older_than_gen_time_does_not_count)
{
	add_crl((struct fix_crl_options){ .this_ms = GEN - 1000 });
	expect_missing();
}

Test(tsa_crl, from_the_future_does_not_count)
{
	add_crl((struct fix_crl_options){ .this_ms = NOW + REVOCATION_SKEW_MS });
	expect_passed();
	forget();
	add_crl((struct fix_crl_options){ .this_ms = NOW + REVOCATION_SKEW_MS + 1000 });
	expect_missing();
}

Test(tsa_crl, its_own_end_may_have_passed)
{
	/* It speaks of the time at which it was issued. */
	add_crl((struct fix_crl_options){ .next_ms = GEN + 2 * HOUR });
	expect_passed();
	forget();
	add_crl((struct fix_crl_options){ .next_ms = INT64_MIN });
	expect_passed();
	forget();
	add_crl((struct fix_crl_options){ .next_ms = GEN }); /* ends before it begins */
	expect_missing();
}

Test(tsa_crl, bad_signature_does_not_count)
{
	add_crl((struct fix_crl_options){ .bad_signature = true });
	expect_missing();
}

Test(tsa_crl, another_key_of_the_same_name_does_not_count)
{
	add_crl((struct fix_crl_options){ .sign_with = tsa });
	expect_missing();
}

Test(tsa_crl, another_issuer_does_not_count)
{
	struct fix_cert *other =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Other", .ca = true });
	add_crl((struct fix_crl_options){ .issuer = other, .sign_with = root });
	expect_missing();
	fix_cert_free(other);
}

Test(tsa_crl, issuer_without_crl_sign_does_not_count)
{
	struct fix_cert *ca = fix_cert_make(&(struct fix_cert_options){
	    .cn = "CA", .ca = true, .key_usage = "critical,keyCertSign" });
	struct fix_cert *signer = fix_cert_make(&(struct fix_cert_options){
	    .cn = "TSA", .issuer = ca, .eku = FIX_EKU_TIMESTAMPING });
	fix_material_add(m, MATERIAL_ANCHOR, ca->der);
	add_crl((struct fix_crl_options){ .issuer = ca });
	expect_of(signer, INDICATION_INDETERMINATE, "TRY_LATER");
	fix_cert_free(signer);
	fix_cert_free(ca);
}

Test(tsa_crl, issuer_without_key_usage_counts)
{
	struct fix_cert *ca = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "CA", .ca = true, .key_usage = "" });
	struct fix_cert *signer = fix_cert_make(&(struct fix_cert_options){
	    .cn = "TSA", .issuer = ca, .eku = FIX_EKU_TIMESTAMPING });
	fix_material_add(m, MATERIAL_ANCHOR, ca->der);
	add_crl((struct fix_crl_options){ .issuer = ca });
	expect_of(signer, INDICATION_PASSED, NULL);
	fix_cert_free(signer);
	fix_cert_free(ca);
}

Test(tsa_crl, unknown_critical_extensions_do_not_count)
{
	struct fix_revoked somebody = { .cert = root,
					.at_ms = GEN - FIX_DAY_MS,
					.reason = FIX_NO_REASON };
	add_crl((struct fix_crl_options){ .critical_extension = true });
	expect_missing();
	forget();
	add_crl((struct fix_crl_options){
	    .revoked = &somebody, .n_revoked = 1, .critical_entry_extension = true });
	expect_missing();
}

Test(tsa_crl, delta_does_not_count)
{
	add_crl((struct fix_crl_options){ .delta = true });
	expect_missing();
}

Test(tsa_crl, scope_must_cover_the_certificate)
{
	static const struct {
		enum fix_idp idp;
		bool covers;
	} cases[] = {
		{ FIX_IDP_ONLY_USER, true }, { FIX_IDP_ONLY_CA, false },
		{ FIX_IDP_INDIRECT, true },  { FIX_IDP_SOME_REASONS, false },
		{ FIX_IDP_POINT, false },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		forget();
		add_crl((struct fix_crl_options){ .idp = cases[i].idp });
		if (cases[i].covers)
			expect_passed();
		else
			expect_missing();
	}
}

Test(tsa_crl, distribution_point_must_be_one_of_the_certificate)
{
	static const struct {
		const char *url;
		bool covers;
	} cases[] = { { FIX_CRL_URL, true }, { "http://crl.example/2", false } };
	for (size_t i = 0; i < 2; i++) {
		struct fix_cert *signer = fix_cert_make(
		    &(struct fix_cert_options){ .cn = "TSA",
						.issuer = root,
						.eku = FIX_EKU_TIMESTAMPING,
						.crl_url = cases[i].url });
		forget();
		add_crl((struct fix_crl_options){ .idp = FIX_IDP_POINT });
		struct tsa_path_result r = judge(signer, true);
		cr_assert_eq(r.indication == INDICATION_PASSED, cases[i].covers);
		tsa_path_result_clear(&r);
		fix_cert_free(signer);
	}
}

Test(tsa_crl, issued_after_the_end_of_the_certificate_needs_a_promise)
{
	struct fix_cert *signer =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "TSA",
						      .issuer = root,
						      .eku = FIX_EKU_TIMESTAMPING,
						      .not_after_ms = GEN + HOUR });
	add_crl((struct fix_crl_options){ .this_ms = GEN + HOUR + 1000 });
	expect_of(signer, INDICATION_INDETERMINATE, "TRY_LATER");
	/* Kept only from a later end on. */
	add_crl((struct fix_crl_options){ .this_ms = GEN + HOUR + 1000,
					  .expired_kept_from_ms = GEN + HOUR + 1000 });
	expect_of(signer, INDICATION_INDETERMINATE, "TRY_LATER");
	add_crl((struct fix_crl_options){ .this_ms = GEN + HOUR + 1000,
					  .expired_kept_from_ms = GEN });
	expect_of(signer, INDICATION_PASSED, NULL);
	fix_cert_free(signer);
}

/* ---- OCSP ---- */

Test(tsa_ocsp, good_by_the_issuer_passes)
{
	add_ocsp((struct fix_ocsp_options){ .reason = FIX_NO_REASON });
	struct tsa_path_result r = judge(tsa, true);
	cr_assert_eq(r.indication, INDICATION_PASSED, "%s", r.text);
	cr_assert_eq(r.status_age_ms, HOUR);
	tsa_path_result_clear(&r);
}

Test(tsa_ocsp, identifiers_of_every_kind_are_understood)
{
	add_ocsp((struct fix_ocsp_options){ .by_key_hash = true });
	expect_passed();
	for (int alg = DIGEST_SHA1; alg < DIGEST_ALG_COUNT; alg++) {
		forget();
		add_ocsp((struct fix_ocsp_options){ .cert_id_digest =
							(enum digest_alg)alg });
		expect_passed();
	}
}

Test(tsa_ocsp, times_are_compared_as_for_crls)
{
	add_ocsp((struct fix_ocsp_options){ .this_ms = GEN });
	expect_passed();
	forget();
	add_ocsp((struct fix_ocsp_options){ .this_ms = GEN - 1000 });
	expect_missing();
	forget();
	add_ocsp((struct fix_ocsp_options){ .this_ms = NOW + REVOCATION_SKEW_MS + 1000,
					    .produced_ms = NOW });
	expect_missing();
	forget();
	add_ocsp((struct fix_ocsp_options){ .produced_ms =
						NOW + REVOCATION_SKEW_MS + 1000 });
	expect_missing();
	forget();
	add_ocsp(
	    (struct fix_ocsp_options){ .next_ms = GEN }); /* ends before it begins */
	expect_missing();
	forget();
	add_ocsp((struct fix_ocsp_options){ .next_ms = INT64_MIN });
	expect_passed();
}

Test(tsa_ocsp, response_about_another_certificate_does_not_count)
{
	add_ocsp((struct fix_ocsp_options){ .wrong_serial = true });
	expect_missing();
	forget();
	add_ocsp((struct fix_ocsp_options){ .wrong_issuer_name = true });
	expect_missing();
	forget();
	add_ocsp((struct fix_ocsp_options){ .wrong_issuer_key = true });
	expect_missing();
}

Test(tsa_ocsp, unusable_responses_do_not_count)
{
	add_ocsp((struct fix_ocsp_options){ .bad_signature = true });
	expect_missing();
	forget();
	add_ocsp((struct fix_ocsp_options){ .critical_extension = true });
	expect_missing();
	forget();
	add_ocsp((struct fix_ocsp_options){ .not_successful = true });
	expect_missing();
	forget();
	add_ocsp((struct fix_ocsp_options){ .status = FIX_OCSP_UNKNOWN });
	expect_missing();
	forget();
	add_ocsp(
	    (struct fix_ocsp_options){ .sign_with = tsa }); /* not the issuer's key */
	expect_missing();
}

/* A delegated responder with these options below the root answers; of its own
 * status nothing is asked. */
static void expect_responder(struct fix_cert_options o, struct fix_ocsp_options ocsp,
			     bool counts)
{
	o.cn = "Responder";
	o.ocsp_nocheck = true;
	if (o.issuer == NULL)
		o.issuer = root;
	struct fix_cert *responder = fix_cert_make(&o);
	ocsp.responder = responder;
	forget();
	add_ocsp(ocsp);
	if (counts)
		expect_passed();
	else
		expect_missing();
	fix_cert_free(responder);
}

Test(tsa_ocsp, delegated_responder_passes)
{
	expect_responder((struct fix_cert_options){ .eku = FIX_EKU_OCSP_SIGNING },
			 (struct fix_ocsp_options){ 0 }, true);
	expect_responder((struct fix_cert_options){ .eku = FIX_EKU_OCSP_SIGNING },
			 (struct fix_ocsp_options){ .by_key_hash = true }, true);
}

Test(tsa_ocsp, responder_without_ocsp_signing_does_not_count)
{
	expect_responder((struct fix_cert_options){ .eku = FIX_EKU_NONE },
			 (struct fix_ocsp_options){ 0 }, false);
	expect_responder((struct fix_cert_options){ .eku = FIX_EKU_TIMESTAMPING },
			 (struct fix_ocsp_options){ 0 }, false);
}

Test(tsa_ocsp, responder_that_may_not_sign_does_not_count)
{
	expect_responder(
	    (struct fix_cert_options){ .eku = FIX_EKU_OCSP_SIGNING,
				       .key_usage = "critical,keyEncipherment" },
	    (struct fix_ocsp_options){ 0 }, false);
	expect_responder((struct fix_cert_options){ .eku = FIX_EKU_OCSP_SIGNING,
						    .critical_extension = true },
			 (struct fix_ocsp_options){ 0 }, false);
}

Test(tsa_ocsp, responder_outside_its_dates_does_not_count)
{
	expect_responder((struct fix_cert_options){ .eku = FIX_EKU_OCSP_SIGNING,
						    .not_after_ms = GEN },
			 (struct fix_ocsp_options){ 0 }, false);
	expect_responder((struct fix_cert_options){ .eku = FIX_EKU_OCSP_SIGNING,
						    .not_before_ms = GEN + 2 * HOUR },
			 (struct fix_ocsp_options){ 0 }, false);
}

Test(tsa_ocsp, responder_of_another_ca_does_not_count)
{
	struct fix_cert *other =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Other", .ca = true });
	struct fix_cert *namesake =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Root", .ca = true });
	expect_responder(
	    (struct fix_cert_options){ .eku = FIX_EKU_OCSP_SIGNING, .issuer = other },
	    (struct fix_ocsp_options){ 0 }, false);
	/* Same name as the issuer, another key. */
	expect_responder((struct fix_cert_options){ .eku = FIX_EKU_OCSP_SIGNING,
						    .issuer = namesake },
			 (struct fix_ocsp_options){ 0 }, false);
	/* The issuer's key, but in another CA's name. */
	expect_responder((struct fix_cert_options){ .eku = FIX_EKU_OCSP_SIGNING,
						    .issuer = other,
						    .sign_with = root },
			 (struct fix_ocsp_options){ 0 }, false);
	fix_cert_free(namesake);
	fix_cert_free(other);
}

/* RFC 6960 4.2.2.2.1 */
Test(tsa_ocsp, responder_without_nocheck_needs_a_status_of_its_own)
{
	struct fix_cert *responder = fix_cert_make(&(struct fix_cert_options){
	    .cn = "Responder", .issuer = root, .eku = FIX_EKU_OCSP_SIGNING });
	add_ocsp((struct fix_ocsp_options){ .responder = responder });
	expect_missing();
	add_ocsp((struct fix_ocsp_options){ .cert = responder,
					    .status = FIX_OCSP_REVOKED,
					    .revoked_at_ms = GEN,
					    .reason = 1 });
	expect_missing();
	forget();
	add_ocsp((struct fix_ocsp_options){ .responder = responder });
	add_ocsp((struct fix_ocsp_options){ .cert = responder });
	expect_passed();
	fix_cert_free(responder);
}

Test(tsa_ocsp, responder_left_out_is_found_among_the_material)
{
	struct fix_cert *responder =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Responder",
						      .issuer = root,
						      .ocsp_nocheck = true,
						      .eku = FIX_EKU_OCSP_SIGNING });
	struct fix_ocsp_options o = { .responder = responder,
				      .responder_left_out = true };
	add_ocsp(o);
	expect_missing();
	fix_material_add(m, MATERIAL_CERT, responder->der);
	expect_passed();
	fix_cert_free(responder);
}

Test(tsa_ocsp, response_signed_by_another_than_it_names_does_not_count)
{
	struct fix_cert *responder =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Responder",
						      .issuer = root,
						      .ocsp_nocheck = true,
						      .eku = FIX_EKU_OCSP_SIGNING });
	add_ocsp(
	    (struct fix_ocsp_options){ .responder = responder, .sign_with = root });
	expect_missing();
	fix_cert_free(responder);
}

Test(tsa_ocsp, issued_after_the_end_of_the_certificate_needs_a_cutoff)
{
	struct fix_cert *signer =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "TSA",
						      .issuer = root,
						      .eku = FIX_EKU_TIMESTAMPING,
						      .not_after_ms = GEN + HOUR });
	int64_t late = GEN + HOUR + 1000;
	add_ocsp((struct fix_ocsp_options){ .cert = signer, .this_ms = late });
	expect_of(signer, INDICATION_INDETERMINATE, "TRY_LATER");
	add_ocsp((struct fix_ocsp_options){
	    .cert = signer, .this_ms = late, .archive_cutoff_ms = late });
	expect_of(signer, INDICATION_INDETERMINATE, "TRY_LATER");
	add_ocsp((struct fix_ocsp_options){
	    .cert = signer, .this_ms = late, .archive_cutoff_ms = GEN });
	expect_of(signer, INDICATION_PASSED, NULL);
	fix_cert_free(signer);
}

/* ---- what a revocation means: RFC 3161 4 ---- */

static const struct {
	int reason;
	enum indication indication;
	const char *subindication;
} after_gen_time[] = {
	{ FIX_NO_REASON, INDICATION_FAILED, "REVOKED" },
	{ 0, INDICATION_PASSED, NULL },                     /* unspecified */
	{ 1, INDICATION_INDETERMINATE, "REVOKED_NO_POE" },  /* keyCompromise */
	{ 2, INDICATION_INDETERMINATE, "REVOKED_NO_POE" },  /* cACompromise */
	{ 3, INDICATION_PASSED, NULL },                     /* affiliationChanged */
	{ 4, INDICATION_PASSED, NULL },                     /* superseded */
	{ 5, INDICATION_PASSED, NULL },                     /* cessationOfOperation */
	{ 6, INDICATION_INDETERMINATE, "TRY_LATER" },       /* certificateHold */
	{ 9, INDICATION_INDETERMINATE, "REVOKED_NO_POE" },  /* privilegeWithdrawn */
	{ 10, INDICATION_INDETERMINATE, "REVOKED_NO_POE" }, /* aACompromise */
};

#define N_REASONS (sizeof(after_gen_time) / sizeof(after_gen_time[0]))

Test(tsa_reason, revocation_after_gen_time_is_judged_by_its_reason)
{
	for (size_t i = 0; i < N_REASONS; i++) {
		struct fix_revoked entry = { .cert = tsa,
					     .at_ms = GEN + 1000,
					     .reason = after_gen_time[i].reason };
		forget();
		add_crl((struct fix_crl_options){ .revoked = &entry, .n_revoked = 1 });
		expect(after_gen_time[i].indication, after_gen_time[i].subindication);
		forget();
		add_ocsp(
		    (struct fix_ocsp_options){ .status = FIX_OCSP_REVOKED,
					       .revoked_at_ms = GEN + 1000,
					       .reason = after_gen_time[i].reason });
		expect(after_gen_time[i].indication, after_gen_time[i].subindication);
	}
}

Test(tsa_reason, revocation_up_to_gen_time_fails_whatever_its_reason)
{
	static const int reasons[] = { FIX_NO_REASON, 0, 1, 3, 4, 5, 9 };
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		struct fix_revoked entry = { .cert = tsa,
					     .at_ms = GEN,
					     .reason = reasons[i] };
		forget();
		add_crl((struct fix_crl_options){ .revoked = &entry, .n_revoked = 1 });
		expect(INDICATION_FAILED, "REVOKED");
	}
}

Test(tsa_reason, revocation_counts_without_being_asked_for)
{
	struct fix_revoked entry = { .cert = tsa, .at_ms = GEN - 1000, .reason = 4 };
	add_crl((struct fix_crl_options){ .revoked = &entry, .n_revoked = 1 });
	struct tsa_path_result r = judge(tsa, false);
	cr_assert_eq(r.indication, INDICATION_FAILED);
	tsa_path_result_clear(&r);
}

Test(tsa_reason, revocation_told_before_gen_time_counts)
{
	/* Good is only good at its time; revoked stays revoked. */
	struct fix_revoked entry = { .cert = tsa,
				     .at_ms = GEN - FIX_DAY_MS,
				     .reason = 4 };
	add_crl((struct fix_crl_options){
	    .this_ms = GEN - HOUR, .revoked = &entry, .n_revoked = 1 });
	expect(INDICATION_FAILED, "REVOKED");
	add_crl((struct fix_crl_options){ 0 }); /* a later one without the entry */
	expect(INDICATION_FAILED, "REVOKED");
}

Test(tsa_reason, revocation_from_the_future_does_not_count)
{
	struct fix_revoked entry = { .cert = tsa, .at_ms = GEN + 1000, .reason = 1 };
	add_crl((struct fix_crl_options){
	    .this_ms = NOW + FIX_DAY_MS, .revoked = &entry, .n_revoked = 1 });
	add_crl((struct fix_crl_options){ 0 });
	expect_passed();
}

/* The token is known to have existed at `proof`; now is NOW. */
static void expect_proven(int64_t proof, enum indication indication,
			  const char *subindication)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsa_path_result r;
	struct tsa_path_input in = { .signer = tsa->x,
				     .material = m,
				     .gen_time_ms = GEN,
				     .time_ms = proof,
				     .now_ms = NOW,
				     .need_revocation = true };
	cr_assert_eq(tsa_path_judge(&in, &r, &err), 0, "%s", err.text);
	cr_assert_eq(r.indication, indication, "%s: %s", r.subindication, r.text);
	if (subindication != NULL)
		cr_assert_str_eq(r.subindication, subindication);
	tsa_path_result_clear(&r);
}

Test(tsa_reason, status_issued_after_the_proof_of_existence_counts_up_to_now)
{
	add_crl((struct fix_crl_options){ .this_ms = GEN + 5 * HOUR });
	expect_proven(GEN + HOUR, INDICATION_PASSED, NULL);
	forget();
	add_ocsp((struct fix_ocsp_options){ .this_ms = GEN + 5 * HOUR });
	expect_proven(GEN + HOUR, INDICATION_PASSED, NULL);
	forget();
	add_crl((struct fix_crl_options){ .this_ms = NOW + FIX_DAY_MS });
	expect_proven(GEN + HOUR, INDICATION_INDETERMINATE, "TRY_LATER");
}

Test(tsa_reason, revocation_after_the_proof_of_existence_does_no_harm)
{
	static const int reasons[] = { FIX_NO_REASON, 1, 4, 6 };
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		struct fix_revoked entry = { .cert = tsa,
					     .at_ms = GEN + 2 * HOUR,
					     .reason = reasons[i] };
		forget();
		add_crl((struct fix_crl_options){
		    .this_ms = GEN + 5 * HOUR, .revoked = &entry, .n_revoked = 1 });
		expect_proven(GEN + HOUR, INDICATION_PASSED, NULL);
	}
}

Test(tsa_reason, revocation_before_the_proof_of_existence_is_judged_by_its_reason)
{
	struct fix_revoked entry = { .cert = tsa,
				     .at_ms = GEN + 2 * HOUR,
				     .reason = 1 };
	add_crl((struct fix_crl_options){
	    .this_ms = GEN + 5 * HOUR, .revoked = &entry, .n_revoked = 1 });
	expect_proven(GEN + 3 * HOUR, INDICATION_INDETERMINATE, "REVOKED_NO_POE");
	entry.at_ms = GEN - HOUR;
	add_crl((struct fix_crl_options){
	    .this_ms = GEN + 6 * HOUR, .revoked = &entry, .n_revoked = 1 });
	expect_proven(GEN + 3 * HOUR, INDICATION_FAILED, "REVOKED");
}

Test(tsa_reason, hold_is_lifted_by_a_later_good_status_only)
{
	struct fix_revoked entry = { .cert = tsa, .at_ms = GEN - HOUR, .reason = 6 };
	add_crl((struct fix_crl_options){
	    .this_ms = GEN + 2 * HOUR, .revoked = &entry, .n_revoked = 1 });
	expect(INDICATION_INDETERMINATE, "TRY_LATER");
	add_crl((struct fix_crl_options){ .this_ms = GEN + HOUR });
	expect(INDICATION_INDETERMINATE, "TRY_LATER");
	add_crl((struct fix_crl_options){ .this_ms = GEN + 3 * HOUR });
	expect_passed();
}

Test(tsa_reason, the_earliest_of_several_revocations_counts)
{
	struct fix_revoked late = { .cert = tsa, .at_ms = GEN + HOUR, .reason = 4 },
			   early = { .cert = tsa, .at_ms = GEN - HOUR, .reason = 4 };
	add_crl((struct fix_crl_options){ .revoked = &late, .n_revoked = 1 });
	expect_passed();
	add_ocsp((struct fix_ocsp_options){ .status = FIX_OCSP_REVOKED,
					    .revoked_at_ms = early.at_ms,
					    .reason = early.reason });
	expect(INDICATION_FAILED, "REVOKED");
}

/* ---- above the signer ---- */

static struct fix_pki deep;

static void go_deep(void)
{
	deep = fix_pki_make();
	material_free(m);
	m = fix_material(deep.root, deep.ca);
}

Test(tsa_chain, every_certificate_below_the_anchor_needs_a_status)
{
	go_deep();
	add_crl((struct fix_crl_options){ .issuer = deep.ca });
	expect_of(deep.tsa, INDICATION_INDETERMINATE, "TRY_LATER");
	add_crl(
	    (struct fix_crl_options){ .issuer = deep.root, .this_ms = GEN + 2 * HOUR });
	struct tsa_path_result r = judge(deep.tsa, true);
	cr_assert_eq(r.indication, INDICATION_PASSED, "%s", r.text);
	cr_assert_eq(r.status_age_ms, HOUR); /* the oldest of both */
	tsa_path_result_clear(&r);
	fix_pki_free(&deep);
}

/* Whatever the reason, what a CA says after its own revocation does not count. */
Test(tsa_chain, list_of_a_ca_after_its_revocation_is_no_status)
{
	go_deep();
	struct fix_revoked entry = { .cert = deep.ca,
				     .at_ms = GEN + 1000,
				     .reason = 4 };
	material_free(m);
	m = fix_material(deep.root, deep.ca);
	add_crl((struct fix_crl_options){ .issuer = deep.ca, .this_ms = GEN + 2000 });
	add_crl((struct fix_crl_options){
	    .issuer = deep.root, .revoked = &entry, .n_revoked = 1 });
	expect_of(deep.tsa, INDICATION_INDETERMINATE, "TRY_LATER");
	fix_pki_free(&deep);
}

Test(tsa_chain, revoked_ca_is_found)
{
	static const struct {
		int64_t at;
		int reason;
		bool passes;
	} cases[] = {
		{ GEN - HOUR, 4, false },
		{ GEN - HOUR, FIX_NO_REASON, false },
		{ GEN + 1000, 4, true },
		{ GEN + 1000, 1, false },
		{ GEN + 1000, FIX_NO_REASON, false },
		{ GEN + 1000, 2, false },
	};
	go_deep();
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct fix_revoked entry = { .cert = deep.ca,
					     .at_ms = cases[i].at,
					     .reason = cases[i].reason };
		material_free(m);
		m = fix_material(deep.root, deep.ca);
		/* Of before it was revoked in the case that passes. */
		add_crl((struct fix_crl_options){ .issuer = deep.ca, .this_ms = GEN });
		add_crl((struct fix_crl_options){
		    .issuer = deep.root, .revoked = &entry, .n_revoked = 1 });
		if (cases[i].passes)
			expect_of(deep.tsa, INDICATION_PASSED, NULL);
		else
			expect_of(deep.tsa, INDICATION_INDETERMINATE,
				  "REVOKED_CA_NO_POE");
	}
	fix_pki_free(&deep);
}

Test(tsa_chain, revocation_outweighs_a_missing_status)
{
	go_deep();
	struct fix_revoked entry = { .cert = deep.ca,
				     .at_ms = GEN - HOUR,
				     .reason = 4 };
	add_crl((struct fix_crl_options){
	    .issuer = deep.root, .revoked = &entry, .n_revoked = 1 });
	expect_of(deep.tsa, INDICATION_INDETERMINATE, "REVOKED_CA_NO_POE");
	fix_pki_free(&deep);
}

Test(tsa_chain, revoked_ca_gives_way_to_its_cross_certificate)
{
	go_deep();
	struct fix_cert *second = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "Second root", .ca = true });
	struct fix_cert *cross = fix_cert_make(&(struct fix_cert_options){
	    .cn = "CA", .issuer = second, .ca = true, .same_key = deep.ca });
	struct fix_revoked entry = { .cert = deep.ca,
				     .at_ms = GEN - HOUR,
				     .reason = 4 };
	add_crl((struct fix_crl_options){ .issuer = deep.ca });
	add_crl((struct fix_crl_options){
	    .issuer = deep.root, .revoked = &entry, .n_revoked = 1 });
	add_crl((struct fix_crl_options){ .issuer = second });
	fix_material_add(m, MATERIAL_ANCHOR, second->der);
	fix_material_add(m, MATERIAL_CERT, cross->der);
	expect_of(deep.tsa, INDICATION_PASSED, NULL);
	fix_cert_free(cross);
	fix_cert_free(second);
	fix_pki_free(&deep);
}

Test(tsa_chain, anchor_needs_no_status)
{
	/* The signer itself is the anchor: a status about it is not asked for. */
	fix_material_add(m, MATERIAL_ANCHOR, tsa->der);
	expect_passed();
}

Test(tsa_chain, certificate_without_any_revocation_needs_no_status)
{
	struct fix_cert *signer =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "TSA",
						      .issuer = root,
						      .eku = FIX_EKU_TIMESTAMPING,
						      .no_rev_avail = true });
	expect_of(signer, INDICATION_PASSED, NULL);
	fix_cert_free(signer);
	/* RFC 9608 4: a CA's certificate that has it is invalid. */
	struct fix_cert *ca = fix_cert_make(&(struct fix_cert_options){
	    .cn = "CA", .issuer = root, .ca = true, .no_rev_avail = true });
	signer = fix_cert_make(&(struct fix_cert_options){
	    .cn = "TSA", .issuer = ca, .eku = FIX_EKU_TIMESTAMPING });
	fix_material_add(m, MATERIAL_CERT, ca->der);
	add_crl((struct fix_crl_options){ .issuer = ca });
	expect_of(signer, INDICATION_INDETERMINATE, "CHAIN_CONSTRAINTS_FAILURE");
	fix_cert_free(signer);
	fix_cert_free(ca);
}
