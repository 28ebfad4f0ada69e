/* SPDX-License-Identifier: Apache-2.0 */
/* The policies of a server: when they count. */
#include <criterion/criterion.h>

#include "tests/support/scvp_peer.h"

#define NONCE "0123456789abcdef"
#define MINUTE_MS ((int64_t)60000)

static struct scvp_peer *peer;
static void begin(void)
{
	peer = peer_new();
}
static void end(void)
{
	peer_free(peer);
}
TestSuite(scvp_client_policies, .init = begin, .fini = end);

static struct view checks[1], wants[1], hashes[1], policies[1];

static struct scvp_vp_response right(void)
{
	checks[0] = scvp_check_oid(SCVP_CHECK_STATUS);
	wants[0] = scvp_want_oid(SCVP_WANT_BEST_PATH);
	policies[0] = scvp_svp_oid(1);
	hashes[0] = peer_oid("2.16.840.1.101.3.4.2.1");
	return (struct scvp_vp_response){
		.version = 1,
		.max_cv_version = 1,
		.max_vp_version = 1,
		.config_id = view_text("\1"),
		.this_update_ms = PEER_NOW_MS,
		.checks = { checks, 1 },
		.want_backs = { wants, 1 },
		.policies = { policies, 1 },
		.hash_algorithms = { hashes, 1 },
		.defaults = { .id = scvp_svp_oid(1) },
		.clock_skew_min = 10,
		.has_nonce = true,
		.nonce = view_text(NONCE),
	};
}

static void expect(const struct scvp_vp_response *r, const struct scvp_signer *signer,
		   enum scvp_code code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf message = buf_make(PEER_VALUE_MAX), body = buf_make(PEER_VALUE_MAX);
	struct scvp_policy_judgement *j = NULL;
	struct scvp_expect x = peer_expect(peer);
	enum scvp_code first = SCVP_CODE_OK;
	cr_assert_eq(scvp_vp_response_encode(r, &message, &err), 0, "%s", err.text);
	cr_assert_eq(signer != NULL
			 ? scvp_envelope_sign(signer, 0, SCVP_CONTENT_VP_RESPONSE,
					      view_buf(&message), &body, &err)
			 : scvp_envelope_bare(SCVP_CONTENT_VP_RESPONSE,
					      view_buf(&message), &body, &err),
		     0);
	cr_assert_eq(scvp_policy_judge(view_buf(&body), view_text(NONCE), &x, &j, &err),
		     0);
	for (size_t i = 0; i < j->n_findings; i++)
		if (!scvp_code_is_note(j->findings[i].code)) {
			cr_assert_eq(j->findings[i].code, code, "%s: %s",
				     scvp_code_name(code),
				     scvp_code_name(j->findings[i].code));
			first = j->findings[i].code;
		}
	cr_assert_eq(first, code);
	cr_assert_eq(j->trusted, code == SCVP_CODE_OK);
	scvp_policy_judgement_free(j);
	buf_free(&body);
	buf_free(&message);
}

Test(scvp_client_policies, right_ones_of_this_request_and_cached_ones)
{
	struct scvp_vp_response r = right();
	expect(&r, peer->signer, SCVP_CODE_OK);
	r.has_nonce = false;
	r.nonce = VIEW_NULL;
	r.this_update_ms = PEER_NOW_MS - FIX_DAY_MS;
	r.has_next_update = true;
	r.next_update_ms = PEER_NOW_MS + FIX_DAY_MS;
	expect(&r, peer->signer, SCVP_CODE_OK);
	r.next_update_ms = PEER_NOW_MS - 15 * MINUTE_MS;
	expect(&r, peer->signer, SCVP_CODE_PRODUCED_OLD);
}

Test(scvp_client_policies, each_defect_is_found_by_its_own_check)
{
	struct scvp_vp_response r = right();
	expect(&r, NULL, SCVP_CODE_UNPROTECTED);
	r.version = 2;
	expect(&r, peer->signer, SCVP_CODE_VERSION);
	r = right();
	r.nonce = view_text("fedcba9876543210");
	expect(&r, peer->signer, SCVP_CODE_NONCE);
	r = right();
	r.this_update_ms = PEER_NOW_MS + 15 * MINUTE_MS;
	expect(&r, peer->signer, SCVP_CODE_PRODUCED_FUTURE);
	r.this_update_ms = PEER_NOW_MS - 15 * MINUTE_MS;
	expect(&r, peer->signer, SCVP_CODE_PRODUCED_OLD);
	r = right();
	r.has_next_update = true;
	r.next_update_ms = PEER_NOW_MS + FIX_DAY_MS;
	expect(&r, peer->signer, SCVP_CODE_NOT_FRESH);
	struct scvp_signer *s = peer_signer(peer->stranger);
	r = right();
	expect(&r, s, SCVP_CODE_SERVER_PATH);
	scvp_signer_free(s);
}
