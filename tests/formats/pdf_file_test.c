/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pdf_file.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/pdf_maker.h"

TestSuite(pdf_file, .init = maker_setup, .fini = maker_teardown);

/* ---- refused: header and end ---- */

Test(pdf_file, no_octets_are_refused)
{
	maker_expect_refused("no header");
}

Test(pdf_file, a_header_that_is_missing_late_or_without_version_is_refused)
{
	static const char *const heads[] = { "%PDX-1.7\n", "%PDF-x.7\n", "%PDF-17\n",
					     "%PDF-1.\n" };
	for (size_t i = 0; i < 4; i++) {
		buf_clear(&maker_out);
		maker_put("%s", heads[i]);
		maker_object(1, "<<>>");
		maker_table(0, 1, 2, "");
		maker_end(maker_section);
		maker_expect_refused("header");
	}
	buf_clear(&maker_out);
	for (int i = 0; i < 1020; i++)
		maker_put(" ");
	maker_first();
	maker_expect_refused("no header");
}

Test(pdf_file, an_end_that_is_missing_is_refused)
{
	maker_first();
	size_t whole = maker_out.n;
	maker_out.n -= 5; /* %%EO */
	maker_expect_refused("startxref without");
	maker_out.n = maker_section;
	maker_expect_refused("no startxref");
	maker_out.n = whole;
	for (int i = 0; i < 1100; i++)
		maker_put("%064d", i);
	maker_expect_refused("no startxref");
}

Test(pdf_file, a_broken_startxref_behind_a_good_one_is_refused)
{
	static const char *const ends[] = {
		"startxref\n",
		"startxref\n%%EOF\n",
		"startxref x\n%%EOF\n",
		"startxref\n9\n",
		"startxref\n9%%EOF\n",
		"startxref\n-9\n%%EOF\n",
		"startxref\n99999999999999999999\n%%EOF\n",
	};
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		buf_clear(&maker_out);
		maker_first();
		maker_put("%s", ends[i]);
		maker_expect_refused("startxref without");
	}
}

Test(pdf_file, startxref_that_names_no_section_is_refused)
{
	static const int off[] = { 1, -3, 100000, 7 };
	for (size_t i = 0; i < 4; i++) {
		buf_clear(&maker_out);
		maker_header();
		maker_object(1, "<<>>");
		maker_table(0, 1, 2, "");
		maker_end((uint64_t)((int64_t)maker_section + off[i]));
		maker_expect_refused("startxref names no section");
	}
}

/* ---- refused: tables ---- */

static void cr_table_refused(const char *body, const char *text)
{
	buf_clear(&maker_out);
	maker_header();
	maker_object(1, "<<>>");
	maker_section = maker_out.n;
	maker_put("%s", body);
	maker_end(maker_section);
	maker_expect_refused(text);
}

