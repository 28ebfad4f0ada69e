/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pdf_objects_hidden - octets of an update that its sections name nothing in, and heads
 * of objects between those that what was signed names. A reader that does not like a
 * file goes through all octets of it and takes the last object of each number, wherever
 * it stands: one that no entry names, which nobody has judged.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "formats/pdf_file_private.h"
#include "formats/pdf_objects_private.h"

/* Versions of one number that are asked for each head of it: honest files have few
 * heads, and of each number fewer versions. What is left is not named. */
#define HEAD_STEPS(octets) ((uint64_t)(octets) + 1000000)

/* To look through as many octets takes longer than to read the object that stands
 * before them, whose data they mostly are. */
#define LONG_DATA ((size_t)32 * 1024)

/* What a revision is made of: a section, or an object that it names. */
struct place {
	uint64_t start;
	uint64_t end;                  /* of a section; of an object once it is read */
	const struct pdf_entry *entry; /* NULL: a section */
};

struct cover {
	struct pdf_objects *o;
	size_t revision;
	struct view in; /* up to the end of the revision */
	struct place *v;
	size_t n;
	char *what; /* said: it hides something */
};

static void say(struct cover *c, uint64_t at, const char *text)
{
	if (c->what[0] == 0)
		(void)snprintf(c->what, PDF_HIDDEN_TEXT, "%s at %llu", text,
			       (unsigned long long)at);
}

/* ---- octets between ---- */

static bool holds(struct view v, const char *word)
{
	return v.n > 0 && memmem(v.p, v.n, word, strlen(word)) != NULL;
}

/* Behind white space and comments. A comment that a reader may find something in, or
 * without an end, is none. */
static size_t skip_blank(struct view in, size_t at)
{
	for (;;) {
		at = pdf_skip_white(in, at);
		if (at >= in.n || in.p[at] != '%')
			return at;
		size_t end = at;
		while (end < in.n && in.p[end] != '\r' && in.p[end] != '\n')
			end++;
		struct view text = view_of(in.p + at, end - at);
		if (end == in.n || holds(text, "obj") || holds(text, "trailer") ||
		    holds(text, "xref"))
			return at;
		at = end;
	}
}

static void check_between(struct cover *c, uint64_t at, uint64_t end)
{
	if (skip_blank(view_head(c->in, (size_t)end), (size_t)at) != end)
		say(c, at, "octets that belong to no object which the update names");
}

/* startxref, its number, %%EOF and an end of line. */
static void check_end(struct cover *c, uint64_t at)
{
	static const char mark[] = "%%EOF";
	const size_t n = sizeof(mark) - 1;
	size_t i = skip_blank(c->in, (size_t)at);
	uint64_t value;
	bool is = pdf_keyword(c->in, &i, "startxref");
	i = pdf_skip_white(c->in, i);
	is = is && pdf_unsigned(c->in, &i, INT64_MAX, &value);
	i = pdf_skip_white(c->in, i);
	is = is && c->in.n - i >= n && memcmp(c->in.p + i, mark, n) == 0;
	if (!is || pdf_skip_white(c->in, i + n) != c->in.n)
		say(c, at, "octets behind the last object which the update names");
}

/* ---- octets within ---- */

static size_t back_over(struct view v, size_t at, bool (*is)(uint8_t))
{
	while (at > 0 && is(v.p[at - 1]))
		at--;
	return at;
}

/* "12 0 " before a word. */
static bool numbers_before(struct view v, size_t at, size_t *ret_start)
{
	size_t white = back_over(v, at, pdf_is_white);
	size_t next = back_over(v, white, pdf_is_digit);
	size_t between = back_over(v, next, pdf_is_white);
	*ret_start = back_over(v, between, pdf_is_digit);
	return next < white && between < next && *ret_start < between;
}

static bool is_head(struct view v, size_t at, size_t end)
{
	size_t start;
	(void)end;
	return numbers_before(v, at, &start);
}

/* A dictionary behind the word. */
static bool is_trailer(struct view v, size_t at, size_t end)
{
	(void)at;
	size_t i = pdf_skip_white_and_comments(v, end);
	return v.n - i >= 2 && v.p[i] == '<' && v.p[i + 1] == '<';
}

