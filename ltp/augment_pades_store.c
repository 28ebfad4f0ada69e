/* SPDX-License-Identifier: Apache-2.0 */
/* augment_pades_store - an update that is a DSS with all that counted, and for each
 * signature and time-stamp a VRI with what counted for it. */
#include "base/mem.h"
#include "formats/pdf_update.h"
#include "ltp/augment_private.h"

/* What one chain brings: its certificates, and those that signed the status of each. */
#define LIST_MAX ((size_t)PATH_CERTS_MAX * PATH_STATUS_OBJECTS_MAX * PATH_CERTS_MAX)

struct list {
	struct view *v;
	size_t n, cap;
};
struct picked {
	struct list certs, crls, ocsps;
};
struct storing {
	const struct stage *s;
	struct gathered *all;
	struct picked *picked; /* as pades->signatures */
	struct pdf_update_vri *vris;
};

static int pick(struct list *l, struct view der, struct ltps_error *err)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i].p == der.p || view_equal(l->v[i], der))
			return 0;
	if (l->n == l->cap) {
		const size_t cap = l->cap == 0 ? 8 : l->cap * 2;
		struct view *v =
		    cap > LIST_MAX * 4 ? NULL : mem_resize(l->v, cap, sizeof(l->v[0]));
		if (v == NULL)
			return ltps_fail_nomem(err);
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = der;
	return 0;
}

static int pick_status(struct picked *p, const struct path_status_object *o,
		       struct ltps_error *err)
{
	if ((o->crl != NULL && pick(&p->crls, o->crl->der, err) != 0) ||
	    (o->ocsp != NULL && pick(&p->ocsps, o->ocsp->der, err) != 0))
		return -1;
	for (size_t i = 0; i < o->n_signer_path; i++)
		if (pick(&p->certs, o->signer_path[i]->der, err) != 0)
			return -1;
	return 0;
}

static int pick_chain(struct picked *p, const struct cert_validation_result *v,
		      struct ltps_error *err)
{
	for (size_t i = 0; v != NULL && i < v->chain.n_certs; i++) {
		const struct path_cert_revocation *r = v->chain.revocation;
		if (pick(&p->certs, v->chain.certs[i]->der, err) != 0)
			return -1;
		if (r == NULL || i + 1 == v->chain.n_certs)
			continue;
		for (size_t k = 0; k < r[i].n_objects; k++)
			if (pick_status(p, &r[i].objects[k], err) != 0)
				return -1;
	}
	return 0;
}

/* ---- of each signature ---- */

static struct picked *of_signature(struct storing *t, const struct document_pdf *pdf)
{
	return pdf != NULL && pdf->index < t->s->doc->pdf->n_signatures
		   ? &t->picked[pdf->index]
		   : NULL;
}

/* A time-stamp inside the CMS belongs to the signature dictionary. */
static struct picked *of_stamp(struct storing *t, const struct document_stamp *s)
{
	if (s->signature >= 0 && (size_t)s->signature < t->s->doc->n_signatures)
		return of_signature(t, t->s->doc->signatures[s->signature].pdf);
	return of_signature(t, s->pdf);
}

static int pick_all(struct storing *t, struct ltps_error *err)
{
	const struct report *r = t->s->judged.report;
	for (size_t i = 0; i < r->n_signatures; i++) {
		const struct report_signature *g = &r->signatures[i];
		struct picked *p = of_signature(t, g->signature->pdf);
		if (p != NULL && (pick_chain(p, g->certificate, err) != 0 ||
				  pick_chain(p, g->past, err) != 0))
			return -1;
	}
	for (size_t i = 0; i < r->n_stamps; i++) {
		const struct report_stamp *g = &r->stamps[i];
		struct picked *p = of_stamp(t, g->stamp);
		if (p != NULL && g->conclusion.indication != INDICATION_FAILED &&
		    pick_chain(p, g->certificate, err) != 0)
			return -1;
	}
	return 0;
}

static int list_vris(struct storing *t, struct ltps_error *err)
{
	struct pades *p = t->s->doc->pdf;
	if (pades_match_vris(p, err) != 0)
		return -1;
	for (size_t i = 0; i < p->n_signatures; i++) {
		const struct picked *k = &t->picked[i];
		t->vris[i] = (struct pdf_update_vri){
			.key = p->signatures[i].vri_key,
			.m = { .certs = k->certs.v,
			       .n_certs = k->certs.n,
			       .crls = k->crls.v,
			       .n_crls = k->crls.n,
			       .ocsps = k->ocsps.v,
			       .n_ocsps = k->ocsps.n },
		};
	}
	return 0;
}

/* ---- all of it ---- */

static size_t count(const struct gathered *g)
{
	return g->m.n_certs + g->m.n_crls + g->m.n_ocsps;
}

/*
 * What is in the CMS already is not doubled (EN 319 142-1 6.3); but B-LT has a DSS, so
 * where there is none, and nothing that would come into it, it is doubled after all.
 */
static int gather(struct storing *t, struct ltps_error *err)
{
	const struct document *doc = t->s->doc;
	struct material *none = NULL;
	int rc = augment_gather(t->all, t->s, doc->material, err);
	if (rc != 0 || doc->pdf->dss.present || count(t->all) > 0)
		return rc;
	*t->all = (struct gathered){ 0 };
	rc = material_new(&none, err);
	if (rc == 0)
		rc = augment_gather(t->all, t->s, none, err);
	material_free(none);
	return rc;
}

static int write_update(const struct storing *t, struct buf *out,
			struct ltps_error *err)
{
	struct pades *p = t->s->doc->pdf;
	const struct cms_material *m = &t->all->m;
	const struct pdf_update_material more = {
		m->certs, m->crls, m->ocsps, m->n_certs, m->n_crls, m->n_ocsps,
	};
	struct pdf_update *u = NULL;
	if (pdf_update_new(p->file, p->objects, &u, err) != 0)
		return -1;
	int rc = pdf_update_dss(u, p, &more, t->vris, p->n_signatures, err);
	if (rc == 0)
		rc = pdf_update_extension(u, p, 1, err);
	if (rc == 0)
		rc = pdf_update_finish(u, out, NULL, err);
	pdf_update_free(u);
	return rc;
}

static void clear(struct storing *t)
{
	const size_t n = t->s->doc->pdf->n_signatures;
	for (size_t i = 0; t->picked != NULL && i < n; i++) {
		mem_free(t->picked[i].certs.v);
		mem_free(t->picked[i].crls.v);
		mem_free(t->picked[i].ocsps.v);
	}
	mem_free(t->picked);
	mem_free(t->vris);
	mem_free(t->all);
}

int augment_pades_store(const struct stage *s, struct buf *out, struct ltps_error *err)
{
	const size_t n = s->doc->pdf->n_signatures + 1;
	struct storing t = { .s = s,
			     .all = mem_zalloc(1, sizeof(*t.all)),
			     .picked = mem_zalloc(n, sizeof(t.picked[0])),
			     .vris = mem_zalloc(n, sizeof(t.vris[0])) };
	int rc = t.all == NULL || t.picked == NULL || t.vris == NULL
		     ? ltps_fail_nomem(err)
		     : gather(&t, err);
	if (rc == 0)
		rc = pick_all(&t, err);
	if (rc == 0)
		rc = list_vris(&t, err);
	if (rc == 0 && count(t.all) > 0)
		rc = write_update(&t, out, err);
	clear(&t);
	return rc;
}
