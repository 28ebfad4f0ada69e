/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Material made to be slow or to hide something, judged with the default budgets.
 * Each ends within them, never as valid, and says why; work is counted in steps and
 * signatures, since a clock would only measure the machine.
 */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <stdio.h>
#include <string.h>

#include "tests/support/path_scene.h"
#include "validation/path.h"

/* ---- asking ---- */

static bool has_code(const struct path_finding *f, size_t n, enum path_code code)
{
	for (size_t i = 0; i < n; i++)
		if (f[i].code == code)
			return true;
	return false;
}

static bool says(const struct path_result *r, enum path_code code)
{
	return has_code(r->findings, r->n_findings, code) ||
	       has_code(r->best.findings, r->best.n_findings, code);
}

/* The budget is checked before each step, so that the last may go beyond. */
#define LAST_STEP 1000

static struct path_result *judge(const struct path_input *in)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_result *r = NULL;
	cr_assert_eq(path_judge(in, &r, &err), 0, "%s", err.text);
	cr_expect_eq(ERR_peek_error(), 0);
	cr_expect_leq(r->signatures, PATH_SIGNATURES_DEFAULT);
	cr_expect_leq(r->paths, PATH_PATHS_DEFAULT);
	cr_expect_leq(r->steps, PATH_STEPS_DEFAULT + LAST_STEP);
	return r;
}

static void expect(const struct path_result *r, enum path_status status,
		   enum path_code code)
{
	cr_expect_eq(r->status, status, "%s: %s", path_status_name(r->status),
		     path_code_name(r->why));
	cr_expect(code == PATH_OK || says(r, code), "%s: %s",
		  path_status_name(r->status), path_code_name(r->why));
}

/* ---- meshes ---- */

#define MESH_CAS 300
#define MESH_CROSSES 3 /* of each */

/* Every CA is certified by the next three; the first one issued the target. */
static struct path_scene_cert *make_mesh(struct path_scene *s, bool one_name,
					 const struct path_scene_cert *root)
{
	struct path_scene_cert *cas[MESH_CAS];
	char name[16] = "Mesh";
	for (unsigned i = 0; i < MESH_CAS; i++) {
		if (!one_name)
			snprintf(name, sizeof(name), "Mesh %u", i);
		cas[i] = path_scene_make(
		    s, MATERIAL_KIND_COUNT,
		    &(struct path_scene_options){ .cn = name, .ca = true });
	}
	for (unsigned i = 0; i < MESH_CAS; i++) {
		for (unsigned k = 1; k <= MESH_CROSSES; k++)
			path_scene_cross(s, cas[i], cas[(i + k) % MESH_CAS]);
		if (root != NULL)
			path_scene_cross(s, cas[i], root);
	}
	return path_scene_leaf(s, "Target", cas[0]);
}

static struct path_result *judge_scene(struct path_scene *s,
				       const struct path_scene_cert *target,
				       bool explicit_policy)
{
	const struct path_input in = { .target = target->cert,
				       .pools = { s->pool },
				       .n_pools = 1,
				       .time_ms = FIX_T0_MS,
				       .no_revocation = true,
				       .explicit_policy = explicit_policy };
	return judge(&in);
}

/* The anchor bears the name of the mesh, but none of its keys. */
Test(hostile, mesh_of_one_name_ends_without_anchor)
{
	struct path_scene *s = path_scene_new();
	path_scene_root(s, "Mesh");
	struct path_result *r = judge_scene(s, make_mesh(s, true, NULL), false);
	expect(r, PATH_UNDETERMINED, PATH_BUDGET);
	path_result_free(r);
	path_scene_free(s);
}

Test(hostile, mesh_of_many_names_ends_without_anchor)
{
	struct path_scene *s = path_scene_new();
	path_scene_root(s, "Root");
	struct path_result *r = judge_scene(s, make_mesh(s, false, NULL), false);
	expect(r, PATH_UNDETERMINED, r->why);
	cr_expect(r->why == PATH_BUDGET || r->why == PATH_NO_ANCHOR, "%s",
		  path_code_name(r->why));
	path_result_free(r);
	path_scene_free(s);
}

/* Each path has the same defect; those not looked at might have none. */
Test(hostile, mesh_of_failing_paths_is_undetermined)
{
	struct path_scene *s = path_scene_new();
	struct path_scene_cert *root = path_scene_root(s, "Root");
	struct path_result *r = judge_scene(s, make_mesh(s, false, root), true);
	expect(r, PATH_UNDETERMINED, PATH_BUDGET);
	cr_expect(says(r, PATH_POLICY));
	path_result_free(r);
	path_scene_free(s);
}

/* ---- forged status ---- */

#define FORGED 2000

struct flood {
	struct fix_pki pki;
	struct fix_cert *thief; /* signs in the CA's name */
	struct material *m;
	struct cert *target;
};

static void flood_open(struct flood *f)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf crl = buf_make(1 << 16);
	f->pki = fix_pki_make();
	f->thief =
	    fix_cert_make(&(struct fix_cert_options){ .cn = "Thief", .ca = true });
	f->m = fix_material(f->pki.root, f->pki.ca);
	cr_assert_eq(cert_parse(f->pki.tsa->der, &f->target, &err), 0);
	fix_crl_simple(f->pki.root, FIX_T0_MS - FIX_DAY_MS, NULL, &crl);
	fix_material_add(f->m, MATERIAL_CRL, view_buf(&crl));
	buf_free(&crl);
}

static void flood_close(struct flood *f)
{
	cert_free(f->target);
	material_free(f->m);
	fix_cert_free(f->thief);
	fix_pki_free(&f->pki);
}

/* Each newer than the one before, and than everything genuine. */
static int64_t forged_ms(unsigned i)
{
	return FIX_T0_MS - 3600000 + (int64_t)i * 1000;
}

