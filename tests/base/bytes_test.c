/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "base/mem.h"

Test(view, null_views_are_equal_and_harmless)
{
	cr_assert(view_equal(VIEW_NULL, VIEW_NULL));
	cr_assert(view_equal(VIEW_NULL, view_text("")));
	cr_assert_eq(view_compare(VIEW_NULL, VIEW_NULL), 0);
	cr_assert(view_starts(VIEW_NULL, VIEW_NULL));
	cr_assert(!view_starts(VIEW_NULL, view_text("a")));
	cr_assert_eq(view_skip(VIEW_NULL, 3).n, 0);
	cr_assert_eq(view_head(VIEW_NULL, 3).n, 0);
	cr_assert(view_is_text(VIEW_NULL, ""));
	cr_assert(utf8_valid(VIEW_NULL));
}

Test(view, unequal_length_or_byte_is_unequal)
{
	cr_assert(!view_equal(view_text("ab"), view_text("abc")));
	cr_assert(!view_equal(view_text("abd"), view_text("abc")));
	cr_assert(!view_is_text(view_of("ab\0", 3), "ab"));
}

Test(view, compare_orders_bytes_unsigned_and_prefix_first)
{
	cr_assert_lt(view_compare(view_text("ab"), view_text("abc")), 0);
	cr_assert_gt(view_compare(view_text("abc"), view_text("ab")), 0);
	cr_assert_gt(view_compare(view_text("\x80"), view_text("\x7f")), 0);
	cr_assert_lt(view_compare(VIEW_NULL, view_text("a")), 0);
}

Test(view, head_and_skip_are_clipped)
{
	struct view v = view_text("abc");
	cr_assert(view_is_text(view_head(v, 9), "abc"));
	cr_assert(view_is_text(view_head(v, 2), "ab"));
	cr_assert(view_is_text(view_skip(v, 2), "c"));
	cr_assert_eq(view_skip(v, SIZE_MAX).n, 0);
}

