/* SPDX-License-Identifier: Apache-2.0 */
/*
 * scvp - the messages of the Server-Based Certificate Validation Protocol
 * (RFC 5055, wantBacks of RFC 5276) as plain structures, both directions.
 * BER is read, DER is written. No trust decision is made here.
 *
 * Conventions: an OID is its contents octets; a name is a GeneralName TLV with its
 * context tag; a certificate, CRL or response is its own DER (tag 0x30), whatever
 * implicit tag it travelled under; an absent view has n == 0.
 * Parsed messages own everything they point to. Messages that are to be encoded
 * borrow everything and are made by hand, zeroed first: zero is absent or default.
 */
#ifndef LTPS_SCVP_SCVP_H
#define LTPS_SCVP_SCVP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"

/* A batch of 256 certificates with intermediates and some CRLs stays below. */
#define SCVP_REQUEST_MAX ((size_t)16 << 20)
/* With the CRLs of all paths as wantBacks. */
#define SCVP_RESPONSE_MAX ((size_t)64 << 20)
#define SCVP_CERTS_MAX 256 /* in one query: the largest batch that profiles name */
#define SCVP_CHECKS_MAX 32
#define SCVP_WANT_BACKS_MAX 64
#define SCVP_INTERMEDIATES_MAX 1024
#define SCVP_REV_INFOS_MAX 1024
#define SCVP_ANCHORS_MAX 256 /* in a request */
/* In an answer by value: all anchors of a server, as many as trusted lists have. */
#define SCVP_ANSWER_ANCHORS_MAX 65536
#define SCVP_OIDS_MAX 1024 /* policies of a server; real lists have 70 */
#define SCVP_KEY_USAGES_MAX 64
#define SCVP_NAMES_MAX 256
#define SCVP_EXTENSIONS_MAX 64
#define SCVP_NONCE_MAX 1024 /* profiles ask for 16 to 64 octets */
#define SCVP_CONTEXT_MAX ((size_t)64 << 10)
#define SCVP_TEXT_MAX 256 /* characters: RFC 5055 3 */
#define SCVP_VERSION 1

/* Media types, RFC 5055 appendix B. */
#define SCVP_MEDIA_CV_REQUEST "application/scvp-cv-request"
#define SCVP_MEDIA_CV_RESPONSE "application/scvp-cv-response"
#define SCVP_MEDIA_VP_REQUEST "application/scvp-vp-request"
#define SCVP_MEDIA_VP_RESPONSE "application/scvp-vp-response"

#define OID_SCVP_CV_REQUEST "1.2.840.113549.1.9.16.1.10"
#define OID_SCVP_CV_RESPONSE "1.2.840.113549.1.9.16.1.11"
#define OID_SCVP_VP_REQUEST "1.2.840.113549.1.9.16.1.12"
#define OID_SCVP_VP_RESPONSE "1.2.840.113549.1.9.16.1.13"
#define OID_STC "1.3.6.1.5.5.7.17"
#define OID_SWB "1.3.6.1.5.5.7.18"
#define OID_SVP "1.3.6.1.5.5.7.19"
#define OID_SVP_DEFAULT OID_SVP ".1"
#define OID_SVP_NAME_ALG OID_SVP ".2"
#define OID_SVP_BASIC_ALG OID_SVP ".3"
#define OID_NVA_DN OID_SVP ".4"
#define OID_KP_SCVP_SERVER "1.3.6.1.5.5.7.3.15"
#define OID_KP_SCVP_CLIENT "1.3.6.1.5.5.7.3.16"

