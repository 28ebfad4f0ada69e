/* SPDX-License-Identifier: Apache-2.0 */
#include "base/arena.h"

#include <criterion/criterion.h>
#include <stdalign.h>
#include <string.h>

#include "base/mem.h"

#define ROOM ((size_t)1 << 24)

Test(arena, zeroed_arena_gives_nothing)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct arena a = { 0 };
	void *p;
	cr_assert_eq(arena_take(&a, 1, 1, &p, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	cr_assert_eq(err.fault, LTPS_FAULT_OBJECT);
	arena_free(&a);
	arena_free(NULL);
}

Test(arena, beyond_max_is_refused_and_the_rest_stays)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct arena a = arena_make(64);
	uint8_t *p, *q;
	cr_assert_eq(arena_take(&a, 48, 1, &p, &err), 0);
	p[0] = 7;
	cr_assert_eq(arena_take(&a, 17, 1, &q, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	ltps_error_clear(&err);
	cr_assert_eq(arena_take(&a, 16, 1, &q, &err), 0);
	cr_assert_eq(p[0], 7);
	ltps_error_clear(&err);
	cr_assert_eq(arena_take(&a, 1, 1, &q, &err), -1);
	arena_free(&a);
}

Test(arena, count_times_size_that_overflows_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct arena a = arena_make(SIZE_MAX);
	void *p;
	cr_assert_eq(arena_take(&a, SIZE_MAX / 2, 3, &p, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	ltps_error_clear(&err);
	cr_assert_eq(arena_take(&a, SIZE_MAX - 4, 1, &p, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	arena_free(&a);
}

Test(arena, pieces_are_zeroed_aligned_and_apart)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct arena a = arena_make(ROOM);
	uint8_t *p[300];
	for (size_t i = 0; i < 300; i++) {
		size_t n = i * 37 % 9001; /* small and larger than a block */
		cr_assert_eq(arena_take(&a, n, 1, &p[i], &err), 0);
		cr_assert_eq((uintptr_t)p[i] % alignof(max_align_t), 0);
		for (size_t k = 0; k < n; k++)
			cr_assert_eq(p[i][k], 0);
		memset(p[i], (int)(i % 255) + 1, n);
	}
	for (size_t i = 0; i < 300; i++)
		for (size_t k = 0; k < i * 37 % 9001; k++)
			cr_assert_eq(p[i][k], i % 255 + 1);
	arena_free(&a);
	cr_assert_null(a.blocks);
	cr_assert_eq(a.max, ROOM);
}

Test(arena, copy_holds_the_octets)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct arena a = arena_make(ROOM);
	struct view v, empty;
	cr_assert_eq(arena_copy(&a, view_text("abc"), &v, &err), 0);
	cr_assert_eq(arena_copy(&a, VIEW_NULL, &empty, &err), 0);
	cr_assert(view_is_text(v, "abc"));
	cr_assert_eq(empty.n, 0);
	arena_free(&a);
}

Test(arena, failing_allocation_is_an_error)
{
	for (uint64_t n = 1; n < 20; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct arena a = arena_make(ROOM);
		uint8_t *p;
		int rc = 0;
		mem_fail_nth(n);
		for (size_t i = 0; i < 40 && rc == 0; i++)
			rc = arena_take(&a, i * 500, 1, &p, &err);
		int hit = mem_fail_hit();
		mem_fail_nth(0);
		cr_assert_eq(rc, hit ? -1 : 0);
		cr_assert(!hit || err.code == LTPS_NOMEM);
		arena_free(&a);
	}
}
