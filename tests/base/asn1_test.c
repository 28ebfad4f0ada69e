/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/*
 * Hex, with blanks for the reader, to a block of its exact size, so that a read
 * beyond it is seen.
 */
static struct view unhex(const char *hex)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(1 << 16);
	for (const char *p = hex; *p != '\0'; p += 2) {
		while (*p == ' ')
			p++;
		cr_assert_eq(hex_decode(view_of(p, 2), &b, &err), 0, "%s", hex);
	}
	uint8_t *p = mem_dup(b.p, b.n);
	struct view v = view_of(p, b.n);
	cr_assert_neq(p, NULL);
	buf_free(&b);
	return v;
}

static void drop(struct view v)
{
	union {
		const uint8_t *from;
		uint8_t *to;
	} p = { .from = v.p };
	mem_free(p.to);
}

static void assert_object_fault(const struct ltps_error *err)
{
	cr_assert_eq(err->code, LTPS_FORMAT);
	cr_assert_eq(err->fault, LTPS_FAULT_OBJECT);
}

static void assert_bytes(const struct buf *b, const char *hex)
{
	struct view v = unhex(hex);
	cr_assert(view_equal(view_buf(b), v), "%s", hex);
	drop(v);
}

/* ---- tlv ---- */

Test(tlv, malformed_header_is_refused)
{
	static const char *const bad[] = {
		"",
		"30",
		"3001",             /* contents cut */
		"308180",           /* long form, contents cut */
		"3081",             /* length octet cut */
		"30820001",         /* contents cut */
		"3082ff",           /* length octets cut */
		"30ff00",           /* reserved length octet */
		"3085010000000000", /* beyond the input */
		"3088ffffffffffffffff00",
		"3089010000000000000000", /* beyond size_t */
		"30890100000000000000020500",
		"0480", /* primitive of indefinite length */
		"04800000",
		"0000", /* end-of-contents out of place */
		"2000",
		"0001ff",
		"1f", /* high tag number cut */
		"1f81",
		"1f8180",
		"1f1e00",       /* low number in high form */
		"1f801f00",     /* leading zeros */
		"1f9080808000", /* 2^32 */
		"1fffffffff7f00",
		"1f1f", /* no length */
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct view v = unhex(bad[i]), cursor = v;
		struct tlv t;
		cr_assert_eq(tlv_next(&cursor, &t, &err), -1, "%s", bad[i]);
		assert_object_fault(&err);
		cr_assert_eq(cursor.n, v.n);
		cr_assert_eq(cursor.p, v.p);
		drop(v);
	}
}

Test(tlv, well_formed_element_gives_its_exact_bytes)
{
	static const struct {
		const char *hex;
		size_t header, body, whole;
		enum asn1_class cls;
		uint32_t number;
	} good[] = {
		{ "0500", 2, 0, 2, ASN1_UNIVERSAL, 5 },
		{ "0401aa0500", 2, 1, 3, ASN1_UNIVERSAL, 4 },
		{ "8181020102", 3, 2, 5, ASN1_CONTEXT, 1 },
		{ "30840000000105", 6, 1, 7, ASN1_UNIVERSAL, 16 },
		{ "308a0000000000000000000105", 12, 1, 13, ASN1_UNIVERSAL, 16 },
		{ "1f1f00", 3, 0, 3, ASN1_UNIVERSAL, 31 },
		{ "ff8f7f00", 4, 0, 4, ASN1_PRIVATE, 0x7ff },
		{ "5f8fffffff7f00", 7, 0, 7, ASN1_APPLICATION, UINT32_MAX },
		{ "30800000ff", 2, 0, 4, ASN1_UNIVERSAL, 16 },
		{ "308005000000ff", 2, 2, 6, ASN1_UNIVERSAL, 16 },
		{ "a080308000000000", 2, 4, 8, ASN1_CONTEXT, 0 },
		/* What looks like an end within a definite element is none. */
		{ "30800402000000000000", 2, 4, 8, ASN1_UNIVERSAL, 16 },
	};
	for (size_t i = 0; i < COUNT(good); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct view v = unhex(good[i].hex), cursor = v;
		struct tlv t;
		cr_assert_eq(tlv_next(&cursor, &t, &err), 0, "%s: %s", good[i].hex,
			     err.text);
		cr_assert_eq(t.whole.p, v.p);
		cr_assert_eq(t.body.p, v.p + good[i].header, "%s", good[i].hex);
		cr_assert_eq(t.body.n, good[i].body, "%s", good[i].hex);
		cr_assert_eq(t.whole.n, good[i].whole, "%s", good[i].hex);
		cr_assert_eq(cursor.n, v.n - good[i].whole);
		cr_assert(tlv_is(&t, good[i].cls, good[i].number));
		drop(v);
	}
}

