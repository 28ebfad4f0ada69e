/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files whose tables lie: what an update changes is seen all the same, though objects
 * stand where nothing does, or in object streams that cannot be read.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/pdf_scene.h"
#include "tests/support/pdf_sketch.h"

TestSuite(pdf_changes_unread, .init = mem_init);

/* ---- a file ---- */

/* Objects of the first revision but its page. */
static struct pdf_sketch first_revision(void)
{
	struct pdf_sketch s = pdf_sketch_begin();
	pdf_sketch_object(&s, 1, "<</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R>>");
	pdf_sketch_object(&s, 2, "<</Type/Pages/Kids[3 0 R]/Count 1>>");
	pdf_sketch_stream(&s, 4, "", view_text(EIGHT));
	pdf_sketch_object(&s, 7, "<</Fields[40 0 R]/SigFlags 3>>");
	pdf_sketch_object(&s, 40,
			  "<</Type/Annot/Subtype/Widget/FT/Sig/T(signed)/Rect[0 0 9 9]"
			  "/P 3 0 R>>");
	return s;
}

static void page(struct pdf_sketch *s, const char *contents)
{
	char body[200];
	(void)snprintf(body, sizeof(body),
		       "<</Type/Page/Parent 2 0 R/Contents %s/Annots[40 0 R]>>",
		       contents);
	pdf_sketch_object(s, 3, body);
}

static void sign(struct pdf_sketch *s)
{
	pdf_sketch_object(s, 40,
			  "<</Type/Annot/Subtype/Widget/FT/Sig/T(signed)/Rect[0 0 9 9]"
			  "/P 3 0 R/V 41 0 R>>");
	pdf_sketch_object(s, 41,
			  "<</Type/Sig/Filter/X/SubFilter/ETSI.CAdES.detached " DOCMDP(
			      "2") ">>");
	pdf_sketch_xref(s, 61, "");
}

static void inside(struct pdf_sketch *s, uint32_t number, uint32_t container,
		   uint32_t index)
{
	pdf_sketch_entry(
	    s, (struct pdf_sketch_entry){ number, 0, 's', container, index });
}

/* Ends the last revision; what must be forbidden, "": nothing. */
static void expect(struct pdf_sketch *s, const char *why)
{
	const struct pdf_change *c;
	char text[200];
	pdf_sketch_xref(s, 62, "");
	struct pdf_scene_result r = pdf_scene_read_file(pdf_sketch_view(s));
	cr_assert_eq(r.p->n_signatures, 1);
	pdf_changes_forbidden(r.p, &r.c, 0, &c, text);
	cr_expect_eq(c != NULL, why[0] != 0, "%s", text);
	cr_expect(strstr(text, why) != NULL, "\"%s\" lacks \"%s\"", text, why);
	pdf_scene_free(&r);
	buf_free(&s->b);
}

/* ---- entries that lead nowhere ---- */

Test(pdf_changes_unread, content_behind_an_entry_that_leads_nowhere_is_seen)
{
	static const uint64_t offsets[] = { UINT64_MAX, UINT64_MAX - 1,
					    (uint64_t)1 << 63, 1 << 20 };
	static const uint32_t numbers[] = { 5, 50 };
	for (size_t i = 0; i < 8; i++) {
		struct pdf_sketch s = first_revision();
		page(&s, "4 0 R");
		pdf_sketch_entry(&s, (struct pdf_sketch_entry){
					 numbers[i % 2], 0, 'n', offsets[i / 2], 0 });
		pdf_sketch_xref(&s, 60, "");
		sign(&s);
		pdf_sketch_stream(&s, 4, "", view_text("abcdefgh"));
		expect(&s, "/Contents");
	}
}

/* ---- object streams ---- */

#define NAMED 4000

/* Two objects that nobody can tell which they are, by turns. */
Test(pdf_changes_unread, objects_named_again_and_again_are_not_too_many_changes)
{
	static char data[NAMED * 8 + 30], more[60];
	struct pdf_sketch s = first_revision();
	size_t n = 0;
	page(&s, "[50 0 R 51 0 R]");
	for (unsigned i = 0; i < NAMED; i++)
		n += (size_t)sprintf(data + n, "%u %u ", 50 + i % 2, i % 2 * 8);
	(void)snprintf(more, sizeof(more), "/Type/ObjStm/N %u/First %zu", NAMED, n);
	(void)sprintf(data + n, "[4 0 R] [4 0 R]");
	pdf_sketch_stream(&s, 5, more, view_text(data));
	inside(&s, 50, 5, 0);
	inside(&s, 51, 5, 1);
	pdf_sketch_xref(&s, 60, "");
	sign(&s);
	pdf_sketch_stream(&s, 4, "", view_text("abcdefgh"));
	pdf_sketch_xref(&s, 62, "");
	struct pdf_scene_result r = pdf_scene_read_file(pdf_sketch_view(&s));
	cr_expect(r.c.n > 0 && r.c.n < 10, "%zu", r.c.n);
	for (size_t i = 0; i < r.c.n; i++)
		cr_expect_null(strstr(r.c.v[i].what, "too many"));
	pdf_scene_free(&r);
	buf_free(&s.b);
}

/* How the object stream of the page's contents is in the signed revision: what it
 * refers to can then be another thing to every reader. */
static struct pdf_sketch with_contents_in_stream(const char *more, const char *data)
{
	struct pdf_sketch s = first_revision();
	page(&s, "50 0 R");
	if (more != NULL)
		pdf_sketch_stream(&s, 5, more, view_text(data));
	inside(&s, 50, 5, 0);
	pdf_sketch_xref(&s, 60, "");
	sign(&s);
	return s;
}

