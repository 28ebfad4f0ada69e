/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cades - the attributes of CAdES signatures, read from the original encoding.
 * Nothing is judged. Lists are in the order of the file.
 *
 * Errors common to all: FORMAT, TOO_LARGE (object) naming the attribute; NOMEM.
 */
#ifndef LTPS_FORMATS_CADES_H
#define LTPS_FORMATS_CADES_H

#include "base/content.h"
#include "base/digest.h"
#include "formats/cms.h"

#define CADES_REFS_MAX                                                                 \
	1024                 /* references, values and index entries of one attribute  \
			      */
#define CADES_STAMPS_MAX 256 /* of one signer */
#define CADES_COUNTER_DEPTH_MAX 8

#define OID_SIGNING_TIME "1.2.840.113549.1.9.5"
#define OID_COUNTERSIGNATURE "1.2.840.113549.1.9.6"
#define OID_CMS_ALGORITHM_PROTECTION "1.2.840.113549.1.9.52"
#define OID_CONTENT_HINTS "1.2.840.113549.1.9.16.2.4"
#define OID_CONTENT_IDENTIFIER "1.2.840.113549.1.9.16.2.7"
#define OID_CONTENT_REFERENCE "1.2.840.113549.1.9.16.2.10"
#define OID_SIGNATURE_TIME_STAMP "1.2.840.113549.1.9.16.2.14"
#define OID_SIGNATURE_POLICY "1.2.840.113549.1.9.16.2.15"
#define OID_COMMITMENT_TYPE "1.2.840.113549.1.9.16.2.16"
#define OID_SIGNER_LOCATION "1.2.840.113549.1.9.16.2.17"
#define OID_SIGNER_ATTRIBUTES "1.2.840.113549.1.9.16.2.18"
#define OID_CONTENT_TIME_STAMP "1.2.840.113549.1.9.16.2.20"
#define OID_CERTIFICATE_REFS "1.2.840.113549.1.9.16.2.21"
#define OID_REVOCATION_REFS "1.2.840.113549.1.9.16.2.22"
#define OID_CERTIFICATE_VALUES "1.2.840.113549.1.9.16.2.23"
#define OID_REVOCATION_VALUES "1.2.840.113549.1.9.16.2.24"
#define OID_C_TIME_STAMP "1.2.840.113549.1.9.16.2.25"
#define OID_CERTS_CRLS_TIME_STAMP "1.2.840.113549.1.9.16.2.26"
#define OID_ARCHIVE_TIME_STAMP_V1 "1.2.840.113549.1.9.16.2.27"
#define OID_ATTRIBUTE_CERTIFICATE_REFS "1.2.840.113549.1.9.16.2.44"
#define OID_ATTRIBUTE_REVOCATION_REFS "1.2.840.113549.1.9.16.2.45"
#define OID_ARCHIVE_TIME_STAMP_V2 "1.2.840.113549.1.9.16.2.48"
#define OID_MIME_TYPE "0.4.0.1733.2.1"
#define OID_LONG_TERM_VALIDATION "0.4.0.1733.2.2"
#define OID_ARCHIVE_TIME_STAMP_V3 "0.4.0.1733.2.4"
#define OID_ATS_HASH_INDEX "0.4.0.1733.2.5"
#define OID_ATS_HASH_INDEX_V2 "0.4.0.19122.1.4"
#define OID_ATS_HASH_INDEX_V3 "0.4.0.19122.1.5"
#define OID_SIGNER_ATTRIBUTES_V2 "0.4.0.19122.1.1"
#define OID_SIGNATURE_POLICY_STORE "0.4.0.19122.1.3"

/* ---- time-stamps ---- */

enum cades_stamp_kind {
	CADES_STAMP_CONTENT,
	CADES_STAMP_SIGNATURE,
	CADES_STAMP_C,          /* CAdES-C-timestamp: X type 1 */
	CADES_STAMP_REFS,       /* time-stamped-certs-crls: X type 2 */
	CADES_STAMP_ARCHIVE_V1, /* .27 */
	CADES_STAMP_ARCHIVE_V2,
	CADES_STAMP_ARCHIVE_V3,
	CADES_STAMP_LONG_TERM, /* long-term-validation 0.4.0.1733.2.2 */
	CADES_STAMP_KIND_COUNT
};

