/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/ldap_server.h"

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

#include "base/asn1.h"

/*
 * Memory of the thread comes from libc: the hook that fails the n-th
 * allocation is for the client under test, not for this thread beside it.
 */

#define SERVER_MESSAGES_MAX 64
#define SERVER_MESSAGE_MAX ((size_t)64 << 10)

struct ldap_server {
	const struct ldap_step *steps;
	size_t n_steps;
	int listener;
	int stop_fd;
	unsigned port;
	char url[4096];
	pthread_t thread;
	pthread_mutex_t lock; /* guards what follows */
	pthread_cond_t changed;
	struct view messages[SERVER_MESSAGES_MAX];
	size_t n_messages;
	size_t n_connections;
	size_t n_closed;
};

static void need(bool ok, const char *what)
{
	if (ok)
		return;
	fprintf(stderr, "ldap_server: %s: %s\n", what, strerror(errno));
	abort();
}

/* false: the test is over. */
static bool wait_readable(struct ldap_server *s, int fd)
{
	struct pollfd fds[2] = { { .fd = s->stop_fd, .events = POLLIN },
				 { .fd = fd, .events = POLLIN } };
	while (poll(fds, 2, -1) < 0)
		need(errno == EINTR, "poll");
	return fds[0].revents == 0;
}

static bool read_all(struct ldap_server *s, int fd, uint8_t *p, size_t n)
{
	while (n > 0) {
		if (!wait_readable(s, fd))
			return false;
		const ssize_t got = recv(fd, p, n, 0);
		if (got <= 0)
			return false;
		p += got;
		n -= (size_t)got;
	}
	return true;
}

/* Header of a message of the client, which writes shortest lengths. */
static bool read_message(struct ldap_server *s, int fd)
{
	uint8_t h[4];
	size_t header = 2;
	if (!read_all(s, fd, h, 2))
		return false;
	size_t body = h[1];
	if (body >= 0x80) {
		header += body & 0x7f;
		need(header <= sizeof(h), "length of a message");
		if (!read_all(s, fd, h + 2, header - 2))
			return false;
		body = header == 3 ? h[2] : (size_t)h[2] << 8 | h[3];
	}
	uint8_t *copy = malloc(header + body);
	need(copy != NULL && body <= SERVER_MESSAGE_MAX, "message");
	memcpy(copy, h, header);
	if (!read_all(s, fd, copy + header, body)) {
		free(copy);
		return false;
	}
	pthread_mutex_lock(&s->lock);
	need(s->n_messages < SERVER_MESSAGES_MAX, "too many messages");
	s->messages[s->n_messages++] = view_of(copy, header + body);
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
	return true;
}

static bool send_all(int fd, struct view v)
{
	while (v.n > 0) {
		const ssize_t sent = send(fd, v.p, v.n, MSG_NOSIGNAL);
		if (sent <= 0)
			return false;
		v = view_skip(v, (size_t)sent);
	}
	return true;
}

static void serve(struct ldap_server *s, int fd)
{
	for (size_t i = 0; read_message(s, fd); i++) {
		if (i >= s->n_steps)
			continue;
		bool sent;
		do {
			sent = send_all(fd, s->steps[i].answer);
		} while (sent && s->steps[i].then == LDAP_ENDLESS);
		if (!sent || s->steps[i].then == LDAP_CLOSE)
			return;
	}
}

static void count(struct ldap_server *s, size_t *counter)
{
	pthread_mutex_lock(&s->lock);
	++*counter;
	pthread_cond_broadcast(&s->changed);
	pthread_mutex_unlock(&s->lock);
}

