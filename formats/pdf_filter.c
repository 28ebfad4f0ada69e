/* SPDX-License-Identifier: Apache-2.0 */
/* pdf_filter - decoders of ISO 32000-2 7.4; each appends to a bounded buffer. */
#include "formats/pdf_filter.h"

#include <limits.h>
#include <string.h>
#define ZLIB_CONST /* input is not written to */
#include <zlib.h>

#include "base/mem.h"
#include "formats/pdf_lex.h"

#define FILTERS_MAX 8 /* one behind another; real files have two */
#define COLORS_MAX 64
#define COLUMNS_MAX (1 << 24)
#define CHUNK_MIN ((size_t)4096)
#define HEADER_LEN ((size_t)2) /* of zlib */
#define CHECKSUM_LEN ((size_t)4)

static int fail_format(const char *clause, const char *text, struct ltps_error *err)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, clause, "PDF: %s", text);
}

static int fail_large(const struct buf *out, struct ltps_error *err)
{
	return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
			 "PDF: stream of more than %zu octets", out->max);
}

static int put(struct buf *out, uint8_t c, struct ltps_error *err)
{
	if (out->n >= out->max)
		return fail_large(out, err);
	return buf_put_byte(out, c, err);
}

/* ---- FlateDecode, 7.4.4 ---- */

static voidpf z_take(voidpf arg, uInt count, uInt size)
{
	(void)arg;
	return mem_zalloc(count, size);
}

static void z_give(voidpf arg, voidpf p)
{
	(void)arg;
	mem_free(p);
}

/*
 * 1: go on; 0: the end; -1 without an error: there is no more input. At the bound a
 * single octet more shows whether there would be more.
 */
static int flate_step(z_stream *z, struct buf *out, struct ltps_error *err)
{
	uint8_t beyond;
	size_t room = out->max - out->n;
	size_t want = out->n > CHUNK_MIN ? out->n : CHUNK_MIN;
	if (want < room)
		room = want;
	if (room > INT_MAX)
		room = INT_MAX;
	if (room > 0 && buf_reserve(out, room, err) != 0)
		return -1;
	z->next_out = room > 0 ? out->p + out->n : &beyond;
	z->avail_out = room > 0 ? (uInt)room : 1;
	uInt before_in = z->avail_in, before_out = z->avail_out;
	/* What ends in this room needs no window, which is far larger than most. */
	int rc = inflate(z, Z_FINISH);
	size_t got = before_out - z->avail_out;
	if (room == 0 && got > 0)
		return fail_large(out, err);
	out->n += got;
	if (rc == Z_MEM_ERROR)
		return ltps_fail_nomem(err);
	if (rc == Z_STREAM_END)
		return 0;
	if (rc != Z_OK && rc != Z_BUF_ERROR)
		return fail_format("ISO 32000-2 7.4.4", "broken deflated data", err);
	return got > 0 || before_in > z->avail_in ? 1 : -1;
}

enum flate_end { FLATE_DONE, FLATE_CUT_OFF, FLATE_FAILED };

/* rest: octets behind the end. Without a header (raw) there is no checksum. */
static enum flate_end flate_run(struct view data, bool raw, struct buf *out,
				size_t *rest, struct ltps_error *err)
{
	z_stream z = { .zalloc = z_take, .zfree = z_give };
	if (inflateInit2(&z, raw ? -MAX_WBITS : MAX_WBITS) != Z_OK) {
		ltps_fail_nomem(err);
		return FLATE_FAILED;
	}
	z.next_in = data.p;
	z.avail_in = (uInt)data.n;
	int rc;
	do
		rc = flate_step(&z, out, err);
	while (rc > 0);
	*rest = z.avail_in;
	inflateEnd(&z);
	if (rc == 0)
		return FLATE_DONE;
	return err->code == LTPS_OK ? FLATE_CUT_OFF : FLATE_FAILED;
}

/*
 * There are writers that leave out the checksum behind the data, and no reader minds.
 * It guards against faults of storage, not against anybody, so it may be missing (a
 * deviation from RFC 1950); but not be wrong, and the data must have their end.
 */
static int flate_undo(struct view data, struct buf *out, struct ltps_error *err)
{
	size_t start = out->n, rest = 0;
	bool raw = false;
	if (data.n > UINT_MAX)
		return fail_large(out, err);
	enum flate_end end = flate_run(data, raw, out, &rest, err);
	if (end == FLATE_CUT_OFF && data.n > HEADER_LEN) {
		raw = true;
		out->n = start;
		end = flate_run(view_skip(data, HEADER_LEN), raw, out, &rest, err);
	}
	if (end == FLATE_FAILED)
		return -1;
	/* Some producers count the end of line before endstream. */
	struct view behind = view_skip(data, data.n - rest);
	bool clean = raw ? rest < CHECKSUM_LEN : pdf_skip_white(behind, 0) == behind.n;
	if (end == FLATE_CUT_OFF || !clean)
		return fail_format("ISO 32000-2 7.4.4", "broken end of deflated data",
				   err);
	return 0;
}

