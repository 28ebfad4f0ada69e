/* SPDX-License-Identifier: Apache-2.0 */
/* EN 319 102-1 5.6.2.1 and 5.6.2.2: control times, and what keeps one from being
 * found. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/past_kit.h"
#include "tests/support/pki_fixture.h"

#define NOW FIX_T0_MS
#define HOUR ((int64_t)3600000)
#define DAY FIX_DAY_MS
#define NONE INT64_MIN

static struct past_kit k;
static struct fix_cert *root, *ca, *ee;

static void set_up(void)
{
	root = fix_cert_make(&(struct fix_cert_options){ .cn = "Root", .ca = true });
	ca = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "CA", .issuer = root, .ca = true });
	ee = fix_cert_make(&(struct fix_cert_options){ .cn = "Signer", .issuer = ca });
	past_kit_init(&k, NOW);
	past_kit_target(&k, ee->der);
	past_kit_add(&k, MATERIAL_ANCHOR, root->der);
	past_kit_add(&k, MATERIAL_CERT, ca->der);
}

static void tear_down(void)
{
	past_kit_clear(&k);
	fix_cert_free(ee);
	fix_cert_free(ca);
	fix_cert_free(root);
}

TestSuite(past, .init = set_up, .fini = tear_down);

/* Its existence is proven at poe_ms unless that is 0. */
static void add_crl(struct fix_crl_options o, int64_t poe_ms)
{
	struct buf out = buf_make(65536);
	fix_crl_make(&o, &out);
	if (poe_ms != 0)
		past_kit_poe(&k, view_buf(&out), poe_ms);
	past_kit_take(&k, MATERIAL_CRL, out);
}

static void crl_of(const struct fix_cert *issuer, int64_t this_ms,
		   const struct fix_revoked *revoked, int64_t poe_ms)
{
	add_crl((struct fix_crl_options){ .issuer = issuer,
					  .this_ms = this_ms,
					  .revoked = revoked,
					  .n_revoked = revoked != NULL },
		poe_ms);
}

static void forget(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cert_validation_free(k.r);
	k.r = NULL;
	material_free(k.m);
	cr_assert_eq(material_new(&k.m, &err), 0);
	k.in.path.pools[0] = k.m;
	past_kit_add(&k, MATERIAL_ANCHOR, root->der);
	past_kit_add(&k, MATERIAL_CERT, ca->der);
}

/* ---- control time ---- */

Test(past, fresh_status_leaves_the_control_time_at_now)
{
	crl_of(root, NOW - HOUR, NULL, 0);
	crl_of(ca, NOW - HOUR, NULL, 0);
	past_kit_expect_past(&k, NOW);
	cr_assert_eq(k.r->chain.n_certs, 3);
	cr_assert_eq(k.r->chain.revocation[1].status, PATH_STATUS_GOOD);
}

Test(past, stale_status_takes_it_back_to_its_issue)
{
	crl_of(root, NOW - 40 * DAY, NULL, NOW - 39 * DAY);
	crl_of(ca, NOW - 45 * DAY, NULL, NOW - 44 * DAY);
	past_kit_poe(&k, ee->der, NOW - 44 * DAY);
	past_kit_poe(&k, ca->der, NOW - 44 * DAY);
	/* The root's is forty days old and lives thirty; the CA's was fresh then. */
	past_kit_expect_past(&k, NOW - 40 * DAY);
	k.in.path.max_age_ms = 41 * DAY;
	past_kit_expect_past(&k, NOW - 45 * DAY);
	k.in.path.max_age_ms = 46 * DAY;
	past_kit_expect_past(&k, NOW);
}

Test(past, status_is_fresh_up_to_its_next_update)
{
	crl_of(root, NOW - 30 * DAY, NULL, 0);
	crl_of(ca, NOW - HOUR, NULL, 0);
	past_kit_expect_past(&k, NOW);
	k.in.path.time_ms = NOW + 1000;
	past_kit_expect_past(&k, NONE); /* back before the CA's CRL */
	cr_assert_str_eq(k.r->subindication, "NO_POE");
}

