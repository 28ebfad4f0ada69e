/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/conf.h"
#include "base/mem.h"

static const struct conf_rule rules[] = {
	{ .section = "server", .key = "listen", .type = CONF_TEXT, .required = true },
	{ .section = "server",
	  .key = "workers",
	  .type = CONF_INT,
	  .min = 1,
	  .max = 64 },
	{ .section = "server", .key = "offset", .type = CONF_INT },
	{ .section = "server", .key = "tls", .type = CONF_BOOL },
	{ .section = "server",
	  .key = "body",
	  .type = CONF_SIZE,
	  .min = 512,
	  .max = 2147483648 },
	{ .section = "server",
	  .key = "wait",
	  .type = CONF_DURATION,
	  .min = 1000,
	  .max = 86400000 },
	{ .section = "server", .key = "any_wait", .type = CONF_DURATION },
	{ .section = "server", .key = "any_size", .type = CONF_SIZE },
	{ .section = "server", .key = "start", .type = CONF_TIME },
	{ .section = "server", .key = "anchor", .type = CONF_TEXT, .list = true },
	{ .section = "profile",
	  .labelled = true,
	  .key = "keep",
	  .type = CONF_PERIOD,
	  .required = true },
	{ .section = "profile", .labelled = true, .key = "name", .type = CONF_TEXT },
	{ .section = "empty", .key = "nothing", .type = CONF_TEXT },
};

#define N_RULES (sizeof(rules) / sizeof(rules[0]))

static int parse(struct view text, struct conf **ret_c, struct ltps_error *err)
{
	return conf_parse(text, "t.conf", rules, N_RULES, ret_c, err);
}

static struct conf *parsed(const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct conf *c = NULL;
	cr_assert_eq(parse(view_text(text), &c, &err), 0, "%s", err.text);
	return c;
}

/* Refused with this code, and this text in the error. */
static void refused_bytes(struct view text, enum ltps_code code, const char *part)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct conf *c = NULL;
	char *exact = mem_dup(text.p, text.n);
	cr_assert_not_null(exact);
	cr_expect_eq(parse(view_of(exact, text.n), &c, &err), -1, "accepted: %s", part);
	mem_free(exact);
	cr_expect_null(c);
	cr_expect_eq(err.code, code, "%s", err.text);
	cr_expect_eq(err.fault, LTPS_FAULT_CALLER);
	cr_expect(strstr(err.text, part) != NULL, "'%s' is not in '%s'", part,
		  err.text);
}

static void refused(const char *text, const char *part)
{
	refused_bytes(view_text(text), LTPS_FORMAT, part);
}

struct refusal {
	const char *text;
	const char *part;
};

static void refused_all(const struct refusal *table, size_t n)
{
	for (size_t i = 0; i < n; i++)
		refused(table[i].text, table[i].part);
}

#define REFUSED_ALL(table) refused_all(table, sizeof(table) / sizeof((table)[0]))

Test(conf, unknown_key_is_refused_with_file_and_line)
{
	refused("[server]\nlisten = a\n\nlisten2 = b\n",
		"t.conf:4: unknown key: listen2");
}

Test(conf, key_of_another_section_is_refused)
{
	refused("[server]\nlisten = a\nkeep = P1Y\n", "t.conf:3: unknown key: keep");
	refused("[profile a]\nkeep = P1Y\nlisten = a\n",
		"t.conf:3: unknown key: listen");
}

Test(conf, key_is_case_sensitive)
{
	refused("[server]\nListen = a\n", "t.conf:2: unknown key: Listen");
}

Test(conf, key_given_twice_is_refused)
{
	refused("[server]\nlisten = a\nlisten = a\n",
		"t.conf:3: this key is there already: listen");
}

Test(conf, key_before_the_first_section_is_refused)
{
	refused("# top\nlisten = a\n[server]\n",
		"t.conf:2: key before the first section");
}

