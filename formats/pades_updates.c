/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pades_updates - signatures that the form of the newest revision does not show: those
 * of earlier revisions, from the entries that each update changed, and widgets on
 * pages.
 */
#include "formats/pades_private.h"

struct scan {
	struct pades_reader *r;
	struct pades_map pages; /* passed */
	bool need_pages;        /* a signature is somewhere that the form misses */
};

/* ---- candidates ---- */

static int candidate_add(struct pades_reader *r, const struct pdf_value *dict,
			 struct pdf_ref ref, size_t revision, struct ltps_error *err)
{
	const struct pades_candidate *all = r->candidates.v;

	for (size_t i = 0; i < r->candidates.n; i++) {
		if (all[i].dict == dict)
			return 0;
	}
	struct pades_candidate *c = cades_list_add(&r->candidates, err);
	if (c == NULL)
		return -1;
	*c = (struct pades_candidate){ dict, ref, revision };
	return 0;
}

static bool is_signature_dict(const struct pdf_value *v)
{
	return v != NULL && v->kind == PDF_DICT && pdf_dict_get(v, "ByteRange") != NULL;
}

static int first_form(void *to, const struct pades_field *f, struct ltps_error *err)
{
	struct pades_reader *r = to;
	const struct pdf_value *v;

	if (pades_resolve(r, 0, f->value, &v, err) != 0)
		return -1;
	if (!is_signature_dict(v))
		return 0;
	return candidate_add(r, v, pades_ref(f->value), 0, err);
}

/* ---- widgets on pages ---- */

/* From a widget up to its field: one without a name and a value of its own is a look of
 * its parent. */
static int field_of_widget(struct pades_reader *r, struct pdf_ref *ref,
			   const struct pdf_value **dict, bool *ret_is_known,
			   struct ltps_error *err)
{
	bool is_new = true;

	*ret_is_known = false;
	for (size_t i = 0;
	     i < PADES_DEPTH_MAX && pdf_is_dict(*dict) &&
	     pdf_dict_get(*dict, "V") == NULL && pdf_dict_get(*dict, "T") == NULL;
	     i++) {
		const struct pdf_value *parent = pdf_dict_get(*dict, "Parent");
		*ref = pades_ref(parent);
		if (ref->number != 0 &&
		    pades_map_put(&r->seen, ref->number, &is_new, NULL, err) != 0)
			return -1;
		*ret_is_known = parent == NULL || !is_new;
		if (*ret_is_known)
			return 0;
		if (pades_resolve(r, r->newest, parent, dict, err) != 0)
			return -1;
	}
	return 0;
}

/* A widget that the form does not lead to. */
static int stray_widget(struct scan *s, struct pdf_ref ref,
			const struct pdf_value *dict, struct ltps_error *err)
{
	struct pades_reader *r = s->r;
	struct pades_field f;
	bool is_known;

	if (field_of_widget(r, &ref, &dict, &is_known, err) != 0)
		return -1;
	if (is_known || !pdf_is_dict(dict))
		return 0;
	if (pades_field_climb(r, r->newest, ref, dict, &f, err) != 0)
		return -1;
	if (!f.is_signature)
		return 0;
	pades_finding(r, PDF_SUSPICIOUS, "PDF_FIELD_NOT_IN_FORM", r->newest,
		      "object %u: a signature field on a page that the form misses",
		      ref.number);
	return pades_field_keep(r, &f, err);
}

static int page_widgets(struct scan *s, const struct pdf_value *page,
			struct ltps_error *err)
{
	const struct pdf_value *annots, *dict;
	struct pades_reader *r = s->r;

	if (pades_get(r, r->newest, page, "Annots", &annots, err) != 0)
		return -1;
	for (size_t i = 0; annots->kind == PDF_ARRAY && i < annots->n; i++) {
		struct pdf_ref ref = pades_ref(&annots->items[i]);
		bool is_new = true;
		if (pades_visit(r, err) != 0 ||
		    (ref.number != 0 &&
		     pades_map_put(&r->seen, ref.number, &is_new, NULL, err) != 0))
			return -1;
		if (!is_new)
			continue;
		if (pades_resolve(r, r->newest, &annots->items[i], &dict, err) != 0 ||
		    stray_widget(s, ref, dict, err) != 0)
			return -1;
	}
	return 0;
}

