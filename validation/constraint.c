/* SPDX-License-Identifier: Apache-2.0 */
#include "validation/constraint.h"

#include <stddef.h>

#define NOT_APPLICABLE (-1)
#define LOWERABLE true
#define FIXED false

/* Levels of a signature, a countersignature, a time-stamp. */
#define EVERYWHERE(level)                                                              \
	{                                                                              \
		CONSTRAINT_##level, CONSTRAINT_##level, CONSTRAINT_##level             \
	}
#define SIGNATURES(level)                                                              \
	{                                                                              \
		CONSTRAINT_##level, CONSTRAINT_##level, NOT_APPLICABLE                 \
	}
#define SIGNATURE_ONLY(level)                                                          \
	{                                                                              \
		CONSTRAINT_##level, NOT_APPLICABLE, NOT_APPLICABLE                     \
	}
#define TIME_STAMPS(level)                                                             \
	{                                                                              \
		NOT_APPLICABLE, NOT_APPLICABLE, CONSTRAINT_##level                     \
	}
/* A countersignature has no content type (RFC 5652 11.4). */
#define BUT_COUNTERSIGNATURES(level)                                                   \
	{                                                                              \
		CONSTRAINT_##level, NOT_APPLICABLE, CONSTRAINT_##level                 \
	}

struct row {
	const char *name;
	const char *clause;
	bool lowerable;
	enum constraint_values values;
	int level[CONTEXT_COUNT];
};

/*
 * Clauses without another name are of EN 319 102-1. The letters are those of
 * TS 119 172-1 table A.2, the rows of technical counterparts; "-": it comes with the
 * building block itself, no row stands for it.
 *
 * What is required by default is what the building blocks and the formats themselves
 * demand; what only a business rule can ask for is not checked until a policy asks.
 */
