/* SPDX-License-Identifier: Apache-2.0 */
/* tsp_client - one token from an ordered list of TSAs, with fail-over. */
#ifndef LTPS_TIMESTAMPING_TSP_CLIENT_H
#define LTPS_TIMESTAMPING_TSP_CLIENT_H

#include "base/clock.h"
#include "base/fetch.h"
#include "timestamping/tsp.h"

#define TSP_TSAS_MAX 16
#define TSP_SKEW_MS_DEFAULT 60000 /* RFC 3161 2.4.2 leaves it to local policy */

struct tsa {
	const char *name;
	const char *url;
	const char *policy; /* NULL: any */
};

struct tsp_client {
	const struct tsa *tsas; /* in order of preference */
	size_t n_tsas;
	int64_t skew_ms; /* 0: TSP_SKEW_MS_DEFAULT */
	const struct clock *clock;
	/*
	 * When set, judges the TSA's path of a token that passed every other check:
	 * -1 with REMOTE refuses it and the next TSA is asked. The judgement stands
	 * above this room: tsa_path_gate() of validation/tsa_path.h.
	 */
	int (*gate)(const void *arg, const struct tst *tst, X509 *signer,
		    int64_t received_ms, struct ltps_error *err);
	const void *gate_arg;
	/* When set, hears what became of each TSA that was asked: why it gave no token
	 * that serves, NULL when it did. What failed here is not told. Any thread. */
	void (*told)(void *arg, const struct tsa *tsa, const struct ltps_error *why);
	void *told_arg;
};

/*
 * tsp_client_begin_with - another order of preference: from this one on, then from the
 * beginning.
 * list  room for c->n_tsas; stays as long as c is used
 */
void tsp_client_begin_with(struct tsp_client *c, size_t first, struct tsa list[]);

struct tsp_answer {
	size_t tsa;      /* index of the one that answered */
	struct tst *tst; /* the checked token; its bytes are tst->cms->whole */
	/* What went wrong with the TSAs before it, one line each; for the log. */
	char skipped[512];
};

/*
 * tsp_client_stamp - ask each TSA in turn until one gives a token that passes
 * every check (tsp_check, tst_check, and the path when a gate is set).
 * fetch    this thread's handle; it brings limits and time-outs
 * ret      release with tsp_answer_clear()
 * Fails:   REMOTE (remote) when none did; the text names each TSA and reason
 */
int tsp_client_stamp(const struct tsp_client *c, struct fetch *fetch,
		     const struct digest *d, struct tsp_answer *ret,
		     struct ltps_error *err) LTPS_CHECKED;
void tsp_answer_clear(struct tsp_answer *a);

#endif
