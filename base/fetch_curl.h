/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fetch_curl - libcurl, loaded with the first exchange: it stands on more than
 * thirty libraries, and most processes fetch nothing (docs/decisions/0017).
 */
#ifndef LTPS_BASE_FETCH_CURL_H
#define LTPS_BASE_FETCH_CURL_H

#include <curl/curl.h>

#include "base/err.h"

/* What is called of it, without "curl_". */
#define FETCH_CURL_FUNCTIONS(F)                                                        \
	F(easy_cleanup)                                                                \
	F(easy_getinfo)                                                                \
	F(easy_init)                                                                   \
	F(easy_recv)                                                                   \
	F(easy_reset)                                                                  \
	F(easy_send)                                                                   \
	F(easy_setopt)                                                                 \
	F(easy_strerror)                                                               \
	F(free)                                                                        \
	F(global_init_mem)                                                             \
	F(multi_add_handle)                                                            \
	F(multi_cleanup)                                                               \
	F(multi_info_read)                                                             \
	F(multi_init)                                                                  \
	F(multi_perform)                                                               \
	F(multi_poll)                                                                  \
	F(multi_remove_handle)                                                         \
	F(multi_setopt)                                                                \
	F(multi_strerror)                                                              \
	F(multi_wakeup)                                                                \
	F(slist_append)                                                                \
	F(slist_free_all)                                                              \
	F(url)                                                                         \
	F(url_cleanup)                                                                 \
	F(url_get)                                                                     \
	F(url_set)                                                                     \
	F(url_strerror)

#define FETCH_CURL_MEMBER(name) __typeof__(curl_##name) *name;

/* To be called once fetch_curl_load() gave 0. */
struct fetch_curl {
	FETCH_CURL_FUNCTIONS(FETCH_CURL_MEMBER)
};
extern struct fetch_curl libcurl;

/*
 * fetch_curl_load - loaded and initialised with our memory, once; any thread.
 * Fails: IO (self) when it is not installed, NOMEM
 */
int fetch_curl_load(struct ltps_error *err) LTPS_CHECKED;

/* Allocations of libcurl that failed in this thread so far. */
unsigned fetch_allocations_failed(void);

#endif