Test(past, revoked_signer_takes_it_back_to_the_revocation)
{
	struct fix_revoked entry = { .cert = ee, .at_ms = NOW - 5 * DAY, .reason = 4 };
	crl_of(root, NOW - HOUR, NULL, 0);
	crl_of(ca, NOW - HOUR, &entry, 0);
	past_kit_expect_past(&k, NOW - 5 * DAY);
	entry.reason = 6; /* on hold */
	forget();
	crl_of(root, NOW - HOUR, NULL, 0);
	crl_of(ca, NOW - HOUR, &entry, 0);
	past_kit_expect_past(&k, NOW - 5 * DAY);
}

/* The CA revoked five days ago; its own CRL of a week ago proven the day after. */
static void revoke_ca(int reason)
{
	struct fix_revoked entry = { .cert = ca,
				     .at_ms = NOW - 5 * DAY,
				     .reason = reason };
	forget();
	past_kit_poe_default(&k, NOW);
	past_kit_poe(&k, ee->der, NOW - 6 * DAY);
	crl_of(root, NOW - HOUR, &entry, 0);
	crl_of(ca, NOW - 7 * DAY, NULL, NOW - 6 * DAY);
}

Test(past, revoked_ca_asks_for_proofs_from_before)
{
	revoke_ca(4);
	past_kit_expect_past(&k, NOW - 5 * DAY);
	forget();
	struct fix_revoked entry = { .cert = ca, .at_ms = NOW - 5 * DAY, .reason = 4 };
	crl_of(root, NOW - HOUR, &entry, 0);
	crl_of(ca, NOW - 7 * DAY + 1000, NULL, NOW - 5 * DAY + 1000); /* too late */
	past_kit_expect_past(&k, NONE);
	crl_of(ca, NOW - 7 * DAY + 2000, NULL, NOW - 5 * DAY);
	past_kit_expect_past(&k, NOW - 5 * DAY);
}

Test(past, certificate_without_proof_from_before_fails)
{
	struct fix_revoked entry = { .cert = ca, .at_ms = NOW - 5 * DAY, .reason = 4 };
	past_kit_poe_default(&k, NOW);
	crl_of(root, NOW - HOUR, &entry, 0);
	crl_of(ca, NOW - 7 * DAY, NULL, NOW - 6 * DAY);
	past_kit_poe(&k, ee->der, NOW - 5 * DAY + 1);
	past_kit_expect_past(&k, NONE);
	cr_assert_str_eq(k.r->subindication, "NO_POE");
	past_kit_poe(&k, ee->der, NOW - 5 * DAY);
	past_kit_expect_past(&k, NOW - 5 * DAY);
}

Test(past, status_must_be_issued_before_the_control_time)
{
	struct fix_revoked entry = { .cert = ca, .at_ms = NOW - 5 * DAY, .reason = 4 };
	past_kit_poe_default(&k, NOW);
	past_kit_poe(&k, ee->der, NOW - 6 * DAY);
	crl_of(root, NOW - HOUR, &entry, 0);
	crl_of(ca, NOW - 5 * DAY, NULL, NOW - 5 * DAY);
	past_kit_expect_past(&k, NONE);
	crl_of(ca, NOW - 5 * DAY - 1000, NULL, NOW - 5 * DAY);
	past_kit_expect_past(&k, NOW - 5 * DAY);
}

Test(past, nothing_is_proven_without_a_proof)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	crl_of(root, NOW - HOUR, NULL, 0);
	crl_of(ca, NOW - HOUR, NULL, 0);
	cr_assert_eq(poe_set_new(&k.poes, &err), 0);
	k.in.poes = k.poes;
	past_kit_expect_past(&k, NONE);
	past_kit_poe_default(&k, NOW);
	past_kit_expect_past(&k, NOW);
}

Test(past, chain_model_slides_for_lost_keys_only)
{
	static const struct {
		int reason;
		bool slides;
	} cases[] = { { 4, false }, { 5, false }, { 1, true },
		      { 2, true },  { 0, true },  { FIX_NO_REASON, true },
		      { 6, true } };
	k.in.path.model = PATH_CHAIN;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		revoke_ca(cases[i].reason);
		past_kit_expect_past(&k, cases[i].slides ? NOW - 5 * DAY : NOW);
	}
	k.in.path.model = PATH_SHELL;
	revoke_ca(4);
	past_kit_expect_past(&k, NOW - 5 * DAY);
}

