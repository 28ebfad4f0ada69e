/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/corpus.h"
#include "tests/support/x509_make.h"
#include "validation/crl.h"
#include "validation/material.h"
#include "validation/name_coarse.h"

#define NUMBER "2.5.29.20"
#define DELTA "2.5.29.27"
#define IDP "2.5.29.28"
#define AKI "2.5.29.35"
#define FRESHEST "2.5.29.46"
#define EXPIRED "2.5.29.60"
#define REASON "2.5.29.21"
#define INVALIDITY "2.5.29.24"
#define ISSUER "2.5.29.29"
#define HOLD "2.5.29.23"

#define SEQ(...) make_el(DER_SEQUENCE, __VA_ARGS__)

static struct crl *parse(struct view der)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct crl *c = NULL;
	cr_assert_eq(crl_parse(der, &c, &err), 0, "%s", err.text);
	return c;
}

static void refuse(struct view der, enum ltps_code code, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct crl *c = NULL;
	cr_assert_eq(crl_parse(der, &c, &err), -1, "accepted: %s", text);
	cr_assert_null(c);
	cr_assert_eq(err.code, code, "%s: %s", ltps_code_name(err.code), err.text);
	cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
	cr_assert(strstr(err.text, text) != NULL || strstr(err.where, text) != NULL,
		  "%s (%s) does not say: %s", err.text, err.where, text);
}

static void refuse_made(const struct make_crl *c, const char *text)
{
	refuse(make_crl_build(c), LTPS_FORMAT, text);
}

static struct crl *with_extensions(struct view extensions)
{
	struct make_crl m = make_crl_default();
	m.extensions = extensions;
	return parse(make_crl_build(&m));
}

static struct crl *with_entries(struct view entries, struct view extensions)
{
	struct make_crl m = make_crl_default();
	m.entries = entries;
	m.extensions = extensions;
	return parse(make_crl_build(&m));
}

static struct buf coarse(struct view name)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(NAME_COARSE_MAX);
	cr_assert_eq(name_coarse(name, &b, &err), 0);
	return b;
}

/* Whether the list has the number for the issuer of that common name. */
static bool has(const struct crl *c, struct view serial, const char *cn,
		struct crl_entry *e)
{
	struct crl_entry ignored;
	struct buf issuer = coarse(make_name(cn));
	bool found = crl_find(c, serial, view_buf(&issuer), e != NULL ? e : &ignored);
	buf_free(&issuer);
	return found;
}

/* ---- the structure ---- */

Test(crl, malformed_fields_are_refused)
{
	struct make_crl m = make_crl_default();
	m.version = make_int(0);
	refuse_made(&m, "unknown version");
	m.version = make_int(2);
	refuse_made(&m, "unknown version");
	m = make_crl_default();
	m.tbs_algorithm = VIEW_NULL;
	refuse_made(&m, "signature");
	m = make_crl_default();
	m.issuer = VIEW_NULL;
	refuse_made(&m, "issuer");
	m = make_crl_default();
	m.issuer = SEQ(MAKE_NULL);
	refuse_made(&m, "RelativeDistinguishedName");
	m = make_crl_default();
	m.this_update = m.next_update = VIEW_NULL;
	refuse_made(&m, "thisUpdate");
	m = make_crl_default();
	m.this_update = make_utc("260101000000");
	refuse_made(&m, "thisUpdate");
	m = make_crl_default();
	m.next_update = make_generalized("2026010100Z");
	refuse_made(&m, "nextUpdate");
	m = make_crl_default();
	m.tbs_extra = MAKE_NULL;
	refuse_made(&m, "tbsCertList: trailing");
	m = make_crl_default();
	m.tbs_extra = make_el(MAKE_TAGGED(0), make_empty(DER_SEQUENCE));
	refuse_made(&m, "Extensions: empty");
	m = make_crl_default();
	m.algorithm = VIEW_NULL;
	refuse_made(&m, "signatureAlgorithm");
	m = make_crl_default();
	m.signature = VIEW_NULL;
	refuse_made(&m, "signatureValue");
	m = make_crl_default();
	m.extra = MAKE_NULL;
	refuse_made(&m, "CertificateList: trailing");
	m = make_crl_default();
	m.version = VIEW_NULL;
	m.extensions = make_ext(NUMBER, false, make_int(1));
	refuse_made(&m, "extensions before version 2");
	refuse(VIEW_NULL, LTPS_FORMAT, "CertificateList");
	refuse(view_of("", CRL_SIZE_MAX + 1), LTPS_TOO_LARGE, "more than");
}

