/* SPDX-License-Identifier: Apache-2.0 */
/* What updates after a signature change: limits, memory, real files. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/corpus.h"
#include "tests/support/pdf_scene.h"

TestSuite(pdf_changes, .init = mem_init);

/* ---- limits ---- */

Test(pdf_changes, octets_behind_the_end_are_told_after_too_many_changes)
{
	struct pdf_scene s = { .update = { { 50, "(x)" } } };
	struct buf file = pdf_scene_write(&s);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf members = buf_make(PDF_SCENE_OCTETS);
	char line[60];
	struct pades *p;
	struct pdf_changes c;
	pdf_scene_put(&members, "<< /Title (t) /Producer (p) ");
	for (unsigned i = 0; i < PDF_CHANGES_MAX + 10; i++) {
		(void)snprintf(line, sizeof(line), "/K%u %u ", i, i);
		pdf_scene_put(&members, line);
	}
	pdf_scene_put(&members, ">>");
	cr_assert_eq(buf_put_byte(&members, 0, &err), 0);
	struct pdf_scene_object info = { 6, (const char *)members.p };
	pdf_scene_revision(&file, &info, 1, NULL);
	pdf_scene_put(&file, "4 0 obj (x) endobj\n");
	cr_assert_eq(pades_read(view_buf(&file), VIEW_NULL, &p, &err), 0, "%s",
		     err.text);
	cr_assert_eq(pdf_changes_find(p, &c, &err), 0, "%s", err.text);
	cr_expect_eq(c.v[c.n - 1].kind, PDF_CHANGE_UNDEFINED);
	cr_expect_eq(c.v[c.n - 1].revision, p->file->n_revisions, "%s",
		     c.v[c.n - 1].what);
	pdf_changes_clear(&c);
	pades_free(p);
	buf_free(&members);
	buf_free(&file);
}

/* ---- memory ---- */

/* Everything that takes memory, at once. */
static const struct pdf_scene *busy_scene(void)
{
	static const struct pdf_scene scene = {
		.base = { { 3, PAGE_WITH("50 0 R", "") },
			  { 50, "[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R]" } },
		.update = { FILL,
			    FILL_KID,
			    EXTEND,
			    { 50, "[8 0 R 12 0 R 14 0 R 17 0 R 40 0 R 51 0 R]" },
			    { 51, "<< /Subtype /Text /Rect [1 1 9 9] >>" },
			    { 31,
			      "<< /Type /StructElem /S /Document /P 30 0 R /K [0 << /S "
			      "/Form >>] /Alt (alt) >>" } },
	};
	return &scene;
}

Test(pdf_changes, failing_allocation_is_an_error_and_leaks_nothing)
{
	struct pdf_scene_result whole = pdf_scene_read(busy_scene());
	bool done = false;
	cr_assert_gt(whole.c.n, 4);
	for (uint64_t n = 1; !done && n < 2000; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct pdf_changes c;
		struct pades *p;
		cr_assert_eq(pades_read(view_buf(&whole.file), VIEW_NULL, &p, &err), 0);
		mem_fail_nth(n);
		int rc = pdf_changes_find(p, &c, &err);
		done = !mem_fail_hit();
		mem_fail_nth(0);
		if (rc == 0) {
			cr_expect_eq(c.n, whole.c.n);
			pdf_changes_clear(&c);
		} else {
			cr_expect_eq(err.code, LTPS_NOMEM, "%s", err.text);
		}
		pades_free(p);
	}
	cr_expect(done);
	pdf_scene_free(&whole);
}

/* ---- real files ---- */

struct fact {
	const char *file;
	int kinds; /* bits of the kinds that must be there */
	int never; /* and of those that must not */
};
#define K(kind) (1 << PDF_CHANGE_##kind)

