/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/cms.h"

#include <string.h>

#include "base/mem.h"
#include "formats/cms_der.h"
#include "formats/cms_frame.h"

static int fail_format(struct ltps_error *err, const char *clause, const char *text)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, clause, "%s", text);
}

/* How many elements stand in a set; more than max is refused. */
static int count_elements(struct view body, size_t max, const char *what, size_t *ret_n,
			  struct ltps_error *err)
{
	struct tlv t;
	size_t n = 0;

	for (; body.n > 0; n++) {
		if (n == max)
			return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
					 "more than %zu %s", max, what);
		if (tlv_next(&body, &t, err) != 0)
			return -1;
	}
	*ret_n = n;
	return 0;
}

/*
 * Octets of an OCTET STRING: those of the input when primitive, otherwise
 * joined in a buffer that never moves (its max is the input's length and all
 * joined octets are fewer, so one reservation is enough).
 */
static int octets_of(struct buf *joined, const struct tlv *t, struct view *ret_v,
		     struct ltps_error *err)
{
	if (!t->constructed) {
		*ret_v = t->body;
		return 0;
	}
	if (joined->p == NULL && buf_reserve(joined, joined->max, err) != 0)
		return -1;
	size_t start = joined->n;
	if (tlv_octets(t, joined, err) != 0)
		return -1;
	*ret_v = view_of(joined->p + start, joined->n - start);
	return 0;
}

static bool is_certificate_choice(const struct tlv *t)
{
	/* RFC 5652 10.2.2: Certificate, [0] to [3] */
	return tlv_is(t, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE) ||
	       (t->cls == ASN1_CONTEXT && t->constructed && t->number <= 3);
}

static bool is_revocation_choice(const struct tlv *t)
{
	/* RFC 5652 10.2.1: CertificateList, [1] other */
	return tlv_is(t, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE) ||
	       (t->cls == ASN1_CONTEXT && t->constructed && t->number == 1);
}

static int read_choices(struct view body, bool (*is_choice)(const struct tlv *),
			struct view *items, size_t n, struct ltps_error *err)
{
	for (size_t i = 0; i < n; i++) {
		struct tlv t;
		if (tlv_next(&body, &t, err) != 0)
			return -1;
		if (!is_choice(&t))
			return fail_format(
			    err, "RFC 5652 10.2",
			    "certificates or crls hold a foreign element");
		items[i] = t.whole;
	}
	return 0;
}

static int read_certs(struct cms *cms, const struct cms_frame *f,
		      struct ltps_error *err)
{
	size_t n = 0;

	if (!f->has_certs)
		return 0;
	if (count_elements(f->certs.body, CMS_CERTS_MAX, "certificates", &n, err) != 0)
		return -1;
	cms->certs = mem_zalloc(n, sizeof(cms->certs[0]));
	if (cms->certs == NULL)
		return ltps_fail_nomem(err);
	cms->n_certs = n;
	cms->certs_whole = f->certs.whole;
	return read_choices(f->certs.body, is_certificate_choice, cms->certs, n, err);
}

static int read_crls(struct cms *cms, const struct cms_frame *f, struct ltps_error *err)
{
	size_t n = 0;

	if (!f->has_crls)
		return 0;
	if (count_elements(f->crls.body, CMS_CRLS_MAX, "crls", &n, err) != 0)
		return -1;
	cms->crls = mem_zalloc(n, sizeof(cms->crls[0]));
	if (cms->crls == NULL)
		return ltps_fail_nomem(err);
	cms->n_crls = n;
	cms->crls_whole = f->crls.whole;
	return read_choices(f->crls.body, is_revocation_choice, cms->crls, n, err);
}

static int read_content(struct cms *cms, const struct cms_frame *f,
			struct ltps_error *err)
{
	struct view c = f->encap.body;
	struct tlv oid, wrapper, content;

