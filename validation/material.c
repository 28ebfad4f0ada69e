/* SPDX-License-Identifier: Apache-2.0 */
/* material - what a judgement is given, kept once each. */
#include "validation/material.h"

#include <limits.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <string.h>

#include "base/asn1.h"
#include "base/digest.h"
#include "base/file.h"
#include "base/mem.h"
#include "formats/cms.h"
#include "timestamping/x509_der.h"

#define OID_CERTIFICATE_VALUES "1.2.840.113549.1.9.16.2.23"
#define OID_REVOCATION_VALUES "1.2.840.113549.1.9.16.2.24"

/* Power of two, above twice the items: short probe sequences. */
#define TABLE_SIZE 65536
_Static_assert(TABLE_SIZE > 2 * MATERIAL_ITEMS_MAX, "the table must not fill up");

struct item {
	enum material_kind kind;
	uint8_t sha256[32];
};

struct list {
	struct view *v;
	size_t n;
	size_t cap;
};

struct material {
	struct list lists[MATERIAL_KIND_COUNT];
	struct item *items;
	size_t n_items;
	size_t cap_items;
	size_t bytes;
	uint32_t table[TABLE_SIZE]; /* item number + 1; 0 is free */
};

int material_new(struct material **ret_m, struct ltps_error *err)
{
	struct material *m = mem_zalloc(1, sizeof(*m));
	if (m == NULL)
		return ltps_fail_nomem(err);
	*ret_m = m;
	return 0;
}

static void free_bytes(const uint8_t *p)
{
	/* Views are const for their readers; the owner made the bytes. */
	union {
		const uint8_t *c;
		uint8_t *p;
	} u = { .c = p };
	mem_free(u.p);
}

void material_free(struct material *m)
{
	if (m == NULL)
		return;
	for (int k = 0; k < MATERIAL_KIND_COUNT; k++) {
		for (size_t i = 0; i < m->lists[k].n; i++)
			free_bytes(m->lists[k].v[i].p);
		mem_free(m->lists[k].v);
	}
	mem_free(m->items);
	mem_free(m);
}

/* Decodes and forgets: what cannot be read later must not come in. */
static int check_decodes(enum material_kind kind, struct view der,
			 struct ltps_error *err)
{
	X509 *x = NULL;
	X509_CRL *crl = NULL;
	OCSP_RESPONSE *ocsp = NULL;
	int rc = -1;
	switch (kind) {
	case MATERIAL_ANCHOR:
	case MATERIAL_CERT:
		rc = x509_der_certificate(der, &x, err);
		break;
	case MATERIAL_CRL:
		rc = x509_der_crl(der, &crl, err);
		break;
	case MATERIAL_OCSP:
		rc = x509_der_ocsp(der, &ocsp, err);
		break;
	case MATERIAL_KIND_COUNT:
		break;
	}
	X509_free(x);
	X509_CRL_free(crl);
	OCSP_RESPONSE_free(ocsp);
	return rc;
}

/* The slot of this item, or the free one where it belongs. */
static uint32_t *find_slot(struct material *m, const struct item *item)
{
	uint32_t h;
	memcpy(&h, item->sha256, sizeof(h));
	for (;; h++) {
		uint32_t *slot = &m->table[h % TABLE_SIZE];
		if (*slot == 0)
			return slot;
		const struct item *there = &m->items[*slot - 1];
		if (there->kind == item->kind &&
		    memcmp(there->sha256, item->sha256, sizeof(item->sha256)) == 0)
			return slot;
	}
}

static int grow_items(struct material *m, struct ltps_error *err)
{
	if (m->n_items < m->cap_items)
		return 0;
	size_t cap = m->cap_items > 0 ? m->cap_items * 2 : 16;
	struct item *p = mem_resize(m->items, cap, sizeof(*p));
	if (p == NULL)
		return ltps_fail_nomem(err);
	m->items = p;
	m->cap_items = cap;
	return 0;
}

static int grow_list(struct list *l, struct ltps_error *err)
{
	if (l->n < l->cap)
		return 0;
	size_t cap = l->cap > 0 ? l->cap * 2 : 16;
	struct view *p = mem_resize(l->v, cap, sizeof(*p));
	if (p == NULL)
		return ltps_fail_nomem(err);
	l->v = p;
	l->cap = cap;
	return 0;
}

