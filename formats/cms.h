/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cms - CMS SignedData over its original encoding (BER or DER), and splicing
 * of validation material into it. No trust decisions, nothing re-encoded.
 */
#ifndef LTPS_FORMATS_CMS_H
#define LTPS_FORMATS_CMS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/asn1.h"
#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"

/* Attached content included; a preserved object is held in memory once or twice. */
#define CMS_SIZE_MAX ((size_t)256 << 20)
#define CMS_SIGNERS_MAX 256 /* mass-signed files stay below */
#define CMS_CERTS_MAX 1024
#define CMS_CRLS_MAX 1024
#define CMS_ATTRS_MAX 256 /* of one signer, each kind */

#define OID_SIGNED_DATA "1.2.840.113549.1.7.2"
#define OID_TST_INFO "1.2.840.113549.1.9.16.1.4"
#define OID_CONTENT_TYPE "1.2.840.113549.1.9.3"
#define OID_MESSAGE_DIGEST "1.2.840.113549.1.9.4"
#define OID_SIGNING_CERTIFICATE "1.2.840.113549.1.9.16.2.12"
#define OID_SIGNING_CERTIFICATE_V2 "1.2.840.113549.1.9.16.2.47"
#define OID_ER_INTERNAL "1.2.840.113549.1.9.16.2.49"
#define OID_ER_EXTERNAL "1.2.840.113549.1.9.16.2.50"
#define OID_RI_OCSP_RESPONSE "1.3.6.1.5.5.7.16.2"
#define OID_PKIX_OCSP_BASIC "1.3.6.1.5.5.7.48.1.1"

/* One Attribute: its type's contents octets and its values' SET contents. */
struct cms_attr {
	struct view whole;
	struct view type; /* OID contents octets */
	struct view values;
};

struct cms_attrs {
	struct view whole; /* with the [0] or [1] tag as stored; n == 0: absent */
	struct cms_attr *a;
	size_t n;
};

struct cms_signer {
	struct view whole;
	struct view version;          /* TLVs as stored: CMSVersion, */
	struct view sid;              /* SignerIdentifier, */
	struct view signature_whole;  /* signature with its tag */
	struct view issuer;           /* Name TLV; n == 0 when identified by ski */
	struct view serial;           /* INTEGER contents */
	struct view ski;              /* subjectKeyIdentifier octets, or n == 0 */
	struct view digest_algorithm; /* AlgorithmIdentifier TLV */
	struct view signature_algorithm;
	struct view signature; /* octets */
	struct cms_attrs signed_attrs;
	struct cms_attrs unsigned_attrs;
};

/* All views point into the copy of the input that it owns. */
struct cms {
	struct view whole; /* the ContentInfo */
	struct view signed_data;
	uint64_t version;
	struct view digest_algorithms; /* SET TLV */
	struct view encap;             /* encapContentInfo TLV */
	struct view certs_whole;       /* [0] TLV; n == 0: absent */
	struct view crls_whole;        /* [1] TLV; n == 0: absent */
	struct view content_type;      /* OID contents octets of eContentType */
	bool has_content;
	struct view content; /* octets of eContent, joined when constructed */
	struct view *certs;  /* CertificateChoices TLVs: 0x30 a certificate */
	size_t n_certs;
	struct view *crls; /* RevocationInfoChoice TLVs: 0x30 CRL, 0xA1 other */
	size_t n_crls;
	struct cms_signer *signers;
	size_t n_signers;
	struct buf owned; /* private */
	struct buf joined;
};

/*
 * cms_parse - decode a ContentInfo holding SignedData. Trailing bytes refused.
 * ret_cms  free with cms_free()
 * Fails:   FORMAT, TOO_LARGE, UNSUPPORTED (another content type) (object), NOMEM
 * Spec:    RFC 5652 3, 5.1, 5.3, 10.2
 */
int cms_parse(struct view in, struct cms **ret_cms,
	      struct ltps_error *err) LTPS_CHECKED;
