/* SPDX-License-Identifier: Apache-2.0 */
#include "base/pool.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/mem.h"

/* More threads than this is a mistyped configuration, not a machine. */
#define POOL_THREADS_MAX 256

/* A list of jobs, first in first out, linked through the jobs themselves. */
struct job_queue {
	struct pool_job *head;
	struct pool_job *tail;
	size_t n;
};

struct pool {
	struct pool_options options;
	pthread_mutex_t lock; /* guards everything below */
	pthread_cond_t work_ready;
	pthread_cond_t started;
	struct job_queue waiting;
	struct job_queue replies;
	size_t in_flight;
	bool stopping;
	unsigned n_up;            /* workers whose thread_init is over */
	struct ltps_error failed; /* the first thread_init that failed */
	int reply_fd;
	unsigned n_threads; /* created and not joined; loop thread only */
	pthread_t threads[];
};

static void queue_put(struct job_queue *q, struct pool_job *job)
{
	job->next = NULL;
	if (q->tail != NULL)
		q->tail->next = job;
	else
		q->head = job;
	q->tail = job;
	q->n++;
}

static struct pool_job *queue_take(struct job_queue *q)
{
	struct pool_job *job = q->head;
	if (job == NULL)
		return NULL;
	q->head = job->next;
	if (q->head == NULL)
		q->tail = NULL;
	q->n--;
	return job;
}

