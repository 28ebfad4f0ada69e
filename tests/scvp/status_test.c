/* SPDX-License-Identifier: Apache-2.0 */
/* Every CVStatusCode, by the request that deserves it. RFC 5055 4.4. */
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

TestSuite(scvp_status, .init = make_kit, .fini = free_kit);

static void expect_bytes(struct view bytes, enum scvp_status status)
{
	struct kit_answer a;
	scvp_kit_send(&kit, bytes, &a);
	cr_assert_eq(a.p->status, (uint64_t)status, "%s, not %s: %.*s",
		     scvp_status_name(a.p->status), scvp_status_name(status),
		     (int)a.p->message.n, (const char *)a.p->message.p);
	cr_assert_eq(a.raw.status, status);
	cr_assert(view_equal(a.p->config_id, kit.config.config_id));
	cr_assert_eq(a.p->version, 1);
	cr_assert_eq(a.p->produced_ms, KIT_NOW_MS);
	cr_assert_eq(a.raw.until_ms == 0 || status < 10, true);
	if (status >= 10) {
		/* Not authenticated: MUST NOT be protected, no policy, no replies. */
		cr_assert_eq(a.e->protection, SCVP_BARE);
		cr_assert_not(a.p->has_policy);
		cr_assert_eq(a.p->n_replies, 0);
	} else {
		cr_assert(a.p->has_policy);
		cr_assert_gt(a.p->n_replies, 0);
	}
	scvp_kit_answer_free(&a);
}

static void expect(const struct kit_ask *ask, enum scvp_status status)
{
	struct buf b = scvp_kit_bytes(ask);
	expect_bytes(view_buf(&b), status);
	buf_free(&b);
}

Test(scvp_status, plain_request_is_okay)
{
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	expect(&ask, SCVP_OKAY);
}

Test(scvp_status, unknown_extensions_that_are_not_critical_are_skipped)
{
	static const uint8_t oid[] = { 0x2a, 0x03 };
	const struct scvp_extension e = { .oid = view_of(oid, 2),
					  .value = view_text("?") };
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.extensions = (struct scvp_extensions){ true, &e, 1 };
	expect(&ask, SCVP_SKIP_UNRECOGNIZED_ITEMS);
	ask.q.extensions.present = false;
	ask.q.extensions.n = 0;
	ask.q.query.extensions = (struct scvp_extensions){ true, &e, 1 };
	expect(&ask, SCVP_SKIP_UNRECOGNIZED_ITEMS);
}

Test(scvp_status, critical_extensions_are_refused_by_where_they_stand)
{
	static const uint8_t oid[] = { 0x2a, 0x03 };
	const struct scvp_extension e = { .oid = view_of(oid, 2),
					  .critical = true,
					  .value = view_text("?") };
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.extensions = (struct scvp_extensions){ true, &e, 1 };
	expect(&ask, SCVP_UNRECOGNIZED_CRIT_QUERY_EXT);
	ask.q.extensions = (struct scvp_extensions){ true, &e, 1 };
	expect(&ask, SCVP_UNRECOGNIZED_CRIT_REQUEST_EXT);
}

Test(scvp_status, busy_and_broken_archives_are_told_apart)
{
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	kit.fail_busy = true;
	expect(&ask, SCVP_TOO_BUSY);
	kit.fail_busy = false;
	kit.fail_internal = true;
	expect(&ask, SCVP_INTERNAL_ERROR);
}

Test(scvp_status, fresh_answer_without_nonce_is_invalid)
{
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.fresh_only = true;
	expect(&ask, SCVP_INVALID_REQUEST);
	ask.q.has_nonce = true;
	ask.q.nonce = view_text("nonce");
	expect(&ask, SCVP_OKAY);
}

Test(scvp_status, future_validation_time_is_invalid_beyond_the_clock_skew)
{
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.has_validation_time = true;
	ask.q.query.validation_time_ms = KIT_NOW_MS + 11 * 60 * 1000;
	expect(&ask, SCVP_INVALID_REQUEST);
	ask.q.query.validation_time_ms = KIT_NOW_MS + 9 * 60 * 1000;
	expect(&ask, SCVP_OKAY);
}

