/* SPDX-License-Identifier: Apache-2.0 */
/* The throwaway PKI over a real connection: answers and transport faults. */
#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fetch.h"
#include "server/devpki_http.h"
#include "tests/support/devpki_kit.h"

struct service {
	struct devpki *p;
	struct loop *loop;
	struct loop_watch *watch;
	struct devpki_http *h;
	pthread_t thread;
	int stop[2];
	struct fetch *fetch;
};

static void stop_loop(void *arg)
{
	loop_stop(arg);
}

static void *run(void *arg)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct service *s = arg;
	if (loop_run(s->loop, &err) != 0)
		fprintf(stderr, "loop: %s\n", err.text);
	return NULL;
}

static void start(struct service *s, bool with_pki)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fetch_policy policy = { .allow_http = true, .allow_loopback = true };
	*s = (struct service){ .p = kit_pki(NULL, "2026-06-01T12:00:00Z") };
	cr_assert_eq(pipe(s->stop), 0);
	cr_assert_eq(fetch_new(&policy, &s->fetch, &err), 0);
	cr_assert_eq(loop_new(&s->loop, &err), 0);
	cr_assert_eq(devpki_http_new(s->loop, "127.0.0.1:0", with_pki ? s->p : NULL,
				     &s->h, &err),
		     0, "%s", err.text);
	cr_assert_eq(
	    loop_watch_fd(s->loop, s->stop[0], stop_loop, s->loop, &s->watch, &err), 0);
	cr_assert_eq(pthread_create(&s->thread, NULL, run, s), 0);
}

static void stop(struct service *s)
{
	cr_assert_eq(write(s->stop[1], "x", 1), 1);
	pthread_join(s->thread, NULL);
	loop_watch_free(s->watch);
	devpki_http_free(s->h);
	loop_free(s->loop);
	fetch_free(s->fetch);
	devpki_free(s->p);
	close(s->stop[0]);
	close(s->stop[1]);
}

/* HTTP status; 0 with the error when there was no whole answer. */
static int ask(struct service *s, const char *target, const char *type,
	       struct view body, struct buf *ret_body, struct ltps_error *err)
{
	char url[2048];
	struct fetch_result r = { 0 };
	struct fetch_request q = { .url = url, .body = body, .content_type = type };
	snprintf(url, sizeof(url), "http://127.0.0.1:%u%s", devpki_http_port(s->h),
		 target);
	q.post = type != NULL || strncmp(target, "/control/", 9) == 0;
	if (fetch_do(s->fetch, &q, &r, err) != 0)
		return 0;
	int status = r.status;
	if (ret_body != NULL) {
		*ret_body = r.body;
		r.body = buf_make(0);
	}
	fetch_result_free(&r);
	return status;
}

static void order(struct service *s, const char *target)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(ask(s, target, NULL, VIEW_NULL, NULL, &err), 200, "%s", err.text);
}

static int get(struct service *s, const char *target)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	return ask(s, target, NULL, VIEW_NULL, NULL, &err);
}

Test(devpki_http, time_stamp_over_a_connection_answers_the_request)
{
	struct service s;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tsp_request r;
	struct tsp_response response;
	struct buf body = { 0 };
	start(&s, true);
	struct buf q = kit_tsp_request(&r, "data");
	cr_assert_eq(ask(&s, "/tsa/1", TSP_MEDIA_QUERY, view_buf(&q), &body, &err),
		     200);
	cr_assert_eq(tsp_response_parse(view_buf(&body), &response, &err), 0);
	cr_expect_eq(response.status, TSP_GRANTED);
	buf_free(&body);
	buf_free(&q);
	stop(&s);
}

/* Base64 may hold "//", which other routes refuse in a path. */
Test(devpki_http, ocsp_by_get_reaches_the_responder_unchanged)
{
	struct service s;
	struct ltps_error err = LTPS_ERROR_INIT;
	start(&s, true);
	const struct devpki_cert *c = kit_named(s.p, "tsa0");
	struct buf q = kit_ocsp_request(&c, 1, 16);
	/* A nonce of ones is "////" in base64. */
	memset(q.p + q.n - 16, 0xff, 16);
	for (int escaped = 0; escaped < 2; escaped++) {
		char target[1024] = "/ocsp/";
		struct buf text = buf_make(1024), body = { 0 };
		size_t n = 6;
		cr_assert_eq(b64_encode(view_buf(&q), &text, &err), 0);
		for (size_t i = 0; i < text.n; i++) {
			bool plain = text.p[i] != '+' &&
				     (text.p[i] != '/' || !escaped) && text.p[i] != '=';
			n += (size_t)snprintf(target + n, sizeof(target) - n,
					      plain ? "%c" : "%%%02X", text.p[i]);
		}
		cr_assert_not_null(strstr(target, escaped ? "%2F%2F" : "//"));
		cr_assert_eq(ask(&s, target, NULL, VIEW_NULL, &body, &err), 200);
		OCSP_BASICRESP *basic = kit_ocsp_verified(s.p, view_buf(&body), 0);
		cr_expect_eq(kit_ocsp_status(basic, c), V_OCSP_CERTSTATUS_GOOD);
		OCSP_BASICRESP_free(basic);
		buf_free(&body);
		buf_free(&text);
	}
	buf_free(&q);
	stop(&s);
}

