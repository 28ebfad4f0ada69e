/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Updates that nobody sees who follows the tables, and everybody who does not: objects
 * that no entry names, and what makes readers look for them. Beside each stands what
 * looks like it and is harmless.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/pdf_scene.h"
#include "tests/support/pdf_sketch.h"

TestSuite(pdf_changes_repair, .init = mem_init);

#define INFO "/Info 6 0 R"
#define OTHER_CONTENT "4 0 obj\n<</Length 3>>\nstream\nabc\nendstream\nendobj\n"

/* ---- a file ---- */

static void unsigned_objects(struct pdf_sketch *s, const char *page)
{
	pdf_sketch_object(s, 1, "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R>>");
	pdf_sketch_object(s, 2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
	pdf_sketch_object(s, 3, page);
	pdf_sketch_stream(s, 4, "", view_text(EIGHT));
	pdf_sketch_object(s, 6, "<</Title(t)>>");
	pdf_sketch_object(s, 7, "<</Fields[40 0 R]/SigFlags 3>>");
	pdf_sketch_object(s, 40,
			  "<</Type/Annot/Subtype/Widget/FT/Sig/T(signed)/Rect[0 0 9 9]"
			  "/P 3 0 R/V 41 0 R>>");
}

static void first_objects(struct pdf_sketch *s, const char *page)
{
	unsigned_objects(s, page);
	pdf_sketch_object(
	    s, 41,
	    "<</Type/Sig/Filter/X/SubFilter/ETSI.CAdES.detached " DOCMDP("2") ">>");
}

#define SIGNED_PAGE(more)                                                              \
	"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Annots[40 0 R]" more ">>"

static struct pdf_sketch signed_file(void)
{
	struct pdf_sketch s = pdf_sketch_begin();
	first_objects(&s, SIGNED_PAGE(""));
	pdf_sketch_table(&s, INFO);
	return s;
}

/* A table whose rows end with this. */
static void table_with_rows(struct pdf_sketch *s, const char *row_end)
{
	char line[200];
	size_t at = s->b.n;
	pdf_scene_put(&s->b, "xref\n");
	for (size_t i = 0; i < s->n; i++) {
		(void)snprintf(line, sizeof(line), "%u 1\n%010llu %05u %c%s",
			       s->entries[i].number,
			       (unsigned long long)s->entries[i].offset,
			       s->entries[i].generation, s->entries[i].kind, row_end);
		pdf_scene_put(&s->b, line);
	}
	(void)snprintf(line, sizeof(line), "trailer\n<</Size 90/Root 1 0 R" INFO);
	pdf_scene_put(&s->b, line);
	if (s->prev > 0) {
		(void)snprintf(line, sizeof(line), "/Prev %llu",
			       (unsigned long long)s->prev);
		pdf_scene_put(&s->b, line);
	}
	(void)snprintf(line, sizeof(line), ">>\nstartxref\n%zu\n%%%%EOF\n", at);
	pdf_scene_put(&s->b, line);
	s->prev = at;
	s->n = 0;
}

static void put_white(struct pdf_sketch *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		pdf_scene_put(&s->b, "\n");
}

#define SIGNED_TO(range)                                                               \
	"<</Type/Sig/Filter/X/SubFilter/ETSI.CAdES.detached/ByteRange" range           \
	"/Contents<3003020101>>>"

/* Its gap is filled in once it is known. */
static void sign_to_the_end(struct pdf_sketch *s, size_t white)
{
	static const char blank[] = "[0000000000 0000000000 0000000000 0000000000]";
	char range[sizeof(blank)];
	pdf_sketch_object(s, 41, SIGNED_TO("[0000000000 0000000000 0000000000 0000000000]"));
	pdf_sketch_table(s, INFO);
	put_white(s, white);
	char *at = memmem(s->b.p, s->b.n, blank, sizeof(blank) - 1);
	char *gap = memmem(s->b.p, s->b.n, "<3003020101>", 12);
	size_t from = (size_t)(gap - (char *)s->b.p), to = from + 12;
	(void)snprintf(range, sizeof(range), "[%010u %010zu %010zu %010zu]", 0U, from, to,
		       s->b.n - to);
	memcpy(at, range, sizeof(range) - 1);
}

/* What the worst change behind the signature says; "": there is none. */
static void expect(struct pdf_sketch *s, const char *what)
{
	struct pdf_scene_result r = pdf_scene_read_file(pdf_sketch_view(s));
	const struct pdf_change *w = pdf_scene_worst(&r.c);
	const char *said = w != NULL ? w->what : "";
	cr_assert_eq(r.p->n_signatures, 1);
	cr_expect_eq(what[0] == 0, w == NULL, "%s", said);
	cr_expect(strstr(said, what) != NULL, "\"%s\" lacks \"%s\"", said, what);
	if (w != NULL) {
		cr_expect_eq(w->kind, PDF_CHANGE_UNDEFINED, "%s", said);
		cr_expect_str_eq(w->attack != NULL ? w->attack : "",
				 "incremental-saving");
	}
	pdf_scene_free(&r);
	buf_free(&s->b);
}

/* ---- octets ---- */

/* Behind the object that the update names, before its section. */
static void expect_behind(const char *octets, const char *what)
{
	for (int stream = 0; stream < 2; stream++) {
		struct pdf_sketch s = signed_file();
		pdf_sketch_object(&s, 50, "<<>>");
		pdf_scene_put(&s.b, octets);
		if (stream)
			pdf_sketch_xref(&s, 60, INFO);
		else
			pdf_sketch_table(&s, INFO);
		expect(&s, what);
	}
}

Test(pdf_changes_repair, object_that_no_entry_names_is_seen)
{
	static const char no[] = "belong to no object";
	expect_behind(OTHER_CONTENT, no);
	expect_behind("% 4 0 obj <<>> endobj\n", no);
	expect_behind("4 %\n0 %\nobj <<>> endobj\n", no);
	expect_behind("trailer <</Root 50 0 R>>\n", no);
	expect_behind("% trailer <</Root 50 0 R>>\n", no);
	expect_behind("x", no);
	expect_behind("", "");
	expect_behind("\r\n \n", "");
	expect_behind("\n% made by hand\n", "");
}

Test(pdf_changes_repair, object_between_two_that_are_named_is_seen)
{
	for (int hidden = 0; hidden < 2; hidden++) {
		struct pdf_sketch s = signed_file();
		pdf_sketch_object(&s, 50, "<<>>");
		if (hidden)
			pdf_scene_put(&s.b, OTHER_CONTENT);
		pdf_sketch_object(&s, 51, "<<>>");
		pdf_sketch_table(&s, INFO);
		expect(&s, hidden ? "belong to no object" : "");
	}
}

Test(pdf_changes_repair, object_behind_the_section_is_seen)
{
	for (int hidden = 0; hidden < 2; hidden++) {
		struct pdf_sketch s = signed_file();
		pdf_sketch_object(&s, 50, "<<>>");
		pdf_sketch_table(&s, INFO);
		char *end = memmem(s.b.p + s.prev, s.b.n - s.prev, "startxref", 9);
		char tail[60];
		(void)snprintf(tail, sizeof(tail), "%s", end);
		s.b.n = (size_t)(end - (char *)s.b.p);
		pdf_scene_put(&s.b, hidden ? "%4 0 obj <<>> endobj\n" : "% a word\n");
		(void)snprintf(tail, sizeof(tail), "startxref\n%llu\n%%%%EOF\n",
			       (unsigned long long)s.prev);
		pdf_scene_put(&s.b, tail);
		expect(&s, hidden ? "behind the last object" : "");
	}
}

static void expect_within(const char *data, const char *what)
{
	char text[200];
	struct pdf_sketch s = signed_file();
	pdf_sketch_stream(&s, 50, "", view_text(data));
	pdf_sketch_table(&s, INFO);
	expect(&s, what);
	s = signed_file();
	(void)snprintf(text, sizeof(text), "<</A(%s)>>", data);
	pdf_sketch_object(&s, 50, text);
	pdf_sketch_table(&s, INFO);
	expect(&s, what);
}

Test(pdf_changes_repair, object_in_the_data_of_another_is_seen)
{
	static const char within[] = "the head of an object or a trailer";
	expect_within("\n" OTHER_CONTENT, within);
	expect_within("4\t0  obj", within);
	expect_within("trailer <</Root 50 0 R>>", within);
	expect_within("4 0 R", "");
	expect_within("an obj, a trailer", "");
	expect_within("4 obj 0", "");
}

Test(pdf_changes_repair, object_that_cannot_be_read_is_seen)
{
	for (int whole = 0; whole < 2; whole++) {
		struct pdf_sketch s = signed_file();
		pdf_sketch_raw(&s, 50, 0,
			       whole ? "50 0 obj 1 endobj\n" : "50 0 obj 1\n");
		pdf_sketch_table(&s, INFO);
		expect(&s, whole ? "" : "cannot be read");
	}
}

/* Programs that name all objects again in each update. */
Test(pdf_changes_repair, object_named_again_where_it_stood_is_harmless)
{
	struct pdf_sketch s = signed_file();
	char *six = memmem(s.b.p, s.b.n, "6 0 obj", 7);
	uint64_t at = (uint64_t)(six - (char *)s.b.p);
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 6, 0, 'n', at, 0 });
	pdf_sketch_object(&s, 50, "<<>>");
	pdf_sketch_table(&s, INFO);
	expect(&s, "");
}