/* Last arcs below id-stc, RFC 5055 3.2.2. 0: another OID. */
enum scvp_check_id {
	SCVP_CHECK_OTHER = 0,
	SCVP_CHECK_BUILD = 1,  /* build-pkc-path */
	SCVP_CHECK_VALID = 2,  /* build-valid-pkc-path */
	SCVP_CHECK_STATUS = 3, /* build-status-checked-pkc-path */
	SCVP_CHECK_AA_BUILD = 4,
	SCVP_CHECK_AA_VALID = 5,
	SCVP_CHECK_AA_STATUS = 6,
	SCVP_CHECK_AC_STATUS = 7,
};
/* Last arcs below id-swb, RFC 5055 3.2.3, RFC 5276 3. */
enum scvp_want_id {
	SCVP_WANT_OTHER = 0,
	SCVP_WANT_BEST_PATH = 1,
	SCVP_WANT_REVOCATION = 2,
	SCVP_WANT_PUBLIC_KEY = 4,
	SCVP_WANT_AA_PATH = 5,
	SCVP_WANT_AA_REVOCATION = 6,
	SCVP_WANT_AC_REVOCATION = 7,
	SCVP_WANT_RELAYED = 9,
	SCVP_WANT_CERT = 10,
	SCVP_WANT_AC_CERT = 11,
	SCVP_WANT_ALL_PATHS = 12,
	SCVP_WANT_EE_REVOCATION = 13,
	SCVP_WANT_CA_REVOCATION = 14,
	SCVP_WANT_PARTIAL_PATH = 15,
	SCVP_WANT_ERS_CERT = 16,
	SCVP_WANT_ERS_BEST_PATH = 17,
	SCVP_WANT_ERS_PARTIAL_PATH = 18,
	SCVP_WANT_ERS_REVOCATION = 19,
	SCVP_WANT_ERS_ALL = 20,
	SCVP_WANT_COUNT
};
enum scvp_check_id scvp_check_id(struct view oid);
enum scvp_want_id scvp_want_id(struct view oid);
/* Contents octets; static. VIEW_NULL for what has no OID. */
struct view scvp_check_oid(enum scvp_check_id id);
struct view scvp_want_oid(enum scvp_want_id id);
struct view scvp_svp_oid(unsigned arc); /* id-svp arc: 1 .. 4 */

/* CVStatusCode, RFC 5055 4.4. */
enum scvp_status {
	SCVP_OKAY = 0,
	SCVP_SKIP_UNRECOGNIZED_ITEMS = 1,
	SCVP_TOO_BUSY = 10,
	SCVP_INVALID_REQUEST = 11,
	SCVP_INTERNAL_ERROR = 12,
	SCVP_BAD_STRUCTURE = 20,
	SCVP_UNSUPPORTED_VERSION = 21,
	SCVP_ABORT_UNRECOGNIZED_ITEMS = 22,
	SCVP_UNRECOGNIZED_SIG_KEY = 23,
	SCVP_BAD_SIGNATURE_OR_MAC = 24,
	SCVP_UNABLE_TO_DECODE = 25,
	SCVP_NOT_AUTHORIZED = 26,
	SCVP_UNSUPPORTED_CHECKS = 27,
	SCVP_UNSUPPORTED_WANT_BACKS = 28,
	SCVP_UNSUPPORTED_SIGNATURE_OR_MAC = 29,
	SCVP_INVALID_SIGNATURE_OR_MAC = 30,
	SCVP_PROTECTED_RESPONSE_UNSUPPORTED = 31,
	SCVP_UNRECOGNIZED_RESPONDER_NAME = 32,
	SCVP_RELAYING_LOOP = 40,
	SCVP_UNRECOGNIZED_VAL_POL = 50,
	SCVP_UNRECOGNIZED_VAL_ALG = 51,
	SCVP_FULL_REQUEST_UNSUPPORTED = 52,
	SCVP_FULL_POL_RESPONSE_UNSUPPORTED = 53,
	SCVP_INHIBIT_MAPPING_UNSUPPORTED = 54,
	SCVP_REQUIRE_EXPLICIT_UNSUPPORTED = 55,
	SCVP_INHIBIT_ANY_UNSUPPORTED = 56,
	SCVP_VALIDATION_TIME_UNSUPPORTED = 57,
	SCVP_UNRECOGNIZED_CRIT_QUERY_EXT = 63,
	SCVP_UNRECOGNIZED_CRIT_REQUEST_EXT = 64,
};
/* "relayingLoop"; "?" for a number that RFC 5055 does not name. Static. */
const char *scvp_status_name(uint64_t status);

/* ReplyStatus, RFC 5055 4.9.2. */
enum scvp_reply_status {
	SCVP_REPLY_SUCCESS = 0,
	SCVP_REPLY_MALFORMED_PKC = 1,
	SCVP_REPLY_MALFORMED_AC = 2,
	SCVP_REPLY_UNAVAILABLE_TIME = 3,
	SCVP_REPLY_REFERENCE_HASH_FAIL = 4,
	SCVP_REPLY_PATH_CONSTRUCT_FAIL = 5,
	SCVP_REPLY_PATH_NOT_VALID = 6,
	SCVP_REPLY_PATH_NOT_VALID_NOW = 7,
	SCVP_REPLY_WANT_BACK_UNSATISFIED = 8,
};
const char *scvp_reply_status_name(uint64_t status);

