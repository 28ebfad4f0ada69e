/* SPDX-License-Identifier: Apache-2.0 */
/* pdf_file - the chain of cross-reference sections, walked from the newest. */
#include "formats/pdf_file.h"

#include <string.h>

#include "base/mem.h"
#include "formats/pdf_file_private.h"

/* A few entries need no octets of their own: free ones, and some in streams. */
#define ENTRIES_FREE ((size_t)500000)
/* What an object with its deflated entry takes at the least: each costs us some 150. */
#define ENTRY_OCTETS 4
/* Trailers, and entries: once more where revisions must sort them, and where a table in
 * pieces grows. */
#define ARENA_MAX ((size_t)2 << 30)
/* The dictionary of a linearised file stands within the first 1024 octets. */
#define FIRST_OBJECT_MAX ((size_t)2048)
/* Hybrid sections of one file together, as a multiple of the file. */
#define HYBRID_WORK 4

static int fail_chain(uint64_t at, const char *text, struct ltps_error *err)
{
	return pdf_fail(at, "ISO 32000-2 7.5.5", text, err);
}

/* ---- where offsets count from ---- */

static int choose_base(struct pdf_file *f, const struct pdf_tail *last,
		       struct ltps_error *err)
{
	bool from_start = pdf_section_here(f->octets, last->value);
	bool from_header = f->header > 0 && last->value < f->octets.n &&
			   pdf_section_here(f->octets, last->value + f->header);
	if (!from_start && !from_header)
		return fail_chain(last->at, "startxref names no section", err);
	f->base = from_start ? 0 : f->header;
	if (from_start && from_header)
		pdf_note(f, PDF_SUSPICIOUS, "PDF_TWO_READINGS", 0, last->at,
			 "startxref fits from the file's start and from its header");
	return 0;
}

/* "/Linearized" in the first object (Annex F.3.3); what is no object has no such word.
 */
static int find_linearised(struct pdf_file *f, struct ltps_error *err)
{
	struct ltps_error no = LTPS_ERROR_INIT;
	struct arena scratch = arena_make(FIRST_OBJECT_MAX * 128);
	struct view in = view_head(f->octets, (size_t)f->header + FIRST_OBJECT_MAX);
	size_t at = pdf_skip_white_and_comments(in, (size_t)f->header);
	const struct pdf_value *v;
	struct pdf_ref ref;
	uint64_t end;
	if (pdf_indirect_read(in, at, &scratch, NULL, NULL, &ref, &v, &end, &no) == 0)
		f->linearised =
		    v->kind == PDF_DICT && pdf_dict_get(v, "Linearized") != NULL;
	arena_free(&scratch);
	return no.code == LTPS_NOMEM ? ltps_fail_nomem(err) : 0;
}

/* ---- the chain ---- */

static int add_section(struct pdf_chain *c, const struct pdf_section *s,
		       struct ltps_error *err)
{
	if (c->n > PDF_REVISIONS_MAX) /* one more: linearised */
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "PDF: more than %d revisions", PDF_REVISIONS_MAX);
	if (c->n == c->cap) {
		size_t cap = c->cap == 0 ? 16 : c->cap * 2;
		struct pdf_section *more = mem_resize(c->sections, cap, sizeof(*more));
		if (more == NULL)
			return ltps_fail_nomem(err);
		c->sections = more;
		c->cap = cap;
	}
	c->sections[c->n++] = *s;
	if (s->style != PDF_STYLE_HYBRID)
		return 0;
	for (size_t k = c->n - 1; k-- > c->last_hybrid;)
		if (c->sections[k].style == PDF_STYLE_HYBRID)
			c->sections[k].stale = c->sections[k].hybrid_at == s->hybrid_at;
	c->last_hybrid = c->n - 1;
	return 0;
}

/* Where the section before this one stands; false: it is the first. */
static int read_prev(struct pdf_chain *c, const struct pdf_section *s, bool *ret_has,
		     uint64_t *ret_at, struct ltps_error *err)
{
	const struct pdf_value *prev = pdf_dict_get(s->trailer, "Prev");
	*ret_has = false;
	if (prev == NULL)
		return 0;
	if (prev->kind != PDF_INTEGER || prev->integer < 0 ||
	    (uint64_t)prev->integer >= c->f->octets.n)
		return fail_chain(s->at, "false /Prev", err);
	if (prev->integer == 0) { /* no section can stand there */
		pdf_note(c->f, PDF_SUSPICIOUS, "PDF_PREV_ZERO", c->revision, s->at,
			 "/Prev is 0, which readers take for none");
		return 0;
	}
	*ret_has = true;
	*ret_at = (uint64_t)prev->integer + c->f->base;
	return 0;
}

