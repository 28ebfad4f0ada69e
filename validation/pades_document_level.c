/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pades_document_level - the level that the structure of a PDF's signature promises.
 *
 * EN 319 142-1 6.3 table 1; other profiles by EN 319 142-2 and ISO 32000-2 12.8.3.
 */
#include "validation/pades_document.h"

#include <stdio.h>
#include <string.h>

#define OID_ID_DATA "1.2.840.113549.1.7.1"
#define OID_MD5 "1.2.840.113549.2.5"

static size_t count(const struct cms_attrs *attrs, const char *oid)
{
	size_t n = 0;

	while (cms_attr_find(attrs, oid, n) != NULL)
		n++;
	return n;
}

/* ---- B ---- */

/* Signed attributes of which table 1 allows so many. */
static const struct {
	const char *oid;
	size_t most;
	const char *why_not;
} limits[] = {
	{ OID_SIGNING_TIME, 0, "a signing-time attribute in the CMS" },
	{ OID_CONTENT_REFERENCE, 0, "a content-reference attribute" },
	{ OID_CONTENT_HINTS, 0, "a content-hints attribute" },
	{ OID_SIGNER_LOCATION, 0, "a signer-location attribute" },
	{ OID_COMMITMENT_TYPE, 1, "more than one commitment-type-indication" },
	{ OID_SIGNATURE_POLICY, 1, "more than one signature-policy-identifier" },
	{ OID_SIGNER_ATTRIBUTES, 1, "more than one signer-attributes" },
	{ OID_SIGNER_ATTRIBUTES_V2, 1, "more than one signer-attributes-v2" },
	{ OID_CONTENT_IDENTIFIER, 1, "more than one content-identifier" },
	{ OID_CMS_ALGORITHM_PROTECTION, 1, "more than one cms-algorithm-protection" },
	{ OID_MIME_TYPE, 1, "more than one mime-type" },
};

static const char *why_not_attributes(const struct document_signature *s)
{
	const struct cms_attrs *attrs = &s->signer->signed_attrs;

	if (count(attrs, OID_CONTENT_TYPE) != 1)
		return "not exactly one content-type";
	if (!oid_is(s->content_type_attr, OID_ID_DATA))
		return "content-type is not id-data";
	if (count(attrs, OID_MESSAGE_DIGEST) != 1)
		return "not exactly one message-digest";
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		if (count(attrs, limits[i].oid) > limits[i].most)
			return limits[i].why_not;
	}
	if (count(attrs, OID_SIGNER_ATTRIBUTES) +
		count(attrs, OID_SIGNER_ATTRIBUTES_V2) >
	    1)
		return "both signer-attributes and signer-attributes-v2";
	if (cms_attr_find(&s->signer->unsigned_attrs, OID_COUNTERSIGNATURE, 0) != NULL)
		return "a countersignature in the CMS";
	return NULL;
}

static const char *why_not_references(const struct document_signature *s)
{
	const struct cades_signing_certs *c = &s->signing_certs;

	if (c->n == 0)
		return "neither signing-certificate nor signing-certificate-v2";
	if (c->has_v1 && c->has_v2)
		return "both signing-certificate and signing-certificate-v2";
	return level_is_v2_with_sha1(s) ? "signing-certificate-v2 with SHA-1" : NULL;
}

static bool lies_in(struct view v, struct view around)
{
	return (uintptr_t)v.p >= (uintptr_t)around.p &&
	       (uintptr_t)v.p < (uintptr_t)around.p + around.n;
}

/* SignedData.certificates holds the signer's. */
static bool holds_signer(const struct pdf_part *p, size_t i)
{
	const struct reader_signer *rs = &p->reader.signers[i];
	const struct located_list *root = &p->reader.root;

	for (size_t k = 0; rs->knows_signer && k < root->n; k++) {
		const struct located *o = &root->v[k];
		if (lies_in(o->where, p->d->cms->certs_whole) &&
		    o->cover.kind == OBJECT_CERT &&
		    memcmp(o->cover.sha256, rs->signer_sha256, 32) == 0)
			return true;
	}
	return false;
}

static const char *why_not_dictionary(const struct pades_signature *f,
				      const struct document_signature *s)
{
	if (f->filter.n == 0)
		return "the dictionary has no Filter";
	if (!f->has_time)
		return "the dictionary has no M that is a date";
	if (f->cert_entry.n > 0 || f->n_chain_entry > 0)
		return "the dictionary has a Cert entry";
	if (f->reason.n > 0 && s->claims.n_commitments > 0)
		return "Reason beside a commitment-type-indication";
	if (f->reason.n > 0 && s->policy.present)
		return "Reason beside a signature-policy-identifier";
	return NULL;
}

/* The first rule of level B that does not hold; NULL. */
static const char *why_not_b(const struct pdf_part *p, size_t i)
{
	const struct document_signature *s = &p->d->signatures[i];
	const char *why;

	if (s->role != ROLE_SIGNATURE)
		return "a countersignature";
	if (s->format != SIGNATURE_PADES)
		return "the SubFilter is not ETSI.CAdES.detached";
	if (s->defect[0] != '\0')
		return s->defect;
	if (!s->has_signed_attrs)
		return "no signed attributes";
	if (p->d->cms->n_signers != 1)
		return "not exactly one SignerInfo";
	if ((why = why_not_attributes(s)) != NULL ||
	    (why = why_not_references(s)) != NULL)
		return why;
	if (!holds_signer(p, i))
		return "the signing certificate is not among the certificates";
	if ((why = why_not_dictionary(p->found, s)) != NULL)
		return why;
	return level_is_md5(s) ? "the digest is MD5" : NULL;
}