Test(past, withdrawn_algorithm_takes_it_back_to_its_end)
{
	struct algorithm_limit limits[] = {
		{ .algorithm = "ECDSA", .min_bits = 256, .until_ms = NOW - 3 * DAY },
		{ .algorithm = "sha256", .until_ms = INT64_MAX }
	};
	struct algorithm_policy policy = { limits, 2 };
	past_kit_poe_default(&k, NOW - 4 * DAY);
	crl_of(root, NOW - 5 * DAY, NULL, 0);
	crl_of(ca, NOW - 5 * DAY, NULL, 0);
	k.in.path.algorithms = &policy;
	past_kit_expect_past(&k, NOW - 3 * DAY);
	limits[1].until_ms = NOW - 4 * DAY;
	past_kit_expect_past(&k, NOW - 4 * DAY);
	limits[1].until_ms = NOW - 4 * DAY - 1; /* before anything was proven */
	past_kit_expect_past(&k, NONE);
	policy.n = 1; /* sha256 was reliable at no time */
	past_kit_expect_past(&k, NONE);
}

/* What is published by a key that is too weak by then is proven at no time at which it
 * was not. */
Test(past, status_signed_after_the_end_of_its_algorithm_does_not_count)
{
	struct algorithm_limit limits[] = {
		{ .algorithm = "ECDSA", .min_bits = 256, .until_ms = NOW - 3 * DAY },
		{ .algorithm = "sha256", .until_ms = INT64_MAX }
	};
	struct algorithm_policy policy = { limits, 2 };
	past_kit_poe_default(&k, NOW - 4 * DAY);
	crl_of(ca, NOW - 5 * DAY, NULL, 0);
	crl_of(root, NOW - HOUR, NULL, 0);
	k.in.path.algorithms = &policy;
	past_kit_expect_past(&k, NONE);
	crl_of(root, NOW - 5 * DAY, NULL, 0);
	past_kit_expect_past(&k, NOW - 3 * DAY);
	cr_expect_eq(k.r->chain.revocation[1].this_ms, NOW - 5 * DAY,
		     "it stands in for none that can be proven");
	limits[0].until_ms = NOW - HOUR; /* its own moment belongs to it */
	past_kit_expect_past(&k, NOW - HOUR);
	cr_expect_eq(k.r->chain.revocation[1].this_ms, NOW - HOUR);
}

static void prove_certificates(int64_t time_ms)
{
	past_kit_poe_default(&k, NOW);
	past_kit_poe(&k, ee->der, time_ms);
	past_kit_poe(&k, ca->der, time_ms);
}

static struct algorithm_limit ending[] = {
	{ .algorithm = "ECDSA", .min_bits = 256, .until_ms = NOW - 3 * DAY },
	{ .algorithm = "sha256", .until_ms = INT64_MAX }
};
static const struct algorithm_policy ending_policy = { ending, 2 };

static void begin_ending(void)
{
	prove_certificates(NOW - 6 * DAY);
	crl_of(ca, NOW - 5 * DAY, NULL, NOW - 4 * DAY);
	k.in.path.algorithms = &ending_policy;
}

/* From then on anybody could have made it (EN 319 102-1 5.6.2.4 step 4). */
Test(past, good_status_proven_after_the_end_of_its_algorithm_does_not_count)
{
	begin_ending();
	crl_of(root, NOW - 4 * DAY, NULL, NOW - 3 * DAY + 1);
	past_kit_expect_past(&k, NONE);
	crl_of(root, NOW - 5 * DAY, NULL, NOW - 4 * DAY);
	past_kit_expect_past(&k, NOW - 3 * DAY);
	cr_expect_eq(k.r->chain.revocation[1].this_ms, NOW - 5 * DAY,
		     "it stands in for none that is proven in time");
	crl_of(root, NOW - 4 * DAY - HOUR, NULL, NOW - 3 * DAY);
	past_kit_expect_past(&k, NOW - 3 * DAY);
	cr_expect_eq(k.r->chain.revocation[1].this_ms, NOW - 4 * DAY - HOUR,
		     "the last moment belongs to it");
}