Test(conf, malformed_sections_are_refused)
{
	static const struct refusal table[] = {
		{ "[servers]\n", "t.conf:1: unknown section: servers" },
		{ "[serve]\n", "t.conf:1: unknown section: serve" },
		{ "\n[server]\nlisten = a\n[empty]\n[server]\nlisten = b\n",
		  "t.conf:5: this section is there already: server" },
		{ "[profile a]\nkeep = P1Y\n[profile b]\nkeep = P1Y\n[profile a]\n",
		  "t.conf:5: this section is there already: a" },
		{ "[profile]\nkeep = P1Y\n",
		  "t.conf:1: this section needs a label: profile" },
		{ "[server a]\nlisten = a\n",
		  "t.conf:1: this section takes no label: server" },
		{ "[profile a b]\n", "t.conf:1: malformed label" },
		{ "[profile a[]\n", "t.conf:1: malformed label" },
		{ "[profile a]]\n", "t.conf:1: malformed label" },
		{ "[server\n", "t.conf:1: a section line ends with ]" },
		{ "[\n", "t.conf:1: a section line ends with ]" },
		{ "[server] # no\n", "t.conf:1: a section line ends with ]" },
		{ "[]\n", "t.conf:1: malformed section name" },
		{ "[ ]\n", "t.conf:1: malformed section name" },
		{ "[ser\"ver]\n", "t.conf:1: malformed section name" },
	};
	REFUSED_ALL(table);
}

Test(conf, line_that_is_neither_is_refused)
{
	static const struct refusal table[] = {
		{ "[server]\nlisten\n", "t.conf:2: expected [section] or key = value" },
		{ "hello\n", "t.conf:1: expected [section] or key = value" },
		{ "[server]\n= a\n", "t.conf:2: malformed key" },
		{ "[server]\nli sten = a\n", "t.conf:2: malformed key" },
		{ "[server]\n\"listen\" = a\n", "t.conf:2: malformed key" },
		{ "\xef\xbb\xbf[server]\nlisten = a\n",
		  "t.conf:1: expected [section]" },
	};
	REFUSED_ALL(table);
}

Test(conf, missing_required_key_names_the_line_of_its_section)
{
	refused("\n\n[server]\nworkers = 1\n", "t.conf:3: missing key: listen");
	refused("[profile a]\nkeep = P1Y\n[profile b]\nname = x\n",
		"t.conf:3: missing key: keep");
}

Test(conf, section_that_is_absent_requires_nothing)
{
	struct conf *c = parsed("[empty]\n");
	cr_expect(conf_has_section(c, "empty", NULL));
	cr_expect_not(conf_has_section(c, "server", NULL));
	conf_free(c);
	c = parsed("");
	cr_expect_not(conf_has_section(c, "empty", NULL));
	conf_free(c);
}

