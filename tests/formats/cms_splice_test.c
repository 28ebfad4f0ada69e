/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/ocsp.h>
#include <openssl/pkcs7.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/mem.h"
#include "formats/cms.h"
#include "tests/support/cms_make.h"
#include "tests/support/corpus.h"

#define OUT_MAX ((size_t)64 << 20)

static struct view add(struct view in, const struct cms_material *m)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(OUT_MAX);
	cr_assert_eq(cms_add_material(in, m, &b, &err), 0, "%s", err.text);
	struct view v = make_joined(view_buf(&b), VIEW_NULL);
	buf_free(&b);
	return v;
}

static void refused(struct view in, const struct cms_material *m, enum ltps_code code,
		    const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(OUT_MAX);
	cr_expect_eq(cms_add_material(in, m, &b, &err), -1, "%s: accepted", text);
	cr_expect_eq(err.code, code, "%s: %s", text, err.text);
	cr_expect(strstr(err.text, text) != NULL, "'%s' for '%s'", err.text, text);
	cr_expect_eq(b.n, 0);
	buf_free(&b);
}

static struct cms *parse(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms *cms = NULL;
	cr_assert_eq(cms_parse(in, &cms, &err), 0, "%s", err.text);
	return cms;
}

static bool is_der(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	return der_check(in, &err) == 0;
}

/* ---- refused ---- */

Test(cms_splice, damaged_file_is_refused)
{
	struct make_cms c = make_cms_default();
	struct cms_material m = { 0 };
	refused(make_item(1), &m, LTPS_FORMAT, "contentType");
	c.extra = make_int(1);
	refused(make_cms_build(&c), &m, LTPS_FORMAT, "trailing");
}

Test(cms_splice, item_that_is_not_one_sequence_is_refused)
{
	struct make_cms c = make_cms_default();
	struct view in = make_cms_build(&c);
	struct view bad[] = { make_joined(make_item(1), view_text("x")), make_int(1),
			      view_head(make_item(1), 3) };
	for (size_t i = 0; i < 3; i++) {
		struct cms_material cert = { .certs = &bad[i], .n_certs = 1 };
		struct cms_material crl = { .crls = &bad[i], .n_crls = 1 };
		struct cms_material ocsp = { .ocsps = &bad[i], .n_ocsps = 1 };
		refused(in, &cert, LTPS_FORMAT, "");
		refused(in, &crl, LTPS_FORMAT, "");
		refused(in, &ocsp, LTPS_FORMAT, "");
	}
}

Test(cms_splice, unsuccessful_ocsp_response_is_refused)
{
	struct make_cms c = make_cms_default();
	struct view bad = make_ocsp(make_basic_ocsp(1), 6);
	struct cms_material m = { .ocsps = &bad, .n_ocsps = 1 };
	refused(make_cms_build(&c), &m, LTPS_FORMAT, "not successful");
}

Test(cms_splice, ocsp_response_without_bytes_is_refused)
{
	struct make_cms c = make_cms_default();
	struct view bad =
	    make_el(DER_SEQUENCE, make_el(ASN1_TAG_ENUMERATED, view_of("\0", 1)));
	struct cms_material m = { .ocsps = &bad, .n_ocsps = 1 };
	refused(make_cms_build(&c), &m, LTPS_FORMAT, "responseBytes");
}

Test(cms_splice, one_certificate_too_many_is_too_large)
{
	static struct view certs[CMS_CERTS_MAX + 1];
	struct make_cms c = make_cms_default();
	for (unsigned i = 0; i <= CMS_CERTS_MAX; i++)
		certs[i] = make_item(i);
	c.certs = make_el(0xa0, make_item(5000));
	struct cms_material m = { .certs = certs, .n_certs = CMS_CERTS_MAX };
	refused(make_cms_build(&c), &m, LTPS_TOO_LARGE, "set of more");
	m.n_certs = CMS_CERTS_MAX + 1;
	refused(make_cms_build(&c), &m, LTPS_TOO_LARGE, "items to add");
}

