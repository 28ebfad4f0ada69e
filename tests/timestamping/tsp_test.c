/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <openssl/ts.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/cms_make.h"
#include "tests/support/corpus.h"
#include "tests/support/pki_fixture.h"
#include "timestamping/tsp.h"

#define ID_BOOLEAN 0x01
#define ID_INTEGER 0x02
#define ID_BITS 0x03
#define ID_OCTETS 0x04
#define ID_UTF8 0x0c

static struct view bytes_el(uint8_t id, const char *octets, size_t n)
{
	return make_el(id, view_of(octets, n));
}

#define EL(id, octets) bytes_el(id, octets, sizeof(octets) - 1)

/* ---- requests ---- */

struct query {
	struct view version, imprint, policy, nonce, cert_req, extensions, extra;
};

static struct view octets_of(size_t n)
{
	static const uint8_t some[100] = { 0x55 };
	return make_el(ID_OCTETS, view_of(some, n));
}

static struct query query_default(void)
{
	return (struct query){
		.version = make_int(1),
		.imprint =
		    make_el(DER_SEQUENCE, digest_algorithm_identifier(DIGEST_SHA256),
			    octets_of(32)),
	};
}

static struct view query_build(const struct query *q)
{
	return make_el(DER_SEQUENCE, q->version, q->imprint, q->policy, q->nonce,
		       q->cert_req, q->extensions, q->extra);
}

static struct tsp_request parse_query(const struct query *q)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsp_request r;
	cr_assert_eq(tsp_request_parse(query_build(q), &r, &err), 0, "%s", err.text);
	return r;
}

static void refuse_query_bytes(struct view in, enum ltps_code code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsp_request r;
	cr_assert_eq(tsp_request_parse(in, &r, &err), -1);
	cr_assert_eq(err.code, code, "%s: %s", ltps_code_name(err.code), err.text);
	cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
}

static void refuse_query(const struct query *q)
{
	refuse_query_bytes(query_build(q), LTPS_FORMAT);
}

Test(tsp_request, minimal_is_read)
{
	struct query q = query_default();
	struct tsp_request r = parse_query(&q);
	cr_assert_eq(r.alg, DIGEST_SHA256);
	cr_assert_eq(r.imprint_n, 32);
	cr_assert_eq(r.nonce_n, 0);
	cr_assert_str_eq(r.policy, "");
	cr_assert_not(r.cert_req);
	cr_assert_not(r.extension);
}

Test(tsp_request, what_is_made_is_read_again)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d = fix_digest("content");
	struct tsp_request made, read;
	struct buf out = buf_make(TSP_QUERY_MAX);
	cr_assert_eq(tsp_request_make(&d, "1.2.3.4", &made, &err), 0);
	cr_assert_eq(tsp_request_encode(&made, &out, &err), 0);
	cr_assert_eq(der_check(view_buf(&out), &err), 0, "%s", err.text);
	cr_assert_eq(tsp_request_parse(view_buf(&out), &read, &err), 0);
	cr_assert_eq(read.alg, DIGEST_SHA256);
	cr_assert(view_equal(view_of(read.imprint, read.imprint_n), digest_view(&d)));
	cr_assert_str_eq(read.policy, "1.2.3.4");
	cr_assert_eq(read.nonce_n, TSP_NONCE_LEN);
	cr_assert(view_equal(view_of(read.nonce, read.nonce_n),
			     view_of(made.nonce, made.nonce_n)));
	cr_assert(read.cert_req);
	buf_free(&out);
}

Test(tsp_request, nonces_differ)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d = fix_digest("content");
	struct tsp_request a, b;
	cr_assert_eq(tsp_request_make(&d, NULL, &a, &err), 0);
	cr_assert_eq(tsp_request_make(&d, NULL, &b, &err), 0);
	cr_assert_not(
	    view_equal(view_of(a.nonce, a.nonce_n), view_of(b.nonce, b.nonce_n)));
}

Test(tsp_request, openssl_reads_ours_for_every_digest)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	for (int alg = DIGEST_SHA1; alg < DIGEST_ALG_COUNT; alg++) {
		struct digest d;
		struct tsp_request r;
		struct buf out = buf_make(TSP_QUERY_MAX);
		cr_assert_eq(
		    digest_once((enum digest_alg)alg, view_text("x"), &d, &err), 0);
		cr_assert_eq(tsp_request_make(&d, NULL, &r, &err), 0);
		cr_assert_eq(tsp_request_encode(&r, &out, &err), 0);
		const uint8_t *p = out.p;
		TS_REQ *theirs = d2i_TS_REQ(NULL, &p, (long)out.n);
		cr_assert_not_null(theirs);
		cr_assert_eq(TS_REQ_get_version(theirs), 1);
		cr_assert_neq(TS_REQ_get_cert_req(theirs), 0);
		TS_REQ_free(theirs);
		buf_free(&out);
	}
}

