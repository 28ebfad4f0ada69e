/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates of other shapes: extensions, subjects, bridges, algorithms. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/asn1.h"
#include "tests/support/devpki_judge.h"

#define T2026 "2026-06-01T12:00:00Z"

/* One extension by text: a certificate of that kind with it. */
static const struct devpki_cert *issue_text(struct devpki *p, enum devpki_kind kind,
					    const struct devpki_cert *issuer,
					    const char *name, const char *value)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_shapes s = { 0 };
	cr_assert_eq(devpki_shape_text(&s, name, value, NULL, &err), 0, "%s", err.text);
	struct devpki_issue how = {
		.kind = kind, .issuer = issuer, .extensions = s.e, .n_extensions = s.n
	};
	const struct devpki_cert *c = judge_issue(p, &how);
	devpki_shapes_free(&s);
	return c;
}

static int count_oid(const struct devpki_cert *c, const char *oid, int *ret_critical)
{
	ASN1_OBJECT *obj = OBJ_txt2obj(oid, 1);
	int n = 0;
	for (int at = -1; (at = X509_get_ext_by_OBJ(c->x509, obj, at)) >= 0; n++)
		*ret_critical = X509_EXTENSION_get_critical(X509_get_ext(c->x509, at));
	ASN1_OBJECT_free(obj);
	return n;
}

/* ---- the list ---- */

Test(shapes, mistakes_are_refused)
{
	static const struct {
		const char *name, *value, *sections;
	} cases[] = {
		{ "noSuchExtension", "x", NULL },
		{ "basicConstraints", "CA:PERHAPS", NULL },
		{ "keyUsage", "nonsense", NULL },
		{ "nameConstraints", "permitted;dirName:dn", NULL },
		{ "nameConstraints", "permitted;dirName:dn", "[other]\nC=XX\n" },
		{ "nameConstraints", "permitted;dirName:dn", "[dn\n" },
		{ "subjectKeyIdentifier", "hash", NULL },
		{ "policyConstraints", "requireExplicitPolicy:x", NULL },
	};
	struct devpki_shapes s = { 0 };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		cr_expect_eq(devpki_shape_text(&s, cases[i].name, cases[i].value,
					       cases[i].sections, &err),
			     -1, "case %zu", i);
		cr_expect_eq(err.code, LTPS_ARGUMENT, "case %zu", i);
		cr_expect_eq(ERR_peek_error(), 0, "case %zu", i);
	}
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_expect_eq(devpki_shape_null(&s, "not an oid", false, &err), -1);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	cr_expect_eq(s.n, 0);
	for (size_t i = 0; i < DEVPKI_EXTENSIONS_MAX; i++) {
		ltps_error_clear(&err);
		cr_assert_eq(devpki_shape_remove(&s, DEVPKI_OID_UNKNOWN, &err), 0);
	}
	cr_expect_eq(devpki_shape_remove(&s, DEVPKI_OID_UNKNOWN, &err), -1);
	cr_expect_eq(err.code, LTPS_TOO_LARGE);
	devpki_shapes_free(&s);
}

Test(shapes, own_extension_replaces_the_profiles_and_may_be_double)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	struct devpki_shapes s = { 0 };
	int critical = -1;
	cr_assert_eq(devpki_shape_text(&s, "keyUsage", "keyAgreement", NULL, &err), 0);
	cr_assert_eq(devpki_shape_remove(&s, "2.5.29.14", &err), 0);
	cr_assert_eq(devpki_shape_null(&s, DEVPKI_OID_UNKNOWN, true, &err), 0);
	cr_assert_eq(devpki_shape_null(&s, DEVPKI_OID_UNKNOWN, true, &err), 0);
	struct devpki_issue how = { .kind = DEVPKI_EE,
				    .extensions = s.e,
				    .n_extensions = s.n };
	const struct devpki_cert *c = judge_issue(p, &how);
	cr_expect_eq(count_oid(c, "2.5.29.15", &critical), 1);
	cr_expect_eq(critical, 0);
	cr_expect_eq(X509_get_key_usage(c->x509), KU_KEY_AGREEMENT);
	cr_expect_eq(count_oid(c, "2.5.29.14", &critical), 0);
	cr_expect_eq(count_oid(c, DEVPKI_OID_UNKNOWN, &critical), 2);
	cr_expect_eq(critical, 1);
	devpki_shapes_free(&s);
	devpki_free(p);
}