/* ---- sets ---- */

Test(cms_splice, nothing_to_add_gives_the_same_bytes)
{
	struct make_cms c = make_cms_default();
	struct view cert = make_item(1);
	c.certs = make_el(0xa0, cert);
	struct cms_material m = { .certs = &cert, .n_certs = 1 };
	struct view in = make_cms_build(&c);
	cr_expect(view_equal(add(in, &m), in));
	c.indefinite = true;
	in = make_cms_build(&c);
	cr_expect(view_equal(add(in, &m), in));
}

Test(cms_splice, added_fields_stand_in_their_order_and_sorted)
{
	struct make_cms c = make_cms_default();
	struct view certs[] = { make_item(3), make_item(1), make_item(3) };
	struct view crl = make_item(9), ocsp = make_ocsp(make_basic_ocsp(1), 0);
	struct cms_material m = { certs, 3, &crl, 1, &ocsp, 1 };
	struct view out = add(make_cms_build(&c), &m);
	c.certs = make_el(0xa0, make_item(1), make_item(3));
	c.crls = make_el(0xa1, crl, make_other_revocation(OID_RI_OCSP_RESPONSE, ocsp));
	c.version = make_int(5);
	cr_expect(view_equal(out, make_cms_build(&c)));
	cr_expect(is_der(out));
	cr_expect(view_equal(add(out, &m), out), "added twice");
}

Test(cms_splice, sorted_set_stays_sorted)
{
	struct make_cms c = make_cms_default();
	struct view cert = make_item(2);
	struct cms_material m = { .certs = &cert, .n_certs = 1 };
	c.certs = make_el(0xa0, make_item(1), make_item(3));
	struct view out = add(make_cms_build(&c), &m);
	c.certs = make_el(0xa0, make_item(1), make_item(2), make_item(3));
	cr_expect(view_equal(out, make_cms_build(&c)));
}

Test(cms_splice, unsorted_set_keeps_its_order)
{
	struct make_cms c = make_cms_default();
	struct view cert = make_item(2);
	struct cms_material m = { .certs = &cert, .n_certs = 1 };
	c.certs = make_el(0xa0, make_item(3), make_item(1));
	struct view out = add(make_cms_build(&c), &m);
	c.certs = make_el(0xa0, make_item(3), make_item(1), make_item(2));
	cr_expect(view_equal(out, make_cms_build(&c)));
}

Test(cms_splice, indefinite_lengths_stay_indefinite)
{
	struct make_cms c = make_cms_default();
	struct view cert = make_item(2);
	struct cms_material m = { .certs = &cert, .n_certs = 1 };
	c.indefinite = true;
	c.certs = make_el_indefinite(0xa0, make_item(1));
	c.signers = make_el_indefinite(DER_SET, VIEW_NULL);
	struct view out = add(make_cms_build(&c), &m);
	c.certs = make_el_indefinite(0xa0, make_item(1), make_item(2));
	cr_expect(view_equal(out, make_cms_build(&c)));
	cr_expect(view_equal(add(out, &m), out), "added twice");
}

Test(cms_splice, version_rises_only_with_other_revocation_information)
{
	struct make_cms c = make_cms_default();
	struct view crl = make_item(2), ocsp = make_ocsp(make_basic_ocsp(1), 0);
	struct cms_material crls = { .crls = &crl, .n_crls = 1 };
	struct cms_material ocsps = { .ocsps = &ocsp, .n_ocsps = 1 };
	c.version = make_int(3);
	struct cms *cms = parse(add(make_cms_build(&c), &crls));
	cr_expect_eq(cms->version, 3);
	cms_free(cms);
	cms = parse(add(make_cms_build(&c), &ocsps));
	cr_expect_eq(cms->version, 5);
	cms_free(cms);
	c.version = make_int(6);
	cms = parse(add(make_cms_build(&c), &ocsps));
	cr_expect_eq(cms->version, 6);
	cms_free(cms);
}

