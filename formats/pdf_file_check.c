/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_file_check - what a chain that can be read should still not have: entries that
 * leave their revision, objects that change without an entry, octets of nobody.
 */
#include <stdio.h>
#include <string.h>

#include "formats/pdf_file_private.h"

/* While the chain is read, findings have the number of their section, the newest 0. */
static bool is_newer(const struct pdf_file *f, const struct pdf_finding *a,
		     const struct pdf_finding *b)
{
	return f->n_entries > 0 ? a->revision > b->revision
				  : a->revision + 1 < b->revision + 1;
}

/* The oldest one of this code; newer: it must be older than that, or NULL. */
static struct pdf_finding *oldest_of(struct pdf_file *f, const char *code,
				     const struct pdf_finding *newer)
{
	struct pdf_finding *oldest = NULL;
	for (size_t i = 0; i < f->n_findings; i++) {
		struct pdf_finding *x = &f->findings[i];
		if (strcmp(x->code, code) == 0 &&
		    (newer == NULL || is_newer(f, newer, x)) &&
		    (oldest == NULL || is_newer(f, oldest, x)))
			oldest = x;
	}
	return oldest;
}

/*
 * Room for what is serious is made among what is not, then among what is found of a
 * newer revision too, since that is what comes behind more signatures. So of each code
 * the newest stays: there are fewer codes than there is room.
 */
static struct pdf_finding *give_way(struct pdf_file *f, const struct pdf_finding *to)
{
	for (size_t i = f->n_findings; i-- > 0;)
		if (f->findings[i].kind == PDF_NOTICE)
			return &f->findings[i];
	if (oldest_of(f, to->code, NULL) != NULL)
		return oldest_of(f, to->code, to);
	for (size_t i = 0; i < f->n_findings; i++) {
		struct pdf_finding *x = &f->findings[i];
		if (oldest_of(f, x->code, x) != NULL)
			return oldest_of(f, x->code, x);
	}
	return NULL;
}

void pdf_note(struct pdf_file *f, enum pdf_finding_kind kind, const char *code,
	      size_t revision, uint64_t offset, const char *text)
{
	struct pdf_finding *x, new = { kind, code, revision, offset, "" };
	for (size_t i = f->n_findings; i-- > 0;)
		if (f->findings[i].revision == revision &&
		    strcmp(f->findings[i].code, code) == 0)
			return;
	if (f->n_findings < PDF_FINDINGS_MAX)
		x = &f->findings[f->n_findings++];
	else if (kind == PDF_NOTICE || (x = give_way(f, &new)) == NULL)
		return;
	*x = new;
	snprintf(x->text, sizeof(x->text), "%s", text);
}

/* ---- entries ---- */

/*
 * The shape that a widespread word processor gives every file: an empty table behind
 * the first revision, with a stream that stands in it and names objects that the first
 * table hides.
 */
static bool is_hybrid_base(const struct pdf_chain *c, const struct pdf_revision *r)
{
	return c->hybrid_base && r == &c->f->revisions[1];
}

static void find_hybrid_base(struct pdf_chain *c)
{
	const struct pdf_section *s = c->n > 1 ? &c->sections[c->n - 2] : NULL;
	if (s == NULL || s->revision != 1 || s->style != PDF_STYLE_HYBRID ||
	    s->hybrid_at >= c->f->revisions[0].end)
		return;
	c->hybrid_base = true;
	for (size_t i = 0; i < s->n; i++)
		c->hybrid_base &= s->entries[i].hidden;
}

static const char *numbered(char text[160], const char *format, uint32_t number)
{
	snprintf(text, 160, "object %u %s", number, format);
	return text;
}

static void suspect(struct pdf_chain *c, const struct pdf_entry *e, const char *code,
		    const char *what)
{
	char text[160];
	pdf_note(c->f, PDF_SUSPICIOUS, code, e->revision, e->offset,
		 numbered(text, what, e->number));
}

static bool same_place(const struct pdf_entry *a, const struct pdf_entry *b)
{
	return a->place == b->place && a->offset == b->offset && a->index == b->index &&
	       a->generation == b->generation;
}

static void notice(struct pdf_chain *c, const struct pdf_entry *e, const char *code,
		   const char *what)
{
	char text[160];
	pdf_note(c->f, PDF_NOTICE, code, e->revision, e->offset,
		 numbered(text, what, e->number));
}

/* Some writers' offsets name the end of the line before the object. */
static bool only_white_before(const struct pdf_chain *c, uint64_t at, uint64_t start)
{
	struct view in = view_head(c->f->octets, (size_t)start);
	return at < start && start - at <= PDF_WHITE_BEFORE_MAX &&
	       pdf_skip_white(in, (size_t)at) == (size_t)start;
}

static bool in_use(const struct pdf_entry *e)
{
	return e != NULL && e->place != PDF_FREE;
}

/* What the stream of a word processor's second section shows; not what it replaces. */
static bool may_be_before(const struct pdf_chain *c, const struct pdf_entry *e,
			  const struct pdf_entry *before)
{
	return is_hybrid_base(c, &c->f->revisions[e->revision]) && !in_use(before);
}

