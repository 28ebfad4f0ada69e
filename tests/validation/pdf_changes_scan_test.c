/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The references in one object: the quick way, the exact way and the plainest one must
 * find the same and end in the same place, however references are written, and whatever
 * looks like one.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "formats/pdf_lex.h"
#include "tests/support/pdf_edges_plain.h"

#define OCTETS ((uint64_t)1 << 30)
#define TARGETS_MAX 8

typedef int scan_fn(struct view in, size_t at, uint32_t source, struct pdf_edge_list *l,
		    struct ltps_error *err);

TestSuite(pdf_changes_scan, .init = mem_init);

static void text_of(struct view in, char *out, size_t size)
{
	size_t n = 0;
	for (size_t i = 0; i < in.n && n + 5 < size; i++)
		n += (size_t)snprintf(
		    out + n, size - n,
		    in.p[i] >= 0x20 && in.p[i] < 0x7f ? "%c" : "\\x%02x", in.p[i]);
	out[n] = 0;
}

static struct pdf_edge_list scan_by(scan_fn *scan, struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_edge_list l = { .octets = OCTETS };
	cr_assert_eq(scan(in, 0, 7, &l, &err), 0, "%s", err.text);
	return l;
}

/* Forms may be unknown to the quick way. */
static void expect_same(const struct pdf_edge_list *l, const struct plain_edges *want,
			bool forms, const char *text)
{
	cr_assert_eq(l->n, want->n, "%zu, not %zu references in %s", l->n, want->n,
		     text);
	for (size_t i = 0; i < l->n; i++) {
		cr_assert_eq(l->v[i].target, want->v[i].target, "%s", text);
		cr_assert_eq(l->v[i].source, 7);
		if (forms || l->v[i].form != PDF_EDGE_UNKNOWN)
			cr_assert_eq(l->v[i].form, (unsigned)want->v[i].form, "%s",
				     text);
	}
}

/* free() the result's v */
static struct plain_edges expect_agreed(struct view in)
{
	struct plain_edges want = { 0 };
	char text[600];
	size_t end;
	text_of(in, text, sizeof(text));
	pdf_edges_plain_object(in, 0, 7, &want, &end);
	struct pdf_edge_list exact = scan_by(pdf_scan_exact, in);
	struct pdf_edge_list quick = scan_by(pdf_scan_quick, in);
	expect_same(&exact, &want, true, text);
	expect_same(&quick, &want, false, text);
	cr_assert_eq(OCTETS - exact.octets, end, "exact: another end of %s", text);
	/* Over a comment it passes twice, over white space before it too. */
	bool once = in.n > 0 && in.p[0] > ' ' && memchr(in.p, '%', in.n) == NULL;
	size_t passed = (size_t)(OCTETS - quick.octets);
	cr_assert(once ? passed == end : passed >= end, "quick: another end of %s",
		  text);
	mem_free(exact.v);
	mem_free(quick.v);
	return want;
}

/* ---- spellings ---- */

#define O(text, ...)                                                                   \
	{                                                                              \
		{ (const uint8_t *)(text), sizeof(text) - 1 },                         \
		{                                                                      \
			__VA_ARGS__                                                    \
		}                                                                      \
	}
struct spelling {
	struct view object;
	uint32_t targets[TARGETS_MAX]; /* 0 ends */
};

static void expect_spellings(const struct spelling *v, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct plain_edges found = expect_agreed(v[i].object);
		char text[200];
		size_t want = 0;
		text_of(v[i].object, text, sizeof(text));
		while (v[i].targets[want] != 0)
			want++;
		cr_expect_eq(found.n, want, "%zu, not %zu in %s", found.n, want, text);
		for (size_t k = 0; k < found.n && k < want; k++)
			cr_expect_eq(found.v[k].target, v[i].targets[k], "%s", text);
		free(found.v);
	}
}
#define EXPECT(v) expect_spellings(v, sizeof(v) / sizeof(v[0]))

