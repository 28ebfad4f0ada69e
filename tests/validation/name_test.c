/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/x509_make.h"
#include "validation/name.h"

#define CN "2.5.4.3"
#define O "2.5.4.10"

static struct buf canonical(struct view name)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(NAME_CANONICAL_MAX);
	cr_assert_eq(name_canonical(name, &out, &err), 0, "%s", err.text);
	return out;
}

static bool match(struct view a, struct view b)
{
	struct buf ca = canonical(a), cb = canonical(b);
	bool equal = view_equal(view_buf(&ca), view_buf(&cb));
	buf_free(&cb);
	buf_free(&ca);
	return equal;
}

static struct view cn(unsigned tag, struct view octets)
{
	return make_el(DER_SEQUENCE, make_rdn(CN, make_el((uint8_t)tag, octets)));
}

static struct view cn_text(unsigned tag, const char *text)
{
	return cn(tag, view_text(text));
}

/* ---- what does not match ---- */

Test(name, other_values_types_and_orders_do_not_match)
{
	struct view ab = make_el(DER_SEQUENCE, make_rdn(CN, make_string(12, "a")),
				 make_rdn(O, make_string(12, "b")));
	struct view ba = make_el(DER_SEQUENCE, make_rdn(O, make_string(12, "b")),
				 make_rdn(CN, make_string(12, "a")));
	cr_assert_not(match(cn_text(12, "a"), cn_text(12, "b")));
	cr_assert_not(match(cn_text(12, "a"), cn_text(12, "aa")));
	cr_assert_not(match(cn_text(12, "ab"), cn_text(12, "a b")));
	cr_assert_not(match(ab, ba));
	cr_assert_not(match(ab, cn_text(12, "a")));
	cr_assert_not(match(cn_text(12, "a"),
			    make_el(DER_SEQUENCE, make_rdn(O, make_string(12, "a")))));
	/* Two attributes of one RDN are not two RDNs. */
	struct view one = make_el(
	    DER_SEQUENCE,
	    make_el(DER_SET, make_el(DER_SEQUENCE, make_oid(CN), make_string(12, "a")),
		    make_el(DER_SEQUENCE, make_oid(O), make_string(12, "b"))));
	cr_assert_not(match(ab, one));
	/* Other letters than those of ASCII keep their case. */
	cr_assert_not(match(cn_text(12, "\xc3\xa9"), cn_text(12, "\xc3\x89")));
}

Test(name, what_is_not_text_is_compared_by_octets)
{
	cr_assert_not(match(cn(4, MAKE_RAW("A")), cn(4, MAKE_RAW("a"))));
	cr_assert_not(match(cn(4, MAKE_RAW("a")), cn(12, MAKE_RAW("a"))));
	/* Malformed text falls back to octets and to its own type. */
	cr_assert_not(match(cn(12, MAKE_RAW("A\xff")), cn(12, MAKE_RAW("a\xff"))));
	cr_assert_not(match(cn(30, MAKE_RAW("A")), cn(30, MAKE_RAW("a"))));
	cr_assert_not(match(cn(30, MAKE_RAW("\xd8\x00")), cn(12, MAKE_RAW("?"))));
	cr_assert(match(cn(4, MAKE_RAW("A")), cn(4, MAKE_RAW("A"))));
}

/* ---- what does ---- */

Test(name, case_space_and_string_type_do_not_matter)
{
	cr_assert(match(cn_text(12, "Some Name"), cn_text(19, "  sOME \t NAME ")));
	cr_assert(match(cn_text(12, "a"), cn_text(22, "A")));
	cr_assert(match(cn_text(12, "a1"), cn(30, MAKE_RAW("\0A\0001"))));
	cr_assert(match(cn_text(12, "a"), cn(28, MAKE_RAW("\0\0\0a"))));
	cr_assert(match(cn_text(12, "\xc3\xa9"), cn(20, MAKE_RAW("\xe9"))));
	cr_assert(match(cn_text(12, "\xe2\x82\xac"), cn(30, MAKE_RAW("\x20\xac"))));
	cr_assert(
	    match(cn_text(12, "\xf0\x9f\x98\x80"), cn(28, MAKE_RAW("\0\x01\xf6\0"))));
	cr_assert(match(cn_text(12, ""), cn_text(19, "   ")));
}

