/* SPDX-License-Identifier: Apache-2.0 */
/* [validation] and [seal] of ltps.conf. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "server/config.h"

static struct ltps_error err;

static int parse(const char *text, struct config *c)
{
	char whole[1000];
	err = (struct ltps_error)LTPS_ERROR_INIT;
	snprintf(whole, sizeof(whole), "[service]\ndir = a\n%s", text);
	return config_parse(view_text(whole), "t.conf", "/etc/x", c, &err);
}

Test(config_keys, bad_values_are_refused)
{
	static const char *const cases[] = {
		"[validation]\nunknown = b\n",         "[validation]\nfetch = maybe\n",
		"[validation]\ncertificate = c.pem\n", /* without a key */
		"[validation]\npassword_file = p\n",   "[validation]\nmodule = m.so\n",
		"[seal]\ncertificate = c.pem\n",       "[seal]\npolicy = default\n",
		"[seal]\nkey = a\nkey = b\n",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config c;
		cr_expect_eq(parse(cases[i], &c), -1, "%zu", i);
		cr_expect_eq(err.fault, LTPS_FAULT_CALLER, "%zu", i);
	}
}

Test(config_keys, without_a_key_nothing_is_signed)
{
	struct config c;
	cr_assert_eq(parse("", &c), 0, "%s", err.text);
	cr_expect_null(c.validation.key.key);
	cr_expect_null(c.validation.policy);
	cr_expect(c.validation.fetch);
	cr_expect_null(c.seal.key);
	config_clear(&c);
}

Test(config_keys, paths_start_at_the_files_folder)
{
	struct config c;
	cr_assert_eq(parse("[validation]\nkey = k.pem\ncertificate = /c.pem\n"
			   "password_file = p\nmodule = m.so\npolicy = strict\n"
			   "fetch = false\n[seal]\nkey = s.p12\n",
			   &c),
		     0, "%s", err.text);
	cr_expect_str_eq(c.validation.key.key, "/etc/x/k.pem");
	cr_expect_str_eq(c.validation.key.certificate, "/c.pem");
	cr_expect_str_eq(c.validation.key.password_file, "/etc/x/p");
	cr_expect_str_eq(c.validation.key.module, "/etc/x/m.so");
	cr_expect_str_eq(c.validation.policy, "strict");
	cr_expect_not(c.validation.fetch);
	cr_expect_str_eq(c.seal.key, "/etc/x/s.p12");
	cr_expect_null(c.seal.certificate);
	config_clear(&c);
}

Test(config_keys, the_uri_of_a_token_is_no_path)
{
	struct config c;
	cr_assert_eq(parse("[seal]\nkey = pkcs11:token=a;object=b\n", &c), 0, "%s",
		     err.text);
	cr_expect_str_eq(c.seal.key, "pkcs11:token=a;object=b");
	config_clear(&c);
}
