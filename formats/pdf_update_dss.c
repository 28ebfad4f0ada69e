/* SPDX-License-Identifier: Apache-2.0 */
/* pdf_update_dss - the document security store and the extensions dictionary. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "formats/pdf_update_private.h"

#define DSS_BODY_MAX ((size_t)16 << 20)

enum { CERTS, CRLS, OCSPS, KINDS };
/* Plural in the DSS, singular in a VRI: Tables 261, 262. */
static const char *const dss_keys[KINDS] = { "Certs", "CRLs", "OCSPs" };
static const char *const vri_keys[KINDS] = { "Cert", "CRL", "OCSP" };

struct stored {
	struct view der;
	struct pdf_ref ref;
};
/* Of each kind what is there, then what comes. */
struct store {
	struct pdf_update *u;
	const struct pades *p;
	size_t revision;
	struct stored *v[KINDS];
	size_t n[KINDS];
	size_t n_old[KINDS];
};

static struct view item(const struct pdf_update_material *m, int kind, size_t i)
{
	const struct view *const lists[KINDS] = { m->certs, m->crls, m->ocsps };
	return lists[kind][i];
}

static size_t count(const struct pdf_update_material *m, int kind)
{
	const size_t n[KINDS] = { m->n_certs, m->n_crls, m->n_ocsps };
	return n[kind];
}

static const struct stored *find(const struct store *s, int kind, struct view der)
{
	for (size_t i = 0; i < s->n[kind]; i++)
		if (view_equal(s->v[kind][i].der, der))
			return &s->v[kind][i];
	return NULL;
}

static int take_old(struct store *s, int kind, size_t n_more, struct ltps_error *err)
{
	const struct pades_dss *d = &s->p->dss;
	const struct pades_item *const lists[KINDS] = { d->certs, d->crls, d->ocsps };
	const size_t counts[KINDS] = { d->n_certs, d->n_crls, d->n_ocsps };
	s->v[kind] = mem_zalloc(counts[kind] + n_more + 1, sizeof(s->v[kind][0]));
	if (s->v[kind] == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < counts[kind]; i++)
		s->v[kind][i] =
		    (struct stored){ lists[kind][i].der, lists[kind][i].ref };
	s->n[kind] = s->n_old[kind] = counts[kind];
	return 0;
}

/* Each object once: what is there already is not written again. */
static int take_new(struct store *s, int kind, const struct pdf_update_material *m,
		    struct ltps_error *err)
{
	if (take_old(s, kind, count(m, kind), err) != 0)
		return -1;
	for (size_t i = 0; i < count(m, kind); i++) {
		const struct view der = item(m, kind, i);
		if (find(s, kind, der) != NULL)
			continue;
		const struct pdf_ref ref = { pdf_update_number(s->u), 0 };
		if (pdf_update_stream(s->u, ref, der, err) != 0)
			return -1;
		s->v[kind][s->n[kind]++] = (struct stored){ der, ref };
	}
	return 0;
}

/* ---- the arrays ---- */

/* All that the array has, in its own words, and the references that come. */
static int write_array(const struct store *s, int kind, const struct pdf_value *dss,
		       struct buf *out, struct ltps_error *err)
{
	const struct pdf_value *old;
	if (s->n[kind] == s->n_old[kind])
		return 0;
	if (pdf_get(s->u->reader, s->revision, dss, dss_keys[kind], &old, err) != 0 ||
	    buf_put_text(out, "[", err) != 0)
		return -1;
	for (size_t i = 0; old->kind == PDF_ARRAY && i < old->n; i++)
		if (buf_put_text(out, " ", err) != 0 ||
		    pdf_value_write(&old->items[i], out, err) != 0)
			return -1;
	for (size_t i = s->n_old[kind]; i < s->n[kind]; i++)
		if (buf_put_fmt(out, err, " %u %u R", s->v[kind][i].ref.number,
				s->v[kind][i].ref.generation) != 0)
			return -1;
	return buf_put_text(out, " ]", err);
}

/* ---- VRI ---- */

