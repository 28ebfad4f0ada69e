/* SPDX-License-Identifier: Apache-2.0 */
/* arena - blocks in a list, the newest first; only the first one is handed out from. */
#include "base/arena.h"

#include <stdalign.h>
#include <string.h>

#include "base/mem.h"

/* Small enough for a file of a few objects, growing so that millions need few blocks.
 */
#define BLOCK_MIN ((size_t)4096)
#define BLOCK_MAX ((size_t)1 << 20)

struct arena_block {
	struct arena_block *next;
	size_t room;
	alignas(max_align_t) uint8_t octets[];
};

struct arena arena_make(size_t max)
{
	return (struct arena){ .max = max };
}

void arena_free(struct arena *a)
{
	if (a == NULL)
		return;
	while (a->blocks != NULL) {
		struct arena_block *b = a->blocks;
		a->blocks = b->next;
		mem_free(b);
	}
	*a = arena_make(a->max);
}

static struct arena_block *block_new(size_t room)
{
	if (room > SIZE_MAX - sizeof(struct arena_block))
		return NULL;
	struct arena_block *b = mem_zalloc(1, sizeof(*b) + room);
	if (b != NULL)
		b->room = room;
	return b;
}

/* What is asked for next: twice the newest block. */
static size_t next_room(const struct arena *a)
{
	size_t room = a->blocks != NULL ? a->blocks->room * 2 : BLOCK_MIN;
	if (room > BLOCK_MAX)
		room = BLOCK_MAX;
	return room < a->max ? room : a->max;
}

/* Large things get a block of their own, so that the room of the first is not lost. */
static void *take_large(struct arena *a, size_t n)
{
	struct arena_block *b = block_new(n);
	if (b == NULL)
		return NULL;
	b->next = a->blocks->next;
	a->blocks->next = b;
	return b->octets;
}

static void *take(struct arena *a, size_t n)
{
	struct arena_block *b = a->blocks;
	if (b == NULL || n > b->room - a->used) {
		if (b != NULL && n >= BLOCK_MIN && b->room - a->used >= BLOCK_MIN / 8)
			return take_large(a, n);
		size_t room = next_room(a);
		b = block_new(n > room ? n : room);
		if (b == NULL)
			return NULL;
		b->next = a->blocks;
		a->blocks = b;
		a->used = 0;
	}
	void *p = b->octets + a->used;
	a->used += n;
	return p;
}

int arena_take(struct arena *a, size_t count, size_t size, void *ret_p,
	       struct ltps_error *err)
{
	const size_t align = alignof(max_align_t);
	size_t n;
	if (__builtin_mul_overflow(count, size, &n) || n > a->max - a->total ||
	    n > SIZE_MAX - align)
		return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, NULL,
				 "more than %zu octets of small things", a->max);
	/* Never an empty piece, so that each has an address of its own. */
	size_t padded = n == 0 ? align : (n + align - 1) / align * align;
	void *p = take(a, padded);
	if (p == NULL)
		return ltps_fail_nomem(err);
	a->total += padded < a->max - a->total ? padded : a->max - a->total;
	memcpy(ret_p, &p, sizeof(p));
	return 0;
}

int arena_copy(struct arena *a, struct view v, struct view *ret_v,
	       struct ltps_error *err)
{
	uint8_t *p = NULL;
	if (arena_take(a, v.n, 1, &p, err) != 0)
		return -1;
	if (v.n > 0)
		memcpy(p, v.p, v.n);
	*ret_v = view_of(p, v.n);
	return 0;
}
