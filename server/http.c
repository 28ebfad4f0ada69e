/* SPDX-License-Identifier: Apache-2.0 */
/* The listener, the exchange as routes see it, and what all connections share. */
#include "server/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "server/http_conn.h"

/* Deadlines are looked at this often while connections are open. */
#define SWEEP_MS 100
#define LISTEN_BACKLOG 1024
/* Connections taken at a time before others have their turn. */
#define ACCEPT_BATCH 64

const char *http_status_text(int status)
{
	static const struct {
		int status;
		const char *text;
	} texts[] = {
		{ 200, "OK" },
		{ 201, "Created" },
		{ 204, "No Content" },
		{ 304, "Not Modified" },
		{ 308, "Permanent Redirect" },
		{ 400, "Bad Request" },
		{ 401, "Unauthorized" },
		{ 403, "Forbidden" },
		{ 404, "Not Found" },
		{ 405, "Method Not Allowed" },
		{ 406, "Not Acceptable" },
		{ 408, "Request Timeout" },
		{ 409, "Conflict" },
		{ 413, "Content Too Large" },
		{ 414, "URI Too Long" },
		{ 415, "Unsupported Media Type" },
		{ 417, "Expectation Failed" },
		{ 422, "Unprocessable Content" },
		{ 429, "Too Many Requests" },
		{ 431, "Request Header Fields Too Large" },
		{ 500, "Internal Server Error" },
		{ 502, "Bad Gateway" },
		{ 503, "Service Unavailable" },
		{ 504, "Gateway Timeout" },
		{ 505, "HTTP Version Not Supported" },
		{ 507, "Insufficient Storage" },
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		if (texts[i].status == status)
			return texts[i].text;
	}
	return "Status";
}

/* --- exchanges --- */

struct http_exchange *exchange_new(struct http_conn *c, struct view head)
{
	struct http_server *s = c->server;
	struct http_exchange *x = mem_alloc(sizeof(*x) + 2 * head.n);
	if (x == NULL)
		return NULL;
	/* The fields of the head are written by its parser. */
	memset(x, 0, offsetof(struct http_exchange, extra));
	x->n_extra = 0;
	x->extra[0] = '\0';
	x->head.path = NULL;
	x->head.method = HTTP_METHOD_OTHER;
	x->server = s;
	x->conn = c;
	memcpy(x->bytes, head.p, head.n);
	memcpy(x->peer, c->peer, sizeof(x->peer));
	snprintf(x->id, sizeof(x->id), "%08x%08x", s->id_high, s->id_low++);
	x->next = s->exchanges;
	if (s->exchanges != NULL)
		s->exchanges->prev = x;
	s->exchanges = x;
	return x;
}

void exchange_free(struct http_exchange *x)
{
	struct http_server *s = x->server;
	if (s != NULL) {
		budget_give(s->budget, x->charge);
		if (x->prev != NULL)
			x->prev->next = x->next;
		else
			s->exchanges = x->next;
		if (x->next != NULL)
			x->next->prev = x->prev;
	}
	if (x->context_free != NULL)
		x->context_free(x->context);
	buf_free(&x->body);
	mem_free(x->query);
	mem_free(x);
}

bool exchange_charge(struct http_exchange *x, size_t n)
{
	struct http_server *s = x->server;
	if (!budget_take(s->budget, n))
		return false;
	x->charge += n;
	return true;
}

enum http_method http_method(const struct http_exchange *x)
{
	return x->head.method;
}

struct view http_method_text(const struct http_exchange *x)
{
	return x->head.method_text;
}

struct view http_raw_path(const struct http_exchange *x)
{
	return x->head.raw_path;
}

struct view http_raw_query(const struct http_exchange *x)
{
	return x->head.query;
}

const char *http_path_rest(const struct http_exchange *x)
{
	const size_t n = strcspn(x->route->path, "*");
	return x->route->path[n] == '*' ? x->head.path + n : "";
}

