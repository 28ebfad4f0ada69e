/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What happens to certificates over the years, from a throwaway authority whose
 * clock is set: each event with its nearest neighbour that passes.
 */
#include <criterion/criterion.h>

#include "devpki/devpki_shapes.h"
#include "tests/support/devpki_kit.h"
#include "tests/support/past_kit.h"

#define NONE INT64_MIN
#define START "2026-01-01T00:00:00Z"

static struct devpki *p;
static const struct devpki_cert *root, *ca, *signer;
static struct past_kit k;

static const struct devpki_cert *issue(struct devpki_issue how)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_cert *c = NULL;
	cr_assert_eq(devpki_issue(p, &how, &c, &err), 0, "%s", err.text);
	return c;
}

static void set_up(void)
{
	p = kit_pki(NULL, START);
	root = devpki_active(p, DEVPKI_ROOT, 0);
	ca = devpki_active(p, DEVPKI_CA, 0);
	signer = issue((struct devpki_issue){ .kind = DEVPKI_EE, .days = 40 });
	past_kit_init(&k, kit_time(START));
	past_kit_target(&k, signer->der);
	past_kit_add(&k, MATERIAL_ANCHOR, root->der);
	past_kit_add(&k, MATERIAL_CERT, ca->der);
}

static void tear_down(void)
{
	past_kit_clear(&k);
	devpki_free(p);
}

TestSuite(scenario, .init = set_up, .fini = tear_down);

/* The full CRL of an authority at that time; proven to exist then unless NULL. */
static void take_crl(const struct devpki_cert *of, const char *at, const char *proven)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(DEVPKI_ANSWER_MAX);
	kit_set(p, at);
	cr_assert_eq(devpki_crl(p, of, &out, &err), 0, "%s", err.text);
	if (proven != NULL)
		past_kit_poe(&k, view_buf(&out), kit_time(proven));
	past_kit_take(&k, MATERIAL_CRL, out);
}

static void take_ocsp(const struct devpki_cert *about, const char *at,
		      const struct devpki_ocsp_how *how)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct buf out = buf_make(DEVPKI_ANSWER_MAX);
	kit_set(p, at);
	cr_assert_eq(devpki_ocsp_about(p, about, how, &out, &err), 0, "%s", err.text);
	past_kit_take(&k, MATERIAL_OCSP, out);
}

static void revoke(const struct devpki_cert *c, const char *at,
		   enum devpki_reason reason)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(devpki_revoke(p, c->serial, kit_time(at), reason, &err), 0, "%s",
		     err.text);
}

static void now(const char *at)
{
	k.in.path.time_ms = kit_time(at);
}

/* path_judge with all that is known at `known` about the time `at`. */
static void expect_history(const char *at, const char *known, enum path_status status)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_input in = k.in.path;
	struct path_result *r = NULL;
	in.time_ms = kit_time(at);
	in.known_ms = kit_time(known);
	cr_assert_eq(path_judge(&in, &r, &err), 0, "%s", err.text);
	cr_assert_eq(r->status, status, "%s: %s", at, path_code_name(r->why));
	path_result_free(r);
}

Test(scenario, expired_signer_is_good_by_what_was_proven_in_its_days)
{
	now("2026-01-05T13:00:00Z");
	take_crl(ca, "2026-01-05T10:00:00Z", "2026-01-05T11:00:00Z");
	take_crl(root, "2026-01-05T12:00:00Z", "2026-01-05T12:00:00Z");
	past_kit_expect(&k, NULL);
	now("2026-03-01T00:00:00Z");
	take_crl(root, "2026-02-28T12:00:00Z", NULL);
	take_crl(ca, "2026-02-28T13:00:00Z", NULL); /* drops what has expired */
	past_kit_poe(&k, ca->der, kit_time("2026-01-05T11:00:00Z"));
	past_kit_expect(&k, "OUT_OF_BOUNDS_NO_POE");
	past_kit_expect_past(&k, NONE); /* none for the signer itself */
	past_kit_poe(&k, signer->der, kit_time("2026-01-05T11:00:00Z"));
	past_kit_poe_default(&k, k.in.path.time_ms);
	past_kit_expect_past(&k, kit_time("2026-01-05T10:00:00Z"));
}

Test(scenario, revocation_of_the_signer_divides_before_from_after)
{
	revoke(signer, "2026-01-10T00:00:00Z", DEVPKI_REASON_SUPERSEDED);
	take_crl(root, "2026-01-20T00:00:00Z", NULL);
	take_crl(ca, "2026-01-20T00:00:00Z", NULL);
	now("2026-01-20T06:00:00Z");
	past_kit_expect(&k, "REVOKED_NO_POE");
	cr_assert_eq(k.r->revoked_ms, kit_time("2026-01-10T00:00:00Z"));
	cr_assert_eq(k.r->reason, DEVPKI_REASON_SUPERSEDED);
	past_kit_expect_past(&k, kit_time("2026-01-10T00:00:00Z"));
	expect_history("2026-01-09T23:59:59Z", "2026-01-20T06:00:00Z", PATH_VALID);
	expect_history("2026-01-10T00:00:00Z", "2026-01-20T06:00:00Z", PATH_INVALID);
}

