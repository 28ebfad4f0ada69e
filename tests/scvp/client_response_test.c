/* SPDX-License-Identifier: Apache-2.0 */
/* The response as a whole: each defect is found by the check that is meant for it, and
 * by no other. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/scvp_peer.h"

#define MINUTE_MS ((int64_t)60000)

static struct scvp_peer *peer;
static void begin(void)
{
	peer = peer_new();
	peer_ask(peer);
}
static void end(void)
{
	peer_free(peer);
}
TestSuite(scvp_client_response, .init = begin, .fini = end);

/* ---- defects ---- */

struct defect {
	const char *name;
	void (*spoil)(struct peer_answer *a);
	enum scvp_code code;
};

static void version(struct peer_answer *a)
{
	a->r.version = 2;
}
static void nonce_other(struct peer_answer *a)
{
	a->r.nonce = view_text("fedcba9876543210");
}
static void nonce_missing(struct peer_answer *a)
{
	a->r.has_nonce = false;
	a->r.nonce = VIEW_NULL;
}
static void produced_future(struct peer_answer *a)
{
	a->r.produced_ms = PEER_NOW_MS + 15 * MINUTE_MS;
	for (size_t i = 0; i < PEER_CERTS; i++)
		a->replies[i].validation_time_ms = a->r.produced_ms;
}
static void produced_old(struct peer_answer *a)
{
	a->r.produced_ms = PEER_NOW_MS - 15 * MINUTE_MS;
	for (size_t i = 0; i < PEER_CERTS; i++)
		a->replies[i].validation_time_ms = a->r.produced_ms;
}
static void hash_other(struct peer_answer *a)
{
	a->hash.p[0] ^= 1;
}
static void hash_of_other_algorithm(struct peer_answer *a)
{
	a->r.hash_algorithm = peer_oid("2.16.840.1.101.3.4.2.3");
}
static void hash_unknown(struct peer_answer *a)
{
	a->r.hash_algorithm = peer_oid("1.2.3.4");
}
static void reference_missing(struct peer_answer *a)
{
	a->r.request_ref = SCVP_REQUEST_REF_NONE;
	a->r.has_nonce = false;
	a->r.nonce = VIEW_NULL;
}
static void requestor_ref_other(struct peer_answer *a)
{
	static const uint8_t they[] = { 0x82, 2, 'a', 'b' };
	static const struct view refs[] = { { they, sizeof(they) } };
	a->r.requestor_ref = (struct scvp_list){ refs, 1 };
}
static void requestor_ref_missing(struct peer_answer *a)
{
	a->r.has_requestor_ref = false;
	a->r.requestor_ref = (struct scvp_list){ NULL, 0 };
}
static void text_other(struct peer_answer *a)
{
	a->r.text = view_text("for another file");
}
static void text_missing(struct peer_answer *a)
{
	a->r.text = VIEW_NULL;
}
static void policy_missing(struct peer_answer *a)
{
	a->r.has_policy = false;
	memset(a->policy, 0, sizeof(*a->policy));
}
static void policy_other(struct peer_answer *a)
{
	a->policy->id = peer_oid("1.3.6.1.4.1.99999.7");
}
static void explicit_changed(struct peer_answer *a)
{
	a->policy->explicit_policy = SCVP_TRUE;
}
static void anchors_changed(struct peer_answer *a)
{
	static struct scvp_cert_ref other;
	other = (struct scvp_cert_ref){ .cert = peer->ca->der };
	a->policy->anchors = &other;
}
static void anchors_more(struct peer_answer *a)
{
	static struct scvp_cert_ref two[2];
	two[0] = (struct scvp_cert_ref){ .cert = peer->root->der };
	two[1] = (struct scvp_cert_ref){ .cert = peer->ca->der };
	a->policy->anchors = two;
	a->policy->n_anchors = 2;
}
static void reply_missing(struct peer_answer *a)
{
	a->r.n_replies = 1;
}
static void reply_too_many(struct peer_answer *a)
{
	a->replies[2] = a->replies[1];
	a->r.n_replies = 3;
}
static void critical_extension(struct peer_answer *a)
{
	static struct scvp_extension e;
	e = (struct scvp_extension){ .oid = peer_oid("1.2.3.4"),
				     .critical = true,
				     .value = view_text("x") };
	a->r.extensions = (struct scvp_extensions){ true, &e, 1 };
}