Test(crl, malformed_entries_are_refused)
{
	const struct {
		struct view entry;
		const char *text;
	} bad[] = {
		{ MAKE_NULL, "revokedCertificates" },
		{ SEQ(make_utc("250101000000Z")), "userCertificate" },
		{ SEQ(make_empty(ASN1_TAG_INTEGER), make_utc("250101000000Z")),
		  "userCertificate" },
		{ SEQ(make_int(1)), "revocationDate" },
		{ SEQ(make_int(1), make_utc("2501010000Z")), "revocationDate" },
		{ SEQ(make_int(1), make_utc("250101000000Z"), MAKE_NULL),
		  "crlEntryExtensions" },
		{ SEQ(make_int(1), make_utc("250101000000Z"), SEQ(MAKE_NULL)),
		  "Extension" },
		{ SEQ(make_int(1), make_utc("250101000000Z"),
		      SEQ(make_ext("1.2.3", false, MAKE_NULL)), MAKE_NULL),
		  "trailing" },
	};
	struct view good = make_crl_entry(make_int(7), VIEW_NULL);
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct make_crl m = make_crl_default();
		m.entries = make_joined(good, bad[i].entry);
		refuse_made(&m, bad[i].text);
	}
}

static struct view rich_list(void)
{
	struct make_crl m = make_crl_default();
	m.entries = make_joined(
	    make_crl_entry(make_int(5), VIEW_NULL),
	    make_crl_entry(make_int(300),
			   make_joined(make_ext(REASON, false, MAKE_RAW("\x0a\1\1")),
				       make_ext(INVALIDITY, false,
						make_generalized("20251201000000Z")))));
	m.extensions = make_joined(
	    make_ext(NUMBER, false, make_int(9)),
	    make_ext(AKI, false, SEQ(make_el(MAKE_CONTEXT(0), MAKE_RAW("key")))));
	return make_crl_build(&m);
}

Test(crl, every_prefix_is_refused)
{
	struct view der = rich_list();
	for (size_t n = 0; n < der.n; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct crl *c = NULL;
		uint8_t *exact = mem_dup(der.p, n);
		cr_assert_eq(crl_parse(view_of(exact, n), &c, &err), -1);
		cr_assert_eq(err.code, LTPS_FORMAT);
		mem_free(exact);
	}
}

/* ---- what cannot be used ---- */

static void expect_defect(struct crl *c)
{
	cr_assert_not_null(c->defect);
	crl_free(c);
}

Test(crl, extensions_that_do_not_decode_are_a_defect)
{
	static const char *const oids[] = {
		NUMBER, DELTA, AKI, IDP, FRESHEST, "2.5.29.18", "1.3.6.1.5.5.7.1.1"
	};
	for (size_t i = 0; i < sizeof(oids) / sizeof(oids[0]); i++) {
		expect_defect(with_extensions(make_ext(oids[i], false, VIEW_NULL)));
		expect_defect(with_extensions(make_ext(oids[i], false, MAKE_NULL)));
		expect_defect(with_extensions(
		    make_ext(oids[i], true, make_joined(make_int(1), MAKE_NULL))));
	}
	expect_defect(
	    with_extensions(make_ext(NUMBER, false, make_empty(ASN1_TAG_INTEGER))));
	expect_defect(
	    with_extensions(make_joined(make_ext(NUMBER, false, make_int(1)),
					make_ext(NUMBER, false, make_int(1)))));
	/* Scopes that exclude each other. */
	expect_defect(with_extensions(
	    make_ext(IDP, true, SEQ(MAKE_RAW("\x81\1\xff"), MAKE_RAW("\x82\1\xff")))));
	expect_defect(with_extensions(
	    make_ext(IDP, true, SEQ(MAKE_RAW("\x82\1\xff"), MAKE_RAW("\x85\1\xff")))));
	expect_defect(with_extensions(make_ext(IDP, true, SEQ(MAKE_RAW("\x83\1\7")))));
	expect_defect(with_extensions(make_ext(IDP, true, SEQ(MAKE_RAW("\x81\0")))));
}

