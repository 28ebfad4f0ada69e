/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_exchange - EvidenceExchange documents. What is read holds together, and is read
 * the same when it is written again.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/exchange.h"
#include "tests/fuzz/fuzz.h"

static void must(int holds)
{
	if (!holds)
		abort();
}

static void check(const struct exchange *x)
{
	for (size_t i = 0; i < x->n; i++) {
		const struct exchange_item *item = &x->items[i];
		must(item->id != NULL && item->data.n > 0);
		must(exchange_find(x, item->id) == item);
		must(item->n_refs == 0 || item->kind == EXCHANGE_EVIDENCE);
		for (size_t k = 0; k < item->n_refs; k++)
			must(exchange_find(x, item->refs[k]) != NULL);
	}
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct exchange x, again;
	struct buf out = buf_make(4 * size + 4096);
	if (exchange_parse(view_of(data, size), &x, &err) != 0)
		return;
	check(&x);
	if (exchange_write(&x, &out, &err) == 0) {
		must(exchange_parse(view_buf(&out), &again, &err) == 0);
		must(again.n == x.n);
		exchange_clear(&again);
	}
	buf_free(&out);
	exchange_clear(&x);
}
