/* SPDX-License-Identifier: Apache-2.0 */
/* The path and its certificates; revocation is in tsa_revocation_test.c. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "devpki/devpki_shapes.h"
#include "tests/support/devpki_kit.h"
#include "tests/support/pki_fixture.h"
#include "validation/tsa_path.h"

static struct fix_pki pki;
static struct material *m;

static void set_up(void)
{
	pki = fix_pki_make();
	m = fix_material(pki.root, pki.ca);
}

static void tear_down(void)
{
	material_free(m);
	fix_pki_free(&pki);
}

TestSuite(tsa_path, .init = set_up, .fini = tear_down);

static struct tsa_path_result judge(X509 *signer, const struct material *material,
				    int64_t gen_time_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsa_path_result r;
	struct tsa_path_input in = { .signer = signer,
				     .material = material,
				     .gen_time_ms = gen_time_ms,
				     .time_ms = gen_time_ms + FIX_DAY_MS };
	cr_assert_eq(tsa_path_judge(&in, &r, &err), 0, "%s", err.text);
	cr_assert_eq(ERR_peek_error(), 0);
	cr_assert_eq(r.subindication == NULL, r.indication == INDICATION_PASSED);
	cr_assert_eq(r.clause == NULL, r.indication == INDICATION_PASSED);
	cr_assert_eq(r.text[0] == '\0', r.indication == INDICATION_PASSED);
	return r;
}

static void expect(X509 *signer, const struct material *material, int64_t gen_time_ms,
		   enum indication indication, const char *subindication)
{
	struct tsa_path_result r = judge(signer, material, gen_time_ms);
	cr_assert_eq(r.indication, indication, "%s %s: %s",
		     indication_name(r.indication), r.subindication, r.text);
	if (subindication != NULL)
		cr_assert_str_eq(r.subindication, subindication, "%s", r.text);
	tsa_path_result_clear(&r);
}

static void expect_passed(X509 *signer, const struct material *material)
{
	expect(signer, material, FIX_T0_MS, INDICATION_PASSED, NULL);
}

static void expect_no_chain(X509 *signer, const struct material *material)
{
	expect(signer, material, FIX_T0_MS, INDICATION_INDETERMINATE,
	       "NO_CERTIFICATE_CHAIN_FOUND");
}

/* A TSA certificate of its own below the CA (or o.issuer). */
static void expect_certificate(struct fix_cert_options o, enum indication indication,
			       const char *subindication)
{
	o.cn = "TSA of its own";
	if (o.issuer == NULL)
		o.issuer = pki.ca;
	struct fix_cert *tsa = fix_cert_make(&o);
	expect(tsa->x, m, FIX_T0_MS, indication, subindication);
	fix_cert_free(tsa);
}

/* A TSA below a CA with these options below the root. */
static void expect_ca(struct fix_cert_options o, enum indication indication,
		      const char *subindication)
{
	o.cn = "CA of its own";
	o.issuer = pki.root;
	struct fix_cert *ca = fix_cert_make(&o);
	fix_material_add(m, MATERIAL_CERT, ca->der);
	expect_certificate(
	    (struct fix_cert_options){ .issuer = ca, .eku = FIX_EKU_TIMESTAMPING },
	    indication, subindication);
	fix_cert_free(ca);
}

Test(tsa_path, path_to_an_anchor_passes_and_is_told)
{
	struct tsa_path_result r = judge(pki.tsa->x, m, FIX_T0_MS);
	cr_assert_eq(r.indication, INDICATION_PASSED, "%s", r.text);
	cr_assert_eq(r.n_chain, 3);
	cr_assert(view_equal(r.chain[0], pki.tsa->der));
	cr_assert(view_equal(r.chain[1], pki.ca->der));
	cr_assert(view_equal(r.chain[2], pki.root->der));
	cr_assert_eq(r.status_age_ms, INT64_MIN);
	tsa_path_result_clear(&r);
	tsa_path_result_clear(NULL);
}

Test(tsa_path, no_anchor_is_no_chain)
{
	struct material *none = fix_material(NULL, pki.ca);
	fix_material_add(none, MATERIAL_CERT, pki.root->der);
	expect_no_chain(pki.tsa->x, none);
	material_free(none);
}

