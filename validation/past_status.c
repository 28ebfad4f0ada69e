/* SPDX-License-Identifier: Apache-2.0 */
/* past_status - reasons and algorithms of the status of a certificate. */
#include "validation/past_private.h"

/* CRLReason, RFC 5280 5.3.1. */
#define REASON_AFFILIATION_CHANGED 3
#define REASON_SUPERSEDED 4
#define REASON_CESSATION 5
#define REASON_PRIVILEGE_WITHDRAWN 9

int64_t past_bad_from(const struct path_cert_revocation *r)
{
	if (r->invalidity_ms != INT64_MIN && r->invalidity_ms < r->revoked_ms)
		return r->invalidity_ms;
	return r->revoked_ms;
}

bool past_reason_keeps_earlier(int reason)
{
	switch (reason) {
	case REASON_AFFILIATION_CHANGED:
	case REASON_SUPERSEDED:
	case REASON_CESSATION:
	case REASON_PRIVILEGE_WITHDRAWN:
		return true;
	default:
		return false;
	}
}

static void lower(int64_t *until_ms, int64_t other_ms)
{
	if (other_ms < *until_ms)
		*until_ms = other_ms;
}

/* Of a signature by this key; one that cannot be used is reliable at no time. */
static int64_t key_until(const struct algorithm_policy *p, EVP_PKEY *key,
			 struct view algorithm)
{
	return key != NULL ? algorithm_policy_until(p, key, algorithm) : INT64_MIN;
}

/* Of a signature by certs[i], with the key that this path gives it. */
static int issuer_until(const struct algorithm_policy *p,
			const struct path_candidate *c, size_t i, struct view algorithm,
			int64_t *until_ms, struct ltps_error *err)
{
	EVP_PKEY *key = NULL;
	uint8_t id[32];
	if (chain_key(c, i, &key, id, err) != 0)
		return -1;
	lower(until_ms, key_until(p, key, algorithm));
	EVP_PKEY_free(key);
	return 0;
}

/* Of a signature by another certificate. */
static int signer_until(const struct algorithm_policy *p, const struct cert *signer,
			struct view algorithm, int64_t *until_ms,
			struct ltps_error *err)
{
	EVP_PKEY *key = NULL;
	if (cert_key(signer, &key, err) != 0)
		return -1;
	lower(until_ms, key_until(p, key, algorithm));
	return 0;
}

/* A CRL or response, and the path of its signer. */
static int object_until(const struct algorithm_policy *p,
			const struct path_candidate *c, size_t i,
			const struct path_status_object *o, int64_t *until_ms,
			struct ltps_error *err)
{
	struct view algorithm = o->crl != NULL    ? o->crl->algorithm
				: o->ocsp != NULL ? o->ocsp->algorithm
						  : VIEW_NULL;
	if (o->signer == NULL)
		return 0;
	if (cert_equal(o->signer, c->certs[i + 1]))
		return issuer_until(p, c, i + 1, algorithm, until_ms, err);
	if (signer_until(p, o->signer, algorithm, until_ms, err) != 0)
		return -1;
	for (size_t k = 0; k + 1 < o->n_signer_path; k++)
		if (signer_until(p, o->signer_path[k + 1], o->signer_path[k]->algorithm,
				 until_ms, err) != 0)
			return -1;
	return 0;
}

int past_reliable_until(const struct algorithm_policy *p,
			const struct path_candidate *c, size_t i,
			const struct path_cert_revocation *r, int64_t *ret_ms,
			struct ltps_error *err)
{
	int64_t until_ms = INT64_MAX;
	if (p != NULL &&
	    issuer_until(p, c, i + 1, c->certs[i]->algorithm, &until_ms, err) != 0)
		return -1;
	for (size_t k = 0; p != NULL && r != NULL && k < r->n_objects; k++)
		if (object_until(p, c, i, &r->objects[k], &until_ms, err) != 0)
			return -1;
	*ret_ms = until_ms;
	return 0;
}
