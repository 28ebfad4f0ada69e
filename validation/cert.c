/* SPDX-License-Identifier: Apache-2.0 */
/* cert - decoding of certificates; their extensions are in cert_ext.c. */
#include "validation/cert.h"

#include <openssl/x509.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "timestamping/x509_der.h"
#include "validation/cert_private.h"
#include "validation/key.h"
#include "validation/name.h"

/* 99991231235959Z in milliseconds: without a well-defined end, 4.1.2.5. */
#define NO_END_MS ((int64_t)253402300799000)
/* Octets of a serial number that cert_text() shows. */
#define SERIAL_SHOWN_MAX 20

struct cert_owned {
	struct cert c; /* first: one address for both */
	atomic_uint owners;
	_Atomic(EVP_PKEY *) key; /* decoded at the first question */
	atomic_bool key_unusable;
	struct buf issuer_canonical;
	struct buf subject_canonical; /* empty when the names have the same bytes */
	uint8_t der[];
};

static struct cert_owned *owned(const struct cert *c)
{
	/* Counting owners and keeping the key is invisible to readers. */
	return (struct cert_owned *)(uintptr_t)c;
}

static int fail(struct ltps_error *err, const char *clause, const char *why)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, clause, "certificate: %s",
			 why);
}

/* Certificate, RFC 5280 4.1: tbsCertificate, signatureAlgorithm, signature. */
static int read_outer(struct cert *c, struct view *ret_tbs, struct ltps_error *err)
{
	struct view body;
	struct tlv tbs;
	if (field_only(c->der, DER_SEQUENCE, "Certificate", &body, err) != 0 ||
	    field_next(&body, DER_SEQUENCE, "tbsCertificate", &tbs, err) != 0 ||
	    field_algorithm(&body, "signatureAlgorithm", &c->algorithm, err) != 0 ||
	    field_signature(&body, "signatureValue", &c->signature, err) != 0 ||
	    tlv_end(body, "Certificate", err) != 0)
		return -1;
	c->tbs = tbs.whole;
	*ret_tbs = tbs.body;
	return 0;
}

/* An encoded DEFAULT (v1) is tolerated. RFC 5280 4.1.2.1 */
static int read_version(struct cert *c, struct view *cursor, struct ltps_error *err)
{
	struct tlv tagged, number;
	uint64_t v = 0;
	if (field_optional(cursor, FIELD_CONTEXT_CONSTRUCTED(0), "version", &tagged,
			   err) != 0)
		return -1;
	if (tagged.whole.n > 0 && (tlv_only(tagged.body, &number, err) != 0 ||
				   !tlv_is(&number, ASN1_UNIVERSAL, ASN1_TAG_INTEGER) ||
				   tlv_uint(&number, &v, err) != 0 || v > 2))
		return fail(err, "RFC 5280 4.1.2.1", "unknown version");
	c->version = (unsigned)v + 1;
	return 0;
}

static int read_validity(struct cert *c, struct view *cursor, struct ltps_error *err)
{
	struct tlv t;
	if (field_next(cursor, DER_SEQUENCE, "validity", &t, err) != 0)
		return -1;
	struct view body = t.body;
	if (field_time(&body, "notBefore", &c->not_before_ms, err) != 0 ||
	    field_time(&body, "notAfter", &c->not_after_ms, err) != 0 ||
	    tlv_end(body, "validity", err) != 0)
		return -1;
	if (c->not_after_ms >= NO_END_MS)
		c->not_after_ms = INT64_MAX;
	return 0;
}

/* RFC 5280 4.1.2.7 */
static int read_key(struct cert *c, struct view *cursor, struct ltps_error *err)
{
	struct tlv t;
	if (field_next(cursor, DER_SEQUENCE, "subjectPublicKeyInfo", &t, err) != 0)
		return -1;
	struct view body = t.body;
	if (field_algorithm(&body, "key algorithm", &c->key_algorithm, err) != 0 ||
	    field_bit_octets(&body, "subjectPublicKey", &c->key_octets, err) != 0 ||
	    tlv_end(body, "subjectPublicKeyInfo", err) != 0)
		return -1;
	c->spki = t.whole;
	return 0;
}

