/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch_ldap_message - the messages of one anonymous search. What the server
 * sends is outside bytes: framed, bounded and judged before anything is taken.
 */
#include "base/asn1.h"
#include "base/fetch_ldap.h"

#define BER_CLAUSE "RFC 4511 5.1"

/* protocolOp, RFC 4511 4.2 to 4.5 and 4.12 */
#define OP_BIND_RESPONSE 0x61
#define OP_SEARCH_REQUEST 0x63
#define OP_ENTRY 0x64
#define OP_DONE 0x65
#define OP_REFERENCE 0x73
#define OP_EXTENDED_RESPONSE 0x78

#define ID_ENUMERATED 0x0a
#define ID_CONTROLS 0xa0

/* resultCode, RFC 4511 4.1.9 */
enum {
	RESULT_SUCCESS = 0,
	RESULT_TIME_LIMIT = 3,
	RESULT_SIZE_LIMIT = 4,
	RESULT_REFERRAL = 10,
	RESULT_NO_SUCH_ATTRIBUTE = 16,
	RESULT_NO_SUCH_OBJECT = 32,
};

enum {
	MESSAGE_UNSOLICITED = 0, /* RFC 4511 4.4 */
	MESSAGE_BIND = 1,
	MESSAGE_SEARCH = 2,
	MESSAGE_UNBIND = 3,
};

/* --- questions -------------------------------------------------------------- */

struct view ldap_bind(void)
{
	/* version 3, no name, simple authentication without password (RFC 4513
	 * 5.1.1) */
	static const uint8_t bytes[] = {
		0x30, 0x0c, 0x02, 0x01, MESSAGE_BIND, 0x60, 0x07,
		0x02, 0x01, 0x03, 0x04, 0x00,         0x80, 0x00,
	};
	return view_of(bytes, sizeof(bytes));
}

struct view ldap_unbind(void)
{
	static const uint8_t bytes[] = { 0x30,           0x05, 0x02, 0x01,
					 MESSAGE_UNBIND, 0x42, 0x00 };
	return view_of(bytes, sizeof(bytes));
}

static int put_attributes(const struct ldap_url *u, struct buf *out,
			  struct ltps_error *err)
{
	struct buf list = buf_make(out->max);
	int rc = 0;
	for (unsigned i = 0; rc == 0 && ldap_attribute_name(i) != NULL; i++) {
		struct buf name = buf_make(64);
		if ((u->wanted >> i & 1) == 0)
			continue;
		rc = buf_put_fmt(&name, err, "%s%s", ldap_attribute_name(i),
				 (u->binary >> i & 1) != 0 ? ";binary" : "");
		if (rc == 0)
			rc =
			    der_put(&list, ASN1_TAG_OCTET_STRING, view_buf(&name), err);
		buf_free(&name);
	}
	if (rc == 0)
		rc = der_put(out, DER_SEQUENCE, view_buf(&list), err);
	buf_free(&list);
	return rc;
}

static int put_request(const struct ldap_url *u, uint32_t total_ms, struct buf *out,
		       struct ltps_error *err)
{
	const uint8_t scope = (uint8_t)u->scope;
	const uint8_t never = 0; /* aliases are not followed: nobody vouches for them */
	if (der_put(out, ASN1_TAG_OCTET_STRING, view_buf(&u->base), err) != 0 ||
	    der_put(out, ID_ENUMERATED, view_of(&scope, 1), err) != 0 ||
	    der_put(out, ID_ENUMERATED, view_of(&never, 1), err) != 0 ||
	    der_put_uint(out, LDAP_ENTRIES_MAX, err) != 0 ||
	    der_put_uint(out, total_ms / 1000 + 1, err) != 0 ||
	    der_put_boolean(out, false, err) != 0 ||
	    buf_put(out, view_buf(&u->filter), err) != 0)
		return -1;
	return put_attributes(u, out, err);
}

int ldap_put_search(const struct ldap_url *u, uint32_t total_ms, struct buf *out,
		    struct ltps_error *err)
{
	struct buf request = buf_make(out->max);
	struct buf message = buf_make(out->max);
	int rc = -1;
	if (put_request(u, total_ms, &request, err) != 0 ||
	    der_put_uint(&message, MESSAGE_SEARCH, err) != 0 ||
	    der_put(&message, OP_SEARCH_REQUEST, view_buf(&request), err) != 0)
		goto out;
	rc = der_put(out, DER_SEQUENCE, view_buf(&message), err);
out:
	buf_free(&message);
	buf_free(&request);
	return rc;
}

/* --- framing ------------------------------------------------------------------ */

static int fail_answer(struct ltps_error *err, const char *clause, const char *what)
{
	return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, clause, "LDAP answer %s",
			 what);
}