Test(tsa_path, foreign_anchor_is_no_chain)
{
	struct fix_cert *other =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Root", .ca = true });
	struct material *foreign = fix_material(other, pki.ca);
	expect_no_chain(pki.tsa->x, foreign);
	material_free(foreign);
	fix_cert_free(other);
}

Test(tsa_path, missing_intermediate_is_no_chain)
{
	struct material *lacking = fix_material(pki.root, NULL);
	expect_no_chain(pki.tsa->x, lacking);
	material_free(lacking);
}

Test(tsa_path, self_signed_signer_is_no_chain)
{
	struct fix_cert *self = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "TSA", .eku = FIX_EKU_TIMESTAMPING });
	expect_no_chain(self->x, m);
	fix_cert_free(self);
}

Test(tsa_path, certificate_not_signed_by_its_issuer_is_no_chain)
{
	expect_certificate((struct fix_cert_options){ .sign_with = pki.tsa,
						      .eku = FIX_EKU_TIMESTAMPING },
			   INDICATION_INDETERMINATE, "NO_CERTIFICATE_CHAIN_FOUND");
}

Test(tsa_path, intermediate_or_signer_may_be_the_anchor)
{
	struct material *by_ca = fix_material(pki.ca, NULL);
	struct tsa_path_result r = judge(pki.tsa->x, by_ca, FIX_T0_MS);
	cr_assert_eq(r.indication, INDICATION_PASSED, "%s", r.text);
	cr_assert_eq(r.n_chain, 2);
	tsa_path_result_clear(&r);
	/* Also when the root is one as well: the path ends at the first. */
	fix_material_add(by_ca, MATERIAL_ANCHOR, pki.root->der);
	r = judge(pki.tsa->x, by_ca, FIX_T0_MS);
	cr_assert_eq(r.n_chain, 2);
	tsa_path_result_clear(&r);
	material_free(by_ca);
	struct material *by_signer = fix_material(pki.tsa, NULL);
	r = judge(pki.tsa->x, by_signer, FIX_T0_MS);
	cr_assert_eq(r.indication, INDICATION_PASSED, "%s", r.text);
	cr_assert_eq(r.n_chain, 1);
	tsa_path_result_clear(&r);
	material_free(by_signer);
}

/* ---- dates ---- */

Test(tsa_path, dates_are_those_of_gen_time)
{
	int64_t first = FIX_T0_MS - 2 * FIX_DAY_MS, last = FIX_T0_MS - FIX_DAY_MS;
	struct fix_cert *tsa =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "TSA",
						      .issuer = pki.ca,
						      .eku = FIX_EKU_TIMESTAMPING,
						      .not_before_ms = first,
						      .not_after_ms = last });
	expect(tsa->x, m, first - 1000, INDICATION_FAILED, "NOT_YET_VALID");
	expect(tsa->x, m, first, INDICATION_PASSED, NULL);
	/* Expired at the time of judgement, a day later, but not at genTime. */
	expect(tsa->x, m, last, INDICATION_PASSED, NULL);
	expect(tsa->x, m, last + 1000, INDICATION_INDETERMINATE,
	       "OUT_OF_BOUNDS_NO_POE");
	fix_cert_free(tsa);
}

Test(tsa_path, ca_expired_at_gen_time_is_out_of_bounds)
{
	expect_ca(
	    (struct fix_cert_options){ .ca = true, .not_after_ms = FIX_T0_MS - 1000 },
	    INDICATION_INDETERMINATE, "OUT_OF_BOUNDS_NO_POE");
}

Test(tsa_path, dates_of_an_anchor_do_not_matter)
{
	struct fix_cert *root = fix_cert_make(&(struct fix_cert_options){
	    .cn = "Old root", .ca = true, .not_after_ms = FIX_T0_MS - FIX_DAY_MS });
	struct fix_cert *tsa = fix_cert_make(&(struct fix_cert_options){
	    .cn = "TSA", .issuer = root, .eku = FIX_EKU_TIMESTAMPING });
	struct material *old = fix_material(root, NULL);
	expect_passed(tsa->x, old);
	material_free(old);
	fix_cert_free(tsa);
	fix_cert_free(root);
}

/* ---- constraints ---- */

Test(tsa_path, signer_must_be_fit_for_time_stamping)
{
	static const enum fix_eku wrong[] = { FIX_EKU_NONE,
					      FIX_EKU_TIMESTAMPING_NOT_CRITICAL,
					      FIX_EKU_TIMESTAMPING_AND_OTHER,
					      FIX_EKU_OTHER };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_certificate((struct fix_cert_options){ .eku = wrong[i] },
				   INDICATION_INDETERMINATE,
				   "CHAIN_CONSTRAINTS_FAILURE");
}

