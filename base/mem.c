/* SPDX-License-Identifier: Apache-2.0 */
/* mem - checked memory over malloc, with the hook of the failing runner. */
#include "base/mem.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <string.h>

#include <openssl/crypto.h>

/* Allocations still to succeed, plus one; 0 is off. */
static _Atomic uint64_t fail_countdown;
static atomic_int fail_fired;

static bool hook_counts(void)
{
	uint64_t left = atomic_load_explicit(&fail_countdown, memory_order_relaxed);
	while (left != 0) {
		if (!atomic_compare_exchange_weak(&fail_countdown, &left, left - 1))
			continue;
		if (left != 1)
			return false;
		atomic_store(&fail_fired, 1);
		return true;
	}
	return false;
}

/* Whether this allocation is to fail: one relaxed load while unarmed. */
static inline bool hook_fails(void)
{
	if (atomic_load_explicit(&fail_countdown, memory_order_relaxed) == 0)
		return false;
	return hook_counts();
}

void *mem_alloc(size_t n)
{
	if (hook_fails())
		return NULL;
	return malloc(n > 0 ? n : 1);
}

/* glibc's calloc() does not look into the thread's own list of free blocks, which are
 * of up to so many bytes. */
#define ZEROED_HERE_MAX 1024

void *mem_zalloc(size_t count, size_t size)
{
	size_t n;
	if (__builtin_mul_overflow(count, size, &n) || hook_fails())
		return NULL;
	if (n == 0 || n > ZEROED_HERE_MAX)
		return calloc(1, n > 0 ? n : 1);
	void *p = malloc(n);
	if (p != NULL)
		explicit_bzero(p, n); /* with memset() compilers make it calloc() */
	return p;
}

void *mem_resize(void *p, size_t count, size_t size)
{
	size_t n;
	if (__builtin_mul_overflow(count, size, &n) || hook_fails())
		return NULL;
	return realloc(p, n > 0 ? n : 1);
}

#define FIRST_ROOM 8

int mem_grow(void *array, size_t size, size_t n, size_t *cap, struct ltps_error *err)
{
	size_t larger = *cap > 0 ? *cap : FIRST_ROOM;
	void *p;
	if (n <= *cap)
		return 0;
	while (larger < n)
		larger *= 2;
	memcpy(&p, array, sizeof(p));
	p = mem_resize(p, larger, size);
	if (p == NULL)
		return ltps_fail_nomem(err);
	memcpy(array, &p, sizeof(p));
	*cap = larger;
	return 0;
}

void *mem_dup(const void *p, size_t n)
{
	void *copy = mem_alloc(n);
	if (copy != NULL && n > 0)
		memcpy(copy, p, n);
	return copy;
}

char *mem_dup_text(const char *s)
{
	return mem_dup(s, strlen(s) + 1);
}

void mem_free(void *p)
{
	free(p);
}

void mem_free_secret(void *p, size_t n)
{
	if (p == NULL)
		return;
	OPENSSL_cleanse(p, n);
	free(p);
}

void mem_fail_nth(uint64_t n)
{
	atomic_store(&fail_fired, 0);
	atomic_store(&fail_countdown, n);
}

int mem_fail_hit(void)
{
	return atomic_load(&fail_fired);
}

/* OpenSSL's own convention: nothing for size 0. */
static void *openssl_alloc(size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	return n > 0 ? mem_alloc(n) : NULL;
}

static void *openssl_resize(void *p, size_t n, const char *file, int line)
{
	(void)file;
	(void)line;
	if (n == 0) {
		free(p);
		return NULL;
	}
	return mem_resize(p, n, 1);
}

static void openssl_free(void *p, const char *file, int line)
{
	(void)file;
	(void)line;
	free(p);
}

/*
 * glibc gives the top of the heap back whenever 128 KB of it are free, which one
 * judgement leaves behind: the next one would ask for the same pages again, some six
 * system calls and the faults. Large blocks still go back at once.
 */
#define KEPT_FREE (2 << 20)
#define MAPPED_FROM (1 << 20)

static void keep_heap(void)
{
#ifdef __GLIBC__
	(void)mallopt(M_TRIM_THRESHOLD, KEPT_FREE);
	(void)mallopt(M_MMAP_THRESHOLD, MAPPED_FROM);
#endif
}

void mem_init(void)
{
	keep_heap();
	/* Refused by OpenSSL after its first allocation; memory then stays
	 * plain malloc, which the hook does not reach, and all else works. */
	(void)CRYPTO_set_mem_functions(openssl_alloc, openssl_resize, openssl_free);
}
