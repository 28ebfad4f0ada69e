/* SPDX-License-Identifier: Apache-2.0 */
/* SignedData written in DER; what it says is what OpenSSL reads and verifies. */
#include "formats/cms_build.h"

#include <criterion/criterion.h>
#include <openssl/cms.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/cades.h"
#include "tests/support/cms_make.h"

#define NONE ((struct view){ NULL, 0 })
#define OUT_MAX ((size_t)16 << 20)
#define ID_DATA "1.2.840.113549.1.7.1"
#define ECDSA_SHA256 "1.2.840.10045.4.3.2"

static struct view keep(struct buf *b)
{
	struct view v = make_joined(view_buf(b), NONE);
	buf_free(b);
	return v;
}

/* ---- a key and its certificate ---- */

/* Each with a name and number of its own. */
static X509 *make_x509(EVP_PKEY *key)
{
	static long serial = 4711;
	char text[32];
	X509 *x = X509_new();
	X509_NAME *name = X509_get_subject_name(x);

	snprintf(text, sizeof(text), "Signer %ld", serial);
	X509_set_version(x, 2);
	ASN1_INTEGER_set(X509_get_serialNumber(x), serial++);
	X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
				   (const unsigned char *)text, -1, -1, 0);
	X509_set_issuer_name(x, name);
	X509_gmtime_adj(X509_getm_notBefore(x), 0);
	X509_gmtime_adj(X509_getm_notAfter(x), 3600);
	X509_set_pubkey(x, key);
	cr_assert(X509_sign(x, key, EVP_sha256()) > 0);
	return x;
}

static struct view der_of(X509 *x)
{
	unsigned char *p = NULL;
	int n = i2d_X509(x, &p);
	cr_assert_gt(n, 0);
	struct view v = make_joined(view_of(p, (size_t)n), NONE);
	OPENSSL_free(p);
	return v;
}

static struct view sign(EVP_PKEY *key, struct view data)
{
	unsigned char sig[512];
	size_t n = sizeof(sig);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	cr_assert_eq(EVP_DigestSignInit(ctx, NULL, EVP_sha256(), NULL, key), 1);
	cr_assert_eq(EVP_DigestSign(ctx, sig, &n, data.p, data.n), 1);
	EVP_MD_CTX_free(ctx);
	return make_joined(view_of(sig, n), NONE);
}

struct maker {
	EVP_PKEY *key;
	X509 *x509;
	struct view cert;
	struct cms_build_attrs attrs;
};

static struct maker maker_make(struct view content)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct maker m = { .key = EVP_EC_gen("P-256") };
	m.x509 = make_x509(m.key);
	m.cert = der_of(m.x509);
	m.attrs = (struct cms_build_attrs){ .content_type = ID_DATA,
					    .signing_time_ms = 1577836800999,
					    .certificate = m.cert };
	cr_assert_eq(digest_once(DIGEST_SHA256, content, &m.attrs.message_digest, &err),
		     0);
	return m;
}

static void maker_end(struct maker *m)
{
	X509_free(m->x509);
	EVP_PKEY_free(m->key);
}

static struct view signed_attrs(const struct cms_build_attrs *a)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(OUT_MAX);
	cr_assert_eq(cms_build_signed_attrs(a, &b, &err), 0, "%s", err.text);
	return keep(&b);
}

static struct cms_build_signer signer_of(const struct maker *m)
{
	struct view attrs = signed_attrs(&m->attrs);
	return (struct cms_build_signer){ .certificate = m->cert,
					  .digest = DIGEST_SHA256,
					  .signed_attrs = attrs,
					  .algorithm =
					      make_el(0x30, make_oid(ECDSA_SHA256)),
					  .signature = sign(m->key, attrs) };
}

static struct view build(const struct cms_build *in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(OUT_MAX);
	cr_assert_eq(cms_build(in, &b, &err), 0, "%s", err.text);
	cr_expect_eq(der_check(view_buf(&b), &err), 0, "%s", err.text);
	return keep(&b);
}

/* With the signing-certificate attribute checked, which wants a path; so each
 * certificate inside is trusted. */
