/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_pades_document - a PDF read as a document. What was read holds together: parents
 * before children, names that differ, a defect wherever there is no CMS, no covers
 * without an imprint that fits or with a defect, and the same again for the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "validation/document.h"

static void must(int holds)
{
	if (!holds)
		abort();
}

static void check_signatures(const struct document *d)
{
	for (size_t i = 0; i < d->n_signatures; i++) {
		const struct document_signature *s = &d->signatures[i];
		must(s->parent < (int)i);
		must((s->role == ROLE_COUNTERSIGNATURE) == (s->parent >= 0));
		must((s->pdf != NULL) == (s->parent < 0));
		must(s->n_octets <= 2 && s->profile != NULL);
		must((s->structure == LEVEL_NONE) == (s->why_not[0] != '\0'));
		must(s->signer != NULL || (s->cms == NULL && s->defect[0] != '\0'));
		must(s->pdf == NULL || s->pdf->byte_range_valid ||
		     s->defect[0] != '\0');
		must(s->pdf == NULL || s->pdf->found->defect[0] == '\0' ||
		     s->defect[0] != '\0');
		for (size_t k = 0; k < i; k++)
			must(strcmp(s->id, d->signatures[k].id) != 0);
	}
}

static void check_stamps(const struct document *d)
{
	size_t covers = 0;

	for (size_t i = 0; i < d->n_stamps; i++) {
		const struct document_stamp *st = &d->stamps[i];
		must((st->tst == NULL) == (st->as_signature == NULL));
		must(st->signature >= -1 && st->signature < (int)d->n_signatures);
		must((st->type == STAMP_DOCUMENT) == (st->signature < 0));
		must((st->pdf != NULL) == (st->signature < 0));
		must(st->n_covers == 0 || st->imprint == MATCH_YES);
		must(st->signature >= 0 || st->n_covers == 0 || st->defect[0] == '\0');
		must(st->n_covers == 0 || st->covers != NULL);
		for (size_t k = 0; k < i; k++)
			must(strcmp(st->id, d->stamps[k].id) != 0);
		for (size_t k = 0; k < st->n_covers; k++)
			must(st->covers[k].kind < OBJECT_KIND_COUNT &&
			     st->covers[k].by < DIGEST_ALG_COUNT);
		covers += st->n_covers;
	}
	must(covers <= 2 * DOCUMENT_COVERS_MAX);
}

static struct document *read_once(struct view file)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct document *d = NULL;

	if (document_read_pdf(file, VIEW_NULL, &d, &err) != 0) {
		must(err.fault == LTPS_FAULT_OBJECT || err.code == LTPS_UNSUPPORTED);
		return NULL;
	}
	must(err.code == LTPS_OK);
	check_signatures(d);
	check_stamps(d);
	return d;
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct document *first = read_once(view_of(data, size));
	struct document *again = read_once(view_of(data, size));

	must((first == NULL) == (again == NULL));
	if (first != NULL) {
		must(first->n_signatures == again->n_signatures);
		must(first->n_stamps == again->n_stamps);
		for (size_t i = 0; i < first->n_signatures; i++)
			must(strcmp(first->signatures[i].id, again->signatures[i].id) ==
				 0 &&
			     strcmp(first->signatures[i].defect,
				    again->signatures[i].defect) == 0);
		for (size_t i = 0; i < first->n_stamps; i++)
			must(first->stamps[i].n_covers == again->stamps[i].n_covers);
	}
	document_free(again);
	document_free(first);
}
