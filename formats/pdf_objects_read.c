/* SPDX-License-Identifier: Apache-2.0 */
/* Objects where the chain says that they stand: at an offset, or in an object stream.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "formats/pdf_lex.h"
#include "formats/pdf_objects_private.h"

#define CLAUSE_STREAM "ISO 32000-2 7.5.7"

struct reading {
	struct pdf_objects *o;
	size_t revision;
	struct pdf_slot *slot;
};

/* What it costs to look at octets, whatever comes of it. */
static int spend(struct pdf_objects *o, uint64_t octets, struct ltps_error *err)
{
	if (octets > o->work_left) {
		o->work_left = 0;
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "PDF: its objects stand within each other");
	}
	o->work_left -= octets;
	return 0;
}

/* ---- at an offset ---- */

static int find_length(void *arg, struct pdf_ref ref, uint64_t *ret_n,
		       struct ltps_error *err)
{
	struct reading *r = arg;
	struct pdf_slot *s;

	if (pdf_slot_of(r->o, r->revision, ref, &s, err) != 0 ||
	    pdf_slot_read(r->o, r->revision, s, err) != 0)
		return -1;
	if (s->own->kind != PDF_INTEGER || s->own->integer < 0)
		return pdf_object_fail(err, r->slot->ref,
				       "the length of its stream is none");
	r->slot->length_ref = ref;
	r->slot->length = *ret_n = (uint64_t)s->own->integer;
	return 0;
}

static int read_at_offset(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
			  struct ltps_error *err)
{
	const struct pdf_file *f = o->file;
	const struct pdf_entry *entry = s->entry;
	struct reading r = { o, revision, s };
	struct pdf_ref found = { 0 };
	struct ltps_error e = LTPS_ERROR_INIT;
	uint64_t end;

	/* What a later revision brought was not there for this one. */
	struct view file =
	    view_head(f->octets, (size_t)f->revisions[entry->revision].end);
	if (entry->offset >= file.n)
		return pdf_object_fail(err, s->ref,
				       "it would stand behind its revision");
	if (o->work_left == 0)
		return spend(o, 1, err);
	int rc = pdf_indirect_read(file, entry->offset, &o->arena, find_length, &r,
				   &found, &s->own, &end, &e);
	if (spend(o, end - entry->offset, err) != 0)
		return -1;
	if (rc != 0) {
		*err = e;
		return -1;
	}
	s->end = end;
	if (found.number != s->ref.number || found.generation != s->ref.generation)
		return pdf_object_fail(err, s->ref, "object %u %u stands in its place",
				       found.number, found.generation);
	return 0;
}

/* ---- in an object stream ---- */

/* The next number, with the space before it. */
static bool next_number(struct view in, size_t *at, uint32_t *ret_n)
{
	uint64_t n;

	*at = pdf_skip_white(in, *at);
	if (!pdf_unsigned(in, at, UINT32_MAX, &n) ||
	    (*at < in.n && !pdf_is_white(in.p[*at])))
		return false;
	*ret_n = (uint32_t)n;
	return true;
}

/* Numbers and offsets, which must rise. */
static int read_pairs(struct pdf_slot *s, struct pdf_inside_list *list, size_t first,
		      struct ltps_error *err)
{
	struct view head = view_head(list->data, first);
	const size_t room = list->data.n - first;
	size_t pos = 0;

	for (size_t i = 0; i < list->n; i++) {
		uint32_t at;
		if (!next_number(head, &pos, &list->v[i].number) ||
		    !next_number(head, &pos, &at))
			return pdf_object_fail(err, s->ref,
					       "its object %zu is not named", i);
		if (at >= room || (i > 0 && at + first <= list->v[i - 1].at))
			return pdf_object_fail(
			    err, s->ref, "its object %zu is not behind the one before",
			    i);
		list->v[i].at = at + first;
		if (i > 0)
			list->v[i - 1].size = list->v[i].at - list->v[i - 1].at;
	}
	if (list->n > 0)
		list->v[list->n - 1].size = list->data.n - list->v[list->n - 1].at;
	return pdf_skip_white(head, pos) == head.n
		   ? 0
		   : pdf_object_fail(err, s->ref, "more objects are named");
}

static int by_number(const void *a, const void *b)
{
	const struct pdf_inside *const *x = a, *const *y = b;
	return ((*x)->number > (*y)->number) - ((*x)->number < (*y)->number);
}

/* A number that stands twice is another object to every other reader. */
static int mark_twice(struct pdf_inside_list *list, struct ltps_error *err)
{
	struct pdf_inside **v = mem_zalloc(list->n, sizeof(*v));

	if (v == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < list->n; i++)
		v[i] = &list->v[i];
	qsort(v, list->n, sizeof(*v), by_number);
	for (size_t i = 1; i < list->n; i++)
		if (v[i]->number == v[i - 1]->number)
			v[i]->twice = v[i - 1]->twice = true;
	mem_free(v);
	return 0;
}

