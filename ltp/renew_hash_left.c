/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew_hash_left - a source with damaged leaves is not finished, and one whose leaves
 * went into a tree that may yet be given up neither. Which they are stands in a
 * setting:
 *
 *   octet 0        flags
 *   8 octets       time of the next try
 *   8 octets       index at which a try that was cut short goes on
 *   8 octets each  index of a leaf, ascending
 *
 * numbers big-endian; which sources have such a list in another one, 8 octets each.
 * When more are damaged than a setting should hold, the source is read again from its
 * beginning: what is renewed already is passed over quickly.
 */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/renew_hash.h"

#define FLAG_OVERFLOW 0x01
#define FLAG_ENDED_TOLD 0x02
#define HEADER 17
#define SETTING_MAX (HEADER + 8 * HASH_LEFT_MAX)

static void name_of(int64_t tree, char out[STORE_NAME_MAX + 1])
{
	snprintf(out, STORE_NAME_MAX + 1, "renew-hashes.left.%lld", (long long)tree);
}

static void put_u64(uint8_t *p, uint64_t v)
{
	for (int i = 0; i < 8; i++)
		p[i] = (uint8_t)(v >> (56 - 8 * i));
}

static uint64_t get_u64(const uint8_t *p)
{
	uint64_t v = 0;
	for (int i = 0; i < 8; i++)
		v = v << 8 | p[i];
	return v;
}

static int decode(const uint8_t *p, size_t n, struct hash_left *left,
		  struct ltps_error *err)
{
	if (n < HEADER || (n - HEADER) % 8 != 0)
		return ltps_fail(err, LTPS_CORRUPT, LTPS_FAULT_SELF, NULL,
				 "a list of leaves that were left has %zu octets", n);
	left->overflow = (p[0] & FLAG_OVERFLOW) != 0;
	left->ended_told = (p[0] & FLAG_ENDED_TOLD) != 0;
	left->again_ms = (int64_t)get_u64(p + 1);
	left->from = get_u64(p + 9);
	left->n = (n - HEADER) / 8;
	left->index = mem_zalloc(left->n + 1, sizeof(*left->index));
	if (left->index == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < left->n; i++)
		left->index[i] = get_u64(p + HEADER + 8 * i);
	return 0;
}

int hash_left_read(struct store_conn *conn, int64_t tree, struct hash_left *ret,
		   struct ltps_error *err)
{
	char name[STORE_NAME_MAX + 1];
	size_t n = 0;
	int rc;
	memset(ret, 0, sizeof(*ret));
	uint8_t *p = mem_alloc(SETTING_MAX);
	if (p == NULL)
		return ltps_fail_nomem(err);
	name_of(tree, name);
	rc = store_setting_get(conn, name, p, SETTING_MAX, &n, err);
	if (rc == 0) {
		rc = decode(p, n, ret, err);
	} else if (err->code == LTPS_NOT_FOUND) {
		ltps_error_clear(err);
		rc = 0;
	}
	mem_free(p);
	return rc;
}

/* ---- sources that have any ---- */

#define TREES_NAME "renew-hashes.left"

int hash_left_trees(struct store_conn *conn, struct hash_trees *ret,
		    struct ltps_error *err)
{
	size_t n = 0;
	memset(ret, 0, sizeof(*ret));
	uint8_t *p = mem_alloc(8 * HASH_LEFT_MAX);
	ret->trees = mem_zalloc(HASH_LEFT_MAX, sizeof(*ret->trees));
	int rc = p == NULL || ret->trees == NULL ? ltps_fail_nomem(err) : 0;
	if (rc == 0)
		rc =
		    store_setting_find(conn, TREES_NAME, p, 8 * HASH_LEFT_MAX, &n, err);
	for (size_t i = 0; rc == 0 && i < n / 8; i++)
		ret->trees[ret->n++] = (int64_t)get_u64(p + 8 * i);
	mem_free(p);
	if (rc != 0) {
		mem_free(ret->trees);
		ret->trees = NULL;
	}
	return rc;
}

static int write_trees(struct store_conn *conn, const struct hash_trees *t,
		       struct ltps_error *err)
{
	uint8_t *p = mem_alloc(8 * t->n);
	if (p == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < t->n; i++)
		put_u64(p + 8 * i, (uint64_t)t->trees[i]);
	int rc = store_setting_put(conn, TREES_NAME, p, 8 * t->n, err);
	mem_free(p);
	return rc;
}

/* Beyond the maximum a source is not told of, but tried again all the same. */
static int note_tree(struct store_conn *conn, int64_t tree, bool has,
		     struct ltps_error *err)
{
	struct hash_trees t;
	size_t at = 0;
	int rc = 0;
	if (hash_left_trees(conn, &t, err) != 0)
		return -1;
	while (at < t.n && t.trees[at] != tree)
		at++;
	const bool had = at < t.n;
	if (has && !had && t.n < HASH_LEFT_MAX) {
		t.trees[t.n++] = tree;
		rc = write_trees(conn, &t, err);
	} else if (!has && had) {
		t.trees[at] = t.trees[--t.n];
		rc = write_trees(conn, &t, err);
	}
	mem_free(t.trees);
	return rc;
}

int hash_left_write(struct store_conn *conn, int64_t tree, const struct hash_left *left,
		    struct ltps_error *err)
{
	char name[STORE_NAME_MAX + 1];
	const size_t n = HEADER + 8 * left->n;
	uint8_t *p = mem_alloc(n);
	if (p == NULL)
		return ltps_fail_nomem(err);
	p[0] = (uint8_t)((left->overflow ? FLAG_OVERFLOW : 0) |
			 (left->ended_told ? FLAG_ENDED_TOLD : 0));
	put_u64(p + 1, (uint64_t)left->again_ms);
	put_u64(p + 9, left->from);
	for (size_t i = 0; i < left->n; i++)
		put_u64(p + HEADER + 8 * i, left->index[i]);
	name_of(tree, name);
	int rc = store_setting_put(conn, name, p, n, err);
	mem_free(p);
	return rc != 0 ? -1 : note_tree(conn, tree, left->n > 0 || left->overflow, err);
}

void hash_left_clear(struct hash_left *left)
{
	mem_free(left->index);
	memset(left, 0, sizeof(*left));
}

/* Position of an index, or where it would stand. */
static size_t place_of(const struct hash_left *left, uint64_t index)
{
	size_t low = 0, high = left->n;
	while (low < high) {
		const size_t mid = low + (high - low) / 2;
		if (left->index[mid] < index)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

static bool is_at(const struct hash_left *left, size_t place, uint64_t index)
{
	return place < left->n && left->index[place] == index;
}

int hash_left_add(struct hash_left *left, uint64_t index, bool *ret_new,
		  struct ltps_error *err)
{
	const size_t at = place_of(left, index);
	*ret_new = !is_at(left, at, index);
	if (!*ret_new)
		return 0;
	if (left->n >= HASH_LEFT_MAX) {
		left->overflow = true;
		return 0;
	}
	uint64_t *grown = mem_resize(left->index, left->n + 1, sizeof(*grown));
	if (grown == NULL)
		return ltps_fail_nomem(err);
	left->index = grown;
	memmove(&grown[at + 1], &grown[at], (left->n - at) * sizeof(*grown));
	grown[at] = index;
	left->n++;
	return 0;
}

void hash_left_remove(struct hash_left *left, uint64_t index)
{
	const size_t at = place_of(left, index);
	if (!is_at(left, at, index))
		return;
	left->n--;
	memmove(&left->index[at], &left->index[at + 1],
		(left->n - at) * sizeof(*left->index));
}