Test(conf, value_of_wrong_type_is_refused)
{
	static const struct refusal table[] = {
		{ "[server]\nlisten =\n",
		  "t.conf:2: expected a non-empty text: listen" },
		{ "[server]\nlisten =   \n",
		  "t.conf:2: expected a non-empty text: listen" },
		{ "[server]\nlisten = \"\"\n", "t.conf:2: expected a non-empty text" },
		{ "[server]\nworkers = four\n", "t.conf:2: expected a decimal number" },
		{ "[server]\nworkers =\n", "t.conf:2: expected a decimal number" },
		{ "[server]\nworkers = 0x10\n", "t.conf:2: expected a decimal number" },
		{ "[server]\nworkers = 010\n", "t.conf:2: expected a decimal number" },
		{ "[server]\nworkers = +4\n", "t.conf:2: expected a decimal number" },
		{ "[server]\nworkers = 4 5\n", "t.conf:2: expected a decimal number" },
		{ "[server]\nworkers = 4.0\n", "t.conf:2: expected a decimal number" },
		{ "[server]\noffset = -\n", "t.conf:2: expected a decimal number" },
		{ "[server]\noffset = --1\n", "t.conf:2: expected a decimal number" },
		{ "[server]\noffset = 9223372036854775808\n",
		  "t.conf:2: expected a dec" },
		{ "[server]\noffset = 99999999999999999999\n",
		  "t.conf:2: expected a dec" },
		{ "[server]\ntls = yes\n", "t.conf:2: expected true or false: tls" },
		{ "[server]\ntls = True\n", "t.conf:2: expected true or false: tls" },
		{ "[server]\ntls = 1\n", "t.conf:2: expected true or false: tls" },
		{ "[server]\nbody = 16m\n", "t.conf:2: expected a size" },
		{ "[server]\nbody = 16 M\n", "t.conf:2: expected a size" },
		{ "[server]\nbody = 16MB\n", "t.conf:2: expected a size" },
		{ "[server]\nbody = M\n", "t.conf:2: expected a size" },
		{ "[server]\nbody = -512\n", "t.conf:2: expected a size" },
		{ "[server]\nbody = 8589934592G\n", "t.conf:2: expected a size" },
		{ "[server]\nwait = 5\n", "t.conf:2: expected a duration" },
		{ "[server]\nwait = 5S\n", "t.conf:2: expected a duration" },
		{ "[server]\nwait = 5 s\n", "t.conf:2: expected a duration" },
		{ "[server]\nwait = 1.5s\n", "t.conf:2: expected a duration" },
		{ "[server]\nwait = s\n", "t.conf:2: expected a duration" },
		{ "[server]\nwait = 106751991168d\n", "t.conf:2: expected a duration" },
		{ "[server]\nstart = 2026-02-30T00:00:00Z\n",
		  "t.conf:2: expected an RFC" },
		{ "[server]\nstart = tomorrow\n", "t.conf:2: expected an RFC 3339" },
		{ "[profile a]\nkeep = 10y\n", "t.conf:2: expected an ISO 8601" },
		{ "[profile a]\nkeep = P\n", "t.conf:2: expected an ISO 8601" },
	};
	REFUSED_ALL(table);
}

Test(conf, value_out_of_range_is_refused)
{
	static const struct refusal table[] = {
		{ "[server]\nworkers = 0\n",
		  "t.conf:2: workers is out of range, 1 to 64" },
		{ "[server]\nworkers = 65\n", "t.conf:2: workers is out of range" },
		{ "[server]\nworkers = -1\n", "t.conf:2: workers is out of range" },
		{ "[server]\nbody = 511\n", "t.conf:2: body is out of range" },
		{ "[server]\nbody = 3G\n", "t.conf:2: body is out of range" },
		{ "[server]\nwait = 999ms\n",
		  "t.conf:2: wait is out of range, 1000 to 86400000 ms" },
		{ "[server]\nwait = 2d\n", "t.conf:2: wait is out of range" },
	};
	REFUSED_ALL(table);
}

Test(conf, quoted_text_that_is_malformed_is_refused)
{
	static const struct refusal table[] = {
		{ "[server]\nlisten = \"a\n", "t.conf:2: quoted text has no end" },
		{ "[server]\nlisten = \"\n", "t.conf:2: quoted text has no end" },
		{ "[server]\nlisten = \"a\\\"\n", "t.conf:2: quoted text has no end" },
		{ "[server]\nlisten = \"a\" b\n", "t.conf:2: text behind the closing" },
		{ "[server]\nlisten = \"a\"\"b\"\n",
		  "t.conf:2: text behind the closing" },
		{ "[server]\nlisten = \"a\\x\"\n", "t.conf:2: unknown escape" },
		{ "[server]\nlisten = \"a\\0\"\n", "t.conf:2: unknown escape" },
		{ "[server]\nlisten = \"a\\r\"\n", "t.conf:2: unknown escape" },
		{ "[server]\nlisten = \"a\\", "t.conf:2: unknown escape" },
	};
	REFUSED_ALL(table);
}