static void *server_main(void *arg)
{
	struct ldap_server *s = arg;
	while (wait_readable(s, s->listener)) {
		const int fd = accept4(s->listener, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			continue;
		count(s, &s->n_connections);
		serve(s, fd);
		close(fd);
		count(s, &s->n_closed);
	}
	return NULL;
}

static void server_listen(struct ldap_server *s)
{
	struct sockaddr_in a = { .sin_family = AF_INET };
	socklen_t n = sizeof(a);
	a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	need(s->listener >= 0, "socket");
	need(bind(s->listener, (struct sockaddr *)&a, sizeof(a)) == 0, "bind");
	need(listen(s->listener, 8) == 0, "listen");
	need(getsockname(s->listener, (struct sockaddr *)&a, &n) == 0, "getsockname");
	s->port = ntohs(a.sin_port);
}

struct ldap_server *ldap_server_start(const struct ldap_step *steps, size_t n)
{
	struct ldap_server *s = calloc(1, sizeof(*s));
	need(s != NULL, "memory");
	s->steps = steps;
	s->n_steps = n;
	pthread_mutex_init(&s->lock, NULL);
	pthread_cond_init(&s->changed, NULL);
	s->stop_fd = eventfd(0, EFD_CLOEXEC);
	need(s->stop_fd >= 0, "eventfd");
	server_listen(s);
	need(pthread_create(&s->thread, NULL, server_main, s) == 0, "thread");
	return s;
}

void ldap_server_stop(struct ldap_server *s)
{
	if (s == NULL)
		return;
	need(eventfd_write(s->stop_fd, 1) == 0, "eventfd");
	pthread_join(s->thread, NULL);
	close(s->listener);
	close(s->stop_fd);
	for (size_t i = 0; i < s->n_messages; i++)
		free((void *)(uintptr_t)s->messages[i].p);
	pthread_cond_destroy(&s->changed);
	pthread_mutex_destroy(&s->lock);
	free(s);
}

const char *ldap_server_url(struct ldap_server *s, const char *tail)
{
	snprintf(s->url, sizeof(s->url), "ldap://127.0.0.1:%u/%s", s->port, tail);
	return s->url;
}

unsigned ldap_server_port(const struct ldap_server *s)
{
	return s->port;
}

size_t ldap_server_connections(struct ldap_server *s)
{
	pthread_mutex_lock(&s->lock);
	const size_t n = s->n_connections;
	pthread_mutex_unlock(&s->lock);
	return n;
}

static void wait_for(struct ldap_server *s, const size_t *counter, size_t n)
{
	pthread_mutex_lock(&s->lock);
	while (*counter < n)
		pthread_cond_wait(&s->changed, &s->lock);
	pthread_mutex_unlock(&s->lock);
}

void ldap_server_wait(struct ldap_server *s, size_t n)
{
	wait_for(s, &s->n_messages, n);
}

void ldap_server_wait_closed(struct ldap_server *s, size_t n)
{
	wait_for(s, &s->n_closed, n);
}

struct view ldap_server_message(struct ldap_server *s, size_t i)
{
	pthread_mutex_lock(&s->lock);
	const struct view v = i < s->n_messages ? s->messages[i] : VIEW_NULL;
	pthread_mutex_unlock(&s->lock);
	return v;
}

/* --- answers ------------------------------------------------------------------ */

static void put(struct buf *out, uint8_t id, struct view body)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	need(der_put(out, id, body, &err) == 0, err.text);
}

static void put_message(struct buf *out, unsigned id, uint8_t op, struct view body)
{
	struct buf b = buf_make(out->max);
	struct ltps_error err = LTPS_ERROR_INIT;
	need(der_put_uint(&b, id, &err) == 0, err.text);
	put(&b, op, body);
	put(out, DER_SEQUENCE, view_buf(&b));
	buf_free(&b);
}

static void put_result(struct buf *out, unsigned code)
{
	const uint8_t c = (uint8_t)code;
	put(out, 0x0a, view_of(&c, 1));
	put(out, 0x04, VIEW_NULL);
	put(out, 0x04, VIEW_NULL);
}

void ldap_say_result(struct buf *out, unsigned id, uint8_t op, unsigned code)
{
	struct buf b = buf_make(64);
	put_result(&b, code);
	put_message(out, id, op, view_buf(&b));
	buf_free(&b);
}

void ldap_say_referral(struct buf *out, unsigned id, uint8_t op, const char *uri)
{
	struct buf b = buf_make(512);
	struct buf list = buf_make(256);
	put_result(&b, 10);
	put(&list, 0x04, view_text(uri));
	put(&b, 0xa3, view_buf(&list));
	put_message(out, id, op, view_buf(&b));
	buf_free(&list);
	buf_free(&b);
}

void ldap_say_entry(struct buf *out, unsigned id, const char *type,
		    const struct view *values, size_t n)
{
	struct buf set = buf_make(out->max);
	struct buf attribute = buf_make(out->max);
	struct buf list = buf_make(out->max);
	struct buf entry = buf_make(out->max);
	for (size_t i = 0; i < n; i++)
		put(&set, 0x04, values[i]);
	put(&attribute, 0x04, view_text(type));
	put(&attribute, DER_SET, view_buf(&set));
	put(&list, DER_SEQUENCE, view_buf(&attribute));
	put(&entry, 0x04, view_text("cn=x"));
	put(&entry, DER_SEQUENCE, view_buf(&list));
	put_message(out, id, 0x64, view_buf(&entry));
	buf_free(&set);
	buf_free(&attribute);
	buf_free(&list);
	buf_free(&entry);
}

void ldap_say_reference(struct buf *out, unsigned id, const char *uri)
{
	struct buf b = buf_make(512);
	put(&b, 0x04, view_text(uri));
	put_message(out, id, 0x73, view_buf(&b));
	buf_free(&b);
}
