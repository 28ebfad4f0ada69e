/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http - the HTTP/1.1 front end (RFC 9110, RFC 9112): a listener, its
 * connections, their limits and deadlines, and the exchanges handed to routes.
 *
 * The connections stand on libevent's loop directly: its own HTTP server
 * buffers bodies twice, parses leniently and lets a slow client reset its
 * timeouts, none of which can be repaired from outside.
 *
 * Several servers may share one loop (the service and a throwaway TSA). All
 * functions are for the loop's thread.
 */
#ifndef LTPS_SERVER_HTTP_H
#define LTPS_SERVER_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/clock.h"
#include "base/err.h"
#include "server/budget.h"
#include "server/loop.h"
#include "server/tls.h"

enum http_method {
	HTTP_METHOD_GET = 1, /* HEAD is answered wherever GET is */
	HTTP_METHOD_HEAD = 2,
	HTTP_METHOD_POST = 4,
	HTTP_METHOD_PUT = 8,
	HTTP_METHOD_DELETE = 16,
	HTTP_METHOD_OTHER = 0
};

/* Zero in a field: the default named beside it. */
struct http_limits {
	size_t header_max;        /* HTTP_HEADER_MAX */
	size_t in_flight_max;     /* HTTP_IN_FLIGHT_MAX: bytes of all requests
				     and answers held at a time */
	unsigned connections_max; /* HTTP_CONNECTIONS_MAX */
	unsigned per_address_max; /* HTTP_PER_ADDRESS_MAX */
	int64_t header_ms;        /* HTTP_HEADER_MS: from the first byte */
	int64_t transfer_ms;      /* HTTP_TRANSFER_MS: for a body or an answer, and
				     further time for each min_rate bytes moved */
	size_t min_rate;          /* HTTP_MIN_RATE: bytes a second; what is moved faster
				     buys a third of transfer_ms at most */
	int64_t idle_ms;          /* HTTP_IDLE_MS: between requests */
};

#define HTTP_HEADER_MAX                                                                \
	((size_t)16 << 10) /* room for cookies and tokens of proxies                   \
			    */
#define HTTP_IN_FLIGHT_MAX ((size_t)1 << 30)
#define HTTP_CONNECTIONS_MAX 2048
#define HTTP_PER_ADDRESS_MAX 1024 /* a reverse proxy is one address */
#define HTTP_HEADER_MS 10000
#define HTTP_TRANSFER_MS 30000
#define HTTP_MIN_RATE ((size_t)16 << 10) /* slower than any line in use */
#define HTTP_IDLE_MS 60000

struct http_exchange;

#define HTTP_MEDIA_TYPES_MAX 4

struct http_route {
	const char *path; /* exact; with a '*' at its end, a prefix */
	unsigned methods; /* of enum http_method */
	const char *media_types[HTTP_MEDIA_TYPES_MAX]; /* of a body; lower case;
				 none: any */
	size_t body_max;                               /* 0: no body is taken */
	bool any_path; /* also empty, "." and ".." segments (GET of OCSP) */
	void (*handle)(struct http_exchange *x, void *arg);
	void *arg;
};

struct http_options {
	const char *listen; /* "127.0.0.1:8512", "[::1]:8512"; port 0 picks one */
	struct http_limits limits;
	const struct http_route *routes; /* borrowed; the first match is taken */
	size_t n_routes;
	const struct clock *clock; /* borrowed; for the Date field */
	struct budget *budget;     /* borrowed; NULL: one of limits.in_flight_max */
	/*
	 * Writes the body of a refusal that the front end makes itself (404,
	 * 405, 413, 415, 503...). NULL, or a failure: a line of text.
	 * ret_type  static text
	 */
	int (*refusal_body)(void *arg, const char *path, int status, const char *text,
			    struct buf *out, const char **ret_type,
			    struct ltps_error *err);
	void *refusal_arg;
	struct tls *tls; /* borrowed; NULL: plain HTTP */
	/*
	 * Asked for each request that has a route, before anything of its body is
	 * read: then or later on the loop's thread exactly one of http_pass(),
	 * http_refuse(), http_reply*() and http_drop() follows. NULL: all pass.
	 */
	void (*gate)(struct http_exchange *x, void *arg);
	void *gate_arg;
};

struct http_server;
/* Fails: ARGUMENT (caller; address), IO, EXISTS (address in use), NOMEM. */
int http_new(struct loop *loop, const struct http_options *options,
	     struct http_server **ret_server, struct ltps_error *err) LTPS_CHECKED;
/*
 * http_change - other limits, another number of routes and other certificates, for what
 * comes from now on: connections go on with the TLS that they began with. header_max
 * stays, since buffers were made for it; the budget is the caller's.
 * The routes themselves are the caller's: changed in place, on the loop's thread.
 */
void http_change(struct http_server *server, const struct http_limits *limits,
		 size_t n_routes, struct tls *tls);
