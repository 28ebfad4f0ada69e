/* SPDX-License-Identifier: Apache-2.0 */
/*
 * signature - a public-key signature over bytes, as an AlgorithmIdentifier
 * names it. Says nothing about trust or about the strength of an algorithm.
 */
#ifndef LTPS_TIMESTAMPING_SIGNATURE_H
#define LTPS_TIMESTAMPING_SIGNATURE_H

#include <openssl/evp.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"

enum signature_verdict {
	SIGNATURE_VALID,
	SIGNATURE_INVALID,
	SIGNATURE_UNSUPPORTED, /* algorithm or parameters that we cannot compute */
};

/*
 * signature_verify - does the value verify over data with this key?
 * algorithm  AlgorithmIdentifier TLV: RSA PKCS #1 v1.5, RSASSA-PSS, ECDSA, DSA
 *            (SHA-1, SHA-2, SHA-3), Ed25519, Ed448; also the bare key
 *            identifiers rsaEncryption, id-ecPublicKey and id-dsa, whose digest
 *            is `fallback` (RFC 3370 3.2, RFC 5753 7.2)
 * fallback   digest named beside the signature; NONE when there is none
 * Returns -1 only on NOMEM, CRYPTO (self)
 * Spec: RFC 5652 5.4, RFC 4056 3, RFC 5754 3, RFC 8410 3
 */
int signature_verify(struct view algorithm, enum digest_alg fallback, EVP_PKEY *key,
		     struct view data, struct view value, enum signature_verdict *ret,
		     struct ltps_error *err) LTPS_CHECKED;

/* The digest that a signature algorithm's OID (contents octets) names itself; NONE
 * for those that name it beside, and for unknown ones. */
enum digest_alg signature_digest(struct view oid_body);

/*
 * signature_sign - the value over data and the AlgorithmIdentifier that fits
 * the key: an RSASSA-PSS key signs with PSS, salt as long as the digest.
 * digest  ignored by Ed25519 and Ed448
 * Fails:  UNSUPPORTED (caller), CRYPTO, NOMEM
 */
int signature_sign(EVP_PKEY *key, enum digest_alg digest, struct view data,
		   struct buf *algorithm, struct buf *value,
		   struct ltps_error *err) LTPS_CHECKED;

#endif