Test(tsp_request, no_digest_is_an_argument_error)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d = { .alg = DIGEST_NONE };
	struct tsp_request r = { 0 };
	struct buf out = buf_make(TSP_QUERY_MAX);
	cr_assert_eq(tsp_request_make(&d, NULL, &r, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
	ltps_error_clear(&err);
	cr_assert_eq(tsp_request_encode(&r, &out, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
	cr_assert_eq(out.n, 0);
}

Test(tsp_request, malformed_policy_is_refused_when_encoding)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d = fix_digest("content");
	struct tsp_request r;
	struct buf out = buf_make(TSP_QUERY_MAX);
	cr_assert_eq(tsp_request_make(&d, "no.oid", &r, &err), 0);
	cr_assert_eq(tsp_request_encode(&r, &out, &err), -1);
	buf_free(&out);
}

Test(tsp_request, other_version_is_unsupported)
{
	struct query q = query_default();
	q.version = make_int(2);
	refuse_query_bytes(query_build(&q), LTPS_UNSUPPORTED);
}

Test(tsp_request, hash_of_the_wrong_length_is_refused)
{
	struct query q = query_default();
	q.imprint = make_el(DER_SEQUENCE, digest_algorithm_identifier(DIGEST_SHA256),
			    octets_of(20));
	refuse_query(&q);
}

Test(tsp_request, unknown_hash_algorithm_is_told_by_its_name)
{
	struct query q = query_default();
	q.imprint =
	    make_el(DER_SEQUENCE, make_el(DER_SEQUENCE, make_oid("1.2.840.113549.2.5")),
		    octets_of(100));
	struct tsp_request r = parse_query(&q);
	cr_assert_eq(r.alg, DIGEST_NONE);
	cr_assert_eq(r.imprint_n, 0);
	cr_assert_str_eq(r.alg_oid, "1.2.840.113549.2.5");
}

Test(tsp_request, parameters_other_than_null_are_refused)
{
	struct query q = query_default();
	struct view oid = make_oid("2.16.840.1.101.3.4.2.1");
	q.imprint = make_el(DER_SEQUENCE, make_el(DER_SEQUENCE, oid, make_empty(0x05)),
			    octets_of(32));
	parse_query(&q);
	q.imprint = make_el(DER_SEQUENCE, make_el(DER_SEQUENCE, oid, make_int(3)),
			    octets_of(32));
	refuse_query(&q);
}

Test(tsp_request, nonce_up_to_its_limit_is_read)
{
	static const uint8_t octets[TST_NONCE_MAX + 1] = { 0x01 };
	struct query q = query_default();
	q.nonce = make_el(ID_INTEGER, view_of(octets, TST_NONCE_MAX));
	cr_assert_eq(parse_query(&q).nonce_n, TST_NONCE_MAX);
	q.nonce = make_el(ID_INTEGER, view_of(octets, TST_NONCE_MAX + 1));
	refuse_query_bytes(query_build(&q), LTPS_TOO_LARGE);
	q.nonce = make_empty(ID_INTEGER);
	refuse_query(&q);
}

Test(tsp_request, extensions_are_noticed)
{
	struct query q = query_default();
	q.extensions =
	    make_el(0xa0, make_el(DER_SEQUENCE, make_oid("1.2.3"), make_octets("x")));
	struct tsp_request r = parse_query(&q);
	cr_assert(r.extension);
	cr_assert_not(r.critical_extension);
	q.extensions = make_el(0xa0, make_el(DER_SEQUENCE, make_oid("1.2.3"),
					     EL(ID_BOOLEAN, "\xff"), make_octets("x")));
	r = parse_query(&q);
	cr_assert(r.critical_extension);
	q.extensions = make_el(0xa0, make_el(DER_SEQUENCE, make_oid("1.2.3")));
	refuse_query(&q);
}

Test(tsp_request, unknown_fields_and_trailing_bytes_are_refused)
{
	struct query q = query_default();
	q.extra = make_el(0xa1, make_int(1));
	refuse_query(&q);
	q = query_default();
	refuse_query_bytes(make_joined(query_build(&q), make_int(1)), LTPS_FORMAT);
	refuse_query_bytes(make_octets("x"), LTPS_FORMAT);
	refuse_query_bytes(VIEW_NULL, LTPS_FORMAT);
}

/* ---- responses ---- */

struct reply {
	struct view status, text, failure, info_extra, token, extra;
};

static struct view some_token(void)
{
	return make_el(DER_SEQUENCE, make_oid("1.2.840.113549.1.7.2"));
}

static struct view reply_build(const struct reply *r)
{
	return make_el(
	    DER_SEQUENCE,
	    make_el(DER_SEQUENCE, r->status, r->text, r->failure, r->info_extra),
	    r->token, r->extra);
}

static void refuse_reply(const struct reply *r)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsp_response response;
	cr_assert_eq(tsp_response_parse(reply_build(r), &response, &err), -1);
	cr_assert_eq(err.code, LTPS_FORMAT, "%s", err.text);
	cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
}

static struct tsp_response parse_reply(const struct reply *r)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsp_response response;
	cr_assert_eq(tsp_response_parse(reply_build(r), &response, &err), 0, "%s",
		     err.text);
	return response;
}

