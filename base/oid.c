/* SPDX-License-Identifier: Apache-2.0 */
/*
 * oid - OBJECT IDENTIFIERs between octets and dotted text. Arcs go up to 128
 * bits, so that UUID-based ones (2.25, X.667) have a text; longer arcs have
 * none.
 */
#include <string.h>

#include "base/asn1.h"

typedef unsigned __int128 arc_t;

#define ARC_MAX (~(arc_t)0)
/* Dotted text is at most this long, and each octet needs a character. */
#define OID_BODY_MAX OID_TEXT_MAX
/* Decimal digits of 2^128. */
#define ARC_DIGITS_MAX 39

/* One subidentifier (X.690 8.19.2); returns the octets read, 0 if malformed. */
static size_t read_arc(struct view v, arc_t *ret_arc)
{
	arc_t arc = 0;
	if (v.n == 0 || v.p[0] == 0x80)
		return 0;
	for (size_t i = 0; i < v.n; i++) {
		if (arc > ARC_MAX >> 7)
			return 0;
		arc = arc << 7 | (v.p[i] & 0x7f);
		if ((v.p[i] & 0x80) == 0) {
			*ret_arc = arc;
			return i + 1;
		}
	}
	return 0;
}

/* Appends the arc with a dot before it, if it fits with a NUL behind. */
static bool put_arc_text(char *out, size_t *n, arc_t arc)
{
	char digits[ARC_DIGITS_MAX];
	size_t k = 0;
	do {
		digits[k++] = (char)('0' + (int)(arc % 10));
		arc /= 10;
	} while (arc != 0);
	if (*n + 1 + k + 1 > OID_TEXT_MAX)
		return false;
	if (*n > 0)
		out[(*n)++] = '.';
	while (k > 0)
		out[(*n)++] = digits[--k];
	return true;
}

/* The first subidentifier holds the two first arcs (X.690 8.19.4). */
static bool put_first_arcs(char *out, size_t *n, arc_t sub)
{
	arc_t root = sub < 40 ? 0 : sub < 80 ? 1 : 2;
	return put_arc_text(out, n, root) && put_arc_text(out, n, sub - root * 40);
}

static bool body_to_text(struct view v, char *out)
{
	size_t n = 0;
	arc_t arc = 0;
	size_t k = read_arc(v, &arc);
	if (k == 0 || !put_first_arcs(out, &n, arc))
		return false;
	for (v = view_skip(v, k); v.n > 0; v = view_skip(v, k)) {
		k = read_arc(v, &arc);
		if (k == 0 || !put_arc_text(out, &n, arc))
			return false;
	}
	out[n] = '\0';
	return true;
}

void oid_text(struct view oid_body, char out[OID_TEXT_MAX])
{
	if (!body_to_text(oid_body, out))
		out[0] = '\0';
}

/* Decimal digits that are no more than 64 bits: nearly all arcs, and dividing 128 is
 * slow. */
#define ARC_DIGITS_QUICK 19

/* Decimal number without leading zeros; advances *s behind it. */
static bool parse_arc(const char **s, arc_t *ret_arc)
{
	const char *p = *s;
	uint64_t quick = 0;
	if (*p < '0' || *p > '9' || (p[0] == '0' && p[1] >= '0' && p[1] <= '9'))
		return false;
	for (; *p >= '0' && *p <= '9' && p - *s < ARC_DIGITS_QUICK; p++)
		quick = quick * 10 + (uint64_t)(*p - '0');
	arc_t arc = quick;
	for (; *p >= '0' && *p <= '9'; p++) {
		unsigned digit = (unsigned)(*p - '0');
		if (arc > (ARC_MAX - digit) / 10)
			return false;
		arc = arc * 10 + digit;
	}
	*s = p;
	*ret_arc = arc;
	return true;
}

static bool put_arc(uint8_t *out, size_t *n, arc_t arc)
{
	unsigned octets = 1;
	if (arc < 0x80 && *n < OID_BODY_MAX) {
		out[(*n)++] = (uint8_t)arc;
		return true;
	}
	for (arc_t rest = arc >> 7; rest != 0; rest >>= 7)
		octets++;
	if (*n + octets > OID_BODY_MAX)
		return false;
	while (octets-- > 0)
		out[(*n)++] =
		    (uint8_t)((arc >> (7 * octets) & 0x7f) | (octets > 0 ? 0x80 : 0));
	return true;
}

/* Contents octets of dotted text; 0 when it is no OID. */
static size_t text_to_body(const char *s, uint8_t out[OID_BODY_MAX])
{
	arc_t root, arc;
	size_t n = 0;
	if (!parse_arc(&s, &root) || *s++ != '.' || !parse_arc(&s, &arc))
		return 0;
	if (root > 2 || (root < 2 && arc > 39) || arc > ARC_MAX - 80)
		return 0;
	if (!put_arc(out, &n, root * 40 + arc))
		return 0;
	while (*s == '.') {
		s++;
		if (!parse_arc(&s, &arc) || !put_arc(out, &n, arc))
			return 0;
	}
	return *s == '\0' ? n : 0;
}

int der_put_oid(struct buf *out, const char *dotted, struct ltps_error *err)
{
	uint8_t body[OID_BODY_MAX];
	size_t n = text_to_body(dotted, body);
	if (n == 0)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, "X.690 8.19",
				 "not a dotted object identifier: %.64s", dotted);
	return der_put(out, ASN1_TAG_OID, view_of(body, n), err);
}

/* The last octet holds the low seven bits of the last arc (of more than two, X.690
 * 8.19.4): most differ there already, which saves parsing the text. */
static bool ends_alike(struct view body, const char *dotted)
{
	unsigned low = 0, weight = 1;
	size_t i = strlen(dotted);
	while (i > 0 && dotted[i - 1] >= '0' && dotted[i - 1] <= '9') {
		low += (unsigned)(dotted[--i] - '0') * weight;
		weight = weight * 10 & 0x7f;
	}
	if (i == 0 || dotted[i - 1] != '.' || body.n == 0)
		return false;
	/* The first arc is of one digit. */
	return i <= 2 || body.p[body.n - 1] == (low & 0x7f);
}

bool oid_is(struct view oid_body, const char *dotted)
{
	uint8_t body[OID_BODY_MAX];
	if (!ends_alike(oid_body, dotted))
		return false;
	size_t n = text_to_body(dotted, body);
	return n > 0 && n == oid_body.n && memcmp(body, oid_body.p, n) == 0;
}
