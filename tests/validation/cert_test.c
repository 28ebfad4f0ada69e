/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/corpus.h"
#include "tests/support/x509_make.h"
#include "validation/cert.h"
#include "validation/material.h"

static struct cert *parse(struct view der)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *c = NULL;
	cr_assert_eq(cert_parse(der, &c, &err), 0, "%s", err.text);
	return c;
}

static void refuse(struct view der, enum ltps_code code, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *c = NULL;
	cr_assert_eq(cert_parse(der, &c, &err), -1, "accepted: %s", text);
	cr_assert_null(c);
	cr_assert_eq(err.code, code, "%s: %s", ltps_code_name(err.code), err.text);
	cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
	cr_assert(code != LTPS_FORMAT || err.clause != NULL);
	cr_assert(strstr(err.text, text) != NULL || strstr(err.where, text) != NULL,
		  "%s (%s) does not say: %s", err.text, err.where, text);
}

static void refuse_made(const struct make_cert *c, const char *text)
{
	refuse(make_cert_build(c), LTPS_FORMAT, text);
}

/* ---- the structure ---- */

/* Each field missing: the next one stands in its place. */
Test(cert, missing_fields_are_refused)
{
	static const struct {
		size_t offset;
		const char *text;
	} fields[] = {
		{ offsetof(struct make_cert, serial), "serialNumber" },
		{ offsetof(struct make_cert, tbs_algorithm), "signature" },
		{ offsetof(struct make_cert, issuer), "another type" },
		{ offsetof(struct make_cert, validity), "notBefore" },
		{ offsetof(struct make_cert, subject), "subjectPublicKey" },
		{ offsetof(struct make_cert, spki), "subjectPublicKeyInfo" },
		{ offsetof(struct make_cert, algorithm), "signatureAlgorithm" },
		{ offsetof(struct make_cert, signature), "signatureValue" },
	};
	for (size_t i = 0; i < sizeof(fields) / sizeof(fields[0]); i++) {
		struct make_cert c = make_cert_default();
		memcpy((char *)&c + fields[i].offset, &VIEW_NULL, sizeof(struct view));
		if (fields[i].offset == offsetof(struct make_cert, validity))
			c.subject = make_empty(DER_SEQUENCE);
		refuse_made(&c, fields[i].text);
	}
}

Test(cert, malformed_fields_are_refused)
{
	struct make_cert c = make_cert_default();
	struct view algorithm = c.algorithm;
	c.serial = make_empty(ASN1_TAG_INTEGER);
	refuse_made(&c, "serialNumber");
	c = make_cert_default();
	c.tbs_algorithm =
	    make_el(DER_SEQUENCE, make_oid("1.2.3"), MAKE_NULL, MAKE_NULL);
	refuse_made(&c, "signature: trailing");
	c = make_cert_default();
	c.algorithm = make_el(DER_SEQUENCE, MAKE_RAW("\x06\x02\x2a\x86"));
	refuse_made(&c, "malformed object identifier");
	c = make_cert_default();
	c.issuer = make_el(DER_SEQUENCE, MAKE_NULL);
	refuse_made(&c, "RelativeDistinguishedName");
	c = make_cert_default();
	c.subject = make_el(DER_SEQUENCE, make_empty(DER_SET));
	refuse_made(&c, "relative distinguished name");
	c = make_cert_default();
	c.validity = make_el(DER_SEQUENCE, make_utc("250101000000Z"));
	refuse_made(&c, "notAfter");
	c.validity = make_el(DER_SEQUENCE, make_utc("250101000000Z"),
			     make_utc("250101000000Z"), MAKE_NULL);
	refuse_made(&c, "validity: trailing");
	c.validity =
	    make_el(DER_SEQUENCE, make_utc("2501010000Z"), make_utc("250101000000Z"));
	refuse_made(&c, "not in its DER form");
	c.validity = make_el(DER_SEQUENCE, make_utc("250101000000+0100"),
			     make_utc("250101000000Z"));
	refuse_made(&c, "notBefore");
	c = make_cert_default();
	c.spki = make_el(DER_SEQUENCE, algorithm,
			 make_el(ASN1_TAG_BIT_STRING, MAKE_RAW("\x01\x80")));
	refuse_made(&c, "subjectPublicKey");
	c.spki = make_el(DER_SEQUENCE, algorithm, make_bits(MAKE_RAW("k")), MAKE_NULL);
	refuse_made(&c, "subjectPublicKeyInfo: trailing");
	c = make_cert_default();
	c.signature = make_empty(ASN1_TAG_BIT_STRING);
	refuse_made(&c, "signatureValue");
	c.signature = make_el(ASN1_TAG_BIT_STRING, MAKE_RAW("\x08\x80"));
	refuse_made(&c, "signatureValue");
	c = make_cert_default();
	c.extra = MAKE_NULL;
	refuse_made(&c, "trailing");
	c = make_cert_default();
	c.tbs_extra = MAKE_NULL;
	refuse_made(&c, "tbsCertificate: trailing");
	refuse(make_joined(make_cert_with(VIEW_NULL), VIEW_NULL), LTPS_FORMAT,
	       "Extensions: empty");
}

