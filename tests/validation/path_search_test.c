/* SPDX-License-Identifier: Apache-2.0 */
/* Candidate paths: which are shown, in which order, and that every search ends. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/path_scene.h"
#include "validation/path_search.h"

#define SHOWN_MAX 64

static struct path_scene *s;
static struct path_input in;
static struct path_search_options o;
static struct path_search_end end;
static struct {
	char text[SHOWN_MAX][256]; /* common names, "Leaf<CA<Root" */
	unsigned n;
	unsigned stop_after; /* 0: never */
	uint32_t signatures, steps;
	bool spent;
	size_t n_needs;
	char need[2][128];
} seen;

static void set_up(void)
{
	s = path_scene_new();
	in = (struct path_input){ .pools = { s->pool },
				  .n_pools = 1,
				  .time_ms = FIX_T0_MS };
	o = (struct path_search_options){ .time_ms = FIX_T0_MS, .need_issuers = true };
	memset(&seen, 0, sizeof(seen));
}

static void tear_down(void)
{
	path_scene_free(s);
}

TestSuite(path_search, .init = set_up, .fini = tear_down);

static int note(void *arg, struct path_candidate *c, bool *ret_stop,
		struct ltps_error *err)
{
	char *text = seen.text[seen.n];
	size_t n = 0;
	(void)arg;
	(void)err;
	for (size_t i = 0; i < c->n_certs; i++) {
		char name[CERT_TEXT_MAX];
		cert_text(c->certs[i], name);
		char *cn = strstr(name, "CN=");
		cn = cn != NULL ? cn + 3 : name;
		cn[strcspn(cn, ",")] = '\0';
		n += (size_t)snprintf(text + n, n < 200 ? 256 - n : 0, "%s%s",
				      i > 0 ? "<" : "", cn);
	}
	seen.n++;
	*ret_stop = seen.n == SHOWN_MAX || seen.n == seen.stop_after;
	return 0;
}

static void search(const struct path_scene_cert *target)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_run run;
	in.target = o.target = target->cert;
	seen.n = 0;
	cr_assert_eq(path_run_init(&run, &in, &err), 0);
	cr_assert_eq(path_search(&run, &o, note, NULL, &end, &err), 0, "%s", err.text);
	cr_assert_eq(ERR_peek_error(), 0);
	cr_assert_eq(end.found, seen.n > 0);
	seen.signatures = run.signatures;
	seen.steps = run.steps;
	seen.spent = run.spent;
	seen.n_needs = run.n_needs;
	for (size_t i = 0; i < run.n_needs && i < 2; i++)
		snprintf(seen.need[i], sizeof(seen.need[i]), "%d %s", run.needs[i].kind,
			 run.needs[i].url);
	path_run_clear(&run);
}

static void expect_none(const struct path_scene_cert *target, enum path_code why)
{
	search(target);
	cr_assert_eq(seen.n, 0, "%s", seen.text[0]);
	cr_assert_eq(end.why, why, "code %d: %s", end.why, end.text);
	cr_assert_neq(end.text[0], '\0');
}

static struct path_scene_cert *make(enum material_kind kind,
				    const struct path_scene_options *how)
{
	return path_scene_make(s, kind, how);
}
#define MAKE(kind, ...) make(kind, &(struct path_scene_options){ __VA_ARGS__ })

/* ---- where chains end ---- */

Test(path_search, names_the_missing_issuer)
{
	struct path_scene_cert *root = path_scene_root(s, "Root");
	struct path_scene_cert *ca =
	    MAKE(MATERIAL_KIND_COUNT, .cn = "CA", .issuer = root, .ca = true);
	expect_none(path_scene_leaf(s, "Leaf", ca), PATH_NO_ISSUER);
	cr_assert(strstr(end.text, "CN=CA") != NULL, "%s", end.text);
	cr_assert_not(seen.spent);
}

