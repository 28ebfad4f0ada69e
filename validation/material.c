/* SPDX-License-Identifier: Apache-2.0 */
/*
 * material - what a judgement is given, kept once each and decoded once.
 *
 * Items that share a key (a subject, a key hash, an issuer, a serial number) are
 * chained in the order in which they came; a table of slots leads to the first
 * and the last of each chain. Nothing is allocated for what is not there.
 */
#include "validation/material.h"

#include <string.h>

#include "base/digest.h"
#include "base/mem.h"
#include "validation/fields.h"
#include "validation/key.h"

/* Slots begin with twice as many. */
#define FIRST_ROOM 8
/* End of a chain, and a slot that is free. */
#define NONE UINT32_MAX

/* What an item can be found by. */
enum lookup {
	BY_IDENTITY, /* kind and SHA-256: one item each */
	BY_SUBJECT,  /* kind and canonical subject */
	BY_KEY,      /* kind and SHA-1 of the key */
	BY_ISSUER,   /* canonical issuer of a CRL */
	BY_SERIAL,   /* serial number of an OCSP answer */
	LOOKUP_COUNT
};

union object {
	struct cert *cert;
	struct crl *crl;
	struct ocsp *ocsp;
};

struct item {
	enum material_kind kind;
	union object object;
	uint32_t links; /* the first of its n_links */
	uint32_t n_links;
	int64_t sunset_ms; /* of anchors; INT64_MAX: none */
};

/* An item's place in one chain. */
struct link {
	enum lookup lookup;
	uint32_t item;
	uint32_t next;
	struct view key; /* borrowed of the object */
};

struct slot {
	uint64_t hash;
	uint32_t first, last;
};

struct list {
	struct view *views;
	uint32_t *items;
	size_t n;
	size_t cap;
};

struct material {
	struct list lists[MATERIAL_KIND_COUNT];
	struct item *items;
	size_t n_items, cap_items;
	struct link *links;
	size_t n_links, cap_links;
	struct slot *slots; /* power of two, at most half used */
	size_t n_slots, used_slots;
	size_t bytes;
	struct sig_cache *cache; /* of material_know() */
};

_Static_assert((uint64_t)MATERIAL_ITEMS_MAX *(OCSP_SINGLES_MAX + 1) < NONE,
	       "links are numbered with 32 bits");

int material_new(struct material **ret_m, struct ltps_error *err)
{
	struct material *m = mem_zalloc(1, sizeof(*m));
	if (m == NULL)
		return ltps_fail_nomem(err);
	*ret_m = m;
	return 0;
}

void material_know(struct material *m, struct sig_cache *cache)
{
	m->cache = cache;
}

static void object_free(enum material_kind kind, union object o)
{
	switch (kind) {
	case MATERIAL_ANCHOR:
	case MATERIAL_CERT:
		cert_free(o.cert);
		break;
	case MATERIAL_CRL:
		crl_free(o.crl);
		break;
	case MATERIAL_OCSP:
		ocsp_free(o.ocsp);
		break;
	case MATERIAL_KIND_COUNT:
		break;
	}
}

void material_free(struct material *m)
{
	if (m == NULL)
		return;
	for (size_t i = 0; i < m->n_items; i++)
		object_free(m->items[i].kind, m->items[i].object);
	for (int k = 0; k < MATERIAL_KIND_COUNT; k++) {
		mem_free(m->lists[k].views);
		mem_free(m->lists[k].items);
	}
	mem_free(m->items);
	mem_free(m->links);
	mem_free(m->slots);
	mem_free(m);
}

/* --- chains --- */

/*
 * Where a key's slot is looked for first. The address of the material is mixed in:
 * keys come from outside, and whoever does not know it cannot choose many that
 * collide. Order and answers do not depend on it.
 */
