/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The one time limit of test programs.
 *
 * Criterion 2.4 keeps the limits of running tests in a list, and loses the
 * rest of it when a test with a shorter limit starts beside one with a longer
 * one: what is lost is a leak, and a test without its limit. Where every limit
 * is the same, none is ever put before another.
 */
#ifndef LTPS_TESTS_TEST_TIME_H
#define LTPS_TESTS_TEST_TIME_H

/** The most that a test may take, in seconds: it only ends what hangs. */
#define TEST_SECONDS_MAX 600

#endif
