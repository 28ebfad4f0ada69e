/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/http_stub.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/*
 * Memory comes from libc: the hook that fails the n-th allocation is for the
 * client under test, not for this thread beside it.
 */

/* A test opens few connections and sends small requests. */
#define STUB_CONNECTIONS_MAX 16
#define STUB_REQUESTS_MAX 64
#define STUB_REQUEST_MAX ((size_t)4 << 20)

struct connection {
	int fd;
	bool hanging; /* open, but not read any more */
	char *in;
	size_t n;
};

struct http_stub {
	const struct stub_answer *answers;
	size_t n_answers;
	int listener;
	int stop_fd;
	unsigned port;
	char url[512];
	pthread_t thread;
	struct connection open[STUB_CONNECTIONS_MAX]; /* the thread's own */
	size_t n_open;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t arrived;
	char *requests[STUB_REQUESTS_MAX];
	size_t n_requests;
	size_t n_connections;
};

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "http_stub: %s: %s\n", what, strerror(errno));
	abort();
}

static void connection_drop(struct http_stub *s, size_t i)
{
	close(s->open[i].fd);
	free(s->open[i].in);
	s->open[i] = s->open[--s->n_open];
}

static void connection_accept(struct http_stub *s)
{
	const int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
	if (fd < 0)
		return;
	need(s->n_open < STUB_CONNECTIONS_MAX, "too many connections");
	s->open[s->n_open++] = (struct connection){ .fd = fd };
	pthread_mutex_lock(&s->lock);
	s->n_connections++;
	pthread_mutex_unlock(&s->lock);
}

/* Octets of the request at the start of c, 0 when it is not complete. */
static size_t request_len(const struct connection *c)
{
	static const char length[] = "content-length:";
	const char *end = memmem(c->in, c->n, "\r\n\r\n", 4);
	size_t body = 0;
	if (end == NULL)
		return 0;
	for (const char *p = c->in; p < end; p++) {
		if (p[0] == '\n' && strncasecmp(p + 1, length, sizeof(length) - 1) == 0)
			body = strtoul(p + sizeof(length), NULL, 10);
	}
	const size_t n = (size_t)(end - c->in) + 4 + body;
	return n <= c->n ? n : 0;
}