	if (cms_expect(&c, ASN1_TAG_OID, "eContentType", &oid, err) != 0 ||
	    tlv_optional(&c, ASN1_CONTEXT, 0, &wrapper, &cms->has_content, err) != 0 ||
	    tlv_end(c, "encapContentInfo", err) != 0)
		return -1;
	cms->content_type = oid.body;
	if (!cms->has_content)
		return 0;
	if (tlv_only(wrapper.body, &content, err) != 0)
		return -1;
	if (!wrapper.constructed)
		return fail_format(err, "RFC 5652 5.2", "primitive eContent");
	if (!tlv_is(&content, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING))
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT,
				 "RFC 5652 5.2.1",
				 "content of PKCS #7 that is no OCTET STRING");
	return octets_of(&cms->joined, &content, &cms->content, err);
}

static int read_attr(struct view *cursor, struct cms_attr *a, struct ltps_error *err)
{
	struct tlv whole, type, values;

	if (cms_expect(cursor, ASN1_TAG_SEQUENCE, "Attribute", &whole, err) != 0)
		return -1;
	struct view c = whole.body;
	if (cms_expect(&c, ASN1_TAG_OID, "attrType", &type, err) != 0 ||
	    cms_expect(&c, ASN1_TAG_SET, "attrValues", &values, err) != 0 ||
	    tlv_end(c, "Attribute", err) != 0)
		return -1;
	*a = (struct cms_attr){ whole.whole, type.body, values.body };
	return 0;
}

static int read_attrs(const struct tlv *set, struct cms_attrs *attrs,
		      struct ltps_error *err)
{
	size_t n = 0;

	if (!set->constructed)
		return fail_format(err, "RFC 5652 5.3", "attributes are not a set");
	if (count_elements(set->body, CMS_ATTRS_MAX, "attributes", &n, err) != 0)
		return -1;
	attrs->a = mem_zalloc(n, sizeof(attrs->a[0]));
	if (attrs->a == NULL)
		return ltps_fail_nomem(err);
	struct view c = set->body;
	for (size_t i = 0; i < n; i++) {
		if (read_attr(&c, &attrs->a[i], err) != 0)
			return -1;
	}
	attrs->whole = set->whole;
	attrs->n = n;
	return 0;
}

/* SignerIdentifier: issuerAndSerialNumber or [0] subjectKeyIdentifier */
static int read_sid(struct buf *joined, struct view *cursor, struct cms_signer *s,
		    struct ltps_error *err)
{
	struct tlv sid, name, serial;

	if (tlv_next(cursor, &sid, err) != 0)
		return -1;
	s->sid = sid.whole;
	if (sid.cls == ASN1_CONTEXT && sid.number == 0)
		return octets_of(joined, &sid, &s->ski, err);
	if (!tlv_is(&sid, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE))
		return fail_format(err, "RFC 5652 5.3", "unknown kind of sid");
	struct view c = sid.body;
	if (cms_expect(&c, ASN1_TAG_SEQUENCE, "issuer", &name, err) != 0 ||
	    cms_expect(&c, ASN1_TAG_INTEGER, "serialNumber", &serial, err) != 0 ||
	    tlv_end(c, "issuerAndSerialNumber", err) != 0)
		return -1;
	if (serial.body.n == 0)
		return fail_format(err, "RFC 5652 5.3", "empty serialNumber");
	s->issuer = name.whole;
	s->serial = serial.body;
	return 0;
}

static int read_signer(struct buf *joined, struct view *cursor, struct cms_signer *s,
		       struct ltps_error *err)
{
	struct tlv whole, t;
	bool has;