Test(shapes, oid_that_is_none_is_refused_without_a_trace)
{
	struct devpki *p = kit_pki(NULL, T2026);
	struct devpki_extension bad = { "one.two", false, view_of("\x05\x00", 2) };
	struct devpki_issue how = { .kind = DEVPKI_EE,
				    .extensions = &bad,
				    .n_extensions = 1 };
	struct ltps_error err = LTPS_ERROR_INIT;
	const struct devpki_cert *c = NULL;
	size_t n = devpki_count(p);
	cr_expect_eq(devpki_issue(p, &how, &c, &err), -1);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	cr_expect_eq(ERR_peek_error(), 0);
	how.n_extensions = DEVPKI_EXTENSIONS_MAX + 1;
	ltps_error_clear(&err);
	cr_expect_eq(devpki_issue(p, &how, &c, &err), -1);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	cr_expect_eq(devpki_count(p), n);
	devpki_free(p);
}

/* An issuer without key identifier, and what it issues and lists. */
Test(shapes, issuer_without_key_identifier_works_on)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	struct devpki_shapes s = { 0 };
	int critical;
	cr_assert_eq(devpki_shape_remove(&s, "2.5.29.14", &err), 0);
	struct devpki_issue ca = { .kind = DEVPKI_CA,
				   .name = "bare",
				   .extensions = s.e,
				   .n_extensions = s.n };
	struct devpki_issue ee = { .kind = DEVPKI_EE };
	ee.issuer = judge_issue(p, &ca);
	const struct devpki_cert *c = judge_issue(p, &ee);
	cr_expect_eq(count_oid(c, "2.5.29.35", &critical), 0);
	cr_expect_eq(judge_with(p, c, judge_crl(p, "bare"), NULL), X509_V_OK);
	devpki_shapes_free(&s);
	devpki_free(p);
}

/* ---- what each maker says, judged ---- */

Test(shapes, path_length_of_a_ca_is_enforced)
{
	struct devpki *p = kit_pki(NULL, T2026);
	struct judge j = { .p = p };
	const struct devpki_cert *top = issue_text(
	    p, DEVPKI_CA, NULL, "basicConstraints", "critical,CA:TRUE,pathlen:0");
	struct devpki_issue below = { .kind = DEVPKI_CA, .issuer = top };
	struct devpki_issue ee = { .kind = DEVPKI_EE, .issuer = top };
	cr_expect_eq(judge_cert(&j, judge_issue(p, &ee)), X509_V_OK);
	ee.issuer = judge_issue(p, &below);
	cr_expect_eq(judge_cert(&j, judge_issue(p, &ee)),
		     X509_V_ERR_PATH_LENGTH_EXCEEDED);
	devpki_free(p);
}

Test(shapes, name_constraints_are_enforced)
{
	static const struct {
		const char *constraint, *name;
		int error;
	} cases[] = {
		{ "critical,permitted;DNS:example", "DNS:a.example", X509_V_OK },
		{ "critical,permitted;DNS:example", "DNS:a.test",
		  X509_V_ERR_PERMITTED_VIOLATION },
		{ "critical,excluded;email:.example", "email:x@a.example",
		  X509_V_ERR_EXCLUDED_VIOLATION },
		{ "critical,permitted;IP:192.0.2.0/255.255.255.0", "IP:192.0.3.1",
		  X509_V_ERR_PERMITTED_VIOLATION },
	};
	struct devpki *p = kit_pki(NULL, T2026);
	struct judge j = { .p = p };
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct devpki_cert *ca = issue_text(
		    p, DEVPKI_CA, NULL, "nameConstraints", cases[i].constraint);
		const struct devpki_cert *ee =
		    issue_text(p, DEVPKI_EE, ca, "subjectAltName", cases[i].name);
		cr_expect_eq(judge_cert(&j, ee), cases[i].error, "case %zu", i);
	}
	devpki_free(p);
}

