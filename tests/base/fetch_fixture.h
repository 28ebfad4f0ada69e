/* SPDX-License-Identifier: Apache-2.0 */
/* fetch_fixture - one exchange and what came of it, for the tests of fetch. */
#ifndef LTPS_TESTS_FETCH_FIXTURE_H
#define LTPS_TESTS_FETCH_FIXTURE_H

#include <criterion/criterion.h>

#include <openssl/err.h>

#include "base/fetch.h"
#include "tests/support/http_stub.h"

#define OK_ABC "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"

/* What the tests allow; a test changes what it is about. */
static inline struct fetch_policy lenient(void)
{
	return (struct fetch_policy){
		.allow_http = true,
		.allow_loopback = true,
		.redirects = 3,
		.max_bytes = 1000,
		/* Never reached: a test that hangs is a test that fails. */
		.total_ms = 60000,
	};
}

struct outcome {
	int rc;
	struct ltps_error err;
	struct fetch_result r;
};

static inline struct outcome fetch_with(const struct fetch_policy *policy,
					const struct fetch_request *req)
{
	struct outcome o = { .err = LTPS_ERROR_INIT };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fetch *f = NULL;
	cr_assert_eq(fetch_new(policy, &f, &err), 0, "%s", err.text);
	o.rc = fetch_do(f, req, &o.r, &o.err);
	cr_expect_eq(ERR_peek_error(), 0, "OpenSSL's queue is not empty");
	fetch_free(f);
	return o;
}

static inline void expect_failure(struct outcome o, enum ltps_code code,
				  enum ltps_fault fault)
{
	cr_expect_eq(o.rc, -1);
	cr_expect_eq(o.err.code, code, "%s: %s", ltps_code_name(o.err.code),
		     o.err.text);
	cr_expect_eq(o.err.fault, fault, "%s: %s", ltps_fault_name(o.err.fault),
		     o.err.text);
	cr_expect_null(o.r.body.p, "a result was written");
	fetch_result_free(&o.r);
}

static inline void expect_body(struct outcome o, int status, const char *body)
{
	cr_expect_eq(o.rc, 0, "%s: %s", ltps_code_name(o.err.code), o.err.text);
	cr_expect_eq(o.r.status, status, "%d", o.r.status);
	cr_expect(view_is_text(view_buf(&o.r.body), body));
	fetch_result_free(&o.r);
}

static inline struct outcome get(const struct fetch_policy *policy, const char *url)
{
	const struct fetch_request req = { .url = url };
	return fetch_with(policy, &req);
}

/* A server of one answer. */
static inline struct http_stub *answering(const char *text)
{
	static struct stub_answer a;
	a = (struct stub_answer){ .text = text };
	return http_stub_start(&a, 1);
}

/* The outcome of one GET of that answer under the lenient policy. */
static inline struct outcome get_answer(const char *text)
{
	const struct fetch_policy policy = lenient();
	struct http_stub *s = answering(text);
	const struct outcome o = get(&policy, http_stub_url(s, "/"));
	http_stub_stop(s);
	return o;
}

#endif
