/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain_ext - extensions that cannot be processed, and what the target is fit for.
 */
#include "validation/chain_private.h"
#include "validation/fields.h"

#define OID_AD_OCSP "1.3.6.1.5.5.7.48.1"
#define OID_QUALIFIER_CPS "1.3.6.1.5.5.7.2.1"
#define OID_QUALIFIER_NOTICE "1.3.6.1.5.5.7.2.2"

static const char *const extension_names[CERT_EXT_COUNT] = {
	[CERT_EXT_AKI] = "authorityKeyIdentifier",
	[CERT_EXT_SKI] = "subjectKeyIdentifier",
	[CERT_EXT_KEY_USAGE] = "keyUsage",
	[CERT_EXT_POLICIES] = "certificatePolicies",
	[CERT_EXT_POLICY_MAPPINGS] = "policyMappings",
	[CERT_EXT_SAN] = "subjectAltName",
	[CERT_EXT_IAN] = "issuerAltName",
	[CERT_EXT_SUBJECT_DIRECTORY] = "subjectDirectoryAttributes",
	[CERT_EXT_BASIC_CONSTRAINTS] = "basicConstraints",
	[CERT_EXT_NAME_CONSTRAINTS] = "nameConstraints",
	[CERT_EXT_POLICY_CONSTRAINTS] = "policyConstraints",
	[CERT_EXT_EKU] = "extKeyUsage",
	[CERT_EXT_CRL_POINTS] = "cRLDistributionPoints",
	[CERT_EXT_INHIBIT_ANY] = "inhibitAnyPolicy",
	[CERT_EXT_FRESHEST_CRL] = "freshestCRL",
	[CERT_EXT_AIA] = "authorityInfoAccess",
	[CERT_EXT_SIA] = "subjectInfoAccess",
	[CERT_EXT_QC_STATEMENTS] = "qcStatements",
	[CERT_EXT_OCSP_NOCHECK] = "id-pkix-ocsp-nocheck",
	[CERT_EXT_NO_REV_AVAIL] = "noRevAvail",
	[CERT_EXT_VALIDITY_ASSURED] = "validityAssured",
};

/* A qualifier that we do not know in a critical certificatePolicies: RFC 5280
 * 4.2.1.4 asks to reject it. */
static bool unknown_qualifier(struct view policies)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct tlv policy, list, one;
	struct view oid;
	while (policies.n > 0) {
		if (field_next(&policies, DER_SEQUENCE, "", &policy, &ignored) != 0 ||
		    field_oid(&policy.body, "", &oid, &ignored) != 0)
			return true;
		if (policy.body.n == 0)
			continue;
		if (field_next(&policy.body, DER_SEQUENCE, "", &list, &ignored) != 0)
			return true;
		while (list.body.n > 0) {
			if (field_next(&list.body, DER_SEQUENCE, "", &one, &ignored) !=
				0 ||
			    field_oid(&one.body, "", &oid, &ignored) != 0)
				return true;
			if (!oid_is(oid, OID_QUALIFIER_CPS) &&
			    !oid_is(oid, OID_QUALIFIER_NOTICE))
				return true;
		}
	}
	return false;
}

/* Known ones that ask for more than we do with them. */
static bool unprocessable(const struct cert *c, enum cert_ext e)
{
	struct qc_statements qc;
	switch (e) {
	case CERT_EXT_SUBJECT_DIRECTORY: /* says something of the subject: what? */
		return true;
	case CERT_EXT_POLICIES:
		return unknown_qualifier(cert_ext_list(c, e));
	case CERT_EXT_QC_STATEMENTS: /* RFC 3739 3.2.6: all or none */
		qc_read(c, &qc);
		return qc.malformed || qc.unknown;
	default:
		return false;
	}
}

static bool names_responder(const struct cert *c)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view list = cert_ext_list(c, CERT_EXT_AIA);
	struct tlv one;
	struct view method;
	while (list.n > 0) {
		if (field_next(&list, DER_SEQUENCE, "", &one, &ignored) != 0 ||
		    field_oid(&one.body, "", &method, &ignored) != 0)
			return true;
		if (oid_is(method, OID_AD_OCSP))
			return true;
	}
	return false;
}

