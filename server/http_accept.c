/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_accept - who may connect. When all places are taken the connection that has kept
 * us waiting longest makes room, so that nobody holds the door by holding connections;
 * only where all of them are being served the new one is refused. The same holds for
 * the bytes of bodies and answers: those of a client that has stopped make room.
 */
#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "server/http_conn.h"

/* IPv4 as it is, IPv6 by its /64: what one subscriber holds. */
static void set_address(struct http_conn *c, const struct sockaddr *peer)
{
	static const uint8_t one[16] = { [15] = 1 }; /* ::1 */
	memset(&c->address, 0, sizeof(c->address));
	if (peer->sa_family == AF_INET) {
		struct sockaddr_in in;
		memcpy(&in, peer, sizeof(in));
		memcpy(c->address.s6_addr + 12, &in.sin_addr, 4);
		c->loopback = c->address.s6_addr[12] == 127;
		inet_ntop(AF_INET, &in.sin_addr, c->peer, sizeof(c->peer));
	} else if (peer->sa_family == AF_INET6) {
		struct sockaddr_in6 in6;
		memcpy(&in6, peer, sizeof(in6));
		inet_ntop(AF_INET6, &in6.sin6_addr, c->peer, sizeof(c->peer));
		const bool mapped = IN6_IS_ADDR_V4MAPPED(&in6.sin6_addr);
		c->loopback = mapped ? in6.sin6_addr.s6_addr[12] == 127
				     : memcmp(&in6.sin6_addr, one, 16) == 0;
		if (mapped)
			memcpy(c->address.s6_addr + 12, in6.sin6_addr.s6_addr + 12, 4);
		else
			memcpy(c->address.s6_addr, in6.sin6_addr.s6_addr, 8);
	}
}

bool conn_is_behind(const struct http_conn *c, int64_t now_ms)
{
	switch (c->state) {
	case CONN_GATE:
	case CONN_HANDLE:
		return false; /* we are */
	case CONN_BODY:
	case CONN_CHUNKED:
	case CONN_WRITE:
		return c->paid_ms < now_ms;
	case CONN_TLS:
	case CONN_HEAD:
	case CONN_LINGER:
		break;
	}
	return true;
}

/* Of all, and of those with the address of the new one. */
struct places {
	struct http_conn *longest, *longest_same;
	size_t same;
};

static void look(const struct http_server *s, const struct http_conn *c,
		 struct places *ret)
{
	const int64_t now_ms = clock_monotonic_ms();
	*ret = (struct places){ .same = 0 };
	for (struct http_conn *o = s->conns; o != NULL; o = o->next) {
		const bool same =
		    memcmp(&o->address, &c->address, sizeof(c->address)) == 0;
		ret->same += same;
		if (!conn_is_behind(o, now_ms))
			continue;
		if (ret->longest == NULL || o->started_ms <= ret->longest->started_ms)
			ret->longest = o;
		if (same && (ret->longest_same == NULL ||
			     o->started_ms <= ret->longest_same->started_ms))
			ret->longest_same = o;
	}
}

/* The newest stand first in the list: of two with one time the older one goes. */
static bool make_room(struct http_server *s, const struct http_conn *c)
{
	struct places p;
	struct http_conn *goes = NULL;
	look(s, c, &p);
	if (p.same >= s->limits.per_address_max)
		goes = p.longest_same;
	else if (s->n_conns >= s->limits.connections_max)
		goes = p.longest;
	else
		return true;
	if (goes == NULL)
		return false;
	s->stats.connections_displaced++;
	conn_close(goes);
	return true;
}

/* Bytes that end with the connection. */
static size_t held_by(const struct http_conn *c)
{
	return c->out_charge + (c->x != NULL ? c->x->charge : 0);
}

static struct http_conn *furthest_behind(const struct http_server *s,
					 const struct http_conn *asks)
{
	const int64_t now_ms = clock_monotonic_ms();
	struct http_conn *goes = NULL;
	for (struct http_conn *o = s->conns; o != NULL; o = o->next)
		if (o != asks && held_by(o) > 0 && conn_is_behind(o, now_ms) &&
		    (goes == NULL || o->paid_ms <= goes->paid_ms))
			goes = o;
	return goes;
}

bool conn_room(struct http_conn *asks, size_t n)
{
	struct http_server *s = asks->server;
	struct http_conn *goes;
	while (!budget_has(s->budget, n)) {
		goes = n <= s->budget->max ? furthest_behind(s, asks) : NULL;
		if (goes == NULL)
			return false;
		s->stats.connections_displaced++;
		conn_close(goes);
	}
	return true;
}

static void refuse(struct http_server *s, struct http_conn *c)
{
	static const char full[] =
	    "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\n"
	    "Retry-After: 1\r\nConnection: close\r\n\r\n";
	if (s->options.tls == NULL)
		(void)!send(c->fd, full, sizeof(full) - 1, MSG_NOSIGNAL);
	s->stats.connections_refused++;
	conn_free(c);
}

int conn_new(struct http_server *s, int fd, const struct sockaddr *peer,
	     struct ltps_error *err)
{
	struct http_conn *c = conn_make(s, fd);
	if (c == NULL)
		return ltps_fail_nomem(err);
	set_address(c, peer);
	if (!make_room(s, c)) {
		refuse(s, c);
		return ltps_fail(err, LTPS_BUSY, LTPS_FAULT_SELF, NULL,
				 "too many connections");
	}
	if (s->options.tls != NULL &&
	    tls_accept(s->options.tls, fd, clock_now_ms(s->options.clock), &c->tls,
		       err) != 0) {
		conn_free(c);
		return -1;
	}
	return conn_begin(c) ? 0 : ltps_fail_nomem(err);
}
