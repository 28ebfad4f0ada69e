/* SPDX-License-Identifier: Apache-2.0 */
/* The chunked transfer coding (RFC 9112 7.1). */
#include "server/http_head.h"

#define MALFORMED SIZE_MAX

/* 15 hexadecimal digits cannot overflow what follows. */
#define SIZE_DIGITS_MAX 15

static bool add_size_digit(struct http_chunked *c, uint8_t b)
{
	unsigned v;
	if (b >= '0' && b <= '9')
		v = b - '0';
	else if (b >= 'a' && b <= 'f')
		v = b - 'a' + 10u;
	else if (b >= 'A' && b <= 'F')
		v = b - 'A' + 10u;
	else
		return false;
	if (++c->digits > SIZE_DIGITS_MAX)
		return false;
	c->left = c->left << 4 | v;
	return true;
}

static bool count_overhead(struct http_chunked *c, uint8_t b)
{
	return ++c->overhead <= HTTP_CHUNK_OVERHEAD_MAX && (b >= 0x20 || b == '\t') &&
	       b != 0x7f;
}

static bool step_size(struct http_chunked *c, uint8_t b)
{
	if (c->digits > 0 && b == '\r')
		c->state = CHUNK_SIZE_LF;
	else if (c->digits > 0 && b == ';')
		c->state = CHUNK_EXTENSION;
	else
		return add_size_digit(c, b);
	return true;
}

static bool step_size_lf(struct http_chunked *c, uint8_t b)
{
	c->state = c->left > 0 ? CHUNK_DATA : CHUNK_TRAILER_START;
	c->digits = 0;
	return b == '\n';
}

/* One byte that is not chunk data; false when it cannot stand here. */
static bool step(struct http_chunked *c, uint8_t b)
{
	switch (c->state) {
	case CHUNK_SIZE:
		return step_size(c, b);
	case CHUNK_EXTENSION:
		if (b == '\r')
			c->state = CHUNK_SIZE_LF;
		else
			return count_overhead(c, b);
		return true;
	case CHUNK_SIZE_LF:
		return step_size_lf(c, b);
	case CHUNK_DATA_CR:
		c->state = CHUNK_DATA_LF;
		return b == '\r';
	case CHUNK_DATA_LF:
		c->state = CHUNK_SIZE;
		return b == '\n';
	case CHUNK_TRAILER_START:
		c->state = b == '\r' ? CHUNK_END_LF : CHUNK_TRAILER;
		return b == '\r' || count_overhead(c, b);
	case CHUNK_TRAILER:
		if (b == '\r')
			c->state = CHUNK_TRAILER_LF;
		else
			return count_overhead(c, b);
		return true;
	case CHUNK_TRAILER_LF:
		c->state = CHUNK_TRAILER_START;
		return b == '\n';
	case CHUNK_END_LF:
		c->state = CHUNK_DONE;
		return b == '\n';
	case CHUNK_DATA:
	case CHUNK_DONE:
		break;
	}
	return false;
}

size_t http_chunked_feed(struct http_chunked *c, struct view in, struct view *ret_data)
{
	size_t i = 0;
	*ret_data = VIEW_NULL;
	while (i < in.n && c->state != CHUNK_DONE) {
		if (c->state != CHUNK_DATA) {
			if (!step(c, in.p[i]))
				return MALFORMED;
			i++;
			continue;
		}
		const uint64_t here = in.n - i;
		const size_t n = (size_t)(c->left < here ? c->left : here);
		*ret_data = view_of(in.p + i, n);
		c->left -= n;
		if (c->left == 0)
			c->state = CHUNK_DATA_CR;
		return i + n;
	}
	return i;
}
