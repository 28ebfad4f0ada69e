/* SPDX-License-Identifier: Apache-2.0 */
/*
 * pool - worker threads with a bounded queue; answers return through an
 * eventfd to the one loop thread.
 *
 * A job owns its input and output; work() takes no lock and touches nothing
 * outside its job and its thread's state. done() runs on the loop thread.
 */
#ifndef LTPS_BASE_POOL_H
#define LTPS_BASE_POOL_H

#include <stddef.h>

#include "base/err.h"

enum pool_outcome {
	POOL_DONE,    /* queue the reply now */
	POOL_PENDING, /* somebody will call pool_finish() for this job */
};

struct pool_job {
	enum pool_outcome (*work)(struct pool_job *job, void *thread_state);
	void (*done)(struct pool_job *job);
	struct pool_job *next; /* the pool's own */
};

struct pool;

struct pool_options {
	unsigned threads;
	size_t queue_max; /* jobs waiting for a worker */
	/* Builds and frees the state of one worker thread (connection, handle). */
	int (*thread_init)(void *arg, void **ret_state, struct ltps_error *err);
	void (*thread_free)(void *state);
	void *arg;
};

int pool_new(const struct pool_options *options, struct pool **ret_pool,
	     struct ltps_error *err) LTPS_CHECKED;
/*
 * pool_submit - hand a job over; the pool owns it until done() is called.
 * Fails: BUSY (self) when the queue is full or the pool is stopping.
 */
int pool_submit(struct pool *pool, struct pool_job *job,
		struct ltps_error *err) LTPS_CHECKED;
/* pool_finish - queue the reply of a PENDING job, from any thread. */
void pool_finish(struct pool *pool, struct pool_job *job);
/* Readable when replies wait. */
int pool_fd(const struct pool *pool);
/* Runs done() of all waiting replies; loop thread only. Returns how many. */
size_t pool_drain(struct pool *pool);
/* Jobs submitted whose done() has not run yet. */
size_t pool_in_flight(struct pool *pool);
/* No further jobs; workers end when the queue is empty and are joined. */
void pool_stop(struct pool *pool);
/* After pool_stop and a last pool_drain. NULL-safe. */
void pool_free(struct pool *pool);

#endif