/* RFC 5280 4.1.2.1, 4.1.2.8, 4.1.2.9 */
Test(cert, version_and_optional_fields_fit_together)
{
	struct make_cert c = make_cert_default();
	struct view extensions = make_el(
	    MAKE_TAGGED(3), make_el(DER_SEQUENCE, make_ext("1.2.3", false, MAKE_NULL)));
	c.version = make_el(MAKE_TAGGED(0), make_int(3));
	refuse_made(&c, "unknown version");
	c.version = make_el(MAKE_TAGGED(0), MAKE_RAW("\x02\x01\xff"));
	refuse_made(&c, "negative");
	c.version = make_el(MAKE_TAGGED(0), MAKE_NULL);
	refuse_made(&c, "unknown version");
	c.version = VIEW_NULL;
	c.extensions = extensions;
	refuse_made(&c, "extensions before version 3");
	c.version = make_el(MAKE_TAGGED(0), make_int(1));
	refuse_made(&c, "extensions before version 3");
	c.extensions = VIEW_NULL;
	c.unique_ids = make_el(MAKE_CONTEXT(1), MAKE_RAW("\0a"));
	cert_free(parse(make_cert_build(&c)));
	c.version = VIEW_NULL;
	refuse_made(&c, "unique identifiers");
	c.unique_ids = VIEW_NULL;
	struct cert *one = parse(make_cert_build(&c));
	cr_assert_eq(one->version, 1);
	cert_free(one);
	/* The DEFAULT written down. */
	c.version = make_el(MAKE_TAGGED(0), make_int(0));
	one = parse(make_cert_build(&c));
	cr_assert_eq(one->version, 1);
	cert_free(one);
}

Test(cert, malformed_extensions_are_refused)
{
	struct view ext = make_ext("1.2.3", false, MAKE_NULL);
	struct make_cert c = make_cert_default();
	c.extensions = make_el(MAKE_TAGGED(3), ext, ext);
	refuse_made(&c, "Extension");
	refuse(make_cert_with(make_oid("1.2.3")), LTPS_FORMAT, "Extension");
	refuse(make_cert_with(make_el(DER_SEQUENCE, make_oid("1.2.3"))), LTPS_FORMAT,
	       "extnValue");
	refuse(make_cert_with(make_el(DER_SEQUENCE, make_oid("1.2.3"), make_octets("a"),
				      make_octets("b"))),
	       LTPS_FORMAT, "Extension: trailing");
	refuse(make_cert_with(make_el(DER_SEQUENCE, make_oid("1.2.3"),
				      MAKE_RAW("\x01\x02\xff\xff"), make_octets("a"))),
	       LTPS_FORMAT, "BOOLEAN");
	refuse(make_cert_with(make_el(DER_SEQUENCE, make_oid("1.2.3"),
				      make_el_indefinite(0x24, make_octets("a")))),
	       LTPS_FORMAT, "extnValue");
}

Test(cert, limits_are_kept)
{
	static uint8_t large[CERT_SIZE_MAX + 1];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(CERT_SIZE_MAX);
	refuse(view_of(large, sizeof(large)), LTPS_TOO_LARGE, "certificate of more");
	for (int i = 0; i < CERT_EXTENSIONS_MAX; i++) {
		char oid[32];
		snprintf(oid, sizeof(oid), "1.2.3.%d", i);
		cr_assert_eq(buf_put(&b, make_ext(oid, false, MAKE_NULL), &err), 0);
	}
	struct cert *c = parse(make_cert_with(view_buf(&b)));
	cr_assert_not(c->unknown_twice);
	cert_free(c);
	cr_assert_eq(buf_put(&b, make_ext("1.2.4", false, MAKE_NULL), &err), 0);
	refuse(make_cert_with(view_buf(&b)), LTPS_TOO_LARGE, "extensions");
	buf_free(&b);
}

static struct view all_extensions(void);

Test(cert, every_prefix_is_refused)
{
	struct view der = make_cert_with(all_extensions());
	for (size_t n = 0; n < der.n; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct cert *c = NULL;
		uint8_t *exact = mem_dup(der.p, n);
		cr_assert_eq(cert_parse(view_of(exact, n), &c, &err), -1);
		cr_assert_eq(err.code, LTPS_FORMAT);
		mem_free(exact);
	}
	refuse(make_joined(der, MAKE_RAW("\0")), LTPS_FORMAT, "trailing");
}

/* ---- what is read ---- */

Test(cert, fields_are_read)
{
	struct make_cert m = make_cert_default();
	struct view der = make_cert_build(&m);
	struct cert *c = parse(der);
	struct digest d;
	struct ltps_error err = LTPS_ERROR_INIT;
	char text[CERT_TEXT_MAX];
	cr_assert(view_equal(c->der, der));
	cr_assert_neq(c->der.p, der.p);
	cr_assert_eq(digest_once(DIGEST_SHA256, der, &d, &err), 0);
	cr_assert_arr_eq(c->sha256, d.p, 32);
	cr_assert_eq(digest_once(DIGEST_SHA1, c->key_octets, &d, &err), 0);
	cr_assert_arr_eq(c->key_sha1, d.p, 20);
	cr_assert_eq(digest_once(DIGEST_SHA256, m.spki, &d, &err), 0);
	cr_assert_arr_eq(c->spki_sha256, d.p, 32);
	cr_assert_eq(c->version, 3);
	cr_assert(view_equal(c->issuer, m.issuer));
	cr_assert(view_equal(c->subject, m.subject));
	cr_assert(view_equal(c->spki, m.spki));
	cr_assert(view_equal(c->algorithm, m.algorithm));
	cr_assert(view_is_text(c->signature, "signature"));
	cr_assert(view_equal(c->serial, MAKE_RAW("\x12\x67")));
	cr_assert_eq(c->key_octets.n, 65);
	cr_assert_not(c->self_issued);
	cr_assert_eq(c->not_before_ms, INT64_C(1735689600000));
	cr_assert_eq(c->not_after_ms, INT64_C(1798761600000));
	cr_assert_eq(c->present | c->critical | c->malformed, 0);
	cert_text(c, text);
	cr_assert_str_eq(text, "CN=EE");
	cert_free(c);
}

