/* SPDX-License-Identifier: Apache-2.0 */
/*
 * audit - the hash-chained journal of everything that happens to objects.
 *
 *   h_n = SHA-256(0x01 || h_(n-1) || canonical entry), h_0 = 32 zero bytes
 *
 * Canonical entry: sequence number and time (8 octets each, big-endian), then
 * tenant, actor, operation, poid, detail, outcome, each as 4 octets of length
 * (0xffffffff: absent) and its bytes. The head is a leaf of every tree that
 * closes, which is what makes the chain hard to rewrite; the triggers of the
 * table only stop accidents.
 */
#ifndef LTPS_STORAGE_AUDIT_H
#define LTPS_STORAGE_AUDIT_H

#include "base/digest.h"
#include "storage/store.h"

struct audit_entry {
	int64_t seq; /* given by the store */
	int64_t time_ms;
	const char *tenant; /* texts may be NULL, except operation */
	const char *actor;  /* who asked: client, or the service itself */
	const char *operation;
	const char *poid;
	const char *detail;
	const char *outcome;
};

/* Appends inside the caller's task (writer only). ret_seq may be NULL. */
int audit_append(struct store_conn *conn, const struct audit_entry *entry,
		 int64_t *ret_seq, struct ltps_error *err) LTPS_CHECKED;
/*
 * audit_follow - appended() sees each entry that this process appends from now on, on
 * the writer's thread and inside the entry's own transaction: what it writes is durable
 * with the entry or not at all; -1 undoes both. One follower a store: a later one takes
 * the place of an earlier.
 * appended  must not append entries itself
 * arg       stays until audit_unfollow(store, arg) has returned, or the store is closed
 */
typedef int audit_appended_fn(void *arg, struct store_conn *conn,
			      const struct audit_entry *entry, struct ltps_error *err);
void audit_follow(struct store *store, audit_appended_fn *appended, void *arg);
/* Nothing when another one follows. Not from within appended(). */
void audit_unfollow(struct store *store, const void *arg);
/* Last entry; seq 0 and zero bytes when there is none. */
int audit_head(struct store_conn *conn, int64_t *ret_seq, struct digest *ret_head,
	       struct ltps_error *err) LTPS_CHECKED;
/* h_seq; seq 0 gives zero bytes. Fails: NOT_FOUND */
int audit_hash_at(struct store_conn *conn, int64_t seq, struct digest *ret_hash,
		  struct ltps_error *err) LTPS_CHECKED;

struct audit_query {
	const char *tenant; /* NULL: any */
	const char *poid;   /* NULL: any */
	int64_t after_seq;
	size_t limit; /* 0: STORE_PAGE_MAX */
};
/*
 * audit_get - one entry, lent to row() as by audit_list().
 * Fails: NOT_FOUND
 */
int audit_get(struct store_conn *conn, int64_t seq,
	      int (*row)(void *arg, const struct audit_entry *entry,
			 struct ltps_error *err),
	      void *arg, struct ltps_error *err) LTPS_CHECKED;
/* In order; the entry is borrowed during row(). */
int audit_list(struct store_conn *conn, const struct audit_query *query,
	       int (*row)(void *arg, const struct audit_entry *entry,
			  struct ltps_error *err),
	       void *arg, struct ltps_error *err) LTPS_CHECKED;
/*
 * audit_verify - recompute the whole chain.
 * ret_bad_seq  0: intact; otherwise the first entry that is missing or whose
 *              hash differs
 */
int audit_verify(struct store_conn *conn, int64_t *ret_bad_seq,
		 struct ltps_error *err) LTPS_CHECKED;

#endif
