/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are a suite of algorithms, which can be asked, or an error. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "tests/fuzz/fuzz.h"
#include "validation/algorithm_suite.h"

/* Whatever was accepted is whole. */
static void check(const struct algorithm_suite *s)
{
	const struct suite_value bits = { "moduluslength", 2048 };
	if (s->name == NULL || s->publisher == NULL || s->n_algorithms == 0)
		abort();
	for (size_t i = 0; i < s->n_algorithms; i++) {
		const struct suite_algorithm *a = &s->algorithms[i];
		if (a->name == NULL || a->n_oids == 0 || a->n_evaluations == 0)
			abort();
		if (algorithm_suite_ask(s, a->oids[0], &bits, 1, 0) == SUITE_UNKNOWN)
			abort();
	}
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct algorithm_suite *s = NULL;
	struct algorithm_limit *limits = NULL;
	size_t n = 0;
	if (algorithm_suite_parse(view_of(data, size), &s, &err) != 0)
		return;
	check(s);
	if (algorithm_suite_limits(s, &limits, &n, &err) == 0) {
		const struct algorithm_policy p = { limits, n };
		(void)algorithm_policy_digest_until(&p, DIGEST_SHA256);
	}
	mem_free(limits);
	algorithm_suite_free(s);
}
