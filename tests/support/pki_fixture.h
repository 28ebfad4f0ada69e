/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pki_fixture - a small PKI in memory for tests: keys and certificates made on
 * the spot, CRLs, OCSP responses, time-stamp tokens, each with chosen defects.
 *
 * Every function ends the process with a message when it cannot do its work:
 * a fixture that cannot be made is a bug of the test. Nothing here is secret
 * and nothing is written to disk.
 */
#ifndef LTPS_TESTS_PKI_FIXTURE_H
#define LTPS_TESTS_PKI_FIXTURE_H

#include <openssl/evp.h>
#include <openssl/x509.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "timestamping/tsp_responder.h"
#include "validation/material.h"

/* Policy of every fixture token. */
#define FIX_POLICY "1.3.6.1.4.1.99999.1.1"
#define FIX_DAY_MS ((int64_t)86400000)
#define FIX_YEAR_MS (365 * FIX_DAY_MS)
/* 2026-01-01T00:00:00Z: the genTime of most fixtures. */
#define FIX_T0_MS ((int64_t)1767225600000)
/* Default validity of certificates: six years before T0, fourteen after. */
#define FIX_NOT_BEFORE_MS (FIX_T0_MS - 6 * FIX_YEAR_MS)
#define FIX_NOT_AFTER_MS (FIX_T0_MS + 14 * FIX_YEAR_MS)

enum fix_key {
	FIX_KEY_P256 = 0, /* the quick one */
	FIX_KEY_RSA,      /* 2048 bits: some 100 ms to make */
	FIX_KEY_RSA_PSS,
	FIX_KEY_P384,
	FIX_KEY_ED25519,
	FIX_KEY_ED448,
	FIX_KEY_DSA,
};

enum fix_eku {
	FIX_EKU_NONE = 0,
	FIX_EKU_TIMESTAMPING, /* alone and critical: RFC 3161 2.3 */
	FIX_EKU_TIMESTAMPING_NOT_CRITICAL,
	FIX_EKU_TIMESTAMPING_AND_OTHER, /* critical, with emailProtection */
	FIX_EKU_OTHER,                  /* emailProtection, critical */
	FIX_EKU_OCSP_SIGNING,
};

/* A certificate with its private key. */
struct fix_cert {
	X509 *x;
	EVP_PKEY *key;
	struct view der; /* owned by the fixture */
};

struct fix_cert_options {
	const char *cn;                /* O=LTPS Test, CN=cn */
	const struct fix_cert *issuer; /* NULL: self-signed */
	enum fix_key key;
	const struct fix_cert *same_key;  /* take this one's key instead */
	const struct fix_cert *sign_with; /* issuer's name, but this key signs */
	bool ca;
	enum fix_eku eku;
	const char *key_usage; /* "critical,digitalSignature"; NULL: fitting for
				  the role; "": no extension */
	const char *san;       /* "DNS:tsa.example"; NULL: none */
	int64_t not_before_ms; /* 0: FIX_NOT_BEFORE_MS */
	int64_t not_after_ms;  /* 0: FIX_NOT_AFTER_MS */
	uint64_t serial;       /* 0: the next free one */
	bool ocsp_nocheck;
	bool no_ski;
	const char *crl_url;     /* CRL distribution point; NULL: none */
	bool no_rev_avail;       /* RFC 9608 */
	bool critical_extension; /* one that nobody knows */
	bool validity_assured;   /* EN 319 412-1 5.2.2 */
	/*
	 * Further extensions in the words of x509v3_config(5): lines of a section
	 * [ext], which may name other sections behind it. NULL: none.
	 */
	const char *config;
};

/* free with fix_cert_free() */
struct fix_cert *fix_cert_make(const struct fix_cert_options *o);
void fix_cert_free(struct fix_cert *c); /* NULL-safe */

/* Root, issuing CA, TSA (EKU timeStamping) with P-256 keys. */
struct fix_pki {
	struct fix_cert *root;
	struct fix_cert *ca;
	struct fix_cert *tsa;
};
struct fix_pki fix_pki_make(void);
void fix_pki_free(struct fix_pki *p);

#define FIX_NO_REASON (-1)

struct fix_revoked {
	const struct fix_cert *cert;
	int64_t at_ms;
	int reason;                       /* CRLReason, or FIX_NO_REASON for none */
	int64_t invalidity_ms;            /* invalidityDate; 0: absent */
	const struct fix_cert *of_issuer; /* certificateIssuer; NULL: absent */
};

/* What FIX_IDP_POINT names. */
#define FIX_CRL_URL "http://crl.example/1"

