/* SPDX-License-Identifier: Apache-2.0 */
/* signing_key - a private key and its certificates from PEM, PKCS #12 or a token. */
#include "ltp/signing_key.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <string.h>

#include "base/file.h"
#include "base/mem.h"
#include "ltp/signing_key_private.h"

#define KEY_FILE_MAX ((size_t)1 << 20) /* a key and a chain: a few KiB */

/* All certificates come into one list: the key's first, then those above it. */
struct loading {
	const struct signing_key_source *source;
	struct signing_key_password password;
	struct signing_key *key;
};

static int read_password(const char *path, struct signing_key_password *p,
			 struct ltps_error *err)
{
	struct buf b = buf_make(SIGNING_KEY_PASSWORD_MAX);
	if (path == NULL)
		return 0;
	int rc = file_first_line(path, SIGNING_KEY_PASSWORD_MAX, &b, err);
	if (rc == 0) {
		if (b.n > 0)
			memcpy(p->text, b.p, b.n);
		p->given = true;
		OPENSSL_cleanse(b.p, b.n);
	}
	buf_free(&b);
	return rc;
}

/* Never asks a terminal. */
static int give_password(char *out, int size, int writing, void *arg)
{
	const struct signing_key_password *p = arg;
	(void)writing;
	const size_t n = strlen(p->text);
	if (!p->given || n > (size_t)size)
		return -1;
	memcpy(out, p->text, n);
	return (int)n;
}

static int bad_file(const char *path, const char *what, struct ltps_error *err)
{
	ltps_fail_openssl(err, LTPS_FORMAT, LTPS_FAULT_CALLER, NULL, "%s", what);
	return ltps_where(err, "%s", path);
}

/* ---- certificates ---- */

static int add_certificate(struct signing_key *k, X509 *x, struct ltps_error *err)
{
	unsigned char *der = NULL;
	const int n = i2d_X509(x, &der);
	struct cert *c = NULL;
	if (n < 0)
		return ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL,
					 "certificate");
	int rc = cert_parse(view_of(der, (size_t)n), &c, err);
	OPENSSL_free(der);
	if (rc == 0 && k->certificate == NULL) {
		k->certificate = c;
	} else if (rc == 0 && k->n_chain < SIGNING_KEY_CHAIN_MAX) {
		k->chain[k->n_chain++] = c;
	} else if (rc == 0) {
		cert_free(c);
		rc = ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
			       "more than %d certificates of the chain",
			       SIGNING_KEY_CHAIN_MAX);
	}
	return rc;
}

static int read_certificates(BIO *bio, const char *path, struct loading *l,
			     struct ltps_error *err)
{
	X509 *x;
	while ((x = PEM_read_bio_X509(bio, NULL, give_password, &l->password)) !=
	       NULL) {
		const int rc = add_certificate(l->key, x, err);
		X509_free(x);
		if (rc != 0)
			return -1;
	}
	if (l->key->certificate == NULL)
		return bad_file(path, "no certificate in PEM", err);
	/* The end of the file is how it ends; a broken one is not left out. */
	if (ERR_GET_REASON(ERR_peek_last_error()) != PEM_R_NO_START_LINE)
		return bad_file(path, "a certificate in PEM that cannot be read", err);
	ERR_clear_error();
	return 0;
}

/* ---- the key ---- */

static int read_pem(BIO *bio, const char *path, struct loading *l,
		    struct ltps_error *err)
{
	l->key->key = PEM_read_bio_PrivateKey(bio, NULL, give_password, &l->password);
	if (l->key->key == NULL)
		return bad_file(path, "no private key in PEM that this password opens",
				err);
	if (l->source->certificate != NULL)
		return 0;
	if (BIO_reset(bio) != 1)
		return bad_file(path, "cannot read again", err);
	return read_certificates(bio, path, l, err);
}

static int take_pkcs12(struct loading *l, X509 *own, STACK_OF(X509) * chain,
		       struct ltps_error *err)
{
	if (add_certificate(l->key, own, err) != 0)
		return -1;
	for (int i = 0; chain != NULL && i < sk_X509_num(chain); i++)
		if (add_certificate(l->key, sk_X509_value(chain, i), err) != 0)
			return -1;
	return 0;
}