static uint64_t hash_key(const struct material *m, enum lookup lookup,
			 enum material_kind kind, struct view key)
{
	uint64_t h = (uint64_t)(uintptr_t)m + (uint64_t)lookup * 8 + (uint64_t)kind;
	uint64_t word;
	for (; key.n >= sizeof(word); key = view_skip(key, sizeof(word))) {
		memcpy(&word, key.p, sizeof(word));
		h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
		h ^= h >> 29;
	}
	word = key.n;
	for (size_t i = 0; i < key.n; i++)
		word = word << 8 | key.p[i];
	h = (h ^ word) * UINT64_C(0x9e3779b97f4a7c15);
	return h ^ h >> 32;
}

static bool slot_is(const struct material *m, const struct slot *s, enum lookup lookup,
		    enum material_kind kind, struct view key)
{
	const struct link *l = &m->links[s->first];
	return l->lookup == lookup && m->items[l->item].kind == kind &&
	       view_compare(l->key, key) == 0;
}

/* The slot of a chain, or the free one where it belongs; there are slots. */
static struct slot *find_slot(const struct material *m, enum lookup lookup,
			      enum material_kind kind, struct view key, uint64_t hash)
{
	for (size_t i = (size_t)hash;; i++) {
		struct slot *s = &m->slots[i & (m->n_slots - 1)];
		if (s->first == NONE ||
		    (s->hash == hash && slot_is(m, s, lookup, kind, key)))
			return s;
	}
}

static int grow_slots(struct material *m, size_t more, struct ltps_error *err)
{
	size_t n = m->n_slots > 0 ? m->n_slots : 2 * FIRST_ROOM;
	while (n < 2 * (m->used_slots + more))
		n *= 2;
	if (n == m->n_slots)
		return 0;
	struct slot *slots = mem_zalloc(n, sizeof(*slots));
	if (slots == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		slots[i].first = slots[i].last = NONE;
	for (size_t i = 0; i < m->n_slots; i++) {
		const struct slot *s = &m->slots[i];
		if (s->first == NONE)
			continue;
		size_t at = (size_t)s->hash & (n - 1);
		while (slots[at].first != NONE)
			at = (at + 1) & (n - 1);
		slots[at] = *s;
	}
	mem_free(m->slots);
	m->slots = slots;
	m->n_slots = n;
	return 0;
}

/* Puts the last item into a chain; there is room. An item stands there once. */
static void put_link(struct material *m, enum lookup lookup, struct view key)
{
	uint32_t item = (uint32_t)(m->n_items - 1);
	enum material_kind kind = m->items[item].kind;
	uint64_t hash = hash_key(m, lookup, kind, key);
	struct slot *s = find_slot(m, lookup, kind, key, hash);
	if (s->first != NONE && m->links[s->last].item == item)
		return;
	uint32_t link = (uint32_t)m->n_links++;
	m->links[link] = (struct link){ lookup, item, NONE, key };
	m->items[item].n_links++;
	if (s->first != NONE) {
		m->links[s->last].next = link;
		s->last = link;
		return;
	}
	*s = (struct slot){ hash, link, link };
	m->used_slots++;
}

static const struct link *first_link(const struct material *m, enum lookup lookup,
				     enum material_kind kind, struct view key)
{
	if (m->n_slots == 0)
		return NULL;
	const struct slot *s =
	    find_slot(m, lookup, kind, key, hash_key(m, lookup, kind, key));
	return s->first != NONE ? &m->links[s->first] : NULL;
}

static const struct item *find_item(const struct material *m, enum material_kind kind,
				    const uint8_t sha256[32])
{
	const struct link *l = first_link(m, BY_IDENTITY, kind, view_of(sha256, 32));
	return l != NULL ? &m->items[l->item] : NULL;
}

/* The item behind this one in the chain of a key. */
static const struct item *next_item(const struct material *m, const struct item *after,
				    enum lookup lookup, struct view key)
{
	for (uint32_t i = 0; after != NULL && i < after->n_links; i++) {
		const struct link *l = &m->links[after->links + i];
		if (l->lookup != lookup || view_compare(l->key, key) != 0)
			continue;
		return l->next != NONE ? &m->items[m->links[l->next].item] : NULL;
	}
	return NULL;
}

static const struct item *lookup_item(const struct material *m, enum lookup lookup,
				      enum material_kind kind, struct view key,
				      const uint8_t *after_sha256)
{
	if (after_sha256 != NULL)
		return next_item(m, find_item(m, kind, after_sha256), lookup, key);
	const struct link *l = first_link(m, lookup, kind, key);
	return l != NULL ? &m->items[l->item] : NULL;
}

/* --- adding --- */

static int grow_list(struct list *l, struct ltps_error *err)
{
	size_t cap_views = l->cap, cap_items = l->cap;
	if (mem_grow(&l->views, sizeof(*l->views), l->n + 1, &cap_views, err) != 0 ||
	    mem_grow(&l->items, sizeof(*l->items), l->n + 1, &cap_items, err) != 0)
		return -1;
	l->cap = cap_items;
	return 0;
}

static int fail_bytes(struct ltps_error *err)
{
	return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
			 "more than %zu bytes of material", MATERIAL_BYTES_MAX);
}

