/* SPDX-License-Identifier: Apache-2.0 */
/* Where signature fields are found, and what is said about them. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/pades_make.h"

#define PAGES_AND_CATALOG make_catalog, make_pages, make_page

static bool text_is(struct view v, const char *text)
{
	return view_equal(v, view_text(text));
}

/* ---- what is no signature ---- */

Test(pades, file_without_form_has_no_signatures)
{
	struct make_object catalog = { .number = 1,
				       .body = "<< /Type /Catalog /Pages 2 0 R >>" };
	struct make_object page = { .number = 3,
				    .body = "<< /Type /Page /Parent 2 0 R >>" };
	struct pades *p = make_read(MAKE(VIEW_NULL, catalog, make_pages, page));

	cr_expect_eq(p->n_signatures, 0);
	cr_expect_eq(p->n_empty_fields, 0);
	cr_expect_eq(p->n_findings, 0);
	cr_expect_not(p->dss.present);
	cr_expect_not(p->usage_rights);
	cr_expect_null(p->pdfa);
	pades_free(p);
}

Test(pades, octets_that_are_no_pdf_are_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pades *p = NULL;

	cr_expect_eq(pades_read(view_text("not a PDF"), VIEW_NULL, &p, &err), -1);
	cr_expect_eq(err.code, LTPS_FORMAT);
	cr_expect_null(p);
}

static size_t signatures_of_field(const char *field, size_t empty, const char *code)
{
	struct make_object f = { .number = 5, .body = field };
	struct pades *p =
	    make_read(MAKE(VIEW_NULL, PAGES_AND_CATALOG, make_form, f, make_sig));
	size_t n = p->n_signatures;

	cr_expect_eq(p->n_empty_fields, empty, "%s: %zu", field, p->n_empty_fields);
	if (code != NULL)
		cr_expect(make_has(p, code), "%s", field);
	pades_free(p);
	return n;
}

Test(pades, field_of_another_type_is_no_signature)
{
	cr_expect_eq(signatures_of_field("<< /FT /Tx /T (a) /V 6 0 R >>", 0, NULL), 0);
}

Test(pades, field_without_value_is_empty)
{
	cr_expect_eq(signatures_of_field("<< /FT /Sig /T (a) >>", 1, NULL), 0);
	cr_expect_eq(signatures_of_field("<< /FT /Sig /T (a) /V null >>", 1, NULL), 0);
	cr_expect_eq(signatures_of_field("<< /FT /Sig /T (a) /V 99 0 R >>", 1, NULL),
		     0);
}

Test(pades, value_that_is_no_dictionary_is_a_finding)
{
	cr_expect_eq(signatures_of_field("<< /FT /Sig /T (a) /V (b) >>", 1,
					 "PDF_SIGNATURE_VALUE"),
		     0);
}

/* A dictionary that cannot be read is a signature that says nothing, not none. */
Test(pades, signature_that_cannot_be_read_is_listed_with_a_defect)
{
	static const char *const sigs[] = {
		"<< /Type /Sig /ByteRange [0 18446744073709551615 200 1000] >>",
		"<< /Type /Sig /ByteRange [0 1 2 3] /Contents <30zz> >>",
		"<< /Type /Sig /ByteRange [0 1 2 3] /Name >>",
		"<< /Type /Sig /ByteRange [0 1 2 3] /Contents <3000> ",
		"<< /Type /Sig /ByteRange [0 1 2 3] >> /More",
	};
	for (size_t i = 0; i < sizeof(sigs) / sizeof(sigs[0]); i++) {
		struct make_object sig = { .number = 6, .body = sigs[i] };
		struct pades *p = make_read(
		    MAKE(VIEW_NULL, PAGES_AND_CATALOG, make_form, make_field, sig));
		cr_assert_eq(p->n_signatures, 1, "%s", sigs[i]);
		cr_expect_eq(p->n_empty_fields, 0, "%s", sigs[i]);
		cr_expect_eq(p->signatures[0].dict->kind, PDF_NULL);
		cr_expect_eq(p->signatures[0].value.number, 6);
		cr_expect_eq(p->signatures[0].coverage, PADES_COVERS_NOTHING);
		cr_expect_str_eq(p->signatures[0].defect,
				 "its dictionary cannot be read");
		cr_expect(make_has(p, "PDF_OBJECT_UNREADABLE"));
		cr_expect_not(make_has(p, "PDF_SIGNATURE_SHARED"));
		pades_free(p);
	}
}

