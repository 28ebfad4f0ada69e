/* SPDX-License-Identifier: Apache-2.0 */
/* What can be read, but should not be so: every finding has its file. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/pdf_maker.h"

TestSuite(pdf_file_findings, .init = maker_setup, .fini = maker_teardown);

/* ---- suspicious ---- */

Test(pdf_file_findings, a_skipped_revision_is_found)
{
	maker_first();
	uint64_t first = maker_section;
	maker_update(3);
	maker_object(4, "null");
	maker_table(4, 4, 5, maker_prev(first)); /* leaves out the second one */
	maker_end(maker_section);
	struct pdf_file *f = maker_read();
	cr_assert_eq(f->n_revisions, 2);
	cr_assert_eq(maker_finding(f, "PDF_REVISION_SKIPPED")->kind, PDF_SUSPICIOUS);
	cr_assert_eq(maker_finding(f, "PDF_REVISION_SKIPPED")->revision, 1);
	cr_assert_not_null(maker_finding(f, "PDF_OCTETS_OF_NO_REVISION"));
	pdf_file_free(f);
}

Test(pdf_file_findings, a_skipped_revision_behind_a_used_object_is_found)
{
	maker_first();
	uint64_t first = maker_section;
	maker_object(4, "null");
	maker_section = first;
	maker_object(3, "null");
	maker_table(3, 3, 4, maker_prev(first));
	maker_end(maker_section);
	maker_table(4, 4, 5, maker_prev(first));
	maker_end(maker_section);
	maker_expect(PDF_SUSPICIOUS, "PDF_REVISION_SKIPPED", 1);
}

Test(pdf_file_findings, a_file_inside_a_stream_is_only_a_notice)
{
	maker_first();
	uint64_t prev = maker_section;
	maker_at[3] = maker_out.n;
	const char inner[] = "%PDF-1.4\nxref\n0 0\ntrailer<<>>\nstartxref\n9\n%%EOF\n";
	maker_put("3 0 obj\n<</Length %zu>>\nstream\n%s\nendstream\nendobj\n",
		  sizeof(inner) - 1, inner);
	maker_table(3, 3, 4, maker_prev(prev));
	maker_end(maker_section);
	maker_expect(PDF_NOTICE, "PDF_END_INSIDE", 1);
}

Test(pdf_file_findings, octets_before_the_first_object_of_an_update_are_found)
{
	maker_first();
	maker_put("(hidden)\n");
	maker_update(3);
	maker_expect(PDF_SUSPICIOUS, "PDF_OCTETS_OF_NO_REVISION", 1);
}

Test(pdf_file_findings, octets_before_the_first_object_are_found)
{
	maker_header();
	maker_put("9 0 obj (of no entry) endobj\n");
	maker_object(1, "<<>>");
	maker_table(0, 1, 2, "");
	maker_end(maker_section);
	maker_expect(PDF_SUSPICIOUS, "PDF_OCTETS_OF_NO_REVISION", 0);
}

Test(pdf_file_findings, octets_behind_the_end_are_found)
{
	maker_first();
	maker_put("5 0 obj null endobj");
	struct pdf_file *f = maker_read();
	cr_assert_eq(f->trailing, 19);
	pdf_file_free(f);
	maker_expect(PDF_SUSPICIOUS, "PDF_TRAILING_OCTETS", 0);
}

Test(pdf_file_findings, white_space_behind_the_end_is_a_notice)
{
	maker_first();
	maker_put_octets("\r\n\0\0", 4);
	maker_expect(PDF_NOTICE, "PDF_TRAILING_WHITE_SPACE", 0);
}

Test(pdf_file_findings, octets_before_startxref_are_found)
{
	maker_first();
	uint64_t prev = maker_section;
	maker_object(3, "null");
	maker_table(3, 3, 4, maker_prev(prev));
	maker_put("4 0 obj null endobj\n");
	maker_end(maker_section);
	maker_expect(PDF_SUSPICIOUS, "PDF_OCTETS_BEFORE_STARTXREF", 1);
	maker_update(4);
	maker_expect(PDF_SUSPICIOUS, "PDF_OCTETS_BEFORE_STARTXREF", 1);
}