/* ---- sections ---- */

/* Where the section is irregular: in the update; in the signed revision. */
static struct pdf_sketch file_with(const struct pdf_sketch_entry *more,
				   const char *row_end, bool before)
{
	struct pdf_sketch s = pdf_sketch_begin();
	first_objects(&s, SIGNED_PAGE(""));
	if (before && more != NULL)
		pdf_sketch_entry(&s, *more);
	table_with_rows(&s, before ? row_end : " \n");
	pdf_sketch_object(&s, 50, "<<>>");
	if (!before && more != NULL)
		pdf_sketch_entry(&s, *more);
	table_with_rows(&s, before ? " \n" : row_end);
	return s;
}

static void expect_section(const struct pdf_sketch_entry *more, const char *row_end,
			   const char *what)
{
	struct pdf_sketch s = file_with(more, row_end, false);
	expect(&s, what);
	s = file_with(more, row_end, true);
	expect(&s, what);
}

Test(pdf_changes_repair, irregular_table_is_seen_in_the_update_and_below_it)
{
	expect_section(NULL, "\n", "irregular");
	expect_section(NULL, "  \n", "irregular");
	expect_section(&(struct pdf_sketch_entry){ 0, 0, 'n', 15, 0 }, " \n",
		       "irregular");
	expect_section(&(struct pdf_sketch_entry){ 51, 0, 'n', 0, 0 }, " \n",
		       "irregular");
	expect_section(&(struct pdf_sketch_entry){ 51, 0, 'f', 0, 0 }, " \n", "");
	expect_section(NULL, " \n", "");
	expect_section(NULL, "\r\n", "");
}

