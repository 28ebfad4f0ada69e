/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pdf_objects.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <zlib.h>

#include "base/mem.h"
#include "formats/pdf_objects_private.h"
#include "tests/support/corpus.h"
#include "tests/support/pdf_sketch.h"

struct opened {
	struct pdf_file *file;
	struct pdf_objects *o;
};

static struct opened open_view(struct view v)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct opened d = { 0 };

	cr_assert_eq(pdf_file_read(v, &d.file, &err), 0, "%s [%s]", err.text,
		     err.where);
	cr_assert_eq(pdf_objects_new(d.file, VIEW_NULL, &d.o, &err), 0, "%s", err.text);
	return d;
}

static struct opened open_sketch(const struct pdf_sketch *s)
{
	return open_view(pdf_sketch_view(s));
}

static void release(struct opened *d, struct pdf_sketch *s)
{
	pdf_objects_free(d->o);
	pdf_file_free(d->file);
	if (s != NULL)
		buf_free(&s->b);
}

static size_t newest(const struct opened *d)
{
	return d->file->n_revisions - 1;
}

static const struct pdf_value *get(struct opened *d, size_t revision, uint32_t number)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct pdf_value *v = NULL;

	cr_assert_eq(
	    pdf_object(d->o, revision, (struct pdf_ref){ number, 0 }, &v, &err), 0,
	    "%s [%s]", err.text, err.where);
	cr_assert_not_null(v);
	return v;
}

/* Refused as the object's fault, twice the same, with this in the text. */
static void refused(struct opened *d, size_t revision, uint32_t number,
		    const char *text)
{
	for (int i = 0; i < 2; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		const struct pdf_value *v = NULL;
		cr_assert_eq(
		    pdf_object(d->o, revision, (struct pdf_ref){ number, 0 }, &v, &err),
		    -1);
		cr_assert_eq(err.code, LTPS_FORMAT, "%s", err.text);
		cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
		cr_assert_not_null(strstr(err.text, text), "%s", err.text);
	}
}

static void same_to_both(struct opened *d, size_t revision)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char differs[200];

	cr_assert_eq(pdf_objects_confirm(d->o, revision, differs, &err), 0, "%s",
		     err.text);
	cr_assert_str_eq(differs, "");
}

static void differs_in(struct opened *d, size_t revision, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char differs[200];

	cr_assert_eq(pdf_objects_confirm(d->o, revision, differs, &err), 0, "%s",
		     err.text);
	cr_assert_not_null(strstr(differs, text), "'%s'", differs);
}

/* ---- at an offset ---- */

Test(pdf_objects, another_number_in_its_place_is_refused)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_raw(&s, 3, 0, "4 0 obj\n(x)\nendobj\n");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	refused(&d, 0, 3, "object 4 0 stands in its place");
	release(&d, &s);
}

Test(pdf_objects, another_generation_in_its_place_is_refused)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_raw(&s, 3, 0, "3 1 obj\n(x)\nendobj\n");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	refused(&d, 0, 3, "object 3 1 stands in its place");
	release(&d, &s);
}

Test(pdf_objects, nothing_in_its_place_is_refused)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 3, 0, 'n', 12, 0 });
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	refused(&d, 0, 3, "");
	release(&d, &s);
}

Test(pdf_objects, what_an_update_brings_is_not_there_before)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_table(&s, "");
	pdf_sketch_object(&s, 3, "(new)");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	cr_assert_eq(get(&d, 0, 3)->kind, PDF_NULL);
	cr_assert_eq(get(&d, 1, 3)->kind, PDF_STRING);
	same_to_both(&d, 1);
	same_to_both(&d, 0);
	release(&d, &s);
}

Test(pdf_objects, an_unchanged_object_is_the_same_pointer)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_object(&s, 3, "(old)");
	pdf_sketch_object(&s, 4, "(kept)");
	pdf_sketch_table(&s, "");
	pdf_sketch_object(&s, 3, "(new)");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	cr_assert(view_is_text(get(&d, 0, 3)->text, "old"));
	cr_assert(view_is_text(get(&d, 1, 3)->text, "new"));
	cr_assert_eq(get(&d, 0, 4), get(&d, 1, 4));
	same_to_both(&d, 0);
	same_to_both(&d, 1);
	release(&d, &s);
}

Test(pdf_objects, free_missing_and_wrong_generation_are_null)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct pdf_value *v;
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_object(&s, 3, "(x)");
	pdf_sketch_table(&s, "");
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 3, 1, 'f', 0, 0 });
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	cr_assert_eq(get(&d, 1, 3)->kind, PDF_NULL);
	cr_assert_eq(get(&d, 1, 99)->kind, PDF_NULL);
	cr_assert_eq(get(&d, 1, 0)->kind, PDF_NULL);
	cr_assert_eq(pdf_object(d.o, 0, (struct pdf_ref){ 3, 7 }, &v, &err), 0);
	cr_assert_eq(v->kind, PDF_NULL);
	cr_assert_eq(get(&d, 0, 3)->kind, PDF_STRING);
	same_to_both(&d, 0);
	same_to_both(&d, 1);
	release(&d, &s);
}

Test(pdf_objects, references_that_go_round_are_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct pdf_value *v;
	struct pdf_sketch s = pdf_sketch_blank("/Names 3 0 R");
	pdf_sketch_object(&s, 3, "4 0 R");
	pdf_sketch_object(&s, 4, "3 0 R");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	cr_assert_eq(pdf_get(d.o, 0, get(&d, 0, 1), "Names", &v, &err), -1);
	cr_assert_eq(err.code, LTPS_FORMAT);
	release(&d, &s);
}

Test(pdf_objects, a_reference_to_a_reference_is_followed)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct pdf_value *v;
	struct pdf_sketch s = pdf_sketch_blank("/Names 3 0 R");
	pdf_sketch_object(&s, 3, "4 0 R");
	pdf_sketch_object(&s, 4, "(end)");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	cr_assert_eq(pdf_get(d.o, 0, get(&d, 0, 1), "Names", &v, &err), 0);
	cr_assert(view_is_text(v->text, "end"));
	cr_assert_eq(pdf_get(d.o, 0, v, "Names", &v, &err), 0);
	cr_assert_eq(v->kind, PDF_NULL);
	release(&d, &s);
}

Test(pdf_objects, a_catalog_that_is_none_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct pdf_value *v;
	struct pdf_sketch s = pdf_sketch_begin();
	pdf_sketch_object(&s, 1, "[/Catalog]");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	cr_assert_eq(pdf_catalog(d.o, 0, &v, &err), -1);
	cr_assert_eq(err.code, LTPS_FORMAT);
	ltps_error_clear(&err);
	cr_assert_eq(pdf_catalog(d.o, 1, &v, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
	release(&d, &s);
}

/* ---- streams ---- */

static struct view data_of(struct opened *d, size_t revision, uint32_t number)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view data = VIEW_NULL;

	cr_assert_eq(
	    pdf_stream_data(d->o, revision, get(d, revision, number), &data, &err), 0,
	    "%s", err.text);
	return data;
}

Test(pdf_objects, a_length_elsewhere_is_found)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_raw(&s, 3, 0,
		       "3 0 obj\n<</Length 4 0 R>>\nstream\nendstream \nendstream\n"
		       "endobj\n");
	pdf_sketch_object(&s, 4, "10");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	cr_assert(view_is_text(data_of(&d, 0, 3), "endstream "));
	same_to_both(&d, 0);
	release(&d, &s);
}

