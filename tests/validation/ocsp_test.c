/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/corpus.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/x509_make.h"
#include "validation/ocsp.h"

#define SEQ(...) make_el(DER_SEQUENCE, __VA_ARGS__)
#define NONCE "1.3.6.1.5.5.7.48.1.2"
#define ARCHIVE_CUTOFF "1.3.6.1.5.5.7.48.1.6"
#define EXTENDED_REVOKE "1.3.6.1.5.5.7.48.1.9"
#define CERT_HASH "1.3.36.8.3.13"
#define SHA256 "2.16.840.1.101.3.4.2.1"

static struct ocsp *parse(struct view der)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ocsp *o = NULL;
	cr_assert_eq(ocsp_parse(der, &o, &err), 0, "%s", err.text);
	return o;
}

static void refuse(struct view der, enum ltps_code code, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ocsp *o = NULL;
	cr_assert_eq(ocsp_parse(der, &o, &err), -1, "accepted: %s", text);
	cr_assert_null(o);
	cr_assert_eq(err.code, code, "%s: %s", ltps_code_name(err.code), err.text);
	cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
	cr_assert(strstr(err.text, text) != NULL || strstr(err.where, text) != NULL,
		  "%s (%s) does not say: %s", err.text, err.where, text);
}

static void refuse_made(const struct make_response *r, const char *text)
{
	refuse(make_response_build(r), LTPS_FORMAT, text);
}

/* A response with this one answer. */
static struct view with_answer(const struct make_answer *a)
{
	struct make_response r = make_response_default();
	r.answers = SEQ(make_answer_build(a));
	return make_response_build(&r);
}

static struct view with_extensions(struct view extensions)
{
	struct make_response r = make_response_default();
	r.extensions = extensions;
	return make_response_build(&r);
}

/* ---- the structure ---- */

Test(ocsp, malformed_responses_are_refused)
{
	struct make_response r = make_response_default();
	r.status = MAKE_RAW("\x02\x01\x00");
	refuse_made(&r, "responseStatus");
	r.status = MAKE_RAW("\x0a\x01\xff");
	refuse_made(&r, "negative");
	r = make_response_default();
	r.version = make_el(MAKE_TAGGED(0), make_int(1));
	refuse_made(&r, "unknown version");
	r = make_response_default();
	r.responder = VIEW_NULL;
	refuse_made(&r, "byKey");
	r.responder = make_el(MAKE_TAGGED(1), MAKE_NULL);
	refuse_made(&r, "Name");
	r.responder = make_el(MAKE_TAGGED(1), make_name("a"), make_name("b"));
	refuse_made(&r, "Name: trailing");
	r.responder = make_el(MAKE_TAGGED(2), make_octets(""));
	refuse_made(&r, "empty byKey");
	r.responder = make_el(MAKE_TAGGED(2), MAKE_NULL);
	refuse_made(&r, "byKey");
	r = make_response_default();
	r.produced = make_utc("260101000000Z");
	refuse_made(&r, "producedAt");
	r = make_response_default();
	r.answers = VIEW_NULL;
	refuse_made(&r, "responses");
	r.answers = SEQ(MAKE_NULL);
	refuse_made(&r, "SingleResponse");
	r = make_response_default();
	r.tbs_extra = MAKE_NULL;
	refuse_made(&r, "ResponseData: trailing");
	r = make_response_default();
	r.algorithm = VIEW_NULL;
	refuse_made(&r, "signatureAlgorithm");
	r = make_response_default();
	r.signature = VIEW_NULL;
	refuse_made(&r, "signature");
	r = make_response_default();
	r.extra = MAKE_NULL;
	refuse_made(&r, "OCSPResponse: trailing");
	refuse(SEQ(MAKE_RAW("\x0a\x01\x00")), LTPS_FORMAT, "without an answer");
	refuse(VIEW_NULL, LTPS_FORMAT, "OCSPResponse");
}

