/* SPDX-License-Identifier: Apache-2.0 */
/* pki_fixture - certificates, CRLs and tokens; OCSP is in pki_fixture_ocsp.c. */
#include "tests/support/pki_fixture.h"

#include <openssl/conf.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/pki_fixture_private.h"

#define OID_NOBODY_KNOWS "1.3.6.1.4.1.99999.9"

void fix_die(const char *what)
{
	fprintf(stderr, "pki_fixture: %s\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

#define NEED(condition)                                                                \
	do {                                                                           \
		if (!(condition))                                                      \
			fix_die(#condition);                                           \
	} while (0)

void fix_need(int rc, const struct ltps_error *err)
{
	if (rc == 0)
		return;
	fprintf(stderr, "pki_fixture: %s\n", err->text);
	abort();
}

/* ---- keys ---- */

static EVP_PKEY *generate(const char *type, int bits)
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, type, NULL);
	NEED(ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1);
	if (bits > 0)
		NEED(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, bits) == 1);
	NEED(EVP_PKEY_generate(ctx, &key) == 1);
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* Small parameters: they are searched for anew each time. */
static EVP_PKEY *generate_dsa(void)
{
	EVP_PKEY *parameters = NULL, *key = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
	NEED(ctx != NULL && EVP_PKEY_paramgen_init(ctx) == 1);
	NEED(EVP_PKEY_generate(ctx, &parameters) == 1);
	EVP_PKEY_CTX_free(ctx);
	ctx = EVP_PKEY_CTX_new_from_pkey(NULL, parameters, NULL);
	NEED(ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1);
	NEED(EVP_PKEY_generate(ctx, &key) == 1);
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_free(parameters);
	return key;
}

static EVP_PKEY *make_key(enum fix_key type)
{
	switch (type) {
	case FIX_KEY_P256:
		return EVP_EC_gen("P-256");
	case FIX_KEY_P384:
		return EVP_EC_gen("P-384");
	case FIX_KEY_RSA:
		return generate("RSA", 2048);
	case FIX_KEY_RSA_PSS:
		return generate("RSA-PSS", 2048);
	case FIX_KEY_ED25519:
		return generate("ED25519", 0);
	case FIX_KEY_ED448:
		return generate("ED448", 0);
	case FIX_KEY_DSA:
		return generate_dsa();
	}
	fix_die("no such key type");
	return NULL;
}

/* EdDSA takes no digest of its own. */
static const EVP_MD *sign_digest(EVP_PKEY *key)
{
	if (EVP_PKEY_is_a(key, "ED25519") || EVP_PKEY_is_a(key, "ED448"))
		return NULL;
	return EVP_sha256();
}

/* ---- certificates ---- */

static uint64_t next_serial(void)
{
	static uint64_t serial = 1000;
	return ++serial;
}

static void add_extension(X509 *x, X509 *issuer, int nid, const char *value)
{
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	X509_EXTENSION *e = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
	NEED(e != NULL && X509_add_ext(x, e, -1) == 1);
	X509_EXTENSION_free(e);
}

static X509_EXTENSION *raw_extension(const char *oid, bool critical, struct view value)
{
	ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
	ASN1_OCTET_STRING *octets = ASN1_OCTET_STRING_new();
	NEED(object != NULL && octets != NULL);
	NEED(ASN1_OCTET_STRING_set(octets, value.p, (int)value.n) == 1);
	X509_EXTENSION *e =
	    X509_EXTENSION_create_by_OBJ(NULL, object, critical, octets);
	NEED(e != NULL);
	ASN1_OCTET_STRING_free(octets);
	ASN1_OBJECT_free(object);
	return e;
}

static const uint8_t der_null[] = { 0x05, 0x00 };

static void add_raw_extension(X509 *x, const char *oid, bool critical)
{
	X509_EXTENSION *e =
	    raw_extension(oid, critical, view_of(der_null, sizeof(der_null)));
	NEED(X509_add_ext(x, e, -1) == 1);
	X509_EXTENSION_free(e);
}

/* The lines of section [ext]. */
static STACK_OF(X509_EXTENSION) * config_extensions(const char *text, X509V3_CTX *ctx)
{
	STACK_OF(X509_EXTENSION) *list = sk_X509_EXTENSION_new_null();
	BIO *in = BIO_new(BIO_s_mem());
	CONF *conf = NCONF_new(NULL);
	long line = 0;
	NEED(list != NULL && in != NULL && conf != NULL);
	NEED(BIO_puts(in, "[ext]\n") > 0 && BIO_puts(in, text) > 0);
	NEED(NCONF_load_bio(conf, in, &line) > 0);
	X509V3_set_nconf(ctx, conf);
	STACK_OF(CONF_VALUE) *lines = NCONF_get_section(conf, "ext");
	for (int i = 0; i < sk_CONF_VALUE_num(lines); i++) {
		const CONF_VALUE *v = sk_CONF_VALUE_value(lines, i);
		X509_EXTENSION *e = X509V3_EXT_nconf(conf, ctx, v->name, v->value);
		NEED(e != NULL && sk_X509_EXTENSION_push(list, e) > 0);
	}
	NCONF_free(conf);
	BIO_free(in);
	return list;
}

static const char *eku_text(enum fix_eku eku)
{
	switch (eku) {
	case FIX_EKU_NONE:
		return NULL;
	case FIX_EKU_TIMESTAMPING:
		return "critical,timeStamping";
	case FIX_EKU_TIMESTAMPING_NOT_CRITICAL:
		return "timeStamping";
	case FIX_EKU_TIMESTAMPING_AND_OTHER:
		return "critical,timeStamping,emailProtection";
	case FIX_EKU_OTHER:
		return "critical,emailProtection";
	case FIX_EKU_OCSP_SIGNING:
		return "OCSPSigning";
	}
	return NULL;
}

static const char *key_usage_text(const struct fix_cert_options *o)
{
	if (o->key_usage != NULL)
		return o->key_usage;
	return o->ca ? "critical,keyCertSign,cRLSign" : "critical,digitalSignature";
}

static void add_config(X509 *x, X509 *issuer, const char *text)
{
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	STACK_OF(X509_EXTENSION) *list = config_extensions(text, &ctx);
	for (int i = 0; i < sk_X509_EXTENSION_num(list); i++)
		NEED(X509_add_ext(x, sk_X509_EXTENSION_value(list, i), -1) == 1);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

static void add_extensions(X509 *x, X509 *issuer, const struct fix_cert_options *o)
{
	const char *usage = key_usage_text(o);
	add_extension(x, issuer, NID_basic_constraints,
		      o->ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
	if (usage[0] != '\0')
		add_extension(x, issuer, NID_key_usage, usage);
	if (eku_text(o->eku) != NULL)
		add_extension(x, issuer, NID_ext_key_usage, eku_text(o->eku));
	if (o->san != NULL)
		add_extension(x, issuer, NID_subject_alt_name, o->san);
	if (!o->no_ski)
		add_extension(x, issuer, NID_subject_key_identifier, "hash");
	if (o->ocsp_nocheck)
		add_extension(x, issuer, NID_id_pkix_OCSP_noCheck, "ignored");
	if (o->crl_url != NULL) {
		char text[256];
		snprintf(text, sizeof(text), "URI:%s", o->crl_url);
		add_extension(x, issuer, NID_crl_distribution_points, text);
	}
	if (o->no_rev_avail)
		add_raw_extension(x, "2.5.29.56", false);
	if (o->validity_assured)
		add_raw_extension(x, "0.4.0.194121.2.1", false);
	if (o->critical_extension)
		add_raw_extension(x, OID_NOBODY_KNOWS, true);
	if (o->config != NULL)
		add_config(x, issuer, o->config);
}

static void set_name(X509_NAME *name, const char *cn)
{
	NEED(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
					(const unsigned char *)"LTPS Test", -1, -1,
					0) == 1);
	NEED(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
					(const unsigned char *)cn, -1, -1, 0) == 1);
}

static void set_validity(X509 *x, const struct fix_cert_options *o)
{
	int64_t from = o->not_before_ms != 0 ? o->not_before_ms : FIX_NOT_BEFORE_MS;
	int64_t to = o->not_after_ms != 0 ? o->not_after_ms : FIX_NOT_AFTER_MS;
	NEED(ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(from / 1000)) != NULL);
	NEED(ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(to / 1000)) != NULL);
}