Test(pdf_file_findings, a_section_without_an_end_is_a_part_of_the_next_revision)
{
	maker_first();
	uint64_t first = maker_section, end_of_first = maker_out.n;
	maker_object(3, "null");
	maker_table(3, 3, 4, maker_prev(first));
	maker_update(4);
	struct pdf_file *f = maker_read();
	cr_assert_eq(f->n_revisions, 2);
	cr_assert_eq(f->revisions[1].start, end_of_first);
	cr_assert_eq(f->revisions[1].n_entries, 2);
	cr_assert_eq(f->revisions[1].size, 5);
	pdf_file_free(f);
	maker_expect(PDF_SUSPICIOUS, "PDF_SECTION_WITHOUT_END", 1);
}

Test(pdf_file_findings, startxref_of_another_section_is_found)
{
	maker_first();
	uint64_t first = maker_section;
	maker_object(3, "null");
	maker_table(3, 3, 4, maker_prev(first));
	maker_end(first);
	maker_update(4);
	maker_expect(PDF_SUSPICIOUS, "PDF_STARTXREF_OF_ANOTHER_SECTION", 1);
}

Test(pdf_file_findings, an_entry_into_newer_octets_is_found)
{
	maker_first();
	uint64_t prev = maker_section;
	maker_at[3] = maker_out.n + 100 + 150; /* within the update after this one */
	maker_table(3, 3, 4, maker_prev(prev));
	maker_end(maker_section);
	uint64_t second = maker_section;
	maker_object(
	    4, "(padding padding padding padding padding padding padding padding)");
	maker_object(
	    5, "(padding padding padding padding padding padding padding padding)");
	maker_table(4, 5, 6, maker_prev(second));
	maker_end(maker_section);
	maker_expect(PDF_SUSPICIOUS, "PDF_ENTRY_BEYOND_REVISION", 1);
}

Test(pdf_file_findings, an_entry_into_older_octets_is_found)
{
	maker_first();
	uint64_t prev = maker_section;
	maker_at[2] = maker_at[1]; /* object 2 is now what was prepared there */
	maker_table(2, 2, 3, maker_prev(prev));
	maker_end(maker_section);
	maker_expect(PDF_SUSPICIOUS, "PDF_ENTRY_INTO_OLDER_REVISION", 1);
}

Test(pdf_file_findings, an_entry_named_again_unchanged_is_a_notice)
{
	maker_first();
	uint64_t prev = maker_section;
	maker_object(3, "null");
	maker_table(1, 3, 4, maker_prev(prev));
	maker_end(maker_section);
	maker_expect(PDF_NOTICE, "PDF_ENTRY_REPEATED", 1);
}

Test(pdf_file_findings, an_entry_that_names_the_line_end_before_is_a_notice)
{
	maker_first();
	uint64_t prev = maker_section;
	maker_object(3, "null");
	maker_at[3]--;
	maker_table(3, 3, 4, maker_prev(prev));
	maker_end(maker_section);
	maker_expect(PDF_NOTICE, "PDF_ENTRY_AT_WHITE_SPACE", 1);
}

Test(pdf_file_findings, an_entry_outside_the_file_is_found)
{
	maker_header();
	maker_object(1, "<<>>");
	maker_at[2] = 9999999;
	maker_table(0, 2, 3, "");
	maker_end(maker_section);
	maker_expect(PDF_SUSPICIOUS, "PDF_ENTRY_OUTSIDE_FILE", 0);
}

Test(pdf_file_findings, two_entries_of_one_object_are_found)
{
	maker_header();
	maker_object(1, "<<>>");
	maker_object(2, "null");
	maker_section = maker_out.n;
	maker_put("xref\n1 2\n");
	maker_entry(1);
	maker_entry(2);
	maker_put("1 1\n");
	maker_entry(2);
	maker_put("trailer\n<</Size 3/Root 1 0 R>>\n");
	maker_end(maker_section);
	struct pdf_file *f = maker_read();
	cr_assert_eq(f->revisions[0].n_entries, 2);
	cr_assert_eq(pdf_file_find(f, 0, 1)->offset, maker_at[1],
		     "the first one counts");
	pdf_file_free(f);
	maker_expect(PDF_SUSPICIOUS, "PDF_ENTRIES_CONTRADICT", 0);
}

