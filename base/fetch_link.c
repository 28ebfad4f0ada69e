/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch_link - a connection that libcurl makes and we speak on: the same
 * resolution, address rule, TLS and cancelling as for HTTP (docs/decisions/0008).
 */
#include "base/fetch_private.h"

#include <openssl/err.h>

#include "base/clock.h"
#include "base/fetch_curl.h"

/* Read at once; an answer of one certificate fits. */
#define LINK_CHUNK ((size_t)16 << 10)

static int set_link(CURL *easy, const char *origin)
{
	int bad = 0;
	bad |= libcurl.easy_setopt(easy, CURLOPT_URL, origin);
	bad |= libcurl.easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
	/* Named http for libcurl's sake; no byte of HTTP is sent. */
	bad |= libcurl.easy_setopt(easy, CURLOPT_PROTOCOLS_STR, "http,https");
	bad |= libcurl.easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
	bad |= libcurl.easy_setopt(easy, CURLOPT_FRESH_CONNECT, 1L);
	return bad;
}

/* What libcurl would find wrong with it is the caller's fault here. */
static int check_origin(const char *origin, struct ltps_error *err)
{
	CURLU *url = libcurl.url();
	const CURLUcode uc = url != NULL
				 ? libcurl.url_set(url, CURLUPART_URL, origin, 0)
				 : CURLUE_OUT_OF_MEMORY;
	libcurl.url_cleanup(url);
	if (uc == CURLUE_OUT_OF_MEMORY)
		return ltps_fail_nomem(err);
	if (uc != CURLUE_OK)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "malformed URL: %s", libcurl.url_strerror(uc));
	return 0;
}

int fetch_link_open(struct exchange *x, const char *origin, struct ltps_error *err)
{
	if (check_origin(origin, err) != 0)
		return -1;
	const unsigned failed_before = fetch_allocations_failed();
	const int bad = fetch_set_options(x) | set_link(x->f->easy, origin);
	if (bad != 0 || fetch_allocations_failed() != failed_before)
		return ltps_fail_nomem(err);
	return fetch_perform(x, err);
}

static int fail_link(struct ltps_error *err, unsigned failed_before, CURLcode rc,
		     const char *what)
{
	ERR_clear_error(); /* what TLS left behind is in rc */
	if (fetch_allocations_failed() != failed_before || rc == CURLE_OUT_OF_MEMORY)
		return ltps_fail_nomem(err);
	ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, NULL, "%s: %s", what,
		  libcurl.easy_strerror(rc));
	err->foreign = LTPS_FOREIGN_CURL;
	err->foreign_code = rc;
	return -1;
}

/* A server that never pauses must not outrun the deadline. */
static int check_time(struct exchange *x, int64_t deadline_ms, int64_t *ret_left_ms,
		      struct ltps_error *err)
{
	*ret_left_ms = deadline_ms - clock_monotonic_ms();
	if (atomic_load(&x->f->cancelled))
		return ltps_fail(err, LTPS_CANCELLED, LTPS_FAULT_SELF, NULL,
				 "fetch was cancelled");
	if (*ret_left_ms <= 0)
		return ltps_fail(err, LTPS_TIMEOUT, LTPS_FAULT_REMOTE, NULL,
				 "no answer in time");
	return 0;
}

/* Until the socket is ready, or it is worth looking again. */
static int wait_ready(struct exchange *x, short events, int64_t left_ms,
		      struct ltps_error *err)
{
	const unsigned failed_before = fetch_allocations_failed();
	curl_socket_t fd = CURL_SOCKET_BAD;
	const CURLcode rc =
	    libcurl.easy_getinfo(x->f->easy, CURLINFO_ACTIVESOCKET, &fd);
	if (rc != CURLE_OK || fd == CURL_SOCKET_BAD)
		return fail_link(err, failed_before, CURLE_RECV_ERROR,
				 "connection was lost");
	struct curl_waitfd wait = { .fd = fd, .events = events };
	const int ms = left_ms < FETCH_POLL_MS ? (int)left_ms : FETCH_POLL_MS;
	const CURLMcode mc = libcurl.multi_poll(x->f->multi, &wait, 1, ms, NULL);
	if (mc == CURLM_OK)
		return 0;
	if (mc == CURLM_OUT_OF_MEMORY)
		return ltps_fail_nomem(err);
	return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL, "fetch: %s",
			 libcurl.multi_strerror(mc));
}

int fetch_link_send(struct exchange *x, struct view bytes, int64_t deadline_ms,
		    struct ltps_error *err)
{
	const unsigned failed_before = fetch_allocations_failed();
	while (bytes.n > 0) {
		int64_t left_ms;
		size_t sent = 0;
		if (check_time(x, deadline_ms, &left_ms, err) != 0)
			return -1;
		const CURLcode rc =
		    libcurl.easy_send(x->f->easy, bytes.p, bytes.n, &sent);
		if (rc == CURLE_OK)
			bytes = view_skip(bytes, sent);
		else if (rc != CURLE_AGAIN)
			return fail_link(err, failed_before, rc, "sending failed");
		else if (wait_ready(x, CURL_WAIT_POLLOUT, left_ms, err) != 0)
			return -1;
	}
	return 0;
}

static int append(struct buf *in, struct view chunk, struct ltps_error *err)
{
	struct ltps_error put = LTPS_ERROR_INIT;
	if (chunk.n == 0)
		return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, NULL,
				 "connection ends within the answer");
	if (buf_put(in, chunk, &put) == 0)
		return 0;
	if (put.code == LTPS_NOMEM)
		return ltps_fail_nomem(err);
	return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_REMOTE, NULL,
			 "answer exceeds %zu bytes", in->max);
}

int fetch_link_receive(struct exchange *x, struct buf *in, int64_t deadline_ms,
		       struct ltps_error *err)
{
	const unsigned failed_before = fetch_allocations_failed();
	uint8_t chunk[LINK_CHUNK];
	for (;;) {
		int64_t left_ms;
		size_t n = 0;
		if (check_time(x, deadline_ms, &left_ms, err) != 0)
			return -1;
		const CURLcode rc =
		    libcurl.easy_recv(x->f->easy, chunk, sizeof(chunk), &n);
		if (rc == CURLE_OK)
			return append(in, view_of(chunk, n), err);
		if (rc != CURLE_AGAIN)
			return fail_link(err, failed_before, rc, "receiving failed");
		if (wait_ready(x, CURL_WAIT_POLLIN, left_ms, err) != 0)
			return -1;
	}
}

void fetch_link_close(struct exchange *x, struct view last_words)
{
	size_t sent;
	if (last_words.n > 0)
		(void)libcurl.easy_send(x->f->easy, last_words.p, last_words.n, &sent);
	libcurl.multi_remove_handle(x->f->multi, x->f->easy); /* closes as well */
	ERR_clear_error();
}
