/* SPDX-License-Identifier: Apache-2.0 */
/* Streams decoded, once each. */
#include <string.h>

#include "base/mem.h"
#include "formats/pdf_filter.h"
#include "formats/pdf_objects_private.h"

/* /DecodeParms: an array of dictionaries of numbers. */
#define RESOLVE_DEPTH_MAX 4
/* Filters one behind another; of a key's items, what is more is no filter. */
#define ITEMS_MAX 64

/* ---- filters that stand elsewhere ---- */

static int resolve_level(struct pdf_objects *o, size_t revision,
			 const struct pdf_value *v, unsigned depth,
			 struct pdf_value *ret_v, struct ltps_error *err);

static int resolve_items(struct pdf_objects *o, size_t revision,
			 const struct pdf_value *v, unsigned depth,
			 struct pdf_value *ret_v, struct ltps_error *err)
{
	struct pdf_value *items;

	if (arena_take(&o->arena, v->n, sizeof(*items), &items, err) != 0)
		return -1;
	for (size_t i = 0; i < v->n; i++)
		if (resolve_level(o, revision, &v->items[i], depth + 1, &items[i],
				  err) != 0)
			return -1;
	ret_v->items = items;
	return 0;
}

static int resolve_members(struct pdf_objects *o, size_t revision,
			   const struct pdf_value *v, unsigned depth,
			   struct pdf_value *ret_v, struct ltps_error *err)
{
	struct pdf_member *members;

	if (arena_take(&o->arena, v->n, sizeof(*members), &members, err) != 0)
		return -1;
	for (size_t i = 0; i < v->n; i++) {
		members[i].key = v->members[i].key;
		if (resolve_level(o, revision, &v->members[i].value, depth + 1,
				  &members[i].value, err) != 0)
			return -1;
	}
	ret_v->members = members;
	return 0;
}

static int resolve_level(struct pdf_objects *o, size_t revision,
			 const struct pdf_value *v, unsigned depth,
			 struct pdf_value *ret_v, struct ltps_error *err)
{
	if (pdf_resolve_as(o, revision, v, false, &v, err) != 0)
		return -1;
	*ret_v = *v;
	ret_v->where = VIEW_NULL;
	if (v->kind != PDF_ARRAY && v->kind != PDF_DICT)
		return 0;
	if (depth >= RESOLVE_DEPTH_MAX || v->n > ITEMS_MAX)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT,
				 "ISO 32000-2 7.3.8.2",
				 "PDF: filters or encryption of too many parts");
	return v->kind == PDF_ARRAY
		   ? resolve_items(o, revision, v, depth, ret_v, err)
		   : resolve_members(o, revision, v, depth, ret_v, err);
}

static bool has_ref(const struct pdf_value *v, unsigned depth)
{
	if (v->kind == PDF_REF)
		return true;
	if (depth >= RESOLVE_DEPTH_MAX)
		return true;
	if (v->kind == PDF_ARRAY)
		for (size_t i = 0; i < v->n; i++)
			if (has_ref(&v->items[i], depth + 1))
				return true;
	if (v->kind == PDF_DICT)
		for (size_t i = 0; i < v->n; i++)
			if (has_ref(&v->members[i].value, depth + 1))
				return true;
	return false;
}

bool pdf_is_read_by_others(const struct pdf_value *stream)
{
	static const char *const keys[] = { "N", "First", "Filter", "DecodeParms" };

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		const struct pdf_value *v = pdf_dict_get(stream, keys[i]);
		if (v != NULL && has_ref(v, 0))
			return true;
	}
	return false;
}

int pdf_resolve_deep(struct pdf_objects *o, size_t revision, const struct pdf_value *v,
		     const struct pdf_value **ret_v, struct ltps_error *err)
{
	struct pdf_value *copy;

	*ret_v = v;
	if (v == NULL || !has_ref(v, 0))
		return 0;
	if (arena_take(&o->arena, 1, sizeof(*copy), &copy, err) != 0 ||
	    resolve_level(o, revision, v, 0, copy, err) != 0)
		return -1;
	*ret_v = copy->kind == PDF_NULL ? NULL : copy;
	return 0;
}

/* ---- decoding ---- */

/* libqpdf has undone /Crypt: the filters behind it are left. It stands first. */
static int drop_crypt(struct pdf_objects *o, const struct pdf_value **v,
		      struct ltps_error *err)
{
	struct pdf_value *rest;

	if (*v == NULL || (*v)->kind != PDF_ARRAY) {
		*v = NULL;
		return 0;
	}
	if (arena_take(&o->arena, 1, sizeof(*rest), &rest, err) != 0)
		return -1;
	*rest = **v;
	if (rest->n > 0) {
		rest->items++;
		rest->n--;
	}
	*v = rest;
	return 0;
}

