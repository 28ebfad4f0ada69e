/* SPDX-License-Identifier: Apache-2.0 */
/*
 * writer - the one thread that writes: it takes what is queued, runs it in one
 * transaction with a savepoint for each task, makes the blob files durable,
 * commits, and only then answers.
 */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/failpoint.h"
#include "base/mem.h"
#include "storage/failpoints.h"
#include "storage/store_private.h"

/* Idle time after which the log is written back and cut to nothing. */
#define IDLE_MS 500
/* Blob files that one idle moment looks at (they are checked under the lock). */
#define SWEEP_AT_IDLE 2000

int writer_require(const struct store_conn *conn, struct ltps_error *err)
{
	if (conn->writer)
		return 0;
	return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
			 "a change was tried on a read-only connection");
}

/* State of the transaction that a failing task must not leave behind. */
struct mark {
	struct blob_new **files_end;
	struct blob_gone *gone;
	struct tree_cache trees[TREE_CACHE_MAX];
	struct audit_cache audit;
};

static void mark_set(const struct store_conn *w, struct mark *m)
{
	m->files_end = w->files_end;
	m->gone = w->gone;
	memcpy(m->trees, w->trees, sizeof(m->trees));
	m->audit = w->audit;
}

static void mark_return(struct store_conn *w, const struct mark *m)
{
	blob_files_cut(w, m->files_end, m->gone);
	memcpy(w->trees, m->trees, sizeof(m->trees));
	w->audit = m->audit;
}

static void forget_caches(struct store_conn *w)
{
	for (size_t i = 0; i < TREE_CACHE_MAX; i++)
		w->trees[i].valid = false;
	w->audit.valid = false;
	w->sequence.valid = false;
}

/*
 * run_task - one task in its savepoint. -1 when the transaction as a whole is
 * lost (SQLite rolls it back by itself on a full disk and the like).
 */
static int run_task(struct store_conn *w, struct store_task *task,
		    struct ltps_error *err)
{
	struct mark mark;
	mark_set(w, &mark);
	if (db_run(w->db, SQL_SAVEPOINT, err) != 0)
		return -1;
	if (task->run(w, task->arg, &task->error) == 0 && task->error.code == LTPS_OK)
		return db_run(w->db, SQL_SAVEPOINT_RELEASE, err);
	if (task->error.code == LTPS_OK)
		ltps_fail(&task->error, LTPS_INTERNAL, LTPS_FAULT_SELF, NULL,
			  "a task failed without saying why");
	mark_return(w, &mark);
	if (!db_in_transaction(w->db)) {
		*err = task->error;
		return -1;
	}
	if (db_run(w->db, SQL_SAVEPOINT_ROLLBACK, err) != 0)
		return -1;
	return db_run(w->db, SQL_SAVEPOINT_RELEASE, err);
}

static int run_all(struct store_conn *w, struct store_task *tasks,
		   struct ltps_error *err)
{
	if (failpoint_fail(FP_BATCH_BEGIN, err) != 0)
		return -1;
	if (db_run(w->db, SQL_BEGIN_IMMEDIATE, err) != 0)
		return -1;
	for (struct store_task *t = tasks; t != NULL; t = t->next) {
		if (run_task(w, t, err) != 0)
			return -1;
	}
	if (tree_cache_flush(w, err) != 0)
		return -1;
	return sequence_flush(w, err);
}

static int commit(struct store_conn *w, struct ltps_error *err)
{
	if (failpoint_fail(FP_BEFORE_COMMIT, err) != 0)
		return -1;
	if (db_run(w->db, SQL_COMMIT, err) != 0)
		return -1;
	(void)failpoint_pass(FP_AFTER_COMMIT);
	return 0;
}

static void roll_back(struct store_conn *w)
{
	if (db_in_transaction(w->db))
		db_run_quiet(w->db, SQL_ROLLBACK);
}

/* The whole transaction; the caller holds the lock between processes. */
static int write_batch(struct store *s, struct store_task *tasks,
		       struct ltps_error *err)
{
	struct store_conn *w = s->writer;
	forget_caches(w);
	int rc = run_all(w, tasks, err);
	if (rc == 0)
		rc = blob_files_place(w, err);
	if (rc == 0)
		rc = commit(w, err);
	if (rc != 0)
		roll_back(w);
	blob_files_end(w, rc == 0);
	return rc;
}

