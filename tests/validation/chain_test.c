/* SPDX-License-Identifier: Apache-2.0 */
/* RFC 5280 6.1 over one path: signatures, dates, names, issuers, extensions, usages.
 * Policies are in chain_policy_test.c. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <string.h>

#include "base/mem.h"
#include "tests/support/chain_judge.h"
#include "tests/support/chain_kit.h"

static struct kit *k;
static struct chain_judge j;

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

TestSuite(chain, .init = set_up, .fini = tear_down);

/* Root, CA, and a leaf with these options; all valid. */
static void three(struct kit_options ca, struct kit_options leaf)
{
	const struct kit_cert *root = kit_ca(k, "O=LTPS Test,CN=Root", NULL);
	ca.by = root;
	if (ca.subject == NULL)
		ca.subject = "O=LTPS Test,CN=CA";
	const struct kit_cert *c = kit_cert(k, &ca);
	if (leaf.by == NULL)
		leaf.by = c;
	chain_judge_path(&j, 3, kit_cert(k, &leaf), c, root);
}

#define CA(...) ((struct kit_options){ .ca = true, __VA_ARGS__ })
#define CA_PLAIN ((struct kit_options){ .ca = true })
#define LEAF(...) ((struct kit_options){ __VA_ARGS__ })
#define LEAF_PLAIN ((struct kit_options){ 0 })

static void expect(enum path_code why, int cert)
{
	chain_judge_run(&j);
	chain_judge_expect(&j, why, cert);
}

/* ---- signatures and keys ---- */

Test(chain, signature_when_broken_is_refused)
{
	three(CA_PLAIN, LEAF(.broken_signature = true));
	expect(PATH_SIGNATURE, 0);
}

Test(chain, signature_when_a_cas_is_broken_is_refused)
{
	three(CA(.broken_signature = true), LEAF_PLAIN);
	expect(PATH_SIGNATURE, 1);
}

Test(chain, signature_when_by_another_key_is_refused)
{
	three(CA_PLAIN, LEAF(.sign_with = kit_ca(k, "CN=Other", NULL)));
	expect(PATH_SIGNATURE, 0);
}

Test(chain, algorithm_when_different_inside_is_refused)
{
	/* ecdsa-with-SHA384 */
	three(CA_PLAIN, LEAF(.tbs_algorithm = kit_hex(k, "300a06082a8648ce3d040303")));
	expect(PATH_ALGORITHM_MISMATCH, 0);
}

Test(chain, parameters_when_different_inside_are_refused)
{
	struct view null = kit_hex(k, "300c06082a8648ce3d0403020500");
	three(CA_PLAIN, LEAF(.tbs_algorithm = null));
	expect(PATH_ALGORITHM_MISMATCH, 0);
}

Test(chain, parameters_when_inherited_from_no_one_make_the_key_unusable)
{
	/* The root's key is of another algorithm. */
	three(CA(.key = KIT_DSA, .parameters_left_out = true), LEAF_PLAIN);
	expect(PATH_KEY_UNUSABLE, 1);
}

Test(chain, parameters_when_another_algorithm_is_between_are_not_inherited)
{
	struct kit_options root = { .subject = "CN=Root", .key = KIT_DSA, .ca = true };
	const struct kit_cert *r = kit_cert(k, &root);
	const struct kit_cert *ec = kit_ca(k, "CN=EC", r);
	struct kit_options dsa = { .subject = "CN=DSA",
				   .by = ec,
				   .key = KIT_DSA,
				   .parameters_left_out = true,
				   .ca = true };
	const struct kit_cert *d = kit_cert(k, &dsa);
	chain_judge_path(&j, 4, kit_leaf(k, "CN=Leaf", d), d, ec, r);
	expect(PATH_KEY_UNUSABLE, 1);
}

Test(chain, parameters_when_another_algorithm_also_lacks_them_are_not_inherited)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	EVP_PKEY *key = NULL;
	uint8_t id[32];
	struct kit_options o = { .subject = "CN=Root", .key = KIT_DSA, .ca = true };
	const struct kit_cert *r = kit_cert(k, &o);
	struct kit_options ec = { .by = r, .parameters_left_out = true, .ca = true };
	const struct kit_cert *e = kit_cert(k, &ec);
	o.by = e;
	o.parameters_left_out = true;
	chain_judge_path(&j, 3, kit_cert(k, &o), e, r);
	cr_assert_eq(chain_key(&j.c, 0, &key, id, &err), 0);
	cr_assert_null(key);
}

