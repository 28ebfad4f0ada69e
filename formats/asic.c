/* SPDX-License-Identifier: Apache-2.0 */
/* asic - the reading half of asic.h. */
#include "formats/asic.h"

#include "base/mem.h"
#include "formats/asic_names.h"
#include "formats/xml.h"
#include "formats/zip.h"

/* Older name of the same namespace, met in containers before 2013. */
#define ASIC_NS_OLD "http://uri.etsi.org/2918/v1.2.1#"

static int fail_format(struct ltps_error *err, const char *clause, const char *text)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, clause, "ASiC: %s", text);
}

/* ---- files ---- */

static int check_mimetype(const struct zip *z, bool *ret_simple, struct ltps_error *err)
{
	const struct zip_entry *e = z->n > 0 ? &z->entries[0] : NULL;

	if (e == NULL || !view_is_text(e->name, ASIC_MIMETYPE_NAME) ||
	    e->method != ZIP_STORED || e->has_extra)
		return fail_format(err, "EN 319 162-1 A.1",
				   "mimetype is not the first, plainly stored entry");
	*ret_simple = view_is_text(e->packed, ASIC_MIMETYPE_S);
	if (!*ret_simple && !view_is_text(e->packed, ASIC_MIMETYPE_E))
		return fail_format(err, "EN 319 162-1 A.1", "another mimetype");
	return 0;
}

static int read_files(struct asic *a, const struct zip *z, struct ltps_error *err)
{
	a->files = mem_zalloc(z->n, sizeof(a->files[0]));
	a->objects = mem_zalloc(z->n, sizeof(a->objects[0]));
	if (a->files == NULL || a->objects == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 1; i < z->n; i++) {
		const struct zip_entry *e = &z->entries[i];
		struct asic_file *f = &a->files[a->n_files];
		if (e->is_dir)
			continue;
		a->n_files++;
		f->name = e->name;
		if (zip_view(e, &f->owned, &f->data, err) != 0)
			return ltps_where(err, "file %zu", i + 1);
		if (asic_is_object_name(f->name))
			a->objects[a->n_objects++] = f;
	}
	return 0;
}

static const struct asic_file *asic_find(const struct asic *asic, struct view name)
{
	for (size_t i = 0; i < asic->n_files; i++) {
		if (view_equal(asic->files[i].name, name))
			return &asic->files[i];
	}
	return NULL;
}

/* ---- manifest ---- */

/* A manifest while it is read. */
struct reading {
	struct asic *asic;
	struct asic_record *rec;
	struct xml_reader *r;
	size_t cap;
	bool has_sig_reference;
};

static bool in_asic_ns(const struct xml_reader *r, const char *local)
{
	return xml_is(r, ASIC_NS, local) || xml_is(r, ASIC_NS_OLD, local);
}

/*
 * Bytes kept in the record's text, whose room was reserved at once, so that
 * it never moves: what is decoded is never longer than what was read.
 */
static struct view kept_since(const struct asic_record *rec, size_t start)
{
	return view_of(rec->text.p + start, rec->text.n - start);
}

/* Percent-decoding in place; a '%' that starts nothing stays. */
static void percent_decode(struct buf *b, size_t start)
{
	size_t to = start;

	for (size_t i = start; i < b->n; i++) {
		int hi = b->n - i > 2 && b->p[i] == '%' ? hex_digit(b->p[i + 1]) : -1;
		int lo = hi >= 0 ? hex_digit(b->p[i + 2]) : -1;
		b->p[to++] = lo >= 0 ? (uint8_t)(hi << 4 | lo) : b->p[i];
		i += lo >= 0 ? 2 : 0;
	}
	b->n = to;
}

/* The URI attribute as a file name, and the file that has it. */
static int read_uri(struct reading *m, struct view *ret_uri,
		    const struct asic_file **ret_file, struct ltps_error *err)
{
	struct buf *text = &m->rec->text;
	size_t start = text->n;
	struct view uri;

	if (!xml_attr(m->r, "URI", &uri))
		return fail_format(err, "EN 319 162-1 A.4", "reference without URI");
	if (buf_put(text, uri, err) != 0)
		return -1;
	/* Some writers give the name itself, unescaped. */
	*ret_file = asic_find(m->asic, kept_since(m->rec, start));
	if (*ret_file == NULL) {
		percent_decode(text, start);
		*ret_file = asic_find(m->asic, kept_since(m->rec, start));
	}
	*ret_uri = kept_since(m->rec, start);
	return 0;
}

static int read_mime(struct reading *m, struct view *ret_mime, struct ltps_error *err)
{
	size_t start = m->rec->text.n;
	struct view mime;

	if (!xml_attr(m->r, "MimeType", &mime))
		return 0;
	if (buf_put(&m->rec->text, mime, err) != 0)
		return -1;
	*ret_mime = kept_since(m->rec, start);
	return 0;
}

