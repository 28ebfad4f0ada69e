/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fields - the pieces that certificates, CRLs and OCSP responses are made of.
 * Stricter than the cursor of base/asn1.h: an element has exactly the expected
 * identifier octet and a definite length (RFC 5280 4.1: DER). Lengths that are
 * not the shortest and an encoded DEFAULT are tolerated, since old certification
 * authorities wrote them and the signed bytes are taken as they are.
 */
#ifndef LTPS_VALIDATION_FIELDS_H
#define LTPS_VALIDATION_FIELDS_H

#include "base/asn1.h"
#include "base/bytes.h"
#include "base/err.h"

#define FIELD_INTEGER DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_INTEGER)
#define FIELD_BOOLEAN DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_BOOLEAN)
#define FIELD_BITS DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_BIT_STRING)
#define FIELD_OCTETS DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_OCTET_STRING)
#define FIELD_NULL DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_NULL)
#define FIELD_OID DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_OID)
#define FIELD_ENUMERATED DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_ENUMERATED)
#define FIELD_UTC_TIME DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_UTC_TIME)
#define FIELD_GENERALIZED_TIME DER_ID(ASN1_UNIVERSAL, 0, ASN1_TAG_GENERALIZED_TIME)
#define FIELD_CONTEXT(n) DER_ID(ASN1_CONTEXT, 0, (n))
#define FIELD_CONTEXT_CONSTRUCTED(n) DER_ID(ASN1_CONTEXT, 1, (n))

/* Contents octets of an OBJECT IDENTIFIER, written as a string of octets. */
#define OID_VIEW(octets)                                                               \
	{                                                                              \
		(const uint8_t *)(octets), sizeof(octets) - 1                          \
	}

/* All fail with FORMAT (object) only. */

/* The next element, which must begin with this identifier octet. */
int field_next(struct view *cursor, uint8_t id, const char *what, struct tlv *ret,
	       struct ltps_error *err) LTPS_CHECKED;
/* The same when it begins so; otherwise the cursor stays and ret->whole is empty. */
int field_optional(struct view *cursor, uint8_t id, const char *what, struct tlv *ret,
		   struct ltps_error *err) LTPS_CHECKED;
/* The whole input is one such element; its contents. */
int field_only(struct view in, uint8_t id, const char *what, struct view *ret_body,
	       struct ltps_error *err) LTPS_CHECKED;
/* OBJECT IDENTIFIER with well-formed contents. */
int field_oid(struct view *cursor, const char *what, struct view *ret_body,
	      struct ltps_error *err) LTPS_CHECKED;
/* Whether contents octets are those of an OBJECT IDENTIFIER, X.690 8.19. */
bool field_is_oid(struct view body);
/* INTEGER of any sign and size; its contents. */
int field_integer(struct view *cursor, const char *what, struct view *ret_body,
		  struct ltps_error *err) LTPS_CHECKED;
/* AlgorithmIdentifier: OBJECT IDENTIFIER and at most one element; whole TLV. */
int field_algorithm(struct view *cursor, const char *what, struct view *ret_whole,
		    struct ltps_error *err) LTPS_CHECKED;
/* BIT STRING of whole octets. */
int field_bit_octets(struct view *cursor, const char *what, struct view *ret_octets,
		     struct ltps_error *err) LTPS_CHECKED;
/* BIT STRING of a signature. One that is not of whole octets is no signature, but it
 * is the judge who is to say so: it is then given with its count of unused bits, as
 * which it verifies with no algorithm. */
int field_signature(struct view *cursor, const char *what, struct view *ret_octets,
		    struct ltps_error *err) LTPS_CHECKED;
/* UTCTime or GeneralizedTime. */
int field_time(struct view *cursor, const char *what, int64_t *ret_ms,
	       struct ltps_error *err) LTPS_CHECKED;
int field_generalized_time(struct view *cursor, const char *what, int64_t *ret_ms,
			   struct ltps_error *err) LTPS_CHECKED;
/* Named bits of BIT STRING contents: bit n of the string is 1 << n; bits from 16
 * on are dropped. */
int field_flags(struct view bit_string_body, uint16_t *ret,
		struct ltps_error *err) LTPS_CHECKED;
/* BOOLEAN DEFAULT FALSE under this identifier octet. */
int field_boolean_default_false(struct view *cursor, uint8_t id, bool *ret,
				struct ltps_error *err) LTPS_CHECKED;
/* Contents of GeneralNames: at least one, each decodes. */
int field_general_names(struct view list, struct ltps_error *err) LTPS_CHECKED;
/* INTEGER contents as a number: without what only lengthens it. */
struct view field_shortest_integer(struct view body);

/* -1, with this clause for an error of the object that names none. */
int field_fail_clause(struct ltps_error *err, const char *clause);

struct extension {
	struct view oid;
	bool critical;
	struct view value; /* contents of extnValue */
};
/* The Extensions inside an EXPLICIT tag: contents of the SEQUENCE, not empty. */
int field_extensions(struct view tagged, struct view *ret_list,
		     struct ltps_error *err) LTPS_CHECKED;
/* RFC 5280 4.1: Extension. */
int extension_next(struct view *cursor, struct extension *ret,
		   struct ltps_error *err) LTPS_CHECKED;

#endif
