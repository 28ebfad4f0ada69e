/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Content, catalog, trailer, object streams: what an update after a signature makes of
 * them. Each rule has the harmless case and the nearest attack.
 */
#include <criterion/criterion.h>

#include "base/mem.h"
#include "tests/support/pdf_scene.h"

TestSuite(pdf_changes_content, .init = mem_init);

/* ---- content ---- */

Test(pdf_changes_content, content_replaced_in_place_is_shadow_replace)
{
	pdf_scene_expect(SCENE(.update = { { 4, STREAM("", "abcdefgh") } }),
			 PDF_CHANGE_UNDEFINED, "shadow-replace",
			 "page (object 3): /Contents");
}

Test(pdf_changes_content, object_written_again_with_equal_value_is_no_change)
{
	pdf_scene_expect(
	    SCENE(.update = { { 4, STREAM("", EIGHT) },
			      { 5, "<< /BaseFont /Helvetica /Subtype /Type1 /Type "
				   "/Font >>" },
			      { 3, PAGE } }),
	    NOTHING, NULL, NULL);
}

Test(pdf_changes_content, font_replaced_in_place_is_shadow_replace)
{
	pdf_scene_expect(
	    SCENE(.update = { { 5, "<< /Type /Font /Subtype /Type1 /BaseFont /Evil "
				   ">>" } }),
	    PDF_CHANGE_UNDEFINED, "shadow-replace", "/Font/");
}

Test(pdf_changes_content, form_object_of_page_replaced_is_shadow_hide)
{
	pdf_scene_expect(
	    SCENE(.update = { { 10, STREAM("/Type /XObject /Subtype /Form /BBox "
					   "[0 0 1 1]",
					   "        ") } }),
	    PDF_CHANGE_UNDEFINED, "shadow-hide", "/Resources/XObject/X1");
}

Test(pdf_changes_content, object_in_use_freed_is_shadow_hide)
{
	pdf_scene_expect(SCENE(.update = { { 10, NULL } }), PDF_CHANGE_UNDEFINED,
			 "shadow-hide", "removed");
}

Test(pdf_changes_content, object_that_nothing_refers_to_freed_or_replaced_is_no_change)
{
	pdf_scene_expect(SCENE(.update = { { 21, NULL } }), NOTHING, NULL, NULL);
	pdf_scene_expect(SCENE(.update = { { 21, "(other)" } }), NOTHING, NULL, NULL);
}

Test(pdf_changes_content, page_turned_to_prepared_content_is_hide_and_replace)
{
	pdf_scene_expect(
	    SCENE(.update = { { 3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 "
				   "800] /Contents 21 0 R /Resources << /Font << /F1 5 "
				   "0 R >> /XObject << /X1 10 0 R >> >> /Annots [8 0 R "
				   "12 0 R 14 0 R 17 0 R 40 0 R] >>" } }),
	    PDF_CHANGE_UNDEFINED, "shadow-hide-and-replace", "/Contents");
}