Test(tlv, indefinite_length_unterminated_is_refused)
{
	static const char *const bad[] = {
		"3080",
		"308000",
		"30800500",
		"3080050000",
		"30803080 05000000",
		"308030800000",
		"3080040500",
		"30800001ff0000",
		"3080308005000000",
		"3080a0800000",
		"3080 30820500 0000",
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		const char *hex = bad[i];
		struct view v = unhex(hex);
		struct tlv t;
		cr_assert_eq(tlv_peek(v, &t, &err), -1, "%s", hex);
		assert_object_fault(&err);
		drop(v);
	}
}

/* depth indefinite SEQUENCEs around nothing. */
static struct buf nested_indefinite(size_t depth)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(1 << 20);
	for (size_t i = 0; i < depth; i++)
		cr_assert_eq(buf_put(&b, view_of("\x30\x80", 2), &err), 0);
	for (size_t i = 0; i < depth; i++)
		cr_assert_eq(buf_put(&b, view_of("\0\0", 2), &err), 0);
	return b;
}

Test(tlv, indefinite_nesting_has_its_limit)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tlv t;
	struct buf b = nested_indefinite(ASN1_DEPTH_MAX);
	cr_assert_eq(tlv_only(view_buf(&b), &t, &err), 0);
	buf_free(&b);
	b = nested_indefinite(ASN1_DEPTH_MAX + 1);
	cr_assert_eq(tlv_only(view_buf(&b), &t, &err), -1);
	assert_object_fault(&err);
	buf_free(&b);
	ltps_error_clear(&err);
	b = nested_indefinite(200000);
	cr_assert_eq(tlv_only(view_buf(&b), &t, &err), -1);
	buf_free(&b);
}

Test(tlv, only_refuses_trailing_bytes)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view v = unhex("050000");
	struct tlv t;
	cr_assert_eq(tlv_only(v, &t, &err), -1);
	assert_object_fault(&err);
	ltps_error_clear(&err);
	cr_assert_eq(tlv_only(view_head(v, 2), &t, &err), 0);
	drop(v);
}

Test(tlv, expect_refuses_another_tag_and_leaves_the_cursor)
{
	struct view v = unhex("020101");
	static const struct {
		enum asn1_class cls;
		uint32_t number;
	} other[] = { { ASN1_UNIVERSAL, 3 }, { ASN1_CONTEXT, 2 } };
	for (size_t i = 0; i < COUNT(other); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct view cursor = v;
		struct tlv t;
		cr_assert_eq(tlv_expect(&cursor, other[i].cls, other[i].number,
					"version", &t, &err),
			     -1);
		assert_object_fault(&err);
		cr_assert_eq(strncmp(err.text, "version: ", 9), 0);
		cr_assert_eq(cursor.n, 3);
	}
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view cursor = VIEW_NULL;
	struct tlv t;
	cr_assert_eq(tlv_expect(&cursor, ASN1_UNIVERSAL, 2, "version", &t, &err), -1);
	cr_assert_str_eq(err.text, "version: missing");
	drop(v);
}

