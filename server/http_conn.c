/* SPDX-License-Identifier: Apache-2.0 */
/* One connection: bytes in, exchanges, bytes out. See http_conn.h. */
#include "server/http_conn.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"

/* RFC 8446 5.1: the largest plaintext of a record. */
#define TLS_RECORD ((size_t)16384)
/* Of transfer_ms, how far ahead of the least rate a line may run: a hiccup of a fast
 * one is none of a slow one. */
#define CREDIT_PART 3

static void conn_flush(struct http_conn *c);
static void conn_run(struct http_conn *c);

static void set_phase(struct http_conn *c, enum conn_state state, int64_t allowed_ms)
{
	c->state = state;
	c->started_ms = clock_monotonic_ms();
	c->paid_ms = c->started_ms;
	c->unpaid = 0;
	c->deadline_ms = allowed_ms < 0 ? INT64_MAX : c->started_ms + allowed_ms;
}

/* Bytes of a body or an answer. */
static void count_moved(struct http_conn *c, size_t n)
{
	const struct http_limits *l = &c->server->limits;
	const int64_t most_ms = clock_monotonic_ms() + l->transfer_ms / CREDIT_PART;
	c->unpaid += n;
	const uint64_t ms = c->unpaid * 1000 / l->min_rate;
	c->unpaid -= ms * l->min_rate / 1000;
	c->paid_ms += (int64_t)ms;
	if (c->paid_ms > most_ms)
		c->paid_ms = most_ms;
	c->deadline_ms = c->paid_ms + l->transfer_ms;
}

/* What TLS has decrypted already the socket does not tell of. */
static void wake_pending(struct http_conn *c)
{
	if (c->tls != NULL && c->reading && tls_pending(c->tls))
		event_active(&c->readable, EV_READ, 0);
}

static void set_reading(struct http_conn *c, bool on)
{
	if (on == c->reading)
		return;
	if (on)
		c->reading = event_add(&c->readable, NULL) == 0;
	else if (event_del(&c->readable) == 0)
		c->reading = false;
	wake_pending(c);
}

static ssize_t conn_recv(struct http_conn *c, void *out, size_t n)
{
	return c->tls != NULL ? tls_recv(c->tls, out, n) : recv(c->fd, out, n, 0);
}

void conn_free(struct http_conn *c)
{
	event_del(&c->readable);
	event_del(&c->writable);
	tls_end(c->tls);
	close(c->fd);
	buf_free(&c->in);
	buf_free(&c->out);
	buf_free(&c->out_body);
	mem_free(c);
}

void conn_close(struct http_conn *c)
{
	struct http_server *s = c->server;
	if (c->dead)
		return;
	c->dead = true;
	if (c->prev != NULL)
		c->prev->next = c->next;
	else
		s->conns = c->next;
	if (c->next != NULL)
		c->next->prev = c->prev;
	s->n_conns--;
	budget_give(s->budget, c->out_charge);
	if (c->x != NULL) {
		c->x->conn = NULL;
		if (c->state != CONN_HANDLE && c->state != CONN_GATE)
			exchange_free(c->x);
		c->x = NULL;
	}
	if (!c->busy)
		conn_free(c);
}

/* The answer is out, or refused input remains: let the client read it. */
static void start_linger(struct http_conn *c)
{
	if (c->tls != NULL && !c->abort_after)
		tls_shut(c->tls);
	if (c->abort_after || c->eof || shutdown(c->fd, SHUT_WR) != 0) {
		conn_close(c);
		return;
	}
	buf_free(&c->in);
	c->in_at = 0;
	set_phase(c, CONN_LINGER, c->unread ? HTTP_LINGER_MS : HTTP_LINGER_SHORT_MS);
	set_reading(c, true);
}

static void next_request(struct http_conn *c)
{
	c->scanned = 0;
	if (c->in_at == c->in.n) {
		/* An idle connection holds no buffers. */
		buf_free(&c->in);
		c->in_at = 0;
		if (c->eof || c->server->draining) {
			conn_close(c);
			return;
		}
		set_phase(c, CONN_HEAD, c->server->limits.idle_ms);
	} else {
		set_phase(c, CONN_HEAD, c->server->limits.header_ms);
	}
	set_reading(c, !c->eof);
}

