/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renewal - what evidence and augmented objects stand on, until when, and how far
 * renewals have come.
 *
 * A footing is what the proof of a time-stamp rests on: certificates of its TSA,
 * signature algorithms, key sizes, digests. Thousands of tokens and objects share one,
 * so that a new policy is applied to few rows whatever the size of the archive. What
 * stands in it and when it weakens is said by ltp/footing.h; the store keeps it.
 *
 *   leaf -> tree -> token K1 -next-> K2 -next-> K3: the tip
 *
 * A token that a live renewal covers has a next; without one it is a tip, whose footing
 * has to be renewed. The partner of a tip is the footing of the token before it, by
 * another TSA: if the tip falls, the chain goes on from there. A token falls with its
 * footing unless it was covered before; then what it covered is a tip again.
 *
 * Changes on the writer's connection only; errors as in storage/store.h.
 */
#ifndef LTPS_STORAGE_RENEWAL_H
#define LTPS_STORAGE_RENEWAL_H

#include "storage/evidence.h"

#define STORE_USES_MAX ((size_t)64 << 10)
#define STORE_REASON_MAX 255

/* ---- footings ---- */

struct footing_new {
	struct view uses;       /* ltp/footing.h; opaque here */
	uint8_t tsa_sha256[32]; /* of the TSA's certificate */
	const char *tsa;        /* its subject, for people */
	int64_t ends_ms;        /* first end of a certificate of its path */
	int64_t weakens_ms;     /* as planned now */
	const char *reason;     /* of that date */
};
struct footing {
	int64_t id;
	struct view uses; /* into owned; n == 0 in listings without them */
	uint8_t tsa_sha256[32];
	char tsa[STORE_TEXT_MAX + 1];
	int64_t ends_ms;
	int64_t weakens_ms;
	char reason[STORE_REASON_MAX + 1];
	int64_t lost_ms; /* 0: it stands */
	struct buf owned;
};
/* Once for each content (uses, certificate, its end); what exists keeps its plan. */
int footing_put(struct store_conn *conn, const struct footing_new *footing,
		int64_t *ret_id, struct ltps_error *err) LTPS_CHECKED;
/* ret  free with footing_clear(). Fails: NOT_FOUND */
int footing_get(struct store_conn *conn, int64_t id, struct footing *ret,
		struct ltps_error *err) LTPS_CHECKED;
void footing_clear(struct footing *f); /* NULL-safe */
typedef int footing_row(void *arg, const struct footing *f, struct ltps_error *err);
/* All that something stands on still, by id, with their uses: tips and the newest forms
 * of live objects, as footing or as partner. */
int footing_list(struct store_conn *conn, footing_row *row, void *arg,
		 struct ltps_error *err) LTPS_CHECKED;
/* A lost one keeps its date and reason. Fails: NOT_FOUND */
int footing_set_plan(struct store_conn *conn, int64_t id, int64_t weakens_ms,
		     const char *reason, struct ltps_error *err) LTPS_CHECKED;
/*
 * footing_lose - nothing that only this footing proves counts any more (RFC 3161 4:
 * key compromise). Tips on it fall, and what only they covered, as long as it stands on
 * a lost footing too; what else they covered is a tip again; it is nobody's partner. A
 * tree of objects whose own token has fallen waits for a new token (CLOSING, due now;
 * nodes and root stay). Unstamped hash-renewal trees with chains that end in it are
 * given up (tree_abandon()); a tail that ends in it is used no more. What a stamped
 * hash-renewal tree covers does not fall. It weakens now, for this reason. Tips again
 * may stand on what was not in footing_list() before: plan anew. Idempotent.
 * Fails: NOT_FOUND
 */
struct footing_loss {
	uint64_t tokens;   /* fallen */
	uint64_t restored; /* tips again */
	uint64_t trees;  /* waiting for a new token: the proof of older time is lost */
	uint64_t leaves; /* of these, audit heads not counted */
};
int footing_lose(struct store_conn *conn, int64_t id, int64_t now_ms,
		 const char *reason, struct footing_loss *ret,
		 struct ltps_error *err) LTPS_CHECKED;

