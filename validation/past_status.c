/* SPDX-License-Identifier: Apache-2.0 */
/* past_status - reasons and algorithms of the status of a certificate. */
#include "validation/past_private.h"

#include <string.h>

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

int64_t past_lost_from(const struct path_cert_revocation *r, int64_t asked_ms)
{
	const int64_t from_ms = past_bad_from(r);
	return from_ms < asked_ms ? from_ms : asked_ms - 1;
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

const uint8_t *path_status_id(const struct path_status_object *o)
{
	if (o->crl != NULL)
		return o->crl->sha256;
	return o->ocsp != NULL ? o->ocsp->sha256 : NULL;
}

/* ---- algorithms ---- */

/* One signature: an object, signed by this key; one whose key cannot be used is
 * reliable at no time. */
static void weigh(const struct algorithm_policy *p, EVP_PKEY *key,
		  struct view algorithm, const uint8_t object[32],
		  struct past_weakest *w)
{
	const struct algorithm_use use = { key, algorithm, DIGEST_NONE };
	struct algorithm_verdict v;
	algorithm_policy_explain(p, &use, &v);
	if (v.until_ms >= w->until_ms)
		return;
	w->until_ms = v.until_ms;
	memcpy(w->object, object, sizeof(w->object));
	memcpy(w->algorithm, v.what, sizeof(w->algorithm));
}

/* Of a signature by certs[i], with the key that this path gives it. */
static int weigh_issuer(const struct algorithm_policy *p,
			const struct path_candidate *c, size_t i, struct view algorithm,
			const uint8_t object[32], struct past_weakest *w,
			struct ltps_error *err)
{
	EVP_PKEY *key = NULL;
	uint8_t id[32];
	if (chain_key(c, i, &key, id, err) != 0)
		return -1;
	weigh(p, key, algorithm, object, w);
	EVP_PKEY_free(key);
	return 0;
}

/* Of a signature by another certificate. */
static int weigh_signer(const struct algorithm_policy *p, const struct cert *signer,
			struct view algorithm, const uint8_t object[32],
			struct past_weakest *w, struct ltps_error *err)
{
	EVP_PKEY *key = NULL;
	if (cert_key(signer, &key, err) != 0)
		return -1;
	weigh(p, key, algorithm, object, w);
	return 0;
}

/* A CRL or response, and the path of its signer. */
static int weigh_object(const struct algorithm_policy *p,
			const struct path_candidate *c, size_t i,
			const struct path_status_object *o, struct past_weakest *w,
			struct ltps_error *err)
{
	struct view algorithm = o->crl != NULL    ? o->crl->algorithm
				: o->ocsp != NULL ? o->ocsp->algorithm
						  : VIEW_NULL;
	const uint8_t *id = path_status_id(o);
	const uint8_t *object = id != NULL ? id : c->certs[i]->sha256;
	if (o->signer == NULL)
		return 0;
	if (cert_equal(o->signer, c->certs[i + 1]))
		return weigh_issuer(p, c, i + 1, algorithm, object, w, err);
	if (weigh_signer(p, o->signer, algorithm, object, w, err) != 0)
		return -1;
	for (size_t k = 0; k + 1 < o->n_signer_path; k++)
		if (weigh_signer(p, o->signer_path[k + 1], o->signer_path[k]->algorithm,
				 o->signer_path[k]->sha256, w, err) != 0)
			return -1;
	return 0;
}

int past_weakest(const struct algorithm_policy *p, const struct path_candidate *c,
		 size_t i, const struct path_cert_revocation *r,
		 struct past_weakest *ret, struct ltps_error *err)
{
	*ret = (struct past_weakest){ .until_ms = INT64_MAX };
	if (p != NULL && weigh_issuer(p, c, i + 1, c->certs[i]->algorithm,
				      c->certs[i]->sha256, ret, err) != 0)
		return -1;
	for (size_t k = 0; p != NULL && r != NULL && k < r->n_objects; k++)
		if (weigh_object(p, c, i, &r->objects[k], ret, err) != 0)
			return -1;
	return 0;
}

int past_reliable_until(const struct algorithm_policy *p,
			const struct path_candidate *c, size_t i,
			const struct path_cert_revocation *r, int64_t *ret_ms,
			struct ltps_error *err)
{
	struct past_weakest w;
	if (past_weakest(p, c, i, r, &w, err) != 0)
		return -1;
	*ret_ms = w.until_ms;
	return 0;
}
