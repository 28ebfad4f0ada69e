/* SPDX-License-Identifier: Apache-2.0 */
/* plan_shared - evidence whose two time-stamps stand on one certification authority. */
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "ltp/plan.h"

/* A footing and its partner that something stands on, once. */
struct pair {
	int64_t footing, partner;
	uint64_t count, objects;
};
struct pairs {
	struct pair *list;
	size_t n, capacity;
};

static struct pair *pair_find(const struct pairs *p, const struct tip_sum *sum)
{
	for (size_t i = 0; i < p->n; i++)
		if (p->list[i].footing == sum->footing &&
		    p->list[i].partner == sum->partner)
			return &p->list[i];
	return NULL;
}

static int take_sum(void *arg, const struct tip_sum *sum, struct ltps_error *err)
{
	struct pairs *p = arg;
	if (sum->footing == 0 || sum->partner == 0)
		return 0;
	struct pair *pair = pair_find(p, sum);
	if (pair == NULL) {
		if (mem_grow(&p->list, sizeof(*p->list), p->n + 1, &p->capacity, err) !=
		    0)
			return -1;
		pair = &p->list[p->n++];
		*pair = (struct pair){ sum->footing, sum->partner, 0, 0 };
	}
	pair->count += sum->tips;
	pair->objects += sum->objects;
	return 0;
}

static int name_of(struct store_conn *conn, const struct pair *p,
		   char ret_name[CERT_TEXT_MAX], struct ltps_error *err)
{
	struct footing a = { 0 }, b = { 0 };
	int rc = footing_get(conn, p->footing, &a, err);
	if (rc == 0)
		rc = footing_get(conn, p->partner, &b, err);
	if (rc == 0)
		rc = footing_shared(a.uses, b.uses, ret_name, err);
	footing_clear(&b);
	footing_clear(&a);
	return rc;
}

static void add(struct plan_shares *s, const struct pair *p, const char *name)
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
	s->list[i].count += p->count;
	s->list[i].objects += p->objects;
}

int plan_shares_get(struct store_conn *conn, struct plan_shares *ret,
		    struct ltps_error *err)
{
	struct pairs p = { 0 };
	char name[CERT_TEXT_MAX];
	*ret = (struct plan_shares){ .n = 0 };
	int rc = tip_sums(conn, take_sum, &p, err);
	if (rc == 0)
		rc = version_sums(conn, take_sum, &p, err);
	for (size_t i = 0; rc == 0 && i < p.n; i++) {
		rc = name_of(conn, &p.list[i], name, err);
		if (rc == 0 && name[0] != '\0')
			add(ret, &p.list[i], name);
	}
	mem_free(p.list);
	return rc;
}
