/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What updates after a signature change. The files are written here, octet by octet:
 * a form with fields, an annotation, a structure tree, metadata; a signature in the
 * second revision; then the update of the case. Each rule has the harmless case and the
 * nearest attack.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/corpus.h"
#include "validation/pdf_changes.h"

#define FILE_MAX_OCTETS ((size_t)4 << 20)
#define OBJECTS_MAX 64
#define CHANGES_MAX 6

struct object {
	unsigned number;
	const char *body; /* NULL: freed */
};
struct scene {
	struct object base[CHANGES_MAX];   /* instead of those of the blank file */
	struct object update[CHANGES_MAX]; /* after the signature */
	struct object second[CHANGES_MAX]; /* and after that */
	const char *signature;             /* members of the signature dictionary */
	const char *field;                 /* members of its field */
	const char *trailer;               /* of the update, instead of the usual */
	const char *junk;                  /* octets between signature and update */
};

#define STREAM(dict, data)                                                             \
	"<< " dict " /Length 8 >>\nstream\n" data "\nendstream" /* eight octets */
#define EIGHT "12345678"

#define PAGE_WITH(annots, more)                                                        \
	"<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 800] /Contents 4 0 R "        \
	"/Resources << /Font << /F1 5 0 R >> /XObject << /X1 10 0 R >> >> "            \
	"/Annots " annots " " more " >>"
#define PAGE PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R]", "")
#define CATALOG_WITH(more)                                                             \
	"<< /Type /Catalog /Pages 2 0 R /AcroForm 7 0 R /Metadata 9 0 R "              \
	"/StructTreeRoot 30 0 R " more " >>"
#define FORM_WITH(fields, more)                                                        \
	"<< /Fields " fields " /DR << /Font << /Helv 5 0 R >> >> /DA (/Helv 0 Tf) "    \
	"/SigFlags 3 " more " >>"
#define ALL_FIELDS "8 0 R 14 0 R 15 0 R 17 0 R 40 0 R"
#define TEXT_FIELD(more)                                                               \
	"<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) /Rect [10 10 90 30] /P 3 " \
	"0 R " more " >>"
#define EMPTY_FIELD(more)                                                              \
	"<< /Type /Annot /Subtype /Widget /FT /Sig /T (empty) /Rect [10 50 90 90] "    \
	"/P 3 0 R " more " >>"
#define SIGNED_FIELD(more)                                                             \
	"<< /Type /Annot /Subtype /Widget /FT /Sig /T (signed) /Rect [10 100 90 150] " \
	"/P 3 0 R /V 41 0 R " more " >>"
#define SOME_SIGNATURE "<< /Type /Sig /Filter /X /SubFilter /ETSI.CAdES.detached >>"
#define SOME_STAMP "<< /Type /DocTimeStamp /Filter /X /SubFilter /ETSI.RFC3161 >>"

static const struct object blank[] = {
	{ 1, CATALOG_WITH("") },
	{ 2, "<< /Type /Pages /Count 1 /Kids [3 0 R] >>" },
	{ 3, PAGE },
	{ 4, STREAM("", EIGHT) },
	{ 5, "<< /Type /Font /Subtype /Type1 /BaseFont /Helvetica >>" },
	{ 6, "<< /Title (t) /Producer (p) >>" },
	{ 7, FORM_WITH("[8 0 R 14 0 R 15 0 R 17 0 R]", "") },
	{ 8, TEXT_FIELD("/V (a) /AP << /N 11 0 R >>") },
	{ 9, STREAM("/Type /Metadata /Subtype /XML", EIGHT) },
	{ 10, STREAM("/Type /XObject /Subtype /Form /BBox [0 0 1 1]", EIGHT) },
	{ 11, STREAM("/Type /XObject /Subtype /Form /BBox [0 0 2 2]", EIGHT) },
	{ 12, "<< /Type /Annot /Subtype /Text /Rect [1 1 9 9] /Contents (hi) >>" },
	{ 14, EMPTY_FIELD("") },
	{ 15, "<< /FT /Tx /T (p) /Kids [16 0 R] >>" },
	{ 16, "<< /T (q) /Parent 15 0 R /V (x) >>" },
	{ 17, "<< /Type /Annot /Subtype /Widget /FT /Btn /T (box) /Rect [1 1 9 9] "
	      "/AS /Off /AP 18 0 R >>" },
	{ 18, "<< /N << /On 19 0 R /Off 20 0 R >> >>" },
	{ 19, STREAM("/Type /XObject /Subtype /Form /BBox [0 0 3 3]", EIGHT) },
	{ 20, STREAM("/Type /XObject /Subtype /Form /BBox [0 0 4 4]", EIGHT) },
	{ 21, STREAM("/Prepared true", EIGHT) },
	{ 30, "<< /Type /StructTreeRoot /K [31 0 R] /ParentTree 32 0 R >>" },
	{ 31, "<< /Type /StructElem /S /Document /P 30 0 R /K [0] /Alt (alt) >>" },
	{ 32, "<< /Nums [0 [31 0 R]] >>" },
};

/* ---- writing ---- */

static void put(struct buf *b, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(buf_put_text(b, text, &err), 0);
}

static size_t last_startxref(const struct buf *b)
{
	size_t at = b->n;
	while (at > 0 &&
	       memcmp(b->p + at - 1, "startxref", 9 < b->n - at + 1 ? 9 : 1) != 0)
		at--;
	return at > 0 ? (size_t)strtoull((const char *)b->p + at + 8, NULL, 10) : 0;
}

static void put_revision(struct buf *b, const struct object *v, size_t n,
			 const char *trailer)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	size_t offsets[OBJECTS_MAX], previous = last_startxref(b);
	char line[200];
	for (size_t i = 0; i < n; i++) {
		offsets[i] = b->n;
		if (v[i].body == NULL)
			continue;
		(void)snprintf(line, sizeof(line), "%u 0 obj\n", v[i].number);
		put(b, line);
		put(b, v[i].body);
		put(b, "\nendobj\n");
	}
	size_t section = b->n;
	put(b, "xref\n");
	if (previous == 0)
		put(b, "0 1\n0000000000 65535 f \n");
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(line, sizeof(line), "%u 1\n%010zu %05d %c \n",
			       v[i].number, v[i].body != NULL ? offsets[i] : 0,
			       v[i].body != NULL ? 0 : 1,
			       v[i].body != NULL ? 'n' : 'f');
		put(b, line);
	}
	put(b, "trailer\n<< /Size 200 ");
	put(b, trailer != NULL ? trailer : "/Root 1 0 R /Info 6 0 R");
	if (previous > 0) {
		(void)snprintf(line, sizeof(line), " /Prev %zu", previous);
		put(b, line);
	}
	(void)snprintf(line, sizeof(line), " >>\nstartxref\n%zu\n%%%%EOF\n", section);
	put(b, line);
	cr_assert_eq(buf_reserve(b, 1, &err), 0);
	b->p[b->n] = 0;
}

static const char *body_of(const struct scene *s, unsigned number, const char *usual)
{
	for (size_t i = 0; i < CHANGES_MAX; i++)
		if (s->base[i].number == number)
			return s->base[i].body;
	return usual;
}

static size_t base_objects(const struct scene *s, struct object *out)
{
	size_t n = 0, known = sizeof(blank) / sizeof(blank[0]);
	for (size_t i = 0; i < known; i++) {
		const char *body = body_of(s, blank[i].number, blank[i].body);
		if (body != NULL)
			out[n++] = (struct object){ blank[i].number, body };
	}
	for (size_t i = 0; i < CHANGES_MAX && s->base[i].number > 0; i++) {
		size_t k = 0;
		while (k < known && blank[k].number != s->base[i].number)
			k++;
		if (k == known && s->base[i].body != NULL)
			out[n++] = s->base[i];
	}
	return n;
}

