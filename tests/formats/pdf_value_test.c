/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pdf_value.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"

#define ROOM ((size_t)64 << 20)

static struct arena arena;

static void setup(void)
{
	arena = arena_make(ROOM);
}

static void teardown(void)
{
	arena_free(&arena);
}

TestSuite(pdf_value, .init = setup, .fini = teardown);

static const struct pdf_value *read_octets(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct pdf_value *v = NULL;
	cr_assert_eq(pdf_value_read(in, &arena, &v, NULL, &err), 0, "%.*s: %s",
		     (int)in.n, (const char *)in.p, err.text);
	return v;
}

static const struct pdf_value *read_text(const char *text)
{
	return read_octets(view_text(text));
}

static enum ltps_code refused(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct pdf_value *v = NULL;
	int rc = pdf_value_read(in, &arena, &v, NULL, &err);
	cr_assert_eq(rc, -1, "%.*s", (int)in.n, (const char *)in.p);
	cr_assert_null(v);
	cr_assert(err.fault == LTPS_FAULT_OBJECT || err.code == LTPS_NOMEM);
	return err.code;
}

/* ---- refused ---- */

Test(pdf_value, what_is_no_object_is_refused_with_its_offset)
{
	static const char *const bad[] = {
		"", /* nothing */
		" \n% only a comment",
		"1 2", /* octets behind */
		"nul",
		"nullx",
		"TRUE",
		"endobj",
		"--5",
		"+-5",
		"1.2.3",
		"1-2",
		"1e5",
		"+",
		".",
		"-.",
		"9223372036854775808",
		"-9223372036854775809",
		"99999999999999999999999999999",
		"R",
		"{",
		"}",
		")",
		"]",
		">>",
		">",
		"[",
		"[1 2",
		"[1 2>>",
		"<<",
		"<</A",
		"<</A>>",
		"<</A 1 /B>>",
		"<</A 1]",
		"<<1 2>>",
		"<<(A) 2>>",
		"<</A 1>",
		"<<[/A] 1>>",
		"(never ends",
		"(a(b)",
		"(ends with a backslash\\",
		"(escaped\\)",
		"<4",
		"<4G>",
		"<(>",
		"/A#",
		"/A#4",
		"/A#4G",
		"/A#00",
		"0 0 R", /* no object has the number 0 */
		"1 65536 R",
		"8388608 0 R",
		"+1 0 R",
		"1 -0 R",
		"1 0 r",
		"1 0 RX",
		"1.0 0 R",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_assert_eq(refused(view_text(bad[i])), LTPS_FORMAT, "%s", bad[i]);
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct pdf_value *v;
	cr_assert_eq(pdf_value_read(view_text("[1 2 )"), &arena, &v, NULL, &err), -1);
	cr_assert_str_eq(err.where, "offset 5");
}

Test(pdf_value, depth_beyond_the_limit_is_refused)
{
	char text[4 * PDF_DEPTH_MAX + 8] = "";
	for (int i = 0; i < PDF_DEPTH_MAX; i++)
		strcat(text, "[");
	for (int i = 0; i < PDF_DEPTH_MAX; i++)
		strcat(text, "]");
	cr_assert_eq(read_text(text)->kind, PDF_ARRAY);
	memset(text, '[', PDF_DEPTH_MAX + 1);
	memset(text + PDF_DEPTH_MAX + 1, ']', PDF_DEPTH_MAX + 1);
	text[2 * PDF_DEPTH_MAX + 2] = 0;
	cr_assert_eq(refused(view_text(text)), LTPS_TOO_LARGE);
}

Test(pdf_value, a_million_open_brackets_cost_no_stack)
{
	size_t n = 1000000;
	char *text = mem_alloc(n);
	memset(text, '[', n);
	cr_assert_eq(refused(view_of(text, n)), LTPS_TOO_LARGE);
	memset(text, '(', n);
	cr_assert_eq(refused(view_of(text, n)), LTPS_FORMAT);
	mem_free(text);
}

Test(pdf_value, more_elements_than_the_arena_has_room_for_are_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct arena small = arena_make(4096);
	struct buf b = buf_make(ROOM);
	const struct pdf_value *v;
	cr_assert_eq(buf_put_text(&b, "[", &err), 0);
	for (int i = 0; i < 1000; i++)
		cr_assert_eq(buf_put_text(&b, "0 ", &err), 0);
	cr_assert_eq(buf_put_text(&b, "]", &err), 0);
	cr_assert_eq(pdf_value_read(view_buf(&b), &small, &v, NULL, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	buf_free(&b);
	arena_free(&small);
}

Test(pdf_value, failing_allocation_is_an_error)
{
	const char *text = "<</A[1(a\\)b)<41>]/B#41<</C 1 0 R>>/D 1/E 1/F 1/G 1/H 1"
			   "/I 1/J 1/K 1/L 1/M 1/N 1/O 1/P 1/Q 1>>";
	for (uint64_t n = 1; n < 30; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct arena a = arena_make(ROOM);
		const struct pdf_value *v;
		mem_fail_nth(n);
		int rc = pdf_value_read(view_text(text), &a, &v, NULL, &err);
		int hit = mem_fail_hit();
		mem_fail_nth(0);
		cr_assert_eq(rc, hit ? -1 : 0);
		cr_assert(!hit || err.code == LTPS_NOMEM);
		arena_free(&a);
	}
}

/* ---- read ---- */

Test(pdf_value, simple_objects)
{
	cr_assert_eq(read_text("null")->kind, PDF_NULL);
	cr_assert_eq(read_text("true")->integer, 1);
	cr_assert_eq(read_text(" false ")->kind, PDF_BOOL);
	cr_assert_eq(read_text("% c\n-98%x")->integer, -98);
	cr_assert_eq(read_text("+17")->integer, 17);
	cr_assert_eq(read_text("9223372036854775807")->integer, INT64_MAX);
	cr_assert_eq(read_text("-9223372036854775808")->integer, INT64_MIN);
	cr_assert(view_is_text(read_text("-.002")->text, "-.002"));
	cr_assert_eq(read_text("4.")->kind, PDF_REAL);
	const struct pdf_value *r = read_text("12 3\nR");
	cr_assert_eq(r->kind, PDF_REF);
	cr_assert_eq(r->ref.number, 12);
	cr_assert_eq(r->ref.generation, 3);
	cr_assert(view_is_text(r->where, "12 3\nR"));
}

Test(pdf_value, names)
{
	static const struct {
		const char *text, *name;
	} cases[] = {
		{ "/Name1", "Name1" },
		{ "/", "" },
		{ "/A;_-*B?$@.Z", "A;_-*B?$@.Z" },
		{ "/Lime#20Green", "Lime Green" },
		{ "/paired#28#29paren", "paired()paren" },
		{ "/#2f#2F", "//" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct pdf_value *v = read_text(cases[i].text);
		cr_assert(pdf_is_name(v, cases[i].name), "%s", cases[i].text);
		cr_assert(view_is_text(v->where, cases[i].text));
	}
}

Test(pdf_value, strings)
{
	static const struct {
		const char *text, *octets;
	} cases[] = {
		{ "()", "" },
		{ "(a(b(c))d)", "a(b(c))d" },
		{ "(a\\(b)", "a(b" },
		{ "(\\n\\r\\t\\b\\f\\\\)", "\n\r\t\b\f\\" },
		{ "(\\x\\))", "x)" },
		{ "(a\\\nb)", "ab" },
		{ "(a\\\r\nb)", "ab" },
		{ "(a\\\rb)", "ab" },
		{ "(a\r\nb\rc\nd)", "a\nb\nc\nd" },
		{ "(\\0533)", "+3" },
		{ "(\\53)", "+" },
		{ "(\\5a)", "\005a" },
		{ "(\\501)", "A" }, /* overflow is left out */
		{ "<41 4\n2>", "AB" },
		{ "<4>", "@" },
		{ "<>", "" },
		{ "(%no comment)", "%no comment" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct pdf_value *v = read_text(cases[i].text);
		cr_assert_eq(v->kind, PDF_STRING);
		cr_assert(view_is_text(v->text, cases[i].octets), "%s", cases[i].text);
		cr_assert_eq(v->hex, cases[i].text[0] == '<');
		cr_assert(view_is_text(v->where, cases[i].text));
	}
}

Test(pdf_value, arrays_and_dictionaries_in_each_other)
{
	const struct pdf_value *v =
	    read_text("<</A[1 2 R 3 0 R/N(s)[]<<>>]/B<</C null>>/D%c\r<41>>>");
	const struct pdf_value *a = pdf_dict_get(v, "A");
	cr_assert_eq(v->n, 3);
	cr_assert_eq(a->n, 6);
	cr_assert_eq(a->items[0].ref.generation, 2);
	cr_assert_eq(a->items[1].ref.number, 3);
	cr_assert_eq(a->items[4].n, 0);
	cr_assert(view_is_text(a->where, "[1 2 R 3 0 R/N(s)[]<<>>]"));
	cr_assert_null(pdf_dict_get(pdf_dict_get(v, "B"), "C"), "null is absent");
	cr_assert(view_is_text(pdf_dict_get(v, "D")->text, "A"));
	cr_assert_null(pdf_dict_get(v, "Nothing"));
	cr_assert_null(pdf_dict_get(NULL, "A"));
	cr_assert_null(pdf_dict_get(a, "A"));
}

Test(pdf_value, integers_before_a_reference_stay_integers)
{
	const struct pdf_value *v = read_text("[1 2 3 4 R 5 6]");
	cr_assert_eq(v->n, 5);
	cr_assert_eq(v->items[1].integer, 2);
	cr_assert_eq(v->items[2].ref.number, 3);
	cr_assert_eq(v->items[4].integer, 6);
}

Test(pdf_value, used_is_where_the_object_ends)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct pdf_value *v;
	size_t used;
	cr_assert_eq(pdf_value_read(view_text("  <<>>stream"), &arena, &v, &used, &err),
		     0);
	cr_assert_eq(used, 6);
}

Test(pdf_value, a_key_that_stands_twice_is_told_and_the_last_one_counts)
{
	const struct pdf_value *v = read_text("<</A 1/B 2/A 3>>");
	cr_assert(v->duplicate_keys);
	cr_assert_eq(pdf_dict_get(v, "A")->integer, 3);
	cr_assert_not(read_text("<</A 1/B 2>>")->duplicate_keys);
	cr_assert(read_text("<</A 1/#41 2>>")->duplicate_keys);
	cr_assert(read_text("<</A 1/B 1/C 1/D 1/E 1/F 1/G 1/H 1/I 1/J 1/K 1/L 1/M 1"
			    "/D 1>>")
		      ->duplicate_keys);
	cr_assert_not(read_text("<</A 1/B 1/C 1/D 1/E 1/F 1/G 1/H 1/I 1/J 1/K 1/L 1"
				"/M 1/N 1>>")
			  ->duplicate_keys);
}

/* ---- indirect objects ---- */

static int length_is_5(void *arg, struct pdf_ref ref, uint64_t *ret_n,
		       struct ltps_error *err)
{
	(void)arg;
	if (ref.number != 9)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, NULL, "not 9");
	*ret_n = 5;
	return 0;
}

static int indirect(const char *text, const struct pdf_value **v, struct pdf_ref *ref,
		    uint64_t *end, struct ltps_error *err)
{
	return pdf_indirect_read(view_text(text), 0, &arena, length_is_5, NULL, ref, v,
				 end, err);
}

Test(pdf_value, what_is_no_indirect_object_is_refused)
{
	static const char *const bad[] = {
		"0 0 obj null endobj",
		"1 obj null endobj",
		"1 0 obx null endobj",
		"10 obj null endobj",
		"1 0 obj endobj",
		"1 0 obj null",
		"1 0 obj null endob",
		"1 0 obj null 1 endobj",
		"8388608 0 obj null endobj",
		"1 65536 obj null endobj",
		"x 1 0 obj null endobj",
		"%c\n1 0 obj null endobj",
		"                                 1 0 obj null endobj", /* 33 */
		"1 0 obj [] stream\n\nendstream endobj",
		"1 0 obj <<>> stream\n\nendstream endobj",
		"1 0 obj <</Length -1>> stream\n\nendstream endobj",
		"1 0 obj <</Length 5.>> stream\nabcde\nendstream endobj",
		"1 0 obj <</Length 8 0 R>> stream\nabcde\nendstream endobj",
		"1 0 obj <</Length 4>> stream\nabcde\nendstream endobj",
		"1 0 obj <</Length 2>> stream\nabcde\nendstream endobj",
		"1 0 obj <</Length 6>> stream\nabcde\n\nendstream endobjx",
		"1 0 obj <</Length 7>> stream\nabcde\nendstream endobj",
		"1 0 obj <</Length 500>> stream\nabcde\nendstream endobj",
		"1 0 obj <</Length 9223372036854775807>> stream\na\nendstream endobj",
		"1 0 obj <</Length 5>> stream\rabcde\nendstream endobj",
		"1 0 obj <</Length 5>> stream abcde\nendstream endobj",
		"1 0 obj <</Length 5>> stream \nabcde\nendstream endobj",
		"1 0 obj <</Length 5>> stream\nabcde\n\n\nendstream endobj",
		"1 0 obj <</Length 5>> stream\nabcde\nendstream",
		"1 0 obj <</Length 5>> stream\nabcde\nendobj",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		const struct pdf_value *v = NULL;
		struct pdf_ref ref;
		uint64_t end;
		cr_assert_eq(indirect(bad[i], &v, &ref, &end, &err), -1, "%s", bad[i]);
		cr_assert_eq(err.code, LTPS_FORMAT, "%s", bad[i]);
		cr_assert_null(v);
	}
}

Test(pdf_value, an_indirect_length_without_a_callback_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *text = "1 0 obj <</Length 9 0 R>> stream\nabcde\nendstream endobj";
	const struct pdf_value *v;
	struct pdf_ref ref;
	uint64_t end;
	cr_assert_eq(pdf_indirect_read(view_text(text), 0, &arena, NULL, NULL, &ref, &v,
				       &end, &err),
		     -1);
	cr_assert_eq(err.code, LTPS_FORMAT);
	ltps_error_clear(&err);
	cr_assert_eq(pdf_indirect_read(view_text(text), strlen(text), &arena, NULL,
				       NULL, &ref, &v, &end, &err),
		     -1, "beyond the end");
}

Test(pdf_value, streams_end_where_their_length_says)
{
	static const char *const good[] = {
		"1 2 obj<</Length 5>>stream\nabcde\nendstream\nendobj",
		"1 2 obj<</Length 5>>\nstream\r\nabcdeendstream endobj",
		"\r\n1  2\nobj <</Length 5>>%c\nstream\nabcde\r\nendstream%c\nendobj x",
		"1 2 obj<</Length 9 0 R>>stream\nabcde\rendstream\nendobj",
		"1 2 obj<</Length 5>>stream\nabcde\n\nendstream\nendobj",
	};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		const struct pdf_value *v = NULL;
		struct pdf_ref ref;
		uint64_t end;
		cr_assert_eq(indirect(good[i], &v, &ref, &end, &err), 0, "%s: %s",
			     good[i], err.text);
		cr_assert_eq(v->kind, PDF_STREAM);
		cr_assert(view_is_text(v->data, "abcde"));
		cr_assert(ref.number == 1 && ref.generation == 2);
		cr_assert_eq(strncmp(good[i] + end - 6, "endobj", 6), 0);
		cr_assert_not_null(pdf_dict_get(v, "Length"));
		cr_assert(view_starts(v->where, view_text("<</Length")));
	}
}

/* ---- equality ---- */

static void cr_same(const char *a, const char *b, bool same)
{
	cr_assert_eq(pdf_value_equal(read_text(a), read_text(b)), same, "%s and %s", a,
		     b);
	cr_assert_eq(pdf_value_equal(read_text(b), read_text(a)), same, "%s and %s", b,
		     a);
}

Test(pdf_value, different_values_are_not_equal)
{
	static const char *const different[][2] = {
		{ "null", "false" },
		{ "true", "false" },
		{ "0", "false" },
		{ "1", "2" },
		{ "1", "-1" },
		{ "1", "1.1" },
		{ "9007199254740993", "9007199254740992.0" },
		{ "0.1", "0.10000000000000000001" },
		{ "10", "1." },
		{ "(a)", "/a" },
		{ "(a)", "(b)" },
		{ "(a)", "(a\\000)" },
		{ "1 0 R", "1 1 R" },
		{ "1 0 R", "2 0 R" },
		{ "[1 2]", "[2 1]" },
		{ "[1]", "[1 null]" },
		{ "<</A 1>>", "<</A 2>>" },
		{ "<</A 1>>", "<</B 1>>" },
		{ "<</A 1>>", "<</A 1/B 1>>" },
		{ "<</A 1/B 2>>", "<</B 1/A 2>>" },
		{ "<</A 1/A 2>>", "<</A 2/A 1>>" },
		{ "<</A 1/A 1>>", "<</A 1>>" },
		{ "<<>>", "[]" },
	};
	for (size_t i = 0; i < sizeof(different) / sizeof(different[0]); i++)
		cr_same(different[i][0], different[i][1], false);
}

Test(pdf_value, the_same_meaning_is_equal_however_written)
{
	static const char *const same[][2] = {
		{ "1", "+1" },
		{ "1", "1.0" },
		{ "1", "01" },
		{ "0", "-0.0" },
		{ ".5", "0.50" },
		{ "-1.50", "-01.5" },
		{ "100", "100." },
		{ "(A)", "<41>" },
		{ "/A#42", "/AB" },
		{ "<</A 1/B 2>>", "<</B 2/A 1>>" },
		{ "<</A null>>", "<<>>" },
		{ "<</C 1/A null/B 2>>", "<</B 2/C 1>>" },
		{ "[ 1 2 ]", "[1 2]" },
	};
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		cr_same(same[i][0], same[i][1], true);
	cr_same("-9223372036854775808", "-9223372036854775808.", true);
}

Test(pdf_value, streams_are_compared_with_their_data)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct pdf_value *a, *b, *c;
	struct pdf_ref ref;
	uint64_t end;
	cr_assert_eq(indirect("1 0 obj<</Length 1>>stream\na\nendstream endobj", &a,
			      &ref, &end, &err),
		     0);
	cr_assert_eq(indirect("2 0 obj<< /Length 1 >>stream\na\nendstream endobj", &b,
			      &ref, &end, &err),
		     0);
	cr_assert_eq(indirect("1 0 obj<</Length 1>>stream\nb\nendstream endobj", &c,
			      &ref, &end, &err),
		     0);
	cr_assert(pdf_value_equal(a, b));
	cr_assert_not(pdf_value_equal(a, c));
}

/* ---- writing ---- */

Test(pdf_value, what_is_written_reads_the_same)
{
	static const char *const cases[] = {
		"null",
		"true",
		"false",
		"-5",
		"9223372036854775807",
		"1.50",
		"12 3 R",
		"(a\\(\\\\\\r)",
		"<00ff>",
		"/A#20B#2f#23#7f#ff",
		"/",
		"[1 0 R 2(x)[/A]]",
		"<</A 1/B<</C[true null]>>/#20 /D>>",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct buf b = buf_make(4096);
		const struct pdf_value *v = read_text(cases[i]);
		cr_assert_eq(pdf_value_write(v, &b, &err), 0);
		cr_assert(pdf_value_equal(v, read_octets(view_buf(&b))), "%s",
			  cases[i]);
		buf_free(&b);
	}
}

Test(pdf_value, a_name_with_a_nul_cannot_be_written)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(64);
	cr_assert_eq(pdf_name_write(view_of("a\0b", 3), &b, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
	buf_free(&b);
}

Test(pdf_value, edits_leave_the_octets_of_other_members)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(4096);
	const struct pdf_value *v =
	    read_text("<</Keep ( a\\(b )/Change 1/Drop[1]/Also<</X  1>>>>");
	struct pdf_edit edits[] = {
		{ "Change", view_text("[9 0 R]") },
		{ "Drop", VIEW_NULL },
		{ "New", view_text("/N") },
		{ "Never", VIEW_NULL },
	};
	cr_assert_eq(pdf_dict_write(v, edits, 4, &b, &err), 0);
	cr_assert(view_is_text(view_buf(&b), "<<\n/Keep ( a\\(b )\n/Change [9 0 R]\n"
					     "/Also <</X  1>>\n/New /N\n>>"));
	buf_clear(&b);
	cr_assert_eq(pdf_dict_write(NULL, edits, 4, &b, &err), 0);
	cr_assert(view_is_text(view_buf(&b), "<<\n/Change [9 0 R]\n/New /N\n>>"));
	buf_free(&b);
}

/* ---- text and dates ---- */

static void cr_text(struct view in, const char *expected)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(256);
	cr_assert_eq(pdf_text(in, &b, &err), 0);
	cr_assert(view_is_text(view_buf(&b), expected), "%s: %.*s", expected, (int)b.n,
		  (const char *)b.p);
	cr_assert(utf8_valid(view_buf(&b)));
	buf_free(&b);
}

