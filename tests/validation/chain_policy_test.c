/* SPDX-License-Identifier: Apache-2.0 */
/* The policy variables of RFC 5280 6.1 along a path, and the resulting sets. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/chain_judge.h"
#include "tests/support/chain_kit.h"

#define A "1.2.65"
#define B "1.2.66"
#define C "1.2.67"
#define ANY KIT_OID_ANY_POLICY

static struct kit *k;
static struct chain_judge j;
static struct view initial[4];

static void set_up(void)
{
	k = kit_new();
	chain_judge_reset(&j);
}

static void tear_down(void)
{
	cr_assert_eq(ERR_peek_error(), 0);
	kit_free(k);
}

TestSuite(chain_policy, .init = set_up, .fini = tear_down);

/*
 * One certificate of a path by a text of words, from the anchor down:
 *   p=OID,OID  policies      m=OID:OID,...  mappings
 *   e=n i=n    requireExplicitPolicy, inhibitPolicyMapping
 *   a=n        inhibitAnyPolicy
 *   n          nameConstraints that permit all and exclude CN=x
 *   self       self-issued
 */
static void words(struct kit_options *o, const char *text)
{
	char copy[256], *rest = NULL;
	int explicit_policy = -1, inhibit = -1;
	size_t n = 0;
	strcpy(copy, text);
	for (char *w = strtok_r(copy, " ", &rest); w != NULL;
	     w = strtok_r(NULL, " ", &rest)) {
		for (char *c = w; *c != '\0'; c++) {
			if (*c == ',')
				*c = ' ';
			else if (*c == ':')
				*c = '=';
		}
		if (w[0] == 'p')
			o->extensions[n++] = kit_ext_policies(k, w + 2);
		else if (w[0] == 'm')
			o->extensions[n++] = kit_ext_mappings(k, w + 2);
		else if (w[0] == 'a')
			o->extensions[n++] =
			    kit_ext_inhibit_any(k, (unsigned)(w[2] - '0'));
		else if (w[0] == 'n')
			o->extensions[n++] =
			    kit_ext_name_constraints(k, "dir:", "dir:CN=x");
		else if (w[0] == 'e')
			explicit_policy = w[2] - '0';
		else if (w[0] == 'i')
			inhibit = w[2] - '0';
	}
	if (explicit_policy >= 0 || inhibit >= 0)
		o->extensions[n++] =
		    kit_ext_policy_constraints(k, explicit_policy, inhibit);
}

/* The anchor first; ends at NULL. */
static void path(const char *anchor, ...)
{
	const struct kit_cert *down[PATH_CERTS_MAX];
	const char *text = anchor;
	char subject[64] = "CN=0";
	size_t n = 0;
	va_list args;
	memset(&j.c, 0, sizeof(j.c));
	va_start(args, anchor);
	for (; text != NULL; text = va_arg(args, const char *)) {
		struct kit_options o = { .by = n > 0 ? down[n - 1] : NULL, .ca = true };
		if (strstr(text, "self") == NULL)
			snprintf(subject, sizeof(subject), "CN=%zu", n);
		o.subject = subject;
		words(&o, text);
		down[n++] = kit_cert(k, &o);
	}
	va_end(args);
	for (size_t i = 0; i < n; i++)
		j.c.certs[i] = down[n - 1 - i]->cert;
	j.c.n_certs = n;
}

static void user(const char *one, const char *two)
{
	j.in.initial_policies = initial;
	j.in.n_initial_policies = 0;
	if (one != NULL)
		initial[j.in.n_initial_policies++] = kit_oid(k, one);
	if (two != NULL)
		initial[j.in.n_initial_policies++] = kit_oid(k, two);
}

static void expect(enum path_code why, int cert)
{
	chain_judge_run(&j);
	chain_judge_expect(&j, why, cert);
}