Test(cms_splice, ocsp_response_that_is_there_in_basic_form_is_not_added)
{
	struct make_cms c = make_cms_default();
	struct view basic = make_basic_ocsp(1), ocsp = make_ocsp(basic, 0);
	struct cms_material m = { .ocsps = &ocsp, .n_ocsps = 1 };
	c.crls = make_el(0xa1, make_other_revocation(OID_PKIX_OCSP_BASIC, basic));
	struct view in = make_cms_build(&c);
	cr_expect(view_equal(add(in, &m), in));
}

Test(cms_splice, every_failing_allocation_is_an_ordinary_error)
{
	struct make_cms c = make_cms_default();
	struct view cert = make_item(2), ocsp = make_ocsp(make_basic_ocsp(1), 0);
	struct cms_material m = { &cert, 1, &cert, 1, &ocsp, 1 };
	struct view in = make_cms_build(&c);
	for (uint64_t n = 1;; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = buf_make(OUT_MAX);
		mem_fail_nth(n);
		int rc = cms_add_material(in, &m, &b, &err);
		mem_fail_nth(0);
		buf_free(&b);
		if (rc == 0)
			break;
		cr_assert_eq(err.code, LTPS_NOMEM);
	}
}

/* ---- proof with OpenSSL's own signatures ---- */

struct world {
	EVP_PKEY *key;
	X509 *cert;
	X509 *other;
	struct view cert_der, other_der, crl_der, ocsp_der;
};

static struct view der_of(void *object, int (*i2d)(const void *, unsigned char **))
{
	unsigned char *p = NULL;
	int n = i2d(object, &p);
	cr_assert_gt(n, 0);
	struct view v = make_joined(view_of(p, (size_t)n), VIEW_NULL);
	OPENSSL_free(p);
	return v;
}

#define DER_OF(type, object)                                                           \
	der_of(object, (int (*)(const void *, unsigned char **))i2d_##type)

static X509 *make_cert(EVP_PKEY *key, const char *cn, long serial)
{
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, (const unsigned char *)cn,
				   -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 86400);
	X509_set_pubkey(x, key);
	cr_assert(X509_sign(x, key, EVP_sha256()) > 0);
	return x;
}

static struct view make_crl(const struct world *w)
{
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *now = X509_gmtime_adj(NULL, 0);
	X509_CRL_set_issuer_name(crl, X509_get_subject_name(w->cert));
	X509_CRL_set1_lastUpdate(crl, now);
	X509_CRL_set1_nextUpdate(crl, now);
	cr_assert(X509_CRL_sign(crl, w->key, EVP_sha256()) > 0);
	struct view v = DER_OF(X509_CRL, crl);
	ASN1_TIME_free(now);
	X509_CRL_free(crl);
	return v;
}

static struct view make_real_ocsp(const struct world *w)
{
	OCSP_BASICRESP *basic = OCSP_BASICRESP_new();
	OCSP_CERTID *id = OCSP_cert_to_id(EVP_sha1(), w->other, w->cert);
	ASN1_TIME *now = X509_gmtime_adj(NULL, 0);
	cr_assert_not_null(OCSP_basic_add1_status(basic, id, V_OCSP_CERTSTATUS_GOOD, 0,
						  NULL, now, NULL));
	cr_assert_eq(OCSP_basic_sign(basic, w->cert, w->key, EVP_sha256(), NULL, 0), 1);
	OCSP_RESPONSE *r = OCSP_response_create(OCSP_RESPONSE_STATUS_SUCCESSFUL, basic);
	struct view v = DER_OF(OCSP_RESPONSE, r);
	OCSP_RESPONSE_free(r);
	ASN1_TIME_free(now);
	OCSP_CERTID_free(id);
	OCSP_BASICRESP_free(basic);
	return v;
}

