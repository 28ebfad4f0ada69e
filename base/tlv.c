/* SPDX-License-Identifier: Apache-2.0 */
/* tlv - the reading half of asn1.h: a cursor over BER, and simple values. */
#include "base/asn1.h"

#include "base/clock.h"

#define BER_CLAUSE "X.690 8.1"

static int fail_format(struct ltps_error *err, const char *clause, const char *what)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, clause, "%s", what);
}

/* Tag numbers from 31 on, in the octets behind the first (8.1.2.4). */
static int read_high_number(struct view in, size_t *at, uint32_t *ret_number,
			    struct ltps_error *err)
{
	uint32_t number = 0;
	size_t i = *at;
	if (i < in.n && in.p[i] == 0x80)
		return fail_format(err, "X.690 8.1.2.4.2",
				   "tag number with leading zeros");
	for (;;) {
		if (i >= in.n)
			return fail_format(err, BER_CLAUSE, "cut within a tag");
		if (number > UINT32_MAX >> 7)
			return fail_format(err, BER_CLAUSE,
					   "tag number beyond 32 bits");
		uint8_t c = in.p[i++];
		number = number << 7 | (c & 0x7f);
		if ((c & 0x80) == 0)
			break;
	}
	if (number < 31)
		return fail_format(err, "X.690 8.1.2.2", "low tag number in high form");
	*at = i;
	*ret_number = number;
	return 0;
}

/* The octets of a long form; leading zero octets are BER, not DER. */
static int read_long_length(struct view in, size_t *at, size_t *ret_n,
			    struct ltps_error *err)
{
	size_t octets = in.p[*at - 1] & 0x7f;
	if (octets == 0x7f)
		return fail_format(err, "X.690 8.1.3.5", "reserved length octet");
	if (octets > in.n - *at)
		return fail_format(err, BER_CLAUSE, "cut within a length");
	size_t n = 0;
	for (size_t i = 0; i < octets; i++) {
		if (n > SIZE_MAX >> 8)
			return fail_format(err, BER_CLAUSE, "length beyond the input");
		n = n << 8 | in.p[*at + i];
	}
	*at += octets;
	*ret_n = n;
	return 0;
}

/*
 * Identifier and length at the start of in. On success t lacks only whole and,
 * when indefinite, the end of body.
 */
static int read_header(struct view in, struct tlv *t, struct ltps_error *err)
{
	if (in.n < 2)
		return fail_format(err, BER_CLAUSE, "cut within an element");
	size_t at = 1;
	t->cls = (enum asn1_class)(in.p[0] >> 6);
	t->constructed = (in.p[0] & 0x20) != 0;
	t->number = in.p[0] & 0x1f;
	if (t->number == 31 && read_high_number(in, &at, &t->number, err) != 0)
		return -1;
	if (t->cls == ASN1_UNIVERSAL && t->number == 0)
		return fail_format(err, "X.690 8.1.5", "end-of-contents out of place");
	if (at >= in.n)
		return fail_format(err, BER_CLAUSE, "no length");
	uint8_t first = in.p[at++];
	size_t n = first;
	t->indefinite = first == 0x80;
	if (t->indefinite && !t->constructed)
		return fail_format(err, "X.690 8.1.3.2",
				   "primitive of indefinite length");
	if (first > 0x80 && read_long_length(in, &at, &n, err) != 0)
		return -1;
	if (t->indefinite)
		n = in.n - at;
	if (n > in.n - at)
		return fail_format(err, BER_CLAUSE, "length beyond the input");
	t->body = view_of(in.p + at, n);
	return 0;
}

/*
 * Find the end-of-contents of an element whose contents begin at in. Only
 * nested indefinite lengths are entered; what has a length is stepped over.
 * ret_n: contents octets before the two of end-of-contents.
 */
static int find_end(struct view in, size_t *ret_n, struct ltps_error *err)
{
	struct view rest = in;
	size_t open = 1;
	for (;;) {
		if (rest.n >= 2 && rest.p[0] == 0 && rest.p[1] == 0) {
			rest = view_skip(rest, 2);
			if (--open == 0)
				break;
			continue;
		}
		struct tlv t;
		if (rest.n == 0)
			return fail_format(err, "X.690 8.1.5", "no end-of-contents");
		if (read_header(rest, &t, err) != 0)
			return -1;
		size_t header = (size_t)(t.body.p - rest.p);
		if (!t.indefinite)
			rest = view_skip(rest, header + t.body.n);
		else if (++open <= ASN1_DEPTH_MAX)
			rest = t.body;
		else
			return fail_format(err, BER_CLAUSE, "nested too deep");
	}
	*ret_n = in.n - rest.n - 2;
	return 0;
}

static int read_element(struct view in, struct tlv *t, struct ltps_error *err)
{
	if (read_header(in, t, err) != 0)
		return -1;
	size_t header = (size_t)(t->body.p - in.p);
	if (t->indefinite && find_end(t->body, &t->body.n, err) != 0)
		return -1;
	t->whole = view_of(in.p, header + t->body.n + (t->indefinite ? 2 : 0));
	return 0;
}

int tlv_peek(struct view cursor, struct tlv *ret_t, struct ltps_error *err)
{
	struct tlv t = { 0 };
	if (read_element(cursor, &t, err) != 0)
		return -1;
	*ret_t = t;
	return 0;
}

int tlv_next(struct view *cursor, struct tlv *ret_t, struct ltps_error *err)
{
	if (tlv_peek(*cursor, ret_t, err) != 0)
		return -1;
	*cursor = view_skip(*cursor, ret_t->whole.n);
	return 0;
}

