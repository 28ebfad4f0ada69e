/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_bench - load over keep-alive connections on loopback.
 *
 *   http_bench ADDR:PORT REQUESTS CONNECTIONS BYTES [PROFILE]
 *   http_bench ADDR:PORT REQUESTS CONNECTIONS --post PATH TYPE FILE [OFFSET]
 *
 * Prints requests a second, latencies, refusals, and its own CPU time apart. The
 * first form is PreservePO, each request a different object of BYTES octets. The
 * second posts FILE; with OFFSET, the eight octets there are the request's number
 * (a nonce).
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/mem.h"

#define CONNECTIONS_MAX 1024
#define ANSWER_MAX 65536

struct connection {
	int fd;
	char *out;
	size_t out_n, out_at;
	char in[ANSWER_MAX];
	size_t in_n;
	double sent;
	int busy;
};

static const char *profile = "urn:ltps:profile:pds+pgd+aug+wst+ers:1";
static uint8_t *object;
static size_t object_n;
static const char *path = "/pres/PreservePO", *type = "application/json";
static const char *wanted = "poId"; /* in the answer */
static long number_at = -1;         /* of a posted file */
static unsigned long started, finished, refused, total;
static double *latencies;

static double now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void fail(const char *what)
{
	fprintf(stderr, "http_bench: %s: %s\n", what, strerror(errno));
	exit(1);
}

/* PreservePO of an object that starts with the request's number. */
static void put_object(struct buf *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	memcpy(object, &started,
	       sizeof(started) < object_n ? sizeof(started) : object_n);
	if (buf_put_fmt(text, &err,
			"{\"pro\":\"%s\",\"po\":[{\"binaryData\":{\"value\":\"",
			profile) != 0 ||
	    b64_encode(view_of(object, object_n), text, &err) != 0 ||
	    buf_put_text(text, "\"},\"mimeType\":\"application/octet-stream\"}]}",
			 &err) != 0)
		fail(err.text);
}

static void put_file(struct buf *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	if (number_at >= 0)
		memcpy(object + number_at, &started, sizeof(started));
	if (buf_put(text, view_of(object, object_n), &err) != 0)
		fail(err.text);
}

static void make_request(struct connection *c)
{
	struct buf text = buf_make((size_t)1 << 30);
	char head[512];
	if (wanted != NULL)
		put_object(&text);
	else
		put_file(&text);
	int n = snprintf(head, sizeof(head),
			 "POST %s HTTP/1.1\r\nHost: localhost\r\n"
			 "Content-Type: %s\r\nContent-Length: %zu\r\n\r\n",
			 path, type, text.n);
	free(c->out);
	c->out = malloc((size_t)n + text.n);
	if (c->out == NULL)
		fail("memory");
	memcpy(c->out, head, (size_t)n);
	memcpy(c->out + n, text.p, text.n);
	c->out_n = (size_t)n + text.n;
	c->out_at = 0;
	c->in_n = 0;
	c->busy = 1;
	started++;
	buf_free(&text);
}

static void push(struct connection *c)
{
	while (c->out_at < c->out_n) {
		ssize_t n = write(c->fd, c->out + c->out_at, c->out_n - c->out_at);
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0)
			fail("write");
		c->out_at += (size_t)n;
	}
}

/* 1 when a whole answer is there. */
static int whole(struct connection *c)
{
	c->in[c->in_n] = '\0';
	char *body = strstr(c->in, "\r\n\r\n");
	char *length = strcasestr(c->in, "\r\ncontent-length:");
	if (body == NULL || length == NULL)
		return 0;
	size_t n = strtoul(length + 17, NULL, 10);
	return c->in_n >= (size_t)(body + 4 - c->in) + n;
}

static int pull(struct connection *c)
{
	for (;;) {
		ssize_t n = read(c->fd, c->in + c->in_n, ANSWER_MAX - 1 - c->in_n);
		if (n < 0 && errno == EAGAIN)
			return 0;
		if (n <= 0)
			fail("the service closed the connection");
		c->in_n += (size_t)n;
		if (whole(c))
			return 1;
	}
}

static void next(struct connection *c)
{
	if (started == total) {
		c->busy = 0;
		return;
	}
	make_request(c);
	c->sent = now();
	push(c);
}

