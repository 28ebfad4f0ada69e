/* SPDX-License-Identifier: Apache-2.0 */
/*
 * constraint - what a validation policy may ask of a signature, a time-stamp or a
 * certificate: a closed list. Names, clauses, default levels and whether a level may
 * be lowered stand in one table, constraint.c, in this order.
 *
 * TS 119 172-1 annex A is the guide; row letters in the table.
 */
#ifndef LTPS_VALIDATION_CONSTRAINT_H
#define LTPS_VALIDATION_CONSTRAINT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

/* What becomes of a check that does not hold. */
enum constraint_level {
	CONSTRAINT_FAIL,   /* the building block ends with its sub-indication */
	CONSTRAINT_WARN,   /* a warning in the report */
	CONSTRAINT_INFORM, /* told in the report */
	CONSTRAINT_IGNORE, /* not checked; the report lists it as disabled */
};

/* Whom a rule is for. */
enum constraint_context {
	CONTEXT_SIGNATURE,
	CONTEXT_COUNTERSIGNATURE,
	CONTEXT_TIME_STAMP,
	CONTEXT_COUNT
};

enum constraint {
	/* Format and cryptography: their failure is TOTAL-FAILED, never lowered. */
	CONSTRAINT_FORMAT,            /* 5.2.2 FORMAT_FAILURE */
	CONSTRAINT_REFERENCES_INTACT, /* 5.2.7 HASH_FAILURE */
	CONSTRAINT_SIGNATURE_INTACT,  /* 5.2.7 SIG_CRYPTO_FAILURE */
	CONSTRAINT_REVOKED,           /* 5.3.4: revoked before a proven content time */
	CONSTRAINT_EXPIRED,
	CONSTRAINT_NOT_YET_VALID,
	/* Signing certificate: 5.2.3 */
	CONSTRAINT_SIGNING_CERTIFICATE,           /* identified */
	CONSTRAINT_SIGNING_CERTIFICATE_ATTRIBUTE, /* present, exactly one kind */
	CONSTRAINT_ISSUER_SERIAL,                 /* matches the reference */
	CONSTRAINT_CERTIFICATE_REFERENCES,        /* every one is of the path */
	CONSTRAINT_PATH_REFERENCED, /* every certificate of the path is referenced */
	/* Signature policy: 5.2.4 */
	CONSTRAINT_SIGNATURE_POLICY,      /* values: OIDs, "ANY", "NONE", "IMPLICIT" */
	CONSTRAINT_SIGNATURE_POLICY_HASH, /* its document is at hand and fits */
	/* Certificates: 5.2.6 */
	CONSTRAINT_KEY_USAGE,          /* values: alternatives, "a+b" for both */
	CONSTRAINT_EXTENDED_KEY_USAGE, /* values: dotted OIDs */
	CONSTRAINT_CERTIFICATE_POLICY, /* values: dotted OIDs, any of them */
	CONSTRAINT_QC_COMPLIANCE,
	CONSTRAINT_QC_SSCD,
	CONSTRAINT_QC_TYPE, /* values: esign, eseal, web */
	CONSTRAINT_NOT_SELF_SIGNED,
	CONSTRAINT_REVOCATION, /* a status of every certificate below the anchor */
	/* Attributes: 5.2.8.4.2 */
	CONSTRAINT_SIGNING_TIME, /* present */
	CONSTRAINT_CONTENT_TYPE, /* present and equal; values: dotted OIDs allowed */
	CONSTRAINT_CONTENT_HINTS,
	CONSTRAINT_CONTENT_IDENTIFIER,
	CONSTRAINT_CONTENT_REFERENCE,
	CONSTRAINT_COMMITMENT_TYPE, /* values: dotted OIDs */
	CONSTRAINT_SIGNER_LOCATION,
	CONSTRAINT_SIGNER_ATTRIBUTES,
	CONSTRAINT_MIME_TYPE,
	CONSTRAINT_ALGORITHM_PROTECTION, /* RFC 6211: when present, it fits */
	CONSTRAINT_CONTENT_TIME_STAMP,   /* present */
	CONSTRAINT_COUNTERSIGNATURE,     /* those present pass */
	CONSTRAINT_FORMAT_ALLOWED,       /* values: CAdES, PAdES, PKCS7 */
	CONSTRAINT_LEVEL,                /* values: one of B, T, LT, LTA: at least */
	/* What came behind a signature in its PDF; others have no changes. */
	CONSTRAINT_PDF_CHANGES,     /* none whose effect is not known to be harmless */
	CONSTRAINT_PDF_PERMISSIONS, /* none that DocMDP, FieldMDP or a lock forbids */
	/* Time-stamps: 5.4, 5.5 */
	CONSTRAINT_SIGNATURE_TIME_STAMP, /* one that passes is there */
	CONSTRAINT_TIME_STAMPS_VALID,    /* each one passes, else it is just left out */
	CONSTRAINT_TIME_STAMP_ORDER,     /* 5.5.4 step 4 e */
	CONSTRAINT_TIME_STAMP_DELAY,     /* value: duration after the signing time */
	CONSTRAINT_HASH_INDEX,           /* every entry stands for something present */
	CONSTRAINT_TSA_EXTENDED_KEY_USAGE, /* RFC 3161 2.3 */
	CONSTRAINT_TSA_NAME,               /* tsa is a name of the certificate */
	CONSTRAINT_TSA_POLICY,             /* values: dotted OIDs */
	/* Evidence records: 5.6.3 */
	CONSTRAINT_EVIDENCE_RECORD, /* those present pass */
	/* Algorithms, by the suite: 5.2.8.4.3 */
	CONSTRAINT_CRYPTO,
	CONSTRAINT_COUNT
};

/* "signing-certificate-attribute": as policy files and reports call it. */
const char *constraint_name(enum constraint c);
/* CONSTRAINT_COUNT when it is none. */
enum constraint constraint_from_name(struct view name);
const char *constraint_clause(enum constraint c);
/* Whether a policy may give it another level than FAIL (EN 319 102-1 5.1.4.1: not what
 * would end in TOTAL-FAILED). */
bool constraint_may_be_lowered(enum constraint c);
/* Whether it has a meaning in this context. */
bool constraint_applies(enum constraint c, enum constraint_context context);
/* Of a policy that says nothing; IGNORE where it has no meaning. A rule that is IGNORE
 * while this is not was switched off: the report lists it. */
enum constraint_level constraint_default_level(enum constraint c,
					       enum constraint_context context);

/* What may stand behind the level in a policy. */
enum constraint_values {
	VALUES_NONE,
	VALUES_OIDS,               /* dotted */
	VALUES_SIGNATURE_POLICIES, /* dotted OIDs, "ANY", "NONE", "IMPLICIT" */
	VALUES_KEY_USAGES, /* "nonRepudiation", "digitalSignature+keyAgreement" */
	VALUES_QC_TYPES,   /* esign, eseal, web */
	VALUES_FORMATS,    /* CAdES, PAdES, PKCS7 */
	VALUES_LEVEL,      /* one of B, T, LT, LTA; required */
	VALUES_DURATION,   /* one, as 12h; required */
};
enum constraint_values constraint_values(enum constraint c);

const char *constraint_level_name(enum constraint_level l); /* "FAIL" */
bool constraint_level_from_name(struct view name, enum constraint_level *ret);
const char *constraint_context_name(enum constraint_context c); /* "signature" */

/* One rule of a policy. */
struct constraint_rule {
	enum constraint_level level;
	char **values; /* allowed ones; NULL: no list */
	size_t n_values;
	int64_t number; /* ms, of durations; 0: none */
};

#endif
