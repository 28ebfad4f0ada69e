/* SPDX-License-Identifier: Apache-2.0 */
/* policy - the validation policy of a request: its values, and for the rest those of
 * the policy it names. RFC 5055 3.2.4, 4.5. */
#include <string.h>

#include "scvp/demand.h"

/* anyPolicy 2.5.29.32.0 */
static const uint8_t any_policy_octets[] = { 0x55, 0x1d, 0x20, 0x00 };
static const struct view any_policy = { any_policy_octets, sizeof(any_policy_octets) };

static const struct scvp_policy_config *find_policy(const struct scvp_config *c,
						    struct view id)
{
	for (size_t i = 0; i < c->n_policies; i++) {
		if (view_equal(c->policies[i].id, id))
			return &c->policies[i];
	}
	return NULL;
}

static bool same_list(struct scvp_list a, struct scvp_list b)
{
	if (a.n != b.n)
		return false;
	for (size_t i = 0; i < a.n; i++) {
		if (!scvp_list_has(b, a.v[i]))
			return false;
	}
	return true;
}

static bool same_usages(const struct scvp_policy *a, const struct scvp_policy *b)
{
	return a->n_key_usages == b->n_key_usages &&
	       (a->n_key_usages == 0 ||
		memcmp(a->key_usages, b->key_usages,
		       a->n_key_usages * sizeof(*a->key_usages)) == 0);
}

/* Anchors by value: the service's own, as certificates. */
static int fill_anchors(const struct scvp_config *c, struct scvp_arena *arena,
			struct scvp_policy *ret, struct ltps_error *err)
{
	const size_t n = material_count(c->trust, MATERIAL_ANCHOR);
	struct scvp_cert_ref *refs = scvp_arena_alloc(arena, n, sizeof(*refs));
	if (refs == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++)
		refs[i] = (struct scvp_cert_ref){
			.kind = SCVP_REF_CERT,
			.cert = material_at(c->trust, MATERIAL_ANCHOR, i),
		};
	ret->has_anchors = n > 0; /* the list cannot be empty */
	ret->anchors = refs;
	ret->n_anchors = n;
	return 0;
}

static void fill_tri(enum scvp_tri *v)
{
	if (*v == SCVP_ABSENT)
		*v = SCVP_FALSE;
}

int policy_populate(const struct scvp_config *c, const struct scvp_policy *values,
		    struct scvp_arena *arena, struct scvp_policy *ret,
		    struct ltps_error *err)
{
	*ret = *values;
	if (ret->alg.n == 0)
		ret->alg = scvp_svp_oid(3);
	if (!ret->has_user_policies) {
		struct view *any = scvp_arena_alloc(arena, 1, sizeof(*any));
		if (any == NULL)
			return ltps_fail_nomem(err);
		*any = any_policy;
		ret->has_user_policies = true;
		ret->user_policies = (struct scvp_list){ any, 1 };
	}
	fill_tri(&ret->inhibit_mapping);
	fill_tri(&ret->explicit_policy);
	fill_tri(&ret->inhibit_any);
	ret->has_key_usages = true;
	ret->has_extended_key_usages = true;
	ret->has_specified_key_usages = true;
	return ret->has_anchors ? 0 : fill_anchors(c, arena, ret, err);
}

/* ---- what a request may say ---- */

struct flag_rule {
	enum scvp_tri asked, held;
	uint32_t fixed, refused;
	enum scvp_status status;
};

/* A value that the policy fixes otherwise, or that the operator refuses. */
static enum scvp_status check_flags(const struct demand *d, const struct scvp_policy *q,
				    const struct scvp_policy *held)
{
	const struct flag_rule rules[] = {
		{ q->inhibit_mapping, held->inhibit_mapping, SCVP_FIXED_INHIBIT_MAPPING,
		  SCVP_REFUSE_INHIBIT_MAPPING, SCVP_INHIBIT_MAPPING_UNSUPPORTED },
		{ q->explicit_policy, held->explicit_policy, SCVP_FIXED_EXPLICIT,
		  SCVP_REFUSE_EXPLICIT, SCVP_REQUIRE_EXPLICIT_UNSUPPORTED },
		{ q->inhibit_any, held->inhibit_any, SCVP_FIXED_INHIBIT_ANY,
		  SCVP_REFUSE_INHIBIT_ANY, SCVP_INHIBIT_ANY_UNSUPPORTED },
	};
	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++) {
		const struct flag_rule *r = &rules[i];
		const bool differs = (r->asked == SCVP_TRUE) != (r->held == SCVP_TRUE);
		if (r->asked != SCVP_ABSENT && differs &&
		    ((d->policy_config->fixed & r->fixed) != 0 ||
		     (d->config->refused & r->refused) != 0))
			return r->status;
	}
	return SCVP_OKAY;
}