Test(path_search, asks_where_the_chain_ends)
{
	struct path_scene_cert *root =
	    MAKE(MATERIAL_ANCHOR, .cn = "Root", .ca = true,
		 .extensions = { "subjectInfoAccess=caRepository;URI:ldap://a.example/"
				 "cn=x" });
	struct path_scene_cert *ca =
	    MAKE(MATERIAL_KIND_COUNT, .cn = "CA", .issuer = root, .ca = true);
	struct path_scene_cert *sub = MAKE(
	    MATERIAL_CERT, .cn = "Sub", .issuer = ca, .ca = true,
	    .extensions = { "authorityInfoAccess=OCSP;URI:http://o.example/,caIssuers;"
			    "URI:http://a.example/ca.cer,caIssuers;URI:ftp://a/x" });
	expect_none(path_scene_leaf(s, "Leaf", sub), PATH_NO_ISSUER);
	cr_assert_eq(seen.n_needs, 2);
	cr_assert_str_eq(seen.need[0], "0 http://a.example/ca.cer");
	cr_assert_str_eq(seen.need[1], "1 ldap://a.example/cn=x");
}

Test(path_search, asks_below_when_the_end_names_no_place)
{
	struct path_scene_cert *root =
	    MAKE(MATERIAL_KIND_COUNT, .cn = "Root", .ca = true);
	struct path_scene_cert *ca = path_scene_ca(s, "CA", root);
	struct path_scene_cert *leaf = MAKE(
	    MATERIAL_KIND_COUNT, .cn = "Leaf", .issuer = ca,
	    .extensions = { "authorityInfoAccess=caIssuers;URI:http://a.example/1" });
	expect_none(leaf, PATH_NO_ISSUER);
	cr_assert_eq(seen.n_needs, 1);
	cr_assert_str_eq(seen.need[0], "0 http://a.example/1");
}

Test(path_search, place_of_a_need_stands_once)
{
	static const char aia[] =
	    "authorityInfoAccess=caIssuers;URI:http://a.example/1,"
	    "caIssuers;URI:http://a.example/1,caIssuers;URI:HTTP://a.example/2";
	struct path_scene_cert *lost =
	    MAKE(MATERIAL_KIND_COUNT, .cn = "Lost", .ca = true);
	struct path_scene_cert *key = MAKE(MATERIAL_KIND_COUNT, .cn = "CA", .ca = true);
	for (int i = 0; i < 3; i++)
		MAKE(MATERIAL_CERT, .cn = "CA", .issuer = lost, .key_of = key,
		     .ca = true, .extensions = { aia });
	expect_none(path_scene_leaf(s, "Leaf", key), PATH_NO_ISSUER);
	cr_assert_eq(seen.n_needs, 2);
	cr_assert_str_eq(seen.need[1], "0 HTTP://a.example/2");
}

Test(path_search, needs_are_bounded)
{
	struct path_scene_cert *lost =
	    MAKE(MATERIAL_KIND_COUNT, .cn = "Lost", .ca = true);
	struct path_scene_cert *key = MAKE(MATERIAL_KIND_COUNT, .cn = "CA", .ca = true);
	for (int i = 0; i < PATH_NEEDS_MAX + 10; i++) {
		char aia[96];
		snprintf(aia, sizeof(aia),
			 "authorityInfoAccess=caIssuers;URI:http://a.example/%d", i);
		MAKE(MATERIAL_CERT, .cn = "CA", .issuer = lost, .key_of = key,
		     .ca = true, .extensions = { aia });
	}
	expect_none(path_scene_leaf(s, "Leaf", key), PATH_NO_ISSUER);
	cr_assert_eq(seen.n_needs, PATH_NEEDS_MAX);
}

Test(path_search, tells_a_broken_signature)
{
	struct path_scene_cert *root = path_scene_root(s, "Root");
	struct path_scene_cert *other = path_scene_leaf(s, "Other", root);
	struct path_scene_cert *leaf =
	    MAKE(MATERIAL_KIND_COUNT, .cn = "Leaf", .issuer = root, .sign_as = other);
	expect_none(leaf, PATH_SIGNATURE);
}

