/* SPDX-License-Identifier: Apache-2.0 */
/*
 * envelope - the CMS wrapper of SCVP messages: a bare ContentInfo, SignedData (both
 * directions) or AuthenticatedData (read, not verified).
 */
#ifndef LTPS_SCVP_ENVELOPE_H
#define LTPS_SCVP_ENVELOPE_H

#include <openssl/evp.h>

#include "formats/cms.h"
#include "scvp/scvp.h"
#include "validation/cert.h"

enum scvp_content {
	SCVP_CONTENT_CV_REQUEST,
	SCVP_CONTENT_CV_RESPONSE,
	SCVP_CONTENT_VP_REQUEST,
	SCVP_CONTENT_VP_RESPONSE,
	SCVP_CONTENT_COUNT
};
enum scvp_protection { SCVP_BARE, SCVP_SIGNED, SCVP_AUTHENTICATED };

struct scvp_envelope {
	enum scvp_content kind;
	enum scvp_protection protection;
	struct view content; /* the message: a SEQUENCE TLV */
	struct cms *cms;     /* of SCVP_SIGNED; else NULL */
	struct buf owned;    /* private */
};

/*
 * scvp_envelope_parse - find the message in its wrapper.
 * in          copied
 * ret_status  set on failure: which CVStatusCode answers it
 * Fails: FORMAT, UNSUPPORTED (neither SCVP nor a wrapper), TOO_LARGE, NOMEM
 * Spec:  RFC 5055 3 and 4, RFC 5652 5.1, 9.1
 */
int scvp_envelope_parse(struct view in, struct scvp_envelope **ret,
			enum scvp_status *ret_status,
			struct ltps_error *err) LTPS_CHECKED;
void scvp_envelope_free(struct scvp_envelope *e);

/*
 * scvp_envelope_verify - does the only signer's signature hold over the content?
 * Says nothing about trust in the certificate.
 * ret_status  OKAY; BAD_STRUCTURE (not one signer, unsigned or no signed attributes),
 *             UNRECOGNIZED_SIG_KEY (its certificate is not inside),
 *             UNSUPPORTED_SIGNATURE_OR_MAC, BAD_SIGNATURE_OR_MAC,
 *             INVALID_SIGNATURE_OR_MAC (attributes that do not fit)
 * ret_signer  the signer's certificate, also where its signature is bad; NULL when
 *             unknown; cert_free()
 * Fails: NOMEM, CRYPTO
 */
int scvp_envelope_verify(const struct scvp_envelope *e, enum scvp_status *ret_status,
			 struct cert **ret_signer, struct ltps_error *err) LTPS_CHECKED;

/* Whether key usages let the certificate sign as a server or client: RFC 5055 3.11,
 * 4.14.2. Absent extensions do; that makes nobody a server to be believed. */
bool scvp_may_sign(const struct cert *c, bool server);

/* A ContentInfo with the message itself inside, appended. */
int scvp_envelope_bare(enum scvp_content kind, struct view message, struct buf *out,
		       struct ltps_error *err) LTPS_CHECKED;

#define SCVP_CHAIN_MAX 16
#define SCVP_SIGNATURE_ALGS_MAX 4

/* One key and its certificate, made once and shared. */
struct scvp_signer {
	struct cert *cert; /* owned */
	EVP_PKEY *key;     /* owned */
	/* Further certificates to put in; owned. */
	struct cert *chain[SCVP_CHAIN_MAX];
	size_t n_chain;
	/* What it can sign with, the first by default: signatureGeneration. */
	size_t n_algs;
	enum digest_alg digests[SCVP_SIGNATURE_ALGS_MAX];
	struct view algs[SCVP_SIGNATURE_ALGS_MAX]; /* AlgorithmIdentifiers */
	struct buf alg_bytes;
	uint8_t cert_sha1[20];
};
/*
 * scvp_signer_new - check that the key belongs to the certificate and what it can do.
 * cert, chain  one more owner is taken; key: reference counted
 * Fails: MISMATCH (caller) when they do not belong together, UNSUPPORTED (caller) for
 *        a key we do not sign with or a certificate that may not, NOMEM, CRYPTO
 */
int scvp_signer_new(const struct cert *cert, EVP_PKEY *key,
		    const struct cert *const *chain, size_t n_chain, bool server,
		    struct scvp_signer **ret, struct ltps_error *err) LTPS_CHECKED;
void scvp_signer_free(struct scvp_signer *s);
/*
 * scvp_envelope_sign - SignedData with exactly one SignerInfo, its certificate, the
 * attributes content-type, message-digest and signing-certificate (both versions).
 * alg  index into signer->algs
 * Spec: RFC 5055 4, RFC 5652 5, RFC 2634 5.4, RFC 5035 3
 */
int scvp_envelope_sign(const struct scvp_signer *signer, size_t alg,
		       enum scvp_content kind, struct view message, struct buf *out,
		       struct ltps_error *err) LTPS_CHECKED;

#endif