Test(tlv, optional_leaves_another_tag_but_reports_damage)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view v = unhex("0201010204"), cursor = v;
	struct tlv t;
	bool present = true;
	cr_assert_eq(tlv_optional(&cursor, ASN1_CONTEXT, 2, &t, &present, &err), 0);
	cr_assert(!present);
	cr_assert_eq(cursor.n, 5);
	cr_assert_eq(tlv_optional(&cursor, ASN1_UNIVERSAL, 2, &t, &present, &err), 0);
	cr_assert(present);
	cr_assert_eq(tlv_optional(&cursor, ASN1_UNIVERSAL, 2, &t, &present, &err), -1);
	assert_object_fault(&err);
	ltps_error_clear(&err);
	cursor = VIEW_NULL;
	cr_assert_eq(tlv_optional(&cursor, ASN1_UNIVERSAL, 2, &t, &present, &err), 0);
	cr_assert(!present);
	drop(v);
}

Test(tlv, end_names_what_has_bytes_left)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(tlv_end(VIEW_NULL, "TSTInfo", &err), 0);
	cr_assert_eq(tlv_end(view_text("x"), "TSTInfo", &err), -1);
	cr_assert_eq(strncmp(err.text, "TSTInfo: ", 9), 0);
}

/* Reads the element and lets `what` judge it; returns its result. */
static int octets_of(const char *hex, struct buf *out, struct ltps_error *err)
{
	struct view v = unhex(hex);
	struct tlv t;
	cr_assert_eq(tlv_only(v, &t, err), 0, "%s", hex);
	int rc = tlv_octets(&t, out, err);
	drop(v);
	return rc;
}

Test(octets, segments_are_joined)
{
	static const char *const good[] = {
		"0403010203",
		"8003010203",
		"2407 040101 04020203",
		"2480 040101 04020203 0000",
		"a00704010104020203",
		"240b 2407 040101 04020203 0400",
		"2480 2480 040101 0000 04020203 0000",
		"2409 0400 0403010203 0400",
	};
	for (size_t i = 0; i < COUNT(good); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf out = buf_make(100);
		const char *hex = good[i];
		cr_assert_eq(octets_of(hex, &out, &err), 0, "%s: %s", hex, err.text);
		assert_bytes(&out, "010203");
		buf_free(&out);
	}
}

Test(octets, foreign_segment_is_refused_and_nothing_kept)
{
	static const char *const bad[] = {
		"24060401010201ff", /* INTEGER inside */
		"2406040101800101", /* context tag inside */
		"24050401010401",   /* inner element cut */
		"240504010100ff",
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf out = buf_make(100);
		cr_assert_eq(buf_put_text(&out, "x", &err), 0);
		cr_assert_eq(octets_of(bad[i], &out, &err), -1, "%s", bad[i]);
		assert_object_fault(&err);
		cr_assert(view_is_text(view_buf(&out), "x"));
		buf_free(&out);
	}
}

Test(octets, beyond_the_buffer_is_too_large)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(2);
	cr_assert_eq(octets_of("240704010104020203", &out, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	cr_assert_eq(out.n, 0);
	buf_free(&out);
}

/* depth constructed OCTET STRINGs of definite length around one byte. */
static struct buf nested_octets(size_t depth)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(1 << 20);
	cr_assert_eq(buf_put(&b, view_of("\x04\x01x", 3), &err), 0);
	for (size_t i = 0; i < depth; i++) {
		struct buf outer = buf_make(1 << 20);
		cr_assert_eq(der_put(&outer, 0x24, view_buf(&b), &err), 0);
		buf_free(&b);
		b = outer;
	}
	return b;
}

Test(octets, nesting_has_its_limit)
{
	for (size_t more = 0; more < 2; more++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = nested_octets(ASN1_DEPTH_MAX + more);
		struct buf out = buf_make(10);
		struct tlv t;
		cr_assert_eq(tlv_only(view_buf(&b), &t, &err), 0);
		cr_assert_eq(tlv_octets(&t, &out, &err), more == 0 ? 0 : -1);
		buf_free(&b);
		buf_free(&out);
	}
}

static int uint_of(const char *hex, uint64_t *ret_v, struct ltps_error *err)
{
	struct view v = unhex(hex);
	struct tlv t;
	cr_assert_eq(tlv_only(v, &t, err), 0, "%s", hex);
	int rc = tlv_uint(&t, ret_v, err);
	drop(v);
	return rc;
}

