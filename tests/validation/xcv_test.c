/* SPDX-License-Identifier: Apache-2.0 */
/* EN 319 102-1 5.2.6.4 step by step: what each step alone stops, and what passes. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/past_kit.h"
#include "tests/support/pki_fixture.h"

#define NOW FIX_T0_MS
#define HOUR ((int64_t)3600000)

static struct past_kit k;
static struct fix_cert *root, *ca, *ee;

static void set_up(void)
{
	root = fix_cert_make(&(struct fix_cert_options){ .cn = "Root", .ca = true });
	ca = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "CA", .issuer = root, .ca = true });
	ee = fix_cert_make(&(struct fix_cert_options){
	    .cn = "Signer", .issuer = ca, .key_usage = "critical,nonRepudiation" });
	past_kit_init(&k, NOW);
	past_kit_target(&k, ee->der);
}

static void tear_down(void)
{
	past_kit_clear(&k);
	fix_cert_free(ee);
	fix_cert_free(ca);
	fix_cert_free(root);
}

TestSuite(xcv, .init = set_up, .fini = tear_down);

/* ---- what is at hand ---- */

static void add_crl(struct fix_crl_options o)
{
	struct buf out = buf_make(65536);
	if (o.issuer == NULL)
		o.issuer = ca;
	if (o.this_ms == 0)
		o.this_ms = NOW - HOUR;
	fix_crl_make(&o, &out);
	past_kit_take(&k, MATERIAL_CRL, out);
}

static void add_ocsp(struct fix_ocsp_options o)
{
	struct buf out = buf_make(65536);
	if (o.cert == NULL)
		o.cert = ee;
	if (o.issuer == NULL)
		o.issuer = ca;
	if (o.this_ms == 0)
		o.this_ms = NOW - HOUR;
	fix_ocsp_make(&o, &out);
	past_kit_take(&k, MATERIAL_OCSP, out);
}

/* Anchor and intermediate, and a fresh CRL of the root. */
static void add_chain(void)
{
	past_kit_add(&k, MATERIAL_ANCHOR, root->der);
	past_kit_add(&k, MATERIAL_CERT, ca->der);
	add_crl((struct fix_crl_options){ .issuer = root });
}

static void add_all(void)
{
	add_chain();
	add_crl((struct fix_crl_options){ 0 });
}

/* The material anew. */
static void forget(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cert_validation_free(k.r);
	k.r = NULL;
	material_free(k.m);
	cr_assert_eq(material_new(&k.m, &err), 0);
	k.in.path.pools[0] = k.m;
}

static void target(struct fix_cert_options o)
{
	fix_cert_free(ee);
	o.cn = "Signer";
	o.issuer = ca;
	ee = fix_cert_make(&o);
	past_kit_target(&k, ee->der);
}

/* ---- the whole ---- */

Test(xcv, chain_with_fresh_status_passes_and_is_told)
{
	add_all();
	past_kit_expect(&k, NULL);
	cr_assert_eq(k.r->chain.n_certs, 3);
	cr_assert(view_equal(k.r->chain.certs[1]->der, ca->der));
	cr_assert_eq(k.r->chain.revocation[0].status, PATH_STATUS_GOOD);
	cr_assert_eq(k.r->why, PATH_OK);
	cr_assert_eq(k.r->n_needs, 0);
	cr_assert_eq(k.r->revoked_ms, INT64_MIN);
}

/* ---- steps 1 to 3 ---- */

static struct cert *decoded(const struct fix_cert *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *x = NULL;
	cr_assert_eq(cert_parse(c->der, &x, &err), 0);
	return x;
}

Test(xcv, signer_that_is_an_anchor_passes_when_the_policy_lets_it)
{
	past_kit_add(&k, MATERIAL_ANCHOR, ee->der);
	past_kit_expect(&k, "NO_CERTIFICATE_CHAIN_FOUND");
	k.in.anchor_as_signer_passes = true;
	past_kit_expect(&k, NULL);
	cr_assert_eq(k.r->chain.n_certs, 1);
}

Test(xcv, signer_that_is_an_anchor_ends_with_its_sunset)
{
	struct cert *own = decoded(ee);
	const struct cert *anchors[] = { own };
	int64_t sunset = NOW;
	k.in.path.anchors = anchors;
	k.in.path.n_anchors = 1;
	k.in.anchor_sunset_ms = &sunset;
	k.in.anchor_as_signer_passes = true;
	past_kit_expect(&k, "NO_CERTIFICATE_CHAIN_FOUND_NO_POE");
	cr_assert_eq(k.r->why, PATH_ANCHOR_SUNSET);
	sunset = NOW + 1;
	past_kit_expect(&k, NULL);
	k.in.path.n_anchors = 0;
	cert_free(own);
}

