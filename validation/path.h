/* SPDX-License-Identifier: Apache-2.0 */
/*
 * path - certification paths: built over pools of candidates with backtracking,
 * judged at any time, with what is missing named. Pure: no socket, no file, no
 * clock but a budget of steps.
 *
 *   path_judge (path.c)
 *     -> path_search (path_search.c): candidate paths, best first
 *     -> chain_check (chain.c): RFC 5280 6.1 over each
 *     -> revocation_judge (revocation.c): CRLs and OCSP; their issuers' own paths
 *        come from path_search again
 */
#ifndef LTPS_VALIDATION_PATH_H
#define LTPS_VALIDATION_PATH_H

#include "base/jsonw.h"
#include "validation/algorithm_policy.h"
#include "validation/key.h"
#include "validation/material.h"
#include "validation/path_code.h"
#include "validation/poe.h"
#include "validation/qc.h"

#define PATH_CERTS_MAX 24 /* target to anchor; PKITS needs 9, bridges about 10 */
#define PATH_POOLS_MAX 8
#define PATH_POLICIES_MAX 256 /* of a resulting set, and of an initial one */
#define PATH_FINDINGS_MAX 64
#define PATH_ALTERNATIVES_MAX 16
#define PATH_NEEDS_MAX 64
#define PATH_STATUS_OBJECTS_MAX 32 /* CRLs and responses used for one certificate */

/* Budgets of one judgement; a hostile mesh ends here with PATH_BUDGET. */
#define PATH_SIGNATURES_DEFAULT 500
#define PATH_PATHS_DEFAULT 200 /* complete candidates looked at */
#define PATH_STEPS_DEFAULT                                                             \
	200000 /* candidate issuers considered, CRLs looked at,                        \
		  name comparisons in units of a thousand */

enum path_model {
	PATH_SHELL, /* every certificate valid at the time of validation */
	PATH_CHAIN, /* each valid when it was used: the issuer at notBefore below */
};

/* No certificate between target and anchor, since 0 is the default. */
#define PATH_DEPTH_NONE UINT32_MAX

/* 0 in a budget: the default. */
struct path_budget {
	uint32_t signatures;
	uint32_t paths;
	uint32_t steps;
	/* Certificates between target and anchor, self-issued ones not counted, as
	 * pathLenConstraint has it; in all at most PATH_CERTS_MAX - 2. */
	uint32_t depth;
	/* Wall time: asked now and then when set; true ends the search. */
	bool (*expired)(void *arg);
	void *arg;
};

struct path_input {
	const struct cert *target;
	/* Candidates; anchors of all of them count. Earlier pools are preferred. */
	const struct material *pools[PATH_POOLS_MAX];
	size_t n_pools;
	/* When set, only these are anchors (SCVP trustAnchors); they need not be in a
	 * pool. Anchors of pools are then ordinary candidates. */
	const struct cert *const *anchors;
	size_t n_anchors;
	bool ignore_anchor_constraints; /* RFC 5937: name constraints, path length and
					   policies inside an anchor's certificate
					   count unless this is set */

	bool ignore_sunset; /* path_judge(): an anchor counts also when its trust had
			       ended by time_ms. For who asks for status alone */

	int64_t time_ms;  /* the time that the path is judged for */
	int64_t known_ms; /* 0: time_ms. Revocation objects issued up to then count.
			     Later than time_ms: a revocation after time_ms then no
			     longer touches it (historical validation with hindsight) */
	enum path_model model;

	bool no_revocation;     /* do not ask for status */
	int64_t max_age_ms;     /* freshness of status: EN 319 102-1 5.2.5; 0: until its
				   nextUpdate */
	bool exempt_short_term; /* validity-assured certificates need no status (EN
				   319 102-1 5.2.6.4 step 4). Those with noRevAvail
				   never do: RFC 9608 4 */

	/* RFC 5280 6.1.1; policies are contents octets of OIDs. */
	const struct view *initial_policies; /* n 0: anyPolicy */
	size_t n_initial_policies;
	bool explicit_policy;
	bool inhibit_mapping;
	bool inhibit_any;

	/* What the target must be fit for. Each alternative is a set of KEY_USAGE bits
	 * that must all be there; an absent extension fits. 0 alternatives: anything.
	 */
	const uint16_t *key_usages;
	size_t n_key_usages;
	/* All must be in extKeyUsage, which anyExtendedKeyUsage and its absence fulfil.
	 */
	const struct view *extended_key_usages; /* contents octets */
	size_t n_extended_key_usages;
	/* All must be there themselves (RFC 5055 3.2.4.2.9). */
	const struct view *specified_key_usages;
	size_t n_specified_key_usages;

	const struct algorithm_policy *algorithms; /* NULL: strength is not judged */
	struct path_budget budget;
	struct sig_cache *cache; /* may be NULL */
	size_t want_paths;       /* further acceptable paths wanted in `alternatives` */
	bool explain;            /* keep the failed candidates too, as alternatives */
};

enum path_status { PATH_VALID, PATH_INVALID, PATH_UNDETERMINED };

enum path_source {
	PATH_SOURCE_NONE,
	PATH_SOURCE_CRL,
	PATH_SOURCE_OCSP,
	PATH_SOURCE_EXEMPT
};

enum path_cert_status {
	PATH_STATUS_UNKNOWN,
	PATH_STATUS_GOOD,
	PATH_STATUS_REVOKED,
	PATH_STATUS_ON_HOLD
};

