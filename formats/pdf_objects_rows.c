/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long cross-reference tables in the excerpt: of the rows, which all have the twenty
 * octets that they shall have, only those of the objects that are asked about, and the
 * first and last one of each subsection. The rest of the section moves up.
 *
 *	xref  0 200000  0000000000 65535 f ... (200 000)  trailer <<...>>
 *	xref  0 3  0000000000 65535 f ... (3)  199999 1  ...  trailer <<...>>
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "formats/pdf_objects_private.h"

bool pdf_has_tables_alone(const struct pdf_objects *o)
{
	for (size_t i = 0; i < o->file->n_revisions; i++)
		if (o->file->revisions[i].style != PDF_STYLE_TABLE)
			return false;
	return true;
}

bool pdf_rows_worth(const struct pdf_objects *o, const struct pdf_span *s)
{
	return s->rows != NULL && pdf_has_tables_alone(o);
}

/* ---- which ---- */

static int by_number(const void *a, const void *b)
{
	const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
	return (x > y) - (x < y);
}

static void collect(struct pdf_objects *o)
{
	struct pdf_excerpt *x = &o->excerpt;
	size_t n = 0;

	for (size_t i = 0; i < o->n_looked; i++) {
		x->numbers[n++] = o->looked[i]->ref.number;
		x->numbers[n++] = o->looked[i]->length_ref.number;
	}
	for (size_t i = 0; i < o->file->n_revisions; i++) {
		const struct pdf_value *root =
		    pdf_dict_get(o->file->revisions[i].trailer, "Root");
		x->numbers[n++] = root != NULL ? root->ref.number : 0;
		x->numbers[n++] = x->pages[i];
	}
	qsort(x->numbers, n, sizeof(x->numbers[0]), by_number);
	x->n_numbers = n;
	x->n_looked = o->n_looked;
}

/* The first of these numbers that is not below this one. */
static size_t number_from(const struct pdf_excerpt *x, uint32_t number)
{
	size_t low = 0, high = x->n_numbers;

	while (low < high) {
		const size_t mid = low + (high - low) / 2;
		if (x->numbers[mid] < number)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

/* The next row that stays, from this one on: at last the last one. */
static uint32_t next_row(const struct pdf_excerpt *x, const struct pdf_rows *r,
			 uint32_t row, size_t *at)
{
	if (row == 0)
		return 0;
	while (*at < x->n_numbers && x->numbers[*at] < r->first + row)
		++*at;
	return *at < x->n_numbers && x->numbers[*at] < r->first + r->count
		   ? x->numbers[*at] - r->first
		   : r->count - 1;
}

static uint32_t count_rows(const struct pdf_excerpt *x, const struct pdf_rows *r)
{
	size_t at = number_from(x, r->first);
	uint32_t n = 0;

	for (uint32_t i = 0; i < r->count; n++)
		i = next_row(x, r, i, &at) + 1;
	return n;
}

/* ---- writing ---- */

#define BEHIND "\nbehind "

struct writing {
	struct pdf_objects *o;
	uint8_t *to;
};

static void put(struct writing *w, uint64_t start, uint64_t end)
{
	memcpy(w->to, w->o->file->octets.p + start, (size_t)(end - start));
	w->to += end - start;
}

static void put_run(struct writing *w, const struct pdf_rows *r, uint32_t row,
		    uint32_t n)
{
	const uint64_t at = r->at + (uint64_t)row * PDF_ROW_LEN;
	char line[24];
	const int len = snprintf(line, sizeof(line), "%u %u\n", r->first + row, n);

	memcpy(w->to, line, (size_t)len);
	w->to += len;
	put(w, at, at + (uint64_t)n * PDF_ROW_LEN);
}

/* With half of its rows it is shorter than it was, though each may need a line that
 * says which one it is. */
static void put_rows(struct writing *w, const struct pdf_rows *r, uint64_t end)
{
	struct pdf_excerpt *x = &w->o->excerpt;
	const uint32_t n = count_rows(x, r);
	size_t at = number_from(x, r->first);

	if (n > r->count / 2) {
		put(w, r->start, end);
		return;
	}
	x->left_out += r->count - n;
	for (uint32_t row = 0; row < r->count;) {
		const uint32_t from = next_row(x, r, row, &at);
		for (row = from + 1; row < r->count && next_row(x, r, row, &at) == row;)
			row++;
		put_run(w, r, from, row - from);
	}
}

/* What is left out is far longer. libqpdf skips zeros behind a dictionary. Most of them
 * are there since the excerpt was made, and no memory is touched for them. */
static void end_section(struct pdf_objects *o, struct pdf_short_table *t, uint8_t *to)
{
	uint8_t *start = o->excerpt.p + t->section->start,
		*end = o->excerpt.p + t->section->end;
	const size_t before = t->written;

	if ((size_t)(end - to) >= sizeof(BEHIND)) {
		memcpy(to, BEHIND, sizeof(BEHIND) - 1);
		to += sizeof(BEHIND) - 1;
	}
	t->written = (size_t)(to - start);
	if (t->written < before)
		memset(to, 0, before - t->written);
}

static void write_section(struct pdf_objects *o, struct pdf_short_table *t)
{
	const struct pdf_span *s = t->section;
	struct writing w = { o, o->excerpt.p + s->start };
	uint64_t from = s->start;

	for (const struct pdf_rows *r = s->rows; r != NULL; r = r->next) {
		const uint64_t end = r->at + (uint64_t)r->count * PDF_ROW_LEN;
		put(&w, from, r->start);
		put_rows(&w, r, end);
		from = end;
	}
	put(&w, from, s->end);
	end_section(o, t, w.to);
}

static bool is_known(const struct pdf_excerpt *x, uint32_t number)
{
	const size_t at = number_from(x, number);
	return at < x->n_numbers && x->numbers[at] == number;
}

static int make_room(struct pdf_objects *o, struct ltps_error *err)
{
	struct pdf_excerpt *x = &o->excerpt;
	uint32_t *p = mem_resize(x->numbers, 2 * (o->n_looked + o->file->n_revisions),
				 sizeof(*p));

	if (p == NULL)
		return ltps_fail_nomem(err);
	x->numbers = p;
	return 0;
}

int pdf_rows_write(struct pdf_objects *o, size_t revision, uint32_t pages,
		   bool *ret_changed, struct ltps_error *err)
{
	struct pdf_excerpt *x = &o->excerpt;

	*ret_changed = false;
	if (x->n_tables == 0 || (x->n_looked == o->n_looked && is_known(x, pages)))
		return 0;
	if (make_room(o, err) != 0)
		return -1;
	x->pages[revision] = pages;
	collect(o);
	x->left_out = 0;
	for (size_t i = 0; i < x->n_tables; i++)
		write_section(o, &x->tables[i]);
	*ret_changed = true;
	return 0;
}
