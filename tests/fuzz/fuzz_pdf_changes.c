/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_pdf_changes - what changed in any octets. Changes are in order and of revisions
 * that are signed before; a second look says the same; what is forbidden is one of
 * them.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "validation/pdf_changes.h"

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

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_changes first, again;
	struct pades *p;

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
