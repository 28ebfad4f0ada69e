/* SPDX-License-Identifier: Apache-2.0 */
/* pades_document - reading a PDF as a document, step by step. */
#include "validation/pades_document.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/format.h"

#define CLAUSE_OBJECTS "ISO 32000-2 7.5"

/* ---- beside each dictionary ---- */

static void fill_changes(const struct document *d, struct document_pdf *p)
{
	const struct pdf_changes *c = &d->changes;
	size_t first = 0;

	while (first < c->n && c->v[first].revision <= p->found->revision)
		first++;
	p->n_changes = c->n - first;
	p->changes = p->n_changes > 0 ? c->v + first : NULL;
	for (size_t i = first; i < c->n && p->undefined == NULL; i++) {
		if (c->v[i].kind == PDF_CHANGE_UNDEFINED)
			p->undefined = &c->v[i];
	}
	pdf_changes_forbidden(d->pdf, c, p->index, &p->forbidden, p->forbidden_why);
}

static int make_pdfs(struct document *d, struct ltps_error *err)
{
	d->pdfs = mem_zalloc(d->pdf->n_signatures + 1, sizeof(*d->pdfs));
	if (d->pdfs == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < d->pdf->n_signatures; i++) {
		struct document_pdf *p = &d->pdfs[i];
		p->found = &d->pdf->signatures[i];
		p->index = i;
		p->byte_range_valid = p->found->coverage != PADES_COVERS_NOTHING;
		p->covers_whole_file = p->found->coverage == PADES_COVERS_FILE;
	}
	return 0;
}

static int find_changes(struct document *d, struct pdf_passing *passing,
			struct ltps_error *err)
{
	if (pdf_changes_find_passed(passing, &d->changes, err) != 0)
		return -1;
	for (size_t i = 0; i < d->pdf->n_signatures; i++)
		fill_changes(d, &d->pdfs[i]);
	return 0;
}

/* ---- the second reader ---- */

/* Once for each revision; what it says stays with the caller. */
struct confirmation {
	size_t revision;
	bool asked;
	char differs[200];
	char unconfirmed[sizeof(((struct document_pdf *)0)->unconfirmed)];
};

static int ask(struct document *d, size_t revision, struct confirmation *c,
	       struct ltps_error *err)
{
	if (c->asked && c->revision == revision)
		return 0;
	*c = (struct confirmation){ .revision = revision, .asked = true };
	if (pdf_objects_confirm(d->pdf->objects, revision, c->differs, err) == 0)
		return 0;
	if (err->code != LTPS_STATE && err->code != LTPS_UNSUPPORTED)
		return -1;
	snprintf(c->unconfirmed, sizeof(c->unconfirmed), "%.*s",
		 (int)sizeof(c->unconfirmed) - 1, err->text);
	reader_note(d, "not read by a second reader: %.100s", err->text);
	ltps_error_clear(err);
	return 0;
}

static void apply(struct pdf_part *p, struct document_pdf *pdf,
		  const struct confirmation *c)
{
	if (c->differs[0] != '\0')
		pdf_part_defect(p, CLAUSE_OBJECTS,
				"readers see different objects in revision %zu: %.140s",
				c->revision, c->differs);
	if (c->unconfirmed[0] != '\0')
		memcpy(pdf->unconfirmed, c->unconfirmed, sizeof(pdf->unconfirmed));
}

/* The newest revision, which says what there is, and each signed one, the newest of
 * them first: the limit is to leave out the oldest. */
static int confirm(struct pdf_reader *r, struct ltps_error *err)
{
	struct document *d = r->d;
	struct confirmation newest = { .asked = false }, own = { .asked = false };

	if (ask(d, d->pdf->file->n_revisions - 1, &newest, err) != 0)
		return -1;
	own = newest;
	for (size_t i = r->n_dictionaries; i-- > 0;) {
		struct pdf_part *p = &r->parts[i];
		apply(p, &d->pdfs[i], &newest);
		if (p->found->coverage == PADES_COVERS_NOTHING ||
		    p->found->coverage == PADES_COVERS_UNCLEAR)
			continue;
		if (ask(d, p->found->revision, &own, err) != 0)
			return -1;
		apply(p, &d->pdfs[i], &own);
	}
	return 0;
}

