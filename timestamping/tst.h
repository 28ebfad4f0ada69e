/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tst - an RFC 3161 TimeStampToken: decoding and the checks that need no
 * trust. The TSA's path is judged by tsa_path.h.
 */
#ifndef LTPS_TIMESTAMPING_TST_H
#define LTPS_TIMESTAMPING_TST_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/asn1.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"
#include "formats/cms.h"

#define TST_SIZE_MAX ((size_t)8 << 20) /* tokens with large CRLs inside */
#define TST_SERIAL_MAX 20              /* RFC 3161 2.4.2: up to 160 bits */
#define TST_NONCE_MAX 64 /* of requests; OpenSSL sends 8, others up to 32 */
/* Accuracy of a token: anything coarser than 30 years is nonsense. */
#define TST_ACCURACY_SECONDS_MAX 1000000000

struct tst {
	struct cms *cms;             /* owns the bytes; cms->whole is the token */
	enum digest_alg imprint_alg; /* NONE when we do not know it */
	struct view imprint;         /* hashedMessage */
	char imprint_oid[OID_TEXT_MAX];
	char policy[OID_TEXT_MAX];
	struct view serial; /* INTEGER contents */
	struct view nonce;  /* INTEGER contents; n == 0 when absent */
	int64_t gen_time_ms;
	int64_t accuracy_us; /* -1 when absent */
	bool ordering;
	struct view tsa;         /* GeneralName TLV inside [0]; n == 0 when absent */
	bool critical_extension; /* one that we do not know */
};

/*
 * tst_parse - decode a TimeStampToken. BER is accepted where old evidence has
 * it (the CMS frame, TSTInfo); genTime only in the form of RFC 3161 2.4.2.
 * tsp_check insists on DER for tokens of our own.
 * in       borrowed; may be dropped after return
 * ret_tst  set on success only; free with tst_free()
 * Fails:   FORMAT, UNSUPPORTED (no SignedData), TOO_LARGE (object), NOMEM (self)
 * Spec:    RFC 3161 2.4.2, RFC 5816 2.2.1
 */
int tst_parse(struct view in, struct tst **ret_tst,
	      struct ltps_error *err) LTPS_CHECKED;
void tst_free(struct tst *tst);

/* Why a token is not intact; each is a finding, not an error. */
enum tst_defect {
	TST_OK = 0,
	TST_NO_SIGNER_CERTIFICATE, /* neither inside nor among the candidates */
	TST_MESSAGE_DIGEST,        /* signed attribute differs from the eContent */
	TST_CONTENT_TYPE,
	TST_SIGNATURE, /* value does not verify */
	TST_ALGORITHM, /* an algorithm we cannot compute */
	TST_NO_SIGNING_CERTIFICATE_ATTRIBUTE,
	TST_SIGNING_CERTIFICATE_MISMATCH, /* RFC 5816 2.2.1 */
	TST_EXTENDED_KEY_USAGE, /* RFC 3161 2.3: only timeStamping, critical */
	TST_KEY_USAGE,
	TST_TSA_NAME,           /* tsa field is not a name of the certificate */
	TST_CRITICAL_EXTENSION, /* unknown critical extension in TSTInfo */
};

struct tst_intact {
	bool signature_intact;  /* value verifies with the signer's key and the
				   message digest matches */
	enum tst_defect defect; /* first defect; TST_OK when none */
	const char *clause;     /* of the defect */
	X509 *signer;           /* owned; NULL when not found */
};

/*
 * tst_check - signature, signed attributes, certificate reference and TSA
 * certificate profile, at no particular time. The first entry of each
 * signing-certificate attribute must have the signer's hash; version 1 alone is
 * accepted, since its hash is always SHA-1 (RFC 5816 2.2.1 asks for version 2
 * only for other digests of the certificate). A differing issuerSerial is no
 * defect: EN 319 102-1 5.2.3 gives a warning for it.
 * candidates  further DER certificates to find the signer in; may be NULL
 * ret         release with tst_intact_clear()
 * Returns -1 only when it could not be judged (NOMEM, CRYPTO).
 * Spec: RFC 3161 2.3, 2.4.2; RFC 5652 5.4, 5.6; RFC 5816 2.2.1; RFC 5035 5.4
 */
int tst_check(const struct tst *tst, const struct view *candidates, size_t n_candidates,
	      struct tst_intact *ret, struct ltps_error *err) LTPS_CHECKED;
void tst_intact_clear(struct tst_intact *r);
/* "TST_SIGNATURE" and a sentence for people. */
const char *tst_defect_name(enum tst_defect d);
const char *tst_defect_text(enum tst_defect d);
/* Whether the token stamps this digest (algorithm and value). */
bool tst_covers(const struct tst *tst, const struct digest *d);

#endif