/* ---- T, LT, LTA ---- */

static bool has_signature_stamp(const struct pdf_part *p, size_t i)
{
	const struct reader_signer *rs = &p->reader.signers[i];

	for (size_t k = 0; k < rs->n_stamps; k++) {
		const struct document_stamp *st = &p->d->stamps[rs->first + k];
		if (st->type == STAMP_SIGNATURE && st->imprint == MATCH_YES)
			return true;
	}
	return false;
}

/* Document time-stamps over the signature, up to a revision. */
static size_t count_stamps(const struct pdf_reader *r, const struct pdf_part *p,
			   size_t before)
{
	size_t n = 0;

	for (size_t i = 0; i < before; i++)
		n += r->parts[i].proves && pdf_part_covers(&r->parts[i], p);
	return n;
}

static bool holds_status(const struct pdf_reader *r, size_t revision)
{
	for (size_t i = 0; i < r->dss.n; i++) {
		const struct located *o = &r->dss.v[i];
		if (o->attr <= revision && o->cover.kind != OBJECT_CERT)
			return true;
	}
	return false;
}

/* Requirement y: a document time-stamp over the DSS, and over what validates the
 * signature there: its status or an earlier time-stamp. */
static bool has_lta_stamp(const struct pdf_reader *r, const struct pdf_part *p,
			  bool stamped)
{
	const struct pades_dss *dss = &r->d->pdf->dss;

	for (size_t i = 0; i < r->n_dictionaries; i++) {
		const struct pdf_part *st = &r->parts[i];
		if (st->proves && pdf_part_covers(st, p) &&
		    dss->revision <= st->found->revision &&
		    (stamped || count_stamps(r, p, i) > 0 ||
		     holds_status(r, st->found->revision)))
			return true;
	}
	return false;
}

/* As if its level B held. */
static enum signature_level level_of(const struct pdf_reader *r,
				     const struct pdf_part *p, size_t i)
{
	bool stamped = has_signature_stamp(p, i);

	if (!stamped && count_stamps(r, p, r->n_dictionaries) == 0)
		return LEVEL_B;
	if (!r->d->pdf->dss.present)
		return LEVEL_T;
	return has_lta_stamp(r, p, stamped) ? LEVEL_LTA : LEVEL_LT;
}

/* ---- names ---- */

static const char *const baseline[] = { "PAdES-BES", "PAdES-BASELINE-B",
					"PAdES-BASELINE-T", "PAdES-BASELINE-LT",
					"PAdES-BASELINE-LTA" };
static const char *const pkcs7[] = { "PKCS7-B", "PKCS7-B", "PKCS7-T", "PKCS7-LT",
				     "PKCS7-LTA" };

/* A CMS whose signed attributes hold the digest of what it is about, and nothing else
 * in it; what is not has no profile. */
static bool is_regular(const struct pdf_part *p, const struct document_signature *s)
{
	const struct cms_attrs *attrs = &s->signer->signed_attrs;
	bool attached = p->found->subfilter == PADES_PKCS7_SHA1;

	return p->found->subfilter != PADES_OTHER_SUBFILTER &&
	       p->d->cms->has_content == attached &&
	       count(attrs, OID_MESSAGE_DIGEST) == 1 &&
	       count(attrs, OID_CONTENT_TYPE) == 1;
}

/* EN 319 142-2 5.3 to 5.5 */
static const char *extended(const struct pdf_reader *r, const struct pdf_part *p,
			    const struct document_signature *s)
{
	if (s->signing_certs.n == 0)
		return "PDF";
	if (r->d->pdf->dss.present && count_stamps(r, p, r->n_dictionaries) > 0)
		return "PAdES-LTV";
	return s->policy.present && !s->policy.implied ? "PAdES-EPES" : "PAdES-BES";
}

static const char *profile_of(const struct pdf_reader *r, const struct pdf_part *p,
			      size_t i)
{
	const struct document_signature *s = &p->d->signatures[i];

	if (s->role != ROLE_SIGNATURE)
		return "CMS";
	if (!is_regular(p, s))
		return "PDF";
	if (s->format == SIGNATURE_PKCS7)
		return pkcs7[level_of(r, p, i)];
	return s->structure >= LEVEL_B ? baseline[s->structure] : extended(r, p, s);
}

const char *pdf_profile(const struct document_signature *s, enum signature_level held)
{
	bool is_baseline = strncmp(s->profile, "PAdES-BASELINE", 14) == 0;

	return is_baseline && held >= LEVEL_B && held < s->structure ? baseline[held]
								     : s->profile;
}

void pdf_levels(struct pdf_reader *r)
{
	for (size_t k = 0; k < r->n_dictionaries; k++) {
		const struct pdf_part *p = &r->parts[k];
		if (p->kind != PDF_PART_SIGNATURE || p->d == NULL)
			continue;
		for (size_t i = 0; i < p->d->n_signatures; i++) {
			struct document_signature *s = &p->d->signatures[i];
			const char *why = why_not_b(p, i);
			snprintf(s->why_not, sizeof(s->why_not), "%.159s",
				 why != NULL ? why : "");
			s->structure = why != NULL ? LEVEL_NONE : level_of(r, p, i);
			s->profile = profile_of(r, p, i);
		}
	}
}
