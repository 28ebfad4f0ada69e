/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_conn - what http.c and http_conn.c share: servers, connections and
 * exchanges from the inside.
 *
 * A connection's state and what ends it:
 *
 *   TLS      the handshake                 -> HEAD
 *   HEAD     a request's head is read      -> GATE, or as from there
 *   GATE     somebody says whether the caller may go on
 *                                          -> BODY, CHUNKED or HANDLE; WRITE
 *   BODY     Content-Length bytes are read -> HANDLE
 *   CHUNKED  chunks are read               -> HANDLE
 *   HANDLE   the exchange is the route's   -> WRITE, by http_reply*()
 *   WRITE    the answer leaves             -> HEAD, or LINGER
 *   LINGER   our side is shut; what still comes is thrown away, so that the
 *            client reads the answer before it sees a reset -> closed
 */
#ifndef LTPS_SERVER_HTTP_CONN_H
#define LTPS_SERVER_HTTP_CONN_H

#include <event2/event.h>
#include <event2/event_struct.h>
#include <netinet/in.h>

#include "server/http.h"
#include "server/http_head.h"

/* How long a refused client may go on sending. */
#define HTTP_LINGER_MS 15000
/* How long a client that was answered in full may take to close. */
#define HTTP_LINGER_SHORT_MS 2000
/* Room for one recv() outside of a body. */
#define HTTP_READ_SIZE ((size_t)8 << 10)
/* One recv() into a body at most; other connections want their turn. */
#define HTTP_READ_BODY_SIZE ((size_t)1 << 20)
/* As much of an answer to a client that reads as fast as we write. */
#define HTTP_WRITE_TURN ((size_t)4 << 20)
/* An answer's body up to this size is copied behind its head: one packet. */
#define HTTP_COPY_MAX ((size_t)8 << 10)
#define HTTP_EXTRA_MAX 1024

enum conn_state {
	CONN_TLS,
	CONN_HEAD,
	CONN_GATE,
	CONN_BODY,
	CONN_CHUNKED,
	CONN_HANDLE,
	CONN_WRITE,
	CONN_LINGER,
};

struct http_conn;

struct http_exchange {
	struct http_server *server; /* NULL once the server is gone */
	struct http_conn *conn;     /* NULL once the client is gone */
	struct http_exchange *prev, *next;
	const struct http_route *route;
	struct buf body;
	size_t charge; /* bytes of it in server->budget */
	char *query;   /* decoded copy: name NUL value NUL ...; made when asked for */
	size_t query_n;
	char id[20];
	char peer[INET6_ADDRSTRLEN];
	void *context; /* of whoever let it pass */
	void (*context_free)(void *context);
	bool may_be_kept; /* Cache-Control */
	size_t extra_n;
	char extra[HTTP_EXTRA_MAX]; /* further fields of the answer */
	unsigned n_extra;
	struct http_head head;
	uint8_t bytes[]; /* the head, and scratch for its path */
};

struct http_conn {
	struct http_server *server;
	struct http_conn *prev, *next;
	int fd;
	enum conn_state state;
	struct event readable;
	struct event writable;
	struct in6_addr address; /* key of the per-address limit */
	char peer[INET6_ADDRSTRLEN];
	bool loopback;
	SSL *tls; /* NULL: plain */

	struct buf in; /* received, from in_at on not used yet */
	size_t in_at;
	size_t scanned; /* of the head, no end before here */
	struct http_exchange *x;
	struct http_chunked chunk;

	struct buf out;      /* head, and a small body */
	struct buf out_body; /* a large body */
	size_t out_at;
	size_t out_end; /* bytes of both that are sent */
	size_t out_charge;

	int64_t started_ms; /* of the present phase */
	int64_t deadline_ms;
	/* Until when the bytes moved in the present phase are as many as min_rate asks
	 * for: not far ahead, so that a line that was fast cannot be left idle for as long
	 * as it would have taken at that rate. */
	int64_t paid_ms;
	uint64_t unpaid; /* bytes, of less than a millisecond */
	bool reading;   /* readable is registered */
	bool busy;      /* conn_run() is on the stack */
	bool dead;      /* to be freed when it is not busy any more */
	bool eof;       /* the client's side is shut */
	bool close_after;
	bool abort_after; /* no lingering: the answer is cut on purpose */
	bool unread;      /* a part of the request was not read */
};

struct http_server {
	struct loop *loop;
	struct http_options options;
	struct http_limits limits; /* without zeroes */
	struct budget own;
	struct budget *budget; /* bytes in flight */
	int fd;
	uint16_t port;
	struct event acceptable;
	struct loop_timer *sweep;
	bool sweeping;
	bool draining;
	bool accept_paused; /* out of descriptors */
	struct http_conn *conns;
	size_t n_conns;
	struct http_exchange *exchanges;
	struct http_stats stats;
	uint32_t id_high;
	uint32_t id_low;
	int64_t date_s; /* second for which date was made */
	char date[40];
};

/* Takes over fd. (http_accept.c) */
int conn_new(struct http_server *s, int fd, const struct sockaddr *peer,
	     struct ltps_error *err) LTPS_CHECKED;
/* Takes over fd; NULL: no memory. Nothing comes in before conn_begin(); until then
 * conn_free() ends it. */
struct http_conn *conn_make(struct http_server *s, int fd);
void conn_free(struct http_conn *c);
/* One of the server's connections from now on; false: it could not be, and is gone. */
bool conn_begin(struct http_conn *c);
/* It is the client's turn, and has been for longer than the least rate allows.
 * (http_accept.c) */
bool conn_is_behind(const struct http_conn *c, int64_t now_ms);
/* Whether n more bytes fit into the budget, perhaps since others that are behind had to
 * end, the one furthest behind first. `asks` is none of them. (http_accept.c) */
bool conn_room(struct http_conn *asks, size_t n);
void conn_close(struct http_conn *c);
/* What the sweep does with a connection; may free it. */
void conn_check_deadline(struct http_conn *c, int64_t now_ms);
/* Idle connections end, others after their exchange. */
void conn_drain(struct http_conn *c);

struct conn_answer {
	int status;
	const char *media_type;
	struct buf *body;  /* taken over */
	const char *extra; /* whole field lines, or "" */
	bool may_be_kept;  /* by the client, which asks before it is used again */
	const char *id;
	bool head_only;
	bool close;
	bool cut;
	size_t send_n; /* of the body, when cut */
};
/* Answers the exchange that the route had, and goes on with the next. */
void conn_reply(struct http_conn *c, struct conn_answer *a);
/* What GATE waits for: the body may come, or the route has it. */
void conn_pass(struct http_conn *c);

struct http_exchange *exchange_new(struct http_conn *c, struct view head);
void exchange_free(struct http_exchange *x);
bool exchange_charge(struct http_exchange *x, size_t n);

/* Body of a refusal by the hook, or one line of text. */
void refusal_body(struct http_server *s, const char *path, int status, const char *text,
		  struct buf *out, const char **ret_type);
const char *server_date(struct http_server *s);

#endif