Test(pdf_objects, a_length_that_is_none_is_refused)
{
	static const char *const lengths[] = { "(4)", "-1", "null", "3 0 R", "1.0" };
	for (size_t i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		struct pdf_sketch s = pdf_sketch_blank("");
		pdf_sketch_raw(&s, 3, 0,
			       "3 0 obj\n<</Length 4 0 R>>\nstream\nabcd\nendstream\n"
			       "endobj\n");
		pdf_sketch_object(&s, 4, lengths[i]);
		pdf_sketch_table(&s, "");
		struct opened d = open_sketch(&s);
		refused(&d, 0, 3, "length");
		release(&d, &s);
	}
}

Test(pdf_objects, a_length_in_itself_is_refused)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_raw(&s, 3, 0,
		       "3 0 obj\n<</Length 3 0 R>>\nstream\nabcd\nendstream\n"
		       "endobj\n");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	refused(&d, 0, 3, "needed to read itself");
	release(&d, &s);
}

/* The update names the length alone, and the stream would change with it. */
Test(pdf_objects, a_length_replaced_under_its_stream_is_refused)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_raw(&s, 3, 0,
		       "3 0 obj\n<</Length 4 0 R>>\nstream\nabcd\nendstream\n"
		       "endobj\n");
	pdf_sketch_object(&s, 4, "4");
	pdf_sketch_table(&s, "");
	pdf_sketch_object(&s, 4, "5");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	cr_assert(view_is_text(data_of(&d, 0, 3), "abcd"));
	refused(&d, 1, 3, "length of its stream was replaced");
	cr_assert(view_is_text(data_of(&d, 0, 3), "abcd"));
	release(&d, &s);
}

Test(pdf_objects, filters_elsewhere_are_used)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_stream(&s, 3, "/Filter[4 0 R 5 0 R]/DecodeParms[null 6 0 R]",
			  view_text("3C616263203132333E>"));
	pdf_sketch_object(&s, 4, "/ASCIIHexDecode");
	pdf_sketch_object(&s, 5, "/ASCIIHexDecode");
	pdf_sketch_object(&s, 6, "null");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view data;
	/* "<abc 123>" is no hexadecimal: both filters were tried. */
	cr_assert_eq(pdf_stream_data(d.o, 0, get(&d, 0, 3), &data, &err), -1);
	cr_assert_eq(err.code, LTPS_FORMAT, "%s", err.text);
	release(&d, &s);
}

/* The same stream object, decoded as each revision says. */
Test(pdf_objects, a_filter_replaced_by_an_update_is_used_there)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_stream(&s, 3, "/Filter 4 0 R", view_text("616263>"));
	pdf_sketch_object(&s, 4, "/ASCIIHexDecode");
	pdf_sketch_table(&s, "");
	pdf_sketch_object(&s, 4, "[]");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	cr_assert(view_is_text(data_of(&d, 0, 3), "abc"));
	cr_assert(view_is_text(data_of(&d, 1, 3), "616263>"));
	cr_assert(view_is_text(data_of(&d, 0, 3), "abc"));
	cr_assert_eq(data_of(&d, 0, 3).p, data_of(&d, 0, 3).p);
	release(&d, &s);
}

Test(pdf_objects, data_in_another_file_is_unsupported)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view data;
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_stream(&s, 3, "/F(other)", view_text("abc"));
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	cr_assert_eq(pdf_stream_data(d.o, 0, get(&d, 0, 3), &data, &err), -1);
	cr_assert_eq(err.code, LTPS_UNSUPPORTED);
	release(&d, &s);
}

Test(pdf_objects, a_value_that_is_no_stream_of_the_file_has_no_data)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view data;
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	cr_assert_eq(pdf_stream_data(d.o, 0, get(&d, 0, 1), &data, &err), -1);
	cr_assert_eq(err.code, LTPS_ARGUMENT);
	release(&d, &s);
}

/* n octets of this, deflated. */
static struct buf deflated(size_t n, uint8_t c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(n);
	uint8_t *raw = mem_alloc(n);
	uLongf size = compressBound(n);

	cr_assert_not_null(raw);
	memset(raw, c, n);
	cr_assert_eq(buf_reserve(&b, size < n ? size : n, &err), 0);
	size = b.cap;
	cr_assert_eq(compress(b.p, &size, raw, n), Z_OK);
	b.n = size;
	mem_free(raw);
	return b;
}

Test(pdf_objects, a_stream_that_grows_too_much_is_too_large)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view data;
	struct pdf_sketch s = pdf_sketch_blank("");
	struct buf bomb = deflated(PDF_STREAM_MAX + 1, 0);
	pdf_sketch_stream(&s, 3, "/Filter/FlateDecode", view_buf(&bomb));
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	cr_assert_eq(pdf_stream_data(d.o, 0, get(&d, 0, 3), &data, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE, "%s", err.text);
	release(&d, &s);
	buf_free(&bomb);
}

/* ---- object streams ---- */

/* Object 3 is in place `index` of object stream 4 of these members and data. */
static struct pdf_sketch with_object_stream(const char *members, const char *data,
					    uint32_t index)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_stream(&s, 4, members, view_text(data));
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 3, 0, 's', 4, index });
	pdf_sketch_xref(&s, 9, "");
	return s;
}

Test(pdf_objects, an_object_in_a_stream_is_read)
{
	struct pdf_sketch s =
	    with_object_stream("/Type/ObjStm/N 2/First 9", "7 0 3 4  (a) (b)", 1);
	struct opened d = open_sketch(&s);
	cr_assert(view_is_text(get(&d, 0, 3)->text, "b"));
	same_to_both(&d, 0);
	release(&d, &s);
}