Test(ocsp, other_types_and_sizes_are_refused)
{
	struct make_response r = make_response_default();
	r.type = make_oid("1.2.3");
	refuse(make_response_build(&r), LTPS_UNSUPPORTED, "not basic");
	refuse(view_of("", OCSP_SIZE_MAX + 1), LTPS_TOO_LARGE, "more than");
}

Test(ocsp, malformed_answers_are_refused)
{
	struct make_answer a = make_answer_default();
	a.hash_algorithm = VIEW_NULL;
	refuse(with_answer(&a), LTPS_FORMAT, "hashAlgorithm");
	a = make_answer_default();
	a.name_hash = MAKE_NULL;
	refuse(with_answer(&a), LTPS_FORMAT, "issuerNameHash");
	a = make_answer_default();
	a.key_hash = VIEW_NULL;
	refuse(with_answer(&a), LTPS_FORMAT, "issuerKeyHash");
	a = make_answer_default();
	a.serial = make_empty(ASN1_TAG_INTEGER);
	refuse(with_answer(&a), LTPS_FORMAT, "serialNumber");
	a.serial = make_joined(make_int(1), make_int(2));
	refuse(with_answer(&a), LTPS_FORMAT, "CertID: trailing");
	static const struct {
		struct view status;
		const char *text;
	} bad[] = {
		{ { (const uint8_t *)"\x83\x00", 2 }, "unknown certStatus" },
		{ { (const uint8_t *)"\x05\x00", 2 }, "unknown certStatus" },
		{ { (const uint8_t *)"\x80\x01\x00", 3 }, "contents" },
		{ { (const uint8_t *)"\xa0\x00", 2 }, "contents" },
		{ { (const uint8_t *)"\x82\x01\x00", 3 }, "contents" },
		{ { (const uint8_t *)"\x81\x00", 2 }, "without a time" },
		{ { (const uint8_t *)"\xa1\x00", 2 }, "revocationTime" },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		a = make_answer_default();
		a.status = bad[i].status;
		refuse(with_answer(&a), LTPS_FORMAT, bad[i].text);
	}
	a = make_answer_default();
	a.this_update = make_utc("260101000000Z");
	refuse(with_answer(&a), LTPS_FORMAT, "thisUpdate");
	a = make_answer_default();
	a.next_update = MAKE_NULL;
	refuse(with_answer(&a), LTPS_FORMAT, "nextUpdate");
	a.next_update = make_joined(make_generalized("20260101000000Z"), MAKE_NULL);
	refuse(with_answer(&a), LTPS_FORMAT, "nextUpdate: trailing");
	a = make_answer_default();
	a.extra = MAKE_NULL;
	refuse(with_answer(&a), LTPS_FORMAT, "SingleResponse: trailing");
}

static struct view revoked(struct view time, struct view reason)
{
	return make_el(MAKE_TAGGED(1), time,
		       reason.n > 0 ? make_el(MAKE_TAGGED(0), reason) : VIEW_NULL);
}

Test(ocsp, malformed_revocations_are_refused)
{
	struct view time = make_generalized("20251231000000Z");
	const struct view reasons[] = {
		MAKE_RAW("\x0a\1\7"), MAKE_RAW("\x0a\1\x0b"), MAKE_RAW("\x0a\1\x80"),
		MAKE_RAW("\x0a\0"),   MAKE_RAW("\x02\1\1"),   MAKE_RAW("\x0a\1\1\x05\0")
	};
	struct make_answer a = make_answer_default();
	a.status = revoked(make_utc("251231000000Z"), VIEW_NULL);
	refuse(with_answer(&a), LTPS_FORMAT, "revocationTime");
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		a.status = revoked(time, reasons[i]);
		refuse(with_answer(&a), LTPS_FORMAT, "eason");
	}
}

