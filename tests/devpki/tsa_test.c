/* SPDX-License-Identifier: Apache-2.0 */
/* Time-stamps over devpki_handle(): each fault is what its name says. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <string.h>

#include "tests/support/devpki_kit.h"
#include "timestamping/tst.h"

#define T2026 "2026-06-01T12:00:00.700Z"
#define QUERY "application/timestamp-query"
#define SKEW_MS 60000

/* A request, its answer, and what the parsers make of it. */
struct stamped {
	struct tsp_request req;
	struct devpki_answer a;
	struct tsp_response response;
	struct tst *tst;
	struct tst_intact intact;
};

static struct stamped stamp_at(struct devpki *p, const char *target)
{
	struct stamped s = { .tst = NULL };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf req = kit_tsp_request(&s.req, "some data");
	s.a = kit_ask(p, "POST", target, QUERY, view_buf(&req));
	cr_assert_eq(s.a.status, 200);
	cr_assert_str_eq(s.a.content_type, "application/timestamp-reply");
	cr_assert_eq(tsp_response_parse(view_buf(&s.a.body), &s.response, &err), 0,
		     "%s", err.text);
	if (s.response.token.n > 0) {
		cr_assert_eq(tst_parse(s.response.token, &s.tst, &err), 0, "%s",
			     err.text);
		cr_assert_eq(tst_check(s.tst, NULL, 0, &s.intact, &err), 0, "%s",
			     err.text);
	}
	buf_free(&req);
	return s;
}

static struct stamped stamp(struct devpki *p, const char *fault)
{
	char target[96];
	snprintf(target, sizeof(target), "/control/fault?tsa=0&kind=%s&count=1", fault);
	kit_order(p, target);
	return stamp_at(p, "/tsa");
}

static void stamped_free(struct stamped *s)
{
	tst_intact_clear(&s->intact);
	tst_free(s->tst);
	devpki_answer_free(&s->a);
}

/* Does the token answer the request at the time of the PKI? */
static int check(struct devpki *p, const struct stamped *s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t now = devpki_now_ms(p);
	return tsp_check(&s->req, s->tst, now, now, SKEW_MS, &err);
}

static void expect_good(struct devpki *p, struct stamped *s)
{
	cr_expect_eq(s->response.status, TSP_GRANTED);
	cr_expect(s->intact.signature_intact);
	cr_expect_eq(s->intact.defect, TST_OK, "%s", tst_defect_name(s->intact.defect));
	cr_expect_eq(check(p, s), 0);
}

static void check_good_at(const char *now)
{
	struct devpki *p = kit_pki(NULL, now);
	struct stamped s = stamp_at(p, "/tsa");
	expect_good(p, &s);
	cr_expect_eq(s.tst->gen_time_ms, kit_time(now) / 1000 * 1000);
	cr_expect_str_eq(s.tst->policy, DEVPKI_TSA_POLICY);
	cr_assert_not_null(s.intact.signer);
	cr_expect_eq(kit_verify(p, s.intact.signer, s.tst->gen_time_ms, NULL,
				X509_PURPOSE_TIMESTAMP_SIGN),
		     X509_V_OK);
	stamped_free(&s);
	devpki_free(p);
}

Test(tsa, token_of_today_is_right)
{
	check_good_at(T2026);
}

Test(tsa, token_of_1995_is_right)
{
	check_good_at("1995-06-01T12:00:00Z");
}

Test(tsa, token_of_2095_is_right)
{
	check_good_at("2095-06-01T12:00:00Z");
}

Test(tsa, each_number_signs_with_its_own_key)
{
	struct devpki *p = kit_pki(NULL, T2026);
	struct stamped a = stamp_at(p, "/tsa/0"), b = stamp_at(p, "/tsa/1");
	cr_expect_eq(X509_cmp(a.intact.signer, kit_named(p, "tsa0")->x509), 0);
	cr_expect_eq(X509_cmp(b.intact.signer, kit_named(p, "tsa1")->x509), 0);
	stamped_free(&a);
	stamped_free(&b);
	devpki_free(p);
}

