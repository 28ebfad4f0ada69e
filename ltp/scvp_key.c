/* SPDX-License-Identifier: Apache-2.0 */
/* scvp_key - the responder's certificate and key from PEM files or PKCS #12. */
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "ltp/scvp.h"

#define KEY_FILE_MAX ((size_t)1 << 20)
#define PASSWORD_MAX ((size_t)1 << 10)

struct loaded {
	X509 *certificate;
	EVP_PKEY *key;
	STACK_OF(X509) * chain;
	char password[PASSWORD_MAX + 1];
	bool has_password;
};

/* The first line of the file. */
static int read_password(const char *path, struct loaded *l, struct ltps_error *err)
{
	struct buf b = buf_make(PASSWORD_MAX);
	if (path == NULL)
		return 0;
	int rc = file_read(path, &b, err);
	if (rc == 0) {
		size_t n = 0;
		while (n < b.n && b.p[n] != '\n' && b.p[n] != '\r')
			n++;
		if (n > 0)
			memcpy(l->password, b.p, n);
		l->has_password = true;
		OPENSSL_cleanse(b.p, b.n);
	}
	buf_free(&b);
	return rc;
}

/* Never asks a terminal. */
static int give_password(char *out, int size, int writing, void *arg)
{
	const struct loaded *l = arg;
	(void)writing;
	const size_t n = strlen(l->password);
	if (!l->has_password || n > (size_t)size)
		return -1;
	memcpy(out, l->password, n);
	return (int)n;
}

static int bad_file(const char *path, const char *what, struct ltps_error *err)
{
	ltps_fail_openssl(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL, "%s", what);
	return ltps_where(err, "%s", path);
}

/* All certificates of the file: the responder's first, then its chain. */
static int read_certificates(BIO *bio, const char *path, struct loaded *l,
			     struct ltps_error *err)
{
	l->certificate = PEM_read_bio_X509(bio, NULL, give_password, l);
	l->chain = sk_X509_new_null();
	if (l->certificate == NULL || l->chain == NULL)
		return bad_file(path, "no certificate in PEM", err);
	for (X509 *x; (x = PEM_read_bio_X509(bio, NULL, give_password, l)) != NULL;) {
		if (sk_X509_push(l->chain, x) == 0) {
			X509_free(x);
			return ltps_fail_nomem(err);
		}
	}
	ERR_clear_error(); /* the end of the file is how it ends */
	return 0;
}

static int read_pem_key(BIO *bio, const char *path, struct loaded *l,
			struct ltps_error *err)
{
	l->key = PEM_read_bio_PrivateKey(bio, NULL, give_password, l);
	return l->key != NULL ? 0 : bad_file(path, "no private key in PEM", err);
}

static int read_pkcs12(BIO *bio, const char *path, struct loaded *l,
		       struct ltps_error *err)
{
	PKCS12 *p12 = d2i_PKCS12_bio(bio, NULL);
	const bool ok = p12 != NULL &&
			PKCS12_parse(p12, l->has_password ? l->password : NULL, &l->key,
				     &l->certificate, &l->chain) == 1 &&
			l->key != NULL && l->certificate != NULL;
	PKCS12_free(p12);
	return ok ? 0 : bad_file(path, "not PKCS #12 that this password opens", err);
}

/* One file through one of the readers above. */
static int with_file(const char *path,
		     int (*read)(BIO *, const char *, struct loaded *,
				 struct ltps_error *),
		     struct loaded *l, struct ltps_error *err)
{
	struct buf b = buf_make(KEY_FILE_MAX);
	BIO *bio = NULL;
	int rc = -1;
	if (file_read(path, &b, err) != 0)
		goto out;
	bio = BIO_new_mem_buf(b.p, (int)b.n);
	rc = bio == NULL ? ltps_fail_nomem(err) : read(bio, path, l, err);
out:
	BIO_free(bio);
	if (b.n > 0)
		OPENSSL_cleanse(b.p, b.n);
	buf_free(&b);
	return rc;
}

static int cert_of(X509 *x, struct cert **ret, struct ltps_error *err)
{
	unsigned char *der = NULL;
	const int n = i2d_X509(x, &der);
	if (n < 0)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "certificate");
	const int rc = cert_parse(view_of(der, (size_t)n), ret, err);
	OPENSSL_free(der);
	return rc;
}

static int make_signer(const struct loaded *l, struct scvp_signer **ret,
		       struct ltps_error *err)
{
	struct cert *cert = NULL;
	struct cert *chain[SCVP_CHAIN_MAX] = { NULL };
	size_t n = 0;
	int rc = cert_of(l->certificate, &cert, err);
	for (int i = 0; rc == 0 && l->chain != NULL && i < sk_X509_num(l->chain); i++) {
		if (n == SCVP_CHAIN_MAX)
			rc = ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				       "more than %d certificates of the chain",
				       SCVP_CHAIN_MAX);
		else if ((rc = cert_of(sk_X509_value(l->chain, i), &chain[n], err)) ==
			 0)
			n++;
	}
	if (rc == 0)
		rc = scvp_signer_new(cert, l->key, (const struct cert *const *)chain, n,
				     true, ret, err);
	while (n > 0)
		cert_free(chain[--n]);
	cert_free(cert);
	return rc;
}

int scvp_key_read(const struct ltp_scvp_options *o, struct scvp_signer **ret,
		  struct ltps_error *err)
{
	struct loaded l = { .certificate = NULL };
	int rc = read_password(o->password_file, &l, err);
	if (rc == 0 && o->key == NULL)
		rc = with_file(o->certificate, read_pkcs12, &l, err);
	else if (rc == 0)
		rc = with_file(o->certificate, read_certificates, &l, err) == 0
			 ? with_file(o->key, read_pem_key, &l, err)
			 : -1;
	if (rc == 0)
		rc = make_signer(&l, ret, err);
	OPENSSL_cleanse(l.password, sizeof(l.password));
	sk_X509_pop_free(l.chain, X509_free);
	EVP_PKEY_free(l.key);
	X509_free(l.certificate);
	return rc;
}