Test(crl, a_delta_that_does_not_decode_is_a_delta_still)
{
	struct crl *c = with_extensions(make_ext(DELTA, true, MAKE_NULL));
	cr_assert(c->is_delta);
	expect_defect(c);
}

Test(crl, entries_that_cannot_be_understood_are_a_defect)
{
	struct view reason4 = make_ext(REASON, false, MAKE_RAW("\x0a\1\4"));
	const struct view bad[] = {
		make_ext(REASON, false, MAKE_RAW("\x0a\1\7")),
		make_ext(REASON, false, MAKE_RAW("\x0a\1\x0b")),
		make_ext(REASON, false, MAKE_RAW("\x0a\1\xff")),
		make_ext(REASON, false, MAKE_RAW("\x02\1\1")),
		make_ext(REASON, false, VIEW_NULL),
		make_joined(reason4, reason4),
		make_ext(INVALIDITY, false, make_utc("250101000000Z")),
		make_ext(INVALIDITY, false,
			 make_joined(make_generalized("20250101000000Z"), MAKE_NULL)),
		make_ext(HOLD, false, MAKE_NULL),
		make_ext(ISSUER, true, make_empty(DER_SEQUENCE)),
		/* Of a list that is not indirect. */
		make_ext(ISSUER, true, SEQ(make_directory(make_name("B")))),
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		expect_defect(
		    with_entries(make_crl_entry(make_int(1), bad[i]), VIEW_NULL));
	struct make_crl m = make_crl_default();
	m.version = VIEW_NULL;
	m.entries = make_crl_entry(make_int(1), reason4);
	expect_defect(parse(make_crl_build(&m)));
}

static const char INDIRECT[] = "\x84\1\xff";

static struct view indirect(void)
{
	return make_ext(IDP, true, SEQ(MAKE_RAW(INDIRECT)));
}

Test(crl, certificate_issuer_is_one_directory_name)
{
	struct view a = make_directory(make_name("A")),
		    b = make_directory(make_name("B"));
	const struct view bad[] = { SEQ(make_uri("http://a")), SEQ(a, b) };
	for (size_t i = 0; i < 2; i++)
		expect_defect(with_entries(
		    make_crl_entry(make_int(1), make_ext(ISSUER, true, bad[i])),
		    indirect()));
	struct crl *c = with_entries(
	    make_crl_entry(make_int(1),
			   make_ext(ISSUER, true, SEQ(make_uri("http://a"), a))),
	    indirect());
	cr_assert_null(c->defect);
	cr_assert(has(c, MAKE_RAW("\1"), "A", NULL));
	crl_free(c);
}

/* RFC 5280 7.1, RFC 4518 2.2 and 2.3: one name in capitals, composed, decomposed. */
Test(crl, entries_are_found_however_their_issuer_is_written)
{
	static const char *const written[] = { "Z\xc3\xbcrich", "Z\xc3\x9cRICH",
					       "ZU\xcc\x88rich",
					       "\xef\xbc\xba\xc3\xbcrich" };
	for (size_t i = 0; i < sizeof(written) / sizeof(written[0]); i++) {
		struct crl *c = with_entries(
		    make_crl_entry(
			make_int(1),
			make_ext(ISSUER, true,
				 SEQ(make_directory(make_name(written[i]))))),
		    indirect());
		cr_expect(has(c, MAKE_RAW("\1"), written[0], NULL), "%zu", i);
		cr_expect_not(has(c, MAKE_RAW("\1"), "Zurich", NULL), "%zu", i);
		crl_free(c);
	}
}

Test(crl, unknown_critical_extensions_are_told)
{
	struct view known = make_ext(NUMBER, true, make_int(1)),
		    harmless = make_ext("1.2.3", false, MAKE_NULL),
		    critical = make_ext("1.2.3", true, MAKE_NULL);
	struct crl *c = with_entries(make_crl_entry(make_int(1), harmless),
				     make_joined(known, harmless));
	cr_assert_not(c->unknown_critical || c->entry_unknown_critical);
	crl_free(c);
	c = with_entries(make_crl_entry(make_int(1), harmless), critical);
	cr_assert(c->unknown_critical && !c->entry_unknown_critical);
	crl_free(c);
	c = with_entries(make_crl_entry(make_int(1), critical), VIEW_NULL);
	cr_assert(!c->unknown_critical && c->entry_unknown_critical);
	cr_assert_null(c->defect);
	crl_free(c);
}

Test(crl, too_many_extensions_are_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make((size_t)1 << 20);
	for (int i = 0; i <= CERT_EXTENSIONS_MAX; i++)
		cr_assert_eq(buf_put(&b, make_ext("1.2.3", false, MAKE_NULL), &err), 0);
	struct make_crl m = make_crl_default();
	m.extensions = view_buf(&b);
	refuse(make_crl_build(&m), LTPS_TOO_LARGE, "extensions");
	buf_free(&b);
}

/* ---- what is read ---- */

Test(crl, fields_are_read)
{
	struct view der = rich_list();
	struct make_crl m = make_crl_default();
	struct digest d;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct crl *c = parse(der);
	cr_assert(view_equal(c->der, der));
	cr_assert_eq(digest_once(DIGEST_SHA256, der, &d, &err), 0);
	cr_assert_arr_eq(c->sha256, d.p, 32);
	cr_assert_eq(c->version, 2);
	cr_assert(view_equal(c->issuer, m.issuer));
	cr_assert_eq(c->this_ms, INT64_C(1767225600000));
	cr_assert_eq(c->next_ms, INT64_C(1769904000000));
	cr_assert(view_equal(c->number, MAKE_RAW("\x9")));
	cr_assert(view_is_text(c->aki_key, "key"));
	cr_assert_not(c->is_delta || c->has_idp || c->indirect);
	cr_assert_eq(c->reasons, REASONS_ALL);
	cr_assert_eq(c->expired_kept_ms, INT64_MAX);
	cr_assert_null(c->defect);
	cr_assert_eq(c->n_entries, 2);
	crl_free(c);
	crl_free(NULL);
}

Test(crl, optional_fields_may_be_absent)
{
	struct make_crl m = make_crl_default();
	m.version = VIEW_NULL;
	m.next_update = VIEW_NULL;
	struct crl *c = parse(make_crl_build(&m));
	cr_assert_eq(c->version, 1);
	cr_assert_eq(c->next_ms, INT64_MIN);
	cr_assert_eq(c->n_entries, 0);
	cr_assert_not(has(c, MAKE_RAW("\1"), "CA", NULL));
	crl_free(c);
	/* An empty list of entries is tolerated. */
	m.tbs_extra = make_empty(DER_SEQUENCE);
	crl_free(parse(make_crl_build(&m)));
}

Test(crl, scope_is_read)
{
	struct view name = make_el(MAKE_TAGGED(0), make_uri("http://a"));
	struct view idp =
	    SEQ(make_el(MAKE_TAGGED(0), name), MAKE_RAW("\x81\1\xff"),
		MAKE_RAW("\x82\1\x00"), MAKE_RAW("\x83\2\5\xe0"), MAKE_RAW(INDIRECT));
	struct view freshest = SEQ(SEQ(make_el(MAKE_TAGGED(0), name)));
	struct view all = make_joined(
	    make_joined(make_ext(IDP, true, idp), make_ext(DELTA, true, make_int(4))),
	    make_joined(make_ext(FRESHEST, false, freshest),
			make_ext(EXPIRED, false, make_generalized("20200101000000Z"))));
	struct crl *c = with_extensions(all);
	cr_assert_null(c->defect, "%s", c->defect);
	cr_assert(c->has_idp && c->only_user && c->indirect && c->is_delta);
	cr_assert_not(c->only_ca || c->only_attribute);
	cr_assert_eq(c->reasons, 0x6);
	cr_assert(view_equal(c->idp, idp));
	cr_assert(view_equal(c->idp_name.full_name, make_uri("http://a")));
	cr_assert(view_equal(c->base_number, MAKE_RAW("\4")));
	cr_assert_gt(c->freshest.n, 0);
	cr_assert_eq(c->expired_kept_ms, INT64_C(1577836800000));
	crl_free(c);
}

/* It would only widen what the list knows. */
Test(crl, expired_certificates_in_another_form_promise_nothing)
{
	struct crl *c =
	    with_extensions(make_ext(EXPIRED, false, make_utc("200101000000Z")));
	cr_assert_eq(c->expired_kept_ms, INT64_MAX);
	cr_assert_null(c->defect);
	crl_free(c);
}

/* ---- entries ---- */

Test(crl, entries_are_found_as_numbers)
{
	struct crl *c = parse(rich_list());
	struct crl_entry e;
	cr_assert_not(has(c, MAKE_RAW("\6"), "CA", NULL));
	cr_assert_not(has(c, MAKE_RAW("\5"), "Other", NULL));
	cr_assert_not(has(c, MAKE_RAW("\x2c"), "CA", NULL));
	cr_assert_not(has(c, VIEW_NULL, "CA", NULL));
	cr_assert_not(has(c, MAKE_RAW("\xff\5"), "CA", NULL));
	cr_assert(has(c, MAKE_RAW("\5"), "CA", &e));
	cr_assert_eq(e.reason, CRL_NO_REASON);
	cr_assert_eq(e.invalidity_ms, INT64_MIN);
	cr_assert_eq(e.revoked_ms, INT64_C(1767225599000));
	cr_assert(has(c, MAKE_RAW("\0\0\5"), "ca ", &e), "longer, another case");
	cr_assert(has(c, MAKE_RAW("\1\x2c"), "CA", &e));
	cr_assert_eq(e.reason, 1);
	cr_assert_eq(e.invalidity_ms, INT64_C(1764547200000));
	cr_assert(view_equal(e.serial, MAKE_RAW("\1\x2c")));
	crl_free(c);
}

Test(crl, odd_serial_numbers_are_found)
{
	struct view negative = make_el(ASN1_TAG_INTEGER, MAKE_RAW("\xff\x80"));
	struct view padded = make_el(ASN1_TAG_INTEGER, MAKE_RAW("\0\0\x81"));
	struct view thirty =
	    make_el(ASN1_TAG_INTEGER, MAKE_RAW("123456789012345678901234567890"));
	struct crl *c = with_entries(
	    make_joined(make_joined(make_crl_entry(negative, VIEW_NULL),
				    make_crl_entry(padded, VIEW_NULL)),
			make_joined(make_crl_entry(thirty, VIEW_NULL),
				    make_crl_entry(make_int(0), VIEW_NULL))),
	    VIEW_NULL);
	cr_assert(has(c, MAKE_RAW("\x80"), "CA", NULL));
	cr_assert(has(c, MAKE_RAW("\0\x81"), "CA", NULL));
	cr_assert_not(has(c, MAKE_RAW("\x81"), "CA", NULL), "that is negative");
	cr_assert_not(has(c, MAKE_RAW("\0\x80"), "CA", NULL), "that is not");
	cr_assert(has(c, MAKE_RAW("123456789012345678901234567890"), "CA", NULL));
	cr_assert(has(c, MAKE_RAW("\0"), "CA", NULL));
	crl_free(c);
}

Test(crl, last_of_several_entries_counts)
{
	struct crl_entry e;
	struct view hold = make_ext(REASON, false, MAKE_RAW("\x0a\1\6")),
		    removed = make_ext(REASON, false, MAKE_RAW("\x0a\1\x8"));
	struct crl *c = with_entries(make_joined(make_crl_entry(make_int(1), hold),
						 make_crl_entry(make_int(1), removed)),
				     VIEW_NULL);
	cr_assert(has(c, MAKE_RAW("\1"), "CA", &e));
	cr_assert_eq(e.reason, 8);
	crl_free(c);
}

static struct view issuer_ext(const char *cn)
{
	return make_ext(ISSUER, true, SEQ(make_directory(make_name(cn))));
}

/* RFC 5280 5.3.3: the name holds until the next one. */
Test(crl, certificate_issuer_holds_for_the_following_entries)
{
	struct view entries = make_joined(
	    make_joined(make_joined(make_crl_entry(make_int(1), VIEW_NULL),
				    make_crl_entry(make_int(2), issuer_ext("A"))),
			make_joined(make_crl_entry(make_int(3), VIEW_NULL),
				    make_crl_entry(make_int(3), issuer_ext("B")))),
	    make_joined(make_crl_entry(make_int(1), VIEW_NULL),
			make_crl_entry(make_int(4), issuer_ext("a"))));
	struct crl *c = with_entries(entries, indirect());
	static const struct {
		const char *serial, *cn;
		bool there;
	} cases[] = {
		{ "\1", "CA", true },  { "\1", "A", false }, { "\1", "B", true },
		{ "\2", "CA", false }, { "\2", "A", true },  { "\2", "B", false },
		{ "\3", "CA", false }, { "\3", "A", true },  { "\3", "B", true },
		{ "\4", "CA", false }, { "\4", "A", true },  { "\4", "B", false },
	};
	cr_assert_null(c->defect);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_assert_eq(has(c, view_text(cases[i].serial), cases[i].cn, NULL),
			     cases[i].there, "%zu", i);
	crl_free(c);
}

/* Many, in no order: each is found, with its own reason, and no other. */
Test(crl, every_entry_of_a_long_list_is_found)
{
	enum { MANY = 20000 };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(CRL_SIZE_MAX);
	static const uint8_t tail[] = "\x17\x0d"
				      "250101000000Z";
	for (uint32_t i = 0; i < MANY; i++) {
		uint32_t s = (i * 2654435761U) & 0x7fffffff;
		const uint8_t n[4] = { (uint8_t)(0x40 | s >> 24), (uint8_t)(s >> 16),
				       (uint8_t)(s >> 8), (uint8_t)s };
		cr_assert_eq(
		    der_put_header(&b, DER_SEQUENCE, 6 + sizeof(tail) - 1, &err), 0);
		cr_assert_eq(der_put(&b, ASN1_TAG_INTEGER, view_of(n, 4), &err), 0);
		cr_assert_eq(buf_put(&b, MAKE_RAW(tail), &err), 0);
	}
	struct crl *c = with_entries(view_buf(&b), VIEW_NULL);
	cr_assert_eq(c->n_entries, MANY);
	cr_assert_lt(crl_memory(c), c->der.n + 6 * MANY + 4096);
	struct buf issuer = coarse(c->issuer);
	for (size_t at = 2; at < b.n; at += 23) {
		struct crl_entry e;
		uint8_t other[4];
		struct view serial = view_of(b.p + at + 2, 4);
		cr_assert(crl_find(c, serial, view_buf(&issuer), &e));
		cr_assert(view_equal(e.serial, serial));
		memcpy(other, serial.p, 4);
		other[0] ^= 0x20;
		if (crl_find(c, view_of(other, 4), view_buf(&issuer), &e))
			cr_assert(view_equal(e.serial, view_of(other, 4)));
	}
	buf_free(&issuer);
	crl_free(c);
	buf_free(&b);
}

/* ---- owners and memory ---- */

Test(crl, taken_bytes_are_kept_without_a_copy)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(CRL_SIZE_MAX);
	struct crl *c = NULL;
	cr_assert_eq(buf_put(&b, rich_list(), &err), 0);
	b.n--;
	cr_assert_eq(crl_take(&b, &c, &err), -1);
	cr_assert_eq(b.n + 1, rich_list().n, "left as it was");
	b.n++;
	ltps_error_clear(&err);
	const uint8_t *p = b.p;
	cr_assert_eq(crl_take(&b, &c, &err), 0);
	cr_assert_eq(c->der.p, p);
	cr_assert_null(b.p);
	struct crl *again = crl_ref(c);
	crl_free(c);
	cr_assert(has(again, MAKE_RAW("\5"), "CA", NULL));
	crl_free(again);
}