/* A counter at its maximum is readable anyway, so EAGAIN loses nothing. */
static void wake_loop(const struct pool *pool)
{
	const uint64_t one = 1;
	while (write(pool->reply_fd, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void worker_report(struct pool *pool, int rc, const struct ltps_error *err)
{
	pthread_mutex_lock(&pool->lock);
	pool->n_up++;
	if (rc != 0 && pool->failed.code == LTPS_OK)
		pool->failed = *err;
	pthread_cond_signal(&pool->started);
	pthread_mutex_unlock(&pool->lock);
}

static int worker_init(struct pool *pool, void **ret_state)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int rc = 0;
	if (pool->options.thread_init != NULL)
		rc = pool->options.thread_init(pool->options.arg, ret_state, &err);
	if (rc != 0 && err.code == LTPS_OK)
		ltps_fail(&err, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
			  "a worker thread could not be set up");
	worker_report(pool, rc, &err);
	return rc;
}

/* The next job, or NULL when the pool stops and nothing waits any more. */
static struct pool_job *next_job(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	while (pool->waiting.head == NULL && !pool->stopping)
		pthread_cond_wait(&pool->work_ready, &pool->lock);
	struct pool_job *job = queue_take(&pool->waiting);
	pthread_mutex_unlock(&pool->lock);
	return job;
}

static void *worker_main(void *arg)
{
	struct pool *pool = arg;
	void *state = NULL;
	struct pool_job *job;
	if (worker_init(pool, &state) != 0)
		return NULL;
	while ((job = next_job(pool)) != NULL) {
		/* A pending job may be finished and freed already: not touched. */
		if (job->work(job, state) == POOL_DONE)
			pool_finish(pool, job);
	}
	if (pool->options.thread_free != NULL)
		pool->options.thread_free(state);
	return NULL;
}

/*
 * Signals are the loop thread's business. Those of a fault of the thread's
 * own stay open, so that a crash is reported as what it is.
 */
static void worker_signals(sigset_t *set)
{
	static const int own[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL,
				   SIGABRT, SIGSYS, SIGTRAP };
	sigfillset(set);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		sigdelset(set, own[i]);
}

static int start_threads(struct pool *pool, struct ltps_error *err)
{
	sigset_t blocked;
	sigset_t before;
	int rc = 0;
	worker_signals(&blocked);
	pthread_sigmask(SIG_SETMASK, &blocked, &before);
	while (rc == 0 && pool->n_threads < pool->options.threads) {
		rc = pthread_create(&pool->threads[pool->n_threads], NULL, worker_main,
				    pool);
		if (rc == 0)
			pool->n_threads++;
	}
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	if (rc == 0)
		return 0;
	errno = rc;
	return ltps_fail_errno(err, "cannot start a worker thread");
}

/* Every thread_init is over: the pool works, or its first error is ours. */
static int wait_started(struct pool *pool, struct ltps_error *err)
{
	pthread_mutex_lock(&pool->lock);
	while (pool->n_up < pool->n_threads)
		pthread_cond_wait(&pool->started, &pool->lock);
	const struct ltps_error failed = pool->failed;
	pthread_mutex_unlock(&pool->lock);
	if (failed.code == LTPS_OK)
		return 0;
	if (err->code == LTPS_OK)
		*err = failed;
	return -1;
}

static int check_options(const struct pool_options *options, struct ltps_error *err)
{
	if (options->threads == 0 || options->threads > POOL_THREADS_MAX)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "a pool has 1 to %d threads, not %u", POOL_THREADS_MAX,
				 options->threads);
	if (options->queue_max == 0)
		return ltps_fail(err, LTPS_ARGUMENT, LTPS_FAULT_CALLER, NULL,
				 "a pool needs a queue of at least one job");
	return 0;
}

static int pool_make(const struct pool_options *options, struct pool **ret_pool,
		     struct ltps_error *err)
{
	struct pool *pool =
	    mem_zalloc(1, sizeof(*pool) + options->threads * sizeof(pool->threads[0]));
	if (pool == NULL)
		return ltps_fail_nomem(err);
	pool->options = *options;
	pool->reply_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (pool->reply_fd < 0) {
		ltps_fail_errno(err, "cannot make an eventfd");
		mem_free(pool);
		return -1;
	}
	/* With default attributes these cannot fail on Linux. */
	pthread_mutex_init(&pool->lock, NULL);
	pthread_cond_init(&pool->work_ready, NULL);
	pthread_cond_init(&pool->started, NULL);
	*ret_pool = pool;
	return 0;
}

int pool_new(const struct pool_options *options, struct pool **ret_pool,
	     struct ltps_error *err)
{
	struct pool *pool = NULL;
	if (check_options(options, err) != 0 || pool_make(options, &pool, err) != 0)
		return -1;
	int rc = start_threads(pool, err);
	if (wait_started(pool, err) != 0)
		rc = -1;
	if (rc != 0) {
		pool_free(pool);
		return -1;
	}
	*ret_pool = pool;
	return 0;
}

int pool_submit(struct pool *pool, struct pool_job *job, struct ltps_error *err)
{
	pthread_mutex_lock(&pool->lock);
	const bool stopping = pool->stopping;
	const bool full = pool->waiting.n >= pool->options.queue_max;
	if (!stopping && !full) {
		queue_put(&pool->waiting, job);
		pool->in_flight++;
		pthread_cond_signal(&pool->work_ready);
	}
	pthread_mutex_unlock(&pool->lock);
	if (stopping)
		return ltps_fail(err, LTPS_BUSY, LTPS_FAULT_SELF, NULL,
				 "the worker pool is stopping");
	if (full)
		return ltps_fail(err, LTPS_BUSY, LTPS_FAULT_SELF, NULL,
				 "the worker queue is full (%zu jobs)",
				 pool->options.queue_max);
	return 0;
}

void pool_finish(struct pool *pool, struct pool_job *job)
{
	/*
	 * The loop is woken under the lock: once the job can be drained, the
	 * pool may be freed, and this thread must be out of it by then.
	 */
	pthread_mutex_lock(&pool->lock);
	queue_put(&pool->replies, job);
	wake_loop(pool);
	pthread_mutex_unlock(&pool->lock);
}

int pool_fd(const struct pool *pool)
{
	return pool->reply_fd;
}

size_t pool_drain(struct pool *pool)
{
	uint64_t count;
	size_t n = 0;
	/* Both under the lock: readable means that a reply waits. */
	pthread_mutex_lock(&pool->lock);
	while (read(pool->reply_fd, &count, sizeof(count)) < 0 && errno == EINTR)
		;
	struct pool_job *job = pool->replies.head;
	pool->replies = (struct job_queue){ NULL, NULL, 0 };
	pthread_mutex_unlock(&pool->lock);
	while (job != NULL) {
		struct pool_job *next = job->next; /* done() may free the job */
		job->done(job);
		job = next;
		n++;
	}
	pthread_mutex_lock(&pool->lock);
	pool->in_flight -= n;
	pthread_mutex_unlock(&pool->lock);
	return n;
}

size_t pool_in_flight(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	const size_t n = pool->in_flight;
	pthread_mutex_unlock(&pool->lock);
	return n;
}

void pool_stop(struct pool *pool)
{
	pthread_mutex_lock(&pool->lock);
	pool->stopping = true;
	pthread_cond_broadcast(&pool->work_ready);
	pthread_mutex_unlock(&pool->lock);
	while (pool->n_threads > 0)
		pthread_join(pool->threads[--pool->n_threads], NULL);
}

void pool_free(struct pool *pool)
{
	if (pool == NULL)
		return;
	pool_stop(pool);
	close(pool->reply_fd);
	pthread_cond_destroy(&pool->started);
	pthread_cond_destroy(&pool->work_ready);
	pthread_mutex_destroy(&pool->lock);
	mem_free(pool);
}
