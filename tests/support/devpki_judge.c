/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/devpki_judge.h"
#include "tests/support/openssl_verify.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "devpki_judge: %s\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

static X509_STORE *anchors(const struct judge *j)
{
	X509_STORE *store = X509_STORE_new();
	need(store != NULL, "store");
	for (size_t i = 0; i < devpki_count(j->p); i++) {
		const struct devpki_cert *c = devpki_at(j->p, i);
		if (j->anchor != NULL ? c == j->anchor : c->kind == DEVPKI_ROOT)
			need(X509_STORE_add_cert(store, c->x509) == 1, "anchor");
	}
	return store;
}

static void push_cas(const struct devpki *p, STACK_OF(X509) * all)
{
	for (size_t i = 0; i < devpki_count(p); i++) {
		const struct devpki_cert *c = devpki_at(p, i);
		if (c->kind == DEVPKI_CA || c->kind == DEVPKI_CRL_ISSUER)
			sk_X509_push(all, c->x509);
	}
}

static STACK_OF(X509) * cas(const struct judge *j)
{
	STACK_OF(X509) *all = sk_X509_new_null();
	need(all != NULL, "stack");
	push_cas(j->p, all);
	if (j->other != NULL)
		push_cas(j->other, all);
	return all;
}

static void set_param(const struct judge *j, X509_STORE_CTX *ctx)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
	X509_VERIFY_PARAM_set_time(param, (time_t)(devpki_now_ms(j->p) / 1000));
	X509_VERIFY_PARAM_set_flags(param, j->flags | X509_V_FLAG_EXTENDED_CRL_SUPPORT |
					       X509_V_FLAG_USE_DELTAS);
	if (j->n_crl > 0)
		X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_CRL_CHECK);
	if (j->policy != NULL)
		X509_VERIFY_PARAM_add0_policy(param, OBJ_txt2obj(j->policy, 1));
}

int judge_cert(const struct judge *j, const struct devpki_cert *leaf)
{
	X509_STORE *store = anchors(j);
	STACK_OF(X509) *middle = cas(j);
	STACK_OF(X509_CRL) *crls = sk_X509_CRL_new_null();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	need(ctx != NULL && X509_STORE_CTX_init(ctx, store, leaf->x509, middle) == 1,
	     "context");
	for (size_t i = 0; i < j->n_crl; i++)
		sk_X509_CRL_push(crls, j->crl[i]);
	X509_STORE_CTX_set0_crls(ctx, crls);
	set_param(j, ctx);
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

int judge_with(struct devpki *p, const struct devpki_cert *leaf, X509_CRL *a,
	       X509_CRL *b)
{
	struct judge j = { .p = p, .crl = { a, b }, .n_crl = b != NULL ? 2 : 1 };
	int error = judge_cert(&j, leaf);
	X509_CRL_free(a);
	X509_CRL_free(b);
	return error;
}

const struct devpki_cert *judge_issue(struct devpki *p, const struct devpki_issue *how)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_cert *c = NULL;
	need(devpki_issue(p, how, &c, &err) == 0, err.text);
	need(ERR_peek_error() == 0, "OpenSSL's queue is not empty");
	return c;
}

const struct devpki_point *judge_point(struct devpki *p, const struct devpki_point *how)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_point *point = NULL;
	need(devpki_point_add(p, how, &point, &err) == 0, err.text);
	return point;
}

void judge_revoke(struct devpki *p, const struct devpki_cert *c, const char *at,
		  enum devpki_reason reason)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	need(devpki_revoke(p, c->serial, kit_time(at), reason, &err) == 0, err.text);
}

/* ---- CRLs ---- */

static X509_CRL *parse_crl(struct view der)
{
	const unsigned char *at = der.p;
	X509_CRL *crl = d2i_X509_CRL(NULL, &at, (long)der.n);
	need(crl != NULL && at == der.p + der.n, "CRL");
	return crl;
}

X509_CRL *judge_crl(struct devpki *p, const char *name)
{
	char path[80];
	snprintf(path, sizeof(path), "/crl/%s.crl", name);
	struct devpki_answer a = kit_ask(p, "GET", path, NULL, VIEW_NULL);
	need(a.status == 200, path);
	X509_CRL *crl = parse_crl(view_buf(&a.body));
	devpki_answer_free(&a);
	return crl;
}

X509_CRL *judge_crl_shaped(struct devpki *p, const struct devpki_cert *ca,
			   const struct devpki_crl_how *how)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf der = buf_make(DEVPKI_ANSWER_MAX);
	need(devpki_crl_shaped(p, ca, how, &der, &err) == 0, err.text);
	need(ERR_peek_error() == 0, "OpenSSL's queue is not empty");
	X509_CRL *crl = parse_crl(view_buf(&der));
	buf_free(&der);
	return crl;
}

int judge_entry(X509_CRL *crl, const struct devpki_cert *c)
{
	STACK_OF(X509_REVOKED) *all = X509_CRL_get_REVOKED(crl);
	for (int i = 0; i < sk_X509_REVOKED_num(all); i++) {
		X509_REVOKED *r = sk_X509_REVOKED_value(all, i);
		if (ASN1_INTEGER_cmp(X509_REVOKED_get0_serialNumber(r),
				     X509_get0_serialNumber(c->x509)) != 0)
			continue;
		ASN1_ENUMERATED *e =
		    X509_REVOKED_get_ext_d2i(r, NID_crl_reason, NULL, NULL);
		int reason = e != NULL ? (int)ASN1_ENUMERATED_get(e) : 100;
		ASN1_ENUMERATED_free(e);
		return reason;
	}
	return -1;
}

int64_t judge_number(X509_CRL *crl, int nid)
{
	int64_t v = -1;
	ASN1_INTEGER *n = X509_CRL_get_ext_d2i(crl, nid, NULL, NULL);
	if (n != NULL)
		need(ASN1_INTEGER_get_int64(&v, n) == 1, "number");
	ASN1_INTEGER_free(n);
	return v;
}

/* ---- OCSP ---- */

OCSP_BASICRESP *judge_ocsp(struct devpki *p, struct view response, unsigned long flags)
{
	struct judge j = { .p = p };
	const unsigned char *at = response.p;
	OCSP_RESPONSE *r = d2i_OCSP_RESPONSE(NULL, &at, (long)response.n);
	need(r != NULL && at == response.p + response.n, "OCSP response");
	OCSP_BASICRESP *basic = OCSP_response_get1_basic(r);
	X509_STORE *store = anchors(&j);
	STACK_OF(X509) *middle = cas(&j);
	X509_VERIFY_PARAM_set_time(X509_STORE_get0_param(store),
				   (time_t)(devpki_now_ms(p) / 1000));
	if (basic != NULL && OCSP_basic_verify(basic, middle, store, flags) != 1) {
		OCSP_BASICRESP_free(basic);
		basic = NULL;
	}
	ERR_clear_error();
	sk_X509_free(middle);
	X509_STORE_free(store);
	OCSP_RESPONSE_free(r);
	return basic;
}
