/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew_hash - what the files of the hash-tree renewal share; not for others.
 *
 *   renew_hash.c         a turn: which digest, which source; what is told
 *   renew_hash_source.c  a source made ready: its tail, its new digest
 *   renew_hash_read.c    threads that read leaves ahead, results in order
 *   renew_hash_leaf.c    one leaf: data read, old digest checked, new one taken
 *   renew_hash_path.c    the paths of a page of leaves
 *   renew_hash_write.c   results put down: chains, leaves, progress in one task
 *   renew_hash_tell.c    damage, and what was not renewed in time
 *   renew_hash_left.c    leaves that were left, being damaged
 *
 * Spec: RFC 4998 5.2
 */
#ifndef LTPS_LTP_RENEW_HASH_H
#define LTPS_LTP_RENEW_HASH_H

#include "ltp/evidence.h"
#include "ltp/upkeep.h"
#include "storage/renewal.h"

/* Leaves of one store task: some milliseconds of the writer's, so that what is
 * ingested meanwhile does not wait for it longer than for its own disk. */
#define HASH_BATCH_LEAVES 256
/* Leaves of a new tree before the next one is begun: its nodes are built in memory
 * (128 MB with SHA-512). A source is never divided: it may be larger by one. */
#define HASH_TARGET_LEAVES ((uint64_t)1000000)

/* ---- a source ---- */

struct hash_source {
	unsigned users; /* batches and the turn */
	struct renewal_source row;
	struct tree tree;
	enum digest_alg alg; /* the new one */
	struct evidence_tail tail;
	/* The tree holds this tail and its chains use it; false: it is to take it, and
	 * if it has another one each chain is put down whole. */
	bool held;
	int64_t target; /* 0: not found or opened yet */
	int64_t now_ms;
};
enum hash_ready {
	HASH_READY,
	HASH_WAITS, /* for validation data of its tip */
	HASH_STUCK, /* no digest is left that lasts longer */
	HASH_AGAIN, /* a tree was given up: look at the sources anew */
};
/*
 * hash_source_open - tail, new digest.
 * late  the deadline is near: its tip is taken as it is
 * ret   set when READY; hash_source_drop()
 */
int hash_source_open(struct ltp_worker *w, const struct renewal_source *row,
		     int64_t now_ms, bool late, enum hash_ready *ret_ready,
		     struct hash_source **ret, struct ltps_error *err) LTPS_CHECKED;
/* Not the service's failure but that of one thing that it keeps: the others go on. */
bool hash_is_damage(const struct ltps_error *err);
struct hash_source *hash_source_take(struct hash_source *s);
void hash_source_drop(struct hash_source *s); /* NULL-safe */
/* An unstamped tree goes, and its sources go back. What is stamped meanwhile stays. */
int hash_target_abandon(struct ltp_worker *w, int64_t tree,
			struct ltps_error *err) LTPS_CHECKED;

/* ---- a leaf ---- */

enum hash_outcome {
	HASH_PASSED,       /* nothing to renew: an audit head, a deleted object */
	HASH_DATA_DELETED, /* its evidence ends with the digest */
	HASH_HANDLED,      /* a later tree has it already */
	HASH_RENEWED,
	HASH_DAMAGED,
};
struct hash_nodes;
struct hash_item {
	struct leaf leaf;
	const struct hash_nodes *nodes; /* of its page; NULL: read for it alone */
	enum hash_outcome outcome;
	int64_t object; /* 0: material of the service */
	char tenant[STORE_TENANT_MAX + 1];
	char poid[STORE_POID_MAX + 1];
	/* RENEWED */
	struct buf head; /* of the chain that ends */
	uint32_t seq;    /* of that chain */
	struct digest digest;
	uint64_t bytes;
	/* DAMAGED */
	int64_t blob; /* 0: not the bytes of a part */
	char why[256];
};
/* Everything but the writing; failures that are not the leaf's fault are errors.
 * item  leaf is set; free head */
int hash_leaf_read(struct ltp_worker *w, const struct hash_source *s,
		   struct hash_item *item, struct ltps_error *err) LTPS_CHECKED;

/* All that the paths of these leaves need. ret  hash_nodes_free() */
int hash_nodes_read(struct ltp_worker *w, const struct tree *tree,
		    const struct hash_item *items, size_t n, struct hash_nodes **ret,
		    struct ltps_error *err) LTPS_CHECKED;
void hash_nodes_free(struct hash_nodes *nodes); /* NULL-safe */
/* As evidence_head_write(), by these nodes. */
int hash_head_write(const struct hash_nodes *nodes, const struct hash_source *s,
		    const struct leaf *leaf, const struct view *group, size_t n_group,
		    struct buf *out, struct ltps_error *err) LTPS_CHECKED;

