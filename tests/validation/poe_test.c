/* SPDX-License-Identifier: Apache-2.0 */
#include <criterion/criterion.h>
#include <string.h>

#include "base/mem.h"
#include "validation/poe.h"

static struct poe_set *s;

static void set_up(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(poe_set_new(&s, &err), 0);
}

static void tear_down(void)
{
	poe_set_free(s);
}

TestSuite(poe, .init = set_up, .fini = tear_down);

/* Hash of object number n; the first octets of several are the same. */
static const uint8_t *hash(uint32_t n)
{
	static uint8_t h[32];
	memset(h, 0, sizeof(h));
	h[0] = (uint8_t)n;
	h[1] = (uint8_t)(n >> 8);
	h[31] = (uint8_t)(n >> 16);
	return h;
}

static void add(uint32_t n, int64_t time_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(poe_add(s, hash(n), time_ms, &err), 0, "%s", err.text);
}

Test(poe, unknown_object_has_no_proof)
{
	cr_assert_eq(poe_earliest(s, hash(1)), INT64_MAX);
	add(2, 5);
	cr_assert_eq(poe_earliest(s, hash(1)), INT64_MAX);
}

Test(poe, earliest_of_several_proofs_counts)
{
	add(1, 50);
	add(1, 40);
	add(1, 60);
	cr_assert_eq(poe_earliest(s, hash(1)), 40);
}

Test(poe, default_holds_for_everything_but_what_is_proven_earlier)
{
	poe_default(s, 45);
	cr_assert_eq(poe_earliest(s, hash(9)), 45);
	add(1, 40);
	add(2, 50);
	cr_assert_eq(poe_earliest(s, hash(1)), 40);
	cr_assert_eq(poe_earliest(s, hash(2)), 45);
	cr_assert_eq(poe_earliest(s, hash(3)), 45);
}

Test(poe, default_does_not_hold_for_what_is_said_to_have_no_proof)
{
	poe_default(s, 45);
	add(1, INT64_MAX);
	cr_assert_eq(poe_earliest(s, hash(1)), INT64_MAX);
	cr_assert_null(poe_source(s, hash(1)));
	add(1, 40); /* something proves it */
	cr_assert_eq(poe_earliest(s, hash(1)), 40);
}

Test(poe, many_objects_stay_apart)
{
	for (uint32_t n = 0; n < 3000; n++)
		add(n * 97, n);
	for (uint32_t n = 0; n < 3000; n++)
		cr_assert_eq(poe_earliest(s, hash(n * 97)), n);
	cr_assert_eq(poe_earliest(s, hash(1)), INT64_MAX);
}

Test(poe, objects_beyond_the_limit_are_refused_known_ones_are_not)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	for (uint32_t n = 0; n < POE_ENTRIES_MAX; n++)
		add(n, 7);
	cr_assert_eq(poe_add(s, hash(POE_ENTRIES_MAX), 1, &err), -1);
	cr_assert_eq(err.code, LTPS_TOO_LARGE);
	add(3, 6);
	cr_assert_eq(poe_earliest(s, hash(3)), 6);
}

Test(poe, failing_allocations_are_told_and_nothing_is_lost)
{
	for (uint64_t n = 1;; n++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct poe_set *t = NULL;
		int rc;
		mem_fail_nth(n);
		rc = poe_set_new(&t, &err);
		for (uint32_t i = 0; rc == 0 && i < 200; i++)
			rc = poe_add(t, hash(i), i, &err);
		bool hit = mem_fail_hit();
		mem_fail_nth(0);
		cr_assert_eq(rc != 0, hit);
		if (rc != 0)
			cr_assert_eq(err.code, LTPS_NOMEM);
		poe_set_free(t);
		if (!hit)
			break;
	}
}

Test(poe, the_earliest_proof_names_its_source)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_null(poe_source(s, hash(1)));
	cr_assert_eq(poe_add_by(s, hash(1), 50, "T-1", &err), 0);
	cr_assert_str_eq(poe_source(s, hash(1)), "T-1");
	cr_assert_eq(poe_add_by(s, hash(1), 50, "T-2", &err), 0);
	cr_assert_str_eq(poe_source(s, hash(1)), "T-1");
	cr_assert_eq(poe_add_by(s, hash(1), 60, "T-3", &err), 0);
	cr_assert_str_eq(poe_source(s, hash(1)), "T-1");
	cr_assert_eq(poe_add_by(s, hash(1), 40, "T-4", &err), 0);
	cr_assert_str_eq(poe_source(s, hash(1)), "T-4");
	cr_assert_eq(poe_add(s, hash(1), 30, &err), 0);
	cr_assert_null(poe_source(s, hash(1)));
}

Test(poe, the_default_has_no_source)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	poe_default(s, 45);
	cr_assert_eq(poe_add_by(s, hash(1), 50, "T-1", &err), 0);
	cr_assert_null(poe_source(s, hash(1)));
	cr_assert_eq(poe_add_by(s, hash(2), 44, "T-2", &err), 0);
	cr_assert_str_eq(poe_source(s, hash(2)), "T-2");
}

Test(poe, sources_survive_growth)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(poe_add_by(s, hash(1), 5, "T-1", &err), 0);
	for (uint32_t n = 2; n < 500; n++)
		add(n, n);
	cr_assert_str_eq(poe_source(s, hash(1)), "T-1");
}