/* ---- revocations count whenever they are proven ---- */

/* The CA that will be revoked. */
static struct fix_revoked begin_lost(void)
{
	begin_ending();
	return (struct fix_revoked){ .cert = ca,
				     .at_ms = NOW - 7 * DAY,
				     .reason = 1 };
}

Test(past, revocation_proven_after_the_end_of_its_algorithm_counts)
{
	const struct fix_revoked lost = begin_lost();
	crl_of(root, NOW - 5 * DAY, NULL, NOW - 4 * DAY);
	past_kit_expect_past(&k, NOW - 3 * DAY);
	crl_of(root, NOW - 4 * DAY, &lost, NOW - 2 * DAY);
	past_kit_expect_past(&k, NONE);
}

/* The complete list says nothing that counts any more, but its delta does. */
Test(past, revocation_in_a_delta_of_a_list_proven_late_counts)
{
	const struct fix_revoked lost = begin_lost();
	crl_of(root, NOW - 5 * DAY, NULL, NOW - 4 * DAY);
	add_crl((struct fix_crl_options){ .issuer = root,
					  .this_ms = NOW - 4 * DAY - HOUR,
					  .number = 7 },
		NOW - 2 * DAY);
	past_kit_expect_past(&k, NOW - 3 * DAY);
	add_crl((struct fix_crl_options){ .issuer = root,
					  .this_ms = NOW - 4 * DAY,
					  .number = 8,
					  .base_number = 7,
					  .delta = true,
					  .revoked = &lost,
					  .n_revoked = 1 },
		NOW - 2 * DAY);
	past_kit_expect_past(&k, NONE);
}

static void add_ocsp(struct fix_ocsp_options o, int64_t poe_ms)
{
	struct buf out = buf_make(65536);
	fix_ocsp_make(&o, &out);
	past_kit_poe(&k, view_buf(&out), poe_ms);
	past_kit_take(&k, MATERIAL_OCSP, out);
}

/* Neither its word nor what is good about the responder itself is proven in time. */
Test(past, revocation_by_a_responder_whose_status_is_proven_late_counts)
{
	struct fix_cert *responder =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Responder",
						      .issuer = root,
						      .eku = FIX_EKU_OCSP_SIGNING });
	begin_ending();
	past_kit_poe(&k, responder->der, NOW - 6 * DAY);
	add_ocsp((struct fix_ocsp_options){ .cert = ca,
					    .issuer = root,
					    .this_ms = NOW - 5 * DAY,
					    .reason = FIX_NO_REASON },
		 NOW - 4 * DAY);
	past_kit_expect_past(&k, NOW - 3 * DAY);
	add_crl((struct fix_crl_options){ .issuer = root,
					  .this_ms = NOW - 4 * DAY,
					  .idp = FIX_IDP_ONLY_USER },
		NOW - 2 * DAY);
	past_kit_expect_past(&k, NOW - 3 * DAY);
	add_ocsp((struct fix_ocsp_options){ .cert = ca,
					    .issuer = root,
					    .responder = responder,
					    .status = FIX_OCSP_REVOKED,
					    .revoked_at_ms = NOW - 7 * DAY,
					    .reason = 1,
					    .this_ms = NOW - 4 * DAY },
		 NOW - 2 * DAY);
	past_kit_expect_past(&k, NONE);
	fix_cert_free(responder);
}

