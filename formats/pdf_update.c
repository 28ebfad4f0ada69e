/* SPDX-License-Identifier: Apache-2.0 */
/* pdf_update - the objects of one more revision, gathered, then written in order. */
#include "formats/pdf_update.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "formats/pdf_filter.h"
#include "formats/pdf_update_private.h"

/* A DSS of thousands of items and its like; what a hostile file makes us write is
 * bounded by what its reader lets through. */
#define UPDATE_OBJECTS_MAX 65536
/* One object: a CRL as hexadecimal digits, an array of 100000 fields. */
#define UPDATE_BODY_MAX ((size_t)256 << 20)
/* "[0 4294967296 4294967296 4294967296]" */
#define RANGE_TEXT_MAX 48
#define ID_LEN 16 /* as MD5, which ISO 32000-2 14.4 suggests */
/* Less is hardly ever shorter when deflated. */
#define DEFLATE_MIN 64

/* ---- the objects ---- */

static struct update_object *find(struct pdf_update *u, uint32_t number)
{
	for (size_t i = 0; i < u->n; i++)
		if (u->objects[i].ref.number == number)
			return &u->objects[i];
	return NULL;
}

static int one_more(struct pdf_update *u, struct ltps_error *err)
{
	if (u->n < u->cap)
		return 0;
	if (u->n == UPDATE_OBJECTS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, NULL,
				 "more than %d objects in an update",
				 UPDATE_OBJECTS_MAX);
	const size_t cap = u->cap == 0 ? 16 : u->cap * 2;
	struct update_object *p = mem_resize(u->objects, cap, sizeof(*p));
	if (p == NULL)
		return ltps_fail_nomem(err);
	u->objects = p;
	u->cap = cap;
	return 0;
}

/* Emptied where it is there already: the later one counts. */
static int place(struct pdf_update *u, struct pdf_ref ref, struct update_object **ret,
		 struct ltps_error *err)
{
	struct update_object *o = find(u, ref.number);
	if (ref.number == 0 || ref.number > PDF_OBJECT_NUMBER_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT,
				 "ISO 32000-2 7.3.10",
				 "the PDF leaves no number for a new object");
	if (o == NULL) {
		if (one_more(u, err) != 0)
			return -1;
		o = &u->objects[u->n++];
		*o = (struct update_object){ .body = buf_make(UPDATE_BODY_MAX) };
	}
	buf_clear(&o->body);
	o->ref = ref;
	o->is_signature = false;
	*ret = o;
	return 0;
}

int pdf_update_object(struct pdf_update *u, struct pdf_ref ref, struct view body,
		      struct ltps_error *err)
{
	struct update_object *o;
	return place(u, ref, &o, err) != 0 ? -1 : buf_put(&o->body, body, err);
}

static int put_stream(struct buf *body, struct view data, const char *filter,
		      struct ltps_error *err)
{
	if (buf_put_fmt(body, err, "<< %s/Length %zu >>\nstream\n", filter, data.n) !=
		0 ||
	    buf_put(body, data, err) != 0)
		return -1;
	return buf_put_text(body, "\nendstream", err);
}

int pdf_update_stream(struct pdf_update *u, struct pdf_ref ref, struct view data,
		      struct ltps_error *err)
{
	struct update_object *o;
	struct buf packed = buf_make(UPDATE_BODY_MAX);
	if (place(u, ref, &o, err) != 0)
		return -1;
	int rc = data.n < DEFLATE_MIN ? 0 : pdf_deflate(data, &packed, err);
	const bool shorter = packed.n > 0 && packed.n < data.n;
	if (rc == 0)
		rc = put_stream(&o->body, shorter ? view_buf(&packed) : data,
				shorter ? "/Filter /FlateDecode " : "", err);
	buf_free(&packed);
	return rc;
}