Test(crl, every_failing_allocation_is_an_error)
{
	struct make_crl m = make_crl_default();
	m.entries = make_joined(make_crl_entry(make_int(2), issuer_ext("A")),
				make_crl_entry(make_int(3), issuer_ext("B")));
	m.extensions = indirect();
	struct view der = make_crl_build(&m);
	for (uint64_t n = 1;; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct crl *c = NULL;
		mem_fail_nth(n);
		int rc = crl_parse(der, &c, &err);
		bool hit = mem_fail_hit();
		mem_fail_nth(0);
		if (rc == 0)
			cr_assert_null(c->defect);
		else
			cr_assert(err.code == LTPS_NOMEM || err.code == LTPS_CRYPTO);
		crl_free(c);
		if (!hit)
			break;
	}
	ERR_clear_error();
}

/* ---- real lists ---- */

static const struct {
	const char *path;
	size_t entries;
	bool keeps_expired;
} corpus_lists[] = {
	{ "crl/CA-5358AA45-Full.crl", 246, false },
	{ "crl/DSS-2039/crl.der", 0, false },
	{ "crl/DSS-2039/crl.pem", 0, false },
	{ "crl/DS_NA2_CA-B1.crl", 0, false },
	{ "crl/LTGRCA.crl", 4, false },
	{ "crl/LTRCA.crl", 3, false },
	{ "crl/belgium2.crl", 0, false },
	{ "crl/belgium4.crl", 0, false },
	/* The extension is a UTCTime there, X.509 says GeneralizedTime. */
	{ "crl/crl-expiredCertsOnCRL-UTCTime.crl", 11219, false },
	{ "crl/crl_with_expiredCertsOnCRL_extension.crl", 367, true },
	{ "crl/hgcaclass2.crl", 25219, false },
	{ "crl/http___crl.globalsign.com_gs_gspersonalsign2sha2g2.crl", 10337, false },
	{ "crl/pt_crl_with_critical_extension.crl", 10, false },
	{ "crl/root_issued_CRL.crl", 0, false },
	{ "tokens/crl/LTGRCA.crl", 4, false },
	{ "tokens/crl/LTRCA.crl", 3, false },
	{ "tokens/crl/belgium2.crl", 0, false },
	{ "tokens/crl/crl-2.crl", 10471, false },
	{ "tokens/crl/crl_with_expiredCertsOnCRL_extension.crl", 367, true },
	{ "tokens/crl/pt_crl_with_critical_extension.crl", 10, false },
};