/* Port in use. */
unsigned http_port(const struct http_server *server);
/* No new connections; idle ones end, others after their present exchange. */
void http_drain(struct http_server *server);
/* Connections still open. */
size_t http_connections(const struct http_server *server);
/* Ends all connections; exchanges still out stay valid until replied. NULL-safe. */
void http_free(struct http_server *server);

struct http_stats {
	uint64_t connections_accepted;
	uint64_t connections_refused; /* by a connection limit */
	uint64_t connections_displaced; /* the longest in waiting, for a new one or for
					   its bytes */
	uint64_t requests;
	uint64_t refused;   /* by the front end, all reasons */
	uint64_t deadlines; /* connections ended by a deadline */
	uint64_t handshakes_failed;
	uint64_t in_flight_bytes;
	uint64_t status[6]; /* answers by hundreds; [2]: 200 to 299 */
};
void http_stats(const struct http_server *server, struct http_stats *ret_stats);

/*
 * An exchange belongs to the route's handle() until one of http_reply*,
 * http_refuse or http_drop is called, then or later on the loop's thread;
 * exactly one of them must be. When the client has gone, the reply is dropped.
 */
enum http_method http_method(const struct http_exchange *x);
/* As sent, still percent-encoded. */
struct view http_raw_path(const struct http_exchange *x);
struct view http_raw_query(const struct http_exchange *x);
/* The method's name as sent. */
struct view http_method_text(const struct http_exchange *x);
/* What stood for the '*' of the route; "" otherwise. */
const char *http_path_rest(const struct http_exchange *x);
/* Decoded value of a query parameter (the first); NULL when absent. */
const char *http_query(struct http_exchange *x, const char *name);
/* Value of a request field, name in lower case; VIEW_NULL when absent. */
struct view http_field(const struct http_exchange *x, const char *name);
/* Lower case, without parameters; "" when absent. */
const char *http_media_type(const struct http_exchange *x);
/* Address of the peer as text. */
const char *http_peer(const struct http_exchange *x);
/* The same as a key: of IPv6 the /64, which is what one subscriber holds. False when
 * the client has gone. */
bool http_peer_key(const struct http_exchange *x, uint8_t out[16]);
/* Whether the peer is this machine. */
bool http_peer_loopback(const struct http_exchange *x);
/* Whether it came over TLS. On the loop's thread, as all that asks the connection. */
bool http_secure(const struct http_exchange *x);
/* The client's certificate, judged by tls.c; NULL: none, or the client has gone.
 * Borrowed until control returns to the loop. */
X509 *http_client_certificate(const struct http_exchange *x);
/* What the route's table entry says of its path: "/pres/PreservePO", "/link/" and '*'.
 */
const char *http_route_path(const struct http_exchange *x);
/* Who let it pass hangs on what the handler is to know of the caller; freed with the
 * exchange by `release`, which may be NULL. */
void http_set_context(struct http_exchange *x, void *context,
		      void (*release)(void *context));
void *http_context(const struct http_exchange *x);
/* From the gate: let it go on. */
void http_pass(struct http_exchange *x);
/* Identity for logs: unique in the process, also sent as X-Request-Id. */
const char *http_request_id(const struct http_exchange *x);
struct view http_body(const struct http_exchange *x);
/* Hands the body over; free with buf_free(). It stays charged to the
 * in-flight limit until the exchange is replied to. */
struct buf http_take_body(struct http_exchange *x);
/* False when the client has gone: work may be skipped. */
bool http_alive(const struct http_exchange *x);

/* A further field of the answer, copied; at most HTTP_FIELDS_OUT_MAX. name and
 * value must be clean (a value with control characters is left out). */
#define HTTP_FIELDS_OUT_MAX 8 /* a page has five that guard it, and an ETag */
void http_add_field(struct http_exchange *x, const char *name, const char *value);
/* The client may keep the answer, and asks each time whether it still holds (RFC 9111
 * 5.2.2.4). Without it nothing is kept. */
void http_allow_keeping(struct http_exchange *x);
/* The body is taken over (its memory is sent and freed) and left empty; NULL:
 * no body. Of a 304 only its length is told, as to HEAD (RFC 9110 8.6).
 * media_type: static text or NULL. */
void http_reply(struct http_exchange *x, int status, const char *media_type,
		struct buf *body);
/* Copies. */
void http_reply_view(struct http_exchange *x, int status, const char *media_type,
		     struct view body);
/* Body from options.refusal_body; 503 brings Retry-After. */
void http_refuse(struct http_exchange *x, int status, const char *text);
/* Ends the connection without an answer. */
void http_drop(struct http_exchange *x);
/* Announces the whole body, ends the connection after send_n bytes of it. */
void http_reply_cut(struct http_exchange *x, int status, const char *media_type,
		    struct buf *body, size_t send_n);
const char *http_status_text(int status);

/* Splits "ADDR:PORT"; for the configuration. Fails: ARGUMENT (caller). */
int http_parse_listen(const char *text, char *ret_addr, size_t addr_size,
		      uint16_t *ret_port, struct ltps_error *err) LTPS_CHECKED;

#endif
