/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/tsa_stub.h"

#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define REQUEST_MAX 16384

struct tsa_stub {
	struct tsa_stub_options o;
	int listener;
	pthread_t thread;
	atomic_size_t requests;
	char url[64];
	char head[REQUEST_MAX + 1];
};

static void need(int good, const char *what)
{
	if (good)
		return;
	perror(what);
	abort();
}

/* Octets of the whole request once its head is there; 0 until then. */
static size_t request_length(const char *p, size_t *head)
{
	const char *end = strstr(p, "\r\n\r\n");
	const char *length = strcasestr(p, "\r\ncontent-length:");
	if (end == NULL)
		return 0;
	*head = (size_t)(end - p) + 4;
	return *head +
	       (length != NULL && length < end ? strtoul(length + 17, NULL, 10) : 0);
}

/* One request into stub->head; its body in *body. False when the peer left. */
static bool read_request(struct tsa_stub *stub, int fd, struct view *body)
{
	size_t n = 0, head = 0;
	for (;;) {
		ssize_t got = read(fd, stub->head + n, REQUEST_MAX - n);
		if (got <= 0)
			return false;
		n += (size_t)got;
		stub->head[n] = '\0';
		size_t whole = request_length(stub->head, &head);
		if (whole > 0 && n >= whole) {
			*body = view_of(stub->head + head, whole - head);
			return true;
		}
		need(n < REQUEST_MAX, "tsa_stub: request too long");
	}
}

static void write_all(int fd, const void *p, size_t n)
{
	const char *at = p;
	while (n > 0) {
		ssize_t put = send(fd, at, n, MSG_NOSIGNAL);
		if (put <= 0)
			return; /* the client does not want it any more */
		at += put;
		n -= (size_t)put;
	}
}

static void answer(struct tsa_stub *stub, int fd, struct view request)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct tsa_stub_options *o = &stub->o;
	struct buf reply = buf_make(TST_SIZE_MAX);
	char head[256];
	need(tsp_respond(&o->responder, request, o->now_ms, &o->deviation, &reply,
			 &err) == 0,
	     "tsa_stub: tsp_respond");
	struct view body = o->body.p != NULL ? o->body : view_buf(&reply);
	int n = snprintf(head, sizeof(head),
			 "HTTP/1.1 %d X\r\nContent-Type: %s\r\nContent-Length: %zu\r\n"
			 "Connection: close\r\n\r\n",
			 o->http_status != 0 ? o->http_status : 200,
			 o->content_type != NULL ? o->content_type : TSP_MEDIA_REPLY,
			 body.n);
	atomic_fetch_add(&stub->requests, 1);
	write_all(fd, head, (size_t)n);
	write_all(fd, body.p, body.n);
	buf_free(&reply);
}

static void *serve(void *arg)
{
	struct tsa_stub *stub = arg;
	for (;;) {
		struct view body;
		int fd = accept(stub->listener, NULL, NULL);
		if (fd < 0)
			return NULL; /* tsa_stub_stop */
		if (read_request(stub, fd, &body))
			answer(stub, fd, body);
		close(fd);
	}
}

struct tsa_stub *tsa_stub_start(const struct tsa_stub_options *o)
{
	struct tsa_stub *stub = mem_zalloc(1, sizeof(*stub));
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);
	need(stub != NULL, "tsa_stub: memory");
	stub->o = *o;
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	stub->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	need(stub->listener >= 0, "tsa_stub: socket");
	need(bind(stub->listener, (struct sockaddr *)&a, sizeof(a)) == 0,
	     "tsa_stub: bind");
	need(listen(stub->listener, 16) == 0, "tsa_stub: listen");
	need(getsockname(stub->listener, (struct sockaddr *)&a, &n) == 0,
	     "tsa_stub: getsockname");
	snprintf(stub->url, sizeof(stub->url), "http://127.0.0.1:%u/tsa",
		 (unsigned)ntohs(a.sin_port));
	need(pthread_create(&stub->thread, NULL, serve, stub) == 0, "tsa_stub: thread");
	return stub;
}

void tsa_stub_stop(struct tsa_stub *stub)
{
	if (stub == NULL)
		return;
	shutdown(stub->listener, SHUT_RDWR);
	pthread_join(stub->thread, NULL);
	close(stub->listener);
	mem_free(stub);
}

const char *tsa_stub_url(const struct tsa_stub *stub)
{
	return stub->url;
}

size_t tsa_stub_requests(struct tsa_stub *stub)
{
	return atomic_load(&stub->requests);
}

const char *tsa_stub_head(const struct tsa_stub *stub)
{
	return stub->head;
}