/* Inside an extensions list: nothing critical is known to us. */
static int read_extensions(struct reading *m, struct ltps_error *err)
{
	size_t depth = xml_depth(m->r);
	enum xml_event event = XML_START;

	while (event != XML_END || xml_depth(m->r) != depth) {
		if (xml_next(m->r, &event, err) != 0)
			return -1;
		if (event != XML_START || !in_asic_ns(m->r, "Extension"))
			continue;
		struct view c;
		if (!xml_attr(m->r, "Critical", &c) ||
		    (!view_is_text(c, "false") && !view_is_text(c, "0")))
			return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT,
					 "EN 319 162-1 A.4",
					 "ASiC: critical extension in a manifest");
	}
	return 0;
}

static int read_method(struct reading *m, struct asic_reference *ref,
		       struct ltps_error *err)
{
	struct view alg;

	if (!xml_attr(m->r, "Algorithm", &alg))
		return fail_format(err, "XML Signature 4.4.3.5",
				   "DigestMethod without Algorithm");
	ref->alg = xml_digest_from_uri(alg);
	return xml_skip(m->r, err);
}

static int read_value(struct reading *m, struct asic_reference *ref,
		      struct ltps_error *err)
{
	struct buf *text = &m->rec->text;
	struct ltps_error bad = LTPS_ERROR_INIT;
	size_t start = text->n, to = start, n = 0;

	if (xml_collect(m->r, text, err) != 0)
		return -1;
	for (size_t i = start; i < text->n; i++) {
		uint8_t c = text->p[i];
		if (c != ' ' && c != '\t' && c != '\n' && c != '\r')
			text->p[to++] = c;
	}
	text->n = to;
	if (b64_decode_in_place(text->p + start, to - start, false, &n, &bad) != 0 ||
	    n == 0)
		return fail_format(err, "XML Signature 4.4.3.6", "DigestValue");
	text->n = start + n;
	ref->value = kept_since(m->rec, start);
	return 0;
}

static int compare_digest(struct asic *a, struct asic_reference *ref,
			  struct ltps_error *err)
{
	struct digest d;

	if (ref->file == NULL || ref->alg == DIGEST_NONE)
		return 0;
	if (ref->file->data.n > ASIC_HASHED_MAX - a->hashed)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "ASiC: too much to hash");
	a->hashed += ref->file->data.n;
	if (digest_once(ref->alg, ref->file->data, &d, err) != 0)
		return -1;
	ref->matches = view_equal(digest_view(&d), ref->value);
	return 0;
}

/* Children of DataObjectReference, in the order of the schema. */
static int read_reference_fields(struct reading *m, struct asic_reference *ref,
				 struct ltps_error *err)
{
	unsigned seen = 0; /* 1: DigestMethod, 2: DigestValue, 3: extensions */

	for (;;) {
		enum xml_event event;
		int rc;
		if (xml_next(m->r, &event, err) != 0)
			return -1;
		if (event == XML_END)
			break;
		if (event == XML_TEXT)
			continue;
		if (seen == 0 && xml_is(m->r, XML_NS_DSIG, "DigestMethod"))
			rc = read_method(m, ref, err);
		else if (seen == 1 && xml_is(m->r, XML_NS_DSIG, "DigestValue"))
			rc = read_value(m, ref, err);
		else if (seen == 2 && in_asic_ns(m->r, "DataObjectReferenceExtensions"))
			rc = read_extensions(m, err);
		else
			rc = fail_format(err, "EN 319 162-1 A.4",
					 "foreign element in a reference");
		if (rc != 0)
			return -1;
		seen++;
	}
	if (seen < 2)
		return fail_format(err, "EN 319 162-1 A.4", "reference without digest");
	return compare_digest(m->asic, ref, err);
}

static int read_reference(struct reading *m, struct ltps_error *err)
{
	struct asic_record *rec = m->rec;

	if (m->asic->n_references++ == ASIC_REFERENCES_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "ASiC: too many references");
	if (rec->n_references == m->cap) {
		size_t cap = m->cap > 0 ? m->cap * 2 : 8;
		void *p = mem_resize(rec->references, cap, sizeof(rec->references[0]));
		if (p == NULL)
			return ltps_fail_nomem(err);
		rec->references = p;
		m->cap = cap;
	}
	struct asic_reference *ref = &rec->references[rec->n_references++];
	*ref = (struct asic_reference){ 0 };
	if (read_uri(m, &ref->uri, &ref->file, err) != 0 ||
	    read_mime(m, &ref->mime, err) != 0 ||
	    read_reference_fields(m, ref, err) != 0)
		return -1;
	for (size_t i = 0; i + 1 < rec->n_references; i++) {
		if (view_equal(rec->references[i].uri, ref->uri))
			return fail_format(err, "EN 319 162-1 A.4",
					   "file referenced twice");
	}
	return 0;
}

static int read_sig_reference(struct reading *m, struct ltps_error *err)
{
	struct view uri;

	m->has_sig_reference = true;
	if (read_uri(m, &uri, &m->rec->file, err) != 0)
		return -1;
	if (m->rec->file == NULL || !asic_is_record(m->rec->file->name, &m->rec->xml))
		return fail_format(
		    err, "EN 319 162-1 A.4",
		    "manifest names no evidence record of the container");
	return xml_skip(m->r, err);
}