static bool openssl_verifies(struct view in, struct view detached)
{
	const unsigned char *p = in.p;
	CMS_ContentInfo *ci = d2i_CMS_ContentInfo(NULL, &p, (long)in.n);
	BIO *data =
	    detached.n > 0 ? BIO_new_mem_buf(detached.p, (int)detached.n) : NULL;
	BIO *out = BIO_new(BIO_s_null());
	X509_STORE *store = X509_STORE_new();
	STACK_OF(X509) *certs = ci != NULL ? CMS_get1_certs(ci) : NULL;

	for (int i = 0; i < sk_X509_num(certs); i++)
		X509_STORE_add_cert(store, sk_X509_value(certs, i));
	int ok = ci != NULL &&
		 CMS_verify(ci, NULL, store, data, out, CMS_BINARY | CMS_CADES) == 1;
	ERR_clear_error();
	sk_X509_pop_free(certs, X509_free);
	X509_STORE_free(store);
	BIO_free(out);
	BIO_free(data);
	CMS_ContentInfo_free(ci);
	return ok;
}

/* ---- refused ---- */

static void attrs_refused(const struct cms_build_attrs *a, enum ltps_code code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(OUT_MAX);
	cr_expect_eq(cms_build_signed_attrs(a, &b, &err), -1);
	cr_expect_eq(err.code, code, "%s", err.text);
	cr_expect_eq(b.n, 0);
	buf_free(&b);
}

static void build_refused(const struct cms_build *in, enum ltps_code code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(OUT_MAX);
	cr_expect_eq(cms_build(in, &b, &err), -1);
	cr_expect_eq(err.code, code, "%s", err.text);
	cr_expect_eq(b.n, 0);
	buf_free(&b);
}

Test(cms_build, attribute_without_a_value_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(OUT_MAX);
	cr_expect_eq(cms_build_attribute("1.2.3", NULL, 0, &b, &err), -1);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	cr_expect_eq(b.n, 0);
	buf_free(&b);
}

Test(cms_build, wrong_signed_attributes_are_refused)
{
	struct maker m = maker_make(view_text("hello"));
	struct view twice = make_attr(OID_CONTENT_TYPE, make_oid("1.2.3"));
	struct view broken = make_joined(make_int(1), make_int(2));
	struct view no_attr = make_int(1);
	struct cms_build_attrs a = m.attrs;

	a.message_digest.n--;
	attrs_refused(&a, LTPS_ARGUMENT);
	a = m.attrs;
	a.message_digest.alg = DIGEST_NONE;
	attrs_refused(&a, LTPS_ARGUMENT);
	a = m.attrs;
	a.n_more = 1;
	a.more = &twice;
	attrs_refused(&a, LTPS_ARGUMENT);
	a.more = &broken;
	attrs_refused(&a, LTPS_FORMAT);
	a.more = &no_attr;
	attrs_refused(&a, LTPS_FORMAT);
	a = m.attrs;
	a.content_type = "no oid";
	cr_expect_eq(digest_len(a.message_digest.alg), 32);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(OUT_MAX);
	cr_expect_eq(cms_build_signed_attrs(&a, &b, &err), -1);
	buf_free(&b);
	maker_end(&m);
}

Test(cms_build, wrong_parts_of_a_signer_are_refused)
{
	struct maker m = maker_make(view_text("hello"));
	struct cms_build_signer good = signer_of(&m), s = good;
	struct cms_build in = { .content_type = ID_DATA,
				.signers = &s,
				.n_signers = 1 };
	struct view not_a_cert = make_item(1);

	s.certificate = not_a_cert;
	build_refused(&in, LTPS_FORMAT);
	s = good;
	s.digest = DIGEST_NONE;
	build_refused(&in, LTPS_ARGUMENT);
	s = good;
	s.algorithm = make_int(1);
	build_refused(&in, LTPS_FORMAT);
	s = good;
	s.signed_attrs = make_el(0xa0, make_int(1));
	build_refused(&in, LTPS_FORMAT);
	s = good;
	s.n_unsigned_attrs = CMS_ATTRS_MAX + 1;
	build_refused(&in, LTPS_TOO_LARGE);
	s = good;
	in.certs = (struct view[]){ make_int(1) };
	in.n_certs = 1;
	build_refused(&in, LTPS_FORMAT);
	in.n_certs = CMS_CERTS_MAX + 1;
	build_refused(&in, LTPS_TOO_LARGE);
	in.n_certs = 0;
	in.has_content = true;
	in.content = view_of("x", CMS_SIZE_MAX + 1);
	build_refused(&in, LTPS_TOO_LARGE);
	maker_end(&m);
}

