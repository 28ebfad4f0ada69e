/* SPDX-License-Identifier: Apache-2.0 */
/* CertReply: every ReplyStatus and validation error, and how checks are answered.
 * RFC 5055 4.9, 3.2.4.2.2. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/asn1.h"
#include "tests/support/scvp_kit.h"

static struct scvp_kit kit;

static void make_kit(void)
{
	scvp_kit_make(&kit);
}

static void free_kit(void)
{
	scvp_kit_free(&kit);
}

TestSuite(scvp_reply, .init = make_kit, .fini = free_kit);

enum { BVAE = 3 };
#define DAY FIX_DAY_MS

/* One reply with this status; -1: no check is to be there. */
static void expect_answer(const struct kit_answer *a, enum scvp_reply_status status,
			  int check)
{
	cr_assert_eq(a->p->status, SCVP_OKAY, "%s", scvp_status_name(a->p->status));
	cr_assert(a->is_signed);
	cr_assert_eq(a->p->n_replies, 1);
	const struct scvp_reply *r = &a->p->replies[0];
	cr_assert_eq(r->status, (uint64_t)status, "%s, not %s",
		     scvp_reply_status_name(r->status), scvp_reply_status_name(status));
	if (status != SCVP_REPLY_SUCCESS)
		cr_assert_eq(r->n_want_backs, 0);
	else
		cr_assert_eq(r->errors.n, 0);
	if (check < 0) {
		cr_assert_eq(r->n_checks, 0);
		return;
	}
	cr_assert_eq(r->n_checks, 1);
	cr_assert_eq(r->checks[0].status, (uint64_t)check, "check is %d",
		     (int)r->checks[0].status);
}

static void expect(const struct kit_ask *ask, enum scvp_reply_status status, int check,
		   unsigned error)
{
	struct kit_answer a;
	scvp_kit_exchange(&kit, ask, &a);
	expect_answer(&a, status, check);
	if (error != 0)
		cr_assert(scvp_kit_has_error(&a, 0, BVAE, error), "error %u", error);
	scvp_kit_answer_free(&a);
}

Test(scvp_reply, good_certificate_succeeds_for_each_check)
{
	static const enum scvp_check_id ids[] = { SCVP_CHECK_BUILD, SCVP_CHECK_VALID,
						  SCVP_CHECK_STATUS };
	for (size_t i = 0; i < 3; i++) {
		struct kit_ask ask;
		scvp_kit_ask(&ask, kit.ee);
		ask.checks[0] = scvp_check_oid(ids[i]);
		expect(&ask, SCVP_REPLY_SUCCESS, 0, 0);
	}
}

Test(scvp_reply, all_checks_are_answered_once_in_order)
{
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_check(&ask, SCVP_CHECK_VALID);
	scvp_kit_check(&ask, SCVP_CHECK_BUILD);
	scvp_kit_check(&ask, SCVP_CHECK_STATUS);
	scvp_kit_check(&ask, SCVP_CHECK_VALID);
	scvp_kit_status_at(&kit, 0);
	scvp_kit_exchange(&kit, &ask, &a);
	const struct scvp_reply *r = &a.p->replies[0];
	cr_assert_eq(r->status, SCVP_REPLY_PATH_NOT_VALID_NOW);
	cr_assert_eq(r->n_checks, 3);
	cr_assert_eq(scvp_check_id(r->checks[0].oid), SCVP_CHECK_VALID);
	cr_assert_eq(r->checks[0].status, 0);
	cr_assert_eq(r->checks[1].status, 0);
	cr_assert_eq(r->checks[2].status, SCVP_CHECK_NO_REVOCATION_SOURCE);
	scvp_kit_answer_free(&a);
}

Test(scvp_reply, malformed_certificate_is_1)
{
	static const uint8_t der[] = { 0x30, 0x03, 0x02, 0x01, 0x00 };
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	ask.certs[0].cert = view_of(der, sizeof(der));
	expect(&ask, SCVP_REPLY_MALFORMED_PKC, -1, 0);
}

