/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path_bench - a path of three certificates with the CRLs of both authorities,
 * judged: decoded before, beside its bare signature verifications; cold, from
 * bytes; and X509_verify_cert() on the same.
 */
#include <openssl/x509_vfy.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "devpki/devpki.h"
#include "validation/path.h"

#define ROUNDS 2000
#define SIGNED 4 /* two certificates, two CRLs */
#define POOL 5000

/* Of the processor: what else runs on the machine does not count. */
static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void stop_on(int rc, const struct ltps_error *err, const char *what)
{
	if (rc == 0)
		return;
	fprintf(stderr, "path_bench: %s: %s\n", what, err->text);
	exit(1);
}

static void stop_unless(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "path_bench: %s\n", what);
	exit(1);
}

struct scene {
	struct devpki *pki;
	int64_t time_ms;
	struct view root, ca, leaf;
	struct buf crl[2];
};

static void scene_make(struct scene *s, enum devpki_key key)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct clock clock = clock_system();
	struct devpki_options o = { .n_tsa = 1, .clock = clock };
	const struct devpki_cert *leaf = NULL;
	for (int kind = 0; kind < DEVPKI_KIND_COUNT; kind++)
		o.key[kind] = key;
	stop_on(devpki_create(NULL, &o, &s->pki, &err), &err, "pki");
	const struct devpki_issue how = { .kind = DEVPKI_EE };
	stop_on(devpki_issue(s->pki, &how, &leaf, &err), &err, "certificate");
	const struct devpki_cert *ca = leaf->issuer;
	s->leaf = leaf->der;
	s->ca = ca->der;
	s->root = ca->issuer->der;
	s->crl[0] = buf_make(DEVPKI_ANSWER_MAX);
	s->crl[1] = buf_make(DEVPKI_ANSWER_MAX);
	stop_on(devpki_crl(s->pki, ca->issuer, &s->crl[0], &err), &err, "CRL");
	stop_on(devpki_crl(s->pki, ca, &s->crl[1], &err), &err, "CRL");
	s->time_ms = clock_now_ms(&clock) + 1000;
}

static void scene_clear(struct scene *s)
{
	buf_free(&s->crl[0]);
	buf_free(&s->crl[1]);
	devpki_free(s->pki);
}

/* ---- ours ---- */

static struct material *fill(const struct scene *s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *m = NULL;
	if (material_new(&m, &err) != 0 ||
	    material_add(m, MATERIAL_CERT, s->leaf, &err) != 0 ||
	    material_add(m, MATERIAL_CERT, s->ca, &err) != 0 ||
	    material_add(m, MATERIAL_ANCHOR, s->root, &err) != 0 ||
	    material_add(m, MATERIAL_CRL, view_buf(&s->crl[0]), &err) != 0 ||
	    material_add(m, MATERIAL_CRL, view_buf(&s->crl[1]), &err) != 0)
		stop_on(-1, &err, "material");
	return m;
}

static void judge(const struct scene *s, const struct material *m,
		  const struct material *pool)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_result *r = NULL;
	struct path_input in = { .target = material_cert(m, MATERIAL_CERT, 0),
				 .pools = { m, pool },
				 .n_pools = pool != NULL ? 2 : 1,
				 .time_ms = s->time_ms };
	stop_on(path_judge(&in, &r, &err), &err, "judge");
	stop_unless(r->status == PATH_VALID, path_code_name(r->why));
	stop_unless(r->signatures == SIGNED, "signatures");
	path_result_free(r);
}

static double judged(const struct scene *s)
{
	struct material *m = fill(s);
	judge(s, m, NULL);
	double begin = now();
	for (int i = 0; i < ROUNDS; i++)
		judge(s, m, NULL);
	double t = (now() - begin) / ROUNDS;
	material_free(m);
	return t;
}

static double judged_cold(const struct scene *s)
{
	double begin = now();
	for (int i = 0; i < ROUNDS; i++) {
		struct material *m = fill(s);
		judge(s, m, NULL);
		material_free(m);
	}
	return (now() - begin) / ROUNDS;
}

/* ---- bare verifications ---- */

static void verify(EVP_PKEY *key, struct view tbs, struct view value, const EVP_MD *md)
{
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	stop_unless(ctx != NULL && EVP_DigestVerifyInit(ctx, NULL, md, NULL, key) == 1,
		    "init");
	stop_unless(EVP_DigestVerify(ctx, value.p, value.n, tbs.p, tbs.n) == 1,
		    "signature");
	EVP_MD_CTX_free(ctx);
}

static double bare(const struct scene *s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *m = fill(s);
	const struct cert *leaf = material_cert(m, MATERIAL_CERT, 0);
	const struct cert *ca = material_cert(m, MATERIAL_CERT, 1);
	const struct cert *root = material_cert(m, MATERIAL_ANCHOR, 0);
	const struct crl *root_crl = material_crl(m, 0), *ca_crl = material_crl(m, 1);
	EVP_PKEY *ca_key = NULL, *root_key = NULL;
	stop_on(cert_key(ca, &ca_key, &err), &err, "key");
	stop_on(cert_key(root, &root_key, &err), &err, "key");
	EVP_MD *md = EVP_PKEY_is_a(ca_key, "ED25519")
			 ? NULL
			 : EVP_MD_fetch(NULL, "SHA256", NULL);
	double begin = now();
	for (int i = 0; i < ROUNDS; i++) {
		verify(ca_key, leaf->tbs, leaf->signature, md);
		verify(root_key, ca->tbs, ca->signature, md);
		verify(ca_key, ca_crl->tbs, ca_crl->signature, md);
		verify(root_key, root_crl->tbs, root_crl->signature, md);
	}
	double t = (now() - begin) / ROUNDS;
	EVP_MD_free(md);
	material_free(m);
	return t;
}

