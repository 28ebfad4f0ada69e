/* SPDX-License-Identifier: Apache-2.0 */
/* names - the name validation algorithm, RFC 5055 3.2.4.2.3. */
#include <string.h>
#include <strings.h>

#include "scvp/demand.h"
#include "validation/name.h"

#define OID_KP_SERVER_AUTH "1.3.6.1.5.5.7.3.1"
#define OID_KP_EMAIL "1.3.6.1.5.5.7.3.4"
#define OID_COMMON_NAME "2.5.4.3"
#define OID_EMAIL_ADDRESS "1.2.840.113549.1.9.1"

/* id-nvae, RFC 5055 3.2.4.2.4 */
enum name_error {
	NAME_FINE = 0,
	NAME_MISMATCH = 1,
	NAME_NONE = 2,
	NAME_UNKNOWN_ALG = 3,
	NAME_BAD = 4,
	NAME_BAD_TYPE = 5,
	NAME_MIXED = 6,
};

static struct view error_oid(enum name_error e)
{
	/* id-svp 2 and one arc more */
#define NVAE(n)                                                                        \
	{                                                                              \
		0x2b, 0x06, 0x01, 0x05, 0x05, 0x07, 19, 2, n                           \
	}
	static const uint8_t oids[][9] = { NVAE(0), NVAE(1), NVAE(2), NVAE(3),
					   NVAE(4), NVAE(5), NVAE(6) };
	return e == NAME_FINE ? VIEW_NULL : view_of(oids[e], sizeof(oids[e]));
}

/* ---- comparing ---- */

static bool same_text(struct view a, struct view b)
{
	return a.n == b.n && (a.n == 0 || strncasecmp((const char *)a.p,
						      (const char *)b.p, a.n) == 0);
}

/* '*' is exactly one whole label, and the first one. */
static bool dns_matches(struct view pattern, struct view name)
{
	if (same_text(pattern, name))
		return true;
	if (pattern.n < 3 || pattern.p[0] != '*' || pattern.p[1] != '.')
		return false;
	const uint8_t *dot = memchr(name.p, '.', name.n);
	if (dot == NULL || dot == name.p)
		return false;
	return same_text(view_skip(pattern, 1),
			 view_skip(name, (size_t)(dot - name.p)));
}

/* Octets before the '@' count as they are, the host without regard to case. */
static bool email_matches(struct view a, struct view b)
{
	const uint8_t *at = memrchr(a.p, '@', a.n);
	if (at == NULL || a.n != b.n)
		return false;
	const size_t local = (size_t)(at - a.p) + 1;
	return view_equal(view_head(a, local), view_head(b, local)) &&
	       same_text(view_skip(a, local), view_skip(b, local));
}

static int directory_matches(struct view canonical, struct view name, bool *ret,
			     struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct buf b = buf_make(NAME_SIZE_MAX * 4);
	*ret = false;
	const int rc = name_canonical(name, &b, &bad);
	if (rc == 0)
		*ret = view_equal(canonical, view_buf(&b));
	buf_free(&b);
	return rc != 0 ? read_pass_failure(&bad, err) : 0;
}

/* ---- attributes of the subject ---- */

struct attribute {
	const char *type;
	struct view last; /* the most specific one, n == 0: none */
};

static void take_attribute(struct view body, struct attribute *a)
{
	struct ltps_error unused = LTPS_ERROR_INIT;
	struct tlv type, value;
	if (tlv_next(&body, &type, &unused) != 0 ||
	    tlv_next(&body, &value, &unused) != 0 || !oid_is(type.body, a->type))
		return;
	/* UTF8String, PrintableString, TeletexString, IA5String: one octet a
	 * character as far as names of hosts and mailboxes go. */
	if (value.cls == ASN1_UNIVERSAL && !value.constructed &&
	    (value.number == ASN1_TAG_UTF8 || value.number == 19 ||
	     value.number == 20 || value.number == ASN1_TAG_IA5))
		a->last = value.body;
}

static struct view subject_attribute(const struct cert *c, const char *type)
{
	struct ltps_error unused = LTPS_ERROR_INIT;
	struct attribute a = { .type = type };
	struct tlv name, rdn, one;
	if (tlv_only(c->subject, &name, &unused) != 0)
		return VIEW_NULL;
	while (name.body.n > 0 && tlv_next(&name.body, &rdn, &unused) == 0) {
		while (rdn.body.n > 0 && tlv_next(&rdn.body, &one, &unused) == 0)
			take_attribute(one.body, &a);
	}
	return a.last;
}

/* ---- one name against a certificate ---- */

struct seen {
	bool any;   /* a name of this kind is there */
	bool match; /* and one is the same */
};