Test(integer, negative_or_long_or_padded_is_refused)
{
	static const char *const bad[] = {
		"0200",
		"020180",
		"0201ff",
		"02020001",
		"0202007f",
		"0202ffff",
		"0202ff80",
		"0a0180",
		"02088000000000000000",
		"0209 008000000000000000",
		"0209010000000000000000",
		"2203020101",
		"040101",
		"050101",
		"8000",
		"a003020101",
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		uint64_t v = 77;
		const char *hex = bad[i];
		cr_assert_eq(uint_of(hex, &v, &err), -1, "%s", hex);
		assert_object_fault(&err);
		cr_assert_eq(v, 77);
	}
}

Test(integer, values_up_to_63_bits_are_read)
{
	static const struct {
		const char *hex;
		uint64_t v;
	} good[] = {
		{ "020100", 0 },     { "02017f", 127 },
		{ "02020080", 128 }, { "0a0102", 2 },
		{ "80020100", 256 }, { "02087fffffffffffffff", INT64_MAX },
	};
	for (size_t i = 0; i < COUNT(good); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		uint64_t v = 77;
		cr_assert_eq(uint_of(good[i].hex, &v, &err), 0);
		cr_assert_eq(v, good[i].v);
	}
}

Test(boolean, other_length_or_type_is_refused)
{
	static const char *const bad[] = { "0100", "01020101", "020101", "2103010101" };
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct view v = unhex(bad[i]);
		struct tlv t;
		bool value;
		cr_assert_eq(tlv_only(v, &t, &err), 0);
		cr_assert_eq(tlv_boolean(&t, &value, &err), -1, "%s", bad[i]);
		assert_object_fault(&err);
		drop(v);
	}
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tlv t;
	bool value = false;
	cr_assert_eq(tlv_only(view_of("\x01\x01\x01", 3), &t, &err), 0);
	cr_assert_eq(tlv_boolean(&t, &value, &err), 0);
	cr_assert(value); /* BER: anything but zero */
}

Test(time, tag_chooses_the_form)
{
	static const struct {
		uint8_t id;
		const char *text;
		int rc;
	} cases[] = {
		{ 0x17, "260101000000Z", 0 },
		{ 0x18, "20260101000000Z", 0 },
		{ 0x17, "20260101000000Z", -1 },
		{ 0x18, "260101000000Z", -1 },
		{ 0x0c, "20260101000000Z", -1 },
		{ 0x80, "20260101000000Z", -1 },
		{ 0x37, "", -1 },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = buf_make(100);
		struct tlv t;
		int64_t ms = 0;
		cr_assert_eq(der_put(&b, cases[i].id, view_text(cases[i].text), &err),
			     0);
		cr_assert_eq(tlv_only(view_buf(&b), &t, &err), 0);
		cr_assert_eq(tlv_time(&t, &ms, &err), cases[i].rc, "%zu", i);
		cr_assert_eq(ms, cases[i].rc == 0 ? INT64_C(1767225600000) : 0);
		buf_free(&b);
	}
}

/* ---- der_check ---- */

