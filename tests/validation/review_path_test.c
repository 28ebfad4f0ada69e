/* SPDX-License-Identifier: Apache-2.0 */
/* What somebody would try who wants a path to be valid that is not, or the judge to
 * work without end. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "tests/support/chain_judge.h"
#include "tests/support/chain_kit.h"
#include "validation/material.h"
#include "validation/name.h"
#include "validation/path.h"

static struct kit *k;
static struct chain_judge j;

static void set_up(void)
{
	k = kit_new();
	chain_judge_reset(&j);
}

static void tear_down(void)
{
	cr_assert_eq(ERR_peek_error(), 0);
	kit_free(k);
}

TestSuite(review_path, .init = set_up, .fini = tear_down);

/* ---- names ---- */

/* A leaf below a CA that may not certify anything in a subtree. */
static void judge_excluded(const char *excluded, const char *subject)
{
	struct kit_options ca = { .subject = "CN=CA",
				  .ca = true,
				  .by = kit_ca(k, "CN=Root", NULL),
				  .extensions = {
				      kit_ext_name_constraints(k, NULL, excluded) } };
	const struct kit_cert *c = kit_cert(k, &ca);
	chain_judge_path(&j, 3, kit_leaf(k, subject, c), c, ca.by);
	chain_judge_run(&j);
}

/* RFC 5280 7.1, RFC 4518 2.2: no-break and other spaces are spaces. */
Test(review_path, excluded_name_with_another_space_is_still_excluded)
{
	judge_excluded("dir:O=Big Bank", "O=Big\xc2\xa0"
					 "Bank,CN=x");
	chain_judge_expect(&j, PATH_NAME_EXCLUDED, 0);
	judge_excluded("dir:O=Big Bank", "O=Big\xe2\x80\x83\xe3\x80\x80"
					 "Bank,CN=x");
	chain_judge_expect(&j, PATH_NAME_EXCLUDED, 0);
}

/* RFC 4518 2.2: a soft hyphen, a zero width space and a selector are nothing. */
Test(review_path, excluded_name_with_invisible_characters_is_still_excluded)
{
	judge_excluded("dir:O=Big Bank", "O=Big Ba\xc2\xadnk,CN=x");
	chain_judge_expect(&j, PATH_NAME_EXCLUDED, 0);
	judge_excluded("dir:O=Big Bank", "O=\xe2\x80\x8b"
					 "Big Bank\xef\xb8\x8f,CN=x");
	chain_judge_expect(&j, PATH_NAME_EXCLUDED, 0);
	judge_excluded("dir:O=Big Bank", "O=Big\xe2\x82\xac Bank,CN=x");
	chain_judge_expect(&j, PATH_OK, -1);
}

Test(review_path, invisible_characters_are_shown)
{
	char text[64];
	name_text(kit_name(k, "CN=Ba\xc2\xadnk\xef\xbf\xbc"), text, sizeof(text));
	cr_assert_str_eq(text, "CN=Ba\\c2\\adnk\\ef\\bf\\bc");
}

/* The host that people and browsers see is a.example. */
Test(review_path, uri_with_a_host_before_a_backslash_is_refused)
{
	static const char *const uris[] = {
		"uri:http://a.example\\@b.example/", "uri:http://a.example @b.example/",
		"uri:http://a.example@c.example@b.example"
	};
	for (size_t i = 0; i < sizeof(uris) / sizeof(uris[0]); i++) {
		struct kit_options ca = { .subject = "CN=CA",
					  .ca = true,
					  .by = kit_ca(k, "CN=Root", NULL),
					  .extensions = { kit_ext_name_constraints(
					      k, "uri:b.example", NULL) } };
		const struct kit_cert *c = kit_cert(k, &ca);
		struct kit_options leaf = { .by = c,
					    .extensions = { kit_ext_san(k, uris[i]) } };
		chain_judge_path(&j, 3, kit_cert(k, &leaf), c, ca.by);
		chain_judge_run(&j);
		chain_judge_expect(&j, PATH_NAME_NOT_PERMITTED, 0);
	}
}

/* ---- work ---- */

/* Work on large certificates is paid for: each path goes over all of their octets. */
Test(review_path, large_certificates_end_by_the_budget)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf names = buf_make(CERT_SIZE_MAX);
	struct kit_options ca = { .subject = "CN=CA", .ca = true };
	char one[40];
	for (unsigned i = 0; i < 9000; i++) {
		snprintf(one, sizeof(one), "%sdir:O=%u", i > 0 ? ";" : "", i);
		cr_assert_eq(buf_put(&names, view_text(one), &err), 0);
	}
	cr_assert_eq(buf_put_byte(&names, 0, &err), 0);
	ca.by = kit_ca(k, "CN=Root", NULL);
	ca.extensions[0] = kit_ext_name_constraints(k, NULL, (const char *)names.p);
	const struct kit_cert *c = kit_cert(k, &ca);
	cr_assert_not_null(c->cert);
	chain_judge_path(&j, 3, kit_leaf(k, "CN=x", c), c, ca.by);
	chain_judge_run(&j);
	chain_judge_expect(&j, PATH_OK, -1);
	j.in.budget.steps = 100;
	chain_judge_run(&j);
	chain_judge_expect(&j, PATH_BUDGET, -1);
	buf_free(&names);
}
