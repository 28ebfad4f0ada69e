/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pdf_edges_plain.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

#define DEPTH_MAX (PDF_DEPTH_MAX + 2)

enum kind { END, WORD, NAME, STRING, DICT, ARRAY, DICT_END, ARRAY_END, OTHER };
struct token {
	enum kind kind;
	struct view text; /* of words, and of names without '/' */
};
struct level {
	bool dict, key_next;
	struct view key;
};
struct reader {
	struct view in;
	size_t at;
	struct level open[DEPTH_MAX];
	size_t depth;
};

static void add(struct plain_edges *l, struct plain_edge e)
{
	if (l->n == l->cap) {
		l->cap = l->cap > 0 ? l->cap * 2 : 256;
		l->v = realloc(l->v, l->cap * sizeof(*l->v));
		cr_assert_not_null(l->v);
	}
	l->v[l->n++] = e;
}

/* ---- tokens ---- */

static bool white(uint8_t c)
{
	return c == 0 || c == 9 || c == 10 || c == 12 || c == 13 || c == 32;
}

static bool regular(uint8_t c)
{
	return !white(c) && memchr("()<>[]{}/%", c, 10) == NULL;
}

static int peek(const struct reader *r, size_t further)
{
	return r->at + further < r->in.n ? r->in.p[r->at + further] : -1;
}

static void skip(struct reader *r)
{
	while (peek(r, 0) >= 0 && (white(r->in.p[r->at]) || peek(r, 0) == '%'))
		if (r->in.p[r->at++] == '%')
			while (peek(r, 0) >= 0 && peek(r, 0) != 10 && peek(r, 0) != 13)
				r->at++;
}

static struct view word(struct reader *r)
{
	size_t from = r->at;
	while (peek(r, 0) >= 0 && regular(r->in.p[r->at]))
		r->at++;
	return view_of(r->in.p + from, r->at - from);
}

static void literal(struct reader *r)
{
	int open = 0;
	do {
		int c = peek(r, 0);
		r->at += c == '\\' ? 2 : 1;
		open += c == '(' ? 1 : c == ')' ? -1 : 0;
	} while (open > 0 && r->at < r->in.n);
}

static struct token take(struct reader *r, enum kind kind, size_t n)
{
	r->at += n;
	return (struct token){ kind, VIEW_NULL };
}

static struct token next(struct reader *r)
{
	skip(r);
	int c = peek(r, 0), d = peek(r, 1);
	if (c < 0)
		return (struct token){ END, VIEW_NULL };
	if (regular((uint8_t)c))
		return (struct token){ WORD, word(r) };
	if (c == '[' || c == ']')
		return take(r, c == '[' ? ARRAY : ARRAY_END, 1);
	if ((c == '<' || c == '>') && c == d)
		return take(r, c == '<' ? DICT : DICT_END, 2);
	if (c == '/') {
		r->at++;
		return (struct token){ NAME, word(r) };
	}
	if (c == '(') {
		literal(r);
	} else if (c == '<') {
		while (peek(r, 0) >= 0 && peek(r, 0) != '>')
			r->at++;
		r->at += peek(r, 0) == '>';
	}
	return c == '(' || c == '<' ? (struct token){ STRING, VIEW_NULL }
				    : take(r, OTHER, 1);
}

/* UINT64_MAX: no number of at most ten digits behind its zeroes. */
static uint64_t number(struct token t)
{
	uint64_t n = 0;
	size_t significant = 0;
	for (size_t i = 0; i < t.text.n; i++) {
		uint8_t c = t.text.p[i];
		if (c < '0' || c > '9')
			return UINT64_MAX;
		significant += significant > 0 || c != '0';
		if (significant > 10)
			return UINT64_MAX;
		n = n * 10 + (c - (unsigned)'0');
	}
	return t.kind == WORD && t.text.n > 0 ? n : UINT64_MAX;
}

/* ---- one object ---- */

static enum pdf_edge_form form(const struct reader *r)
{
	size_t arrays = 0;
	while (arrays < r->depth && !r->open[r->depth - 1 - arrays].dict)
		arrays++;
	if (arrays < r->depth)
		return pdf_edge_form_of(r->open[r->depth - 1 - arrays].key, arrays > 0);
	return arrays > 0 ? PDF_EDGE_ARRAY : PDF_EDGE_PLAIN;
}

/* Keys and values by turns, as far as they are; words of numbers and references end a
 * value each. */
static void step(struct reader *r, struct token t)
{
	struct level *top = r->depth > 0 ? &r->open[r->depth - 1] : NULL;
	if (top == NULL || !top->dict)
		return;
	if (t.kind == NAME && top->key_next) {
		top->key = t.text;
		top->key_next = false;
	} else if (t.kind != OTHER) {
		top->key_next = true;
	}
}