void cms_free(struct cms *cms);
/*
 * cms_signer_parse - a SignerInfo on its own: the value of a countersignature.
 * in      borrowed by the result
 * ret     release with cms_signer_clear()
 * joined  begun afresh (what it held is not freed): holds what ret points to beside
 *         `in`; free with buf_free() after ret; empty after a failure
 * Fails: FORMAT, TOO_LARGE (object), NOMEM
 * Spec: RFC 5652 5.3, 11.4
 */
int cms_signer_parse(struct view in, struct cms_signer *ret, struct buf *joined,
		     struct ltps_error *err) LTPS_CHECKED;
void cms_signer_clear(struct cms_signer *s);

/* i-th attribute of this type; NULL when there is none. */
const struct cms_attr *cms_attr_find(const struct cms_attrs *attrs, const char *dotted,
				     size_t i);
/*
 * cms_attr_one - the only value (TLV) of the only attribute of this type.
 * ret_value  n == 0 when there is none
 * Fails:     FORMAT when there are several, RFC 5652 11
 */
int cms_attr_one(const struct cms_attrs *attrs, const char *dotted,
		 struct view *ret_value, struct ltps_error *err) LTPS_CHECKED;
/*
 * cms_signed_attrs_der - the bytes that were signed: the attributes under the
 * universal SET tag, in DER order as the signer must have hashed them.
 * Spec: RFC 5652 5.4
 */
int cms_signed_attrs_der(const struct cms_signer *signer, struct buf *out,
			 struct ltps_error *err) LTPS_CHECKED;
/* OCSPResponse of a RevocationInfoChoice 0xA1: both forms met in files are
 * given as an OCSPResponse; n stays 0 in out when it is something else. */
int cms_crl_ocsp_response(struct view choice, struct buf *out,
			  struct ltps_error *err) LTPS_CHECKED;

/* Further unsigned attributes of one signer: Attribute TLVs. */
struct cms_addition {
	size_t signer; /* index */
	const struct view *attrs;
	size_t n_attrs;
};
/*
 * cms_add_attributes - the same SignedData with further unsigned attributes: each where
 * DER wants it when the set is in DER order, else at its end. Existing ones keep bytes
 * and order; what is there already is not added twice. Signers keep their places, so
 * that their indexes stay good. Lengths around are adjusted (shortest form where it was
 * definite).
 * digests  algorithms added to digestAlgorithms when not there yet (EN 319 122-1
 *          5.5.3); may be NULL
 * out    appended to
 * Fails: as cms_parse; ARGUMENT (caller) for a signer that is not there
 */
int cms_add_attributes(struct view in, const struct cms_addition *additions, size_t n,
		       const enum digest_alg *digests, size_t n_digests,
		       struct buf *out, struct ltps_error *err) LTPS_CHECKED;
/*
 * cms_nested_attributes - the same for the first signer of a token that is a value of
 * one of a signer's unsigned attributes; all else keeps its bytes. So material goes
 * into an archive time-stamp where the sets of SignedData must stay as they are
 * (EN 319 122-1 5.5.3).
 * signer, attr, value  indexes of the token's place, as in struct cades_stamp
 * attrs  Attribute TLVs
 * out    appended to
 * Fails: as cms_add_attributes; ARGUMENT (caller) for a place that is not there
 */
int cms_nested_attributes(struct view in, size_t signer, size_t attr, size_t value,
			  const struct view *attrs, size_t n_attrs, struct buf *out,
			  struct ltps_error *err) LTPS_CHECKED;

struct cms_material {
	const struct view *certs; /* DER certificates */
	size_t n_certs;
	const struct view *crls; /* DER CertificateLists */
	size_t n_crls;
	const struct view *ocsps; /* DER OCSPResponses */
	size_t n_ocsps;
};

/*
 * cms_add_material - the same SignedData with further certificates, CRLs and
 * OCSP responses (RFC 5940) in it; what is there already is not added twice.
 * Every existing certificate, CRL and SignerInfo keeps its bytes; lengths
 * around are adjusted; sets of a DER input stay in DER order; version becomes
 * 5 when other revocation information is present (RFC 5652 5.1).
 * out    appended to
 * Fails: as cms_parse
 */
int cms_add_material(struct view in, const struct cms_material *m, struct buf *out,
		     struct ltps_error *err) LTPS_CHECKED;

#endif