Test(der, other_than_der_is_refused)
{
	static const struct {
		const char *hex, *clause, *where;
	} bad[] = {
		{ "30800000", "X.690 10.1", "offset 0" },
		{ "308100", "X.690 10.1", "offset 0" },
		{ "3082000105", NULL, "offset 0" },
		{ "30050481030102", NULL, NULL },
		{ "3004 048101aa", "X.690 10.1", "offset 2" },
		{ "30820002 0500", "X.690 10.1", "offset 0" },
		{ "bf1f810105", "X.690 10.1", "offset 0" },
		{ "24030401aa", "X.690 10.2", "offset 0" },
		{ "3005 2303030100", "X.690 10.2", "offset 2" },
		{ "2c030c0161", "X.690 10.2", "offset 0" },
		{ "1000", "X.690 10.2", "offset 0" },
		{ "1100", "X.690 10.2", "offset 0" },
		{ "010101", "X.690 11.1", "offset 0" },
		{ "0100", "X.690 11.1", "offset 0" },
		{ "0102ffff", "X.690 11.1", "offset 0" },
		{ "0200", "X.690 8.3.1", "offset 0" },
		{ "02020001", "X.690 8.3.2", "offset 0" },
		{ "0202ff80", "X.690 8.3.2", "offset 0" },
		{ "0a020001", "X.690 8.3.2", "offset 0" },
		{ "0300", "X.690 8.6.2", "offset 0" },
		{ "030108", "X.690 8.6.2", "offset 0" },
		{ "030101", "X.690 8.6.2", "offset 0" },
		{ "03020880", "X.690 8.6.2", "offset 0" },
		{ "03020101", "X.690 11.2.1", "offset 0" },
		{ "03020740", "X.690 11.2.1", "offset 0" },
		{ "050100", "X.690 8.8.2", "offset 0" },
		{ "0600", "X.690 8.19", "offset 0" },
		{ "06012a 80", NULL, NULL },
		{ "06022a80", "X.690 8.19.2", "offset 0" },
		{ "06022a86", "X.690 8.19", "offset 0" },
		{ "0603808001", "X.690 8.19.2", "offset 0" },
		{ "170b323630313031303030305a", "X.690 11.8", "offset 0" },
		{ "18113230323630313031303030303030 2e305a", "X.690 11.7", "offset 0" },
		{ "3106020102020101", "X.690 11.6", "offset 5" },
		{ "31090201020201 03020101", "X.690 11.6", "offset 8" },
		{ "3106 020101 010100", "X.690 11.6", "offset 5" },
		{ "30040500", NULL, "offset 0" },
		{ "30020500 00", NULL, "offset 0" },
		{ "3004 05000000", "X.690 8.1.5", "offset 4" },
		{ "", NULL, "offset 0" },
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		const char *hex = bad[i].hex;
		struct view v = unhex(hex);
		cr_assert_eq(der_check(v, &err), -1, "%s", hex);
		assert_object_fault(&err);
		if (bad[i].clause != NULL)
			cr_assert_str_eq(err.clause, bad[i].clause, "%s: %s", hex,
					 err.text);
		if (bad[i].where != NULL)
			cr_assert_str_eq(err.where, bad[i].where, "%s: %s", hex,
					 err.where);
		drop(v);
	}
}

Test(der, der_is_accepted)
{
	static const char *const good[] = {
		"3000",
		"3100",
		"0500",
		"0101ff",
		"020100",
		"02020080",
		"0201ff",
		"0202ff7f",
		"030100",
		"03020780",
		"0303000102",
		"06012a",
		"06072b81ffffffff7f",
		"8000",
		"a000",
		"a1020500",
		"9f1f00",
		"0400",
		/* SET OF by octets, equal members and SET by tag */
		"3106020101020102",
		"3106020101020101",
		"3107a0020500810100",
		"3107810100a0020500",
		"3106010100020101",
	};
	for (size_t i = 0; i < COUNT(good); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct view v = unhex(good[i]);
		cr_assert_eq(der_check(v, &err), 0, "%s: %s %s", good[i], err.text,
			     err.where);
		drop(v);
	}
}

Test(der, nesting_has_its_limit)
{
	for (size_t more = 0; more < 2; more++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = buf_make(1 << 16);
		for (size_t i = 0; i < ASN1_DEPTH_MAX + more; i++) {
			struct buf outer = buf_make(1 << 16);
			cr_assert_eq(der_put(&outer, DER_SEQUENCE, view_buf(&b), &err),
				     0);
			buf_free(&b);
			b = outer;
		}
		cr_assert_eq(der_check(view_buf(&b), &err), more == 0 ? 0 : -1);
		buf_free(&b);
	}
}

/* ---- writing ---- */