Test(tsa, after_rollover_the_new_key_signs)
{
	struct devpki *p = kit_pki(NULL, T2026);
	kit_order(p, "/control/rollover?what=tsa&tsa=0&key=ed25519");
	struct stamped s = stamp_at(p, "/tsa");
	expect_good(p, &s);
	cr_expect_eq(X509_cmp(s.intact.signer, kit_named(p, "tsa0-2")->x509), 0);
	stamped_free(&s);
	devpki_free(p);
}

Test(tsa, every_key_type_signs)
{
	static const char *const types[] = { "p384", "rsa2048", "rsa3072" };
	struct devpki *p = kit_pki(NULL, T2026);
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		char target[80];
		snprintf(target, sizeof(target), "/control/rollover?what=tsa&key=%s",
			 types[i]);
		kit_order(p, target);
		struct stamped s = stamp_at(p, "/tsa");
		expect_good(p, &s);
		stamped_free(&s);
	}
	devpki_free(p);
}

Test(tsa, number_without_tsa_is_not_found)
{
	static const char *const paths[] = { "/tsa/2",  "/tsa/99", "/tsa/x",
					     "/tsa/0x", "/tsa/-1", "/tsa/" };
	struct devpki *p = kit_pki(NULL, T2026);
	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct devpki_answer a = kit_ask(p, "POST", paths[i], QUERY, VIEW_NULL);
		cr_expect_eq(a.status, 404, "%s", paths[i]);
		devpki_answer_free(&a);
	}
	devpki_free(p);
}

Test(tsa, noise_is_rejected_in_a_wellformed_response)
{
	struct devpki *p = kit_pki(NULL, T2026);
	struct devpki_answer a = kit_ask(p, "POST", "/tsa", QUERY, view_text("noise"));
	struct tsp_response r;
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_expect_eq(a.status, 200);
	cr_assert_eq(tsp_response_parse(view_buf(&a.body), &r, &err), 0);
	cr_expect_eq(r.status, TSP_REJECTION);
	cr_expect_eq(r.token.n, 0);
	devpki_answer_free(&a);
	devpki_free(p);
}

/* ---- faults inside the answer ---- */

Test(tsa_fault, late_time_alone_is_wrong)
{
	struct devpki *p = kit_pki(NULL, T2026);
	struct stamped s = stamp(p, "late");
	cr_expect_eq(s.intact.defect, TST_OK);
	cr_expect_eq(s.tst->gen_time_ms, kit_time("2026-06-02T12:00:00Z"));
	cr_expect_eq(check(p, &s), -1);
	kit_set(p, "2026-06-02T12:00:00Z");
	cr_expect_eq(check(p, &s), 0);
	stamped_free(&s);
	devpki_free(p);
}

Test(tsa_fault, late_takes_a_value)
{
	struct devpki *p = kit_pki(NULL, T2026);
	kit_order(p, "/control/fault?tsa=0&kind=late&value=5000");
	struct stamped s = stamp_at(p, "/tsa");
	cr_expect_eq(s.tst->gen_time_ms, kit_time("2026-06-01T12:00:05Z"));
	stamped_free(&s);
	devpki_free(p);
}

Test(tsa_fault, wrong_imprint_is_signed_but_covers_other_data)
{
	struct devpki *p = kit_pki(NULL, T2026);
	struct stamped s = stamp(p, "wrong-imprint");
	struct digest d;
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(digest_once(DIGEST_SHA256, view_text("some data"), &d, &err), 0);
	cr_expect_eq(s.intact.defect, TST_OK);
	cr_expect_not(tst_covers(s.tst, &d));
	cr_expect_eq(check(p, &s), -1);
	stamped_free(&s);
	devpki_free(p);
}