	if (cms_expect(cursor, ASN1_TAG_SEQUENCE, "SignerInfo", &whole, err) != 0)
		return -1;
	s->whole = whole.whole;
	struct view c = whole.body;
	if (cms_expect(&c, ASN1_TAG_INTEGER, "SignerInfo version", &t, err) != 0)
		return -1;
	s->version = t.whole;
	if (read_sid(joined, &c, s, err) != 0 ||
	    cms_expect(&c, ASN1_TAG_SEQUENCE, "digestAlgorithm", &t, err) != 0)
		return -1;
	s->digest_algorithm = t.whole;
	if (tlv_optional(&c, ASN1_CONTEXT, 0, &t, &has, err) != 0 ||
	    (has && read_attrs(&t, &s->signed_attrs, err) != 0))
		return -1;
	if (cms_expect(&c, ASN1_TAG_SEQUENCE, "signatureAlgorithm", &t, err) != 0)
		return -1;
	s->signature_algorithm = t.whole;
	if (cms_expect(&c, ASN1_TAG_OCTET_STRING, "signature", &t, err) != 0 ||
	    octets_of(joined, &t, &s->signature, err) != 0)
		return -1;
	s->signature_whole = t.whole;
	if (tlv_optional(&c, ASN1_CONTEXT, 1, &t, &has, err) != 0 ||
	    (has && read_attrs(&t, &s->unsigned_attrs, err) != 0))
		return -1;
	return tlv_end(c, "SignerInfo", err);
}

static int read_signers(struct cms *cms, const struct cms_frame *f,
			struct ltps_error *err)
{
	size_t n = 0;
	struct view c = f->signer_infos.body;

	if (count_elements(c, CMS_SIGNERS_MAX, "signers", &n, err) != 0)
		return -1;
	cms->signers = mem_zalloc(n, sizeof(cms->signers[0]));
	if (cms->signers == NULL)
		return ltps_fail_nomem(err);
	cms->n_signers = n;
	for (size_t i = 0; i < n; i++) {
		if (read_signer(&cms->joined, &c, &cms->signers[i], err) != 0)
			return ltps_where(err, "SignerInfo %zu", i + 1);
	}
	return 0;
}

static int read_all(struct cms *cms, struct ltps_error *err)
{
	struct cms_frame f;

	if (cms_frame_parse(view_buf(&cms->owned), &f, err) != 0)
		return -1;
	cms->whole = f.content_info.whole;
	cms->signed_data = f.signed_data.whole;
	cms->digest_algorithms = f.digest_algorithms.whole;
	cms->encap = f.encap.whole;
	if (tlv_uint(&f.version, &cms->version, err) != 0 ||
	    read_content(cms, &f, err) != 0 || read_certs(cms, &f, err) != 0 ||
	    read_crls(cms, &f, err) != 0)
		return -1;
	return read_signers(cms, &f, err);
}

int cms_parse(struct view in, struct cms **ret_cms, struct ltps_error *err)
{
	if (in.n > CMS_SIZE_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "CMS of more than %zu bytes", CMS_SIZE_MAX);
	struct cms *cms = mem_zalloc(1, sizeof(*cms));
	if (cms == NULL)
		return ltps_fail_nomem(err);
	cms->owned = buf_make(in.n);
	cms->joined = buf_make(in.n);
	if (buf_put(&cms->owned, in, err) != 0 || read_all(cms, err) != 0) {
		cms_free(cms);
		return -1;
	}
	*ret_cms = cms;
	return 0;
}

void cms_free(struct cms *cms)
{
	if (cms == NULL)
		return;
	for (size_t i = 0; i < cms->n_signers; i++)
		cms_signer_clear(&cms->signers[i]);
	mem_free(cms->signers);
	mem_free(cms->crls);
	mem_free(cms->certs);
	buf_free(&cms->joined);
	buf_free(&cms->owned);
	mem_free(cms);
}

int cms_signer_parse(struct view in, struct cms_signer *ret, struct buf *joined,
		     struct ltps_error *err)
{
	struct cms_signer s = { 0 };
	struct view c = in;

	if (in.n > CMS_SIZE_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "SignerInfo of more than %zu bytes", CMS_SIZE_MAX);
	*joined = buf_make(in.n);
	if (read_signer(joined, &c, &s, err) != 0 ||
	    tlv_end(c, "SignerInfo", err) != 0) {
		cms_signer_clear(&s);
		buf_free(joined);
		return -1;
	}
	*ret = s;
	return 0;
}

void cms_signer_clear(struct cms_signer *s)
{
	if (s == NULL)
		return;
	mem_free(s->signed_attrs.a);
	mem_free(s->unsigned_attrs.a);
	*s = (struct cms_signer){ 0 };
}