static struct material *read_list(struct view bytes, const char *path)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *m = NULL;
	cr_assert_eq(material_new(&m, &err), 0);
	cr_assert_eq(material_add_text_or_der(m, MATERIAL_CRL, bytes, &err), 0,
		     "%s: %s", path, err.text);
	cr_assert_eq(material_count(m, MATERIAL_CRL), 1, "%s", path);
	return m;
}

Test(crl, corpus_files_parse)
{
	if (!corpus_present())
		cr_skip_test("the corpus is not there");
	for (size_t i = 0; i < sizeof(corpus_lists) / sizeof(corpus_lists[0]); i++) {
		const char *path = corpus_lists[i].path;
		struct buf b = corpus_read(path);
		struct material *m = read_list(view_buf(&b), path);
		const struct crl *c = material_crl(m, 0);
		cr_assert_null(c->defect, "%s: %s", path, c->defect);
		cr_assert_not(c->unknown_critical || c->entry_unknown_critical, "%s",
			      path);
		cr_assert_eq(c->n_entries, corpus_lists[i].entries, "%s", path);
		cr_assert_eq(c->expired_kept_ms != INT64_MAX,
			     corpus_lists[i].keeps_expired, "%s", path);
		material_free(m);
		buf_free(&b);
	}
}

/* A certificate is no list. */
Test(crl, corpus_certificates_are_refused)
{
	if (!corpus_present())
		cr_skip_test("the corpus is not there");
	struct buf b = corpus_read("crl/belgiumrs2.crt");
	refuse(view_buf(&b), LTPS_FORMAT, "another type");
	buf_free(&b);
}