Test(conf, foreign_bytes_are_refused)
{
	static const char nul[] = "[server]\nlisten = a\0b\n";
	static const char nul_comment[] = "# a\0b\n";
	refused_bytes(view_of(nul, sizeof(nul) - 1), LTPS_FORMAT,
		      "t.conf:2: control character");
	refused_bytes(view_of(nul_comment, sizeof(nul_comment) - 1), LTPS_FORMAT,
		      "t.conf:1: control character");
	static const struct refusal table[] = {
		{ "[server]\nlisten = a\x1b[2J\n", "t.conf:2: control character" },
		{ "[server]\nlisten = a\x7f\n", "t.conf:2: control character" },
		{ "[server]\nlisten = a\rb\n", "t.conf:2: control character" },
		{ "[server]\nlisten = a\r\r\n", "t.conf:2: control character" },
		{ "[server]\rlisten = a\r", "t.conf:1: control character" },
		{ "[server]\nlisten = \xff\n", "t.conf:2: not UTF-8" },
		{ "[server]\nlisten = \xc0\xaf\n", "t.conf:2: not UTF-8" },
		{ "[server]\nlisten = \xed\xa0\x80\n", "t.conf:2: not UTF-8" },
		{ "# \xe4\n", "t.conf:1: not UTF-8" },
	};
	REFUSED_ALL(table);
}

Test(conf, value_is_never_in_the_error_text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct conf *c = NULL;
	cr_assert_eq(parse(view_text("[server]\nworkers = hunter2\n"), &c, &err), -1);
	cr_expect_null(strstr(err.text, "hunter2"));
}

Test(conf, long_file_name_keeps_the_line_in_the_error_text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct conf *c = NULL;
	char name[600];
	memset(name, 'x', sizeof(name));
	memcpy(name + sizeof(name) - 6, "/conf", 6);
	cr_assert_eq(conf_parse(view_text("\nfoo\n"), name, rules, N_RULES, &c, &err),
		     -1);
	cr_expect_not_null(strstr(err.text, "/conf:2: expected"), "%s", err.text);
}

static struct buf repeated(const char *head, const char *line, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make((size_t)4 << 20);
	cr_assert_eq(buf_put_text(&b, head, &err), 0);
	for (size_t i = 0; i < n; i++)
		cr_assert_eq(buf_put_text(&b, line, &err), 0);
	return b;
}

Test(conf, entries_up_to_the_limit_are_taken_and_one_more_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct conf *c = NULL;
	struct buf b =
	    repeated("[server]\nlisten = a\n", "anchor = x\n", CONF_ENTRIES_MAX - 1);
	cr_assert_eq(parse(view_buf(&b), &c, &err), 0, "%s", err.text);
	cr_expect_not_null(
	    conf_text_at(c, "server", NULL, "anchor", CONF_ENTRIES_MAX - 2));
	cr_expect_null(conf_text_at(c, "server", NULL, "anchor", CONF_ENTRIES_MAX - 1));
	conf_free(c);
	cr_assert_eq(buf_put_text(&b, "anchor = x\n", &err), 0);
	refused_bytes(view_buf(&b), LTPS_TOO_LARGE,
		      "t.conf:4098: more than 4096 entries");
	buf_free(&b);
}

Test(conf, too_many_sections_are_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf b = buf_make(CONF_FILE_MAX);
	for (int i = 0; i <= CONF_ENTRIES_MAX; i++)
		cr_assert_eq(buf_put_fmt(&b, &err, "[profile %d]\n", i), 0);
	refused_bytes(view_buf(&b), LTPS_TOO_LARGE, "more than 4096 sections");
	buf_free(&b);
}

Test(conf, text_beyond_the_limit_is_refused)
{
	struct buf b = repeated("", "# sixteen bytes\n", CONF_FILE_MAX / 16);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct conf *c = NULL;
	cr_assert_eq(parse(view_buf(&b), &c, &err), 0, "%s", err.text);
	conf_free(c);
	cr_assert_eq(buf_put_byte(&b, '\n', &err), 0);
	refused_bytes(view_buf(&b), LTPS_TOO_LARGE, "t.conf: more than 1048576 bytes");
	buf_free(&b);
}

Test(conf, label_beyond_the_limit_is_refused)
{
	char text[400];
	memset(text, 'a', sizeof(text));
	memcpy(text, "[profile ", 9);
	memcpy(text + 9 + 256, "]\n", 3);
	refused(text, "malformed label");
	memcpy(text + 9 + 255, "]\nkeep=P1D\n", 12);
	conf_free(parsed(text));
}

