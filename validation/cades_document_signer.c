/* SPDX-License-Identifier: Apache-2.0 */
/* cades_document_signer - SignerInfos as signatures: octets, digests, format. */
#include "validation/cades_document.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"

#define OID_ID_DATA "1.2.840.113549.1.7.1"

/* The first defect stays. */
__attribute__((format(printf, 3, 4))) static void
defect(struct document_signature *s, const char *clause, const char *fmt, ...)
{
	va_list ap;

	if (s->defect[0] != '\0')
		return;
	va_start(ap, fmt);
	vsnprintf(s->defect, sizeof(s->defect), fmt, ap);
	va_end(ap);
	s->defect_clause = clause;
}

/* A part that does not decode is a defect; nothing else is passed over. */
static int defect_of(struct document_signature *s, const char *clause,
		     struct ltps_error *err)
{
	struct ltps_error copy = *err;

	if (!reader_passes_over(err))
		return -1;
	defect(s, clause, "%s", copy.text);
	return 0;
}

/* ---- signed attributes that must be there, RFC 5652 11 ---- */

static const struct {
	const char *oid;
	const char *name;
	const char *clause;
} single_attributes[] = {
	{ OID_CONTENT_TYPE, "content-type", "RFC 5652 11.1" },
	{ OID_MESSAGE_DIGEST, "message-digest", "RFC 5652 11.2" },
	{ OID_SIGNING_TIME, "signing-time", "RFC 5652 11.3" },
	{ OID_SIGNATURE_POLICY, "signature-policy-identifier", "EN 319 122-1 5.2.9" },
	{ OID_CMS_ALGORITHM_PROTECTION, "cms-algorithm-protection", "RFC 6211 2" },
};

static size_t count_values(struct view values)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct tlv t;
	size_t n = 0;

	for (; values.n > 0; n++) {
		if (tlv_next(&values, &t, &ignored) != 0)
			return 0;
	}
	return n;
}

static void check_single(struct document_signature *s, bool countersignature)
{
	const struct cms_attrs *attrs = &s->signer->signed_attrs;

	for (size_t i = 0; i < sizeof(single_attributes) / sizeof(single_attributes[0]);
	     i++) {
		const struct cms_attr *a =
		    cms_attr_find(attrs, single_attributes[i].oid, 0);
		if (a == NULL)
			continue;
		if (cms_attr_find(attrs, single_attributes[i].oid, 1) != NULL)
			defect(s, single_attributes[i].clause, "%s is there twice",
			       single_attributes[i].name);
		else if (count_values(a->values) != 1)
			defect(s, single_attributes[i].clause,
			       "%s does not have exactly one value",
			       single_attributes[i].name);
	}
	if (countersignature && cms_attr_find(attrs, OID_CONTENT_TYPE, 0) != NULL)
		defect(s, "RFC 5652 11.4", "a countersignature with a content-type");
	if (!countersignature && cms_attr_find(attrs, OID_CONTENT_TYPE, 0) == NULL)
		defect(s, "RFC 5652 11.1", "signed attributes without content-type");
	if (cms_attr_find(attrs, OID_MESSAGE_DIGEST, 0) == NULL)
		defect(s, "RFC 5652 11.2", "signed attributes without message-digest");
}

/* The first value of the first such attribute; false when there is none. */
static bool first_value(const struct cms_attrs *attrs, const char *oid, struct tlv *ret)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	const struct cms_attr *a = cms_attr_find(attrs, oid, 0);

	if (a == NULL)
		return false;
	struct view c = a->values;
	return tlv_next(&c, ret, &ignored) == 0;
}

static void read_content_type(struct document_signature *s)
{
	struct tlv t;

	if (!first_value(&s->signer->signed_attrs, OID_CONTENT_TYPE, &t))
		return;
	if (!tlv_is(&t, ASN1_UNIVERSAL, ASN1_TAG_OID) || t.constructed || t.body.n == 0)
		defect(s, "RFC 5652 11.1", "content-type is no OBJECT IDENTIFIER");
	else
		s->content_type_attr = t.body;
}

/* The octets may be in pieces (BER); those are joined behind the signed octets. */
static int read_message_digest(struct document_signature *s, struct view *ret,
			       struct ltps_error *err)
{
	struct tlv t;

	*ret = VIEW_NULL;
	if (!first_value(&s->signer->signed_attrs, OID_MESSAGE_DIGEST, &t))
		return 0;
	if (!tlv_is(&t, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING)) {
		defect(s, "RFC 5652 11.2", "message-digest is no OCTET STRING");
		return 0;
	}
	if (!t.constructed) {
		*ret = t.body;
		return 0;
	}
	size_t from = s->owned.n;
	if (tlv_octets(&t, &s->owned, err) != 0)
		return defect_of(s, "RFC 5652 11.2", err);
	*ret = view_of(s->owned.p + from, s->owned.n - from);
	return 0;
}