static void inherited_path(bool broken)
{
	struct kit_options root = { .subject = "CN=Root", .key = KIT_DSA, .ca = true };
	struct kit_options ca = { .subject = "CN=CA",
				  .key = KIT_DSA,
				  .parameters_left_out = true,
				  .ca = true };
	const struct kit_cert *r = kit_cert(k, &root);
	ca.by = r;
	const struct kit_cert *a = kit_cert(k, &ca);
	ca.subject = "CN=CA 2";
	ca.by = a;
	const struct kit_cert *b = kit_cert(k, &ca);
	struct kit_options leaf = { .by = b, .broken_signature = broken };
	chain_judge_path(&j, 4, kit_cert(k, &leaf), b, a, r);
}

Test(chain, signature_when_by_an_inherited_key_and_broken_is_refused)
{
	inherited_path(true);
	expect(PATH_SIGNATURE, 0);
}

Test(chain, parameters_when_inherited_twice_are_used)
{
	inherited_path(false);
	expect(PATH_OK, -1);
}

Test(chain, key_when_inherited_has_an_identity_of_its_own)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	EVP_PKEY *key = NULL;
	uint8_t id[32], of_root[32];
	inherited_path(false);
	cr_assert_eq(chain_key(&j.c, 1, &key, id, &err), 0);
	cr_assert_not_null(key);
	cr_assert_neq(memcmp(id, j.c.certs[1]->spki_sha256, 32), 0);
	EVP_PKEY_free(key);
	cr_assert_eq(chain_key(&j.c, 3, &key, of_root, &err), 0);
	cr_assert_eq(memcmp(of_root, j.c.certs[3]->spki_sha256, 32), 0);
	EVP_PKEY_free(key);
}

Test(chain, algorithm_when_weak_at_the_time_is_refused)
{
	static const struct algorithm_limit limits[] = {
		{ .algorithm = "ECDSA", .min_bits = 256, .until_ms = INT64_MAX },
		{ .algorithm = "sha256", .until_ms = KIT_T0_MS - 1 },
	};
	static const struct algorithm_policy policy = { limits, 2 };
	three(CA_PLAIN, LEAF_PLAIN);
	j.in.algorithms = &policy;
	expect(PATH_ALGORITHM_WEAK, 1);
	j.in.time_ms--;
	expect(PATH_OK, -1);
}

Test(chain, budget_when_spent_on_signatures_leaves_it_undetermined)
{
	three(CA_PLAIN, LEAF_PLAIN);
	j.in.budget.signatures = 1;
	expect(PATH_BUDGET, 0);
	cr_assert_eq(j.c.status, PATH_UNDETERMINED);
}

/* ---- dates ---- */

Test(chain, target_when_expired_or_early_is_refused)
{
	three(CA_PLAIN, LEAF(.not_before_ms = KIT_T0_MS, .not_after_ms = KIT_T0_MS));
	j.in.time_ms = KIT_T0_MS - 1;
	expect(PATH_NOT_YET_VALID, 0);
	j.in.time_ms = KIT_T0_MS + 1000;
	expect(PATH_EXPIRED, 0);
}

Test(chain, validity_when_at_its_ends_is_inclusive)
{
	three(CA_PLAIN, LEAF(.not_before_ms = KIT_T0_MS, .not_after_ms = KIT_T0_MS));
	expect(PATH_OK, -1);
	j.in.time_ms = KIT_T0_MS + 999; /* still that second */
	expect(PATH_OK, -1);
}

Test(chain, ca_when_expired_is_refused_in_the_shell_model_only)
{
	three(CA(.not_after_ms = KIT_T0_MS - KIT_DAY_MS), LEAF_PLAIN);
	expect(PATH_EXPIRED, 1);
	j.in.model = PATH_CHAIN;
	expect(PATH_OK, -1);
}

Test(chain, ca_when_younger_than_the_target_is_refused_in_the_chain_model)
{
	three(CA(.not_before_ms = KIT_T0_MS - KIT_DAY_MS), LEAF_PLAIN);
	expect(PATH_OK, -1);
	j.in.model = PATH_CHAIN;
	expect(PATH_NOT_YET_VALID, 1);
}