static struct view certificate_der(X509 *x)
{
	unsigned char *der = NULL;
	int n = i2d_X509(x, &der);
	NEED(n > 0);
	uint8_t *copy = mem_dup(der, (size_t)n);
	NEED(copy != NULL);
	OPENSSL_free(der);
	return view_of(copy, (size_t)n);
}

struct fix_cert *fix_cert_make(const struct fix_cert_options *o)
{
	struct fix_cert *c = mem_zalloc(1, sizeof(*c));
	X509 *x = X509_new();
	NEED(c != NULL && x != NULL);
	if (o->same_key != NULL) {
		c->key = o->same_key->key;
		NEED(EVP_PKEY_up_ref(c->key) == 1);
	} else {
		c->key = make_key(o->key);
	}
	NEED(c->key != NULL && X509_set_version(x, X509_VERSION_3) == 1);
	NEED(ASN1_INTEGER_set_uint64(X509_get_serialNumber(x),
				     o->serial != 0 ? o->serial : next_serial()) == 1);
	set_name(X509_get_subject_name(x), o->cn);
	X509 *issuer = o->issuer != NULL ? o->issuer->x : x;
	NEED(X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1);
	NEED(X509_set_pubkey(x, c->key) == 1);
	set_validity(x, o);
	add_extensions(x, issuer, o);
	EVP_PKEY *key = o->issuer != NULL ? o->issuer->key : c->key;
	if (o->sign_with != NULL)
		key = o->sign_with->key;
	NEED(X509_sign(x, key, sign_digest(key)) > 0);
	c->der = certificate_der(x);
	X509_free(x);
	/* As it comes from outside: decoded. */
	const uint8_t *p = c->der.p;
	c->x = d2i_X509(NULL, &p, (long)c->der.n);
	NEED(c->x != NULL);
	return c;
}

