/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pades_document_material - certificates and status that stand in a PDF beside its CMS:
 * the DSS with its VRI dictionaries, and the revocation information that older
 * signatures have among their signed attributes.
 */
#include "validation/pades_document.h"

#include <string.h>

#define OID_REVOCATION_ARCHIVAL "1.2.840.113583.1.1.8"

/* Where objects are put. */
struct putting {
	struct pdf_reader *r;
	struct located_list *out;
	size_t revision;
	const char *where; /* "the DSS" */
};

static const struct {
	enum object_kind object;
	const char *name;
} kinds[MATERIAL_KIND_COUNT] = {
	[MATERIAL_CERT] = { OBJECT_CERT, "certificate" },
	[MATERIAL_CRL] = { OBJECT_CRL, "CRL" },
	[MATERIAL_OCSP] = { OBJECT_OCSP, "OCSP response" },
};

/* The response that was just given, or was there before. */
static const struct ocsp *find_ocsp(const struct putting *p, const uint8_t sha256[32])
{
	const struct material *m = p->r->d->material;

	for (size_t i = material_count(m, MATERIAL_OCSP); i-- > 0;) {
		const struct ocsp *o = material_ocsp(m, i);
		if (p->r->work < sizeof(o->sha256))
			break;
		p->r->work -= sizeof(o->sha256);
		if (memcmp(o->sha256, sha256, sizeof(o->sha256)) == 0)
			return o;
	}
	return NULL;
}

/* It is in the material: now what a time-stamp over it proves. */
static int put_located(const struct putting *p, enum material_kind kind,
		       struct view der, struct ltps_error *err)
{
	size_t before = p->out->n;
	struct digest id;

	if (digest_once(DIGEST_SHA256, der, &id, err) != 0 ||
	    located_put(p->out, VIEW_NULL, kinds[kind].object, id.p, DIGEST_NONE,
			err) != 0)
		return -1;
	const struct ocsp *o = kind == MATERIAL_OCSP ? find_ocsp(p, id.p) : NULL;
	if (o != NULL &&
	    located_put_responders(p->out, VIEW_NULL, o, DIGEST_NONE, err) != 0)
		return -1;
	for (size_t i = before; i < p->out->n; i++)
		p->out->v[i].attr = p->revision;
	return 0;
}

/* ret_added  false: it does not decode */
static int add(const struct putting *p, enum material_kind kind, struct view der,
	       bool *ret_added, struct ltps_error *err)
{
	*ret_added = material_add(p->r->d->material, kind, der, err) == 0;
	if (!*ret_added)
		return reader_passes_over(err) ? 0 : -1;
	return put_located(p, kind, der, err);
}

/* A BasicOCSPResponse where a whole response should be. */
static int add_basic(const struct putting *p, struct view basic, bool *ret_added,
		     struct ltps_error *err)
{
	struct buf ocsp = buf_make(basic.n + 128);
	int rc = cades_ocsp_wrap(basic, &ocsp, err);

	*ret_added = false;
	if (rc == 0)
		rc = add(p, MATERIAL_OCSP, view_buf(&ocsp), ret_added, err);
	else
		rc = reader_passes_over(err) ? 0 : -1;
	buf_free(&ocsp);
	return rc;
}

static int put_object(const struct putting *p, enum material_kind kind, struct view der,
		      struct ltps_error *err)
{
	bool added = false;

	if (add(p, kind, der, &added, err) != 0 ||
	    (!added && kind == MATERIAL_OCSP && add_basic(p, der, &added, err) != 0))
		return -1;
	if (!added)
		reader_note(p->r->d, "in %s: a %s that does not decode", p->where,
			    kinds[kind].name);
	return 0;
}

/* ---- DSS and VRI ---- */

static int put_items(struct putting *p, enum material_kind kind,
		     const struct pades_item *items, size_t n, struct ltps_error *err)
{
	for (size_t i = 0; i < n; i++) {
		if (items[i].again)
			continue;
		p->revision = items[i].revision;
		if (put_object(p, kind, items[i].der, err) != 0)
			return -1;
	}
	return 0;
}

