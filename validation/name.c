/* SPDX-License-Identifier: Apache-2.0 */
/*
 * name - canonical forms of distinguished names, and names for people.
 *
 * The canonical form is, for each RDN, the number of its octets and then its
 * attributes in order of their octets; an attribute is its OBJECT IDENTIFIER, a
 * kind (text, or the tag of the value) and the value, each behind its length.
 */
#include "validation/name.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "validation/fields.h"
#include "validation/name_coarse.h"

/* Attributes of one RDN; nobody has seen more than five. */
#define RDN_ATTRIBUTES_MAX 64
#define TAG_NUMERIC 18
#define TAG_PRINTABLE 19
#define TAG_TELETEX 20
#define TAG_VISIBLE 26
#define TAG_UNIVERSAL 28
#define TAG_BMP 30

/* Kind of text in the canonical form: no universal tag. */
#define KIND_TEXT 0xff

/* --- the characters of a string type, as UTF-8 --- */

struct reader {
	struct view rest;
	unsigned width; /* octets of a character; 0 is UTF-8 */
};

/* False when the type is not one of text. */
static bool reader_make(const struct tlv *t, struct reader *r)
{
	if (t->cls != ASN1_UNIVERSAL || t->constructed)
		return false;
	r->rest = t->body;
	switch (t->number) {
	case ASN1_TAG_UTF8:
		r->width = 0;
		return utf8_valid(t->body);
	case TAG_NUMERIC:
	case TAG_PRINTABLE:
	case ASN1_TAG_IA5:
	case TAG_VISIBLE:
	case TAG_TELETEX: /* what issuers put into it is Latin-1 */
		r->width = 1;
		return true;
	case TAG_BMP:
		r->width = 2;
		return t->body.n % 2 == 0;
	case TAG_UNIVERSAL:
		r->width = 4;
		return t->body.n % 4 == 0;
	default:
		return false;
	}
}

/* One character as UTF-8; 0 octets when it is none (surrogate, beyond Unicode). */
static size_t utf8_put(uint32_t c, uint8_t out[4])
{
	if (c < 0x80) {
		out[0] = (uint8_t)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (uint8_t)(0xc0 | c >> 6);
		out[1] = (uint8_t)(0x80 | (c & 0x3f));
		return 2;
	}
	if ((c >= 0xd800 && c < 0xe000) || c > 0x10ffff)
		return 0;
	if (c < 0x10000) {
		out[0] = (uint8_t)(0xe0 | c >> 12);
		out[1] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
		out[2] = (uint8_t)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (uint8_t)(0xf0 | c >> 18);
	out[1] = (uint8_t)(0x80 | (c >> 12 & 0x3f));
	out[2] = (uint8_t)(0x80 | (c >> 6 & 0x3f));
	out[3] = (uint8_t)(0x80 | (c & 0x3f));
	return 4;
}

/* The next octets: of UTF-8 one octet, otherwise one character. 0: none. */
static size_t reader_next(struct reader *r, uint8_t out[4])
{
	uint32_t c = 0;
	size_t width = r->width > 0 ? r->width : 1;
	for (size_t i = 0; i < width; i++)
		c = c << 8 | r->rest.p[i];
	r->rest = view_skip(r->rest, width);
	if (r->width > 0)
		return utf8_put(c, out);
	out[0] = (uint8_t)c;
	return 1;
}

/* Octets of the UTF-8 character that begins here. */
static size_t utf8_width(uint8_t first)
{
	return first < 0x80 ? 1 : first < 0xe0 ? 2 : first < 0xf0 ? 3 : 4;
}

/* The next character whole, as UTF-8. 0: none. */
static size_t reader_char(struct reader *r, uint8_t out[4])
{
	size_t n = reader_next(r, out);
	if (r->width > 0)
		return n;
	for (size_t width = utf8_width(out[0]); n < width; n++) {
		out[n] = r->rest.p[0];
		r->rest = view_skip(r->rest, 1);
	}
	return n;
}

static uint32_t code_point(const uint8_t *c, size_t n)
{
	static const uint8_t first_bits[] = { 0, 0x7f, 0x1f, 0x0f, 0x07 };
	uint32_t v = c[0] & first_bits[n];
	for (size_t i = 1; i < n; i++)
		v = v << 6 | (c[i] & 0x3f);
	return v;
}

/* What RFC 4518 2.2 maps to nothing: nobody sees it, and no two names differ by it. */
static bool is_nothing(uint32_t c)
{
	static const struct {
		uint32_t first, last;
	} ranges[] = {
		{ 0x00, 0x08 },       { 0x0e, 0x1f },       { 0x7f, 0x84 },
		{ 0x86, 0x9f },       { 0xad, 0xad },       { 0x34f, 0x34f },
		{ 0x6dd, 0x6dd },     { 0x70f, 0x70f },     { 0x1806, 0x1806 },
		{ 0x180b, 0x180e },   { 0x200b, 0x200f },   { 0x202a, 0x202e },
		{ 0x2060, 0x2063 },   { 0x206a, 0x206f },   { 0xfe00, 0xfe0f },
		{ 0xfeff, 0xfeff },   { 0xfff9, 0xfffc },   { 0x1d173, 0x1d17a },
		{ 0xe0001, 0xe0001 }, { 0xe0020, 0xe007f },
	};
	if (c >= 0x20 && c < 0x7f) /* nearly all of them */
		return false;
	for (size_t i = 0; i < sizeof(ranges) / sizeof(ranges[0]); i++)
		if (c >= ranges[i].first && c <= ranges[i].last)
			return true;
	return false;
}

/* Blank in the sense of RFC 4518 2.2: mapped to a space. */
static bool is_blank(uint32_t c)
{
	if (c < 0x80)
		return c == ' ' || (c >= '\t' && c <= '\r');
	return c == 0x85 || c == 0xa0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200a) ||
	       c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

/* --- canonical form --- */

static int put_length(struct buf *out, size_t n, struct ltps_error *err)
{
	const uint8_t octets[4] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16),
				    (uint8_t)(n >> 8), (uint8_t)n };
	return buf_put(out, view_of(octets, sizeof(octets)), err);
}

