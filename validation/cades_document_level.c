/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cades_document_level - the level that the structure of a signature promises.
 *
 * EN 319 122-1 V1.3.1 6.3 table 1; legacy names by RFC 5126 4.3 and 4.4.
 */
#include "validation/cades_document.h"

#include <stdio.h>
#include <string.h>

#include "validation/pades_document.h"

#define OID_ID_DATA "1.2.840.113549.1.7.1"
#define OID_MD5 "1.2.840.113549.2.5"

static size_t count(const struct cms_attrs *attrs, const char *oid)
{
	size_t n = 0;

	while (cms_attr_find(attrs, oid, n) != NULL)
		n++;
	return n;
}

static bool has_unsigned(const struct document_signature *s, const char *oid)
{
	return cms_attr_find(&s->signer->unsigned_attrs, oid, 0) != NULL;
}

/* ---- B ---- */

/* Requirement a: certificates hold the signer's. */
static bool holds_signer(const struct reader *r, size_t i)
{
	const struct reader_signer *rs = &r->signers[i];
	struct view certs = r->d->cms->certs_whole;

	for (size_t k = 0; rs->knows_signer && k < r->root.n; k++) {
		const struct located *o = &r->root.v[k];
		if ((uintptr_t)o->where.p < (uintptr_t)certs.p + certs.n &&
		    o->cover.kind == OBJECT_CERT &&
		    memcmp(o->cover.sha256, rs->signer_sha256, 32) == 0)
			return true;
	}
	return false;
}

bool level_is_v2_with_sha1(const struct document_signature *s)
{
	const struct cades_signing_certs *c = &s->signing_certs;

	return c->has_v2 && c->v2_from < c->n && c->refs[c->v2_from].alg == DIGEST_SHA1;
}

static const char *why_not_references(const struct document_signature *s)
{
	const struct cades_signing_certs *c = &s->signing_certs;

	if (c->n == 0)
		return "neither signing-certificate nor signing-certificate-v2";
	if (c->has_v1 && c->has_v2)
		return "both signing-certificate and signing-certificate-v2";
	/* Requirements h and i. Version 1 is SHA-1 by its definition. */
	if (level_is_v2_with_sha1(s))
		return "signing-certificate-v2 with SHA-1";
	return NULL;
}

/* Those of which table 1 allows one instance. */
static const struct {
	const char *oid;
	const char *why_not;
} at_most_one[] = {
	{ OID_COMMITMENT_TYPE, "more than one commitment-type-indication" },
	{ OID_SIGNER_LOCATION, "more than one signer-location" },
	{ OID_SIGNER_ATTRIBUTES_V2, "more than one signer-attributes-v2" },
	{ OID_SIGNATURE_POLICY, "more than one signature-policy-identifier" },
	{ OID_CONTENT_REFERENCE, "more than one content-reference" },
	{ OID_CONTENT_IDENTIFIER, "more than one content-identifier" },
	{ OID_CMS_ALGORITHM_PROTECTION, "more than one cms-algorithm-protection" },
	{ OID_CONTENT_HINTS, "more than one content-hints" },
	{ OID_MIME_TYPE, "more than one mime-type" },
};

static const char *why_not_attributes(const struct document_signature *s)
{
	const struct cms_attrs *attrs = &s->signer->signed_attrs;
	bool counter = s->role == ROLE_COUNTERSIGNATURE;

	if (!counter && count(attrs, OID_CONTENT_TYPE) != 1)
		return "not exactly one content-type";
	/* Requirement f. */
	if (!counter && !oid_is(s->content_type_attr, OID_ID_DATA))
		return "content-type is not id-data";
	if (count(attrs, OID_MESSAGE_DIGEST) != 1)
		return "not exactly one message-digest";
	if (count(attrs, OID_SIGNING_TIME) != 1)
		return "not exactly one signing-time";
	for (size_t i = 0; i < sizeof(at_most_one) / sizeof(at_most_one[0]); i++) {
		if (count(attrs, at_most_one[i].oid) > 1)
			return at_most_one[i].why_not;
	}
	return NULL;
}

