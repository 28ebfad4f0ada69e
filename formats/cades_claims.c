/* SPDX-License-Identifier: Apache-2.0 */
/* cades_claims - what the signer said: signature policy, times, kinds, places. */
#include "base/mem.h"
#include "formats/cades.h"
#include "formats/cades_private.h"
#include "formats/cms_frame.h"

#define OID_SP_URI "1.2.840.113549.1.9.16.5.1"
#define OID_SP_USER_NOTICE "1.2.840.113549.1.9.16.5.2"
#define OID_SP_DOC_SPECIFICATION "0.4.0.19122.2.1"

/* ---- signature policy, RFC 5126 5.8 ---- */

/* explicitText of SPUserNotice; noticeRef before it is passed over. */
static int read_notice(struct view qualifier, struct cades_policy *p,
		       struct ltps_error *err)
{
	struct tlv t, reference;
	bool has;

	if (cms_expect(&qualifier, ASN1_TAG_SEQUENCE, "SPUserNotice", &t, err) != 0)
		return -1;
	struct view c = t.body;
	if (tlv_optional(&c, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, &reference, &has,
			 err) != 0)
		return -1;
	if (c.n == 0)
		return 0;
	if (tlv_next(&c, &t, err) != 0 || tlv_end(c, "SPUserNotice", err) != 0)
		return -1;
	p->notice = t.body;
	return 0;
}

static int read_qualifier(struct view body, struct cades_policy *p,
			  struct ltps_error *err)
{
	struct tlv oid, value;

	if (cms_expect(&body, ASN1_TAG_OID, "sigPolicyQualifierId", &oid, err) != 0 ||
	    tlv_next(&body, &value, err) != 0 ||
	    tlv_end(body, "SigPolicyQualifierInfo", err) != 0)
		return -1;
	if (oid_is(oid.body, OID_SP_USER_NOTICE))
		return read_notice(value.whole, p, err);
	if (oid_is(oid.body, OID_SP_DOC_SPECIFICATION))
		p->specification = value.whole;
	if (!oid_is(oid.body, OID_SP_URI))
		return 0;
	/* An UTF8String is met in files; what a URI may hold has the same octets. */
	if ((!tlv_is(&value, ASN1_UNIVERSAL, ASN1_TAG_IA5) &&
	     !tlv_is(&value, ASN1_UNIVERSAL, ASN1_TAG_UTF8)) ||
	    value.constructed)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 5126 5.8.1",
				 "SPuri is no IA5String");
	p->uri = value.body;
	return 0;
}

/*
 * sigPolicyHash may be absent (EN 319 122-1 5.2.9.1), and then the list of
 * qualifiers stands here: only the hash has an OCTET STRING as its second member.
 */
static int read_policy_hash(struct view *cursor, struct cades_policy *p,
			    struct ltps_error *err)
{
	struct tlv hash, t;
	struct view oid;

	if (cursor->n == 0)
		return 0;
	if (tlv_peek(*cursor, &hash, err) != 0)
		return -1;
	struct view c = hash.constructed ? hash.body : VIEW_NULL;
	for (int i = 0; i < 2; i++) {
		if (c.n == 0)
			return 0;
		if (tlv_next(&c, &t, err) != 0)
			return -1;
	}
	if (!tlv_is(&t, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING))
		return 0;
	*cursor = view_skip(*cursor, hash.whole.n);
	return cades_hash_and_value(hash.body, &p->alg, &oid, &p->hash, err);
}

static int read_policy_id(struct view body, struct cades_policy *p,
			  struct ltps_error *err)
{
	struct tlv t, qualifiers;
	bool has;

	if (cms_expect(&body, ASN1_TAG_OID, "sigPolicyId", &t, err) != 0)
		return -1;
	oid_text(t.body, p->oid);
	if (read_policy_hash(&body, p, err) != 0 ||
	    tlv_optional(&body, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, &qualifiers, &has,
			 err) != 0 ||
	    tlv_end(body, "SignaturePolicyId", err) != 0)
		return -1;
	for (struct view c = has ? qualifiers.body : VIEW_NULL; c.n > 0;) {
		if (cms_expect(&c, ASN1_TAG_SEQUENCE, "SigPolicyQualifierInfo", &t,
			       err) != 0 ||
		    read_qualifier(t.body, p, err) != 0)
			return -1;
	}
	return 0;
}

/* SignaturePolicyStore: spDocSpec, spDocument. EN 319 122-1 5.2.10 */
static int read_store(struct view value, struct cades_policy *p, struct ltps_error *err)
{
	struct tlv t, specification, document;

	if (cms_expect(&value, ASN1_TAG_SEQUENCE, "SignaturePolicyStore", &t, err) != 0)
		return -1;
	struct view c = t.body;
	if (tlv_next(&c, &specification, err) != 0 ||
	    tlv_next(&c, &document, err) != 0 ||
	    tlv_end(c, "SignaturePolicyStore", err) != 0)
		return -1;
	p->store_spec = specification.whole;
	/* A local URI instead of the document is of no use to us. */
	if (tlv_is(&document, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING) &&
	    !document.constructed)
		p->store = document.body;
	return 0;
}