Test(chain, target_when_expired_is_left_out_as_asked)
{
	three(CA_PLAIN, LEAF(.not_after_ms = KIT_T0_MS - KIT_DAY_MS));
	expect(PATH_EXPIRED, 0);
	j.times = CHAIN_TIME_NOT_TARGET;
	expect(PATH_OK, -1);
}

Test(chain, ca_when_expired_counts_unless_no_time_does)
{
	three(CA(.not_after_ms = KIT_T0_MS - KIT_DAY_MS), LEAF_PLAIN);
	j.times = CHAIN_TIME_NOT_TARGET;
	expect(PATH_EXPIRED, 1);
	j.times = CHAIN_TIME_NONE;
	expect(PATH_OK, -1);
}

/* ---- names ---- */

Test(chain, issuer_when_not_the_subject_above_is_refused)
{
	three(CA_PLAIN, LEAF(.issuer_der = kit_name(k, "O=LTPS Test,CN=Other")));
	expect(PATH_NAME_CHAINING, 0);
}

Test(chain, issuer_when_written_otherwise_is_the_same)
{
	three(CA_PLAIN, LEAF(.issuer_der = kit_name(k, "O=ltps  TEST,CN=ca")));
	expect(PATH_OK, -1);
}

Test(chain, issuer_when_empty_is_refused)
{
	three(CA(.subject = ""), LEAF_PLAIN);
	expect(PATH_EMPTY_ISSUER, 0);
}

/* ---- issuers ---- */

Test(chain, ca_when_of_version_1_or_2_is_refused)
{
	three(LEAF(.version = 1), LEAF_PLAIN);
	expect(PATH_NOT_A_CA, 1);
	three(LEAF(.version = 2), LEAF_PLAIN);
	expect(PATH_NOT_A_CA, 1);
}

Test(chain, anchor_when_of_version_1_is_one)
{
	struct kit_options root = { .subject = "CN=Root", .version = 1 };
	const struct kit_cert *r = kit_cert(k, &root);
	chain_judge_path(&j, 2, kit_leaf(k, "CN=Leaf", r), r);
	expect(PATH_OK, -1);
}

Test(chain, ca_when_without_basic_constraints_is_refused)
{
	three(LEAF_PLAIN, LEAF_PLAIN);
	expect(PATH_NOT_A_CA, 1);
}

Test(chain, ca_when_not_said_to_be_one_is_refused)
{
	three(LEAF(.extensions = { kit_ext_basic(k, false, -1) }), LEAF_PLAIN);
	expect(PATH_NOT_A_CA, 1);
}

Test(chain, ca_when_not_for_signing_certificates_is_refused)
{
	three(LEAF(.extensions = { kit_ext_basic(k, true, -1),
				   kit_ext_key_usage(k, KEY_USAGE_CRL_SIGN) }),
	      LEAF_PLAIN);
	expect(PATH_CA_KEY_USAGE, 1);
}

Test(chain, ca_when_without_key_usage_may_sign)
{
	three(LEAF(.extensions = { kit_ext_basic(k, true, -1) }), LEAF_PLAIN);
	expect(PATH_OK, -1);
}

/* A CA of that path length below this one, or below a new root. */
static const struct kit_cert *limited(const struct kit_cert *by, const char *subject,
				      uint32_t path_len)
{
	struct kit_options o = { .subject = subject,
				 .by = by,
				 .ca = true,
				 .has_path_len = true,
				 .path_len = path_len };
	return kit_cert(k, &o);
}

Test(chain, path_when_longer_than_allowed_is_refused)
{
	const struct kit_cert *r = kit_ca(k, "CN=Root", NULL);
	const struct kit_cert *a = limited(r, "CN=A", 0);
	const struct kit_cert *b = kit_ca(k, "CN=B", a);
	chain_judge_path(&j, 4, kit_leaf(k, "CN=Leaf", b), b, a, r);
	expect(PATH_PATH_LEN, 1);
}

Test(chain, path_length_when_wider_below_does_not_widen)
{
	const struct kit_cert *r = kit_ca(k, "CN=Root", NULL);
	const struct kit_cert *a = limited(r, "CN=A", 1);
	const struct kit_cert *b = limited(a, "CN=B", 7);
	const struct kit_cert *c = kit_ca(k, "CN=C", b);
	chain_judge_path(&j, 5, kit_leaf(k, "CN=Leaf", c), c, b, a, r);
	expect(PATH_PATH_LEN, 1);
}

