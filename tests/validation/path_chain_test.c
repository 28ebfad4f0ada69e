/* SPDX-License-Identifier: Apache-2.0 */
/* What a CA's lost key and a namesake that cannot be computed mean for a path. */
#include <criterion/criterion.h>

#include "tests/support/pki_fixture.h"
#include "validation/path.h"

static struct fix_pki pki;
static struct material *m;
static struct cert *target;

static void begin(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	pki = fix_pki_make();
	m = fix_material(pki.root, pki.ca);
	cr_assert_eq(cert_parse(pki.tsa->der, &target, &err), 0, "%s", err.text);
}

static void end(void)
{
	cert_free(target);
	material_free(m);
	fix_pki_free(&pki);
}

TestSuite(path_chain, .init = begin, .fini = end);

static void add_crl(const struct fix_cert *issuer, int64_t this_ms,
		    const struct fix_revoked *revoked)
{
	struct buf der = buf_make(65536);
	fix_crl_simple(issuer, this_ms, revoked, &der);
	fix_material_add(m, MATERIAL_CRL, view_buf(&der));
	buf_free(&der);
}

/* The CA was revoked for this reason an hour before the judgement. */
static enum path_status judged_after_revocation_of_the_ca(int reason)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct fix_revoked revoked = { .cert = pki.ca,
					     .at_ms = FIX_T0_MS - 3600000,
					     .reason = reason };
	const struct path_input in = {
		.target = target,
		.pools = { m },
		.n_pools = 1,
		.time_ms = FIX_T0_MS,
		.model = PATH_CHAIN,
	};
	struct path_result *r = NULL;
	add_crl(pki.root, FIX_T0_MS - 1000, &revoked);
	add_crl(pki.ca, FIX_T0_MS - FIX_DAY_MS, NULL); /* before it was */
	cr_assert_eq(path_judge(&in, &r, &err), 0, "%s", err.text);
	enum path_status status = r->status;
	path_result_free(r);
	return status;
}

Test(path_chain, lost_key_of_a_ca_makes_older_certificates_worthless)
{
	cr_assert_eq(judged_after_revocation_of_the_ca(1), PATH_INVALID);
}

Test(path_chain, revocation_without_a_reason_does_too)
{
	cr_assert_eq(judged_after_revocation_of_the_ca(FIX_NO_REASON), PATH_INVALID);
}

Test(path_chain, ca_that_closed_leaves_older_certificates_good)
{
	cr_assert_eq(judged_after_revocation_of_the_ca(5), PATH_VALID);
}

/* One whose signature cannot be computed must not hide that the issuer is missing. */
Test(path_chain, namesake_of_another_algorithm_leaves_the_issuer_missing)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_result *r = NULL;
	struct fix_cert *namesake = fix_cert_make(&(struct fix_cert_options){
	    .cn = "CA", .key = FIX_KEY_ED25519, .ca = true });
	struct material *few = fix_material(pki.root, namesake);
	const struct path_input in = {
		.target = target,
		.pools = { few },
		.n_pools = 1,
		.time_ms = FIX_T0_MS,
	};
	cr_assert_eq(path_judge(&in, &r, &err), 0, "%s", err.text);
	cr_assert_eq(r->status, PATH_UNDETERMINED);
	cr_assert_neq(r->why, PATH_NO_ANCHOR);
	path_result_free(r);
	material_free(few);
	fix_cert_free(namesake);
}

/* RFC 9608 4: invalid, whatever else is said. */
Test(path_chain, no_rev_avail_beside_an_address_of_status_is_invalid)
{
	static const struct fix_cert_options bad[] = {
		{ .no_rev_avail = true, .crl_url = "http://crl.example/" },
		{ .no_rev_avail = true,
		  .config = "freshestCRL=URI:http://crl.example/\n" },
		{ .no_rev_avail = true,
		  .config = "authorityInfoAccess=OCSP;URI:http://ocsp.example/\n" },
		{ .no_rev_avail = true, .ca = true },
		{ .no_rev_avail = true,
		  .config = "authorityInfoAccess=caIssuers;URI:http://ca.example/\n" },
	};
	const size_t n = sizeof(bad) / sizeof(bad[0]);
	for (size_t i = 0; i < n; i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct fix_cert_options o = bad[i];
		struct path_result *r = NULL;
		struct cert *c = NULL;
		o.cn = "Leaf";
		o.issuer = pki.ca;
		struct fix_cert *leaf = fix_cert_make(&o);
		cr_assert_eq(cert_parse(leaf->der, &c, &err), 0);
		const struct path_input in = {
			.target = c,
			.pools = { m },
			.n_pools = 1,
			.time_ms = FIX_T0_MS,
			.no_revocation = true,
		};
		cr_assert_eq(path_judge(&in, &r, &err), 0, "%s", err.text);
		if (i + 1 < n)
			cr_assert_eq(r->why, PATH_MALFORMED_EXTENSION, "%zu", i);
		else /* the nearest neighbour */
			cr_assert_eq(r->status, PATH_VALID);
		path_result_free(r);
		cert_free(c);
		fix_cert_free(leaf);
	}
}
