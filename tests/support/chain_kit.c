/* SPDX-License-Identifier: Apache-2.0 */
/* chain_kit - keys, names and certificates; extensions in chain_kit_ext.c. */
#include "tests/support/chain_kit.h"

#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/rsa.h>
#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/asn1.h"
#include "base/mem.h"
#include "timestamping/signature.h"

#define PARTS_MAX ((size_t)4 << 20)
#define OWNED_MAX ((size_t)1 << 20)
#define CERTS_MAX 4096
#define TEXT_MAX 1024

struct kit {
	void *owned[OWNED_MAX];
	size_t n_owned;
	struct kit_cert *certs[CERTS_MAX];
	size_t n_certs;
	EVP_PKEY *dsa_parameters;
	uint64_t serial;
};

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "chain_kit: %s\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

static struct view own(struct kit *k, struct buf *b)
{
	size_t n;
	need(k->n_owned < OWNED_MAX, "room");
	uint8_t *p = buf_take(b, &n);
	k->owned[k->n_owned++] = p;
	return view_of(p, n);
}

struct kit *kit_new(void)
{
	struct kit *k = mem_zalloc(1, sizeof(*k));
	need(k != NULL, "memory");
	k->serial = 1000;
	return k;
}

void kit_free(struct kit *k)
{
	if (k == NULL)
		return;
	for (size_t i = 0; i < k->n_certs; i++) {
		cert_free(k->certs[i]->cert);
		EVP_PKEY_free(k->certs[i]->key);
		mem_free(k->certs[i]);
	}
	for (size_t i = 0; i < k->n_owned; i++)
		mem_free(k->owned[i]);
	EVP_PKEY_free(k->dsa_parameters);
	mem_free(k);
}

/* ---- pieces ---- */

struct view kit_der(struct kit *k, uint8_t id, struct view body)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(PARTS_MAX);
	need(der_put(&out, id, body, &err) == 0, err.text);
	return own(k, &out);
}

struct view kit_join(struct kit *k, struct view a, struct view b)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(PARTS_MAX);
	need(buf_put(&out, a, &err) == 0 && buf_put(&out, b, &err) == 0, err.text);
	return own(k, &out);
}

struct view kit_hex(struct kit *k, const char *hex)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(PARTS_MAX);
	need(hex_decode(view_text(hex), &out, &err) == 0, err.text);
	return own(k, &out);
}

static struct view oid_tlv(struct kit *k, const char *dotted)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(PARTS_MAX);
	need(der_put_oid(&out, dotted, &err) == 0, err.text);
	return own(k, &out);
}

struct view kit_oid(struct kit *k, const char *dotted)
{
	return view_skip(oid_tlv(k, dotted), 2);
}

static const char *attribute_oid(const char *name)
{
	static const char *const table[][2] = {
		{ "C", "2.5.4.6" },
		{ "O", "2.5.4.10" },
		{ "OU", "2.5.4.11" },
		{ "CN", "2.5.4.3" },
		{ "SERIAL", "2.5.4.5" },
		{ "E", "1.2.840.113549.1.9.1" },
		{ "DC", "0.9.2342.19200300.100.1.25" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (strcmp(table[i][0], name) == 0)
			return table[i][1];
	}
	need(false, name);
	return NULL;
}

/* "CN=a" */
static struct view attribute(struct kit *k, char *text)
{
	char *value = strchr(text, '=');
	need(value != NULL, text);
	*value++ = '\0';
	uint8_t id = ASN1_TAG_UTF8;
	if (strcmp(text, "E") == 0 || strcmp(text, "DC") == 0)
		id = ASN1_TAG_IA5;
	struct view body = kit_join(k, oid_tlv(k, attribute_oid(text)),
				    kit_der(k, id, view_text(value)));
	return kit_der(k, DER_SEQUENCE, body);
}

struct view kit_name(struct kit *k, const char *text)
{
	char copy[TEXT_MAX], *rdn_end = NULL, *end = NULL;
	struct view name = VIEW_NULL;
	need(strlen(text) < sizeof(copy), "name too long");
	strcpy(copy, text);
	for (char *rdn = strtok_r(copy, ",", &rdn_end); rdn != NULL;
	     rdn = strtok_r(NULL, ",", &rdn_end)) {
		struct view set = VIEW_NULL;
		for (char *a = strtok_r(rdn, "+", &end); a != NULL;
		     a = strtok_r(NULL, "+", &end))
			set = kit_join(k, set, attribute(k, a));
		name = kit_join(k, name, kit_der(k, DER_SET, set));
	}
	return kit_der(k, DER_SEQUENCE, name);
}

/* ---- keys ---- */

static EVP_PKEY *generate(EVP_PKEY_CTX *ctx, int rsa_bits)
{
	EVP_PKEY *key = NULL;
	need(ctx != NULL && EVP_PKEY_keygen_init(ctx) == 1, "key");
	if (rsa_bits > 0)
		need(EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, rsa_bits) == 1, "bits");
	need(EVP_PKEY_generate(ctx, &key) == 1, "key");
	EVP_PKEY_CTX_free(ctx);
	return key;
}