Test(cert, odd_values_are_borne)
{
	struct make_cert m = make_cert_default();
	char text[CERT_TEXT_MAX];
	m.serial = MAKE_RAW("\x02\x01\xff");
	m.subject = make_el(DER_SEQUENCE, make_rdn("2.5.4.3", make_string(19, "ca ")));
	m.validity = make_el(DER_SEQUENCE, make_generalized("20250101000000Z"),
			     make_generalized("99991231235959Z"));
	struct cert *c = parse(make_cert_build(&m));
	cr_assert(c->self_issued);
	cr_assert_eq(c->not_after_ms, INT64_MAX);
	cert_free(c);
	m.serial = make_int(0);
	m.subject = make_empty(DER_SEQUENCE);
	m.signature = make_el(ASN1_TAG_BIT_STRING, MAKE_RAW("\x04\x10"));
	c = parse(make_cert_build(&m));
	cert_text(c, text);
	cr_assert_str_eq(text, "serial number 00");
	cr_assert(view_equal(c->signature, MAKE_RAW("\x04\x10")),
		  "unused bits verify as nothing");
	cert_free(c);
	m.serial =
	    make_el(ASN1_TAG_INTEGER, MAKE_RAW("123456789012345678901234567890"));
	c = parse(make_cert_build(&m));
	cr_assert_eq(c->serial.n, 30);
	cert_free(c);
}

/* ---- each extension ---- */

#define OIDS                                                                           \
	X(AKI, "2.5.29.35")                                                            \
	X(SKI, "2.5.29.14")                                                            \
	X(KEY_USAGE, "2.5.29.15")                                                      \
	X(POLICIES, "2.5.29.32")                                                       \
	X(POLICY_MAPPINGS, "2.5.29.33")                                                \
	X(SAN, "2.5.29.17")                                                            \
	X(IAN, "2.5.29.18")                                                            \
	X(SUBJECT_DIRECTORY, "2.5.29.9")                                               \
	X(BASIC_CONSTRAINTS, "2.5.29.19")                                              \
	X(NAME_CONSTRAINTS, "2.5.29.30")                                               \
	X(POLICY_CONSTRAINTS, "2.5.29.36")                                             \
	X(EKU, "2.5.29.37")                                                            \
	X(CRL_POINTS, "2.5.29.31")                                                     \
	X(INHIBIT_ANY, "2.5.29.54")                                                    \
	X(FRESHEST_CRL, "2.5.29.46")                                                   \
	X(AIA, "1.3.6.1.5.5.7.1.1")                                                    \
	X(SIA, "1.3.6.1.5.5.7.1.11")                                                   \
	X(QC_STATEMENTS, "1.3.6.1.5.5.7.1.3")                                          \
	X(OCSP_NOCHECK, "1.3.6.1.5.5.7.48.1.5")                                        \
	X(NO_REV_AVAIL, "2.5.29.56")                                                   \
	X(VALIDITY_ASSURED, "0.4.0.194121.2.1")

static const char *const oids[CERT_EXT_COUNT] = {
#define X(name, oid) [CERT_EXT_##name] = (oid),
	OIDS
#undef X
};

#define SEQ(...) make_el(DER_SEQUENCE, __VA_ARGS__)
#define NAMES SEQ(make_uri("http://a"))
#define IA5(text) make_string(22, text)

struct sample {
	enum cert_ext ext;
	struct view value;
};

