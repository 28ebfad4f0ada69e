/* SPDX-License-Identifier: Apache-2.0 */
/* trusted_lists_anchors - what follows from the lists that are believed. */
#include <stdio.h>
#include <string.h>

#include "ltp/trusted_lists_private.h"

struct taking {
	struct material *into;
	struct anchor_origins *origins;
	const struct tl_entry *entry;
	int64_t now_ms;
	int64_t list_until_ms; /* INT64_MAX: the list is to be believed */
};

static int take_certificate(struct taking *t, struct view der,
			    const struct trusted_list_period *p, struct ltps_error *err)
{
	struct anchor_origin origin = { .from_ms = p->from_ms,
					.until_ms = p->until_ms < t->list_until_ms
							? p->until_ms
							: t->list_until_ms };
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct cert *c = NULL;
	char name[TL_KEY_MAX];
	int rc = 0;
	/* An identity that does not decode vouches for nothing. */
	if (cert_parse(der, &c, &bad) != 0) {
		if (bad.fault == LTPS_FAULT_OBJECT)
			return 0;
		*err = bad;
		return -1;
	}
	tl_entry_name(t->entry, name);
	memcpy(origin.sha256, c->sha256, 32);
	snprintf(origin.source, sizeof(origin.source), ANCHOR_SOURCE_LIST "%s", name);
	rc = anchor_origins_add(t->origins, &origin, err);
	if (rc == 0)
		rc = material_add_anchor(t->into, der, origin.until_ms, err);
	cert_free(c);
	return rc;
}

static int take_service(struct taking *t, const struct trusted_list_service *s,
			const char *type, struct ltps_error *err)
{
	struct trusted_list_period p;
	if (!trusted_list_last_period(s, type, t->now_ms, &p))
		return 0;
	const struct trusted_list_views *certs = &s->states[0].certificates;
	for (size_t i = 0; i < certs->n; i++)
		if (take_certificate(t, certs->list[i], &p, err) != 0)
			return -1;
	return 0;
}

static int take_list(struct taking *t, const struct trusted_list *l,
		     struct ltps_error *err)
{
	const struct ltp_trusted_list *wanted = t->entry->l;
	for (size_t i = 0; i < l->n_services; i++)
		for (size_t k = 0; k < wanted->n_services; k++)
			if (take_service(t, &l->services[i], wanted->services[k], err) !=
			    0)
				return -1;
	return 0;
}

int trusted_lists_anchors(struct store_conn *conn, const struct trusted_lists *lists,
			  int64_t now_ms, struct material *into,
			  struct anchor_origins *origins, struct ltps_error *err)
{
	struct tl_entry e;
	for (size_t i = 0; tl_entry_at(lists, i, &e); i++) {
		struct tl_state s;
		struct trusted_list *l = NULL;
		if (e.l->n_services == 0)
			continue;
		if (tl_state_get(conn, &e, &s, err) != 0)
			return -1;
		if (s.above_damaged)
			continue;
		if (tl_accepted(conn, &s, &l, err) != 0)
			return -1;
		struct taking t = { .into = into,
				    .origins = origins,
				    .entry = &e,
				    .now_ms = now_ms,
				    .list_until_ms = tl_state_is_valid(&s, now_ms)
							 ? INT64_MAX
							 : s.until_ms };
		const int rc = l != NULL ? take_list(&t, l, err) : 0;
		trusted_list_free(l);
		if (rc != 0)
			return -1;
	}
	return 0;
}

bool trusted_lists_same(const struct material *a, const struct material *b,
			int64_t from_ms, int64_t to_ms)
{
	const size_t n = material_count(a, MATERIAL_ANCHOR);
	if (n != (b != NULL ? material_count(b, MATERIAL_ANCHOR) : 0))
		return false;
	for (size_t i = 0; i < n; i++)
		if ((material_sunset(a, i) > from_ms && material_sunset(a, i) <= to_ms) ||
		    !cert_equal(material_cert(a, MATERIAL_ANCHOR, i),
				material_cert(b, MATERIAL_ANCHOR, i)) ||
		    material_sunset(a, i) != material_sunset(b, i))
			return false;
	return true;
}

bool trusted_lists_ended(const struct material *now, const struct material *before,
			 int64_t now_ms)
{
	for (size_t i = 0; before != NULL && i < material_count(before, MATERIAL_ANCHOR);
	     i++)
		if (material_sunset(before, i) > now_ms &&
		    material_sunset_of(now, material_cert(before, MATERIAL_ANCHOR, i)) <=
			now_ms)
			return true;
	return false;
}
