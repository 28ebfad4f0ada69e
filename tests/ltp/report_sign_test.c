/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signed reports, judged by others: xmlsec1 verifies RSA and ECDSA; for EdDSA, which it
 * does not know, xmllint makes the canonical forms and OpenSSL verifies. The schema of
 * the report holds with the signature in it.
 */
#include <criterion/criterion.h>
#include <openssl/evp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "ltp/report_sign.h"
#include "tests/support/pki_fixture.h"

#define OUT_MAX ((size_t)1 << 20)
#define DS " xmlns:ds=\"http://www.w3.org/2000/09/xmldsig#\""

/* The least that the schema takes, with what canonical forms have to escape. */
static const char report[] =
    "<vr:ValidationReport xmlns:vr=\"http://uri.etsi.org/19102/v1.4.1#\">"
    "<vr:SignatureValidationReport><vr:SignatureIdentifier id=\"S-1\">"
    "<vr:HashOnly>false</vr:HashOnly><vr:DocHashOnly>false</vr:DocHashOnly>"
    "<vr:DAIdentifier>a&lt;b&gt;&amp;\"&#xD;\n\xc3\xa4</vr:DAIdentifier>"
    "</vr:SignatureIdentifier><vr:SignatureValidationStatus>"
    "<vr:MainIndication>urn:etsi:019102:mainindication:total-passed"
    "</vr:MainIndication></vr:SignatureValidationStatus>"
    "</vr:SignatureValidationReport></vr:ValidationReport>";

struct scene {
	struct fix_cert *root, *leaf;
	struct signing_key key;
	struct buf out;
	char dir[64];
};

static struct cert *decode(const struct fix_cert *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *ret = NULL;
	cr_assert_eq(cert_parse(c->der, &ret, &err), 0, "%s", err.text);
	return ret;
}

static struct scene scene_make(enum fix_key kind)
{
	struct scene s = { .out = buf_make(OUT_MAX), .dir = "/tmp/ltps-sign-XXXXXX" };
	s.root = fix_cert_make(&(struct fix_cert_options){ .cn = "Root", .ca = true });
	s.leaf = fix_cert_make(&(struct fix_cert_options){
	    .cn = "Reports", .issuer = s.root, .key = kind });
	s.key = (struct signing_key){ .key = s.leaf->key,
				      .certificate = decode(s.leaf),
				      .chain = { decode(s.root) },
				      .n_chain = 1 };
	cr_assert_not_null(mkdtemp(s.dir));
	return s;
}

static int run(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static int run(const char *fmt, ...)
{
	char command[1200];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	return system(command);
}

static void scene_free(struct scene *s)
{
	cr_assert_eq(run("rm -rf '%s'", s->dir), 0);
	cert_free(s->key.certificate);
	cert_free(s->key.chain[0]);
	fix_cert_free(s->leaf);
	fix_cert_free(s->root);
	buf_free(&s->out);
}

static void write_file(const struct scene *s, const char *name, struct view v)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char path[128];
	snprintf(path, sizeof(path), "%s/%s", s->dir, name);
	cr_assert_eq(file_write(path, v, 0600, &err), 0, "%s", err.text);
}

static void sign(struct scene *s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(report_sign(view_text(report), &s->key, FIX_T0_MS, &s->out, &err),
		     0, "%s", err.text);
	write_file(s, "signed.xml", view_buf(&s->out));
}

/* ---- xmlsec1 ---- */

static void need_xmlsec(void)
{
	if (system("xmlsec1 --version >/dev/null 2>&1") != 0)
		cr_skip_test("xmlsec1 is not installed");
}

/* 0 when it verifies under the root; the id attribute is not in a DTD. */
static int xmlsec(const struct scene *s, const char *name)
{
	struct buf pem = buf_make(OUT_MAX);
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(buf_put_text(&pem, "-----BEGIN CERTIFICATE-----\n", &err), 0);
	cr_assert_eq(b64_encode(s->root->der, &pem, &err), 0);
	/* One line of base64 is more than PEM readers take. */
	struct buf lines = buf_make(OUT_MAX);
	for (size_t at = 28; at < pem.n; at += 64) {
		cr_assert_eq(
		    buf_put(&lines, view_head(view_skip(view_buf(&pem), at), 64), &err),
		    0);
		cr_assert_eq(buf_put_byte(&lines, '\n', &err), 0);
	}
	pem.n = 28;
	cr_assert_eq(buf_put(&pem, view_buf(&lines), &err), 0);
	cr_assert_eq(buf_put_text(&pem, "-----END CERTIFICATE-----\n", &err), 0);
	write_file(s, "root.pem", view_buf(&pem));
	buf_free(&lines);
	buf_free(&pem);
	return run("cd '%s' && xmlsec1 --verify --enabled-key-data x509 "
		   "--verification-time '2026-01-01 00:00:00' --trusted-pem root.pem "
		   "--id-attr:Id 'http://uri.etsi.org/01903/v1.3.2#:SignedProperties' "
		   "'%s' >log 2>&1",
		   s->dir, name);
}

