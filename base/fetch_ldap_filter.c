/* SPDX-License-Identifier: Apache-2.0 */
/* fetch_ldap_filter - text of a search filter (RFC 4515) to BER (RFC 4511). */
#include <string.h>

#include "base/asn1.h"
#include "base/fetch_ldap.h"

#define FILTER_CLAUSE "RFC 4515 3"

/* Choices of Filter and SubstringFilter, RFC 4511 4.5.1.7. */
#define FILTER_AND 0xa0
#define FILTER_OR 0xa1
#define FILTER_NOT 0xa2
#define FILTER_EQUALITY 0xa3
#define FILTER_SUBSTRINGS 0xa4
#define FILTER_GREATER 0xa5
#define FILTER_LESS 0xa6
#define FILTER_PRESENT 0x87
#define FILTER_APPROX 0xa8
#define SUBSTRING_INITIAL 0x80
#define SUBSTRING_ANY 0x81
#define SUBSTRING_FINAL 0x82

static int fail_filter(struct ltps_error *err, const char *what)
{
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, FILTER_CLAUSE,
			 "LDAP filter %s", what);
}

static bool next_is(struct view in, char c)
{
	return in.n > 0 && in.p[0] == (uint8_t)c;
}

/* Value up to what ends it: '*', a parenthesis or the end. */
static int take_value(struct view *in, struct buf *out, struct ltps_error *err)
{
	while (in->n > 0 && strchr("*()", in->p[0]) == NULL) {
		uint8_t c = in->p[0];
		if (c == '\\') {
			const int high = in->n > 2 ? hex_digit(in->p[1]) : -1;
			const int low = in->n > 2 ? hex_digit(in->p[2]) : -1;
			if (high < 0 || low < 0)
				return fail_filter(err, "with a broken escape");
			c = (uint8_t)(high << 4 | low);
			*in = view_skip(*in, 2);
		}
		if (buf_put_byte(out, c, err) != 0)
			return -1;
		*in = view_skip(*in, 1);
	}
	return 0;
}

/* AttributeValueAssertion, or SubstringFilter around the parts. */
static int put_pair(uint8_t id, struct view type, uint8_t second_id, struct view second,
		    struct buf *out, struct ltps_error *err)
{
	const size_t n =
	    der_header_len(type.n) + type.n + der_header_len(second.n) + second.n;
	if (der_put_header(out, id, n, err) != 0 ||
	    der_put(out, ASN1_TAG_OCTET_STRING, type, err) != 0)
		return -1;
	return der_put(out, second_id, second, err);
}

static int put_part(uint8_t id, struct view value, struct buf *parts,
		    struct ltps_error *err)
{
	if (value.n == 0)
		return id == SUBSTRING_ANY ? fail_filter(err, "with an empty substring")
					   : 0;
	return der_put(parts, id, value, err);
}

/* Behind the first '*': any and final parts. */
static int take_parts(struct view *in, struct buf *value, struct buf *parts,
		      struct ltps_error *err)
{
	if (put_part(SUBSTRING_INITIAL, view_buf(value), parts, err) != 0)
		return -1;
	while (next_is(*in, '*')) {
		*in = view_skip(*in, 1);
		buf_clear(value);
		if (take_value(in, value, err) != 0)
			return -1;
		const uint8_t id = next_is(*in, '*') ? SUBSTRING_ANY : SUBSTRING_FINAL;
		if (put_part(id, view_buf(value), parts, err) != 0)
			return -1;
	}
	return 0;
}

static int take_starred(struct view type, struct view *in, struct buf *value,
			struct buf *out, struct ltps_error *err)
{
	struct buf parts = buf_make(out->max);
	int rc = take_parts(in, value, &parts, err);
	if (rc == 0 && parts.n == 0)
		rc = der_put(out, FILTER_PRESENT, type, err);
	else if (rc == 0)
		rc = put_pair(FILTER_SUBSTRINGS, type, DER_SEQUENCE, view_buf(&parts),
			      out, err);
	buf_free(&parts);
	return rc;
}