Test(ocsp, malformed_extensions_are_refused)
{
	struct view cutoff =
	    make_ext(ARCHIVE_CUTOFF, false, make_generalized("20200101000000Z"));
	struct view hash =
	    make_ext(CERT_HASH, false, SEQ(SEQ(make_oid(SHA256)), make_octets("hash")));
	const struct view answers[] = {
		MAKE_NULL,
		make_ext(ARCHIVE_CUTOFF, false, make_utc("200101000000Z")),
		make_joined(cutoff, cutoff),
		make_ext(CERT_HASH, false, SEQ(SEQ(make_oid(SHA256)))),
		make_ext(CERT_HASH, false, make_octets("hash")),
		make_joined(hash, hash),
	};
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		struct make_answer a = make_answer_default();
		a.extensions = answers[i];
		refuse(with_answer(&a), LTPS_FORMAT, "");
	}
	struct view nonce = make_ext(NONCE, false, make_octets("n"));
	refuse(with_extensions(make_joined(nonce, nonce)), LTPS_FORMAT, "two nonces");
	refuse(with_extensions(MAKE_NULL), LTPS_FORMAT, "Extension");
	refuse(with_extensions(make_ext(EXTENDED_REVOKE, false, make_int(1))),
	       LTPS_FORMAT, "extended revoke");
}

static struct view rich_response(void)
{
	struct make_answer a = make_answer_default();
	struct make_response r = make_response_default();
	struct make_cert c = make_cert_default();
	a.status = revoked(make_generalized("20251231000000Z"), MAKE_RAW("\x0a\1\1"));
	a.next_update = make_generalized("20260102000000Z");
	a.extensions = make_joined(
	    make_ext(ARCHIVE_CUTOFF, false, make_generalized("20200101000000Z")),
	    make_ext(CERT_HASH, false,
		     SEQ(SEQ(make_oid(SHA256)), make_octets("hash"))));
	r.answers = SEQ(make_answer_build(&a));
	r.extensions = make_joined(make_ext(NONCE, false, make_octets("nonce")),
				   make_ext(EXTENDED_REVOKE, false, MAKE_NULL));
	r.certs = make_joined(make_item(1), make_cert_build(&c));
	return make_response_build(&r);
}

Test(ocsp, every_prefix_is_refused)
{
	struct view der = rich_response();
	for (size_t n = 0; n < der.n; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct ocsp *o = NULL;
		uint8_t *exact = mem_dup(der.p, n);
		cr_assert_eq(ocsp_parse(view_of(exact, n), &o, &err), -1);
		cr_assert_eq(err.code, LTPS_FORMAT);
		mem_free(exact);
	}
}

static struct view repeated(struct view part, size_t times)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(OCSP_SIZE_MAX);
	for (size_t i = 0; i < times; i++)
		cr_assert_eq(buf_put(&b, part, &err), 0);
	struct view v = SEQ(view_buf(&b));
	buf_free(&b);
	return v;
}

Test(ocsp, limits_are_kept)
{
	struct make_answer a = make_answer_default();
	struct make_cert c = make_cert_default();
	struct make_response r = make_response_default();
	struct view one = make_answer_build(&a), cert = make_cert_build(&c);
	struct tlv t;
	struct ltps_error err = LTPS_ERROR_INIT;
	r.answers = repeated(one, OCSP_SINGLES_MAX);
	cr_assert_eq(tlv_only(repeated(cert, OCSP_CERTS_MAX), &t, &err), 0);
	r.certs = t.body;
	struct ocsp *o = parse(make_response_build(&r));
	cr_assert_eq(o->n_singles, OCSP_SINGLES_MAX);
	cr_assert_eq(o->n_certs, OCSP_CERTS_MAX);
	ocsp_free(o);
	r.certs = make_joined(t.body, cert);
	refuse(make_response_build(&r), LTPS_TOO_LARGE, "certificates");
	r.certs = VIEW_NULL;
	r.answers = repeated(one, OCSP_SINGLES_MAX + 1);
	refuse(make_response_build(&r), LTPS_TOO_LARGE, "answers");
}

/* ---- what is read ---- */