Test(name, order_within_an_rdn_does_not_matter)
{
	struct view a = make_el(DER_SEQUENCE, make_oid(CN), make_string(12, "x"));
	struct view b = make_el(DER_SEQUENCE, make_oid(O), make_string(12, "y"));
	struct view c = make_el(DER_SEQUENCE, make_oid(O), make_string(12, "z"));
	cr_assert(match(make_el(DER_SEQUENCE, make_el(DER_SET, a, b, c)),
			make_el(DER_SEQUENCE, make_el(DER_SET, c, a, b))));
}

Test(name, leading_rdns_are_a_prefix)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view whole = make_el(DER_SEQUENCE, make_rdn(O, make_string(12, "b")),
				    make_rdn(CN, make_string(12, "a")));
	struct view head = make_el(DER_SEQUENCE, make_rdn(O, make_string(19, "B")));
	struct view longer = make_el(DER_SEQUENCE, make_rdn(O, make_string(12, "bc")));
	struct buf w = canonical(whole), h = canonical(head), l = canonical(longer);
	cr_assert(view_starts(view_buf(&w), view_buf(&h)));
	cr_assert_not(view_starts(view_buf(&w), view_buf(&l)));
	/* The same by nameRelativeToCRLIssuer. */
	struct buf r = buf_make(NAME_CANONICAL_MAX);
	struct tlv rdn;
	cr_assert_eq(tlv_only(make_rdn(CN, make_string(12, "A")), &rdn, &err), 0);
	cr_assert_eq(name_canonical_relative(head, rdn.body, &r, &err), 0);
	cr_assert(view_equal(view_buf(&r), view_buf(&w)));
	cr_assert_eq(name_canonical_relative(head, VIEW_NULL, &r, &err), -1);
	cr_assert(view_equal(view_buf(&r), view_buf(&w)), "left as it was");
	buf_free(&r);
	buf_free(&l);
	buf_free(&h);
	buf_free(&w);
}

/* ---- what is refused ---- */

static void refuse(struct view name, enum ltps_code code)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(NAME_CANONICAL_MAX);
	cr_assert_eq(name_canonical(name, &out, &err), -1);
	cr_assert_eq(err.code, code, "%s", err.text);
	cr_assert_eq(out.n, 0);
	ltps_error_clear(&err);
	cr_assert_eq(name_check(name, &err), -1);
	cr_assert_eq(err.code, code, "%s", err.text);
	buf_free(&out);
}

Test(name, malformed_names_are_refused)
{
	struct view attribute =
	    make_el(DER_SEQUENCE, make_oid(CN), make_string(12, "a"));
	refuse(VIEW_NULL, LTPS_FORMAT);
	refuse(make_el(DER_SET, make_rdn(CN, make_string(12, "a"))), LTPS_FORMAT);
	refuse(make_joined(make_name("a"), MAKE_NULL), LTPS_FORMAT);
	refuse(make_el(DER_SEQUENCE, attribute), LTPS_FORMAT);
	refuse(make_el(DER_SEQUENCE, make_empty(DER_SET)), LTPS_FORMAT);
	refuse(make_el(DER_SEQUENCE, make_el(DER_SET, make_oid(CN))), LTPS_FORMAT);
	refuse(make_el(DER_SEQUENCE,
		       make_el(DER_SET, make_el(DER_SEQUENCE, make_oid(CN)))),
	       LTPS_FORMAT);
	refuse(make_el(DER_SEQUENCE,
		       make_el(DER_SET, make_el(DER_SEQUENCE, make_string(12, "a"),
						make_oid(CN)))),
	       LTPS_FORMAT);
	refuse(
	    make_el(DER_SEQUENCE, make_el(DER_SET, make_el(DER_SEQUENCE, make_oid(CN),
							   MAKE_NULL, MAKE_NULL))),
	    LTPS_FORMAT);
	refuse(make_el(DER_SEQUENCE,
		       make_el(DER_SET, make_el(DER_SEQUENCE, MAKE_RAW("\x06\x01\x80"),
						MAKE_NULL))),
	       LTPS_FORMAT);
	refuse(make_el_indefinite(DER_SEQUENCE, make_rdn(CN, make_string(12, "a"))),
	       LTPS_FORMAT);
}

static struct view repeated(struct view part, size_t times, uint8_t id)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make((size_t)1 << 20);
	for (size_t i = 0; i < times; i++)
		cr_assert_eq(buf_put(&b, part, &err), 0);
	struct view v = make_el(id, view_buf(&b));
	buf_free(&b);
	return v;
}