bool level_is_md5(const struct document_signature *s)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct tlv outer, oid;

	if (tlv_only(s->signer->digest_algorithm, &outer, &ignored) != 0)
		return false;
	struct view c = outer.body;
	return tlv_expect(&c, ASN1_UNIVERSAL, ASN1_TAG_OID, "algorithm", &oid,
			  &ignored) == 0 &&
	       oid_is(oid.body, OID_MD5);
}

/* The first rule of level B that does not hold; NULL. */
static const char *why_not_b(const struct reader *r, size_t i)
{
	const struct document_signature *s = &r->d->signatures[i];
	const char *why;

	if (!s->has_signed_attrs)
		return "no signed attributes";
	if (s->defect[0] != '\0')
		return s->defect;
	if ((why = why_not_attributes(s)) != NULL ||
	    (why = why_not_references(s)) != NULL)
		return why;
	if (r->d->cms->n_certs == 0)
		return "SignedData has no certificates";
	if (!holds_signer(r, i))
		return "the signing certificate is not among the certificates";
	/* Requirement k. */
	if (has_unsigned(s, OID_SIGNATURE_POLICY_STORE) && s->policy.hash.n == 0)
		return "signature-policy-store without the hash of a policy";
	return level_is_md5(s) ? "the digest is MD5" : NULL;
}

/* ---- T, LT, LTA ---- */

/* Requirement m: before the end of the signing certificate, where that is known. */
static bool has_signature_stamp(const struct reader *r, size_t i)
{
	const struct reader_signer *rs = &r->signers[i];
	const struct cert *signer =
	    rs->knows_signer
		? material_find_cert(r->d->material, MATERIAL_CERT, rs->signer_sha256)
		: NULL;

	for (size_t k = 0; k < rs->n_stamps; k++) {
		const struct document_stamp *st = &r->d->stamps[rs->first + k];
		if (st->type == STAMP_SIGNATURE && st->imprint == MATCH_YES &&
		    (signer == NULL || st->tst->gen_time_ms <= signer->not_after_ms))
			return true;
	}
	return false;
}

static bool has_v3(const struct reader *r, size_t i)
{
	const struct reader_signer *rs = &r->signers[i];

	for (size_t k = 0; k < rs->n_stamps; k++) {
		const struct document_stamp *st = &r->d->stamps[rs->first + k];
		if (st->is_archive_v3 && st->imprint == MATCH_YES &&
		    st->index == MATCH_YES)
			return true;
	}
	return false;
}

/* What table 1 forbids from level LT on. */
static const char *const forbidden_at_lt[] = {
	OID_CERTIFICATE_VALUES,
	OID_REVOCATION_VALUES,
	OID_CERTIFICATE_REFS,
	OID_REVOCATION_REFS,
	OID_C_TIME_STAMP,
	OID_CERTS_CRLS_TIME_STAMP,
	OID_ATTRIBUTE_CERTIFICATE_REFS,
	OID_ATTRIBUTE_REVOCATION_REFS,
};

static bool has_legacy(const struct document_signature *s)
{
	for (size_t i = 0; i < sizeof(forbidden_at_lt) / sizeof(forbidden_at_lt[0]);
	     i++) {
		if (has_unsigned(s, forbidden_at_lt[i]))
			return true;
	}
	return false;
}

static enum signature_level structure_of(const struct reader *r, size_t i)
{
	const struct document_signature *s = &r->d->signatures[i];

	if (s->why_not[0] != '\0')
		return LEVEL_NONE;
	if (!has_signature_stamp(r, i))
		return LEVEL_B;
	if (has_legacy(s) || r->d->cms->n_crls == 0)
		return LEVEL_T;
	return has_v3(r, i) ? LEVEL_LTA : LEVEL_LT;
}