/* ByteRange is written over when the places are known; blanks keep the room. */
int pdf_update_signature(struct pdf_update *u, struct pdf_ref ref, struct view entries,
			 size_t contents_room, struct ltps_error *err)
{
	struct update_object *o;
	if (place(u, ref, &o, err) != 0)
		return -1;
	struct buf *b = &o->body;
	if (buf_put_text(b, "<<\n", err) != 0 || buf_put(b, entries, err) != 0 ||
	    buf_put_text(b, "\n/ByteRange ", err) != 0)
		return -1;
	o->range_at = b->n;
	if (buf_put_fmt(b, err, "%*s\n/Contents ", RANGE_TEXT_MAX, "") != 0)
		return -1;
	o->gap_at = b->n;
	o->gap = 2 + 2 * contents_room;
	if (contents_room > UPDATE_BODY_MAX / 4 || buf_reserve(b, o->gap, err) != 0)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, NULL,
				 "a signature of %zu octets", contents_room);
	memset(b->p + b->n, '0', o->gap);
	b->p[b->n] = '<';
	b->p[b->n + o->gap - 1] = '>';
	b->n += o->gap;
	o->is_signature = true;
	return buf_put_text(b, "\n>>", err);
}

/* ---- start ---- */

static const struct pdf_revision *last(const struct pdf_update *u)
{
	return &u->file->revisions[u->file->n_revisions - 1];
}

/*
 * Offsets that are written count from the header to some readers and from the start of
 * the file to others. Where the file means the latter, and the header stands later, the
 * former see nothing of it: nothing that is put behind could be read by all.
 */
static int find_base(struct pdf_update *u, struct ltps_error *err)
{
	const struct pdf_file *f = u->file;
	u->base = f->base;
	if (f->base == f->header)
		return 0;
	return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT, "ISO 32000-2 7.5.2",
			 "the PDF has %llu octets before its header that its offsets "
			 "count: readers differ about it, and nothing is added to it",
			 (unsigned long long)f->header);
}

/*
 * The beginning of a linearised file without its main section (Annex F.3.7): as the
 * newest section it ends with the file, but behind an update it would end at its own
 * %%EOF, and most objects would be of no revision.
 */
static bool ends_before(const struct pdf_file *f)
{
	const struct pdf_revision *last = &f->revisions[f->n_revisions - 1];
	const uint8_t *from = f->octets.p + last->startxref;
	const size_t n = (size_t)(last->end - last->startxref);
	const uint8_t *eof = memmem(from, n, "%%EOF", 5);
	return pdf_dict_get(last->trailer, "Prev") == NULL && eof != NULL &&
	       memmem(eof + 5, n - (size_t)(eof + 5 - from), "%%EOF", 5) != NULL;
}

int pdf_update_new(const struct pdf_file *f, struct pdf_objects *o,
		   struct pdf_update **ret_u, struct ltps_error *err)
{
	if (f->encrypt != NULL)
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT,
				 "ISO 32000-2 7.6",
				 "the PDF is encrypted: nothing is added to it");
	if (ends_before(f))
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT,
				 "ISO 32000-2 Annex F",
				 "the PDF is linearised and lacks its main section: "
				 "nothing is added to it");
	if (pdf_file_irregular(f))
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT,
				 "ISO 32000-2 7.5.4",
				 "the cross-reference table of the PDF is irregular: "
				 "nothing is added to it");
	struct pdf_update *u = mem_zalloc(1, sizeof(*u));
	if (u == NULL)
		return ltps_fail_nomem(err);
	u->file = f;
	u->reader = o;
	if (find_base(u, err) != 0 || pdf_update_numbers(u, err) != 0) {
		pdf_update_free(u);
		return -1;
	}
	*ret_u = u;
	return 0;
}

void pdf_update_free(struct pdf_update *u)
{
	if (u == NULL)
		return;
	for (size_t i = 0; i < u->n; i++)
		buf_free(&u->objects[i].body);
	for (size_t i = 0; i < u->n_catalog; i++)
		buf_free(&u->catalog[i].value);
	mem_free(u->mentioned);
	mem_free(u->objects);
	mem_free(u);
}

/* ---- the catalog ---- */

int pdf_update_catalog(struct pdf_update *u, const char *key, struct view value,
		       struct ltps_error *err)
{
	struct update_member *m = NULL;
	for (size_t i = 0; i < u->n_catalog; i++)
		if (strcmp(u->catalog[i].key, key) == 0)
			m = &u->catalog[i];
	if (m == NULL && u->n_catalog == UPDATE_CATALOG_MAX)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "too many changes to a catalog");
	if (m == NULL) {
		m = &u->catalog[u->n_catalog++];
		*m = (struct update_member){ .key = key,
					     .value = buf_make(UPDATE_BODY_MAX) };
	}
	buf_clear(&m->value);
	return buf_put(&m->value, value, err);
}

