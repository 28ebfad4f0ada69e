/* SPDX-License-Identifier: Apache-2.0 */
/* A hash table of addresses; nothing is ever taken out. */
#include "base/mem.h"
#include "formats/pdf_objects_private.h"

#define CAP_FIRST 256

static size_t hash(struct pdf_key key)
{
	uint64_t x = (uint64_t)(uintptr_t)key.p ^ key.n * UINT64_C(0x9e3779b97f4a7c15);

	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	x ^= x >> 32;
	x *= UINT64_C(0xd6e8feb86659fd93);
	return (size_t)(x ^ x >> 32);
}

/* Where it is, or the free cell where it would be. */
static struct pdf_cell *find(const struct pdf_table *t, struct pdf_key key)
{
	for (size_t i = hash(key);; i++) {
		struct pdf_cell *c = &t->cells[i & (t->cap - 1)];
		if (c->value == NULL || (c->key.p == key.p && c->key.n == key.n))
			return c;
	}
}

void *pdf_table_get(const struct pdf_table *t, struct pdf_key key)
{
	return t->cap == 0 ? NULL : find(t, key)->value;
}

static int grow(struct pdf_table *t, struct ltps_error *err)
{
	struct pdf_table bigger = { .n = t->n,
				    .cap = t->cap == 0 ? CAP_FIRST : t->cap * 2 };

	bigger.cells = mem_zalloc(bigger.cap, sizeof(bigger.cells[0]));
	if (bigger.cells == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < t->cap; i++)
		if (t->cells[i].value != NULL)
			*find(&bigger, t->cells[i].key) = t->cells[i];
	mem_free(t->cells);
	*t = bigger;
	return 0;
}

int pdf_table_put(struct pdf_table *t, struct pdf_key key, void *value,
		  struct ltps_error *err)
{
	if (t->n * 2 >= t->cap && grow(t, err) != 0)
		return -1;
	*find(t, key) = (struct pdf_cell){ key, value };
	t->n++;
	return 0;
}