static void forge_crls(struct flood *f)
{
	struct buf der = buf_make(1 << 16);
	for (unsigned i = 0; i < FORGED; i++) {
		buf_clear(&der);
		fix_crl_make(&(struct fix_crl_options){ .issuer = f->pki.ca,
							.sign_with = f->thief,
							.this_ms = forged_ms(i) },
			     &der);
		fix_material_add(f->m, MATERIAL_CRL, view_buf(&der));
	}
	buf_free(&der);
}

static void forge_responses(struct flood *f)
{
	struct buf der = buf_make(1 << 16);
	for (unsigned i = 0; i < FORGED; i++) {
		buf_clear(&der);
		fix_ocsp_make(&(struct fix_ocsp_options){ .cert = f->pki.tsa,
							  .issuer = f->pki.ca,
							  .sign_with = f->thief,
							  .this_ms = forged_ms(i) },
			      &der);
		fix_material_add(f->m, MATERIAL_OCSP, view_buf(&der));
	}
	buf_free(&der);
}

static void add_revocation(struct flood *f)
{
	const struct fix_revoked entry = { .cert = f->pki.tsa,
					   .at_ms = FIX_T0_MS - 30 * FIX_DAY_MS,
					   .reason = 1 };
	struct buf der = buf_make(1 << 16);
	fix_crl_simple(f->pki.ca, FIX_T0_MS - FIX_DAY_MS, &entry, &der);
	fix_material_add(f->m, MATERIAL_CRL, view_buf(&der));
	buf_free(&der);
}

static struct path_result *judge_flood(const struct flood *f)
{
	const struct path_input in = { .target = f->target,
				       .pools = { f->m },
				       .n_pools = 1,
				       .time_ms = FIX_T0_MS };
	return judge(&in);
}

Test(hostile, forged_crls_leave_the_status_unknown)
{
	struct flood f;
	flood_open(&f);
	forge_crls(&f);
	struct path_result *r = judge_flood(&f);
	expect(r, PATH_UNDETERMINED, PATH_REVOCATION_UNKNOWN);
	path_result_free(r);
	flood_close(&f);
}

Test(hostile, forged_responses_leave_the_status_unknown)
{
	struct flood f;
	flood_open(&f);
	forge_responses(&f);
	struct path_result *r = judge_flood(&f);
	expect(r, PATH_UNDETERMINED, PATH_REVOCATION_UNKNOWN);
	path_result_free(r);
	flood_close(&f);
}

/* Whoever drowns a revocation gets no valid out of it. */
Test(hostile, revocation_among_forged_crls_and_responses_is_not_valid)
{
	struct flood f;
	flood_open(&f);
	add_revocation(&f);
	forge_crls(&f);
	forge_responses(&f);
	struct path_result *r = judge_flood(&f);
	cr_expect_neq(r->status, PATH_VALID);
	cr_expect(says(r, PATH_REVOKED) || says(r, PATH_REVOCATION_UNKNOWN));
	path_result_free(r);
	flood_close(&f);
}

/* ---- policies ---- */

#define POLICIES 30   /* of each certificate, all mapped to all */
#define POLICY_CAS 20 /* as a tree: 30 to the power of 20 leaves */
#define POLICY_TEXT 32768

static const char *policies_text(char *out)
{
	size_t n = (size_t)snprintf(out, POLICY_TEXT, "certificatePolicies=");
	for (unsigned i = 0; i < POLICIES; i++)
		n += (size_t)snprintf(out + n, POLICY_TEXT - n, "%s2.999.%u",
				      i == 0 ? "" : ",", i);
	return out;
}

static const char *mappings_text(char *out)
{
	size_t n = (size_t)snprintf(out, POLICY_TEXT, "policyMappings=");
	for (unsigned i = 0; i < POLICIES * POLICIES; i++)
		n += (size_t)snprintf(out + n, POLICY_TEXT - n, "%s2.999.%u:2.999.%u",
				      i == 0 ? "" : ",", i / POLICIES, i % POLICIES);
	cr_assert_lt(n, POLICY_TEXT - 1);
	return out;
}

static struct path_result *judge_mapped(struct path_scene *s, const char *policy)
{
	static char policies[POLICY_TEXT], mappings[POLICY_TEXT];
	const struct path_scene_cert *above = path_scene_root(s, "Root");
	char name[16];
	policies_text(policies);
	mappings_text(mappings);
	for (unsigned i = 0; i < POLICY_CAS; i++) {
		snprintf(name, sizeof(name), "CA %u", i);
		above = path_scene_make(s, MATERIAL_CERT,
					&(struct path_scene_options){
					    .cn = name,
					    .issuer = above,
					    .ca = true,
					    .extensions = { policies, mappings } });
	}
	return judge_scene(
	    s,
	    path_scene_make(s, MATERIAL_KIND_COUNT,
			    &(struct path_scene_options){ .cn = "Leaf",
							  .issuer = above,
							  .extensions = { policy } }),
	    true);
}

Test(hostile, policies_mapped_all_to_all_end_with_the_finding)
{
	struct path_scene *s = path_scene_new();
	struct path_result *r = judge_mapped(s, "certificatePolicies=2.999.77777");
	expect(r, PATH_INVALID, PATH_POLICY);
	path_result_free(r);
	path_scene_free(s);
}

/* The same work, and still the right answer. */
Test(hostile, policies_mapped_all_to_all_are_all_found)
{
	struct path_scene *s = path_scene_new();
	struct path_result *r = judge_mapped(s, "certificatePolicies=2.999.7");
	expect(r, PATH_VALID, r->why);
	cr_expect_eq(r->best.n_policies, POLICIES);
	path_result_free(r);
	path_scene_free(s);
}
