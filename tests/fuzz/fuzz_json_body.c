/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Request bodies: the first byte picks the message, the rest is parsed. What
 * is accepted must hold together: payloads lie inside the body.
 */
#include <stdlib.h>

#include "base/mem.h"
#include "server/api_json_in.h"
#include "server/digest_list.h"
#include "tests/fuzz/fuzz.h"

static void check_po(const struct api_in *in, const struct ltp_po *po)
{
	if (po->data.n == 0 || po->data.p < in->body.p ||
	    po->data.p + po->data.n > in->body.p + in->body.n)
		abort();
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct api_in in;
	struct ltp_result refusal;
	struct ltp_digest_list list;
	bool malformed;
	if (size == 0)
		return;
	struct buf body = buf_make(size);
	if (buf_put(&body, view_of(data + 1, size - 1), &err) != 0)
		return;
	if (api_in_parse((enum operation)(data[0] % OP_COUNT), &body, &in, &refusal,
			 &malformed, &err) != 0)
		abort();
	if (refusal.minor != LTP_OK && refusal.message[0] == '\0')
		abort();
	if (malformed && refusal.minor == LTP_OK)
		abort();
	if (refusal.minor == LTP_OK) {
		for (size_t i = 0; i < in.n_pos; i++)
			check_po(&in, &in.pos[i]);
		if (in.has_evidence)
			check_po(&in, &in.evidence);
	}
	api_in_free(&in);
	if (digest_list_read(view_of(data + 1, size - 1), &list, &refusal, &err) != 0)
		abort();
	for (size_t i = 0; i < list.n; i++)
		if (list.values[i].alg != list.alg || list.values[i].n == 0)
			abort();
	ltp_digest_list_clear(&list);
}
