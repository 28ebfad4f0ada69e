/* SPDX-License-Identifier: Apache-2.0 */
/* pdf_changes_list - arrays of fields, annotations, validation data, structure
 * elements: what came, what went. */
#include "validation/pdf_changes_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

/* Elements that stand in the array itself are compared one with another. */
#define DIRECT_MAX 256

struct lists {
	const struct pdf_value **before, **after; /* what differs, sorted */
	size_t n_before, n_after;
	bool grown; /* all that was there is there, in its order */
};

/* Direct ones first, references by number. */
static int by_ref(const void *a, const void *b)
{
	const struct pdf_value *x = *(const struct pdf_value *const *)a;
	const struct pdf_value *y = *(const struct pdf_value *const *)b;
	uint32_t n = x->kind == PDF_REF ? x->ref.number : 0;
	uint32_t m = y->kind == PDF_REF ? y->ref.number : 0;
	return n != m ? (n < m ? -1 : 1) : x < y ? -1 : x > y;
}

static size_t n_items(const struct pdf_value *v)
{
	return v->kind == PDF_ARRAY ? v->n : 0;
}

static size_t take(const struct pdf_value *v, size_t from, size_t n,
		   const struct pdf_value **out)
{
	for (size_t i = 0; i < n; i++)
		out[i] = &v->items[from + i];
	if (n > 0)
		qsort(out, n, sizeof(*out), by_ref);
	return n;
}

static bool takes_out(const struct pdf_value **v, size_t n, const struct pdf_value *x)
{
	for (size_t i = 0; i < n; i++)
		if (v[i] != NULL && v[i]->kind != PDF_REF && pdf_same(v[i], x)) {
			v[i] = NULL;
			return true;
		}
	return false;
}

static size_t n_direct(const struct pdf_value *const *v, size_t n)
{
	size_t i = 0;
	while (i < n && v[i]->kind != PDF_REF)
		i++;
	return i;
}

/* What both have is set to NULL. */
static void strike(struct lists *l, size_t a, size_t b)
{
	for (size_t i = 0; i < a; i++)
		if (takes_out(l->after, b, l->before[i]))
			l->before[i] = NULL;
	while (a < l->n_before && b < l->n_after) {
		uint32_t n = l->before[a]->ref.number, m = l->after[b]->ref.number;
		if (n == m)
			l->before[a] = l->after[b] = NULL;
		a += n <= m;
		b += m <= n;
	}
}

static bool is_grown(const struct pdf_value *a, const struct pdf_value *b)
{
	size_t j = 0;
	for (size_t i = 0; i < a->n; i++, j++) {
		while (j < b->n && !pdf_same(&a->items[i], &b->items[j]))
			j++;
		if (j == b->n)
			return false;
	}
	return true;
}

static void lists_free(struct lists *l)
{
	mem_free(l->before);
	mem_free(l->after);
}

/* Common head and tail are passed over, so that it costs what was changed. *ret_ok
 * false: too much to compare. */
static int lists_make(struct pdf_run *r, const struct pdf_pair *p, struct lists *ret_l,
		      bool *ret_ok, struct ltps_error *err)
{
	size_t n = n_items(p->before), m = n_items(p->after), head = 0, tail = 0;
	struct lists l = { 0 };
	*ret_ok = pdf_change_step(r, n + m);
	if (!*ret_ok)
		return 0;
	while (head < n && head < m &&
	       pdf_same(&p->before->items[head], &p->after->items[head]))
		head++;
	while (
	    tail < n - head && tail < m - head &&
	    pdf_same(&p->before->items[n - tail - 1], &p->after->items[m - tail - 1]))
		tail++;
	l.before = mem_alloc((n + 1) * sizeof(*l.before));
	l.after = mem_alloc((m + 1) * sizeof(*l.after));
	if (l.before == NULL || l.after == NULL) {
		lists_free(&l);
		return ltps_fail_nomem(err);
	}
	l.n_before = take(p->before, head, n - head - tail, l.before);
	l.n_after = take(p->after, head, m - head - tail, l.after);
	size_t a = n_direct(l.before, l.n_before), b = n_direct(l.after, l.n_after);
	*ret_ok = a <= DIRECT_MAX && b <= DIRECT_MAX;
	l.grown = n == 0 || (m > 0 && is_grown(p->before, p->after));
	if (*ret_ok)
		strike(&l, a, b);
	*ret_l = l;
	return 0;
}