Test(ocsp, fields_are_read)
{
	struct view der = rich_response();
	struct digest d;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ocsp *o = parse(der);
	const struct ocsp_single *s = &o->singles[0];
	cr_assert(view_equal(o->der, der));
	cr_assert_eq(digest_once(DIGEST_SHA256, der, &d, &err), 0);
	cr_assert_arr_eq(o->sha256, d.p, 32);
	cr_assert_eq(o->response_status, 0);
	cr_assert(view_equal(o->responder_name, make_name("CA")));
	cr_assert_gt(o->responder_canonical.n, 0);
	cr_assert_eq(o->responder_key.n, 0);
	cr_assert_eq(o->produced_ms, INT64_C(1767225600000));
	cr_assert(view_is_text(o->nonce, "nonce"));
	cr_assert(o->extended_revoke);
	cr_assert_not(o->unknown_critical);
	cr_assert_eq(o->n_certs, 1, "the other does not decode");
	cr_assert_eq(o->n_singles, 1);
	cr_assert_eq(s->hash_alg, DIGEST_SHA1);
	cr_assert(view_is_text(s->issuer_name_hash, "name hash"));
	cr_assert(view_is_text(s->issuer_key_hash, "key hash"));
	cr_assert_eq(s->status, OCSP_REVOKED);
	cr_assert_eq(s->revoked_ms, INT64_C(1767139200000));
	cr_assert_eq(s->reason, 1);
	cr_assert_eq(s->this_ms, INT64_C(1767225600000));
	cr_assert_eq(s->next_ms, INT64_C(1767312000000));
	cr_assert_eq(s->archive_cutoff_ms, INT64_C(1577836800000));
	cr_assert_eq(s->cert_hash_alg, DIGEST_SHA256);
	cr_assert(view_is_text(s->cert_hash, "hash"));
	ocsp_free(o);
}

Test(ocsp, optional_fields_may_be_absent)
{
	struct make_answer a = make_answer_default();
	struct make_response r = make_response_default();
	struct view answer = make_answer_build(&a);
	a.status = MAKE_RAW("\x82\x00");
	a.hash_algorithm = SEQ(make_oid("1.2.3"));
	r.version = make_el(MAKE_TAGGED(0), make_int(0));
	r.responder = make_el(MAKE_TAGGED(2), make_octets("key hash"));
	r.answers = SEQ(answer, make_answer_build(&a));
	struct ocsp *o = parse(make_response_build(&r));
	const struct ocsp_single *s = &o->singles[1];
	cr_assert_eq(o->responder_name.n, 0);
	cr_assert(view_is_text(o->responder_key, "key hash"));
	cr_assert_eq(o->n_certs, 0);
	cr_assert_eq(o->nonce.n, 0);
	cr_assert_not(o->extended_revoke);
	cr_assert_eq(o->singles[0].status, OCSP_GOOD);
	cr_assert_eq(s->status, OCSP_UNKNOWN);
	cr_assert_eq(s->hash_alg, DIGEST_NONE);
	cr_assert_eq(s->reason, -1);
	cr_assert_eq(s->next_ms, INT64_MIN);
	cr_assert_eq(s->archive_cutoff_ms, INT64_MAX);
	cr_assert_eq(s->cert_hash.n, 0);
	ocsp_free(o);
	ocsp_free(NULL);
}

Test(ocsp, failures_of_the_responder_are_read)
{
	struct make_response r = make_response_default();
	struct ocsp *o = parse(SEQ(MAKE_RAW("\x0a\x01\x03")));
	cr_assert_eq(o->response_status, 3);
	cr_assert_eq(o->n_singles, 0);
	ocsp_free(o);
	/* What stands beside a failure is not believed. */
	r.status = MAKE_RAW("\x0a\x01\x06");
	o = parse(make_response_build(&r));
	cr_assert_eq(o->response_status, 6);
	cr_assert_eq(o->n_singles, 0);
	ocsp_free(o);
}

