/* SPDX-License-Identifier: Apache-2.0 */
/* chain_policy - the policy variables of RFC 5280 6.1 around the policy graph. */
#include <string.h>

#include "base/mem.h"
#include "validation/chain_private.h"
#include "validation/fields.h"

/* Comparisons that one step of the budget pays for, as with names. */
#define COMPARISONS_A_STEP 1000

void chain_policy_clear(struct chain_policy *p)
{
	policy_graph_free(p->graph);
	mem_free(p->initial);
	memset(p, 0, sizeof(*p));
}

/* ---- reading extensions ---- */

/* Elements of a list; 0 when one does not decode. */
static size_t count_elements(struct view list)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct tlv t;
	size_t n = 0;
	for (; list.n > 0; n++) {
		if (field_next(&list, DER_SEQUENCE, "", &t, &ignored) != 0)
			return 0;
	}
	return n;
}

/* policyIdentifiers of certificatePolicies; free with mem_free(). */
static int read_policies(const struct cert *c, struct view **ret, size_t *ret_n,
			 struct ltps_error *err)
{
	struct view list = cert_ext_list(c, CERT_EXT_POLICIES);
	size_t n = count_elements(list);
	struct view *oids = mem_zalloc(n + 1, sizeof(*oids));
	struct tlv t;
	if (oids == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < n; i++) {
		if (field_next(&list, DER_SEQUENCE, "PolicyInformation", &t, err) !=
			0 ||
		    field_oid(&t.body, "policyIdentifier", &oids[i], err) != 0) {
			mem_free(oids);
			return -1;
		}
	}
	*ret = oids;
	*ret_n = n;
	return 0;
}

/* Pairs of policyMappings without those of anyPolicy, which *ret_any reports. */
static int read_mappings(const struct cert *c, struct policy_mapping **ret,
			 size_t *ret_n, bool *ret_any, struct ltps_error *err)
{
	struct view list = cert_ext_list(c, CERT_EXT_POLICY_MAPPINGS);
	size_t n = count_elements(list), kept = 0;
	struct policy_mapping *pairs = mem_zalloc(n + 1, sizeof(*pairs));
	struct tlv t;
	if (pairs == NULL)
		return ltps_fail_nomem(err);
	*ret_any = false;
	for (size_t i = 0; i < n; i++) {
		struct policy_mapping *p = &pairs[kept];
		if (field_next(&list, DER_SEQUENCE, "PolicyMappings", &t, err) != 0 ||
		    field_oid(&t.body, "issuerDomainPolicy", &p->from, err) != 0 ||
		    field_oid(&t.body, "subjectDomainPolicy", &p->to, err) != 0) {
			mem_free(pairs);
			return -1;
		}
		if (policy_is_any(p->from) || policy_is_any(p->to))
			*ret_any = true;
		else
			kept++;
	}
	*ret = pairs;
	*ret_n = kept;
	return 0;
}

/* SkipCerts, cut at what fits; UINT32_MAX where it is absent or does not decode,
 * which is a finding of its own. */
static uint32_t skip_certs(struct view body)
{
	uint64_t v = 0;
	body = field_shortest_integer(body);
	if (body.n == 0 || body.p[0] >= 0x80)
		return UINT32_MAX;
	for (size_t i = 0; i < body.n && v <= UINT32_MAX; i++)
		v = v << 8 | body.p[i];
	return v > UINT32_MAX ? UINT32_MAX : (uint32_t)v;
}

struct skips {
	uint32_t explicit_policy, mapping, any;
};

static struct skips read_skips(const struct cert *c)
{
	struct ltps_error ignored = LTPS_ERROR_INIT;
	struct skips s = { UINT32_MAX, UINT32_MAX, UINT32_MAX };
	struct view list = cert_ext_list(c, CERT_EXT_POLICY_CONSTRAINTS), any;
	struct tlv require, inhibit;
	if (list.n > 0 &&
	    field_optional(&list, FIELD_CONTEXT(0), "", &require, &ignored) == 0 &&
	    field_optional(&list, FIELD_CONTEXT(1), "", &inhibit, &ignored) == 0) {
		s.explicit_policy = skip_certs(require.body);
		s.mapping = skip_certs(inhibit.body);
	}
	if (cert_has(c, CERT_EXT_INHIBIT_ANY) &&
	    field_only(c->ext[CERT_EXT_INHIBIT_ANY], FIELD_INTEGER, "", &any,
		       &ignored) == 0)
		s.any = skip_certs(any);
	return s;
}