/* One sound value of each, with every optional member. */
static size_t sound_samples(struct sample *out)
{
	struct view policy = make_oid("1.2.3"), uri = make_uri("http://a");
	struct view cps = SEQ(make_oid("1.3.6.1.5.5.7.2.1"), IA5("http://cps"));
	struct view reference =
	    SEQ(make_string(12, "org"), SEQ(make_int(1), make_int(2)));
	struct view notice =
	    SEQ(make_oid("1.3.6.1.5.5.7.2.2"), SEQ(reference, make_string(26, "text")));
	struct view other = SEQ(make_oid("1.2.3.4"), MAKE_NULL);
	struct view point_name = make_el(MAKE_TAGGED(0), make_el(MAKE_TAGGED(0), uri));
	struct view point =
	    SEQ(point_name, make_el(MAKE_CONTEXT(1), MAKE_RAW("\5\x60")),
		make_el(MAKE_TAGGED(2), make_directory(make_name("a"))));
	struct view relative = SEQ(make_el(
	    MAKE_TAGGED(0),
	    make_el(MAKE_TAGGED(1), SEQ(make_oid("2.5.4.3"), make_string(12, "x")))));
	struct view range = make_el(MAKE_CONTEXT(7), MAKE_RAW("\x0a\0\0\0\xff\0\0\0"));
	struct view subtree = SEQ(range, make_el(MAKE_CONTEXT(0), MAKE_RAW("\0")),
				  make_el(MAKE_CONTEXT(1), MAKE_RAW("\5")));
	const struct sample samples[] = {
		{ CERT_EXT_AKI, SEQ(make_el(MAKE_CONTEXT(0), MAKE_RAW("key")),
				    make_el(MAKE_TAGGED(1), uri),
				    make_el(MAKE_CONTEXT(2), MAKE_RAW("\7"))) },
		{ CERT_EXT_SKI, make_octets("key") },
		{ CERT_EXT_KEY_USAGE, MAKE_RAW("\x03\x03\x07\x06\x80") },
		{ CERT_EXT_POLICIES, SEQ(SEQ(policy, SEQ(cps, notice, other)),
					 SEQ(make_oid("2.5.29.32.0"))) },
		{ CERT_EXT_POLICY_MAPPINGS, SEQ(SEQ(policy, make_oid("1.2.4"))) },
		{ CERT_EXT_SAN,
		  SEQ(uri, make_el(MAKE_CONTEXT(7), MAKE_RAW("\x7f\0\0\1"))) },
		{ CERT_EXT_IAN, NAMES },
		{ CERT_EXT_SUBJECT_DIRECTORY,
		  SEQ(SEQ(policy, make_el(DER_SET, MAKE_NULL))) },
		{ CERT_EXT_BASIC_CONSTRAINTS, SEQ(MAKE_BOOLEAN_TRUE, make_int(3)) },
		{ CERT_EXT_NAME_CONSTRAINTS, SEQ(make_el(MAKE_TAGGED(0), subtree),
						 make_el(MAKE_TAGGED(1), SEQ(uri))) },
		{ CERT_EXT_POLICY_CONSTRAINTS,
		  SEQ(make_el(MAKE_CONTEXT(0), MAKE_RAW("\0")),
		      make_el(MAKE_CONTEXT(1), MAKE_RAW("\1"))) },
		{ CERT_EXT_EKU, SEQ(make_oid("1.3.6.1.5.5.7.3.8"), make_oid("1.2.3")) },
		{ CERT_EXT_CRL_POINTS, SEQ(point, relative) },
		{ CERT_EXT_INHIBIT_ANY, make_int(2) },
		{ CERT_EXT_FRESHEST_CRL, SEQ(point) },
		{ CERT_EXT_AIA, SEQ(SEQ(make_oid("1.3.6.1.5.5.7.48.2"), uri)) },
		{ CERT_EXT_SIA, SEQ(SEQ(make_oid("1.3.6.1.5.5.7.48.5"), uri)) },
		{ CERT_EXT_QC_STATEMENTS,
		  SEQ(SEQ(make_oid("0.4.0.1862.1.1")),
		      SEQ(make_oid("0.4.0.1862.1.3"), make_int(10))) },
		{ CERT_EXT_OCSP_NOCHECK, MAKE_NULL },
		{ CERT_EXT_NO_REV_AVAIL, MAKE_NULL },
		{ CERT_EXT_VALIDITY_ASSURED, MAKE_NULL },
	};
	memcpy(out, samples, sizeof(samples));
	return sizeof(samples) / sizeof(samples[0]);
}

static struct view all_extensions(void)
{
	struct sample samples[CERT_EXT_COUNT];
	struct view all = VIEW_NULL;
	size_t n = sound_samples(samples);
	for (size_t i = 0; i < n; i++)
		all = make_joined(
		    all, make_ext(oids[samples[i].ext], i % 2 == 0, samples[i].value));
	return all;
}

Test(cert, all_extensions_are_read)
{
	const uint32_t all = ((uint32_t)1 << CERT_EXT_COUNT) - 1;
	struct cert *c = parse(make_cert_with(all_extensions()));
	cr_assert_eq(c->present, all);
	cr_assert_eq(c->malformed, 0, "%x", c->malformed);
	cr_assert(cert_has(c, CERT_EXT_SAN));
	cr_assert(cert_is_critical(c, CERT_EXT_AKI));
	cr_assert_not(cert_is_critical(c, CERT_EXT_SKI));
	cr_assert(c->ca && c->has_path_len);
	cr_assert_eq(c->path_len, 3);
	cr_assert_eq(c->key_usage, KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN |
				       KEY_USAGE_DECIPHER_ONLY);
	cr_assert(view_is_text(c->ski, "key"));
	cr_assert(view_is_text(c->aki_key, "key"));
	cr_assert(view_equal(c->aki_serial, MAKE_RAW("\7")));
	cr_assert(view_equal(c->aki_issuer, make_uri("http://a")));
	cr_assert(cert_has_eku(c, "1.3.6.1.5.5.7.3.8"));
	cr_assert(cert_has_eku(c, "1.2.3"));
	cr_assert_not(cert_has_eku(c, "1.2.4"));
	cert_free(c);
}

/* Its bit, and no other; nothing of it is readable as a list. */
static void expect_malformed(enum cert_ext ext, struct view value)
{
	struct cert *c = parse(make_cert_with(make_ext(oids[ext], false, value)));
	cr_assert_eq(c->malformed, (uint32_t)1 << ext, "%d: %x", ext, c->malformed);
	cr_assert_eq(c->present, (uint32_t)1 << ext);
	cr_assert_eq(cert_ext_list(c, ext).n, 0);
	cr_assert_eq(c->ext[ext].n, value.n);
	cert_free(c);
}

