/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Readers in several threads, the first of them together: libxml2 is set up
 * once, and an error stays with its reader. Also run under ThreadSanitizer.
 */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/xml.h"

#define THREADS 4
#define ROUNDS 200

static pthread_barrier_t start;

static void check(bool ok, const char *what, int line)
{
	if (ok)
		return;
	fprintf(stderr, "xml_thread: line %d: %s\n", line, what);
	exit(1);
}
#define CHECK(x) check((x), #x, __LINE__)

/* Number of events before the end or the error. */
static size_t count(const char *text, struct ltps_error *err)
{
	enum xml_event event = XML_START;
	struct xml_reader *r = NULL;
	size_t n = 0;
	CHECK(xml_open(view_text(text), &r, err) == 0);
	while (event != XML_DONE && xml_next(r, &event, err) == 0)
		n++;
	xml_close(r);
	return n;
}

static void *read_both(void *arg)
{
	(void)arg;
	pthread_barrier_wait(&start);
	for (int i = 0; i < ROUNDS; i++) {
		struct ltps_error good = LTPS_ERROR_INIT, bad = LTPS_ERROR_INIT;
		CHECK(count("<p:a xmlns:p='u' b='&amp;'>x<c/></p:a>", &good) == 6);
		CHECK(good.code == LTPS_OK);
		CHECK(count("<a>\n<b></a>", &bad) == 3);
		CHECK(bad.code == LTPS_FORMAT);
		CHECK(strcmp(bad.where, "line 2, offset 11") == 0);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	CHECK(pthread_barrier_init(&start, NULL, THREADS) == 0);
	for (int i = 0; i < THREADS; i++)
		CHECK(pthread_create(&threads[i], NULL, read_both, NULL) == 0);
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	pthread_barrier_destroy(&start);
	return 0;
}
