/* SPDX-License-Identifier: Apache-2.0 */
/* EN 319 102-1 5.3.4 and 5.2.2, 5.2.6, 5.2.7: each outcome of basic validation with its
 * nearest neighbour. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/basic_kit.h"
#include "tests/support/cms_make.h"

static struct basic_kit k;

static void set_up(void)
{
	basic_kit_init(&k, NULL);
}

static void tear_down(void)
{
	basic_kit_clear(&k);
}

TestSuite(engine_basic, .init = set_up, .fini = tear_down);

/* With other certificates than the usual ones. */
static void again(const struct cades_kit_scene_options *o)
{
	basic_kit_clear(&k);
	basic_kit_init(&k, o);
}

static void sign_plain(void)
{
	basic_kit_sign(&k, &(struct cades_kit_signer){ 0 });
}

static void sign_after(int64_t content_stamp_ms, enum digest_alg signature_digest)
{
	const struct cades_kit_stamp t = { .tsa = k.scene.tsa,
					   .gen_ms = content_stamp_ms };
	basic_kit_sign(&k, &(struct cades_kit_signer){ .content_stamps = &t,
						       .n_content_stamps = 1,
						       .digest = signature_digest });
}

/* ---- format ---- */

Test(engine_basic, format_failure_when_message_digest_stands_twice)
{
	basic_kit_sign(&k,
		       &(struct cades_kit_signer){ .message_digest = CADES_KIT_TWICE });
	basic_kit_expect(&k, SUB_FORMAT_FAILURE);
	cr_assert_eq(k.b.conclusion.constraint, CONSTRAINT_FORMAT);
	cr_assert_neq(k.b.conclusion.text[0], '\0');
	cr_assert_null(k.b.signer);
}

Test(engine_basic, passes_when_nothing_is_wrong)
{
	sign_plain();
	basic_kit_expect(&k, SUB_NONE);
	cr_assert(k.b.intact && k.b.checked);
	cr_assert(view_equal(k.b.signer->der, k.scene.signer->der));
	cr_assert_eq(k.report->n_needs, 0);
	cr_assert(basic_kit_constraint(&k, 0, CONSTRAINT_FORMAT)->holds);
	cr_assert(basic_kit_constraint(&k, 0, CONSTRAINT_SIGNATURE_INTACT)->holds);
}

Test(engine_basic, says_the_same_when_asked_twice)
{
	sign_plain();
	basic_kit_expect(&k, SUB_NONE);
	size_t constraints = k.report->signatures[0].n_constraints;
	size_t findings = k.report->n_findings;
	basic_kit_expect(&k, SUB_NONE);
	cr_assert_eq(k.report->signatures[0].n_constraints, constraints);
	cr_assert_eq(k.report->n_findings, findings);
}

/* ---- 5.2.7 ---- */

Test(engine_basic, hash_failure_when_message_digest_is_another)
{
	basic_kit_sign(&k,
		       &(struct cades_kit_signer){ .message_digest = CADES_KIT_WRONG });
	basic_kit_expect(&k, SUB_HASH_FAILURE);
	cr_assert(strstr(k.b.conclusion.text, "message-digest") != NULL);
	cr_assert(k.b.intact, "the value over the attributes is right");
	cr_assert(!basic_kit_constraint(&k, 0, CONSTRAINT_REFERENCES_INTACT)->holds);
}

Test(engine_basic, crypto_failure_when_the_value_is_changed)
{
	basic_kit_sign(&k, &(struct cades_kit_signer){ .broken = true });
	basic_kit_expect(&k, SUB_SIG_CRYPTO_FAILURE);
	cr_assert(!k.b.intact && k.b.checked);
	cr_assert(k.b.conclusion.has_object);
	cr_assert_eq(memcmp(k.b.conclusion.object, k.b.signer->sha256, 32), 0);
}

Test(engine_basic, crypto_failure_when_another_key_signed)
{
	basic_kit_sign(&k, &(struct cades_kit_signer){ .sign_with = k.scene.ocsp });
	basic_kit_expect(&k, SUB_SIG_CRYPTO_FAILURE);
}

