/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence_source - evidence records in the forms in which files hold them (on
 * its own, inside a CMS, in an ASiC container), each judged over what it says
 * that it covers. No policy, no output.
 */
#ifndef LTPS_VALIDATION_EVIDENCE_SOURCE_H
#define LTPS_VALIDATION_EVIDENCE_SOURCE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"
#include "validation/ers_verify.h"

#define EVIDENCE_REPORTS_MAX 64 /* records of one file: CMS_ERS_MAX */

struct evidence_reports {
	struct ers_report *r[EVIDENCE_REPORTS_MAX];
	size_t n;         /* 0: the file holds no evidence record */
	struct buf names; /* private: texts that covers[].name point to */
};

/*
 * evidence_algs - every digest algorithm that the records of a file use, so
 * that large data can be digested in one pass.
 * in     ER, CMS or ASiC; DER (PEM is decoded before)
 * used   indexed by enum digest_alg; set, never cleared
 * Fails: FORMAT, TOO_LARGE, UNSUPPORTED (object), NOMEM
 */
int evidence_algs(struct view in, bool used[DIGEST_ALG_COUNT],
		  struct ltps_error *err) LTPS_CHECKED;
/*
 * evidence_judge - judge every record of the file.
 * input        objects: the data of a record on its own; detached content of
 *              an external record in a CMS; further objects for the rest
 * ret_reports  release with evidence_reports_clear()
 * A record in a CMS or container that cannot be read has a report of its own, without
 * chains and covers: FAILED / FORMAT_FAILURE; INDETERMINATE / CUSTOM for one in XML, of
 * an unknown version or too large to be judged. One whose octets a younger one that
 * holds covers is judged as of the younger one's time.
 * Fails: as evidence_algs, and CRYPTO
 * Spec:  RFC 4998 5.3, appendix A; EN 319 162-1 4.4.4
 */
int evidence_judge(struct view in, const struct ers_input *input,
		   struct evidence_reports *ret_reports,
		   struct ltps_error *err) LTPS_CHECKED;
void evidence_reports_clear(struct evidence_reports *r);
/* The report that decides: the first of the worst. n must not be 0. */
const struct ers_report *evidence_worst(const struct evidence_reports *r);

#endif
