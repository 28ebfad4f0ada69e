/* SPDX-License-Identifier: Apache-2.0 */
/* The worker pool under many threads; also run under ThreadSanitizer. */
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/pool.h"

#define MANY_JOBS 20000
#define MANY_THREADS 8

static void check(bool ok, const char *what, int line)
{
	if (ok)
		return;
	fprintf(stderr, "pool_thread: line %d: %s\n", line, what);
	exit(1);
}
#define CHECK(x) check((x), #x, __LINE__)

static atomic_uint states_alive;
static atomic_uint states_made;

static int state_init(void *arg, void **ret_state, struct ltps_error *err)
{
	(void)arg;
	unsigned *used = mem_zalloc(1, sizeof(*used));
	if (used == NULL)
		return ltps_fail_nomem(err);
	atomic_fetch_add(&states_alive, 1);
	atomic_fetch_add(&states_made, 1);
	*ret_state = used;
	return 0;
}

static void state_free(void *state)
{
	atomic_fetch_sub(&states_alive, 1);
	mem_free(state);
}

static struct pool *make(unsigned threads, size_t queue_max)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pool *pool = NULL;
	const struct pool_options options = {
		.threads = threads,
		.queue_max = queue_max,
		.thread_init = state_init,
		.thread_free = state_free,
	};
	CHECK(pool_new(&options, &pool, &err) == 0);
	return pool;
}

static void wait_reply(struct pool *pool)
{
	struct pollfd p = { .fd = pool_fd(pool), .events = POLLIN };
	CHECK(poll(&p, 1, -1) == 1);
}

/* --- jobs that count ----------------------------------------------------- */

struct sum_job {
	struct pool_job job;
	pthread_t *loop;
	unsigned in;
	unsigned out;
	unsigned *total; /* written by the loop thread only */
};

static enum pool_outcome sum_work(struct pool_job *job, void *state)
{
	struct sum_job *j = (struct sum_job *)job;
	unsigned *used = state;
	(*used)++; /* ThreadSanitizer sees it if a state were shared */
	j->out = j->in * 2;
	return POOL_DONE;
}

static void sum_done(struct pool_job *job)
{
	struct sum_job *j = (struct sum_job *)job;
	CHECK(pthread_equal(*j->loop, pthread_self()));
	*j->total += j->out == j->in * 2;
	mem_free(j);
}

static void many_jobs_are_all_answered_on_the_loop_thread(void)
{
	struct pool *pool = make(MANY_THREADS, 64);
	pthread_t self = pthread_self();
	unsigned total = 0;
	for (unsigned i = 0; i < MANY_JOBS; i++) {
		struct sum_job *j = mem_zalloc(1, sizeof(*j));
		CHECK(j != NULL);
		*j = (struct sum_job){
			{ .work = sum_work, .done = sum_done }, &self, i, 0, &total
		};
		for (;;) {
			struct ltps_error err = LTPS_ERROR_INIT;
			if (pool_submit(pool, &j->job, &err) == 0)
				break;
			CHECK(err.code == LTPS_BUSY);
			wait_reply(pool);
			pool_drain(pool);
		}
	}
	while (pool_in_flight(pool) > 0) {
		wait_reply(pool);
		pool_drain(pool);
	}
	CHECK(total == MANY_JOBS);
	pool_stop(pool);
	pool_free(pool);
	CHECK(atomic_load(&states_made) == MANY_THREADS);
	CHECK(atomic_load(&states_alive) == 0);
}

/* --- a gate holds jobs inside work() --------------------------------------- */

struct gate {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	bool is_open;
	unsigned inside;
	unsigned done;
};

struct gate_job {
	struct pool_job job;
	struct gate *gate;
};

static void gate_init(struct gate *g)
{
	*g = (struct gate){ .is_open = false };
	pthread_mutex_init(&g->lock, NULL);
	pthread_cond_init(&g->changed, NULL);
}

static void gate_free(struct gate *g)
{
	pthread_cond_destroy(&g->changed);
	pthread_mutex_destroy(&g->lock);
}

static enum pool_outcome gate_work(struct pool_job *job, void *state)
{
	struct gate *g = ((struct gate_job *)job)->gate;
	(void)state;
	pthread_mutex_lock(&g->lock);
	g->inside++;
	pthread_cond_broadcast(&g->changed);
	while (!g->is_open)
		pthread_cond_wait(&g->changed, &g->lock);
	pthread_mutex_unlock(&g->lock);
	return POOL_DONE;
}

static void gate_done(struct pool_job *job)
{
	((struct gate_job *)job)->gate->done++;
}

static void gate_wait_inside(struct gate *g, unsigned n)
{
	pthread_mutex_lock(&g->lock);
	while (g->inside < n)
		pthread_cond_wait(&g->changed, &g->lock);
	pthread_mutex_unlock(&g->lock);
}

