/* SPDX-License-Identifier: Apache-2.0 */
/* What is remembered of many objects at once. */
#include <criterion/criterion.h>

#include "ltp/proofs.h"

#define OBJECTS 500 /* an eighth of the room: no set of it overflows */
#define VERSIONS 16384 /* ids of an object */

static struct proof_key key_of(int64_t object)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct proof_key key = { .version = object * VERSIONS + 1 };
	cr_assert_eq(digest_once(DIGEST_SHA256, view_of(&object, sizeof(object)),
				 &key.state, &err),
		     0);
	return key;
}

Test(proofs, first_versions_of_many_objects_are_remembered_together)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct proofs *p = NULL;
	cr_assert_eq(proofs_new(&p, &err), 0);
	for (int64_t i = 1; i <= OBJECTS; i++) {
		const struct proof_key key = key_of(i);
		proofs_keep(p, &key, 10, 20, i);
	}
	for (int64_t i = 1; i <= OBJECTS; i++) {
		const struct proof_key key = key_of(i);
		int64_t ms = 0;
		cr_expect(proofs_find(p, &key, 10, &ms));
		cr_expect_eq(ms, i);
		cr_expect_not(proofs_find(p, &key, 20, &ms), "it ends");
	}
	proofs_free(p);
}
