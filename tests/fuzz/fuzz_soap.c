/* SPDX-License-Identifier: Apache-2.0 */
/*
 * SOAP messages: the value of Content-Type up to the first LF, then the body. What is
 * accepted must hold together; what is not says why.
 */
#include <stdlib.h>
#include <string.h>

#include "server/soap.h"
#include "tests/fuzz/fuzz.h"

static void check_po(const struct api_in *in, const struct ltp_po *po)
{
	if (po->data.n == 0 || po->data.p == NULL)
		abort();
	if (!po->xml && (po->data.p < in->body.p ||
			 po->data.p + po->data.n > in->body.p + in->body.n))
		abort();
}

static void check_accepted(const struct api_call *call)
{
	const struct api_in *in = &call->in;
	if (call->op_unknown || call->status != 200 ||
	    call->form.fault != API_FAULT_NONE)
		abort();
	for (size_t i = 0; i < in->n_pos; i++)
		check_po(in, &in->pos[i]);
	if (in->has_evidence)
		check_po(in, &in->evidence);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct ltp_result refusal;
	const struct view whole = view_of(data, size);
	const uint8_t *lf = size > 0 ? memchr(data, '\n', size) : NULL;
	const size_t head = lf != NULL ? (size_t)(lf - data) : size;
	struct api_call call = { .content_type = view_head(whole, head),
				 .status = 200,
				 .op_unknown = true };
	call.body = buf_make(size + 1);
	if (buf_put(&call.body, view_skip(whole, head + 1), &err) != 0)
		return;
	if (soap_parse(&call, &refusal, &err) != 0)
		abort();
	if (refusal.minor == LTP_OK)
		check_accepted(&call);
	else if (refusal.message[0] == '\0' ||
		 (call.op_unknown && call.form.fault == API_FAULT_NONE))
		abort();
	api_clear(&call);
}
