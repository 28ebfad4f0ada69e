/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/openssl_path.h"
#include "tests/support/openssl_verify.h"

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

static bool is_about_status(int error)
{
	switch (error) {
	case X509_V_ERR_UNABLE_TO_GET_CRL:
	case X509_V_ERR_UNABLE_TO_DECRYPT_CRL_SIGNATURE:
	case X509_V_ERR_CRL_SIGNATURE_FAILURE:
	case X509_V_ERR_CRL_NOT_YET_VALID:
	case X509_V_ERR_CRL_HAS_EXPIRED:
	case X509_V_ERR_UNABLE_TO_GET_CRL_ISSUER:
	case X509_V_ERR_KEYUSAGE_NO_CRL_SIGN:
	case X509_V_ERR_UNHANDLED_CRITICAL_CRL_EXTENSION:
	case X509_V_ERR_DIFFERENT_CRL_SCOPE:
	case X509_V_ERR_CRL_PATH_VALIDATION_ERROR:
		return true;
	default:
		return false;
	}
}

/* X509_STORE_CTX_verify_cb */
static int forgive(int ok, X509_STORE_CTX *ctx)
{
	/* The path of a CRL's issuer is a question of its own within the first. */
	X509_STORE_CTX *parent = X509_STORE_CTX_get0_parent_ctx(ctx);
	const struct openssl_question *q =
	    X509_STORE_CTX_get_app_data(parent != NULL ? parent : ctx);
	int last = sk_X509_num(X509_STORE_CTX_get0_chain(ctx)) - 1;
	int error = X509_STORE_CTX_get_error(ctx);
	int depth = X509_STORE_CTX_get_error_depth(ctx);
	if (ok != 0)
		return ok;
	if (error == X509_V_ERR_CERT_REVOKED)
		return parent == NULL && (q->any_revocation >> depth & 1) != 0;
	if (q->any_signer_path && error == X509_V_ERR_CRL_PATH_VALIDATION_ERROR)
		return parent == NULL;
	if (q->any_signer && error == X509_V_ERR_KEYUSAGE_NO_CRL_SIGN)
		return 1;
	return q->any_anchor_status && is_about_status(error) && depth == last;
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
	struct openssl_question asked = *q; /* application data is not const */
	X509_STORE *store = X509_STORE_new();
	X509_STORE_CTX *ctx = X509_STORE_CTX_new();
	need(store != NULL && ctx != NULL &&
		 X509_STORE_add_cert(store, q->anchor) == 1 &&
		 X509_STORE_CTX_init(ctx, store, q->target, q->middle) == 1,
	     "context");
	set_param(q, ctx);
	X509_STORE_CTX_set_verify_cb(ctx, forgive);
	need(X509_STORE_CTX_set_app_data(ctx, &asked) == 1, "application data");
	int ok = openssl_verify(ctx);
	/* What was forgiven is still noted there. */
	ret->error = ok == 1 ? X509_V_OK : X509_STORE_CTX_get_error(ctx);
	ret->depth = X509_STORE_CTX_get_error_depth(ctx);
	need(ok >= 0 && (ok == 1) == (ret->error == X509_V_OK),
	     "verification could not be done");
	read_chain(ctx, ret);
	ERR_clear_error();
	X509_STORE_CTX_free(ctx);
	X509_STORE_free(store);
}

bool openssl_path_is_about_lists(const struct openssl_answer *a)
{
	return is_about_status(a->error);
}

static bool is_same_entity(X509 *a, X509 *b)
{
	return X509_NAME_cmp(X509_get_subject_name(a), X509_get_subject_name(b)) == 0 &&
	       EVP_PKEY_eq(X509_get0_pubkey(a), X509_get0_pubkey(b)) == 1;
}

int openssl_path_repeated(const struct openssl_answer *a)
{
	for (int i = 0; i < a->n; i++)
		for (int k = i + 1; k < a->n; k++)
			if (is_same_entity(a->chain[i], a->chain[k]))
				return k;
	return 0;
}

const char *openssl_path_text(const struct openssl_answer *a)
{
	return X509_verify_cert_error_string(a->error);
}