int cades_policy(const struct cms_signer *s, struct cades_policy *ret,
		 struct ltps_error *err)
{
	struct cades_policy p = { 0 };
	struct view v;
	struct tlv t;

	if (cms_attr_one(&s->signed_attrs, OID_SIGNATURE_POLICY, &v, err) != 0)
		return ltps_where(err, "signature-policy-identifier");
	p.present = v.n > 0;
	if (p.present && tlv_only(v, &t, err) != 0)
		return ltps_where(err, "signature-policy-identifier");
	p.implied = p.present && tlv_is(&t, ASN1_UNIVERSAL, ASN1_TAG_NULL);
	if (p.present && !p.implied &&
	    (cms_expect(&v, ASN1_TAG_SEQUENCE, "SignaturePolicyId", &t, err) != 0 ||
	     read_policy_id(t.body, &p, err) != 0))
		return ltps_where(err, "signature-policy-identifier");
	if (cms_attr_one(&s->unsigned_attrs, OID_SIGNATURE_POLICY_STORE, &v, err) !=
		0 ||
	    (v.n > 0 && read_store(v, &p, err) != 0))
		return ltps_where(err, "signature-policy-store");
	*ret = p;
	return 0;
}

/* ---- other claims ---- */

typedef int read_claim(const struct tlv *t, struct cades_claims *c,
		       struct ltps_error *err);

static int fail_type(const char *type, const char *clause, struct ltps_error *err)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, clause, "not a %s", type);
}

static int read_signing_time(const struct tlv *t, struct cades_claims *c,
			     struct ltps_error *err)
{
	return tlv_time(t, &c->signing_time_ms, err);
}

static int read_mime_type(const struct tlv *t, struct cades_claims *c,
			  struct ltps_error *err)
{
	if (!tlv_is(t, ASN1_UNIVERSAL, ASN1_TAG_UTF8) || t->constructed)
		return fail_type("UTF8String", "EN 319 122-1 5.2.5.2", err);
	c->mime_type = t->body;
	return 0;
}

/* ContentHints: contentDescription OPTIONAL, contentType. RFC 2634 2.9 */
static int read_content_hints(const struct tlv *t, struct cades_claims *c,
			      struct ltps_error *err)
{
	struct tlv text, type;
	bool has;

	if (!tlv_is(t, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE) || !t->constructed)
		return fail_type("SEQUENCE", "RFC 2634 2.9", err);
	struct view v = t->body;
	if (tlv_optional(&v, ASN1_UNIVERSAL, ASN1_TAG_UTF8, &text, &has, err) != 0 ||
	    cms_expect(&v, ASN1_TAG_OID, "contentType", &type, err) != 0 ||
	    tlv_end(v, "ContentHints", err) != 0)
		return -1;
	if (has && !text.constructed)
		c->content_hints_text = text.body;
	c->content_hints_type = type.body;
	return 0;
}

static int read_content_identifier(const struct tlv *t, struct cades_claims *c,
				   struct ltps_error *err)
{
	if (!tlv_is(t, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING) || t->constructed)
		return fail_type("OCTET STRING", "RFC 2634 2.7", err);
	c->content_identifier = t->body;
	return 0;
}

static int read_content_reference(const struct tlv *t, struct cades_claims *c,
				  struct ltps_error *err)
{
	if (!tlv_is(t, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE))
		return fail_type("SEQUENCE", "RFC 2634 2.11", err);
	c->content_reference = t->whole;
	return 0;
}

static int read_location(const struct tlv *t, struct cades_claims *c,
			 struct ltps_error *err)
{
	if (!tlv_is(t, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE))
		return fail_type("SEQUENCE", "RFC 5126 5.11.2", err);
	c->location = t->whole;
	return 0;
}

static int read_signer_attributes(const struct tlv *t, struct cades_claims *c,
				  struct ltps_error *err)
{
	if (!tlv_is(t, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE))
		return fail_type("SEQUENCE", "RFC 5126 5.11.3", err);
	c->signer_attributes = t->whole;
	return 0;
}

static int read_signer_attributes_v2(const struct tlv *t, struct cades_claims *c,
				     struct ltps_error *err)
{
	c->signer_attributes_v2 = true;
	return read_signer_attributes(t, c, err);
}