/* How often the word stands there and is what it says, which its ends tell. */
static size_t count(struct view v, const char *word,
		    bool (*is)(struct view v, size_t at, size_t end))
{
	const size_t len = strlen(word);
	size_t n = 0;
	const uint8_t *end = v.p + v.n, *p = v.p;
	while (p < end && (p = memmem(p, (size_t)(end - p), word, len)) != NULL) {
		size_t at = (size_t)(p - v.p);
		n += is(v, at, at + len);
		p += len;
	}
	return n;
}

/* Its own head, or its own trailer, and no other: not in strings, in comments, nor in
 * the data of a stream, which nobody compresses without need. */
static void check_within(struct cover *c, const struct place *p)
{
	struct view v = view_of(c->in.p + p->start, (size_t)(p->end - p->start));
	size_t at = pdf_skip_white(v, 0);
	bool table = p->entry == NULL && pdf_keyword(v, &at, "xref");
	if (count(v, "obj", is_head) > (table ? 0 : 1) ||
	    count(v, "trailer", is_trailer) > (table ? 1 : 0))
		say(c, p->start,
		    "the head of an object or a trailer within what stands");
}

/* ---- places ---- */

static int by_start(const void *a, const void *b)
{
	const struct place *x = a, *y = b;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return (x->entry != NULL) - (y->entry != NULL);
}

/* What an update names again where it stood stays there; offsets may name a little
 * white space before. */
static bool is_here(const struct cover *c, uint64_t start)
{
	uint64_t from = c->o->file->revisions[c->revision].start;
	return start < c->in.n && start + PDF_WHITE_BEFORE_MAX >= from;
}

static int gather(struct cover *c, struct ltps_error *err)
{
	const struct pdf_file *f = c->o->file;
	const struct pdf_revision *r = &f->revisions[c->revision];
	c->v = mem_zalloc(r->n_entries + f->n_sections, sizeof(*c->v));
	if (c->v == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < f->n_sections; i++)
		if (f->sections[i].start >= r->start &&
		    is_here(c, f->sections[i].start))
			c->v[c->n++] = (struct place){ f->sections[i].start,
						       f->sections[i].end, NULL };
	for (size_t i = 0; i < r->n_entries; i++)
		if (r->entries[i].place == PDF_AT_OFFSET &&
		    is_here(c, r->entries[i].offset))
			c->v[c->n++] = (struct place){ r->entries[i].offset, 0,
						       &r->entries[i] };
	if (c->n > 0)
		qsort(c->v, c->n, sizeof(*c->v), by_start);
	return 0;
}

/* Where the object of an entry ends, as a revision reads it; 0: it cannot be read. */
static int end_of(struct pdf_objects *o, size_t revision, const struct pdf_entry *e,
		  uint64_t *ret_end, struct ltps_error *err)
{
	struct pdf_slot *s;
	struct pdf_ref ref = { e->number, e->generation };
	*ret_end = 0;
	if (pdf_slot_of(o, revision, ref, &s, err) == 0 &&
	    pdf_slot_read(o, revision, s, err) == 0) {
		*ret_end = s->end;
		return 0;
	}
	if (!pdf_is_fault_of_object(err))
		return -1;
	ltps_error_clear(err);
	return 0;
}

static int read_end(struct cover *c, struct place *p, struct ltps_error *err)
{
	if (end_of(c->o, c->revision, p->entry, &p->end, err) != 0)
		return -1;
	if (p->end == 0)
		say(c, p->start,
		    "an object which the update names and that cannot be read");
	return 0;
}

/* A cross-reference stream may name itself. */
static bool is_section(const struct place *v, size_t i)
{
	return i > 0 && v[i - 1].entry == NULL && v[i].start == v[i - 1].start;
}

static int check_places(struct cover *c, struct ltps_error *err)
{
	const uint64_t start = c->o->file->revisions[c->revision].start;
	uint64_t at = start;
	for (size_t i = 0; i < c->n && c->what[0] == 0; i++) {
		struct place *p = &c->v[i];
		if (is_section(c->v, i))
			continue;
		if (p->entry != NULL && read_end(c, p, err) != 0)
			return -1;
		if (c->what[0] != 0 || p->end <= start)
			continue;
		if (p->start < at && pdf_skip_white(c->in, (size_t)p->start) >= at)
			p->start = at;
		if (p->start >= at) {
			check_between(c, at, p->start);
			check_within(c, p);
		} else if (p->end != at) {
			say(c, p->start, "an object within another one");
		}
		at = p->end;
	}
	if (c->what[0] == 0)
		check_end(c, at);
	return 0;
}

