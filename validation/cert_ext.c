/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert_ext - the extensions of certificates. Each known one is checked to decode
 * as its type throughout; one that does not, or that stands twice, is marked and
 * has no value, so that whoever judges cannot take a part of it for the whole.
 */
#include <stdlib.h>
#include <string.h>

#include "validation/cert_private.h"
#include "validation/name.h"

/* Policies of one certificate: sorted to see repetition. */
#define POLICIES_MAX 1024

/* The bits that keyUsage knows. */
#define KEY_USAGE_ALL 0x1ff

static int fail(struct ltps_error *err, const char *clause, const char *why)
{
	return ltps_fail(err, LTPS_FORMAT, LTPS_FAULT_OBJECT, clause, "extension: %s",
			 why);
}

/* The contents of a SEQUENCE that is the whole value and is not empty. */
static int read_list(struct view value, struct view *ret, struct ltps_error *err)
{
	if (field_only(value, DER_SEQUENCE, "extension", ret, err) != 0)
		return -1;
	return ret->n > 0 ? 0 : fail(err, NULL, "empty SEQUENCE");
}

/* The contents of the next SEQUENCE. */
static int next_sequence(struct view *cursor, struct view *ret, struct ltps_error *err)
{
	struct tlv t;
	if (field_next(cursor, DER_SEQUENCE, "extension", &t, err) != 0)
		return -1;
	*ret = t.body;
	return 0;
}

/* --- key identifiers --- */

int authority_key_read(struct view value, struct authority_key *ret,
		       struct ltps_error *err)
{
	struct tlv key, issuer, serial;
	struct view body;
	if (field_only(value, DER_SEQUENCE, "authorityKeyIdentifier", &body, err) !=
		0 ||
	    field_optional(&body, FIELD_CONTEXT(0), "keyIdentifier", &key, err) != 0 ||
	    field_optional(&body, FIELD_CONTEXT_CONSTRUCTED(1), "authorityCertIssuer",
			   &issuer, err) != 0 ||
	    field_optional(&body, FIELD_CONTEXT(2), "authorityCertSerialNumber",
			   &serial, err) != 0 ||
	    tlv_end(body, "authorityKeyIdentifier", err) != 0)
		return -1;
	if (issuer.whole.n > 0 && field_general_names(issuer.body, err) != 0)
		return -1;
	if (serial.whole.n > 0 && serial.body.n == 0)
		return fail(err, "RFC 5280 4.2.1.1", "serial number without octets");
	*ret = (struct authority_key){ key.body, issuer.body, serial.body };
	return 0;
}

static int read_aki(struct cert *c, struct view value, struct ltps_error *err)
{
	struct authority_key a;
	if (authority_key_read(value, &a, err) != 0)
		return -1;
	c->aki_key = a.key;
	c->aki_issuer = a.issuer;
	c->aki_serial = a.serial;
	return 0;
}

static int read_ski(struct cert *c, struct view value, struct ltps_error *err)
{
	return field_only(value, FIELD_OCTETS, "subjectKeyIdentifier", &c->ski, err);
}

/* --- usages --- */

static int read_key_usage(struct cert *c, struct view value, struct ltps_error *err)
{
	struct view bits;
	uint16_t flags;
	if (field_only(value, FIELD_BITS, "keyUsage", &bits, err) != 0 ||
	    field_flags(bits, &flags, err) != 0)
		return -1;
	c->key_usage = flags & KEY_USAGE_ALL;
	return 0;
}

static int read_eku(struct cert *c, struct view value, struct ltps_error *err)
{
	struct view list, oid;
	if (read_list(value, &list, err) != 0)
		return -1;
	for (struct view cursor = list; cursor.n > 0;) {
		if (field_oid(&cursor, "KeyPurposeId", &oid, err) != 0)
			return -1;
	}
	c->eku = list;
	return 0;
}

/* A number that is not negative, cut at what fits. */
static int read_number(struct view body, uint32_t *ret, struct ltps_error *err)
{
	struct view v = field_shortest_integer(body);
	if (v.n == 0 || v.p[0] >= 0x80)
		return fail(err, NULL, "number empty or below zero");
	uint64_t n = 0;
	for (size_t i = 0; i < v.n && n <= UINT32_MAX; i++)
		n = n << 8 | v.p[i];
	*ret = n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
	return 0;
}