Test(pdf_objects, an_object_stream_that_lies_is_refused)
{
	static const struct {
		const char *members, *data, *text;
		uint32_t index;
	} cases[] = {
		{ "/Type/ObjStm/N 2/First 9", "7 0 3 4  (a) (b)", "does not hold it",
		  0 },
		{ "/Type/ObjStm/N 2/First 9", "7 0 3 4  (a) (b)", "does not hold it",
		  2 },
		{ "/Type/ObjStm/N 2/First 9", "3 0 3 4  (a) (b)", "does not hold it",
		  1 },
		{ "/Type/ObjStm/N 1/First 9", "7 0 3 4  (a) (b)", "more objects", 0 },
		{ "/Type/ObjStm/N 3/First 9", "7 0 3 4  (a) (b)", "not named", 1 },
		{ "/Type/ObjStm/N 900/First 9", "7 0 3 4  (a) (b)", "/N", 1 },
		{ "/Type/ObjStm/N -1/First 9", "7 0 3 4  (a) (b)", "/N", 1 },
		{ "/Type/ObjStm/First 9", "7 0 3 4  (a) (b)", "/N", 1 },
		{ "/Type/ObjStm/N 2", "7 0 3 4  (a) (b)", "/First", 1 },
		{ "/Type/ObjStm/N 2/First 99", "7 0 3 4  (a) (b)", "/First", 1 },
		{ "/Type/ObjStm/N 2/First 9", "7 4 3 0  (a) (b)", "not behind", 1 },
		{ "/Type/ObjStm/N 2/First 9", "7 0 3 0  (a) (b)", "not behind", 1 },
		{ "/Type/ObjStm/N 2/First 9", "7 0 3 44 (a) (b)", "not behind", 1 },
		{ "/Type/ObjStm/N 2/First 9", "7 0 3.4  (a) (b)", "not named", 1 },
		{ "/Type/ObjStm/N 2/First 9", "7 0 3 4  (a) (b) 5", "", 1 },
		{ "/Type/ObjStm/N 2/First 9", "7 0 3 4  (a) <</A", "", 1 },
		{ "/N 2/First 9", "7 0 3 4  (a) (b)", "is none", 1 },
		{ "/Type/XObject/N 2/First 9", "7 0 3 4  (a) (b)", "is none", 1 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct pdf_sketch s =
		    with_object_stream(cases[i].members, cases[i].data, cases[i].index);
		struct opened d = open_sketch(&s);
		refused(&d, 0, 3, cases[i].text);
		release(&d, &s);
	}
}

Test(pdf_objects, an_object_stream_in_an_object_stream_is_refused)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 3, 0, 's', 4, 0 });
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 4, 0, 's', 3, 0 });
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 5, 0, 's', 77, 0 });
	pdf_sketch_xref(&s, 9, "");
	struct opened d = open_sketch(&s);
	refused(&d, 0, 3, "object stream 4 is none");
	refused(&d, 0, 5, "object stream 77 is none");
	release(&d, &s);
}

Test(pdf_objects, an_object_stream_whose_length_it_holds_is_refused)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_raw(&s, 4, 0,
		       "4 0 obj\n<</Type/ObjStm/N 1/First 4/Length 3 0 R>>\nstream\n"
		       "3 0 6 \nendstream\nendobj\n");
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 3, 0, 's', 4, 0 });
	pdf_sketch_xref(&s, 9, "");
	struct opened d = open_sketch(&s);
	refused(&d, 0, 3, "needed to read itself");
	release(&d, &s);
}

/* The attack: the update brings another object stream of the number, and names none of
 * the objects that it replaces so. */
Test(pdf_objects, an_object_stream_replaced_under_its_objects_is_refused)
{
	struct pdf_sketch s =
	    with_object_stream("/Type/ObjStm/N 2/First 9", "7 0 3 4  (a) (b)", 1);
	pdf_sketch_stream(&s, 4, "/Type/ObjStm/N 2/First 9",
			  view_text("7 0 3 4  (a) (c)"));
	pdf_sketch_xref(&s, 9, "");
	struct opened d = open_sketch(&s);
	cr_assert(view_is_text(get(&d, 0, 3)->text, "b"));
	refused(&d, 1, 3, "was replaced");
	release(&d, &s);
	struct pdf_sketch t =
	    with_object_stream("/Type/ObjStm/N 2/First 9", "7 0 3 4  (a) (b)", 1);
	pdf_sketch_stream(&t, 4, "/Type/ObjStm/N 2/First 9",
			  view_text("7 0 3 4  (a) (c)"));
	pdf_sketch_entry(&t, (struct pdf_sketch_entry){ 3, 0, 's', 4, 1 });
	pdf_sketch_xref(&t, 9, "");
	struct opened e = open_sketch(&t);
	cr_assert(view_is_text(get(&e, 1, 3)->text, "c"));
	same_to_both(&e, 1);
	release(&e, &t);
}

/* Each object begins in the string of the one before: to read them all would take the
 * square of the file. */
Test(pdf_objects, objects_within_each_other_are_too_large)
{
	static const char *const more[] = { "(", "%%" };
	for (size_t i = 0; i < 2; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct pdf_sketch s = pdf_sketch_blank("");
		const struct pdf_value *v;
		char text[32];
		int rc = 0;
		for (uint32_t n = 3; n < 250; n++) {
			snprintf(text, sizeof(text), "%u 0 obj %s ", n, more[i]);
			pdf_sketch_raw(&s, n, 0, text);
		}
		for (size_t n = 0; n < 1500000; n++)
			cr_assert_eq(buf_put_text(&s.b, "ab", &err), 0);
		pdf_sketch_table(&s, "");
		struct opened d = open_sketch(&s);
		for (uint32_t n = 3; n < 250; n++) {
			ltps_error_clear(&err);
			rc = pdf_object(d.o, 0, (struct pdf_ref){ n, 0 }, &v, &err);
			cr_assert_eq(rc, -1);
		}
		cr_assert_eq(err.code, LTPS_TOO_LARGE, "%s", err.text);
		release(&d, &s);
	}
}

/* An update that names the object stream again, as it is, takes nothing away. */
Test(pdf_objects, an_object_stream_named_again_keeps_its_objects)
{
	struct pdf_sketch s =
	    with_object_stream("/Type/ObjStm/N 2/First 9", "7 0 3 4  (a) (b)", 1);
	struct pdf_file *f = NULL;
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(pdf_file_read(pdf_sketch_view(&s), &f, &err), 0, "%s", err.text);
	uint64_t at = pdf_file_find(f, 0, 4)->offset;
	pdf_file_free(f);
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 4, 0, 'n', at, 0 });
	pdf_sketch_xref(&s, 9, "");
	struct opened d = open_sketch(&s);
	cr_assert(view_is_text(get(&d, 0, 3)->text, "b"));
	cr_assert(view_is_text(get(&d, 1, 3)->text, "b"));
	same_to_both(&d, 1);
	release(&d, &s);
}

/* What every update names again is one object, read and compared once. */
Test(pdf_objects, an_object_named_again_is_the_same_pointer)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_object(&s, 3, "(a)");
	struct pdf_sketch_entry same = s.entries[s.n - 1];
	pdf_sketch_table(&s, "");
	cr_assert_eq(same.number, 3);
	pdf_sketch_entry(&s, same);
	pdf_sketch_table(&s, "");
	pdf_sketch_object(&s, 3, "(b)");
	pdf_sketch_table(&s, "");
	pdf_sketch_entry(&s, same);
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	cr_assert_eq(get(&d, 1, 3), get(&d, 0, 3));
	cr_assert(view_is_text(get(&d, 1, 3)->text, "a"));
	cr_assert(view_is_text(get(&d, 2, 3)->text, "b"));
	cr_assert(view_is_text(get(&d, 3, 3)->text, "a"));
	for (size_t i = 4; i-- > 0;)
		same_to_both(&d, i);
	release(&d, &s);
}

/* ---- two readers ---- */

Test(pdf_objects, what_both_read_alike_is_confirmed)
{
	struct pdf_sketch s = pdf_sketch_blank("/A 3 0 R/B 4 0 R/C null/D 77 0 R");
	pdf_sketch_object(&s, 3,
			  "[1 +2 -3. .5 00.50 true null (a\\(b\\)\\\r\nc\\053) <4 1 4>"
			  " /A#42 /#2F <</X<</Y[]>>>> 4 0 R ()]%x");
	pdf_sketch_stream(&s, 4, "/Filter/ASCIIHexDecode", view_text("41>"));
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	get(&d, 0, 1);
	get(&d, 0, 3);
	data_of(&d, 0, 4);
	get(&d, 0, 5);
	same_to_both(&d, 0);
	same_to_both(&d, 0);
	release(&d, &s);
}

