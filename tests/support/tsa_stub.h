/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tsa_stub - a time-stamping authority over HTTP on the loopback: a thread that
 * answers each request through tsp_respond(), with chosen defects. A failure
 * inside ends the test program.
 */
#ifndef LTPS_TESTS_TSA_STUB_H
#define LTPS_TESTS_TSA_STUB_H

#include "timestamping/tsp_responder.h"

struct tsa_stub_options {
	struct tsp_responder responder; /* what it points to is borrowed */
	struct tsp_deviation deviation;
	int64_t now_ms;           /* its clock stands */
	int http_status;          /* 0: 200 */
	const char *content_type; /* NULL: application/timestamp-reply */
	struct view body;         /* p != NULL: sent in place of the answer */
};

struct tsa_stub;

struct tsa_stub *tsa_stub_start(const struct tsa_stub_options *o);
/* Ends the thread and frees. NULL-safe. */
void tsa_stub_stop(struct tsa_stub *stub);
/* "http://127.0.0.1:PORT/tsa", in memory of the stub. */
const char *tsa_stub_url(const struct tsa_stub *stub);
size_t tsa_stub_requests(struct tsa_stub *stub);
/* Head of the last request, ended by NUL. After an answer only. */
const char *tsa_stub_head(const struct tsa_stub *stub);

#endif