void fix_cert_free(struct fix_cert *c)
{
	if (c == NULL)
		return;
	union {
		const uint8_t *c;
		uint8_t *p;
	} der = { .c = c->der.p };
	X509_free(c->x);
	EVP_PKEY_free(c->key);
	mem_free(der.p);
	mem_free(c);
}

struct fix_pki fix_pki_make(void)
{
	struct fix_pki p;
	p.root = fix_cert_make(&(struct fix_cert_options){ .cn = "Root", .ca = true });
	p.ca = fix_cert_make(
	    &(struct fix_cert_options){ .cn = "CA", .issuer = p.root, .ca = true });
	p.tsa = fix_cert_make(&(struct fix_cert_options){
	    .cn = "TSA", .issuer = p.ca, .eku = FIX_EKU_TIMESTAMPING });
	return p;
}

void fix_pki_free(struct fix_pki *p)
{
	fix_cert_free(p->tsa);
	fix_cert_free(p->ca);
	fix_cert_free(p->root);
	*p = (struct fix_pki){ 0 };
}

/* ---- CRLs ---- */

static ASN1_TIME *make_time(int64_t t_ms)
{
	ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)(t_ms / 1000));
	NEED(t != NULL);
	return t;
}

static void add_invalidity(X509_REVOKED *entry, int64_t t_ms)
{
	ASN1_GENERALIZEDTIME *t = ASN1_GENERALIZEDTIME_set(NULL, (time_t)(t_ms / 1000));
	NEED(t != NULL);
	NEED(X509_REVOKED_add1_ext_i2d(entry, NID_invalidity_date, t, 0, 0) == 1);
	ASN1_GENERALIZEDTIME_free(t);
}

static void add_certificate_issuer(X509_REVOKED *entry, const struct fix_cert *issuer)
{
	GENERAL_NAMES *names = GENERAL_NAMES_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	X509_NAME *copy = X509_NAME_dup(X509_get_subject_name(issuer->x));
	NEED(names != NULL && name != NULL && copy != NULL);
	GENERAL_NAME_set0_value(name, GEN_DIRNAME, copy);
	NEED(sk_GENERAL_NAME_push(names, name) > 0);
	NEED(X509_REVOKED_add1_ext_i2d(entry, NID_certificate_issuer, names, 1, 0) ==
	     1);
	GENERAL_NAMES_free(names);
}

static void add_entry(X509_CRL *crl, const struct fix_revoked *r, bool critical)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME *at = make_time(r->at_ms);
	NEED(entry != NULL);
	NEED(X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(r->cert->x)) ==
	     1);
	NEED(X509_REVOKED_set_revocationDate(entry, at) == 1);
	if (r->reason != FIX_NO_REASON) {
		ASN1_ENUMERATED *reason = ASN1_ENUMERATED_new();
		NEED(reason != NULL && ASN1_ENUMERATED_set(reason, r->reason) == 1);
		NEED(X509_REVOKED_add1_ext_i2d(entry, NID_crl_reason, reason, 0, 0) ==
		     1);
		ASN1_ENUMERATED_free(reason);
	}
	if (r->invalidity_ms != 0)
		add_invalidity(entry, r->invalidity_ms);
	if (r->of_issuer != NULL)
		add_certificate_issuer(entry, r->of_issuer);
	if (critical) {
		X509_EXTENSION *e = raw_extension(OID_NOBODY_KNOWS, true,
						  view_of(der_null, sizeof(der_null)));
		NEED(X509_REVOKED_add_ext(entry, e, -1) == 1);
		X509_EXTENSION_free(e);
	}
	NEED(X509_CRL_add0_revoked(crl, entry) == 1);
	ASN1_TIME_free(at);
}