Test(tsa_path, unknown_critical_extension_of_the_signer_fails)
{
	expect_certificate((struct fix_cert_options){ .eku = FIX_EKU_TIMESTAMPING,
						      .critical_extension = true },
			   INDICATION_INDETERMINATE, "CHAIN_CONSTRAINTS_FAILURE");
}

Test(tsa_path, issuer_must_be_a_ca)
{
	expect_ca((struct fix_cert_options){ .ca = false }, INDICATION_INDETERMINATE,
		  "CHAIN_CONSTRAINTS_FAILURE");
}

Test(tsa_path, issuer_must_be_allowed_to_sign_certificates)
{
	expect_ca(
	    (struct fix_cert_options){ .ca = true, .key_usage = "critical,cRLSign" },
	    INDICATION_INDETERMINATE, NULL);
}

Test(tsa_path, unknown_critical_extension_of_a_ca_fails)
{
	expect_ca((struct fix_cert_options){ .ca = true, .critical_extension = true },
		  INDICATION_INDETERMINATE, "CHAIN_CONSTRAINTS_FAILURE");
}

Test(tsa_path, path_of_the_greatest_length_passes_and_a_longer_one_does_not)
{
	struct fix_cert *ca[TSA_PATH_DEPTH_MAX];
	struct material *all = fix_material(pki.root, NULL);
	const struct fix_cert *issuer = pki.root;
	for (int i = 0; i < TSA_PATH_DEPTH_MAX - 1; i++) {
		char name[32];
		snprintf(name, sizeof(name), "CA %d", i);
		ca[i] = fix_cert_make(&(struct fix_cert_options){
		    .cn = name, .issuer = issuer, .ca = true });
		fix_material_add(all, MATERIAL_CERT, ca[i]->der);
		issuer = ca[i];
	}
	struct fix_cert *good = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "TSA",
					.issuer = ca[TSA_PATH_DEPTH_MAX - 3],
					.eku = FIX_EKU_TIMESTAMPING });
	struct fix_cert *longer = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "TSA",
					.issuer = ca[TSA_PATH_DEPTH_MAX - 2],
					.eku = FIX_EKU_TIMESTAMPING });
	struct tsa_path_result r = judge(good->x, all, FIX_T0_MS);
	cr_assert_eq(r.indication, INDICATION_PASSED, "%s", r.text);
	cr_assert_eq(r.n_chain, TSA_PATH_DEPTH_MAX);
	tsa_path_result_clear(&r);
	expect_no_chain(longer->x, all);
	fix_cert_free(longer);
	fix_cert_free(good);
	for (int i = 0; i < TSA_PATH_DEPTH_MAX - 1; i++)
		fix_cert_free(ca[i]);
	material_free(all);
}

/* ---- alternatives ---- */

Test(tsa_path, expired_twin_of_the_ca_is_passed_over)
{
	struct fix_cert *twin = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "CA",
					.issuer = pki.root,
					.ca = true,
					.same_key = pki.ca,
					.not_after_ms = FIX_T0_MS - FIX_DAY_MS });
	struct material *both = fix_material(pki.root, twin);
	fix_material_add(both, MATERIAL_CERT, pki.ca->der);
	expect_passed(pki.tsa->x, both);
	material_free(both);
	fix_cert_free(twin);
}

Test(tsa_path, ca_leading_nowhere_is_passed_over)
{
	/* The same CA certified by a stranger, newer than the right one. */
	struct fix_cert *stranger =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Stranger", .ca = true });
	struct fix_cert *cross = fix_cert_make(&(struct fix_cert_options){
	    .cn = "CA",
	    .issuer = stranger,
	    .ca = true,
	    .same_key = pki.ca,
	    .not_after_ms = FIX_NOT_AFTER_MS + FIX_YEAR_MS });
	struct material *both = fix_material(pki.root, cross);
	fix_material_add(both, MATERIAL_CERT, stranger->der);
	fix_material_add(both, MATERIAL_CERT, pki.ca->der);
	expect_passed(pki.tsa->x, both);
	material_free(both);
	fix_cert_free(cross);
	fix_cert_free(stranger);
}

