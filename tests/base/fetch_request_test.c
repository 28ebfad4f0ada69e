/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent, what a handle keeps between calls, and how a call ends early. */
#include <criterion/criterion.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fetch.h"
#include "base/mem.h"
#include "tests/base/fetch_fixture.h"
#include "tests/support/http_stub.h"

/* --- what is sent
 * ---------------------------------------------------------------------- */

static bool has_field(const char *request, const char *name)
{
	char start[64];
	snprintf(start, sizeof(start), "\n%s:", name);
	return strcasestr(request, start) != NULL;
}

Test(fetch, get_sends_nothing_but_the_needed_fields)
{
	static const char *const never[] = {
		"Authorization",  "Cookie",         "Proxy-Authorization",
		"Upgrade",        "Expect",         "Accept-Encoding",
		"Content-Type",   "Content-Length", "Referer",
		"HTTP2-Settings", "Connection",
	};
	const struct fetch_policy policy = lenient();
	struct http_stub *s = answering(OK_ABC);
	expect_body(get(&policy, http_stub_url(s, "/a/b?c=d")), 200, "abc");
	const char *r = http_stub_request(s, 0);
	cr_expect_eq(strncmp(r, "GET /a/b?c=d HTTP/1.1\r\n", 23), 0, "%s", r);
	cr_expect_not_null(strstr(r, "\r\nUser-Agent: ltps/"));
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		cr_expect_not(has_field(r, never[i]), "%s", r);
	http_stub_stop(s);
}

Test(fetch, post_sends_body_and_types)
{
	static const uint8_t body[] = { 0x30, 0x03, 0x00, 0xff, 0x0a };
	const struct fetch_policy policy = lenient();
	struct http_stub *s = answering("HTTP/1.1 200 OK\r\nContent-Type: "
					"application/timestamp-reply\r\n"
					"Content-Length: 2\r\n\r\nok");
	const struct fetch_request req = {
		.url = http_stub_url(s, "/tsa"),
		.body = view_of(body, sizeof(body)),
		.content_type = "application/timestamp-query",
		.accept = "application/timestamp-reply",
	};
	struct outcome o = fetch_with(&policy, &req);
	cr_expect_str_eq(o.r.content_type, "application/timestamp-reply");
	expect_body(o, 200, "ok");
	const char *r = http_stub_request(s, 0);
	cr_expect_eq(strncmp(r, "POST /tsa HTTP/1.1\r\n", 20), 0, "%s", r);
	cr_expect_not_null(
	    strstr(r, "\r\nContent-Type: application/timestamp-query\r\n"));
	cr_expect_not_null(strstr(r, "\r\nAccept: application/timestamp-reply\r\n"));
	cr_expect_not_null(strstr(r, "\r\nContent-Length: 5\r\n"));
	cr_expect_eq(memcmp(strstr(r, "\r\n\r\n") + 4, body, sizeof(body)), 0);
	http_stub_stop(s);
}

Test(fetch, large_post_does_not_wait_for_100_continue)
{
	const size_t n = (size_t)3 << 20;
	const struct fetch_policy policy = lenient();
	struct http_stub *s = answering(OK_ABC);
	uint8_t *body = mem_zalloc(n, 1);
	cr_assert_not_null(body);
	const struct fetch_request req = { .url = http_stub_url(s, "/"),
					   .body = view_of(body, n) };
	expect_body(fetch_with(&policy, &req), 200, "abc");
	cr_expect_not(has_field(http_stub_request(s, 0), "Expect"));
	cr_expect_not(has_field(http_stub_request(s, 0), "Content-Type"));
	mem_free(body);
	http_stub_stop(s);
}

Test(fetch, empty_post_is_a_post)
{
	const struct fetch_policy policy = lenient();
	struct http_stub *s = answering(OK_ABC);
	const struct fetch_request req = { .url = http_stub_url(s, "/"), .post = true };
	expect_body(fetch_with(&policy, &req), 200, "abc");
	cr_expect_eq(strncmp(http_stub_request(s, 0), "POST ", 5), 0);
	cr_expect(has_field(http_stub_request(s, 0), "Content-Length"));
	http_stub_stop(s);
}

Test(fetch, redirected_post_stays_a_post)
{
	static const struct stub_answer answers[] = {
		{ .text = "HTTP/1.1 302 Found\r\nLocation: /b\r\nContent-Length: "
			  "0\r\n\r\n" },
		{ .text = OK_ABC },
	};
	const struct fetch_policy policy = lenient();
	struct http_stub *s = http_stub_start(answers, 2);
	const struct fetch_request req = { .url = http_stub_url(s, "/a"),
					   .body = view_text("xyz") };
	expect_body(fetch_with(&policy, &req), 200, "abc");
	cr_expect_eq(strncmp(http_stub_request(s, 1), "POST /b ", 8), 0);
	cr_expect_not_null(strstr(http_stub_request(s, 1), "\r\n\r\nxyz"));
	http_stub_stop(s);
}