static int read_name(struct view *cursor, const char *what, struct view *ret,
		     struct ltps_error *err)
{
	struct tlv t;
	if (field_next(cursor, DER_SEQUENCE, what, &t, err) != 0)
		return -1;
	*ret = t.whole;
	return 0;
}

/* The optional fields behind the key. Nobody uses the unique identifiers. */
static int read_tail(struct cert *c, struct view cursor, struct ltps_error *err)
{
	struct tlv id1, id2, tagged;
	struct view list;
	if (field_optional(&cursor, FIELD_CONTEXT(1), "issuerUniqueID", &id1, err) !=
		0 ||
	    field_optional(&cursor, FIELD_CONTEXT(2), "subjectUniqueID", &id2, err) !=
		0 ||
	    field_optional(&cursor, FIELD_CONTEXT_CONSTRUCTED(3), "extensions", &tagged,
			   err) != 0 ||
	    tlv_end(cursor, "tbsCertificate", err) != 0)
		return -1;
	if ((id1.whole.n > 0 || id2.whole.n > 0) && c->version < 2)
		return fail(err, "RFC 5280 4.1.2.8", "unique identifiers in version 1");
	if (tagged.whole.n == 0)
		return 0;
	/* Refused as a whole: a reader of version 1 would not have seen them. */
	if (c->version != 3)
		return fail(err, "RFC 5280 4.1.2.9", "extensions before version 3");
	if (field_extensions(tagged.body, &list, err) != 0)
		return -1;
	return cert_ext_read(c, list, err);
}

/* TBSCertificate, RFC 5280 4.1. */
static int read_tbs(struct cert *c, struct view cursor, struct ltps_error *err)
{
	if (read_version(c, &cursor, err) != 0 ||
	    field_integer(&cursor, "serialNumber", &c->serial, err) != 0 ||
	    field_algorithm(&cursor, "signature", &c->tbs_algorithm, err) != 0 ||
	    read_name(&cursor, "issuer", &c->issuer, err) != 0 ||
	    read_validity(c, &cursor, err) != 0 ||
	    read_name(&cursor, "subject", &c->subject, err) != 0 ||
	    read_key(c, &cursor, err) != 0)
		return -1;
	return read_tail(c, cursor, err);
}

static int make_names(struct cert_owned *o, struct ltps_error *err)
{
	struct cert *c = &o->c;
	if (name_canonical(c->issuer, &o->issuer_canonical, err) != 0)
		return -1;
	c->issuer_canonical = view_buf(&o->issuer_canonical);
	if (view_equal(c->issuer, c->subject)) {
		c->subject_canonical = c->issuer_canonical;
	} else {
		if (name_canonical(c->subject, &o->subject_canonical, err) != 0)
			return -1;
		c->subject_canonical = view_buf(&o->subject_canonical);
	}
	c->self_issued = view_equal(c->issuer_canonical, c->subject_canonical);
	return 0;
}

static int make_digest(enum digest_alg alg, struct view in, uint8_t *out,
		       struct ltps_error *err)
{
	struct digest d;
	if (digest_once(alg, in, &d, err) != 0)
		return -1;
	memcpy(out, d.p, d.n);
	return 0;
}

static int make_digests(struct cert *c, struct ltps_error *err)
{
	if (make_digest(DIGEST_SHA256, c->der, c->sha256, err) != 0 ||
	    make_digest(DIGEST_SHA1, c->key_octets, c->key_sha1, err) != 0)
		return -1;
	return make_digest(DIGEST_SHA256, c->spki, c->spki_sha256, err);
}

