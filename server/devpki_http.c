/* SPDX-License-Identifier: Apache-2.0 */
/* devpki_http - exchanges to devpki_handle() and back, faults included. */
#include "server/devpki_http.h"

#include "base/mem.h"

/* An answer that waits for its time. */
struct delayed {
	struct devpki_http *h;
	struct http_exchange *x;
	struct devpki_answer answer;
	struct loop_timer *timer;
	struct delayed *next, **at;
};

struct devpki_http {
	struct loop *loop;
	struct devpki *pki;
	struct clock clock; /* of the Date field: the true one */
	struct http_route route;
	struct http_server *server;
	struct delayed *delayed;
	unsigned n_delayed;
};

/* Gives the exchange back; the answer is empty after. */
static void send_answer(struct http_exchange *x, struct devpki_answer *a)
{
	if (a->close) {
		http_drop(x);
	} else if (a->truncated) {
		http_reply_cut(x, a->status, a->content_type, &a->body, a->sent_n);
	} else {
		if (a->allow != NULL)
			http_add_field(x, "Allow", a->allow);
		http_reply(x, a->status, a->content_type, &a->body);
	}
	devpki_answer_free(a);
}

static void free_delayed(struct delayed *d)
{
	*d->at = d->next;
	if (d->next != NULL)
		d->next->at = d->at;
	d->h->n_delayed--;
	loop_timer_free(d->timer);
	mem_free(d);
}

static void delay_is_over(void *arg)
{
	struct delayed *d = arg;
	send_answer(d->x, &d->answer);
	free_delayed(d);
}

/* Takes exchange and answer over; false when there is no room to wait. */
static bool hold_back(struct devpki_http *h, struct http_exchange *x,
		      const struct devpki_answer *a)
{
	struct ltps_error ignored = LTPS_ERROR_INIT; /* then it is sent at once */
	struct delayed *d;
	if (h->n_delayed >= DEVPKI_HTTP_DELAYED_MAX)
		return false;
	d = mem_zalloc(1, sizeof(*d));
	if (d == NULL)
		return false;
	if (loop_timer_new(h->loop, delay_is_over, d, &d->timer, &ignored) != 0) {
		mem_free(d);
		return false;
	}
	d->h = h;
	d->x = x;
	d->answer = *a;
	d->next = h->delayed;
	d->at = &h->delayed;
	if (d->next != NULL)
		d->next->at = &d->next;
	h->delayed = d;
	h->n_delayed++;
	loop_timer_set(d->timer, a->delay_ms);
	return true;
}

static void handle(struct http_exchange *x, void *arg)
{
	struct devpki_http *h = arg;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_answer a;
	struct devpki_request req = {
		.method = http_method_text(x),
		.path = http_raw_path(x),
		.query = http_raw_query(x),
		.content_type = http_field(x, "content-type"),
		.body = http_body(x),
	};
	/* The front end leaves the body of its answer out. */
	if (http_method(x) == HTTP_METHOD_HEAD)
		req.method = view_text("GET");
	if (h->pki == NULL) {
		http_refuse(x, 503, "not ready");
		return;
	}
	if (devpki_handle(h->pki, &req, &a, &err) != 0) {
		http_refuse(x, 500, err.text);
		return;
	}
	if (a.delay_ms == 0 || !hold_back(h, x, &a))
		send_answer(x, &a);
}

int devpki_http_new(struct loop *loop, const char *listen, struct devpki *pki,
		    struct devpki_http **ret_h, struct ltps_error *err)
{
	struct devpki_http *h = mem_zalloc(1, sizeof(*h));
	if (h == NULL)
		return ltps_fail_nomem(err);
	h->loop = loop;
	h->pki = pki;
	h->clock = clock_system();
	/* Everything comes here: the PKI knows its methods and paths itself. */
	h->route = (struct http_route){
		.path = "/*",
		.methods = HTTP_METHOD_GET | HTTP_METHOD_POST | HTTP_METHOD_PUT |
			   HTTP_METHOD_DELETE,
		.body_max = DEVPKI_BODY_MAX,
		.any_path = true,
		.handle = handle,
		.arg = h,
	};
	struct http_options o = {
		.listen = listen, .routes = &h->route, .n_routes = 1, .clock = &h->clock
	};
	if (http_new(loop, &o, &h->server, err) != 0) {
		mem_free(h);
		return -1;
	}
	*ret_h = h;
	return 0;
}

void devpki_http_set_pki(struct devpki_http *h, struct devpki *pki)
{
	h->pki = pki;
}

unsigned devpki_http_port(const struct devpki_http *h)
{
	return http_port(h->server);
}

void devpki_http_free(struct devpki_http *h)
{
	if (h == NULL)
		return;
	while (h->delayed != NULL) {
		struct delayed *d = h->delayed;
		http_drop(d->x);
		devpki_answer_free(&d->answer);
		free_delayed(d);
	}
	http_free(h->server);
	mem_free(h);
}