struct cades_stamp {
	enum cades_stamp_kind kind;
	size_t attr;       /* index into signed (CONTENT) or unsigned attributes */
	size_t value;      /* index of the value in it */
	struct view token; /* TLV; into the cms */
};
const char *
cades_stamp_kind_name(enum cades_stamp_kind k); /* "archive-time-stamp-v3" */
/* ret: free with mem_free(); NULL when there is none */
int cades_stamps(const struct cms_signer *s, struct cades_stamp **ret, size_t *ret_n,
		 struct ltps_error *err) LTPS_CHECKED;

/* ---- references and values ---- */

struct cades_cert_ref {
	enum digest_alg alg; /* NONE: unknown; its OID stands in oid */
	struct view oid;     /* contents octets; n == 0: the default */
	struct view hash;
	struct view issuer; /* Name TLV of a single directoryName; n == 0 absent */
	struct view serial; /* INTEGER contents; n == 0 absent */
	bool v2;            /* of signing-certificate-v2 (RFC 5035) */
};
/*
 * cades_signing_certs - all entries of both signing-certificate attributes, each
 * attribute's first entry being the signer's.
 * Spec: RFC 2634 5.4, RFC 5035 3 to 5
 */
struct cades_signing_certs {
	struct cades_cert_ref *refs;
	size_t n;
	bool has_v1, has_v2;
	size_t v2_from; /* index of the first v2 entry (n when none); v1 ones stand
			   before */
	unsigned n_attributes; /* values of both kinds in all instances, one without a
				  value counting too; more than one of a kind is a
				  defect */
};
int cades_signing_certs(const struct cms_signer *s, struct cades_signing_certs *ret,
			struct ltps_error *err) LTPS_CHECKED;
void cades_signing_certs_clear(struct cades_signing_certs *c);

/* complete-certificate-references and attribute-certificate-references. */
int cades_cert_refs(const struct cms_signer *s, struct cades_cert_ref **ret,
		    size_t *ret_n, struct ltps_error *err) LTPS_CHECKED;

struct cades_status_ref {
	bool ocsp;
	enum digest_alg alg; /* NONE: unknown, or (OCSP) no hash given */
	struct view hash;
	struct view issuer; /* of a CRL, Name TLV; n == 0 absent */
	int64_t issued_ms;  /* thisUpdate, producedAt; INT64_MIN absent */
};
/* complete-revocation-references and attribute-revocation-references. */
int cades_status_refs(const struct cms_signer *s, struct cades_status_ref **ret,
		      size_t *ret_n, struct ltps_error *err) LTPS_CHECKED;

/* certificate-values, revocation-values: DER certificates, CRLs, OCSP responses (a
 * BasicOCSPResponse is given as it stands; `basic`). Of a time-stamp's signer too. */
struct cades_values {
	struct view *certs;
	size_t n_certs;
	struct view *crls;
	size_t n_crls;
	struct view *basic; /* BasicOCSPResponse TLVs */
	size_t n_basic;
};
int cades_values(const struct cms_signer *s, struct cades_values *ret,
		 struct ltps_error *err) LTPS_CHECKED;
void cades_values_clear(struct cades_values *v);
/* OCSPResponse around a BasicOCSPResponse, byte-preserving. */
int cades_ocsp_wrap(struct view basic, struct buf *out,
		    struct ltps_error *err) LTPS_CHECKED;

/* ---- what the signer said ---- */

struct cades_policy {
	bool present;
	bool implied; /* signaturePolicyImplied */
	char oid[OID_TEXT_MAX];
	enum digest_alg alg;
	struct view hash;   /* n == 0: absent */
	struct view uri;    /* of SPuri; n == 0 absent */
	struct view notice; /* explicitText of SPUserNotice, octets; n == 0 absent */
	struct view specification; /* sp-doc-specification TLV; n == 0 absent */
	struct view store;      /* document of signature-policy-store; n == 0 absent */
	struct view store_spec; /* its SPDocSpecification TLV */
};
int cades_policy(const struct cms_signer *s, struct cades_policy *ret,
		 struct ltps_error *err) LTPS_CHECKED;

struct cades_claims {
	int64_t signing_time_ms; /* INT64_MIN absent */
	char commitments[8][OID_TEXT_MAX];
	size_t n_commitments;
	struct view mime_type;          /* UTF-8 octets; n == 0 absent */
	struct view content_hints_type; /* OID contents octets */
	struct view content_hints_text;
	struct view content_identifier;
	struct view content_reference; /* TLV */
	struct view location;          /* SignerLocation TLV */
	struct view signer_attributes; /* TLV, v1 or v2 */
	bool signer_attributes_v2;
	bool algorithm_protection;    /* present */
	bool algorithm_protection_ok; /* equals digest and signature algorithm, RFC 6211
				       */
};
int cades_claims(const struct cms_signer *s, struct cades_claims *ret,
		 struct ltps_error *err) LTPS_CHECKED;

