/* SPDX-License-Identifier: Apache-2.0 */
/* The front end over real sockets on the loopback. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"
#include "server/http_conn.h"
#include "tests/server/http_fixture.h"

#define HOST "Host: a\r\n"

Test(http, refusals_close_the_connection)
{
	static const struct {
		const char *request;
		int status;
	} cases[] = {
		{ "GET /nothing HTTP/1.1\r\n" HOST "\r\n", 404 },
		{ "GET /echo HTTP/1.1\r\n" HOST "\r\n", 405 },
		{ "DELETE /echo HTTP/1.1\r\n" HOST "\r\n", 405 },
		{ "BREW /echo HTTP/1.1\r\n" HOST "\r\n", 405 },
		{ "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx", 415 },
		{ "POST /echo HTTP/1.1\r\n" HOST "Content-Type: text/html\r\n"
		  "Content-Length: 1\r\n\r\nx",
		  415 },
		{ "POST /echo HTTP/1.1\r\n" HOST "Content-Type: text/plain\r\n"
		  "Content-Length: 65537\r\n\r\nx",
		  413 },
		{ "GET /query HTTP/1.1\r\n" HOST "Content-Length: 1\r\n\r\nx", 413 },
		{ "GET /query HTTP/1.1\r\n\r\n", 400 },
		{ "GET /query HTTP/1.1\nHost: a\n\n", 400 },
		{ "GET //query HTTP/1.1\r\n" HOST "\r\n", 404 },
		{ "GET /any/../query HTTP/1.1\r\n" HOST "\r\n", 200 },
		{ "POST /echo HTTP/1.1\r\n" HOST "Content-Type: text/plain\r\n"
		  "Transfer-Encoding: chunked\r\n\r\nzz\r\n",
		  400 },
		{ "POST /echo HTTP/1.1\r\n" HOST "Content-Length: 1\r\n"
		  "Transfer-Encoding: chunked\r\n\r\n",
		  400 },
	};
	struct fixture *f = fixture_start(NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		bool closed;
		const char *a = fixture_ask(f, cases[i].request, &closed);
		cr_expect_eq(fixture_status(a), cases[i].status, "%zu: %s", i, a);
		cr_expect_eq(closed, cases[i].status != 200, "%zu", i);
	}
	const struct http_stats stats = fixture_stop(f);
	cr_expect_eq(stats.refused, sizeof(cases) / sizeof(cases[0]) - 1);
	cr_expect_eq(stats.in_flight_bytes, 0);
}

Test(http, wrong_method_is_told_the_right_one)
{
	struct fixture *f = fixture_start(NULL);
	bool closed;
	const char *a = fixture_ask(f, "POST /query HTTP/1.1\r\n" HOST "\r\n", &closed);
	cr_expect_not_null(strstr(a, "\r\nAllow: GET, HEAD\r\n"));
	fixture_stop(f);
}

Test(http, large_header_is_refused)
{
	struct fixture *f = fixture_start(&(struct http_limits){ .header_max = 1024 });
	const int fd = fixture_connect(f);
	fixture_send(fd, "GET /query HTTP/1.1\r\nX: ");
	char fill[2048];
	memset(fill, 'x', sizeof(fill));
	fixture_send_bytes(fd, fill, sizeof(fill));
	cr_expect_eq(fixture_status(fixture_answer(fd)), 431);
	close(fd);
	fixture_stop(f);
}

Test(http, chunked_body_beyond_the_limit_is_refused)
{
	struct fixture *f = fixture_start(NULL);
	const int fd = fixture_connect(f);
	fixture_send(fd, "POST /echo HTTP/1.1\r\n" HOST "Content-Type: text/plain\r\n"
			 "Transfer-Encoding: chunked\r\n\r\n20000\r\n");
	static char fill[0x20000];
	fixture_send_bytes(fd, fill, sizeof(fill));
	cr_expect_eq(fixture_status(fixture_answer(fd)), 413);
	close(fd);
	cr_expect_eq(fixture_stop(f).in_flight_bytes, 0);
}

/* The refused client goes on sending and still reads its answer. */
Test(http, oversized_upload_gets_its_answer)
{
	struct fixture *f = fixture_start(NULL);
	const int fd = fixture_connect(f);
	fixture_send(fd,
		     "POST /bulk HTTP/1.1\r\n" HOST "Content-Length: 9000000\r\n\r\n");
	static char fill[9000000];
	fixture_send_bytes(fd, fill, sizeof(fill));
	cr_expect_eq(fixture_status(fixture_answer(fd)), 413);
	close(fd);
	fixture_stop(f);
}