Test(tsa_fault, wrong_nonce_differs_and_no_nonce_lacks_it)
{
	struct devpki *p = kit_pki(NULL, T2026);
	struct stamped s = stamp(p, "wrong-nonce");
	struct view sent = view_of(s.req.nonce, s.req.nonce_n);
	cr_expect_eq(s.intact.defect, TST_OK);
	cr_expect_gt(s.tst->nonce.n, 0);
	cr_expect_not(view_equal(s.tst->nonce, sent));
	cr_expect_eq(check(p, &s), -1);
	stamped_free(&s);
	s = stamp(p, "no-nonce");
	cr_expect_eq(s.intact.defect, TST_OK);
	cr_expect_eq(s.tst->nonce.n, 0);
	cr_expect_eq(check(p, &s), -1);
	stamped_free(&s);
	devpki_free(p);
}

Test(tsa_fault, wrong_policy_is_another_than_asked)
{
	struct devpki *p = kit_pki(NULL, T2026);
	struct stamped s = stamp(p, "wrong-policy");
	cr_expect_eq(s.intact.defect, TST_OK);
	cr_expect_str_neq(s.tst->policy, DEVPKI_TSA_POLICY);
	stamped_free(&s);
	devpki_free(p);
}

Test(tsa_fault, each_broken_token_has_its_own_defect)
{
	static const struct {
		const char *fault;
		enum tst_defect defect;
		bool signature_intact;
	} cases[] = {
		{ "bad-signature", TST_SIGNATURE, false },
		{ "wrong-message-digest", TST_MESSAGE_DIGEST, false },
		{ "no-certificate", TST_NO_SIGNER_CERTIFICATE, false },
		{ "no-signing-certificate", TST_NO_SIGNING_CERTIFICATE_ATTRIBUTE,
		  true },
		{ "wrong-signing-certificate", TST_SIGNING_CERTIFICATE_MISMATCH, true },
		{ "critical-extension", TST_CRITICAL_EXTENSION, true },
	};
	struct devpki *p = kit_pki(NULL, T2026);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct stamped s = stamp(p, cases[i].fault);
		cr_expect_eq(s.intact.defect, cases[i].defect, "%s: %s", cases[i].fault,
			     tst_defect_name(s.intact.defect));
		cr_expect_eq(s.intact.signature_intact, cases[i].signature_intact, "%s",
			     cases[i].fault);
		stamped_free(&s);
	}
	devpki_free(p);
}

Test(tsa_fault, refuse_is_a_rejection_without_token)
{
	struct devpki *p = kit_pki(NULL, T2026);
	struct stamped s = stamp(p, "refuse");
	cr_expect_eq(s.response.status, TSP_REJECTION);
	cr_expect_eq(s.response.failure, TSP_SYSTEM_FAILURE);
	cr_expect_null(s.tst);
	stamped_free(&s);
	devpki_free(p);
}

/* ---- faults around the answer ---- */

static struct devpki_answer ask_with_fault(struct devpki *p, const char *fault)
{
	char target[96];
	struct tsp_request req;
	struct buf bytes = kit_tsp_request(&req, "x");
	snprintf(target, sizeof(target), "/control/fault?target=tsa&kind=%s&count=1",
		 fault);
	kit_order(p, target);
	struct devpki_answer a = kit_ask(p, "POST", "/tsa", QUERY, view_buf(&bytes));
	buf_free(&bytes);
	return a;
}

static bool parses(const struct devpki_answer *a)
{
	struct tsp_response r;
	struct ltps_error err = LTPS_ERROR_INIT;
	return tsp_response_parse(view_buf(&a->body), &r, &err) == 0;
}

Test(tsa_fault, garbage_and_cut_answers_are_no_responses)
{
	static const char *const faults[] = { "garbage", "cut" };
	struct devpki *p = kit_pki(NULL, T2026);
	for (size_t i = 0; i < 2; i++) {
		struct devpki_answer a = ask_with_fault(p, faults[i]);
		cr_expect_eq(a.status, 200);
		cr_expect_gt(a.body.n, 0);
		cr_expect_not(a.truncated || a.close);
		cr_expect_not(parses(&a), "%s", faults[i]);
		devpki_answer_free(&a);
	}
	devpki_free(p);
}