/*
 * tips_lapse - tips that ended before a proven time, and were not renewed in time, are
 * given up by what they cover and what still stands, or lies over what stands: the next
 * time-stamp over what has ended would prove nothing (RFC 4998 5.3). What does not stand
 * stays under its tip; a tip that covers nothing any more falls. What was weak already
 * when it was made has not ended. Unstamped hash-renewal trees as in footing_lose().
 * Idempotent.
 * proven_ms  a genTime: no clock takes evidence away
 * ret        tokens, restored: 0 in both when there was nothing to do
 */
int tips_lapse(struct store_conn *conn, int64_t now_ms, int64_t proven_ms,
	       struct footing_loss *ret, struct ltps_error *err) LTPS_CHECKED;

/* ---- tokens and tips ---- */

/* On a lost one the token falls as in footing_lose(). Fails: NOT_FOUND */
int token_set_footing(struct store_conn *conn, int64_t token, int64_t footing,
		      struct ltps_error *err) LTPS_CHECKED;

struct tip {
	int64_t token;
	int64_t tree;
	enum digest_alg alg;
	int64_t gen_time_ms;
	char tsa[STORE_TEXT_MAX + 1]; /* name in the configuration */
	int64_t footing;              /* 0: none yet (its validation data is missing) */
	int64_t partner;              /* footing; 0: none */
	/* The earlier of footing's and partner's; INT64_MIN without a footing. */
	int64_t weakens_ms;
	bool waiting;     /* a renewal tree that is not stamped yet covers it */
	uint64_t objects; /* leaves below, tokens and audit heads not counted */
	uint64_t bytes;   /* sum of what they cover */
};
/* Of trees that something still needs (not superseded by a hash-tree renewal). */
struct tip_query {
	enum digest_alg alg;   /* NONE: any */
	int64_t weakens_until; /* at or before; INT64_MAX: any */
	bool unpaired;         /* only those without a partner */
	bool idle;             /* only those not waiting */
	int64_t after_id;
	size_t limit; /* 0: STORE_PAGE_MAX */
};
/* By token id. */
int tip_list(struct store_conn *conn, const struct tip_query *query,
	     int (*row)(void *arg, const struct tip *tip, struct ltps_error *err),
	     void *arg, struct ltps_error *err) LTPS_CHECKED;
/* Sums for a forecast, one row for each footing, partner and digest of idle or waiting
 * tips, by weakens_ms. */
struct tip_sum {
	enum digest_alg alg;
	int64_t footing;    /* 0: none yet */
	int64_t partner;    /* 0: none */
	int64_t weakens_ms; /* as in struct tip */
	char reason[STORE_REASON_MAX + 1];
	char tsa[STORE_TEXT_MAX + 1]; /* of the footing; "" without one */
	uint64_t tips, objects, bytes;
};
int tip_sums(struct store_conn *conn,
	     int (*row)(void *arg, const struct tip_sum *sum, struct ltps_error *err),
	     void *arg, struct ltps_error *err) LTPS_CHECKED;

/* Token behind this one on the way to the tip; 0: it is the tip. fallen: it proves
 * nothing. Fails: NOT_FOUND */
struct token_link {
	int64_t next;
	int64_t footing;
	bool fallen;
	int64_t tree;
	int64_t partner; /* as in struct tip */
};
int token_link_get(struct store_conn *conn, int64_t token, struct token_link *ret,
		   struct ltps_error *err) LTPS_CHECKED;
/* Of the chains that end in this token, and that something still needs: the most octets
 * that tokens of one have, and the most tokens. Fails: NOT_FOUND */
struct chain_size {
	uint64_t octets, stamps;
};
int token_chain_size(struct store_conn *conn, int64_t token, struct chain_size *ret,
		     struct ltps_error *err) LTPS_CHECKED;
/* The leaf of this token in the tree that its next token stamped. NOT_FOUND */
int token_leaf_in(struct store_conn *conn, int64_t token, int64_t tree,
		  struct leaf *ret_leaf, struct ltps_error *err) LTPS_CHECKED;