static bool is_list(const struct pdf_value *v)
{
	return v->kind == PDF_ARRAY || v->kind == PDF_NULL;
}

/* ---- each sort of list ---- */

struct sort {
	int (*gone)(struct pdf_run *r, const struct pdf_spot *spot,
		    const struct pdf_value *raw, struct ltps_error *err);
	int (*come)(struct pdf_run *r, const struct pdf_spot *spot,
		    const struct pdf_value *raw, struct ltps_error *err);
	int (*moved)(struct pdf_run *r, const struct pdf_spot *spot,
		     struct ltps_error *err); /* the order alone; NULL: no matter */
};

static int judge_lists(struct pdf_run *r, const struct pdf_spot *spot,
		       const struct lists *l, const struct sort *s,
		       struct ltps_error *err)
{
	size_t n = 0;
	for (size_t i = 0; i < l->n_before; i++) {
		if (l->before[i] == NULL)
			continue;
		n++;
		if (s->gone(r, spot, l->before[i], err))
			return -1;
	}
	for (size_t i = 0; i < l->n_after; i++) {
		if (l->after[i] == NULL)
			continue;
		n++;
		if (s->come(r, spot, l->after[i], err))
			return -1;
	}
	return !l->grown && n == 0 && s->moved != NULL ? s->moved(r, spot, err) : 0;
}

static int judge_list(struct pdf_run *r, const struct pdf_spot *spot,
		      const struct pdf_pair *p, const struct sort *s,
		      struct ltps_error *err)
{
	struct lists l = { 0 };
	bool ok = false;
	int rc;
	if (!is_list(p->before) || !is_list(p->after))
		return pdf_judge_other(r, spot, p, err);
	if (lists_make(r, p, &l, &ok, err))
		return -1;
	rc = ok ? judge_lists(r, spot, &l, s, err)
		: pdf_change_undefined(r, spot, NULL, "has too many elements", err);
	lists_free(&l);
	return rc;
}

static uint32_t number_at(const struct pdf_value *raw)
{
	return raw->kind == PDF_REF ? raw->ref.number : 0;
}

static int field_gone(struct pdf_run *r, const struct pdf_spot *spot,
		      const struct pdf_value *raw, struct ltps_error *err)
{
	char how[60];
	const struct pdf_value *v;
	if (pdf_run_resolve(r, r->revision - 1, raw, &v, err))
		return -1;
	if (v->kind == PDF_NULL)
		return 0;
	(void)snprintf(how, sizeof(how), ": field (object %u) removed", number_at(raw));
	return pdf_change_undefined(r, spot, "shadow-hide", how, err);
}

static int annot_gone(struct pdf_run *r, const struct pdf_spot *spot,
		      const struct pdf_value *raw, struct ltps_error *err)
{
	char text[90], how[60];
	const struct pdf_value *v;
	if (pdf_run_resolve(r, r->revision - 1, raw, &v, err))
		return -1;
	if (v->kind == PDF_NULL)
		return 0;
	pdf_spot_text(spot, text, sizeof(text));
	if (pdf_is_annotation(v))
		return pdf_change_add(r, PDF_CHANGE_ANNOTATION, NULL, VIEW_NULL, err,
				      "%s: annotation (object %u) removed", text,
				      number_at(raw));
	(void)snprintf(how, sizeof(how), ": widget (object %u) removed",
		       number_at(raw));
	return pdf_change_undefined(r, spot, "shadow-hide", how, err);
}

/* What lies on top may be another. */
static int annots_moved(struct pdf_run *r, const struct pdf_spot *spot,
			struct ltps_error *err)
{
	char text[90];
	pdf_spot_text(spot, text, sizeof(text));
	return pdf_change_add(r, PDF_CHANGE_ANNOTATION, NULL, VIEW_NULL, err,
			      "%s in another order", text);
}

int pdf_judge_fields(struct pdf_run *r, const struct pdf_spot *spot,
		     const struct pdf_pair *p, struct ltps_error *err)
{
	static const struct sort sort = { field_gone, pdf_judge_new_field, NULL };
	return judge_list(r, spot, p, &sort, err);
}

