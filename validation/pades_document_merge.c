/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pades_document_merge - the documents of the single CMS become one: their lists in the
 * order of the file, indexes shifted, ids made anew. The parts stay with the document,
 * since much of it points into them.
 */
#include "validation/pades_document.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

/* ---- counting ---- */

struct totals {
	size_t signatures, stamps, records;
};

static struct totals count_all(const struct pdf_reader *r)
{
	struct totals t = { 0 };

	for (size_t i = 0; i < r->n_parts; i++) {
		const struct pdf_part *p = &r->parts[i];
		if (p->d != NULL) {
			t.signatures += p->d->n_signatures;
			t.stamps += p->d->n_stamps;
			t.records += p->d->n_records;
		} else if (p->kind == PDF_PART_SIGNATURE) {
			t.signatures++;
		} else if (p->kind == PDF_PART_STAMP) {
			t.stamps++;
		}
	}
	return t;
}

static int make_room(struct pdf_reader *r, struct ltps_error *err)
{
	struct totals t = count_all(r);
	struct document *d = r->d;

	if (t.signatures > DOCUMENT_SIGNATURES_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "more than %d signatures", DOCUMENT_SIGNATURES_MAX);
	if (t.stamps > DOCUMENT_STAMPS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "more than %d time-stamps", DOCUMENT_STAMPS_MAX);
	d->signatures = mem_zalloc(t.signatures + 1, sizeof(*d->signatures));
	d->stamps = mem_zalloc(t.stamps + 1, sizeof(*d->stamps));
	d->records = mem_zalloc(t.records + 1, sizeof(*d->records));
	d->ers = mem_zalloc(t.records + 1, sizeof(*d->ers));
	d->parts = mem_zalloc(r->n_parts + 1, sizeof(*d->parts));
	if (d->signatures == NULL || d->stamps == NULL || d->records == NULL ||
	    d->ers == NULL || d->parts == NULL)
		return ltps_fail_nomem(err);
	return 0;
}

/* ---- what cannot be read ---- */

/* Listed with what is wrong: nobody is told that there was no signature. */
static int put_unreadable_signature(struct document *d, struct pdf_part *p,
				    struct ltps_error *err)
{
	struct document_signature *s = &d->signatures[d->n_signatures];
	struct digest id;

	if (digest_once(DIGEST_SHA256, p->found->contents, &id, err) != 0)
		return -1;
	d->n_signatures++;
	memcpy(s->sha256, id.p, sizeof(s->sha256));
	s->role = ROLE_SIGNATURE;
	s->format = p->found->subfilter == PADES_CADES_DETACHED ? SIGNATURE_PADES
								: SIGNATURE_PKCS7;
	s->parent = -1;
	s->pdf = p->pdf;
	s->claims.signing_time_ms = p->found->has_time ? p->found->time_ms : INT64_MIN;
	s->profile = "PDF";
	snprintf(s->defect, sizeof(s->defect), "%s", p->defect);
	snprintf(s->why_not, sizeof(s->why_not), "%.159s", p->defect);
	s->defect_clause = p->defect_clause;
	return 0;
}

static int put_unreadable_stamp(struct document *d, struct pdf_part *p,
				struct ltps_error *err)
{
	struct document_stamp *st = &d->stamps[d->n_stamps];
	struct digest id;

	st->token = p->found->cms.n > 0 ? p->found->cms : p->found->contents;
	if (digest_once(DIGEST_SHA256, st->token, &id, err) != 0)
		return -1;
	d->n_stamps++;
	memcpy(st->sha256, id.p, sizeof(st->sha256));
	st->type = STAMP_DOCUMENT;
	st->name = "document-time-stamp";
	st->signature = -1;
	st->pdf = p->pdf;
	snprintf(st->defect, sizeof(st->defect), "%s", p->defect);
	return 0;
}

/* ---- moving ---- */

static void take_signatures(struct document *d, struct document *part)
{
	size_t first = d->n_signatures;

	memcpy(d->signatures + first, part->signatures,
	       part->n_signatures * sizeof(*d->signatures));
	d->n_signatures += part->n_signatures;
	for (size_t i = first; i < d->n_signatures; i++) {
		if (d->signatures[i].parent >= 0)
			d->signatures[i].parent += (int)first;
	}
	mem_free(part->signatures);
	part->signatures = NULL;
	part->n_signatures = 0;
}

static void take_stamps(struct document *d, struct document *part, int first_signature)
{
	size_t first = d->n_stamps;

	memcpy(d->stamps + first, part->stamps, part->n_stamps * sizeof(*d->stamps));
	d->n_stamps += part->n_stamps;
	for (size_t i = first; i < d->n_stamps; i++) {
		struct document_stamp *st = &d->stamps[i];
		if (first_signature >= 0)
			st->signature =
			    first_signature + (st->signature > 0 ? st->signature : 0);
	}
	mem_free(part->stamps);
	part->stamps = NULL;
	part->n_stamps = 0;
}

/* The records stay with their part too, which knows what they cover. */
static void take_records(struct document *d, const struct document *part)
{
	for (size_t i = 0; i < part->n_records; i++) {
		size_t k = d->n_records++;
		d->records[k] = part->records[i];
		d->records[k].er = k;
		d->ers[k] = part->ers[part->records[i].er];
		d->n_ers = k + 1;
	}
}