Test(ocsp, unknown_critical_extensions_are_told)
{
	struct make_answer a = make_answer_default();
	a.extensions = make_joined(make_ext("1.2.3", false, MAKE_NULL),
				   make_ext("2.5.29.21", true, MAKE_RAW("\x0a\1\1")));
	struct ocsp *o = parse(with_answer(&a));
	cr_assert_not(o->singles[0].unknown_critical || o->unknown_critical);
	ocsp_free(o);
	a.extensions = make_ext("1.2.3", true, MAKE_NULL);
	o = parse(with_answer(&a));
	cr_assert(o->singles[0].unknown_critical && !o->unknown_critical);
	ocsp_free(o);
	o = parse(with_extensions(make_ext("1.2.3", true, MAKE_NULL)));
	cr_assert(!o->singles[0].unknown_critical && o->unknown_critical);
	ocsp_free(o);
}

/* Responders before RFC 6960 took any octets. */
Test(ocsp, bare_nonce_is_borne)
{
	struct ocsp *o =
	    parse(with_extensions(make_ext(NONCE, false, MAKE_RAW("raw"))));
	cr_assert(view_is_text(o->nonce, "raw"));
	ocsp_free(o);
}

/* ---- which answer ---- */

struct scene {
	struct fix_pki pki;
	struct cert *c, *issuer, *other;
};

static struct cert *cert_of(struct view der)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *c = NULL;
	cr_assert_eq(cert_parse(der, &c, &err), 0, "%s", err.text);
	return c;
}

static struct scene scene_make(void)
{
	struct scene s = { .pki = fix_pki_make() };
	s.c = cert_of(s.pki.tsa->der);
	s.issuer = cert_of(s.pki.ca->der);
	s.other = cert_of(s.pki.root->der);
	return s;
}

static void scene_free(struct scene *s)
{
	cert_free(s->other);
	cert_free(s->issuer);
	cert_free(s->c);
	fix_pki_free(&s->pki);
}

static const struct ocsp_single *find(const struct ocsp *o, const struct cert *c,
				      const struct cert *issuer)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct ocsp_single *found = NULL;
	cr_assert_eq(ocsp_single_for(o, c, issuer, &found, &err), 0);
	return found;
}

static struct ocsp *made(const struct fix_ocsp_options *options)
{
	struct buf b = buf_make(OCSP_SIZE_MAX);
	fix_ocsp_make(options, &b);
	struct ocsp *o = parse(view_buf(&b));
	buf_free(&b);
	return o;
}

Test(ocsp, answers_about_others_are_not_taken)
{
	struct scene s = scene_make();
	for (int i = 0; i < 3; i++) {
		const struct fix_ocsp_options options = {
			.cert = s.pki.tsa,
			.issuer = s.pki.ca,
			.this_ms = FIX_T0_MS,
			.wrong_serial = i == 0,
			.wrong_issuer_name = i == 1,
			.wrong_issuer_key = i == 2,
		};
		struct ocsp *o = made(&options);
		cr_assert_null(find(o, s.c, s.issuer), "%d", i);
		ocsp_free(o);
	}
	const struct fix_ocsp_options options = { .cert = s.pki.tsa,
						  .issuer = s.pki.ca,
						  .this_ms = FIX_T0_MS };
	struct ocsp *o = made(&options);
	cr_assert_null(find(o, s.c, s.other));
	cr_assert_null(find(o, s.other, s.issuer));
	cr_assert_not_null(find(o, s.c, s.issuer));
	ocsp_free(o);
	scene_free(&s);
}

Test(ocsp, every_digest_of_the_certid_is_understood)
{
	static const enum digest_alg algs[] = { DIGEST_SHA1, DIGEST_SHA256,
						DIGEST_SHA384, DIGEST_SHA512,
						DIGEST_SHA3_256 };
	struct scene s = scene_make();
	for (size_t i = 0; i < sizeof(algs) / sizeof(algs[0]); i++) {
		const struct fix_ocsp_options options = { .cert = s.pki.tsa,
							  .issuer = s.pki.ca,
							  .this_ms = FIX_T0_MS,
							  .cert_id_digest = algs[i] };
		struct ocsp *o = made(&options);
		const struct ocsp_single *single = find(o, s.c, s.issuer);
		cr_assert_not_null(single);
		cr_assert_eq(single->hash_alg, algs[i]);
		ocsp_free(o);
	}
	scene_free(&s);
}