/* The generation of an entry that is too large is none, and not a small one. */
Test(pdf_changes_repair, generation_too_large_is_malformed)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_sketch s = signed_file();
	struct pdf_file *f = NULL;
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 50, 65536, 'n', s.b.n, 0 });
	pdf_scene_put(&s.b, "50 0 obj 1 endobj\n");
	pdf_sketch_table(&s, INFO);
	cr_expect_eq(pdf_file_read(pdf_sketch_view(&s), &f, &err), -1);
	cr_expect_eq(err.code, LTPS_FORMAT);
	pdf_file_free(f);
	buf_free(&s.b);
}

#define SIGNED_ROW "%010zu 00000 n \n"

/* An update with a table in which these stand behind xref, between the two numbers,
 * behind them, and behind startxref. */
static void expect_table(const char *head, const char *between, const char *behind,
			 const char *end, const char *what)
{
	struct pdf_sketch s = signed_file();
	char text[400];
	size_t object = s.b.n, at;
	pdf_scene_put(&s.b, "50 0 obj\n<<>>\nendobj\n");
	at = s.b.n;
	(void)snprintf(text, sizeof(text),
		       "xref%s50%s1%s" SIGNED_ROW "trailer\n<</Size 90/Root 1 0 R" INFO
		       "/Prev %llu>>\nstartxref%s%zu\n%%%%EOF\n",
		       head, between, behind, object, (unsigned long long)s.prev, end,
		       at);
	pdf_scene_put(&s.b, text);
	expect(&s, what);
}

Test(pdf_changes_repair, subsection_that_does_not_begin_with_a_line_is_seen)
{
	expect_table("\n", " ", "\n", "\n", "");
	expect_table(" \n", " ", " \n", "\r\n", "");
	expect_table("\r\n", " ", "\r\n", "\n", "");
	expect_table("\n", "\n", "\n", "\n", "irregular");
	expect_table("\n", "  ", "\n", "\n", "irregular");
	expect_table("\n", " ", "\n\n", "\n", "irregular");
	expect_table("\n\n", " ", "\n", "\n", "irregular");
	expect_table(" ", " ", "\n", "\n", "irregular");
	expect_table("\n", " ", " ", "\n", "irregular");
}

Test(pdf_changes_repair, end_that_takes_much_room_is_seen)
{
	char white[101];
	memset(white, ' ', sizeof(white) - 1);
	white[100] = 0;
	expect_table("\n", " ", "\n", white, "irregular");
	expect_table("\n", " ", "\n", white + 80, "");
}

Test(pdf_changes_repair, free_entry_beyond_size_is_seen)
{
	expect_section(&(struct pdf_sketch_entry){ 90, 0, 'f', 0, 0 }, " \n",
		       "irregular");
	expect_section(&(struct pdf_sketch_entry){ 89, 0, 'f', 0, 0 }, " \n", "");
}