/* ---- written ---- */

Test(cms_build, attribute_values_are_sorted)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view values[] = { make_int(3), make_int(1), make_int(2) };
	struct buf b = buf_make(OUT_MAX);
	cr_assert_eq(cms_build_attribute("1.2.3", values, 3, &b, &err), 0);
	cr_expect(view_equal(view_buf(&b), make_el(0x30, make_oid("1.2.3"),
						   make_el(0x31, make_int(1),
							   make_int(2), make_int(3)))));
	buf_free(&b);
}

Test(cms_build, signed_attributes_are_those_of_the_baseline)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct maker m = maker_make(view_text("hello"));
	struct cms_build_signer s = signer_of(&m);
	struct cms_build in = { .content_type = ID_DATA,
				.signers = &s,
				.n_signers = 1 };
	struct cms *cms = NULL;
	struct cades_claims claims;
	struct cades_signing_certs certs = { 0 };
	struct digest d;

	cr_assert_eq(der_check(s.signed_attrs, &err), 0, "%s", err.text);
	cr_assert_eq(cms_parse(build(&in), &cms, &err), 0, "%s", err.text);
	const struct cms_signer *signer = &cms->signers[0];
	cr_expect_eq(signer->signed_attrs.n, 4);
	cr_expect_not(cms->has_content);
	cr_assert_eq(cades_claims(signer, &claims, &err), 0);
	cr_expect_eq(claims.signing_time_ms, 1577836800000);
	cr_assert_eq(cades_signing_certs(signer, &certs, &err), 0);
	cr_assert_eq(certs.n, 1);
	cr_assert_eq(digest_once(DIGEST_SHA256, m.cert, &d, &err), 0);
	cr_expect(certs.has_v2 && view_equal(certs.refs[0].hash, digest_view(&d)));
	cr_expect(certs.refs[0].oid.n == 0 && certs.refs[0].serial.n == 0);
	cades_signing_certs_clear(&certs);
	cms_free(cms);
	maker_end(&m);
}

Test(cms_build, other_digest_names_its_algorithm_and_no_time_leaves_it_out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct maker m = maker_make(view_text("hello"));
	struct cms_build_attrs a = m.attrs;

	cr_assert_eq(
	    digest_once(DIGEST_SHA512, view_text("hello"), &a.message_digest, &err), 0);
	a.signing_time_ms = INT64_MIN;
	struct view attrs = signed_attrs(&a);
	struct make_signer s = make_signer_default();
	struct tlv t;
	cr_assert_eq(tlv_only(attrs, &t, &err), 0);
	s.signed_attrs = make_el(0xa0, t.body);
	struct cms_signer signer;
	struct buf joined;
	struct cades_signing_certs certs = { 0 };
	struct cades_claims claims;
	cr_assert_eq(cms_signer_parse(make_signer_build(&s), &signer, &joined, &err),
		     0);
	cr_assert_eq(cades_signing_certs(&signer, &certs, &err), 0);
	cr_expect(certs.n == 1 && certs.refs[0].alg == DIGEST_SHA512);
	cr_assert_eq(cades_claims(&signer, &claims, &err), 0);
	cr_expect_eq(claims.signing_time_ms, INT64_MIN);
	cades_signing_certs_clear(&certs);
	cms_signer_clear(&signer);
	buf_free(&joined);
	maker_end(&m);
}

