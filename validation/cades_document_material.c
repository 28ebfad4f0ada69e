/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cades_document_material - certificates and status inside a file: into its material,
 * and each with the place where it stands. What does not decode is told and passed
 * over.
 */
#include "validation/cades_document.h"

#include <string.h>

#include "base/mem.h"
#include "timestamping/ers.h"

struct gather {
	struct reader *r;
	struct view where; /* n == 0: each item where it stands itself */
	struct located_list *out;
};

static const struct {
	enum object_kind object;
	const char *name;
} kinds[MATERIAL_KIND_COUNT] = {
	[MATERIAL_CERT] = { OBJECT_CERT, "certificate" },
	[MATERIAL_CRL] = { OBJECT_CRL, "CRL" },
	[MATERIAL_OCSP] = { OBJECT_OCSP, "OCSP response" },
};

/* The digest that the material took when it was new there. */
static int identity_of(const struct material *m, enum material_kind kind, bool is_new,
		       struct view der, uint8_t sha256[32], struct ltps_error *err)
{
	size_t last = material_count(m, kind) - 1;
	struct digest d;

	if (!is_new) {
		if (digest_once(DIGEST_SHA256, der, &d, err) != 0)
			return -1;
		memcpy(sha256, d.p, 32);
		return 0;
	}
	const uint8_t *own = kind == MATERIAL_CRL ? material_crl(m, last)->sha256
			     : kind == MATERIAL_OCSP
				 ? material_ocsp(m, last)->sha256
				 : material_cert(m, kind, last)->sha256;
	memcpy(sha256, own, 32);
	return 0;
}

/* The response that was just given, or is there already. */
static const struct ocsp *find_ocsp(const struct gather *g, const uint8_t sha256[32])
{
	const struct material *m = g->r->d->material;

	for (size_t i = material_count(m, MATERIAL_OCSP); i-- > 0;) {
		const struct ocsp *o = material_ocsp(m, i);
		if (!reader_spend(g->r, sizeof(o->sha256)))
			break;
		if (memcmp(o->sha256, sha256, sizeof(o->sha256)) == 0)
			return o;
	}
	return NULL;
}

static int put_item(const struct gather *g, enum material_kind kind, struct view where,
		    const uint8_t sha256[32], struct ltps_error *err)
{
	const struct ocsp *o = kind == MATERIAL_OCSP ? find_ocsp(g, sha256) : NULL;

	if (g->where.n > 0)
		where = g->where;
	if (located_put(g->out, where, kinds[kind].object, sha256, DIGEST_NONE, err) !=
	    0)
		return -1;
	return o != NULL ? located_put_responders(g->out, where, o, DIGEST_NONE, err)
			 : 0;
}

static int gather_item(const struct gather *g, enum material_kind kind, struct view der,
		       struct view where, struct ltps_error *err)
{
	struct material *m = g->r->d->material;
	size_t before = material_count(m, kind);
	uint8_t sha256[32];

	if (material_add(m, kind, der, err) != 0) {
		if (!reader_passes_over(err))
			return -1;
		reader_note(g->r->d, "a %s that does not decode", kinds[kind].name);
		return 0;
	}
	if (identity_of(m, kind, material_count(m, kind) > before, der, sha256, err) !=
	    0)
		return -1;
	return put_item(g, kind, where, sha256, err);
}

/* RevocationInfoChoice: a CRL, or an OCSP response in one of its forms. */
static int gather_choice(const struct gather *g, struct view choice,
			 struct ltps_error *err)
{
	struct buf ocsp = buf_make(choice.n + 64);
	int rc = 0;

	if (choice.n > 0 && choice.p[0] == DER_SEQUENCE)
		return gather_item(g, MATERIAL_CRL, choice, choice, err);
	if (cms_crl_ocsp_response(choice, &ocsp, err) != 0) {
		rc = reader_passes_over(err) ? 0 : -1;
		reader_note(g->r->d, "revocation information that does not decode");
	} else if (ocsp.n > 0) {
		rc = gather_item(g, MATERIAL_OCSP, view_buf(&ocsp), choice, err);
	}
	buf_free(&ocsp);
	return rc;
}

static int gather_basic(const struct gather *g, struct view basic,
			struct ltps_error *err)
{
	struct buf ocsp = buf_make(basic.n + 128);
	int rc = cades_ocsp_wrap(basic, &ocsp, err);

	if (rc == 0)
		rc = gather_item(g, MATERIAL_OCSP, view_buf(&ocsp), basic, err);
	else
		rc = reader_passes_over(err) ? 0 : -1;
	buf_free(&ocsp);
	return rc;
}

/* certificate-values and revocation-values. */
static int gather_values(const struct gather *g, const struct cms_signer *signer,
			 struct ltps_error *err)
{
	struct cades_values v = { 0 };
	int rc = 0;

	if (cades_values(signer, &v, err) != 0) {
		rc = reader_passes_over(err) ? 0 : -1;
		reader_note(g->r->d,
			    "validation data in attributes that do not decode");
		return rc;
	}
	for (size_t i = 0; i < v.n_certs && rc == 0; i++)
		rc = gather_item(g, MATERIAL_CERT, v.certs[i], v.certs[i], err);
	for (size_t i = 0; i < v.n_crls && rc == 0; i++)
		rc = gather_item(g, MATERIAL_CRL, v.crls[i], v.crls[i], err);
	for (size_t i = 0; i < v.n_basic && rc == 0; i++)
		rc = gather_basic(g, v.basic[i], err);
	cades_values_clear(&v);
	return rc;
}