static void put_field(struct pdf_sketch *s, size_t width, uint64_t value)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	for (size_t i = width; i-- > 0;) {
		uint8_t octet = i < 8 ? (uint8_t)(value >> 8 * i) : 0;
		cr_assert_eq(buf_put(&s->b, view_of(&octet, 1), &err), 0);
	}
}

/* An update that names object 50 and, with an entry of this type, object 51. */
static void expect_rows(const size_t width[3], uint64_t type, const char *what)
{
	struct pdf_sketch s = signed_file();
	char text[300];
	size_t object = s.b.n, at;
	pdf_scene_put(&s.b, "50 0 obj\n<<>>\nendobj\n");
	at = s.b.n;
	(void)snprintf(text, sizeof(text),
		       "60 0 obj\n<</Type/XRef/Size 90/Root 1 0 R" INFO
		       "/Prev %llu/W[%zu %zu %zu]/Index[50 2]/Length %zu>>\nstream\n",
		       (unsigned long long)s.prev, width[0], width[1], width[2],
		       2 * (width[0] + width[1] + width[2]));
	pdf_scene_put(&s.b, text);
	for (uint64_t i = 0; i < 2; i++) {
		put_field(&s, width[0], i == 0 ? 1 : type);
		put_field(&s, width[1], i == 0 ? object : 0);
		put_field(&s, width[2], 0);
	}
	(void)snprintf(text, sizeof(text),
		       "\nendstream\nendobj\nstartxref\n%zu\n%%%%EOF\n", at);
	pdf_scene_put(&s.b, text);
	expect(&s, what);
}

Test(pdf_changes_repair, stream_with_wide_fields_or_unknown_entries_is_seen)
{
	expect_rows((const size_t[]){ 1, 4, 2 }, 0, "");
	expect_rows((const size_t[]){ 1, 8, 4 }, 0, "");
	expect_rows((const size_t[]){ 1, 3, 0 }, 0, "");
	expect_rows((const size_t[]){ 8, 8, 8 }, 0, "irregular");
	expect_rows((const size_t[]){ 2, 4, 2 }, 0, "irregular");
	expect_rows((const size_t[]){ 1, 4, 5 }, 0, "irregular");
	expect_rows((const size_t[]){ 1, 4, 2 }, 3, "irregular");
}

static void expect_object_stream(const char *members, const char *what)
{
	struct pdf_sketch s = signed_file();
	pdf_sketch_object(&s, 51, "1");
	pdf_sketch_object(&s, 53, "5");
	pdf_sketch_stream(&s, 52, members, view_text("50 0 <<>>"));
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 50, 0, 's', 52, 0 });
	pdf_sketch_xref(&s, 60, INFO);
	expect(&s, what);
}

Test(pdf_changes_repair, object_stream_that_leaves_its_list_to_others_is_seen)
{
	expect_object_stream("/Type/ObjStm/N 1/First 5", "");
	expect_object_stream("/Type/ObjStm/N 51 0 R/First 5", "object stream 52");
	expect_object_stream("/Type/ObjStm/N 1/First 53 0 R", "object stream 52");
}

/* ---- what was signed ---- */

enum behind { BEHIND_NOTHING, BEHIND_LINE, BEHIND_UPDATE };

static void put_behind(struct pdf_sketch *s, enum behind behind)
{
	if (behind == BEHIND_LINE)
		pdf_scene_put(&s->b, "\n");
	if (behind != BEHIND_UPDATE)
		return;
	pdf_sketch_object(s, 60, "<<>>");
	pdf_sketch_table(s, INFO);
}

/* Octets between the objects that were signed. */
static void expect_signed(const char *octets, enum behind behind, const char *what)
{
	struct pdf_sketch s = pdf_sketch_begin();
	unsigned_objects(&s, SIGNED_PAGE(""));
	pdf_scene_put(&s.b, octets);
	sign_to_the_end(&s, 0);
	put_behind(&s, behind);
	expect(&s, what);
}

Test(pdf_changes_repair, object_that_no_entry_names_in_what_was_signed_is_seen)
{
	static const char no[] = "no entry names";
	expect_signed(OTHER_CONTENT, BEHIND_NOTHING, "");
	expect_signed(OTHER_CONTENT, BEHIND_LINE, no);
	expect_signed(OTHER_CONTENT, BEHIND_UPDATE, no);
	expect_signed("80 0 obj <<>> endobj\n", BEHIND_UPDATE, no);
	expect_signed("% 4 0 obj <<>> endobj\n", BEHIND_UPDATE, no);
	expect_signed("4 %\n0 %\nobj <<>> endobj\n", BEHIND_UPDATE, no);
	expect_signed("% by hand\r\n \n", BEHIND_LINE, "");
	expect_signed("% by hand\r\n \n", BEHIND_UPDATE, "");
}

