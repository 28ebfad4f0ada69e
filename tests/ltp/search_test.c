/* SPDX-License-Identifier: Apache-2.0 */
/* Search as its callers see it: what is told, what is seen, what is written down. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "ltp/inside.h"
#include "storage/search.h"
#include "tests/support/ltp_kit.h"

static struct ltp_kit k;
static struct ltp_found f;
static struct ltp_result r;

static void start(void)
{
	ltp_kit_start(&k, NULL);
	k.profile->operations |= 1u << OP_SEARCH;
}

static void end(void)
{
	ltp_found_clear(&f);
	ltp_kit_stop(&k);
}

TestSuite(search, .init = start, .fini = end);

static enum ltp_minor ask(const char *tenant, const char *filter)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct ltp_caller caller = { tenant, "tester" };
	ltp_found_clear(&f);
	cr_assert_eq(ltp_search(k.w, &caller, filter, &f, &r, &err), 0, "%s", err.text);
	return r.minor;
}

Test(search, not_offered_is_not_supported)
{
	k.profile->operations &= ~(1u << OP_SEARCH);
	cr_expect_eq(ask("", ""), LTP_NOT_SUPPORTED);
}

Test(search, bad_filter_is_told_where)
{
	char detail[256];
	cr_expect_eq(ask("", "mime = "), LTP_PARAMETER_ERROR);
	cr_expect_not_null(strstr(r.message, "character 8: expected a value"), "%s",
			   r.message);
	cr_expect_eq(ltp_kit_audited(&k, "Search", detail), 1);
	cr_expect_not_null(strstr(detail, "character 8"), "%s", detail);
	cr_expect_eq(ask("", "after nothing"), LTP_PARAMETER_ERROR);
	cr_expect_not_null(strstr(r.message, "no object has this POID"), "%s",
			   r.message);
}

Test(search, own_objects_are_found_page_by_page)
{
	char poids[3][64], filter[128], detail[256];
	for (unsigned i = 0; i < 3; i++)
		cr_assert_eq(ltp_kit_preserve_text(&k, "x", poids[i]), LTP_OK);
	cr_assert_eq(ask("", NULL), LTP_OK);
	cr_assert_eq(f.n, 3);
	cr_expect_str_empty(r.message);
	for (unsigned i = 0; i < 3; i++)
		cr_expect_str_eq(f.poids[i], poids[i]);
	cr_assert_eq(ask("", "mime = text/plain limit 2"), LTP_OK);
	cr_assert_eq(f.n, 2);
	cr_expect_not_null(strstr(r.message, poids[1]), "%s", r.message);
	snprintf(filter, sizeof(filter), "mime = text/plain after %s", poids[1]);
	cr_assert_eq(ask("", filter), LTP_OK);
	cr_assert_eq(f.n, 1);
	cr_expect_str_eq(f.poids[0], poids[2]);
	ltp_kit_audited(&k, "Search", detail);
	cr_expect_not_null(strstr(detail, "1 found: mime = text/plain after"), "%s",
			   detail);
	cr_expect_eq(ask("other", ""), LTP_OK);
	cr_expect_eq(f.n, 0);
}

Test(search, long_filters_are_written_down_in_whole_characters)
{
	static char filter[LTP_FILTER_MAX + 1];
	char detail[256];
	for (unsigned shift = 0; shift < 3; shift++) {
		memset(filter, 0, sizeof(filter));
		strcpy(filter, "id = \"");
		strncat(filter, "xx", shift);
		while (strlen(filter) + 4 < LTP_FILTER_MAX)
			strcat(filter, "€");
		strcat(filter, "\"");
		cr_expect_eq(ask("", filter), LTP_OK, "%s", r.message);
	}
	cr_expect_eq(ltp_kit_audited(&k, "Search", detail), 3);
}