static void set_length(uint8_t *at, size_t n)
{
	at[0] = (uint8_t)(n >> 24);
	at[1] = (uint8_t)(n >> 16);
	at[2] = (uint8_t)(n >> 8);
	at[3] = (uint8_t)n;
}

/* RFC 5280 7.1 with RFC 4518 2.6.1. False when a character is none. */
static bool fold_text(struct reader r, struct buf *out)
{
	bool blank = false, begun = false;
	while (r.rest.n > 0) {
		uint8_t c[4];
		size_t n = reader_char(&r, c);
		if (n == 0)
			return false;
		uint32_t v = code_point(c, n);
		if (is_blank(v)) {
			blank = begun;
			continue;
		}
		if (is_nothing(v))
			continue;
		if (n == 1 && c[0] >= 'A' && c[0] <= 'Z')
			c[0] = (uint8_t)(c[0] - 'A' + 'a');
		if (blank)
			out->p[out->n++] = ' ';
		memcpy(out->p + out->n, c, n);
		out->n += n;
		blank = false;
		begun = true;
	}
	return true;
}

static bool is_ascii(struct view v)
{
	for (size_t i = 0; i < v.n; i++)
		if (v.p[i] >= 0x80)
			return false;
	return true;
}

/* The folded text from `start` on, coarsely. Of ASCII alone nothing is left to do;
 * otherwise the normal form may have made spaces, and it is folded once more. */
static int coarsen(struct buf *out, size_t start, struct ltps_error *err)
{
	uint8_t *p;
	size_t n;
	struct view text = view_of(out->p + start, out->n - start);
	if (is_ascii(text))
		return 0;
	if (name_fold_text(text, &p, &n, err) != 0)
		return -1;
	int rc;
	out->n = start;
	if (n > out->max - start)
		rc = ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT,
			       "RFC 5280 4.1.2.4", "name that grows when folded");
	else
		rc = buf_reserve(out, n, err);
	if (rc == 0) /* in UTF-8 every character is one */
		(void)fold_text((struct reader){ .rest = view_of(p, n) }, out);
	free(p);
	return rc;
}

