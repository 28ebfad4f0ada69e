/* SPDX-License-Identifier: Apache-2.0 */
/* Targets: scvp_respond over any body, scvp_request_parse and _encode, the policy
 * request. */
#include <stdlib.h>

#include "scvp/responder.h"
#include "tests/fuzz/fuzz.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* There is nothing to judge with; whatever comes before it is what is tried. */
static int no_judge(void *arg, const struct path_input *in, struct path_result **ret,
		    struct ltps_error *err)
{
	(void)arg;
	(void)in;
	(void)ret;
	return ltps_fail(err, LTPS_BUSY, LTPS_FAULT_SELF, NULL, "busy");
}

/* What was read, written and read again is written the same. */
static void round_trip(struct view message)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	enum scvp_status status;
	struct scvp_request *q = NULL, *again = NULL;
	struct buf first = buf_make(SCVP_REQUEST_MAX),
		   second = buf_make(SCVP_REQUEST_MAX);
	if (scvp_request_parse(message, &q, &status, &err) != 0) {
		require(status != SCVP_OKAY && err.code != LTPS_OK);
		return;
	}
	require(scvp_request_encode(q, &first, &err) == 0);
	if (scvp_request_parse(view_buf(&first), &again, &status, &err) == 0) {
		require(scvp_request_encode(again, &second, &err) == 0);
		require(view_equal(view_buf(&first), view_buf(&second)));
	}
	buf_free(&second);
	buf_free(&first);
	scvp_request_free(again);
	scvp_request_free(q);
}

/* Any bytes get a well-formed response. */
static void respond(struct view body, bool policy_request)
{
	static const uint8_t one[] = { 1 };
	static const enum digest_alg hash = DIGEST_SHA256;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_policy_config policy = { .id = scvp_svp_oid(1) };
	struct scvp_config c = { .policies = &policy,
				 .n_policies = 1,
				 .config_id = view_of(one, 1),
				 .clock_skew_min = 10,
				 .hashes = &hash,
				 .n_hashes = 1 };
	const struct scvp_archive archive = { .judge = no_judge };
	const struct scvp_exchange x = { .body = body,
					 .policy_request = policy_request,
					 .now_ms = 1767225600000 };
	struct scvp_answer a = { .body = buf_make(SCVP_RESPONSE_MAX) };
	struct material *trust = NULL;
	struct scvp_envelope *e = NULL;
	struct scvp_response *p = NULL;
	enum scvp_status status;
	require(material_new(&trust, &err) == 0);
	c.trust = trust;
	require(scvp_respond(&c, &archive, &x, &a, &err) == 0);
	ltps_error_clear(&err);
	if (!a.bad_policy_request) {
		require(scvp_envelope_parse(view_buf(&a.body), &e, &status, &err) == 0);
		require(scvp_response_parse(e->content, &p, &err) == 0);
		require(p->status == (uint64_t)a.status);
	}
	scvp_response_free(p);
	scvp_envelope_free(e);
	buf_free(&a.body);
	material_free(trust);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_vp_request *q = NULL;
	enum scvp_status status;
	round_trip(view_of(data, size));
	respond(view_of(data, size), false);
	respond(view_of(data, size), true);
	if (scvp_vp_request_parse(view_of(data, size), &q, &status, &err) == 0)
		scvp_vp_request_free(q);
}
