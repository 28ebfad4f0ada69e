/* SPDX-License-Identifier: Apache-2.0 */
#include "formats/pdf_lex.h"

#include <string.h>

/* Classes of ISO 32000-2 7.2.3. */
enum { REGULAR, WHITE, DELIMITER };

static const uint8_t classes[256] = {
	[0x00] = WHITE,    ['\t'] = WHITE,    ['\n'] = WHITE,    [0x0c] = WHITE,
	['\r'] = WHITE,    [' '] = WHITE,     ['('] = DELIMITER, [')'] = DELIMITER,
	['<'] = DELIMITER, ['>'] = DELIMITER, ['['] = DELIMITER, [']'] = DELIMITER,
	['{'] = DELIMITER, ['}'] = DELIMITER, ['/'] = DELIMITER, ['%'] = DELIMITER,
};

bool pdf_is_white(uint8_t c)
{
	return classes[c] == WHITE;
}

bool pdf_is_end(uint8_t c)
{
	return classes[c] != REGULAR;
}

/* Signatures have more padding than digits. */
#define PADDING "0000000000000000"
#define PADDING_LEN (sizeof(PADDING) - 1)

static size_t skip_padding(const uint8_t *in, size_t n, uint8_t *out, size_t i)
{
	while (n - 2 * i >= PADDING_LEN &&
	       memcmp(in + 2 * i, PADDING, PADDING_LEN) == 0) {
		memset(out + i, 0, PADDING_LEN / 2);
		i += PADDING_LEN / 2;
	}
	return i;
}

/* Digits two by two, up to what is no pair of them. ret: pairs */
static size_t pdf_hex_pairs(const uint8_t *in, size_t n, uint8_t *out)
{
	size_t i = 0;
	for (; i < n / 2; i++) {
		if (in[2 * i] == '0' && i % PADDING_LEN == 0)
			i = skip_padding(in, n, out, i);
		if (i >= n / 2)
			break;
		unsigned high = hex_marked[in[2 * i]], low = hex_marked[in[2 * i + 1]];
		if ((high & low) == 0)
			break;
		out[i] = (uint8_t)(high << 4 | (low & 15));
	}
	return i;
}

/* ---- skipping ---- */

size_t pdf_skip_white(struct view in, size_t at)
{
	while (at < in.n && classes[in.p[at]] == WHITE)
		at++;
	return at;
}

size_t pdf_skip_white_and_comments(struct view in, size_t at)
{
	for (;;) {
		at = pdf_skip_white(in, at);
		if (at >= in.n || in.p[at] != '%')
			return at;
		while (at < in.n && in.p[at] != '\r' && in.p[at] != '\n')
			at++;
	}
}

size_t pdf_skip_eol(struct view in, size_t at)
{
	if (at < in.n && in.p[at] == '\r')
		return at + 1 < in.n && in.p[at + 1] == '\n' ? at + 2 : at + 1;
	return at < in.n && in.p[at] == '\n' ? at + 1 : at;
}

bool pdf_keyword(struct view in, size_t *at, const char *word)
{
	size_t n = strlen(word);
	if (*at > in.n || n > in.n - *at || memcmp(in.p + *at, word, n) != 0)
		return false;
	if (*at + n < in.n && classes[in.p[*at + n]] == REGULAR)
		return false;
	*at += n;
	return true;
}

bool pdf_unsigned(struct view in, size_t *at, uint64_t max, uint64_t *ret_n)
{
	size_t i = *at;
	uint64_t n = 0;
	while (i < in.n && pdf_is_digit(in.p[i])) {
		uint8_t d = in.p[i++] - '0';
		if (n > (max - d) / 10 || d > max)
			return false;
		n = n * 10 + d;
	}
	if (i == *at)
		return false;
	*at = i;
	*ret_n = n;
	return true;
}

bool pdf_reference(struct view in, size_t *at, struct pdf_ref *ret_ref)
{
	size_t i = *at;
	uint64_t number, generation;
	if (!pdf_unsigned(in, &i, PDF_OBJECT_NUMBER_MAX, &number) || number == 0)
		return false;
	size_t gap = pdf_skip_white_and_comments(in, i);
	if (gap == i || !pdf_unsigned(in, &gap, UINT16_MAX, &generation))
		return false;
	i = pdf_skip_white_and_comments(in, gap);
	if (i == gap || !pdf_keyword(in, &i, "R"))
		return false;
	*at = i;
	*ret_ref = (struct pdf_ref){ (uint32_t)number, (uint32_t)generation };
	return true;
}

