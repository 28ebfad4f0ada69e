/* SPDX-License-Identifier: Apache-2.0 */
/*
 * evidence - hash trees, their leaves, and the time-stamp tokens over them
 * (RFC 4998). The store keeps and numbers; it builds no tree and verifies no
 * token.
 *
 * A tree is open (takes leaves), closing (leaf set fixed, token wanted) or
 * stamped (nodes and token stored; back to closing when its token falls, see
 * storage/renewal.h). A leaf has a kind and the row it covers,
 * so that a chain is walked by point reads:
 *   version -> leaf in tree T1 -> token K1 -> leaf (kind TOKEN, ref K1) in
 *   renewal tree T2 -> token K2 -> ...
 * At a hash-tree renewal the version becomes a leaf of a tree of purpose
 * HASH_RENEWAL, and its earlier chains are kept as bytes (chain_put).
 */
#ifndef LTPS_STORAGE_EVIDENCE_H
#define LTPS_STORAGE_EVIDENCE_H

#include "base/bytes.h"
#include "base/digest.h"
#include "storage/blob.h"
#include "storage/store.h"

/* All values here are stored: never renumber. */
enum tree_state { TREE_OPEN = 0, TREE_CLOSING = 1, TREE_STAMPED = 2 };

enum tree_purpose {
	TREE_FIRST = 0,             /* leaves come in as they are stored */
	TREE_TIMESTAMP_RENEWAL = 1, /* leaves are tokens (RFC 4998 5.2) */
	TREE_HASH_RENEWAL = 2,      /* leaves renew versions (RFC 4998 5.2) */
};

enum leaf_kind {
	LEAF_VERSION = 1,    /* ref: version id */
	LEAF_AUDIT_HEAD = 2, /* ref: audit sequence number; digest = H(h_seq) */
	LEAF_MATERIAL = 3,   /* ref: material id */
	LEAF_TOKEN = 4,      /* ref: token id; digest = H(token) */
};

struct tree {
	int64_t id;
	enum tree_purpose purpose;
	char profile[STORE_URI_MAX + 1];
	enum digest_alg alg;
	enum tree_state state;
	int64_t opened_ms; /* first leaf */
	int64_t closed_ms; /* 0: open */
	int64_t stamped_ms;
	uint64_t n_leaves;
	uint64_t bytes;          /* sum of what the leaves cover */
	struct digest root;      /* stamped trees */
	int64_t nodes_blob;      /* stamped trees; merkle.h layout */
	int64_t token;           /* stamped trees: the token over the root */
	int64_t next_attempt_ms; /* closing trees */
	uint32_t attempts;
	char last_error[STORE_ERROR_MAX + 1];
};

struct leaf_new {
	const char *profile;
	enum digest_alg alg;
	enum leaf_kind kind;
	int64_t ref;
	struct digest digest; /* digest.alg == alg */
	uint64_t bytes;       /* size of what it covers */
	int64_t now_ms;       /* opening time of a tree that must be opened */
};

struct leaf {
	int64_t tree;
	uint64_t index; /* from 0 */
	enum leaf_kind kind;
	int64_t ref;
	struct digest digest;
};

/*
 * tree_append_leaf - the next leaf of the open tree of (profile, alg), opening
 * one if there is none. In the same task as the row it covers. A TOKEN leaf
 * freezes its token.
 * ret_leaf  tree and index are set; may be NULL
 * Fails:    ARGUMENT (digest of another algorithm); EXISTS (this kind and ref
 *           is in this tree already); MISMATCH (TOKEN: not the token's hash)
 */
int tree_append_leaf(struct store_conn *conn, const struct leaf_new *leaf,
		     struct leaf *ret_leaf, struct ltps_error *err) LTPS_CHECKED;
/* A tree of its own for a renewal; any number may be open. */
int tree_open_renewal(struct store_conn *conn, enum tree_purpose purpose,
		      const char *profile, enum digest_alg alg, int64_t now_ms,
		      int64_t *ret_tree, struct ltps_error *err) LTPS_CHECKED;
/* As tree_append_leaf, into this tree (profile and alg of leaf unused).
 * Fails: NOT_FOUND; STATE (not open). */
int tree_add_leaf(struct store_conn *conn, int64_t tree, const struct leaf_new *leaf,
		  struct leaf *ret_leaf, struct ltps_error *err) LTPS_CHECKED;
/*
 * tree_close - append the head of the audit chain as last leaf and fix the
 * leaf set; the next leaf opens a new tree.
 * Fails: NOT_FOUND; STATE (not open, or without a leaf)
 */
int tree_close(struct store_conn *conn, int64_t tree, int64_t now_ms,
	       struct ltps_error *err) LTPS_CHECKED;
/* An attempt to stamp a closing tree failed. */
int tree_attempt_failed(struct store_conn *conn, int64_t tree, int64_t next_attempt_ms,
			const char *error, struct ltps_error *err) LTPS_CHECKED;

/* It is tried again then; nothing has failed. */
int tree_put_off(struct store_conn *conn, int64_t tree, int64_t next_attempt_ms,
		 struct ltps_error *err) LTPS_CHECKED;