static int check_limits(const struct material *m, size_t n, struct ltps_error *err)
{
	if (m->n_items >= MATERIAL_ITEMS_MAX)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_CALLER, NULL,
				 "more than %d certificates, CRLs and OCSP responses",
				 MATERIAL_ITEMS_MAX);
	return n > MATERIAL_BYTES_MAX - m->bytes ? fail_bytes(err) : 0;
}

static void put_links(struct material *m, enum material_kind kind, union object o,
		      const uint8_t *sha256)
{
	put_link(m, BY_IDENTITY, view_of(sha256, 32));
	if (kind == MATERIAL_CRL) {
		put_link(m, BY_ISSUER, o.crl->issuer_canonical);
	} else if (kind == MATERIAL_OCSP) {
		for (size_t i = 0; i < o.ocsp->n_singles; i++)
			put_link(m, BY_SERIAL,
				 field_shortest_integer(o.ocsp->singles[i].serial));
	} else {
		put_link(m, BY_SUBJECT, o.cert->subject_canonical);
		put_link(m, BY_KEY, view_of(o.cert->key_sha1, 20));
	}
}

/* Takes over one owner of the object on success; it is not there yet. */
static int store(struct material *m, enum material_kind kind, union object o,
		 struct view der, const uint8_t *sha256, struct ltps_error *err)
{
	struct list *l = &m->lists[kind];
	size_t links = 1 + (kind == MATERIAL_OCSP  ? o.ocsp->n_singles
			    : kind == MATERIAL_CRL ? 1
						   : 2);
	if (check_limits(m, der.n, err) != 0 ||
	    mem_grow(&m->items, sizeof(*m->items), m->n_items + 1, &m->cap_items,
		     err) != 0 ||
	    mem_grow(&m->links, sizeof(*m->links), m->n_links + links, &m->cap_links,
		     err) != 0 ||
	    grow_slots(m, links, err) != 0 || grow_list(l, err) != 0)
		return -1;
	l->views[l->n] = der;
	l->items[l->n++] = (uint32_t)m->n_items;
	m->items[m->n_items++] =
	    (struct item){ kind, o, (uint32_t)m->n_links, 0, INT64_MAX };
	put_links(m, kind, o, sha256);
	m->bytes += der.n;
	return 0;
}

static bool is_cert_kind(enum material_kind kind)
{
	return kind == MATERIAL_ANCHOR || kind == MATERIAL_CERT;
}

/* What is trusted without an end keeps none. */
static int add_anchor(struct material *m, const struct cert *c, int64_t sunset_ms,
		      struct ltps_error *err)
{
	const struct item *known = find_item(m, MATERIAL_ANCHOR, c->sha256);
	if (known == NULL) {
		if (material_add_cert(m, MATERIAL_ANCHOR, c, err) != 0)
			return -1;
		m->items[m->n_items - 1].sunset_ms = sunset_ms;
	} else if (known->sunset_ms < sunset_ms) {
		m->items[known - m->items].sunset_ms = sunset_ms;
	}
	return 0;
}

int material_add_anchor(struct material *m, struct view der, int64_t sunset_ms,
			struct ltps_error *err)
{
	struct cert *c = NULL;
	struct digest d;
	if (digest_once(DIGEST_SHA256, der, &d, err) != 0 ||
	    sig_cache_cert(m->cache, der, d.p, &c, err) != 0)
		return -1;
	int rc = add_anchor(m, c, sunset_ms, err);
	cert_free(c);
	return rc;
}

