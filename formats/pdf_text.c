/* SPDX-License-Identifier: Apache-2.0 */
/* pdf_text - text strings and dates (ISO 32000-2 7.9.2, 7.9.4, Annex D.3). */
#include <stdio.h>

#include "base/clock.h"
#include "formats/pdf_lex.h"
#include "formats/pdf_value.h"

#define REPLACEMENT 0xfffdu
#define ESCAPE 0x1bu /* around the code of a language */
/* Byte order marks: those of 7.9.2.2, and one that it does not have. */
#define UTF16BE "\xfe\xff"
#define UTF8 "\xef\xbb\xbf"
#define UTF16LE "\xff\xfe"

/* PDFDocEncoding where it is not Latin-1; 0: no character. */
static const uint16_t low[] = { /* 0x18 to 0x1f */
				0x02d8, 0x02c7, 0x02c6, 0x02d9,
				0x02dd, 0x02db, 0x02da, 0x02dc
};
static const uint16_t high[] = { /* 0x80 to 0xa0 */
				 0x2022, 0x2020, 0x2021, 0x2026, 0x2014, 0x2013, 0x0192,
				 0x2044, 0x2039, 0x203a, 0x2212, 0x2030, 0x201e, 0x201c,
				 0x201d, 0x2018, 0x2019, 0x201a, 0x2122, 0xfb01, 0xfb02,
				 0x0141, 0x0152, 0x0160, 0x0178, 0x017d, 0x0131, 0x0142,
				 0x0153, 0x0161, 0x017e, 0,      0x20ac
};

static int put_utf8(uint32_t c, struct buf *out, struct ltps_error *err)
{
	uint8_t b[4];
	size_t n;
	if (c < 0x80) {
		b[0] = (uint8_t)c;
		n = 1;
	} else if (c < 0x800) {
		b[0] = (uint8_t)(0xc0 | c >> 6);
		b[1] = (uint8_t)(0x80 | (c & 63));
		n = 2;
	} else if (c < 0x10000) {
		b[0] = (uint8_t)(0xe0 | c >> 12);
		b[1] = (uint8_t)(0x80 | (c >> 6 & 63));
		b[2] = (uint8_t)(0x80 | (c & 63));
		n = 3;
	} else {
		b[0] = (uint8_t)(0xf0 | c >> 18);
		b[1] = (uint8_t)(0x80 | (c >> 12 & 63));
		b[2] = (uint8_t)(0x80 | (c >> 6 & 63));
		b[3] = (uint8_t)(0x80 | (c & 63));
		n = 4;
	}
	return buf_put(out, view_of(b, n), err);
}

static uint32_t doc_character(uint8_t c)
{
	if (c >= 0x18 && c <= 0x1f)
		return low[c - 0x18];
	if (c >= 0x80 && c <= 0xa0)
		return high[c - 0x80] != 0 ? high[c - 0x80] : REPLACEMENT;
	bool none =
	    c == 0x7f || c == 0xad || (c < 0x18 && c != '\t' && c != '\n' && c != '\r');
	return none ? REPLACEMENT : c;
}

static uint32_t unit(struct view v, size_t i)
{
	return i + 1 < v.n ? (uint32_t)v.p[i] << 8 | v.p[i + 1] : 0;
}

/* One character of UTF-16BE; a half of a pair alone is replaced. */
static uint32_t utf16_next(struct view v, size_t *i)
{
	uint32_t c = unit(v, *i);
	size_t at = *i;
	*i += 2;
	if (at + 1 >= v.n)
		return REPLACEMENT;
	if (c < 0xd800 || c > 0xdfff)
		return c;
	uint32_t d = unit(v, *i);
	if (c > 0xdbff || d < 0xdc00 || d > 0xdfff)
		return REPLACEMENT;
	*i += 2;
	return 0x10000 + ((c - 0xd800) << 10) + (d - 0xdc00);
}

static int put_utf16(struct view v, struct buf *out, struct ltps_error *err)
{
	for (size_t i = 0; i < v.n;) {
		uint32_t c = utf16_next(v, &i);
		if (c == ESCAPE) { /* 7.9.2.2.2: not part of the text */
			while (i < v.n && utf16_next(v, &i) != ESCAPE)
				;
			continue;
		}
		if (put_utf8(c, out, err) != 0)
			return -1;
	}
	return 0;
}

