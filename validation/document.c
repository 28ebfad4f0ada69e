/* SPDX-License-Identifier: Apache-2.0 */
/* document - reading a CMS file step by step; what its steps share. */
#include "validation/document.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/format.h"
#include "validation/cades_document.h"

bool reader_passes_over(struct ltps_error *err)
{
	if (err->code != LTPS_FORMAT && err->code != LTPS_UNSUPPORTED &&
	    err->code != LTPS_TOO_LARGE && err->code != LTPS_NOT_FOUND)
		return false;
	ltps_error_clear(err);
	return true;
}

void reader_note(struct document *d, const char *fmt, ...)
{
	char text[sizeof(d->notes[0])];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	for (size_t i = 0; i < d->n_notes; i++) {
		if (strcmp(d->notes[i], text) == 0)
			return;
	}
	if (d->n_notes < sizeof(d->notes) / sizeof(d->notes[0]))
		memcpy(d->notes[d->n_notes++], text, sizeof(text));
}

bool reader_spend(struct reader *r, uint64_t octets)
{
	if (octets > r->work)
		return false;
	r->work -= octets;
	return true;
}

int located_put(struct located_list *l, struct view where, enum object_kind kind,
		const uint8_t sha256[32], enum digest_alg by, struct ltps_error *err)
{
	if (mem_grow(&l->v, sizeof(l->v[0]), l->n + 1, &l->cap, err) != 0)
		return -1;
	struct located *o = &l->v[l->n++];
	o->where = where;
	o->cover.kind = kind;
	memcpy(o->cover.sha256, sha256, sizeof(o->cover.sha256));
	o->cover.by = by;
	return 0;
}

int located_put_responders(struct located_list *l, struct view where,
			   const struct ocsp *o, enum digest_alg by,
			   struct ltps_error *err)
{
	for (size_t i = 0; i < o->n_certs; i++) {
		if (located_put(l, where, OBJECT_CERT, o->certs[i]->sha256, by, err) !=
		    0)
			return -1;
	}
	return 0;
}

void reader_id(char id[DOCUMENT_ID_MAX], char prefix, const uint8_t sha256[32],
	       unsigned nth)
{
	char hex[17];

	hex_encode(view_of(sha256, 8), hex);
	if (nth == 1)
		snprintf(id, DOCUMENT_ID_MAX, "%c-%s", prefix, hex);
	else
		snprintf(id, DOCUMENT_ID_MAX, "%c-%s-%u", prefix, hex, nth);
}

struct content *reader_content(struct reader *r, size_t signature)
{
	struct document *d = r->d;

	if (d->signatures[signature].role == ROLE_COUNTERSIGNATURE)
		return &r->signers[signature].content;
	/* Nothing at hand: a content of which not even a digest is known. */
	return d->content != NULL ? d->content : &d->own;
}

/* ---- the content, in one pass ---- */

static void want(bool wanted[DIGEST_ALG_COUNT], enum digest_alg alg)
{
	wanted[alg] = alg != DIGEST_NONE;
}

static void want_for_stamps(const struct reader *r, bool wanted[DIGEST_ALG_COUNT])
{
	const struct document *d = r->d;

	for (size_t i = 0; i < d->n_stamps; i++) {
		const struct document_stamp *st = &d->stamps[i];
		bool over_content = st->type == STAMP_CONTENT || st->is_archive_v3 ||
				    st->type == STAMP_DOCUMENT;
		if (st->tst != NULL && over_content)
			want(wanted, st->tst->imprint_alg);
	}
}

void reader_wants(const struct reader *r, bool wanted[DIGEST_ALG_COUNT])
{
	want(wanted, DIGEST_SHA256); /* its identity */
	for (size_t i = 0; i < r->d->n_signatures; i++) {
		const struct document_signature *s = &r->d->signatures[i];
		if (s->role == ROLE_SIGNATURE && s->n_references > 0)
			want(wanted, s->digest);
	}
	want_for_stamps(r, wanted);
}

static int take_digests(struct reader *r, struct ltps_error *err)
{
	struct content *c = r->d->content;
	bool wanted[DIGEST_ALG_COUNT] = { false };
	enum digest_alg algs[DIGEST_ALG_COUNT];
	size_t n = 0;

	if (c == NULL)
		return 0;
	reader_wants(r, wanted);
	for (int alg = 1; alg < DIGEST_ALG_COUNT; alg++) {
		if (wanted[alg] &&
		    (content_has_octets(c) || c->known[alg].alg != DIGEST_NONE))
			algs[n++] = (enum digest_alg)alg;
	}
	return content_digests(c, algs, n, err);
}

static int take_into_memory(void *to, struct view piece, struct ltps_error *err)
{
	return buf_put(to, piece, err);
}