Test(pdf_file_findings, the_same_entry_twice_is_a_notice)
{
	maker_header();
	maker_object(1, "<<>>");
	maker_section = maker_out.n;
	maker_put("xref\n1 1\n");
	maker_entry(1);
	maker_put("1 1\n");
	maker_entry(1);
	maker_put("trailer\n<</Size 2/Root 1 0 R>>\n");
	maker_end(maker_section);
	maker_expect(PDF_NOTICE, "PDF_ENTRY_TWICE", 0);
}

Test(pdf_file_findings, a_size_too_small_is_found)
{
	maker_header();
	maker_object(1, "<<>>");
	maker_object(2, "null");
	maker_table(0, 2, 2, "");
	maker_end(maker_section);
	maker_expect(PDF_SUSPICIOUS, "PDF_SIZE_TOO_SMALL", 0);
}

Test(pdf_file_findings, another_generation_is_found)
{
	maker_first();
	uint64_t prev = maker_section;
	maker_at[2] = maker_out.n;
	maker_put("2 1 obj null endobj\n");
	maker_section = maker_out.n;
	maker_put("xref\n2 1\n%010llu 00001 n \n", (unsigned long long)maker_at[2]);
	maker_put("trailer\n<</Size 3/Root 1 0 R%s>>\n", maker_prev(prev));
	maker_end(maker_section);
	maker_expect(PDF_SUSPICIOUS, "PDF_GENERATION_CHANGED", 1);
}

Test(pdf_file_findings, a_deleted_object_may_come_back_with_another_generation)
{
	maker_first();
	uint64_t prev = maker_section;
	maker_section = maker_out.n;
	maker_put("xref\n2 1\n0000000000 00001 f \ntrailer\n<</Size 3/Root 1 0 R%s>>\n",
		  maker_prev(prev));
	maker_end(maker_section);
	prev = maker_section;
	maker_at[2] = maker_out.n;
	maker_put("2 1 obj null endobj\n");
	maker_section = maker_out.n;
	maker_put("xref\n2 1\n%010llu 00001 n \n", (unsigned long long)maker_at[2]);
	maker_put("trailer\n<</Size 3/Root 1 0 R%s>>\n", maker_prev(prev));
	maker_end(maker_section);
	struct pdf_file *f = maker_read();
	cr_assert_eq(pdf_file_find(f, 1, 2)->place, PDF_FREE);
	cr_assert_eq(pdf_file_find(f, 2, 2)->generation, 1);
	pdf_file_free(f);
	maker_expect_clean(3);
}

Test(pdf_file_findings, a_trailer_key_twice_is_found)
{
	maker_header();
	maker_object(1, "<<>>");
	maker_table(0, 1, 2, "/Root 1 0 R");
	maker_end(maker_section);
	maker_expect(PDF_SUSPICIOUS, "PDF_TRAILER_KEY_TWICE", 0);
}

Test(pdf_file_findings, an_older_trailer_without_a_catalog_is_found)
{
	maker_header();
	maker_object(1, "<<>>");
	maker_section = maker_out.n;
	maker_put("xref\n1 1\n");
	maker_entry(1);
	maker_put("trailer\n<</Size 2>>\n");
	maker_end(maker_section);
	maker_update(2);
	maker_expect(PDF_SUSPICIOUS, "PDF_NO_ROOT", 0);
}

Test(pdf_file_findings, encryption_that_an_update_changes_is_found)
{
	maker_header();
	maker_object(1, "<<>>");
	maker_table(0, 1, 2, "/Encrypt<</Filter/Standard>>");
	maker_end(maker_section);
	uint64_t prev = maker_section;
	char more[128];
	snprintf(more, sizeof(more), "/Encrypt<</Filter /Standard>>%s",
		 maker_prev(prev));
	maker_object(2, "null");
	maker_table(2, 2, 3, more);
	maker_end(maker_section);
	struct pdf_file *f = maker_read();
	cr_assert_not_null(f->encrypt);
	pdf_file_free(f);
	maker_expect_clean(2);
	maker_update(2);
	maker_expect(PDF_SUSPICIOUS, "PDF_ENCRYPT_CHANGED", 2);
}

