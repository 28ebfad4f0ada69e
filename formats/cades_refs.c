/* SPDX-License-Identifier: Apache-2.0 */
/* cades_refs - signing-certificate attributes, references to material. */
#include "base/mem.h"
#include "formats/cades.h"
#include "formats/cades_private.h"
#include "formats/cms_frame.h"

/* ---- pieces ---- */

/* The Name of GeneralNames with a single directoryName; anything else: none. */
static int read_issuer(struct view names, struct view *ret_name, struct ltps_error *err)
{
	struct tlv general, name;

	if (names.n == 0)
		return 0;
	if (tlv_next(&names, &general, err) != 0)
		return -1;
	if (names.n > 0 || general.cls != ASN1_CONTEXT || general.number != 4 ||
	    !general.constructed)
		return 0;
	struct view c = general.body;
	if (cms_expect(&c, ASN1_TAG_SEQUENCE, "directoryName", &name, err) != 0 ||
	    tlv_end(c, "directoryName", err) != 0)
		return -1;
	*ret_name = name.whole;
	return 0;
}

/* IssuerSerial, when the cursor has not ended; nothing may stand behind it. */
static int read_issuer_serial(struct view cursor, struct cades_cert_ref *ref,
			      struct ltps_error *err)
{
	struct tlv t, names, serial;

	if (cursor.n == 0)
		return 0;
	if (cms_expect(&cursor, ASN1_TAG_SEQUENCE, "issuerSerial", &t, err) != 0 ||
	    tlv_end(cursor, "reference to a certificate", err) != 0)
		return -1;
	struct view c = t.body;
	if (cms_expect(&c, ASN1_TAG_SEQUENCE, "issuer", &names, err) != 0 ||
	    cms_expect(&c, ASN1_TAG_INTEGER, "serialNumber", &serial, err) != 0)
		return -1;
	/* AttributeCertificates of old have issuerUID behind; it says nothing to us. */
	if (serial.body.n == 0)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "X.690 8.3.1",
				 "empty serialNumber");
	ref->serial = serial.body;
	return read_issuer(names.body, &ref->issuer, err);
}

/* OtherHash: a SHA-1 value, or algorithm and value. RFC 5126 6.2.1 */
static int read_other_hash(struct view *cursor, enum digest_alg *ret_alg,
			   struct view *ret_oid, struct view *ret_hash,
			   struct ltps_error *err)
{
	struct tlv t;

	if (cursor->n > 0 && tlv_peek(*cursor, &t, err) != 0)
		return -1;
	if (cursor->n > 0 && tlv_is(&t, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING)) {
		*ret_alg = DIGEST_SHA1;
		return cades_octets(cursor, "sha1Hash", ret_hash, err);
	}
	if (cms_expect(cursor, ASN1_TAG_SEQUENCE, "otherHash", &t, err) != 0)
		return -1;
	return cades_hash_and_value(t.body, ret_alg, ret_oid, ret_hash, err);
}

/* ---- signing-certificate ---- */

/* ESSCertID and ESSCertIDv2. RFC 5035 4 */
static int read_ess(struct view body, bool v2, struct cades_cert_ref *ref,
		    struct ltps_error *err)
{
	struct tlv t;

	ref->v2 = v2;
	ref->alg = v2 ? DIGEST_SHA256 : DIGEST_SHA1;
	if (v2 && body.n > 0) {
		if (tlv_peek(body, &t, err) != 0)
			return -1;
		if (tlv_is(&t, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE) &&
		    cades_algorithm(&body, &ref->alg, &ref->oid, err) != 0)
			return -1;
	}
	if (cades_octets(&body, "certHash", &ref->hash, err) != 0)
		return -1;
	return read_issuer_serial(body, ref, err);
}

struct ess_sink {
	struct cades_list list;
	bool v2;
	unsigned n_values;
};

/* SigningCertificate and SigningCertificateV2: certs, policies OPTIONAL. */
static int take_signing_cert(void *to, const struct cades_value *v,
			     struct ltps_error *err)
{
	struct ess_sink *s = to;
	struct tlv t, certs, policies;
	struct view c = v->t->whole;
	bool has;

	s->n_values++;
	if (cms_expect(&c, ASN1_TAG_SEQUENCE, "signing-certificate", &t, err) != 0)
		return -1;
	c = t.body;
	if (cms_expect(&c, ASN1_TAG_SEQUENCE, "certs", &certs, err) != 0 ||
	    tlv_optional(&c, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE, &policies, &has, err) !=
		0 ||
	    tlv_end(c, "signing-certificate", err) != 0)
		return -1;
	if (certs.body.n == 0)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 5035 5.4.1",
				 "no reference in it");
	for (c = certs.body; c.n > 0;) {
		struct cades_cert_ref *ref = cades_list_add(&s->list, err);
		if (ref == NULL ||
		    cms_expect(&c, ASN1_TAG_SEQUENCE, "ESSCertID", &t, err) != 0 ||
		    read_ess(t.body, s->v2, ref, err) != 0)
			return -1;
	}
	return 0;
}

