/* SPDX-License-Identifier: Apache-2.0 */
/* Which requests a browser may send without credentials. */
#include <criterion/criterion.h>

#include "server/page.h"

static struct view field(const char *text)
{
	return text != NULL ? view_text(text) : VIEW_NULL;
}

Test(page, addresses_and_localhost_need_not_be_known)
{
	static const struct {
		const char *host;
		const char *name; /* NULL: none */
	} cases[] = {
		{ NULL, NULL },
		{ "127.0.0.1", NULL },
		{ "127.0.0.1:8512", NULL },
		{ "192.0.2.7:80", NULL },
		{ "[::1]", NULL },
		{ "[::1]:8512", NULL },
		{ "localhost", NULL },
		{ "LocalHost:8512", NULL },
		{ "evil.example:8512", "evil.example" },
		{ "127.0.0.1.evil.example", "127.0.0.1.evil.example" },
		{ "localhost.evil.example", "localhost.evil.example" },
		{ "127.1", "127.1" },
		{ "[evil.example]", "[evil.example]" },
		{ "[::1", "[" },
		{ "[]", "[]" },
		{ "", "" },
		{ ":80", "" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct page_fields f = { .host = field(cases[i].host) };
		struct view name;
		cr_assert_eq(page_has_name(&f, &name), cases[i].name != NULL, "%zu", i);
		if (cases[i].name != NULL)
			cr_expect(view_is_text(name, cases[i].name), "%zu", i);
	}
	cr_expect(page_name_is(view_text("Archive.Example"), "archive.example"));
	cr_expect_not(page_name_is(view_text("archive.example"), "archive.example.org"));
}

Test(page, another_origin_or_site_is_foreign)
{
	static const struct {
		const char *host, *origin, *site;
		bool foreign;
	} cases[] = {
		{ "localhost:8512", NULL, NULL, false },
		{ "localhost:8512", "http://localhost:8512", "same-origin", false },
		{ "localhost:8512", "http://LOCALHOST:8512", NULL, false },
		{ "archive.example", "https://archive.example", NULL, false },
		{ "localhost:8512", NULL, "none", false },
		{ "localhost:8512", NULL, "same-origin", false },
		{ "localhost:8512", "http://evil.example:8512", NULL, true },
		{ "localhost:8512", "http://localhost:8513", NULL, true },
		{ "localhost:8512", "http://localhost", NULL, true },
		{ "localhost:8512", "http://localhost:85123", NULL, true },
		{ "localhost:8512", "null", NULL, true },
		{ "localhost:8512", "", NULL, true },
		{ "localhost:8512", "ftp://localhost:8512", NULL, true },
		{ NULL, "http://localhost:8512", NULL, true },
		{ NULL, "http://", NULL, true },
		{ "localhost:8512", "http://localhost:8512", "cross-site", true },
		{ "localhost:8512", NULL, "cross-site", true },
		{ "localhost:8512", NULL, "same-site", true },
		{ "localhost:8512", NULL, "", true },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct page_fields f = { .host = field(cases[i].host),
					       .origin = field(cases[i].origin),
					       .site = field(cases[i].site) };
		cr_expect_eq(page_foreign(&f) != NULL, cases[i].foreign, "%zu", i);
	}
}
