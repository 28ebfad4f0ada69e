/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signing_key - a private key with its certificates: from PEM, PKCS #12, or a token
 * through OpenSSL's PKCS #11 engine (URI "pkcs11:...").
 */
#ifndef LTPS_LTP_SIGNING_KEY_H
#define LTPS_LTP_SIGNING_KEY_H

#include <openssl/evp.h>

#include "validation/cert.h"

#define SIGNING_KEY_CHAIN_MAX 16

struct signing_key_source {
	const char *key;           /* PEM or PKCS #12 file, or "pkcs11:..." URI */
	const char *certificate;   /* PEM with chain; NULL when the PKCS #12 holds it */
	const char *password_file; /* of PEM or PKCS #12, PIN of the token; NULL */
	const char
	    *module; /* PKCS #11 module (path of a shared library); NULL: p11-kit */
};
struct signing_key {
	EVP_PKEY *key;
	struct cert *certificate;
	struct cert *chain[SIGNING_KEY_CHAIN_MAX]; /* above it, as given */
	size_t n_chain;
	void *engine; /* private */
};
/*
 * signing_key_open - ret: free with signing_key_free().
 * Fails: as reading files; FORMAT, ARGUMENT (caller): no key, wrong password;
 *        MISMATCH (caller): key and certificate do not belong together; UNSUPPORTED
 *        (caller) naming the package when the engine is not installed; REMOTE (remote)
 *        when the token refuses
 */
int signing_key_open(const struct signing_key_source *s, struct signing_key **ret,
		     struct ltps_error *err) LTPS_CHECKED;
void signing_key_free(struct signing_key *k); /* NULL-safe */

#endif