/*
 * Sections stand one behind another and each is read no further than where the newer
 * one begins: no loop, no overlap, and each octet read once. The exception is the main
 * section of a linearised file: the last of the chain, behind the one for the first
 * page.
 */
static int next_limit(struct pdf_chain *c, const struct pdf_section *s, uint64_t prev,
		      uint64_t *limit, struct ltps_error *err)
{
	struct pdf_section *newest = &c->sections[c->n - 1];
	bool main = c->n > 1 && c->sections[c->n - 2].forward;
	if (main)
		return fail_chain(
		    s->at, "/Prev in the main section of a linearised file", err);
	if (prev < s->named && prev < s->at) {
		*limit = s->at;
		return 0;
	}
	if (!c->f->linearised || prev == s->at || prev == s->named)
		return fail_chain(s->at, "/Prev leads to itself or to newer octets",
				  err);
	newest->forward = true; /* read up to where the revision behind it begins */
	return 0;
}

static int walk(struct pdf_chain *c, uint64_t at, uint64_t limit,
		struct ltps_error *err)
{
	struct pdf_section s;
	for (bool more = true; more;) {
		c->revision = c->n;
		if (pdf_section_read(c, at, limit, &s, err) != 0)
			return -1;
		if (c->n > 0 && c->sections[c->n - 1].forward &&
		    c->sections[c->n - 1].end > s.at)
			return fail_chain(s.at, "sections overlap", err);
		if (add_section(c, &s, err) != 0 ||
		    read_prev(c, &s, &more, &at, err) != 0)
			return -1;
		if (more && next_limit(c, &s, at, &limit, err) != 0)
			return -1;
	}
	return 0;
}

/* Findings made on the way have the number of their section; those before, none. */
static void renumber_findings(struct pdf_chain *c)
{
	for (size_t i = 0; i < c->f->n_findings; i++) {
		size_t *r = &c->f->findings[i].revision;
		*r = *r < c->n ? c->sections[*r].revision : 0;
	}
}

static void sort_findings(struct pdf_file *f)
{
	struct pdf_finding sorted[PDF_FINDINGS_MAX];
	size_t n = 0;
	for (size_t i = 0; i < f->n_findings; i++)
		if (f->findings[i].kind == PDF_SUSPICIOUS)
			sorted[n++] = f->findings[i];
	for (size_t i = 0; i < f->n_findings; i++)
		if (f->findings[i].kind == PDF_NOTICE)
			sorted[n++] = f->findings[i];
	if (n > 0)
		memcpy(f->findings, sorted, n * sizeof(*sorted));
}

static int keep_spans(struct pdf_chain *c, struct ltps_error *err)
{
	struct pdf_file *f = c->f;
	if (arena_take(&f->arena, 2 * c->n, sizeof(*f->sections), &f->sections, err) !=
	    0)
		return -1;
	const struct pdf_section *front = c->n > 1 ? &c->sections[c->n - 2] : NULL;
	if (front != NULL && front->forward && front->has_tail)
		f->front = (struct pdf_span){ front->tail.at, front->tail.end, NULL };
	for (size_t i = 0; i < c->n; i++) {
		const struct pdf_section *s = &c->sections[i];
		f->sections[f->n_sections++] =
		    (struct pdf_span){ s->named, s->end, s->rows };
		if (s->style == PDF_STYLE_HYBRID)
			f->sections[f->n_sections++] =
			    (struct pdf_span){ s->hybrid_at, s->hybrid_end, NULL };
	}
	return 0;
}

static int check_newest(struct pdf_file *f, struct ltps_error *err)
{
	const struct pdf_revision *r = &f->revisions[f->n_revisions - 1];
	const struct pdf_value *root = pdf_dict_get(r->trailer, "Root");
	if (root == NULL || root->kind != PDF_REF)
		return fail_chain(r->startxref, "the trailer names no catalog", err);
	f->encrypt = pdf_dict_get(r->trailer, "Encrypt");
	return 0;
}

static int read_chain(struct pdf_chain *c, struct ltps_error *err)
{
	struct pdf_file *f = c->f;
	struct pdf_tail last;
	if (pdf_header_find(f, err) != 0 || pdf_tail_last(f, &last, err) != 0 ||
	    choose_base(f, &last, err) != 0 || find_linearised(f, err) != 0)
		return -1;
	if (walk(c, last.value + f->base, last.at, err) != 0)
		return -1;
	pdf_tails_find(c, &last);
	if (pdf_revisions_make(c, err) != 0 || keep_spans(c, err) != 0)
		return -1;
	renumber_findings(c);
	if (check_newest(f, err) != 0)
		return -1;
	pdf_file_check(c);
	return 0;
}

