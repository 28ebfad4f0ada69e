/* SPDX-License-Identifier: Apache-2.0 */
/* pdf_update_form - a signature field put into the form and on the first page. */
#include <stdio.h>
#include <string.h>

#include "formats/pdf_update_private.h"

#define FORM_BODY_MAX ((size_t)64 << 20)
#define FIELD_NAME_MAX 64
/* On the way to the first page: a tree of pages is balanced, so this is plenty. */
#define PAGE_NODES_MAX 10000
#define SIG_FLAGS 3 /* SignaturesExist, AppendOnly: Table 225 */

/* The newest revision of the file, and the field on its way into it. */
struct adding {
	struct pdf_update *u;
	const struct pades *p;
	size_t revision;
	struct pdf_ref field;
	struct pdf_ref page; /* number 0: there is none */
};

static int get(const struct adding *a, const struct pdf_value *dict, const char *key,
	       const struct pdf_value **ret, struct ltps_error *err)
{
	return pdf_get(a->u->reader, a->revision, dict, key, ret, err);
}

static int resolve(const struct adding *a, const struct pdf_value *v,
		   const struct pdf_value **ret, struct ltps_error *err)
{
	return pdf_resolve(a->u->reader, a->revision, v, ret, err);
}

/* An array with one reference more; anything else counts as an empty one. */
static int longer_array(const struct pdf_value *array, struct pdf_ref ref,
			struct buf *out, struct ltps_error *err)
{
	if (buf_put_text(out, "[", err) != 0)
		return -1;
	for (size_t i = 0; array->kind == PDF_ARRAY && i < array->n; i++)
		if (buf_put_text(out, " ", err) != 0 ||
		    pdf_value_write(&array->items[i], out, err) != 0)
			return -1;
	return buf_put_fmt(out, err, " %u %u R ]", ref.number, ref.generation);
}

/*
 * An array that stands in a dictionary: where it is an object of its own, that is
 * replaced and *ret_direct stays empty; else the dictionary has to be.
 */
static int extend(const struct adding *a, const struct pdf_value *dict, const char *key,
		  struct buf *ret_direct, struct ltps_error *err)
{
	const struct pdf_value *v = pdf_dict_get(dict, key), *array;
	struct buf body = buf_make(FORM_BODY_MAX);
	if (resolve(a, v, &array, err) != 0)
		return -1;
	int rc = longer_array(array, a->field, &body, err);
	if (rc == 0 && v != NULL && v->kind == PDF_REF && array->kind == PDF_ARRAY)
		rc = pdf_update_object(a->u, v->ref, view_buf(&body), err);
	else if (rc == 0)
		rc = buf_put(ret_direct, view_buf(&body), err);
	buf_free(&body);
	return rc;
}

/* ---- the form ---- */

static bool has_flags(const struct pdf_value *flags)
{
	return flags->kind == PDF_INTEGER && (flags->integer & SIG_FLAGS) == SIG_FLAGS;
}

static int write_form(const struct adding *a, const struct pdf_value *form,
		      struct buf *out, struct ltps_error *err)
{
	const struct pdf_value *flags;
	struct buf fields = buf_make(FORM_BODY_MAX);
	struct pdf_edit edits[2];
	char number[24];
	size_t n = 0;
	if (get(a, form, "SigFlags", &flags, err) != 0)
		return -1;
	int rc = extend(a, form, "Fields", &fields, err);
	if (fields.n > 0)
		edits[n++] = (struct pdf_edit){ "Fields", view_buf(&fields) };
	if (!has_flags(flags)) {
		const int64_t old = flags->kind == PDF_INTEGER ? flags->integer : 0;
		snprintf(number, sizeof(number), "%lld", (long long)(old | SIG_FLAGS));
		edits[n++] = (struct pdf_edit){ "SigFlags", view_text(number) };
	}
	if (rc == 0 && n > 0)
		rc = pdf_dict_write(form, edits, n, out, err);
	buf_free(&fields);
	return rc;
}

/* Without a form there is a new one, an object of its own. */
static int new_form(const struct adding *a, struct view body, struct ltps_error *err)
{
	const struct pdf_ref ref = { pdf_update_number(a->u), 0 };
	char text[32];
	snprintf(text, sizeof(text), "%u 0 R", ref.number);
	if (pdf_update_object(a->u, ref, body, err) != 0)
		return -1;
	return pdf_update_catalog(a->u, "AcroForm", view_text(text), err);
}