/* Answers every task: its own error first, then that of the batch. */
static uint64_t answer(struct store_task *tasks, const struct ltps_error *batch_error)
{
	uint64_t failed = 0;
	(void)failpoint_pass(FP_BEFORE_ACK);
	while (tasks != NULL) {
		struct store_task *task = tasks;
		tasks = task->next;
		if (task->error.code == LTPS_OK)
			task->error = *batch_error;
		failed += task->error.code != LTPS_OK;
		/* The task may be gone with its done(). */
		struct ltps_error error = task->error;
		if (task->done != NULL)
			task->done(task->arg, &error);
	}
	return failed;
}

static void checkpoint(struct store *s, bool truncate)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	bool done = false;
	uint64_t size = db_wal_bytes(s->writer->db);
	(void)failpoint_pass(FP_BEFORE_CHECKPOINT);
	if (db_checkpoint(s->writer->db, truncate, &done, &ignored) == 0) {
		s->wal_empty = truncate && done;
		pthread_mutex_lock(&s->mutex);
		s->stats.checkpoints++;
		pthread_mutex_unlock(&s->mutex);
	}
	s->checkpointed = size;
	(void)failpoint_pass(FP_AFTER_CHECKPOINT);
}

/* Every STORE_WAL_MAX written, also when a reader keeps the log from restarting. */
static bool checkpoint_due(struct store *s)
{
	uint64_t size = db_wal_bytes(s->writer->db);
	if (size < s->checkpointed)
		s->checkpointed = 0;
	return size - s->checkpointed >= STORE_WAL_MAX;
}

static void count_batch(struct store *s, size_t n, uint64_t failed, int64_t us)
{
	pthread_mutex_lock(&s->mutex);
	s->stats.batches++;
	s->stats.tasks += n - failed;
	s->stats.tasks_failed += failed;
	s->stats.commit_us += (uint64_t)us;
	s->stats.wal_bytes = db_wal_bytes(s->writer->db);
	pthread_mutex_unlock(&s->mutex);
}

static void run_batch(struct store *s, struct store_task *tasks, size_t n)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t start = clock_monotonic_ms();
	bool locked = lock_take(&s->write_lock, true, &err) == 0;
	if (locked && write_batch(s, tasks, &err) == 0)
		s->wal_empty = false;
	int64_t us = (clock_monotonic_ms() - start) * 1000;
	uint64_t failed = answer(tasks, &err);
	count_batch(s, n, failed, us);
	if (!locked)
		return;
	blob_files_unlink(s);
	if (checkpoint_due(s))
		checkpoint(s, false);
	lock_drop(&s->write_lock);
}

/* Nothing to do for a while: tidy up, without getting in anybody's way. */
static bool run_idle(struct store *s)
{
	bool left = !s->swept || !s->wal_empty || s->gone != NULL;
	if (!left || !lock_try(&s->write_lock, true))
		return left;
	if (!s->wal_empty)
		checkpoint(s, true);
	if (!s->swept)
		blob_sweep_files(s, SWEEP_AT_IDLE);
	blob_files_unlink(s);
	lock_drop(&s->write_lock);
	return !s->swept || !s->wal_empty || s->gone != NULL;
}

/* Waits for tasks; false when idle for a while. Called with the mutex held. */
static bool wait_for_tasks(struct store *s, bool idle_work)
{
	int64_t until_ms = clock_monotonic_ms() + IDLE_MS;
	struct timespec until = { .tv_sec = until_ms / 1000,
				  .tv_nsec = until_ms % 1000 * 1000000 };
	while (s->head == NULL && !s->closing) {
		int rc = idle_work ? pthread_cond_timedwait(&s->wake, &s->mutex, &until)
				   : pthread_cond_wait(&s->wake, &s->mutex);
		if (rc == ETIMEDOUT)
			return s->head != NULL || s->closing;
	}
	return true;
}

/* Cuts at most batch_max tasks off the queue. Called with the mutex held. */
static struct store_task *take_tasks(struct store *s, size_t *ret_n)
{
	struct store_task *first = s->head;
	struct store_task **end = &s->head;
	size_t n = 0;
	while (*end != NULL && n < s->batch_max) {
		end = &(*end)->next;
		n++;
	}
	s->head = *end;
	if (s->head == NULL)
		s->tail = &s->head;
	if (n > 0)
		*end = NULL;
	s->queued -= n;
	pthread_cond_broadcast(&s->room);
	*ret_n = n;
	return n > 0 ? first : NULL;
}

