/* SPDX-License-Identifier: Apache-2.0 */
/*
 * status_signatures - what was signed with what behind the status of a certificate:
 * each CRL and response, and the path of whoever signed it. What that means at a time
 * is for whoever asks. Private to the room.
 */
#ifndef LTPS_VALIDATION_STATUS_SIGNATURES_H
#define LTPS_VALIDATION_STATUS_SIGNATURES_H

#include "validation/path.h"

struct status_signature {
	const struct path_status_object *word; /* the object itself, or whose signer */
	const struct cert *cert; /* on that one's path; NULL: the object */
	const uint8_t *sha256;   /* of what is signed */
	struct view algorithm;
	EVP_PKEY *key; /* NULL: it cannot be used; borrowed */
};
/*
 * status_signatures - gives each signature, in the order of the objects. Where the
 * issuer on the path signed, the key is the one that the path gives it (it may inherit
 * its parameters), and its own path is the caller's to judge.
 * c, i   whose status it is: certs[i] of c
 * Fails: NOMEM, CRYPTO
 */
int status_signatures(const struct path_candidate *c, size_t i,
		      const struct path_cert_revocation *r,
		      void (*visit)(void *arg, const struct status_signature *s),
		      void *arg, struct ltps_error *err) LTPS_CHECKED;
/*
 * status_known_since - since when a certificate behind an object is proven to exist:
 * what proves a response proves the certificates inside.
 * proven_ms  tells it of one thing; INT64_MAX when it is not
 */
int64_t status_known_since(const struct path_status_object *o, const struct cert *cert,
			   int64_t (*proven_ms)(void *arg, const uint8_t sha256[32]),
			   void *arg);

#endif