static int write_vri_array(const struct store *s, int kind,
			   const struct pdf_update_material *m, struct buf *out,
			   struct ltps_error *err)
{
	size_t n = 0;
	for (size_t i = 0; i < count(m, kind); i++) {
		const struct stored *f = find(s, kind, item(m, kind, i));
		if (f == NULL || f->ref.number == 0)
			continue;
		if ((n++ == 0 &&
		     buf_put_fmt(out, err, " /%s [", vri_keys[kind]) != 0) ||
		    buf_put_fmt(out, err, " %u %u R", f->ref.number,
				f->ref.generation) != 0)
			return -1;
	}
	return n == 0 ? 0 : buf_put_text(out, " ]", err);
}

static int write_vri(const struct store *s, const struct pdf_update_material *m,
		     struct buf *out, struct ltps_error *err)
{
	if (buf_put_text(out, "<< /Type /VRI", err) != 0)
		return -1;
	const size_t empty = out->n;
	for (int k = 0; k < KINDS; k++)
		if (write_vri_array(s, k, m, out, err) != 0)
			return -1;
	if (out->n == empty) {
		buf_clear(out);
		return 0;
	}
	return buf_put_text(out, " >>", err);
}

/* Another time-stamp or signature of the same octets has the same key. */
static bool is_there(const struct store *s, const struct pdf_update_vri *vris, size_t i)
{
	for (size_t k = 0; k < i; k++)
		if (strcmp(vris[k].key, vris[i].key) == 0)
			return true;
	for (size_t k = 0; k < s->p->dss.n_vris; k++) {
		const struct pades_vri *old = &s->p->dss.vris[k];
		if (view_is_text(old->key, vris[i].key) ||
		    (old->signature >= 0 &&
		     (size_t)old->signature < s->p->n_signatures &&
		     strcmp(s->p->signatures[old->signature].vri_key, vris[i].key) ==
			 0))
			return true;
	}
	return false;
}

static int write_vris(const struct store *s, const struct pdf_value *old,
		      const struct pdf_update_vri *vris, size_t n, struct buf *out,
		      struct ltps_error *err)
{
	struct pdf_edit *edits = mem_zalloc(n + 1, sizeof(edits[0]));
	struct buf *texts = mem_zalloc(n + 1, sizeof(texts[0]));
	size_t n_edits = 0;
	int rc = edits == NULL || texts == NULL ? ltps_fail_nomem(err) : 0;
	for (size_t i = 0; i < n && rc == 0; i++) {
		if (is_there(s, vris, i))
			continue;
		texts[i] = buf_make(DSS_BODY_MAX);
		rc = write_vri(s, &vris[i].m, &texts[i], err);
		if (rc == 0 && texts[i].n > 0)
			edits[n_edits++] =
			    (struct pdf_edit){ vris[i].key, view_buf(&texts[i]) };
	}
	if (rc == 0 && n_edits > 0)
		rc = pdf_dict_write(pdf_is_dict(old) ? old : NULL, edits, n_edits, out,
				    err);
	for (size_t i = 0; texts != NULL && i < n; i++)
		buf_free(&texts[i]);
	mem_free(texts);
	mem_free(edits);
	return rc;
}

/* ---- the dictionary ---- */

/* It stands in the catalog, or is an object; a new one becomes an object. */
static int put_store(const struct store *s, struct view body, struct ltps_error *err)
{
	struct pdf_ref ref = s->p->dss.ref;
	char text[40];
	if (s->p->dss.present)
		return ref.number == 0 ? pdf_update_catalog(s->u, "DSS", body, err)
				       : pdf_update_object(s->u, ref, body, err);
	ref = (struct pdf_ref){ pdf_update_number(s->u), 0 };
	snprintf(text, sizeof(text), "%u 0 R", ref.number);
	if (pdf_update_object(s->u, ref, body, err) != 0)
		return -1;
	return pdf_update_catalog(s->u, "DSS", view_text(text), err);
}

/* A VRI dictionary that is an object of its own is replaced there. */
static int put_vris(const struct store *s, const struct pdf_value *dss,
		    struct buf *text, struct ltps_error *err)
{
	const struct pdf_value *v = pdf_dict_get(dss, "VRI");
	if (text->n == 0 || v == NULL || v->kind != PDF_REF)
		return 0;
	const int rc = pdf_update_object(s->u, v->ref, view_buf(text), err);
	buf_clear(text);
	return rc;
}

