/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/path_scene.h"

#include <openssl/conf.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"

#define NEED(condition)                                                                \
	do {                                                                           \
		if (!(condition)) {                                                    \
			fprintf(stderr, "path_scene: %s\n", #condition);               \
			abort();                                                       \
		}                                                                      \
	} while (0)

struct path_scene *path_scene_new(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_scene *s = mem_zalloc(1, sizeof(*s));
	NEED(s != NULL);
	NEED(material_new(&s->pool, &err) == 0);
	return s;
}

void path_scene_free(struct path_scene *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < s->n; i++) {
		union {
			const struct cert *c;
			struct cert *p;
		} cert = { .c = s->certs[i]->cert };
		X509_free(s->certs[i]->x);
		EVP_PKEY_free(s->certs[i]->key);
		cert_free(cert.p);
		mem_free(s->certs[i]);
	}
	material_free(s->pool);
	mem_free(s);
}

/* Some extensions want a configuration, though an empty one. */
static void add(X509 *x, X509 *issuer, const char *name, const char *value)
{
	X509V3_CTX ctx;
	CONF *conf = NCONF_new(NULL);
	NEED(conf != NULL);
	X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
	X509V3_set_nconf(&ctx, conf);
	X509_EXTENSION *e = X509V3_EXT_nconf(conf, &ctx, name, value);
	NEED(e != NULL && X509_add_ext(x, e, -1) == 1);
	X509_EXTENSION_free(e);
	NCONF_free(conf);
}

static void add_text(X509 *x, X509 *issuer, const char *text)
{
	char name[64];
	const char *equals = strchr(text, '=');
	NEED(equals != NULL && (size_t)(equals - text) < sizeof(name));
	memcpy(name, text, (size_t)(equals - text));
	name[equals - text] = '\0';
	add(x, issuer, name, equals + 1);
}

static void add_extensions(X509 *x, X509 *issuer, const struct path_scene_options *o)
{
	if (o->ca) {
		add(x, issuer, "basicConstraints", "critical,CA:TRUE");
		add(x, issuer, "keyUsage", "critical,keyCertSign,cRLSign");
	}
	if (o->aki) {
		add(x, issuer, "subjectKeyIdentifier", "hash");
		if (X509_get0_subject_key_id(issuer) != NULL)
			add(x, issuer, "authorityKeyIdentifier", "keyid");
	}
	for (size_t i = 0; i < PATH_SCENE_EXTENSIONS_MAX && o->extensions[i] != NULL;
	     i++)
		add_text(x, issuer, o->extensions[i]);
}

static void set_name(X509_NAME *name, const char *cn)
{
	if (cn == NULL)
		return;
	NEED(X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
					(const unsigned char *)"LTPS Test", -1, -1,
					0) == 1);
	NEED(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_UTF8,
					(const unsigned char *)cn, -1, -1, 0) == 1);
}

static void set_times(X509 *x, const struct path_scene_options *o)
{
	int64_t from = o->not_before_ms != 0 ? o->not_before_ms : FIX_NOT_BEFORE_MS;
	int64_t to = o->not_after_ms != 0 ? o->not_after_ms : FIX_NOT_AFTER_MS;
	NEED(ASN1_TIME_set(X509_getm_notBefore(x), (time_t)(from / 1000)) != NULL);
	NEED(ASN1_TIME_set(X509_getm_notAfter(x), (time_t)(to / 1000)) != NULL);
}

static EVP_PKEY *take_key(const struct path_scene_options *o)
{
	if (o->weak)
		return EVP_EC_gen("P-192");
	if (o->key_of == NULL)
		return EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
	NEED(EVP_PKEY_up_ref(o->key_of->key) == 1);
	return o->key_of->key;
}

static void decode(struct path_scene *s, enum material_kind kind,
		   struct path_scene_cert *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *cert = NULL;
	unsigned char *der = NULL;
	int n = i2d_X509(c->x, &der);
	NEED(n > 0 && cert_parse(view_of(der, (size_t)n), &cert, &err) == 0);
	OPENSSL_free(der);
	c->cert = cert;
	if (kind < MATERIAL_KIND_COUNT)
		NEED(material_add_cert(s->pool, kind, cert, &err) == 0);
}

