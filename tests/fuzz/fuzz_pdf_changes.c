/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_pdf_changes - what changed in any octets. Changes are in order and of revisions
 * that are signed before; a second look says the same; what is forbidden is one of
 * them. Both ways of finding the references of an object find the same.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/fuzz/fuzz.h"
#include "validation/pdf_changes_private.h"

static void must(int holds)
{
	if (!holds)
		abort();
}

static void check_changes(const struct pades *p, const struct pdf_changes *c)
{
	must(c->n <= PDF_CHANGES_MAX);
	for (size_t i = 0; i < c->n; i++) {
		const struct pdf_change *v = &c->v[i];
		must(v->revision > 0 && v->revision <= p->file->n_revisions);
		must(i == 0 || v->revision >= c->v[i - 1].revision);
		must((unsigned)v->kind < PDF_CHANGE_KIND_COUNT);
		must(v->what[0] != 0 && memchr(v->what, 0, sizeof(v->what)) != NULL);
	}
}

static void check_forbidden(const struct pades *p, const struct pdf_changes *c)
{
	for (size_t i = 0; i < p->n_signatures; i++) {
		const struct pdf_change *v;
		char why[200];
		pdf_changes_forbidden(p, c, i, &v, why);
		must((v != NULL) == (why[0] != 0));
		if (v == NULL)
			continue;
		must(v >= c->v && v < c->v + c->n);
		must(v->kind != PDF_CHANGE_EXTENSION);
		must(v->revision > p->signatures[i].revision);
	}
}

static void check_same(const struct pdf_changes *a, const struct pdf_changes *b)
{
	must(a->n == b->n);
	for (size_t i = 0; i < a->n; i++)
		must(a->v[i].kind == b->v[i].kind &&
		     strcmp(a->v[i].what, b->v[i].what) == 0);
}

static void check_object(struct view in, size_t at)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_edge_list exact = { .octets = UINT64_MAX }, quick = exact;
	must(pdf_scan_exact(in, at, 1, &exact, &err) == 0);
	must(pdf_scan_quick(in, at, 1, &quick, &err) == 0);
	must(exact.n == quick.n && quick.octets <= exact.octets);
	for (size_t i = 0; i < exact.n; i++)
		must(exact.v[i].target == quick.v[i].target &&
		     exact.v[i].form < PDF_EDGE_UNKNOWN);
	mem_free(exact.v);
	mem_free(quick.v);
}

/* Objects that all stand in one place may make it long. */
#define OBJECTS_MAX 64

static void check_objects(struct view in)
{
	struct pdf_file *f;
	struct ltps_error err = LTPS_ERROR_INIT;
	size_t left = OBJECTS_MAX;
	check_object(in, 0);
	if (pdf_file_read(in, &f, &err) != 0)
		return;
	for (size_t i = 0; i < f->n_revisions; i++)
		for (size_t k = 0; k < f->revisions[i].n_entries && left > 0; k++) {
			const struct pdf_entry *e = &f->revisions[i].entries[k];
			if (e->place != PDF_AT_OFFSET || e->offset >= in.n)
				continue;
			uint64_t plain;
			check_object(in, pdf_scan_header(in, (size_t)e->offset, &plain));
			left--;
		}
	pdf_file_free(f);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_changes first, again;
	struct pades *p;

	check_objects(view_of(data, size));
	if (pades_read(view_of(data, size), VIEW_NULL, &p, &err) != 0)
		return;
	must(pdf_changes_find(p, &first, &err) == 0);
	must(pdf_changes_find(p, &again, &err) == 0);
	check_changes(p, &first);
	check_forbidden(p, &first);
	check_same(&first, &again);
	pdf_changes_clear(&again);
	pdf_changes_clear(&first);
	pades_free(p);
}
