/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_pdf_file - the chain of revisions: what was read holds together, and every
 * object that it names can be looked for.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/pdf_file_private.h"
#include "formats/pdf_filter.h"
#include "tests/fuzz/fuzz.h"

#define OBJECTS_MAX 200
#define OUT_MAX ((size_t)1 << 20)
#define ARENA_MAX ((size_t)64 << 20)

static void must(int holds)
{
	if (!holds)
		abort();
}

static void check_revision(const struct pdf_file *f, size_t i)
{
	const struct pdf_revision *r = &f->revisions[i];
	must(r->start == (i > 0 ? f->revisions[i - 1].end : 0));
	must(r->end > r->start && r->end <= f->octets.n);
	must(pdf_is_dict(r->trailer));
	must(pdf_file_revision_at(f, r->end) == i);
	for (size_t k = 0; k < r->n_entries; k++) {
		const struct pdf_entry *e = &r->entries[k];
		must(e->revision == i && e->number > 0);
		must(k == 0 || r->entries[k - 1].number < e->number);
		must(pdf_file_find(f, i, e->number) == e);
	}
}

static void read_object(const struct pdf_file *f, const struct pdf_entry *e)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct arena a = arena_make(ARENA_MAX);
	const struct pdf_value *v;
	struct pdf_ref ref;
	uint64_t end;
	if (pdf_indirect_read(f->octets, e->offset, &a, NULL, NULL, &ref, &v, &end,
			      &err) == 0) {
		must(end > e->offset && end <= f->octets.n);
		struct buf b = buf_make(OUT_MAX);
		if (v->kind == PDF_STREAM)
			must(pdf_filter_decode(v, &b, &err) == 0 ||
			     err.code != LTPS_OK);
		buf_free(&b);
	}
	arena_free(&a);
}

static void check_findings(const struct pdf_file *f)
{
	must(f->n_findings <= PDF_FINDINGS_MAX);
	for (size_t i = 0; i < f->n_findings; i++) {
		must(f->findings[i].revision < f->n_revisions);
		must(strncmp(f->findings[i].code, "PDF_", 4) == 0);
		must(i == 0 || f->findings[i - 1].kind >= f->findings[i].kind);
	}
}

/* In steps it is the same file. */
static void check_steps(const struct pdf_file *f)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_file *g = NULL;
	must(pdf_file_begin(f->octets, &g, &err) == 0);
	for (size_t at = 0; at < f->octets.n; at += f->octets.n / 97 + 1)
		pdf_file_upto(g, at);
	pdf_file_upto(g, f->octets.n);
	must(g->n_findings == f->n_findings);
	for (size_t i = 0; i < f->n_findings; i++)
		must(strcmp(g->findings[i].code, f->findings[i].code) == 0 &&
		     g->findings[i].revision == f->findings[i].revision &&
		     g->findings[i].offset == f->findings[i].offset);
	pdf_file_free(g);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_file *f = NULL;
	if (pdf_file_read(view_of(data, size), &f, &err) != 0) {
		must(err.code == LTPS_FORMAT || err.code == LTPS_TOO_LARGE ||
		     err.code == LTPS_UNSUPPORTED);
		return;
	}
	must(f->n_revisions > 0);
	for (size_t i = 0; i < f->n_revisions; i++)
		check_revision(f, i);
	must(f->revisions[f->n_revisions - 1].end + f->trailing == size);
	check_findings(f);
	check_steps(f);
	const struct pdf_entry *e;
	struct pdf_walk w = { 0 };
	for (size_t i = 0; i < OBJECTS_MAX && (e = pdf_entries_next(f, &w)) != NULL;
	     i++)
		if (e->place == PDF_AT_OFFSET)
			read_object(f, e);
	pdf_file_free(f);
}