static struct world make_world(void)
{
	struct world w = { 0 };
	w.key = EVP_EC_gen("P-256");
	cr_assert_not_null(w.key);
	w.cert = make_cert(w.key, "signer", 1);
	w.other = make_cert(w.key, "other", 2);
	w.cert_der = DER_OF(X509, w.cert);
	w.other_der = DER_OF(X509, w.other);
	w.crl_der = make_crl(&w);
	w.ocsp_der = make_real_ocsp(&w);
	return w;
}

static void free_world(struct world *w)
{
	X509_free(w->other);
	X509_free(w->cert);
	EVP_PKEY_free(w->key);
}

/* A signature by OpenSSL: DER, or streamed with indefinite lengths. */
static struct view sign(const struct world *w, bool streamed)
{
	unsigned flags = CMS_BINARY | (streamed ? CMS_STREAM : 0);
	BIO *data = BIO_new_mem_buf("to be signed", -1), *out = BIO_new(BIO_s_mem());
	CMS_ContentInfo *ci = CMS_sign(w->cert, w->key, NULL, data, flags);
	char *p = NULL;
	cr_assert_not_null(ci);
	if (streamed)
		cr_assert_eq(i2d_CMS_bio_stream(out, ci, data, (int)flags), 1);
	else
		cr_assert_eq(i2d_CMS_bio(out, ci), 1);
	long n = BIO_get_mem_data(out, &p);
	struct view v = make_joined(view_of(p, (size_t)n), VIEW_NULL);
	CMS_ContentInfo_free(ci);
	BIO_free(out);
	BIO_free(data);
	return v;
}

/* The signature value holds, and OpenSSL sees so many certificates and CRLs
 * (-1: whatever). */
static bool verifies(struct view in, int certs, int crls)
{
	const unsigned char *p = in.p;
	CMS_ContentInfo *ci = d2i_CMS_ContentInfo(NULL, &p, (long)in.n);
	if (ci == NULL)
		return false;
	BIO *out = BIO_new(BIO_s_mem());
	unsigned flags = CMS_NO_SIGNER_CERT_VERIFY | CMS_BINARY;
	bool good = CMS_verify(ci, NULL, NULL, NULL, out, flags) == 1;
	STACK_OF(X509) *x = CMS_get1_certs(ci);
	STACK_OF(X509_CRL) *c = CMS_get1_crls(ci);
	good = good && (certs < 0 || (x != NULL ? sk_X509_num(x) : 0) == certs) &&
	       (crls < 0 || (c != NULL ? sk_X509_CRL_num(c) : 0) == crls);
	sk_X509_pop_free(x, X509_free);
	sk_X509_CRL_pop_free(c, X509_CRL_free);
	BIO_free(out);
	CMS_ContentInfo_free(ci);
	ERR_clear_error();
	return good;
}

/* What was there has its bytes in the output. */
static void expect_kept(struct view before, struct view after)
{
	struct cms *a = parse(before), *b = parse(after);
	cr_assert_eq(a->n_signers, b->n_signers);
	for (size_t i = 0; i < a->n_signers; i++)
		cr_expect(view_equal(a->signers[i].whole, b->signers[i].whole));
	cr_expect(view_equal(a->content, b->content));
	for (size_t i = 0; i < a->n_certs; i++) {
		bool found = false;
		for (size_t k = 0; k < b->n_certs; k++)
			found = found || view_equal(a->certs[i], b->certs[k]);
		cr_expect(found, "certificate %zu", i);
	}
	for (size_t i = 0; i < a->n_crls; i++) {
		bool found = false;
		for (size_t k = 0; k < b->n_crls; k++)
			found = found || view_equal(a->crls[i], b->crls[k]);
		cr_expect(found, "crl %zu", i);
	}
	cms_free(a);
	cms_free(b);
}

