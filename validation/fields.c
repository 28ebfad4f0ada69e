/* SPDX-License-Identifier: Apache-2.0 */
/* fields - shared pieces of certificates, CRLs and OCSP responses. */
#include "validation/fields.h"

#include <stdio.h>
#include <string.h>

#include "validation/name.h"

static int fail(struct ltps_error *err, const char *what, const char *why)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, NULL, "%s: %s", what,
			 why);
}

/* Puts the field before what the cursor said; the place is the caller's to name. */
static int in_field(struct ltps_error *err, const char *what)
{
	char text[sizeof(err->text)];
	memcpy(text, err->text, sizeof(text));
	snprintf(err->text, sizeof(err->text), "%.48s: %.200s", what, text);
	return -1;
}

/*
 * The length octets of almost every element, by hand: lists hold millions of them.
 * False for anything unusual, which the general cursor then judges.
 */
static bool next_quickly(struct view *cursor, struct tlv *ret)
{
	const uint8_t *p = cursor->p;
	size_t header = 2, n;
	if (cursor->n < 4 || (p[0] & 0x1f) == 0x1f)
		return false;
	n = p[1];
	if (n == 0x81) {
		header = 3;
		n = p[2];
	} else if (n == 0x82) {
		header = 4;
		n = (size_t)p[2] << 8 | p[3];
	} else if (n >= 0x80) {
		return false;
	}
	if (n > cursor->n - header)
		return false;
	*ret = (struct tlv){ .cls = (enum asn1_class)(p[0] >> 6),
			     .constructed = (p[0] & 0x20) != 0,
			     .number = p[0] & 0x1f,
			     .whole = view_of(p, header + n),
			     .body = view_of(p + header, n) };
	*cursor = view_of(p + header + n, cursor->n - header - n);
	return true;
}

int field_next(struct view *cursor, uint8_t id, const char *what, struct tlv *ret,
	       struct ltps_error *err)
{
	if (cursor->n == 0)
		return fail(err, what, "missing");
	if (cursor->p[0] != id)
		return fail(err, what, "another type stands here");
	if (next_quickly(cursor, ret))
		return 0;
	if (tlv_next(cursor, ret, err) != 0)
		return in_field(err, what);
	if (ret->indefinite)
		return fail(err, what, "indefinite length");
	return 0;
}

int field_optional(struct view *cursor, uint8_t id, const char *what, struct tlv *ret,
		   struct ltps_error *err)
{
	if (cursor->n > 0 && cursor->p[0] == id)
		return field_next(cursor, id, what, ret, err);
	*ret = (struct tlv){ .whole = VIEW_NULL };
	return 0;
}

int field_only(struct view in, uint8_t id, const char *what, struct view *ret_body,
	       struct ltps_error *err)
{
	struct tlv t;
	if (field_next(&in, id, what, &t, err) != 0 || tlv_end(in, what, err) != 0)
		return -1;
	*ret_body = t.body;
	return 0;
}

/* Each subidentifier in its shortest form, the last one complete. */
bool field_is_oid(struct view body)
{
	bool at_start = true;
	for (size_t i = 0; i < body.n; i++) {
		if (at_start && body.p[i] == 0x80)
			return false;
		at_start = (body.p[i] & 0x80) == 0;
	}
	return body.n > 0 && at_start;
}

int field_oid(struct view *cursor, const char *what, struct view *ret_body,
	      struct ltps_error *err)
{
	struct tlv t;
	if (field_next(cursor, FIELD_OID, what, &t, err) != 0)
		return -1;
	if (!field_is_oid(t.body))
		return fail(err, what, "malformed object identifier");
	*ret_body = t.body;
	return 0;
}

int field_integer(struct view *cursor, const char *what, struct view *ret_body,
		  struct ltps_error *err)
{
	struct tlv t;
	if (field_next(cursor, FIELD_INTEGER, what, &t, err) != 0)
		return -1;
	if (t.body.n == 0)
		return fail(err, what, "INTEGER without octets");
	*ret_body = t.body;
	return 0;
}

int field_algorithm(struct view *cursor, const char *what, struct view *ret_whole,
		    struct ltps_error *err)
{
	struct tlv outer, parameters;
	struct view oid;
	if (field_next(cursor, DER_SEQUENCE, what, &outer, err) != 0)
		return -1;
	struct view body = outer.body;
	if (field_oid(&body, what, &oid, err) != 0 ||
	    (body.n > 0 && tlv_next(&body, &parameters, err) != 0) ||
	    tlv_end(body, what, err) != 0)
		return -1;
	*ret_whole = outer.whole;
	return 0;
}