/* Kind, length, octets. */
static int put_value(const struct tlv *value, bool coarse, struct buf *out,
		     struct ltps_error *err)
{
	struct reader r;
	size_t before = out->n;
	if (reader_make(value, &r)) {
		/* Octets of Latin-1 become two, of BMPString three for two. */
		if (buf_reserve(out, 5 + 2 * value->body.n, err) != 0)
			return -1;
		out->p[out->n] = KIND_TEXT;
		out->n += 5;
		if (fold_text(r, out)) {
			if (coarse && coarsen(out, before + 5, err) != 0)
				return -1;
			set_length(out->p + before + 1, out->n - before - 5);
			return 0;
		}
		out->n = before;
	}
	if (buf_put_byte(out, value->whole.p[0], err) != 0 ||
	    put_length(out, value->body.n, err) != 0)
		return -1;
	return buf_put(out, value->body, err);
}

/* AttributeTypeAndValue, RFC 5280 4.1.2.4. */
static int read_attribute(struct view *cursor, struct view *ret_type,
			  struct tlv *ret_value, struct ltps_error *err)
{
	struct tlv outer;
	if (field_next(cursor, DER_SEQUENCE, "AttributeTypeAndValue", &outer, err) != 0)
		return -1;
	struct view body = outer.body;
	if (field_oid(&body, "type", ret_type, err) != 0 ||
	    tlv_next(&body, ret_value, err) != 0)
		return -1;
	return tlv_end(body, "AttributeTypeAndValue", err);
}

static int put_attribute(struct view *cursor, bool coarse, struct buf *out,
			 struct ltps_error *err)
{
	struct view type;
	struct tlv value;
	if (read_attribute(cursor, &type, &value, err) != 0 ||
	    put_length(out, type.n, err) != 0 || buf_put(out, type, err) != 0)
		return -1;
	return put_value(&value, coarse, out, err);
}

static int fail_rdn(struct ltps_error *err, enum ltps_code code, const char *why)
{
	return ltps_fail(err, code, LTPS_FAULT_OBJECT, "RFC 5280 4.1.2.4",
			 "relative distinguished name: %s", why);
}

/* Puts attributes, of which `ends` are the ends in out, in order. */
static int sort_attributes(struct buf *out, size_t start, const size_t *ends, size_t n,
			   struct ltps_error *err)
{
	struct view parts[RDN_ATTRIBUTES_MAX];
	size_t total = out->n - start;
	uint8_t *copy = mem_dup(out->p + start, total);
	if (copy == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++) {
		size_t from = i > 0 ? ends[i - 1] : start;
		struct view part = view_of(copy + (from - start), ends[i] - from);
		size_t j = i;
		for (; j > 0 && view_compare(part, parts[j - 1]) < 0; j--)
			parts[j] = parts[j - 1];
		parts[j] = part;
	}
	out->n = start;
	for (size_t i = 0; i < n; i++) {
		memcpy(out->p + out->n, parts[i].p, parts[i].n);
		out->n += parts[i].n;
	}
	mem_free(copy);
	return 0;
}

/* One RDN: the contents of its SET. */
static int put_folded_rdn(struct view rdn, bool coarse, struct buf *out,
			  struct ltps_error *err)
{
	size_t ends[RDN_ATTRIBUTES_MAX];
	size_t n = 0, start = out->n + 4;
	if (rdn.n == 0)
		return fail_rdn(err, LTPS_FORMAT, "empty");
	if (put_length(out, 0, err) != 0)
		return -1;
	while (rdn.n > 0) {
		if (n >= RDN_ATTRIBUTES_MAX)
			return fail_rdn(err, LTPS_TOO_LARGE, "too many attributes");
		if (put_attribute(&rdn, coarse, out, err) != 0)
			return -1;
		ends[n++] = out->n;
	}
	if (n > 1 && sort_attributes(out, start, ends, n, err) != 0)
		return -1;
	set_length(out->p + start - 4, out->n - start);
	return 0;
}

static int put_rdn(struct view rdn, struct buf *out, struct ltps_error *err)
{
	return put_folded_rdn(rdn, false, out, err);
}

static int put_coarse_rdn(struct view rdn, struct buf *out, struct ltps_error *err)
{
	return put_folded_rdn(rdn, true, out, err);
}

static int check_size(struct view name, struct ltps_error *err)
{
	if (name.n <= NAME_SIZE_MAX)
		return 0;
	return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, "RFC 5280 4.1.2.4",
			 "name of more than %zu bytes", NAME_SIZE_MAX);
}