Test(pades, signatures_that_cannot_be_read_are_not_one)
{
	struct make_object form = {
		.number = 4, .body = "<< /Fields [5 0 R << /FT /Sig /V 7 0 R >>] >>"
	};
	struct make_object sig = { .number = 6, .body = "<< /ByteRange [ >>" };
	struct make_object other = { .number = 7, .body = "<< /ByteRange [ >>" };
	struct pades *p =
	    make_read(MAKE(VIEW_NULL, PAGES_AND_CATALOG, form, make_field, sig, other));
	cr_assert_eq(p->n_signatures, 2);
	cr_expect_not(make_has(p, "PDF_SIGNATURE_SHARED"));
	pades_free(p);
}

Test(pades, entry_of_the_form_that_is_no_field_is_a_finding)
{
	cr_expect_eq(signatures_of_field("(a)", 0, "PDF_FIELD_MISSING"), 0);
}

/* ---- the simple case ---- */

Test(pades, signature_of_the_form_is_found)
{
	struct view file = make_signed();
	struct pades *p = make_read(file);

	cr_assert_eq(p->n_signatures, 1);
	const struct pades_signature *s = &p->signatures[0];
	cr_expect_str_eq(s->defect, "");
	cr_expect_eq(s->coverage, PADES_COVERS_FILE);
	cr_expect_eq(s->revision, 0);
	cr_expect_eq(s->field.number, 5);
	cr_expect_eq(s->value.number, 6);
	cr_expect(text_is(s->field_name, "a"));
	cr_expect_not(s->is_stamp);
	cr_expect_eq(s->subfilter, PADES_CADES_DETACHED);
	cr_expect(text_is(s->subfilter_name, "ETSI.CAdES.detached"));
	cr_expect(text_is(s->filter, "Adobe.PPKLite"));
	cr_expect_eq(s->contents.n, MAKE_SIG_OCTETS);
	cr_expect_eq(s->cms.n, 5);
	cr_expect_eq(s->range[2] + s->range[3], file.n);
	cr_expect(s->has_time);
	cr_expect_eq(s->time_ms, INT64_C(1767323045000));
	cr_expect_eq(s->docmdp, 0);
	cr_expect_not(s->is_certification);
	cr_expect_eq(s->lock.action, PADES_LOCK_NONE);
	cr_expect_eq(p->n_findings, 0);
	cr_expect_eq(p->major, 1);
	cr_expect_eq(p->minor, 7);
	pades_free(p);
}

/* ---- the tree of fields ---- */

/* The form has fields 5 to 8 as given, and the signature 9. */
static struct pades *form_of(const char *fields, const char *const bodies[4])
{
	char form[256];
	struct make_object sig = { .number = 9, .body = MAKE_SIG(MAKE_CMS) };
	struct make_object f[4] = { 0 };

	snprintf(form, sizeof(form), "<< /Fields %s >>", fields);
	for (uint32_t i = 0; i < 4; i++)
		f[i] = (struct make_object){ .number = 5 + i,
					     .body = bodies[i] != NULL ? bodies[i]
								       : "null" };
	struct make_object o = { .number = 4, .body = form };
	return make_read(
	    MAKE(VIEW_NULL, PAGES_AND_CATALOG, o, f[0], f[1], f[2], f[3], sig));
}

static void expect_one(struct pades *p, const char *name)
{
	cr_assert_eq(p->n_signatures, 1, "%zu", p->n_signatures);
	cr_expect(text_is(p->signatures[0].field_name, name), "%.*s",
		  (int)p->signatures[0].field_name.n,
		  (const char *)p->signatures[0].field_name.p);
	cr_expect_str_eq(p->signatures[0].defect, "");
	pades_free(p);
}

Test(pades, type_of_the_parent_is_inherited_and_names_are_joined)
{
	expect_one(
	    form_of("[5 0 R]", (const char *[]){ "<< /T (a) /FT /Sig /Kids [6 0 R] >>",
						 "<< /T (b) /Parent 5 0 R /V 9 0 R >>",
						 NULL, NULL }),
	    "a.b");
}

Test(pades, name_of_three_levels_has_two_dots)
{
	expect_one(form_of("[5 0 R]",
			   (const char *[]){
			       "<< /T (a) /Kids [6 0 R] >>",
			       "<< /T <FEFF00E9> /Parent 5 0 R /Kids [7 0 R] >>",
			       "<< /T (c) /FT /Sig /Parent 6 0 R /V 9 0 R >>", NULL }),
		   "a.\xc3\xa9.c");
}

Test(pades, value_of_a_field_with_two_widgets_is_one_signature)
{
	expect_one(form_of("[5 0 R]",
			   (const char *[]){
			       "<< /T (a) /FT /Sig /V 9 0 R /Kids [6 0 R 7 0 R] >>",
			       "<< /Subtype /Widget /Parent 5 0 R >>",
			       "<< /Subtype /Widget /Parent 5 0 R >>", NULL }),
		   "a");
}

