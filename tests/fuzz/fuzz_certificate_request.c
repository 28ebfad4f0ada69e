/* SPDX-License-Identifier: Apache-2.0 */
/* fuzz_certificate_request - the first byte picks JSON or a body of certificates. */
#include <stdlib.h>

#include "server/certificate_request.h"
#include "tests/fuzz/fuzz.h"

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct certificate_request r = { .json = NULL };
	struct path_input in = { .n_pools = 0 };
	if (size == 0)
		return;
	const struct view body = view_of(data + 1, size - 1);
	const int rc = data[0] == 'j' ? certificate_request_json(&r, body, &err)
				      : certificate_request_body(&r, body, &err);
	if (rc == 0 && material_count(r.material, MATERIAL_CERT) == 0)
		abort();
	if (rc != 0 && err.code == LTPS_OK)
		abort();
	if (rc == 0 && path_options_wishes(&r.path, &in, &err) != 0 &&
	    err.code != LTPS_ARGUMENT)
		abort();
	certificate_request_clear(&r);
}