Test(conf, values_are_read_by_their_type)
{
	struct conf *c = parsed("# comment = [x]\n"
				"  [ server ]  \n"
				"\tlisten\t=  127.0.0.1:8512 # text  \n"
				"workers=64\n"
				"offset = -12\n"
				"tls = true\n"
				"body = 2G\n"
				"wait = 12h\n"
				"   # another\n"
				"start = 2026-11-21T20:04:05.5Z");
	cr_expect_str_eq(conf_text(c, "server", NULL, "listen", NULL),
			 "127.0.0.1:8512 # text");
	cr_expect_eq(conf_int(c, "server", NULL, "workers", 0), 64);
	cr_expect_eq(conf_int(c, "server", NULL, "offset", 0), -12);
	cr_expect_eq(conf_int(c, "server", NULL, "tls", 0), 1);
	cr_expect_eq(conf_int(c, "server", NULL, "body", 0), (int64_t)2 << 30);
	cr_expect_eq(conf_int(c, "server", NULL, "wait", 0), 12 * 3600 * 1000);
	cr_expect_eq(conf_int(c, "server", NULL, "start", 0), 1795291445500);
	conf_free(c);
}

Test(conf, every_unit_counts)
{
	static const struct {
		const char *key, *value;
		int64_t number;
	} table[] = {
		{ "any_size", "0", 0 },
		{ "any_size", "512", 512 },
		{ "any_size", "64K", 65536 },
		{ "any_size", "16M", 16777216 },
		{ "any_size", "1G", 1073741824 },
		{ "any_wait", "0s", 0 },
		{ "any_wait", "500ms", 500 },
		{ "any_wait", "2s", 2000 },
		{ "any_wait", "10m", 600000 },
		{ "any_wait", "12h", 43200000 },
		{ "any_wait", "30d", 2592000000 },
		{ "any_wait", "36500d", 3153600000000 },
		{ "any_wait", "\"1s\"", 1000 },
		{ "tls", "false", 0 },
		{ "offset", "0", 0 },
		{ "offset", "-1", -1 },
		{ "offset", "9223372036854775807", INT64_MAX },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char text[128];
		snprintf(text, sizeof(text), "[server]\nlisten = a\n%s = %s\n",
			 table[i].key, table[i].value);
		struct conf *c = parsed(text);
		cr_expect_eq(conf_int(c, "server", NULL, table[i].key, 77),
			     table[i].number, "%s", text);
		conf_free(c);
	}
}

Test(conf, crlf_ends_a_line)
{
	struct conf *c =
	    parsed("[server]\r\nlisten = a b\r\n\r\n# c\r\ntls = true\r\n");
	cr_expect_str_eq(conf_text(c, "server", NULL, "listen", NULL), "a b");
	cr_expect_eq(conf_int(c, "server", NULL, "tls", 0), 1);
	conf_free(c);
}

Test(conf, quotes_keep_blanks_and_escapes)
{
	static const struct {
		const char *source, *value;
	} table[] = {
		{ "\"  a  \"", "  a  " },
		{ "\"a\\\"b\\\\c\\nd\\te\"", "a\"b\\c\nd\te" },
		{ "\"# no comment = x\"  ", "# no comment = x" },
		{ "a \"b\" c", "a \"b\" c" },
		{ "C:\\new\\table", "C:\\new\\table" },
		{ "a=b", "a=b" },
		{ "a\tb", "a\tb" },
		{ "[x]", "[x]" },
		{ "gr\xc3\xbc\xc3\x9f", "gr\xc3\xbc\xc3\x9f" },
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		char text[128];
		snprintf(text, sizeof(text), "[server]\nlisten = %s\n",
			 table[i].source);
		struct conf *c = parsed(text);
		cr_expect_str_eq(conf_text(c, "server", NULL, "listen", ""),
				 table[i].value);
		conf_free(c);
	}
}

