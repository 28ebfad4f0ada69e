/* SPDX-License-Identifier: Apache-2.0 */
/* der - the writing half of asn1.h, and the check that bytes are DER. */
#include <stdlib.h>
#include <string.h>

#include "base/asn1.h"
#include "base/clock.h"
#include "base/mem.h"

/* Universal types that are met only here. */
#define TAG_EXTERNAL 8
#define TAG_EMBEDDED_PDV 11
#define TAG_CHARACTER_STRING 29

/* ---- writing ---- */

static size_t length_octets(size_t n)
{
	size_t octets = 0;
	for (; n > 0; n >>= 8)
		octets++;
	return octets;
}

size_t der_header_len(size_t n)
{
	return n < 0x80 ? 2 : 2 + length_octets(n);
}

int der_put_header(struct buf *out, uint8_t id, size_t n, struct ltps_error *err)
{
	uint8_t h[2 + sizeof(size_t)];
	size_t len = der_header_len(n);
	h[0] = id;
	h[1] = (uint8_t)(n < 0x80 ? n : 0x80 | (len - 2));
	for (size_t i = len; i > 2; i--, n >>= 8)
		h[i - 1] = (uint8_t)n;
	return buf_put(out, view_of(h, len), err);
}

int der_put(struct buf *out, uint8_t id, struct view body, struct ltps_error *err)
{
	size_t header = der_header_len(body.n);
	if (body.n > SIZE_MAX - header)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, NULL,
				 "element too long");
	/* Reserved as a whole, so that a failure leaves nothing behind. */
	if (buf_reserve(out, header + body.n, err) != 0 ||
	    der_put_header(out, id, body.n, err) != 0)
		return -1;
	return buf_put(out, body, err);
}

int der_put_uint(struct buf *out, uint64_t v, struct ltps_error *err)
{
	uint8_t body[1 + sizeof(v)] = { 0 };
	size_t at = sizeof(body);
	do {
		body[--at] = (uint8_t)v;
		v >>= 8;
	} while (v != 0);
	if (body[at] >= 0x80)
		at--; /* a zero octet keeps it positive */
	return der_put(out, ASN1_TAG_INTEGER, view_of(body + at, sizeof(body) - at),
		       err);
}

int der_put_boolean(struct buf *out, bool v, struct ltps_error *err)
{
	uint8_t c = v ? 0xff : 0; /* X.690 11.1 */
	return der_put(out, ASN1_TAG_BOOLEAN, view_of(&c, 1), err);
}

int der_put_null(struct buf *out, struct ltps_error *err)
{
	return der_put(out, ASN1_TAG_NULL, VIEW_NULL, err);
}

int der_put_time(struct buf *out, int64_t t_ms, struct ltps_error *err)
{
	char text[TIME_TEXT_MAX];
	int64_t back;
	time_generalized(t_ms, text);
	/* Only years 0000 to 9999 have a GeneralizedTime. */
	struct ltps_error unread = LTPS_ERROR_INIT;
	if (time_parse_asn1(view_text(text), false, &back, &unread) != 0)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, "X.680 46",
				 "time outside of the years 0000 to 9999");
	return der_put(out, ASN1_TAG_GENERALIZED_TIME, view_text(text), err);
}

static int compare_members(const void *a, const void *b)
{
	return view_compare(*(const struct view *)a, *(const struct view *)b);
}

int der_put_set_of(struct buf *out, uint8_t id, const struct view *members, size_t n,
		   struct ltps_error *err)
{
	size_t total = 0, whole;
	bool wraps = false;
	for (size_t i = 0; i < n; i++)
		wraps |= __builtin_add_overflow(total, members[i].n, &total);
	if (wraps || __builtin_add_overflow(total, der_header_len(total), &whole))
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_SELF, NULL,
				 "element too long");
	struct view *sorted = mem_zalloc(n, sizeof(*sorted));
	if (sorted == NULL)
		return ltps_fail_nomem(err);
	int rc = -1;
	if (n > 0)
		memcpy(sorted, members, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare_members);
	if (buf_reserve(out, whole, err) != 0 ||
	    der_put_header(out, id, total, err) != 0)
		goto out;
	for (size_t i = 0; i < n; i++)
		if (buf_put(out, sorted[i], err) != 0)
			goto out;
	rc = 0;
out:
	mem_free(sorted);
	return rc;
}

/* ---- checking ---- */

/* A constructed element whose members are being checked. */
struct level {
	struct view rest;
	bool set;
	bool any;       /* prev is set */
	bool by_octets; /* so far in the order of SET OF (11.6) */
	bool by_tag;    /* so far in the order of SET (10.3) */
	struct tlv prev;
};

static int fail_der(struct ltps_error *err, const char *clause, const char *what)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, clause, "not DER: %s",
			 what);
}

/* Definite, and in the fewest octets (X.690 10.1). */
static int check_length(const struct tlv *t, struct ltps_error *err)
{
	size_t tag = 1;
	if ((t->whole.p[0] & 0x1f) == 0x1f)
		for (uint32_t v = t->number; v > 0; v >>= 7)
			tag++;
	if (t->indefinite)
		return fail_der(err, "X.690 10.1", "indefinite length");
	if ((size_t)(t->body.p - t->whole.p) != tag - 1 + der_header_len(t->body.n))
		return fail_der(err, "X.690 10.1", "length not in its shortest form");
	return 0;
}