int pdf_file_begin(struct view octets, struct pdf_file **ret_f, struct ltps_error *err)
{
	if (octets.n > PDF_SIZE_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "PDF of more than %llu octets",
				 (unsigned long long)PDF_SIZE_MAX);
	struct pdf_file *f = mem_zalloc(1, sizeof(*f));
	if (f == NULL)
		return ltps_fail_nomem(err);
	f->octets = octets;
	f->arena = arena_make(ARENA_MAX);
	struct pdf_chain c = { .f = f, .revision = PDF_NO_REVISION };
	size_t entries = octets.n / ENTRY_OCTETS;
	c.entries_left = entries < PDF_ENTRIES_MAX - ENTRIES_FREE
			     ? entries + ENTRIES_FREE
			     : PDF_ENTRIES_MAX;
	c.work_left = octets.n * HYBRID_WORK;
	int rc = read_chain(&c, err);
	mem_free(c.sections);
	if (rc == 0)
		*ret_f = f;
	else
		pdf_file_free(f);
	return rc;
}

void pdf_file_upto(struct pdf_file *f, uint64_t end)
{
	pdf_tails_check(f, end);
	if (end >= f->octets.n)
		sort_findings(f);
}

int pdf_file_read(struct view octets, struct pdf_file **ret_f, struct ltps_error *err)
{
	if (pdf_file_begin(octets, ret_f, err) != 0)
		return -1;
	pdf_file_upto(*ret_f, octets.n);
	return 0;
}

void pdf_file_free(struct pdf_file *f)
{
	if (f == NULL)
		return;
	arena_free(&f->arena);
	mem_free(f);
}

/* ---- asked of a file ---- */

/* Of what updates name. */
static const struct pdf_entry *find_update(const struct pdf_file *f, size_t revision,
					   uint32_t number)
{
	size_t low = 0, high = f->n_updates;
	while (low < high) { /* the first one behind what is asked for */
		size_t mid = low + (high - low) / 2;
		const struct pdf_entry *e = f->updates[mid];
		if (e->number > number ||
		    (e->number == number && e->revision > revision))
			high = mid;
		else
			low = mid + 1;
	}
	if (low == 0 || f->updates[low - 1]->number != number)
		return NULL;
	return f->updates[low - 1];
}

static const struct pdf_entry *find_large(const struct pdf_file *f, uint32_t number)
{
	const struct pdf_revision *r = &f->revisions[f->largest];
	size_t low = 0, high = r->n_entries;
	while (low < high) { /* the first one that is not before it */
		size_t mid = low + (high - low) / 2;
		if (r->entries[mid].number < number)
			low = mid + 1;
		else
			high = mid;
	}
	bool is = low < r->n_entries && r->entries[low].number == number;
	return is ? &r->entries[low] : NULL;
}

const struct pdf_entry *pdf_file_find(const struct pdf_file *f, size_t revision,
				      uint32_t number)
{
	const struct pdf_entry *update = find_update(f, revision, number);
	if (revision < f->largest || (update != NULL && update->revision > f->largest))
		return update;
	const struct pdf_entry *large = find_large(f, number);
	return large != NULL ? large : update;
}

bool pdf_file_irregular(const struct pdf_file *f)
{
	for (size_t i = 0; i < f->n_revisions; i++)
		if (f->revisions[i].irregular)
			return true;
	return false;
}

/* Before the end of line that belongs to %%EOF. */
static uint64_t mark_end(const struct pdf_file *f, const struct pdf_revision *r)
{
	uint64_t end = r->end;
	if (end > r->start && f->octets.p[end - 1] == '\n')
		end--;
	if (end > r->start && f->octets.p[end - 1] == '\r')
		end--;
	return end;
}

size_t pdf_file_revision_at(const struct pdf_file *f, uint64_t end)
{
	size_t low = 0, high = f->n_revisions;
	while (low < high) { /* the first one that ends too late */
		size_t mid = low + (high - low) / 2;
		if (mark_end(f, &f->revisions[mid]) > end)
			high = mid;
		else
			low = mid + 1;
	}
	if (low == 0 || end > f->octets.n)
		return SIZE_MAX;
	uint64_t at = f->revisions[low - 1].end;
	struct view in = view_head(f->octets, (size_t)end);
	bool only_white = end <= at || pdf_skip_white(in, (size_t)at) == (size_t)end;
	return only_white ? low - 1 : SIZE_MAX;
}
