/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Certificates and status that a record brings: inside its tokens, and in
 * cryptoInfos. Nothing of it is trusted; it is offered to the path judgement.
 */
#include <stdio.h>

#include "base/asn1.h"
#include "validation/ers_job.h"
#include "validation/poe.h"

/*
 * RFC 4998 3.1 leaves the attribute types of cryptoInfos open. Read are those
 * that other formats use for the same things: RFC 5126 6.3.3 and 6.3.4, the
 * X.509 directory attributes, and the two of RFC 5940.
 */
#define OID_USER_CERTIFICATE "2.5.4.36"
#define OID_CA_CERTIFICATE "2.5.4.37"
#define OID_AUTHORITY_CRL "2.5.4.38"
#define OID_CERTIFICATE_CRL "2.5.4.39"

static int note(struct ers_job *job, const struct ltps_error *inner, const char *object,
		struct ltps_error *err)
{
	struct ers_finding f = { .code = "ERS_MATERIAL_MALFORMED",
				 .clause = "RFC 4998 3.1" };
	if (!ers_is_objects_fault(inner)) {
		*err = *inner;
		return -1;
	}
	snprintf(f.object, sizeof(f.object), "%s", object);
	snprintf(f.text, sizeof(f.text), "%.200s", inner->text);
	return ers_report_add(job->rep, &f, err);
}

/* SEQUENCE OF something, each added as this kind. */
static int add_members(struct material *m, enum material_kind kind,
		       struct view sequence, struct ltps_error *err)
{
	struct tlv outer, t;
	struct view body;
	if (tlv_only(sequence, &outer, err) != 0)
		return -1;
	body = outer.body;
	while (body.n > 0)
		if (tlv_next(&body, &t, err) != 0 ||
		    material_add(m, kind, t.whole, err) != 0)
			return -1;
	return 0;
}

static int add_basic_responses(struct material *m, struct view sequence,
			       struct ltps_error *err)
{
	struct buf response = buf_make(ERS_SIZE_MAX);
	struct tlv outer, t;
	struct view body;
	int rc = -1;

	if (tlv_only(sequence, &outer, err) != 0)
		goto out;
	body = outer.body;
	while (body.n > 0) {
		buf_clear(&response);
		if (tlv_next(&body, &t, err) != 0 ||
		    ers_ocsp_wrap(t.whole, &response, err) != 0 ||
		    material_add(m, MATERIAL_OCSP, view_buf(&response), err) != 0)
			goto out;
	}
	rc = 0;
out:
	buf_free(&response);
	return rc;
}

/* RevocationValues, RFC 5126 6.3.4: its fields are tagged explicitly. */
static int add_revocation_values(struct material *m, struct view value,
				 struct ltps_error *err)
{
	struct tlv outer, t;
	struct view body;
	bool present;

	if (tlv_only(value, &outer, err) != 0)
		return -1;
	body = outer.body;
	if (tlv_optional(&body, ASN1_CONTEXT, 0, &t, &present, err) != 0)
		return -1;
	if (present && add_members(m, MATERIAL_CRL, t.body, err) != 0)
		return -1;
	if (tlv_optional(&body, ASN1_CONTEXT, 1, &t, &present, err) != 0)
		return -1;
	return present ? add_basic_responses(m, t.body, err) : 0;
}

/* One value of an attribute of this type; types that we do not know are left. */
static int add_value(struct material *m, struct view type, struct view value,
		     struct ltps_error *err)
{
	if (oid_is(type, OID_CERT_VALUES))
		return add_members(m, MATERIAL_CERT, value, err);
	if (oid_is(type, OID_REVOCATION_VALUES))
		return add_revocation_values(m, value, err);
	if (oid_is(type, OID_USER_CERTIFICATE) || oid_is(type, OID_CA_CERTIFICATE))
		return material_add(m, MATERIAL_CERT, value, err);
	if (oid_is(type, OID_AUTHORITY_CRL) || oid_is(type, OID_CERTIFICATE_CRL))
		return material_add(m, MATERIAL_CRL, value, err);
	if (oid_is(type, OID_RI_OCSP_RESPONSE))
		return material_add(m, MATERIAL_OCSP, value, err);
	return 0;
}