/* The content as a view, for a value that is over it; empty when it is too large. */
static int bare_content(struct document *d, struct view *ret, bool *ret_has,
			struct ltps_error *err)
{
	*ret_has = false;
	if (d->content == NULL || !content_has_octets(d->content))
		return 0;
	*ret_has = true;
	if (d->content->in_memory) {
		*ret = d->content->bytes;
		return 0;
	}
	if (d->own_octets.p == NULL) {
		d->own_octets = buf_make(DOCUMENT_BARE_CONTENT_MAX);
		if (d->content->feed(d->content->arg, take_into_memory, &d->own_octets,
				     err) != 0) {
			buf_free(&d->own_octets);
			*ret_has = false;
			reader_note(d, "the content is too large for a signature "
				       "without signed attributes");
			return reader_passes_over(err) ? 0 : -1;
		}
	}
	*ret = view_buf(&d->own_octets);
	return 0;
}

bool reader_is_signed_attributes(struct view content)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct tlv set, attribute, type;

	if (tlv_only(content, &set, &ignored) != 0 ||
	    !tlv_is(&set, ASN1_UNIVERSAL, ASN1_TAG_SET))
		return false;
	while (set.body.n > 0) {
		if (tlv_expect(&set.body, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE,
			       "Attribute", &attribute, &ignored) != 0 ||
		    tlv_expect(&attribute.body, ASN1_UNIVERSAL, ASN1_TAG_OID,
			       "attrType", &type, &ignored) != 0)
			return false;
		if (oid_is(type.body, OID_MESSAGE_DIGEST))
			return true;
	}
	return false;
}

/* A signature without signed attributes: over the content itself. */
static int take_bare(struct document *d, struct document_signature *s,
		     struct ltps_error *err)
{
	struct view octets = VIEW_NULL;
	bool has = false;

	if (bare_content(d, &octets, &has, err) != 0)
		return -1;
	if (!has)
		return 0;
	s->octets[s->n_octets++] = octets;
	if (reader_is_signed_attributes(octets) && s->defect[0] == '\0') {
		snprintf(s->defect, sizeof(s->defect),
			 "the content is a set of signed attributes");
		s->defect_clause = "RFC 5652 5.4";
	}
	return 0;
}

static int reader_digests(struct reader *r, struct ltps_error *err)
{
	struct document *d = r->d;
	static const enum digest_alg identity[] = { DIGEST_SHA256 };

	if (take_digests(r, err) != 0)
		return -1;
	for (size_t i = 0; i < d->n_signatures; i++) {
		struct document_signature *s = &d->signatures[i];
		struct content *c = reader_content(r, i);
		if (s->role == ROLE_COUNTERSIGNATURE &&
		    content_digests(c, identity, 1, err) != 0)
			return -1;
		if (reader_compare(s, c, err) != 0)
			return -1;
		if (s->role == ROLE_SIGNATURE && !s->has_signed_attrs &&
		    take_bare(d, s, err) != 0)
			return -1;
	}
	return 0;
}

/* ---- the steps ---- */

static void set_content(struct document *d, struct content *given)
{
	d->own.digests_only = true;
	if (!d->cms->has_content) {
		d->content = given;
		return;
	}
	d->own = content_of(d->cms->content);
	d->content = &d->own;
}

/*
 * Content that was given although the file holds its own. Nothing here is about it
 * when it is another one, and whoever gave it must be told.
 */
static int compare_given(struct document *d, struct content *given,
			 struct ltps_error *err)
{
	struct digest own, other;

	if (given == NULL || d->content != &d->own)
		return 0;
	if (!content_has_octets(given) &&
	    given->known[DIGEST_SHA256].alg == DIGEST_NONE) {
		reader_note(d, "the file holds its content; the one given is not used");
		return 0;
	}
	if (content_digest(d->content, DIGEST_SHA256, &own, err) != 0 ||
	    content_digest(given, DIGEST_SHA256, &other, err) != 0)
		return -1;
	bool same = view_equal(digest_view(&own), digest_view(&other));
	d->given = same ? MATCH_YES : MATCH_NO;
	reader_note(d, same
			   ? "the file holds its content; the one given is the same"
			   : "the file holds another content than the one given, which "
			     "is not used and not signed");
	return 0;
}

static bool is_token(const struct cms *cms)
{
	return cms->has_content && oid_is(cms->content_type, OID_TST_INFO);
}

static int read_parts(struct reader *r, struct content *given, struct ltps_error *err)
{
	if (is_token(r->d->cms)) {
		r->d->own.digests_only = true;
		r->d->content = given;
		return reader_token(r, err);
	}
	set_content(r->d, given);
	if (r->detached)
		r->d->content = given;
	if (reader_signatures(r, err) != 0 || reader_stamps(r, err) != 0)
		return -1;
	return reader_records(r, err);
}