Test(pdf_objects, a_key_that_stands_twice_differs_unless_it_says_the_same)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_object(&s, 3, "<</A 1/B 2/A 1>>");
	pdf_sketch_object(&s, 4, "<</A 1/B 2/A 2>>");
	pdf_sketch_object(&s, 5, "<</X<</A 1/A null>>>>");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	get(&d, 0, 3);
	same_to_both(&d, 0);
	get(&d, 0, 4);
	differs_in(&d, 0, "object 4: a value differs (/A)");
	release(&d, &s);
}

Test(pdf_objects, a_key_that_is_null_the_second_time_differs)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_object(&s, 3, "<</X<</A 1/A null>>>>");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	get(&d, 0, 3);
	differs_in(&d, 0, "object 3: it lacks a member (/A)");
	release(&d, &s);
}

/* Generation 0 of an object that has 1 now: libqpdf still finds the old one. */
Test(pdf_objects, an_object_of_an_old_generation_differs)
{
	struct pdf_sketch s = pdf_sketch_blank("/Names 3 0 R");
	pdf_sketch_object(&s, 3, "(old)");
	pdf_sketch_table(&s, "");
	pdf_sketch_raw(&s, 3, 1, "3 1 obj\n(new)\nendobj\n");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	get(&d, 1, 1);
	same_to_both(&d, 1);
	cr_assert_eq(get(&d, 1, 3)->kind, PDF_NULL);
	differs_in(&d, 1, "object 3 0: it has generation 1 now");
	release(&d, &s);
}

Test(pdf_objects, an_object_that_never_had_the_generation_harms_nothing)
{
	struct pdf_sketch s = pdf_sketch_blank("/Names 2 7 R");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	get(&d, 0, 1);
	same_to_both(&d, 0);
	release(&d, &s);
}

Test(pdf_objects, a_broken_object_beside_it_harms_nothing)
{
	struct pdf_sketch s = pdf_sketch_blank("/Metadata 3 0 R/Names 4 0 R");
	pdf_sketch_raw(&s, 3, 0,
		       "3 0 obj\n<</Length 99>>\nstream\nabcd\nendstream\nendobj\n");
	pdf_sketch_object(&s, 4, "(b)");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	get(&d, 0, 1);
	refused(&d, 0, 3, "");
	same_to_both(&d, 0);
	release(&d, &s);
}

/* libqpdf would decode the object stream without any limit, for the page tree at once,
 * and to see whether what the catalog refers to is null. */
Test(pdf_objects, a_page_tree_that_grows_too_much_is_kept_from_libqpdf)
{
	struct pdf_sketch s = pdf_sketch_begin();
	struct buf bomb = deflated(PDF_STREAM_MAX + 1, ' ');
	pdf_sketch_object(&s, 1, "<</Type/Catalog/Pages 3 0 R>>");
	pdf_sketch_stream(&s, 4, "/Type/ObjStm/N 1/First 4/Filter/FlateDecode",
			  view_buf(&bomb));
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 3, 0, 's', 4, 0 });
	pdf_sketch_xref(&s, 9, "");
	struct opened d = open_sketch(&s);
	get(&d, 0, 1);
	differs_in(&d, 0, "more than 67108864 octets");
	release(&d, &s);
	buf_free(&bomb);
}

Test(pdf_objects, an_object_stream_that_grows_too_much_is_kept_from_libqpdf)
{
	struct pdf_sketch s = pdf_sketch_blank("/Names 3 0 R");
	struct buf bomb = deflated(PDF_STREAM_MAX + 1, ' ');
	pdf_sketch_stream(&s, 4, "/Type/ObjStm/N 1/First 4/Filter/FlateDecode",
			  view_buf(&bomb));
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 3, 0, 's', 4, 0 });
	pdf_sketch_xref(&s, 9, "");
	struct opened d = open_sketch(&s);
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct pdf_value *v;
	get(&d, 0, 1);
	same_to_both(&d, 0);
	cr_assert_eq(pdf_object(d.o, 0, (struct pdf_ref){ 3, 0 }, &v, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	same_to_both(&d, 0);
	release(&d, &s);
	buf_free(&bomb);
}

/* As many values as would cost libqpdf gigabytes. */
Test(pdf_objects, an_object_stream_of_too_many_values_is_kept_from_libqpdf)
{
	struct pdf_sketch s = pdf_sketch_blank("/Names 3 0 R");
	const size_t n = (size_t)8 << 20;
	char *data = mem_alloc(n);
	cr_assert_not_null(data);
	memcpy(data, "3 0 7 4 (a) [", 13);
	for (size_t i = 13; i < n; i++)
		data[i] = i % 2 == 0 ? '1' : ' ';
	data[n - 1] = ']';
	pdf_sketch_stream(&s, 4, "/Type/ObjStm/N 2/First 8", view_of(data, n));
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 3, 0, 's', 4, 0 });
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 7, 0, 's', 4, 1 });
	pdf_sketch_xref(&s, 9, "");
	struct opened d = open_sketch(&s);
	get(&d, 0, 1);
	get(&d, 0, 3);
	differs_in(&d, 0, "too large for a second reading");
	release(&d, &s);
	mem_free(data);
}

Test(pdf_objects, more_revisions_than_are_confirmed_is_a_state)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char differs[200];
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_table(&s, "");
	for (uint32_t i = 0; i < PDF_CONFIRMED_MAX; i++) {
		pdf_sketch_object(&s, 3 + i, "(x)");
		pdf_sketch_table(&s, "");
	}
	struct opened d = open_sketch(&s);
	for (size_t i = 0; i < PDF_CONFIRMED_MAX; i++)
		same_to_both(&d, newest(&d) - i);
	cr_assert_eq(pdf_objects_confirm(d.o, 0, differs, &err), -1);
	cr_assert_eq(err.code, LTPS_STATE);
	cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
	same_to_both(&d, 1);
	release(&d, &s);
}

Test(pdf_objects, what_is_looked_at_later_is_compared_too)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_object(&s, 3, "<</A 1/A 2>>");
	pdf_sketch_table(&s, "");
	pdf_sketch_object(&s, 3, "<</A 1>>");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	get(&d, 1, 3);
	same_to_both(&d, 1);
	same_to_both(&d, 0);
	get(&d, 0, 3);
	same_to_both(&d, 1);
	differs_in(&d, 0, "object 3");
	release(&d, &s);
}

/* A header later in the file: libqpdf counts from there, the entries from the start. */
Test(pdf_objects, a_revision_that_libqpdf_refuses_differs)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_sketch s = { .b = buf_make((size_t)1 << 20), .size = 1 };
	cr_assert_eq(buf_put_text(&s.b, "\n\n%PDF-1.7\n", &err), 0);
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 0, 65535, 'f', 0, 0 });
	pdf_sketch_object(&s, 1, "<</Type/Catalog/Pages 2 0 R>>");
	pdf_sketch_object(&s, 2, "<</Type/Pages/Kids[]/Count 0>>");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	get(&d, 0, 1);
	differs_in(&d, 0, "revision 0");
	release(&d, &s);
}