Test(pades, value_of_the_parent_is_inherited)
{
	expect_one(
	    form_of("[5 0 R]",
		    (const char *[]){ "<< /T (a) /FT /Sig /V 9 0 R /Kids [6 0 R] >>",
				      "<< /T (b) /Parent 5 0 R >>", NULL, NULL }),
	    "a.b");
}

Test(pades, kid_without_a_name_but_with_a_value_is_found)
{
	expect_one(
	    form_of("[5 0 R]",
		    (const char *[]){ "<< /T (a) /FT /Sig /Kids [6 0 R] >>",
				      "<< /Parent 5 0 R /V 9 0 R >>", NULL, NULL }),
	    "a");
}

Test(pades, field_that_stands_directly_in_the_array_is_found)
{
	struct pades *p = form_of("[<< /FT /Sig /T (d) /V 9 0 R >>]",
				  (const char *[]){ NULL, NULL, NULL, NULL });

	cr_assert_eq(p->n_signatures, 1);
	cr_expect_eq(p->signatures[0].field.number, 0);
	expect_one(p, "d");
}

Test(pades, value_that_stands_directly_in_the_field_is_found)
{
	struct make_object f = {
		.number = 5, .body = "<< /FT /Sig /T (a) /V " MAKE_SIG(MAKE_CMS) " >>"
	};
	struct pades *p = make_read(MAKE(VIEW_NULL, PAGES_AND_CATALOG, make_form, f));

	cr_assert_eq(p->n_signatures, 1);
	cr_expect_eq(p->signatures[0].value.number, 0);
	expect_one(p, "a");
}

Test(pades, field_that_is_its_own_kid_is_still_found)
{
	struct pades *p = form_of(
	    "[5 0 R]", (const char *[]){ "<< /T (a) /FT /Sig /V 9 0 R /Kids [5 0 R] "
					 "/Parent 5 0 R >>",
					 NULL, NULL, NULL });

	cr_expect_eq(p->n_signatures, 1);
	cr_expect(make_has(p, "PDF_FIELD_LISTED_TWICE"));
	pades_free(p);
}

Test(pades, fields_that_lead_to_each_other_end)
{
	struct pades *p = form_of(
	    "[5 0 R]",
	    (const char *[]){ "<< /T (a) /Kids [6 0 R] /Parent 6 0 R >>",
			      "<< /T (b) /Kids [5 0 R] /Parent 5 0 R >>", NULL, NULL });

	cr_expect_eq(p->n_signatures, 0);
	cr_expect(make_has(p, "PDF_FIELD_LISTED_TWICE"));
	pades_free(p);
}

Test(pades, fields_too_deep_are_a_finding)
{
	static char bodies[80][64];
	struct make_object o[90] = { make_catalog, make_pages, make_page, make_form };

	for (uint32_t i = 0; i < 80; i++) {
		snprintf(bodies[i], sizeof(bodies[i]), "<< /T (a) /Kids [%u 0 R] >>",
			 6 + i);
		o[4 + i] = (struct make_object){ .number = 5 + i, .body = bodies[i] };
	}
	struct pades *p = make_read(make_revision(VIEW_NULL, o, 84));
	cr_expect_eq(p->n_signatures, 0);
	cr_expect(make_has(p, "PDF_FIELDS_TOO_DEEP"));
	pades_free(p);
}

Test(pades, too_many_fields_are_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make((size_t)1 << 20);
	struct pades *p = NULL;
	const char *text;

	cr_assert_eq(buf_put_text(&b, "<< /Fields [", &err), 0);
	for (size_t i = 0; i <= PADES_FIELDS_MAX; i++)
		cr_assert_eq(buf_put_text(&b, "<<>>", &err), 0);
	cr_assert_eq(buf_put_text(&b, "] >>", &err), 0);
	cr_assert_eq(buf_text(&b, &text, &err), 0);
	struct make_object form = { .number = 4, .body = text };
	struct view file = MAKE(VIEW_NULL, PAGES_AND_CATALOG, form);
	cr_expect_eq(pades_read(file, VIEW_NULL, &p, &err), -1);
	cr_expect_eq(err.code, LTPS_TOO_LARGE);
	buf_free(&b);
}

Test(pades, too_many_signatures_are_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make((size_t)1 << 20);
	struct pades *p = NULL;
	const char *text;

	cr_assert_eq(buf_put_text(&b, "<< /Fields [", &err), 0);
	for (size_t i = 0; i <= PADES_SIGNATURES_MAX; i++)
		cr_assert_eq(buf_put_text(&b, "<</FT/Sig/T(a)/V<</Type/Sig>>>>", &err),
			     0);
	cr_assert_eq(buf_put_text(&b, "] >>", &err), 0);
	cr_assert_eq(buf_text(&b, &text, &err), 0);
	struct make_object form = { .number = 4, .body = text };
	struct view file = MAKE(VIEW_NULL, PAGES_AND_CATALOG, form);
	cr_expect_eq(pades_read(file, VIEW_NULL, &p, &err), -1);
	cr_expect_eq(err.code, LTPS_TOO_LARGE);
	buf_free(&b);
}

