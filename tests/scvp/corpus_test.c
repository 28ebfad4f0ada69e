/* SPDX-License-Identifier: Apache-2.0 */
/* The captured messages of the corpus, field by field. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/clock.h"
#include "scvp/envelope.h"
#include "tests/support/corpus.h"

#define TREASURY_POLICY "2.16.840.1.101.10.2.18.2.0.4"
#define TREASURY_CONFIG "\x60\x07\x44\x86"

static struct scvp_envelope *open_file(const char *path)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_envelope *e = NULL;
	enum scvp_status status;
	struct buf b = corpus_read(path);
	cr_assert_eq(scvp_envelope_parse(view_buf(&b), &e, &status, &err), 0, "%s: %s",
		     path, err.text);
	cr_assert_eq(status, SCVP_OKAY);
	buf_free(&b);
	return e;
}

static struct scvp_request *request_of(const struct scvp_envelope *e)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_request *q = NULL;
	enum scvp_status status;
	cr_assert_eq(e->kind, SCVP_CONTENT_CV_REQUEST);
	cr_assert_eq(scvp_request_parse(e->content, &q, &status, &err), 0, "%s",
		     err.text);
	return q;
}

static struct scvp_response *response_of(const struct scvp_envelope *e)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_response *p = NULL;
	cr_assert_eq(e->kind, SCVP_CONTENT_CV_RESPONSE);
	cr_assert_eq(scvp_response_parse(e->content, &p, &err), 0, "%s", err.text);
	return p;
}

static int64_t at(const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t ms = 0;
	cr_assert_eq(time_parse_rfc3339(view_text(text), &ms, &err), 0);
	return ms;
}

/* What was read is written again; DER input without quirks comes out the same. */
static void expect_same(struct view original, const struct buf *written)
{
	cr_assert(view_equal(original, view_buf(written)), "%zu and %zu octets",
		  original.n, written->n);
}

static void skip_without_corpus(void)
{
	if (!corpus_present())
		cr_skip_test("the corpus is not here");
}

Test(scvp_corpus, request_of_rfc5055_is_read_field_by_field)
{
	skip_without_corpus();
	struct scvp_envelope *e = open_file("scvp/rfc5055_0_cvrequest_pem_text.der");
	cr_assert_eq(e->protection, SCVP_BARE);
	struct scvp_request *q = request_of(e);
	cr_assert_eq(q->version, 1);
	cr_assert(view_equal(q->exact, e->content));
	cr_assert_eq(q->query.n_certs, 1);
	cr_assert_eq(q->query.certs[0].kind, SCVP_REF_CERT);
	cr_assert_eq(q->query.certs[0].cert.n, 1643);
	cr_assert_eq(q->query.certs[0].cert.p[0], 0x30);
	cr_assert_eq(q->query.checks.n, 1);
	cr_assert_eq(scvp_check_id(q->query.checks.v[0]), SCVP_CHECK_STATUS);
	cr_assert_eq(q->query.want_backs.n, 1);
	cr_assert_eq(scvp_want_id(q->query.want_backs.v[0]), SCVP_WANT_BEST_PATH);
	cr_assert(oid_is(q->query.policy.id, TREASURY_POLICY));
	cr_assert_eq(q->query.policy.params.n, 0);
	cr_assert_eq(q->query.policy.alg.n, 0);
	cr_assert_not(q->query.has_flags);
	cr_assert_not(q->has_nonce);
	cr_assert_not(q->has_requestor_ref);
	cr_assert_eq(q->requestor_name.n, 26);
	cr_assert_eq(q->requestor_name.p[0], 0x86);
	cr_assert_eq(q->responder_name.n, 0);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *c = NULL;
	cr_assert_eq(cert_parse(q->query.certs[0].cert, &c, &err), 0, "%s", err.text);
	struct buf out = buf_make(SCVP_REQUEST_MAX);
	cr_assert_eq(scvp_request_encode(q, &out, &err), 0);
	expect_same(q->exact, &out);
	buf_free(&out);
	cert_free(c);
	scvp_request_free(q);
	scvp_envelope_free(e);
}