Test(pdf_changes_scan, references_however_written_are_found)
{
	static const struct spelling v[] = {
		O("<< /A 1 0 R >>", 1),
		O("<</A 1 0 R>>", 1),
		O("<< /A 1 0 R/B[2 0 R]/C 3 0 R>>", 1, 2, 3),
		O("[1 0 R 2 0 R\r\n3\t0\fR]", 1, 2, 3),
		O("[1\0"
		  "0\0"
		  "R]",
		  1),
		O("[0000000001 00 R]", 1),
		O("[0000000000000000000000000000000001 0000000000000000000000 R]", 1),
		O("[1 00000R 2 0 R]", 2),
		O("[8388607 0 R]", 8388607),
		O("[1 65536 R 1 9999999999 R]", 1, 1),
		O("[1 2 3 R]", 2),
		O("[5 1 0 R]", 1),
		O("[1 0 R(x)2 0 R<31>3 0 R/N 4 0 R]", 1, 2, 3, 4),
		O("[(x)1 0 R<31>2 0 R[]3 0 R]", 1, 2, 3),
		O("<</R 1 0 R/RR 2 0 R/0R 3 0 R>>", 1, 2, 3),
		O("<< /A /R 1 0 R >>", 1),
		O("<< / 1 0 R >>", 1),
		O("<<1 0 R>>", 1),
		O("[{1 0 R}]", 1),
		O("[1 0 R/]", 1),
		O("<< /A << /B [ << /C 1 0 R >> ] >> /D 2 0 R >>", 1, 2),
		O("<< /A [ 1 0 R >> 2 0 R ] 3 0 R", 1, 2),
		O("<< /A 1 0 R ] 2 0 R", 1),
		O(" \r\n<< /A 1 0 R >>", 1),
		O("[1 0 R ) 2 0 R > 3 0 R } 4 0 R]", 1, 2, 3, 4),
	};
	EXPECT(v);
}

/* Enough behind them, so that what is quick about plain numbers can be. */
#define REST "/Rest(of it, which is long)"
Test(pdf_changes_scan, plain_references_are_found_where_others_stand_beside_them)
{
	static const struct spelling v[] = {
		O("[1 0 R 22 0 R 333 0 R 4444 0 R 55555 0 R]" REST, 1, 22, 333, 4444,
		  55555),
		O("[666666 0 R 7777777 0 R 8388607 0 R]", 666666, 7777777, 8388607),
		O("[8388608 0 R 1 0 R 9999999 0 R 2 0 R]", 1, 2),
		O("[00000012 0 R 0000012 0 R 012 0 R]", 12, 12, 12),
		O("[0 0 R 0000000 0 R 3 0 R " REST "]", 3),
		O("[1 0 R\n2 0 R\r3 0 R\t4 0 R  5 0 R" REST "]", 1, 2, 3, 4, 5),
		O("[ 1 0 R 2  0 R 3 0  R 4 1 R 5 00 R" REST "]", 1, 2, 3, 4, 5),
		O("[1 0 R/N2 0 R/3 0 R 4 0 R" REST "]", 1, 4),
		O("[1 0 R(x)2 0 R[3 0 R<<4 0 R>>]5 0 R" REST "]", 1, 2, 3, 4, 5),
		O("[/R 1 0 R/R2 0 R /RR 3 0 R" REST "]", 1, 3),
		O("[1 0 RR 2 0 R3 0 R 4 0 R" REST "]", 4),
		O("[1 0 R%2 0 R\n3 0 R" REST "]", 1, 3),
		O("[(1 0 R [2 0 R)3 0 R <31 > 4 0 R" REST "]", 3, 4),
		O("[a1 0 R 2a 0 R -3 0 R +4 0 R 5. 0 R 6 0 R" REST "]", 6),
		O("[1 0 obj 2 0 R 3 0 0 R 4 0 R" REST "]", 2, 4),
		O("[1 0 R 12345678 0 R 2 0 R" REST "]", 1, 2),
		O("[1\0" "0 R 2 0\0R 3\f0 R 4 0 R" REST "]", 1, 2, 3, 4),
	};
	EXPECT(v);
}

