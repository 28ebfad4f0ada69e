/* SPDX-License-Identifier: Apache-2.0 */
/*
 * package - everything that is needed to verify one object far from the service and
 * without it: all versions, their evidence records and tokens, the history of trust
 * anchors, the material and the policy that signatures are judged by, fresh reports,
 * the trace, and a page with the commands that check each of them.
 *
 *   objects/LABEL/N-NAME     parts of the version, byte for byte
 *   evidence/LABEL.er        its evidence record (RFC 4998)
 *   tokens/LABEL-C-S.tst     time-stamp S of chain C of that record
 *   anchors.pem              trust anchors with the periods in which they were trusted
 *   material/                certificates, CRLs, responses that signatures rest on
 *   reports/                 what the service says of the signatures now
 *   policy/evidence.conf     the policy that evidence is judged by
 *   policy/validation.conf   the policy that signatures are judged by
 *   trace.json, object.json
 *   README.txt, VERIFY.html  the commands, what each proves and what not
 *   SHA512SUMS               of all other files
 */
#ifndef LTPS_LTP_PACKAGE_H
#define LTPS_LTP_PACKAGE_H

#include "ltp/ltp.h"

#define PACKAGE_FILES_MAX 8000              /* ZIP_ENTRIES_MAX is 10000 */
#define PACKAGE_TEXT_MAX ((size_t)32 << 20) /* README with a command for each file */

struct ltp_package_request {
	struct ltp_caller caller;
	const char *poid;
	/* Also when the evidence of some version is not made yet, or octets of some part
	 * are damaged: it is left out, and stands in the commands with its digests. */
	bool partial;
};

/*
 * ltp_package - audited. The bytes are charged to the room of the worker.
 * out         appended: a ZIP file, the same for the same store, trace and second
 * ret_result  refusals: unknownPOID, notSupported; LTP_WARN_PARTLY with nothing
 *             appended when evidence is missing, or a part damaged, and partial is
 *             not set
 * Fails: as ltp_retrieve()
 */
int ltp_package(struct ltp_worker *w, const struct ltp_package_request *req,
		struct buf *out, struct ltp_result *ret_result,
		struct ltps_error *err) LTPS_CHECKED;

#endif
