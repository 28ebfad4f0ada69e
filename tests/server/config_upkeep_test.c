/* SPDX-License-Identifier: Apache-2.0 */
/* [upkeep] of ltps.conf. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "server/config.h"

static struct ltps_error err;

static int parse(const char *dir, const char *upkeep, struct config *c)
{
	char whole[1000];
	err = (struct ltps_error)LTPS_ERROR_INIT;
	snprintf(whole, sizeof(whole), "[service]\ndir = %s\n[upkeep]\n%s\n", dir,
		 upkeep);
	return config_parse(view_text(whole), "t.conf", "/etc/x", c, &err);
}

Test(config_upkeep, bad_values_are_named_with_file_and_line)
{
	static const char *const cases[] = {
		"margin = 59m",
		"margin = 3661d",
		"margin = soon",
		"watch = 59s",
		"watch = 31d",
		"revalidate = 59m",
		"notice = 1",
		"fixity = 59m",
		"fixity_rate = 1",
		"renewal_rate = -1K",
		"threads = 0",
		"threads = 257",
		"copies = a\ncopies = b",
		"unknown = 1",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config c;
		cr_assert_eq(parse("a", cases[i], &c), -1, "%s", cases[i]);
		cr_expect_eq(err.fault, LTPS_FAULT_CALLER, "%s", cases[i]);
		cr_expect(strstr(err.text, "t.conf:4") != NULL ||
			      strstr(err.text, "t.conf:5") != NULL,
			  "%s: %s", cases[i], err.text);
	}
}

Test(config_upkeep, copies_in_the_stores_folder_are_refused)
{
	static const struct {
		const char *dir, *copies;
	} cases[] = {
		{ "a", "a" },   { "a", "a/" },           { "a", "./a" },
		{ "a", "a/b" }, { "a/", "a//b/./c" },    { "a", "/etc/x/a" },
		{ "/s", "/s" }, { "/s/t", "//s/./t/u" }, { "/etc/x", "b" },
		{ "./", "b" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config c;
		char line[100];
		snprintf(line, sizeof(line), "margin = 1h\ncopies = %s",
			 cases[i].copies);
		cr_assert_eq(parse(cases[i].dir, line, &c), -1, "%s", cases[i].copies);
		cr_expect_not_null(strstr(err.text, "t.conf:5: [upkeep] copies"), "%s",
				   err.text);
	}
}

/* What ".." leads to, whoever opens it sees. */
Test(config_upkeep, copies_elsewhere_are_taken)
{
	static const char *const cases[] = { "ab", "b", "/a", "/etc/x/a2", "a/../b" };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config c;
		char line[100];
		snprintf(line, sizeof(line), "copies = %s", cases[i]);
		cr_assert_eq(parse("a", line, &c), 0, "%s: %s", cases[i], err.text);
		config_clear(&c);
	}
}

Test(config_upkeep, a_policy_with_a_dot_or_a_slash_is_a_file)
{
	static const struct {
		const char *line, *policy;
	} cases[] = {
		{ "policy = strict", "strict" },
		{ "policy = own.conf", "/etc/x/own.conf" },
		{ "policy = p/own", "/etc/x/p/own" },
		{ "policy = /p/own.conf", "/p/own.conf" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config c;
		cr_assert_eq(parse("a", cases[i].line, &c), 0, "%s", err.text);
		cr_expect_str_eq(c.upkeep.policy, cases[i].policy);
		cr_expect_str_eq(c.name, "t.conf");
		config_clear(&c);
	}
}

Test(config_upkeep, values_are_read)
{
	struct config c;
	cr_assert_eq(parse("a",
			   "margin = 30d\nwatch = 2h\nrevalidate = 10d\nnotice = 5d\n"
			   "fixity = 60d\nfixity_rate = 2M\nrenewal_rate = 3M\n"
			   "threads = 4\ncopies = c",
			   &c),
		     0, "%s", err.text);
	const struct ltp_upkeep_options *o = &c.upkeep.options;
	const int64_t day_ms = 86400000;
	cr_expect_eq(o->margin_ms, 30 * day_ms);
	cr_expect_eq(o->watch_ms, 7200000);
	cr_expect_eq(o->rhythm_ms, 10 * day_ms);
	cr_expect_eq(o->notice_ms, 5 * day_ms);
	cr_expect_eq(o->fixity_ms, 60 * day_ms);
	cr_expect_eq(o->fixity_rate, 2u << 20);
	cr_expect_eq(o->renewal_rate, 3u << 20);
	cr_expect_eq(o->threads, 4);
	cr_expect_str_eq(o->copies, "/etc/x/c");
	cr_expect_null(c.upkeep.policy);
	config_clear(&c);
}