/*
 * What other readers may take for another file: revisions that the chain leaves out,
 * sections that contradict each other. Our own reading is then one of several, and with
 * it every signature and time-stamp that it shows.
 */
static void check_chain(struct pdf_reader *r)
{
	static const char *const codes[] = {
		"PDF_REVISION_SKIPPED",      "PDF_TWO_READINGS",
		"PDF_ENTRIES_CONTRADICT",    "PDF_HYBRID_CONTRADICTS",
		"PDF_TRAILER_KEY_TWICE",     "PDF_STARTXREF_OF_ANOTHER_SECTION",
		"PDF_HYBRID_STREAM_OUTSIDE", "PDF_ENCRYPT_CHANGED",
	};
	const struct pdf_file *f = r->d->pdf->file;

	for (size_t i = 0; i < f->n_findings; i++) {
		bool found = false;
		for (size_t k = 0; k < sizeof(codes) / sizeof(codes[0]) && !found; k++)
			found = f->findings[i].kind == PDF_SUSPICIOUS &&
				strcmp(f->findings[i].code, codes[k]) == 0;
		for (size_t k = 0; k < r->n_dictionaries && found; k++)
			pdf_part_defect(&r->parts[k], CLAUSE_OBJECTS, "%s: %.140s",
					f->findings[i].code, f->findings[i].text);
	}
}

/* ---- parts ---- */

static enum pdf_part_kind kind_of(const struct pades_signature *s)
{
	return s->is_stamp || s->subfilter == PADES_RFC3161 ? PDF_PART_STAMP
							    : PDF_PART_SIGNATURE;
}

static int make_parts(struct pdf_reader *r, struct ltps_error *err)
{
	const struct pades *p = r->d->pdf;

	r->parts = mem_zalloc(p->n_signatures + p->dss.n_vris + 1, sizeof(*r->parts));
	if (r->parts == NULL)
		return ltps_fail_nomem(err);
	r->n_dictionaries = r->n_parts = p->n_signatures;
	for (size_t i = 0; i < p->n_signatures; i++) {
		r->parts[i].kind = kind_of(&p->signatures[i]);
		r->parts[i].found = &p->signatures[i];
		r->parts[i].pdf = &r->d->pdfs[i];
	}
	return 0;
}

/* Behind those of the dictionaries: their content is the value of one of these. */
static int open_vri(struct pdf_reader *r, const struct pades_vri *v,
		    struct ltps_error *err)
{
	struct pdf_part *p = &r->parts[r->n_parts];

	if (v->stamp.n == 0 || v->signature < 0 ||
	    (size_t)v->signature >= r->n_dictionaries)
		return 0;
	const struct pdf_part *of = &r->parts[v->signature];
	if (of->kind != PDF_PART_SIGNATURE || of->d == NULL) {
		reader_note(r->d, "a VRI time-stamp of what is no signature");
		return 0;
	}
	r->n_parts++;
	p->kind = PDF_PART_VRI;
	p->found = of->found;
	p->vri = v;
	p->of = (size_t)v->signature;
	p->content = content_of(of->d->signatures[0].value);
	if (pdf_part_open(r, p, err) != 0)
		return -1;
	if (p->d == NULL)
		reader_note(r->d, "a VRI time-stamp that does not decode");
	return 0;
}

static bool has_vri_stamp(const struct pades *p)
{
	for (size_t i = 0; i < p->dss.n_vris; i++)
		if (p->dss.vris[i].stamp.n > 0)
			return true;
	return false;
}

static int open_all(struct pdf_reader *r, struct ltps_error *err)
{
	const struct pades *p = r->d->pdf;

	for (size_t i = 0; i < r->n_dictionaries; i++) {
		if (pdf_part_open(r, &r->parts[i], err) != 0)
			return ltps_where(err, "signature dictionary %zu", i + 1);
	}
	if (has_vri_stamp(p) && pades_match_vris(r->d->pdf, err) != 0)
		return -1;
	for (size_t i = 0; i < p->dss.n_vris; i++) {
		if (open_vri(r, &p->dss.vris[i], err) != 0)
			return -1;
	}
	return 0;
}

