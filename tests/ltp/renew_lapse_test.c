/* SPDX-License-Identifier: Apache-2.0 */
/*
 * renew_lapse - a service that stood still for longer than one of two TSAs of its
 * evidence lived goes on from the other one. Verified under a policy: without one, what
 * ended before it was renewed is judged for what it was (decision 0019).
 */
#include <criterion/criterion.h>
#include <stdio.h>

#include "base/mem.h"
#include "ltp/upkeep.h"
#include "tests/support/ltp_kit.h"
#include "tests/support/test_time.h"
#include "validation/ers_verify.h"

TestSuite(renew_lapse, .timeout = TEST_SECONDS_MAX, .init = mem_init);

#define DAY ((int64_t)86400000)
#define LIFE_DAYS 730
#define TEXT "a"

/* Nothing in it ends: what ends are certificates. */
static const struct algorithm_limit limits[] = {
	{ .algorithm = "sha256", .until_ms = INT64_MAX },
	{ .algorithm = "sha512", .until_ms = INT64_MAX },
	{ .algorithm = "ECDSA", .min_bits = 224, .until_ms = INT64_MAX },
};
static const struct algorithm_policy policy = {
	.limits = limits, .n = sizeof(limits) / sizeof(limits[0])
};

/* Kept with two TSAs whose certificates end after these days. */
static void keep(struct ltp_kit *k, int first_days, int second_days, char poid[64])
{
	const struct ltp_kit_upkeep how = { .n_tsas = 2 };
	ltp_kit_start_upkeep(k, &how);
	ltp_kit_rollover(k, 0, first_days);
	ltp_kit_rollover(k, 1, second_days);
	cr_assert_eq(ltp_kit_preserve_text(k, TEXT, poid), LTP_OK);
	ltp_kit_pass(k, 2001);
	ltp_kit_work(k);
	cr_assert_eq(pki_server_stamps(k->pki), 2);
}

/* Behind 700 days in which nothing ran. */
static void sleep_and_wake(struct ltp_kit *k)
{
	ltp_kit_pass(k, 700 * DAY);
	for (unsigned i = 0; i < 2; i++)
		ltp_kit_rollover(k, i, LIFE_DAYS);
	ltp_kit_work(k);
	ltp_kit_live(k, 40 * DAY, 10 * DAY);
}

static enum indication verify(struct ltp_kit *k, const char *poid, size_t *ret_stamps)
{
	struct ers_report *r = ltp_kit_judge_text(k, poid, TEXT, &policy);
	cr_expect(r->intact);
	const enum indication indication = r->indication;
	*ret_stamps = r->chains[0].n;
	ers_report_free(r);
	return indication;
}

/* Of a service that slept: what becomes of a record whose two TSAs ended so, of how many
 * time-stamps at least, and how often something was told to be lost. */
static void asleep(int first_days, int second_days, enum indication indication,
		   size_t stamps_min, size_t losses)
{
	struct ltp_kit k;
	char poid[64];
	size_t stamps;
	keep(&k, first_days, second_days, poid);
	sleep_and_wake(&k);
	cr_expect_eq(verify(&k, poid, &stamps), indication);
	cr_expect_geq(stamps, stamps_min);
	cr_expect_eq(ltp_kit_audited(&k, "EvidenceLost", NULL), losses);
	ltp_kit_stop(&k);
}

Test(renew_lapse, second_that_ended_gives_way_to_the_first_that_stands)
{
	asleep(800, 670, INDICATION_PASSED, 2, 1);
}

Test(renew_lapse, first_that_ended_stays_under_the_second_that_stands)
{
	asleep(670, 800, INDICATION_PASSED, 3, 0);
}

/* The neighbour that shows what the policy is for: both ended, nothing is dropped, and
 * nothing is passed. */
Test(renew_lapse, where_both_ended_all_is_kept_and_stays_open)
{
	asleep(680, 670, INDICATION_INDETERMINATE, 3, 0);
}

/* A clock that is ahead proves nothing: no TSA says so. */
Test(renew_lapse, clock_that_was_ahead_takes_nothing_away)
{
	struct ltp_kit k;
	char poid[64];
	size_t stamps;
	keep(&k, 800, 670, poid);
	k.clock.offset_ms += 700 * DAY; /* the service's alone */
	ltp_kit_work(&k);
	k.clock.offset_ms -= 700 * DAY;
	ltp_kit_live(&k, 3 * DAY, DAY);
	cr_expect_eq(verify(&k, poid, &stamps), INDICATION_PASSED);
	cr_expect_geq(stamps, 2);
	cr_expect_eq(ltp_kit_audited(&k, "EvidenceLost", NULL), 0);
	ltp_kit_stop(&k);
}
