/* SPDX-License-Identifier: Apache-2.0 */
/* pdf_changes_value - reading and comparing values of two revisions. */
#include "validation/pdf_changes_private.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"

/* Equal objects under other numbers: copies are rewritten together with few others. */
#define SAME_DEPTH_MAX 12
#define SAME_STEPS_MAX 20000

/* ---- reading ---- */

int pdf_forgive(struct ltps_error *err)
{
	if (!pdf_is_fault_of_object(err))
		return -1;
	ltps_error_clear(err);
	return 0;
}

static int unreadable(struct pdf_run *r, size_t revision, struct pdf_ref ref,
		      const struct pdf_value **ret_v, struct ltps_error *err)
{
	char text[120];
	*ret_v = &pdf_change_null;
	(void)snprintf(text, sizeof(text), "%.119s", err->text);
	if (pdf_forgive(err))
		return -1;
	return pdf_change_add(r, PDF_CHANGE_UNDEFINED, NULL, VIEW_NULL, err,
			      "object %u cannot be read in revision %zu: %s",
			      ref.number, revision, text);
}

int pdf_run_object(struct pdf_run *r, size_t revision, struct pdf_ref ref,
		   const struct pdf_value **ret_v, struct ltps_error *err)
{
	if (pdf_object(r->p->objects, revision, ref, ret_v, err))
		return unreadable(r, revision, ref, ret_v, err);
	return 0;
}

int pdf_run_resolve(struct pdf_run *r, size_t revision,
		    const struct pdf_value *v_or_null, const struct pdf_value **ret_v,
		    struct ltps_error *err)
{
	struct pdf_ref ref = v_or_null != NULL && v_or_null->kind == PDF_REF
				 ? v_or_null->ref
				 : r->object;
	if (pdf_resolve(r->p->objects, revision, v_or_null, ret_v, err))
		return unreadable(r, revision, ref, ret_v, err);
	return 0;
}

int pdf_run_get(struct pdf_run *r, size_t revision, const struct pdf_value *dict,
		const char *key, const struct pdf_value **ret_v, struct ltps_error *err)
{
	return pdf_run_resolve(r, revision, pdf_dict_get(dict, key), ret_v, err);
}

/* ---- comparing as it stands ---- */

const struct pdf_value *pdf_member(const struct pdf_value *dict, struct view key)
{
	if (!pdf_is_dict(dict))
		return NULL;
	for (size_t i = dict->n; i > 0; i--) {
		const struct pdf_member *m = &dict->members[i - 1];
		if (view_compare(m->key, key) == 0)
			return m->value.kind == PDF_NULL ? NULL : &m->value;
	}
	return NULL;
}

static bool is_nothing(const struct pdf_value *v)
{
	return v == NULL || v->kind == PDF_NULL;
}

bool pdf_same(const struct pdf_value *a, const struct pdf_value *b)
{
	if (is_nothing(a) || is_nothing(b))
		return is_nothing(a) && is_nothing(b);
	return a == b || pdf_value_equal(a, b);
}

/* ---- dictionaries ---- */

static int by_key(const void *a, const void *b)
{
	const struct pdf_member *x = *(const struct pdf_member *const *)a;
	const struct pdf_member *y = *(const struct pdf_member *const *)b;
	int order = view_compare(x->key, y->key);
	/* Of a key that stands twice the last one counts, as in pdf_dict_get(). */
	return order != 0 ? order : x < y ? -1 : x > y;
}

/* Members in the order of their keys, each key once. */
static size_t sorted(const struct pdf_value *dict, const struct pdf_member **out)
{
	size_t n = 0, kept = 0;
	if (!pdf_is_dict(dict))
		return 0;
	for (; n < dict->n; n++)
		out[n] = &dict->members[n];
	qsort(out, n, sizeof(*out), by_key);
	for (size_t i = 0; i < n; i++)
		if (i + 1 == n || view_compare(out[i]->key, out[i + 1]->key) != 0)
			out[kept++] = out[i];
	return kept;
}

