/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <jansson.h>

#include "base/bytes.h"
#include "base/log.h"
#include "base/mem.h"

#define RECORD_MAX 8192
/* 2026-11-21T20:04:05.123Z */
#define AT_MS 1795291445123

/* A log into a file without a name; the clock stands still. */
struct fixture {
	struct clock clock;
	struct log *log;
	int fd;
	char text[65536];
	size_t n;
};

static struct fixture fx;

static void open_log(bool json, enum log_level level)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	char path[] = "/tmp/log_test.XXXXXX";
	fx.clock = clock_fixed(AT_MS);
	fx.fd = mkstemp(path);
	cr_assert(fx.fd >= 0);
	unlink(path);
	cr_assert_eq(log_new(fx.fd, json, level, &fx.clock, &fx.log, &err), 0);
}

/* What was written since the log was opened. */
static const char *written(void)
{
	const ssize_t n = pread(fx.fd, fx.text, sizeof(fx.text) - 1, 0);
	cr_assert(n >= 0);
	fx.n = (size_t)n;
	fx.text[fx.n] = '\0';
	return fx.text;
}

static void close_log(void)
{
	log_free(fx.log);
	close(fx.fd);
}

static void start_over(void)
{
	cr_assert_eq(ftruncate(fx.fd, 0), 0);
	cr_assert_eq(lseek(fx.fd, 0, SEEK_SET), 0);
}

/* All of it is exactly one line, without NUL, within the limit. */
static void is_one_line(void)
{
	const char *s = written();
	cr_assert_gt(fx.n, 0);
	cr_expect_leq(fx.n, RECORD_MAX);
	cr_expect_eq((const char *)memchr(s, '\n', fx.n), s + fx.n - 1);
	for (size_t i = 0; i + 1 < fx.n; i++)
		cr_expect_geq((unsigned char)s[i], 0x20, "byte %zu", i);
	cr_expect(utf8_valid(view_of(s, fx.n)));
}

static json_t *as_json(void)
{
	json_error_t e;
	is_one_line();
	json_t *j = json_loadb(fx.text, fx.n, JSON_REJECT_DUPLICATES, &e);
	cr_assert_not_null(j, "%s at %d", e.text, e.position);
	return j;
}

/* Texts that have broken somebody's log. */
static const char *const hostile[] = {
	"",
	" ",
	"a\nb",
	"a\r\nb\r",
	"x\n2026-11-21T20:04:05Z info operation \"forged\"",
	"a\tb\v\f\b\x1b[31m\x7f",
	"\"quoted\" and \\back\\",
	"\xff\xfe\x80",
	"\xc0\xaf\xed\xa0\x80\xf8\x88",
	"cut \xe2\x82",
	"\xc2\x85 next line, \xe2\x80\xa8 line and \xe2\x80\xa9 paragraph",
	"\xe2\x80\xae right to left \xe2\x81\xa6",
	"gr\xc3\xbc\xc3\x9f \xe6\xbc\xa2 \xf0\x9f\x98\x80",
	"%s%n%d",
};

#define N_HOSTILE (sizeof(hostile) / sizeof(hostile[0]))

Test(log, text_record_has_the_form_of_the_header)
{
	open_log(false, LOG_INFO);
	log_write(fx.log, LOG_OPERATION, LOG_INFO, "service started",
		  LOG_FIELDS({ "listen", "127.0.0.1:8512" }, { "note", "two words" },
			     { "absent", NULL }));
	cr_expect_str_eq(written(),
			 "2026-11-21T20:04:05.123Z info operation \"service started\" "
			 "listen=127.0.0.1:8512 note=\"two words\"\n");
	close_log();
}

Test(log, json_record_has_the_form_of_the_header)
{
	open_log(true, LOG_INFO);
	log_write(fx.log, LOG_VALIDATION, LOG_WARNING, "a \"b\"",
		  LOG_FIELDS({ "object", "4711" }, { "absent", NULL }));
	cr_expect_str_eq(written(),
			 "{\"time\":\"2026-11-21T20:04:05.123Z\",\"level\":\"warning\","
			 "\"channel\":\"validation\",\"text\":\"a \\\"b\\\"\","
			 "\"object\":\"4711\"}\n");
	close_log();
}

