/* SPDX-License-Identifier: Apache-2.0 */
/*
 * verify_request - VerifyRequest of OASIS DSS-X core 2.0 in JSON, which ETSI TS 119 442
 * profiles: a signature, what it is about, and the options that are understood. What is
 * not understood is refused, never passed over (docs/decisions/0025).
 */
#ifndef LTPS_SERVER_VERIFY_REQUEST_H
#define LTPS_SERVER_VERIFY_REQUEST_H

#include "base/content.h"
#include "ltp/ltp.h"

/* The profile of TS 119 442 V1.1.1. */
#define VERIFY_PROFILE "http://uri.etsi.org/19442/v1.1.1/validationprofile#"
/* The JSON parser takes 60 MB a second; larger files go to /validate. */
#define VERIFY_BODY_MAX ((size_t)64 << 20)

struct verify_request {
	const char *id; /* reqID; NULL. Set also with a refusal, when it was read */
	struct view file;
	bool has_content;
	struct content content; /* of a detached signature; or its digests */
	const char *policy;     /* NULL: the one in force */
	int64_t time_ms;        /* useVerificationTime; INT64_MIN: now */
	bool want_time, want_signing_time;
	/* private */
	struct buf octets[2];
	void *json;
	void **lists;
	size_t n_lists;
};

/*
 * verify_request_parse - body to request.
 * ret_refusal  LTP_OK, or why not: NOT_SUPPORTED for what DSS-X has and we have not,
 *              PARAMETER_ERROR for the rest
 * ret_json     false: the body is no JSON at all
 * r            release with verify_request_clear(), also after a failure
 * Fails: NOMEM, TOO_LARGE
 * Spec:  DSS-X core 2.0: VerifyRequest, SignatureObject, InputDocuments
 */
int verify_request_parse(struct view body, struct verify_request *r,
			 struct ltp_result *ret_refusal, bool *ret_json,
			 struct ltps_error *err) LTPS_CHECKED;
void verify_request_clear(struct verify_request *r);

#endif