int ldap_frame(struct view in, size_t max, size_t *ret_n, struct ltps_error *err)
{
	*ret_n = 0;
	if (in.n > 0 && in.p[0] != DER_SEQUENCE)
		return fail_answer(err, "RFC 4511 4.1.1", "is not a message");
	if (in.n < 2)
		return 0;
	size_t body = in.p[1];
	size_t octets = 0;
	if (body >= 0x80) {
		octets = body & 0x7f;
		body = 0;
		/* 0 is the indefinite form, which LDAP does not have. */
		if (octets == 0 || octets > 4)
			return fail_answer(err, BER_CLAUSE, "with an unusable length");
		if (in.n < 2 + octets)
			return 0;
		for (size_t i = 0; i < octets; i++)
			body = body << 8 | in.p[2 + i];
	}
	const size_t header = 2 + octets;
	if (max < header || body > max - header)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_REMOTE, NULL,
				 "LDAP answer exceeds %zu bytes", max);
	if (body <= in.n - header)
		*ret_n = header + body;
	return 0;
}

/* --- answers ------------------------------------------------------------------- */

/* The next element, which has this identifier octet and a definite length. */
static int take(struct view *in, uint8_t id, const char *what, struct tlv *ret_t,
		struct ltps_error *err)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	if (in->n == 0 || in->p[0] != id || tlv_next(in, ret_t, &ignored) != 0 ||
	    ret_t->indefinite)
		return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, BER_CLAUSE,
				 "LDAP answer without a usable %s", what);
	return 0;
}

static int take_end(struct view in, const char *what, struct ltps_error *err)
{
	if (in.n == 0)
		return 0;
	return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, BER_CLAUSE,
			 "LDAP answer with something behind its %s", what);
}

static int take_number(struct view *in, uint8_t id, const char *what, uint64_t *ret_v,
		       struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct tlv t;
	if (take(in, id, what, &t, err) != 0)
		return -1;
	if (tlv_uint(&t, ret_v, &bad) != 0)
		return fail_answer(err, BER_CLAUSE, "with an unusable number");
	return 0;
}

/*
 * LDAPResult, 4.1.9. What may follow its three fixed elements differs between
 * the answers and tells us nothing; it only has to be elements.
 */
static int take_result(struct view body, uint64_t *ret_code, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct tlv t;
	if (take_number(&body, ID_ENUMERATED, "resultCode", ret_code, err) != 0 ||
	    take(&body, ASN1_TAG_OCTET_STRING, "matchedDN", &t, err) != 0 ||
	    take(&body, ASN1_TAG_OCTET_STRING, "diagnosticMessage", &t, err) != 0)
		return -1;
	while (body.n > 0) {
		if (tlv_next(&body, &t, &bad) != 0)
			return fail_answer(err, BER_CLAUSE, "with a malformed result");
	}
	return 0;
}

static int fail_result(struct ltps_error *err, const char *what, uint64_t code)
{
	switch (code) {
	case RESULT_REFERRAL:
		return fail_answer(err, "RFC 4511 4.1.10",
				   "is a referral, and none is followed");
	case RESULT_TIME_LIMIT:
		return ltps_fail(err, LTPS_TIMEOUT, LTPS_FAULT_REMOTE, NULL,
				 "LDAP server found no answer in time");
	case RESULT_SIZE_LIMIT:
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_REMOTE, NULL,
				 "LDAP answer has more than %d entries",
				 LDAP_ENTRIES_MAX);
	default:
		return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, "RFC 4511 4.1.9",
				 "LDAP %s refused with result %llu", what,
				 (unsigned long long)code);
	}
}

static int take_bound(struct ldap_reply *r, struct view body, struct ltps_error *err)
{
	uint64_t code;
	if (take_result(body, &code, err) != 0)
		return -1;
	if (code != RESULT_SUCCESS)
		return fail_result(err, "bind", code);
	r->stage = LDAP_SEARCHING;
	return 0;
}

static int keep_value(struct ldap_reply *r, struct view value, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct tlv t;
	if (value.n == 0)
		return 0;
	if (++r->n_values > LDAP_VALUES_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_REMOTE, NULL,
				 "LDAP answer has more than %d values",
				 LDAP_VALUES_MAX);
	if (tlv_only(value, &t, &bad) != 0)
		return fail_answer(err, "RFC 4522 2", "with a value that is not BER");
	if (buf_put(r->values, value, &bad) == 0)
		return 0;
	if (bad.code == LTPS_NOMEM)
		return ltps_fail_nomem(err);
	return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_REMOTE, NULL,
			 "LDAP values exceed %zu bytes", r->values->max);
}

/* "cACertificate" and "cACertificate;binary" are the same to us. */
static bool is_wanted(const struct ldap_reply *r, struct view type)
{
	static const char option[] = ";binary";
	const size_t n = sizeof(option) - 1;
	if (type.n > n) {
		const struct view end = view_skip(type, type.n - n);
		bool same = true;
		for (size_t i = 0; i < n; i++)
			same &= (end.p[i] | 0x20) == (option[i] | 0x20);
		if (same)
			type = view_head(type, type.n - n);
	}
	return (ldap_attribute_bit(type) & r->wanted) != 0;
}