Test(pdf_changes_scan, references_split_by_comments_are_found)
{
	static const struct spelling v[] = {
		O("<< /A 1%\n0%\rR >>", 1),
		O("<< /A 1 0 %5 6\nR >>", 1),
		O("<< /A 1 0 %5 6 R\nR >>", 1),
		O("<< /A 1%0 R\n0 R >>", 1),
		O("<< /A 1 %(\n0 R /B 2 0 R >>", 1, 2),
		O("<< %>>\n/A 1 0 R >>", 1),
		O("<< /A 1 0 R%\n>> 2 0 R", 1),
		O("[ 9 0 R %\n1 0 R ]", 9, 1),
		O("%c\n[1 0 R]", 1),
		O("%c", 0),
		O("[1 0 R %2 0 R", 1),
		O("[%\n1 0%\0\n"
		  "R]",
		  1),
		O("<< /A%\n1 0 R >>", 1),
		O("[(%) 1 0 R]", 1),
		O("[<%> 1 0 R]", 1),
	};
	EXPECT(v);
}

Test(pdf_changes_scan, what_looks_like_a_reference_is_none)
{
	static const struct spelling v[] = {
		O("[1 0R]", 0),
		O("[10 R]", 0),
		O("[1 0 RR]", 0),
		O("[1 0 R2 0 R]", 0),
		O("[1 0 r]", 0),
		O("[+1 0 R -2 0 R 3.0 0 R a4 0 R]", 0),
		O("[1 +0 R 2 -0 R 3 0. R 4 a0 R]", 0),
		O("[1 0 null R 1 null 0 R 1 0 / R]", 0),
		O("[0 0 R 8388608 0 R 99999999999 0 R 1 99999999999 R]", 0),
		O("<</1 0 R/A/1 0 R>>", 0),
		O("[(1 0 R)(\\) 1 0 R)((1 0 R) 1 0 R)(\\\\\\) 1 0 R)]", 0),
		O("[(1 0 R", 0),
		O("[(\\", 0),
		O("[<1 0 R>]", 0),
		O("[<1 0 R", 0),
		O("[1 (0 R) 0 <R> 1 0 (R)]", 0),
		O("[1 0] R [1] 0 R]", 0),
		O("[1 {0 R 1 0 }R]", 0),
		O("[%1 0 R\n]", 0),
		O("[R 0 R 1 R]", 0),
		O("<< /A 1 0 >> R", 0),
		O("[1 0 ", 0),
		O("[", 0),
		O("<", 0),
		O("<<", 0),
		O("", 0),
		O("<< /A (x) >> stream\n1 0 R", 0),
		O("<<<1 0 R>/A 2 0 R>>", 2),
	};
	EXPECT(v);
}

/* Scalars are over after a few words, which is where the object after them begins. */
Test(pdf_changes_scan, object_that_is_no_collection_ends_soon)
{
	static const struct spelling v[] = {
		O("1 0 R endobj", 1),
		O("1 0 R", 1),
		O("1%\n0 R", 1),
		O("42 endobj 5 0 obj [1 0 R]", 0),
		O("(1 0 R) endobj 5 0 obj [1 0 R]", 0),
		O("/Name endobj [1 0 R]", 1),
		O("null endobj << /A 1 0 R >> 2 0 R", 1),
		O(">> 1 0 R", 0),
		O("] 1 0 R", 0),
		O("2 1 0 R", 1),
		O("3 2 1 0 R", 0),
	};
	EXPECT(v);
}

Test(pdf_changes_scan, brackets_deeper_than_any_value_end_the_object)
{
	for (size_t depth = PDF_DEPTH_MAX; depth < PDF_DEPTH_MAX + 6; depth++) {
		uint8_t octets[200];
		memset(octets, '[', depth);
		memcpy(octets + depth, " 1 0 R ", 7);
		free(expect_agreed(view_of(octets, depth + 7)).v);
	}
}

