/* SPDX-License-Identifier: Apache-2.0 */
/* document_covers - the objects that one time-stamp or record covers, being collected.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "validation/cades_document.h"

int covers_put(struct cover_list *l, enum object_kind kind, const uint8_t sha256[32],
	       enum digest_alg by, struct ltps_error *err)
{
	if (l->n == DOCUMENT_COVERS_MAX) {
		l->full = true;
		return 0;
	}
	if (mem_grow(&l->v, sizeof(l->v[0]), l->n + 1, &l->cap, err) != 0)
		return -1;
	l->v[l->n].kind = kind;
	memcpy(l->v[l->n].sha256, sha256, 32);
	l->v[l->n++].by = by;
	return 0;
}

int covers_put_all(struct cover_list *l, const struct document_cover *v, size_t n,
		   struct ltps_error *err)
{
	for (size_t i = 0; i < n; i++)
		if (covers_put(l, v[i].kind, v[i].sha256, v[i].by, err) != 0)
			return -1;
	return 0;
}

static int compare(const void *va, const void *vb)
{
	const struct document_cover *a = va, *b = vb;
	int order;

	if (a->kind != b->kind)
		return a->kind < b->kind ? -1 : 1;
	order = memcmp(a->sha256, b->sha256, sizeof(a->sha256));
	if (order != 0)
		return order;
	return a->by < b->by ? -1 : a->by > b->by;
}

/* Each object once; covered itself, it needs no reference. */
static void drop_repeated(struct cover_list *l)
{
	size_t kept = 0;

	if (l->n == 0)
		return;
	qsort(l->v, l->n, sizeof(l->v[0]), compare);
	for (size_t i = 0; i < l->n; i++) {
		const struct document_cover *o = &l->v[i];
		const struct document_cover *last = kept > 0 ? &l->v[kept - 1] : NULL;
		if (last != NULL && last->kind == o->kind &&
		    memcmp(last->sha256, o->sha256, sizeof(o->sha256)) == 0 &&
		    (last->by == o->by || last->by == DIGEST_NONE))
			continue;
		l->v[kept++] = *o;
	}
	l->n = kept;
}

int covers_finish(struct cover_list *l, struct document *d, size_t *ret_n,
		  struct ltps_error *err)
{
	drop_repeated(l);
	if (l->n > DOCUMENT_COVERS_MAX - d->n_all_covers) {
		l->n = DOCUMENT_COVERS_MAX - d->n_all_covers;
		l->full = true;
	}
	if (mem_grow(&d->all_covers, sizeof(d->all_covers[0]),
			d->n_all_covers + l->n, &l->cap_all, err) != 0)
		return -1;
	if (l->n > 0)
		memcpy(d->all_covers + d->n_all_covers, l->v, l->n * sizeof(l->v[0]));
	d->n_all_covers += l->n;
	*ret_n = l->n;
	l->n = 0;
	return 0;
}

void covers_end(struct cover_list *l, struct document *d)
{
	if (l->full)
		reader_note(d, "proofs of more than %d objects: the rest is left out",
			    DOCUMENT_COVERS_MAX);
	mem_free(l->v);
}