int cert_parse(struct view der, struct cert **ret_cert, struct ltps_error *err)
{
	struct view tbs;
	if (der.n > CERT_SIZE_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "certificate of more than %zu bytes", CERT_SIZE_MAX);
	struct cert_owned *o = mem_zalloc(1, sizeof(*o) + der.n);
	if (o == NULL)
		return ltps_fail_nomem(err);
	atomic_init(&o->owners, 1);
	o->issuer_canonical = buf_make(NAME_CANONICAL_MAX);
	o->subject_canonical = buf_make(NAME_CANONICAL_MAX);
	if (der.n > 0)
		memcpy(o->der, der.p, der.n);
	o->c.der = view_of(o->der, der.n);
	if (read_outer(&o->c, &tbs, err) != 0 || read_tbs(&o->c, tbs, err) != 0 ||
	    make_names(o, err) != 0 || make_digests(&o->c, err) != 0) {
		cert_free(&o->c);
		return field_fail_clause(err, "RFC 5280 4.1");
	}
	*ret_cert = &o->c;
	return 0;
}

struct cert *cert_ref(const struct cert *c)
{
	struct cert_owned *o = owned(c);
	atomic_fetch_add_explicit(&o->owners, 1, memory_order_relaxed);
	return &o->c;
}

void cert_free(struct cert *c)
{
	if (c == NULL)
		return;
	struct cert_owned *o = owned(c);
	if (atomic_fetch_sub_explicit(&o->owners, 1, memory_order_acq_rel) != 1)
		return;
	EVP_PKEY_free(atomic_load(&o->key));
	buf_free(&o->issuer_canonical);
	buf_free(&o->subject_canonical);
	mem_free(o);
}

bool cert_equal(const struct cert *a, const struct cert *b)
{
	return a == b || memcmp(a->sha256, b->sha256, sizeof(a->sha256)) == 0;
}

void cert_text(const struct cert *c, char out[CERT_TEXT_MAX])
{
	char hex[2 * SERIAL_SHOWN_MAX + 1];
	if (!name_is_empty(c->subject)) {
		name_text(c->subject, out, CERT_TEXT_MAX);
		return;
	}
	hex_encode(view_head(c->serial, SERIAL_SHOWN_MAX), hex);
	snprintf(out, CERT_TEXT_MAX, "serial number %s", hex);
}

/* Keeps the key for all; whoever comes second drops his own. */
static EVP_PKEY *publish_key(struct cert_owned *o, EVP_PKEY *key)
{
	EVP_PKEY *there = NULL;
	if (atomic_compare_exchange_strong(&o->key, &there, key))
		return key;
	EVP_PKEY_free(key);
	return there;
}

int cert_key(const struct cert *c, EVP_PKEY **ret_key, struct ltps_error *err)
{
	struct cert_owned *o = owned(c);
	EVP_PKEY *key = atomic_load(&o->key);
	if (key == NULL && !atomic_load(&o->key_unusable)) {
		if (!key_parameters_missing(c) && key_decode(c->spki, &key, err) != 0)
			return -1;
		if (key == NULL)
			atomic_store(&o->key_unusable, true);
		else
			key = publish_key(o, key);
	}
	*ret_key = key;
	return 0;
}

uint16_t cert_key_usage_bit(struct view name)
{
	static const struct {
		const char *name;
		uint16_t bit;
	} names[] = {
		{ "digitalSignature", KEY_USAGE_DIGITAL_SIGNATURE },
		{ "nonRepudiation", KEY_USAGE_NON_REPUDIATION },
		{ "contentCommitment", KEY_USAGE_NON_REPUDIATION },
		{ "keyEncipherment", KEY_USAGE_KEY_ENCIPHERMENT },
		{ "dataEncipherment", KEY_USAGE_DATA_ENCIPHERMENT },
		{ "keyAgreement", KEY_USAGE_KEY_AGREEMENT },
		{ "keyCertSign", KEY_USAGE_CERT_SIGN },
		{ "cRLSign", KEY_USAGE_CRL_SIGN },
		{ "encipherOnly", KEY_USAGE_ENCIPHER_ONLY },
		{ "decipherOnly", KEY_USAGE_DECIPHER_ONLY },
	};
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		if (view_is_text(name, names[i].name))
			return names[i].bit;
	return 0;
}