static const struct defect defects[] = {
	{ "version", version, SCVP_CODE_VERSION },
	{ "nonce-other", nonce_other, SCVP_CODE_NONCE },
	{ "nonce-missing", nonce_missing, SCVP_CODE_NOT_FRESH },
	{ "produced-future", produced_future, SCVP_CODE_PRODUCED_FUTURE },
	{ "produced-old", produced_old, SCVP_CODE_PRODUCED_OLD },
	{ "hash-other", hash_other, SCVP_CODE_REQUEST_REF },
	{ "hash-of-other-algorithm", hash_of_other_algorithm, SCVP_CODE_REQUEST_REF },
	{ "hash-unknown", hash_unknown, SCVP_CODE_REQUEST_REF },
	{ "requestor-ref-other", requestor_ref_other, SCVP_CODE_REQUESTOR_REF },
	{ "requestor-ref-missing", requestor_ref_missing, SCVP_CODE_REQUESTOR_REF },
	{ "text-other", text_other, SCVP_CODE_REQUESTOR_TEXT },
	{ "text-missing", text_missing, SCVP_CODE_REQUESTOR_TEXT },
	{ "policy-missing", policy_missing, SCVP_CODE_POLICY_MISSING },
	{ "policy-other", policy_other, SCVP_CODE_POLICY_OTHER },
	{ "explicit-changed", explicit_changed, SCVP_CODE_POLICY_CHANGED },
	{ "anchors-changed", anchors_changed, SCVP_CODE_POLICY_CHANGED },
	{ "anchors-more", anchors_more, SCVP_CODE_POLICY_CHANGED },
	{ "reply-missing", reply_missing, SCVP_CODE_REPLY_COUNT },
	{ "reply-too-many", reply_too_many, SCVP_CODE_REPLY_COUNT },
	{ "critical-extension", critical_extension, SCVP_CODE_EXTENSION },
};

Test(scvp_client_response, right_answer_is_trusted)
{
	struct scvp_judgement *j = peer_judge_answer(peer, peer_answer(peer));
	peer_expect_only(j, SCVP_CODE_OK, "right");
	cr_assert(j->trusted);
	cr_assert_eq(j->n_reports, PEER_CERTS);
	cr_assert_eq(scvp_verdict(j, 0), PATH_VALID);
	cr_assert_eq(scvp_verdict(j, 1), PATH_VALID);
	cr_assert_eq(scvp_worst(j), PATH_VALID);
	cr_assert_null(scvp_why(j, 0));
	cr_assert_eq(j->reports[0].best.n_certs, 2);
	cr_assert(cert_equal(j->reports[0].best.anchor, peer->root_cert));
	cr_assert_eq(scvp_verdict(j, 2), PATH_UNDETERMINED);
	scvp_judgement_free(j);
}

Test(scvp_client_response, each_defect_is_found_by_its_own_check)
{
	for (size_t i = 0; i < sizeof(defects) / sizeof(defects[0]); i++) {
		struct peer_answer *a = peer_answer(peer);
		defects[i].spoil(a);
		struct scvp_judgement *j = peer_judge_answer(peer, a);
		peer_expect_only(j, defects[i].code, defects[i].name);
		cr_assert_not(j->trusted, "%s", defects[i].name);
		cr_assert_eq(scvp_worst(j), PATH_UNDETERMINED, "%s", defects[i].name);
		cr_assert_str_eq(scvp_why(j, 0), scvp_code_name(defects[i].code));
		scvp_judgement_free(j);
	}
}

Test(scvp_client_response, neither_reference_nor_nonce_is_nobodys_answer)
{
	peer->ask.fresh_only = false;
	peer_ask(peer);
	struct peer_answer *a = peer_answer(peer);
	reference_missing(a);
	a->r.has_requestor_ref = false;
	a->r.requestor_ref = (struct scvp_list){ NULL, 0 };
	a->r.text = VIEW_NULL;
	struct scvp_judgement *j = peer_judge_answer(peer, a);
	peer_expect_only(j, SCVP_CODE_REQUEST_REF, "neither");
	scvp_judgement_free(j);
}