static void answer_sent(struct http_conn *c)
{
	event_del(&c->writable);
	buf_free(&c->out);
	buf_free(&c->out_body);
	budget_give(c->server->budget, c->out_charge);
	c->out_charge = 0;
	if (c->close_after)
		start_linger(c);
	else
		next_request(c);
}

/* A record at a time: what is tried again must be the same. */
static ssize_t send_record(struct http_conn *c)
{
	const bool head = c->out_at < c->out.n;
	const size_t at = head ? c->out_at : c->out_at - c->out.n;
	const uint8_t *p = head ? c->out.p : c->out_body.p;
	size_t n = c->out_end - c->out_at;
	if (head && n > c->out.n - at)
		n = c->out.n - at;
	return tls_send(c->tls, p + at, n < TLS_RECORD ? n : TLS_RECORD);
}

static ssize_t send_some(struct http_conn *c)
{
	if (c->tls != NULL)
		return send_record(c);
	struct iovec iov[2];
	int n = 0;
	size_t at = c->out_at;
	size_t left = c->out_end - at;
	if (at < c->out.n) {
		const size_t here = c->out.n - at < left ? c->out.n - at : left;
		iov[n++] = (struct iovec){ c->out.p + at, here };
		left -= here;
		at = c->out.n;
	}
	if (left > 0)
		iov[n++] = (struct iovec){ c->out_body.p + (at - c->out.n), left };
	const struct msghdr msg = { .msg_iov = iov, .msg_iovlen = (size_t)n };
	return sendmsg(c->fd, &msg, MSG_NOSIGNAL);
}

static void conn_flush(struct http_conn *c)
{
	const size_t turn = c->out_at + HTTP_WRITE_TURN;
	while (c->out_at < c->out_end) {
		const ssize_t n = c->out_at < turn ? send_some(c) : -1;
		if (n > 0) {
			c->out_at += (size_t)n;
			count_moved(c, (size_t)n);
		} else if (n < 0 && (c->out_at >= turn || errno == EAGAIN)) {
			if (event_add(&c->writable, NULL) != 0)
				conn_close(c);
			return;
		} else if (n == 0 || errno != EINTR) {
			conn_close(c);
			return;
		}
	}
	answer_sent(c);
}

static int put_head(struct http_conn *c, const struct conn_answer *a, size_t body_n,
		    struct ltps_error *err)
{
	char head[HTTP_EXTRA_MAX + 1024];
	char type[320] = ""; /* API_TYPE_MAX, with the name of the field */
	char id[64] = "";
	if (a->media_type != NULL)
		snprintf(type, sizeof(type), "Content-Type: %s\r\n", a->media_type);
	if (a->id != NULL)
		snprintf(id, sizeof(id), "X-Request-Id: %s\r\n", a->id);
	const int n = snprintf(
	    head, sizeof(head),
	    "HTTP/1.1 %d %s\r\nDate: %s\r\n%sContent-Length: %zu\r\n"
	    "X-Content-Type-Options: nosniff\r\nCache-Control: %s\r\n"
	    "%s%s%s\r\n",
	    a->status, http_status_text(a->status), server_date(c->server), type,
	    body_n, a->may_be_kept ? "no-cache" : "no-store", id,
	    c->close_after ? "Connection: close\r\n" : "", a->extra);
	return buf_put(&c->out, view_of(head, (size_t)n), err);
}

static int fill_answer(struct http_conn *c, struct conn_answer *a,
		       struct ltps_error *err)
{
	const size_t body_n = a->body != NULL ? a->body->n : 0;
	const bool small = body_n <= HTTP_COPY_MAX;
	size_t send_n = a->head_only ? 0 : body_n;
	if (a->cut && a->send_n < send_n)
		send_n = a->send_n;
	c->out = buf_make(HTTP_COPY_MAX + HTTP_HEADER_MAX);
	if (buf_reserve(&c->out, 512 + (small ? send_n : 0), err) != 0 ||
	    put_head(c, a, body_n, err) != 0)
		return -1;
	c->out_at = 0;
	c->out_end = c->out.n + send_n;
	if (small) {
		return send_n == 0 ? 0
				   : buf_put(&c->out,
					     view_head(view_buf(a->body), send_n), err);
	}
	c->out_body = *a->body;
	*a->body = buf_make(a->body->max);
	c->out_charge = c->out_body.n;
	budget_add(c->server->budget, c->out_charge);
	return 0;
}

