/* SPDX-License-Identifier: Apache-2.0 */
/*
 * shared_thread - what of base/ threads share without a lock of their own: the
 * fetched digests, the failing-allocation hook and the failpoints. Run under
 * ThreadSanitizer; each promise of "exactly once" is counted.
 */
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>

#include "base/digest.h"
#include "base/failpoint.h"
#include "base/mem.h"

#define THREADS 4
#define ROUNDS 2000

static atomic_int failed_allocations, failed_points, wrong;

static void *work(void *arg)
{
	(void)arg;
	for (int i = 0; i < ROUNDS; i++) {
		void *p = mem_alloc(8);
		if (p == NULL)
			atomic_fetch_add(&failed_allocations, 1);
		mem_free(p);
		if (failpoint_pass("here"))
			atomic_fetch_add(&failed_points, 1);
	}
	for (int alg = DIGEST_SHA1; alg < DIGEST_ALG_COUNT; alg++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct digest a, b;
		if (digest_once((enum digest_alg)alg, view_text("x"), &a, &err) != 0 ||
		    digest_once((enum digest_alg)alg, view_text("x"), &b, &err) != 0 ||
		    !digest_equal(&a, &b))
			atomic_fetch_add(&wrong, 1);
	}
	return NULL;
}

int main(void)
{
	pthread_t threads[THREADS];
	struct ltps_error err = LTPS_ERROR_INIT;
	mem_init();
	if (failpoint_arm("here:1000:fail", &err) != 0)
		return 1;
	mem_fail_nth(ROUNDS / 2); /* reached within the first loops */
	for (int i = 0; i < THREADS; i++)
		if (pthread_create(&threads[i], NULL, work, NULL) != 0)
			return 1;
	/* Arming again beside the passages must be safe as well. */
	if (failpoint_arm("here:1000:fail,there:1:fail", &err) != 0)
		return 1;
	for (int i = 0; i < THREADS; i++)
		pthread_join(threads[i], NULL);
	printf("%d allocations and %d points failed, %d digests wrong\n",
	       failed_allocations, failed_points, wrong);
	/* The first arming may have fired before the second took its place. */
	return failed_allocations == 1 && failed_points >= 1 && failed_points <= 2 &&
		       wrong == 0
		   ? 0
		   : 1;
}