static EVP_PKEY *generate_dsa(struct kit *k)
{
	if (k->dsa_parameters == NULL) {
		EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
		need(ctx != NULL && EVP_PKEY_paramgen_init(ctx) == 1, "DSA");
		need(EVP_PKEY_CTX_set_params(
			 ctx, (OSSL_PARAM[]){ OSSL_PARAM_construct_size_t(
						  "pbits", &(size_t){ 1024 }),
					      OSSL_PARAM_construct_end() }) == 1,
		     "DSA size");
		need(EVP_PKEY_generate(ctx, &k->dsa_parameters) == 1, "DSA");
		EVP_PKEY_CTX_free(ctx);
	}
	return generate(EVP_PKEY_CTX_new_from_pkey(NULL, k->dsa_parameters, NULL), 0);
}

static EVP_PKEY *make_key(struct kit *k, enum kit_key type)
{
	switch (type) {
	case KIT_P256:
		return EVP_EC_gen("P-256");
	case KIT_P384:
		return EVP_EC_gen("P-384");
	case KIT_RSA:
		return generate(EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL), 2048);
	case KIT_RSA_1024:
		return generate(EVP_PKEY_CTX_new_from_name(NULL, "RSA", NULL), 1024);
	case KIT_DSA:
		return generate_dsa(k);
	case KIT_ED25519:
		return generate(EVP_PKEY_CTX_new_from_name(NULL, "ED25519", NULL), 0);
	}
	return NULL;
}

static EVP_PKEY *key_for(struct kit *k, const struct kit_options *o)
{
	if (o->same_key == NULL)
		return make_key(k, o->key);
	EVP_PKEY_up_ref(o->same_key->key);
	return o->same_key->key;
}

/* SubjectPublicKeyInfo with nothing but the OID in its algorithm. */
static struct view without_parameters(struct kit *k, struct view spki)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tlv outer, algorithm, oid;
	need(tlv_only(spki, &outer, &err) == 0, err.text);
	struct view cursor = outer.body;
	need(tlv_next(&cursor, &algorithm, &err) == 0, err.text);
	struct view inside = algorithm.body;
	need(tlv_next(&inside, &oid, &err) == 0, err.text);
	struct view bare = kit_der(k, DER_SEQUENCE, oid.whole);
	return kit_der(k, DER_SEQUENCE, kit_join(k, bare, cursor));
}

static struct view spki_of(struct kit *k, EVP_PKEY *key, bool left_out)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(PARTS_MAX);
	unsigned char *der = NULL;
	int n = i2d_PUBKEY(key, &der);
	need(n > 0, "public key");
	need(buf_put(&out, view_of(der, (size_t)n), &err) == 0, err.text);
	OPENSSL_free(der);
	struct view spki = own(k, &out);
	return left_out ? without_parameters(k, spki) : spki;
}

/* ---- certificates ---- */

static struct view integer(struct kit *k, uint64_t v)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(PARTS_MAX);
	need(der_put_uint(&out, v, &err) == 0, err.text);
	return own(k, &out);
}

static struct view validity(struct kit *k, const struct kit_options *o)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(PARTS_MAX);
	int64_t from =
	    o->not_before_ms != 0 ? o->not_before_ms : KIT_T0_MS - KIT_YEAR_MS;
	int64_t to = o->not_after_ms != 0 ? o->not_after_ms : KIT_T0_MS + KIT_YEAR_MS;
	need(der_put_time(&out, from, &err) == 0 && der_put_time(&out, to, &err) == 0,
	     err.text);
	return kit_der(k, DER_SEQUENCE, own(k, &out));
}

static struct view extension(struct kit *k, const struct kit_extension *e)
{
	static const uint8_t yes[] = { 0x01, 0x01, 0xff };
	struct view body = oid_tlv(k, e->oid);
	if (e->critical)
		body = kit_join(k, body, view_of(yes, sizeof(yes)));
	body = kit_join(k, body, kit_der(k, ASN1_TAG_OCTET_STRING, e->value));
	return kit_der(k, DER_SEQUENCE, body);
}

