/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz - the one entry of every fuzz target. A target defines fuzz_one();
 * driver.c replays a folder of inputs through it, libFuzzer calls it directly.
 */
#ifndef LTPS_TESTS_FUZZ_H
#define LTPS_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>

void fuzz_one(const uint8_t *data, size_t size);

#ifdef LTPS_LIBFUZZER
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	fuzz_one(data, size);
	return 0;
}
#endif

#endif