static bool begins_with_crypt(const struct pdf_value *filter)
{
	return pdf_is_name(filter, "Crypt") ||
	       (filter != NULL && filter->kind == PDF_ARRAY && filter->n > 0 &&
		pdf_is_name(&filter->items[0], "Crypt"));
}

static int find_filters(struct pdf_objects *o, size_t revision,
			const struct pdf_value *stream, struct pdf_decoded *d,
			struct ltps_error *err)
{
	if (pdf_dict_get(stream, "F") != NULL)
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT,
				 "ISO 32000-2 7.3.8.2",
				 "PDF: the data of a stream is in another file");
	if (pdf_resolve_deep(o, revision, pdf_dict_get(stream, "Filter"), &d->filter,
			     err) != 0 ||
	    pdf_resolve_deep(o, revision, pdf_dict_get(stream, "DecodeParms"),
			     &d->parms, err) != 0)
		return -1;
	if (!o->encrypted || !begins_with_crypt(d->filter))
		return 0;
	return drop_crypt(o, &d->filter, err) != 0 || drop_crypt(o, &d->parms, err) != 0
		   ? -1
		   : 0;
}

static int decode(struct pdf_objects *o, const struct pdf_value *stream,
		  struct pdf_decoded *d, struct ltps_error *err)
{
	struct pdf_member members[2];
	struct pdf_value plain = { .kind = PDF_STREAM,
				   .members = members,
				   .data = stream->data };
	const size_t room = pdf_room(o);
	struct buf out = buf_make(room < PDF_STREAM_MAX ? room : PDF_STREAM_MAX);

	if (d->filter == NULL) {
		d->data = stream->data;
		return 0;
	}
	members[plain.n++] = (struct pdf_member){ view_text("Filter"), *d->filter };
	if (d->parms != NULL)
		members[plain.n++] =
		    (struct pdf_member){ view_text("DecodeParms"), *d->parms };
	int rc = pdf_filter_decode(&plain, &out, err);
	if (rc == 0)
		rc = pdf_keep(o, &out, &d->data, err);
	buf_free(&out);
	return rc;
}

static bool same_or_none(const struct pdf_value *a, const struct pdf_value *b)
{
	if (a == NULL || b == NULL)
		return a == b;
	return pdf_value_equal(a, b);
}

/* What was decoded by the same filters. */
static const struct pdf_decoded *recall(const struct pdf_decoded *list,
					const struct pdf_decoded *want)
{
	for (; list != NULL; list = list->next)
		if (same_or_none(list->filter, want->filter) &&
		    same_or_none(list->parms, want->parms))
			return list;
	return NULL;
}

/* What cannot be decoded is remembered too; NOMEM and its like are not. */
static int decode_once(struct pdf_objects *o, const struct pdf_value *stream,
		       struct pdf_decoded *d, struct ltps_error *err)
{
	struct ltps_error e = LTPS_ERROR_INIT;

	if (decode(o, stream, d, &e) == 0)
		return 0;
	d->failed = pdf_remember(o, &e);
	if (d->failed == NULL)
		*err = e;
	return d->failed != NULL ? 0 : -1;
}

static int remember(struct pdf_objects *o, const struct pdf_value *stream,
		    struct pdf_decoded *first, const struct pdf_decoded *d,
		    struct ltps_error *err)
{
	struct pdf_decoded *copy;

	if (arena_take(&o->arena, 1, sizeof(*copy), &copy, err) != 0)
		return -1;
	*copy = *d;
	if (first == NULL)
		return pdf_table_put(&o->table, PDF_KEY_OF_DATA(stream), copy, err);
	copy->next = first->next;
	first->next = copy;
	return 0;
}

int pdf_decoded_data(struct pdf_objects *o, size_t revision,
		     const struct pdf_value *stream, struct view *ret_data,
		     struct ltps_error *err)
{
	struct pdf_decoded d = { 0 };

	if (find_filters(o, revision, stream, &d, err) != 0)
		return -1;
	struct pdf_decoded *first = pdf_table_get(&o->table, PDF_KEY_OF_DATA(stream));
	const struct pdf_decoded *known = recall(first, &d);
	if (known != NULL)
		d = *known;
	else if (decode_once(o, stream, &d, err) != 0 ||
		 remember(o, stream, first, &d, err) != 0)
		return -1;
	if (d.failed != NULL) {
		*err = *d.failed;
		return -1;
	}
	*ret_data = d.data;
	return 0;
}
