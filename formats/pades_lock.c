/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pades_lock - what a signature forbids from then on: DocMDP, FieldMDP, the lock of its
 * field. What is not understood forbids all.
 */
#include <stdlib.h>

#include "formats/pades_private.h"

/* References of one signature: there are two kinds that count. */
#define REFERENCES_MAX 16

/* ---- names ---- */

/* The end first, then the period, then everything else: so what is below a name follows
 * it at once. By the octets alone "a!" would stand between "a" and "a.b". */
static int rank(struct view name, size_t i)
{
	if (i == name.n)
		return 0;
	return name.p[i] == '.' ? 1 : 2 + name.p[i];
}

static int by_name(const void *a, const void *b)
{
	const struct view x = *(const struct view *)a, y = *(const struct view *)b;
	size_t i = 0;
	while (i < x.n && i < y.n && x.p[i] == y.p[i])
		i++;
	return rank(x, i) - rank(y, i);
}

/* Names the one, or one above it: 12.7.4.2. */
static bool covers(struct view name, struct view field)
{
	return view_starts(field, name) && rank(field, name.n) <= 1;
}

/* A name below one that is named says nothing more. Without those, the last name that
 * is not behind a field is the only one that may be above it. */
static void names_sort(struct pades_lock *l)
{
	size_t n = 0;
	if (l->n_fields > 0)
		qsort(l->fields, l->n_fields, sizeof(l->fields[0]), by_name);
	for (size_t i = 0; i < l->n_fields; i++)
		if (n == 0 || !covers(l->fields[n - 1], l->fields[i]))
			l->fields[n++] = l->fields[i];
	l->n_fields = n;
}

