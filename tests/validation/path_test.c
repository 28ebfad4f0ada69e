/* SPDX-License-Identifier: Apache-2.0 */
/* The judgement over all paths: which one counts, what is missing, what is reported. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/path_scene.h"
#include "validation/path.h"

static struct path_scene *s;
static struct path_scene_cert *root, *ca;
static struct path_input in;
static struct path_result *r;

static void set_up(void)
{
	s = path_scene_new();
	root = path_scene_root(s, "Root");
	ca = path_scene_ca(s, "CA", root);
	in = (struct path_input){ .pools = { s->pool },
				  .n_pools = 1,
				  .time_ms = FIX_T0_MS };
}

static void tear_down(void)
{
	path_result_free(r);
	r = NULL;
	path_scene_free(s);
}

TestSuite(path, .init = set_up, .fini = tear_down);

#define MAKE(kind, ...)                                                                \
	path_scene_make(s, kind, &(struct path_scene_options){ __VA_ARGS__ })

static void judge(const struct path_scene_cert *target)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	path_result_free(r);
	r = NULL;
	in.target = target->cert;
	cr_assert_eq(path_judge(&in, &r, &err), 0, "%s", err.text);
	cr_assert_eq(ERR_peek_error(), 0);
}

static void expect(const struct path_scene_cert *target, enum path_status status,
		   enum path_code why)
{
	judge(target);
	cr_assert_eq(r->status, status, "%s: %s", path_status_name(r->status),
		     path_code_name(r->why));
	cr_assert_eq(r->why, why, "%s", path_code_name(r->why));
}

static bool has_finding(enum path_code code)
{
	for (size_t i = 0; i < r->n_findings; i++)
		if (r->findings[i].code == code)
			return true;
	for (size_t i = 0; i < r->best.n_findings; i++)
		if (r->best.findings[i].code == code)
			return true;
	return false;
}

/* CRLs of root and CA, good for everybody, ten days old. */
static void all_good(void)
{
	path_scene_crl(s, root, FIX_T0_MS - 10 * FIX_DAY_MS, NULL, 0);
	path_scene_crl(s, ca, FIX_T0_MS - 10 * FIX_DAY_MS, NULL, 0);
}

/* ---- no path ---- */

Test(path, missing_issuer_is_undetermined_and_asked_for)
{
	struct path_scene_cert *lost =
	    MAKE(MATERIAL_KIND_COUNT, .cn = "Lost", .issuer = root, .ca = true);
	struct path_scene_cert *leaf = MAKE(
	    MATERIAL_KIND_COUNT, .cn = "Leaf", .issuer = lost,
	    .extensions = { "authorityInfoAccess=caIssuers;URI:http://a.example/1" });
	expect(leaf, PATH_UNDETERMINED, PATH_NO_ISSUER);
	cr_assert_eq(r->best.n_certs, 0);
	cr_assert_eq(r->n_needs, 1);
	cr_assert_eq(r->needs[0].kind, NEED_ISSUER);
	cr_assert_str_eq(r->needs[0].url, "http://a.example/1");
	cr_assert(has_finding(PATH_NO_ISSUER));
}

/* ---- the end of trust ---- */

static void trust_root_until(int64_t sunset_ms)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	in.pools[1] = NULL;
	in.n_pools = 1;
	path_scene_free(s);
	s = path_scene_new();
	root = MAKE(MATERIAL_KIND_COUNT, .cn = "Root", .ca = true, .aki = true);
	cr_assert_eq(material_add_anchor(s->pool, root->cert->der, sunset_ms, &err), 0);
	ca = path_scene_ca(s, "CA", root);
	in.pools[0] = s->pool;
	all_good();
}

Test(path, anchor_whose_trust_has_ended_is_none)
{
	trust_root_until(FIX_T0_MS);
	expect(path_scene_leaf(s, "Leaf", ca), PATH_UNDETERMINED, PATH_ANCHOR_SUNSET);
	cr_assert_eq(r->best.n_certs, 0);
	cr_assert(has_finding(PATH_ANCHOR_SUNSET));
	expect(root, PATH_UNDETERMINED, PATH_ANCHOR_SUNSET);
	expect(MAKE(MATERIAL_KIND_COUNT, .cn = "Old", .issuer = ca,
		    .not_after_ms = FIX_T0_MS - 1000),
	       PATH_INVALID, PATH_EXPIRED);
	trust_root_until(FIX_T0_MS + 1);
	expect(path_scene_leaf(s, "Leaf", ca), PATH_VALID, PATH_OK);
	trust_root_until(FIX_T0_MS);
	in.time_ms = FIX_T0_MS - 1;
	expect(path_scene_leaf(s, "Leaf", ca), PATH_VALID, PATH_OK);
}