Test(scvp_status, anchor_that_cannot_sign_certificates_is_invalid)
{
	const struct scvp_cert_ref anchor = { .kind = SCVP_REF_CERT,
					      .cert = kit.ee->der };
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.policy.has_anchors = true;
	ask.q.query.policy.anchors = &anchor;
	ask.q.query.policy.n_anchors = 1;
	expect(&ask, SCVP_INVALID_REQUEST);
}

Test(scvp_status, conflict_with_a_fixed_parameter_is_invalid)
{
	const uint16_t usage = KEY_USAGE_DIGITAL_SIGNATURE;
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.policy.id = kit.policies[2].id;
	expect(&ask, SCVP_OKAY);
	ask.q.query.policy.has_key_usages = true;
	ask.q.query.policy.key_usages = &usage;
	ask.q.query.policy.n_key_usages = 1;
	expect(&ask, SCVP_INVALID_REQUEST);
}

Test(scvp_status, parameters_of_the_basic_algorithm_are_invalid)
{
	static const uint8_t null[] = { 5, 0 };
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.policy.alg = scvp_svp_oid(3);
	expect(&ask, SCVP_OKAY);
	ask.q.query.policy.alg_params = view_of(null, 2);
	expect(&ask, SCVP_INVALID_REQUEST);
}

Test(scvp_status, foreign_context_is_invalid)
{
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_want(&ask, SCVP_WANT_BEST_PATH);
	ask.q.query.has_context = true;
	ask.q.query.context = view_text("what somebody made up");
	expect(&ask, SCVP_INVALID_REQUEST);
}

Test(scvp_status, bytes_that_are_no_ber_cannot_be_decoded)
{
	static const uint8_t noise[] = { 0xff, 0x01, 0x02 };
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	struct buf b = scvp_kit_bytes(&ask);
	expect_bytes(view_of(noise, sizeof(noise)), SCVP_UNABLE_TO_DECODE);
	/* Cut at any place: never accepted, and never a fault of ours. */
	for (size_t n = 1; n < b.n; n += 7)
		expect_bytes(view_of(b.p, n), SCVP_UNABLE_TO_DECODE);
	buf_free(&b);
}

Test(scvp_status, empty_body_is_bad_structure)
{
	expect_bytes(VIEW_NULL, SCVP_BAD_STRUCTURE);
}

Test(scvp_status, other_structure_is_bad_structure)
{
	static const uint8_t sequence[] = { 0x30, 0x03, 0x02, 0x01, 0x01 };
	expect_bytes(view_of(sequence, sizeof(sequence)), SCVP_BAD_STRUCTURE);
}

/* A CVRequest with one more element at the end of it. */
static struct buf with_tail(const struct kit_ask *ask, struct view tail)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf m = buf_make(SCVP_REQUEST_MAX), body = buf_make(SCVP_REQUEST_MAX),
		   whole = buf_make(SCVP_REQUEST_MAX), out = buf_make(SCVP_REQUEST_MAX);
	struct tlv t;
	cr_assert_eq(scvp_request_encode(&ask->q, &m, &err), 0);
	cr_assert_eq(tlv_only(view_buf(&m), &t, &err), 0);
	cr_assert_eq(buf_put(&body, t.body, &err), 0);
	cr_assert_eq(buf_put(&body, tail, &err), 0);
	cr_assert_eq(der_put(&whole, DER_SEQUENCE, view_buf(&body), &err), 0);
	cr_assert_eq(
	    scvp_envelope_bare(SCVP_CONTENT_CV_REQUEST, view_buf(&whole), &out, &err),
	    0);
	buf_free(&whole);
	buf_free(&body);
	buf_free(&m);
	return out;
}

