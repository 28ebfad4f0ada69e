/* SPDX-License-Identifier: Apache-2.0 */
#include "validation/status_signatures.h"

#include "validation/chain.h"
#include "validation/past.h"

struct walk {
	const struct path_candidate *c;
	const struct cert *issuer; /* certs[at] of c */
	size_t at;
	void (*visit)(void *arg, const struct status_signature *s);
	void *arg;
};

static int give_by_issuer(const struct walk *w, struct status_signature *s,
			  struct ltps_error *err)
{
	EVP_PKEY *key = NULL;
	uint8_t id[32];
	if (chain_key(w->c, w->at, &key, id, err) != 0)
		return -1;
	s->key = key;
	w->visit(w->arg, s);
	EVP_PKEY_free(key);
	return 0;
}

static int give(const struct walk *w, struct status_signature *s,
		const struct cert *signer, struct ltps_error *err)
{
	if (cert_key(signer, &s->key, err) != 0)
		return -1;
	w->visit(w->arg, s);
	return 0;
}

static int give_signer_path(const struct walk *w, const struct path_status_object *o,
			    struct ltps_error *err)
{
	for (size_t i = 0; i + 1 < o->n_signer_path; i++) {
		const struct cert *cert = o->signer_path[i];
		struct status_signature s = { .word = o,
					      .cert = cert,
					      .sha256 = cert->sha256,
					      .algorithm = cert->algorithm };
		if (give(w, &s, o->signer_path[i + 1], err) != 0)
			return -1;
	}
	return 0;
}

static int give_object(const struct walk *w, const struct path_status_object *o,
		       struct ltps_error *err)
{
	struct status_signature s = { .word = o, .sha256 = path_status_id(o) };
	if (o->signer == NULL || s.sha256 == NULL)
		return 0;
	s.algorithm = o->crl != NULL ? o->crl->algorithm : o->ocsp->algorithm;
	if (cert_equal(o->signer, w->issuer))
		return give_by_issuer(w, &s, err);
	if (give(w, &s, o->signer, err) != 0)
		return -1;
	return give_signer_path(w, o, err);
}

int status_signatures(const struct path_candidate *c, size_t i,
		      const struct path_cert_revocation *r,
		      void (*visit)(void *arg, const struct status_signature *s),
		      void *arg, struct ltps_error *err)
{
	const struct walk w = { c, c->certs[i + 1], i + 1, visit, arg };
	for (size_t k = 0; k < r->n_objects; k++) {
		if (give_object(&w, &r->objects[k], err) != 0)
			return -1;
	}
	return 0;
}

int64_t status_known_since(const struct path_status_object *o, const struct cert *cert,
			   int64_t (*proven_ms)(void *arg, const uint8_t sha256[32]),
			   void *arg)
{
	const int64_t own_ms = proven_ms(arg, cert->sha256);
	for (size_t i = 0; o->ocsp != NULL && i < o->ocsp->n_certs; i++) {
		if (!cert_equal(o->ocsp->certs[i], cert))
			continue;
		const int64_t around_ms = proven_ms(arg, o->ocsp->sha256);
		return around_ms < own_ms ? around_ms : own_ms;
	}
	return own_ms;
}
