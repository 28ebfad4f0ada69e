/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/devpki_kit.h"

#include <dirent.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "tests/support/openssl_verify.h"

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "devpki_kit: %s\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

static void need_done(int ret, const struct ltps_error *err)
{
	need(ret == 0, err->text);
}

int64_t kit_time(const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t ms = 0;
	need_done(time_parse_rfc3339(view_text(text), &ms, &err), &err);
	return ms;
}

struct devpki *kit_pki(const char *dir, const char *now)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_options o = { .n_tsa = 2, .control = true };
	struct devpki *p = NULL;
	o.clock = clock_fixed(kit_time(now));
	need_done(devpki_create(dir, &o, &p, &err), &err);
	return p;
}

const char *kit_dir(char out[64])
{
	snprintf(out, 64, "/tmp/devpki-test-XXXXXX");
	need(mkdtemp(out) != NULL, "mkdtemp");
	return out;
}

static void remove_files(const char *dir)
{
	char path[512];
	DIR *d = opendir(dir);
	if (d == NULL)
		return;
	for (struct dirent *e; (e = readdir(d)) != NULL;) {
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		unlink(path);
	}
	closedir(d);
	rmdir(dir);
}

void kit_remove(const char *dir)
{
	char path[128];
	snprintf(path, sizeof(path), "%s/certs", dir);
	remove_files(path);
	snprintf(path, sizeof(path), "%s/keys", dir);
	remove_files(path);
	remove_files(dir);
}

void kit_set(struct devpki *p, const char *now)
{
	devpki_set_clock(p, clock_fixed(kit_time(now)));
}

struct devpki_answer kit_ask(struct devpki *p, const char *method, const char *target,
			     const char *type, struct view body)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_answer a;
	struct devpki_request r = { .method = view_text(method), .body = body };
	const char *question = strchr(target, '?');
	r.path = view_text(target);
	if (question != NULL) {
		r.path.n = (size_t)(question - target);
		r.query = view_text(question + 1);
	}
	if (type != NULL)
		r.content_type = view_text(type);
	need_done(devpki_handle(p, &r, &a, &err), &err);
	need(ERR_peek_error() == 0, "OpenSSL's queue is not empty");
	return a;
}

void kit_order(struct devpki *p, const char *target)
{
	struct devpki_answer a = kit_ask(p, "POST", target, NULL, VIEW_NULL);
	need(a.status == 200, target);
	devpki_answer_free(&a);
}

const struct devpki_cert *kit_issue(struct devpki *p, const char *name)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_issue how = { .kind = DEVPKI_EE, .name = name };
	const struct devpki_cert *c = NULL;
	need_done(devpki_issue(p, &how, &c, &err), &err);
	return c;
}

const struct devpki_cert *kit_named(struct devpki *p, const char *name)
{
	const struct devpki_cert *c = devpki_find_text(p, view_text(name));
	need(c != NULL, name);
	return c;
}

int64_t kit_asn1_ms(const ASN1_TIME *t)
{
	struct tm tm;
	char text[TIME_TEXT_MAX];
	need(ASN1_TIME_to_tm(t, &tm) == 1, "time");
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ",
		 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min,
		 tm.tm_sec);
	return kit_time(text);
}

/* ---- OpenSSL's judgement ---- */

static X509_STORE *roots(struct devpki *p)
{
	X509_STORE *store = X509_STORE_new();
	need(store != NULL, "store");
	for (size_t i = 0; i < devpki_count(p); i++) {
		const struct devpki_cert *c = devpki_at(p, i);
		if (c->kind == DEVPKI_ROOT)
			need(X509_STORE_add_cert(store, c->x509) == 1, "anchor");
	}
	return store;
}

static STACK_OF(X509) * cas(struct devpki *p)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	need(all != NULL, "stack");
	for (size_t i = 0; i < devpki_count(p); i++) {
		const struct devpki_cert *c = devpki_at(p, i);
		if (c->kind == DEVPKI_CA)
			sk_X509_push(all, c->x509);
	}
	return all;
}

int kit_verify(struct devpki *p, X509 *leaf, int64_t at_ms, X509_CRL *crl, int purpose)
{
	X509_STORE *store = roots(p);
	STACK_OF(X509) *middle = cas(p);
	STACK_OF(X509_CRL) *crls = sk_X509_CRL_new_null();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	need(ctx != NULL && X509_STORE_CTX_init(ctx, store, leaf, middle) == 1,
	     "context");
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, (time_t)(at_ms / 1000));
	if (purpose != 0)
		X509_VERIFY_PARAM_set_purpose(param, purpose);
	if (crl != NULL) {
		sk_X509_CRL_push(crls, crl);
		X509_STORE_CTX_set0_crls(ctx, crls);
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_CRL_CHECK);
	}
	int ok = openssl_verify(ctx);
	int error = ok == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
	need(ok == 1 || error != X509_V_OK, "verification could not be done");
	ERR_clear_error();
	X509_STORE_CTX_free(ctx);
	sk_X509_CRL_free(crls);
	sk_X509_free(middle);
	X509_STORE_free(store);
	return error;
}

