/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/http_stub.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/tsa_stub.h"
#include "timestamping/tsp_client.h"
#include "validation/tsa_path.h"

static struct fix_pki pki;
static struct fetch *fetch;
static struct clock now;

static void set_up(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fetch_policy policy = { .allow_http = true, .allow_loopback = true };
	cr_assert_eq(fetch_new(&policy, &fetch, &err), 0, "%s", err.text);
	pki = fix_pki_make();
	now = clock_fixed(FIX_T0_MS);
}

static void tear_down(void)
{
	fix_pki_free(&pki);
	fetch_free(fetch);
}

TestSuite(tsp_client, .init = set_up, .fini = tear_down);

static struct tsa_stub_options options(void)
{
	return (struct tsa_stub_options){ .responder = { .certificate = pki.tsa->x,
							 .key = pki.tsa->key,
							 .chain = &pki.ca->der,
							 .n_chain = 1,
							 .policy = FIX_POLICY },
					  .now_ms = FIX_T0_MS };
}

/* Asks the TSAs in order, without trust; 0 or -1. */
static int stamp(const struct tsa *tsas, size_t n, const struct material *trust,
		 struct tsp_answer *ret, struct ltps_error *err)
{
	struct digest d = fix_digest("content");
	struct tsp_client c = {
		.tsas = tsas,
		.n_tsas = n,
		.clock = &now,
		.gate = trust != NULL ? tsa_path_gate : NULL,
		.gate_arg = trust,
	};
	int rc = tsp_client_stamp(&c, fetch, &d, ret, err);
	cr_assert_eq(ERR_peek_error(), 0);
	return rc;
}

/* A defective TSA before a good one: the first is skipped for this reason. */
static void expect_skipped(const struct tsa_stub_options *bad, const char *policy,
			   const struct material *trust, const char *reason)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsa_stub_options good = options();
	struct tsa_stub *first = tsa_stub_start(bad), *second = tsa_stub_start(&good);
	struct tsa tsas[] = { { "bad", tsa_stub_url(first), policy },
			      { "good", tsa_stub_url(second), NULL } };
	struct tsp_answer a;
	cr_assert_eq(stamp(tsas, 2, trust, &a, &err), 0, "%s", err.text);
	cr_assert_eq(a.tsa, 1);
	cr_assert_eq(tsa_stub_requests(first), 1);
	cr_assert_eq(strncmp(a.skipped, "bad: ", 5), 0, "%s", a.skipped);
	cr_assert_not_null(strstr(a.skipped, reason), "\"%s\" lacks \"%s\"", a.skipped,
			   reason);
	tsp_answer_clear(&a);
	tsa_stub_stop(second);
	tsa_stub_stop(first);
}

static void expect_deviation(struct tsp_deviation deviation, const char *reason)
{
	struct tsa_stub_options o = options();
	o.deviation = deviation;
	expect_skipped(&o, NULL, NULL, reason);
}

Test(tsp_client, first_good_answer_is_taken)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d = fix_digest("content");
	struct tsa_stub_options o = options();
	struct tsa_stub *first = tsa_stub_start(&o), *second = tsa_stub_start(&o);
	struct tsa tsas[] = { { "one", tsa_stub_url(first), FIX_POLICY },
			      { "two", tsa_stub_url(second), NULL } };
	struct tsp_answer a;
	cr_assert_eq(stamp(tsas, 2, NULL, &a, &err), 0, "%s", err.text);
	cr_assert_eq(a.tsa, 0);
	cr_assert(tst_covers(a.tst, &d));
	cr_assert_eq(a.tst->gen_time_ms, FIX_T0_MS);
	cr_assert_str_eq(a.skipped, "");
	cr_assert_eq(tsa_stub_requests(second), 0);
	tsp_answer_clear(&a);
	tsp_answer_clear(NULL);
	const char *head = tsa_stub_head(first);
	cr_assert_eq(strncmp(head, "POST /tsa HTTP/1.1\r\n", 20), 0);
	cr_assert_not_null(
	    strcasestr(head, "\r\nContent-Type: application/timestamp-query\r\n"));
	cr_assert_not_null(
	    strcasestr(head, "\r\nAccept: application/timestamp-reply\r\n"));
	tsa_stub_stop(second);
	tsa_stub_stop(first);
}

/* ---- the transport ---- */

Test(tsp_client, http_error_is_skipped)
{
	struct tsa_stub_options o = options();
	o.http_status = 500;
	expect_skipped(&o, NULL, NULL, "HTTP status 500");
	o.http_status = 404;
	expect_skipped(&o, NULL, NULL, "HTTP status 404");
}

