/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Updates that hide what they change: behind lists that were copied, as objects that
 * look like others, in signatures that show what they should not.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/pdf_scene.h"

TestSuite(pdf_changes_hidden, .init = mem_init);

/* ---- what looks like something else, or hides ---- */

/* Equal but for an object that changes in the same revision: nothing of what was there
 * refers to it any more. */
Test(pdf_changes_hidden, content_behind_a_copied_list_is_seen)
{
	struct pdf_scene_object old = { 50, "[4 0 R]" }, page = {
		3, "<< /Type /Page /Parent 2 0 R /Contents 50 0 R /Annots [40 0 R] >>"
	};
	struct pdf_scene_object copied = {
		3, "<< /Type /Page /Parent 2 0 R /Contents 51 0 R /Annots [40 0 R] >>"
	};
	struct pdf_scene_object list = { 51, "[4 0 R]" };
	struct pdf_scene_object content = { 4, STREAM("", "abcdefgh") };
	pdf_scene_expect(
	    SCENE(.base = { page, old }, .update = { copied, list, content }),
	    PDF_CHANGE_UNDEFINED, "shadow-replace", "/Contents");
	pdf_scene_expect(SCENE(.base = { page, old },
			       .update = { copied, list, content, { 50, NULL } }),
			 PDF_CHANGE_UNDEFINED, "shadow-replace", "/Contents");
	pdf_scene_expect(
	    SCENE(.base = { page, old }, .update = { copied, list, { 50, NULL } }),
	    NOTHING, NULL, NULL);
}

Test(pdf_changes_hidden, content_that_a_copied_list_was_waiting_for_is_seen)
{
	pdf_scene_expect(
	    SCENE(.base = { { 3, "<< /Type /Page /Parent 2 0 R /Contents 50 0 R "
				 "/Annots [40 0 R] >>" },
			    { 50, "[99 0 R]" } },
		  .update = { { 3, "<< /Type /Page /Parent 2 0 R /Contents 51 0 R "
				   "/Annots [40 0 R] >>" },
			      { 51, "[99 0 R]" },
			      { 99, STREAM("", EIGHT) } }),
	    PDF_CHANGE_UNDEFINED, "shadow-replace", "/Contents");
}

Test(pdf_changes_hidden, resource_behind_copied_resources_is_seen)
{
	pdf_scene_expect(
	    SCENE(.base = { { 3, "<< /Type /Page /Parent 2 0 R /Resources 50 0 R "
				 "/Annots [40 0 R] >>" },
			    { 50, "<< /XObject 51 0 R >>" },
			    { 51, "<< /X1 10 0 R >>" } },
		  .update = { { 3, "<< /Type /Page /Parent 2 0 R /Resources 52 0 R "
				   "/Annots [40 0 R] >>" },
			      { 52, "<< /XObject 53 0 R >>" },
			      { 53, "<< /X1 10 0 R >>" },
			      { 10, STREAM("/Subtype /Form", "abcdefgh") },
			      { 51, NULL } }),
	    PDF_CHANGE_UNDEFINED, "shadow-hide", "/XObject/X1");
}

Test(pdf_changes_hidden, reference_with_leading_zeroes_is_seen)
{
	pdf_scene_expect(
	    SCENE(.base = { { 3, "<< /Type /Page /Parent 2 0 R /Contents "
				 "000000000000004 0000000000000000 R /Annots [40 0 "
				 "R] >>" } },
		  .update = { { 4, STREAM("", "abcdefgh") } }),
	    PDF_CHANGE_UNDEFINED, "shadow-replace", "/Contents");
}

Test(pdf_changes_hidden, content_that_looks_like_a_section_is_seen)
{
	pdf_scene_expect(SCENE(.base = { { 4, STREAM("/Type /XRef", EIGHT) } },
			       .update = { { 4, STREAM("/Type /XRef", "abcdefgh") } }),
			 PDF_CHANGE_UNDEFINED, "shadow-replace", "/Contents");
}

/* Readers take a leaf of the tree for a page, whatever it says. */
Test(pdf_changes_hidden, page_that_looks_like_an_annotation_is_seen)
{
	struct pdf_scene_object tree = {
		2, "<< /Type /Pages /Count 2 /Kids [3 0 R 50 0 R] >>"
	};
	struct pdf_scene_object list = { 60, "[3 0 R 50 0 R]" };
	struct pdf_scene_object leaf = {
		50, "<< /Subtype /Link /Rect [0 0 9 9] /Parent 2 0 R /Contents 4 0 R >>"
	};
	struct pdf_scene_object other = {
		50, "<< /Subtype /Link /Rect [0 0 9 9] /Parent 2 0 R "
		    "/Contents 21 0 R >>"
	};
	pdf_scene_expect(SCENE(.base = { tree, leaf }, .update = { other }),
			 PDF_CHANGE_UNDEFINED, NULL, "/Pages/Kids");
	pdf_scene_expect(
	    SCENE(.base = { { 2, "<< /Type /Pages /Count 2 /Kids 60 0 R >>" },
			    list,
			    leaf },
		  .update = { other }),
	    PDF_CHANGE_UNDEFINED, NULL, "/Pages/Kids");
}