static const struct row rows[CONSTRAINT_COUNT] = {
	/* - */
	[CONSTRAINT_FORMAT] = { "format", "5.2.2", FIXED, VALUES_NONE,
				EVERYWHERE(FAIL) },
	[CONSTRAINT_REFERENCES_INTACT] = { "references-intact", "5.2.7", FIXED,
					   VALUES_NONE, EVERYWHERE(FAIL) },
	[CONSTRAINT_SIGNATURE_INTACT] = { "signature-intact", "5.2.7", FIXED,
					  VALUES_NONE, EVERYWHERE(FAIL) },
	[CONSTRAINT_REVOKED] = { "revoked", "5.3.4", FIXED, VALUES_NONE,
				 EVERYWHERE(FAIL) },
	[CONSTRAINT_EXPIRED] = { "expired", "5.3.4", FIXED, VALUES_NONE,
				 EVERYWHERE(FAIL) },
	[CONSTRAINT_NOT_YET_VALID] = { "not-yet-valid", "5.5.4", FIXED, VALUES_NONE,
				       EVERYWHERE(FAIL) },
	/* -: nothing can be verified without it */
	[CONSTRAINT_SIGNING_CERTIFICATE] = { "signing-certificate", "5.2.3", FIXED,
					     VALUES_NONE, EVERYWHERE(FAIL) },
	/* o: plain CMS signatures and old tokens come without one */
	[CONSTRAINT_SIGNING_CERTIFICATE_ATTRIBUTE] = { "signing-certificate-attribute",
						       "5.2.3", LOWERABLE, VALUES_NONE,
						       EVERYWHERE(WARN) },
	/* -: a warning by 5.2.3.4 itself */
	[CONSTRAINT_ISSUER_SERIAL] = { "issuer-serial", "5.2.3", LOWERABLE, VALUES_NONE,
				       EVERYWHERE(WARN) },
	/* m */
	[CONSTRAINT_CERTIFICATE_REFERENCES] = { "certificate-references", "5.2.8.4.2",
						LOWERABLE, VALUES_NONE,
						EVERYWHERE(FAIL) },
	[CONSTRAINT_PATH_REFERENCED] = { "path-referenced", "5.2.8.4.2", LOWERABLE,
					 VALUES_NONE, EVERYWHERE(IGNORE) },
	/* o */
	[CONSTRAINT_SIGNATURE_POLICY] = { "signature-policy", "5.2.4", LOWERABLE,
					  VALUES_SIGNATURE_POLICIES, SIGNATURES(FAIL) },
	[CONSTRAINT_SIGNATURE_POLICY_HASH] = { "signature-policy-hash", "5.2.4",
					       LOWERABLE, VALUES_NONE,
					       SIGNATURES(WARN) },
	/* m: certificates */
	[CONSTRAINT_KEY_USAGE] = { "key-usage", "5.2.6", LOWERABLE, VALUES_KEY_USAGES,
				   EVERYWHERE(IGNORE) },
	[CONSTRAINT_EXTENDED_KEY_USAGE] = { "extended-key-usage", "5.2.6", LOWERABLE,
					    VALUES_OIDS, SIGNATURES(IGNORE) },
	[CONSTRAINT_CERTIFICATE_POLICY] = { "certificate-policy", "5.2.6", LOWERABLE,
					    VALUES_OIDS, EVERYWHERE(IGNORE) },
	[CONSTRAINT_QC_COMPLIANCE] = { "qc-compliance", "5.2.6", LOWERABLE, VALUES_NONE,
				       SIGNATURES(IGNORE) },
	/* n: the device */
	[CONSTRAINT_QC_SSCD] = { "qc-sscd", "5.2.6", LOWERABLE, VALUES_NONE,
				 SIGNATURES(IGNORE) },
	/* f: the legal type */
	[CONSTRAINT_QC_TYPE] = { "qc-type", "5.2.6", LOWERABLE, VALUES_QC_TYPES,
				 SIGNATURES(IGNORE) },
	[CONSTRAINT_NOT_SELF_SIGNED] = { "not-self-signed", "5.2.6", LOWERABLE,
					 VALUES_NONE, EVERYWHERE(WARN) },
	/* m */
	[CONSTRAINT_REVOCATION] = { "revocation", "5.2.6", LOWERABLE, VALUES_NONE,
				    EVERYWHERE(FAIL) },
	/* h */
	[CONSTRAINT_SIGNING_TIME] = { "signing-time", "5.2.8.4.2", LOWERABLE,
				      VALUES_NONE, SIGNATURES(WARN) },
	/* b: the signed data */
	[CONSTRAINT_CONTENT_TYPE] = { "content-type", "5.2.8.4.2", LOWERABLE,
				      VALUES_OIDS, BUT_COUNTERSIGNATURES(FAIL) },
	[CONSTRAINT_CONTENT_HINTS] = { "content-hints", "5.2.8.4.2", LOWERABLE,
				       VALUES_NONE, SIGNATURE_ONLY(IGNORE) },
	[CONSTRAINT_CONTENT_IDENTIFIER] = { "content-identifier", "5.2.8.4.2",
					    LOWERABLE, VALUES_NONE,
					    SIGNATURE_ONLY(IGNORE) },
	[CONSTRAINT_CONTENT_REFERENCE] = { "content-reference", "5.2.8.4.2", LOWERABLE,
					   VALUES_NONE, SIGNATURE_ONLY(IGNORE) },
	/* g */
	[CONSTRAINT_COMMITMENT_TYPE] = { "commitment-type", "5.2.8.4.2", LOWERABLE,
					 VALUES_OIDS, SIGNATURES(IGNORE) },
	/* o */
	[CONSTRAINT_SIGNER_LOCATION] = { "signer-location", "5.2.8.4.2", LOWERABLE,
					 VALUES_NONE, SIGNATURES(IGNORE) },
	/* l: identity and roles */
	[CONSTRAINT_SIGNER_ATTRIBUTES] = { "signer-attributes", "5.2.8.4.2", LOWERABLE,
					   VALUES_NONE, SIGNATURES(IGNORE) },
	/* b */
	[CONSTRAINT_MIME_TYPE] = { "mime-type", "5.2.8.4.2", LOWERABLE, VALUES_NONE,
				   SIGNATURE_ONLY(IGNORE) },
	/* p */
	[CONSTRAINT_ALGORITHM_PROTECTION] = { "algorithm-protection", "RFC 6211 3",
					      LOWERABLE, VALUES_NONE,
					      EVERYWHERE(FAIL) },
	/* h */
	[CONSTRAINT_CONTENT_TIME_STAMP] = { "content-time-stamp", "5.2.8.4.2",
					    LOWERABLE, VALUES_NONE,
					    SIGNATURE_ONLY(IGNORE) },
	/* a: workflow */
	[CONSTRAINT_COUNTERSIGNATURE] = { "countersignature", "5.2.8.4.2", LOWERABLE,
					  VALUES_NONE, SIGNATURES(IGNORE) },
	/* i: formalities */
	[CONSTRAINT_FORMAT_ALLOWED] = { "format-allowed", "5.2.8.4.2", LOWERABLE,
					VALUES_FORMATS, SIGNATURE_ONLY(FAIL) },
	/* j: longevity */
	[CONSTRAINT_LEVEL] = { "level", "5.2.8.4.2", LOWERABLE, VALUES_LEVEL,
			       SIGNATURE_ONLY(IGNORE) },
	/* i: formalities. What was signed stands as it was; but what a reader shows
	 * may be something else. */
	[CONSTRAINT_PDF_CHANGES] = { "pdf-changes", "ISO 32000-2 12.8.2.2", LOWERABLE,
				     VALUES_NONE, SIGNATURE_ONLY(FAIL) },
	[CONSTRAINT_PDF_PERMISSIONS] = { "pdf-permissions", "ISO 32000-2 12.8.2",
					 LOWERABLE, VALUES_NONE, SIGNATURE_ONLY(FAIL) },
	/* h: timing evidence */
	[CONSTRAINT_SIGNATURE_TIME_STAMP] = { "signature-time-stamp", "5.5.4",
					      LOWERABLE, VALUES_NONE,
					      SIGNATURE_ONLY(IGNORE) },
	[CONSTRAINT_TIME_STAMPS_VALID] = { "time-stamps-valid", "5.5.4", LOWERABLE,
					   VALUES_NONE, SIGNATURE_ONLY(WARN) },
	[CONSTRAINT_TIME_STAMP_ORDER] = { "time-stamp-order", "5.5.4", LOWERABLE,
					  VALUES_NONE, SIGNATURE_ONLY(FAIL) },
	[CONSTRAINT_TIME_STAMP_DELAY] = { "time-stamp-delay", "5.5.4", LOWERABLE,
					  VALUES_DURATION, SIGNATURE_ONLY(IGNORE) },
	[CONSTRAINT_HASH_INDEX] = { "hash-index", "EN 319 122-1 5.5.2", LOWERABLE,
				    VALUES_NONE, TIME_STAMPS(FAIL) },
	[CONSTRAINT_TSA_EXTENDED_KEY_USAGE] = { "tsa-extended-key-usage",
						"RFC 3161 2.3", LOWERABLE, VALUES_NONE,
						TIME_STAMPS(FAIL) },
	[CONSTRAINT_TSA_NAME] = { "tsa-name", "RFC 3161 2.4.2", LOWERABLE, VALUES_NONE,
				  TIME_STAMPS(WARN) },
	[CONSTRAINT_TSA_POLICY] = { "tsa-policy", "5.4", LOWERABLE, VALUES_OIDS,
				    TIME_STAMPS(IGNORE) },
	/* k: archival */
	[CONSTRAINT_EVIDENCE_RECORD] = { "evidence-record", "5.6.3", LOWERABLE,
					 VALUES_NONE, SIGNATURE_ONLY(WARN) },
	/* p */
	[CONSTRAINT_CRYPTO] = { "crypto", "5.2.8.4.3", LOWERABLE, VALUES_NONE,
				EVERYWHERE(FAIL) },
};