Test(pades, broken_field_hides_no_other)
{
	struct make_object form = { .number = 4,
				    .body = "<< /Fields [7 0 R 5 0 R] >>" };
	struct make_object bad = { .number = 7, .body = "<< /FT /Sig /T (b" };
	struct pades *p = make_read(
	    MAKE(VIEW_NULL, PAGES_AND_CATALOG, form, make_field, make_sig, bad));

	cr_expect_eq(p->n_signatures, 1);
	cr_expect(make_has(p, "PDF_OBJECT_UNREADABLE"));
	pades_free(p);
}

/* ---- beside the form ---- */

Test(pades, field_on_a_page_of_an_update_is_found)
{
	struct make_object form = { .number = 4, .body = "<< /Fields [] >>" };
	struct make_object page = { .number = 3,
				    .body = "<< /Type /Page /Parent 2 0 R >>" };
	struct view file = MAKE(VIEW_NULL, make_catalog, make_pages, page, form);

	file = MAKE(file, make_page, make_field, make_sig);
	struct pades *p = make_read(file);
	cr_expect(make_has(p, "PDF_FIELD_NOT_IN_FORM"));
	expect_one(p, "a");
}

Test(pades, field_on_an_untouched_page_is_found_when_an_update_made_it)
{
	struct make_object form = { .number = 4, .body = "<< /Fields [] >>" };
	struct make_object field = { .number = 5,
				     .body = "<< /Subtype /Widget /FT /Sig /T (a) >>" };
	struct view file = MAKE(VIEW_NULL, PAGES_AND_CATALOG, form, field);

	file = MAKE(file, make_field, make_sig);
	struct pades *p = make_read(file);
	cr_expect(make_has(p, "PDF_FIELD_NOT_IN_FORM"));
	expect_one(p, "a");
}

Test(pades, field_on_a_page_is_found_when_the_form_promises_signatures)
{
	struct make_object form = { .number = 4,
				    .body = "<< /SigFlags 1 /Fields [] >>" };
	struct pades *p =
	    make_read(MAKE(VIEW_NULL, PAGES_AND_CATALOG, form, make_field, make_sig));

	cr_expect(make_has(p, "PDF_FIELD_NOT_IN_FORM"));
	expect_one(p, "a");
}

Test(pades, pages_that_lead_to_each_other_end)
{
	struct make_object form = { .number = 4,
				    .body = "<< /SigFlags 1 /Fields [] >>" };
	struct make_object pages = { .number = 2,
				     .body = "<< /Type /Pages /Kids [2 0 R 3 0 R] >>" };
	struct pades *p = make_read(MAKE(VIEW_NULL, make_catalog, pages, make_page,
					 form, make_field, make_sig));

	expect_one(p, "a");
}

Test(pades, field_above_a_widget_on_a_page_is_found_once)
{
	struct make_object form = { .number = 4, .body = "<< /Fields [] >>" };
	struct make_object page = {
		.number = 3,
		.body = "<< /Type /Page /Parent 2 0 R /Annots [7 0 R 8 0 R] >>"
	};
	struct make_object one = { .number = 7,
				   .body = "<< /Subtype /Widget /Parent 5 0 R >>" };
	struct make_object two = { .number = 8,
				   .body = "<< /Subtype /Widget /Parent 5 0 R >>" };
	struct view file = MAKE(VIEW_NULL, make_catalog, make_pages, make_page, form);
	struct pades *p = make_read(MAKE(file, page, make_field, one, two, make_sig));

	cr_expect(make_has(p, "PDF_FIELD_NOT_IN_FORM"));
	cr_assert_eq(p->n_signatures, 1);
	cr_expect_eq(p->signatures[0].field.number, 5);
	expect_one(p, "a");
}

Test(pades, widgets_that_are_their_own_parents_end)
{
	struct make_object page = {
		.number = 3, .body = "<< /Type /Page /Parent 2 0 R /Annots [7 0 R] >>"
	};
	struct make_object widget = { .number = 7,
				      .body = "<< /Subtype /Widget /Parent 7 0 R >>" };
	struct pades *p = make_read(MAKE(make_signed(), page, widget));

	cr_expect_eq(p->n_signatures, 1);
	pades_free(p);
}