static int store(struct material *m, uint32_t *slot, const struct item *item,
		 struct view der, struct ltps_error *err)
{
	if (m->n_items >= MATERIAL_ITEMS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %d certificates, CRLs and OCSP responses",
				 MATERIAL_ITEMS_MAX);
	if (der.n > MATERIAL_BYTES_MAX - m->bytes)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %zu bytes of material", MATERIAL_BYTES_MAX);
	struct list *l = &m->lists[item->kind];
	if (grow_items(m, err) != 0 || grow_list(l, err) != 0)
		return -1;
	uint8_t *copy = mem_dup(der.p, der.n);
	if (copy == NULL)
		return ltps_fail_nomem(err);
	m->items[m->n_items++] = *item;
	l->v[l->n++] = view_of(copy, der.n);
	m->bytes += der.n;
	*slot = (uint32_t)m->n_items;
	return 0;
}

int material_add(struct material *m, enum material_kind kind, struct view der,
		 struct ltps_error *err)
{
	struct digest d;
	struct item item = { .kind = kind };
	if (der.n > MATERIAL_BYTES_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %zu bytes of material", MATERIAL_BYTES_MAX);
	if (digest_once(DIGEST_SHA256, der, &d, err) != 0)
		return -1;
	memcpy(item.sha256, d.p, sizeof(item.sha256));
	uint32_t *slot = find_slot(m, &item);
	if (*slot != 0)
		return 0;
	if (check_decodes(kind, der, err) != 0)
		return -1;
	return store(m, slot, &item, der, err);
}

/* Adds what decodes; an object that does not is left out without a word. */
static int add_if_decodes(struct material *m, enum material_kind kind, struct view der,
			  struct ltps_error *err)
{
	if (material_add(m, kind, der, err) == 0)
		return 0;
	if (!x509_der_is_object_fault(err))
		return -1;
	ltps_error_clear(err);
	return 0;
}

/* Each element of a SEQUENCE OF, as one kind; a broken list is left out. */
static int add_elements(struct material *m, enum material_kind kind, struct view body,
			struct ltps_error *err)
{
	struct tlv t;
	while (body.n > 0) {
		if (tlv_next(&body, &t, err) != 0) {
			ltps_error_clear(err);
			return 0;
		}
		if (add_if_decodes(m, kind, t.whole, err) != 0)
			return -1;
	}
	return 0;
}

/* A BasicOCSPResponse on its own, as an OCSPResponse: RFC 6960 4.2.1. */
static int add_basic_ocsp(struct material *m, struct view basic, struct ltps_error *err)
{
	struct buf bytes = buf_make(MATERIAL_BYTES_MAX);
	struct buf out = buf_make(MATERIAL_BYTES_MAX);
	int rc = -1;
	if (der_put_oid(&bytes, OID_PKIX_OCSP_BASIC, err) != 0 ||
	    der_put(&bytes, DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_OCTET_STRING), basic,
		    err) != 0)
		goto out;
	size_t inner = der_header_len(bytes.n) + bytes.n;
	size_t tagged = der_header_len(inner) + inner;
	static const uint8_t successful[] = { 0x0a, 0x01, 0x00 };
	if (der_put_header(&out, DER_SEQUENCE, sizeof(successful) + tagged, err) != 0 ||
	    buf_put(&out, view_of(successful, sizeof(successful)), err) != 0 ||
	    der_put_header(&out, DER_ID(ASN1_CONTEXT, 1, 0), inner, err) != 0 ||
	    der_put(&out, DER_SEQUENCE, view_buf(&bytes), err) != 0)
		goto out;
	rc = add_if_decodes(m, MATERIAL_OCSP, view_buf(&out), err);
out:
	buf_free(&out);
	buf_free(&bytes);
	return rc;
}

static int add_basic_ocsps(struct material *m, struct view body, struct ltps_error *err)
{
	struct tlv t;
	while (body.n > 0) {
		if (tlv_next(&body, &t, err) != 0) {
			ltps_error_clear(err);
			return 0;
		}
		if (add_basic_ocsp(m, t.whole, err) != 0)
			return -1;
	}
	return 0;
}

