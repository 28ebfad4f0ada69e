/* SPDX-License-Identifier: Apache-2.0 */
/* Requests that are refused, answers that are, and their limits. */
#include <criterion/criterion.h>

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/fetch.h"
#include "base/mem.h"
#include "tests/base/fetch_fixture.h"
#include "tests/support/http_stub.h"

/* --- URLs, before anything is sent ------------------------------------------ */

Test(fetch, malformed_url_is_an_argument_error)
{
	static const char *const urls[] = {
		"",
		"/only/a/path",
		"127.0.0.1",
		"http://",
		"http:///path",
		"http:/path",
		"http:path",
		"https:////path",
		"http://127.0.0.1:port/",
		"http://127.0.0.1:99999/",
		"http://[::1/",
		"http://127.0.0.1/a b",
		"http://127.0.0.1/a\r\nHost: b",
		"http://127.0.0.1/\x01",
		"http://127.0.0.1/\x7f",
		"http://127.0.0.1/\xc3\xbc",
		("http://b\xc3\xbc"
		 "cher.test/"),
		" http://127.0.0.1/",
		"http://127.0.0.1/\t",
		"http://user@127.0.0.1/",
		"http://user:password@127.0.0.1/",
		"http://:password@127.0.0.1/",
		"http://127.0.0.1:80@127.0.0.1/",
	};
	const struct fetch_policy policy = lenient();
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		const struct outcome o = get(&policy, urls[i]);
		cr_expect_eq(o.err.code, LTPS_ARGUMENT, "%s: %s", urls[i], o.err.text);
		cr_expect_null(strstr(o.err.text, "password"));
		expect_failure(o, LTPS_ARGUMENT, LTPS_FAULT_CALLER);
	}
	expect_failure(get(&policy, NULL), LTPS_ARGUMENT, LTPS_FAULT_CALLER);
}

Test(fetch, url_beyond_the_limit_is_an_argument_error)
{
	char url[FETCH_URL_MAX + 2];
	const struct fetch_policy policy = lenient();
	memset(url, 'a', sizeof(url));
	memcpy(url, "ftp://127.0.0.1/", 16);
	url[FETCH_URL_MAX + 1] = '\0';
	expect_failure(get(&policy, url), LTPS_ARGUMENT, LTPS_FAULT_CALLER);
	url[FETCH_URL_MAX] = '\0';
	expect_failure(get(&policy, url), LTPS_DENIED, LTPS_FAULT_CALLER);
}

Test(fetch, other_schemes_are_denied)
{
	static const char *const urls[] = {
		"ftp://127.0.0.1/a",    "file:///etc/passwd", "ldap://127.0.0.1/cn=x",
		"gopher://127.0.0.1/1", "dict://127.0.0.1/",  "unknown://127.0.0.1/",
		"smtp://127.0.0.1/",    "ws://127.0.0.1/",
	};
	const struct fetch_policy policy = lenient();
	for (size_t i = 0; i < sizeof(urls) / sizeof(urls[0]); i++) {
		const struct outcome o = get(&policy, urls[i]);
		cr_expect_eq(o.err.code, LTPS_DENIED, "%s: %s", urls[i], o.err.text);
		expect_failure(o, LTPS_DENIED, LTPS_FAULT_CALLER);
	}
}

Test(fetch, http_is_denied_unless_allowed)
{
	struct fetch_policy policy = lenient();
	struct http_stub *s = answering(OK_ABC);
	policy.allow_http = false;
	expect_failure(get(&policy, http_stub_url(s, "/")), LTPS_DENIED,
		       LTPS_FAULT_CALLER);
	cr_expect_eq(http_stub_connections(s), 0);
	http_stub_stop(s);
}

Test(fetch, header_values_that_break_the_line_are_an_argument_error)
{
	static char long_value[300];
	const struct fetch_policy policy = lenient();
	struct http_stub *s = answering(OK_ABC);
	memset(long_value, 'a', sizeof(long_value) - 1);
	const char *const values[] = { "a/b\r\nX: y", "a/b\n", "a/\xff", long_value };
	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const struct fetch_request accept = { .url = http_stub_url(s, "/"),
						      .accept = values[i] };
		const struct fetch_request type = { .url = http_stub_url(s, "/"),
						    .content_type = values[i] };
		expect_failure(fetch_with(&policy, &accept), LTPS_ARGUMENT,
			       LTPS_FAULT_CALLER);
		expect_failure(fetch_with(&policy, &type), LTPS_ARGUMENT,
			       LTPS_FAULT_CALLER);
	}
	cr_expect_eq(http_stub_connections(s), 0);
	http_stub_stop(s);
}

