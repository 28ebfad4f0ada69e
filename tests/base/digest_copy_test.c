/* SPDX-License-Identifier: Apache-2.0 */
/* A running digest that is copied goes on twice, each on its own. */
#include <criterion/criterion.h>

#include "base/digest.h"

static struct digest finish(struct digest_ctx *ctx)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest d;
	cr_assert_eq(digest_final(ctx, &d, &err), 0, "%s", err.text);
	return d;
}

static void take(struct digest_ctx *ctx, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(digest_update(ctx, view_text(text), &err), 0, "%s", err.text);
}

static void expect(const struct digest *d, const char *text)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest own;
	cr_assert_eq(digest_once(d->alg, view_text(text), &own, &err), 0);
	cr_expect(digest_equal(d, &own), "%s", text);
}

Test(digest_copy, copy_and_original_go_on_apart)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	for (int alg = 1; alg < DIGEST_ALG_COUNT; alg++) {
		struct digest_ctx *a = NULL, *b = NULL;
		cr_assert_eq(digest_new((enum digest_alg)alg, &a, &err), 0);
		take(a, "common ");
		cr_assert_eq(digest_copy(a, &b, &err), 0, "%s", err.text);
		take(a, "one");
		take(b, "other");
		struct digest first = finish(a), second = finish(b);
		expect(&first, "common one");
		expect(&second, "common other");
		digest_free(a);
		digest_free(b);
	}
}

Test(digest_copy, copy_of_a_finished_one_starts_afresh)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct digest_ctx *a = NULL, *b = NULL;
	cr_assert_eq(digest_new(DIGEST_SHA256, &a, &err), 0);
	take(a, "gone");
	finish(a);
	cr_assert_eq(digest_copy(a, &b, &err), 0, "%s", err.text);
	take(b, "new");
	struct digest d = finish(b);
	expect(&d, "new");
	digest_free(a);
	digest_free(b);
}
