/* SPDX-License-Identifier: Apache-2.0 */
/* Buckets of rates, and the table of rights. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "server/rate.h"
#include "server/rights.h"

static struct ltps_error err;

static struct rate *make(void)
{
	struct rate *r;
	err = (struct ltps_error)LTPS_ERROR_INIT;
	cr_assert_eq(rate_new(&r, &err), 0);
	return r;
}

static const struct rate_rule two_a_second = { .per_minute = 120, .burst = 3 };

Test(rate, beyond_the_burst_is_refused_with_the_time_to_wait)
{
	struct rate *r = make();
	const struct view key = view_text("a");
	for (int i = 0; i < 3; i++)
		cr_assert_eq(rate_take(r, key, two_a_second, 1000), 0);
	cr_assert_eq(rate_take(r, key, two_a_second, 1000), 500);
	cr_assert_eq(rate_take(r, key, two_a_second, 1499), 1);
	/* What was refused took nothing. */
	cr_assert_eq(rate_take(r, key, two_a_second, 1500), 0);
	cr_assert_eq(rate_take(r, key, two_a_second, 1500), 500);
	rate_free(r);
}

Test(rate, pause_fills_no_more_than_the_burst)
{
	struct rate *r = make();
	const struct view key = view_text("a");
	cr_assert_eq(rate_take(r, key, two_a_second, 0), 0);
	for (int i = 0; i < 3; i++)
		cr_assert_eq(rate_take(r, key, two_a_second, INT64_MAX / 2), 0);
	cr_assert_gt(rate_take(r, key, two_a_second, INT64_MAX / 2), 0);
	/* A clock that goes back gives nothing. */
	cr_assert_gt(rate_take(r, key, two_a_second, 0), 0);
	rate_free(r);
}

Test(rate, keys_do_not_share_and_looking_takes_nothing)
{
	struct rate *r = make();
	const struct rate_rule one = { .per_minute = 1, .burst = 1 };
	cr_assert_eq(rate_take(r, view_text("a"), one, 0), 0);
	for (int i = 0; i < 5; i++)
		cr_assert_eq(rate_look(r, view_text("b"), one, 0), 0);
	cr_assert_eq(rate_take(r, view_text("b"), one, 0), 0);
	cr_assert_eq(rate_look(r, view_text("b"), one, 0), 60000);
	cr_assert_eq(rate_look(r, view_text("a"), one, 0), 60000);
	cr_assert_eq(rate_take(r, VIEW_NULL, one, 0), 0);
	rate_free(r);
}

Test(rate, many_keys_leave_the_busy_ones)
{
	struct rate *r = make();
	const struct rate_rule one = { .per_minute = 1, .burst = 1 };
	char key[32];
	for (int i = 0; i < 4 * RATE_BUCKETS; i++) {
		snprintf(key, sizeof(key), "%d", i);
		cr_assert_eq(rate_take(r, view_text(key), one, i), 0);
	}
	cr_assert_gt(rate_look(r, view_text(key), one, 4 * RATE_BUCKETS), 0);
	rate_free(r);
}

Test(rights, unknown_route_is_nobodys)
{
	static const char *const routes[] = {
		"",      "/pres",        "/pres/",    "/pres/Other", "/Ready",
		"/link", "/metrics/all", "/links/99", "/uis"
	};
	for (size_t i = 0; i < sizeof(routes) / sizeof(routes[0]); i++)
		cr_expect_eq(rights_of(routes[i]), 0, "%s", routes[i]);
}

Test(rights, operator_sees_no_object_and_auditor_changes_none)
{
	static const char *const objects[] = { "/pres/RetrievePO",
					       "/pres/RetrieveTrace", "/pres/Search",
					       "/pres/ValidateEvidence", "/links" };
	static const char *const changes[] = { "/pres/PreservePO", "/pres/UpdatePOC",
					       "/pres/DeletePO", "/links", "/links/*" };
	for (size_t i = 0; i < sizeof(objects) / sizeof(objects[0]); i++)
		cr_expect_eq(rights_of(objects[i]) & ROLE_OPERATOR, 0, "%s",
			     objects[i]);
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++)
		cr_expect_eq(rights_of(changes[i]), ROLE_SUBMITTER, "%s", changes[i]);
}

Test(rights, each_route_stands_once_and_means_somebody)
{
	const char *a, *b;
	for (size_t i = 0; (a = rights_route(i)) != NULL; i++) {
		cr_expect_neq(rights_of(a), 0, "%s", a);
		for (size_t k = 0; (b = rights_route(k)) != NULL; k++)
			cr_expect(i == k || strcmp(a, b) != 0, "%s", a);
	}
}

Test(rights, roles_have_names)
{
	char text[ROLES_TEXT_MAX];
	cr_assert_eq(role_parse("Submitter"), 0);
	cr_assert_eq(role_parse(""), 0);
	cr_assert_eq(role_parse("submitter") | role_parse("auditor") |
			 role_parse("operator"),
		     ROLE_ALL);
	roles_text(ROLE_ALL, text);
	cr_assert_str_eq(text, "submitter,auditor,operator");
	roles_text(0, text);
	cr_assert_str_eq(text, "");
}
