/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pem.h>
#include <openssl/pkcs7.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "formats/cms.h"
#include "tests/support/cms_make.h"
#include "tests/support/corpus.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/x509_make.h"
#include "validation/material.h"

static struct fix_pki pki;
static struct material *m;

static void set_up(void)
{
	pki = fix_pki_make();
	m = fix_material(NULL, NULL);
}

static void tear_down(void)
{
	material_free(m);
	fix_pki_free(&pki);
}

TestSuite(material, .init = set_up, .fini = tear_down);

static void expect_counts(size_t anchors, size_t certs, size_t crls, size_t ocsps)
{
	cr_assert_eq(material_count(m, MATERIAL_ANCHOR), anchors);
	cr_assert_eq(material_count(m, MATERIAL_CERT), certs);
	cr_assert_eq(material_count(m, MATERIAL_CRL), crls);
	cr_assert_eq(material_count(m, MATERIAL_OCSP), ocsps);
}

static void refuse(enum material_kind kind, struct view der, enum ltps_code code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(material_add(m, kind, der, &err), -1);
	cr_assert_eq(err.code, code, "%s", err.text);
	cr_assert_eq(ERR_peek_error(), 0);
}

Test(material, empty_has_nothing)
{
	expect_counts(0, 0, 0, 0);
	cr_assert_eq(material_at(m, MATERIAL_CERT, 0).n, 0);
	material_free(NULL);
}

Test(material, items_are_kept_once_for_each_kind)
{
	fix_material_add(m, MATERIAL_CERT, pki.ca->der);
	fix_material_add(m, MATERIAL_CERT, pki.ca->der);
	fix_material_add(m, MATERIAL_ANCHOR, pki.ca->der);
	fix_material_add(m, MATERIAL_CERT, pki.tsa->der);
	expect_counts(1, 2, 0, 0);
	cr_assert(view_equal(material_at(m, MATERIAL_CERT, 0), pki.ca->der));
	cr_assert(view_equal(material_views(m, MATERIAL_CERT)[1], pki.tsa->der));
	cr_assert_neq(material_at(m, MATERIAL_CERT, 0).p, pki.ca->der.p);
}

Test(material, many_items_are_kept)
{
	enum { MANY = 100 };
	for (int i = 0; i < MANY; i++) {
		struct buf crl = buf_make(4096);
		fix_crl_simple(pki.ca, FIX_T0_MS + i * 1000, NULL, &crl);
		fix_material_add(m, MATERIAL_CRL, view_buf(&crl));
		fix_material_add(m, MATERIAL_CRL, view_buf(&crl));
		buf_free(&crl);
	}
	expect_counts(0, 0, MANY, 0);
}

Test(material, what_is_not_of_its_kind_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf crl = buf_make(4096), ocsp = buf_make(65536),
		   longer = buf_make(65536);
	fix_crl_simple(pki.ca, FIX_T0_MS, NULL, &crl);
	fix_ocsp_good(pki.tsa, pki.ca, FIX_T0_MS, &ocsp);
	refuse(MATERIAL_CERT, view_buf(&crl), LTPS_FORMAT);
	refuse(MATERIAL_ANCHOR, view_buf(&ocsp), LTPS_FORMAT);
	refuse(MATERIAL_CRL, pki.ca->der, LTPS_FORMAT);
	refuse(MATERIAL_OCSP, view_buf(&crl), LTPS_FORMAT);
	refuse(MATERIAL_CERT, VIEW_NULL, LTPS_FORMAT);
	/* One byte too many, one too few. */
	cr_assert_eq(buf_put(&longer, pki.ca->der, &err), 0);
	cr_assert_eq(buf_put_byte(&longer, 0, &err), 0);
	refuse(MATERIAL_CERT, view_buf(&longer), LTPS_FORMAT);
	refuse(MATERIAL_CERT, view_head(pki.ca->der, pki.ca->der.n - 1), LTPS_FORMAT);
	cr_assert_eq(buf_put_byte(&crl, 0, &err), 0);
	refuse(MATERIAL_CRL, view_buf(&crl), LTPS_FORMAT);
	cr_assert_eq(buf_put_byte(&ocsp, 0, &err), 0);
	refuse(MATERIAL_OCSP, view_buf(&ocsp), LTPS_FORMAT);
	refuse(MATERIAL_CERT, view_of("", MATERIAL_BYTES_MAX + 1), LTPS_TOO_LARGE);
	expect_counts(0, 0, 0, 0);
	buf_free(&longer);
	buf_free(&ocsp);
	buf_free(&crl);
}