Test(chain, path_length_when_self_issued_are_between_does_not_count_them)
{
	const struct kit_cert *r = kit_ca(k, "CN=Root", NULL);
	const struct kit_cert *a = limited(r, "CN=A", 0);
	const struct kit_cert *b = kit_ca(k, "CN=A", a);
	chain_judge_path(&j, 4, kit_leaf(k, "CN=Leaf", b), b, a, r);
	expect(PATH_OK, -1);
}

Test(chain, path_length_when_the_last_is_a_ca_does_not_count_it)
{
	const struct kit_cert *r = kit_ca(k, "CN=Root", NULL);
	const struct kit_cert *a = limited(r, "CN=A", 0);
	chain_judge_path(&j, 3, kit_ca(k, "CN=B", a), a, r);
	expect(PATH_OK, -1);
}

/* ---- the anchor ---- */

Test(chain, anchor_when_expired_is_still_one)
{
	struct kit_options root = { .subject = "CN=Root",
				    .ca = true,
				    .broken_signature = true,
				    .not_after_ms = KIT_T0_MS - KIT_DAY_MS };
	const struct kit_cert *r = kit_cert(k, &root);
	chain_judge_path(&j, 2, kit_leaf(k, "CN=Leaf", r), r);
	expect(PATH_OK, -1);
}

Test(chain, anchor_when_it_limits_the_path_counts_unless_ignored)
{
	const struct kit_cert *r = limited(NULL, "CN=Root", 0);
	const struct kit_cert *a = kit_ca(k, "CN=A", r);
	chain_judge_path(&j, 3, kit_leaf(k, "CN=Leaf", a), a, r);
	expect(PATH_PATH_LEN, 1);
	j.in.ignore_anchor_constraints = true;
	expect(PATH_OK, -1);
}

Test(chain, anchor_when_an_end_entity_issues_nothing)
{
	const struct kit_cert *r = kit_leaf(k, "CN=Root", NULL);
	chain_judge_path(&j, 2, kit_leaf(k, "CN=Leaf", r), r);
	expect(PATH_NOT_A_CA, 1);
	j.in.ignore_anchor_constraints = true;
	expect(PATH_OK, -1);
}

Test(chain, anchor_when_not_for_signing_certificates_issues_nothing)
{
	struct kit_options root = { .subject = "CN=Root",
				    .extensions = {
					kit_ext_basic(k, true, -1),
					kit_ext_key_usage(k, KEY_USAGE_CRL_SIGN) } };
	const struct kit_cert *r = kit_cert(k, &root);
	chain_judge_path(&j, 2, kit_leaf(k, "CN=Leaf", r), r);
	expect(PATH_CA_KEY_USAGE, 1);
}

Test(chain, anchor_when_with_an_unknown_critical_extension_is_refused)
{
	struct kit_options root = { .subject = "CN=Root",
				    .ca = true,
				    .extensions = { kit_ext("1.3.6.1.4.1.99999.9", true,
							    kit_hex(k, "0500")) } };
	const struct kit_cert *r = kit_cert(k, &root);
	chain_judge_path(&j, 2, kit_leaf(k, "CN=Leaf", r), r);
	expect(PATH_CRITICAL_EXTENSION, 1);
}

Test(chain, anchor_when_its_constraints_do_not_decode_is_refused)
{
	struct kit_options root = { .subject = "CN=Root",
				    .ca = true,
				    .extensions = { kit_ext("2.5.29.30", true,
							    kit_hex(k, "0500")) } };
	const struct kit_cert *r = kit_cert(k, &root);
	chain_judge_path(&j, 2, kit_leaf(k, "CN=Leaf", r), r);
	expect(PATH_MALFORMED_EXTENSION, 1);
}

Test(chain, anchor_when_it_constrains_names_counts_unless_ignored)
{
	struct kit_options root = { .subject = "CN=Root",
				    .ca = true,
				    .extensions = { kit_ext_name_constraints(
					k, NULL, "dir:CN=Leaf") } };
	const struct kit_cert *r = kit_cert(k, &root);
	chain_judge_path(&j, 2, kit_leaf(k, "CN=Leaf", r), r);
	expect(PATH_NAME_EXCLUDED, 0);
	j.in.ignore_anchor_constraints = true;
	expect(PATH_OK, -1);
}

