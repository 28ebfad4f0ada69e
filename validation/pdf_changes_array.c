/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_changes_array - where the references stand in an array of many elements. Of a
 * thousand objects that changed, all of them may be in the same array: it is gone
 * through once, and not once for each.
 */
#include "validation/pdf_changes_private.h"

#include "base/mem.h"

static bool is_composite(const struct pdf_value *v)
{
	return v->kind == PDF_ARRAY || pdf_is_dict(v);
}

/* Elements in front of those that stand behind them: from the last one on. */
static void link_elements(struct pdf_long_array *a, const struct pdf_value *array)
{
	for (size_t i = array->n; i > 0; i--) {
		const struct pdf_value *v = &array->items[i - 1];
		uint32_t *first = v->kind == PDF_REF
				      ? &a->first[v->ref.number & a->mask]
				      : &a->composite;
		if (v->kind != PDF_REF && !is_composite(v))
			continue;
		a->next[i - 1] = *first;
		*first = (uint32_t)i;
	}
}

static int make(const struct pdf_value *array, struct pdf_long_array *ret_a,
		struct ltps_error *err)
{
	struct pdf_long_array a = { .items = array->items, .mask = 1 };
	while (a.mask < array->n)
		a.mask = a.mask * 2 + 1;
	a.first = mem_zalloc(a.mask + 1, sizeof(*a.first));
	a.next = mem_zalloc(array->n, sizeof(*a.next));
	if (a.first == NULL || a.next == NULL) {
		mem_free(a.first);
		mem_free(a.next);
		return ltps_fail_nomem(err);
	}
	link_elements(&a, array);
	*ret_a = a;
	return 0;
}

int pdf_long_array(struct pdf_run *r, const struct pdf_value *v,
		   const struct pdf_long_array **ret_a, struct ltps_error *err)
{
	*ret_a = NULL;
	if (v->kind != PDF_ARRAY || v->n < PDF_LONG_ARRAY_MIN || v->n >= UINT32_MAX)
		return 0;
	for (size_t i = 0; i < r->n_longs; i++)
		if (r->longs[i].items == v->items)
			*ret_a = &r->longs[i];
	if (*ret_a != NULL || r->n_longs == PDF_LONG_ARRAYS ||
	    !pdf_change_step(r, v->n))
		return 0;
	if (make(v, &r->longs[r->n_longs], err) != 0)
		return -1;
	*ret_a = &r->longs[r->n_longs++];
	return 0;
}

struct pdf_long_walk pdf_long_walk(const struct pdf_long_array *a, uint32_t number)
{
	return (struct pdf_long_walk){ .a = a,
				       .number = number,
				       .ref = a->first[number & a->mask],
				       .composite = a->composite };
}

bool pdf_long_next(struct pdf_run *r, struct pdf_long_walk *w, size_t *ret_i)
{
	const struct pdf_long_array *a = w->a;
	while (w->ref > 0 && a->items[w->ref - 1].ref.number != w->number) {
		if (!pdf_change_step(r, 1))
			return false;
		w->ref = a->next[w->ref - 1];
	}
	bool is_ref = w->ref > 0 && (w->composite == 0 || w->ref < w->composite);
	uint32_t *place = is_ref ? &w->ref : &w->composite;
	if (*place == 0 || !pdf_change_step(r, 1))
		return false;
	*ret_i = *place - 1;
	*place = a->next[*ret_i];
	return true;
}

void pdf_long_arrays_clear(struct pdf_run *r)
{
	for (size_t i = 0; i < r->n_longs; i++) {
		mem_free(r->longs[i].first);
		mem_free(r->longs[i].next);
	}
	r->n_longs = 0;
}