Test(pades, kid_without_a_parent_entry_is_found_again_in_the_signed_revision)
{
	struct make_object form = { .number = 4, .body = "<< /Fields [7 0 R] >>" };
	struct make_object parent = { .number = 7,
				      .body = "<< /FT /Sig /T (p) /Kids [5 0 R] >>" };
	struct make_object kid = { .number = 5, .body = "<< /T (k) /V 6 0 R >>" };
	struct make_object other = { .number = 5, .body = "<< /T (z) /V 6 0 R >>" };
	struct make_object note = { .number = 30, .body = "(x)" };
	struct view file =
	    MAKE(VIEW_NULL, PAGES_AND_CATALOG, form, parent, kid, make_sig);

	expect_one(make_read(MAKE(file, note)), "p.k");
	struct pades *p = make_read(MAKE(file, other));
	cr_assert_eq(p->n_signatures, 1);
	cr_expect_str_neq(p->signatures[0].defect, "");
	pades_free(p);
}

Test(pades, stream_as_a_value_is_a_defect)
{
	struct make_object sig = {
		.number = 6,
		.body = "/Type /Sig /SubFilter /ETSI.CAdES.detached " MAKE_RANGE
			" " MAKE_HEX(MAKE_CMS),
		.stream = "x"
	};
	struct pades *p =
	    make_read(MAKE(VIEW_NULL, PAGES_AND_CATALOG, make_form, make_field, sig));

	cr_assert_eq(p->n_signatures, 1);
	cr_expect_str_eq(p->signatures[0].defect, "a stream, not a dictionary");
	pades_free(p);
}

Test(pades, widget_of_a_form_field_is_no_second_signature)
{
	struct make_object page = {
		.number = 3,
		.body = "<< /Type /Page /Parent 2 0 R /Annots [5 0 R 7 0 R] >>"
	};
	struct make_object widget = { .number = 7,
				      .body = "<< /Subtype /Widget /Parent 5 0 R >>" };
	struct view file = make_signed();
	struct pades *p = make_read(MAKE(file, page, widget));

	cr_expect_not(make_has(p, "PDF_FIELD_NOT_IN_FORM"));
	expect_one(p, "a");
}

/* ---- /Perms ---- */

#define CATALOG_PERMS(perms)                                                           \
	{                                                                              \
		.number = 1, .body = "<< /Type /Catalog /Pages 2 0 R /AcroForm 4 0 R " \
				     "/Perms " perms " >>"                             \
	}
#define DOCMDP(p)                                                                      \
	"<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter /ETSI.CAdES.detached "        \
	"/Reference [<< /TransformMethod /DocMDP /TransformParams << /P " p            \
	" /V /1.2 >> >>] " MAKE_RANGE " " MAKE_HEX(MAKE_CMS) " >>"

static struct pades *certified(struct make_object catalog, const char *sig)
{
	struct make_object o = { .number = 6, .body = sig };

	return make_read(
	    MAKE(VIEW_NULL, catalog, make_pages, make_page, make_form, make_field, o));
}

Test(pades, certification_that_perms_does_not_name_binds)
{
	struct pades *p = certified(make_catalog, DOCMDP("1"));

	cr_assert_eq(p->n_signatures, 1);
	cr_expect_eq(p->signatures[0].docmdp, 1);
	cr_expect_not(p->signatures[0].is_certification);
	cr_expect(make_has(p, "PDF_CERTIFICATION_NOT_NAMED"));
	pades_free(p);
}

Test(pades, certification_named_by_perms_is_one)
{
	struct make_object catalog = CATALOG_PERMS("<< /DocMDP 6 0 R >>");
	struct pades *p = certified(catalog, DOCMDP("3"));

	cr_assert_eq(p->n_signatures, 1);
	cr_expect_eq(p->signatures[0].docmdp, 3);
	cr_expect(p->signatures[0].is_certification);
	cr_expect_eq(p->n_findings, 0);
	pades_free(p);
}

Test(pades, perms_that_name_an_ordinary_signature_are_a_finding)
{
	struct make_object catalog = CATALOG_PERMS("<< /DocMDP 6 0 R >>");
	struct pades *p = certified(catalog, MAKE_SIG(MAKE_CMS));

	cr_expect_eq(p->signatures[0].docmdp, 0);
	cr_expect(make_has(p, "PDF_CERTIFICATION_WITHOUT_DOCMDP"));
	pades_free(p);
}

