/* SPDX-License-Identifier: Apache-2.0 */
/* What a small request must not be able to do: fill memory with the values of a batch,
 * fill the archive with objects of the client's own making, pass for another
 * certificate's reference, have another anchor's path taken for its own. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/asn1.h"
#include "tests/support/scvp_kit.h"
#include "tests/support/scvp_peer.h"
#include "tests/support/test_time.h"

static struct scvp_kit kit;

static void make_kit(void)
{
	scvp_kit_make(&kit);
}

static void free_kit(void)
{
	scvp_kit_free(&kit);
}

TestSuite(scvp_review, .init = make_kit, .fini = free_kit, .timeout = TEST_SECONDS_MAX);

/* ---- values of a batch ---- */

#define BIG ((size_t)3 << 20)

/* The CA's CRL, some megabytes of an extension that is of no importance. */
static void make_big_status(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf config = buf_make(4 * BIG), crl = buf_make(2 * BIG);
	cr_assert_eq(
	    buf_put_text(&config, "[ext]\n1.2.3.4 = ASN1:FORMAT:HEX,OCT:", &err), 0);
	for (size_t i = 0; i < BIG; i++)
		cr_assert_eq(buf_put(&config, view_text("41"), &err), 0);
	cr_assert_eq(buf_put_text(&config, "\n", &err), 0);
	cr_assert_eq(buf_put_byte(&config, 0, &err), 0);
	scvp_kit_status_at(&kit, 0);
	fix_crl_simple(kit.root, KIT_NOW_MS - FIX_DAY_MS, NULL, &crl);
	fix_material_add(kit.pool, MATERIAL_CRL, view_buf(&crl));
	buf_clear(&crl);
	fix_crl_make(&(struct fix_crl_options){ .issuer = kit.ca,
						.this_ms = KIT_NOW_MS - FIX_DAY_MS,
						.config = (const char *)config.p },
		     &crl);
	fix_material_add(kit.pool, MATERIAL_CRL, view_buf(&crl));
	buf_free(&crl);
	buf_free(&config);
}

Test(scvp_review, values_that_no_response_can_hold_are_not_gathered)
{
	struct kit_ask ask;
	struct kit_answer a;
	size_t given = 0, left = 0;
	make_big_status();
	scvp_kit_ask(&ask, kit.ee);
	while (ask.q.query.n_certs < KIT_LIST_MAX)
		scvp_kit_also(&ask, kit.ee);
	scvp_kit_want(&ask, SCVP_WANT_REVOCATION);
	scvp_kit_exchange(&kit, &ask, &a);
	cr_assert_eq(a.p->status, SCVP_OKAY, "%s", scvp_status_name(a.p->status));
	for (size_t i = 0; i < a.p->n_replies; i++) {
		const struct scvp_reply *r = &a.p->replies[i];
		given += r->status == SCVP_REPLY_SUCCESS;
		left += r->status == SCVP_REPLY_WANT_BACK_UNSATISFIED;
		cr_assert_eq(r->n_want_backs > 0, r->status == SCVP_REPLY_SUCCESS);
	}
	cr_assert_gt(given, 15);
	cr_assert_gt(left, 8);
	cr_assert_eq(given + left, KIT_LIST_MAX);
	scvp_kit_answer_free(&a);
}

/* ---- evidence of what nobody vouches for ---- */

static void ask_for_evidence(struct kit_ask *ask, const struct fix_cert *c)
{
	scvp_kit_ask(ask, c);
	scvp_kit_want(ask, SCVP_WANT_CERT);
	scvp_kit_want(ask, SCVP_WANT_BEST_PATH);
	scvp_kit_want(ask, SCVP_WANT_ERS_CERT);
	scvp_kit_want(ask, SCVP_WANT_ERS_BEST_PATH);
	scvp_kit_want(ask, SCVP_WANT_ERS_ALL);
}

static void expect_kept(const struct kit_ask *ask, size_t n, const char *what)
{
	struct kit_answer a;
	scvp_kit_exchange(&kit, ask, &a);
	cr_assert_eq(a.p->status, SCVP_OKAY, "%s", scvp_status_name(a.p->status));
	cr_assert_eq(a.p->replies[0].status, SCVP_REPLY_SUCCESS, "%s: %s", what,
		     scvp_reply_status_name(a.p->replies[0].status));
	cr_assert_eq(kit.n_objects, n, "%s: %zu", what, kit.n_objects);
	scvp_kit_answer_free(&a);
}

