/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <openssl/ts.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/cms_make.h"
#include "tests/support/pki_fixture.h"
#include "timestamping/tsp_responder.h"

static struct fix_pki pki;

static void make_pki(void)
{
	pki = fix_pki_make();
}

static void free_pki(void)
{
	fix_pki_free(&pki);
}

TestSuite(tsp_responder, .init = make_pki, .fini = free_pki);

static struct tsp_responder responder(void)
{
	return (struct tsp_responder){ .certificate = pki.tsa->x,
				       .key = pki.tsa->key,
				       .policy = FIX_POLICY };
}

static struct buf query_for(const char *policy, bool cert_req)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d = fix_digest("content");
	struct tsp_request q;
	struct buf out = buf_make(TSP_QUERY_MAX);
	cr_assert_eq(tsp_request_make(&d, policy, &q, &err), 0);
	q.cert_req = cert_req;
	cr_assert_eq(tsp_request_encode(&q, &out, &err), 0);
	return out;
}

static struct buf answer(const struct tsp_responder *r, struct view query,
			 int64_t now_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(TST_SIZE_MAX);
	cr_assert_eq(tsp_respond(r, query, now_ms, NULL, &out, &err), 0, "%s",
		     err.text);
	cr_assert_eq(der_check(view_buf(&out), &err), 0, "%s", err.text);
	cr_assert_eq(ERR_peek_error(), 0);
	return out;
}

static struct tst *token_of(const struct buf *reply)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsp_response response;
	struct tst *tst = NULL;
	cr_assert_eq(tsp_response_parse(view_buf(reply), &response, &err), 0);
	cr_assert_eq(response.status, TSP_GRANTED);
	cr_assert_eq(tst_parse(response.token, &tst, &err), 0, "%s", err.text);
	return tst;
}

static void expect_rejection(struct view query, int failure)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsp_response response;
	struct tsp_responder r = responder();
	struct buf reply = answer(&r, query, FIX_T0_MS);
	cr_assert_eq(tsp_response_parse(view_buf(&reply), &response, &err), 0);
	cr_assert_eq(response.status, TSP_REJECTION);
	cr_assert_eq(response.failure, failure, "%d", response.failure);
	cr_assert_eq(response.token.n, 0);
	cr_assert(response.text[0] != '\0');
	buf_free(&reply);
}

Test(tsp_responder, every_cut_of_a_request_is_rejected)
{
	struct buf q = query_for(FIX_POLICY, true);
	for (size_t n = 0; n < q.n; n++)
		expect_rejection(view_of(q.p, n), TSP_BAD_DATA_FORMAT);
	buf_free(&q);
}

Test(tsp_responder, each_fault_has_its_failure_bit)
{
	static const uint8_t hash[32];
	struct view octets = make_el(0x04, view_of(hash, sizeof(hash)));
	struct view imprint =
	    make_el(DER_SEQUENCE, digest_algorithm_identifier(DIGEST_SHA256), octets);
	expect_rejection(make_el(DER_SEQUENCE, make_int(2), imprint), TSP_BAD_REQUEST);
	expect_rejection(
	    make_el(DER_SEQUENCE, make_int(1),
		    make_el(DER_SEQUENCE, make_el(DER_SEQUENCE, make_oid("1.2.3")),
			    octets)),
	    TSP_BAD_ALG);
	expect_rejection(
	    make_el(DER_SEQUENCE, make_int(1),
		    make_el(DER_SEQUENCE, digest_algorithm_identifier(DIGEST_SHA512),
			    octets)),
	    TSP_BAD_DATA_FORMAT);
	expect_rejection(make_el(DER_SEQUENCE, make_int(1), imprint, make_oid("1.2.3")),
			 TSP_UNACCEPTED_POLICY);
	/* RFC 3161 2.4.1: critical or not. */
	expect_rejection(make_el(DER_SEQUENCE, make_int(1), imprint,
				 make_el(0xa0, make_el(DER_SEQUENCE, make_oid("1.2.3"),
						       make_octets("x")))),
			 TSP_UNACCEPTED_EXTENSION);
}

Test(tsp_responder, refusal_is_a_system_failure)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsp_response response;
	struct tsp_responder r = responder();
	struct tsp_deviation deviation = { .refuse = true };
	struct buf q = query_for(NULL, true), reply = buf_make(TST_SIZE_MAX);
	cr_assert_eq(tsp_respond(&r, view_buf(&q), FIX_T0_MS, &deviation, &reply, &err),
		     0);
	cr_assert_eq(tsp_response_parse(view_buf(&reply), &response, &err), 0);
	cr_assert_eq(response.failure, TSP_SYSTEM_FAILURE);
	buf_free(&reply);
	buf_free(&q);
}