Test(path_search, key_of_another_identifier_is_only_missing)
{
	path_scene_root(s, "Root");
	struct path_scene_cert *namesake =
	    MAKE(MATERIAL_KIND_COUNT, .cn = "Root", .ca = true, .aki = true);
	expect_none(path_scene_leaf(s, "Leaf", namesake), PATH_NO_ISSUER);
}

Test(path_search, self_signed_end_is_no_anchor)
{
	struct path_scene_cert *root = path_scene_root(s, "Root");
	struct path_scene_cert *other =
	    MAKE(MATERIAL_CERT, .cn = "Other", .ca = true, .aki = true);
	(void)root;
	expect_none(path_scene_leaf(s, "Leaf", other), PATH_NO_ANCHOR);
	expect_none(other, PATH_NO_ANCHOR);
}

Test(path_search, two_that_certify_each_other_are_no_anchor)
{
	struct path_scene_cert *a0 = MAKE(MATERIAL_KIND_COUNT, .cn = "A", .ca = true);
	struct path_scene_cert *b0 = MAKE(MATERIAL_KIND_COUNT, .cn = "B", .ca = true);
	struct path_scene_cert *a = path_scene_cross(s, a0, b0);
	path_scene_cross(s, b0, a0);
	expect_none(path_scene_leaf(s, "Leaf", a), PATH_NO_ANCHOR);
}

Test(path_search, depth_is_told)
{
	struct path_scene_cert *up = path_scene_root(s, "Root");
	char cn[16];
	for (int i = 0; i < 5; i++) {
		snprintf(cn, sizeof(cn), "CA%d", i);
		up = path_scene_ca(s, cn, up);
	}
	struct path_scene_cert *leaf = path_scene_leaf(s, "Leaf", up);
	in.budget.depth = 4;
	expect_none(leaf, PATH_DEPTH);
	in.budget.depth = 5;
	search(leaf);
	cr_assert_str_eq(seen.text[0], "Leaf<CA4<CA3<CA2<CA1<CA0<Root");
}

Test(path_search, more_than_the_maximum_is_never_shown)
{
	struct path_scene_cert *up = path_scene_root(s, "Root");
	char cn[16];
	for (int i = 0; i < PATH_CERTS_MAX - 1; i++) {
		snprintf(cn, sizeof(cn), "CA%d", i);
		up = path_scene_ca(s, cn, up);
	}
	in.budget.depth = 1000;
	expect_none(path_scene_leaf(s, "Leaf", up), PATH_DEPTH);
	search(up);
	cr_assert_eq(seen.n, 1);
}

/* ---- anchors ---- */

Test(path_search, given_anchors_replace_those_of_pools)
{
	struct path_scene_cert *root = path_scene_root(s, "Root");
	struct path_scene_cert *other = path_scene_root(s, "Other");
	struct path_scene_cert *cross = path_scene_cross(s, root, other);
	struct path_scene_cert *leaf = path_scene_leaf(s, "Leaf", root);
	const struct cert *given[] = { other->cert };
	(void)cross;
	in.anchors = given;
	in.n_anchors = 1;
	search(leaf);
	cr_assert_eq(seen.n, 1);
	cr_assert_str_eq(seen.text[0], "Leaf<Root<Other");
	cr_assert(path_is_anchor(&in, other->cert));
	cr_assert_not(path_is_anchor(&in, root->cert));
}

Test(path_search, given_anchor_need_not_be_in_a_pool)
{
	struct path_scene_cert *root =
	    MAKE(MATERIAL_KIND_COUNT, .cn = "Root", .ca = true);
	const struct cert *given[] = { root->cert };
	in.anchors = given;
	in.n_anchors = 1;
	search(path_scene_leaf(s, "Leaf", root));
	cr_assert_str_eq(seen.text[0], "Leaf<Root");
}

Test(path_search, one_wanted_anchor_excludes_others)
{
	struct path_scene_cert *root = path_scene_root(s, "Root");
	struct path_scene_cert *other = path_scene_root(s, "Other");
	path_scene_cross(s, root, other);
	struct path_scene_cert *leaf = path_scene_leaf(s, "Leaf", root);
	o.anchor = other->cert;
	search(leaf);
	cr_assert_eq(seen.n, 1);
	cr_assert_str_eq(seen.text[0], "Leaf<Root<Other");
}