Test(scvp_client_response, cached_answer_leaves_out_what_is_specific)
{
	peer->ask.fresh_only = false;
	peer_ask(peer);
	struct peer_answer *a = peer_answer(peer);
	nonce_missing(a);
	requestor_ref_missing(a);
	text_missing(a);
	produced_old(a);
	for (size_t i = 0; i < PEER_CERTS; i++) {
		a->replies[i].has_next_update = true;
		a->replies[i].next_update_ms = PEER_NOW_MS + FIX_DAY_MS;
	}
	struct scvp_judgement *j = peer_judge_answer(peer, a);
	peer_expect_only(j, SCVP_CODE_OK, "cached");
	cr_assert(scvp_has_finding(j, SCVP_CODE_NOTE_CACHED));
	scvp_judgement_free(j);
}

Test(scvp_client_response, cached_answer_older_than_asked_for)
{
	peer->ask.fresh_only = false;
	peer->ask.nonce = VIEW_NULL;
	peer->ask.text = VIEW_NULL;
	peer->ask.has_oldest = true;
	peer->ask.oldest_ms = PEER_NOW_MS - 5 * MINUTE_MS;
	peer_ask(peer);
	struct peer_answer *a = peer_answer(peer);
	a->r.produced_ms = PEER_NOW_MS - 6 * MINUTE_MS;
	struct scvp_judgement *j = peer_judge_answer(peer, a);
	peer_expect_only(j, SCVP_CODE_PRODUCED_OLD, "cached-old");
	scvp_judgement_free(j);
}

Test(scvp_client_response, nonce_that_nobody_sent)
{
	peer->ask.nonce = VIEW_NULL;
	peer_ask(peer);
	struct peer_answer *a = peer_answer(peer);
	a->r.has_nonce = true;
	a->r.nonce = view_text("0123456789abcdef");
	struct scvp_judgement *j = peer_judge_answer(peer, a);
	peer_expect_only(j, SCVP_CODE_NONCE, "nonce-unasked");
	scvp_judgement_free(j);
}

/* ---- the full request ---- */

Test(scvp_client_response, full_request_comes_back_or_not)
{
	peer->ask.full_request = true;
	peer_ask(peer);
	struct scvp_judgement *j = peer_judge_answer(peer, peer_answer(peer));
	peer_expect_only(j, SCVP_CODE_OK, "full");
	scvp_judgement_free(j);

	struct peer_answer *a = peer_answer(peer);
	a->r.request_ref = SCVP_REQUEST_REF_HASH;
	j = peer_judge_answer(peer, a);
	peer_expect_only(j, SCVP_CODE_REQUEST_REF, "hash instead");
	scvp_judgement_free(j);

	a = peer_answer(peer);
	a->r.request_ref = SCVP_REQUEST_REF_NONE;
	j = peer_judge_answer(peer, a);
	peer_expect_only(j, SCVP_CODE_REQUEST_REF, "nothing");
	scvp_judgement_free(j);
}

Test(scvp_client_response, full_request_of_somebody_else)
{
	peer->ask.full_request = true;
	peer->ask.text = view_text("first");
	peer_ask(peer);
	struct scvp_asked *first = peer->asked;
	peer->asked = NULL;
	peer->ask.text = view_text("other");
	peer_ask(peer);
	struct peer_answer *a = peer_answer(peer);
	a->r.full_request = first->request->exact;
	struct scvp_judgement *j = peer_judge_answer(peer, a);
	peer_expect_only(j, SCVP_CODE_REQUEST_REF, "other request");
	scvp_judgement_free(j);
	scvp_asked_free(first);
}

/* ---- the policy by value ---- */

static void populate(struct scvp_policy *p)
{
	p->alg = scvp_svp_oid(3);
	p->has_user_policies = true;
	static struct view any[1];
	any[0] = peer_oid("2.5.29.32.0");
	p->user_policies = (struct scvp_list){ any, 1 };
	p->inhibit_mapping = p->inhibit_any = SCVP_FALSE;
	p->has_key_usages = p->has_extended_key_usages = true;
	p->has_specified_key_usages = true;
}

