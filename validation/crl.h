/* SPDX-License-Identifier: Apache-2.0 */
/*
 * crl - a decoded certificate revocation list with an index over its entries.
 * Immutable and counted. A list of a million entries costs its own bytes and
 * five more an entry; looking one up takes microseconds.
 */
#ifndef LTPS_VALIDATION_CRL_H
#define LTPS_VALIDATION_CRL_H

#include "validation/cert.h"

#define CRL_SIZE_MAX ((size_t)256 << 20)
#define CRL_ENTRIES_MAX 8000000

#define CRL_NO_REASON (-1)

struct crl {
	struct view der; /* owned */
	uint8_t sha256[32];
	unsigned version;
	struct view tbs;
	struct view tbs_algorithm;
	struct view algorithm;
	struct view signature;
	struct view issuer; /* Name TLV */
	struct view issuer_canonical;
	int64_t this_ms;
	int64_t next_ms;    /* INT64_MIN when absent */
	struct view number; /* cRLNumber, INTEGER contents; n == 0 absent */
	bool is_delta;
	struct view base_number; /* BaseCRLNumber; n == 0 absent */
	struct view aki_key;     /* n == 0 absent */
	/* issuingDistributionPoint, RFC 5280 5.2.5 */
	bool has_idp;
	struct view idp;            /* its DER value */
	struct dist_point idp_name; /* full_name or relative; the rest unused */
	bool only_user, only_ca, only_attribute, indirect;
	uint16_t
	    reasons; /* onlySomeReasons as in dist_point; REASONS_ALL when absent */
	struct view freshest;    /* contents of freshestCRL's SEQUENCE; n == 0 absent */
	int64_t expired_kept_ms; /* expiredCertsOnCRL 2.5.29.60; INT64_MAX absent */
	bool unknown_critical;   /* a critical extension of the list that is unknown */
	bool entry_unknown_critical; /* the same in any entry: RFC 5280 5.3 */
	const char *defect; /* static: why it cannot be used (an extension that is
			       malformed or stands twice...); NULL */
	size_t n_entries;
	struct crl_index *index; /* private */
};

/*
 * crl_parse - decode a list; der is copied. A list that decodes but cannot be judged
 * has a `defect`: an extension of it or of an entry that is malformed or stands
 * twice, certificateIssuer in a list that is not indirect, or without exactly one
 * directoryName, entry extensions before version 2. An expiredCertsOnCRL that is
 * malformed is left out, since it would only widen what the list knows.
 * Fails: FORMAT, TOO_LARGE (object), NOMEM. Spec: RFC 5280 5.1
 */
int crl_parse(struct view der, struct crl **ret, struct ltps_error *err) LTPS_CHECKED;
/* The same, keeping the buffer's memory instead of a copy; on success the buffer is
 * empty afterwards, otherwise as before. */
int crl_take(struct buf *der, struct crl **ret, struct ltps_error *err) LTPS_CHECKED;
/* Octets of memory that it occupies. */
size_t crl_memory(const struct crl *c);
struct crl *crl_ref(const struct crl *c);
void crl_free(struct crl *c);

struct crl_entry {
	struct view serial;
	int64_t revoked_ms;
	int reason;            /* CRLReason, or CRL_NO_REASON */
	int64_t invalidity_ms; /* invalidityDate; INT64_MIN absent */
};
/*
 * crl_find - the entry for a serial number of this issuer. In an indirect list
 * the certificateIssuer of an entry holds for the following ones too (RFC 5280
 * 5.3.3); before the first, and in direct lists, it is the list's own issuer.
 * serial            INTEGER contents, compared as numbers
 * issuer_coarse     of the certificate (validation/name_coarse.h), as the index has it
 * Of several entries for one certificate the last counts that revokes for good, which
 * nothing takes back; without one, the last.
 */
bool crl_find(const struct crl *c, struct view serial, struct view issuer_coarse,
	      struct crl_entry *ret);

#endif
