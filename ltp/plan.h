/* SPDX-License-Identifier: Apache-2.0 */
/*
 * plan - when each piece of evidence weakens, and what that will cost. Dates stand in
 * the footings (storage/renewal.h); this says how they come there, and what follows.
 *
 * A digest ends with its tree: DESIGN's evidence model. Everything else (certificates,
 * keys, signature algorithms, anchors) ends with the token.
 */
#ifndef LTPS_LTP_PLAN_H
#define LTPS_LTP_PLAN_H

#include "base/clock.h"
#include "base/jsonw.h"
#include "ltp/footing.h"
#include "ltp/inside.h"

/*
 * plan_token - the footing of a token whose path was just judged, for the task that
 * stores its validation data.
 * ret  release with footing_made_clear(); weakens_ms and reason set
 */
int plan_token(struct ltp *l, const struct tst *tst, const struct tsa_path_result *path,
	       enum digest_alg tree_alg, struct footing_made *ret,
	       struct ltps_error *err) LTPS_CHECKED;

/* Date and reason of a footing that was made otherwise: as plan_token() sets them. */
int plan_made(const struct ltp *l, struct footing_made *f,
	      struct ltps_error *err) LTPS_CHECKED;

/* The digest that new trees take: that of the profile while it has at least twice the
 * margin left, else the one of the longest life (SHA-512, SHA-384, SHA3-512, SHA3-256,
 * SHA-256 in this order of preference among equals). NONE: none is left. */
enum digest_alg plan_digest(const struct ltp *l, enum digest_alg wanted,
			    int64_t now_ms);
/* When a hash-tree renewal of trees with this digest must be over: its end under the
 * policy in force; INT64_MAX: no end is known. */
int64_t plan_digest_end(const struct ltp *l, enum digest_alg alg);
/* now_ms is so late that what weakens then is to be renewed. */
static inline bool plan_is_due(int64_t weakens_ms, int64_t margin_ms, int64_t now_ms)
{
	return weakens_ms != INT64_MAX && weakens_ms <= now_ms + margin_ms;
}

/* Fail-points of plan_turn(); NULL ends it. */
extern const char *const plan_failpoints[];

/* In a task by which something may stand again on what was left out of the plans: the
 * next turn judges all anew. */
int plan_forget(struct store_conn *conn, struct ltps_error *err) LTPS_CHECKED;

/* ---- two authorities of one CA ---- */

/* A footing and its partner, and how much stands on the two. */
struct plan_pair {
	int64_t footing, partner; /* 0: none */
	uint64_t count;           /* tips and forms */
	uint64_t objects;
};
/* Each pair once, as they came. */
struct plan_pairs {
	struct plan_pair *list;
	size_t n, capacity;
};
/* What has no partner is left out. */
int plan_pairs_add(struct plan_pairs *pairs, const struct plan_pair *pair,
		   struct ltps_error *err) LTPS_CHECKED;
void plan_pairs_clear(struct plan_pairs *pairs);

/* Evidence whose two time-stamps stand on one certification authority: its loss takes
 * both. Told, and nothing else: who has one CA only is better off with two of its TSAs
 * than with one, and asking again would give no others. */
struct plan_shared {
	char authority[CERT_TEXT_MAX]; /* subject of the CA or anchor */
	uint64_t count;                /* tips and forms */
	uint64_t objects;
};
/* Further ones are left out: nobody reads more of them. */
#define PLAN_SHARED_MAX 8
struct plan_shares {
	struct plan_shared list[PLAN_SHARED_MAX];
	size_t n;
};
/* Reads the footings of each pair. Fails: as the store; CORRUPT, NOMEM, CRYPTO */
int plan_pairs_shares(struct store_conn *conn, const struct plan_pairs *pairs,
		      struct plan_shares *ret, struct ltps_error *err) LTPS_CHECKED;

/* ---- forecast ---- */

enum forecast_kind { FORECAST_TIMESTAMP, FORECAST_HASH_TREE, FORECAST_AUGMENT };
struct forecast_item {
	enum forecast_kind kind;
	int64_t due_ms;     /* weakens_ms less the margin */
	int64_t weakens_ms; /* INT64_MIN: no date is known, which is an alarm */
	char reason[STORE_REASON_MAX + 1];
	char tsa[STORE_TEXT_MAX + 1]; /* "" of hash trees */
	enum digest_alg alg;          /* NONE of augmentation */
	uint64_t trees;               /* or tokens, or forms */
	uint64_t objects;
	uint64_t requests; /* time-stamps that it will cost */
	uint64_t bytes;    /* that will be read again (hash trees), or written */
};
struct forecast {
	int64_t now_ms;
	int64_t margin_ms;
	struct forecast_item *items; /* by due_ms */
	size_t n;
	uint64_t undated; /* tokens without a footing yet */
	struct plan_shares shares;
};
/*
 * plan_forecast - under the policy in force, or under another one ("what if").
 * policy  NULL: the one in force
 * ret     release with forecast_clear()
 */
int plan_forecast(struct ltp *l, struct store_conn *conn,
		  const struct algorithm_policy *policy, int64_t now_ms,
		  struct forecast *ret, struct ltps_error *err) LTPS_CHECKED;
void forecast_clear(struct forecast *f);
/* "time-stamp renewal" */
const char *forecast_kind_name(enum forecast_kind kind);
/* "2029-06-30", days being what an operator plans by; "NOW" of INT64_MIN, "-" of
 * INT64_MAX. */
void forecast_day(int64_t t_ms, char out[TIME_TEXT_MAX]);
void forecast_json(const struct forecast *f, struct jsonw *j);
int forecast_text(const struct forecast *f, struct buf *out,
		  struct ltps_error *err) LTPS_CHECKED;

#endif