Test(path_search, anchor_as_target_is_a_path_of_one)
{
	search(path_scene_root(s, "Root"));
	cr_assert_eq(seen.n, 1);
	cr_assert_str_eq(seen.text[0], "Root");
}

Test(path_search, renewed_root_leads_to_its_anchor_by_signature)
{
	struct path_scene_cert *root = path_scene_root(s, "Root");
	struct path_scene_cert *renewed =
	    MAKE(MATERIAL_KIND_COUNT, .cn = "Root", .key_of = root, .issuer = root,
		 .ca = true);
	search(renewed);
	cr_assert_str_eq(seen.text[0], "Root<Root");
}

Test(path_search, name_and_key_of_an_anchor_alone_are_not_trusted)
{
	struct path_scene_cert *root = path_scene_root(s, "Root");
	struct path_scene_cert *thief = path_scene_leaf(s, "Thief", root);
	struct path_scene_cert *forged =
	    MAKE(MATERIAL_KIND_COUNT, .cn = "Root", .key_of = root, .issuer = root,
		 .sign_as = thief, .ca = true);
	expect_none(forged, PATH_SIGNATURE);
}

/* ---- order and backtracking ---- */

Test(path_search, backs_out_of_a_dead_end)
{
	struct path_scene_cert *root = path_scene_root(s, "Root");
	struct path_scene_cert *dead =
	    MAKE(MATERIAL_KIND_COUNT, .cn = "Dead", .ca = true);
	struct path_scene_cert *key = MAKE(MATERIAL_KIND_COUNT, .cn = "CA", .ca = true);
	path_scene_cross(s, key, dead);
	path_scene_cross(s, key, root);
	search(path_scene_leaf(s, "Leaf", key));
	cr_assert_eq(seen.n, 1);
	cr_assert_str_eq(seen.text[0], "Leaf<CA<Root");
}

Test(path_search, shorter_paths_come_first)
{
	struct path_scene_cert *root = path_scene_root(s, "Root");
	struct path_scene_cert *mid = path_scene_ca(s, "Mid", root);
	struct path_scene_cert *key = MAKE(MATERIAL_KIND_COUNT, .cn = "CA", .ca = true);
	path_scene_cross(s, key, mid);
	path_scene_cross(s, key, root);
	search(path_scene_leaf(s, "Leaf", key));
	cr_assert_eq(seen.n, 2);
	cr_assert_str_eq(seen.text[0], "Leaf<CA<Root");
	cr_assert_str_eq(seen.text[1], "Leaf<CA<Mid<Root");
}

Test(path_search, expired_candidate_comes_last_but_comes)
{
	struct path_scene_cert *root = path_scene_root(s, "Root");
	struct path_scene_cert *mid = path_scene_ca(s, "Mid", root);
	struct path_scene_cert *old =
	    MAKE(MATERIAL_CERT, .cn = "CA", .issuer = root, .ca = true,
		 .not_after_ms = FIX_T0_MS - 1000);
	path_scene_cross(s, old, mid);
	search(path_scene_leaf(s, "Leaf", old));
	cr_assert_eq(seen.n, 2);
	cr_assert_str_eq(seen.text[0], "Leaf<CA<Mid<Root");
	cr_assert_str_eq(seen.text[1], "Leaf<CA<Root");
}

Test(path_search, end_entity_as_issuer_comes_last_but_comes)
{
	struct path_scene_cert *root = path_scene_root(s, "Root");
	struct path_scene_cert *ee = MAKE(MATERIAL_CERT, .cn = "EE", .issuer = root);
	search(path_scene_leaf(s, "Leaf", ee));
	cr_assert_eq(seen.n, 1);
	cr_assert_str_eq(seen.text[0], "Leaf<EE<Root");
}