/* Cut, with something behind, another type, nothing at all: of each extension. */
Test(cert, damaged_extension_values_are_marked)
{
	struct sample samples[CERT_EXT_COUNT];
	size_t n = sound_samples(samples);
	for (size_t i = 0; i < n; i++) {
		struct view v = samples[i].value;
		for (size_t k = 0; k < v.n; k++)
			expect_malformed(samples[i].ext, view_head(v, k));
		expect_malformed(samples[i].ext, make_joined(v, MAKE_NULL));
		expect_malformed(samples[i].ext, make_string(12, "text"));
	}
}

Test(cert, extensions_standing_twice_are_marked)
{
	struct sample samples[CERT_EXT_COUNT];
	size_t n = sound_samples(samples);
	for (size_t i = 0; i < n; i++) {
		struct view e = make_ext(oids[samples[i].ext], false, samples[i].value);
		struct cert *c = parse(make_cert_with(make_joined(e, e)));
		cr_assert_eq(c->malformed, (uint32_t)1 << samples[i].ext);
		cert_free(c);
	}
	/* Of two values neither counts. */
	struct view all = all_extensions();
	struct cert *both = parse(make_cert_with(make_joined(all, all)));
	cr_assert_eq(both->malformed, both->present);
	cr_assert_not(both->ca || both->has_path_len);
	cr_assert_eq(both->key_usage, 0);
	cr_assert_eq(both->eku.n + both->ski.n + both->aki_key.n, 0);
	cr_assert_eq(both->aki_issuer.n + both->aki_serial.n, 0);
	cert_free(both);
	/* The second is the critical one. */
	struct cert *c = parse(make_cert_with(
	    make_joined(make_ext(oids[CERT_EXT_SKI], false, make_octets("a")),
			make_ext(oids[CERT_EXT_SKI], true, make_octets("b")))));
	cr_assert(cert_is_critical(c, CERT_EXT_SKI));
	cert_free(c);
}