static int read_basic_constraints(struct cert *c, struct view value,
				  struct ltps_error *err)
{
	struct view body;
	struct tlv n;
	uint32_t path_len = 0;
	bool ca;
	if (field_only(value, DER_SEQUENCE, "basicConstraints", &body, err) != 0 ||
	    field_boolean_default_false(&body, FIELD_BOOLEAN, &ca, err) != 0 ||
	    field_optional(&body, FIELD_INTEGER, "pathLenConstraint", &n, err) != 0 ||
	    tlv_end(body, "basicConstraints", err) != 0 ||
	    (n.whole.n > 0 && read_number(n.body, &path_len, err) != 0))
		return -1;
	c->ca = ca;
	c->has_path_len = n.whole.n > 0;
	c->path_len = path_len;
	return 0;
}

/* --- policies --- */

static bool is_display_text(uint8_t id)
{
	return id == ASN1_TAG_UTF8 || id == ASN1_TAG_IA5 || id == 26 || id == 30;
}

/* DisplayText of any length: users SHOULD bear more than 200 characters. */
static int check_display_text(struct view *cursor, struct ltps_error *err)
{
	struct tlv t;
	if (cursor->n == 0 || !is_display_text(cursor->p[0]))
		return fail(err, "RFC 5280 4.2.1.4", "not a DisplayText");
	return tlv_next(cursor, &t, err);
}

static int check_notice(struct view body, struct ltps_error *err)
{
	struct view reference, numbers, number;
	if (body.n > 0 && body.p[0] == DER_SEQUENCE) {
		if (next_sequence(&body, &reference, err) != 0 ||
		    check_display_text(&reference, err) != 0 ||
		    next_sequence(&reference, &numbers, err) != 0 ||
		    tlv_end(reference, "noticeRef", err) != 0)
			return -1;
		while (numbers.n > 0) {
			if (field_integer(&numbers, "noticeNumbers", &number, err) != 0)
				return -1;
		}
	}
	if (body.n > 0 && check_display_text(&body, err) != 0)
		return -1;
	return tlv_end(body, "UserNotice", err);
}

/* PolicyQualifierInfo, RFC 5280 4.2.1.4 */
static int check_qualifier(struct view body, struct ltps_error *err)
{
	static const struct view cps = OID_VIEW("\x2b\x06\x01\x05\x05\x07\x02\x01");
	static const struct view notice = OID_VIEW("\x2b\x06\x01\x05\x05\x07\x02\x02");
	struct view oid, inner;
	struct tlv qualifier;
	if (field_oid(&body, "policyQualifierId", &oid, err) != 0 ||
	    tlv_next(&body, &qualifier, err) != 0 ||
	    tlv_end(body, "PolicyQualifierInfo", err) != 0)
		return -1;
	if (view_equal(oid, cps))
		return field_only(qualifier.whole, ASN1_TAG_IA5, "CPSuri", &inner, err);
	if (!view_equal(oid, notice))
		return 0;
	if (field_only(qualifier.whole, DER_SEQUENCE, "UserNotice", &inner, err) != 0)
		return -1;
	return check_notice(inner, err);
}

static int check_policy(struct view body, struct view *ret_oid, struct ltps_error *err)
{
	struct view qualifiers, one;
	if (field_oid(&body, "policyIdentifier", ret_oid, err) != 0)
		return -1;
	if (body.n == 0)
		return 0;
	if (next_sequence(&body, &qualifiers, err) != 0 ||
	    tlv_end(body, "PolicyInformation", err) != 0)
		return -1;
	if (qualifiers.n == 0)
		return fail(err, "RFC 5280 4.2.1.4", "empty policyQualifiers");
	while (qualifiers.n > 0) {
		if (next_sequence(&qualifiers, &one, err) != 0 ||
		    check_qualifier(one, err) != 0)
			return -1;
	}
	return 0;
}

static int compare_oids(const void *a, const void *b)
{
	return view_compare(*(const struct view *)a, *(const struct view *)b);
}

