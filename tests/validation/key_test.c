/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <openssl/x509.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/corpus.h"
#include "tests/support/pki_fixture.h"
#include "tests/support/x509_make.h"
#include "validation/key.h"

#define EC_OID "1.2.840.10045.2.1"
#define DSA_OID "1.2.840.10040.4.1"
#define P256_OID "1.2.840.10045.3.1.7"

static struct cert *parse(struct view der)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *c = NULL;
	cr_assert_eq(cert_parse(der, &c, &err), 0, "%s", err.text);
	return c;
}

static struct cert *with_spki(struct view algorithm, struct view octets)
{
	struct make_cert m = make_cert_default();
	m.spki = make_el(DER_SEQUENCE, algorithm, make_bits(octets));
	return parse(make_cert_build(&m));
}

static EVP_PKEY *key_of(const struct cert *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	EVP_PKEY *key = NULL;
	cr_assert_eq(cert_key(c, &key, &err), 0, "%s", err.text);
	cr_assert_eq(ERR_peek_error(), 0);
	return key;
}

/* The default certificate's point. */
static struct view point(void)
{
	struct make_cert m = make_cert_default();
	struct cert *c = parse(make_cert_build(&m));
	struct view p = make_joined(c->key_octets, VIEW_NULL);
	cert_free(c);
	return p;
}

static void expect_unusable(struct view algorithm, struct view octets)
{
	struct cert *c = with_spki(algorithm, octets);
	cr_assert_null(key_of(c));
	cr_assert_null(key_of(c), "the second answer is the first");
	cert_free(c);
}

Test(key, keys_that_cannot_be_used_are_told)
{
	struct view rsa =
	    make_el(DER_SEQUENCE, make_oid("1.2.840.113549.1.1.1"), MAKE_NULL);
	struct view p256 = make_el(DER_SEQUENCE, make_oid(EC_OID), make_oid(P256_OID));
	struct view off_curve = make_flipped(point(), 60);
	struct view rsa_key = make_el(DER_SEQUENCE, make_int(65537), make_int(3));
	expect_unusable(make_el(DER_SEQUENCE, make_oid("1.2.3")), point());
	expect_unusable(rsa, VIEW_NULL);
	expect_unusable(rsa, MAKE_RAW("no key"));
	expect_unusable(rsa, make_joined(rsa_key, MAKE_NULL));
	expect_unusable(p256, off_curve);
	expect_unusable(p256, VIEW_NULL);
	expect_unusable(p256, view_head(point(), 64));
	expect_unusable(make_el(DER_SEQUENCE, make_oid(EC_OID), make_oid("1.2.3")),
			point());
	expect_unusable(make_el(DER_SEQUENCE, make_oid("1.3.101.112")),
			MAKE_RAW("short"));
	struct cert *c = with_spki(rsa, rsa_key);
	cr_assert_not_null(key_of(c));
	cert_free(c);
}

/* An odd INTEGER of so many bits. */
static struct view number(size_t bits)
{
	static uint8_t octets[1300];
	size_t n = (bits + 7) / 8, pad = bits % 8 == 0;
	memset(octets, 0x55, sizeof(octets));
	octets[0] = 0;
	octets[pad] = (uint8_t)(1u << (bits - 1) % 8);
	octets[pad + n - 1] |= 1;
	return make_el(ASN1_TAG_INTEGER, view_of(octets, pad + n));
}

static struct cert *with_rsa(size_t exponent_bits)
{
	struct view rsa =
	    make_el(DER_SEQUENCE, make_oid("1.2.840.113549.1.1.1"), MAKE_NULL);
	return with_spki(rsa,
			 make_el(DER_SEQUENCE, number(2048), number(exponent_bits)));
}

static struct cert *with_dsa(size_t bits)
{
	struct view params =
	    make_el(DER_SEQUENCE, number(bits), number(256), number(bits - 1));
	return with_spki(make_el(DER_SEQUENCE, make_oid(DSA_OID), params),
			 number(bits - 2));
}