Test(path_search, identifier_mismatch_never_excludes)
{
	struct path_scene_cert *root = path_scene_root(s, "Root");
	/* Its subject key identifier is not the one that the leaf names. */
	struct path_scene_cert *ca =
	    MAKE(MATERIAL_CERT, .cn = "CA", .issuer = root, .ca = true,
		 .extensions = { "subjectKeyIdentifier=00:01:02" });
	struct path_scene_cert *twin =
	    MAKE(MATERIAL_KIND_COUNT, .cn = "CA", .issuer = root, .key_of = ca,
		 .ca = true, .aki = true);
	search(path_scene_leaf(s, "Leaf", twin));
	cr_assert_eq(seen.n, 1);
	cr_assert_str_eq(seen.text[0], "Leaf<CA<Root");
}

Test(path_search, same_certificate_in_two_pools_is_one)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *second = NULL;
	struct path_scene_cert *root = path_scene_root(s, "Root");
	struct path_scene_cert *ca = path_scene_ca(s, "CA", root);
	cr_assert_eq(material_new(&second, &err), 0);
	cr_assert_eq(material_add(second, MATERIAL_CERT, ca->cert->der, &err), 0);
	cr_assert_eq(material_add(second, MATERIAL_CERT, root->cert->der, &err), 0);
	in.pools[in.n_pools++] = second;
	search(path_scene_leaf(s, "Leaf", ca));
	cr_assert_eq(seen.n, 1);
	material_free(second);
}

Test(path_search, name_with_its_key_stands_once)
{
	struct path_scene_cert *root = path_scene_root(s, "Root");
	struct path_scene_cert *ca = path_scene_ca(s, "CA", root);
	/* Self-issued copies of itself, at will. */
	for (int i = 0; i < 5; i++)
		path_scene_cross(s, ca, ca);
	search(path_scene_leaf(s, "Leaf", ca));
	cr_assert_eq(seen.n, 1);
}

Test(path_search, key_roll_over_goes_through_both_keys)
{
	struct path_scene_cert *root = path_scene_root(s, "Root");
	struct path_scene_cert *old = path_scene_ca(s, "CA", root);
	struct path_scene_cert *new = path_scene_ca(s, "CA", old);
	search(path_scene_leaf(s, "Leaf", new));
	cr_assert_eq(seen.n, 1);
	cr_assert_str_eq(seen.text[0], "Leaf<CA<CA<Root");
}

/* ---- hostile meshes ---- */

/* Every pair of n authorities certifies each other. */
static void make_mesh(struct path_scene_cert **ca, unsigned n)
{
	char cn[16];
	for (unsigned i = 0; i < n; i++) {
		snprintf(cn, sizeof(cn), "M%u", i);
		ca[i] = MAKE(MATERIAL_KIND_COUNT, .cn = cn, .ca = true);
	}
	for (unsigned i = 0; i < n; i++)
		for (unsigned k = 0; k < n; k++)
			if (i != k)
				path_scene_cross(s, ca[i], ca[k]);
}

Test(path_search, mesh_without_anchor_ends)
{
	struct path_scene_cert *ca[30];
	make_mesh(ca, 30);
	search(path_scene_leaf(s, "Leaf", ca[0]));
	cr_assert_eq(seen.n, 0);
	cr_assert(end.why == PATH_BUDGET || end.why == PATH_NO_ANCHOR, "%d", end.why);
	cr_assert_leq(seen.steps, PATH_STEPS_DEFAULT);
	cr_assert_leq(seen.signatures, PATH_SIGNATURES_DEFAULT);
}

Test(path_search, mesh_with_an_anchor_is_crossed_the_short_way)
{
	struct path_scene_cert *ca[30];
	struct path_scene_cert *root = path_scene_root(s, "Root");
	make_mesh(ca, 30);
	path_scene_cross(s, ca[29], root);
	seen.stop_after = 1;
	search(path_scene_leaf(s, "Leaf", ca[0]));
	cr_assert_eq(seen.n, 1);
	cr_assert_str_eq(seen.text[0], "Leaf<M0<M29<Root");
	cr_assert_lt(seen.signatures, 100);
}

