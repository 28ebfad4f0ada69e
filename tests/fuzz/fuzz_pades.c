/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_pades - signatures, DSS and claims of any octets. What is said to be covered is
 * in the file, with the gap that it should have; a second reading says the same.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/pades.h"
#include "tests/fuzz/fuzz.h"

static void must(int holds)
{
	if (!holds)
		abort();
}

static uint64_t end_of(const struct pades_signature *s)
{
	return s->range[2] + s->range[3];
}

static void check_gap(const struct pades *p, const struct pades_signature *s)
{
	struct view file = p->file->octets;

	must(s->range[0] == 0 && s->range[1] > 0 && s->range[3] > 0);
	must(s->range[1] < s->range[2] && s->range[2] < file.n && end_of(s) <= file.n);
	must(file.p[s->range[1]] == '<' && file.p[s->range[2] - 1] == '>');
	must(s->range[2] - s->range[1] == 2 * s->contents.n + 2);
	if (s->coverage == PADES_COVERS_FILE)
		must(s->revision == p->file->n_revisions - 1);
	if (s->coverage == PADES_COVERS_UNCLEAR)
		must(s->defect[0] != '\0');
}

static void check_signature(const struct pades *p, const struct pades_signature *s)
{
	must(s->dict != NULL && s->revision < p->file->n_revisions);
	must(s->cms.n <= s->contents.n);
	must(s->cms.n > 0 || s->defect[0] != '\0');
	must(strlen(s->vri_key) == 40);
	must(s->docmdp >= 0 && s->docmdp <= 3);
	if (s->coverage == PADES_COVERS_NOTHING)
		must(s->defect[0] != '\0');
	else
		check_gap(p, s);
}

static void check_items(const struct pades *p, const struct pades_item *items, size_t n)
{
	for (size_t i = 0; i < n; i++)
		must(items[i].der.n > 0 && items[i].ref.number != 0 &&
		     items[i].revision < p->file->n_revisions);
}

static void check_dss(const struct pades *p)
{
	const struct pades_dss *d = &p->dss;

	must(d->revision < p->file->n_revisions);
	check_items(p, d->certs, d->n_certs);
	check_items(p, d->crls, d->n_crls);
	check_items(p, d->ocsps, d->n_ocsps);
	for (size_t i = 0; i < d->n_vris; i++) {
		check_items(p, d->vris[i].certs, d->vris[i].n_certs);
		must(d->vris[i].signature >= -1 &&
		     d->vris[i].signature < (int)p->n_signatures);
	}
}

static void check_same(const struct pades *a, const struct pades *b)
{
	must(a->n_signatures == b->n_signatures && a->n_findings == b->n_findings &&
	     a->n_empty_fields == b->n_empty_fields && a->dss.n_vris == b->dss.n_vris);
	for (size_t i = 0; i < a->n_signatures; i++)
		must(strcmp(a->signatures[i].defect, b->signatures[i].defect) == 0 &&
		     strcmp(a->signatures[i].vri_key, b->signatures[i].vri_key) == 0);
	for (size_t i = 0; i < a->n_findings; i++)
		must(strcmp(a->findings[i].text, b->findings[i].text) == 0);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pades *p = NULL, *again = NULL;
	bool ranges_over = false;

	if (pades_read(view_of(data, size), VIEW_NULL, &p, &err) != 0) {
		must(err.code != LTPS_OK && p == NULL);
		return;
	}
	must(pades_match_vris(p, &err) == 0);
	for (size_t i = 0; i < p->n_signatures; i++) {
		const struct pades_signature *s = &p->signatures[i];
		check_signature(p, s);
		ranges_over = ranges_over || s->coverage == PADES_COVERS_NOTHING;
		must(!ranges_over || s->coverage == PADES_COVERS_NOTHING);
		if (i > 0 && !ranges_over)
			must(end_of(s) >= end_of(s - 1));
	}
	check_dss(p);
	must(pades_read(view_of(data, size), VIEW_NULL, &again, &err) == 0 &&
	     pades_match_vris(again, &err) == 0);
	check_same(p, again);
	pades_free(again);
	pades_free(p);
}