static int take_assertion(uint8_t id, struct view type, struct view *in,
			  struct buf *out, struct ltps_error *err)
{
	struct buf value = buf_make(out->max);
	int rc = take_value(in, &value, err);
	if (rc == 0 && !next_is(*in, '*'))
		rc = put_pair(id, type, ASN1_TAG_OCTET_STRING, view_buf(&value), out,
			      err);
	else if (rc == 0 && id == FILTER_EQUALITY)
		rc = take_starred(type, in, &value, out, err);
	else if (rc == 0)
		rc = fail_filter(err, "with a '*' where none may be");
	buf_free(&value);
	return rc;
}

static bool is_type_sign(uint8_t c)
{
	const uint8_t low = c | 0x20;
	return (low >= 'a' && low <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
	       c == '.' || c == ';';
}

static uint8_t take_operator(struct view *in)
{
	static const struct {
		char sign;
		uint8_t id;
	} operators[] = {
		{ '~', FILTER_APPROX },
		{ '>', FILTER_GREATER },
		{ '<', FILTER_LESS },
	};
	uint8_t id = FILTER_EQUALITY;
	for (size_t i = 0; i < sizeof(operators) / sizeof(operators[0]); i++) {
		if (next_is(*in, operators[i].sign)) {
			id = operators[i].id;
			*in = view_skip(*in, 1);
			break;
		}
	}
	if (!next_is(*in, '='))
		return 0;
	*in = view_skip(*in, 1);
	return id;
}

static int take_item(struct view *in, struct buf *out, struct ltps_error *err)
{
	size_t n = 0;
	while (n < in->n && is_type_sign(in->p[n]))
		n++;
	const struct view type = view_head(*in, n);
	*in = view_skip(*in, n);
	if (n == 0)
		return fail_filter(err, "without an attribute");
	if (next_is(*in, ':'))
		return fail_filter(err, "with an extensible match");
	const uint8_t id = take_operator(in);
	if (id == 0)
		return fail_filter(err, "without a comparison");
	return take_assertion(id, type, in, out, err);
}

static int take_filter(struct view *in, unsigned depth, struct buf *out,
		       struct ltps_error *err);

/* Members of "&" and "|" (one or more), of "!" (one). */
static int take_members(struct view *in, unsigned depth, uint8_t id, struct buf *out,
			struct ltps_error *err)
{
	struct buf members = buf_make(out->max);
	int rc = 0;
	do {
		rc = take_filter(in, depth + 1, &members, err);
	} while (rc == 0 && id != FILTER_NOT && next_is(*in, '('));
	if (rc == 0)
		rc = der_put(out, id, view_buf(&members), err);
	buf_free(&members);
	return rc;
}

static int take_inside(struct view *in, unsigned depth, struct buf *out,
		       struct ltps_error *err)
{
	uint8_t id = 0;
	if (next_is(*in, '&'))
		id = FILTER_AND;
	else if (next_is(*in, '|'))
		id = FILTER_OR;
	else if (next_is(*in, '!'))
		id = FILTER_NOT;
	if (id == 0)
		return take_item(in, out, err);
	*in = view_skip(*in, 1);
	return take_members(in, depth, id, out, err);
}

static int take_filter(struct view *in, unsigned depth, struct buf *out,
		       struct ltps_error *err)
{
	if (depth >= LDAP_FILTER_DEPTH_MAX)
		return fail_filter(err, "nested too deeply");
	if (!next_is(*in, '('))
		return fail_filter(err, "without an opening parenthesis");
	*in = view_skip(*in, 1);
	if (take_inside(in, depth, out, err) != 0)
		return -1;
	if (!next_is(*in, ')'))
		return fail_filter(err, "without a closing parenthesis");
	*in = view_skip(*in, 1);
	return 0;
}

int ldap_filter_encode(struct view text, struct buf *out, struct ltps_error *err)
{
	if (text.n == 0)
		text = view_text("(objectClass=*)");
	const int rc = next_is(text, '(') ? take_filter(&text, 0, out, err)
					  : take_item(&text, out, err);
	if (rc == 0 && text.n > 0)
		return fail_filter(err, "with something behind its end");
	return rc;
}