/* Each RDN of a name, in order, through this function. */
static int each_rdn(struct view name,
		    int (*visit)(struct view rdn, struct buf *out,
				 struct ltps_error *err),
		    struct buf *out, struct ltps_error *err)
{
	struct view rdns;
	if (check_size(name, err) != 0 ||
	    field_only(name, DER_SEQUENCE, "Name", &rdns, err) != 0)
		return -1;
	for (size_t n = 0; rdns.n > 0; n++) {
		struct tlv rdn;
		if (n >= NAME_RDNS_MAX)
			return fail_rdn(err, LTPS_TOO_LARGE, "too many of them");
		if (field_next(&rdns, DER_SET, "RelativeDistinguishedName", &rdn,
			       err) != 0 ||
		    visit(rdn.body, out, err) != 0)
			return -1;
	}
	return 0;
}

int name_canonical(struct view name, struct buf *out, struct ltps_error *err)
{
	size_t before = out->n;
	if (each_rdn(name, put_rdn, out, err) == 0)
		return 0;
	out->n = before;
	return -1;
}

int name_coarse(struct view name, struct buf *out, struct ltps_error *err)
{
	size_t before = out->n;
	if (each_rdn(name, put_coarse_rdn, out, err) == 0)
		return 0;
	out->n = before;
	return -1;
}

int name_canonical_relative(struct view issuer_name, struct view rdn, struct buf *out,
			    struct ltps_error *err)
{
	size_t before = out->n;
	if (check_size(rdn, err) == 0 && name_canonical(issuer_name, out, err) == 0 &&
	    put_rdn(rdn, out, err) == 0)
		return 0;
	out->n = before;
	return -1;
}

static int check_rdn(struct view rdn, struct buf *out, struct ltps_error *err)
{
	struct view type;
	struct tlv value;
	size_t n = 0;
	(void)out;
	if (rdn.n == 0)
		return fail_rdn(err, LTPS_FORMAT, "empty");
	while (rdn.n > 0) {
		if (n++ >= RDN_ATTRIBUTES_MAX)
			return fail_rdn(err, LTPS_TOO_LARGE, "too many attributes");
		if (read_attribute(&rdn, &type, &value, err) != 0)
			return -1;
	}
	return 0;
}

int name_check(struct view name, struct ltps_error *err)
{
	return each_rdn(name, check_rdn, NULL, err);
}

int name_check_relative(struct view rdn, struct ltps_error *err)
{
	if (check_size(rdn, err) != 0)
		return -1;
	return check_rdn(rdn, NULL, err);
}

bool name_is_empty(struct view name)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view rdns;
	return field_only(name, DER_SEQUENCE, "Name", &rdns, &ignored) == 0 &&
	       rdns.n == 0;
}

/* --- text for people --- */

struct text {
	char *p;
	size_t n, size; /* size without the NUL */
	bool full;      /* nothing follows what did not fit */
};

static void text_put(struct text *t, const char *s, size_t n)
{
	if (t->full || n > t->size - t->n) {
		t->full = true;
		return;
	}
	memcpy(t->p + t->n, s, n);
	t->n += n;
	t->p[t->n] = '\0';
}

static void text_put_hex(struct text *t, struct view v)
{
	static const char digits[] = "0123456789abcdef";
	for (size_t i = 0; i < v.n && !t->full; i++) {
		const char two[2] = { digits[v.p[i] >> 4], digits[v.p[i] & 15] };
		text_put(t, two, 2);
	}
}

static void text_put_escape(struct text *t, uint8_t c)
{
	static const char digits[] = "0123456789abcdef";
	const char three[3] = { '\\', digits[c >> 4], digits[c & 15] };
	text_put(t, three, 3);
}

/* Controls: C0, DEL, C1, the marks that turn the direction of text or break lines,
 * and what nobody sees, with which a name could pose as another one. */
static bool is_unsafe(const uint8_t *c, size_t n)
{
	if (is_nothing(code_point(c, n)))
		return true;
	if (n == 1)
		return c[0] < 0x20 || c[0] == 0x7f;
	if (n == 2)
		return c[0] == 0xc2 && c[1] < 0xa0;
	if (n == 3 && c[0] == 0xe2 && c[1] == 0x80)
		return (c[2] >= 0x8b && c[2] <= 0x8f) || (c[2] >= 0xa8 && c[2] <= 0xae);
	if (n == 3 && c[0] == 0xe2 && c[1] == 0x81)
		return c[2] >= 0xa0 && c[2] <= 0xaf;
	return n == 3 && c[0] == 0xef && c[1] == 0xbb && c[2] == 0xbf;
}