Test(http, requests_beyond_the_bytes_in_flight_get_503)
{
	struct fixture *f =
	    fixture_start(&(struct http_limits){ .in_flight_max = 200000 });
	const int one = fixture_connect(f);
	fixture_send(one,
		     "POST /bulk HTTP/1.1\r\n" HOST "Content-Length: 150000\r\n\r\n");
	static char fill[150000];
	fixture_send_bytes(one, fill, 100000);
	while (fixture_stats(f).in_flight_bytes < 100000)
		;
	bool closed;
	const char *a = fixture_ask(
	    f, "POST /bulk HTTP/1.1\r\n" HOST "Content-Length: 150000\r\n\r\n",
	    &closed);
	cr_expect_eq(fixture_status(a), 503);
	cr_expect(closed);
	cr_expect_not_null(strstr(a, "\r\nRetry-After: "));
	/* Chunked announces nothing: it is counted as it comes. */
	const int two = fixture_connect(f);
	fixture_send(two, "POST /bulk HTTP/1.1\r\n" HOST
			  "Transfer-Encoding: chunked\r\n\r\n1e848\r\n");
	fixture_send_bytes(two, fill, 125000);
	cr_expect_eq(fixture_status(fixture_answer(two)), 503);
	close(two);
	/* The first is not disturbed. */
	fixture_send_bytes(one, fill, 50000);
	cr_expect_str_eq(fixture_body(fixture_answer(one)), "150000");
	close(one);
	cr_expect_eq(fixture_stop(f).in_flight_bytes, 0);
}

/* One connection made room for another, and nobody was turned away. */
static void stop_with_one_displaced(struct fixture *f)
{
	const struct http_stats stats = fixture_stop(f);
	cr_expect_eq(stats.connections_displaced, 1);
	cr_expect_eq(stats.connections_refused, 0);
	cr_expect_eq(stats.in_flight_bytes, 0);
}

/* What came fast buys no idle time: the bytes that it holds go to who sends. */
Test(http, body_that_stops_makes_room_for_another)
{
	struct fixture *f = fixture_start(&(struct http_limits){
	    .in_flight_max = 200000, .transfer_ms = 6000, .min_rate = 1 });
	const int stops = fixture_connect(f);
	static char fill[150000];
	fixture_send(stops,
		     "POST /bulk HTTP/1.1\r\n" HOST "Content-Length: 150000\r\n\r\n");
	fixture_send_bytes(stops, fill, sizeof(fill) - 1);
	while (fixture_stats(f).in_flight_bytes < sizeof(fill) - 1)
		;
	int status = 503, fd = -1;
	while (status == 503) {
		fd = fixture_connect(f);
		fixture_send(fd, "POST /bulk HTTP/1.1\r\n" HOST
				 "Content-Length: 150000\r\nExpect: 100-continue\r\n\r\n");
		status = fixture_status(fixture_answer(fd));
		if (status == 503)
			close(fd);
	}
	cr_expect_eq(status, 100);
	cr_expect_str_eq(fixture_rest(stops), "");
	fixture_send_bytes(fd, fill, sizeof(fill));
	cr_expect_str_eq(fixture_body(fixture_answer(fd)), "150000");
	close(fd);
	close(stops);
	stop_with_one_displaced(f);
}

Test(http, body_that_was_fast_and_stops_is_ended)
{
	struct fixture *f = fixture_start(&(struct http_limits){
	    .transfer_ms = 1, .min_rate = 1 });
	const int fd = fixture_connect(f);
	static char fill[1000];
	fixture_send(fd, "POST /bulk HTTP/1.1\r\n" HOST "Content-Length: 1001\r\n\r\n");
	fixture_send_bytes(fd, fill, sizeof(fill));
	cr_expect_eq(fixture_status(fixture_answer(fd)), 408);
	close(fd);
	cr_expect_eq(fixture_stop(f).in_flight_bytes, 0);
}

/* The first of it went out at once, into the buffers of the system. */
Test(http, answer_that_was_read_fast_and_then_left_is_ended)
{
	struct fixture *f = fixture_start(&(struct http_limits){
	    .transfer_ms = 1, .min_rate = 1 });
	const int fd = fixture_connect(f);
	static char piece[1 << 20];
	fixture_send(fd, "GET /big?n=30000000 HTTP/1.1\r\n" HOST "\r\n");
	cr_expect_gt(recv(fd, piece, sizeof(piece), 0), 0);
	while (fixture_stats(f).deadlines == 0)
		;
	close(fd);
	cr_expect_eq(fixture_stop(f).in_flight_bytes, 0);
}