Test(engine_basic, crypto_failure_comes_before_what_fails_the_certificate)
{
	basic_kit_no_anchors(&k);
	basic_kit_sign(&k, &(struct cades_kit_signer){ .broken = true });
	basic_kit_expect(&k, SUB_SIG_CRYPTO_FAILURE);
	cr_assert_eq(k.b.x509.sub, SUB_NO_CERTIFICATE_CHAIN_FOUND);
}

Test(engine_basic, no_chain_when_nothing_is_trusted_and_the_value_is_verified)
{
	basic_kit_no_anchors(&k);
	sign_plain();
	basic_kit_expect(&k, SUB_NO_CERTIFICATE_CHAIN_FOUND);
	cr_assert(k.b.intact);
}

static struct view detached(const char *content)
{
	const struct cades_kit_signer s = { .cert = k.scene.signer };
	return cades_kit_make(&(struct cades_kit_make){ .content = view_text(content),
							.detached = true,
							.signers = &s,
							.n_signers = 1 });
}

Test(engine_basic, no_data_when_detached_content_is_not_given)
{
	basic_kit_load(&k, detached("a"), VIEW_NULL);
	basic_kit_expect(&k, SUB_SIGNED_DATA_NOT_FOUND);
}

Test(engine_basic, hash_failure_when_detached_content_is_another)
{
	basic_kit_load(&k, detached("a"), view_text("b"));
	basic_kit_expect(&k, SUB_HASH_FAILURE);
}

Test(engine_basic, passes_when_detached_content_is_given)
{
	basic_kit_load(&k, detached("a"), view_text("a"));
	basic_kit_expect(&k, SUB_NONE);
}

Test(engine_basic, crypto_failure_when_no_attributes_are_signed_and_content_differs)
{
	const struct cades_kit_signer s = { .cert = k.scene.signer,
					    .no_signed_attrs = true };
	const struct cades_kit_make m = { .content = view_text("a"),
					  .detached = true,
					  .signers = &s,
					  .n_signers = 1 };
	basic_kit_load(&k, cades_kit_make(&m), view_text("b"));
	basic_kit_expect(&k, SUB_SIG_CRYPTO_FAILURE);
	basic_kit_load(&k, cades_kit_make(&m), view_text("a"));
	basic_kit_expect(&k, SUB_NONE);
}

/* A SET with a message-digest, and one without. */
static void sign_content(struct view content)
{
	const struct cades_kit_signer s = { .cert = k.scene.signer,
					    .no_signed_attrs = true };
	basic_kit_load(&k,
		       cades_kit_make(&(struct cades_kit_make){
			   .content = content, .signers = &s, .n_signers = 1 }),
		       VIEW_NULL);
}

Test(engine_basic, format_failure_when_the_content_is_somebodys_signed_attributes)
{
	sign_content(
	    make_el(DER_SET, make_attr(OID_MESSAGE_DIGEST, make_octets("digest"))));
	basic_kit_expect(&k, SUB_FORMAT_FAILURE);
	sign_content(make_el(DER_SET, make_attr("1.2.3", make_octets("digest"))));
	basic_kit_expect(&k, SUB_NONE);
}

Test(engine_basic, attributes_signed_as_stored_pass_and_are_told)
{
	basic_kit_sign(
	    &k, &(struct cades_kit_signer){ .order = CADES_KIT_UNSORTED_SIGNED });
	basic_kit_expect(&k, SUB_NONE);
	cr_assert_not_null(basic_kit_finding(&k, "SIGNED_ATTRIBUTES_ORDER"));
}

Test(engine_basic, attributes_stored_unsorted_and_signed_sorted_pass_without_a_word)
{
	basic_kit_sign(&k, &(struct cades_kit_signer){ .order = CADES_KIT_UNSORTED });
	basic_kit_expect(&k, SUB_NONE);
	cr_assert_null(basic_kit_finding(&k, "SIGNED_ATTRIBUTES_ORDER"));
}