static int kinds_of(const char *name)
{
	char path[200];
	int kinds = 0;
	(void)snprintf(path, sizeof(path), "pades/validation/%s", name);
	struct buf file = corpus_read(path);
	struct pdf_scene_result r = pdf_scene_read_file(view_buf(&file));
	for (size_t i = 0; i < r.c.n; i++) {
		kinds |= 1 << r.c.v[i].kind;
		cr_log_info("%s: %s %s", name, pdf_change_kind_name(r.c.v[i].kind),
			    r.c.v[i].what);
	}
	pdf_scene_free(&r);
	buf_free(&file);
	return kinds;
}

/* Rows of expected.tsv about kinds of changes; files whose changes are known. */
Test(pdf_changes, corpus_files_have_the_kinds_of_changes_that_are_known)
{
	static const struct fact facts[] = {
		{ "Signature-P-HU_POL-3.pdf", K(EXTENSION),
		  K(FORM_FILL) | K(ANNOTATION) | K(UNDEFINED) },
		{ "pdf-structtreeroot-changes.pdf", K(EXTENSION) | K(FORM_FILL),
		  K(ANNOTATION) | K(UNDEFINED) },
		{ "timestamped-fields.pdf", K(EXTENSION),
		  K(FORM_FILL) | K(ANNOTATION) | K(UNDEFINED) },
		{ "hello_signed_INCSAVE_signed_EDITED.pdf", K(FORM_FILL),
		  K(ANNOTATION) | K(UNDEFINED) },
		{ "hello_signed_INCSAVE_signed.pdf", K(FORM_FILL),
		  K(ANNOTATION) | K(UNDEFINED) },
		{ "DSS-3226.pdf", K(FORM_FILL), K(ANNOTATION) | K(UNDEFINED) },
		{ "dss-1376/DSS1376-rev_n-2.pdf", K(FORM_FILL),
		  K(ANNOTATION) | K(UNDEFINED) },
		{ "dss-2236/hide.pdf", K(UNDEFINED), 0 },
		{ "modified_after_signature.pdf", K(UNDEFINED), 0 },
		{ "pdf-signed-added-page.pdf", K(UNDEFINED), 0 },
	};
	if (!corpus_present())
		cr_skip_test("no corpus");
	for (size_t i = 0; i < sizeof(facts) / sizeof(facts[0]); i++) {
		int kinds = kinds_of(facts[i].file);
		cr_expect_eq(kinds & facts[i].kinds, facts[i].kinds, "%s: %x",
			     facts[i].file, (unsigned)kinds);
		cr_expect_eq(kinds & facts[i].never, 0, "%s: %x", facts[i].file,
			     (unsigned)kinds);
	}
}

/* Three files were changed after signing; all others are as honest writers left them.
 */
static void expect_honest(const char *path, struct view octets, void *arg)
{
	static const char *const changed[] = { "hide.pdf",
					       "modified_after_signature.pdf",
					       "pdf-signed-added-page.pdf" };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_changes c;
	struct pades *p;
	(void)arg;
	size_t n = strlen(path);
	for (size_t i = 0; i < sizeof(changed) / sizeof(changed[0]); i++)
		if (strstr(path, changed[i]) != NULL)
			return;
	if (n < 4 || strcmp(path + n - 4, ".pdf") != 0 ||
	    pades_read(octets, VIEW_NULL, &p, &err))
		return;
	cr_assert_eq(pdf_changes_find(p, &c, &err), 0, "%s: %s", path, err.text);
	const struct pdf_change *w = pdf_scene_worst(&c);
	cr_expect(w == NULL || w->kind < PDF_CHANGE_ANNOTATION, "%s: %s %s", path,
		  w != NULL ? pdf_change_kind_name(w->kind) : "",
		  w != NULL ? w->what : "");
	pdf_changes_clear(&c);
	pades_free(p);
}

Test(pdf_changes, corpus_files_of_honest_writers_have_no_undefined_changes)
{
	if (!corpus_present())
		cr_skip_test("no corpus");
	cr_expect_gt(corpus_walk("pades", expect_honest, NULL), 60);
}
