/* SPDX-License-Identifier: Apache-2.0 */
/*
 * asn1 - a TLV cursor over original bytes (BER on input, indefinite lengths
 * included), a DER writer, and OIDs as text. Nothing is re-encoded: every
 * element knows the exact bytes it came from.
 */
#ifndef LTPS_BASE_ASN1_H
#define LTPS_BASE_ASN1_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/* Deepest nesting followed for indefinite lengths and DER checks. */
#define ASN1_DEPTH_MAX 64

enum asn1_class {
	ASN1_UNIVERSAL = 0,
	ASN1_APPLICATION = 1,
	ASN1_CONTEXT = 2,
	ASN1_PRIVATE = 3,
};

/* Universal tag numbers that we meet. */
enum asn1_tag {
	ASN1_TAG_BOOLEAN = 1,
	ASN1_TAG_INTEGER = 2,
	ASN1_TAG_BIT_STRING = 3,
	ASN1_TAG_OCTET_STRING = 4,
	ASN1_TAG_NULL = 5,
	ASN1_TAG_OID = 6,
	ASN1_TAG_ENUMERATED = 10,
	ASN1_TAG_UTF8 = 12,
	ASN1_TAG_SEQUENCE = 16,
	ASN1_TAG_SET = 17,
	ASN1_TAG_IA5 = 22,
	ASN1_TAG_UTC_TIME = 23,
	ASN1_TAG_GENERALIZED_TIME = 24,
};

struct tlv {
	enum asn1_class cls;
	bool constructed;
	bool indefinite;
	uint32_t number;
	struct view whole; /* tag, length, contents and end-of-contents */
	struct view body;  /* contents without end-of-contents */
};

/*
 * tlv_next - read one element and advance the cursor behind it.
 * Lengths are checked against the cursor; indefinite lengths are resolved by
 * walking the nested elements (at most ASN1_DEPTH_MAX deep, linear time).
 * Fails: FORMAT (object)
 * Spec:  X.690 8.1
 */
int tlv_next(struct view *cursor, struct tlv *ret_t,
	     struct ltps_error *err) LTPS_CHECKED;
/* The same without advancing. */
int tlv_peek(struct view cursor, struct tlv *ret_t,
	     struct ltps_error *err) LTPS_CHECKED;
/* The whole input is exactly one element. Fails: FORMAT on trailing bytes. */
int tlv_only(struct view in, struct tlv *ret_t, struct ltps_error *err) LTPS_CHECKED;
/*
 * tlv_expect - tlv_next that insists on class and number; `what` names the
 * field for the error text.
 */
int tlv_expect(struct view *cursor, enum asn1_class cls, uint32_t number,
	       const char *what, struct tlv *ret_t,
	       struct ltps_error *err) LTPS_CHECKED;
/*
 * tlv_optional - when the next element has this class and number, read it and
 * set *ret_present; otherwise leave the cursor. An empty cursor is absent.
 */
int tlv_optional(struct view *cursor, enum asn1_class cls, uint32_t number,
		 struct tlv *ret_t, bool *ret_present,
		 struct ltps_error *err) LTPS_CHECKED;
bool tlv_is(const struct tlv *t, enum asn1_class cls, uint32_t number);
/* No bytes may be left. Fails: FORMAT (object) naming `what`. */
int tlv_end(struct view cursor, const char *what, struct ltps_error *err) LTPS_CHECKED;
/* Octets of a primitive or constructed (BER) OCTET STRING, whatever its tag. */
int tlv_octets(const struct tlv *t, struct buf *out,
	       struct ltps_error *err) LTPS_CHECKED;
/* Non-negative INTEGER or ENUMERATED of at most 63 bits. */
int tlv_uint(const struct tlv *t, uint64_t *ret_v, struct ltps_error *err) LTPS_CHECKED;
int tlv_boolean(const struct tlv *t, bool *ret_v, struct ltps_error *err) LTPS_CHECKED;
/* UTCTime or GeneralizedTime by its universal tag, in ms. */
int tlv_time(const struct tlv *t, int64_t *ret_ms, struct ltps_error *err) LTPS_CHECKED;

/*
 * der_check - the bytes are one DER element throughout: definite shortest
 * lengths, low-tag forms where possible, no constructed strings, sorted SETs.
 * Fails: FORMAT (object) with the offset in `where`
 * Spec:  X.690 10, 11
 */
int der_check(struct view in, struct ltps_error *err) LTPS_CHECKED;

/* OID contents octets to dotted text ("" when malformed or too long). */
#define OID_TEXT_MAX 128
void oid_text(struct view oid_body, char out[OID_TEXT_MAX]);
/* Dotted text to a whole OBJECT IDENTIFIER element appended to out. */
int der_put_oid(struct buf *out, const char *dotted,
		struct ltps_error *err) LTPS_CHECKED;
/* Whether contents octets are this dotted OID. */
bool oid_is(struct view oid_body, const char *dotted);

/* Identifier octet for low tag numbers (below 31). */
#define DER_ID(cls, constructed, number)                                               \
	((uint8_t)(((cls) << 6) | ((constructed) ? 0x20 : 0) | (number)))
#define DER_SEQUENCE 0x30
#define DER_SET 0x31
/* One element: identifier octet, shortest length, contents. */
int der_put(struct buf *out, uint8_t id, struct view body,
	    struct ltps_error *err) LTPS_CHECKED;
/* Identifier and length only, for contents of n bytes that follow. */
int der_put_header(struct buf *out, uint8_t id, size_t n,
		   struct ltps_error *err) LTPS_CHECKED;
/* Octets that der_put_header needs for contents of n bytes. */
size_t der_header_len(size_t n);
int der_put_uint(struct buf *out, uint64_t v, struct ltps_error *err) LTPS_CHECKED;
int der_put_boolean(struct buf *out, bool v, struct ltps_error *err) LTPS_CHECKED;
int der_put_null(struct buf *out, struct ltps_error *err) LTPS_CHECKED;
/* GeneralizedTime. */
int der_put_time(struct buf *out, int64_t t_ms, struct ltps_error *err) LTPS_CHECKED;
/* Members sorted as DER SET OF (X.690 11.6), under this identifier octet. */
int der_put_set_of(struct buf *out, uint8_t id, const struct view *members, size_t n,
		   struct ltps_error *err) LTPS_CHECKED;

#endif
