/* SPDX-License-Identifier: Apache-2.0 */
/* Owners and keys of one certificate among threads: one key, freed once. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tests/support/x509_make.h"
#include "validation/cert.h"

#define THREADS 8
#define ROUNDS 200

struct job {
	struct cert *c;
	EVP_PKEY *key;
	pthread_barrier_t *start;
	bool ok;
};

static void *run(void *arg)
{
	struct job *job = arg;
	pthread_barrier_wait(job->start);
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *mine = cert_ref(job->c);
	job->ok = cert_key(mine, &job->key, &err) == 0 && job->key != NULL;
	cert_free(mine);
	return NULL;
}

static bool round_holds(struct view der)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct cert *c = NULL;
	struct job jobs[THREADS];
	pthread_t threads[THREADS];
	pthread_barrier_t start;
	bool holds = cert_parse(der, &c, &err) == 0;
	if (!holds || pthread_barrier_init(&start, NULL, THREADS) != 0)
		return false;
	for (int i = 0; i < THREADS; i++) {
		jobs[i] = (struct job){ .c = c, .start = &start };
		if (pthread_create(&threads[i], NULL, run, &jobs[i]) != 0)
			abort();
	}
	for (int i = 0; i < THREADS; i++) {
		pthread_join(threads[i], NULL);
		holds = holds && jobs[i].ok && jobs[i].key == jobs[0].key;
	}
	pthread_barrier_destroy(&start);
	cert_free(c);
	return holds;
}

int main(void)
{
	struct make_cert m = make_cert_default();
	struct view der = make_cert_build(&m);
	for (int i = 0; i < ROUNDS; i++) {
		if (!round_holds(der)) {
			fprintf(stderr, "cert_thread: threads saw different keys\n");
			return 1;
		}
	}
	return 0;
}