static void conn_answer(struct http_conn *c, struct conn_answer *a)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	if (a->status >= 100 && a->status < 600)
		c->server->stats.status[a->status / 100]++;
	c->close_after |= a->close || a->cut || c->server->draining;
	c->abort_after = a->cut;
	if (fill_answer(c, a, &err) != 0) {
		conn_close(c);
		return;
	}
	set_phase(c, CONN_WRITE, c->server->limits.transfer_ms);
	conn_flush(c);
}

void conn_reply(struct http_conn *c, struct conn_answer *a)
{
	if (c->busy) {
		conn_answer(c, a); /* from within handle(): conn_run() goes on */
		return;
	}
	c->busy = true;
	conn_answer(c, a);
	c->busy = false;
	if (c->dead)
		conn_free(c);
	else
		conn_run(c);
}

/* A refusal by the front end; the connection ends after it. */
static void conn_refuse(struct http_conn *c, int status, const char *why,
			const char *extra)
{
	struct buf body = buf_make(HTTP_COPY_MAX);
	struct conn_answer a = {
		.status = status, .body = &body, .close = true, .extra = extra
	};
	const char *path = "";
	char id[sizeof(c->x->id)] = "";
	if (c->x != NULL) {
		snprintf(id, sizeof(id), "%s", c->x->id);
		a.id = id;
		a.head_only = c->x->head.method == HTTP_METHOD_HEAD;
		if (c->x->head.path != NULL)
			path = c->x->head.path;
	}
	refusal_body(c->server, path, status, why, &body, &a.media_type);
	if (c->x != NULL) {
		exchange_free(c->x);
		c->x = NULL;
	}
	c->server->stats.refused++;
	c->unread = true;
	conn_answer(c, &a);
	buf_free(&body);
}

/* --- routing, as soon as the head is there --- */

static bool route_matches(const struct http_route *route, const char *path)
{
	const size_t n = strcspn(route->path, "*");
	if (route->path[n] == '*')
		return strncmp(route->path, path, n) == 0;
	return strcmp(route->path, path) == 0;
}

static unsigned allowed_methods(const struct http_route *route)
{
	return route->methods |
	       ((route->methods & HTTP_METHOD_GET) != 0 ? HTTP_METHOD_HEAD : 0u);
}

static void refuse_method(struct http_conn *c, unsigned allowed)
{
	static const struct {
		unsigned method;
		const char *name;
	} names[] = { { HTTP_METHOD_GET, "GET" },
		      { HTTP_METHOD_HEAD, "HEAD" },
		      { HTTP_METHOD_POST, "POST" },
		      { HTTP_METHOD_PUT, "PUT" },
		      { HTTP_METHOD_DELETE, "DELETE" } };
	char allow[64] = "Allow: ";
	size_t at = strlen(allow);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if ((allowed & names[i].method) == 0)
			continue;
		at += (size_t)snprintf(allow + at, sizeof(allow) - at, "%s%s",
				       at > 7 ? ", " : "", names[i].name);
	}
	snprintf(allow + at, sizeof(allow) - at, "\r\n");
	conn_refuse(c, 405, "this path does not take this method", allow);
}

static const struct http_route *find_route(struct http_conn *c)
{
	const struct http_options *o = &c->server->options;
	const struct http_head *head = &c->x->head;
	unsigned allowed = 0;
	for (size_t i = 0; i < o->n_routes; i++) {
		if (!route_matches(&o->routes[i], head->path))
			continue;
		const unsigned methods = allowed_methods(&o->routes[i]);
		if ((methods & head->method) != 0)
			return &o->routes[i];
		allowed |= methods;
	}
	if (allowed == 0)
		conn_refuse(c, 404, "there is nothing at this path", "");
	else
		refuse_method(c, allowed);
	return NULL;
}

static bool takes_media_type(const struct http_route *route, const char *type)
{
	if (route->media_types[0] == NULL)
		return true;
	for (size_t i = 0; i < HTTP_MEDIA_TYPES_MAX && route->media_types[i] != NULL;
	     i++) {
		if (strcmp(route->media_types[i], type) == 0)
			return true;
	}
	return false;
}