static void gate_open(struct gate *g)
{
	pthread_mutex_lock(&g->lock);
	g->is_open = true;
	pthread_cond_broadcast(&g->changed);
	pthread_mutex_unlock(&g->lock);
}

static void full_queue_is_busy_and_takes_jobs_again_later(void)
{
	struct gate gate;
	struct gate_job jobs[4];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pool *pool = make(1, 2);
	gate_init(&gate);
	for (int i = 0; i < 4; i++)
		jobs[i] = (struct gate_job){ { .work = gate_work, .done = gate_done },
					     &gate };
	CHECK(pool_submit(pool, &jobs[0].job, &err) == 0);
	gate_wait_inside(&gate, 1);
	CHECK(pool_submit(pool, &jobs[1].job, &err) == 0);
	CHECK(pool_submit(pool, &jobs[2].job, &err) == 0);
	CHECK(pool_submit(pool, &jobs[3].job, &err) == -1);
	CHECK(err.code == LTPS_BUSY && err.fault == LTPS_FAULT_SELF);
	CHECK(pool_in_flight(pool) == 3);
	ltps_error_clear(&err);
	gate_open(&gate);
	while (gate.done < 3) {
		wait_reply(pool);
		pool_drain(pool);
	}
	CHECK(pool_submit(pool, &jobs[3].job, &err) == 0);
	wait_reply(pool);
	CHECK(pool_drain(pool) == 1 && gate.done == 4 && pool_in_flight(pool) == 0);
	pool_stop(pool);
	pool_free(pool);
	gate_free(&gate);
}

static void *stop_thread(void *arg)
{
	pool_stop(arg);
	return NULL;
}

static void stop_works_off_the_queue_and_takes_nothing_new(void)
{
	struct gate gate;
	struct gate_job jobs[8];
	struct gate_job late;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pool *pool = make(2, 8);
	pthread_t stopper;
	gate_init(&gate);
	for (int i = 0; i < 8; i++) {
		jobs[i] = (struct gate_job){ { .work = gate_work, .done = gate_done },
					     &gate };
		CHECK(pool_submit(pool, &jobs[i].job, &err) == 0);
	}
	gate_wait_inside(&gate, 2);
	CHECK(pthread_create(&stopper, NULL, stop_thread, pool) == 0);
	gate_open(&gate);
	pthread_join(stopper, NULL);
	CHECK(gate.done == 0); /* done() only ever runs in pool_drain */
	late = (struct gate_job){ { .work = gate_work, .done = gate_done }, &gate };
	CHECK(pool_submit(pool, &late.job, &err) == -1 && err.code == LTPS_BUSY);
	CHECK(pool_drain(pool) == 8 && gate.done == 8);
	CHECK(pool_in_flight(pool) == 0 && pool_drain(pool) == 0);
	pool_free(pool);
	CHECK(atomic_load(&states_alive) == 0);
	gate_free(&gate);
}

/* --- pending jobs, finished by another thread ------------------------------ */

/* A writer that answers jobs in groups, as a group commit does. */
struct writer {
	struct pool *pool;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	struct pool_job *waiting[MANY_JOBS];
	size_t n;
	bool over;
	size_t done;
};

struct pending_job {
	struct pool_job job;
	struct writer *writer;
	bool written;
};

static enum pool_outcome pending_work(struct pool_job *job, void *state)
{
	struct writer *w = ((struct pending_job *)job)->writer;
	(void)state;
	pthread_mutex_lock(&w->lock);
	w->waiting[w->n++] = job;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	return POOL_PENDING;
}

static void pending_done(struct pool_job *job)
{
	struct pending_job *j = (struct pending_job *)job;
	CHECK(j->written);
	j->writer->done++;
	mem_free(j);
}

static void *writer_main(void *arg)
{
	struct writer *w = arg;
	pthread_mutex_lock(&w->lock);
	while (!w->over || w->n > 0) {
		while (w->n > 0) {
			struct pool_job *job = w->waiting[--w->n];
			pthread_mutex_unlock(&w->lock);
			((struct pending_job *)job)->written = true;
			pool_finish(w->pool, job);
			pthread_mutex_lock(&w->lock);
		}
		if (!w->over)
			pthread_cond_wait(&w->changed, &w->lock);
	}
	pthread_mutex_unlock(&w->lock);
	return NULL;
}

static void writer_end(struct writer *w, pthread_t thread)
{
	pthread_mutex_lock(&w->lock);
	w->over = true;
	pthread_cond_signal(&w->changed);
	pthread_mutex_unlock(&w->lock);
	pthread_join(thread, NULL);
}