Test(log, hostile_text_stays_on_one_line)
{
	open_log(false, LOG_DEBUG);
	for (size_t i = 0; i < N_HOSTILE; i++) {
		log_write(fx.log, LOG_OPERATION, LOG_ERROR, hostile[i],
			  LOG_FIELDS({ "k", hostile[i] }, { hostile[i], "v" }));
		is_one_line();
		start_over();
	}
	close_log();
}

Test(log, hostile_characters_are_written_as_escapes)
{
	open_log(false, LOG_DEBUG);
	log_write(fx.log, LOG_OPERATION, LOG_ERROR,
		  "a\n\"\\\xff\xc2\x85\xe2\x80\xae\x1b\x7f",
		  LOG_FIELDS({ "k", "" }, { "u", "\xc3\xbc" }, { "a b=\n", "1" }));
	const char *s = strstr(written(), "operation ");
	cr_expect_str_eq(
	    s, "operation \"a\\n\\\"\\\\\\xff\\xc2\\x85\\xe2\\x80\\xae\\x1b\\x7f\" "
	       "k=\"\" u=\"\xc3\xbc\" a_b__=1\n");
	close_log();
}

Test(log, hostile_text_stays_json)
{
	open_log(true, LOG_DEBUG);
	for (size_t i = 0; i < N_HOSTILE; i++) {
		log_write(fx.log, LOG_OPERATION, LOG_ERROR, hostile[i],
			  LOG_FIELDS({ "k", hostile[i] }, { "l", "v" }));
		json_t *j = as_json();
		cr_expect_str_eq(json_string_value(json_object_get(j, "l")), "v");
		cr_expect_not_null(json_object_get(j, "k"));
		json_decref(j);
		start_over();
	}
	close_log();
}

static void every_byte(bool json)
{
	char text[256];
	open_log(json, LOG_DEBUG);
	for (int i = 1; i < 256; i++) {
		memset(text, i, 255);
		text[255] = '\0';
		log_write(fx.log, LOG_OPERATION, LOG_ERROR, text,
			  LOG_FIELDS({ "k", text }));
		if (json)
			json_decref(as_json());
		else
			is_one_line();
		start_over();
	}
	close_log();
}

Test(log, every_byte_stays_on_one_line)
{
	every_byte(false);
}

Test(log, every_byte_stays_json)
{
	every_byte(true);
}

/* Texts around the limit, each of one byte that grows differently. */
static void cut_at_the_limit(bool json)
{
	static const char bytes[] = { 'a', '"', '\n', '\x01', '\xff', '\xc3' };
	static char text[20001];
	open_log(json, LOG_DEBUG);
	for (size_t b = 0; b < sizeof(bytes); b++) {
		for (size_t n = 1; n < sizeof(text); n += n < 1000 ? 97 : 811) {
			memset(text, bytes[b], n);
			text[n] = '\0';
			log_write(fx.log, LOG_OPERATION, LOG_ERROR, "t",
				  LOG_FIELDS({ "a", text }, { "z", text }));
			log_write(NULL, LOG_OPERATION, LOG_ERROR, text, NULL, 0);
			json_t *j = json ? as_json() : NULL;
			is_one_line();
			json_decref(j);
			start_over();
		}
	}
	close_log();
}

Test(log, long_text_record_is_cut_at_8_kib)
{
	cut_at_the_limit(false);
}

Test(log, long_json_record_is_cut_and_stays_json)
{
	cut_at_the_limit(true);
}

Test(log, cut_record_keeps_the_beginning_and_says_so)
{
	static char text[20001];
	memset(text, 'x', sizeof(text) - 1);
	open_log(true, LOG_DEBUG);
	log_write(fx.log, LOG_OPERATION, LOG_ERROR, text, LOG_FIELDS({ "k", "v" }));
	json_t *j = as_json();
	cr_expect(json_is_true(json_object_get(j, "cut")));
	cr_expect_null(json_object_get(j, "k"));
	cr_expect_gt(json_string_length(json_object_get(j, "text")), 1000);
	json_decref(j);
	close_log();
	open_log(false, LOG_DEBUG);
	log_write(fx.log, LOG_OPERATION, LOG_ERROR, text, LOG_FIELDS({ "k", "v" }));
	is_one_line();
	cr_expect_not_null(strstr(fx.text, "xxxx\" cut=true\n"));
	close_log();
}

