/* SPDX-License-Identifier: Apache-2.0 */
/*
 * storage_bench - durable objects a second: a bare loop of batched writes on
 * one thread against the store with its queue, savepoints and many submitters.
 *
 *   storage_bench DIR [small|large|all] [OBJECTS]
 *
 * Every object is one object row, version, part, blob, leaf and audit entry.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/mem.h"
#include "storage/audit.h"
#include "storage/evidence.h"
#include "storage/object.h"
#include "storage/store.h"

#define SUBMITTERS 2
#define IN_FLIGHT 512 /* a submitter's unanswered objects */
#define SMALL_SIZE 200
#define LARGE_SIZE (100 * 1024)

static double seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Processor time of all threads: what a noisy machine changes least. */
static double cpu_seconds(void)
{
	struct timespec t;
	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what, const struct ltps_error *err)
{
	fprintf(stderr, "storage_bench: %s: %s\n", what, err->text);
	exit(1);
}

/* One object: bytes unlike any other's, both digests, prepared blob. */
struct item {
	struct store_task task;
	char poid[64];
	uint8_t *bytes;
	struct part_new part;
	const char *verdict;
	struct submitter *owner;
	struct item *next_free;
};

struct submitter {
	struct store *store;
	size_t size;
	uint64_t first;
	uint64_t count;
	pthread_t thread;
	pthread_mutex_t mutex;
	pthread_cond_t cond;
	struct item *free_items;
	size_t n_free;
	struct item items[IN_FLIGHT];
};

/* As an archive has them: most are of few formats and valid. */
static const char *const FORMATS[] = { "http://uri.etsi.org/ades/PAdES",
				       "http://uri.etsi.org/ades/CAdES",
				       "http://uri.etsi.org/ades/XAdES" };
#define FORMATS_COUNT (sizeof(FORMATS) / sizeof(FORMATS[0]))
#define VALID "TOTAL_PASSED"
#define OTHERWISE "INDETERMINATE/NO_POE"
#define OTHERWISE_EVERY 50

static void prepare(struct store *store, struct item *it, size_t size, uint64_t number)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	snprintf(it->poid, sizeof(it->poid), "%016llx-bench",
		 (unsigned long long)number);
	memset(it->bytes, (int)(number & 0xff), size);
	memcpy(it->bytes, &number, sizeof(number));
	struct view v = view_of(it->bytes, size);
	memset(&it->part, 0, sizeof(it->part));
	it->part.mime = "application/pdf";
	it->part.format_id = FORMATS[number % FORMATS_COUNT];
	it->verdict = number % OTHERWISE_EVERY == 0 ? OTHERWISE : VALID;
	it->part.size = size;
	if (digest_once(DIGEST_SHA256, v, &it->part.sha256, &err) != 0 ||
	    digest_once(DIGEST_SHA512, v, &it->part.sha512, &err) != 0 ||
	    blob_prepare(store, "bench", v, &it->part.sha512, &it->part.blob, &err) !=
		0)
		die("prepare", &err);
}

static int insert(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct item *it = arg;
	int64_t object, version;
	struct version_new v = { .label = "v1",
				 .kind = VERSION_SUBMITTED,
				 .created_ms = 1,
				 .digest = it->part.sha256,
				 .verdict = it->verdict,
				 .judged_ms = 1,
				 .parts = &it->part,
				 .n_parts = 1 };
	struct object_new o = { .tenant = "bench",
				.poid = it->poid,
				.profile = "urn:example:profile",
				.created_ms = 1,
				.first = &v };
	struct audit_entry a = { .time_ms = 1,
				 .tenant = "bench",
				 .actor = "client",
				 .operation = "PreservePO",
				 .poid = it->poid,
				 .outcome = "Success" };
	struct leaf_new leaf = { .profile = o.profile,
				 .alg = DIGEST_SHA256,
				 .kind = LEAF_VERSION,
				 .digest = it->part.sha256,
				 .bytes = it->part.size,
				 .now_ms = 1 };
	if (object_insert(conn, &o, &object, &version, err) != 0)
		return -1;
	leaf.ref = version;
	if (tree_append_leaf(conn, &leaf, NULL, err) != 0)
		return -1;
	return audit_append(conn, &a, NULL, err);
}

static void done(void *arg, const struct ltps_error *error)
{
	struct item *it = arg;
	struct submitter *s = it->owner;
	if (error->code != LTPS_OK)
		die("insert", error);
	pthread_mutex_lock(&s->mutex);
	it->next_free = s->free_items;
	s->free_items = it;
	if (s->n_free++ == 0)
		pthread_cond_signal(&s->cond);
	pthread_mutex_unlock(&s->mutex);
}

static struct item *take_free(struct submitter *s)
{
	pthread_mutex_lock(&s->mutex);
	while (s->free_items == NULL)
		pthread_cond_wait(&s->cond, &s->mutex);
	struct item *it = s->free_items;
	s->free_items = it->next_free;
	s->n_free--;
	pthread_mutex_unlock(&s->mutex);
	blob_new_free(it->part.blob);
	it->part.blob = NULL;
	return it;
}

