/* SPDX-License-Identifier: Apache-2.0 */
/*
 * engine - signatures judged as EN 319 102-1 says. Pure: octets, material, policy and
 * a time in; a report and what is missing out.
 *
 *   engine_judge (engine.c)
 *     for each evidence record     engine_records  5.6.3.4 step 1
 *     for each signature, children first
 *       engine_long_term           5.6.3   (engine_lta.c)
 *         engine_with_time         5.5     (engine_time.c)
 *           engine_basic           5.3     (engine_basic.c)
 *             5.2.2 format, 5.2.3 signing certificate (engine_signer.c),
 *             5.2.4 policy, 5.2.6 cert_validate() (past.h), 5.2.7 cryptography,
 *             5.2.8 acceptance (engine_accept.c)
 *           engine_stamp           5.4     (engine_stamp.c)
 *         engine_proofs            5.6.2.3 (engine_poe.c)
 *         engine_past              5.6.2.4 (engine_past.c)
 *     levels                       level.c
 */
#ifndef LTPS_VALIDATION_ENGINE_H
#define LTPS_VALIDATION_ENGINE_H

#include "validation/document.h"
#include "validation/path.h"
#include "validation/report.h"
#include "validation/validation_policy.h"

/* A proof that the caller brings: since when the service has had an object. */
struct engine_proof {
	uint8_t sha256[32];
	int64_t time_ms;
};

struct engine_input {
	const struct document *document;
	const struct validation_policy *policy;
	/* Anchors, and certificates and status at hand; the document's own material is
	 * looked at first without being named here. At most PATH_POOLS_MAX - 1. */
	const struct material *const *pools;
	size_t n_pools;
	const struct material *stamp_anchors; /* anchors for time-stamps; NULL: those of
						 the pools */
	const int64_t *anchor_sunset_ms;      /* cert_validation_input: with `anchors` */
	const struct cert *const *anchors;    /* NULL: those of the pools */
	size_t n_anchors;
	int64_t time_ms; /* now */
	const struct engine_proof *proofs;
	size_t n_proofs;
	struct view signature_policy; /* document of a signature policy; n == 0: none */
	struct path_budget budget;    /* of each path; 0: defaults */
	struct sig_cache *cache;      /* may be NULL */
};

/*
 * engine_judge - judge every signature, time-stamp and evidence record of a document.
 * ret_report  free with report_free(); borrows from the input
 * Fails:      NOMEM, CRYPTO (self); as reading the content; everything else is in the
 *             report
 * Spec:       EN 319 102-1 V1.4.1 5
 */
int engine_judge(const struct engine_input *in, struct report **ret_report,
		 struct ltps_error *err) LTPS_CHECKED;

#endif
