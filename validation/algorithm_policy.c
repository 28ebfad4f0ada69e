/* SPDX-License-Identifier: Apache-2.0 */
/* algorithm_policy - the reliable time of a digest and of a key of some size. */
#include "validation/algorithm_policy.h"

#include <string.h>
#include <strings.h>

#include "base/digest.h"
#include "validation/key.h"

#define OID_RSA_PSS "1.2.840.113549.1.1.10"

/* EdDSA has a digest inside that no policy names apart: RFC 8032. */
static bool has_own_digest(struct view oid)
{
	return oid_is(oid, "1.3.101.112") || oid_is(oid, "1.3.101.113");
}

/* Of the limits of its algorithm that with the largest size not above the key's. */
static int64_t key_until(const struct algorithm_policy *p, const struct key_facts *key)
{
	const struct algorithm_limit *best = NULL;
	for (size_t i = 0; i < p->n; i++) {
		const struct algorithm_limit *l = &p->limits[i];
		if (strcasecmp(l->algorithm, key->algorithm) != 0 ||
		    l->min_bits > key->bits)
			continue;
		if (best == NULL || l->min_bits > best->min_bits)
			best = l;
	}
	return best != NULL ? best->until_ms : INT64_MIN;
}

/* Policies write "sha256" and "SHA-256". */
static int64_t digest_until(const struct algorithm_policy *p, enum digest_alg d)
{
	for (size_t i = 0; d != DIGEST_NONE && i < p->n; i++) {
		if (digest_from_name(view_text(p->limits[i].algorithm)) == d)
			return p->limits[i].until_ms;
	}
	return INT64_MIN;
}

/* hashAlgorithm of RSASSA-PSS-params and that of the mask, RFC 4055 3.1: the
 * weaker counts. */
static int64_t pss_until(const struct algorithm_policy *p, struct view parameters,
			 struct ltps_error *err)
{
	enum digest_alg digest[2] = { DIGEST_SHA1, DIGEST_SHA1 };
	struct tlv outer, t, id, oid;
	bool present;
	if (tlv_only(parameters, &outer, err) != 0)
		return INT64_MIN;
	struct view cursor = outer.body;
	for (uint32_t i = 0; i < 2; i++) {
		if (tlv_optional(&cursor, ASN1_CONTEXT, i, &t, &present, err) != 0)
			return INT64_MIN;
		if (!present)
			continue;
		if (tlv_only(t.body, &id, err) != 0 ||
		    tlv_next(&id.body, &oid, err) != 0)
			return INT64_MIN;
		/* The mask function's parameter is the digest's identifier. */
		if (i == 1 && (tlv_only(id.body, &id, err) != 0 ||
			       tlv_next(&id.body, &oid, err) != 0))
			return INT64_MIN;
		digest[i] = digest_from_oid(oid.body);
	}
	int64_t hash = digest_until(p, digest[0]), mask = digest_until(p, digest[1]);
	return hash < mask ? hash : mask;
}

static int64_t signature_until(const struct algorithm_policy *p, struct view algorithm)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tlv outer, oid;
	if (tlv_only(algorithm, &outer, &err) != 0)
		return INT64_MIN;
	struct view cursor = outer.body;
	if (tlv_expect(&cursor, ASN1_UNIVERSAL, ASN1_TAG_OID, "algorithm", &oid,
		       &err) != 0)
		return INT64_MIN;
	if (has_own_digest(oid.body))
		return INT64_MAX;
	if (oid_is(oid.body, OID_RSA_PSS))
		return pss_until(p, cursor, &err);
	return digest_until(p, signature_digest(oid.body));
}

int64_t algorithm_policy_until(const struct algorithm_policy *p, EVP_PKEY *key,
			       struct view signature_algorithm)
{
	struct key_facts facts;
	if (key == NULL)
		return INT64_MIN;
	key_facts(key, &facts);
	int64_t of_key = key_until(p, &facts);
	int64_t of_digest = signature_until(p, signature_algorithm);
	return of_key < of_digest ? of_key : of_digest;
}
