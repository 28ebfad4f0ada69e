/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include "ltp/allowance.h"

#define NOW_MS ((int64_t)1700000000000)

static struct allowance a;

static void begin(void)
{
	allowance_init(&a, 3, 100);
}
static void end(void)
{
	allowance_end(&a);
}
TestSuite(ltp_allowance, .init = begin, .fini = end);

Test(ltp_allowance, objects_and_octets_are_limited_each)
{
	cr_assert(allowance_take(&a, 1, NOW_MS));
	cr_assert_not(allowance_take(&a, 100, NOW_MS), "octets");
	cr_assert_not(allowance_take(&a, SIZE_MAX, NOW_MS), "octets");
	cr_assert(allowance_take(&a, 99, NOW_MS), "a refusal costs nothing");
	cr_assert(allowance_take(&a, 0, NOW_MS));
	cr_assert_not(allowance_take(&a, 0, NOW_MS), "objects");
}

Test(ltp_allowance, next_hour_is_a_new_one)
{
	cr_assert(allowance_take(&a, 100, NOW_MS));
	cr_assert_not(allowance_take(&a, 100, NOW_MS + ALLOWANCE_MS));
	cr_assert(allowance_take(&a, 100, NOW_MS + ALLOWANCE_MS + 1));
	cr_assert(allowance_take(&a, 100, NOW_MS), "the clock went back");
}

Test(ltp_allowance, nothing_given_is_the_default)
{
	struct allowance d;
	allowance_init(&d, 0, 0);
	cr_assert(allowance_take(&d, ALLOWANCE_OCTETS, NOW_MS));
	cr_assert_not(allowance_take(&d, 1, NOW_MS));
	allowance_end(&d);
}
