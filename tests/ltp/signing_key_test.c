/* SPDX-License-Identifier: Apache-2.0 */
/* Keys from PEM, PKCS #12 and a PKCS #11 token, and those that do not do. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "ltp/signing_key.h"
#include "tests/support/devpki_kit.h"
#include "timestamping/signature.h"

#define NOW "2026-06-01T12:00:00Z"
#define MODULE "/usr/lib/softhsm/libsofthsm2.so"
#define PIN "4711"

static struct devpki *pki;
static const struct devpki_cert *rsa, *ec;
static char dir[64];

static const char *path(const char *name)
{
	static char out[8][128];
	static unsigned turn;
	char *p = out[turn++ % 8];
	snprintf(p, sizeof(out[0]), "%s/%s", dir, name);
	return p;
}

static void put(const char *name, struct view v)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(file_write(path(name), v, 0600, &err), 0, "%s", err.text);
}

static struct buf pem_of(const struct devpki_cert *c, bool key)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(65536);
	cr_assert_eq(key ? devpki_key_pem(c, &b, &err) : devpki_cert_pem(c, &b, &err),
		     0);
	return b;
}

static void put_pem(const char *name, const struct devpki_cert *key,
		    const struct devpki_cert *const *certs, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf all = buf_make(1 << 20);
	for (size_t i = 0; i <= n; i++) {
		if (i == 0 && key == NULL)
			continue;
		struct buf one = pem_of(i == 0 ? key : certs[i - 1], i == 0);
		cr_assert_eq(buf_put(&all, view_buf(&one), &err), 0);
		buf_free(&one);
	}
	put(name, view_buf(&all));
	buf_free(&all);
}

static void put_pkcs12(const char *name, const struct devpki_cert *c,
		       const char *password)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	sk_X509_push(chain, devpki_active(pki, DEVPKI_CA, 0)->x509);
	PKCS12 *p =
	    PKCS12_create(password, "seal", c->key, c->x509, chain, 0, 0, 0, 0, 0);
	unsigned char *der = NULL;
	const int n = i2d_PKCS12(p, &der);
	cr_assert_gt(n, 0);
	put(name, view_of(der, (size_t)n));
	OPENSSL_free(der);
	PKCS12_free(p);
	sk_X509_free(chain);
}

static void put_encrypted(const char *name, const struct devpki_cert *c,
			  const char *password)
{
	BIO *bio = BIO_new(BIO_s_mem());
	char *p = NULL;
	PEM_write_bio_PKCS8PrivateKey(bio, c->key, EVP_aes_128_cbc(), password,
				      (int)strlen(password), NULL, NULL);
	const long n = BIO_get_mem_data(bio, &p);
	put(name, view_of(p, (size_t)n));
	BIO_free(bio);
}

static void begin(void)
{
	pki = kit_pki(NULL, NOW);
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_issue how = { .kind = DEVPKI_EE,
					  .name = "rsa",
					  .key = DEVPKI_KEY_RSA2048 };
	kit_dir(dir);
	ec = kit_issue(pki, "ec");
	cr_assert_eq(devpki_issue(pki, &how, &rsa, &err), 0, "%s", err.text);
	put("right", view_text("right\n"));
	put("wrong", view_text("wrong\n"));
	put("pin", view_text(PIN "\n"));
	const struct devpki_cert *chain[] = { rsa, devpki_active(pki, DEVPKI_CA, 0) };
	put_pem("key.pem", rsa, NULL, 0);
	put_pem("chain.pem", NULL, chain, 2);
	put_pem("both.pem", rsa, chain, 2);
	put_pem("ec-key.pem", ec, NULL, 0);
	put_pem("ec.pem", NULL, &ec, 1);
	put_encrypted("locked.pem", rsa, "right");
	put_pkcs12("key.p12", rsa, "right");
	put_pkcs12("open.p12", rsa, NULL);
	put("empty", VIEW_NULL);
}

static void end(void)
{
	kit_remove(dir);
	devpki_free(pki);
}

TestSuite(signing_key, .init = begin, .fini = end);

static struct ltps_error refused(const char *key, const char *certificate,
				 const char *password)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct signing_key *k = NULL;
	const struct signing_key_source s = {
		.key = key != NULL ? path(key) : NULL,
		.certificate = certificate != NULL ? path(certificate) : NULL,
		.password_file = password != NULL ? path(password) : NULL,
	};
	cr_assert_eq(signing_key_open(&s, &k, &err), -1, "%s", key);
	cr_assert_null(k);
	if (err.code != LTPS_NOT_FOUND)
		cr_assert_eq(err.fault, LTPS_FAULT_CALLER, "%s: %s", key, err.text);
	cr_assert_eq(ERR_peek_error(), 0, "%s", key);
	return err;
}

static struct signing_key *opened(const struct signing_key_source *s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct signing_key *k = NULL;
	cr_assert_eq(signing_key_open(s, &k, &err), 0, "%s: %s", err.where, err.text);
	cr_assert_eq(ERR_peek_error(), 0);
	return k;
}

/* It signs what its certificate verifies. */
static void expect_signs(const struct signing_key *k, size_t n_chain)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf algorithm = buf_make(4096), value = buf_make(4096);
	enum signature_verdict v = SIGNATURE_INVALID;
	EVP_PKEY *public = NULL;
	cr_assert_eq(k->n_chain, n_chain);
	cr_assert_eq(signature_sign(k->key, DIGEST_SHA256, view_text("data"),
				    &algorithm, &value, &err),
		     0, "%s", err.text);
	cr_assert_eq(cert_key(k->certificate, &public, &err), 0);
	cr_assert_eq(signature_verify(view_buf(&algorithm), DIGEST_SHA256, public,
				      view_text("data"), view_buf(&value), &v, &err),
		     0);
	cr_assert_eq(v, SIGNATURE_VALID);
	buf_free(&algorithm);
	buf_free(&value);
}