/* Octets of a signature dictionary with many digits; members stand behind them. */
static struct pdf_sketch with_signature(const char *members)
{
	char *body = mem_zalloc(1, 5000);
	struct pdf_sketch s = pdf_sketch_blank("");

	cr_assert_not_null(body);
	strcpy(body, "<</Type/Sig/Contents<");
	memset(body + strlen(body), '4', 4000);
	strcat(body, ">/ByteRange[0 1 2 3]");
	strcat(body, members);
	strcat(body, ">>");
	pdf_sketch_object(&s, 3, body);
	mem_free(body);
	return s;
}

Test(pdf_objects, a_signature_of_many_digits_is_confirmed)
{
	struct pdf_sketch s = with_signature("/Reason(x)/Prop 1 0 R");
	pdf_sketch_object(&s, 4, "(behind)");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	cr_assert_eq(pdf_dict_get(get(&d, 0, 3), "Contents")->text.n, 2000);
	get(&d, 0, 4);
	same_to_both(&d, 0);
	release(&d, &s);
}

Test(pdf_objects, a_signature_of_many_digits_with_a_false_member_differs)
{
	struct pdf_sketch s = with_signature("/Reason(x)/A<</B 1/B 2>>");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	get(&d, 0, 3);
	differs_in(&d, 0, "object 3: a value differs (/B)");
	release(&d, &s);
}

/* ---- plain objects ---- */

/* Object 3 of this text as our reader has it, and whether it is plain. */
static bool is_plain(const char *text)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_object(&s, 3, text);
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	const struct pdf_value *v = get(&d, 0, 3);
	const bool is = pdf_is_plain(v, view_text("\nendobj"));
	release(&d, &s);
	return is;
}

static const char *const plain[] = {
	"<<>>",
	"[]",
	"<< /Type /Annot /T (field 1) /Rect [0 0 90 9.5] /F 4 /P 3 0 R >>",
	"<</A/B/C[1 -2 0 -0 -3.50 0.0 999999999]/D<</A<</A[[]]>>>>/E true/F false>>",
	"[1 2 0 R 3 4 0 R(a)(b)/N<<\t/A\r\n(!\"#$%&'*+,-./09:;<=>?@AZ[]^_`az{|}~)>>]",
	"<</K[1 0 R 2 0 R]/Parent 1 0 R/Kids[9 0 R\n77 0 R]>>",
};