Test(pades, certification_without_a_field_is_listed)
{
	struct make_object catalog = CATALOG_PERMS("<< /DocMDP 6 0 R >>");
	struct make_object form = { .number = 4, .body = "<< /Fields [] >>" };
	struct make_object page = { .number = 3,
				    .body = "<< /Type /Page /Parent 2 0 R >>" };
	struct make_object sig = { .number = 6, .body = DOCMDP("2") };
	struct view file = MAKE(VIEW_NULL, catalog, make_pages, page, form, sig);
	struct pades *p = make_read(file);

	cr_assert_eq(p->n_signatures, 1);
	cr_expect_eq(p->signatures[0].field.number, 0);
	cr_expect(p->signatures[0].is_certification);
	cr_expect_str_eq(p->signatures[0].defect, "");
	cr_expect(make_has(p, "PDF_CERTIFICATION_WITHOUT_FIELD"));
	pades_free(p);
	/* Named only by an update: it is not what the revision that it signed has. */
	struct make_object plain = CATALOG_PERMS("<< >>");
	file = MAKE(VIEW_NULL, plain, make_pages, page, form, sig);
	p = make_read(MAKE(file, catalog));
	cr_assert_eq(p->n_signatures, 1);
	cr_expect_str_neq(p->signatures[0].defect, "");
	pades_free(p);
}

Test(pades, two_certifications_are_a_finding)
{
	struct make_object form = { .number = 4,
				    .body = "<< /Fields [5 0 R 7 0 R] >>" };
	struct make_object first = { .number = 6, .body = DOCMDP("3") };
	struct make_object second = { .number = 8, .body = DOCMDP("2") };
	struct make_object field = { .number = 7,
				     .body = "<< /FT /Sig /T (b) /V 8 0 R >>" };
	struct view file =
	    MAKE(VIEW_NULL, PAGES_AND_CATALOG, make_form, make_field, first);
	struct pades *p = make_read(MAKE(file, form, field, second));

	cr_expect_eq(p->n_signatures, 2);
	cr_expect(make_has(p, "PDF_SEVERAL_DOCMDP"));
	pades_free(p);
}

Test(pades, usage_rights_are_seen)
{
	struct make_object catalog = CATALOG_PERMS("<< /UR3 6 0 R >>");
	struct pades *p = certified(catalog, MAKE_SIG(MAKE_CMS));

	cr_expect(p->usage_rights);
	pades_free(p);
}

/* ---- DocMDP, FieldMDP, locks ---- */

#define REFERENCES(list)                                                               \
	"<< /Type /Sig /SubFilter /adbe.pkcs7.detached /Reference " list               \
	" " MAKE_RANGE " " MAKE_HEX(MAKE_CMS) " >>"

static int docmdp_of(const char *sig)
{
	struct pades *p = certified(make_catalog, sig);

	cr_assert_eq(p->n_signatures, 1);
	int n = p->signatures[0].docmdp;
	pades_free(p);
	return n;
}

Test(pades, docmdp_is_two_when_it_is_not_said_and_one_when_it_is_unknown)
{
	cr_expect_eq(docmdp_of(REFERENCES("[<< /TransformMethod /DocMDP >>]")), 2);
	cr_expect_eq(
	    docmdp_of(REFERENCES("[<< /TransformMethod /DocMDP /TransformParams "
				 "<< /V /1.2 >> >>]")),
	    2);
	cr_expect_eq(docmdp_of(DOCMDP("4")), 1);
	cr_expect_eq(docmdp_of(DOCMDP("/x")), 1);
	cr_expect_eq(docmdp_of(REFERENCES("[<< /TransformMethod /Identity >>]")), 0);
	/* The strictest of several. */
	cr_expect_eq(
	    docmdp_of(REFERENCES("[<< /TransformMethod /DocMDP /TransformParams "
				 "<< /P 3 >> >> << /TransformMethod /DocMDP "
				 "/TransformParams << /P 1 >> >>]")),
	    1);
	/* A reference that is not in an array. */
	cr_expect_eq(docmdp_of(REFERENCES("<< /TransformMethod /DocMDP >>")), 2);
}

static struct pades_lock fieldmdp_of(struct pades **ret_p, const char *sig)
{
	*ret_p = certified(make_catalog, sig);
	cr_assert_eq((*ret_p)->n_signatures, 1);
	return (*ret_p)->signatures[0].fieldmdp;
}

#define FIELDMDP(params)                                                               \
	REFERENCES(                                                                    \
	    "[<< /TransformMethod /FieldMDP /Data 1 0 R /TransformParams " params      \
	    " >>]")