/* An object with its entry, among the others. */
static void expect_signed_object(const char *text, size_t in_front, const char *what)
{
	struct pdf_sketch s = pdf_sketch_begin();
	unsigned_objects(&s, SIGNED_PAGE(""));
	pdf_sketch_object(&s, 50, "<</A 1>>");
	pdf_sketch_raw(&s, 70, 0, text);
	s.entries[s.n - 1].offset += in_front;
	pdf_sketch_object(&s, 51, "<</B 1>>");
	sign_to_the_end(&s, 0);
	put_behind(&s, BEHIND_UPDATE);
	expect(&s, what);
}

Test(pdf_changes_repair, head_that_its_entry_does_not_lead_to_is_seen)
{
	static const char no[] = "no entry names";
	expect_signed_object("70 0 obj <<>> endobj\n", 0, "");
	expect_signed_object("80 0 obj <<>> endobj\n", 0, no);
	expect_signed_object("170 0 obj <<>> endobj\n", 1, no);
	expect_signed_object("/70 0 obj <<>> endobj\n", 1, "");
	expect_signed_object("70 0 obj <<>> 80 0 obj <<>> endobj\n", 0, no);
	expect_signed_object("70 0 obj <<>> endobj 80 0 obj <<>> endobj\n", 0, no);
	expect_signed_object("70 0 obj <</A 80 0 obj <<>> >> endobj\n", 0, no);
	expect_signed_object("70 0 obj [1] 80 0 obj endobj\n", 0, no);
	expect_signed_object("70 0 obj (1) 80 0 obj (2) endobj\n", 0, no);
	expect_signed_object("70 0 obj <<>> endobj\n%80 0 obj\n", 0, no);
}

/* A string that the update ends, and one of another kind. */
Test(pdf_changes_repair, head_in_what_only_looks_like_a_string_is_seen)
{
	static const char no[] = "no entry names";
	expect_signed_object("70 0 obj <</A <80 0 obj <<>> endobj\n", 0, no);
	for (int hidden = 0; hidden < 2; hidden++) {
		struct pdf_sketch s = pdf_sketch_begin();
		unsigned_objects(&s, SIGNED_PAGE(""));
		if (hidden)
			pdf_sketch_raw(&s, 70, 0, "70 0 obj <</A (\n");
		pdf_scene_put(&s.b, hidden ? OTHER_CONTENT : "\n");
		sign_to_the_end(&s, 0);
		pdf_scene_put(&s.b, "% ) >>\n");
		pdf_sketch_object(&s, 60, "<<>>");
		pdf_sketch_table(&s, INFO);
		expect(&s, hidden ? no : "");
	}
}

/* Before anybody signed: the tables lead back to what stands before. */
Test(pdf_changes_repair, older_version_behind_the_one_that_was_signed_is_seen)
{
	for (int turned = 0; turned < 2; turned++) {
		struct pdf_sketch s = pdf_sketch_begin();
		unsigned_objects(&s, SIGNED_PAGE(""));
		uint64_t first = s.b.n;
		pdf_scene_put(&s.b, "50 0 obj\n(good)\nendobj\n");
		uint64_t second = s.b.n;
		pdf_scene_put(&s.b, "50 0 obj\n(other)\nendobj\n");
		pdf_sketch_entry(&s, (struct pdf_sketch_entry){
					 50, 0, 'n', turned ? second : first, 0 });
		pdf_sketch_table(&s, INFO);
		pdf_sketch_entry(&s, (struct pdf_sketch_entry){
					 50, 0, 'n', turned ? first : second, 0 });
		sign_to_the_end(&s, 0);
		put_behind(&s, BEHIND_UPDATE);
		expect(&s, turned ? "older version of object 50" : "");
	}
}

/* Entries in any order, and objects that stand in any. */
Test(pdf_changes_repair, head_between_objects_in_no_order_is_seen)
{
	for (int hidden = 0; hidden < 2; hidden++) {
		struct pdf_sketch s = pdf_sketch_begin();
		unsigned_objects(&s, SIGNED_PAGE(""));
		for (uint32_t i = 80; i > 50; i--) {
			pdf_sketch_object(&s, i, i % 2 ? "<</A 1>>" : "[(]) 2 0 R]");
			if (hidden && i == 66)
				pdf_scene_put(&s.b, OTHER_CONTENT);
		}
		sign_to_the_end(&s, 0);
		pdf_sketch_object(&s, 60, "<<>>");
		pdf_sketch_table(&s, INFO);
		expect(&s, hidden ? "no entry names" : "");
	}
}