Test(xcv, no_chain_is_told_with_what_is_missing)
{
	past_kit_add(&k, MATERIAL_ANCHOR, root->der);
	past_kit_expect(&k, "NO_CERTIFICATE_CHAIN_FOUND");
	cr_assert_eq(k.r->chain.n_certs, 0);
	cr_assert_eq(k.r->why, PATH_NO_ISSUER);
	past_kit_add(&k, MATERIAL_CERT, ca->der);
	past_kit_expect(&k, "TRY_LATER");
	cr_assert_eq(k.r->chain.n_certs, 3);
}

Test(xcv, anchor_past_its_sunset_gives_way_to_another)
{
	struct fix_cert *second = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "Second root", .ca = true });
	struct fix_cert *cross = fix_cert_make(&(struct fix_cert_options){
	    .cn = "CA", .issuer = second, .ca = true, .same_key = ca });
	struct cert *own[] = { decoded(root), decoded(second) };
	const struct cert *anchors[] = { own[0], own[1] };
	int64_t sunset[] = { NOW - HOUR, 0 };
	add_all();
	k.in.path.anchors = anchors;
	k.in.path.n_anchors = 1;
	k.in.anchor_sunset_ms = sunset;
	past_kit_expect(&k, "NO_CERTIFICATE_CHAIN_FOUND_NO_POE");
	cr_assert_eq(k.r->chain.n_certs, 3);
	k.in.path.n_anchors = 2;
	past_kit_expect(&k, "NO_CERTIFICATE_CHAIN_FOUND_NO_POE");
	past_kit_add(&k, MATERIAL_CERT, cross->der);
	add_crl((struct fix_crl_options){ .issuer = second });
	past_kit_expect(&k, NULL);
	cert_free(own[0]);
	cert_free(own[1]);
	fix_cert_free(cross);
	fix_cert_free(second);
}

/* ---- step 4: the path ---- */

/* The intermediate replaced by one of the same key. */
static void expect_ca(struct fix_cert_options o, enum path_model model, const char *sub)
{
	o.cn = "CA";
	o.issuer = root;
	o.same_key = ca;
	struct fix_cert *other = fix_cert_make(&o);
	forget();
	past_kit_add(&k, MATERIAL_ANCHOR, root->der);
	past_kit_add(&k, MATERIAL_CERT, other->der);
	add_crl((struct fix_crl_options){ .issuer = root,
					  .expired_kept_from_ms = FIX_NOT_BEFORE_MS });
	add_crl((struct fix_crl_options){ .this_ms = NOW - HOUR });
	k.in.path.model = model;
	past_kit_expect(&k, sub);
	fix_cert_free(other);
}

Test(xcv, path_that_breaks_rfc_5280_is_a_general_failure)
{
	expect_ca((struct fix_cert_options){ .ca = false }, PATH_SHELL,
		  "CERTIFICATE_CHAIN_GENERAL_FAILURE");
	cr_assert_eq(k.r->why, PATH_NOT_A_CA);
	expect_ca((struct fix_cert_options){ .ca = true, .critical_extension = true },
		  PATH_SHELL, "CERTIFICATE_CHAIN_GENERAL_FAILURE");
	expect_ca((struct fix_cert_options){ .ca = true }, PATH_SHELL, NULL);
}

Test(xcv, expired_ca_fails_in_the_shell_model_only)
{
	struct fix_cert_options o = { .ca = true, .not_after_ms = NOW - 30 * HOUR };
	expect_ca(o, PATH_SHELL, "CERTIFICATE_CHAIN_GENERAL_FAILURE");
	cr_assert_eq(k.r->why, PATH_EXPIRED);
}

