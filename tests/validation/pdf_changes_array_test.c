/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Long arrays: what stands in them is found as element by element, in the same order;
 * what was waiting in one is seen; and many changes in one are all told.
 */
#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/pdf_scene.h"
#include "validation/pdf_changes_private.h"

TestSuite(pdf_changes_array, .init = mem_init);

/* ---- one array ---- */

#define ELEMENTS 1500

static uint32_t random_next(uint32_t *state)
{
	*state = *state * 1664525 + 1013904223;
	return *state >> 8;
}

/* References to few numbers and to distant ones, and what is none. */
static void fill(struct pdf_value *v, size_t n, uint32_t *state)
{
	static const enum pdf_kind kinds[] = { PDF_REF,  PDF_REF,    PDF_REF,
					       PDF_REF,  PDF_ARRAY,  PDF_DICT,
					       PDF_NULL, PDF_INTEGER };
	for (size_t i = 0; i < n; i++) {
		v[i] = (struct pdf_value){ .kind = kinds[random_next(state) % 8] };
		v[i].ref.number = random_next(state) % 40;
		if (random_next(state) % 4 == 0)
			v[i].ref.number *= 2048;
	}
}

static bool is_wanted(const struct pdf_value *v, uint32_t number)
{
	return v->kind == PDF_REF ? v->ref.number == number
				  : v->kind == PDF_ARRAY || v->kind == PDF_DICT;
}

static void expect_all(struct pdf_run *r, const struct pdf_value *array,
		       uint32_t number)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct pdf_long_array *a;
	size_t found;
	cr_assert_eq(pdf_long_array(r, array, &a, &err), 0);
	cr_assert_not_null(a);
	struct pdf_long_walk w = pdf_long_walk(a, number);
	for (size_t i = 0; i < array->n; i++) {
		if (!is_wanted(&array->items[i], number))
			continue;
		cr_assert(pdf_long_next(r, &w, &found), "%u", number);
		cr_assert_eq(found, i, "%u", number);
	}
	cr_assert_not(pdf_long_next(r, &w, &found), "%u", number);
}

Test(pdf_changes_array, elements_are_found_as_one_by_one)
{
	static struct pdf_value items[ELEMENTS];
	uint32_t state = 20260103;
	for (size_t n = PDF_LONG_ARRAY_MIN; n <= ELEMENTS; n += 97) {
		struct pdf_value array = { .kind = PDF_ARRAY, .items = items, .n = n };
		struct pdf_run r = { .n_longs = 0 };
		fill(items, n, &state);
		for (uint32_t number = 0; number < 41; number++) {
			expect_all(&r, &array, number);
			expect_all(&r, &array, number * 2048);
		}
		cr_expect_eq(r.n_longs, 1);
		pdf_long_arrays_clear(&r);
	}
}

Test(pdf_changes_array, short_ones_and_those_without_room_are_not_known)
{
	static struct pdf_value items[PDF_LONG_ARRAYS + 1][PDF_LONG_ARRAY_MIN];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pdf_run r = { .n_longs = 0 };
	const struct pdf_long_array *a, *first = NULL;
	struct pdf_value array = { .kind = PDF_ARRAY, .n = PDF_LONG_ARRAY_MIN - 1 };
	array.items = items[0];
	cr_expect_eq(pdf_long_array(&r, &array, &a, &err), 0);
	cr_expect_null(a);
	array.n = PDF_LONG_ARRAY_MIN;
	for (size_t i = 0; i <= PDF_LONG_ARRAYS; i++) {
		array.items = items[i];
		cr_expect_eq(pdf_long_array(&r, &array, &a, &err), 0);
		cr_expect_eq(a == NULL, i == PDF_LONG_ARRAYS, "%zu", i);
		first = i == 0 ? a : first;
	}
	array.items = items[0];
	cr_expect_eq(pdf_long_array(&r, &array, &a, &err), 0);
	cr_expect_eq(a, first);
	pdf_long_arrays_clear(&r);
}

Test(pdf_changes_array, steps_beyond_the_limit_end_it)
{
	static struct pdf_value items[PDF_LONG_ARRAY_MIN];
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct pdf_value array = { .kind = PDF_ARRAY,
					 .items = items,
					 .n = PDF_LONG_ARRAY_MIN };
	struct pdf_run r = { .steps = PDF_CHANGE_STEPS_MAX - PDF_LONG_ARRAY_MIN - 2 };
	const struct pdf_long_array *a;
	size_t i;
	for (i = 0; i < PDF_LONG_ARRAY_MIN; i++)
		items[i] = (struct pdf_value){ .kind = PDF_ARRAY };
	cr_assert_eq(pdf_long_array(&r, &array, &a, &err), 0);
	cr_assert_not_null(a);
	struct pdf_long_walk w = pdf_long_walk(a, 1);
	cr_expect(pdf_long_next(&r, &w, &i));
	cr_expect_not(pdf_long_next(&r, &w, &i));
	pdf_long_arrays_clear(&r);
	r.steps = PDF_CHANGE_STEPS_MAX - 1;
	cr_assert_eq(pdf_long_array(&r, &array, &a, &err), 0);
	cr_expect_null(a);
}

