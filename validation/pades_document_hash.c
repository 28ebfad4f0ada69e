/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pades_document_hash - digests of all ByteRanges of a PDF. All begin with the start of
 * the file, so that one running digest of an algorithm serves them all: at the gap of
 * each it is copied, and the copy goes on behind that gap. What each adds behind its
 * gap is the rest of its own revision, so that together it is about the file once.
 */
#include "validation/pades_document.h"

#include <stdlib.h>

#include "base/mem.h"

/* Small enough to be at hand still when the references in it are read. */
#define PIECE ((size_t)128 << 10)

struct running {
	struct digest_ctx *ctx[DIGEST_ALG_COUNT];
	uint64_t at; /* all of them are here */
	struct view file;
	struct pdf_passing *passing;
};

static int take(const struct running *run, struct digest_ctx *const *ctx,
		struct view octets, struct ltps_error *err)
{
	while (octets.n > 0) {
		/* Piece by piece: each is in the processor's memory for all of them, and
		 * for the references in it. */
		struct view piece = view_head(octets, PIECE);
		for (int alg = 1; alg < DIGEST_ALG_COUNT; alg++) {
			if (ctx[alg] != NULL &&
			    digest_update(ctx[alg], piece, err) != 0)
				return -1;
		}
		octets = view_skip(octets, piece.n);
		if (pdf_passing_upto(run->passing, (uint64_t)(octets.p - run->file.p),
				     err) != 0)
			return -1;
	}
	return 0;
}

static void free_all(struct digest_ctx *ctx[DIGEST_ALG_COUNT])
{
	for (int alg = 1; alg < DIGEST_ALG_COUNT; alg++) {
		digest_free(ctx[alg]);
		ctx[alg] = NULL;
	}
}

/* What follows the gap, into copies of those that this part wants. */
static int finish_part(const struct running *run, struct pdf_part *p,
		       struct ltps_error *err)
{
	struct digest_ctx *own[DIGEST_ALG_COUNT] = { NULL };
	int rc = 0;

	for (int alg = 1; alg < DIGEST_ALG_COUNT && rc == 0; alg++) {
		if (p->wanted[alg])
			rc = digest_copy(run->ctx[alg], &own[alg], err);
	}
	if (rc == 0)
		rc = take(run, own, p->pieces[1], err);
	for (int alg = 1; alg < DIGEST_ALG_COUNT && rc == 0; alg++) {
		if (own[alg] != NULL)
			rc = digest_final(own[alg], &p->content.known[alg], err);
	}
	free_all(own);
	return rc;
}

static int by_gap(const void *a, const void *b)
{
	const struct pdf_part *x = *(struct pdf_part *const *)a;
	const struct pdf_part *y = *(struct pdf_part *const *)b;

	if (x->pieces[0].n != y->pieces[0].n)
		return x->pieces[0].n < y->pieces[0].n ? -1 : 1;
	return x < y ? -1 : x > y;
}

/* Algorithms that nobody from here on wants run no further. */
static int set_running(struct running *run, struct pdf_part *const *parts, size_t n,
		       struct ltps_error *err)
{
	bool wanted[DIGEST_ALG_COUNT] = { false };

	for (size_t i = 0; i < n; i++) {
		for (int alg = 1; alg < DIGEST_ALG_COUNT; alg++)
			wanted[alg] = wanted[alg] || parts[i]->wanted[alg];
	}
	for (int alg = 1; alg < DIGEST_ALG_COUNT; alg++) {
		if (wanted[alg] && run->ctx[alg] == NULL && run->at == 0 &&
		    digest_new((enum digest_alg)alg, &run->ctx[alg], err) != 0)
			return -1;
		if (!wanted[alg]) {
			digest_free(run->ctx[alg]);
			run->ctx[alg] = NULL;
		}
	}
	return 0;
}

static int hash_sorted(struct pdf_reader *r, struct pdf_part *const *parts, size_t n,
		       struct pdf_passing *passing, struct ltps_error *err)
{
	struct running run = { .file = r->file, .passing = passing };
	int rc = 0;

	for (size_t i = 0; i < n && rc == 0; i++) {
		size_t gap = parts[i]->pieces[0].n;
		rc = set_running(&run, parts + i, n - i, err);
		if (rc == 0)
			rc = take(&run, run.ctx,
				  view_of(r->file.p + run.at, gap - run.at), err);
		run.at = gap;
		if (rc == 0)
			rc = finish_part(&run, parts[i], err);
	}
	free_all(run.ctx);
	return rc;
}

static uint64_t count_wanted(const struct pdf_part *p)
{
	uint64_t n = 0;

	for (int alg = 1; alg < DIGEST_ALG_COUNT; alg++)
		n += p->wanted[alg];
	return n;
}

/* A file of many ranges over all of it would ask for their product. */
static bool afford(struct pdf_reader *r, struct pdf_part *p)
{
	uint64_t work = count_wanted(p) * (uint64_t)p->pieces[1].n;

	if (work <= r->work) {
		r->work -= work;
		return true;
	}
	p->content.digests_only = true;
	reader_note(r->d, "too much to hash for all signatures of this file");
	return false;
}

int pdf_hash(struct pdf_reader *r, struct pdf_passing *passing, struct ltps_error *err)
{
	struct pdf_part **parts = mem_zalloc(r->n_dictionaries + 1, sizeof(*parts));
	size_t n = 0;
	int rc;

	if (parts == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < r->n_dictionaries; i++) {
		struct pdf_part *p = &r->parts[i];
		if (p->d != NULL && p->has_range && afford(r, p))
			parts[n++] = p;
	}
	qsort(parts, n, sizeof(*parts), by_gap);
	rc = hash_sorted(r, parts, n, passing, err);
	mem_free(parts);
	return rc;
}
