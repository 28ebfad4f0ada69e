/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_changes_edges - which object refers to which, in every version that any revision
 * has of it. The octets of objects are passed over once, token by token, without making
 * values of them; data of streams is never touched but that of object streams.
 *
 * Needed because an object says nothing about where it is used, and because a reference
 * to a number that no object has may be waiting for one.
 */
#include "validation/pdf_changes_private.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define SOURCE_BITS 24
#define SOURCE_MASK ((1u << SOURCE_BITS) - 1)
_Static_assert(PDF_ENTRIES_MAX <= SOURCE_MASK, "entries are numbered in 24 bits");
/* Octets passed over: objects that stand in each other or in one place would make it
 * the product of both. Object streams are compressed. */
#define SCAN_OCTETS(file) ((uint64_t)(file)*4 + ((uint64_t)256 << 20))
/* Deeper than any value that can be read. */
#define SCAN_DEPTH_MAX (PDF_DEPTH_MAX + 2)

struct scan {
	struct view in;
	size_t at;
	struct pdf_edges *edges;
	uint32_t source;
	/* What is open: the key of a dictionary that an array stands under counts for
	 * the array too. */
	struct {
		bool dict;
		bool want_key;
		struct view key;
	} open[SCAN_DEPTH_MAX];
	size_t depth;
	uint64_t number[2]; /* the last two, for "12 0 R" */
	size_t n_numbers;
};

/* ---- forms ---- */

enum pdf_edge_form pdf_edge_form_of(struct view key, bool in_array)
{
#define KEY(text, form, array)                                                         \
	{                                                                              \
		text, sizeof(text) - 1, form, array                                    \
	}
	static const struct {
		const char *key;
		size_t n;
		enum pdf_edge_form form;
		bool array; /* in an array alone */
	} keys[] = {
		KEY("P", PDF_EDGE_BACK, false),
		KEY("T", PDF_EDGE_BACK, false),
		KEY("K", PDF_EDGE_TREE, false),
		KEY("Pg", PDF_EDGE_BACK, false),
		KEY("AN", PDF_EDGE_BACK, false),
		KEY("CO", PDF_EDGE_LIST, true),
		KEY("IRT", PDF_EDGE_BACK, false),
		KEY("Obj", PDF_EDGE_BACK, false),
		KEY("Ref", PDF_EDGE_TREE, true),
		KEY("Kids", PDF_EDGE_KIDS, true),
		KEY("Nums", PDF_EDGE_TREE, true),
		KEY("Names", PDF_EDGE_TREE, true),
		KEY("Popup", PDF_EDGE_BACK, false),
		KEY("Parent", PDF_EDGE_BACK, false),
		KEY("Annots", PDF_EDGE_LIST, true),
		KEY("Fields", PDF_EDGE_LIST, true),
		/* Of a signature reference: ISO 32000-2 Table 256. */
		KEY("Data", PDF_EDGE_BACK, false),
	};
#undef KEY
	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++)
		if (keys[i].n == key.n && (in_array || !keys[i].array) &&
		    memcmp(keys[i].key, key.p, key.n) == 0)
			return keys[i].form;
	return PDF_EDGE_PLAIN;
}

static enum pdf_edge_form form_of(const struct scan *s)
{
	size_t d = s->depth;
	while (d > 0 && !s->open[d - 1].dict)
		d--;
	if (d == 0)
		return s->depth > 0 ? PDF_EDGE_ARRAY : PDF_EDGE_PLAIN;
	return pdf_edge_form_of(s->open[d - 1].key, s->depth > d);
}

static int edge_add(struct pdf_edges *e, uint32_t target, uint32_t source,
		    struct ltps_error *err)
{
	if (e->n >= PDF_EDGES_MAX) {
		e->too_many = true;
		return 0;
	}
	if (e->n == e->cap) {
		size_t cap = e->cap > 0 ? e->cap * 2 : 1024;
		struct pdf_edge *v = mem_resize(e->v, cap, sizeof(*v));
		if (v == NULL)
			return ltps_fail_nomem(err);
		e->v = v;
		e->cap = cap;
	}
	e->v[e->n++] = (struct pdf_edge){ .target = target, .source = source };
	return 0;
}

/* ---- tokens ---- */