Test(scvp_status, unknown_item_aborts)
{
	static const uint8_t item[] = { 0x8f, 0x01, 0x00 };
	static const uint8_t other[] = { 0x02, 0x01, 0x00 };
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	struct buf b = with_tail(&ask, view_of(item, sizeof(item)));
	expect_bytes(view_buf(&b), SCVP_ABORT_UNRECOGNIZED_ITEMS);
	buf_free(&b);
	b = with_tail(&ask, view_of(other, sizeof(other)));
	expect_bytes(view_buf(&b), SCVP_BAD_STRUCTURE);
	buf_free(&b);
}

Test(scvp_status, other_version_is_unsupported_and_ours_is_told)
{
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.version = 2;
	expect(&ask, SCVP_UNSUPPORTED_VERSION);
}

Test(scvp_status, unknown_checks_and_attribute_certificates_are_unsupported)
{
	static const enum scvp_check_id ids[] = { SCVP_CHECK_AA_BUILD,
						  SCVP_CHECK_AA_VALID,
						  SCVP_CHECK_AA_STATUS,
						  SCVP_CHECK_AC_STATUS };
	static const uint8_t other[] = { 0x2a, 0x03 };
	struct kit_ask ask;
	for (size_t i = 0; i < 4; i++) {
		scvp_kit_ask(&ask, kit.ee);
		scvp_kit_check(&ask, ids[i]);
		expect(&ask, SCVP_UNSUPPORTED_CHECKS);
	}
	scvp_kit_ask(&ask, kit.ee);
	ask.checks[0] = view_of(other, 2);
	expect(&ask, SCVP_UNSUPPORTED_CHECKS);
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.attribute_certs = true;
	ask.certs[0].kind = SCVP_REF_ATTRIBUTE_CERT;
	expect(&ask, SCVP_UNSUPPORTED_CHECKS);
}

Test(scvp_status, wantbacks_that_we_cannot_give_are_unsupported)
{
	static const enum scvp_want_id ids[] = { SCVP_WANT_AA_PATH,
						 SCVP_WANT_AA_REVOCATION,
						 SCVP_WANT_AC_REVOCATION,
						 SCVP_WANT_AC_CERT, SCVP_WANT_RELAYED };
	static const uint8_t other[] = { 0x2a, 0x03 };
	struct kit_ask ask;
	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		scvp_kit_ask(&ask, kit.ee);
		scvp_kit_want(&ask, ids[i]);
		expect(&ask, SCVP_UNSUPPORTED_WANT_BACKS);
	}
	scvp_kit_ask(&ask, kit.ee);
	ask.wants[ask.q.query.want_backs.n++] = view_of(other, 2);
	expect(&ask, SCVP_UNSUPPORTED_WANT_BACKS);
	kit.archive.evidence = NULL;
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_want(&ask, SCVP_WANT_BEST_PATH);
	scvp_kit_want(&ask, SCVP_WANT_ERS_ALL);
	expect(&ask, SCVP_UNSUPPORTED_WANT_BACKS);
}

Test(scvp_status, protection_that_we_cannot_give_is_an_error)
{
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	kit.config.n_signers = 0;
	expect(&ask, SCVP_PROTECTED_RESPONSE_UNSUPPORTED);
	ask.q.query.unprotected = true;
	expect(&ask, SCVP_OKAY);
}

Test(scvp_status, responder_name_that_no_certificate_bears_is_an_error)
{
	static const uint8_t other[] = { 0x82, 5, 'o', 't', 'h', 'e', 'r' };
	static const uint8_t ours[] = { 0x82, 12,  'S', 'C', 'V', 'P', '.',
					'e',  'x', 'a', 'm', 'p', 'l', 'e' };
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.responder_name = view_of(other, sizeof(other));
	expect(&ask, SCVP_UNRECOGNIZED_RESPONDER_NAME);
	ask.q.responder_name = view_of(ours, sizeof(ours));
	expect(&ask, SCVP_OKAY);
}

Test(scvp_status, own_name_in_requestor_ref_is_a_loop)
{
	static const uint8_t other[] = { 0x82, 4, 'w', 'e', '.', 'x' };
	static const uint8_t ours[] = { 0x82, 4, 'U', 'S', '.', 'x' };
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.has_requestor_ref = true;
	ask.q.requestor_ref = (struct scvp_list){ ask.names, 2 };
	ask.names[0] = ask.names[1] = view_of(other, sizeof(other));
	expect(&ask, SCVP_OKAY);
	ask.names[1] = view_of(ours, sizeof(ours));
	expect(&ask, SCVP_RELAYING_LOOP);
}

