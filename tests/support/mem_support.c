/* SPDX-License-Identifier: Apache-2.0 */
/*
 * mem_support - what every test program needs before main().
 *
 * mem_init(): the test framework uses OpenSSL itself, and after its first
 * allocation the routing of OpenSSL's memory is refused, so that no failing
 * allocation would reach it.
 *
 * One digest: OpenSSL loads its provider at the first fetch and remembers a
 * failure for the life of the process, which is no case that a test of ours
 * with failing allocations is about.
 */
#include "base/digest.h"
#include "base/mem.h"

__attribute__((constructor)) static void prepare_memory(void)
{
	mem_init();
	(void)digest_evp(DIGEST_SHA256);
}