static int into_form(const struct adding *a, const struct pdf_value *catalog,
		     struct ltps_error *err)
{
	const struct pdf_value *v = pdf_dict_get(catalog, "AcroForm"), *form;
	struct buf body = buf_make(FORM_BODY_MAX);
	if (resolve(a, v, &form, err) != 0)
		return -1;
	const bool there = pdf_is_dict(form);
	int rc = write_form(a, there ? form : NULL, &body, err);
	if (rc != 0 || body.n == 0)
		;
	else if (!there)
		rc = new_form(a, view_buf(&body), err);
	else if (v->kind == PDF_REF)
		rc = pdf_update_object(a->u, v->ref, view_buf(&body), err);
	else
		rc = pdf_update_catalog(a->u, "AcroForm", view_buf(&body), err);
	buf_free(&body);
	return rc;
}

/* ---- its name ---- */

/* "name", "name2", ...: the highest number that such a name has; 0: no field has it.
 */
static void note_name(struct view name, struct view wanted, uint32_t *top)
{
	uint32_t n = 0;
	if (!view_starts(name, wanted))
		return;
	const struct view rest = view_skip(name, wanted.n);
	for (size_t i = 0; i < rest.n && n < PADES_FIELDS_MAX; i++) {
		if (rest.p[i] == '.')
			break;
		if (rest.p[i] < '0' || rest.p[i] > '9')
			return;
		n = n * 10 + (uint32_t)(rest.p[i] - '0');
	}
	if (n == 0)
		n = 1;
	if (n > *top)
		*top = n;
}

static int note_field(const struct adding *a, const struct pdf_value *item,
		      struct view wanted, uint32_t *top, struct ltps_error *err)
{
	const struct pdf_value *field, *t;
	struct buf name = buf_make(FORM_BODY_MAX);
	if (resolve(a, item, &field, err) != 0 || get(a, field, "T", &t, err) != 0)
		return -1;
	int rc = 0;
	if (t->kind == PDF_STRING)
		rc = pdf_text(t->text, &name, err);
	if (rc == 0)
		note_name(view_buf(&name), wanted, top);
	buf_free(&name);
	return rc;
}

/* Siblings may not have the same name: 12.7.4.2. Those that are on a page alone count
 * too. */
static int choose_name(const struct adding *a, const struct pdf_value *catalog,
		       const char *wanted, char name[FIELD_NAME_MAX],
		       struct ltps_error *err)
{
	const struct pdf_value *form, *fields;
	uint32_t top = 0;
	if (get(a, catalog, "AcroForm", &form, err) != 0 ||
	    get(a, form, "Fields", &fields, err) != 0)
		return -1;
	for (size_t i = 0; fields->kind == PDF_ARRAY && i < fields->n; i++)
		if (note_field(a, &fields->items[i], view_text(wanted), &top, err) != 0)
			return -1;
	for (size_t i = 0; i < a->p->n_signatures; i++)
		note_name(a->p->signatures[i].field_name, view_text(wanted), &top);
	if (top == 0)
		snprintf(name, FIELD_NAME_MAX, "%s", wanted);
	else
		snprintf(name, FIELD_NAME_MAX, "%s%u", wanted, top + 1);
	return 0;
}

/* ---- the first page ---- */

struct walk {
	const struct adding *a;
	struct pdf_ref page;
	const struct pdf_value *dict;
	size_t visited;
};

/* The first leaf; nodes without any are passed over. A tree that is too deep or too
 * large, or that a loop makes so, has no first page. */
static int find_page(struct walk *w, const struct pdf_value *node_or_ref,
		     unsigned depth, struct ltps_error *err)
{
	const struct pdf_value *node, *kids;
	if (depth == PDF_DEPTH_MAX || ++w->visited > PAGE_NODES_MAX)
		return 0;
	if (resolve(w->a, node_or_ref, &node, err) != 0 ||
	    get(w->a, node, "Kids", &kids, err) != 0)
		return -1;
	if (kids->kind == PDF_ARRAY) {
		for (size_t i = 0; i < kids->n && w->dict == NULL; i++)
			if (find_page(w, &kids->items[i], depth + 1, err) != 0)
				return -1;
	} else if (node->kind == PDF_DICT && node_or_ref->kind == PDF_REF) {
		w->page = node_or_ref->ref;
		w->dict = node;
	}
	return 0;
}

/* Whether a page behind the first one has this array too. */
static int is_shared(struct walk *w, const struct pdf_value *node_or_ref,
		     struct pdf_ref array, unsigned depth, bool *ret,
		     struct ltps_error *err)
{
	const struct pdf_value *node, *kids;
	if (depth == PDF_DEPTH_MAX || ++w->visited > PAGE_NODES_MAX)
		return 0;
	if (resolve(w->a, node_or_ref, &node, err) != 0 ||
	    get(w->a, node, "Kids", &kids, err) != 0)
		return -1;
	for (size_t i = 0; kids->kind == PDF_ARRAY && i < kids->n && !*ret; i++)
		if (is_shared(w, &kids->items[i], array, depth + 1, ret, err) != 0)
			return -1;
	const struct pdf_value *v = pdf_dict_get(node, "Annots");
	if (v != NULL && v->kind == PDF_REF && v->ref.number == array.number &&
	    node != w->dict)
		*ret = true;
	return 0;
}

