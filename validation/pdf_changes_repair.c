/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_changes_repair - what makes readers leave the tables of a file and go through all
 * its octets for objects, and what they would find there. Both are needed to show other
 * contents than were signed, and neither is there in an honest update.
 */
#include "validation/pdf_changes_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

/* ---- sections ---- */

/* The first revision whose table readers may not take; behind the one looked at: none
 * up to it is. */
static size_t first_irregular(const struct pdf_run *r)
{
	size_t i = 0;
	while (i <= r->revision && !r->p->file->revisions[i].irregular)
		i++;
	return i;
}

static int judge_sections(struct pdf_run *r, struct ltps_error *err)
{
	size_t i = first_irregular(r);
	if (i > r->revision)
		return 0;
	return pdf_change_add(r, PDF_CHANGE_UNDEFINED, "incremental-saving", VIEW_NULL,
			      err,
			      "the cross-reference table of revision %zu is irregular: "
			      "some readers look for objects themselves",
			      i);
}

/* ---- references to nothing ---- */

/*
 * What an update refers to that it did not refer to at the same place before, and all
 * that is below: a reader that fetches what is not there takes the table for broken,
 * and what nobody went to so far it did not fetch. Upwards (/P, /Pg, ...) one step is
 * enough: those lead to pages, and with them to the whole document. A /Parent gives
 * what fields inherit, and is shown through its own kids alone; a /Popup and what is
 * replied to are shown with their annotation.
 */
struct next {
	struct pdf_ref ref;
	bool up; /* without its kids */
};
struct walk {
	struct pdf_run *r;
	uint8_t *seen; /* two bits for each number: down, up */
	size_t n_seen, cap_seen;
	struct next *todo; /* seen, and not looked into */
	size_t n, cap;
	struct pdf_ref found;
	const char *why; /* what is wrong with it; NULL: nothing is found */
};
/* To find an object that was read costs as much as so many of its members. */
#define FETCH_STEPS 8
static const char not_followed[] = "is not followed to the end";

static bool is_nothing(const struct pdf_file *f, size_t revision, struct pdf_ref ref)
{
	const struct pdf_entry *e = pdf_in_use(f, revision, ref.number);
	return e == NULL || e->generation != ref.generation;
}

static void found(struct walk *w, struct pdf_ref ref, const char *why)
{
	w->found = ref;
	w->why = why;
}

/* What an entry does not lead to is as little there as what has none. */
static int fetch(struct walk *w, struct pdf_ref ref, const struct pdf_value **ret_v,
		 struct ltps_error *err)
{
	*ret_v = &pdf_change_null;
	if (!pdf_change_step(w->r, FETCH_STEPS)) {
		found(w, ref, not_followed);
		return 0;
	}
	if (pdf_object_own(w->r->p->objects, w->r->revision, ref, ret_v, err) == 0)
		return 0;
	found(w, ref, "cannot be read");
	return pdf_forgive(err);
}

/* Only numbers with an entry: these are below the limit. */
static int see(struct walk *w, struct next next, struct ltps_error *err)
{
	size_t at = next.ref.number / 4;
	uint8_t bit = (uint8_t)(1U << (next.ref.number % 4 * 2 + next.up));
	if (mem_grow(&w->seen, 1, at + 1, &w->cap_seen, err) != 0)
		return -1;
	if (w->n_seen < w->cap_seen)
		memset(w->seen + w->n_seen, 0, w->cap_seen - w->n_seen);
	w->n_seen = w->cap_seen;
	if ((w->seen[at] & bit) != 0)
		return 0;
	if (mem_grow(&w->todo, sizeof(*w->todo), w->n + 1, &w->cap, err) != 0)
		return -1;
	w->seen[at] |= bit;
	w->todo[w->n++] = next;
	return 0;
}

static bool is_key(struct view key, const char *name)
{
	return view_compare(key, view_text(name)) == 0;
}