/* Status values of a ReplyCheck, RFC 5055 4.9.4. */
#define SCVP_CHECK_GOOD 0
#define SCVP_CHECK_BAD 1
#define SCVP_CHECK_REVOCATION_OFFLINE 2
#define SCVP_CHECK_REVOCATION_UNAVAILABLE 3
#define SCVP_CHECK_NO_REVOCATION_SOURCE 4

/* OIDs, names, certificates, AlgorithmIdentifiers: as the field says. */
struct scvp_list {
	const struct view *v;
	size_t n;
};
bool scvp_list_has(struct scvp_list list, struct view item);

struct scvp_extension {
	struct view oid;
	bool critical;
	struct view value; /* octets of extnValue */
};
struct scvp_extensions {
	bool present;
	const struct scvp_extension *e;
	size_t n;
};

/* SCVPCertID, RFC 5055 3.2.1. */
struct scvp_cert_id {
	struct view hash;
	struct view hash_algorithm; /* OID; absent: SHA-1 */
	struct view issuer;         /* contents of GeneralNames */
	struct view issuer_name; /* Name TLV; n == 0: not exactly one directoryName */
	struct view serial;      /* INTEGER contents */
};
/* The context tags of CertReference. */
enum scvp_ref_kind {
	SCVP_REF_CERT = 0,
	SCVP_REF_PKC = 1,
	SCVP_REF_ATTRIBUTE_CERT = 2,
	SCVP_REF_AC = 3,
};
struct scvp_cert_ref {
	enum scvp_ref_kind kind;
	struct view cert;       /* of CERT and ATTRIBUTE_CERT */
	struct scvp_cert_id id; /* of PKC and AC */
};

enum scvp_tri { SCVP_ABSENT = 0, SCVP_FALSE, SCVP_TRUE };

/* ValidationPolicy, RFC 5055 3.2.4; also RespValidationPolicy, 4.5. */
struct scvp_policy {
	struct view id;
	struct view params;     /* TLV of valPolParams */
	struct view alg;        /* OID; n == 0: validationAlg is absent */
	struct view alg_params; /* TLV */
	bool has_user_policies;
	struct scvp_list user_policies;
	enum scvp_tri inhibit_mapping;
	enum scvp_tri explicit_policy;
	enum scvp_tri inhibit_any;
	bool has_anchors;
	const struct scvp_cert_ref *anchors;
	size_t n_anchors;
	bool has_key_usages;
	const uint16_t *key_usages; /* KEY_USAGE_... of validation/cert.h */
	size_t n_key_usages;
	bool has_extended_key_usages;
	struct scvp_list extended_key_usages;
	bool has_specified_key_usages;
	struct scvp_list specified_key_usages;
};
/* NameValidationAlgParms, RFC 5055 3.2.4.2.3. Fails: FORMAT (object) */
struct scvp_name_params {
	struct view comparison; /* nameCompAlgId */
	struct view names;      /* contents of GeneralNames */
};
int scvp_name_params_parse(struct view alg_params, struct scvp_name_params *ret,
			   struct ltps_error *err) LTPS_CHECKED;
int scvp_name_params_encode(const struct scvp_name_params *p, struct buf *out,
			    struct ltps_error *err) LTPS_CHECKED;

/* The context tags of RevocationInfo. */
enum scvp_rev_kind {
	SCVP_REV_CRL = 0,
	SCVP_REV_DELTA_CRL = 1,
	SCVP_REV_OCSP = 2,
	SCVP_REV_OTHER = 3,
};
struct scvp_rev_info {
	enum scvp_rev_kind kind;
	struct view der; /* with its universal tag; OTHER: the OtherRevInfo */
};

