/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revocation - the status of the certificates of a path from CRLs and OCSP
 * responses at hand. Private to the room.
 */
#ifndef LTPS_VALIDATION_REVOCATION_H
#define LTPS_VALIDATION_REVOCATION_H

#include "validation/path_search.h"

struct revocation_query {
	const struct path_candidate *path;
	size_t index;     /* of the certificate on the path; its issuer is index + 1 */
	int64_t time_ms;  /* status at this time */
	int64_t known_ms; /* objects issued up to then count */
	int64_t max_age_ms; /* freshness as in path_input */
	/* Further condition on an object (proofs of existence); NULL: none. False
	 * passes it over. sha256: of its DER. */
	bool (*usable)(void *arg, const uint8_t sha256[32], int64_t issued_ms);
	void *arg;
	/*
	 * EN 319 102-1 5.2.6.4 step 4 and 5.6.2.2: do not ask whether time_ms is inside
	 * the validity of the revocation issuer; its being inside at the object's own
	 * issuance is always asked. The strength of its algorithms is then the caller's
	 * to judge too: they decide when, not whether, it counts (5.6.2.2 d).
	 */
	bool issuer_validity_at_issuance;
	/*
	 * The past alone: what was signed when its algorithm had ended already is
	 * passed over. It can be proven at no time at which that had not (5.6.2.2 d),
	 * and must not stand in for an older word that can.
	 */
	bool strong_when_issued;
	/*
	 * With it: since when an object is proven to exist, INT64_MAX when it is not;
	 * NULL: not asked. A good word has to be proven while its algorithm was
	 * reliable (5.6.2.4 step 4): later anybody could have made it, and it must not
	 * stand in for an older one either. What is passed over may be what a
	 * revocation rests on (a complete list, the status of a responder): ask without
	 * it first.
	 */
	int64_t (*proven_ms)(void *arg, const uint8_t sha256[32]);
	bool record_needs;
	unsigned depth; /* of nested questions: responders' and CRL issuers' status */
};

/* CRLs and delegated responders have status of their own, and so on: at most this
 * deep; beyond it the object is passed over. */
#define REVOCATION_DEPTH_MAX 4

/*
 * The answer, struct path_cert_revocation:
 *  GOOD      a fresh word covers all reasons. revoked_ms is set when it says that the
 *            certificate was revoked after time_ms, and known_ms is later than that
 *  UNKNOWN   why PATH_REVOCATION_STALE: the latest good word is too old; source, dates
 *            and objects are told all the same. PATH_REVOCATION_UNKNOWN: no word
 *  REVOKED, ON_HOLD  of any age; dates are those of the earliest revocation, the
 *            reason is the latest one
 * objects: those that speak about the certificate first, then those that the status
 * of their signers rests on.
 *
 * revocation_judge - the status of one certificate. Every object at hand that can
 * speak about it is authenticated (signature, issuer's path to the same anchor,
 * RFC 5280 6.3.3 f; responder by RFC 6960 4.2.2.2) before it counts. A list by another
 * key than the CA's says good only when a CA of the path issued that key's certificate.
 * CRLs per 6.3.3 with deltas, indirect lists, distribution points and reasons: a
 * good status needs all reasons covered, a revocation does not.
 * OCSP: certID, responder entitled (the issuer's key, or delegated by it: direct
 * issue and id-kp-OCSPSigning), its own status unless nocheck, thisUpdate /
 * nextUpdate, certHash when present, no unknown critical extension.
 * An object issued after the certificate's end counts as good only when it keeps
 * expired certificates (expiredCertsOnCRL, archiveCutoff).
 * noRevAvail exempts; so does validity-assured, when the input says so.
 * Spec: RFC 5280 6.3, RFC 6960 3.2, 4.2.2.2, 4.4; EN 319 102-1 5.2.5, 5.2.6.4; RFC 9608
 */
int revocation_judge(struct path_run *run, const struct revocation_query *q,
		     struct path_cert_revocation *ret,
		     struct ltps_error *err) LTPS_CHECKED;
struct revocation_strength {
	const struct algorithm_policy *algorithms;
	/* Since when an object is proven to exist; INT64_MAX when it is not. */
	int64_t (*proven_ms)(void *arg, const uint8_t sha256[32]);
	void *arg;
};
/*
 * revocation_is_strong - whether every object that the status of certs[i] rests on, and
 * the path of its signer, had reliable algorithms when it is proven to exist.
 * c        with its revocation
 * ret_why  when it is not: the first that had ended
 * Fails:   NOMEM, CRYPTO
 * Spec:    EN 319 102-1 5.2.8.4.3
 */
int revocation_is_strong(const struct path_candidate *c, size_t i,
			 const struct revocation_strength *in, bool *ret,
			 struct algorithm_verdict *ret_why,
			 struct ltps_error *err) LTPS_CHECKED;
/* An entry for each certificate below the anchor, unknown so far; the caller frees
 * c->revocation (mem_free). Fails: NOMEM */
int revocation_room(struct path_candidate *c, struct ltps_error *err) LTPS_CHECKED;

#endif