Test(tsa_fault, truncated_announces_more_than_it_sends)
{
	struct devpki *p = kit_pki(NULL, T2026);
	struct devpki_answer a = ask_with_fault(p, "truncated");
	cr_expect(a.truncated);
	cr_expect(parses(&a));
	cr_expect_lt(a.sent_n, a.body.n);
	cr_expect_gt(a.sent_n, 0);
	devpki_answer_free(&a);
	devpki_free(p);
}

Test(tsa_fault, slow_is_right_but_delayed)
{
	struct devpki *p = kit_pki(NULL, T2026);
	struct devpki_answer a = ask_with_fault(p, "slow");
	cr_expect_eq(a.delay_ms, 5000);
	cr_expect(parses(&a));
	devpki_answer_free(&a);
	a = ask_with_fault(p, "slow&value=50");
	cr_expect_eq(a.delay_ms, 50);
	devpki_answer_free(&a);
	devpki_free(p);
}

Test(tsa_fault, closed_and_http_errors_give_no_response)
{
	struct devpki *p = kit_pki(NULL, T2026);
	struct devpki_answer a = ask_with_fault(p, "closed");
	cr_expect(a.close);
	devpki_answer_free(&a);
	a = ask_with_fault(p, "http-500");
	cr_expect_eq(a.status, 500);
	cr_expect_not(parses(&a));
	devpki_answer_free(&a);
	a = ask_with_fault(p, "http-503");
	cr_expect_eq(a.status, 503);
	devpki_answer_free(&a);
	devpki_free(p);
}

/* ---- counting ---- */

static bool is_refused(struct devpki *p, const char *target)
{
	struct stamped s = stamp_at(p, target);
	bool refused = s.response.status == TSP_REJECTION;
	stamped_free(&s);
	return refused;
}

Test(tsa_fault, count_ends_it_and_others_are_spared)
{
	struct devpki *p = kit_pki(NULL, T2026);
	kit_order(p, "/control/fault?tsa=1&kind=refuse&count=2");
	cr_expect_not(is_refused(p, "/tsa/0"));
	cr_expect(is_refused(p, "/tsa/1"));
	cr_expect(is_refused(p, "/tsa/1"));
	cr_expect_not(is_refused(p, "/tsa/1"));
	devpki_free(p);
}

Test(tsa_fault, without_count_stays_until_cleared)
{
	struct devpki *p = kit_pki(NULL, T2026);
	kit_order(p, "/control/fault?tsa=0&kind=refuse");
	for (int i = 0; i < 5; i++)
		cr_expect(is_refused(p, "/tsa"));
	kit_order(p, "/control/fault?tsa=0&kind=none");
	cr_expect_not(is_refused(p, "/tsa"));
	devpki_free(p);
}

/* ---- the same table for status answers ---- */