int pdf_deflate(struct view data, struct buf *out, struct ltps_error *err)
{
	z_stream z = { .zalloc = z_take, .zfree = z_give };
	if (data.n > INT_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, NULL,
				 "a stream of %zu octets", data.n);
	if (deflateInit(&z, Z_DEFAULT_COMPRESSION) != Z_OK)
		return ltps_fail_nomem(err);
	const uLong room = deflateBound(&z, (uLong)data.n);
	int rc = buf_reserve(out, room, err);
	if (rc == 0) {
		z.next_in = data.p;
		z.avail_in = (uInt)data.n;
		z.next_out = out->p + out->n;
		z.avail_out = (uInt)room;
		/* The room is enough for all of it at once. */
		if (deflate(&z, Z_FINISH) == Z_STREAM_END)
			out->n += z.total_out;
		else
			rc = ltps_fail(err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
				       "zlib does not end");
	}
	deflateEnd(&z);
	return rc;
}

/* ---- predictors, 7.4.4.4 ---- */

struct predictor {
	int kind; /* 1: none; 2: TIFF; 10 and above: PNG, each row says which */
	size_t colors, bits, columns;
	size_t pixel, row; /* octets */
};

static int parameter(const struct pdf_value *parms, const char *key, int64_t missing,
		     int64_t max, size_t *ret_n, struct ltps_error *err)
{
	const struct pdf_value *v = pdf_dict_get(parms, key);
	int64_t n = v == NULL ? missing : v->kind == PDF_INTEGER ? v->integer : 0;
	if (n < 1 || n > max)
		return fail_format("ISO 32000-2 7.4.4.3", "false decode parameter",
				   err);
	*ret_n = (size_t)n;
	return 0;
}

static int predictor_read(const struct pdf_value *parms, struct predictor *p,
			  struct ltps_error *err)
{
	size_t kind;
	if (parameter(parms, "Predictor", 1, 15, &kind, err) != 0 ||
	    parameter(parms, "Colors", 1, COLORS_MAX, &p->colors, err) != 0 ||
	    parameter(parms, "BitsPerComponent", 8, 16, &p->bits, err) != 0 ||
	    parameter(parms, "Columns", 1, COLUMNS_MAX, &p->columns, err) != 0)
		return -1;
	if ((kind > 2 && kind < 10) || (p->bits & (p->bits - 1)) != 0)
		return fail_format("ISO 32000-2 7.4.4.4", "unknown predictor", err);
	p->kind = (int)kind;
	size_t bits = p->colors * p->bits;
	p->pixel = (bits + 7) / 8;
	p->row = (bits * p->columns + 7) / 8;
	return 0;
}

static uint8_t paeth(int a, int b, int c)
{
	int p = a + b - c;
	int pa = p > a ? p - a : a - p, pb = p > b ? p - b : b - p,
	    pc = p > c ? p - c : c - p;
	if (pa <= pb && pa <= pc)
		return (uint8_t)a;
	return (uint8_t)(pb <= pc ? b : c);
}

/* Row by row in place: to stands before from. up: the row above, or NULL. */
static bool png_row(int type, const uint8_t *from, uint8_t *to, const uint8_t *up,
		    size_t n, size_t pixel)
{
	for (size_t i = 0; i < n; i++) {
		int a = i >= pixel ? to[i - pixel] : 0;
		int b = up != NULL ? up[i] : 0;
		int c = up != NULL && i >= pixel ? up[i - pixel] : 0;
		switch (type) {
		case 0:
			to[i] = from[i];
			break;
		case 1:
			to[i] = (uint8_t)(from[i] + a);
			break;
		case 2:
			to[i] = (uint8_t)(from[i] + b);
			break;
		case 3:
			to[i] = (uint8_t)(from[i] + (a + b) / 2);
			break;
		case 4:
			to[i] = (uint8_t)(from[i] + paeth(a, b, c));
			break;
		default:
			return false;
		}
	}
	return true;
}

