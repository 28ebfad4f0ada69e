/* SPDX-License-Identifier: Apache-2.0 */
/* fetch_cancel against a running fetch_do; also run under ThreadSanitizer. */
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/fetch.h"
#include "tests/support/http_stub.h"
#include "tests/support/ldap_server.h"

#define ROUNDS 50
#define LOADERS 4

struct runner {
	struct fetch *f;
	struct fetch_request req;
	struct ltps_error err;
	int rc;
};

static void check(bool ok, const char *what, int line)
{
	if (ok)
		return;
	fprintf(stderr, "fetch_thread: line %d: %s\n", line, what);
	exit(1);
}
#define CHECK(x) check((x), #x, __LINE__)

static void *run_fetch(void *arg)
{
	struct runner *r = arg;
	struct fetch_result result = { 0 };
	r->rc = fetch_do(r->f, &r->req, &result, &r->err);
	fetch_result_free(&result);
	return NULL;
}

static void cancel_ends_a_running_fetch(void)
{
	static const struct stub_answer silent = { .text = "", .then = STUB_HANG };
	const struct fetch_policy policy = { .allow_http = true,
					     .allow_loopback = true };
	struct http_stub *s = http_stub_start(&silent, 1);
	struct runner r = { .req = { .url = http_stub_url(s, "/") },
			    .err = LTPS_ERROR_INIT };
	pthread_t thread;
	CHECK(fetch_new(&policy, &r.f, &r.err) == 0);
	CHECK(pthread_create(&thread, NULL, run_fetch, &r) == 0);
	http_stub_wait(s, 1);
	fetch_cancel(r.f);
	pthread_join(thread, NULL);
	CHECK(r.rc == -1 && r.err.code == LTPS_CANCELLED);
	fetch_free(r.f);
	http_stub_stop(s);
}

static void cancel_ends_a_running_search(void)
{
	const struct fetch_policy policy = { .allow_ldap = true,
					     .allow_loopback = true };
	struct ldap_server *s = ldap_server_start(NULL, 0);
	struct runner r = { .req = { .url = ldap_server_url(s, "cn=x?cACertificate") },
			    .err = LTPS_ERROR_INIT };
	pthread_t thread;
	CHECK(fetch_new(&policy, &r.f, &r.err) == 0);
	CHECK(pthread_create(&thread, NULL, run_fetch, &r) == 0);
	ldap_server_wait(s, 1);
	fetch_cancel(r.f);
	pthread_join(thread, NULL);
	CHECK(r.rc == -1 && r.err.code == LTPS_CANCELLED);
	fetch_free(r.f);
	ldap_server_stop(s);
}

/* The first exchanges of a process, each loading libcurl if it is the first. */
static void many_threads_load_at_once(void)
{
	static const struct stub_answer empty = {
		.text = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
	};
	const struct fetch_policy policy = { .allow_http = true,
					     .allow_loopback = true };
	struct http_stub *s[LOADERS];
	struct runner r[LOADERS];
	pthread_t threads[LOADERS];
	for (int i = 0; i < LOADERS; i++) {
		s[i] = http_stub_start(&empty, 1);
		r[i] = (struct runner){ .req = { .url = http_stub_url(s[i], "/") },
					.err = LTPS_ERROR_INIT };
		CHECK(fetch_new(&policy, &r[i].f, &r[i].err) == 0);
	}
	for (int i = 0; i < LOADERS; i++)
		CHECK(pthread_create(&threads[i], NULL, run_fetch, &r[i]) == 0);
	for (int i = 0; i < LOADERS; i++) {
		pthread_join(threads[i], NULL);
		CHECK(r[i].rc == 0);
		fetch_free(r[i].f);
		http_stub_stop(s[i]);
	}
}

int main(void)
{
	many_threads_load_at_once();
	for (int i = 0; i < ROUNDS; i++) {
		cancel_ends_a_running_fetch();
		cancel_ends_a_running_search();
	}
	return 0;
}