Test(shapes, directory_name_constraint_comes_from_sections)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	struct judge j = { .p = p };
	struct devpki_shapes s = { 0 };
	cr_assert_eq(devpki_shape_text(&s, "nameConstraints",
				       "critical,permitted;dirName:dn",
				       "[dn]\nO=Somebody Else\n", &err),
		     0, "%s", err.text);
	struct devpki_issue ca = { .kind = DEVPKI_CA,
				   .extensions = s.e,
				   .n_extensions = s.n };
	struct devpki_issue ee = { .kind = DEVPKI_EE };
	ee.issuer = judge_issue(p, &ca);
	cr_expect_eq(judge_cert(&j, judge_issue(p, &ee)),
		     X509_V_ERR_PERMITTED_VIOLATION);
	X509_NAME *name = X509_NAME_new();
	X509_NAME_add_entry_by_txt(name, "O", MBSTRING_UTF8,
				   (const unsigned char *)"Somebody Else", -1, -1, 0);
	ee.subject = name;
	cr_expect_eq(judge_cert(&j, judge_issue(p, &ee)), X509_V_OK);
	X509_NAME_free(name);
	devpki_shapes_free(&s);
	devpki_free(p);
}

Test(shapes, policies_mappings_and_constraints_are_processed)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	struct devpki_shapes s = { 0 };
	struct judge j = { .p = p,
			   .flags =
			       X509_V_FLAG_POLICY_CHECK | X509_V_FLAG_EXPLICIT_POLICY,
			   .policy = "2.999.1" };
	cr_assert_eq(
	    devpki_shape_text(&s, "certificatePolicies", "2.999.1", NULL, &err), 0);
	cr_assert_eq(
	    devpki_shape_text(&s, "policyMappings", "2.999.1:2.999.7", NULL, &err), 0);
	struct devpki_issue ca = { .kind = DEVPKI_CA,
				   .extensions = s.e,
				   .n_extensions = s.n };
	const struct devpki_cert *mapped = judge_issue(p, &ca);
	cr_expect_eq(judge_cert(&j, issue_text(p, DEVPKI_EE, mapped,
					       "certificatePolicies", "2.999.7")),
		     X509_V_OK);
	cr_expect_eq(judge_cert(&j, issue_text(p, DEVPKI_EE, mapped,
					       "certificatePolicies", "2.999.1")),
		     X509_V_ERR_NO_EXPLICIT_POLICY);
	devpki_shapes_free(&s);
	/* requireExplicitPolicy in the CA, none asked for by the verifier. */
	struct judge open = { .p = p, .flags = X509_V_FLAG_POLICY_CHECK };
	const struct devpki_cert *strict =
	    issue_text(p, DEVPKI_CA, NULL, "policyConstraints",
		       "critical,requireExplicitPolicy:0,inhibitPolicyMapping:0");
	cr_expect_eq(judge_cert(&open, issue_text(p, DEVPKI_EE, strict,
						  "certificatePolicies", "2.999.1")),
		     X509_V_ERR_NO_EXPLICIT_POLICY);
	devpki_free(p);
}