Test(status_fault, ocsp_answers_are_what_their_fault_says)
{
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	struct buf req = kit_ocsp_request(&c, 1, 16);
	static const struct {
		const char *fault;
		int response; /* OCSP response status */
		int verifies; /* of the signature */
		int status;
		int nonce; /* OCSP_check_nonce() */
	} cases[] = {
		{ "refuse", OCSP_RESPONSE_STATUS_TRYLATER, 0, 0, 0 },
		{ "bad-signature", 0, -1, V_OCSP_CERTSTATUS_GOOD, 1 },
		{ "wrong-nonce", 0, 1, V_OCSP_CERTSTATUS_GOOD, 0 },
		{ "no-nonce", 0, 1, V_OCSP_CERTSTATUS_GOOD, -1 },
		{ "unknown", 0, 1, V_OCSP_CERTSTATUS_UNKNOWN, 1 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char target[80];
		snprintf(target, sizeof(target),
			 "/control/fault?target=ocsp&kind=%s&count=1", cases[i].fault);
		kit_order(p, target);
		struct devpki_answer a = kit_ask(
		    p, "POST", "/ocsp", "application/ocsp-request", view_buf(&req));
		const unsigned char *at = a.body.p, *sent = req.p;
		OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &at, (long)a.body.n);
		OCSP_REQUEST *q = d2i_OCSP_REQUEST(NULL, &sent, (long)req.n);
		cr_assert_eq(OCSP_response_status(r), cases[i].response);
		if (cases[i].response == 0) {
			OCSP_BASICRESP *basic = OCSP_response_get1_basic(r);
			int ok = OCSP_basic_verify(basic, NULL, NULL, OCSP_NOVERIFY);
			cr_expect_eq(ok > 0, cases[i].verifies > 0, "%s",
				     cases[i].fault);
			cr_expect_eq(kit_ocsp_status(basic, c), cases[i].status);
			cr_expect_eq(OCSP_check_nonce(q, basic), cases[i].nonce, "%s",
				     cases[i].fault);
			OCSP_BASICRESP_free(basic);
		}
		ERR_clear_error();
		OCSP_REQUEST_free(q);
		OCSP_RESPONSE_free(r);
		devpki_answer_free(&a);
	}
	buf_free(&req);
	devpki_free(p);
}

Test(status_fault, stale_answers_are_out_of_date)
{
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *c = kit_issue(p, "leaf");
	kit_order(p, "/control/fault?target=crl&kind=stale&count=1");
	kit_order(p, "/control/fault?target=ocsp&kind=stale&count=1");
	X509_CRL *crl = kit_crl(p, "ca");
	cr_expect_eq(kit_verify(p, c->x509, kit_time(T2026), crl, 0),
		     X509_V_ERR_CRL_HAS_EXPIRED);
	X509_CRL_free(crl);
	struct buf req = kit_ocsp_request(&c, 1, 0);
	struct devpki_answer a =
	    kit_ask(p, "POST", "/ocsp", "application/ocsp-request", view_buf(&req));
	const unsigned char *at = a.body.p;
	OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &at, (long)a.body.n);
	OCSP_BASICRESP *basic = OCSP_response_get1_basic(r);
	ASN1_GENERALIZEDTIME *next = NULL;
	OCSP_single_get0_status(OCSP_resp_get0(basic, 0), NULL, NULL, NULL, &next);
	cr_expect_lt(kit_asn1_ms(next), kit_time(T2026));
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(r);
	devpki_answer_free(&a);
	buf_free(&req);
	devpki_free(p);
}

Test(status_fault, crl_with_bad_signature_does_not_verify)
{
	struct devpki *p = kit_pki(NULL, T2026);
	kit_order(p, "/control/fault?target=crl&kind=bad-signature&count=1");
	struct devpki_answer a = kit_ask(p, "GET", "/crl/ca.crl", NULL, VIEW_NULL);
	const unsigned char *at = a.body.p;
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)a.body.n);
	cr_assert_not_null(crl);
	EVP_PKEY *key = X509_get0_pubkey(devpki_active(p, DEVPKI_CA, 0)->x509);
	cr_expect_neq(X509_CRL_verify(crl, key), 1);
	ERR_clear_error();
	X509_CRL_free(crl);
	devpki_answer_free(&a);
	devpki_free(p);
}

Test(status_fault, fault_of_another_target_is_refused)
{
	static const char *const orders[] = {
		"/control/fault?target=crl&kind=late",
		"/control/fault?target=aia&kind=stale",
		"/control/fault?target=ocsp&kind=wrong-imprint",
		"/control/fault?target=tsa&kind=unknown",
		"/control/fault?tsa=2&kind=late",
	};
	struct devpki *p = kit_pki(NULL, T2026);
	for (size_t i = 0; i < sizeof(orders) / sizeof(orders[0]); i++) {
		struct devpki_answer a = kit_ask(p, "POST", orders[i], NULL, VIEW_NULL);
		cr_expect_eq(a.status, 400, "%s", orders[i]);
		devpki_answer_free(&a);
	}
	devpki_free(p);
}
