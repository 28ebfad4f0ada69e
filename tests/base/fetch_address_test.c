/* SPDX-License-Identifier: Apache-2.0 */
/* Which addresses are connected to, however they are written or found. */
#include <criterion/criterion.h>

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>
#include <sys/un.h>

#include "base/fetch.h"
#include "tests/base/fetch_fixture.h"
#include "tests/support/http_stub.h"

enum class {
	PUBLIC,
	PRIVATE,
	LOOPBACK,
	NEVER,
};

struct address {
	const char *text;
	enum class class;
};

static const struct address addresses[] = {
	{ "1.1.1.1", PUBLIC },
	{ "0.0.0.0", NEVER },
	{ "0.255.255.255", NEVER },
	{ "1.0.0.0", PUBLIC },
	{ "9.255.255.255", PUBLIC },
	{ "10.0.0.0", PRIVATE },
	{ "10.255.255.255", PRIVATE },
	{ "11.0.0.0", PUBLIC },
	{ "100.63.255.255", PUBLIC },
	{ "100.64.0.0", PRIVATE },
	{ "100.127.255.255", PRIVATE },
	{ "100.128.0.0", PUBLIC },
	{ "126.255.255.255", PUBLIC },
	{ "127.0.0.0", LOOPBACK },
	{ "127.0.0.1", LOOPBACK },
	{ "127.255.255.255", LOOPBACK },
	{ "128.0.0.0", PUBLIC },
	{ "169.253.255.255", PUBLIC },
	{ "169.254.0.0", NEVER },
	{ "169.254.169.254", NEVER },
	{ "169.255.0.0", PUBLIC },
	{ "172.15.255.255", PUBLIC },
	{ "172.16.0.0", PRIVATE },
	{ "172.31.255.255", PRIVATE },
	{ "172.32.0.0", PUBLIC },
	{ "192.0.0.8", NEVER },
	{ "192.0.1.0", PUBLIC },
	{ "192.0.2.1", NEVER },
	{ "192.88.99.1", NEVER },
	{ "192.167.255.255", PUBLIC },
	{ "192.168.0.0", PRIVATE },
	{ "192.168.255.255", PRIVATE },
	{ "192.169.0.0", PUBLIC },
	{ "198.17.255.255", PUBLIC },
	{ "198.18.0.0", PRIVATE },
	{ "198.19.255.255", PRIVATE },
	{ "198.20.0.0", PUBLIC },
	{ "198.51.100.7", NEVER },
	{ "203.0.113.7", NEVER },
	{ "223.255.255.255", PUBLIC },
	{ "224.0.0.1", NEVER },
	{ "239.255.255.255", NEVER },
	{ "240.0.0.1", NEVER },
	{ "255.255.255.255", NEVER },
	{ "::", NEVER },
	{ "::1", LOOPBACK },
	{ "::2", NEVER },
	{ "::127.0.0.1", NEVER },
	{ "::ffff:1.1.1.1", PUBLIC },
	{ "::ffff:127.0.0.1", LOOPBACK },
	{ "::ffff:10.1.2.3", PRIVATE },
	{ "::ffff:169.254.169.254", NEVER },
	{ "::ffff:0.0.0.0", NEVER },
	{ "::ffff:224.0.0.1", NEVER },
	{ "64:ff9b::1.1.1.1", PUBLIC },
	{ "64:ff9b::10.0.0.1", PRIVATE },
	{ "64:ff9b::192.168.1.1", PRIVATE },
	{ "64:ff9b::127.0.0.1", LOOPBACK },
	{ "64:ff9b::0.0.0.0", NEVER },
	{ "64:ff9b:0:0:0:1:101:101", NEVER },
	{ "64:ff9b:1::1.1.1.1", PRIVATE },
	{ "64:ff9b:2::1.1.1.1", NEVER },
	{ "100::1", NEVER },
	{ "1fff::1", NEVER },
	{ "2001::1", NEVER },
	{ "2001:0:4136:e378:8000:63bf:3fff:fdd2", NEVER },
	{ "2001:1ff::1", NEVER },
	{ "2001:200::1", PUBLIC },
	{ "2001:db8::1", NEVER },
	{ "2001:db9::1", PUBLIC },
	{ "2002:7f00:1::1", NEVER },
	{ "2003::1", PUBLIC },
	{ "2606:4700::1111", PUBLIC },
	{ "3ffe::1", PUBLIC },
	{ "3fff::1", NEVER },
	{ "3fff:fff::1", NEVER },
	{ "4000::1", NEVER },
	{ "fbff::1", NEVER },
	{ "fc00::1", PRIVATE },
	{ "fdff:ffff::1", PRIVATE },
	{ "fe00::1", NEVER },
	{ "fe80::1", NEVER },
	{ "febf::1", NEVER },
	{ "fec0::1", PRIVATE },
	{ "ff02::1", NEVER },
	{ "ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", NEVER },
};