Test(scvp_reply, past_time_without_history_is_3)
{
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.has_validation_time = true;
	ask.q.query.validation_time_ms = KIT_NOW_MS - 300 * DAY;
	expect(&ask, SCVP_REPLY_UNAVAILABLE_TIME, -1, 0);
}

Test(scvp_reply, past_time_is_judged_with_what_was_known_then)
{
	const struct fix_revoked gone = { .cert = kit.ee,
					  .at_ms = KIT_NOW_MS - 10 * DAY,
					  .reason = FIX_NO_REASON };
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_status_at(&kit, KIT_NOW_MS - 20 * DAY);
	struct buf crl = buf_make((size_t)1 << 20);
	fix_crl_simple(kit.ca, KIT_NOW_MS - DAY, &gone, &crl);
	fix_material_add(kit.pool, MATERIAL_CRL, view_buf(&crl));
	buf_clear(&crl);
	fix_crl_simple(kit.root, KIT_NOW_MS - DAY, NULL, &crl);
	fix_material_add(kit.pool, MATERIAL_CRL, view_buf(&crl));
	buf_free(&crl);
	scvp_kit_ask(&ask, kit.ee);
	expect(&ask, SCVP_REPLY_PATH_NOT_VALID, 1, 5);
	ask.q.query.has_validation_time = true;
	ask.q.query.validation_time_ms = KIT_NOW_MS - 15 * DAY;
	scvp_kit_exchange(&kit, &ask, &a);
	expect_answer(&a, SCVP_REPLY_SUCCESS, 0);
	cr_assert_eq(a.p->replies[0].validation_time_ms, KIT_NOW_MS - 15 * DAY);
	cr_assert_eq(a.p->produced_ms, KIT_NOW_MS);
	cr_assert_not(a.p->replies[0].has_next_update);
	scvp_kit_answer_free(&a);
}

Test(scvp_reply, hindsight_sees_a_revocation_that_reaches_back)
{
	const struct fix_revoked gone = { .cert = kit.ee,
					  .at_ms = KIT_NOW_MS - 10 * DAY,
					  .reason = FIX_NO_REASON,
					  .invalidity_ms = KIT_NOW_MS - 16 * DAY };
	struct kit_ask ask;
	scvp_kit_status_at(&kit, KIT_NOW_MS - 20 * DAY);
	struct buf crl = buf_make((size_t)1 << 20);
	fix_crl_simple(kit.ca, KIT_NOW_MS - DAY, &gone, &crl);
	fix_material_add(kit.pool, MATERIAL_CRL, view_buf(&crl));
	buf_free(&crl);
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.has_validation_time = true;
	ask.q.query.validation_time_ms = KIT_NOW_MS - 15 * DAY;
	expect(&ask, SCVP_REPLY_SUCCESS, 0, 0);
	ask.q.query.policy.id = kit.policies[1].id;
	expect(&ask, SCVP_REPLY_PATH_NOT_VALID, 1, 5);
}

Test(scvp_reply, time_within_the_skew_is_now)
{
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.has_validation_time = true;
	ask.q.query.validation_time_ms = KIT_NOW_MS - 60000;
	scvp_kit_exchange(&kit, &ask, &a);
	cr_assert_eq(a.p->replies[0].validation_time_ms, KIT_NOW_MS);
	scvp_kit_answer_free(&a);
}

Test(scvp_reply, unknown_reference_is_4)
{
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_refer(&ask, kit.ee, DIGEST_SHA256);
	ask.hash.p[0] ^= 1;
	ask.certs[0].id.hash = digest_view(&ask.hash);
	expect(&ask, SCVP_REPLY_REFERENCE_HASH_FAIL, -1, 0);
	buf_free(&ask.issuer);
}