enum fix_idp {
	FIX_IDP_NONE = 0,
	FIX_IDP_POINT, /* only a distribution point: FIX_CRL_URL */
	FIX_IDP_ONLY_USER,
	FIX_IDP_ONLY_CA,
	FIX_IDP_INDIRECT,
	FIX_IDP_SOME_REASONS,
};

struct fix_crl_options {
	const struct fix_cert *issuer;
	const struct fix_cert *sign_with; /* NULL: the issuer */
	int64_t this_ms;
	int64_t next_ms; /* 0: thirty days later; INT64_MIN: absent */
	const struct fix_revoked *revoked;
	size_t n_revoked;
	enum fix_idp idp;
	bool critical_extension; /* one that nobody knows */
	bool critical_entry_extension;
	bool delta;                   /* deltaCRLIndicator */
	int64_t expired_kept_from_ms; /* expiredCertsOnCRL; 0: absent */
	bool bad_signature;
	uint64_t number;      /* cRLNumber; 0: 1 */
	uint64_t base_number; /* of a delta; 0: 1 */
	const char *config;   /* further extensions, as in fix_cert_options */
};
/* Appends the DER to out. */
void fix_crl_make(const struct fix_crl_options *o, struct buf *out);
/* The common case: this CA's CRL of that time, with at most one entry. */
void fix_crl_simple(const struct fix_cert *issuer, int64_t this_ms,
		    const struct fix_revoked *revoked_or_null, struct buf *out);

enum fix_ocsp_status { FIX_OCSP_GOOD = 0, FIX_OCSP_REVOKED, FIX_OCSP_UNKNOWN };

struct fix_ocsp_options {
	const struct fix_cert *cert;   /* asked about */
	const struct fix_cert *issuer; /* of cert */
	/* Delegated responder, put into the response; NULL: the issuer signs. */
	const struct fix_cert *responder;
	const struct fix_cert *sign_with; /* NULL: responder or issuer */
	const struct fix_cert *sent; /* put into the response instead of responder */
	enum fix_ocsp_status status;
	int64_t this_ms;
	int64_t next_ms;     /* 0: seven days later; INT64_MIN: absent */
	int64_t produced_ms; /* 0: this_ms */
	int64_t revoked_at_ms;
	int reason;                     /* CRLReason, or FIX_NO_REASON */
	enum digest_alg cert_id_digest; /* NONE: SHA-1, as most do */
	bool wrong_serial, wrong_issuer_name, wrong_issuer_key; /* in certID */
	bool by_key_hash;                                       /* responderID byKey */
	bool responder_left_out;   /* no certificate inside */
	bool critical_extension;   /* in responseExtensions, unknown */
	bool not_successful;       /* tryLater, no bytes */
	int64_t archive_cutoff_ms; /* 0: absent */
	bool bad_signature;
	bool critical_single_extension;  /* in singleExtensions, unknown */
	bool cert_hash, wrong_cert_hash; /* CertHash of Common PKI, SHA-256 */
	bool extended_revoke;            /* RFC 6960 4.4.8 */
	int64_t invalidity_ms;           /* invalidityDate, RFC 6960 4.4.5; 0: absent */
	const struct fix_cert *const *crowd; /* sent behind the responder's */
	size_t n_crowd;
	/* One more answer behind this one: what of it stands in the answer itself. */
	const struct fix_ocsp_options *beside;
};
/* Appends an OCSPResponse to out. */
void fix_ocsp_make(const struct fix_ocsp_options *o, struct buf *out);
/* The common case: good, signed by the issuer, of that time. */
void fix_ocsp_good(const struct fix_cert *cert, const struct fix_cert *issuer,
		   int64_t this_ms, struct buf *out);

/*
 * fix_token - a TimeStampToken over this digest by the TSA, at that genTime,
 * appended to out. extra  certificates put in beside the signer's
 */
void fix_token(const struct fix_cert *tsa, const struct view *extra, size_t n_extra,
	       const struct digest *d, int64_t gen_time_ms, struct buf *out);
/* The same with deviations of the responder. */
void fix_token_deviating(const struct fix_cert *tsa, const struct digest *d,
			 int64_t gen_time_ms, const struct tsp_deviation *deviation,
			 struct buf *out);
/* SHA-256 of a text. */
struct digest fix_digest(const char *text);

/* Material with these anchors and certificates (NULL entries are skipped). */
struct material *fix_material(const struct fix_cert *anchor,
			      const struct fix_cert *cert);
void fix_material_add(struct material *m, enum material_kind kind, struct view der);

#endif