Test(tsp_response, granted_with_token_is_read)
{
	struct view token = some_token();
	for (unsigned status = 0; status <= 1; status++) {
		struct reply r = { .status = make_int(status), .token = token };
		struct tsp_response response = parse_reply(&r);
		cr_assert_eq(response.status, status);
		cr_assert_eq(response.failure, TSP_NO_FAILURE);
		cr_assert(view_equal(response.token, token));
		cr_assert_str_eq(response.text, "");
	}
}

Test(tsp_response, grant_without_token_is_refused)
{
	for (unsigned status = 0; status <= 1; status++) {
		struct reply r = { .status = make_int(status) };
		refuse_reply(&r);
	}
}

Test(tsp_response, token_without_grant_is_refused)
{
	for (unsigned status = 2; status <= 5; status++) {
		struct reply r = { .status = make_int(status) };
		cr_assert_eq(parse_reply(&r).status, status);
		r.token = some_token();
		refuse_reply(&r);
	}
}

Test(tsp_response, unknown_status_is_refused)
{
	struct reply r = { .status = make_int(6) };
	refuse_reply(&r);
	r.status = EL(ID_INTEGER, "\xff"); /* -1 */
	refuse_reply(&r);
	r.token = some_token();
	refuse_reply(&r);
}

Test(tsp_response, each_known_failure_is_read)
{
	static const int known[] = { TSP_BAD_ALG,
				     TSP_BAD_REQUEST,
				     TSP_BAD_DATA_FORMAT,
				     TSP_TIME_NOT_AVAILABLE,
				     TSP_UNACCEPTED_POLICY,
				     TSP_UNACCEPTED_EXTENSION,
				     TSP_ADD_INFO_NOT_AVAILABLE,
				     TSP_SYSTEM_FAILURE };
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf out = buf_make(1024);
		struct tsp_response made = { .status = TSP_REJECTION,
					     .failure = known[i],
					     .text = "why" };
		struct tsp_response read;
		cr_assert_eq(tsp_response_encode(&made, &out, &err), 0);
		cr_assert_eq(der_check(view_buf(&out), &err), 0);
		cr_assert_eq(tsp_response_parse(view_buf(&out), &read, &err), 0);
		cr_assert_eq(read.failure, known[i]);
		cr_assert_str_eq(read.text, "why");
		/* OpenSSL reads the same. */
		const uint8_t *p = out.p;
		TS_RESP *theirs = d2i_TS_RESP(NULL, &p, (long)out.n);
		cr_assert_not_null(theirs);
		const ASN1_BIT_STRING *bits =
		    TS_STATUS_INFO_get0_failure_info(TS_RESP_get_status_info(theirs));
		cr_assert_eq(ASN1_BIT_STRING_get_bit(bits, known[i]), 1);
		TS_RESP_free(theirs);
		buf_free(&out);
	}
}

Test(tsp_response, unknown_failures_are_refused)
{
	struct reply r = { .status = make_int(2) };
	r.failure = EL(ID_BITS, "\x06\x40"); /* bit 1 */
	refuse_reply(&r);
	r.failure = EL(ID_BITS, "\x06\xc0"); /* bit 0, which is known, and bit 1 */
	refuse_reply(&r);
	r.failure = EL(ID_BITS, "\x07\x00\x00\x00\x00\x80"); /* bit 32 */
	refuse_reply(&r);
	r.failure = EL(ID_BITS, "\x08\x80"); /* eight unused bits */
	refuse_reply(&r);
	r.failure = make_empty(ID_BITS);
	refuse_reply(&r);
}

Test(tsp_response, failure_beside_a_grant_is_refused)
{
	struct reply r = { .status = make_int(0), .token = some_token() };
	r.failure = EL(ID_BITS, "\x07\x80");
	refuse_reply(&r);
	r.failure = EL(ID_BITS, "\x00"); /* no bit at all says nothing */
	parse_reply(&r);
}