Test(pdf_file_findings, a_prev_of_zero_ends_the_chain_and_is_found)
{
	maker_header();
	maker_object(1, "<<>>");
	maker_table(0, 1, 2, "/Prev 0");
	maker_end(maker_section);
	maker_expect(PDF_SUSPICIOUS, "PDF_PREV_ZERO", 0);
}

Test(pdf_file_findings, findings_are_bounded_and_the_serious_ones_stay)
{
	maker_first();
	for (int i = 0; i < 100; i++) {
		uint64_t prev = maker_section;
		maker_object(3, "null");
		if (i == 90)
			maker_put("junk ");
		maker_section = maker_out.n;
		/* 19 octets: a notice of each revision */
		maker_put("xref\n3 1\n%010llu 00000 n\n",
			  (unsigned long long)maker_at[3]);
		maker_put("trailer\n<</Size 4/Root 1 0 R%s>>\n", maker_prev(prev));
		if (i == 95)
			maker_put("junk ");
		maker_end(maker_section);
	}
	struct pdf_file *f = maker_read();
	cr_assert_eq(f->n_revisions, 101);
	cr_assert_eq(f->n_findings, PDF_FINDINGS_MAX);
	cr_assert_eq(f->findings[0].kind, PDF_SUSPICIOUS);
	cr_assert_str_eq(f->findings[0].code, "PDF_OCTETS_BEFORE_STARTXREF");
	cr_assert_eq(f->findings[0].revision, 96);
	cr_assert_eq(f->findings[1].kind, PDF_NOTICE);
	pdf_file_free(f);
}

/* Who floods the old revisions hides nothing that a newer one does. */
Test(pdf_file_findings, findings_of_newer_revisions_are_kept_of_each_kind)
{
	maker_first();
	for (int i = 0; i < 100; i++) {
		uint64_t prev = maker_section;
		maker_object(3, "null");
		maker_table(3, 3, i < 98 ? 1 : 4, maker_prev(prev));
		if (i < 90)
			maker_put("junk ");
		maker_end(maker_section);
	}
	uint64_t prev = maker_section;
	maker_table(1, 1, 4, maker_prev(prev)); /* as it was */
	maker_out.n = maker_section;
	maker_put("xref\n1 1\n");
	maker_at[1] = maker_at[2];
	maker_entry(1);
	maker_put("trailer\n<</Size 1/Root 1 0 R%s>>\n", maker_prev(prev));
	maker_end(maker_section);
	struct pdf_file *f = maker_read();
	cr_assert_eq(f->n_revisions, 102);
	size_t newest = 0;
	for (size_t i = 0; i < f->n_findings; i++)
		if (strcmp(f->findings[i].code, "PDF_SIZE_TOO_SMALL") == 0 &&
		    f->findings[i].revision > newest)
			newest = f->findings[i].revision;
	cr_expect_eq(newest, 101);
	cr_assert_not_null(maker_finding(f, "PDF_ENTRY_INTO_OLDER_REVISION"));
	cr_assert_not_null(maker_finding(f, "PDF_OCTETS_BEFORE_STARTXREF"));
	pdf_file_free(f);
}

/* ---- notices ---- */

Test(pdf_file_findings, octets_before_the_header_with_offsets_from_there)
{
	maker_first();
	maker_update(3);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf whole = buf_make(MAKER_ROOM);
	cr_assert_eq(buf_put_text(&whole, "HTTP/1.1 200 OK\r\n\r\n", &err), 0);
	cr_assert_eq(buf_put(&whole, view_buf(&maker_out), &err), 0);
	struct pdf_file *f = maker_read_octets(view_buf(&whole));
	cr_assert_eq(f->header, 19);
	cr_assert_eq(f->base, 19);
	cr_assert_eq(f->n_revisions, 2);
	cr_assert_eq(pdf_file_find(f, 1, 3)->offset, maker_at[3] + 19);
	cr_assert_eq(f->revisions[1].startxref, maker_section + 19);
	cr_assert_eq(f->n_findings, 1);
	cr_assert_str_eq(f->findings[0].code, "PDF_OCTETS_BEFORE_HEADER");
	pdf_file_free(f);
	buf_free(&whole);
}

