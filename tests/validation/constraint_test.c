/* SPDX-License-Identifier: Apache-2.0 */
/* The list of constraints is closed and whole. */
#include <criterion/criterion.h>
#include <string.h>

#include "validation/constraint.h"

Test(constraint, name_when_none_is_none)
{
	cr_expect_eq(constraint_from_name(view_text("")), CONSTRAINT_COUNT);
	cr_expect_eq(constraint_from_name(view_text("Format")), CONSTRAINT_COUNT);
	cr_expect_eq(constraint_from_name(view_text("formats")), CONSTRAINT_COUNT);
	cr_expect_str_eq(constraint_name(CONSTRAINT_COUNT), "?");
	cr_expect_not(constraint_may_be_lowered(CONSTRAINT_COUNT));
	cr_expect_not(constraint_applies(CONSTRAINT_COUNT, CONTEXT_SIGNATURE));
	cr_expect_not(constraint_applies(CONSTRAINT_CRYPTO, CONTEXT_COUNT));
}

Test(constraint, every_row_is_filled)
{
	for (int c = 0; c < CONSTRAINT_COUNT; c++) {
		const enum constraint k = (enum constraint)c;
		bool anywhere = false;
		cr_assert_not_null(constraint_name(k), "%d", c);
		cr_expect_eq(constraint_from_name(view_text(constraint_name(k))), k);
		cr_expect_gt(strlen(constraint_clause(k)), 2);
		for (int x = 0; x < CONTEXT_COUNT; x++)
			anywhere |= constraint_applies(k, (enum constraint_context)x);
		cr_expect(anywhere, "%s", constraint_name(k));
	}
}

/* EN 319 102-1 table 5: what FAILED rests on, and the signing certificate without
 * which nothing is verified. */
Test(constraint, what_ends_in_failed_is_fixed_at_fail)
{
	for (int c = 0; c < CONSTRAINT_COUNT; c++) {
		const enum constraint k = (enum constraint)c;
		const bool fixed = c <= CONSTRAINT_SIGNING_CERTIFICATE;
		cr_expect_eq(constraint_may_be_lowered(k), !fixed, "%s",
			     constraint_name(k));
		for (int x = 0; fixed && x < CONTEXT_COUNT; x++) {
			cr_expect(constraint_applies(k, (enum constraint_context)x));
			cr_expect_eq(
			    constraint_default_level(k, (enum constraint_context)x),
			    CONSTRAINT_FAIL);
		}
	}
}

Test(constraint, level_names_are_read_back)
{
	enum constraint_level l;
	cr_expect_not(constraint_level_from_name(view_text("fail"), &l));
	cr_expect_not(constraint_level_from_name(VIEW_NULL, &l));
	for (int i = CONSTRAINT_FAIL; i <= CONSTRAINT_IGNORE; i++) {
		cr_assert(constraint_level_from_name(
		    view_text(constraint_level_name((enum constraint_level)i)), &l));
		cr_expect_eq((int)l, i);
	}
}

Test(constraint, what_has_no_meaning_in_a_context_is_not_asked_there)
{
	cr_expect_not(constraint_applies(CONSTRAINT_TSA_NAME, CONTEXT_SIGNATURE));
	cr_expect_not(constraint_applies(CONSTRAINT_LEVEL, CONTEXT_TIME_STAMP));
	/* RFC 5652 11.4 */
	cr_expect_not(
	    constraint_applies(CONSTRAINT_CONTENT_TYPE, CONTEXT_COUNTERSIGNATURE));
	cr_expect_eq(constraint_default_level(CONSTRAINT_TSA_NAME, CONTEXT_SIGNATURE),
		     CONSTRAINT_IGNORE);
}
