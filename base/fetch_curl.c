/* SPDX-License-Identifier: Apache-2.0 */
#include "base/fetch_curl.h"

#include <pthread.h>
#include <stdbool.h>

#include "base/late_library.h"
#include "base/mem.h"

#define SYMBOL(name) { "curl_" #name, &libcurl.name },

struct fetch_curl libcurl;
static const struct late_symbol symbols[] = { FETCH_CURL_FUNCTIONS(SYMBOL) };
static struct late_library library = LATE_LIBRARY("libcurl.so.4", "libcurl4", symbols);

/* --- its memory comes from ours -------------------------------------------- */

/* Allocations that failed in this thread: libcurl does not always tell. */
static _Thread_local unsigned allocations_failed;

static void *counted(void *p)
{
	allocations_failed += p == NULL;
	return p;
}

static void *curl_alloc(size_t n)
{
	return counted(mem_alloc(n));
}

static void *curl_zalloc(size_t count, size_t size)
{
	return counted(mem_zalloc(count, size));
}

static void *curl_resize(void *p, size_t n)
{
	return counted(mem_resize(p, n, 1));
}

static char *curl_dup_text(const char *s)
{
	return counted(mem_dup_text(s));
}

unsigned fetch_allocations_failed(void)
{
	return allocations_failed;
}

/* --- once a process ---------------------------------------------------------- */

static pthread_mutex_t init_lock = PTHREAD_MUTEX_INITIALIZER;
static bool init_done;

static bool init_once(void)
{
	pthread_mutex_lock(&init_lock);
	if (!init_done)
		init_done = libcurl.global_init_mem(
				CURL_GLOBAL_DEFAULT, curl_alloc, mem_free, curl_resize,
				curl_dup_text, curl_zalloc) == CURLE_OK;
	const bool done = init_done;
	pthread_mutex_unlock(&init_lock);
	return done;
}

int fetch_curl_load(struct ltps_error *err)
{
	if (late_library_load(&library, err) != 0)
		return -1;
	return init_once() ? 0 : ltps_fail_nomem(err);
}