/* --- redirects ------------------------------------------------------------------ */

static struct outcome get_redirect(const struct fetch_policy *policy,
				   const char *location, size_t *ret_requests)
{
	char text[512];
	snprintf(text, sizeof(text),
		 "HTTP/1.1 302 Found\r\nLocation: %s\r\nContent-Length: 0\r\n\r\n",
		 location);
	const struct stub_answer answers[] = { { .text = text }, { .text = OK_ABC } };
	struct http_stub *s = http_stub_start(answers, 2);
	const struct outcome o = get(policy, http_stub_url(s, "/"));
	if (ret_requests != NULL)
		*ret_requests = http_stub_requests(s);
	http_stub_stop(s);
	return o;
}

Test(fetch, redirect_is_followed)
{
	const struct fetch_policy policy = lenient();
	size_t requests;
	expect_body(get_redirect(&policy, "/other", &requests), 200, "abc");
	cr_expect_eq(requests, 2);
}

Test(fetch, redirect_is_an_answer_when_none_is_to_be_followed)
{
	struct fetch_policy policy = lenient();
	size_t requests;
	policy.redirects = 0;
	expect_body(get_redirect(&policy, "/other", &requests), 302, "");
	cr_expect_eq(requests, 1);
	expect_body(get_redirect(&policy, "file:///etc/passwd", &requests), 302, "");
}

Test(fetch, redirects_beyond_the_limit_are_a_remote_error)
{
	const struct stub_answer loop = {
		.text =
		    "HTTP/1.1 301 Moved\r\nLocation: /\r\nContent-Length: 0\r\n\r\n",
		.then = STUB_KEEP,
	};
	const struct fetch_policy policy = lenient();
	struct http_stub *s = http_stub_start(&loop, 1);
	expect_failure(get(&policy, http_stub_url(s, "/")), LTPS_REMOTE,
		       LTPS_FAULT_REMOTE);
	cr_expect_eq(http_stub_requests(s), 4);
	http_stub_stop(s);
}

Test(fetch, redirect_to_another_scheme_is_denied)
{
	static const char *const targets[] = {
		"file:///etc/passwd",    "ftp://127.0.0.1/a", "ldap://127.0.0.1/",
		"gopher://127.0.0.1:1/", "dict://127.0.0.1/", "FILE:///etc/passwd",
		"unknown://127.0.0.1/",
	};
	const struct fetch_policy policy = lenient();
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		const struct outcome o = get_redirect(&policy, targets[i], NULL);
		cr_expect_eq(o.err.code, LTPS_DENIED, "%s: %s", targets[i], o.err.text);
		expect_failure(o, LTPS_DENIED, LTPS_FAULT_CALLER);
	}
}

Test(fetch, redirect_to_a_refused_address_is_denied)
{
	static const char *const targets[] = {
		"http://10.0.0.1/",     "http://169.254.169.254/", "//192.168.0.1/",
		"http://[fe80::1]/",    "http://0.0.0.0/",         "https://10.0.0.1/",
		"http://[::10.0.0.1]/",
	};
	const struct fetch_policy policy = lenient();
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++)
		expect_failure(get_redirect(&policy, targets[i], NULL), LTPS_DENIED,
			       LTPS_FAULT_CALLER);
}

/* To the same server, which would answer. */
Test(fetch, redirect_with_user_information_is_a_remote_error)
{
	char text[256] = "";
	const struct stub_answer answers[] = { { .text = text }, { .text = OK_ABC } };
	const struct fetch_policy policy = lenient();
	struct http_stub *s = http_stub_start(answers, 2);
	snprintf(text, sizeof(text),
		 "HTTP/1.1 302 Found\r\nLocation: http://user:pw@127.0.0.1:%u/\r\n\r\n",
		 http_stub_port(s));
	expect_failure(get(&policy, http_stub_url(s, "/")), LTPS_REMOTE,
		       LTPS_FAULT_REMOTE);
	cr_expect_eq(http_stub_requests(s), 1);
	http_stub_stop(s);
}

Test(fetch, redirect_to_a_malformed_url_is_a_remote_error)
{
	const struct fetch_policy policy = lenient();
	expect_failure(get_redirect(&policy, "http://127.0.0.1:99999/", NULL),
		       LTPS_REMOTE, LTPS_FAULT_REMOTE);
	expect_failure(get_redirect(&policy, "http://", NULL), LTPS_REMOTE,
		       LTPS_FAULT_REMOTE);
}