Test(path, anchor_whose_trust_has_ended_serves_who_asks_for_status_alone)
{
	trust_root_until(FIX_T0_MS - FIX_DAY_MS);
	in.ignore_sunset = true;
	expect(path_scene_leaf(s, "Leaf", ca), PATH_VALID, PATH_OK);
}

Test(path, anchor_that_is_trusted_still_is_found_beside_one_that_is_not)
{
	trust_root_until(FIX_T0_MS - FIX_DAY_MS);
	struct path_scene_cert *other = path_scene_root(s, "Other");
	path_scene_cross(s, ca, other);
	path_scene_crl(s, other, FIX_T0_MS - 10 * FIX_DAY_MS, NULL, 0);
	expect(path_scene_leaf(s, "Leaf", ca), PATH_VALID, PATH_OK);
	cr_assert_eq(r->best.certs[2], other->cert);
	cr_assert_eq(r->n_alternatives, 0);
}

Test(path, trust_without_an_end_in_one_pool_lasts)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct material *more = NULL;
	trust_root_until(FIX_T0_MS - FIX_DAY_MS);
	cr_assert_eq(material_new(&more, &err), 0);
	cr_assert_eq(material_add_anchor(more, root->cert->der, INT64_MAX, &err), 0);
	in.pools[in.n_pools++] = more;
	expect(path_scene_leaf(s, "Leaf", ca), PATH_VALID, PATH_OK);
	path_result_free(r);
	r = NULL;
	material_free(more);
}

Test(path, broken_signature_is_invalid)
{
	expect(MAKE(MATERIAL_KIND_COUNT, .cn = "Leaf", .issuer = ca, .sign_as = root),
	       PATH_INVALID, PATH_SIGNATURE);
}

Test(path, signature_by_another_name_is_invalid)
{
	struct path_scene_cert *twin = MAKE(MATERIAL_KIND_COUNT, .cn = "Other",
					    .key_of = ca, .ca = true, .aki = true);
	expect(path_scene_leaf(s, "Leaf", twin), PATH_INVALID, PATH_NAME_CHAINING);
}

Test(path, expired_target_is_invalid_without_a_path)
{
	struct path_scene_cert *lost =
	    MAKE(MATERIAL_KIND_COUNT, .cn = "Lost", .issuer = root, .ca = true);
	expect(MAKE(MATERIAL_KIND_COUNT, .cn = "Leaf", .issuer = lost,
		    .not_after_ms = FIX_T0_MS - 1000),
	       PATH_INVALID, PATH_EXPIRED);
	cr_assert_eq(r->n_needs, 0);
	expect(MAKE(MATERIAL_KIND_COUNT, .cn = "Leaf", .issuer = lost,
		    .not_before_ms = FIX_T0_MS + 1000),
	       PATH_INVALID, PATH_NOT_YET_VALID);
	expect(MAKE(MATERIAL_KIND_COUNT, .cn = "Leaf", .issuer = lost,
		    .extensions = { "2.999.1=critical,DER:0500" }),
	       PATH_INVALID, PATH_CRITICAL_EXTENSION);
	expect(MAKE(MATERIAL_KIND_COUNT, .cn = "Leaf", .issuer = lost,
		    .extensions = { "2.5.29.15=DER:0500" }),
	       PATH_INVALID, PATH_MALFORMED_EXTENSION);
}

Test(path, last_second_of_validity_counts)
{
	struct path_scene_cert *leaf = MAKE(MATERIAL_KIND_COUNT, .cn = "Leaf",
					    .issuer = ca, .not_after_ms = FIX_T0_MS);
	in.no_revocation = true;
	in.time_ms = FIX_T0_MS + 999;
	expect(leaf, PATH_VALID, PATH_OK);
	in.time_ms = FIX_T0_MS + 1000;
	expect(leaf, PATH_INVALID, PATH_EXPIRED);
}

Test(path, anchor_of_a_pool_that_does_not_count_is_told)
{
	struct path_scene_cert *other =
	    MAKE(MATERIAL_KIND_COUNT, .cn = "Other", .ca = true);
	const struct cert *given[] = { other->cert };
	in.anchors = given;
	in.n_anchors = 1;
	expect(path_scene_leaf(s, "Leaf", ca), PATH_UNDETERMINED, PATH_WRONG_ANCHOR);
	cr_assert(has_finding(PATH_WRONG_ANCHOR));
}

