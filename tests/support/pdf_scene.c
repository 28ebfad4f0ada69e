/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pdf_scene.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct pdf_scene_object blank[] = {
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

void pdf_scene_put(struct buf *b, const char *text)
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

/* SOME_RANGE in what stands behind `from`, the end of a revision. */
static void fill_range(struct buf *b, size_t from)
{
	static const char OPEN[] = "[0 ########## ########## ##########]";
	char range[64];
	char *place = memmem(b->p + from, b->n - from, OPEN, sizeof(OPEN) - 1);
	if (place == NULL)
		return;
	const size_t behind = (size_t)(place - (char *)b->p);
	const char *gap = memmem(place, b->n - behind, "<30030201", 9);
	cr_assert_not_null(gap);
	const size_t at = (size_t)(gap - (char *)b->p), end = at + 18;
	(void)snprintf(range, sizeof(range), "[0 %-10zu %-10zu %-10zu]", at, end,
		       b->n - end);
	memcpy(place, range, sizeof(OPEN) - 1);
}

void pdf_scene_revision(struct buf *b, const struct pdf_scene_object *v, size_t n,
			const char *trailer)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	size_t offsets[PDF_SCENE_OBJECTS], previous = last_startxref(b);
	const size_t from = b->n;
	char line[200];
	for (size_t i = 0; i < n; i++) {
		offsets[i] = b->n;
		if (v[i].body == NULL)
			continue;
		(void)snprintf(line, sizeof(line), "%u 0 obj\n", v[i].number);
		pdf_scene_put(b, line);
		pdf_scene_put(b, v[i].body);
		pdf_scene_put(b, "\nendobj\n");
	}
	size_t section = b->n;
	pdf_scene_put(b, "xref\n");
	if (previous == 0)
		pdf_scene_put(b, "0 1\n0000000000 65535 f \n");
	for (size_t i = 0; i < n; i++) {
		(void)snprintf(line, sizeof(line), "%u 1\n%010zu %05d %c \n",
			       v[i].number, v[i].body != NULL ? offsets[i] : 0,
			       v[i].body != NULL ? 0 : 1,
			       v[i].body != NULL ? 'n' : 'f');
		pdf_scene_put(b, line);
	}
	pdf_scene_put(b, "trailer\n<< /Size 200 ");
	pdf_scene_put(b, trailer != NULL ? trailer : "/Root 1 0 R /Info 6 0 R");
	if (previous > 0) {
		(void)snprintf(line, sizeof(line), " /Prev %zu", previous);
		pdf_scene_put(b, line);
	}
	(void)snprintf(line, sizeof(line), " >>\nstartxref\n%zu\n%%%%EOF\n", section);
	pdf_scene_put(b, line);
	fill_range(b, from);
	cr_assert_eq(buf_reserve(b, 1, &err), 0);
	b->p[b->n] = 0;
}

static const char *body_of(const struct pdf_scene *s, unsigned number,
			   const char *usual)
{
	for (size_t i = 0; i < PDF_SCENE_CHANGES; i++)
		if (s->base[i].number == number)
			return s->base[i].body;
	return usual;
}

static size_t base_objects(const struct pdf_scene *s, struct pdf_scene_object *out)
{
	size_t n = 0, known = sizeof(blank) / sizeof(blank[0]);
	for (size_t i = 0; i < known; i++) {
		const char *body = body_of(s, blank[i].number, blank[i].body);
		if (body != NULL)
			out[n++] = (struct pdf_scene_object){ blank[i].number, body };
	}
	for (size_t i = 0; i < PDF_SCENE_CHANGES && s->base[i].number > 0; i++) {
		size_t k = 0;
		while (k < known && blank[k].number != s->base[i].number)
			k++;
		if (k == known && s->base[i].body != NULL)
			out[n++] = s->base[i];
	}
	return n;
}

static void put_signature(struct buf *b, const struct pdf_scene *s)
{
	static char value[2000], field[2000];
	(void)snprintf(value, sizeof(value),
		       "<< /Type /Sig /Filter /Adobe.PPKLite /SubFilter "
		       "/ETSI.CAdES.detached %s" SOME_RANGE,
		       s->signature != NULL ? s->signature : "");
	(void)snprintf(field, sizeof(field), SIGNED_FIELD("%s"),
		       s->field != NULL ? s->field : "");
	const struct pdf_scene_object v[] = { { 7, FORM_WITH("[" ALL_FIELDS "]", "") },
					      { 40, field },
					      { 41, value } };
	pdf_scene_revision(b, v, 3, NULL);
}

static size_t count(const struct pdf_scene_object *v)
{
	size_t n = 0;
	while (n < PDF_SCENE_CHANGES && v[n].number > 0)
		n++;
	return n;
}

struct buf pdf_scene_write(const struct pdf_scene *s)
{
	struct buf b = buf_make(PDF_SCENE_OCTETS);
	struct pdf_scene_object v[PDF_SCENE_OBJECTS];
	pdf_scene_put(&b, "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n");
	pdf_scene_revision(&b, v, base_objects(s, v), NULL);
	put_signature(&b, s);
	if (s->junk != NULL)
		pdf_scene_put(&b, s->junk);
	if (count(s->update) > 0 || s->trailer != NULL)
		pdf_scene_revision(&b, s->update, count(s->update), s->trailer);
	if (count(s->second) > 0)
		pdf_scene_revision(&b, s->second, count(s->second), NULL);
	return b;
}

/* ---- reading ---- */

struct pdf_scene_result pdf_scene_read_file(struct view file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_scene_result r = { 0 };
	cr_assert_eq(pades_read(file, VIEW_NULL, &r.p, &err), 0, "%s", err.text);
	cr_assert_eq(pdf_changes_find(r.p, &r.c, &err), 0, "%s", err.text);
	return r;
}

struct pdf_scene_result pdf_scene_read(const struct pdf_scene *s)
{
	struct buf file = pdf_scene_write(s);
	struct pdf_scene_result r = pdf_scene_read_file(view_buf(&file));
	r.file = file;
	return r;
}

void pdf_scene_free(struct pdf_scene_result *r)
{
	pdf_changes_clear(&r->c);
	pades_free(r->p);
	buf_free(&r->file);
}

const struct pdf_change *pdf_scene_worst(const struct pdf_changes *c)
{
	const struct pdf_change *w = NULL;
	for (size_t i = 0; i < c->n; i++)
		if (w == NULL || c->v[i].kind > w->kind)
			w = &c->v[i];
	return w;
}

void pdf_scene_expect(const struct pdf_scene *s, int kind, const char *attack,
		      const char *what)
{
	struct pdf_scene_result r = pdf_scene_read(s);
	const struct pdf_change *w = pdf_scene_worst(&r.c);
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
	pdf_scene_free(&r);
}

void pdf_scene_expect_forbidden(const struct pdf_scene *s, const char *why)
{
	struct pdf_scene_result r = pdf_scene_read(s);
	const struct pdf_change *c;
	char text[200];
	pdf_changes_forbidden(r.p, &r.c, 0, &c, text);
	cr_expect_eq(c != NULL, why[0] != 0, "%s", text);
	cr_expect(strstr(text, why) != NULL, "\"%s\" lacks \"%s\"", text, why);
	pdf_scene_free(&r);
}
