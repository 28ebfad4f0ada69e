/* SPDX-License-Identifier: Apache-2.0 */
/* known - shared generations of decoded material. */
#include "ltp/known.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

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

/* What is found by the same name as an item: subject, issuer or serial number. */
struct alike {
	size_t n;
	bool same; /* the item itself is among them */
};

static void note(struct alike *r, const uint8_t found[32], const uint8_t asked[32])
{
	r->n++;
	r->same |= memcmp(found, asked, 32) == 0;
}

static struct alike alike(const struct material *m, const struct material *from,
			  enum material_kind kind, size_t i)
{
	struct alike r = { 0 };
	if (m == NULL)
		return r;
	if (kind == MATERIAL_CRL) {
		const struct crl *c = material_crl(from, i), *x = NULL;
		while ((x = material_crl_of(m, c->issuer_canonical, x)) != NULL)
			note(&r, x->sha256, c->sha256);
	} else if (kind == MATERIAL_OCSP) {
		const struct ocsp *o = material_ocsp(from, i), *x = NULL;
		for (size_t k = 0; k < o->n_singles; k++)
			while ((x = material_ocsp_for(m, o->singles[k].serial, x)) !=
			       NULL)
				note(&r, x->sha256, o->sha256);
	} else {
		const struct cert *c = material_cert(from, kind, i), *x = NULL;
		while ((x = material_with_subject(m, kind, c->subject_canonical, x)) !=
		       NULL)
			note(&r, x->sha256, c->sha256);
	}
	return r;
}

/* Status past its nextUpdate; answers about a crowd, which would be dear to count. */
static bool is_left_out(const struct material *from, enum material_kind kind, size_t i,
			int64_t now_ms)
{
	if (kind == MATERIAL_CRL) {
		const struct crl *c = material_crl(from, i);
		return c->next_ms != INT64_MIN && c->next_ms <= now_ms;
	}
	if (kind == MATERIAL_OCSP)
		return is_past(material_ocsp(from, i), now_ms) ||
		       material_ocsp(from, i)->n_singles > KNOWN_NAMESAKES_MAX;
	return false;
}

static int put_item(struct material *m, const struct material *from,
		    enum material_kind kind, size_t i, struct ltps_error *err)
{
	if (kind == MATERIAL_CRL)
		return material_add_crl(m, material_crl(from, i), err);
	if (kind == MATERIAL_OCSP)
		return material_add_ocsp(m, material_ocsp(from, i), err);
	return material_add_cert(m, kind, material_cert(from, kind, i), err);
}

/* Where items go, and what became of them. */
struct taking {
	const struct material *base;
	const struct known_generation *old;
	struct known_generation *g;
	int64_t now_ms;
	bool added;    /* what the old generation had not */
	bool left_out; /* something that is in neither */
};

static int take_item(struct taking *t, const struct material *from,
		     enum material_kind kind, size_t i, struct ltps_error *err)
{
	struct alike there = alike(t->g->material, from, kind, i);
	if (there.same)
		return 0;
	if (is_left_out(from, kind, i, t->now_ms) ||
	    there.n - alike(t->base, from, kind, i).n >= KNOWN_NAMESAKES_MAX) {
		t->left_out = true;
		return 0;
	}
	if (put_item(t->g->material, from, kind, i, err) != 0)
		return -1;
	t->g->bytes += material_at(from, kind, i).n;
	t->g->items++;
	t->added |= !alike(t->old->material, from, kind, i).same;
	return 0;
}

/* Anchors are configured, never fetched. */
static int take_all(struct taking *t, const struct material *from,
		    struct ltps_error *err)
{
	static const enum material_kind KINDS[] = { MATERIAL_CERT, MATERIAL_CRL,
						    MATERIAL_OCSP };
	for (size_t k = 0; k < sizeof(KINDS) / sizeof(KINDS[0]); k++)
		for (size_t i = 0; i < material_count(from, KINDS[k]); i++)
			if (take_item(t, from, KINDS[k], i, err) != 0)
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
	pthread_mutex_lock(&k->build); /* also keeps the newest one alive */
	struct taking t = { .base = k->base, .old = k->newest, .now_ms = now_ms };
	if (generation_new(k->base, &g, err) != 0)
		goto out;
	t.g = g;
	/* The newest first: of a name's items the oldest have to go. */
	if (take_all(&t, more, err) != 0)
		goto out;
	bool news = t.added && !t.left_out;
	if (has_room(t.old, more) && take_all(&t, t.old->material, err) != 0)
		goto out;
	if (t.added) {
		publish(k, g);
		g = NULL;
	}
	if (ret_news != NULL)
		*ret_news = news;
	rc = 0;
out:
	pthread_mutex_unlock(&k->build);
	generation_free(g);
	return rc;
}
