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
	const struct asked_question q = { .key = "crl http://crl.example/1" };
	switch (asked_begin(asked, &q, NOW_MS)) {
	case ASKED_YOURS:
		if (atomic_fetch_add(&asking, 1) != 0)
			fail("two ask at a time");
		while (atomic_load(&arrived) < THREADS)
			;
		atomic_fetch_add(&asked_times, 1);
		atomic_fetch_sub(&asking, 1);
		asked_end(asked, &q, false, NOW_MS);
		break;
	case ASKED_FULL:
		fail("no place although there is no limit");
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

static enum asked_turn begin_at(struct asked *a, const char *key, int64_t now_ms)
{
	return asked_begin(a, &(struct asked_question){ .key = key }, now_ms);
}

static void end_at(struct asked *a, const char *key, int64_t now_ms)
{
	asked_end(a, &(struct asked_question){ .key = key }, false, now_ms);
}

static void pause_ends(void)
{
	const char *key = "crl http://crl.example/1";
	if (begin_at(asked, key, NOW_MS + ASKED_PAUSE_MS - 1) != ASKED_PAUSED)
		fail("asked again too soon");
	if (begin_at(asked, key, NOW_MS + ASKED_PAUSE_MS) != ASKED_YOURS)
		fail("not asked again after the pause");
	end_at(asked, key, NOW_MS + ASKED_PAUSE_MS);
}

static void full_table_asks_no_more(void)
{
	char key[32];
	int yours = 0, full = 0;
	for (int i = 0; i < ASKED_ENTRIES_MAX + 10; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		const enum asked_turn turn = begin_at(asked, key, NOW_MS);
		yours += turn == ASKED_YOURS;
		full += turn == ASKED_FULL;
	}
	if (yours != ASKED_ENTRIES_MAX || full != 10)
		fail("the table does not end where it should");
	for (int i = 0; i < ASKED_ENTRIES_MAX; i++) {
		snprintf(key, sizeof(key), "key %d", i);
		end_at(asked, key, NOW_MS);
	}
	if (begin_at(asked, "another", NOW_MS) != ASKED_YOURS)
		fail("pauses keep a new question away");
}

static struct asked *asked_of(unsigned max_held)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct asked *a = NULL;
	if (asked_new(max_held, &a, &err) != 0)
		fail("no memory");
	return a;
}

/* A slow source must not hold every thread; that it was not asked is told apart from
 * its having failed. */
static void no_more_than_some_ask(void)
{
	struct asked *a = asked_of(2);
	if (begin_at(a, "1", NOW_MS) != ASKED_YOURS ||
	    begin_at(a, "2", NOW_MS) != ASKED_YOURS)
		fail("two may ask");
	if (begin_at(a, "3", NOW_MS) != ASKED_FULL ||
	    begin_at(a, "1", NOW_MS) != ASKED_FULL)
		fail("a third one asks or waits");
	end_at(a, "2", NOW_MS);
	if (begin_at(a, "2", NOW_MS) != ASKED_PAUSED)
		fail("a place is needed to learn of a pause");
	if (begin_at(a, "3", NOW_MS) != ASKED_YOURS)
		fail("a place that is free is not used");
	if (begin_at(a, "2", NOW_MS) != ASKED_PAUSED)
		fail("what failed is told apart where all places are taken");
	asked_free(a);
}

/* Requests take nothing from a thread that has a place of its own, nor it from them. */
static void own_place_is_no_others(void)
{
	struct asked *a = asked_of(1);
	const struct asked_question own = { .key = "own", .own_place = true };
	if (asked_begin(a, &own, NOW_MS) != ASKED_YOURS)
		fail("an own place is there");
	if (begin_at(a, "1", NOW_MS) != ASKED_YOURS)
		fail("an own place counts for the others");
	asked_end(a, &own, false, NOW_MS);
	if (begin_at(a, "2", NOW_MS) != ASKED_FULL)
		fail("the end of an own place frees another");
	if (asked_begin(a, &own, NOW_MS + ASKED_PAUSE_MS) != ASKED_YOURS)
		fail("others take an own place");
	asked_free(a);
}

/* One wait for each host, not for each address on it. */
static void silent_host_is_left_in_peace(void)
{
	struct asked *a = asked_of(0);
	const struct asked_question one = { .key = "1", .host = "http://a" };
	const struct asked_question two = { .key = "2", .host = "http://a" };
	const struct asked_question other = { .key = "3", .host = "http://a:81" };
	if (asked_begin(a, &one, NOW_MS) != ASKED_YOURS)
		fail("a host may be asked");
	asked_end(a, &one, false, NOW_MS);
	if (asked_begin(a, &two, NOW_MS) != ASKED_YOURS)
		fail("a host that refuses one question is not silent");
	asked_end(a, &two, true, NOW_MS);
	if (asked_begin(a, &(struct asked_question){ .key = "4", .host = "http://a" },
			NOW_MS) != ASKED_PAUSED)
		fail("a silent host is asked something else");
	if (asked_begin(a, &other, NOW_MS) != ASKED_YOURS)
		fail("another host is taken for silent");
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
	own_place_is_no_others();
	silent_host_is_left_in_peace();
	asked_free(asked);
	return 0;
}