static int png_undo(const struct predictor *p, uint8_t *data, size_t n, size_t *ret_n,
		    struct ltps_error *err)
{
	uint8_t *to = data;
	const uint8_t *up = NULL;
	if (n % (p->row + 1) != 0)
		return fail_format("ISO 32000-2 7.4.4.4", "a row is cut off", err);
	for (size_t at = 0; at < n; at += p->row + 1) {
		if (!png_row(data[at], data + at + 1, to, up, p->row, p->pixel))
			return fail_format("ISO 32000-2 7.4.4.4", "unknown row filter",
					   err);
		up = to;
		to += p->row;
	}
	*ret_n = (size_t)(to - data);
	return 0;
}

static unsigned sample_get(const uint8_t *row, size_t i, size_t bits)
{
	if (bits == 16)
		return (unsigned)row[2 * i] << 8 | row[2 * i + 1];
	size_t at = i * bits;
	return row[at / 8] >> (8 - bits - at % 8) & ((1u << bits) - 1);
}

static void sample_set(uint8_t *row, size_t i, size_t bits, unsigned v)
{
	if (bits == 16) {
		row[2 * i] = (uint8_t)(v >> 8);
		row[2 * i + 1] = (uint8_t)v;
		return;
	}
	size_t at = i * bits, shift = 8 - bits - at % 8;
	unsigned mask = ((1u << bits) - 1) << shift;
	row[at / 8] = (uint8_t)((row[at / 8] & ~mask) | (v << shift & mask));
}

static int tiff_undo(const struct predictor *p, uint8_t *data, size_t n,
		     struct ltps_error *err)
{
	if (n % p->row != 0)
		return fail_format("ISO 32000-2 7.4.4.4", "a row is cut off", err);
	for (size_t at = 0; at < n; at += p->row)
		for (size_t i = p->colors; i < p->colors * p->columns; i++)
			sample_set(data + at, i, p->bits,
				   sample_get(data + at, i, p->bits) +
				       sample_get(data + at, i - p->colors, p->bits));
	return 0;
}

static int flate_decode(struct view in, const struct pdf_value *parms, struct buf *out,
			struct ltps_error *err)
{
	struct predictor p;
	size_t start = out->n, n = 0;
	if (predictor_read(parms, &p, err) != 0)
		return -1;
	/* Rows of PNG have an octet more than what comes out. */
	size_t max = out->max;
	if (p.kind >= 10 && max < SIZE_MAX / 2)
		out->max += (max - start) / p.row + 1;
	int rc = flate_undo(in, out, err);
	out->max = max;
	if (rc != 0 || p.kind == 1 || out->n == start)
		return rc;
	if (p.kind == 2)
		return tiff_undo(&p, out->p + start, out->n - start, err);
	if (png_undo(&p, out->p + start, out->n - start, &n, err) != 0)
		return -1;
	out->n = start + n;
	return 0;
}

/* ---- ASCIIHexDecode, 7.4.2; ASCII85Decode, 7.4.3 ---- */

static int hex_filter(struct view in, const struct pdf_value *parms, struct buf *out,
		      struct ltps_error *err)
{
	(void)parms;
	int half = -1;
	size_t i = 0;
	for (; i < in.n && in.p[i] != '>'; i++) {
		if (pdf_is_white(in.p[i]))
			continue;
		int d = hex_digit(in.p[i]);
		if (d < 0)
			return fail_format("ISO 32000-2 7.4.2", "no hexadecimal digit",
					   err);
		if (half >= 0 && put(out, (uint8_t)(half << 4 | d), err) != 0)
			return -1;
		half = half < 0 ? d : -1;
	}
	if (i == in.n || pdf_skip_white(in, i + 1) != in.n)
		return fail_format("ISO 32000-2 7.4.2", "false end of data", err);
	return half >= 0 ? put(out, (uint8_t)(half << 4), err) : 0;
}

/* n digits of a group give n - 1 octets; those that lack count as 'u'. */
static int put_group(const uint8_t digits[5], size_t n, struct buf *out,
		     struct ltps_error *err)
{
	uint64_t v = 0;
	for (size_t i = 0; i < 5; i++)
		v = v * 85 + (i < n ? digits[i] : 84);
	if (n == 1 || v > UINT32_MAX)
		return fail_format("ISO 32000-2 7.4.3", "impossible group", err);
	for (size_t i = 0; i + 1 < n; i++)
		if (put(out, (uint8_t)(v >> (24 - 8 * i)), err) != 0)
			return -1;
	return 0;
}