struct tree_stamp {
	int64_t tree;
	struct digest root;
	struct blob_new *nodes; /* of STORE_TENANT_SYSTEM */
	struct view token;      /* TimeStampToken as received */
	int64_t gen_time_ms;
	const char *tsa; /* name of the time-stamping authority */
	int64_t now_ms;
};
/*
 * Nodes, token and state at once, and what follows for other tokens
 * (storage/renewal.h). A tree whose token has fallen is stamped again over the
 * same root. Fails: NOT_FOUND; STATE (not closing); MISMATCH (another root)
 */
int tree_stamp(struct store_conn *conn, const struct tree_stamp *stamp,
	       int64_t *ret_token, struct ltps_error *err) LTPS_CHECKED;

/* Fails: NOT_FOUND */
int tree_get(struct store_conn *conn, int64_t tree, struct tree *ret_tree,
	     struct ltps_error *err) LTPS_CHECKED;
/*
 * tree_leaves - all leaf digests in order, n_leaves * digest_len(alg) bytes.
 * out    its size must be exactly that; CORRUPT when the rows do not fill it
 */
int tree_leaves(struct store_conn *conn, int64_t tree, uint8_t *out, size_t out_size,
		struct ltps_error *err) LTPS_CHECKED;
int tree_leaf_at(struct store_conn *conn, int64_t tree, uint64_t index,
		 struct leaf *ret_leaf, struct ltps_error *err) LTPS_CHECKED;
/* Every leaf that covers this row, oldest tree first. None is no error. */
int tree_leaves_of(struct store_conn *conn, enum leaf_kind kind, int64_t ref,
		   int (*row)(void *arg, const struct leaf *leaf,
			      struct ltps_error *err),
		   void *arg, struct ltps_error *err) LTPS_CHECKED;
/* All leaves of a tree with kind and ref, in order. */
int tree_leaves_list(struct store_conn *conn, int64_t tree,
		     int (*row)(void *arg, const struct leaf *leaf,
				struct ltps_error *err),
		     void *arg, struct ltps_error *err) LTPS_CHECKED;

typedef int tree_row(void *arg, const struct tree *tree, struct ltps_error *err);
/*
 * tree_due_to_close - open trees with at least one leaf that reached one of
 * the limits (0: that limit does not apply).
 * opened_before_ms  opened at or before this time
 * profile           NULL: any
 */
struct tree_limits {
	const char *profile;
	uint64_t leaves;
	uint64_t bytes;
	int64_t opened_before_ms;
};
int tree_due_to_close(struct store_conn *conn, const struct tree_limits *limits,
		      tree_row *row, void *arg, struct ltps_error *err) LTPS_CHECKED;
/* Closing trees whose next attempt is due. */
int tree_due_to_stamp(struct store_conn *conn, int64_t now_ms, tree_row *row, void *arg,
		      struct ltps_error *err) LTPS_CHECKED;
/* By id, greater than after_id; state < 0: any. */
int tree_list(struct store_conn *conn, int state, int64_t after_id, size_t limit,
	      tree_row *row, void *arg, struct ltps_error *err) LTPS_CHECKED;

struct token {
	int64_t id;
	int64_t tree;
	struct view der; /* into owned */
	int64_t gen_time_ms;
	char tsa[STORE_TEXT_MAX + 1];
	bool frozen;
	int64_t stored_ms;
	int64_t replaced_ms; /* last token_replace(); 0: never */
	struct buf owned;
};
/* ret_token  free with token_free() */
int token_get(struct store_conn *conn, int64_t token, struct token **ret_token,
	      struct ltps_error *err) LTPS_CHECKED;
void token_free(struct token *token);
/*
 * token_replace - the token with validation data spliced in.
 * Fails: NOT_FOUND; STATE (frozen: a renewal has taken its hash)
 */
int token_replace(struct store_conn *conn, int64_t token, struct view der,
		  int64_t now_ms, struct ltps_error *err) LTPS_CHECKED;
/* Adding a TOKEN leaf does this by itself. */
int token_freeze(struct store_conn *conn, int64_t token,
		 struct ltps_error *err) LTPS_CHECKED;

/*
 * chain_put - the ArchiveTimeStampChains of a version before a hash-tree
 * renewal, or those of another service that it came with, as bytes that are
 * never rebuilt. seq from 1, oldest first.
 * ref_kind, ref  VERSION or MATERIAL
 * Fails: EXISTS
 */
int chain_put(struct store_conn *conn, enum leaf_kind ref_kind, int64_t ref,
	      uint32_t seq, struct view der, struct ltps_error *err) LTPS_CHECKED;
/* How many came with a version: chain_put() kept them, and not chain_put_shared(), by
 * which renewals put down what is our own. They are the first of it. */
int chain_count_came(struct store_conn *conn, enum leaf_kind ref_kind, int64_t ref,
		     uint64_t *ret_n, struct ltps_error *err) LTPS_CHECKED;
/* In order of seq; der is borrowed during row(). */
int chain_list(struct store_conn *conn, enum leaf_kind ref_kind, int64_t ref,
	       int (*row)(void *arg, uint32_t seq, struct view der,
			  struct ltps_error *err),
	       void *arg, struct ltps_error *err) LTPS_CHECKED;

#endif
