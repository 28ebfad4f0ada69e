/* SPDX-License-Identifier: Apache-2.0 */
/* pdf_value_equal - the same meaning, however it is written. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "formats/pdf_lex.h"
#include "formats/pdf_value.h"

/* ---- numbers: compared as decimals, since a double would take two for one ---- */

struct decimal {
	bool minus;
	struct view whole; /* without leading zeros */
	struct view part;  /* without trailing zeros */
};

static struct decimal decimal_of(struct view text)
{
	struct decimal d = { .minus = text.n > 0 && text.p[0] == '-' };
	if (text.n > 0 && (text.p[0] == '-' || text.p[0] == '+'))
		text = view_skip(text, 1);
	const uint8_t *dot = text.n > 0 ? memchr(text.p, '.', text.n) : NULL;
	size_t n = dot != NULL ? (size_t)(dot - text.p) : text.n;
	d.whole = view_head(text, n);
	d.part = view_skip(text, n < text.n ? n + 1 : n);
	while (d.whole.n > 0 && d.whole.p[0] == '0')
		d.whole = view_skip(d.whole, 1);
	while (d.part.n > 0 && d.part.p[d.part.n - 1] == '0')
		d.part.n--;
	if (d.whole.n == 0 && d.part.n == 0)
		d.minus = false;
	return d;
}

static struct view number_text(const struct pdf_value *v, char room[24])
{
	if (v->kind == PDF_REAL)
		return v->text;
	bool minus = v->integer < 0;
	uint64_t n = minus ? 0 - (uint64_t)v->integer : (uint64_t)v->integer;
	char *p = room + 24;
	do
		*--p = (char)('0' + n % 10);
	while ((n /= 10) > 0);
	if (minus)
		*--p = '-';
	return view_of(p, (size_t)(room + 24 - p));
}

static bool same_number(const struct pdf_value *a, const struct pdf_value *b)
{
	char x[24], y[24];
	if (a->kind == PDF_INTEGER && b->kind == PDF_INTEGER)
		return a->integer == b->integer;
	struct decimal p = decimal_of(number_text(a, x));
	struct decimal q = decimal_of(number_text(b, y));
	return p.minus == q.minus && view_equal(p.whole, q.whole) &&
	       view_equal(p.part, q.part);
}

/* ---- dictionaries ---- */

/* An entry that is null is as one that is not there (7.3.7). */
static size_t next_member(const struct pdf_value *v, size_t i)
{
	while (i < v->n && v->members[i].value.kind == PDF_NULL)
		i++;
	return i;
}

static bool same_member(const struct pdf_member *a, const struct pdf_member *b)
{
	return view_equal(a->key, b->key) && pdf_value_equal(&a->value, &b->value);
}

/* In the order of the file: nearly always enough. */
static bool same_keys_in_order(const struct pdf_value *a, const struct pdf_value *b)
{
	size_t i = next_member(a, 0), k = next_member(b, 0);
	for (; i < a->n && k < b->n;
	     i = next_member(a, i + 1), k = next_member(b, k + 1))
		if (!view_equal(a->members[i].key, b->members[k].key))
			return false;
	return i == a->n && k == b->n;
}

static bool same_in_order(const struct pdf_value *a, const struct pdf_value *b)
{
	size_t i = next_member(a, 0), k = next_member(b, 0);
	for (; i < a->n; i = next_member(a, i + 1), k = next_member(b, k + 1))
		if (!same_member(&a->members[i], &b->members[k]))
			return false;
	return true;
}

/* Members of one dictionary stand side by side: the address keeps doubles in order. */
static int by_key(const void *a, const void *b)
{
	const struct pdf_member *x = *(const struct pdf_member *const *)a;
	const struct pdf_member *y = *(const struct pdf_member *const *)b;
	int c = view_compare(x->key, y->key);
	return c != 0 ? c : (x > y) - (x < y);
}

static size_t sort_members(const struct pdf_value *v, const struct pdf_member **out)
{
	size_t n = 0;
	for (size_t i = next_member(v, 0); i < v->n; i = next_member(v, i + 1))
		out[n++] = &v->members[i];
	qsort(out, n, sizeof(const void *), by_key);
	return n;
}

/* Without memory they differ: whoever asks takes that for a change. */
static bool same_sorted(const struct pdf_value *a, const struct pdf_value *b)
{
	const struct pdf_member **x = mem_zalloc(a->n, sizeof(const void *));
	const struct pdf_member **y = mem_zalloc(b->n, sizeof(const void *));
	bool same = x != NULL && y != NULL;
	if (same) {
		size_t n = sort_members(a, x);
		same = sort_members(b, y) == n;
		for (size_t i = 0; i < n && same; i++)
			same = same_member(x[i], y[i]);
	}
	mem_free(x);
	mem_free(y);
	return same;
}

static bool same_dict(const struct pdf_value *a, const struct pdf_value *b)
{
	if (same_keys_in_order(a, b))
		return same_in_order(a, b);
	return same_sorted(a, b);
}

static bool same_array(const struct pdf_value *a, const struct pdf_value *b)
{
	if (a->n != b->n)
		return false;
	for (size_t i = 0; i < a->n; i++)
		if (!pdf_value_equal(&a->items[i], &b->items[i]))
			return false;
	return true;
}

static bool is_number(const struct pdf_value *v)
{
	return v->kind == PDF_INTEGER || v->kind == PDF_REAL;
}

bool pdf_value_equal(const struct pdf_value *a, const struct pdf_value *b)
{
	if (is_number(a) && is_number(b))
		return same_number(a, b);
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case PDF_BOOL:
		return a->integer == b->integer;
	case PDF_STRING:
	case PDF_NAME:
		return view_equal(a->text, b->text);
	case PDF_ARRAY:
		return same_array(a, b);
	case PDF_DICT:
		return same_dict(a, b);
	case PDF_STREAM:
		return view_equal(a->data, b->data) && same_dict(a, b);
	case PDF_REF:
		return a->ref.number == b->ref.number &&
		       a->ref.generation == b->ref.generation;
	default:
		return true;
	}
}