static void *submit_all(void *arg)
{
	struct submitter *s = arg;
	for (uint64_t i = 0; i < s->count; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct item *it = take_free(s);
		prepare(s->store, it, s->size, s->first + i);
		it->task =
		    (struct store_task){ .run = insert, .done = done, .arg = it };
		if (store_submit(s->store, &it->task, &err) != 0)
			die("submit", &err);
	}
	for (size_t i = 0; i < IN_FLIGHT; i++)
		take_free(s);
	return NULL;
}

static double run_store(struct store *store, size_t size, uint64_t first, uint64_t n)
{
	struct submitter *s = mem_zalloc(SUBMITTERS, sizeof(*s));
	for (size_t k = 0; k < SUBMITTERS; k++) {
		s[k].store = store;
		s[k].size = size;
		s[k].count = n / SUBMITTERS;
		s[k].first = first + k * s[k].count;
		pthread_mutex_init(&s[k].mutex, NULL);
		pthread_cond_init(&s[k].cond, NULL);
		for (size_t i = 0; i < IN_FLIGHT; i++) {
			struct item *it = &s[k].items[i];
			it->bytes = mem_alloc(size);
			it->owner = &s[k];
			it->next_free = s[k].free_items;
			s[k].free_items = it;
			s[k].n_free++;
		}
	}
	double start = seconds();
	for (size_t k = 0; k < SUBMITTERS; k++)
		pthread_create(&s[k].thread, NULL, submit_all, &s[k]);
	for (size_t k = 0; k < SUBMITTERS; k++)
		pthread_join(s[k].thread, NULL);
	double took = seconds() - start;
	for (size_t k = 0; k < SUBMITTERS; k++)
		for (size_t i = 0; i < IN_FLIGHT; i++)
			mem_free(s[k].items[i].bytes);
	mem_free(s);
	return took;
}

/* The bare loop: a whole batch is one task, nobody else submits. */
struct batch {
	struct item *items;
	size_t n;
};

static int insert_batch(struct store_conn *conn, void *arg, struct ltps_error *err)
{
	struct batch *b = arg;
	for (size_t i = 0; i < b->n; i++) {
		if (insert(conn, &b->items[i], err) != 0)
			return -1;
	}
	return 0;
}

static double run_bare(struct store *store, size_t size, uint64_t first, uint64_t n)
{
	struct batch b = { .items = mem_zalloc(STORE_BATCH_MAX, sizeof(*b.items)) };
	for (size_t i = 0; i < STORE_BATCH_MAX; i++)
		b.items[i].bytes = mem_alloc(size);
	double start = seconds();
	for (uint64_t done_n = 0; done_n < n; done_n += b.n) {
		struct ltps_error err = LTPS_ERROR_INIT;
		b.n = n - done_n < STORE_BATCH_MAX ? (size_t)(n - done_n)
						   : STORE_BATCH_MAX;
		for (size_t i = 0; i < b.n; i++)
			prepare(store, &b.items[i], size, first + done_n + i);
		if (store_write(store, insert_batch, &b, &err) != 0)
			die("bare", &err);
		for (size_t i = 0; i < b.n; i++)
			blob_new_free(b.items[i].part.blob);
	}
	double took = seconds() - start;
	for (size_t i = 0; i < STORE_BATCH_MAX; i++)
		mem_free(b.items[i].bytes);
	mem_free(b.items);
	return took;
}

static void measure(const char *dir, const char *what, size_t size, uint64_t n)
{
	static uint64_t first = 1;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store *store = NULL;
	struct store_options options = { .dir = dir };
	double start = seconds();
	if (store_open(&options, &store, &err) != 0)
		die("open", &err);
	double opened = seconds() - start;
	double cpu0 = cpu_seconds();
	double bare = run_bare(store, size, first, n);
	first += n;
	double cpu1 = cpu_seconds();
	double full = run_store(store, size, first, n);
	first += n;
	double cpu2 = cpu_seconds();
	struct store_stats stats;
	store_stats_get(store, &stats);
	store_close(store);
	printf("%-6s %7zu bytes: bare %8.0f/s (%.1f us CPU each), store %8.0f/s (%.1f "
	       "us), "
	       "%.0f tasks a batch, open %.1f ms\n",
	       what, size, (double)n / bare, (cpu1 - cpu0) / (double)n * 1e6,
	       (double)n / full, (cpu2 - cpu1) / (double)n * 1e6,
	       (double)stats.tasks / (double)stats.batches, opened * 1e3);
}

int main(int argc, char **argv)
{
	if (argc < 2) {
		fprintf(stderr,
			"usage: storage_bench DIR [small|large|all] [OBJECTS]\n");
		return 64;
	}
	const char *what = argc > 2 ? argv[2] : "all";
	uint64_t n = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
	mem_init();
	if (strcmp(what, "large") != 0)
		measure(argv[1], "small", SMALL_SIZE, n != 0 ? n : 100000);
	if (strcmp(what, "small") != 0)
		measure(argv[1], "large", LARGE_SIZE, n != 0 ? n : 5000);
	return 0;
}