Test(scvp_corpus, request_of_rfc5276_wants_path_and_all_evidence)
{
	skip_without_corpus();
	struct scvp_envelope *e = open_file("scvp/rfc5276_0_cvrequest_pem_text.der");
	struct scvp_request *q = request_of(e);
	cr_assert_eq(q->query.want_backs.n, 2);
	cr_assert_eq(scvp_want_id(q->query.want_backs.v[0]), SCVP_WANT_BEST_PATH);
	cr_assert_eq(scvp_want_id(q->query.want_backs.v[1]), SCVP_WANT_ERS_ALL);
	cr_assert(view_equal(q->query.policy.id, scvp_svp_oid(1)));
	scvp_request_free(q);
	scvp_envelope_free(e);
}

static void check_common(const struct scvp_response *p)
{
	static const char hash[] = "7c11021194fdcb229663b2896fb9523de3392ed0";
	char hex[41];
	cr_assert_eq(p->version, 1);
	cr_assert(view_equal(p->config_id, view_of(TREASURY_CONFIG, 4)));
	cr_assert_eq(p->produced_ms, at("2021-02-03T18:50:45Z"));
	cr_assert_eq(p->status, SCVP_OKAY);
	cr_assert_eq(p->message.n, 0);
	cr_assert(p->has_policy);
	cr_assert(oid_is(p->policy.id, TREASURY_POLICY));
	cr_assert_eq(p->request_ref, SCVP_REQUEST_REF_HASH);
	cr_assert_eq(p->hash_algorithm.n, 0); /* DEFAULT: SHA-1 */
	cr_assert_eq(p->request_hash.n, 20);
	hex_encode(p->request_hash, hex);
	cr_assert_str_eq(hex, hash);
	cr_assert(p->has_requestor_name);
	cr_assert_eq(p->requestor_name.n, 1);
	cr_assert_not(p->has_nonce);
	cr_assert_not(p->has_context);
	cr_assert_eq(p->n_replies, 1);
}

Test(scvp_corpus, response_of_rfc5055_is_read_field_by_field)
{
	skip_without_corpus();
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_envelope *e = open_file("scvp/rfc5055_1_cvresponse_pem_text.der");
	struct view items[8];
	size_t n = 0;
	cr_assert_eq(e->protection, SCVP_SIGNED);
	struct scvp_response *p = response_of(e);
	check_common(p);
	const struct scvp_reply *r = &p->replies[0];
	cr_assert_eq(r->status, SCVP_REPLY_SUCCESS);
	cr_assert_eq(r->cert.kind, SCVP_REF_CERT);
	cr_assert_eq(r->validation_time_ms, p->produced_ms);
	cr_assert_eq(r->n_checks, 1);
	cr_assert_eq(scvp_check_id(r->checks[0].oid), SCVP_CHECK_STATUS);
	cr_assert_eq(r->checks[0].status, 0);
	cr_assert_eq(r->n_want_backs, 1);
	cr_assert_eq(scvp_want_id(r->want_backs[0].oid), SCVP_WANT_BEST_PATH);
	cr_assert_eq(scvp_bundle_parse(r->want_backs[0].value, items, 8, &n, &err), 0,
		     "%s", err.text);
	cr_assert_eq(n, 3);
	cr_assert(r->has_next_update);
	cr_assert_eq(r->errors.n, 0);
	struct buf out = buf_make(SCVP_RESPONSE_MAX);
	cr_assert_eq(scvp_response_encode(p, &out, &err), 0);
	expect_same(p->exact, &out);
	buf_free(&out);
	scvp_response_free(p);
	scvp_envelope_free(e);
}

Test(scvp_corpus, response_of_rfc5276_holds_an_evidence_record)
{
	skip_without_corpus();
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_envelope *e = open_file("scvp/rfc5276_1_cvresponse_pem_text.der");
	struct scvp_response *p = response_of(e);
	check_common(p);
	const struct scvp_reply *r = &p->replies[0];
	cr_assert_eq(r->n_want_backs, 2);
	const struct scvp_want_back *all = &r->want_backs[1];
	cr_assert_eq(scvp_want_id(all->oid), SCVP_WANT_ERS_ALL);
	struct scvp_want_back items[4];
	size_t n = 0;
	cr_assert_eq(scvp_ers_all_parse(all->value, items, 4, &n, &err), 0, "%s",
		     err.text);
	cr_assert_eq(n, 1);
	/* The sample names 16 where RFC 5276 5.5 would have the target, 1. */
	cr_assert_eq(scvp_want_id(items[0].oid), SCVP_WANT_ERS_CERT);
	cr_assert_gt(items[0].value.n, 1000);
	struct buf out = buf_make(SCVP_RESPONSE_MAX);
	cr_assert_eq(scvp_ers_all_encode(items, n, &out, &err), 0);
	expect_same(all->value, &out);
	buf_free(&out);
	scvp_response_free(p);
	scvp_envelope_free(e);
}

