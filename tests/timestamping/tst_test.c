/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/cms_make.h"
#include "tests/support/pki_fixture.h"
#include "timestamping/tst.h"

#define ID_BOOLEAN 0x01
#define ID_INTEGER 0x02
#define ID_OCTETS 0x04
#define ID_TIME 0x18

/* ---- TSTInfo field by field ---- */

struct info {
	struct view version, policy, imprint, serial, time, accuracy, ordering, nonce,
	    tsa, extensions, extra;
};

static struct view text_el(uint8_t id, const char *text)
{
	return make_el(id, view_text(text));
}

static struct view sha256_algorithm(void)
{
	return digest_algorithm_identifier(DIGEST_SHA256);
}

static struct view octets_of(size_t n)
{
	static const uint8_t some[100] = { 0x55 };
	return make_el(ID_OCTETS, view_of(some, n));
}

static struct info info_default(void)
{
	return (struct info){
		.version = make_int(1),
		.policy = make_oid(FIX_POLICY),
		.imprint = make_el(DER_SEQUENCE, sha256_algorithm(), octets_of(32)),
		.serial = make_int(7),
		.time = text_el(ID_TIME, "20260101000000Z"),
	};
}

static struct view info_build(const struct info *i)
{
	return make_el(DER_SEQUENCE, i->version, i->policy, i->imprint, i->serial,
		       i->time, i->accuracy, i->ordering, i->nonce, i->tsa,
		       i->extensions, i->extra);
}

/* A signed token around these TSTInfo bytes. */
static struct buf token_around(struct view info)
{
	static struct fix_pki pki;
	if (pki.tsa == NULL)
		pki = fix_pki_make();
	struct digest d = fix_digest("content");
	struct tsp_deviation deviation = { .info = info };
	struct buf out = buf_make(TST_SIZE_MAX);
	fix_token_deviating(pki.tsa, &d, FIX_T0_MS, &deviation, &out);
	return out;
}

static struct tst *parse_good(struct view token)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tst *tst = NULL;
	cr_assert_eq(tst_parse(token, &tst, &err), 0, "%s", err.text);
	return tst;
}

static struct tst *parse_info(const struct info *i)
{
	struct buf token = token_around(info_build(i));
	struct tst *tst = parse_good(view_buf(&token));
	buf_free(&token);
	return tst;
}

static void refuse_token(struct view token, enum ltps_code code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tst *tst = NULL;
	cr_assert_eq(tst_parse(token, &tst, &err), -1);
	cr_assert_eq(err.code, code, "%s: %s", ltps_code_name(err.code), err.text);
	cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
	cr_assert_null(tst);
	cr_assert_eq(ERR_peek_error(), 0);
}

static void refuse_info(const struct info *i)
{
	struct buf token = token_around(info_build(i));
	refuse_token(view_buf(&token), LTPS_FORMAT);
	buf_free(&token);
}

/* ---- decoding ---- */

Test(tst, minimal_info_is_read)
{
	struct info i = info_default();
	struct tst *tst = parse_info(&i);
	cr_assert_eq(tst->imprint_alg, DIGEST_SHA256);
	cr_assert_eq(tst->imprint.n, 32);
	cr_assert_str_eq(tst->imprint_oid, "2.16.840.1.101.3.4.2.1");
	cr_assert_str_eq(tst->policy, FIX_POLICY);
	cr_assert_eq(tst->gen_time_ms, FIX_T0_MS);
	cr_assert_eq(tst->accuracy_us, -1);
	cr_assert_eq(tst->nonce.n, 0);
	cr_assert_eq(tst->tsa.n, 0);
	cr_assert_not(tst->ordering);
	cr_assert_not(tst->critical_extension);
	tst_free(tst);
}

