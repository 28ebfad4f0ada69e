/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_changes_edges - which object refers to which, in every version that any revision
 * has of it. All objects are passed over once, quickly; how a reference stands in its
 * object is found when that is asked, which is for few of them. Data of streams is
 * never touched but that of object streams.
 *
 * Needed because an object says nothing about where it is used, and because a reference
 * to a number that no object has may be waiting for one.
 */
#include "validation/pdf_changes_private.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

_Static_assert(PDF_ENTRIES_MAX < 1 << 24, "entries are numbered in 24 bits");
_Static_assert(PDF_EDGES_MAX < UINT32_MAX, "places in the list have 32 bits");
/* Octets passed over: objects that stand in each other or in one place would make it
 * the product of both. Object streams are compressed. */
#define SCAN_OCTETS(file) ((uint64_t)(file)*4 + ((uint64_t)256 << 20))

struct pass {
	struct pades *p;
	const size_t *base;
	struct pdf_edge_list *list;
	struct pdf_sources *lost;  /* NULL: known already */
	struct pdf_extents *plain; /* NULL: nobody asks */
	int (*scan)(struct view in, size_t at, uint32_t source, struct pdf_edge_list *l,
		    struct ltps_error *err);
};

/* ---- objects ---- */

/* Entry of this revision's own sections; entries are by number. */
static size_t entry_at(const struct pdf_revision *rev, uint64_t number)
{
	size_t low = 0, high = rev->n_entries;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (rev->entries[middle].number < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* Whether this revision has the object in this object stream. */
static bool is_inside(const struct pdf_revision *rev, size_t i, uint64_t number,
		      uint64_t container)
{
	return i < rev->n_entries && rev->entries[i].number == number &&
	       rev->entries[i].place == PDF_IN_STREAM &&
	       rev->entries[i].offset == container;
}

static int stream_open(const struct pass *a, size_t revision, uint64_t container,
		       struct view *ret_in, size_t *ret_first, struct ltps_error *err)
{
	struct pdf_ref ref = { .number = (uint32_t)container };
	const struct pdf_value *stream, *n;
	struct view in;
	*ret_in = VIEW_NULL;
	if (pdf_object(a->p->objects, revision, ref, &stream, err))
		return -1;
	/* What is read by other objects is not known once there is an update. */
	if (stream->kind != PDF_STREAM || pdf_is_read_by_others(stream))
		return 0;
	if (pdf_get(a->p->objects, revision, stream, "First", &n, err) ||
	    pdf_stream_data(a->p->objects, revision, stream, &in, err))
		return -1;
	if (n->kind != PDF_INTEGER || n->integer < 0 || (uint64_t)n->integer > in.n)
		return 0;
	*ret_in = in;
	*ret_first = (size_t)n->integer;
	return 0;
}

/* What stands before the objects is passed over once for each revision, too. */
static bool charge_head(struct pdf_edge_list *l, size_t octets)
{
	if (octets > l->octets)
		l->too_many = true;
	else
		l->octets -= octets;
	return !l->too_many;
}

/* In the order of their sources; of one of them as they were read. Where they stand in
 * the list is kept until they are linked. */
static int by_source(const void *a, const void *b)
{
	const struct pdf_edge *x = a, *y = b;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	return x->next < y->next ? -1 : x->next > y->next;
}

/* A number may stand in the head again and again, each time with another place. All
 * references count, as readers differ about which one it is; but they stand together,
 * so that whoever follows them goes into the object once. */
static void gather(struct pdf_edge_list *l, size_t from)
{
	size_t n = l->n - from;
	for (size_t i = 0; i < n; i++)
		l->v[from + i].next = (uint32_t)i;
	if (n > 0)
		qsort(l->v + from, n, sizeof(*l->v), by_source);
	for (size_t i = 0; i < n; i++)
		l->v[from + i].next = 0;
}

static int by_number(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return x < y ? -1 : x > y;
}

static int source_add(struct pdf_sources *l, size_t source, struct ltps_error *err)
{
	if (mem_grow(&l->v, sizeof(*l->v), l->n + 1, &l->cap, err) != 0)
		return -1;
	l->v[l->n++] = (uint32_t)source;
	return 0;
}

/* Sorts them. */
static bool is_any_twice(struct pdf_sources *l)
{
	bool twice = false;
	if (l->n > 0)
		qsort(l->v, l->n, sizeof(*l->v), by_number);
	for (size_t i = 1; i < l->n && !twice; i++)
		twice = l->v[i] == l->v[i - 1];
	return twice;
}

/*
 * Objects of one object stream that this revision names.
 * named  sources that were passed over, in their order
 */
static int stream_scan(const struct pass *a, size_t revision, uint64_t container,
		       struct pdf_sources *named, struct ltps_error *err)
{
	size_t from = a->list->n;
	const struct pdf_revision *rev = &a->p->file->revisions[revision];
	uint64_t number, offset;
	size_t first = 0, at = 0;
	struct view in;
	if (stream_open(a, revision, container, &in, &first, err))
		return -1;
	struct view head = view_head(in, first);
	if (!charge_head(a->list, first))
		return 0;
	int rc = 0;
	while (rc == 0 && pdf_scan_number(head, &at, &number) &&
	       pdf_scan_number(head, &at, &offset)) {
		size_t i = entry_at(rev, number);
		if (!is_inside(rev, i, number, container) || offset > in.n - first)
			continue;
		size_t source = a->base[revision] + i;
		rc = source_add(named, source, err);
		if (rc == 0)
			rc = a->scan(in, first + (size_t)offset, (uint32_t)source,
				     a->list, err);
	}
	if (is_any_twice(named) && rc == 0)
		gather(a->list, from);
	return rc;
}

/* An entry that names an object stream. */
struct inside {
	uint64_t container;
	uint32_t source;
};

static int by_stream(const void *a, const void *b)
{
	const struct inside *x = a, *y = b;
	if (x->container != y->container)
		return x->container < y->container ? -1 : 1;
	return x->source < y->source ? -1 : x->source > y->source;
}

/* Those that were not passed over with their stream: what they refer to is not known.
 * Both are in order. */
static int lose(const struct pass *a, const struct inside *v, size_t n,
		const struct pdf_sources *named, struct ltps_error *err)
{
	size_t k = 0;
	for (size_t i = 0; i < n; i++) {
		while (k < named->n && named->v[k] < v[i].source)
			k++;
		if ((k == named->n || named->v[k] != v[i].source) &&
		    source_add(a->lost, v[i].source, err))
			return -1;
	}
	return 0;
}

/* One object stream, and the entries that name it. */
static int container_scan(const struct pass *a, size_t revision, const struct inside *v,
			  size_t n, struct ltps_error *err)
{
	struct pdf_sources named = { 0 };
	int rc = stream_scan(a, revision, v->container, &named, err);
	/* What cannot be read refers to nothing; whoever needs it finds that. */
	if (rc != 0)
		rc = pdf_forgive(err);
	if (rc == 0)
		rc = lose(a, v, n, &named, err);
	mem_free(named.v);
	return rc;
}

/* The object streams that entries of a revision name, each once. */
static int streams_scan(const struct pass *a, size_t revision, size_t n_inside,
			struct ltps_error *err)
{
	const struct pdf_revision *rev = &a->p->file->revisions[revision];
	struct inside *v = mem_alloc(n_inside * sizeof(*v));
	size_t n = 0, end;
	int rc = 0;
	if (v == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < rev->n_entries; i++)
		if (rev->entries[i].place == PDF_IN_STREAM)
			v[n++] = (struct inside){ rev->entries[i].offset,
						  (uint32_t)(a->base[revision] + i) };
	qsort(v, n, sizeof(*v), by_stream);
	for (size_t i = 0; i < n && rc == 0 && !a->list->too_many; i = end) {
		for (end = i + 1; end < n && v[end].container == v[i].container;)
			end++;
		rc = container_scan(a, revision, v + i, end - i, err);
	}
	mem_free(v);
	return rc;
}

/* ---- what holds no other heads ---- */

/* Between two objects: more is not plain. */
#define PLAIN_BETWEEN_MAX 32

static bool is_space(uint8_t c)
{
	return c == '\n' || c == '\r' || c == ' ';
}

static size_t skip_spaces(struct view in, size_t at)
{
	while (at < in.n && is_space(in.p[at]))
		at++;
	return at;
}

/* Nothing but the end of an object there. */
static bool is_next(struct view in, size_t at, size_t next)
{
	static const char word[] = "endobj";
	const size_t n = sizeof(word) - 1;
	if (next <= at || next - at > PLAIN_BETWEEN_MAX)
		return false;
	in = view_head(in, next);
	at = skip_spaces(in, at);
	return next - at > n && memcmp(in.p + at, word, n) == 0 &&
	       skip_spaces(in, at + n) == next;
}

/* An object that was passed over, with the number that stands there. */
static int extent_add(const struct pass *a, const struct pdf_entry *v, uint64_t number,
		      struct ltps_error *err)
{
	struct view in = a->p->file->octets;
	struct pdf_extents *l = a->plain;
	size_t end = a->list->plain_end;
	if (end == 0 || end > l->end || number != v->number ||
	    (v->offset > 0 && !is_space(in.p[v->offset - 1])))
		return 0;
	if (l->n > 0 && is_next(in, (size_t)l->v[l->n - 1].end, (size_t)v->offset)) {
		l->v[l->n - 1].end = end;
		l->v[l->n - 1].last = v;
		return 0;
	}
	if (mem_grow(&l->v, sizeof(*l->v), l->n + 1, &l->cap, err) != 0)
		return -1;
	l->v[l->n++] = (struct pdf_extent){ v->offset, end, v };
	return 0;
}

static int entry_scan(const struct pass *a, size_t revision, size_t i,
		      struct ltps_error *err)
{
	const struct pdf_revision *rev = &a->p->file->revisions[revision];
	const struct pdf_entry *v = &rev->entries[i];
	struct view in = a->p->file->octets;
	uint64_t number;
	if (v->place == PDF_AT_OFFSET && v->offset >= rev->end && a->lost != NULL &&
	    source_add(a->lost, a->base[revision] + i, err))
		return -1;
	if (v->place != PDF_AT_OFFSET || v->offset >= in.n)
		return 0;
	if (a->scan(in, pdf_scan_header(in, (size_t)v->offset, &number),
		    (uint32_t)(a->base[revision] + i), a->list, err) != 0)
		return -1;
	return a->plain != NULL ? extent_add(a, v, number, err) : 0;
}

static size_t count_inside(const struct pdf_revision *rev)
{
	size_t n = 0;
	for (size_t i = 0; i < rev->n_entries; i++)
		n += rev->entries[i].place == PDF_IN_STREAM;
	return n;
}

/* Where nothing of the file stands there is nothing to wait for: any 64 bits may be
 * written there, also those that no end is behind. */
static bool is_waiting(const struct pass *a, const struct pdf_entry *v, uint64_t end)
{
	return v->place == PDF_AT_OFFSET && v->offset < a->p->file->octets.n &&
	       v->offset >= end;
}

/* The next entries of a revision, as long as they stand before this place; its object
 * streams behind the last one. */
static int revision_scan(const struct pass *a, struct pdf_edges *e, uint64_t end,
			 struct ltps_error *err)
{
	const struct pdf_revision *rev = &a->p->file->revisions[e->revision];
	for (; e->entry < rev->n_entries && !a->list->too_many; e->entry++) {
		if (is_waiting(a, &rev->entries[e->entry], end))
			return 0;
		if (entry_scan(a, e->revision, e->entry, err))
			return -1;
	}
	size_t n_inside = count_inside(rev);
	if (n_inside > 0 && streams_scan(a, e->revision, n_inside, err))
		return -1;
	e->revision++;
	e->entry = 0;
	return 0;
}

/* ---- by number ---- */

/* Each one becomes the first of its number, from the last one on. Small numbers are
 * many, and large ones few: only what is touched of these is memory. */
static int link_all(struct pdf_edges *e, struct ltps_error *err)
{
	struct pdf_edge_list *l = &e->list;
	uint32_t highest = 0;
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].target > highest)
			highest = l->v[i].target;
	e->first = mem_zalloc((size_t)highest + 1, sizeof(*e->first));
	if (e->first == NULL)
		return ltps_fail_nomem(err);
	e->n_numbers = (size_t)highest + 1;
	for (size_t i = l->n; i > 0; i--) {
		struct pdf_edge *edge = &l->v[i - 1];
		edge->next = e->first[edge->target];
		e->first[edge->target] = (uint32_t)i;
	}
	e->linked = true;
	return 0;
}