Test(cert, values_that_break_their_type_are_marked)
{
	struct view oid = make_oid("1.2.3"), uri = make_uri("http://a");
	struct view notice = make_oid("1.3.6.1.5.5.7.2.2");
	struct view empty = make_empty(DER_SEQUENCE);
	const struct sample bad[] = {
		{ CERT_EXT_AKI, SEQ(make_el(MAKE_TAGGED(1), VIEW_NULL)) },
		{ CERT_EXT_AKI, SEQ(make_el(MAKE_CONTEXT(2), VIEW_NULL)) },
		{ CERT_EXT_AKI, SEQ(make_el(MAKE_CONTEXT(2), MAKE_RAW("\1")),
				    make_el(MAKE_CONTEXT(0), MAKE_RAW("k"))) },
		{ CERT_EXT_KEY_USAGE, MAKE_RAW("\x03\x01\x01") },
		{ CERT_EXT_KEY_USAGE, MAKE_RAW("\x03\x02\x08\x80") },
		{ CERT_EXT_POLICIES, empty },
		{ CERT_EXT_POLICIES, SEQ(oid) },
		{ CERT_EXT_POLICIES, SEQ(empty) },
		{ CERT_EXT_POLICIES, SEQ(SEQ(oid, empty)) },
		{ CERT_EXT_POLICIES, SEQ(SEQ(oid, SEQ(SEQ(oid)))) },
		{ CERT_EXT_POLICIES,
		  SEQ(SEQ(oid, SEQ(SEQ(oid, MAKE_NULL)), MAKE_NULL)) },
		{ CERT_EXT_POLICIES, SEQ(SEQ(oid), SEQ(make_oid("1.2")), SEQ(oid)) },
		{ CERT_EXT_POLICIES,
		  SEQ(SEQ(oid, SEQ(SEQ(make_oid("1.3.6.1.5.5.7.2.1"),
				       make_string(12, "http://cps"))))) },
		{ CERT_EXT_POLICIES, SEQ(SEQ(oid, SEQ(SEQ(notice, MAKE_NULL)))) },
		{ CERT_EXT_POLICIES, SEQ(SEQ(oid, SEQ(SEQ(notice, SEQ(MAKE_NULL))))) },
		{ CERT_EXT_POLICIES,
		  SEQ(SEQ(oid, SEQ(SEQ(notice, SEQ(SEQ(IA5("a"), SEQ(IA5("1")))))))) },
		{ CERT_EXT_POLICY_MAPPINGS, empty },
		{ CERT_EXT_POLICY_MAPPINGS, SEQ(SEQ(oid)) },
		{ CERT_EXT_POLICY_MAPPINGS, SEQ(SEQ(oid, oid, oid)) },
		{ CERT_EXT_SAN, empty },
		{ CERT_EXT_SAN, SEQ(make_el(MAKE_CONTEXT(7), MAKE_RAW("\1\2\3"))) },
		{ CERT_EXT_SAN,
		  SEQ(make_el(MAKE_CONTEXT(7), MAKE_RAW("\xa\0\0\0\xff\0\0\0"))) },
		{ CERT_EXT_IAN, SEQ(make_el(MAKE_CONTEXT(9), VIEW_NULL)) },
		{ CERT_EXT_SUBJECT_DIRECTORY, empty },
		{ CERT_EXT_SUBJECT_DIRECTORY, SEQ(SEQ(oid, make_empty(DER_SET))) },
		{ CERT_EXT_BASIC_CONSTRAINTS, SEQ(make_int(1), MAKE_BOOLEAN_TRUE) },
		{ CERT_EXT_BASIC_CONSTRAINTS,
		  SEQ(MAKE_BOOLEAN_TRUE, MAKE_RAW("\x02\x01\xff")) },
		{ CERT_EXT_BASIC_CONSTRAINTS,
		  SEQ(MAKE_BOOLEAN_TRUE, make_empty(ASN1_TAG_INTEGER)) },
		{ CERT_EXT_NAME_CONSTRAINTS, empty },
		{ CERT_EXT_NAME_CONSTRAINTS, SEQ(make_el(MAKE_TAGGED(0), VIEW_NULL)) },
		{ CERT_EXT_NAME_CONSTRAINTS, SEQ(make_el(MAKE_TAGGED(1), VIEW_NULL)) },
		{ CERT_EXT_NAME_CONSTRAINTS, SEQ(make_el(MAKE_TAGGED(0), uri)) },
		{ CERT_EXT_NAME_CONSTRAINTS,
		  SEQ(make_el(MAKE_TAGGED(0),
			      SEQ(make_el(MAKE_CONTEXT(7), MAKE_RAW("\1\2\3\4"))))) },
		{ CERT_EXT_NAME_CONSTRAINTS,
		  SEQ(make_el(MAKE_TAGGED(1),
			      SEQ(uri, make_el(MAKE_CONTEXT(0), MAKE_RAW("\xff"))))) },
		{ CERT_EXT_POLICY_CONSTRAINTS, empty },
		{ CERT_EXT_POLICY_CONSTRAINTS,
		  SEQ(make_el(MAKE_CONTEXT(0), MAKE_RAW("\xff"))) },
		{ CERT_EXT_POLICY_CONSTRAINTS,
		  SEQ(make_el(MAKE_CONTEXT(1), VIEW_NULL)) },
		{ CERT_EXT_EKU, empty },
		{ CERT_EXT_EKU, SEQ(MAKE_RAW("\x06\x00")) },
		{ CERT_EXT_EKU, SEQ(oid, MAKE_NULL) },
		{ CERT_EXT_CRL_POINTS, empty },
		{ CERT_EXT_CRL_POINTS, SEQ(SEQ(make_el(MAKE_TAGGED(0), uri))) },
		{ CERT_EXT_CRL_POINTS,
		  SEQ(SEQ(make_el(MAKE_TAGGED(0), make_empty(MAKE_TAGGED(0))))) },
		{ CERT_EXT_CRL_POINTS,
		  SEQ(SEQ(make_el(MAKE_TAGGED(0), make_empty(MAKE_TAGGED(1))))) },
		{ CERT_EXT_CRL_POINTS, SEQ(SEQ(make_empty(MAKE_CONTEXT(1)))) },
		{ CERT_EXT_CRL_POINTS, SEQ(SEQ(make_empty(MAKE_TAGGED(2)))) },
		{ CERT_EXT_FRESHEST_CRL, SEQ(uri) },
		{ CERT_EXT_INHIBIT_ANY, MAKE_RAW("\x02\x01\x80") },
		{ CERT_EXT_AIA, empty },
		{ CERT_EXT_AIA, SEQ(SEQ(oid)) },
		{ CERT_EXT_AIA, SEQ(SEQ(oid, uri, uri)) },
		{ CERT_EXT_SIA, SEQ(uri) },
		{ CERT_EXT_QC_STATEMENTS, SEQ(oid) },
		{ CERT_EXT_QC_STATEMENTS, SEQ(SEQ(oid, MAKE_NULL, MAKE_NULL)) },
		{ CERT_EXT_OCSP_NOCHECK, MAKE_RAW("\x05\x01\x00") },
		{ CERT_EXT_NO_REV_AVAIL, empty },
		{ CERT_EXT_VALIDITY_ASSURED, MAKE_BOOLEAN_TRUE },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_malformed(bad[i].ext, bad[i].value);
}

Test(cert, too_many_policies_are_marked)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(CERT_SIZE_MAX);
	for (int i = 0; i <= 1024; i++) {
		char oid[32];
		snprintf(oid, sizeof(oid), "1.2.3.%d", i);
		if (i == 1024) {
			struct cert *c = parse(make_cert_with(make_ext(
			    oids[CERT_EXT_POLICIES], false, SEQ(view_buf(&b)))));
			cr_assert_eq(c->malformed, 0);
			cert_free(c);
		}
		cr_assert_eq(buf_put(&b, SEQ(make_oid(oid)), &err), 0);
	}
	expect_malformed(CERT_EXT_POLICIES, SEQ(view_buf(&b)));
	buf_free(&b);
}

Test(cert, old_encodings_are_tolerated)
{
	/* FALSE written down, of the extension and within; trailing zero bits. */
	struct view explicit_false =
	    SEQ(make_oid("2.5.29.19"), MAKE_RAW("\x01\x01\x00"),
		make_el(ASN1_TAG_OCTET_STRING, SEQ(MAKE_RAW("\x01\x01\x00"))));
	struct view usage = make_ext("2.5.29.15", false, MAKE_RAW("\x03\x02\x00\x80"));
	struct cert *c = parse(make_cert_with(make_joined(explicit_false, usage)));
	cr_assert_eq(c->malformed | c->critical, 0);
	cr_assert_not(c->ca);
	cr_assert_eq(c->key_usage, KEY_USAGE_DIGITAL_SIGNATURE);
	cert_free(c);
	/* A path length beyond all chains. */
	c = parse(make_cert_with(make_ext(
	    "2.5.29.19", true,
	    SEQ(MAKE_BOOLEAN_TRUE,
		make_el(ASN1_TAG_INTEGER, MAKE_RAW("\0\xff\xff\xff\xff\0"))))));
	cr_assert_eq(c->malformed, 0);
	cr_assert_eq(c->path_len, UINT32_MAX);
	cert_free(c);
}

