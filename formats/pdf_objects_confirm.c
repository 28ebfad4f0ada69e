/* SPDX-License-Identifier: Apache-2.0 */
/* What was looked at, beside what libqpdf reads from the same revision. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/pdf_objects_private.h"

#define DIFFERS_MAX 200

struct confirming {
	struct pdf_objects *o;
	size_t revision;
	struct pdf_qpdf *q;
	struct arena arena; /* values of libqpdf */
	char *differs;
};

static bool is_newest(const struct pdf_objects *o, size_t revision)
{
	return revision == o->file->n_revisions - 1;
}

/* ---- revisions opened ---- */

/* Entries that libqpdf reads for a revision. */
static size_t entries_shown(const struct pdf_objects *o)
{
	return o->file->n_entries - o->excerpt.left_out;
}

static void close_from(struct pdf_objects *o, size_t first)
{
	for (size_t i = first; i < PDF_OPEN_MAX; i++) {
		pdf_qpdf_close(o->open[i].q);
		o->open[i].q = NULL;
	}
}

/* The place of this revision, or the one used longest ago. */
static struct pdf_open *find_place(struct pdf_objects *o, size_t revision)
{
	const size_t n =
	    entries_shown(o) + o->qpdf_values > PDF_OPEN_ENTRIES_MAX ? 1 : PDF_OPEN_MAX;
	struct pdf_open *oldest = &o->open[0];

	for (size_t i = 0; i < PDF_OPEN_MAX; i++)
		if (o->open[i].q != NULL && o->open[i].revision == revision)
			return &o->open[i];
	close_from(o, n);
	for (size_t i = 1; i < n; i++)
		if (o->open[i].used < oldest->used)
			oldest = &o->open[i];
	return oldest;
}

/* What libqpdf may look at as soon as it opens a revision. NULL: nothing is there. */
struct roots {
	struct pdf_slot *catalog, *pages;
};

static int find_root(struct pdf_objects *o, size_t revision,
		     const struct pdf_value *ref, struct pdf_slot **ret_s,
		     struct ltps_error *err)
{
	if (ref == NULL || ref->kind != PDF_REF)
		return 0;
	return pdf_slot_of(o, revision, ref->ref, ret_s, err) != 0
		   ? -1
		   : pdf_may_ask(o, revision, *ret_s, err);
}

static int find_roots(struct pdf_objects *o, size_t revision, struct roots *r,
		      struct ltps_error *err)
{
	const struct pdf_value *trailer = o->file->revisions[revision].trailer;

	if (find_root(o, revision, pdf_dict_get(trailer, "Root"), &r->catalog, err) !=
	    0)
		return -1;
	return r->catalog == NULL
		   ? 0
		   : find_root(o, revision, pdf_dict_get(r->catalog->own, "Pages"),
			       &r->pages, err);
}

static int open_at(struct confirming *c, const struct roots *r, struct pdf_open *place,
		   char why[PDF_QPDF_WHY], struct ltps_error *err)
{
	struct pdf_objects *o = c->o;

	o->qpdf_entries += entries_shown(o);
	if (o->qpdf_entries > PDF_QPDF_ENTRIES_MAX)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_OBJECT, NULL,
				 "PDF: more than %d entries to confirm",
				 PDF_QPDF_ENTRIES_MAX);
	if ((r->catalog != NULL &&
	     pdf_excerpt_add(o, c->revision, r->catalog, false, err) != 0) ||
	    (r->pages != NULL &&
	     pdf_excerpt_add(o, c->revision, r->pages, false, err) != 0))
		return -1;
	place->revision = c->revision;
	return pdf_qpdf_open(pdf_excerpt_of(o, c->revision), pdf_password(o), &place->q,
			     why, err);
}

