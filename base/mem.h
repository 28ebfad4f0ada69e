/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem - checked memory with a hook that fails the n-th allocation.
 *
 * All memory of the program comes from here; OpenSSL and jansson are routed
 * through it by mem_init(), so that the failing-allocation runner reaches
 * their allocations too.
 */
#ifndef LTPS_BASE_MEM_H
#define LTPS_BASE_MEM_H

#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* mem_init - once, before any other library call (CRYPTO_set_mem_functions). */
void mem_init(void);

/* n bytes, not zeroed; NULL on failure. n == 0 gives a unique pointer. */
void *mem_alloc(size_t n) __attribute__((malloc, alloc_size(1), warn_unused_result));
/* count * size bytes, zeroed, overflow checked. */
void *mem_zalloc(size_t count, size_t size)
    __attribute__((malloc, alloc_size(1, 2), warn_unused_result));
/* count * size bytes; p stays valid when NULL is returned. */
void *mem_resize(void *p, size_t count, size_t size) LTPS_CHECKED;
/*
 * mem_grow - room for n elements in an array that is doubled when it is full.
 * array  the address of the pointer to its elements of `size` octets
 * cap    elements that there is room for; 0: none yet
 * Fails: NOMEM; the array stays
 */
int mem_grow(void *array, size_t size, size_t n, size_t *cap,
	     struct ltps_error *err) LTPS_CHECKED;
void *mem_dup(const void *p, size_t n) LTPS_CHECKED;
char *mem_dup_text(const char *s) LTPS_CHECKED;
/* NULL-safe. */
void mem_free(void *p);
/* Overwrites first; for keys and passwords. NULL-safe. */
void mem_free_secret(void *p, size_t n);

/*
 * mem_fail_nth - let the n-th allocation from now on (1 = the next) return
 * NULL; 0 switches the hook off. Per process; for the failing-allocation
 * runner and tests only.
 */
void mem_fail_nth(uint64_t n);
/* mem_fail_hit - whether the hook has fired since it was armed. */
int mem_fail_hit(void);

#endif