static void check_with_xmlsec(enum fix_key kind, const char *algorithm)
{
	struct scene s = scene_make(kind);
	need_xmlsec();
	sign(&s);
	cr_assert_not_null(memmem(s.out.p, s.out.n, algorithm, strlen(algorithm)));
	if (xmlsec(&s, "signed.xml") != 0) {
		run("cat '%s/log' >&2", s.dir);
		cr_assert_fail("xmlsec1 does not verify it");
	}
	scene_free(&s);
}

Test(report_sign, xmlsec1_verifies_rsa)
{
	check_with_xmlsec(FIX_KEY_RSA, "#rsa-sha256");
}

Test(report_sign, xmlsec1_verifies_ecdsa_p256)
{
	check_with_xmlsec(FIX_KEY_P256, "#ecdsa-sha256");
}

Test(report_sign, xmlsec1_verifies_ecdsa_p384)
{
	check_with_xmlsec(FIX_KEY_P384, "#ecdsa-sha384");
}

/* One character of the part that this text begins is another; the length stays. */
static void change(struct scene *s, const char *at)
{
	uint8_t *p = memmem(s->out.p, s->out.n, at, strlen(at));
	cr_assert_not_null(p, "%s", at);
	p += strlen(at);
	*p = *p == '1' ? '2' : '1';
	write_file(s, "changed.xml", view_buf(&s->out));
	cr_assert_neq(xmlsec(s, "changed.xml"), 0, "%s", at);
	*p = 0;
}

Test(report_sign, xmlsec1_refuses_each_part_changed)
{
	static const char *const parts[] = { "<vr:DAIdentifier>", "<xades:SigningTime>",
					     "<ds:DigestValue>",
					     "<ds:SignatureValue>" };
	need_xmlsec();
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		struct scene s = scene_make(FIX_KEY_P256);
		sign(&s);
		change(&s, parts[i]);
		scene_free(&s);
	}
}

/* ---- without xmlsec1 ---- */

static struct view between(struct view v, const char *from, const char *to)
{
	const uint8_t *p = memmem(v.p, v.n, from, strlen(from));
	cr_assert_not_null(p);
	v = view_skip(v, (size_t)(p - v.p));
	const uint8_t *end = memmem(v.p, v.n, to, strlen(to));
	cr_assert_not_null(end);
	return view_head(v, (size_t)(end - v.p) + strlen(to));
}

/* Canonical form of an element, its namespaces put in from outside. */
static struct buf canonical(const struct scene *s, struct view element,
			    const char *name, const char *spaces)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf in = buf_make(OUT_MAX), out = buf_make(OUT_MAX);
	char path[128];
	const size_t head = strlen(name) + 1;
	cr_assert_eq(buf_put(&in, view_head(element, head), &err), 0);
	cr_assert_eq(buf_put_text(&in, spaces, &err), 0);
	cr_assert_eq(buf_put(&in, view_skip(element, head), &err), 0);
	write_file(s, "part.xml", view_buf(&in));
	cr_assert_eq(run("cd '%s' && xmllint --exc-c14n part.xml >part.c14n", s->dir),
		     0);
	snprintf(path, sizeof(path), "%s/part.c14n", s->dir);
	cr_assert_eq(file_read(path, &out, &err), 0);
	buf_free(&in);
	return out;
}

static void assert_digest(struct view signed_info, const struct buf *octets)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	struct buf text = buf_make(200);
	cr_assert_eq(digest_once(DIGEST_SHA256, view_buf(octets), &d, &err), 0);
	cr_assert_eq(b64_encode(digest_view(&d), &text, &err), 0);
	cr_assert_not_null(memmem(signed_info.p, signed_info.n, text.p, text.n));
	buf_free(&text);
}