static bool send_all(int fd, const char *p, size_t n)
{
	while (n > 0) {
		const ssize_t sent = send(fd, p, n, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		p += sent;
		n -= (size_t)sent;
	}
	return true;
}

static const struct stub_answer *request_record(struct http_stub *s, const char *p,
						size_t n)
{
	pthread_mutex_lock(&s->lock);
	need(s->n_requests < STUB_REQUESTS_MAX, "too many requests");
	char *copy = malloc(n + 1);
	need(copy != NULL, "memory");
	memcpy(copy, p, n);
	copy[n] = '\0';
	const size_t i = s->n_requests++;
	s->requests[i] = copy;
	pthread_cond_broadcast(&s->arrived);
	pthread_mutex_unlock(&s->lock);
	return &s->answers[i < s->n_answers ? i : s->n_answers - 1];
}

/* false: the connection is over. */
static bool request_answer(struct http_stub *s, struct connection *c, size_t n)
{
	const struct stub_answer *a = request_record(s, c->in, n);
	memmove(c->in, c->in + n, c->n - n);
	c->n -= n;
	if (!send_all(c->fd, a->text, a->n > 0 ? a->n : strlen(a->text)))
		return false;
	while (a->then == STUB_ENDLESS) {
		if (!send_all(c->fd, a->filler, strlen(a->filler)))
			return false;
	}
	c->hanging = a->then == STUB_HANG;
	return a->then != STUB_CLOSE;
}

static bool connection_read(struct http_stub *s, struct connection *c)
{
	char part[16384];
	const ssize_t got = recv(c->fd, part, sizeof(part), 0);
	if (got <= 0)
		return false;
	need(c->n + (size_t)got <= STUB_REQUEST_MAX, "request too large");
	char *grown = realloc(c->in, c->n + (size_t)got);
	need(grown != NULL, "memory");
	c->in = grown;
	memcpy(c->in + c->n, part, (size_t)got);
	c->n += (size_t)got;
	const size_t n = request_len(c);
	return n == 0 || request_answer(s, c, n);
}

/* Waits for something to read. The last of fds are the connections. */
static void stub_poll(struct http_stub *s, struct pollfd fds[2 + STUB_CONNECTIONS_MAX])
{
	fds[0] = (struct pollfd){ .fd = s->stop_fd, .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = s->listener, .events = POLLIN };
	for (size_t i = 0; i < s->n_open; i++)
		fds[2 + i] = (struct pollfd){
			.fd = s->open[i].hanging ? -1 : s->open[i].fd,
			.events = POLLIN,
		};
	while (poll(fds, 2 + s->n_open, -1) < 0)
		need(errno == EINTR, "poll");
}

static void *stub_main(void *arg)
{
	struct http_stub *s = arg;
	struct pollfd fds[2 + STUB_CONNECTIONS_MAX];
	for (;;) {
		stub_poll(s, fds);
		if (fds[0].revents != 0)
			return NULL;
		/* Backwards: a drop puts the last one, already seen, in its place. */
		for (size_t i = s->n_open; i-- > 0;) {
			if (fds[2 + i].revents != 0 && !connection_read(s, &s->open[i]))
				connection_drop(s, i);
		}
		if (fds[1].revents != 0)
			connection_accept(s);
	}
}

static void stub_listen(struct http_stub *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	need(s->listener >= 0, "socket");
	need(bind(s->listener, (struct sockaddr *)&a, sizeof(a)) == 0, "bind");
	need(listen(s->listener, STUB_CONNECTIONS_MAX) == 0, "listen");
	need(getsockname(s->listener, (struct sockaddr *)&a, &n) == 0, "getsockname");
	s->port = ntohs(a.sin_port);
}

struct http_stub *http_stub_start(const struct stub_answer *answers, size_t n)
{
	struct http_stub *s = calloc(1, sizeof(*s));
	need(s != NULL, "memory");
	s->answers = answers;
	s->n_answers = n;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->arrived, NULL);
	s->stop_fd = eventfd(0, EFD_CLOEXEC);
	need(s->stop_fd >= 0, "eventfd");
	stub_listen(s);
	need(pthread_create(&s->thread, NULL, stub_main, s) == 0, "thread");
	return s;
}

void http_stub_stop(struct http_stub *s)
{
	if (s == NULL)
		return;
	need(eventfd_write(s->stop_fd, 1) == 0, "eventfd");
	pthread_join(s->thread, NULL);
	while (s->n_open > 0)
		connection_drop(s, s->n_open - 1);
	close(s->listener);
	close(s->stop_fd);
	for (size_t i = 0; i < s->n_requests; i++)
		free(s->requests[i]);
	pthread_cond_destroy(&s->arrived);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

unsigned http_stub_port(const struct http_stub *s)
{
	return s->port;
}

const char *http_stub_url(struct http_stub *s, const char *path)
{
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u%s", s->port, path);
	return s->url;
}

size_t http_stub_connections(struct http_stub *s)
{
	pthread_mutex_lock(&s->lock);
	const size_t n = s->n_connections;
	pthread_mutex_unlock(&s->lock);
	return n;
}

size_t http_stub_requests(struct http_stub *s)
{
	pthread_mutex_lock(&s->lock);
	const size_t n = s->n_requests;
	pthread_mutex_unlock(&s->lock);
	return n;
}

void http_stub_wait(struct http_stub *s, size_t n)
{
	pthread_mutex_lock(&s->lock);
	while (s->n_requests < n)
		pthread_cond_wait(&s->arrived, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

const char *http_stub_request(struct http_stub *s, size_t i)
{
	pthread_mutex_lock(&s->lock);
	const char *text = i < s->n_requests ? s->requests[i] : "";
	pthread_mutex_unlock(&s->lock);
	return text;
}