static const struct pdf_edge *edge_at(const struct pdf_edges *e, uint32_t place)
{
	return place > 0 ? &e->list.v[place - 1] : NULL;
}

const struct pdf_edge *pdf_edges_to(const struct pdf_edges *e, uint32_t number)
{
	assert(e->linked); /* "none" is an answer, and this would be none */
	return number < e->n_numbers ? edge_at(e, e->first[number]) : NULL;
}

const struct pdf_edge *pdf_edges_next(const struct pdf_edges *e,
				      const struct pdf_edge *edge)
{
	return edge_at(e, edge->next);
}

/* ---- the whole ---- */

int pdf_edges_begin(struct pades *p, size_t signed_revision, struct pdf_edges *ret_e,
		    struct ltps_error *err)
{
	struct pdf_edges e = { .list = { .octets = SCAN_OCTETS(p->file->octets.n) },
			       .signed_revision = signed_revision };
	if (signed_revision < p->file->n_revisions)
		e.plain.end = p->file->revisions[signed_revision].end;
	size_t n = p->file->n_revisions;
	e.base = mem_zalloc(n + 1, sizeof(*e.base));
	if (e.base == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		e.base[i + 1] = e.base[i] + p->file->revisions[i].n_entries;
	*ret_e = e;
	return 0;
}

int pdf_edges_upto(struct pades *p, struct pdf_edges *e, uint64_t end,
		   struct ltps_error *err)
{
	struct pass a = { p, e->base, &e->list, &e->lost, NULL, pdf_scan_quick };
	size_t before = SIZE_MAX;
	while (e->revision < p->file->n_revisions && e->revision != before) {
		before = e->revision;
		a.plain = e->revision <= e->signed_revision ? &e->plain : NULL;
		if (revision_scan(&a, e, end, err))
			return -1;
	}
	return e->revision < p->file->n_revisions || e->linked ? 0 : link_all(e, err);
}

int pdf_edges_finish(struct pades *p, struct pdf_edges *e, struct ltps_error *err)
{
	if (pdf_edges_upto(p, e, UINT64_MAX, err))
		return -1;
	/* Nobody must take what was not passed over for what is not there. */
	if (!e->linked)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "PDF: objects were not passed over to the last one");
	return 0;
}

