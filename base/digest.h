/* SPDX-License-Identifier: Apache-2.0 */
/*
 * digest - hash algorithms, fetched once from OpenSSL.
 */
#ifndef LTPS_BASE_DIGEST_H
#define LTPS_BASE_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

/* Values are stored in databases: never renumber. */
enum digest_alg {
	DIGEST_NONE = 0,
	DIGEST_SHA1 = 1, /* old evidence only */
	DIGEST_SHA224 = 2,
	DIGEST_SHA256 = 3,
	DIGEST_SHA384 = 4,
	DIGEST_SHA512 = 5,
	DIGEST_SHA3_224 = 6,
	DIGEST_SHA3_256 = 7,
	DIGEST_SHA3_384 = 8,
	DIGEST_SHA3_512 = 9,
	DIGEST_ALG_COUNT
};

#define DIGEST_MAX 64 /* longest of the above */

/* A digest value with its algorithm. */
struct digest {
	enum digest_alg alg;
	size_t n;
	uint8_t p[DIGEST_MAX];
};

static inline struct view digest_view(const struct digest *d)
{
	return view_of(d->p, d->n);
}

/* 0 for DIGEST_NONE or a value out of range. */
size_t digest_len(enum digest_alg alg);
/* "sha256", "sha3-256"; "?" when unknown. */
const char *digest_name(enum digest_alg alg);
/* Accepts "sha256", "SHA-256", "sha3-256", any case; NONE when unknown. */
enum digest_alg digest_from_name(struct view name);
/* Whether it is a name of this one: digest_from_name(name) == alg, quicker. */
bool digest_has_name(enum digest_alg alg, const char *name);
/* From the contents octets of an OBJECT IDENTIFIER; NONE when unknown. */
enum digest_alg digest_from_oid(struct view oid_body);
/* Dotted text such as "2.16.840.1.101.3.4.2.1"; NULL when unknown. */
const char *digest_oid_text(enum digest_alg alg);
enum digest_alg digest_from_oid_text(struct view dotted);
/* Whole AlgorithmIdentifier, parameters absent (RFC 5754 2). Static. */
struct view digest_algorithm_identifier(enum digest_alg alg);
/* OpenSSL's EVP_MD for it, fetched once; NULL when unknown or not offered. */
const void *digest_evp(enum digest_alg alg);

/* One shot. Fails: UNSUPPORTED (caller), CRYPTO (self) */
int digest_once(enum digest_alg alg, struct view data, struct digest *ret_d,
		struct ltps_error *err) LTPS_CHECKED;
bool digest_equal(const struct digest *a, const struct digest *b);

/*
 * A running computation that starts afresh after each value, without an
 * allocation of ours (OpenSSL 3.0 renews a small state of its own).
 */
struct digest_ctx;
int digest_new(enum digest_alg alg, struct digest_ctx **ret_ctx,
	       struct ltps_error *err) LTPS_CHECKED;
/* A second computation that goes on from what this one has taken. */
int digest_copy(const struct digest_ctx *from, struct digest_ctx **ret_ctx,
		struct ltps_error *err) LTPS_CHECKED;
void digest_free(struct digest_ctx *ctx);
int digest_update(struct digest_ctx *ctx, struct view data,
		  struct ltps_error *err) LTPS_CHECKED;
/* Gives the value and starts afresh. */
int digest_final(struct digest_ctx *ctx, struct digest *ret_d,
		 struct ltps_error *err) LTPS_CHECKED;

#endif