/* Decoded query: name NUL value NUL for each parameter; bad ones left out. */
static void decode_query(struct http_exchange *x)
{
	struct view rest = x->head.query;
	char *out = mem_alloc(rest.n + 2);
	if (out == NULL)
		return;
	x->query = out;
	while (rest.n > 0) {
		const uint8_t *amp = memchr(rest.p, '&', rest.n);
		const struct view pair =
		    amp == NULL ? rest : view_head(rest, (size_t)(amp - rest.p));
		rest = view_skip(rest, pair.n + 1);
		const uint8_t *eq = memchr(pair.p, '=', pair.n);
		const size_t name_n = eq == NULL ? pair.n : (size_t)(eq - pair.p);
		const struct view value = view_skip(pair, name_n + 1);
		size_t n;
		size_t m;
		if (eq == NULL || name_n == 0)
			continue;
		memcpy(out, pair.p, name_n);
		if (!http_decode_component(out, name_n, true, &n))
			continue;
		memcpy(out + n + 1, value.p, value.n);
		if (!http_decode_component(out + n + 1, value.n, true, &m))
			continue;
		out += n + 1 + m + 1;
	}
	x->query_n = (size_t)(out - x->query);
}

const char *http_query(struct http_exchange *x, const char *name)
{
	if (x->query == NULL && x->head.query.n > 0)
		decode_query(x);
	for (size_t at = 0; at < x->query_n;) {
		const char *found = x->query + at;
		const char *value = found + strlen(found) + 1;
		if (strcmp(found, name) == 0)
			return value;
		at = (size_t)(value - x->query) + strlen(value) + 1;
	}
	return NULL;
}

struct view http_field(const struct http_exchange *x, const char *name)
{
	return http_head_field(&x->head, name);
}

const char *http_media_type(const struct http_exchange *x)
{
	return x->head.media_type;
}

const char *http_peer(const struct http_exchange *x)
{
	return x->peer;
}

bool http_peer_key(const struct http_exchange *x, uint8_t out[16])
{
	if (x->conn == NULL)
		return false;
	memcpy(out, &x->conn->address, 16);
	return true;
}

bool http_peer_loopback(const struct http_exchange *x)
{
	return x->conn != NULL && x->conn->loopback;
}

bool http_secure(const struct http_exchange *x)
{
	return x->conn != NULL && x->conn->tls != NULL;
}

X509 *http_client_certificate(const struct http_exchange *x)
{
	return x->conn != NULL && x->conn->tls != NULL ? tls_client(x->conn->tls)
						       : NULL;
}

const char *http_route_path(const struct http_exchange *x)
{
	return x->route->path;
}

void http_set_context(struct http_exchange *x, void *context,
		      void (*release)(void *context))
{
	if (x->context_free != NULL)
		x->context_free(x->context);
	x->context = context;
	x->context_free = release;
}

void *http_context(const struct http_exchange *x)
{
	return x->context;
}

void http_pass(struct http_exchange *x)
{
	if (x->conn != NULL)
		conn_pass(x->conn);
	else
		exchange_free(x);
}

const char *http_request_id(const struct http_exchange *x)
{
	return x->id;
}

struct view http_body(const struct http_exchange *x)
{
	return view_buf(&x->body);
}

struct buf http_take_body(struct http_exchange *x)
{
	const struct buf body = x->body;
	x->body = buf_make(0);
	return body;
}

bool http_alive(const struct http_exchange *x)
{
	return x->conn != NULL;
}

void http_add_field(struct http_exchange *x, const char *name, const char *value)
{
	const size_t room = sizeof(x->extra) - x->extra_n;
	for (const char *p = value; *p != '\0'; p++) {
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			return;
	}
	if (x->n_extra == HTTP_FIELDS_OUT_MAX ||
	    strlen(name) + strlen(value) + 5 > room)
		return;
	x->n_extra++;
	x->extra_n +=
	    (size_t)snprintf(x->extra + x->extra_n, room, "%s: %s\r\n", name, value);
}

void http_allow_keeping(struct http_exchange *x)
{
	x->may_be_kept = true;
}