static void expect_set(const struct view *set, size_t n, const char *wanted)
{
	char text[64] = "";
	for (size_t i = 0; i < n; i++) {
		bool any = view_equal(set[i], kit_oid(k, ANY));
		strncat(text, any ? "*" : (const char[]){ (char)set[i].p[1], '\0' }, 1);
	}
	cr_assert_str_eq(text, wanted);
}

static void expect_valid(const char *authority, const char *of_user)
{
	expect(PATH_OK, -1);
	expect_set(j.c.authority_policies, j.c.n_authority_policies, authority);
	expect_set(j.c.policies, j.c.n_policies, of_user);
}

/* ---- explicit policy ---- */

Test(chain_policy, policy_when_wanted_and_absent_is_refused_once)
{
	path("", "p=" A, "", "", NULL);
	j.in.explicit_policy = true;
	expect(PATH_POLICY, 1);
	cr_assert_eq(j.c.n_findings, 1);
	cr_assert(j.c.explicit_policy);
}

Test(chain_policy, policy_when_wanted_and_not_acceptable_is_refused)
{
	path("", "p=" A, "p=" A, NULL);
	j.in.explicit_policy = true;
	user(B, NULL);
	expect(PATH_POLICY, 0);
	user(B, A);
	expect_valid("A", "A");
}

Test(chain_policy, policy_when_absent_and_not_wanted_is_no_defect)
{
	path("", "p=" A, "", NULL);
	user(B, NULL);
	expect_valid("", "");
	cr_assert_not(j.c.explicit_policy);
}

Test(chain_policy, policy_when_a_ca_requires_it_is_wanted_after_so_many)
{
	path("", "p=" A " e=1", "p=" A, "", NULL);
	expect(PATH_POLICY, 0);
	path("", "p=" A " e=2", "p=" A, "", NULL);
	expect(PATH_POLICY, 0); /* the last step counts down too: 6.1.5 a */
	path("", "p=" A " e=3", "p=" A, "", NULL);
	expect(PATH_OK, -1);
}

Test(chain_policy, policy_when_the_target_requires_it_is_wanted)
{
	path("", "p=" A, "e=0", NULL);
	expect(PATH_POLICY, 0);
	path("", "p=" A, "e=1", NULL);
	expect(PATH_OK, -1);
}

Test(chain_policy, counters_when_self_issued_stay)
{
	path("", "p=" A " e=2", "self p=" A, "self p=" A, "", NULL);
	expect(PATH_OK, -1);
	path("", "p=" A " e=1", "self p=" A, "self p=" A, "", NULL);
	expect(PATH_POLICY, 0);
}

Test(chain_policy, requirement_when_larger_below_does_not_widen)
{
	path("", "p=" A " e=0", "p=" A " e=9", "", NULL);
	expect(PATH_POLICY, 0);
}

/* ---- anyPolicy ---- */

Test(chain_policy, any_when_inhibited_by_the_user_is_nothing)
{
	path("", "p=" ANY, "p=" A, NULL);
	expect_valid("A", "A");
	j.in.inhibit_any = j.in.explicit_policy = true;
	expect(PATH_POLICY, 1);
}

Test(chain_policy, any_when_inhibited_by_a_ca_counts_that_long)
{
	j.in.explicit_policy = true;
	path("", "p=" A " a=0", "p=" ANY, NULL);
	expect(PATH_POLICY, 0);
	path("", "p=" A " a=1", "p=" ANY, NULL);
	expect_valid("A", "A");
	path("", "p=" A " a=1", "p=" ANY, "p=" ANY, NULL);
	expect(PATH_POLICY, 0);
}

Test(chain_policy, any_when_inhibited_is_still_good_in_self_issued_ones_but_the_last)
{
	j.in.explicit_policy = true;
	path("", "p=" A " a=0", "self p=" ANY, "p=" A, NULL);
	expect_valid("A", "A");
	path("", "p=" A " a=0", "self p=" ANY, NULL);
	expect(PATH_POLICY, 0);
}

Test(chain_policy, any_when_all_the_way_gives_what_the_user_accepts)
{
	path("", "p=" ANY, "p=" ANY, NULL);
	expect_valid("*", "*");
	user(B, A);
	expect_valid("*", "AB");
	user(A, ANY);
	expect_valid("*", "*");
}

