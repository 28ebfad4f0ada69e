/* SPDX-License-Identifier: Apache-2.0 */
/* Of many threads with the same question one asks, and the others wait for it. */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/asked.h"

#define THREADS 16
#define NOW_MS 1000

static struct asked *asked;
static atomic_int asking, asked_times, others, arrived;

static void fail(const char *what)
{
	fprintf(stderr, "asked_thread: %s\n", what);
	exit(1);
}

static void *ask(void *arg)
{
	(void)arg;
	atomic_fetch_add(&arrived, 1);
	switch (asked_begin(asked, "crl http://crl.example/1", NOW_MS)) {
	case ASKED_YOURS:
		if (atomic_fetch_add(&asking, 1) != 0)
			fail("two ask at a time");
		while (atomic_load(&arrived) < THREADS)
			;
		atomic_fetch_add(&asked_times, 1);
		atomic_fetch_sub(&asking, 1);
		asked_end(asked, "crl http://crl.example/1", NOW_MS);
		break;
	case ASKED_OTHERS:
	case ASKED_PAUSED: /* came when it was over */
		if (atomic_load(&asked_times) != 1)
			fail("an answer before the question was asked");
		atomic_fetch_add(&others, 1);
		break;
	}
	return NULL;
}

static void many_ask_once(void)
{
	pthread_t t[THREADS];
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&t[i], NULL, ask, NULL) != 0)
			fail("no thread");
	for (int i = 0; i < THREADS; i++)
		pthread_join(t[i], NULL);
	if (asked_times != 1 || others != THREADS - 1)
		fail("asked more than once");
}

static void pause_ends(void)
{
	const char *key = "crl http://crl.example/1";
	if (asked_begin(asked, key, NOW_MS + ASKED_PAUSE_MS - 1) != ASKED_PAUSED)
		fail("asked again too soon");
	if (asked_begin(asked, key, NOW_MS + ASKED_PAUSE_MS) != ASKED_YOURS)
		fail("not asked again after the pause");
	asked_end(asked, key, NOW_MS + ASKED_PAUSE_MS);
}

static void full_table_asks_no_more(void)
{
	char key[32];
	int yours = 0;
	for (int i = 0; i < ASKED_ENTRIES_MAX + 10; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		yours += asked_begin(asked, key, NOW_MS) == ASKED_YOURS;
	}
	if (yours != ASKED_ENTRIES_MAX)
		fail("the table does not end where it should");
	for (int i = 0; i < ASKED_ENTRIES_MAX; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		asked_end(asked, key, NOW_MS);
	}
	if (asked_begin(asked, "another", NOW_MS) != ASKED_YOURS)
		fail("pauses keep a new question away");
}

/* A slow source must not hold every thread. */
static void no_more_than_some_ask(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct asked *a = NULL;
	if (asked_new(2, &a, &err) != 0)
		fail("no memory");
	if (asked_begin(a, "1", NOW_MS) != ASKED_YOURS ||
	    asked_begin(a, "2", NOW_MS) != ASKED_YOURS)
		fail("two may ask");
	if (asked_begin(a, "3", NOW_MS) != ASKED_PAUSED ||
	    asked_begin(a, "1", NOW_MS) != ASKED_PAUSED)
		fail("a third one asks or waits");
	asked_end(a, "2", NOW_MS);
	if (asked_begin(a, "3", NOW_MS) != ASKED_YOURS)
		fail("a place that is free is not used");
	asked_free(a);
}

int main(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	mem_init();
	if (asked_new(0, &asked, &err) != 0)
		fail("no memory");
	many_ask_once();
	pause_ends();
	full_table_asks_no_more();
	no_more_than_some_ask();
	asked_free(asked);
	return 0;
}
