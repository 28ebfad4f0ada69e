/* SPDX-License-Identifier: Apache-2.0 */
/*
 * content - what a detached signature is about: octets in memory, octets that are
 * read in pieces because they may be larger than memory, or digests alone. Digests
 * once taken are kept, so that a file is read as seldom as possible.
 */
#ifndef LTPS_BASE_CONTENT_H
#define LTPS_BASE_CONTENT_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/digest.h"
#include "base/err.h"

#define CONTENT_PIECE ((size_t)1 << 20)

/* Takes the next piece; -1 ends the reading. */
typedef int content_take(void *to, struct view piece, struct ltps_error *err);

/* Zeroed: no octets and no digests; then set one of bytes, feed, known. */
struct content {
	bool in_memory;
	struct view bytes;
	/* Gives all octets from the first to the last to take(), each time anew. */
	int (*feed)(void *arg, content_take *take, void *to, struct ltps_error *err);
	void *arg;
	/* By algorithm, those taken or given; alg DIGEST_NONE: not known. */
	struct digest known[DIGEST_ALG_COUNT];
	bool digests_only; /* the given digests are all there is */
};

struct content content_of(struct view bytes);
/* Whether octets are at hand, not only digests. */
bool content_has_octets(const struct content *c);
/*
 * content_digests - take these digests, those not yet known in one pass.
 * Fails: NOT_FOUND (caller) when an unknown one is wanted of digests alone;
 *        UNSUPPORTED, CRYPTO, NOMEM; as feed()
 */
int content_digests(struct content *c, const enum digest_alg *algs, size_t n,
		    struct ltps_error *err) LTPS_CHECKED;
/* One digest, taken or known. Fails: as content_digests() */
int content_digest(struct content *c, enum digest_alg alg, struct digest *ret_d,
		   struct ltps_error *err) LTPS_CHECKED;
/* All octets into a running digest. Fails: NOT_FOUND (caller) without octets; as feed()
 */
int content_update(struct content *c, struct digest_ctx *ctx,
		   struct ltps_error *err) LTPS_CHECKED;

/*
 * content_open - a regular file, read in pieces; what changes its size during the
 * reading is an error.
 * ret_c  close with content_close()
 * Fails: as opening and reading; ARGUMENT (caller) for what is no regular file
 */
int content_open(const char *path, struct content *ret_c,
		 struct ltps_error *err) LTPS_CHECKED;
void content_close(struct content *c); /* NULL-safe; nothing to close is fine */

#endif