/* [3] EXPLICIT Extensions, or nothing. */
static struct view extensions(struct kit *k, const struct kit_options *o)
{
	struct view list = VIEW_NULL;
	if (o->ca) {
		struct kit_extension basic =
		    kit_ext_basic(k, true, o->has_path_len ? (int)o->path_len : -1);
		struct kit_extension usage =
		    kit_ext_key_usage(k, KEY_USAGE_CERT_SIGN | KEY_USAGE_CRL_SIGN);
		list = kit_join(k, extension(k, &basic), extension(k, &usage));
	}
	for (size_t i = 0; i < KIT_EXTENSIONS_MAX && o->extensions[i].oid != NULL; i++)
		list = kit_join(k, list, extension(k, &o->extensions[i]));
	if (list.n == 0)
		return list;
	return kit_der(k, DER_ID(ASN1_CONTEXT, 1, 3), kit_der(k, DER_SEQUENCE, list));
}

static EVP_PKEY *signing_key(const struct kit_options *o, EVP_PKEY *own_key)
{
	if (o->sign_with != NULL)
		return o->sign_with->key;
	return o->by != NULL ? o->by->key : own_key;
}

static struct view algorithm_of(struct kit *k, EVP_PKEY *signer, enum digest_alg digest)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf algorithm = buf_make(PARTS_MAX), value = buf_make(PARTS_MAX);
	need(signature_sign(signer, digest, view_text("x"), &algorithm, &value, &err) ==
		 0,
	     err.text);
	buf_free(&value);
	return own(k, &algorithm);
}

static struct view tbs_of(struct kit *k, const struct kit_options *o,
			  const struct kit_cert *c, struct view algorithm)
{
	static const uint8_t v3[] = { 0xa0, 3, 2, 1, 2 }, v2[] = { 0xa0, 3, 2, 1, 1 };
	struct view issuer = o->by != NULL ? o->by->subject : c->subject;
	struct view parts[] = {
		integer(k, o->serial != 0 ? o->serial : ++k->serial),
		o->tbs_algorithm.n > 0 ? o->tbs_algorithm : algorithm,
		o->issuer_der.n > 0 ? o->issuer_der : issuer,
		validity(k, o),
		c->subject,
		spki_of(k, c->key, o->parameters_left_out),
		extensions(k, o),
	};
	struct view body = VIEW_NULL;
	if (o->version == 0 || o->version == 3)
		body = view_of(v3, sizeof(v3));
	else if (o->version == 2)
		body = view_of(v2, sizeof(v2));
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		body = kit_join(k, body, parts[i]);
	return kit_der(k, DER_SEQUENCE, body);
}

static struct view sign(struct kit *k, const struct kit_options *o, EVP_PKEY *signer,
			enum digest_alg digest, struct view tbs, struct view algorithm)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf ignored = buf_make(PARTS_MAX), value = buf_make(PARTS_MAX);
	need(buf_put_byte(&value, 0, &err) == 0, err.text); /* unused bits */
	need(signature_sign(signer, digest, tbs, &ignored, &value, &err) == 0,
	     err.text);
	if (o->broken_signature)
		value.p[value.n - 1] ^= 1;
	buf_free(&ignored);
	struct view bits = kit_der(k, ASN1_TAG_BIT_STRING, own(k, &value));
	struct view all = kit_join(k, kit_join(k, tbs, algorithm), bits);
	return kit_der(k, DER_SEQUENCE, all);
}

static struct view subject_of(struct kit *k, const struct kit_options *o)
{
	char text[64];
	if (o->subject_der.n > 0)
		return o->subject_der;
	if (o->subject != NULL)
		return kit_name(k, o->subject);
	snprintf(text, sizeof(text), "O=LTPS Test,CN=Number %zu", k->n_certs);
	return kit_name(k, text);
}

const struct kit_cert *kit_cert(struct kit *k, const struct kit_options *o)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct kit_cert *c = mem_zalloc(1, sizeof(*c));
	enum digest_alg digest = o->digest != DIGEST_NONE ? o->digest : DIGEST_SHA256;
	need(c != NULL && k->n_certs < CERTS_MAX, "memory");
	k->certs[k->n_certs++] = c;
	c->subject = subject_of(k, o);
	c->key = key_for(k, o);
	need(c->key != NULL, "key");
	EVP_PKEY *signer = signing_key(o, c->key);
	struct view algorithm = algorithm_of(k, signer, digest);
	struct view tbs = tbs_of(k, o, c, algorithm);
	c->der = sign(k, o, signer, digest, tbs, algorithm);
	if (cert_parse(c->der, &c->cert, &err) != 0)
		c->cert = NULL;
	return c;
}

const struct kit_cert *kit_ca(struct kit *k, const char *subject,
			      const struct kit_cert *by)
{
	struct kit_options o = { .subject = subject, .by = by, .ca = true };
	return kit_cert(k, &o);
}

const struct kit_cert *kit_leaf(struct kit *k, const char *subject,
				const struct kit_cert *by)
{
	struct kit_options o = { .subject = subject, .by = by };
	return kit_cert(k, &o);
}
