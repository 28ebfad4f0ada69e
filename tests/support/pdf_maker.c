/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pdf_maker.h"

#include <criterion/criterion.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

struct buf maker_out;
uint64_t maker_at[MAKER_OBJECTS];
uint64_t maker_section;

/* ---- a file being written ---- */

void maker_setup(void)
{
	maker_out = buf_make(MAKER_ROOM);
	memset(maker_at, 0, sizeof(maker_at));
	maker_section = 0;
}

void maker_teardown(void)
{
	buf_free(&maker_out);
}

void maker_put(const char *fmt, ...)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char text[4096];
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	cr_assert(n >= 0 && (size_t)n < sizeof(text));
	cr_assert_eq(buf_put(&maker_out, view_of(text, (size_t)n), &err), 0);
}

void maker_put_octets(const void *p, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(buf_put(&maker_out, view_of(p, n), &err), 0);
}

void maker_header(void)
{
	maker_put("%%PDF-1.7\n%%\xe2\xe3\xcf\xd3\n");
}

void maker_object(uint32_t number, const char *body)
{
	maker_at[number] = maker_out.n;
	maker_put("%u 0 obj\n%s\nendobj\n", number, body);
}

void maker_entry(uint32_t number)
{
	maker_put("%010llu 00000 n \n", (unsigned long long)maker_at[number]);
}

void maker_end(uint64_t value)
{
	maker_put("startxref\n%llu\n%%%%EOF\n", (unsigned long long)value);
}

/* xref with objects first to last as they stand; more: of the trailer. */
void maker_table(uint32_t first, uint32_t last, uint32_t size, const char *more)
{
	maker_section = maker_out.n;
	maker_put("xref\n%u %u\n", first, last - first + 1);
	for (uint32_t i = first; i <= last; i++) {
		if (i == 0)
			maker_put("0000000000 65535 f \n");
		else
			maker_entry(i);
	}
	maker_put("trailer\n<</Size %u/Root 1 0 R%s>>\n", size, more);
}

const char *maker_prev(uint64_t offset)
{
	static char text[64];
	snprintf(text, sizeof(text), "/Prev %llu", (unsigned long long)offset);
	return text;
}

/* Objects 1 and 2. */
void maker_first(void)
{
	maker_header();
	maker_object(1, "<</Type/Catalog/Pages 2 0 R>>");
	maker_object(2, "<</Type/Pages/Kids[]/Count 0>>");
	maker_table(0, 2, 3, "");
	maker_end(maker_section);
}

/* One object more, or one of the old ones again. */
void maker_update(uint32_t number)
{
	uint64_t prev = maker_section;
	maker_object(number, "<</New true>>");
	maker_table(number, number, number < 3 ? 3 : number + 1, maker_prev(prev));
	maker_end(maker_section);
}

/* A cross-reference stream, not compressed; its own number is `number`. */
void maker_stream(uint32_t number, const char *more, const struct maker_row *rows,
		  size_t n)
{
	maker_section = maker_at[number] = maker_out.n;
	maker_put("%u 0 obj\n<</Type/XRef/W[1 4 1]/Root 1 0 R%s/Length %zu>>stream\n",
		  number, more, n * 6);
	for (size_t i = 0; i < n; i++) {
		uint8_t row[6] = { rows[i].type,
				   (uint8_t)(rows[i].second >> 24),
				   (uint8_t)(rows[i].second >> 16),
				   (uint8_t)(rows[i].second >> 8),
				   (uint8_t)rows[i].second,
				   rows[i].third };
		maker_put_octets(row, sizeof(row));
	}
	maker_put("\nendstream\nendobj\n");
}

/* Object 4 in the object stream 3. */
void maker_compressed(void)
{
	maker_header();
	maker_object(1, "<</Type/Catalog>>");
	maker_object(2, "null");
	maker_at[3] = maker_out.n;
	maker_put("3 0 obj\n<</Type/ObjStm/N 1/First 4/Length 8>>stream\n4 0 "
		  "null\nendstream\n"
		  "endobj\n");
	struct maker_row rows[] = { { 0 },
				    { 1, (uint32_t)maker_at[1], 0 },
				    { 1, (uint32_t)maker_at[2], 0 },
				    { 1, (uint32_t)maker_at[3], 0 },
				    { 2, 3, 0 },
				    { 1, (uint32_t)maker_out.n, 0 } };
	maker_stream(5, "/Size 6", rows, 6);
	maker_end(maker_section);
}