Test(pdf_value, text_in_its_three_encodings)
{
	cr_text(view_text("plain"), "plain");
	cr_text(view_text("\xe4\x80\xa0\x1f\x92"), "\u00e4\u2022\u20ac\u02dc\u2122");
	cr_text(view_of("\xfe\xff\x00"
			"A\x20\xac\xd8\x34\xdd\x1e",
			10),
		"A\u20ac\U0001d11e");
	cr_text(view_text("\xef\xbb\xbf\xc3\xa4"), "\u00e4");
	cr_text(view_of("\xfe\xff\x00\x1b\x00"
			"d\x00"
			"e\x00\x1b\x00"
			"A",
			12),
		"A"); /* language */
}

Test(pdf_value, text_that_is_broken_has_replacements)
{
	cr_text(view_of("\x00\x7f\x9f\xad", 4), "\ufffd\ufffd\ufffd\ufffd");
	cr_text(view_of("\xfe\xff\xd8\x34", 4), "\ufffd");
	cr_text(view_of("\xfe\xff\xdd\x1e\x00"
			"A",
			6),
		"\ufffdA");
	cr_text(view_of("\xfe\xff\x00", 3), "\ufffd");
	cr_text(view_text("\xef\xbb\xbf\xff"), "\u00ef\u00bb\u00bf\u00ff");
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(2);
	cr_assert_eq(pdf_text(view_text("abc"), &b, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	buf_free(&b);
}

Test(pdf_value, text_that_readers_take_for_others_is_doubtful)
{
	static const struct {
		const char *p;
		size_t n;
		bool doubtful;
	} cases[] = {
		{ "", 0, false },
		{ "plain\r\n", 7, false },
		{ "\xe4\x80\x1f", 3, false },
		{ "\xfe\xff\x04\x1b\x1b\x00\xd8\x34\xdd\x1e", 10, false },
		{ "\xef\xbb\xbf\xd0\x9b", 5, false },
		{ "\xff\xfe\x61\x00", 4, true },
		{ "\xff\xfe", 2, true },
		{ "\xfe\xff\x00\x1b\x00\x65", 6, true },
		{ "\xfe\xff\x00\x61\x00\x00", 6, true },
		{ "\xfe\xff\x00\x61\x00", 5, true },
		{ "\xfe\xff\xd8\x34", 4, true },
		{ "\xef\xbb\xbf\x1b", 4, true },
		{ "\xef\xbb\xbf\x61\x00", 5, true },
		{ "\xef\xbb\xbf\xff", 4, true },
		{ "\x1b\x65", 2, true },
		{ "\x61\x00", 2, true },
		{ "\x61\x7f", 2, true },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
		cr_expect_eq(pdf_text_is_doubtful(view_of(cases[i].p, cases[i].n)),
			     cases[i].doubtful, "case %zu", i);
}

Test(pdf_value, what_is_no_date_is_refused)
{
	static const char *const bad[] = {
		"",
		"D:",
		"D",
		"D:20",
		"D:202",
		"D:20261",
		"D:20261301",
		"D:20260230",
		"D:20260101240000",
		"D:20260101006000",
		"D:20260101000060",
		"D:20260101000000X",
		"D:20260101000000+24'00'",
		"D:20260101000000+01'60'",
		"D:20260101000000+1'00'",
		"D:20260101000000Zx",
		"D:2026010100000",
		"X:2026",
		"DD:2026",
		"D:2026-01-01",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int64_t ms;
		cr_assert_not(pdf_date(view_text(bad[i]), &ms), "%s", bad[i]);
	}
}

Test(pdf_value, dates_with_parts_left_out)
{
	static const struct {
		const char *date, *time;
	} cases[] = {
		{ "D:2026", "2026-01-01T00:00:00Z" },
		{ "D:202603", "2026-03-01T00:00:00Z" },
		{ "D:20260304", "2026-03-04T00:00:00Z" },
		{ "D:2026030405", "2026-03-04T05:00:00Z" },
		{ "D:202603040506", "2026-03-04T05:06:00Z" },
		{ "20260304050607", "2026-03-04T05:06:07Z" },
		{ "D:20260304050607Z", "2026-03-04T05:06:07Z" },
		{ "D:20260304050607Z00'00'", "2026-03-04T05:06:07Z" },
		{ "D:20260304050607+01'00'", "2026-03-04T04:06:07Z" },
		{ "D:20260304050607+01'00", "2026-03-04T04:06:07Z" },
		{ "D:20260304050607-0130", "2026-03-04T06:36:07Z" },
		{ "D:20260304050607+02:30", "2026-03-04T02:36:07Z" },
		{ "D:20260304050607-08'", "2026-03-04T13:06:07Z" },
		{ "D:20260304050607+01'00'\r\n", "2026-03-04T04:06:07Z" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int64_t ms;
		char text[TIME_TEXT_MAX];
		cr_assert(pdf_date(view_text(cases[i].date), &ms), "%s", cases[i].date);
		time_rfc3339(ms, text);
		cr_assert_str_eq(text, cases[i].time);
	}
}