/* ---- many leaves ---- */

struct hash_batch {
	struct hash_source *source;
	bool retry;    /* of leaves that were left; else a page of the source */
	bool last;     /* of the pass over it */
	uint64_t from; /* first index of a page */
	struct hash_nodes *nodes; /* of a page */
	struct hash_item items[HASH_BATCH_LEAVES];
	size_t n;
	uint64_t bytes; /* read for it */
	/* The readers' own. */
	size_t taken, done;
	struct ltps_error error;
	struct hash_batch *next;
};
void hash_batch_free(struct hash_batch *b); /* NULL-safe */

struct hash_readers;
/* stop_ms: monotonic; bytes: 0 without bound. No leaf is begun after either. */
int hash_readers_start(struct ltp *l, int64_t stop_ms, uint64_t bytes,
		       struct hash_readers **ret_r,
		       struct ltps_error *err) LTPS_CHECKED;
void hash_readers_give(struct hash_readers *r, struct hash_batch *b);
/*
 * hash_readers_await - until all of the batch is read, or all that was begun: n is cut
 * to that then, last is false, and so is whatever was given behind it.
 */
int hash_readers_await(struct hash_readers *r, struct hash_batch *b,
		       struct ltps_error *err) LTPS_CHECKED;
/* Nothing further is begun. Any thread. */
void hash_readers_cut(struct hash_readers *r);
/* Whether anything was cut off. */
bool hash_readers_were_cut(struct hash_readers *r);
void hash_readers_stop(struct hash_readers *r); /* NULL-safe */

/* ---- writing ---- */

/*
 * hash_batch_write - chains, leaves, findings and progress as one task. Items of
 * objects deleted since they were read are left out.
 * cause  for the trace of a tree that is closed to make room for another
 * Fails: STATE or NOT_FOUND when the source is no longer as it was read: look again
 */
int hash_batch_write(struct ltp_worker *w, const struct hash_batch *b,
		     const char *cause, struct ltps_error *err) LTPS_CHECKED;
/* All open trees of hash renewals that have leaves. */
int hash_targets_close(struct ltp_worker *w, const char *cause, int64_t now_ms,
		       struct ltps_error *err) LTPS_CHECKED;

/* ---- leaves that were left ---- */

#define HASH_LEFT_MAX 10000 /* one source's; beyond it the source is read once more */
struct hash_left {
	bool overflow;    /* there are more: the whole source is to be read again */
	bool ended_told;  /* that they were not renewed in time */
	int64_t again_ms; /* next try */
	uint64_t from;    /* it was cut short: goes on at this index */
	uint64_t *index;  /* ascending */
	size_t n;
};
/* None is no error. ret  hash_left_clear() */
int hash_left_read(struct store_conn *conn, int64_t tree, struct hash_left *ret,
		   struct ltps_error *err) LTPS_CHECKED;
/* Sources that have any, at most HASH_LEFT_MAX of them. ret  free trees */
struct hash_trees {
	int64_t *trees;
	size_t n;
};
int hash_left_trees(struct store_conn *conn, struct hash_trees *ret,
		    struct ltps_error *err) LTPS_CHECKED;
int hash_left_write(struct store_conn *conn, int64_t tree, const struct hash_left *left,
		    struct ltps_error *err) LTPS_CHECKED;
void hash_left_clear(struct hash_left *left);
/* ret_new: was not there */
int hash_left_add(struct hash_left *left, uint64_t index, bool *ret_new,
		  struct ltps_error *err) LTPS_CHECKED;
void hash_left_remove(struct hash_left *left, uint64_t index);

/* ---- what is told ---- */

/* A digest that is due. */
struct hash_due {
	enum digest_alg alg;
	int64_t end_ms;
	bool late; /* the deadline is near, or past */
};
struct hash_dues {
	struct hash_due d[DIGEST_ALG_COUNT]; /* first to end first */
	size_t n;
};
struct hash_told {
	uint64_t damaged, unread; /* leaves */
	bool late, ended;         /* of what is unread or damaged */
	char names[192];          /* of some that are damaged */
	size_t n_named;
	int64_t again_ms; /* leaves that were left are tried again; INT64_MAX */
};
/*
 * hash_tell - what is left to do. Damaged objects whose digest has ended meanwhile are
 * named in the trace, once.
 */
int hash_tell(struct ltp_worker *w, const struct hash_dues *dues, int64_t now_ms,
	      struct hash_told *ret, struct ltps_error *err) LTPS_CHECKED;

/* Points at which a test ends the process; NULL at the end. */
extern const char *const renew_hash_failpoints[];

#endif
