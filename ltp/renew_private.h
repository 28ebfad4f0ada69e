/* SPDX-License-Identifier: Apache-2.0 */
/* renew_private - what the files of a time-stamp renewal share:
 * renew.c          the turn
 * renew_due.c      what weakens
 * renew_second.c   second opinions
 * renew_undated.c  tokens without validation data
 * renew_gather.c   tips into one tree
 * renew_status.c   the status of TSAs today
 * renew_batch.c    the store's side
 * renew_long.c     chains that become too long
 */
#ifndef LTPS_LTP_RENEW_PRIVATE_H
#define LTPS_LTP_RENEW_PRIVATE_H

#include "ltp/preserve_private.h"
#include "ltp/upkeep.h"
#include "storage/renewal.h"

/* Name that stands in trees of no profile. */
#define RENEW_PROFILE "renewal"
/* Tokens of one store task: others write between. */
#define RENEW_BATCH 500
/* With fresh status in it a token may have a megabyte. */
#define RENEW_BATCH_BYTES ((size_t)32 << 20)
/* Tips of one listing: a few megabytes. */
#define RENEW_PAGE 1000
/* Distinct footings whose status is kept in memory during a turn. */
#define RENEW_FRESH_MAX 64

/* ---- renew_status.c: the last word on a TSA before a renewal takes a hash ---- */

struct renew_fresh {
	int64_t footing;      /* 0: unused */
	struct material *got; /* certificates, CRLs, responses; NULL: nothing new */
	bool complete;        /* a status of every certificate below the anchor */
	bool lost;            /* its tokens count no more; the store knows */
};
struct renew_status {
	struct ltp_worker *w;
	struct upkeep_turn *turn;
	struct renew_fresh fresh[RENEW_FRESH_MAX];
	size_t next; /* the place to be used again */
};
/*
 * renew_status_get - what is said now of the TSA of this token, asked for once for each
 * footing. When its tokens count no more, they have fallen on return.
 * ret  stays until the next call
 */
int renew_status_get(struct renew_status *s, int64_t footing, const struct token *token,
		     const struct renew_fresh **ret,
		     struct ltps_error *err) LTPS_CHECKED;
void renew_status_clear(struct renew_status *s);

/* ---- renew_batch.c: tokens into one renewal tree ---- */

struct renew_item {
	int64_t token;
	int64_t replaced_ms; /* of the token when it was read */
	struct buf der;      /* with fresh status; n == 0: as it is */
};
/* One tree in the making. */
struct renew_tree {
	struct ltp_worker *w;
	struct upkeep_turn *turn;
	int64_t tree; /* 0: not opened yet */
	enum digest_alg alg;
	const char *not_tsa; /* NULL: no second opinion */
	int64_t partner;
	uint64_t tokens, objects; /* taken in this turn */
	bool resumed;             /* others were taken before */
	char cause[STORE_REASON_MAX + 64];
	/* For the rhythm of futile rounds; n == 0: none is kept. */
	char round_name[32];
	uint8_t round[16];
	size_t n_round;
	struct renew_item items[RENEW_BATCH];
	size_t n;
	size_t bytes;
};
/* Room for one more? */
bool renew_tree_is_full(const struct renew_tree *r);
/* der: taken over; n == 0 when the token stays as it is. */
void renew_tree_take(struct renew_tree *r, const struct tip *tip,
		     const struct token *token, struct buf der);
/* What was taken becomes leaves; the tree is opened when it is not yet. */
int renew_tree_store(struct renew_tree *r, struct ltps_error *err) LTPS_CHECKED;
/* The tree waits for its token from now on, and the trace says why. */
int renew_tree_close(struct renew_tree *r, struct ltps_error *err) LTPS_CHECKED;
void renew_tree_free(struct renew_tree *r);

/* ---- what the parts of a turn share ---- */

#define RENEW_HOUR_MS ((int64_t)3600000)
#define RENEW_DAY_MS (24 * RENEW_HOUR_MS)
/* Of the margin. With less of it left nothing remote is waited for, and trouble is an
 * alarm. */