/* ---- text ---- */

static void put_pem(struct buf *out, const char *label, struct view der)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	BIO *bio = BIO_new(BIO_s_mem());
	char *p;
	cr_assert(PEM_write_bio(bio, label, "", der.p, (long)der.n) > 0);
	long n = BIO_get_mem_data(bio, &p);
	cr_assert_eq(buf_put(out, view_of(p, (size_t)n), &err), 0);
	BIO_free(bio);
}

static struct buf all_in_pem(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf crl = buf_make(4096), ocsp = buf_make(65536), out = buf_make(65536);
	fix_crl_simple(pki.ca, FIX_T0_MS, NULL, &crl);
	fix_ocsp_good(pki.tsa, pki.ca, FIX_T0_MS, &ocsp);
	cr_assert_eq(buf_put_text(&out, "a line before\n", &err), 0);
	put_pem(&out, "CERTIFICATE", pki.ca->der);
	put_pem(&out, "X509 CRL", view_buf(&crl));
	cr_assert_eq(buf_put_text(&out, "a line between\n", &err), 0);
	put_pem(&out, "OCSP RESPONSE", view_buf(&ocsp));
	put_pem(&out, "SOMETHING ELSE", view_text("0?"));
	put_pem(&out, "CERTIFICATE", pki.root->der);
	buf_free(&ocsp);
	buf_free(&crl);
	return out;
}

static void add_text(enum material_kind kind, struct view text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(material_add_text_or_der(m, kind, text, &err), 0, "%s", err.text);
	cr_assert_eq(ERR_peek_error(), 0);
}

static void refuse_text(enum material_kind kind, struct view text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(material_add_text_or_der(m, kind, text, &err), -1);
	cr_assert_eq(err.code, LTPS_FORMAT);
	cr_assert_eq(ERR_peek_error(), 0);
}

Test(material, pem_with_several_objects_is_sorted_by_label)
{
	struct buf pem = all_in_pem();
	add_text(MATERIAL_CERT, view_buf(&pem));
	expect_counts(0, 2, 1, 1);
	buf_free(&pem);
}

Test(material, pem_for_anchors_makes_every_certificate_one)
{
	struct buf pem = all_in_pem();
	add_text(MATERIAL_ANCHOR, view_buf(&pem));
	expect_counts(2, 0, 1, 1);
	buf_free(&pem);
}

Test(material, der_is_taken_as_its_kind)
{
	add_text(MATERIAL_ANCHOR, pki.root->der);
	expect_counts(1, 0, 0, 0);
	refuse_text(MATERIAL_CRL, pki.root->der);
}

Test(material, text_without_an_object_is_refused)
{
	struct buf key = buf_make(4096);
	refuse_text(MATERIAL_CERT, VIEW_NULL);
	refuse_text(MATERIAL_CERT, view_text("no PEM at all\n"));
	put_pem(&key, "PRIVATE KEY", view_text("0?"));
	refuse_text(MATERIAL_CERT, view_buf(&key));
	buf_free(&key);
}