/* One signature would take a hundred times as long. */
Test(key, keys_that_are_only_slow_are_refused)
{
	struct cert *good[] = { with_rsa(17), with_rsa(256), with_dsa(3072) };
	struct cert *slow[] = { with_rsa(257), with_rsa(2047), with_dsa(10000) };
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		cr_expect_not_null(key_of(good[i]), "%zu", i);
		cr_expect_null(key_of(slow[i]), "%zu", i);
		cert_free(slow[i]);
		cert_free(good[i]);
	}
}

/* P-256 written out as parameters of one's own: the same numbers, no name. */
Test(key, curve_that_is_not_named_is_refused)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	unsigned char *der = NULL;
	cr_assert_eq(EVP_PKEY_set_utf8_string_param(key, "encoding", "explicit"), 1);
	int n = i2d_PUBKEY(key, &der);
	cr_assert_gt(n, 200);
	struct make_cert m = make_cert_default();
	m.spki = view_of(der, (size_t)n);
	struct cert *c = parse(make_cert_build(&m));
	cr_assert_null(key_of(c));
	cr_assert_not(key_parameters_missing(c));
	cert_free(c);
	OPENSSL_free(der);
	EVP_PKEY_free(key);
}

/* ---- inherited parameters ---- */

static EVP_PKEY *inherited(const struct cert *c, struct view from)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	EVP_PKEY *key = NULL;
	cr_assert_eq(key_inherited(c, from, &key, &err), 0, "%s", err.text);
	cr_assert_eq(ERR_peek_error(), 0);
	return key;
}

Test(key, parameters_come_from_the_same_algorithm_only)
{
	struct view ec = make_el(DER_SEQUENCE, make_oid(EC_OID));
	struct view ec_null = make_el(DER_SEQUENCE, make_oid(EC_OID), MAKE_NULL);
	struct view p256 = make_el(DER_SEQUENCE, make_oid(EC_OID), make_oid(P256_OID));
	struct view dsa = make_el(DER_SEQUENCE, make_oid(DSA_OID), make_oid(P256_OID));
	struct cert *c = with_spki(ec, point()), *null = with_spki(ec_null, point());
	cr_assert(key_parameters_missing(c) && key_parameters_missing(null));
	cr_assert_null(key_of(c));
	cr_assert_null(key_of(null));
	cr_assert_null(inherited(c, ec));
	cr_assert_null(inherited(c, ec_null));
	cr_assert_null(inherited(c, dsa));
	cr_assert_null(inherited(c, MAKE_NULL));
	EVP_PKEY *key = inherited(c, p256), *key2 = inherited(null, p256);
	struct make_cert m = make_cert_default();
	struct cert *whole = parse(make_cert_build(&m));
	cr_assert_not(key_parameters_missing(whole));
	cr_assert_eq(EVP_PKEY_eq(key, key_of(whole)), 1);
	cr_assert_eq(EVP_PKEY_eq(key2, key_of(whole)), 1);
	EVP_PKEY_free(key2);
	EVP_PKEY_free(key);
	cert_free(whole);
	cert_free(null);
	cert_free(c);
}

Test(key, other_algorithms_do_not_lack_parameters)
{
	struct cert *c = with_spki(
	    make_el(DER_SEQUENCE, make_oid("1.2.840.113549.1.1.1"), MAKE_NULL),
	    make_el(DER_SEQUENCE, make_int(65537), make_int(3)));
	cr_assert_not(key_parameters_missing(c));
	cr_assert_null(inherited(c, c->key_algorithm));
	cert_free(c);
}

