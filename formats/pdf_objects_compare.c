/* SPDX-License-Identifier: Apache-2.0 */
/* Our value beside libqpdf's. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/pdf_objects_private.h"

struct comparing {
	const struct pdf_objects *o;
	const struct pdf_value *shortened; /* its /Contents is a mark there; NULL */
	bool no_strings; /* libqpdf decrypts these, although they are not encrypted */
	char *differs;
};

/* ---- what libqpdf reads for it ---- */

/*
 * An object stream is read whole for one of its objects. Its values are counted once,
 * its octets for each revision that is opened.
 */
static int allow_container(struct pdf_objects *o, size_t revision, struct pdf_slot *c,
			   struct ltps_error *err)
{
	if (c->allowed_for == revision + 1)
		return 0;
	if (c->allowed_for == 0)
		o->qpdf_values += c->inside->values;
	o->qpdf_decoded += c->inside->data.n;
	c->allowed_for = revision + 1;
	if (o->qpdf_values <= PDF_QPDF_VALUES_MAX &&
	    o->qpdf_decoded <= PDF_QPDF_DECODED_MAX)
		return 0;
	return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
			 "PDF: object streams too large for a second reading");
}

/*
 * An older object of the generation that is referred to, where the number has another
 * one now: libqpdf finds it, the standard does not (ISO 32000-2 7.3.10), and it may
 * stand in an object stream that nobody looked at.
 */
static int check_generation(struct pdf_objects *o, struct pdf_slot *s,
			    struct ltps_error *err)
{
	const struct pdf_entry *e = s->entry;

	if (e == NULL || e->place == PDF_FREE || e->generation == s->ref.generation)
		return 0;
	while (e != NULL && e->revision > 0) {
		e = pdf_file_find(o->file, e->revision - 1, s->ref.number);
		if (e != NULL && e->place != PDF_FREE &&
		    e->generation == s->ref.generation)
			return pdf_object_fail(err, s->ref, "it has generation %u now",
					       s->entry->generation);
	}
	return 0;
}

int pdf_may_ask(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
		struct ltps_error *err)
{
	if (check_generation(o, s, err) != 0 || pdf_slot_read(o, revision, s, err) != 0)
		return -1;
	return s->container == NULL ? 0
				    : allow_container(o, revision, s->container, err);
}

/* ---- comparing ---- */

/* libqpdf sorts its members. */
const struct pdf_member *pdf_sorted_get(const struct pdf_value *dict, struct view key)
{
	size_t from = 0, to = dict->n;

	while (from < to) {
		const size_t mid = from + (to - from) / 2;
		const int c = view_compare(dict->members[mid].key, key);
		if (c == 0)
			return &dict->members[mid];
		if (c < 0)
			from = mid + 1;
		else
			to = mid;
	}
	return NULL;
}

static void differ(struct comparing *c, const char *what, struct view key)
{
	char name[48];
	size_t n = key.n < sizeof(name) - 1 ? key.n : sizeof(name) - 1;

	for (size_t i = 0; i < n; i++)
		name[i] = key.p[i] > 0x20 && key.p[i] < 0x7f ? (char)key.p[i] : '?';
	name[n] = 0;
	snprintf(c->differs, PDF_DIFFERS, key.n > 0 ? "%s (/%s)" : "%s", what, name);
}

static int compare(struct comparing *c, const struct pdf_value *own,
		   const struct pdf_value *theirs, struct view key,
		   struct ltps_error *err);

/* A reference that was the same was left out; a key that stands twice, too. */
static int compare_member(struct comparing *c, const struct pdf_member *m,
			  const struct pdf_member *t, struct ltps_error *err)
{
	if (t != NULL)
		return compare(c, &m->value, &t->value, m->key, err);
	if (m->value.kind != PDF_NULL && m->value.kind != PDF_REF)
		differ(c, "it lacks a member", m->key);
	return 0;
}

/* /Contents of a signature: libqpdf decrypts it where it does not know that it is one,
 * and sees a mark for it in a copy. */
