/* SPDX-License-Identifier: Apache-2.0 */
/* Targets: the wrapper with its signature, CVResponse, ValPolResponse, the values of
 * wantBacks. */
#include <stdlib.h>

#include "scvp/envelope.h"
#include "tests/fuzz/fuzz.h"

#define ITEMS_MAX 64

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void values(struct view v)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct view items[ITEMS_MAX];
	struct scvp_want_back records[ITEMS_MAX];
	struct scvp_rev_want_back *w = NULL;
	struct scvp_name_params names;
	size_t n = 0;
	if (scvp_bundle_parse(v, items, ITEMS_MAX, &n, &err) == 0)
		require(n > 0 && n <= ITEMS_MAX);
	ltps_error_clear(&err);
	if (scvp_ers_all_parse(v, records, ITEMS_MAX, &n, &err) == 0)
		require(n > 0 && n <= ITEMS_MAX);
	ltps_error_clear(&err);
	if (scvp_rev_want_back_parse(v, &w, &err) == 0)
		scvp_rev_want_back_free(w);
	ltps_error_clear(&err);
	if (scvp_name_params_parse(v, &names, &err) != 0)
		require(err.code != LTPS_OK);
}

static void response(struct view message)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_response *p = NULL;
	if (scvp_response_parse(message, &p, &err) != 0) {
		require(err.code != LTPS_OK);
		return;
	}
	for (size_t i = 0; i < p->n_replies; i++) {
		for (size_t k = 0; k < p->replies[i].n_want_backs; k++)
			values(p->replies[i].want_backs[k].value);
	}
	struct buf b = buf_make(2 * SCVP_RESPONSE_MAX);
	require(scvp_response_encode(p, &b, &err) == 0);
	buf_free(&b);
	scvp_response_free(p);
}

static void policies(struct view message)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_vp_response *p = NULL;
	struct buf b = buf_make(2 * SCVP_RESPONSE_MAX);
	if (scvp_vp_response_parse(message, &p, &err) == 0)
		require(scvp_vp_response_encode(p, &b, &err) == 0);
	buf_free(&b);
	scvp_vp_response_free(p);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	const struct view in = view_of(data, size);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_envelope *e = NULL;
	struct cert *signer = NULL;
	enum scvp_status status;
	response(in);
	policies(in);
	values(in);
	if (scvp_envelope_parse(in, &e, &status, &err) != 0) {
		require(status != SCVP_OKAY);
		return;
	}
	response(e->content);
	policies(e->content);
	require(scvp_envelope_verify(e, &status, &signer, &err) == 0);
	cert_free(signer);
	scvp_envelope_free(e);
}