static int put_catalog(struct pdf_update *u, struct ltps_error *err)
{
	const size_t revision = u->file->n_revisions - 1;
	const struct pdf_value *root = pdf_dict_get(last(u)->trailer, "Root");
	const struct pdf_value *catalog;
	struct pdf_edit edits[UPDATE_CATALOG_MAX];
	struct update_object *o;
	if (u->n_catalog == 0)
		return 0;
	if (root == NULL || root->kind != PDF_REF)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT,
				 "ISO 32000-2 7.5.5", "Root is no reference");
	for (size_t i = 0; i < u->n_catalog; i++)
		edits[i] = (struct pdf_edit){ .key = u->catalog[i].key,
					      .value = view_buf(&u->catalog[i].value) };
	if (pdf_catalog(u->reader, revision, &catalog, err) != 0 ||
	    place(u, root->ref, &o, err) != 0)
		return -1;
	return pdf_dict_write(catalog, edits, u->n_catalog, &o->body, err);
}

/* ---- the octets ---- */

struct writing {
	struct pdf_update *u;
	struct buf *out;
	size_t start;   /* of ours in out */
	uint64_t place; /* where that comes to stand in the file */
	uint64_t xref;  /* offset as this file counts them */
};

/* As this file counts offsets. */
static uint64_t here(const struct writing *w)
{
	return w->place + (w->out->n - w->start) - w->u->base;
}

static int by_number(const void *a, const void *b)
{
	const struct update_object *x = a, *y = b;
	return (x->ref.number > y->ref.number) - (x->ref.number < y->ref.number);
}

static int put_objects(struct writing *w, struct ltps_error *err)
{
	struct pdf_update *u = w->u;
	for (size_t i = 0; i < u->n; i++) {
		struct update_object *o = &u->objects[i];
		o->offset = here(w);
		if (buf_put_fmt(w->out, err, "%u %u obj\n", o->ref.number,
				o->ref.generation) != 0)
			return -1;
		o->body_at = w->out->n;
		if (buf_put(w->out, view_buf(&o->body), err) != 0 ||
		    buf_put_text(w->out, "\nendobj\n", err) != 0)
			return -1;
		/* A large one need not be there twice. */
		buf_free(&o->body);
	}
	return 0;
}

static size_t run_from(const struct pdf_update *u, size_t first)
{
	size_t i = first + 1;
	while (i < u->n && u->objects[i].ref.number == u->objects[i - 1].ref.number + 1)
		i++;
	return i - first;
}

/* ---- trailer ---- */

/*
 * ISO 32000-2 14.4: the first element says which file it is, the second which state
 * of it: taken from the octets that are new, so that the same update is the same.
 */
static int write_id(struct writing *w, struct buf *ret, struct ltps_error *err)
{
	const size_t revision = w->u->file->n_revisions - 1;
	const struct pdf_value *id;
	struct digest d;
	if (pdf_get(w->u->reader, revision, last(w->u)->trailer, "ID", &id, err) != 0)
		return -1;
	if (id->kind != PDF_ARRAY || id->n != 2 || id->items[0].kind != PDF_STRING)
		return 0;
	if (digest_once(DIGEST_SHA256, view_skip(view_buf(w->out), w->start), &d,
			err) != 0 ||
	    buf_put_text(ret, "[ ", err) != 0 ||
	    pdf_value_write(&id->items[0], ret, err) != 0 ||
	    buf_put_text(ret, " ", err) != 0 ||
	    pdf_string_write(view_of(d.p, ID_LEN), ret, err) != 0)
		return -1;
	return buf_put_text(ret, " ]", err);
}

