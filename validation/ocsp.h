/* SPDX-License-Identifier: Apache-2.0 */
/* ocsp - a decoded OCSP response; a request for one certificate. */
#ifndef LTPS_VALIDATION_OCSP_H
#define LTPS_VALIDATION_OCSP_H

#include "base/digest.h"
#include "validation/cert.h"

#define OCSP_SIZE_MAX ((size_t)4 << 20)
#define OCSP_SINGLES_MAX 1000
#define OCSP_CERTS_MAX 64

enum ocsp_status { OCSP_GOOD, OCSP_REVOKED, OCSP_UNKNOWN };

struct ocsp_single {
	enum digest_alg hash_alg; /* of the CertID; NONE when unknown */
	struct view issuer_name_hash;
	struct view issuer_key_hash;
	struct view serial; /* INTEGER contents */
	enum ocsp_status status;
	int64_t revoked_ms;    /* of OCSP_REVOKED */
	int reason;            /* CRLReason or -1 */
	int64_t invalidity_ms; /* invalidityDate, RFC 6960 4.4.5; INT64_MIN absent */
	int64_t this_ms;
	int64_t next_ms;           /* INT64_MIN when absent */
	int64_t archive_cutoff_ms; /* INT64_MAX when absent, RFC 6960 4.4.4 */
	enum digest_alg
	    cert_hash_alg;     /* CertHash 1.3.36.8.3.13; NONE absent or unknown */
	struct view cert_hash; /* n == 0 absent */
	bool unknown_critical;
};

/* All views point into the copy of the input that it owns. */
struct ocsp {
	struct view der; /* the OCSPResponse */
	uint8_t sha256[32];
	uint64_t response_status; /* 0 successful; otherwise nothing below is set */
	struct view basic;        /* BasicOCSPResponse TLV */
	struct view tbs;          /* ResponseData TLV */
	struct view algorithm;
	struct view signature;
	struct view responder_name; /* Name TLV; n == 0: by key */
	struct view responder_canonical;
	struct view responder_key; /* SHA-1 of the key; n == 0: by name */
	int64_t produced_ms;
	struct ocsp_single *singles;
	size_t n_singles;
	struct cert **certs; /* that the responder sent and that decode */
	size_t n_certs;
	struct view nonce; /* octets of the extension's OCTET STRING; n == 0 absent */
	bool extended_revoke;  /* RFC 6960 4.4.8 */
	bool unknown_critical; /* in responseExtensions */
};

/* Fails: FORMAT, UNSUPPORTED (not basic), TOO_LARGE (object), NOMEM.
 * Spec: RFC 6960 4.2.1 */
int ocsp_parse(struct view der, struct ocsp **ret, struct ltps_error *err) LTPS_CHECKED;
/*
 * The same with certificates that are decoded already (key.h).
 * sha256  of der
 * cache   may be NULL
 */
struct sig_cache;
int ocsp_parse_known(struct view der, const uint8_t sha256[32], struct sig_cache *cache,
		     struct ocsp **ret, struct ltps_error *err) LTPS_CHECKED;
struct ocsp *ocsp_ref(const struct ocsp *o);
void ocsp_free(struct ocsp *o);
/*
 * ocsp_single_next - the next answer about this certificate, by the hashes of its issuer
 * and its serial number. A response may hold several, which need not say the same.
 * io  NULL: the first; afterwards the answer, NULL when there is none any more
 * Fails: NOMEM, CRYPTO
 */
int ocsp_single_next(const struct ocsp *o, const struct cert *c,
		     const struct cert *issuer, const struct ocsp_single **io,
		     struct ltps_error *err) LTPS_CHECKED;
/* ocsp_single_for - the latest of them, NULL when none: what to tell, not what to
 * judge by. */
int ocsp_single_for(const struct ocsp *o, const struct cert *c,
		    const struct cert *issuer, const struct ocsp_single **ret,
		    struct ltps_error *err) LTPS_CHECKED;

/*
 * ocsp_request_make - DER of a request about one certificate, appended.
 * alg    hash of the CertID: SHA-1 is what every responder understands
 * nonce  n == 0: none. RFC 9654: 1 to 128 octets, 32 recommended
 */
int ocsp_request_make(const struct cert *c, const struct cert *issuer,
		      enum digest_alg alg, struct view nonce, struct buf *out,
		      struct ltps_error *err) LTPS_CHECKED;

#endif