static int read_reference(struct document_signature *s, struct ltps_error *err)
{
	struct document_reference *r = &s->references[0];

	if (cms_attr_find(&s->signer->signed_attrs, OID_MESSAGE_DIGEST, 0) == NULL)
		return 0;
	*r = (struct document_reference){ .name = "message-digest", .alg = s->digest };
	if (read_message_digest(s, &r->value, err) != 0)
		return -1;
	s->n_references = 1;
	return 0;
}

/* ---- what the value is over ---- */

/*
 * The signed attributes as DER and as they were received, one behind the other in a
 * buffer that does not move any more.
 */
static int read_octets(struct document_signature *s, struct ltps_error *err)
{
	struct view received = s->signer->signed_attrs.whole;
	size_t from, n;

	/* DER of BER may be longer than that by a length octet here and there. */
	s->owned = buf_make(4 * received.n + 1024);
	if (buf_reserve(&s->owned, 4 * received.n + 1024, err) != 0)
		return -1;
	if (cms_signed_attrs_der(s->signer, &s->owned, err) != 0) {
		if (!reader_passes_over(err))
			return -1;
		buf_clear(&s->owned);
	}
	if (s->owned.n > 0)
		s->octets[s->n_octets++] = view_buf(&s->owned);
	from = s->owned.n;
	n = received.n;
	if (buf_put_byte(&s->owned, DER_SET, err) != 0 ||
	    buf_put(&s->owned, view_skip(received, 1), err) != 0)
		return -1;
	struct view as_received = view_of(s->owned.p + from, n);
	if (s->n_octets == 0 || !view_equal(s->octets[0], as_received))
		s->octets[s->n_octets++] = as_received;
	return 0;
}

/* ---- algorithms ---- */

static struct view algorithm_oid(struct view identifier)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct tlv outer, oid;

	if (tlv_only(identifier, &outer, &ignored) != 0)
		return VIEW_NULL;
	struct view c = outer.body;
	if (tlv_expect(&c, ASN1_UNIVERSAL, ASN1_TAG_OID, "algorithm", &oid, &ignored) !=
	    0)
		return VIEW_NULL;
	return oid.body;
}

static void read_algorithms(struct document_signature *s)
{
	struct view digest = algorithm_oid(s->signer->digest_algorithm);

	if (digest.n == 0)
		defect(s, "RFC 5652 10.1.1", "digestAlgorithm does not decode");
	if (algorithm_oid(s->signer->signature_algorithm).n == 0)
		defect(s, "RFC 5652 10.1.2", "signatureAlgorithm does not decode");
	/* One that we do not know is no defect: its digests stay unknown. */
	s->digest = digest_from_oid(digest);
	s->algorithm = s->signer->signature_algorithm;
}

/* ---- what the signer said ---- */

/*
 * Identifier and digest of a policy whose qualifiers do not decode: they only tell
 * where the policy is (SPuri is met as UTF8String). RFC 5126 5.8.1
 */
static bool read_bare_policy(const struct document_signature *s,
			     struct cades_policy *ret)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct tlv policy, oid, value, algorithm, hash;

	if (!first_value(&s->signer->signed_attrs, OID_SIGNATURE_POLICY, &policy))
		return false;
	struct view c = policy.body;
	if (tlv_expect(&c, ASN1_UNIVERSAL, ASN1_TAG_OID, "sigPolicyId", &oid,
		       &ignored) != 0 ||
	    tlv_expect(&c, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, "sigPolicyHash", &value,
		       &ignored) != 0)
		return false;
	c = value.body;
	if (tlv_expect(&c, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, "hashAlgorithm",
		       &algorithm, &ignored) != 0 ||
	    tlv_expect(&c, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING, "hashValue", &hash,
		       &ignored) != 0 ||
	    hash.constructed || c.n != 0)
		return false;
	ret->present = true;
	oid_text(oid.body, ret->oid);
	ret->alg = digest_from_oid(algorithm_oid(algorithm.whole));
	ret->hash = hash.body;
	return ret->oid[0] != '\0';
}

static int read_policy(struct document *d, struct document_signature *s,
		       struct ltps_error *err)
{
	struct cms_signer signed_part = *s->signer;

	if (cades_policy(s->signer, &s->policy, err) == 0)
		return 0;
	if (!reader_passes_over(err))
		return -1;
	/* Is it the signed identifier or the unsigned store? */
	signed_part.unsigned_attrs = (struct cms_attrs){ 0 };
	memset(&s->policy, 0, sizeof(s->policy));
	if (cades_policy(&signed_part, &s->policy, err) == 0) {
		reader_note(d, "a signature-policy-store that does not decode");
		return 0;
	}
	memset(&s->policy, 0, sizeof(s->policy));
	if (!read_bare_policy(s, &s->policy))
		return defect_of(s, "EN 319 122-1 5.2.9", err);
	reader_note(d, "qualifiers of a signature policy that do not decode");
	return reader_passes_over(err) ? 0 : -1;
}