Test(tsp_response, texts_are_joined_and_made_printable)
{
	struct reply r = { .status = make_int(2) };
	r.text =
	    make_el(DER_SEQUENCE, EL(ID_UTF8, "one\ntwo"), EL(ID_UTF8, "dr\xc3\xa9i"));
	cr_assert_str_eq(parse_reply(&r).text, "one?two; dr\xc3\xa9i");
	r.text = make_el(DER_SEQUENCE, EL(ID_UTF8, "bad \xff\xc3"));
	cr_assert_str_eq(parse_reply(&r).text, "bad ??");
	r.text = make_el(DER_SEQUENCE, EL(ID_UTF8, "c1 \xc2\x9b"));
	cr_assert_str_eq(parse_reply(&r).text, "c1 ?");
	r.text = make_el(DER_SEQUENCE, EL(ID_UTF8, "nul \0!"));
	cr_assert_str_eq(parse_reply(&r).text, "nul ?!");
}

Test(tsp_response, long_text_is_cut_between_characters)
{
	char text[400];
	for (size_t i = 0; i < sizeof(text); i += 2)
		memcpy(text + i, "\xc3\xa9", 2);
	struct reply r = { .status = make_int(2) };
	r.text = make_el(DER_SEQUENCE, bytes_el(ID_UTF8, text, sizeof(text)));
	struct tsp_response response = parse_reply(&r);
	cr_assert_eq(strlen(response.text), TSP_STATUS_TEXT_MAX - 2);
	cr_assert(utf8_valid(view_text(response.text)));
}

Test(tsp_response, text_of_another_type_is_refused)
{
	struct reply r = { .status = make_int(2) };
	r.text = make_el(DER_SEQUENCE, make_int(1));
	refuse_reply(&r);
}

Test(tsp_response, unknown_fields_and_trailing_bytes_are_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsp_response response;
	struct reply r = { .status = make_int(2), .info_extra = make_octets("x") };
	refuse_reply(&r);
	r = (struct reply){ .status = make_int(0),
			    .token = some_token(),
			    .extra = make_octets("x") };
	refuse_reply(&r);
	r.extra = VIEW_NULL;
	cr_assert_eq(tsp_response_parse(make_joined(reply_build(&r), make_int(1)),
					&response, &err),
		     -1);
	ltps_error_clear(&err);
	cr_assert_eq(tsp_response_parse(make_octets("x"), &response, &err), -1);
	ltps_error_clear(&err);
	cr_assert_eq(tsp_response_parse(VIEW_NULL, &response, &err), -1);
}

Test(tsp_response, captured_response_is_read)
{
	if (!corpus_present())
		cr_skip_test("the corpus is not there");
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsp_response response;
	struct tsp_request request;
	struct tst *tst = NULL;
	struct buf q = corpus_read("scvp/rfc3161_0_tsp_query_pem_text.der");
	struct buf b = corpus_read("scvp/rfc3161_1_tsp_response_pem_text.der");
	cr_assert_eq(tsp_request_parse(view_buf(&q), &request, &err), 0, "%s",
		     err.text);
	cr_assert_eq(tsp_response_parse(view_buf(&b), &response, &err), 0, "%s",
		     err.text);
	cr_assert_eq(tst_parse(response.token, &tst, &err), 0, "%s", err.text);
	tst_free(tst);
	buf_free(&b);
	buf_free(&q);
}

/* ---- the token against the request ---- */

struct exchange {
	struct fix_pki pki;
	struct tsp_request request;
	struct tst *tst;
};

/* A TSA at T0 answers a request (policy may be NULL), with deviations. */
static struct exchange exchange_run(const char *policy,
				    const struct tsp_deviation *deviation)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct exchange x = { .pki = fix_pki_make() };
	struct digest d = fix_digest("content");
	struct tsp_responder r = { .certificate = x.pki.tsa->x,
				   .key = x.pki.tsa->key,
				   .policy = FIX_POLICY };
	struct buf query = buf_make(TSP_QUERY_MAX), reply = buf_make(TST_SIZE_MAX);
	struct tsp_response response;
	cr_assert_eq(tsp_request_make(&d, policy, &x.request, &err), 0);
	cr_assert_eq(tsp_request_encode(&x.request, &query, &err), 0);
	cr_assert_eq(
	    tsp_respond(&r, view_buf(&query), FIX_T0_MS, deviation, &reply, &err), 0);
	cr_assert_eq(tsp_response_parse(view_buf(&reply), &response, &err), 0);
	cr_assert_eq(tst_parse(response.token, &x.tst, &err), 0);
	buf_free(&reply);
	buf_free(&query);
	return x;
}

