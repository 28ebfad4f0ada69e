/* SPDX-License-Identifier: Apache-2.0 */
/* report_private - words and look-ups that the forms of a report share. */
#ifndef LTPS_VALIDATION_REPORT_PRIVATE_H
#define LTPS_VALIDATION_REPORT_PRIVATE_H

#include "formats/format.h"
#include "validation/report.h"

/* Neither "not applicable" nor "none". */
static inline bool report_has_time(int64_t t_ms)
{
	return t_ms != INT64_MIN && t_ms != INT64_MAX;
}

/* Whether a Table 5 or 6 sub-indication speaks of a revocation, of an algorithm. */
bool report_is_revocation(const struct conclusion *c);
bool report_is_crypto(const struct conclusion *c);

const char *report_process_name(enum report_process p); /* "basic", "ltvm", "lta" */
const char *report_need_name(enum need_kind k);         /* "issuer" */
const char *report_source_name(enum path_source s);     /* "crl"; NULL */
const char *report_form_name(enum cms_er_form f);       /* "cut" */
/* "keyCompromise", RFC 5280 5.3.1; NULL for what is no CRLReason. */
const char *report_reason_name(int reason);
/* What could change an outcome, EN 319 102-1 table 7; NULL: nothing. */
const char *report_advice(const struct conclusion *c);
/* Whether the policy forbids a check that is made by default: then the report says so,
 * however far the judgement got. */
bool report_switched_off(const struct report *r, enum constraint_context context,
			 enum constraint c);
/* Whether a proof of existence was brought by the caller: by is NULL, and the time is
 * not that of the judgement. */
bool report_is_brought(const struct report *r, int64_t t_ms, const char *by);
/* "intact", "altered", "not at hand" */
const char *report_match_text(enum document_match m);

/* The certificate validation whose chain is to be shown: of the past when that gave
 * the verdict; NULL: none. */
const struct cert_validation_result *report_chain_of(const struct report_signature *s);

/* Where the stamps of a signature (-1: of the file) begin: index from `after` on of the
 * next one, n_stamps past the last. */
size_t report_next_stamp(const struct report *r, int signature, size_t from);

#endif