Test(path, budget_makes_undetermined_not_invalid)
{
	struct path_scene_cert *mid[4];
	char cn[16];
	for (int i = 0; i < 4; i++) {
		snprintf(cn, sizeof(cn), "Mid%d", i);
		mid[i] = path_scene_ca(s, cn, root);
		path_scene_cross(s, ca, mid[i]);
	}
	struct path_scene_cert *leaf = path_scene_leaf(s, "Leaf", ca);
	in.explicit_policy = true;
	expect(leaf, PATH_INVALID, PATH_POLICY);
	in.budget.paths = 3;
	expect(leaf, PATH_UNDETERMINED, PATH_BUDGET);
	cr_assert_eq(r->paths, 3);
	cr_assert(has_finding(PATH_BUDGET));
}

/* ---- status ---- */

Test(path, unknown_status_is_undetermined)
{
	path_scene_crl(s, root, FIX_T0_MS - FIX_DAY_MS, NULL, 0);
	expect(path_scene_leaf(s, "Leaf", ca), PATH_UNDETERMINED,
	       PATH_REVOCATION_UNKNOWN);
	cr_assert_eq(r->best.n_certs, 3);
	cr_assert_eq(r->best.revocation[0].status, PATH_STATUS_UNKNOWN);
	cr_assert_eq(r->best.revocation[1].status, PATH_STATUS_GOOD);
}

Test(path, revoked_target_is_invalid)
{
	struct path_scene_cert *leaf = path_scene_leaf(s, "Leaf", ca);
	path_scene_crl(s, root, FIX_T0_MS - FIX_DAY_MS, NULL, 0);
	path_scene_crl(s, ca, FIX_T0_MS - FIX_DAY_MS, leaf, FIX_T0_MS - 2 * FIX_DAY_MS);
	expect(leaf, PATH_INVALID, PATH_REVOKED);
	cr_assert_eq(r->best.revocation[0].revoked_ms, FIX_T0_MS - 2 * FIX_DAY_MS);
	cr_assert_eq(r->n_needs, 0);
}

Test(path, revoked_target_is_invalid_on_the_second_path_too)
{
	/* The way over Mid has no status; the one from Root knows the revocation. */
	struct path_scene_cert *mid = path_scene_ca(s, "Mid", root);
	struct path_scene_cert *leaf = path_scene_leaf(s, "Leaf", ca);
	path_scene_cross(s, ca, mid);
	path_scene_crl(s, root, FIX_T0_MS - FIX_DAY_MS, NULL, 0);
	path_scene_crl(s, ca, FIX_T0_MS - FIX_DAY_MS, leaf, FIX_T0_MS - 2 * FIX_DAY_MS);
	in.want_paths = 5;
	in.explain = true;
	expect(leaf, PATH_INVALID, PATH_REVOKED);
}

Test(path, revoked_ca_is_invalid_and_below_nobody_is_asked)
{
	struct path_scene_cert *leaf = path_scene_leaf(s, "Leaf", ca);
	path_scene_crl(s, root, FIX_T0_MS - FIX_DAY_MS, ca, FIX_T0_MS - 2 * FIX_DAY_MS);
	path_scene_crl(s, ca, FIX_T0_MS - FIX_DAY_MS, NULL, 0);
	expect(leaf, PATH_INVALID, PATH_REVOKED);
	cr_assert_eq(r->best.revocation[1].status, PATH_STATUS_REVOKED);
	cr_assert_eq(r->best.revocation[0].source, PATH_SOURCE_NONE);
}

Test(path, way_round_a_revoked_ca_is_found)
{
	struct path_scene_cert *leaf = path_scene_leaf(s, "Leaf", ca);
	struct path_scene_cert *mid = path_scene_ca(s, "Mid", root);
	path_scene_cross(s, ca, mid);
	path_scene_crl(s, root, FIX_T0_MS - FIX_DAY_MS, ca, FIX_T0_MS - 2 * FIX_DAY_MS);
	path_scene_crl(s, ca, FIX_T0_MS - FIX_DAY_MS, NULL, 0);
	path_scene_crl(s, mid, FIX_T0_MS - FIX_DAY_MS, NULL, 0);
	in.explain = true;
	expect(leaf, PATH_VALID, PATH_OK);
	cr_assert_eq(r->best.n_certs, 4);
	cr_assert_eq(r->n_alternatives, 1);
	cr_assert_eq(r->alternatives[0].status, PATH_INVALID);
	cr_assert_eq(r->alternatives[0].why, PATH_REVOKED);
}

