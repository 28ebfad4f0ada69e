/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_pdf_objects - the revisions of a file, and in the newest and the oldest the
 * catalog and all that can be reached from it up to a bound: read, decoded, and then
 * confirmed by the second reader. The same object is the same pointer twice; a refusal
 * says why.
 */
#include <stdlib.h>

#include "formats/pdf_objects.h"
#include "tests/fuzz/fuzz.h"

/* What a real file has on its way to its signatures. */
#define LOOKED_MAX 300
#define DEPTH_MAX 12

static void must(int holds)
{
	if (!holds)
		abort();
}

/* A refusal says why. */
static int says(int rc, const struct ltps_error *err)
{
	must(rc == 0 || err->code != LTPS_OK);
	return rc;
}

struct walk {
	struct pdf_objects *o;
	size_t revision;
	unsigned looked;
};

static void visit(struct walk *w, const struct pdf_value *v, unsigned depth);

static void visit_ref(struct walk *w, struct pdf_ref ref, unsigned depth)
{
	struct ltps_error err = LTPS_ERROR_INIT, err2 = LTPS_ERROR_INIT;
	const struct pdf_value *v = NULL, *again = NULL;

	if (w->looked++ > LOOKED_MAX)
		return;
	if (says(pdf_object(w->o, w->revision, ref, &v, &err), &err) != 0)
		return;
	must(pdf_object(w->o, w->revision, ref, &again, &err2) == 0 && v == again);
	visit(w, v, depth + 1);
}

static void visit_data(struct walk *w, const struct pdf_value *stream)
{
	struct ltps_error err = LTPS_ERROR_INIT, err2 = LTPS_ERROR_INIT;
	struct view data, again;

	if (says(pdf_stream_data(w->o, w->revision, stream, &data, &err), &err) != 0)
		return;
	must(pdf_stream_data(w->o, w->revision, stream, &again, &err2) == 0);
	must(data.p == again.p && data.n == again.n);
}

static void visit(struct walk *w, const struct pdf_value *v, unsigned depth)
{
	if (depth > DEPTH_MAX)
		return;
	if (v->kind == PDF_REF)
		visit_ref(w, v->ref, depth);
	if (v->kind == PDF_STREAM)
		visit_data(w, v);
	if (v->kind == PDF_ARRAY)
		for (size_t i = 0; i < v->n; i++)
			visit(w, &v->items[i], depth + 1);
	if (pdf_is_dict(v))
		for (size_t i = 0; i < v->n; i++)
			visit(w, &v->members[i].value, depth + 1);
}

static void visit_revision(struct pdf_objects *o, size_t revision)
{
	struct ltps_error err = LTPS_ERROR_INIT, err2 = LTPS_ERROR_INIT;
	struct walk w = { .o = o, .revision = revision };
	const struct pdf_value *catalog = NULL;
	char differs[200];

	if (says(pdf_catalog(o, revision, &catalog, &err), &err) == 0)
		visit(&w, catalog, 0);
	must(says(pdf_objects_confirm(o, revision, differs, &err2), &err2) == 0);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT, err2 = LTPS_ERROR_INIT;
	struct pdf_file *f = NULL;
	struct pdf_objects *o = NULL;

	if (says(pdf_file_read(view_of(data, size), &f, &err), &err) != 0)
		return;
	if (says(pdf_objects_new(f, VIEW_NULL, &o, &err2), &err2) == 0) {
		visit_revision(o, f->n_revisions - 1);
		visit_revision(o, 0);
	}
	pdf_objects_free(o);
	pdf_file_free(f);
}