Test(pdf_file_findings, octets_before_the_header_with_offsets_from_the_start)
{
	maker_put("junk\n");
	maker_first();
	struct pdf_file *f = maker_read();
	cr_assert_eq(f->header, 5);
	cr_assert_eq(f->base, 0);
	pdf_file_free(f);
	maker_expect(PDF_NOTICE, "PDF_OCTETS_BEFORE_HEADER", 0);
}

Test(pdf_file_findings, startxref_that_fits_both_ways_is_found)
{
	maker_table(0, 1, 2, "");
	size_t n = maker_out.n; /* of a table, and of the junk before the header */
	buf_clear(&maker_out);
	for (size_t i = 0; i < n; i++)
		maker_put(".");
	maker_header();
	maker_object(1, "<<>>");
	maker_table(0, 1, 2, "");
	uint64_t first = maker_section;
	maker_table(0, 1, 2, "");
	cr_assert_eq(maker_section, first + n);
	maker_end(first);
	struct pdf_file *f = maker_read();
	cr_assert_eq(f->base, 0);
	cr_assert_eq(maker_finding(f, "PDF_TWO_READINGS")->kind, PDF_SUSPICIOUS);
	pdf_file_free(f);
}

Test(pdf_file_findings, tables_with_known_faults_are_read)
{
	static const struct {
		const char *code;
		bool irregular;
	} faults[] = { { "PDF_TABLE_STARTS_AT_ONE", false },
		       { "PDF_ENTRY_NOT_20_OCTETS", true },
		       { "PDF_ENTRY_AT_ZERO", true },
		       { "PDF_SPACE_BEFORE_SECTION", false },
		       { "PDF_ENTRY_OF_OBJECT_ZERO", true } };
	for (size_t i = 0; i < sizeof(faults) / sizeof(faults[0]); i++) {
		buf_clear(&maker_out);
		maker_header();
		maker_object(1, "<<>>");
		maker_section = maker_out.n;
		maker_put("%sxref\n%d 3\n", i == 3 ? "\r\n" : "", i == 0);
		maker_put(i == 1   ? "0000000000 65535 f\n"
			  : i == 4 ? "0000000009 00000 n\r\n"
				   : "0000000000 65535 f\r\n");
		maker_entry(1);
		maker_put("0000000000 00000 %c \n", i == 2 ? 'n' : 'f');
		maker_put("trailer\n<</Size 3/Root 1 0 R>>\n");
		maker_end(maker_section);
		struct pdf_file *f = maker_read();
		cr_assert_eq(pdf_file_find(f, 0, 1)->offset, maker_at[1]);
		cr_assert_eq(pdf_file_find(f, 0, 2)->place, PDF_FREE);
		cr_assert_eq(f->revisions[0].irregular, faults[i].irregular);
		cr_assert_eq(pdf_file_irregular(f), faults[i].irregular);
		pdf_file_free(f);
		maker_expect(PDF_NOTICE, faults[i].code, 0);
	}
}

/* ---- object streams ---- */

Test(pdf_file_findings, objects_in_streams_are_found)
{
	maker_compressed();
	struct pdf_file *f = maker_read();
	cr_assert_eq(f->revisions[0].style, PDF_STYLE_STREAM);
	cr_assert_eq(f->revisions[0].trailer->kind, PDF_STREAM);
	const struct pdf_entry *e = pdf_file_find(f, 0, 4);
	cr_assert_eq(e->place, PDF_IN_STREAM);
	cr_assert_eq(e->offset, 3);
	cr_assert_eq(e->index, 0);
	cr_assert_null(pdf_file_find(f, 0, 0), "object 0 is none");
	pdf_file_free(f);
	maker_expect_clean(1);
}

Test(pdf_file_findings, an_object_stream_replaced_in_an_update_is_found)
{
	maker_compressed();
	uint64_t prev = maker_section;
	maker_at[3] = maker_out.n;
	maker_put("3 0 obj\n<</Type/ObjStm/N 1/First 4/Length 8>>stream\n4 0 "
		  "true\nendstream\n"
		  "endobj\n");
	maker_table(3, 3, 6, maker_prev(prev));
	maker_end(maker_section);
	maker_expect(PDF_SUSPICIOUS, "PDF_OBJECT_STREAM_REPLACED", 1);
}

