/* SPDX-License-Identifier: Apache-2.0 */
/* [trusted_list NAME] of ltps.conf. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "server/config.h"

static struct ltps_error err;

static int parse(const char *text, struct config *c)
{
	static char whole[8000];
	err = (struct ltps_error)LTPS_ERROR_INIT;
	snprintf(whole, sizeof(whole), "[service]\ndir = a\n%s", text);
	return config_parse(view_text(whole), "t.conf", "/etc/x", c, &err);
}

#define LIST "[trusted_list a]\nurl = http://x/\nsigners = s.pem\n"

Test(config_lists, bad_values_are_refused_with_their_line)
{
	static const struct {
		const char *text;
		const char *line;
		const char *word;
	} cases[] = {
		{ "[trusted_list a]\nurl = http://x/\n", "t.conf:3", "signers" },
		{ "[trusted_list a]\nsigners = s.pem\n", "t.conf:4", "url, or a file" },
		{ LIST "file = f\n", "t.conf:", "url, or a file" },
		{ "[trusted_list a]\nurl = ftp://x/\nsigners = s.pem\n", "t.conf:4",
		  "http" },
		{ "[trusted_list a/b]\nurl = http://x/\nsigners = s.pem\n", "t.conf:5",
		  "name" },
		{ LIST "territory = RO\n", "t.conf:6", "lists = yes" },
		{ LIST "announcement = http://y/\n", "t.conf:6", "lists = yes" },
		{ LIST "lists = true\nterritory = R/O\n", "t.conf:7", "code" },
		{ LIST "lists = true\nterritory = RO\nterritory = RO\n", "t.conf:8",
		  "twice" },
		{ LIST "service = none\nservice = CA/QC\n", "t.conf:6", "alone" },
		{ LIST "refresh = 10ms\n", "t.conf:6", "refresh" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config c;
		cr_assert_eq(parse(cases[i].text, &c), -1, "%zu", i);
		cr_expect_not_null(strstr(err.text, cases[i].line), "%zu %s", i,
				   err.text);
		cr_expect_not_null(strstr(err.text, cases[i].word), "%zu %s", i,
				   err.text);
	}
}

Test(config_lists, more_than_there_may_be_are_refused)
{
	char text[6000] = "";
	struct config c;
	for (int i = 0; i <= TRUSTED_LISTS_MAX; i++) {
		const size_t n = strlen(text);
		snprintf(text + n, sizeof(text) - n,
			 "[trusted_list l%d]\nurl = http://x/\nsigners = s\n", i);
	}
	cr_assert_eq(parse(text, &c), -1);
	cr_expect_not_null(strstr(err.text, "too many"), "%s", err.text);
}

/* Nothing is taken that is not named, but the two types where none is. */
Test(config_lists, unset_values_have_their_defaults)
{
	struct config c;
	cr_assert_eq(parse(LIST, &c), 0, "%s", err.text);
	cr_assert_eq(c.n_trusted_lists, 1);
	const struct config_trusted_list *l = &c.trusted_lists[0];
	cr_expect_str_eq(l->signers[0], "/etc/x/s.pem");
	cr_expect_not(l->lists);
	cr_expect_null(l->announcement);
	cr_expect_eq(l->n_territories, 0);
	cr_assert_eq(l->n_services, 2);
	cr_expect_str_eq(l->services[0], "CA/QC");
	cr_expect_str_eq(l->services[1], "TSA/QTST");
	cr_expect_eq(l->refresh_ms, 6 * 3600000);
	config_clear(&c);
}

Test(config_lists, set_values_are_taken)
{
	struct config c;
	cr_assert_eq(parse("[trusted_list EU]\nfile = l.xml\nsigners = s\nsigners = /t\n"
			   "lists = true\nannouncement = http://oj/\nterritory = RO\n"
			   "territory = AT\nservice = none\nrefresh = 1d\n",
			   &c),
		     0, "%s", err.text);
	const struct config_trusted_list *l = &c.trusted_lists[0];
	cr_expect_str_eq(l->file, "/etc/x/l.xml");
	cr_expect_null(l->url);
	cr_expect_eq(l->n_signers, 2);
	cr_expect(l->lists);
	cr_expect_eq(l->n_territories, 2);
	cr_expect_eq(l->n_services, 0);
	cr_expect_eq(l->refresh_ms, 86400000);
	config_clear(&c);
}
