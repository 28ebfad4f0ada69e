/* SPDX-License-Identifier: Apache-2.0 */
/*
 * chain_kit - certificates put together octet by octet for tests of path
 * validation: any name, key, version, validity, extension and defect. A kit owns
 * all that it makes. Every function ends the process when it cannot do its work.
 */
#ifndef LTPS_TESTS_CHAIN_KIT_H
#define LTPS_TESTS_CHAIN_KIT_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "validation/cert.h"

/* 2026-01-01T00:00:00Z; certificates are valid a year before and after by default. */
#define KIT_T0_MS ((int64_t)1767225600000)
#define KIT_DAY_MS ((int64_t)86400000)
#define KIT_YEAR_MS (365 * KIT_DAY_MS)

#define KIT_EXTENSIONS_MAX 24

#define KIT_OID_ANY_POLICY "2.5.29.32.0"

struct kit;
struct kit *kit_new(void);
void kit_free(struct kit *k);

enum kit_key {
	KIT_P256 = 0,
	KIT_P384,
	KIT_RSA,
	KIT_RSA_1024,
	KIT_DSA, /* all of a kit share their parameters */
	KIT_ED25519,
};

struct kit_extension {
	const char *oid; /* NULL: none */
	bool critical;
	struct view value; /* DER inside extnValue */
};

struct kit_cert {
	struct view der;
	struct cert *cert; /* decoded; NULL where cert_parse() refuses it */
	EVP_PKEY *key;
	struct view subject; /* Name TLV */
};

struct kit_options {
	/* "O=LTPS Test,CN=a,E=a@b.example" in the order of the encoding; attributes
	 * C, O, OU, CN, E, DC, SERIAL; "+" joins an RDN's; "": empty; NULL: CN=number
	 */
	const char *subject;
	struct view subject_der;   /* instead of text */
	const struct kit_cert *by; /* NULL: self-signed */
	struct view issuer_der;    /* instead of by's subject */
	enum kit_key key;
	const struct kit_cert *same_key;  /* that one's key instead */
	const struct kit_cert *sign_with; /* its key signs, issuer stays `by` */
	bool parameters_left_out;         /* of the key: DSA and EC, RFC 3279 2.3 */
	unsigned version;                 /* 0: 3 */
	uint64_t serial;                  /* 0: the next one */
	int64_t not_before_ms;            /* 0: T0 - 1 year */
	int64_t not_after_ms;             /* 0: T0 + 1 year */
	enum digest_alg digest;           /* NONE: SHA-256 */
	/* basicConstraints with cA TRUE and keyUsage keyCertSign, cRLSign; critical */
	bool ca;
	bool has_path_len; /* with ca */
	uint32_t path_len;
	struct kit_extension extensions[KIT_EXTENSIONS_MAX]; /* ends at oid NULL */
	struct view tbs_algorithm;                           /* n 0: as outside */
	bool broken_signature;
};

/* Owned by the kit. */
const struct kit_cert *kit_cert(struct kit *k, const struct kit_options *o);
/* The usual CA and end entity, P-256; by NULL: a self-signed root. */
const struct kit_cert *kit_ca(struct kit *k, const char *subject,
			      const struct kit_cert *by);
const struct kit_cert *kit_leaf(struct kit *k, const char *subject,
				const struct kit_cert *by);

/* A Name TLV out of text as above. */
struct view kit_name(struct kit *k, const char *text);
/*
 * Contents of GeneralNames from "dns:a.example;email:a@b;uri:http://x/;
 * dir:O=a,CN=b;ip:0a000001;rid:1.2.3;other:1.2.3=text;x400:;edi:": ip is hex.
 */
struct view kit_general_names(struct kit *k, const char *text);
/* Contents octets of an OID. */
struct view kit_oid(struct kit *k, const char *dotted);
/* One element; a copy owned by the kit. */
struct view kit_der(struct kit *k, uint8_t id, struct view body);
struct view kit_join(struct kit *k, struct view a, struct view b);
struct view kit_hex(struct kit *k, const char *hex);

/* Extensions; lists of OIDs are separated by spaces. */
struct kit_extension kit_ext(const char *oid, bool critical, struct view value);
struct kit_extension kit_ext_basic(struct kit *k, bool ca, int path_len /* -1 none */);
struct kit_extension kit_ext_key_usage(struct kit *k, uint16_t bits);
struct kit_extension kit_ext_eku(struct kit *k, const char *oids);
struct kit_extension kit_ext_policies(struct kit *k, const char *oids);
/* "1.2.3=1.2.4 1.2.3=1.2.5" */
struct kit_extension kit_ext_mappings(struct kit *k, const char *pairs);
/* Skips, -1: absent. */
struct kit_extension kit_ext_policy_constraints(struct kit *k, int require_explicit,
						int inhibit_mapping);
struct kit_extension kit_ext_inhibit_any(struct kit *k, unsigned skip);
/* Lists as kit_general_names takes them, ip with its mask; NULL: absent. */
struct kit_extension kit_ext_name_constraints(struct kit *k, const char *permitted,
					      const char *excluded);
struct kit_extension kit_ext_san(struct kit *k, const char *names);

#endif
