/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Encrypted files. libqpdf decrypts one object at a time, in a file made for it: the
 * object as it stands, the encryption dictionary and the /ID of the real file, and
 * nothing else. So it decrypts what our chain found and decodes nothing, whatever else
 * the real file holds, and an object costs its own size, not the file's.
 */
#include <string.h>

#include "base/mem.h"
#include "formats/pdf_objects_private.h"

#define CLAUSE "ISO 32000-2 7.6"
/* Encryption dictionaries have some 500 octets; public-key ones more. */
#define TEXT_MAX ((size_t)1 << 16)
/* What the made file needs beside its parts. */
#define FRAME_MAX 1024

static int fail_crypt(struct ltps_error *err, const char *text)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, CLAUSE, "PDF: %s", text);
}

/* ---- the made file ---- */

/* object: "12 0 obj ... endobj", or empty */
static int make_file(const struct pdf_objects *o, struct pdf_ref ref,
		     struct view object, struct buf *out, struct ltps_error *err)
{
	const uint32_t size = ref.number + 1;

	if (buf_put_text(out, "%PDF-1.7\n", err) != 0)
		return -1;
	const size_t at = out->n;
	if (buf_put(out, object, err) != 0)
		return -1;
	const size_t xref = out->n;
	if (buf_put_text(out, "xref\n0 1\n0000000000 65535 f \n", err) != 0 ||
	    (object.n > 0 && buf_put_fmt(out, err, "%u 1\n%010zu %05u n \n", ref.number,
					 at, ref.generation) != 0) ||
	    buf_put_fmt(out, err,
			"trailer\n<</Size %u/Root<</Type/Catalog"
			"/Pages<</Type/Pages/Kids[]/Count 0>>>>/Encrypt ",
			size) != 0 ||
	    buf_put(out, o->encrypt_text, err) != 0 ||
	    buf_put_text(out, "/ID", err) != 0 || buf_put(out, o->id_text, err) != 0)
		return -1;
	return buf_put_fmt(out, err, ">>\nstartxref\n%zu\n%%%%EOF\n", xref);
}

static int open_made(const struct pdf_objects *o, struct view file,
		     struct pdf_qpdf **ret_q, struct ltps_error *err)
{
	char why[PDF_QPDF_WHY];

	if (pdf_qpdf_open(file, pdf_password(o), ret_q, why, err) != 0)
		return -1;
	return *ret_q != NULL ? 0 : fail_crypt(err, why);
}

/* ---- begin ---- */

/* One encryption for the whole file: an update cannot change it. */
static int check_same(const struct pdf_file *f, struct ltps_error *err)
{
	for (size_t i = 0; i < f->n_revisions; i++) {
		const struct pdf_value *v =
		    pdf_dict_get(f->revisions[i].trailer, "Encrypt");
		if ((v == NULL) != (f->encrypt == NULL) ||
		    (v != NULL && !pdf_value_equal(v, f->encrypt)))
			return fail_crypt(err, "an update changes the encryption");
	}
	return 0;
}

static int check_dictionary(struct pdf_objects *o, struct ltps_error *err)
{
	const struct pdf_file *f = o->file;

	if (f->encrypt->kind != PDF_REF)
		return 0;
	o->encrypt = f->encrypt->ref;
	const struct pdf_entry *e =
	    pdf_file_find(f, f->n_revisions - 1, o->encrypt.number);
	if (e == NULL || e->place != PDF_AT_OFFSET)
		return fail_crypt(err, "the encryption dictionary is missing");
	for (size_t i = 0; i < f->n_revisions; i++)
		if (!pdf_is_same_place(pdf_file_find(f, i, o->encrypt.number), e))
			return fail_crypt(err, "an update replaces the encryption "
					       "dictionary");
	return 0;
}

static int write_text(struct pdf_objects *o, const struct pdf_value *v,
		      const char *missing, struct view *ret_text,
		      struct ltps_error *err)
{
	struct buf b = buf_make(TEXT_MAX);
	int rc = pdf_resolve_deep(o, o->file->n_revisions - 1, v, &v, err);

	if (rc == 0)
		rc = v != NULL ? pdf_value_write(v, &b, err)
			       : buf_put_text(&b, missing, err);
	if (rc == 0)
		rc = arena_copy(&o->arena, view_buf(&b), ret_text, err);
	buf_free(&b);
	return rc;
}

static int try_password(struct pdf_objects *o, struct ltps_error *err)
{
	struct buf file = buf_make(2 * TEXT_MAX + FRAME_MAX);
	struct pdf_qpdf *q = NULL;
	int rc = make_file(o, (struct pdf_ref){ 0 }, VIEW_NULL, &file, err);

	if (rc == 0)
		rc = open_made(o, view_buf(&file), &q, err);
	pdf_qpdf_close(q);
	buf_free(&file);
	return rc;
}

