/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Heads of requests, and bodies in the chunked coding (behind an 'C' as first
 * byte): the same answer whatever the pieces, and nothing odd accepted.
 */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "server/http_head.h"
#include "tests/fuzz/fuzz.h"

static void check_head(const struct http_head *head)
{
	size_t lengths = 0;
	for (size_t i = 0; i < head->n_fields; i++) {
		const struct http_header_field *f = &head->fields[i];
		if (f->name.n == 0 || memchr(f->value.p, '\n', f->value.n) != NULL)
			abort();
		lengths += f->name.n == 14 && strncasecmp((const char *)f->name.p,
							  "content-length", 14) == 0;
	}
	if (lengths > 1 || (lengths == 1 && head->chunked) ||
	    (lengths == 1) != head->has_length)
		abort();
	if (head->path[0] != '/' && head->plain)
		abort();
}

static void one_head(struct view bytes)
{
	static struct http_head head;
	size_t from = 0;
	size_t n = 0;
	const char *why = NULL;
	/* Piecewise search must end at the same place as one over all. */
	size_t whole_from = 0;
	size_t whole = 0;
	const int whole_rc = http_head_find(bytes, &whole_from, &whole);
	int rc = 0;
	for (size_t have = 0; have <= bytes.n && rc == 0 && n == 0; have++)
		rc = http_head_find(view_head(bytes, have), &from, &n);
	if (rc != whole_rc || n != whole)
		abort();
	if (rc != 0 || n == 0)
		return;
	uint8_t *scratch = mem_alloc(n);
	if (scratch == NULL)
		return;
	if (http_head_parse(view_head(bytes, n), scratch, &head, &why) == 0)
		check_head(&head);
	else if (why == NULL)
		abort();
	mem_free(scratch);
}

/* Sum over the body bytes and how it ended, for one size of piece. */
static uint64_t run_chunked(struct view bytes, size_t piece)
{
	struct http_chunked c = { .state = CHUNK_SIZE };
	uint64_t sum = 1;
	while (bytes.n > 0 && c.state != CHUNK_DONE) {
		struct view data;
		const size_t n = http_chunked_feed(&c, view_head(bytes, piece), &data);
		if (n == SIZE_MAX)
			return 0;
		for (size_t i = 0; i < data.n; i++)
			sum = sum * 31 + data.p[i];
		bytes = view_skip(bytes, n);
	}
	return sum * 2 + (c.state == CHUNK_DONE);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	const struct view bytes = view_of(data, size);
	if (size > 65536)
		return;
	if (size > 0 && data[0] == 'C') {
		const uint64_t all = run_chunked(view_skip(bytes, 1), SIZE_MAX);
		if (run_chunked(view_skip(bytes, 1), 1) != all ||
		    run_chunked(view_skip(bytes, 1), 3) != all)
			abort();
		return;
	}
	one_head(bytes);
}
