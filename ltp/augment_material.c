/* SPDX-License-Identifier: Apache-2.0 */
/*
 * augment_material - the certificates, CRLs and OCSP responses that counted, and are
 * not in the file yet, go into it: into the root SignedData, or where that may not
 * change any more, into the last archive time-stamp of each signer.
 */
#include <string.h>

#include "base/mem.h"
#include "ltp/augment_private.h"

static int put(struct view *list, size_t *n, struct view der, struct ltps_error *err)
{
	for (size_t i = 0; i < *n; i++)
		if (view_equal(list[i], der))
			return 0;
	if (*n == AUGMENT_ITEMS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "more than %d items of validation material",
				 AUGMENT_ITEMS_MAX);
	list[(*n)++] = der;
	return 0;
}

static bool has_crl(const struct material *m, const struct crl *c)
{
	for (size_t i = 0; i < material_count(m, MATERIAL_CRL); i++)
		if (memcmp(material_crl(m, i)->sha256, c->sha256, sizeof(c->sha256)) ==
		    0)
			return true;
	return false;
}

static bool has_ocsp(const struct material *m, const struct ocsp *o)
{
	for (size_t i = 0; i < material_count(m, MATERIAL_OCSP); i++)
		if (memcmp(material_ocsp(m, i)->sha256, o->sha256, sizeof(o->sha256)) ==
		    0)
			return true;
	return false;
}

static int put_cert(struct gathered *g, const struct material *inside,
		    const struct cert *c, struct ltps_error *err)
{
	if (material_find_cert(inside, MATERIAL_CERT, c->sha256) != NULL)
		return 0;
	return put(g->certs, &g->m.n_certs, c->der, err);
}

/* The path, its anchor included where that is a certificate (6.3 j), and the paths of
 * those who signed the status. */
static int put_chain(struct gathered *g, const struct material *inside,
		     const struct cert_validation_result *v, struct ltps_error *err)
{
	for (size_t i = 0; v != NULL && i < v->chain.n_certs; i++) {
		if (put_cert(g, inside, v->chain.certs[i], err) != 0)
			return -1;
		const struct path_cert_revocation *r = v->chain.revocation;
		if (r == NULL || i + 1 == v->chain.n_certs)
			continue;
		for (size_t k = 0; k < r[i].n_objects; k++) {
			const struct path_status_object *o = &r[i].objects[k];
			for (size_t p = 0; p < o->n_signer_path; p++)
				if (put_cert(g, inside, o->signer_path[p], err) != 0)
					return -1;
		}
	}
	return 0;
}

static int put_chains(struct gathered *g, const struct stage *s,
		      const struct material *inside, struct ltps_error *err)
{
	const struct report *r = s->judged.report;
	for (size_t i = 0; i < r->n_signatures; i++)
		if (put_chain(g, inside, r->signatures[i].certificate, err) != 0 ||
		    put_chain(g, inside, r->signatures[i].past, err) != 0)
			return -1;
	for (size_t i = 0; i < r->n_stamps; i++)
		if (r->stamps[i].conclusion.indication != INDICATION_FAILED &&
		    put_chain(g, inside, r->stamps[i].certificate, err) != 0)
			return -1;
	return 0;
}

int augment_gather(struct gathered *g, const struct stage *s,
		   const struct material *inside, struct ltps_error *err)
{
	const struct report *r = s->judged.report;
	for (size_t i = 0; i < r->n_certs; i++)
		if (put_cert(g, inside, r->certs[i], err) != 0)
			return -1;
	if (put_chains(g, s, inside, err) != 0)
		return -1;
	for (size_t i = 0; i < r->n_crls; i++)
		if (!has_crl(inside, r->crls[i]) &&
		    put(g->crls, &g->m.n_crls, r->crls[i]->der, err) != 0)
			return -1;
	for (size_t i = 0; i < r->n_ocsps; i++) {
		if (has_ocsp(inside, r->ocsps[i]))
			continue;
		g->basics[g->m.n_ocsps < AUGMENT_ITEMS_MAX ? g->m.n_ocsps : 0] =
		    r->ocsps[i]->basic;
		if (put(g->ocsps, &g->m.n_ocsps, r->ocsps[i]->der, err) != 0)
			return -1;
	}
	g->m.certs = g->certs;
	g->m.crls = g->crls;
	g->m.ocsps = g->ocsps;
	return 0;
}

/* ---- as attributes of an archive time-stamp ---- */

static int put_sequence(struct buf *out, const struct view *v, size_t n,
			struct ltps_error *err)
{
	size_t total = 0;
	for (size_t i = 0; i < n; i++)
		total += v[i].n;
	if (der_put_header(out, DER_SEQUENCE, total, err) != 0)
		return -1;
	for (size_t i = 0; i < n; i++)
		if (buf_put(out, v[i], err) != 0)
			return -1;
	return 0;
}

static int put_tagged(struct buf *out, unsigned number, const struct view *v, size_t n,
		      struct ltps_error *err)
{
	struct buf list = buf_make(CMS_SIZE_MAX);
	int rc = 0;
	if (n > 0)
		rc = put_sequence(&list, v, n, err) != 0
			 ? -1
			 : der_put(out, DER_ID(ASN1_CONTEXT, 1, number),
				   view_buf(&list), err);
	buf_free(&list);
	return rc;
}

static int put_attribute(const char *oid, const struct buf *value, struct buf *out,
			 struct ltps_error *err)
{
	const struct view v = view_buf(value);
	return cms_build_attribute(oid, &v, 1, out, err);
}

