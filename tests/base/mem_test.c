/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <stdint.h>
#include <string.h>

#include <openssl/bn.h>
#include <openssl/crypto.h>
#include <openssl/err.h>

#include "base/bytes.h"
#include "base/mem.h"

/* Kept from the optimiser, which knows what calloc() may be asked for. */
static volatile size_t huge = SIZE_MAX / 2 + 2;

Test(mem, product_that_wraps_is_refused)
{
	cr_assert_eq(mem_zalloc(huge, 2), NULL);
	void *p = mem_alloc(4);
	cr_assert_neq(p, NULL);
	memcpy(p, "abc", 4);
	cr_assert_eq(mem_resize(p, huge, 2), NULL);
	cr_assert_str_eq(p, "abc");
	mem_free(p);
}

Test(mem, zero_bytes_give_a_unique_pointer)
{
	void *a = mem_alloc(0);
	void *b = mem_zalloc(0, 8);
	void *c = mem_dup(NULL, 0);
	cr_assert(a != NULL && b != NULL && c != NULL);
	cr_assert(a != b && b != c && a != c);
	void *d = mem_resize(a, 0, 1);
	cr_assert_neq(d, NULL);
	mem_free(d);
	mem_free(b);
	mem_free(c);
}

Test(mem, null_is_free_of_charge)
{
	mem_free(NULL);
	mem_free_secret(NULL, 10);
}

Test(mem, only_the_nth_allocation_fails)
{
	mem_fail_nth(3);
	cr_assert_eq(mem_fail_hit(), 0);
	void *a = mem_alloc(1);
	void *b = mem_zalloc(1, 1);
	cr_assert(a != NULL && b != NULL);
	cr_assert_eq(mem_fail_hit(), 0);
	cr_assert_eq(mem_resize(a, 2, 1), NULL);
	cr_assert_eq(mem_fail_hit(), 1);
	void *c = mem_dup("x", 1);
	cr_assert_neq(c, NULL);
	mem_free(a);
	mem_free(b);
	mem_free(c);
}

Test(mem, disarmed_hook_does_not_fire)
{
	mem_fail_nth(1);
	mem_fail_nth(0);
	char *s = mem_dup_text("text");
	cr_assert_str_eq(s, "text");
	cr_assert_eq(mem_fail_hit(), 0);
	mem_free(s);
}

Test(mem, arming_again_forgets_the_earlier_hit)
{
	mem_fail_nth(1);
	cr_assert_eq(mem_alloc(1), NULL);
	cr_assert_eq(mem_fail_hit(), 1);
	mem_fail_nth(0);
	cr_assert_eq(mem_fail_hit(), 0);
}

Test(mem, resize_that_fails_keeps_the_block)
{
	char *s = mem_dup_text("kept");
	mem_fail_nth(1);
	cr_assert_eq(mem_resize(s, 100, 1), NULL);
	cr_assert_str_eq(s, "kept");
	mem_free(s);
}

Test(mem, hook_reaches_openssl)
{
	mem_init();
	mem_fail_nth(1);
	void *p = OPENSSL_malloc(16);
	cr_assert_eq(p, NULL);
	cr_assert_eq(mem_fail_hit(), 1);
	ERR_clear_error();
	cr_assert_eq(OPENSSL_malloc(0), NULL);
	p = OPENSSL_malloc(8);
	cr_assert_neq(p, NULL);
	p = OPENSSL_realloc(p, 64);
	cr_assert_neq(p, NULL);
	cr_assert_eq(OPENSSL_realloc(p, 0), NULL);
}