Test(der_put, length_takes_its_shortest_form)
{
	static const struct {
		size_t n;
		const char *header;
	} cases[] = {
		{ 0, "3000" },
		{ 127, "307f" },
		{ 128, "308180" },
		{ 255, "3081ff" },
		{ 256, "30820100" },
		{ 65535, "3082ffff" },
		{ 65536, "3083010000" },
		{ 0xffffffff, "3084ffffffff" },
		{ (size_t)1 << 32, "30850100000000" },
		{ SIZE_MAX, "3088ffffffffffffffff" },
	};
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = buf_make(16);
		cr_assert_eq(der_put_header(&b, DER_SEQUENCE, cases[i].n, &err), 0);
		assert_bytes(&b, cases[i].header);
		cr_assert_eq(der_header_len(cases[i].n), b.n);
		buf_free(&b);
	}
}

Test(der_put, element_that_does_not_fit_leaves_nothing)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(4);
	cr_assert_eq(der_put(&b, 0x04, view_text("abc"), &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	cr_assert_eq(b.n, 0);
	ltps_error_clear(&err);
	cr_assert_eq(der_put(&b, 0x04, view_of("abc", SIZE_MAX), &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	ltps_error_clear(&err);
	struct view members[2] = { view_text("\x05"), view_of("abc", SIZE_MAX) };
	cr_assert_eq(der_put_set_of(&b, DER_SET, members, 2, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	ltps_error_clear(&err);
	members[1] = view_text("abc");
	cr_assert_eq(der_put_set_of(&b, DER_SET, members, 2, &err), -1);
	cr_assert_eq(b.n, 0);
	buf_free(&b);
}

Test(der_put, integers_read_back_and_are_der)
{
	static const uint64_t values[] = {
		0,     1,     127,   128,      255,       256,
		32767, 32768, 65535, 1u << 31, INT64_MAX, (uint64_t)1 << 40
	};
	for (size_t i = 0; i < COUNT(values); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = buf_make(16);
		struct tlv t;
		uint64_t v = 0;
		cr_assert_eq(der_put_uint(&b, values[i], &err), 0);
		cr_assert_eq(der_check(view_buf(&b), &err), 0);
		cr_assert_eq(tlv_only(view_buf(&b), &t, &err), 0);
		cr_assert_eq(tlv_uint(&t, &v, &err), 0);
		cr_assert_eq(v, values[i]);
		buf_free(&b);
	}
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(16);
	cr_assert_eq(der_put_uint(&b, UINT64_MAX, &err), 0);
	assert_bytes(&b, "020900ffffffffffffffff");
	buf_free(&b);
}

Test(der_put, simple_values_have_their_octets)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(100);
	cr_assert_eq(der_put_boolean(&b, true, &err), 0);
	cr_assert_eq(der_put_boolean(&b, false, &err), 0);
	cr_assert_eq(der_put_null(&b, &err), 0);
	assert_bytes(&b, "0101ff0101000500");
	buf_clear(&b);
	cr_assert_eq(der_put_time(&b, 0, &err), 0);
	assert_bytes(&b, "180f31393730303130313030303030305a");
	buf_free(&b);
}

Test(der_put, time_without_a_generalized_time_is_refused)
{
	static const int64_t bad[] = { INT64_MAX, INT64_MIN, INT64_C(253402300800000),
				       INT64_C(-62167219200001) };
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = buf_make(100);
		cr_assert_eq(der_put_time(&b, bad[i], &err), -1);
		cr_assert_eq(err.code, LTPS_ARGUMENT);
		cr_assert_eq(b.n, 0);
		buf_free(&b);
	}
}

Test(der_put, set_of_is_sorted_by_octets)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(100);
	struct view members[] = { view_of("\x02\x01\x05", 3),
				  view_of("\x02\x02\x01\x00", 4),
				  view_of("\x01\x01\x00", 3),
				  view_of("\x02\x01\x03", 3) };
	cr_assert_eq(der_put_set_of(&b, 0xa0, members, 4, &err), 0);
	assert_bytes(&b, "a00d01010002010302010502020100");
	cr_assert_eq(members[0].p[2], 5);
	buf_clear(&b);
	cr_assert_eq(der_put_set_of(&b, DER_SET, NULL, 0, &err), 0);
	assert_bytes(&b, "3100");
	buf_free(&b);
}

/* ---- oid ---- */

static const struct {
	const char *dotted, *hex;
} oids[] = {
	{ "0.0", "060100" },
	{ "0.39", "060127" },
	{ "1.0", "060128" },
	{ "1.39", "06014f" },
	{ "2.0", "060150" },
	{ "2.47", "06017f" },
	{ "2.48", "06028100" },
	{ "2.999.3", "0603883703" },
	{ "1.2.840.113549.1.9.16.1.4", "060b2a864886f70d0109100104" },
	{ "2.16.840.1.101.3.4.2.10", "060960864801650304020a" },
	{ "1.2.18446744073709551616", "060b2a82808080808080808000" },
	{ "2.25.340282366920938463463374607431768211455",
	  "06146983ffffffffffffffffffffffffffffffffff7f" },
};

Test(oid, text_and_octets_agree)
{
	for (size_t i = 0; i < COUNT(oids); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = buf_make(100);
		struct tlv t;
		char text[OID_TEXT_MAX];
		cr_assert_eq(der_put_oid(&b, oids[i].dotted, &err), 0, "%s",
			     oids[i].dotted);
		assert_bytes(&b, oids[i].hex);
		cr_assert_eq(tlv_only(view_buf(&b), &t, &err), 0);
		oid_text(t.body, text);
		cr_assert_str_eq(text, oids[i].dotted);
		cr_assert(oid_is(t.body, oids[i].dotted));
		cr_assert(!oid_is(t.body, "1.2.3"));
		cr_assert(!oid_is(view_head(t.body, t.body.n - 1), oids[i].dotted));
		buf_free(&b);
	}
}

Test(oid, malformed_octets_have_no_text)
{
	static const char *const bad[] = {
		"",
		"80",
		"8001",
		"2a80",
		"2a8001",
		"2a86",
		"ff",
		/* 2^128: one beyond the longest arc that has a text */
		"2a84808080808080808080808080808080808000",
		"2affffffffffffffffffffffffffffffffffffffffffffffffffff7f",
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct view v = unhex(bad[i]);
		char text[OID_TEXT_MAX] = "x";
		oid_text(v, text);
		cr_assert_str_eq(text, "", "%s: %s", bad[i], text);
		cr_assert(!oid_is(v, ""));
		drop(v);
	}
}

Test(oid, text_too_long_is_empty)
{
	uint8_t body[200];
	char text[OID_TEXT_MAX] = "x";
	memset(body, 1, sizeof(body));
	body[0] = 0x2a;
	/* "1.2" and two characters for each further arc, and the NUL. */
	oid_text(view_of(body, 1 + 62), text);
	cr_assert_eq(strlen(text), 127);
	oid_text(view_of(body, 1 + 63), text);
	cr_assert_str_eq(text, "");
	oid_text(view_of(body, sizeof(body)), text);
	cr_assert_str_eq(text, "");
}

Test(oid, malformed_text_is_refused)
{
	static const char *const bad[] = {
		"",
		"1",
		"1.",
		".1.2",
		"1..2",
		"1.2.",
		"3.1",
		"0.40",
		"1.40",
		"01.2",
		"1.02",
		"1.2.00",
		"1.2.a",
		"1.2 ",
		" 1.2",
		"1,2",
		"-1.2",
		"1.-2",
		"+1.2",
		"1.2.3x",
		"1.2.340282366920938463463374607431768211456",
		"2.340282366920938463463374607431768211455",
		"1.2.99999999999999999999999999999999999999999999999999",
	};
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = buf_make(100);
		cr_assert_eq(der_put_oid(&b, bad[i], &err), -1, "%s", bad[i]);
		cr_assert_eq(err.code, LTPS_ARGUMENT);
		cr_assert_eq(b.n, 0);
		cr_assert(!oid_is(view_text("\x2a"), bad[i]));
		buf_free(&b);
	}
}

Test(oid, text_of_many_arcs_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(1000);
	char text[403] = "1.2";
	for (size_t i = 3; i + 2 < sizeof(text); i += 2)
		memcpy(text + i, ".1", 3);
	cr_assert_eq(der_put_oid(&b, text, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
	buf_free(&b);
}