/* ---- names ---- */

/* A time-stamp of this kind whose imprint is not known to be wrong. */
static bool has_stamp(const struct reader *r, size_t i, enum stamp_type type)
{
	const struct reader_signer *rs = &r->signers[i];

	for (size_t k = 0; k < rs->n_stamps; k++) {
		const struct document_stamp *st = &r->d->stamps[rs->first + k];
		if (st->type == type && st->tst != NULL && st->imprint != MATCH_NO)
			return true;
	}
	return false;
}

static bool has_values(const struct document_signature *s)
{
	return has_unsigned(s, OID_CERTIFICATE_VALUES) &&
	       has_unsigned(s, OID_REVOCATION_VALUES);
}

static const char *legacy_profile(const struct reader *r, size_t i)
{
	const struct document_signature *s = &r->d->signatures[i];
	bool values = has_values(s);
	bool refs = has_unsigned(s, OID_CERTIFICATE_REFS) &&
		    has_unsigned(s, OID_REVOCATION_REFS);

	if (!has_stamp(r, i, STAMP_SIGNATURE))
		return s->policy.present && !s->policy.implied ? "CAdES-EPES"
							       : "CAdES-BES";
	/* RFC 5126 4.4.4; the values may stand in SignedData (EN 319 122-2 4.6). */
	if (has_stamp(r, i, STAMP_ARCHIVE) && (values || r->d->cms->n_crls > 0))
		return "CAdES-A";
	if (!refs)
		return "CAdES-T";
	if (values)
		return "CAdES-X-L";
	return has_stamp(r, i, STAMP_VALIDATION_DATA) ? "CAdES-X" : "CAdES-C";
}

static const char *const baseline[] = { "CAdES-BES", "CAdES-BASELINE-B",
					"CAdES-BASELINE-T", "CAdES-BASELINE-LT",
					"CAdES-BASELINE-LTA" };

static bool has_old_archive(const struct document_signature *s)
{
	return has_unsigned(s, OID_ARCHIVE_TIME_STAMP_V1) ||
	       has_unsigned(s, OID_ARCHIVE_TIME_STAMP_V2) ||
	       has_unsigned(s, OID_LONG_TERM_VALIDATION);
}

static const char *profile_of(const struct reader *r, size_t i)
{
	const struct document_signature *s = &r->d->signatures[i];

	/* EN 319 122-1 5.2.2.1: version 2 is for other digests than SHA-1. */
	if (s->format == SIGNATURE_PKCS7 || !s->has_signed_attrs ||
	    level_is_v2_with_sha1(s))
		return "CMS";
	if (s->structure == LEVEL_LTA)
		return baseline[LEVEL_LTA];
	/* TS 119 122-3: a record is about the whole file, with all that validates it.
	 */
	if (r->d->n_records > 0 && s->role == ROLE_SIGNATURE &&
	    (s->structure >= LEVEL_LT || has_values(s)))
		return "CAdES-ERS";
	if (s->structure == LEVEL_NONE || has_legacy(s) || has_old_archive(s))
		return legacy_profile(r, i);
	return baseline[s->structure];
}

const char *document_profile(const struct document_signature *s,
			     enum signature_level held)
{
	bool is_baseline = strncmp(s->profile, "CAdES-BASELINE", 14) == 0;

	if (s->pdf != NULL)
		return pdf_profile(s, held);
	return is_baseline && held >= LEVEL_B && held < s->structure ? baseline[held]
								     : s->profile;
}

void reader_levels(struct reader *r)
{
	for (size_t i = 0; i < r->d->n_signatures; i++) {
		struct document_signature *s = &r->d->signatures[i];
		const char *why = why_not_b(r, i);
		if (why != NULL)
			snprintf(s->why_not, sizeof(s->why_not), "%.159s", why);
		s->structure = structure_of(r, i);
		s->profile = profile_of(r, i);
	}
}