Test(pdf_file_findings,
     an_object_stream_replaced_together_with_its_objects_is_no_matter)
{
	maker_compressed();
	uint64_t prev = maker_section;
	maker_at[3] = maker_out.n;
	maker_object(3, "null");
	maker_object(4, "null");
	maker_table(3, 4, 6, maker_prev(prev));
	maker_end(maker_section);
	maker_expect_clean(2);
}

Test(pdf_file_findings, an_object_in_a_stream_that_is_none_is_found)
{
	static const uint32_t none[] = { 4, 17 };
	for (size_t i = 0; i < 2; i++) {
		buf_clear(&maker_out);
		maker_header();
		maker_object(1, "<<>>");
		struct maker_row rows[] = { { 1, (uint32_t)maker_at[1], 0 },
					    { 1, (uint32_t)maker_out.n, 0 },
					    { 0 },
					    { 0 },
					    { 2, none[i], 0 } };
		maker_stream(2, "/Size 6/Index[1 5]", rows, 5);
		maker_end(maker_section);
		maker_expect(PDF_SUSPICIOUS, "PDF_NO_OBJECT_STREAM", 0);
	}
}

Test(pdf_file_findings, an_update_that_names_an_object_of_an_older_stream_is_found)
{
	maker_compressed();
	char more[64];
	snprintf(more, sizeof(more), "/Size 6/Index[2 1]%s", maker_prev(maker_section));
	maker_stream(5, more, (struct maker_row[]){ { 2, 3, 0 } }, 1);
	maker_end(maker_section);
	maker_expect(PDF_SUSPICIOUS, "PDF_ENTRY_INTO_OLDER_REVISION", 1);
}

Test(pdf_file_findings, entries_of_unknown_type_are_free)
{
	maker_header();
	maker_object(1, "<<>>");
	struct maker_row rows[] = { { 1, (uint32_t)maker_at[1], 0 },
				    { 1, (uint32_t)maker_out.n, 0 },
				    { 7, 15, 0 } };
	maker_stream(2, "/Size 4/Index[1 3]", rows, 3);
	maker_end(maker_section);
	struct pdf_file *f = maker_read();
	cr_assert_eq(pdf_file_find(f, 0, 3)->place, PDF_FREE);
	pdf_file_free(f);
	maker_expect(PDF_NOTICE, "PDF_ENTRY_OF_UNKNOWN_TYPE", 0);
}

Test(pdf_file_findings, octets_behind_the_entries_of_a_stream_are_a_notice)
{
	maker_header();
	maker_object(1, "<<>>");
	struct maker_row rows[] = { { 1, (uint32_t)maker_at[1], 0 },
				    { 1, (uint32_t)maker_out.n, 0 },
				    { 0 } };
	maker_stream(2, "/Size 3/Index[1 2]", rows, 3);
	maker_end(maker_section);
	maker_expect(PDF_NOTICE, "PDF_XREF_DATA_LONGER", 0);
}

/* ---- hybrid ---- */

/* Object 3 in the object stream 4, hidden by the table, named by the stream 5. */
static void hybrid_revision(const char *row_of_3, struct maker_row hidden)
{
	maker_header();
	maker_object(1, "<<>>");
	maker_object(2, "null");
	maker_at[4] = maker_out.n;
	maker_put("4 0 obj\n<</Type/ObjStm/N 1/First 4/Length 8>>stream\n3 0 "
		  "null\nendstream\n"
		  "endobj\n");
	maker_stream(5, "/Size 6/Index[3 1]", &hidden, 1);
	uint64_t at_stream = maker_section;
	maker_section = maker_out.n;
	maker_put("xref\n0 6\n0000000000 65535 f \n");
	maker_entry(1);
	maker_entry(2);
	maker_put("%s", row_of_3);
	maker_entry(4);
	maker_entry(5);
	maker_put("trailer\n<</Size 6/Root 1 0 R/XRefStm %llu>>\n",
		  (unsigned long long)at_stream);
	maker_end(maker_section);
}

Test(pdf_file_findings, a_hybrid_section_shows_what_its_table_hides)
{
	hybrid_revision("0000000000 65535 f \n", (struct maker_row){ 2, 4, 0 });
	struct pdf_file *f = maker_read();
	cr_assert_eq(f->revisions[0].style, PDF_STYLE_HYBRID);
	cr_assert_eq(f->revisions[0].n_entries, 5);
	cr_assert_eq(pdf_file_find(f, 0, 3)->place, PDF_IN_STREAM);
	cr_assert(pdf_file_find(f, 0, 3)->hidden);
	cr_assert_not(pdf_file_find(f, 0, 2)->hidden);
	pdf_file_free(f);
	maker_expect(PDF_NOTICE, "PDF_HYBRID", 0);
}