static void prove(bool streamed)
{
	struct world w = make_world();
	struct view certs[] = { w.cert_der, w.other_der };
	struct cms_material m = { certs, 2, &w.crl_der, 1, &w.ocsp_der, 1 };
	struct view in = sign(&w, streamed);
	cr_assert(verifies(in, 1, 0));
	cr_expect_eq(is_der(in), !streamed);
	struct view out = add(in, &m);
	cr_expect(verifies(out, 2, 1));
	cr_expect_eq(is_der(out), !streamed);
	expect_kept(in, out);
	cr_expect(view_equal(add(out, &m), out), "added twice");
	struct cms *cms = parse(out);
	cr_expect_eq(cms->version, 5);
	cr_expect_eq(cms->n_crls, 2);
	cms_free(cms);
	free_world(&w);
}

Test(cms_splice, der_signature_still_verifies)
{
	prove(false);
}

Test(cms_splice, indefinite_signature_still_verifies)
{
	prove(true);
}

/* Added status must not hide that the signature is broken. */
Test(cms_splice, broken_signature_stays_broken)
{
	struct world w = make_world();
	struct view in = sign(&w, false);
	struct cms_material m = { .certs = &w.other_der, .n_certs = 1 };
	cr_expect_not(verifies(add(make_flipped(in, in.n - 1), &m), 2, 0));
	free_world(&w);
}

/* OpenSSL's time-stamp code reads tokens as PKCS #7: no RFC 5940, no PSS. */
static bool verifies_as_pkcs7(struct view in)
{
	const unsigned char *p = in.p;
	PKCS7 *p7 = d2i_PKCS7(NULL, &p, (long)in.n);
	bool good =
	    p7 != NULL && PKCS7_verify(p7, NULL, NULL, NULL, NULL, PKCS7_NOVERIFY) == 1;
	PKCS7_free(p7);
	ERR_clear_error();
	return good;
}

Test(cms_splice, corpus_tokens_still_verify)
{
	static const struct {
		const char *file;
		bool pkcs7;
	} tokens[] = { { "tokens/d-trust.tsr", false },
		       { "tokens/archive_timestamp.tst", true },
		       { "tokens/disig.tst", true } };
	if (!corpus_present())
		cr_skip_test("no corpus beside the source tree");
	struct world w = make_world();
	for (size_t i = 0; i < sizeof(tokens) / sizeof(tokens[0]); i++) {
		struct buf b = corpus_read(tokens[i].file);
		struct view in = view_buf(&b);
		struct cms_material m = { &w.other_der, 1, &w.crl_der, 1, NULL, 0 };
		struct view out = add(in, &m);
		cr_expect(verifies(in, -1, 0), "%s", tokens[i].file);
		cr_expect(verifies(out, -1, 1), "%s", tokens[i].file);
		cr_expect_eq(verifies_as_pkcs7(in), tokens[i].pkcs7);
		cr_expect_eq(verifies_as_pkcs7(out), tokens[i].pkcs7);
		cr_expect_eq(is_der(in), is_der(out), "%s", tokens[i].file);
		expect_kept(in, out);
		m.ocsps = &w.ocsp_der;
		m.n_ocsps = 1;
		out = add(out, &m);
		cr_expect(verifies(out, -1, 1), "%s", tokens[i].file);
		expect_kept(in, out);
		cr_expect(view_equal(add(out, &m), out), "%s", tokens[i].file);
		buf_free(&b);
	}
	free_world(&w);
}

static void visit(const char *path, struct view bytes, void *arg)
{
	struct world *w = arg;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cms *cms = NULL;
	if (cms_parse(bytes, &cms, &err) != 0)
		return;
	cms_free(cms);
	struct cms_material m = { &w->other_der, 1, &w->crl_der, 1, &w->ocsp_der, 1 };
	struct view out = add(bytes, &m);
	expect_kept(bytes, out);
	cr_expect_eq(is_der(bytes), is_der(out), "%s", path);
	cr_expect(view_equal(add(out, &m), out), "%s: added twice", path);
}

Test(cms_splice, corpus_signatures_keep_their_bytes)
{
	if (!corpus_present())
		cr_skip_test("no corpus beside the source tree");
	struct world w = make_world();
	corpus_walk("cades", visit, &w);
	free_world(&w);
}
