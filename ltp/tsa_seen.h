/* SPDX-License-Identifier: Apache-2.0 */
/*
 * tsa_seen - how each configured TSA answered since this reading of the configuration:
 * for operators. In memory alone: what was stamped stands in the store.
 */
#ifndef LTPS_LTP_TSA_SEEN_H
#define LTPS_LTP_TSA_SEEN_H

#include "base/clock.h"
#include "base/err.h"
#include "timestamping/tsp_client.h"

#define TSA_SEEN_TEXT_MAX 255

/* Times INT64_MIN: never. */
struct tsa_seen_state {
	int64_t answered_ms; /* last token that served */
	int64_t failing_ms;  /* since when it gave none that does; INT64_MIN: it does */
	uint64_t failures;   /* since then */
	char why[TSA_SEEN_TEXT_MAX + 1]; /* the last of them; "" */
};

struct tsa_seen;
/* tsas, clock  borrowed, outlive it */
int tsa_seen_new(const struct tsa *tsas, size_t n, const struct clock *clock,
		 struct tsa_seen **ret, struct ltps_error *err) LTPS_CHECKED;
void tsa_seen_free(struct tsa_seen *s); /* NULL-safe */
/* As told() of a struct tsp_client, arg being the tsa_seen. Any thread. */
void tsa_seen_told(void *arg, const struct tsa *tsa, const struct ltps_error *why);
/* Of the i-th. Any thread. */
void tsa_seen_get(struct tsa_seen *s, size_t i, struct tsa_seen_state *ret);

#endif