/* All proofs together are bounded, as of any file. */
static void bound_covers(struct document *d, struct document *part, size_t *left)
{
	if (part->n_all_covers <= *left) {
		*left -= part->n_all_covers;
		return;
	}
	for (size_t i = 0; i < part->n_stamps; i++) {
		part->stamps[i].covers = NULL;
		part->stamps[i].n_covers = 0;
	}
	for (size_t i = 0; i < part->n_records; i++) {
		part->records[i].covers = NULL;
		part->records[i].n_covers = 0;
	}
	reader_note(d, "proofs of more than %d objects: the rest is left out",
		    DOCUMENT_COVERS_MAX);
}

static void take_notes(struct document *d, const struct document *part)
{
	for (size_t i = 0; i < part->n_notes; i++)
		reader_note(d, "%s", part->notes[i]);
}

/* From here on the document owns it. */
static void take_part(struct pdf_reader *r, struct pdf_part *p)
{
	struct document *d = r->d;

	reader_clear(&p->reader);
	memset(&p->reader, 0, sizeof(p->reader));
	take_notes(d, p->d);
	take_records(d, p->d);
	p->d->content = NULL;
	d->parts[d->n_parts++] = p->d;
	p->d = NULL;
}

static void take_vris(struct pdf_reader *r, size_t of, size_t *left)
{
	for (size_t i = r->n_dictionaries; i < r->n_parts; i++) {
		struct pdf_part *p = &r->parts[i];
		if (p->of != of || p->d == NULL)
			continue;
		bound_covers(r->d, p->d, left);
		p->first = r->d->n_stamps;
		reader_clear(&p->reader);
		memset(&p->reader, 0, sizeof(p->reader));
		take_stamps(r->d, p->d, (int)r->parts[of].first);
		take_part(r, p);
	}
}

static int merge_signature(struct pdf_reader *r, size_t i, size_t *left,
			   struct ltps_error *err)
{
	struct pdf_part *p = &r->parts[i];
	struct document *d = r->d;

	p->first = d->n_signatures;
	p->n = p->d != NULL ? p->d->n_signatures : 1;
	if (p->d == NULL)
		return put_unreadable_signature(d, p, err);
	bound_covers(d, p->d, left);
	/* Before the lists move: it goes by their lengths. */
	reader_clear(&p->reader);
	memset(&p->reader, 0, sizeof(p->reader));
	take_signatures(d, p->d);
	take_stamps(d, p->d, (int)p->first);
	take_part(r, p);
	take_vris(r, i, left);
	return 0;
}

static int merge_stamp(struct pdf_reader *r, size_t i, size_t *left,
		       struct ltps_error *err)
{
	struct pdf_part *p = &r->parts[i];

	p->first = r->d->n_stamps;
	if (p->d == NULL)
		return put_unreadable_stamp(r->d, p, err);
	bound_covers(r->d, p->d, left);
	p->d->stamps[0].pdf = p->pdf;
	reader_clear(&p->reader);
	memset(&p->reader, 0, sizeof(p->reader));
	take_stamps(r->d, p->d, -1);
	take_part(r, p);
	return 0;
}

/* ---- ids ---- */

static void set_ids(struct document *d)
{
	for (size_t i = 0; i < d->n_signatures; i++) {
		struct document_signature *s = &d->signatures[i];
		unsigned nth = 1;
		for (size_t k = 0; k < i; k++)
			nth += memcmp(d->signatures[k].sha256, s->sha256, 8) == 0;
		reader_id(s->id, 'S', s->sha256, nth);
	}
	for (size_t i = 0; i < d->n_stamps; i++) {
		struct document_stamp *st = &d->stamps[i];
		unsigned nth = 1;
		for (size_t k = 0; k < i; k++)
			nth += memcmp(d->stamps[k].sha256, st->sha256, 8) == 0;
		reader_id(st->id, 'T', st->sha256, nth);
		if (st->as_signature != NULL)
			memcpy(st->as_signature->id, st->id, sizeof(st->id));
	}
	for (size_t i = 0; i < d->n_records; i++) {
		struct document_record *rec = &d->records[i];
		unsigned nth = 1;
		for (size_t k = 0; k < i; k++)
			nth += memcmp(d->records[k].sha256, rec->sha256, 8) == 0;
		reader_id(rec->id, 'E', rec->sha256, nth);
	}
}

int pdf_merge(struct pdf_reader *r, struct ltps_error *err)
{
	size_t left = DOCUMENT_COVERS_MAX;

	if (make_room(r, err) != 0)
		return -1;
	for (size_t i = 0; i < r->n_dictionaries; i++) {
		if (r->parts[i].kind == PDF_PART_SIGNATURE &&
		    merge_signature(r, i, &left, err) != 0)
			return -1;
	}
	for (size_t i = 0; i < r->n_dictionaries; i++) {
		if (r->parts[i].kind == PDF_PART_STAMP &&
		    merge_stamp(r, i, &left, err) != 0)
			return -1;
	}
	set_ids(r->d);
	return 0;
}

int pdf_record_octets(const struct document *d, const struct document_record *r,
		      enum cms_er_form form, struct buf *out, struct ltps_error *err)
{
	size_t first = 0;

	for (size_t i = 0; i < d->n_parts; i++) {
		const struct document *part = d->parts[i];
		if (r->er < first + part->n_records)
			return document_record_octets(
			    part, &part->records[r->er - first], form, out, err);
		first += part->n_records;
	}
	return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
			 "an evidence record of no signature");
}