static const char *const level_names[] = {
	[CONSTRAINT_FAIL] = "FAIL",
	[CONSTRAINT_WARN] = "WARN",
	[CONSTRAINT_INFORM] = "INFORM",
	[CONSTRAINT_IGNORE] = "IGNORE",
};
#define LEVELS (sizeof(level_names) / sizeof(level_names[0]))

static const char *const context_names[CONTEXT_COUNT] = {
	[CONTEXT_SIGNATURE] = "signature",
	[CONTEXT_COUNTERSIGNATURE] = "countersignature",
	[CONTEXT_TIME_STAMP] = "time-stamp",
};

const char *constraint_name(enum constraint c)
{
	return (unsigned)c < CONSTRAINT_COUNT ? rows[c].name : "?";
}

enum constraint constraint_from_name(struct view name)
{
	int c = 0;
	while (c < CONSTRAINT_COUNT && !view_is_text(name, rows[c].name))
		c++;
	return (enum constraint)c;
}

const char *constraint_clause(enum constraint c)
{
	return (unsigned)c < CONSTRAINT_COUNT ? rows[c].clause : "?";
}

bool constraint_may_be_lowered(enum constraint c)
{
	return (unsigned)c < CONSTRAINT_COUNT && rows[c].lowerable;
}

bool constraint_applies(enum constraint c, enum constraint_context context)
{
	return (unsigned)c < CONSTRAINT_COUNT && (unsigned)context < CONTEXT_COUNT &&
	       rows[c].level[context] != NOT_APPLICABLE;
}

enum constraint_level constraint_default_level(enum constraint c,
					       enum constraint_context context)
{
	return constraint_applies(c, context)
		   ? (enum constraint_level)rows[c].level[context]
		   : CONSTRAINT_IGNORE;
}

enum constraint_values constraint_values(enum constraint c)
{
	return (unsigned)c < CONSTRAINT_COUNT ? rows[c].values : VALUES_NONE;
}

const char *constraint_level_name(enum constraint_level l)
{
	return (unsigned)l < LEVELS ? level_names[l] : "?";
}

bool constraint_level_from_name(struct view name, enum constraint_level *ret)
{
	for (unsigned l = 0; l < LEVELS; l++) {
		if (view_is_text(name, level_names[l])) {
			*ret = (enum constraint_level)l;
			return true;
		}
	}
	return false;
}

const char *constraint_context_name(enum constraint_context c)
{
	return (unsigned)c < CONTEXT_COUNT ? context_names[c] : "?";
}