/* A policy MUST NOT stand twice: RFC 5280 4.2.1.4. */
static int read_policies(struct cert *c, struct view value, struct ltps_error *err)
{
	struct view oids[POLICIES_MAX];
	struct view list, one;
	size_t n = 0;
	(void)c;
	if (read_list(value, &list, err) != 0)
		return -1;
	for (; list.n > 0; n++) {
		if (n >= POLICIES_MAX)
			return fail(err, "RFC 5280 4.2.1.4", "too many policies");
		if (next_sequence(&list, &one, err) != 0 ||
		    check_policy(one, &oids[n], err) != 0)
			return -1;
	}
	qsort(oids, n, sizeof(*oids), compare_oids);
	for (size_t i = 1; i < n; i++) {
		if (view_compare(oids[i - 1], oids[i]) == 0)
			return fail(err, "RFC 5280 4.2.1.4", "a policy stands twice");
	}
	return 0;
}

static int read_mappings(struct cert *c, struct view value, struct ltps_error *err)
{
	struct view list, pair, oid;
	(void)c;
	if (read_list(value, &list, err) != 0)
		return -1;
	while (list.n > 0) {
		if (next_sequence(&list, &pair, err) != 0 ||
		    field_oid(&pair, "issuerDomainPolicy", &oid, err) != 0 ||
		    field_oid(&pair, "subjectDomainPolicy", &oid, err) != 0 ||
		    tlv_end(pair, "PolicyMappings", err) != 0)
			return -1;
	}
	return 0;
}

/* At least one of them: RFC 5280 4.2.1.11. */
static int read_policy_constraints(struct cert *c, struct view value,
				   struct ltps_error *err)
{
	struct view body;
	struct tlv require, inhibit;
	uint32_t n;
	(void)c;
	if (read_list(value, &body, err) != 0 ||
	    field_optional(&body, FIELD_CONTEXT(0), "requireExplicitPolicy", &require,
			   err) != 0 ||
	    field_optional(&body, FIELD_CONTEXT(1), "inhibitPolicyMapping", &inhibit,
			   err) != 0 ||
	    tlv_end(body, "policyConstraints", err) != 0 ||
	    (require.whole.n > 0 && read_number(require.body, &n, err) != 0) ||
	    (inhibit.whole.n > 0 && read_number(inhibit.body, &n, err) != 0))
		return -1;
	return 0;
}

static int read_inhibit_any(struct cert *c, struct view value, struct ltps_error *err)
{
	struct view body;
	uint32_t n;
	(void)c;
	if (field_only(value, FIELD_INTEGER, "inhibitAnyPolicy", &body, err) != 0)
		return -1;
	return read_number(body, &n, err);
}

/* --- names --- */

int general_names_check(struct view value, struct ltps_error *err)
{
	struct view list;
	if (field_only(value, DER_SEQUENCE, "GeneralNames", &list, err) != 0)
		return -1;
	return field_general_names(list, err);
}

/* An address has 4 or 16 octets: RFC 5280 4.2.1.6. */
static int read_alt_name(struct cert *c, struct view value, struct ltps_error *err)
{
	struct view list;
	struct general_name g;
	(void)c;
	if (read_list(value, &list, err) != 0 || field_general_names(list, err) != 0)
		return -1;
	while (list.n > 0) {
		if (general_name_next(&list, &g, err) != 0)
			return -1;
		if (g.kind == GENERAL_NAME_IP && g.value.n != 4 && g.value.n != 16)
			return fail(err, "RFC 5280 4.2.1.6", "not an IP address");
	}
	return 0;
}

/* GeneralSubtrees; an IP range has 8 or 32 octets: RFC 5280 4.2.1.10. */
static int check_subtrees(struct view list, struct ltps_error *err)
{
	if (list.n == 0)
		return fail(err, "RFC 5280 4.2.1.10", "no subtree");
	for (size_t n = 0; list.n > 0; n++) {
		struct view body;
		struct general_name g;
		struct tlv min, max;
		uint32_t number;
		if (n >= GENERAL_NAMES_MAX)
			return fail(err, "RFC 5280 4.2.1.10", "too many subtrees");
		if (next_sequence(&list, &body, err) != 0 ||
		    general_name_next(&body, &g, err) != 0 ||
		    field_optional(&body, FIELD_CONTEXT(0), "minimum", &min, err) !=
			0 ||
		    field_optional(&body, FIELD_CONTEXT(1), "maximum", &max, err) !=
			0 ||
		    tlv_end(body, "GeneralSubtree", err) != 0 ||
		    (min.whole.n > 0 && read_number(min.body, &number, err) != 0) ||
		    (max.whole.n > 0 && read_number(max.body, &number, err) != 0))
			return -1;
		if (g.kind == GENERAL_NAME_IP && g.value.n != 8 && g.value.n != 32)
			return fail(err, "RFC 5280 4.2.1.10", "not an IP range");
	}
	return 0;
}