/* RevocationValues: crlVals [0], ocspVals [1]; RFC 5126 6.3.4. */
static int add_revocation_values(struct material *m, struct view value,
				 struct ltps_error *err)
{
	struct tlv outer, tagged, list;
	if (tlv_only(value, &outer, err) != 0)
		goto malformed;
	struct view cursor = outer.body;
	while (cursor.n > 0) {
		if (tlv_next(&cursor, &tagged, err) != 0)
			goto malformed;
		if (tagged.cls != ASN1_CONTEXT || tagged.number > 1)
			continue;
		if (tlv_only(tagged.body, &list, err) != 0)
			goto malformed;
		int rc = tagged.number == 0
			     ? add_elements(m, MATERIAL_CRL, list.body, err)
			     : add_basic_ocsps(m, list.body, err);
		if (rc != 0)
			return -1;
	}
	return 0;
malformed:
	ltps_error_clear(err);
	return 0;
}

/* certificate-values and revocation-values beside a signature. */
static int add_attributes(struct material *m, const struct cms_signer *signer,
			  struct ltps_error *err)
{
	const struct cms_attr *a;
	struct tlv t;
	for (size_t i = 0; (a = cms_attr_find(&signer->unsigned_attrs,
					      OID_CERTIFICATE_VALUES, i)) != NULL;
	     i++) {
		if (tlv_only(a->values, &t, err) != 0)
			ltps_error_clear(err);
		else if (add_elements(m, MATERIAL_CERT, t.body, err) != 0)
			return -1;
	}
	for (size_t i = 0; (a = cms_attr_find(&signer->unsigned_attrs,
					      OID_REVOCATION_VALUES, i)) != NULL;
	     i++) {
		if (add_revocation_values(m, a->values, err) != 0)
			return -1;
	}
	return 0;
}

static int add_crl_choice(struct material *m, struct view choice,
			  struct ltps_error *err)
{
	if (choice.n > 0 && choice.p[0] == DER_SEQUENCE)
		return add_if_decodes(m, MATERIAL_CRL, choice, err);
	struct buf ocsp = buf_make(MATERIAL_BYTES_MAX);
	int rc = cms_crl_ocsp_response(choice, &ocsp, err);
	if (rc != 0 && x509_der_is_object_fault(err)) {
		ltps_error_clear(err);
		rc = 0;
	} else if (rc == 0 && ocsp.n > 0) {
		rc = add_if_decodes(m, MATERIAL_OCSP, view_buf(&ocsp), err);
	}
	buf_free(&ocsp);
	return rc;
}

static int add_cms_certs(struct material *m, enum material_kind kind,
			 const struct cms *cms, struct ltps_error *err)
{
	for (size_t i = 0; i < cms->n_certs; i++) {
		struct view c = cms->certs[i];
		if (c.n > 0 && c.p[0] == DER_SEQUENCE &&
		    add_if_decodes(m, kind, c, err) != 0)
			return -1;
	}
	return 0;
}

int material_add_cms(struct material *m, const struct cms *cms, struct ltps_error *err)
{
	if (add_cms_certs(m, MATERIAL_CERT, cms, err) != 0)
		return -1;
	for (size_t i = 0; i < cms->n_crls; i++) {
		if (add_crl_choice(m, cms->crls[i], err) != 0)
			return -1;
	}
	for (size_t i = 0; i < cms->n_signers; i++) {
		if (add_attributes(m, &cms->signers[i], err) != 0)
			return -1;
	}
	return 0;
}

/* A bundle of certificates and CRLs without signers (or with). */
static int add_bundle(struct material *m, enum material_kind kind, struct view der,
		      struct ltps_error *err)
{
	struct cms *cms = NULL;
	int rc = cms_parse(der, &cms, err);
	if (rc == 0 && kind == MATERIAL_ANCHOR)
		rc = add_cms_certs(m, MATERIAL_ANCHOR, cms, err);
	else if (rc == 0)
		rc = material_add_cms(m, cms, err);
	cms_free(cms);
	return rc;
}

/* ContentInfo begins with an OBJECT IDENTIFIER, a Certificate does not. */
static bool is_content_info(struct view der)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct tlv outer, first;
	return tlv_peek(der, &outer, &ignored) == 0 &&
	       tlv_is(&outer, ASN1_UNIVERSAL, ASN1_TAG_SEQUENCE) &&
	       tlv_peek(outer.body, &first, &ignored) == 0 &&
	       tlv_is(&first, ASN1_UNIVERSAL, ASN1_TAG_OID);
}

