/* SPDX-License-Identifier: Apache-2.0 */
/* policy_dss - the algorithms of a policy of DSS. Private to the room. */
#ifndef LTPS_VALIDATION_POLICY_DSS_H
#define LTPS_VALIDATION_POLICY_DSS_H

#include "validation/validation_policy.h"

#define DSS_ALGORITHMS_MAX 512 /* theirs has 70 */

enum dss_list {
	DSS_ENCRYPTION, /* AcceptableEncryptionAlgo */
	DSS_MINIMUM,    /* MiniPublicKeySize */
	DSS_DIGEST,     /* AcceptableDigestAlgo */
	DSS_EXPIRATION, /* AlgoExpirationDate */
};

struct dss_algorithm {
	enum dss_list list;
	char name[24];
	int64_t date_ms; /* no longer from then on; INT64_MAX: none */
	unsigned size;
};

struct dss_algorithms {
	struct dss_algorithm *list;
	size_t n;
};

/* Attributes of an Algo; absent ones are VIEW_NULL. */
bool dss_algorithm_read(struct view date, struct view size, struct dss_algorithm *ret);
/* path: of the element, which says the list. Fails: FORMAT (caller), NOMEM */
int dss_algorithm_add(struct dss_algorithms *all, const char *path,
		      const struct dss_algorithm *a, struct view name,
		      struct ltps_error *err) LTPS_CHECKED;
void dss_algorithms_free(struct dss_algorithms *all);
/* What they say, as a suite named after the policy. */
int dss_algorithms_suite(const struct dss_algorithms *all, struct validation_policy *p,
			 struct algorithm_suite **ret_s,
			 struct ltps_error *err) LTPS_CHECKED;

#endif