static void assert_value(const struct scene *s, struct view whole,
			 const struct buf *signed_info)
{
	static const char tag[] = "<ds:SignatureValue>";
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view v = between(whole, tag, "</ds:SignatureValue>");
	struct buf value = buf_make(OUT_MAX);
	v = view_skip(v, strlen(tag));
	v.n -= strlen(tag) + 1;
	cr_assert_eq(b64_decode(v, false, &value, &err), 0);
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	cr_assert_eq(EVP_DigestVerifyInit(ctx, NULL, NULL, NULL, s->leaf->key), 1);
	cr_assert_eq(
	    EVP_DigestVerify(ctx, value.p, value.n, signed_info->p, signed_info->n), 1);
	EVP_MD_CTX_free(ctx);
	buf_free(&value);
}

static void check_eddsa(enum fix_key kind, const char *algorithm)
{
	struct scene s = scene_make(kind);
	if (system("xmllint --version >/dev/null 2>&1") != 0)
		cr_skip_test("xmllint (libxml2-utils) is not installed");
	sign(&s);
	const struct view whole = view_buf(&s.out);
	const struct view info = between(whole, "<ds:SignedInfo>", "</ds:SignedInfo>");
	cr_assert_not_null(memmem(info.p, info.n, algorithm, strlen(algorithm)));
	struct buf octets = canonical(&s, info, "ds:SignedInfo", DS);
	assert_value(&s, whole, &octets);
	buf_free(&octets);
	octets = canonical(
	    &s, between(whole, "<xades:SignedProperties", "</xades:SignedProperties>"),
	    "xades:SignedProperties",
	    DS " xmlns:xades=\"http://uri.etsi.org/01903/v1.3.2#\"");
	assert_digest(info, &octets);
	buf_free(&octets);
	/* The document without its signature is what came in. */
	octets = canonical(&s, view_text(report), "vr:ValidationReport", "");
	assert_digest(info, &octets);
	buf_free(&octets);
	scene_free(&s);
}

Test(report_sign, ed25519_verifies_over_the_canonical_forms)
{
	check_eddsa(FIX_KEY_ED25519, "2021/04/xmldsig-more#eddsa-ed25519");
}

Test(report_sign, ed448_verifies_over_the_canonical_forms)
{
	check_eddsa(FIX_KEY_ED448, "2021/04/xmldsig-more#eddsa-ed448");
}

Test(report_sign, a_signed_report_keeps_its_schema_and_its_form)
{
	const char *root = getenv("LTPS_SCHEMAS");
	char schema[512];
	const char *slash = strrchr(__FILE__, '/');
	snprintf(schema, sizeof(schema), "%.*s%s/xml/TS119102-2-v141.xsd",
		 root != NULL ? 0 : (int)(slash + 1 - __FILE__), __FILE__,
		 root != NULL ? root : "../../../shared/schemas");
	if (access(schema, R_OK) != 0)
		cr_skip_test("the schema of TS 119 102-2 is not there");
	struct scene s = scene_make(FIX_KEY_P256);
	sign(&s);
	cr_assert_eq(
	    run("xmllint --nonet --noout --schema '%s' '%s/signed.xml'", schema, s.dir),
	    0);
	cr_assert_eq(
	    run("cd '%s' && xmllint --exc-c14n signed.xml | cmp - signed.xml", s.dir),
	    0);
	scene_free(&s);
}

/* ---- refusals ---- */

Test(report_sign, what_is_no_report_is_refused)
{
	static const char *const texts[] = {
		"",
		"<vr:ValidationReport xmlns:vr=\"u\"></vr:ValidationReport>\n",
		"<vr:ValidationReport ",
		"</vr:ValidationReport>",
		"<vr:ValidationReport </vr:ValidationReport>",
		"<a></a>",
	};
	struct scene s = scene_make(FIX_KEY_ED25519);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		cr_assert_eq(report_sign(view_text(texts[i]), &s.key, 0, &s.out, &err),
			     -1, "%zu", i);
		cr_assert_eq(err.code, LTPS_FORMAT, "%zu", i);
		cr_assert_eq(s.out.n, 0);
	}
	scene_free(&s);
}

Test(report_sign, a_key_without_an_xml_algorithm_is_refused)
{
	static const enum fix_key kinds[] = { FIX_KEY_RSA_PSS, FIX_KEY_DSA };
	for (size_t i = 0; i < 2; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct scene s = scene_make(kinds[i]);
		cr_assert_eq(
		    report_sign(view_text(report), &s.key, FIX_T0_MS, &s.out, &err),
		    -1);
		cr_assert_eq(err.code, LTPS_UNSUPPORTED);
		cr_assert_eq(err.fault, LTPS_FAULT_CALLER);
		scene_free(&s);
	}
}