void pdf_edges_clear(struct pdf_edges *e)
{
	mem_free(e->list.v);
	mem_free(e->lost.v);
	mem_free(e->plain.v);
	mem_free(e->first);
	mem_free(e->base);
	*e = (struct pdf_edges){ 0 };
}

/* ---- asked of one reference ---- */

static size_t revision_of(const struct pdf_edges *e, const struct pdf_file *f,
			  uint32_t source)
{
	size_t low = 0, high = f->n_revisions;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (e->base[middle] <= source)
			low = middle;
		else
			high = middle;
	}
	return low;
}

const struct pdf_entry *pdf_edge_source(const struct pdf_edges *e,
					const struct pdf_file *f, size_t revision,
					const struct pdf_edge *edge)
{
	size_t own = revision_of(e, f, edge->source);
	if (own > revision)
		return NULL;
	const struct pdf_entry *v =
	    &f->revisions[own].entries[edge->source - e->base[own]];
	const struct pdf_entry *now = pdf_file_find(f, revision, v->number);
	return now != NULL && now->revision == own ? v : NULL;
}

static bool is_in_force(const struct pdf_file *f, size_t revision, size_t own,
			uint32_t number)
{
	const struct pdf_entry *now = pdf_file_find(f, revision, number);
	return now != NULL && now->revision == own;
}