Test(past, anchor_past_its_sunset_is_where_the_sliding_begins)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *anchor = NULL;
	int64_t sunset = NOW - 2 * DAY;
	cr_assert_eq(cert_parse(root->der, &anchor, &err), 0);
	const struct cert *anchors[] = { anchor };
	k.in.path.anchors = anchors;
	k.in.path.n_anchors = 1;
	k.in.anchor_sunset_ms = &sunset;
	past_kit_poe_default(&k, NOW - 3 * DAY);
	crl_of(root, NOW - 4 * DAY, NULL, 0);
	crl_of(ca, NOW - 4 * DAY, NULL, 0);
	past_kit_expect_past(&k, NOW - 2 * DAY);
	sunset = NOW + DAY;
	past_kit_expect_past(&k, NOW);
	k.in.poes = NULL; /* nothing existed before now */
	sunset = NOW - 2 * DAY;
	past_kit_expect_past(&k, NONE);
	k.in.path.n_anchors = 0;
	cert_free(anchor);
}

/* ---- the path itself ---- */

Test(past, expired_signer_passes_on_status_from_its_days)
{
	fix_cert_free(ee);
	ee = fix_cert_make(&(struct fix_cert_options){
	    .cn = "Signer", .issuer = ca, .not_after_ms = NOW - 100 * DAY });
	past_kit_target(&k, ee->der);
	past_kit_poe_default(&k, NOW - 71 * DAY + 1);
	crl_of(root, NOW - 101 * DAY, NULL, 0);
	crl_of(ca, NOW - 102 * DAY, NULL, 0);
	past_kit_expect_past(&k, NONE); /* not proven while the root's was fresh */
	past_kit_poe_default(&k, NOW - 71 * DAY);
	past_kit_expect_past(&k, NOW - 101 * DAY);
}

Test(past, optional_status_may_be_missing_but_not_bad)
{
	struct fix_revoked entry = { .cert = ca, .at_ms = NOW - 5 * DAY, .reason = 1 };
	past_kit_expect(&k, "TRY_LATER");
	k.in.status_optional = true;
	past_kit_expect(&k, NULL);
	past_kit_expect_past(&k, NOW);
	crl_of(root, NOW - HOUR, &entry, 0);
	past_kit_expect(&k, "REVOKED_CA_NO_POE");
}

Test(past, status_from_after_the_end_of_the_signer_says_nothing)
{
	fix_cert_free(ee);
	ee = fix_cert_make(&(struct fix_cert_options){
	    .cn = "Signer", .issuer = ca, .not_after_ms = NOW - 100 * DAY });
	past_kit_target(&k, ee->der);
	crl_of(root, NOW - HOUR, NULL, 0);
	crl_of(ca, NOW - HOUR, NULL, 0);
	past_kit_expect_past(&k, NONE);
	add_crl((struct fix_crl_options){ .issuer = ca,
					  .this_ms = NOW - HOUR,
					  .expired_kept_from_ms = NOW - 200 * DAY },
		0);
	past_kit_expect_past(&k, NOW);
}

Test(past, certificates_that_were_never_valid_together_fail_in_the_shell_model)
{
	struct fix_cert *old = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "CA",
					.issuer = root,
					.ca = true,
					.same_key = ca,
					.not_after_ms = NOW - 100 * DAY });
	fix_cert_free(ee);
	ee = fix_cert_make(&(struct fix_cert_options){
	    .cn = "Signer", .issuer = ca, .not_before_ms = NOW - 99 * DAY });
	past_kit_target(&k, ee->der);
	k.in.path.no_revocation = true;
	past_kit_expect_past(&k, NOW);
	struct ltps_error err = LTPS_ERROR_INIT;
	material_free(k.m);
	cr_assert_eq(material_new(&k.m, &err), 0);
	k.in.path.pools[0] = k.m;
	past_kit_add(&k, MATERIAL_ANCHOR, root->der);
	past_kit_add(&k, MATERIAL_CERT, old->der);
	past_kit_expect_past(&k, NONE);
	cr_assert_str_eq(k.r->subindication, "CERTIFICATE_CHAIN_GENERAL_FAILURE");
	k.in.path.model = PATH_CHAIN; /* the CA had ended when it was used */
	past_kit_expect_past(&k, NONE);
	fix_cert_free(old);
}

