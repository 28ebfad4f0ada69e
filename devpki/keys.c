/* SPDX-License-Identifier: Apache-2.0 */
/* keys - key types: making, naming, PEM forms. */
#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "devpki/inside.h"

static const char *const key_names[DEVPKI_KEY_COUNT] = {
	[DEVPKI_KEY_DEFAULT] = "default", [DEVPKI_KEY_P256] = "p256",
	[DEVPKI_KEY_P384] = "p384",       [DEVPKI_KEY_RSA2048] = "rsa2048",
	[DEVPKI_KEY_RSA3072] = "rsa3072", [DEVPKI_KEY_RSA4096] = "rsa4096",
	[DEVPKI_KEY_ED25519] = "ed25519",
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
		return DIGEST_NONE;
	case EVP_PKEY_EC:
		return EVP_PKEY_get_bits(key) > 256 ? DIGEST_SHA384 : DIGEST_SHA256;
	default:
		return DIGEST_SHA256;
	}
}

const EVP_MD *devpki_key_md(const EVP_PKEY *key)
{
	enum digest_alg alg = devpki_key_digest(key);
	return alg == DIGEST_NONE ? NULL : digest_evp(alg);
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