int pdf_judge_annots(struct pdf_run *r, const struct pdf_spot *spot,
		     const struct pdf_pair *p, struct ltps_error *err)
{
	static const struct sort sort = { annot_gone, pdf_judge_new_annot,
					  annots_moved };
	return judge_list(r, spot, p, &sort, err);
}

/* The reference was there, and the object now is, or is no more. */
static const struct pdf_value *itself(const struct pdf_run *r, struct pdf_value *ref)
{
	*ref = (struct pdf_value){ .kind = PDF_REF, .ref = r->object };
	return ref;
}

int pdf_judge_fields_item(struct pdf_run *r, const struct pdf_spot *spot,
			  const struct pdf_pair *p, struct ltps_error *err)
{
	struct pdf_value ref;
	if (p->before->kind != PDF_NULL || p->before_raw != NULL ||
	    p->after_raw != NULL)
		return pdf_judge_other(r, spot, p, err);
	return pdf_judge_new_field(r, spot, itself(r, &ref), err);
}

int pdf_judge_annots_item(struct pdf_run *r, const struct pdf_spot *spot,
			  const struct pdf_pair *p, struct ltps_error *err)
{
	struct pdf_value ref;
	if (p->before->kind != PDF_NULL || p->before_raw != NULL ||
	    p->after_raw != NULL)
		return pdf_judge_other(r, spot, p, err);
	return pdf_judge_new_annot(r, spot, itself(r, &ref), err);
}

/* ---- validation data ---- */

static int item_gone(struct pdf_run *r, const struct pdf_spot *spot,
		     const struct pdf_value *raw, struct ltps_error *err)
{
	(void)r;
	(void)spot;
	(void)raw;
	(void)err;
	return 0;
}

static int item_come(struct pdf_run *r, const struct pdf_spot *spot,
		     const struct pdf_value *raw, struct ltps_error *err)
{
	const struct pdf_value *v;
	if (pdf_run_resolve(r, r->revision, raw, &v, err))
		return -1;
	if (v->kind == PDF_STREAM || v->kind == PDF_NULL)
		return 0;
	return pdf_change_undefined(r, spot, NULL, "has what is no stream", err);
}

/* Whoever extends may write the lists anew; what is not a stream is none of it. */
int pdf_judge_dss_list(struct pdf_run *r, const struct pdf_spot *spot,
		       const struct pdf_pair *p, struct ltps_error *err)
{
	static const struct sort sort = { item_gone, item_come, NULL };
	char text[110];
	if (!is_list(p->before) || !is_list(p->after))
		return pdf_judge_other(r, spot, p, err);
	pdf_spot_text(spot, text, sizeof(text));
	if (judge_list(r, spot, p, &sort, err))
		return -1;
	return pdf_change_add(r, PDF_CHANGE_EXTENSION, NULL, VIEW_NULL, err,
			      "%s changed", text);
}

/* ---- structure ---- */

static int element_gone(struct pdf_run *r, const struct pdf_spot *spot,
			const struct pdf_value *raw, struct ltps_error *err)
{
	(void)raw;
	return pdf_change_undefined(r, spot, NULL, "has lost an element", err);
}

static int elements_moved(struct pdf_run *r, const struct pdf_spot *spot,
			  struct ltps_error *err)
{
	return pdf_change_undefined(r, spot, NULL, "in another order", err);
}

/* One element may stand without its array. */
static const struct pdf_value *
as_list(const struct pdf_value *raw, const struct pdf_value *v, struct pdf_value *list)
{
	if (is_list(v))
		return v;
	*list = (struct pdf_value){ .kind = PDF_ARRAY,
				    .items = raw != NULL ? raw : v,
				    .n = 1 };
	return list;
}

int pdf_judge_struct_kids(struct pdf_run *r, const struct pdf_spot *spot,
			  const struct pdf_pair *p, struct ltps_error *err)
{
	static const struct sort sort = { element_gone, pdf_judge_new_element,
					  elements_moved };
	struct pdf_value before, after;
	struct pdf_pair lists = { .before_raw = p->before_raw,
				  .after_raw = p->after_raw };
	if (p->before_raw == NULL && p->after_raw == NULL &&
	    (!is_list(p->before) || !is_list(p->after)))
		return pdf_judge_other(r, spot, p, err);
	lists.before = as_list(p->before_raw, p->before, &before);
	lists.after = as_list(p->after_raw, p->after, &after);
	return judge_list(r, spot, &lists, &sort, err);
}