Test(cert, unknown_extensions_are_told)
{
	struct view a = make_ext("1.2.3", false, MAKE_RAW("no DER")),
		    b = make_ext("1.2.4", true, MAKE_NULL),
		    d = make_ext("1.2.5", true, MAKE_NULL);
	struct cert *c = parse(make_cert_with(a));
	cr_assert_not(c->unknown_critical || c->unknown_twice);
	cert_free(c);
	c = parse(make_cert_with(make_joined(make_joined(a, b), d)));
	cr_assert(c->unknown_critical);
	cr_assert(oid_is(c->unknown_critical_oid, "1.2.4"));
	cr_assert_not(c->unknown_twice);
	cert_free(c);
	c = parse(make_cert_with(make_joined(a, a)));
	cr_assert(c->unknown_twice);
	cr_assert_eq(c->malformed, 0);
	cert_free(c);
}

Test(cert, distribution_points_are_read)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *c = parse(make_cert_with(all_extensions()));
	struct view list = cert_ext_list(c, CERT_EXT_CRL_POINTS);
	struct dist_point p;
	cr_assert_eq(dist_point_next(&list, &p, &err), 0);
	cr_assert(view_equal(p.full_name, make_uri("http://a")));
	cr_assert_eq(p.reasons, 0x6);
	cr_assert(view_equal(p.crl_issuer, make_directory(make_name("a"))));
	cr_assert_eq(p.relative.n, 0);
	cr_assert_eq(dist_point_next(&list, &p, &err), 0);
	cr_assert_eq(p.full_name.n, 0);
	cr_assert_gt(p.relative.n, 0);
	cr_assert_eq(p.reasons, REASONS_ALL);
	cr_assert_eq(list.n, 0);
	cr_assert_eq(cert_ext_list(c, CERT_EXT_SKI).n, 0);
	cert_free(c);
}

/* ---- owners, keys, memory ---- */

Test(cert, owners_are_counted)
{
	struct make_cert m = make_cert_default();
	struct cert *c = parse(make_cert_build(&m)), *other = parse(c->der);
	struct cert *again = cert_ref(c);
	cr_assert_eq(again, c);
	cr_assert(cert_equal(c, other));
	cert_free(c);
	cr_assert(view_equal(again->der, other->der));
	cert_free(again);
	m.serial = make_int(1);
	struct cert *different = parse(make_cert_build(&m));
	cr_assert_not(cert_equal(other, different));
	cert_free(different);
	cert_free(other);
	cert_free(NULL);
}

Test(cert, key_is_decoded_once)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct make_cert m = make_cert_default();
	struct cert *c = parse(make_cert_build(&m));
	EVP_PKEY *a = NULL, *b = NULL;
	cr_assert_eq(cert_key(c, &a, &err), 0);
	cr_assert_eq(cert_key(c, &b, &err), 0);
	cr_assert_not_null(a);
	cr_assert_eq(a, b);
	cert_free(c);
}

Test(cert, every_failing_allocation_is_an_error)
{
	struct view der = make_cert_with(all_extensions());
	for (uint64_t n = 1;; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct cert *c = NULL;
		EVP_PKEY *key = NULL;
		mem_fail_nth(n);
		int rc = cert_parse(der, &c, &err);
		if (rc == 0)
			rc = cert_key(c, &key, &err);
		bool hit = mem_fail_hit();
		mem_fail_nth(0);
		cr_assert_eq(ERR_peek_error(), 0);
		if (rc == 0)
			cr_assert_not_null(key, "allocation %lu hides the key",
					   (unsigned long)n);
		else
			cr_assert(err.code == LTPS_NOMEM || err.code == LTPS_CRYPTO);
		cert_free(c);
		if (!hit)
			break;
	}
}

/* ---- real certificates ---- */

static struct material *read_file(const char *path, struct ltps_error *err)
{
	struct material *m = NULL;
	struct buf b = corpus_read(path);
	cr_assert_eq(material_new(&m, err), 0);
	int rc = material_add_text_or_der(m, MATERIAL_CERT, view_buf(&b), err);
	buf_free(&b);
	if (rc == 0)
		return m;
	material_free(m);
	return NULL;
}