struct scvp_query {
	const struct scvp_cert_ref *certs;
	size_t n_certs;
	bool attribute_certs; /* acRefs */
	struct scvp_list checks;
	struct scvp_list want_backs;
	struct scvp_policy policy;
	/* responseFlags, turned so that false is the default. */
	bool has_flags; /* was there at all, perhaps empty; not needed to encode */
	bool full_request;
	bool policy_by_value;
	bool unprotected; /* protectResponse FALSE */
	bool fresh_only;  /* cachedResponse FALSE */
	bool has_context;
	struct view context; /* serverContextInfo */
	bool has_validation_time;
	int64_t validation_time_ms;
	struct scvp_list intermediates;
	const struct scvp_rev_info *rev_infos;
	size_t n_rev_infos;
	bool has_produced_at;
	int64_t produced_at_ms;
	struct scvp_extensions extensions;
};

struct scvp_arena;

struct scvp_request {
	/* Parsed only: the CVRequest TLV, exactly as received (for requestHash; when
	 * protected, it is the eContent). */
	struct view exact;
	uint64_t version; /* 0 is written as 1 */
	struct scvp_query query;
	bool has_requestor_ref;
	struct scvp_list requestor_ref;
	bool has_nonce;
	struct view nonce;
	struct view requestor_name;
	struct view responder_name;
	struct scvp_extensions extensions;
	struct view signature_alg; /* AlgorithmIdentifier */
	struct view hash_alg;      /* OID */
	struct view text;
	struct scvp_arena *arena; /* private */
};

struct scvp_check {
	struct view oid;
	uint64_t status;
};
struct scvp_want_back {
	struct view oid;
	struct view value; /* DER of the item; n == 0: empty, RFC 5276 4 */
};
/* CertReply, RFC 5055 4.9. */
struct scvp_reply {
	struct scvp_cert_ref cert;
	uint64_t status; /* enum scvp_reply_status */
	int64_t validation_time_ms;
	const struct scvp_check *checks;
	size_t n_checks;
	const struct scvp_want_back *want_backs;
	size_t n_want_backs;
	struct scvp_list errors; /* OIDs of validationErrors */
	bool has_next_update;
	int64_t next_update_ms;
	struct scvp_extensions extensions;
};

enum scvp_request_ref {
	SCVP_REQUEST_REF_NONE = 0,
	SCVP_REQUEST_REF_HASH,
	SCVP_REQUEST_REF_FULL
};

struct scvp_response {
	struct view exact; /* parsed only: the CVResponse TLV */
	uint64_t version;
	struct view config_id; /* serverConfigurationID, INTEGER contents */
	int64_t produced_ms;
	uint64_t status; /* enum scvp_status */
	struct view message;
	bool has_policy;
	struct scvp_policy policy;
	enum scvp_request_ref request_ref;
	struct view hash_algorithm; /* OID; absent: SHA-1 */
	struct view request_hash;
	struct view full_request; /* CVRequest TLV under tag 0x30 */
	bool has_requestor_ref;
	struct scvp_list requestor_ref;
	bool has_requestor_name;
	struct scvp_list requestor_name;
	const struct scvp_reply *replies;
	size_t n_replies;
	bool has_nonce;
	struct view nonce;
	bool has_context;
	struct view context;
	struct scvp_extensions extensions;
	struct view text;
	struct scvp_arena *arena; /* private */
};

/*
 * scvp_request_parse - a CVRequest TLV (the content of the CMS message).
 * in          copied
 * ret_status  always set on failure: which CVStatusCode answers it: UNABLE_TO_DECODE
 *             (not BER), BAD_STRUCTURE (not a CVRequest), UNSUPPORTED_VERSION,
 *             ABORT_UNRECOGNIZED_ITEMS (items behind the known ones),
 *             INVALID_REQUEST (a limit), INTERNAL_ERROR (NOMEM)
 * Certificates are not decoded. DEFAULT values that are written out are accepted.
 * Fails: FORMAT, UNSUPPORTED, TOO_LARGE (object), NOMEM
 * Spec:  RFC 5055 3
 */
int scvp_request_parse(struct view in, struct scvp_request **ret,
		       enum scvp_status *ret_status,
		       struct ltps_error *err) LTPS_CHECKED;
/* DER, appended. `exact` and `arena` are not looked at. */
int scvp_request_encode(const struct scvp_request *r, struct buf *out,
			struct ltps_error *err) LTPS_CHECKED;
void scvp_request_free(struct scvp_request *r);

/* A CVResponse TLV. Fails: FORMAT, UNSUPPORTED, TOO_LARGE, NOMEM. Spec: RFC 5055 4 */
int scvp_response_parse(struct view in, struct scvp_response **ret,
			struct ltps_error *err) LTPS_CHECKED;