static void *writer_main(void *arg)
{
	struct store *s = arg;
	bool idle_work = true;
	pthread_mutex_lock(&s->mutex);
	for (;;) {
		bool woken = wait_for_tasks(s, idle_work);
		size_t n;
		struct store_task *tasks = take_tasks(s, &n);
		if (tasks == NULL && s->closing)
			break;
		pthread_mutex_unlock(&s->mutex);
		if (tasks != NULL) {
			run_batch(s, tasks, n);
			idle_work = true;
		} else if (!woken) {
			idle_work = run_idle(s);
		}
		pthread_mutex_lock(&s->mutex);
	}
	pthread_mutex_unlock(&s->mutex);
	return NULL;
}

int writer_start(struct store *store, struct ltps_error *err)
{
	int rc = pthread_create(&store->thread, NULL, writer_main, store);
	if (rc != 0) {
		errno = rc;
		return ltps_fail_errno(err, "cannot start the writer thread");
	}
	store->thread_runs = true;
	return 0;
}

void writer_stop(struct store *store)
{
	if (!store->thread_runs)
		return;
	pthread_mutex_lock(&store->mutex);
	store->closing = true;
	pthread_cond_signal(&store->wake);
	pthread_cond_broadcast(&store->room);
	pthread_mutex_unlock(&store->mutex);
	pthread_join(store->thread, NULL);
	store->thread_runs = false;
	if (lock_try(&store->write_lock, true)) {
		if (!store->wal_empty)
			checkpoint(store, true);
		blob_files_unlink(store);
		lock_drop(&store->write_lock);
	}
}

/* Callers */

/* Called with the mutex held. */
static int enqueue(struct store *s, struct store_task *task, struct ltps_error *err)
{
	if (s->closing || !s->thread_runs)
		return ltps_fail(err, s->read_only ? LTPS_READ_ONLY : LTPS_STATE,
				 LTPS_FAULT_SELF, NULL,
				 s->read_only ? "the store is open for reading only"
					      : "the store is closing");
	if (s->queued >= s->queue_max)
		return ltps_fail(err, LTPS_BUSY, LTPS_FAULT_SELF, NULL,
				 "%zu tasks wait for the writer", s->queued);
	task->next = NULL;
	task->error = (struct ltps_error)LTPS_ERROR_INIT;
	*s->tail = task;
	s->tail = &task->next;
	if (s->queued++ == 0)
		pthread_cond_signal(&s->wake);
	return 0;
}

int store_submit(struct store *store, struct store_task *task, struct ltps_error *err)
{
	pthread_mutex_lock(&store->mutex);
	int rc = enqueue(store, task, err);
	pthread_mutex_unlock(&store->mutex);
	return rc;
}

/* A caller that waits. */
struct waiter {
	int (*run)(struct store_conn *conn, void *arg, struct ltps_error *err);
	void *arg;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	bool finished;
	struct ltps_error error;
};

static int waiter_run(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct waiter *w = arg;
	return w->run(conn, w->arg, err);
}

static void waiter_done(void *arg, const struct ltps_error *error)
{
	struct waiter *w = arg;
	pthread_mutex_lock(&w->mutex);
	w->error = *error;
	w->finished = true;
	pthread_cond_signal(&w->cond);
	pthread_mutex_unlock(&w->mutex);
}

static int enqueue_waiting(struct store *s, struct store_task *task,
			   struct ltps_error *err)
{
	pthread_mutex_lock(&s->mutex);
	while (s->queued >= s->queue_max && !s->closing)
		pthread_cond_wait(&s->room, &s->mutex);
	int rc = enqueue(s, task, err);
	pthread_mutex_unlock(&s->mutex);
	return rc;
}

int store_write(struct store *store,
		int (*run)(struct store_conn *conn, void *arg, struct ltps_error *err),
		void *arg, struct ltps_error *err)
{
	if (store->thread_runs && pthread_equal(pthread_self(), store->thread))
		return ltps_fail(err, LTPS_STATE, LTPS_FAULT_SELF, NULL,
				 "the writer cannot wait for itself");
	struct waiter w = { .run = run, .arg = arg, .error = LTPS_ERROR_INIT };
	struct store_task task = { .run = waiter_run, .done = waiter_done, .arg = &w };
	pthread_mutex_init(&w.mutex, NULL);
	pthread_cond_init(&w.cond, NULL);
	int rc = enqueue_waiting(store, &task, err);
	if (rc == 0) {
		pthread_mutex_lock(&w.mutex);
		while (!w.finished)
			pthread_cond_wait(&w.cond, &w.mutex);
		pthread_mutex_unlock(&w.mutex);
		if (w.error.code != LTPS_OK) {
			if (err->code == LTPS_OK)
				*err = w.error;
			rc = -1;
		}
	}
	pthread_cond_destroy(&w.cond);
	pthread_mutex_destroy(&w.mutex);
	return rc;
}