Test(engine_basic, digests_of_value_and_content_that_differ_are_told)
{
	basic_kit_sign(&k,
		       &(struct cades_kit_signer){ .signature_digest = DIGEST_SHA512 });
	basic_kit_expect(&k, SUB_NONE);
	cr_assert_not_null(basic_kit_finding(&k, "SIGNATURE_DIGEST"));
	basic_kit_sign(&k, &(struct cades_kit_signer){ .digest = DIGEST_SHA512 });
	basic_kit_expect(&k, SUB_NONE);
	cr_assert_null(basic_kit_finding(&k, "SIGNATURE_DIGEST"));
}

/* ---- keys whose parameters are those of the path ---- */

static void load_broken_without_certificates(void)
{
	const struct cades_kit_signer s = { .cert = k.scene.signer, .broken = true };
	basic_kit_load(
	    &k,
	    cades_kit_make(&(struct cades_kit_make){
		.no_signer_certificates = true, .signers = &s, .n_signers = 1 }),
	    VIEW_NULL);
}

Test(engine_basic, no_chain_when_the_key_would_inherit_from_one)
{
	/* id-ecPublicKey without parameters. */
	static const uint8_t bare[] = { 0x30, 0x09, 0x06, 0x07, 0x2a, 0x86,
					0x48, 0xce, 0x3d, 0x02, 0x01 };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *whole = NULL;
	cr_assert_eq(cert_parse(k.scene.signer->der, &whole, &err), 0);
	struct cert bereft = *whole;
	bereft.key_algorithm = view_of(bare, sizeof(bare));
	const struct cert *anchors[] = { &bereft };
	k.in.anchors = anchors;
	k.in.n_anchors = 1;
	load_broken_without_certificates();
	basic_kit_expect(&k, SUB_NO_CERTIFICATE_CHAIN_FOUND);
	cr_assert(!k.b.checked);
	anchors[0] = whole;
	basic_kit_expect(&k, SUB_SIG_CRYPTO_FAILURE);
	cr_assert_eq(k.b.x509.sub, SUB_NO_CERTIFICATE_CHAIN_FOUND);
	basic_kit_clear(&k);
	basic_kit_init(&k, NULL);
	cert_free(whole);
}

/* ---- the certificate's status, and what a content time-stamp makes of it ---- */

static void revoke_signer(int64_t at_ms, int reason)
{
	const struct fix_revoked r = { .cert = k.scene.signer,
				       .at_ms = at_ms,
				       .reason = reason };
	basic_kit_add(&k, MATERIAL_CRL, cades_kit_crl(k.scene.ca, KIT_DAY(3), &r));
}

Test(engine_basic, revoked_no_poe_when_revoked_and_nothing_proves_the_order)
{
	revoke_signer(KIT_DAY(1), 1);
	sign_plain();
	basic_kit_expect(&k, SUB_REVOKED_NO_POE);
	cr_assert_eq(k.b.conclusion.time_ms, KIT_DAY(1));
	cr_assert_eq(k.b.conclusion.reason, 1);
	cr_assert(k.b.intact);
}

Test(engine_basic, revoked_when_a_content_time_stamp_is_younger)
{
	revoke_signer(KIT_DAY(1), 1);
	sign_after(KIT_DAY(2), DIGEST_NONE);
	basic_kit_expect(&k, SUB_REVOKED);
	cr_assert_eq(k.b.conclusion.time_ms, KIT_DAY(1));
	cr_assert_eq(k.b.conclusion.reason, 1);
	cr_assert_eq(k.b.content_stamp_ms, KIT_DAY(2));
}

Test(engine_basic, revoked_no_poe_when_the_content_time_stamp_is_as_old)
{
	revoke_signer(KIT_DAY(1), 1);
	sign_after(KIT_DAY(1), DIGEST_NONE);
	basic_kit_expect(&k, SUB_REVOKED_NO_POE);
}

Test(engine_basic, revoked_no_poe_when_the_younger_content_time_stamp_does_not_pass)
{
	revoke_signer(KIT_DAY(1), 1);
	const struct cades_kit_stamp t = { .tsa = k.scene.tsa,
					   .gen_ms = KIT_DAY(2),
					   .wrong_imprint = true };
	basic_kit_sign(&k, &(struct cades_kit_signer){ .content_stamps = &t,
						       .n_content_stamps = 1 });
	basic_kit_expect(&k, SUB_REVOKED_NO_POE);
	cr_assert_eq(k.b.content_stamp_ms, INT64_MIN);
}