Test(path, undetermined_path_is_better_than_an_invalid_one)
{
	struct path_scene_cert *leaf = path_scene_leaf(s, "Leaf", ca);
	struct path_scene_cert *mid = path_scene_ca(s, "Mid", root);
	path_scene_cross(s, ca, mid);
	path_scene_crl(s, root, FIX_T0_MS - FIX_DAY_MS, ca, FIX_T0_MS - 2 * FIX_DAY_MS);
	path_scene_crl(s, ca, FIX_T0_MS - FIX_DAY_MS, NULL, 0);
	expect(leaf, PATH_UNDETERMINED, PATH_REVOCATION_UNKNOWN);
	cr_assert_eq(r->best.n_certs, 4);
}

Test(path, later_status_counts_only_when_known)
{
	struct path_scene_cert *leaf = path_scene_leaf(s, "Leaf", ca);
	path_scene_crl(s, root, FIX_T0_MS + FIX_DAY_MS, NULL, 0);
	path_scene_crl(s, ca, FIX_T0_MS + 2 * FIX_DAY_MS, leaf, FIX_T0_MS + FIX_DAY_MS);
	expect(leaf, PATH_UNDETERMINED, PATH_REVOCATION_UNKNOWN);
	/* With hindsight the revocation came after the time in question. */
	in.known_ms = FIX_T0_MS + 3 * FIX_DAY_MS;
	expect(leaf, PATH_VALID, PATH_OK);
	in.time_ms = FIX_T0_MS + FIX_DAY_MS;
	expect(leaf, PATH_INVALID, PATH_REVOKED);
}

Test(path, no_status_is_asked_for_when_not_wanted)
{
	in.no_revocation = true;
	expect(path_scene_leaf(s, "Leaf", ca), PATH_VALID, PATH_OK);
	cr_assert_null(r->best.revocation);
}

/* ---- what is asked of a path ---- */

Test(path, chain_model_forgives_a_ca_that_expired_since)
{
	struct path_scene_cert *old =
	    MAKE(MATERIAL_CERT, .cn = "Old", .issuer = root, .ca = true,
		 .not_after_ms = FIX_T0_MS - 1000);
	struct path_scene_cert *leaf =
	    MAKE(MATERIAL_KIND_COUNT, .cn = "Leaf", .issuer = old,
		 .not_before_ms = FIX_T0_MS - 10 * FIX_DAY_MS);
	in.no_revocation = true;
	expect(leaf, PATH_INVALID, PATH_EXPIRED);
	in.model = PATH_CHAIN;
	expect(leaf, PATH_VALID, PATH_OK);
}

/* path_chain_test.c has the reasons that leave what is older good. */
Test(path, chain_model_does_not_trust_a_ca_revoked_without_a_reason)
{
	struct path_scene_cert *leaf =
	    MAKE(MATERIAL_KIND_COUNT, .cn = "Leaf", .issuer = ca,
		 .not_before_ms = FIX_T0_MS - 10 * FIX_DAY_MS);
	path_scene_crl(s, root, FIX_T0_MS - FIX_DAY_MS, ca, FIX_T0_MS - 5 * FIX_DAY_MS);
	/* What it says after its own revocation would not count. */
	path_scene_crl(s, ca, FIX_T0_MS - 6 * FIX_DAY_MS, NULL, 0);
	expect(leaf, PATH_INVALID, PATH_REVOKED);
	in.model = PATH_CHAIN;
	expect(leaf, PATH_INVALID, PATH_REVOKED);
}

Test(path, usages_that_the_target_lacks_are_told)
{
	const uint16_t usage = KEY_USAGE_KEY_AGREEMENT;
	struct path_scene_cert *leaf =
	    MAKE(MATERIAL_KIND_COUNT, .cn = "Leaf", .issuer = ca,
		 .extensions = { "keyUsage=digitalSignature" });
	in.no_revocation = true;
	in.key_usages = &usage;
	in.n_key_usages = 1;
	expect(leaf, PATH_INVALID, PATH_KEY_USAGE);
}

