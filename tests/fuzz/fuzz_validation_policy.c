/* SPDX-License-Identifier: Apache-2.0 */
/* Any bytes are a validation policy, which can be shown and read again, or an error. */
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"
#include "validation/validation_policy.h"

/* Nothing that ends in FAILED was lowered. */
static void check(const struct validation_policy *p)
{
	for (int x = 0; x < CONTEXT_COUNT; x++)
		for (int c = 0; c < CONSTRAINT_COUNT; c++)
			if (!constraint_may_be_lowered((enum constraint)c) &&
			    p->rules[x][c].level != CONSTRAINT_FAIL)
				abort();
	if (p->id == NULL || p->suite == NULL || p->suite_name == NULL)
		abort();
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct validation_policy *p = NULL, *again = NULL;
	struct buf text = buf_make(VALIDATION_POLICY_TEXT_MAX);
	if (validation_policy_parse(view_of(data, size), "fuzz", NULL, &p, &err) != 0)
		return;
	check(p);
	if (validation_policy_text(p, &text, &err) != 0)
		abort();
	/* A suite of the policy's own has no name by which it is found again. */
	if (strcmp(p->suite_name, "default") == 0 &&
	    validation_policy_parse(view_buf(&text), "again", NULL, &again, &err) != 0)
		abort();
	buf_clear(&text);
	if (validation_policy_json(p, &text, &err) != 0)
		abort();
	validation_policy_free(p);
	validation_policy_free(again);
	buf_free(&text);
}