/* A widget stands on one page alone (12.5.2): an array that others have is copied. */
static int extend_annots(const struct walk *first, const struct pdf_value *pages,
			 struct buf *ret_direct, struct ltps_error *err)
{
	const struct adding *a = first->a;
	const struct pdf_value *v = pdf_dict_get(first->dict, "Annots"), *array;
	struct walk w = { .a = a, .dict = first->dict };
	bool shared = false;
	if (v != NULL && v->kind == PDF_REF &&
	    is_shared(&w, pages, v->ref, 0, &shared, err) != 0)
		return -1;
	if (!shared)
		return extend(a, first->dict, "Annots", ret_direct, err);
	return resolve(a, v, &array, err) != 0
		   ? -1
		   : longer_array(array, a->field, ret_direct, err);
}

static int onto_page(const struct walk *first, const struct pdf_value *pages,
		     struct ltps_error *err)
{
	const struct adding *a = first->a;
	struct buf annots = buf_make(FORM_BODY_MAX), body = buf_make(FORM_BODY_MAX);
	int rc = extend_annots(first, pages, &annots, err);
	if (rc == 0 && annots.n > 0) {
		const struct pdf_edit edit = { "Annots", view_buf(&annots) };
		rc = pdf_dict_write(first->dict, &edit, 1, &body, err);
		if (rc == 0)
			rc = pdf_update_object(a->u, first->page, view_buf(&body), err);
	}
	buf_free(&body);
	buf_free(&annots);
	return rc;
}

/* ---- the field, which is its widget as well: 12.5.6.19 ---- */

/* Where nothing may change, some readers take an appearance for a change. */
static bool allows_appearance(const struct pades *p)
{
	for (size_t i = 0; i < p->n_signatures; i++)
		if (p->signatures[i].docmdp == 1 || p->signatures[i].lock.p == 1)
			return false;
	return p->pdfa != NULL && strcmp(p->pdfa, "1") == 0;
}

/* PDF/A-1 alone asks for the appearance of a field that shows nothing: ISO 19005-1
 * 6.9. */
static int put_appearance(const struct adding *a, char out[40], struct ltps_error *err)
{
	static const char form[] = "<< /Type /XObject /Subtype /Form /BBox [ 0 0 0 0 ] "
				   "/Length 0 >>\nstream\n\nendstream";
	if (!allows_appearance(a->p))
		return 0;
	const struct pdf_ref ref = { pdf_update_number(a->u), 0 };
	snprintf(out, 40, " /AP << /N %u 0 R >>", ref.number);
	return pdf_update_object(a->u, ref, view_text(form), err);
}

/* F: Print and Locked; a widget without extent needs no appearance (12.5.5). */
static int put_field(const struct adding *a, const char *name, struct pdf_ref value,
		     struct ltps_error *err)
{
	char body[256 + FIELD_NAME_MAX], page[40] = "", appearance[40] = "";
	if (put_appearance(a, appearance, err) != 0)
		return -1;
	if (a->page.number != 0)
		snprintf(page, sizeof(page), " /P %u %u R", a->page.number,
			 a->page.generation);
	const int n = snprintf(body, sizeof(body),
			       "<< /Type /Annot /Subtype /Widget /FT /Sig /T (%s) "
			       "/F 132 /Rect [ 0 0 0 0 ]%s%s /V %u %u R >>",
			       name, page, appearance, value.number, value.generation);
	return pdf_update_object(a->u, a->field, view_of(body, (size_t)n), err);
}

int pdf_update_field(struct pdf_update *u, const struct pades *p, const char *name,
		     struct pdf_ref value, struct ltps_error *err)
{
	struct adding a = { .u = u, .p = p, .revision = u->file->n_revisions - 1 };
	struct walk w = { .a = &a };
	const struct pdf_value *catalog, *pages;
	char unique[FIELD_NAME_MAX];
	if (pdf_catalog(u->reader, a.revision, &catalog, err) != 0)
		return -1;
	pages = pdf_dict_get(catalog, "Pages");
	if (choose_name(&a, catalog, name, unique, err) != 0 ||
	    (pages != NULL && find_page(&w, pages, 0, err) != 0))
		return -1;
	a.page = w.page;
	a.field = (struct pdf_ref){ pdf_update_number(u), 0 };
	if (put_field(&a, unique, value, err) != 0 || into_form(&a, catalog, err) != 0)
		return -1;
	return w.dict != NULL ? onto_page(&w, pages, err) : 0;
}