static const struct cades_kit_scene_options short_lived = {
	.signer = { .not_after_ms = KIT_DAY(2) }
};

Test(engine_basic, out_of_bounds_when_the_certificate_has_ended)
{
	again(&short_lived);
	sign_plain();
	basic_kit_expect(&k, SUB_OUT_OF_BOUNDS_NO_POE);
}

Test(engine_basic, expired_when_a_content_time_stamp_is_from_after_the_end)
{
	again(&short_lived);
	sign_after(KIT_DAY(3), DIGEST_NONE);
	basic_kit_expect(&k, SUB_EXPIRED);
	cr_assert_eq(k.b.conclusion.constraint, CONSTRAINT_EXPIRED);
}

Test(engine_basic, out_of_bounds_when_the_content_time_stamp_is_from_before_the_end)
{
	again(&short_lived);
	sign_after(KIT_DAY(1), DIGEST_NONE);
	basic_kit_expect(&k, SUB_OUT_OF_BOUNDS_NO_POE);
}

Test(engine_basic, try_later_when_no_status_is_at_hand)
{
	basic_kit_clear(&k);
	basic_kit_init_bare(&k, NULL);
	sign_plain();
	basic_kit_expect(&k, SUB_TRY_LATER);
	cr_assert_eq(k.b.conclusion.constraint, CONSTRAINT_REVOCATION);
}

Test(engine_basic, missing_status_is_told_when_the_policy_wants_no_more)
{
	basic_kit_clear(&k);
	basic_kit_init_bare(&k, NULL);
	basic_kit_rule(&k, CONSTRAINT_REVOCATION, CONSTRAINT_WARN, NULL, NULL);
	sign_plain();
	basic_kit_expect(&k, SUB_NONE);
	cr_assert_not_null(basic_kit_finding(&k, "revocation"));
}

Test(engine_basic, a_revocation_counts_where_a_missing_status_would_be_told)
{
	basic_kit_rule(&k, CONSTRAINT_REVOCATION, CONSTRAINT_WARN, NULL, NULL);
	revoke_signer(KIT_DAY(1), 1);
	sign_plain();
	basic_kit_expect(&k, SUB_REVOKED_NO_POE);
}

Test(engine_basic, status_is_not_asked_when_the_policy_says_so_and_that_is_listed)
{
	basic_kit_rule(&k, CONSTRAINT_REVOCATION, CONSTRAINT_IGNORE, NULL, NULL);
	revoke_signer(KIT_DAY(1), 1);
	sign_plain();
	basic_kit_expect(&k, SUB_NONE);
	const struct report_constraint *c =
	    basic_kit_constraint(&k, 0, CONSTRAINT_REVOCATION);
	cr_assert_not_null(c);
	cr_assert_eq(c->level, CONSTRAINT_IGNORE);
	cr_assert(!c->checked);
}

Test(engine_basic, needs_say_where_a_status_may_be_got)
{
	basic_kit_clear(&k);
	basic_kit_init_bare(&k,
			    &(struct cades_kit_scene_options){
				.signer = { .crl_url = "http://crl.test/ca.crl" } });
	sign_plain();
	basic_kit_expect(&k, SUB_TRY_LATER);
	basic_kit_expect(&k, SUB_TRY_LATER);
	cr_assert_eq(k.report->n_needs, 1);
	cr_assert_str_eq(k.report->needs[0].url, "http://crl.test/ca.crl");
}

/* ---- X.509 constraints ---- */

static void with_usage(const char *usage)
{
	again(&(struct cades_kit_scene_options){ .signer = { .key_usage = usage } });
	basic_kit_rule(&k, CONSTRAINT_KEY_USAGE, CONSTRAINT_FAIL, "nonRepudiation",
		       "digitalSignature+keyEncipherment");
	sign_plain();
}

Test(engine_basic, chain_constraints_failure_when_the_key_usage_is_another)
{
	with_usage("critical,digitalSignature");
	basic_kit_expect(&k, SUB_CHAIN_CONSTRAINTS_FAILURE);
	cr_assert_eq(k.b.conclusion.constraint, CONSTRAINT_KEY_USAGE);
	cr_assert_gt(k.b.certificate->chain.n_certs, 0);
}

