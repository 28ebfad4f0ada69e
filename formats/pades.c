/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pades - the signatures of a PDF, in this order:
 *
 *	pdf_file_begin()        revisions
 *	pdf_objects_new()       objects
 *	pades_fields_walk()     fields of the newest form
 *	pades_updates_scan()    signatures of older revisions, fields on pages
 *	pades_signature_read()  each, as the revision that it signed has it
 *	                        order, ranges that collide, /Perms
 *	pades_dss_read()        DSS and VRI
 *	pades_claims_read()     PDF/A, version
 *
 * Whatever fails there by the fault of one object is a finding or a defect.
 */
#include "formats/pades.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "formats/pades_private.h"

/* ---- signatures ---- */

static int signature_add(struct pades_reader *r, const struct pades_field *f,
			 struct ltps_error *err)
{
	struct pades_signature *s = cades_list_add(&r->signatures, err);

	return s == NULL ? -1 : pades_signature_read(r, f, s, err);
}

static bool has_range(const struct pades_signature *s)
{
	return s->coverage != PADES_COVERS_NOTHING;
}

static uint64_t range_end(const struct pades_signature *s)
{
	return s->range[2] + s->range[3];
}

/* A stable order: where nothing tells two apart, that of the form. */
static bool is_later(const struct pades_signature *a, const struct pades_signature *b)
{
	if (has_range(a) != has_range(b))
		return has_range(b);
	return has_range(a) && range_end(a) > range_end(b);
}

static void order(struct pades_signature *s, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		struct pades_signature moved = s[i];
		size_t k = i;
		for (; k > 0 && is_later(&s[k - 1], &moved); k--)
			s[k] = s[k - 1];
		if (k != i)
			s[k] = moved;
	}
}

/* The same dictionary as the value of two fields: what was signed is the first one. */
static void find_shared(struct pades_reader *r, struct pades_signature *s, size_t n)
{
	for (size_t i = 1; i < n; i++) {
		for (size_t k = 0; k < i; k++) {
			if (s[i].dict != s[k].dict || pades_is_unreadable(s[i].dict))
				continue;
			pades_finding(
			    r, PDF_SUSPICIOUS, "PDF_SIGNATURE_SHARED", s[i].revision,
			    "object %u: one signature dictionary is the value "
			    "of two fields",
			    s[i].value.number);
			pades_defect(
			    &s[i], "ISO 32000-2 12.7.5.5",
			    "its dictionary is the value of another field too");
			break;
		}
	}
}

/*
 * Ranges begin at 0, so a later signature has to have an earlier one with its gap
 * before its own gap. Where a gap lies in what the earlier one covers, the later was
 * not made over a finished file; of two that end together neither was. A dictionary
 * that has a defect already says nothing against others: anybody can add one.
 */
static void collide(struct pades_reader *r, struct pades_signature *earlier,
		    struct pades_signature *s)
{
	pades_finding(r, PDF_SUSPICIOUS, "PDF_BYTE_RANGE_COLLISION", s->revision,
		      "objects %u and %u: what they sign overlaps in part",
		      earlier->value.number, s->value.number);
	pades_defect(s, "ISO 32000-2 12.8.1",
		     "its gap lies in what an earlier signature covers");
	if (range_end(s) == range_end(earlier))
		pades_defect(earlier, "ISO 32000-2 12.8.1",
			     "another signature ends where it ends");
}

static void find_collisions(struct pades_reader *r, struct pades_signature *s, size_t n)
{
	struct pades_signature *earlier = NULL;

	for (size_t i = 0; i < n && has_range(&s[i]); i++) {
		if (s[i].defect[0] != '\0')
			continue;
		if (earlier != NULL && s[i].range[1] < range_end(earlier))
			collide(r, earlier, &s[i]);
		else
			earlier = &s[i];
	}
}

/* ---- certification ---- */

static bool is_named(const struct pades_signature *s, const struct pdf_value *entry)
{
	return entry != NULL &&
	       (entry == s->dict ||
		(s->value.number != 0 && pades_ref(entry).number == s->value.number));
}

static void certification_check(struct pades_reader *r, struct pades_signature *s,
				const struct pdf_value *named)
{
	s->is_certification = is_named(s, named);
	if (s->docmdp != 0 && !s->is_certification)
		pades_finding(r, PDF_NOTICE, "PDF_CERTIFICATION_NOT_NAMED", s->revision,
			      "object %u: its DocMDP is not named by /Perms of the "
			      "catalog, and binds all the same",
			      s->value.number);
	if (s->docmdp == 0 && s->is_certification)
		pades_finding(r, PDF_NOTICE, "PDF_CERTIFICATION_WITHOUT_DOCMDP",
			      s->revision,
			      "object %u: named by /Perms /DocMDP, has no DocMDP",
			      s->value.number);
}

static int certification_alone(struct pades_reader *r, const struct pdf_value *entry,
			       struct ltps_error *err)
{
	struct pades_field f = { .value = entry };
	const struct pades_signature *s = r->signatures.v;
	const struct pdf_value *v;

