/* SPDX-License-Identifier: Apache-2.0 */
/* b64 - the text encodings of bytes.h: hex, base64, and the check of UTF-8. */
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"

#define B64_CLAUSE "RFC 4648 4"
/* In b64_values: not of the alphabet. Values are below 64, so one test of this
 * bit over four characters tells. */
#define B64_FOREIGN 0x80

static const char hex_digits[] = "0123456789abcdef";
static const char b64_alphabet[] =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static const uint8_t b64_values[256] = {
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0x3e, 0xff, 0xff, 0xff, 0x3f, 0x34, 0x35, 0x36, 0x37,
	0x38, 0x39, 0x3a, 0x3b, 0x3c, 0x3d, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0x0c,
	0x0d, 0x0e, 0x0f, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18, 0x19,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x1a, 0x1b, 0x1c, 0x1d, 0x1e, 0x1f, 0x20,
	0x21, 0x22, 0x23, 0x24, 0x25, 0x26, 0x27, 0x28, 0x29, 0x2a, 0x2b, 0x2c, 0x2d,
	0x2e, 0x2f, 0x30, 0x31, 0x32, 0x33, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
	0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
};

void hex_encode(struct view v, char *out)
{
	for (size_t i = 0; i < v.n; i++) {
		out[2 * i] = hex_digits[v.p[i] >> 4];
		out[2 * i + 1] = hex_digits[v.p[i] & 15];
	}
	out[2 * v.n] = '\0';
}

const uint8_t hex_marked[256] = {
	['0'] = 0x10, ['1'] = 0x11, ['2'] = 0x12, ['3'] = 0x13, ['4'] = 0x14, ['5'] = 0x15,
	['6'] = 0x16, ['7'] = 0x17, ['8'] = 0x18, ['9'] = 0x19, ['a'] = 0x1a, ['b'] = 0x1b,
	['c'] = 0x1c, ['d'] = 0x1d, ['e'] = 0x1e, ['f'] = 0x1f, ['A'] = 0x1a, ['B'] = 0x1b,
	['C'] = 0x1c, ['D'] = 0x1d, ['E'] = 0x1e, ['F'] = 0x1f,
};

int hex_digit(uint8_t c)
{
	return hex_marked[c] != 0 ? hex_marked[c] & 15 : -1;
}

int hex_decode(struct view text, struct buf *out, struct ltps_error *err)
{
	if (text.n % 2 != 0)
		return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, "RFC 4648 8",
				 "odd number of hex digits");
	for (size_t i = 0; i < text.n; i++) {
		if (hex_digit(text.p[i]) >= 0)
			continue;
		ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, "RFC 4648 8",
			  "not a hex digit");
		return ltps_where(err, "offset %zu", i);
	}
	if (buf_reserve(out, text.n / 2, err) != 0)
		return -1;
	for (size_t i = 0; i < text.n; i += 2)
		out->p[out->n++] =
		    (uint8_t)(hex_digit(text.p[i]) << 4 | hex_digit(text.p[i + 1]));
	return 0;
}

size_t b64_encoded_len(size_t n)
{
	return n / 3 * 4 + (n % 3 != 0 ? 4 : 0);
}

int b64_encode(struct view v, struct buf *out, struct ltps_error *err)
{
	/* A length whose encoding would wrap cannot be in memory (n < 2^63),
	 * but a wrong n must not become a short reservation. */
	if (v.n > SIZE_MAX / 2)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, NULL,
				 "too many bytes to encode");
	if (buf_reserve(out, b64_encoded_len(v.n), err) != 0)
		return -1;
	if (v.n == 0)
		return 0;
	uint8_t *o = out->p + out->n;
	size_t i = 0;
	for (; v.n - i >= 3; i += 3) {
		uint32_t x =
		    (uint32_t)v.p[i] << 16 | (uint32_t)v.p[i + 1] << 8 | v.p[i + 2];
		*o++ = (uint8_t)b64_alphabet[x >> 18];
		*o++ = (uint8_t)b64_alphabet[x >> 12 & 63];
		*o++ = (uint8_t)b64_alphabet[x >> 6 & 63];
		*o++ = (uint8_t)b64_alphabet[x & 63];
	}
	if (v.n - i > 0) {
		uint32_t x = (uint32_t)v.p[i] << 16;
		if (v.n - i == 2)
			x |= (uint32_t)v.p[i + 1] << 8;
		*o++ = (uint8_t)b64_alphabet[x >> 18];
		*o++ = (uint8_t)b64_alphabet[x >> 12 & 63];
		*o++ = v.n - i == 2 ? (uint8_t)b64_alphabet[x >> 6 & 63] : '=';
		*o++ = '=';
	}
	out->n += b64_encoded_len(v.n);
	return 0;
}

static int b64_fail(struct ltps_error *err, const char *what, size_t offset)
{
	ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_CALLER, B64_CLAUSE, "%s", what);
	return ltps_where(err, "offset %zu", offset);
}

static int b64_fail_foreign(struct ltps_error *err, const uint8_t *in, size_t from,
			    size_t to)
{
	while (from + 1 < to && b64_values[in[from]] < B64_FOREIGN)
		from++;
	return b64_fail(err, "character outside the base64 alphabet", from);
}