Test(pades, fieldmdp_that_is_not_understood_locks_all)
{
	static const char *const bad[] = {
		FIELDMDP("<< >>"),
		FIELDMDP("<< /Action /Some /Fields [(x)] >>"),
		FIELDMDP("<< /Action /Include >>"),
		FIELDMDP("<< /Action /Include /Fields [(x) 5] >>"),
		FIELDMDP("<< /Action /Include /Fields [() (x)] >>"),
		FIELDMDP("<< /Action /Include /Fields [(x) <FFFE7900>] >>"),
		FIELDMDP("<< /Action /Include /Fields [<EFBBBF1B656E1B79>] >>"),
		FIELDMDP("<< /Action /Exclude /Fields (x) >>"),
		FIELDMDP("(x)"),
		REFERENCES("[<< /TransformMethod /FieldMDP >>]"),
		REFERENCES("[<< /TransformMethod /FieldMDP /TransformParams << /Action "
			   "/Exclude /Fields [(x)] >> >> << /TransformMethod /FieldMDP "
			   "/TransformParams << /Action /Exclude /Fields [(y)] >> >>]"),
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct pades *p;
		cr_expect_eq(fieldmdp_of(&p, bad[i]).action, PADES_LOCK_ALL, "%s",
			     bad[i]);
		pades_free(p);
	}
}

Test(pades, fieldmdp_names_fields)
{
	struct pades *p;
	struct pades_lock l = fieldmdp_of(
	    &p, FIELDMDP("<< /Action /Include /Fields [(a.b) <FEFF00E9>] /V /1.2 >>"));

	cr_expect_eq(l.action, PADES_LOCK_INCLUDE);
	cr_assert_eq(l.n_fields, 2);
	cr_expect(text_is(l.fields[0], "a.b"));
	cr_expect(text_is(l.fields[1], "\xc3\xa9"));
	cr_expect_eq(p->n_findings, 0);
	pades_free(p);
}

/* What some readers take for another name spares nothing. */
Test(pades, fieldmdp_spares_no_field_of_a_doubtful_name)
{
	struct pades *p;
	struct pades_lock l = fieldmdp_of(
	    &p, FIELDMDP("<< /Action /Exclude /Fields [(x) "
			 "<FEFF001B0065006E001B0079> <EFBBBFD09B>] >>"));

	cr_expect_eq(l.action, PADES_LOCK_EXCLUDE);
	cr_assert_eq(l.n_fields, 2);
	cr_expect(text_is(l.fields[0], "x"));
	cr_expect(text_is(l.fields[1], "\xd0\x9b"));
	pades_free(p);
}

/* '!' stands before the period. */
Test(pades, names_of_a_lock_are_searched_as_fields_are_nested)
{
	static const struct {
		const char *field;
		bool named, near;
	} cases[] = {
		{ "a", false, true },
		{ "a!", true, true },
		{ "a!.x", true, true },
		{ "a.", false, false },
		{ "a.b", true, true },
		{ "a.b.c", true, true },
		{ "a.b!", false, true },
		{ "a.b!.c", true, true },
		{ "a.bc", false, false },
		{ "a.b.", true, true },
		{ "a/b", false, false },
		{ "b", false, true },
		{ "b.c", false, true },
		{ "b.c.d", true, true },
		{ "b.c.d.e", true, true },
		{ "b.c.e", false, false },
		{ "", false, false },
		{ "z", false, false },
	};
	struct pades *p;
	struct pades_lock l = fieldmdp_of(
	    &p, FIELDMDP("<< /Action /Include /Fields [(b.c.d) (a.b.c) (a!) (a.b!.c) "
			 "(a.b) (a!.x) (a.b)] >>"));

	cr_assert_eq(l.n_fields, 4);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct view field = view_text(cases[i].field);
		cr_expect_eq(pades_lock_names(&l, field), cases[i].named, "%s",
			     cases[i].field);
		cr_expect_eq(pades_lock_names_near(&l, field), cases[i].near, "%s",
			     cases[i].field);
	}
	pades_free(p);
}

Test(pades, data_of_a_reference_that_is_not_the_catalog_is_a_finding)
{
	struct pades *p = certified(
	    make_catalog, REFERENCES("[<< /TransformMethod /DocMDP /Data 2 0 R >>]"));

	cr_expect(make_has(p, "PDF_REFERENCE_DATA"));
	pades_free(p);
}

Test(pades, lock_of_the_field_counts_as_it_was_signed)
{
	struct make_object locked = {
		.number = 5,
		.body = "<< /Subtype /Widget /FT /Sig /T (a) /V 6 0 R /Lock 7 0 R >>"
	};
	struct make_object lock = {
		.number = 7,
		.body = "<< /Type /SigFieldLock /Action /Exclude /Fields [(z)] /P 1 >>"
	};
	struct view file =
	    MAKE(VIEW_NULL, PAGES_AND_CATALOG, make_form, locked, lock, make_sig);
	struct pades *p =
	    make_read(MAKE(file, make_field, (struct make_object){ 7, NULL, NULL }));

	cr_assert_eq(p->n_signatures, 1);
	const struct pades_lock *l = &p->signatures[0].lock;
	cr_expect_eq(l->action, PADES_LOCK_EXCLUDE);
	cr_expect_eq(l->p, 1);
	cr_assert_eq(l->n_fields, 1);
	cr_expect(text_is(l->fields[0], "z"));
	cr_expect_str_eq(p->signatures[0].defect, "");
	pades_free(p);
}