/* ---- forms ---- */

Test(pdf_changes_scan, forms_follow_the_key_that_the_reference_stands_under)
{
	static const char text[] =
	    "<< /Parent 1 0 R /Kids [2 0 R << /X 3 0 R >>] /Annots [4 0 R] "
	    "/Annots 5 0 R /X [[6 0 R]] /Nums [0 [7 0 R]] /A /P 8 0 R >>";
	static const enum pdf_edge_form forms[] = {
		PDF_EDGE_BACK,  PDF_EDGE_KIDS,  PDF_EDGE_PLAIN, PDF_EDGE_LIST,
		PDF_EDGE_PLAIN, PDF_EDGE_PLAIN, PDF_EDGE_TREE,  PDF_EDGE_PLAIN,
	};
	struct pdf_edge_list l = scan_by(pdf_scan_exact, view_text(text));
	cr_assert_eq(l.n, 8);
	for (size_t i = 0; i < l.n; i++)
		cr_expect_eq(l.v[i].form, (unsigned)forms[i], "%zu", i + 1);
	mem_free(l.v);
	l = scan_by(pdf_scan_exact, view_text("[1 0 R]"));
	cr_assert_eq(l.n, 1);
	cr_expect_eq(l.v[0].form, (unsigned)PDF_EDGE_ARRAY);
	mem_free(l.v);
}

/* ---- headers ---- */

/* Three words, with white space and comments before each, whatever they are. */
static size_t behind_three_words(struct view in)
{
	size_t at = 0;
	for (int i = 0; i < 3; i++) {
		at = pdf_skip_white_and_comments(in, at);
		while (at < in.n && !pdf_is_end(in.p[at]))
			at++;
	}
	return at;
}

Test(pdf_changes_scan, headers_however_written_are_passed_over)
{
	static const struct {
		const char *text;
		uint64_t plain;
	} heads[] = {
		{ "1 0 obj", 1 },
		{ "1234567 0 obj", 1234567 },
		{ "12 0 obj/N", 12 },
		{ "12 0 obj<<", 12 },
		{ "12 0 obj[", 12 },
		{ "12 0 obj%x\n", 12 },
		{ "1 0 obj 1 0 obj", 1 },
		{ "12345678 0 obj", 0 },
		{ "0 0 obj", 0 },
		{ "12 1 obj", 0 },
		{ "12 0 object", 0 },
		{ "12 0 ob", 0 },
		{ "12  0 obj", 0 },
		{ "12 0  obj", 0 },
		{ "12\n0\nobj", 0 },
		{ " 12 0 obj", 0 },
		{ "%x\n12 0 obj", 0 },
		{ "a2 0 obj", 0 },
		{ "1/ 0 obj", 0 },
		{ "<1 0 obj", 0 },
		{ "12 00 obj", 0 },
		{ "12%x\n0 obj", 0 },
		{ "", 0 },
		{ "        0 obj", 0 },
		{ "1 0 obj1 0 obj", 0 },
	};
	for (size_t i = 0; i < sizeof(heads) / sizeof(heads[0]); i++)
		for (int rest = 0; rest < 2; rest++) {
			char text[80];
			uint64_t plain = 99;
			snprintf(text, sizeof(text), "%s%s", heads[i].text,
				 rest ? " << /A 1 0 R /B 2 0 R >>" : "");
			struct view in = view_text(text);
			cr_expect_eq(pdf_scan_header(in, 0, &plain),
				     behind_three_words(in), "%s", text);
			/* Where the file ends early nothing is plain. */
			if (rest)
				cr_expect_eq(plain, heads[i].plain, "%s", text);
		}
}