Test(name, limits_are_kept)
{
	struct view rdn = make_rdn(CN, make_string(12, "a"));
	struct view attribute =
	    make_el(DER_SEQUENCE, make_oid(CN), make_string(12, "a"));
	struct buf most = canonical(repeated(rdn, NAME_RDNS_MAX, DER_SEQUENCE));
	refuse(repeated(rdn, NAME_RDNS_MAX + 1, DER_SEQUENCE), LTPS_TOO_LARGE);
	refuse(make_el(DER_SEQUENCE, repeated(attribute, 65, DER_SET)), LTPS_TOO_LARGE);
	refuse(cn(12, repeated(MAKE_RAW("a"), NAME_SIZE_MAX, 4)), LTPS_TOO_LARGE);
	buf_free(&most);
}

/* The largest growth that a name can have: Latin-1, and attributes without value. */
Test(name, largest_canonical_form_has_room)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(NAME_SIZE_MAX);
	while (b.n < NAME_SIZE_MAX - 64)
		cr_assert_eq(buf_put_byte(&b, 0xe9, &err), 0);
	struct buf c = canonical(cn(20, view_buf(&b)));
	cr_assert_geq(c.n, 2 * b.n);
	buf_free(&c);
	buf_free(&b);
}

Test(name, emptiness_is_known)
{
	cr_assert(name_is_empty(make_empty(DER_SEQUENCE)));
	cr_assert_not(name_is_empty(make_name("a")));
	cr_assert_not(name_is_empty(VIEW_NULL));
	cr_assert_not(name_is_empty(MAKE_NULL));
}

/* ---- text ---- */

static void expect_text(struct view name, const char *want)
{
	char text[256];
	name_text(name, text, sizeof(text));
	cr_assert_str_eq(text, want);
}

Test(name, text_is_most_specific_first)
{
	struct view two =
	    make_el(DER_SET, make_el(DER_SEQUENCE, make_oid(CN), make_string(12, "a")),
		    make_el(DER_SEQUENCE, make_oid("1.2.3"), make_string(19, "b")));
	expect_text(make_el(DER_SEQUENCE, make_rdn("2.5.4.6", make_string(19, "LU")),
			    make_rdn(O, make_string(20, "caf\xe9")), two),
		    "CN=a + 1.2.3=b, O=caf\xc3\xa9, C=LU");
	expect_text(make_empty(DER_SEQUENCE), "");
	expect_text(VIEW_NULL, "");
}

Test(name, text_cannot_be_mistaken)
{
	expect_text(cn_text(12, "a, O=b"), "CN=a\\, O=b");
	expect_text(cn_text(12, " a+b\"\\<>; "), "CN=\\ a\\+b\\\"\\\\\\<\\>\\;\\ ");
	expect_text(cn_text(12, "#1"), "CN=\\#1");
	expect_text(cn_text(12, "a\nb\x7f"), "CN=a\\0ab\\7f");
	expect_text(cn(12, MAKE_RAW("a\0b")), "CN=a\\00b");
	/* Right-to-left override. */
	expect_text(cn_text(12, "\xe2\x80\xae"), "CN=\\e2\\80\\ae");
	expect_text(cn(12, MAKE_RAW("\xff")), "CN=#0c01ff");
	expect_text(cn(4, MAKE_RAW("a")), "CN=#040161");
	expect_text(cn(30, MAKE_RAW("\xd8\0\0a")), "CN=\\ef\\bf\\bda");
}

Test(name, text_is_cut_at_a_whole_character)
{
	char text[8];
	memset(text, 'x', sizeof(text));
	name_text(cn_text(12, "ab\xc3\xa9\xc3\xa9"), text, 7);
	cr_assert_str_eq(text, "CN=ab");
	cr_assert_eq(text[7], 'x');
	name_text(make_name("a"), text, 1);
	cr_assert_str_eq(text, "");
	name_text(make_name("a"), text, 0);
}

/* ---- general names ---- */

static int next(struct view in, struct general_name *g)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view cursor = in;
	int rc = general_name_next(&cursor, g, &err);
	cr_assert_eq(rc == 0 ? LTPS_OK : LTPS_FORMAT, err.code);
	cr_assert_eq(cursor.n, rc == 0 ? 0 : in.n);
	return rc;
}

