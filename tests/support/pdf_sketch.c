/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pdf_sketch.h"

#include <stdlib.h>
#include <string.h>

#define ROOM ((size_t)256 << 20)
/* Of a cross-reference stream: any offset can be written. */
#define ROW_LEN (1 + 8 + 2)

static void must(int rc)
{
	if (rc != 0)
		abort();
}

static void text(struct pdf_sketch *s, const char *t)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	must(buf_put_text(&s->b, t, &err));
}

struct pdf_sketch pdf_sketch_begin(void)
{
	struct pdf_sketch s = { .b = buf_make(ROOM), .size = 1 };

	text(&s, "%PDF-1.7\n");
	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 0, 65535, 'f', 0, 0 });
	return s;
}

struct pdf_sketch pdf_sketch_blank(const char *more)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_sketch s = pdf_sketch_begin();

	pdf_sketch_entry(&s, (struct pdf_sketch_entry){ 1, 0, 'n', s.b.n, 0 });
	must(buf_put_fmt(&s.b, &err,
			 "1 0 obj\n<</Type/Catalog/Pages 2 0 R%s>>\nendobj\n", more));
	pdf_sketch_object(&s, 2, "<</Type/Pages/Kids[]/Count 0>>");
	return s;
}

void pdf_sketch_entry(struct pdf_sketch *s, struct pdf_sketch_entry entry)
{
	if (s->n == PDF_SKETCH_ENTRIES)
		abort();
	s->entries[s->n++] = entry;
	if (entry.number >= s->size)
		s->size = entry.number + 1;
}

void pdf_sketch_raw(struct pdf_sketch *s, uint32_t number, uint32_t generation,
		    const char *t)
{
	pdf_sketch_entry(
	    s, (struct pdf_sketch_entry){ number, generation, 'n', s->b.n, 0 });
	text(s, t);
}

void pdf_sketch_object(struct pdf_sketch *s, uint32_t number, const char *body)
{
	struct ltps_error err = LTPS_ERROR_INIT;

	pdf_sketch_entry(s, (struct pdf_sketch_entry){ number, 0, 'n', s->b.n, 0 });
	must(buf_put_fmt(&s->b, &err, "%u 0 obj\n", number));
	text(s, body);
	text(s, "\nendobj\n");
}

void pdf_sketch_stream(struct pdf_sketch *s, uint32_t number, const char *more,
		       struct view data)
{
	struct ltps_error err = LTPS_ERROR_INIT;

	pdf_sketch_entry(s, (struct pdf_sketch_entry){ number, 0, 'n', s->b.n, 0 });
	must(buf_put_fmt(&s->b, &err, "%u 0 obj\n<</Length %zu%s>>\nstream\n", number,
			 data.n, more));
	must(buf_put(&s->b, data, &err));
	text(s, "\nendstream\nendobj\n");
}

static int by_number(const void *a, const void *b)
{
	const struct pdf_sketch_entry *x = a, *y = b;
	return (x->number > y->number) - (x->number < y->number);
}

static void put_trailer(struct pdf_sketch *s, const char *more)
{
	struct ltps_error err = LTPS_ERROR_INIT;

	must(buf_put_fmt(&s->b, &err, "/Size %u/Root 1 0 R", s->size));
	if (s->prev != 0)
		must(buf_put_fmt(&s->b, &err, "/Prev %llu",
				 (unsigned long long)s->prev));
	text(s, more);
}

static void put_end(struct pdf_sketch *s, size_t at)
{
	struct ltps_error err = LTPS_ERROR_INIT;

	must(buf_put_fmt(&s->b, &err, "startxref\n%zu\n%%%%EOF\n", at));
	s->prev = at;
	s->n = 0;
}

void pdf_sketch_table(struct pdf_sketch *s, const char *more)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const size_t at = s->b.n;

	text(s, "xref\n");
	qsort(s->entries, s->n, sizeof(s->entries[0]), by_number);
	for (size_t i = 0; i < s->n; i++)
		must(buf_put_fmt(&s->b, &err, "%u 1\n%010llu %05u %c \n",
				 s->entries[i].number,
				 (unsigned long long)s->entries[i].offset,
				 s->entries[i].generation, s->entries[i].kind));
	text(s, "trailer\n<<");
	put_trailer(s, more);
	text(s, ">>\n");
	put_end(s, at);
}

static void put_row(struct buf *rows, const struct pdf_sketch_entry *e)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const uint32_t third = e->kind == 's' ? e->index : e->generation;
	const uint8_t row[] = { (uint8_t)(e->kind == 'f'   ? 0
					  : e->kind == 'n' ? 1
							   : 2),
				(uint8_t)(e->offset >> 56),
				(uint8_t)(e->offset >> 48),
				(uint8_t)(e->offset >> 40),
				(uint8_t)(e->offset >> 32),
				(uint8_t)(e->offset >> 24),
				(uint8_t)(e->offset >> 16),
				(uint8_t)(e->offset >> 8),
				(uint8_t)e->offset,
				(uint8_t)(third >> 8),
				(uint8_t)third };

	must(buf_put(rows, view_of(row, sizeof(row)), &err));
}

void pdf_sketch_xref(struct pdf_sketch *s, uint32_t number, const char *more)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf rows = buf_make(ROOM);
	const size_t at = s->b.n;

	pdf_sketch_entry(s, (struct pdf_sketch_entry){ number, 0, 'n', at, 0 });
	qsort(s->entries, s->n, sizeof(s->entries[0]), by_number);
	must(buf_put_fmt(&s->b, &err, "%u 0 obj\n<</Type/XRef/W[1 8 2]/Length %zu",
			 number, s->n * ROW_LEN));
	text(s, "/Index[");
	for (size_t i = 0; i < s->n; i++) {
		must(buf_put_fmt(&s->b, &err, "%u 1 ", s->entries[i].number));
		put_row(&rows, &s->entries[i]);
	}
	text(s, "]");
	put_trailer(s, more);
	text(s, ">>\nstream\n");
	must(buf_put(&s->b, view_buf(&rows), &err));
	text(s, "\nendstream\nendobj\n");
	buf_free(&rows);
	put_end(s, at);
}

struct view pdf_sketch_view(const struct pdf_sketch *s)
{
	return view_buf(&s->b);
}
