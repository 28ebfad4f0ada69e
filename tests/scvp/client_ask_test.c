/* SPDX-License-Identifier: Apache-2.0 */
/* Requests from options; and the captured messages, which do not verify. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"
#include "tests/support/corpus.h"
#include "tests/support/scvp_peer.h"

static struct scvp_peer *peer;
static void begin(void)
{
	peer = peer_new();
}
static void end(void)
{
	peer_free(peer);
}
TestSuite(scvp_client_ask, .init = begin, .fini = end);

static void expect_refused(enum ltps_code code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_asked *a = NULL;
	cr_assert_eq(scvp_ask_make(&peer->ask, &a, &err), -1);
	cr_assert_eq(err.code, code, "%s", err.text);
	cr_assert_null(a);
}

Test(scvp_client_ask, question_about_nothing_is_refused)
{
	peer->ask.n_certs = 0;
	expect_refused(LTPS_ARGUMENT);
	peer->ask.n_certs = 1;
	peer->ask.checks = 0;
	expect_refused(LTPS_ARGUMENT);
}

Test(scvp_client_ask, evidence_needs_what_it_is_about)
{
	static const enum scvp_want_id records[] = { SCVP_WANT_ERS_CERT,
						     SCVP_WANT_ERS_BEST_PATH,
						     SCVP_WANT_ERS_PARTIAL_PATH,
						     SCVP_WANT_ERS_REVOCATION };
	for (size_t i = 0; i < 4; i++) {
		peer->ask.wants = 1u << records[i] | 1u << SCVP_WANT_PUBLIC_KEY;
		expect_refused(LTPS_ARGUMENT);
	}
}

Test(scvp_client_ask, every_option_is_in_the_request)
{
	const struct view crls[] = { view_buf(&peer->crl_ca) };
	const struct view cas[] = { peer->ca->der };
	const struct scvp_rev_info infos[] = { { SCVP_REV_CRL, crls[0] } };
	static const uint8_t name[] = { 0x82, 2, 'm', 'e' };
	struct scvp_ask *a = &peer->ask;
	a->has_time = a->has_oldest = true;
	a->time_ms = PEER_NOW_MS - 5000;
	a->oldest_ms = PEER_NOW_MS - 9000;
	a->intermediates = (struct scvp_list){ cas, 1 };
	a->rev_infos = infos;
	a->n_rev_infos = 1;
	a->full_request = a->policy_by_value = a->unprotected = true;
	a->context = view_text("\4\1x");
	a->requestor_name = a->responder_name = view_of(name, sizeof(name));
	peer_ask(peer);
	const struct scvp_request *q = peer->asked->request;
	cr_assert_eq(peer->asked->envelope->protection, SCVP_BARE);
	cr_assert(view_equal(q->exact, peer->asked->envelope->content));
	cr_assert_eq(q->version, 1);
	cr_assert_eq(q->query.n_certs, 2);
	cr_assert_eq(q->query.checks.n, 2);
	cr_assert_eq(q->query.want_backs.n, 4);
	cr_assert(view_equal(q->query.policy.id, scvp_svp_oid(1)));
	cr_assert(q->query.full_request && q->query.policy_by_value);
	cr_assert(q->query.unprotected && q->query.fresh_only);
	cr_assert_eq(q->query.validation_time_ms, a->time_ms);
	cr_assert_eq(q->query.produced_at_ms, a->oldest_ms);
	cr_assert(view_equal(q->query.context, a->context));
	cr_assert(view_equal(q->query.intermediates.v[0], cas[0]));
	cr_assert(view_equal(q->query.rev_infos[0].der, crls[0]));
	cr_assert(view_equal(q->nonce, a->nonce));
	cr_assert(view_equal(q->text, a->text));
	cr_assert(view_equal(q->requestor_name, a->requestor_name));
	cr_assert(view_equal(q->responder_name, a->responder_name));
	cr_assert_eq(digest_from_oid(q->hash_alg), DIGEST_SHA256);
}

Test(scvp_client_ask, signed_request_verifies_and_is_hashed_inside)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *signer = NULL;
	enum scvp_status status;
	peer->ask.signer = peer->signer;
	peer_ask(peer);
	cr_assert_eq(peer->asked->envelope->protection, SCVP_SIGNED);
	cr_assert_eq(
	    scvp_envelope_verify(peer->asked->envelope, &status, &signer, &err), 0);
	cr_assert_eq(status, SCVP_OKAY);
	cert_free(signer);
	struct scvp_judgement *j = peer_judge_answer(peer, peer_answer(peer));
	peer_expect_only(j, SCVP_CODE_OK, "answer to a signed request");
	scvp_judgement_free(j);
}

Test(scvp_client_ask, names_of_checks_and_wants_go_both_ways)
{
	for (unsigned i = 1; i < SCVP_WANT_COUNT; i++) {
		const char *name = scvp_want_name((enum scvp_want_id)i);
		if (strcmp(name, "?") != 0)
			cr_assert_eq(scvp_want_from_name(view_text(name)), i);
	}
	cr_assert_eq(scvp_want_from_name(view_text("?")), SCVP_WANT_OTHER);
	cr_assert_eq(scvp_check_from_name(view_text("status")), SCVP_CHECK_STATUS);
	cr_assert_eq(scvp_check_from_name(view_text("nothing")), SCVP_CHECK_OTHER);
	for (unsigned i = 0; i < SCVP_CODE_COUNT; i++)
		cr_assert_eq(strncmp(scvp_code_name((enum scvp_code)i), "SCVP_", 5), 0);
	cr_assert_str_eq(scvp_code_name(SCVP_CODE_COUNT), "?");
}

/* ---- policies of a server ---- */