Test(material, damaged_pem_is_refused)
{
	struct buf pem = buf_make(65536);
	put_pem(&pem, "CERTIFICATE", pki.ca->der);
	refuse_text(MATERIAL_CERT, view_head(view_buf(&pem), pem.n - 10)); /* no end */
	pem.p[100] = '!';
	refuse_text(MATERIAL_CERT, view_buf(&pem));
	buf_clear(&pem);
	put_pem(&pem, "CERTIFICATE", view_head(pki.ca->der, 100));
	refuse_text(MATERIAL_CERT, view_buf(&pem));
	expect_counts(0, 0, 0, 0);
	buf_free(&pem);
}

static struct buf make_bundle(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	PKCS7 *p7 = PKCS7_new();
	unsigned char *der = NULL;
	struct buf out = buf_make(65536);
	cr_assert(p7 != NULL && PKCS7_set_type(p7, NID_pkcs7_signed) == 1);
	cr_assert_eq(PKCS7_content_new(p7, NID_pkcs7_data), 1);
	cr_assert_eq(PKCS7_set_detached(p7, 1), 1);
	cr_assert_eq(PKCS7_add_certificate(p7, pki.ca->x), 1);
	cr_assert_eq(PKCS7_add_certificate(p7, pki.root->x), 1);
	int n = i2d_PKCS7(p7, &der);
	cr_assert(n > 0);
	cr_assert_eq(buf_put(&out, view_of(der, (size_t)n), &err), 0);
	OPENSSL_free(der);
	PKCS7_free(p7);
	return out;
}

Test(material, pkcs7_bundle_gives_its_certificates)
{
	struct buf bundle = make_bundle(), pem = buf_make(65536);
	add_text(MATERIAL_CERT, view_buf(&bundle));
	expect_counts(0, 2, 0, 0);
	put_pem(&pem, "PKCS7", view_buf(&bundle));
	add_text(MATERIAL_ANCHOR, view_buf(&pem));
	expect_counts(2, 2, 0, 0);
	buf_free(&pem);
	buf_free(&bundle);
}

/* ---- files ---- */

Test(material, file_is_read_and_named_in_errors)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char path[] = "/tmp/ltps-material-XXXXXX";
	int fd = mkstemp(path);
	cr_assert(fd >= 0);
	cr_assert_eq(write(fd, pki.ca->der.p, pki.ca->der.n), (ssize_t)pki.ca->der.n);
	close(fd);
	cr_assert_eq(material_read(m, MATERIAL_CERT, path, &err), 0, "%s", err.text);
	expect_counts(0, 1, 0, 0);
	cr_assert_eq(material_read(m, MATERIAL_CRL, path, &err), -1);
	cr_assert_eq(err.code, LTPS_FORMAT);
	cr_assert_not_null(strstr(err.where, path));
	unlink(path);
	ltps_error_clear(&err);
	cr_assert_eq(material_read(m, MATERIAL_CERT, path, &err), -1);
	cr_assert_eq(err.code, LTPS_NOT_FOUND);
}

/* ---- what signed files carry ---- */

static void add_cms(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms *cms = NULL;
	cr_assert_eq(cms_parse(in, &cms, &err), 0, "%s", err.text);
	cr_assert_eq(material_add_cms(m, cms, &err), 0, "%s", err.text);
	cr_assert_eq(err.code, LTPS_OK);
	cr_assert_eq(ERR_peek_error(), 0);
	cms_free(cms);
}

static struct buf token_with(const struct view *crls, size_t n_crls,
			     const struct view *ocsps, size_t n_ocsps)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d = fix_digest("content");
	struct buf token = buf_make(TST_SIZE_MAX), out = buf_make(TST_SIZE_MAX);
	struct cms_material add = { .certs = &pki.ca->der,
				    .n_certs = 1,
				    .crls = crls,
				    .n_crls = n_crls,
				    .ocsps = ocsps,
				    .n_ocsps = n_ocsps };
	fix_token(pki.tsa, NULL, 0, &d, FIX_T0_MS, &token);
	cr_assert_eq(cms_add_material(view_buf(&token), &add, &out, &err), 0, "%s",
		     err.text);
	buf_free(&token);
	return out;
}