Test(pdf_changes_content, page_added_is_undefined)
{
	pdf_scene_expect(
	    SCENE(.update = { { 2, "<< /Type /Pages /Count 2 /Kids [3 0 R 50 0 R] >>" },
			      { 50, "<< /Type /Page /Parent 2 0 R >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/Pages");
}

Test(pdf_changes_content, new_object_that_nothing_refers_to_is_no_change)
{
	pdf_scene_expect(SCENE(.update = { { 50, STREAM("", EIGHT) } }), NOTHING, NULL,
			 NULL);
}

Test(pdf_changes_content, new_object_that_content_was_waiting_for_is_seen)
{
	pdf_scene_expect(
	    SCENE(.base = { { 3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] "
				 "/Contents [4 0 R 99 0 R] /Annots [40 0 R] >>" } },
		  .update = { { 99, STREAM("", EIGHT) } }),
	    PDF_CHANGE_UNDEFINED, "shadow-replace", "/Contents added");
}

Test(pdf_changes_content, change_taken_back_by_next_revision_is_seen)
{
	pdf_scene_expect(SCENE(.update = { { 4, STREAM("", "abcdefgh") } },
			       .second = { { 4, STREAM("", EIGHT) } }),
			 PDF_CHANGE_UNDEFINED, "shadow-replace", "/Contents");
}

/* ---- catalog and trailer ---- */

Test(pdf_changes_content, other_root_is_hide_and_replace)
{
	pdf_scene_expect(
	    SCENE(.update = { { 50, "<< /Type /Catalog /Pages 2 0 R >>" } },
		  .trailer = "/Root 50 0 R /Info 6 0 R"),
	    PDF_CHANGE_UNDEFINED, "shadow-hide-and-replace", "/Root");
}

Test(pdf_changes_content, info_with_other_text_is_extension)
{
	pdf_scene_expect(SCENE(.update = { { 6, "<< /Title (u) /Producer (p) >>" } }),
			 PDF_CHANGE_EXTENSION, NULL, "Info: /Title");
	pdf_scene_expect(SCENE(.update = { { 50, "<< /Title (t) /Producer (q) >>" } },
			       .trailer = "/Root 1 0 R /Info 50 0 R"),
			 PDF_CHANGE_EXTENSION, NULL, "Info: /Producer");
}

Test(pdf_changes_content, info_that_is_something_else_too_is_undefined)
{
	pdf_scene_expect(
	    SCENE(.base = { { 5, "<< /Type /Font /FontDescriptor 6 0 R >>" } },
		  .update = { { 6, "<< /Title (u) /Producer (p) >>" } }),
	    PDF_CHANGE_UNDEFINED, "shadow-replace", "FontDescriptor");
	pdf_scene_expect(
	    SCENE(.update = { { 6, "<< /Title (t) /Producer (p) /X [1] >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "Info: /X");
}

Test(pdf_changes_content, catalog_with_dss_version_extensions_is_extension)
{
	pdf_scene_expect(
	    SCENE(.update = { { 1, CATALOG_WITH("/DSS << /Certs [50 0 R] /VRI << "
						"/0123456789ABCDEF0123456789ABCDEF01"
						"234567 << /Cert [50 0 R] >> >> >> "
						"/Version /1.7 /Extensions << /ESIC << "
						">> >>") },
			      { 50, STREAM("", EIGHT) } }),
	    PDF_CHANGE_EXTENSION, NULL, "/DSS");
}

Test(pdf_changes_content, dss_with_what_is_no_validation_data_is_undefined)
{
	pdf_scene_expect(
	    SCENE(.update = { { 1, CATALOG_WITH("/DSS << /Certs [4 0 R] /Pages 2 0 R "
						">>") } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/DSS/Pages");
	pdf_scene_expect(
	    SCENE(.update = { { 1, CATALOG_WITH("/DSS << /Certs [3 0 R] >>") } }),
	    PDF_CHANGE_UNDEFINED, NULL, "no stream");
	pdf_scene_expect(
	    SCENE(.update = { { 1, CATALOG_WITH("/DSS << /VRI << /X << >> >> >>") } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/VRI");
}

Test(pdf_changes_content, dss_removed_is_undefined)
{
	pdf_scene_expect(
	    SCENE(.base = { { 1, CATALOG_WITH("/DSS << /Certs [21 0 R] >>") } },
		  .update = { { 1, CATALOG_WITH("") } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/DSS removed");
}

Test(pdf_changes_content,
     dss_list_of_its_own_grown_is_extension_unless_it_is_content_too)
{
	struct pdf_scene_object catalog = { 1,
					    CATALOG_WITH("/DSS << /Certs 50 0 R >>") };
	struct pdf_scene_object list = { 50, "[21 0 R]" },
				more = { 50, "[21 0 R 51 0 R]" };
	struct pdf_scene_object cert = { 51, STREAM("", EIGHT) };
	pdf_scene_expect(SCENE(.base = { catalog, list }, .update = { more, cert }),
			 PDF_CHANGE_EXTENSION, NULL, "/DSS/Certs");
	pdf_scene_expect(
	    SCENE(.base = { catalog,
			    list,
			    { 3, "<< /Type /Page /Parent 2 0 R /Contents 50 0 R >>" } },
		  .update = { more, cert }),
	    PDF_CHANGE_UNDEFINED, "shadow-replace", "/Contents");
}

Test(pdf_changes_content, catalog_with_open_action_or_names_is_undefined)
{
	pdf_scene_expect(
	    SCENE(.update = { { 1,
				CATALOG_WITH("/OpenAction << /S /JavaScript >>") } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/OpenAction");
	pdf_scene_expect(SCENE(.update = { { 1, CATALOG_WITH("/Names << >>") } }),
			 PDF_CHANGE_UNDEFINED, NULL, "/Names");
}

Test(pdf_changes_content, catalog_that_is_something_else_too_is_undefined)
{
	pdf_scene_expect(
	    SCENE(.base = { { 3, "<< /Type /Page /Parent 2 0 R /Resources << /Font 1 "
				 "0 R >> >>" } },
		  .update = { { 1, CATALOG_WITH("/Version /2.0") } }),
	    PDF_CHANGE_UNDEFINED, "shadow-replace", "/Resources/Font");
}

Test(pdf_changes_content, metadata_replaced_is_extension_unless_it_is_content_too)
{
	struct pdf_scene_object other = { 9, STREAM("/Type /Metadata /Subtype /XML",
						    "abcdefgh") };
	pdf_scene_expect(SCENE(.update = { other }), PDF_CHANGE_EXTENSION, NULL,
			 "/Metadata");
	pdf_scene_expect(
	    SCENE(.base = { { 3, "<< /Type /Page /Parent 2 0 R /Contents [4 0 R 9 0 "
				 "R] >>" } },
		  .update = { other }),
	    PDF_CHANGE_UNDEFINED, "shadow-replace", "/Contents");
	pdf_scene_expect(
	    SCENE(.update = { { 9, STREAM("/Type /XObject /Subtype /Form", EIGHT) } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/Metadata");
}

Test(pdf_changes_content, structure_for_new_annotation_is_extension)
{
	pdf_scene_expect(
	    SCENE(.update = { { 31, "<< /Type /StructElem /S /Document /P 30 0 R /K [0 "
				    "50 0 R] /Alt (alt) >>" },
			      { 50, "<< /S /Form /P 31 0 R /K << /Type /OBJR /Obj 40 0 "
				    "R >> >>" },
			      { 32, "<< /Nums [0 [31 0 R] 1 50 0 R] >>" } }),
	    PDF_CHANGE_EXTENSION, NULL, "");
}

Test(pdf_changes_content, structure_with_other_text_for_content_is_undefined)
{
	pdf_scene_expect(
	    SCENE(.update = { { 31,
				"<< /Type /StructElem /S /Document /P 30 0 R /K [0] "
				"/Alt (evil) >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/Alt");
	pdf_scene_expect(
	    SCENE(.update = { { 31, "<< /Type /StructElem /S /Document /P 30 0 R /K [0 "
				    "<< /S /P /K 1 /ActualText (evil) >>] /Alt (alt) "
				    ">>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/K");
}

/* A new annotation and its element, which the tree finds by a new key. */
#define NEW_NOTE                                                                       \
	{                                                                              \
		51, "<< /Type /Annot /Subtype /Text /Rect [1 1 9 9] /StructParent 1 "  \
		    ">>"                                                               \
	}
#define NOTE_ELEMENT(more)                                                             \
	"<< /S /Annot /P 30 0 R /K << /Type /OBJR /Obj 51 0 R >> " more " >>"
#define TREE_OF(keys) "<< /Nums [" keys "] >>"
#define ROOT_OF(kids, tree)                                                            \
	"<< /Type /StructTreeRoot /K [" kids "] /ParentTree " tree " >>"

Test(pdf_changes_content, number_of_signed_content_leads_to_another_element_is_undefined)
{
	struct pdf_scene_object other = { 50, "<< /S /P /P 30 0 R /K 0 /ActualText "
					      "(evil) >>" };
	pdf_scene_expect(
	    SCENE(.update = { { 32, TREE_OF("0 [50 0 R]") }, other }),
	    PDF_CHANGE_UNDEFINED, NULL, "leads from what was there");
	pdf_scene_expect(
	    SCENE(.update = { { 30, ROOT_OF("31 0 R", "51 0 R") },
			      { 51, TREE_OF("0 [50 0 R]") },
			      other }),
	    PDF_CHANGE_UNDEFINED, NULL, "leads from what was there");
	pdf_scene_expect(SCENE(.base = { { 32, TREE_OF("0 33 0 R") },
					 { 33, "[31 0 R]" } },
			       .update = { { 33, "[50 0 R]" }, other }),
			 PDF_CHANGE_UNDEFINED, NULL, "leads from what was there");
	pdf_scene_expect(SCENE(.base = { { 32, TREE_OF("0 [31 0 R] 1 50 0 R") } },
			       .update = { other }),
			 PDF_CHANGE_UNDEFINED, NULL, "/ParentTree");
	pdf_scene_expect(
	    SCENE(.base = { { 32, "<< /Kids [33 0 R] >>" },
			    { 33, "<< /Limits [0 0] /Nums [0 [31 0 R]] >>" } },
		  .update = { { 33, "<< /Limits [0 0] /Nums [0 [50 0 R]] >>" }, other }),
	    PDF_CHANGE_UNDEFINED, NULL, "leads from what was there");
}

Test(pdf_changes_content, tree_written_anew_with_the_same_elements_is_extension)
{
	pdf_scene_expect(
	    SCENE(.update = { { 32, "<< /Kids [50 0 R 52 0 R] >>" },
			      { 50, "<< /Limits [0 0] /Nums [0 53 0 R] >>" },
			      { 52, "<< /Limits [1 1] /Nums [1 54 0 R] >>" },
			      { 53, "[31 0 R]" },
			      { 54, NOTE_ELEMENT("") },
			      NEW_NOTE }),
	    PDF_CHANGE_EXTENSION, NULL, "/ParentTree");
	/* Who goes by the limits does not find what was there. */
	pdf_scene_expect(
	    SCENE(.update = { { 32, "<< /Kids [50 0 R] >>" },
			      { 50, "<< /Limits [7 9] /Nums [0 [31 0 R]] >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "no tree in order");
	pdf_scene_expect(
	    SCENE(.update = { { 32, TREE_OF("0 [31 0 R] 0 54 0 R") },
			      { 54, NOTE_ELEMENT("") },
			      NEW_NOTE }),
	    PDF_CHANGE_UNDEFINED, NULL, "no tree in order");
	pdf_scene_expect(SCENE(.update = { { 32, "<< /Nums [] >>" } }),
			 PDF_CHANGE_UNDEFINED, NULL, "lost a key");
}

Test(pdf_changes_content, new_number_leads_to_new_annotation_or_is_undefined)
{
	pdf_scene_expect(
	    SCENE(.update = { { 32, TREE_OF("0 [31 0 R] 1 50 0 R") },
			      { 50, "<< /S /P /P 30 0 R >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "element for content");
	pdf_scene_expect(
	    SCENE(.update = { { 32, TREE_OF("0 [31 0 R] 1 [50 0 R]") },
			      { 50, NOTE_ELEMENT("") },
			      NEW_NOTE }),
	    PDF_CHANGE_UNDEFINED, NULL, "elements for content");
}

Test(pdf_changes_content, words_of_new_element_are_about_what_is_new)
{
	pdf_scene_expect(
	    SCENE(.update = { { 30, ROOT_OF("31 0 R 50 0 R", "32 0 R") },
			      { 50, NOTE_ELEMENT("/Alt (note)") },
			      NEW_NOTE }),
	    PDF_CHANGE_FORM_FILL, NULL, "with words");
	pdf_scene_expect(
	    SCENE(.update = { { 30, ROOT_OF("31 0 R 50 0 R", "32 0 R") },
			      { 50, NOTE_ELEMENT("/Phoneme (note)") },
			      NEW_NOTE }),
	    PDF_CHANGE_FORM_FILL, NULL, "with words");
	/* Of what is said, how it would be written. */
	pdf_scene_expect(
	    SCENE(.update = { { 30, ROOT_OF("31 0 R 50 0 R", "32 0 R") },
			      { 50, "<< /S /Annot /P 30 0 R /PhoneticAlphabet /ipa /K "
				    "<< /Type /OBJR /Obj 40 0 R >> >>" } }),
	    PDF_CHANGE_EXTENSION, NULL, "");
	pdf_scene_expect(
	    SCENE(.update = { { 30, ROOT_OF("31 0 R 50 0 R", "32 0 R") },
			      { 50, "<< /S /Annot /P 30 0 R /Phoneme (evil) /K << "
				    "/Type /OBJR /Obj 40 0 R >> >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "other words");
	pdf_scene_expect(
	    SCENE(.update = { { 30, ROOT_OF("50 0 R 31 0 R", "32 0 R") },
			      { 50, "<< /S /P /P 30 0 R /ActualText (evil) /K << /Type "
				    "/OBJR /Obj 40 0 R >> >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "other words");
	pdf_scene_expect(
	    SCENE(.update = { { 30, ROOT_OF("31 0 R 50 0 R", "32 0 R") },
			      { 50, "<< /S /P /P 30 0 R >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "element for content");
}

Test(pdf_changes_content, first_structure_is_about_new_annotations_alone)
{
	static const struct pdf_scene_object
	    without = { 1, "<< /Type /Catalog /Pages 2 0 R /AcroForm 7 0 R /Metadata 9 "
			   "0 R >>" },
	    with = { 1, CATALOG_WITH("") };
	pdf_scene_expect(
	    SCENE(.base = { without, { 30, NULL }, { 31, NULL }, { 32, NULL } },
		  .update = { with,
			      { 30, "<< /K [50 0 R] /ParentTree << /Nums [1 50 0 R] >> "
				    ">>" },
			      { 50, NOTE_ELEMENT("") },
			      NEW_NOTE }),
	    PDF_CHANGE_EXTENSION, NULL, "");
	pdf_scene_expect(
	    SCENE(.base = { without, { 30, NULL }, { 31, NULL }, { 32, NULL } },
		  .update = { with,
			      { 30, "<< /K [50 0 R] >>" },
			      { 50, "<< /S /P /P 30 0 R /K << /Type /OBJR /Obj 40 0 R "
				    ">> >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "other words");
	pdf_scene_expect(
	    SCENE(.base = { without, { 30, NULL }, { 31, NULL }, { 32, NULL } },
		  .update = { with,
			      { 30, "<< /ParentTree << /Nums [0 [50 0 R]] >> >>" },
			      { 50, "<< /S /P /P 30 0 R /K 0 >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "elements for content");
}

/* ---- streams of the file itself ---- */

Test(pdf_changes_content, object_stream_in_place_of_an_object_collides)
{
	pdf_scene_expect(
	    SCENE(.update = { { 21, STREAM("/Type /ObjStm /N 0 /First 0", EIGHT) } }),
	    PDF_CHANGE_UNDEFINED, "colliding-object-stream", "object 21");
}

Test(pdf_changes_content, octets_of_no_revision_are_incremental_saving)
{
	pdf_scene_expect(
	    SCENE(.junk = "4 0 obj\n<< /Length 1 >>\nstream\nx\nendstream\nendobj\n",
		  .update = { { 50, "(x)" } }),
	    PDF_CHANGE_UNDEFINED, "incremental-saving", "");
}

Test(pdf_changes_content,
     octets_behind_the_end_are_incremental_saving_but_white_space_is_not)
{
	pdf_scene_expect(SCENE(.junk = "\r\n \t"), NOTHING, NULL, NULL);
	pdf_scene_expect(SCENE(.junk = "4 0 obj\n(x)\nendobj\n"), PDF_CHANGE_UNDEFINED,
			 "incremental-saving", "behind the last revision");
}