/* Anchors among them are trusted without an end; add_anchor() knows of ends. */
int material_add_cert(struct material *m, enum material_kind kind, const struct cert *c,
		      struct ltps_error *err)
{
	if (!is_cert_kind(kind))
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
				 "a certificate is added as something else");
	if (find_item(m, kind, c->sha256) != NULL)
		return 0;
	union object o = { .cert = cert_ref(c) };
	if (store(m, kind, o, c->der, c->sha256, err) == 0)
		return 0;
	cert_free(o.cert);
	return -1;
}

int material_add_crl(struct material *m, const struct crl *c, struct ltps_error *err)
{
	if (find_item(m, MATERIAL_CRL, c->sha256) != NULL)
		return 0;
	union object o = { .crl = crl_ref(c) };
	if (store(m, MATERIAL_CRL, o, c->der, c->sha256, err) == 0)
		return 0;
	crl_free(o.crl);
	return -1;
}

int material_add_ocsp(struct material *m, const struct ocsp *c, struct ltps_error *err)
{
	if (find_item(m, MATERIAL_OCSP, c->sha256) != NULL)
		return 0;
	union object o = { .ocsp = ocsp_ref(c) };
	if (store(m, MATERIAL_OCSP, o, c->der, c->sha256, err) == 0)
		return 0;
	ocsp_free(o.ocsp);
	return -1;
}

int material_add_all(struct material *m, const struct material *from,
		     struct ltps_error *err)
{
	for (size_t i = 0; i < from->n_items; i++) {
		const struct item *item = &from->items[i];
		int rc = item->kind == MATERIAL_CRL
			     ? material_add_crl(m, item->object.crl, err)
			 : item->kind == MATERIAL_OCSP
			     ? material_add_ocsp(m, item->object.ocsp, err)
			 : item->kind == MATERIAL_ANCHOR
			     ? add_anchor(m, item->object.cert, item->sunset_ms, err)
			     : material_add_cert(m, item->kind, item->object.cert, err);
		if (rc != 0)
			return -1;
	}
	return 0;
}

static int decode(const struct material *m, enum material_kind kind, struct view der,
		  const uint8_t sha256[32], union object *ret, struct ltps_error *err)
{
	switch (kind) {
	case MATERIAL_ANCHOR:
	case MATERIAL_CERT:
		return sig_cache_cert(m->cache, der, sha256, &ret->cert, err);
	case MATERIAL_CRL:
		return crl_parse(der, &ret->crl, err);
	case MATERIAL_OCSP:
		return ocsp_parse_known(der, sha256, m->cache, &ret->ocsp, err);
	case MATERIAL_KIND_COUNT:
		break;
	}
	return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_SELF, NULL,
			 "unknown kind of material");
}

/* The same certificate under the other kind is decoded already. */
static const struct item *find_twin(const struct material *m, enum material_kind kind,
				    const uint8_t *sha256)
{
	if (!is_cert_kind(kind))
		return NULL;
	return find_item(m, kind == MATERIAL_CERT ? MATERIAL_ANCHOR : MATERIAL_CERT,
			 sha256);
}

int material_add(struct material *m, enum material_kind kind, struct view der,
		 struct ltps_error *err)
{
	struct digest d;
	union object o = { NULL };
	if (der.n > MATERIAL_BYTES_MAX)
		return fail_bytes(err);
	if (digest_once(DIGEST_SHA256, der, &d, err) != 0)
		return -1;
	if (find_item(m, kind, d.p) != NULL)
		return 0;
	const struct item *twin = find_twin(m, kind, d.p);
	if (twin != NULL)
		return material_add_cert(m, kind, twin->object.cert, err);
	if (decode(m, kind, der, d.p, &o, err) != 0)
		return -1;
	/* The digest that the object keeps: the key of its identity must last. */
	const uint8_t *sha256 = kind == MATERIAL_CRL    ? o.crl->sha256
				: kind == MATERIAL_OCSP ? o.ocsp->sha256
							: o.cert->sha256;
	struct view own = kind == MATERIAL_CRL    ? o.crl->der
			  : kind == MATERIAL_OCSP ? o.ocsp->der
						  : o.cert->der;
	if (store(m, kind, o, own, sha256, err) == 0)
		return 0;
	object_free(kind, o);
	return -1;
}