static int compare(const struct general_name *asked, const struct general_name *own,
		   bool *ret, struct ltps_error *err)
{
	*ret = false;
	if (asked->kind == GENERAL_NAME_DNS)
		*ret = dns_matches(own->value, asked->value);
	else if (asked->kind == GENERAL_NAME_EMAIL)
		*ret = email_matches(asked->value, own->value);
	else
		return general_name_equal(asked, own, ret, err);
	return 0;
}

static int look_at_alternatives(const struct cert *c, const struct general_name *asked,
				struct seen *s, struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct view list = cert_ext_list(c, CERT_EXT_SAN);
	struct general_name own;
	bool match;
	while (list.n > 0 && general_name_next(&list, &own, &bad) == 0) {
		if (own.kind != asked->kind)
			continue;
		s->any = true;
		if (compare(asked, &own, &match, &bad) != 0) {
			if (read_pass_failure(&bad, err) != 0)
				return -1;
			ltps_error_clear(&bad);
			continue;
		}
		s->match |= match;
	}
	return 0;
}

static int look_at_subject(const struct cert *c, const struct general_name *asked,
			   struct seen *s, struct ltps_error *err)
{
	struct view v;
	bool match;
	switch (asked->kind) {
	case GENERAL_NAME_DIRECTORY:
		if (name_is_empty(c->subject))
			return 0;
		s->any = true;
		if (directory_matches(c->subject_canonical, asked->value, &match,
				      err) != 0)
			return -1;
		s->match |= match;
		return 0;
	case GENERAL_NAME_DNS:
		if (s->any) /* the common name counts only without dNSNames */
			return 0;
		v = subject_attribute(c, OID_COMMON_NAME);
		s->any |= v.n > 0;
		s->match |= v.n > 0 && dns_matches(v, asked->value);
		return 0;
	default:
		v = subject_attribute(c, OID_EMAIL_ADDRESS);
		s->any |= v.n > 0;
		s->match |= v.n > 0 && email_matches(asked->value, v);
		return 0;
	}
}

static bool is_malformed(const struct general_name *g)
{
	struct ltps_error unused = LTPS_ERROR_INIT;
	struct buf b = buf_make(NAME_SIZE_MAX * 4);
	bool bad = g->value.n == 0;
	if (g->kind == GENERAL_NAME_EMAIL)
		bad |= memchr(g->value.p, '@', g->value.n) == NULL;
	else if (g->kind == GENERAL_NAME_DNS)
		bad |= memchr(g->value.p, 0, g->value.n) != NULL;
	else if (g->kind == GENERAL_NAME_DIRECTORY)
		bad |= name_is_empty(g->value) ||
		       name_canonical(g->value, &b, &unused) != 0;
	buf_free(&b);
	return bad;
}

/* The request's own names: well-formed, of one kind, of the kind that fits. */
static enum name_error check_asked(struct view names, enum general_name_kind kind)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct general_name g;
	bool first = true;
	enum general_name_kind found = GENERAL_NAME_OTHER;
	if (names.n == 0)
		return NAME_BAD;
	while (names.n > 0) {
		if (general_name_next(&names, &g, &bad) != 0 || is_malformed(&g))
			return NAME_BAD;
		if (!first && g.kind != found)
			return NAME_MIXED;
		found = g.kind;
		first = false;
	}
	return found == kind ? NAME_FINE : NAME_BAD_TYPE;
}

static bool kind_of(struct view comparison, enum general_name_kind *ret)
{
	if (view_equal(comparison, scvp_svp_oid(4)))
		*ret = GENERAL_NAME_DIRECTORY;
	else if (oid_is(comparison, OID_KP_SERVER_AUTH))
		*ret = GENERAL_NAME_DNS;
	else if (oid_is(comparison, OID_KP_EMAIL))
		*ret = GENERAL_NAME_EMAIL;
	else
		return false;
	return true;
}

int names_check(const struct scvp_name_params *p, const struct cert *target,
		struct view *ret_error, struct ltps_error *err)
{
	enum general_name_kind kind;
	struct general_name g;
	struct view names = p->names;
	enum name_error e = NAME_UNKNOWN_ALG;
	if (kind_of(p->comparison, &kind))
		e = check_asked(names, kind);
	/* A matching name for each of the names supplied. */
	while (e == NAME_FINE && names.n > 0) {
		struct seen s = { false, false };
		if (general_name_next(&names, &g, err) != 0 ||
		    look_at_alternatives(target, &g, &s, err) != 0 ||
		    look_at_subject(target, &g, &s, err) != 0)
			return -1;
		if (!s.match)
			e = s.any ? NAME_MISMATCH : NAME_NONE;
	}
	*ret_error = error_oid(e);
	return 0;
}
