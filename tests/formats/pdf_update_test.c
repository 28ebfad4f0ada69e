/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One more revision behind files of every style: what was there stays, octet by octet
 * and object by object, and what is new is found.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/pdf_filter.h"
#include "formats/pdf_update.h"
#include "tests/support/corpus.h"
#include "tests/support/pades_kit.h"

#define OUT_MAX ((size_t)64 << 20)
#define ROOM 100

static struct ltps_error err;

static void ok(int rc)
{
	cr_assert_eq(rc, 0, "%s: %s", err.where, err.text);
}

static struct pades *reading(struct view file)
{
	struct pades *p = NULL;
	ok(pades_read(file, VIEW_NULL, &p, &err));
	return p;
}

static struct pdf_update *start(const struct pades *p)
{
	struct pdf_update *u = NULL;
	ok(pdf_update_new(p->file, p->objects, &u, &err));
	return u;
}

static struct buf joined(struct view a, struct view b)
{
	struct buf out = buf_make(OUT_MAX);
	ok(buf_put(&out, a, &err));
	ok(buf_put(&out, b, &err));
	return out;
}

/* The whole new file. */
static struct buf finish(struct pades *p, struct pdf_update *u, uint64_t range[4])
{
	struct buf more = buf_make(OUT_MAX);
	ok(pdf_update_finish(u, &more, range, &err));
	struct buf out = joined(p->file->octets, view_buf(&more));
	buf_free(&more);
	pdf_update_free(u);
	return out;
}

static const struct pdf_value *object(struct pades *p, uint32_t number)
{
	const struct pdf_value *v = NULL;
	ok(pdf_object(p->objects, p->file->n_revisions - 1,
		      (struct pdf_ref){ number, 0 }, &v, &err));
	return v;
}

static const struct pdf_value *catalog(struct pades *p)
{
	const struct pdf_value *v = NULL;
	ok(pdf_catalog(p->objects, p->file->n_revisions - 1, &v, &err));
	return v;
}

static const struct pdf_value *member(struct pades *p, const struct pdf_value *dict,
				      const char *key)
{
	const struct pdf_value *v = NULL;
	ok(pdf_get(p->objects, p->file->n_revisions - 1, dict, key, &v, &err));
	return v;
}

static const struct pdf_value *item(struct pades *p, const struct pdf_value *array,
				    size_t i)
{
	const struct pdf_value *v = NULL;
	cr_assert_lt(i, array->n);
	ok(pdf_resolve(p->objects, p->file->n_revisions - 1, &array->items[i], &v,
		       &err));
	return v;
}

static const struct pdf_revision *last(const struct pades *p)
{
	return &p->file->revisions[p->file->n_revisions - 1];
}

/* ---- what is refused ---- */

Test(pdf_update, encrypted_file_is_unsupported)
{
	struct pades *p = reading(pades_kit_blank(NULL));
	struct pdf_update *u = NULL;
	p->file->encrypt = last(p)->trailer;
	cr_assert_eq(pdf_update_new(p->file, p->objects, &u, &err), -1);
	cr_assert_eq(err.code, LTPS_UNSUPPORTED);
	cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
	cr_assert_null(u);
	p->file->encrypt = NULL;
	pades_free(p);
}

/* What is added behind such a table would be an undefined change. */
Test(pdf_update, file_with_an_irregular_table_is_unsupported)
{
	struct pades *p = reading(pades_kit_blank(NULL));
	struct pdf_update *u = NULL;
	p->file->revisions[0].irregular = true;
	cr_assert_eq(pdf_update_new(p->file, p->objects, &u, &err), -1);
	cr_assert_eq(err.code, LTPS_UNSUPPORTED);
	cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
	cr_assert_null(u);
	pades_free(p);
}