Test(tst, every_optional_field_is_read)
{
	static const uint8_t yes[] = { 0xff };
	struct info i = info_default();
	i.accuracy = make_el(DER_SEQUENCE, make_int(2), text_el(0x80, "\x05"),
			     text_el(0x81, "\x07"));
	i.ordering = make_el(ID_BOOLEAN, view_of(yes, 1));
	i.nonce = make_int(99);
	i.tsa = make_el(0xa0, text_el(0x82, "tsa.example"));
	i.extensions =
	    make_el(0xa1, make_el(DER_SEQUENCE, make_oid("1.2.3"), make_octets("x")));
	struct tst *tst = parse_info(&i);
	cr_assert_eq(tst->accuracy_us, 2005007);
	cr_assert(tst->ordering);
	cr_assert_eq(tst->nonce.n, 1);
	cr_assert_eq(tst->tsa.n, 13);
	cr_assert_not(tst->critical_extension);
	tst_free(tst);
}

Test(tst, fraction_of_gen_time_is_kept)
{
	struct info i = info_default();
	i.time = text_el(ID_TIME, "20260101000000.25Z");
	struct tst *tst = parse_info(&i);
	cr_assert_eq(tst->gen_time_ms, FIX_T0_MS + 250);
	tst_free(tst);
}

Test(tst, malformed_gen_times_are_refused)
{
	static const char *const times[] = {
		"20260101000000.10Z",  /* trailing zero */
		"20260101000000.Z",    /* no digits */
		"20260101000000,5Z",   /* comma */
		"20260101000000",      /* no Z */
		"20260101000000+0000", /* offset */
		"202601010000Z",       /* no seconds */
		"20260230000000Z",     /* no such day */
	};
	for (size_t k = 0; k < sizeof(times) / sizeof(times[0]); k++) {
		struct info i = info_default();
		i.time = text_el(ID_TIME, times[k]);
		refuse_info(&i);
	}
}

Test(tst, utc_time_as_gen_time_is_refused)
{
	struct info i = info_default();
	i.time = text_el(0x17, "260101000000Z");
	refuse_info(&i);
}

Test(tst, other_version_is_refused)
{
	struct info i = info_default();
	i.version = make_int(2);
	refuse_info(&i);
}

Test(tst, serial_of_160_bits_is_read_and_more_is_refused)
{
	static const uint8_t positive[22] = { 0x00, 0x80 };
	struct info i = info_default();
	i.serial = make_el(ID_INTEGER, view_of(positive, 21));
	struct tst *tst = parse_info(&i);
	cr_assert_eq(tst->serial.n, 21);
	tst_free(tst);
	i.serial = make_el(ID_INTEGER, view_of(positive, 22));
	refuse_info(&i);
	i.serial = make_el(ID_INTEGER, view_of(positive + 1, 21));
	refuse_info(&i);
}

Test(tst, empty_serial_is_refused)
{
	struct info i = info_default();
	i.serial = make_empty(ID_INTEGER);
	refuse_info(&i);
}

Test(tst, imprint_of_another_length_than_its_algorithm_is_refused)
{
	struct info i = info_default();
	i.imprint = make_el(DER_SEQUENCE, sha256_algorithm(), octets_of(31));
	refuse_info(&i);
	i.imprint = make_el(DER_SEQUENCE, sha256_algorithm(), octets_of(33));
	refuse_info(&i);
}

Test(tst, unknown_imprint_algorithm_is_read_but_covers_nothing)
{
	struct info i = info_default();
	struct digest d = { .alg = DIGEST_NONE, .n = 5, .p = { 0x55 } };
	i.imprint = make_el(DER_SEQUENCE, make_el(DER_SEQUENCE, make_oid("1.2.3.4")),
			    octets_of(5));
	struct tst *tst = parse_info(&i);
	cr_assert_eq(tst->imprint_alg, DIGEST_NONE);
	cr_assert_str_eq(tst->imprint_oid, "1.2.3.4");
	cr_assert_not(tst_covers(tst, &d));
	tst_free(tst);
}