Test(shapes, every_text_form_of_the_header_is_taken)
{
	static const char *const forms[][2] = {
		{ "basicConstraints", "critical,CA:TRUE,pathlen:0" },
		{ "keyUsage", "critical,keyCertSign,cRLSign" },
		{ "extendedKeyUsage", "emailProtection,1.3.6.1.5.5.7.3.36" },
		{ "certificatePolicies", "2.999.1,2.999.2" },
		{ "policyMappings", "2.999.1:2.999.7" },
		{ "policyConstraints",
		  "critical,requireExplicitPolicy:0,inhibitPolicyMapping:1" },
		{ "inhibitAnyPolicy", "critical,0" },
		{ "nameConstraints",
		  "critical,permitted;DNS:example,excluded;email:.example" },
		{ "subjectAltName", "DNS:a.example,IP:192.0.2.1,email:a@example" },
	};
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_shapes s = { 0 };
	for (size_t i = 0; i < sizeof(forms) / sizeof(forms[0]); i++) {
		cr_expect_eq(
		    devpki_shape_text(&s, forms[i][0], forms[i][1], NULL, &err), 0,
		    "%s: %s", forms[i][0], err.text);
		cr_expect_eq(s.e[i].critical, strncmp(forms[i][1], "critical", 8) == 0);
	}
	devpki_shapes_free(&s);
}

Test(shapes, unknown_critical_extension_is_refused_by_a_verifier)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	struct judge j = { .p = p };
	for (int critical = 0; critical < 2; critical++) {
		struct devpki_shapes s = { 0 };
		cr_assert_eq(
		    devpki_shape_null(&s, DEVPKI_OID_UNKNOWN, critical == 1, &err), 0);
		struct devpki_issue how = { .kind = DEVPKI_EE,
					    .extensions = s.e,
					    .n_extensions = s.n };
		cr_expect_eq(judge_cert(&j, judge_issue(p, &how)),
			     critical ? X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION
				      : X509_V_OK);
		devpki_shapes_free(&s);
	}
	devpki_free(p);
}

Test(shapes, addresses_of_any_scheme_stand_as_written)
{
	static const struct devpki_access list[] = {
		{ "1.3.6.1.5.5.7.48.2",
		  "ldap://127.0.0.1/cn=CA,o=X?cACertificate;binary?base" },
		{ "1.3.6.1.5.5.7.48.1", "file:///etc/passwd" },
	};
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	struct devpki_shapes s = { 0 };
	cr_assert_eq(devpki_shape_access(&s, false, list, 2, &err), 0);
	cr_assert_eq(devpki_shape_access(&s, true, list, 1, &err), 0);
	struct devpki_issue how = { .kind = DEVPKI_EE,
				    .extensions = s.e,
				    .n_extensions = s.n };
	const struct devpki_cert *c = judge_issue(p, &how);
	AUTHORITY_INFO_ACCESS *aia =
	    X509_get_ext_d2i(c->x509, NID_info_access, NULL, NULL);
	cr_assert_eq(sk_ACCESS_DESCRIPTION_num(aia), 2);
	for (int i = 0; i < 2; i++) {
		ACCESS_DESCRIPTION *d = sk_ACCESS_DESCRIPTION_value(aia, i);
		cr_assert_eq(d->location->type, GEN_URI);
		cr_expect_str_eq(
		    (const char *)ASN1_STRING_get0_data(d->location->d.ia5),
		    list[i].uri);
	}
	AUTHORITY_INFO_ACCESS_free(aia);
	aia = X509_get_ext_d2i(c->x509, NID_sinfo_access, NULL, NULL);
	cr_expect_eq(sk_ACCESS_DESCRIPTION_num(aia), 1);
	AUTHORITY_INFO_ACCESS_free(aia);
	devpki_shapes_free(&s);
	devpki_free(p);
}