/* A signature dictionary whose ByteRange is right; nothing here is ever verified. */
static void put_signature(struct buf *b, const struct scene *s)
{
	static char value[2000], field[2000], range[64];
	size_t from = b->n;
	(void)snprintf(value, sizeof(value),
		       "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter "
		       "/ETSI.CAdES.detached %s /ByteRange [0 ########## ########## "
		       "##########] /Contents <3003020101000000> >>",
		       s->signature != NULL ? s->signature : "");
	(void)snprintf(field, sizeof(field), SIGNED_FIELD("%s"),
		       s->field != NULL ? s->field : "");
	const struct object v[] = { { 7, FORM_WITH("[" ALL_FIELDS "]", "") },
				    { 40, field },
				    { 41, value } };
	put_revision(b, v, 3, NULL);
	char *gap = memmem(b->p + from, b->n - from, "<30030201", 9);
	char *place = memmem(b->p + from, b->n - from, "########## ", 11);
	size_t at = (size_t)(gap - (char *)b->p), end = at + 18;
	(void)snprintf(range, sizeof(range), "%-10zu %-10zu %-10zu", at, end,
		       b->n - end);
	memcpy(place, range, 32);
}

static size_t count(const struct object *v)
{
	size_t n = 0;
	while (n < CHANGES_MAX && v[n].number > 0)
		n++;
	return n;
}

static struct buf write_scene(const struct scene *s)
{
	struct buf b = buf_make(FILE_MAX_OCTETS);
	struct object v[OBJECTS_MAX];
	put(&b, "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n");
	put_revision(&b, v, base_objects(s, v), NULL);
	put_signature(&b, s);
	if (s->junk != NULL)
		put(&b, s->junk);
	if (count(s->update) > 0 || s->trailer != NULL)
		put_revision(&b, s->update, count(s->update), s->trailer);
	if (count(s->second) > 0)
		put_revision(&b, s->second, count(s->second), NULL);
	return b;
}

/* ---- reading ---- */

struct read {
	struct buf file;
	struct pades *p;
	struct pdf_changes c;
};

static struct read read_file(struct view file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct read r = { 0 };
	cr_assert_eq(pades_read(file, VIEW_NULL, &r.p, &err), 0, "%s", err.text);
	cr_assert_eq(pdf_changes_find(r.p, &r.c, &err), 0, "%s", err.text);
	return r;
}

static struct read read_scene(const struct scene *s)
{
	struct buf file = write_scene(s);
	struct read r = read_file(view_buf(&file));
	r.file = file;
	return r;
}

static void read_free(struct read *r)
{
	pdf_changes_clear(&r->c);
	pades_free(r->p);
	buf_free(&r->file);
}

static const struct pdf_change *worst(const struct pdf_changes *c)
{
	const struct pdf_change *w = NULL;
	for (size_t i = 0; i < c->n; i++)
		if (w == NULL || c->v[i].kind > w->kind)
			w = &c->v[i];
	return w;
}

/* kind -1: nothing changed. */
static void expect(const struct scene *s, int kind, const char *attack,
		   const char *what)
{
	struct read r = read_scene(s);
	const struct pdf_change *w = worst(&r.c);
	cr_assert_geq(r.p->n_signatures, 1);
	cr_assert_eq(r.p->signatures[0].revision, 1);
	if (w != NULL)
		for (size_t i = 0; i < r.c.n; i++)
			cr_log_info("%s: %s", pdf_change_kind_name(r.c.v[i].kind),
				    r.c.v[i].what);
	cr_expect_eq(w != NULL ? (int)w->kind : -1, kind, "%s, not %s: %s",
		     w != NULL ? pdf_change_kind_name(w->kind) : "none",
		     kind >= 0 ? pdf_change_kind_name(kind) : "none",
		     w != NULL ? w->what : "");
	if (w != NULL) {
		cr_expect_str_eq(w->attack != NULL ? w->attack : "",
				 attack != NULL ? attack : "", "%s", w->what);
		cr_expect(strstr(w->what, what != NULL ? what : "") != NULL,
			  "\"%s\" lacks \"%s\"", w->what, what);
		cr_expect_geq(w->revision, 2);
	}
	read_free(&r);
}

#define NOTHING (-1)
#define SCENE(...) (&(struct scene){ __VA_ARGS__ })

TestSuite(pdf_changes, .init = mem_init);

/* ---- content ---- */

Test(pdf_changes, content_replaced_in_place_is_shadow_replace)
{
	expect(SCENE(.update = { { 4, STREAM("", "abcdefgh") } }), PDF_CHANGE_UNDEFINED,
	       "shadow-replace", "page (object 3): /Contents");
}

Test(pdf_changes, object_written_again_with_equal_value_is_no_change)
{
	expect(SCENE(.update = { { 4, STREAM("", EIGHT) },
				 { 5, "<< /BaseFont /Helvetica /Subtype /Type1 /Type "
				      "/Font >>" },
				 { 3, PAGE } }),
	       NOTHING, NULL, NULL);
}

Test(pdf_changes, font_replaced_in_place_is_shadow_replace)
{
	expect(SCENE(.update = { { 5, "<< /Type /Font /Subtype /Type1 /BaseFont /Evil "
				      ">>" } }),
	       PDF_CHANGE_UNDEFINED, "shadow-replace", "/Font/");
}

Test(pdf_changes, form_object_of_page_replaced_is_shadow_hide)
{
	expect(SCENE(.update = { { 10, STREAM("/Type /XObject /Subtype /Form /BBox "
					      "[0 0 1 1]",
					      "        ") } }),
	       PDF_CHANGE_UNDEFINED, "shadow-hide", "/Resources/XObject/X1");
}

Test(pdf_changes, object_in_use_freed_is_shadow_hide)
{
	expect(SCENE(.update = { { 10, NULL } }), PDF_CHANGE_UNDEFINED, "shadow-hide",
	       "removed");
}

Test(pdf_changes, object_that_nothing_refers_to_freed_or_replaced_is_no_change)
{
	expect(SCENE(.update = { { 21, NULL } }), NOTHING, NULL, NULL);
	expect(SCENE(.update = { { 21, "(other)" } }), NOTHING, NULL, NULL);
}

Test(pdf_changes, page_turned_to_prepared_content_is_hide_and_replace)
{
	expect(
	    SCENE(.update = { { 3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 600 "
				   "800] /Contents 21 0 R /Resources << /Font << /F1 5 "
				   "0 R >> /XObject << /X1 10 0 R >> >> /Annots [8 0 R "
				   "12 0 R 14 0 R 17 0 R 40 0 R] >>" } }),
	    PDF_CHANGE_UNDEFINED, "shadow-hide-and-replace", "/Contents");
}