Test(name, malformed_general_names_are_refused)
{
	struct general_name g;
	const struct view bad[] = {
		VIEW_NULL,
		make_name("a"),                      /* no context tag */
		make_el(MAKE_CONTEXT(9), VIEW_NULL), /* no such choice */
		make_el(MAKE_TAGGED(6), VIEW_NULL),  /* constructed URI */
		make_el(MAKE_CONTEXT(4), make_name("a")),
		make_el(MAKE_CONTEXT(1), MAKE_RAW("\xc3\xa9@b")), /* not IA5 */
		make_el(MAKE_CONTEXT(2), MAKE_RAW("\xf0\x9f\x98\x9c")),
		make_el(MAKE_CONTEXT(6), MAKE_RAW("http://\xff")),
		make_el(MAKE_TAGGED(4), VIEW_NULL),
		make_el(MAKE_TAGGED(4), make_name("a"), make_name("b")),
		make_el(MAKE_TAGGED(4), MAKE_NULL),
		make_el(MAKE_CONTEXT(8), VIEW_NULL),
		make_el(MAKE_CONTEXT(8), MAKE_RAW("\x2a\x86")),
		make_el(MAKE_TAGGED(0), make_oid("1.2.3")),
		make_el(MAKE_TAGGED(0), make_oid("1.2.3"), MAKE_NULL),
		make_el(MAKE_TAGGED(0), make_oid("1.2.3"),
			make_el(MAKE_TAGGED(0), MAKE_NULL, MAKE_NULL)),
		make_el(MAKE_TAGGED(0), make_oid("1.2.3"),
			make_el(MAKE_TAGGED(0), MAKE_NULL), MAKE_NULL),
		make_el(MAKE_TAGGED(3), MAKE_RAW("\x30")),
		make_el_indefinite(MAKE_TAGGED(4), make_name("a")),
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(next(bad[i], &g), -1, "%zu", i);
}

Test(name, general_names_of_all_kinds_are_read)
{
	const struct view good[] = {
		make_el(MAKE_TAGGED(0), make_oid("1.2.3"),
			make_el(MAKE_TAGGED(0), MAKE_NULL)),
		make_el(MAKE_CONTEXT(1), MAKE_RAW("a@b")),
		make_el(MAKE_CONTEXT(2), MAKE_RAW("b.example")),
		make_el(MAKE_TAGGED(3), MAKE_NULL),
		make_directory(make_name("a")),
		make_el(MAKE_TAGGED(5), MAKE_NULL),
		make_uri("http://a"),
		make_el(MAKE_CONTEXT(7), MAKE_RAW("\x7f\0\0\1")),
		make_el(MAKE_CONTEXT(8), MAKE_RAW("\x2a\x03")),
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct general_name g;
		cr_assert_eq(next(good[i], &g), 0, "%zu", i);
		cr_assert_eq((size_t)g.kind, i);
		cr_assert(view_equal(g.whole, good[i]));
	}
}

static bool same(struct view a, struct view b)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct general_name ga, gb;
	bool equal = false;
	cr_assert_eq(next(a, &ga), 0);
	cr_assert_eq(next(b, &gb), 0);
	cr_assert_eq(general_name_equal(&ga, &gb, &equal, &err), 0);
	return equal;
}

Test(name, general_names_are_compared_by_their_kind)
{
	cr_assert_not(same(make_uri("http://a/B"), make_uri("http://a/b")));
	cr_assert_not(same(make_el(MAKE_CONTEXT(1), MAKE_RAW("A@b")),
			   make_el(MAKE_CONTEXT(1), MAKE_RAW("a@b"))));
	cr_assert_not(same(make_el(MAKE_CONTEXT(1), MAKE_RAW("ab")),
			   make_el(MAKE_CONTEXT(2), MAKE_RAW("ab"))));
	cr_assert_not(
	    same(make_directory(make_name("a")), make_directory(make_name("b"))));
	cr_assert(same(make_el(MAKE_CONTEXT(1), MAKE_RAW("a@B")),
		       make_el(MAKE_CONTEXT(1), MAKE_RAW("a@b"))));
	cr_assert(same(make_el(MAKE_CONTEXT(2), MAKE_RAW("A.example")),
		       make_el(MAKE_CONTEXT(2), MAKE_RAW("a.EXAMPLE"))));
	cr_assert(
	    same(make_directory(make_name("a")), make_directory(cn_text(19, "A "))));
	cr_assert(same(make_uri("http://a/B"), make_uri("http://a/B")));
}
