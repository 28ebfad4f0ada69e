/* SPDX-License-Identifier: Apache-2.0 */
/* cades_values - certificate-values and revocation-values. RFC 5126 6.3.3, 6.3.4 */
#include "base/mem.h"
#include "formats/cades.h"
#include "formats/cades_private.h"
#include "formats/cms_frame.h"

struct value_lists {
	struct cades_list certs;
	struct cades_list crls;
	struct cades_list basic;
};

/* The elements of a SEQUENCE OF, each a SEQUENCE. */
static int read_list(struct view in, const char *what, struct cades_list *l,
		     struct ltps_error *err)
{
	struct tlv list, t;

	if (cms_expect(&in, ASN1_TAG_SEQUENCE, what, &list, err) != 0 ||
	    tlv_end(in, what, err) != 0)
		return -1;
	for (struct view c = list.body; c.n > 0;) {
		if (cms_expect(&c, ASN1_TAG_SEQUENCE, what, &t, err) != 0 ||
		    cades_list_add_view(l, t.whole, err) != 0)
			return -1;
	}
	return 0;
}

static int take_certs(void *to, const struct cades_value *v, struct ltps_error *err)
{
	struct value_lists *l = to;

	return read_list(v->t->whole, "CertificateValues", &l->certs, err);
}

/* RevocationValues: [0] CRLs, [1] BasicOCSPResponses, [2] others. */
static int take_status(void *to, const struct cades_value *v, struct ltps_error *err)
{
	struct value_lists *l = to;
	struct tlv t, crls, basic, other;
	struct view c = v->t->whole;
	bool has_crls, has_basic, has_other;

	if (cms_expect(&c, ASN1_TAG_SEQUENCE, "RevocationValues", &t, err) != 0)
		return -1;
	c = t.body;
	if (tlv_optional(&c, ASN1_CONTEXT, 0, &crls, &has_crls, err) != 0 ||
	    tlv_optional(&c, ASN1_CONTEXT, 1, &basic, &has_basic, err) != 0 ||
	    tlv_optional(&c, ASN1_CONTEXT, 2, &other, &has_other, err) != 0 ||
	    tlv_end(c, "RevocationValues", err) != 0)
		return -1;
	if (has_crls && read_list(crls.body, "crlVals", &l->crls, err) != 0)
		return -1;
	return has_basic ? read_list(basic.body, "ocspVals", &l->basic, err) : 0;
}

static struct cades_list list_of(const char *what)
{
	return (struct cades_list){ .item = sizeof(struct view),
				    .max = CADES_REFS_MAX,
				    .what = what };
}

int cades_values(const struct cms_signer *s, struct cades_values *ret,
		 struct ltps_error *err)
{
	const struct cms_attrs *attrs = &s->unsigned_attrs;
	struct value_lists l = { list_of("certificates"), list_of("CRLs"),
				 list_of("OCSP responses") };

	if (cades_each(attrs, OID_CERTIFICATE_VALUES, "certificate-values", take_certs,
		       &l, err) != 0 ||
	    cades_each(attrs, OID_REVOCATION_VALUES, "revocation-values", take_status,
		       &l, err) != 0) {
		mem_free(l.basic.v);
		mem_free(l.crls.v);
		mem_free(l.certs.v);
		return -1;
	}
	ret->certs = cades_list_take(&l.certs, &ret->n_certs);
	ret->crls = cades_list_take(&l.crls, &ret->n_crls);
	ret->basic = cades_list_take(&l.basic, &ret->n_basic);
	return 0;
}

void cades_values_clear(struct cades_values *v)
{
	if (v == NULL)
		return;
	mem_free(v->basic);
	mem_free(v->crls);
	mem_free(v->certs);
	*v = (struct cades_values){ 0 };
}

int cades_ocsp_wrap(struct view basic, struct buf *out, struct ltps_error *err)
{
	struct tlv t;
	struct view c = basic;

	if (cms_expect(&c, ASN1_TAG_SEQUENCE, "BasicOCSPResponse", &t, err) != 0 ||
	    tlv_end(c, "BasicOCSPResponse", err) != 0)
		return -1;
	return cms_put_ocsp_response(out, basic, err);
}
