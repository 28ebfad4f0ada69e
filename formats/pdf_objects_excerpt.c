/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The excerpt of the file that libqpdf reads: every octet of it stands where it stands
 *in the file, and all that is not asked about is zero. It holds the beginning, the end
 *of each revision that is opened, the cross-reference sections, and an object as soon
 *as it is asked about. What libqpdf looks for elsewhere is not there, and so differs.
 *
 * Two things are left out because libqpdf takes each octet by itself and there is
 *nothing in them to read in two ways: the hexadecimal digits of a signature, and the
 *rows of long tables that nobody asks about (pdf_objects_rows.c). What stands behind
 *them in the same dictionary or section moves up:
 *
 *	12 0 obj << /Type /Sig /Contents <3082...00> /ByteRange [...] >> endobj
 *	12 0 obj << /Type /Sig /Contents <5A> /ByteRange [...] >> endobj %%%%
 *
 * No object may stand within what was moved.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/mem.h"
#include "formats/pdf_objects_private.h"

/* Address space, of which only what is touched is memory; larger files are read as they
 * are. */
#define EXCERPT_MAX ((size_t)1 << 30)
/* libqpdf looks for the header in 1024 octets, for startxref in the last 1054. */
#define HEADER_LEN ((uint64_t)2048)
#define TAIL_LEN ((uint64_t)1100)
/* Behind an object: what ends its last token, and what libqpdf reads ahead and keeps,
 * 128 octets, among which the next object may begin. */
#define BEHIND_LEN ((uint64_t)256)
/* Digits that are worth it. */
#define DIGITS_MIN 1024
#define MARK "<5A>"
/* libqpdf skips white space behind an object. */
#define END " endobj %"
/* They are kept in order: what comes when there are as many is not altered. */
#define REGIONS_MAX 16384
/* Filters of an object stream, in arrays and dictionaries. */
#define FILTER_DEPTH_MAX 4

/* ---- octets ---- */