Test(tsp_client, other_content_types_are_skipped)
{
	static const char *const types[] = { "text/html", "application/timestamp-query",
					     "application/timestamp-replyx",
					     "application/octet-stream" };
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct tsa_stub_options o = options();
		o.content_type = types[i];
		expect_skipped(&o, NULL, NULL, "content type");
	}
}

Test(tsp_client, content_type_in_another_case_and_with_parameters_is_taken)
{
	static const char *const types[] = {
		"Application/Timestamp-Reply",
		"application/timestamp-reply; name=\"a.tsr\"",
		"application/timestamp-response"
	};
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct tsa_stub_options o = options();
		o.content_type = types[i];
		struct tsa_stub *stub = tsa_stub_start(&o);
		struct tsa tsa = { "one", tsa_stub_url(stub), NULL };
		struct tsp_answer a;
		cr_assert_eq(stamp(&tsa, 1, NULL, &a, &err), 0, "%s", err.text);
		tsp_answer_clear(&a);
		tsa_stub_stop(stub);
	}
}

Test(tsp_client, nonsense_and_empty_bodies_are_skipped)
{
	struct tsa_stub_options o = options();
	o.body = view_text("nonsense");
	expect_skipped(&o, NULL, NULL, "");
	o.body = view_text("");
	expect_skipped(&o, NULL, NULL, "");
}

Test(tsp_client, body_beyond_the_limit_is_skipped)
{
	uint8_t *much = mem_zalloc(1, TST_SIZE_MAX + 8192);
	struct tsa_stub_options o = options();
	o.body = view_of(much, TST_SIZE_MAX + 8192);
	expect_skipped(&o, NULL, NULL, "answer of");
	mem_free(much);
}

Test(tsp_client, silent_server_is_skipped)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct stub_answer nothing = { .text = "", .n = 0, .then = STUB_CLOSE };
	struct http_stub *silent = http_stub_start(&nothing, 1);
	struct tsa_stub_options o = options();
	struct tsa_stub *good = tsa_stub_start(&o);
	struct tsa tsas[] = { { "silent", http_stub_url(silent, "/"), NULL },
			      { "good", tsa_stub_url(good), NULL } };
	struct tsp_answer a;
	cr_assert_eq(stamp(tsas, 2, NULL, &a, &err), 0, "%s", err.text);
	cr_assert_eq(a.tsa, 1);
	tsp_answer_clear(&a);
	tsa_stub_stop(good);
	http_stub_stop(silent);
}

Test(tsp_client, bad_address_is_skipped)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsa_stub_options o = options();
	struct tsa_stub *good = tsa_stub_start(&o);
	struct tsa tsas[] = { { "file", "file:///etc/passwd", NULL },
			      { "good", tsa_stub_url(good), NULL } };
	struct tsp_answer a;
	cr_assert_eq(stamp(tsas, 2, NULL, &a, &err), 0, "%s", err.text);
	cr_assert_eq(a.tsa, 1);
	cr_assert_eq(strncmp(a.skipped, "file: ", 6), 0);
	tsp_answer_clear(&a);
	tsa_stub_stop(good);
}

/* ---- the response and the token: each check alone refuses ---- */

Test(tsp_client, refusal_is_skipped_with_its_reason)
{
	expect_deviation((struct tsp_deviation){ .refuse = true },
			 "refused with status 2, failure 25: refused");
}

Test(tsp_client, unaccepted_policy_is_skipped)
{
	struct tsa_stub_options o = options();
	expect_skipped(&o, "1.2.3.4", NULL, "failure 15");
}

Test(tsp_client, another_policy_is_skipped_when_one_was_asked_for)
{
	struct tsa_stub_options o = options();
	o.deviation.wrong_policy = true;
	expect_skipped(&o, FIX_POLICY, NULL, "policy");
}

Test(tsp_client, wrong_imprint_is_skipped)
{
	expect_deviation((struct tsp_deviation){ .wrong_imprint = true },
			 "something else");
}

Test(tsp_client, wrong_or_missing_nonce_is_skipped)
{
	expect_deviation((struct tsp_deviation){ .wrong_nonce = true }, "nonce");
	expect_deviation((struct tsp_deviation){ .no_nonce = true }, "nonce");
}

Test(tsp_client, missing_certificate_is_skipped)
{
	expect_deviation((struct tsp_deviation){ .no_certificate = true },
			 "certificate");
}