/* CertificateValues and RevocationValues: EN 319 122-1 A.1.1.2, A.1.2.2; explicit
 * tags. */
static int make_values(const struct gathered *g, struct buf values[2],
		       struct ltps_error *err)
{
	struct buf certs = buf_make(CMS_SIZE_MAX), body = buf_make(CMS_SIZE_MAX),
		   status = buf_make(CMS_SIZE_MAX);
	int rc = -1;
	if (g->m.n_certs > 0 &&
	    (put_sequence(&certs, g->certs, g->m.n_certs, err) != 0 ||
	     put_attribute(OID_CERTIFICATE_VALUES, &certs, &values[0], err) != 0))
		goto out;
	if (put_tagged(&body, 0, g->crls, g->m.n_crls, err) != 0 ||
	    put_tagged(&body, 1, g->basics, g->m.n_ocsps, err) != 0 ||
	    der_put(&status, DER_SEQUENCE, view_buf(&body), err) != 0)
		goto out;
	rc = body.n == 0
		 ? 0
		 : put_attribute(OID_REVOCATION_VALUES, &status, &values[1], err);
out:
	buf_free(&status);
	buf_free(&body);
	buf_free(&certs);
	return rc;
}

static bool is_covered(const struct document *doc, size_t stamp)
{
	const struct document_stamp *t = &doc->stamps[stamp];
	for (size_t i = 0; i < doc->n_stamps; i++) {
		const struct document_stamp *u = &doc->stamps[i];
		if (i == stamp || u->signature != t->signature)
			continue;
		for (size_t k = 0; k < u->n_covers; k++)
			if (u->covers[k].kind == OBJECT_STAMP &&
			    memcmp(u->covers[k].sha256, t->sha256, sizeof(t->sha256)) ==
				0)
				return true;
	}
	return false;
}

/* The youngest archive time-stamp of a signer that can take something, since no other
 * time-stamp covers it; -1: none. */
static int last_archive(const struct stage *s, size_t signature)
{
	int last = -1;
	for (size_t i = 0; i < s->doc->n_stamps; i++) {
		const struct document_stamp *t = &s->doc->stamps[i];
		const bool can =
		    t->signature == (int)signature && t->type == STAMP_ARCHIVE &&
		    t->tst != NULL && !is_covered(s->doc, i) &&
		    strcmp(t->name, cades_stamp_kind_name(CADES_STAMP_LONG_TERM)) != 0;
		if (can && (last < 0 || t->tst->gen_time_ms >=
					    s->doc->stamps[last].tst->gen_time_ms))
			last = (int)i;
	}
	return last;
}

/* Where a time-stamp stands: which of the signer's tokens it is. */
static int place_of(const struct document_stamp *t, const struct cms_signer *signer,
		    struct cades_stamp *ret, struct ltps_error *err)
{
	struct cades_stamp *list = NULL;
	size_t n = 0, i = 0;
	if (cades_stamps(signer, &list, &n, err) != 0)
		return -1;
	while (i < n &&
	       (list[i].token.p != t->token.p || list[i].token.n != t->token.n))
		i++;
	if (i < n)
		*ret = list[i];
	mem_free(list);
	return i < n ? 0
		     : ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "a time-stamp is not where it was read");
}

/* One signer's last archive time-stamp, in the file as it is by now. */
static int nest(const struct augmenting *a, const struct stage *s, size_t signature,
		struct buf *file, struct ltps_error *err)
{
	const struct document *doc = s->doc;
	const size_t signer = augment_signer_of(s, &doc->signatures[signature]);
	const int last = last_archive(s, signature);
	struct cades_stamp place = { 0 };
	struct view attrs[2];
	struct buf next = buf_make(CMS_SIZE_MAX);
	size_t n = 0;
	if (last < 0 || signer == doc->cms->n_signers)
		return 0;
	for (size_t i = 0; i < 2; i++)
		if (a->values[i].n > 0)
			attrs[n++] = view_buf(&a->values[i]);
	const struct view now = file->n > 0 ? view_buf(file) : doc->cms->whole;
	int rc = place_of(&doc->stamps[last], &doc->cms->signers[signer], &place, err);
	if (rc == 0)
		rc = cms_nested_attributes(now, signer, place.attr, place.value, attrs,
					   n, &next, err);
	if (rc == 0) {
		buf_free(file);
		*file = next;
		next = buf_make(0);
	}
	buf_free(&next);
	return rc;
}

/*
 * Into the last archive time-stamp of each signer that has one (5.5.3); the new
 * archive time-stamps of the others bring it themselves.
 */
static int put_nested(struct augmenting *a, const struct gathered *g,
		      const struct stage *s, struct buf *out, struct ltps_error *err)
{
	int rc = make_values(g, a->values, err);
	for (size_t i = 0; i < s->doc->n_signatures && rc == 0; i++)
		rc = nest(a, s, i, out, err);
	return rc;
}

int augment_material(struct augmenting *a, const struct stage *s, struct buf *out,
		     struct ltps_error *err)
{
	struct gathered *g = mem_zalloc(1, sizeof(*g));
	int rc = g == NULL ? ltps_fail_nomem(err)
			   : augment_gather(g, s, s->doc->material, err);
	if (rc == 0 && g->m.n_certs + g->m.n_crls + g->m.n_ocsps > 0)
		rc = a->roots_fixed
			 ? put_nested(a, g, s, out, err)
			 : cms_add_material(s->doc->cms->whole, &g->m, out, err);
	mem_free(g);
	return rc;
}