Test(pdf_file, broken_tables_are_refused)
{
	static const char *const bad[][2] = {
		{ "xref\n0 2\n0000000000 65535 f \n", "broken cross-reference entry" },
		{ "xref\n0 1\n0000000000 65535 x \ntrailer<</Root 1 0 R>>\n",
		  "broken" },
		{ "xref\n0 1\n00000000a0 65535 f \ntrailer<</Root 1 0 R>>\n",
		  "broken" },
		{ "xref\n0 1\n0000000000 65536 f\ntrailer<</Root 1 0 R>>\n", "broken" },
		{ "xref\n0 1\n10000000000 00000 f\ntrailer<</Root 1 0 R>>\n",
		  "broken" },
		{ "xref\n0 1\n0000000000 65535\ntrailer<</Root 1 0 R>>\n", "broken" },
		{ "xref\n0 99999\n0000000000 65535 f \ntrailer<<>>\n", "cut off" },
		{ "xref\n8388607 2\n0000000000 65535 f \n0000000000 00000 f \n"
		  "trailer<</Root 1 0 R>>\n",
		  "neither" },
		{ "xref\n0\ntrailer<</Root 1 0 R>>\n", "neither" },
		{ "xref\n-1 1\ntrailer<</Root 1 0 R>>\n", "neither" },
		{ "xref\n0 0\n<</Root 1 0 R>>\n", "neither" },
		{ "xref\n0 0\ntrailer\n[]\n", "trailer without" },
		{ "xref\n0 0\ntrailer\n<</Root 1 0 R\n", "" },
		{ "xref\n0 0\ntrailer\n<</Size 1>>\n", "no catalog" },
		{ "xref\n0 0\ntrailer\n<</Root<<>>>>\n", "no catalog" },
		{ "xref\n0 0\ntrailer\n<</Root 1 0 R/Prev 1 0 R>>\n", "false /Prev" },
		{ "xref\n0 0\ntrailer\n<</Root 1 0 R/Prev 9.0>>\n", "false /Prev" },
		{ "xref\n0 0\ntrailer\n<</Root 1 0 R/Prev -9>>\n", "false /Prev" },
		{ "xref\n0 0\ntrailer\n<</Root 1 0 R/Prev 99999>>\n", "false /Prev" },
		{ "xref\n0 0\ntrailer\n<</Root 1 0 R/XRefStm 1 0 R>>\n",
		  "false /XRefStm" },
		{ "xref\n0 0\ntrailer\n<</Root 1 0 R/XRefStm 15>>\n",
		  "no cross-reference stream" },
		{ "xref\n0 0\ntrailer\n<</Root 1 0 R/XRefStm 3>>\n", "" },
		{ "xref\n0 0\ntrailer\n<</Root 1 0 R/Prev 15>>\n",
		  "no cross-reference stream" },
		{ "xref\n0 0\ntrailer\n<</Root 1 0 R/Prev 3>>\n",
		  "no cross-reference section" },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		cr_table_refused(bad[i][0], bad[i][1]);
}

/* ---- refused: streams ---- */

Test(pdf_file, broken_cross_reference_streams_are_refused)
{
	static const char *const bad[] = {
		"<</Type/XRef/Size 1/W[1 2 1]/Root 1 0 R/Length 3>>",
		"<</Type/ObjStm/Size 1/W[1 2 0]/Root 1 0 R/Length 3>>",
		"<</Size 1/W[1 2 0]/Root 1 0 R/Length 3>>",
		"<</Type/XRef/W[1 2 0]/Root 1 0 R/Length 3>>",
		"<</Type/XRef/Size -1/W[1 2 0]/Root 1 0 R/Length 3>>",
		"<</Type/XRef/Size 8388609/W[1 2 0]/Root 1 0 R/Length 3>>",
		"<</Type/XRef/Size 1/Root 1 0 R/Length 3>>",
		"<</Type/XRef/Size 1/W[1 2]/Root 1 0 R/Length 3>>",
		"<</Type/XRef/Size 1/W[1 2 0 0]/Root 1 0 R/Length 3>>",
		"<</Type/XRef/Size 1/W[1 9 0]/Root 1 0 R/Length 3>>",
		"<</Type/XRef/Size 1/W[1 -2 0]/Root 1 0 R/Length 3>>",
		"<</Type/XRef/Size 1/W[3 0 0]/Root 1 0 R/Length 3>>",
		"<</Type/XRef/Size 1/W[1 2 0]/Index 1/Root 1 0 R/Length 3>>",
		"<</Type/XRef/Size 1/W[1 2 0]/Index[0]/Root 1 0 R/Length 3>>",
		"<</Type/XRef/Size 1/W[1 2 0]/Index[0 -1]/Root 1 0 R/Length 3>>",
		"<</Type/XRef/Size 1/W[1 2 0]/Index[0 1 1 1]/Root 1 0 R/Length 3>>",
		"<</Type/XRef/Size 1/W[1 2 0]/Index[8388607 2]/Root 1 0 R/Length 3>>",
		"<</Type/XRef/Size 2/W[1 2 0]/Root 1 0 R/Length 3>>",
		"<</Type/XRef/Size 1/W[1 2 0]/Root 1 0 R/Length 2 0 R>>",
		"<</Type/XRef/Size 1/W[1 2 0]/Root 1 0 R/Length 2>>",
		"<</Type/XRef/Size 1/W[1 2 0]/Length 3>>",
		("<</Type/XRef/Size 1/W[1 1 1]/Filter/ASCII85Decode/Root 1 0 R/Length "
		 "3>>"),
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		buf_clear(&maker_out);
		maker_header();
		maker_section = maker_out.n;
		maker_put("9 0 obj\n%s\nstream\n", bad[i]);
		maker_put_octets("\0\0\0", 3);
		maker_put("\nendstream\nendobj\n");
		maker_end(maker_section);
		maker_expect_refused("");
	}
}

Test(pdf_file, impossible_entries_of_a_stream_are_refused)
{
	static const struct maker_row bad[] = { { 2, 0, 0 }, { 2, 8388608, 0 } };
	for (size_t i = 0; i < 2; i++) {
		buf_clear(&maker_out);
		maker_header();
		maker_stream(3, "/Size 4/Index[1 1]", &bad[i], 1);
		maker_end(maker_section);
		maker_expect_refused("impossible object stream");
	}
}

Test(pdf_file, more_entries_than_octets_could_name_are_too_many)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_file *f = NULL;
	maker_header();
	maker_stream(3, "/Size 4/Index[0 8388607 0 1]", (struct maker_row[]){ { 0 } },
		     1);
	maker_end(maker_section);
	cr_assert_eq(pdf_file_read(view_buf(&maker_out), &f, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
}

/* Half of what the octets could name is refused before it costs memory. */
Test(pdf_file, more_entries_than_objects_would_have_room_are_too_many)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_file *f = NULL;
	maker_header();
	maker_object(1, "<<>>");
	for (size_t i = 0; i < 100000; i++)
		maker_put("%% filler\n");
	maker_stream(3, "/Size 4/Index[0 1400000 0 1]", (struct maker_row[]){ { 0 } },
		     1);
	maker_end(maker_section);
	cr_assert_eq(pdf_file_read(view_buf(&maker_out), &f, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE, "%s", err.text);
}

/* Each end names the same long run of digits, which is no number of an object. */
Test(pdf_file, ends_that_all_name_a_long_number_cost_no_square)
{
	maker_first();
	uint64_t prev = maker_section, zeros = maker_out.n + 10;
	maker_put("3 0 obj\n(\n");
	for (size_t i = 0; i < 10000; i++)
		maker_put("%0100d", 0);
	for (size_t i = 0; i < 20000; i++)
		maker_put("\nstartxref\n%llu\n%%%%EOF\n", (unsigned long long)zeros);
	maker_put(")\nendobj\n");
	maker_at[3] = zeros - 10;
	maker_table(3, 3, 4, maker_prev(prev));
	maker_end(maker_section);
	struct pdf_file *f = maker_read();
	cr_assert_not_null(maker_finding(f, "PDF_END_INSIDE"));
	pdf_file_free(f);
}

/* ---- refused: chains ---- */

Test(pdf_file, a_chain_that_turns_back_is_refused)
{
	maker_first();
	uint64_t first = maker_section;
	maker_update(3);
	size_t n = maker_out.n;
	maker_object(4, "null");
	maker_table(4, 4, 5, maker_prev(maker_out.n)); /* itself */
	maker_end(maker_section);
	maker_expect_refused("itself or to newer");
	maker_out.n = n;
	maker_object(4, "null");
	maker_table(4, 4, 5, maker_prev(n + 200)); /* forward */
	maker_put("%0200d", 0);
	maker_end(maker_section);
	maker_expect_refused("itself or to newer");
	(void)first;
}

Test(pdf_file, a_loop_of_two_sections_is_refused)
{
	maker_header();
	maker_object(1, "<<>>");
	uint64_t first = maker_out.n;
	maker_put("xref\n0 0\ntrailer\n<</Size 2/Root 1 0 R/Prev %06d>>\n", 0);
	size_t digits = maker_out.n - 9;
	maker_end(first);
	maker_section = first;
	maker_update(3);
	char text[8];
	snprintf(text, sizeof(text), "%06llu", (unsigned long long)maker_section);
	memcpy(maker_out.p + digits, text, 6);
	maker_expect_refused("itself or to newer");
	snprintf(text, sizeof(text), "%06llu", (unsigned long long)first - 1);
	memcpy(maker_out.p + digits, text, 6); /* the white space before itself */
	maker_expect_refused("no cross-reference section");
}

Test(pdf_file, a_section_inside_a_newer_one_is_not_read)
{
	maker_header();
	maker_object(1, "<<>>");
	maker_section = maker_out.n;
	maker_put("xref\n0 0\ntrailer\n<</Size 2/Root 1 0 R/A(");
	uint64_t inner = maker_out.n;
	maker_put("xref 0 0 trailer<</Size 2/Root 1 0 R>> startxref %llu %%%%EOF)",
		  (unsigned long long)inner);
	maker_put("/Prev %llu>>\n", (unsigned long long)inner);
	maker_end(maker_section);
	maker_expect_refused("itself or to newer");
}

Test(pdf_file, more_revisions_than_the_limit_are_too_many)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_file *f = NULL;
	maker_first();
	for (int i = 1; i < PDF_REVISIONS_MAX; i++)
		maker_update(2);
	maker_expect_clean(PDF_REVISIONS_MAX);
	maker_update(2);
	maker_update(2);
	cr_assert_eq(pdf_file_read(view_buf(&maker_out), &f, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
}

/* ---- linearised ---- */

Test(pdf_file, a_linearised_file_is_one_revision)
{
	maker_linearised("<</Linearized 1/L 100>>", 0, "");
	struct pdf_file *f = maker_read();
	cr_assert(f->linearised);
	cr_assert_eq(f->n_revisions, 1);
	cr_assert_eq(f->revisions[0].n_entries, 5);
	cr_assert_eq(f->revisions[0].end, maker_out.n);
	cr_assert_eq(f->revisions[0].startxref, maker_section);
	cr_assert_eq(f->revisions[0].size, 6);
	cr_assert_eq(pdf_file_find(f, 0, 1)->offset, maker_at[1]);
	cr_assert_eq(pdf_file_find(f, 0, 5)->offset, maker_at[5]);
	pdf_file_free(f);
	maker_expect_clean(1);
}

Test(pdf_file, updates_stand_behind_a_linearised_file)
{
	maker_linearised("<</Linearized 1/L 100>>", 0, "");
	uint64_t end_of_first = maker_out.n;
	maker_update(6);
	maker_update(1);
	struct pdf_file *f = maker_read();
	cr_assert_eq(f->revisions[0].end, end_of_first);
	cr_assert_eq(f->revisions[1].start, end_of_first);
	cr_assert_eq(pdf_file_find(f, 2, 1)->revision, 2);
	pdf_file_free(f);
	maker_expect_clean(3);
}

Test(pdf_file, the_same_shape_without_the_word_linearized_is_refused)
{
	maker_linearised("<</Linearised 1/L 100>>", 0, "");
	maker_expect_refused("itself or to newer");
}

Test(pdf_file, a_main_section_with_a_section_before_it_is_refused)
{
	maker_linearised("<</Linearized 1/L 100>>", 0, "/Prev 15");
	maker_expect_refused("main section");
}

/* ---- read ---- */

Test(pdf_file, ends_with_every_white_space_are_ends)
{
	static const char *const ends[] = {
		"startxref\n%llu\n%%%%EOF",
		"startxref\r\n%llu\r\n%%%%EOF\r\n",
		"startxref\r%llu\r%%%%EOF\r",
		"startxref %llu %%%%EOF\n",
		"%%comment\nstartxref\n%llu\n%%%%EOF\n",
		"\r\n\r\nstartxref \n %llu \n\n%%%%EOF\n",
	};
	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++) {
		buf_clear(&maker_out);
		maker_header();
		maker_object(1, "<<>>");
		maker_table(0, 1, 2, "");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
		maker_put(ends[i], (unsigned long long)maker_section);
#pragma GCC diagnostic pop
		uint64_t first = maker_out.n;
		maker_expect_clean(1);
		maker_update(2);
		struct pdf_file *f = maker_read();
		cr_assert_eq(f->revisions[0].end, first, "%s", ends[i]);
		pdf_file_free(f);
		maker_expect_clean(2);
	}
}

Test(pdf_file, revisions_and_their_entries)
{
	maker_first();
	uint64_t first_end = maker_out.n, old = maker_at[2];
	maker_update(2);
	maker_update(3);
	struct pdf_file *f = maker_read();
	cr_assert_eq(f->n_revisions, 3);
	cr_assert_eq(f->revisions[0].end, first_end);
	cr_assert_eq(f->revisions[2].end, maker_out.n);
	cr_assert(f->major == 1 && f->minor == 7);
	cr_assert_eq(pdf_file_find(f, 0, 2)->offset, old);
	cr_assert_eq(pdf_file_find(f, 1, 2)->offset, maker_at[2]);
	cr_assert_eq(pdf_file_find(f, 2, 2)->revision, 1);
	cr_assert_null(pdf_file_find(f, 1, 3));
	cr_assert_eq(pdf_file_find(f, 2, 3)->offset, maker_at[3]);
	cr_assert_null(pdf_file_find(f, 2, 4));
	cr_assert_null(pdf_file_find(f, 2, 0));
	pdf_file_free(f);
	maker_expect_clean(3);
}

Test(pdf_file, many_entries_in_any_order_are_sorted)
{
	maker_header();
	for (uint32_t i = 1; i < MAKER_OBJECTS; i++)
		maker_object(i, "null");
	maker_section = maker_out.n;
	maker_put("xref\n");
	for (uint32_t i = MAKER_OBJECTS - 1; i >= 1; i--) {
		maker_put("%u 1\n", i);
		maker_entry(i);
	}
	maker_put("trailer\n<</Size %d/Root 1 0 R>>\n", MAKER_OBJECTS);
	maker_end(maker_section);
	struct pdf_file *f = maker_read();
	for (uint32_t i = 1; i < MAKER_OBJECTS; i++) {
		cr_assert_eq(f->revisions[0].entries[i - 1].number, i);
		cr_assert_eq(pdf_file_find(f, 0, i)->offset, maker_at[i]);
	}
	pdf_file_free(f);
	maker_expect_clean(1);
}

Test(pdf_file, a_revision_is_found_by_its_end_with_white_space)
{
	maker_header();
	maker_object(1, "<<>>");
	maker_table(0, 1, 2, "");
	maker_put("startxref\n%llu\n%%%%EOF\r\n", (unsigned long long)maker_section);
	uint64_t first = maker_out.n;
	maker_put("  ");
	maker_update(2);
	maker_put("\n\n");
	struct pdf_file *f = maker_read();
	cr_assert_eq(pdf_file_revision_at(f, first), 0);
	cr_assert_eq(pdf_file_revision_at(f, first - 1), 0);
	cr_assert_eq(pdf_file_revision_at(f, first - 2), 0);
	cr_assert_eq(pdf_file_revision_at(f, first - 3), SIZE_MAX);
	cr_assert_eq(pdf_file_revision_at(f, first + 2), 0);
	cr_assert_eq(pdf_file_revision_at(f, first + 3), SIZE_MAX);
	cr_assert_eq(pdf_file_revision_at(f, maker_out.n), 1);
	cr_assert_eq(pdf_file_revision_at(f, maker_out.n + 1), SIZE_MAX);
	cr_assert_eq(pdf_file_revision_at(f, 0), SIZE_MAX);
	pdf_file_free(f);
}

Test(pdf_file, every_truncation_is_an_error_or_an_older_revision)
{
	maker_first();
	uint64_t first = maker_out.n - 1; /* its end of line may be missing */
	maker_update(3);
	for (size_t n = 0; n < maker_out.n; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct pdf_file *f = NULL;
		uint8_t *copy = mem_dup(maker_out.p, n); /* exactly as long */
		int rc = pdf_file_read(view_of(copy, n), &f, &err);
		cr_assert(rc == 0 || err.code == LTPS_FORMAT, "%zu", n);
		cr_assert(rc != 0 || n >= first, "%zu", n);
		cr_assert(rc != 0 || n == maker_out.n - 1 || f->n_revisions == 1, "%zu",
			  n);
		pdf_file_free(f);
		mem_free(copy);
	}
}

Test(pdf_file, failing_allocation_is_an_error)
{
	maker_linearised("<</Linearized 1/L 100>>", 0, "");
	for (int i = 0; i < 20; i++)
		maker_update(2);
	for (uint64_t n = 1;; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct pdf_file *f = NULL;
		mem_fail_nth(n);
		int rc = pdf_file_read(view_buf(&maker_out), &f, &err);
		int hit = mem_fail_hit();
		mem_fail_nth(0);
		cr_assert(rc == 0 || err.code == LTPS_NOMEM);
		cr_assert(!hit || rc != 0);
		pdf_file_free(f);
		if (!hit)
			break;
	}
}

Test(pdf_file, a_main_section_inside_the_one_of_the_first_page_is_refused)
{
	maker_header();
	maker_object(1, "<</Linearized 1>>");
	maker_section = maker_out.n;
	maker_put("xref\n0 0\ntrailer\n<</Size 2/Root 1 0 R/A(");
	uint64_t inner = maker_out.n;
	maker_put("xref 0 0 trailer<</Size 2/Root 1 0 R>>)/Prev %llu>>\n",
		  (unsigned long long)inner);
	maker_end(maker_section);
	maker_expect_refused("sections overlap");
}

Test(pdf_file, a_loop_through_the_first_page_section_is_refused)
{
	maker_linearised("<</Linearized 1/L 100>>", 0, "");
	uint64_t first = maker_section;
	char more[64];
	snprintf(more, sizeof(more), "/Prev %llu", (unsigned long long)first);
	buf_clear(&maker_out);
	maker_linearised("<</Linearized 1/L 100>>", 0, more);
	maker_expect_refused("main section");
}