/* Countersignatures of a signer: SignerInfo TLVs. ret: mem_free(). RFC 5652 11.4 */
int cades_countersignatures(const struct cms_signer *s, struct view **ret,
			    size_t *ret_n, struct ltps_error *err) LTPS_CHECKED;

/* ---- hash index of archive-time-stamp-v3 ---- */

struct cades_index {
	unsigned version;                  /* 1, 2, 3 */
	enum digest_alg alg;               /* NONE: unknown */
	struct view whole;                 /* the ATSHashIndex TLV */
	struct view *certs, *crls, *attrs; /* hash octets */
	size_t n_certs, n_crls, n_attrs;
};
/*
 * cades_index_parse - of a token's signer (its unsigned attributes).
 * Fails: also NOT_FOUND (object) when there is none, FORMAT when there are several
 * Spec:  EN 319 122-1 5.5.2
 */
int cades_index_parse(const struct cms_signer *token_signer, struct cades_index *ret,
		      struct ltps_error *err) LTPS_CHECKED;
void cades_index_clear(struct cades_index *i);

/*
 * cades_index_build - the ATSHashIndexV3 over what stands in the file now.
 * out   appended: the SEQUENCE TLV
 */
int cades_index_build(const struct cms *cms, size_t signer, enum digest_alg alg,
		      struct buf *out, struct ltps_error *err) LTPS_CHECKED;

/*
 * What the entries of an index stand for. Entries that fit nothing that is present
 * make the index invalid (unmatched > 0); what is present and not listed is merely
 * not protected. `outside` counts those of certificates and revocation data that stand
 * elsewhere in the signature, in its values or in its time-stamps: a defect of the
 * index, but nothing is missing.
 */
struct cades_index_match {
	bool *certs; /* by cms->certs: listed */
	bool *crls;  /* by cms->crls */
	bool *attrs; /* by unsigned_attrs.a: all its values are listed */
	size_t unmatched;
	size_t outside;
	char what[96]; /* the first entry that fits nothing */
};
int cades_index_match(const struct cms *cms, const struct cms_signer *s,
		      const struct cades_index *index, struct cades_index_match *ret,
		      struct ltps_error *err) LTPS_CHECKED;
void cades_index_match_clear(struct cades_index_match *m);

/* ---- what a time-stamp covers ---- */

/* Readings met in files, tried in this order. */
enum cades_reading {
	CADES_AS_STORED,  /* the octets of the file */
	CADES_AS_DER,     /* re-encoded in DER, as some writers hash */
	CADES_V2_NO_TAG,  /* archive-time-stamp-v2, TS 101 733 v1.8.3: unsignedAttrs
			     without tag and length */
	CADES_FILE_ORDER, /* CAdES-C-timestamp, time-stamped references: the attributes
			    in the order of the file, not in that of the standard */
	CADES_READING_COUNT
};
/*
 * cades_imprint - the digest that the time-stamp's message imprint must hold.
 * stamp     one of cades_stamps() of this signer; for V2 its genTime decides which
 *           archive time-stamps are left out
 * gen_times genTime of every stamp of the signer by the same index as `stamps`
 *           (INT64_MIN: does not decode); used by V2 only
 * index     of a V3 stamp; NULL otherwise
 * content   the signed content: eContent or the detached octets; digests alone do for
 *           all but V1 and V2
 * ret_possible  false: this reading does not exist for this stamp, or octets of the
 *           content are missing; then ret_d is not set
 * Spec: EN 319 122-1 5.3, 5.5.3; RFC 5126 6.1.1, 6.3, 6.4.1
 */
struct cades_imprint_input {
	const struct cms *cms;
	const struct cms_signer *signer; /* may be a countersignature */
	const struct cades_stamp *stamps;
	const int64_t *gen_times;
	size_t n_stamps;
	size_t stamp;
	const struct cades_index *index;
	struct content *content;
	enum digest_alg alg; /* of the message imprint */
	enum cades_reading reading;
};
int cades_imprint(const struct cades_imprint_input *in, bool *ret_possible,
		  struct digest *ret_d, struct ltps_error *err) LTPS_CHECKED;

#endif