/* Attribute ::= SEQUENCE { type, values SET } */
static int add_attribute(struct material *m, struct view attribute,
			 struct ltps_error *err)
{
	struct tlv type, values, t;
	struct view body;

	if (tlv_expect(&attribute, ASN1_UNIVERSAL, ASN1_TAG_OID, "attribute type",
		       &type, err) != 0 ||
	    tlv_expect(&attribute, ASN1_UNIVERSAL, ASN1_TAG_SET, "attribute values",
		       &values, err) != 0)
		return -1;
	body = values.body;
	while (body.n > 0)
		if (tlv_next(&body, &t, err) != 0 ||
		    add_value(m, type.body, t.whole, err) != 0)
			return -1;
	return 0;
}

static int add_crypto_infos(struct material *m, struct view crypto_infos,
			    struct ltps_error *err)
{
	struct tlv outer, t;
	struct view body;
	if (tlv_only(crypto_infos, &outer, err) != 0)
		return -1;
	body = outer.body;
	while (body.n > 0)
		if (tlv_expect(&body, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, "Attribute",
			       &t, err) != 0 ||
		    add_attribute(m, t.body, err) != 0)
			return -1;
	return 0;
}

static int prove(struct poe_set *poes, const struct material *m, int64_t time_ms,
		 struct ltps_error *err)
{
	for (size_t i = 0; i < material_count(m, MATERIAL_CERT); i++)
		if (poe_add(poes, material_cert(m, MATERIAL_CERT, i)->sha256, time_ms,
			    err) != 0)
			return -1;
	for (size_t i = 0; i < material_count(m, MATERIAL_CRL); i++)
		if (poe_add(poes, material_crl(m, i)->sha256, time_ms, err) != 0)
			return -1;
	for (size_t i = 0; i < material_count(m, MATERIAL_OCSP); i++)
		if (poe_add(poes, material_ocsp(m, i)->sha256, time_ms, err) != 0)
			return -1;
	return 0;
}

/* The next token is over the whole of this one, and proves all that lies in it. */
static int gather_from_token(struct ers_job *job, size_t token, struct ltps_error *err)
{
	struct ltps_error inner = LTPS_ERROR_INIT;
	struct material *inside = NULL;
	int rc = -1;

	if (material_new(&inside, err) != 0)
		return -1;
	if (material_add_cms(inside, job->tokens[token]->cms, &inner) != 0 &&
	    note(job, &inner, "material inside a token", err) != 0)
		goto out;
	if (prove(job->poes, inside, ers_time_of_next(job, token), err) != 0)
		goto out;
	rc = material_add_all(job->material, inside, err);
out:
	material_free(inside);
	return rc;
}

/* No token is over it: what proves it is what proves the record. */
static int gather_from_crypto_infos(struct ers_job *job, struct ltps_error *err)
{
	struct ltps_error inner = LTPS_ERROR_INIT;
	struct material *inside = NULL;
	int rc = -1;

	if (material_new(&inside, err) != 0)
		return -1;
	if (add_crypto_infos(inside, job->er->crypto_infos, &inner) != 0 &&
	    note(job, &inner, "cryptoInfos", err) != 0)
		goto out;
	if (prove(job->poes, inside, ers_time_of_next(job, job->n_tokens - 1), err) !=
	    0)
		goto out;
	rc = material_add_all(job->material, inside, err);
out:
	material_free(inside);
	return rc;
}

/* A malformed thing inside the record ends the reading of that part only. */
static int gather_from_record(struct ers_job *job, struct ltps_error *err)
{
	for (size_t i = 0; i < job->n_tokens; i++) {
		if (job->tokens[i] != NULL && gather_from_token(job, i, err) != 0)
			return -1;
	}
	return job->er->crypto_infos.n > 0 ? gather_from_crypto_infos(job, err) : 0;
}

int ers_gather_material(struct ers_job *job, struct ltps_error *err)
{
	if (material_new(&job->material, err) != 0 ||
	    poe_set_new(&job->poes, err) != 0)
		return -1;
	poe_default(job->poes, job->in->time_ms);
	if (job->in->material != NULL &&
	    material_add_all(job->material, job->in->material, err) != 0)
		return -1;
	return gather_from_record(job, err);
}