Test(http, slow_head_is_ended_although_bytes_keep_coming)
{
	struct fixture *f = fixture_start(&(struct http_limits){ .header_ms = 1 });
	const int fd = fixture_connect(f);
	const char *head = "GET /query HTTP/1.1\r\n" HOST "X: y\r\n";
	/* Never finished, and never too large: a byte each round, for long. */
	for (size_t i = 0; fixture_stats(f).deadlines == 0; i++)
		if (i < HTTP_HEADER_MAX / 2)
			fixture_send_bytes(fd, i < strlen(head) ? head + i : "x", 1);
	cr_expect_eq(fixture_status(fixture_answer(fd)), 408);
	close(fd);
	fixture_stop(f);
}

Test(http, slow_body_is_ended)
{
	struct fixture *f = fixture_start(
	    &(struct http_limits){ .transfer_ms = 1, .min_rate = (size_t)1 << 30 });
	const int fd = fixture_connect(f);
	fixture_send(fd,
		     "POST /bulk HTTP/1.1\r\n" HOST "Content-Length: 1000\r\n\r\nabc");
	cr_expect_eq(fixture_status(fixture_answer(fd)), 408);
	close(fd);
	cr_expect_eq(fixture_stop(f).in_flight_bytes, 0);
}

Test(http, answer_that_is_not_read_is_ended)
{
	struct fixture *f = fixture_start(
	    &(struct http_limits){ .transfer_ms = 1, .min_rate = (size_t)1 << 30 });
	const int fd = fixture_connect(f);
	fixture_send(fd, "GET /big?n=30000000 HTTP/1.1\r\n" HOST "\r\n");
	while (fixture_stats(f).deadlines == 0)
		;
	close(fd);
	cr_expect_eq(fixture_stop(f).in_flight_bytes, 0);
}

Test(http, idle_connection_is_ended_silently)
{
	struct fixture *f = fixture_start(&(struct http_limits){ .idle_ms = 1 });
	const int fd = fixture_connect(f);
	cr_expect_str_eq(fixture_rest(fd), "");
	close(fd);
	cr_expect_eq(fixture_stop(f).deadlines, 0);
}

/* The first came first, and waits: it makes room. */
Test(http, connection_that_waits_longest_makes_room_for_a_new_one)
{
	static const struct http_limits limits[] = {
		{ .connections_max = 2, .per_address_max = 9 },
		{ .connections_max = 9, .per_address_max = 2 },
	};
	for (size_t i = 0; i < 2; i++) {
		struct fixture *f = fixture_start(&limits[i]);
		const int one = fixture_connect(f);
		const int two = fixture_connect(f);
		fixture_send(two, "GET /query?a=1 HTTP/1.1\r\n" HOST "\r\n");
		cr_expect_str_eq(fixture_body(fixture_answer(two)), "1");
		const int three = fixture_connect(f);
		cr_expect_str_eq(fixture_rest(one), "");
		fixture_send(three, "GET /query?a=3 HTTP/1.1\r\n" HOST "\r\n");
		cr_expect_str_eq(fixture_body(fixture_answer(three)), "3");
		fixture_send(two, "GET /query?a=2 HTTP/1.1\r\n" HOST "\r\n");
		cr_expect_str_eq(fixture_body(fixture_answer(two)), "2");
		close(one);
		close(two);
		close(three);
		stop_with_one_displaced(f);
	}
}

Test(http, body_slower_than_the_least_rate_makes_room)
{
	struct fixture *f = fixture_start(
	    &(struct http_limits){ .connections_max = 1, .min_rate = (size_t)1 << 30 });
	const int slow = fixture_connect(f);
	fixture_send(slow,
		     "POST /bulk HTTP/1.1\r\n" HOST "Content-Length: 1000\r\n\r\nabc");
	const int next = fixture_connect(f);
	fixture_send(next, "GET /query?a=1 HTTP/1.1\r\n" HOST "\r\n");
	cr_expect_str_eq(fixture_body(fixture_answer(next)), "1");
	cr_expect_str_eq(fixture_rest(slow), "");
	close(slow);
	close(next);
	stop_with_one_displaced(f);
}