const struct cms_attr *cms_attr_find(const struct cms_attrs *attrs, const char *dotted,
				     size_t i)
{
	for (size_t k = 0; k < attrs->n; k++) {
		if (oid_is(attrs->a[k].type, dotted) && i-- == 0)
			return &attrs->a[k];
	}
	return NULL;
}

int cms_attr_one(const struct cms_attrs *attrs, const char *dotted,
		 struct view *ret_value, struct ltps_error *err)
{
	const struct cms_attr *a = cms_attr_find(attrs, dotted, 0);
	struct tlv t;

	if (a == NULL) {
		*ret_value = VIEW_NULL;
		return 0;
	}
	if (cms_attr_find(attrs, dotted, 1) != NULL)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 5652 11",
				 "attribute %s is there more than once", dotted);
	struct view c = a->values;
	if (c.n == 0)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 5652 11",
				 "attribute %s has no value", dotted);
	if (tlv_next(&c, &t, err) != 0)
		return -1;
	if (c.n > 0)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 5652 11",
				 "attribute %s has several values", dotted);
	*ret_value = t.whole;
	return 0;
}

int cms_signed_attrs_der(const struct cms_signer *signer, struct buf *out,
			 struct ltps_error *err)
{
	struct tlv set;

	if (signer->signed_attrs.whole.n == 0)
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_CALLER, "RFC 5652 5.4",
				 "no signed attributes");
	if (tlv_only(signer->signed_attrs.whole, &set, err) != 0)
		return -1;
	return cms_der_put_set(out, DER_SET, set.body, err);
}

int cms_put_ocsp_response(struct buf *out, struct view basic, struct ltps_error *err)
{
	static const uint8_t successful[] = { 0x0a, 0x01, 0x00 };
	struct buf bytes = buf_make(CMS_SIZE_MAX);
	struct buf explicit0 = buf_make(CMS_SIZE_MAX);
	struct buf body = buf_make(CMS_SIZE_MAX);
	int rc = -1;

	if (der_put_oid(&bytes, OID_PKIX_OCSP_BASIC, err) != 0 ||
	    der_put(&bytes, ASN1_TAG_OCTET_STRING, basic, err) != 0 ||
	    der_put(&explicit0, DER_SEQUENCE, view_buf(&bytes), err) != 0 ||
	    buf_put(&body, view_of(successful, sizeof(successful)), err) != 0 ||
	    der_put(&body, DER_ID(ASN1_CONTEXT, 1, 0), view_buf(&explicit0), err) !=
		0 ||
	    der_put(out, DER_SEQUENCE, view_buf(&body), err) != 0)
		goto out;
	rc = 0;
out:
	buf_free(&body);
	buf_free(&explicit0);
	buf_free(&bytes);
	return rc;
}

int cms_crl_ocsp_response(struct view choice, struct buf *out, struct ltps_error *err)
{
	struct tlv other, oid, value, first;

	if (tlv_only(choice, &other, err) != 0)
		return -1;
	if (other.cls != ASN1_CONTEXT || other.number != 1)
		return 0;
	struct view c = other.body;
	if (cms_expect(&c, ASN1_TAG_OID, "otherRevInfoFormat", &oid, err) != 0 ||
	    tlv_next(&c, &value, err) != 0 ||
	    tlv_end(c, "OtherRevocationInfoFormat", err) != 0)
		return -1;
	if (!oid_is(oid.body, OID_RI_OCSP_RESPONSE) &&
	    !oid_is(oid.body, OID_PKIX_OCSP_BASIC))
		return 0;
	if (!tlv_is(&value, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE))
		return fail_format(err, "RFC 5940 2.1", "not an OCSP response");
	/* Writers mix up the two identifiers: responseStatus tells them apart. */
	if (tlv_peek(value.body, &first, err) != 0)
		return -1;
	if (tlv_is(&first, ASN1_UNIVERSAL, ASN1_TAG_ENUMERATED))
		return buf_put(out, value.whole, err);
	return cms_put_ocsp_response(out, value.whole, err);
}