static int ascii85_filter(struct view in, const struct pdf_value *parms,
			  struct buf *out, struct ltps_error *err)
{
	(void)parms;
	uint8_t digits[5] = { 0 };
	size_t n = 0, i = 0;
	for (; i < in.n && in.p[i] != '~'; i++) {
		uint8_t c = in.p[i];
		if (pdf_is_white(c))
			continue;
		if (c == 'z' && n == 0) {
			memset(digits, 0, sizeof(digits));
			n = 5;
		} else if (c >= '!' && c <= 'u') {
			digits[n++] = c - '!';
		} else {
			return fail_format("ISO 32000-2 7.4.3", "no digit of base 85",
					   err);
		}
		if (n == 5 && put_group(digits, n, out, err) != 0)
			return -1;
		n %= 5;
	}
	if (in.n - i < 2 || in.p[i + 1] != '>' || pdf_skip_white(in, i + 2) != in.n)
		return fail_format("ISO 32000-2 7.4.3", "false end of data", err);
	return n > 0 ? put_group(digits, n, out, err) : 0;
}

/* ---- the filters of a stream ---- */

typedef int filter_fn(struct view in, const struct pdf_value *parms, struct buf *out,
		      struct ltps_error *err);

static filter_fn *filter_of(const struct pdf_value *name)
{
	if (pdf_is_name(name, "FlateDecode"))
		return flate_decode;
	if (pdf_is_name(name, "ASCIIHexDecode"))
		return hex_filter;
	if (pdf_is_name(name, "ASCII85Decode"))
		return ascii85_filter;
	return NULL;
}

struct chain {
	const struct pdf_value *names[FILTERS_MAX];
	const struct pdf_value *parms[FILTERS_MAX]; /* a dictionary or NULL */
	size_t n;
};

/* The i-th of an array, or a single value. */
static const struct pdf_value *nth(const struct pdf_value *v, size_t i)
{
	if (v != NULL && v->kind == PDF_ARRAY)
		return i < v->n ? &v->items[i] : NULL;
	return i == 0 ? v : NULL;
}

static int chain_add(struct chain *c, const struct pdf_value *name,
		     const struct pdf_value *parms, struct ltps_error *err)
{
	bool absent = parms == NULL || parms->kind == PDF_NULL;
	if (name->kind != PDF_NAME || (!absent && parms->kind != PDF_DICT))
		return fail_format("ISO 32000-2 7.3.8.2",
				   "filter or its parameters of a false kind", err);
	c->names[c->n] = name;
	c->parms[c->n] = absent ? NULL : parms;
	c->n++;
	return 0;
}

static int chain_read(const struct pdf_value *stream, struct chain *c,
		      struct ltps_error *err)
{
	const struct pdf_value *filter = pdf_dict_get(stream, "Filter");
	const struct pdf_value *parms = pdf_dict_get(stream, "DecodeParms");
	size_t n = filter == NULL ? 0 : filter->kind == PDF_ARRAY ? filter->n : 1;
	if (stream->kind != PDF_STREAM)
		return fail_format("ISO 32000-2 7.3.8", "no stream", err);
	if (pdf_dict_get(stream, "F") != NULL)
		return ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT,
				 "ISO 32000-2 7.3.8.2", "PDF: data in another file");
	if (n > FILTERS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "PDF: more than %d filters", FILTERS_MAX);
	c->n = 0;
	for (size_t i = 0; i < n; i++)
		if (chain_add(c, nth(filter, i), nth(parms, i), err) != 0)
			return -1;
	return 0;
}

static int chain_run(const struct chain *c, struct view in, struct buf *out,
		     struct ltps_error *err)
{
	struct buf room[2] = { buf_make(out->max), buf_make(out->max) };
	int rc = 0;
	for (size_t i = 0; i < c->n && rc == 0; i++) {
		filter_fn *filter = filter_of(c->names[i]);
		struct buf *to = i + 1 == c->n ? out : &room[i % 2];
		if (filter == NULL) {
			rc = ltps_fail(err, LTPS_UNSUPPORTED, LTPS_FAULT_OBJECT,
				       "ISO 32000-2 7.4", "PDF: unknown filter");
			break;
		}
		if (to != out)
			buf_clear(to);
		rc = filter(in, c->parms[i], to, err);
		in = view_buf(to);
	}
	buf_free(&room[0]);
	buf_free(&room[1]);
	return rc;
}

int pdf_filter_decode(const struct pdf_value *stream, struct buf *out,
		      struct ltps_error *err)
{
	struct chain c = { 0 };
	if (chain_read(stream, &c, err) != 0)
		return -1;
	if (c.n > 0)
		return chain_run(&c, stream->data, out, err);
	if (out->n > out->max || stream->data.n > out->max - out->n)
		return fail_large(out, err);
	return buf_put(out, stream->data, err);
}