static int read_all(struct reader *r, struct content *given, struct ltps_error *err)
{
	if (read_parts(r, given, err) != 0 || reader_digests(r, err) != 0 ||
	    compare_given(r->d, given, err) != 0 || reader_material(r, err) != 0 ||
	    reader_imprints(r, err) != 0 || reader_covers(r, err) != 0)
		return -1;
	reader_levels(r);
	return 0;
}

void reader_clear(struct reader *r)
{
	for (size_t i = 0; r->signers != NULL && i < r->d->n_signatures; i++) {
		mem_free(r->signers[i].stamps);
		mem_free(r->signers[i].core.v);
		mem_free(r->signers[i].unsigned_objects.v);
	}
	for (size_t i = 0; r->stamps != NULL && i < r->d->n_stamps; i++) {
		mem_free(r->stamps[i].inside.v);
		if (r->stamps[i].has_match)
			cades_index_match_clear(&r->stamps[i].match);
	}
	for (size_t i = 0; r->records != NULL && i < r->d->n_records; i++)
		mem_free(r->records[i].v);
	mem_free(r->records);
	mem_free(r->signers);
	mem_free(r->stamps);
	mem_free(r->root.v);
}

static const struct format *format_of(const struct document *d)
{
	const struct format *f = format_detect(d->cms->whole);

	return f->kind == FORMAT_OCTETS ? format_by_kind(FORMAT_CADES) : f;
}

/* ---- a CMS inside another file, in two steps ---- */

int reader_open(struct reader *r, struct view der, struct content *content,
		struct ltps_error *err)
{
	if (cms_parse(der, &r->d->cms, err) != 0)
		return -1;
	r->d->format = format_of(r->d);
	return read_parts(r, content, err);
}

int reader_finish(struct reader *r, struct ltps_error *err)
{
	if (reader_digests(r, err) != 0 || reader_material(r, err) != 0 ||
	    reader_imprints(r, err) != 0 || reader_covers(r, err) != 0)
		return -1;
	reader_levels(r);
	return 0;
}

static int read_der(struct view der, struct content *content, struct sig_cache *known,
		    struct document *d, struct ltps_error *err)
{
	struct reader r = { .d = d, .work = DOCUMENT_WORK_MAX };
	int rc;

	if (material_new(&d->material, err) != 0 || cms_parse(der, &d->cms, err) != 0)
		return -1;
	d->format = format_of(d);
	material_know(d->material, known);
	rc = read_all(&r, content, err);
	material_know(d->material, NULL);
	reader_clear(&r);
	return rc;
}

int document_read(struct view file, struct content *content, struct document **ret_doc,
		  struct ltps_error *err)
{
	return document_read_known(file, content, NULL, ret_doc, err);
}

int document_read_known(struct view file, struct content *content,
			struct sig_cache *known, struct document **ret_doc,
			struct ltps_error *err)
{
	struct buf der = buf_make(CMS_SIZE_MAX);
	struct document *d = mem_zalloc(1, sizeof(*d));
	int rc = -1;

	if (d == NULL)
		return ltps_fail_nomem(err);
	if (format_is_pem(file)) {
		if (format_pem_decode(file, &der, err) != 0)
			goto out;
		file = view_buf(&der);
	}
	if (read_der(file, content, known, d, err) != 0)
		goto out;
	*ret_doc = d;
	d = NULL;
	rc = 0;
out:
	document_free(d);
	buf_free(&der);
	return rc;
}

void document_free(struct document *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->n_signatures; i++)
		document_signature_clear(&d->signatures[i]);
	for (size_t i = 0; i < d->n_stamps; i++) {
		if (d->stamps[i].as_signature != NULL)
			document_signature_clear(d->stamps[i].as_signature);
		mem_free(d->stamps[i].as_signature);
		tst_free(d->stamps[i].tst);
	}
	mem_free(d->signatures);
	mem_free(d->stamps);
	mem_free(d->records);
	mem_free(d->ers);
	mem_free(d->all_covers);
	document_pdf_clear(d);
	material_free(d->material);
	buf_free(&d->own_octets);
	cms_free(d->cms);
	mem_free(d);
}

/* ---- names ---- */

const char *signature_format_name(enum signature_format f)
{
	static const char *const names[] = { "CAdES", "PAdES", "PKCS7" };
	return f >= 0 && f <= SIGNATURE_PKCS7 ? names[f] : "?";
}

const char *signature_level_name(enum signature_level l)
{
	static const char *const names[] = { "none", "B", "T", "LT", "LTA" };
	return l >= 0 && l <= LEVEL_LTA ? names[l] : "?";
}

const char *stamp_type_name(enum stamp_type t)
{
	static const char *const names[] = { "content", "signature", "validation_data",
					     "archive", "document" };
	return t >= 0 && t <= STAMP_DOCUMENT ? names[t] : "?";
}
