/* SPDX-License-Identifier: Apache-2.0 */
/* Targets: tst_parse, tst_check, material_add_cms, signature_verify. */
#include <openssl/err.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tests/fuzz/fuzz.h"
#include "timestamping/tst.h"
#include "validation/material.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

static void gather(const struct tst *tst)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *m = NULL;
	if (material_new(&m, &err) == 0)
		(void)!material_add_cms(m, tst->cms, &err);
	material_free(m);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct tst *tst = NULL;
	struct tst_intact r = { 0 };
	if (tst_parse(view_of(data, size), &tst, &err) == 0) {
		require(err.code == LTPS_OK);
		if (tst_check(tst, NULL, 0, &r, &err) == 0)
			require((r.clause == NULL) == (r.defect == TST_OK));
		gather(tst);
	} else {
		require(err.code != LTPS_OK && tst == NULL);
	}
	tst_intact_clear(&r);
	tst_free(tst);
	require(ERR_peek_error() == 0);
}
