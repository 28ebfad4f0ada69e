/* SPDX-License-Identifier: Apache-2.0 */
/* client_policy - the policy of a response is the one asked for: RFC 5055 4.5. Items
 * that the request left to the policy are the server's to state. */
#include "base/asn1.h"
#include "scvp/client_private.h"

struct comparing {
	const struct scvp_policy *asked, *got;
	bool by_value;
	struct finder *f;
};

/* An item: whether it was asked for, is there, and is the same. */
static void item(const struct comparing *c, const char *name, bool asked, bool there,
		 bool same)
{
	if (!there) {
		if (c->by_value)
			finder_add(c->f, SCVP_CODE_POLICY_INCOMPLETE, "%s", name);
		return;
	}
	if (asked && !same)
		finder_add(c->f, SCVP_CODE_POLICY_CHANGED, "%s", name);
}

static void tri(const struct comparing *c, const char *name, enum scvp_tri asked,
		enum scvp_tri got)
{
	item(c, name, asked != SCVP_ABSENT, got != SCVP_ABSENT, asked == got);
}

static bool same_set(struct scvp_list a, struct scvp_list b)
{
	for (size_t i = 0; i < a.n; i++)
		if (!scvp_list_has(b, a.v[i]))
			return false;
	for (size_t i = 0; i < b.n; i++)
		if (!scvp_list_has(a, b.v[i]))
			return false;
	return true;
}

static bool has_usage(const struct scvp_policy *p, uint16_t usage)
{
	for (size_t i = 0; i < p->n_key_usages; i++)
		if (p->key_usages[i] == usage)
			return true;
	return false;
}

static bool same_usages(const struct scvp_policy *a, const struct scvp_policy *b)
{
	for (size_t i = 0; i < a->n_key_usages; i++)
		if (!has_usage(b, a->key_usages[i]))
			return false;
	for (size_t i = 0; i < b->n_key_usages; i++)
		if (!has_usage(a, b->key_usages[i]))
			return false;
	return true;
}

/* Each of `a` is in `b`, in whatever form it is named. */
static int has_all(const struct scvp_policy *a, const struct scvp_policy *b, bool *ret,
		   struct ltps_error *err)
{
	*ret = true;
	for (size_t i = 0; i < a->n_anchors && *ret; i++) {
		*ret = false;
		for (size_t k = 0; k < b->n_anchors && !*ret; k++)
			if (ref_matches(&a->anchors[i], &b->anchors[k], ret, err) != 0)
				return -1;
	}
	return 0;
}

static int anchors(const struct comparing *c, struct ltps_error *err)
{
	bool same = true;
	if (c->asked->has_anchors && c->got->has_anchors) {
		/* No more were asked for; each pair may cost a hash. */
		if (c->got->n_anchors > SCVP_ANCHORS_MAX)
			same = false;
		else if (has_all(c->asked, c->got, &same, err) != 0)
			return -1;
		if (same && has_all(c->got, c->asked, &same, err) != 0)
			return -1;
	}
	item(c, "trustAnchors", c->asked->has_anchors, c->got->has_anchors, same);
	return 0;
}

static int items(const struct comparing *c, struct ltps_error *err)
{
	const struct scvp_policy *a = c->asked, *g = c->got;
	item(c, "validationAlg", a->alg.n > 0, g->alg.n > 0,
	     view_equal(a->alg, g->alg) && view_equal(a->alg_params, g->alg_params));
	item(c, "userPolicySet", a->has_user_policies, g->has_user_policies,
	     same_set(a->user_policies, g->user_policies));
	tri(c, "inhibitPolicyMapping", a->inhibit_mapping, g->inhibit_mapping);
	tri(c, "requireExplicitPolicy", a->explicit_policy, g->explicit_policy);
	tri(c, "inhibitAnyPolicy", a->inhibit_any, g->inhibit_any);
	item(c, "keyUsages", a->has_key_usages, g->has_key_usages, same_usages(a, g));
	item(c, "extendedKeyUsages", a->has_extended_key_usages,
	     g->has_extended_key_usages,
	     same_set(a->extended_key_usages, g->extended_key_usages));
	item(c, "specifiedKeyUsages", a->has_specified_key_usages,
	     g->has_specified_key_usages,
	     same_set(a->specified_key_usages, g->specified_key_usages));
	return anchors(c, err);
}

int policy_check(const struct scvp_request *q, const struct scvp_response *p,
		 struct finder *f, struct ltps_error *err)
{
	if (!p->has_policy) {
		finder_add(f, SCVP_CODE_POLICY_MISSING, "%s", "");
		return 0;
	}
	if (q == NULL)
		return 0;
	if (!view_equal(q->query.policy.id, p->policy.id) ||
	    (q->query.policy.params.n > 0 &&
	     !view_equal(q->query.policy.params, p->policy.params))) {
		char oid[OID_TEXT_MAX];
		oid_text(p->policy.id, oid);
		finder_add(f, SCVP_CODE_POLICY_OTHER, "%.100s", oid);
		return 0;
	}
	const struct comparing c = { .asked = &q->query.policy,
				     .got = &p->policy,
				     .by_value = q->query.policy_by_value,
				     .f = f };
	return items(&c, err);
}