/* ---- X509_verify_cert ---- */

static X509 *read_x509(struct view der)
{
	const uint8_t *p = der.p;
	X509 *x = d2i_X509(NULL, &p, (long)der.n);
	stop_unless(x != NULL, "certificate");
	return x;
}

static X509_CRL *read_crl(struct view der)
{
	const uint8_t *p = der.p;
	X509_CRL *crl = d2i_X509_CRL(NULL, &p, (long)der.n);
	stop_unless(crl != NULL, "CRL");
	return crl;
}

struct peer {
	X509_STORE *store;
	STACK_OF(X509) * untrusted;
	X509 *leaf, *ca, *root;
	X509_CRL *crl[2];
};

static void peer_fill(struct peer *p, const struct scene *s)
{
	p->leaf = read_x509(s->leaf);
	p->ca = read_x509(s->ca);
	p->root = read_x509(s->root);
	p->store = X509_STORE_new();
	p->untrusted = sk_X509_new_null();
	stop_unless(p->store != NULL && p->untrusted != NULL &&
			X509_STORE_add_cert(p->store, p->root) == 1 &&
			sk_X509_push(p->untrusted, p->ca) == 1,
		    "store");
	for (int i = 0; i < 2; i++) {
		p->crl[i] = read_crl(view_buf(&s->crl[i]));
		stop_unless(X509_STORE_add_crl(p->store, p->crl[i]) == 1, "store");
	}
	X509_VERIFY_PARAM *param = X509_STORE_get0_param(p->store);
	X509_VERIFY_PARAM_set_time(param, (time_t)(s->time_ms / 1000));
	X509_VERIFY_PARAM_set_flags(param,
				    X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
}

static void peer_clear(struct peer *p)
{
	X509_free(p->leaf);
	X509_free(p->ca);
	X509_free(p->root);
	X509_CRL_free(p->crl[0]);
	X509_CRL_free(p->crl[1]);
	sk_X509_free(p->untrusted);
	X509_STORE_free(p->store);
}

static void peer_judge(const struct peer *p)
{
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	stop_unless(ctx != NULL &&
			X509_STORE_CTX_init(ctx, p->store, p->leaf, p->untrusted) == 1,
		    "context");
	stop_unless(X509_verify_cert(ctx) == 1,
		    X509_verify_cert_error_string(X509_STORE_CTX_get_error(ctx)));
	X509_STORE_CTX_free(ctx);
}

static double peer_judged(const struct scene *s)
{
	struct peer p;
	peer_fill(&p, s);
	peer_judge(&p);
	double begin = now();
	for (int i = 0; i < ROUNDS; i++)
		peer_judge(&p);
	double t = (now() - begin) / ROUNDS;
	peer_clear(&p);
	return t;
}

static double peer_judged_cold(const struct scene *s)
{
	double begin = now();
	for (int i = 0; i < ROUNDS; i++) {
		struct peer p;
		peer_fill(&p, s);
		peer_judge(&p);
		peer_clear(&p);
	}
	return (now() - begin) / ROUNDS;
}

/* ---- a large pool ---- */

/* Copies of the CA with other serial numbers: the right name and key identifiers,
 * signatures that fail. */
static struct material *pool_make(const struct scene *s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *m = NULL;
	struct cert *ca = NULL;
	stop_on(material_new(&m, &err), &err, "pool");
	stop_on(cert_parse(s->ca, &ca, &err), &err, "certificate");
	uint8_t *der = mem_dup(s->ca.p, s->ca.n);
	stop_unless(der != NULL, "memory");
	size_t last = (size_t)(ca->signature.p - ca->der.p) + ca->signature.n - 1;
	for (unsigned i = 0; i < POOL; i++) {
		der[last] = (uint8_t)i;
		der[last - 1] = (uint8_t)(i >> 8);
		stop_on(material_add(m, MATERIAL_CERT, view_of(der, s->ca.n), &err),
			&err, "pool");
	}
	mem_free(der);
	cert_free(ca);
	return m;
}

static double judged_among_many(const struct scene *s)
{
	struct material *m = fill(s), *pool = pool_make(s);
	double begin = now();
	for (int i = 0; i < 10; i++)
		judge(s, m, pool);
	double t = (now() - begin) / 10;
	material_free(pool);
	material_free(m);
	return t;
}

static void run(const char *name, enum devpki_key key)
{
	struct scene s = { 0 };
	scene_make(&s, key);
	double raw = bare(&s), warm = judged(&s), cold = judged_cold(&s);
	printf("%s: %d bare verifications %.1f us; judged %.1f us, %.2f times that; "
	       "cold %.1f us\n",
	       name, SIGNED, raw * 1e6, warm * 1e6, warm / raw, cold * 1e6);
	printf("%s: X509_verify_cert %.1f us; cold %.1f us\n", name,
	       peer_judged(&s) * 1e6, peer_judged_cold(&s) * 1e6);
	printf("%s: among %d copies of the issuer: %.2f ms\n", name, POOL,
	       judged_among_many(&s) * 1e3);
	scene_clear(&s);
}

int main(void)
{
	mem_init();
	run("P-256", DEVPKI_KEY_P256);
	run("RSA 2048", DEVPKI_KEY_RSA2048);
	run("Ed25519", DEVPKI_KEY_ED25519);
	return 0;
}
