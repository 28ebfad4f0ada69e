/* SPDX-License-Identifier: Apache-2.0 */
/* keys - key types: making, naming, PEM forms. */
#include <openssl/bio.h>
#include <openssl/core_names.h>
#include <openssl/err.h>
#include <openssl/param_build.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include "devpki/inside.h"

static const char *const key_names[DEVPKI_KEY_COUNT] = {
	[DEVPKI_KEY_DEFAULT] = "default",
	[DEVPKI_KEY_P256] = "p256",
	[DEVPKI_KEY_P384] = "p384",
	[DEVPKI_KEY_RSA2048] = "rsa2048",
	[DEVPKI_KEY_RSA3072] = "rsa3072",
	[DEVPKI_KEY_RSA4096] = "rsa4096",
	[DEVPKI_KEY_ED25519] = "ed25519",
	[DEVPKI_KEY_ED448] = "ed448",
	[DEVPKI_KEY_P521] = "p521",
	[DEVPKI_KEY_RSA1024] = "rsa1024",
	[DEVPKI_KEY_RSAPSS2048] = "rsapss2048",
	[DEVPKI_KEY_DSA2048] = "dsa2048",
};

int devpki_fail_crypto(struct ltps_error *err, const char *what)
{
	return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL, "%s", what);
}

const char *devpki_key_name(enum devpki_key key)
{
	return (unsigned)key < DEVPKI_KEY_COUNT ? key_names[key] : "?";
}

bool devpki_key_parse(struct view name, enum devpki_key *ret_key)
{
	for (unsigned i = 0; i < DEVPKI_KEY_COUNT; i++) {
		if (view_is_text(name, key_names[i])) {
			*ret_key = (enum devpki_key)i;
			return true;
		}
	}
	return false;
}

/* A key of a type that has its size as a parameter. */
static EVP_PKEY *make_rsa_pss(void)
{
	EVP_PKEY *key = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "RSA-PSS", NULL);
	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_rsa_keygen_bits(ctx, 2048) != 1 ||
	    EVP_PKEY_generate(ctx, &key) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	return key;
}

/* The group of RFC 5114 2.3 is one of DSA as well; making another takes seconds. */
static EVP_PKEY *group_2048_256(void)
{
	OSSL_PARAM params[] = {
		OSSL_PARAM_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME,
				       (void *)(uintptr_t) "dh_2048_256", 0),
		OSSL_PARAM_END,
	};
	EVP_PKEY *group = NULL;
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(NULL, "DHX", NULL);
	if (ctx == NULL || EVP_PKEY_paramgen_init(ctx) != 1 ||
	    EVP_PKEY_CTX_set_params(ctx, params) != 1 ||
	    EVP_PKEY_generate(ctx, &group) != 1)
		group = NULL;
	EVP_PKEY_CTX_free(ctx);
	return group;
}

static OSSL_PARAM *dsa_params(const EVP_PKEY *group)
{
	BIGNUM *p = NULL, *q = NULL, *g = NULL;
	OSSL_PARAM *params = NULL;
	OSSL_PARAM_BLD *bld = OSSL_PARAM_BLD_new();
	if (bld != NULL && EVP_PKEY_get_bn_param(group, OSSL_PKEY_PARAM_FFC_P, &p) &&
	    EVP_PKEY_get_bn_param(group, OSSL_PKEY_PARAM_FFC_Q, &q) &&
	    EVP_PKEY_get_bn_param(group, OSSL_PKEY_PARAM_FFC_G, &g) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_FFC_P, p) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_FFC_Q, q) &&
	    OSSL_PARAM_BLD_push_BN(bld, OSSL_PKEY_PARAM_FFC_G, g))
		params = OSSL_PARAM_BLD_to_param(bld);
	BN_free(g);
	BN_free(q);
	BN_free(p);
	OSSL_PARAM_BLD_free(bld);
	return params;
}

static EVP_PKEY *make_dsa(void)
{
	EVP_PKEY *group = group_2048_256(), *domain = NULL, *key = NULL;
	OSSL_PARAM *params = group != NULL ? dsa_params(group) : NULL;
	EVP_PKEY_CTX *from = EVP_PKEY_CTX_new_from_name(NULL, "DSA", NULL);
	EVP_PKEY_CTX *ctx = NULL;
	if (params != NULL && from != NULL && EVP_PKEY_fromdata_init(from) == 1 &&
	    EVP_PKEY_fromdata(from, &domain, EVP_PKEY_KEY_PARAMETERS, params) == 1)
		ctx = EVP_PKEY_CTX_new_from_pkey(NULL, domain, NULL);
	if (ctx == NULL || EVP_PKEY_keygen_init(ctx) != 1 ||
	    EVP_PKEY_generate(ctx, &key) != 1)
		key = NULL;
	EVP_PKEY_CTX_free(ctx);
	EVP_PKEY_CTX_free(from);
	OSSL_PARAM_free(params);
	EVP_PKEY_free(domain);
	EVP_PKEY_free(group);
	return key;
}