/* ---- mappings ---- */

Test(chain_policy, mapping_when_of_any_is_refused)
{
	path("", "p=" A " m=" ANY ":" A, "p=" A, NULL);
	expect(PATH_POLICY_MAPPING, 1);
	path("", "p=" A " m=" A ":" ANY, "p=" A, NULL);
	expect(PATH_POLICY_MAPPING, 1);
}

Test(chain_policy, mapping_when_inhibited_leaves_nothing)
{
	j.in.explicit_policy = true;
	path("", "p=" A " m=" A ":" B, "p=" B, NULL);
	expect_valid("A", "A");
	j.in.inhibit_mapping = true;
	expect(PATH_POLICY, 0);
}

Test(chain_policy, mapping_when_a_ca_inhibits_it_counts_that_long)
{
	j.in.explicit_policy = true;
	path("", "p=" A " i=0", "p=" A " m=" A ":" B, "p=" B, NULL);
	expect(PATH_POLICY, 0);
	path("", "p=" A " i=1", "p=" A " m=" A ":" B, "p=" B, NULL);
	expect_valid("A", "A");
}

Test(chain_policy, user_policies_when_mapped_are_in_the_anchors_words)
{
	path("", "p=" A " m=" A ":" B, "p=" B, NULL);
	user(B, NULL);
	expect_valid("A", "");
	user(A, NULL);
	expect_valid("A", "A");
}

/* ---- the anchor: RFC 5937 ---- */

Test(chain_policy, anchor_when_it_has_policies_narrows_the_users)
{
	path("p=" A, "p=" B, "p=" B, NULL);
	expect_valid("B", "");
	j.in.explicit_policy = true;
	expect(PATH_POLICY, 0);
	j.in.ignore_anchor_constraints = true;
	expect_valid("B", "B");
}

Test(chain_policy, anchor_when_it_shares_no_policy_with_the_user_leaves_none)
{
	path("p=" A, "p=" B, "p=" B, NULL);
	j.in.explicit_policy = true;
	user(B, NULL);
	expect(PATH_POLICY, 0);
}

Test(chain_policy, anchor_when_it_has_any_policy_narrows_nothing)
{
	path("p=" ANY, "p=" B, "p=" B, NULL);
	expect_valid("B", "B");
	path("p=" A "," B, "p=" B, "p=" B, NULL);
	user(B, C);
	expect_valid("B", "B");
}

Test(chain_policy, anchor_when_it_has_constraints_they_count_unless_ignored)
{
	path("e=0", "", NULL);
	expect(PATH_POLICY, 0);
	j.in.ignore_anchor_constraints = true;
	expect(PATH_OK, -1);
	j.in.ignore_anchor_constraints = false;
	path("e=0 a=0", "p=" ANY, NULL);
	expect(PATH_POLICY, 0);
	path("e=0 i=0", "p=" A " m=" A ":" B, "p=" B, NULL);
	expect(PATH_POLICY, 0);
}

Test(chain_policy, anchor_when_alone_accepts_what_the_user_does)
{
	path("p=" A, NULL);
	j.in.explicit_policy = true;
	expect_valid("*", "*");
}

/* ---- hostile ---- */

#define MANY 60

static const char *all_to_all(void)
{
	static char text[MANY * MANY * 20];
	size_t at = 0;
	for (int i = 0; i < MANY * MANY; i++)
		at += (size_t)snprintf(text + at, sizeof(text) - at, "%s1.2.%d=1.2.%d",
				       i > 0 ? " " : "", i / MANY, i % MANY);
	return text;
}

