/* SPDX-License-Identifier: Apache-2.0 */
/* pdf_file_index - sections become revisions, and entries are found by number. */
#include <string.h>

#include "base/mem.h"
#include "formats/pdf_file_private.h"

#define FEW_ENTRIES 32 /* up to here inserting is quicker than counting */
#define DIGIT_BITS 12  /* two digits hold an object number */
#define DIGITS ((size_t)1 << DIGIT_BITS)

/* ---- sorting ---- */

static bool is_sorted(const struct pdf_entry *const *e, size_t n)
{
	for (size_t i = 1; i < n; i++)
		if (e[i - 1]->number > e[i]->number)
			return false;
	return true;
}

static void sort_few(const struct pdf_entry **e, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		const struct pdf_entry *x = e[i];
		size_t k = i;
		for (; k > 0 && e[k - 1]->number > x->number; k--)
			e[k] = e[k - 1];
		e[k] = x;
	}
}

static void sort_digit(const struct pdf_entry *const *from, const struct pdf_entry **to,
		       size_t n, unsigned shift)
{
	uint32_t at[DIGITS] = { 0 };
	uint32_t sum = 0;
	for (size_t i = 0; i < n; i++)
		at[from[i]->number >> shift & (DIGITS - 1)]++;
	for (size_t d = 0; d < DIGITS; d++) {
		uint32_t count = at[d];
		at[d] = sum;
		sum += count;
	}
	for (size_t i = 0; i < n; i++)
		to[at[from[i]->number >> shift & (DIGITS - 1)]++] = from[i];
}

/* Stable, by number. room: as many. */
static void pdf_sort_entries(const struct pdf_entry **e, size_t n,
			     const struct pdf_entry **room)
{
	if (is_sorted(e, n))
		return;
	if (n <= FEW_ENTRIES) {
		sort_few(e, n);
		return;
	}
	sort_digit(e, room, n, 0);
	sort_digit(room, e, n, DIGIT_BITS);
}

/* ---- entries of a revision ---- */

struct work {
	struct pdf_chain *c;
	const struct pdf_entry **list, **room; /* as many as the largest revision has */
};

static bool same_place(const struct pdf_entry *a, const struct pdf_entry *b)
{
	return a->place == b->place && a->offset == b->offset && a->index == b->index &&
	       (a->place != PDF_AT_OFFSET || a->generation == b->generation);
}

/* Two entries of one number in one revision; `b` is the one that does not count. */
static void note_twice(const struct work *w, size_t newest, const struct pdf_entry *a,
		       const struct pdf_entry *b, bool several)
{
	const struct pdf_section *s = &w->c->sections[newest];
	bool same = same_place(a, b);
	bool hybrid = a->hidden != b->hidden;
	if (hybrid && (same || b->place == PDF_FREE || a->place == PDF_FREE))
		return; /* as it is meant to be */
	if (several && !hybrid)
		return; /* sections without an end between them: noted already */
	if (hybrid)
		pdf_note(w->c->f, s->stale ? PDF_NOTICE : PDF_SUSPICIOUS,
			 s->stale ? "PDF_HYBRID_STALE" : "PDF_HYBRID_CONTRADICTS",
			 newest, b->offset,
			 "table and stream of a hybrid section differ about an object");
	else
		pdf_note(w->c->f, same ? PDF_NOTICE : PDF_SUSPICIOUS,
			 same ? "PDF_ENTRY_TWICE" : "PDF_ENTRIES_CONTRADICT", newest,
			 b->offset,
			 same ? "an object has the same entry twice in one revision"
			      : "an object has two entries in one revision");
}

static size_t gather(const struct work *w, size_t newest, size_t oldest)
{
	size_t n = 0;
	for (size_t k = newest; k <= oldest; k++)
		for (size_t i = 0; i < w->c->sections[k].n; i++)
			w->list[n++] = &w->c->sections[k].entries[i];
	return n;
}

static int keep_entries(const struct work *w, size_t revision, size_t newest, size_t n,
			bool several, struct ltps_error *err)
{
	struct pdf_revision *r = &w->c->f->revisions[revision];
	struct pdf_entry *out;
	if (arena_take(&w->c->f->arena, n, sizeof(*out), &out, err) != 0)
		return -1;
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		if (kept > 0 && out[kept - 1].number == w->list[i]->number) {
			note_twice(w, newest, &out[kept - 1], w->list[i], several);
			continue;
		}
		out[kept] = *w->list[i];
		out[kept++].revision = (uint32_t)revision;
	}
	r->entries = out;
	r->n_entries = kept;
	return 0;
}

/* Often a section is sorted already and simply stays where it is. */
static bool keep_as_is(const struct work *w, size_t revision,
		       const struct pdf_section *s)
{
	struct pdf_revision *r = &w->c->f->revisions[revision];
	uint32_t last = 0; /* no entry of object 0 is kept */
	for (size_t i = 0; i < s->n; last = s->entries[i++].number) {
		if (s->entries[i].number <= last)
			return false;
		s->entries[i].revision = (uint32_t)revision;
	}
	r->entries = s->entries;
	r->n_entries = s->n;
	return true;
}

