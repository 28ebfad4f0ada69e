/* SPDX-License-Identifier: Apache-2.0 */
/*
 * http_stub - a loopback server thread that plays a script of raw answers and
 * records what it was asked. It does not care for HTTP beyond finding the end
 * of a request. A failure inside ends the test program.
 */
#ifndef LTPS_TESTS_HTTP_STUB_H
#define LTPS_TESTS_HTTP_STUB_H

#include <stddef.h>

enum stub_then {
	STUB_CLOSE,   /* close the connection behind the answer */
	STUB_KEEP,    /* wait for another request on it */
	STUB_HANG,    /* keep it open, say nothing more */
	STUB_ENDLESS, /* repeat `filler` until the client goes away */
};

struct stub_answer {
	const char *text;
	size_t n; /* 0: length of the text */
	enum stub_then then;
	const char *filler;
};

struct http_stub;

/*
 * http_stub_start - listen on 127.0.0.1. The i-th request gets the i-th
 * answer, whatever its connection; after the last one, the last again.
 * answers is borrowed until http_stub_stop.
 */
struct http_stub *http_stub_start(const struct stub_answer *answers, size_t n);
/* Ends the thread, closes every connection, frees. */
void http_stub_stop(struct http_stub *stub);
unsigned http_stub_port(const struct http_stub *stub);
/* "http://127.0.0.1:PORT/path", in memory of the stub until the next call. */
const char *http_stub_url(struct http_stub *stub, const char *path);
/* Connections accepted and requests read so far. */
size_t http_stub_connections(struct http_stub *stub);
size_t http_stub_requests(struct http_stub *stub);
/* Blocks until n requests have been read. */
void http_stub_wait(struct http_stub *stub, size_t n);
/* Raw bytes of the i-th request, ended by NUL; "" beyond the last. */
const char *http_stub_request(struct http_stub *stub, size_t i);

#endif