int pdf_revision_hides(struct pdf_objects *o, size_t revision,
		       char ret_what[PDF_HIDDEN_TEXT], struct ltps_error *err)
{
	struct cover c = { .o = o, .revision = revision, .what = ret_what };
	ret_what[0] = 0;
	c.in = view_head(o->file->octets, (size_t)o->file->revisions[revision].end);
	int rc = gather(&c, err);
	if (rc == 0)
		rc = check_places(&c, err);
	mem_free(c.v);
	return rc;
}

/* ---- heads between, in what was signed ---- */

struct heads {
	struct pdf_objects *o;
	size_t revision;
	struct view in;                 /* up to the end of the revision */
	const struct pdf_extent *plain; /* by start, those not passed */
	size_t n_plain;
	const struct pdf_entry *last; /* named, the last one passed; NULL: none so far */
	const struct pdf_entry *read; /* the last one that was read, and its end; or 0 */
	uint64_t read_end;
	size_t at;
	uint64_t steps; /* entries that may still be looked at */
	char *what;
};

/* The word before the end of which this is the last letter but two: "endobj" is none,
 * nor are names that end so. */
static bool is_obj(struct view in, size_t j)
{
	return j >= 2 && in.p[j - 1] == 'b' && in.p[j - 2] == 'o' &&
	       (j == 2 || !((in.p[j - 3] | 0x20) >= 'a' && (in.p[j - 3] | 0x20) <= 'z'));
}

/* Behind a number, or a token of its own, which a comment may part from its numbers:
 * no "object" in a text. */
static bool may_be_head(struct view in, size_t end)
{
	const size_t before = back_over(in, end - 3, pdf_is_white);
	return end == in.n || pdf_is_end(in.p[end]) ||
	       (before > 0 && pdf_is_digit(in.p[before - 1]));
}

/* Behind the next "obj" before an end; 0: there is none. */
static size_t find_obj(struct view in, size_t at, size_t end)
{
	while (at < end) {
		const uint8_t *p = memchr(in.p + at, 'j', end - at);
		if (p == NULL)
			return 0;
		at = (size_t)(p - in.p) + 1;
		if (is_obj(in, at - 1) && may_be_head(in, at))
			return at;
	}
	return 0;
}

/* Whether an entry of this object leads there, in any version up to the revision. */
static const struct pdf_entry *entry_of(struct heads *h, uint64_t number, size_t start)
{
	size_t revision = h->revision;
	while (h->steps > 0) {
		const struct pdf_entry *e =
		    pdf_file_find(h->o->file, revision, (uint32_t)number);
		if (e == NULL)
			return NULL;
		h->steps--;
		if (e->place == PDF_AT_OFFSET && e->offset <= start &&
		    start - e->offset <= PDF_WHITE_BEFORE_MAX &&
		    pdf_skip_white(h->in, (size_t)e->offset) == start)
			return e;
		if (e->revision == 0)
			return NULL;
		revision = e->revision - 1;
	}
	return NULL;
}

/* The entry that names the object whose word ends here; NULL: none does. */
static const struct pdf_entry *named_by(struct heads *h, size_t end)
{
	uint64_t number;
	size_t start, i;
	if (!numbers_before(h->in, end - 3, &start))
		return NULL;
	i = start;
	if (!pdf_unsigned(h->in, &i, PDF_OBJECT_NUMBER_MAX, &number))
		return NULL;
	return entry_of(h, number, start);
}

/* Behind the last object that is named, where that goes on here; ret_end: or 0 */
static int end_of_last(struct heads *h, size_t at, size_t *ret_end,
		       struct ltps_error *err)
{
	*ret_end = 0;
	if (h->last == NULL)
		return 0;
	if (h->read != h->last && end_of(h->o, h->last->revision, h->last,
					 &h->read_end, err) != 0)
		return -1;
	h->read = h->last;
	*ret_end = h->read_end > at ? (size_t)h->read_end : 0;
	return 0;
}

/* Behind the section that this stands in, which no entry has to name; or 0. */
static size_t end_of_section(const struct heads *h, size_t at)
{
	const struct pdf_file *f = h->o->file;
	for (size_t i = 0; i < f->n_sections; i++)
		if (f->sections[i].start <= at && at <= f->sections[i].end)
			return (size_t)f->sections[i].end;
	return 0;
}