Test(pdf_changes_scan, an_object_is_plain_without_the_word_of_a_head)
{
	static const struct {
		const char *text;
		const char *plain; /* as far as that */
	} objects[] = {
		{ "<< /A 1 0 R >> endobj", "<< /A 1 0 R >>" },
		{ "[ 1 0 R ]\nendobj", "[ 1 0 R ]" },
		{ "<< /A (obj) /B [ /j /job /bj ] >>", "<< /A (obj) /B [ /j /job /bj ] >>" },
		{ "<< /Object 1 >>", "<< /Object 1 >>" },
		{ "<< /A 1 >> obj", "<< /A 1 >>" },
		{ "[ 1 0 obj ]", "" },
		{ "<< /A 9 0 obj << >> >>", "" },
		{ "<< /obj 1 >>", "" },
		{ "<< /A 1 % x\n >>", "" },
		{ "<< /A 1", "" },
		{ "[ ( ]", "" },
		{ "12 endobj", "" },
		{ "(text) endobj", "" },
	};
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct pdf_edge_list l = { .octets = 1000, .plain_end = 99 };
		cr_expect_eq(pdf_scan_quick(view_text(objects[i].text), 0, 0, &l, &err),
			     0);
		cr_expect_eq(l.plain_end, strlen(objects[i].plain), "%s",
			     objects[i].text);
		mem_free(l.v);
	}
}

/* ---- limits ---- */

static void expect_too_many(scan_fn *scan)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view in = view_text("[1 0 R (some text) 2 0 R]");
	struct pdf_edge_list l = { .octets = in.n - 1 };
	cr_expect_eq(scan(in, 0, 0, &l, &err), 0);
	cr_expect(l.too_many);
	size_t n = l.n;
	cr_expect_eq(scan(in, 0, 0, &l, &err), 0);
	cr_expect_eq(l.n, n, "went on");
	mem_free(l.v);
	l = (struct pdf_edge_list){ .octets = in.n };
	cr_expect_eq(scan(in, 0, 0, &l, &err), 0);
	cr_expect_not(l.too_many);
	cr_expect_eq(l.n, 2);
	cr_expect_eq(l.octets, 0);
	mem_free(l.v);
}

Test(pdf_changes_scan, octets_beyond_the_limit_are_too_many)
{
	expect_too_many(pdf_scan_exact);
	expect_too_many(pdf_scan_quick);
}

Test(pdf_changes_scan, references_beyond_the_limit_are_too_many)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	/* Nothing is read or written there. */
	struct pdf_edge_list l = { .n = PDF_EDGES_MAX,
				   .cap = PDF_EDGES_MAX,
				   .octets = OCTETS };
	cr_expect_eq(pdf_scan_quick(view_text("[1 0 R]"), 0, 0, &l, &err), 0);
	cr_expect(l.too_many);
	cr_expect_eq(l.n, PDF_EDGES_MAX);
}

/* ---- any octets ---- */

static uint32_t random_next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

Test(pdf_changes_scan, objects_of_any_pieces_are_agreed_about)
{
	static const char *const pieces[] = {
		"1 0 R",   "12 0 R",      "1",    "0",  "R",         "00",
		" ",       " ",           "\n",   "\r", "%",         "%c",
		"(",       ")",           "\\",   "<",  ">",         "<<",
		">>",      "[",           "]",    "{",  "}",         "/",
		"/Parent", "/Kids",       "/P",   "/R", "null",      "endobj",
		"-",       "8388608 0 R", " 0 R", "1 ", "/A 3 0 R ", "(a) ",
		"<31> ",   "[4 0 R] ",
	};
	const size_t n_pieces = sizeof(pieces) / sizeof(pieces[0]);
	uint32_t state = 20260101;
	for (unsigned round = 0; round < 20000; round++) {
		char text[400] = "";
		size_t n = 0, count = random_next(&state) % 24;
		if (random_next(&state) % 4 != 0)
			n = (size_t)sprintf(text, "%s", round % 2 ? "<< " : "[");
		for (size_t i = 0; i < count; i++)
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s",
					      pieces[random_next(&state) % n_pieces]);
		free(expect_agreed(view_of(text, n)).v);
	}
}