Test(xcv, expired_ca_passes_in_the_chain_model_as_long_as_it_was_valid_when_used)
{
	/* The CA ended a year ago; it signed the target before. Its status issuer
	 * is a responder of its own, which is still valid. */
	struct fix_cert *responder =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Responder",
						      .issuer = ca,
						      .eku = FIX_EKU_OCSP_SIGNING,
						      .ocsp_nocheck = true });
	struct fix_cert *old = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "CA",
					.issuer = root,
					.ca = true,
					.same_key = ca,
					.not_after_ms = NOW - FIX_YEAR_MS });
	past_kit_add(&k, MATERIAL_ANCHOR, root->der);
	past_kit_add(&k, MATERIAL_CERT, old->der);
	add_crl((struct fix_crl_options){ .issuer = root,
					  .expired_kept_from_ms = FIX_NOT_BEFORE_MS });
	add_ocsp((struct fix_ocsp_options){ .responder = responder });
	k.in.path.model = PATH_CHAIN;
	past_kit_expect(&k, NULL);
	k.in.path.model = PATH_SHELL;
	past_kit_expect(&k, "CERTIFICATE_CHAIN_GENERAL_FAILURE");
	/* Signed after the CA's end. */
	target((struct fix_cert_options){ .not_before_ms = NOW - FIX_YEAR_MS + HOUR });
	k.in.path.model = PATH_CHAIN;
	past_kit_expect(&k, "CERTIFICATE_CHAIN_GENERAL_FAILURE");
	fix_cert_free(old);
	fix_cert_free(responder);
}

/* ---- step 4: status ---- */

Test(xcv, stale_status_is_to_be_tried_later)
{
	add_chain();
	add_crl((struct fix_crl_options){ .this_ms = NOW - 40 * FIX_DAY_MS });
	past_kit_expect(&k, "TRY_LATER");
	cr_assert_eq(k.r->why, PATH_REVOCATION_STALE);
	cr_assert_eq(k.r->retry_ms, NOW - 10 * FIX_DAY_MS);
	k.in.path.max_age_ms = 41 * FIX_DAY_MS;
	past_kit_expect(&k, NULL);
	k.in.path.max_age_ms = 39 * FIX_DAY_MS;
	past_kit_expect(&k, "TRY_LATER");
}

Test(xcv, status_without_next_update_is_fresh_by_policy_only)
{
	add_chain();
	add_crl((struct fix_crl_options){ .next_ms = INT64_MIN });
	past_kit_expect(&k, "TRY_LATER");
	cr_assert_eq(k.r->retry_ms, INT64_MIN);
	k.in.path.max_age_ms = 2 * HOUR;
	past_kit_expect(&k, NULL);
}

Test(xcv, missing_status_is_to_be_tried_later)
{
	add_chain();
	past_kit_expect(&k, "TRY_LATER");
	cr_assert_eq(k.r->why, PATH_REVOCATION_UNKNOWN);
	k.in.path.no_revocation = true;
	past_kit_expect(&k, NULL);
}

Test(xcv, short_term_certificate_needs_no_status_when_the_policy_says_so)
{
	target((struct fix_cert_options){ .validity_assured = true });
	add_chain();
	past_kit_expect(&k, "TRY_LATER");
	k.in.path.exempt_short_term = true;
	past_kit_expect(&k, NULL);
}

Test(xcv, revoked_signer_ends_it_with_date_and_reason)
{
	struct fix_revoked entry = { .cert = ee, .at_ms = NOW - 5 * HOUR, .reason = 4 };
	add_chain();
	add_crl((struct fix_crl_options){ .revoked = &entry, .n_revoked = 1 });
	past_kit_expect(&k, "REVOKED_NO_POE");
	cr_assert_eq(k.r->why, PATH_REVOKED);
	cr_assert_eq(k.r->revoked_ms, NOW - 5 * HOUR);
	cr_assert_eq(k.r->reason, 4);
	cr_assert_eq(k.r->n_needs, 0);
}

/* As revocation_judge() has it: what is listed is revoked, whatever its date. */
Test(xcv, revocation_dated_ahead_counts_by_the_moment_asked)
{
	struct fix_revoked entry = { .cert = ee, .at_ms = NOW + 5 * HOUR };
	static const int reasons[] = { 1, FIX_NO_REASON, 4 };
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		forget();
		add_chain();
		entry.reason = reasons[i];
		add_crl((struct fix_crl_options){ .revoked = &entry, .n_revoked = 1 });
		past_kit_expect(&k, "REVOKED_NO_POE");
		/* An end that spares what is older may be told before its day. */
		cr_expect_eq(k.r->revoked_ms, reasons[i] == 4 ? entry.at_ms : NOW - 1);
		cr_expect_eq(k.r->chain.revocation[0].revoked_ms, entry.at_ms);
		cr_expect_not_null(strstr(k.r->text, "is listed already"));
	}
}

