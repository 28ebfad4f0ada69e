/* SPDX-License-Identifier: Apache-2.0 */
/* pdf_file_tail - header, startxref and %%EOF (ISO 32000-2 7.5.2, 7.5.5). */
#include <string.h>

#include "formats/pdf_file_private.h"

#define HEADER_WITHIN ((size_t)1024) /* where readers look for it */
/* What mail gateways and web servers put behind a file is shorter; an update that lacks
 * its end is longer, and no file. */
#define TRAILING_MAX ((size_t)64 << 10)
#define NUMBER_DIGITS_MAX 20
/* startxref, its number, %%EOF and ends of line: readers look for the first of them in
 * the last 1024 octets, some in fewer. */
#define TAIL_PLAIN_MAX ((uint64_t)64)

static const char startxref[] = "startxref";
static const char eof_mark[] = "%%EOF";
#define STARTXREF_LEN (sizeof(startxref) - 1)
#define EOF_LEN (sizeof(eof_mark) - 1)

int pdf_header_find(struct pdf_file *f, struct ltps_error *err)
{
	static const char mark[] = "%PDF-";
	const size_t n = sizeof(mark) - 1;
	struct view in = view_head(f->octets, HEADER_WITHIN);
	const uint8_t *p = in.n > 0 ? memmem(in.p, in.n, mark, n) : NULL;
	if (p == NULL)
		return pdf_fail(0, "ISO 32000-2 7.5.2", "no header", err);
	struct view v = view_skip(f->octets, (size_t)(p - in.p) + n);
	if (v.n < 3 || !pdf_is_digit(v.p[0]) || v.p[1] != '.' || !pdf_is_digit(v.p[2]))
		return pdf_fail((uint64_t)(p - in.p), "ISO 32000-2 7.5.2",
				"header without a version", err);
	f->header = (uint64_t)(p - in.p);
	f->major = v.p[0] - '0';
	f->minor = v.p[2] - '0';
	if (f->header > 0)
		pdf_note(f, PDF_NOTICE, "PDF_OCTETS_BEFORE_HEADER", PDF_NO_REVISION, 0,
			 "octets stand before the header");
	return 0;
}

/* ---- startxref ---- */

/* At the keyword startxref; all of it must end before `limit`. */
static bool pdf_tail_read(struct view in, uint64_t at, struct pdf_tail *t)
{
	size_t i = (size_t)at;
	t->at = at;
	if (!pdf_keyword(in, &i, startxref))
		return false;
	size_t next = pdf_skip_white(in, i);
	if (next == i || !pdf_unsigned(in, &next, INT64_MAX, &t->value))
		return false;
	i = pdf_skip_white(in, next);
	if (i == next || in.n - i < EOF_LEN || memcmp(in.p + i, eof_mark, EOF_LEN) != 0)
		return false;
	t->end = pdf_skip_eol(in, i + EOF_LEN);
	return true;
}

static void check_trailing(struct pdf_file *f, const struct pdf_tail *t)
{
	f->trailing = f->octets.n - t->end;
	if (f->trailing == 0)
		return;
	bool white = pdf_skip_white(f->octets, (size_t)t->end) == f->octets.n;
	pdf_note(f, white ? PDF_NOTICE : PDF_SUSPICIOUS,
		 white ? "PDF_TRAILING_WHITE_SPACE" : "PDF_TRAILING_OCTETS", 0, t->end,
		 "octets stand behind the last %%EOF");
}

int pdf_tail_last(struct pdf_file *f, struct pdf_tail *ret_tail, struct ltps_error *err)
{
	struct view in = f->octets;
	size_t first = in.n > TRAILING_MAX ? in.n - TRAILING_MAX : 0;
	for (size_t at = in.n >= STARTXREF_LEN ? in.n - STARTXREF_LEN + 1 : 0;
	     at-- > first;) {
		if (in.p[at] != 's' || memcmp(in.p + at, startxref, STARTXREF_LEN) != 0)
			continue;
		/* An older one is not taken instead: that would be a repair. */
		if (!pdf_tail_read(in, at, ret_tail))
			return pdf_fail(at, "ISO 32000-2 7.5.5",
					"startxref without number and %%EOF", err);
		check_trailing(f, ret_tail);
		return 0;
	}
	return pdf_fail(first, "ISO 32000-2 7.5.5", "no startxref at the end", err);
}

/* ---- behind each section ---- */

static bool find_startxref(struct view in, uint64_t from, uint64_t limit,
			   struct pdf_tail *t)
{
	while (from < limit) {
		const uint8_t *p = memmem(in.p + from, (size_t)(limit - from),
					  startxref, STARTXREF_LEN);
		if (p == NULL)
			return false;
		from = (uint64_t)(p - in.p);
		if (pdf_tail_read(view_head(in, (size_t)limit), from, t))
			return true;
		from++;
	}
	return false;
}

/* Between a trailer and startxref only white space and comments are expected. */
static void find_tail(struct pdf_chain *c, struct pdf_section *s, uint64_t limit)
{
	struct view in = view_head(c->f->octets, (size_t)limit);
	size_t k = (size_t)(s - c->sections);
	size_t at = pdf_skip_white_and_comments(in, (size_t)s->end);
	s->has_tail = pdf_tail_read(in, at, &s->tail);
	if (s->has_tail)
		return;
	s->has_tail = find_startxref(c->f->octets, s->end, limit, &s->tail);
	if (s->has_tail)
		pdf_note(c->f, PDF_SUSPICIOUS, "PDF_OCTETS_BEFORE_STARTXREF", k, s->end,
			 "octets stand between a trailer and its startxref");
	else if (!s->forward)
		pdf_note(c->f, PDF_SUSPICIOUS, "PDF_SECTION_WITHOUT_END", k, s->end,
			 "no startxref and %%EOF behind a cross-reference section");
}