/* What the last trailer has, but what is about its own section: 7.5.6. */
static int put_trailer(struct writing *w, const struct pdf_edit *more, size_t n_more,
		       struct ltps_error *err)
{
	static const char *const gone[] = { "XRefStm", "Type",        "W",
					    "Index",   "Length",      "Filter",
					    "DL",      "DecodeParms", "F",
					    "FFilter", "FDecodeParms" };
	const size_t n_gone = sizeof(gone) / sizeof(gone[0]);
	struct pdf_edit edits[sizeof(gone) / sizeof(gone[0]) + 3 + 5];
	struct buf id = buf_make(UPDATE_BODY_MAX);
	char size[24], prev[24];
	size_t n = 0;
	if (write_id(w, &id, err) != 0) {
		buf_free(&id);
		return -1;
	}
	for (size_t i = 0; i < n_gone; i++)
		edits[n++] = (struct pdf_edit){ .key = gone[i] };
	snprintf(size, sizeof(size), "%u", w->u->next);
	snprintf(prev, sizeof(prev), "%llu",
		 (unsigned long long)(last(w->u)->startxref - w->u->base));
	edits[n++] = (struct pdf_edit){ "Size", view_text(size) };
	edits[n++] = (struct pdf_edit){ "Prev", view_text(prev) };
	if (id.n > 0)
		edits[n++] = (struct pdf_edit){ "ID", view_buf(&id) };
	for (size_t i = 0; i < n_more && i < 5; i++) {
		size_t k = 0;
		while (k < n_gone && strcmp(gone[k], more[i].key) != 0)
			k++;
		edits[k < n_gone ? k : n++] = more[i];
	}
	const int rc = pdf_dict_write(last(w->u)->trailer, edits, n, w->out, err);
	buf_free(&id);
	return rc;
}

/* ---- as a table: 7.5.4 ---- */

static int put_table(struct writing *w, struct ltps_error *err)
{
	const struct pdf_update *u = w->u;
	size_t run = 0;
	if (buf_put_text(w->out, "xref\n", err) != 0)
		return -1;
	for (size_t i = 0; i < u->n; i++) {
		const struct update_object *o = &u->objects[i];
		if (run == 0) {
			run = run_from(u, i);
			if (buf_put_fmt(w->out, err, "%u %zu\n", o->ref.number, run) !=
			    0)
				return -1;
		}
		run--;
		/* 20 octets, the line end among them. */
		if (buf_put_fmt(w->out, err, "%010llu %05u n\r\n",
				(unsigned long long)o->offset, o->ref.generation) != 0)
			return -1;
	}
	if (buf_put_text(w->out, "trailer\n", err) != 0)
		return -1;
	return put_trailer(w, NULL, 0, err);
}

/* ---- as a stream: 7.5.8 ---- */

static int put_number(struct buf *b, uint64_t v, unsigned width, struct ltps_error *err)
{
	for (unsigned i = width; i > 0; i--)
		if (buf_put_byte(b, (uint8_t)(v >> (8 * (i - 1))), err) != 0)
			return -1;
	return 0;
}

static int make_entries(struct writing *w, unsigned width, struct buf *entries,
			struct buf *index, struct ltps_error *err)
{
	const struct pdf_update *u = w->u;
	if (buf_put_text(index, "[", err) != 0)
		return -1;
	for (size_t i = 0; i < u->n; i += run_from(u, i))
		if (buf_put_fmt(index, err, " %u %zu", u->objects[i].ref.number,
				run_from(u, i)) != 0)
			return -1;
	for (size_t i = 0; i < u->n; i++)
		if (put_number(entries, 1, 1, err) != 0 ||
		    put_number(entries, u->objects[i].offset, width, err) != 0 ||
		    put_number(entries, u->objects[i].ref.generation, 2, err) != 0)
			return -1;
	return buf_put_text(index, " ]", err);
}

static int put_xref_stream(struct writing *w, uint32_t number,
			   const struct buf *entries, const struct buf *index,
			   unsigned width, struct ltps_error *err)
{
	struct buf packed = buf_make(UPDATE_BODY_MAX);
	char widths[32], length[24];
	int rc = pdf_deflate(view_buf(entries), &packed, err);
	const bool shorter = rc == 0 && packed.n < entries->n;
	const struct view data = shorter ? view_buf(&packed) : view_buf(entries);
	snprintf(widths, sizeof(widths), "[ 1 %u 2 ]", width);
	snprintf(length, sizeof(length), "%zu", data.n);
	const struct pdf_edit edits[] = {
		{ "Type", view_text("/XRef") },
		{ "W", view_text(widths) },
		{ "Index", view_buf(index) },
		{ "Length", view_text(length) },
		{ "Filter", view_text("/FlateDecode") },
	};
	if (rc == 0 && (buf_put_fmt(w->out, err, "%u 0 obj\n", number) != 0 ||
			put_trailer(w, edits, shorter ? 5 : 4, err) != 0 ||
			buf_put_text(w->out, "\nstream\n", err) != 0 ||
			buf_put(w->out, data, err) != 0 ||
			buf_put_text(w->out, "\nendstream\nendobj", err) != 0))
		rc = -1;
	buf_free(&packed);
	return rc;
}

