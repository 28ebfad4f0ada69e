/* SPDX-License-Identifier: Apache-2.0 */
/* seal_private - the CMS that CAdES (seal.c) and PAdES (seal_pades.c) make alike. */
#ifndef LTPS_LTP_SEAL_PRIVATE_H
#define LTPS_LTP_SEAL_PRIVATE_H

#include "ltp/seal.h"

struct seal_content {
	struct digest digest;
	int64_t signing_time_ms; /* of the attribute; INT64_MIN: none */
	struct view attribute;   /* one more; n == 0: none */
	bool enveloped;
	struct view bytes; /* the content, when it goes into the CMS */
};

/* The digest that goes with the key. Fails: UNSUPPORTED (caller) */
int seal_digest(const struct seal_input *in, enum digest_alg *ret,
		struct ltps_error *err) LTPS_CHECKED;
/* out  appended: a ContentInfo signed by the key, with its certificates */
int seal_sign(const struct seal_input *in, const struct seal_content *content,
	      struct buf *out, struct ltps_error *err) LTPS_CHECKED;

#endif
