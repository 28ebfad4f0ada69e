/* SPDX-License-Identifier: Apache-2.0 */
/* cades_kit_sign - SignerInfos with their attributes, and the files around them. */
#include <openssl/x509v3.h>
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "tests/support/cades_kit_private.h"
#include "tests/support/cms_make.h"
#include "timestamping/signature.h"

#define OID_DATA "1.2.840.113549.1.7.1"
#define OID_SPQ_URI "1.2.840.113549.1.9.16.5.1"

/* What the attributes of one signer are made of. */
struct signing {
	const struct cades_kit_signer *s;
	struct view octets; /* that message-digest covers */
	const char *content_type;
	bool countersignature;
	enum digest_alg digest;
	struct ck_list attrs;
};

static void must(int rc, const struct ltps_error *err)
{
	if (rc != 0)
		ck_die(err->text);
}

/* ---- names of certificates ---- */

static struct view name_of(const X509_NAME *name)
{
	const unsigned char *p;
	size_t n;
	CK_NEED(X509_NAME_get0_der(name, &p, &n) == 1);
	return make_joined(view_of(p, n), VIEW_NULL);
}

static struct view serial_of(const struct fix_cert *c, bool wrong)
{
	unsigned char *der = NULL;
	int n = i2d_ASN1_INTEGER(X509_get0_serialNumber(c->x), &der);
	CK_NEED(n > 0);
	if (wrong)
		der[n - 1] ^= 1;
	struct view v = make_joined(view_of(der, (size_t)n), VIEW_NULL);
	OPENSSL_free(der);
	return v;
}

/* IssuerSerial: GeneralNames with one directoryName, RFC 5035 5. */
struct view ck_issuer_serial(const struct fix_cert *c, bool wrong)
{
	struct view name = name_of(X509_get_issuer_name(c->x));
	return make_el(DER_SEQUENCE, make_el(DER_SEQUENCE, make_el(0xa4, name)),
		       serial_of(c, wrong));
}

static struct view signer_id(const struct cades_kit_signer *s)
{
	if (s->by_ski) {
		const ASN1_OCTET_STRING *ski = X509_get0_subject_key_id(s->cert->x);
		CK_NEED(ski != NULL);
		return make_el(0x80, view_of(ASN1_STRING_get0_data(ski),
					     (size_t)ASN1_STRING_length(ski)));
	}
	return make_el(DER_SEQUENCE, name_of(X509_get_issuer_name(s->cert->x)),
		       serial_of(s->cert, false));
}

/* ---- attributes ---- */

/* Once, twice, with two values, or not at all. */
static void put(struct signing *g, enum cades_kit_attr how, const char *oid,
		struct view value)
{
	if (how == CADES_KIT_ABSENT)
		return;
	if (how == CADES_KIT_TWO_VALUES) {
		ck_push(&g->attrs, make_el(DER_SEQUENCE, make_oid(oid),
					   make_el(DER_SET, value, value)));
		return;
	}
	ck_push(&g->attrs, make_attr(oid, value));
	if (how == CADES_KIT_TWICE)
		ck_push(&g->attrs, make_attr(oid, value));
}

static void put_content_type(struct signing *g)
{
	const char *type = g->content_type;
	if (g->countersignature && g->s->content_type == CADES_KIT_RIGHT)
		return;
	if (g->s->content_type == CADES_KIT_WRONG)
		type = g->countersignature ? OID_DATA : "1.2.840.113549.1.7.3";
	put(g, g->s->content_type, OID_CONTENT_TYPE, make_oid(type));
}

static void put_message_digest(struct signing *g)
{
	struct digest d = cades_kit_hash(g->digest, g->octets);
	if (g->s->message_digest == CADES_KIT_WRONG)
		d.p[0] ^= 1;
	put(g, g->s->message_digest, OID_MESSAGE_DIGEST,
	    make_el(ASN1_TAG_OCTET_STRING, digest_view(&d)));
}

static void put_signing_time(struct signing *g)
{
	int64_t t = g->s->signing_ms != 0 ? g->s->signing_ms : FIX_T0_MS;
	/* RFC 5652 11.3: UTCTime until 2049. */
	struct view value = t < INT64_C(2524608000000) ? ck_utc_time(t) : ck_time(t);
	if (g->s->signing_time == CADES_KIT_WRONG)
		value = make_el(ASN1_TAG_UTC_TIME, view_text("yesterday"));
	put(g, g->s->signing_time, OID_SIGNING_TIME, value);
}