/* How many names are not behind this one. */
static size_t names_upto(const struct pades_lock *l, struct view field)
{
	size_t low = 0, high = l->n_fields;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (by_name(&l->fields[middle], &field) <= 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool pades_lock_names(const struct pades_lock *l, struct view field)
{
	size_t n = names_upto(l, field);
	return n > 0 && covers(l->fields[n - 1], field);
}

bool pades_lock_names_near(const struct pades_lock *l, struct view field)
{
	size_t n = names_upto(l, field);
	return (n > 0 && covers(l->fields[n - 1], field)) ||
	       (n < l->n_fields && covers(field, l->fields[n]));
}

/* ---- reading ---- */

static int action_read(struct pades_reader *r, size_t revision,
		       const struct pdf_value *dict, struct pades_lock *l,
		       struct ltps_error *err)
{
	const struct pdf_value *action;

	if (pades_get(r, revision, dict, "Action", &action, err) != 0)
		return -1;
	l->action = pdf_is_name(action, "Include")   ? PADES_LOCK_INCLUDE
		    : pdf_is_name(action, "Exclude") ? PADES_LOCK_EXCLUDE
						     : PADES_LOCK_ALL;
	if (l->action == PADES_LOCK_ALL && !pdf_is_name(action, "All"))
		pades_finding(r, PDF_NOTICE, "PDF_LOCK_UNKNOWN", revision,
			      "a lock of fields without a known /Action locks all");
	return 0;
}

/* A name that is none, or not the same to all readers, may be that of any field. */
static int fields_read(struct pades_reader *r, size_t revision,
		       const struct pdf_value *dict, struct pades_lock *l,
		       struct ltps_error *err)
{
	const struct pdf_value *fields, *name;

	if (pades_get(r, revision, dict, "Fields", &fields, err) != 0)
		return -1;
	if (fields->kind != PDF_ARRAY || fields->n > PADES_FIELDS_MAX) {
		l->action = PADES_LOCK_ALL;
		return 0;
	}
	if (fields->n > 0 && arena_take(&r->p->arena, fields->n, sizeof(l->fields[0]),
					&l->fields, err) != 0)
		return -1;
	for (size_t i = 0; i < fields->n; i++) {
		if (pades_resolve(r, revision, &fields->items[i], &name, err) != 0 ||
		    pades_text(r, name, &l->fields[l->n_fields], err) != 0)
			return -1;
		if (l->fields[l->n_fields].n > 0 && !pdf_text_is_doubtful(name->text))
			l->n_fields++;
		else if (l->action == PADES_LOCK_INCLUDE)
			l->action = PADES_LOCK_ALL;
	}
	names_sort(l);
	return 0;
}

/* ISO 32000-2 Table 257: 2 when it is not there; unknown ones forbid most. */
static int p_read(struct pades_reader *r, size_t revision, const struct pdf_value *dict,
		  int absent, int *ret_p, struct ltps_error *err)
{
	const struct pdf_value *p;

	if (pades_get(r, revision, dict, "P", &p, err) != 0)
		return -1;
	if (p->kind == PDF_NULL)
		*ret_p = absent;
	else if (p->kind == PDF_INTEGER && p->integer >= 1 && p->integer <= 3)
		*ret_p = (int)p->integer;
	else
		*ret_p = 1;
	return 0;
}

int pades_lock_read(struct pades_reader *r, size_t revision,
		    const struct pdf_value *dict, struct pades_lock *ret_l,
		    struct ltps_error *err)
{
	struct pades_lock l = { .action = PADES_LOCK_ALL };

	if (pdf_is_dict(dict)) {
		if (action_read(r, revision, dict, &l, err) != 0 ||
		    p_read(r, revision, dict, 0, &l.p, err) != 0)
			return -1;
		if (l.action != PADES_LOCK_ALL &&
		    fields_read(r, revision, dict, &l, err) != 0)
			return -1;
	}
	*ret_l = l;
	return 0;
}

static int docmdp_read(struct pades_reader *r, size_t revision,
		       const struct pdf_value *params, struct pades_signature *s,
		       struct ltps_error *err)
{
	int p;

	if (p_read(r, revision, params, 2, &p, err) != 0)
		return -1;
	if (s->docmdp == 0 || p < s->docmdp)
		s->docmdp = p;
	return 0;
}

static int fieldmdp_read(struct pades_reader *r, size_t revision,
			 const struct pdf_value *params, struct pades_signature *s,
			 struct ltps_error *err)
{
	if (s->fieldmdp.action != PADES_LOCK_NONE) {
		pades_finding(r, PDF_NOTICE, "PDF_LOCK_UNKNOWN", revision,
			      "object %u: several FieldMDP lock all", s->value.number);
		s->fieldmdp = (struct pades_lock){ .action = PADES_LOCK_ALL };
		return 0;
	}
	return pades_lock_read(r, revision, params, &s->fieldmdp, err);
}

/* /Data of DocMDP and FieldMDP is the catalog: their restrictions are about the whole
 * document. */
static void data_check(struct pades_reader *r, size_t revision,
		       const struct pdf_value *reference, uint32_t value)
{
	const struct pdf_value *trailer = r->p->file->revisions[revision].trailer;
	struct pdf_ref data = pades_ref(pdf_dict_get(reference, "Data"));

	if (data.number != 0 &&
	    data.number != pades_ref(pdf_dict_get(trailer, "Root")).number)
		pades_finding(r, PDF_NOTICE, "PDF_REFERENCE_DATA", revision,
			      "object %u: /Data of a signature reference is not the "
			      "catalog",
			      value);
}

static int reference_read(struct pades_reader *r, size_t revision,
			  const struct pdf_value *reference, struct pades_signature *s,
			  struct ltps_error *err)
{
	const struct pdf_value *method, *params;

	if (pades_get(r, revision, reference, "TransformMethod", &method, err) != 0 ||
	    pades_get(r, revision, reference, "TransformParams", &params, err) != 0)
		return -1;
	bool docmdp = pdf_is_name(method, "DocMDP");
	if (!docmdp && !pdf_is_name(method, "FieldMDP"))
		return 0;
	data_check(r, revision, reference, s->value.number);
	return docmdp ? docmdp_read(r, revision, params, s, err)
		      : fieldmdp_read(r, revision, params, s, err);
}

int pades_references_read(struct pades_reader *r, size_t revision,
			  const struct pdf_value *dict, struct pades_signature *s,
			  struct ltps_error *err)
{
	const struct pdf_value *references, *v;

	if (pades_get(r, revision, dict, "Reference", &references, err) != 0)
		return -1;
	if (references->kind != PDF_ARRAY)
		return references->kind == PDF_NULL
			   ? 0
			   : reference_read(r, revision, references, s, err);
	if (references->n > REFERENCES_MAX)
		pades_defect(s, "ISO 32000-2 Table 255", "more than %d in /Reference",
			     REFERENCES_MAX);
	for (size_t i = 0; i < references->n && i < REFERENCES_MAX; i++) {
		if (pades_resolve(r, revision, &references->items[i], &v, err) != 0 ||
		    reference_read(r, revision, v, s, err) != 0)
			return -1;
	}
	return 0;
}