/* c->q stays NULL when it refuses, and c->differs says why. */
static int open_revision(struct confirming *c, struct ltps_error *err)
{
	struct pdf_objects *o = c->o;
	struct roots roots = { NULL, NULL };
	char why[PDF_QPDF_WHY];
	bool is_changed;

	if (find_roots(o, c->revision, &roots, err) != 0 ||
	    pdf_excerpt_begin(o, c->revision,
			      roots.pages != NULL ? roots.pages->ref.number : 0,
			      &is_changed, err) != 0)
		return -1;
	if (is_changed)
		close_from(o, 0);
	struct pdf_open *place = find_place(o, c->revision);
	if (place->q == NULL || place->revision != c->revision) {
		pdf_qpdf_close(place->q);
		place->q = NULL;
		if (open_at(c, &roots, place, why, err) != 0)
			return -1;
	}
	place->used = ++o->clock;
	c->q = place->q;
	if (c->q == NULL)
		snprintf(c->differs, DIFFERS_MAX, "revision %zu: %.150s", c->revision,
			 why);
	return 0;
}

/* ---- trailer and objects ---- */

static int compare_trailer(struct confirming *c, struct ltps_error *err)
{
	static const char *const keys[] = { "Root", "Encrypt", "Size" };
	const struct pdf_value *own = c->o->file->revisions[c->revision].trailer;
	const struct pdf_value *theirs = NULL;
	char why[PDF_QPDF_WHY];

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct pdf_value *v = pdf_dict_get(own, keys[i]);
		if (pdf_qpdf_trailer(c->q, keys[i], &c->arena, &theirs, why, err) != 0)
			return -1;
		if (theirs != NULL &&
		    pdf_value_equal(v != NULL ? v : &pdf_null, theirs))
			continue;
		snprintf(c->differs, DIFFERS_MAX, "trailer: /%s %.150s", keys[i], why);
		break;
	}
	return 0;
}

static void object_differs(struct confirming *c, const struct pdf_slot *s,
			   const char *text, const char *why)
{
	snprintf(c->differs, DIFFERS_MAX, "object %u: %s%s%.60s", s->ref.number, text,
		 why[0] != 0 ? ": " : "", why);
}

static int compare_data(struct confirming *c, struct pdf_slot *s,
			struct ltps_error *err)
{
	char why[PDF_QPDF_WHY];
	struct view data = VIEW_NULL;
	bool refused = false;

	if (pdf_excerpt_add(c->o, c->revision, s, true, err) != 0 ||
	    pdf_qpdf_data(c->q, s->ref, &data, &refused, why, err) != 0)
		return -1;
	if (refused || data.n != s->value->data.n ||
	    (data.n > 0 && memcmp(data.p, s->value->data.p, data.n) != 0))
		object_differs(c, s, "the data of the stream differ", why);
	else
		s->data_confirmed = true;
	pdf_qpdf_data_free(&data);
	return 0;
}

static int compare_object(struct confirming *c, struct pdf_slot *s,
			  struct ltps_error *err)
{
	const struct pdf_value *theirs = NULL;
	struct pdf_qpdf_expected expected = { 0 };
	char why[PDF_QPDF_WHY], text[PDF_DIFFERS];

	if (pdf_slot_value(c->o, c->revision, s, err) != 0 ||
	    pdf_may_ask(c->o, c->revision, s, err) != 0 ||
	    pdf_excerpt_add(c->o, c->revision, s, false, err) != 0)
		return -1;
	expected.value = s->value;
	if (pdf_qpdf_object(c->q, s->ref, &expected, &c->arena, &theirs, why, err) != 0)
		return -1;
	if (theirs == NULL) {
		object_differs(c, s, "it is not read", why);
		return 0;
	}
	if (pdf_compare(c->o, s, theirs, expected.left_out, text, err) != 0)
		return -1;
	if (text[0] != 0) {
		object_differs(c, s, text, why);
		return 0;
	}
	s->confirmed = true;
	s->confirmed_newest = s->confirmed_newest || is_newest(c->o, c->revision);
	return 0;
}

/* What is the newest revision's is compared there; what is older, in any one. */
static bool is_to_compare(const struct confirming *c, const struct pdf_slot *s)
{
	if (is_newest(c->o, c->revision) ? s->confirmed_newest : s->confirmed)
		return false;
	return s->state != PDF_SLOT_FAILED;
}

static bool is_visible(const struct confirming *c, const struct pdf_slot *s)
{
	const struct pdf_entry *e =
	    pdf_file_find(c->o->file, c->revision, s->ref.number);

	return e == s->entry || (e != NULL && e->place == PDF_AT_OFFSET &&
				 pdf_is_same_place(e, s->entry));
}