static bool conflicts(const struct demand *d, const struct scvp_policy *q,
		      const struct scvp_policy *held)
{
	const uint32_t fixed = d->policy_config->fixed;
	return ((fixed & SCVP_FIXED_ALG) != 0 && q->alg.n > 0 &&
		!view_equal(q->alg, held->alg)) ||
	       ((fixed & SCVP_FIXED_USER_POLICIES) != 0 && q->has_user_policies &&
		!same_list(q->user_policies, held->user_policies)) ||
	       ((fixed & SCVP_FIXED_ANCHORS) != 0 && q->has_anchors) ||
	       ((fixed & SCVP_FIXED_KEY_USAGES) != 0 && q->has_key_usages &&
		!same_usages(q, held)) ||
	       ((fixed & SCVP_FIXED_EXTENDED) != 0 && q->has_extended_key_usages &&
		!same_list(q->extended_key_usages, held->extended_key_usages)) ||
	       ((fixed & SCVP_FIXED_SPECIFIED) != 0 && q->has_specified_key_usages &&
		!same_list(q->specified_key_usages, held->specified_key_usages));
}

/* Values of the request over those of the policy. */
static void merge(const struct scvp_policy *q, struct scvp_policy *p)
{
	if (q->alg.n > 0) {
		p->alg = q->alg;
		p->alg_params = q->alg_params;
	}
	if (q->has_user_policies)
		p->user_policies = q->user_policies;
	if (q->inhibit_mapping != SCVP_ABSENT)
		p->inhibit_mapping = q->inhibit_mapping;
	if (q->explicit_policy != SCVP_ABSENT)
		p->explicit_policy = q->explicit_policy;
	if (q->inhibit_any != SCVP_ABSENT)
		p->inhibit_any = q->inhibit_any;
	if (q->has_anchors) {
		p->anchors = q->anchors;
		p->n_anchors = q->n_anchors;
	}
	if (q->has_key_usages) {
		p->key_usages = q->key_usages;
		p->n_key_usages = q->n_key_usages;
	}
	if (q->has_extended_key_usages)
		p->extended_key_usages = q->extended_key_usages;
	if (q->has_specified_key_usages)
		p->specified_key_usages = q->specified_key_usages;
}

static enum scvp_status choose_algorithm(struct demand *d)
{
	struct ltps_error unread = LTPS_ERROR_INIT;
	const struct scvp_policy *p = &d->policy;
	if (view_equal(p->alg, scvp_svp_oid(3))) {
		d->text = "the basic validation algorithm has no parameters";
		return p->alg_params.n == 0 ? SCVP_OKAY : SCVP_INVALID_REQUEST;
	}
	if (!view_equal(p->alg, scvp_svp_oid(2)))
		return SCVP_UNRECOGNIZED_VAL_ALG;
	d->by_name = true;
	if (scvp_name_params_parse(p->alg_params, &d->names, &unread) == 0)
		return SCVP_OKAY;
	d->text = "parameters of the name validation algorithm";
	return SCVP_BAD_STRUCTURE;
}

/* ---- anchors of the request ---- */

/* What RFC 5280 asks of who signs certificates. An old self-issued root without
 * extensions cannot say more. */
static bool can_sign_certs(const struct cert *c)
{
	if (c->version < 3)
		return c->self_issued;
	return cert_has(c, CERT_EXT_BASIC_CONSTRAINTS) && c->ca && c->malformed == 0 &&
	       (!cert_has(c, CERT_EXT_KEY_USAGE) ||
		(c->key_usage & KEY_USAGE_CERT_SIGN) != 0);
}

