/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "server/query_names.h"

static const char *const names[] = { "time", "policy", NULL };

static int check(const char *raw, struct ltps_error *err)
{
	*err = (struct ltps_error)LTPS_ERROR_INIT;
	return query_names_check(view_text(raw), names, err);
}

Test(query_names, what_would_be_passed_over_is_refused)
{
	static const struct {
		const char *raw, *says;
	} cases[] = {
		{ "time", "no value" },        { "tim=1", "not known" },
		{ "times=1", "not known" },    { "=1", "not known" },
		{ "%74ime=1", "not known" },   { "time=1&time=2", "twice" },
		{ "time=1&x=2", "not known" }, { "policy=a&&policy=a", "twice" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ltps_error err;
		cr_expect_eq(check(cases[i].raw, &err), -1, "%s", cases[i].raw);
		cr_expect_eq(err.code, LTPS_ARGUMENT);
		cr_expect_eq(err.fault, LTPS_FAULT_CALLER);
		cr_expect_not_null(strstr(err.text, cases[i].says), "%s: %s",
				   cases[i].raw, err.text);
	}
}

Test(query_names, known_ones_are_taken_once_each)
{
	static const char *const good[] = { "",          "&",
					    "time=",     "time=1&policy=a=b",
					    "policy=x&", "time=%20" };
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct ltps_error err;
		cr_expect_eq(check(good[i], &err), 0, "%s: %s", good[i], err.text);
	}
}