Test(pdf_changes, page_added_is_undefined)
{
	expect(
	    SCENE(.update = { { 2, "<< /Type /Pages /Count 2 /Kids [3 0 R 50 0 R] >>" },
			      { 50, "<< /Type /Page /Parent 2 0 R >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/Pages");
}

Test(pdf_changes, new_object_that_nothing_refers_to_is_no_change)
{
	expect(SCENE(.update = { { 50, STREAM("", EIGHT) } }), NOTHING, NULL, NULL);
}

Test(pdf_changes, new_object_that_content_was_waiting_for_is_seen)
{
	expect(SCENE(.base = { { 3, "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] "
				    "/Contents [4 0 R 99 0 R] /Annots [40 0 R] >>" } },
		     .update = { { 99, STREAM("", EIGHT) } }),
	       PDF_CHANGE_UNDEFINED, "shadow-replace", "/Contents added");
}

Test(pdf_changes, change_taken_back_by_next_revision_is_seen)
{
	expect(SCENE(.update = { { 4, STREAM("", "abcdefgh") } },
		     .second = { { 4, STREAM("", EIGHT) } }),
	       PDF_CHANGE_UNDEFINED, "shadow-replace", "/Contents");
}

/* ---- catalog and trailer ---- */

Test(pdf_changes, other_root_is_hide_and_replace)
{
	expect(SCENE(.update = { { 50, "<< /Type /Catalog /Pages 2 0 R >>" } },
		     .trailer = "/Root 50 0 R /Info 6 0 R"),
	       PDF_CHANGE_UNDEFINED, "shadow-hide-and-replace", "/Root");
}

Test(pdf_changes, info_with_other_text_is_extension)
{
	expect(SCENE(.update = { { 6, "<< /Title (u) /Producer (p) >>" } }),
	       PDF_CHANGE_EXTENSION, NULL, "Info: /Title");
	expect(SCENE(.update = { { 50, "<< /Title (t) /Producer (q) >>" } },
		     .trailer = "/Root 1 0 R /Info 50 0 R"),
	       PDF_CHANGE_EXTENSION, NULL, "Info: /Producer");
}

Test(pdf_changes, info_that_is_something_else_too_is_undefined)
{
	expect(SCENE(.base = { { 5, "<< /Type /Font /FontDescriptor 6 0 R >>" } },
		     .update = { { 6, "<< /Title (u) /Producer (p) >>" } }),
	       PDF_CHANGE_UNDEFINED, "shadow-replace", "FontDescriptor");
	expect(SCENE(.update = { { 6, "<< /Title (t) /Producer (p) /X [1] >>" } }),
	       PDF_CHANGE_UNDEFINED, NULL, "Info: /X");
}

Test(pdf_changes, catalog_with_dss_version_extensions_is_extension)
{
	expect(
	    SCENE(.update = { { 1, CATALOG_WITH("/DSS << /Certs [50 0 R] /VRI << "
						"/0123456789ABCDEF0123456789ABCDEF01"
						"234567 << /Cert [50 0 R] >> >> >> "
						"/Version /1.7 /Extensions << /ESIC << "
						">> >>") },
			      { 50, STREAM("", EIGHT) } }),
	    PDF_CHANGE_EXTENSION, NULL, "/DSS");
}

Test(pdf_changes, dss_with_what_is_no_validation_data_is_undefined)
{
	expect(
	    SCENE(.update = { { 1, CATALOG_WITH("/DSS << /Certs [4 0 R] /Pages 2 0 R "
						">>") } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/DSS/Pages");
	expect(SCENE(.update = { { 1, CATALOG_WITH("/DSS << /Certs [3 0 R] >>") } }),
	       PDF_CHANGE_UNDEFINED, NULL, "no stream");
	expect(
	    SCENE(.update = { { 1, CATALOG_WITH("/DSS << /VRI << /X << >> >> >>") } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/VRI");
}

Test(pdf_changes, dss_removed_is_undefined)
{
	expect(SCENE(.base = { { 1, CATALOG_WITH("/DSS << /Certs [21 0 R] >>") } },
		     .update = { { 1, CATALOG_WITH("") } }),
	       PDF_CHANGE_UNDEFINED, NULL, "/DSS removed");
}

Test(pdf_changes, dss_list_of_its_own_grown_is_extension_unless_it_is_content_too)
{
	struct object catalog = { 1, CATALOG_WITH("/DSS << /Certs 50 0 R >>") };
	struct object list = { 50, "[21 0 R]" }, more = { 50, "[21 0 R 51 0 R]" };
	struct object cert = { 51, STREAM("", EIGHT) };
	expect(SCENE(.base = { catalog, list }, .update = { more, cert }),
	       PDF_CHANGE_EXTENSION, NULL, "/DSS/Certs");
	expect(
	    SCENE(.base = { catalog,
			    list,
			    { 3, "<< /Type /Page /Parent 2 0 R /Contents 50 0 R >>" } },
		  .update = { more, cert }),
	    PDF_CHANGE_UNDEFINED, "shadow-replace", "/Contents");
}

Test(pdf_changes, catalog_with_open_action_or_names_is_undefined)
{
	expect(SCENE(.update = { { 1, CATALOG_WITH(
					  "/OpenAction << /S /JavaScript >>") } }),
	       PDF_CHANGE_UNDEFINED, NULL, "/OpenAction");
	expect(SCENE(.update = { { 1, CATALOG_WITH("/Names << >>") } }),
	       PDF_CHANGE_UNDEFINED, NULL, "/Names");
}

Test(pdf_changes, catalog_that_is_something_else_too_is_undefined)
{
	expect(
	    SCENE(.base = { { 3, "<< /Type /Page /Parent 2 0 R /Resources << /Font 1 "
				 "0 R >> >>" } },
		  .update = { { 1, CATALOG_WITH("/Version /2.0") } }),
	    PDF_CHANGE_UNDEFINED, "shadow-replace", "/Resources/Font");
}

Test(pdf_changes, metadata_replaced_is_extension_unless_it_is_content_too)
{
	struct object other = { 9,
				STREAM("/Type /Metadata /Subtype /XML", "abcdefgh") };
	expect(SCENE(.update = { other }), PDF_CHANGE_EXTENSION, NULL, "/Metadata");
	expect(SCENE(.base = { { 3, "<< /Type /Page /Parent 2 0 R /Contents [4 0 R 9 0 "
				    "R] >>" } },
		     .update = { other }),
	       PDF_CHANGE_UNDEFINED, "shadow-replace", "/Contents");
	expect(
	    SCENE(.update = { { 9, STREAM("/Type /XObject /Subtype /Form", EIGHT) } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/Metadata");
}

Test(pdf_changes, structure_for_new_annotation_is_extension)
{
	expect(
	    SCENE(.update = { { 31, "<< /Type /StructElem /S /Document /P 30 0 R /K [0 "
				    "50 0 R] /Alt (alt) >>" },
			      { 50, "<< /S /Form /P 31 0 R /K << /Type /OBJR /Obj 40 0 "
				    "R >> >>" },
			      { 32, "<< /Nums [0 [31 0 R] 1 50 0 R] >>" } }),
	    PDF_CHANGE_EXTENSION, NULL, "");
}

Test(pdf_changes, structure_with_other_text_for_content_is_undefined)
{
	expect(SCENE(.update = { { 31,
				   "<< /Type /StructElem /S /Document /P 30 0 R /K [0] "
				   "/Alt (evil) >>" } }),
	       PDF_CHANGE_UNDEFINED, NULL, "/Alt");
	expect(
	    SCENE(.update = { { 31, "<< /Type /StructElem /S /Document /P 30 0 R /K [0 "
				    "<< /S /P /K 1 /ActualText (evil) >>] /Alt (alt) "
				    ">>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/K");
}

/* ---- filling in ---- */

Test(pdf_changes, text_field_filled_is_form_fill)
{
	expect(SCENE(.update = { { 8, TEXT_FIELD("/V (b) /AP << /N 50 0 R >>") },
				 { 50, STREAM("/Subtype /Form", EIGHT) } }),
	       PDF_CHANGE_FORM_FILL, NULL, "field \"name\"");
}

Test(pdf_changes, field_below_parent_filled_names_it_in_full)
{
	struct read r = read_scene(
	    SCENE(.update = { { 16, "<< /T (q) /Parent 15 0 R /V (y) >>" } }));
	cr_assert_eq(r.c.n, 1);
	cr_expect_eq(r.c.v[0].kind, PDF_CHANGE_FORM_FILL);
	cr_expect(view_is_text(r.c.v[0].field, "p.q"));
	cr_expect_eq(r.c.v[0].object.number, 16);
	read_free(&r);
}

Test(pdf_changes, field_with_other_name_action_or_kind_is_undefined)
{
	expect(SCENE(.update = { { 8, TEXT_FIELD(
					  "/V (a) /AP << /N 11 0 R >> /AA << >>") } }),
	       PDF_CHANGE_UNDEFINED, NULL, "/AA");
	expect(SCENE(.update = { { 16, "<< /T (r) /Parent 15 0 R /V (x) >>" } }),
	       PDF_CHANGE_UNDEFINED, NULL, "/T");
	expect(SCENE(.update = { { 8, "<< /Type /Page /Contents 4 0 R >>" } }),
	       PDF_CHANGE_UNDEFINED, "shadow-hide", "removed");
}

Test(pdf_changes, field_moved_or_hidden_is_annotation)
{
	expect(
	    SCENE(.update = { { 8, TEXT_FIELD("/V (a) /AP << /N 11 0 R >> /F 2") } }),
	    PDF_CHANGE_ANNOTATION, NULL, "/F");
	expect(SCENE(.update = { { 17,
				   "<< /Type /Annot /Subtype /Widget /FT /Btn /T (box) "
				   "/Rect [1 1 500 500] /AS /Off /AP 18 0 R >>" } }),
	       PDF_CHANGE_ANNOTATION, NULL, "/Rect");
}

Test(pdf_changes, field_made_read_only_is_form_fill_but_made_another_is_undefined)
{
	expect(
	    SCENE(.update = { { 8, TEXT_FIELD("/V (a) /AP << /N 11 0 R >> /Ff 1") } }),
	    PDF_CHANGE_FORM_FILL, NULL, "/Ff");
	expect(SCENE(.update = { { 8, TEXT_FIELD(
					  "/V (a) /AP << /N 11 0 R >> /Ff 8192") } }),
	       PDF_CHANGE_UNDEFINED, NULL, "/Ff");
}

Test(pdf_changes, appearance_replaced_in_place_is_form_fill_unless_page_draws_it)
{
	struct object other = { 11, STREAM("/Type /XObject /Subtype /Form /BBox [0 0 2 "
					   "2]",
					   "abcdefgh") };
	expect(SCENE(.update = { other }), PDF_CHANGE_FORM_FILL, NULL,
	       "field \"name\"");
	expect(
	    SCENE(.base = { { 3, "<< /Type /Page /Parent 2 0 R /Resources << /XObject "
				 "<< /X1 11 0 R >> >> /Annots [8 0 R] >>" } },
		  .update = { other }),
	    PDF_CHANGE_UNDEFINED, "shadow-hide", "/XObject/X1");
}

Test(pdf_changes, appearance_under_a_name_like_a_back_reference_is_still_content)
{
	expect(
	    SCENE(.base = { { 3, "<< /Type /Page /Parent 2 0 R /Resources << /XObject "
				 "<< /P 11 0 R >> >> /Annots [8 0 R] >>" } },
		  .update = { { 11, STREAM("/Type /XObject /Subtype /Form /BBox [0 0 2 "
					   "2]",
					   "abcdefgh") } }),
	    PDF_CHANGE_UNDEFINED, "shadow-hide", "/XObject/P");
}

Test(pdf_changes, states_of_check_box_may_change_unless_page_has_them_as_resources)
{
	struct object other = { 18, "<< /N << /On 20 0 R /Off 20 0 R >> >>" };
	expect(SCENE(.update = { other }), PDF_CHANGE_FORM_FILL, NULL, "field \"box\"");
	expect(
	    SCENE(.base = { { 3, "<< /Type /Page /Parent 2 0 R /Resources << /XObject "
				 "18 0 R >> /Annots [17 0 R] >>" } },
		  .update = { other }),
	    PDF_CHANGE_UNDEFINED, "shadow-hide", "/XObject");
}

Test(pdf_changes, field_that_is_graphics_state_too_does_not_change_opacity)
{
	expect(
	    SCENE(.update = { { 8, TEXT_FIELD("/V (a) /AP << /N 11 0 R >> /CA 0") } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/CA");
}

Test(pdf_changes, field_that_is_map_of_resources_too_is_undefined)
{
	expect(
	    SCENE(.base = { { 3, "<< /Type /Page /Parent 2 0 R /Resources << /Font 8 0 "
				 "R >> /Annots [8 0 R] >>" } },
		  .update = { { 8, TEXT_FIELD("/V (a) /AP << /N 50 0 R >>") },
			      { 50, STREAM("/Subtype /Form", EIGHT) } }),
	    PDF_CHANGE_UNDEFINED, "shadow-replace", "/Resources/Font");
}

Test(pdf_changes, form_resources_may_grow_but_not_change)
{
	expect(SCENE(.update = { { 7, "<< /Fields [" ALL_FIELDS "] /DR << /Font << "
				      "/Helv 5 0 R /New 50 0 R >> >> /DA (/Helv 0 Tf) "
				      "/SigFlags 3 >>" },
				 { 50, "<< /Type /Font /Subtype /Type1 /BaseFont "
				       "/ZapfDingbats >>" } }),
	       PDF_CHANGE_EXTENSION, NULL, "/DR/Font/New added");
	expect(
	    SCENE(.update = { { 7,
				"<< /Fields [" ALL_FIELDS "] /DR << /Font << /Helv 5 "
				"0 R /New 50 0 R >> >> /DA (/Helv 0 Tf) /SigFlags 3 "
				">>" },
			      { 50, "<< /Type /Font >>" } }),
	    PDF_CHANGE_FORM_FILL, NULL, "/DR/Font/New added");
	expect(SCENE(.update = { { 7, "<< /Fields [" ALL_FIELDS
				      "] /DR << /Font << /Helv 50 "
				      "0 R >> >> /DA (/Helv 0 Tf) /SigFlags 3 >>" },
				 { 50, "<< /Type /Font /BaseFont /Evil >>" } }),
	       PDF_CHANGE_UNDEFINED, "shadow-replace", "/DR/Font/Helv");
}

Test(pdf_changes, form_with_xfa_or_new_order_of_calculation_is_undefined)
{
	expect(SCENE(.update = { { 7, FORM_WITH("[" ALL_FIELDS "]", "/XFA 50 0 R") },
				 { 50, STREAM("", EIGHT) } }),
	       PDF_CHANGE_UNDEFINED, NULL, "/XFA");
	expect(SCENE(.update = { { 7, FORM_WITH("[" ALL_FIELDS "]", "/CO [8 0 R]") } }),
	       PDF_CHANGE_UNDEFINED, NULL, "/CO");
}

Test(pdf_changes, need_appearances_is_form_fill)
{
	expect(SCENE(.update = { { 7, FORM_WITH("[" ALL_FIELDS "]",
						"/NeedAppearances true") } }),
	       PDF_CHANGE_FORM_FILL, NULL, "/NeedAppearances");
}

Test(pdf_changes, field_taken_out_of_form_is_undefined)
{
	expect(
	    SCENE(.update = { { 7, FORM_WITH("[14 0 R 15 0 R 17 0 R 40 0 R]", "") } }),
	    PDF_CHANGE_UNDEFINED, "shadow-hide", "field (object 8) removed");
}

Test(pdf_changes, fields_in_another_order_are_no_change)
{
	expect(SCENE(.update = { { 7, FORM_WITH("[40 0 R 14 0 R 15 0 R 8 0 R 17 0 R]",
						"") } }),
	       NOTHING, NULL, NULL);
}

/* ---- signing ---- */

Test(pdf_changes, empty_field_signed_is_form_fill)
{
	expect(SCENE(.update = { { 14, EMPTY_FIELD("/V 50 0 R /AP << /N 51 0 R >>") },
				 { 50, SOME_SIGNATURE },
				 { 51, STREAM("/Subtype /Form", EIGHT) } }),
	       PDF_CHANGE_FORM_FILL, NULL, "field \"empty\"");
}

Test(pdf_changes, empty_field_stamped_is_extension)
{
	expect(
	    SCENE(.update = { { 14, EMPTY_FIELD("/V 50 0 R") }, { 50, SOME_STAMP } }),
	    PDF_CHANGE_EXTENSION, NULL, "field \"empty\"");
}

Test(pdf_changes, empty_field_with_an_appearance_and_no_signature_is_sneaky)
{
	struct object look = { 14, EMPTY_FIELD("/AP << /N 50 0 R >>") };
	struct object stream = { 50, STREAM("/Subtype /Form", EIGHT) };
	expect(SCENE(.update = { look, stream }), PDF_CHANGE_ANNOTATION, NULL, "/AP");
	expect(SCENE(.signature = "/Reference [<< /TransformMethod /DocMDP "
				  "/TransformParams << /P 2 /V /1.2 >> >>]",
		     .update = { look, stream }),
	       PDF_CHANGE_ANNOTATION, "sneaky-signature", "/AP");
}

Test(pdf_changes, signed_field_with_another_appearance_is_sneaky)
{
	expect(SCENE(.update = { { 40, SIGNED_FIELD("/AP << /N 50 0 R >>") },
				 { 50, STREAM("/Subtype /Form", EIGHT) } }),
	       PDF_CHANGE_UNDEFINED, "sneaky-signature", "field \"signed\"");
	expect(
	    SCENE(.field = "/AP << /N 11 0 R >>",
		  .update = { { 11, STREAM("/Type /XObject /Subtype /Form /BBox [0 0 2 "
					   "2]",
					   "abcdefgh") } }),
	    PDF_CHANGE_UNDEFINED, "sneaky-signature", "field \"signed\"");
}

Test(pdf_changes, signed_field_made_read_only_is_no_change)
{
	expect(SCENE(.update = { { 40, SIGNED_FIELD("/Ff 1 /M (D:2026)") } }), NOTHING,
	       NULL, NULL);
}

Test(pdf_changes, signed_field_with_another_signature_is_undefined)
{
	expect(
	    SCENE(.update = { { 14, EMPTY_FIELD("/V 50 0 R") },
			      { 50, SOME_SIGNATURE } },
		  .second = { { 14, EMPTY_FIELD("/V 51 0 R") }, { 51, SOME_STAMP } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/V");
	expect(SCENE(.update = { { 14, EMPTY_FIELD("/V 50 0 R") },
				 { 50, SOME_SIGNATURE } },
		     .second = { { 50, SOME_STAMP } }),
	       PDF_CHANGE_UNDEFINED, NULL, "/V");
	expect(SCENE(.update = { { 14, EMPTY_FIELD("/V 50 0 R") },
				 { 50, SOME_SIGNATURE } },
		     .second = { { 14, EMPTY_FIELD("") } }),
	       PDF_CHANGE_UNDEFINED, NULL, "/V");
}

#define NEW_SIGNATURE(rect, value)                                                     \
	{ 7, FORM_WITH("[" ALL_FIELDS " 50 0 R]", "") },                               \
	    { 3, PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 50 0 R]", "") },        \
	{                                                                              \
		50, "<< /Type /Annot /Subtype /Widget /FT /Sig /T (new) /P 3 0 R "     \
		    "/Rect " rect " /F 132 " value " >>"                               \
	}

Test(pdf_changes, new_signature_is_form_fill)
{
	expect(SCENE(.update = { NEW_SIGNATURE("[9 9 99 99]",
					       "/V 51 0 R /AP << /N 52 0 R >>"),
				 { 51, SOME_SIGNATURE },
				 { 52, STREAM("/Subtype /Form", EIGHT) } }),
	       PDF_CHANGE_FORM_FILL, NULL, "signature (object 50) added");
}

Test(pdf_changes, new_stamp_is_extension_if_invisible_and_form_fill_if_seen)
{
	expect(SCENE(.update = { NEW_SIGNATURE("[0 0 0 0]", "/V 51 0 R"),
				 { 51, SOME_STAMP } }),
	       PDF_CHANGE_EXTENSION, NULL, "document time-stamp (object 50) added");
	expect(SCENE(.update = { NEW_SIGNATURE("[9 9 99 99]", "/V 51 0 R"),
				 { 51, SOME_STAMP } }),
	       PDF_CHANGE_FORM_FILL, NULL, "document time-stamp (object 50) added");
}

Test(pdf_changes, new_empty_signature_field_is_form_fill_but_not_if_it_shows_something)
{
	expect(SCENE(.update = { NEW_SIGNATURE("[9 9 99 99]", "") }),
	       PDF_CHANGE_FORM_FILL, NULL, "empty signature field");
	expect(SCENE(.update = { NEW_SIGNATURE("[9 9 99 99]", "/AP << /N 10 0 R >>") }),
	       PDF_CHANGE_ANNOTATION, NULL, "no signature");
}

Test(pdf_changes, new_text_field_is_annotation)
{
	expect(SCENE(.update = { { 7, FORM_WITH("[" ALL_FIELDS " 50 0 R]", "") },
				 { 50, "<< /FT /Tx /T (new) /V (text) >>" } }),
	       PDF_CHANGE_ANNOTATION, NULL, "form field (object 50) added");
}

/* ---- annotations ---- */

Test(pdf_changes, annotation_added_changed_removed_is_annotation)
{
	struct object added = {
		50, "<< /Type /Annot /Subtype /FreeText /Rect [1 1 9 9] >>"
	};
	struct object page = {
		3, PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 50 0 R]", "")
	};
	expect(SCENE(.update = { page, added }), PDF_CHANGE_ANNOTATION, NULL,
	       "annotation (object 50) added");
	expect(SCENE(.update = { { 12, "<< /Type /Annot /Subtype /Text /Rect [1 1 9 9] "
				       "/Contents (ho) >>" } }),
	       PDF_CHANGE_ANNOTATION, NULL, "/Contents changed");
	expect(SCENE(.update = { { 3, PAGE_WITH("[8 0 R 14 0 R 17 0 R 40 0 R]", "") },
				 { 12, NULL } }),
	       PDF_CHANGE_ANNOTATION, NULL, "annotation (object 12) removed");
	expect(SCENE(.update = { { 12, NULL } }), PDF_CHANGE_ANNOTATION, NULL,
	       "removed");
}

Test(pdf_changes, annotation_over_certified_page_is_named)
{
	expect(SCENE(.signature = "/Reference [<< /TransformMethod /DocMDP "
				  "/TransformParams << /P 3 /V /1.2 >> >>]",
		     .update = { { 3, PAGE_WITH(
					  "[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 50 0 R]",
					  "") },
				 { 50, "<< /Subtype /FreeText /Rect [1 1 9 9] >>" } }),
	       PDF_CHANGE_ANNOTATION, "evil-annotation", "annotation (object 50)");
}

Test(pdf_changes, annotations_in_another_order_are_annotation)
{
	expect(SCENE(.update = { { 3, PAGE_WITH("[12 0 R 8 0 R 14 0 R 17 0 R 40 0 R]",
						"") } }),
	       PDF_CHANGE_ANNOTATION, NULL, "order");
}

Test(pdf_changes, widget_taken_from_page_is_shadow_hide)
{
	expect(
	    SCENE(.update = { { 3, PAGE_WITH("[12 0 R 14 0 R 17 0 R 40 0 R]", "") } }),
	    PDF_CHANGE_UNDEFINED, "shadow-hide", "widget (object 8) removed");
}

Test(pdf_changes, annotation_become_a_field_or_something_else_is_undefined)
{
	expect(
	    SCENE(.update = { { 12, "<< /Type /Annot /Subtype /Widget /Rect [1 1 9 9] "
				    "/Contents (hi) >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "");
	expect(SCENE(.update = { { 3, PAGE_WITH(
					  "[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 4 0 R]",
					  "") } }),
	       PDF_CHANGE_UNDEFINED, NULL, "no annotation");
}

Test(pdf_changes, annotation_that_list_was_waiting_for_is_annotation)
{
	expect(
	    SCENE(.base = { { 3, PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 99 0 R]",
					   "") } },
		  .update = { { 99, "<< /Subtype /Stamp /Rect [1 1 9 9] >>" } }),
	    PDF_CHANGE_ANNOTATION, NULL, "annotation (object 99) added");
}

Test(pdf_changes, page_that_tree_was_waiting_for_is_undefined)
{
	expect(
	    SCENE(.base = { { 2, "<< /Type /Pages /Count 2 /Kids [3 0 R 99 0 R] >>" } },
		  .update = { { 99,
				"<< /FT /Tx /T (x) /Subtype /Widget /Contents 4 0 R "
				">>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/Kids");
}

Test(pdf_changes, annots_of_their_own_may_grow_unless_they_are_content_too)
{
	struct object list = { 50, "[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R]" };
	struct object more = { 50, "[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 51 0 R]" };
	struct object added = { 51, "<< /Subtype /Text /Rect [1 1 9 9] >>" };
	expect(SCENE(.base = { { 3, PAGE_WITH("50 0 R", "") }, list },
		     .update = { more, added }),
	       PDF_CHANGE_ANNOTATION, NULL, "annotation (object 51) added");
	expect(
	    SCENE(.base = { { 3,
			      "<< /Type /Page /Parent 2 0 R /Annots 50 0 R /Contents "
			      "50 0 R >>" },
			    list },
		  .update = { more, added }),
	    PDF_CHANGE_UNDEFINED, "shadow-replace", "/Contents");
}

Test(pdf_changes, page_with_anything_but_annots_changed_is_undefined)
{
	expect(SCENE(.update = { { 3, PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R]",
						"/Rotate 180") } }),
	       PDF_CHANGE_UNDEFINED, NULL, "/Rotate");
	expect(SCENE(.update = { { 3, PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R]",
						"/AA << >>") } }),
	       PDF_CHANGE_UNDEFINED, NULL, "/AA");
}

Test(pdf_changes, resources_moved_to_an_object_of_their_own_are_no_change)
{
	expect(
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

/* ---- streams of the file itself ---- */

Test(pdf_changes, object_stream_in_place_of_an_object_collides)
{
	expect(
	    SCENE(.update = { { 21, STREAM("/Type /ObjStm /N 0 /First 0", EIGHT) } }),
	    PDF_CHANGE_UNDEFINED, "colliding-object-stream", "object 21");
}

Test(pdf_changes, octets_of_no_revision_are_incremental_saving)
{
	expect(SCENE(.junk = "4 0 obj\n<< /Length 1 >>\nstream\nx\nendstream\nendobj\n",
		     .update = { { 50, "(x)" } }),
	       PDF_CHANGE_UNDEFINED, "incremental-saving", "");
}

Test(pdf_changes, octets_behind_the_end_are_incremental_saving_but_white_space_is_not)
{
	expect(SCENE(.junk = "\r\n \t"), NOTHING, NULL, NULL);
	expect(SCENE(.junk = "4 0 obj\n(x)\nendobj\n"), PDF_CHANGE_UNDEFINED,
	       "incremental-saving", "behind the last revision");
}

/* ---- permissions ---- */

static void expect_forbidden(const struct scene *s, const char *why)
{
	struct read r = read_scene(s);
	const struct pdf_change *c;
	char text[200];
	pdf_changes_forbidden(r.p, &r.c, 0, &c, text);
	cr_expect_eq(c != NULL, why[0] != 0, "%s", text);
	cr_expect(strstr(text, why) != NULL, "\"%s\" lacks \"%s\"", text, why);
	read_free(&r);
}

#define DOCMDP(p)                                                                      \
	"/Reference [<< /TransformMethod /DocMDP /TransformParams << /P " p            \
	" /V /1.2 >> >>]"
#define FIELDMDP(rule)                                                                 \
	"/Reference [<< /TransformMethod /FieldMDP /TransformParams << /Type "         \
	"/TransformParams /V /1.2 " rule " >> >>]"
#define FILL                                                                           \
	{                                                                              \
		8, TEXT_FIELD("/V (b) /AP << /N 11 0 R >>")                            \
	}
#define FILL_KID                                                                       \
	{                                                                              \
		16, "<< /T (q) /Parent 15 0 R /V (y) >>"                               \
	}
#define COMMENT                                                                        \
	{                                                                              \
		12, "<< /Type /Annot /Subtype /Text /Rect [1 1 9 9] /Contents (ho) >>" \
	}
#define EXTEND                                                                         \
	{                                                                              \
		1, CATALOG_WITH("/DSS << /Certs [21 0 R] >>")                          \
	}

Test(pdf_changes, docmdp_of_each_level_permits_what_it_should)
{
	expect_forbidden(SCENE(.signature = DOCMDP("1"), .update = { FILL }), "P=1");
	expect_forbidden(SCENE(.signature = DOCMDP("1"), .update = { EXTEND }), "");
	expect_forbidden(SCENE(.signature = DOCMDP("2"), .update = { FILL }), "");
	expect_forbidden(SCENE(.signature = DOCMDP("2"), .update = { COMMENT }), "P=2");
	expect_forbidden(SCENE(.signature = DOCMDP("3"), .update = { COMMENT }), "");
	expect_forbidden(SCENE(.update = { COMMENT }), "");
}

Test(pdf_changes, fieldmdp_forbids_the_fields_it_names_and_those_below)
{
	expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /All"), .update = { FILL }),
	    "FieldMDP");
	expect_forbidden(SCENE(.signature = FIELDMDP("/Action /Include /Fields [(p)]"),
			       .update = { FILL_KID }),
			 "\"p.q\"");
	expect_forbidden(SCENE(.signature = FIELDMDP("/Action /Include /Fields [(p)]"),
			       .update = { FILL }),
			 "");
	expect_forbidden(SCENE(.signature = FIELDMDP("/Action /Include /Fields [(na)]"),
			       .update = { FILL }),
			 "");
	expect_forbidden(SCENE(.signature = FIELDMDP("/Action /Exclude /Fields [(p)]"),
			       .update = { FILL_KID }),
			 "");
	expect_forbidden(SCENE(.signature = FIELDMDP("/Action /Exclude /Fields [(p)]"),
			       .update = { FILL }),
			 "\"name\"");
	expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /All"), .update = { EXTEND }), "");
	expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /All"),
		  .update = { { 14, EMPTY_FIELD("/V 50 0 R") }, { 50, SOME_STAMP } }),
	    "");
}

Test(pdf_changes, lock_of_the_field_forbids_and_its_permission_counts)
{
	expect_forbidden(SCENE(.field = "/Lock << /Type /SigFieldLock /Action /Include "
					"/Fields [(name)] >>",
			       .update = { FILL }),
			 "lock");
	expect_forbidden(SCENE(.field = "/Lock << /Type /SigFieldLock /Action /Include "
					"/Fields [(name)] >>",
			       .update = { FILL_KID }),
			 "");
	expect_forbidden(SCENE(.field = "/Lock << /Type /SigFieldLock /Action /Include "
					"/Fields [(other)] /P 2 >>",
			       .update = { COMMENT }),
			 "P=2");
}

Test(pdf_changes, lock_applied_by_its_own_signature_is_no_violation)
{
	expect_forbidden(SCENE(.signature = FIELDMDP("/Action /All"),
			       .field = "/Ff 1 /Lock << /Action /All >>"),
			 "");
}

/* ---- what looks like something else, or hides ---- */

/* Equal but for an object that changes in the same revision: nothing of what was there
 * refers to it any more. */
Test(pdf_changes, content_behind_a_copied_list_is_seen)
{
	struct object old = { 50, "[4 0 R]" }, page = {
		3, "<< /Type /Page /Parent 2 0 R /Contents 50 0 R /Annots [40 0 R] >>"
	};
	struct object copied = {
		3, "<< /Type /Page /Parent 2 0 R /Contents 51 0 R /Annots [40 0 R] >>"
	};
	struct object list = { 51, "[4 0 R]" };
	struct object content = { 4, STREAM("", "abcdefgh") };
	expect(SCENE(.base = { page, old }, .update = { copied, list, content }),
	       PDF_CHANGE_UNDEFINED, "shadow-replace", "/Contents");
	expect(SCENE(.base = { page, old },
		     .update = { copied, list, content, { 50, NULL } }),
	       PDF_CHANGE_UNDEFINED, "shadow-replace", "/Contents");
	expect(SCENE(.base = { page, old }, .update = { copied, list, { 50, NULL } }),
	       NOTHING, NULL, NULL);
}

Test(pdf_changes, content_that_a_copied_list_was_waiting_for_is_seen)
{
	expect(SCENE(.base = { { 3, "<< /Type /Page /Parent 2 0 R /Contents 50 0 R "
				    "/Annots [40 0 R] >>" },
			       { 50, "[99 0 R]" } },
		     .update = { { 3, "<< /Type /Page /Parent 2 0 R /Contents 51 0 R "
				      "/Annots [40 0 R] >>" },
				 { 51, "[99 0 R]" },
				 { 99, STREAM("", EIGHT) } }),
	       PDF_CHANGE_UNDEFINED, "shadow-replace", "/Contents");
}

Test(pdf_changes, resource_behind_copied_resources_is_seen)
{
	expect(SCENE(.base = { { 3, "<< /Type /Page /Parent 2 0 R /Resources 50 0 R "
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

Test(pdf_changes, reference_with_leading_zeroes_is_seen)
{
	expect(SCENE(.base = { { 3, "<< /Type /Page /Parent 2 0 R /Contents "
				    "000000000000004 0000000000000000 R /Annots [40 0 "
				    "R] >>" } },
		     .update = { { 4, STREAM("", "abcdefgh") } }),
	       PDF_CHANGE_UNDEFINED, "shadow-replace", "/Contents");
}

Test(pdf_changes, content_that_looks_like_a_section_is_seen)
{
	expect(SCENE(.base = { { 4, STREAM("/Type /XRef", EIGHT) } },
		     .update = { { 4, STREAM("/Type /XRef", "abcdefgh") } }),
	       PDF_CHANGE_UNDEFINED, "shadow-replace", "/Contents");
}

/* Readers take a leaf of the tree for a page, whatever it says. */
Test(pdf_changes, page_that_looks_like_an_annotation_is_seen)
{
	struct object tree = { 2, "<< /Type /Pages /Count 2 /Kids [3 0 R 50 0 R] >>" };
	struct object list = { 60, "[3 0 R 50 0 R]" };
	struct object leaf = {
		50, "<< /Subtype /Link /Rect [0 0 9 9] /Parent 2 0 R /Contents 4 0 R >>"
	};
	struct object other = { 50, "<< /Subtype /Link /Rect [0 0 9 9] /Parent 2 0 R "
				    "/Contents 21 0 R >>" };
	expect(SCENE(.base = { tree, leaf }, .update = { other }), PDF_CHANGE_UNDEFINED,
	       NULL, "/Pages/Kids");
	expect(SCENE(.base = { { 2, "<< /Type /Pages /Count 2 /Kids 60 0 R >>" },
			       list,
			       leaf },
		     .update = { other }),
	       PDF_CHANGE_UNDEFINED, NULL, "/Pages/Kids");
}

Test(pdf_changes, tree_of_pages_that_looks_like_fields_is_seen)
{
	struct object tree = { 2, "<< /Type /Pages /Count 2 /Kids [3 0 R 50 0 R] >>" };
	struct object inner = { 50, "<< /T (a) /Parent 2 0 R /Kids [51 0 R] >>" };
	struct object innermost = { 51, "<< /T (b) /Parent 50 0 R /Kids [] >>" };
	struct object page = { 52, "<< /FT /Sig /T (c) /Parent 51 0 R /Contents 4 0 R "
				   ">>" };
	struct object grown = { 51, "<< /T (b) /Parent 50 0 R /Kids [52 0 R] >>" };
	expect(SCENE(.base = { tree, inner, innermost }, .update = { grown, page }),
	       PDF_CHANGE_UNDEFINED, NULL, "/Kids");
}

Test(pdf_changes, page_that_is_information_too_is_seen)
{
	expect(
	    SCENE(.base = { { 2, "<< /Type /Pages /Count 2 /Kids [3 0 R 6 0 R] >>" },
			    { 6, "<< /Title (t) /Contents 4 0 R >>" } },
		  .update = { { 6, "<< /Title (t) /Contents 4 0 R /Rotate 90 >>" } }),
	    PDF_CHANGE_UNDEFINED, NULL, "/Pages/Kids");
	expect(SCENE(.base = { { 3, "<< /Type /Page /Parent 6 0 R /Contents 4 0 R "
				    "/Annots [40 0 R] >>" } },
		     .update = { { 6, "<< /Title (t) /Producer (p) /Rotate 90 >>" } }),
	       PDF_CHANGE_UNDEFINED, NULL, "/Parent");
}

Test(pdf_changes, fields_that_refer_to_each_other_in_a_circle_are_judged)
{
	expect(SCENE(.base = { { 15, "<< /FT /Tx /T (p) /Kids [16 0 R] >>" },
			       { 16, "<< /FT /Tx /T (q) /Parent 15 0 R /Kids [15 0 R] "
				     ">>" } },
		     .update = { { 16, "<< /FT /Tx /T (q) /Parent 15 0 R /Kids [15 0 "
				       "R] /V (y) >>" } }),
	       PDF_CHANGE_UNDEFINED, NULL, "/Kids");
}

Test(pdf_changes, fields_without_end_are_too_many_changes)
{
	static char bodies[40][80];
	struct scene s = { .update = {
			       { 7, FORM_WITH("[" ALL_FIELDS " 60 0 R]", "") } } };
	struct buf file = write_scene(&s);
	struct object v[40];
	struct ltps_error err = LTPS_ERROR_INIT;
	/* Names alone, each twice below the one above. */
	for (unsigned i = 0; i < 30; i++) {
		(void)snprintf(bodies[i], sizeof(bodies[i]),
			       "<< /T (t) /Kids [%u 0 R %u 0 R] >>", 61 + i, 61 + i);
		v[i] = (struct object){ 60 + i, bodies[i] };
	}
	v[30] = (struct object){ 90, "<< /T (t) /Kids [] >>" };
	put_revision(&file, v, 31, NULL);
	struct pades *p;
	struct pdf_changes c;
	cr_assert_eq(pades_read(view_buf(&file), VIEW_NULL, &p, &err), 0, "%s",
		     err.text);
	cr_assert_eq(pdf_changes_find(p, &c, &err), 0, "%s", err.text);
	cr_expect_str_eq(pdf_change_kind_name(worst(&c)->kind), "undefined");
	pdf_changes_clear(&c);
	pades_free(p);
	buf_free(&file);
}

/* ---- signatures that show what they should not ---- */

#define CERTIFIED_1                                                                    \
	"/Reference [<< /TransformMethod /DocMDP /TransformParams << /P 1 /V /1.2 >> " \
	">>]"

Test(pdf_changes, stamp_that_is_seen_on_paper_alone_is_form_fill)
{
	struct object page = {
		3, PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 50 0 R]", "")
	};
	struct object form = { 7, FORM_WITH("[" ALL_FIELDS " 50 0 R]", "") };
	expect(SCENE(.update = { form,
				 page,
				 { 50, "<< /Type /Annot /Subtype /Widget /FT /Sig /T "
				       "(new) /P 3 0 R /Rect [0 0 600 800] /F 36 /V 51 "
				       "0 R /AP << /N 10 0 R >> >>" },
				 { 51, SOME_STAMP } }),
	       PDF_CHANGE_FORM_FILL, NULL, "document time-stamp (object 50) added");
	expect(SCENE(.update = { form,
				 page,
				 { 50, "<< /Type /Annot /Subtype /Widget /FT /Sig /T "
				       "(new) /P 3 0 R /Rect [0 0 600 800] /F 32 /V 51 "
				       "0 R >>" },
				 { 51, SOME_STAMP } }),
	       PDF_CHANGE_EXTENSION, NULL, "document time-stamp (object 50) added");
}

Test(pdf_changes, certified_field_that_shows_something_once_it_is_stamped_is_form_fill)
{
	struct object stamped = { 14, EMPTY_FIELD("/V 50 0 R /AP << /N 10 0 R >>") };
	expect(SCENE(.update = { stamped, { 50, SOME_STAMP } }), PDF_CHANGE_EXTENSION,
	       NULL, "field \"empty\"");
	expect(
	    SCENE(.signature = CERTIFIED_1, .update = { stamped, { 50, SOME_STAMP } }),
	    PDF_CHANGE_FORM_FILL, NULL, "/AP");
	expect(SCENE(.field = "/Lock << /Action /Include /Fields [(x)] /P 1 >>",
		     .update = { stamped, { 50, SOME_STAMP } }),
	       PDF_CHANGE_FORM_FILL, NULL, "/AP");
}

Test(pdf_changes, prepared_field_put_on_certified_page_with_a_stamp_is_form_fill)
{
	expect(SCENE(.base = { { 3, PAGE_WITH("[8 0 R 12 0 R 17 0 R 40 0 R]", "") },
			       { 14, EMPTY_FIELD("/AP << /N 10 0 R >>") } },
		     .signature = CERTIFIED_1,
		     .update = { { 3, PAGE },
				 { 14, EMPTY_FIELD("/AP << /N 10 0 R >> /V 50 0 R") },
				 { 50, SOME_STAMP } }),
	       PDF_CHANGE_FORM_FILL, NULL, "document time-stamp (object 14) added");
}

Test(pdf_changes, prepared_field_made_visible_without_a_signature_is_annotation)
{
	expect(SCENE(.base = { { 14, EMPTY_FIELD("/F 2 /AP << /N 10 0 R >>") } },
		     .update = { { 14, EMPTY_FIELD("/F 4 /AP << /N 10 0 R >>") } }),
	       PDF_CHANGE_ANNOTATION, NULL, "/F");
}

Test(pdf_changes, old_signature_shown_by_a_new_field_is_sneaky)
{
	struct object page = {
		3, PAGE_WITH("[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 50 0 R]", "")
	};
	expect(
	    SCENE(.update = { page,
			      { 40, SIGNED_FIELD("/Kids [50 0 R]") },
			      { 50, "<< /Type /Annot /Subtype /Widget /Parent 40 0 "
				    "R /Rect [0 0 99 99] /AP << /N 10 0 R >> >>" } }),
	    PDF_CHANGE_UNDEFINED, "sneaky-signature", "(object 50)");
	expect(SCENE(.update = { page,
				 { 7, FORM_WITH("[" ALL_FIELDS " 50 0 R]", "") },
				 { 50, "<< /Type /Annot /Subtype /Widget /FT /Sig /T "
				       "(n) /V 41 0 R /Rect [0 0 99 99] >>" } }),
	       PDF_CHANGE_UNDEFINED, "sneaky-signature", "(object 50)");
}

/* ---- locks ---- */

Test(pdf_changes, lock_of_all_fields_forbids_to_draw_them_anew)
{
	expect_forbidden(SCENE(.signature = FIELDMDP("/Action /All"),
			       .update = { { 7, FORM_WITH("[" ALL_FIELDS "]",
							  "/NeedAppearances true") } }),
			 "FieldMDP");
	expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /All"),
		  .update = { { 7, "<< /Fields [" ALL_FIELDS
				   "] /DR << /Font << /Helv 5 0 R >> >> /DA (/Helv 0 "
				   "Tf 1 g) /SigFlags 3 >>" } }),
	    "FieldMDP");
}

Test(pdf_changes, lock_forbids_to_hide_or_move_its_field)
{
	expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /Include /Fields [(name)]"),
		  .update = { { 8, TEXT_FIELD("/V (a) /AP << /N 11 0 R >> /F 2") } }),
	    "\"name\"");
	expect_forbidden(
	    SCENE(.signature = FIELDMDP("/Action /Include /Fields [(name)]"),
		  .update = { { 8, "<< /Type /Annot /Subtype /Widget /FT /Tx /T (name) "
				   "/Rect [500 500 510 510] /P 3 0 R /V (a) /AP << /N "
				   "11 0 R >> >>" } }),
	    "\"name\"");
}

Test(pdf_changes, field_below_one_with_an_endless_name_is_locked)
{
	static char above[6000];
	(void)snprintf(above, sizeof(above),
		       "<< /FT /Tx /T (%05000d) /Kids [16 0 R] >>", 0);
	expect_forbidden(SCENE(.base = { { 15, above } },
			       .signature = FIELDMDP("/Action /Exclude /Fields [(q)]"),
			       .update = { FILL_KID }),
			 "FieldMDP");
}

Test(pdf_changes, octets_behind_the_end_are_told_after_too_many_changes)
{
	struct scene s = { .update = { { 50, "(x)" } } };
	struct buf file = write_scene(&s);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf members = buf_make(FILE_MAX_OCTETS);
	char line[60];
	struct pades *p;
	struct pdf_changes c;
	put(&members, "<< /Title (t) /Producer (p) ");
	for (unsigned i = 0; i < PDF_CHANGES_MAX + 10; i++) {
		(void)snprintf(line, sizeof(line), "/K%u %u ", i, i);
		put(&members, line);
	}
	put(&members, ">>");
	cr_assert_eq(buf_put_byte(&members, 0, &err), 0);
	struct object info = { 6, (const char *)members.p };
	put_revision(&file, &info, 1, NULL);
	put(&file, "4 0 obj (x) endobj\n");
	cr_assert_eq(pades_read(view_buf(&file), VIEW_NULL, &p, &err), 0, "%s",
		     err.text);
	cr_assert_eq(pdf_changes_find(p, &c, &err), 0, "%s", err.text);
	cr_expect_eq(c.v[c.n - 1].kind, PDF_CHANGE_UNDEFINED);
	cr_expect_eq(c.v[c.n - 1].revision, p->file->n_revisions, "%s",
		     c.v[c.n - 1].what);
	pdf_changes_clear(&c);
	pades_free(p);
	buf_free(&members);
	buf_free(&file);
}

/* ---- memory ---- */

/* Everything that takes memory, at once. */
static const struct scene *busy_scene(void)
{
	static const struct scene scene = {
		.base = { { 3, PAGE_WITH("50 0 R", "") },
			  { 50, "[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R]" } },
		.update = { FILL,
			    FILL_KID,
			    EXTEND,
			    { 50, "[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 51 0 R]" },
			    { 51, "<< /Subtype /Text /Rect [1 1 9 9] >>" },
			    { 31,
			      "<< /Type /StructElem /S /Document /P 30 0 R /K [0 << /S "
			      "/Form >>] /Alt (alt) >>" } },
	};
	return &scene;
}

Test(pdf_changes, failing_allocation_is_an_error_and_leaks_nothing)
{
	struct read whole = read_scene(busy_scene());
	bool done = false;
	cr_assert_gt(whole.c.n, 4);
	for (uint64_t n = 1; !done && n < 2000; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct pdf_changes c;
		struct pades *p;
		cr_assert_eq(pades_read(view_buf(&whole.file), VIEW_NULL, &p, &err), 0);
		mem_fail_nth(n);
		int rc = pdf_changes_find(p, &c, &err);
		done = !mem_fail_hit();
		mem_fail_nth(0);
		if (rc == 0) {
			cr_expect_eq(c.n, whole.c.n);
			pdf_changes_clear(&c);
		} else {
			cr_expect_eq(err.code, LTPS_NOMEM, "%s", err.text);
		}
		pades_free(p);
	}
	cr_expect(done);
	read_free(&whole);
}

/* ---- real files ---- */

struct fact {
	const char *file;
	int kinds; /* bits of the kinds that must be there */
	int never; /* and of those that must not */
};
#define K(kind) (1 << PDF_CHANGE_##kind)

static int kinds_of(const char *name)
{
	char path[200];
	int kinds = 0;
	(void)snprintf(path, sizeof(path), "pades/validation/%s", name);
	struct buf file = corpus_read(path);
	struct read r = read_file(view_buf(&file));
	for (size_t i = 0; i < r.c.n; i++) {
		kinds |= 1 << r.c.v[i].kind;
		cr_log_info("%s: %s %s", name, pdf_change_kind_name(r.c.v[i].kind),
			    r.c.v[i].what);
	}
	read_free(&r);
	buf_free(&file);
	return kinds;
}

/* Rows of expected.tsv about kinds of changes; files whose changes are known. */
Test(pdf_changes, corpus_files_have_the_kinds_of_changes_that_are_known)
{
	static const struct fact facts[] = {
		{ "Signature-P-HU_POL-3.pdf", K(EXTENSION),
		  K(FORM_FILL) | K(ANNOTATION) | K(UNDEFINED) },
		{ "pdf-structtreeroot-changes.pdf", K(EXTENSION) | K(FORM_FILL),
		  K(ANNOTATION) | K(UNDEFINED) },
		{ "timestamped-fields.pdf", K(EXTENSION),
		  K(FORM_FILL) | K(ANNOTATION) | K(UNDEFINED) },
		{ "hello_signed_INCSAVE_signed_EDITED.pdf", K(FORM_FILL),
		  K(ANNOTATION) | K(UNDEFINED) },
		{ "hello_signed_INCSAVE_signed.pdf", K(FORM_FILL),
		  K(ANNOTATION) | K(UNDEFINED) },
		{ "DSS-3226.pdf", K(FORM_FILL), K(ANNOTATION) | K(UNDEFINED) },
		{ "dss-1376/DSS1376-rev_n-2.pdf", K(FORM_FILL),
		  K(ANNOTATION) | K(UNDEFINED) },
		{ "dss-2236/hide.pdf", K(UNDEFINED), 0 },
		{ "modified_after_signature.pdf", K(UNDEFINED), 0 },
		{ "pdf-signed-added-page.pdf", K(UNDEFINED), 0 },
	};
	if (!corpus_present())
		cr_skip_test("no corpus");
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		int kinds = kinds_of(facts[i].file);
		cr_expect_eq(kinds & facts[i].kinds, facts[i].kinds, "%s: %x",
			     facts[i].file, (unsigned)kinds);
		cr_expect_eq(kinds & facts[i].never, 0, "%s: %x", facts[i].file,
			     (unsigned)kinds);
	}
}

/* Three files were changed after signing; all others are as honest writers left them.
 */
static void expect_honest(const char *path, struct view octets, void *arg)
{
	static const char *const changed[] = { "hide.pdf",
					       "modified_after_signature.pdf",
					       "pdf-signed-added-page.pdf" };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_changes c;
	struct pades *p;
	(void)arg;
	size_t n = strlen(path);
	for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++)
		if (strstr(path, changed[i]) != NULL)
			return;
	if (n < 4 || strcmp(path + n - 4, ".pdf") != 0 ||
	    pades_read(octets, VIEW_NULL, &p, &err))
		return;
	cr_assert_eq(pdf_changes_find(p, &c, &err), 0, "%s: %s", path, err.text);
	const struct pdf_change *w = worst(&c);
	cr_expect(w == NULL || w->kind < PDF_CHANGE_ANNOTATION, "%s: %s %s", path,
		  w != NULL ? pdf_change_kind_name(w->kind) : "",
		  w != NULL ? w->what : "");
	pdf_changes_clear(&c);
	pades_free(p);
}

Test(pdf_changes, corpus_files_of_honest_writers_have_no_undefined_changes)
{
	if (!corpus_present())
		cr_skip_test("no corpus");
	cr_expect_gt(corpus_walk("pades", expect_honest, NULL), 60);
}