Test(xcv, signer_on_hold_is_to_be_tried_later)
{
	struct fix_revoked entry = { .cert = ee, .at_ms = NOW - 5 * HOUR, .reason = 6 };
	add_chain();
	add_crl((struct fix_crl_options){ .revoked = &entry, .n_revoked = 1 });
	past_kit_expect(&k, "TRY_LATER");
	cr_assert_eq(k.r->why, PATH_ON_HOLD);
	cr_assert_eq(k.r->revoked_ms, NOW - 5 * HOUR);
	add_crl((struct fix_crl_options){ .this_ms = NOW - HOUR / 2 });
	past_kit_expect(&k, NULL);
}

static void add_root_crl(int64_t at_ms, int reason)
{
	struct fix_revoked entry = { .cert = ca, .at_ms = at_ms, .reason = reason };
	past_kit_add(&k, MATERIAL_ANCHOR, root->der);
	past_kit_add(&k, MATERIAL_CERT, ca->der);
	add_crl((struct fix_crl_options){
	    .issuer = root, .revoked = &entry, .n_revoked = 1 });
}

Test(xcv, revoked_ca_is_told_and_gives_way_to_its_cross_certificate)
{
	struct fix_cert *second = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "Second root", .ca = true });
	struct fix_cert *cross = fix_cert_make(&(struct fix_cert_options){
	    .cn = "CA", .issuer = second, .ca = true, .same_key = ca });
	add_root_crl(NOW - 3 * HOUR, 4);
	add_crl((struct fix_crl_options){ 0 });
	past_kit_expect(&k, "REVOKED_CA_NO_POE");
	cr_assert_eq(k.r->revoked_ms, NOW - 3 * HOUR);
	past_kit_add(&k, MATERIAL_ANCHOR, second->der);
	past_kit_add(&k, MATERIAL_CERT, cross->der);
	add_crl((struct fix_crl_options){ .issuer = second });
	past_kit_expect(&k, NULL);
	fix_cert_free(cross);
	fix_cert_free(second);
}

Test(xcv, ca_on_hold_is_to_be_tried_later)
{
	add_root_crl(NOW - 3 * HOUR, 6);
	add_crl((struct fix_crl_options){ 0 });
	past_kit_expect(&k, "TRY_LATER");
	cr_assert_eq(k.r->why, PATH_ON_HOLD);
}

Test(xcv, revoked_ca_outweighs_a_signer_on_hold)
{
	struct fix_revoked entry = { .cert = ee, .at_ms = NOW - 5 * HOUR, .reason = 6 };
	add_root_crl(NOW - 3 * HOUR, 4);
	add_crl((struct fix_crl_options){ .revoked = &entry, .n_revoked = 1 });
	past_kit_expect(&k, "REVOKED_CA_NO_POE");
}

Test(xcv, the_earlier_of_both_revocations_decides)
{
	struct fix_revoked entry = { .cert = ee, .at_ms = NOW - 5 * HOUR, .reason = 4 };
	add_root_crl(NOW - 6 * HOUR, 4);
	add_crl((struct fix_crl_options){ .revoked = &entry, .n_revoked = 1 });
	past_kit_expect(&k, "REVOKED_CA_NO_POE");
	cr_assert_eq(k.r->revoked_ms, NOW - 6 * HOUR);
	forget();
	add_root_crl(NOW - 4 * HOUR, 4);
	add_crl((struct fix_crl_options){ .revoked = &entry, .n_revoked = 1 });
	past_kit_expect(&k, "REVOKED_NO_POE");
	cr_assert_eq(k.r->revoked_ms, NOW - 5 * HOUR);
}

Test(xcv, revocation_of_a_ca_after_its_use_counts_in_the_chain_model_by_its_reason)
{
	static const struct {
		int reason;
		const char *sub;
	} cases[] = {
		{ 4, NULL },
		{ 5, NULL },
		{ 6, NULL }, /* on hold since: not when it was used */
		{ 1, "REVOKED_CA_NO_POE" },
		{ 2, "REVOKED_CA_NO_POE" },
		{ 0, "REVOKED_CA_NO_POE" },
		{ FIX_NO_REASON, "REVOKED_CA_NO_POE" },
	};
	k.in.path.model = PATH_CHAIN;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		forget();
		add_root_crl(NOW - 3 * HOUR, cases[i].reason);
		/* From before: a revoked CA vouches for nobody. */
		add_crl((struct fix_crl_options){ .this_ms = NOW - 4 * HOUR });
		past_kit_expect(&k, cases[i].sub);
	}
	/* Before its use any reason counts. */
	target((struct fix_cert_options){ .not_before_ms = NOW - HOUR });
	forget();
	add_root_crl(NOW - 3 * HOUR, 4);
	add_crl((struct fix_crl_options){ 0 });
	past_kit_expect(&k, "REVOKED_CA_NO_POE");
}