/*
 * Attributes that only inform: each that does not decode is left out. The signature can
 * be judged without them, so that it is no defect (EN 319 102-1 5.2.2); a signing time
 * is.
 */
static int read_claims_one_by_one(struct document *d, struct document_signature *s,
				  struct ltps_error *err)
{
	const struct cms_attrs *attrs = &s->signer->signed_attrs;
	struct cms_signer rest = *s->signer;
	struct cades_claims ignored;
	int rc = -1;

	rest.signed_attrs.n = 0;
	rest.signed_attrs.a = mem_zalloc(attrs->n, sizeof(attrs->a[0]));
	if (rest.signed_attrs.a == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < attrs->n; i++) {
		struct cms_signer one = *s->signer;
		one.signed_attrs.a = &attrs->a[i];
		one.signed_attrs.n = 1;
		if (cades_claims(&one, &ignored, err) == 0) {
			rest.signed_attrs.a[rest.signed_attrs.n++] = attrs->a[i];
			continue;
		}
		if (oid_is(attrs->a[i].type, OID_SIGNING_TIME))
			rc = defect_of(s, "RFC 5652 11.3", err);
		else if ((rc = reader_passes_over(err) ? 0 : -1) == 0)
			reader_note(d, "a signed attribute that does not decode");
		if (rc != 0)
			goto out;
	}
	memset(&s->claims, 0, sizeof(s->claims));
	rc = cades_claims(&rest, &s->claims, err);
	if (rc != 0)
		rc = defect_of(s, "EN 319 122-1 5.2", err);
out:
	mem_free(rest.signed_attrs.a);
	return rc;
}

static int read_statements(struct document *d, struct document_signature *s,
			   struct ltps_error *err)
{
	struct cades_signing_certs *c = &s->signing_certs;

	if (cades_signing_certs(s->signer, c, err) != 0) {
		cades_signing_certs_clear(c);
		memset(c, 0, sizeof(*c));
		if (defect_of(s, "RFC 5035 5.4", err) != 0)
			return -1;
	}
	if (c->n_attributes > (unsigned)c->has_v1 + (unsigned)c->has_v2)
		defect(s, "RFC 5035 5.4",
		       "more than one signing-certificate of a kind");
	if (read_policy(d, s, err) != 0)
		return -1;
	s->claims.signing_time_ms = INT64_MIN;
	if (cades_claims(s->signer, &s->claims, err) == 0)
		return 0;
	if (!reader_passes_over(err))
		return -1;
	return read_claims_one_by_one(d, s, err);
}

int reader_signer_read(struct document *d, struct document_signature *s,
		       struct ltps_error *err)
{
	struct digest identity;
	bool countersignature = s->role == ROLE_COUNTERSIGNATURE;

	s->value = s->signer->signature;
	s->has_signed_attrs = s->signer->signed_attrs.whole.n > 0;
	if (digest_once(DIGEST_SHA256, s->value, &identity, err) != 0)
		return -1;
	memcpy(s->sha256, identity.p, sizeof(s->sha256));
	read_algorithms(s);
	if (s->has_signed_attrs) {
		check_single(s, countersignature);
		read_content_type(s);
		if (read_octets(s, err) != 0 || read_reference(s, err) != 0)
			return -1;
	} else if (!countersignature && !oid_is(s->cms->content_type, OID_ID_DATA)) {
		defect(s, "RFC 5652 5.3",
		       "no signed attributes over a content that is "
		       "not of type id-data");
	}
	if (read_statements(d, s, err) != 0)
		return -1;
	s->format = s->signing_certs.n > 0 ? SIGNATURE_CADES : SIGNATURE_PKCS7;
	return 0;
}

void document_signature_clear(struct document_signature *s)
{
	cades_signing_certs_clear(&s->signing_certs);
	if (s->own_signer != NULL)
		cms_signer_clear(s->own_signer);
	mem_free(s->own_signer);
	buf_free(&s->joined);
	buf_free(&s->owned);
}

int reader_compare(struct document_signature *s, struct content *content,
		   struct ltps_error *err)
{
	struct digest d;

	s->has_content = content_has_octets(content);
	for (int alg = 1; alg < DIGEST_ALG_COUNT; alg++)
		s->has_content =
		    s->has_content || content->known[alg].alg != DIGEST_NONE;
	if (content->known[DIGEST_SHA256].alg != DIGEST_NONE)
		memcpy(s->content_sha256, content->known[DIGEST_SHA256].p,
		       sizeof(s->content_sha256));
	for (size_t i = 0; i < s->n_references; i++) {
		struct document_reference *r = &s->references[i];
		bool known = r->alg != DIGEST_NONE &&
			     (content_has_octets(content) ||
			      content->known[r->alg].alg != DIGEST_NONE);
		if (!known)
			continue;
		if (content_digest(content, r->alg, &d, err) != 0)
			return -1;
		r->match = view_equal(r->value, digest_view(&d)) ? MATCH_YES : MATCH_NO;
	}
	return 0;
}