static int connect_to(const char *where)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	char host[64];
	unsigned port;
	int one = 1;
	if (sscanf(where, "%63[^:]:%u", host, &port) != 2 ||
	    inet_pton(AF_INET, host, &a.sin_addr) != 1) {
		fprintf(stderr, "http_bench: %s is no ADDR:PORT\n", where);
		exit(64);
	}
	a.sin_port = htons((uint16_t)port);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	if (fd < 0 || connect(fd, (struct sockaddr *)&a, sizeof(a)) != 0)
		fail(where);
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	fcntl(fd, F_SETFL, O_NONBLOCK);
	return fd;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;
	return x < y ? -1 : x > y;
}

static void report(double seconds)
{
	struct rusage u;
	getrusage(RUSAGE_SELF, &u);
	double cpu = (double)u.ru_utime.tv_sec + (double)u.ru_utime.tv_usec / 1e6 +
		     (double)u.ru_stime.tv_sec + (double)u.ru_stime.tv_usec / 1e6;
	qsort(latencies, finished, sizeof(*latencies), compare);
	printf("requests %lu  refused %lu  seconds %.2f  per second %.0f\n", finished,
	       refused, seconds, (double)finished / seconds);
	printf("latency ms: median %.2f  95%% %.2f  99%% %.2f  max %.2f\n",
	       latencies[finished / 2] * 1e3, latencies[finished * 95 / 100] * 1e3,
	       latencies[finished * 99 / 100] * 1e3, latencies[finished - 1] * 1e3);
	printf("client CPU seconds %.2f (%.1f us a request)\n", cpu,
	       cpu / (double)finished * 1e6);
}

static void read_file(const char *name)
{
	FILE *f = fopen(name, "rb");
	if (f == NULL)
		fail(name);
	object = calloc(1, ANSWER_MAX);
	if (object == NULL)
		fail("memory");
	object_n = fread(object, 1, ANSWER_MAX, f);
	fclose(f);
}

static int usage(void)
{
	fprintf(stderr,
		"usage: http_bench ADDR:PORT REQUESTS CONNECTIONS BYTES [PROFILE]\n"
		"       http_bench ADDR:PORT REQUESTS CONNECTIONS --post PATH TYPE "
		"FILE [OFFSET]\n");
	return 64;
}

/* 0, or the exit status of a wrong command line. */
static int read_what(int argc, char **argv)
{
	if (strcmp(argv[4], "--post") != 0) {
		object_n = strtoul(argv[4], NULL, 10);
		object = calloc(1, object_n);
		if (argc > 5)
			profile = argv[5];
		return object_n < 8 ? usage() : 0;
	}
	if (argc < 8)
		return usage();
	path = argv[5];
	type = argv[6];
	wanted = NULL;
	read_file(argv[7]);
	if (argc > 8)
		number_at = strtol(argv[8], NULL, 10);
	return number_at > (long)object_n - 8 ? usage() : 0;
}

int main(int argc, char **argv)
{
	static struct connection all[CONNECTIONS_MAX];
	struct epoll_event events[256];
	if (argc < 5 || read_what(argc, argv) != 0)
		return usage();
	total = strtoul(argv[2], NULL, 10);
	unsigned long n = strtoul(argv[3], NULL, 10);
	if (n == 0 || n > CONNECTIONS_MAX || total < n)
		return usage();
	latencies = calloc(total, sizeof(*latencies));
	int ep = epoll_create1(0);
	if (object == NULL || latencies == NULL || ep < 0)
		fail("memory");
	double begin = now();
	for (unsigned long i = 0; i < n; i++) {
		all[i].fd = connect_to(argv[1]);
		struct epoll_event e = { .events = EPOLLIN | EPOLLOUT | EPOLLET,
					 .data.ptr = &all[i] };
		epoll_ctl(ep, EPOLL_CTL_ADD, all[i].fd, &e);
		next(&all[i]);
	}
	while (finished < total) {
		int k = epoll_wait(ep, events, 256, 60000);
		if (k <= 0)
			fail("no answer within a minute");
		for (int i = 0; i < k; i++) {
			struct connection *c = events[i].data.ptr;
			if (!c->busy)
				continue;
			push(c);
			if (c->out_at == c->out_n && pull(c)) {
				latencies[finished++] = now() - c->sent;
				if (strncmp(c->in, "HTTP/1.1 200", 12) != 0 ||
				    (wanted != NULL && strstr(c->in, wanted) == NULL))
					refused++;
				next(c);
			}
		}
	}
	report(now() - begin);
	return refused > 0;
}