Test(scenario, revoked_ca_leaves_what_was_proven_before)
{
	take_crl(ca, "2026-01-08T00:00:00Z", "2026-01-09T00:00:00Z");
	revoke(ca, "2026-01-10T00:00:00Z", DEVPKI_REASON_CA_COMPROMISE);
	take_crl(root, "2026-01-20T00:00:00Z", NULL);
	take_crl(ca, "2026-01-20T00:00:00Z", NULL);
	now("2026-01-20T06:00:00Z");
	past_kit_poe_default(&k, k.in.path.time_ms);
	past_kit_expect(&k, "REVOKED_CA_NO_POE");
	cr_assert_eq(k.r->revoked_ms, kit_time("2026-01-10T00:00:00Z"));
	past_kit_expect_past(&k, NONE);
	past_kit_poe(&k, signer->der, kit_time("2026-01-10T00:00:01Z"));
	past_kit_expect_past(&k, NONE);
	past_kit_poe(&k, signer->der, kit_time("2026-01-10T00:00:00Z"));
	/* Its CRL lived a day: what it says, it says until then. */
	past_kit_expect_past(&k, kit_time("2026-01-08T00:00:00Z"));
	k.in.path.max_age_ms = 3 * KIT_DAY_MS;
	past_kit_expect_past(&k, kit_time("2026-01-10T00:00:00Z"));
}

Test(scenario, lost_key_counts_from_the_day_it_was_lost)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(devpki_revoke_since(p, signer->serial,
					 kit_time("2026-01-10T00:00:00Z"),
					 DEVPKI_REASON_KEY_COMPROMISE,
					 kit_time("2026-01-03T00:00:00Z"), &err),
		     0);
	take_crl(root, "2026-01-20T00:00:00Z", NULL);
	take_crl(ca, "2026-01-20T00:00:00Z", NULL);
	now("2026-01-20T06:00:00Z");
	past_kit_expect(&k, "REVOKED_NO_POE");
	cr_assert_eq(k.r->revoked_ms, kit_time("2026-01-03T00:00:00Z"));
	past_kit_expect_past(&k, kit_time("2026-01-03T00:00:00Z"));
	expect_history("2026-01-05T00:00:00Z", "2026-01-20T06:00:00Z", PATH_INVALID);
	expect_history("2026-01-02T00:00:00Z", "2026-01-20T06:00:00Z", PATH_VALID);
}

Test(scenario, answers_of_both_responders_count_in_their_days)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_cert *next = NULL;
	take_crl(root, "2026-01-05T00:00:00Z", NULL);
	take_ocsp(signer, "2026-01-05T00:00:00Z", NULL);
	now("2026-01-05T06:00:00Z");
	past_kit_expect(&k, NULL);
	cr_assert_eq(k.r->chain.revocation[0].source, PATH_SOURCE_OCSP);
	kit_set(p, "2026-01-06T00:00:00Z");
	cr_assert_eq(devpki_rollover(p, DEVPKI_OCSP, 0, NULL, &next, &err), 0);
	take_crl(root, "2026-01-07T00:00:00Z", NULL);
	take_ocsp(signer, "2026-01-07T00:00:00Z", NULL);
	past_kit_expect(&k, NULL); /* still as of the fifth */
	now("2026-01-07T06:00:00Z");
	past_kit_expect(&k, NULL);
	cr_assert(
	    view_equal(k.r->chain.revocation[0].objects[0].signer->der, next->der));
}

Test(scenario, answer_by_a_responder_that_had_ended_does_not_count)
{
	take_crl(root, "2026-01-05T00:00:00Z", NULL);
	now("2026-01-05T06:00:00Z");
	take_ocsp(signer, "2026-01-05T00:00:00Z",
		  &(struct devpki_ocsp_how){ .fault = DEVPKI_FAULT_EXPIRED_RESPONDER });
	past_kit_expect(&k, "TRY_LATER");
	take_ocsp(signer, "2026-01-05T00:00:00Z", NULL);
	past_kit_expect(&k, NULL);
}

/* The CRL of the CA at the clock's time, signed by another. */
static void take_crl_by(const struct devpki_cert *by, const char *at)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_crl_how how = { .signer = by };
	struct buf out = buf_make(DEVPKI_ANSWER_MAX);
	kit_set(p, at);
	cr_assert_eq(devpki_crl_shaped(p, ca, &how, &out, &err), 0, "%s", err.text);
	past_kit_take(&k, MATERIAL_CRL, out);
}