Test(conf, list_and_labels_keep_the_order_of_the_file)
{
	struct conf *c =
	    parsed("[profile zwei]\nkeep = P2Y\n"
		   "[server]\nanchor = c\nlisten = x\nanchor = a\nanchor = a\n"
		   "[profile http://example.test/eins]\nkeep = P1Y6M\nname = n\n");
	struct duration d;
	cr_expect_str_eq(conf_text_at(c, "server", NULL, "anchor", 0), "c");
	cr_expect_str_eq(conf_text_at(c, "server", NULL, "anchor", 1), "a");
	cr_expect_str_eq(conf_text_at(c, "server", NULL, "anchor", 2), "a");
	cr_expect_null(conf_text_at(c, "server", NULL, "anchor", 3));
	cr_expect_str_eq(conf_label(c, "profile", 0), "zwei");
	cr_expect_str_eq(conf_label(c, "profile", 1), "http://example.test/eins");
	cr_expect_null(conf_label(c, "profile", 2));
	cr_expect_null(conf_label(c, "server", 0));
	cr_expect(conf_period(c, "profile", "http://example.test/eins", "keep", &d));
	cr_expect_eq(d.months, 18);
	cr_expect_null(conf_text(c, "profile", "zwei", "name", NULL));
	conf_free(c);
}

Test(conf, absent_value_gives_the_default)
{
	struct conf *c = parsed("[server]\nlisten = a\n[profile p]\nkeep = P1Y\n");
	struct duration d = { .months = 5 };
	cr_expect_str_eq(conf_text(c, "server", NULL, "anchor", "d"), "d");
	cr_expect_eq(conf_int(c, "server", NULL, "workers", 7), 7);
	cr_expect_eq(conf_int(c, "nowhere", NULL, "workers", 7), 7);
	cr_expect_eq(conf_int(c, "server", "label", "workers", 7), 7);
	cr_expect_eq(conf_int(c, "server", NULL, "listen", 7), 7, "text is no number");
	cr_expect_not(conf_period(c, "profile", "q", "keep", &d));
	cr_expect_not(conf_period(c, "server", NULL, "listen", &d));
	cr_expect_eq(d.months, 5);
	cr_expect_null(conf_text(c, "profile", NULL, "keep", NULL));
	conf_free(c);
	conf_free(NULL);
}

Test(conf, entries_outlive_text_and_rules)
{
	struct conf_rule own[1] = { { .section = "s", .key = "k", .type = CONF_TEXT } };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct conf *c = NULL;
	char text[] = "[s]\nk=v";
	cr_assert_eq(conf_parse(view_of(text, 7), "n", own, 1, &c, &err), 0);
	memset(text, 'x', 7);
	memset(own, 0, sizeof(own));
	cr_expect_str_eq(conf_text(c, "s", NULL, "k", ""), "v");
	conf_free(c);
}

Test(conf, read_of_a_missing_file_is_not_found)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct conf *c = NULL;
	cr_assert_eq(conf_read("/nonexistent/x.conf", rules, N_RULES, &c, &err), -1);
	cr_expect_eq(err.code, LTPS_NOT_FOUND);
	cr_expect_null(c);
}

Test(conf, read_names_the_path_in_errors)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct conf *c = NULL;
	char path[] = "/tmp/conf_test.XXXXXX";
	const int fd = mkstemp(path);
	cr_assert(fd >= 0);
	cr_assert_eq(write(fd, "[server]\nfoo = 1\n", 17), 17);
	close(fd);
	cr_expect_eq(conf_read(path, rules, N_RULES, &c, &err), -1);
	unlink(path);
	cr_expect(strstr(err.text, path) == err.text, "%s", err.text);
	cr_expect_not_null(strstr(err.text, ":2: unknown key: foo"));
}

Test(conf, failing_allocation_is_an_error)
{
	static const char text[] = "[server]\nlisten = a\n[profile p]\nkeep = P1Y\n";
	for (uint64_t n = 1;; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct conf *c = NULL;
		mem_fail_nth(n);
		const int rc = parse(view_text(text), &c, &err);
		const int hit = mem_fail_hit();
		mem_fail_nth(0);
		if (!hit) {
			cr_expect_eq(rc, 0);
			conf_free(c);
			cr_expect_gt(n, 3);
			break;
		}
		cr_expect_eq(rc, -1);
		cr_expect_eq(err.code, LTPS_NOMEM);
		cr_expect_null(c);
	}
}