/* Files, how many certificates, or the reason why there are none. */
static const struct {
	const char *path;
	size_t n;
	const char *why;
} corpus_files[] = {
	{ "tokens/AdobeCA.p7c", 1, NULL },
	{ "tokens/BA-QC-Wurzel-CA-2_PN.txt", 1, NULL },
	{ "tokens/CZ.cer", 1, NULL },
	{ "tokens/CZ_CA.cer", 1, NULL },
	{ "tokens/TSA_BE.cer", 1, NULL },
	{ "tokens/TSP_Certificate_2014.crt", 1, NULL },
	{ "tokens/archive_timestamp.tst", 2, NULL },
	{ "tokens/at_sdi.cer", 1, NULL },
	{ "tokens/belgiumrca2-self-sign.crt", 1, NULL },
	{ "tokens/belgiumrs2-new.crt", 1, NULL },
	{ "tokens/belgiumrs2-signed.crt", 1, NULL },
	{ "tokens/belgiumrs2.crt", 1, NULL },
	{ "tokens/certchain.p7c", 3, NULL },
	{ "tokens/citizen_ca.cer", 1, NULL },
	{ "tokens/d-trust.tsr", 3, NULL },
	{ "tokens/disig.tst", 2, NULL },
	{ "tokens/ec.europa.eu.crt", 1, NULL },
	{ "tokens/ecdsa.cer", 1, NULL },
	{ "tokens/es_certificate_from_SchemeServiceDefinitionURI.crt", 1, NULL },
	{ "tokens/es_certificate_from_SchemeServiceDefinitionURI2.crt", 1, NULL },
	{ "tokens/good-user.crt", 1, NULL },
	{ "tokens/john_doe_tc.crt", 1, NULL },
	{ "tokens/peru_CA.cer", 1, NULL },
	{ "tokens/peru_client.cer", 1, NULL },
	{ "tokens/peru_ocsp.bin", 0, "tbsCertificate" },
	{ "tokens/signature-policy-example.der", 0, "signatureAlgorithm" },
	{ "tokens/sk_ca.cer", 1, NULL },
	{ "tokens/sk_ocsp.bin", 0, "tbsCertificate" },
	{ "tokens/sk_user.cer", 1, NULL },
	{ "tokens/tst_with_broken_ocsp.tst", 2, NULL },
	{ "tokens/zz-cert.cer", 1, NULL },
	{ "tokens/zz-certChain.p7c", 3, NULL },
	{ "crl/CA-Justice-ECDSA-261217.cer", 1, NULL },
	{ "crl/EE-GovCA2018.pem.crt", 1, NULL },
	{ "crl/ESTEID-SK_2011.der.crt", 1, NULL },
	{ "crl/belgiumrs2.crt", 1, NULL },
	{ "crl/citizen_ca.cer", 1, NULL },
	{ "crl/root_CRL_issuer.pem", 1, NULL },
	{ "crl/DSS-2039/cert.pem", 1, NULL },
};

static void expect_sound(const struct material *m, const char *path)
{
	for (size_t i = 0; i < material_count(m, MATERIAL_CERT); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		const struct cert *c = material_cert(m, MATERIAL_CERT, i);
		EVP_PKEY *key = NULL;
		cr_assert_eq(c->malformed, 0, "%s: %x", path, c->malformed);
		cr_assert_not(c->unknown_critical || c->unknown_twice, "%s", path);
		cr_assert_eq(cert_key(c, &key, &err), 0);
		cr_assert_not_null(key, "%s", path);
	}
}

Test(cert, corpus_files_parse_or_are_refused_for_their_reason)
{
	if (!corpus_present())
		cr_skip_test("the corpus is not there");
	for (size_t i = 0; i < sizeof(corpus_files) / sizeof(corpus_files[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct material *m = read_file(corpus_files[i].path, &err);
		if (corpus_files[i].why != NULL) {
			cr_assert_null(m, "%s", corpus_files[i].path);
			cr_assert(strstr(err.text, corpus_files[i].why) != NULL,
				  "%s: %s", corpus_files[i].path, err.text);
			continue;
		}
		cr_assert_not_null(m, "%s: %s", corpus_files[i].path, err.text);
		cr_assert_eq(material_count(m, MATERIAL_CERT), corpus_files[i].n, "%s",
			     corpus_files[i].path);
		expect_sound(m, corpus_files[i].path);
		material_free(m);
	}
}

/* What deviates among the certificates of PKITS, on purpose. */
static void visit_pkits(const char *path, struct view bytes, void *arg)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	EVP_PKEY *key = NULL;
	size_t *n = arg;
	struct cert *c = parse(bytes);
	bool inherits = strstr(path, "DSAParametersInheritedCA") != NULL ||
			strstr(path, "ValidDSAParameterInheritanceTest5") != NULL;
	bool unknown = strstr(path, "InvalidUnknownCriticalCertificateExtension");
	cr_assert_eq(c->malformed, 0, "%s: %x", path, c->malformed);
	cr_assert_eq(c->unknown_critical, unknown, "%s", path);
	cr_assert_eq(cert_key(c, &key, &err), 0);
	cr_assert_eq(key == NULL, inherits, "%s", path);
	cert_free(c);
	++*n;
}

Test(cert, pkits_certificates_parse)
{
	size_t n = 0;
	if (!corpus_present())
		cr_skip_test("the corpus is not there");
	corpus_walk("pkits/certs", visit_pkits, &n);
	cr_assert_eq(n, 405);
}

static void visit_timeslide(const char *path, struct view bytes, void *arg)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *m = NULL;
	size_t *n = arg;
	size_t len = strlen(path);
	if (strcmp(path + len - 4, ".crt") != 0 && strcmp(path + len - 4, ".pem") != 0)
		return;
	cr_assert_eq(material_new(&m, &err), 0);
	cr_assert_eq(material_add_text_or_der(m, MATERIAL_CERT, bytes, &err), 0,
		     "%s: %s", path, err.text);
	expect_sound(m, path);
	*n += material_count(m, MATERIAL_CERT);
	material_free(m);
}

Test(cert, timeslide_certificates_parse)
{
	size_t n = 0;
	if (!corpus_present())
		cr_skip_test("the corpus is not there");
	corpus_walk("timeslide", visit_timeslide, &n);
	cr_assert_geq(n, 45);
}