int pdf_crypt_begin(struct pdf_objects *o, struct ltps_error *err)
{
	const struct pdf_file *f = o->file;

	if (check_same(f, err) != 0)
		return -1;
	if (f->encrypt == NULL)
		return 0;
	const struct pdf_value *id =
	    pdf_dict_get(f->revisions[f->n_revisions - 1].trailer, "ID");
	/* Neither is encrypted itself, so both are read before `encrypted` is set. */
	if (check_dictionary(o, err) != 0 ||
	    write_text(o, f->encrypt, "null", &o->encrypt_text, err) != 0 ||
	    write_text(o, id, "[<><>]", &o->id_text, err) != 0)
		return -1;
	o->encrypted = true;
	return try_password(o, err);
}

/* ---- objects ---- */

static bool has_string(const struct pdf_value *v)
{
	if (v->kind == PDF_STRING)
		return true;
	if (v->kind == PDF_ARRAY)
		for (size_t i = 0; i < v->n; i++)
			if (has_string(&v->items[i]))
				return true;
	if (pdf_is_dict(v))
		for (size_t i = 0; i < v->n; i++)
			if (has_string(&v->members[i].value))
				return true;
	return false;
}

/* ISO 32000-2 7.6.2. */
bool pdf_is_never_encrypted(const struct pdf_objects *o, const struct pdf_slot *s)
{
	return o->encrypted && s->container == NULL &&
	       (s->ref.number == o->encrypt.number ||
		(s->own->kind == PDF_STREAM &&
		 pdf_is_name(pdf_dict_get(s->own, "Type"), "XRef")));
}

/* What is in an object stream is encrypted as part of it. */
static bool is_plain(const struct pdf_objects *o, const struct pdf_slot *s)
{
	return s->container != NULL || pdf_is_never_encrypted(o, s) ||
	       (s->own->kind != PDF_STREAM && !has_string(s->own));
}

static int put_filter(struct pdf_objects *o, size_t revision,
		      const struct pdf_value *stream, const char *key, struct buf *out,
		      struct ltps_error *err)
{
	const struct pdf_value *v;

	if (pdf_resolve_deep(o, revision, pdf_dict_get(stream, key), &v, err) != 0)
		return -1;
	return v != NULL ? pdf_value_write(v, out, err) : 0;
}

/* Length and filters stand in the dictionary itself: what they would refer to is not
 * in the made file. */
static int put_stream(struct pdf_objects *o, size_t revision,
		      const struct pdf_value *stream, struct buf *out,
		      struct ltps_error *err)
{
	struct buf parts[3] = { buf_make(32), buf_make(TEXT_MAX), buf_make(TEXT_MAX) };
	int rc = -1;

	if (buf_put_fmt(&parts[0], err, "%zu", stream->data.n) != 0 ||
	    put_filter(o, revision, stream, "Filter", &parts[1], err) != 0 ||
	    put_filter(o, revision, stream, "DecodeParms", &parts[2], err) != 0)
		goto out;
	const struct pdf_edit edits[] = { { "Length", view_buf(&parts[0]) },
					  { "Filter", view_buf(&parts[1]) },
					  { "DecodeParms", view_buf(&parts[2]) } };
	if (pdf_dict_write(stream, edits, 3, out, err) != 0 ||
	    buf_put_text(out, "\nstream\r\n", err) != 0 ||
	    buf_put(out, stream->data, err) != 0 ||
	    buf_put_text(out, "\nendstream", err) != 0)
		goto out;
	rc = 0;
out:
	for (size_t i = 0; i < 3; i++)
		buf_free(&parts[i]);
	return rc;
}

static int put_object(struct pdf_objects *o, size_t revision, const struct pdf_slot *s,
		      struct buf *out, struct ltps_error *err)
{
	if (buf_put_fmt(out, err, "%u %u obj\n", s->ref.number, s->ref.generation) != 0)
		return -1;
	if ((s->own->kind == PDF_STREAM ? put_stream(o, revision, s->own, out, err)
					: pdf_value_write(s->own, out, err)) != 0)
		return -1;
	return buf_put_text(out, "\nendobj\n", err);
}

/* ---- strings from libqpdf, everything else ours ---- */

static int merge(struct pdf_objects *o, const struct pdf_value *own,
		 const struct pdf_value *theirs, struct pdf_value *ret_v,
		 struct ltps_error *err);

static int merge_items(struct pdf_objects *o, const struct pdf_value *own,
		       const struct pdf_value *theirs, struct pdf_value *ret_v,
		       struct ltps_error *err)
{
	struct pdf_value *items;