Test(buf, zeroed_buffer_takes_nothing)
{
	struct buf b = { 0 };
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(buf_put(&b, VIEW_NULL, &err), 0);
	cr_assert_eq(buf_put_byte(&b, 1, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	cr_assert_eq(err.fault, LTPS_FAULT_SELF);
	buf_free(&b);
	buf_free(NULL);
}

Test(buf, never_grows_beyond_its_maximum)
{
	struct buf b = buf_make(100);
	struct ltps_error err = LTPS_ERROR_INIT;
	for (int i = 0; i < 100; i++)
		cr_assert_eq(buf_put_byte(&b, (uint8_t)i, &err), 0);
	cr_assert_leq(b.cap, 100);
	cr_assert_eq(buf_put_byte(&b, 1, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	cr_assert_eq(b.n, 100);
	cr_assert_eq(b.p[99], 99);
	buf_free(&b);
	cr_assert_eq(b.max, 100);
}

Test(buf, put_that_does_not_fit_leaves_the_contents)
{
	struct buf b = buf_make(5);
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(buf_put_text(&b, "abc", &err), 0);
	cr_assert_eq(buf_put_text(&b, "def", &err), -1);
	cr_assert(view_is_text(view_buf(&b), "abc"));
	ltps_error_clear(&err);
	cr_assert_eq(buf_put_fmt(&b, &err, "%d", 123), -1);
	cr_assert(view_is_text(view_buf(&b), "abc"));
	ltps_error_clear(&err);
	cr_assert_eq(buf_reserve(&b, SIZE_MAX, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	buf_free(&b);
}

Test(buf, failed_allocation_leaves_the_contents)
{
	struct buf b = buf_make(1000);
	struct ltps_error err = LTPS_ERROR_INIT;
	uint8_t block[200] = { 7 };
	cr_assert_eq(buf_put_text(&b, "abc", &err), 0);
	mem_fail_nth(1);
	cr_assert_eq(buf_put(&b, view_of(block, sizeof(block)), &err), -1);
	cr_assert_eq(err.code, LTPS_NOMEM);
	cr_assert(view_is_text(view_buf(&b), "abc"));
	buf_free(&b);
}

Test(buf, format_and_text_work_at_the_very_maximum)
{
	struct buf b = buf_make(7);
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *s = NULL;
	cr_assert_eq(buf_put_fmt(&b, &err, "%s-%03d", "abc", 7), 0);
	cr_assert_eq(buf_text(&b, &s, &err), 0);
	cr_assert_str_eq(s, "abc-007");
	cr_assert_eq(b.n, 7);
	cr_assert_eq(buf_put_byte(&b, 1, &err), -1);
	buf_free(&b);
}

Test(buf, text_of_an_empty_buffer_is_empty)
{
	struct buf b = buf_make(0);
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *s = NULL;
	cr_assert_eq(buf_text(&b, &s, &err), 0);
	cr_assert_str_eq(s, "");
	buf_free(&b);
}

Test(buf, take_leaves_an_empty_buffer)
{
	struct buf b = buf_make(10);
	struct ltps_error err = LTPS_ERROR_INIT;
	size_t n = 0;
	cr_assert_eq(buf_put_text(&b, "abc", &err), 0);
	uint8_t *p = buf_take(&b, &n);
	cr_assert_eq(n, 3);
	cr_assert_eq(b.p, NULL);
	cr_assert_eq(b.max, 10);
	cr_assert_eq(buf_put_text(&b, "0123456789", &err), 0);
	cr_assert_eq(memcmp(p, "abc", 3), 0);
	mem_free(p);
	buf_free(&b);
}

Test(buf, clear_keeps_the_memory)
{
	struct buf b = buf_make(10);
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(buf_put_text(&b, "abc", &err), 0);
	uint8_t *p = b.p;
	buf_clear(&b);
	cr_assert_eq(b.n, 0);
	cr_assert_eq(buf_put_text(&b, "x", &err), 0);
	cr_assert_eq(b.p, p);
	buf_free(&b);
}

static int hex_try(const char *text, struct buf *out, struct ltps_error *err)
{
	ltps_error_clear(err);
	return hex_decode(view_text(text), out, err);
}

Test(hex, malformed_is_refused_and_nothing_written)
{
	struct buf b = buf_make(100);
	struct ltps_error err = LTPS_ERROR_INIT;
	static const char *const bad[] = { "0",
					   "abc",
					   "0g",
					   "g0",
					   " 00",
					   "00 1",
					   "0x00",
					   "/0",
					   ":0",
					   "@0",
					   "G0",
					   "`0",
					   "-1",
					   ("\377"
					    "0") };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_eq(hex_try(bad[i], &b, &err), -1, "%s", bad[i]);
		cr_assert_eq(err.code, LTPS_FORMAT);
		cr_assert_eq(err.fault, LTPS_FAULT_CALLER);
		cr_assert_eq(b.n, 0);
	}
	cr_assert_eq(hex_try("00zz", &b, &err), -1);
	cr_assert_str_eq(err.where, "offset 2");
	b.max = 1;
	cr_assert_eq(hex_try("0011", &b, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	buf_free(&b);
}

Test(hex, all_bytes_survive_in_either_case)
{
	struct buf b = buf_make(1000);
	struct ltps_error err = LTPS_ERROR_INIT;
	uint8_t all[256];
	char text[513];
	for (int i = 0; i < 256; i++)
		all[i] = (uint8_t)i;
	hex_encode(view_of(all, 256), text);
	cr_assert_eq(memcmp(text, "00010203", 8), 0);
	cr_assert_str_eq(text + 508, "feff");
	cr_assert_eq(hex_try(text, &b, &err), 0);
	cr_assert(view_equal(view_buf(&b), view_of(all, 256)));
	buf_clear(&b);
	cr_assert_eq(hex_try("aBCDeF", &b, &err), 0);
	cr_assert_eq(memcmp(b.p, "\xab\xcd\xef", 3), 0);
	hex_encode(VIEW_NULL, text);
	cr_assert_str_eq(text, "");
	buf_free(&b);
}

/* RFC 4648 10. */
static const struct {
	const char *plain, *coded;
} b64_vectors[] = {
	{ "", "" },
	{ "f", "Zg==" },
	{ "fo", "Zm8=" },
	{ "foo", "Zm9v" },
	{ "foob", "Zm9vYg==" },
	{ "fooba", "Zm9vYmE=" },
	{ "foobar", "Zm9vYmFy" },
};

Test(b64, vectors_of_the_standard_hold)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	for (size_t i = 0; i < sizeof(b64_vectors) / sizeof(b64_vectors[0]); i++) {
		struct buf b = buf_make(100);
		struct view plain = view_text(b64_vectors[i].plain);
		struct view coded = view_text(b64_vectors[i].coded);
		cr_assert_eq(b64_encode(plain, &b, &err), 0);
		cr_assert(view_equal(view_buf(&b), coded));
		cr_assert_eq(b64_encoded_len(plain.n), coded.n);
		buf_clear(&b);
		cr_assert_eq(b64_decode(coded, false, &b, &err), 0);
		cr_assert(view_equal(view_buf(&b), plain));
		buf_free(&b);
	}
}

/* In place and to a buffer; both must agree. The copy has its exact size. */
static int b64_try(struct view text, bool lax, struct buf *out, struct ltps_error *err)
{
	struct ltps_error other = LTPS_ERROR_INIT;
	uint8_t *copy = mem_dup(text.n > 0 ? text.p : (const uint8_t *)"", text.n);
	size_t n = 0;
	cr_assert_neq(copy, NULL);
	ltps_error_clear(err);
	buf_clear(out);
	int rc = b64_decode(view_of(copy, text.n), lax, out, err);
	cr_assert_eq(b64_decode_in_place(copy, text.n, lax, &n, &other), rc);
	cr_assert_str_eq(err->where, other.where);
	cr_assert_eq(out->n, n);
	if (rc == 0)
		cr_assert(view_equal(view_buf(out), view_of(copy, n)));
	mem_free(copy);
	return rc;
}

Test(b64, malformed_is_refused_at_its_offset)
{
	static const struct {
		const char *text, *where;
	} bad[] = {
		{ "Z", "offset 1" },
		{ "Zg", "offset 2" },
		{ "Zm8", "offset 3" },
		{ "Zg=", "offset 3" },
		{ "Zg===", "offset 5" },
		{ "=", "offset 1" },
		{ "==", "offset 2" },
		{ "====", "offset 0" },
		{ "A===", "offset 1" },
		{ "Zm9vYg==Zm9v", "offset 6" },
		{ "Zg=a", "offset 2" },
		{ "Zm9v====", "offset 4" },
		{ "Zm9v\n", "offset 5" },
		{ "Zm9\n", "offset 3" },
		{ " Zm9", "offset 0" },
		{ "Zm9v Zm9v Zm", "offset 4" },
		{ "Zm9-", "offset 3" },
		{ "Zm9_", "offset 3" },
		{ "Zm9vZm9vZ\xc3\xa6v", "offset 9" },
		{ "Zm*=", "offset 2" },
		{ "Z*==", "offset 1" },
	};
	struct buf b = buf_make(100);
	struct ltps_error err;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		cr_assert_eq(b64_try(view_text(bad[i].text), false, &b, &err), -1, "%s",
			     bad[i].text);
		cr_assert_eq(err.code, LTPS_FORMAT);
		cr_assert_eq(err.fault, LTPS_FAULT_CALLER);
		cr_assert_str_eq(err.where, bad[i].where, "%s: %s", bad[i].text,
				 err.where);
	}
	buf_free(&b);
}

Test(b64, nul_byte_is_foreign)
{
	struct buf b = buf_make(100);
	struct ltps_error err;
	cr_assert_eq(b64_try(view_of("AA\0A", 4), false, &b, &err), -1);
	cr_assert_str_eq(err.where, "offset 2");
	buf_free(&b);
}

Test(b64, trailing_bits_must_be_zero)
{
	static const char *const bad[] = {
		"Zh==", "Zv==", "Zm9=", "Zm/=", "Zh", "Zm9"
	};
	struct buf b = buf_make(100);
	struct ltps_error err;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(b64_try(view_text(bad[i]), true, &b, &err), -1, "%s",
			     bad[i]);
	cr_assert_eq(b64_try(view_text("Zh=="), false, &b, &err), -1);
	cr_assert_eq(b64_try(view_text("Zm9="), false, &b, &err), -1);
	buf_free(&b);
}

Test(b64, lax_accepts_missing_padding_only)
{
	struct buf b = buf_make(100);
	struct ltps_error err;
	cr_assert_eq(b64_try(view_text("Zg"), true, &b, &err), 0);
	cr_assert(view_is_text(view_buf(&b), "f"));
	cr_assert_eq(b64_try(view_text("Zm8"), true, &b, &err), 0);
	cr_assert(view_is_text(view_buf(&b), "fo"));
	cr_assert_eq(b64_try(view_text("Zm9vYg=="), true, &b, &err), 0);
	static const char *const bad[] = { "Z",    "Zm9vZ", "Zg=",  "Zm8==",   "=",
					   "====", "Zm9v=", "Zm 8", "Zm9v\r\n" };
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(b64_try(view_text(bad[i]), true, &b, &err), -1, "%s",
			     bad[i]);
	buf_free(&b);
}

Test(b64, every_character_but_the_alphabet_is_foreign)
{
	static const char alphabet[] =
	    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	struct buf b = buf_make(100);
	struct ltps_error err;
	for (int c = 0; c < 256; c++) {
		char text[4] = { 'A', (char)c, 'A', 'A' };
		bool good = c != 0 && strchr(alphabet, c) != NULL;
		cr_assert_eq(b64_try(view_of(text, 4), false, &b, &err), good ? 0 : -1,
			     "%d", c);
	}
	buf_free(&b);
}

Test(b64, all_lengths_survive)
{
	uint8_t data[300];
	struct buf coded = buf_make(1000), plain = buf_make(1000);
	struct ltps_error err = LTPS_ERROR_INIT;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 167 + 13);
	for (size_t n = 0; n <= sizeof(data); n++) {
		buf_clear(&coded);
		cr_assert_eq(b64_encode(view_of(data, n), &coded, &err), 0);
		cr_assert_eq(coded.n, b64_encoded_len(n));
		cr_assert_eq(b64_try(view_buf(&coded), false, &plain, &err), 0);
		cr_assert(view_equal(view_buf(&plain), view_of(data, n)));
	}
	buf_free(&coded);
	buf_free(&plain);
}

Test(b64, encoding_beyond_the_maximum_is_refused)
{
	struct buf b = buf_make(7);
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(b64_encode(view_text("foob"), &b, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	cr_assert_eq(b.n, 0);
	ltps_error_clear(&err);
	b.max = 2;
	cr_assert_eq(b64_decode(view_text("Zm9v"), false, &b, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	buf_free(&b);
}

Test(utf8, malformed_is_refused)
{
	static const char *const bad[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xc2",
		"\xc2\x41",
		"\xc2\xc2",
		"\xe0\x80\x80",
		"\xe0\x9f\xbf",
		"\xe1\x80",
		"\xed\xa0\x80",
		"\xed\xbf\xbf",
		"\xef\xbf",
		"\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf",
		"\xf0\x90\x80",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xf8\x88\x80\x80\x80",
		"\xfe",
		"\xff",
		"abcdefgh\x80",
		"abcdefghijk\xc3",
		"\xe2\x82\x41",
		"\xf0\x9f\x98\x41",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert(!utf8_valid(view_text(bad[i])), "%zu", i);
	cr_assert(!utf8_valid(view_of("\xe2\x82\xac", 2)));
}

Test(utf8, boundaries_are_accepted)
{
	static const char *const good[] = {
		"\x7f",
		"\xc2\x80",
		"\xdf\xbf",
		"\xe0\xa0\x80",
		"\xed\x9f\xbf",
		"\xee\x80\x80",
		"\xef\xbf\xbf",
		"\xf0\x90\x80\x80",
		"abcdefg\xc3\xa6",
		"abcdefgh\xe2\x82\xac",
		"\xf4\x8f\xbf\xbf",
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++)
		cr_assert(utf8_valid(view_text(good[i])), "%zu", i);
	cr_assert(utf8_valid(view_of("a\0b", 3)));
}