static int read_name_constraints(struct cert *c, struct view value,
				 struct ltps_error *err)
{
	struct view body;
	struct tlv permitted, excluded;
	(void)c;
	if (read_list(value, &body, err) != 0 ||
	    field_optional(&body, FIELD_CONTEXT_CONSTRUCTED(0), "permittedSubtrees",
			   &permitted, err) != 0 ||
	    field_optional(&body, FIELD_CONTEXT_CONSTRUCTED(1), "excludedSubtrees",
			   &excluded, err) != 0 ||
	    tlv_end(body, "nameConstraints", err) != 0 ||
	    (permitted.whole.n > 0 && check_subtrees(permitted.body, err) != 0) ||
	    (excluded.whole.n > 0 && check_subtrees(excluded.body, err) != 0))
		return -1;
	return 0;
}

/* SubjectDirectoryAttributes, RFC 5280 4.2.1.8. */
static int read_subject_directory(struct cert *c, struct view value,
				  struct ltps_error *err)
{
	struct view list, body, oid;
	struct tlv values, one;
	(void)c;
	if (read_list(value, &list, err) != 0)
		return -1;
	while (list.n > 0) {
		if (next_sequence(&list, &body, err) != 0 ||
		    field_oid(&body, "type", &oid, err) != 0 ||
		    field_next(&body, DER_SET, "values", &values, err) != 0 ||
		    tlv_end(body, "Attribute", err) != 0)
			return -1;
		for (struct view v = values.body; v.n > 0;) {
			if (tlv_next(&v, &one, err) != 0)
				return -1;
		}
		if (values.body.n == 0)
			return fail(err, "RFC 5280 4.2.1.8",
				    "attribute without values");
	}
	return 0;
}

/* --- distribution points and access --- */

int dist_point_reasons(struct view bits, uint16_t *ret, struct ltps_error *err)
{
	uint16_t flags;
	if (field_flags(bits, &flags, err) != 0)
		return -1;
	*ret = flags & REASONS_ALL;
	return 0;
}

int dist_point_name(struct view tagged, struct dist_point *ret, struct ltps_error *err)
{
	struct tlv t;
	if (tlv_only(tagged, &t, err) != 0)
		return -1;
	if (t.cls != ASN1_CONTEXT || !t.constructed || t.number > 1)
		return fail(err, "RFC 5280 4.2.1.13", "not a DistributionPointName");
	if (t.number == 0) {
		ret->full_name = t.body;
		return field_general_names(t.body, err);
	}
	ret->relative = t.body;
	return name_check_relative(t.body, err);
}

int dist_point_next(struct view *cursor, struct dist_point *ret, struct ltps_error *err)
{
	struct view rest = *cursor, body;
	struct dist_point p = { .reasons = REASONS_ALL };
	struct tlv name, reasons, issuer;
	if (next_sequence(&rest, &body, err) != 0 ||
	    field_optional(&body, FIELD_CONTEXT_CONSTRUCTED(0), "distributionPoint",
			   &name, err) != 0 ||
	    field_optional(&body, FIELD_CONTEXT(1), "reasons", &reasons, err) != 0 ||
	    field_optional(&body, FIELD_CONTEXT_CONSTRUCTED(2), "cRLIssuer", &issuer,
			   err) != 0 ||
	    tlv_end(body, "DistributionPoint", err) != 0)
		return -1;
	if (name.whole.n > 0 && dist_point_name(name.body, &p, err) != 0)
		return -1;
	if (reasons.whole.n > 0 &&
	    dist_point_reasons(reasons.body, &p.reasons, err) != 0)
		return -1;
	if (issuer.whole.n > 0 && field_general_names(issuer.body, err) != 0)
		return -1;
	p.crl_issuer = issuer.body;
	*ret = p;
	*cursor = rest;
	return 0;
}