int pdf_each_difference(struct pdf_run *r, const struct pdf_pair *p,
			int (*visit)(void *arg, struct view key,
				     const struct pdf_value *before,
				     const struct pdf_value *after,
				     struct ltps_error *err),
			void *arg, struct ltps_error *err)
{
	size_t n_a = pdf_is_dict(p->before) ? p->before->n : 0;
	size_t n_b = pdf_is_dict(p->after) ? p->after->n : 0;
	const struct pdf_member **v, **a, **b;
	size_t i = 0, j = 0;
	int rc = 0;
	if (!pdf_change_step(r, n_a + n_b))
		return 0;
	v = mem_alloc((n_a + n_b + 1) * sizeof(*v));
	if (v == NULL)
		return ltps_fail_nomem(err);
	a = v;
	b = v + n_a;
	n_a = sorted(p->before, a);
	n_b = sorted(p->after, b);
	while (rc == 0 && (i < n_a || j < n_b)) {
		int order = i == n_a   ? 1
			    : j == n_b ? -1
				       : view_compare(a[i]->key, b[j]->key);
		const struct pdf_value *before = order <= 0 ? &a[i]->value : NULL;
		const struct pdf_value *after = order >= 0 ? &b[j]->value : NULL;
		struct view key = order <= 0 ? a[i]->key : b[j]->key;
		i += order <= 0;
		j += order >= 0;
		if (!pdf_same(before, after))
			rc = visit(arg, key, before, after, err);
	}
	mem_free(v);
	return rc;
}

/* ---- comparing what it means ---- */

struct same {
	struct pdf_run *r;
	size_t steps;
	unsigned depth;
	bool is;
};

static int same_deep(struct same *s, const struct pdf_value *a,
		     const struct pdf_value *b, struct ltps_error *err);

static int same_member(void *arg, struct view key, const struct pdf_value *before,
		       const struct pdf_value *after, struct ltps_error *err)
{
	(void)key;
	return same_deep(arg, before, after, err);
}

static int same_items(struct same *s, const struct pdf_value *a,
		      const struct pdf_value *b, struct ltps_error *err)
{
	s->is = s->is && a->n == b->n;
	for (size_t i = 0; i < a->n && s->is; i++)
		if (same_deep(s, &a->items[i], &b->items[i], err))
			return -1;
	return 0;
}

/* Both are references or stand in place; the one before is seen in the revision before.
 */
static int same_deep(struct same *s, const struct pdf_value *a,
		     const struct pdf_value *b, struct ltps_error *err)
{
	size_t now = s->r->revision;
	if (!s->is || pdf_same(a, b))
		return 0;
	if (s->depth == SAME_DEPTH_MAX || s->steps++ > SAME_STEPS_MAX) {
		s->is = false;
		return 0;
	}
	if (pdf_run_resolve(s->r, now - 1, a, &a, err) ||
	    pdf_run_resolve(s->r, now, b, &b, err))
		return -1;
	s->depth++;
	int rc = 0;
	if (a->kind != b->kind) {
		s->is = false;
	} else if (a->kind == PDF_ARRAY) {
		rc = same_items(s, a, b, err);
	} else if (pdf_is_dict(a)) {
		struct pdf_pair p = { .before = a, .after = b };
		s->is = !b->duplicate_keys &&
			(a->kind != PDF_STREAM || view_compare(a->data, b->data) == 0);
		if (s->is)
			rc = pdf_each_difference(s->r, &p, same_member, s, err);
	} else {
		s->is = pdf_same(a, b);
	}
	s->depth--;
	return rc;
}

int pdf_same_deep(struct pdf_run *r, const struct pdf_pair *p, bool *ret_same,
		  struct ltps_error *err)
{
	struct same s = { .r = r, .is = true };
	int rc = same_deep(&s, p->before, p->after, err);
	*ret_same = s.is;
	return rc;
}
