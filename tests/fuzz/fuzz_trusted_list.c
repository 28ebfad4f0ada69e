/* SPDX-License-Identifier: Apache-2.0 */
/*
 * fuzz_trusted_list - trusted lists. What is read holds together; its octets are in
 * canonical form, so that they are read the same again; it is judged without a signer
 * being known.
 */
#include <stdlib.h>
#include <string.h>

#include "formats/trusted_list.h"
#include "tests/fuzz/fuzz.h"
#include "validation/trusted_list.h"

static void must(int holds)
{
	if (!holds)
		abort();
}

static void check(const struct trusted_list *l)
{
	struct trusted_list_period p;
	for (size_t i = 0; i < l->n_services; i++) {
		const struct trusted_list_service *s = &l->services[i];
		must(s->n > 0 && s->states[0].type[0] != '\0');
		if (trusted_list_last_period(s, s->states[0].type, INT64_MAX, &p))
			must(p.from_ms < p.until_ms);
	}
	for (size_t i = 0; i < l->n_pointers; i++)
		must(l->pointers[i].location[0] != '\0');
}

static void judge(const struct trusted_list *l)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct trusted_list_wanted wanted = { .time_ms = 0 };
	const char *pivots[TRUSTED_LIST_PIVOTS_MAX];
	size_t n;
	struct trusted_list_verdict v;
	must(trusted_list_judge(l, &wanted, &v, &err) == 0);
	must(v.reason != TRUSTED_LIST_GOOD);
	(void)trusted_list_pivots(l, NULL, pivots, &n);
}

void fuzz_one(const uint8_t *data, size_t size)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct trusted_list *l = NULL, *again = NULL;
	if (trusted_list_parse(view_of(data, size), &l, &err) != 0)
		return;
	check(l);
	judge(l);
	must(trusted_list_parse(l->octets, &again, &err) == 0);
	must(view_equal(l->octets, again->octets));
	trusted_list_free(again);
	trusted_list_free(l);
}