Test(path_search, mesh_of_failing_paths_ends_by_its_budget)
{
	struct path_scene_cert *ca[12];
	struct path_scene_cert *root = path_scene_root(s, "Root");
	make_mesh(ca, 12);
	for (unsigned i = 0; i < 12; i++)
		path_scene_cross(s, ca[i], root);
	in.budget.paths = 40;
	search(path_scene_leaf(s, "Leaf", ca[0]));
	cr_assert_eq(seen.n, 40);
	cr_assert_eq(end.why, PATH_BUDGET);
	cr_assert(seen.spent);
}

Test(path_search, mesh_of_one_name_ends)
{
	struct path_scene_cert *ca[20];
	for (unsigned i = 0; i < 20; i++)
		ca[i] = MAKE(MATERIAL_KIND_COUNT, .cn = "Same", .ca = true);
	for (unsigned i = 0; i < 20; i++)
		for (unsigned k = 0; k < 20; k++)
			if (i != k)
				path_scene_cross(s, ca[i], ca[k]);
	search(path_scene_leaf(s, "Leaf", ca[0]));
	cr_assert_eq(seen.n, 0);
	cr_assert(end.why == PATH_BUDGET || end.why == PATH_NO_ANCHOR, "%d", end.why);
}

#define FAN 5000

/* Authorities of one name with keys of their own. */
static void make_fan(unsigned n, bool aki)
{
	struct path_scene_cert *root = path_scene_root(s, "Elsewhere");
	for (unsigned i = 0; i < n; i++)
		MAKE(MATERIAL_CERT, .cn = "CA", .issuer = root, .ca = true, .aki = aki);
}

Test(path_search, fan_is_passed_by_the_key_identifier)
{
	struct path_scene_cert *root = path_scene_root(s, "Root");
	make_fan(FAN, true);
	search(path_scene_leaf(s, "Leaf", path_scene_ca(s, "CA", root)));
	cr_assert_geq(seen.n, 1);
	cr_assert_str_eq(seen.text[0], "Leaf<CA<Root");
	seen.stop_after = 1;
	search(path_scene_leaf(s, "Leaf2", s->certs[s->n - 2]));
	cr_assert_leq(seen.signatures, 2);
}

Test(path_search, fan_without_identifiers_ends_by_its_budget)
{
	struct path_scene_cert *root = path_scene_root(s, "Root");
	make_fan(FAN, false);
	struct path_scene_cert *ca =
	    MAKE(MATERIAL_CERT, .cn = "CA", .issuer = root, .ca = true);
	expect_none(MAKE(MATERIAL_KIND_COUNT, .cn = "Leaf", .issuer = ca), PATH_BUDGET);
	cr_assert(seen.spent);
	cr_assert_leq(seen.signatures, PATH_SIGNATURES_DEFAULT);
}

Test(path_search, long_cycle_ends)
{
	struct path_scene_cert *key[60];
	char cn[16];
	for (unsigned i = 0; i < 60; i++) {
		snprintf(cn, sizeof(cn), "C%u", i);
		key[i] = MAKE(MATERIAL_KIND_COUNT, .cn = cn, .ca = true);
	}
	for (unsigned i = 0; i < 60; i++)
		path_scene_cross(s, key[i], key[(i + 1) % 60]);
	path_scene_root(s, "Root");
	expect_none(path_scene_leaf(s, "Leaf", key[0]), PATH_NO_ANCHOR);
}

Test(path_search, steps_end_the_search)
{
	make_fan(200, false);
	in.budget.steps = 100;
	expect_none(path_scene_leaf(s, "Leaf", s->certs[1]), PATH_BUDGET);
	cr_assert_leq(seen.steps, 100);
}

static bool at_once(void *arg)
{
	++*(unsigned *)arg;
	return true;
}

Test(path_search, time_ends_the_search)
{
	unsigned asked = 0;
	struct path_scene_cert *root = path_scene_root(s, "Root");
	struct path_scene_cert *ca = path_scene_ca(s, "CA", root);
	in.budget.expired = at_once;
	in.budget.arg = &asked;
	expect_none(path_scene_leaf(s, "Leaf", ca), PATH_BUDGET);
	cr_assert_gt(asked, 0);
}
