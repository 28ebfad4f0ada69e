/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pdf_objects.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/pdf_objects_private.h"

#define KEPT_FIRST 16

const struct pdf_value pdf_null = { .kind = PDF_NULL };

int pdf_object_fail(struct ltps_error *err, struct pdf_ref ref, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "ISO 32000-2 7.3.10",
			 "PDF object %u %u: %s", ref.number, ref.generation, text);
}

bool pdf_is_fault_of_object(const struct ltps_error *err)
{
	return err->fault == LTPS_FAULT_OBJECT && err->code != LTPS_NOMEM;
}

struct view pdf_password(const struct pdf_objects *o)
{
	return view_of(o->password, o->password_n);
}

/* ---- memory ---- */

size_t pdf_room(const struct pdf_objects *o)
{
	const size_t used = o->arena.total + o->kept_size;
	return used < PDF_CACHE_MAX ? PDF_CACHE_MAX - used : 0;
}

static int grow_kept(struct pdf_objects *o, struct ltps_error *err)
{
	if (o->n_kept < o->cap_kept)
		return 0;
	const size_t cap = o->cap_kept == 0 ? KEPT_FIRST : o->cap_kept * 2;
	uint8_t **p = mem_resize(o->kept, cap, sizeof(*p));
	if (p == NULL)
		return ltps_fail_nomem(err);
	o->kept = p;
	o->cap_kept = cap;
	return 0;
}

int pdf_keep(struct pdf_objects *o, struct buf *b, struct view *ret_v,
	     struct ltps_error *err)
{
	if (grow_kept(o, err) != 0)
		return -1;
	/* What was reserved and not needed is given back. */
	if (b->n > 0 && b->cap > b->n) {
		uint8_t *p = mem_resize(b->p, b->n, 1);
		if (p != NULL) {
			b->p = p;
			b->cap = b->n;
		}
	}
	o->kept_size += b->cap;
	const size_t room = pdf_room(o);
	o->arena.max = o->arena.total + room;
	ret_v->p = o->kept[o->n_kept++] = buf_take(b, &ret_v->n);
	return 0;
}

/* ---- slots ---- */

/* An entry has one place for its object, and one for each wrong generation. */
static struct pdf_key key_of(const struct pdf_entry *entry, struct pdf_ref ref)
{
	const uint64_t whole = (uint64_t)ref.number << 32 | ref.generation;
	if (entry == NULL)
		return (struct pdf_key){ NULL, whole };
	if (entry->place != PDF_FREE && entry->generation == ref.generation)
		return (struct pdf_key){ entry, 0 };
	return (struct pdf_key){ entry, (uint64_t)ref.generation + 1 };
}

static int new_slot(struct pdf_objects *o, const struct pdf_entry *entry,
		    struct pdf_ref ref, struct pdf_slot **ret_s, struct ltps_error *err)
{
	struct pdf_slot *s;

	if (o->table.n >= PDF_SLOTS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "PDF: more than %d objects are referred to",
				 PDF_SLOTS_MAX);
	if (arena_take(&o->arena, 1, sizeof(*s), &s, err) != 0 ||
	    pdf_table_put(&o->table, key_of(entry, ref), s, err) != 0)
		return -1;
	s->entry = entry;
	s->ref = ref;
	*ret_s = s;
	return 0;
}

bool pdf_is_same_place(const struct pdf_entry *a, const struct pdf_entry *b)
{
	return a == b || (a != NULL && b != NULL && a->place == b->place &&
			  a->offset == b->offset && a->index == b->index &&
			  a->generation == b->generation);
}

/* Programs that name all objects again in each update make no new ones. What is in a
 * stream may be another one at the same place. */
static const struct pdf_entry *first_of(const struct pdf_file *f,
					const struct pdf_entry *e)
{
	while (e != NULL && e->place == PDF_AT_OFFSET && e->revision > 0) {
		const struct pdf_entry *before =
		    pdf_file_find(f, e->revision - 1, e->number);
		if (!pdf_is_same_place(before, e))
			break;
		e = before;
	}
	return e;
}

int pdf_slot_of(struct pdf_objects *o, size_t revision, struct pdf_ref ref,
		struct pdf_slot **ret_s, struct ltps_error *err)
{
	if (revision >= o->file->n_revisions)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "the PDF has no revision %zu", revision);
	const struct pdf_entry *entry = pdf_file_find(o->file, revision, ref.number);
	const struct pdf_key key = key_of(entry, ref);
	*ret_s = pdf_table_get(&o->table, key);
	if (*ret_s != NULL)
		return 0;
	const struct pdf_entry *first = first_of(o->file, entry);
	if (first == entry)
		return new_slot(o, entry, ref, ret_s, err);
	*ret_s = pdf_table_get(&o->table, key_of(first, ref));
	if (*ret_s == NULL && new_slot(o, first, ref, ret_s, err) != 0)
		return -1;
	return pdf_table_put(&o->table, key, *ret_s, err);
}