int tlv_only(struct view in, struct tlv *ret_t, struct ltps_error *err)
{
	struct tlv t;
	if (tlv_next(&in, &t, err) != 0 || tlv_end(in, "element", err) != 0)
		return -1;
	*ret_t = t;
	return 0;
}

bool tlv_is(const struct tlv *t, enum asn1_class cls, uint32_t number)
{
	return t->cls == cls && t->number == number;
}

static int fail_expected(const char *what, const char *found, struct ltps_error *err)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, NULL, "%s: %s", what,
			 found);
}

/* X.690 8.2 to 8.5, 8.8 to 8.12, 8.19: types that have one form only. */
static bool form_fits(const struct tlv *t)
{
	if (t->cls != ASN1_UNIVERSAL)
		return true;
	switch (t->number) {
	case ASN1_TAG_BOOLEAN:
	case ASN1_TAG_INTEGER:
	case ASN1_TAG_NULL:
	case ASN1_TAG_OID:
	case ASN1_TAG_ENUMERATED:
		return !t->constructed;
	case ASN1_TAG_SEQUENCE:
	case ASN1_TAG_SET:
		return t->constructed;
	default:
		return true;
	}
}

int tlv_expect(struct view *cursor, enum asn1_class cls, uint32_t number,
	       const char *what, struct tlv *ret_t, struct ltps_error *err)
{
	struct tlv t;
	if (cursor->n == 0)
		return fail_expected(what, "missing", err);
	if (tlv_peek(*cursor, &t, err) != 0)
		return ltps_where(err, "%s", what);
	if (!tlv_is(&t, cls, number))
		return fail_expected(what, "another tag stands here", err);
	if (!form_fits(&t))
		return fail_expected(
		    what, t.constructed ? "constructed value" : "primitive list", err);
	*cursor = view_skip(*cursor, t.whole.n);
	*ret_t = t;
	return 0;
}

int tlv_optional(struct view *cursor, enum asn1_class cls, uint32_t number,
		 struct tlv *ret_t, bool *ret_present, struct ltps_error *err)
{
	struct tlv t;
	bool present = false;
	if (cursor->n > 0) {
		if (tlv_peek(*cursor, &t, err) != 0)
			return -1;
		present = tlv_is(&t, cls, number);
	}
	if (present) {
		*cursor = view_skip(*cursor, t.whole.n);
		*ret_t = t;
	}
	*ret_present = present;
	return 0;
}

int tlv_end(struct view cursor, const char *what, struct ltps_error *err)
{
	if (cursor.n == 0)
		return 0;
	return fail_expected(what, "trailing bytes", err);
}

static int put_segments(const struct tlv *t, unsigned depth, struct buf *out,
			struct ltps_error *err)
{
	if (!t->constructed)
		return buf_put(out, t->body, err);
	if (depth >= ASN1_DEPTH_MAX)
		return fail_format(err, "X.690 8.7.3", "nested too deep");
	struct view rest = t->body;
	while (rest.n > 0) {
		struct tlv part = { 0 };
		if (tlv_expect(&rest, ASN1_UNIVERSAL, ASN1_TAG_OCTET_STRING,
			       "segment of an octet string", &part, err) != 0 ||
		    put_segments(&part, depth + 1, out, err) != 0)
			return -1;
	}
	return 0;
}

int tlv_octets(const struct tlv *t, struct buf *out, struct ltps_error *err)
{
	size_t before = out->n;
	if (put_segments(t, 0, out, err) == 0)
		return 0;
	out->n = before;
	return -1;
}

/* An implicit tag hides the type; a universal one must be it. */
static bool type_may_be(const struct tlv *t, uint32_t a, uint32_t b)
{
	return !t->constructed &&
	       (t->cls != ASN1_UNIVERSAL || t->number == a || t->number == b);
}

int tlv_uint(const struct tlv *t, uint64_t *ret_v, struct ltps_error *err)
{
	const uint8_t *p = t->body.p;
	size_t n = t->body.n;
	if (!type_may_be(t, ASN1_TAG_INTEGER, ASN1_TAG_ENUMERATED))
		return fail_format(err, "X.690 8.3", "not an INTEGER");
	if (n == 0)
		return fail_format(err, "X.690 8.3.1", "INTEGER without octets");
	if (n > 1 && ((p[0] == 0 && p[1] < 0x80) || (p[0] == 0xff && p[1] >= 0x80)))
		return fail_format(err, "X.690 8.3.2",
				   "INTEGER not in its shortest form");
	if (p[0] >= 0x80)
		return fail_format(err, NULL, "negative INTEGER");
	if (n > sizeof(*ret_v))
		return fail_format(err, NULL, "INTEGER beyond 63 bits");
	uint64_t v = 0;
	for (size_t i = 0; i < n; i++)
		v = v << 8 | p[i];
	*ret_v = v;
	return 0;
}

int tlv_boolean(const struct tlv *t, bool *ret_v, struct ltps_error *err)
{
	if (!type_may_be(t, ASN1_TAG_BOOLEAN, ASN1_TAG_BOOLEAN) || t->body.n != 1)
		return fail_format(err, "X.690 8.2", "not a BOOLEAN");
	*ret_v = t->body.p[0] != 0;
	return 0;
}

int tlv_time(const struct tlv *t, int64_t *ret_ms, struct ltps_error *err)
{
	bool utc = tlv_is(t, ASN1_UNIVERSAL, ASN1_TAG_UTC_TIME);
	if (t->constructed ||
	    (!utc && !tlv_is(t, ASN1_UNIVERSAL, ASN1_TAG_GENERALIZED_TIME)))
		return fail_format(err, NULL, "not a time");
	return time_parse_asn1(t->body, utc, ret_ms, err);
}