Test(material, token_gives_certificates_crls_and_ocsp)
{
	struct buf crl = buf_make(4096), ocsp = buf_make(65536);
	fix_crl_simple(pki.ca, FIX_T0_MS, NULL, &crl);
	fix_ocsp_good(pki.tsa, pki.ca, FIX_T0_MS, &ocsp);
	struct view crl_v = view_buf(&crl), ocsp_v = view_buf(&ocsp);
	struct buf token = token_with(&crl_v, 1, &ocsp_v, 1);
	add_cms(view_buf(&token));
	expect_counts(0, 2, 1, 1);
	cr_assert(view_equal(material_at(m, MATERIAL_CRL, 0), crl_v));
	cr_assert(view_equal(material_at(m, MATERIAL_OCSP, 0), ocsp_v));
	buf_free(&token);
	buf_free(&ocsp);
	buf_free(&crl);
}

Test(material, undecodable_parts_of_a_token_are_left_out)
{
	struct view broken = make_item(1);
	struct buf token = token_with(&broken, 1, NULL, 0);
	add_cms(view_buf(&token));
	expect_counts(0, 2, 0, 0);
	buf_free(&token);
}

/* Unsigned attributes of a signer around these values. */
static struct view cms_with_attributes(struct view attributes)
{
	struct make_signer s = make_signer_default();
	struct make_cms c = make_cms_default();
	s.unsigned_attrs = make_el(0xa1, attributes);
	c.signers = make_el(DER_SET, make_signer_build(&s));
	return make_cms_build(&c);
}

/* The BasicOCSPResponse inside a response of the fixture. */
static struct view basic_of(struct view response)
{
	const uint8_t *p = response.p;
	OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &p, (long)response.n);
	OCSP_BASICRESP *basic = OCSP_response_get1_basic(r);
	static unsigned char der[65536];
	unsigned char *out = der;
	int n = i2d_OCSP_BASICRESP(basic, NULL);
	cr_assert(n > 0 && (size_t)n <= sizeof(der));
	i2d_OCSP_BASICRESP(basic, &out);
	OCSP_BASICRESP_free(basic);
	OCSP_RESPONSE_free(r);
	return view_of(der, (size_t)n);
}

#define CERTIFICATE_VALUES "1.2.840.113549.1.9.16.2.23"
#define REVOCATION_VALUES "1.2.840.113549.1.9.16.2.24"

Test(material, unsigned_values_of_a_signature_are_found)
{
	struct buf crl = buf_make(4096), ocsp = buf_make(65536);
	fix_crl_simple(pki.ca, FIX_T0_MS, NULL, &crl);
	fix_ocsp_good(pki.tsa, pki.ca, FIX_T0_MS, &ocsp);
	struct view certs = make_attr(
	    CERTIFICATE_VALUES, make_el(DER_SEQUENCE, pki.ca->der, pki.root->der));
	struct view revocation = make_attr(
	    REVOCATION_VALUES,
	    make_el(DER_SEQUENCE, make_el(0xa0, make_el(DER_SEQUENCE, view_buf(&crl))),
		    make_el(0xa1, make_el(DER_SEQUENCE, basic_of(view_buf(&ocsp))))));
	add_cms(cms_with_attributes(make_joined(certs, revocation)));
	expect_counts(0, 2, 1, 1);
	cr_assert(view_equal(material_at(m, MATERIAL_OCSP, 0), view_buf(&ocsp)));
	buf_free(&ocsp);
	buf_free(&crl);
}

Test(material, malformed_unsigned_values_are_left_out)
{
	struct view certs =
	    make_attr(CERTIFICATE_VALUES,
		      make_el(DER_SEQUENCE, make_int(1), pki.ca->der, make_item(2)));
	struct view revocation =
	    make_attr(REVOCATION_VALUES,
		      make_el(DER_SEQUENCE, make_el(0xa0, make_int(1), make_int(2)),
			      make_el(0xa1, make_el(DER_SEQUENCE, make_int(3)))));
	add_cms(cms_with_attributes(make_joined(certs, revocation)));
	expect_counts(0, 1, 0, 0);
}