Test(signing_key, files_without_a_key_are_refused)
{
	cr_assert_eq(refused(NULL, NULL, NULL).code, LTPS_ARGUMENT);
	cr_assert_eq(refused("absent", NULL, NULL).code, LTPS_NOT_FOUND);
	cr_assert_eq(refused("empty", NULL, NULL).code, LTPS_FORMAT);
	cr_assert_eq(refused("chain.pem", NULL, NULL).code, LTPS_FORMAT);
	cr_assert_eq(refused("key.pem", "absent", NULL).code, LTPS_NOT_FOUND);
	cr_assert_eq(refused("key.pem", "empty", NULL).code, LTPS_FORMAT);
	cr_assert_eq(refused("key.pem", NULL, NULL).code, LTPS_FORMAT);
}

Test(signing_key, wrong_passwords_are_refused_without_asking)
{
	cr_assert_eq(refused("locked.pem", "chain.pem", NULL).code, LTPS_FORMAT);
	cr_assert_eq(refused("locked.pem", "chain.pem", "wrong").code, LTPS_FORMAT);
	cr_assert_eq(refused("locked.pem", "chain.pem", "absent").code, LTPS_NOT_FOUND);
	cr_assert_eq(refused("key.p12", NULL, NULL).code, LTPS_FORMAT);
	cr_assert_eq(refused("key.p12", NULL, "wrong").code, LTPS_FORMAT);
}

Test(signing_key, certificate_of_another_key_is_a_mismatch)
{
	cr_assert_eq(refused("ec-key.pem", "chain.pem", NULL).code, LTPS_MISMATCH);
	cr_assert_eq(refused("key.p12", "ec.pem", "right").code, LTPS_MISMATCH);
}

Test(signing_key, longer_chain_than_allowed_is_refused)
{
	const struct devpki_cert *many[SIGNING_KEY_CHAIN_MAX + 2];
	for (size_t i = 0; i < SIGNING_KEY_CHAIN_MAX + 2; i++)
		many[i] = rsa;
	put_pem("long.pem", NULL, many, SIGNING_KEY_CHAIN_MAX + 1);
	put_pem("longer.pem", NULL, many, SIGNING_KEY_CHAIN_MAX + 2);
	cr_assert_eq(refused("key.pem", "longer.pem", NULL).code, LTPS_TOO_LARGE);
	struct signing_key *k = opened(&(struct signing_key_source){
	    .key = path("key.pem"), .certificate = path("long.pem") });
	expect_signs(k, SIGNING_KEY_CHAIN_MAX);
	signing_key_free(k);
}

/* What cannot be read is no end of the file: the chain would be shorter unseen. */
Test(signing_key, broken_certificate_of_the_chain_is_refused)
{
	struct buf all = buf_make(1 << 20), one = pem_of(rsa, false);
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct view broken = view_text("-----BEGIN CERTIFICATE-----\nAAAA\n"
					     "-----END CERTIFICATE-----\n");
	cr_assert_eq(buf_put(&all, view_buf(&one), &err), 0);
	cr_assert_eq(buf_put(&all, broken, &err), 0);
	put("half.pem", view_buf(&all));
	cr_assert_eq(refused("key.pem", "half.pem", NULL).code, LTPS_FORMAT);
	buf_free(&one);
	buf_free(&all);
}

Test(signing_key, each_form_of_file_signs)
{
	const struct {
		const char *key, *certificate, *password;
		size_t n_chain;
	} forms[] = {
		{ "key.pem", "chain.pem", NULL, 1 },
		{ "both.pem", NULL, NULL, 1 },
		{ "ec-key.pem", "ec.pem", NULL, 0 },
		{ "locked.pem", "chain.pem", "right", 1 },
		{ "key.p12", NULL, "right", 1 },
		{ "open.p12", NULL, NULL, 1 },
		{ "key.p12", "chain.pem", "right", 1 },
	};
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		struct signing_key_source s = { .key = path(forms[i].key) };
		if (forms[i].certificate != NULL)
			s.certificate = path(forms[i].certificate);
		if (forms[i].password != NULL)
			s.password_file = path(forms[i].password);
		struct signing_key *k = opened(&s);
		expect_signs(k, forms[i].n_chain);
		signing_key_free(k);
	}
	signing_key_free(NULL);
}

