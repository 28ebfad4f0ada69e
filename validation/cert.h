/* SPDX-License-Identifier: Apache-2.0 */
/*
 * cert - a decoded certificate. Immutable and counted, so that pools, paths
 * and threads share one; nothing is trusted and nothing is judged here.
 */
#ifndef LTPS_VALIDATION_CERT_H
#define LTPS_VALIDATION_CERT_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/asn1.h"
#include "base/bytes.h"
#include "base/err.h"

#define CERT_SIZE_MAX ((size_t)1 << 20) /* some carry pictures and long policies */
#define CERT_EXTENSIONS_MAX 128

/* Extensions that the room reads. Any other critical one is unknown. */
enum cert_ext {
	CERT_EXT_AKI,
	CERT_EXT_SKI,
	CERT_EXT_KEY_USAGE,
	CERT_EXT_POLICIES,
	CERT_EXT_POLICY_MAPPINGS,
	CERT_EXT_SAN,
	CERT_EXT_IAN,
	CERT_EXT_SUBJECT_DIRECTORY,
	CERT_EXT_BASIC_CONSTRAINTS,
	CERT_EXT_NAME_CONSTRAINTS,
	CERT_EXT_POLICY_CONSTRAINTS,
	CERT_EXT_EKU,
	CERT_EXT_CRL_POINTS,
	CERT_EXT_INHIBIT_ANY,
	CERT_EXT_FRESHEST_CRL,
	CERT_EXT_AIA,
	CERT_EXT_SIA,
	CERT_EXT_QC_STATEMENTS,
	CERT_EXT_OCSP_NOCHECK,     /* 1.3.6.1.5.5.7.48.1.5 */
	CERT_EXT_NO_REV_AVAIL,     /* 2.5.29.56, RFC 9608 */
	CERT_EXT_VALIDITY_ASSURED, /* 0.4.0.194121.2.1, EN 319 412-1 */
	CERT_EXT_COUNT
};

/* keyUsage bits, RFC 5280 4.2.1.3. */
#define KEY_USAGE_DIGITAL_SIGNATURE 0x001
#define KEY_USAGE_NON_REPUDIATION 0x002
#define KEY_USAGE_KEY_ENCIPHERMENT 0x004
#define KEY_USAGE_DATA_ENCIPHERMENT 0x008
#define KEY_USAGE_KEY_AGREEMENT 0x010
#define KEY_USAGE_CERT_SIGN 0x020
#define KEY_USAGE_CRL_SIGN 0x040
#define KEY_USAGE_ENCIPHER_ONLY 0x080
#define KEY_USAGE_DECIPHER_ONLY 0x100

/* All views point into the copy of the input that it owns. */
struct cert {
	struct view der;
	uint8_t sha256[32];        /* of der: its identity */
	unsigned version;          /* 1, 2, 3 */
	struct view tbs;           /* what is signed: the whole TBSCertificate TLV */
	struct view serial;        /* INTEGER contents */
	struct view tbs_algorithm; /* AlgorithmIdentifier TLVs: inside and outside */
	struct view algorithm;
	struct view signature; /* octets of the BIT STRING; one with unused bits is
				  given with their count and verifies as nothing */
	struct view issuer;    /* Name TLVs */
	struct view subject;
	struct view issuer_canonical; /* name.h */
	struct view subject_canonical;
	bool self_issued; /* both names match */
	int64_t not_before_ms;
	int64_t not_after_ms;      /* INT64_MAX for 99991231235959Z, RFC 5280 4.1.2.5 */
	struct view spki;          /* SubjectPublicKeyInfo TLV */
	struct view key_algorithm; /* its AlgorithmIdentifier TLV */
	struct view key_octets;    /* its BIT STRING's octets: what key hashes cover */
	uint8_t key_sha1[20];      /* SHA-1 of key_octets: OCSP byKey */
	uint8_t spki_sha256[32];

	uint32_t present; /* bit 1 << enum cert_ext */
	uint32_t critical;
	/* Does not decode as its type, or stands twice: then the fields below are as
	 * if it were absent, and ext holds the first. A subset of `present`. */
	uint32_t malformed;
	struct view ext[CERT_EXT_COUNT]; /* contents of extnValue: the DER value */
	bool unknown_critical;
	bool unknown_twice; /* an unknown extension stands twice, RFC 5280 4.2 */
	struct view unknown_critical_oid; /* contents octets of the first */