Test(material, token_with_broken_ocsp_of_the_corpus_is_no_obstacle)
{
	if (!corpus_present())
		cr_skip_test("the corpus is not there");
	struct buf b = corpus_read("tokens/tst_with_broken_ocsp.tst");
	add_cms(view_buf(&b));
	cr_assert(material_count(m, MATERIAL_CERT) > 0);
	buf_free(&b);
}

/* ---- decoded forms and lookups ---- */

Test(material, decoded_forms_stand_beside_the_bytes)
{
	struct buf crl = buf_make(4096), ocsp = buf_make(65536);
	fix_crl_simple(pki.ca, FIX_T0_MS, NULL, &crl);
	fix_ocsp_good(pki.tsa, pki.ca, FIX_T0_MS, &ocsp);
	fix_material_add(m, MATERIAL_ANCHOR, pki.root->der);
	fix_material_add(m, MATERIAL_CERT, pki.ca->der);
	fix_material_add(m, MATERIAL_CERT, pki.root->der);
	fix_material_add(m, MATERIAL_CRL, view_buf(&crl));
	fix_material_add(m, MATERIAL_OCSP, view_buf(&ocsp));
	cr_assert(view_equal(material_cert(m, MATERIAL_CERT, 0)->der, pki.ca->der));
	cr_assert_eq(material_cert(m, MATERIAL_CERT, 1),
		     material_cert(m, MATERIAL_ANCHOR, 0), "decoded once");
	cr_assert(view_equal(material_crl(m, 0)->der, view_buf(&crl)));
	cr_assert(view_equal(material_ocsp(m, 0)->der, view_buf(&ocsp)));
	cr_assert_null(material_cert(m, MATERIAL_CERT, 2));
	cr_assert_null(material_cert(m, MATERIAL_CRL, 0));
	cr_assert_null(material_crl(m, 1));
	cr_assert_null(material_ocsp(m, 1));
	buf_free(&ocsp);
	buf_free(&crl);
}

Test(material, nothing_is_found_in_an_empty_one)
{
	const uint8_t none[32] = { 0 };
	cr_assert_null(material_with_subject(m, MATERIAL_CERT, VIEW_NULL, NULL));
	cr_assert_null(material_with_key(m, MATERIAL_CERT, none, NULL));
	cr_assert_null(material_crl_of(m, VIEW_NULL, NULL));
	cr_assert_null(material_ocsp_for(m, VIEW_NULL, NULL));
	cr_assert_null(material_find_cert(m, MATERIAL_CERT, none));
}

