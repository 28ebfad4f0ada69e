/* SPDX-License-Identifier: Apache-2.0 */
/* general_name - GeneralName, RFC 5280 4.2.1.6. */
#include <string.h>
#include <strings.h>

#include "validation/fields.h"
#include "validation/name.h"

static int fail(struct ltps_error *err, const char *why)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, "RFC 5280 4.2.1.6",
			 "GeneralName: %s", why);
}

/* AnotherName: type-id and [0] EXPLICIT value. */
static int check_other(struct view body, struct ltps_error *err)
{
	struct view oid;
	struct tlv tagged, value;
	if (field_oid(&body, "type-id", &oid, err) != 0 ||
	    field_next(&body, FIELD_CONTEXT_CONSTRUCTED(0), "otherName", &tagged,
		       err) != 0 ||
	    tlv_end(body, "otherName", err) != 0)
		return -1;
	return tlv_only(tagged.body, &value, err);
}

static int check_ia5(struct view body, struct ltps_error *err)
{
	for (size_t i = 0; i < body.n; i++) {
		if (body.p[i] >= 0x80)
			return fail(err, "not an IA5String");
	}
	return 0;
}

/* ORAddress and EDIPartyName are never looked at: elements, one after another. */
static int check_elements(struct view body, struct ltps_error *err)
{
	struct tlv t;
	while (body.n > 0) {
		if (tlv_next(&body, &t, err) != 0)
			return -1;
	}
	return 0;
}

static int check_value(const struct general_name *g, struct ltps_error *err)
{
	switch (g->kind) {
	case GENERAL_NAME_OTHER:
		return check_other(g->value, err);
	case GENERAL_NAME_EMAIL:
	case GENERAL_NAME_DNS:
	case GENERAL_NAME_URI:
		return check_ia5(g->value, err);
	case GENERAL_NAME_X400:
	case GENERAL_NAME_EDI:
		return check_elements(g->value, err);
	case GENERAL_NAME_DIRECTORY:
		return name_check(g->value, err);
	case GENERAL_NAME_IP:
		return 0; /* an address or a range, as the place has it */
	case GENERAL_NAME_RID:
		return field_is_oid(g->value) ? 0 : fail(err, "malformed registeredID");
	}
	return fail(err, "unknown kind");
}

int general_name_next(struct view *cursor, struct general_name *ret_g,
		      struct ltps_error *err)
{
	static const uint16_t constructed =
	    1 << GENERAL_NAME_OTHER | 1 << GENERAL_NAME_X400 |
	    1 << GENERAL_NAME_DIRECTORY | 1 << GENERAL_NAME_EDI;
	struct view rest = *cursor;
	struct tlv t;
	if (tlv_next(&rest, &t, err) != 0)
		return -1;
	if (t.cls != ASN1_CONTEXT || t.number > GENERAL_NAME_RID || t.indefinite ||
	    t.constructed != ((constructed >> t.number & 1) != 0))
		return fail(err, "unknown choice");
	struct general_name g = { .kind = (enum general_name_kind)t.number,
				  .whole = t.whole,
				  .value = t.body };
	if (check_value(&g, err) != 0)
		return -1;
	*ret_g = g;
	*cursor = rest;
	return 0;
}

static bool equal_folded(struct view a, struct view b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		uint8_t x = a.p[i], y = b.p[i];
		x = x >= 'A' && x <= 'Z' ? (uint8_t)(x - 'A' + 'a') : x;
		y = y >= 'A' && y <= 'Z' ? (uint8_t)(y - 'A' + 'a') : y;
		if (x != y)
			return false;
	}
	return true;
}

/* RFC 5280 7.5: the local part by octets, the host without regard to case. */
static bool equal_mail(struct view a, struct view b)
{
	const uint8_t *at_a = a.n > 0 ? memrchr(a.p, '@', a.n) : NULL;
	const uint8_t *at_b = b.n > 0 ? memrchr(b.p, '@', b.n) : NULL;
	if (at_a == NULL || at_b == NULL)
		return view_equal(a, b);
	size_t local_a = (size_t)(at_a - a.p), local_b = (size_t)(at_b - b.p);
	return view_equal(view_head(a, local_a), view_head(b, local_b)) &&
	       equal_folded(view_skip(a, local_a), view_skip(b, local_b));
}

static int equal_directory(struct view a, struct view b, bool *ret_equal,
			   struct ltps_error *err)
{
	struct buf canonical_a = buf_make(NAME_CANONICAL_MAX);
	struct buf canonical_b = buf_make(NAME_CANONICAL_MAX);
	int rc = -1;
	if (name_canonical(a, &canonical_a, err) != 0 ||
	    name_canonical(b, &canonical_b, err) != 0)
		goto out;
	*ret_equal = view_equal(view_buf(&canonical_a), view_buf(&canonical_b));
	rc = 0;
out:
	buf_free(&canonical_b);
	buf_free(&canonical_a);
	return rc;
}

int general_name_equal(const struct general_name *a, const struct general_name *b,
		       bool *ret_equal, struct ltps_error *err)
{
	*ret_equal = false;
	if (a->kind != b->kind)
		return 0;
	if (a->kind == GENERAL_NAME_DIRECTORY)
		return equal_directory(a->value, b->value, ret_equal, err);
	if (a->kind == GENERAL_NAME_DNS)
		*ret_equal = equal_folded(a->value, b->value);
	else if (a->kind == GENERAL_NAME_EMAIL)
		*ret_equal = equal_mail(a->value, b->value);
	else
		*ret_equal = view_equal(a->value, b->value);
	return 0;
}