int pdf_fail(uint64_t at, const char *clause, const char *text, struct ltps_error *err)
{
	ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, clause, "PDF: %s", text);
	return ltps_where(err, "offset %llu", (unsigned long long)at);
}

/* ---- names, 7.3.5 ---- */

static size_t name_end(struct view in, size_t at, bool *ret_escaped)
{
	*ret_escaped = false;
	while (at < in.n && classes[in.p[at]] == REGULAR) {
		*ret_escaped |= in.p[at] == '#';
		at++;
	}
	return at;
}

static int name_decode(struct pdf_lex *lex, struct view raw, size_t at,
		       struct view *ret_name, struct ltps_error *err)
{
	uint8_t *out;
	size_t n = 0;
	if (arena_take(lex->arena, raw.n, 1, &out, err) != 0)
		return -1;
	for (size_t i = 0; i < raw.n; i++) {
		if (raw.p[i] != '#') {
			out[n++] = raw.p[i];
			continue;
		}
		int hi = i + 1 < raw.n ? hex_digit(raw.p[i + 1]) : -1;
		int lo = i + 2 < raw.n ? hex_digit(raw.p[i + 2]) : -1;
		/* A NUL is not allowed in a name. */
		if (hi < 0 || lo < 0 || (hi | lo) == 0)
			return pdf_fail(at, "ISO 32000-2 7.3.5", "name with a false #",
					err);
		out[n++] = (uint8_t)(hi << 4 | lo);
		i += 2;
	}
	*ret_name = view_of(out, n);
	return 0;
}

int pdf_lex_name(struct pdf_lex *lex, struct view *ret_name, struct ltps_error *err)
{
	bool escaped;
	size_t start = lex->at + 1, end = name_end(lex->in, start, &escaped);
	struct view raw = view_of(lex->in.p + start, end - start);
	if (escaped && name_decode(lex, raw, lex->at, ret_name, err) != 0)
		return -1;
	if (!escaped)
		*ret_name = raw;
	lex->at = end;
	return 0;
}

/* ---- strings, 7.3.4 ---- */

/* All of the rest was looked at. */
static int fail_without_end(struct pdf_lex *lex, const char *clause, const char *text,
			    struct ltps_error *err)
{
	size_t start = lex->at;
	lex->at = lex->in.n;
	return pdf_fail(start, clause, text, err);
}

/* The ')' that closes the '(' at `at`; plain: nothing in it must be decoded. */
static bool literal_end(struct view in, size_t at, size_t *ret_end, bool *ret_plain)
{
	size_t depth = 0;
	*ret_plain = true;
	for (; at < in.n; at++) {
		switch (in.p[at]) {
		case '(':
			depth++;
			break;
		case ')':
			if (--depth == 0) {
				*ret_end = at;
				return true;
			}
			break;
		case '\\':
			at++;
			*ret_plain = false;
			break;
		case '\r':
			*ret_plain = false;
			break;
		default:
			break;
		}
	}
	return false;
}

/* Up to three digits; what overflows is left out (7.3.4.2). */
static size_t octal(struct view raw, size_t i, uint8_t *ret_c)
{
	unsigned c = 0;
	size_t end = i + 3 < raw.n ? i + 3 : raw.n;
	for (; i < end && raw.p[i] >= '0' && raw.p[i] <= '7'; i++)
		c = c << 3 | (raw.p[i] - (unsigned)'0');
	*ret_c = (uint8_t)c;
	return i;
}

/* Behind a backslash; gives what it stands for, or nothing for a continued line. */
static size_t escape(struct view raw, size_t i, uint8_t *out, size_t *n)
{
	static const char from[] = "nrtbf", to[] = "\n\r\t\b\f";
	uint8_t c = raw.p[i];
	if (c == '\r' || c == '\n')
		return pdf_skip_eol(raw, i);
	if (c >= '0' && c <= '7')
		return octal(raw, i, &out[(*n)++]);
	const char *p = memchr(from, c, sizeof(from) - 1);
	/* Before any other character the backslash is ignored. */
	out[(*n)++] = p != NULL ? (uint8_t)to[p - from] : c;
	return i + 1;
}

