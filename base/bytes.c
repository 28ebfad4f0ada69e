/* SPDX-License-Identifier: Apache-2.0 */
/* bytes - views and bounded buffers; the encodings are in b64.c. */
#include "base/bytes.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <openssl/crypto.h>

#include "base/mem.h"

/* First allocation of a buffer: most keys, names and lines fit. */
#define BUF_CAP_MIN ((size_t)64)

struct view view_text(const char *s)
{
	return view_of(s, strlen(s));
}

struct view view_buf(const struct buf *b)
{
	return view_of(b->p, b->n);
}

bool view_equal(struct view a, struct view b)
{
	return a.n == b.n && (a.n == 0 || CRYPTO_memcmp(a.p, b.p, a.n) == 0);
}

int view_compare(struct view a, struct view b)
{
	size_t n = a.n < b.n ? a.n : b.n;
	int c = n > 0 ? memcmp(a.p, b.p, n) : 0;
	if (c != 0)
		return c;
	return a.n < b.n ? -1 : a.n > b.n;
}

bool view_starts(struct view v, struct view prefix)
{
	return v.n >= prefix.n && view_equal(view_head(v, prefix.n), prefix);
}

struct view view_head(struct view v, size_t n)
{
	return view_of(v.p, n < v.n ? n : v.n);
}

struct view view_skip(struct view v, size_t n)
{
	if (n == 0)
		return v; /* p may be NULL */
	if (n > v.n)
		n = v.n;
	return view_of(n > 0 ? v.p + n : v.p, v.n - n);
}

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t';
}

struct view view_trim(struct view v)
{
	while (v.n > 0 && is_blank(v.p[0]))
		v = view_skip(v, 1);
	while (v.n > 0 && is_blank(v.p[v.n - 1]))
		v.n--;
	return v;
}

bool view_is_text(struct view v, const char *s)
{
	return view_equal(v, view_text(s));
}

struct buf buf_make(size_t max)
{
	return (struct buf){ NULL, 0, 0, max };
}

void buf_free(struct buf *b)
{
	if (b == NULL)
		return;
	mem_free(b->p);
	*b = buf_make(b->max);
}

void buf_clear(struct buf *b)
{
	b->n = 0;
}

/* Room for at least need bytes in all; at most limit are ever asked for. */
static int grow(struct buf *b, size_t need, size_t limit, struct ltps_error *err)
{
	if (need <= b->cap)
		return 0;
	size_t cap = b->cap <= limit / 2 ? b->cap * 2 : limit;
	if (cap < BUF_CAP_MIN)
		cap = BUF_CAP_MIN < limit ? BUF_CAP_MIN : limit;
	if (cap < need)
		cap = need;
	uint8_t *p = mem_resize(b->p, cap, 1);
	if (p == NULL)
		return ltps_fail_nomem(err);
	b->p = p;
	b->cap = cap;
	return 0;
}

int buf_reserve(struct buf *b, size_t n, struct ltps_error *err)
{
	if (b->n > b->max || n > b->max - b->n)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, NULL,
				 "more than %zu bytes", b->max);
	return grow(b, b->n + n, b->max, err);
}

int buf_put(struct buf *b, struct view v, struct ltps_error *err)
{
	if (buf_reserve(b, v.n, err) != 0)
		return -1;
	if (v.n > 0)
		memcpy(b->p + b->n, v.p, v.n);
	b->n += v.n;
	return 0;
}

int buf_put_byte(struct buf *b, uint8_t c, struct ltps_error *err)
{
	return buf_put(b, view_of(&c, 1), err);
}

int buf_put_text(struct buf *b, const char *s, struct ltps_error *err)
{
	return buf_put(b, view_text(s), err);
}

/* One byte beyond the contents, for a NUL that max does not count. */
static int reserve_nul(struct buf *b, size_t n, struct ltps_error *err)
{
	if (buf_reserve(b, n, err) != 0)
		return -1;
	if (b->max == SIZE_MAX)
		return ltps_fail_nomem(err);
	return grow(b, b->n + n + 1, b->max + 1, err);
}

int buf_put_fmt(struct buf *b, struct ltps_error *err, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	int n = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (n < 0)
		return ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				 "text cannot be formatted");
	if (reserve_nul(b, (size_t)n, err) != 0)
		return -1;
	va_start(ap, fmt);
	vsnprintf((char *)b->p + b->n, (size_t)n + 1, fmt, ap);
	va_end(ap);
	b->n += (size_t)n;
	return 0;
}

uint8_t *buf_take(struct buf *b, size_t *ret_n)
{
	uint8_t *p = b->p;
	*ret_n = b->n;
	*b = buf_make(b->max);
	return p;
}

int buf_text(struct buf *b, const char **ret_s, struct ltps_error *err)
{
	if (reserve_nul(b, 0, err) != 0)
		return -1;
	b->p[b->n] = 0;
	*ret_s = (const char *)b->p;
	return 0;
}
