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
#include "server/api_binding.h"

/* An answer without content of its own: refusals, DeletePO. op: some answers
 * must hold a member even when there is nothing to tell. */
int api_out_result(const struct api_answer *a, enum operation op, struct buf *out,
		   struct ltps_error *err) LTPS_CHECKED;
/* RetrievePO, and PreservePO that answers with POs. Frees the data of each as soon as
 * it is written. */
int api_out_retrieved(const struct api_answer *a, enum operation op,
		      struct ltp_retrieved *retrieved, struct buf *out,
		      struct ltps_error *err) LTPS_CHECKED;
int api_out_trace(const struct api_answer *a, const struct ltp_trace *trace,
		  struct buf *out, struct ltps_error *err) LTPS_CHECKED;

/* V1.2.1 is asked for by "Content-Type: application/json; version=1.2.1": times are
 * integers, milliseconds since 1970, and a description is `desc`; the answer's media
 * type says so too. */

/* The judgement as JSON, which is what a ValidationReport holds in either binding: one
 * report, or an array of them when a file holds several records. */
int api_report_json(const struct evidence_reports *reports, struct buf *out,
		    struct ltps_error *err) LTPS_CHECKED;
/* Largest judgement as JSON; 64 records with hundreds of time-stamps each. */
#define API_REPORT_MAX ((size_t)16 << 20)
/* Of PreservationEvidencePolicy and signature policy (TS 119 512 5.4.7). */
#define API_POLICY_EVIDENCE "http://uri.etsi.org/19512/policy/preservation-evidence"
#define API_POLICY_SIGNATURE "http://uri.etsi.org/19512/policy/signature-validation"

/* ISO 8601, the form that base/clock.h reads: "P10Y6M", "P1DT2H". */
#define DURATION_TEXT_MAX 64
void api_duration_text(struct duration d, char out[DURATION_TEXT_MAX]);

#endif
