/* SPDX-License-Identifier: Apache-2.0 */
/*
 * continued_kit - up to three services, each with a PKI of its own, under one policy
 * and one clock, which hand objects and their records to each other. What cannot be
 * made ends the test.
 */
#ifndef LTPS_TESTS_CONTINUED_KIT_H
#define LTPS_TESTS_CONTINUED_KIT_H

#include "tests/support/ltp_kit.h"
#include "timestamping/ers.h"

#define DAY_MS ((int64_t)86400000)
#define TREE "tree_max_leaves = 1000\ntree_max_age = 2s\noperation = UpdatePOC\n"
#define SHA256 "digest = sha256\n" TREE
#define CKIT_SERVICES 3

enum {
	CKIT_SHA256,
	CKIT_SHA384,
	CKIT_SHA512,
	CKIT_SHA3_256,
	CKIT_SHA3_512,
	CKIT_ECDSA,
	CKIT_COUNT
};

extern struct ltp_kit ckit_kits[CKIT_SERVICES];
extern size_t ckit_n;
extern struct algorithm_limit ckit_limits[CKIT_COUNT];
extern struct algorithm_policy ckit_policy;

/* ---- services ---- */

/* Each trusts those before it, whose name it bears. */
struct ltp_kit *ckit_start(const char *profile_change, unsigned n_tsas);
/* All of them. */
void ckit_end(void);
/* The PKI rests on SHA-384 alone, so that other digests can end without it. */
void ckit_change_pki(struct ltp_kit *k);
void ckit_pass(int64_t ms);
/* All pass two days, in which this one works. */
void ckit_live(struct ltp_kit *k);
/* Open trees close and are stamped. */
void ckit_settle(void);
int64_t ckit_now(void);
/* In a month: all that stands on it is renewed. */
void ckit_end_digest(enum digest_alg alg);

/* ---- objects ---- */

struct ltp_po ckit_text(const char *id, const char *data);
struct ltp_po ckit_record_po(struct view record);
/* Until the test ends. */
struct view ckit_keep(struct buf record);
struct view ckit_record_of(struct ltp_kit *k, const char *poid, const char *version);
/* These texts, under the names a, b, c, and a record of them when there is one. */
void ckit_preserve(struct ltp_kit *k, const char *const *texts, size_t n,
		   struct view record, char poid[64]);
/* One service preserves these texts, and another takes them over with their record, which
 * is given. */
struct view ckit_take_over(const char *const *texts, size_t n, struct ltp_kit **ret,
			   char poid[64]);
/* A service that preserves these texts, and has renewed their hash tree once. ret_ms:
 * since when they were proven before that. */
struct ltp_kit *ckit_start_renewed(const char *const *texts, size_t n, char poid[64],
				   int64_t *ret_ms);
enum ltp_minor ckit_update(struct ltp_kit *k, const char *poid,
			   const struct ltp_po *pos, size_t n, struct ltp_result *r);

/* ---- looking ---- */

struct ckit_facts {
	size_t chains, last_stamps;
	enum digest_alg last_alg;
	int64_t first_ms; /* INT64_MIN: it does not pass */
};
/* By the verifier, from record, texts and the anchors of the newest service. */
struct ckit_facts ckit_judged(struct view record, const char *const *texts, size_t n);
int64_t ckit_proof_of(struct ltp_kit *k, const char *poid, size_t version);
/* What fsck finds. */
uint64_t ckit_damage(struct ltp_kit *k);
/* SQL: a chain with another last octet, whatever it was. */
#define CKIT_OTHER_END                                                                 \
	"substr(der, 1, length(der) - 1) || iif(substr(der, length(der)) = x'2a', "    \
	"x'2b', x'2a')"

#endif
