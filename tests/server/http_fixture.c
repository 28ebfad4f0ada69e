/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/server/http_fixture.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define HELD_MAX 8
/* A hanging test ends by this, not a passing one. */
#define CLIENT_TIMEOUT_S 20

struct fixture {
	pthread_t thread;
	struct loop *loop;
	struct http_server *server;
	struct loop_watch *watch;
	struct clock clock;
	int command_fd;
	int done_fd;
	enum { COMMAND_STOP, COMMAND_STATS, COMMAND_DRAIN } command;
	struct http_stats stats;
	struct http_exchange *held[HELD_MAX];
	size_t n_held;
	uint16_t port;
	struct http_route routes[10];
};

static char answer[1 << 20];

static void on_echo(struct http_exchange *x, void *arg)
{
	(void)arg;
	struct buf body = http_take_body(x);
	http_reply(x, 200, "text/plain", &body);
	buf_free(&body);
}

static void on_bulk(struct http_exchange *x, void *arg)
{
	(void)arg;
	char text[32];
	snprintf(text, sizeof(text), "%zu", http_body(x).n);
	http_reply_view(x, 200, "text/plain", view_text(text));
}

static void on_hold(struct http_exchange *x, void *arg)
{
	struct fixture *f = arg;
	f->held[f->n_held++] = x;
}

static void on_release(struct http_exchange *x, void *arg)
{
	struct fixture *f = arg;
	char text[32];
	size_t alive = 0;
	for (size_t i = 0; i < f->n_held; i++) {
		alive += http_alive(f->held[i]);
		http_reply_view(f->held[i], 200, "text/plain", view_text("held"));
	}
	f->n_held = 0;
	snprintf(text, sizeof(text), "alive=%zu", alive);
	http_reply_view(x, 200, "text/plain", view_text(text));
}

static void on_big(struct http_exchange *x, void *arg)
{
	(void)arg;
	struct ltps_error err = LTPS_ERROR_INIT;
	const char *n_text = http_query(x, "n");
	const size_t n = n_text == NULL ? 0 : strtoul(n_text, NULL, 10);
	struct buf body = buf_make(n);
	cr_assert_eq(buf_reserve(&body, n, &err), 0);
	memset(body.p, 'x', n);
	body.n = n;
	http_reply(x, 200, "application/octet-stream", &body);
	buf_free(&body);
}

static void on_drop(struct http_exchange *x, void *arg)
{
	(void)arg;
	http_drop(x);
}

static void on_cut(struct http_exchange *x, void *arg)
{
	(void)arg;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf body = buf_make(1000);
	cr_assert_eq(buf_reserve(&body, 1000, &err), 0);
	memset(body.p, 'c', 1000);
	body.n = 1000;
	http_reply_cut(x, 200, "text/plain", &body, 10);
	buf_free(&body);
}

static void on_query(struct http_exchange *x, void *arg)
{
	(void)arg;
	const char *a = http_query(x, "a");
	http_add_field(x, "X-Clean", "yes");
	http_add_field(x, "X-Evil", "no\r\nSet-Cookie: a=b");
	http_reply_view(x, 200, "text/plain", view_text(a != NULL ? a : "(none)"));
}

static void on_any(struct http_exchange *x, void *arg)
{
	(void)arg;
	http_reply_view(x, 200, "text/plain", view_text(http_path_rest(x)));
}

static void on_command(void *arg)
{
	struct fixture *f = arg;
	uint64_t n;
	cr_assert_eq(read(f->command_fd, &n, sizeof(n)), (ssize_t)sizeof(n));
	if (f->command == COMMAND_DRAIN)
		http_drain(f->server);
	http_stats(f->server, &f->stats);
	if (f->command == COMMAND_STOP)
		loop_stop(f->loop);
	n = 1;
	cr_assert_eq(write(f->done_fd, &n, sizeof(n)), (ssize_t)sizeof(n));
}

static void *run(void *arg)
{
	struct fixture *f = arg;
	struct ltps_error err = LTPS_ERROR_INIT;
	if (loop_run(f->loop, &err) != 0)
		abort();
	return NULL;
}