/* The first region that ends behind this place. */
static size_t region_behind(const struct pdf_excerpt *x, uint64_t at)
{
	size_t low = 0, high = x->n_regions;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;
		if (x->regions[mid].end <= at)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* Whether a region lies in this range; altered: of those where other octets stand. */
static bool is_taken(const struct pdf_excerpt *x, uint64_t start, uint64_t end,
		     bool altered)
{
	for (size_t i = region_behind(x, start);
	     i < x->n_regions && x->regions[i].start < end; i++)
		if (!altered || x->regions[i].altered)
			return true;
	return false;
}

/* A place for octets of one kind; not taken where there is a region already. */
static int pdf_excerpt_take(struct pdf_excerpt *x, uint64_t start, uint64_t end,
			    bool altered, bool *ret_taken, struct ltps_error *err)
{
	*ret_taken = false;
	if (start >= end || x->n_regions == REGIONS_MAX ||
	    is_taken(x, start, end, false))
		return 0;
	if (x->n_regions == x->cap_regions) {
		const size_t cap = x->cap_regions == 0 ? 32 : x->cap_regions * 2;
		struct pdf_region *v = mem_resize(x->regions, cap, sizeof(*v));
		if (v == NULL)
			return ltps_fail_nomem(err);
		x->regions = v;
		x->cap_regions = cap;
	}
	const size_t at = region_behind(x, start);
	memmove(&x->regions[at + 1], &x->regions[at],
		(x->n_regions - at) * sizeof(x->regions[0]));
	x->regions[at] = (struct pdf_region){ start, end, altered, false };
	x->n_regions++;
	*ret_taken = true;
	return 0;
}

/* As they are, around what was altered. */
static void copy(struct pdf_objects *o, uint64_t start, uint64_t end)
{
	const struct pdf_excerpt *x = &o->excerpt;
	const struct view octets = o->file->octets;

	if (end > octets.n)
		end = octets.n;
	for (size_t i = region_behind(x, start); start < end; i++) {
		while (i < x->n_regions && x->regions[i].start < end &&
		       !x->regions[i].altered)
			i++;
		const bool last = i == x->n_regions || x->regions[i].start >= end;
		const uint64_t stop = last ? end : x->regions[i].start;
		if (stop > start)
			memcpy(x->p + start, octets.p + start, (size_t)(stop - start));
		start = last ? end : x->regions[i].end;
	}
}

/* ---- signatures ---- */

static const struct pdf_value *find_contents(const struct pdf_slot *s)
{
	const struct pdf_value *own = s->own;

	if (own->kind != PDF_DICT || own->duplicate_keys ||
	    pdf_dict_get(own, "ByteRange") == NULL)
		return NULL;
	const struct pdf_value *c = pdf_dict_get(own, "Contents");
	return c != NULL && c->kind == PDF_STRING && c->hex && c->where.n >= DIGITS_MIN
		   ? c
		   : NULL;
}

static bool is_within(struct view inner, struct view outer)
{
	return inner.p >= outer.p && inner.n <= outer.n &&
	       (size_t)(inner.p - outer.p) <= outer.n - inner.n;
}

static void write_short(struct pdf_objects *o, struct view dict, struct view digits)
{
	const uint8_t *tail = digits.p + digits.n;
	const size_t head_n = (size_t)(digits.p - dict.p),
		     tail_n = (size_t)(dict.p + dict.n - tail);
	uint8_t *to = o->excerpt.p + (dict.p - o->file->octets.p);
	const uint8_t *end = to + dict.n;

	memcpy(to, dict.p, head_n);
	to += head_n;
	memcpy(to, MARK, sizeof(MARK) - 1);
	to += sizeof(MARK) - 1;
	memcpy(to, tail, tail_n);
	to += tail_n;
	memcpy(to, END, sizeof(END) - 1);
	to += sizeof(END) - 1;
	memset(to, 0, (size_t)(end - to));
}

/* *ret_done: the dictionary is there, without digits. */
static int shorten(struct pdf_objects *o, struct pdf_slot *s, bool *ret_done,
		   struct ltps_error *err)
{
	const struct view octets = o->file->octets, dict = s->own->where;
	const struct pdf_value *contents = find_contents(s);

	*ret_done = false;
	if (contents == NULL || !is_within(dict, octets) ||
	    !is_within(contents->where, dict))
		return 0;
	const uint64_t start = (uint64_t)(dict.p - octets.p);
	if (pdf_excerpt_take(&o->excerpt, start, start + dict.n, true, ret_done, err) !=
	    0)
		return -1;
	if (!*ret_done)
		return 0;
	copy(o, s->entry->offset, start);
	write_short(o, dict, contents->where);
	s->shortened = s->excerpted = true;
	return 0;
}

/* Of all that is looked at by now: what is open may have read ahead what stood there.
 */
static int shorten_all(struct pdf_objects *o, bool *ret_any, struct ltps_error *err)
{
	struct pdf_excerpt *x = &o->excerpt;

	*ret_any = false;
	for (; x->n_tried < o->n_looked; x->n_tried++) {
		struct pdf_slot *s = o->looked[x->n_tried];
		bool is_done = false;
		if (s->state == PDF_SLOT_READ && s->end > 0 && !s->excerpted &&
		    shorten(o, s, &is_done, err) != 0)
			return -1;
		*ret_any = *ret_any || is_done;
	}
	return 0;
}

bool pdf_is_mark(const struct pdf_value *v)
{
	return v->kind == PDF_STRING && view_is_text(v->text, "Z");
}

/*
 * ---- plain objects ----
 *
 * Of an object that pdf_objects_plain.c reads as we did, libqpdf confirms its number, its
 * generation and its place, and that nothing else is read there. Where anything differs
 * they are put back, and libqpdf reads all: marks make no file malformed.
 */

/* Octets that are worth it: more than a mark has. */
#define PLAIN_MIN ((size_t)32)

/* What libqpdf looks into when it opens a revision: catalogs and roots of page trees. */
static bool is_root(const struct pdf_value *v)
{
	return pdf_dict_get(v, "Pages") != NULL ||
	       (pdf_dict_get(v, "Kids") != NULL && pdf_dict_get(v, "Count") != NULL);
}

/* No other object and no other version of it has the same, and no file can hold it. */
static uint64_t mark_of(const struct pdf_objects *o, const struct pdf_slot *s)
{
	return s->entry->offset ^ o->excerpt.secret;
}

static void write_mark(struct pdf_objects *o, const struct pdf_slot *s, struct view old)
{
	uint8_t *to = o->excerpt.p + (old.p - o->file->octets.p);
	char mark[PLAIN_MIN];
	const int n = snprintf(mark, sizeof(mark), "<%016llx>%s",
			       (unsigned long long)mark_of(o, s), END);

	memcpy(to, mark, (size_t)n);
	memset(to + n, 0, old.n - (size_t)n);
}

bool pdf_is_plain_mark(const struct pdf_objects *o, const struct pdf_slot *s,
		       const struct pdf_value *theirs)
{
	uint64_t n = 0;

	if (theirs->kind != PDF_STRING || theirs->text.n != sizeof(n))
		return false;
	for (size_t i = 0; i < theirs->text.n; i++)
		n = n << 8 | theirs->text.p[i];
	return n == mark_of(o, s);
}

/* Where libqpdf looks for words rather than objects: the header, and startxref at the
 * end of each revision. */
static bool is_at_an_edge(const struct pdf_file *f, uint64_t start, uint64_t end)
{
	size_t low = 0, high = f->n_revisions;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;
		if (f->revisions[mid].end <= start)
			low = mid + 1;
		else
			high = mid;
	}
	return start < HEADER_LEN || low == f->n_revisions ||
	       f->revisions[low].end - end < TAIL_LEN || f->revisions[low].end < end;
}

