/* SPDX-License-Identifier: Apache-2.0 */
/*
 * known - the certificates, CRLs and OCSP responses that the service has at
 * hand, decoded once and shared by all threads. A generation never changes: what
 * is added makes the next one, and readers keep theirs as long as they need it.
 */
#ifndef LTPS_LTP_KNOWN_H
#define LTPS_LTP_KNOWN_H

#include "validation/material.h"

/* Of fetched material, beyond what the service was configured with. The stored
 * copies stay: this is the part that is quick to reach. */
#define KNOWN_BYTES_MAX ((size_t)256 << 20)
#define KNOWN_ITEMS_MAX 10000
/*
 * Of one name (subject, CRL issuer, serial number of an answer): whoever has a
 * certificate judged may serve any number of namesakes of another CA, and each costs
 * all later judgements a signature. A few hundred would end them by their budget.
 */
#define KNOWN_NAMESAKES_MAX 16

struct known;
struct known_generation;

/*
 * base   anchors and configured material, in every generation; borrowed
 * ret_k  free with known_free() when no generation is held any more
 */
int known_new(const struct material *base, struct known **ret_k,
	      struct ltps_error *err) LTPS_CHECKED;
void known_free(struct known *k);

/* The newest generation, held until known_drop(). Never fails. */
struct known_generation *known_take(struct known *k);
void known_drop(struct known_generation *g); /* NULL-safe */
const struct material *known_material(const struct known_generation *g);

/*
 * known_add - what is in `more` is in the next generation. Status past its
 * nextUpdate stays out, or leaves; of too many of one name the newest stay; when
 * there is too much in all, all fetched material but this leaves, to be read from
 * the store again when it is needed.
 * now_ms   decides what is past its nextUpdate
 * ret_news true when something is new and nothing was left out: the next generation
 *          serves instead of `more`; may be NULL
 * Fails:   NOMEM, TOO_LARGE (the newest generation stays)
 */
int known_add(struct known *k, const struct material *more, int64_t now_ms,
	      bool *ret_news, struct ltps_error *err) LTPS_CHECKED;

#endif
