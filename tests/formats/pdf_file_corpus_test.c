/* SPDX-License-Identifier: Apache-2.0 */
/* Every PDF of the corpus: what its revisions are, and which ones cannot be read. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "formats/pdf_file_private.h"
#include "tests/support/corpus.h"

/* Broken: a header, or a section, that is not where it should be. */
static const char *const refused[] = {
	"malformed-pades.pdf",
	"pades_infinite_loop.pdf",
	"pdf-signed-corrupted.pdf",
};
/* Whose last /Prev is 0: the revisions before are not in the chain. */
static const char *const suspicious[] = {
	"pades-5-signatures-and-1-document-timestamp.pdf",
};

static bool is_in(const char *path, const char *const *names, size_t n)
{
	const char *slash = strrchr(path, '/');
	for (size_t i = 0; i < n; i++)
		if (strcmp(slash != NULL ? slash + 1 : path, names[i]) == 0)
			return true;
	return false;
}

static void check_layout(const char *path, const struct pdf_file *f)
{
	uint64_t before = 0;
	for (size_t i = 0; i < f->n_revisions; i++) {
		const struct pdf_revision *r = &f->revisions[i];
		cr_assert_eq(r->start, before, "%s", path);
		cr_assert(r->end > r->start && r->end <= f->octets.n, "%s", path);
		cr_assert(pdf_is_dict(r->trailer), "%s", path);
		cr_assert_eq(pdf_file_revision_at(f, r->end), i, "%s", path);
		before = r->end;
	}
	cr_assert_eq(before + f->trailing, f->octets.n, "%s", path);
}

/* Every object of the file stands where its entry says. */
static void check_objects(const char *path, const struct pdf_file *f)
{
	const struct pdf_entry *e;
	struct pdf_walk w = { 0 };
	while ((e = pdf_entries_next(f, &w)) != NULL) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct arena a = arena_make((size_t)64 << 20);
		const struct pdf_value *v;
		struct pdf_ref ref = { 0 };
		uint64_t end;
		if (e->place != PDF_AT_OFFSET)
			continue;
		/* Streams of which the length stands elsewhere are not this test's. */
		if (pdf_indirect_read(f->octets, e->offset, &a, NULL, NULL, &ref, &v,
				      &end, &err) == 0)
			cr_assert_eq(ref.number, e->number, "%s: %u", path, e->number);
		arena_free(&a);
	}
}

/* Each revision in turn, from this one back. */
static const struct pdf_entry *find_plainly(const struct pdf_file *f, size_t revision,
					    uint32_t number)
{
	for (size_t r = revision + 1; r-- > 0;)
		for (size_t i = 0; i < f->revisions[r].n_entries; i++)
			if (f->revisions[r].entries[i].number == number)
				return &f->revisions[r].entries[i];
	return NULL;
}

/* Every entry once, in its order, and found as the revisions see it. */
static void check_entries(const char *path, const struct pdf_file *f)
{
	const struct pdf_entry *e, *last = NULL;
	struct pdf_walk w = { 0 };
	size_t n = 0, total = 0, newest = f->n_revisions - 1;
	for (size_t i = 0; i < f->n_revisions; i++)
		total += f->revisions[i].n_entries;
	for (; (e = pdf_entries_next(f, &w)) != NULL; last = e, n++) {
		cr_assert(last == NULL || last->number < e->number ||
			      (last->number == e->number &&
			       last->revision < e->revision),
			  "%s: %u", path, e->number);
		for (size_t i = 0; i < f->n_revisions && f->n_revisions < 20; i++)
			cr_assert_eq(pdf_file_find(f, i, e->number),
				     find_plainly(f, i, e->number), "%s: %u in %zu",
				     path, e->number, i);
		if (e->number > 0)
			cr_assert_eq(pdf_file_find(f, newest, e->number - 1),
				     find_plainly(f, newest, e->number - 1),
				     "%s: below %u", path, e->number);
	}
	cr_assert_eq(n, total, "%s", path);
	cr_assert_eq(n, f->n_entries, "%s", path);
}

static void read_one(const char *path, struct view octets, void *arg)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_file *f = NULL;
	size_t *n = arg, n_refused = sizeof(refused) / sizeof(refused[0]);
	size_t n_suspicious = sizeof(suspicious) / sizeof(suspicious[0]);
	if (strstr(path, ".pdf") == NULL)
		return;
	int rc = pdf_file_read(octets, &f, &err);
	cr_assert_eq(rc != 0, is_in(path, refused, n_refused), "%s: %s (%s)", path,
		     err.text, err.where);
	if (rc != 0)
		return;
	++*n;
	check_layout(path, f);
	check_entries(path, f);
	check_objects(path, f);
	bool found = f->n_findings > 0 && f->findings[0].kind == PDF_SUSPICIOUS;
	cr_assert_eq(found, is_in(path, suspicious, n_suspicious), "%s: %s", path,
		     f->n_findings > 0 ? f->findings[0].code : "");
	pdf_file_free(f);
}

Test(pdf_file_corpus, every_file_that_is_not_broken_is_read)
{
	size_t n = 0;
	if (!corpus_present())
		cr_skip("no corpus");
	corpus_walk("pades", read_one, &n);
	cr_assert(n >= 60, "%zu", n);
}
