/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/openssl_path.h"

#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "openssl_path: %s\n", what);
	ERR_print_errors_fp(stderr);
	abort();
}

static void set_param(const struct openssl_question *q, X509_STORE_CTX *ctx)
{
	X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
	unsigned long flags = q->flags | X509_V_FLAG_EXTENDED_CRL_SUPPORT |
			      X509_V_FLAG_USE_DELTAS | X509_V_FLAG_POLICY_CHECK;
	if (q->lists != NULL) {
		flags |= X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL;
		X509_STORE_CTX_set0_crls(ctx, q->lists);
	}
	X509_VERIFY_PARAM_set_time(param, (time_t)q->time_s);
	X509_VERIFY_PARAM_set_flags(param, flags);
	for (const char *const *p = q->policies; p != NULL && *p != NULL; p++)
		need(X509_VERIFY_PARAM_add0_policy(param, OBJ_txt2obj(*p, 1)) == 1,
		     "policy");
}

static void read_chain(X509_STORE_CTX *ctx, struct openssl_answer *ret)
{
	STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
	ret->n = chain != NULL ? sk_X509_num(chain) : 0;
	need(ret->n <= OPENSSL_PATH_MAX, "chain too long");
	for (int i = 0; i < ret->n; i++)
		ret->chain[i] = sk_X509_value(chain, i);
}

void openssl_path_ask(const struct openssl_question *q, struct openssl_answer *ret)
{
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	need(store != NULL && ctx != NULL &&
		 X509_STORE_add_cert(store, q->anchor) == 1 &&
		 X509_STORE_CTX_init(ctx, store, q->target, q->middle) == 1,
	     "context");
	set_param(q, ctx);
	int ok = X509_verify_cert(ctx);
	ret->error = X509_STORE_CTX_get_error(ctx);
	ret->depth = X509_STORE_CTX_get_error_depth(ctx);
	need(ok >= 0 && (ok == 1) == (ret->error == X509_V_OK),
	     "verification could not be done");
	read_chain(ctx, ret);
	ERR_clear_error();
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
}

const char *openssl_path_text(const struct openssl_answer *a)
{
	return X509_verify_cert_error_string(a->error);
}
