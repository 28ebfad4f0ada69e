/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tsa_status - what the CRLs and OCSP responses at hand say about one
 * certificate of a path. Private to the room; validation/ will replace it.
 */
#ifndef LTPS_VALIDATION_TSA_STATUS_H
#define LTPS_VALIDATION_TSA_STATUS_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "validation/material.h"

/* A status issued this much after now is not from the future: the clocks of
 * CAs differ from ours. */
#define TSA_STATUS_SKEW_MS 60000

#define TSA_STATUS_NO_REASON (-1)

struct tsa_status_query {
	X509 *certificate;
	X509 *issuer; /* the next of the path: its key signed the certificate */
	const struct material *material;
	int64_t gen_time_ms;
	int64_t time_ms; /* the signature is known to have existed then */
	int64_t now_ms;  /* status issued up to then counts; not before time_ms */
	STACK_OF(X509) * responders; /* private: see tsa_ocsp_responders */
};

struct tsa_status {
	bool good; /* some status issued at or after genTime (in whole seconds) and
		      up to now says so, and none says otherwise */
	int64_t good_issued_ms; /* thisUpdate of the latest such */
	bool revoked;           /* for good, by a status of any age up to now */
	bool on_hold;           /* the latest word is certificateHold */
	int64_t revoked_at_ms;
	int reason; /* CRLReason, or TSA_STATUS_NO_REASON */
};

/*
 * tsa_status_find - collect the status of one certificate. Where now is later
 * than time_ms, a revocation after time_ms counts as good. What does not
 * verify or does not cover it is passed over:
 *  - OCSP: signed by the issuer's key, or by a certificate which that key
 *    signed, with id-kp-OCSPSigning, valid at producedAt; certID by hashes and
 *    serial number; no unknown critical extension. The responder's own
 *    revocation is not looked at.
 *  - CRL: complete, direct, signed by the issuer's key with cRLSign where key
 *    usage is present; no unknown critical extension; its distribution point,
 *    if any, must be one that the certificate names; onlyContains... must fit.
 *  - A good status issued after the certificate's end counts only when the
 *    issuer promises to keep it (expiredCertsOnCRL, archiveCutoff).
 * Fails: NOMEM, CRYPTO (self)
 * Spec:  RFC 5280 5.2, 5.3, 6.3.3; RFC 6960 3.2, 4.2.2.2, 4.4.4; X.509 9.5.2.9
 */
int tsa_status_find(const struct tsa_status_query *q, struct tsa_status *ret,
		    struct ltps_error *err) LTPS_CHECKED;

/* The common end of both kinds; for tsa_crl.c and tsa_ocsp.c. */
struct tsa_word {
	enum { TSA_WORD_NONE, TSA_WORD_GOOD, TSA_WORD_REVOKED } kind;
	int64_t this_ms;
	int64_t revoked_at_ms;
	int reason;
};
int tsa_crl_word(const struct tsa_status_query *q, struct view crl,
		 struct tsa_word *ret, struct ltps_error *err) LTPS_CHECKED;
int tsa_ocsp_word(const struct tsa_status_query *q, struct view response,
		  struct tsa_word *ret, struct ltps_error *err) LTPS_CHECKED;
/*
 * The certificates of the material that q's issuer entitled to answer for it,
 * looked for once for all responses: there may be thousands of both, forged.
 * ret  to q->responders; free with sk_X509_pop_free
 */
int tsa_ocsp_responders(const struct tsa_status_query *q, STACK_OF(X509) * *ret,
			struct ltps_error *err) LTPS_CHECKED;
/* Whether a status of this time may speak about the certificate after its end;
 * kept_from_ms INT64_MAX when nothing is promised. */
bool tsa_status_kept(const struct tsa_status_query *q, int64_t this_ms,
		     int64_t kept_from_ms);
/* ASN1_TIME of a certificate, CRL or OCSP response; false when malformed. */
bool tsa_status_time(const ASN1_TIME *t, int64_t *ret_ms);

#endif