static int add_der(struct material *m, enum material_kind kind, struct view der,
		   struct ltps_error *err)
{
	if (is_content_info(der))
		return add_bundle(m, kind, der, err);
	return material_add(m, kind, der, err);
}

static const struct {
	const char *label;
	enum material_kind kind;
} pem_labels[] = {
	{ "CERTIFICATE", MATERIAL_CERT }, { "X509 CERTIFICATE", MATERIAL_CERT },
	{ "X509 CRL", MATERIAL_CRL },     { "OCSP RESPONSE", MATERIAL_OCSP },
	{ "PKCS7", MATERIAL_CERT },       { "CMS", MATERIAL_CERT },
};

/* One PEM object; other labels (keys, parameters) are passed over. */
static int add_pem_object(struct material *m, enum material_kind kind,
			  const char *label, struct view der, bool *added,
			  struct ltps_error *err)
{
	for (size_t i = 0; i < sizeof(pem_labels) / sizeof(pem_labels[0]); i++) {
		if (strcmp(label, pem_labels[i].label) != 0)
			continue;
		enum material_kind k = pem_labels[i].kind;
		if (k == MATERIAL_CERT && kind == MATERIAL_ANCHOR)
			k = MATERIAL_ANCHOR;
		*added = true;
		return add_der(m, k, der, err);
	}
	return 0;
}

/* The queue is left by PEM_read_bio: its end, or a real fault. */
static int pem_end(bool added, struct ltps_error *err)
{
	unsigned long e = ERR_peek_last_error();
	/* What the PEM reader did not find fault with itself, is memory. */
	if (ERR_GET_LIB(ERR_peek_error()) != ERR_LIB_PEM)
		return ltps_fail_openssl(err, LTPS_NOMEM, LTPS_FAULT_SELF, NULL, "PEM");
	if (ERR_GET_REASON(e) != PEM_R_NO_START_LINE)
		return ltps_fail_openssl(err, LTPS_FORMAT, LTPS_FAULT_OBJECT,
					 "RFC 7468 2", "PEM does not decode");
	ERR_clear_error();
	if (!added)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 7468 2",
				 "neither DER nor PEM with a certificate, CRL or OCSP "
				 "response");
	return 0;
}

static int add_pem(struct material *m, enum material_kind kind, struct view text,
		   struct ltps_error *err)
{
	if (text.n > INT_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %d bytes of PEM", INT_MAX);
	BIO *bio = BIO_new_mem_buf(text.n > 0 ? (const void *)text.p : "", (int)text.n);
	if (bio == NULL)
		return ltps_fail_openssl(err, LTPS_NOMEM, LTPS_FAULT_SELF, NULL, "PEM");
	bool added = false;
	int rc = 0;
	while (rc == 0) {
		char *label = NULL, *header = NULL;
		unsigned char *data = NULL;
		long n = 0;
		if (PEM_read_bio(bio, &label, &header, &data, &n) != 1) {
			rc = pem_end(added, err);
			break;
		}
		rc = add_pem_object(m, kind, label, view_of(data, (size_t)n), &added,
				    err);
		OPENSSL_free(label);
		OPENSSL_free(header);
		OPENSSL_clear_free(data, (size_t)n); /* may have been a key */
	}
	BIO_free(bio);
	return rc;
}

int material_add_text_or_der(struct material *m, enum material_kind kind,
			     struct view bytes, struct ltps_error *err)
{
	if (bytes.n > 0 && bytes.p[0] == DER_SEQUENCE)
		return add_der(m, kind, bytes, err);
	return add_pem(m, kind, bytes, err);
}

int material_read(struct material *m, enum material_kind kind, const char *path,
		  struct ltps_error *err)
{
	struct buf b = buf_make(MATERIAL_BYTES_MAX);
	int rc = file_read(path, &b, err);
	if (rc == 0)
		rc = material_add_text_or_der(m, kind, view_buf(&b), err);
	buf_free(&b);
	return rc == 0 ? 0 : ltps_where(err, "%s", path);
}

size_t material_count(const struct material *m, enum material_kind kind)
{
	return m->lists[kind].n;
}

struct view material_at(const struct material *m, enum material_kind kind, size_t i)
{
	return i < m->lists[kind].n ? m->lists[kind].v[i] : VIEW_NULL;
}

const struct view *material_views(const struct material *m, enum material_kind kind)
{
	return m->lists[kind].v;
}
