/* SPDX-License-Identifier: Apache-2.0 */
/* [tls], [auth], [client], [tenant] of ltps.conf. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "server/config.h"
#include "server/rights.h"

#define TLS "[tls]\ncertificate = c.pem\nkey = k.pem\n"
#define CLIENTS TLS "client_ca = ca.pem\n"
#define PRINT                                                                          \
	"00:01:02:03:04:05:06:07:08:09:0a:0B:0c:0d:0e:0f:10:11:12:13:14:15:16:17:18:"  \
	"19:1a:1b:1c:1d:1e:FF"

static struct ltps_error err;

static int parse(const char *listen, const char *rest, struct config *c)
{
	char whole[2000];
	err = (struct ltps_error)LTPS_ERROR_INIT;
	snprintf(whole, sizeof(whole), "[service]\ndir = d\nlisten = %s\n%s", listen,
		 rest);
	return config_parse(view_text(whole), "t.conf", "/etc/x", c, &err);
}

Test(config_auth, open_listener_is_refused_with_its_line)
{
	static const struct {
		const char *listen, *rest;
	} cases[] = {
		{ "0.0.0.0:1", "" },
		{ "[::]:1", "" },
		{ "192.0.2.1:1", "" },
		{ "128.0.0.1:1", "" },
		{ "[::ffff:127.0.0.1]:1", "" },
		{ "0.0.0.0:1", TLS },
		{ "0.0.0.0:1", "[auth]\nrequire = true\n" },
		{ "0.0.0.0:1", CLIENTS "clients = required\n" },
		{ "0.0.0.0:1", TLS "[auth]\nrequire = false\n" },
		{ "0.0.0.0:1", "[auth]\ninsecure = false\n" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config c;
		cr_assert_eq(parse(cases[i].listen, cases[i].rest, &c), -1, "%zu", i);
		cr_expect_eq(err.fault, LTPS_FAULT_CALLER);
		cr_expect_not_null(strstr(err.text, "t.conf:3"), "%zu: %s", i,
				   err.text);
	}
}

Test(config_auth, listener_that_is_meant_is_taken)
{
	static const struct {
		const char *listen, *rest;
	} cases[] = {
		{ "127.0.0.1:1", "" },
		{ "127.9.9.9:1", "" },
		{ "[::1]:1", "" },
		{ "localhost:1", "" },
		{ "0.0.0.0:1", TLS "[auth]\nrequire = true\n" },
		{ "0.0.0.0:1", "[auth]\ninsecure = true\n" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config c;
		cr_assert_eq(parse(cases[i].listen, cases[i].rest, &c), 0, "%zu: %s", i,
			     err.text);
		config_clear(&c);
	}
}

Test(config_auth, bad_values_are_named_with_file_and_line)
{
	static const char *const cases[] = {
		"[tls]\ncertificate = c.pem\n",
		"[tls]\nkey = k.pem\n",
		TLS "clients = perhaps\n",
		TLS "clients = optional\n",
		TLS "clients = required\n",
		"[auth]\nrequire = maybe\n",
		"[auth]\nfailures = 0\n",
		"[client a]\nsubject = CN=a\nrole = auditor\n", /* no client_ca */
		CLIENTS "clients = none\n[client a]\nsubject = CN=a\nrole = auditor\n",
		CLIENTS "[client a]\nsubject = CN=a\n",
		CLIENTS "[client a]\nrole = auditor\n",
		CLIENTS "[client a]\nsubject = CN=a\nrole = root\n",
		CLIENTS "[client a]\nsubject = CN=a\nfingerprint = " PRINT
			"\nrole = auditor\n",
		CLIENTS "[client a]\nfingerprint = 00\nrole = auditor\n",
		CLIENTS "[client a]\nfingerprint = " PRINT "00\nrole = auditor\n",
		CLIENTS "[client a]\nfingerprint = " PRINT "g\nrole = auditor\n",
		CLIENTS "[client a/b]\nsubject = CN=a\nrole = auditor\n",
		CLIENTS "[client a]\nsubject = CN=a\nrole = auditor\ntenant = A\n",
		CLIENTS
		"[client a]\nsubject = CN=a\nrole = auditor\ntenant = _system\n",
		"[tenant a]\nmax_bytes = 0\n",
		"[tenant a]\nmax_objects = -1\n",
		"[tenant a]\nrate = 0\n",
		"[tenant a]\nunknown = 1\n",
		"[tenant _system]\nrate = 1\n",
		"[tenant ../a]\nrate = 1\n",
		"[auth]\nname = archive.example:8512\n",
		"[auth]\nname = good\nname = http://archive.example\n",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config c;
		cr_assert_eq(parse("127.0.0.1:1", cases[i], &c), -1, "%s", cases[i]);
		cr_expect_eq(err.fault, LTPS_FAULT_CALLER, "%s", cases[i]);
		cr_expect_not_null(strstr(err.text, "t.conf:"), "%s: %s", cases[i],
				   err.text);
	}
}

Test(config_auth, everything_is_read)
{
	struct config c;
	cr_assert_eq(parse("0.0.0.0:1",
			   CLIENTS
			   "[auth]\nrequire = true\nfailures = 7\n"
			   "[client scan]\nfingerprint = " PRINT
			   "\nrole = submitter\nrole = auditor\ntenant = t1\n"
			   "[client rev]\nsubject = CN=r,O=x\nrole = auditor\n"
			   "[tenant t1]\nmax_bytes = 2K\nmax_objects = 3\n"
			   "rate = 4\ncaller_rate = 5\n"
			   "profile = urn:a\nprofile = urn:b\n[tenant t2]\nrate = 1\n",
			   &c),
		     0, "%s", err.text);
	cr_assert_str_eq(c.tls.certificate, "/etc/x/c.pem");
	cr_assert_str_eq(c.tls.client_ca, "/etc/x/ca.pem");
	cr_assert_eq(c.tls.clients, TLS_CLIENTS_OPTIONAL);
	cr_assert(c.auth.require && !c.auth.insecure && c.auth.failures == 7);
	cr_assert_eq(c.n_clients, 2);
	cr_assert(c.clients[0].has_fingerprint &&
		  c.clients[0].fingerprint[31] == 0xff &&
		  c.clients[0].fingerprint[11] == 0x0b);
	cr_assert_eq(c.clients[0].roles, ROLE_SUBMITTER | ROLE_AUDITOR);
	cr_assert_str_eq(c.clients[0].tenant, "t1");
	cr_assert_str_eq(c.clients[1].tenant, "default");
	cr_assert_eq(c.n_tenants, 2);
	cr_assert_eq(c.tenants[0].rules.max_bytes, 2048);
	cr_assert_eq(c.tenants[0].rules.max_objects, 3);
	cr_assert(c.tenants[0].rate == 4 && c.tenants[0].caller_rate == 5);
	cr_assert_eq(c.tenants[0].rules.n_profiles, 2);
	cr_assert_str_eq(c.tenants[0].rules.profiles[1], "urn:b");
	cr_assert_eq(c.tenants[1].rules.n_profiles, 0);
	config_clear(&c);
}
