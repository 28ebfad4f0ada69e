/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_document - a CMS file read as a document, with and without content. What was
 * read holds together: parents before children, names that differ, covers inside their
 * array, and the same again for the same bytes.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/fuzz/fuzz.h"
#include "validation/document.h"

#define OUT_MAX ((size_t)16 << 20)

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
		must(s->n_octets <= 2 && s->profile != NULL);
		must((s->structure == LEVEL_NONE) == (s->why_not[0] != '\0'));
		for (size_t k = 0; k < i; k++)
			must(strcmp(s->id, d->signatures[k].id) != 0);
		for (size_t k = 0; k < s->n_references; k++)
			must(s->references[k].alg != DIGEST_NONE ||
			     s->references[k].match == MATCH_UNKNOWN);
	}
}

static void check_covers(const struct document *d, const struct document_cover *covers,
			 size_t n)
{
	must(n == 0 || (covers >= d->all_covers &&
			covers + n <= d->all_covers + d->n_all_covers));
	for (size_t i = 0; i < n; i++)
		must(covers[i].kind < OBJECT_KIND_COUNT &&
		     covers[i].by < DIGEST_ALG_COUNT);
}

static void check_stamps(const struct document *d)
{
	for (size_t i = 0; i < d->n_stamps; i++) {
		const struct document_stamp *st = &d->stamps[i];
		must((st->tst == NULL) == (st->as_signature == NULL));
		must(st->signature < (int)d->n_signatures);
		must((st->reading != NULL) == (st->imprint == MATCH_YES));
		must(st->n_covers == 0 || st->imprint == MATCH_YES);
		check_covers(d, st->covers, st->n_covers);
	}
}

static void check_records(const struct document *d)
{
	for (size_t i = 0; i < d->n_records; i++) {
		check_covers(d, d->records[i].covers, d->records[i].n_covers);
		for (int form = 0; i < 4 && form < CMS_ER_FORM_COUNT; form++) {
			struct ltps_error err = LTPS_ERROR_INIT;
			struct buf out = buf_make(OUT_MAX);
			must(document_record_octets(d, &d->records[i],
						    (enum cms_er_form)form, &out,
						    &err) == 0 ||
			     err.code != LTPS_OK);
			buf_free(&out);
		}
	}
}

static struct document *read_once(struct view file, struct content *content)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct document *d = NULL;

	if (document_read(file, content, &d, &err) != 0) {
		must(err.code != LTPS_OK && err.fault == LTPS_FAULT_OBJECT);
		return NULL;
	}
	must(err.code == LTPS_OK);
	check_signatures(d);
	check_stamps(d);
	check_records(d);
	return d;
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct content content = content_of(view_text("what is signed\n"));
	struct document *without = read_once(view_of(data, size), NULL);
	struct document *with = read_once(view_of(data, size), &content);

	must((without == NULL) == (with == NULL));
	if (with != NULL) {
		must(with->n_signatures == without->n_signatures);
		must(with->n_stamps == without->n_stamps);
		for (size_t i = 0; i < with->n_signatures; i++)
			must(strcmp(with->signatures[i].id,
				    without->signatures[i].id) == 0);
	}
	document_free(with);
	document_free(without);
}