Test(tsa_path, ca_of_the_same_name_and_another_key_is_passed_over)
{
	struct fix_cert *twin = fix_cert_make(&(struct fix_cert_options){
	    .cn = "CA", .issuer = pki.root, .ca = true, .no_ski = true });
	struct material *both = fix_material(pki.root, twin);
	fix_material_add(both, MATERIAL_CERT, pki.ca->der);
	expect_passed(pki.tsa->x, both);
	material_free(both);
	fix_cert_free(twin);
}

Test(tsa_path, first_verdict_stands_when_no_alternative_passes)
{
	struct fix_cert *twin = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "CA",
					.issuer = pki.root,
					.ca = true,
					.same_key = pki.ca,
					.not_after_ms = FIX_T0_MS - FIX_DAY_MS });
	struct material *only = fix_material(pki.root, twin);
	expect(pki.tsa->x, only, FIX_T0_MS, INDICATION_INDETERMINATE,
	       "OUT_OF_BOUNDS_NO_POE");
	material_free(only);
	fix_cert_free(twin);
}

Test(tsa_path, many_dead_ends_are_passed_over)
{
	struct fix_cert *stranger[20], *cross[20];
	struct material *mesh = fix_material(pki.root, NULL);
	for (int i = 0; i < 20; i++) {
		char name[32];
		snprintf(name, sizeof(name), "Stranger %d", i);
		stranger[i] =
		    fix_cert_make(&(struct fix_cert_options){ .cn = name, .ca = true });
		cross[i] =
		    fix_cert_make(&(struct fix_cert_options){ .cn = "CA",
							      .issuer = stranger[i],
							      .ca = true,
							      .same_key = pki.ca });
		fix_material_add(mesh, MATERIAL_CERT, stranger[i]->der);
		fix_material_add(mesh, MATERIAL_CERT, cross[i]->der);
	}
	expect_no_chain(pki.tsa->x, mesh);
	fix_material_add(mesh, MATERIAL_CERT, pki.ca->der);
	expect_passed(pki.tsa->x, mesh);
	for (int i = 0; i < 20; i++) {
		fix_cert_free(cross[i]);
		fix_cert_free(stranger[i]);
	}
	material_free(mesh);
}

/* ---- policies ---- */

/* A TSA with these policies below a CA that wants one: RFC 5280 4.2.1.11. */
static enum indication judge_below_strict_ca(const char *policies)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, "2026-01-01T00:00:00Z");
	struct devpki_shapes above = { .n = 0 }, below = { .n = 0 };
	const struct devpki_cert *ca = NULL, *tsa = NULL;
	struct material *strict = fix_material(NULL, NULL);
	cr_assert_eq(devpki_shape_text(&above, "policyConstraints",
				       "critical,requireExplicitPolicy:0", NULL, &err),
		     0, "%s", err.text);
	cr_assert_eq(
	    devpki_shape_text(&above, "certificatePolicies", "2.999.1", NULL, &err), 0);
	if (policies != NULL)
		cr_assert_eq(devpki_shape_text(&below, "certificatePolicies", policies,
					       NULL, &err),
			     0);
	struct devpki_issue how = { .kind = DEVPKI_CA,
				    .extensions = above.e,
				    .n_extensions = above.n };
	cr_assert_eq(devpki_issue(p, &how, &ca, &err), 0, "%s", err.text);
	how = (struct devpki_issue){ .kind = DEVPKI_TSA,
				     .issuer = ca,
				     .extensions = below.e,
				     .n_extensions = below.n };
	cr_assert_eq(devpki_issue(p, &how, &tsa, &err), 0, "%s", err.text);
	fix_material_add(strict, MATERIAL_ANCHOR,
			 devpki_active(p, DEVPKI_ROOT, 0)->der);
	fix_material_add(strict, MATERIAL_CERT, ca->der);
	struct tsa_path_result r =
	    judge(tsa->x509, strict, kit_time("2026-01-02T00:00:00Z"));
	enum indication i = r.indication;
	if (i != INDICATION_PASSED)
		cr_assert_str_eq(r.subindication, "CHAIN_CONSTRAINTS_FAILURE", "%s",
				 r.text);
	tsa_path_result_clear(&r);
	material_free(strict);
	devpki_shapes_free(&below);
	devpki_shapes_free(&above);
	devpki_free(p);
	return i;
}

