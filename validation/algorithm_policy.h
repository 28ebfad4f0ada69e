/* SPDX-License-Identifier: Apache-2.0 */
/*
 * algorithm_policy - until when an algorithm with a key size is reliable: the
 * plain form in which judgement sees an algorithm suite. Where it comes from is
 * not its business.
 */
#ifndef LTPS_VALIDATION_ALGORITHM_POLICY_H
#define LTPS_VALIDATION_ALGORITHM_POLICY_H

#include <stdint.h>

#include "validation/cert.h"

struct algorithm_limit {
	const char *algorithm; /* key_facts names, or a digest_name() */
	unsigned min_bits;     /* of keys: reliable from this size on; digests: 0 */
	int64_t until_ms;      /* last moment; INT64_MAX: no end known */
};

struct algorithm_policy {
	const struct algorithm_limit *limits;
	size_t n;
	/* An algorithm (or size) that no limit names is not reliable at any time. */
};

/*
 * The last moment at which a signature by this key with this AlgorithmIdentifier
 * is reliable: the earlier of key and digest; INT64_MIN: never; INT64_MAX: no end.
 * The best matching limit (largest min_bits not above the key's) counts.
 */
int64_t algorithm_policy_until(const struct algorithm_policy *p, EVP_PKEY *key,
			       struct view signature_algorithm);

#endif
