/* SPDX-License-Identifier: Apache-2.0 */
/* known - shared generations of decoded material. */
#include "ltp/known.h"

#include <pthread.h>
#include <stdatomic.h>

#include "base/mem.h"

struct known_generation {
	struct material *material;
	size_t bytes; /* without the base */
	size_t items;
	atomic_uint owners;
};

struct known {
	const struct material *base;
	pthread_mutex_t swap;  /* held for a pointer and a count only */
	pthread_mutex_t build; /* one builder at a time */
	struct known_generation *newest;
};

static void generation_free(struct known_generation *g)
{
	if (g == NULL)
		return;
	material_free(g->material);
	mem_free(g);
}

/* A generation with the base in it. */
static int generation_new(const struct material *base, struct known_generation **ret_g,
			  struct ltps_error *err)
{
	struct known_generation *g = mem_zalloc(1, sizeof(*g));
	if (g == NULL)
		return ltps_fail_nomem(err);
	atomic_init(&g->owners, 1);
	if (material_new(&g->material, err) != 0 ||
	    (base != NULL && material_add_all(g->material, base, err) != 0)) {
		generation_free(g);
		return -1;
	}
	*ret_g = g;
	return 0;
}

int known_new(const struct material *base, struct known **ret_k, struct ltps_error *err)
{
	struct known *k = mem_zalloc(1, sizeof(*k));
	if (k == NULL)
		return ltps_fail_nomem(err);
	k->base = base;
	if (generation_new(base, &k->newest, err) != 0) {
		mem_free(k);
		return -1;
	}
	pthread_mutex_init(&k->swap, NULL);
	pthread_mutex_init(&k->build, NULL);
	*ret_k = k;
	return 0;
}

void known_free(struct known *k)
{
	if (k == NULL)
		return;
	known_drop(k->newest);
	pthread_mutex_destroy(&k->build);
	pthread_mutex_destroy(&k->swap);
	mem_free(k);
}

struct known_generation *known_take(struct known *k)
{
	pthread_mutex_lock(&k->swap);
	struct known_generation *g = k->newest;
	atomic_fetch_add(&g->owners, 1);
	pthread_mutex_unlock(&k->swap);
	return g;
}

void known_drop(struct known_generation *g)
{
	if (g != NULL && atomic_fetch_sub(&g->owners, 1) == 1)
		generation_free(g);
}

const struct material *known_material(const struct known_generation *g)
{
	return g->material;
}

static bool is_past(const struct ocsp *o, int64_t now_ms)
{
	for (size_t i = 0; i < o->n_singles; i++)
		if (o->singles[i].next_ms == INT64_MIN ||
		    o->singles[i].next_ms > now_ms)
			return false;
	return true;
}

/* The item under its kind, unless it is status past its nextUpdate. */
static int take_item(struct known_generation *g, const struct material *from,
		     enum material_kind kind, size_t i, int64_t now_ms,
		     struct ltps_error *err)
{
	size_t before = material_count(g->material, kind);
	if (kind == MATERIAL_CRL) {
		const struct crl *c = material_crl(from, i);
		if (c->next_ms != INT64_MIN && c->next_ms <= now_ms)
			return 0;
		if (material_add_crl(g->material, c, err) != 0)
			return -1;
	} else if (kind == MATERIAL_OCSP) {
		const struct ocsp *o = material_ocsp(from, i);
		if (is_past(o, now_ms))
			return 0;
		if (material_add_ocsp(g->material, o, err) != 0)
			return -1;
	} else if (material_add_cert(g->material, kind, material_cert(from, kind, i),
				     err) != 0) {
		return -1;
	}
	if (material_count(g->material, kind) > before) {
		g->bytes += material_at(from, kind, i).n;
		g->items++;
	}
	return 0;
}

/* Anchors are configured, never fetched. */
static int take_all(struct known_generation *g, const struct material *from,
		    int64_t now_ms, struct ltps_error *err)
{
	static const enum material_kind KINDS[] = { MATERIAL_CERT, MATERIAL_CRL,
						    MATERIAL_OCSP };
	for (size_t k = 0; k < sizeof(KINDS) / sizeof(KINDS[0]); k++)
		for (size_t i = 0; i < material_count(from, KINDS[k]); i++)
			if (take_item(g, from, KINDS[k], i, now_ms, err) != 0)
				return -1;
	return 0;
}

static void publish(struct known *k, struct known_generation *g)
{
	pthread_mutex_lock(&k->swap);
	struct known_generation *old = k->newest;
	k->newest = g;
	pthread_mutex_unlock(&k->swap);
	known_drop(old);
}

static bool has_room(const struct known_generation *old, const struct material *more)
{
	size_t bytes = old->bytes, items = old->items;
	for (int kind = 0; kind < MATERIAL_KIND_COUNT; kind++)
		for (size_t i = 0; i < material_count(more, (enum material_kind)kind);
		     i++, items++)
			bytes += material_at(more, (enum material_kind)kind, i).n;
	return bytes <= KNOWN_BYTES_MAX && items <= KNOWN_ITEMS_MAX;
}

int known_add(struct known *k, const struct material *more, int64_t now_ms,
	      bool *ret_news, struct ltps_error *err)
{
	int rc = -1;
	struct known_generation *g = NULL;
	size_t without = 0;
	pthread_mutex_lock(&k->build); /* also keeps the newest one alive */
	struct known_generation *old = k->newest;
	if (generation_new(k->base, &g, err) != 0 ||
	    (has_room(old, more) && take_all(g, old->material, now_ms, err) != 0))
		goto out;
	without = g->items;
	if (take_all(g, more, now_ms, err) != 0)
		goto out;
	if (ret_news != NULL)
		*ret_news = g->items > without;
	if (g->items > without) {
		publish(k, g);
		g = NULL;
	}
	rc = 0;
out:
	pthread_mutex_unlock(&k->build);
	generation_free(g);
	return rc;
}
