/* SPDX-License-Identifier: Apache-2.0 */
/* tsp_responder - the answering side of RFC 3161: request bytes to response bytes. */
#ifndef LTPS_TIMESTAMPING_TSP_RESPONDER_H
#define LTPS_TIMESTAMPING_TSP_RESPONDER_H

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "timestamping/tsp.h"

struct tsp_responder {
	X509 *certificate;
	EVP_PKEY *key;
	const struct view *chain; /* further certificates to put in, DER */
	size_t n_chain;
	const char *policy; /* given to every token; others asked for are refused */
	enum digest_alg signature_digest; /* NONE: SHA-256 (ignored for EdDSA) */
	enum digest_alg reference_digest; /* of its certificate; NONE: SHA-256 */
	int64_t accuracy_ms;              /* 0: left out */
	bool tsa_name;                    /* put the certificate's subject into tsa */
};

/* Deviations for tests; zeroed is a correct token. */
struct tsp_deviation {
	bool wrong_imprint, wrong_nonce, no_nonce, wrong_policy;
	bool no_certificate, no_signing_certificate, wrong_signing_certificate;
	bool bad_signature, wrong_message_digest, critical_extension;
	bool refuse;             /* rejection, systemFailure */
	bool wrong_content_type; /* signed attribute: id-data */
	bool wrong_tsa_name;
	bool v1_beside, wrong_v1_beside; /* signing-certificate (SHA-1) as well */
	bool v1_alone;                   /* and no version 2 */
	bool two_signers;
	struct view info; /* n > 0: signed in place of the TSTInfo */
};

/*
 * tsp_respond - a well-formed TimeStampResp to any bytes: malformed requests
 * get a rejection with the right failure bit. genTime is now_ms in whole
 * seconds (DER without fraction); serial is random, 128 bits.
 * Fails: NOMEM, CRYPTO only
 * Spec:  RFC 3161 2.4.2, RFC 5816 2.2.1 (signing-certificate-v2)
 */
int tsp_respond(const struct tsp_responder *r, struct view request, int64_t now_ms,
		const struct tsp_deviation *deviation, struct buf *out,
		struct ltps_error *err) LTPS_CHECKED;

#endif