Test(pdf_changes_unread, content_behind_an_object_stream_that_can_be_read_is_seen)
{
	struct pdf_sketch s =
	    with_contents_in_stream("/Type/ObjStm/N 1/First 5", "50 0 [4 0 R]");
	pdf_sketch_stream(&s, 4, "", view_text("abcdefgh"));
	expect(&s, "/Contents");
	s = with_contents_in_stream("/Type/ObjStm/N 1/First 5", "50 0 [4 0 R]");
	pdf_sketch_stream(&s, 8, "", view_text("abcdefgh"));
	expect(&s, "");
}

Test(pdf_changes_unread, content_behind_an_object_stream_that_cannot_be_read_is_undefined)
{
	static const struct {
		const char *more, *data;
	} streams[] = {
		{ "/Type/ObjStm/N 1/First 5/Filter/JBIG2Decode", "50 0 [4 0 R]" },
		{ "/Type/ObjStm/N 1/First 500", "50 0 [4 0 R]" },
		{ "/Type/ObjStm/N 1/First 5", "x50 0[4 0 R]" },
		{ "/Type/ObjStm/N 1/First 5", "51 0 [4 0 R]" },
		{ NULL, NULL },
	};
	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		struct pdf_sketch s =
		    with_contents_in_stream(streams[i].more, streams[i].data);
		pdf_sketch_stream(&s, 4, "", view_text("abcdefgh"));
		expect(&s, "is not known");
	}
}

/* They may be the value of a field, or the appearance of one: whoever fills it in then
 * reads other objects from the same octets. */
Test(pdf_changes_unread, object_stream_read_by_other_objects_is_undefined_behind_an_update)
{
	static const char *const streams[] = {
		"/Type/ObjStm/N 9 0 R/First 5",
		"/Type/ObjStm/N 1/First 10 0 R",
		"/Type/ObjStm/N 1/First 5/Filter 11 0 R",
		"/Type/ObjStm/N 1/First 5/Filter[11 0 R]",
		"/Type/ObjStm/N 1/First 5/DecodeParms 12 0 R",
		"/Type/ObjStm/N 1/First 5/DecodeParms<</Predictor 9 0 R>>",
	};
	for (size_t i = 0; i < sizeof(streams) / sizeof(streams[0]); i++) {
		struct pdf_sketch s = first_revision();
		page(&s, "50 0 R");
		pdf_sketch_object(&s, 9, "1");
		pdf_sketch_object(&s, 10, "5");
		pdf_sketch_object(&s, 11, "[]");
		pdf_sketch_object(&s, 12, "<</Predictor 1>>");
		pdf_sketch_stream(&s, 5, streams[i], view_text("50 0 [4 0 R]"));
		inside(&s, 50, 5, 0);
		pdf_sketch_xref(&s, 60, "");
		sign(&s);
		pdf_sketch_stream(&s, 8, "", view_text("abcdefgh"));
		expect(&s, "is not known");
	}
}

/* No object refers to it, the trailer does. */
Test(pdf_changes_unread, catalog_read_by_other_objects_is_undefined_behind_an_update)
{
	static const char body[] = 
	    "1 0 <</Type/Catalog/Pages 2 0 R/AcroForm 7 0 R>>";
	for (size_t i = 0; i < 2; i++) {
		struct pdf_sketch s = first_revision();
		page(&s, "4 0 R");
		pdf_sketch_xref(&s, 60, "");
		pdf_sketch_object(&s, 9, "1");
		pdf_sketch_stream(&s, 5,
				  i == 0 ? "/Type/ObjStm/N 1/First 4"
					 : "/Type/ObjStm/N 9 0 R/First 4",
				  view_text(body));
		inside(&s, 1, 5, 0);
		pdf_sketch_xref(&s, 61, "");
		sign(&s);
		pdf_sketch_stream(&s, 8, "", view_text("abcdefgh"));
		expect(&s, i == 0 ? "" : "is not known");
	}
}

/* Nothing refers to the stream: entries of objects name it. */
Test(pdf_changes_unread, object_stream_that_was_missing_is_undefined_once_it_comes)
{
	struct pdf_sketch s = with_contents_in_stream(NULL, NULL);
	pdf_sketch_stream(&s, 5, "/Type/ObjStm/N 1/First 5",
			  view_text("50 0 [8 0 R]"));
	expect(&s, "is not known");
}

/* Readers that do not ask which revision an entry is of find there what came later. */
Test(pdf_changes_unread, object_behind_its_revision_is_undefined_once_there_is_more)
{
	struct pdf_sketch s = first_revision();
	page(&s, "50 0 R");
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 50, 0, 'n', 3000, 0 });
	pdf_sketch_xref(&s, 60, "");
	sign(&s);
	pdf_sketch_stream(&s, 8, "", view_text("abcdefgh"));
	expect(&s, "is not known");
}

/* An object that nothing refers to shows nothing, wherever it would be. */
Test(pdf_changes_unread, object_without_a_stream_that_nothing_refers_to_is_no_change)
{
	struct pdf_sketch s = first_revision();
	page(&s, "4 0 R");
	inside(&s, 50, 5, 0);
	pdf_sketch_xref(&s, 60, "");
	sign(&s);
	pdf_sketch_stream(&s, 8, "", view_text("abcdefgh"));
	expect(&s, "");
}