/* distributionPoint [0] { fullName [0] { uniformResourceIdentifier [6] } } */
static DIST_POINT_NAME *make_point(void)
{
	DIST_POINT_NAME *point = DIST_POINT_NAME_new();
	GENERAL_NAME *name = GENERAL_NAME_new();
	ASN1_IA5STRING *uri = ASN1_IA5STRING_new();
	NEED(point != NULL && name != NULL && uri != NULL);
	NEED(ASN1_STRING_set(uri, FIX_CRL_URL, -1) == 1);
	GENERAL_NAME_set0_value(name, GEN_URI, uri);
	point->type = 0;
	point->name.fullname = sk_GENERAL_NAME_new_null();
	NEED(point->name.fullname != NULL);
	NEED(sk_GENERAL_NAME_push(point->name.fullname, name) > 0);
	return point;
}

static void add_idp(X509_CRL *crl, enum fix_idp kind)
{
	ISSUING_DIST_POINT *idp = ISSUING_DIST_POINT_new();
	NEED(idp != NULL);
	switch (kind) {
	case FIX_IDP_NONE:
		break;
	case FIX_IDP_POINT:
		idp->distpoint = make_point();
		break;
	case FIX_IDP_ONLY_USER:
		idp->onlyuser = 0xff;
		break;
	case FIX_IDP_ONLY_CA:
		idp->onlyCA = 0xff;
		break;
	case FIX_IDP_INDIRECT:
		idp->indirectCRL = 0xff;
		break;
	case FIX_IDP_SOME_REASONS:
		idp->onlysomereasons = ASN1_BIT_STRING_new();
		NEED(ASN1_BIT_STRING_set_bit(idp->onlysomereasons, 1, 1) == 1);
		break;
	}
	NEED(X509_CRL_add1_ext_i2d(crl, NID_issuing_distribution_point, idp, 1, 0) ==
	     1);
	ISSUING_DIST_POINT_free(idp);
}

static void add_crl_extension(X509_CRL *crl, const char *oid, bool critical,
			      struct view value)
{
	X509_EXTENSION *e = raw_extension(oid, critical, value);
	NEED(X509_CRL_add_ext(crl, e, -1) == 1);
	X509_EXTENSION_free(e);
}

static void add_crl_number(X509_CRL *crl, const char *oid, bool critical, uint64_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf number = buf_make(64);
	fix_need(der_put_uint(&number, n != 0 ? n : 1, &err), &err);
	add_crl_extension(crl, oid, critical, view_buf(&number));
	buf_free(&number);
}

static void add_crl_config(X509_CRL *crl, X509 *issuer, const char *text)
{
	X509V3_CTX ctx;
	X509V3_set_ctx(&ctx, issuer, NULL, NULL, crl, 0);
	STACK_OF(X509_EXTENSION) *list = config_extensions(text, &ctx);
	for (int i = 0; i < sk_X509_EXTENSION_num(list); i++)
		NEED(X509_CRL_add_ext(crl, sk_X509_EXTENSION_value(list, i), -1) == 1);
	sk_X509_EXTENSION_pop_free(list, X509_EXTENSION_free);
}

static void add_crl_extensions(X509_CRL *crl, const struct fix_crl_options *o)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	add_crl_number(crl, "2.5.29.20", false, o->number);
	if (o->config != NULL)
		add_crl_config(crl, o->issuer->x, o->config);
	if (o->idp != FIX_IDP_NONE)
		add_idp(crl, o->idp);
	if (o->critical_extension)
		add_crl_extension(crl, OID_NOBODY_KNOWS, true,
				  view_of(der_null, sizeof(der_null)));
	if (o->delta)
		add_crl_number(crl, "2.5.29.27", true, o->base_number);
	if (o->expired_kept_from_ms != 0) {
		struct buf time = buf_make(64);
		fix_need(der_put_time(&time, o->expired_kept_from_ms, &err), &err);
		add_crl_extension(crl, "2.5.29.60", false, view_buf(&time));
		buf_free(&time);
	}
}