static void reply(struct http_exchange *x, struct conn_answer *a)
{
	struct http_conn *c = x->conn;
	if (c != NULL) {
		/* HTTP/1.0 closes unless told otherwise (RFC 9112 C.2.2). */
		if (x->head.minor == 0 && x->head.keep_alive && !c->server->draining &&
		    !a->cut)
			http_add_field(x, "Connection", "keep-alive");
		/* Refused at the gate, what was announced is not read. */
		if (c->state == CONN_GATE &&
		    (x->head.chunked || x->head.content_length > 0))
			a->close = c->unread = true;
		a->extra = x->extra;
		a->id = x->id;
		a->head_only = x->head.method == HTTP_METHOD_HEAD || a->status == 304;
		a->may_be_kept = x->may_be_kept;
		c->x = NULL;
		conn_reply(c, a);
	}
	if (a->body != NULL)
		buf_free(a->body);
	exchange_free(x);
}

void http_reply(struct http_exchange *x, int status, const char *media_type,
		struct buf *body)
{
	reply(x, &(struct conn_answer){
		     .status = status, .media_type = media_type, .body = body });
}

void http_reply_view(struct http_exchange *x, int status, const char *media_type,
		     struct view body)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf copy = buf_make(body.n);
	if (buf_put(&copy, body, &err) != 0)
		http_drop(x);
	else
		http_reply(x, status, media_type, &copy);
}

void http_refuse(struct http_exchange *x, int status, const char *text)
{
	struct buf body = buf_make(HTTP_COPY_MAX);
	const char *type = NULL;
	if (x->server != NULL)
		refusal_body(x->server, x->head.path, status, text, &body, &type);
	if (status == 503)
		http_add_field(x, "Retry-After", "1");
	http_reply(x, status, type, &body);
}

void http_drop(struct http_exchange *x)
{
	struct http_conn *c = x->conn;
	exchange_free(x);
	if (c != NULL) {
		c->x = NULL;
		conn_close(c);
	}
}

void http_reply_cut(struct http_exchange *x, int status, const char *media_type,
		    struct buf *body, size_t send_n)
{
	reply(x, &(struct conn_answer){ .status = status,
					.media_type = media_type,
					.body = body,
					.cut = true,
					.send_n = send_n });
}

/* --- the server --- */

void refusal_body(struct http_server *s, const char *path, int status, const char *text,
		  struct buf *out, const char **ret_type)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct http_options *o = &s->options;
	if (o->refusal_body != NULL && o->refusal_body(o->refusal_arg, path, status,
						       text, out, ret_type, &err) == 0)
		return;
	buf_clear(out);
	*ret_type = "text/plain";
	if (buf_put_fmt(out, &err, "%s\n", text) != 0)
		buf_clear(out);
}

const char *server_date(struct http_server *s)
{
	const int64_t now_s = clock_now_ms(s->options.clock) / 1000;
	if (now_s != s->date_s || s->date[0] == '\0') {
		static const char *const days[] = { "Sun", "Mon", "Tue", "Wed",
						    "Thu", "Fri", "Sat" };
		static const char *const months[] = { "Jan", "Feb", "Mar", "Apr",
						      "May", "Jun", "Jul", "Aug",
						      "Sep", "Oct", "Nov", "Dec" };
		const time_t t = (time_t)now_s;
		struct tm tm = { 0 };
		gmtime_r(&t, &tm);
		snprintf(s->date, sizeof(s->date),
			 "%s, %02d %s %04d %02d:%02d:%02d GMT", days[tm.tm_wday % 7],
			 tm.tm_mday % 100, months[tm.tm_mon % 12],
			 (tm.tm_year + 1900) % 10000, tm.tm_hour, tm.tm_min, tm.tm_sec);
		s->date_s = now_s;
	}
	return s->date;
}

static void server_arm_sweep(struct http_server *s)
{
	if (s->sweeping)
		return;
	s->sweeping = true;
	loop_timer_set(s->sweep, SWEEP_MS);
}

