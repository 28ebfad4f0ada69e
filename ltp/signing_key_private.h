/* SPDX-License-Identifier: Apache-2.0 */
/* signing_key_private - what the sources of a key share (signing_key*.c). */
#ifndef LTPS_LTP_SIGNING_KEY_PRIVATE_H
#define LTPS_LTP_SIGNING_KEY_PRIVATE_H

#include <openssl/x509.h>

#include "ltp/signing_key.h"

#define SIGNING_KEY_PASSWORD_MAX ((size_t)1 << 10)
#define SIGNING_KEY_URI "pkcs11:"

/* First line of a file; cleansed by whoever holds it. */
struct signing_key_password {
	char text[SIGNING_KEY_PASSWORD_MAX + 1];
	bool given;
};

/*
 * signing_key_token - the key behind a PKCS #11 URI, and its certificate when the
 * token has one under the same URI (else *ret_certificate stays NULL).
 * ret_engine  free with signing_key_token_close() after the key
 */
int signing_key_token(const struct signing_key_source *s,
		      const struct signing_key_password *pin, void **ret_engine,
		      EVP_PKEY **ret_key, X509 **ret_certificate,
		      struct ltps_error *err) LTPS_CHECKED;
void signing_key_token_close(void *engine); /* NULL-safe */

#endif