static int put_vri(struct putting *p, const struct pades_vri *v, struct ltps_error *err)
{
	if (put_items(p, MATERIAL_CERT, v->certs, v->n_certs, err) != 0 ||
	    put_items(p, MATERIAL_CRL, v->crls, v->n_crls, err) != 0)
		return -1;
	return put_items(p, MATERIAL_OCSP, v->ocsps, v->n_ocsps, err);
}

int pdf_material(struct pdf_reader *r, struct ltps_error *err)
{
	const struct pades_dss *dss = &r->d->pdf->dss;
	struct putting p = { .r = r, .out = &r->dss, .where = "the DSS" };

	if (put_items(&p, MATERIAL_CERT, dss->certs, dss->n_certs, err) != 0 ||
	    put_items(&p, MATERIAL_CRL, dss->crls, dss->n_crls, err) != 0 ||
	    put_items(&p, MATERIAL_OCSP, dss->ocsps, dss->n_ocsps, err) != 0)
		return -1;
	p.where = "a VRI dictionary";
	for (size_t i = 0; i < dss->n_vris; i++) {
		if (put_vri(&p, &dss->vris[i], err) != 0)
			return -1;
	}
	p.where = "an older DSS";
	if (put_items(&p, MATERIAL_CERT, dss->older_certs, dss->n_older_certs, err) !=
		0 ||
	    put_items(&p, MATERIAL_CRL, dss->older_crls, dss->n_older_crls, err) != 0)
		return -1;
	return put_items(&p, MATERIAL_OCSP, dss->older_ocsps, dss->n_older_ocsps, err);
}

/* ---- adbe-revocationInfoArchival ---- */

/* SEQUENCE OF whole CRLs or responses. */
static int put_sequence(const struct putting *p, enum material_kind kind,
			struct view explicit_body, struct ltps_error *err)
{
	struct tlv list, t;

	if (tlv_only(explicit_body, &list, err) != 0)
		return -1;
	while (list.body.n > 0) {
		if (tlv_next(&list.body, &t, err) != 0 ||
		    put_object(p, kind, t.whole, err) != 0)
			return -1;
	}
	return 0;
}

/*
 * RevocationInfoArchival ::= SEQUENCE {
 *   crl [0] EXPLICIT SEQUENCE OF CRLs OPTIONAL,
 *   ocsp [1] EXPLICIT SEQUENCE OF OCSP Responses OPTIONAL,
 *   otherRevInfo [2] EXPLICIT SEQUENCE OF OtherRevInfo OPTIONAL }
 *
 * ISO 32000-2 12.8.3.3.2
 */
static int put_archival(const struct putting *p, struct view value,
			struct ltps_error *err)
{
	struct tlv outer, crls, ocsps;
	bool has_crls = false, has_ocsps = false;

	if (tlv_expect(&value, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE,
		       "RevocationInfoArchival", &outer, err) != 0)
		return -1;
	struct view c = outer.body;
	if (tlv_optional(&c, ASN1_CONTEXT, 0, &crls, &has_crls, err) != 0 ||
	    tlv_optional(&c, ASN1_CONTEXT, 1, &ocsps, &has_ocsps, err) != 0)
		return -1;
	if (has_crls && put_sequence(p, MATERIAL_CRL, crls.body, err) != 0)
		return -1;
	return has_ocsps ? put_sequence(p, MATERIAL_OCSP, ocsps.body, err) : 0;
}

int pdf_archived(struct pdf_reader *r, struct pdf_part *part, struct ltps_error *err)
{
	struct putting p = { .r = r,
			     .out = &part->archived,
			     .where = "adbe-revocationInfoArchival" };

	for (size_t i = 0; i < part->d->cms->n_signers; i++) {
		const struct cms_attr *a = cms_attr_find(
		    &part->d->cms->signers[i].signed_attrs, OID_REVOCATION_ARCHIVAL, 0);
		if (a == NULL || put_archival(&p, a->values, err) == 0)
			continue;
		if (!reader_passes_over(err))
			return -1;
		reader_note(r->d, "%s that does not decode", p.where);
	}
	return 0;
}
