/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json - the writer. A wrong order of calls (a member without a key, an end
 * that does not match) is our own mistake and becomes INTERNAL, so that no
 * malformed text leaves.
 */
#include "base/jsonw.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"

/* U+FFFD, for each malformed byte. */
#define REPLACEMENT "\xef\xbf\xbd"
/* Longest UTF-8 sequence. */
#define UTF8_LEN_MAX 4
/* Octets that are written in hexadecimal at once. */
#define HEX_PIECE 64

static bool failed(const struct jsonw *j)
{
	return j->err.code != LTPS_OK;
}

static void misuse(struct jsonw *j, const char *what)
{
	ltps_fail(&j->err, LTPS_INTERNAL, LTPS_FAULT_SELF, "RFC 8259",
		  "JSON writer: %s", what);
}

/* Errors stay in j->err; that is why the result is dropped here only. Most of what is
 * put is a few octets long and has room. */
static void put(struct jsonw *j, struct view v)
{
	struct buf *b = j->out;
	if (failed(j))
		return;
	if (v.n > 0 && v.n <= b->cap - b->n && b->n + v.n <= b->max) {
		memcpy(b->p + b->n, v.p, v.n);
		b->n += v.n;
		return;
	}
	if (buf_put(b, v, &j->err) != 0)
		return;
}

static void put_byte(struct jsonw *j, char c)
{
	put(j, view_of(&c, 1));
}

struct jsonw jsonw_to(struct buf *out)
{
	return (struct jsonw){ .out = out, .err = LTPS_ERROR_INIT };
}

/* What stands before a value: a comma, or the key that was just written. */
static void before_value(struct jsonw *j)
{
	if (failed(j))
		return;
	if (j->after_key) {
		j->after_key = false;
		return;
	}
	if (j->depth == 0 && j->filled[0])
		misuse(j, "a second value");
	else if (j->depth > 0 && j->object[j->depth])
		misuse(j, "a member without a key");
	else if (j->filled[j->depth])
		put_byte(j, ',');
	j->filled[j->depth] = true;
}

static void open_level(struct jsonw *j, bool object)
{
	before_value(j);
	if (failed(j))
		return;
	if (j->depth + 1 >= JSON_DEPTH_MAX) {
		misuse(j, "nested too deep");
		return;
	}
	put_byte(j, object ? '{' : '[');
	j->depth++;
	j->filled[j->depth] = false;
	j->object[j->depth] = object;
}

static void close_level(struct jsonw *j, bool object)
{
	if (failed(j))
		return;
	if (j->depth == 0 || j->object[j->depth] != object || j->after_key) {
		misuse(j, "an end that does not match");
		return;
	}
	put_byte(j, object ? '}' : ']');
	j->depth--;
}

void jsonw_object(struct jsonw *j)
{
	open_level(j, true);
}

void jsonw_object_end(struct jsonw *j)
{
	close_level(j, true);
}

void jsonw_array(struct jsonw *j)
{
	open_level(j, false);
}

void jsonw_array_end(struct jsonw *j)
{
	close_level(j, false);
}

/* RFC 8259 7. */
static void put_escaped(struct jsonw *j, uint8_t c)
{
	static const char with_letter[] = "\"\"\\\\\bb\ff\nn\rr\tt";
	for (const char *p = with_letter; *p != '\0'; p += 2) {
		if ((uint8_t)p[0] != c)
			continue;
		put_byte(j, '\\');
		put_byte(j, p[1]);
		return;
	}
	char text[8];
	int n = snprintf(text, sizeof(text), "\\u%04x", c);
	put(j, view_of(text, (size_t)n));
}

static bool is_plain(uint8_t c)
{
	return c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
}

/* Bytes at the start of v that can be written as they are. */
static size_t plain_run(struct view v)
{
	size_t n = 0;
	while (n < v.n && is_plain(v.p[n]))
		n++;
	return n;
}

/*
 * Nearly all strings are plain: copied between their quotes as they are looked at.
 * False, with nothing written, when one is not, or there is no room without growing.
 */
static bool put_plain_string(struct jsonw *j, struct view v)
{
	struct buf *b = j->out;
	if (failed(j) || v.n + 2 > b->cap - b->n || b->n + v.n + 2 > b->max)
		return false;
	uint8_t *p = b->p + b->n;
	*p++ = '"';
	for (size_t i = 0; i < v.n; i++) {
		if (!is_plain(v.p[i]))
			return false;
		p[i] = v.p[i];
	}
	p[v.n] = '"';
	b->n += v.n + 2;
	return true;
}

