/* SPDX-License-Identifier: Apache-2.0 */
/*
 * request - what a submission may be by the rules of its profile alone: no store, no
 * network. PreservePO and UpdatePOC check it first, and so does whoever prepares one
 * (`ltps import --check`). False, or *ret_hold so, comes with the refusal in r.
 */
#ifndef LTPS_LTP_REQUEST_H
#define LTPS_LTP_REQUEST_H

#include "formats/format.h"
#include "ltp/ltp.h"

bool request_profile_serves(const struct profile *p, enum operation op, int64_t now_ms,
			    struct ltp_result *r);
/* All POs of PreservePO: how many, sizes, texts, formats that the profile takes, ids.
 * Fails: NOMEM */
int request_pos_hold(const struct profile *p, const struct ltp_po *pos, size_t n,
		     bool *ret_hold, struct ltp_result *r,
		     struct ltps_error *err) LTPS_CHECKED;
/* An object that says what it is must be that (POFormatError). i: its index, for the
 * message ("po[3]"). */
bool request_format_true(const struct ltp_po *po, const struct format *detected,
			 size_t i, struct ltp_result *r);
/* The same of UpdatePOC, formats included. detected: of each; NULL: they are detected
 * here. record: that is to be continued (ltp/
 * continued.h), which is none of pos; or NULL. */
bool request_deltas_hold(const struct profile *p, const struct ltp_po *pos, size_t n,
			 const struct format *const *detected,
			 const struct ltp_po *record, struct ltp_result *r);
/*
 * request_record_holds - whether an evidence record is continued over these data
 * objects: how large, how many chains, in which encoding, and what it proves now.
 * by   material, policy and time; its objects are not looked at
 */
struct ers_input;
int request_record_holds(const struct ers_input *by, const struct ltp_po *record,
			 const struct view *data, size_t n, bool *ret_holds,
			 struct ltp_result *r, struct ltps_error *err) LTPS_CHECKED;
/* Where a record stands among them, and that no other is related to it. */
bool request_record_stands(const struct ltp_po *pos, size_t n, struct ltp_result *r);
/* A refusal of a PO as UpdatePOC tells it. Returns false. */
bool request_delta_refused(struct ltp_result *r);

#endif