/* Whoever is being served stays. */
Test(http, where_all_are_served_a_new_connection_is_refused)
{
	struct fixture *f = fixture_start(&(struct http_limits){ .connections_max = 2 });
	const int held[] = { fixture_connect(f), fixture_connect(f) };
	for (size_t i = 0; i < 2; i++)
		fixture_send(held[i], "GET /hold HTTP/1.1\r\n" HOST "\r\n");
	while (fixture_stats(f).requests < 2)
		;
	const int new = fixture_connect(f);
	cr_expect_eq(fixture_status(fixture_rest(new)), 503);
	close(new);
	const struct http_stats stats = fixture_stats(f);
	cr_expect_eq(stats.connections_refused, 1);
	cr_expect_eq(stats.connections_displaced, 0);
	for (size_t i = 0; i < 2; i++)
		close(held[i]);
	fixture_stop(f);
}

Test(http, pipelined_requests_are_answered_in_order)
{
	struct fixture *f = fixture_start(NULL);
	const int fd = fixture_connect(f);
	fixture_send(fd, "GET /query?a=1 HTTP/1.1\r\n" HOST "\r\n\r\n"
			 "POST /echo HTTP/1.1\r\n" HOST "Content-Type: text/plain\r\n"
			 "Content-Length: 3\r\n\r\ntwo"
			 "POST /echo HTTP/1.1\r\n" HOST "Content-Type: text/plain\r\n"
			 "Transfer-Encoding: chunked\r\n\r\n5\r\nthree\r\n0\r\n\r\n"
			 "GET /hold HTTP/1.1\r\n" HOST "\r\n"
			 "GET /query?a=5 HTTP/1.1\r\n" HOST "Connection: close\r\n\r\n"
			 "GET /query?a=never HTTP/1.1\r\n" HOST "\r\n");
	cr_expect_str_eq(fixture_body(fixture_answer(fd)), "1");
	cr_expect_str_eq(fixture_body(fixture_answer(fd)), "two");
	cr_expect_str_eq(fixture_body(fixture_answer(fd)), "three");
	bool closed;
	fixture_ask(f, "GET /release HTTP/1.1\r\n" HOST "\r\n", &closed);
	cr_expect_str_eq(fixture_body(fixture_answer(fd)), "held");
	cr_expect_str_eq(fixture_body(fixture_answer(fd)), "5");
	cr_expect_str_eq(fixture_rest(fd), "");
	close(fd);
	fixture_stop(f);
}

Test(http, ten_thousand_pipelined_requests_do_not_recurse)
{
	struct fixture *f = fixture_start(NULL);
	const int fd = fixture_connect(f);
	static const char request[] = "HEAD /query HTTP/1.1\r\n" HOST "\r\n";
	static char many[200 * (sizeof(request) - 1)];
	for (size_t i = 0; i < 200; i++)
		memcpy(many + i * (sizeof(request) - 1), request, sizeof(request) - 1);
	for (int round = 0; round < 50; round++) {
		fixture_send_bytes(fd, many, sizeof(many));
		for (int i = 0; i < 200; i++) {
			char c[4] = "";
			while (memcmp(c, "\r\n\r\n", 4) != 0) {
				memmove(c, c + 1, 3);
				cr_assert_eq(recv(fd, c + 3, 1, 0), 1);
			}
		}
	}
	close(fd);
	cr_expect_eq(fixture_stop(f).requests, 10000);
}

Test(http, body_cut_anywhere_arrives_whole)
{
	struct fixture *f = fixture_start(NULL);
	const char *request =
	    "POST /echo HTTP/1.1\r\n" HOST "Content-Type: text/plain\r\n"
	    "Content-Length: 5\r\n\r\nhello";
	for (size_t cut = 1; cut < strlen(request); cut++) {
		const int fd = fixture_connect(f);
		fixture_send_bytes(fd, request, cut);
		fixture_stats(f); /* the server has seen the first part, or will */
		fixture_send(fd, request + cut);
		cr_expect_str_eq(fixture_body(fixture_answer(fd)), "hello", "%zu", cut);
		close(fd);
	}
	fixture_stop(f);
}

