/* SPDX-License-Identifier: Apache-2.0 */
/*
 * openssl_path - what X509_verify_cert() says of a certificate, with the chain that
 * it built and the place at which it stopped. What cannot be asked ends the test.
 */
#ifndef LTPS_TESTS_OPENSSL_PATH_H
#define LTPS_TESTS_OPENSSL_PATH_H

#include <openssl/x509_vfy.h>
#include <stdbool.h>
#include <stdint.h>

#define OPENSSL_PATH_MAX 32

/* Everything borrowed. */
struct openssl_question {
	X509 *target;
	X509 *anchor;
	STACK_OF(X509) * middle;
	STACK_OF(X509_CRL) * lists; /* NULL: revocation is not asked for */
	int64_t time_s;
	unsigned long flags; /* X509_V_FLAG_... besides */
	/* Dotted, ends with NULL. No member at all is not anyPolicy for it. */
	const char *const *policies;
	/* The status of the anchor itself, which RFC 5280 6.1 does not ask for, may be
	 * anything. */
	bool any_anchor_status;
	unsigned any_revocation; /* bits of depths whose revocation does not count */
	bool any_signer;         /* of CRLs, whatever its key usage */
	bool any_signer_path;    /* the issuers of CRLs are trusted */
};

struct openssl_answer {
	int error; /* X509_V_OK: valid */
	int depth; /* of the error: 0 is the target */
	/* As far as it came, target first; borrowed from the question. */
	X509 *chain[OPENSSL_PATH_MAX];
	int n;
};

/* With extended CRLs, deltas, and policies processed. */
void openssl_path_ask(const struct openssl_question *q, struct openssl_answer *ret);
/* Whether it stopped at what is known of a status, or not known. */
bool openssl_path_is_about_lists(const struct openssl_answer *a);
/* Index of the upper one of two certificates of its chain that have one name and key;
 * 0: there are none. */
int openssl_path_repeated(const struct openssl_answer *a);
const char *openssl_path_text(const struct openssl_answer *a);

#endif
