/* SPDX-License-Identifier: Apache-2.0 */
/* Targets: crl_parse; crl_find for numbers that are in the list and that are not. */
#include <stdlib.h>

#include "base/mem.h"
#include "tests/fuzz/fuzz.h"
#include "validation/crl.h"
#include "validation/name_coarse.h"

static void require(bool holds)
{
	if (!holds)
		abort();
}

/* The number at each place of the bytes where one may stand. */
static void look_up(const struct crl *c)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf issuer = buf_make(NAME_COARSE_MAX);
	size_t found = 0;
	require(name_coarse(c->issuer, &issuer, &err) == 0);
	for (size_t i = 0; i + 2 < c->der.n && i < 4096; i++) {
		struct crl_entry e;
		size_t n = c->der.p[i + 1];
		if (c->der.p[i] != ASN1_TAG_INTEGER || n > c->der.n - i - 2)
			continue;
		struct view serial = view_of(c->der.p + i + 2, n);
		if (!crl_find(c, serial, view_buf(&issuer), &e))
			continue;
		require(e.reason >= CRL_NO_REASON && e.reason <= 10);
		found++;
	}
	require(found == 0 || c->n_entries > 0);
	buf_free(&issuer);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct crl *c = NULL;
	if (crl_parse(view_of(data, size), &c, &err) == 0) {
		require(err.code == LTPS_OK);
		require(c->n_entries <= size);
		look_up(c);
	} else {
		require(err.code != LTPS_OK && c == NULL);
	}
	crl_free(c);
}