Test(http, large_body_and_answer_arrive_whole)
{
	struct fixture *f = fixture_start(NULL);
	const int fd = fixture_connect(f);
	static char fill[8 << 20];
	fixture_send(fd, "POST /bulk HTTP/1.1\r\n" HOST "Content-Length: 8388608\r\n"
			 "Expect: 100-continue\r\n\r\n");
	cr_expect_eq(fixture_status(fixture_answer(fd)), 100);
	fixture_send_bytes(fd, fill, sizeof(fill));
	cr_expect_str_eq(fixture_body(fixture_answer(fd)), "8388608");
	fixture_send(fd, "GET /big?n=900000 HTTP/1.1\r\n" HOST "\r\n");
	cr_expect_eq(strlen(fixture_body(fixture_answer(fd))), 900000);
	close(fd);
	cr_expect_eq(fixture_stop(f).in_flight_bytes, 0);
}

/* More than one turn of writing, and the connection serves on behind it. */
Test(http, answer_of_many_turns_arrives_whole)
{
	enum { BODY = 5 * HTTP_WRITE_TURN };
	struct fixture *f = fixture_start(NULL);
	const int fd = fixture_connect(f);
	static char piece[1 << 16];
	size_t xs = 0;
	char request[128];
	snprintf(request, sizeof(request), "GET /big?n=%zu HTTP/1.1\r\n" HOST "\r\n",
		 (size_t)BODY);
	fixture_send(fd, request);
	while (xs < BODY) {
		const ssize_t n = recv(fd, piece, sizeof(piece), 0);
		cr_assert_gt(n, 0);
		for (ssize_t k = 0; k < n; k++)
			xs += piece[k] == 'x';
	}
	cr_expect_eq(xs, BODY);
	fixture_send(fd, "GET /big?n=3 HTTP/1.1\r\n" HOST "\r\n");
	cr_expect_str_eq(fixture_body(fixture_answer(fd)), "xxx");
	close(fd);
	cr_expect_eq(fixture_stop(f).in_flight_bytes, 0);
}

Test(http, client_that_vanishes_while_held_is_survived)
{
	struct fixture *f = fixture_start(NULL);
	const int fd = fixture_connect(f);
	fixture_send(fd, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
	while (fixture_stats(f).requests == 0)
		;
	const struct linger reset = { .l_onoff = 1 };
	setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof(reset));
	close(fd);
	bool closed;
	const char *a =
	    fixture_ask(f, "GET /release HTTP/1.1\r\n" HOST "\r\n", &closed);
	cr_expect_str_eq(fixture_body(a), "alive=0");
	fixture_stop(f);
}

/* Shutting the sending side is no farewell: the answer still comes. */
Test(http, half_closed_client_gets_its_answer)
{
	struct fixture *f = fixture_start(NULL);
	const int fd = fixture_connect(f);
	fixture_send(fd, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
	shutdown(fd, SHUT_WR);
	while (fixture_stats(f).requests == 0)
		;
	bool closed;
	fixture_ask(f, "GET /release HTTP/1.1\r\n" HOST "\r\n", &closed);
	cr_expect_str_eq(fixture_body(fixture_rest(fd)), "held");
	close(fd);
	fixture_stop(f);
}

Test(http, server_that_ends_leaves_held_exchanges_valid)
{
	struct fixture *f = fixture_start(NULL);
	const int fd = fixture_connect(f);
	fixture_send(fd, "GET /hold HTTP/1.1\r\n" HOST "\r\n");
	while (fixture_stats(f).requests == 0)
		;
	fixture_stop(f); /* drops it after http_free() */
	cr_expect_str_eq(fixture_rest(fd), "");
	close(fd);
}

Test(http, drain_ends_idle_connections_and_finishes_others)
{
	struct fixture *f = fixture_start(NULL);
	const int idle = fixture_connect(f);
	const int fd = fixture_connect(f);
	fixture_send(fd, "GET /hold HTTP/1.1\r\n" HOST "\r\n"
			 "GET /release HTTP/1.1\r\n" HOST "\r\n");
	const int other = fixture_connect(f);
	while (fixture_stats(f).requests == 0)
		;
	fixture_send(other,
		     "POST /bulk HTTP/1.1\r\n" HOST "Content-Length: 10\r\n\r\n12345");
	while (fixture_stats(f).in_flight_bytes == 0)
		;
	fixture_drain(f);
	cr_expect_str_eq(fixture_rest(idle), "");
	fixture_send(other, "67890");
	const char *a = fixture_rest(other);
	cr_expect_str_eq(fixture_body(a), "10");
	cr_expect_not_null(strstr(a, "\r\nConnection: close\r\n"));
	close(idle);
	close(other);
	close(fd);
	fixture_stop(f);
}

Test(http, faults_on_purpose_look_like_faults)
{
	struct fixture *f = fixture_start(NULL);
	int fd = fixture_connect(f);
	fixture_send(fd, "GET /drop HTTP/1.1\r\n" HOST "\r\n");
	cr_expect_str_eq(fixture_rest(fd), "");
	close(fd);
	fd = fixture_connect(f);
	fixture_send(fd, "GET /cut HTTP/1.1\r\n" HOST "\r\n");
	const char *a = fixture_rest(fd);
	cr_expect_not_null(strstr(a, "Content-Length: 1000\r\n"));
	cr_expect_str_eq(fixture_body(a), "cccccccccc");
	close(fd);
	fixture_stop(f);
}

Test(http, query_is_decoded_and_fields_stay_clean)
{
	static const struct {
		const char *query;
		const char *value;
	} cases[] = {
		{ "?a=x%20y+z", "x y z" }, { "?b=1&a=2&a=3", "2" },
		{ "?a", "(none)" },        { "?a=", "" },
		{ "", "(none)" },          { "?a=%0d%0a", "(none)" },
		{ "?%61=enc", "enc" },     { "?a=%4", "(none)" },
		{ "?&&a=1&", "1" },
	};
	struct fixture *f = fixture_start(NULL);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char request[128];
		bool closed;
		snprintf(request, sizeof(request),
			 "GET /query%s HTTP/1.1\r\n" HOST "\r\n", cases[i].query);
		const char *a = fixture_ask(f, request, &closed);
		cr_expect_str_eq(fixture_body(a), cases[i].value, "%s", cases[i].query);
		cr_expect_not_null(strstr(a, "\r\nX-Clean: yes\r\n"));
		cr_expect_null(strstr(a, "Evil"));
	}
	fixture_stop(f);
}