Test(past, ca_that_ended_before_its_certificates_passes_in_both_models)
{
	struct fix_cert *old = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "CA",
					.issuer = root,
					.ca = true,
					.same_key = ca,
					.not_after_ms = NOW - 100 * DAY });
	struct ltps_error err = LTPS_ERROR_INIT;
	material_free(k.m);
	cr_assert_eq(material_new(&k.m, &err), 0);
	k.in.path.pools[0] = k.m;
	past_kit_add(&k, MATERIAL_ANCHOR, root->der);
	past_kit_add(&k, MATERIAL_CERT, old->der);
	k.in.path.no_revocation = true;
	past_kit_expect_past(&k, NOW);
	k.in.path.model = PATH_CHAIN;
	past_kit_expect_past(&k, NOW);
	fix_cert_free(old);
}

Test(past, broken_path_is_a_general_failure)
{
	fix_cert_free(ee);
	ee = fix_cert_make(&(struct fix_cert_options){
	    .cn = "Signer", .issuer = ca, .critical_extension = true });
	past_kit_target(&k, ee->der);
	crl_of(root, NOW - HOUR, NULL, 0);
	crl_of(ca, NOW - HOUR, NULL, 0);
	past_kit_expect_past(&k, NONE);
	cr_assert_str_eq(k.r->subindication, "CERTIFICATE_CHAIN_GENERAL_FAILURE");
	cr_expect_eq(k.r->chain.revocation[0].this_ms, NONE, "nobody asked for status");
	cr_expect_eq(k.r->chain.revocation[0].revoked_ms, NONE);
}

Test(past, unfit_usage_is_a_failed_constraint)
{
	static const uint16_t crl_sign[] = { KEY_USAGE_CRL_SIGN };
	crl_of(root, NOW - HOUR, NULL, 0);
	crl_of(ca, NOW - HOUR, NULL, 0);
	k.in.path.key_usages = crl_sign;
	k.in.path.n_key_usages = 1;
	past_kit_expect_past(&k, NONE);
	cr_assert_str_eq(k.r->subindication, "CHAIN_CONSTRAINTS_FAILURE");
}

Test(past, no_chain_is_told)
{
	fix_cert_free(ee);
	ee = fix_cert_make(&(struct fix_cert_options){ .cn = "Alone" });
	past_kit_target(&k, ee->der);
	past_kit_expect_past(&k, NONE);
	cr_assert_str_eq(k.r->subindication, "NO_CERTIFICATE_CHAIN_FOUND");
}

Test(past, second_chain_is_tried)
{
	struct fix_cert *second = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "Second root", .ca = true });
	struct fix_cert *cross = fix_cert_make(&(struct fix_cert_options){
	    .cn = "CA", .issuer = second, .ca = true, .same_key = ca });
	crl_of(ca, NOW - HOUR, NULL, 0);
	past_kit_expect_past(&k, NONE);
	past_kit_add(&k, MATERIAL_ANCHOR, second->der);
	past_kit_add(&k, MATERIAL_CERT, cross->der);
	crl_of(second, NOW - HOUR, NULL, 0);
	past_kit_expect_past(&k, NOW);
	cr_assert(view_equal(k.r->chain.certs[2]->der, second->der));
	fix_cert_free(cross);
	fix_cert_free(second);
}

Test(past, anchor_as_signer_passes_when_the_policy_lets_it)
{
	past_kit_target(&k, root->der);
	past_kit_expect_past(&k, NONE);
	k.in.anchor_as_signer_passes = true;
	past_kit_expect_past(&k, NOW);
}

Test(past, failing_allocations_never_change_the_outcome)
{
	crl_of(root, NOW - HOUR, NULL, 0);
	crl_of(ca, NOW - HOUR, NULL, 0);
	for (uint64_t n = 1;; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct cert_validation_result *r = NULL;
		mem_fail_nth(n);
		int rc = cert_validate_past(&k.in, &r, &err);
		bool hit = mem_fail_hit();
		mem_fail_nth(0);
		if (rc != 0)
			cr_assert(err.code == LTPS_NOMEM || err.code == LTPS_CRYPTO);
		else
			cr_assert_eq(r->control_time_ms, NOW, "%s", r->text);
		cert_validation_free(r);
		if (!hit)
			break;
	}
}