Test(pdf_file_findings, a_hybrid_section_that_contradicts_itself_is_found)
{
	hybrid_revision("0000000015 00000 n \n", (struct maker_row){ 2, 4, 0 });
	struct pdf_file *f = maker_read();
	cr_assert_eq(pdf_file_find(f, 0, 3)->place, PDF_AT_OFFSET, "the table counts");
	pdf_file_free(f);
	maker_expect(PDF_SUSPICIOUS, "PDF_HYBRID_CONTRADICTS", 0);
}

/* An empty table behind the first revision, and its stream in that. */
static void hybrid_base(void)
{
	maker_header();
	maker_object(1, "<<>>");
	maker_at[3] = maker_out.n;
	maker_put("3 0 obj\n<</Type/ObjStm/N 1/First 4/Length 8>>stream\n2 0 "
		  "null\nendstream\n"
		  "endobj\n");
	struct maker_row rows[] = { { 1, (uint32_t)maker_at[1], 0 },
				    { 2, 3, 0 },
				    { 1, (uint32_t)maker_at[3], 0 } };
	maker_stream(4, "/Size 5/Index[1 3]", rows, 3);
	uint64_t at_stream = maker_section;
	maker_section = maker_out.n;
	maker_put("xref\n0 5\n0000000002 65535 f \n");
	maker_entry(1);
	maker_put("0000000003 65535 f \n0000000000 65535 f \n");
	maker_entry(4);
	maker_put("trailer\n<</Size 5/Root 1 0 R>>\n");
	maker_end(maker_section);
	uint64_t prev = maker_section;
	maker_section = maker_out.n;
	maker_put("xref\n0 0\ntrailer\n<</Size 5/Root 1 0 R%s/XRefStm %llu>>\n",
		  maker_prev(prev), (unsigned long long)at_stream);
	maker_end(maker_section);
	maker_at[4] = at_stream;
}

Test(pdf_file_findings, the_hybrid_shape_of_word_processors_is_no_suspicion)
{
	hybrid_base();
	struct pdf_file *f = maker_read();
	cr_assert_eq(f->n_revisions, 2);
	cr_assert_eq(pdf_file_find(f, 0, 2)->place, PDF_FREE);
	cr_assert_eq(pdf_file_find(f, 1, 2)->place, PDF_IN_STREAM);
	pdf_file_free(f);
	maker_expect(PDF_NOTICE, "PDF_HYBRID", 1);
}

/* The same shape with a stream that names other objects than the first table: it was
 * prepared before the file was signed, to be put to use behind it. */
Test(pdf_file_findings, a_hybrid_stream_within_that_replaces_objects_is_found)
{
	maker_header();
	maker_object(1, "<<>>");
	maker_object(2, "(shown)");
	maker_at[5] = maker_out.n;
	maker_put("2 0 obj\n(hidden)\nendobj\n");
	maker_stream(4, "/Size 5/Index[2 1]",
		     (struct maker_row[]){ { 1, (uint32_t)maker_at[5], 0 } }, 1);
	uint64_t stream = maker_section;
	maker_table(0, 2, 5, "");
	maker_end(maker_section);
	uint64_t prev = maker_section;
	maker_section = maker_out.n;
	maker_put("xref\n0 0\ntrailer\n<</Size 5/Root 1 0 R%s/XRefStm %llu>>\n",
		  maker_prev(prev), (unsigned long long)stream);
	maker_end(maker_section);
	maker_expect(PDF_SUSPICIOUS, "PDF_ENTRY_INTO_OLDER_REVISION", 1);
}