/*
 * What an open renewal tree is to be stamped by: not by the TSA of this name, since it
 * is the second opinion on tokens of it, all with the footing `partner`. tree_stamp()
 * of a TIMESTAMP_RENEWAL tree makes its token the next of all tokens below that have
 * not fallen and have none, and hands on partner (unless it was lost), objects and
 * bytes. One with nothing left to cover is no tip.
 * Fails: NOT_FOUND; STATE (stamped, or not a TIMESTAMP_RENEWAL tree)
 */
int tree_set_second(struct store_conn *conn, int64_t tree, const char *not_tsa,
		    int64_t partner, struct ltps_error *err) LTPS_CHECKED;
/* ret  not_tsa[0] == 0: any TSA */
struct tree_second {
	char not_tsa[STORE_TEXT_MAX + 1];
	int64_t partner;
};
int tree_second_get(struct store_conn *conn, int64_t tree, struct tree_second *ret,
		    struct ltps_error *err) LTPS_CHECKED;

/*
 * tree_covers_ms - the latest genTime below a closed tree: of tokens that it covers, and
 * of those that the chains end with which its leaves renew. A record that came with a
 * version is taken to end where the tree closed, to the second: it was judged before.
 * When that is in the future, the clock was ahead, and nothing is known of it.
 * record_part  `detected` of a part that is such a record
 * ret_ms       INT64_MIN: none
 */
int tree_covers_ms(struct store_conn *conn, int64_t tree, int64_t now_ms,
		   const char *record_part, int64_t *ret_ms,
		   struct ltps_error *err) LTPS_CHECKED;

/* ---- hash-tree renewal ---- */

/* A stamped tree whose leaves are (or shall be) renewed under another digest. */
struct renewal_source {
	int64_t tree;
	char profile[STORE_URI_MAX + 1];
	enum digest_alg alg;
	uint64_t n_leaves;
	uint64_t bytes;
	uint64_t done;    /* leaves passed over */
	int64_t into;     /* open HASH_RENEWAL tree that takes them now; 0: none */
	int64_t tail;     /* blob; 0: none */
	int64_t tail_tip; /* token that the tail ends with */
};
/* Trees of this digest with purpose FIRST or HASH_RENEWAL that are stamped and not yet
 * renewed as a whole, by id. */
int renewal_source_list(struct store_conn *conn, enum digest_alg alg, int64_t after_id,
			size_t limit,
			int (*row)(void *arg, const struct renewal_source *s,
				   struct ltps_error *err),
			void *arg, struct ltps_error *err) LTPS_CHECKED;
/*
 * renewal_source_begin - what chains put from now on share behind their own part: its
 * octets as a blob that the tree holds. An earlier one goes when no chain uses it, and
 * stays for those that do. The same again changes nothing.
 * tail  of STORE_TENANT_SYSTEM
 * Fails: NOT_FOUND; STATE (tree not a stamped one of objects, into not an open
 *        HASH_RENEWAL tree, tip fallen)
 */
int renewal_source_begin(struct store_conn *conn, int64_t tree, int64_t into,
			 struct blob_new *tail, int64_t tip,
			 struct ltps_error *err) LTPS_CHECKED;
/* Leaves up to `done` are handled. finished: all are. In the task that adds their
 * leaves to `into`. Once finished, and every `into` stamped, nothing needs the tips of
 * this tree any more, unless there are leaves of objects that still exist without a
 * chain (deleted data): these keep their tip.
 * Fails: NOT_FOUND; STATE (not a stamped tree of objects); ARGUMENT */
int renewal_source_progress(struct store_conn *conn, int64_t tree, uint64_t done,
			    bool finished, struct ltps_error *err) LTPS_CHECKED;
/* Leaves from this index on, at most limit. */
int tree_leaves_page(struct store_conn *conn, int64_t tree, uint64_t from, size_t limit,
		     int (*row)(void *arg, const struct leaf *leaf,
				struct ltps_error *err),
		     void *arg, struct ltps_error *err) LTPS_CHECKED;
/*
 * chain_put_shared - as chain_put(), the octets being head and behind it the tail of
 * the tree `source`. chain_list() gives both as one. Once for each leaf of a source.
 * Fails: EXISTS; NOT_FOUND (no such leaf in source); STATE (source without a tail:
 *        not begun, or its tip has fallen since)
 */