Test(pdf_changes_array, failing_allocation_is_an_error_and_leaks_nothing)
{
	static struct pdf_value items[PDF_LONG_ARRAY_MIN];
	const struct pdf_value array = { .kind = PDF_ARRAY,
					 .items = items,
					 .n = PDF_LONG_ARRAY_MIN };
	for (uint64_t n = 1; n <= 2; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct pdf_run r = { .n_longs = 0 };
		const struct pdf_long_array *a;
		mem_fail_nth(n);
		cr_expect_eq(pdf_long_array(&r, &array, &a, &err), -1);
		mem_fail_nth(0);
		cr_expect_eq(err.code, LTPS_NOMEM);
		cr_expect_eq(r.n_longs, 0);
		pdf_long_arrays_clear(&r);
	}
}

/* ---- in a file ---- */

#define REFERENCES 60000

/* Between brackets: these, many to what nobody has, and these. */
static char *references(const char *before, const char *behind)
{
	static char text[REFERENCES * 14];
	size_t n = (size_t)sprintf(text, "[%s", before);
	for (unsigned i = 0; i < REFERENCES; i++)
		n += (size_t)sprintf(text + n, " %u 0 R", 1000 + i);
	(void)snprintf(text + n, sizeof(text) - n, " %s]", behind);
	return text;
}

#define PAGE_OF(contents)                                                              \
	{                                                                              \
		3, "<< /Type /Page /Parent 2 0 R /Contents " contents                  \
		   " /Annots [40 0 R] >>"                                              \
	}

static void expect_seen(const char *before, const char *behind, int kind,
			const char *attack, const char *what)
{
	pdf_scene_expect(SCENE(.base = { PAGE_OF("50 0 R"),
					 { 50, references(before, behind) } },
			       .update = { { 99, STREAM("", EIGHT) } }),
			 kind, attack, what);
}

Test(pdf_changes_array, what_waits_in_a_long_array_is_seen)
{
	expect_seen("4 0 R", "", NOTHING, NULL, NULL);
	expect_seen("99 0 R", "4 0 R", PDF_CHANGE_UNDEFINED, "shadow-replace",
		    "/Contents");
	expect_seen("4 0 R", "99 0 R", PDF_CHANGE_UNDEFINED, "shadow-replace",
		    "/Contents");
	expect_seen("[[4 0 R 99 0 R]]", "", PDF_CHANGE_UNDEFINED, "shadow-replace",
		    "/Contents");
	expect_seen("", "<< /X [99 0 R] >>", PDF_CHANGE_UNDEFINED, "shadow-replace",
		    "/X");
}

#define CHANGED 60
#define ROUNDS 17

/* The elements one by one, for each object that changed, would be more steps than there
 * may be. */
Test(pdf_changes_array, many_changes_in_one_long_array_are_all_told)
{
	struct pdf_scene_object v[CHANGED];
	char all[CHANGED * 10];
	size_t n = 0;
	for (unsigned i = 0; i < CHANGED; i++) {
		n += (size_t)sprintf(all + n, " %u 0 R", 100 + i);
		v[i].number = 100 + i;
	}
	struct buf file = pdf_scene_write(
	    SCENE(.base = { PAGE_OF("50 0 R"), { 50, references("4 0 R", all) } }));
	for (unsigned k = 0; k < ROUNDS; k++) {
		for (unsigned i = 0; i < CHANGED; i++)
			v[i].body = k % 2 == 0 ? STREAM("", EIGHT)
					       : STREAM("", "abcdefgh");
		pdf_scene_revision(&file, v, CHANGED, NULL);
	}
	struct pdf_scene_result r = pdf_scene_read_file(view_buf(&file));
	n = 0;
	for (size_t i = 0; i < r.c.n; i++) {
		n += r.c.v[i].object.number >= 100;
		cr_expect_null(strstr(r.c.v[i].what, "too many"));
	}
	cr_expect_eq(n, CHANGED * ROUNDS, "%zu", n);
	pdf_scene_free(&r);
	buf_free(&file);
}