static bool wants_data(const struct pdf_slot *s)
{
	return s->data_used && !s->data_confirmed && s->state == PDF_SLOT_READ &&
	       s->value != NULL && s->value->kind == PDF_STREAM;
}

static int compare_slot(struct confirming *c, struct pdf_slot *s,
			struct ltps_error *err)
{
	const bool object = is_to_compare(c, s), data = wants_data(s);

	if ((!object && !data) || !is_visible(c, s))
		return 0;
	if (c->q == NULL && open_revision(c, err) != 0)
		return -1;
	if (c->q == NULL)
		return 0;
	if (object && compare_object(c, s, err) != 0)
		return -1;
	return data && c->differs[0] == 0 ? compare_data(c, s, err) : 0;
}

static int look_at_trailer(struct confirming *c, struct ltps_error *err)
{
	if (open_revision(c, err) != 0)
		return -1;
	return c->q != NULL ? compare_trailer(c, err) : 0;
}

static int compare_all(struct confirming *c, struct ltps_error *err)
{
	struct pdf_objects *o = c->o;

	if (!o->was_confirmed[c->revision] && look_at_trailer(c, err) != 0)
		return -1;
	for (size_t i = 0; i < o->n_looked && c->differs[0] == 0; i++) {
		if (compare_slot(c, o->looked[i], err) != 0)
			return -1;
		if (c->arena.total > PDF_SCRATCH_MAX)
			arena_free(&c->arena);
	}
	o->was_confirmed[c->revision] = c->differs[0] == 0;
	return 0;
}

/* All revisions that were confirmed by the marks, and this one. */
static int compare_unmarked(struct confirming *c, struct ltps_error *err)
{
	struct pdf_objects *o = c->o;
	const size_t wanted = c->revision;
	int rc = 0;

	close_from(o, 0);
	c->differs[0] = 0;
	for (size_t i = 0; i < o->file->n_revisions && rc == 0; i++) {
		if (!o->was_confirmed[i] && i != wanted)
			continue;
		o->was_confirmed[i] = false;
		c->revision = i;
		c->q = NULL;
		rc = compare_all(c, err);
		if (c->differs[0] != 0)
			break;
	}
	c->revision = wanted;
	return rc;
}

/* A mark may be what differs, or what libqpdf needed to read another object: then again
 * without them. */
static int compare_marked(struct confirming *c, struct ltps_error *err)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	const int rc = compare_all(c, &e);
	const bool differs =
	    rc == 0 ? c->differs[0] != 0 : pdf_is_fault_of_object(&e);

	if (differs && pdf_excerpt_unmark(c->o))
		return compare_unmarked(c, err);
	*err = e;
	return rc;
}

/* What our limits do not let it read is not confirmed. */
static int judge_failure(struct confirming *c, const struct ltps_error *e,
			 struct ltps_error *err)
{
	if (!pdf_is_fault_of_object(e) || e->code == LTPS_STATE) {
		*err = *e;
		return -1;
	}
	snprintf(c->differs, DIFFERS_MAX, "revision %zu: %.160s", c->revision, e->text);
	return 0;
}

int pdf_objects_confirm(struct pdf_objects *o, size_t revision, char ret_differs[200],
			struct ltps_error *err)
{
	struct confirming c = { .o = o,
				.revision = revision,
				.arena = arena_make(PDF_CACHE_MAX),
				.differs = ret_differs };
	struct ltps_error e = LTPS_ERROR_INIT;

	ret_differs[0] = 0;
	if (revision >= o->file->n_revisions)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "the PDF has no revision %zu", revision);
	if (!o->was_opened[revision] && o->revisions_opened == PDF_CONFIRMED_MAX)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_OBJECT, NULL,
				 "PDF: more than %d revisions to confirm",
				 PDF_CONFIRMED_MAX);
	o->revisions_opened += !o->was_opened[revision];
	o->was_opened[revision] = true;
	int rc = compare_marked(&c, &e);
	if (rc != 0)
		rc = judge_failure(&c, &e, err);
	arena_free(&c.arena);
	return rc;
}