Test(scvp_client_ask, policy_request_is_bare_and_carries_the_nonce)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(1024);
	struct scvp_envelope *e = NULL;
	struct scvp_vp_request *q = NULL;
	enum scvp_status status;
	cr_assert_eq(scvp_policy_ask(view_text("12345678"), &out, &err), 0);
	cr_assert_eq(scvp_envelope_parse(view_buf(&out), &e, &status, &err), 0);
	cr_assert_eq(e->kind, SCVP_CONTENT_VP_REQUEST);
	cr_assert_eq(scvp_vp_request_parse(e->content, &q, &status, &err), 0);
	cr_assert(view_is_text(q->nonce, "12345678"));
	scvp_vp_request_free(q);
	scvp_envelope_free(e);
	buf_free(&out);
}

/* ---- the corpus ---- */

static int64_t at(const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t ms = 0;
	cr_assert_eq(time_parse_rfc3339(view_text(text), &ms, &err), 0);
	return ms;
}

/* The samples were edited after they were signed: read, but not believed. */
static void expect_captured(const char *request, const char *response)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf q = corpus_read(request), p = corpus_read(response);
	struct scvp_asked *asked = NULL;
	cr_assert_eq(scvp_asked_read(view_buf(&q), &asked, &err), 0, "%s", err.text);
	struct scvp_expect x = peer_expect(peer);
	x.asked = asked;
	x.sent_ms = 0;
	x.now_ms = at("2021-02-03T18:51:00Z");
	struct scvp_judgement *j = peer_judge(&x, &p);
	cr_assert(scvp_has_finding(j, SCVP_CODE_SIGNATURE));
	cr_assert(scvp_has_finding(j, SCVP_CODE_SERVER_PATH));
	cr_assert_not(j->trusted);
	cr_assert_eq(j->n_reports, 1);
	cr_assert_eq(j->reports[0].best.n_certs, 3);
	cr_assert_eq(scvp_worst(j), PATH_UNDETERMINED);
	cr_assert_not_null(j->signer);
	scvp_judgement_free(j);
	scvp_asked_free(asked);
	buf_free(&p);
	buf_free(&q);
}

Test(scvp_client_ask, captured_responses_are_read_and_their_signatures_refused)
{
	if (!corpus_present())
		cr_skip_test("the corpus is not here");
	expect_captured("scvp/rfc5055_0_cvrequest_pem_text.der",
			"scvp/rfc5055_1_cvresponse_pem_text.der");
	expect_captured("scvp/rfc5276_0_cvrequest_pem_text.der",
			"scvp/rfc5276_1_cvresponse_pem_text.der");
}

Test(scvp_client_ask, captured_policies_are_read_and_their_signature_refused)
{
	if (!corpus_present())
		cr_skip_test("the corpus is not here");
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf p = corpus_read("scvp/rfc5055_3_valpolresponse_pem_text.der");
	struct buf out = buf_make((size_t)1 << 20);
	struct scvp_expect x = peer_expect(peer);
	struct scvp_policy_judgement *j = NULL;
	x.now_ms = at("2021-02-03T18:51:00Z");
	cr_assert_eq(scvp_policy_judge(view_buf(&p), VIEW_NULL, &x, &j, &err), 0);
	cr_assert_not(j->trusted);
	cr_assert_eq(j->findings[0].code, SCVP_CODE_SIGNATURE);
	cr_assert_eq(j->response->policies.n, 68);
	cr_assert_eq(scvp_policy_judgement_text(j, &out, &err), 0);
	scvp_policy_judgement_free(j);
	buf_free(&out);
	buf_free(&p);
}
