/* SPDX-License-Identifier: Apache-2.0 */
/* past_status - reasons and algorithms of the status of a certificate. */
#include "validation/past_private.h"

#include <string.h>

#include "validation/status_signatures.h"

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
	if (from_ms < asked_ms || past_reason_keeps_earlier(r->reason))
		return from_ms;
	return asked_ms - 1;
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

struct weakest {
	const struct algorithm_policy *algorithms;
	struct past_weakest *w;
};

/* One whose key cannot be used is reliable at no time. */
static void weigh(void *arg, const struct status_signature *s)
{
	const struct weakest *x = arg;
	const struct algorithm_use use = { s->key, s->algorithm, DIGEST_NONE };
	struct algorithm_verdict v;
	algorithm_policy_explain(x->algorithms, &use, &v);
	if (v.until_ms >= x->w->until_ms)
		return;
	x->w->until_ms = v.until_ms;
	memcpy(x->w->object, s->sha256, sizeof(x->w->object));
	memcpy(x->w->algorithm, v.what, sizeof(x->w->algorithm));
}

/* The signature on certs[i], by the key that this path gives its issuer. */
static int weigh_cert(struct weakest *x, const struct path_candidate *c, size_t i,
		      struct ltps_error *err)
{
	struct status_signature s = { .cert = c->certs[i],
				      .sha256 = c->certs[i]->sha256,
				      .algorithm = c->certs[i]->algorithm };
	uint8_t id[32];
	if (chain_key(c, i + 1, &s.key, id, err) != 0)
		return -1;
	weigh(x, &s);
	EVP_PKEY_free(s.key);
	return 0;
}

int past_weakest(const struct algorithm_policy *p, const struct path_candidate *c,
		 size_t i, const struct path_cert_revocation *r,
		 struct past_weakest *ret, struct ltps_error *err)
{
	struct weakest x = { p, ret };
	*ret = (struct past_weakest){ .until_ms = INT64_MAX };
	if (p == NULL)
		return 0;
	if (weigh_cert(&x, c, i, err) != 0)
		return -1;
	return r != NULL ? status_signatures(c, i, r, weigh, &x, err) : 0;
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