static void check_last(struct pdf_chain *c, const struct pdf_section *s,
		       const struct pdf_tail *last)
{
	struct view in = view_head(c->f->octets, (size_t)last->at);
	if (pdf_skip_white_and_comments(in, (size_t)s->end) != last->at)
		pdf_note(c->f, PDF_SUSPICIOUS, "PDF_OCTETS_BEFORE_STARTXREF", 0, s->end,
			 "octets stand between the last trailer and startxref");
}

static void check_value(struct pdf_chain *c, const struct pdf_section *s,
			const struct pdf_section *names)
{
	uint64_t value = s->tail.value + c->f->base;
	if (value != names->named && value != names->at)
		pdf_note(c->f, PDF_SUSPICIOUS, "PDF_STARTXREF_OF_ANOTHER_SECTION",
			 (size_t)(s - c->sections), s->tail.at,
			 "startxref names another section than its own");
}

static void check_length(struct pdf_chain *c, struct pdf_section *s)
{
	if (!s->has_tail || s->tail.end - s->tail.at <= TAIL_PLAIN_MAX)
		return;
	s->irregular = true;
	pdf_note(c->f, PDF_NOTICE, "PDF_LONG_END", (size_t)(s - c->sections), s->tail.at,
		 "startxref and %%EOF stand too far from each other");
}

/*
 * The first-page section of a linearised file stands before the main one, whose
 * startxref names it; its own startxref says 0 (Annex F.3.4).
 */
void pdf_tails_find(struct pdf_chain *c, const struct pdf_tail *last)
{
	uint64_t limit = last->at;
	for (size_t k = 0; k < c->n; k++) {
		struct pdf_section *s = &c->sections[k];
		bool main = k > 0 && c->sections[k - 1].forward;
		if (s->forward) {
			find_tail(c, s, c->sections[k + 1].at);
			continue;
		}
		if (limit == last->at) {
			s->tail = *last;
			s->has_tail = true;
			check_last(c, s, last);
		} else {
			find_tail(c, s, limit);
		}
		if (s->has_tail)
			check_value(c, s, main ? s - 1 : s);
		check_length(c, s);
		limit = main ? c->sections[k - 1].at : s->at;
	}
}

/* ---- what no section owns ---- */

/* The first revision that ends behind this place; n_revisions: none does. */
static size_t revision_around(const struct pdf_file *f, uint64_t at)
{
	size_t low = 0, high = f->n_revisions;
	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (f->revisions[mid].end > at)
			high = mid;
		else
			low = mid + 1;
	}
	return low;
}

static bool is_owned(const struct pdf_file *f, uint64_t at)
{
	size_t r = revision_around(f, at);
	if (r < f->n_revisions && at >= f->revisions[r].end - EOF_LEN - 2)
		return true;
	return at >= f->front.start && at < f->front.end;
}

/* startxref and a number before this %%EOF. */
static bool tail_before(struct view in, size_t at, struct pdf_tail *t)
{
	size_t i = at, room = PDF_WHITE_BEFORE_MAX;
	while (i > 0 && room-- > 0 && pdf_is_white(in.p[i - 1]))
		i--;
	for (room = NUMBER_DIGITS_MAX;
	     i > 0 && room-- > 0 && pdf_is_digit(in.p[i - 1]);)
		i--;
	for (room = PDF_WHITE_BEFORE_MAX;
	     i > 0 && room-- > 0 && pdf_is_white(in.p[i - 1]);)
		i--;
	return i >= STARTXREF_LEN && pdf_tail_read(in, i - STARTXREF_LEN, t);
}

/* A file inside this one, as it is, has such ends too; but what they name does not
 * stand in the file around it. */
static void check_stray(struct pdf_file *f, const struct pdf_tail *t)
{
	struct view in = view_head(f->octets, (size_t)t->at);
	bool real = pdf_section_here(in, t->value) ||
		    (t->value <= in.n && pdf_section_here(in, t->value + f->base));
	size_t r = revision_around(f, t->at);
	pdf_note(f, real ? PDF_SUSPICIOUS : PDF_NOTICE,
		 real ? "PDF_REVISION_SKIPPED" : "PDF_END_INSIDE",
		 r < f->n_revisions ? r : f->n_revisions - 1, t->at,
		 real ? "a revision stands here that the chain of /Prev leaves out"
		      : "startxref and %%EOF of no section of this file");
}

/* Where %%EOF stands next, before this place; behind it: nowhere. Runs of percent signs
 * are gone through here, since memchr would be called for each of them. */
static size_t next_mark(struct view in, size_t at, size_t before)
{
	while (at < before) {
		const uint8_t *p = memchr(in.p + at, '%', before - at);
		if (p == NULL)
			return before;
		for (at = (size_t)(p - in.p); at < before && in.p[at] == '%'; at++)
			if (in.p[at + 2] == 'E' &&
			    memcmp(in.p + at, eof_mark, EOF_LEN) == 0)
				return at;
	}
	return at;
}

void pdf_tails_check(struct pdf_file *f, uint64_t end)
{
	struct view in = f->octets;
	size_t at = f->searched, places = in.n >= EOF_LEN ? in.n - EOF_LEN + 1 : 0;
	size_t before = end < places ? (size_t)end : places;
	struct pdf_tail t;
	while ((at = next_mark(in, at, before)) < before) {
		if (!is_owned(f, at) && tail_before(in, at, &t))
			check_stray(f, &t);
		at += EOF_LEN;
	}
	f->searched = at;
}