Test(material, certificates_are_found_by_subject_key_and_identity)
{
	enum { MANY = 40 };
	struct fix_cert *made[MANY];
	for (int i = 0; i < MANY; i++) {
		/* Two names, two keys, in turn. */
		made[i] = fix_cert_make(&(struct fix_cert_options){
		    .cn = i % 2 == 0 ? "even" : "odd",
		    .same_key = i >= 4 ? made[i % 4 / 2] : NULL });
		fix_material_add(m, MATERIAL_CERT, made[i]->der);
	}
	fix_material_add(m, MATERIAL_ANCHOR, made[0]->der);
	const struct cert *first = material_cert(m, MATERIAL_CERT, 0);
	const struct cert *c = NULL;
	for (size_t i = 0; i < MANY; i += 2) {
		c = material_with_subject(m, MATERIAL_CERT, first->subject_canonical,
					  c);
		cr_assert_eq(c, material_cert(m, MATERIAL_CERT, i), "%zu", i);
	}
	cr_assert_null(
	    material_with_subject(m, MATERIAL_CERT, first->subject_canonical, c));
	c = material_with_key(m, MATERIAL_CERT, first->key_sha1, NULL);
	cr_assert_eq(c, first);
	for (size_t i = 4; i < MANY; i++) {
		if (i % 4 >= 2)
			continue;
		c = material_with_key(m, MATERIAL_CERT, first->key_sha1, c);
		cr_assert_eq(c, material_cert(m, MATERIAL_CERT, i), "%zu", i);
	}
	cr_assert_null(material_with_key(m, MATERIAL_CERT, first->key_sha1, c));
	/* Anchors are apart. */
	c = material_with_subject(m, MATERIAL_ANCHOR, first->subject_canonical, NULL);
	cr_assert_eq(c, first);
	cr_assert_null(
	    material_with_subject(m, MATERIAL_ANCHOR, first->subject_canonical, c));
	cr_assert_eq(material_find_cert(m, MATERIAL_ANCHOR, first->sha256), first);
	cr_assert_null(material_find_cert(m, MATERIAL_ANCHOR,
					  material_cert(m, MATERIAL_CERT, 1)->sha256));
	/* After one that is not there, nothing follows. */
	cr_assert_null(material_with_subject(m, MATERIAL_ANCHOR,
					     first->subject_canonical,
					     material_cert(m, MATERIAL_CERT, 2)));
	for (int i = 0; i < MANY; i++)
		fix_cert_free(made[i]);
}

Test(material, lists_and_responses_are_found)
{
	struct buf b[3] = { buf_make(65536), buf_make(65536), buf_make(65536) };
	fix_crl_simple(pki.ca, FIX_T0_MS, NULL, &b[0]);
	fix_crl_simple(pki.root, FIX_T0_MS, NULL, &b[1]);
	fix_crl_simple(pki.ca, FIX_T0_MS + 1000, NULL, &b[2]);
	for (int i = 0; i < 3; i++) {
		fix_material_add(m, MATERIAL_CRL, view_buf(&b[i]));
		buf_clear(&b[i]);
	}
	fix_ocsp_good(pki.tsa, pki.ca, FIX_T0_MS, &b[0]);
	fix_ocsp_good(pki.ca, pki.root, FIX_T0_MS, &b[1]);
	fix_ocsp_good(pki.tsa, pki.ca, FIX_T0_MS + 1000, &b[2]);
	for (int i = 0; i < 3; i++) {
		fix_material_add(m, MATERIAL_OCSP, view_buf(&b[i]));
		buf_free(&b[i]);
	}
	const struct crl *c = material_crl(m, 0);
	cr_assert_eq(material_crl_of(m, c->issuer_canonical, NULL), c);
	cr_assert_eq(material_crl_of(m, c->issuer_canonical, c), material_crl(m, 2));
	cr_assert_null(material_crl_of(m, c->issuer_canonical, material_crl(m, 2)));
	const struct ocsp *o = material_ocsp(m, 0);
	struct view serial = o->singles[0].serial;
	cr_assert_eq(material_ocsp_for(m, serial, NULL), o);
	cr_assert_eq(material_ocsp_for(m, serial, o), material_ocsp(m, 2));
	cr_assert_null(material_ocsp_for(m, serial, material_ocsp(m, 2)));
	cr_assert_null(material_ocsp_for(m, view_of("\x7f\x01", 2), NULL));
}

/* An answer stands twice in one response: the response is found once. */
Test(material, response_with_a_number_twice_is_found_once)
{
	struct make_answer a = make_answer_default();
	struct make_response r = make_response_default();
	struct view one = make_answer_build(&a);
	a.serial = make_int(5);
	r.answers = make_el(DER_SEQUENCE, one, make_answer_build(&a), one);
	fix_material_add(m, MATERIAL_OCSP, make_response_build(&r));
	const struct ocsp *o = material_ocsp(m, 0);
	struct view padded = view_of("\0\x12\x67", 3);
	cr_assert_eq(material_ocsp_for(m, padded, NULL), o);
	cr_assert_null(material_ocsp_for(m, padded, o));
	cr_assert_eq(material_ocsp_for(m, view_of("\5", 1), NULL), o);
}

