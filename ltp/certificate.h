/* SPDX-License-Identifier: Apache-2.0 */
/*
 * certificate - one certificate judged with the anchors and the material of the
 * service: the judgement of `ltps path` and of SCVP, answered as JSON.
 */
#ifndef LTPS_LTP_CERTIFICATE_H
#define LTPS_LTP_CERTIFICATE_H

#include "ltp/ltp.h"
#include "validation/path.h"

#define CERTIFICATE_REPORT_MAX ((size_t)16 << 20)

struct ltp_certificate {
	const struct path_input *in; /* at most PATH_POOLS_MAX - 2 pools; no anchors in
					them: whoever asks does not say whom we trust */
	bool fetch;                  /* what is missing may be asked for */
	struct sig_cache *cache;     /* of this thread; may be NULL */
};
/*
 * ltp_validate_certificate - path_judge_fetching(), bounded in time.
 * out    appended: the JSON of `path`
 * Fails: NOMEM, CRYPTO, CANCELLED; CORRUPT, IO of the store
 */
int ltp_validate_certificate(struct ltp_worker *w, const struct ltp_certificate *c,
			     struct buf *out, struct ltps_error *err) LTPS_CHECKED;

#endif