Test(fetch, any_status_is_an_answer)
{
	expect_body(get_answer("HTTP/1.1 404 No\r\nContent-Length: 2\r\n\r\nno"), 404,
		    "no");
	expect_body(
	    get_answer("HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"a\"\r\n"
		       "Content-Length: 0\r\n\r\n"),
	    401, "");
	expect_body(get_answer("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), 503,
		    "");
	expect_body(get_answer("HTTP/1.0 200 OK\r\n\r\nold"), 200, "old");
}

Test(fetch, content_type_is_cut_and_printable)
{
	char text[512] = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\nContent-Type: a/\xff";
	const size_t n = strlen(text);
	memset(text + n, 'x', 300);
	memcpy(text + n + 300, "\r\n\r\n", 5);
	struct outcome o = get_answer(text);
	cr_assert_eq(o.rc, 0, "%s", o.err.text);
	cr_expect_eq(strlen(o.r.content_type), sizeof(o.r.content_type) - 1);
	cr_expect_eq(strncmp(o.r.content_type, "a/?xxx", 6), 0);
	fetch_result_free(&o.r);
	o = get_answer(OK_ABC);
	cr_expect_str_eq(o.r.content_type, "");
	expect_body(o, 200, "abc");
}

/* --- nothing from the surroundings --------------------------------------------------
 */

Test(fetch, proxies_of_the_environment_are_ignored)
{
	static const char *const names[] = { "http_proxy",  "HTTP_PROXY", "https_proxy",
					     "HTTPS_PROXY", "all_proxy",  "ALL_PROXY" };
	const struct fetch_policy policy = lenient();
	const struct stub_answer refusal = { .text = "HTTP/1.1 403 No\r\n\r\n" };
	struct http_stub *proxy = http_stub_start(&refusal, 1);
	struct http_stub *s = answering(OK_ABC);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		cr_assert_eq(setenv(names[i], http_stub_url(proxy, ""), 1), 0);
	cr_assert_eq(setenv("no_proxy", "", 1), 0);
	expect_body(get(&policy, http_stub_url(s, "/")), 200, "abc");
	cr_expect_eq(http_stub_connections(proxy), 0);
	http_stub_stop(s);
	http_stub_stop(proxy);
}

Test(fetch, netrc_is_ignored)
{
	static const char line[] = "machine 127.0.0.1 login user password secret\n";
	char dir[] = "/tmp/fetch_test.XXXXXX";
	char path[64];
	const struct fetch_policy policy = lenient();
	cr_assert_not_null(mkdtemp(dir));
	snprintf(path, sizeof(path), "%s/.netrc", dir);
	FILE *file = fopen(path, "w");
	cr_assert_not_null(file);
	fputs(line, file);
	fclose(file);
	cr_assert_eq(chmod(path, 0600), 0);
	cr_assert_eq(setenv("HOME", dir, 1), 0);
	struct http_stub *s = answering(OK_ABC);
	expect_body(get(&policy, http_stub_url(s, "/")), 200, "abc");
	cr_expect_not(has_field(http_stub_request(s, 0), "Authorization"));
	http_stub_stop(s);
	unlink(path);
	rmdir(dir);
}

/* Two calls of one handle. */
static void get_twice(struct http_stub *s)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct fetch_policy policy = lenient();
	const struct fetch_request req = { .url = http_stub_url(s, "/") };
	struct fetch *f = NULL;
	cr_assert_eq(fetch_new(&policy, &f, &err), 0);
	for (int i = 0; i < 2; i++) {
		struct fetch_result r = { 0 };
		cr_expect_eq(fetch_do(f, &req, &r, &err), 0, "%s", err.text);
		cr_expect(view_is_text(view_buf(&r.body), "abc"));
		fetch_result_free(&r);
	}
	fetch_free(f);
}

Test(fetch, cookies_are_not_kept)
{
	const struct stub_answer a = {
		.text = "HTTP/1.1 200 OK\r\nSet-Cookie: a=b\r\nContent-Length: "
			"3\r\n\r\nabc",
		.then = STUB_KEEP,
	};
	struct http_stub *s = http_stub_start(&a, 1);
	get_twice(s);
	cr_expect_not(has_field(http_stub_request(s, 1), "Cookie"));
	http_stub_stop(s);
}

Test(fetch, connection_is_kept_between_calls)
{
	const struct stub_answer a = { .text = OK_ABC, .then = STUB_KEEP };
	struct http_stub *s = http_stub_start(&a, 1);
	get_twice(s);
	cr_expect_eq(http_stub_requests(s), 2);
	cr_expect_eq(http_stub_connections(s), 1);
	http_stub_stop(s);
}