Test(chain, anchor_when_alone_is_valid_but_for_its_usages)
{
	static const uint16_t wanted[] = { KEY_USAGE_NON_REPUDIATION };
	chain_judge_path(&j, 1, kit_ca(k, "CN=Root", NULL));
	expect(PATH_OK, -1);
	j.in.key_usages = wanted;
	j.in.n_key_usages = 1;
	expect(PATH_KEY_USAGE, 0);
}

Test(chain, path_when_empty_is_the_callers_fault)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct path_run run = { .in = &j.in };
	cr_assert_eq(chain_check(&run, CHAIN_TIME_ALL, true, &j.c, &err), -1);
	cr_assert_eq(err.fault, LTPS_FAULT_CALLER);
}

/* ---- extensions ---- */

static struct kit_extension unknown(bool critical)
{
	return kit_ext("1.3.6.1.4.1.99999.9", critical, kit_hex(k, "0500"));
}

Test(chain, extension_when_unknown_and_critical_is_refused)
{
	three(CA_PLAIN, LEAF(.extensions = { unknown(true) }));
	expect(PATH_CRITICAL_EXTENSION, 0);
	cr_assert_str_eq(j.c.findings[0].text, "1.3.6.1.4.1.99999.9");
	three(CA(.extensions = { unknown(true) }), LEAF_PLAIN);
	expect(PATH_CRITICAL_EXTENSION, 1);
}

Test(chain, extension_when_unknown_and_not_critical_is_passed_over)
{
	three(CA(.extensions = { unknown(false) }),
	      LEAF(.extensions = { unknown(false) }));
	expect(PATH_OK, -1);
}

Test(chain, extension_when_it_does_not_decode_is_refused)
{
	three(CA_PLAIN, LEAF(.extensions = {
				 kit_ext("2.5.29.17", false, kit_hex(k, "0401aa")) }));
	expect(PATH_MALFORMED_EXTENSION, 0);
	cr_assert_str_eq(j.c.findings[0].text, "subjectAltName");
}

Test(chain, extension_when_it_stands_twice_is_refused)
{
	three(CA_PLAIN, LEAF(.extensions = { kit_ext_basic(k, false, -1),
					     kit_ext_basic(k, false, -1) }));
	expect(PATH_MALFORMED_EXTENSION, 0);
	three(CA_PLAIN, LEAF(.extensions = { unknown(false), unknown(false) }));
	expect(PATH_MALFORMED_EXTENSION, 0);
}

Test(chain, policies_when_critical_with_an_unknown_qualifier_are_refused)
{
	/* 1.2.3 qualified by 1.2.4 NULL */
	struct view q = kit_der(k, 0x30, kit_hex(k, "06022a040500"));
	struct view info =
	    kit_der(k, 0x30, kit_join(k, kit_hex(k, "06022a03"), kit_der(k, 0x30, q)));
	struct view list = kit_der(k, 0x30, info);
	three(CA_PLAIN, LEAF(.extensions = { kit_ext("2.5.29.32", true, list) }));
	expect(PATH_CRITICAL_EXTENSION, 0);
	three(CA_PLAIN, LEAF(.extensions = { kit_ext("2.5.29.32", false, list) }));
	expect(PATH_OK, -1);
}

Test(chain, subject_directory_attributes_when_critical_are_refused)
{
	/* countryOfCitizenship "DE" */
	struct view list = kit_hex(k, "30123010"
				      "06082b060105050709043104"
				      "13024445");
	three(CA_PLAIN, LEAF(.extensions = { kit_ext("2.5.29.9", true, list) }));
	expect(PATH_CRITICAL_EXTENSION, 0);
	three(CA_PLAIN, LEAF(.extensions = { kit_ext("2.5.29.9", false, list) }));
	expect(PATH_OK, -1);
}

Test(chain, qc_statements_when_critical_and_unknown_are_refused)
{
	/* 1.2.3 */
	struct view list = kit_hex(k, "3006300406022a03");
	struct view known = kit_hex(k, "300a3008060604008e460101");
	three(CA_PLAIN,
	      LEAF(.extensions = { kit_ext("1.3.6.1.5.5.7.1.3", true, list) }));
	expect(PATH_CRITICAL_EXTENSION, 0);
	three(CA_PLAIN,
	      LEAF(.extensions = { kit_ext("1.3.6.1.5.5.7.1.3", false, list) }));
	expect(PATH_OK, -1);
	three(CA_PLAIN,
	      LEAF(.extensions = { kit_ext("1.3.6.1.5.5.7.1.3", true, known) }));
	expect(PATH_OK, -1);
}