static void visit_pkits(const char *path, struct view bytes, void *arg)
{
	size_t *n = arg;
	struct crl *c = parse(bytes);
	cr_assert_null(c->defect, "%s: %s", path, c->defect);
	cr_assert_eq(c->unknown_critical,
		     strstr(path, "UnknownCRLExtensionCACRL") != NULL, "%s", path);
	cr_assert_eq(c->entry_unknown_critical,
		     strstr(path, "UnknownCRLEntryExtensionCACRL") != NULL, "%s", path);
	bool delta = strstr(path, "deltaCRL.crl") != NULL ||
		     strstr(path, "deltaCRLIndicatorNoBaseCACRL") != NULL;
	cr_assert_eq(c->is_delta, delta, "%s", path);
	crl_free(c);
	++*n;
}

Test(crl, pkits_lists_parse)
{
	size_t n = 0;
	if (!corpus_present())
		cr_skip_test("the corpus is not there");
	corpus_walk("pkits/crls", visit_pkits, &n);
	cr_assert_eq(n, 173);
}

static void visit_timeslide(const char *path, struct view bytes, void *arg)
{
	size_t *n = arg, len = strlen(path);
	if (strcmp(path + len - 4, ".crl") != 0)
		return;
	struct material *m = read_list(bytes, path);
	cr_assert_null(material_crl(m, 0)->defect, "%s", path);
	material_free(m);
	++*n;
}

Test(crl, timeslide_lists_parse)
{
	size_t n = 0;
	if (!corpus_present())
		cr_skip_test("the corpus is not there");
	corpus_walk("timeslide", visit_timeslide, &n);
	cr_assert_eq(n, 9);
}