Test(fetch, handle_works_after_a_failure)
{
	static const struct stub_answer answers[] = {
		{ .text = "garbage" },
		{ .text = OK_ABC },
	};
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct fetch_policy policy = lenient();
	struct http_stub *s = http_stub_start(answers, 2);
	const struct fetch_request post = { .url = http_stub_url(s, "/"),
					    .body = view_text("x"),
					    .content_type = "a/b" };
	const struct fetch_request plain = { .url = post.url };
	struct fetch_result r = { 0 };
	struct fetch *f = NULL;
	cr_assert_eq(fetch_new(&policy, &f, &err), 0);
	cr_expect_eq(fetch_do(f, &post, &r, &err), -1);
	ltps_error_clear(&err);
	cr_expect_eq(fetch_do(f, &plain, &r, &err), 0, "%s", err.text);
	cr_expect_eq(strncmp(http_stub_request(s, 1), "GET / ", 6), 0);
	cr_expect_not(has_field(http_stub_request(s, 1), "Content-Type"));
	fetch_result_free(&r);
	fetch_free(f);
	http_stub_stop(s);
}

/* --- cancelling
 * ------------------------------------------------------------------------ */

struct runner {
	struct fetch *f;
	struct fetch_request req;
	struct outcome o;
};

static void *run_fetch(void *arg)
{
	struct runner *r = arg;
	r->o.rc = fetch_do(r->f, &r->req, &r->o.r, &r->o.err);
	return NULL;
}

Test(fetch, running_fetch_is_cancelled_from_another_thread)
{
	static const struct stub_answer answers[] = {
		{ .text = "HTTP/1.1 200 OK\r\n\r\nabc", .then = STUB_HANG },
		{ .text = OK_ABC },
	};
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct fetch_policy policy = lenient();
	struct http_stub *s = http_stub_start(answers, 2);
	struct runner r = { .req = { .url = http_stub_url(s, "/") },
			    .o = { .err = LTPS_ERROR_INIT } };
	pthread_t thread;
	cr_assert_eq(fetch_new(&policy, &r.f, &err), 0);
	cr_assert_eq(pthread_create(&thread, NULL, run_fetch, &r), 0);
	http_stub_wait(s, 1);
	fetch_cancel(r.f);
	pthread_join(thread, NULL);
	expect_failure(r.o, LTPS_CANCELLED, LTPS_FAULT_SELF);
	/* It ended that call only. */
	r.o = (struct outcome){ .err = LTPS_ERROR_INIT };
	run_fetch(&r);
	expect_body(r.o, 200, "abc");
	fetch_free(r.f);
	http_stub_stop(s);
}

Test(fetch, cancel_without_a_running_fetch_is_forgotten)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct fetch_policy policy = lenient();
	struct http_stub *s = answering(OK_ABC);
	struct runner r = { .req = { .url = http_stub_url(s, "/") },
			    .o = { .err = LTPS_ERROR_INIT } };
	cr_assert_eq(fetch_new(&policy, &r.f, &err), 0);
	fetch_cancel(r.f);
	run_fetch(&r);
	expect_body(r.o, 200, "abc");
	fetch_free(r.f);
	http_stub_stop(s);
}

/* --- memory
 * ------------------------------------------------------------------------------ */

/* One exchange of which the n-th allocation fails; false when it has fewer. */
static bool fetch_without_memory(struct http_stub *s, uint64_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fetch_policy policy = lenient();
	struct fetch_result r = { 0 };
	struct fetch *f = NULL;
	const struct fetch_request req = { .url = http_stub_url(s, "/"),
					   .body = view_text("x"),
					   .accept = "a/b" };
	policy.ca_file = "/nonexistent/anchors.pem"; /* http does not read it */
	mem_fail_nth(n);
	int rc = fetch_new(&policy, &f, &err);
	if (rc == 0)
		rc = fetch_do(f, &req, &r, &err);
	const bool hit = mem_fail_hit() != 0;
	mem_fail_nth(0);
	if (rc != 0)
		cr_expect_eq(err.code, LTPS_NOMEM, "%lu: %s %s", (unsigned long)n,
			     ltps_code_name(err.code), err.text);
	else
		cr_expect(view_is_text(view_buf(&r.body), "abc"));
	cr_expect(hit || rc == 0);
	fetch_result_free(&r);
	fetch_free(f);
	return hit;
}

Test(fetch, failing_allocation_is_an_error_and_never_half_a_result)
{
	const struct stub_answer a = { .text = OK_ABC };
	uint64_t n = 1;
	bool hit = true;
	cr_assert_eq(fetch_load(&(struct ltps_error)LTPS_ERROR_INIT), 0);
	while (hit) {
		struct http_stub *s = http_stub_start(&a, 1);
		hit = fetch_without_memory(s, n++);
		http_stub_stop(s);
	}
	cr_expect_gt(n, 20);
}