/* X.690 11.2.2: named bits end with the last one. */
Test(shapes, reasons_of_a_distribution_point_are_der)
{
	static const struct {
		unsigned reasons;
		const char *der;
		size_t n;
	} cases[] = {
		{ 1u << 1, "\x30\x06\x30\x04\x81\x02\x06\x40", 8 },
		{ 1u << 7, "\x30\x06\x30\x04\x81\x02\x00\x01", 8 },
		{ 1u << 8, "\x30\x07\x30\x05\x81\x03\x07\x00\x80", 9 },
		{ 0x1fe, "\x30\x07\x30\x05\x81\x03\x07\x7f\x80", 9 },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct devpki_shapes s = { 0 };
		struct devpki_dp dp = { .reasons = cases[i].reasons };
		cr_assert_eq(devpki_shape_crl_points(&s, false, true, &dp, 1, &err), 0);
		cr_expect(view_equal(s.e[0].value, view_of(cases[i].der, cases[i].n)),
			  "case %zu", i);
		cr_expect(s.e[0].critical);
		devpki_shapes_free(&s);
	}
}

Test(shapes, qc_statements_are_those_asked_for)
{
	static const char expected[] =
	    "\x30\x29"
	    "\x30\x08\x06\x06\x04\x00\x8e\x46\x01\x01"      /* QcCompliance */
	    "\x30\x08\x06\x06\x04\x00\x8e\x46\x01\x04"      /* QcSSCD */
	    "\x30\x13\x06\x06\x04\x00\x8e\x46\x01\x06"      /* QcType */
	    "\x30\x09\x06\x07\x04\x00\x8e\x46\x01\x06\x01"; /* esign */
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_shapes s = { 0 };
	cr_assert_eq(
	    devpki_shape_qc(&s, DEVPKI_QC_COMPLIANCE | DEVPKI_QC_SSCD | DEVPKI_QC_ESIGN,
			    -1, NULL, &err),
	    0);
	cr_expect(view_equal(s.e[0].value, view_of(expected, sizeof(expected) - 1)));
	cr_assert_eq(
	    devpki_shape_qc(&s, DEVPKI_QC_ESEAL | DEVPKI_QC_WEB, 10, "EE", &err), 0);
	cr_expect_eq(der_check(s.e[1].value, &err), 0, "%s", err.text);
	cr_expect_not_null(memmem(s.e[1].value.p, s.e[1].value.n,
				  "\x13\x02"
				  "EE",
				  4));
	cr_expect_not_null(memmem(s.e[1].value.p, s.e[1].value.n, "\x02\x01\x0a", 3));
	devpki_shapes_free(&s);
}

/* RFC 9608, EN 319 412-1 5.2.2: NULL, and not critical. */
Test(shapes, certificates_without_revocation_say_so)
{
	static const char *const oids[] = { DEVPKI_OID_NO_REV_AVAIL,
					    DEVPKI_OID_VALASSURED };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	struct devpki_shapes s = { 0 };
	int critical = -1;
	for (size_t i = 0; i < 2; i++)
		cr_assert_eq(devpki_shape_null(&s, oids[i], false, &err), 0);
	struct devpki_issue how = { .kind = DEVPKI_EE,
				    .days = 1,
				    .flaws =
					DEVPKI_FLAW_NO_CRL_POINT | DEVPKI_FLAW_NO_AIA,
				    .extensions = s.e,
				    .n_extensions = s.n };
	const struct devpki_cert *c = judge_issue(p, &how);
	for (size_t i = 0; i < 2; i++) {
		cr_expect_eq(count_oid(c, oids[i], &critical), 1);
		cr_expect_eq(critical, 0);
	}
	cr_expect_lt(X509_get_ext_by_NID(c->x509, NID_crl_distribution_points, -1), 0);
	devpki_shapes_free(&s);
	devpki_free(p);
}

/* ---- kinds made on demand ---- */