Test(scvp_review, nothing_is_kept_for_a_path_to_the_clients_own_anchor)
{
	const struct fix_cert_options o = { .cn = "Mallory", .ca = true };
	struct fix_cert *root = fix_cert_make(&o);
	struct fix_cert *ee = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "anything", .issuer = root });
	const struct scvp_cert_ref anchor = { .kind = SCVP_REF_CERT,
					      .cert = root->der };
	struct kit_ask ask;
	ask_for_evidence(&ask, ee);
	scvp_kit_check(&ask, SCVP_CHECK_VALID);
	ask.q.query.policy.has_anchors = true;
	ask.q.query.policy.anchors = &anchor;
	ask.q.query.policy.n_anchors = 1;
	expect_kept(&ask, 0, "an anchor of the client");
	fix_cert_free(ee);
	fix_cert_free(root);
}

Test(scvp_review, nothing_is_kept_for_a_path_that_was_only_built)
{
	struct kit_ask ask;
	ask_for_evidence(&ask, kit.ee);
	scvp_kit_check(&ask, SCVP_CHECK_BUILD);
	expect_kept(&ask, 0, "built, and never looked at");
	ask_for_evidence(&ask, kit.ee);
	scvp_kit_check(&ask, SCVP_CHECK_VALID);
	expect_kept(&ask, 2, "valid");
}

/* ---- what was left open ---- */

static struct scvp_archive whole;
static uint32_t signatures, steps;
static enum path_status judged;

static int judge_briefly(void *arg, const struct path_input *in,
			 struct path_result **ret, struct ltps_error *err)
{
	struct path_input less = *in;
	less.budget.signatures = signatures;
	less.budget.steps = steps;
	if (whole.judge(arg, &less, ret, err) != 0)
		return -1;
	judged = (*ret)->status;
	return 0;
}

/* As a client must read it: not valid is 6 or 7 with no check above 1. */
static bool is_final(const struct scvp_reply *r)
{
	for (size_t i = 0; i < r->n_checks; i++)
		if (r->checks[i].status > SCVP_CHECK_BAD)
			return false;
	return r->status == SCVP_REPLY_SUCCESS ||
	       r->status == SCVP_REPLY_PATH_NOT_VALID ||
	       r->status == SCVP_REPLY_PATH_NOT_VALID_NOW;
}

Test(scvp_review, search_that_ran_out_of_its_budget_has_settled_nothing)
{
	size_t open = 0;
	whole = kit.archive;
	kit.archive.judge = judge_briefly;
	for (unsigned i = 1; i < 40; i++) {
		struct kit_ask ask;
		struct kit_answer a;
		sig_cache_free(kit.cache);
		kit.cache = NULL;
		signatures = i < 10 ? i : 0;
		steps = i < 10 ? 0 : i - 9;
		scvp_kit_ask(&ask, kit.ee);
		scvp_kit_check(&ask, SCVP_CHECK_VALID);
		scvp_kit_check(&ask, SCVP_CHECK_STATUS);
		scvp_kit_exchange(&kit, &ask, &a);
		open += judged == PATH_UNDETERMINED;
		cr_assert_eq(is_final(&a.p->replies[0]), judged != PATH_UNDETERMINED,
			     "%u: %s", i,
			     scvp_reply_status_name(a.p->replies[0].status));
		cr_assert_eq(a.p->replies[0].status == SCVP_REPLY_SUCCESS,
			     judged == PATH_VALID);
		scvp_kit_answer_free(&a);
	}
	cr_assert_gt(open, 3);
}

/* ---- octets that come back ---- */

Test(scvp_review, request_in_ber_does_not_come_back_in_an_answer)
{
	static const uint8_t head[] = { 0x30, 0x80 }, end[] = { 0, 0 };
	for (int full = 0; full < 2; full++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct kit_ask ask;
		struct kit_answer a;
		struct tlv t;
		struct buf m = buf_make(65536), ber = buf_make(65536),
			   b = buf_make(65536);
		scvp_kit_ask(&ask, kit.ee);
		ask.q.query.full_request = full == 1;
		cr_assert_eq(scvp_request_encode(&ask.q, &m, &err), 0);
		cr_assert_eq(tlv_only(view_buf(&m), &t, &err), 0);
		cr_assert_eq(buf_put(&ber, view_of(head, 2), &err), 0);
		cr_assert_eq(buf_put(&ber, t.body, &err), 0);
		cr_assert_eq(buf_put(&ber, view_of(end, 2), &err), 0);
		cr_assert_eq(scvp_envelope_bare(SCVP_CONTENT_CV_REQUEST, view_buf(&ber),
						&b, &err),
			     0);
		scvp_kit_send(&kit, view_buf(&b), &a); /* looks that it is DER */
		cr_assert_eq(a.p->status, full ? SCVP_UNABLE_TO_DECODE : SCVP_OKAY);
		scvp_kit_answer_free(&a);
		buf_free(&b);
		buf_free(&ber);
		buf_free(&m);
	}
}

