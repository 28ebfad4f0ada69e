/* SPDX-License-Identifier: Apache-2.0 */
/*
 * revocation_strong - whether the words that a good status rests on could be trusted
 * when they are proven to exist: later anybody could have made them (EN 319 102-1
 * 5.2.8.4.3, 5.4).
 */
#include "validation/revocation.h"

struct weighing {
	const struct revocation_strength *in;
	const struct path_status_object *word;
	struct algorithm_verdict *why;
	bool strong;
};

static void weigh(struct weighing *w, EVP_PKEY *key, struct view algorithm,
		  int64_t proven_ms)
{
	const struct algorithm_use use = { key, algorithm, DIGEST_NONE };
	if (w->strong)
		w->strong = algorithm_policy_reliable_at(w->in->algorithms, &use,
							 proven_ms, w->why);
}

static int64_t known_since(const struct weighing *w, const uint8_t sha256[32])
{
	return w->in->proven_ms(w->in->arg, sha256);
}

/* What proves a response proves the certificates inside. */
static int64_t cert_known_since(const struct weighing *w, const struct cert *cert)
{
	const struct ocsp *o = w->word->ocsp;
	const int64_t own_ms = known_since(w, cert->sha256);
	for (size_t i = 0; o != NULL && i < o->n_certs; i++) {
		if (!cert_equal(o->certs[i], cert))
			continue;
		const int64_t around_ms = known_since(w, o->sha256);
		return around_ms < own_ms ? around_ms : own_ms;
	}
	return own_ms;
}

/* The path of a signer of its own; that of the issuer is the caller's to judge. */
static int weigh_signer_path(struct weighing *w, struct ltps_error *err)
{
	const struct path_status_object *o = w->word;
	for (size_t i = 0; w->strong && i + 1 < o->n_signer_path; i++) {
		EVP_PKEY *key = NULL;
		if (cert_key(o->signer_path[i + 1], &key, err) != 0)
			return -1;
		weigh(w, key, o->signer_path[i]->algorithm,
		      cert_known_since(w, o->signer_path[i]));
	}
	return 0;
}

static int weigh_word(struct weighing *w, struct ltps_error *err)
{
	const struct path_status_object *o = w->word;
	EVP_PKEY *key = NULL;
	if (o->signer == NULL || (o->crl == NULL && o->ocsp == NULL))
		return 0;
	if (cert_key(o->signer, &key, err) != 0)
		return -1;
	if (o->crl != NULL)
		weigh(w, key, o->crl->algorithm, known_since(w, o->crl->sha256));
	else
		weigh(w, key, o->ocsp->algorithm, known_since(w, o->ocsp->sha256));
	return weigh_signer_path(w, err);
}

int revocation_is_strong(const struct path_cert_revocation *r,
			 const struct revocation_strength *in, bool *ret,
			 struct algorithm_verdict *ret_why, struct ltps_error *err)
{
	struct weighing w = { .in = in, .why = ret_why, .strong = true };
	for (size_t i = 0; w.strong && i < r->n_objects; i++) {
		w.word = &r->objects[i];
		if (weigh_word(&w, err) != 0)
			return -1;
	}
	*ret = w.strong;
	return 0;
}