Test(tsp_client, each_defect_of_the_token_is_skipped)
{
	static const struct {
		struct tsp_deviation deviation;
		enum tst_defect defect;
	} cases[] = {
		{ { .bad_signature = true }, TST_SIGNATURE },
		{ { .wrong_message_digest = true }, TST_MESSAGE_DIGEST },
		{ { .wrong_content_type = true }, TST_CONTENT_TYPE },
		{ { .no_signing_certificate = true },
		  TST_NO_SIGNING_CERTIFICATE_ATTRIBUTE },
		{ { .wrong_signing_certificate = true },
		  TST_SIGNING_CERTIFICATE_MISMATCH },
		{ { .wrong_v1_beside = true }, TST_SIGNING_CERTIFICATE_MISMATCH },
		{ { .critical_extension = true }, TST_CRITICAL_EXTENSION },
		{ { .wrong_tsa_name = true }, TST_TSA_NAME },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_deviation(cases[i].deviation, tst_defect_text(cases[i].defect));
}

Test(tsp_client, two_signers_are_skipped)
{
	expect_deviation((struct tsp_deviation){ .two_signers = true },
			 "exactly one signature");
}

Test(tsp_client, certificate_unfit_for_time_stamping_is_skipped)
{
	struct fix_cert *unfit = fix_cert_make(&(struct fix_cert_options){
	    .cn = "TSA", .issuer = pki.ca, .eku = FIX_EKU_TIMESTAMPING_AND_OTHER });
	struct tsa_stub_options o = options();
	o.responder.certificate = unfit->x;
	o.responder.key = unfit->key;
	expect_skipped(&o, NULL, NULL, tst_defect_text(TST_EXTENDED_KEY_USAGE));
	fix_cert_free(unfit);
}

Test(tsp_client, gen_time_beyond_the_tolerance_is_skipped)
{
	struct tsa_stub_options o = options();
	o.now_ms = FIX_T0_MS + TSP_SKEW_MS_DEFAULT + 1000;
	expect_skipped(&o, NULL, NULL, "genTime is after");
	o.now_ms = FIX_T0_MS - TSP_SKEW_MS_DEFAULT - 1000;
	expect_skipped(&o, NULL, NULL, "genTime is before");
}

Test(tsp_client, gen_time_within_the_tolerance_of_the_caller_is_taken)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d = fix_digest("content");
	struct tsa_stub_options o = options();
	o.now_ms = FIX_T0_MS + 5000;
	struct tsa_stub *stub = tsa_stub_start(&o);
	struct tsa tsa = { "one", tsa_stub_url(stub), NULL };
	struct tsp_client c = {
		.tsas = &tsa, .n_tsas = 1, .clock = &now, .skew_ms = 5000
	};
	struct tsp_answer a;
	cr_assert_eq(tsp_client_stamp(&c, fetch, &d, &a, &err), 0, "%s", err.text);
	tsp_answer_clear(&a);
	c.skew_ms = 4999;
	cr_assert_eq(tsp_client_stamp(&c, fetch, &d, &a, &err), -1);
	tsa_stub_stop(stub);
}

/* ---- trust ---- */

Test(tsp_client, trusted_path_is_taken_without_any_status)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsa_stub_options o = options();
	struct tsa_stub *stub = tsa_stub_start(&o);
	struct tsa tsa = { "one", tsa_stub_url(stub), NULL };
	struct material *trust = fix_material(pki.root, NULL);
	struct tsp_answer a;
	cr_assert_eq(stamp(&tsa, 1, trust, &a, &err), 0, "%s", err.text);
	tsp_answer_clear(&a);
	material_free(trust);
	tsa_stub_stop(stub);
}

Test(tsp_client, foreign_tsa_is_skipped_when_trust_is_set)
{
	struct fix_pki other = fix_pki_make();
	struct tsa_stub_options o = options();
	struct material *trust = fix_material(pki.root, NULL);
	o.responder.certificate = other.tsa->x;
	o.responder.key = other.tsa->key;
	o.responder.chain = &other.ca->der;
	expect_skipped(&o, NULL, trust, "NO_CERTIFICATE_CHAIN_FOUND");
	material_free(trust);
	fix_pki_free(&other);
}

