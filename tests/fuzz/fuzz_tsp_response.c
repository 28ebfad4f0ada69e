/* SPDX-License-Identifier: Apache-2.0 */
/* Targets: tsp_response_parse, tsp_check, tst_parse on what is inside. */
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

static void check_token(struct view token)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tst *tst = NULL;
	if (tst_parse(token, &tst, &err) == 0) {
		/* A request that this token might answer. */
		struct tsp_request r = { .alg = tst->imprint_alg, .cert_req = true };
		r.imprint_n = tst->imprint.n <= DIGEST_MAX ? tst->imprint.n : 0;
		if (r.imprint_n > 0)
			memcpy(r.imprint, tst->imprint.p, r.imprint_n);
		(void)!tsp_check(&r, tst, tst->gen_time_ms, tst->gen_time_ms, 0, &err);
	}
	tst_free(tst);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsp_response r;
	if (tsp_response_parse(view_of(data, size), &r, &err) != 0) {
		require(err.code != LTPS_OK);
		return;
	}
	require(utf8_valid(view_text(r.text)));
	require((r.token.n > 0) == (r.status <= TSP_GRANTED_WITH_MODS));
	if (r.token.n > 0)
		check_token(r.token);
}