Test(pdf_objects, what_is_plain_libqpdf_reads_as_we_do)
{
	for (size_t i = 0; i < sizeof(plain) / sizeof(plain[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct pdf_sketch s = pdf_sketch_blank("");
		struct pdf_qpdf *q = NULL;
		struct arena a = arena_make(1 << 20);
		const struct pdf_value *theirs = NULL;
		char why[PDF_QPDF_WHY];
		pdf_sketch_object(&s, 3, plain[i]);
		pdf_sketch_table(&s, "");
		cr_assert(is_plain(plain[i]), "%s", plain[i]);
		cr_assert_eq(pdf_qpdf_open(pdf_sketch_view(&s), VIEW_NULL, &q, why, &err),
			     0);
		cr_assert_not_null(q, "%s", why);
		cr_assert_eq(pdf_qpdf_object(q, (struct pdf_ref){ 3, 0 }, NULL, &a,
					     &theirs, why, &err),
			     0);
		struct opened d = open_sketch(&s);
		/* What it refers to and is nowhere is null to libqpdf. */
		cr_assert_not_null(theirs, "%s", why);
		if (strstr(plain[i], "0 R/") == NULL && strstr(plain[i], "0 R >>") == NULL)
			cr_assert(pdf_value_equal(get(&d, 0, 3), theirs), "%s", plain[i]);
		same_to_both(&d, 0);
		release(&d, &s);
		arena_free(&a);
		pdf_qpdf_close(q);
	}
}

Test(pdf_objects, what_may_be_read_in_two_ways_is_not_plain)
{
	static const char *const texts[] = {
		"(a)", "1", "/N", "<</A null>>", "[null]", "<</A 1/A 1>>", "[<00>]",
		"<</A#42 1>>", "[/#41]", "[(a(b)c)]", "[(a\\)b)]",
		"[(a\nb)]", "[+1]", "[1.]", "[.5]", "[01]", "[00.5]", "[1234567890]",
		"[0.1234567890]", "[1  0 R]", "[1 0\nR]", "[1 1 R]", "[01 0 R]",
		"[1 %x\n]", "[1\f2]", "[/\xc3\xa4]", "[/A*B]",
		"[(\xc3\xa4)]", "[[[[[[[[[1]]]]]]]]]",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		cr_assert_not(is_plain(texts[i]), "%s", texts[i]);
}

/* Octets that are plain, and a value that is not theirs. */
Test(pdf_objects, another_value_than_the_octets_have_is_not_plain)
{
	static const char *const pairs[][2] = {
		{ "[1 2]", "[1 3]" },	      { "[1 2]", "[1]  " },
		{ "[1  ]", "[1 2]" },	      { "[(a)]", "[(b)]" },
		{ "[/A ]", "[(A)]" },	      { "[2 0 R]", "[3 0 R]" },
		{ "[2 0 R]", "[2 0 7]" },     { "<</A 1>>", "<</B 1>>" },
		{ "<</A 1>>", "<</A 2>>" },   { "<</A 1>>", "<</A /B>>" },
		{ "[true ]", "[false]" },     { "[1.5]", "[1.6]" },
		{ "[-1]", "[1] " },	      { "<</A[1]>>", "<</A 111>>" },
	};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct arena a = arena_make(1 << 20);
		const struct view behind = view_text("endobj");
		const struct pdf_value *x, *y;
		size_t used;
		cr_assert_eq(pdf_value_read(view_text(pairs[i][0]), &a, &x, &used, &err),
			     0);
		cr_assert_eq(pdf_value_read(view_text(pairs[i][1]), &a, &y, &used, &err),
			     0);
		struct pdf_value false_x = *x, false_y = *y;
		false_x.where = y->where;
		false_y.where = x->where;
		cr_assert(pdf_is_plain(x, behind), "%s", pairs[i][0]);
		cr_assert_not(pdf_is_plain(&false_x, behind), "%s", pairs[i][1]);
		cr_assert_not(pdf_is_plain(&false_y, behind), "%s", pairs[i][0]);
		arena_free(&a);
	}
}

Test(pdf_objects, what_stands_behind_a_plain_object_is_plain_too)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct arena a = arena_make(1 << 20);
	const struct pdf_value *v;
	cr_assert_eq(pdf_value_read(view_text("[1]"), &a, &v, NULL, &err), 0);
	cr_assert(pdf_is_plain(v, view_text(" \r\n\tendobj")));
	cr_assert_not(pdf_is_plain(v, view_text("%\nendobj")));
	cr_assert_not(pdf_is_plain(v, view_text("\0endobj")));
	cr_assert_not(pdf_is_plain(v, view_text("endobj ")));
	cr_assert_not(pdf_is_plain(v, view_text("")));
	arena_free(&a);
}

static bool is_excerpted_whole(struct opened *d, size_t revision, uint32_t number)
{
	const struct view v = get(d, revision, number)->where;
	return memcmp(d->o->excerpt.p + (v.p - d->file->octets.p), v.p, v.n) == 0;
}

/* As many octets as keep what is beside them from the edges of a revision. */
static void apart(struct pdf_sketch *s, uint32_t number)
{
	static uint8_t space[2200];
	memset(space, 'x', sizeof(space));
	pdf_sketch_stream(s, number, "", view_of(space, sizeof(space)));
}

static void apart_object(struct pdf_sketch *s, uint32_t number, const char *body)
{
	apart(s, 90);
	pdf_sketch_object(s, number, body);
	apart(s, 91);
}

static const char plain_older[] = "<< /Type /Annot /T (the older of the two) >>";
static const char plain_newer[] = "<< /Type /Annot /T (the newer of the two) >>";

/* Each version is a mark where it stands: libqpdf must find the same one. */
Test(pdf_objects, versions_of_a_plain_object_are_confirmed_by_their_place)
{
	struct pdf_sketch s = pdf_sketch_blank("/A 3 0 R");
	apart_object(&s, 3, plain_older);
	pdf_sketch_table(&s, "");
	apart_object(&s, 3, plain_newer);
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	get(&d, 0, 3);
	get(&d, 1, 3);
	same_to_both(&d, 1);
	same_to_both(&d, 0);
	for (size_t i = 0; i < 2; i++) {
		const uint64_t place = pdf_file_find(d.file, i, 3)->offset;
		char digits[17];
		snprintf(digits, sizeof(digits), "%016llx",
			 (unsigned long long)(place ^ d.o->excerpt.secret));
		cr_assert_not_null(memmem(d.o->excerpt.p + place, 40, digits, 16));
	}
	release(&d, &s);
}

/* Two slots of one place: the second one finds the mark of the first. */
Test(pdf_objects, a_plain_object_named_again_at_its_old_place_is_the_same)
{
	struct pdf_sketch s = pdf_sketch_blank("/A 3 0 R");
	apart(&s, 90);
	pdf_sketch_object(&s, 3, plain_older);
	const struct pdf_sketch_entry again = s.entries[s.n - 1];
	apart(&s, 91);
	pdf_sketch_table(&s, "");
	apart_object(&s, 3, plain_newer);
	pdf_sketch_table(&s, "");
	pdf_sketch_entry(&s, again);
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	for (size_t i = 0; i < 3; i++)
		get(&d, i, 3);
	for (size_t i = 3; i-- > 0;)
		same_to_both(&d, i);
	release(&d, &s);
}

/* An object stream may need others to be read: there are no marks beside one. */
Test(pdf_objects, objects_in_a_file_of_streams_are_not_marked)
{
	for (int i = 0; i < 2; i++) {
		struct pdf_sketch s = pdf_sketch_blank("/A 3 0 R");
		apart_object(&s, 3, plain_older);
		if (i == 0)
			pdf_sketch_table(&s, "");
		else
			pdf_sketch_xref(&s, 92, "");
		struct opened d = open_sketch(&s);
		get(&d, 0, 3);
		same_to_both(&d, 0);
		cr_assert_eq(is_excerpted_whole(&d, 0, 3), i == 1);
		release(&d, &s);
	}
}

/* libqpdf looks for a header there, and for startxref, in strings too. */
Test(pdf_objects, what_stands_at_the_edges_is_not_marked)
{
	struct pdf_sketch s = pdf_sketch_blank("/A 3 0 R");
	pdf_sketch_object(&s, 3, plain_older);
	apart_object(&s, 4, plain_older);
	pdf_sketch_object(&s, 5, plain_older);
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	for (uint32_t i = 3; i <= 5; i++)
		get(&d, 0, i);
	same_to_both(&d, 0);
	cr_assert(is_excerpted_whole(&d, 0, 3));
	cr_assert_not(is_excerpted_whole(&d, 0, 4));
	cr_assert(is_excerpted_whole(&d, 0, 5));
	release(&d, &s);
}

/* What libqpdf may find in the place of a plain object, at offset 0x1234. */
Test(pdf_objects, the_mark_of_another_place_is_none)
{
	static const char *const others[] = {
		"<0000000000001235>", "<00000000001234>", "<000000000000001234>",
		"(Z)", "<5A>", "4660", "[<0000000000001234>]", "null", "/N", "<>",
	};
	const struct pdf_entry e = { .offset = 0x1234 ^ 0xabcdef };
	const struct pdf_slot slot = { .entry = &e };
	const struct pdf_objects o = { .excerpt.secret = 0xabcdef };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct arena a = arena_make(1 << 20);
	const struct pdf_value *v;
	cr_assert_eq(
	    pdf_value_read(view_text("<0000000000001234>"), &a, &v, NULL, &err), 0);
	cr_assert(pdf_is_plain_mark(&o, &slot, v));
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++) {
		cr_assert_eq(pdf_value_read(view_text(others[i]), &a, &v, NULL, &err),
			     0);
		cr_assert_not(pdf_is_plain_mark(&o, &slot, v), "%s", others[i]);
	}
	arena_free(&a);
}

/* What the offset says is in the file for everyone; the mark is not. */
Test(pdf_objects, marks_of_two_readings_differ)
{
	struct pdf_sketch s = pdf_sketch_blank("/A 3 0 R");
	uint64_t secrets[2];
	apart_object(&s, 3, plain_older);
	pdf_sketch_table(&s, "");
	for (size_t i = 0; i < 2; i++) {
		struct opened d = open_sketch(&s);
		get(&d, 0, 3);
		same_to_both(&d, 0);
		secrets[i] = d.o->excerpt.secret;
		release(&d, NULL);
	}
	cr_assert_neq(secrets[0], secrets[1]);
	buf_free(&s.b);
}

/* The catalog and the page tree may be looked at when a revision is opened. */
Test(pdf_objects, roots_are_read_whole_though_they_are_plain)
{
	struct pdf_sketch s = pdf_sketch_begin();
	apart(&s, 90);
	pdf_sketch_object(&s, 1, "<</Type/Catalog/Pages 2 0 R/Long (worth it)>>");
	pdf_sketch_object(&s, 2, "<</Kids[]/Count 0/Long (an object that is worth)>>");
	pdf_sketch_object(&s, 3, "<<          /Long (an object that is worth it)>>");
	apart(&s, 91);
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	for (uint32_t i = 1; i <= 3; i++)
		get(&d, 0, i);
	same_to_both(&d, 0);
	cr_assert(is_excerpted_whole(&d, 0, 1));
	cr_assert(is_excerpted_whole(&d, 0, 2));
	cr_assert_not(is_excerpted_whole(&d, 0, 3));
	release(&d, &s);
}

