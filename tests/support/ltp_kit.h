/* SPDX-License-Identifier: Apache-2.0 */
/*
 * ltp_kit - a whole preservation domain in the hands of a test: a store in a
 * new directory, a throwaway PKI with its TSAs behind HTTP, one profile. What
 * cannot be made ends the test.
 */
#ifndef LTPS_TESTS_LTP_KIT_H
#define LTPS_TESTS_LTP_KIT_H

#include "ltp/ltp.h"
#include "storage/store.h"
#include "tests/support/pki_server.h"

#define KIT_NOW "2026-06-01T12:00:00Z"
#define KIT_PROFILE "urn:test:profile"

struct ltp_kit {
	char dir[64];
	struct pki_server *pki;
	struct store *store;
	struct clock clock;
	struct profile *profile;
	struct profile *profiles[1];
	struct tsa tsas[2];
	char urls[2][96];
	struct material *trust;
	/* Seals and signs reports, of profiles with a signature_policy; else NULL. */
	struct signing_key *key;
	struct ltp *ltp;
	struct ltp_worker *w;
	const struct store_io *io; /* before ltp_kit_open(): instead of the system's */
};

/* A profile text with these lines instead of its own; NULL: as it is. */
void ltp_kit_start(struct ltp_kit *k, const char *profile_change);
/* The store and the domain over it; again after ltp_kit_close(). */
void ltp_kit_open(struct ltp_kit *k);
void ltp_kit_close(struct ltp_kit *k);
void ltp_kit_stop(struct ltp_kit *k);
/* Moves the clock of the domain and of the PKI. */
void ltp_kit_pass(struct ltp_kit *k, int64_t ms);

/* Submits; the answer's minor. poid may be NULL. */
enum ltp_minor ltp_kit_preserve(struct ltp_kit *k, const struct ltp_po *pos, size_t n,
				char poid[64]);
enum ltp_minor ltp_kit_preserve_text(struct ltp_kit *k, const char *text,
				     char poid[64]);
/* ltp_step() and ltp_care() until nothing is due at this moment. */
void ltp_kit_work(struct ltp_kit *k);
/* RetrievePO of the latest version. */
enum ltp_minor ltp_kit_retrieve(struct ltp_kit *k, const char *poid,
				enum subject subject, struct ltp_retrieved *ret);
struct ltp_health ltp_kit_health(struct ltp_kit *k);

#endif