Test(log, very_long_key_is_dropped)
{
	static char key[20001];
	memset(key, '"', sizeof(key) - 1);
	for (int json = 0; json < 2; json++) {
		open_log(json, LOG_DEBUG);
		log_write(fx.log, LOG_OPERATION, LOG_ERROR, "t",
			  LOG_FIELDS({ key, "v" }));
		is_one_line();
		cr_expect_not_null(strstr(fx.text, "cut"));
		if (json)
			json_decref(as_json());
		close_log();
	}
}

Test(log, many_fields_are_cut)
{
	static struct log_field fields[5000];
	for (size_t i = 0; i < 5000; i++)
		fields[i] = (struct log_field){ "key", "value" };
	open_log(false, LOG_DEBUG);
	log_write(fx.log, LOG_OPERATION, LOG_ERROR, "t", fields, 5000);
	is_one_line();
	cr_expect_gt(fx.n, 8000);
	close_log();
}

Test(log, record_above_the_level_is_not_written)
{
	open_log(false, LOG_WARNING);
	log_write(fx.log, LOG_OPERATION, LOG_INFO, "t", NULL, 0);
	log_write(fx.log, LOG_OPERATION, LOG_DEBUG, "t", NULL, 0);
	cr_expect_str_eq(written(), "");
	log_write(fx.log, LOG_OPERATION, LOG_WARNING, "t", NULL, 0);
	is_one_line();
	close_log();
}

Test(log, error_becomes_fields)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	ltps_fail(&e, LTPS_MISMATCH, LTPS_FAULT_OBJECT, "RFC 3161 2.4.2",
		  "imprint\ndiffers");
	ltps_where(&e, "token 3");
	open_log(true, LOG_DEBUG);
	log_error(fx.log, LOG_VALIDATION, LOG_ERROR, "token refused", &e,
		  LOG_FIELDS({ "request", "r1" }));
	json_t *j = as_json();
	cr_expect_str_eq(json_string_value(json_object_get(j, "code")), "MISMATCH");
	cr_expect_str_eq(json_string_value(json_object_get(j, "fault")), "object");
	cr_expect_str_eq(json_string_value(json_object_get(j, "clause")),
			 "RFC 3161 2.4.2");
	cr_expect_str_eq(json_string_value(json_object_get(j, "request")), "r1");
	const char *line = json_string_value(json_object_get(j, "error"));
	cr_expect_not_null(strstr(line, "differs"), "%s", line);
	cr_expect_not_null(strstr(line, "token 3"), "%s", line);
	json_decref(j);
	close_log();
}

Test(log, error_without_clause_has_no_clause)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	ltps_fail(&e, LTPS_IO, LTPS_FAULT_SELF, NULL, "disk");
	open_log(false, LOG_DEBUG);
	log_error(fx.log, LOG_OPERATION, LOG_ERROR, "t", &e, NULL, 0);
	cr_expect_not_null(strstr(written(), " code=IO fault=self\n"));
	cr_expect_null(strstr(fx.text, "clause"));
	close_log();
}

Test(log, no_log_writes_nothing)
{
	struct ltps_error e = LTPS_ERROR_INIT;
	log_write(NULL, LOG_OPERATION, LOG_ERROR, "t", NULL, 0);
	log_error(NULL, LOG_OPERATION, LOG_ERROR, "t", &e, NULL, 0);
	log_free(NULL);
}

Test(log, closed_descriptor_is_survived)
{
	open_log(false, LOG_DEBUG);
	const int fd = dup(fx.fd);
	close(fx.fd);
	log_write(fx.log, LOG_OPERATION, LOG_ERROR, "t", NULL, 0);
	cr_assert_eq(dup2(fd, fx.fd), fx.fd);
	close(fd);
	log_write(fx.log, LOG_OPERATION, LOG_ERROR, "u", NULL, 0);
	is_one_line();
	close_log();
}