static bool bracket(struct reader *r, struct token t)
{
	if (t.kind == DICT || t.kind == ARRAY) {
		if (r->depth == DEPTH_MAX)
			return false;
		r->open[r->depth++] =
		    (struct level){ t.kind == DICT, t.kind == DICT, VIEW_NULL };
		return true;
	}
	r->depth -= r->depth > 0;
	step(r, t);
	return r->depth > 0;
}

void pdf_edges_plain_object(struct view in, size_t at, uint32_t source,
			    struct plain_edges *l, size_t *ret_end)
{
	struct reader r = { .in = in, .at = at };
	struct token last[2] = { { END, VIEW_NULL }, { END, VIEW_NULL } };
	for (int outside = 0; outside < 4; outside += r.depth == 0) {
		struct token t = next(&r);
		uint64_t target = number(last[0]);
		bool is = t.kind == WORD && view_is_text(t.text, "R") &&
			  number(last[1]) != UINT64_MAX && target > 0 &&
			  target <= PDF_OBJECT_NUMBER_MAX;
		if (is)
			add(l,
			    (struct plain_edge){ (uint32_t)target, source, form(&r) });
		last[0] = last[1];
		last[1] = t;
		if (t.kind == END ||
		    (t.kind >= DICT && t.kind <= ARRAY_END && !bracket(&r, t)))
			break;
		if (t.kind < DICT)
			step(&r, t);
	}
	*ret_end = r.at;
}

/* ---- a file ---- */

static void plain_stream(struct pades *p, size_t revision, uint64_t container,
			 uint32_t base, struct plain_edges *l)
{
	const struct pdf_revision *rev = &p->file->revisions[revision];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_ref ref = { .number = (uint32_t)container };
	const struct pdf_value *v, *first;
	struct view data;
	size_t end;
	if (pdf_object(p->objects, revision, ref, &v, &err) || v->kind != PDF_STREAM ||
	    pdf_get(p->objects, revision, v, "First", &first, &err) ||
	    pdf_stream_data(p->objects, revision, v, &data, &err) ||
	    first->kind != PDF_INTEGER || first->integer < 0 ||
	    (uint64_t)first->integer > data.n)
		return;
	struct reader r = { .in = view_head(data, (size_t)first->integer) };
	for (;;) {
		uint64_t own = number(next(&r)), offset = number(next(&r));
		if (own == UINT64_MAX || offset == UINT64_MAX)
			return;
		for (size_t i = 0; i < rev->n_entries; i++)
			if (rev->entries[i].number == own &&
			    rev->entries[i].place == PDF_IN_STREAM &&
			    rev->entries[i].offset == container &&
			    offset <= data.n - r.in.n)
				pdf_edges_plain_object(data, r.in.n + (size_t)offset,
						       base + (uint32_t)i, l, &end);
	}
}

static void plain_revision(struct pades *p, size_t revision, uint32_t base,
			   struct plain_edges *l)
{
	const struct pdf_revision *rev = &p->file->revisions[revision];
	uint64_t seen[256];
	size_t n = 0, k, end;
	for (size_t i = 0; i < rev->n_entries; i++) {
		const struct pdf_entry *e = &rev->entries[i];
		struct reader r = { .in = p->file->octets, .at = (size_t)e->offset };
		if (e->place == PDF_AT_OFFSET && e->offset < r.in.n) {
			for (k = 0; k < 3; k++) {
				skip(&r);
				(void)word(&r);
			}
			pdf_edges_plain_object(r.in, r.at, base + (uint32_t)i, l, &end);
		}
		for (k = 0; k < n && seen[k] != e->offset; k++)
			;
		if (e->place != PDF_IN_STREAM || k < n)
			continue;
		cr_assert_lt(n, 256);
		seen[n++] = e->offset;
		plain_stream(p, revision, e->offset, base, l);
	}
}

void pdf_edges_plain_file(struct pades *p, struct plain_edges *l)
{
	size_t base = 0;
	for (size_t i = 0; i < p->file->n_revisions; i++) {
		plain_revision(p, i, (uint32_t)base, l);
		base += p->file->revisions[i].n_entries;
	}
}

static int by_all(const void *a, const void *b)
{
	const struct plain_edge *x = a, *y = b;
	if (x->target != y->target)
		return x->target < y->target ? -1 : 1;
	if (x->source != y->source)
		return x->source < y->source ? -1 : 1;
	return (x->form > y->form) - (x->form < y->form);
}

void pdf_edges_plain_sort(struct plain_edges *l)
{
	if (l->n > 0)
		qsort(l->v, l->n, sizeof(*l->v), by_all);
}
