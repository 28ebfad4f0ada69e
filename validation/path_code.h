/* SPDX-License-Identifier: Apache-2.0 */
/* path_code - everything that can be said against a certification path. */
#ifndef LTPS_VALIDATION_PATH_CODE_H
#define LTPS_VALIDATION_PATH_CODE_H

/* Closed; names and clauses are in path_code.c, in this order. */
enum path_code {
	PATH_OK = 0,
	/* building */
	PATH_NO_ISSUER,    /* no certificate of the issuer's name is at hand */
	PATH_NO_ANCHOR,    /* chains end outside the anchors, or in a loop */
	PATH_BUDGET,       /* the search was ended by a budget */
	PATH_DEPTH,        /* only paths longer than allowed */
	PATH_WRONG_ANCHOR, /* a path exists, but to an anchor that does not count */
	/* RFC 5280 6.1, a certificate on its own */
	PATH_MALFORMED_EXTENSION,
	PATH_CRITICAL_EXTENSION,
	PATH_ALGORITHM_MISMATCH, /* signature field differs from signatureAlgorithm */
	PATH_SIGNATURE,
	PATH_ALGORITHM_UNSUPPORTED,
	PATH_KEY_UNUSABLE,
	PATH_ALGORITHM_WEAK, /* the algorithm policy's word */
	PATH_NOT_YET_VALID,
	PATH_EXPIRED,
	PATH_NAME_CHAINING,
	PATH_EMPTY_ISSUER, /* RFC 5280 4.1.2.4 */
	/* as an issuer */
	PATH_NOT_A_CA,
	PATH_PATH_LEN,
	PATH_CA_KEY_USAGE, /* keyCertSign missing */
	/* names and policies */
	PATH_NAME_NOT_PERMITTED,
	PATH_NAME_EXCLUDED,
	PATH_NAME_CONSTRAINT_UNSUPPORTED, /* critical, of a form we cannot apply */
	PATH_POLICY,                      /* explicit policy asked for, none valid */
	PATH_POLICY_MAPPING,              /* anyPolicy in policyMappings, 6.1.4 a */
	/* the target, as the caller asked */
	PATH_KEY_USAGE,
	PATH_EXTENDED_KEY_USAGE,
	/* status */
	PATH_REVOKED,
	PATH_ON_HOLD,
	PATH_REVOCATION_UNKNOWN,     /* no source has an answer */
	PATH_REVOCATION_STALE,       /* there is an answer, but too old */
	PATH_REVOCATION_UNREACHABLE, /* set by who fetches */
	/* trust */
	PATH_ANCHOR_SUNSET,
	/* not a defect: which judge decided */
	PATH_DECIDED_REMOTELY,
	PATH_REMOTE_FAILED, /* the remote judge did not answer; ours decided */
	PATH_CODE_COUNT
};

/* "PATH_EXPIRED"; "?" out of range. Static. */
const char *path_code_name(enum path_code c);
const char *path_code_clause(enum path_code c); /* NULL when there is none */
const char *path_code_text(enum path_code c);   /* a sentence's middle, for people */

#endif