/* --- reading --- */

size_t material_count(const struct material *m, enum material_kind kind)
{
	return m->lists[kind].n;
}

struct view material_at(const struct material *m, enum material_kind kind, size_t i)
{
	return i < m->lists[kind].n ? m->lists[kind].views[i] : VIEW_NULL;
}

const struct view *material_views(const struct material *m, enum material_kind kind)
{
	return m->lists[kind].views;
}

static const struct item *item_at(const struct material *m, enum material_kind kind,
				  size_t i)
{
	const struct list *l = &m->lists[kind];
	return i < l->n ? &m->items[l->items[i]] : NULL;
}

const struct cert *material_cert(const struct material *m, enum material_kind kind,
				 size_t i)
{
	const struct item *item = is_cert_kind(kind) ? item_at(m, kind, i) : NULL;
	return item != NULL ? item->object.cert : NULL;
}

int64_t material_sunset(const struct material *m, size_t i)
{
	const struct item *item = item_at(m, MATERIAL_ANCHOR, i);
	return item != NULL ? item->sunset_ms : INT64_MAX;
}

int64_t material_sunset_of(const struct material *m, const struct cert *anchor)
{
	const struct view key = anchor->subject_canonical;
	const struct item *item =
	    lookup_item(m, BY_SUBJECT, MATERIAL_ANCHOR, key, NULL);
	int64_t sunset_ms = INT64_MIN;
	for (; item != NULL; item = next_item(m, item, BY_SUBJECT, key))
		if (view_equal(item->object.cert->spki, anchor->spki) &&
		    item->sunset_ms > sunset_ms)
			sunset_ms = item->sunset_ms;
	return sunset_ms;
}

const struct crl *material_crl(const struct material *m, size_t i)
{
	const struct item *item = item_at(m, MATERIAL_CRL, i);
	return item != NULL ? item->object.crl : NULL;
}

const struct ocsp *material_ocsp(const struct material *m, size_t i)
{
	const struct item *item = item_at(m, MATERIAL_OCSP, i);
	return item != NULL ? item->object.ocsp : NULL;
}

const struct cert *material_with_subject(const struct material *m,
					 enum material_kind kind,
					 struct view subject_canonical,
					 const struct cert *after)
{
	const struct item *item = lookup_item(m, BY_SUBJECT, kind, subject_canonical,
					      after != NULL ? after->sha256 : NULL);
	return item != NULL ? item->object.cert : NULL;
}

const struct cert *material_with_key(const struct material *m, enum material_kind kind,
				     const uint8_t key_sha1[20],
				     const struct cert *after)
{
	const struct item *item = lookup_item(m, BY_KEY, kind, view_of(key_sha1, 20),
					      after != NULL ? after->sha256 : NULL);
	return item != NULL ? item->object.cert : NULL;
}

const struct crl *material_crl_of(const struct material *m,
				  struct view issuer_canonical, const struct crl *after)
{
	const struct item *item =
	    lookup_item(m, BY_ISSUER, MATERIAL_CRL, issuer_canonical,
			after != NULL ? after->sha256 : NULL);
	return item != NULL ? item->object.crl : NULL;
}

const struct ocsp *material_ocsp_for(const struct material *m, struct view serial,
				     const struct ocsp *after)
{
	const struct item *item =
	    lookup_item(m, BY_SERIAL, MATERIAL_OCSP, field_shortest_integer(serial),
			after != NULL ? after->sha256 : NULL);
	return item != NULL ? item->object.ocsp : NULL;
}

const struct cert *material_find_cert(const struct material *m, enum material_kind kind,
				      const uint8_t sha256[32])
{
	const struct item *item =
	    is_cert_kind(kind) ? find_item(m, kind, sha256) : NULL;
	return item != NULL ? item->object.cert : NULL;
}