static void sweep(void *arg)
{
	struct http_server *s = arg;
	const int64_t now_ms = clock_monotonic_ms();
	struct http_conn *next;
	s->sweeping = false;
	for (struct http_conn *c = s->conns; c != NULL; c = next) {
		next = c->next;
		conn_check_deadline(c, now_ms);
	}
	if (s->accept_paused && s->fd >= 0) {
		s->accept_paused = false;
		event_add(&s->acceptable, NULL);
	}
	if (s->conns != NULL)
		server_arm_sweep(s);
}

static void on_acceptable(evutil_socket_t fd, short what, void *arg)
{
	struct http_server *s = arg;
	(void)what;
	for (int i = 0; i < ACCEPT_BATCH; i++) {
		struct sockaddr_storage peer;
		socklen_t n = sizeof(peer);
		const int conn = accept4(fd, (struct sockaddr *)&peer, &n,
					 SOCK_NONBLOCK | SOCK_CLOEXEC);
		if (conn >= 0) {
			struct ltps_error err = LTPS_ERROR_INIT;
			(void)!conn_new(s, conn, (struct sockaddr *)&peer, &err);
			server_arm_sweep(s);
		} else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM) {
			/* Until a descriptor may be free again. */
			event_del(&s->acceptable);
			s->accept_paused = true;
			server_arm_sweep(s);
			return;
		} else if (errno != EINTR && errno != ECONNABORTED) {
			return;
		}
	}
}

int http_parse_listen(const char *text, char *ret_addr, size_t addr_size,
		      uint16_t *ret_port, struct ltps_error *err)
{
	const char *colon = strrchr(text, ':');
	char *end = NULL;
	size_t n = colon == NULL ? 0 : (size_t)(colon - text);
	const char *addr = text;
	if (n >= 2 && text[0] == '[' && text[n - 1] == ']') {
		addr++;
		n -= 2;
	} else if (colon != NULL && memchr(text, ':', n) != NULL) {
		colon = NULL; /* IPv6 needs its brackets */
	}
	const unsigned long port = colon == NULL || colon[1] < '0' || colon[1] > '9'
				       ? 65536
				       : strtoul(colon + 1, &end, 10);
	if (n == 0 || n >= addr_size || port > 65535 || *end != '\0')
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "'%s' is not ADDRESS:PORT", text);
	memcpy(ret_addr, addr, n);
	ret_addr[n] = '\0';
	*ret_port = (uint16_t)port;
	return 0;
}

static int resolve(const char *text, struct sockaddr_storage *ret_a, socklen_t *ret_n,
		   struct ltps_error *err)
{
	char addr[64];
	uint16_t port;
	if (http_parse_listen(text, addr, sizeof(addr), &port, err) != 0)
		return -1;
	struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
	struct sockaddr_in6 in6 = { .sin6_family = AF_INET6, .sin6_port = htons(port) };
	memset(ret_a, 0, sizeof(*ret_a));
	if (strcmp(addr, "localhost") == 0)
		snprintf(addr, sizeof(addr), "127.0.0.1");
	if (inet_pton(AF_INET, addr, &in.sin_addr) == 1) {
		memcpy(ret_a, &in, sizeof(in));
		*ret_n = sizeof(in);
	} else if (inet_pton(AF_INET6, addr, &in6.sin6_addr) == 1) {
		memcpy(ret_a, &in6, sizeof(in6));
		*ret_n = sizeof(in6);
	} else {
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "'%s' is not a numeric address", addr);
	}
	return 0;
}

static int open_listener(struct http_server *s, struct ltps_error *err)
{
	struct sockaddr_storage a;
	socklen_t n = 0;
	const int one = 1;
	if (resolve(s->options.listen, &a, &n, err) != 0)
		return -1;
	s->fd = socket(a.ss_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (s->fd < 0)
		return ltps_fail_errno(err, "cannot open a socket");
	/* NODELAY is inherited by every connection. */
	if (setsockopt(s->fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof(one)) != 0 ||
	    setsockopt(s->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one)) != 0 ||
	    bind(s->fd, (struct sockaddr *)&a, n) != 0 ||
	    listen(s->fd, LISTEN_BACKLOG) != 0) {
		if (errno == EADDRINUSE)
			return ltps_fail(err, LTPS_EXISTS, LTPS_FAULT_CALLER, NULL,
					 "%s is in use by another program",
					 s->options.listen);
		return ltps_fail_errno(err, "cannot listen on %s", s->options.listen);
	}
	n = sizeof(a);
	if (getsockname(s->fd, (struct sockaddr *)&a, &n) != 0)
		return ltps_fail_errno(err, "cannot read the listener's address");
	struct sockaddr_in6 in6;
	struct sockaddr_in in;
	memcpy(&in6, &a, sizeof(in6));
	memcpy(&in, &a, sizeof(in));
	s->port = ntohs(a.ss_family == AF_INET6 ? in6.sin6_port : in.sin_port);
	return 0;
}

