/* SPDX-License-Identifier: Apache-2.0 */
/* EN 319 102-1 5.6.2.3: what a time-stamp proves, and what it does not. */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "validation/engine_private.h"

#define T(n) ((int64_t)(n)*1000)

static const struct algorithm_limit limits[] = {
	{ .algorithm = "sha256", .until_ms = INT64_MAX },
	{ .algorithm = "sha1", .until_ms = T(50) },
};

static struct validation_policy policy;
static struct document document;
static struct document_stamp stamp;
static struct engine_input in;
static struct engine e;

static void set_up(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	memset(&policy, 0, sizeof(policy)); /* every rule is FAIL */
	policy.algorithms = (struct algorithm_policy){ .limits = limits, .n = 2 };
	stamp = (struct document_stamp){ .imprint = MATCH_YES };
	document = (struct document){ .stamps = &stamp, .n_stamps = 1 };
	in = (struct engine_input){ .document = &document,
				    .policy = &policy,
				    .time_ms = T(100) };
	e = (struct engine){ .in = &in };
	cr_assert_eq(poe_set_new(&e.poes, &err), 0);
	poe_default(e.poes, T(100));
}

static void tear_down(void)
{
	poe_set_free(e.poes);
}

TestSuite(engine_poe, .init = set_up, .fini = tear_down);

static struct document_cover cover(uint8_t object, enum digest_alg by)
{
	struct document_cover c = { .kind = OBJECT_CERT, .by = by };
	memset(c.sha256, object, sizeof(c.sha256));
	return c;
}

static void prove(uint8_t object, enum digest_alg by, int64_t time_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct document_cover c = cover(object, by);
	cr_assert_eq(engine_proofs(&e, &c, 1, time_ms, "T-1", &err), 0);
}

static int64_t known(uint8_t object)
{
	const struct document_cover c = cover(object, DIGEST_NONE);
	return poe_earliest(e.poes, c.sha256);
}

/* ---- objects and references ---- */

Test(engine_poe, an_object_is_proven_at_the_time_of_the_stamp)
{
	prove(1, DIGEST_NONE, T(10));
	cr_assert_eq(known(1), T(10));
	cr_assert_eq(known(2), T(100));
	const struct document_cover c = cover(1, DIGEST_NONE);
	cr_assert_str_eq(poe_source(e.poes, c.sha256), "T-1");
}

Test(engine_poe, a_reference_by_a_reliable_digest_proves_its_object)
{
	prove(1, DIGEST_SHA256, T(10));
	cr_assert_eq(known(1), T(10));
}

Test(engine_poe, a_reference_by_a_digest_that_ended_before_the_object_was_known)
{
	prove(1, DIGEST_SHA1, T(10));
	cr_assert_eq(known(1), T(100));
}

Test(engine_poe, a_reference_counts_where_the_object_was_known_in_time)
{
	prove(1, DIGEST_NONE, T(51));
	prove(1, DIGEST_SHA1, T(10));
	cr_assert_eq(known(1), T(51));
	prove(1, DIGEST_NONE, T(50));
	prove(1, DIGEST_SHA1, T(10));
	cr_assert_eq(known(1), T(10));
}

Test(engine_poe, a_reference_by_a_digest_of_no_policy_proves_nothing)
{
	prove(1, DIGEST_SHA384, T(10));
	cr_assert_eq(known(1), T(100));
}

Test(engine_poe, proofs_of_several_go_on_behind_a_reference_that_fails)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct document_cover c[] = { cover(1, DIGEST_SHA1),
					    cover(2, DIGEST_NONE) };
	cr_assert_eq(engine_proofs(&e, c, 2, T(10), "T-1", &err), 0);
	cr_assert_eq(known(1), T(100));
	cr_assert_eq(known(2), T(10));
}

/* ---- digests ---- */

Test(engine_poe, a_digest_is_reliable_up_to_its_last_moment)
{
	cr_assert(engine_digest_reliable(&e, DIGEST_SHA1, T(50)));
	cr_assert_not(engine_digest_reliable(&e, DIGEST_SHA1, T(50) + 1));
	cr_assert(engine_digest_reliable(&e, DIGEST_SHA256, T(100)));
	cr_assert_not(engine_digest_reliable(&e, DIGEST_SHA512, T(1)));
}

Test(engine_poe, a_digest_that_nobody_knows_is_reliable_under_no_policy)
{
	cr_assert_not(engine_digest_reliable(&e, DIGEST_NONE, T(1)));
	policy.rules[CONTEXT_TIME_STAMP][CONSTRAINT_CRYPTO].level = CONSTRAINT_IGNORE;
	cr_assert_not(engine_digest_reliable(&e, DIGEST_NONE, T(1)));
	cr_assert(engine_digest_reliable(&e, DIGEST_SHA1, T(99)));
}

/* ---- what a stamp covers ---- */

Test(engine_poe, only_a_matching_imprint_fits)
{
	cr_assert(engine_stamp_fits(&e, 0));
	stamp.imprint = MATCH_NO;
	cr_assert_not(engine_stamp_fits(&e, 0));
	stamp.imprint = MATCH_UNKNOWN;
	cr_assert_not(engine_stamp_fits(&e, 0));
}

Test(engine_poe, version_three_fits_with_its_index_unless_the_policy_lets_it)
{
	stamp.is_archive_v3 = true;
	stamp.index = MATCH_YES;
	cr_assert(engine_stamp_fits(&e, 0));
	stamp.index = MATCH_NO;
	cr_assert_not(engine_stamp_fits(&e, 0));
	stamp.index = MATCH_UNKNOWN;
	cr_assert_not(engine_stamp_fits(&e, 0));
	policy.rules[CONTEXT_TIME_STAMP][CONSTRAINT_HASH_INDEX].level = CONSTRAINT_WARN;
	cr_assert(engine_stamp_fits(&e, 0));
	stamp.imprint = MATCH_NO;
	cr_assert_not(engine_stamp_fits(&e, 0));
}