static size_t literal_decode(struct view raw, uint8_t *out)
{
	size_t n = 0;
	for (size_t i = 0; i < raw.n;) {
		if (raw.p[i] == '\\') {
			i = escape(raw, i + 1, out, &n);
		} else if (raw.p[i] == '\r') {
			out[n++] = '\n'; /* any end of line reads as LF */
			i = pdf_skip_eol(raw, i);
		} else {
			out[n++] = raw.p[i++];
		}
	}
	return n;
}

int pdf_lex_literal(struct pdf_lex *lex, struct view *ret_string,
		    struct ltps_error *err)
{
	size_t end;
	bool plain;
	if (!literal_end(lex->in, lex->at, &end, &plain))
		return fail_without_end(lex, "ISO 32000-2 7.3.4.2",
					"string without end", err);
	struct view raw = view_of(lex->in.p + lex->at + 1, end - lex->at - 1);
	if (!plain) {
		uint8_t *out;
		if (arena_take(lex->arena, raw.n, 1, &out, err) != 0)
			return -1;
		raw = view_of(out, literal_decode(raw, out));
	}
	*ret_string = raw;
	lex->at = end + 1;
	return 0;
}

static int hex_digits(struct pdf_lex *lex, struct view raw, uint8_t *out, size_t *ret_n,
		      struct ltps_error *err)
{
	size_t pairs = pdf_hex_pairs(raw.p, raw.n, out);
	size_t n = 2 * pairs; /* of digits */
	lex->pairs = n == raw.n;
	for (size_t i = 2 * pairs; i < raw.n; i++) {
		int d = hex_digit(raw.p[i]);
		if (d < 0 && !pdf_is_white(raw.p[i]))
			return pdf_fail(lex->at, "ISO 32000-2 7.3.4.3",
					"hexadecimal string with another character",
					err);
		if (d < 0)
			continue;
		/* A digit that lacks its second one is followed by 0. */
		out[n / 2] |= (uint8_t)(n % 2 == 0 ? d << 4 : d);
		n++;
	}
	*ret_n = (n + 1) / 2;
	return 0;
}

int pdf_lex_hex(struct pdf_lex *lex, struct view *ret_string, struct ltps_error *err)
{
	const uint8_t *p = lex->in.p + lex->at + 1;
	const uint8_t *end = memchr(p, '>', lex->in.n - lex->at - 1);
	if (end == NULL)
		return fail_without_end(lex, "ISO 32000-2 7.3.4.3",
					"hexadecimal string without end", err);
	struct view raw = view_of(p, (size_t)(end - p));
	uint8_t *out;
	size_t n = 0;
	if (arena_take(lex->arena, raw.n / 2 + 1, 1, &out, err) != 0 ||
	    hex_digits(lex, raw, out, &n, err) != 0)
		return -1;
	*ret_string = view_of(out, n);
	lex->at += raw.n + 2;
	return 0;
}

/* ---- numbers, 7.3.3 ---- */

static int integer_value(struct pdf_lex *lex, struct view raw, int64_t *ret_n,
			 struct ltps_error *err)
{
	bool minus = raw.p[0] == '-';
	int64_t n = 0;
	for (size_t i = minus || raw.p[0] == '+'; i < raw.n; i++) {
		int d = raw.p[i] - '0';
		if (__builtin_mul_overflow(n, 10, &n) ||
		    __builtin_add_overflow(n, minus ? -d : d, &n))
			return pdf_fail(lex->at, "ISO 32000-2 7.3.3",
					"integer too large", err);
	}
	*ret_n = n;
	return 0;
}

int pdf_lex_number(struct pdf_lex *lex, struct pdf_value *ret_v, struct ltps_error *err)
{
	struct view in = lex->in;
	size_t at = lex->at, digits = 0, dots = 0;
	if (at < in.n && (in.p[at] == '+' || in.p[at] == '-'))
		at++;
	for (; at < in.n && (pdf_is_digit(in.p[at]) || in.p[at] == '.'); at++)
		in.p[at] == '.' ? dots++ : digits++;
	if (digits == 0 || dots > 1 || (at < in.n && !pdf_is_end(in.p[at])))
		return pdf_fail(lex->at, "ISO 32000-2 7.3",
				"neither a number nor a keyword of PDF", err);
	struct view raw = view_of(in.p + lex->at, at - lex->at);
	ret_v->kind = dots > 0 ? PDF_REAL : PDF_INTEGER;
	ret_v->text = dots > 0 ? raw : VIEW_NULL;
	if (dots == 0 && integer_value(lex, raw, &ret_v->integer, err) != 0)
		return -1;
	lex->at = at;
	return 0;
}