Test(xcv, status_of_the_last_chain_survives)
{
	struct fix_cert *second = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "Second root", .ca = true });
	struct fix_cert *cross = fix_cert_make(&(struct fix_cert_options){
	    .cn = "CA", .issuer = second, .ca = true, .same_key = ca });
	add_root_crl(NOW - 3 * HOUR, 4);
	add_crl((struct fix_crl_options){ 0 });
	past_kit_add(&k, MATERIAL_ANCHOR, second->der);
	past_kit_add(&k, MATERIAL_CERT, cross->der);
	past_kit_expect(&k, "TRY_LATER"); /* no status of the cross-certificate */
	cr_assert(view_equal(k.r->chain.certs[1]->der, cross->der));
	cr_assert_eq(k.r->revoked_ms, INT64_MIN);
	fix_cert_free(cross);
	fix_cert_free(second);
}

/* ---- steps 5 and 6 ---- */

Test(xcv, unfit_usage_is_a_failed_constraint)
{
	static const uint16_t wrong[] = { KEY_USAGE_CRL_SIGN };
	static const uint16_t right[] = { KEY_USAGE_CRL_SIGN,
					  KEY_USAGE_NON_REPUDIATION };
	add_all();
	k.in.path.key_usages = wrong;
	k.in.path.n_key_usages = 1;
	past_kit_expect(&k, "CHAIN_CONSTRAINTS_FAILURE");
	cr_assert_eq(k.r->why, PATH_KEY_USAGE);
	k.in.path.key_usages = right;
	k.in.path.n_key_usages = 2;
	past_kit_expect(&k, NULL);
}

Test(xcv, revocation_comes_before_constraints)
{
	static const uint16_t wrong[] = { KEY_USAGE_CRL_SIGN };
	struct fix_revoked entry = { .cert = ee, .at_ms = NOW - 5 * HOUR, .reason = 4 };
	add_chain();
	add_crl((struct fix_crl_options){ .revoked = &entry, .n_revoked = 1 });
	k.in.path.key_usages = wrong;
	k.in.path.n_key_usages = 1;
	past_kit_expect(&k, "REVOKED_NO_POE");
}

Test(xcv, withdrawn_algorithm_of_the_chain_is_told)
{
	struct algorithm_limit limits[] = {
		{ .algorithm = "ECDSA", .min_bits = 256, .until_ms = NOW - 1 },
		{ .algorithm = "sha256", .until_ms = INT64_MAX }
	};
	struct algorithm_policy policy = { limits, 2 };
	k.in.path.algorithms = &policy;
	add_all();
	past_kit_expect(&k, "CRYPTO_CONSTRAINTS_FAILURE_NO_POE");
	cr_assert_eq(k.r->why, PATH_ALGORITHM_WEAK);
	limits[0].until_ms = NOW;
	past_kit_expect(&k, NULL);
}

Test(xcv, withdrawn_algorithm_of_the_status_is_told)
{
	struct algorithm_limit limits[] = {
		{ .algorithm = "ECDSA", .min_bits = 256, .until_ms = INT64_MAX },
		{ .algorithm = "sha256", .until_ms = INT64_MAX },
		{ .algorithm = "sha512", .until_ms = INT64_MAX },
		{ .algorithm = "Ed25519", .until_ms = NOW - 1 }
	};
	struct algorithm_policy policy = { limits, 4 };
	struct fix_cert *responder =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Responder",
						      .issuer = ca,
						      .key = FIX_KEY_ED25519,
						      .eku = FIX_EKU_OCSP_SIGNING,
						      .ocsp_nocheck = true });
	k.in.path.algorithms = &policy;
	add_chain();
	add_ocsp((struct fix_ocsp_options){ .responder = responder });
	past_kit_expect(&k, "CRYPTO_CONSTRAINTS_FAILURE_NO_POE");
	limits[3].until_ms = NOW;
	past_kit_expect(&k, NULL);
	fix_cert_free(responder);
}

/* ---- steps 7 and 8 ---- */