int chain_put_shared(struct store_conn *conn, enum leaf_kind ref_kind, int64_t ref,
		     uint32_t seq, struct view head, int64_t source,
		     struct ltps_error *err) LTPS_CHECKED;
/* An unstamped HASH_RENEWAL tree goes with its leaves, the chains that were put for
 * them, and the progress of its sources: they go on at the first leaf that is to do
 * again. Fails: NOT_FOUND; STATE (stamped, not one, or chains of others end in it) */
int tree_abandon(struct store_conn *conn, int64_t tree,
		 struct ltps_error *err) LTPS_CHECKED;
/* What is left to do of a digest, for a forecast. */
struct renewal_sum {
	uint64_t trees, leaves, bytes;
};
int renewal_sum_get(struct store_conn *conn, enum digest_alg alg,
		    struct renewal_sum *ret, struct ltps_error *err) LTPS_CHECKED;

/* ---- augmented objects ---- */

/* What keeps the newest form of a signed part. */
struct version_stand {
	int64_t footing; /* of its last time-stamp; 0: nothing is written down */
	int64_t partner; /* of the one under it, by another authority; 0: none */
	/* It stands on one authority of two: when the other one is asked again; 0: it
	 * need not be. And how often it was asked in vain. */
	int64_t second_ms;
	uint32_t seconds;
};
/*
 * version_stand_put - version: the augmented one. Older forms of the same submitted
 * version (the newest SUBMITTED or UPDATED before them) stand on nothing any more, and
 * are not due, when for each of their parts there is a newer form with a footing:
 * parts made of the same one have the same `related`, or without it the same po_id.
 * Fails: NOT_FOUND (also: of a deleted object, or not AUGMENTED or SEALED); ARGUMENT
 *        for a footing that is its own partner
 */
int version_stand_put(struct store_conn *conn, int64_t version,
		      const struct version_stand *stand,
		      struct ltps_error *err) LTPS_CHECKED;
/*
 * Newest augmented or sealed versions of live objects that are due: their footing or
 * its partner weakens at or before a time; of those that stand on one authority of two,
 * the other one is to be asked by now. By the footing that makes them so and by id,
 * behind this pair (0, 0: from the beginning).
 */
struct version_due_query {
	int64_t weakens_until;
	int64_t alone_until; /* the same of those that wait for the other authority */
	int64_t now_ms;
	int64_t after_footing, after_id;
	size_t limit; /* 0: STORE_PAGE_MAX */
};
struct version_due {
	int64_t footing;
	int64_t version;   /* the augmented one */
	int64_t submitted; /* the version that care-signatures knows */
	int64_t object;
	int64_t weakens_ms;
	int64_t lost_ms; /* of the footing */
};
int version_due_list(struct store_conn *conn, const struct version_due_query *query,
		     int (*row)(void *arg, const struct version_due *v,
				struct ltps_error *err),
		     void *arg, struct ltps_error *err) LTPS_CHECKED;
/* As tip_sums(), of augmented versions: tips counts them, objects too; alg is NONE,
 * bytes 0; the TSA is that of the earlier date. */
int version_sums(struct store_conn *conn,
		 int (*row)(void *arg, const struct tip_sum *sum,
			    struct ltps_error *err),
		 void *arg, struct ltps_error *err) LTPS_CHECKED;
/* Submitted versions of live objects that have a verdict from before a time, oldest
 * judgement first. */
int version_judged_list(struct store_conn *conn, int64_t judged_before, size_t limit,
			int (*row)(void *arg, int64_t version, int64_t judged_ms,
				   struct ltps_error *err),
			void *arg, struct ltps_error *err) LTPS_CHECKED;
/* The end of the preservation period was announced; object_set_preserve_until() makes
 * it one that was not. */
int object_set_announced(struct store_conn *conn, int64_t object, int64_t now_ms,
			 struct ltps_error *err) LTPS_CHECKED;
/* Live objects whose period ends before a time and was not announced, by that end. */
int object_ending_list(struct store_conn *conn, int64_t ends_before, size_t limit,
		       int (*row)(void *arg, int64_t object, int64_t ends_ms,
				  struct ltps_error *err),
		       void *arg, struct ltps_error *err) LTPS_CHECKED;

#endif