/* PartialAttribute, 4.1.7 */
static int take_attribute(struct ldap_reply *r, struct view *in, struct ltps_error *err)
{
	struct tlv attribute, type, values, value;
	if (take(in, DER_SEQUENCE, "attribute", &attribute, err) != 0)
		return -1;
	struct view body = attribute.body;
	if (take(&body, ASN1_TAG_OCTET_STRING, "attribute type", &type, err) != 0 ||
	    take(&body, DER_SET, "set of values", &values, err) != 0 ||
	    take_end(body, "attribute", err) != 0)
		return -1;
	const bool wanted = is_wanted(r, type.body);
	body = values.body;
	while (body.n > 0) {
		if (take(&body, ASN1_TAG_OCTET_STRING, "value", &value, err) != 0)
			return -1;
		if (wanted && keep_value(r, value.body, err) != 0)
			return -1;
	}
	return 0;
}

static int take_entry(struct ldap_reply *r, struct view body, struct ltps_error *err)
{
	struct tlv name, list;
	if (++r->entries > LDAP_ENTRIES_MAX)
		return fail_result(err, "search", RESULT_SIZE_LIMIT);
	if (take(&body, ASN1_TAG_OCTET_STRING, "objectName", &name, err) != 0 ||
	    take(&body, DER_SEQUENCE, "list of attributes", &list, err) != 0 ||
	    take_end(body, "entry", err) != 0)
		return -1;
	body = list.body;
	while (body.n > 0) {
		if (take_attribute(r, &body, err) != 0)
			return -1;
	}
	return 0;
}

/* Where the server says that more may be: nobody goes there. */
static int take_reference(struct ldap_reply *r, struct view body,
			  struct ltps_error *err)
{
	struct tlv uri;
	if (++r->references > LDAP_REFERENCES_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_REMOTE, NULL,
				 "LDAP answer has more than %d references",
				 LDAP_REFERENCES_MAX);
	do {
		if (take(&body, ASN1_TAG_OCTET_STRING, "reference", &uri, err) != 0)
			return -1;
	} while (body.n > 0);
	return 0;
}

static int take_done(struct ldap_reply *r, struct view body, struct ltps_error *err)
{
	uint64_t code;
	if (take_result(body, &code, err) != 0)
		return -1;
	const bool absent =
	    code == RESULT_NO_SUCH_OBJECT || code == RESULT_NO_SUCH_ATTRIBUTE;
	if (code != RESULT_SUCCESS && !(absent && r->entries == 0))
		return fail_result(err, "search", code);
	/* The server has not said that there is none: it stands elsewhere. */
	if (r->references > 0 && r->values->n == 0)
		return fail_result(err, "search", RESULT_REFERRAL);
	r->stage = LDAP_OVER;
	r->status = r->values->n > 0 ? 200 : 404;
	return 0;
}

/* 4.4: of the unsolicited, the notice of disconnection is the only one known. */
static int fail_unsolicited(const struct tlv *op, struct ltps_error *err)
{
	uint64_t code;
	if (op->whole.p[0] != OP_EXTENDED_RESPONSE)
		return fail_answer(err, "RFC 4511 4.4", "to no question");
	if (take_result(op->body, &code, err) != 0)
		return -1;
	return ltps_fail(err, LTPS_REMOTE, LTPS_FAULT_REMOTE, "RFC 4511 4.4.1",
			 "LDAP server disconnects with result %llu",
			 (unsigned long long)code);
}

/* messageID, protocolOp and the controls, which we did not ask for: ignored. */
static int take_message(struct view message, uint64_t *ret_id, struct tlv *ret_op,
			struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct tlv t;
	if (take(&message, DER_SEQUENCE, "message", &t, err) != 0 ||
	    take_end(message, "message", err) != 0)
		return -1;
	struct view body = t.body;
	if (take_number(&body, ASN1_TAG_INTEGER, "messageID", ret_id, err) != 0)
		return -1;
	if (tlv_next(&body, ret_op, &bad) != 0 || ret_op->indefinite)
		return fail_answer(err, BER_CLAUSE, "without a usable operation");
	if (body.n > 0 && take(&body, ID_CONTROLS, "list of controls", &t, err) != 0)
		return -1;
	return take_end(body, "controls", err);
}

int ldap_reply_take(struct ldap_reply *r, struct view message, struct ltps_error *err)
{
	uint64_t id;
	struct tlv op;
	if (take_message(message, &id, &op, err) != 0)
		return -1;
	if (id == MESSAGE_UNSOLICITED)
		return fail_unsolicited(&op, err);
	if (id != (r->stage == LDAP_BINDING ? MESSAGE_BIND : MESSAGE_SEARCH))
		return fail_answer(err, "RFC 4511 4.1.1.1", "to another question");
	const uint8_t kind = op.whole.p[0];
	if (r->stage == LDAP_BINDING && kind == OP_BIND_RESPONSE)
		return take_bound(r, op.body, err);
	if (r->stage == LDAP_SEARCHING && kind == OP_ENTRY)
		return take_entry(r, op.body, err);
	if (r->stage == LDAP_SEARCHING && kind == OP_REFERENCE)
		return take_reference(r, op.body, err);
	if (r->stage == LDAP_SEARCHING && kind == OP_DONE)
		return take_done(r, op.body, err);
	return fail_answer(err, "RFC 4511 4", "of a kind that was not asked for");
}