Test(tst, parameters_of_a_digest_other_than_null_are_refused)
{
	struct info i = info_default();
	struct view oid = make_oid("2.16.840.1.101.3.4.2.1");
	i.imprint = make_el(DER_SEQUENCE, make_el(DER_SEQUENCE, oid, make_empty(0x05)),
			    octets_of(32));
	tst_free(parse_info(&i));
	i.imprint = make_el(DER_SEQUENCE, make_el(DER_SEQUENCE, oid, make_int(1)),
			    octets_of(32));
	refuse_info(&i);
}

Test(tst, accuracy_out_of_range_is_refused)
{
	static const uint8_t thousand[] = { 0x03, 0xe8 };
	struct info i = info_default();
	i.accuracy = make_el(DER_SEQUENCE, make_el(0x80, view_of(thousand, 2)));
	refuse_info(&i);
	i.accuracy = make_el(DER_SEQUENCE, make_el(0x81, view_of(thousand, 2)));
	refuse_info(&i);
	i.accuracy = make_el(DER_SEQUENCE, make_int(TST_ACCURACY_SECONDS_MAX + 1));
	refuse_info(&i);
	i.accuracy = make_el(DER_SEQUENCE, text_el(0x82, "\x01"));
	refuse_info(&i);
}

Test(tst, unknown_trailing_field_is_refused)
{
	struct info i = info_default();
	i.extra = make_el(0xa2, make_int(1));
	refuse_info(&i);
}

Test(tst, fields_out_of_order_are_refused)
{
	struct info i = info_default();
	i.nonce = make_el(0xa0, text_el(0x82, "tsa.example"));
	i.tsa = make_int(5);
	refuse_info(&i);
}

Test(tst, malformed_extensions_are_refused)
{
	struct info i = info_default();
	i.extensions = make_el(0xa1, make_el(DER_SEQUENCE, make_oid("1.2.3")));
	refuse_info(&i);
	i.extensions = make_el(0xa1, make_el(DER_SEQUENCE, make_oid("1.2.3"),
					     make_octets("x"), make_int(1)));
	refuse_info(&i);
}

Test(tst, info_that_is_no_sequence_is_refused)
{
	struct buf token = token_around(make_octets("nonsense"));
	refuse_token(view_buf(&token), LTPS_FORMAT);
	buf_free(&token);
}

Test(tst, bytes_behind_the_info_are_refused)
{
	struct info i = info_default();
	struct buf token = token_around(make_joined(info_build(&i), make_int(1)));
	refuse_token(view_buf(&token), LTPS_FORMAT);
	buf_free(&token);
}

Test(tst, bytes_behind_the_token_are_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct info i = info_default();
	struct buf token = token_around(info_build(&i));
	cr_assert_eq(buf_put_byte(&token, 0, &err), 0);
	refuse_token(view_buf(&token), LTPS_FORMAT);
	buf_free(&token);
}

Test(tst, every_cut_of_a_token_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct info i = info_default();
	struct buf token = token_around(info_build(&i));
	for (size_t n = 0; n < token.n; n++) {
		struct tst *tst = NULL;
		uint8_t *cut = mem_dup(token.p, n);
		cr_assert_eq(tst_parse(view_of(cut, n), &tst, &err), -1, "%zu", n);
		ltps_error_clear(&err);
		mem_free(cut);
	}
	buf_free(&token);
}

Test(tst, another_content_type_is_refused)
{
	struct make_cms c = make_cms_default();
	refuse_token(make_cms_build(&c), LTPS_FORMAT);
}

Test(tst, two_signers_are_refused)
{
	struct digest d = fix_digest("content");
	struct fix_pki pki = fix_pki_make();
	struct tsp_deviation deviation = { .two_signers = true };
	struct buf token = buf_make(TST_SIZE_MAX);
	fix_token_deviating(pki.tsa, &d, FIX_T0_MS, &deviation, &token);
	refuse_token(view_buf(&token), LTPS_FORMAT);
	buf_free(&token);
	fix_pki_free(&pki);
}

Test(tst, token_beyond_the_limit_is_refused)
{
	refuse_token(view_of("", TST_SIZE_MAX + 1), LTPS_TOO_LARGE);
}