Test(scvp_client_response, policy_by_value_must_be_complete)
{
	peer->ask.policy_by_value = true;
	peer_ask(peer);
	struct peer_answer *a = peer_answer(peer);
	populate(a->policy);
	struct scvp_judgement *j = peer_judge_answer(peer, a);
	peer_expect_only(j, SCVP_CODE_OK, "populated");
	scvp_judgement_free(j);
	for (int item = 0; item < 8; item++) {
		a = peer_answer(peer);
		struct scvp_policy *p = a->policy;
		populate(p);
		if (item == 0)
			p->alg = VIEW_NULL;
		if (item == 1)
			p->has_user_policies = false;
		if (item == 2)
			p->inhibit_mapping = SCVP_ABSENT;
		if (item == 3)
			p->inhibit_any = SCVP_ABSENT;
		if (item == 4)
			p->has_key_usages = false;
		if (item == 5)
			p->has_extended_key_usages = false;
		if (item == 6)
			p->has_specified_key_usages = false;
		if (item == 7)
			p->has_anchors = false;
		j = peer_judge_answer(peer, a);
		peer_expect_only(j, SCVP_CODE_POLICY_INCOMPLETE, "by value");
		scvp_judgement_free(j);
	}
}

Test(scvp_client_response, every_parameter_asked_for_comes_back_unchanged)
{
	static const uint16_t usages[] = { KEY_USAGE_DIGITAL_SIGNATURE };
	static const uint16_t others[] = { KEY_USAGE_NON_REPUDIATION };
	const struct view one[] = { peer_oid("1.3.6.1.4.1.99999.1") };
	const struct view two[] = { peer_oid("1.3.6.1.4.1.99999.2") };
	struct scvp_policy *p = &peer->ask.policy;
	p->alg = scvp_svp_oid(3);
	p->has_user_policies = p->has_key_usages = true;
	p->has_extended_key_usages = p->has_specified_key_usages = true;
	p->user_policies = p->extended_key_usages = p->specified_key_usages =
	    (struct scvp_list){ one, 1 };
	p->key_usages = usages;
	p->n_key_usages = 1;
	p->inhibit_mapping = p->inhibit_any = SCVP_TRUE;
	peer_ask(peer);
	struct scvp_judgement *j = peer_judge_answer(peer, peer_answer(peer));
	peer_expect_only(j, SCVP_CODE_OK, "echoed");
	scvp_judgement_free(j);
	for (int item = 0; item < 7; item++) {
		struct peer_answer *a = peer_answer(peer);
		struct scvp_policy *got = a->policy;
		if (item == 0)
			got->alg = scvp_svp_oid(2);
		if (item == 1)
			got->user_policies.v = two;
		if (item == 2)
			got->inhibit_mapping = SCVP_FALSE;
		if (item == 3)
			got->inhibit_any = SCVP_FALSE;
		if (item == 4)
			got->key_usages = others;
		if (item == 5)
			got->extended_key_usages.v = two;
		if (item == 6)
			got->specified_key_usages.v = two;
		j = peer_judge_answer(peer, a);
		peer_expect_only(j, SCVP_CODE_POLICY_CHANGED, "changed");
		scvp_judgement_free(j);
	}
}

Test(scvp_client_response, anchor_may_come_back_by_reference)
{
	struct digest d;
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(digest_once(DIGEST_SHA1, peer->root->der, &d, &err), 0);
	struct buf name = buf_make(1024);
	cr_assert_eq(der_put(&name, 0xa4, peer->root_cert->issuer, &err), 0);
	struct scvp_cert_ref ref = { .kind = SCVP_REF_PKC,
				     .id = { .hash = digest_view(&d),
					     .issuer = view_buf(&name),
					     .serial = peer->root_cert->serial } };
	struct peer_answer *a = peer_answer(peer);
	a->policy->anchors = &ref;
	struct scvp_judgement *j = peer_judge_answer(peer, a);
	peer_expect_only(j, SCVP_CODE_OK, "by reference");
	scvp_judgement_free(j);
	a = peer_answer(peer);
	d.p[3] ^= 1;
	a->policy->anchors = &ref;
	j = peer_judge_answer(peer, a);
	peer_expect_only(j, SCVP_CODE_POLICY_CHANGED, "another reference");
	scvp_judgement_free(j);
	buf_free(&name);
}