static void set_updates(X509_CRL *crl, const struct fix_crl_options *o)
{
	ASN1_TIME *t = make_time(o->this_ms);
	NEED(X509_CRL_set1_lastUpdate(crl, t) == 1);
	ASN1_TIME_free(t);
	if (o->next_ms == INT64_MIN)
		return;
	t = make_time(o->next_ms != 0 ? o->next_ms : o->this_ms + 30 * FIX_DAY_MS);
	NEED(X509_CRL_set1_nextUpdate(crl, t) == 1);
	ASN1_TIME_free(t);
}

void fix_crl_make(const struct fix_crl_options *o, struct buf *out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	X509_CRL *crl = X509_CRL_new();
	NEED(crl != NULL && X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1);
	NEED(X509_CRL_set_issuer_name(crl, X509_get_subject_name(o->issuer->x)) == 1);
	set_updates(crl, o);
	for (size_t i = 0; i < o->n_revoked; i++)
		add_entry(crl, &o->revoked[i], o->critical_entry_extension);
	add_crl_extensions(crl, o);
	EVP_PKEY *key = (o->sign_with != NULL ? o->sign_with : o->issuer)->key;
	NEED(X509_CRL_sign(crl, key, sign_digest(key)) > 0);
	unsigned char *der = NULL;
	int n = i2d_X509_CRL(crl, &der);
	NEED(n > 0);
	if (o->bad_signature)
		der[n - 1] ^= 1;
	fix_need(buf_put(out, view_of(der, (size_t)n), &err), &err);
	OPENSSL_free(der);
	X509_CRL_free(crl);
}

void fix_crl_simple(const struct fix_cert *issuer, int64_t this_ms,
		    const struct fix_revoked *revoked_or_null, struct buf *out)
{
	fix_crl_make(&(struct fix_crl_options){ .issuer = issuer,
						.this_ms = this_ms,
						.revoked = revoked_or_null,
						.n_revoked = revoked_or_null != NULL },
		     out);
}

/* ---- tokens ---- */

struct digest fix_digest(const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	fix_need(digest_once(DIGEST_SHA256, view_text(text), &d, &err), &err);
	return d;
}

static void make_token(const struct tsp_responder *r, const struct digest *d,
		       int64_t gen_time_ms, const struct tsp_deviation *deviation,
		       struct buf *out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsp_request request;
	struct tsp_response response;
	struct buf query = buf_make(TSP_QUERY_MAX);
	struct buf reply = buf_make(TST_SIZE_MAX);
	fix_need(tsp_request_make(d, NULL, &request, &err), &err);
	fix_need(tsp_request_encode(&request, &query, &err), &err);
	fix_need(tsp_respond(r, view_buf(&query), gen_time_ms, deviation, &reply, &err),
		 &err);
	fix_need(tsp_response_parse(view_buf(&reply), &response, &err), &err);
	NEED(response.token.n > 0);
	fix_need(buf_put(out, response.token, &err), &err);
	buf_free(&reply);
	buf_free(&query);
}

void fix_token(const struct fix_cert *tsa, const struct view *extra, size_t n_extra,
	       const struct digest *d, int64_t gen_time_ms, struct buf *out)
{
	struct tsp_responder r = { .certificate = tsa->x,
				   .key = tsa->key,
				   .chain = extra,
				   .n_chain = n_extra,
				   .policy = FIX_POLICY };
	make_token(&r, d, gen_time_ms, NULL, out);
}

void fix_token_deviating(const struct fix_cert *tsa, const struct digest *d,
			 int64_t gen_time_ms, const struct tsp_deviation *deviation,
			 struct buf *out)
{
	struct tsp_responder r = { .certificate = tsa->x,
				   .key = tsa->key,
				   .policy = FIX_POLICY };
	make_token(&r, d, gen_time_ms, deviation, out);
}

/* ---- material ---- */

void fix_material_add(struct material *m, enum material_kind kind, struct view der)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	fix_need(material_add(m, kind, der, &err), &err);
}

struct material *fix_material(const struct fix_cert *anchor,
			      const struct fix_cert *cert)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *m = NULL;
	fix_need(material_new(&m, &err), &err);
	if (anchor != NULL)
		fix_material_add(m, MATERIAL_ANCHOR, anchor->der);
	if (cert != NULL)
		fix_material_add(m, MATERIAL_CERT, cert->der);
	return m;
}