Test(ocsp, latest_of_several_answers_is_taken)
{
	static const char *const times[] = { "20260102000000Z", "20260103000000Z",
					     "20260101000000Z" };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scene s = scene_make();
	struct make_response r = make_response_default();
	struct digest name, key;
	struct view all = VIEW_NULL;
	cr_assert_eq(digest_once(DIGEST_SHA1, s.c->issuer, &name, &err), 0);
	cr_assert_eq(digest_once(DIGEST_SHA1, s.issuer->key_octets, &key, &err), 0);
	for (size_t i = 0; i < 3; i++) {
		struct make_answer a = make_answer_default();
		a.name_hash = make_el(ASN1_TAG_OCTET_STRING, digest_view(&name));
		a.key_hash = make_el(ASN1_TAG_OCTET_STRING, digest_view(&key));
		a.serial = make_el(ASN1_TAG_INTEGER, MAKE_RAW("\0"), s.c->serial);
		a.this_update = make_generalized(times[i]);
		all = make_joined(all, make_answer_build(&a));
	}
	r.answers = SEQ(all);
	struct ocsp *o = parse(make_response_build(&r));
	cr_assert_eq(find(o, s.c, s.issuer), &o->singles[1]);
	ocsp_free(o);
	scene_free(&s);
}

/* ---- requests ---- */

static struct buf request(const struct scene *s, enum digest_alg alg, struct view nonce)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(4096);
	cr_assert_eq(ocsp_request_make(s->c, s->issuer, alg, nonce, &b, &err), 0, "%s",
		     err.text);
	return b;
}

/* Read by another implementation. */
static OCSP_REQUEST *read_request(const struct buf *b)
{
	const uint8_t *p = b->p;
	OCSP_REQUEST *r = d2i_OCSP_REQUEST(NULL, &p, (long)b->n);
	cr_assert_not_null(r);
	cr_assert_eq(p, b->p + b->n);
	return r;
}

Test(ocsp, request_names_the_certificate)
{
	struct scene s = scene_make();
	struct buf b = request(&s, DIGEST_SHA1, MAKE_RAW("0123456789abcdef"));
	OCSP_REQUEST *r = read_request(&b);
	cr_assert_eq(OCSP_request_onereq_count(r), 1);
	OCSP_CERTID *want = OCSP_cert_to_id(EVP_sha1(), s.pki.tsa->x, s.pki.ca->x);
	cr_assert_eq(
	    OCSP_id_cmp(OCSP_onereq_get0_id(OCSP_request_onereq_get0(r, 0)), want), 0);
	int at = OCSP_REQUEST_get_ext_by_NID(r, NID_id_pkix_OCSP_Nonce, -1);
	X509_EXTENSION *ext = OCSP_REQUEST_get_ext(r, at);
	const ASN1_OCTET_STRING *value = X509_EXTENSION_get_data(ext);
	cr_assert(view_equal(
	    view_of(ASN1_STRING_get0_data(value), (size_t)ASN1_STRING_length(value)),
	    make_octets("0123456789abcdef")));
	OCSP_CERTID_free(want);
	OCSP_REQUEST_free(r);
	buf_free(&b);
	b = request(&s, DIGEST_SHA256, VIEW_NULL);
	r = read_request(&b);
	cr_assert_eq(OCSP_REQUEST_get_ext_count(r), 0);
	OCSP_REQUEST_free(r);
	buf_free(&b);
	scene_free(&s);
}