Test(http, http_1_0_closes_unless_asked_to_stay)
{
	struct fixture *f = fixture_start(NULL);
	bool closed;
	const char *a = fixture_ask(f, "GET /query?a=1 HTTP/1.0\r\n\r\n", &closed);
	cr_expect(closed);
	cr_expect_str_eq(fixture_body(a), "1");
	a = fixture_ask(f, "GET /query HTTP/1.0\r\nConnection: Keep-Alive\r\n\r\n",
			&closed);
	cr_expect_not(closed);
	cr_expect_not_null(strstr(a, "\r\nConnection: keep-alive\r\n"));
	fixture_stop(f);
}

Test(http, listen_addresses_are_read_strictly)
{
	static const char *const bad[] = { "",
					   ":",
					   "127.0.0.1",
					   "127.0.0.1:",
					   ":80",
					   "127.0.0.1:x",
					   "127.0.0.1:65536",
					   "::1:80",
					   "127.0.0.1: 80",
					   "[::1]",
					   "127.0.0.1:-1",
					   "a:1:2" };
	char addr[64];
	uint16_t port;
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		cr_expect_eq(http_parse_listen(bad[i], addr, sizeof(addr), &port, &err),
			     -1, "%s", bad[i]);
		cr_expect_eq(err.code, LTPS_ARGUMENT);
	}
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_expect_eq(http_parse_listen("[::1]:8512", addr, sizeof(addr), &port, &err),
		     0);
	cr_expect_str_eq(addr, "::1");
	cr_expect_eq(port, 8512);
}

Test(http, address_in_use_is_an_error)
{
	struct fixture *f = fixture_start(NULL);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct loop *loop = NULL;
	struct http_server *server = NULL;
	struct clock clock = clock_system();
	const int fd = fixture_connect(f);
	struct sockaddr_storage a;
	socklen_t n = sizeof(a);
	cr_assert_eq(getpeername(fd, (struct sockaddr *)&a, &n), 0);
	uint16_t port;
	memcpy(&port, (char *)&a + 2, 2);
	char listen[32];
	snprintf(listen, sizeof(listen), "127.0.0.1:%u",
		 (unsigned)((port & 0xff) << 8 | port >> 8));
	cr_assert_eq(loop_new(&loop, &err), 0);
	const struct http_options options = { .listen = listen, .clock = &clock };
	cr_expect_eq(http_new(loop, &options, &server, &err), -1);
	cr_expect_eq(err.code, LTPS_EXISTS);
	loop_free(loop);
	close(fd);
	fixture_stop(f);
}