Test(pdf_update, number_beyond_the_last_is_none)
{
	struct pades *p = reading(pades_kit_blank(NULL));
	p->file->revisions[0].size = PDF_OBJECT_NUMBER_MAX;
	struct pdf_update *u = start(p);
	cr_assert_eq(pdf_update_number(u), PDF_OBJECT_NUMBER_MAX);
	cr_assert_eq(pdf_update_number(u), 0);
	cr_assert_eq(
	    pdf_update_object(u, (struct pdf_ref){ 0, 0 }, view_text("null"), &err),
	    -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
	pdf_update_free(u);
	pades_free(p);
}

static struct buf with_signature(struct view file, uint64_t range[4])
{
	struct pades *p = reading(file);
	struct pdf_update *u = start(p);
	const struct pdf_ref value = { pdf_update_number(u), 0 };
	ok(pdf_update_signature(u, value,
				view_text("/Type /Sig /Filter /Adobe.PPKLite "
					  "/SubFilter /ETSI.CAdES.detached"),
				ROOM, &err));
	ok(pdf_update_field(u, p, "Seal", value, &err));
	struct buf out = finish(p, u, range);
	pades_free(p);
	return out;
}

Test(pdf_update, signature_larger_than_its_room_is_refused)
{
	uint64_t range[4];
	uint8_t cms[ROOM + 1] = { 0x30 };
	struct buf file = with_signature(pades_kit_blank(NULL), range);
	cr_assert_eq(pdf_update_fill(&file, 0, range, view_of(cms, ROOM + 1), &err),
		     -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	cr_assert_eq(err.fault, LTPS_FAULT_SELF);
	ltps_error_clear(&err);
	ok(pdf_update_fill(&file, 0, range, view_of(cms, ROOM), &err));
	buf_free(&file);
}

Test(pdf_update, fill_elsewhere_is_refused)
{
	uint64_t range[4];
	uint8_t cms[4] = { 0x30, 2, 5, 0 };
	struct buf file = with_signature(pades_kit_blank(NULL), range);
	const uint64_t wrong[][4] = { { 0, range[1] + 1, range[2], range[3] },
				      { 0, range[1], range[1] + 1, range[3] },
				      { 0, range[1], file.n + 1, range[3] } };
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		cr_assert_eq(pdf_update_fill(&file, 0, wrong[i], view_of(cms, 4), &err),
			     -1);
		cr_assert_eq(err.code, LTPS_INTERNAL);
		ltps_error_clear(&err);
	}
	cr_assert_eq(pdf_update_fill(&file, range[1] + 1, range, view_of(cms, 4), &err),
		     -1);
	buf_free(&file);
}

/* ---- the section ---- */

static struct view blank(enum pades_kit_style style)
{
	return pades_kit_blank(&(struct pades_kit_pdf){ .style = style });
}

static void expect_id(struct pades *before, struct pades *after)
{
	const struct pdf_value *x = member(before, last(before)->trailer, "ID");
	const struct pdf_value *y = member(after, last(after)->trailer, "ID");
	cr_assert_eq(y->kind, PDF_ARRAY);
	cr_assert_eq(y->n, 2);
	cr_assert(view_equal(x->items[0].text, y->items[0].text));
	cr_assert_not(view_equal(x->items[1].text, y->items[1].text));
}

static void expect_kept(struct pades *before, struct pades *after)
{
	const uint32_t n = last(before)->size;
	cr_assert(view_starts(after->file->octets, before->file->octets));
	cr_assert_eq(after->file->n_revisions, before->file->n_revisions + 1);
	cr_assert_eq(after->file->n_findings, before->file->n_findings, "%s",
		     after->file->findings[0].text);
	cr_assert_eq(after->file->trailing, 0);
	cr_assert(pdf_value_equal(pdf_dict_get(last(before)->trailer, "Root"),
				  pdf_dict_get(last(after)->trailer, "Root")));
	const struct pdf_value *info = pdf_dict_get(last(before)->trailer, "Info");
	if (info != NULL)
		cr_assert(
		    pdf_value_equal(info, pdf_dict_get(last(after)->trailer, "Info")));
	cr_assert_gt(last(after)->size, n);
}

static void expect_goes_on(struct view file, enum pdf_style style)
{
	struct pades *before = reading(file);
	struct pdf_update *u = start(before);
	const uint32_t number = pdf_update_number(u);
	cr_assert_geq(number, last(before)->size);
	ok(pdf_update_object(u, (struct pdf_ref){ number, 0 }, view_text("(new)"),
			     &err));
	ok(pdf_update_object(u, (struct pdf_ref){ PADES_KIT_INFO, 0 },
			     view_text("<< /Title (other) >>"), &err));
	struct buf out = finish(before, u, NULL);
	struct pades *after = reading(view_buf(&out));
	expect_kept(before, after);
	expect_id(before, after);
	cr_assert_eq(last(after)->style, style);
	cr_assert(view_is_text(object(after, number)->text, "new"));
	cr_assert(view_is_text(
	    member(after, object(after, PADES_KIT_INFO), "Title")->text, "other"));
	for (uint32_t i = 1; i < PADES_KIT_INFO; i++)
		cr_assert(pdf_value_equal(object(before, i), object(after, i)), "%u",
			  i);
	cr_assert_eq(last(after)->n_entries, style == PDF_STYLE_STREAM ? 3 : 2);
	pades_free(after);
	pades_free(before);
	buf_free(&out);
}

Test(pdf_update, table_goes_on_as_table)
{
	expect_goes_on(blank(PADES_KIT_TABLE), PDF_STYLE_TABLE);
}

Test(pdf_update, stream_goes_on_as_stream)
{
	expect_goes_on(blank(PADES_KIT_STREAM), PDF_STYLE_STREAM);
}

Test(pdf_update, hybrid_goes_on_as_table)
{
	expect_goes_on(blank(PADES_KIT_HYBRID), PDF_STYLE_TABLE);
}

Test(pdf_update, linearised_goes_on_as_table)
{
	expect_goes_on(blank(PADES_KIT_LINEARISED), PDF_STYLE_TABLE);
}

Test(pdf_update, update_goes_on_from_an_update)
{
	const struct pades_kit_object o = { .number = PADES_KIT_FIRST_FREE + 5,
					    .body = "(between)" };
	expect_goes_on(pades_kit_update(blank(PADES_KIT_TABLE), &o, 1),
		       PDF_STYLE_TABLE);
	expect_goes_on(pades_kit_update(blank(PADES_KIT_STREAM), &o, 1),
		       PDF_STYLE_STREAM);
}

static struct buf cut(struct view file, size_t n)
{
	struct buf out = buf_make(OUT_MAX);
	ok(buf_put(&out, view_head(file, file.n - n), &err));
	return out;
}

Test(pdf_update, line_end_that_lacks_is_put_first)
{
	const struct view file = blank(PADES_KIT_TABLE);
	struct buf bare = cut(file, 1);
	cr_assert_eq(bare.p[bare.n - 1], 'F');
	expect_goes_on(view_buf(&bare), PDF_STYLE_TABLE);
	ok(buf_put_byte(&bare, '\r', &err));
	expect_goes_on(view_buf(&bare), PDF_STYLE_TABLE);
	buf_free(&bare);
}

/* Before the header the offsets are those of the file as it was: counted from there.
 */
Test(pdf_update, offsets_counted_from_the_header_stay_so)
{
	static const char junk[] = "HTTP/1.1 200 OK\r\n\r\n";
	struct buf file = joined(view_text(junk), blank(PADES_KIT_TABLE));
	struct pades *before = reading(view_buf(&file));
	cr_assert_eq(before->file->header, sizeof(junk) - 1);
	struct pdf_update *u = start(before);
	const uint32_t number = pdf_update_number(u);
	ok(pdf_update_object(u, (struct pdf_ref){ number, 0 }, view_text("(new)"),
			     &err));
	struct buf out = finish(before, u, NULL);
	struct pades *after = reading(view_buf(&out));
	expect_kept(before, after);
	cr_assert(view_is_text(object(after, number)->text, "new"));
	/* Without the junk it is a good file too. */
	struct pades *bare = reading(view_skip(view_buf(&out), sizeof(junk) - 1));
	cr_assert(view_is_text(object(bare, number)->text, "new"));
	pades_free(bare);
	pades_free(after);
	pades_free(before);
	buf_free(&out);
	buf_free(&file);
}

/* Other readers count from the header, and would find nothing of it. */
Test(pdf_update, junk_before_the_header_that_offsets_count_is_unsupported)
{
	struct pades *p = reading(pades_kit_blank(
	    &(struct pades_kit_pdf){ .before = view_text("some junk\n") }));
	struct pdf_update *u = NULL;
	cr_assert_eq(p->file->base, 0);
	cr_assert_eq(pdf_update_new(p->file, p->objects, &u, &err), -1);
	cr_assert_eq(err.code, LTPS_UNSUPPORTED);
	cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
	cr_assert_null(u);
	pades_free(p);
}

/* ---- numbers ---- */

static void expect_numbers(struct view file, uint32_t first, uint32_t second)
{
	struct pades *p = reading(file);
	struct pdf_update *u = start(p);
	cr_expect_eq(pdf_update_number(u), first);
	cr_expect_eq(pdf_update_number(u), second);
	pdf_update_free(u);
	pades_free(p);
}

static struct view mentioning(enum pades_kit_style style, const char *more)
{
	return pades_kit_blank(
	    &(struct pades_kit_pdf){ .style = style, .page_more = more });
}

/* Null so far: it would become whatever is put there. */
Test(pdf_update, number_that_something_refers_to_is_not_taken)
{
	for (int s = PADES_KIT_TABLE; s <= PADES_KIT_LINEARISED; s++) {
		const enum pades_kit_style style = (enum pades_kit_style)s;
		struct pades *p = reading(mentioning(style, NULL));
		struct pdf_update *u = start(p);
		const uint32_t next = pdf_update_number(u);
		char more[200];
		pdf_update_free(u);
		pades_free(p);
		snprintf(more, sizeof(more), "/X [ %u 0 R\n0%u\t00000\r\nR ] ", next,
			 next + 1);
		expect_numbers(mentioning(style, more), next + 2, next + 3);
		snprintf(more, sizeof(more), "/X [ %u 0 R %u 0 R ] ", next + 1,
			 next + 2);
		expect_numbers(mentioning(style, more), next, next + 3);
		expect_numbers(mentioning(style, "/X 4294967395 0 R "), next, next + 1);
	}
}

Test(pdf_update, same_update_has_the_same_octets)
{
	uint64_t a[4], b[4];
	for (int s = PADES_KIT_TABLE; s <= PADES_KIT_LINEARISED; s++) {
		struct buf x = with_signature(blank((enum pades_kit_style)s), a);
		struct buf y = with_signature(blank((enum pades_kit_style)s), b);
		cr_assert(view_equal(view_buf(&x), view_buf(&y)));
		cr_assert_arr_eq(a, b, sizeof(a));
		buf_free(&y);
		buf_free(&x);
	}
}

Test(pdf_update, later_object_of_a_number_counts)
{
	struct pades *before = reading(blank(PADES_KIT_TABLE));
	struct pdf_update *u = start(before);
	const struct pdf_ref ref = { pdf_update_number(u), 0 };
	ok(pdf_update_object(u, ref, view_text("(first)"), &err));
	ok(pdf_update_object(u, ref, view_text("(second)"), &err));
	struct buf out = finish(before, u, NULL);
	struct pades *after = reading(view_buf(&out));
	cr_assert(view_is_text(object(after, ref.number)->text, "second"));
	cr_assert_eq(last(after)->n_entries, 1);
	pades_free(after);
	pades_free(before);
	buf_free(&out);
}

/* Each entry of a table has 20 octets: 7.5.4. */
Test(pdf_update, entries_of_a_table_have_twenty_octets)
{
	struct pades *before = reading(blank(PADES_KIT_TABLE));
	struct pdf_update *u = start(before);
	for (int i = 0; i < 3; i++)
		ok(pdf_update_object(u, (struct pdf_ref){ pdf_update_number(u), 0 },
				     view_text("null"), &err));
	struct buf out = finish(before, u, NULL);
	struct pades *after = reading(view_buf(&out));
	const char *at = (const char *)out.p + last(after)->startxref;
	unsigned first, n;
	int used = 0;
	cr_assert_eq(sscanf(at, "xref %u %u%n", &first, &n, &used), 2);
	cr_assert_eq(n, 3);
	cr_assert_eq(strncmp(at + used + 1 + 60, "trailer", 7), 0);
	pades_free(after);
	pades_free(before);
	buf_free(&out);
}

Test(pdf_update, stream_is_deflated_when_that_is_shorter)
{
	static uint8_t same[5000];
	const struct view data[] = { view_of(same, sizeof(same)), view_text("short"),
				     VIEW_NULL };
	struct pades *before = reading(blank(PADES_KIT_TABLE));
	struct pdf_update *u = start(before);
	const uint32_t number = pdf_update_number(u);
	for (uint32_t i = 0; i < 3; i++)
		ok(pdf_update_stream(
		    u, (struct pdf_ref){ i == 0 ? number : pdf_update_number(u), 0 },
		    data[i], &err));
	struct buf out = finish(before, u, NULL);
	struct pades *after = reading(view_buf(&out));
	for (uint32_t i = 0; i < 3; i++) {
		const struct pdf_value *s = object(after, number + i);
		struct view got;
		ok(pdf_stream_data(after->objects, after->file->n_revisions - 1, s,
				   &got, &err));
		cr_assert(view_equal(got, data[i]));
		cr_assert_eq(pdf_dict_get(s, "Filter") != NULL, i == 0);
	}
	pades_free(after);
	pades_free(before);
	buf_free(&out);
}

/* ---- a signature field ---- */

static void expect_field(struct view file, const char *name)
{
	uint64_t range[4];
	const uint8_t cms[] = { 0x30, 3, 2, 1, 7 };
	struct pades *before = reading(file);
	struct buf out = with_signature(file, range);
	ok(pdf_update_fill(&out, 0, range, view_of(cms, sizeof(cms)), &err));
	struct pades *p = reading(view_buf(&out));
	expect_kept(before, p);
	cr_assert_eq(p->n_signatures, before->n_signatures + 1);
	const struct pades_signature *s = &p->signatures[p->n_signatures - 1];
	cr_assert_str_eq(s->defect, "");
	cr_assert_eq(s->coverage, PADES_COVERS_FILE);
	cr_assert(view_is_text(s->field_name, name), "%.*s", (int)s->field_name.n,
		  (const char *)s->field_name.p);
	cr_assert_eq(s->contents.n, ROOM);
	cr_assert(view_equal(s->cms, view_of(cms, sizeof(cms))));
	cr_assert_arr_eq(s->range, range, sizeof(range));
	cr_assert_eq(range[2] + range[3], out.n);
	const struct pdf_value *form = member(p, catalog(p), "AcroForm");
	cr_assert_eq(member(p, form, "SigFlags")->integer & 3, 3);
	const struct pdf_value *fields = member(p, form, "Fields");
	const struct pdf_value *field = item(p, fields, fields->n - 1);
	cr_assert_eq(fields->items[fields->n - 1].ref.number, s->field.number);
	cr_assert_eq(member(p, field, "F")->integer, 132);
	pades_free(p);
	pades_free(before);
	buf_free(&out);
}

Test(pdf_update, field_comes_into_every_style)
{
	for (int s = PADES_KIT_TABLE; s <= PADES_KIT_LINEARISED; s++) {
		const enum pades_kit_style style = (enum pades_kit_style)s;
		expect_field(blank(style), "Seal");
		expect_field(pades_kit_blank(&(struct pades_kit_pdf){ .style = style,
								      .form = true }),
			     "Seal");
	}
}

/* The blank file with objects replaced. */
static struct view changed(const struct pades_kit_object *o, size_t n)
{
	return pades_kit_update(
	    pades_kit_blank(&(struct pades_kit_pdf){ .form = true }), o, n);
}

#define FORM_CATALOG(form)                                                             \
	{                                                                              \
		.number = PADES_KIT_CATALOG,                                           \
		.body = "<< /Type /Catalog /Pages 2 0 R /AcroForm " form " >>"         \
	}
#define FREE_1 "21 0 R"
#define FREE_2 "22 0 R"

Test(pdf_update, form_in_the_catalog_is_extended)
{
	const struct pades_kit_object o[] = { FORM_CATALOG(
	    "<< /Fields [ 8 0 R ] /SigFlags 4 /DA (/Helv 0 Tf) >>") };
	const struct view file = changed(o, 1);
	uint64_t range[4];
	expect_field(file, "Seal");
	struct buf out = with_signature(file, range);
	struct pades *p = reading(view_buf(&out));
	const struct pdf_value *form = pdf_dict_get(catalog(p), "AcroForm");
	cr_assert_eq(form->kind, PDF_DICT);
	cr_assert_eq(member(p, form, "SigFlags")->integer, 7);
	cr_assert(view_is_text(member(p, form, "DA")->text, "/Helv 0 Tf"));
	cr_assert_eq(member(p, form, "Fields")->n, 2);
	pades_free(p);
	buf_free(&out);
}

Test(pdf_update, fields_of_their_own_object_are_extended_there)
{
	const struct pades_kit_object o[] = {
		FORM_CATALOG(FREE_1),
		{ .number = 21, .body = "<< /Fields " FREE_2 " /SigFlags 3 >>" },
		{ .number = 22, .body = "[ 8 0 R ]" },
	};
	const struct view file = changed(o, 3);
	uint64_t range[4];
	expect_field(file, "Seal");
	struct buf out = with_signature(file, range);
	struct pades *p = reading(view_buf(&out));
	cr_assert_eq(object(p, 22)->n, 2);
	/* Neither form nor catalog have to be written for that. */
	const size_t newest = p->file->n_revisions - 1;
	cr_assert_neq(pdf_file_find(p->file, newest, 21)->revision, newest);
	cr_assert_neq(pdf_file_find(p->file, newest, PADES_KIT_CATALOG)->revision,
		      newest);
	pades_free(p);
	buf_free(&out);
}

Test(pdf_update, form_without_fields_gets_them)
{
	const struct pades_kit_object direct[] = { FORM_CATALOG("<< >>") };
	const struct pades_kit_object null[] = { FORM_CATALOG("null") };
	const struct pades_kit_object gone[] = { FORM_CATALOG("99 0 R") };
	expect_field(changed(direct, 1), "Seal");
	expect_field(changed(null, 1), "Seal");
	expect_field(changed(gone, 1), "Seal");
}

static size_t annots_of(struct view file, uint32_t *ret_page)
{
	struct pades *p = reading(file);
	const struct pades_signature *s = &p->signatures[p->n_signatures - 1];
	const struct pdf_value *page = pdf_dict_get(object(p, s->field.number), "P");
	*ret_page = page != NULL ? page->ref.number : 0;
	const struct pdf_value *annots = member(p, object(p, *ret_page), "Annots");
	const size_t n = annots->n;
	if (n > 0)
		cr_assert_eq(annots->items[n - 1].ref.number, s->field.number);
	pades_free(p);
	return n;
}

static void expect_annots(struct view file, uint32_t page, size_t n)
{
	uint64_t range[4];
	uint32_t got;
	struct buf out = with_signature(file, range);
	cr_assert_eq(annots_of(view_buf(&out), &got), n);
	cr_assert_eq(got, page);
	buf_free(&out);
}

#define PAGE "/Type /Page /Parent 2 0 R /MediaBox [ 0 0 9 9 ] /Resources << >> "

Test(pdf_update, widget_comes_on_the_first_page)
{
	const struct pades_kit_object none[] = {
		{ .number = PADES_KIT_PAGE, .body = "<< " PAGE " >>" },
	};
	const struct pades_kit_object direct[] = {
		{ .number = PADES_KIT_PAGE, .body = "<< " PAGE "/Annots [ 8 0 R ] >>" },
	};
	const struct pades_kit_object apart[] = {
		{ .number = PADES_KIT_PAGE, .body = "<< " PAGE "/Annots 21 0 R >>" },
		{ .number = 21, .body = "[ 8 0 R ]" },
	};
	expect_annots(changed(none, 1), PADES_KIT_PAGE, 1);
	expect_annots(changed(direct, 1), PADES_KIT_PAGE, 2);
	expect_annots(changed(apart, 2), PADES_KIT_PAGE, 2);
}

static size_t annots_count(struct view file, uint32_t page)
{
	struct pades *p = reading(file);
	const size_t n = member(p, object(p, page), "Annots")->n;
	pades_free(p);
	return n;
}

/* ISO 32000-2 12.5.2: a widget stands on one page alone. */
Test(pdf_update, array_that_pages_share_is_copied)
{
	const struct pades_kit_object o[] = {
		{ .number = PADES_KIT_PAGES,
		  .body = "<< /Type /Pages /Count 2 /Kids [ 3 0 R 22 0 R ] >>" },
		{ .number = PADES_KIT_PAGE, .body = "<< " PAGE "/Annots 21 0 R >>" },
		{ .number = 21, .body = "[ 8 0 R ]" },
		{ .number = 22, .body = "<< " PAGE "/Annots 21 0 R >>" },
	};
	uint64_t range[4];
	struct buf out = with_signature(changed(o, 4), range);
	cr_expect_eq(annots_count(view_buf(&out), PADES_KIT_PAGE), 2);
	cr_expect_eq(annots_count(view_buf(&out), 22), 1);
	buf_free(&out);
}

/* ISO 19005-1 6.9 asks for it; nobody else does. */
static void expect_appearance(const char *part, bool wanted)
{
	struct pades *p = reading(pades_kit_blank(NULL));
	struct pdf_update *u = start(p);
	const struct pdf_ref value = { pdf_update_number(u), 0 };
	p->pdfa = part;
	ok(pdf_update_object(u, value, view_text("<< >>"), &err));
	ok(pdf_update_field(u, p, "Seal", value, &err));
	struct buf out = finish(p, u, NULL);
	struct pades *after = reading(view_buf(&out));
	const struct pdf_value *form = member(after, catalog(after), "AcroForm");
	const struct pdf_value *field = item(after, member(after, form, "Fields"), 0);
	const struct pdf_value *ap = member(after, field, "AP");
	cr_expect_eq(member(after, ap, "N")->kind, wanted ? PDF_STREAM : PDF_NULL);
	pades_free(after);
	buf_free(&out);
	pades_free(p);
}

Test(pdf_update, pdfa_1_alone_gets_an_appearance)
{
	expect_appearance("1", true);
	expect_appearance("2", false);
	expect_appearance(NULL, false);
}

/* One array for both is met with. */
Test(pdf_update, array_that_is_fields_and_annots_is_extended_once)
{
	const struct pades_kit_object o[] = {
		FORM_CATALOG("<< /Fields 21 0 R >>"),
		{ .number = PADES_KIT_PAGE, .body = "<< " PAGE "/Annots 21 0 R >>" },
		{ .number = 21, .body = "[ 8 0 R ]" },
	};
	expect_field(changed(o, 3), "Seal");
	expect_annots(changed(o, 3), PADES_KIT_PAGE, 2);
}

#define NODE "<< /Type /Pages /Parent 2 0 R /Count 1 /Kids "

Test(pdf_update, first_page_is_below_nodes_and_behind_empty_ones)
{
	const struct pades_kit_object o[] = {
		{ .number = PADES_KIT_PAGES,
		  .body = "<< /Type /Pages /Count 1 /Kids [ 21 0 R 22 0 R ] >>" },
		{ .number = 21, .body = NODE "[ ] >>" },
		{ .number = 22, .body = NODE "[ 23 0 R ] >>" },
		{ .number = 23, .body = NODE "[ 3 0 R ] >>" },
	};
	expect_annots(changed(o, 4), PADES_KIT_PAGE, 2);
}

Test(pdf_update, loop_of_pages_has_no_first_page)
{
	const struct pades_kit_object o[] = {
		{ .number = PADES_KIT_PAGES,
		  .body = "<< /Type /Pages /Count 1 /Kids [ 2 0 R 2 0 R ] >>" },
	};
	expect_annots(changed(o, 1), 0, 0);
}

Test(pdf_update, name_that_is_taken_gets_a_number)
{
	const struct pades_kit_object o[] = {
		FORM_CATALOG("<< /Fields [ 8 0 R 21 0 R 22 0 R 23 0 R ] >>"),
		{ .number = 21, .body = "<< /T (Seal) /FT /Tx >>" },
		{ .number = 22, .body = "<< /T (Sealed9) /FT /Tx >>" },
		{ .number = 23, .body = "<< /T <feff005300650061006c0037> /FT /Tx >>" },
	};
	expect_field(changed(o, 1), "Seal");
	expect_field(changed(o, 2), "Seal2");
	expect_field(changed(o, 3), "Seal2");
	expect_field(changed(o, 4), "Seal8");
}

Test(pdf_update, second_signature_has_another_name)
{
	uint64_t range[4];
	struct buf out = with_signature(blank(PADES_KIT_STREAM), range);
	expect_field(view_buf(&out), "Seal2");
	buf_free(&out);
}

/* ---- DSS ---- */

#define CERT "0\1C" /* not decoded by anybody here */

static struct view item_view(const char *text)
{
	return view_text(text);
}

static struct buf with_dss(struct view file, const char *const certs[], size_t n,
			   const char *crl, const char *vri)
{
	struct view v[8], c = item_view(crl != NULL ? crl : "");
	struct pades *p = reading(file);
	struct pdf_update *u = start(p);
	for (size_t i = 0; i < n; i++)
		v[i] = item_view(certs[i]);
	const struct pdf_update_material more = {
		.certs = v, .n_certs = n, .crls = &c, .n_crls = crl != NULL ? 1 : 0
	};
	const struct pdf_update_vri one = { .key = vri, .m = more };
	ok(pdf_update_dss(u, p, &more, &one, vri != NULL ? 1 : 0, &err));
	ok(pdf_update_extension(u, p, 1, &err));
	struct buf out = finish(p, u, NULL);
	pades_free(p);
	return out;
}

#define KEY_A "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
#define KEY_B "BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"

static const char *const two[] = { "first", "second" };
static const char *const three[] = { "second", "third" };

static const struct pades_vri *find_vri(const struct pades *p, const char *key)
{
	for (size_t i = 0; i < p->dss.n_vris; i++)
		if (view_is_text(p->dss.vris[i].key, key))
			return &p->dss.vris[i];
	return NULL;
}

static void expect_dss(struct view file)
{
	struct buf one = with_dss(file, two, 2, "crl", KEY_A);
	struct pades *a = reading(view_buf(&one));
	cr_assert(a->dss.present);
	cr_assert_eq(a->dss.n_certs, 2);
	cr_assert_eq(a->dss.n_crls, 1);
	cr_assert_eq(a->dss.n_ocsps, 0);
	cr_assert(view_is_text(a->dss.certs[1].der, "second"));
	cr_assert_eq(find_vri(a, KEY_A)->n_certs, 2);
	cr_assert_eq(find_vri(a, KEY_A)->n_crls, 1);
	/* What is there is not written again; an old VRI stays as it is. */
	struct buf next = with_dss(view_buf(&one), three, 2, NULL, KEY_B);
	struct pades *b = reading(view_buf(&next));
	cr_assert_eq(b->dss.n_certs, 3);
	cr_assert_eq(b->dss.certs[1].ref.number, a->dss.certs[1].ref.number);
	cr_assert(view_is_text(b->dss.certs[2].der, "third"));
	cr_assert_eq(b->dss.n_crls, 1);
	cr_assert_eq(find_vri(b, KEY_A)->n_certs, 2);
	cr_assert_eq(find_vri(b, KEY_B)->n_certs, 2);
	cr_assert_eq(find_vri(b, KEY_B)->certs[0].ref.number,
		     a->dss.certs[1].ref.number);
	/* The key has one already. */
	struct buf same = with_dss(view_buf(&next), two, 1, NULL, KEY_B);
	struct pades *c = reading(view_buf(&same));
	cr_assert_eq(find_vri(c, KEY_B)->n_certs, 2);
	cr_assert_eq(c->dss.n_vris, 2);
	pades_free(c);
	pades_free(b);
	pades_free(a);
	buf_free(&same);
	buf_free(&next);
	buf_free(&one);
}

Test(pdf_update, dss_is_made_and_extended_in_every_style)
{
	for (int s = PADES_KIT_TABLE; s <= PADES_KIT_LINEARISED; s++)
		expect_dss(blank((enum pades_kit_style)s));
}

Test(pdf_update, vri_without_anything_is_not_made)
{
	struct buf one = with_dss(blank(PADES_KIT_TABLE), two, 2, NULL, NULL);
	struct buf next = with_dss(view_buf(&one), two, 0, NULL, KEY_A);
	struct pades *p = reading(view_buf(&next));
	cr_assert_eq(p->dss.n_vris, 0);
	cr_assert_eq(p->dss.n_certs, 2);
	pades_free(p);
	buf_free(&next);
	buf_free(&one);
}

/* Everything that may stand apart or inside. */
static void expect_extended(const char *dss, const char *vri, const char *array)
{
	struct pades_kit_object o[] = {
		{ .number = PADES_KIT_CATALOG },
		{ .number = 21, .body = dss },
		{ .number = 22, .body = vri },
		{ .number = 23, .body = array },
		{ .number = 24, .body = "", .stream = view_text("old") },
	};
	char body[512];
	const bool direct = strstr(dss, "/Direct") != NULL;
	snprintf(body, sizeof(body), "<< /Type /Catalog /Pages 2 0 R /DSS %s >>",
		 direct ? dss : "21 0 R");
	o[0].body = body;
	struct buf out = with_dss(changed(o, 5), two, 2, "crl", KEY_B);
	struct pades *p = reading(view_buf(&out));
	cr_assert_eq(p->dss.n_certs, 3, "%zu: %s", p->dss.n_certs, dss);
	cr_assert_eq(p->dss.certs[0].ref.number, 24);
	cr_assert_eq(p->dss.n_crls, 1);
	cr_assert_eq(find_vri(p, KEY_A)->n_certs, 1);
	cr_assert_eq(find_vri(p, KEY_B)->n_certs, 2);
	cr_assert_eq(p->dss.ref.number, direct ? 0 : 21);
	pades_free(p);
	buf_free(&out);
}

Test(pdf_update, dss_is_extended_wherever_its_parts_stand)
{
	static const char vri[] = "<< /" KEY_A " << /Cert [ 24 0 R ] >> >>";
	expect_extended("<< /Certs [ 24 0 R ] /VRI << /" KEY_A
			" << /Cert [ 24 0 R ] >> >> >>",
			"null", "null");
	expect_extended("<< /Certs 23 0 R /VRI 22 0 R >>", vri, "[ 24 0 R ]");
	expect_extended("<< /Direct true /Certs 23 0 R /VRI 22 0 R >>", vri,
			"[ 24 0 R ]");
	expect_extended("<< /Direct true /Certs [ 24 0 R ] /VRI << /" KEY_A
			" << /Cert 23 0 R >> >> >>",
			"null", "[ 24 0 R ]");
}

/* ---- extensions ---- */

static int64_t level_of(const char *version, const char *more, int level)
{
	const struct view file = pades_kit_blank(
	    &(struct pades_kit_pdf){ .version = version, .catalog_more = more });
	struct pades *p = reading(file);
	struct pdf_update *u = start(p);
	ok(pdf_update_extension(u, p, level, &err));
	struct buf out = finish(p, u, NULL);
	pades_free(p);
	p = reading(view_buf(&out));
	const struct pdf_value *all = member(p, catalog(p), "Extensions");
	const struct pdf_value *l = member(p, member(p, all, "ESIC"), "ExtensionLevel");
	const int64_t got = l->kind == PDF_INTEGER ? l->integer : -1;
	if (more != NULL && strstr(more, "/ADBE") != NULL)
		cr_assert(pdf_is_dict(member(p, all, "ADBE")));
	pades_free(p);
	buf_free(&out);
	return got;
}

Test(pdf_update, extension_is_told_of_pdf_1_7_alone)
{
	cr_assert_eq(level_of("1.4", NULL, 1), -1);
	cr_assert_eq(level_of("1.6", NULL, 1), -1);
	cr_assert_eq(level_of("1.7", NULL, 1), 1);
	cr_assert_eq(level_of("2.0", NULL, 1), -1);
	cr_assert_eq(level_of("1.4", "/Version /1.7", 2), 2);
}

Test(pdf_update, extension_is_raised_and_never_lowered)
{
#define ESIC(n) "/Extensions << /ESIC << /BaseVersion /1.7 /ExtensionLevel " n " >> >>"
	cr_assert_eq(level_of("1.7", ESIC("1"), 2), 2);
	cr_assert_eq(level_of("1.7", ESIC("5"), 2), 5);
	cr_assert_eq(level_of("1.7",
			      "/Extensions << /ADBE << /BaseVersion /1.7 "
			      "/ExtensionLevel 8 >> >>",
			      1),
		     1);
}

/* ---- real files ---- */

static void visit(const char *path, struct view bytes, void *arg)
{
	size_t *n = arg;
	struct ltps_error e = LTPS_ERROR_INIT;
	struct pades *before = NULL;
	const size_t len = strlen(path);
	if (len < 4 || strcmp(path + len - 4, ".pdf") != 0)
		return;
	if (pades_read(bytes, VIEW_NULL, &before, &e) != 0 ||
	    before->file->encrypt != NULL) {
		pades_free(before);
		return;
	}
	uint64_t range[4];
	struct buf out = with_signature(bytes, range);
	struct pades *after = reading(view_buf(&out));
	cr_assert_eq(after->file->n_revisions, before->file->n_revisions + 1, "%s",
		     path);
	cr_assert_eq(after->n_signatures, before->n_signatures + 1, "%s", path);
	const struct pades_signature *s = NULL;
	for (size_t i = 0; i < after->n_signatures; i++)
		if (after->signatures[i].range[1] == range[1])
			s = &after->signatures[i];
	cr_assert_not_null(s, "%s", path);
	cr_assert_eq(s->coverage, PADES_COVERS_FILE, "%s: %s", path, s->defect);
	cr_assert(s->field_name.n > 0, "%s", path);
	pades_free(after);
	pades_free(before);
	buf_free(&out);
	++*n;
}

Test(pdf_update, every_file_of_the_corpus_takes_an_update)
{
	size_t n = 0;
	if (!corpus_present())
		cr_skip_test("no corpus");
	corpus_walk("pades", visit, &n);
	cr_assert_gt(n, 40);
}