/* ISO 32000-2 7.2.3: every octet of a file may pass here. */
enum { REGULAR, WHITE, DELIMITER };
static const uint8_t classes[256] = {
	[0] = WHITE,       ['\t'] = WHITE,    ['\n'] = WHITE,    ['\f'] = WHITE,
	['\r'] = WHITE,    [' '] = WHITE,     ['('] = DELIMITER, [')'] = DELIMITER,
	['<'] = DELIMITER, ['>'] = DELIMITER, ['['] = DELIMITER, [']'] = DELIMITER,
	['{'] = DELIMITER, ['}'] = DELIMITER, ['/'] = DELIMITER, ['%'] = DELIMITER,
};

static bool is_white(uint8_t c)
{
	return classes[c] == WHITE;
}

static bool is_regular(uint8_t c)
{
	return classes[c] == REGULAR;
}

static void skip_space(struct scan *s)
{
	while (s->at < s->in.n) {
		uint8_t c = s->in.p[s->at];
		if (c == '%') {
			while (s->at < s->in.n && s->in.p[s->at] != '\r' &&
			       s->in.p[s->at] != '\n')
				s->at++;
		} else if (is_white(c)) {
			s->at++;
		} else {
			return;
		}
	}
}

static void skip_literal(struct scan *s)
{
	size_t nested = 0;
	while (s->at < s->in.n) {
		uint8_t c = s->in.p[s->at++];
		if (c == '\\')
			s->at++;
		else if (c == '(')
			nested++;
		else if (c == ')' && --nested == 0)
			return;
	}
}

static struct view regular(struct scan *s)
{
	size_t from = s->at;
	while (s->at < s->in.n && is_regular(s->in.p[s->at]))
		s->at++;
	return view_of(s->in.p + from, s->at - from);
}

/* Whether these are digits alone; numbers too large for a reference are none. As many
 * zeroes as anybody likes may stand before. */
static bool digits(struct view v, uint64_t *ret_n)
{
	uint64_t n = 0;
	while (v.n > 1 && v.p[0] == '0')
		v = view_skip(v, 1);
	if (v.n == 0 || v.n > 10)
		return false;
	for (size_t i = 0; i < v.n; i++) {
		if (v.p[i] < '0' || v.p[i] > '9')
			return false;
		n = n * 10 + (v.p[i] - '0');
	}
	*ret_n = n;
	return true;
}

/* A value, or a key, of the innermost dictionary is over. */
static void value_done(struct scan *s)
{
	if (s->depth > 0 && s->open[s->depth - 1].dict)
		s->open[s->depth - 1].want_key = true;
}

static bool push(struct scan *s, bool dict)
{
	if (s->depth == SCAN_DEPTH_MAX)
		return false;
	s->open[s->depth].dict = dict;
	s->open[s->depth].want_key = dict;
	s->open[s->depth++].key = VIEW_NULL;
	return true;
}

static void name_token(struct scan *s)
{
	s->at++;
	struct view name = regular(s);
	if (s->depth > 0 && s->open[s->depth - 1].dict &&
	    s->open[s->depth - 1].want_key) {
		s->open[s->depth - 1].key = name;
		s->open[s->depth - 1].want_key = false;
	} else {
		value_done(s);
	}
}

static int word_token(struct scan *s, struct ltps_error *err)
{
	uint64_t n;
	struct view w = regular(s);
	if (digits(w, &n)) {
		s->number[0] = s->number[1];
		s->number[1] = n;
		s->n_numbers++;
		/* It ends a value unless a reference goes on, which does so itself. */
		value_done(s);
		return 0;
	}
	int rc = 0;
	if (w.n == 1 && w.p[0] == 'R' && s->n_numbers >= 2 && s->number[0] > 0 &&
	    s->number[0] <= PDF_OBJECT_NUMBER_MAX)
		rc = edge_add(s->edges, (uint32_t)s->number[0],
			      s->source | (uint32_t)form_of(s) << SOURCE_BITS, err);
	s->n_numbers = 0;
	value_done(s);
	return rc;
}