/* In a string of a plain object: it is put back, and then both readers find it. */
Test(pdf_objects, an_object_within_a_plain_one_is_read)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	apart_object(&s, 3, "<</Reason(a good while of it 7 0 obj /Hidden endobj)>>");
	const struct view v = pdf_sketch_view(&s);
	size_t at = v.n - 1;
	while (memcmp(v.p + at, "7 0 obj", 7) != 0)
		at--;
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 7, 0, 'n', at, 0 });
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	get(&d, 0, 3);
	cr_assert(pdf_is_name(get(&d, 0, 7), "Hidden"));
	same_to_both(&d, 0);
	cr_assert(is_excerpted_whole(&d, 0, 3));
	release(&d, &s);
}

/* A plain object 3, and an update with an object 4 that differs. */
static struct opened plain_and_different(struct pdf_sketch *s)
{
	*s = pdf_sketch_blank("");
	apart_object(s, 3, plain_older);
	pdf_sketch_table(s, "");
	pdf_sketch_object(s, 4, "<< /A (one) /A (other) >>");
	pdf_sketch_table(s, "");
	struct opened d = open_sketch(s);
	get(&d, 0, 3);
	return d;
}

/* Once more, without marks, and again; what was confirmed by marks, too. */
Test(pdf_objects, what_differs_beside_a_plain_object_differs)
{
	struct pdf_sketch s;
	struct opened d = plain_and_different(&s);
	get(&d, 1, 4);
	same_to_both(&d, 0);
	cr_assert_not(is_excerpted_whole(&d, 0, 3));
	for (size_t i = 0; i < 2; i++)
		differs_in(&d, 1, "object 4: a value differs (/A)");
	cr_assert(is_excerpted_whole(&d, 0, 3));
	cr_assert(d.o->was_confirmed[0]);
	release(&d, &s);
}

/* A mark hid that the octets are read in another way: nobody may rely on it. */
Test(pdf_objects, what_marks_confirmed_is_read_again_without_them)
{
	struct pdf_sketch s;
	struct opened d = plain_and_different(&s);
	same_to_both(&d, 0);
	/* As though the second reader had been wrong about it. */
	struct pdf_value *own = (struct pdf_value *)(uintptr_t)get(&d, 0, 3);
	own->n = 1;
	same_to_both(&d, 0);
	get(&d, 1, 4);
	differs_in(&d, 1, "object 3: it has more members");
	release(&d, &s);
}

/* In a string of the signature, which stands elsewhere in the copy. */
Test(pdf_objects, an_object_within_a_signature_of_many_digits_differs)
{
	struct pdf_sketch s = with_signature("/Reason(7 0 obj /Hidden endobj)");
	const struct view v = pdf_sketch_view(&s);
	size_t at = v.n - 1;
	while (memcmp(v.p + at, "7 0 obj", 7) != 0)
		at--;
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 7, 0, 'n', at, 0 });
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	get(&d, 0, 3);
	cr_assert(pdf_is_name(get(&d, 0, 7), "Hidden"));
	differs_in(&d, 0, "object 7");
	release(&d, &s);
}

Test(pdf_objects, more_entries_than_are_confirmed_is_a_state)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_sketch s = pdf_sketch_blank("");
	char differs[200];
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	d.o->qpdf_entries = PDF_QPDF_ENTRIES_MAX;
	cr_assert_eq(pdf_objects_confirm(d.o, 0, differs, &err), -1);
	cr_assert_eq(err.code, LTPS_STATE);
	release(&d, &s);
}

/* ---- long tables ---- */

#define LONG 300

/* All entries in one subsection of LONG rows; those that are not there are free. */
static void long_table(struct pdf_sketch *s, const char *more)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const size_t at = s->b.n;
	uint64_t offsets[LONG] = { 0 };

	for (size_t i = 0; i < s->n; i++)
		offsets[s->entries[i].number] = s->entries[i].offset;
	cr_assert_eq(buf_put_fmt(&s->b, &err, "xref\n0 %d\n", LONG), 0);
	for (int i = 0; i < LONG; i++)
		cr_assert_eq(buf_put_fmt(&s->b, &err, "%010llu %05d %c \n",
					 (unsigned long long)offsets[i],
					 offsets[i] != 0 ? 0 : 65535,
					 offsets[i] != 0 ? 'n' : 'f'),
			     0);
	cr_assert_eq(buf_put_fmt(&s->b, &err,
				 "trailer\n<</Size %d/Root 1 0 R%s>>\n"
				 "startxref\n%zu\n%%%%EOF\n",
				 LONG, more, at),
		     0);
	s->prev = at;
	s->n = 0;
	s->size = LONG;
}

static struct pdf_sketch with_long_table(const char *body, const char *more)
{
	struct pdf_sketch s = pdf_sketch_blank("");

	pdf_sketch_object(&s, 100, body);
	pdf_sketch_object(&s, 200, "[100 0 R 7 0 R]");
	long_table(&s, more);
	return s;
}

Test(pdf_objects, objects_of_a_long_table_are_confirmed)
{
	struct pdf_sketch s = with_long_table("<</A 1>>", "/ID[<01><02>]");
	struct opened d = open_sketch(&s);
	get(&d, 0, 100);
	get(&d, 0, 1);
	get(&d, 0, 150);
	same_to_both(&d, 0);
	release(&d, &s);
}

Test(pdf_objects, what_is_looked_at_later_in_a_long_table_is_confirmed)
{
	struct pdf_sketch s = with_long_table("<</A 1>>", "");
	struct opened d = open_sketch(&s);
	same_to_both(&d, 0);
	get(&d, 0, 100);
	same_to_both(&d, 0);
	get(&d, 0, 200);
	get(&d, 0, 201);
	get(&d, 0, 202);
	same_to_both(&d, 0);
	release(&d, &s);
}

Test(pdf_objects, an_object_of_a_long_table_that_readers_take_differently_differs)
{
	struct pdf_sketch s = with_long_table("<</A 1/A 2>>", "");
	struct opened d = open_sketch(&s);
	same_to_both(&d, 0);
	get(&d, 0, 100);
	differs_in(&d, 0, "object 100");
	release(&d, &s);
}

Test(pdf_objects, revisions_over_a_long_table_are_confirmed)
{
	struct pdf_sketch s = with_long_table("<</A 1>>", "");
	pdf_sketch_object(&s, 100, "<</A 2>>");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	get(&d, 1, 100);
	get(&d, 0, 100);
	get(&d, 0, 200);
	same_to_both(&d, 1);
	same_to_both(&d, 0);
	release(&d, &s);
}

/* The length of its stream has a row of its own. */
Test(pdf_objects, a_stream_of_a_long_table_with_its_length_elsewhere_is_confirmed)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_sketch s = pdf_sketch_blank("");
	struct view data;
	pdf_sketch_object(&s, 120, "5");
	pdf_sketch_raw(&s, 100, 0,
		       "100 0 obj\n<</Length 120 0 R>>\nstream\nabcde\nendstream\n"
		       "endobj\n");
	long_table(&s, "");
	struct opened d = open_sketch(&s);
	cr_assert_eq(pdf_stream_data(d.o, 0, get(&d, 0, 100), &data, &err), 0);
	cr_assert_eq(data.n, 5);
	same_to_both(&d, 0);
	release(&d, &s);
}

