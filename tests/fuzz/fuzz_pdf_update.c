/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_pdf_update - a PDF in which the strict reader finds nothing unusual gets an
 * update, and is read again: what was there is as it was, and the new object is there.
 * One with findings may read differently behind an update (whoever makes one judges the
 * result), but nothing breaks. Then a signature field and a DSS, which a hostile form
 * or catalog may refuse.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "formats/pdf_update.h"
#include "tests/fuzz/fuzz.h"

#define OUT_MAX ((size_t)64 << 20)
/* Old objects that are looked at again. */
#define LOOKED_AT 200

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

struct reading {
	struct pdf_file *file;
	struct pdf_objects *objects;
};

static int open_pdf(struct view in, struct reading *r, struct ltps_error *err)
{
	if (says(pdf_file_read(in, &r->file, err), err) != 0)
		return -1;
	return says(pdf_objects_new(r->file, VIEW_NULL, &r->objects, err), err);
}

static void close_pdf(struct reading *r)
{
	pdf_objects_free(r->objects);
	pdf_file_free(r->file);
	*r = (struct reading){ 0 };
}

static int append(const struct reading *r, struct pdf_update *u, struct buf *out,
		  uint64_t range[4], struct ltps_error *err)
{
	struct buf more = buf_make(OUT_MAX);
	buf_clear(out);
	int rc = says(pdf_update_finish(u, &more, range, err), err);
	if (rc == 0 && (buf_put(out, r->file->octets, err) != 0 ||
			buf_put(out, view_buf(&more), err) != 0))
		rc = -1;
	buf_free(&more);
	return rc;
}

static void compare(const struct reading *a, const struct reading *b)
{
	const size_t x = a->file->n_revisions - 1, y = b->file->n_revisions - 1;
	const struct pdf_revision *last = &a->file->revisions[x];
	must(y == x + 1);
	for (size_t i = 0; i < last->n_entries && i < LOOKED_AT; i++) {
		struct ltps_error e[2] = { LTPS_ERROR_INIT, LTPS_ERROR_INIT };
		const struct pdf_value *v, *w;
		const struct pdf_ref ref = { last->entries[i].number,
					     last->entries[i].generation };
		const int rc = pdf_object(a->objects, x, ref, &v, &e[0]);
		must(pdf_object(b->objects, y, ref, &w, &e[1]) == rc);
		must(rc != 0 || pdf_value_equal(v, w));
	}
}

static void one_object(const struct reading *r)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_update *u = NULL;
	struct reading again = { 0 };
	struct buf out = buf_make(OUT_MAX);
	const struct pdf_value *v = NULL;
	if (says(pdf_update_new(r->file, r->objects, &u, &err), &err) != 0)
		return;
	const struct pdf_ref ref = { pdf_update_number(u), 0 };
	if (ref.number == 0 || pdf_update_number(u) == 0)
		goto out;
	must(pdf_file_find(r->file, r->file->n_revisions - 1, ref.number) == NULL);
	must(pdf_update_object(u, ref, view_text("(new)"), &err) == 0);
	if (append(r, u, &out, NULL, &err) != 0)
		goto out;
	if (open_pdf(view_buf(&out), &again, &err) != 0) {
		must(r->file->n_findings > 0 || err.code == LTPS_TOO_LARGE);
		goto out;
	}
	if (r->file->n_findings > 0)
		goto out;
	compare(r, &again);
	must(pdf_object(again.objects, again.file->n_revisions - 1, ref, &v, &err) ==
	     0);
	must(v->kind == PDF_STRING && view_is_text(v->text, "new"));
out:
	close_pdf(&again);
	pdf_update_free(u);
	buf_free(&out);
}

static void signature(struct view in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct view der = view_text("an object");
	const struct pdf_update_material more = { .certs = &der, .n_certs = 1 };
	const struct pdf_update_vri vri = { "0123456789ABCDEF0123456789ABCDEF01234567",
					    more };
	struct pades *p = NULL;
	struct pdf_update *u = NULL;
	struct buf out = buf_make(OUT_MAX);
	uint64_t range[4] = { 0 };
	if (says(pades_read(in, VIEW_NULL, &p, &err), &err) != 0 ||
	    says(pdf_update_new(p->file, p->objects, &u, &err), &err) != 0)
		goto out;
	const struct pdf_ref value = { pdf_update_number(u), 0 };
	if (says(pdf_update_signature(u, value, view_text("/Type /Sig"), 16, &err),
		 &err) != 0 ||
	    says(pdf_update_field(u, p, "Seal", value, &err), &err) != 0 ||
	    says(pdf_update_dss(u, p, &more, &vri, 1, &err), &err) != 0 ||
	    says(pdf_update_extension(u, p, 2, &err), &err) != 0)
		goto out;
	const struct reading r = { p->file, p->objects };
	if (append(&r, u, &out, range, &err) != 0)
		goto out;
	must(range[2] + range[3] == out.n && out.p[range[1]] == '<' &&
	     out.p[range[2] - 1] == '>');
	must(pdf_update_fill(&out, 0, range, der, &err) == 0);
	pades_free(p);
	p = NULL;
	says(pades_read(view_buf(&out), VIEW_NULL, &p, &err), &err);
out:
	pdf_update_free(u);
	pades_free(p);
	buf_free(&out);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct reading r = { 0 };
	if (open_pdf(view_of(data, size), &r, &err) == 0) {
		one_object(&r);
		signature(view_of(data, size));
	}
	close_pdf(&r);
}
