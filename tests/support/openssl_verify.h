/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openssl_verify - X509_verify_cert() as a judge. OpenSSL 3.0 does not free the
 * policyConstraints of a certificate without certificatePolicies (policy_cache_new());
 * what it loses is not ours, so the leak checker does not look at what is allocated here.
 */
#ifndef LTPS_TESTS_OPENSSL_VERIFY_H
#define LTPS_TESTS_OPENSSL_VERIFY_H

#include <openssl/x509_vfy.h>

void __lsan_disable(void) __attribute__((weak));
void __lsan_enable(void) __attribute__((weak));

static inline int openssl_verify(X509_STORE_CTX *ctx)
{
	if (__lsan_disable != NULL)
		__lsan_disable();
	const int ok = X509_verify_cert(ctx);
	if (__lsan_enable != NULL)
		__lsan_enable();
	return ok;
}

#endif