Test(scvp_corpus, edited_messages_do_not_verify)
{
	skip_without_corpus();
	static const char *const files[] = {
		"scvp/rfc5055_1_cvresponse_pem_text.der",
		"scvp/rfc5055_3_valpolresponse_pem_text.der",
		"scvp/rfc5276_1_cvresponse_pem_text.der",
	};
	for (size_t i = 0; i < 3; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct scvp_envelope *e = open_file(files[i]);
		enum scvp_status status;
		struct cert *signer = NULL;
		cr_assert_eq(scvp_envelope_verify(e, &status, &signer, &err), 0, "%s",
			     err.text);
		cr_assert_eq(status, SCVP_BAD_SIGNATURE_OR_MAC, "%s: %d", files[i],
			     status);
		cr_assert_not_null(signer);
		cert_free(signer);
		scvp_envelope_free(e);
	}
}

Test(scvp_corpus, policy_request_is_read)
{
	skip_without_corpus();
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_envelope *e =
	    open_file("scvp/rfc5055_2_valpolrequest_pem_text.der");
	struct scvp_vp_request *q = NULL;
	enum scvp_status status;
	cr_assert_eq(e->kind, SCVP_CONTENT_VP_REQUEST);
	cr_assert_eq(scvp_vp_request_parse(e->content, &q, &status, &err), 0, "%s",
		     err.text);
	cr_assert_eq(q->version, 1);
	cr_assert_eq(q->nonce.n, 16);
	cr_assert_eq(q->nonce.p[0], 0xed);
	struct buf out = buf_make(SCVP_REQUEST_MAX);
	cr_assert_eq(scvp_vp_request_encode(q, &out, &err), 0);
	expect_same(e->content, &out);
	buf_free(&out);
	scvp_vp_request_free(q);
	scvp_envelope_free(e);
}

Test(scvp_corpus, policy_response_is_read_field_by_field)
{
	skip_without_corpus();
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_envelope *e =
	    open_file("scvp/rfc5055_3_valpolresponse_pem_text.der");
	struct scvp_vp_response *p = NULL;
	cr_assert_eq(e->kind, SCVP_CONTENT_VP_RESPONSE);
	cr_assert_eq(scvp_vp_response_parse(e->content, &p, &err), 0, "%s", err.text);
	cr_assert_eq(p->version, 1);
	cr_assert_eq(p->max_cv_version, 1);
	cr_assert_eq(p->max_vp_version, 1);
	cr_assert(view_equal(p->config_id, view_of(TREASURY_CONFIG, 4)));
	cr_assert_eq(p->this_update_ms, at("2021-02-03T16:20:07Z"));
	cr_assert(p->has_next_update);
	cr_assert_eq(p->next_update_ms, at("2021-02-03T20:20:07Z"));
	cr_assert_eq(p->checks.n, 5);
	cr_assert_eq(p->want_backs.n, 4);
	cr_assert_eq(p->policies.n, 68);
	cr_assert_eq(p->algorithms.n, 1);
	cr_assert_eq(p->auth_policies.n, 0);
	cr_assert_eq(p->response_types, SCVP_TYPES_BOTH);
	cr_assert(p->defaults.has_anchors);
	cr_assert_eq(p->defaults.n_anchors, 2);
	cr_assert_eq(p->defaults.inhibit_mapping, SCVP_FALSE);
	cr_assert_eq(p->signature_generation.n, 1);
	cr_assert_eq(p->hash_algorithms.n, 5);
	cr_assert_eq(digest_from_oid(p->hash_algorithms.v[0]), DIGEST_SHA256);
	cr_assert_eq(p->clock_skew_min, 10);
	cr_assert_not(p->has_nonce);
	struct buf out = buf_make(SCVP_RESPONSE_MAX);
	cr_assert_eq(scvp_vp_response_encode(p, &out, &err), 0);
	expect_same(e->content, &out);
	buf_free(&out);
	scvp_vp_response_free(p);
	scvp_envelope_free(e);
}
