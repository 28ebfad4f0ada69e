/* SPDX-License-Identifier: Apache-2.0 */
/* chain_key - working public keys: RFC 5280 6.1.4 (d) to (f). */
#include <string.h>

#include "base/digest.h"
#include "validation/chain.h"

/* The OBJECT IDENTIFIER element of an AlgorithmIdentifier; empty when there is none. */
static struct view algorithm_oid(struct view algorithm)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct tlv outer, oid;
	if (tlv_only(algorithm, &outer, &ignored) != 0 ||
	    tlv_peek(outer.body, &oid, &ignored) != 0)
		return VIEW_NULL;
	return oid.whole;
}

/*
 * Where the parameters of certs[i] come from: the next certificate above that has
 * some, as long as all between are of the same algorithm; SIZE_MAX: from nowhere.
 */
static size_t parameters_from(const struct path_candidate *c, size_t i)
{
	struct view oid = algorithm_oid(c->certs[i]->key_algorithm);
	size_t at = i;
	while (key_parameters_missing(c->certs[at])) {
		if (++at == c->n_certs ||
		    !view_equal(algorithm_oid(c->certs[at]->key_algorithm), oid))
			return SIZE_MAX;
	}
	return at;
}

/* Of the key with the parameters that it has here. */
static int inherited_id(const struct cert *c, struct view from, uint8_t key_id[32],
			struct ltps_error *err)
{
	struct digest_ctx *ctx = NULL;
	struct digest d;
	int rc = -1;
	if (digest_new(DIGEST_SHA256, &ctx, err) != 0 ||
	    digest_update(ctx, view_of(c->spki_sha256, 32), err) != 0 ||
	    digest_update(ctx, from, err) != 0 || digest_final(ctx, &d, err) != 0)
		goto out;
	memcpy(key_id, d.p, 32);
	rc = 0;
out:
	digest_free(ctx);
	return rc;
}

int chain_key(const struct path_candidate *c, size_t i, EVP_PKEY **ret_key,
	      uint8_t key_id[32], struct ltps_error *err)
{
	const struct cert *cert = c->certs[i];
	size_t from = parameters_from(c, i);
	EVP_PKEY *key = NULL;
	*ret_key = NULL;
	memset(key_id, 0, 32);
	if (from == SIZE_MAX)
		return 0;
	if (from != i) {
		struct view algorithm = c->certs[from]->key_algorithm;
		if (inherited_id(cert, algorithm, key_id, err) != 0)
			return -1;
		return key_inherited(cert, algorithm, ret_key, err);
	}
	if (cert_key(cert, &key, err) != 0)
		return -1;
	memcpy(key_id, cert->spki_sha256, 32);
	if (key != NULL && EVP_PKEY_up_ref(key) == 1)
		*ret_key = key;
	return 0;
}