/* Its body is dropped with the connection, or counted. */
Test(fetch, endless_body_of_a_redirect_is_not_read)
{
	static const struct stub_answer endless[] = {
		{ .text = "HTTP/1.1 302 Found\r\nLocation: /a\r\n\r\n",
		  .then = STUB_ENDLESS,
		  .filler = "0123456789" },
		{ .text = "HTTP/1.1 302 Found\r\nLocation: /a\r\n"
			  "Transfer-Encoding: chunked\r\n\r\n",
		  .then = STUB_ENDLESS,
		  .filler = "4\r\nabcd\r\n" },
	};
	const enum ltps_code codes[] = { LTPS_REMOTE, LTPS_TOO_LARGE };
	const struct fetch_policy policy = lenient();
	for (int i = 0; i < 2; i++) {
		struct http_stub *s = http_stub_start(&endless[i], 1);
		expect_failure(get(&policy, http_stub_url(s, "/")), codes[i],
			       LTPS_FAULT_REMOTE);
		http_stub_stop(s);
	}
}

/* --- limits ------------------------------------------------------------------------
 */

static char *sized_answer(size_t n, bool with_length)
{
	char *text = mem_alloc(n + 128);
	cr_assert_not_null(text);
	int at =
	    with_length
		? sprintf(text, "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n", n)
		: sprintf(text, "HTTP/1.1 200 OK\r\n\r\n");
	memset(text + at, 'b', n);
	text[(size_t)at + n] = '\0';
	return text;
}

Test(fetch, body_up_to_the_limit_is_taken_and_one_byte_more_refused)
{
	for (int with_length = 0; with_length < 2; with_length++) {
		char *fits = sized_answer(1000, with_length);
		char *beyond = sized_answer(1001, with_length);
		struct outcome o = get_answer(fits);
		cr_expect_eq(o.rc, 0, "%s", o.err.text);
		cr_expect_eq(o.r.body.n, 1000);
		fetch_result_free(&o.r);
		expect_failure(get_answer(beyond), LTPS_TOO_LARGE, LTPS_FAULT_REMOTE);
		mem_free(fits);
		mem_free(beyond);
	}
}

Test(fetch, announced_length_beyond_the_limit_is_refused_before_the_body)
{
	const struct stub_answer a = {
		.text = "HTTP/1.1 200 OK\r\nContent-Length: 1001\r\n\r\n",
		.then = STUB_HANG,
	};
	const struct fetch_policy policy = lenient();
	struct http_stub *s = http_stub_start(&a, 1);
	expect_failure(get(&policy, http_stub_url(s, "/")), LTPS_TOO_LARGE,
		       LTPS_FAULT_REMOTE);
	http_stub_stop(s);
}

Test(fetch, endless_body_is_too_large)
{
	const struct stub_answer endless[] = {
		{ .text = "HTTP/1.1 200 OK\r\n\r\n",
		  .then = STUB_ENDLESS,
		  .filler = "0123456789" },
		{ .text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n",
		  .then = STUB_ENDLESS,
		  .filler = "4\r\nabcd\r\n" },
	};
	const struct fetch_policy policy = lenient();
	struct http_stub *s = http_stub_start(endless, 2);
	for (int i = 0; i < 2; i++)
		expect_failure(get(&policy, http_stub_url(s, "/")), LTPS_TOO_LARGE,
			       LTPS_FAULT_REMOTE);
	http_stub_stop(s);
}

Test(fetch, endless_headers_are_too_large)
{
	static const struct stub_answer bombs[] = {
		{ .text = "HTTP/1.1 200 OK\r\n",
		  .then = STUB_ENDLESS,
		  .filler = "X-Field: value\r\n" },
		/* One line without an end. */
		{ .text = "HTTP/1.1 200 OK\r\nX: ",
		  .then = STUB_ENDLESS,
		  .filler = "aaaaaaaaaaaaaaaa" },
		{ .text = "",
		  .then = STUB_ENDLESS,
		  .filler = "HTTP/1.1 100 Continue\r\n\r\n" },
		{ .text = "HTTP/1.1 200 OK\r\nX: a\r\n",
		  .then = STUB_ENDLESS,
		  .filler = " folded\r\n" },
		{ .text = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n",
		  .then = STUB_ENDLESS,
		  .filler = "X-Trailer: value\r\n" },
	};
	const struct fetch_policy policy = lenient();
	for (size_t i = 0; i < sizeof(bombs) / sizeof(bombs[0]); i++) {
		struct http_stub *s = http_stub_start(&bombs[i], 1);
		const struct outcome o = get(&policy, http_stub_url(s, "/"));
		cr_expect_eq(o.err.code, LTPS_TOO_LARGE, "%zu: %s", i, o.err.text);
		expect_failure(o, LTPS_TOO_LARGE, LTPS_FAULT_REMOTE);
		http_stub_stop(s);
	}
}