Test(tst, covers_needs_algorithm_and_value)
{
	struct fix_pki pki = fix_pki_make();
	struct digest d = fix_digest("content");
	struct digest other = fix_digest("other");
	struct digest relabelled = d;
	relabelled.alg = DIGEST_SHA3_256;
	struct buf token = buf_make(TST_SIZE_MAX);
	fix_token(pki.tsa, NULL, 0, &d, FIX_T0_MS, &token);
	struct tst *tst = parse_good(view_buf(&token));
	cr_assert(tst_covers(tst, &d));
	cr_assert_not(tst_covers(tst, &other));
	cr_assert_not(tst_covers(tst, &relabelled));
	tst_free(tst);
	buf_free(&token);
	fix_pki_free(&pki);
}

/* ---- the checks ---- */

static struct tst_intact check(struct view token, const struct view *candidates,
			       size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tst_intact r;
	struct tst *tst = parse_good(token);
	cr_assert_eq(tst_check(tst, candidates, n, &r, &err), 0, "%s", err.text);
	cr_assert_eq(ERR_peek_error(), 0);
	cr_assert_eq(r.clause == NULL, r.defect == TST_OK);
	tst_free(tst);
	return r;
}

static void expect(struct view token, enum tst_defect defect, bool signature_intact)
{
	struct tst_intact r = check(token, NULL, 0);
	cr_assert_eq(r.defect, defect, "%s instead of %s", tst_defect_name(r.defect),
		     tst_defect_name(defect));
	cr_assert_eq(r.signature_intact, signature_intact);
	tst_intact_clear(&r);
}

static void expect_deviation(const struct tsp_deviation *deviation,
			     enum tst_defect defect, bool signature_intact)
{
	struct fix_pki pki = fix_pki_make();
	struct digest d = fix_digest("content");
	struct buf token = buf_make(TST_SIZE_MAX);
	fix_token_deviating(pki.tsa, &d, FIX_T0_MS, deviation, &token);
	expect(view_buf(&token), defect, signature_intact);
	buf_free(&token);
	fix_pki_free(&pki);
}

/* A TSA certificate of its own, otherwise as in fix_pki. */
static void expect_certificate(struct fix_cert_options o, enum tst_defect defect)
{
	struct fix_pki pki = fix_pki_make();
	struct digest d = fix_digest("content");
	struct buf token = buf_make(TST_SIZE_MAX);
	o.cn = "TSA of its own";
	o.issuer = pki.ca;
	struct fix_cert *tsa = fix_cert_make(&o);
	fix_token(tsa, NULL, 0, &d, FIX_T0_MS, &token);
	expect(view_buf(&token), defect, true);
	fix_cert_free(tsa);
	buf_free(&token);
	fix_pki_free(&pki);
}

Test(tst_check, correct_token_is_intact)
{
	expect_deviation(&(struct tsp_deviation){ 0 }, TST_OK, true);
}

Test(tst_check, every_key_type_verifies)
{
	static const enum fix_key keys[] = { FIX_KEY_RSA, FIX_KEY_RSA_PSS, FIX_KEY_P384,
					     FIX_KEY_ED25519, FIX_KEY_ED448 };
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		expect_certificate(
		    (struct fix_cert_options){ .key = keys[i],
					       .eku = FIX_EKU_TIMESTAMPING },
		    TST_OK);
}

Test(tst_check, dsa_verifies)
{
	expect_certificate((struct fix_cert_options){ .key = FIX_KEY_DSA,
						      .eku = FIX_EKU_TIMESTAMPING },
			   TST_OK);
}

Test(tst_check, changed_signature_of_every_key_type_is_found)
{
	static const enum fix_key keys[] = { FIX_KEY_P256, FIX_KEY_RSA, FIX_KEY_RSA_PSS,
					     FIX_KEY_ED25519, FIX_KEY_ED448 };
	struct digest d = fix_digest("content");
	struct tsp_deviation deviation = { .bad_signature = true };
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		struct buf token = buf_make(TST_SIZE_MAX);
		struct fix_cert *tsa = fix_cert_make(&(struct fix_cert_options){
		    .cn = "TSA", .key = keys[i], .eku = FIX_EKU_TIMESTAMPING });
		fix_token_deviating(tsa, &d, FIX_T0_MS, &deviation, &token);
		expect(view_buf(&token), TST_SIGNATURE, false);
		buf_free(&token);
		fix_cert_free(tsa);
	}
}