/* Not fewer values than there are: what begins like one is counted, in strings too. It
 * stops behind max. */
static size_t pdf_count_values(struct view v, size_t max)
{
	size_t n = 0;
	bool was_regular = false;

	for (size_t i = 0; i < v.n && n <= max; i++) {
		const uint8_t c = v.p[i];
		const bool regular = !pdf_is_end(c);
		n += c == '/' || c == '(' || c == '<' || c == '[' ||
		     (regular && !was_regular);
		was_regular = regular;
	}
	return n;
}

static int integer_of(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
		      const char *key, uint64_t max, size_t *ret_n,
		      struct ltps_error *err)
{
	const struct pdf_value *v;

	if (pdf_resolve_as(o, revision, pdf_dict_get(s->value, key), false, &v, err) !=
	    0)
		return -1;
	if (v->kind != PDF_INTEGER || v->integer < 0 || (uint64_t)v->integer > max)
		return pdf_object_fail(err, s->ref,
				       "an object stream without a possible /%s", key);
	*ret_n = (size_t)v->integer;
	return 0;
}

static int read_list(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
		     struct ltps_error *err)
{
	struct pdf_inside_list *list;
	size_t first;

	if (arena_take(&o->arena, 1, sizeof(*list), &list, err) != 0 ||
	    pdf_decoded_data(o, revision, s->value, &list->data, err) != 0 ||
	    integer_of(o, revision, s, "N", PDF_OBJECT_STREAM_MAX, &list->n, err) !=
		0 ||
	    integer_of(o, revision, s, "First", list->data.n, &first, err) != 0)
		return -1;
	/* Each takes four octets at least: nothing is set aside for a lie. */
	if (list->n > first / 4 + 1)
		return pdf_object_fail(err, s->ref, "/N is more than its objects");
	if (arena_take(&o->arena, list->n, sizeof(list->v[0]), &list->v, err) != 0 ||
	    read_pairs(s, list, first, err) != 0 || mark_twice(list, err) != 0)
		return -1;
	list->values =
	    pdf_count_values(view_skip(list->data, first), PDF_QPDF_VALUES_MAX);
	s->inside = list;
	return 0;
}

static int read_list_once(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
			  struct ltps_error *err)
{
	struct ltps_error e = LTPS_ERROR_INIT;

	if (s->inside_failed != NULL) {
		*err = *s->inside_failed;
		return -1;
	}
	if (read_list(o, revision, s, &e) == 0)
		return 0;
	s->inside_failed = pdf_remember(o, &e);
	*err = e;
	return -1;
}

static int find_container(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
			  struct pdf_slot **ret_c, struct ltps_error *err)
{
	struct pdf_slot *c;

	if (s->entry->offset > PDF_OBJECT_NUMBER_MAX)
		return pdf_object_fail(err, s->ref,
				       "its object stream has no possible number");
	const struct pdf_ref ref = { (uint32_t)s->entry->offset, 0 };
	if (pdf_slot_of(o, revision, ref, &c, err) != 0)
		return -1;
	if (c->entry == NULL || c->entry->place != PDF_AT_OFFSET ||
	    c->entry->generation != 0)
		return pdf_object_fail(err, s->ref, "its object stream %u is none",
				       ref.number);
	if (pdf_slot_value(o, revision, c, err) != 0)
		return -1;
	if (c->value->kind != PDF_STREAM ||
	    !pdf_is_name(pdf_dict_get(c->value, "Type"), "ObjStm"))
		return pdf_object_fail(err, s->ref, "its object stream %u is none",
				       ref.number);
	*ret_c = c;
	return c->inside != NULL ? 0 : read_list_once(o, revision, c, err);
}

static int read_in_stream(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
			  struct ltps_error *err)
{
	struct pdf_slot *c = NULL;

	if (s->ref.generation != 0)
		return pdf_object_fail(err, s->ref, "a generation in an object stream");
	if (o->encrypted && s->ref.number == o->encrypt.number)
		return pdf_object_fail(
		    err, s->ref, "the encryption dictionary is in an object stream");
	if (find_container(o, revision, s, &c, err) != 0)
		return -1;
	const struct pdf_inside *in =
	    s->entry->index < c->inside->n ? &c->inside->v[s->entry->index] : NULL;
	if (in == NULL || in->number != s->ref.number || in->twice)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, CLAUSE_STREAM,
				 "PDF object %u 0: object stream %u does not hold it "
				 "once, in place %u",
				 s->ref.number, c->ref.number, s->entry->index);
	s->container = c;
	if (spend(o, in->size, err) != 0)
		return -1;
	return pdf_value_read(view_of(c->inside->data.p + in->at, in->size), &o->arena,
			      &s->own, NULL, err);
}

int pdf_read_own(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
		 struct ltps_error *err)
{
	return s->entry->place == PDF_AT_OFFSET ? read_at_offset(o, revision, s, err)
						: read_in_stream(o, revision, s, err);
}