static size_t sockaddr_of(const char *text, struct sockaddr_storage *ret_a)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)ret_a;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)ret_a;
	memset(ret_a, 0, sizeof(*ret_a));
	if (inet_pton(AF_INET, text, &v4->sin_addr) == 1) {
		v4->sin_family = AF_INET;
		return sizeof(*v4);
	}
	cr_assert_eq(inet_pton(AF_INET6, text, &v6->sin6_addr), 1, "%s", text);
	v6->sin6_family = AF_INET6;
	return sizeof(*v6);
}

Test(fetch, address_is_allowed_exactly_by_its_class)
{
	for (unsigned bits = 0; bits < 4; bits++) {
		const struct fetch_policy policy = {
			.allow_private = (bits & 1) != 0,
			.allow_loopback = (bits & 2) != 0,
		};
		const bool allowed[] = {
			[PUBLIC] = true,
			[PRIVATE] = policy.allow_private,
			[LOOPBACK] = policy.allow_loopback,
			[NEVER] = false,
		};
		for (size_t i = 0; i < sizeof(addresses) / sizeof(addresses[0]); i++) {
			struct sockaddr_storage a;
			const size_t n = sockaddr_of(addresses[i].text, &a);
			cr_expect_eq(fetch_address_allowed(&policy, &a, n),
				     allowed[addresses[i].class], "%s, policy %u",
				     addresses[i].text, bits);
		}
	}
}

Test(fetch, address_cut_short_or_of_another_family_is_refused)
{
	const struct fetch_policy policy = { .allow_private = true,
					     .allow_loopback = true };
	struct sockaddr_un local = { .sun_family = AF_UNIX };
	struct sockaddr_storage a;
	cr_expect_not(fetch_address_allowed(&policy, &local, sizeof(local)));
	size_t n = sockaddr_of("1.1.1.1", &a);
	for (size_t cut = 0; cut < n; cut++)
		cr_expect_not(fetch_address_allowed(&policy, &a, cut), "%zu", cut);
	n = sockaddr_of("2606:4700::1111", &a);
	for (size_t cut = 0; cut < n; cut++)
		cr_expect_not(fetch_address_allowed(&policy, &a, cut), "%zu", cut);
}

Test(fetch, loopback_is_denied_however_it_is_written)
{
	static const char *const hosts[] = {
		"127.0.0.1",          "127.1",     "0x7f000001", "2130706433",
		"017700000001",       "localhost", "0.0.0.0",    "0",
		"[::ffff:127.0.0.1]", "LOCALHOST",
	};
	struct fetch_policy policy = lenient();
	struct http_stub *s = answering(OK_ABC);
	policy.allow_loopback = false;
	for (size_t i = 0; i < sizeof(hosts) / sizeof(hosts[0]); i++) {
		char url[128];
		snprintf(url, sizeof(url), "http://%s:%u/", hosts[i],
			 http_stub_port(s));
		const struct outcome o = get(&policy, url);
		cr_expect_eq(o.err.code, LTPS_DENIED, "%s: %s", url, o.err.text);
		expect_failure(o, LTPS_DENIED, LTPS_FAULT_CALLER);
	}
	cr_expect_eq(http_stub_connections(s), 0);
	http_stub_stop(s);
}

Test(fetch, private_and_reserved_addresses_are_denied)
{
	static const char *const urls[] = {
		"http://10.0.0.1/",         "http://169.254.169.254/latest/",
		"http://192.168.1.1:8080/", "http://[fd00::1]/",
		"http://[64:ff9b::a00:1]/", "http://[::ffff:10.0.0.1]/",
		"https://255.255.255.255/", "https://[::]/",
	};
	const struct fetch_policy policy = lenient();
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++)
		expect_failure(get(&policy, urls[i]), LTPS_DENIED, LTPS_FAULT_CALLER);
}

Test(fetch, name_is_judged_by_the_address_it_resolves_to)
{
	const struct fetch_policy policy = lenient();
	struct http_stub *s = answering(OK_ABC);
	char url[64];
	snprintf(url, sizeof(url), "http://localhost:%u/", http_stub_port(s));
	expect_body(get(&policy, url), 200, "abc");
	http_stub_stop(s);
}