/* Long data are passed over with their object, and not what is behind. */
Test(pdf_changes_repair, head_behind_long_data_is_seen)
{
	static char data[100000];
	memset(data, 'x', sizeof(data));
	memcpy(data + 50000, OTHER_CONTENT, sizeof(OTHER_CONTENT) - 1);
	for (int hidden = 0; hidden < 2; hidden++) {
		struct pdf_sketch s = pdf_sketch_begin();
		unsigned_objects(&s, SIGNED_PAGE(""));
		pdf_sketch_stream(&s, 50, "/Type/EmbeddedFile",
				  view_of((const uint8_t *)data, sizeof(data)));
		if (hidden)
			pdf_scene_put(&s.b, OTHER_CONTENT);
		pdf_sketch_object(&s, 51, "<<>>");
		sign_to_the_end(&s, 0);
		put_behind(&s, BEHIND_UPDATE);
		expect(&s, hidden ? "no entry names" : "");
	}
}

/* Files within files are common, and so are words. */
Test(pdf_changes_repair, head_within_an_object_that_was_signed_is_harmless)
{
	for (int behind = BEHIND_NOTHING; behind <= BEHIND_UPDATE; behind++) {
		struct pdf_sketch s = pdf_sketch_begin();
		unsigned_objects(&s, SIGNED_PAGE(""));
		pdf_sketch_stream(&s, 50, "/Type/EmbeddedFile",
				  view_text(OTHER_CONTENT OTHER_CONTENT));
		pdf_sketch_object(&s, 51, "[(4 0 obj) (4 0 obj) /obj]");
		sign_to_the_end(&s, 0);
		put_behind(&s, (enum behind)behind);
		expect(&s, "");
	}
}

/* What older revisions name was replaced or deleted, and is no secret. */
Test(pdf_changes_repair, older_version_of_an_object_that_was_signed_is_harmless)
{
	for (int behind = BEHIND_NOTHING; behind <= BEHIND_UPDATE; behind++) {
		struct pdf_sketch s = pdf_sketch_begin();
		unsigned_objects(&s, SIGNED_PAGE(""));
		pdf_sketch_object(&s, 50, "(old)");
		pdf_sketch_table(&s, INFO);
		pdf_sketch_object(&s, 6, "<</Title(other)>>");
		pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 50, 1, 'f', 0, 0 });
		pdf_sketch_table(&s, INFO);
		pdf_sketch_object(&s, 6, "<</Title(third)>>");
		sign_to_the_end(&s, 0);
		put_behind(&s, (enum behind)behind);
		expect(&s, "");
	}
}

/* ---- white space behind the end ---- */

static void expect_white(size_t n, bool update, const char *what)
{
	struct pdf_sketch s = signed_file();
	if (update) {
		pdf_sketch_object(&s, 50, "<<>>");
		pdf_sketch_table(&s, INFO);
	}
	put_white(&s, n);
	expect(&s, what);
}

Test(pdf_changes_repair, much_white_space_behind_the_end_is_seen)
{
	static const char end[] = "do not find its end";
	for (int update = 0; update < 2; update++) {
		expect_white(513, update, end);
		expect_white(60000, update, end);
		expect_white(512, update, "");
		expect_white(1, update, "");
	}
}

/* It was there for those who signed; what came behind it was not. */
Test(pdf_changes_repair, white_space_behind_the_end_that_is_signed_is_harmless)
{
	for (size_t more = 0; more < 2; more++) {
		struct pdf_sketch s = pdf_sketch_begin();
		unsigned_objects(&s, SIGNED_PAGE(""));
		sign_to_the_end(&s, 2000);
		put_white(&s, more);
		expect(&s, more > 0 ? "do not find its end" : "");
	}
}

/* ---- references to nothing ---- */

static void expect_trailer(const char *before, const char *after, const char *what)
{
	for (int stream = 0; stream < 2; stream++) {
		struct pdf_sketch s = pdf_sketch_begin();
		first_objects(&s, SIGNED_PAGE(""));
		pdf_sketch_table(&s, before);
		pdf_sketch_object(&s, 50, "<<>>");
		if (stream)
			pdf_sketch_xref(&s, 60, after);
		else
			pdf_sketch_table(&s, after);
		expect(&s, what);
	}
}

Test(pdf_changes_repair, trailer_that_refers_to_nothing_is_seen)
{
	expect_trailer(INFO, "/Info 19 0 R", "refers to object 19");
	expect_trailer(INFO, "/Info 6 7 R", "refers to object 6");
	expect_trailer(INFO, INFO "/ID[<00> 19 0 R]", "refers to object 19");
	expect_trailer(INFO, INFO "/Other[<</A 19 0 R>>]", "");
	expect_trailer(INFO, INFO, "");
	expect_trailer(INFO, INFO "/ID[<00> 50 0 R]", "");
	expect_trailer("/Info 19 0 R", "/Info 19 0 R", "");
}