/*
 * key  under which it stands, in an array or not; VIEW_NULL: none
 * was  it stood there before
 */
static int look_ref(struct walk *w, struct pdf_ref ref, bool was, struct view key,
		    struct ltps_error *err)
{
	const struct pdf_file *f = w->r->p->file;
	const struct pdf_value *v;
	bool nothing = is_nothing(f, w->r->revision, ref);
	if (was && (!nothing || is_nothing(f, w->r->revision - 1, ref)))
		return 0;
	if (nothing || ref.number > PDF_OBJECT_NUMBER_MAX) {
		found(w, ref, "is not there");
		return 0;
	}
	bool back = pdf_edge_form_of(key, false) == PDF_EDGE_BACK;
	if (back && !is_key(key, "Parent") && !is_key(key, "Popup") &&
	    !is_key(key, "IRT"))
		return fetch(w, ref, &v, err);
	return see(w, (struct next){ ref, back }, err);
}

static int look(struct walk *w, const struct pdf_value *before,
		const struct pdf_value *after, struct view key, struct ltps_error *err);

static int by_ref(const void *a, const void *b)
{
	const struct pdf_ref *x = a, *y = b;
	if (x->number != y->number)
		return x->number < y->number ? -1 : 1;
	return x->generation < y->generation ? -1 : x->generation > y->generation;
}

/* The references that stand directly in an array, in their order. */
struct refs {
	const struct pdf_value *in; /* the array, or something else: there are none */
	struct pdf_ref *v;          /* NULL: not asked for so far */
	size_t n;
};

static int refs_sort(struct refs *l, struct ltps_error *err)
{
	l->v = mem_alloc(l->in->n * sizeof(*l->v));
	if (l->v == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < l->in->n; i++)
		if (l->in->items[i].kind == PDF_REF)
			l->v[l->n++] = l->in->items[i].ref;
	if (l->n > 0)
		qsort(l->v, l->n, sizeof(*l->v), by_ref);
	return 0;
}

/* In any order; most stand where they stood. */
static int stood_there(struct refs *l, size_t i, struct pdf_ref ref, bool *ret_was,
		       struct ltps_error *err)
{
	*ret_was = false;
	if (l->in->kind != PDF_ARRAY || l->in->n == 0)
		return 0;
	*ret_was = i < l->in->n && l->in->items[i].kind == PDF_REF &&
		   by_ref(&l->in->items[i].ref, &ref) == 0;
	if (*ret_was)
		return 0;
	if (l->v == NULL && refs_sort(l, err) != 0)
		return -1;
	*ret_was = l->n > 0 && bsearch(&ref, l->v, l->n, sizeof(ref), by_ref) != NULL;
	return 0;
}

static int look_array(struct walk *w, const struct pdf_value *before,
		      const struct pdf_value *after, struct view key,
		      struct ltps_error *err)
{
	size_t n = before->kind == PDF_ARRAY ? before->n : 0;
	struct refs old = { .in = before };
	int rc = 0;
	for (size_t i = 0; i < after->n && rc == 0 && w->why == NULL; i++) {
		const struct pdf_value *v = &after->items[i];
		bool was = false;
		if (v->kind == PDF_REF)
			rc = stood_there(&old, i, v->ref, &was, err);
		if (rc == 0 && was)
			rc = look_ref(w, v->ref, true, key, err);
		else if (rc == 0)
			rc = look(w, v->kind != PDF_REF && i < n ? &before->items[i]
								 : &pdf_change_null,
				  v, key, err);
	}
	mem_free(old.v);
	return rc;
}

static int by_key(const void *a, const void *b)
{
	const struct pdf_member *x = *(const struct pdf_member *const *)a;
	const struct pdf_member *y = *(const struct pdf_member *const *)b;
	return view_compare(x->key, y->key);
}