/* ESSCertID or ESSCertIDv2. */
static struct view ess_cert_id(const struct cades_kit_signer *s,
			       const struct fix_cert *c, bool v2, bool wrong,
			       enum cades_kit_extra issuer_serial)
{
	enum digest_alg alg = DIGEST_SHA1;
	struct view id = VIEW_NULL, names = VIEW_NULL;
	if (v2)
		alg = s->reference_digest != DIGEST_NONE ? s->reference_digest
							 : DIGEST_SHA256;
	if (v2 && alg != DIGEST_SHA256) /* the default is left out in DER */
		id = digest_algorithm_identifier(alg);
	struct digest d = cades_kit_hash(alg, c->der);
	if (wrong)
		d.p[0] ^= 1;
	if (issuer_serial != CADES_KIT_NONE)
		names = ck_issuer_serial(c, issuer_serial == CADES_KIT_DIFFERS);
	return make_el(DER_SEQUENCE, id,
		       make_el(ASN1_TAG_OCTET_STRING, digest_view(&d)), names);
}

static void put_reference(struct signing *g, bool v2)
{
	const struct cades_kit_signer *s = g->s;
	struct view ids =
	    ess_cert_id(s, s->cert, v2, s->signing_certificate == CADES_KIT_WRONG,
			s->issuer_serial);
	for (size_t i = 0; i < 4 && s->more_references[i] != NULL; i++)
		ids = make_joined(ids, ess_cert_id(s, s->more_references[i], v2, false,
						   s->issuer_serial));
	put(g, s->signing_certificate,
	    v2 ? OID_SIGNING_CERTIFICATE_V2 : OID_SIGNING_CERTIFICATE,
	    make_el(DER_SEQUENCE, make_el(DER_SEQUENCE, ids)));
}

/* OtherHashAlgAndValue, RFC 5126 5.8.1 */
static struct view policy_hash(const struct cades_kit_signer *s)
{
	struct digest d = cades_kit_hash(DIGEST_SHA256, s->policy_document);
	if (s->policy_wrong_hash)
		d.p[0] ^= 1;
	return make_el(DER_SEQUENCE, digest_algorithm_identifier(DIGEST_SHA256),
		       make_el(ASN1_TAG_OCTET_STRING, digest_view(&d)));
}

static void put_policy(struct signing *g)
{
	const struct cades_kit_signer *s = g->s;
	struct view qualifiers = VIEW_NULL;
	if (s->policy == NULL)
		return;
	if (strcmp(s->policy, "implied") == 0) {
		put(g, CADES_KIT_RIGHT, OID_SIGNATURE_POLICY,
		    make_empty(ASN1_TAG_NULL));
		return;
	}
	if (s->policy_uri != NULL)
		qualifiers =
		    make_el(DER_SEQUENCE,
			    make_el(DER_SEQUENCE, make_oid(OID_SPQ_URI),
				    make_el(ASN1_TAG_IA5, view_text(s->policy_uri))));
	put(g, CADES_KIT_RIGHT, OID_SIGNATURE_POLICY,
	    make_el(DER_SEQUENCE, make_oid(s->policy), policy_hash(s), qualifiers));
}

static void put_claims(struct signing *g)
{
	const struct cades_kit_signer *s = g->s;
	if (s->commitment != NULL)
		put(g, CADES_KIT_RIGHT, OID_COMMITMENT_TYPE,
		    make_el(DER_SEQUENCE, make_oid(s->commitment)));
	if (s->mime_type != NULL)
		put(g, CADES_KIT_RIGHT, OID_MIME_TYPE,
		    make_el(ASN1_TAG_UTF8, view_text(s->mime_type)));
	if (s->content_hints != NULL)
		put(g, CADES_KIT_RIGHT, OID_CONTENT_HINTS,
		    make_el(DER_SEQUENCE,
			    make_el(ASN1_TAG_UTF8, view_text(s->content_hints)),
			    make_oid(OID_DATA)));
}

static enum digest_alg signature_digest_of(const struct signing *g)
{
	return g->s->signature_digest != DIGEST_NONE ? g->s->signature_digest
						     : g->digest;
}

/* The algorithm's identifier stands in algorithm, the value is returned. */
static struct view sign(const struct signing *g, struct view octets,
			struct view *ret_algorithm)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf algorithm = buf_make(4096), value = buf_make(65536);
	const struct fix_cert *c =
	    g->s->sign_with != NULL ? g->s->sign_with : g->s->cert;
	must(signature_sign(c->key, signature_digest_of(g), octets, &algorithm, &value,
			    &err),
	     &err);
	*ret_algorithm = ck_copy(&algorithm);
	struct view v = ck_copy(&value);
	buf_free(&value);
	buf_free(&algorithm);
	return v;
}

