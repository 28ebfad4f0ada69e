/* SPDX-License-Identifier: Apache-2.0 */
#include "bench/bare.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

double bench_now(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

void bench_stop_on(int rc, const struct ltps_error *err, const char *what)
{
	if (rc == 0)
		return;
	fprintf(stderr, "%s: %s\n", what, err->text);
	exit(1);
}

static EVP_PKEY *key_of(const struct cert *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	EVP_PKEY *key = NULL;
	return c == NULL || cert_key(c, &key, &err) != 0 ? NULL : key;
}

static void bare_add(struct bare *b, const struct bare_signed *one)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	enum signature_verdict v;
	EVP_PKEY *key = key_of(one->signer);
	if (b->n == BARE_SIGNED_MAX || key == NULL ||
	    signature_verify(one->algorithm, one->digest, key, one->octets, one->value,
			     &v, &err) != 0 ||
	    v != SIGNATURE_VALID)
		return;
	b->s[b->n] = *one;
	b->s[b->n++].key = key;
}

static void bare_signature(struct bare *b, const struct document_signature *s,
			   const struct cert *signer)
{
	if (s != NULL)
		bare_add(b, &(struct bare_signed){ s->algorithm, s->octets[0], s->value,
						   s->digest, signer, NULL, NULL });
}

/* By whichever certificate of the report or the anchors signed it. */
static void bare_object(struct bare *b, const struct report *r,
			const struct material *anchors, const struct signed_object *o)
{
	struct bare_signed one = { o->algorithm, o->tbs,    o->signature, DIGEST_NONE,
				   NULL,         o->sha256, NULL };
	const size_t before = b->n;
	for (size_t i = 0; i < r->n_certs && b->n == before; i++) {
		one.signer = r->certs[i];
		bare_add(b, &one);
	}
	for (size_t i = 0;
	     i < material_count(anchors, MATERIAL_ANCHOR) && b->n == before; i++) {
		one.signer = material_cert(anchors, MATERIAL_ANCHOR, i);
		bare_add(b, &one);
	}
}

#define OBJECT_OF(x)                                                                   \
	(&(const struct signed_object){ (x)->sha256, (x)->tbs, (x)->algorithm,         \
					(x)->signature })

void bare_collect(struct bare *b, const struct report *p,
		  const struct material *anchors)
{
	for (size_t i = 0; i < p->n_signatures; i++)
		bare_signature(b, p->signatures[i].signature,
			       p->signatures[i].signing_certificate);
	for (size_t i = 0; i < p->n_stamps; i++)
		bare_signature(b, p->stamps[i].stamp->as_signature,
			       p->stamps[i].signer);
	for (size_t i = 0; i < p->n_certs; i++)
		if (material_find_cert(anchors, MATERIAL_ANCHOR, p->certs[i]->sha256) ==
		    NULL)
			bare_object(b, p, anchors, OBJECT_OF(p->certs[i]));
	for (size_t i = 0; i < p->n_crls; i++)
		bare_object(b, p, anchors, OBJECT_OF(p->crls[i]));
	for (size_t i = 0; i < p->n_ocsps; i++)
		bare_object(b, p, anchors, OBJECT_OF(p->ocsps[i]));
	for (size_t i = 0; i < b->n; i++)
		b->own += b->s[i].object == NULL;
}

void bare_verify(const struct bare *b, bool own)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	enum signature_verdict v;
	for (size_t k = 0; k < b->n; k++)
		if (b->s[k].object == NULL || !own)
			bench_stop_on(signature_verify(b->s[k].algorithm,
						       b->s[k].digest, b->s[k].key,
						       b->s[k].octets, b->s[k].value,
						       &v, &err),
				      &err, "verifying");
}

struct sig_cache *bare_remembered(const struct bare *b)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct sig_cache *cache = NULL;
	enum signature_verdict v;
	bench_stop_on(sig_cache_new(&cache, &err), &err, "cache");
	for (size_t k = 0; k < b->n; k++) {
		const struct bare_signed *one = &b->s[k];
		const struct signed_object o = { one->object, one->octets,
						 one->algorithm, one->value };
		if (one->object != NULL)
			bench_stop_on(sig_cache_verify(cache, &o, one->key,
						       one->signer->spki_sha256, &v,
						       NULL, &err),
				      &err, "cache");
	}
	return cache;
}