	for (size_t i = 0; i < r->signatures.n; i++) {
		if (is_named(&s[i], entry))
			return 0;
	}
	if (pades_resolve(r, r->newest, entry, &v, err) != 0)
		return -1;
	if (!pdf_is_dict(v) && !pades_is_unreadable(v))
		return 0;
	pades_finding(r, PDF_SUSPICIOUS, "PDF_CERTIFICATION_WITHOUT_FIELD", r->newest,
		      "/Perms /DocMDP is a signature that no field has");
	return signature_add(r, &f, err);
}

/* ISO 32000-2 12.8.2.2.1: at most one. */
static void certifications_count(struct pades_reader *r)
{
	const struct pades_signature *s = r->signatures.v;
	size_t n = 0;

	for (size_t i = 0; i < r->signatures.n; i++)
		n += s[i].docmdp != 0;
	if (n > 1)
		pades_finding(r, PDF_SUSPICIOUS, "PDF_SEVERAL_DOCMDP", r->newest,
			      "%zu signatures with DocMDP; the strictest binds", n);
}

static int perms_get(struct pades_reader *r, const struct pdf_value **ret_docmdp,
		     struct ltps_error *err)
{
	const struct pdf_value *perms;

	if (pades_get(r, r->newest, r->catalog, "Perms", &perms, err) != 0)
		return -1;
	*ret_docmdp = pdf_dict_get(perms, "DocMDP");
	r->p->usage_rights = pdf_dict_get(perms, "UR3") != NULL;
	return 0;
}

/* ---- all of it ---- */

static int signatures_read(struct pades_reader *r, struct ltps_error *err)
{
	const struct pdf_value *certification;

	for (size_t i = 0; i < r->fields.n; i++) {
		if (signature_add(r, (struct pades_field *)r->fields.v + i, err) != 0)
			return -1;
	}
	if (perms_get(r, &certification, err) != 0 ||
	    (certification != NULL && certification_alone(r, certification, err) != 0))
		return -1;
	struct pades_signature *s = r->signatures.v;
	size_t n = r->signatures.n;
	for (size_t i = 0; i < n; i++)
		certification_check(r, &s[i], certification);
	certifications_count(r);
	order(s, n);
	find_shared(r, s, n);
	find_collisions(r, s, n);
	pades_updates_removed(r);
	r->p->signatures = cades_list_take(&r->signatures, &r->p->n_signatures);
	return 0;
}

static int findings_keep(struct pades_reader *r, struct ltps_error *err)
{
	if (r->n_findings == 0)
		return 0;
	if (arena_take(&r->p->arena, r->n_findings, sizeof(r->findings[0]),
		       &r->p->findings, err) != 0)
		return -1;
	memcpy(r->p->findings, r->findings, r->n_findings * sizeof(r->findings[0]));
	r->p->n_findings = r->n_findings;
	return 0;
}

static int read_all(struct pades_reader *r, struct ltps_error *err)
{
	struct pades_walk form = { .r = r,
				   .revision = r->newest,
				   .seen = &r->seen,
				   .found = pades_field_keep,
				   .to = r };

	if (pdf_catalog(r->p->objects, r->newest, &r->catalog, err) != 0 ||
	    pades_fields_walk(&form, err) != 0 || pades_updates_scan(r, err) != 0 ||
	    signatures_read(r, err) != 0 || pades_dss_read(r, err) != 0 ||
	    pades_claims_read(r, err) != 0)
		return -1;
	return findings_keep(r, err);
}

static int reader_run(struct pades *p, struct ltps_error *err)
{
	struct pades_reader *r = mem_zalloc(1, sizeof(*r));

	if (r == NULL)
		return ltps_fail_nomem(err);
	r->p = p;
	r->newest = p->file->n_revisions - 1;
	r->fields = (struct cades_list){ .item = sizeof(struct pades_field),
					 .max = PADES_SIGNATURES_MAX,
					 .what = "signatures" };
	r->signatures = (struct cades_list){ .item = sizeof(struct pades_signature),
					     .max = PADES_SIGNATURES_MAX,
					     .what = "signatures" };
	r->candidates = (struct cades_list){ .item = sizeof(struct pades_candidate),
					     .max = PADES_CANDIDATES_MAX,
					     .what = "signature dictionaries" };
	int rc = read_all(r, err);
	pades_map_free(&r->seen);
	mem_free(r->candidates.v);
	mem_free(r->signatures.v);
	mem_free(r->fields.v);
	mem_free(r);
	return rc;
}

int pades_begin(struct view file, struct view password, struct pades **ret_p,
		struct ltps_error *err)
{
	struct pades *p = mem_zalloc(1, sizeof(*p));

	if (p == NULL)
		return ltps_fail_nomem(err);
	p->arena = arena_make(PADES_ARENA_MAX);
	if (pdf_file_begin(file, &p->file, err) != 0 ||
	    pdf_objects_new(p->file, password, &p->objects, err) != 0 ||
	    reader_run(p, err) != 0) {
		pades_free(p);
		return -1;
	}
	*ret_p = p;
	return 0;
}

int pades_read(struct view file, struct view password, struct pades **ret_p,
	       struct ltps_error *err)
{
	if (pades_begin(file, password, ret_p, err) != 0)
		return -1;
	pdf_file_upto((*ret_p)->file, file.n);
	return 0;
}

void pades_free(struct pades *p)
{
	if (p == NULL)
		return;
	mem_free(p->signatures);
	arena_free(&p->arena);
	pdf_objects_free(p->objects);
	pdf_file_free(p->file);
	mem_free(p);
}