X509_CRL *kit_crl(struct devpki *p, const char *ca)
{
	char path[80];
	snprintf(path, sizeof(path), "/crl/%s.crl", ca);
	struct devpki_answer a = kit_ask(p, "GET", path, NULL, VIEW_NULL);
	need(a.status == 200, path);
	const unsigned char *at = a.body.p;
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)a.body.n);
	need(crl != NULL && at == a.body.p + a.body.n, "CRL");
	EVP_PKEY *key = X509_get0_pubkey(kit_named(p, ca)->x509);
	need(X509_CRL_verify(crl, key) == 1, "CRL signature");
	devpki_answer_free(&a);
	return crl;
}

bool kit_crl_lists(X509_CRL *crl, const struct devpki_cert *c, int *ret_reason,
		   int64_t *ret_at_ms)
{
	X509_REVOKED *r = NULL;
	if (X509_CRL_get0_by_serial(crl, &r, X509_get_serialNumber(c->x509)) != 1)
		return false;
	ASN1_ENUMERATED *e = X509_REVOKED_get_ext_d2i(r, NID_crl_reason, NULL, NULL);
	*ret_reason = e != NULL ? (int)ASN1_ENUMERATED_get(e) : -1;
	*ret_at_ms = kit_asn1_ms(X509_REVOKED_get0_revocationDate(r));
	ASN1_ENUMERATED_free(e);
	return true;
}

/* ---- OCSP ---- */

static void add_nonce(OCSP_REQUEST *r, size_t n)
{
	unsigned char nonce[256];
	need(n < sizeof(nonce), "nonce");
	memset(nonce, 0x5a, sizeof(nonce));
	need(OCSP_request_add1_nonce(r, nonce, (int)n) == 1, "nonce");
}

struct buf kit_ocsp_request(const struct devpki_cert *const *certs, size_t n,
			    size_t nonce_n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(1 << 16);
	OCSP_REQUEST *r = OCSP_REQUEST_new();
	unsigned char *der = NULL;
	for (size_t i = 0; i < n; i++) {
		OCSP_CERTID *id =
		    OCSP_cert_to_id(NULL, certs[i]->x509, certs[i]->issuer->x509);
		need(OCSP_request_add0_id(r, id) != NULL, "certID");
	}
	if (nonce_n > 0)
		add_nonce(r, nonce_n);
	int len = i2d_OCSP_REQUEST(r, &der);
	need(len > 0, "OCSP request");
	need_done(buf_put(&out, view_of(der, (size_t)len), &err), &err);
	OPENSSL_free(der);
	OCSP_REQUEST_free(r);
	return out;
}

OCSP_BASICRESP *kit_ocsp_verified(struct devpki *p, struct view response,
				  unsigned long flags)
{
	const unsigned char *at = response.p;
	OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &at, (long)response.n);
	need(r != NULL && at == response.p + response.n, "OCSP response");
	need(OCSP_response_status(r) == OCSP_RESPONSE_STATUS_SUCCESSFUL,
	     "not successful");
	OCSP_BASICRESP *basic = OCSP_response_get1_basic(r);
	X509_STORE *store = roots(p);
	STACK_OF(X509) *middle = cas(p);
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store),
				   (time_t)(devpki_now_ms(p) / 1000));
	need(basic != NULL && OCSP_basic_verify(basic, middle, store, flags) == 1,
	     "OCSP response does not verify");
	sk_X509_free(middle);
	X509_STORE_free(store);
	OCSP_RESPONSE_free(r);
	return basic;
}

int kit_ocsp_status(OCSP_BASICRESP *basic, const struct devpki_cert *c)
{
	int status = -1;
	OCSP_CERTID *id = OCSP_cert_to_id(NULL, c->x509, c->issuer->x509);
	if (OCSP_resp_find_status(basic, id, &status, NULL, NULL, NULL, NULL) != 1)
		status = -1;
	OCSP_CERTID_free(id);
	return status;
}

/* ---- time-stamps ---- */

struct buf kit_tsp_request(struct tsp_request *ret_r, const char *data)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(TSP_QUERY_MAX);
	struct digest d;
	need_done(digest_once(DIGEST_SHA256, view_text(data), &d, &err), &err);
	need_done(tsp_request_make(&d, NULL, ret_r, &err), &err);
	need_done(tsp_request_encode(ret_r, &out, &err), &err);
	return out;
}