Test(material, everything_of_another_is_shared)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *copy = fix_material(NULL, pki.ca);
	struct buf pem = all_in_pem();
	add_text(MATERIAL_ANCHOR, view_buf(&pem));
	cr_assert_eq(material_add_all(copy, m, &err), 0);
	cr_assert_eq(material_add_all(copy, m, &err), 0);
	cr_assert_eq(material_count(copy, MATERIAL_ANCHOR), 2);
	cr_assert_eq(material_count(copy, MATERIAL_CERT), 1);
	cr_assert_eq(material_cert(copy, MATERIAL_ANCHOR, 0),
		     material_cert(m, MATERIAL_ANCHOR, 0));
	cr_assert_eq(material_crl(copy, 0), material_crl(m, 0));
	cr_assert_eq(material_ocsp(copy, 0), material_ocsp(m, 0));
	cr_assert_eq(material_add_cert(copy, MATERIAL_CRL,
				       material_cert(m, MATERIAL_ANCHOR, 0), &err),
		     -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
	material_free(copy);
	buf_free(&pem);
}

Test(material, list_in_a_file_is_read)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char path[] = "/tmp/ltps-material-XXXXXX";
	struct buf crl = buf_make(4096);
	int fd = mkstemp(path);
	fix_crl_simple(pki.ca, FIX_T0_MS, NULL, &crl);
	cr_assert_eq(write(fd, crl.p, crl.n), (ssize_t)crl.n);
	close(fd);
	cr_assert_eq(material_read(m, MATERIAL_CRL, path, &err), 0, "%s", err.text);
	cr_assert_eq(material_read(m, MATERIAL_CRL, path, &err), 0, "%s", err.text);
	expect_counts(0, 0, 1, 0);
	cr_assert(view_equal(material_at(m, MATERIAL_CRL, 0), view_buf(&crl)));
	unlink(path);
	buf_free(&crl);
}

/* At the limit what is there already is no obstacle, one more is. */
Test(material, limit_of_items_is_kept)
{
	struct make_cert c = make_cert_default();
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(4096);
	cr_assert_eq(buf_put(&b, make_cert_build(&c), &err), 0);
	/* SEQUENCE 30 81 len, SEQUENCE 30 81 len, version, then the serial: 02 02. */
	uint8_t *serial = memmem(b.p, b.n, "\x02\x02\x12\x67", 4);
	cr_assert_not_null(serial);
	for (unsigned i = 0; i < MATERIAL_ITEMS_MAX; i++) {
		serial[2] = (uint8_t)(i >> 8);
		serial[3] = (uint8_t)i;
		cr_assert_eq(material_add(m, MATERIAL_CERT, view_buf(&b), &err), 0);
	}
	cr_assert_eq(material_add(m, MATERIAL_CERT, view_buf(&b), &err), 0);
	cr_assert_eq(material_count(m, MATERIAL_CERT), MATERIAL_ITEMS_MAX);
	const struct cert *last =
	    material_cert(m, MATERIAL_CERT, MATERIAL_ITEMS_MAX - 1);
	cr_assert_eq(material_find_cert(m, MATERIAL_CERT, last->sha256), last);
	serial[2] = 0x7f;
	refuse(MATERIAL_CERT, view_buf(&b), LTPS_TOO_LARGE);
	buf_free(&b);
}

/* ---- memory ---- */

