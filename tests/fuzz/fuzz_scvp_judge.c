/* SPDX-License-Identifier: Apache-2.0 */
/* Whatever octets come as an SCVP response: judged without a crash, and never trusted
 * where nobody is. */
#include <stdlib.h>

#include "scvp/client.h"
#include "tests/fuzz/fuzz.h"

#define REPORT_MAX ((size_t)16 << 20)

static void report(const struct scvp_judgement *j)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(REPORT_MAX);
	struct jsonw w = jsonw_to(&out);
	scvp_judgement_json(j, &w);
	if (jsonw_end(&w, &err) != 0)
		abort();
	buf_clear(&out);
	if (scvp_judgement_text(j, &out, &err) != 0)
		abort();
	buf_free(&out);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	const struct scvp_expect x = { .now_ms = 1767225600000 };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct scvp_judgement *j = NULL;
	struct scvp_policy_judgement *p = NULL;
	if (scvp_judge(view_of(data, size), &x, &j, &err) != 0)
		return;
	if (j->trusted)
		abort();
	report(j);
	scvp_judgement_free(j);
	if (scvp_policy_judge(view_of(data, size), VIEW_NULL, &x, &p, &err) != 0)
		return;
	if (p->trusted)
		abort();
	scvp_policy_judgement_free(p);
}