static int walk_pages(struct scan *s, const struct pdf_value *entry, unsigned depth,
		      struct ltps_error *err)
{
	struct pdf_ref ref = pades_ref(entry);
	const struct pdf_value *node, *kids;
	struct pades_reader *r = s->r;
	bool is_new = true;

	if (pades_visit(r, err) != 0 ||
	    (ref.number != 0 &&
	     pades_map_put(&s->pages, ref.number, &is_new, NULL, err) != 0))
		return -1;
	if (depth > PADES_DEPTH_MAX)
		pades_finding(r, PDF_SUSPICIOUS, "PDF_PAGES_TOO_DEEP", r->newest,
			      "object %u: a page too deep to look for fields",
			      ref.number);
	if (!is_new || depth > PADES_DEPTH_MAX)
		return 0;
	if (pades_resolve(r, r->newest, entry, &node, err) != 0 ||
	    page_widgets(s, node, err) != 0 ||
	    pades_get(r, r->newest, node, "Kids", &kids, err) != 0)
		return -1;
	for (size_t i = 0; kids->kind == PDF_ARRAY && i < kids->n; i++) {
		if (walk_pages(s, &kids->items[i], depth + 1, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- what updates changed ---- */

/* A field that no tree has led to yet, with a value: some page may show it. */
static int changed_field(struct scan *s, struct pdf_ref ref, const struct pdf_value *v,
			 struct ltps_error *err)
{
	struct pades_field f;

	if (s->need_pages || pdf_dict_get(v, "V") == NULL ||
	    pades_map_has(&s->r->seen, ref.number))
		return 0;
	if (pades_field_climb(s->r, s->r->newest, ref, v, &f, err) != 0)
		return -1;
	s->need_pages = f.is_signature;
	return 0;
}

static bool is_at_one_place(const struct pdf_entry *a, const struct pdf_entry *b)
{
	return a == b || (a != NULL && b != NULL && a->place == b->place &&
			  a->offset == b->offset && a->index == b->index);
}

/* An object stream that was replaced has other objects at the same places. */
static bool is_same(const struct pdf_file *f, size_t old, size_t now, uint32_t number)
{
	const struct pdf_entry *a = pdf_file_find(f, old, number);
	const struct pdf_entry *b = pdf_file_find(f, now, number);

	if (!is_at_one_place(a, b) || a == NULL || a->place != PDF_IN_STREAM)
		return is_at_one_place(a, b);
	return is_at_one_place(pdf_file_find(f, old, (uint32_t)a->offset),
			       pdf_file_find(f, now, (uint32_t)b->offset));
}

static int changed_object(struct scan *s, const struct pdf_entry *e, size_t revision,
			  struct ltps_error *err)
{
	struct pdf_ref ref = { e->number, e->generation };
	const struct pdf_value *v, *value;
	struct pades_reader *r = s->r;

	if (pades_object_any(r, revision, ref, &v, err) != 0)
		return -1;
	if (v->kind != PDF_DICT)
		return 0;
	if (is_signature_dict(v) && candidate_add(r, v, ref, revision, err) != 0)
		return -1;
	value = pdf_dict_get(v, "V");
	if (is_signature_dict(value) &&
	    candidate_add(r, value, (struct pdf_ref){ 0 }, revision, err) != 0)
		return -1;
	if (!is_same(r->p->file, revision, r->newest, e->number))
		return 0;
	if (pdf_dict_get(v, "Annots") != NULL && page_widgets(s, v, err) != 0)
		return -1;
	return changed_field(s, ref, v, err);
}

/* Some programs name all objects again in each update. */
static bool is_changed(const struct pdf_file *f, const struct pdf_entry *e,
		       size_t revision)
{
	return e->place != PDF_FREE && !is_same(f, revision - 1, revision, e->number);
}

static int changed_entries(struct scan *s, struct ltps_error *err)
{
	const struct pdf_file *f = s->r->p->file;

	for (size_t i = 1; i < f->n_revisions; i++) {
		const struct pdf_revision *v = &f->revisions[i];
		for (size_t k = 0; k < v->n_entries; k++) {
			if (is_changed(f, &v->entries[k], i) &&
			    changed_object(s, &v->entries[k], i, err) != 0)
				return -1;
		}
	}
	return 0;
}

/* Whether some field of the newest revision has this dictionary as its value. */
static bool is_held(const struct pades_reader *r, const struct pades_candidate *c)
{
	const struct pades_field *f = r->fields.v;

	for (size_t i = 0; i < r->fields.n; i++) {
		if (f[i].value == c->dict ||
		    (c->ref.number != 0 &&
		     pades_ref(f[i].value).number == c->ref.number))
			return true;
	}
	return false;
}

/* SignaturesExist of /SigFlags: ISO 32000-2 Table 225. */
static int form_promises(struct pades_reader *r, bool *ret_promises,
			 struct ltps_error *err)
{
	const struct pdf_value *form, *flags;

	if (pades_get(r, r->newest, r->catalog, "AcroForm", &form, err) != 0 ||
	    pades_get(r, r->newest, form, "SigFlags", &flags, err) != 0)
		return -1;
	*ret_promises = flags->kind == PDF_INTEGER && (flags->integer & 1) != 0;
	return 0;
}

static int pages_needed(struct scan *s, struct ltps_error *err)
{
	const struct pades_candidate *c = s->r->candidates.v;
	bool promises;

	for (size_t i = 0; !s->need_pages && i < s->r->candidates.n; i++)
		s->need_pages = !is_held(s->r, &c[i]);
	if (s->need_pages || s->r->fields.n > 0)
		return 0;
	if (form_promises(s->r, &promises, err) != 0)
		return -1;
	s->need_pages = promises;
	return 0;
}

int pades_updates_scan(struct pades_reader *r, struct ltps_error *err)
{
	struct scan s = { .r = r };
	struct pades_map seen = { 0 };
	struct pades_walk first = {
		.r = r, .seen = &seen, .quiet = true, .found = first_form, .to = r
	};
	const struct pdf_value *pages = pdf_dict_get(r->catalog, "Pages");
	int rc = -1;

	if (r->newest > 0 && pades_fields_walk(&first, err) != 0)
		goto out;
	if (changed_entries(&s, err) != 0 || pages_needed(&s, err) != 0)
		goto out;
	if (s.need_pages && pages != NULL && walk_pages(&s, pages, 0, err) != 0)
		goto out;
	rc = 0;
out:
	pades_map_free(&seen);
	pades_map_free(&s.pages);
	return rc;
}

/* ---- what is gone ---- */

static bool is_listed(const struct pades_reader *r, const struct pades_candidate *c)
{
	const struct pades_signature *s = r->signatures.v;

	for (size_t i = 0; i < r->signatures.n; i++) {
		if (s[i].dict == c->dict || (s[i].value.number == c->ref.number &&
					     pdf_value_equal(s[i].dict, c->dict)))
			return true;
	}
	return false;
}

/* Only what was a signature of its revision is missed: not drafts that a program saved
 * before it signed. */
void pades_updates_removed(struct pades_reader *r)
{
	const struct pades_candidate *c = r->candidates.v;

	for (size_t i = 0; i < r->candidates.n; i++) {
		struct pades_signature s = { 0 };
		if (is_listed(r, &c[i]))
			continue;
		pades_range_read(r->p->file, c[i].dict, &s);
		if (s.coverage < PADES_COVERS_REVISION)
			continue;
		pades_finding(r, PDF_SUSPICIOUS, "PDF_SIGNATURE_REMOVED", s.revision,
			      "object %u: no field of the newest revision has this "
			      "signature of revision %zu any more",
			      c[i].ref.number, s.revision);
	}
}
