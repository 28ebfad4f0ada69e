/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/pki_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define REQUEST_MAX 65536

struct pki_server {
	struct devpki *pki;
	pthread_mutex_t lock;
	pthread_t thread;
	int listener;
	int quit[2];
	size_t stamps;
	char url[64];
};

static void die(const char *what)
{
	fprintf(stderr, "pki_server: %s\n", what);
	abort();
}

/* Bytes of one request, with its body; 0 when the client went away. */
static size_t read_request(int fd, char *in)
{
	size_t n = 0;
	for (;;) {
		ssize_t k = read(fd, in + n, REQUEST_MAX - 1 - n);
		if (k <= 0)
			return 0;
		n += (size_t)k;
		in[n] = '\0';
		char *body = memmem(in, n, "\r\n\r\n", 4);
		if (body == NULL)
			continue;
		char *length = strcasestr(in, "\r\ncontent-length:");
		size_t want = length != NULL && length < body
				  ? strtoul(length + 17, NULL, 10)
				  : 0;
		if (n >= (size_t)(body + 4 - in) + want)
			return n;
	}
}

static struct view cut(char **at, char end)
{
	char *start = *at;
	char *stop = strchr(start, end);
	if (stop == NULL)
		stop = start + strlen(start);
	*at = *stop != '\0' ? stop + 1 : stop;
	return view_of(start, (size_t)(stop - start));
}

static void answer(struct pki_server *s, int fd, char *in, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_answer a = { 0 };
	struct devpki_request req = { 0 };
	char *at = in;
	char *body = memmem(in, n, "\r\n\r\n", 4);
	req.body = view_of(body + 4, n - (size_t)(body + 4 - in));
	req.method = cut(&at, ' ');
	struct view target = cut(&at, ' ');
	const uint8_t *mark = memchr(target.p, '?', target.n);
	req.path = mark != NULL ? view_head(target, (size_t)(mark - target.p)) : target;
	if (mark != NULL)
		req.query = view_skip(target, req.path.n + 1);
	char *type = strcasestr(in, "\r\ncontent-type: ");
	if (type != NULL && type < body) {
		type += 16;
		req.content_type = cut(&type, '\r');
	}
	pthread_mutex_lock(&s->lock);
	int rc = devpki_handle(s->pki, &req, &a, &err);
	if (view_starts(req.path, view_text("/tsa")))
		s->stamps++;
	pthread_mutex_unlock(&s->lock);
	if (rc != 0)
		die(err.text);
	if (!a.close) {
		char head[256];
		int h = snprintf(head, sizeof(head),
				 "HTTP/1.1 %d X\r\nContent-Type: %s\r\n"
				 "Content-Length: %zu\r\nConnection: close\r\n\r\n",
				 a.status, a.content_type, a.body.n);
		size_t send_n = a.truncated ? a.sent_n : a.body.n;
		if (send(fd, head, (size_t)h, MSG_NOSIGNAL) == h && send_n > 0)
			(void)!send(fd, a.body.p, send_n, MSG_NOSIGNAL);
	}
	devpki_answer_free(&a);
}

static void *serve(void *arg)
{
	struct pki_server *s = arg;
	char *in = malloc(REQUEST_MAX);
	for (;;) {
		struct pollfd p[2] = { { .fd = s->listener, .events = POLLIN },
				       { .fd = s->quit[0], .events = POLLIN } };
		if (poll(p, 2, -1) < 0)
			continue;
		if (p[1].revents != 0)
			break;
		int fd = accept(s->listener, NULL, NULL);
		if (fd < 0)
			continue;
		size_t n = read_request(fd, in);
		if (n > 0)
			answer(s, fd, in, n);
		close(fd);
	}
	free(in);
	return NULL;
}

struct pki_server *pki_server_start(const char *now)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pki_server *s = calloc(1, sizeof(*s));
	struct sockaddr_in a = { .sin_family = AF_INET,
				 .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t len = sizeof(a);
	int64_t start;
	if (s == NULL || pipe(s->quit) != 0)
		die("no memory");
	s->listener = socket(AF_INET, SOCK_STREAM, 0);
	if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&a, len) != 0 ||
	    listen(s->listener, 64) != 0 ||
	    getsockname(s->listener, (struct sockaddr *)&a, &len) != 0)
		die("no socket");
	snprintf(s->url, sizeof(s->url), "http://127.0.0.1:%u", ntohs(a.sin_port));
	if (time_parse_rfc3339(view_text(now), &start, &err) != 0)
		die(err.text);
	const struct devpki_options options = { .url = s->url,
						.n_tsa = 2,
						.start_ms = start - 86400000,
						.clock = clock_shifted(start) };
	if (devpki_create(NULL, &options, &s->pki, &err) != 0)
		die(err.text);
	pthread_mutex_init(&s->lock, NULL);
	if (pthread_create(&s->thread, NULL, serve, s) != 0)
		die("no thread");
	return s;
}

void pki_server_stop(struct pki_server *s)
{
	if (write(s->quit[1], "q", 1) != 1)
		die("pipe");
	pthread_join(s->thread, NULL);
	pthread_mutex_destroy(&s->lock);
	devpki_free(s->pki);
	close(s->listener);
	close(s->quit[0]);
	close(s->quit[1]);
	free(s);
}

const char *pki_server_url(const struct pki_server *s)
{
	return s->url;
}

struct devpki *pki_server_enter(struct pki_server *s)
{
	pthread_mutex_lock(&s->lock);
	return s->pki;
}

void pki_server_leave(struct pki_server *s)
{
	pthread_mutex_unlock(&s->lock);
}

size_t pki_server_stamps(struct pki_server *s)
{
	pthread_mutex_lock(&s->lock);
	size_t n = s->stamps;
	pthread_mutex_unlock(&s->lock);
	return n;
}