/* One token; *ret_over: the object ends. */
static int token(struct scan *s, bool *ret_over, struct ltps_error *err)
{
	*ret_over = true;
	skip_space(s);
	if (s->at >= s->in.n)
		return 0;
	uint8_t c = s->in.p[s->at];
	bool twice = s->at + 1 < s->in.n && s->in.p[s->at + 1] == c;
	*ret_over = false;
	if (is_regular(c))
		return word_token(s, err);
	s->n_numbers = 0;
	if (c == '/') {
		name_token(s);
	} else if (c == '[' || (c == '<' && twice)) {
		s->at += c == '[' ? 1 : 2;
		*ret_over = !push(s, c == '<');
	} else if (c == ']' || (c == '>' && twice)) {
		s->at += c == ']' ? 1 : 2;
		if (s->depth > 0)
			s->depth--;
		value_done(s);
		*ret_over = s->depth == 0;
	} else if (c == '(') {
		skip_literal(s);
		value_done(s);
	} else if (c == '<') {
		const uint8_t *end = memchr(s->in.p + s->at, '>', s->in.n - s->at);
		s->at = end != NULL ? (size_t)(end - s->in.p) + 1 : s->in.n;
		value_done(s);
	} else {
		s->at++;
	}
	return 0;
}

/* References of one object whose value starts at s->at. Scalars hold none, except that
 * an object may be a reference and nothing else. */
static int object_scan(struct scan *s, struct ltps_error *err)
{
	bool over = s->edges->too_many;
	size_t words = 0, from = s->at;
	s->depth = 0;
	s->n_numbers = 0;
	while (!over) {
		if (token(s, &over, err))
			return -1;
		if (s->depth == 0 && ++words > 3)
			over = true;
		if (s->at - from > s->edges->octets)
			s->edges->too_many = over = true;
	}
	if (s->at > from)
		s->edges->octets -=
		    s->at - from < s->edges->octets ? s->at - from : s->edges->octets;
	return 0;
}

/* ---- entries ---- */

/* Behind "12 0 obj". */
static void header_skip(struct scan *s)
{
	for (int i = 0; i < 3; i++) {
		skip_space(s);
		(void)regular(s);
	}
}

static bool next_number(struct scan *s, uint64_t *ret_n)
{
	skip_space(s);
	return digits(regular(s), ret_n);
}

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

/* Objects of one object stream that this revision names. */
static int stream_scan(struct pades *p, size_t revision, uint64_t container,
		       struct pdf_edges *e, struct ltps_error *err)
{
	const struct pdf_revision *rev = &p->file->revisions[revision];
	struct pdf_ref ref = { .number = (uint32_t)container };
	const struct pdf_value *stream, *n;
	struct scan s = { .edges = e }, head = { 0 };
	uint64_t number, offset;
	if (pdf_object(p->objects, revision, ref, &stream, err))
		return -1;
	if (stream->kind != PDF_STREAM)
		return 0;
	if (pdf_get(p->objects, revision, stream, "First", &n, err) ||
	    pdf_stream_data(p->objects, revision, stream, &s.in, err))
		return -1;
	if (n->kind != PDF_INTEGER || n->integer < 0 || (uint64_t)n->integer > s.in.n)
		return 0;
	head.in = view_head(s.in, (size_t)n->integer);
	while (next_number(&head, &number) && next_number(&head, &offset)) {
		size_t i = entry_at(rev, number);
		if (i == rev->n_entries || rev->entries[i].number != number ||
		    rev->entries[i].place != PDF_IN_STREAM ||
		    rev->entries[i].offset != container || offset > s.in.n - head.in.n)
			continue;
		s.source = (uint32_t)(e->base[revision] + i);
		s.at = head.in.n + (size_t)offset;
		if (object_scan(&s, err))
			return -1;
	}
	return 0;
}

/* An object that cannot be read refers to nothing; whoever needs it finds that. */
static int passed_over(struct ltps_error *err)
{
	if (err->code == LTPS_NOMEM || err->fault != LTPS_FAULT_OBJECT)
		return -1;
	ltps_error_clear(err);
	return 0;
}

static int by_stream(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;
	return x < y ? -1 : x > y;
}

/* The object streams that entries of a revision name, each once. */
static int streams_scan(struct pades *p, size_t revision, size_t n_inside,
			struct pdf_edges *e, struct ltps_error *err)
{
	const struct pdf_revision *rev = &p->file->revisions[revision];
	uint64_t *numbers = mem_alloc(n_inside * sizeof(*numbers));
	size_t n = 0;
	int rc = 0;
	if (numbers == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < rev->n_entries; i++)
		if (rev->entries[i].place == PDF_IN_STREAM)
			numbers[n++] = rev->entries[i].offset;
	qsort(numbers, n, sizeof(*numbers), by_stream);
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (i > 0 && numbers[i] == numbers[i - 1])
			continue;
		if (stream_scan(p, revision, numbers[i], e, err))
			rc = passed_over(err);
	}
	mem_free(numbers);
	return rc;
}