Test(engine_basic, passes_when_the_key_usage_is_one_of_the_alternatives)
{
	with_usage("critical,nonRepudiation");
	basic_kit_expect(&k, SUB_NONE);
	with_usage("critical,digitalSignature,keyEncipherment");
	basic_kit_expect(&k, SUB_NONE);
	with_usage("");
	basic_kit_expect(&k, SUB_NONE);
}

Test(engine_basic, another_key_usage_is_told_when_the_policy_wants_no_more)
{
	with_usage("critical,digitalSignature");
	basic_kit_rule(&k, CONSTRAINT_KEY_USAGE, CONSTRAINT_WARN, "nonRepudiation",
		       NULL);
	basic_kit_expect(&k, SUB_NONE);
	cr_assert_not_null(basic_kit_finding(&k, "key-usage"));
}

static void with_config(const char *config)
{
	again(&(struct cades_kit_scene_options){ .signer = { .config = config } });
	sign_plain();
}

#define POLICY_A "certificatePolicies=1.2.3.4\n"

Test(engine_basic, chain_constraints_failure_when_the_certificate_policy_is_another)
{
	with_config(POLICY_A);
	basic_kit_rule(&k, CONSTRAINT_CERTIFICATE_POLICY, CONSTRAINT_FAIL, "1.2.3.5",
		       NULL);
	basic_kit_expect(&k, SUB_CHAIN_CONSTRAINTS_FAILURE);
	cr_assert_eq(k.b.conclusion.constraint, CONSTRAINT_CERTIFICATE_POLICY);
}

Test(engine_basic, chain_constraints_failure_when_the_certificate_is_not_qualified)
{
	sign_plain();
	basic_kit_rule(&k, CONSTRAINT_QC_COMPLIANCE, CONSTRAINT_FAIL, NULL, NULL);
	basic_kit_expect(&k, SUB_CHAIN_CONSTRAINTS_FAILURE);
	cr_assert_eq(k.b.conclusion.constraint, CONSTRAINT_QC_COMPLIANCE);
}

/* QcStatements { QcCompliance }, { QcCompliance, QcSSCD }, { QcType eseal }. */
#define QC_COMPLIANCE "1.3.6.1.5.5.7.1.3=DER:30:0a:30:08:06:06:04:00:8e:46:01:01\n"
#define QC_SSCD                                                                        \
	"1.3.6.1.5.5.7.1.3=DER:30:14:30:08:06:06:04:00:8e:46:01:01:"                   \
	"30:08:06:06:04:00:8e:46:01:04\n"
#define QC_ESEAL                                                                       \
	"1.3.6.1.5.5.7.1.3=DER:30:1f:30:08:06:06:04:00:8e:46:01:01:"                   \
	"30:13:06:06:04:00:8e:46:01:06:30:09:06:07:04:00:8e:46:01:06:02\n"

Test(engine_basic, passes_when_the_certificate_is_qualified)
{
	with_config(QC_COMPLIANCE);
	basic_kit_rule(&k, CONSTRAINT_QC_COMPLIANCE, CONSTRAINT_FAIL, NULL, NULL);
	basic_kit_expect(&k, SUB_NONE);
}

Test(engine_basic, chain_constraints_failure_when_no_device_is_named)
{
	with_config(QC_COMPLIANCE);
	basic_kit_rule(&k, CONSTRAINT_QC_SSCD, CONSTRAINT_FAIL, NULL, NULL);
	basic_kit_expect(&k, SUB_CHAIN_CONSTRAINTS_FAILURE);
	with_config(QC_SSCD);
	basic_kit_rule(&k, CONSTRAINT_QC_SSCD, CONSTRAINT_FAIL, NULL, NULL);
	basic_kit_expect(&k, SUB_NONE);
}