/* ---- all signers, with their countersignatures ---- */

/* A new entry; the arrays may move. */
static int add_signature(struct reader *r, struct document_signature **ret,
			 struct ltps_error *err)
{
	struct document *d = r->d;
	size_t cap = r->cap_signatures;

	if (d->n_signatures == DOCUMENT_SIGNATURES_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "more than %d signatures", DOCUMENT_SIGNATURES_MAX);
	if (mem_grow(&d->signatures, sizeof(d->signatures[0]), d->n_signatures + 1,
			&cap, err) != 0 ||
	    mem_grow(&r->signers, sizeof(r->signers[0]), d->n_signatures + 1,
			&r->cap_signatures, err) != 0)
		return -1;
	memset(&r->signers[d->n_signatures], 0, sizeof(r->signers[0]));
	*ret = &d->signatures[d->n_signatures++];
	memset(*ret, 0, sizeof(**ret));
	(*ret)->parent = -1;
	(*ret)->cms = d->cms;
	return 0;
}

static int add_countersignatures(struct reader *r, size_t parent, unsigned depth,
				 struct ltps_error *err);

static int add_countersignature(struct reader *r, size_t parent, unsigned depth,
				struct view info, struct ltps_error *err)
{
	struct document_signature *s;
	struct cms_signer *own = mem_zalloc(1, sizeof(*own));
	struct buf joined = buf_make(info.n);

	if (own == NULL)
		return ltps_fail_nomem(err);
	if (cms_signer_parse(info, own, &joined, err) != 0) {
		mem_free(own);
		buf_free(&joined);
		if (!reader_passes_over(err))
			return -1;
		reader_note(r->d, "a countersignature that does not decode");
		return 0;
	}
	if (add_signature(r, &s, err) != 0) {
		cms_signer_clear(own);
		mem_free(own);
		buf_free(&joined);
		return -1;
	}
	size_t index = r->d->n_signatures - 1;
	s->own_signer = own;
	s->joined = joined;
	s->signer = own;
	s->role = ROLE_COUNTERSIGNATURE;
	s->parent = (int)parent;
	r->signers[index].content = content_of(r->d->signatures[parent].value);
	if (reader_signer_read(r->d, s, err) != 0)
		return -1;
	/* RFC 5652 11.4: without signed attributes over the parent's value. */
	if (!s->has_signed_attrs) {
		s->octets[s->n_octets++] = r->d->signatures[parent].value;
		if (reader_is_signed_attributes(s->octets[0]))
			defect(s, "RFC 5652 5.4",
			       "the countersigned value is a set of signed attributes");
	}
	return add_countersignatures(r, index, depth + 1, err);
}

static int add_countersignatures(struct reader *r, size_t parent, unsigned depth,
				 struct ltps_error *err)
{
	struct view *infos = NULL;
	size_t n = 0;
	int rc = 0;

	if (cades_countersignatures(r->d->signatures[parent].signer, &infos, &n, err) !=
	    0) {
		if (!reader_passes_over(err))
			return -1;
		reader_note(r->d, "countersignatures that do not decode");
		return 0;
	}
	if (n > 0 && depth == CADES_COUNTER_DEPTH_MAX) {
		reader_note(r->d, "countersignatures deeper than %d are passed over",
			    CADES_COUNTER_DEPTH_MAX);
		n = 0;
	}
	for (size_t i = 0; i < n && rc == 0; i++)
		rc = add_countersignature(r, parent, depth, infos[i], err);
	mem_free(infos);
	return rc;
}

int reader_signatures(struct reader *r, struct ltps_error *err)
{
	struct document_signature *s;

	for (size_t i = 0; i < r->d->cms->n_signers; i++) {
		if (add_signature(r, &s, err) != 0)
			return -1;
		s->signer = &r->d->cms->signers[i];
		if (reader_signer_read(r->d, s, err) != 0 ||
		    add_countersignatures(r, r->d->n_signatures - 1, 0, err) != 0)
			return ltps_where(err, "SignerInfo %zu", i + 1);
	}
	for (size_t i = 0; i < r->d->n_signatures; i++) {
		unsigned nth = 1;
		s = &r->d->signatures[i];
		for (size_t k = 0; k < i; k++)
			nth += memcmp(r->d->signatures[k].sha256, s->sha256, 8) == 0;
		reader_id(s->id, 'S', s->sha256, nth);
	}
	return 0;
}