/* Within the trailer of the table, which moves up. */
Test(pdf_objects, an_object_within_a_long_table_differs)
{
	struct pdf_sketch s = with_long_table("<</A 1>>", "/X(7 0 obj /Hidden endobj)");
	const struct view v = pdf_sketch_view(&s);
	size_t at = v.n - 1;
	while (memcmp(v.p + at, "7 0 obj", 7) != 0)
		at--;
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 7, 0, 'n', at, 0 });
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	cr_assert(pdf_is_name(get(&d, 1, 7), "Hidden"));
	differs_in(&d, 1, "object 7");
	release(&d, &s);
}

/* ---- older revisions, behind the newest ---- */

static struct pdf_sketch two_revisions(const char *older)
{
	struct pdf_sketch s = pdf_sketch_blank("");

	pdf_sketch_object(&s, 3, older);
	pdf_sketch_table(&s, "");
	pdf_sketch_object(&s, 3, "(newer)");
	pdf_sketch_table(&s, "");
	return s;
}

static void differs_when_older(const char *older, const char *text)
{
	struct pdf_sketch s = two_revisions(older);
	struct opened d = open_sketch(&s);

	get(&d, 1, 3);
	get(&d, 0, 3);
	same_to_both(&d, 1);
	if (text[0] != 0)
		differs_in(&d, 0, text);
	else
		same_to_both(&d, 0);
	release(&d, &s);
}

Test(pdf_objects, an_older_object_that_readers_take_differently_differs)
{
	differs_when_older("<</A 1/A 2>>", "object 3: a value differs (/A)");
	differs_when_older("<</A<</B 2 0 R/B 1 0 R>>>>", "object 3");
}

Test(pdf_objects, older_objects_of_all_kinds_are_confirmed)
{
	static const char *const bodies[] = {
		"<</A 1/B[2 0 R<</C 1 0 R>>]/D(x\\051)/E<</F 2 0 R>>>>",
		"[1 0 R null]",
		"12",
		"-.5",
		"/N#20ame",
		"(a)",
		"<6162 6>",
		"true",
		"null",
		"<</A null>>",
		"(with \\000 and % no comment)",
		"[ % a comment\n1]"
	};
	for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
		differs_when_older(bodies[i], "");
}

Test(pdf_objects, an_older_stream_that_readers_take_differently_differs)
{
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_stream(&s, 3, "/A 1/A 2", view_text("abc"));
	pdf_sketch_table(&s, "");
	pdf_sketch_object(&s, 3, "(newer)");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	get(&d, 0, 3);
	same_to_both(&d, 1);
	differs_in(&d, 0, "object 3");
	release(&d, &s);
}

/* ---- what is signed itself ---- */

Test(pdf_objects, what_is_signed_itself_is_confirmed_only_when_it_is_looked_at)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct pdf_value ref = { .kind = PDF_REF, .ref = { 3, 0 } };
	const struct pdf_value *v;
	struct view data;
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_stream(&s, 3, "/A 1/A 2", view_text("abc"));
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	cr_assert_eq(pdf_signed_stream(d.o, 0, &ref, &v, &data, &err), 0);
	cr_assert(view_is_text(data, "abc"));
	same_to_both(&d, 0);
	get(&d, 0, 3);
	differs_in(&d, 0, "object 3");
	release(&d, &s);
}

Test(pdf_objects, what_is_signed_itself_and_no_stream_has_no_data)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct pdf_value ref = { .kind = PDF_REF, .ref = { 1, 0 } };
	const struct pdf_value *v;
	struct view data;
	struct pdf_sketch s = pdf_sketch_blank("");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	cr_assert_eq(pdf_signed_stream(d.o, 0, &ref, &v, &data, &err), 0);
	cr_assert_eq(v->kind, PDF_DICT);
	cr_assert_eq(data.n, 0);
	release(&d, &s);
}

/* ---- real files ---- */

static void look_at(struct pdf_objects *o, size_t revision, uint32_t number)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct pdf_value *v;
	struct view data;

	if (pdf_object(o, revision, (struct pdf_ref){ number, 0 }, &v, &err) == 0 &&
	    v->kind == PDF_STREAM && pdf_stream_data(o, revision, v, &data, &err) == 0)
		return;
}

/* Every object of every revision is the same to both readers. */
static void both_read(const char *path, struct view bytes, void *arg)
{
	struct ltps_error err = LTPS_ERROR_INIT, err2 = LTPS_ERROR_INIT;
	struct opened d = { 0 };
	size_t *n = arg;

	if (strstr(path, ".pdf") == NULL || pdf_file_read(bytes, &d.file, &err) != 0)
		return;
	if (pdf_objects_new(d.file, VIEW_NULL, &d.o, &err2) != 0) {
		cr_assert_eq(err2.code, LTPS_DENIED, "%s: %s", path, err2.text);
		pdf_file_free(d.file);
		return;
	}
	for (size_t r = 0; r < d.file->n_revisions; r++) {
		struct ltps_error e = LTPS_ERROR_INIT;
		char differs[200];
		for (uint32_t i = 0; i < d.file->revisions[r].size; i++)
			look_at(d.o, r, i);
		cr_assert_eq(pdf_objects_confirm(d.o, r, differs, &e), 0, "%s: %s",
			     path, e.text);
		cr_assert_str_eq(differs, "", "%s revision %zu: %s", path, r, differs);
	}
	/* And once more, the newest first. */
	pdf_objects_free(d.o);
	cr_assert_eq(pdf_objects_new(d.file, VIEW_NULL, &d.o, &err2), 0);
	for (size_t r = d.file->n_revisions; r-- > 0;)
		for (uint32_t i = 0; i < d.file->revisions[r].size; i++)
			look_at(d.o, r, i);
	for (size_t r = d.file->n_revisions; r-- > 0;) {
		struct ltps_error e = LTPS_ERROR_INIT;
		char differs[200];
		cr_assert_eq(pdf_objects_confirm(d.o, r, differs, &e), 0, "%s: %s",
			     path, e.text);
		cr_assert_str_eq(differs, "", "%s revision %zu: %s", path, r, differs);
	}
	++*n;
	release(&d, NULL);
}

/* ---- what an update hides ---- */

Test(pdf_objects, object_of_an_update_that_has_no_room_is_one_that_cannot_be_read)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_sketch s = pdf_sketch_blank("");
	char what[PDF_HIDDEN_TEXT];
	pdf_sketch_object(&s, 3, "(old)");
	pdf_sketch_table(&s, "");
	pdf_sketch_object(&s, 3, "(new)");
	pdf_sketch_table(&s, "");
	struct opened d = open_sketch(&s);
	size_t n = d.o->table.n;

	d.o->table.n = PDF_SLOTS_MAX;
	cr_expect_eq(pdf_revision_hides(d.o, 1, what, &err), 0, "%s", err.text);
	cr_expect_not_null(strstr(what, "cannot be read"), "%s", what);
	d.o->table.n = n;
	cr_expect_eq(pdf_revision_hides(d.o, 1, what, &err), 0, "%s", err.text);
	cr_expect_str_eq(what, "");
	release(&d, &s);
}

Test(pdf_objects, real_files_are_the_same_to_both)
{
	size_t n = 0;
	if (!corpus_present())
		cr_skip("no corpus");
	corpus_walk("pades", both_read, &n);
	cr_assert_gt(n, 60);
}