/* RFC 4514 2.4 */
static void text_put_char(struct text *t, const uint8_t *c, size_t n, bool first,
			  bool last)
{
	bool edge = (c[0] == ' ' && (first || last)) || (c[0] == '#' && first);
	if (is_unsafe(c, n)) {
		for (size_t i = 0; i < n; i++)
			text_put_escape(t, c[i]);
		return;
	}
	if (n == 1 && (edge || (c[0] != '\0' && strchr("\"+,;<>\\", c[0]) != NULL)))
		text_put(t, "\\", 1);
	char s[4];
	memcpy(s, c, n);
	text_put(t, s, n);
}

static void text_put_value(struct text *t, const struct tlv *value)
{
	struct reader r;
	if (!reader_make(value, &r)) {
		text_put(t, "#", 1);
		text_put_hex(t, value->whole);
		return;
	}
	for (bool first = true; r.rest.n > 0 && !t->full; first = false) {
		uint8_t c[4];
		size_t n = reader_char(&r, c);
		if (n == 0) {
			text_put(t, "\\ef\\bf\\bd", 9); /* no character */
			continue;
		}
		text_put_char(t, c, n, first, r.rest.n == 0);
	}
}

static const struct {
	struct view oid;
	const char *name;
} attribute_names[] = {
	{ OID_VIEW("\x55\x04\x03"), "CN" },
	{ OID_VIEW("\x55\x04\x06"), "C" },
	{ OID_VIEW("\x55\x04\x07"), "L" },
	{ OID_VIEW("\x55\x04\x08"), "ST" },
	{ OID_VIEW("\x55\x04\x09"), "STREET" },
	{ OID_VIEW("\x55\x04\x0a"), "O" },
	{ OID_VIEW("\x55\x04\x0b"), "OU" },
	{ OID_VIEW("\x55\x04\x04"), "SN" },
	{ OID_VIEW("\x55\x04\x05"), "serialNumber" },
	{ OID_VIEW("\x55\x04\x0c"), "title" },
	{ OID_VIEW("\x55\x04\x2a"), "GN" },
	{ OID_VIEW("\x55\x04\x61"), "organizationIdentifier" },
	{ OID_VIEW("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x19"), "DC" },
	{ OID_VIEW("\x09\x92\x26\x89\x93\xf2\x2c\x64\x01\x01"), "UID" },
	{ OID_VIEW("\x2a\x86\x48\x86\xf7\x0d\x01\x09\x01"), "emailAddress" },
};

static void text_put_type(struct text *t, struct view type)
{
	char dotted[OID_TEXT_MAX];
	for (size_t i = 0; i < sizeof(attribute_names) / sizeof(attribute_names[0]);
	     i++) {
		if (!view_equal(attribute_names[i].oid, type))
			continue;
		text_put(t, attribute_names[i].name, strlen(attribute_names[i].name));
		return;
	}
	oid_text(type, dotted);
	text_put(t, dotted, strlen(dotted));
}

static void text_put_rdn(struct text *t, struct view rdn)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view type;
	struct tlv value;
	for (bool first = true; rdn.n > 0 && !t->full; first = false) {
		if (read_attribute(&rdn, &type, &value, &ignored) != 0)
			return;
		if (!first)
			text_put(t, " + ", 3);
		text_put_type(t, type);
		text_put(t, "=", 1);
		text_put_value(t, &value);
	}
}

void name_text(struct view name, char *out, size_t out_size)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view rdns, parts[NAME_RDNS_MAX];
	size_t n = 0;
	if (out_size == 0)
		return;
	struct text t = { .p = out, .size = out_size - 1 };
	out[0] = '\0';
	if (field_only(name, DER_SEQUENCE, "Name", &rdns, &ignored) != 0)
		return;
	while (rdns.n > 0 && n < NAME_RDNS_MAX) {
		struct tlv rdn;
		if (field_next(&rdns, DER_SET, "RDN", &rdn, &ignored) != 0)
			break;
		parts[n++] = rdn.body;
	}
	for (bool first = true; n > 0 && !t.full; first = false) {
		if (!first)
			text_put(&t, ", ", 2);
		text_put_rdn(&t, parts[--n]);
	}
}
