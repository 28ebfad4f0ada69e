/* SPDX-License-Identifier: Apache-2.0 */
/* renewal_private - what stamping, losing and giving up trees have in common. */
#ifndef LTPS_STORAGE_RENEWAL_PRIVATE_H
#define LTPS_STORAGE_RENEWAL_PRIVATE_H

#include "storage/renewal.h"
#include "storage/store_private.h"

/* Octets that tree_close() counts for the audit head, the last leaf of every tree. */
#define AUDIT_HEAD_BYTES 32

/* A change without rows, of exactly one row. Fails: NOT_FOUND naming what */
int renewal_update_one(struct store_conn *conn, struct db_stmt *s, const char *what,
		       int64_t id, struct ltps_error *err) LTPS_CHECKED;
/* A change by one number. */
int renewal_run(struct store_conn *conn, enum sql_id sql, int64_t a,
		struct ltps_error *err) LTPS_CHECKED;
/* A bound statement is run to its end before the first row is used: its columns, as
 * numbers, `columns` a row, into an empty buffer. */
int renewal_collect(struct db_stmt *s, int columns, struct buf *out,
		    struct ltps_error *err) LTPS_CHECKED;
struct buf renewal_buf(void);
/* Row i of them. */
static inline const int64_t *renewal_row(const struct buf *b, int columns, size_t i)
{
	return (const int64_t *)(const void *)b->p + (size_t)columns * i;
}
static inline size_t renewal_rows(const struct buf *b, int columns)
{
	return b->n / sizeof(int64_t) / (size_t)columns;
}

/* renewal_link.c: a tree was stamped by this token. */
int renewal_stamped(struct store_conn *conn, const struct tree *tree, int64_t token,
		    struct ltps_error *err) LTPS_CHECKED;
int renewal_add_path(struct store_conn *conn, int64_t token, int64_t trees,
		     int64_t objects, int64_t bytes,
		     struct ltps_error *err) LTPS_CHECKED;

/* renewal_source.c: all trees whose leaves this stamped one renews are looked at, or
 * one by itself. */
int renewal_supersede_below(struct store_conn *conn, int64_t target,
			    struct ltps_error *err) LTPS_CHECKED;
/* The token of this tree has fallen: what it superseded is needed again. */
int renewal_revive_below(struct store_conn *conn, int64_t target,
			 struct ltps_error *err) LTPS_CHECKED;
/* Chains of this source end with this tail from now on, 0: with none; the one before
 * (0: none) goes when no chain ends with it. */
int renewal_tail_set(struct store_conn *conn, int64_t source, int64_t before,
		     int64_t tail, struct ltps_error *err) LTPS_CHECKED;
int renewal_tail_drop(struct store_conn *conn, int64_t tail, int64_t blob,
		      struct ltps_error *err) LTPS_CHECKED;
struct source_state {
	int64_t n_leaves;
	int64_t tail; /* 0: none */
};
/* Fails: NOT_FOUND; STATE when it is no source */
int renewal_source_state(struct store_conn *conn, int64_t tree,
			 struct source_state *ret, struct ltps_error *err) LTPS_CHECKED;

/* renewal_lose.c: after a footing was lost, or a token was put on a lost one. */
int renewal_fall(struct store_conn *conn, int64_t now_ms, struct footing_loss *ret,
		 struct ltps_error *err) LTPS_CHECKED;

/* tree_read.c */
int tree_leaf_read(struct db_stmt *s, enum digest_alg alg, struct leaf *l,
		   struct ltps_error *err) LTPS_CHECKED;
/* tree.c: a tree that goes takes no leaves any more. */
int tree_cache_forget(struct store_conn *conn, int64_t tree,
		      struct ltps_error *err) LTPS_CHECKED;

#endif