#define RENEW_WAIT_SHARE 2
/* With less of it left a token is renewed without its validation data. */
#define RENEW_LAST_SHARE 8
/* Looked at again after that time, when somebody else has to act. */
#define RENEW_LOOK_MS (6 * RENEW_HOUR_MS)

/* A renewal tree without a token yet. */
struct renew_live {
	int64_t id;
	enum digest_alg alg;
	bool open;
	bool failed; /* at least one attempt */
	struct tree_second second;
};

struct renew_turn {
	struct ltp_worker *w;
	struct upkeep_turn *t;
	int64_t margin_ms;
	struct renew_status status;
	struct renew_live *live;
	size_t n_live;
	size_t left; /* tokens that this turn may still take */
	bool more;   /* work is left for the next turn */
};

/* renew.c: the worst of a turn's troubles is told. */
void renew_trouble(struct renew_turn *r, bool alarm, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* Again at this time at the latest. */
void renew_again(struct renew_turn *r, int64_t at_ms);
/* Less than this share of the margin is left. */
bool renew_is_late(const struct renew_turn *r, int64_t weakens_ms, int share);
/* The open tree that such tips belong to, or one that waits in vain for its token;
 * NULL: neither. not_tsa NULL, partner 0: what is due */
const struct renew_live *renew_find_live(const struct renew_turn *r,
					 enum digest_alg alg, const char *not_tsa,
					 int64_t partner);
/* open: gone on with; NULL: a new one. NULL: no memory */
struct renew_tree *renew_tree_new(struct renew_turn *r, enum digest_alg alg,
				  const struct renew_live *open);

/* renew_due.c: when the last round of a digest was, and how many in a row gained
 * nothing. */
struct renew_round {
	int64_t last_ms; /* INT64_MIN: none yet */
	uint64_t futile;
};
int renew_round_read(struct renew_turn *r, enum digest_alg alg, struct renew_round *ret,
		     struct ltps_error *err) LTPS_CHECKED;
/* Kept when the tree closes. */
void renew_round_note(struct renew_tree *tree, const struct renew_round *last,
		      bool futile);
/* Made after the last round. */
/* What weakens later, weakens with the digest of its tree, which only a hash-tree
 * renewal helps: the last moment of others. INT64_MIN: that digest has ended. */
int64_t renew_until(const struct renew_turn *r, enum digest_alg alg);
bool renew_is_young(const struct tip *tip, int64_t last_ms);

/* renew_gather.c: tips of a kind into one tree. */
enum renew_what { RENEW_DUE, RENEW_SECOND };
struct renew_gather {
	struct renew_turn *r;
	enum renew_what what;
	enum digest_alg alg;
	int64_t until_ms;
	bool young;      /* DUE: those of after the last round too */
	int64_t last_ms; /* of the last round */
	int64_t footing; /* SECOND: all of this one */
	const char *tsa; /* and TSA */
	struct renew_tree *tree;
	int64_t after_id; /* tips behind this one */
	/* Its own. */
	struct tip *page;
	size_t n_page;
};
/* All that are wanted, and the tree is closed: unless the turn ends before. */
int renew_gather_run(struct renew_gather *g, struct ltps_error *err) LTPS_CHECKED;

/* renew_long.c: whether the chains that end in it may have one more time-stamp; told
 * when not. */
int renew_has_room(struct renew_turn *r, const struct tip *tip, bool *ret_room,
		   struct ltps_error *err) LTPS_CHECKED;

/* Parts of a turn. */
int renew_long(struct renew_turn *r, struct ltps_error *err) LTPS_CHECKED;
int renew_due(struct renew_turn *r, struct ltps_error *err) LTPS_CHECKED;
int renew_seconds(struct renew_turn *r, struct ltps_error *err) LTPS_CHECKED;
int renew_undated(struct renew_turn *r, struct ltps_error *err) LTPS_CHECKED;

#endif