Test(pdf_changes_repair, trailer_alone_that_refers_to_nothing_is_seen)
{
	struct pdf_sketch s = signed_file();
	pdf_sketch_table(&s, "/Info 19 0 R");
	expect(&s, "refers to object 19");
	s = signed_file();
	pdf_sketch_table(&s, INFO);
	expect(&s, "");
}

static void expect_page(const char *before, const char *after, const char *what)
{
	struct pdf_sketch s = pdf_sketch_begin();
	first_objects(&s, before);
	pdf_sketch_table(&s, INFO);
	pdf_sketch_object(&s, 3, after);
	pdf_sketch_object(&s, 50, "<<>>");
	pdf_sketch_table(&s, INFO);
	expect(&s, what);
}

Test(pdf_changes_repair, object_that_refers_to_nothing_is_seen)
{
	static const char page[] = SIGNED_PAGE("");
	static const char dangling[] = SIGNED_PAGE("/Rotate 19 0 R");
	expect_page(page, dangling, "refers to object 19");
	expect_page(page, SIGNED_PAGE("/Rotate 19 5 R"), "refers to object 19");
	expect_page(dangling, SIGNED_PAGE("/Rotate 19 5 R"), "refers to object 19");
	expect_page(dangling, dangling, "");
	expect_page(page, page, "");
}

/* ---- the same, at its place, and below ---- */

/* Objects that are signed beside the others; 14 has an entry that leads to another. */
static void old_objects(struct pdf_sketch *s)
{
	char *six = memmem(s->b.p, s->b.n, "6 0 obj", 7);
	pdf_sketch_object(s, 8, "<</Title(t)/X 19 0 R>>");
	pdf_sketch_object(s, 9, "[<</A[8 0 R]>>]");
	pdf_sketch_object(s, 10, "<</Type/Page/P 8 0 R/Parent 22 0 R/Pg 18 0 R>>");
	pdf_sketch_object(s, 11, "<</Parent 19 0 R>>");
	pdf_sketch_object(s, 12, "<</A 13 0 R/B 12 0 R>>");
	pdf_sketch_object(s, 13, "<</A 12 0 R/C[6 0 R 10 0 R]>>");
	pdf_sketch_entry(s, (struct pdf_sketch_entry){
				14, 0, 'n', (uint64_t)(six - (char *)s->b.p), 0 });
	pdf_sketch_object(s, 15, "<</Parent 14 0 R>>");
	pdf_sketch_stream(s, 16, "/A 19 0 R", view_text("data"));
	pdf_sketch_stream(s, 17, "/A 6 0 R", view_text("/A 19 0 R"));
	pdf_sketch_object(s, 18, "<</Type/Page/A 8 0 R>>");
	pdf_sketch_object(s, 20, "<</Title(t)>>");
	pdf_sketch_object(s, 22, "<</Kids[8 0 R 19 0 R]>>");
}

/* An object that nobody uses: what it says means nothing. NULL: it was not there. */
static void expect_unused(const char *before, const char *after, const char *what)
{
	struct pdf_sketch s = pdf_sketch_begin();
	first_objects(&s, SIGNED_PAGE(""));
	old_objects(&s);
	if (before != NULL)
		pdf_sketch_object(&s, 50, before);
	pdf_sketch_table(&s, INFO);
	pdf_sketch_object(&s, 50, after);
	pdf_sketch_table(&s, INFO);
	expect(&s, what);
}

static void expect_info(const char *info, const char *what)
{
	struct pdf_sketch s = pdf_sketch_begin();
	first_objects(&s, SIGNED_PAGE(""));
	old_objects(&s);
	pdf_sketch_table(&s, INFO);
	pdf_sketch_object(&s, 50, "<<>>");
	pdf_sketch_table(&s, info);
	expect(&s, what);
}

Test(pdf_changes_repair, reference_that_its_entry_does_not_lead_to_is_seen)
{
	static const char no[] = "refers to object 14, which cannot be read";
	expect_unused(NULL, "<</A 6 0 R>>", "");
	expect_unused(NULL, "<</A 14 0 R>>", no);
	expect_unused(NULL, "<</P 14 0 R>>", no);
	expect_unused(NULL, "<</A 15 0 R>>", no);
	expect_unused("<</A 14 0 R>>", "<</A 14 0 R/B 1>>", "");
	expect_unused("<</A 14 0 R>>", "<</B 14 0 R>>", no);
}

