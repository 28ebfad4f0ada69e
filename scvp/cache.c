/* SPDX-License-Identifier: Apache-2.0 */
#include "scvp/cache.h"

#include <string.h>

#include "base/mem.h"

#define SLOTS                                                                          \
	(2 * SCVP_CACHE_ENTRIES_MAX) /* a power of two, never more than half full */
#define NONE UINT32_MAX

/* An entry stands in the table of its hash and in the list of use. */
struct entry {
	uint8_t key[32];
	uint8_t *body;
	size_t n;
	int64_t from_ms;
	int64_t until_ms;
	uint32_t chain; /* next of the same slot */
	uint32_t newer, older;
};

struct scvp_cache {
	struct entry entries[SCVP_CACHE_ENTRIES_MAX];
	uint32_t slots[SLOTS];
	uint32_t free; /* through chain */
	uint32_t newest, oldest;
	size_t bytes;
};

int scvp_cache_new(struct scvp_cache **ret, struct ltps_error *err)
{
	struct scvp_cache *c = mem_zalloc(1, sizeof(*c));
	if (c == NULL)
		return ltps_fail_nomem(err);
	memset(c->slots, 0xff, sizeof(c->slots));
	for (uint32_t i = 0; i < SCVP_CACHE_ENTRIES_MAX; i++)
		c->entries[i].chain = i + 1 < SCVP_CACHE_ENTRIES_MAX ? i + 1 : NONE;
	c->newest = c->oldest = NONE;
	*ret = c;
	return 0;
}

void scvp_cache_free(struct scvp_cache *c)
{
	if (c == NULL)
		return;
	for (size_t i = 0; i < SCVP_CACHE_ENTRIES_MAX; i++)
		mem_free(c->entries[i].body);
	mem_free(c);
}

/* Keys are SHA-256 values: any bits of them will do. */
static uint32_t *slot_of(struct scvp_cache *c, const uint8_t key[32])
{
	uint32_t h;
	memcpy(&h, key, sizeof(h));
	return &c->slots[h & (SLOTS - 1)];
}

static void unlink_use(struct scvp_cache *c, struct entry *e)
{
	if (e->newer != NONE)
		c->entries[e->newer].older = e->older;
	else
		c->newest = e->older;
	if (e->older != NONE)
		c->entries[e->older].newer = e->newer;
	else
		c->oldest = e->newer;
}

static void link_newest(struct scvp_cache *c, uint32_t i)
{
	struct entry *e = &c->entries[i];
	e->older = c->newest;
	e->newer = NONE;
	if (c->newest != NONE)
		c->entries[c->newest].newer = i;
	else
		c->oldest = i;
	c->newest = i;
}

static void drop(struct scvp_cache *c, uint32_t i)
{
	struct entry *e = &c->entries[i];
	uint32_t *at = slot_of(c, e->key);
	while (*at != i)
		at = &c->entries[*at].chain;
	*at = e->chain;
	unlink_use(c, e);
	c->bytes -= e->n;
	mem_free(e->body);
	e->body = NULL;
	e->n = 0;
	e->chain = c->free;
	c->free = i;
}

static uint32_t find(struct scvp_cache *c, const uint8_t key[32])
{
	uint32_t i = *slot_of(c, key);
	while (i != NONE && memcmp(c->entries[i].key, key, 32) != 0)
		i = c->entries[i].chain;
	return i;
}

struct view cache_get(struct scvp_cache *c, const uint8_t key[32], int64_t now_ms)
{
	const uint32_t i = find(c, key);
	if (i == NONE)
		return VIEW_NULL;
	struct entry *e = &c->entries[i];
	/* A clock that went back makes what was said later unknown again. */
	if (now_ms >= e->until_ms || now_ms < e->from_ms) {
		drop(c, i);
		return VIEW_NULL;
	}
	unlink_use(c, e);
	link_newest(c, i);
	return view_of(e->body, e->n);
}

void cache_put(struct scvp_cache *c, const uint8_t key[32], struct view body,
	       int64_t now_ms, int64_t until_ms)
{
	if (body.n == 0 || body.n > SCVP_CACHE_BYTES_MAX / 16 || until_ms <= now_ms)
		return;
	const uint32_t old = find(c, key);
	if (old != NONE)
		drop(c, old);
	while (c->oldest != NONE &&
	       (c->free == NONE || c->bytes + body.n > SCVP_CACHE_BYTES_MAX))
		drop(c, c->oldest);
	uint8_t *copy = mem_dup(body.p, body.n);
	if (copy == NULL)
		return;
	const uint32_t i = c->free;
	struct entry *e = &c->entries[i];
	uint32_t *slot = slot_of(c, key);
	c->free = e->chain;
	memcpy(e->key, key, sizeof(e->key));
	e->body = copy;
	e->n = body.n;
	e->from_ms = now_ms;
	e->until_ms = until_ms;
	e->chain = *slot;
	*slot = i;
	c->bytes += body.n;
	link_newest(c, i);
}
