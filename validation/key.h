/* SPDX-License-Identifier: Apache-2.0 */
/* key - public keys out of certificates, their size and name, and signatures by them.
 */
#ifndef LTPS_VALIDATION_KEY_H
#define LTPS_VALIDATION_KEY_H

#include "timestamping/signature.h"
#include "validation/cert.h"

/*
 * key_decode - the key of a SubjectPublicKeyInfo TLV.
 * ret_key  own it with EVP_PKEY_free; NULL when it cannot be used: unknown,
 *          malformed, or an EC key whose curve is not named (RFC 5480 2.1.1)
 * Fails:   NOMEM, CRYPTO (self)
 */
int key_decode(struct view spki, EVP_PKEY **ret_key,
	       struct ltps_error *err) LTPS_CHECKED;
/*
 * key_inherited - a key whose parameters are those of another of the same
 * algorithm: DSA and EC keys without parameters, RFC 5280 6.1.4 f, RFC 3279 2.3.
 * from     AlgorithmIdentifier TLV with the parameters
 * ret_key  own it with EVP_PKEY_free; NULL when it cannot be used
 * Fails:   NOMEM, CRYPTO (self)
 */
int key_inherited(const struct cert *c, struct view from, EVP_PKEY **ret_key,
		  struct ltps_error *err) LTPS_CHECKED;
/* Whether the key's algorithm takes parameters that are absent here. */
bool key_parameters_missing(const struct cert *c);

/* What an algorithm policy speaks of. */
struct key_facts {
	const char *algorithm; /* "RSA", "DSA", "ECDSA", "Ed25519", "Ed448"; "?" */
	unsigned bits;         /* modulus, p, order of the curve */
	const char *curve;     /* of EC keys: "P-256" ...; NULL */
};
void key_facts(EVP_PKEY *key, struct key_facts *ret);
/* The same without the curve, which takes longer to ask for than all the rest. */
void key_size(EVP_PKEY *key, struct key_facts *ret);

/*
 * Verified signatures of one judgement, or of many: whether a key signed an
 * object, remembered by hashes, so that a mesh costs each signature once; and
 * certificates, decoded. One belongs to one thread. Content decides, so a hit cannot
 * change a verdict.
 */
struct sig_cache;
#define SIG_CACHE_ENTRIES_MAX 65536
/* Certificates that it keeps decoded, with their keys; a longer one is not kept. */
#define SIG_CACHE_CERTS_MAX 512
#define SIG_CACHE_CERT_SIZE_MAX ((size_t)16 << 10)
/* Fails: NOMEM */
int sig_cache_new(struct sig_cache **ret, struct ltps_error *err) LTPS_CHECKED;
void sig_cache_free(struct sig_cache *c);

/* What is signed, and its identity. */
struct signed_object {
	const uint8_t *sha256; /* of the whole object */
	struct view tbs;
	struct view algorithm; /* AlgorithmIdentifier TLV */
	struct view signature;
};
/*
 * sig_cache_verify - signature_verify() unless the cache knows.
 * cache     may be NULL
 * key_id    32 octets that identify the key: cert.spki_sha256, which for an
 *           inherited key the caller mixes with the parameters
 * ret_fresh set when a signature was computed: for budgets; may be NULL
 */
int sig_cache_verify(struct sig_cache *cache, const struct signed_object *o,
		     EVP_PKEY *key, const uint8_t key_id[32],
		     enum signature_verdict *ret, bool *ret_fresh,
		     struct ltps_error *err) LTPS_CHECKED;
/* The same for algorithms that name no digest: `fallback` as signature_verify(). The
 * object's identity must cover it. */
int sig_cache_verify_with(struct sig_cache *cache, const struct signed_object *o,
			  enum digest_alg fallback, EVP_PKEY *key,
			  const uint8_t key_id[32], enum signature_verdict *ret,
			  struct ltps_error *err) LTPS_CHECKED;

/*
 * sig_cache_cert - cert_parse() unless the cache has the same octets decoded already.
 * cache     may be NULL
 * sha256    of der
 * ret_cert  release with cert_free(); it may outlive the cache
 */
int sig_cache_cert(struct sig_cache *cache, struct view der, const uint8_t sha256[32],
		   struct cert **ret_cert, struct ltps_error *err) LTPS_CHECKED;

#endif