/* A CRL or OCSP response that counted for a certificate. */
struct path_status_object {
	enum path_source source;
	const struct crl *crl; /* of the pools: borrowed from the material */
	const struct ocsp *ocsp;
	const struct cert *signer; /* who signed it */
	/* Its own path, signer first, anchor last, where it is not the issuer of the
	 * certificate on the path; n 0 otherwise. */
	const struct cert *signer_path[PATH_CERTS_MAX];
	size_t n_signer_path;
};

/* Status of one certificate of a path. */
struct path_cert_revocation {
	enum path_cert_status status;
	enum path_source source;
	enum path_code why;    /* PATH_OK, or a PATH_REVO... / PATH_ON_HOLD */
	int64_t this_ms;       /* of the decisive object; INT64_MIN when none */
	int64_t next_ms;       /* INT64_MIN absent */
	int64_t revoked_ms;    /* of REVOKED and ON_HOLD, also of a revocation after
				  time_ms that does not count (INT64_MIN: none) */
	int64_t invalidity_ms; /* INT64_MIN absent */
	int reason;            /* CRLReason, -1 absent */
	bool fresh;
	bool kept_after_end; /* the source keeps entries of expired certificates and
				was issued after this one's end, or the certificate
				is exempt: "known not revoked" */
	struct path_status_object objects[PATH_STATUS_OBJECTS_MAX];
	size_t n_objects;
};

struct path_finding {
	enum path_code code;
	int cert;       /* index in the path; -1: the path as a whole */
	char text[200]; /* what exactly; may be empty */
};

/* One complete path and what was found on it. */
struct path_candidate {
	const struct cert *certs[PATH_CERTS_MAX]; /* target first, anchor last */
	size_t n_certs; /* 1: the target is an anchor itself */
	enum path_status status;
	enum path_code why; /* the decisive defect, PATH_OK when valid */
	struct path_finding findings[PATH_FINDINGS_MAX];
	size_t n_findings;
	struct path_cert_revocation *revocation; /* n_certs - 1 entries; NULL before */
	/* RFC 5280 6.1.6: contents octets, sorted; they point into the certificates and
	 * the input. */
	struct view policies[PATH_POLICIES_MAX]; /* user-constrained */
	size_t n_policies;
	struct view authority_policies[PATH_POLICIES_MAX]; /* authority-constrained */
	size_t n_authority_policies;
	bool explicit_policy; /* explicit_policy had become 0 */
};

/* What is missing. Alternatives; each has an identity, so that nobody asks twice. */
enum need_kind {
	NEED_ISSUER,   /* certificates at this URL (AIA caIssuers) */
	NEED_SUBJECTS, /* certificates at this URL (SIA caRepository) */
	NEED_CRL,
	NEED_DELTA_CRL,
	NEED_OCSP, /* a response of this responder about cert */
};
struct need {
	enum need_kind kind;
	char *url;           /* http, https, ldap */
	struct cert *cert;   /* on whose behalf; owned (cert_ref) */
	struct cert *issuer; /* of NEED_OCSP; owned; else NULL */
};
/* What stands at an address is the same for all but a responder's answer. */
bool need_same(const struct need *a, const struct need *b);

struct path_result {
	enum path_status status;
	enum path_code why; /* PATH_OK, or the decisive defect of the best candidate */
	struct path_candidate best; /* n_certs == 0: no complete path */
	struct path_finding findings[PATH_FINDINGS_MAX]; /* of the search as a whole */
	size_t n_findings;
	struct path_candidate *alternatives; /* further ones, in order of search */
	size_t n_alternatives;
	struct need *needs; /* empty when nothing more could change the outcome */
	size_t n_needs;
	struct qc_statements qc;           /* of the target */
	uint32_t signatures, paths, steps; /* spent */
};

/*
 * path_judge - is there a path from the target to an anchor that is valid at
 * time_ms, and neither the target nor a CA on it revoked then?
 * VALID: one was found that passes everything asked for. INVALID: complete paths,
 * or the target itself, fail for reasons that more material would not lift.
 * UNDETERMINED: something is missing (an issuer, a status) or a budget ended the
 * search. A revoked target is INVALID whatever other paths say.
 * No path counts that ends in an anchor whose trust ended at time_ms or before: then it
 * is UNDETERMINED, as without an anchor. What was proven before is for past.h.
 * Status: the latest word counts, but a revocation for good is never taken back;
 * where invalidityDate is earlier than the revocation, it is the date that counts.
 * in          everything borrowed during the call; certificates, CRLs and responses
 *             in the result are borrowed from the pools, which must outlive it
 * ret_result  free with path_result_free()
 * Fails: NOMEM, CRYPTO (self) only; everything else is in the result
 * Spec:  RFC 5280 6.1, 6.3; RFC 9618; RFC 6960; RFC 4158; RFC 5937
 */
int path_judge(const struct path_input *in, struct path_result **ret_result,
	       struct ltps_error *err) LTPS_CHECKED;
void path_result_free(struct path_result *r);
const char *
path_status_name(enum path_status s); /* "valid", "invalid", "undetermined" */
const char *path_cert_status_name(
    enum path_cert_status s); /* "good", "revoked", "on_hold", "unknown" */

/* The JSON of `ltps path` (one object) and a text for people. */
void path_result_json(const struct path_result *r, struct jsonw *j);
int path_result_text(const struct path_result *r, struct buf *out,
		     struct ltps_error *err) LTPS_CHECKED;

#endif
