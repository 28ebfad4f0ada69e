/* SPDX-License-Identifier: Apache-2.0 */
/*
 * store_thread - many submitters, waiting writers, readers with snapshots,
 * deletions and a check, all at once; for ThreadSanitizer.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/support/storage_fixture.h"
#include "tests/support/storage_scene.h"

#define WRITERS 4
#define READERS 2
#define OBJECTS 60 /* of each writer */

static struct store *store;
static atomic_uint finished;
static struct scene_state state;

static void noted(void *arg, enum scene_event what, uint64_t i)
{
	(void)arg;
	scene_note(&state, what, i);
}

static void *scene_main(void *arg)
{
	(void)arg;
	struct scene scene = { .first = 1, .count = OBJECTS, .event = noted };
	scene_run(store, &scene);
	atomic_fetch_add(&finished, 1);
	return NULL;
}

/* Numbers far from the scene's. */
static uint64_t number_of(size_t writer, uint64_t k)
{
	return 10000 * (writer + 1) + k;
}

static void *write_main(void *arg)
{
	size_t me = (size_t)arg;
	for (uint64_t k = 0; k < OBJECTS; k++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		uint64_t i = number_of(me, k);
		if (fixture_add(store, i, scene_size(i), NULL, NULL, &err) != 0)
			fixture_die("add", &err);
	}
	atomic_fetch_add(&finished, 1);
	return NULL;
}

static int read_object(void *arg, const struct object *o, struct ltps_error *err)
{
	(void)err;
	*(int64_t *)arg = o->id;
	return 0;
}

static void read_all(struct store_conn *conn)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t last = 0;
	struct object_query q = { .limit = 50 };
	if (store_read_begin(conn, &err) != 0 ||
	    object_list(conn, &q, read_object, &last, &err) != 0)
		fixture_die("list", &err);
	if (last != 0) {
		struct object *o = NULL;
		struct buf b = buf_make(1 << 20);
		if (object_get_by_id(conn, last, &o, &err) != 0)
			fixture_die("get", &err);
		if (o->n_versions > 0 && o->versions[0].parts[0].blob != 0 &&
		    blob_read(conn, o->versions[0].parts[0].blob, &b, &err) != 0)
			fixture_die("read", &err);
		buf_free(&b);
		object_free(o);
	}
	store_read_end(conn);
}

static void *read_main(void *arg)
{
	(void)arg;
	struct ltps_error err = LTPS_ERROR_INIT;
	struct store_conn *conn = NULL;
	if (store_reader_open(store, &conn, &err) != 0)
		fixture_die("reader", &err);
	while (atomic_load(&finished) < WRITERS + 1) {
		struct store_stats stats;
		read_all(conn);
		store_stats_get(store, &stats);
	}
	store_reader_close(conn);
	return NULL;
}

int main(void)
{
	char dir[4096];
	pthread_t threads[WRITERS + READERS + 1];
	size_t n = 0;
	fixture_dir(dir);
	store = fixture_open(dir);
	pthread_create(&threads[n++], NULL, scene_main, NULL);
	for (size_t k = 0; k < WRITERS; k++)
		pthread_create(&threads[n++], NULL, write_main, (void *)k);
	for (size_t k = 0; k < READERS; k++)
		pthread_create(&threads[n++], NULL, read_main, NULL);
	if (fixture_fsck(store, NULL) != 0)
		return 1;
	for (size_t k = 0; k < n; k++)
		pthread_join(threads[k], NULL);
	for (size_t w = 0; w < WRITERS; w++) {
		for (uint64_t k = 0; k < OBJECTS; k++)
			scene_note(&state, SCENE_ADDED, number_of(w, k));
	}
	unsigned bad = scene_check(store, &state);
	store_close(store);
	fixture_remove(dir);
	printf("%s - %d objects by %d threads\n", bad == 0 ? "ok" : "not ok",
	       (WRITERS + 1) * OBJECTS, WRITERS + READERS + 3);
	return bad == 0 ? 0 : 1;
}