/* The order in which fields are computed is a list of fields; it is not when there are
 * more uses of the array than are looked at. */
Test(pdf_changes_hidden, page_in_a_list_with_too_many_uses_is_seen)
{
	static char uses[5000 * 18 + 1], catalog[sizeof(uses) + 200];
	size_t n = 0;
	for (unsigned i = 0; i < 5000; i++)
		n += (size_t)sprintf(uses + n, "<</CO 60 0 R>> ");
	(void)snprintf(catalog, sizeof(catalog),
		       "<< /Type /Catalog /Pages 2 0 R /AcroForm 7 0 R /Z [%s] >>",
		       uses);
	pdf_scene_expect(
	    SCENE(.base = { { 1, catalog },
			    { 2, "<< /Type /Pages /Count 2 /Kids 60 0 R >>" },
			    { 60, "[3 0 R 50 0 R]" },
			    { 50, "<< /Subtype /Link /Rect [0 0 9 9] /Parent 2 0 R "
				  "/Contents 4 0 R >>" } },
		  .update = { { 50, "<< /Subtype /Link /Rect [0 0 9 9] /Parent 2 0 R "
				    "/Contents 21 0 R >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "");
}

Test(pdf_changes_hidden, tree_of_pages_that_looks_like_fields_is_seen)
{
	struct pdf_scene_object tree = {
		2, "<< /Type /Pages /Count 2 /Kids [3 0 R 50 0 R] >>"
	};
	struct pdf_scene_object inner = { 50,
					  "<< /T (a) /Parent 2 0 R /Kids [51 0 R] >>" };
	struct pdf_scene_object innermost = { 51,
					      "<< /T (b) /Parent 50 0 R /Kids [] >>" };
	struct pdf_scene_object page = {
		52, "<< /FT /Sig /T (c) /Parent 51 0 R /Contents 4 0 R "
		    ">>"
	};
	struct pdf_scene_object grown = {
		51, "<< /T (b) /Parent 50 0 R /Kids [52 0 R] >>"
	};
	pdf_scene_expect(
	    SCENE(.base = { tree, inner, innermost }, .update = { grown, page }),
	    PDF_CHANGE_UNDEFINED, NULL, "/Kids");
}

Test(pdf_changes_hidden, page_that_is_information_too_is_seen)
{
	pdf_scene_expect(
	    SCENE(.base = { { 2, "<< /Type /Pages /Count 2 /Kids [3 0 R 6 0 R] >>" },
			    { 6, "<< /Title (t) /Contents 4 0 R >>" } },
		  .update = { { 6, "<< /Title (t) /Contents 4 0 R /Rotate 90 >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/Pages/Kids");
	pdf_scene_expect(
	    SCENE(.base = { { 3, "<< /Type /Page /Parent 6 0 R /Contents 4 0 R "
				 "/Annots [40 0 R] >>" } },
		  .update = { { 6, "<< /Title (t) /Producer (p) /Rotate 90 >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/Parent");
}

Test(pdf_changes_hidden, fields_that_refer_to_each_other_in_a_circle_are_judged)
{
	pdf_scene_expect(
	    SCENE(.base = { { 15, "<< /FT /Tx /T (p) /Kids [16 0 R] >>" },
			    { 16, "<< /FT /Tx /T (q) /Parent 15 0 R /Kids [15 0 R] "
				  ">>" } },
		  .update = { { 16, "<< /FT /Tx /T (q) /Parent 15 0 R /Kids [15 0 "
				    "R] /V (y) >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/Kids");
}

Test(pdf_changes_hidden, fields_without_end_are_too_many_changes)
{
	static char bodies[40][80];
	struct pdf_scene s = { .update = {
				   { 7, FORM_WITH("[" ALL_FIELDS " 60 0 R]", "") } } };
	struct buf file = pdf_scene_write(&s);
	struct pdf_scene_object v[40];
	struct ltps_error err = LTPS_ERROR_INIT;
	/* Names alone, each twice below the one above. */
	for (unsigned i = 0; i < 30; i++) {
		(void)snprintf(bodies[i], sizeof(bodies[i]),
			       "<< /T (t) /Kids [%u 0 R %u 0 R] >>", 61 + i, 61 + i);
		v[i] = (struct pdf_scene_object){ 60 + i, bodies[i] };
	}
	v[30] = (struct pdf_scene_object){ 90, "<< /T (t) /Kids [] >>" };
	pdf_scene_revision(&file, v, 31, NULL);
	struct pades *p;
	struct pdf_changes c;
	cr_assert_eq(pades_read(view_buf(&file), VIEW_NULL, &p, &err), 0, "%s",
		     err.text);
	cr_assert_eq(pdf_changes_find(p, &c, &err), 0, "%s", err.text);
	cr_expect_str_eq(pdf_change_kind_name(pdf_scene_worst(&c)->kind), "undefined");
	pdf_changes_clear(&c);
	pades_free(p);
	buf_free(&file);
}

/* ---- signatures that show what they should not ---- */

#define CERTIFIED_1                                                                    \
	"/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 1 /V /1.2 >> " \
	">>]"

Test(pdf_changes_hidden, stamp_that_is_seen_on_paper_or_under_the_pointer_alone_is_form_fill)
{
	struct pdf_scene_object page = {
		3, PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 50 0 R]", "")
	};
	struct pdf_scene_object form = { 7, FORM_WITH("[" ALL_FIELDS " 50 0 R]", "") };
	pdf_scene_expect(
	    SCENE(.update = { form,
			      page,
			      { 50, "<< /Type /Annot /Subtype /Widget /FT /Sig /T "
				    "(new) /P 3 0 R /Rect [0 0 600 800] /F 36 /V 51 "
				    "0 R /AP << /N 10 0 R >> >>" },
			      { 51, SOME_STAMP } }),
	    PDF_CHANGE_FORM_FILL, NULL, "document time-stamp (object 50) added");
	pdf_scene_expect(
	    SCENE(.update = { form,
			      page,
			      { 50, "<< /Type /Annot /Subtype /Widget /FT /Sig /T "
				    "(new) /P 3 0 R /Rect [0 0 600 800] /F 32 /V 51 "
				    "0 R >>" },
			      { 51, SOME_STAMP } }),
	    PDF_CHANGE_EXTENSION, NULL, "document time-stamp (object 50) added");
	/* ToggleNoView: under the pointer, too. */
	pdf_scene_expect(
	    SCENE(.update = { form,
			      page,
			      { 50, "<< /Type /Annot /Subtype /Widget /FT /Sig /T "
				    "(new) /P 3 0 R /Rect [0 0 600 800] /F 288 /V 51 "
				    "0 R /AP << /N 10 0 R >> >>" },
			      { 51, SOME_STAMP } }),
	    PDF_CHANGE_FORM_FILL, NULL, "document time-stamp (object 50) added");
}

Test(pdf_changes_hidden,
     certified_field_that_shows_something_once_it_is_stamped_is_sneaky)
{
	struct pdf_scene_object stamped = { 14, EMPTY_FIELD(
						    "/V 50 0 R /AP << /N 10 0 R >>") };
	pdf_scene_expect(SCENE(.update = { stamped, { 50, SOME_STAMP } }),
			 PDF_CHANGE_EXTENSION, NULL, "field \"empty\"");
	pdf_scene_expect(
	    SCENE(.signature = CERTIFIED_1, .update = { stamped, { 50, SOME_STAMP } }),
	    PDF_CHANGE_ANNOTATION, "sneaky-signature", "/AP");
	pdf_scene_expect(
	    SCENE(.field = "/Lock << /Action /Include /Fields [(x)] /P 1 >>",
		  .update = { stamped, { 50, SOME_STAMP } }),
	    PDF_CHANGE_ANNOTATION, "sneaky-signature", "/AP");
}

Test(pdf_changes_hidden, prepared_field_put_on_certified_page_with_a_stamp_is_sneaky)
{
	pdf_scene_expect(
	    SCENE(.base = { { 3, PAGE_WITH("[8 0 R 12 0 R 17 0 R 40 0 R]", "") },
			    { 14, EMPTY_FIELD("/AP << /N 10 0 R >>") } },
		  .signature = CERTIFIED_1,
		  .update = { { 3, PAGE },
			      { 14, EMPTY_FIELD("/AP << /N 10 0 R >> /V 50 0 R") },
			      { 50, SOME_STAMP } }),
	    PDF_CHANGE_ANNOTATION, "sneaky-signature", "document time-stamp (object 14) added");
}

Test(pdf_changes_hidden, prepared_field_made_visible_without_a_signature_is_annotation)
{
	pdf_scene_expect(
	    SCENE(.base = { { 14, EMPTY_FIELD("/F 2 /AP << /N 10 0 R >>") } },
		  .update = { { 14, EMPTY_FIELD("/F 4 /AP << /N 10 0 R >>") } }),
	    PDF_CHANGE_ANNOTATION, NULL, "/F");
}

Test(pdf_changes_hidden, old_signature_shown_by_a_new_field_is_sneaky)
{
	struct pdf_scene_object page = {
		3, PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 50 0 R]", "")
	};
	pdf_scene_expect(
	    SCENE(.update = { page,
			      { 40, SIGNED_FIELD("/Kids [50 0 R]") },
			      { 50, "<< /Type /Annot /Subtype /Widget /Parent 40 0 "
				    "R /Rect [0 0 99 99] /AP << /N 10 0 R >> >>" } }),
	    PDF_CHANGE_UNDEFINED, "sneaky-signature", "(object 50)");
	pdf_scene_expect(
	    SCENE(.update = { page,
			      { 7, FORM_WITH("[" ALL_FIELDS " 50 0 R]", "") },
			      { 50, "<< /Type /Annot /Subtype /Widget /FT /Sig /T "
				    "(n) /V 41 0 R /Rect [0 0 99 99] >>" } }),
	    PDF_CHANGE_UNDEFINED, "sneaky-signature", "(object 50)");
}