Test(xcv, signer_outside_its_validity_is_told_apart_by_what_is_known)
{
	target((struct fix_cert_options){ .not_after_ms = NOW - 10 * HOUR });
	add_chain();
	add_crl((struct fix_crl_options){ 0 });
	past_kit_expect(&k, "OUT_OF_BOUNDS_NO_POE");
	cr_assert_eq(k.r->why, PATH_EXPIRED);
	add_crl((struct fix_crl_options){ .expired_kept_from_ms = NOW - FIX_YEAR_MS,
					  .this_ms = NOW - HOUR / 2 });
	past_kit_expect(&k, "OUT_OF_BOUNDS_NOT_REVOKED");
	/* From then on it is not fresh any more. */
	k.in.path.time_ms = NOW + 31 * FIX_DAY_MS;
	add_crl((struct fix_crl_options){ .issuer = root,
					  .this_ms = NOW + 30 * FIX_DAY_MS });
	past_kit_expect(&k, "OUT_OF_BOUNDS_NO_POE");
}

Test(xcv, signer_is_valid_to_its_last_second)
{
	target((struct fix_cert_options){ .not_before_ms = NOW, .not_after_ms = NOW });
	add_all();
	k.in.path.max_age_ms = FIX_DAY_MS;
	past_kit_expect(&k, NULL);
	k.in.path.time_ms = NOW - 1000;
	past_kit_expect(&k, "OUT_OF_BOUNDS_NO_POE");
	cr_assert_eq(k.r->why, PATH_NOT_YET_VALID);
	k.in.path.time_ms = NOW + 1000;
	past_kit_expect(&k, "OUT_OF_BOUNDS_NO_POE");
}

Test(xcv, revocation_comes_before_expiry)
{
	struct fix_revoked entry;
	target((struct fix_cert_options){ .not_after_ms = NOW - 10 * HOUR });
	entry =
	    (struct fix_revoked){ .cert = ee, .at_ms = NOW - 20 * HOUR, .reason = 4 };
	add_chain();
	add_crl((struct fix_crl_options){
	    .this_ms = NOW - 15 * HOUR, .revoked = &entry, .n_revoked = 1 });
	past_kit_expect(&k, "REVOKED_NO_POE");
}

Test(xcv, status_by_a_responder_that_has_expired_since_is_told)
{
	struct fix_cert *responder =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Responder",
						      .issuer = ca,
						      .eku = FIX_EKU_OCSP_SIGNING,
						      .ocsp_nocheck = true,
						      .not_after_ms = NOW - HOUR / 2 });
	add_chain();
	add_ocsp((struct fix_ocsp_options){ .responder = responder });
	past_kit_expect(&k, "REVOCATION_OUT_OF_BOUNDS_NO_POE");
	k.in.path.time_ms = NOW - HOUR / 2;
	past_kit_expect(&k, NULL);
	fix_cert_free(responder);
}

Test(xcv, status_issued_after_the_end_of_its_responder_does_not_count)
{
	struct fix_cert *responder =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Responder",
						      .issuer = ca,
						      .eku = FIX_EKU_OCSP_SIGNING,
						      .ocsp_nocheck = true,
						      .not_after_ms = NOW - 2 * HOUR });
	add_chain();
	add_ocsp((struct fix_ocsp_options){ .responder = responder });
	past_kit_expect(&k, "TRY_LATER");
	fix_cert_free(responder);
}

/* ---- bounds ---- */

Test(xcv, spent_budget_never_passes)
{
	add_all();
	for (uint32_t n = 1; n < 4; n++) {
		k.in.path.budget.signatures = n;
		past_kit_now(&k);
		cr_assert_eq(k.r->indication, INDICATION_INDETERMINATE, "%u", n);
	}
	k.in.path.budget.signatures = 50;
	past_kit_expect(&k, NULL);
}

Test(xcv, failing_allocations_never_change_the_outcome)
{
	add_all();
	for (uint64_t n = 1;; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct cert_validation_result *r = NULL;
		mem_fail_nth(n);
		int rc = cert_validate(&k.in, &r, &err);
		bool hit = mem_fail_hit();
		mem_fail_nth(0);
		if (rc != 0)
			cr_assert(err.code == LTPS_NOMEM || err.code == LTPS_CRYPTO);
		else
			cr_assert_eq(r->indication, INDICATION_PASSED, "%s", r->text);
		cert_validation_free(r);
		if (!hit)
			break;
	}
}