/* An attribute without a value counts as one. */
static unsigned count_of(const struct cms_attrs *attrs, const char *oid,
			 unsigned n_values)
{
	unsigned n = 0;

	for (size_t i = 0; i < attrs->n; i++) {
		if (oid_is(attrs->a[i].type, oid) && attrs->a[i].values.n == 0)
			n++;
	}
	return n + n_values;
}

int cades_signing_certs(const struct cms_signer *s, struct cades_signing_certs *ret,
			struct ltps_error *err)
{
	struct cades_signing_certs c = { 0 };
	const struct cms_attrs *attrs = &s->signed_attrs;
	struct ess_sink sink = { .list = { .item = sizeof(struct cades_cert_ref),
					   .max = CADES_REFS_MAX,
					   .what = "references to certificates" } };

	c.has_v1 = cms_attr_find(attrs, OID_SIGNING_CERTIFICATE, 0) != NULL;
	c.has_v2 = cms_attr_find(attrs, OID_SIGNING_CERTIFICATE_V2, 0) != NULL;
	if (cades_each(attrs, OID_SIGNING_CERTIFICATE, "signing-certificate",
		       take_signing_cert, &sink, err) != 0)
		goto fail;
	c.n_attributes = count_of(attrs, OID_SIGNING_CERTIFICATE, sink.n_values);
	c.v2_from = sink.list.n;
	sink.v2 = true;
	sink.n_values = 0;
	if (cades_each(attrs, OID_SIGNING_CERTIFICATE_V2, "signing-certificate-v2",
		       take_signing_cert, &sink, err) != 0)
		goto fail;
	c.n_attributes += count_of(attrs, OID_SIGNING_CERTIFICATE_V2, sink.n_values);
	c.refs = cades_list_take(&sink.list, &c.n);
	*ret = c;
	return 0;
fail:
	mem_free(sink.list.v);
	return -1;
}

void cades_signing_certs_clear(struct cades_signing_certs *c)
{
	if (c == NULL)
		return;
	mem_free(c->refs);
	*c = (struct cades_signing_certs){ 0 };
}

/* ---- references to certificates ---- */

/* CompleteCertificateRefs: SEQUENCE OF OtherCertID. RFC 5126 6.2.1, 6.2.3 */
static int take_cert_refs(void *to, const struct cades_value *v, struct ltps_error *err)
{
	struct tlv t;
	struct view c = v->t->whole;

	if (cms_expect(&c, ASN1_TAG_SEQUENCE, "references", &t, err) != 0)
		return -1;
	for (c = t.body; c.n > 0;) {
		struct cades_cert_ref *ref = cades_list_add(to, err);
		if (ref == NULL ||
		    cms_expect(&c, ASN1_TAG_SEQUENCE, "OtherCertID", &t, err) != 0)
			return -1;
		struct view id = t.body;
		if (read_other_hash(&id, &ref->alg, &ref->oid, &ref->hash, err) != 0 ||
		    read_issuer_serial(id, ref, err) != 0)
			return -1;
	}
	return 0;
}

int cades_cert_refs(const struct cms_signer *s, struct cades_cert_ref **ret,
		    size_t *ret_n, struct ltps_error *err)
{
	struct cades_list l = { .item = sizeof(struct cades_cert_ref),
				.max = CADES_REFS_MAX,
				.what = "references to certificates" };

	if (cades_each(&s->unsigned_attrs, OID_CERTIFICATE_REFS,
		       "complete-certificate-references", take_cert_refs, &l,
		       err) != 0 ||
	    cades_each(&s->unsigned_attrs, OID_ATTRIBUTE_CERTIFICATE_REFS,
		       "attribute-certificate-references", take_cert_refs, &l,
		       err) != 0) {
		mem_free(l.v);
		return -1;
	}
	*ret = cades_list_take(&l, ret_n);
	return 0;
}

/* ---- references to revocation data, RFC 5126 6.2.2, 6.2.4 ---- */

/* CrlIdentifier: crlissuer, crlIssuedTime, crlNumber OPTIONAL. */
static int read_crl_identifier(struct view cursor, struct cades_status_ref *ref,
			       struct ltps_error *err)
{
	struct tlv t, name, time, number;
	bool has;

	if (cursor.n == 0)
		return 0;
	if (cms_expect(&cursor, ASN1_TAG_SEQUENCE, "crlIdentifier", &t, err) != 0 ||
	    tlv_end(cursor, "CrlValidatedID", err) != 0)
		return -1;
	struct view c = t.body;
	if (cms_expect(&c, ASN1_TAG_SEQUENCE, "crlissuer", &name, err) != 0 ||
	    tlv_next(&c, &time, err) != 0 ||
	    tlv_time(&time, &ref->issued_ms, err) != 0 ||
	    tlv_optional(&c, ASN1_UNIVERSAL, ASN1_TAG_INTEGER, &number, &has, err) !=
		0 ||
	    tlv_end(c, "crlIdentifier", err) != 0)
		return -1;
	ref->issuer = name.whole;
	return 0;
}

