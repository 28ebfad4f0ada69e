/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/file.h"
#include "server/config.h"

static struct ltps_error err;

static int parse(const char *text, struct config *c)
{
	err = (struct ltps_error)LTPS_ERROR_INIT;
	return config_parse(view_text(text), "t.conf", "/etc/x", c, &err);
}

Test(config, bad_text_is_refused)
{
	static const char *const cases[] = {
		"",
		"[service]\n",
		"[service]\ndir =\n",
		"[service]\ndir = a\ndir = b\n",
		"[service]\ndir = a\nunknown = 1\n",
		"[nothing]\nx = 1\n",
		"[service]\ndir = a\nlisten = nowhere\n",
		"[service]\ndir = a\nlisten = 127.0.0.1:99999\n",
		"[service]\ndir = a\nworkers = 0\n",
		"[service]\ndir = a\nworkers = many\n",
		"[service]\ndir = a\nlog_level = loud\n",
		"[service]\ndir = a\nlog_format = xml\n",
		"[service]\ndir = a\n[limits]\nbody_max = 2G\nin_flight_max = 1G\n",
		"[service]\ndir = a\n[limits]\nbody_max = 1G\nin_flight_max = 512M\n",
		"[service]\ndir = a\n[limits]\nbody_max = 1G\nin_flight_max = 2047M\n",
		"[service]\ndir = a\n[tsa a]\nurl = ftp://a/\n",
		"[service]\ndir = a\n[tsa a]\nurl = a\n",
		"[service]\ndir = a\n[limits]\nheader_timeout = 0s\n",
		"[service]\ndir = a\n[tsa]\nurl = http://a/\n",
		"[service]\ndir = a\n[tsa a]\npolicy = 1.2\n",
		("[service]\ndir = a\n[tsa a]\nurl = http://a/\n[tsa a]\nurl = "
		 "http://b/\n"),
		"[service]\ndir = a\n[fetch]\nallow_http = maybe\n",
		"[service]\ndir = a\n[profiles]\nbuiltin = false\n",
		"[service]\ndir = a\n[profiles]\ntree_max_age = 1ms\n",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config c;
		cr_expect_eq(parse(cases[i], &c), -1, "%zu", i);
		cr_expect(err.text[0] != '\0', "%zu", i);
		cr_expect(strstr(err.text, "t.conf") != NULL ||
			      strstr(err.where, "t.conf") != NULL,
			  "%zu: %s", i, err.text);
		cr_expect_eq(err.fault, LTPS_FAULT_CALLER, "%zu", i);
	}
}

Test(config, tsas_keep_their_order_and_paths_their_folder)
{
	struct config c;
	cr_assert_eq(parse("[service]\ndir = store\n"
			   "[tsa second-best]\nurl = http://b/\n"
			   "[tsa a]\nurl = http://a/\npolicy = 1.2.3\n"
			   "[trust]\nanchors = a.pem\nanchors = /abs/b.pem\n"
			   "[profiles]\nfile = p.conf\nbuiltin = false\n",
			   &c),
		     0, "%s", err.text);
	cr_expect_str_eq(c.dir, "/etc/x/store");
	cr_expect_eq(c.n_tsas, 2);
	cr_expect_str_eq(c.tsas[0].name, "second-best");
	cr_expect_null(c.tsas[0].policy);
	cr_expect_str_eq(c.tsas[1].policy, "1.2.3");
	cr_expect_eq(c.n_anchors, 2);
	cr_expect_str_eq(c.anchors[0], "/etc/x/a.pem");
	cr_expect_str_eq(c.anchors[1], "/abs/b.pem");
	cr_expect_str_eq(c.profile_files[0], "/etc/x/p.conf");
	cr_expect_not(c.builtin_profiles);
	config_clear(&c);
}

Test(config, defaults_keep_the_network_in)
{
	struct config c;
	cr_assert_eq(parse("[service]\ndir = /s\n", &c), 0);
	cr_expect_str_eq(c.listen, "127.0.0.1:8512");
	cr_expect_not(c.fetch.allow_loopback);
	cr_expect_not(c.fetch.allow_private);
	cr_expect(c.builtin_profiles);
	cr_expect_geq(c.limits.in_flight_max, c.body_max);
	cr_expect_geq(c.workers, 1);
	config_clear(&c);
}

/* The example that is shipped, as it stands and with every default spelled out. */
Test(config, shipped_example_is_valid_and_tells_the_defaults)
{
	const char *path = __FILE__;
	char name[512];
	struct buf text = buf_make(65536);
	struct config plain;
	struct config full;
	err = (struct ltps_error)LTPS_ERROR_INIT;
	snprintf(name, sizeof(name), "%.*s/../../packaging/ltps.conf",
		 (int)(strrchr(path, '/') - path), path);
	cr_assert_eq(file_read(name, &text, &err), 0, "%s", err.text);
	cr_assert_eq(config_parse(view_buf(&text), "a", "", &plain, &err), 0, "%s",
		     err.text);
	/* "# key = value" loses its "# "; prose and examples of sections stay. */
	bool example = false;
	for (size_t i = 0; i + 2 < text.n; i++) {
		const bool at_line = i == 0 || text.p[i - 1] == '\n';
		if (at_line && (text.p[i] == '[' || memcmp(text.p + i, "# [", 3) == 0))
			example = text.p[i] == '#';
		const uint8_t *end = memchr(text.p + i, '\n', text.n - i);
		const size_t n = (size_t)(end - text.p) - i;
		size_t word = 2;
		while (word < n &&
		       ((text.p[i + word] >= 'a' && text.p[i + word] <= 'z') ||
			text.p[i + word] == '_'))
			word++;
		if (at_line && !example && text.p[i] == '#' && text.p[i + 1] == ' ' &&
		    word + 3 < n && memcmp(text.p + i + word, " = ", 3) == 0 &&
		    memcmp(text.p + i + 2, "url", 3) != 0 &&
		    memcmp(text.p + i + 2, "policy", 6) != 0)
			memcpy(text.p + i, "  ", 2);
	}
	cr_assert_eq(config_parse(view_buf(&text), "b", "", &full, &err), 0, "%s",
		     err.text);
	cr_expect_str_eq(plain.listen, full.listen);
	cr_expect_str_eq(plain.id, full.id);
	cr_expect_eq(plain.body_max, full.body_max);
	cr_expect_eq(plain.queue_max, full.queue_max);
	cr_expect_eq(plain.drain_ms, full.drain_ms);
	cr_expect_eq(plain.low_space, full.low_space);
	cr_expect_eq(plain.no_space, full.no_space);
	cr_expect_eq(plain.tsa_skew_ms, full.tsa_skew_ms);
	cr_expect_eq(memcmp(&plain.limits, &full.limits, sizeof(plain.limits)), 0);
	cr_expect_eq(plain.fetch.allow_http, full.fetch.allow_http);
	cr_expect_eq(plain.fetch.redirects, full.fetch.redirects);
	cr_expect_eq(FETCH_CONNECT_MS, full.fetch.connect_ms);
	cr_expect_eq(FETCH_TOTAL_MS, full.fetch.total_ms);
	cr_expect_eq(FETCH_BODY_MAX, full.fetch.max_bytes);
	cr_expect_eq(full.n_anchors, 1);
	cr_expect_eq(full.n_profile_files, 1);
	config_clear(&plain);
	config_clear(&full);
	buf_free(&text);
}