static void pending_jobs_are_answered_when_another_thread_finishes_them(void)
{
	static struct writer w;
	const size_t n = 2000;
	pthread_t thread;
	pthread_mutex_init(&w.lock, NULL);
	pthread_cond_init(&w.changed, NULL);
	w.pool = make(4, n);
	CHECK(pthread_create(&thread, NULL, writer_main, &w) == 0);
	for (size_t i = 0; i < n; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct pending_job *j = mem_zalloc(1, sizeof(*j));
		CHECK(j != NULL);
		j->job =
		    (struct pool_job){ .work = pending_work, .done = pending_done };
		j->writer = &w;
		CHECK(pool_submit(w.pool, &j->job, &err) == 0);
		if (i % 16 == 0)
			pool_drain(w.pool);
	}
	pool_stop(w.pool); /* the workers are gone, answers still come */
	writer_end(&w, thread);
	while (pool_in_flight(w.pool) > 0) {
		wait_reply(w.pool);
		pool_drain(w.pool);
	}
	CHECK(w.done == n);
	pool_free(w.pool);
	pthread_cond_destroy(&w.changed);
	pthread_mutex_destroy(&w.lock);
}

/* --- start-up ---------------------------------------------------------------- */

static atomic_uint inits;

/* The third thread gets no state. */
static int failing_init(void *arg, void **ret_state, struct ltps_error *err)
{
	if (atomic_fetch_add(&inits, 1) == 2)
		return ltps_fail(err, LTPS_IO, LTPS_FAULT_SELF, NULL, "no connection");
	return state_init(arg, ret_state, err);
}

static void failing_thread_init_fails_pool_new_with_its_error(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pool *pool = NULL;
	const struct pool_options options = {
		.threads = 4,
		.queue_max = 4,
		.thread_init = failing_init,
		.thread_free = state_free,
	};
	CHECK(pool_new(&options, &pool, &err) == -1 && pool == NULL);
	CHECK(err.code == LTPS_IO);
	CHECK(atomic_load(&inits) == 4 && atomic_load(&states_alive) == 0);
}

static void senseless_options_are_refused(void)
{
	const struct pool_options bad[] = {
		{ .threads = 0, .queue_max = 1 },
		{ .threads = 1, .queue_max = 0 },
		{ .threads = 100000, .queue_max = 1 },
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct pool *pool = NULL;
		CHECK(pool_new(&bad[i], &pool, &err) == -1 && pool == NULL);
		CHECK(err.code == LTPS_ARGUMENT && err.fault == LTPS_FAULT_CALLER);
	}
}

static void failing_allocation_fails_pool_new(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct pool *pool = NULL;
	const struct pool_options options = { .threads = 1, .queue_max = 1 };
	mem_fail_nth(1);
	CHECK(pool_new(&options, &pool, &err) == -1 && pool == NULL);
	mem_fail_nth(0);
	CHECK(err.code == LTPS_NOMEM);
}

static void free_of_nothing_and_of_an_idle_pool(void)
{
	pool_free(NULL);
	struct pool *pool = make(3, 3);
	CHECK(pool_drain(pool) == 0);
	pool_free(pool); /* stops by itself */
	CHECK(atomic_load(&states_alive) == 0);
}

/* --- signals ------------------------------------------------------------------ */

static enum pool_outcome signal_work(struct pool_job *job, void *state)
{
	struct sum_job *j = (struct sum_job *)job;
	sigset_t set;
	(void)state;
	pthread_sigmask(SIG_SETMASK, NULL, &set);
	j->out = sigismember(&set, SIGTERM) == 1 && sigismember(&set, SIGINT) == 1 &&
			 sigismember(&set, SIGSEGV) == 0
		     ? j->in * 2
		     : 0;
	return POOL_DONE;
}

static void workers_leave_signals_to_the_loop_thread(void)
{
	struct pool *pool = make(1, 1);
	struct ltps_error err = LTPS_ERROR_INIT;
	pthread_t self = pthread_self();
	sigset_t set;
	unsigned total = 0;
	struct sum_job *j = mem_zalloc(1, sizeof(*j));
	CHECK(j != NULL);
	*j = (struct sum_job){
		{ .work = signal_work, .done = sum_done }, &self, 7, 0, &total
	};
	CHECK(pool_submit(pool, &j->job, &err) == 0);
	wait_reply(pool);
	CHECK(pool_drain(pool) == 1 && total == 1);
	pthread_sigmask(SIG_SETMASK, NULL, &set);
	CHECK(sigismember(&set, SIGTERM) == 0);
	pool_stop(pool);
	pool_free(pool);
}

int main(void)
{
	many_jobs_are_all_answered_on_the_loop_thread();
	full_queue_is_busy_and_takes_jobs_again_later();
	stop_works_off_the_queue_and_takes_nothing_new();
	pending_jobs_are_answered_when_another_thread_finishes_them();
	failing_thread_init_fails_pool_new_with_its_error();
	senseless_options_are_refused();
	failing_allocation_fails_pool_new();
	free_of_nothing_and_of_an_idle_pool();
	workers_leave_signals_to_the_loop_thread();
	return 0;
}