static int read_crl_ref(struct view body, struct cades_status_ref *ref,
			struct ltps_error *err)
{
	struct view oid = VIEW_NULL;

	if (read_other_hash(&body, &ref->alg, &oid, &ref->hash, err) != 0)
		return -1;
	return read_crl_identifier(body, ref, err);
}

/* OcspResponsesID: OcspIdentifier { responder, producedAt }, hash OPTIONAL. */
static int read_ocsp_ref(struct view body, struct cades_status_ref *ref,
			 struct ltps_error *err)
{
	struct tlv id, responder, time;
	struct view oid = VIEW_NULL;

	ref->ocsp = true;
	if (cms_expect(&body, ASN1_TAG_SEQUENCE, "ocspIdentifier", &id, err) != 0)
		return -1;
	struct view c = id.body;
	if (tlv_next(&c, &responder, err) != 0 || tlv_next(&c, &time, err) != 0 ||
	    tlv_time(&time, &ref->issued_ms, err) != 0 ||
	    tlv_end(c, "ocspIdentifier", err) != 0)
		return -1;
	if (body.n > 0 && read_other_hash(&body, &ref->alg, &oid, &ref->hash, err) != 0)
		return -1;
	return tlv_end(body, "OcspResponsesID", err);
}

typedef int read_ref(struct view body, struct cades_status_ref *ref,
		     struct ltps_error *err);

/* [n] around CRLListID or OcspListID, each a SEQUENCE around the list. */
static int read_list(struct view explicit_body, const char *what, read_ref *read,
		     struct cades_list *l, struct ltps_error *err)
{
	struct tlv outer, list, t;
	struct view c = explicit_body;

	if (cms_expect(&c, ASN1_TAG_SEQUENCE, what, &outer, err) != 0 ||
	    tlv_end(c, what, err) != 0)
		return -1;
	c = outer.body;
	if (cms_expect(&c, ASN1_TAG_SEQUENCE, what, &list, err) != 0 ||
	    tlv_end(c, what, err) != 0)
		return -1;
	for (c = list.body; c.n > 0;) {
		struct cades_status_ref *ref = cades_list_add(l, err);
		if (ref == NULL)
			return -1;
		ref->issued_ms = INT64_MIN;
		if (cms_expect(&c, ASN1_TAG_SEQUENCE, what, &t, err) != 0 ||
		    read(t.body, ref, err) != 0)
			return -1;
	}
	return 0;
}

static int read_status_entry(struct view body, struct cades_list *l,
			     struct ltps_error *err)
{
	struct tlv crls, ocsps, other;
	bool has_crls, has_ocsps, has_other;

	if (tlv_optional(&body, ASN1_CONTEXT, 0, &crls, &has_crls, err) != 0 ||
	    tlv_optional(&body, ASN1_CONTEXT, 1, &ocsps, &has_ocsps, err) != 0 ||
	    tlv_optional(&body, ASN1_CONTEXT, 2, &other, &has_other, err) != 0 ||
	    tlv_end(body, "CrlOcspRef", err) != 0)
		return -1;
	if (has_crls && read_list(crls.body, "crlids", read_crl_ref, l, err) != 0)
		return -1;
	return has_ocsps ? read_list(ocsps.body, "ocspids", read_ocsp_ref, l, err) : 0;
}

/* CompleteRevocationRefs: SEQUENCE OF CrlOcspRef. */
static int take_status_refs(void *to, const struct cades_value *v,
			    struct ltps_error *err)
{
	struct tlv t;
	struct view c = v->t->whole;

	if (cms_expect(&c, ASN1_TAG_SEQUENCE, "references", &t, err) != 0)
		return -1;
	for (c = t.body; c.n > 0;) {
		if (cms_expect(&c, ASN1_TAG_SEQUENCE, "CrlOcspRef", &t, err) != 0 ||
		    read_status_entry(t.body, to, err) != 0)
			return -1;
	}
	return 0;
}

int cades_status_refs(const struct cms_signer *s, struct cades_status_ref **ret,
		      size_t *ret_n, struct ltps_error *err)
{
	struct cades_list l = { .item = sizeof(struct cades_status_ref),
				.max = CADES_REFS_MAX,
				.what = "references to revocation data" };

	if (cades_each(&s->unsigned_attrs, OID_REVOCATION_REFS,
		       "complete-revocation-references", take_status_refs, &l,
		       err) != 0 ||
	    cades_each(&s->unsigned_attrs, OID_ATTRIBUTE_REVOCATION_REFS,
		       "attribute-revocation-references", take_status_refs, &l,
		       err) != 0) {
		mem_free(l.v);
		return -1;
	}
	*ret = cades_list_take(&l, ret_n);
	return 0;
}