Test(scvp_reply, reference_is_resolved_and_echoed)
{
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_refer(&ask, kit.ee, DIGEST_SHA1);
	scvp_kit_exchange(&kit, &ask, &a);
	expect_answer(&a, SCVP_REPLY_SUCCESS, 0);
	cr_assert_eq(a.p->replies[0].cert.kind, SCVP_REF_PKC);
	cr_assert(view_equal(a.p->replies[0].cert.id.hash, ask.certs[0].id.hash));
	scvp_kit_answer_free(&a);
	scvp_kit_want(&ask, SCVP_WANT_CERT);
	scvp_kit_exchange(&kit, &ask, &a);
	cr_assert_eq(a.p->replies[0].cert.kind, SCVP_REF_CERT);
	cr_assert(view_equal(a.p->replies[0].cert.cert, kit.ee->der));
	cr_assert_eq(a.p->replies[0].n_want_backs, 0);
	scvp_kit_answer_free(&a);
	buf_free(&ask.issuer);
}

Test(scvp_reply, no_path_is_5)
{
	struct fix_cert *alone =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "alone" });
	struct kit_ask ask;
	scvp_kit_ask(&ask, alone);
	expect(&ask, SCVP_REPLY_PATH_CONSTRUCT_FAIL, 1, 4);
	scvp_kit_check(&ask, SCVP_CHECK_BUILD);
	expect(&ask, SCVP_REPLY_PATH_CONSTRUCT_FAIL, 1, 4);
	fix_cert_free(alone);
}

Test(scvp_reply, path_to_another_anchor_is_the_wrong_one)
{
	struct fix_cert *other =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "other", .ca = true });
	struct scvp_cert_ref anchor = { .kind = SCVP_REF_CERT, .cert = other->der };
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.policy.has_anchors = true;
	ask.q.query.policy.anchors = &anchor;
	ask.q.query.policy.n_anchors = 1;
	expect(&ask, SCVP_REPLY_PATH_CONSTRUCT_FAIL, 1, 3);
	/* The root of the service named by the client itself will do. */
	anchor.cert = kit.root->der;
	expect(&ask, SCVP_REPLY_SUCCESS, 0, 0);
	fix_cert_free(other);
}

Test(scvp_reply, anchor_that_only_the_client_knows_counts)
{
	struct fix_cert *root =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "theirs", .ca = true });
	struct fix_cert *leaf =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "leaf", .issuer = root });
	const struct scvp_cert_ref anchor = { .kind = SCVP_REF_CERT,
					      .cert = root->der };
	struct kit_ask ask;
	scvp_kit_ask(&ask, leaf);
	scvp_kit_check(&ask, SCVP_CHECK_VALID);
	expect(&ask, SCVP_REPLY_PATH_CONSTRUCT_FAIL, 1, 4);
	ask.q.query.policy.has_anchors = true;
	ask.q.query.policy.anchors = &anchor;
	ask.q.query.policy.n_anchors = 1;
	expect(&ask, SCVP_REPLY_SUCCESS, 0, 0);
	fix_cert_free(leaf);
	fix_cert_free(root);
}

static void trust_root_until(int64_t sunset_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	material_free(kit.trust);
	kit.trust = NULL;
	cr_assert_eq(material_new(&kit.trust, &err), 0);
	cr_assert_eq(material_add_anchor(kit.trust, kit.root->der, sunset_ms, &err), 0);
	kit.config.trust = kit.trust;
}

/* Such an anchor is none: not even a prospective path ends there. */
Test(scvp_reply, anchor_whose_trust_has_ended_is_none)
{
	static const enum scvp_check_id ids[] = { SCVP_CHECK_BUILD, SCVP_CHECK_VALID,
						  SCVP_CHECK_STATUS };
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	for (size_t i = 0; i < 3; i++) {
		ask.checks[0] = scvp_check_oid(ids[i]);
		trust_root_until(KIT_NOW_MS);
		expect(&ask, SCVP_REPLY_PATH_CONSTRUCT_FAIL, 1, 4);
		trust_root_until(KIT_NOW_MS + 1);
		expect(&ask, SCVP_REPLY_SUCCESS, 0, 0);
	}
	/* At a time before that it was one. */
	trust_root_until(KIT_NOW_MS);
	ask.q.query.has_validation_time = true;
	ask.q.query.validation_time_ms = KIT_NOW_MS - DAY / 2;
	expect(&ask, SCVP_REPLY_SUCCESS, 0, 0);
}