/* First page: objects 3 to 5; main: 1 and 2. */
void maker_linearised(const char *dict, uint64_t own_startxref, const char *main_more)
{
	maker_header();
	maker_object(3, dict);
	maker_section = maker_out.n;
	size_t first = maker_section;
	maker_at[4] = maker_at[5] = 0;
	maker_put("xref\n3 3\n");
	maker_entry(3);
	size_t entries = maker_out.n;
	maker_put("%020d%020d", 0, 0);
	maker_put("trailer\n<</Size 6/Root 4 0 R/Prev ");
	size_t prev = maker_out.n;
	maker_put("%010d>>\n", 0);
	maker_end(own_startxref);
	maker_object(4, "<</Type/Catalog>>");
	maker_object(5, "null");
	maker_object(1, "null");
	maker_object(2, "null");
	size_t main = maker_out.n;
	maker_table(0, 2, 3, main_more);
	maker_end(first);
	char text[64];
	snprintf(text, sizeof(text), "%010llu 00000 n \n%010llu 00000 n \n",
		 (unsigned long long)maker_at[4], (unsigned long long)maker_at[5]);
	memcpy(maker_out.p + entries, text, 40);
	snprintf(text, sizeof(text), "%010zu", main);
	memcpy(maker_out.p + prev, text, 10);
	maker_section = first;
}

/* ---- what is read of it ---- */

/* Ends that no section owns are the same, however many steps it takes to look. */
static void expect_steps_agree(const struct pdf_file *f)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_file *g = NULL;
	cr_assert_eq(pdf_file_begin(f->octets, &g, &err), 0, "%s", err.text);
	for (size_t at = 0; at < f->octets.n; at += 7)
		pdf_file_upto(g, at);
	pdf_file_upto(g, f->octets.n);
	cr_assert_eq(g->n_findings, f->n_findings);
	for (size_t i = 0; i < f->n_findings; i++) {
		cr_assert_str_eq(g->findings[i].code, f->findings[i].code);
		cr_assert_eq(g->findings[i].revision, f->findings[i].revision);
		cr_assert_eq(g->findings[i].offset, f->findings[i].offset);
	}
	pdf_file_free(g);
}

struct pdf_file *maker_read_octets(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_file *f = NULL;
	cr_assert_eq(pdf_file_read(in, &f, &err), 0, "%s (%s)", err.text, err.where);
	expect_steps_agree(f);
	return f;
}

struct pdf_file *maker_read(void)
{
	return maker_read_octets(view_buf(&maker_out));
}

const struct pdf_finding *maker_finding(const struct pdf_file *f, const char *code)
{
	for (size_t i = 0; i < f->n_findings; i++)
		if (strcmp(f->findings[i].code, code) == 0)
			return &f->findings[i];
	return NULL;
}

/* Exactly this one, of the revision, and no other suspicion. */
void maker_expect(enum pdf_finding_kind kind, const char *code, size_t revision)
{
	struct pdf_file *f = maker_read();
	const struct pdf_finding *x = maker_finding(f, code);
	cr_assert_not_null(x, "%s is missing", code);
	cr_assert_eq(x->kind, kind);
	cr_assert_eq(x->revision, revision, "%s of revision %zu", code, x->revision);
	cr_assert(x->text[0] != 0);
	for (size_t i = 0; i < f->n_findings; i++)
		cr_assert(&f->findings[i] == x || f->findings[i].kind == PDF_NOTICE,
			  "%s as well", f->findings[i].code);
	pdf_file_free(f);
}

void maker_expect_clean(size_t revisions)
{
	struct pdf_file *f = maker_read();
	cr_assert_eq(f->n_revisions, revisions);
	for (size_t i = 0; i < f->n_findings; i++)
		cr_assert_fail("%s", f->findings[i].code);
	pdf_file_free(f);
}

void maker_expect_refused(const char *part_of_text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_file *f = NULL;
	cr_assert_eq(pdf_file_read(view_buf(&maker_out), &f, &err), -1, "%s",
		     part_of_text);
	cr_assert_null(f);
	cr_assert_eq(err.code, LTPS_FORMAT, "%s", err.text);
	cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
	cr_assert_not_null(strstr(err.text, part_of_text), "%s", err.text);
	cr_assert(err.where[0] != 0);
}