Test(tst_check, every_digest_of_the_signature_verifies)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d = fix_digest("content");
	struct fix_cert *tsa = fix_cert_make(&(struct fix_cert_options){
	    .cn = "TSA", .key = FIX_KEY_RSA, .eku = FIX_EKU_TIMESTAMPING });
	for (int alg = DIGEST_SHA1; alg < DIGEST_ALG_COUNT; alg++) {
		struct tsp_responder r = { .certificate = tsa->x,
					   .key = tsa->key,
					   .policy = FIX_POLICY,
					   .signature_digest = (enum digest_alg)alg };
		struct tsp_request q;
		struct tsp_response response;
		struct buf query = buf_make(TSP_QUERY_MAX),
			   reply = buf_make(TST_SIZE_MAX);
		cr_assert_eq(tsp_request_make(&d, NULL, &q, &err), 0);
		cr_assert_eq(tsp_request_encode(&q, &query, &err), 0);
		cr_assert_eq(
		    tsp_respond(&r, view_buf(&query), FIX_T0_MS, NULL, &reply, &err),
		    0);
		cr_assert_eq(tsp_response_parse(view_buf(&reply), &response, &err), 0);
		expect(response.token, TST_OK, true);
		buf_free(&reply);
		buf_free(&query);
	}
	fix_cert_free(tsa);
}

Test(tst_check, wrong_message_digest_is_found)
{
	/* The value does verify over the attributes; only the digest tells. */
	expect_deviation(&(struct tsp_deviation){ .wrong_message_digest = true },
			 TST_MESSAGE_DIGEST, false);
}

Test(tst_check, wrong_content_type_is_found)
{
	expect_deviation(&(struct tsp_deviation){ .wrong_content_type = true },
			 TST_CONTENT_TYPE, true);
}

Test(tst_check, missing_signing_certificate_is_found)
{
	expect_deviation(&(struct tsp_deviation){ .no_signing_certificate = true },
			 TST_NO_SIGNING_CERTIFICATE_ATTRIBUTE, true);
}

Test(tst_check, wrong_signing_certificate_is_found)
{
	expect_deviation(&(struct tsp_deviation){ .wrong_signing_certificate = true },
			 TST_SIGNING_CERTIFICATE_MISMATCH, true);
}

Test(tst_check, version_1_beside_version_2_must_match_too)
{
	expect_deviation(&(struct tsp_deviation){ .v1_beside = true }, TST_OK, true);
	expect_deviation(&(struct tsp_deviation){ .wrong_v1_beside = true },
			 TST_SIGNING_CERTIFICATE_MISMATCH, true);
	expect_deviation(&(struct tsp_deviation){ .v1_beside = true,
						  .wrong_signing_certificate = true },
			 TST_SIGNING_CERTIFICATE_MISMATCH, true);
}

Test(tst_check, version_1_alone_is_enough)
{
	expect_deviation(&(struct tsp_deviation){ .v1_alone = true }, TST_OK, true);
	expect_deviation(
	    &(struct tsp_deviation){ .v1_alone = true, .wrong_v1_beside = true },
	    TST_SIGNING_CERTIFICATE_MISMATCH, true);
}

Test(tst_check, unknown_critical_extension_is_found)
{
	expect_deviation(&(struct tsp_deviation){ .critical_extension = true },
			 TST_CRITICAL_EXTENSION, true);
}

Test(tst_check, another_tsa_name_is_found)
{
	expect_deviation(&(struct tsp_deviation){ .wrong_tsa_name = true },
			 TST_TSA_NAME, true);
}