/* The section is an object too, and names itself: 7.5.8.2. */
static int put_stream_section(struct writing *w, struct ltps_error *err)
{
	struct pdf_update *u = w->u;
	struct buf entries = buf_make(UPDATE_BODY_MAX);
	struct buf index = buf_make(UPDATE_BODY_MAX);
	struct update_object *o;
	const struct pdf_ref ref = { pdf_update_number(u), 0 };
	int rc = place(u, ref, &o, err);
	if (rc != 0)
		return rc;
	o->offset = w->xref;
	const unsigned width = w->xref > UINT32_MAX ? 5 : 4;
	rc = make_entries(w, width, &entries, &index, err);
	if (rc == 0)
		rc = put_xref_stream(w, ref.number, &entries, &index, width, err);
	buf_free(&index);
	buf_free(&entries);
	return rc;
}

/* ---- all together ---- */

static bool ends_in_line_end(struct view v)
{
	return v.n > 0 && (v.p[v.n - 1] == '\n' || v.p[v.n - 1] == '\r');
}

static void put_range(struct writing *w, uint64_t range[4])
{
	const struct update_object *o = NULL;
	char text[RANGE_TEXT_MAX + 1];
	for (size_t i = 0; i < w->u->n; i++)
		if (w->u->objects[i].is_signature)
			o = &w->u->objects[i];
	if (o == NULL || range == NULL)
		return;
	const uint64_t end = w->place + (w->out->n - w->start);
	range[0] = 0;
	range[1] = w->place + (o->body_at + o->gap_at - w->start);
	range[2] = range[1] + o->gap;
	range[3] = end - range[2];
	const int n = snprintf(
	    text, sizeof(text), "[0 %llu %llu %llu]", (unsigned long long)range[1],
	    (unsigned long long)range[2], (unsigned long long)range[3]);
	memcpy(w->out->p + o->body_at + o->range_at, text, (size_t)n);
}

static int put_all(struct writing *w, struct ltps_error *err)
{
	struct pdf_update *u = w->u;
	const enum pdf_style style = last(u)->style;
	if (!ends_in_line_end(u->file->octets) && buf_put_text(w->out, "\n", err) != 0)
		return -1;
	if (u->n > 0)
		qsort(u->objects, u->n, sizeof(u->objects[0]), by_number);
	if (put_objects(w, err) != 0)
		return -1;
	w->xref = here(w);
	/* A hybrid file goes on with a table, which all its readers know; what its
	 * last stream adds is still found behind /Prev: 7.5.8.4. */
	if ((style == PDF_STYLE_STREAM ? put_stream_section(w, err)
				       : put_table(w, err)) != 0)
		return -1;
	return buf_put_fmt(w->out, err, "\nstartxref\n%llu\n%%%%EOF\n",
			   (unsigned long long)w->xref);
}

int pdf_update_finish(struct pdf_update *u, struct buf *out, uint64_t ret_range[4],
		      struct ltps_error *err)
{
	struct writing w = {
		.u = u, .out = out, .start = out->n, .place = u->file->octets.n
	};
	if (put_catalog(u, err) != 0 || put_all(&w, err) != 0)
		return -1;
	if (u->next == 0 || here(&w) + u->base > PDF_SIZE_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "the new PDF would have more than %llu octets",
				 (unsigned long long)PDF_SIZE_MAX);
	put_range(&w, ret_range);
	return 0;
}

int pdf_update_fill(struct buf *appended, uint64_t base, const uint64_t range[4],
		    struct view cms, struct ltps_error *err)
{
	static const char digits[] = "0123456789abcdef";
	if (range[1] < base || range[2] < range[1] + 2 ||
	    range[2] - base > appended->n || appended->p[range[1] - base] != '<')
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "the gap is not in what was appended");
	uint8_t *p = appended->p + (range[1] - base) + 1;
	const size_t room = (size_t)(range[2] - range[1] - 2) / 2;
	if (cms.n > room)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, NULL,
				 "a signature of %zu octets in the room of %zu", cms.n,
				 room);
	for (size_t i = 0; i < cms.n; i++) {
		*p++ = (uint8_t)digits[cms.p[i] >> 4];
		*p++ = (uint8_t)digits[cms.p[i] & 15];
	}
	return 0;
}