int devpki_key_make(enum devpki_key type, EVP_PKEY **ret_key, struct ltps_error *err)
{
	EVP_PKEY *key = NULL;
	switch (type) {
	case DEVPKI_KEY_DEFAULT:
	case DEVPKI_KEY_P256:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-256");
		break;
	case DEVPKI_KEY_P384:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-384");
		break;
	case DEVPKI_KEY_RSA2048:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)2048);
		break;
	case DEVPKI_KEY_RSA3072:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)3072);
		break;
	case DEVPKI_KEY_RSA4096:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)4096);
		break;
	case DEVPKI_KEY_ED25519:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED25519");
		break;
	case DEVPKI_KEY_ED448:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "ED448");
		break;
	case DEVPKI_KEY_P521:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "EC", "P-521");
		break;
	case DEVPKI_KEY_RSA1024:
		key = EVP_PKEY_Q_keygen(NULL, NULL, "RSA", (size_t)1024);
		break;
	case DEVPKI_KEY_RSAPSS2048:
		key = make_rsa_pss();
		break;
	case DEVPKI_KEY_DSA2048:
		key = make_dsa();
		break;
	default:
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "unknown key type %d", (int)type);
	}
	if (key == NULL)
		return devpki_fail_crypto(err, "making a key");
	ERR_clear_error(); /* it notes tries that it recovered from */
	*ret_key = key;
	return 0;
}

enum digest_alg devpki_key_digest(const EVP_PKEY *key)
{
	switch (EVP_PKEY_get_base_id(key)) {
	case EVP_PKEY_ED25519:
	case EVP_PKEY_ED448:
		return DIGEST_NONE;
	case EVP_PKEY_EC:
		return EVP_PKEY_get_bits(key) > 384   ? DIGEST_SHA512
		       : EVP_PKEY_get_bits(key) > 256 ? DIGEST_SHA384
						      : DIGEST_SHA256;
	default:
		return DIGEST_SHA256;
	}
}

/* PSS by default is salted to the length of the key: nobody else does that. */
static bool set_padding(const EVP_PKEY *key, EVP_PKEY_CTX *ctx, bool pss)
{
	int id = EVP_PKEY_get_base_id(key);
	if (id != EVP_PKEY_RSA_PSS && !(id == EVP_PKEY_RSA && pss))
		return true;
	return EVP_PKEY_CTX_set_rsa_padding(ctx, RSA_PKCS1_PSS_PADDING) == 1 &&
	       EVP_PKEY_CTX_set_rsa_pss_saltlen(ctx, RSA_PSS_SALTLEN_DIGEST) == 1;
}

int devpki_signer_new(EVP_PKEY *key, struct devpki_signing how, EVP_MD_CTX **ret_ctx,
		      struct ltps_error *err)
{
	enum digest_alg alg = devpki_key_digest(key);
	EVP_PKEY_CTX *inner = NULL;
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	if (alg != DIGEST_NONE && how.hash != DIGEST_NONE)
		alg = how.hash;
	if (ctx == NULL ||
	    EVP_DigestSignInit(ctx, &inner, alg != DIGEST_NONE ? digest_evp(alg) : NULL,
			       NULL, key) != 1 ||
	    !set_padding(key, inner, how.pss)) {
		EVP_MD_CTX_free(ctx);
		return devpki_fail_crypto(err, "preparing a signature");
	}
	*ret_ctx = ctx;
	return 0;
}

/* Copies what a memory BIO holds. */
static int put_bio(BIO *bio, struct buf *out, struct ltps_error *err)
{
	char *p = NULL;
	long n = BIO_get_mem_data(bio, &p);
	return buf_put(out, view_of(p, n > 0 ? (size_t)n : 0), err);
}

int devpki_cert_pem(const struct devpki_cert *c, struct buf *out,
		    struct ltps_error *err)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int ret;
	if (bio == NULL || PEM_write_bio_X509(bio, c->x509) != 1)
		ret = devpki_fail_crypto(err, "writing a certificate");
	else
		ret = put_bio(bio, out, err);
	BIO_free(bio);
	ERR_clear_error(); /* it notes tries that it recovered from */
	return ret;
}

int devpki_key_pem(const struct devpki_cert *c, struct buf *out, struct ltps_error *err)
{
	BIO *bio = BIO_new(BIO_s_mem());
	int ret;
	if (bio == NULL ||
	    PEM_write_bio_PKCS8PrivateKey(bio, c->key, NULL, NULL, 0, NULL, NULL) != 1)
		ret = devpki_fail_crypto(err, "writing a key");
	else
		ret = put_bio(bio, out, err);
	BIO_free(bio);
	ERR_clear_error(); /* it notes tries that it recovered from */
	return ret;
}

/* Our files have no password: never ask at a terminal. */
static int no_password(char *out, int size, int writing, void *arg)
{
	(void)out, (void)size, (void)writing, (void)arg;
	return -1;
}

int devpki_key_parse_pem(struct view pem, EVP_PKEY **ret_key, struct ltps_error *err)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	EVP_PKEY *key = NULL;
	if (bio != NULL)
		key = PEM_read_bio_PrivateKey(bio, NULL, no_password, NULL);
	BIO_free(bio);
	if (key == NULL)
		return ltps_fail_openssl(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
					 "not a key");
	/* Looking for the right decoder leaves reasons in the queue. */
	ERR_clear_error();
	*ret_key = key;
	return 0;
}

int devpki_cert_parse_pem(struct view pem, X509 **ret_x, struct ltps_error *err)
{
	BIO *bio = BIO_new_mem_buf(pem.p, (int)pem.n);
	X509 *x = NULL;
	if (bio != NULL)
		x = PEM_read_bio_X509(bio, NULL, no_password, NULL);
	BIO_free(bio);
	if (x == NULL)
		return ltps_fail_openssl(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
					 "not a certificate");
	*ret_x = x;
	return 0;
}
