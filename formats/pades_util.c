/* SPDX-License-Identifier: Apache-2.0 */
/* pades_util - findings, objects that may be broken, a map of object numbers. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/pades_private.h"

/* ---- map ---- */

#define MAP_CAP_MIN 64

/* Object numbers stand close together: the multiplication spreads them. */
static size_t slot_of(const struct pades_map *m, uint32_t key)
{
	size_t i = (key * UINT32_C(2654435769)) & (m->cap - 1);

	while (m->slots[i].key != 0 && m->slots[i].key != key)
		i = (i + 1) & (m->cap - 1);
	return i;
}

static int grow(struct pades_map *m, struct ltps_error *err)
{
	struct pades_map wider = { .cap = m->cap == 0 ? MAP_CAP_MIN : m->cap * 2 };

	wider.slots = mem_zalloc(wider.cap, sizeof(wider.slots[0]));
	if (wider.slots == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < m->cap; i++) {
		if (m->slots[i].key != 0)
			wider.slots[slot_of(&wider, m->slots[i].key)] = m->slots[i];
	}
	wider.n = m->n;
	mem_free(m->slots);
	*m = wider;
	return 0;
}

int pades_map_put(struct pades_map *m, uint32_t key, bool *ret_new,
		  struct pades_map_slot **ret_slot, struct ltps_error *err)
{
	if (2 * (m->n + 1) > m->cap && grow(m, err) != 0)
		return -1;
	struct pades_map_slot *s = &m->slots[slot_of(m, key)];
	*ret_new = s->key == 0;
	m->n += *ret_new;
	s->key = key;
	if (ret_slot != NULL)
		*ret_slot = s;
	return 0;
}

bool pades_map_has(const struct pades_map *m, uint32_t key)
{
	return m->cap > 0 && m->slots[slot_of(m, key)].key == key;
}

void pades_map_free(struct pades_map *m)
{
	mem_free(m->slots);
	*m = (struct pades_map){ 0 };
}

/* ---- findings ---- */

static void finding_keep(struct pades_reader *r, const struct pdf_finding *f)
{
	for (size_t i = 0; i < r->n_findings; i++) {
		const struct pdf_finding *had = &r->findings[i];
		if (had->code == f->code && had->revision == f->revision &&
		    had->kind <= f->kind && strcmp(had->text, f->text) == 0) {
			r->findings[i].kind = f->kind;
			return;
		}
	}
	if (r->n_findings < PDF_FINDINGS_MAX) {
		r->findings[r->n_findings++] = *f;
		return;
	}
	for (size_t i = 0; f->kind != PDF_NOTICE && i < r->n_findings; i++) {
		if (r->findings[i].kind == PDF_NOTICE) {
			r->findings[i] = *f;
			return;
		}
	}
}

void pades_finding(struct pades_reader *r, enum pdf_finding_kind kind, const char *code,
		   size_t revision, const char *fmt, ...)
{
	struct pdf_finding f = { .kind = kind, .code = code, .revision = revision };
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(f.text, sizeof(f.text), fmt, ap);
	va_end(ap);
	finding_keep(r, &f);
}