	if (theirs->n != own->n)
		return fail_crypt(err, "an encrypted array is read differently");
	if (arena_take(&o->arena, own->n, sizeof(*items), &items, err) != 0)
		return -1;
	for (size_t i = 0; i < own->n; i++)
		if (merge(o, &own->items[i], &theirs->items[i], &items[i], err) != 0)
			return -1;
	ret_v->items = items;
	return 0;
}

/* ISO 32000-2 7.6.2: /Contents of a signature dictionary is never encrypted. What has a
 * /ByteRange is one, whatever its /Type. */
bool pdf_is_contents(const struct pdf_value *own, size_t i)
{
	return own->kind == PDF_DICT && view_is_text(own->members[i].key, "Contents") &&
	       pdf_dict_get(own, "ByteRange") != NULL;
}

static int merge_members(struct pdf_objects *o, const struct pdf_value *own,
			 const struct pdf_value *theirs, struct pdf_value *ret_v,
			 struct ltps_error *err)
{
	struct pdf_member *members;

	if (arena_take(&o->arena, own->n, sizeof(*members), &members, err) != 0)
		return -1;
	for (size_t i = 0; i < own->n; i++) {
		members[i] = own->members[i];
		if (pdf_is_contents(own, i) || !has_string(&own->members[i].value))
			continue;
		const struct pdf_member *t = pdf_sorted_get(theirs, members[i].key);
		if (t == NULL)
			return fail_crypt(err, "an encrypted string is missing");
		if (merge(o, &own->members[i].value, &t->value, &members[i].value,
			  err) != 0)
			return -1;
	}
	ret_v->members = members;
	return 0;
}

static int merge(struct pdf_objects *o, const struct pdf_value *own,
		 const struct pdf_value *theirs, struct pdf_value *ret_v,
		 struct ltps_error *err)
{
	*ret_v = *own;
	if (!has_string(own))
		return 0;
	if (own->kind != theirs->kind)
		return fail_crypt(err, "an encrypted value is read differently");
	if (own->kind == PDF_STRING) {
		ret_v->text = theirs->text;
		ret_v->pairs = false;
		return 0;
	}
	return own->kind == PDF_ARRAY ? merge_items(o, own, theirs, ret_v, err)
				      : merge_members(o, own, theirs, ret_v, err);
}

static int take_data(struct pdf_objects *o, struct pdf_qpdf *q, struct pdf_ref ref,
		     struct view *ret_data, struct ltps_error *err)
{
	char why[PDF_QPDF_WHY];
	struct view data = VIEW_NULL;
	bool refused = false;

	if (pdf_qpdf_data(q, ref, &data, &refused, why, err) != 0)
		return -1;
	const int rc = refused ? pdf_object_fail(err, ref, "%s", why)
			       : arena_copy(&o->arena, data, ret_data, err);
	pdf_qpdf_data_free(&data);
	return rc;
}

static int take_decrypted(struct pdf_objects *o, struct pdf_slot *s, struct pdf_qpdf *q,
			  struct ltps_error *err)
{
	char why[PDF_QPDF_WHY];
	const struct pdf_value *theirs;
	struct pdf_value *v;

	if (arena_take(&o->arena, 1, sizeof(*v), &v, err) != 0 ||
	    pdf_qpdf_object(q, s->ref, NULL, &o->arena, &theirs, why, err) != 0)
		return -1;
	if (theirs == NULL || theirs->kind != s->own->kind)
		return pdf_object_fail(err, s->ref, "it cannot be decrypted: %s",
				       why[0] != 0 ? why : "another kind of value");
	if (merge(o, s->own, theirs, v, err) != 0)
		return -1;
	if (v->kind == PDF_STREAM && take_data(o, q, s->ref, &v->data, err) != 0)
		return -1;
	s->value = v;
	return 0;
}

int pdf_decrypt(struct pdf_objects *o, size_t revision, struct pdf_slot *s,
		struct ltps_error *err)
{
	const size_t room = pdf_room(o);
	struct buf object = buf_make(room), file = buf_make(room + FRAME_MAX);
	struct pdf_qpdf *q = NULL;
	int rc = -1;

	if (is_plain(o, s)) {
		s->value = s->own;
		return 0;
	}
	if (o->decrypted++ >= PDF_DECRYPTED_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "PDF: more than %d encrypted objects to look at",
				 PDF_DECRYPTED_MAX);
	if (put_object(o, revision, s, &object, err) != 0 ||
	    make_file(o, s->ref, view_buf(&object), &file, err) != 0 ||
	    open_made(o, view_buf(&file), &q, err) != 0 ||
	    take_decrypted(o, s, q, err) != 0)
		goto out;
	rc = 0;
out:
	pdf_qpdf_close(q);
	buf_free(&file);
	buf_free(&object);
	return rc;
}