/* A full pipe takes a part of a record: the next one begins a line of its own. */
Test(log, record_behind_a_torn_one_starts_a_line)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct clock clock = clock_fixed(AT_MS);
	struct log *log = NULL;
	static char text[6001];
	static char got[1 << 20];
	int p[2];
	memset(text, 'x', sizeof(text) - 1);
	cr_assert_eq(pipe2(p, O_NONBLOCK | O_CLOEXEC), 0);
	cr_assert_eq(log_new(p[1], false, LOG_INFO, &clock, &log, &err), 0);
	/* 6 KiB records and a pipe in whole pages: one of them is torn. */
	for (int i = 0; i < 200; i++)
		log_write(log, LOG_OPERATION, LOG_INFO, text, NULL, 0);
	ssize_t n = 0;
	for (ssize_t r; (r = read(p[0], got + n, sizeof(got) - (size_t)n)) > 0;)
		n += r;
	cr_assert(got[n - 1] != '\n', "no record was torn");
	log_write(log, LOG_OPERATION, LOG_INFO, "after", NULL, 0);
	n = read(p[0], got, sizeof(got) - 1);
	cr_assert_gt(n, 0);
	got[n] = '\0';
	cr_expect_str_eq(got, "\n2026-11-21T20:04:05.123Z info operation \"after\"\n");
	log_free(log);
	close(p[0]);
	close(p[1]);
}

#define WRITERS 4
#define RECORDS 200

static void *write_many(void *arg)
{
	for (int i = 0; i < RECORDS; i++)
		log_write(arg, LOG_OPERATION, LOG_INFO, "text text text",
			  LOG_FIELDS({ "key", "value" }));
	return NULL;
}

Test(log, records_of_many_threads_are_whole_lines)
{
	static const char line[] = "2026-11-21T20:04:05.123Z info operation "
				   "\"text text text\" key=value\n";
	pthread_t threads[WRITERS];
	open_log(false, LOG_INFO);
	for (int i = 0; i < WRITERS; i++)
		cr_assert_eq(pthread_create(&threads[i], NULL, write_many, fx.log), 0);
	for (int i = 0; i < WRITERS; i++)
		pthread_join(threads[i], NULL);
	const char *s = written();
	cr_assert_eq(fx.n, WRITERS * RECORDS * (sizeof(line) - 1));
	for (size_t i = 0; i < WRITERS * RECORDS; i++)
		cr_assert_eq(
		    strncmp(s + i * (sizeof(line) - 1), line, sizeof(line) - 1), 0);
	close_log();
}

Test(log, write_needs_no_memory)
{
	for (int json = 0; json < 2; json++) {
		open_log(json, LOG_INFO);
		mem_fail_nth(1);
		log_write(fx.log, LOG_OPERATION, LOG_INFO, "t",
			  LOG_FIELDS({ "k", "v w" }));
		cr_expect_eq(mem_fail_hit(), 0);
		mem_fail_nth(0);
		is_one_line();
		close_log();
	}
}

Test(log, failing_allocation_of_the_log_is_an_error)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct clock clock = clock_system();
	struct log *log = NULL;
	mem_fail_nth(1);
	cr_expect_eq(log_new(1, false, LOG_INFO, &clock, &log, &err), -1);
	mem_fail_nth(0);
	cr_expect_eq(err.code, LTPS_NOMEM);
	cr_expect_null(log);
}

Test(log, level_names_are_exact)
{
	enum log_level level = LOG_DEBUG;
	cr_expect_eq(log_level_parse("Error", &level), -1);
	cr_expect_eq(log_level_parse("", &level), -1);
	cr_expect_eq(log_level_parse("warn", &level), -1);
	cr_expect_eq(level, LOG_DEBUG);
	cr_expect_eq(log_level_parse("error", &level), 0);
	cr_expect_eq(level, LOG_ERROR);
	cr_expect_eq(log_level_parse("warning", &level), 0);
	cr_expect_eq(level, LOG_WARNING);
	cr_expect_eq(log_level_parse("info", &level), 0);
	cr_expect_eq(level, LOG_INFO);
	cr_expect_eq(log_level_parse("debug", &level), 0);
	cr_expect_eq(level, LOG_DEBUG);
}