Test(kinds, scvp_responder_is_made_once_and_says_so)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	size_t n = devpki_count(p);
	const struct devpki_cert *c = NULL, *again = NULL;
	cr_expect_null(devpki_active(p, DEVPKI_SCVP, 0));
	cr_assert_eq(devpki_need(p, DEVPKI_SCVP, &c, &err), 0, "%s", err.text);
	cr_assert_eq(devpki_need(p, DEVPKI_SCVP, &again, &err), 0);
	cr_expect_eq(c, again);
	cr_expect_eq(devpki_count(p), n + 1);
	cr_expect_str_eq(c->name, "scvp");
	cr_expect_eq(X509_get_key_usage(c->x509), KU_DIGITAL_SIGNATURE);
	EXTENDED_KEY_USAGE *eku =
	    X509_get_ext_d2i(c->x509, NID_ext_key_usage, NULL, NULL);
	char oid[64];
	cr_assert_eq(sk_ASN1_OBJECT_num(eku), 1);
	OBJ_obj2txt(oid, sizeof(oid), sk_ASN1_OBJECT_value(eku, 0), 1);
	cr_expect_str_eq(oid, "1.3.6.1.5.5.7.3.15");
	EXTENDED_KEY_USAGE_free(eku);
	cr_expect_eq(EVP_PKEY_get_base_id(c->key), EVP_PKEY_EC);
	cr_expect_eq(devpki_need(p, DEVPKI_EE, &c, &err), -1);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	devpki_free(p);
}

Test(kinds, crl_issuer_may_sign_lists_alone)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *c = NULL;
	cr_assert_eq(devpki_need(p, DEVPKI_CRL_ISSUER, &c, &err), 0, "%s", err.text);
	cr_expect_eq(X509_get_key_usage(c->x509), KU_CRL_SIGN);
	cr_expect_eq(X509_check_ca(c->x509), 0);
	struct devpki_issue ee = { .kind = DEVPKI_EE, .issuer = c };
	cr_expect_eq(devpki_issue(p, &ee, &c, &err), -1);
	cr_expect_eq(err.code, LTPS_ARGUMENT);
	devpki_free(p);
}

/* ---- bridges ---- */

/* The bridge is a CA that both roots certify and that certifies both. */
Test(cross, two_pkis_trust_each_other_through_a_bridge)
{
	struct devpki *a = kit_pki(NULL, T2026), *b = kit_pki(NULL, T2026);
	const struct devpki_cert *root_a = devpki_active(a, DEVPKI_ROOT, 0);
	const struct devpki_cert *root_b = devpki_active(b, DEVPKI_ROOT, 0);
	const struct devpki_cert *leaf_a = kit_issue(a, "leaf"),
				 *leaf_b = kit_issue(b, "leaf");
	struct judge from_a = { .p = a, .anchor = root_a, .other = b };
	struct judge from_b = { .p = b, .anchor = root_b, .other = a };
	struct devpki_issue how = { .kind = DEVPKI_CA,
				    .name = "bridge",
				    .issuer = root_a };
	const struct devpki_cert *bridge = judge_issue(a, &how);
	struct devpki_issue down = { .kind = DEVPKI_CA, .cross = root_b };
	down.issuer = bridge;
	cr_expect_neq(judge_cert(&from_a, leaf_b), X509_V_OK);
	const struct devpki_cert *cross = judge_issue(a, &down);
	cr_expect_eq(judge_cert(&from_a, leaf_b), X509_V_OK);
	cr_expect_eq(X509_NAME_cmp(X509_get_subject_name(cross->x509),
				   X509_get_subject_name(root_b->x509)),
		     0);
	cr_expect_eq(EVP_PKEY_eq(cross->key, root_b->key), 1);
	/* The other way: b certifies the bridge, the bridge a's root. */
	down.cross = root_a;
	judge_issue(a, &down);
	cr_expect_neq(judge_cert(&from_b, leaf_a), X509_V_OK);
	struct devpki_issue up = { .kind = DEVPKI_CA, .cross = bridge };
	up.issuer = root_b;
	judge_issue(b, &up);
	cr_expect_eq(judge_cert(&from_b, leaf_a), X509_V_OK);
	devpki_free(b);
	devpki_free(a);
}