static struct http_limits with_defaults(struct http_limits l)
{
#define DEFAULT(field, value)                                                          \
	if (l.field == 0)                                                              \
	l.field = (value)
	DEFAULT(header_max, HTTP_HEADER_MAX);
	DEFAULT(in_flight_max, HTTP_IN_FLIGHT_MAX);
	DEFAULT(connections_max, HTTP_CONNECTIONS_MAX);
	DEFAULT(per_address_max, HTTP_PER_ADDRESS_MAX);
	DEFAULT(header_ms, HTTP_HEADER_MS);
	DEFAULT(transfer_ms, HTTP_TRANSFER_MS);
	DEFAULT(min_rate, HTTP_MIN_RATE);
	DEFAULT(idle_ms, HTTP_IDLE_MS);
#undef DEFAULT
	return l;
}

int http_new(struct loop *loop, const struct http_options *options,
	     struct http_server **ret_server, struct ltps_error *err)
{
	struct http_server *s = mem_zalloc(1, sizeof(*s));
	if (s == NULL)
		return ltps_fail_nomem(err);
	s->loop = loop;
	s->options = *options;
	s->limits = with_defaults(options->limits);
	s->own.max = s->limits.in_flight_max;
	s->budget = options->budget != NULL ? options->budget : &s->own;
	s->fd = -1;
	s->id_high = (uint32_t)(clock_now_ms(options->clock) / 1000);
	event_assign(&s->acceptable, loop_base(loop), -1, 0, on_acceptable, s);
	if (loop_timer_new(loop, sweep, s, &s->sweep, err) != 0 ||
	    open_listener(s, err) != 0)
		goto fail;
	event_assign(&s->acceptable, loop_base(loop), s->fd, EV_READ | EV_PERSIST,
		     on_acceptable, s);
	if (event_add(&s->acceptable, NULL) != 0) {
		ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
			  "cannot watch the listener");
		goto fail;
	}
	*ret_server = s;
	return 0;
fail:
	http_free(s);
	return -1;
}

void http_change(struct http_server *server, const struct http_limits *limits,
		 size_t n_routes, struct tls *tls)
{
	const struct http_limits was = server->limits;
	server->limits = with_defaults(*limits);
	server->limits.header_max = was.header_max;
	server->options.n_routes = n_routes;
	server->options.tls = tls;
}

unsigned http_port(const struct http_server *server)
{
	return server->port;
}

static void stop_listening(struct http_server *s)
{
	if (s->fd < 0)
		return;
	event_del(&s->acceptable);
	close(s->fd);
	s->fd = -1;
}

void http_drain(struct http_server *server)
{
	struct http_conn *next;
	stop_listening(server);
	server->draining = true;
	for (struct http_conn *c = server->conns; c != NULL; c = next) {
		next = c->next;
		conn_drain(c);
	}
}

size_t http_connections(const struct http_server *server)
{
	return server->n_conns;
}

void http_free(struct http_server *server)
{
	if (server == NULL)
		return;
	stop_listening(server);
	while (server->conns != NULL)
		conn_close(server->conns);
	for (struct http_exchange *x = server->exchanges; x != NULL; x = x->next)
		x->server = NULL;
	loop_timer_free(server->sweep);
	mem_free(server);
}

void http_stats(const struct http_server *server, struct http_stats *ret_stats)
{
	*ret_stats = server->stats;
	ret_stats->in_flight_bytes = atomic_load(&server->budget->used);
}
