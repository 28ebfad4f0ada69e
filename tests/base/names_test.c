/* SPDX-License-Identifier: Apache-2.0 */
#include "base/names.h"

#include <criterion/criterion.h>

Test(names, each_is_found_and_no_other)
{
	struct named names[] = { { "po-2", 0 }, { "b", 1 }, { "", 2 }, { "a", 3 } };
	const size_t n = sizeof(names) / sizeof(names[0]);
	names_sort(names, n);
	cr_expect_eq(names[names_find(names, n, "po-2")].i, 0);
	cr_expect_eq(names[names_find(names, n, "b")].i, 1);
	cr_expect_eq(names[names_find(names, n, "")].i, 2);
	cr_expect_eq(names[names_find(names, n, "a")].i, 3);
	cr_expect_eq(names_find(names, n, "aa"), n);
	cr_expect_eq(names_find(names, n, "po-20"), n);
	cr_expect_eq(names_find(names, n, "~"), n);
}

Test(names, the_first_of_equal_ones_is_found_and_the_others_follow)
{
	struct named names[] = { { "b", 4 }, { "a", 1 }, { "b", 2 }, { "c", 0 } };
	names_sort(names, 4);
	const size_t at = names_find(names, 4, "b");
	cr_assert_eq(at, 1);
	cr_expect_eq(names[at].i, 2);
	cr_expect_eq(names[at + 1].i, 4);
}

Test(names, among_none_nothing_is_found)
{
	names_sort(NULL, 0);
	cr_expect_eq(names_find(NULL, 0, "a"), 0);
}