static int mark_plain(struct pdf_objects *o, struct pdf_slot *s, struct ltps_error *err)
{
	const struct view octets = o->file->octets, old = s->own->where;
	bool is_done;

	if (s->excerpted || old.n < PLAIN_MIN || !is_within(old, octets))
		return 0;
	const uint64_t start = (uint64_t)(old.p - octets.p), end = start + old.n;
	if (s->end <= end || s->entry->offset >= start ||
	    is_at_an_edge(o->file, start, end) || is_root(s->own) ||
	    !pdf_is_plain(s->own, view_of(octets.p + end, (size_t)(s->end - end))))
		return 0;
	if (pdf_excerpt_take(&o->excerpt, start, end, true, &is_done, err) != 0)
		return -1;
	if (!is_done)
		return 0;
	o->excerpt.regions[region_behind(&o->excerpt, start)].plain = true;
	copy(o, s->entry->offset, start);
	copy(o, end, s->end + BEHIND_LEN);
	write_mark(o, s, old);
	s->plain = s->shortened = s->excerpted = true;
	return 0;
}

static int by_offset(const void *a, const void *b)
{
	const struct pdf_slot *const *x = a, *const *y = b;
	const uint64_t i = (*x)->entry->offset, k = (*y)->entry->offset;
	return (i > k) - (i < k);
}

/* Before anything is opened: what is open may have read ahead what stood there. In the
 * order of the file, so that each region goes behind those that are there. */
static int mark_all_plain(struct pdf_objects *o, struct ltps_error *err)
{
	struct pdf_slot **v = mem_zalloc(o->n_looked, sizeof(struct pdf_slot *));
	size_t n = 0;
	int rc = 0;

	if (v == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < o->n_looked; i++)
		if (o->looked[i]->state == PDF_SLOT_READ && o->looked[i]->end > 0)
			v[n++] = o->looked[i];
	qsort(v, n, sizeof(struct pdf_slot *), by_offset);
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = mark_plain(o, v[i], err);
	mem_free(v);
	return rc;
}

static void forget_marks(struct pdf_excerpt *x)
{
	size_t n = 0;

	for (size_t i = 0; i < x->n_regions; i++)
		if (!x->regions[i].plain)
			x->regions[n++] = x->regions[i];
	x->n_regions = n;
}

bool pdf_excerpt_unmark(struct pdf_objects *o)
{
	const size_t before = o->excerpt.n_regions;

	forget_marks(&o->excerpt);
	if (o->excerpt.n_regions == before)
		return false;
	for (size_t i = 0; i < o->n_looked; i++) {
		struct pdf_slot *s = o->looked[i];
		s->confirmed = s->confirmed_newest = s->data_confirmed = false;
		if (!s->plain)
			continue;
		copy(o, s->entry->offset, s->end + BEHIND_LEN);
		s->plain = s->shortened = false;
	}
	o->qpdf_entries = 0; /* once more as many at most */
	return true;
}

/* ---- objects ---- */

static int add_slot(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
		    bool data, struct ltps_error *err);

static int add_ref(struct pdf_objects *o, size_t revision, struct pdf_ref ref,
		   struct ltps_error *err)
{
	struct pdf_slot *s;

	return pdf_slot_of(o, revision, ref, &s, err) != 0 ||
		       pdf_slot_read(o, revision, s, err) != 0
		   ? -1
		   : add_slot(o, revision, s, false, err);
}

static int add_refs_of(struct pdf_objects *o, size_t revision,
		       const struct pdf_value *v, unsigned depth,
		       struct ltps_error *err)
{
	if (v == NULL || depth > FILTER_DEPTH_MAX)
		return 0;
	if (v->kind == PDF_REF)
		return add_ref(o, revision, v->ref, err);
	for (size_t i = 0; i < v->n; i++)
		if (add_refs_of(o, revision,
				v->kind == PDF_ARRAY ? &v->items[i]
						     : &v->members[i].value,
				depth + 1, err) != 0)
			return -1;
	return 0;
}

