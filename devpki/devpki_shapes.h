/* SPDX-License-Identifier: Apache-2.0 */
/*
 * devpki_shapes - what the usual profiles do not say: certificate extensions of
 * any content, and CRLs and OCSP answers with other signers, times and defects.
 */
#ifndef LTPS_DEVPKI_DEVPKI_SHAPES_H
#define LTPS_DEVPKI_DEVPKI_SHAPES_H

#include "devpki/devpki.h"

/* ---- extensions ---- */

/* Largest value of one extension: name constraints of a few hundred names. */
#define DEVPKI_SHAPE_VALUE_MAX ((size_t)64 << 10)

/* OIDs that OpenSSL has no short name for. */
#define DEVPKI_OID_NO_REV_AVAIL "2.5.29.56"            /* RFC 9608 */
#define DEVPKI_OID_VALASSURED "0.4.0.194121.2.1"       /* EN 319 412-1 5.2.2 */
#define DEVPKI_OID_OCSP_NOCHECK "1.3.6.1.5.5.7.48.1.5" /* RFC 6960 4.2.2.2.1 */
#define DEVPKI_OID_QC_STATEMENTS "1.3.6.1.5.5.7.1.3"   /* RFC 3739 3.2.6 */
#define DEVPKI_OID_CERT_HASH "1.3.36.8.3.13"           /* Common PKI 2.0 part 4 */
#define DEVPKI_OID_UNKNOWN "2.999.5280.1"              /* nobody knows it */

/*
 * A growing list of extensions that owns its bytes: zero it, call makers,
 * give e and n to struct devpki_issue, devpki_shapes_free() it. Copies of the
 * struct point into the original.
 */
struct devpki_shapes {
	struct devpki_extension e[DEVPKI_EXTENSIONS_MAX];
	size_t n;
	char oid[DEVPKI_EXTENSIONS_MAX][64];
	struct buf value[DEVPKI_EXTENSIONS_MAX];
};
void devpki_shapes_free(struct devpki_shapes *s);

/*
 * devpki_shape_der - this value, copied; n == 0 takes the profile's away.
 * Fails: ARGUMENT (caller; oid), TOO_LARGE (caller), NOMEM, as all makers
 */
int devpki_shape_der(struct devpki_shapes *s, const char *oid, bool critical,
		     struct view value, struct ltps_error *err) LTPS_CHECKED;
/* The profile's extension goes. */
int devpki_shape_remove(struct devpki_shapes *s, const char *oid,
			struct ltps_error *err) LTPS_CHECKED;
/* Value NULL: noRevAvail, validity-assured, nocheck, or an unknown one. */
int devpki_shape_null(struct devpki_shapes *s, const char *oid, bool critical,
		      struct ltps_error *err) LTPS_CHECKED;
/*
 * devpki_shape_text - in the syntax of x509v3_config(5), for example
 *   "basicConstraints"     "critical,CA:TRUE,pathlen:0"
 *   "keyUsage"             "critical,keyCertSign,cRLSign"
 *   "extendedKeyUsage"     "emailProtection,1.3.6.1.5.5.7.3.36"
 *   "certificatePolicies"  "2.999.1,2.999.2"
 *   "policyMappings"       "2.999.1:2.999.7"
 *   "policyConstraints"    "critical,requireExplicitPolicy:0,inhibitPolicyMapping:1"
 *   "inhibitAnyPolicy"     "critical,0"
 *   "nameConstraints"      "critical,permitted;DNS:example,excluded;email:.example"
 *   "subjectAltName"       "DNS:a.example,IP:192.0.2.1,email:a@example"
 * sections  NULL, or configuration text with the sections that value names:
 *           "critical,permitted;dirName:dn" with "[dn]\nC=XX\nO=Example\n"
 * Fails: ARGUMENT (caller; OpenSSL does not take it), and as above
 */
int devpki_shape_text(struct devpki_shapes *s, const char *name, const char *value,
		      const char *sections, struct ltps_error *err) LTPS_CHECKED;

/* An AccessDescription (RFC 5280 4.2.2.1, 4.2.2.2); any scheme, any text. */
struct devpki_access {
	const char *method; /* dotted: 1.3.6.1.5.5.7.48.2 caIssuers, ...48.1 ocsp,
			       ...48.5 caRepository */
	const char *uri;
};
/* subject: SubjectInfoAccess, else AuthorityInfoAccess. */
int devpki_shape_access(struct devpki_shapes *s, bool subject,
			const struct devpki_access *list, size_t n,
			struct ltps_error *err) LTPS_CHECKED;