/* ---- 6.1.2 ---- */

static uint32_t smaller(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

/* 6.1.4 (i) and (j) */
static void apply_skips(struct chain_policy *p, const struct cert *c)
{
	struct skips s = read_skips(c);
	p->explicit_policy = smaller(p->explicit_policy, s.explicit_policy);
	p->policy_mapping = smaller(p->policy_mapping, s.mapping);
	p->inhibit_any = smaller(p->inhibit_any, s.any);
}

/* What the user asks for; anyPolicy in it is the same as nothing. */
static int take_initial(struct chain_policy *p, const struct path_input *in,
			struct ltps_error *err)
{
	p->initial_any = in->n_initial_policies == 0;
	p->initial = mem_zalloc(in->n_initial_policies + 1, sizeof(*p->initial));
	if (p->initial == NULL)
		return ltps_fail_nomem(err);
	for (size_t i = 0; i < in->n_initial_policies; i++) {
		p->initial[i] = in->initial_policies[i];
		p->initial_any = p->initial_any || policy_is_any(p->initial[i]);
	}
	p->n_initial = policy_sort(p->initial, in->n_initial_policies);
	return 0;
}

static bool among(const struct view *list, size_t n, struct view oid)
{
	for (size_t i = 0; i < n; i++) {
		if (view_equal(list[i], oid))
			return true;
	}
	return false;
}

/* RFC 5937 3.2: the user's policies are those that the anchor's certificate has too. */
static int intersect_anchor(struct chain_policy *p, const struct cert *anchor,
			    struct ltps_error *err)
{
	struct view *oids = NULL;
	size_t n = 0, kept = 0;
	if (!cert_has(anchor, CERT_EXT_POLICIES))
		return 0;
	if (read_policies(anchor, &oids, &n, err) != 0)
		return -1;
	if (among(oids, n, policy_any)) {
		mem_free(oids);
		return 0;
	}
	if (p->initial_any) {
		mem_free(p->initial);
		p->initial = oids;
		p->n_initial = policy_sort(oids, n);
		p->initial_any = false;
		return 0;
	}
	for (size_t i = 0; i < p->n_initial; i++) {
		if (among(oids, n, p->initial[i]))
			p->initial[kept++] = p->initial[i];
	}
	p->n_initial = kept;
	mem_free(oids);
	return 0;
}

int chain_policy_init(struct chain_state *s, struct ltps_error *err)
{
	struct chain_policy *p = &s->policy;
	const struct path_input *in = s->run->in;
	const struct cert *anchor = s->c->certs[s->n];
	uint32_t never = (uint32_t)s->n + 1;
	p->explicit_policy = in->explicit_policy ? 0 : never;
	p->policy_mapping = in->inhibit_mapping ? 0 : never;
	p->inhibit_any = in->inhibit_any ? 0 : never;
	if (policy_graph_new(&p->graph, err) != 0 || take_initial(p, in, err) != 0)
		return -1;
	if (s->n == 0 || in->ignore_anchor_constraints)
		return 0;
	apply_skips(p, anchor);
	if (intersect_anchor(p, anchor, err) != 0)
		return chain_forgive(s, PATH_MALFORMED_EXTENSION, s->n, err);
	return 0;
}

/* ---- 6.1.3 (d) to (f) ---- */

/* What could not be computed must not pass for want of a policy afterwards. */
static int give_up(struct chain_state *s, size_t i, struct ltps_error *err)
{
	s->policy.reported = true;
	return chain_forgive(s, PATH_MALFORMED_EXTENSION, i, err);
}

static int pay(struct chain_state *s, size_t n, struct ltps_error *err)
{
	if (path_run_step(s->run, (uint32_t)(n / COMPARISONS_A_STEP)))
		return 0;
	return ltps_fail(err, LTPS_TOO_LARGE, LTPS_FAULT_OBJECT, "RFC 9618",
			 "policies beyond the budget");
}

static void find_none(struct chain_state *s, size_t i, const char *text)
{
	if (!s->policy.reported)
		candidate_find(s->c, PATH_POLICY, (int)i, "%s", text);
	s->policy.reported = true;
}

static int add_policies(struct chain_state *s, size_t i, struct ltps_error *err)
{
	struct chain_policy *p = &s->policy;
	bool any_counts = p->inhibit_any > 0 || chain_exempt(s, i);
	struct view *oids = NULL;
	size_t n = 0;
	int rc = read_policies(s->c->certs[i], &oids, &n, err);
	if (rc == 0)
		rc = pay(s, n, err);
	if (rc == 0)
		rc = policy_graph_add(p->graph, oids, n, any_counts, err);
	if (rc != 0)
		rc = give_up(s, i, err);
	mem_free(oids);
	return rc;
}

int chain_policy_check(struct chain_state *s, size_t i, struct ltps_error *err)
{
	struct chain_policy *p = &s->policy;
	const struct cert *c = s->c->certs[i];
	if (!cert_has(c, CERT_EXT_POLICIES) ||
	    cert_ext_list(c, CERT_EXT_POLICIES).n == 0)
		policy_graph_cut(p->graph);
	else if (add_policies(s, i, err) != 0)
		return -1;
	if (p->explicit_policy == 0 && policy_graph_is_null(p->graph))
		find_none(s, i, "none is left here");
	return 0;
}

/* ---- 6.1.4 (a), (b), (h) to (j) ---- */

static int map_policies(struct chain_state *s, size_t i, struct ltps_error *err)
{
	struct chain_policy *p = &s->policy;
	struct policy_mapping *pairs = NULL;
	size_t n = 0;
	bool any = false;
	int rc = read_mappings(s->c->certs[i], &pairs, &n, &any, err);
	if (any)
		candidate_find(s->c, PATH_POLICY_MAPPING, (int)i, "%s", "");
	if (rc == 0)
		rc = pay(s, n, err);
	if (rc == 0)
		rc = policy_graph_map(p->graph, pairs, n, p->policy_mapping == 0, err);
	if (rc != 0)
		rc = give_up(s, i, err);
	mem_free(pairs);
	return rc;
}

static void count_down(uint32_t *n)
{
	if (*n > 0)
		(*n)--;
}

int chain_policy_prepare(struct chain_state *s, size_t i, struct ltps_error *err)
{
	struct chain_policy *p = &s->policy;
	const struct cert *c = s->c->certs[i];
	if (cert_has(c, CERT_EXT_POLICY_MAPPINGS) && map_policies(s, i, err) != 0)
		return -1;
	if (!c->self_issued) {
		count_down(&p->explicit_policy);
		count_down(&p->policy_mapping);
		count_down(&p->inhibit_any);
	}
	apply_skips(p, c);
	return 0;
}

/* ---- 6.1.5 (a), (b), (g) ---- */

static int take_sets(struct chain_state *s, struct ltps_error *err)
{
	struct chain_policy *p = &s->policy;
	struct path_candidate *c = s->c;
	if (policy_graph_authority(p->graph, c->authority_policies, PATH_POLICIES_MAX,
				   &c->n_authority_policies, err) != 0)
		return -1;
	return policy_graph_user(c->authority_policies, c->n_authority_policies,
				 p->initial_any, p->initial, p->n_initial, c->policies,
				 PATH_POLICIES_MAX, &c->n_policies, err);
}

int chain_policy_wrap_up(struct chain_state *s, struct ltps_error *err)
{
	struct chain_policy *p = &s->policy;
	if (s->n > 0) {
		count_down(&p->explicit_policy);
		if (read_skips(s->c->certs[0]).explicit_policy == 0)
			p->explicit_policy = 0;
	}
	s->c->explicit_policy = p->explicit_policy == 0;
	if (take_sets(s, err) != 0)
		return chain_forgive(s, PATH_POLICY, 0, err);
	if (s->n > 0 && p->explicit_policy == 0 && s->c->n_policies == 0)
		find_none(s, 0, "none that is acceptable is left");
	return 0;
}