/* GET, where a path takes POST too: it brings no body that had a type. */
static bool asks_only(const struct http_exchange *x)
{
	return x->head.method == HTTP_METHOD_GET || x->head.method == HTTP_METHOD_HEAD;
}

static void refuse_full(struct http_conn *c)
{
	conn_refuse(c, 503, "too many requests in flight", "Retry-After: 1\r\n");
}

/* All that can be refused before the body is read; true when it may come. */
static bool admit(struct http_conn *c)
{
	const struct http_route *route = find_route(c);
	if (route == NULL)
		return false;
	struct http_exchange *x = c->x;
	if (!x->head.plain && !route->any_path) {
		conn_refuse(c, 400, "the path is not a plain path", "");
		return false;
	}
	x->route = route;
	if (route->body_max > 0 && !asks_only(x) &&
	    !takes_media_type(route, x->head.media_type)) {
		conn_refuse(c, 415, "this path does not take this media type", "");
		return false;
	}
	if (x->head.content_length > route->body_max ||
	    (x->head.chunked && route->body_max == 0)) {
		conn_refuse(c, 413, "the body is larger than this path takes", "");
		return false;
	}
	if (!conn_room(c, (size_t)x->head.content_length)) {
		refuse_full(c);
		return false;
	}
	return true;
}

static void dispatch(struct http_conn *c)
{
	struct http_exchange *x = c->x;
	set_phase(c, CONN_HANDLE, -1);
	c->server->stats.requests++;
	x->route->handle(x, x->route->arg);
}

static void start_body(struct http_conn *c)
{
	const struct http_head *head = &c->x->head;
	if (!head->chunked && head->content_length == 0) {
		dispatch(c);
		return;
	}
	if (head->expect_continue && c->in_at == c->in.n) {
		static const char go_on[] = "HTTP/1.1 100 Continue\r\n\r\n";
		if (c->tls != NULL)
			(void)!tls_send(c->tls, go_on, sizeof(go_on) - 1);
		else
			(void)!send(c->fd, go_on, sizeof(go_on) - 1, MSG_NOSIGNAL);
	}
	c->x->body = buf_make(head->chunked ? c->x->route->body_max
					    : (size_t)head->content_length);
	c->chunk = (struct http_chunked){ .state = CHUNK_SIZE };
	set_phase(c, head->chunked ? CONN_CHUNKED : CONN_BODY,
		  c->server->limits.transfer_ms);
}

static void ask_gate(struct http_conn *c)
{
	const struct http_options *o = &c->server->options;
	if (o->gate == NULL) {
		start_body(c);
		return;
	}
	set_phase(c, CONN_GATE, -1);
	o->gate(c->x, o->gate_arg);
}

void conn_pass(struct http_conn *c)
{
	set_reading(c, !c->eof);
	if (c->busy) {
		start_body(c); /* from within the gate: conn_run() goes on */
		return;
	}
	c->busy = true;
	start_body(c);
	c->busy = false;
	if (c->dead)
		conn_free(c);
	else
		conn_run(c);
}

static bool run_head(struct http_conn *c)
{
	/* One empty line before a request is let pass (RFC 9112 2.2). */
	if (c->scanned == 0 && c->in.n - c->in_at >= 2 &&
	    memcmp(c->in.p + c->in_at, "\r\n", 2) == 0)
		c->in_at += 2;
	const struct view rest = view_skip(view_buf(&c->in), c->in_at);
	size_t n;
	const char *why = NULL;
	if (http_head_find(rest, &c->scanned, &n) != 0) {
		conn_refuse(c, 400, "a line does not end with CR LF", "");
		return true;
	}
	if (n == 0 ? rest.n >= c->server->limits.header_max
		   : n > c->server->limits.header_max) {
		conn_refuse(c, 431, "the header is too large", "");
		return true;
	}
	if (n == 0)
		return false;
	c->x = exchange_new(c, view_head(rest, n));
	c->in_at += n;
	if (c->x == NULL) {
		conn_refuse(c, 503, "out of memory", "Retry-After: 1\r\n");
		return true;
	}
	const int status = http_head_parse(view_of(c->x->bytes, n), c->x->bytes + n,
					   &c->x->head, &why);
	if (status != 0) {
		conn_refuse(c, status, why, "");
		return true;
	}
	c->close_after = !c->x->head.keep_alive;
	if (admit(c))
		ask_gate(c);
	return true;
}