static void exchange_free(struct exchange *x)
{
	tst_free(x->tst);
	fix_pki_free(&x->pki);
}

static void refuse_deviation(const char *policy, const struct tsp_deviation *deviation,
			     const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct exchange x = exchange_run(policy, deviation);
	cr_assert_eq(tsp_check(&x.request, x.tst, FIX_T0_MS, FIX_T0_MS, 1000, &err),
		     -1);
	cr_assert_eq(err.code, LTPS_MISMATCH);
	cr_assert_eq(err.fault, LTPS_FAULT_REMOTE);
	cr_assert_not_null(strstr(err.text, text), "%s", err.text);
	exchange_free(&x);
}

Test(tsp_check, correct_token_answers_the_request)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct exchange x = exchange_run(FIX_POLICY, NULL);
	cr_assert_eq(tsp_check(&x.request, x.tst, FIX_T0_MS, FIX_T0_MS, 0, &err), 0,
		     "%s", err.text);
	exchange_free(&x);
}

Test(tsp_check, wrong_imprint_is_refused)
{
	refuse_deviation(NULL, &(struct tsp_deviation){ .wrong_imprint = true },
			 "something else");
}

Test(tsp_check, wrong_and_missing_nonce_are_refused)
{
	refuse_deviation(NULL, &(struct tsp_deviation){ .wrong_nonce = true }, "nonce");
	refuse_deviation(NULL, &(struct tsp_deviation){ .no_nonce = true }, "nonce");
}

Test(tsp_check, another_policy_is_refused_only_when_one_was_asked_for)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsp_deviation deviation = { .wrong_policy = true };
	refuse_deviation(FIX_POLICY, &deviation, "policy");
	struct exchange x = exchange_run(NULL, &deviation);
	cr_assert_eq(tsp_check(&x.request, x.tst, FIX_T0_MS, FIX_T0_MS, 0, &err), 0);
	exchange_free(&x);
}

Test(tsp_check, missing_certificate_is_refused)
{
	refuse_deviation(NULL, &(struct tsp_deviation){ .no_certificate = true },
			 "certificate");
}

Test(tsp_check, same_hash_of_another_algorithm_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct exchange x = exchange_run(NULL, NULL);
	x.request.alg = DIGEST_SHA3_256;
	cr_assert_eq(tsp_check(&x.request, x.tst, FIX_T0_MS, FIX_T0_MS, 0, &err), -1);
	exchange_free(&x);
}

Test(tsp_check, gen_time_outside_the_window_is_refused)
{
	static const struct {
		int64_t sent, received, skew;
		bool good;
	} cases[] = {
		{ -5000, 5000, 0, true },
		{ 0, 0, 0, true },
		{ 999, 999, 0, true },    /* genTime is cut to its second */
		{ 1000, 1000, 0, false }, /* before the request */
		{ 1000, 1000, 1, true },
		{ 61000, 61000, 60000, false },
		{ 60999, 60999, 60000, true },
		{ -5000, -1, 0, false }, /* after the answer */
		{ -5000, -1000, 1000, true },
		{ -5000, -1001, 1000, false },
	};
	struct exchange x = exchange_run(NULL, NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		int rc = tsp_check(&x.request, x.tst, FIX_T0_MS + cases[i].sent,
				   FIX_T0_MS + cases[i].received, cases[i].skew, &err);
		cr_assert_eq(rc == 0, cases[i].good, "case %zu", i);
	}
	exchange_free(&x);
}

Test(tsp_check, info_that_is_not_der_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d = fix_digest("content");
	/* Indefinite length: BER that a verifier of old tokens reads. */
	struct view info = make_el_indefinite(
	    DER_SEQUENCE, make_int(1), make_oid(FIX_POLICY),
	    make_el(DER_SEQUENCE, digest_algorithm_identifier(DIGEST_SHA256),
		    make_el(ID_OCTETS, digest_view(&d))),
	    make_int(7), make_el(0x18, view_text("20260101000000Z")));
	struct tsp_deviation deviation = { .info = info };
	struct exchange x = exchange_run(NULL, &deviation);
	x.request.nonce_n = 0;
	cr_assert_eq(tsp_check(&x.request, x.tst, FIX_T0_MS, FIX_T0_MS, 0, &err), -1);
	cr_assert_eq(err.code, LTPS_REMOTE);
	cr_assert_not_null(strstr(err.text, "DER"));
	exchange_free(&x);
}