static bool is_passed_over(const struct comparing *c, const struct pdf_value *own,
			   size_t i, const struct pdf_member *theirs)
{
	if (theirs == NULL || !pdf_is_contents(own, i))
		return false;
	return c->o->encrypted || (c->shortened == own && pdf_is_mark(&theirs->value));
}

/* A key that stands twice must say the same twice, or readers that take the first one
 * differ from those that take the last. */
static int compare_members(struct comparing *c, const struct pdf_value *own,
			   const struct pdf_value *theirs, struct ltps_error *err)
{
	bool *found = mem_zalloc(theirs->n, sizeof(*found));
	size_t n = 0;
	int rc = -1;

	if (found == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < own->n && c->differs[0] == 0; i++) {
		const struct pdf_member *m = &own->members[i];
		const struct pdf_member *t = pdf_sorted_get(theirs, m->key);
		if (!is_passed_over(c, own, i, t) && compare_member(c, m, t, err) != 0)
			goto out;
		if (t != NULL && !found[t - theirs->members]) {
			found[t - theirs->members] = true;
			n++;
		}
	}
	if (c->differs[0] == 0 && n < theirs->n)
		differ(c, "it has more members", VIEW_NULL);
	rc = 0;
out:
	mem_free(found);
	return rc;
}

static int compare_items(struct comparing *c, const struct pdf_value *own,
			 const struct pdf_value *theirs, struct view key,
			 struct ltps_error *err)
{
	if (own->n != theirs->n) {
		differ(c, "an array has another length", key);
		return 0;
	}
	for (size_t i = 0; i < own->n && c->differs[0] == 0; i++)
		if (compare(c, &own->items[i], &theirs->items[i], key, err) != 0)
			return -1;
	return 0;
}

static int compare(struct comparing *c, const struct pdf_value *own,
		   const struct pdf_value *theirs, struct view key,
		   struct ltps_error *err)
{
	if (pdf_is_dict(own) && own->kind == theirs->kind)
		return compare_members(c, own, theirs, err);
	if (own->kind == PDF_ARRAY && theirs->kind == PDF_ARRAY)
		return compare_items(c, own, theirs, key, err);
	if (c->no_strings && own->kind == PDF_STRING && theirs->kind == PDF_STRING)
		return 0;
	if (!pdf_value_equal(own, theirs))
		differ(c,
		       own->kind == theirs->kind ? "a value differs"
						 : "a value is of another kind",
		       key);
	return 0;
}

/* A cross-reference stream needs no entry, and may even be called free: libqpdf has it
 * nevertheless. */
static bool is_section(const struct pdf_slot *s, const struct pdf_value *theirs)
{
	return (s->entry == NULL || s->entry->place == PDF_FREE) &&
	       theirs->kind == PDF_STREAM &&
	       pdf_is_name(pdf_dict_get(theirs, "Type"), "XRef");
}

/* References that are members of dictionaries. */
static size_t count_references(const struct pdf_value *v)
{
	size_t n = 0;

	if (v->kind == PDF_ARRAY)
		for (size_t i = 0; i < v->n; i++)
			n += count_references(&v->items[i]);
	if (pdf_is_dict(v))
		for (size_t i = 0; i < v->n; i++)
			n += v->members[i].value.kind == PDF_REF
				 ? 1
				 : count_references(&v->members[i].value);
	return n;
}

int pdf_compare(const struct pdf_objects *o, const struct pdf_slot *s,
		const struct pdf_value *theirs, size_t left_out,
		char differs[PDF_DIFFERS], struct ltps_error *err)
{
	struct comparing c = { .o = o,
			       .shortened = s->shortened ? s->own : NULL,
			       .no_strings = pdf_is_never_encrypted(o, s),
			       .differs = differs };

	differs[0] = 0;
	if (is_section(s, theirs))
		return 0;
	if (s->plain) {
		if (!pdf_is_plain_mark(o, s, theirs))
			differ(&c, "it stands elsewhere", VIEW_NULL);
		return 0;
	}
	if (compare(&c, s->value, theirs, VIEW_NULL, err) != 0)
		return -1;
	if (differs[0] == 0 && left_out != count_references(s->value))
		differ(&c, "a reference differs", VIEW_NULL);
	return 0;
}