static bool is_catalog(const struct pdf_file *f, size_t revision, uint32_t number)
{
	const struct pdf_value *root =
	    pdf_dict_get(f->revisions[revision].trailer, "Root");
	return root != NULL && root->kind == PDF_REF && root->ref.number == number;
}

const struct pdf_entry *pdf_edges_lost(const struct pdf_edges *e,
				       const struct pdf_file *f, size_t revision,
				       size_t i)
{
	size_t own = revision_of(e, f, e->lost.v[i]);
	const struct pdf_entry *v =
	    &f->revisions[own].entries[e->lost.v[i] - e->base[own]];
	bool is_used = pdf_edges_to(e, v->number) != NULL ||
		       is_catalog(f, revision, v->number) ||
		       is_catalog(f, revision - 1, v->number);
	bool is = is_used &&
		  (is_in_force(f, revision, own, v->number) ||
		   is_in_force(f, revision - 1, own, v->number));
	return is ? v : NULL;
}

static int fail_found(struct ltps_error *err)
{
	return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
			 "PDF: references of an object were not found again");
}

/* The entry itself, or one that stands in the same object stream. */
static bool is_read_with(const struct pdf_revision *rev, size_t base, size_t i,
			 uint32_t source)
{
	size_t k = source - base;
	if (source < base || k >= rev->n_entries)
		return false;
	return k == i ||
	       (rev->entries[i].place == PDF_IN_STREAM &&
		is_inside(rev, k, rev->entries[k].number, rev->entries[i].offset));
}

