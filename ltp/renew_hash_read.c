/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew_hash_read - threads with connections of their own take the leaves of batches in
 * order, so that what was begun is always the front of a batch, whatever the machine.
 */
#include <pthread.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "ltp/renew_hash.h"

#define THREADS_MAX 64
/* Requests go first: what is renewed has months, whoever submits waits now. */
#define READER_NICE 19

struct reader {
	struct hash_readers *of;
	struct ltp_worker w;
	pthread_t thread;
};

struct hash_readers {
	pthread_mutex_t lock; /* guards everything below */
	pthread_cond_t work, progress;
	struct hash_batch *head, *tail;
	int64_t stop_ms;
	uint64_t bytes_max, bytes;
	bool begun; /* at least one leaf: a turn gets on, however large its leaves */
	bool cut;   /* no further leaf is begun */
	bool were_cut;
	bool ending;
	unsigned n;
	struct reader readers[];
};

static unsigned threads_of(const struct ltp *l)
{
	long n = l->o.upkeep.threads;
	if (n == 0)
		n = sysconf(_SC_NPROCESSORS_ONLN);
	return n < 1 ? 1 : n > THREADS_MAX ? THREADS_MAX : (unsigned)n;
}

static bool is_enough(struct hash_readers *r)
{
	if (!r->cut && r->begun)
		r->cut = clock_monotonic_ms() >= r->stop_ms ||
			 (r->bytes_max != 0 && r->bytes >= r->bytes_max);
	return r->cut;
}

/* The first batch with a leaf that nobody has taken; NULL: none, or it is enough. */
static struct hash_batch *next_batch(struct hash_readers *r)
{
	for (struct hash_batch *b = r->head; b != NULL; b = b->next)
		if (b->taken < b->n)
			return is_enough(r) ? NULL : b;
	return NULL;
}

static void read_one(struct reader *me, struct hash_batch *b, size_t i)
{
	struct hash_readers *r = me->of;
	struct ltps_error err = LTPS_ERROR_INIT;
	pthread_mutex_unlock(&r->lock);
	const int rc = hash_leaf_read(&me->w, b->source, &b->items[i], &err);
	pthread_mutex_lock(&r->lock);
	if (rc != 0) {
		if (b->error.code == LTPS_OK)
			b->error = err;
		r->cut = true;
	}
	b->bytes += b->items[i].bytes;
	r->bytes += b->items[i].bytes;
	b->done++;
}

static void *reader_main(void *arg)
{
	struct reader *me = arg;
	struct hash_readers *r = me->of;
	(void)setpriority(PRIO_PROCESS, 0, READER_NICE); /* of this thread, on Linux */
	pthread_mutex_lock(&r->lock);
	while (!r->ending) {
		struct hash_batch *b = next_batch(r);
		if (b == NULL) {
			if (r->cut)
				pthread_cond_broadcast(&r->progress);
			pthread_cond_wait(&r->work, &r->lock);
			continue;
		}
		r->begun = true;
		read_one(me, b, b->taken++);
		if (b->done == b->n || r->cut)
			pthread_cond_broadcast(&r->progress);
	}
	pthread_mutex_unlock(&r->lock);
	return NULL;
}

int hash_readers_start(struct ltp *l, int64_t stop_ms, uint64_t bytes,
		       struct hash_readers **ret_r, struct ltps_error *err)
{
	const unsigned n = threads_of(l);
	struct hash_readers *r = mem_zalloc(1, sizeof(*r) + n * sizeof(r->readers[0]));
	if (r == NULL)
		return ltps_fail_nomem(err);
	r->stop_ms = stop_ms;
	r->bytes_max = bytes;
	pthread_mutex_init(&r->lock, NULL);
	pthread_cond_init(&r->work, NULL);
	pthread_cond_init(&r->progress, NULL);
	for (unsigned i = 0; i < n; i++) {
		struct reader *me = &r->readers[i];
		me->of = r;
		me->w.l = l;
		if (store_reader_open(l->o.store, &me->w.conn, err) != 0) {
			hash_readers_stop(r);
			return -1;
		}
		const int no = pthread_create(&me->thread, NULL, reader_main, me);
		if (no != 0) {
			store_reader_close(me->w.conn);
			hash_readers_stop(r);
			return ltps_fail(err, LTPS_NOMEM, LTPS_FAULT_SELF, NULL,
					 "no thread: error %d", no);
		}
		r->n++;
	}
	*ret_r = r;
	return 0;
}

void hash_readers_give(struct hash_readers *r, struct hash_batch *b)
{
	pthread_mutex_lock(&r->lock);
	b->next = NULL;
	if (r->tail != NULL)
		r->tail->next = b;
	else
		r->head = b;
	r->tail = b;
	pthread_cond_broadcast(&r->work);
	pthread_mutex_unlock(&r->lock);
}

int hash_readers_await(struct hash_readers *r, struct hash_batch *b,
		       struct ltps_error *err)
{
	int rc = 0;
	pthread_mutex_lock(&r->lock);
	while (b->done < (r->cut ? b->taken : b->n))
		pthread_cond_wait(&r->progress, &r->lock);
	r->head = b->next; /* batches are awaited in the order given */
	if (r->head == NULL)
		r->tail = NULL;
	if (b->taken < b->n) {
		b->n = b->taken;
		b->last = false;
		r->were_cut = true;
	}
	if (b->error.code != LTPS_OK) {
		*err = b->error;
		rc = -1;
	}
	pthread_mutex_unlock(&r->lock);
	return rc;
}

void hash_readers_cut(struct hash_readers *r)
{
	pthread_mutex_lock(&r->lock);
	r->cut = true;
	pthread_cond_broadcast(&r->progress);
	pthread_mutex_unlock(&r->lock);
}

bool hash_readers_were_cut(struct hash_readers *r)
{
	pthread_mutex_lock(&r->lock);
	const bool cut = r->were_cut || r->cut;
	pthread_mutex_unlock(&r->lock);
	return cut;
}

void hash_readers_stop(struct hash_readers *r)
{
	if (r == NULL)
		return;
	pthread_mutex_lock(&r->lock);
	r->ending = true;
	pthread_cond_broadcast(&r->work);
	pthread_mutex_unlock(&r->lock);
	for (unsigned i = 0; i < r->n; i++) {
		pthread_join(r->readers[i].thread, NULL);
		store_reader_close(r->readers[i].w.conn);
	}
	pthread_cond_destroy(&r->progress);
	pthread_cond_destroy(&r->work);
	pthread_mutex_destroy(&r->lock);
	mem_free(r);
}

void hash_batch_free(struct hash_batch *b)
{
	if (b == NULL)
		return;
	for (size_t i = 0; i < HASH_BATCH_LEAVES; i++)
		buf_free(&b->items[i].head);
	hash_nodes_free(b->nodes);
	hash_source_drop(b->source);
	mem_free(b);
}