/* A DistributionPoint (RFC 5280 4.2.1.13). */
struct devpki_dp {
	const char *uri;             /* fullName; NULL: no distributionPoint */
	unsigned reasons;            /* as in struct devpki_point */
	const X509_NAME *crl_issuer; /* NULL: absent */
};
/* freshest: FreshestCRL (4.2.1.15), else CRLDistributionPoints. */
int devpki_shape_crl_points(struct devpki_shapes *s, bool freshest, bool critical,
			    const struct devpki_dp *list, size_t n,
			    struct ltps_error *err) LTPS_CHECKED;

/* QCStatements (EN 319 412-5 4); to be combined. */
enum devpki_qc {
	DEVPKI_QC_COMPLIANCE = 1 << 0, /* QcCompliance */
	DEVPKI_QC_SSCD = 1 << 1,       /* QcSSCD */
	DEVPKI_QC_ESIGN = 1 << 2,      /* QcType */
	DEVPKI_QC_ESEAL = 1 << 3,
	DEVPKI_QC_WEB = 1 << 4,
};
/*
 * devpki_shape_qc - QCStatements.
 * retention_years  QcRetentionPeriod; negative: none
 * country          QcCClegislation with this one country; NULL: none
 */
int devpki_shape_qc(struct devpki_shapes *s, unsigned qc, int retention_years,
		    const char *country, struct ltps_error *err) LTPS_CHECKED;

/* ---- CRLs ---- */

/* Zeroed: the full CRL of the CA, or of the point, at the clock's time. */
struct devpki_crl_how {
	const struct devpki_point *point; /* then ca is not needed */
	bool delta;
	/* Of the delta CRL; both 0: the newest full CRL of that scope made. */
	uint64_t base_number;
	int64_t base_ms;
	const struct devpki_cert *signer; /* NULL: of the point, or the CA */
	struct devpki_signing signing;
	int64_t this_ms; /* revocations dated until then count; 0: the clock's time */
	int64_t next_ms; /* 0: this_ms and the period of the options */
	uint64_t number; /* crlNumber; 0: the next one */
	bool no_aki, no_number, no_idp;
	const struct devpki_extension *extensions; /* of the CRL */
	size_t n_extensions;
	const struct devpki_extension *entry_extensions; /* of each entry */
	size_t n_entry_extensions;
	enum devpki_fault fault; /* of a CRL */
	int64_t fault_value;
};

/*
 * devpki_crl_shaped - DER appended. A CRL that is signed by another name than
 * the CA's is indirect.
 * ca   root or CA; NULL with a point
 * Fails: ARGUMENT (caller; ca, signer, extensions), IO, CRYPTO, NOMEM
 * Spec:  RFC 5280 5
 */
int devpki_crl_shaped(struct devpki *p, const struct devpki_cert *ca,
		      const struct devpki_crl_how *how, struct buf *out,
		      struct ltps_error *err) LTPS_CHECKED;

/* ---- OCSP ---- */

/* Zeroed: as devpki_ocsp(). */
struct devpki_ocsp_how {
	enum devpki_fault fault; /* of an OCSP answer */
	int64_t fault_value;
	unsigned modes;                   /* besides those that are set */
	const struct devpki_cert *signer; /* of any PKI; NULL: as usual */
	struct devpki_signing signing;
	int64_t this_ms; /* revocations dated until then count; 0: the clock's time */
	int64_t next_ms; /* 0: this_ms and the period of the options */
	int64_t produced_ms; /* 0: this_ms */
	int64_t cutoff_ms;   /* archive cutoff; 0: by the options */
	const struct devpki_extension *extensions; /* responseExtensions */
	size_t n_extensions;
	const struct devpki_extension *single_extensions; /* of each single one */
	size_t n_single_extensions;
};

/* devpki_ocsp() in another shape. Fails: ARGUMENT (caller), CRYPTO, NOMEM */
int devpki_ocsp_shaped(struct devpki *p, struct view request,
		       const struct devpki_ocsp_how *how, struct buf *out,
		       struct ltps_error *err) LTPS_CHECKED;
/*
 * devpki_ocsp_request - a request about these certificates, DER appended.
 * hash   of the certIDs; NONE: SHA-1, as nearly everybody asks
 * nonce  copied; n == 0: none
 * Fails: ARGUMENT (caller; a root), CRYPTO, NOMEM
 */
int devpki_ocsp_request(const struct devpki_cert *const *certs, size_t n,
			enum digest_alg hash, struct view nonce, struct buf *out,
			struct ltps_error *err) LTPS_CHECKED;
/* The answer about one certificate, as if somebody had asked. how NULL: zeroed. */
int devpki_ocsp_about(struct devpki *p, const struct devpki_cert *c,
		      const struct devpki_ocsp_how *how, struct buf *out,
		      struct ltps_error *err) LTPS_CHECKED;

#endif