	bool ca; /* of basicConstraints */
	bool has_path_len;
	uint32_t path_len;      /* cut at UINT32_MAX */
	uint16_t key_usage;     /* KEY_USAGE_...; only when present */
	struct view eku;        /* contents of the SEQUENCE: OBJECT IDENTIFIERs */
	struct view ski;        /* octets; n == 0 absent */
	struct view aki_key;    /* keyIdentifier octets; n == 0 absent */
	struct view aki_issuer; /* contents of authorityCertIssuer; n == 0 absent */
	struct view aki_serial; /* INTEGER contents; n == 0 absent */
};

/*
 * cert_parse - decode one certificate. Only the outer structure must hold; an
 * extension that does not decode is marked in `malformed`, since the rest of the
 * certificate may still be wanted for reports. Tolerated: any serial number, an
 * encoded DEFAULT, lengths that are not the shortest, GeneralizedTime before 2050.
 * Refused: extensions before version 3 and unique identifiers before version 2
 * (4.1.2.8, 4.1.2.9), indefinite lengths, times of other forms (4.1.2.5).
 * der       copied
 * ret_cert  release with cert_free()
 * Fails:    FORMAT, TOO_LARGE (object), NOMEM
 * Spec:     RFC 5280 4.1, 4.2
 */
int cert_parse(struct view der, struct cert **ret_cert,
	       struct ltps_error *err) LTPS_CHECKED;
/* One more owner; the same object. Thread-safe. */
struct cert *cert_ref(const struct cert *c);
void cert_free(struct cert *c); /* one owner less; NULL-safe */

static inline bool cert_has(const struct cert *c, enum cert_ext e)
{
	return (c->present >> e & 1) != 0;
}
static inline bool cert_is_critical(const struct cert *c, enum cert_ext e)
{
	return (c->critical >> e & 1) != 0;
}
bool cert_equal(const struct cert *a, const struct cert *b);
/* Whether extKeyUsage holds this dotted OID (false when the extension is absent). */
bool cert_has_eku(const struct cert *c, const char *dotted);
/* KEY_USAGE_... of a name such as "digitalSignature" (RFC 5280 4.2.1.3); 0: none. */
uint16_t cert_key_usage_bit(struct view name);
/* "CN=..., O=..." of the subject; for an empty subject its serial number. */
#define CERT_TEXT_MAX 256
void cert_text(const struct cert *c, char out[CERT_TEXT_MAX]);

/*
 * cert_key - the public key, decoded once and kept (thread-safe). NULL in *ret_key
 * when the key is one we cannot use (unknown, malformed, an EC key whose curve is
 * not named: RFC 5480 2.1.1), or its algorithm parameters are inherited
 * (RFC 5280 6.1.4 f): then key_inherited() of key.h.
 * ret_key  borrowed, lives as long as the certificate
 * Fails:   NOMEM, CRYPTO (self) only
 */
int cert_key(const struct cert *c, EVP_PKEY **ret_key,
	     struct ltps_error *err) LTPS_CHECKED;

/* DistributionPoint of cRLDistributionPoints, freshestCRL. RFC 5280 4.2.1.13 */
#define REASONS_ALL                                                                    \
	0x1fe /* bits 1 keyCompromise .. 8 aACompromise, unused bit 0 left out */
struct dist_point {
	struct view full_name; /* contents of GeneralNames; n == 0 absent */
	struct view relative;  /* contents of the RDN's SET; n == 0 absent */
	uint16_t reasons; /* bit 1 << n as in ReasonFlags; REASONS_ALL when absent */
	struct view crl_issuer; /* contents of GeneralNames; n == 0 absent */
};
/* Reads the next of the contents of a CRLDistributionPoints SEQUENCE and advances.
 * Fails: FORMAT (object) */
int dist_point_next(struct view *cursor, struct dist_point *ret,
		    struct ltps_error *err) LTPS_CHECKED;
/* The contents of the SEQUENCE that is the extension's value (empty when absent or
 * malformed): for the cursors of lists such as distribution points, AIA, policies. */
struct view cert_ext_list(const struct cert *c, enum cert_ext e);

#endif
