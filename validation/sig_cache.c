/* SPDX-License-Identifier: Apache-2.0 */
/* sig_cache - verdicts over signatures, by the hashes of object and key; certificates.
 */
#include <string.h>

#include "base/mem.h"
#include "validation/key.h"

/* First table: most judgements know a handful of signatures. Power of two. */
#define SLOTS_FIRST 64

struct sig_entry {
	uint8_t object[32];
	uint8_t key[32];
	uint8_t verdict; /* 1 + enum signature_verdict; 0 is free */
};

struct sig_cache {
	struct sig_entry *slots; /* power of two, at most half used */
	size_t n_slots;
	size_t n;
	struct cert *
	    *certs; /* SIG_CACHE_CERTS_MAX, each where its hash says; NULL: none */
};

int sig_cache_new(struct sig_cache **ret, struct ltps_error *err)
{
	struct sig_cache *c = mem_zalloc(1, sizeof(*c));
	if (c == NULL)
		return ltps_fail_nomem(err);
	*ret = c;
	return 0;
}

void sig_cache_free(struct sig_cache *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; c->certs != NULL && i < SIG_CACHE_CERTS_MAX; i++)
		cert_free(c->certs[i]);
	mem_free(c->certs);
	mem_free(c->slots);
	mem_free(c);
}

/* The entry of the two, or the free one where it belongs. The hashes are their
 * own good hash: nobody chooses many that begin alike. */
static struct sig_entry *find(const struct sig_cache *c, const uint8_t *object,
			      const uint8_t *key)
{
	uint64_t a, b;
	memcpy(&a, object, sizeof(a));
	memcpy(&b, key, sizeof(b));
	for (size_t i = (size_t)(a ^ b);; i++) {
		struct sig_entry *e = &c->slots[i & (c->n_slots - 1)];
		if (e->verdict == 0 ||
		    (memcmp(e->object, object, sizeof(e->object)) == 0 &&
		     memcmp(e->key, key, sizeof(e->key)) == 0))
			return e;
	}
}

static int grow(struct sig_cache *c, struct ltps_error *err)
{
	size_t n = c->n_slots > 0 ? 2 * c->n_slots : SLOTS_FIRST;
	struct sig_cache larger = { .slots = mem_zalloc(n, sizeof(*larger.slots)),
				    .n_slots = n,
				    .n = c->n,
				    .certs = c->certs };
	if (larger.slots == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < c->n_slots; i++) {
		const struct sig_entry *e = &c->slots[i];
		if (e->verdict != 0)
			*find(&larger, e->object, e->key) = *e;
	}
	mem_free(c->slots);
	*c = larger;
	return 0;
}

/* A full cache begins anew: whatever is still in use comes back soon. */
static int remember(struct sig_cache *c, const uint8_t *object, const uint8_t *key,
		    enum signature_verdict verdict, struct ltps_error *err)
{
	if (c->n >= SIG_CACHE_ENTRIES_MAX) {
		memset(c->slots, 0, c->n_slots * sizeof(*c->slots));
		c->n = 0;
	}
	if (2 * (c->n + 1) > c->n_slots && grow(c, err) != 0)
		return -1;
	struct sig_entry *e = find(c, object, key);
	memcpy(e->object, object, sizeof(e->object));
	memcpy(e->key, key, sizeof(e->key));
	e->verdict = (uint8_t)(1 + verdict);
	c->n++;
	return 0;
}

static int verify(struct sig_cache *cache, const struct signed_object *o,
		  enum digest_alg fallback, EVP_PKEY *key, const uint8_t key_id[32],
		  enum signature_verdict *ret, bool *fresh, struct ltps_error *err)
{
	enum signature_verdict verdict;
	*fresh = false;
	if (cache != NULL && cache->n > 0) {
		const struct sig_entry *e = find(cache, o->sha256, key_id);
		if (e->verdict != 0) {
			*ret = (enum signature_verdict)(e->verdict - 1);
			return 0;
		}
	}
	if (signature_verify(o->algorithm, fallback, key, o->tbs, o->signature,
			     &verdict, err) != 0)
		return -1;
	*fresh = true;
	if (cache != NULL && remember(cache, o->sha256, key_id, verdict, err) != 0)
		return -1;
	*ret = verdict;
	return 0;
}

int sig_cache_verify(struct sig_cache *cache, const struct signed_object *o,
		     EVP_PKEY *key, const uint8_t key_id[32],
		     enum signature_verdict *ret, bool *ret_fresh,
		     struct ltps_error *err)
{
	bool fresh = false;
	int rc = verify(cache, o, DIGEST_NONE, key, key_id, ret, &fresh, err);
	if (ret_fresh != NULL)
		*ret_fresh = fresh;
	return rc;
}

int sig_cache_verify_with(struct sig_cache *cache, const struct signed_object *o,
			  enum digest_alg fallback, EVP_PKEY *key,
			  const uint8_t key_id[32], enum signature_verdict *ret,
			  struct ltps_error *err)
{
	bool fresh;
	return verify(cache, o, fallback, key, key_id, ret, &fresh, err);
}

/* ---- certificates ---- */

/* Where one of this hash is kept. */
static struct cert **place_of(struct sig_cache *c, const uint8_t sha256[32],
			      struct ltps_error *err)
{
	uint32_t h;
	if (c->certs == NULL)
		c->certs = mem_zalloc(SIG_CACHE_CERTS_MAX, sizeof(*c->certs));
	if (c->certs == NULL) {
		ltps_fail_nomem(err);
		return NULL;
	}
	memcpy(&h, sha256, sizeof(h));
	return &c->certs[h % SIG_CACHE_CERTS_MAX];
}

int sig_cache_cert(struct sig_cache *cache, struct view der, const uint8_t sha256[32],
		   struct cert **ret_cert, struct ltps_error *err)
{
	if (cache == NULL || der.n > SIG_CACHE_CERT_SIZE_MAX)
		return cert_parse(der, ret_cert, err);
	struct cert **place = place_of(cache, sha256, err);
	if (place == NULL)
		return -1;
	if (*place == NULL || view_compare((*place)->der, der) != 0) {
		struct cert *c = NULL;
		if (cert_parse(der, &c, err) != 0)
			return -1;
		/* The last one of its place stays; what is in use comes back soon. */
		cert_free(*place);
		*place = c;
	}
	*ret_cert = cert_ref(*place);
	return 0;
}