/* ---- the token ---- */

/* {} in the command stands for the folder. */
static void run(const char *command)
{
	char text[1024];
	size_t n = 0;
	for (const char *p = command; *p != '\0' && n + sizeof(dir) < sizeof(text);
	     p++) {
		if (strncmp(p, "{}", 2) == 0) {
			n += (size_t)snprintf(text + n, sizeof(text) - n, "%s", dir);
			p++;
		} else {
			text[n++] = *p;
		}
	}
	text[n] = '\0';
	cr_assert_eq(system(text), 0, "%s", text);
}

/* What the packages softhsm2, opensc and libengine-pkcs11-openssl bring. */
static bool token_tools(void)
{
	return access(MODULE, R_OK) == 0 &&
	       system("command -v softhsm2-util pkcs11-tool >/dev/null") == 0 &&
	       system("ls /usr/lib/*/engines-3/pkcs11.so >/dev/null 2>&1") == 0;
}

static void make_token(const struct devpki_cert *c, const char *key_pem)
{
	char conf[256];
	run("mkdir -p {}/tokens");
	const int n = snprintf(conf, sizeof(conf),
			       "directories.tokendir = %s/tokens\n"
			       "objectstore.backend = file\nlog.level = ERROR\n",
			       dir);
	put("softhsm2.conf", view_of(conf, (size_t)n));
	setenv("SOFTHSM2_CONF", path("softhsm2.conf"), 1);
	put("cert.der", c->der);
	run("softhsm2-util --init-token --free --label seal --pin " PIN " --so-pin " PIN
	    " >/dev/null");
	char import[256];
	snprintf(
	    import, sizeof(import),
	    "softhsm2-util --import {}/%s --token seal --label k --id 01 --pin " PIN
	    " >/dev/null",
	    key_pem);
	run(import);
	run("pkcs11-tool --module " MODULE " --login --pin " PIN
	    " --token-label seal --write-object {}/cert.der --type cert --id 01"
	    " --label k >/dev/null 2>&1");
}

static struct signing_key_source token_source(const char *uri, const char *pin)
{
	return (struct signing_key_source){ .key = uri,
					    .password_file = path(pin),
					    .module = MODULE };
}

static void expect_token(const struct devpki_cert *c, const char *key_pem)
{
	make_token(c, key_pem);
	const struct signing_key_source s =
	    token_source("pkcs11:token=seal;object=k;type=private", "pin");
	struct signing_key *k = opened(&s);
	cr_assert(view_equal(k->certificate->der, c->der));
	expect_signs(k, 0);
	signing_key_free(k);
}

Test(signing_key, rsa_key_of_a_token_signs)
{
	if (!token_tools())
		cr_skip_test("softhsm2, opensc, libengine-pkcs11-openssl");
	expect_token(rsa, "key.pem");
}

Test(signing_key, ec_key_of_a_token_signs)
{
	if (!token_tools())
		cr_skip_test("softhsm2, opensc, libengine-pkcs11-openssl");
	expect_token(ec, "ec-key.pem");
}

Test(signing_key, token_with_a_certificate_from_a_file_signs)
{
	if (!token_tools())
		cr_skip_test("softhsm2, opensc, libengine-pkcs11-openssl");
	make_token(rsa, "key.pem");
	struct signing_key_source s = token_source("pkcs11:token=seal;object=k", "pin");
	s.certificate = path("chain.pem");
	struct signing_key *k = opened(&s);
	expect_signs(k, 1);
	signing_key_free(k);
	s.certificate = path("ec.pem");
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(signing_key_open(&s, &k, &err), -1);
	cr_assert_eq(err.code, LTPS_MISMATCH, "%s", err.text);
}

Test(signing_key, token_that_refuses_is_remote)
{
	if (!token_tools())
		cr_skip_test("softhsm2, opensc, libengine-pkcs11-openssl");
	make_token(rsa, "key.pem");
	const struct {
		const char *uri, *pin;
	} bad[] = {
		{ "pkcs11:token=seal;object=k", "wrong" },
		{ "pkcs11:token=seal;object=absent", "pin" },
		{ "pkcs11:token=absent;object=k", "pin" },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct signing_key *k = NULL;
		const struct signing_key_source s =
		    token_source(bad[i].uri, bad[i].pin);
		cr_assert_eq(signing_key_open(&s, &k, &err), -1, "%s", bad[i].uri);
		cr_assert_eq(err.code, LTPS_REMOTE, "%s: %s", bad[i].uri, err.text);
		cr_assert_eq(ERR_peek_error(), 0);
	}
}

Test(signing_key, module_that_is_none_is_remote)
{
	if (!token_tools())
		cr_skip_test("softhsm2, opensc, libengine-pkcs11-openssl");
	struct ltps_error err = LTPS_ERROR_INIT;
	struct signing_key *k = NULL;
	struct signing_key_source s = token_source("pkcs11:token=seal;object=k", "pin");
	s.module = "/nonexistent.so";
	cr_assert_eq(signing_key_open(&s, &k, &err), -1);
	cr_assert_eq(err.code, LTPS_REMOTE, "%s", err.text);
}
