/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renewal_kit (rkit_) - trees, tokens and footings with made-up contents, in a store of
 * their own: what a test wants to say in one line. Any failure that is not asked for
 * ends the test.
 */
#ifndef LTPS_TESTS_RENEWAL_KIT_H
#define LTPS_TESTS_RENEWAL_KIT_H

#include "storage/renewal.h"

#define RKIT_OBJECT_BYTES 10

extern char rkit_dir[4096];
extern struct store *rkit_store;
extern struct store_conn *rkit_reader;

void rkit_begin(void);
/* fsck finds nothing; and the end. */
void rkit_end(void);
void rkit_end_damaged(void); /* without fsck */

/* A task; its outcome. */
enum ltps_code rkit_try(int (*run)(struct store_conn *, void *, struct ltps_error *),
			void *arg);

/* Closing trees of n leaves of versions, numbered on, and the audit head. */
int64_t rkit_tree(unsigned n, enum digest_alg alg);
/* The same with objects that exist; their versions. */
int64_t rkit_tree_of_objects(unsigned n, int64_t *versions);
void rkit_close(int64_t tree);
/* ret  token; by the TSA of this name */
enum ltps_code rkit_try_stamp(int64_t tree, const char *tsa, int64_t *ret_token);
int64_t rkit_stamp(int64_t tree, const char *tsa);
/* tree and stamp, on a footing. */
int64_t rkit_first(unsigned n, const char *tsa, int64_t footing);

int64_t rkit_footing(const char *name, int64_t weakens_ms);
void rkit_stand(int64_t token, int64_t footing);
struct footing_loss rkit_lose(int64_t footing);
enum ltps_code rkit_try_lose(int64_t footing, struct footing_loss *ret);
struct footing_loss rkit_lapse(int64_t proven_ms);

/* An open tree of that purpose. */
int64_t rkit_open(enum tree_purpose purpose, enum digest_alg alg);
enum ltps_code rkit_try_leaf(int64_t tree, enum leaf_kind kind, int64_t ref,
			     enum digest_alg alg);
/* A closing renewal tree over these tokens (0 ends the list). */
int64_t rkit_cover(const int64_t *tokens);
enum ltps_code rkit_try_second(int64_t tree, const char *not_tsa, int64_t partner);
/* Covered by one more token on this footing, and a partner (0: none). */
int64_t rkit_renew(const int64_t *tokens, const char *tsa, int64_t footing,
		   int64_t partner);

struct token_link rkit_link(int64_t token);
struct tree rkit_tree_at(int64_t tree);
/* Tips of a query, by id, 0 behind the last. */
#define RKIT_TIPS_MAX 16
struct rkit_tips {
	size_t n;
	struct tip tips[RKIT_TIPS_MAX];
};
struct rkit_tips rkit_tips(const struct tip_query *query);
/* Exactly this token is a tip. */
void rkit_only_tip(int64_t token);

#endif
