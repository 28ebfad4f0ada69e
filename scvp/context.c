/* SPDX-License-Identifier: Apache-2.0 */
/*
 * context - serverContextInfo without state: the hashes of the paths given so far,
 * authenticated together with the query they answer, so that nobody can make us
 * search on for paths of his own choice.
 */
#include <openssl/crypto.h>
#include <openssl/hmac.h>
#include <string.h>

#include "scvp/demand.h"

#define CONTEXT_FORM 1
#define HASH 32

/* The query must be the same but for nonce, context and signature: RFC 5055 3.2.6. */
int context_identity(const struct scvp_request *q, uint8_t ret[32],
		     struct ltps_error *err)
{
	struct scvp_request plain = *q;
	struct buf b = buf_make(SCVP_REQUEST_MAX + 64);
	struct digest d;
	plain.has_nonce = false;
	plain.query.has_context = false;
	int rc = scvp_request_encode(&plain, &b, err);
	if (rc == 0)
		rc = digest_once(DIGEST_SHA256, view_buf(&b), &d, err);
	if (rc == 0)
		memcpy(ret, d.p, HASH);
	buf_free(&b);
	return rc;
}

int context_path_hash(const struct path_candidate *c, struct path_hash *ret,
		      struct ltps_error *err)
{
	uint8_t all[PATH_CERTS_MAX * HASH];
	struct digest d;
	for (size_t i = 0; i < c->n_certs; i++)
		memcpy(all + i * HASH, c->certs[i]->sha256, HASH);
	if (digest_once(DIGEST_SHA256, view_of(all, c->n_certs * HASH), &d, err) != 0)
		return -1;
	memcpy(ret->p, d.p, HASH);
	return 0;
}

bool context_has(const struct path_hashes *h, const struct path_hash *one)
{
	for (size_t i = 0; i < h->n; i++) {
		if (memcmp(h->h[i].p, one->p, HASH) == 0)
			return true;
	}
	return false;
}

void context_add(struct path_hashes *h, const struct path_hash *one)
{
	if (h->n < CONTEXT_PATHS_MAX && !context_has(h, one))
		h->h[h->n++] = *one;
}

static int mac(const struct scvp_config *c, const uint8_t identity[32],
	       struct view hashes, uint8_t ret[HASH], struct ltps_error *err)
{
	struct buf b = buf_make(2 * HASH + CONTEXT_PATHS_MAX * HASH);
	unsigned n = HASH;
	int rc = buf_put(&b, view_text("LTPS SCVP context"), err);
	if (rc == 0)
		rc = buf_put(&b, view_of(identity, HASH), err);
	if (rc == 0)
		rc = buf_put(&b, hashes, err);
	if (rc == 0 && HMAC(digest_evp(DIGEST_SHA256), c->context_key,
			    (int)sizeof(c->context_key), b.p, b.n, ret, &n) == NULL)
		rc = ltps_fail_openssl(err, LTPS_CRYPTO, LTPS_FAULT_SELF, NULL, "HMAC");
	buf_free(&b);
	return rc;
}

/* form, hashes, MAC */
bool context_read(const struct scvp_config *c, const uint8_t identity[32],
		  struct view in, struct path_hashes *ret)
{
	struct ltps_error unused = LTPS_ERROR_INIT;
	uint8_t expected[HASH];
	if (in.n < 1 + 2 * HASH || (in.n - 1) % HASH != 0 || in.p[0] != CONTEXT_FORM ||
	    in.n > 1 + (CONTEXT_PATHS_MAX + 1) * HASH)
		return false;
	const struct view hashes = view_of(in.p + 1, in.n - 1 - HASH);
	if (mac(c, identity, hashes, expected, &unused) != 0 ||
	    CRYPTO_memcmp(expected, in.p + in.n - HASH, HASH) != 0)
		return false;
	ret->n = hashes.n / HASH;
	memcpy(ret->h, hashes.p, hashes.n);
	return true;
}

int context_write(const struct scvp_config *c, const uint8_t identity[32],
		  const struct path_hashes *h, struct buf *out, struct ltps_error *err)
{
	uint8_t m[HASH];
	const struct view hashes = view_of(h->h, h->n * HASH);
	if (mac(c, identity, hashes, m, err) != 0 ||
	    buf_put_byte(out, CONTEXT_FORM, err) != 0 || buf_put(out, hashes, err) != 0)
		return -1;
	return buf_put(out, view_of(m, HASH), err);
}