Test(tsp_client, revoked_tsa_is_skipped_when_trust_is_set)
{
	struct fix_cert *revoked = fix_cert_make(&(struct fix_cert_options){
	    .cn = "Revoked", .issuer = pki.ca, .eku = FIX_EKU_TIMESTAMPING });
	struct fix_revoked entry = { .cert = revoked,
				     .at_ms = FIX_T0_MS - FIX_DAY_MS,
				     .reason = 4 };
	struct buf crl = buf_make(65536);
	struct tsa_stub_options o = options();
	struct material *trust = fix_material(pki.root, NULL);
	fix_crl_simple(pki.ca, FIX_T0_MS - 1000, &entry, &crl);
	fix_material_add(trust, MATERIAL_CRL, view_buf(&crl));
	o.responder.certificate = revoked->x;
	o.responder.key = revoked->key;
	expect_skipped(&o, NULL, trust, "REVOKED");
	material_free(trust);
	buf_free(&crl);
	fix_cert_free(revoked);
}

Test(tsp_client, expired_tsa_is_skipped_when_trust_is_set)
{
	struct fix_cert *old = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "Old",
					.issuer = pki.ca,
					.eku = FIX_EKU_TIMESTAMPING,
					.not_after_ms = FIX_T0_MS - 1000 });
	struct tsa_stub_options o = options();
	struct material *trust = fix_material(pki.root, NULL);
	o.responder.certificate = old->x;
	o.responder.key = old->key;
	expect_skipped(&o, NULL, trust, "OUT_OF_BOUNDS_NO_POE");
	material_free(trust);
	fix_cert_free(old);
}

/* ---- when none gives one ---- */

Test(tsp_client, failure_of_all_names_each)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsa_stub_options o = options();
	struct tsa tsas[TSP_TSAS_MAX];
	char names[TSP_TSAS_MAX][4];
	struct tsp_answer a;
	o.http_status = 503;
	struct tsa_stub *stub = tsa_stub_start(&o);
	for (size_t i = 0; i < TSP_TSAS_MAX; i++) {
		snprintf(names[i], sizeof(names[i]), "t%c", (char)('a' + i));
		tsas[i] = (struct tsa){ names[i], tsa_stub_url(stub), NULL };
	}
	cr_assert_eq(stamp(tsas, 2, NULL, &a, &err), -1);
	cr_assert_eq(err.code, LTPS_REMOTE);
	cr_assert_eq(err.fault, LTPS_FAULT_REMOTE);
	cr_assert_str_eq(err.text, "no time-stamp from any TSA: ta: HTTP status 503; "
				   "tb: HTTP status 503");
	ltps_error_clear(&err);
	cr_assert_eq(stamp(tsas, TSP_TSAS_MAX, NULL, &a, &err), -1);
	for (size_t i = 0; i < TSP_TSAS_MAX; i++)
		cr_assert_not_null(strstr(err.text, names[i]), "%s", err.text);
	cr_assert_eq(tsa_stub_requests(stub), 2 + TSP_TSAS_MAX);
	tsa_stub_stop(stub);
}

Test(tsp_client, arguments_are_checked)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest none = { .alg = DIGEST_NONE };
	struct tsa tsa = { "one", "http://127.0.0.1:1/", NULL };
	struct tsp_client c = { .tsas = &tsa, .n_tsas = 1, .clock = &now };
	struct tsp_answer a;
	cr_assert_eq(stamp(NULL, 0, NULL, &a, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
	ltps_error_clear(&err);
	cr_assert_eq(stamp(&tsa, TSP_TSAS_MAX + 1, NULL, &a, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
	ltps_error_clear(&err);
	cr_assert_eq(tsp_client_stamp(&c, fetch, &none, &a, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
}

/* Cancels as soon as the server that says nothing was asked. */
static void *cancel_when_asked(void *stub)
{
	http_stub_wait(stub, 1);
	fetch_cancel(fetch);
	return NULL;
}

Test(tsp_client, cancelling_ends_the_search)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct stub_answer hang = { .text = "", .n = 0, .then = STUB_HANG };
	struct http_stub *stub = http_stub_start(&hang, 1);
	struct tsa tsas[] = { { "one", NULL, NULL }, { "two", NULL, NULL } };
	struct tsp_answer a;
	pthread_t thread;
	tsas[0].url = http_stub_url(stub, "/");
	tsas[1].url = tsas[0].url;
	cr_assert_eq(pthread_create(&thread, NULL, cancel_when_asked, stub), 0);
	cr_assert_eq(stamp(tsas, 2, NULL, &a, &err), -1);
	cr_assert_eq(err.code, LTPS_CANCELLED, "%s", ltps_code_name(err.code));
	pthread_join(thread, NULL);
	cr_assert_eq(http_stub_requests(stub), 1);
	http_stub_stop(stub);
}
