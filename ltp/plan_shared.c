/* SPDX-License-Identifier: Apache-2.0 */
/* plan_shared - evidence whose two time-stamps stand on one certification authority. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/plan.h"

/* ---- pairs ---- */

static struct plan_pair *pair_find(const struct plan_pairs *pairs,
				   const struct plan_pair *pair)
{
	for (size_t i = 0; i < pairs->n; i++)
		if (pairs->list[i].footing == pair->footing &&
		    pairs->list[i].partner == pair->partner)
			return &pairs->list[i];
	return NULL;
}

int plan_pairs_add(struct plan_pairs *pairs, const struct plan_pair *pair,
		   struct ltps_error *err)
{
	if (pair->footing == 0 || pair->partner == 0)
		return 0;
	struct plan_pair *known = pair_find(pairs, pair);
	if (known != NULL) {
		known->count += pair->count;
		known->objects += pair->objects;
		return 0;
	}
	if (mem_grow(&pairs->list, sizeof(*pairs->list), pairs->n + 1, &pairs->capacity,
		     err) != 0)
		return -1;
	pairs->list[pairs->n++] = *pair;
	return 0;
}

void plan_pairs_clear(struct plan_pairs *pairs)
{
	mem_free(pairs->list);
	*pairs = (struct plan_pairs){ 0 };
}

/* ---- what they share ---- */

static int name_of(struct store_conn *conn, const struct plan_pair *pair,
		   char ret_name[CERT_TEXT_MAX], struct ltps_error *err)
{
	struct footing a = { 0 }, b = { 0 };
	int rc = footing_get(conn, pair->footing, &a, err);
	if (rc == 0)
		rc = footing_get(conn, pair->partner, &b, err);
	if (rc == 0)
		rc = footing_shared(a.uses, b.uses, ret_name, err);
	footing_clear(&b);
	footing_clear(&a);
	return rc;
}

static void add(struct plan_shares *s, const struct plan_pair *pair, const char *name)
{
	size_t i = 0;
	while (i < s->n && strcmp(s->list[i].authority, name) != 0)
		i++;
	if (i == PLAN_SHARED_MAX)
		return;
	if (i == s->n) {
		s->list[s->n] = (struct plan_shared){ .count = 0 };
		snprintf(s->list[s->n++].authority, CERT_TEXT_MAX, "%s", name);
	}
	s->list[i].count += pair->count;
	s->list[i].objects += pair->objects;
}

int plan_pairs_shares(struct store_conn *conn, const struct plan_pairs *pairs,
		      struct plan_shares *ret, struct ltps_error *err)
{
	struct plan_shares s = { .n = 0 };
	char name[CERT_TEXT_MAX];
	for (size_t i = 0; i < pairs->n; i++) {
		if (name_of(conn, &pairs->list[i], name, err) != 0)
			return -1;
		if (name[0] != '\0')
			add(&s, &pairs->list[i], name);
	}
	*ret = s;
	return 0;
}