/* The well-formed multi-byte sequence at the start of v, or 0. */
static size_t sequence_len(struct view v)
{
	for (size_t n = 2; n <= UTF8_LEN_MAX && n <= v.n; n++)
		if (utf8_valid(view_head(v, n)))
			return n;
	return 0;
}

static void put_string(struct jsonw *j, struct view v)
{
	if (put_plain_string(j, v))
		return;
	put_byte(j, '"');
	while (v.n > 0 && !failed(j)) {
		size_t n = plain_run(v);
		if (n > 0) {
			put(j, view_head(v, n));
		} else if (v.p[0] < 0x80) {
			put_escaped(j, v.p[0]);
			n = 1;
		} else if ((n = sequence_len(v)) > 0) {
			put(j, view_head(v, n));
		} else {
			put(j, view_text(REPLACEMENT));
			n = 1;
		}
		v = view_skip(v, n);
	}
	put_byte(j, '"');
}

void jsonw_key(struct jsonw *j, const char *key)
{
	if (failed(j))
		return;
	if (j->depth == 0 || !j->object[j->depth] || j->after_key) {
		misuse(j, "a key out of place");
		return;
	}
	if (j->filled[j->depth])
		put_byte(j, ',');
	j->filled[j->depth] = true;
	put_string(j, view_text(key));
	put_byte(j, ':');
	j->after_key = true;
}

void jsonw_text(struct jsonw *j, struct view v)
{
	before_value(j);
	put_string(j, v);
}

void jsonw_cstr(struct jsonw *j, const char *s)
{
	if (s == NULL)
		jsonw_null(j);
	else
		jsonw_text(j, view_text(s));
}

static void put_word(struct jsonw *j, const char *word)
{
	before_value(j);
	put(j, view_text(word));
}

void jsonw_int(struct jsonw *j, int64_t v)
{
	char text[24];
	snprintf(text, sizeof(text), "%" PRId64, v);
	put_word(j, text);
}

void jsonw_bool(struct jsonw *j, bool v)
{
	put_word(j, v ? "true" : "false");
}

void jsonw_null(struct jsonw *j)
{
	put_word(j, "null");
}

void jsonw_hex(struct jsonw *j, struct view v)
{
	char text[2 * HEX_PIECE + 1];
	before_value(j);
	put_byte(j, '"');
	for (; v.n > 0 && !failed(j); v = view_skip(v, HEX_PIECE)) {
		const struct view piece = view_head(v, HEX_PIECE);
		hex_encode(piece, text);
		put(j, view_of(text, 2 * piece.n));
	}
	put_byte(j, '"');
}

void jsonw_base64(struct jsonw *j, struct view v)
{
	before_value(j);
	put_byte(j, '"');
	if (!failed(j) && b64_encode(v, j->out, &j->err) != 0)
		return;
	put_byte(j, '"');
}

void jsonw_time(struct jsonw *j, int64_t t_ms)
{
	char text[TIME_TEXT_MAX];
	time_rfc3339(t_ms, text);
	jsonw_cstr(j, text);
}

void jsonw_member(struct jsonw *j, const char *key, const char *s)
{
	jsonw_key(j, key);
	jsonw_cstr(j, s);
}

void jsonw_member_int(struct jsonw *j, const char *key, int64_t v)
{
	jsonw_key(j, key);
	jsonw_int(j, v);
}

void jsonw_member_bool(struct jsonw *j, const char *key, bool v)
{
	jsonw_key(j, key);
	jsonw_bool(j, v);
}

void jsonw_member_time(struct jsonw *j, const char *key, int64_t t_ms)
{
	jsonw_key(j, key);
	if (t_ms == INT64_MIN || t_ms == INT64_MAX)
		jsonw_null(j);
	else
		jsonw_time(j, t_ms);
}

int jsonw_end(struct jsonw *j, struct ltps_error *err)
{
	if (!failed(j) && (j->depth > 0 || !j->filled[0]))
		misuse(j, "the text is not closed");
	if (!failed(j))
		return 0;
	if (err->code == LTPS_OK)
		*err = j->err;
	return -1;
}