int dist_points_check(struct view value, struct view *ret_list, struct ltps_error *err)
{
	struct view list;
	struct dist_point p;
	if (read_list(value, &list, err) != 0)
		return -1;
	*ret_list = list;
	while (list.n > 0) {
		if (dist_point_next(&list, &p, err) != 0)
			return -1;
	}
	return 0;
}

static int read_crl_points(struct cert *c, struct view value, struct ltps_error *err)
{
	struct view list;
	(void)c;
	return dist_points_check(value, &list, err);
}

int access_check(struct view value, struct ltps_error *err)
{
	struct view list, body, oid;
	struct general_name g;
	if (read_list(value, &list, err) != 0)
		return -1;
	while (list.n > 0) {
		if (next_sequence(&list, &body, err) != 0 ||
		    field_oid(&body, "accessMethod", &oid, err) != 0 ||
		    general_name_next(&body, &g, err) != 0 ||
		    tlv_end(body, "AccessDescription", err) != 0)
			return -1;
	}
	return 0;
}

static int read_access(struct cert *c, struct view value, struct ltps_error *err)
{
	(void)c;
	return access_check(value, err);
}

/* --- others --- */

/* QCStatements, RFC 3739 3.2.6: what a statement says is its reader's matter. */
static int read_qc_statements(struct cert *c, struct view value, struct ltps_error *err)
{
	struct view list, body, oid;
	struct tlv info;
	(void)c;
	if (field_only(value, DER_SEQUENCE, "qcStatements", &list, err) != 0)
		return -1;
	while (list.n > 0) {
		if (next_sequence(&list, &body, err) != 0 ||
		    field_oid(&body, "statementId", &oid, err) != 0 ||
		    (body.n > 0 && tlv_next(&body, &info, err) != 0) ||
		    tlv_end(body, "QCStatement", err) != 0)
			return -1;
	}
	return 0;
}

static int read_null(struct cert *c, struct view value, struct ltps_error *err)
{
	struct view body;
	(void)c;
	if (field_only(value, FIELD_NULL, "NULL", &body, err) != 0)
		return -1;
	return body.n == 0 ? 0 : fail(err, "X.690 8.8.2", "NULL with contents");
}

#define ID_CE(last) OID_VIEW("\x55\x1d" last)
#define ID_PE(last) OID_VIEW("\x2b\x06\x01\x05\x05\x07\x01" last)

static const struct {
	struct view oid;
	int (*read)(struct cert *c, struct view value, struct ltps_error *err);
} extensions[CERT_EXT_COUNT] = {
	[CERT_EXT_AKI] = { ID_CE("\x23"), read_aki },
	[CERT_EXT_SKI] = { ID_CE("\x0e"), read_ski },
	[CERT_EXT_KEY_USAGE] = { ID_CE("\x0f"), read_key_usage },
	[CERT_EXT_POLICIES] = { ID_CE("\x20"), read_policies },
	[CERT_EXT_POLICY_MAPPINGS] = { ID_CE("\x21"), read_mappings },
	[CERT_EXT_SAN] = { ID_CE("\x11"), read_alt_name },
	[CERT_EXT_IAN] = { ID_CE("\x12"), read_alt_name },
	[CERT_EXT_SUBJECT_DIRECTORY] = { ID_CE("\x09"), read_subject_directory },
	[CERT_EXT_BASIC_CONSTRAINTS] = { ID_CE("\x13"), read_basic_constraints },
	[CERT_EXT_NAME_CONSTRAINTS] = { ID_CE("\x1e"), read_name_constraints },
	[CERT_EXT_POLICY_CONSTRAINTS] = { ID_CE("\x24"), read_policy_constraints },
	[CERT_EXT_EKU] = { ID_CE("\x25"), read_eku },
	[CERT_EXT_CRL_POINTS] = { ID_CE("\x1f"), read_crl_points },
	[CERT_EXT_INHIBIT_ANY] = { ID_CE("\x36"), read_inhibit_any },
	[CERT_EXT_FRESHEST_CRL] = { ID_CE("\x2e"), read_crl_points },
	[CERT_EXT_AIA] = { ID_PE("\x01"), read_access },
	[CERT_EXT_SIA] = { ID_PE("\x0b"), read_access },
	[CERT_EXT_QC_STATEMENTS] = { ID_PE("\x03"), read_qc_statements },
	[CERT_EXT_OCSP_NOCHECK] = { OID_VIEW("\x2b\x06\x01\x05\x05\x07\x30\x01\x05"),
				    read_null },
	[CERT_EXT_NO_REV_AVAIL] = { ID_CE("\x38"), read_null },
	[CERT_EXT_VALIDITY_ASSURED] = { OID_VIEW("\x04\x00\x8b\xec\x49\x02\x01"),
					read_null },
};
_Static_assert(CERT_EXT_COUNT <= 32, "the marks are bits of 32");