Test(scvp_reply, revoked_certificate_is_6)
{
	const struct fix_revoked gone = { .cert = kit.ee,
					  .at_ms = KIT_NOW_MS - 10 * DAY,
					  .reason = FIX_NO_REASON };
	struct kit_ask ask;
	scvp_kit_revoke(&kit, &gone);
	scvp_kit_ask(&ask, kit.ee);
	expect(&ask, SCVP_REPLY_PATH_NOT_VALID, 1, 5);
	/* Building and validating do not ask for it. */
	scvp_kit_check(&ask, SCVP_CHECK_VALID);
	expect(&ask, SCVP_REPLY_SUCCESS, 0, 0);
}

Test(scvp_reply, expired_certificate_is_6)
{
	struct fix_cert *old = fix_cert_make(&(struct fix_cert_options){
	    .cn = "old", .issuer = kit.ca, .not_after_ms = KIT_NOW_MS - DAY });
	struct kit_ask ask;
	scvp_kit_ask(&ask, old);
	scvp_kit_check(&ask, SCVP_CHECK_VALID);
	expect(&ask, SCVP_REPLY_PATH_NOT_VALID, 1, 1);
	/* A prospective path is one all the same. */
	ask.checks[0] = scvp_check_oid(SCVP_CHECK_BUILD);
	expect(&ask, SCVP_REPLY_SUCCESS, 0, 0);
	fix_cert_free(old);
}

Test(scvp_reply, certificate_of_the_future_is_7)
{
	struct fix_cert *young = fix_cert_make(&(struct fix_cert_options){
	    .cn = "young", .issuer = kit.ca, .not_before_ms = KIT_NOW_MS + DAY });
	struct kit_ask ask;
	scvp_kit_ask(&ask, young);
	scvp_kit_check(&ask, SCVP_CHECK_VALID);
	expect(&ask, SCVP_REPLY_PATH_NOT_VALID_NOW, 1, 2);
	fix_cert_free(young);
}

Test(scvp_reply, certificate_on_hold_is_7)
{
	const struct fix_revoked held = { .cert = kit.ee,
					  .at_ms = KIT_NOW_MS - 10 * DAY,
					  .reason = 6 /* certificateHold */ };
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_revoke(&kit, &held);
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_exchange(&kit, &ask, &a);
	expect_answer(&a, SCVP_REPLY_PATH_NOT_VALID_NOW, 1);
	cr_assert(a.p->replies[0].has_next_update);
	cr_assert_eq(a.p->replies[0].next_update_ms, KIT_NOW_MS + 29 * DAY);
	scvp_kit_answer_free(&a);
}

Test(scvp_reply, missing_status_is_7_with_its_own_check_value)
{
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_status_at(&kit, 0);
	expect(&ask, SCVP_REPLY_PATH_NOT_VALID_NOW, SCVP_CHECK_NO_REVOCATION_SOURCE, 0);
	scvp_kit_status_at(&kit, KIT_NOW_MS - 90 * DAY);
	expect(&ask, SCVP_REPLY_PATH_NOT_VALID_NOW, SCVP_CHECK_REVOCATION_OFFLINE, 0);
}

Test(scvp_reply, key_usages_are_alternatives_of_sets)
{
	static const uint16_t usages[] = { KEY_USAGE_DIGITAL_SIGNATURE |
					       KEY_USAGE_KEY_ENCIPHERMENT,
					   KEY_USAGE_KEY_AGREEMENT,
					   KEY_USAGE_DIGITAL_SIGNATURE };
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.policy.has_key_usages = true;
	expect(&ask, SCVP_REPLY_SUCCESS, 0, 0);
	ask.q.query.policy.key_usages = usages;
	ask.q.query.policy.n_key_usages = 2;
	expect(&ask, SCVP_REPLY_PATH_NOT_VALID, 1, 10);
	ask.q.query.policy.n_key_usages = 3;
	expect(&ask, SCVP_REPLY_SUCCESS, 0, 0);
}