static int resolve_anchor(struct demand *d, const struct scvp_cert_ref *ref,
			  struct cert **ret, enum scvp_status *status,
			  struct ltps_error *err)
{
	struct ltps_error bad = LTPS_ERROR_INIT;
	struct cert *c = NULL;
	*status = SCVP_INVALID_REQUEST;
	d->text = "a trust anchor cannot be used";
	if (ref->kind == SCVP_REF_CERT) {
		if (cert_parse(ref->cert, &c, &bad) != 0)
			return read_pass_failure(&bad, err);
	} else if (demand_find(d, &ref->id, &c, err) != 0) {
		return -1;
	}
	if (c == NULL)
		return 0;
	*ret = c; /* owned by the demand from now on */
	if (material_find_cert(d->config->trust, MATERIAL_ANCHOR, c->sha256) != NULL ||
	    can_sign_certs(c)) {
		*status = SCVP_OKAY;
		d->text = NULL;
	}
	return 0;
}

static int resolve_anchors(struct demand *d, enum scvp_status *ret,
			   struct ltps_error *err)
{
	const struct scvp_policy *p = &d->request->query.policy;
	if (!p->has_anchors)
		return 0;
	d->anchors = scvp_arena_alloc(d->arena, p->n_anchors, sizeof(*d->anchors));
	if (d->anchors == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < p->n_anchors && *ret == SCVP_OKAY; i++) {
		if (resolve_anchor(d, &p->anchors[i], &d->anchors[i], ret, err) != 0)
			return -1;
		d->n_anchors = i + (d->anchors[i] != NULL ? 1 : 0);
	}
	return 0;
}

int demand_policy(struct demand *d, enum scvp_status *ret, struct ltps_error *err)
{
	const struct scvp_policy *q = &d->request->query.policy;
	d->policy_config = find_policy(d->config, q->id);
	*ret = SCVP_UNRECOGNIZED_VAL_POL;
	if (d->policy_config == NULL ||
	    (d->policy_config == &d->config->policies[0] &&
	     (d->config->refused & SCVP_REFUSE_DEFAULT_POLICY) != 0))
		return 0;
	if (policy_populate(d->config, &d->policy_config->values, d->arena, &d->policy,
			    err) != 0)
		return -1;
	d->policy.id = q->id;
	*ret = SCVP_INVALID_REQUEST;
	if (q->params.n > 0) {
		d->text = "the policy has no parameters of its own";
		return 0;
	}
	*ret = check_flags(d, q, &d->policy);
	if (*ret != SCVP_OKAY)
		return 0;
	if (conflicts(d, q, &d->policy)) {
		*ret = SCVP_INVALID_REQUEST;
		d->text = "a parameter conflicts with the policy";
		return 0;
	}
	merge(q, &d->policy);
	*ret = choose_algorithm(d);
	if (*ret != SCVP_OKAY)
		return 0;
	d->text = NULL;
	return resolve_anchors(d, ret, err);
}

int demand_policy_value(const struct demand *d, bool by_value, struct scvp_policy *ret,
			struct ltps_error *err)
{
	const struct scvp_policy *q = &d->request->query.policy;
	struct scvp_policy held;
	*ret = d->policy;
	if (by_value)
		return 0;
	/* By reference: only what differs from the policy itself. */
	if (policy_populate(d->config, &d->policy_config->values, d->arena, &held,
			    err) != 0)
		return -1;
	if (view_equal(ret->alg, held.alg) &&
	    view_equal(ret->alg_params, held.alg_params))
		ret->alg = ret->alg_params = VIEW_NULL;
	ret->has_user_policies = !same_list(ret->user_policies, held.user_policies);
	if (ret->inhibit_mapping == held.inhibit_mapping)
		ret->inhibit_mapping = SCVP_ABSENT;
	if (ret->explicit_policy == held.explicit_policy)
		ret->explicit_policy = SCVP_ABSENT;
	if (ret->inhibit_any == held.inhibit_any)
		ret->inhibit_any = SCVP_ABSENT;
	ret->has_anchors = q->has_anchors;
	ret->has_key_usages = !same_usages(ret, &held);
	ret->has_extended_key_usages =
	    !same_list(ret->extended_key_usages, held.extended_key_usages);
	ret->has_specified_key_usages =
	    !same_list(ret->specified_key_usages, held.specified_key_usages);
	return 0;
}