Test(engine_basic, chain_constraints_failure_when_the_type_is_another)
{
	with_config(QC_ESEAL);
	basic_kit_rule(&k, CONSTRAINT_QC_TYPE, CONSTRAINT_FAIL, "esign", NULL);
	basic_kit_expect(&k, SUB_CHAIN_CONSTRAINTS_FAILURE);
	basic_kit_rule(&k, CONSTRAINT_QC_TYPE, CONSTRAINT_FAIL, "eseal", NULL);
	basic_kit_expect(&k, SUB_NONE);
	with_config(QC_COMPLIANCE);
	basic_kit_rule(&k, CONSTRAINT_QC_TYPE, CONSTRAINT_FAIL, "esign", NULL);
	basic_kit_expect(&k, SUB_NONE);
}

Test(engine_basic, chain_constraints_failure_when_the_extended_key_usage_is_another)
{
	again(&(struct cades_kit_scene_options){ .signer = { .eku = FIX_EKU_OTHER } });
	sign_plain();
	basic_kit_rule(&k, CONSTRAINT_EXTENDED_KEY_USAGE, CONSTRAINT_FAIL,
		       "1.3.6.1.5.5.7.3.36", NULL);
	basic_kit_expect(&k, SUB_CHAIN_CONSTRAINTS_FAILURE);
	basic_kit_rule(&k, CONSTRAINT_EXTENDED_KEY_USAGE, CONSTRAINT_FAIL,
		       "1.3.6.1.5.5.7.3.4", NULL);
	basic_kit_expect(&k, SUB_NONE);
}

/* ---- algorithms ---- */

Test(engine_basic, no_poe_when_the_digest_had_ended)
{
	basic_kit_sign(&k, &(struct cades_kit_signer){ .digest = DIGEST_SHA1 });
	basic_kit_expect(&k, SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
	cr_assert(k.b.weak_signature);
	cr_assert_str_eq(k.b.conclusion.algorithm, "sha1");
	cr_assert_eq(k.b.conclusion.time_ms, k.b.weak_until_ms);
	cr_assert_lt(k.b.weak_until_ms, KIT_DAY(0));
	cr_assert_eq(memcmp(k.b.conclusion.object, k.doc->signatures[0].sha256, 32), 0);
}

Test(engine_basic, crypto_constraints_failure_when_a_content_time_stamp_is_younger)
{
	sign_after(KIT_DAY(0), DIGEST_SHA1);
	basic_kit_expect(&k, SUB_CRYPTO_CONSTRAINTS_FAILURE);
	cr_assert_str_eq(k.b.conclusion.algorithm, "sha1");
}

Test(engine_basic, passes_when_judged_before_the_end_of_the_digest)
{
	const int64_t early = KIT_DAY(0) - 14 * FIX_YEAR_MS; /* 2012 */
	again(&(struct cades_kit_scene_options){
	    .root = { .not_before_ms = early - FIX_DAY_MS },
	    .ca = { .not_before_ms = early - FIX_DAY_MS },
	    .signer = { .not_before_ms = early - FIX_DAY_MS } });
	basic_kit_rule(&k, CONSTRAINT_REVOCATION, CONSTRAINT_IGNORE, NULL, NULL);
	basic_kit_sign(&k, &(struct cades_kit_signer){ .digest = DIGEST_SHA1 });
	const struct conclusion *c = basic_kit_judge(&k, 0, early);
	cr_assert_eq(c->sub, SUB_NONE, "%s", c->text);
}

Test(engine_basic, ended_digest_is_told_when_the_policy_wants_no_more)
{
	basic_kit_rule(&k, CONSTRAINT_CRYPTO, CONSTRAINT_WARN, NULL, NULL);
	basic_kit_sign(&k, &(struct cades_kit_signer){ .digest = DIGEST_SHA1 });
	basic_kit_expect(&k, SUB_NONE);
	cr_assert_not_null(basic_kit_finding(&k, "crypto"));
}

Test(engine_basic, unknown_signature_algorithm_is_indeterminate)
{
	sign_plain();
	static const uint8_t unknown[] = { 0x30, 0x04, 0x06, 0x02, 0x2a, 0x03 };
	k.doc->signatures[0].algorithm = view_of(unknown, sizeof(unknown));
	basic_kit_expect(&k, SUB_CRYPTO_CONSTRAINTS_FAILURE);
	cr_assert(!k.b.intact && !k.b.checked);
}
