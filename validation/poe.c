/* SPDX-License-Identifier: Apache-2.0 */
/* poe - the earliest proven time of each object, in a table by its hash. */
#include "validation/poe.h"

#include <stdbool.h>
#include <string.h>

#include "base/mem.h"

#define TABLE_FIRST 64 /* a power of two, as all later sizes */

struct entry {
	uint8_t sha256[32];
	int64_t time_ms;
	const char *by; /* borrowed; NULL */
	bool used;
};

struct poe_set {
	struct entry *table;
	size_t size; /* 0 or a power of two, never more than half full */
	size_t n;
	int64_t default_ms; /* INT64_MAX: none */
};

int poe_set_new(struct poe_set **ret, struct ltps_error *err)
{
	struct poe_set *s = mem_zalloc(1, sizeof(*s));
	if (s == NULL)
		return ltps_fail_nomem(err);
	s->default_ms = INT64_MAX;
	*ret = s;
	return 0;
}

void poe_set_free(struct poe_set *s)
{
	if (s == NULL)
		return;
	mem_free(s->table);
	mem_free(s);
}

/* The entry of this object, or the free one where it belongs. */
static struct entry *find(const struct poe_set *s, const uint8_t sha256[32])
{
	uint64_t part[4], h;
	memcpy(part, sha256, sizeof(part));
	h = part[0] ^ part[1] ^ part[2] ^ part[3];
	h *= 0x9e3779b97f4a7c15u; /* spreads what is chosen to be alike */
	h ^= h >> 32;
	for (;; h++) {
		struct entry *e = &s->table[h & (s->size - 1)];
		if (!e->used || memcmp(e->sha256, sha256, sizeof(e->sha256)) == 0)
			return e;
	}
}

static int grow(struct poe_set *s, struct ltps_error *err)
{
	struct poe_set wider = { .size = s->size > 0 ? s->size * 2 : TABLE_FIRST };
	wider.table = mem_zalloc(wider.size, sizeof(*wider.table));
	if (wider.table == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < s->size; i++)
		if (s->table[i].used)
			*find(&wider, s->table[i].sha256) = s->table[i];
	mem_free(s->table);
	s->table = wider.table;
	s->size = wider.size;
	return 0;
}

int poe_add(struct poe_set *s, const uint8_t sha256[32], int64_t time_ms,
	    struct ltps_error *err)
{
	return poe_add_by(s, sha256, time_ms, NULL, err);
}

int poe_add_by(struct poe_set *s, const uint8_t sha256[32], int64_t time_ms,
	       const char *by, struct ltps_error *err)
{
	if (s->n >= s->size / 2 && grow(s, err) != 0)
		return -1;
	struct entry *e = find(s, sha256);
	if (e->used) {
		if (time_ms < e->time_ms) {
			e->time_ms = time_ms;
			e->by = by;
		}
		return 0;
	}
	if (s->n >= POE_ENTRIES_MAX)
		return ltps_fail(
		    err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, "EN 319 102-1 5.6.2.3",
		    "proofs of existence for more than %d objects", POE_ENTRIES_MAX);
	*e = (struct entry){ .time_ms = time_ms, .by = by, .used = true };
	memcpy(e->sha256, sha256, sizeof(e->sha256));
	s->n++;
	return 0;
}

void poe_default(struct poe_set *s, int64_t time_ms)
{
	s->default_ms = time_ms;
}

/* The entry that says more than the default; NULL: there is none. */
static const struct entry *proof_of(const struct poe_set *s, const uint8_t sha256[32])
{
	if (s->size == 0)
		return NULL;
	const struct entry *e = find(s, sha256);
	/* A proof from after the default says nothing new, but that there is none. */
	return e->used && (e->time_ms < s->default_ms || e->time_ms == INT64_MAX) ? e
										  : NULL;
}

int64_t poe_earliest(const struct poe_set *s, const uint8_t sha256[32])
{
	const struct entry *e = proof_of(s, sha256);
	return e != NULL ? e->time_ms : s->default_ms;
}

const char *poe_source(const struct poe_set *s, const uint8_t sha256[32])
{
	const struct entry *e = proof_of(s, sha256);
	return e != NULL ? e->by : NULL;
}