Test(fetch, silent_server_times_out)
{
	static const struct stub_answer silent[] = {
		{ .text = "", .then = STUB_HANG },
		{ .text = "HTTP/1.1 200 OK\r\nContent-Le", .then = STUB_HANG },
		{ .text = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
		  .then = STUB_HANG },
	};
	struct fetch_policy policy = lenient();
	struct http_stub *s = http_stub_start(silent, 3);
	policy.total_ms = 50;
	for (int i = 0; i < 3; i++)
		expect_failure(get(&policy, http_stub_url(s, "/")), LTPS_TIMEOUT,
			       LTPS_FAULT_REMOTE);
	http_stub_stop(s);
}

/* One request of a server that hangs behind this beginning of an answer. */
static struct outcome ask_hanging(const char *begin, uint32_t total_ms,
				  uint32_t silent_ms)
{
	const struct stub_answer answer = { .text = begin, .then = STUB_HANG };
	struct fetch_policy policy = lenient();
	struct http_stub *s = http_stub_start(&answer, 1);
	struct fetch_request req = { .url = http_stub_url(s, "/"),
				     .silent_ms = silent_ms };
	struct outcome o = { .err = LTPS_ERROR_INIT };
	struct fetch *f = NULL;
	if (total_ms > 0)
		policy.total_ms = total_ms;
	cr_assert_eq(fetch_new(&policy, &f, &o.err), 0);
	o.rc = fetch_do(f, &req, &o.r, &o.err);
	fetch_free(f);
	http_stub_stop(s);
	return o;
}

/* Nothing of an answer is another matter than an answer that takes its time. */
Test(fetch, silence_ends_before_the_policy_does)
{
	struct outcome o = ask_hanging("", 0, 1);
	cr_expect_str_eq(o.err.text, "no answer begins");
	expect_failure(o, LTPS_TIMEOUT, LTPS_FAULT_REMOTE);
	/* This one has begun: it is the policy that ends it. */
	o = ask_hanging("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\no", 3000, 1000);
	cr_expect_str_neq(o.err.text, "no answer begins");
	expect_failure(o, LTPS_TIMEOUT, LTPS_FAULT_REMOTE);
}