void pades_defect(struct pades_signature *s, const char *clause, const char *fmt, ...)
{
	va_list ap;

	if (s->defect[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(s->defect, sizeof(s->defect), fmt, ap);
	va_end(ap);
	s->defect_clause = clause;
}

int pades_visit(struct pades_reader *r, struct ltps_error *err)
{
	if (++r->visits > PADES_VISITS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "more than %d fields and pages to look at",
				 PADES_VISITS_MAX);
	return 0;
}

/* ---- objects ---- */

static const struct pdf_value nothing = { .kind = PDF_NULL };
/* What stands there, but cannot be read. */
static const struct pdf_value unreadable = { .kind = PDF_NULL };

bool pades_is_unreadable(const struct pdf_value *v)
{
	return v == &unreadable;
}

/* One broken object does not end the reading; a limit does, since behind it nothing is
 * seen any more. */
static int forgive(struct pades_reader *r, enum pdf_finding_kind kind, size_t revision,
		   struct ltps_error *err)
{
	if (err->fault != LTPS_FAULT_OBJECT ||
	    (err->code != LTPS_FORMAT && err->code != LTPS_UNSUPPORTED))
		return -1;
	pades_finding(r, kind, "PDF_OBJECT_UNREADABLE", revision, "%.90s: %.60s",
		      err->text, err->where);
	ltps_error_clear(err);
	return 0;
}

int pades_object(struct pades_reader *r, size_t revision, struct pdf_ref ref,
		 const struct pdf_value **ret_v, struct ltps_error *err)
{
	if (pdf_object(r->p->objects, revision, ref, ret_v, err) == 0)
		return 0;
	*ret_v = &unreadable;
	return forgive(r, PDF_SUSPICIOUS, revision, err);
}

int pades_object_any(struct pades_reader *r, size_t revision, struct pdf_ref ref,
		     const struct pdf_value **ret_v, struct ltps_error *err)
{
	if (pdf_object(r->p->objects, revision, ref, ret_v, err) == 0)
		return 0;
	*ret_v = &unreadable;
	return forgive(r, PDF_NOTICE, revision, err);
}

int pades_resolve(struct pades_reader *r, size_t revision,
		  const struct pdf_value *v_or_null, const struct pdf_value **ret_v,
		  struct ltps_error *err)
{
	if (v_or_null == NULL || v_or_null->kind != PDF_REF) {
		*ret_v = v_or_null == NULL ? &nothing : v_or_null;
		return 0;
	}
	if (pdf_resolve(r->p->objects, revision, v_or_null, ret_v, err) == 0)
		return 0;
	*ret_v = &unreadable;
	return forgive(r, PDF_SUSPICIOUS, revision, err);
}

int pades_get(struct pades_reader *r, size_t revision,
	      const struct pdf_value *dict_or_null, const char *key,
	      const struct pdf_value **ret_v, struct ltps_error *err)
{
	return pades_resolve(r, revision, pdf_dict_get(dict_or_null, key), ret_v, err);
}

int pades_data(struct pades_reader *r, size_t revision, const struct pdf_value *stream,
	       struct view *ret_data, struct ltps_error *err)
{
	*ret_data = VIEW_NULL;
	if (pdf_stream_data(r->p->objects, revision, stream, ret_data, err) == 0)
		return 0;
	*ret_data = VIEW_NULL;
	return forgive(r, PDF_SUSPICIOUS, revision, err);
}

int pades_signed_data(struct pades_reader *r, const struct pdf_value *entry,
		      struct view *ret_data, struct ltps_error *err)
{
	const struct pdf_value *v;

	if (pdf_signed_stream(r->p->objects, r->newest, entry, &v, ret_data, err) == 0)
		return 0;
	*ret_data = VIEW_NULL;
	return forgive(r, PDF_SUSPICIOUS, r->newest, err);
}

int pades_text(struct pades_reader *r, const struct pdf_value *v, struct view *ret_text,
	       struct ltps_error *err)
{
	struct buf b = buf_make(PADES_TEXT_MAX);
	int rc = -1;

	*ret_text = VIEW_NULL;
	if (v->kind != PDF_STRING || v->text.n == 0 || v->text.n > PADES_TEXT_MAX)
		return 0;
	if (pdf_text(v->text, &b, err) == 0)
		rc = arena_copy(&r->p->arena, view_buf(&b), ret_text, err);
	else if (err->code == LTPS_TOO_LARGE || err->code == LTPS_FORMAT) {
		ltps_error_clear(err);
		rc = 0;
	}
	buf_free(&b);
	return rc;
}

struct pdf_ref pades_ref(const struct pdf_value *v_or_null)
{
	if (v_or_null == NULL || v_or_null->kind != PDF_REF)
		return (struct pdf_ref){ 0, 0 };
	return v_or_null->ref;
}