static int revision_scan(struct pades *p, size_t revision, struct pdf_edges *e,
			 struct ltps_error *err)
{
	const struct pdf_revision *rev = &p->file->revisions[revision];
	struct scan s = { .in = p->file->octets, .edges = e };
	size_t n_inside = 0;
	for (size_t i = 0; i < rev->n_entries; i++) {
		const struct pdf_entry *v = &rev->entries[i];
		n_inside += v->place == PDF_IN_STREAM;
		if (v->place != PDF_AT_OFFSET || v->offset >= s.in.n)
			continue;
		s.source = (uint32_t)(e->base[revision] + i);
		s.at = (size_t)v->offset;
		header_skip(&s);
		if (object_scan(&s, err))
			return -1;
	}
	return n_inside > 0 ? streams_scan(p, revision, n_inside, e, err) : 0;
}

/* ---- the whole ---- */

/* Numbers have 23 bits: three passes over their octets, each keeping the order. */
static int by_target(struct pdf_edges *e, struct ltps_error *err)
{
	struct pdf_edge *from = e->v, *to = mem_alloc((e->n + 1) * sizeof(*to));
	struct pdf_edge *spare = to;
	if (to == NULL)
		return ltps_fail_nomem(err);
	for (unsigned shift = 0; shift < 24; shift += 8) {
		size_t starts[257] = { 0 };
		for (size_t i = 0; i < e->n; i++)
			starts[(from[i].target >> shift & 0xff) + 1]++;
		for (size_t i = 0; i < 256; i++)
			starts[i + 1] += starts[i];
		for (size_t i = 0; i < e->n; i++)
			to[starts[from[i].target >> shift & 0xff]++] = from[i];
		struct pdf_edge *swap = from;
		from = to;
		to = swap;
	}
	/* Three passes end in the spare one. */
	mem_free(e->v);
	e->v = spare;
	e->cap = e->n + 1;
	return 0;
}

int pdf_edges_read(struct pades *p, struct pdf_edges *ret_e, struct ltps_error *err)
{
	struct pdf_edges e = { .octets = SCAN_OCTETS(p->file->octets.n) };
	size_t n = p->file->n_revisions;
	e.base = mem_zalloc(n + 1, sizeof(*e.base));
	if (e.base == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		e.base[i + 1] = e.base[i] + p->file->revisions[i].n_entries;
	for (size_t i = 0; i < n; i++)
		if (revision_scan(p, i, &e, err)) {
			pdf_edges_clear(&e);
			return -1;
		}
	if (by_target(&e, err)) {
		pdf_edges_clear(&e);
		return -1;
	}
	*ret_e = e;
	return 0;
}

void pdf_edges_clear(struct pdf_edges *e)
{
	mem_free(e->v);
	mem_free(e->base);
	*e = (struct pdf_edges){ 0 };
}

static size_t first_from(const struct pdf_edges *e, uint64_t number)
{
	size_t low = 0, high = e->n;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (e->v[middle].target < number)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

const struct pdf_edge *pdf_edges_to(const struct pdf_edges *e, uint32_t number,
				    size_t *ret_n)
{
	size_t first = first_from(e, number);
	*ret_n = first_from(e, (uint64_t)number + 1) - first;
	return e->v + first;
}

enum pdf_edge_form pdf_edge_form(const struct pdf_edge *e)
{
	return (enum pdf_edge_form)(e->source >> SOURCE_BITS);
}

const struct pdf_entry *pdf_edge_source(const struct pdf_edges *e,
					const struct pdf_file *f, size_t revision,
					const struct pdf_edge *edge)
{
	size_t id = edge->source & SOURCE_MASK, low = 0, high = f->n_revisions;
	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;
		if (e->base[middle] <= id)
			low = middle;
		else
			high = middle;
	}
	if (low > revision)
		return NULL;
	const struct pdf_entry *v = &f->revisions[low].entries[id - e->base[low]];
	const struct pdf_entry *now = pdf_file_find(f, revision, v->number);
	return now != NULL && now->revision == low ? v : NULL;
}