Test(pdf_changes_repair, old_object_that_refers_to_nothing_is_seen)
{
	static const char no[] = "refers to object 19, which is not there";
	expect_unused(NULL, "<</A 8 0 R>>", no);
	expect_unused(NULL, "[[9 0 R]]", no);
	expect_unused(NULL, "<</A 11 0 R>>", no);
	expect_unused(NULL, "<</A 16 0 R>>", no);
	expect_unused(NULL, "<</A 18 0 R>>", no);
	expect_unused(NULL, "<</A 12 0 R/B 9 0 R>>", no);
	expect_unused("<</A 8 0 R>>", "<</B 8 0 R>>", no);
	expect_unused("<</A 8 0 R>>", "<</A 8 0 R/B 1>>", "");
	expect_unused(NULL, "<</A 17 0 R>>", "");
	expect_info("/Info 8 0 R", no);
	expect_info("/Info 20 0 R", "");
}

/* Pages lead to the whole document. */
Test(pdf_changes_repair, what_is_behind_a_reference_upwards_is_harmless)
{
	expect_unused(NULL, "<</A 10 0 R>>", "");
	expect_unused(NULL, "<</A 12 0 R/B 13 0 R>>", "");
	expect_unused(NULL, "<</P 8 0 R/Pg 8 0 R>>", "");
}

/* What is shown with an annotation or a field, and is none of its kids. */
Test(pdf_changes_repair, parent_that_refers_to_nothing_is_seen)
{
	static const char *const keys[] = { "Parent", "Popup", "IRT" };
	for (size_t i = 0; i < 3; i++) {
		char text[60];
		(void)snprintf(text, sizeof(text), "<</%s 8 0 R>>", keys[i]);
		expect_unused(NULL, text, "refers to object 19");
		(void)snprintf(text, sizeof(text), "<</%s 22 0 R>>", keys[i]);
		expect_unused(NULL, text, "");
	}
	expect_unused(NULL, "<</Parent 22 0 R/A 22 0 R>>", "refers to object");
	expect_unused(NULL, "<</A 22 0 R/Parent 22 0 R>>", "refers to object");
}

/* Written again, or named again where it stands: what it refers to is not new there. */
Test(pdf_changes_repair, old_object_that_the_update_names_is_looked_into)
{
	for (int use = 0; use < 2; use++)
		for (int again = 0; again < 2; again++) {
			struct pdf_sketch s = pdf_sketch_begin();
			first_objects(&s, SIGNED_PAGE(""));
			old_objects(&s);
			uint64_t at = s.b.n;
			pdf_sketch_object(&s, 21, "<</X 19 0 R>>");
			pdf_sketch_table(&s, INFO);
			if (again)
				pdf_sketch_object(&s, 21, "<</X 19 0 R/B 1>>");
			else
				pdf_sketch_entry(&s, (struct pdf_sketch_entry){
							 21, 0, 'n', at, 0 });
			pdf_sketch_object(&s, 50, use ? "<</A 21 0 R>>" : "<<>>");
			pdf_sketch_table(&s, INFO);
			expect(&s, use ? "refers to object 19" : "");
		}
}

Test(pdf_changes_repair, reference_to_nothing_counts_where_it_stands)
{
	static const char no[] = "refers to object 19";
	expect_unused("<</Z 19 0 R>>", "<</N 19 0 R>>", no);
	expect_unused("<</M<</Z 19 0 R>>>>", "<</M<</N 19 0 R>>>>", no);
	expect_unused("<</M<</Z 19 0 R>>>>", "<</N<</Z 19 0 R>>>>", no);
	expect_unused("[1[19 0 R]]", "[[19 0 R]]", no);
	expect_unused("[1[19 0 R]]", "[19 0 R[19 0 R]]", no);
	expect_unused("<</Z 19 0 R>>", "[19 0 R]", no);
	expect_unused("<</Z 19 0 R/Z 6 0 R>>", "<</Z 19 0 R>>", no);
	expect_unused("<</Z 6 0 R/Z 19 0 R>>", "<</Z 19 0 R>>", no);
	expect_unused("<</Y 1/Z 19 0 R>>", "<</Z 19 0 R/A 1>>", "");
	expect_unused("<</M<</Z 19 0 R>>>>", "<</A 1/M<</Z 19 0 R/B 2>>>>", "");
	expect_unused("[6 0 R 19 0 R 2]", "[1 2 19 0 R 6 0 R 19 0 R]", "");
	expect_unused("[1[19 0 R]]", "[2[6 0 R 19 0 R]3]", "");
	expect_trailer("/Foo 19 0 R", "/Info 19 0 R", no);
	expect_trailer("/Info 19 0 R", "/ID[19 0 R]", no);
	expect_trailer("/Foo 19 0 R", "/Foo 19 0 R", "");
	expect_trailer("/ID[1 19 0 R]", "/ID[19 0 R 2]", "");
}
