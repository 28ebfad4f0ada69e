/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pades_make.h"

#include <criterion/criterion.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define FILE_MAX ((size_t)64 << 20)
#define KEPT_MAX 256
#define NUMBERS_MAX 512

/* ---- what lives until the end ---- */

static struct buf kept[KEPT_MAX];
static size_t n_kept;

static struct buf *keep(struct view octets)
{
	struct ltps_error err = LTPS_ERROR_INIT;

	cr_assert_lt(n_kept, KEPT_MAX);
	struct buf *b = &kept[n_kept++];
	*b = buf_make(FILE_MAX);
	cr_assert_eq(buf_put(b, octets, &err), 0);
	return b;
}

static void put(struct buf *b, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(buf_put_text(b, text, &err), 0);
}

static size_t find(struct view v, size_t from, const char *text)
{
	const uint8_t *at =
	    from > v.n ? NULL : memmem(v.p + from, v.n - from, text, strlen(text));
	return at == NULL ? SIZE_MAX : (size_t)(at - v.p);
}

static size_t find_nth(struct view v, const char *text, size_t nth)
{
	size_t at = find(v, 0, text);

	while (at != SIZE_MAX && nth-- > 0)
		at = find(v, at + 1, text);
	cr_assert_neq(at, SIZE_MAX, "no %s", text);
	return at;
}

/* ---- revisions ---- */

static size_t last_startxref(struct view v)
{
	size_t last = 0, at = 0;

	while ((at = find(v, at, "startxref\n")) != SIZE_MAX)
		last = at++;
	return strtoul((const char *)v.p + last + strlen("startxref\n"), NULL, 10);
}

static void put_object(struct buf *b, const struct make_object *o)
{
	struct ltps_error err = LTPS_ERROR_INIT;

	if (o->stream == NULL)
		cr_assert_eq(
		    buf_put_fmt(b, &err, "%u 0 obj\n%s\nendobj\n", o->number, o->body),
		    0);
	else
		cr_assert_eq(buf_put_fmt(b, &err,
					 "%u 0 obj\n<< %s /Length %zu >>\nstream\n%s\n"
					 "endstream\nendobj\n",
					 o->number, o->body, strlen(o->stream),
					 o->stream),
			     0);
}

static void put_entry(struct buf *b, const struct make_object *o, size_t offset)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int rc =
	    o->body == NULL
		? buf_put_fmt(b, &err, "%u 1\n0000000000 00001 f \n", o->number)
		: buf_put_fmt(b, &err, "%u 1\n%010zu 00000 n \n", o->number, offset);
	cr_assert_eq(rc, 0);
}

static void fill_number(uint8_t *at, size_t value)
{
	char text[16];

	snprintf(text, sizeof(text), "%010zu", value);
	memcpy(at, text, 10);
}

static void fill_ranges(struct buf *b, size_t from)
{
	for (size_t at = from;
	     (at = find(view_buf(b), at, "##########")) != SIZE_MAX;) {
		size_t gap = find(view_buf(b), at, "/Contents <");
		if (gap == SIZE_MAX)
			gap = find_nth(view_buf(b), "/Contents <", 0);
		gap += strlen("/Contents ");
		size_t end = find(view_buf(b), gap, ">") + 1;
		fill_number(b->p + at, gap);
		fill_number(b->p + at + 11, end);
		fill_number(b->p + at + 22, b->n - end);
	}
}

struct view make_revision(struct view before, const struct make_object *objects,
			  size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf *b = keep(before);
	size_t offsets[NUMBERS_MAX], from = b->n;
	size_t prev = before.n > 0 ? last_startxref(before) : 0;

	cr_assert_leq(n, NUMBERS_MAX);
	if (before.n == 0)
		put(b, "%PDF-1.7\n%\xe2\xe3\xcf\xd3\n");
	for (size_t i = 0; i < n; i++) {
		offsets[i] = b->n;
		if (objects[i].body != NULL)
			put_object(b, &objects[i]);
	}
	size_t xref = b->n;
	put(b, "xref\n");
	if (before.n == 0)
		put(b, "0 1\n0000000000 65535 f \n");
	for (size_t i = 0; i < n; i++)
		put_entry(b, &objects[i], offsets[i]);
	cr_assert_eq(
	    buf_put_fmt(b, &err, "trailer\n<< /Size %d /Root 1 0 R", NUMBERS_MAX), 0);
	if (before.n > 0)
		cr_assert_eq(buf_put_fmt(b, &err, " /Prev %zu", prev), 0);
	cr_assert_eq(buf_put_fmt(b, &err, " >>\nstartxref\n%zu\n%%%%EOF\n", xref), 0);
	fill_ranges(b, from);
	return view_buf(b);
}

/* ---- edits ---- */

struct view make_swap(struct view file, const char *old, size_t nth, const char *by)
{
	struct buf *b = keep(file);
	size_t at = find_nth(file, old, nth);

	cr_assert_eq(strlen(old), strlen(by), "places would move");
	memcpy(b->p + at, by, strlen(by));
	return view_buf(b);
}

struct view make_move_range(struct view file, size_t nth, size_t index, int64_t by)
{
	struct buf *b = keep(file);
	size_t at = find_nth(file, "/ByteRange [0 ", nth) + strlen("/ByteRange [0 ") +
		    11 * (index - 1);

	fill_number(b->p + at,
		    (size_t)(strtoll((const char *)b->p + at, NULL, 10) + by));
	return view_buf(b);
}

struct view make_append(struct view file, const char *text)
{
	struct buf *b = keep(file);

	put(b, text);
	return view_buf(b);
}

/* ---- a simple file ---- */

const struct make_object make_catalog = {
	.number = 1, .body = "<< /Type /Catalog /Pages 2 0 R /AcroForm 4 0 R >>"
};
const struct make_object make_pages = {
	.number = 2, .body = "<< /Type /Pages /Kids [3 0 R] /Count 1 >>"
};
const struct make_object make_page = {
	.number = 3,
	.body = "<< /Type /Page /Parent 2 0 R /MediaBox [0 0 9 9] /Annots [5 0 R] >>"
};
const struct make_object make_form = { .number = 4,
				       .body = "<< /SigFlags 3 /Fields [5 0 R] >>" };
const struct make_object make_field = {
	.number = 5,
	.body = "<< /Type /Annot /Subtype /Widget /FT /Sig /T (a) /V 6 0 R /P 3 0 R "
		"/Rect [0 0 0 0] >>"
};
const struct make_object make_sig = { .number = 6, .body = MAKE_SIG(MAKE_CMS) };

struct view make_signed(void)
{
	return MAKE(VIEW_NULL, make_catalog, make_pages, make_page, make_form,
		    make_field, make_sig);
}

/* ---- reading ---- */

struct pades *make_read(struct view file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pades *p = NULL;
	char line[512];

	int rc = pades_read(file, VIEW_NULL, &p, &err);
	ltps_error_line(&err, line, sizeof(line));
	cr_assert_eq(rc, 0, "%s", line);
	return p;
}

bool make_has(const struct pades *p, const char *code)
{
	for (size_t i = 0; i < p->n_findings; i++) {
		if (strcmp(p->findings[i].code, code) == 0)
			return true;
	}
	return false;
}