/* ---- texts ---- */

Test(pades, texts_are_utf8_whatever_they_are_written_in)
{
	struct pades *p = certified(
	    make_catalog,
	    "<< /Type /Sig /SubFilter /ETSI.CAdES.detached /Name (J\\351r\\364me) "
	    "/Reason <FEFF20AC> /Location (x) /ContactInfo 7 0 R /M "
	    "(yesterday) " MAKE_RANGE " " MAKE_HEX(MAKE_CMS) " >>");

	cr_assert_eq(p->n_signatures, 1);
	const struct pades_signature *s = &p->signatures[0];
	cr_expect(text_is(s->name, "J\xc3\xa9r\xc3\xb4me"));
	cr_expect(text_is(s->reason, "\xe2\x82\xac"));
	cr_expect(text_is(s->location, "x"));
	cr_expect_eq(s->contact.n, 0);
	cr_expect_not(s->has_time);
	pades_free(p);
}

/* ---- claims ---- */

static struct pades *with_metadata(const char *xmp)
{
	struct make_object catalog = {
		.number = 1, .body = "<< /Type /Catalog /Pages 2 0 R /Metadata 7 0 R >>"
	};
	struct make_object metadata = { .number = 7,
					.body = "/Type /Metadata /Subtype /XML",
					.stream = xmp };
	return make_read(MAKE(VIEW_NULL, catalog, make_pages, metadata));
}

Test(pades, pdfa_is_claimed_only_by_its_own_properties)
{
	static const struct {
		const char *xmp, *part;
		char conformance;
	} cases[] = {
		{ "", NULL, 0 },
		{ "pdfaid:part", NULL, 0 },
		{ "<pdfaid:part>", NULL, 0 },
		{ "<pdfaid:part>5</pdfaid:part>", NULL, 0 },
		{ "<pdfaid:part>22</pdfaid:part>", NULL, 0 },
		{ "pdfaid:part=2", NULL, 0 },
		{ "pdfaid:part='2\"", NULL, 0 },
		{ "<rdf:li>pdfaid:part 2</rdf:li>", NULL, 0 },
		{ "pdfaid:conformance=\"B\"", NULL, 0 },
		{ "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>B</"
		  "pdfaid:conformance>",
		  "2", 'B' },
		{ "<x pdfaid:conformance = 'A' pdfaid:part = \"1\"/>", "1", 'A' },
		{ "<pdfaid:part> 3\n</pdfaid:part>", "3", 0 },
		{ "pdfaid:part here, and pdfaid:part=\"4\" pdfaid:conformance='x'", "4",
		  0 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pades *p = with_metadata(cases[i].xmp);
		if (cases[i].part == NULL)
			cr_expect_null(p->pdfa, "%s", cases[i].xmp);
		else
			cr_expect(p->pdfa != NULL &&
				      strcmp(p->pdfa, cases[i].part) == 0,
				  "%s", cases[i].xmp);
		cr_expect_eq(p->pdfa_conformance, cases[i].conformance, "%s",
			     cases[i].xmp);
		pades_free(p);
	}
}

static int version_of(const char *version)
{
	char body[128];

	snprintf(body, sizeof(body), "<< /Type /Catalog /Pages 2 0 R /Version %s >>",
		 version);
	struct make_object catalog = { .number = 1, .body = body };
	struct pades *p = make_read(MAKE(VIEW_NULL, catalog, make_pages));
	int n = p->major * 10 + p->minor;
	pades_free(p);
	return n;
}

Test(pades, version_is_the_later_of_header_and_catalog)
{
	cr_expect_eq(version_of("/1.4"), 17);
	cr_expect_eq(version_of("/2.0"), 20);
	cr_expect_eq(version_of("(2.0)"), 17);
	cr_expect_eq(version_of("/2,0"), 17);
	cr_expect_eq(version_of("/20"), 17);
}

/* ---- names ---- */

Test(pades, subfilters_have_their_names)
{
	cr_expect_str_eq(pades_subfilter_name(PADES_RFC3161), "ETSI.RFC3161");
	cr_expect_str_eq(pades_subfilter_name(PADES_X509_RSA_SHA1),
			 "adbe.x509.rsa_sha1");
	cr_expect_str_eq(pades_subfilter_name(PADES_OTHER_SUBFILTER), "?");
}

Test(pades, vri_key_is_upper_case_sha1)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char key[41];

	cr_assert_eq(pades_vri_key(view_text("abc"), key, &err), 0);
	cr_expect_str_eq(key, "A9993E364706816ABA3E25717850C26C9CD0D89D");
}