/* --- bodies --- */

/* Else it is refused. */
static bool charge_body(struct http_conn *c, size_t n)
{
	if (conn_room(c, n) && exchange_charge(c->x, n))
		return true;
	refuse_full(c);
	return false;
}

static bool take_body_bytes(struct http_conn *c, struct view v)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	if (v.n > c->x->body.max - c->x->body.n) {
		conn_refuse(c, 413, "the body is larger than this path takes", "");
		return false;
	}
	if (!charge_body(c, v.n))
		return false;
	if (buf_put(&c->x->body, v, &err) != 0) {
		conn_refuse(c, 503, "out of memory", "Retry-After: 1\r\n");
		return false;
	}
	count_moved(c, v.n);
	return true;
}

static bool run_body(struct http_conn *c)
{
	const size_t left = c->x->body.max - c->x->body.n;
	const struct view have = view_head(view_skip(view_buf(&c->in), c->in_at), left);
	if (have.n > 0 && !take_body_bytes(c, have))
		return true;
	c->in_at += have.n;
	if (have.n < left)
		return false;
	dispatch(c);
	return true;
}

static bool run_chunked(struct http_conn *c)
{
	while (c->in_at < c->in.n) {
		struct view data;
		const struct view rest = view_skip(view_buf(&c->in), c->in_at);
		const size_t n = http_chunked_feed(&c->chunk, rest, &data);
		if (n == SIZE_MAX) {
			conn_refuse(c, 400, "the chunked body is malformed", "");
			return true;
		}
		if (n == 0)
			break;
		if (data.n > 0 && !take_body_bytes(c, data))
			return true;
		c->in_at += n;
	}
	if (c->chunk.state != CHUNK_DONE)
		return false;
	dispatch(c);
	return true;
}

/* Goes on as far as what was received allows. */
static void conn_run(struct http_conn *c)
{
	bool more = true;
	if (c->busy || c->dead)
		return;
	c->busy = true;
	while (more && !c->dead) {
		switch (c->state) {
		case CONN_HEAD:
			more = c->in_at < c->in.n && run_head(c);
			break;
		case CONN_BODY:
			more = run_body(c);
			break;
		case CONN_CHUNKED:
			more = run_chunked(c);
			break;
		default:
			more = false;
		}
	}
	c->busy = false;
	if (c->dead) {
		conn_free(c);
		return;
	}
	if (c->in_at == c->in.n) {
		buf_clear(&c->in);
		c->in_at = 0;
		c->scanned = 0;
	}
	/* Input is over and no whole request came: nothing can follow. */
	if (c->eof && (c->state == CONN_HEAD || c->state == CONN_BODY ||
		       c->state == CONN_CHUNKED))
		conn_close(c);
}

/* --- events --- */

static ssize_t read_into(struct http_conn *c, struct buf *b, size_t want)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	if (buf_reserve(b, want, &err) != 0) {
		errno = ENOMEM;
		return -1;
	}
	const ssize_t n = conn_recv(c, b->p + b->n, want);
	if (n > 0)
		b->n += (size_t)n;
	return n;
}

static ssize_t read_body(struct http_conn *c)
{
	struct buf *body = &c->x->body;
	size_t want = body->max - body->n;
	/* Room grows with what has come, not with what was announced. */
	const size_t step =
	    body->n < HTTP_READ_SIZE ? HTTP_READ_SIZE * 8 : HTTP_READ_BODY_SIZE;
	if (want > step)
		want = step;
	const ssize_t n = read_into(c, body, want);
	if (n > 0) {
		count_moved(c, (size_t)n);
		if (!charge_body(c, (size_t)n)) {
			errno = EAGAIN;
			return -1;
		}
	}
	return n;
}

static ssize_t read_discard(struct http_conn *c)
{
	uint8_t sink[16384];
	return recv(c->fd, sink, sizeof(sink), MSG_TRUNC);
}

/* Moves what is not used yet to the front, then receives behind it. */
static ssize_t read_input(struct http_conn *c)
{
	if (c->in.max == 0)
		c->in = buf_make(c->server->limits.header_max * 2 + HTTP_READ_SIZE);
	if (c->in_at > 0) {
		memmove(c->in.p, c->in.p + c->in_at, c->in.n - c->in_at);
		c->in.n -= c->in_at;
		c->in_at = 0;
	}
	if (c->state == CONN_HEAD && c->in.n == 0)
		set_phase(c, CONN_HEAD, c->server->limits.header_ms);
	return read_into(c, &c->in, HTTP_READ_SIZE);
}