/* All material first: a reference of one CMS may be to what stands in another. */
static int finish_all(struct pdf_reader *r, struct ltps_error *err)
{
	for (size_t i = 0; i < r->n_parts; i++) {
		struct pdf_part *p = &r->parts[i];
		if (p->d != NULL && p->kind == PDF_PART_SIGNATURE &&
		    pdf_archived(r, p, err) != 0)
			return -1;
	}
	if (pdf_material(r, err) != 0)
		return -1;
	for (size_t i = 0; i < r->n_parts; i++) {
		if (r->parts[i].d != NULL && pdf_part_finish(r, &r->parts[i], err) != 0)
			return -1;
	}
	return 0;
}

/* ---- the whole ---- */

/* What changed, from references that are read along with what is hashed. */
static int hash_and_compare(struct pdf_reader *r, struct ltps_error *err)
{
	struct pdf_passing *passing = NULL;
	int rc = pdf_passing_new(r->d->pdf, &passing, err);

	if (rc == 0)
		rc = pdf_hash(r, passing, err);
	if (rc == 0)
		rc = find_changes(r->d, passing, err);
	pdf_passing_free(passing);
	return rc;
}

static int read_signatures(struct pdf_reader *r, struct ltps_error *err)
{
	if (make_pdfs(r->d, err) != 0 || make_parts(r, err) != 0 ||
	    open_all(r, err) != 0 || hash_and_compare(r, err) != 0 ||
	    confirm(r, err) != 0)
		return -1;
	check_chain(r);
	if (finish_all(r, err) != 0)
		return -1;
	pdf_levels(r);
	if (pdf_merge(r, err) != 0)
		return -1;
	return pdf_covers(r, err);
}

static void pdf_reader_clear(struct pdf_reader *r)
{
	for (size_t i = 0; r->parts != NULL && i < r->n_parts; i++)
		pdf_part_clear(&r->parts[i]);
	mem_free(r->parts);
	mem_free(r->dss.v);
}

static int read_pdf(struct view file, struct view password, struct sig_cache *known,
		    struct document *d, struct ltps_error *err)
{
	struct pdf_reader r = { .d = d,
				.file = file,
				.work = DOCUMENT_WORK_MAX,
				.bare = DOCUMENT_BARE_CONTENT_MAX };
	int rc = 0;

	d->own.digests_only = true;
	if (material_new(&d->material, err) != 0 ||
	    pades_begin(file, password, &d->pdf, err) != 0)
		return -1;
	d->format =
	    format_by_kind(d->pdf->n_signatures > 0 ? FORMAT_PADES : FORMAT_PDF);
	material_know(d->material, known);
	if (d->pdf->n_signatures > 0)
		rc = read_signatures(&r, err);
	else
		pdf_file_upto(d->pdf->file, file.n);
	material_know(d->material, NULL);
	pdf_reader_clear(&r);
	return rc;
}

int document_read_pdf_known(struct view file, struct view password,
			    struct sig_cache *known, struct document **ret_doc,
			    struct ltps_error *err)
{
	struct document *d = mem_zalloc(1, sizeof(*d));

	if (d == NULL)
		return ltps_fail_nomem(err);
	if (read_pdf(file, password, known, d, err) != 0) {
		document_free(d);
		return -1;
	}
	*ret_doc = d;
	return 0;
}

int document_read_pdf(struct view file, struct view password, struct document **ret_doc,
		      struct ltps_error *err)
{
	return document_read_pdf_known(file, password, NULL, ret_doc, err);
}

void document_pdf_clear(struct document *d)
{
	for (size_t i = 0; i < d->n_parts; i++) {
		d->parts[i]->material = NULL; /* the document's */
		document_free(d->parts[i]);
	}
	mem_free(d->parts);
	mem_free(d->pdfs);
	pdf_changes_clear(&d->changes);
	pades_free(d->pdf);
}