static const struct claim {
	const char *oid;
	const char *name;
	read_claim *read;
} claims[] = {
	{ OID_SIGNING_TIME, "signing-time", read_signing_time },
	{ OID_MIME_TYPE, "mime-type", read_mime_type },
	{ OID_CONTENT_HINTS, "content-hints", read_content_hints },
	{ OID_CONTENT_IDENTIFIER, "content-identifier", read_content_identifier },
	{ OID_CONTENT_REFERENCE, "content-reference", read_content_reference },
	{ OID_SIGNER_LOCATION, "signer-location", read_location },
	{ OID_SIGNER_ATTRIBUTES, "signer-attributes", read_signer_attributes },
	{ OID_SIGNER_ATTRIBUTES_V2, "signer-attributes-v2", read_signer_attributes_v2 },
};

static int take_commitment(void *to, const struct cades_value *v,
			   struct ltps_error *err)
{
	struct cades_claims *c = to;
	const size_t max = sizeof(c->commitments) / sizeof(c->commitments[0]);
	struct tlv t, oid;
	struct view in = v->t->whole;

	if (cms_expect(&in, ASN1_TAG_SEQUENCE, "CommitmentTypeIndication", &t, err) !=
	    0)
		return -1;
	in = t.body;
	if (cms_expect(&in, ASN1_TAG_OID, "commitmentTypeId", &oid, err) != 0)
		return -1;
	if (c->n_commitments == max)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "more than %zu commitments", max);
	oid_text(oid.body, c->commitments[c->n_commitments++]);
	return 0;
}

/* ---- cms-algorithm-protection, RFC 6211 3 ---- */

/* Absent and NULL parameters are the same; all else by octets. */
static int same_algorithm(struct view a, struct view b, bool *ret_same,
			  struct ltps_error *err)
{
	static const uint8_t null[] = { 0x05, 0x00 };
	struct tlv oid_a, oid_b;

	if (cms_expect(&a, ASN1_TAG_OID, "algorithm", &oid_a, err) != 0 ||
	    cms_expect(&b, ASN1_TAG_OID, "algorithm", &oid_b, err) != 0)
		return -1;
	if (view_equal(a, view_of(null, sizeof(null))))
		a = VIEW_NULL;
	if (view_equal(b, view_of(null, sizeof(null))))
		b = VIEW_NULL;
	*ret_same = view_equal(oid_a.body, oid_b.body) && view_equal(a, b);
	return 0;
}

static int read_protection(const struct cms_signer *s, struct cades_claims *c,
			   struct ltps_error *err)
{
	struct tlv t, digest, signature, own_digest, own_signature;
	struct view v;
	bool has, same_digest = false, same_signature = false;

	if (cms_attr_one(&s->signed_attrs, OID_CMS_ALGORITHM_PROTECTION, &v, err) != 0)
		return -1;
	c->algorithm_protection = v.n > 0;
	if (v.n == 0)
		return 0;
	if (cms_expect(&v, ASN1_TAG_SEQUENCE, "CMSAlgorithmProtection", &t, err) != 0)
		return -1;
	v = t.body;
	if (cms_expect(&v, ASN1_TAG_SEQUENCE, "digestAlgorithm", &digest, err) != 0 ||
	    tlv_optional(&v, ASN1_CONTEXT, 1, &signature, &has, err) != 0 ||
	    tlv_only(s->digest_algorithm, &own_digest, err) != 0 ||
	    tlv_only(s->signature_algorithm, &own_signature, err) != 0)
		return -1;
	/* macAlgorithm is not for signers. */
	if (!has || v.n > 0)
		return 0;
	if (same_algorithm(digest.body, own_digest.body, &same_digest, err) != 0 ||
	    same_algorithm(signature.body, own_signature.body, &same_signature, err) !=
		0)
		return -1;
	c->algorithm_protection_ok = same_digest && same_signature;
	return 0;
}

int cades_claims(const struct cms_signer *s, struct cades_claims *ret,
		 struct ltps_error *err)
{
	struct cades_claims c = { .signing_time_ms = INT64_MIN };
	struct view v;
	struct tlv t;

	for (size_t i = 0; i < sizeof(claims) / sizeof(claims[0]); i++) {
		if (cms_attr_one(&s->signed_attrs, claims[i].oid, &v, err) != 0)
			return ltps_where(err, "%s", claims[i].name);
		if (v.n > 0 &&
		    (tlv_only(v, &t, err) != 0 || claims[i].read(&t, &c, err) != 0))
			return ltps_where(err, "%s", claims[i].name);
	}
	if (cades_each(&s->signed_attrs, OID_COMMITMENT_TYPE,
		       "commitment-type-indication", take_commitment, &c, err) != 0)
		return -1;
	if (read_protection(s, &c, err) != 0)
		return ltps_where(err, "cms-algorithm-protection");
	*ret = c;
	return 0;
}
