/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pdf_filter.h"

#include <criterion/criterion.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"

#define ROOM ((size_t)1 << 20)

static struct arena arena;

static void setup(void)
{
	arena = arena_make(ROOM);
}

static void teardown(void)
{
	arena_free(&arena);
}

TestSuite(pdf_filter, .init = setup, .fini = teardown);

/* A stream with this dictionary (without its brackets) and data. */
static struct pdf_value stream(const char *entries, struct view data)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(ROOM);
	const struct pdf_value *v;
	struct view text;
	cr_assert_eq(buf_put_fmt(&b, &err, "<<%s>>", entries), 0);
	cr_assert_eq(arena_copy(&arena, view_buf(&b), &text, &err), 0);
	cr_assert_eq(pdf_value_read(text, &arena, &v, NULL, &err), 0, "%s", err.text);
	buf_free(&b);
	struct pdf_value s = *v;
	s.kind = PDF_STREAM;
	s.data = data;
	return s;
}

static struct view deflated(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	uint8_t out[8192];
	uLongf n = sizeof(out);
	struct view v;
	cr_assert_eq(compress2(out, &n, in.p, in.n, 9), Z_OK);
	cr_assert_eq(arena_copy(&arena, view_of(out, n), &v, &err), 0);
	return v;
}

static enum ltps_code decode(const char *entries, struct view data, struct buf *out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_value s = stream(entries, data);
	int rc = pdf_filter_decode(&s, out, &err);
	cr_assert_eq(rc == 0, err.code == LTPS_OK);
	return err.code;
}

static void cr_refused(const char *entries, struct view data, enum ltps_code code)
{
	struct buf out = buf_make(ROOM);
	cr_assert_eq(decode(entries, data, &out), code, "%s: %.*s", entries,
		     (int)data.n, (const char *)data.p);
	buf_free(&out);
}

static void cr_decoded(const char *entries, struct view data, struct view expected)
{
	struct buf out = buf_make(ROOM);
	cr_assert_eq(decode(entries, data, &out), LTPS_OK, "%s", entries);
	cr_assert(view_equal(view_buf(&out), expected), "%s: %.*s", entries, (int)out.n,
		  (const char *)out.p);
	buf_free(&out);
}

/* ---- refused ---- */

Test(pdf_filter, other_filters_are_unsupported)
{
	static const char *const other[] = {
		"/Filter/LZWDecode",
		"/Filter/DCTDecode",
		"/Filter/Crypt",
		"/Filter/Fl",
		"/Filter[/FlateDecode/JBIG2Decode]",
		"/F(elsewhere)",
	};
	for (size_t i = 0; i < sizeof(other) / sizeof(other[0]); i++)
		cr_refused(other[i], deflated(view_text("a")), LTPS_UNSUPPORTED);
}

