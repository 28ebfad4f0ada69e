/* SPDX-License-Identifier: Apache-2.0 */
/* Targets: tsp_request_parse, tsp_request_encode. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/fuzz/fuzz.h"
#include "timestamping/tsp.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* What was read and has a known digest is written and read again the same. */
static void round_trip(const struct tsp_request *r)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsp_request again;
	struct buf out = buf_make(TSP_QUERY_MAX);
	int rc = tsp_request_encode(r, &out, &err);
	require(rc == 0);
	rc = tsp_request_parse(view_buf(&out), &again, &err);
	require(rc == 0);
	require(again.alg == r->alg && again.cert_req == r->cert_req);
	require(again.nonce_n == r->nonce_n &&
		memcmp(again.nonce, r->nonce, r->nonce_n) == 0);
	require(strcmp(again.policy, r->policy) == 0);
	buf_free(&out);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsp_request r;
	if (tsp_request_parse(view_of(data, size), &r, &err) == 0) {
		if (r.alg != DIGEST_NONE)
			round_trip(&r);
	} else {
		require(err.code != LTPS_OK);
	}
}