/* before: the entry of the same number that counted until now, or NULL. */
static void check_offset(struct pdf_chain *c, const struct pdf_entry *e,
			 const struct pdf_entry *before)
{
	const struct pdf_revision *r = &c->f->revisions[e->revision];
	if (e->offset >= c->f->octets.n)
		suspect(c, e, "PDF_ENTRY_OUTSIDE_FILE", "stands behind the file's end");
	else if (e->offset >= r->end)
		suspect(c, e, "PDF_ENTRY_BEYOND_REVISION",
			"stands behind the end of the revision that names it");
	else if (e->offset < c->f->header)
		suspect(c, e, "PDF_ENTRY_BEFORE_HEADER", "stands before the header");
	else if (e->offset >= r->start || may_be_before(c, e, before))
		return;
	else if (before != NULL && same_place(e, before))
		notice(c, e, "PDF_ENTRY_REPEATED", "is named again, though unchanged");
	else if (only_white_before(c, e->offset, r->start))
		notice(c, e, "PDF_ENTRY_AT_WHITE_SPACE",
		       "stands behind white space that its offset names");
	else
		suspect(c, e, "PDF_ENTRY_INTO_OLDER_REVISION",
			"stands in an older revision than the one that names it");
}

/* Objects of one stream mostly follow each other: the last answers are kept. */
static const struct pdf_entry *find(struct pdf_chain *c, uint32_t revision,
				    uint32_t number)
{
	struct pdf_found *x = &c->found[number % PDF_FOUND];
	if (x->number != number || x->revision != revision)
		*x = (struct pdf_found){ revision, number,
					 pdf_file_find(c->f, revision, number) };
	return x->entry;
}

static void check_compressed(struct pdf_chain *c, const struct pdf_entry *e,
			     const struct pdf_entry *before)
{
	const struct pdf_entry *s = find(c, e->revision, (uint32_t)e->offset);
	if (s == NULL || s->place != PDF_AT_OFFSET || s->generation != 0) {
		suspect(c, e, "PDF_NO_OBJECT_STREAM",
			"stands in an object stream that is not there");
		return;
	}
	bool known = before != NULL && same_place(e, before);
	if (s->revision < e->revision && !known && !may_be_before(c, e, before))
		suspect(c, e, "PDF_ENTRY_INTO_OLDER_REVISION",
			"stands in an object stream older than the revision that names "
			"it");
}

/* 7.5.5: beyond /Size is no number of this file, free or not. */
static void check_free(struct pdf_chain *c, const struct pdf_entry *e)
{
	struct pdf_revision *r = &c->f->revisions[e->revision];
	if (r->size == 0 || e->number < r->size)
		return;
	r->irregular = true;
	notice(c, e, "PDF_FREE_ENTRY_BEYOND_SIZE",
	       "is free, and beyond the trailer's /Size");
}

static void check_entry(struct pdf_chain *c, const struct pdf_entry *e,
			const struct pdf_entry *before)
{
	if (!in_use(e))
		check_free(c, e);
	if (in_use(e) && e->number >= c->f->revisions[e->revision].size)
		suspect(c, e, "PDF_SIZE_TOO_SMALL", "is beyond the trailer's /Size");
	if (e->place == PDF_AT_OFFSET)
		check_offset(c, e, before);
	else if (e->place == PDF_IN_STREAM)
		check_compressed(c, e, before);
	if (in_use(e) && in_use(before) && e->generation != before->generation)
		suspect(c, e, "PDF_GENERATION_CHANGED",
			"has another generation, and was never deleted");
	if (in_use(e) && in_use(before) && e->hidden && !same_place(e, before))
		notice(c, e, "PDF_HYBRID_REPLACES",
		       "is replaced for readers of hybrid sections alone");
}

/*
 * An object stream that is replaced takes its objects with it: they change, and no
 * entry says so.
 */
static void check_stream_replaced(struct pdf_chain *c, const struct pdf_entry *e,
				  const struct pdf_entry *next)
{
	uint32_t last =
	    next != NULL ? next->revision - 1 : (uint32_t)c->f->n_revisions - 1;
	const struct pdf_entry *then = find(c, e->revision, (uint32_t)e->offset);
	const struct pdf_entry *later = find(c, last, (uint32_t)e->offset);
	if (then != NULL && later != then && !same_place(then, later))
		suspect(c, later, "PDF_OBJECT_STREAM_REPLACED",
			"replaces an object stream whose objects are still in use");
}

static const struct pdf_entry *same_number(const struct pdf_entry *a,
					   const struct pdf_entry *b)
{
	return a != NULL && b != NULL && a->number == b->number ? b : NULL;
}

