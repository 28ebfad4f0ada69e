/* SPDX-License-Identifier: Apache-2.0 */
/*
 * queue - rows of durable jobs; scheduler/job.h puts the retry policy on top.
 *
 * A claim is a lease with a fencing number: every claim takes a new one, and
 * whoever comes back with an old one is refused.
 */
#ifndef LTPS_STORAGE_QUEUE_H
#define LTPS_STORAGE_QUEUE_H

#include "storage/store.h"

/* Values are stored: never renumber. */
enum queue_state {
	QUEUE_WAITING = 0,
	QUEUE_LEASED = 1,
	QUEUE_DEAD = 2, /* gave up; kept for the operator */
};

struct queue_row {
	int64_t id;
	char kind[STORE_NAME_MAX + 1];
	char subject[STORE_SUBJECT_MAX + 1];
	enum queue_state state;
	int64_t due_ms;
	int64_t lease_until_ms;
	char owner[STORE_NAME_MAX + 1];
	int64_t fence;
	uint32_t attempts; /* claims so far */
	char last_error[STORE_ERROR_MAX + 1];
};

/*
 * queue_add - a job, once for each kind and subject. A waiting one keeps the
 * earlier due time; a leased one is marked to run again when it ends; a dead
 * one starts afresh.
 * ret_added  false when it existed; may be NULL
 */
int queue_add(struct store_conn *conn, const char *kind, const char *subject,
	      int64_t due_ms, bool *ret_added, struct ltps_error *err) LTPS_CHECKED;
struct queue_claim {
	const char *kind; /* NULL: any */
	const char *owner;
	int64_t now_ms;
	int64_t lease_until_ms;
};
/* The most overdue job that is waiting, or whose lease has run out. */
int queue_claim(struct store_conn *conn, const struct queue_claim *claim,
		struct queue_row *ret_row, bool *ret_found,
		struct ltps_error *err) LTPS_CHECKED;
/* These check the fence. Fails: STATE (lost the lease), NOT_FOUND */
int queue_extend(struct store_conn *conn, int64_t id, int64_t fence,
		 int64_t lease_until_ms, struct ltps_error *err) LTPS_CHECKED;
/* The row goes, or waits again if it was added meanwhile. */
int queue_finish(struct store_conn *conn, int64_t id, int64_t fence,
		 struct ltps_error *err) LTPS_CHECKED;
struct queue_failure {
	int64_t id;
	int64_t fence;
	int64_t due_ms;    /* next attempt */
	bool dead;         /* no further attempt */
	const char *error; /* cut to STORE_ERROR_MAX */
};
int queue_fail(struct store_conn *conn, const struct queue_failure *failure,
	       struct ltps_error *err) LTPS_CHECKED;
/* Waits again until due_ms; the attempt is not counted. */
int queue_postpone(struct store_conn *conn, int64_t id, int64_t fence, int64_t due_ms,
		   struct ltps_error *err) LTPS_CHECKED;
/* Earliest time at which something of a kind (NULL: any) can be claimed; 0 when nothing
 * waits. */
int queue_next_due(struct store_conn *conn, const char *kind, int64_t *ret_due_ms,
		   struct ltps_error *err) LTPS_CHECKED;
/* The latest such time of a kind; 0 when nothing waits. */
int queue_last_due(struct store_conn *conn, const char *kind, int64_t *ret_due_ms,
		   struct ltps_error *err) LTPS_CHECKED;
/* The job of this kind and subject, finished ones excepted: they are gone. */
int queue_find(struct store_conn *conn, const char *kind, const char *subject,
	       struct queue_row *ret_row, bool *ret_found,
	       struct ltps_error *err) LTPS_CHECKED;
typedef int queue_visit(void *arg, const struct queue_row *row, struct ltps_error *err);
/* By id; kind NULL and state < 0: any. */
struct queue_query {
	const char *kind;
	int state;
	int64_t after_id;
	size_t limit;
};
int queue_list(struct store_conn *conn, const struct queue_query *query,
	       queue_visit *row, void *arg, struct ltps_error *err) LTPS_CHECKED;

/* Jobs that wait for later than `due_ms`, or are leased for longer than `lease_ms`,
 * which is not later; the latest first. */
struct queue_ahead {
	const char *kind;
	int64_t due_ms;
	int64_t lease_ms;
	size_t limit;
};
int queue_list_ahead(struct store_conn *conn, const struct queue_ahead *query,
		     queue_visit *row, void *arg, struct ltps_error *err) LTPS_CHECKED;

/* What there is of one kind. Reads every job: for an operator who asks. */
struct queue_sum {
	char kind[STORE_NAME_MAX + 1];
	uint64_t waiting; /* for their time */
	uint64_t due;     /* and not begun, or their lease has run out */
	uint64_t running;
	uint64_t dead;
	int64_t due_since_ms;                  /* of the first due; INT64_MAX: none */
	char last_error[STORE_ERROR_MAX + 1]; /* of one that failed; "" */
};
/* By kind. */
int queue_sums(struct store_conn *conn, int64_t now_ms,
	       int (*row)(void *arg, const struct queue_sum *sum,
			  struct ltps_error *err),
	       void *arg, struct ltps_error *err) LTPS_CHECKED;

#endif