Test(chain_policy, mappings_when_all_to_all_on_the_longest_path_are_judged)
{
	static char policies[MANY * 10];
	const struct kit_cert *down[PATH_CERTS_MAX];
	struct kit_options o = { .ca = true };
	size_t at = 0;
	for (int i = 0; i < MANY; i++)
		at += (size_t)snprintf(policies + at, sizeof(policies) - at, "%s1.2.%d",
				       i > 0 ? " " : "", i);
	o.extensions[0] = kit_ext_policies(k, policies);
	o.extensions[1] = kit_ext_mappings(k, all_to_all());
	for (size_t i = 0; i < PATH_CERTS_MAX; i++) {
		o.by = i > 0 ? down[i - 1] : NULL;
		down[i] = kit_cert(k, &o);
		cr_assert_not_null(down[i]->cert);
		j.c.certs[PATH_CERTS_MAX - 1 - i] = down[i]->cert;
	}
	j.c.n_certs = PATH_CERTS_MAX;
	j.in.explicit_policy = true;
	expect(PATH_OK, -1);
	cr_assert_eq(j.c.n_authority_policies, MANY);
}

Test(chain_policy, policies_when_beyond_the_budget_leave_it_undetermined)
{
	const struct kit_cert *root = kit_ca(k, "CN=Root", NULL);
	struct kit_options o = { .subject = "CN=CA", .by = root, .ca = true };
	o.extensions[0] = kit_ext_policies(k, "1.2.0");
	o.extensions[1] = kit_ext_mappings(k, all_to_all());
	const struct kit_cert *ca = kit_cert(k, &o);
	const struct kit_cert *leaf = kit_leaf(k, "CN=Leaf", ca);
	chain_judge_path(&j, 3, leaf, ca, root);
	j.in.explicit_policy = true;
	/* For the octets of the certificates, and hardly more. */
	j.in.budget.steps =
	    1 + (uint32_t)((leaf->der.n + ca->der.n + root->der.n) / 1024);
	expect(PATH_BUDGET, 1);
	cr_assert_eq(j.c.status, PATH_UNDETERMINED);
	j.in.budget.steps = 0;
	expect(PATH_POLICY, 0);
}

/* ---- memory ---- */

/* Fresh decodings, so that each run decodes its keys anew. */
static int judge_fresh(uint64_t fail_at, enum path_status *ret)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_run run;
	struct path_candidate *c = mem_zalloc(1, sizeof(*c));
	cr_assert_not_null(c);
	c->n_certs = j.c.n_certs;
	for (size_t i = 0; i < c->n_certs; i++) {
		struct cert *fresh = NULL;
		cr_assert_eq(cert_parse(j.c.certs[i]->der, &fresh, &err), 0);
		c->certs[i] = fresh;
	}
	cr_assert_eq(path_run_init(&run, &j.in, &err), 0);
	mem_fail_nth(fail_at);
	int rc = chain_check(&run, CHAIN_TIME_ALL, true, c, &err);
	bool hit = mem_fail_hit() != 0;
	mem_fail_nth(0);
	if (rc != 0)
		cr_assert(hit && err.fault == LTPS_FAULT_SELF, "%s", err.text);
	*ret = c->status;
	path_run_clear(&run);
	for (size_t i = 0; i < c->n_certs; i++)
		cert_free((struct cert *)(uintptr_t)c->certs[i]);
	mem_free(c);
	return rc != 0 ? -1 : hit;
}

static void fail_everywhere(enum path_status wanted)
{
	enum path_status status;
	unsigned refused = 0;
	for (uint64_t n = 1;; n++) {
		int rc = judge_fresh(n, &status);
		if (rc < 0) {
			refused++;
			continue;
		}
		cr_assert_eq(status, wanted, "at allocation %u", (unsigned)n);
		if (rc == 0)
			break;
	}
	cr_assert_gt(refused, 10);
}

Test(chain_policy, memory_when_it_fails_anywhere_never_changes_the_outcome)
{
	path("n p=" A "," ANY, "p=" A " m=" A ":" B, "p=" B "," ANY, NULL);
	user(A, NULL);
	fail_everywhere(PATH_VALID);
	j.in.explicit_policy = true;
	user(B, NULL);
	fail_everywhere(PATH_INVALID);
	ERR_clear_error();
}