/* No message for who does not get through: there is no common language yet. */
static void run_handshake(struct http_conn *c)
{
	const enum tls_step step = tls_handshake(c->tls);
	if (step == TLS_FAILED) {
		c->server->stats.handshakes_failed++;
		conn_close(c);
		return;
	}
	if (step == TLS_WANTS_WRITE) {
		if (event_add(&c->writable, NULL) != 0)
			conn_close(c);
		return;
	}
	event_del(&c->writable);
	if (step == TLS_DONE) {
		set_phase(c, CONN_HEAD, c->server->limits.idle_ms);
		wake_pending(c);
	}
}

static void on_readable(evutil_socket_t fd, short what, void *arg)
{
	struct http_conn *c = arg;
	ssize_t n;
	(void)fd;
	(void)what;
	if (c->state == CONN_TLS) {
		run_handshake(c);
		return;
	}
	if (c->state == CONN_LINGER)
		n = read_discard(c);
	else if (c->state == CONN_BODY && c->in_at == c->in.n)
		n = read_body(c);
	else
		n = read_input(c);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0 || (n == 0 && c->state == CONN_LINGER)) {
		conn_close(c);
		return;
	}
	if (n == 0) {
		c->eof = true;
		set_reading(c, false);
	}
	/* Pipelined requests wait in the kernel while one is at work. */
	if ((c->state == CONN_HANDLE || c->state == CONN_WRITE ||
	     c->state == CONN_GATE) &&
	    c->in.n >= HTTP_READ_SIZE)
		set_reading(c, false);
	wake_pending(c);
	if (c->state != CONN_LINGER)
		conn_run(c);
}

static void on_writable(evutil_socket_t fd, short what, void *arg)
{
	struct http_conn *c = arg;
	(void)fd;
	(void)what;
	if (c->state == CONN_TLS) {
		run_handshake(c);
		return;
	}
	c->busy = true;
	conn_flush(c);
	c->busy = false;
	if (c->dead)
		conn_free(c);
	else
		conn_run(c);
}

void conn_check_deadline(struct http_conn *c, int64_t now_ms)
{
	if (now_ms < c->deadline_ms)
		return;
	if (c->state != CONN_LINGER && !(c->state == CONN_HEAD && c->in.n == 0))
		c->server->stats.deadlines++;
	if (c->state == CONN_BODY || c->state == CONN_CHUNKED ||
	    (c->state == CONN_HEAD && c->in.n > 0))
		conn_refuse(c, 408, "the request did not come in time", "");
	else
		conn_close(c);
}

void conn_drain(struct http_conn *c)
{
	if (c->state == CONN_TLS || (c->state == CONN_HEAD && c->in.n == 0))
		conn_close(c);
	else if (c->state == CONN_LINGER)
		c->deadline_ms = clock_monotonic_ms() + HTTP_LINGER_SHORT_MS;
	else
		c->close_after = true;
}

struct http_conn *conn_make(struct http_server *s, int fd)
{
	struct event_base *base = loop_base(s->loop);
	struct http_conn *c = mem_zalloc(1, sizeof(*c));
	if (c == NULL) {
		close(fd);
		return NULL;
	}
	c->server = s;
	c->fd = fd;
	event_assign(&c->readable, base, fd, EV_READ | EV_PERSIST, on_readable, c);
	event_assign(&c->writable, base, fd, EV_WRITE | EV_PERSIST, on_writable, c);
	return c;
}

bool conn_begin(struct http_conn *c)
{
	struct http_server *s = c->server;
	c->next = s->conns;
	if (s->conns != NULL)
		s->conns->prev = c;
	s->conns = c;
	s->n_conns++;
	s->stats.connections_accepted++;
	if (c->tls != NULL)
		set_phase(c, CONN_TLS, s->limits.header_ms);
	else
		set_phase(c, CONN_HEAD, s->limits.idle_ms);
	set_reading(c, true);
	if (c->reading)
		return true;
	conn_close(c);
	return false;
}