/* What was read together stands together: the same references again, in their order. */
static int forms_keep(struct pdf_edges *e, const struct pdf_edge_list *exact,
		      const struct pdf_revision *rev, size_t base,
		      const struct pdf_edge *edge, struct ltps_error *err)
{
	size_t i = edge->source - base;
	size_t from = (size_t)(edge - e->list.v);
	while (from > 0 && is_read_with(rev, base, i, e->list.v[from - 1].source))
		from--;
	if (exact->too_many || exact->n > e->list.n - from)
		return fail_found(err);
	for (size_t k = 0; k < exact->n; k++) {
		struct pdf_edge *to = &e->list.v[from + k];
		if (to->target != exact->v[k].target ||
		    to->source != exact->v[k].source)
			return fail_found(err);
		to->form = exact->v[k].form;
	}
	return 0;
}

/* Of all references of an object, or of the objects in its stream: each is read so
 * once, and all of them have been passed over within the limits before. */
static int forms_find(struct pades *p, struct pdf_edges *e, const struct pdf_edge *edge,
		      struct ltps_error *err)
{
	size_t revision = revision_of(e, p->file, edge->source);
	size_t i = edge->source - e->base[revision];
	const struct pdf_revision *rev = &p->file->revisions[revision];
	struct pdf_edge_list exact = { .octets = SCAN_OCTETS(p->file->octets.n) };
	struct pass a = { p, e->base, &exact, NULL, NULL, pdf_scan_exact };
	struct pdf_sources named = { 0 };
	int rc = rev->entries[i].place == PDF_IN_STREAM
		     ? stream_scan(&a, revision, rev->entries[i].offset, &named,
				   err)
		     : entry_scan(&a, revision, i, err);
	if (rc == 0)
		rc = forms_keep(e, &exact, rev, e->base[revision], edge, err);
	mem_free(exact.v);
	mem_free(named.v);
	return rc;
}

int pdf_edge_form(struct pades *p, struct pdf_edges *e, const struct pdf_edge *edge,
		  enum pdf_edge_form *ret_form, struct ltps_error *err)
{
	if (edge->form == PDF_EDGE_UNKNOWN && forms_find(p, e, edge, err))
		return -1;
	if (edge->form == PDF_EDGE_UNKNOWN)
		return fail_found(err);
	*ret_form = (enum pdf_edge_form)edge->form;
	return 0;
}