/* The handle's own end counts where it is before the policy's, and is not kept. */
Test(fetch, handle_ends_before_the_policy_does)
{
	static const struct stub_answer answers[] = {
		{ .text = "", .then = STUB_HANG },
		{ .text = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok" },
	};
	const struct fetch_policy policy = lenient();
	struct http_stub *s = http_stub_start(answers, 2);
	const struct fetch_request req = { .url = http_stub_url(s, "/") };
	struct outcome o = { .err = LTPS_ERROR_INIT };
	struct fetch *f = NULL;
	cr_assert_eq(fetch_new(&policy, &f, &o.err), 0);
	/* Over already: nobody is asked. */
	fetch_until(f, clock_monotonic_ms() - 1);
	o.rc = fetch_do(f, &req, &o.r, &o.err);
	expect_failure(o, LTPS_TIMEOUT, LTPS_FAULT_REMOTE);
	o = (struct outcome){ .err = LTPS_ERROR_INIT };
	fetch_until(f, clock_monotonic_ms() + 50);
	o.rc = fetch_do(f, &req, &o.r, &o.err);
	expect_failure(o, LTPS_TIMEOUT, LTPS_FAULT_REMOTE);
	o = (struct outcome){ .err = LTPS_ERROR_INIT };
	fetch_until(f, INT64_MAX);
	o.rc = fetch_do(f, &req, &o.r, &o.err);
	expect_body(o, 200, "ok");
	fetch_free(f);
	http_stub_stop(s);
}

/* --- broken answers ------------------------------------------------------------------
 */

Test(fetch, refused_connection_is_a_remote_error)
{
	const struct fetch_policy policy = lenient();
	struct http_stub *s = answering(OK_ABC);
	char url[64];
	snprintf(url, sizeof(url), "http://127.0.0.1:%u/", http_stub_port(s));
	http_stub_stop(s);
	const struct outcome o = get(&policy, url);
	cr_expect_eq(o.err.foreign, LTPS_FOREIGN_CURL);
	expect_failure(o, LTPS_REMOTE, LTPS_FAULT_REMOTE);
}

Test(fetch, answer_that_is_no_http_1_is_a_remote_error)
{
	static const char *const answers[] = {
		"",
		"garbage\r\n\r\n",
		"abc",
		"SSH-2.0-OpenSSH_9.2\r\n",
		"HTTP/1.1\r\n\r\n",
		"HTTP/1.1 abc OK\r\n\r\n",
		"HTTP/9.1 200 OK\r\nContent-Length: 0\r\n\r\n",
		"HTTP/2 200\r\nContent-Length: 0\r\n\r\n",
		"\x16\x03\x01\x02",
		"HTTP/1.1 200 OK\r\nContent-Le",
		"HTTP/1.1 200 OK\r\nContent-Length: -1\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
		"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nab",
	};
	for (size_t i = 0; i < sizeof(answers) / sizeof(answers[0]); i++) {
		const struct outcome o = get_answer(answers[i]);
		cr_expect_eq(o.err.code, LTPS_REMOTE, "%zu: %s", i, o.err.text);
		expect_failure(o, LTPS_REMOTE, LTPS_FAULT_REMOTE);
	}
}

Test(fetch, header_with_nul_byte_is_a_remote_error)
{
	static const char text[] =
	    "HTTP/1.1 200 OK\r\nX: a\0b\r\nContent-Length: 0\r\n\r\n";
	const struct stub_answer a = { .text = text, .n = sizeof(text) - 1 };
	const struct fetch_policy policy = lenient();
	struct http_stub *s = http_stub_start(&a, 1);
	expect_failure(get(&policy, http_stub_url(s, "/")), LTPS_REMOTE,
		       LTPS_FAULT_REMOTE);
	http_stub_stop(s);
}

Test(fetch, unusable_ca_file_is_our_own_fault)
{
	struct fetch_policy policy = lenient();
	struct http_stub *s = answering(OK_ABC);
	char url[64];
	policy.ca_file = "/nonexistent/anchors.pem";
	snprintf(url, sizeof(url), "https://127.0.0.1:%u/", http_stub_port(s));
	expect_failure(get(&policy, url), LTPS_IO, LTPS_FAULT_SELF);
	http_stub_stop(s);
}

/* --- codings -------------------------------------------------------------------------
 */

/* gzip of "abc" */
static const char gzip_abc[] = "\x1f\x8b\x08\0\0\0\0\0\0\x03\x4b\x4c\x4a\x06\0\xc2\x41"
			       "\x24\x35\x03\0\0\0";
#define GZIP_N (sizeof(gzip_abc) - 1)

static struct outcome get_gzip(const char *headers, char *text, size_t text_size)
{
	const int at =
	    snprintf(text, text_size, "HTTP/1.1 200 OK\r\n%s\r\n\r\n", headers);
	memcpy(text + at, gzip_abc, GZIP_N);
	const struct stub_answer a = { .text = text, .n = (size_t)at + GZIP_N };
	const struct fetch_policy policy = lenient();
	struct http_stub *s = http_stub_start(&a, 1);
	const struct outcome o = get(&policy, http_stub_url(s, "/"));
	cr_expect_null(strcasestr(http_stub_request(s, 0), "accept-encoding"));
	http_stub_stop(s);
	return o;
}

Test(fetch, content_coding_is_not_undone)
{
	char text[256];
	struct outcome o = get_gzip("Content-Encoding: gzip", text, sizeof(text));
	cr_expect_eq(o.rc, 0, "%s", o.err.text);
	cr_expect(view_equal(view_buf(&o.r.body), view_of(gzip_abc, GZIP_N)));
	fetch_result_free(&o.r);
}

Test(fetch, compressing_transfer_coding_is_a_remote_error)
{
	static const char *const headers[] = {
		"Transfer-Encoding: gzip",
		"transfer-encoding:gzip, chunked",
		"Transfer-Encoding: chunked\r\nTransfer-Encoding: deflate",
	};
	for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
		char text[256];
		expect_failure(get_gzip(headers[i], text, sizeof(text)), LTPS_REMOTE,
			       LTPS_FAULT_REMOTE);
	}
}

Test(fetch, chunked_body_is_put_together)
{
	expect_body(get_answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: Chunked \r\n\r\n"
			       "2\r\nab\r\n1;x=y\r\nc\r\n0\r\nX: y\r\n\r\n"),
		    200, "abc");
}