static int kind_of(struct view oid)
{
	for (int i = 0; i < CERT_EXT_COUNT; i++) {
		if (extensions[i].oid.n == oid.n &&
		    memcmp(extensions[i].oid.p, oid.p, oid.n) == 0)
			return i;
	}
	return -1;
}

/* Of two values neither counts: what they would allow is not allowed. */
static void forget(struct cert *c, int kind)
{
	switch (kind) {
	case CERT_EXT_BASIC_CONSTRAINTS:
		c->ca = c->has_path_len = false;
		break;
	case CERT_EXT_KEY_USAGE:
		c->key_usage = 0;
		break;
	case CERT_EXT_EKU:
		c->eku = VIEW_NULL;
		break;
	case CERT_EXT_SKI:
		c->ski = VIEW_NULL;
		break;
	case CERT_EXT_AKI:
		c->aki_key = c->aki_issuer = c->aki_serial = VIEW_NULL;
		break;
	default: /* only read through cert_ext_list() and ext[] */
		break;
	}
}

static void take_known(struct cert *c, int kind, const struct extension *e)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	uint32_t bit = (uint32_t)1 << kind;
	if ((c->present & bit) != 0) {
		c->malformed |= bit;
		c->critical |= e->critical ? bit : 0;
		forget(c, kind);
		return;
	}
	c->present |= bit;
	c->critical |= e->critical ? bit : 0;
	c->ext[kind] = e->value;
	/* None of them allocates: the only answer is that it does not decode. */
	if (extensions[kind].read(c, e->value, &ignored) != 0)
		c->malformed |= bit;
}

static void take_unknown(struct cert *c, const struct extension *e)
{
	if (!e->critical || c->unknown_critical)
		return;
	c->unknown_critical = true;
	c->unknown_critical_oid = e->oid;
}

int cert_ext_read(struct cert *c, struct view list, struct ltps_error *err)
{
	struct view unknown[CERT_EXTENSIONS_MAX];
	size_t n_unknown = 0;
	for (size_t n = 0; list.n > 0; n++) {
		struct extension e;
		if (n >= CERT_EXTENSIONS_MAX)
			return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
					 "certificate with more than %d extensions",
					 CERT_EXTENSIONS_MAX);
		if (extension_next(&list, &e, err) != 0)
			return -1;
		int kind = kind_of(e.oid);
		if (kind >= 0) {
			take_known(c, kind, &e);
			continue;
		}
		take_unknown(c, &e);
		for (size_t i = 0; i < n_unknown; i++)
			c->unknown_twice |= view_compare(unknown[i], e.oid) == 0;
		unknown[n_unknown++] = e.oid;
	}
	return 0;
}

struct view cert_ext_list(const struct cert *c, enum cert_ext e)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view list;
	if (!cert_has(c, e) || (c->malformed >> e & 1) != 0 ||
	    field_only(c->ext[e], DER_SEQUENCE, "extension", &list, &ignored) != 0)
		return VIEW_NULL;
	return list;
}

bool cert_has_eku(const struct cert *c, const char *dotted)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view list = c->eku, oid;
	while (list.n > 0) {
		if (field_oid(&list, "KeyPurposeId", &oid, &ignored) != 0)
			return false;
		if (oid_is(oid, dotted))
			return true;
	}
	return false;
}
