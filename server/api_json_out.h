/* SPDX-License-Identifier: Apache-2.0 */
/*
 * api_json_out - answers of the TS 119 512 JSON binding (schema 1.1.2), whole
 * documents appended to an empty buffer.
 *
 * Each takes the result and the request's reqId (NULL: none) besides its own
 * content, which is left out where NULL.
 * Fail: TOO_LARGE (self) beyond the buffer's maximum, NOMEM
 */
#ifndef LTPS_SERVER_API_JSON_OUT_H
#define LTPS_SERVER_API_JSON_OUT_H

#include "base/jsonw.h"
#include "ltp/ltp.h"

struct api_answer {
	const struct ltp_result *result;
	const char *req_id;
};

/* An answer without content of its own: refusals, DeletePO. op: some answers
 * must hold a member even when there is nothing to tell. */
int api_out_result(const struct api_answer *a, enum operation op, struct buf *out,
		   struct ltps_error *err) LTPS_CHECKED;
int api_out_info(const struct api_answer *a, const struct profile *const *profiles,
		 size_t n, struct buf *out, struct ltps_error *err) LTPS_CHECKED;
int api_out_preserved(const struct api_answer *a, const char *poid, struct buf *out,
		      struct ltps_error *err) LTPS_CHECKED;
int api_out_updated(const struct api_answer *a, const char *version, struct buf *out,
		    struct ltps_error *err) LTPS_CHECKED;
int api_out_found(const struct api_answer *a, const struct ltp_found *found,
		  struct buf *out, struct ltps_error *err) LTPS_CHECKED;
/* RetrievePO, and PreservePO that answers with POs. Frees the data of each as soon as
 * it is written. */
int api_out_retrieved(const struct api_answer *a, struct ltp_retrieved *retrieved,
		      struct buf *out, struct ltps_error *err) LTPS_CHECKED;
int api_out_trace(const struct api_answer *a, const struct ltp_trace *trace,
		  struct buf *out, struct ltps_error *err) LTPS_CHECKED;
int api_out_validated(const struct api_answer *a,
		      const struct evidence_reports *reports, struct buf *out,
		      struct ltps_error *err) LTPS_CHECKED;

/* ISO 8601, the form that base/clock.h reads: "P10Y6M", "P1DT2H". */
#define DURATION_TEXT_MAX 64
void api_duration_text(struct duration d, char out[DURATION_TEXT_MAX]);

#endif