Test(cms_build, time_from_2050_on_is_a_generalized_time)
{
	struct maker m = maker_make(view_text("hello"));
	const struct {
		int64_t t;
		const char *text;
		uint8_t tag;
	} cases[] = {
		{ 2524607999000, "491231235959Z", 0x17 },
		{ 2524608000000, "20500101000000Z", 0x18 },
		{ -631152000000, "500101000000Z", 0x17 },
		{ -631152000001, "19491231235959Z", 0x18 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		m.attrs.signing_time_ms = cases[i].t;
		struct view attrs = signed_attrs(&m.attrs);
		struct view wanted = make_attr(
		    OID_SIGNING_TIME, make_el(cases[i].tag, view_text(cases[i].text)));
		cr_expect(memmem(attrs.p, attrs.n, wanted.p, wanted.n) != NULL, "%s",
			  cases[i].text);
	}
	maker_end(&m);
}

Test(cms_build, openssl_verifies_enveloping_and_detached)
{
	struct view content = view_text("hello");
	struct maker m = maker_make(content);
	struct cms_build_signer s = signer_of(&m);
	struct view certs[] = { m.cert, m.cert };
	struct cms_build in = { .content_type = ID_DATA,
				.certs = certs,
				.n_certs = 2,
				.signers = &s,
				.n_signers = 1 };
	struct view detached = build(&in);

	cr_expect(openssl_verifies(detached, content));
	cr_expect_not(openssl_verifies(detached, view_text("hellp")));
	in.has_content = true;
	in.content = content;
	cr_expect(openssl_verifies(build(&in), NONE));
	s.signature = make_flipped(s.signature, s.signature.n - 1);
	cr_expect_not(openssl_verifies(build(&in), NONE));
	maker_end(&m);
}

Test(cms_build, several_signers_and_unsigned_attributes_still_verify)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view content = view_text("hello");
	struct maker m = maker_make(content), o = maker_make(content);
	struct view extra[] = { make_attr("1.2.9", make_int(1)),
				make_attr("1.2.3", make_int(1)) };
	struct cms_build_signer s[] = { signer_of(&m), signer_of(&o) };
	struct view certs[] = { m.cert, o.cert };
	struct cms_build in = { .content_type = ID_DATA,
				.has_content = true,
				.content = content,
				.certs = certs,
				.n_certs = 2,
				.signers = s,
				.n_signers = 1 };
	struct cms_addition add = { 0, extra, 2 };
	struct buf out = buf_make(OUT_MAX);
	enum digest_alg sha512 = DIGEST_SHA512;

	s[0].unsigned_attrs = extra;
	s[0].n_unsigned_attrs = 2;
	cr_expect(openssl_verifies(build(&in), NONE));
	s[0].n_unsigned_attrs = 0;
	/* What is spliced in comes out as if it had been built so. */
	cr_assert_eq(cms_add_attributes(build(&in), &add, 1, NULL, 0, &out, &err), 0);
	s[0].n_unsigned_attrs = 2;
	cr_expect(view_equal(view_buf(&out), build(&in)));
	buf_clear(&out);
	cr_assert_eq(cms_add_attributes(build(&in), &add, 1, &sha512, 1, &out, &err),
		     0);
	cr_expect(openssl_verifies(view_buf(&out), NONE));
	in.n_signers = 2;
	cr_expect(openssl_verifies(build(&in), NONE));
	buf_free(&out);
	maker_end(&o);
	maker_end(&m);
}

Test(cms_build, content_of_another_type_makes_version_three)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct maker m = maker_make(view_text("hello"));
	struct cms_build_signer s = signer_of(&m);
	struct cms_build in = { .content_type = "1.2.3.4",
				.signers = &s,
				.n_signers = 1 };
	struct cms *cms = NULL;

	cr_assert_eq(cms_parse(build(&in), &cms, &err), 0);
	cr_expect_eq(cms->version, 3);
	cms_free(cms);
	in.content_type = ID_DATA;
	cr_assert_eq(cms_parse(build(&in), &cms, &err), 0);
	cr_expect_eq(cms->version, 1);
	cms_free(cms);
	maker_end(&m);
}