/* libqpdf decodes it. */
static int add_container(struct pdf_objects *o, size_t revision, struct pdf_slot *c,
			 struct ltps_error *err)
{
	static const char *const keys[] = { "Filter", "DecodeParms", "N", "First" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (add_refs_of(o, revision, pdf_dict_get(c->own, keys[i]), 0, err) !=
		    0)
			return -1;
	return add_slot(o, revision, c, true, err);
}

static void copy_object(struct pdf_objects *o, const struct pdf_slot *s, bool data)
{
	const struct view octets = o->file->octets, in = s->own->data;
	const uint64_t behind = s->end + BEHIND_LEN;

	if (data || s->own->kind != PDF_STREAM || !is_within(in, octets)) {
		copy(o, s->entry->offset, behind);
		return;
	}
	copy(o, s->entry->offset, (uint64_t)(in.p - octets.p));
	copy(o, (uint64_t)(in.p + in.n - octets.p), behind);
}

static int add_at_offset(struct pdf_objects *o, struct pdf_slot *s, bool data,
			 struct ltps_error *err)
{
	if (s->shortened || (s->excerpted && (!data || s->data_excerpted)))
		return 0;
	if (is_taken(&o->excerpt, s->entry->offset, s->end, true))
		return pdf_object_fail(err, s->ref,
				       "it stands within a signature or a table");
	copy_object(o, s, data);
	s->excerpted = true;
	s->data_excerpted = s->data_excerpted || data;
	return 0;
}

/* It, and what it takes to read it; our own reading of it went well. */
static int add_slot(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
		    bool data, struct ltps_error *err)
{
	if (s->container != NULL)
		return add_container(o, revision, s->container, err);
	if (s->own == NULL || s->end == 0)
		return 0;
	if (add_at_offset(o, s, data, err) != 0)
		return -1;
	return s->length_ref.number != 0 ? add_ref(o, revision, s->length_ref, err) : 0;
}

int pdf_excerpt_add(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
		    bool data, struct ltps_error *err)
{
	return o->excerpt.p != NULL ? add_slot(o, revision, s, data, err) : 0;
}

/* ---- the frame ---- */

static int add_section(struct pdf_objects *o, const struct pdf_span *s,
		       struct ltps_error *err)
{
	struct pdf_excerpt *x = &o->excerpt;
	bool is_free, is_short = pdf_rows_worth(o, s);

	if (pdf_excerpt_take(x, s->start, s->end, is_short, &is_free, err) != 0)
		return -1;
	if (is_short && is_free)
		x->tables[x->n_tables++] = (struct pdf_short_table){ s, 0 };
	copy(o, s->start, s->end + BEHIND_LEN);
	return 0;
}

static int make(struct pdf_objects *o, struct ltps_error *err)
{
	struct pdf_excerpt *x = &o->excerpt;
	const struct pdf_file *f = o->file;

	if (getrandom(&x->secret, sizeof(x->secret), 0) != sizeof(x->secret))
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
				 "no random octets: %s", strerror(errno));
	x->p = mem_zalloc(f->octets.n, 1);
	x->tables = mem_zalloc(f->n_sections, sizeof(*x->tables));
	x->pages = mem_zalloc(f->n_revisions, sizeof(*x->pages));
	if (x->p == NULL || x->tables == NULL || x->pages == NULL)
		return ltps_fail_nomem(err);
	copy(o, 0, HEADER_LEN);
	for (size_t i = 0; i < f->n_sections; i++)
		if (add_section(o, &f->sections[i], err) != 0)
			return -1;
	return 0;
}

int pdf_excerpt_begin(struct pdf_objects *o, size_t revision, uint32_t pages,
		      bool *ret_changed, struct ltps_error *err)
{
	*ret_changed = false;
	if (o->encrypted || o->file->octets.n > EXCERPT_MAX)
		return 0;
	const bool is_first = o->excerpt.p == NULL;
	if (is_first && make(o, err) != 0) {
		pdf_excerpt_clear(&o->excerpt);
		return -1;
	}
	bool is_rewritten, any_short;
	if (shorten_all(o, &any_short, err) != 0 ||
	    (is_first && pdf_has_tables_alone(o) && mark_all_plain(o, err) != 0) ||
	    pdf_rows_write(o, revision, pages, &is_rewritten, err) != 0)
		return -1;
	*ret_changed = is_rewritten || any_short;
	return 0;
}

struct view pdf_excerpt_of(struct pdf_objects *o, size_t revision)
{
	const uint64_t end = o->file->revisions[revision].end;

	if (o->excerpt.p == NULL)
		return view_of(o->file->octets.p, (size_t)end);
	copy(o, end > TAIL_LEN ? end - TAIL_LEN : 0, end);
	return view_of(o->excerpt.p, (size_t)end);
}

void pdf_excerpt_clear(struct pdf_excerpt *x)
{
	mem_free(x->p);
	mem_free(x->regions);
	mem_free(x->tables);
	mem_free(x->pages);
	mem_free(x->numbers);
	*x = (struct pdf_excerpt){ 0 };
}