int scvp_response_encode(const struct scvp_response *r, struct buf *out,
			 struct ltps_error *err) LTPS_CHECKED;
void scvp_response_free(struct scvp_response *r);

/* --- policy messages, RFC 5055 5 and 6 --- */
struct scvp_vp_request {
	uint64_t version;
	struct view nonce;
	struct scvp_arena *arena;
};
/* responseTypes */
enum scvp_response_types {
	SCVP_TYPES_CACHED = 0,
	SCVP_TYPES_NON_CACHED = 1,
	SCVP_TYPES_BOTH = 2,
};
/* Bits of revocationInfoTypes. */
#define SCVP_TYPE_FULL_CRLS 0x1
#define SCVP_TYPE_DELTA_CRLS 0x2
#define SCVP_TYPE_INDIRECT_CRLS 0x4
#define SCVP_TYPE_OCSP 0x8
#define SCVP_CLOCK_SKEW_DEFAULT_MIN 10

struct scvp_vp_response {
	uint64_t version;
	uint64_t max_cv_version;
	uint64_t max_vp_version;
	struct view config_id;
	int64_t this_update_ms;
	bool has_next_update;
	int64_t next_update_ms;
	struct scvp_list checks;
	struct scvp_list want_backs;
	struct scvp_list policies;
	struct scvp_list algorithms;
	struct scvp_list auth_policies;
	uint64_t response_types;
	struct scvp_policy defaults;
	uint64_t revocation_types;
	struct scvp_list signature_generation; /* AlgorithmIdentifiers */
	struct scvp_list signature_verification;
	struct scvp_list hash_algorithms; /* OIDs */
	bool has_public_keys;
	struct scvp_list public_keys; /* KeyAgreePublicKey TLVs */
	uint64_t clock_skew_min;      /* as in the message, its default filled in */
	bool has_nonce;
	struct view nonce;
	struct scvp_arena *arena;
};
int scvp_vp_request_parse(struct view in, struct scvp_vp_request **ret,
			  enum scvp_status *ret_status,
			  struct ltps_error *err) LTPS_CHECKED;
int scvp_vp_request_encode(const struct scvp_vp_request *r, struct buf *out,
			   struct ltps_error *err) LTPS_CHECKED;
void scvp_vp_request_free(struct scvp_vp_request *r);
int scvp_vp_response_parse(struct view in, struct scvp_vp_response **ret,
			   struct ltps_error *err) LTPS_CHECKED;
int scvp_vp_response_encode(const struct scvp_vp_response *r, struct buf *out,
			    struct ltps_error *err) LTPS_CHECKED;
void scvp_vp_response_free(struct scvp_vp_response *r);

/* --- values of wantBacks --- */
/* Certificates of a CertBundle, or bundles of CertBundles, as views into `in`: TLVs,
 * at most max of them. Fails: FORMAT, TOO_LARGE (object) */
int scvp_bundle_parse(struct view in, struct view *ret_items, size_t max, size_t *ret_n,
		      struct ltps_error *err) LTPS_CHECKED;
/* SEQUENCE of these TLVs, appended. */
int scvp_bundle_encode(struct scvp_list items, struct buf *out,
		       struct ltps_error *err) LTPS_CHECKED;
/* RevInfoWantBack, RFC 5055 4.9.5. */
struct scvp_rev_want_back {
	const struct scvp_rev_info *infos;
	size_t n_infos;
	struct scvp_list extra_certs;
	struct scvp_arena *arena;
};
int scvp_rev_want_back_parse(struct view in, struct scvp_rev_want_back **ret,
			     struct ltps_error *err) LTPS_CHECKED;
int scvp_rev_want_back_encode(const struct scvp_rev_want_back *w, struct buf *out,
			      struct ltps_error *err) LTPS_CHECKED;
void scvp_rev_want_back_free(struct scvp_rev_want_back *w);
/* EvidenceRecordWantBacks, RFC 5276 5.5: target OID and record (n == 0: none). */
int scvp_ers_all_parse(struct view in, struct scvp_want_back *ret_items, size_t max,
		       size_t *ret_n, struct ltps_error *err) LTPS_CHECKED;
int scvp_ers_all_encode(const struct scvp_want_back *items, size_t n, struct buf *out,
			struct ltps_error *err) LTPS_CHECKED;

#endif