/* id-kp-serverAuth, id-kp-emailProtection, id-kp-codeSigning */
static const uint8_t kp1[] = { 0x2b, 6, 1, 5, 5, 7, 3, 1 };
static const uint8_t kp4[] = { 0x2b, 6, 1, 5, 5, 7, 3, 4 };
static const uint8_t kp3[] = { 0x2b, 6, 1, 5, 5, 7, 3, 3 };

Test(scvp_reply, extended_key_usages_must_all_be_there_unless_any_is)
{
	const struct view both[] = { view_of(kp1, 8), view_of(kp4, 8) };
	const struct view more[] = { view_of(kp1, 8), view_of(kp3, 8) };
	struct fix_cert *two = scvp_kit_ee(
	    &kit, "two", "[ext]\nextendedKeyUsage = serverAuth,emailProtection\n");
	struct fix_cert *any =
	    scvp_kit_ee(&kit, "any", "[ext]\nextendedKeyUsage = anyExtendedKeyUsage\n");
	struct kit_ask ask;
	scvp_kit_ask(&ask, two);
	ask.q.query.policy.has_extended_key_usages = true;
	ask.q.query.policy.extended_key_usages = (struct scvp_list){ both, 2 };
	expect(&ask, SCVP_REPLY_SUCCESS, 0, 0);
	ask.q.query.policy.extended_key_usages = (struct scvp_list){ more, 2 };
	expect(&ask, SCVP_REPLY_PATH_NOT_VALID, 1, 9);
	ask.certs[0].cert = any->der;
	expect(&ask, SCVP_REPLY_SUCCESS, 0, 0);
	ask.certs[0].cert = kit.ee->der; /* without the extension */
	expect(&ask, SCVP_REPLY_SUCCESS, 0, 0);
	fix_cert_free(any);
	fix_cert_free(two);
}

Test(scvp_reply, specified_key_usages_must_be_there_themselves)
{
	const struct view one[] = { view_of(kp4, 8) };
	struct fix_cert *two = scvp_kit_ee(
	    &kit, "two", "[ext]\nextendedKeyUsage = serverAuth,emailProtection\n");
	struct fix_cert *any =
	    scvp_kit_ee(&kit, "any", "[ext]\nextendedKeyUsage = anyExtendedKeyUsage\n");
	struct kit_ask ask;
	scvp_kit_ask(&ask, two);
	ask.q.query.policy.has_specified_key_usages = true;
	ask.q.query.policy.specified_key_usages = (struct scvp_list){ one, 1 };
	expect(&ask, SCVP_REPLY_SUCCESS, 0, 0);
	ask.certs[0].cert = any->der;
	expect(&ask, SCVP_REPLY_PATH_NOT_VALID, 1, 9);
	ask.certs[0].cert = kit.ee->der;
	expect(&ask, SCVP_REPLY_PATH_NOT_VALID, 1, 9);
	fix_cert_free(any);
	fix_cert_free(two);
}

Test(scvp_reply, policies_are_inputs_of_validation)
{
	static const uint8_t asked[] = { 0x2a, 0x03, 0x09 };
	static const uint8_t any[] = { 0x55, 0x1d, 0x20, 0x00 };
	struct view set[] = { view_of(asked, 3) };
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.policy.explicit_policy = SCVP_TRUE;
	expect(&ask, SCVP_REPLY_PATH_NOT_VALID, 1, 11);
	ask.q.query.policy.explicit_policy = SCVP_ABSENT;
	ask.q.query.policy.has_user_policies = true;
	ask.q.query.policy.user_policies = (struct scvp_list){ set, 1 };
	expect(&ask, SCVP_REPLY_SUCCESS, 0, 0);
	ask.q.query.policy.explicit_policy = SCVP_TRUE;
	set[0] = view_of(any, 4);
	expect(&ask, SCVP_REPLY_PATH_NOT_VALID, 1, 11);
}