/* PKITS 4.1.5: the signature verifies with the inherited parameters only. */
Test(key, dsa_parameters_of_pkits_are_inherited)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	enum signature_verdict verdict;
	if (!corpus_present())
		cr_skip_test("the corpus is not there");
	struct buf from = corpus_read("pkits/certs/DSACACert.crt"),
		   ca = corpus_read("pkits/certs/DSAParametersInheritedCACert.crt"),
		   ee = corpus_read(
		       "pkits/certs/ValidDSAParameterInheritanceTest5EE.crt");
	struct cert *cf = parse(view_buf(&from)), *cca = parse(view_buf(&ca)),
		    *cee = parse(view_buf(&ee));
	EVP_PKEY *key = inherited(cca, cf->key_algorithm);
	cr_assert_not_null(key);
	const struct signed_object o = { cee->sha256, cee->tbs, cee->algorithm,
					 cee->signature };
	cr_assert_eq(
	    sig_cache_verify(NULL, &o, key, cca->spki_sha256, &verdict, NULL, &err), 0);
	cr_assert_eq(verdict, SIGNATURE_VALID);
	EVP_PKEY_free(key);
	cert_free(cee);
	cert_free(cca);
	cert_free(cf);
	buf_free(&ee);
	buf_free(&ca);
	buf_free(&from);
}

/* ---- facts ---- */

static void expect_facts(enum fix_key kind, const char *algorithm, unsigned bits,
			 const char *curve)
{
	struct key_facts f;
	struct fix_cert *made =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "x", .key = kind });
	struct cert *c = parse(made->der);
	EVP_PKEY *key = key_of(c);
	cr_assert_not_null(key);
	cr_assert_eq(EVP_PKEY_eq(key, made->key), 1);
	key_facts(key, &f);
	cr_assert_str_eq(f.algorithm, algorithm);
	cr_assert_eq(f.bits, bits, "%u", f.bits);
	cr_assert_eq(f.curve == NULL, curve == NULL);
	if (curve != NULL)
		cr_assert_str_eq(f.curve, curve);
	cert_free(c);
	fix_cert_free(made);
}

Test(key, facts_are_those_of_algorithm_policies)
{
	expect_facts(FIX_KEY_P256, "ECDSA", 256, "P-256");
	expect_facts(FIX_KEY_P384, "ECDSA", 384, "P-384");
	expect_facts(FIX_KEY_RSA, "RSA", 2048, NULL);
	expect_facts(FIX_KEY_RSA_PSS, "RSA", 2048, NULL);
	expect_facts(FIX_KEY_ED25519, "Ed25519", 256, NULL);
	expect_facts(FIX_KEY_ED448, "Ed448", 456, NULL);
}

Test(key, facts_of_dsa_keys)
{
	struct key_facts f;
	if (!corpus_present())
		cr_skip_test("the corpus is not there");
	struct buf b = corpus_read("pkits/certs/DSACACert.crt");
	struct cert *c = parse(view_buf(&b));
	key_facts(key_of(c), &f);
	cr_assert_str_eq(f.algorithm, "DSA");
	cr_assert_geq(f.bits, 1024);
	cert_free(c);
	buf_free(&b);
}

/* ---- the cache of verdicts ---- */

struct scene {
	struct fix_cert *ca, *ee;
	struct cert *c, *issuer;
	struct sig_cache *cache;
	struct signed_object o;
};

static struct scene scene_make(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scene s = { 0 };
	s.ca = fix_cert_make(&(struct fix_cert_options){ .cn = "ca", .ca = true });
	s.ee = fix_cert_make(&(struct fix_cert_options){ .cn = "ee", .issuer = s.ca });
	s.c = parse(s.ee->der);
	s.issuer = parse(s.ca->der);
	s.o = (struct signed_object){ s.c->sha256, s.c->tbs, s.c->algorithm,
				      s.c->signature };
	cr_assert_eq(sig_cache_new(&s.cache, &err), 0);
	return s;
}

static void scene_free(struct scene *s)
{
	sig_cache_free(s->cache);
	cert_free(s->issuer);
	cert_free(s->c);
	fix_cert_free(s->ee);
	fix_cert_free(s->ca);
}

static enum signature_verdict verify(struct sig_cache *cache,
				     const struct signed_object *o,
				     const struct cert *by, bool want_fresh)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	enum signature_verdict verdict;
	bool fresh = !want_fresh;
	cr_assert_eq(sig_cache_verify(cache, o, key_of(by), by->spki_sha256, &verdict,
				      &fresh, &err),
		     0);
	cr_assert_eq(fresh, want_fresh);
	return verdict;
}

