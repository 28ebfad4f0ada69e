/* SPDX-License-Identifier: Apache-2.0 */
/*
 * algorithm_policy - until when an algorithm with a key size is reliable: the
 * plain form in which judgement sees an algorithm suite. Where it comes from is
 * not its business (algorithm_suite.h).
 *
 * A signature rests on parts that are looked up one by one and must all be
 * suitable (RFC 5698 6): its digest (of RSASSA-PSS also that of the mask), its key,
 * its signature algorithm with that key, and the curve. A policy names the key, the
 * signature algorithm, or both; curves count once it names any.
 */
#ifndef LTPS_VALIDATION_ALGORITHM_POLICY_H
#define LTPS_VALIDATION_ALGORITHM_POLICY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/digest.h"
#include "validation/cert.h"

/*
 * Names: a digest_name(); of keys "RSA", "DSA", "ECDSA", "Ed25519", "Ed448"; of
 * signature algorithms ALGORITHM_RSA_PKCS1 and so on; of curves the dotted OID.
 * Several limits may match: any that covers a time makes it suitable then.
 */
struct algorithm_limit {
	const char *algorithm;
	unsigned min_bits; /* of keys: from this size on; digests: 0 */
	int64_t until_ms;  /* last moment; INT64_MAX: no end known */
	int64_t from_ms;   /* first moment; 0: no beginning known */
	unsigned max_bits; /* 0: any larger size */
	unsigned min_q;    /* of DSA: bits of q */
	unsigned max_q;
	enum digest_alg digest; /* of signature algorithms: with it; NONE: with any */
};

#define ALGORITHM_RSA_PKCS1 "RSASSA-PKCS1-v1_5"
#define ALGORITHM_RSA_PSS "RSASSA-PSS"
#define ALGORITHM_DSA_WITH "DSA-with"
#define ALGORITHM_ECDSA_WITH "ECDSA-with"

struct algorithm_policy {
	const struct algorithm_limit *limits;
	size_t n;
	/* An algorithm (or size) that no limit names is not reliable at any time. */
};

/*
 * The last moment at which a signature by this key with this AlgorithmIdentifier
 * is reliable: the earliest of its parts; INT64_MIN: never; INT64_MAX: no end.
 */
int64_t algorithm_policy_until(const struct algorithm_policy *p, EVP_PKEY *key,
			       struct view signature_algorithm);
/* The same of a digest alone: of imprints, references and hash trees. */
int64_t algorithm_policy_digest_until(const struct algorithm_policy *p,
				      enum digest_alg digest);
bool algorithm_policy_digest_at(const struct algorithm_policy *p,
				enum digest_alg digest, int64_t time_ms);

/* A signature: what is looked up. */
struct algorithm_use {
	EVP_PKEY *key;         /* NULL: never reliable */
	struct view algorithm; /* AlgorithmIdentifier TLV */
	/* Of CMS, whose signatureAlgorithm may be rsaEncryption: digestAlgorithm, which
	 * counts where the algorithm names none. NONE: there is no such field. */
	enum digest_alg digest;
};

/* The digest that an AlgorithmIdentifier (TLV) is the name of; NONE when unknown. */
enum digest_alg algorithm_digest_of(struct view identifier);

#define ALGORITHM_WHAT_MAX 64
struct algorithm_verdict {
	int64_t until_ms; /* as algorithm_policy_until() */
	int64_t from_ms;  /* first moment of the period that ends then; INT64_MIN */
	bool known;       /* false: the policy does not name one of the parts at all,
			     which RFC 5698 6.3 tells from "unsuitable" */
	char
	    what[ALGORITHM_WHAT_MAX]; /* the part that ends first: "sha1", "RSA 1024" */
};
/* Which part ends first, and when. */
void algorithm_policy_explain(const struct algorithm_policy *p,
			      const struct algorithm_use *use,
			      struct algorithm_verdict *ret);
/* Whether all parts are suitable at a time, beginnings included (both ends count). */
bool algorithm_policy_reliable_at(const struct algorithm_policy *p,
				  const struct algorithm_use *use, int64_t time_ms,
				  struct algorithm_verdict *ret_why);

/* An OID by the names above, for readers of suites. */
struct algorithm_name {
	const char *algorithm;  /* static; NULL of a curve: its OID is its name */
	enum digest_alg digest; /* of signature algorithms; else NONE */
};
/* Gives false for what this program cannot verify. */
bool algorithm_policy_map(const char *oid, struct algorithm_name *ret);

#endif