Test(scvp_status, subject_of_our_certificate_in_requestor_ref_is_a_loop)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf name = buf_make(4096);
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	cr_assert_eq(
	    der_put(&name, DER_ID(ASN1_CONTEXT, 1, 4), kit.signer->cert->subject, &err),
	    0);
	ask.names[0] = view_buf(&name);
	ask.q.has_requestor_ref = true;
	ask.q.requestor_ref = (struct scvp_list){ ask.names, 1 };
	expect(&ask, SCVP_RELAYING_LOOP);
	buf_free(&name);
}

Test(scvp_status, unknown_policy_and_algorithm_have_their_codes)
{
	static const uint8_t other[] = { 0x2a, 0x04 };
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.policy.alg = view_of(other, 2);
	expect(&ask, SCVP_UNRECOGNIZED_VAL_ALG);
	ask.q.query.policy.id = view_of(other, 2);
	expect(&ask, SCVP_UNRECOGNIZED_VAL_POL);
}

Test(scvp_status, default_policy_may_be_refused)
{
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	kit.config.refused = SCVP_REFUSE_DEFAULT_POLICY;
	expect(&ask, SCVP_UNRECOGNIZED_VAL_POL);
	ask.q.query.policy.id = kit.policies[1].id;
	expect(&ask, SCVP_OKAY);
}

Test(scvp_status, each_refused_service_has_its_code)
{
	static const struct {
		uint32_t refuse;
		enum scvp_status status;
	} rows[] = {
		{ SCVP_REFUSE_FULL_REQUEST, SCVP_FULL_REQUEST_UNSUPPORTED },
		{ SCVP_REFUSE_POLICY_BY_VALUE, SCVP_FULL_POL_RESPONSE_UNSUPPORTED },
		{ SCVP_REFUSE_INHIBIT_MAPPING, SCVP_INHIBIT_MAPPING_UNSUPPORTED },
		{ SCVP_REFUSE_EXPLICIT, SCVP_REQUIRE_EXPLICIT_UNSUPPORTED },
		{ SCVP_REFUSE_INHIBIT_ANY, SCVP_INHIBIT_ANY_UNSUPPORTED },
		{ SCVP_REFUSE_VALIDATION_TIME, SCVP_VALIDATION_TIME_UNSUPPORTED },
	};
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.full_request = true;
	ask.q.query.policy_by_value = true;
	ask.q.query.policy.inhibit_mapping = SCVP_TRUE;
	ask.q.query.policy.explicit_policy = SCVP_TRUE;
	ask.q.query.policy.inhibit_any = SCVP_TRUE;
	ask.q.query.has_validation_time = true;
	ask.q.query.validation_time_ms = KIT_NOW_MS - FIX_DAY_MS / 2;
	expect(&ask, SCVP_OKAY);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		kit.config.refused = rows[i].refuse;
		expect(&ask, rows[i].status);
	}
}

Test(scvp_status, flag_that_the_policy_fixes_has_its_code)
{
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.policy.id = kit.policies[2].id;
	ask.q.query.policy.inhibit_any = SCVP_FALSE;
	expect(&ask, SCVP_OKAY);
	ask.q.query.policy.inhibit_any = SCVP_TRUE;
	expect(&ask, SCVP_INHIBIT_ANY_UNSUPPORTED);
}

Test(scvp_status, names_tell_all_codes)
{
	cr_assert_str_eq(scvp_status_name(64), "unrecognizedCritRequestExt");
	cr_assert_str_eq(scvp_status_name(0), "okay");
	cr_assert_str_eq(scvp_status_name(33), "?");
	cr_assert_str_eq(scvp_reply_status_name(8), "wantBackUnsatisfied");
	cr_assert_str_eq(scvp_reply_status_name(9), "?");
}