static int write_store(const struct store *s, const struct pdf_value *dss,
		       const struct pdf_update_vri *vris, size_t n_vris,
		       struct buf texts[KINDS + 1], struct buf *body,
		       struct ltps_error *err)
{
	const struct pdf_value *old;
	struct pdf_edit edits[KINDS + 2];
	size_t n = 0;
	if (pdf_get(s->u->reader, s->revision, dss, "VRI", &old, err) != 0)
		return -1;
	for (int k = 0; k < KINDS; k++)
		if (write_array(s, k, dss, &texts[k], err) != 0)
			return -1;
	if (write_vris(s, old, vris, n_vris, &texts[KINDS], err) != 0 ||
	    put_vris(s, dss, &texts[KINDS], err) != 0)
		return -1;
	if (!s->p->dss.present)
		edits[n++] = (struct pdf_edit){ "Type", view_text("/DSS") };
	for (int k = 0; k <= KINDS; k++)
		if (texts[k].n > 0)
			edits[n++] = (struct pdf_edit){ k < KINDS ? dss_keys[k] : "VRI",
							view_buf(&texts[k]) };
	if (n == 0)
		return 0;
	if (pdf_dict_write(pdf_is_dict(dss) ? dss : NULL, edits, n, body, err) != 0)
		return -1;
	return put_store(s, view_buf(body), err);
}

int pdf_update_dss(struct pdf_update *u, struct pades *p,
		   const struct pdf_update_material *more,
		   const struct pdf_update_vri *vris, size_t n_vris,
		   struct ltps_error *err)
{
	struct store s = { .u = u, .p = p, .revision = u->file->n_revisions - 1 };
	struct buf texts[KINDS + 1], body = buf_make(DSS_BODY_MAX);
	const struct pdf_value *catalog, *dss = NULL;
	int rc = pades_match_vris(p, err);
	if (rc == 0)
		rc = pdf_catalog(u->reader, s.revision, &catalog, err);
	if (rc == 0)
		rc = pdf_get(u->reader, s.revision, catalog, "DSS", &dss, err);
	for (int k = 0; k <= KINDS; k++)
		texts[k] = buf_make(DSS_BODY_MAX);
	for (int k = 0; k < KINDS && rc == 0; k++)
		rc = take_new(&s, k, more, err);
	if (rc == 0)
		rc = write_store(&s, dss, vris, n_vris, texts, &body, err);
	for (int k = 0; k < KINDS; k++)
		mem_free(s.v[k]);
	for (int k = 0; k <= KINDS; k++)
		buf_free(&texts[k]);
	buf_free(&body);
	return rc;
}

/* ---- extensions ---- */

/* Of another base version, or several (PDF 2.0): somebody else's affair. */
static bool is_lower(const struct pdf_value *esic, int level)
{
	const struct pdf_value *l = pdf_dict_get(esic, "ExtensionLevel");
	if (esic->kind == PDF_NULL)
		return true;
	return esic->kind == PDF_DICT && l != NULL && l->kind == PDF_INTEGER &&
	       l->integer < level;
}

int pdf_update_extension(struct pdf_update *u, const struct pades *p, int level,
			 struct ltps_error *err)
{
	const size_t revision = u->file->n_revisions - 1;
	const struct pdf_value *catalog, *all, *esic;
	struct buf body = buf_make(DSS_BODY_MAX);
	char text[64];
	if (p->major != 1 || p->minor != 7)
		return 0;
	if (pdf_catalog(u->reader, revision, &catalog, err) != 0 ||
	    pdf_get(u->reader, revision, catalog, "Extensions", &all, err) != 0 ||
	    pdf_get(u->reader, revision, all, "ESIC", &esic, err) != 0)
		return -1;
	if (!is_lower(esic, level))
		return 0;
	snprintf(text, sizeof(text), "<< /BaseVersion /1.7 /ExtensionLevel %d >>",
		 level);
	const struct pdf_edit edit = { "ESIC", view_text(text) };
	/* The dictionary and all in it are direct: 7.12.1 */
	int rc = pdf_dict_write(pdf_is_dict(all) ? all : NULL, &edit, 1, &body, err);
	if (rc == 0)
		rc = pdf_update_catalog(u, "Extensions", view_buf(&body), err);
	buf_free(&body);
	return rc;
}