static int read_pkcs12(BIO *bio, const char *path, struct loading *l,
		       struct ltps_error *err)
{
	PKCS12 *p12 = d2i_PKCS12_bio(bio, NULL);
	X509 *own = NULL;
	STACK_OF(X509) *chain = NULL;
	int rc = 0;
	const bool ok = p12 != NULL &&
			PKCS12_parse(p12, l->password.given ? l->password.text : NULL,
				     &l->key->key, &own, &chain) == 1 &&
			l->key->key != NULL &&
			(own != NULL || l->source->certificate != NULL);
	if (!ok)
		rc = bad_file(path, "not PKCS #12 that this password opens", err);
	else if (l->source->certificate == NULL)
		rc = take_pkcs12(l, own, chain, err);
	ERR_clear_error(); /* of the guesses about an empty password */
	PKCS12_free(p12);
	X509_free(own);
	sk_X509_pop_free(chain, X509_free);
	return rc;
}

static bool is_pem(struct view v)
{
	static const char mark[] = "-----BEGIN ";
	for (; v.n >= sizeof(mark) - 1; v = view_skip(v, 1))
		if (memcmp(v.p, mark, sizeof(mark) - 1) == 0)
			return true;
	return false;
}

static int read_key(BIO *bio, const char *path, struct loading *l,
		    struct ltps_error *err)
{
	char *p = NULL;
	const long n = BIO_get_mem_data(bio, &p);
	return is_pem(view_of(p, n > 0 ? (size_t)n : 0))
		   ? read_pem(bio, path, l, err)
		   : read_pkcs12(bio, path, l, err);
}

/* One file through one of the readers above. */
static int with_file(const char *path,
		     int (*read)(BIO *, const char *, struct loading *,
				 struct ltps_error *),
		     struct loading *l, struct ltps_error *err)
{
	struct buf b = buf_make(KEY_FILE_MAX);
	BIO *bio = NULL;
	int rc = -1;
	if (file_read(path, &b, err) != 0)
		goto out;
	bio = BIO_new_mem_buf(b.n > 0 ? (const void *)b.p : "", (int)b.n);
	rc = bio == NULL ? ltps_fail_nomem(err) : read(bio, path, l, err);
out:
	BIO_free(bio);
	if (b.n > 0)
		OPENSSL_cleanse(b.p, b.n);
	buf_free(&b);
	return rc;
}

static int from_token(struct loading *l, struct ltps_error *err)
{
	X509 *x = NULL;
	int rc = signing_key_token(l->source, &l->password, &l->key->engine,
				   &l->key->key, &x, err);
	if (rc == 0 && l->source->certificate == NULL)
		rc = x != NULL ? add_certificate(l->key, x, err)
			       : ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
					   "the token has no certificate with the key: "
					   "name a file that holds it");
	X509_free(x);
	return rc;
}

/* ---- both together ---- */

static int check_pair(const struct signing_key *k, struct ltps_error *err)
{
	EVP_PKEY *public = NULL;
	if (cert_key(k->certificate, &public, err) != 0)
		return -1;
	const bool fits = public != NULL && EVP_PKEY_eq(public, k->key) == 1;
	ERR_clear_error();
	return fits ? 0
		    : ltps_fail(err, LTPS_MISMATCH, LTPS_FAULT_CALLER, NULL,
				"key and certificate do not belong together");
}

static int load(struct loading *l, struct ltps_error *err)
{
	const struct signing_key_source *s = l->source;
	if (s->key == NULL || s->key[0] == '\0')
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "no key is named");
	if (read_password(s->password_file, &l->password, err) != 0)
		return -1;
	const bool token =
	    strncmp(s->key, SIGNING_KEY_URI, sizeof(SIGNING_KEY_URI) - 1) == 0;
	if ((s->certificate != NULL &&
	     with_file(s->certificate, read_certificates, l, err) != 0) ||
	    (token ? from_token(l, err) : with_file(s->key, read_key, l, err)) != 0)
		return -1;
	return check_pair(l->key, err);
}

int signing_key_open(const struct signing_key_source *s, struct signing_key **ret,
		     struct ltps_error *err)
{
	struct loading l = { .source = s };
	l.key = mem_zalloc(1, sizeof(*l.key));
	if (l.key == NULL)
		return ltps_fail_nomem(err);
	const int rc = load(&l, err);
	OPENSSL_cleanse(&l.password, sizeof(l.password));
	if (rc != 0)
		signing_key_free(l.key);
	else
		*ret = l.key;
	return rc;
}

void signing_key_free(struct signing_key *k)
{
	if (k == NULL)
		return;
	EVP_PKEY_free(k->key);
	cert_free(k->certificate);
	while (k->n_chain > 0)
		cert_free(k->chain[--k->n_chain]);
	signing_key_token_close(k->engine);
	mem_free(k);
}