static bool has_mark(struct view s, const char *mark)
{
	return view_starts(s, view_text(mark));
}

int pdf_text(struct view s, struct buf *out, struct ltps_error *err)
{
	if (has_mark(s, UTF16BE))
		return put_utf16(view_skip(s, 2), out, err);
	if (has_mark(s, UTF8) && utf8_valid(view_skip(s, 3)))
		return buf_put(out, view_skip(s, 3), err);
	for (size_t i = 0; i < s.n; i++)
		if (put_utf8(doc_character(s.p[i]), out, err) != 0)
			return -1;
	return 0;
}

/* Some readers end there, leave it out or take it out with what follows. */
static bool is_doubtful(uint32_t c)
{
	return c == 0 || c == ESCAPE || c == REPLACEMENT;
}

bool pdf_text_is_doubtful(struct view s)
{
	bool utf16 = has_mark(s, UTF16BE), utf8 = has_mark(s, UTF8);
	bool doubtful = has_mark(s, UTF16LE) ||
			(utf8 && !utf8_valid(view_skip(s, 3)));
	for (size_t i = utf16 ? 2 : 0; i < s.n && !doubtful;) {
		if (utf16) {
			doubtful = is_doubtful(utf16_next(s, &i));
			continue;
		}
		doubtful = is_doubtful(s.p[i]) ||
			   (!utf8 && is_doubtful(doc_character(s.p[i])));
		i++;
	}
	return doubtful;
}

/* ---- dates ---- */

struct cursor {
	struct view v;
	size_t at;
};

static bool at_char(struct cursor *c, char x)
{
	if (c->at >= c->v.n || c->v.p[c->at] != (uint8_t)x)
		return false;
	c->at++;
	return true;
}

/* Exactly n digits, if one stands here at all; false: a part cut in two. */
static bool digits(struct cursor *c, size_t n, int *value)
{
	if (c->at >= c->v.n || !pdf_is_digit(c->v.p[c->at]))
		return true;
	int x = 0;
	for (size_t i = 0; i < n; i++, c->at++) {
		if (c->at >= c->v.n || !pdf_is_digit(c->v.p[c->at]))
			return false;
		x = x * 10 + (c->v.p[c->at] - '0');
	}
	*value = x;
	return true;
}

/* "Z", "Z00'00'", "+01'00'", "+01'00", "+0100", "+01:00", "+01" or nothing: UTC. */
static bool read_zone(struct cursor *c, int *minutes)
{
	int sign = 0, hour = 0, minute = 0;
	if (at_char(c, '+'))
		sign = 1;
	else if (at_char(c, '-'))
		sign = -1;
	else if (!at_char(c, 'Z') && !at_char(c, 'z'))
		return true;
	if (!digits(c, 2, &hour) || hour > 23)
		return false;
	if (!at_char(c, '\''))
		(void)at_char(c, ':');
	if (!digits(c, 2, &minute) || minute > 59)
		return false;
	(void)at_char(c, '\'');
	*minutes = sign * (hour * 60 + minute);
	return true;
}

static bool only_white(struct cursor *c)
{
	return pdf_skip_white(c->v, c->at) == c->v.n;
}

bool pdf_date(struct view s, int64_t *ret_ms)
{
	struct cursor c = { s, 0 };
	int year = -1, month = 1, day = 1, hour = 0, minute = 0, second = 0, zone = 0;
	struct ltps_error err = LTPS_ERROR_INIT;
	char text[TIME_TEXT_MAX * 2];

	if (at_char(&c, 'D') && !at_char(&c, ':'))
		return false;
	if (!digits(&c, 4, &year) || year < 0 || !digits(&c, 2, &month) ||
	    !digits(&c, 2, &day) || !digits(&c, 2, &hour) || !digits(&c, 2, &minute) ||
	    !digits(&c, 2, &second) || !read_zone(&c, &zone) || !only_white(&c))
		return false;
	snprintf(text, sizeof(text), "%04d-%02d-%02dT%02d:%02d:%02dZ", year, month, day,
		 hour, minute, second);
	if (time_parse_rfc3339(view_text(text), ret_ms, &err) != 0)
		return false;
	*ret_ms -= (int64_t)zone * 60 * 1000;
	return true;
}