static int make_entries(const struct work *w, size_t revision, size_t newest,
			size_t oldest, struct ltps_error *err)
{
	if (newest == oldest && keep_as_is(w, revision, &w->c->sections[newest]))
		return 0;
	size_t n = gather(w, newest, oldest);
	bool several = newest != oldest && !w->c->sections[newest].forward;
	pdf_sort_entries(w->list, n, w->room);
	return keep_entries(w, revision, newest, n, several, err);
}

/* ---- revisions ---- */

static uint32_t size_of(const struct pdf_value *trailer)
{
	const struct pdf_value *v = pdf_dict_get(trailer, "Size");
	bool ok = v != NULL && v->kind == PDF_INTEGER && v->integer >= 0 &&
		  v->integer <= PDF_OBJECT_NUMBER_MAX + 1;
	return ok ? (uint32_t)v->integer : 0;
}

/* Sections newest to oldest make one revision; the newest of them speaks. */
static int make_revision(const struct work *w, size_t newest, size_t oldest,
			 struct ltps_error *err)
{
	struct pdf_file *f = w->c->f;
	size_t i = f->n_revisions++;
	struct pdf_revision *r = &f->revisions[i];
	const struct pdf_section *s = &w->c->sections[newest];
	const struct pdf_section *last = s->forward ? s + 1 : s;
	r->start = i > 0 ? f->revisions[i - 1].end : 0;
	r->end = last->tail.end;
	r->startxref = s->named;
	r->trailer = s->trailer;
	r->size = size_of(s->trailer);
	r->style = s->style;
	for (size_t k = newest; k <= oldest; k++) {
		w->c->sections[k].revision = i;
		r->irregular |= w->c->sections[k].irregular;
	}
	return make_entries(w, i, newest, oldest, err);
}

static int make_all(const struct work *w, struct ltps_error *err)
{
	size_t oldest = w->c->n - 1;
	for (size_t k = w->c->n; k-- > 0;) {
		const struct pdf_section *s = &w->c->sections[k];
		bool main = k > 0 && s[-1].forward;
		/* A section whose end is missing is a part of the next revision. */
		bool ends = s->forward ? s[1].has_tail : s->has_tail;
		if (main || (!ends && k > 0))
			continue;
		if (make_revision(w, k, oldest, err) != 0)
			return -1;
		oldest = k > 0 ? k - 1 : 0;
	}
	return 0;
}

/* The one with the most entries, which are sorted already. */
static size_t largest_of(const struct pdf_file *f)
{
	size_t largest = 0;
	for (size_t r = 1; r < f->n_revisions; r++)
		if (f->revisions[r].n_entries > f->revisions[largest].n_entries)
			largest = r;
	return largest;
}

static bool is_before(const struct pdf_entry *a, const struct pdf_entry *b)
{
	return a->number < b->number ||
	       (a->number == b->number && a->revision < b->revision);
}

const struct pdf_entry *pdf_entries_next(const struct pdf_file *f, struct pdf_walk *w)
{
	const struct pdf_revision *large = &f->revisions[f->largest];
	const struct pdf_entry *e =
	    w->large < large->n_entries ? &large->entries[w->large] : NULL;
	const struct pdf_entry *u =
	    w->update < f->n_updates ? f->updates[w->update] : NULL;
	if (u == NULL || (e != NULL && is_before(e, u))) {
		w->large += e != NULL;
		return e;
	}
	w->update++;
	return u;
}

/* Updates name few objects: these are sorted; what they update is so already, and may
 * be millions. */
static int make_index(struct work *w, struct ltps_error *err)
{
	struct pdf_file *f = w->c->f;
	size_t n = 0;
	f->largest = largest_of(f);
	for (size_t r = 0; r < f->n_revisions; r++)
		for (size_t i = 0; r != f->largest && i < f->revisions[r].n_entries;
		     i++)
			w->list[n++] = &f->revisions[r].entries[i];
	pdf_sort_entries(w->list, n, w->room);
	if (arena_take(&f->arena, n, sizeof(*f->updates), &f->updates, err) != 0)
		return -1;
	if (n > 0)
		memcpy(f->updates, w->list, n * sizeof(*f->updates));
	f->n_updates = n;
	f->n_entries = n + f->revisions[f->largest].n_entries;
	return 0;
}

int pdf_revisions_make(struct pdf_chain *c, struct ltps_error *err)
{
	size_t total = 0;
	for (size_t k = 0; k < c->n; k++)
		total += c->sections[k].n;
	struct work w = { .c = c };
	w.list = mem_zalloc(total, sizeof(*w.list));
	w.room = mem_zalloc(total, sizeof(*w.room));
	int rc = w.list == NULL || w.room == NULL
		     ? ltps_fail_nomem(err)
		     : arena_take(&c->f->arena, c->n, sizeof(*c->f->revisions),
				  &c->f->revisions, err);
	if (rc == 0)
		rc = make_all(&w, err);
	if (rc == 0)
		rc = make_index(&w, err);
	mem_free(w.list);
	mem_free(w.room);
	return rc;
}