/* The certified CA's certificates have a status whichever way it is reached. */
Test(cross, what_a_cross_certified_key_issued_has_a_status)
{
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *ca = devpki_active(p, DEVPKI_CA, 0);
	struct devpki_issue root = { .kind = DEVPKI_ROOT, .name = "second-root" };
	struct devpki_issue cross = { .kind = DEVPKI_CA, .cross = ca };
	struct devpki_issue ee = { .kind = DEVPKI_EE };
	cross.issuer = judge_issue(p, &root);
	ee.issuer = judge_issue(p, &cross);
	const struct devpki_cert *leaf = judge_issue(p, &ee);
	judge_revoke(p, leaf, T2026, DEVPKI_REASON_SUPERSEDED);
	struct buf der = buf_make(DEVPKI_ANSWER_MAX);
	struct ltps_error err = LTPS_ERROR_INIT;
	cr_assert_eq(devpki_ocsp_about(p, leaf, NULL, &der, &err), 0);
	OCSP_BASICRESP *basic = judge_ocsp(p, view_buf(&der), 0);
	cr_assert_not_null(basic);
	cr_expect_eq(kit_ocsp_status(basic, leaf), V_OCSP_CERTSTATUS_REVOKED);
	OCSP_BASICRESP_free(basic);
	cr_expect_eq(judge_with(p, leaf, judge_crl(p, "ca"), NULL),
		     X509_V_ERR_CERT_REVOKED);
	buf_free(&der);
	devpki_free(p);
}

Test(cross, common_name_is_shared_and_subject_may_be_empty)
{
	struct devpki *p = kit_pki(NULL, T2026);
	struct devpki_issue how = { .kind = DEVPKI_EE, .common_name = "Same" };
	const struct devpki_cert *a = judge_issue(p, &how), *b = judge_issue(p, &how);
	cr_expect_eq(X509_NAME_cmp(X509_get_subject_name(a->x509),
				   X509_get_subject_name(b->x509)),
		     0);
	X509_NAME *empty = X509_NAME_new();
	how.subject = empty;
	a = judge_issue(p, &how);
	cr_expect_eq(X509_NAME_entry_count(X509_get_subject_name(a->x509)), 0);
	X509_NAME_free(empty);
	devpki_free(p);
}

Test(cross, directory_goes_on_with_crosses_and_demanded_kinds)
{
	char dir[64];
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki_options o = { .clock = clock_fixed(kit_time(T2026)) };
	struct devpki *a = kit_pki(kit_dir(dir), T2026), *b = kit_pki(NULL, T2026);
	const struct devpki_cert *c = NULL;
	struct devpki_issue cross = { .kind = DEVPKI_CA, .name = "cross" };
	cross.cross = devpki_active(b, DEVPKI_CA, 0);
	cross.issuer = devpki_active(a, DEVPKI_ROOT, 0);
	judge_issue(a, &cross);
	cr_assert_eq(devpki_need(a, DEVPKI_SCVP, &c, &err), 0);
	cr_assert_eq(devpki_set_ocsp(a, DEVPKI_OCSP_BY_KEY, &err), 0);
	devpki_free(a);
	cr_assert_eq(devpki_open(dir, &o, &a, &err), 0, "%s", err.text);
	cr_expect_eq(EVP_PKEY_eq(kit_named(a, "cross")->key, cross.cross->key), 1);
	cr_expect_str_eq(devpki_active(a, DEVPKI_SCVP, 0)->name, "scvp");
	devpki_free(b);
	devpki_free(a);
	kit_remove(dir);
}

/* ---- algorithms ---- */