static void check_entries(struct pdf_chain *c)
{
	struct pdf_walk w = { 0 };
	const struct pdf_entry *last = NULL, *next = NULL;
	for (const struct pdf_entry *e = pdf_entries_next(c->f, &w); e != NULL;
	     last = e, e = next) {
		next = pdf_entries_next(c->f, &w);
		check_entry(c, e, same_number(e, last));
		if (e->place == PDF_IN_STREAM)
			check_stream_replaced(c, e, same_number(e, next));
	}
}

/* ---- octets ---- */

/* Where the first thing of a revision stands that it names itself. */
static uint64_t first_object(const struct pdf_chain *c, const struct pdf_revision *r,
			     uint64_t section)
{
	uint64_t first = section;
	for (size_t i = 0; i < r->n_entries; i++) {
		const struct pdf_entry *e = &r->entries[i];
		uint64_t near =
		    r->start -
		    (r->start < PDF_WHITE_BEFORE_MAX ? r->start : PDF_WHITE_BEFORE_MAX);
		if (e->place != PDF_AT_OFFSET || e->offset < near || e->offset >= first)
			continue;
		if (e->offset >= r->start)
			first = e->offset;
		else if (only_white_before(c, e->offset, r->start))
			first = r->start;
	}
	return first;
}

static void check_octets(struct pdf_chain *c, size_t revision, uint64_t section)
{
	const struct pdf_revision *r = &c->f->revisions[revision];
	uint64_t first = first_object(c, r, section);
	struct view in = view_head(c->f->octets, (size_t)first);
	uint64_t start = revision > 0 ? r->start : c->f->header;
	if (start < first &&
	    pdf_skip_white_and_comments(in, (size_t)start) < (size_t)first)
		pdf_note(c->f, PDF_SUSPICIOUS, "PDF_OCTETS_OF_NO_REVISION", revision,
			 start, "octets before the first object of a revision");
}

static void check_hybrid(struct pdf_chain *c, const struct pdf_section *s)
{
	const struct pdf_revision *r = &c->f->revisions[s->revision];
	pdf_note(c->f, PDF_NOTICE, "PDF_HYBRID", s->revision, s->at,
		 "table and stream name the objects of this revision");
	if (s->hybrid_at >= r->start && s->hybrid_at < s->at)
		return;
	if (s->stale)
		pdf_note(c->f, PDF_NOTICE, "PDF_HYBRID_STREAM_AGAIN", s->revision,
			 s->at, "the stream of an older hybrid section is named again");
	else if (!is_hybrid_base(c, r))
		pdf_note(c->f, PDF_SUSPICIOUS, "PDF_HYBRID_STREAM_OUTSIDE", s->revision,
			 s->at,
			 "the stream of a hybrid section stands outside its revision");
}

static void check_section(struct pdf_chain *c, const struct pdf_section *s)
{
	if (s->trailer->duplicate_keys)
		pdf_note(c->f, PDF_SUSPICIOUS, "PDF_TRAILER_KEY_TWICE", s->revision,
			 s->at, "a key stands twice in a trailer");
	if (s->style == PDF_STYLE_HYBRID)
		check_hybrid(c, s);
}

static void check_sections(struct pdf_chain *c)
{
	uint64_t first = UINT64_MAX; /* of the sections of one revision */
	for (size_t k = c->n; k-- > 0;) {
		const struct pdf_section *s = &c->sections[k];
		uint64_t start = c->f->revisions[s->revision].start;
		check_section(c, s);
		if (s->at < first)
			first = s->at;
		if (s->hybrid_at >= start && s->hybrid_at > 0 && s->hybrid_at < first)
			first = s->hybrid_at;
		if (k > 0 && s[-1].revision == s->revision)
			continue;
		check_octets(c, s->revision, first);
		first = UINT64_MAX;
	}
}

/* ---- trailers ---- */

static bool same_or_absent(const struct pdf_value *a, const struct pdf_value *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return pdf_value_equal(a, b);
}

static void check_trailer(struct pdf_file *f, size_t i)
{
	const struct pdf_revision *r = &f->revisions[i];
	const struct pdf_value *root = pdf_dict_get(r->trailer, "Root");
	if (root == NULL || root->kind != PDF_REF)
		pdf_note(f, PDF_SUSPICIOUS, "PDF_NO_ROOT", i, r->startxref,
			 "the trailer of a revision names no catalog");
	if (r->size == 0)
		pdf_note(f, PDF_SUSPICIOUS, "PDF_SIZE_TOO_SMALL", i, r->startxref,
			 "the trailer of a revision has no usable /Size");
	if (i > 0 &&
	    !same_or_absent(pdf_dict_get(r->trailer, "Encrypt"),
			    pdf_dict_get(f->revisions[i - 1].trailer, "Encrypt")))
		pdf_note(f, PDF_SUSPICIOUS, "PDF_ENCRYPT_CHANGED", i, r->startxref,
			 "an update changes the encryption of the file");
}

void pdf_file_check(struct pdf_chain *c)
{
	find_hybrid_base(c);
	check_sections(c);
	for (size_t i = 0; i < c->f->n_revisions; i++)
		check_trailer(c->f, i);
	check_entries(c);
}