Test(tsa_path, policy_that_a_ca_requires_must_be_there)
{
	cr_assert_eq(judge_below_strict_ca(NULL), INDICATION_INDETERMINATE);
	cr_assert_eq(judge_below_strict_ca("2.999.2"), INDICATION_INDETERMINATE);
	cr_assert_eq(judge_below_strict_ca("2.999.1"), INDICATION_PASSED);
}

/* ---- budgets ---- */

Test(tsa_path, shared_budget_is_drawn_down_and_a_spent_one_never_passes)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsa_path_budget budget = { 3, 10000 };
	struct tsa_path_input in = { .signer = pki.tsa->x,
				     .material = m,
				     .gen_time_ms = FIX_T0_MS,
				     .time_ms = FIX_T0_MS + FIX_DAY_MS,
				     .budget = &budget };
	struct tsa_path_result r;
	cr_assert_eq(tsa_path_judge(&in, &r, &err), 0);
	cr_assert_eq(r.indication, INDICATION_PASSED, "%s", r.text);
	cr_assert_eq(budget.signatures, 1);
	cr_assert_lt(budget.steps, 10000);
	tsa_path_result_clear(&r);
	for (int i = 0; i < 2; i++) {
		cr_assert_eq(tsa_path_judge(&in, &r, &err), 0);
		cr_assert_eq(r.indication, INDICATION_INDETERMINATE);
		cr_assert_str_eq(r.subindication, "NO_CERTIFICATE_CHAIN_FOUND");
		tsa_path_result_clear(&r);
		budget.signatures = 0;
	}
}

/* ---- texts and memory ---- */

Test(tsa_path, names_from_outside_are_made_printable)
{
	struct fix_cert *tsa = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "bell\x07 \xc3\xa9",
					.issuer = pki.ca,
					.eku = FIX_EKU_TIMESTAMPING,
					.not_after_ms = FIX_T0_MS - FIX_DAY_MS });
	struct tsa_path_result r = judge(tsa->x, m, FIX_T0_MS);
	cr_assert(utf8_valid(view_text(r.text)));
	for (const char *p = r.text; *p != '\0'; p++)
		cr_assert((unsigned char)*p >= 0x20);
	cr_assert_not_null(strstr(r.text, "\xc3\xa9"), "%s", r.text);
	tsa_path_result_clear(&r);
	fix_cert_free(tsa);
}

Test(tsa_path, indications_have_names)
{
	cr_assert_str_eq(indication_name(INDICATION_PASSED), "PASSED");
	cr_assert_str_eq(indication_name(INDICATION_FAILED), "FAILED");
	cr_assert_str_eq(indication_name(INDICATION_INDETERMINATE), "INDETERMINATE");
}

Test(tsa_path, failing_allocations_never_fail_a_good_path)
{
	struct buf ca_crl = buf_make(4096), root_crl = buf_make(4096);
	fix_crl_simple(pki.ca, FIX_T0_MS + 1000, NULL, &ca_crl);
	fix_crl_simple(pki.root, FIX_T0_MS + 1000, NULL, &root_crl);
	fix_material_add(m, MATERIAL_CRL, view_buf(&ca_crl));
	fix_material_add(m, MATERIAL_CRL, view_buf(&root_crl));
	struct tsa_path_input in = { .signer = pki.tsa->x,
				     .material = m,
				     .gen_time_ms = FIX_T0_MS,
				     .time_ms = FIX_T0_MS + FIX_DAY_MS,
				     .need_revocation = true };
	for (uint64_t n = 1;; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct tsa_path_result r = { 0 };
		mem_fail_nth(n);
		int rc = tsa_path_judge(&in, &r, &err);
		bool hit = mem_fail_hit();
		mem_fail_nth(0);
		cr_assert_eq(ERR_peek_error(), 0);
		if (rc != 0)
			cr_assert(err.code == LTPS_NOMEM || err.code == LTPS_CRYPTO,
				  "allocation %lu: %s %s", (unsigned long)n,
				  ltps_code_name(err.code), err.text);
		else
			cr_assert_eq(r.indication, INDICATION_PASSED,
				     "allocation %lu: %s %s", (unsigned long)n,
				     r.subindication, r.text);
		tsa_path_result_clear(&r);
		if (!hit)
			break;
	}
	buf_free(&root_crl);
	buf_free(&ca_crl);
}