struct fixture *fixture_start(const struct http_limits *limits)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct fixture *f = mem_zalloc(1, sizeof(*f));
	cr_assert_not_null(f);
	const struct http_route routes[] = {
		{ .path = "/echo",
		  .methods = HTTP_METHOD_POST,
		  .media_types = { "text/plain" },
		  .body_max = 65536,
		  .handle = on_echo },
		{ .path = "/bulk",
		  .methods = HTTP_METHOD_POST,
		  .body_max = 8 << 20,
		  .handle = on_bulk },
		{ .path = "/hold",
		  .methods = HTTP_METHOD_GET,
		  .handle = on_hold,
		  .arg = f },
		{ .path = "/release",
		  .methods = HTTP_METHOD_GET,
		  .handle = on_release,
		  .arg = f },
		{ .path = "/big", .methods = HTTP_METHOD_GET, .handle = on_big },
		{ .path = "/drop", .methods = HTTP_METHOD_GET, .handle = on_drop },
		{ .path = "/cut", .methods = HTTP_METHOD_GET, .handle = on_cut },
		{ .path = "/query", .methods = HTTP_METHOD_GET, .handle = on_query },
		{ .path = "/any/*",
		  .methods = HTTP_METHOD_GET,
		  .any_path = true,
		  .handle = on_any },
	};
	memcpy(f->routes, routes, sizeof(routes));
	f->clock = clock_system();
	f->command_fd = eventfd(0, EFD_CLOEXEC);
	f->done_fd = eventfd(0, EFD_CLOEXEC);
	struct http_options options = { .listen = "127.0.0.1:0",
					.routes = f->routes,
					.n_routes = sizeof(routes) / sizeof(routes[0]),
					.clock = &f->clock };
	if (limits != NULL)
		options.limits = *limits;
	cr_assert_eq(loop_new(&f->loop, &err), 0, "%s", err.text);
	cr_assert_eq(http_new(f->loop, &options, &f->server, &err), 0, "%s", err.text);
	cr_assert_eq(
	    loop_watch_fd(f->loop, f->command_fd, on_command, f, &f->watch, &err), 0);
	f->port = (uint16_t)http_port(f->server);
	cr_assert_eq(pthread_create(&f->thread, NULL, run, f), 0);
	return f;
}

static void command(struct fixture *f, int what)
{
	uint64_t n = 1;
	f->command = what;
	cr_assert_eq(write(f->command_fd, &n, sizeof(n)), (ssize_t)sizeof(n));
	cr_assert_eq(read(f->done_fd, &n, sizeof(n)), (ssize_t)sizeof(n));
}

struct http_stats fixture_stats(struct fixture *f)
{
	command(f, COMMAND_STATS);
	return f->stats;
}

void fixture_drain(struct fixture *f)
{
	command(f, COMMAND_DRAIN);
}

struct http_stats fixture_stop(struct fixture *f)
{
	command(f, COMMAND_STOP);
	cr_assert_eq(pthread_join(f->thread, NULL), 0);
	http_free(f->server);
	for (size_t i = 0; i < f->n_held; i++)
		http_drop(f->held[i]);
	loop_watch_free(f->watch);
	loop_free(f->loop);
	close(f->command_fd);
	close(f->done_fd);
	const struct http_stats stats = f->stats;
	mem_free(f);
	return stats;
}

int fixture_connect(const struct fixture *f)
{
	const struct sockaddr_in a = { .sin_family = AF_INET,
				       .sin_port = htons(f->port),
				       .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	const struct timeval limit = { .tv_sec = CLIENT_TIMEOUT_S };
	const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	cr_assert(fd >= 0);
	cr_assert_eq(setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit)), 0);
	cr_assert_eq(connect(fd, (const struct sockaddr *)&a, sizeof(a)), 0);
	return fd;
}

void fixture_send_bytes(int fd, const void *p, size_t n)
{
	const char *at = p;
	while (n > 0) {
		const ssize_t sent = send(fd, at, n, MSG_NOSIGNAL);
		if (sent <= 0)
			return; /* refused early: the answer is what counts */
		at += sent;
		n -= (size_t)sent;
	}
}

void fixture_send(int fd, const char *text)
{
	fixture_send_bytes(fd, text, strlen(text));
}

const char *fixture_answer(int fd)
{
	size_t n = 0;
	size_t want = SIZE_MAX;
	while (n < want && n < sizeof(answer) - 1) {
		const ssize_t got =
		    recv(fd, answer + n, want == SIZE_MAX ? 1 : want - n, 0);
		if (got <= 0)
			break;
		n += (size_t)got;
		answer[n] = '\0';
		const char *end =
		    want == SIZE_MAX && n > 3 ? strstr(answer, "\r\n\r\n") : NULL;
		const char *length =
		    end == NULL ? NULL : strstr(answer, "Content-Length: ");
		if (end != NULL)
			want =
			    n + (length == NULL ? 0 : strtoul(length + 16, NULL, 10));
	}
	answer[n] = '\0';
	return answer;
}

const char *fixture_rest(int fd)
{
	size_t n = 0;
	ssize_t got;
	while (n < sizeof(answer) - 1 &&
	       (got = recv(fd, answer + n, sizeof(answer) - 1 - n, 0)) > 0)
		n += (size_t)got;
	answer[n] = '\0';
	return answer;
}

const char *fixture_ask(const struct fixture *f, const char *request, bool *closed)
{
	const int fd = fixture_connect(f);
	fixture_send(fd, request);
	const char *a = fixture_answer(fd);
	*closed = strstr(a, "\r\nConnection: close\r\n") != NULL;
	if (*closed) {
		char c;
		shutdown(fd, SHUT_WR);
		cr_expect(recv(fd, &c, 1, 0) <= 0, "the connection stayed open");
	}
	close(fd);
	return a;
}

int fixture_status(const char *a)
{
	return strncmp(a, "HTTP/1.1 ", 9) == 0 ? atoi(a + 9) : 0;
}

const char *fixture_body(const char *a)
{
	const char *end = strstr(a, "\r\n\r\n");
	return end == NULL ? "" : end + 4;
}