Test(devpki_http, closed_and_truncated_answers_fail_the_transfer)
{
	struct service s;
	start(&s, true);
	cr_expect_eq(get(&s, "/crl/ca.crl"), 200);
	/* Not counted: libcurl asks again when a connection that it kept ends. */
	order(&s, "/control/fault?target=crl&kind=closed");
	cr_expect_eq(get(&s, "/crl/ca.crl"), 0);
	order(&s, "/control/fault?target=crl&kind=truncated&count=1");
	cr_expect_eq(get(&s, "/crl/ca.crl"), 0);
	order(&s, "/control/fault?target=crl&kind=http-500&count=1");
	cr_expect_eq(get(&s, "/crl/ca.crl"), 500);
	cr_expect_eq(get(&s, "/crl/ca.crl"), 200);
	stop(&s);
}

Test(devpki_http, slow_answer_arrives)
{
	struct service s;
	start(&s, true);
	order(&s, "/control/fault?target=crl&kind=slow&value=20&count=1");
	cr_expect_eq(get(&s, "/crl/ca.crl"), 200);
	stop(&s);
}

/* What is held back when the service ends is dropped, and nothing leaks. */
Test(devpki_http, end_of_service_drops_held_back_answers)
{
	static const char text[] = "GET /crl/ca.crl HTTP/1.1\r\nHost: x\r\n\r\n";
	struct service s;
	struct sockaddr_in to = { .sin_family = AF_INET };
	start(&s, true);
	order(&s, "/control/fault?target=crl&kind=slow&value=600000&count=2");
	to.sin_port = htons((uint16_t)devpki_http_port(s.h));
	to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	int fds[2];
	for (int i = 0; i < 2; i++) {
		fds[i] = socket(AF_INET, SOCK_STREAM, 0);
		cr_assert_eq(connect(fds[i], (struct sockaddr *)&to, sizeof(to)), 0);
		cr_assert_eq(write(fds[i], text, sizeof(text) - 1),
			     (ssize_t)(sizeof(text) - 1));
	}
	/* Both are taken when the fault is used up. */
	for (int answered = 0; answered < 2;) {
		struct ltps_error err = LTPS_ERROR_INIT;
		char url[64];
		struct fetch_result r = { 0 };
		struct fetch_request q = { .url = url };
		const char *state = NULL;
		snprintf(url, sizeof(url), "http://127.0.0.1:%u/control/state",
			 devpki_http_port(s.h));
		cr_assert_eq(fetch_do(s.fetch, &q, &r, &err), 0);
		cr_assert_eq(buf_text(&r.body, &state, &err), 0);
		answered = strstr(state, "\"crl\":2") != NULL ? 2 : 0;
		fetch_result_free(&r);
	}
	stop(&s);
	for (int i = 0; i < 2; i++) {
		char c;
		cr_expect_leq(read(fds[i], &c, 1), 0);
		close(fds[i]);
	}
}

Test(devpki_http, without_a_pki_is_not_ready)
{
	struct service s;
	start(&s, false);
	cr_expect_eq(get(&s, "/anchors.pem"), 503);
	stop(&s);
}

Test(devpki_http, refusals_keep_their_status)
{
	struct service s;
	struct ltps_error err = LTPS_ERROR_INIT;
	uint8_t big[DEVPKI_BODY_MAX + 1] = { 0 };
	start(&s, true);
	cr_expect_eq(get(&s, "/nothing"), 404);
	cr_expect_eq(get(&s, "/tsa"), 405);
	cr_expect_eq(ask(&s, "/tsa", "text/plain", view_text("x"), NULL, &err), 415);
	cr_expect_eq(ask(&s, "/tsa", TSP_MEDIA_QUERY, view_of(big, TSP_QUERY_MAX + 1),
			 NULL, &err),
		     413);
	cr_expect_eq(ask(&s, "/ocsp", "application/ocsp-request",
			 view_of(big, sizeof(big)), NULL, &err),
		     413);
	stop(&s);
}