/* Over what is plain; the end of what is not, which begins at h->at. */
static size_t pass_plain(struct heads *h)
{
	while (h->n_plain > 0 && h->plain->start <= h->at) {
		if (h->plain->end > h->at) {
			h->at = (size_t)h->plain->end;
			h->last = h->plain->last;
		}
		h->plain++;
		h->n_plain--;
	}
	return h->n_plain > 0 && h->plain->start < h->in.n ? (size_t)h->plain->start
							   : h->in.n;
}

/* h->at: behind the next "obj"; 0: there is none. */
static int next_obj(struct heads *h, struct ltps_error *err)
{
	size_t found = 0, end, near, behind;
	while (found == 0 && h->at < h->in.n) {
		end = pass_plain(h);
		near = end - h->at > LONG_DATA ? h->at + LONG_DATA : end;
		found = find_obj(h->in, h->at, near);
		h->at = near;
		if (found > 0 || near == end)
			continue;
		if (end_of_last(h, near, &behind, err) != 0)
			return -1;
		h->at = behind > 0 ? behind : near;
	}
	h->at = found;
	return 0;
}

/* One word "obj", behind which h->at is. What stands in an object is passed over with
 * it, so that each is read once. */
static int pass_head(struct heads *h, struct ltps_error *err)
{
	size_t at = h->at, end;
	const struct pdf_entry *e = named_by(h, at);
	if (e != NULL) {
		h->last = e;
		return 0;
	}
	if (end_of_last(h, at, &end, err) != 0)
		return -1;
	if (end == 0)
		end = end_of_section(h, at);
	if (end == 0)
		(void)snprintf(h->what, PDF_HIDDEN_TEXT,
			       "the head of an object that no entry names in what was "
			       "signed, at %zu",
			       at);
	h->at = end > at ? end : at;
	return 0;
}

static void check_older(struct heads *h, const struct pdf_entry *e)
{
	const struct pdf_entry *older = e;
	while (older != NULL && older->revision > 0 && h->steps > 0) {
		h->steps--;
		older = pdf_file_find(h->o->file, older->revision - 1, e->number);
		if (older == NULL || older->place != PDF_AT_OFFSET ||
		    older->offset <= e->offset)
			continue;
		(void)snprintf(h->what, PDF_HIDDEN_TEXT,
			       "an older version of object %u, at %llu, stands behind "
			       "the one that was signed",
			       e->number, (unsigned long long)older->offset);
		return;
	}
}

/* An older version of an object behind the one in force. Updates are appended: who goes
 * by the tables sees the one, who goes through the octets the other. */
static void check_versions(struct heads *h)
{
	const struct pdf_file *f = h->o->file;
	for (size_t i = 1; i <= h->revision; i++)
		for (size_t k = 0; k < f->revisions[i].n_entries; k++) {
			const struct pdf_entry *e = &f->revisions[i].entries[k];
			if (e->place == PDF_AT_OFFSET &&
			    pdf_file_find(f, h->revision, e->number) == e)
				check_older(h, e);
		}
}

static int by_place(const void *a, const void *b)
{
	const struct pdf_extent *x = a, *y = b;
	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

int pdf_signed_hides(struct pdf_objects *o, size_t revision, struct pdf_extent *plain,
		     size_t n_plain, char ret_what[PDF_HIDDEN_TEXT],
		     struct ltps_error *err)
{
	const struct pdf_file *f = o->file;
	struct heads h = { .o = o,
			   .revision = revision,
			   .plain = plain,
			   .n_plain = n_plain,
			   .what = ret_what };
	ret_what[0] = 0;
	if (n_plain > 0)
		qsort(plain, n_plain, sizeof(*plain), by_place);
	h.in = view_head(f->octets, (size_t)f->revisions[revision].end);
	h.at = (size_t)f->header;
	h.steps = HEAD_STEPS(h.in.n);
	check_versions(&h);
	while (ret_what[0] == 0 && h.at < h.in.n) {
		if (next_obj(&h, err) != 0)
			return -1;
		if (h.at == 0)
			return 0;
		if (pass_head(&h, err) != 0)
			return -1;
	}
	return 0;
}