static bool is_always_constructed(uint32_t number)
{
	return number == ASN1_TAG_SEQUENCE || number == ASN1_TAG_SET ||
	       number == TAG_EXTERNAL || number == TAG_EMBEDDED_PDV ||
	       number == TAG_CHARACTER_STRING;
}

static int check_integer(struct view v, struct ltps_error *err)
{
	if (v.n == 0)
		return fail_der(err, "X.690 8.3.1", "INTEGER without octets");
	if (v.n > 1 &&
	    ((v.p[0] == 0 && v.p[1] < 0x80) || (v.p[0] == 0xff && v.p[1] >= 0x80)))
		return fail_der(err, "X.690 8.3.2", "INTEGER not in its shortest form");
	return 0;
}

static int check_bit_string(struct view v, struct ltps_error *err)
{
	if (v.n == 0 || v.p[0] > 7 || (v.n == 1 && v.p[0] != 0))
		return fail_der(err, "X.690 8.6.2",
				"BIT STRING with wrong unused bits");
	if ((v.p[v.n - 1] & ((1u << v.p[0]) - 1)) != 0 && v.n > 1)
		return fail_der(err, "X.690 11.2.1", "unused bits are not zero");
	return 0;
}

static int check_oid(struct view v, struct ltps_error *err)
{
	bool start = true;
	for (size_t i = 0; i < v.n; i++) {
		if (start && v.p[i] == 0x80)
			return fail_der(err, "X.690 8.19.2", "arc with leading zeros");
		start = (v.p[i] & 0x80) == 0;
	}
	if (v.n == 0 || !start)
		return fail_der(err, "X.690 8.19", "cut OBJECT IDENTIFIER");
	return 0;
}

static int check_primitive(const struct tlv *t, struct ltps_error *err)
{
	struct view v = t->body;
	int64_t unused;
	switch (t->number) {
	case ASN1_TAG_BOOLEAN:
		if (v.n != 1 || (v.p[0] != 0 && v.p[0] != 0xff))
			return fail_der(err, "X.690 11.1", "BOOLEAN is not 00 or FF");
		return 0;
	case ASN1_TAG_INTEGER:
	case ASN1_TAG_ENUMERATED:
		return check_integer(v, err);
	case ASN1_TAG_BIT_STRING:
		return check_bit_string(v, err);
	case ASN1_TAG_NULL:
		return v.n == 0 ? 0
				: fail_der(err, "X.690 8.8.2", "NULL with contents");
	case ASN1_TAG_OID:
		return check_oid(v, err);
	case ASN1_TAG_UTC_TIME:
	case ASN1_TAG_GENERALIZED_TIME:
		return time_parse_asn1(v, t->number == ASN1_TAG_UTC_TIME, &unused, err);
	default:
		return 0;
	}
}

static int check_element(const struct tlv *t, struct ltps_error *err)
{
	if (check_length(t, err) != 0)
		return -1;
	if (t->cls != ASN1_UNIVERSAL)
		return 0;
	if (t->constructed != is_always_constructed(t->number))
		return fail_der(err, "X.690 10.2",
				t->constructed ? "constructed string"
					       : "primitive SEQUENCE or SET");
	return t->constructed ? 0 : check_primitive(t, err);
}

/*
 * The tag of SET and of SET OF is the same, so one of the two orders must
 * hold for the whole list.
 */
static int check_order(struct level *l, const struct tlv *t, struct ltps_error *err)
{
	if (l->set && l->any) {
		bool later = l->prev.cls != t->cls ? l->prev.cls < t->cls
						   : l->prev.number < t->number;
		l->by_tag = l->by_tag && later;
		l->by_octets =
		    l->by_octets && view_compare(l->prev.whole, t->whole) <= 0;
		if (!l->by_tag && !l->by_octets)
			return fail_der(err, "X.690 11.6", "SET is not sorted");
	}
	l->prev = *t;
	l->any = true;
	return 0;
}

static struct level level_of(struct view body, bool set)
{
	return (struct level){
		.rest = body, .set = set, .by_octets = true, .by_tag = true
	};
}

/* The element at the cursor and all within it; at is left at a failure. */
static int check_all(struct view in, const uint8_t **at, struct ltps_error *err)
{
	struct level stack[ASN1_DEPTH_MAX + 1];
	size_t depth = 0;
	stack[0] = level_of(in, false);
	for (;;) {
		struct level *l = &stack[depth];
		if (l->rest.n == 0) {
			if (depth-- == 0)
				return 0;
			continue;
		}
		struct tlv t;
		*at = l->rest.p;
		if (tlv_next(&l->rest, &t, err) != 0 || check_element(&t, err) != 0 ||
		    check_order(l, &t, err) != 0)
			return -1;
		if (!t.constructed)
			continue;
		if (depth == ASN1_DEPTH_MAX)
			return fail_der(err, "X.690 8.1", "nested too deep");
		stack[++depth] =
		    level_of(t.body, tlv_is(&t, ASN1_UNIVERSAL, ASN1_TAG_SET));
	}
}

int der_check(struct view in, struct ltps_error *err)
{
	struct tlv t;
	const uint8_t *at = in.p;
	if (tlv_only(in, &t, err) != 0 || check_all(in, &at, err) != 0)
		return ltps_where(err, "offset %zu",
				  at != NULL ? (size_t)(at - in.p) : 0);
	return 0;
}
