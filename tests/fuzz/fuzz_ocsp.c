/* SPDX-License-Identifier: Apache-2.0 */
/* Targets: ocsp_parse, ocsp_single_next and _for, ocsp_request_make about what it
 * carries. */
#include <openssl/err.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tests/fuzz/fuzz.h"
#include "validation/ocsp.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void ask(const struct ocsp *o, const struct cert *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct ocsp_single *single = NULL, *next = NULL;
	struct buf request = buf_make(CERT_SIZE_MAX + 8192);
	require(ocsp_single_for(o, c, c, &single, &err) == 0);
	require(single == NULL ||
		(single >= o->singles && single < o->singles + o->n_singles));
	size_t n = 0;
	do {
		require(ocsp_single_next(o, c, c, &next, &err) == 0);
		require(next == NULL || ++n <= o->n_singles);
	} while (next != NULL);
	require((n == 0) == (single == NULL));
	require(ocsp_request_make(c, c, DIGEST_SHA1, VIEW_NULL, &request, &err) == 0);
	buf_free(&request);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ocsp *o = NULL;
	if (ocsp_parse(view_of(data, size), &o, &err) == 0) {
		require(err.code == LTPS_OK);
		require(o->response_status == 0 || o->n_singles == 0);
		for (size_t i = 0; i < o->n_certs; i++)
			ask(o, o->certs[i]);
	} else {
		require(err.code != LTPS_OK && o == NULL);
	}
	ocsp_free(o);
	require(ERR_peek_error() == 0);
}
