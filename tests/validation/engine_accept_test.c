/* SPDX-License-Identifier: Apache-2.0 */
/* EN 319 102-1 5.2.8: each constraint on attributes and algorithms with a signature
 * that fails it and one that does not. */
#include <criterion/criterion.h>
#include <string.h>

#include "tests/support/basic_kit.h"
#include "tests/support/cms_make.h"

static struct basic_kit k;

static void set_up(void)
{
	basic_kit_init(&k, NULL);
}

static void tear_down(void)
{
	basic_kit_clear(&k);
}

TestSuite(engine_accept, .init = set_up, .fini = tear_down);

static void sign(struct cades_kit_signer s)
{
	basic_kit_sign(&k, &s);
}

/* The same constraint: a signature that fails it, one that does not, and what else the
 * policy may make of it. */
static void expect_both(enum constraint c, const char *value,
			struct cades_kit_signer bad, struct cades_kit_signer good)
{
	basic_kit_rule(&k, c, CONSTRAINT_FAIL, value, NULL);
	sign(bad);
	basic_kit_expect(&k, SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(k.b.conclusion.constraint, c);
	cr_assert(strstr(k.b.conclusion.text, constraint_name(c)) != NULL);
	cr_assert(!basic_kit_constraint(&k, 0, c)->holds);
	sign(good);
	basic_kit_expect(&k, SUB_NONE);
	cr_assert(basic_kit_constraint(&k, 0, c)->holds);

	basic_kit_rule(&k, c, CONSTRAINT_WARN, value, NULL);
	sign(bad);
	basic_kit_expect(&k, SUB_NONE);
	const struct report_finding *f = basic_kit_finding(&k, constraint_name(c));
	cr_assert_not_null(f);
	cr_assert_eq(f->level, CONSTRAINT_WARN);
	cr_assert_str_eq(f->object, k.doc->signatures[0].id);

	basic_kit_rule(&k, c, CONSTRAINT_IGNORE, value, NULL);
	sign(bad);
	basic_kit_expect(&k, SUB_NONE);
	cr_assert_null(basic_kit_finding(&k, constraint_name(c)));
	const struct report_constraint *r = basic_kit_constraint(&k, 0, c);
	cr_assert(r != NULL && r->level == CONSTRAINT_IGNORE && !r->checked);
}

static struct cades_kit_signer with_attribute(struct view attribute)
{
	return (struct cades_kit_signer){ .more_signed = { attribute } };
}

Test(engine_accept, signing_time)
{
	expect_both(CONSTRAINT_SIGNING_TIME, NULL,
		    (struct cades_kit_signer){ .signing_time = CADES_KIT_ABSENT },
		    (struct cades_kit_signer){ 0 });
}

Test(engine_accept, content_type_is_that_of_the_content)
{
	expect_both(CONSTRAINT_CONTENT_TYPE, NULL,
		    (struct cades_kit_signer){ .content_type = CADES_KIT_WRONG },
		    (struct cades_kit_signer){ 0 });
}

Test(engine_accept, content_type_is_one_that_is_allowed)
{
	basic_kit_rule(&k, CONSTRAINT_CONTENT_TYPE, CONSTRAINT_FAIL, "1.2.3", NULL);
	sign((struct cades_kit_signer){ 0 });
	basic_kit_expect(&k, SUB_SIG_CONSTRAINTS_FAILURE);
	basic_kit_rule(&k, CONSTRAINT_CONTENT_TYPE, CONSTRAINT_FAIL, "1.2.3",
		       "1.2.840.113549.1.7.1");
	basic_kit_expect(&k, SUB_NONE);
}

Test(engine_accept, content_hints)
{
	expect_both(CONSTRAINT_CONTENT_HINTS, NULL, (struct cades_kit_signer){ 0 },
		    (struct cades_kit_signer){ .content_hints = "a letter" });
}

Test(engine_accept, content_identifier)
{
	expect_both(
	    CONSTRAINT_CONTENT_IDENTIFIER, NULL, (struct cades_kit_signer){ 0 },
	    with_attribute(make_attr(OID_CONTENT_IDENTIFIER, make_octets("7"))));
}

Test(engine_accept, content_reference)
{
	struct view ref = make_el(DER_SEQUENCE, make_oid("1.2.840.113549.1.7.1"),
				  make_octets("7"), make_octets("value"));
	expect_both(CONSTRAINT_CONTENT_REFERENCE, NULL, (struct cades_kit_signer){ 0 },
		    with_attribute(make_attr(OID_CONTENT_REFERENCE, ref)));
}

Test(engine_accept, commitment_type)
{
	expect_both(CONSTRAINT_COMMITMENT_TYPE, NULL, (struct cades_kit_signer){ 0 },
		    (struct cades_kit_signer){ .commitment = "1.2.3" });
	expect_both(CONSTRAINT_COMMITMENT_TYPE, "1.2.3",
		    (struct cades_kit_signer){ .commitment = "1.2.4" },
		    (struct cades_kit_signer){ .commitment = "1.2.3" });
}

Test(engine_accept, signer_location)
{
	struct view location =
	    make_el(DER_SEQUENCE, make_el(DER_ID(ASN1_CONTEXT, 1, 0),
					  make_el(ASN1_TAG_UTF8, view_text("CH"))));
	expect_both(CONSTRAINT_SIGNER_LOCATION, NULL, (struct cades_kit_signer){ 0 },
		    with_attribute(make_attr(OID_SIGNER_LOCATION, location)));
}

Test(engine_accept, mime_type)
{
	expect_both(CONSTRAINT_MIME_TYPE, NULL, (struct cades_kit_signer){ 0 },
		    (struct cades_kit_signer){ .mime_type = "text/plain" });
}

Test(engine_accept, algorithm_protection)
{
	expect_both(
	    CONSTRAINT_ALGORITHM_PROTECTION, NULL,
	    (struct cades_kit_signer){ .algorithm_protection = CADES_KIT_DIFFERS },
	    (struct cades_kit_signer){ .algorithm_protection = CADES_KIT_FITS });
}

Test(engine_accept, content_time_stamp_that_passes)
{
	const struct cades_kit_stamp wrong = { .tsa = k.scene.tsa,
					       .gen_ms = KIT_DAY(-1),
					       .wrong_imprint = true };
	const struct cades_kit_stamp right = { .tsa = k.scene.tsa,
					       .gen_ms = KIT_DAY(-1) };
	expect_both(CONSTRAINT_CONTENT_TIME_STAMP, NULL,
		    (struct cades_kit_signer){ .content_stamps = &wrong,
					       .n_content_stamps = 1 },
		    (struct cades_kit_signer){ .content_stamps = &right,
					       .n_content_stamps = 1 });
}

Test(engine_accept, format_is_one_that_is_allowed)
{
	sign((struct cades_kit_signer){ 0 });
	basic_kit_rule(&k, CONSTRAINT_FORMAT_ALLOWED, CONSTRAINT_FAIL, "PAdES", NULL);
	basic_kit_expect(&k, SUB_SIG_CONSTRAINTS_FAILURE);
	basic_kit_rule(&k, CONSTRAINT_FORMAT_ALLOWED, CONSTRAINT_FAIL, "PAdES",
		       "CAdES");
	basic_kit_expect(&k, SUB_NONE);
}

/* ---- countersignatures ---- */

static void countersigned(bool broken)
{
	const struct cades_kit_signer c = { .cert = k.scene.ocsp, .broken = broken };
	basic_kit_add(&k, MATERIAL_CERT, k.scene.ocsp->der);
	sign((struct cades_kit_signer){ .counters = &c, .n_counters = 1 });
	cr_assert_eq(k.doc->n_signatures, 2);
	const struct conclusion *own = basic_kit_judge(&k, 1, k.in.time_ms);
	cr_assert_eq(own->sub, broken ? SUB_SIG_CRYPTO_FAILURE : SUB_NONE, "%s",
		     own->text);
}

Test(engine_accept, countersignatures_that_are_there_pass_when_the_policy_says_so)
{
	basic_kit_rule(&k, CONSTRAINT_COUNTERSIGNATURE, CONSTRAINT_FAIL, NULL, NULL);
	basic_kit_rule(&k, CONSTRAINT_REVOCATION, CONSTRAINT_IGNORE, NULL, NULL);
	countersigned(true);
	basic_kit_expect(&k, SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert_eq(k.b.conclusion.constraint, CONSTRAINT_COUNTERSIGNATURE);
	countersigned(false);
	basic_kit_expect(&k, SUB_NONE);
	sign((struct cades_kit_signer){ 0 });
	basic_kit_expect(&k, SUB_NONE);
}

Test(engine_accept, a_countersignature_that_was_not_judged_has_not_passed)
{
	basic_kit_rule(&k, CONSTRAINT_COUNTERSIGNATURE, CONSTRAINT_FAIL, NULL, NULL);
	const struct cades_kit_signer c = { .cert = k.scene.signer };
	sign((struct cades_kit_signer){ .counters = &c, .n_counters = 1 });
	basic_kit_expect(&k, SUB_SIG_CONSTRAINTS_FAILURE);
}

Test(engine_accept, a_bad_countersignature_does_not_touch_its_parent_by_default)
{
	basic_kit_rule(&k, CONSTRAINT_REVOCATION, CONSTRAINT_IGNORE, NULL, NULL);
	countersigned(true);
	basic_kit_expect(&k, SUB_NONE);
}

/* ---- several at once ---- */

Test(engine_accept, all_that_fail_are_named)
{
	basic_kit_rule(&k, CONSTRAINT_MIME_TYPE, CONSTRAINT_FAIL, NULL, NULL);
	basic_kit_rule(&k, CONSTRAINT_SIGNER_LOCATION, CONSTRAINT_FAIL, NULL, NULL);
	sign((struct cades_kit_signer){ 0 });
	basic_kit_expect(&k, SUB_SIG_CONSTRAINTS_FAILURE);
	cr_assert(strstr(k.b.conclusion.text, "mime-type") != NULL);
	cr_assert(strstr(k.b.conclusion.text, "signer-location") != NULL);
}

/* ---- algorithms ---- */

static int64_t until(void)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	int64_t ms;
	char what[64];
	basic_kit_judge(&k, 0, k.in.time_ms);
	cr_assert_eq(engine_reliable_until(&k.e, &k.b, &ms, what, &err), 0);
	return ms;
}

Test(engine_accept, the_digest_of_the_reference_counts_but_for_version_one)
{
	sign((struct cades_kit_signer){ 0 });
	int64_t usual_ms = until();
	cr_assert_gt(usual_ms, KIT_DAY(4));
	sign((struct cades_kit_signer){ .reference_digest = DIGEST_SHA1 });
	cr_assert_lt(until(), KIT_DAY(0));
	basic_kit_expect(&k, SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
	sign((struct cades_kit_signer){ .reference = CADES_KIT_V1 });
	cr_assert_eq(until(), usual_ms);
	basic_kit_expect(&k, SUB_NONE);
	cr_assert_not_null(basic_kit_finding(&k, "SIGNING_CERTIFICATE_DIGEST"));
}

Test(engine_accept, material_is_reliable_until_its_weakest_signature_ends)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct conclusion c;
	sign((struct cades_kit_signer){ 0 });
	basic_kit_expect(&k, SUB_NONE);
	cr_assert_eq(
	    engine_material_reliable(&k.e, k.b.certificate, KIT_DAY(4), &c, &err), 0);
	cr_assert_eq(c.sub, SUB_NONE);
	/* Nothing of this suite is reliable. */
	const struct algorithm_policy kept = k.policy->algorithms;
	k.policy->algorithms.n = 0;
	cr_assert_eq(
	    engine_material_reliable(&k.e, k.b.certificate, KIT_DAY(4), &c, &err), 0);
	k.policy->algorithms = kept;
	cr_assert_eq(c.sub, SUB_CRYPTO_CONSTRAINTS_FAILURE_NO_POE);
	cr_assert(c.has_object);
	cr_assert_neq(c.algorithm[0], '\0');
}