Test(material, every_failing_allocation_is_an_error)
{
	struct buf pem = all_in_pem();
	for (uint64_t n = 1;; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct material *mine = NULL;
		mem_fail_nth(n);
		int rc = material_new(&mine, &err);
		if (rc == 0)
			rc = material_add_text_or_der(mine, MATERIAL_CERT,
						      view_buf(&pem), &err);
		bool hit = mem_fail_hit();
		mem_fail_nth(0);
		cr_assert_eq(ERR_peek_error(), 0);
		if (rc == 0)
			cr_assert_eq(material_count(mine, MATERIAL_CERT), 2);
		else
			cr_assert(err.code == LTPS_NOMEM || err.code == LTPS_CRYPTO,
				  "allocation %lu: %s %s", (unsigned long)n,
				  ltps_code_name(err.code), err.text);
		material_free(mine);
		if (!hit)
			break;
	}
	buf_free(&pem);
}

/* ---- sunsets ---- */

static void add_pem(const char *before, enum ltps_code code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf text = buf_make(1 << 16);
	BIO *bio = BIO_new(BIO_s_mem());
	char *pem;
	cr_assert_eq(PEM_write_bio_X509(bio, pki.root->x), 1);
	long n = BIO_get_mem_data(bio, &pem);
	cr_assert_eq(buf_put_text(&text, before, &err), 0);
	cr_assert_eq(buf_put(&text, view_of(pem, (size_t)n), &err), 0);
	int rc = material_add_text_or_der(m, MATERIAL_ANCHOR, view_buf(&text), &err);
	cr_assert_eq(rc, code == LTPS_OK ? 0 : -1);
	cr_assert_eq(err.code, code, "%s", err.text);
	BIO_free(bio);
	buf_free(&text);
}

Test(material, anchor_has_the_sunset_of_the_line_before_it)
{
	add_pem("Subject: CN=x\r\nTrusted-Until: 2026-02-03T04:05:06Z \r\n", LTPS_OK);
	expect_counts(1, 0, 0, 0);
	cr_assert_eq(material_sunset(m, 0), INT64_C(1770091506000));
	cr_assert_eq(material_sunset_of(m, material_cert(m, MATERIAL_ANCHOR, 0)),
		     INT64_C(1770091506000));
	/* Trusted without an end is more. */
	add_pem("", LTPS_OK);
	expect_counts(1, 0, 0, 0);
	cr_assert_eq(material_sunset(m, 0), INT64_MAX);
	add_pem("Trusted-Until: 2026-02-03T04:05:06Z\n", LTPS_OK);
	cr_assert_eq(material_sunset(m, 0), INT64_MAX);
}

Test(material, anchors_of_a_bundle_have_the_sunset_of_the_line_before_it)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf bundle = make_bundle(), text = buf_make(65536);
	cr_assert_eq(
	    buf_put_text(&text, "Trusted-Until: 2026-02-03T04:05:06Z\n", &err), 0);
	put_pem(&text, "PKCS7", view_buf(&bundle));
	add_text(MATERIAL_ANCHOR, view_buf(&text));
	expect_counts(2, 0, 0, 0);
	cr_expect_eq(material_sunset(m, 0), INT64_C(1770091506000));
	cr_expect_eq(material_sunset(m, 1), INT64_C(1770091506000));
	buf_free(&bundle);
	buf_free(&text);
}

Test(material, sunset_that_is_no_time_is_refused)
{
	add_pem("Trusted-Until: tomorrow\n", LTPS_FORMAT);
	expect_counts(0, 0, 0, 0);
}

Test(material, sunsets_go_with_their_anchors_to_another_pool)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *other = fix_material(NULL, NULL);
	cr_assert_eq(material_add_anchor(m, pki.root->der, 5, &err), 0);
	cr_assert_eq(material_add_all(other, m, &err), 0);
	cr_assert_eq(material_sunset(other, 0), 5);
	cr_assert_eq(material_sunset_of(other, material_cert(m, MATERIAL_ANCHOR, 0)),
		     5);
	cr_assert_eq(material_sunset(other, 1), INT64_MAX);
	material_free(other);
	other = fix_material(NULL, NULL);
	cr_assert_eq(material_sunset_of(other, material_cert(m, MATERIAL_ANCHOR, 0)),
		     INT64_MIN);
	material_free(other);
}