Test(algorithms, every_key_type_signs_chains_lists_and_answers)
{
	for (int type = DEVPKI_KEY_P256; type < DEVPKI_KEY_COUNT; type++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct devpki_options o = { .clock = clock_fixed(kit_time(T2026)) };
		struct devpki *p = NULL;
		if (type == DEVPKI_KEY_RSA3072 || type == DEVPKI_KEY_RSA4096)
			continue; /* as RSA 2048, but slow to make */
		o.key[DEVPKI_CA] = o.key[DEVPKI_OCSP] = (enum devpki_key)type;
		cr_assert_eq(devpki_create(NULL, &o, &p, &err), 0, "%s: %s",
			     devpki_key_name((enum devpki_key)type), err.text);
		cr_assert_eq(ERR_peek_error(), 0);
		const struct devpki_cert *c = kit_issue(p, "leaf");
		struct buf der = buf_make(DEVPKI_ANSWER_MAX);
		cr_expect_eq(judge_with(p, c, judge_crl(p, "ca"), NULL), X509_V_OK,
			     "%s", devpki_key_name((enum devpki_key)type));
		cr_assert_eq(devpki_ocsp_about(p, c, NULL, &der, &err), 0);
		OCSP_BASICRESP *basic = judge_ocsp(p, view_buf(&der), 0);
		cr_expect_not_null(basic, "%s", devpki_key_name((enum devpki_key)type));
		OCSP_BASICRESP_free(basic);
		buf_free(&der);
		devpki_free(p);
	}
}

Test(algorithms, keys_and_signatures_are_what_they_are_called)
{
	static const struct {
		enum devpki_key key;
		int id, bits;
	} cases[] = {
		{ DEVPKI_KEY_RSA1024, EVP_PKEY_RSA, 1024 },
		{ DEVPKI_KEY_RSAPSS2048, EVP_PKEY_RSA_PSS, 2048 },
		{ DEVPKI_KEY_DSA2048, EVP_PKEY_DSA, 2048 },
		{ DEVPKI_KEY_ED448, EVP_PKEY_ED448, 456 },
		{ DEVPKI_KEY_P521, EVP_PKEY_EC, 521 },
	};
	struct devpki *p = kit_pki(NULL, T2026);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct devpki_issue how = { .kind = DEVPKI_EE, .key = cases[i].key };
		const struct devpki_cert *c = judge_issue(p, &how);
		enum devpki_key parsed;
		cr_expect_eq(EVP_PKEY_get_base_id(c->key), cases[i].id, "%zu", i);
		cr_expect_eq(EVP_PKEY_get_bits(c->key), cases[i].bits, "%zu", i);
		cr_expect(devpki_key_parse(view_text(devpki_key_name(cases[i].key)),
					   &parsed));
		cr_expect_eq(parsed, cases[i].key);
	}
	devpki_free(p);
}

Test(algorithms, signature_is_by_the_hash_and_padding_asked_for)
{
	static const struct {
		struct devpki_signing signing;
		int nid;
	} cases[] = {
		{ { .hash = DIGEST_NONE }, NID_sha256WithRSAEncryption },
		{ { .hash = DIGEST_SHA1 }, NID_sha1WithRSAEncryption },
		{ { .hash = DIGEST_SHA512 }, NID_sha512WithRSAEncryption },
		{ { .pss = true }, NID_rsassaPss },
	};
	struct devpki_options o = { .clock = clock_fixed(kit_time(T2026)) };
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = NULL;
	o.key[DEVPKI_CA] = DEVPKI_KEY_RSA2048;
	cr_assert_eq(devpki_create(NULL, &o, &p, &err), 0);
	X509 *ca = devpki_active(p, DEVPKI_CA, 0)->x509;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct devpki_issue how = { .kind = DEVPKI_EE,
					    .signing = cases[i].signing };
		const struct devpki_cert *c = judge_issue(p, &how);
		cr_expect_eq(X509_get_signature_nid(c->x509), cases[i].nid, "%zu", i);
		cr_expect_eq(X509_verify(c->x509, X509_get0_pubkey(ca)), 1, "%zu", i);
	}
	devpki_free(p);
}
