/* SPDX-License-Identifier: Apache-2.0 */
/* cache - answers by the hash of their request. Private to the room. */
#ifndef LTPS_SCVP_CACHE_H
#define LTPS_SCVP_CACHE_H

#include "scvp/responder.h"

/* The answer that may still be given, or VIEW_NULL; borrowed until the next put. */
struct view cache_get(struct scvp_cache *c, const uint8_t key[32], int64_t now_ms);
/* Keeps a copy; one that does not fit is not kept. Never fails. */
void cache_put(struct scvp_cache *c, const uint8_t key[32], struct view body,
	       int64_t now_ms, int64_t until_ms);

#endif