/* ---- references ---- */

Test(scvp_review, reference_with_another_issuer_is_another_certificate)
{
	struct kit_ask ask;
	struct kit_answer a;
	struct view sent[1] = { kit.ee->der };
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_refer(&ask, kit.ee, DIGEST_SHA256);
	kit.archive.find = NULL;
	ask.q.query.intermediates = (struct scvp_list){ sent, 1 };
	scvp_kit_exchange(&kit, &ask, &a);
	cr_assert_eq(a.p->replies[0].status, SCVP_REPLY_SUCCESS);
	scvp_kit_answer_free(&a);
	ask.issuer.p[ask.certs[0].id.issuer.n - 1] = 'B'; /* the last of "CA" */
	scvp_kit_exchange(&kit, &ask, &a);
	cr_assert_eq(a.p->replies[0].status, SCVP_REPLY_REFERENCE_HASH_FAIL, "%s",
		     scvp_reply_status_name(a.p->replies[0].status));
	scvp_kit_answer_free(&a);
	buf_free(&ask.issuer);
}

/* ---- the client ---- */

Test(scvp_review, policy_with_the_anchors_of_trusted_lists_is_read)
{
	enum { ANCHORS = 5000 };
	static struct scvp_cert_ref anchors[ANCHORS];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct kit_ask ask;
	struct scvp_response p = { .version = 1,
				   .config_id = kit.config.config_id,
				   .has_policy = true,
				   .policy = { .id = scvp_svp_oid(1),
					       .has_anchors = true,
					       .anchors = anchors,
					       .n_anchors = ANCHORS } };
	struct scvp_response *back = NULL;
	struct scvp_request *q = NULL;
	enum scvp_status status;
	struct buf b = buf_make(SCVP_RESPONSE_MAX);
	for (size_t i = 0; i < ANCHORS; i++)
		anchors[i].cert = kit.root->der;
	cr_assert_eq(scvp_response_encode(&p, &b, &err), 0);
	cr_assert_eq(scvp_response_parse(view_buf(&b), &back, &err), 0, "%s", err.text);
	cr_assert_eq(back->policy.n_anchors, ANCHORS);
	scvp_response_free(back);
	/* A request has no need of so many. */
	scvp_kit_ask(&ask, kit.ee);
	ask.q.query.policy = p.policy;
	buf_clear(&b);
	cr_assert_eq(scvp_request_encode(&ask.q, &b, &err), 0);
	cr_assert_eq(scvp_request_parse(view_buf(&b), &q, &status, &err), -1);
	cr_assert_eq(status, SCVP_INVALID_REQUEST);
	buf_free(&b);
}

Test(scvp_review, anchors_given_twice_are_still_the_only_ones)
{
	const struct fix_cert_options o = { .cn = "Other root", .ca = true };
	struct scvp_peer *peer = peer_new();
	struct fix_cert *root = fix_cert_make(&o);
	const struct scvp_cert_ref twice[] = {
		{ .kind = SCVP_REF_CERT, .cert = root->der },
		{ .kind = SCVP_REF_CERT, .cert = root->der },
	};
	peer->ask.policy.has_anchors = true;
	peer->ask.policy.anchors = twice;
	peer->ask.policy.n_anchors = 2;
	peer_ask(peer);
	struct scvp_judgement *j = peer_judge_answer(peer, peer_answer(peer));
	cr_assert(scvp_has_finding(j, SCVP_CODE_PATH_ANCHOR));
	cr_assert_neq(scvp_verdict(j, 0), PATH_VALID);
	scvp_judgement_free(j);
	fix_cert_free(root);
	peer_free(peer);
}

Test(scvp_review, anchors_given_by_reference_are_the_only_ones)
{
	static const uint8_t zero[32] = { 0 };
	struct scvp_peer *peer = peer_new();
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf name = buf_make(1024);
	cr_assert_eq(der_put(&name, 0xa4, peer->root_cert->issuer, &err), 0);
	struct scvp_cert_ref ref = { .kind = SCVP_REF_PKC,
				     .id = { .hash = view_of(zero, 20),
					     .issuer = view_buf(&name),
					     .serial = peer->root_cert->serial } };
	peer->ask.policy.has_anchors = true;
	peer->ask.policy.anchors = &ref;
	peer->ask.policy.n_anchors = 1;
	peer_ask(peer);
	struct scvp_judgement *j = peer_judge_answer(peer, peer_answer(peer));
	cr_assert(scvp_has_finding(j, SCVP_CODE_PATH_ANCHOR));
	scvp_judgement_free(j);
	buf_free(&name);
	peer_free(peer);
}