Test(path, policies_are_reported)
{
	struct path_scene_cert *sub =
	    MAKE(MATERIAL_CERT, .cn = "Sub", .issuer = root, .ca = true,
		 .extensions = { "certificatePolicies=2.999.1,2.999.2" });
	struct path_scene_cert *leaf =
	    MAKE(MATERIAL_KIND_COUNT, .cn = "Leaf", .issuer = sub,
		 .extensions = { "certificatePolicies=2.999.2,2.999.3" });
	in.no_revocation = true;
	in.explicit_policy = true;
	expect(leaf, PATH_VALID, PATH_OK);
	cr_assert_eq(r->best.n_policies, 1);
	cr_assert(oid_is(r->best.policies[0], "2.999.2"));
}

/* ---- anchors as targets ---- */

Test(path, anchor_itself_is_valid)
{
	expect(root, PATH_VALID, PATH_OK);
	cr_assert_eq(r->best.n_certs, 1);
	cr_assert(has_finding(PATH_OK));
}

Test(path, expired_anchor_itself_is_not)
{
	struct path_scene_cert *old = MAKE(MATERIAL_ANCHOR, .cn = "Old", .ca = true,
					   .not_after_ms = FIX_T0_MS - 1000);
	expect(old, PATH_INVALID, PATH_EXPIRED);
}

/* ---- several paths ---- */

Test(path, further_paths_are_given_when_wanted)
{
	struct path_scene_cert *leaf = path_scene_leaf(s, "Leaf", ca);
	struct path_scene_cert *mid = path_scene_ca(s, "Mid", root);
	path_scene_cross(s, ca, mid);
	in.no_revocation = true;
	expect(leaf, PATH_VALID, PATH_OK);
	cr_assert_eq(r->n_alternatives, 0);
	in.want_paths = 4;
	expect(leaf, PATH_VALID, PATH_OK);
	cr_assert_eq(r->best.n_certs, 3);
	cr_assert_eq(r->n_alternatives, 1);
	cr_assert_eq(r->alternatives[0].n_certs, 4);
}

Test(path, cache_spares_the_second_judgement_its_signatures)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_scene_cert *leaf = path_scene_leaf(s, "Leaf", ca);
	all_good();
	cr_assert_eq(sig_cache_new(&in.cache, &err), 0);
	expect(leaf, PATH_VALID, PATH_OK);
	cr_assert_eq(r->signatures, 4);
	expect(leaf, PATH_VALID, PATH_OK);
	cr_assert_eq(r->signatures, 0);
	sig_cache_free(in.cache);
	in.cache = NULL;
}

/* ---- reports ---- */

/* Without what was spent, which is nobody's promise. */
static void expect_json(const char *wanted)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make((size_t)1 << 20);
	struct jsonw j = jsonw_to(&out);
	char text[4096];
	path_result_json(r, &j);
	cr_assert_eq(jsonw_end(&j, &err), 0, "%s", err.text);
	snprintf(text, sizeof(text), "%.*s", (int)out.n, (const char *)out.p);
	buf_free(&out);
	char *spent = strstr(text, ",\"spent\"");
	cr_assert_not_null(spent);
	*spent = '\0';
	cr_assert_str_eq(text, wanted);
}

static void expect_text(const char *wanted)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make((size_t)1 << 20);
	char text[4096];
	int rc = path_result_text(r, &out, &err);
	snprintf(text, sizeof(text), "%.*s", (int)out.n, (const char *)out.p);
	buf_free(&out);
	cr_assert_eq(rc, 0, "%s", err.text);
	cr_assert_str_eq(text, wanted);
}

Test(path, report_of_a_missing_issuer)
{
	struct path_scene_cert *lost =
	    MAKE(MATERIAL_KIND_COUNT, .cn = "Lost", .issuer = root, .ca = true);
	struct path_scene_cert *leaf = MAKE(
	    MATERIAL_KIND_COUNT, .cn = "Leaf", .issuer = lost,
	    .extensions = { "authorityInfoAccess=caIssuers;URI:http://a.example/1" });
	judge(leaf);
	expect_json(
	    "{\"valid\":false,\"status\":\"undetermined\",\"error\":\"PATH_NO_ISSUER\","
	    "\"chain\":[],\"policies\":[],\"authority_policies\":[],\"explicit_polic"
	    "y\":false,\"revocation\":[],\"findings\":[{\"code\":\"PATH_NO_ISSUER\",\"c"
	    "lause\":\"RFC 5280 6.1\",\"cert\":null,\"text\":\"CN=Leaf, O=LTPS Test, "
	    "issued by CN=Lost, O=LTPS Test\"}],\"alternatives\":[],\"needs\":[{\"k"
	    "ind\":\"issuer\",\"url\":\"http://a.example/1\",\"cert\":\"CN=Leaf, O=LTPS"
	    " Test\"}],\"qc\":null");
	expect_text("undetermined: no certificate of the issuer is at hand\n  no certi"
		    "ficate of the issuer is at hand: CN=Leaf, O=LTPS Test, issued by"
		    " CN=Lost, O=LTPS Test (RFC 5280 6.1)\n  missing issuer: http://a."
		    "example/1\n");
}

