/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "server/config.h"

static struct ltps_error err;

static int parse(const char *text, struct config *c)
{
	err = (struct ltps_error)LTPS_ERROR_INIT;
	return config_parse(view_text(text), "t.conf", "/etc/x", c, &err);
}

Test(config_scvp, bad_values_are_refused)
{
	static const char *const cases[] = {
		"[scvp]\ncertificate = a\nunknown = b\n",
		"[scvp]\ncertificate = a\nhash = md5\n",
		"[scvp]\ncertificate = a\nrefuse = everything\n",
		"[scvp]\ncertificate = a\nrequire_authentication = true\n",
		"[scvp]\ncertificate = a\nclock_skew = 1s\n",
		"[scvp]\ncertificate = a\nfetch = maybe\n",
		("[scvp]\ncertificate = a\nname = 1\nname = 2\nname = 3\nname = 4\n"
		 "name = 5\nname = 6\nname = 7\nname = 8\nname = 9\n"),
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[512];
		struct config c;
		snprintf(text, sizeof(text), "[service]\ndir = a\n%s", cases[i]);
		cr_expect_eq(parse(text, &c), -1, "%zu", i);
		cr_expect_eq(err.fault, LTPS_FAULT_CALLER, "%zu", i);
	}
}

Test(config_scvp, without_a_certificate_there_is_no_service)
{
	struct config c;
	cr_assert_eq(parse("[service]\ndir = a\n", &c), 0, "%s", err.text);
	cr_expect_null(c.scvp.certificate);
	config_clear(&c);
	cr_assert_eq(parse("[service]\ndir = a\n[scvp]\n", &c), 0, "%s", err.text);
	cr_expect_null(c.scvp.certificate);
	config_clear(&c);
}

Test(config_scvp, defaults_and_values_are_read)
{
	struct config c;
	cr_assert_eq(parse("[service]\ndir = a\n[scvp]\ncertificate = c.p12\n", &c), 0,
		     "%s", err.text);
	cr_expect_str_eq(c.scvp.certificate, "/etc/x/c.p12");
	cr_expect_null(c.scvp.key);
	cr_expect_null(c.scvp.hindsight_policy);
	cr_expect_eq(c.scvp.hash, DIGEST_SHA256);
	cr_expect(c.scvp.fetch && c.scvp.client_status);
	cr_expect_not(c.scvp.require_authentication);
	cr_expect_eq(c.scvp.refused, 0);
	cr_expect_eq(c.scvp.cache_ms, 60000);
	cr_expect_eq(c.scvp.policy_cache_ms, 3600000);
	cr_expect_eq(c.scvp.clock_skew_min, 10);
	config_clear(&c);
	cr_assert_eq(parse("[service]\ndir = a\n"
			   "[trust]\nmaterial = m.pem\n"
			   "[scvp]\ncertificate = c.pem\nkey = /k.pem\n"
			   "clients = cl.pem\nrequire_authentication = true\n"
			   "client_status = false\nname = a.example\nname = b.example\n"
			   "hindsight_policy = 1.2.3\nhash = sha1\nfetch = false\n"
			   "refuse = full_request\nrefuse = default_policy\n"
			   "cache = 0s\npolicy_cache = 0s\nclock_skew = 5m\n",
			   &c),
		     0, "%s", err.text);
	cr_expect_str_eq(c.material[0], "/etc/x/m.pem");
	cr_expect_str_eq(c.scvp.key, "/k.pem");
	cr_expect_eq(c.scvp.n_clients, 1);
	cr_expect_eq(c.scvp.n_names, 2);
	cr_expect_str_eq(c.scvp.names[1], "b.example");
	cr_expect_eq(c.scvp.hash, DIGEST_SHA1);
	cr_expect_eq(c.scvp.refused,
		     SCVP_REFUSE_FULL_REQUEST | SCVP_REFUSE_DEFAULT_POLICY);
	cr_expect_eq(c.scvp.cache_ms, 0);
	cr_expect_eq(c.scvp.clock_skew_min, 5);
	config_clear(&c);
}