/* ---- name constraints on a path ---- */

Test(chain, name_when_not_permitted_above_is_refused)
{
	three(
	    CA(.extensions = { kit_ext_name_constraints(k, "dir:O=LTPS Test", NULL) }),
	    LEAF(.subject = "O=Other,CN=a"));
	expect(PATH_NAME_NOT_PERMITTED, 0);
}

Test(chain, name_constraints_when_malformed_are_refused)
{
	three(CA(.extensions = { kit_ext_name_constraints(k, NULL, "email:a@b@c") }),
	      LEAF_PLAIN);
	expect(PATH_MALFORMED_EXTENSION, 1);
}

Test(chain, name_constraints_when_the_targets_own_bind_nobody)
{
	three(CA_PLAIN,
	      LEAF(.subject = "CN=a",
		   .extensions = { kit_ext_name_constraints(k, "dir:CN=b", NULL) }));
	expect(PATH_OK, -1);
}

/* A CA that may name only O=Ok renews itself: its own name is outside. */
static void self_issued(const struct kit_cert **a, const struct kit_cert **b)
{
	struct kit_options o = { .subject = "CN=A",
				 .by = kit_ca(k, "CN=Root", NULL),
				 .ca = true,
				 .extensions = {
				     kit_ext_name_constraints(k, "dir:O=Ok", NULL) } };
	*a = kit_cert(k, &o);
	*b = kit_ca(k, "CN=A", *a);
}

Test(chain, name_when_self_issued_is_exempt_but_for_the_last)
{
	const struct kit_cert *a, *b;
	self_issued(&a, &b);
	chain_judge_path(&j, 3, kit_leaf(k, "O=Ok,CN=Leaf", b), b, a);
	expect(PATH_OK, -1);
	chain_judge_path(&j, 2, b, a);
	expect(PATH_NAME_NOT_PERMITTED, 0);
}

/* ---- usages ---- */

static void with_usages(const uint16_t *wanted, size_t n)
{
	j.in.key_usages = wanted;
	j.in.n_key_usages = n;
}

Test(chain, key_usage_when_no_alternative_is_there_is_refused)
{
	static const uint16_t both[] = { KEY_USAGE_DIGITAL_SIGNATURE |
					     KEY_USAGE_NON_REPUDIATION,
					 KEY_USAGE_KEY_AGREEMENT };
	three(CA_PLAIN, LEAF(.extensions = {
				 kit_ext_key_usage(k, KEY_USAGE_DIGITAL_SIGNATURE) }));
	with_usages(both, 2);
	expect(PATH_KEY_USAGE, 0);
	j.no_usages = true;
	expect(PATH_OK, -1);
}

Test(chain, key_usage_when_one_alternative_is_there_fits)
{
	static const uint16_t either[] = { KEY_USAGE_NON_REPUDIATION,
					   KEY_USAGE_DIGITAL_SIGNATURE };
	three(CA_PLAIN, LEAF(.extensions = {
				 kit_ext_key_usage(k, KEY_USAGE_DIGITAL_SIGNATURE) }));
	with_usages(either, 2);
	expect(PATH_OK, -1);
	with_usages((const uint16_t[]){ 0 }, 1);
	expect(PATH_OK, -1);
}

Test(chain, key_usage_when_absent_fits)
{
	three(CA_PLAIN, LEAF_PLAIN);
	with_usages((const uint16_t[]){ KEY_USAGE_NON_REPUDIATION }, 1);
	expect(PATH_OK, -1);
}

#define EMAIL "1.3.6.1.5.5.7.3.4"
#define STAMPING "1.3.6.1.5.5.7.3.8"
#define ANY_EKU "2.5.29.37.0"

/* All wanted; specified: as RFC 5055 3.2.4.2.9 has it. */
static void eku_leaf(const char *there, bool specified)
{
	static struct view wanted[2];
	wanted[0] = kit_oid(k, EMAIL);
	wanted[1] = kit_oid(k, STAMPING);
	three(CA_PLAIN, there != NULL ? LEAF(.extensions = { kit_ext_eku(k, there) })
				      : LEAF_PLAIN);
	if (specified) {
		j.in.specified_key_usages = wanted;
		j.in.n_specified_key_usages = 2;
	} else {
		j.in.extended_key_usages = wanted;
		j.in.n_extended_key_usages = 2;
	}
}

