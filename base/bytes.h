/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bytes - borrowed views and owned, bounded buffers; hex and base64.
 */
#ifndef LTPS_BASE_BYTES_H
#define LTPS_BASE_BYTES_H

#include <endian.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/err.h"

/* Borrowed bytes, passed by value. p may be NULL when n is 0. */
struct view {
	const uint8_t *p;
	size_t n;
};

/* Owned bytes that never grow beyond max. Zeroed = empty with max 0. */
struct buf {
	uint8_t *p;
	size_t n;
	size_t cap;
	size_t max;
};

#define VIEW_NULL ((struct view){ NULL, 0 })

static inline struct view view_of(const void *p, size_t n)
{
	return (struct view){ (const uint8_t *)p, n };
}

/* Eight octets, the first one the lowest: some questions are answered for all of them at
 * once. */
static inline uint64_t octets8(const uint8_t *p)
{
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return le64toh(v);
}
#define OCTETS8(c) (UINT64_C(0x0101010101010101) * (c))
static inline bool octets8_are_digits(uint64_t v)
{
	return (v & OCTETS8(0xf0)) == OCTETS8('0') &&
	       ((v + OCTETS8(6)) & OCTETS8(0xf0)) == OCTETS8('0');
}
/* The number that eight digits are, of which the first is the highest: sums of two, of
 * four, of all of them. */
static inline uint64_t octets8_number(uint64_t digits)
{
	uint64_t v = (digits - OCTETS8('0')) * 2561 >> 8 & UINT64_C(0x00ff00ff00ff00ff);
	v = v * 6553601 >> 16 & UINT64_C(0x0000ffff0000ffff);
	return v * UINT64_C(42949672960001) >> 32;
}

/* View of a text constant or of text made by the program itself. */
struct view view_text(const char *s);
struct view view_buf(const struct buf *b);
/* Constant time in the contents. */
bool view_equal(struct view a, struct view b);
/* memcmp order, shorter first on a common prefix. */
int view_compare(struct view a, struct view b);
bool view_starts(struct view v, struct view prefix);
/* First n bytes / all but the first n; n is clipped to the length. */
struct view view_head(struct view v, size_t n);
struct view view_skip(struct view v, size_t n);
/* Without the blanks and tabs around it. */
struct view view_trim(struct view v);
/* View equals this text. */
bool view_is_text(struct view v, const char *s);

/* An empty buffer that may grow to max bytes. Nothing is allocated yet. */
struct buf buf_make(size_t max);
/* Frees and leaves an empty buffer with the same max. NULL-safe. */
void buf_free(struct buf *b);
/* Forgets the contents, keeps the memory. */
void buf_clear(struct buf *b);
/*
 * buf_put - append.
 * Fails: TOO_LARGE (self) beyond max, NOMEM; the contents stay as they were.
 */
int buf_put(struct buf *b, struct view v, struct ltps_error *err) LTPS_CHECKED;
int buf_put_byte(struct buf *b, uint8_t c, struct ltps_error *err) LTPS_CHECKED;
int buf_put_text(struct buf *b, const char *s, struct ltps_error *err) LTPS_CHECKED;
int buf_put_fmt(struct buf *b, struct ltps_error *err, const char *fmt, ...)
    __attribute__((format(printf, 3, 4))) LTPS_CHECKED;
/* Make room for n more bytes at b->p + b->n; the caller then adds to b->n. */
int buf_reserve(struct buf *b, size_t n, struct ltps_error *err) LTPS_CHECKED;
/* Hand the memory over (free with mem_free); the buffer is empty after. */
uint8_t *buf_take(struct buf *b, size_t *ret_n);
/* NUL-terminated text of the contents, owned by the buffer, n unchanged. */
int buf_text(struct buf *b, const char **ret_s, struct ltps_error *err) LTPS_CHECKED;

/* The value of a digit of either case; -1: none. */
int hex_digit(uint8_t c);
/* The same as 0x10 | value, 0 where there is none: so that what is no digit shows in one
 * test for many. */
extern const uint8_t hex_marked[256];
/* Lower-case hex; out needs 2 * v.n + 1. */
void hex_encode(struct view v, char *out);
/* Fails: FORMAT (caller) on an odd length or a foreign character, TOO_LARGE. */
int hex_decode(struct view text, struct buf *out, struct ltps_error *err) LTPS_CHECKED;

/* RFC 4648 section 4, padded, no line breaks. */
int b64_encode(struct view v, struct buf *out, struct ltps_error *err) LTPS_CHECKED;
/* Length of the encoding of n bytes. */
size_t b64_encoded_len(size_t n);
/*
 * b64_decode_in_place - decode at the same address.
 * Strict RFC 4648 section 4: canonical padding (missing padding accepted only
 * when lax), no white space, no foreign character, zero trailing bits.
 * Fails: FORMAT (caller) with the offset in `where`.
 */
int b64_decode_in_place(uint8_t *p, size_t n, bool lax, size_t *ret_n,
			struct ltps_error *err) LTPS_CHECKED;
int b64_decode(struct view text, bool lax, struct buf *out,
	       struct ltps_error *err) LTPS_CHECKED;

/* Well-formed UTF-8 without surrogates and overlong forms. */
bool utf8_valid(struct view v);

#endif