static bool is_defined(const struct pdf_slot *s)
{
	return s->entry != NULL && s->entry->place != PDF_FREE &&
	       s->entry->generation == s->ref.generation;
}

/*
 * What was read stays what it is only while the length of a stream and the object
 * stream that holds an object stay what they were: an update that replaces one of them
 * changes an object that it does not name.
 */
static int check_unchanged(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
			   struct ltps_error *err)
{
	struct pdf_slot *length;

	if (s->container != NULL) {
		const uint32_t number = s->container->entry->number;
		if (!pdf_is_same_place(pdf_file_find(o->file, revision, number),
				       s->container->entry))
			return pdf_object_fail(
			    err, s->ref, "its object stream %u was replaced", number);
		return check_unchanged(o, revision, s->container, err);
	}
	if (s->length_ref.number == 0)
		return 0;
	if (pdf_slot_of(o, revision, s->length_ref, &length, err) != 0 ||
	    pdf_slot_read(o, revision, length, err) != 0)
		return -1;
	if (length->own->kind != PDF_INTEGER || length->own->integer < 0 ||
	    (uint64_t)length->own->integer != s->length)
		return pdf_object_fail(err, s->ref,
				       "the length of its stream was replaced");
	return 0;
}

static int read_once(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
		     struct ltps_error *err)
{
	if (!is_defined(s)) {
		s->own = &pdf_null;
		return 0;
	}
	if (o->nesting >= PDF_NESTING_MAX)
		return pdf_object_fail(err, s->ref,
				       "too many objects hang on each other");
	o->nesting++;
	const int rc = pdf_read_own(o, revision, s, err);
	o->nesting--;
	return rc;
}

const struct ltps_error *pdf_remember(struct pdf_objects *o,
				      const struct ltps_error *why)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct ltps_error *copy;

	if (!pdf_is_fault_of_object(why) ||
	    arena_take(&o->arena, 1, sizeof(*copy), &copy, &ignored) != 0)
		return NULL;
	*copy = *why;
	return copy;
}

int pdf_slot_read(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
		  struct ltps_error *err)
{
	struct ltps_error e = LTPS_ERROR_INIT;

	if (s->state == PDF_SLOT_READ)
		return check_unchanged(o, revision, s, err);
	if (s->state == PDF_SLOT_READING)
		return pdf_object_fail(err, s->ref, "it is needed to read itself");
	if (s->state == PDF_SLOT_FAILED) {
		*err = *s->failed;
		return -1;
	}
	s->state = PDF_SLOT_READING;
	if (read_once(o, revision, s, &e) == 0) {
		s->state = PDF_SLOT_READ;
		return 0;
	}
	s->failed = pdf_remember(o, &e);
	s->state = s->failed != NULL ? PDF_SLOT_FAILED : PDF_SLOT_NEW;
	*err = e;
	return -1;
}

/* A stream is found again by its value. */
static int register_stream(struct pdf_objects *o, struct pdf_slot *s,
			   struct ltps_error *err)
{
	if (s->value->kind != PDF_STREAM)
		return 0;
	return pdf_table_put(&o->table, PDF_KEY_OF_STREAM(s->value), s, err);
}

int pdf_slot_value(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
		   struct ltps_error *err)
{
	if (pdf_slot_read(o, revision, s, err) != 0)
		return -1;
	if (s->value != NULL)
		return 0;
	if (!o->encrypted)
		s->value = s->own;
	else if (pdf_decrypt(o, revision, s, err) != 0)
		return -1;
	if (register_stream(o, s, err) == 0)
		return 0;
	s->value = NULL;
	return -1;
}

/* ---- looking ---- */

static int note_look(struct pdf_objects *o, struct pdf_slot *s, struct ltps_error *err)
{
	if (s->looked)
		return 0;
	if (o->n_looked == o->cap_looked) {
		const size_t cap = o->cap_looked == 0 ? 256 : o->cap_looked * 2;
		struct pdf_slot **p =
		    mem_resize(o->looked, cap, sizeof(struct pdf_slot *));
		if (p == NULL)
			return ltps_fail_nomem(err);
		o->looked = p;
		o->cap_looked = cap;
	}
	o->looked[o->n_looked++] = s;
	s->looked = true;
	return 0;
}

static int object_as(struct pdf_objects *o, size_t revision, struct pdf_ref ref,
		     bool looked, const struct pdf_value **ret_v,
		     struct ltps_error *err)
{
	struct pdf_slot *s;

	if (pdf_slot_of(o, revision, ref, &s, err) != 0 ||
	    (looked && note_look(o, s, err) != 0) ||
	    pdf_slot_value(o, revision, s, err) != 0)
		return -1;
	*ret_v = s->value;
	return 0;
}

int pdf_object(struct pdf_objects *o, size_t revision, struct pdf_ref ref,
	       const struct pdf_value **ret_v, struct ltps_error *err)
{
	return object_as(o, revision, ref, true, ret_v, err);
}