Test(chain, extended_key_usage_when_one_is_missing_is_refused)
{
	eku_leaf(EMAIL, false);
	expect(PATH_EXTENDED_KEY_USAGE, 0);
}

Test(chain, extended_key_usage_when_all_or_any_or_absent_fits)
{
	eku_leaf(STAMPING " " EMAIL, false);
	expect(PATH_OK, -1);
	eku_leaf(ANY_EKU, false);
	expect(PATH_OK, -1);
	eku_leaf(NULL, false);
	expect(PATH_OK, -1);
}

Test(chain, specified_key_usage_when_any_or_absent_or_partly_there_is_refused)
{
	eku_leaf(ANY_EKU, true);
	expect(PATH_EXTENDED_KEY_USAGE, 0);
	eku_leaf(NULL, true);
	expect(PATH_EXTENDED_KEY_USAGE, 0);
	eku_leaf(EMAIL, true);
	expect(PATH_EXTENDED_KEY_USAGE, 0);
}

Test(chain, specified_key_usage_when_all_are_there_fits)
{
	eku_leaf(EMAIL " " STAMPING, true);
	expect(PATH_OK, -1);
}

/* ---- findings ---- */

Test(chain, defects_when_several_are_all_found_and_the_first_decides)
{
	three(CA(.not_after_ms = KIT_T0_MS - KIT_DAY_MS, .broken_signature = true),
	      LEAF(.not_after_ms = KIT_T0_MS - KIT_DAY_MS,
		   .extensions = { unknown(true) }));
	expect(PATH_SIGNATURE, 1);
	cr_assert_eq(j.c.n_findings, 4);
	cr_assert_eq(j.c.findings[1].code, PATH_EXPIRED);
	cr_assert_eq(j.c.findings[1].cert, 1);
	cr_assert_eq(j.c.findings[2].code, PATH_CRITICAL_EXTENSION);
	cr_assert_eq(j.c.findings[3].code, PATH_EXPIRED);
	cr_assert_eq(j.c.findings[3].cert, 0);
}

Test(chain, findings_when_worse_decide_and_beyond_the_maximum_still_do)
{
	candidate_find(&j.c, PATH_DECIDED_REMOTELY, -1, "%s", "");
	cr_assert_eq(j.c.status, PATH_VALID);
	for (int i = 0; i < PATH_FINDINGS_MAX + 1; i++)
		candidate_find(&j.c, PATH_REVOCATION_UNKNOWN, i, "%s", "");
	cr_assert_eq(j.c.status, PATH_UNDETERMINED);
	cr_assert_eq(j.c.why, PATH_REVOCATION_UNKNOWN);
	candidate_find(&j.c, PATH_REVOKED, 0, "%s", "");
	candidate_find(&j.c, PATH_EXPIRED, 0, "%s", "");
	cr_assert_eq(j.c.n_findings, PATH_FINDINGS_MAX);
	cr_assert_eq(j.c.status, PATH_INVALID);
	cr_assert_eq(j.c.why, PATH_REVOKED);
}

Test(chain, codes_when_asked_all_have_a_name_and_a_text)
{
	for (int i = 0; i < PATH_CODE_COUNT; i++) {
		cr_assert_eq(strncmp(path_code_name((enum path_code)i), "PATH_", 5), 0);
		cr_assert_gt(strlen(path_code_text((enum path_code)i)), 5);
	}
	cr_assert_str_eq(path_code_name((enum path_code)PATH_CODE_COUNT), "?");
	cr_assert_null(path_code_clause((enum path_code)PATH_CODE_COUNT));
}

Test(chain, path_when_all_is_well_is_valid)
{
	three(CA_PLAIN, LEAF(.key = KIT_ED25519));
	expect(PATH_OK, -1);
	cr_assert_eq(j.c.n_findings, 0);
}

static void with_keys(enum kit_key key)
{
	struct kit_options root = { .subject = "CN=Root", .key = key, .ca = true };
	const struct kit_cert *r = kit_cert(k, &root);
	chain_judge_path(&j, 2, kit_leaf(k, "CN=Leaf", r), r);
	expect(PATH_OK, -1);
}

Test(chain, signatures_when_of_each_kind_verify)
{
	with_keys(KIT_RSA_1024);
	with_keys(KIT_P384);
	with_keys(KIT_DSA);
	with_keys(KIT_ED25519);
}
