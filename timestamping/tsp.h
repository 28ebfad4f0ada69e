/* SPDX-License-Identifier: Apache-2.0 */
/* tsp - RFC 3161 requests and responses, both sides. */
#ifndef LTPS_TIMESTAMPING_TSP_H
#define LTPS_TIMESTAMPING_TSP_H

#include <stdbool.h>
#include <stdint.h>

#include "base/asn1.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"
#include "timestamping/tst.h"

#define TSP_MEDIA_QUERY "application/timestamp-query"
#define TSP_MEDIA_REPLY "application/timestamp-reply"
#define TSP_NONCE_LEN 16
#define TSP_QUERY_MAX 4096
#define TSP_STATUS_TEXT_MAX 256

struct tsp_request {
	enum digest_alg alg;        /* NONE when not known to us (parsed) */
	char alg_oid[OID_TEXT_MAX]; /* of the parsed; not read by encode */
	uint8_t imprint[DIGEST_MAX];
	size_t imprint_n;             /* 0 when alg is NONE */
	char policy[OID_TEXT_MAX];    /* "" when none is asked for */
	uint8_t nonce[TST_NONCE_MAX]; /* INTEGER contents */
	size_t nonce_n;               /* 0: none */
	bool cert_req;
	bool critical_extension; /* one that we do not know */
	bool extension;          /* any: RFC 3161 2.4.1 has those refused as well */
};

/* RFC 3161 2.4.2 PKIStatus and PKIFailureInfo (bit numbers). */
enum tsp_status {
	TSP_GRANTED = 0,
	TSP_GRANTED_WITH_MODS = 1,
	TSP_REJECTION = 2,
	TSP_WAITING = 3
};
enum tsp_failure {
	TSP_BAD_ALG = 0,
	TSP_BAD_REQUEST = 2,
	TSP_BAD_DATA_FORMAT = 5,
	TSP_TIME_NOT_AVAILABLE = 14,
	TSP_UNACCEPTED_POLICY = 15,
	TSP_UNACCEPTED_EXTENSION = 16,
	TSP_ADD_INFO_NOT_AVAILABLE = 17,
	TSP_SYSTEM_FAILURE = 25,
	TSP_NO_FAILURE = -1
};

struct tsp_response {
	uint64_t status;
	int failure; /* first bit set, or TSP_NO_FAILURE */
	char text[TSP_STATUS_TEXT_MAX];
	struct view token; /* into the input; n == 0 when absent */
};

/* tsp_request_make - for this digest, random nonce, certReq TRUE. */
int tsp_request_make(const struct digest *d, const char *policy_or_null,
		     struct tsp_request *ret_r, struct ltps_error *err) LTPS_CHECKED;
int tsp_request_encode(const struct tsp_request *r, struct buf *out,
		       struct ltps_error *err) LTPS_CHECKED;
/* Fails: FORMAT, UNSUPPORTED (version), TOO_LARGE (nonce beyond TST_NONCE_MAX)
 * (object). Spec: RFC 3161 2.4.1 */
int tsp_request_parse(struct view in, struct tsp_request *ret_r,
		      struct ltps_error *err) LTPS_CHECKED;
/*
 * Fails: FORMAT (object): also token present without grant, or the reverse, a
 *        status or failure bit that RFC 3161 does not know, a failure beside a
 *        grant. The text is UTF-8 without control characters, cut to fit.
 * Spec:  RFC 3161 2.4.2
 */
int tsp_response_parse(struct view in, struct tsp_response *ret_r,
		       struct ltps_error *err) LTPS_CHECKED;
int tsp_response_encode(const struct tsp_response *r, struct buf *out,
			struct ltps_error *err) LTPS_CHECKED;
/*
 * tsp_check - does this token answer this request? Imprint, nonce, policy,
 * genTime between sent_ms - skew and received_ms + skew (whole seconds),
 * certificate present when asked for, TSTInfo in DER.
 * Fails: MISMATCH, REMOTE (no DER) (remote) with the clause of RFC 3161
 */
int tsp_check(const struct tsp_request *r, const struct tst *tst, int64_t sent_ms,
	      int64_t received_ms, int64_t skew_ms,
	      struct ltps_error *err) LTPS_CHECKED;

#endif
