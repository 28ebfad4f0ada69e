/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_verify_request - VerifyRequest in JSON: refused with a reason, or whole. */
#include <stdlib.h>

#include "server/verify_request.h"
#include "tests/fuzz/fuzz.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct verify_request r = { .json = NULL };
	struct ltp_result refusal;
	bool json;
	if (verify_request_parse(view_of(data, size), &r, &refusal, &json, &err) != 0)
		abort();
	if (refusal.minor != LTP_OK && refusal.message[0] == '\0')
		abort();
	if (refusal.minor == LTP_OK && (!json || r.file.n == 0))
		abort();
	if (refusal.minor == LTP_OK && r.has_content && !r.content.in_memory &&
	    !r.content.digests_only)
		abort();
	verify_request_clear(&r);
}