int field_bit_octets(struct view *cursor, const char *what, struct view *ret_octets,
		     struct ltps_error *err)
{
	struct tlv t;
	if (field_next(cursor, FIELD_BITS, what, &t, err) != 0)
		return -1;
	if (t.body.n == 0 || t.body.p[0] != 0)
		return fail(err, what, "not whole octets");
	*ret_octets = view_skip(t.body, 1);
	return 0;
}

int field_signature(struct view *cursor, const char *what, struct view *ret_octets,
		    struct ltps_error *err)
{
	struct tlv t;
	if (field_next(cursor, FIELD_BITS, what, &t, err) != 0)
		return -1;
	if (t.body.n == 0 || t.body.p[0] > 7)
		return fail(err, what, "malformed BIT STRING");
	*ret_octets = t.body.p[0] == 0 ? view_skip(t.body, 1) : t.body;
	return 0;
}

int field_time(struct view *cursor, const char *what, int64_t *ret_ms,
	       struct ltps_error *err)
{
	struct tlv t;
	bool utc = cursor->n > 0 && cursor->p[0] == FIELD_UTC_TIME;
	if (field_next(cursor, utc ? FIELD_UTC_TIME : FIELD_GENERALIZED_TIME, what, &t,
		       err) != 0)
		return -1;
	return tlv_time(&t, ret_ms, err) == 0 ? 0 : in_field(err, what);
}

int field_generalized_time(struct view *cursor, const char *what, int64_t *ret_ms,
			   struct ltps_error *err)
{
	struct tlv t;
	if (field_next(cursor, FIELD_GENERALIZED_TIME, what, &t, err) != 0)
		return -1;
	return tlv_time(&t, ret_ms, err) == 0 ? 0 : in_field(err, what);
}

int field_flags(struct view bit_string_body, uint16_t *ret, struct ltps_error *err)
{
	struct view b = bit_string_body;
	if (b.n == 0 || b.p[0] > 7 || (b.n == 1 && b.p[0] != 0))
		return fail(err, "BIT STRING", "impossible number of unused bits");
	size_t bits = (b.n - 1) * 8 - b.p[0];
	uint16_t flags = 0;
	for (size_t i = 0; i < bits && i < 16; i++) {
		if ((b.p[1 + i / 8] & (0x80 >> (i % 8))) != 0)
			flags |= (uint16_t)(1U << i);
	}
	*ret = flags;
	return 0;
}

int field_boolean_default_false(struct view *cursor, uint8_t id, bool *ret,
				struct ltps_error *err)
{
	struct tlv t;
	if (field_optional(cursor, id, "BOOLEAN", &t, err) != 0)
		return -1;
	if (t.whole.n == 0) {
		*ret = false;
		return 0;
	}
	return tlv_boolean(&t, ret, err);
}

int field_general_names(struct view list, struct ltps_error *err)
{
	struct general_name g;
	if (list.n == 0)
		return fail(err, "GeneralNames", "empty");
	for (size_t n = 0; list.n > 0; n++) {
		if (n >= GENERAL_NAMES_MAX)
			return fail(err, "GeneralNames", "too many");
		if (general_name_next(&list, &g, err) != 0)
			return -1;
	}
	return 0;
}

struct view field_shortest_integer(struct view body)
{
	while (body.n > 1 && ((body.p[0] == 0 && body.p[1] < 0x80) ||
			      (body.p[0] == 0xff && body.p[1] >= 0x80)))
		body = view_skip(body, 1);
	return body;
}

int field_extensions(struct view tagged, struct view *ret_list, struct ltps_error *err)
{
	struct view list;
	if (field_only(tagged, DER_SEQUENCE, "Extensions", &list, err) != 0)
		return -1;
	if (list.n == 0)
		return fail(err, "Extensions", "empty");
	*ret_list = list;
	return 0;
}

int extension_next(struct view *cursor, struct extension *ret, struct ltps_error *err)
{
	struct tlv outer, value;
	struct extension e;
	if (field_next(cursor, DER_SEQUENCE, "Extension", &outer, err) != 0)
		return -1;
	struct view body = outer.body;
	if (field_oid(&body, "extnID", &e.oid, err) != 0 ||
	    field_boolean_default_false(&body, FIELD_BOOLEAN, &e.critical, err) != 0 ||
	    field_next(&body, FIELD_OCTETS, "extnValue", &value, err) != 0 ||
	    tlv_end(body, "Extension", err) != 0)
		return -1;
	e.value = value.body;
	*ret = e;
	return 0;
}

int field_fail_clause(struct ltps_error *err, const char *clause)
{
	if (err->fault == LTPS_FAULT_OBJECT && err->clause == NULL)
		err->clause = clause;
	return -1;
}