/* CMSAlgorithmProtection, RFC 6211 2: signatureAlgorithm is [1] IMPLICIT. */
static void put_algorithm_protection(struct signing *g)
{
	struct view algorithm;
	enum digest_alg alg = g->digest;
	if (g->s->algorithm_protection == CADES_KIT_NONE)
		return;
	if (g->s->algorithm_protection == CADES_KIT_DIFFERS)
		alg = alg == DIGEST_SHA384 ? DIGEST_SHA256 : DIGEST_SHA384;
	sign(g, view_text("to learn the identifier"), &algorithm);
	struct buf b = buf_make(algorithm.n);
	struct ltps_error err = LTPS_ERROR_INIT;
	must(buf_put(&b, algorithm, &err), &err);
	b.p[0] = 0xa1;
	put(g, CADES_KIT_RIGHT, OID_CMS_ALGORITHM_PROTECTION,
	    make_el(DER_SEQUENCE, digest_algorithm_identifier(alg), view_buf(&b)));
	buf_free(&b);
}

static void put_content_stamps(struct signing *g)
{
	for (size_t i = 0; i < g->s->n_content_stamps; i++) {
		const struct cades_kit_stamp *t = &g->s->content_stamps[i];
		enum digest_alg alg = t->alg != DIGEST_NONE ? t->alg : DIGEST_SHA256;
		struct digest d = cades_kit_hash(alg, g->octets);
		put(g, CADES_KIT_RIGHT, OID_CONTENT_TIME_STAMP, cades_kit_token(t, &d));
	}
}

static void put_attributes(struct signing *g)
{
	put_content_type(g);
	put_message_digest(g);
	put_signing_time(g);
	if (g->s->reference != CADES_KIT_V2)
		put_reference(g, false);
	if (g->s->reference != CADES_KIT_V1)
		put_reference(g, true);
	put_policy(g);
	put_claims(g);
	put_algorithm_protection(g);
	put_content_stamps(g);
	for (size_t i = 0; i < 4 && g->s->more_signed[i].n > 0; i++)
		ck_push(&g->attrs, g->s->more_signed[i]);
}

/* ---- the signature ---- */

/* The attributes backwards as DER has them: surely unsorted. */
static struct view unsorted(const struct ck_list *attrs, uint8_t id)
{
	struct view sorted = ck_write(attrs, DER_SET, false);
	struct ck_list back = { .present = true };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tlv set, t;
	must(tlv_only(sorted, &set, &err), &err);
	for (struct view c = set.body; c.n > 0;) {
		must(tlv_next(&c, &t, &err), &err);
		ck_push(&back, t.whole);
	}
	for (size_t i = 0; i < back.n / 2; i++) {
		struct view v = back.a[i];
		back.a[i] = back.a[back.n - 1 - i];
		back.a[back.n - 1 - i] = v;
	}
	return ck_write(&back, id, true);
}

/* What is signed, and the attributes as they are stored. */
static struct view to_be_signed(struct signing *g, struct view *ret_stored)
{
	*ret_stored = VIEW_NULL;
	if (g->s->no_signed_attrs)
		return g->octets;
	put_attributes(g);
	*ret_stored = g->s->order == CADES_KIT_SORTED ? ck_write(&g->attrs, 0xa0, false)
						      : unsorted(&g->attrs, 0xa0);
	if (g->s->order == CADES_KIT_UNSORTED_SIGNED)
		return unsorted(&g->attrs, DER_SET);
	return ck_write(&g->attrs, DER_SET, false);
}

/* SignaturePolicyStore, EN 319 122-1 5.2.10 */
static void put_unsigned(const struct cades_kit_signer *s, struct view value,
			 struct ck_list *l)
{
	for (size_t i = 0; i < s->n_stamps; i++) {
		const struct cades_kit_stamp *t = &s->stamps[i];
		enum digest_alg alg = t->alg != DIGEST_NONE ? t->alg : DIGEST_SHA256;
		struct digest d = cades_kit_hash(alg, value);
		ck_push(l, make_attr(OID_SIGNATURE_TIME_STAMP, cades_kit_token(t, &d)));
	}
	for (size_t i = 0; i < s->n_counters; i++)
		ck_push(l, make_attr(OID_COUNTERSIGNATURE,
				     ck_sign(&s->counters[i], value, OID_DATA, true)));
	if (s->policy_store)
		ck_push(l, make_attr(OID_SIGNATURE_POLICY_STORE,
				     make_el(DER_SEQUENCE, make_oid(s->policy),
					     make_el(ASN1_TAG_OCTET_STRING,
						     s->policy_document))));
	for (size_t i = 0; i < 4 && s->more_unsigned[i].n > 0; i++)
		ck_push(l, s->more_unsigned[i]);
}

