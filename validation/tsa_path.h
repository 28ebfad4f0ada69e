/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tsa_path - the path of a time-stamping authority, judged at genTime: the search,
 * the path and the status of path.h, read by the rules for time-stamps.
 */
#ifndef LTPS_VALIDATION_TSA_PATH_H
#define LTPS_VALIDATION_TSA_PATH_H

#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"
#include "validation/indication.h"
#include "validation/key.h"
#include "validation/material.h"
#include "validation/path.h"

#define TSA_PATH_DEPTH_MAX 12

/* Shared by the tokens of one record, so that its cost is bounded as a whole. No
 * judgement takes more than its own default of it. */
struct tsa_path_budget {
	uint32_t signatures, steps; /* left, as in struct path_budget */
};

struct tsa_path_input {
	X509 *signer;
	const struct material *material;
	int64_t gen_time_ms;
	int64_t time_ms; /* the time of judgement: now, or the next token's time */
	int64_t now_ms;  /* 0: time_ms. Later than time_ms, which then is a proof of
			    existence: status issued up to now counts as well, and a
			    revocation after time_ms no longer touches the token */
	bool need_revocation; /* without it a missing status is not a defect */
	bool want_needs;      /* say in the result what is missing */
	struct tsa_path_budget *budget; /* NULL: that of one judgement */
	struct sig_cache *cache;        /* may be NULL */
};

struct tsa_path_result {
	enum indication indication;
	const char *subindication; /* EN 319 102-1 term: NO_CERTIFICATE_CHAIN_FOUND,
				      OUT_OF_BOUNDS_NO_POE, REVOKED_NO_POE, TRY_LATER,
				      CHAIN_CONSTRAINTS_FAILURE... NULL when passed */
	const char *clause;
	char text[256];
	struct view chain[TSA_PATH_DEPTH_MAX]; /* signer first; into the result */
	size_t n_chain;
	int64_t status_age_ms; /* issue of the oldest status used, after genTime;
				  INT64_MIN when none was used */
	struct need *needs;    /* as asked by want_needs; path.h */
	size_t n_needs;
	struct buf owned; /* private */
};

/*
 * tsa_path_judge - is the signer's certificate chained to an anchor, valid at
 * genTime, and neither it nor a CA above it revoked then? Status issued at or
 * after genTime (whole seconds compared) and no later than time_ms counts; for
 * a revoked TSA certificate RFC 3161 4 decides by the reason code. A revocation
 * told before genTime counts too; a good status issued after the end of the
 * certificate only where its issuer keeps such entries. PASSED with
 * need_revocation asks for a status of every certificate below the anchor,
 * also when the TSA's has meanwhile expired. What a CRL or OCSP response must be
 * to count is said in revocation.h.
 * Anchors are a name and a key: their own dates are not looked at, and the path
 * ends at them. One with a sunset serves what is proven before it (time_ms). All paths
 * within the budget are tried; when none passes, the first verdict stands, but one for
 * want of a status goes before the others.
 * The strength of algorithms is not judged.
 * material  not NULL
 * ret    release with tsa_path_result_clear(); without a path the chain is the
 *        signer alone
 * Fails: NOMEM, CRYPTO only; a bad path is a result
 * Spec:  RFC 5280 6.1 and 6.3, RFC 3161 2.3 and 4, RFC 6960 3.2
 */
int tsa_path_judge(const struct tsa_path_input *in, struct tsa_path_result *ret,
		   struct ltps_error *err) LTPS_CHECKED;
void tsa_path_result_clear(struct tsa_path_result *r);

/*
 * tsa_path_gate - the gate of struct tsp_client: is a token that was just
 * received under one of these anchors? No status can be as new as the token:
 * only what is known already counts against it.
 * arg    const struct material *
 * Fails: REMOTE (remote) when the path is not PASSED; NOMEM, CRYPTO
 */
struct tst;
int tsa_path_gate(const void *arg, const struct tst *tst, X509 *signer,
		  int64_t received_ms, struct ltps_error *err) LTPS_CHECKED;

#endif