/* RFC 5280 6.3.3 f: another key of the same CA, under the same anchor. */
Test(scenario, next_key_of_the_ca_signs_its_crls)
{
	char name[64];
	X509_NAME *subject = X509_get_subject_name(ca->x509);
	cr_assert_gt(X509_NAME_get_text_by_NID(subject, NID_commonName, name, 64), 0);
	kit_set(p, "2026-01-06T00:00:00Z");
	const struct devpki_cert *next =
	    issue((struct devpki_issue){ .kind = DEVPKI_CA, .common_name = name });
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_cert *foreign_root = NULL;
	cr_assert_eq(devpki_rollover(p, DEVPKI_ROOT, 0, NULL, &foreign_root, &err), 0);
	const struct devpki_cert *foreign = issue((struct devpki_issue){
	    .kind = DEVPKI_CA, .common_name = name, .issuer = foreign_root });
	now("2026-01-07T06:00:00Z");
	take_crl(root, "2026-01-07T00:00:00Z", NULL);
	past_kit_add(&k, MATERIAL_CERT, foreign->der);
	past_kit_add(&k, MATERIAL_ANCHOR, foreign_root->der);
	take_crl(foreign_root, "2026-01-07T00:00:00Z", NULL);
	take_crl_by(foreign, "2026-01-07T01:00:00Z");
	past_kit_expect(&k, "TRY_LATER");
	take_crl_by(next, "2026-01-07T02:00:00Z");
	past_kit_expect(&k, "TRY_LATER"); /* its certificate is not at hand */
	past_kit_add(&k, MATERIAL_CERT, next->der);
	past_kit_expect(&k, NULL);
}

Test(scenario, withdrawn_algorithm_leaves_what_was_proven_before)
{
	struct algorithm_limit limits[] = {
		{ .algorithm = "ECDSA",
		  .min_bits = 224,
		  .until_ms = kit_time("2026-01-15T00:00:00Z") },
		{ .algorithm = "sha256", .until_ms = INT64_MAX },
		{ .algorithm = "sha384", .until_ms = INT64_MAX },
	};
	struct algorithm_policy policy = { limits, 3 };
	k.in.path.algorithms = &policy;
	take_crl(root, "2026-01-14T00:00:00Z", "2026-01-14T12:00:00Z");
	take_crl(ca, "2026-01-14T00:00:00Z", "2026-01-14T12:00:00Z");
	now("2026-01-14T18:00:00Z");
	past_kit_expect(&k, NULL);
	take_crl(root, "2026-01-20T00:00:00Z", NULL);
	take_crl(ca, "2026-01-20T00:00:00Z", NULL);
	now("2026-01-20T06:00:00Z");
	past_kit_poe_default(&k, k.in.path.time_ms);
	past_kit_expect(&k, "CRYPTO_CONSTRAINTS_FAILURE_NO_POE");
	past_kit_expect_past(&k, NONE);
	past_kit_poe(&k, signer->der, kit_time("2026-01-14T12:00:00Z"));
	/* The CA's is of the same moment as the root's, up to which it slides... */
	k.in.path.max_age_ms = 30 * KIT_DAY_MS;
	past_kit_expect_past(&k, kit_time("2026-01-15T00:00:00Z"));
	limits[0].until_ms = INT64_MAX;
	k.in.path.max_age_ms = 0;
	past_kit_expect(&k, NULL);
}

Test(scenario, hold_ends_with_its_release)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	revoke(signer, "2026-01-10T00:00:00Z", DEVPKI_REASON_HOLD);
	take_crl(root, "2026-01-12T00:00:00Z", NULL);
	take_crl(ca, "2026-01-12T00:00:00Z", NULL);
	now("2026-01-12T06:00:00Z");
	past_kit_expect(&k, "TRY_LATER");
	cr_assert_eq(k.r->why, PATH_ON_HOLD);
	cr_assert_eq(k.r->revoked_ms, kit_time("2026-01-10T00:00:00Z"));
	kit_set(p, "2026-01-15T00:00:00Z");
	cr_assert_eq(
	    devpki_release(p, signer->serial, kit_time("2026-01-15T00:00:00Z"), &err),
	    0, "%s", err.text);
	take_crl(root, "2026-01-16T00:00:00Z", NULL);
	take_crl(ca, "2026-01-16T00:00:00Z", NULL);
	past_kit_expect(&k, "TRY_LATER"); /* still as of the twelfth */
	now("2026-01-16T06:00:00Z");
	past_kit_expect(&k, NULL);
}