static enum digest_alg digest_of(const struct cades_kit_signer *s)
{
	if (s->digest != DIGEST_NONE)
		return s->digest;
	/* RFC 8419 3 */
	return EVP_PKEY_is_a(s->cert->key, "ED25519") ? DIGEST_SHA512 : DIGEST_SHA256;
}

struct view ck_sign(const struct cades_kit_signer *s, struct view octets,
		    const char *content_type, bool countersignature)
{
	struct signing g = { .s = s,
			     .octets = octets,
			     .content_type = content_type,
			     .countersignature = countersignature,
			     .digest = digest_of(s) };
	struct ck_signer_info info = { 0 };
	struct view tbs = to_be_signed(&g, &info.signed_attrs);
	struct view value = sign(&g, tbs, &info.signature_algorithm);
	if (s->broken)
		value = make_flipped(value, value.n - 1);
	info.version = make_int(s->by_ski ? 3 : 1);
	info.sid = signer_id(s);
	info.digest_algorithm = digest_algorithm_identifier(g.digest);
	info.signature = make_el(ASN1_TAG_OCTET_STRING, value);
	put_unsigned(s, value, &info.unsigned_attrs);
	return ck_signer_info_write(&info, false);
}

/* ---- the file ---- */

/* BER: the content in two pieces of a constructed string. */
static struct view octet_string(struct view content, bool ber)
{
	struct view a = view_head(content, content.n / 2);
	struct view b = view_skip(content, content.n / 2);
	if (!ber)
		return make_el(ASN1_TAG_OCTET_STRING, content);
	return make_el_indefinite(0x24, make_el(ASN1_TAG_OCTET_STRING, a),
				  make_el(ASN1_TAG_OCTET_STRING, b));
}

static struct view encap(const struct cades_kit_make *o, const char *type,
			 struct view content)
{
	struct view inside = VIEW_NULL;
	if (!o->detached)
		inside =
		    make_parts(0xa0, o->ber, octet_string(content, o->ber), MAKE_END);
	return make_parts(DER_SEQUENCE, o->ber, make_oid(type), inside, MAKE_END);
}

/* RFC 5652 5.1, as far as we go. */
static unsigned version_of(const struct cades_kit_make *o, const char *type)
{
	unsigned version = strcmp(type, OID_DATA) != 0 ? 3 : 1;
	if (o->version != 0)
		return o->version;
	for (size_t i = 0; i < o->n_signers; i++)
		if (o->signers[i].by_ski)
			version = 3;
	return version;
}

static void add_signers(struct ck_file *f, const struct cades_kit_make *o,
			const char *type, struct view content)
{
	struct cades_kit_material own = { 0 };
	f->certs.indefinite = f->signers_indefinite = o->ber;
	CK_NEED(o->n_signers <= CK_SIGNERS_MAX);
	for (size_t i = 0; i < o->n_signers; i++) {
		const struct cades_kit_signer *s = &o->signers[i];
		ck_signer_info_read(ck_sign(s, content, type, false),
				    &f->signers[f->n_signers++]);
		ck_file_digest(f, digest_of(s));
		own.certs[0] = s->cert->der;
		if (!o->no_signer_certificates)
			ck_file_material(f, &own);
	}
}

struct view cades_kit_make(const struct cades_kit_make *o)
{
	const char *type = o->content_type != NULL ? o->content_type : OID_DATA;
	struct view content =
	    o->content.n > 0 ? o->content : view_text(CADES_KIT_CONTENT);
	struct ck_file *f = mem_zalloc(1, sizeof(*f));
	CK_NEED(f != NULL);
	f->ber = o->ber;
	f->encap = encap(o, type, content);
	f->version = make_int(version_of(o, type));
	f->digests.present = true;
	add_signers(f, o, type, content);
	ck_file_material(f, &o->material);
	return ck_file_write(f);
}

struct view cades_kit_plain(const struct fix_cert *cert)
{
	struct cades_kit_signer s = { .cert = cert };
	return cades_kit_make(
	    &(struct cades_kit_make){ .signers = &s, .n_signers = 1 });
}

struct view cades_kit_countersign(struct view file, size_t signer,
				  const struct cades_kit_signer *c)
{
	struct ck_file *f = ck_file_read(file);
	CK_NEED(signer < f->n_signers);
	struct ck_signer_info *s = &f->signers[signer];
	struct view value = ck_body(s->signature);
	ck_push(&s->unsigned_attrs,
		make_attr(OID_COUNTERSIGNATURE, ck_sign(c, value, OID_DATA, true)));
	struct cades_kit_material own = { .certs = { c->cert->der } };
	ck_file_material(f, &own);
	ck_file_digest(f, digest_of(c));
	return ck_file_write(f);
}