/* What must not stand beside noRevAvail: RFC 9608 4; NULL: nothing does. */
static const char *beside_no_rev_avail(const struct cert *c)
{
	if (!cert_has(c, CERT_EXT_NO_REV_AVAIL))
		return NULL;
	return c->ca                                ? "cA"
	       : cert_has(c, CERT_EXT_CRL_POINTS)   ? "cRLDistributionPoints"
	       : cert_has(c, CERT_EXT_FRESHEST_CRL) ? "freshestCRL"
	       : names_responder(c)                 ? "an OCSP address"
						    : NULL;
}

void chain_extensions(struct chain_state *s, size_t i)
{
	const char *beside = beside_no_rev_avail(s->c->certs[i]);
	const struct cert *c = s->c->certs[i];
	for (unsigned e = 0; e < CERT_EXT_COUNT; e++) {
		if ((c->malformed >> e & 1) != 0)
			candidate_find(s->c, PATH_MALFORMED_EXTENSION, (int)i, "%s",
				       extension_names[e]);
		else if (cert_has(c, e) && cert_is_critical(c, e) &&
			 unprocessable(c, e))
			candidate_find(s->c, PATH_CRITICAL_EXTENSION, (int)i, "%s",
				       extension_names[e]);
	}
	if (beside != NULL)
		candidate_find(s->c, PATH_MALFORMED_EXTENSION, (int)i,
			       "noRevAvail beside %s (RFC 9608 4)", beside);
	if (c->unknown_twice)
		candidate_find(s->c, PATH_MALFORMED_EXTENSION, (int)i,
			       "an extension stands twice");
	if (c->unknown_critical) {
		char oid[OID_TEXT_MAX];
		oid_text(c->unknown_critical_oid, oid);
		candidate_find(s->c, PATH_CRITICAL_EXTENSION, (int)i, "%s", oid);
	}
}

/* ---- the target ---- */

static bool usage_fits(const struct cert *c, const struct path_input *in)
{
	if (in->n_key_usages == 0 || !cert_has(c, CERT_EXT_KEY_USAGE))
		return true;
	for (size_t i = 0; i < in->n_key_usages; i++) {
		if ((c->key_usage & in->key_usages[i]) == in->key_usages[i])
			return true;
	}
	return false;
}

static bool eku_holds(const struct cert *c, struct view wanted)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct view cursor = c->eku, oid;
	while (cursor.n > 0) {
		if (field_oid(&cursor, "", &oid, &ignored) != 0)
			return false;
		if (view_equal(oid, wanted))
			return true;
	}
	return false;
}

/* The first of the wanted purposes that is not there; NULL when all are. */
static const struct view *eku_missing(const struct cert *c, const struct view *wanted,
				      size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!eku_holds(c, wanted[i]))
			return &wanted[i];
	}
	return NULL;
}

static void find_missing(struct chain_state *s, const struct view *missing)
{
	char oid[OID_TEXT_MAX];
	if (missing == NULL)
		return;
	oid_text(*missing, oid);
	candidate_find(s->c, PATH_EXTENDED_KEY_USAGE, 0, "%s is missing", oid);
}

/* RFC 5055 3.2.4.2.7 to .9 */
void chain_usages(struct chain_state *s)
{
	static const struct view any = OID_VIEW("\x55\x1d\x25\x00");
	const struct path_input *in = s->run->in;
	const struct cert *c = s->c->certs[0];
	if (!usage_fits(c, in))
		candidate_find(s->c, PATH_KEY_USAGE, 0, "keyUsage is 0x%03x",
			       c->key_usage);
	if (cert_has(c, CERT_EXT_EKU) && !eku_holds(c, any))
		find_missing(s, eku_missing(c, in->extended_key_usages,
					    in->n_extended_key_usages));
	find_missing(
	    s, eku_missing(c, in->specified_key_usages, in->n_specified_key_usages));
}
