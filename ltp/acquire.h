/* SPDX-License-Identifier: Apache-2.0 */
/* acquire - fetch what the judgement of a token's TSA is missing. */
#ifndef LTPS_LTP_ACQUIRE_H
#define LTPS_LTP_ACQUIRE_H

#include "base/clock.h"
#include "base/fetch.h"
#include "timestamping/tst.h"
#include "validation/material.h"
#include "validation/tsa_path.h"

#define ACQUIRE_ROUNDS_MAX 8              /* DESIGN: judging is a loop with an end */
#define ACQUIRE_CRL_MAX ((size_t)1 << 20) /* a larger one does not go into tokens */

struct acquire {
	struct fetch *fetch; /* this thread's */
	const struct clock *clock;
	const struct material *trust; /* anchors and what is known already */
};

/*
 * acquire_for_token - issuers (AIA), revocation status (CRL, else OCSP) for the
 * path of a token's signer, until it is judged or nothing more can be got.
 * m           empty, filled with anchors and all that was used or fetched
 * ret_result  the last judgement; release with tsa_path_result_clear()
 * Fails:      NOMEM, CRYPTO; a source that does not answer is no error: its
 *             item stays missing and the judgement says so
 * Spec:       RFC 5280 4.2.1.13, 4.2.2.1; RFC 6960 appendix A
 */
int acquire_for_token(const struct acquire *a, const struct tst *tst,
		      struct material *m, struct tsa_path_result *ret_result,
		      struct ltps_error *err) LTPS_CHECKED;

#endif