Test(path, report_of_a_revoked_target)
{
	struct path_scene_cert *leaf = path_scene_leaf(s, "Leaf", ca);
	path_scene_crl(s, root, FIX_T0_MS - FIX_DAY_MS, NULL, 0);
	path_scene_crl(s, ca, FIX_T0_MS - FIX_DAY_MS, leaf, FIX_T0_MS - 2 * FIX_DAY_MS);
	judge(leaf);
	expect_json(
	    "{\"valid\":false,\"status\":\"invalid\",\"error\":\"PATH_REVOKED\","
	    "\"chain\""
	    ":[\"CN=Leaf, O=LTPS Test\",\"CN=CA, O=LTPS Test\",\"CN=Root, O=LTPS T"
	    "est\"],\"policies\":[],\"authority_policies\":[],\"explicit_policy\":fa"
	    "lse,\"revocation\":[{\"cert\":\"CN=Leaf, O=LTPS Test\",\"status\":\"revok"
	    "ed\",\"source\":\"crl\",\"this_update\":\"2025-12-31T00:00:00Z\",\"next_up"
	    "date\":\"2026-01-30T00:00:00Z\",\"revoked\":\"2025-12-30T00:00:00Z\",\"e"
	    "rror\":\"PATH_REVOKED\"},{\"cert\":\"CN=CA, O=LTPS Test\",\"status\":\"goo"
	    "d\",\"source\":\"crl\",\"this_update\":\"2025-12-31T00:00:00Z\",\"next_upd"
	    "ate\":\"2026-01-30T00:00:00Z\"}],\"findings\":[{\"code\":\"PATH_REVOKED\""
	    ",\"clause\":\"RFC 5280 6.1.3 (a)(3)\",\"cert\":\"CN=Leaf, O=LTPS Test\","
	    "\"text\":\"since 2025-12-30T00:00:00Z\"}],\"alternatives\":[],\"needs\":"
	    "[],\"qc\":null");
	expect_text("invalid: the certificate is revoked\n  CN=Leaf, O=LTPS Test\n    s"
		    "tatus: revoked by crl, revoked 2025-12-30T00:00:00Z, as of 2025-"
		    "12-31T00:00:00Z\n    the certificate is revoked: since 2025-12-30"
		    "T00:00:00Z (RFC 5280 6.1.3 (a)(3))\n  CN=CA, O=LTPS Test\n    stat"
		    "us: good by crl, as of 2025-12-31T00:00:00Z\n  CN=Root, O=LTPS Te"
		    "st (trust anchor)\n");
}

Test(path, report_of_a_valid_path)
{
	struct path_scene_cert *leaf = path_scene_leaf(s, "Leaf", ca);
	all_good();
	judge(leaf);
	expect_json(
	    "{\"valid\":true,\"status\":\"valid\",\"error\":null,\"chain\":[\"CN=Leaf, "
	    "O"
	    "=LTPS Test\",\"CN=CA, O=LTPS Test\",\"CN=Root, O=LTPS Test\"],\"polici"
	    "es\":[],\"authority_policies\":[],\"explicit_policy\":false,\"revocati"
	    "on\":[{\"cert\":\"CN=Leaf, O=LTPS "
	    "Test\",\"status\":\"good\",\"source\":\"cr"
	    "l\",\"this_update\":\"2025-12-22T00:00:00Z\",\"next_update\":\"2026-01-2"
	    "1T00:00:00Z\"},{\"cert\":\"CN=CA, O=LTPS Test\",\"status\":\"good\",\"sour"
	    "ce\":\"crl\",\"this_update\":\"2025-12-22T00:00:00Z\",\"next_update\":\"20"
	    "26-01-21T00:00:00Z\"}],\"findings\":[],\"alternatives\":[],\"needs\":[]"
	    ",\"qc\":null");
	expect_text(
	    "valid\n  CN=Leaf, O=LTPS Test\n    status: good by crl, as of 2025"
	    "-12-22T00:00:00Z\n  CN=CA, O=LTPS Test\n    status: good by crl, a"
	    "s of 2025-12-22T00:00:00Z\n  CN=Root, O=LTPS Test (trust anchor)\n");
}
