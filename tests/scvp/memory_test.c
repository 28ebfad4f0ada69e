/* SPDX-License-Identifier: Apache-2.0 */
/* Want of memory at any place: an error or an answer that says internalError, never
 * another verdict. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/scvp_kit.h"
#include "tests/support/test_time.h"

/* More than the allocations of one exchange. */
#define ALLOCATIONS_MAX 20000

static struct scvp_kit kit;

static void make_kit(void)
{
	scvp_kit_make(&kit);
}

static void free_kit(void)
{
	scvp_kit_free(&kit);
}

TestSuite(scvp_memory, .init = make_kit, .fini = free_kit, .timeout = TEST_SECONDS_MAX);

/* Whether the n-th allocation was reached. */
static bool try(struct view body, uint64_t nth, struct buf *ret_body)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_answer a = { .body = buf_make(SCVP_RESPONSE_MAX) };
	const struct scvp_exchange x = { .body = body, .now_ms = KIT_NOW_MS };
	/* Nothing is remembered from the run before. */
	sig_cache_free(kit.cache);
	kit.cache = NULL;
	mem_fail_nth(nth);
	const int rc = scvp_respond(&kit.config, &kit.archive, &x, &a, &err);
	const bool failed = mem_fail_hit() != 0;
	mem_fail_nth(0);
	if (rc != 0) {
		cr_assert(failed, "it failed by itself: %s", err.text);
		cr_assert(err.code == LTPS_NOMEM || err.code == LTPS_CRYPTO, "%s: %s",
			  ltps_code_name(err.code), err.text);
	}
	*ret_body = a.body;
	if (rc != 0)
		buf_clear(ret_body);
	return failed;
}

static void check_answer(struct view body)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_envelope *e = NULL;
	struct scvp_response *p = NULL;
	enum scvp_status status;
	if (body.n == 0)
		return;
	cr_assert_eq(scvp_envelope_parse(body, &e, &status, &err), 0, "%s", err.text);
	cr_assert_eq(scvp_response_parse(e->content, &p, &err), 0, "%s", err.text);
	if (p->status == SCVP_OKAY) {
		cr_assert_eq(p->replies[0].status, SCVP_REPLY_SUCCESS, "%s",
			     scvp_reply_status_name(p->replies[0].status));
	} else {
		cr_assert_eq(p->status, SCVP_INTERNAL_ERROR, "%s",
			     scvp_status_name(p->status));
	}
	scvp_response_free(p);
	scvp_envelope_free(e);
}

Test(scvp_memory, failing_allocations_never_change_a_verdict)
{
	struct kit_ask ask;
	scvp_kit_ask(&ask, kit.ee);
	scvp_kit_want(&ask, SCVP_WANT_BEST_PATH);
	scvp_kit_want(&ask, SCVP_WANT_REVOCATION);
	ask.q.query.policy_by_value = true;
	struct buf b = scvp_kit_bytes(&ask);
	uint64_t n = 0;
	bool reached = true;
	while (reached && ++n < ALLOCATIONS_MAX) {
		struct buf body;
		reached = try(view_buf(&b), n, &body);
		check_answer(view_buf(&body));
		buf_free(&body);
	}
	cr_assert_not(reached);
	cr_assert_gt(n, 50);
	buf_free(&b);
}
