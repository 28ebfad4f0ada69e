/* SPDX-License-Identifier: Apache-2.0 */
/* [notify NAME] of ltps.conf. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "server/config.h"

static struct ltps_error err;

static int parse(const char *text, struct config *c)
{
	static char whole[4000];
	err = (struct ltps_error)LTPS_ERROR_INIT;
	snprintf(whole, sizeof(whole), "[service]\ndir = a\n%s", text);
	return config_parse(view_text(whole), "t.conf", "/etc/x", c, &err);
}

Test(config_notify, bad_values_are_refused_with_their_line)
{
	static const struct {
		const char *text;
		const char *line;
	} cases[] = {
		{ "[notify a]\nsecret_file = s\n", "t.conf:3" },
		{ "[notify a]\nurl = http://x/\n", "t.conf:3" },
		{ "[notify a]\nurl = ftp://x/\nsecret_file = s\n", "t.conf:4" },
		{ "[notify a b]\nurl = http://x/\nsecret_file = s\n", "t.conf:" },
		{ "[notify a/b]\nurl = http://x/\nsecret_file = s\n", "t.conf:4" },
		{ "[notify a]\nurl = http://x/\nsecret_file = s\nevent = all\n",
		  "t.conf:6" },
		{ "[notify a]\nurl = http://x/\nsecret_file = s\ntimeout = 2h\n",
		  "t.conf:6" },
		{ "[notify a]\nurl = http://x/\nsecret_file = s\ngive_up = 1s\n",
		  "t.conf:6" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config c;
		cr_assert_eq(parse(cases[i].text, &c), -1, "%zu", i);
		cr_expect_not_null(strstr(err.text, cases[i].line), "%zu %s", i,
				   err.text);
	}
}

Test(config_notify, more_than_there_may_be_are_refused)
{
	char text[3000] = "";
	struct config c;
	for (int i = 0; i <= NOTIFY_HOOKS_MAX; i++) {
		const size_t n = strlen(text);
		snprintf(text + n, sizeof(text) - n,
			 "[notify h%d]\nurl = http://x/\nsecret_file = s\n", i);
	}
	cr_assert_eq(parse(text, &c), -1);
	cr_expect_not_null(strstr(err.text, "too many"), "%s", err.text);
}

Test(config_notify, unset_values_have_their_defaults)
{
	struct config c;
	cr_assert_eq(parse("[fetch]\nallow_private = true\n[notify ops]\n"
			   "url = https://x/\nsecret_file = s\n",
			   &c),
		     0, "%s", err.text);
	cr_assert_eq(c.n_notify, 1);
	cr_expect_str_eq(c.notify[0].name, "ops");
	cr_expect_str_eq(c.notify[0].secret_file, "/etc/x/s");
	cr_expect_eq(c.notify[0].kinds, NOTIFY_ALL);
	cr_expect_eq(c.notify[0].give_up_ms, 7 * 86400000);
	cr_expect_eq(c.notify[0].timeout_ms, 10000);
	cr_expect(c.notify[0].allow_private);
	cr_expect_not(c.notify[0].allow_loopback);
	config_clear(&c);
}

Test(config_notify, set_values_are_taken)
{
	struct config c;
	cr_assert_eq(parse("[notify a]\nurl = http://x/\nsecret_file = /s\n"
			   "event = alarm\nevent = damage\ngive_up = 1d\n"
			   "timeout = 2s\nallow_loopback = true\n",
			   &c),
		     0, "%s", err.text);
	cr_expect_eq(c.notify[0].kinds, NOTIFY_ALARM | NOTIFY_DAMAGE);
	cr_expect_eq(c.notify[0].give_up_ms, 86400000);
	cr_expect_eq(c.notify[0].timeout_ms, 2000);
	cr_expect(c.notify[0].allow_loopback);
	config_clear(&c);
}