Test(scvp_reply, intermediates_and_status_of_the_client_are_used)
{
	struct buf crls[2] = { buf_make((size_t)1 << 20), buf_make((size_t)1 << 20) };
	const struct view ca = kit.ca->der;
	struct scvp_rev_info infos[2];
	struct kit_ask ask;
	struct ltps_error err = LTPS_ERROR_INIT;
	scvp_kit_ask(&ask, kit.ee);
	material_free(kit.pool);
	cr_assert_eq(material_new(&kit.pool, &err), 0);
	expect(&ask, SCVP_REPLY_PATH_CONSTRUCT_FAIL, 1, 4);
	ask.q.query.intermediates = (struct scvp_list){ &ca, 1 };
	expect(&ask, SCVP_REPLY_PATH_NOT_VALID_NOW, SCVP_CHECK_NO_REVOCATION_SOURCE, 0);
	fix_crl_simple(kit.root, KIT_NOW_MS - DAY, NULL, &crls[0]);
	fix_crl_simple(kit.ca, KIT_NOW_MS - DAY, NULL, &crls[1]);
	for (size_t i = 0; i < 2; i++)
		infos[i] = (struct scvp_rev_info){ SCVP_REV_CRL, view_buf(&crls[i]) };
	ask.q.query.rev_infos = infos;
	ask.q.query.n_rev_infos = 2;
	expect(&ask, SCVP_REPLY_SUCCESS, 0, 0);
	buf_free(&crls[1]);
	buf_free(&crls[0]);
}

Test(scvp_reply, useless_intermediates_and_status_do_no_harm)
{
	static const uint8_t junk[] = { 0x30, 0x03, 0x02, 0x01, 0x07 };
	const struct view der = view_of(junk, sizeof(junk));
	const struct scvp_rev_info infos[] = { { SCVP_REV_CRL, der },
					       { SCVP_REV_DELTA_CRL, der },
					       { SCVP_REV_OCSP, der },
					       { SCVP_REV_OTHER, der } };
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.intermediates = (struct scvp_list){ &der, 1 };
	ask.q.query.rev_infos = infos;
	ask.q.query.n_rev_infos = 4;
	expect(&ask, SCVP_REPLY_SUCCESS, 0, 0);
}

Test(scvp_reply, replies_come_in_the_order_of_the_question)
{
	static const uint8_t junk[] = { 0x30, 0x03, 0x02, 0x01, 0x07 };
	const struct fix_revoked gone = { .cert = kit.ee,
					  .at_ms = KIT_NOW_MS - 10 * DAY,
					  .reason = FIX_NO_REASON };
	struct fix_cert *good = scvp_kit_ee(&kit, "good", NULL);
	struct kit_ask ask;
	struct kit_answer a;
	scvp_kit_revoke(&kit, &gone);
	scvp_kit_ask(&ask, good);
	scvp_kit_also(&ask, kit.ee);
	scvp_kit_also(&ask, good);
	ask.certs[2].cert = view_of(junk, sizeof(junk));
	scvp_kit_also(&ask, good);
	scvp_kit_exchange(&kit, &ask, &a);
	cr_assert_eq(a.p->status, SCVP_OKAY);
	cr_assert_eq(a.p->n_replies, 4);
	cr_assert_eq(a.p->replies[0].status, SCVP_REPLY_SUCCESS);
	cr_assert_eq(a.p->replies[1].status, SCVP_REPLY_PATH_NOT_VALID);
	cr_assert_eq(a.p->replies[2].status, SCVP_REPLY_MALFORMED_PKC);
	cr_assert_eq(a.p->replies[3].status, SCVP_REPLY_SUCCESS);
	for (size_t i = 0; i < 4; i++)
		cr_assert(view_equal(a.p->replies[i].cert.cert, ask.certs[i].cert));
	scvp_kit_answer_free(&a);
	fix_cert_free(good);
}