Test(tsp_responder, gen_time_is_cut_to_the_second)
{
	struct tsp_responder r = responder();
	struct buf q = query_for(NULL, true);
	struct buf reply = answer(&r, view_buf(&q), FIX_T0_MS + 999);
	struct tst *tst = token_of(&reply);
	cr_assert_eq(tst->gen_time_ms, FIX_T0_MS);
	tst_free(tst);
	buf_free(&reply);
	buf_free(&q);
}

Test(tsp_responder, serial_numbers_differ)
{
	struct tsp_responder r = responder();
	struct buf q = query_for(NULL, true);
	struct buf a = answer(&r, view_buf(&q), FIX_T0_MS);
	struct buf b = answer(&r, view_buf(&q), FIX_T0_MS);
	struct tst *x = token_of(&a), *y = token_of(&b);
	cr_assert_not(view_equal(x->serial, y->serial));
	cr_assert_eq(x->serial.n, 16);
	tst_free(y);
	tst_free(x);
	buf_free(&b);
	buf_free(&a);
	buf_free(&q);
}

Test(tsp_responder, certificates_are_inside_only_when_asked_for)
{
	struct tsp_responder r = responder();
	struct view chain[] = { pki.ca->der, pki.root->der };
	r.chain = chain;
	r.n_chain = 2;
	for (int asked = 0; asked <= 1; asked++) {
		struct buf q = query_for(NULL, asked != 0);
		struct buf reply = answer(&r, view_buf(&q), FIX_T0_MS);
		struct tst *tst = token_of(&reply);
		cr_assert_eq(tst->cms->n_certs, asked != 0 ? 3 : 0);
		tst_free(tst);
		buf_free(&reply);
		buf_free(&q);
	}
}

Test(tsp_responder, accuracy_and_name_are_given_as_configured)
{
	static const struct {
		int64_t ms, us;
	} cases[] = { { 0, -1 },         { 1, 1000 },        { 127, 127000 },
		      { 128, 128000 },   { 500, 500000 },    { 1000, 1000000 },
		      { 1500, 1500000 }, { 90128, 90128000 } };
	struct tsp_responder r = responder();
	struct buf q = query_for(NULL, true);
	r.tsa_name = true;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct tst_intact intact;
		r.accuracy_ms = cases[i].ms;
		struct buf reply = answer(&r, view_buf(&q), FIX_T0_MS);
		struct tst *tst = token_of(&reply);
		cr_assert_eq(tst->accuracy_us, cases[i].us);
		cr_assert(tst->tsa.n > 0);
		cr_assert_eq(tst_check(tst, NULL, 0, &intact, &err), 0);
		cr_assert_eq(intact.defect, TST_OK);
		tst_intact_clear(&intact);
		tst_free(tst);
		buf_free(&reply);
	}
	buf_free(&q);
}

Test(tsp_responder, openssl_accepts_the_answer_to_its_own_request)
{
	struct tsp_responder r = responder();
	struct buf q = query_for(FIX_POLICY, true);
	r.tsa_name = true;
	r.accuracy_ms = 1500;
	struct view chain[] = { pki.ca->der };
	r.chain = chain;
	r.n_chain = 1;
	struct buf reply = answer(&r, view_buf(&q), FIX_T0_MS);
	const uint8_t *p = q.p;
	TS_REQ *request = d2i_TS_REQ(NULL, &p, (long)q.n);
	p = reply.p;
	TS_RESP *response = d2i_TS_RESP(NULL, &p, (long)reply.n);
	TS_VERIFY_CTX *ctx = TS_REQ_to_TS_VERIFY_CTX(request, NULL);
	X509_STORE *store = X509_STORE_new();
	cr_assert(response != NULL && ctx != NULL && store != NULL);
	X509_STORE_add_cert(store, pki.root->x);
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store),
				   (time_t)(FIX_T0_MS / 1000));
	TS_VERIFY_CTX_set_store(ctx, store);
	TS_VERIFY_CTX_add_flags(ctx, TS_VFY_SIGNATURE);
	cr_assert_eq(TS_RESP_verify_response(ctx, response), 1, "%s",
		     ERR_reason_error_string(ERR_peek_last_error()));
	TS_VERIFY_CTX_free(ctx);
	TS_RESP_free(response);
	TS_REQ_free(request);
	buf_free(&reply);
	buf_free(&q);
}

Test(tsp_responder, every_failing_allocation_is_an_error)
{
	struct tsp_responder r = responder();
	struct buf q = query_for(FIX_POLICY, true);
	for (uint64_t n = 1;; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf out = buf_make(TST_SIZE_MAX);
		mem_fail_nth(n);
		int rc = tsp_respond(&r, view_buf(&q), FIX_T0_MS, NULL, &out, &err);
		bool hit = mem_fail_hit();
		mem_fail_nth(0);
		cr_assert_eq(ERR_peek_error(), 0);
		if (rc != 0)
			cr_assert(err.code == LTPS_NOMEM || err.code == LTPS_CRYPTO,
				  "%s", ltps_code_name(err.code));
		buf_free(&out);
		if (!hit)
			break;
	}
	buf_free(&q);
}