struct path_scene_cert *path_scene_make(struct path_scene *s, enum material_kind kind,
					const struct path_scene_options *o)
{
	static uint64_t serial = 1;
	struct path_scene_cert *c = mem_zalloc(1, sizeof(*c));
	NEED(c != NULL && s->n < PATH_SCENE_CERTS_MAX);
	X509 *x = c->x = X509_new();
	c->key = take_key(o);
	NEED(x != NULL && c->key != NULL && X509_set_version(x, X509_VERSION_3) == 1);
	NEED(ASN1_INTEGER_set_uint64(X509_get_serialNumber(x),
				     o->serial != 0 ? o->serial : ++serial) == 1);
	set_name(X509_get_subject_name(x), o->cn);
	X509 *issuer = o->issuer != NULL ? o->issuer->x : x;
	NEED(X509_set_issuer_name(x, X509_get_subject_name(issuer)) == 1);
	NEED(X509_set_pubkey(x, c->key) == 1);
	set_times(x, o);
	add_extensions(x, issuer, o);
	const struct path_scene_cert *signer = o->sign_as != NULL  ? o->sign_as
					       : o->issuer != NULL ? o->issuer
								   : c;
	const EVP_MD *md = EVP_PKEY_is_a(signer->key, "EC") ? EVP_sha256() : NULL;
	NEED(X509_sign(x, signer->key, md) > 0);
	decode(s, kind, c);
	s->certs[s->n++] = c;
	ERR_clear_error(); /* of questions to certificates that were not finished */
	return c;
}

struct path_scene_cert *path_scene_root(struct path_scene *s, const char *cn)
{
	return path_scene_make(
	    s, MATERIAL_ANCHOR,
	    &(struct path_scene_options){ .cn = cn, .ca = true, .aki = true });
}

struct path_scene_cert *path_scene_ca(struct path_scene *s, const char *cn,
				      const struct path_scene_cert *issuer)
{
	return path_scene_make(
	    s, MATERIAL_CERT,
	    &(struct path_scene_options){
		.cn = cn, .issuer = issuer, .ca = true, .aki = true });
}

struct path_scene_cert *path_scene_leaf(struct path_scene *s, const char *cn,
					const struct path_scene_cert *issuer)
{
	return path_scene_make(
	    s, MATERIAL_KIND_COUNT,
	    &(struct path_scene_options){ .cn = cn, .issuer = issuer, .aki = true });
}

static void common_name(const struct path_scene_cert *c, char out[64])
{
	NEED(X509_NAME_get_text_by_NID(X509_get_subject_name(c->x), NID_commonName, out,
				       64) > 0);
}

struct path_scene_cert *path_scene_cross(struct path_scene *s,
					 const struct path_scene_cert *subject,
					 const struct path_scene_cert *issuer)
{
	char cn[64];
	common_name(subject, cn);
	return path_scene_make(s, MATERIAL_CERT,
			       &(struct path_scene_options){ .cn = cn,
							     .issuer = issuer,
							     .key_of = subject,
							     .ca = true,
							     .aki = true });
}

static ASN1_TIME *asn1_time(int64_t t_ms)
{
	ASN1_TIME *t = ASN1_TIME_set(NULL, (time_t)(t_ms / 1000));
	NEED(t != NULL);
	return t;
}

static void add_entry(X509_CRL *crl, const struct path_scene_cert *revoked,
		      int64_t at_ms)
{
	X509_REVOKED *entry = X509_REVOKED_new();
	ASN1_TIME *at = asn1_time(at_ms);
	NEED(entry != NULL &&
	     X509_REVOKED_set_serialNumber(entry, X509_get_serialNumber(revoked->x)) ==
		 1 &&
	     X509_REVOKED_set_revocationDate(entry, at) == 1 &&
	     X509_CRL_add0_revoked(crl, entry) == 1);
	ASN1_TIME_free(at);
}

void path_scene_crl(struct path_scene *s, const struct path_scene_cert *issuer,
		    int64_t this_ms, const struct path_scene_cert *revoked,
		    int64_t revoked_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	X509_CRL *crl = X509_CRL_new();
	ASN1_TIME *this = asn1_time(this_ms),
		  *next = asn1_time(this_ms + 30 * FIX_DAY_MS);
	unsigned char *der = NULL;
	NEED(crl != NULL && X509_CRL_set_version(crl, X509_CRL_VERSION_2) == 1 &&
	     X509_CRL_set_issuer_name(crl, X509_get_subject_name(issuer->x)) == 1 &&
	     X509_CRL_set1_lastUpdate(crl, this) == 1 &&
	     X509_CRL_set1_nextUpdate(crl, next) == 1);
	if (revoked != NULL)
		add_entry(crl, revoked, revoked_ms);
	NEED(X509_CRL_sign(crl, issuer->key, NULL) > 0);
	int n = i2d_X509_CRL(crl, &der);
	NEED(n > 0 &&
	     material_add(s->pool, MATERIAL_CRL, view_of(der, (size_t)n), &err) == 0);
	OPENSSL_free(der);
	ASN1_TIME_free(this);
	ASN1_TIME_free(next);
	X509_CRL_free(crl);
}