static int gather_root(const struct gather *g, const struct cms *cms,
		       struct ltps_error *err)
{
	for (size_t i = 0; i < cms->n_certs; i++) {
		/* RFC 5652 10.2.2: the other choices are no certificates of keys. */
		if (cms->certs[i].p[0] == DER_SEQUENCE &&
		    gather_item(g, MATERIAL_CERT, cms->certs[i], cms->certs[i], err) !=
			0)
			return -1;
	}
	for (size_t i = 0; i < cms->n_crls; i++) {
		if (gather_choice(g, cms->crls[i], err) != 0)
			return -1;
	}
	return 0;
}

/* A whole token: its own sets, and the values among its signers' attributes. */
static int gather_token(const struct gather *g, const struct cms *cms,
			struct ltps_error *err)
{
	if (gather_root(g, cms, err) != 0)
		return -1;
	for (size_t i = 0; i < cms->n_signers; i++) {
		if (gather_values(g, &cms->signers[i], err) != 0)
			return -1;
	}
	return 0;
}

/* ---- evidence records ---- */

static int gather_encoded_token(const struct gather *g, struct view token,
				struct ltps_error *err)
{
	struct cms *cms = NULL;
	int rc;

	if (cms_parse(token, &cms, err) != 0)
		return reader_passes_over(err) ? 0 : -1;
	rc = gather_token(g, cms, err);
	cms_free(cms);
	return rc;
}

/* One Attribute of cryptoInfos, read as if it were a signer's. */
static int gather_crypto_info(const struct gather *g, struct view attribute,
			      struct ltps_error *err)
{
	struct cms_attr a = { .whole = attribute };
	struct cms_signer signer = { 0 };
	struct tlv outer, type, values;

	if (tlv_only(attribute, &outer, err) != 0)
		return reader_passes_over(err) ? 0 : -1;
	struct view c = outer.body;
	if (tlv_expect(&c, ASN1_UNIVERSAL, ASN1_TAG_OID, "attrType", &type, err) != 0 ||
	    tlv_expect(&c, ASN1_UNIVERSAL, ASN1_TAG_SET, "attrValues", &values, err) !=
		0)
		return reader_passes_over(err) ? 0 : -1;
	a.type = type.body;
	a.values = values.body;
	signer.unsigned_attrs = (struct cms_attrs){ attribute, &a, 1 };
	return gather_values(g, &signer, err);
}

static int gather_crypto_infos(const struct gather *g, struct view infos,
			       struct ltps_error *err)
{
	struct tlv outer, t;

	if (infos.n == 0)
		return 0;
	if (tlv_only(infos, &outer, err) != 0)
		return reader_passes_over(err) ? 0 : -1;
	while (outer.body.n > 0) {
		if (tlv_next(&outer.body, &t, err) != 0)
			return reader_passes_over(err) ? 0 : -1;
		if (gather_crypto_info(g, t.whole, err) != 0)
			return -1;
	}
	return 0;
}

static int gather_record(const struct gather *g, struct view record,
			 struct ltps_error *err)
{
	struct ers *er = NULL;
	int rc = 0;

	if (ers_parse(record, &er, err) != 0) {
		rc = reader_passes_over(err) ? 0 : -1;
		reader_note(g->r->d, "an evidence record that does not decode");
		return rc;
	}
	for (size_t i = 0; i < er->n_chains && rc == 0; i++) {
		for (size_t k = 0; k < er->chains[i].n && rc == 0; k++)
			rc =
			    gather_encoded_token(g, er->chains[i].stamps[k].token, err);
	}
	if (rc == 0)
		rc = gather_crypto_infos(g, er->crypto_infos, err);
	ers_free(er);
	return rc;
}

static int gather_records(struct reader *r, struct ltps_error *err)
{
	struct document *d = r->d;

	r->records = mem_zalloc(d->n_records + 1, sizeof(r->records[0]));
	if (r->records == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < d->n_records; i++) {
		struct gather g = { r, d->records[i].record, &r->records[i] };
		if (gather_record(&g, d->records[i].record, err) != 0)
			return -1;
	}
	return 0;
}

static int gather_signature(struct reader *r, size_t i, struct ltps_error *err)
{
	struct gather g = { r, VIEW_NULL, &r->signers[i].unsigned_objects };

	return gather_values(&g, r->d->signatures[i].signer, err);
}

int reader_material(struct reader *r, struct ltps_error *err)
{
	struct document *d = r->d;
	bool is_token = d->n_signatures == 0 && d->n_stamps == 1;
	struct gather root = { r, VIEW_NULL, &r->root };

	if (!is_token && d->cms != NULL && gather_root(&root, d->cms, err) != 0)
		return -1;
	for (size_t i = 0; i < d->n_signatures; i++) {
		if (gather_signature(r, i, err) != 0)
			return -1;
	}
	for (size_t i = 0; i < d->n_stamps; i++) {
		struct gather g = { r, d->stamps[i].token, &r->stamps[i].inside };
		if (d->stamps[i].tst != NULL &&
		    gather_token(&g, d->stamps[i].tst->cms, err) != 0)
			return -1;
	}
	return gather_records(r, err);
}