Test(ocsp, request_with_impossible_arguments_is_refused)
{
	static const uint8_t nonce[129];
	struct scene s = scene_make();
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(4096);
	cr_assert_eq(ocsp_request_make(s.c, s.issuer, DIGEST_SHA1, view_of(nonce, 129),
				       &b, &err),
		     -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
	ltps_error_clear(&err);
	cr_assert_eq(ocsp_request_make(s.c, s.issuer, DIGEST_NONE, VIEW_NULL, &b, &err),
		     -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
	cr_assert_eq(b.n, 0);
	struct buf most = request(&s, DIGEST_SHA512, view_of(nonce, 128));
	buf_free(&most);
	scene_free(&s);
}

/* ---- owners, memory, real responses ---- */

Test(ocsp, owners_are_counted)
{
	struct ocsp *o = parse(rich_response()), *again = ocsp_ref(o);
	ocsp_free(o);
	cr_assert_eq(again->n_certs, 1);
	ocsp_free(again);
}

Test(ocsp, every_failing_allocation_is_an_error)
{
	struct view der = rich_response();
	for (uint64_t n = 1;; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct ocsp *o = NULL;
		mem_fail_nth(n);
		int rc = ocsp_parse(der, &o, &err);
		bool hit = mem_fail_hit();
		mem_fail_nth(0);
		if (rc == 0)
			cr_assert_eq(o->n_certs, 1, "allocation %lu hides it",
				     (unsigned long)n);
		else
			cr_assert(err.code == LTPS_NOMEM || err.code == LTPS_CRYPTO);
		ocsp_free(o);
		if (!hit)
			break;
	}
	ERR_clear_error();
}

static void expect_real(struct view der, const char *path, size_t n_certs)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ocsp *o = NULL;
	cr_assert_eq(ocsp_parse(der, &o, &err), 0, "%s: %s", path, err.text);
	cr_assert_eq(o->response_status, 0);
	cr_assert_eq(o->n_singles, 1, "%s", path);
	cr_assert_eq(o->n_certs, n_certs, "%s: %zu", path, o->n_certs);
	cr_assert_not(o->unknown_critical, "%s", path);
	ocsp_free(o);
}

Test(ocsp, corpus_responses_parse)
{
	static const struct {
		const char *path;
		size_t n_certs;
	} files[] = {
		{ "tokens/peru_ocsp.bin", 0 },
		{ "tokens/sk_ocsp.bin", 3 },
		{ "scvp/rfc6960_1_ocsp_resp_pem_text.der", 1 },
	};
	if (!corpus_present())
		cr_skip_test("the corpus is not there");
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct buf b = corpus_read(files[i].path);
		expect_real(view_buf(&b), files[i].path, files[i].n_certs);
		buf_free(&b);
	}
	struct buf b = corpus_read("scvp/rfc6960_0_ocsp_req_pem_text.der");
	refuse(view_buf(&b), LTPS_FORMAT, "responseStatus");
	buf_free(&b);
}

/* Some are DER, some the bare base64 of it in lines. */
static void visit_timeslide(const char *path, struct view bytes, void *arg)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf text = buf_make(bytes.n), der = buf_make(bytes.n);
	size_t *n = arg, len = strlen(path);
	if (strcmp(path + len - 4, ".ors") != 0)
		return;
	if (bytes.p[0] == DER_SEQUENCE) {
		cr_assert_eq(buf_put(&der, bytes, &err), 0);
	} else {
		for (size_t i = 0; i < bytes.n; i++) {
			if (bytes.p[i] > ' ')
				cr_assert_eq(buf_put_byte(&text, bytes.p[i], &err), 0);
		}
		cr_assert_eq(b64_decode(view_buf(&text), false, &der, &err), 0, "%s",
			     path);
	}
	struct ocsp *o = NULL;
	cr_assert_eq(ocsp_parse(view_buf(&der), &o, &err), 0, "%s: %s", path, err.text);
	cr_assert_eq(o->n_singles, 1, "%s", path);
	ocsp_free(o);
	buf_free(&der);
	buf_free(&text);
	++*n;
}

Test(ocsp, timeslide_responses_parse)
{
	size_t n = 0;
	if (!corpus_present())
		cr_skip_test("the corpus is not there");
	corpus_walk("timeslide", visit_timeslide, &n);
	cr_assert_eq(n, 42);
}
