/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_pdf_value - an object of PDF: what was read, written and read again is the same;
 * strings as text and as dates; the input as an indirect object and as stream data.
 */
#include <stdlib.h>

#include "formats/pdf_filter.h"
#include "tests/fuzz/fuzz.h"

#define OUT_MAX ((size_t)4 << 20)
#define ARENA_MAX ((size_t)256 << 20)

static void must(int holds)
{
	if (!holds)
		abort();
}

static void look_at_string(struct view s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(OUT_MAX);
	int64_t ms;
	(void)pdf_date(s, &ms);
	must(pdf_text(s, &b, &err) != 0 || utf8_valid(view_buf(&b)));
	buf_free(&b);
}

static void look_at(const struct pdf_value *v)
{
	if (v->kind == PDF_STRING)
		look_at_string(v->text);
	for (size_t i = 0; v->kind == PDF_ARRAY && i < v->n; i++)
		look_at(&v->items[i]);
	for (size_t i = 0; pdf_is_dict(v) && i < v->n; i++)
		look_at(&v->members[i].value);
}

static void write_again(const struct pdf_value *v, struct arena *a)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(OUT_MAX);
	const struct pdf_value *again;
	must(pdf_value_equal(v, v));
	if (pdf_value_write(v, &b, &err) == 0) {
		must(pdf_value_read(view_buf(&b), a, &again, NULL, &err) == 0);
		must(pdf_value_equal(v, again) && pdf_value_equal(again, v));
	}
	buf_clear(&b);
	struct pdf_edit edit = { "Edited", view_text("[1 0 R]") };
	ltps_error_clear(&err);
	if (pdf_is_dict(v) && pdf_dict_write(v, &edit, 1, &b, &err) == 0) {
		must(pdf_value_read(view_buf(&b), a, &again, NULL, &err) == 0);
		must(pdf_dict_get(again, "Edited")->n == 1);
	}
	buf_free(&b);
}

static int length(void *arg, struct pdf_ref ref, uint64_t *ret_n,
		  struct ltps_error *err)
{
	(void)arg;
	(void)err;
	*ret_n = ref.number;
	return 0;
}

static void read_indirect(struct view in, struct arena *a)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct pdf_value *v;
	struct pdf_ref ref;
	uint64_t end;
	if (pdf_indirect_read(in, 0, a, length, NULL, &ref, &v, &end, &err) != 0)
		return;
	must(end <= in.n && ref.number > 0);
	if (v->kind != PDF_STREAM)
		return;
	struct buf b = buf_make(OUT_MAX);
	must(pdf_filter_decode(v, &b, &err) == 0 || err.code != LTPS_OK);
	must(b.n <= b.max);
	buf_free(&b);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct arena a = arena_make(ARENA_MAX);
	struct view in = view_of(data, size);
	const struct pdf_value *v;
	if (pdf_value_read(in, &a, &v, NULL, &err) == 0) {
		look_at(v);
		write_again(v, &a);
	} else {
		must(err.code != LTPS_OK);
	}
	read_indirect(in, &a);
	arena_free(&a);
}