/* Of a key that stands twice nobody knows which one counted: all is new there. */
static int look_dict(struct walk *w, const struct pdf_value *before,
		     const struct pdf_value *after, struct ltps_error *err)
{
	size_t n = pdf_is_dict(before) && !before->duplicate_keys ? before->n : 0;
	const struct pdf_member **v = n > 0 ? mem_alloc(n * sizeof(*v)) : NULL;
	int rc = 0;
	if (n > 0 && v == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		v[i] = &before->members[i];
	if (n > 0)
		qsort(v, n, sizeof(*v), by_key);
	for (size_t i = 0; i < after->n && rc == 0 && w->why == NULL; i++) {
		const struct pdf_member *m = &after->members[i], **same = NULL;
		if (n > 0)
			same = bsearch(&m, v, n, sizeof(*v), by_key);
		rc = look(w, same != NULL ? &(*same)->value : &pdf_change_null,
			  &m->value, m->key, err);
	}
	mem_free(v);
	return rc;
}

/* What stands at a place, against what stood there. */
static int look(struct walk *w, const struct pdf_value *before,
		const struct pdf_value *after, struct view key, struct ltps_error *err)
{
	if (w->why != NULL)
		return 0;
	if (!pdf_change_step(w->r, 1 + before->n)) {
		found(w, after->ref, not_followed);
		return 0;
	}
	if (after->kind == PDF_REF)
		return look_ref(w, after->ref,
				before->kind == PDF_REF &&
				    by_ref(&before->ref, &after->ref) == 0,
				key, err);
	if (after->kind == PDF_ARRAY)
		return look_array(w, before, after, key, err);
	return pdf_is_dict(after) ? look_dict(w, before, after, err) : 0;
}

static int look_up(struct walk *w, const struct pdf_value *v, struct ltps_error *err)
{
	int rc = 0;
	for (size_t i = 0; i < v->n && rc == 0; i++)
		if (!is_key(v->members[i].key, "Kids"))
			rc = look(w, &pdf_change_null, &v->members[i].value,
				  v->members[i].key, err);
	return rc;
}

/* Each object once, also one that the update writes: where it stood before, what it
 * refers to need not be new. */
static int look_below(struct walk *w, struct ltps_error *err)
{
	int rc = 0;
	while (rc == 0 && w->n > 0 && w->why == NULL) {
		struct next next = w->todo[--w->n];
		const struct pdf_value *v;
		rc = fetch(w, next.ref, &v, err);
		if (rc == 0 && next.up && pdf_is_dict(v))
			rc = look_up(w, v, err);
		else if (rc == 0)
			rc = look(w, &pdf_change_null, v, VIEW_NULL, err);
	}
	return rc;
}

/* As it stands; null where it cannot be read, which is told elsewhere. */
static int read_own(struct pdf_run *r, size_t revision, const struct pdf_entry *e,
		    const struct pdf_value **ret_v, struct ltps_error *err)
{
	struct pdf_ref ref = { e->number, e->generation };
	*ret_v = &pdf_change_null;
	return pdf_object_own(r->p->objects, revision, ref, ret_v, err) == 0
		   ? 0
		   : pdf_forgive(err);
}

/* Whether what a reader needs to find the objects of a stream stands elsewhere: some do
 * not go there for it. */
static bool is_indirect_list(const struct pdf_value *v)
{
	const struct pdf_value *type = pdf_dict_get(v, "Type");
	if (v->kind != PDF_STREAM || pdf_dict_get(v, "First") == NULL ||
	    pdf_dict_get(v, "N") == NULL)
		return false;
	return pdf_is_read_by_others(v) || (type != NULL && type->kind == PDF_REF);
}

static int look_entry(struct walk *w, const struct pdf_entry *e, struct ltps_error *err)
{
	struct pdf_run *r = w->r;
	const struct pdf_file *f = r->p->file;
	const struct pdf_entry *old = pdf_in_use(f, r->revision - 1, e->number);
	const struct pdf_value *before = &pdf_change_null, *after;
	/* A cross-reference stream is a trailer. */
	if (e->place == PDF_FREE ||
	    (e->place == PDF_AT_OFFSET &&
	     e->offset == f->revisions[r->revision].startxref))
		return 0;
	if (read_own(r, r->revision, e, &after, err) != 0 ||
	    (old != NULL && read_own(r, r->revision - 1, old, &before, err) != 0) ||
	    look(w, before, after, VIEW_NULL, err) != 0)
		return -1;
	if (w->why == NULL && is_indirect_list(after))
		return pdf_change_add(r, PDF_CHANGE_UNDEFINED, "incremental-saving",
				      VIEW_NULL, err,
				      "object stream %u leaves to other objects how it "
				      "is read: some readers look for objects themselves",
				      e->number);
	return 0;
}

/* Tables 15, 17 and 19: nobody goes after what else stands in a trailer, and some
 * writers copy it with numbers that mean something else in this file. */
static int look_trailer(struct walk *w, struct ltps_error *err)
{
	static const char *const keys[] = { "Root",  "Info",	"Encrypt",     "ID",
					    "Size",  "Prev",	"XRefStm",     "Type",
					    "Index", "W",	"Length",      "Filter",
					    "F",     "FFilter", "DecodeParms", "DL" };
	const struct pdf_revision *rev = &w->r->p->file->revisions[w->r->revision];
	int rc = 0;
	for (size_t i = 0; rc == 0 && i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct pdf_value *before = pdf_dict_get(rev[-1].trailer, keys[i]);
		const struct pdf_value *after = pdf_dict_get(rev->trailer, keys[i]);
		if (after != NULL)
			rc = look(w, before != NULL ? before : &pdf_change_null, after,
				  view_text(keys[i]), err);
	}
	return rc;
}

static int judge_references(struct pdf_run *r, struct ltps_error *err)
{
	const struct pdf_revision *rev = &r->p->file->revisions[r->revision];
	struct walk w = { .r = r };
	int rc = look_trailer(&w, err);
	for (size_t i = 0; rc == 0 && w.why == NULL && i < rev->n_entries; i++)
		rc = look_entry(&w, &rev->entries[i], err);
	if (rc == 0)
		rc = look_below(&w, err);
	mem_free(w.seen);
	mem_free(w.todo);
	if (rc != 0 || w.why == NULL)
		return rc;
	return pdf_change_add(r, PDF_CHANGE_UNDEFINED, "incremental-saving", VIEW_NULL,
			      err,
			      "the update refers to object %u, which %s: some readers "
			      "look for it themselves",
			      w.found.number, w.why);
}

/* ---- octets ---- */

static int judge_octets(struct pdf_run *r, struct ltps_error *err)
{
	char what[PDF_HIDDEN_TEXT];
	if (pdf_revision_hides(r->p->objects, r->revision, what, err) != 0)
		return -1;
	return what[0] == 0 ? 0
			    : pdf_change_add(r, PDF_CHANGE_UNDEFINED,
					     "incremental-saving", VIEW_NULL, err, "%s",
					     what);
}

int pdf_judge_heads(struct pdf_run *r, size_t signed_revision, struct ltps_error *err)
{
	char what[PDF_HIDDEN_TEXT];
	r->object = (struct pdf_ref){ 0 };
	if (pdf_signed_hides(r->p->objects, signed_revision, r->edges.plain.v,
			     r->edges.plain.n, what, err) != 0)
		return -1;
	return what[0] == 0 ? 0
			    : pdf_change_add(r, PDF_CHANGE_UNDEFINED,
					     "incremental-saving", VIEW_NULL, err, "%s",
					     what);
}

int pdf_judge_repair(struct pdf_run *r, struct ltps_error *err)
{
	r->object = (struct pdf_ref){ 0 }; /* no single one is to blame */
	if (judge_octets(r, err) != 0 || judge_sections(r, err) != 0)
		return -1;
	return judge_references(r, err);
}