Test(key, cache_remembers_each_verdict_by_object_and_key)
{
	struct scene s = scene_make();
	cr_assert_eq(verify(s.cache, &s.o, s.c, true), SIGNATURE_INVALID);
	cr_assert_eq(verify(s.cache, &s.o, s.issuer, true), SIGNATURE_VALID);
	cr_assert_eq(verify(s.cache, &s.o, s.c, false), SIGNATURE_INVALID);
	cr_assert_eq(verify(s.cache, &s.o, s.issuer, false), SIGNATURE_VALID);
	/* Another object is not this one, even with everything else equal. */
	uint8_t other[32];
	memcpy(other, s.o.sha256, sizeof(other));
	other[31] ^= 1;
	struct signed_object o = s.o;
	o.sha256 = other;
	o.signature = view_head(o.signature, o.signature.n - 1);
	cr_assert_eq(verify(s.cache, &o, s.issuer, true), SIGNATURE_INVALID);
	o.sha256 = s.o.sha256;
	o.algorithm = MAKE_NULL;
	other[31] ^= 2;
	o.sha256 = other;
	cr_assert_eq(verify(s.cache, &o, s.issuer, true), SIGNATURE_UNSUPPORTED);
	cr_assert_eq(verify(s.cache, &o, s.issuer, false), SIGNATURE_UNSUPPORTED);
	/* Without one, each is computed. */
	cr_assert_eq(verify(NULL, &s.o, s.issuer, true), SIGNATURE_VALID);
	cr_assert_eq(verify(NULL, &s.o, s.issuer, true), SIGNATURE_VALID);
	scene_free(&s);
	sig_cache_free(NULL);
}

Test(key, full_cache_begins_anew)
{
	struct scene s = scene_make();
	uint8_t sha256[32] = { 0 };
	struct signed_object o = s.o;
	o.sha256 = sha256;
	o.algorithm = MAKE_NULL; /* cheap: unsupported */
	for (uint32_t i = 0; i <= SIG_CACHE_ENTRIES_MAX; i++) {
		memcpy(sha256, &i, sizeof(i));
		verify(s.cache, &o, s.issuer, true);
		verify(s.cache, &o, s.issuer, false);
	}
	uint32_t first = 0;
	memcpy(sha256, &first, sizeof(first));
	verify(s.cache, &o, s.issuer, true);
	scene_free(&s);
}

Test(key, every_failing_allocation_is_an_error)
{
	struct scene s = scene_make();
	struct view ec = make_el(DER_SEQUENCE, make_oid(EC_OID));
	struct view p256 = make_el(DER_SEQUENCE, make_oid(EC_OID), make_oid(P256_OID));
	struct cert *bare = with_spki(ec, point());
	EVP_PKEY *issuer = key_of(s.issuer);
	for (uint64_t n = 1;; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct sig_cache *cache = NULL;
		enum signature_verdict verdict = SIGNATURE_INVALID;
		EVP_PKEY *key = NULL;
		mem_fail_nth(n);
		int rc = sig_cache_new(&cache, &err);
		if (rc == 0)
			rc =
			    sig_cache_verify(cache, &s.o, issuer, s.issuer->spki_sha256,
					     &verdict, NULL, &err);
		if (rc == 0)
			rc = key_inherited(bare, p256, &key, &err);
		bool hit = mem_fail_hit();
		mem_fail_nth(0);
		cr_assert_eq(ERR_peek_error(), 0);
		if (rc == 0)
			cr_assert(verdict == SIGNATURE_VALID && key != NULL,
				  "allocation %lu", (unsigned long)n);
		else
			cr_assert(err.code == LTPS_NOMEM || err.code == LTPS_CRYPTO);
		EVP_PKEY_free(key);
		sig_cache_free(cache);
		if (!hit)
			break;
	}
	cert_free(bare);
	scene_free(&s);
}