/* ---- errors and other messages ---- */

Test(scvp_client_response, error_status_is_named_and_settles_nothing)
{
	static const enum scvp_status all[] = {
		SCVP_TOO_BUSY,
		SCVP_INVALID_REQUEST,
		SCVP_UNABLE_TO_DECODE,
		SCVP_RELAYING_LOOP,
		SCVP_UNRECOGNIZED_CRIT_REQUEST_EXT,
		199,
	};
	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++) {
		const struct scvp_expect x = peer_expect(peer);
		struct peer_answer *a = peer_answer(peer);
		a->r.status = all[i];
		a->r.n_replies = 0;
		policy_missing(a);
		struct buf body = peer_seal(a, NULL);
		struct scvp_judgement *j = peer_judge(&x, &body);
		peer_expect_only(j, SCVP_CODE_SERVER_ERROR, "error");
		cr_assert_eq(scvp_worst(j), PATH_UNDETERMINED);
		scvp_judgement_free(j);
		buf_free(&body);
		peer_answer_free(a);
	}
}

Test(scvp_client_response, error_with_replies_is_told)
{
	struct peer_answer *a = peer_answer(peer);
	a->r.status = SCVP_TOO_BUSY;
	struct scvp_judgement *j = peer_judge_answer(peer, a);
	cr_assert(scvp_has_finding(j, SCVP_CODE_ERROR_CONTENT));
	cr_assert_eq(j->n_reports, 0);
	scvp_judgement_free(j);
}

Test(scvp_client_response, other_octets_are_no_response)
{
	const struct scvp_expect x = peer_expect(peer);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_judgement *j = NULL;
	cr_assert_eq(scvp_judge(view_text("hello"), &x, &j, &err), 0);
	peer_expect_only(j, SCVP_CODE_UNREADABLE, "text");
	cr_assert_eq(scvp_worst(j), PATH_UNDETERMINED);
	scvp_judgement_free(j);
	cr_assert_eq(scvp_judge(view_buf(&peer->asked->body), &x, &j, &err), 0);
	peer_expect_only(j, SCVP_CODE_NOT_A_RESPONSE, "a request");
	scvp_judgement_free(j);
	struct peer_answer *a = peer_answer(peer);
	struct buf body = peer_seal(a, peer->signer);
	for (size_t cut = 0; cut < body.n; cut += 97) {
		cr_assert_eq(scvp_judge(view_head(view_buf(&body), cut), &x, &j, &err),
			     0);
		cr_assert_not(j->trusted);
		scvp_judgement_free(j);
	}
	buf_free(&body);
	peer_answer_free(a);
}

Test(scvp_client_response, skipped_items_are_noted)
{
	struct peer_answer *a = peer_answer(peer);
	a->r.status = SCVP_SKIP_UNRECOGNIZED_ITEMS;
	struct scvp_judgement *j = peer_judge_answer(peer, a);
	peer_expect_only(j, SCVP_CODE_OK, "skipped");
	cr_assert(scvp_has_finding(j, SCVP_CODE_NOTE_SKIPPED));
	scvp_judgement_free(j);
}

Test(scvp_client_response, context_beside_all_paths_is_wrong)
{
	struct peer_answer *a = peer_answer(peer);
	a->r.has_context = true;
	a->r.context = view_text("\4\1x");
	struct scvp_judgement *j = peer_judge_answer(peer, a);
	peer_expect_only(j, SCVP_CODE_OK, "context");
	scvp_judgement_free(j);
	peer->ask.wants |= 1u << SCVP_WANT_ALL_PATHS;
	peer_ask(peer);
	a = peer_answer(peer);
	a->r.has_context = true;
	a->r.context = view_text("\4\1x");
	j = peer_judge_answer(peer, a);
	peer_expect_only(j, SCVP_CODE_CONTEXT, "context");
	scvp_judgement_free(j);
}