Test(pdf_filter, filters_of_a_false_kind_are_refused)
{
	static const char *const bad[] = {
		"/Filter 1",
		"/Filter 1 0 R",
		"/Filter[1 0 R]",
		"/Filter[[/FlateDecode]]",
		"/Filter/FlateDecode/DecodeParms 1 0 R",
		"/Filter/FlateDecode/DecodeParms 3",
		"/Filter[/FlateDecode]/DecodeParms[/A]",
		"/Filter/FlateDecode/DecodeParms<</Predictor 3>>",
		"/Filter/FlateDecode/DecodeParms<</Predictor 16>>",
		"/Filter/FlateDecode/DecodeParms<</Predictor/X>>",
		"/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 0>>",
		"/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 99999999999>>",
		"/Filter/FlateDecode/DecodeParms<</Predictor 12/Colors -1>>",
		"/Filter/FlateDecode/DecodeParms<</Predictor 12/BitsPerComponent 3>>",
		"/Filter/FlateDecode/DecodeParms<</Predictor 12/BitsPerComponent 32>>",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_refused(bad[i], deflated(view_text("a")), LTPS_FORMAT);
	cr_refused("/Filter[/A/A/A/A/A/A/A/A/A]", view_text(""), LTPS_TOO_LARGE);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(ROOM);
	struct pdf_value s = stream("", view_text("a"));
	s.kind = PDF_DICT;
	cr_assert_eq(pdf_filter_decode(&s, &out, &err), -1);
}

Test(pdf_filter, broken_deflated_data_is_refused)
{
	struct view good = deflated(view_text("some text, some text, some text"));
	uint8_t broken[128];
	cr_refused("/Filter/FlateDecode", VIEW_NULL, LTPS_FORMAT);
	for (size_t n = 0; n < good.n - 4; n++)
		cr_refused("/Filter/FlateDecode", view_head(good, n), LTPS_FORMAT);
	for (size_t n = good.n - 4; n < good.n; n++) /* the checksum may be missing */
		cr_decoded("/Filter/FlateDecode", view_head(good, n),
			   view_text("some text, some text, some text"));
	memcpy(broken, good.p, good.n);
	broken[good.n - 1] ^= 1; /* checksum */
	cr_refused("/Filter/FlateDecode", view_of(broken, good.n), LTPS_FORMAT);
	memcpy(broken, good.p, good.n);
	broken[good.n] = 'x'; /* behind the end */
	cr_refused("/Filter/FlateDecode", view_of(broken, good.n + 1), LTPS_FORMAT);
	broken[good.n] = '\n';
	cr_decoded("/Filter/FlateDecode", view_of(broken, good.n + 1),
		   view_text("some text, some text, some text"));
}

Test(pdf_filter, more_than_the_bound_is_refused)
{
	static const uint8_t zeros[5000];
	struct view data = deflated(view_of(zeros, sizeof(zeros)));
	for (size_t max = 0; max < 5000; max += 500) {
		struct buf out = buf_make(max);
		cr_assert_eq(decode("/Filter/FlateDecode", data, &out), LTPS_TOO_LARGE);
		buf_free(&out);
	}
	struct buf out = buf_make(5000);
	cr_assert_eq(decode("/Filter/FlateDecode", data, &out), LTPS_OK);
	cr_assert_eq(out.n, 5000);
	buf_free(&out);
	struct buf small = buf_make(2);
	cr_assert_eq(decode("", view_text("abc"), &small), LTPS_TOO_LARGE);
	cr_assert_eq(decode("/Filter/ASCIIHexDecode", view_text("616263>"), &small),
		     LTPS_TOO_LARGE);
	buf_clear(&small);
	cr_assert_eq(decode("/Filter/ASCII85Decode", view_text("z~>"), &small),
		     LTPS_TOO_LARGE);
	buf_free(&small);
}

Test(pdf_filter, rows_cut_off_or_of_unknown_filter_are_refused)
{
	static const char png[] =
	    "/Filter/FlateDecode/DecodeParms<</Predictor 15/Columns 3>>";
	static const char tiff[] =
	    "/Filter/FlateDecode/DecodeParms<</Predictor 2/Columns 3>>";
	cr_refused(png, deflated(view_of("\0abc\0de", 7)), LTPS_FORMAT);
	cr_refused(png, deflated(view_of("\5abc", 4)), LTPS_FORMAT);
	cr_refused(tiff, deflated(view_of("abcd", 4)), LTPS_FORMAT);
}

Test(pdf_filter, broken_ascii_is_refused)
{
	static const char *const hex[] = { "41", "4G>", "41>4", "", "41 42" };
	static const char *const a85[] = { "",     "z",       "!~>",      "z~",  "~ >",
					   "!z~>", "vvvvv~>", "s8W-\"~>", "z~>z" };
	for (size_t i = 0; i < sizeof(hex) / sizeof(hex[0]); i++)
		cr_refused("/Filter/ASCIIHexDecode", view_text(hex[i]), LTPS_FORMAT);
	for (size_t i = 0; i < sizeof(a85) / sizeof(a85[0]); i++)
		cr_refused("/Filter/ASCII85Decode", view_text(a85[i]), LTPS_FORMAT);
}

Test(pdf_filter, failing_allocation_is_an_error)
{
	struct pdf_value s =
	    stream("/Filter[/FlateDecode/FlateDecode]",
		   deflated(deflated(view_text("text text text text text"))));
	for (uint64_t n = 1; n < 20; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf out = buf_make(ROOM);
		mem_fail_nth(n);
		int rc = pdf_filter_decode(&s, &out, &err);
		int hit = mem_fail_hit();
		mem_fail_nth(0);
		cr_assert_eq(rc, hit ? -1 : 0);
		cr_assert(!hit || err.code == LTPS_NOMEM);
		buf_free(&out);
	}
}

/* ---- decoded ---- */

Test(pdf_filter, without_a_filter_the_data_is_as_it_is)
{
	cr_decoded("", view_text("abc"), view_text("abc"));
	cr_decoded("/Filter null", view_text("abc"), view_text("abc"));
	cr_decoded("/Filter[]", view_text("abc"), view_text("abc"));
}

Test(pdf_filter, filters_in_a_row)
{
	cr_decoded("/Filter/FlateDecode", deflated(view_text("abc")), view_text("abc"));
	cr_decoded("/Filter/ASCIIHexDecode", view_text("61 62\n636>"),
		   view_text("abc`"));
	cr_decoded("/Filter/ASCII85Decode", view_text("9jqo^ Bl\nbD-~>"),
		   view_text("Man is d"));
	cr_decoded("/Filter/ASCII85Decode", view_text("z9jn~>\n"),
		   view_of("\0\0\0\0Ma", 6));
	cr_decoded("/Filter/ASCII85Decode", view_text("~>"), VIEW_NULL);
	cr_decoded("/Filter[/FlateDecode/FlateDecode/ASCIIHexDecode]/DecodeParms[null]",
		   deflated(deflated(view_text("414243>"))), view_text("ABC"));
	cr_decoded("/Filter[/ASCIIHexDecode/FlateDecode]/DecodeParms[null<<>>]",
		   view_text("78 9c 4b 04 00 00 62 00 62>"), view_text("a"));
}

Test(pdf_filter, png_rows_of_every_kind)
{
	static const uint8_t rows[] = { 0, 10, 20, 30, 40, 1, 1, 2, 3, 4,
					2, 1,  1,  1,  1,  3, 2, 2, 2, 2,
					4, 1,  1,  1,  1,  4, 0, 9, 0, 200 };
	/* By hand: pixels of two octets. */
	static const uint8_t plain[] = { 10, 20, 30, 40, 1, 2, 4, 6, 2, 3,  5, 7,
					 3,  3,  6,  7,  4, 4, 7, 8, 4, 13, 7, 213 };
	static const char entries[] =
	    "/Filter/FlateDecode/DecodeParms<</Predictor 10/Colors 2/Columns 2>>";
	cr_decoded(entries, deflated(view_of(rows, sizeof(rows))),
		   view_of(plain, sizeof(plain)));
	cr_decoded(entries, deflated(VIEW_NULL), VIEW_NULL);
	struct buf exact = buf_make(sizeof(plain));
	cr_assert_eq(decode(entries, deflated(view_of(rows, sizeof(rows))), &exact),
		     LTPS_OK);
	cr_assert_eq(exact.n, sizeof(plain));
	buf_free(&exact);
	struct buf less = buf_make(sizeof(plain) - 1);
	cr_assert_neq(decode(entries, deflated(view_of(rows, sizeof(rows))), &less),
		      LTPS_OK);
	buf_free(&less);
}

Test(pdf_filter, tiff_rows_of_every_width)
{
	static const char *const parms[] = {
		"/Filter/FlateDecode/DecodeParms<</Predictor 2/Columns 4>>",
		"/Filter/FlateDecode/DecodeParms<</Predictor 2/Columns 2/Colors 2>>",
		"/Filter/FlateDecode/DecodeParms<</Predictor 2/Columns 2"
		"/BitsPerComponent 16>>",
		"/Filter/FlateDecode/DecodeParms<</Predictor 2/Columns 8"
		"/BitsPerComponent 4>>",
		"/Filter/FlateDecode/DecodeParms<</Predictor 2/Columns 30"
		"/BitsPerComponent 1>>",
	};
	static const uint8_t in[] = { 0x01, 0xff, 0x02, 0x80 };
	static const uint8_t out[][4] = {
		{ 0x01, 0x00, 0x02, 0x82 }, { 0x01, 0xff, 0x03, 0x7f },
		{ 0x01, 0xff, 0x04, 0x7f }, { 0x01, 0x0f, 0xf1, 0x99 },
		{ 0x01, 0x55, 0xfc, 0xfc },
	};
	for (size_t i = 0; i < 5; i++)
		cr_decoded(parms[i], deflated(view_of(in, 4)), view_of(out[i], 4));
}

Test(pdf_filter, png_in_a_row_of_the_samples_of_a_cross_reference_stream)
{
	static const uint8_t rows[] = {
		2, 1, 0, 16, 0, 2, 0, 0, 100, 0, 2, 0, 0, 156, 0
	};
	static const uint8_t plain[] = { 1, 0, 16, 0, 1, 0, 116, 0, 1, 0, 16, 0 };
	cr_decoded("/Filter/FlateDecode/DecodeParms<</Predictor 12/Columns 4>>",
		   deflated(view_of(rows, sizeof(rows))),
		   view_of(plain, sizeof(plain)));
}