/* Children of ASiCManifest, in the order of the schema. */
static int read_manifest_child(struct reading *m, bool *done, struct ltps_error *err)
{
	if (!m->has_sig_reference && in_asic_ns(m->r, "SigReference"))
		return read_sig_reference(m, err);
	if (m->has_sig_reference && !*done && in_asic_ns(m->r, "DataObjectReference"))
		return read_reference(m, err);
	if (m->rec->n_references > 0 && !*done &&
	    in_asic_ns(m->r, "ASiCManifestExtensions")) {
		*done = true;
		return read_extensions(m, err);
	}
	return fail_format(err, "EN 319 162-1 A.4", "foreign element in a manifest");
}

static int read_manifest_fields(struct reading *m, struct ltps_error *err)
{
	enum xml_event event;
	bool done = false;

	if (xml_next(m->r, &event, err) != 0)
		return -1;
	if (event != XML_START || !in_asic_ns(m->r, "ASiCManifest"))
		return fail_format(err, "EN 319 162-1 A.4", "not an ASiCManifest");
	while (event != XML_END) {
		if (xml_next(m->r, &event, err) != 0)
			return -1;
		if (event == XML_START && read_manifest_child(m, &done, err) != 0)
			return -1;
	}
	if (xml_next(m->r, &event, err) != 0)
		return -1;
	if (m->rec->n_references == 0)
		return fail_format(err, "EN 319 162-1 A.4",
				   "manifest without references");
	return 0;
}

static int read_manifest(struct asic *a, const struct asic_file *file,
			 struct asic_record *rec, struct ltps_error *err)
{
	struct reading m = { .asic = a, .rec = rec };
	int rc = -1;

	if (file->data.n > ASIC_MANIFEST_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "ASiC: manifest too large");
	rec->manifest_name = file->name;
	rec->text = buf_make(file->data.n);
	if (buf_reserve(&rec->text, file->data.n, err) != 0 ||
	    xml_open(file->data, &m.r, err) != 0)
		return -1;
	if (read_manifest_fields(&m, err) != 0)
		goto out;
	rec->all_match = true;
	for (size_t i = 0; i < rec->n_references; i++)
		rec->all_match = rec->all_match && rec->references[i].matches;
	rc = 0;
out:
	xml_close(m.r);
	return rc;
}

/* ---- evidence records ---- */

/* ASiC-S: one data object, one record, no manifest (EN 319 162-1 4.3.3.2). */
static int read_simple(struct asic *a, struct ltps_error *err)
{
	for (size_t i = 0; i < a->n_files; i++) {
		struct asic_record *rec = &a->records[0];
		bool xml;
		if (!asic_is_record(a->files[i].name, &xml))
			continue;
		if (a->n_objects != 1 || a->n_records == 1)
			return fail_format(err, "EN 319 162-1 4.3.3.2",
					   "ASiC-S needs one object and one record");
		a->n_records = 1;
		rec->references = mem_zalloc(1, sizeof(rec->references[0]));
		if (rec->references == NULL)
			return ltps_fail_nomem(err);
		rec->n_references = a->n_references = 1;
		rec->references[0].uri = a->objects[0]->name;
		rec->references[0].file = a->objects[0];
		rec->references[0].matches = rec->all_match = true;
		rec->file = &a->files[i];
		rec->xml = xml;
	}
	return 0;
}

static int read_records(struct asic *a, struct ltps_error *err)
{
	a->records = mem_zalloc(ASIC_RECORDS_MAX, sizeof(a->records[0]));
	if (a->records == NULL)
		return ltps_fail_nomem(err);
	if (a->simple)
		return read_simple(a, err);
	for (size_t i = 0; i < a->n_files; i++) {
		if (!asic_is_record_manifest(a->files[i].name))
			continue;
		if (a->n_records == ASIC_RECORDS_MAX)
			return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
					 "ASiC: too many evidence records");
		if (read_manifest(a, &a->files[i], &a->records[a->n_records++], err) !=
		    0)
			return ltps_where(err, "manifest %zu", a->n_records);
	}
	return 0;
}

int asic_parse(struct view in, struct asic **ret_asic, struct ltps_error *err)
{
	struct zip *z = NULL;
	struct asic *a = NULL;
	int rc = -1;

	if (zip_open(in, &z, err) != 0)
		return -1;
	a = mem_zalloc(1, sizeof(*a));
	if (a == NULL) {
		ltps_fail_nomem(err);
		goto out;
	}
	if (check_mimetype(z, &a->simple, err) != 0 || read_files(a, z, err) != 0 ||
	    read_records(a, err) != 0)
		goto out;
	*ret_asic = a;
	a = NULL;
	rc = 0;
out:
	asic_free(a);
	zip_free(z);
	return rc;
}

void asic_free(struct asic *asic)
{
	if (asic == NULL)
		return;
	for (size_t i = 0; i < asic->n_records; i++) {
		mem_free(asic->records[i].references);
		buf_free(&asic->records[i].text);
	}
	mem_free(asic->records);
	for (size_t i = 0; i < asic->n_files; i++)
		buf_free(&asic->files[i].owned);
	mem_free(asic->objects);
	mem_free(asic->files);
	mem_free(asic);
}
