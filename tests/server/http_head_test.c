/* SPDX-License-Identifier: Apache-2.0 */
/* The head of a request and the chunked coding, without a socket. */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "server/http_head.h"

static struct http_head head;

static int parse(const char *text, const char **why)
{
	static uint8_t bytes[65536];
	static uint8_t scratch[65536];
	const size_t n = strlen(text);
	memcpy(bytes, text, n);
	*why = "";
	return http_head_parse(view_of(bytes, n), scratch, &head, why);
}

#define END "Host: a\r\n\r\n"

Test(http_head, what_two_readers_could_differ_about_is_refused)
{
	static const struct {
		const char *text;
		int status;
		const char *why;
	} cases[] = {
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\nContent-Length: "
		  "3\r\n\r\n",
		  400, "Content-Length is given twice" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3, 3\r\n\r\n", 400,
		  "Content-Length is not a number" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: +3\r\n\r\n", 400,
		  "Content-Length is not a number" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n", 400,
		  "Content-Length is not a number" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 0x10\r\n\r\n", 400,
		  "Content-Length is not a number" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length:\r\n\r\n", 400,
		  "Content-Length is not a number" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: "
		  "9999999999999999999\r\n\r\n",
		  400, "Content-Length is not a number" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length : 3\r\n\r\n", 400,
		  "malformed header field" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n"
		  "Transfer-Encoding: chunked\r\n\r\n",
		  400, "Content-Length beside Transfer-Encoding" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n"
		  "Transfer-Encoding: chunked\r\n\r\n",
		  400, "Transfer-Encoding is given twice" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, "
		  "chunked\r\n\r\n",
		  400, "the only transfer coding is chunked" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: identity\r\n\r\n",
		  400, "the only transfer coding is chunked" },
		{ "GET / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n", 400,
		  "Transfer-Encoding in HTTP/1.0" },
		{ "GET / HTTP/1.1\r\n\r\n", 400, "Host is missing" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n", 400,
		  "Host is given twice" },
		{ "GET / HTTP/1.1\r\nHost: a b\r\n\r\n", 400, "Host is malformed" },
		{ "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, "Host is malformed" },
		{ "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "Host is malformed" },
		{ "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400, "malformed header field" },
		{ "GET / HTTP/1.1\r\nHost: a\r\n folded\r\n\r\n", 400,
		  "malformed header field" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nX: a\001b\r\n\r\n", 400,
		  "a header field has a control character" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nX: a\rb\r\n\r\n", 400,
		  "a header field has a control character" },
		{ "GET / HTTP/1.1\r\nHost: a\r\n: x\r\n\r\n", 400,
		  "malformed header field" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nnocolon\r\n\r\n", 400,
		  "malformed header field" },
		{ "GET / HTTP/1.1\nHost: a\n\n", 400,
		  "a line does not end with CR LF" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\nContent-Type: "
		  "a/c\r\n\r\n",
		  400, "Content-Type is given twice" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nContent-Encoding: gzip\r\n\r\n", 415,
		  "content codings are not taken" },
		{ "GET / HTTP/1.1\r\nHost: a\r\nExpect: tea\r\n\r\n", 417,
		  "the only expectation is 100-continue" },
		{ "GET / HTTP/2.0\r\n" END, 505,
		  "only HTTP/1.0 and HTTP/1.1 are spoken" },
		{ "PRI * HTTP/2.0\r\n\r\n", 505,
		  "only HTTP/1.0 and HTTP/1.1 are spoken" },
		{ "GET / HTTP/1.10\r\n" END, 400, "malformed request line" },
		{ "GET / http/1.1\r\n" END, 400, "malformed request line" },
		{ "GET  / HTTP/1.1\r\n" END, 400, "malformed request line" },
		{ "GET / HTTP/1.1 \r\n" END, 400, "malformed request line" },
		{ "GET /\r\n" END, 400, "malformed request line" },
		{ " GET / HTTP/1.1\r\n" END, 400, "malformed request line" },
		{ "G(T / HTTP/1.1\r\n" END, 400, "malformed request line" },
		{ "GET * HTTP/1.1\r\n" END, 400, "the request target is not a path" },
		{ "GET a/b HTTP/1.1\r\n" END, 400, "the request target is not a path" },
		{ "GET https://a/b HTTP/1.1\r\n" END, 400,
		  "the request target is not a path" },
		{ "GET http://a HTTP/1.1\r\n" END, 400,
		  "the request target has no path" },
		{ "GET http:///b HTTP/1.1\r\n" END, 400,
		  "the request target has no path" },
		{ "GET http://a@b/ HTTP/1.1\r\n" END, 400,
		  "the request target has a bad authority" },
		{ "GET /a#b HTTP/1.1\r\n" END, 400,
		  "the request target has a forbidden character" },
		{ "GET /\xc3\xa4 HTTP/1.1\r\n" END, 400,
		  "the request target has a forbidden character" },
		{ "GET /a%00b HTTP/1.1\r\n" END, 400, "the path is malformed" },
		{ "GET /a%0db HTTP/1.1\r\n" END, 400, "the path is malformed" },
		{ "GET /a%2 HTTP/1.1\r\n" END, 400, "the path is malformed" },
		{ "GET /a%zz HTTP/1.1\r\n" END, 400, "the path is malformed" },
		{ "\r\n\r\n", 400, "empty request" },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const char *why;
		const int status = parse(cases[i].text, &why);
		cr_expect_eq(status, cases[i].status, "%zu: %d", i, status);
		cr_expect_str_eq(why, cases[i].why, "%zu: %s", i, why);
	}
}

Test(http_head, paths_with_odd_segments_are_marked)
{
	static const struct {
		const char *target;
		bool plain;
	} cases[] = {
		{ "/", true },
		{ "/a", true },
		{ "/a/", true },
		{ "/a/b.c", true },
		{ "/..a/b..", true },
		{ "//", false },
		{ "//a", false },
		{ "/a//b", false },
		{ "/.", false },
		{ "/a/./b", false },
		{ "/a/..", false },
		{ "/..", false },
		{ "/a/%2e%2e/b", false },
		{ "/a%2f%2fb", false },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char text[128];
		const char *why;
		snprintf(text, sizeof(text), "GET %s HTTP/1.1\r\n" END,
			 cases[i].target);
		cr_expect_eq(parse(text, &why), 0, "%s: %s", cases[i].target, why);
		cr_expect_eq(head.plain, cases[i].plain, "%s", cases[i].target);
	}
}

Test(http_head, good_head_gives_its_parts)
{
	const char *why;
	cr_assert_eq(
	    parse("POST http://h:1/a%20b/c?x=%41&y HTTP/1.1\r\nhOsT:\t h:1 \r\n"
		  "CONTENT-length: 42\r\nContent-Type: Text/JSON ; charset=x\r\n"
		  "Connection: foo , Close\r\nExpect: 100-Continue\r\n\r\n",
		  &why),
	    0, "%s", why);
	cr_expect_eq(head.method, HTTP_METHOD_POST);
	cr_expect_str_eq(head.path, "/a b/c");
	cr_expect(view_is_text(head.raw_path, "/a%20b/c"));
	cr_expect(view_is_text(head.query, "x=%41&y"));
	cr_expect_eq(head.content_length, 42);
	cr_expect_str_eq(head.media_type, "text/json");
	cr_expect_not(head.keep_alive);
	cr_expect(head.expect_continue);
	cr_expect(view_is_text(http_head_field(&head, "host"), "h:1"));
	cr_expect_eq(http_head_field(&head, "hos").n, 0);
}

Test(http_head, too_many_fields_are_refused)
{
	char text[4096] = "GET / HTTP/1.1\r\nHost: a\r\n";
	const char *why;
	for (int i = 0; i < HTTP_FIELDS_MAX; i++)
		strcat(text, "A: b\r\n");
	strcat(text, "\r\n");
	cr_expect_eq(parse(text, &why), 431);
}

Test(http_head, end_is_found_only_behind_whole_lines)
{
	size_t from = 0;
	size_t n = 7;
	cr_expect_eq(
	    http_head_find(view_text("GET / HTTP/1.1\r\nA: b\r\n\r"), &from, &n), 0);
	cr_expect_eq(n, 0);
	cr_expect_eq(
	    http_head_find(view_text("GET / HTTP/1.1\r\nA: b\r\n\r\nX"), &from, &n), 0);
	cr_expect_eq(n, 24);
	from = 0;
	cr_expect_eq(
	    http_head_find(view_text("GET / HTTP/1.1\nA: b\r\n\r\n"), &from, &n), -1);
}

/* Feeds in pieces; -1 malformed, 0 unfinished, 1 done. */
static int chunks(const char *text, size_t piece, char *out)
{
	struct http_chunked c = { .state = CHUNK_SIZE };
	struct view in = view_text(text);
	size_t at = 0;
	while (in.n > 0 && c.state != CHUNK_DONE) {
		struct view data;
		const size_t n = http_chunked_feed(&c, view_head(in, piece), &data);
		if (n == SIZE_MAX)
			return -1;
		memcpy(out + at, data.p != NULL ? data.p : (const uint8_t *)"", data.n);
		at += data.n;
		in = view_skip(in, n);
	}
	out[at] = '\0';
	return c.state == CHUNK_DONE;
}

Test(http_chunked, any_cutting_gives_the_same_body)
{
	const char *text = "4\r\nWiki\r\n6;a=b\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n"
			   "0\r\nTrailer: x\r\n\r\n";
	for (size_t piece = 1; piece < 80; piece++) {
		char out[128];
		cr_expect_eq(chunks(text, piece, out), 1, "%zu", piece);
		cr_expect_str_eq(out, "Wikipedia in \r\n\r\nchunks.");
	}
}

Test(http_chunked, malformed_coding_is_refused)
{
	static const char *const cases[] = {
		"\r\n",
		"x\r\n",
		"-1\r\n",
		"0x4\r\nWiki\r\n",
		"4\nWiki\r\n0\r\n\r\n",
		"4\r\nWikiX",
		"4\r\nWiki\n0\r\n\r\n",
		" 4\r\nWiki\r\n",
		"4 \r\nWiki\r\n",
		"1234567890123456\r\n",
		"0\r\nbad\001: x\r\n\r\n",
		"0\r\n\rX",
		";a\r\n",
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char out[128];
		cr_expect_eq(chunks(cases[i], 1000, out), -1, "%s", cases[i]);
	}
}

Test(http_chunked, endless_extension_is_refused)
{
	static char text[HTTP_CHUNK_OVERHEAD_MAX + 64];
	static char out[64];
	memset(text, 'a', sizeof(text) - 1);
	memcpy(text, "4;", 2);
	cr_expect_eq(chunks(text, 1000, out), -1);
}