Test(pdf_file_findings, a_copied_hybrid_stream_is_a_notice_where_it_changes_nothing)
{
	hybrid_base();
	char more[128];
	snprintf(more, sizeof(more), "%s/XRefStm %llu", maker_prev(maker_section),
		 (unsigned long long)maker_at[4]);
	maker_object(1, "<</New true>>");
	maker_object(5, "null");
	maker_section = maker_out.n;
	maker_put("xref\n1 1\n");
	maker_entry(1);
	maker_put("5 1\n");
	maker_entry(5);
	maker_put("trailer\n<</Size 6/Root 1 0 R%s>>\n", more);
	maker_end(maker_section);
	struct pdf_file *f = maker_read();
	cr_assert_eq(pdf_file_find(f, 2, 1)->offset, maker_at[1]);
	cr_assert_not_null(maker_finding(f, "PDF_HYBRID_STALE"));
	pdf_file_free(f);
	maker_expect(PDF_NOTICE, "PDF_HYBRID_STREAM_AGAIN", 2);
}

Test(pdf_file_findings, a_copied_hybrid_stream_that_takes_an_update_back_is_found)
{
	hybrid_base();
	uint64_t prev = maker_section;
	maker_object(1, "<</New true>>");
	maker_table(1, 1, 5, maker_prev(prev));
	maker_end(maker_section);
	char more[128];
	snprintf(more, sizeof(more), "%s/XRefStm %llu", maker_prev(maker_section),
		 (unsigned long long)maker_at[4]);
	maker_object(5, "null");
	maker_table(5, 5, 6, more);
	maker_end(maker_section);
	maker_expect(PDF_SUSPICIOUS, "PDF_ENTRY_INTO_OLDER_REVISION", 3);
}

Test(pdf_file_findings, a_hybrid_stream_outside_its_revision_is_found)
{
	maker_compressed();
	uint64_t prev = maker_section;
	maker_object(6, "null");
	char more[128];
	snprintf(more, sizeof(more), "%s/XRefStm %llu", maker_prev(prev),
		 (unsigned long long)prev);
	maker_table(6, 6, 7, more);
	maker_end(maker_section);
	maker_expect(PDF_SUSPICIOUS, "PDF_HYBRID_STREAM_OUTSIDE", 1);
}

Test(pdf_file_findings, a_hybrid_stream_that_replaces_an_object_is_a_notice)
{
	maker_first();
	uint64_t prev = maker_section;
	maker_at[3] = maker_out.n;
	maker_put("3 0 obj\n<</Type/ObjStm/N 1/First 4/Length 8>>stream\n2 0 null\n"
		  "endstream\nendobj\n");
	maker_stream(4, "/Size 5/Index[2 1]", (struct maker_row[]){ { 2, 3, 0 } }, 1);
	char more[128];
	snprintf(more, sizeof(more), "%s/XRefStm %llu", maker_prev(prev),
		 (unsigned long long)maker_section);
	maker_table(3, 4, 5, more);
	maker_end(maker_section);
	struct pdf_file *f = maker_read();
	cr_assert_eq(pdf_file_find(f, 1, 2)->place, PDF_IN_STREAM);
	pdf_file_free(f);
	maker_expect(PDF_NOTICE, "PDF_HYBRID_REPLACES", 1);
}

Test(pdf_file_findings, an_entry_before_the_header_is_found)
{
	maker_put("1 0 obj<<>>endobj\n");
	maker_header();
	maker_object(2, "null");
	maker_table(0, 2, 3, "");
	maker_out.n = maker_section;
	maker_put("xref\n1 2\n0000000001 00000 n \n");
	maker_entry(2);
	maker_put("trailer\n<</Size 3/Root 1 0 R>>\n");
	maker_end(maker_section);
	maker_expect(PDF_SUSPICIOUS, "PDF_ENTRY_BEFORE_HEADER", 0);
}

Test(pdf_file_findings, a_size_that_is_missing_or_none_is_found)
{
	static const char *const sizes[] = { "", "/Size(3)", "/Size -1",
					     "/Size 8388609" };
	for (size_t i = 0; i < 4; i++) {
		buf_clear(&maker_out);
		maker_header();
		maker_object(1, "<<>>");
		maker_section = maker_out.n;
		maker_put("xref\n1 1\n");
		maker_entry(1);
		maker_put("trailer\n<</Root 1 0 R%s>>\n", sizes[i]);
		maker_end(maker_section);
		maker_expect(PDF_SUSPICIOUS, "PDF_SIZE_TOO_SMALL", 0);
	}
}