/* The last two or three characters (without padding), in[i] to in[n - 1]. */
static int b64_decode_tail(const uint8_t *in, size_t i, size_t n, uint8_t *o,
			   struct ltps_error *err)
{
	uint8_t a = b64_values[in[i]];
	uint8_t b = b64_values[in[i + 1]];
	uint8_t c = n - i == 3 ? b64_values[in[i + 2]] : 0;
	if ((a | b | c) & B64_FOREIGN)
		return b64_fail_foreign(err, in, i, n);
	uint32_t x = (uint32_t)a << 18 | (uint32_t)b << 12 | (uint32_t)c << 6;
	if ((x & (n - i == 3 ? 0xff : 0xffff)) != 0)
		return b64_fail(err, "base64 with bits behind the last byte", n - 1);
	o[0] = (uint8_t)(x >> 16);
	if (n - i == 3)
		o[1] = (uint8_t)(x >> 8);
	return 0;
}

/* Characters without the padding, once the padding is found canonical. */
static int b64_strip(const uint8_t *in, size_t n, bool lax, size_t *ret_n,
		     struct ltps_error *err)
{
	size_t pad = 0;
	while (pad < 2 && pad < n && in[n - 1 - pad] == '=')
		pad++;
	if (n % 4 != 0 && (!lax || pad > 0 || n % 4 == 1))
		return b64_fail(err, "base64 of a wrong length", n);
	*ret_n = n - pad;
	return 0;
}

/* out may be in: a quantum is read before its three bytes are written. */
static int b64_decode_to(const uint8_t *in, size_t n, bool lax, uint8_t *out,
			 struct ltps_error *err)
{
	if (b64_strip(in, n, lax, &n, err) != 0)
		return -1;
	uint8_t *o = out;
	size_t i = 0;
	for (; n - i >= 4; i += 4) {
		uint8_t a = b64_values[in[i]];
		uint8_t b = b64_values[in[i + 1]];
		uint8_t c = b64_values[in[i + 2]];
		uint8_t d = b64_values[in[i + 3]];
		if ((a | b | c | d) & B64_FOREIGN)
			return b64_fail_foreign(err, in, i, i + 4);
		uint32_t x =
		    (uint32_t)a << 18 | (uint32_t)b << 12 | (uint32_t)c << 6 | d;
		o[0] = (uint8_t)(x >> 16);
		o[1] = (uint8_t)(x >> 8);
		o[2] = (uint8_t)x;
		o += 3;
	}
	return n - i > 0 ? b64_decode_tail(in, i, n, o, err) : 0;
}

/* Bytes that n characters with this padding decode to, if they are valid. */
static size_t b64_decoded_len(const uint8_t *in, size_t n)
{
	while (n > 0 && in[n - 1] == '=')
		n--;
	return n / 4 * 3 + (n % 4 > 0 ? n % 4 - 1 : 0);
}

int b64_decode_in_place(uint8_t *p, size_t n, bool lax, size_t *ret_n,
			struct ltps_error *err)
{
	size_t len = b64_decoded_len(p, n);
	if (b64_decode_to(p, n, lax, p, err) != 0)
		return -1;
	*ret_n = len;
	return 0;
}

int b64_decode(struct view text, bool lax, struct buf *out, struct ltps_error *err)
{
	size_t len = b64_decoded_len(text.p, text.n);
	if (buf_reserve(out, len, err) != 0)
		return -1;
	/* out->p is NULL only when nothing is to be written. */
	uint8_t *o = out->p != NULL ? out->p + out->n : NULL;
	if (b64_decode_to(text.p, text.n, lax, o, err) != 0)
		return -1;
	out->n += len;
	return 0;
}

/* Length of the multi-byte sequence at p, 0 when it is malformed (RFC 3629 4). */
static size_t utf8_sequence(const uint8_t *p, size_t n)
{
	uint8_t c = p[0];
	uint8_t lo = 0x80, hi = 0xbf; /* of the second byte */
	size_t len;
	if (c >= 0xc2 && c <= 0xdf)
		len = 2;
	else if (c >= 0xe0 && c <= 0xef)
		len = 3;
	else if (c >= 0xf0 && c <= 0xf4)
		len = 4;
	else
		return 0;
	if (c == 0xe0)
		lo = 0xa0; /* overlong */
	else if (c == 0xed)
		hi = 0x9f; /* surrogates */
	else if (c == 0xf0)
		lo = 0x90; /* overlong */
	else if (c == 0xf4)
		hi = 0x8f; /* beyond U+10FFFF */
	if (n < len || p[1] < lo || p[1] > hi)
		return 0;
	for (size_t i = 2; i < len; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	return len;
}

bool utf8_valid(struct view v)
{
	size_t i = 0;
	while (i < v.n) {
		uint64_t eight;
		if (v.n - i >= sizeof(eight)) {
			memcpy(&eight, v.p + i, sizeof(eight));
			if ((eight & 0x8080808080808080u) == 0) {
				i += sizeof(eight);
				continue;
			}
		}
		size_t len = v.p[i] < 0x80 ? 1 : utf8_sequence(v.p + i, v.n - i);
		if (len == 0)
			return false;
		i += len;
	}
	return true;
}