int pdf_object_own(struct pdf_objects *o, size_t revision, struct pdf_ref ref,
		   const struct pdf_value **ret_v, struct ltps_error *err)
{
	struct pdf_slot *s;

	if (pdf_slot_of(o, revision, ref, &s, err) != 0 ||
	    pdf_slot_read(o, revision, s, err) != 0)
		return -1;
	*ret_v = s->own;
	return 0;
}

int pdf_resolve_as(struct pdf_objects *o, size_t revision, const struct pdf_value *v,
		   bool looked, const struct pdf_value **ret_v, struct ltps_error *err)
{
	const struct pdf_value *at = v != NULL ? v : &pdf_null;

	for (unsigned i = 0; at->kind == PDF_REF; i++) {
		if (i == PDF_REFS_MAX)
			return pdf_object_fail(err, v->ref,
					       "references to references without end");
		if (object_as(o, revision, at->ref, looked, &at, err) != 0)
			return -1;
	}
	*ret_v = at;
	return 0;
}

int pdf_resolve(struct pdf_objects *o, size_t revision, const struct pdf_value *v,
		const struct pdf_value **ret_v, struct ltps_error *err)
{
	return pdf_resolve_as(o, revision, v, true, ret_v, err);
}

int pdf_get(struct pdf_objects *o, size_t revision, const struct pdf_value *dict,
	    const char *key, const struct pdf_value **ret_v, struct ltps_error *err)
{
	return pdf_resolve(o, revision, pdf_dict_get(dict, key), ret_v, err);
}

int pdf_catalog(struct pdf_objects *o, size_t revision, const struct pdf_value **ret_v,
		struct ltps_error *err)
{
	if (revision >= o->file->n_revisions)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "the PDF has no revision %zu", revision);
	const struct pdf_value *root =
	    pdf_dict_get(o->file->revisions[revision].trailer, "Root");
	if (root == NULL || root->kind != PDF_REF)
		return ltps_fail(
		    err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "ISO 32000-2 Table 15",
		    "PDF: the trailer of revision %zu names no catalog", revision);
	if (pdf_resolve(o, revision, root, ret_v, err) != 0)
		return -1;
	return (*ret_v)->kind == PDF_DICT
		   ? 0
		   : pdf_object_fail(err, root->ref, "the catalog is no dictionary");
}

int pdf_stream_data(struct pdf_objects *o, size_t revision,
		    const struct pdf_value *stream, struct view *ret_data,
		    struct ltps_error *err)
{
	struct pdf_slot *s = pdf_table_get(&o->table, PDF_KEY_OF_STREAM(stream));

	if (s == NULL)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "no stream of this PDF");
	s->data_used = true;
	return pdf_decoded_data(o, revision, stream, ret_data, err);
}

int pdf_signed_stream(struct pdf_objects *o, size_t revision, const struct pdf_value *v,
		      const struct pdf_value **ret_v, struct view *ret_data,
		      struct ltps_error *err)
{
	*ret_data = VIEW_NULL;
	if (pdf_resolve_as(o, revision, v, false, ret_v, err) != 0)
		return -1;
	return (*ret_v)->kind == PDF_STREAM
		   ? pdf_decoded_data(o, revision, *ret_v, ret_data, err)
		   : 0;
}

/* ---- life ---- */

int pdf_objects_new(const struct pdf_file *f, struct view password,
		    struct pdf_objects **ret_o, struct ltps_error *err)
{
	struct pdf_objects *o = mem_zalloc(1, sizeof(*o));

	if (o == NULL)
		return ltps_fail_nomem(err);
	o->file = f;
	o->arena = arena_make(PDF_CACHE_MAX);
	o->work_left = PDF_WORK_MIN + PDF_WORK_FILES * (uint64_t)f->octets.n;
	o->was_opened = mem_zalloc(f->n_revisions, sizeof(bool));
	o->was_confirmed = mem_zalloc(f->n_revisions, sizeof(bool));
	o->password = mem_alloc(password.n);
	if (o->was_opened == NULL || o->was_confirmed == NULL || o->password == NULL) {
		ltps_fail_nomem(err);
		goto fail;
	}
	o->password_n = password.n;
	if (password.n > 0)
		memcpy(o->password, password.p, password.n);
	if (pdf_crypt_begin(o, err) != 0)
		goto fail;
	*ret_o = o;
	return 0;
fail:
	pdf_objects_free(o);
	return -1;
}

void pdf_objects_free(struct pdf_objects *o)
{
	if (o == NULL)
		return;
	for (size_t i = 0; i < PDF_OPEN_MAX; i++)
		pdf_qpdf_close(o->open[i].q);
	for (size_t i = 0; i < o->n_kept; i++)
		mem_free(o->kept[i]);
	mem_free(o->kept);
	pdf_excerpt_clear(&o->excerpt);
	mem_free(o->looked);
	mem_free(o->table.cells);
	mem_free_secret(o->password, o->password_n);
	mem_free(o->was_opened);
	mem_free(o->was_confirmed);
	arena_free(&o->arena);
	mem_free(o);
}

bool pdf_objects_encrypted(const struct pdf_objects *o)
{
	return o->encrypted;
}
