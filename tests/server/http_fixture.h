/* SPDX-License-Identifier: Apache-2.0 */
/* http_fixture - a server on a thread of its own, and a raw client. */
#ifndef LTPS_TESTS_SERVER_HTTP_FIXTURE_H
#define LTPS_TESTS_SERVER_HTTP_FIXTURE_H

#include <stddef.h>

#include "server/http.h"

struct fixture;
/*
 * Routes: POST /echo (text/plain, 64 KiB) answers with its body;
 * POST /bulk (any type, 8 MiB) answers with the length of its body;
 * GET /hold answers when GET /release comes; GET /big?n=N answers N bytes;
 * GET /drop ends the connection; GET /cut announces 1000 bytes, sends 10;
 * GET /query answers the parameter a; GET /any/... answers what is behind.
 */
struct fixture *fixture_start(const struct http_limits *limits);
struct http_stats fixture_stop(struct fixture *f);
/* Statistics while it runs, taken on its thread. */
struct http_stats fixture_stats(struct fixture *f);
void fixture_drain(struct fixture *f);

int fixture_connect(const struct fixture *f);
void fixture_send(int fd, const char *text);
void fixture_send_bytes(int fd, const void *p, size_t n);
/* One answer by its Content-Length, head and body; "" when the end came. */
const char *fixture_answer(int fd);
/* Everything until the end. */
const char *fixture_rest(int fd);
/* Connect, send, read one answer; closed: whether the end followed it. */
const char *fixture_ask(const struct fixture *f, const char *request, bool *closed);
int fixture_status(const char *answer);
const char *fixture_body(const char *answer);

#endif