Test(tst_check, extended_key_usage_must_be_time_stamping_alone_and_critical)
{
	static const enum fix_eku wrong[] = { FIX_EKU_NONE,
					      FIX_EKU_TIMESTAMPING_NOT_CRITICAL,
					      FIX_EKU_TIMESTAMPING_AND_OTHER,
					      FIX_EKU_OTHER };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		expect_certificate((struct fix_cert_options){ .eku = wrong[i] },
				   TST_EXTENDED_KEY_USAGE);
}

Test(tst_check, key_usage_must_be_signing_alone_when_present)
{
	static const struct {
		const char *usage;
		enum tst_defect defect;
	} cases[] = {
		{ "", TST_OK },
		{ "critical,digitalSignature", TST_OK },
		{ "nonRepudiation", TST_OK },
		{ "critical,digitalSignature,nonRepudiation", TST_OK },
		{ "critical,keyEncipherment", TST_KEY_USAGE },
		{ "critical,digitalSignature,keyEncipherment", TST_KEY_USAGE },
		{ "critical,digitalSignature,keyCertSign", TST_KEY_USAGE },
		{ "critical,digitalSignature,decipherOnly", TST_KEY_USAGE },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		expect_certificate(
		    (struct fix_cert_options){ .eku = FIX_EKU_TIMESTAMPING,
					       .key_usage = cases[i].usage },
		    cases[i].defect);
}

/* ---- finding the signer ---- */

static struct buf token_without_certificate(const struct fix_cert *tsa)
{
	struct digest d = fix_digest("content");
	struct tsp_deviation deviation = { .no_certificate = true };
	struct buf token = buf_make(TST_SIZE_MAX);
	fix_token_deviating(tsa, &d, FIX_T0_MS, &deviation, &token);
	return token;
}

Test(tst_check, missing_certificate_is_found)
{
	expect_deviation(&(struct tsp_deviation){ .no_certificate = true },
			 TST_NO_SIGNER_CERTIFICATE, false);
}

Test(tst_check, signer_is_found_among_candidates)
{
	struct fix_pki pki = fix_pki_make();
	struct buf token = token_without_certificate(pki.tsa);
	struct view candidates[] = { view_text("0 no certificate"), pki.root->der,
				     pki.ca->der, pki.tsa->der };
	struct tst_intact r = check(view_buf(&token), candidates, 4);
	cr_assert_eq(r.defect, TST_OK);
	cr_assert_eq(X509_cmp(r.signer, pki.tsa->x), 0);
	tst_intact_clear(&r);
	r = check(view_buf(&token), candidates, 3);
	cr_assert_eq(r.defect, TST_NO_SIGNER_CERTIFICATE);
	tst_intact_clear(&r);
	buf_free(&token);
	fix_pki_free(&pki);
}

/* A token whose SignerIdentifier is this key identifier; its signature is none. */
static struct view token_by_key_id(struct view id)
{
	struct info i = info_default();
	struct make_signer signer = make_signer_default();
	struct make_cms c = make_cms_default();
	signer.version = make_int(3);
	signer.sid = make_el(0x80, id);
	c.version = make_int(3);
	c.encap =
	    make_el(DER_SEQUENCE, make_oid(OID_TST_INFO),
		    make_el(0xa0, make_el(ID_OCTETS, info_build(&i))));
	c.signers = make_el(DER_SET, make_signer_build(&signer));
	return make_cms_build(&c);
}

static struct view key_id_of(const struct fix_cert *c)
{
	const ASN1_OCTET_STRING *id = X509_get0_subject_key_id(c->x);
	return view_of(ASN1_STRING_get0_data(id), (size_t)ASN1_STRING_length(id));
}

Test(tst_check, signer_is_found_by_its_key_identifier)
{
	struct fix_pki pki = fix_pki_make();
	struct view token = token_by_key_id(key_id_of(pki.tsa));
	struct view candidates[] = { pki.root->der, pki.ca->der, pki.tsa->der };
	struct tst_intact r = check(token, candidates, 3);
	cr_assert_not_null(r.signer);
	cr_assert_eq(X509_cmp(r.signer, pki.tsa->x), 0);
	tst_intact_clear(&r);
	r = check(token, candidates, 2);
	cr_assert_eq(r.defect, TST_NO_SIGNER_CERTIFICATE);
	tst_intact_clear(&r);
	fix_pki_free(&pki);
}

/* How many allocations a check takes. */
static uint64_t allocations_of(struct view token, const struct view *candidates,
			       size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tst *tst = parse_good(token);
	uint64_t count = 0;
	for (bool hit = true; hit; count++) {
		struct tst_intact r = { 0 };
		mem_fail_nth(count + 1);
		(void)!tst_check(tst, candidates, n, &r, &err);
		hit = mem_fail_hit();
		mem_fail_nth(0);
		tst_intact_clear(&r);
		ltps_error_clear(&err);
	}
	tst_free(tst);
	return count - 1;
}

/* Certificates that a token does not name, or no better than the one at hand, must
 * not be decoded: a record has thousands, for each of thousands of tokens. */
Test(tst_check, candidates_that_cannot_be_the_signer_are_not_decoded)
{
	struct fix_pki pki = fix_pki_make();
	struct view others[] = { pki.root->der, pki.ca->der, pki.tsa->der };
	struct view same[] = { pki.tsa->der, pki.tsa->der, pki.tsa->der };
	struct view token = token_by_key_id(view_text("nobody"));
	cr_assert_eq(allocations_of(token, others, 3), allocations_of(token, NULL, 0));
	token = token_by_key_id(key_id_of(pki.tsa));
	cr_assert_eq(allocations_of(token, same, 3), allocations_of(token, same, 1));
	fix_pki_free(&pki);
}

Test(tst_check, same_name_and_number_yields_to_the_referenced_one)
{
	struct fix_pki pki = fix_pki_make();
	struct fix_cert_options o = {
		.cn = "TSA", .issuer = pki.ca, .eku = FIX_EKU_TIMESTAMPING, .serial = 77
	};
	struct fix_cert *twin = fix_cert_make(&o);
	struct fix_cert *real = fix_cert_make(&o);
	struct buf token = token_without_certificate(real);
	struct view candidates[] = { twin->der, real->der };
	struct tst_intact r = check(view_buf(&token), candidates, 2);
	cr_assert_eq(r.defect, TST_OK);
	cr_assert_eq(X509_cmp(r.signer, real->x), 0);
	tst_intact_clear(&r);
	r = check(view_buf(&token), candidates, 1);
	cr_assert_eq(r.defect, TST_SIGNATURE);
	tst_intact_clear(&r);
	buf_free(&token);
	fix_cert_free(real);
	fix_cert_free(twin);
	fix_pki_free(&pki);
}

Test(tst_check, renewed_certificate_of_the_same_key_is_not_the_signer)
{
	/* Same name, number and key: the signature verifies, the reference tells. */
	struct fix_pki pki = fix_pki_make();
	struct fix_cert_options o = {
		.cn = "TSA", .issuer = pki.ca, .eku = FIX_EKU_TIMESTAMPING, .serial = 77
	};
	struct fix_cert *real = fix_cert_make(&o);
	o.same_key = real;
	o.not_after_ms = FIX_NOT_AFTER_MS + FIX_YEAR_MS;
	struct fix_cert *other = fix_cert_make(&o);
	struct buf token = token_without_certificate(real);
	struct tst_intact r = check(view_buf(&token), &other->der, 1);
	cr_assert_eq(r.defect, TST_SIGNING_CERTIFICATE_MISMATCH);
	cr_assert(r.signature_intact);
	tst_intact_clear(&r);
	buf_free(&token);
	fix_cert_free(other);
	fix_cert_free(real);
	fix_pki_free(&pki);
}

/* ---- the tsa field ---- */

static void expect_tsa_field(struct view general_name, const char *san,
			     enum tst_defect defect)
{
	struct fix_pki pki = fix_pki_make();
	struct digest d = fix_digest("content");
	struct info i = info_default();
	i.tsa = make_el(0xa0, general_name);
	struct tsp_deviation deviation = { .info = info_build(&i) };
	struct buf token = buf_make(TST_SIZE_MAX);
	struct fix_cert *tsa = fix_cert_make(&(struct fix_cert_options){
	    .cn = "TSA", .issuer = pki.ca, .eku = FIX_EKU_TIMESTAMPING, .san = san });
	fix_token_deviating(tsa, &d, FIX_T0_MS, &deviation, &token);
	expect(view_buf(&token), defect, true);
	fix_cert_free(tsa);
	buf_free(&token);
	fix_pki_free(&pki);
}

static struct view rdn(const char *oid, uint8_t string_id, const char *text)
{
	return make_el(DER_SET,
		       make_el(DER_SEQUENCE, make_oid(oid), text_el(string_id, text)));
}

static struct view directory_name(struct view first, struct view second)
{
	return make_el(0xa4, make_el(DER_SEQUENCE, first, second));
}

#define O(text) rdn("2.5.4.10", 0x0c, text)
#define CN(text) rdn("2.5.4.3", 0x0c, text)

Test(tst_check, tsa_field_equal_to_the_subject_passes)
{
	expect_tsa_field(directory_name(O("LTPS Test"), CN("TSA")), NULL, TST_OK);
}

Test(tst_check, tsa_field_of_another_string_type_passes)
{
	expect_tsa_field(directory_name(O("LTPS Test"), rdn("2.5.4.3", 0x13, "tsa")),
			 NULL, TST_OK);
}

Test(tst_check, tsa_field_in_reverse_order_passes)
{
	expect_tsa_field(directory_name(CN("TSA"), O("LTPS Test")), NULL, TST_OK);
}

Test(tst_check, tsa_field_with_a_part_twice_is_found)
{
	expect_tsa_field(directory_name(CN("TSA"), CN("TSA")), NULL, TST_TSA_NAME);
}

Test(tst_check, tsa_field_equal_to_an_alternative_name_passes)
{
	expect_tsa_field(text_el(0x82, "tsa.example"), "DNS:tsa.example", TST_OK);
	expect_tsa_field(text_el(0x82, "tsa.example"), "DNS:other.example",
			 TST_TSA_NAME);
	expect_tsa_field(text_el(0x82, "tsa.example"), NULL, TST_TSA_NAME);
}

Test(tst_check, malformed_tsa_field_is_found)
{
	expect_tsa_field(make_el(0xa4, make_int(1)), NULL, TST_TSA_NAME);
}

/* ---- memory ---- */

Test(tst_memory, every_failing_allocation_is_an_error_and_no_verdict)
{
	struct fix_pki pki = fix_pki_make();
	struct digest d = fix_digest("content");
	struct buf token = buf_make(TST_SIZE_MAX);
	fix_token_deviating(pki.tsa, &d, FIX_T0_MS,
			    &(struct tsp_deviation){ .v1_beside = true }, &token);
	expect(view_buf(&token), TST_OK, true);
	for (uint64_t n = 1;; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct tst *tst = NULL;
		struct tst_intact r = { 0 };
		mem_fail_nth(n);
		int rc = tst_parse(view_buf(&token), &tst, &err);
		if (rc == 0)
			rc = tst_check(tst, NULL, 0, &r, &err);
		bool hit = mem_fail_hit();
		mem_fail_nth(0);
		cr_assert_eq(ERR_peek_error(), 0);
		if (rc == 0) /* some of OpenSSL's caches are allowed to fail */
			cr_assert_eq(r.defect, TST_OK, "allocation %lu: %s",
				     (unsigned long)n, tst_defect_name(r.defect));
		else
			cr_assert(err.code == LTPS_NOMEM || err.code == LTPS_CRYPTO,
				  "allocation %lu: %s %s", (unsigned long)n,
				  ltps_code_name(err.code), err.text);
		tst_intact_clear(&r);
		tst_free(tst);
		if (!hit)
			break;
	}
	buf_free(&token);
	fix_pki_free(&pki);
}
