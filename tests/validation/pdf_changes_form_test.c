/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fields filled, signed, stamped after a signature, annotations added and changed. Each
 * rule has the harmless case and the nearest attack.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/pdf_scene.h"

TestSuite(pdf_changes_form, .init = mem_init);

/* ---- filling in ---- */

Test(pdf_changes_form, text_field_filled_is_form_fill)
{
	pdf_scene_expect(
	    SCENE(.update = { { 8, TEXT_FIELD("/V (b) /AP << /N 50 0 R >>") },
			      { 50, STREAM("/Subtype /Form", EIGHT) } }),
	    PDF_CHANGE_FORM_FILL, NULL, "field \"name\"");
}

Test(pdf_changes_form, field_below_parent_filled_names_it_in_full)
{
	struct pdf_scene_result r = pdf_scene_read(
	    SCENE(.update = { { 16, "<< /T (q) /Parent 15 0 R /V (y) >>" } }));
	cr_assert_eq(r.c.n, 1);
	cr_expect_eq(r.c.v[0].kind, PDF_CHANGE_FORM_FILL);
	cr_expect(view_is_text(r.c.v[0].field, "p.q"));
	cr_expect_eq(r.c.v[0].object.number, 16);
	pdf_scene_free(&r);
}

Test(pdf_changes_form, field_with_other_name_action_or_kind_is_undefined)
{
	pdf_scene_expect(
	    SCENE(.update = { { 8,
				TEXT_FIELD("/V (a) /AP << /N 11 0 R >> /AA << >>") } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/AA");
	pdf_scene_expect(
	    SCENE(.update = { { 16, "<< /T (r) /Parent 15 0 R /V (x) >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/T");
	pdf_scene_expect(
	    SCENE(.update = { { 8, "<< /Type /Page /Contents 4 0 R >>" } }),
	    PDF_CHANGE_UNDEFINED, "shadow-hide", "removed");
}

Test(pdf_changes_form, field_moved_or_hidden_is_annotation)
{
	pdf_scene_expect(
	    SCENE(.update = { { 8, TEXT_FIELD("/V (a) /AP << /N 11 0 R >> /F 2") } }),
	    PDF_CHANGE_ANNOTATION, NULL, "/F");
	pdf_scene_expect(
	    SCENE(.update = { { 17,
				"<< /Type /Annot /Subtype /Widget /FT /Btn /T (box) "
				"/Rect [1 1 500 500] /AS /Off /AP 18 0 R >>" } }),
	    PDF_CHANGE_ANNOTATION, NULL, "/Rect");
}

Test(pdf_changes_form, field_made_read_only_is_form_fill_but_made_another_is_undefined)
{
	pdf_scene_expect(
	    SCENE(.update = { { 8, TEXT_FIELD("/V (a) /AP << /N 11 0 R >> /Ff 1") } }),
	    PDF_CHANGE_FORM_FILL, NULL, "/Ff");
	pdf_scene_expect(
	    SCENE(.update = { { 8,
				TEXT_FIELD("/V (a) /AP << /N 11 0 R >> /Ff 8192") } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/Ff");
}

Test(pdf_changes_form, appearance_replaced_in_place_is_form_fill_unless_page_draws_it)
{
	struct pdf_scene_object other = {
		11, STREAM("/Type /XObject /Subtype /Form /BBox [0 0 2 "
			   "2]",
			   "abcdefgh")
	};
	pdf_scene_expect(SCENE(.update = { other }), PDF_CHANGE_FORM_FILL, NULL,
			 "field \"name\"");
	pdf_scene_expect(
	    SCENE(.base = { { 3, "<< /Type /Page /Parent 2 0 R /Resources << /XObject "
				 "<< /X1 11 0 R >> >> /Annots [8 0 R] >>" } },
		  .update = { other }),
	    PDF_CHANGE_UNDEFINED, "shadow-hide", "/XObject/X1");
}

Test(pdf_changes_form, appearance_under_a_name_like_a_back_reference_is_still_content)
{
	pdf_scene_expect(
	    SCENE(.base = { { 3, "<< /Type /Page /Parent 2 0 R /Resources << /XObject "
				 "<< /P 11 0 R >> >> /Annots [8 0 R] >>" } },
		  .update = { { 11, STREAM("/Type /XObject /Subtype /Form /BBox [0 0 2 "
					   "2]",
					   "abcdefgh") } }),
	    PDF_CHANGE_UNDEFINED, "shadow-hide", "/XObject/P");
}

Test(pdf_changes_form, states_of_check_box_may_change_unless_page_has_them_as_resources)
{
	struct pdf_scene_object other = { 18, "<< /N << /On 20 0 R /Off 20 0 R >> >>" };
	pdf_scene_expect(SCENE(.update = { other }), PDF_CHANGE_FORM_FILL, NULL,
			 "field \"box\"");
	pdf_scene_expect(
	    SCENE(.base = { { 3, "<< /Type /Page /Parent 2 0 R /Resources << /XObject "
				 "18 0 R >> /Annots [17 0 R] >>" } },
		  .update = { other }),
	    PDF_CHANGE_UNDEFINED, "shadow-hide", "/XObject");
}

Test(pdf_changes_form, field_that_is_graphics_state_too_does_not_change_opacity)
{
	pdf_scene_expect(
	    SCENE(.update = { { 8, TEXT_FIELD("/V (a) /AP << /N 11 0 R >> /CA 0") } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/CA");
}

Test(pdf_changes_form, field_that_is_map_of_resources_too_is_undefined)
{
	pdf_scene_expect(
	    SCENE(.base = { { 3, "<< /Type /Page /Parent 2 0 R /Resources << /Font 8 0 "
				 "R >> /Annots [8 0 R] >>" } },
		  .update = { { 8, TEXT_FIELD("/V (a) /AP << /N 50 0 R >>") },
			      { 50, STREAM("/Subtype /Form", EIGHT) } }),
	    PDF_CHANGE_UNDEFINED, "shadow-replace", "/Resources/Font");
}

Test(pdf_changes_form, form_resources_may_grow_but_not_change)
{
	pdf_scene_expect(
	    SCENE(.update = { { 7, "<< /Fields [" ALL_FIELDS "] /DR << /Font << "
				   "/Helv 5 0 R /New 50 0 R >> >> /DA (/Helv 0 Tf) "
				   "/SigFlags 3 >>" },
			      { 50, "<< /Type /Font /Subtype /Type1 /BaseFont "
				    "/ZapfDingbats >>" } }),
	    PDF_CHANGE_EXTENSION, NULL, "/DR/Font/New added");
	pdf_scene_expect(
	    SCENE(.update = { { 7,
				"<< /Fields [" ALL_FIELDS "] /DR << /Font << /Helv 5 "
				"0 R /New 50 0 R >> >> /DA (/Helv 0 Tf) /SigFlags 3 "
				">>" },
			      { 50, "<< /Type /Font >>" } }),
	    PDF_CHANGE_FORM_FILL, NULL, "/DR/Font/New added");
	pdf_scene_expect(
	    SCENE(.update = { { 7,
				"<< /Fields [" ALL_FIELDS "] /DR << /Font << /Helv 50 "
				"0 R >> >> /DA (/Helv 0 Tf) /SigFlags 3 >>" },
			      { 50, "<< /Type /Font /BaseFont /Evil >>" } }),
	    PDF_CHANGE_UNDEFINED, "shadow-replace", "/DR/Font/Helv");
}

Test(pdf_changes_form, form_with_xfa_or_new_order_of_calculation_is_undefined)
{
	pdf_scene_expect(
	    SCENE(.update = { { 7, FORM_WITH("[" ALL_FIELDS "]", "/XFA 50 0 R") },
			      { 50, STREAM("", EIGHT) } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/XFA");
	pdf_scene_expect(
	    SCENE(.update = { { 7, FORM_WITH("[" ALL_FIELDS "]", "/CO [8 0 R]") } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/CO");
}

Test(pdf_changes_form, need_appearances_is_form_fill)
{
	pdf_scene_expect(SCENE(.update = { { 7, FORM_WITH("[" ALL_FIELDS "]",
							  "/NeedAppearances true") } }),
			 PDF_CHANGE_FORM_FILL, NULL, "/NeedAppearances");
}

Test(pdf_changes_form, field_taken_out_of_form_is_undefined)
{
	pdf_scene_expect(
	    SCENE(.update = { { 7, FORM_WITH("[14 0 R 15 0 R 17 0 R 40 0 R]", "") } }),
	    PDF_CHANGE_UNDEFINED, "shadow-hide", "field (object 8) removed");
}

Test(pdf_changes_form, fields_in_another_order_are_no_change)
{
	pdf_scene_expect(
	    SCENE(.update = { { 7, FORM_WITH("[40 0 R 14 0 R 15 0 R 8 0 R 17 0 R]",
					     "") } }),
	    NOTHING, NULL, NULL);
}

/* ---- signing ---- */

Test(pdf_changes_form, empty_field_signed_is_form_fill)
{
	pdf_scene_expect(
	    SCENE(.update = { { 14, EMPTY_FIELD("/V 50 0 R /AP << /N 51 0 R >>") },
			      { 50, SOME_SIGNATURE },
			      { 51, STREAM("/Subtype /Form", EIGHT) } }),
	    PDF_CHANGE_FORM_FILL, NULL, "field \"empty\"");
}

Test(pdf_changes_form, empty_field_stamped_is_extension)
{
	pdf_scene_expect(
	    SCENE(.update = { { 14, EMPTY_FIELD("/V 50 0 R") }, { 50, SOME_STAMP } }),
	    PDF_CHANGE_EXTENSION, NULL, "field \"empty\"");
}

Test(pdf_changes_form, empty_field_with_an_appearance_and_no_signature_is_sneaky)
{
	struct pdf_scene_object look = { 14, EMPTY_FIELD("/AP << /N 50 0 R >>") };
	struct pdf_scene_object stream = { 50, STREAM("/Subtype /Form", EIGHT) };
	pdf_scene_expect(SCENE(.update = { look, stream }), PDF_CHANGE_ANNOTATION, NULL,
			 "/AP");
	pdf_scene_expect(SCENE(.signature = "/Reference [<< /TransformMethod /DocMDP "
					    "/TransformParams << /P 2 /V /1.2 >> >>]",
			       .update = { look, stream }),
			 PDF_CHANGE_ANNOTATION, "sneaky-signature", "/AP");
}

Test(pdf_changes_form, signed_field_with_another_appearance_is_sneaky)
{
	pdf_scene_expect(SCENE(.update = { { 40, SIGNED_FIELD("/AP << /N 50 0 R >>") },
					   { 50, STREAM("/Subtype /Form", EIGHT) } }),
			 PDF_CHANGE_UNDEFINED, "sneaky-signature", "field \"signed\"");
	pdf_scene_expect(
	    SCENE(.field = "/AP << /N 11 0 R >>",
		  .update = { { 11, STREAM("/Type /XObject /Subtype /Form /BBox [0 0 2 "
					   "2]",
					   "abcdefgh") } }),
	    PDF_CHANGE_UNDEFINED, "sneaky-signature", "field \"signed\"");
}

Test(pdf_changes_form, signed_field_made_read_only_is_no_change)
{
	pdf_scene_expect(SCENE(.update = { { 40, SIGNED_FIELD("/Ff 1 /M (D:2026)") } }),
			 NOTHING, NULL, NULL);
}

Test(pdf_changes_form, signed_field_with_another_signature_is_undefined)
{
	pdf_scene_expect(
	    SCENE(.update = { { 14, EMPTY_FIELD("/V 50 0 R") },
			      { 50, SOME_SIGNATURE } },
		  .second = { { 14, EMPTY_FIELD("/V 51 0 R") }, { 51, SOME_STAMP } }),
	    PDF_CHANGE_UNDEFINED, "sneaky-signature", "/V");
	pdf_scene_expect(SCENE(.update = { { 14, EMPTY_FIELD("/V 50 0 R") },
					   { 50, SOME_SIGNATURE } },
			       .second = { { 50, SOME_STAMP } }),
			 PDF_CHANGE_UNDEFINED, "sneaky-signature", "/V");
	pdf_scene_expect(SCENE(.update = { { 14, EMPTY_FIELD("/V 50 0 R") },
					   { 50, SOME_SIGNATURE } },
			       .second = { { 14, EMPTY_FIELD("") } }),
			 PDF_CHANGE_UNDEFINED, "sneaky-signature", "/V");
}

#define NEW_SIGNATURE(rect, value)                                                     \
	{ 7, FORM_WITH("[" ALL_FIELDS " 50 0 R]", "") },                               \
	    { 3, PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 50 0 R]", "") },        \
	{                                                                              \
		50, "<< /Type /Annot /Subtype /Widget /FT /Sig /T (new) /P 3 0 R "     \
		    "/Rect " rect " /F 132 " value " >>"                               \
	}

Test(pdf_changes_form, new_signature_is_form_fill)
{
	pdf_scene_expect(
	    SCENE(.update = { NEW_SIGNATURE("[9 9 99 99]",
					    "/V 51 0 R /AP << /N 52 0 R >>"),
			      { 51, SOME_SIGNATURE },
			      { 52, STREAM("/Subtype /Form", EIGHT) } }),
	    PDF_CHANGE_FORM_FILL, NULL, "signature (object 50) added");
}

Test(pdf_changes_form, new_stamp_is_extension_if_invisible_and_form_fill_if_seen)
{
	pdf_scene_expect(SCENE(.update = { NEW_SIGNATURE("[0 0 0 0]", "/V 51 0 R"),
					   { 51, SOME_STAMP } }),
			 PDF_CHANGE_EXTENSION, NULL,
			 "document time-stamp (object 50) added");
	pdf_scene_expect(SCENE(.update = { NEW_SIGNATURE("[9 9 99 99]", "/V 51 0 R"),
					   { 51, SOME_STAMP } }),
			 PDF_CHANGE_FORM_FILL, NULL,
			 "document time-stamp (object 50) added");
}

/* 12.7.5.5: a signature dictionary, or nothing. */
#define NO_SIGNATURES                                                                  \
	"(x)", "42", "[1]", "true", "/X", "<< /Type /DocTimeStamp >>",                 \
	    "<< /Type /DocTimeStamp /SubFilter /ETSI.RFC3161 /Contents <00> >>"

Test(pdf_changes_form, field_with_a_value_that_is_no_signature_is_sneaky)
{
	static const char *const values[] = { NO_SIGNATURES };
	static char field[400], full[400];
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		(void)snprintf(field, sizeof(field),
			       "<< /Type /Annot /Subtype /Widget /FT /Sig /T (new) /P 3 "
			       "0 R /Rect [0 0 0 0] /F 132 /V %s >>",
			       values[i]);
		pdf_scene_expect(
		    SCENE(.update = { { 7, FORM_WITH("[" ALL_FIELDS " 50 0 R]", "") },
				      { 3, PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 "
						     "R 50 0 R]",
						     "") },
				      { 50, field } }),
		    PDF_CHANGE_UNDEFINED, "sneaky-signature", "no signature");
		(void)snprintf(full, sizeof(full), EMPTY_FIELD("/V %s"), values[i]);
		pdf_scene_expect(SCENE(.update = { { 14, full } }),
				 PDF_CHANGE_UNDEFINED, "sneaky-signature", "/V");
	}
}

Test(pdf_changes_form, new_signature_with_an_action_is_undefined)
{
	pdf_scene_expect(
	    SCENE(.update = { NEW_SIGNATURE("[0 0 0 0]",
					    "/V 51 0 R /AA << /PV 53 0 R >>"),
			      { 51, SOME_STAMP },
			      { 53, "<< /S /JavaScript /JS (x) >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "with an action");
	pdf_scene_expect(
	    SCENE(.update = { NEW_SIGNATURE("[0 0 0 0]", "/V 51 0 R /Parent 53 0 R"),
			      { 51, SOME_STAMP },
			      { 53, "<< /T (p) /Kids [50 0 R] /AA << >> >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "with an action");
	pdf_scene_expect(
	    SCENE(.update = { { 7, FORM_WITH("[" ALL_FIELDS " 50 0 R]", "") },
			      { 50, "<< /FT /Tx /T (new) /Kids [51 0 R] >>" },
			      { 51, "<< /Parent 50 0 R /AA << >> >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "with an action");
}

Test(pdf_changes_form, new_kid_that_names_another_parent_with_an_action_is_undefined)
{
	pdf_scene_expect(
	    SCENE(.update = { { 7, FORM_WITH("[" ALL_FIELDS " 50 0 R]", "") },
			      { 50, "<< /T (new) /Kids [51 0 R] >>" },
			      { 51, "<< /FT /Tx /T (kid) /Parent 52 0 R >>" },
			      { 52, "<< /T (other) /AA << >> >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "with an action");
}

/* As many levels above as anybody follows, or one more; nothing acts there. */
static void expect_levels_above(unsigned levels, const char *what)
{
	struct buf b = pdf_scene_write(SCENE(.signature = NULL));
	struct pdf_scene_object v[64];
	static char text[64][120];
	size_t n = 0;
	v[n++] = (struct pdf_scene_object){ 7, FORM_WITH("[50 0 R " ALL_FIELDS "]",
							 "") };
	for (unsigned i = 0; i <= levels; i++, n++) {
		(void)snprintf(text[n], sizeof(text[n]),
			       i == levels ? "<< /T (top) >>"
			       : i == 0	   ? "<< /FT /Tx /T (new) /Parent %u 0 R >>"
					   : "<< /Parent %u 0 R >>",
			       51 + i);
		v[n] = (struct pdf_scene_object){ 50 + i, text[n] };
	}
	pdf_scene_revision(&b, v, n, NULL);
	struct pdf_scene_result r = pdf_scene_read_file(view_buf(&b));
	const struct pdf_change *worst = pdf_scene_worst(&r.c);
	cr_assert_not_null(worst);
	cr_expect_not_null(strstr(worst->what, what), "%u: %s", levels, worst->what);
	pdf_scene_free(&r);
	buf_free(&b);
}

Test(pdf_changes_form, new_field_with_more_above_it_than_is_looked_at_acts)
{
	expect_levels_above(32, "form field (object 50) added");
	expect_levels_above(33, "with an action");
}

#define NEW_LINK(action)                                                               \
	{ 3, PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 50 0 R]", "") },            \
	{                                                                              \
		50, "<< /Type /Annot /Subtype /Link /Rect [1 1 9 9] " action " >>"     \
	}

Test(pdf_changes_form, annotation_that_does_more_than_go_somewhere_is_undefined)
{
	pdf_scene_expect(
	    SCENE(.update = { NEW_LINK("/A << /S /URI /URI (http://x) >>") }),
	    PDF_CHANGE_ANNOTATION, NULL, "annotation (object 50) added");
	pdf_scene_expect(SCENE(.update = { NEW_LINK("/A << /S /Launch /F (x) >>") }),
			 PDF_CHANGE_UNDEFINED, NULL, "with an action");
	pdf_scene_expect(
	    SCENE(.update = { NEW_LINK("/A << /S /GoTo /Next << /S /Launch >> >>") }),
	    PDF_CHANGE_UNDEFINED, NULL, "with an action");
	pdf_scene_expect(SCENE(.update = { NEW_LINK("/AA << >>") }),
			 PDF_CHANGE_UNDEFINED, NULL, "with an action");
	pdf_scene_expect(
	    SCENE(.update = { { 12, "<< /Type /Annot /Subtype /Text /Rect [1 1 9 9] "
				    "/Contents (hi) /A << /S /JavaScript >> >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/A");
}

Test(pdf_changes_form,
     new_empty_signature_field_is_form_fill_but_not_if_it_shows_something)
{
	pdf_scene_expect(SCENE(.update = { NEW_SIGNATURE("[9 9 99 99]", "") }),
			 PDF_CHANGE_FORM_FILL, NULL, "empty signature field");
	pdf_scene_expect(
	    SCENE(.update = { NEW_SIGNATURE("[9 9 99 99]", "/AP << /N 10 0 R >>") }),
	    PDF_CHANGE_ANNOTATION, NULL, "no signature");
}

Test(pdf_changes_form, new_text_field_is_annotation)
{
	pdf_scene_expect(
	    SCENE(.update = { { 7, FORM_WITH("[" ALL_FIELDS " 50 0 R]", "") },
			      { 50, "<< /FT /Tx /T (new) /V (text) >>" } }),
	    PDF_CHANGE_ANNOTATION, NULL, "form field (object 50) added");
}

/* ---- annotations ---- */

Test(pdf_changes_form, annotation_added_changed_removed_is_annotation)
{
	struct pdf_scene_object added = {
		50, "<< /Type /Annot /Subtype /FreeText /Rect [1 1 9 9] >>"
	};
	struct pdf_scene_object page = {
		3, PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 50 0 R]", "")
	};
	pdf_scene_expect(SCENE(.update = { page, added }), PDF_CHANGE_ANNOTATION, NULL,
			 "annotation (object 50) added");
	pdf_scene_expect(
	    SCENE(.update = { { 12, "<< /Type /Annot /Subtype /Text /Rect [1 1 9 9] "
				    "/Contents (ho) >>" } }),
	    PDF_CHANGE_ANNOTATION, NULL, "/Contents changed");
	pdf_scene_expect(
	    SCENE(.update = { { 3, PAGE_WITH("[8 0 R 14 0 R 17 0 R 40 0 R]", "") },
			      { 12, NULL } }),
	    PDF_CHANGE_ANNOTATION, NULL, "annotation (object 12) removed");
	pdf_scene_expect(SCENE(.update = { { 12, NULL } }), PDF_CHANGE_ANNOTATION, NULL,
			 "removed");
}

Test(pdf_changes_form, annotation_over_certified_page_is_named)
{
	pdf_scene_expect(
	    SCENE(.signature = "/Reference [<< /TransformMethod /DocMDP "
			       "/TransformParams << /P 3 /V /1.2 >> >>]",
		  .update = { { 3,
				PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 50 0 R]",
					  "") },
			      { 50, "<< /Subtype /FreeText /Rect [1 1 9 9] >>" } }),
	    PDF_CHANGE_ANNOTATION, "evil-annotation", "annotation (object 50)");
}

Test(pdf_changes_form, annotations_in_another_order_are_annotation)
{
	pdf_scene_expect(
	    SCENE(.update = { { 3, PAGE_WITH("[12 0 R 8 0 R 14 0 R 17 0 R 40 0 R]",
					     "") } }),
	    PDF_CHANGE_ANNOTATION, NULL, "order");
}

Test(pdf_changes_form, widget_taken_from_page_is_shadow_hide)
{
	pdf_scene_expect(
	    SCENE(.update = { { 3, PAGE_WITH("[12 0 R 14 0 R 17 0 R 40 0 R]", "") } }),
	    PDF_CHANGE_UNDEFINED, "shadow-hide", "widget (object 8) removed");
}

Test(pdf_changes_form, annotation_become_a_field_or_something_else_is_undefined)
{
	pdf_scene_expect(
	    SCENE(.update = { { 12, "<< /Type /Annot /Subtype /Widget /Rect [1 1 9 9] "
				    "/Contents (hi) >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "");
	pdf_scene_expect(
	    SCENE(.update = { { 3,
				PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 4 0 R]",
					  "") } }),
	    PDF_CHANGE_UNDEFINED, NULL, "no annotation");
}

Test(pdf_changes_form, annotation_that_list_was_waiting_for_is_annotation)
{
	pdf_scene_expect(
	    SCENE(.base = { { 3, PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 99 0 R]",
					   "") } },
		  .update = { { 99, "<< /Subtype /Stamp /Rect [1 1 9 9] >>" } }),
	    PDF_CHANGE_ANNOTATION, NULL, "annotation (object 99) added");
}

Test(pdf_changes_form, page_that_tree_was_waiting_for_is_undefined)
{
	pdf_scene_expect(
	    SCENE(.base = { { 2, "<< /Type /Pages /Count 2 /Kids [3 0 R 99 0 R] >>" } },
		  .update = { { 99,
				"<< /FT /Tx /T (x) /Subtype /Widget /Contents 4 0 R "
				">>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/Kids");
}

Test(pdf_changes_form, annots_of_their_own_may_grow_unless_they_are_content_too)
{
	struct pdf_scene_object list = { 50, "[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R]" };
	struct pdf_scene_object more = { 50,
					 "[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 51 0 R]" };
	struct pdf_scene_object added = { 51, "<< /Subtype /Text /Rect [1 1 9 9] >>" };
	pdf_scene_expect(SCENE(.base = { { 3, PAGE_WITH("50 0 R", "") }, list },
			       .update = { more, added }),
			 PDF_CHANGE_ANNOTATION, NULL, "annotation (object 51) added");
	pdf_scene_expect(
	    SCENE(.base = { { 3,
			      "<< /Type /Page /Parent 2 0 R /Annots 50 0 R /Contents "
			      "50 0 R >>" },
			    list },
		  .update = { more, added }),
	    PDF_CHANGE_UNDEFINED, "shadow-replace", "/Contents");
}

Test(pdf_changes_form, page_with_anything_but_annots_changed_is_undefined)
{
	pdf_scene_expect(
	    SCENE(.update = { { 3, PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R]",
					     "/Rotate 180") } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/Rotate");
	pdf_scene_expect(
	    SCENE(.update = { { 3, PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R]",
					     "/AA << >>") } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/AA");
}

Test(pdf_changes_form, resources_moved_to_an_object_of_their_own_are_no_change)
{
	pdf_scene_expect(
	    SCENE(.update = { { 3,
				"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] "
				"/Contents 4 0 R /Resources 50 0 R /Annots [8 0 R 12 "
				"0 R 14 0 R 17 0 R 40 0 R] >>" },
			      { 50,
				"<< /XObject << /X1 10 0 R >> /Font << /F1 51 0 R >> "
				">>" },
			      { 51, "<< /Type /Font /Subtype /Type1 /BaseFont "
				    "/Helvetica >>" } }),
	    NOTHING, NULL, NULL);
}
