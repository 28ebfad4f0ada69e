/* SPDX-License-Identifier: Apache-2.0 */
/* Certificates: profiles, validity in any century, revocation, roll-over. */
#include <criterion/criterion.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <stdio.h>

#include "tests/support/devpki_kit.h"

#define T2026 "2026-06-01T12:00:00Z"

static void expect_code(int ret, const struct ltps_error *err, enum ltps_code code)
{
	cr_assert_eq(ret, -1);
	cr_assert_eq(err->code, code, "%s: %s", ltps_code_name(err->code), err->text);
	cr_assert_eq(ERR_peek_error(), 0);
}

static void check_century(const char *now, const char *before, const char *after)
{
	struct devpki *p = kit_pki(NULL, now);
	const struct devpki_cert *ee = kit_issue(p, "leaf");
	const struct devpki_cert *tsa = devpki_active(p, DEVPKI_TSA, 1);
	int64_t at = kit_time(now);
	cr_expect_eq(kit_verify(p, ee->x509, at, NULL, 0), X509_V_OK);
	cr_expect_eq(kit_verify(p, tsa->x509, at, NULL, X509_PURPOSE_TIMESTAMP_SIGN),
		     X509_V_OK);
	cr_expect_eq(kit_verify(p, ee->x509, kit_time(before), NULL, 0),
		     X509_V_ERR_CERT_NOT_YET_VALID);
	cr_expect_eq(kit_verify(p, ee->x509, kit_time(after), NULL, 0),
		     X509_V_ERR_CERT_HAS_EXPIRED);
	cr_expect_eq(kit_asn1_ms(X509_get0_notBefore(ee->x509)), at);
	devpki_free(p);
}

Test(issue, chain_of_1995_verifies_then_and_not_outside)
{
	check_century("1995-02-03T04:05:06Z", "1995-02-03T04:05:05Z",
		      "1999-01-01T00:00:00Z");
}

Test(issue, chain_of_2095_verifies_then_and_not_outside)
{
	check_century("2095-02-03T04:05:06Z", "2095-02-03T04:05:05Z",
		      "2099-01-01T00:00:00Z");
}

Test(issue, chain_of_1960_verifies_then_and_not_outside)
{
	check_century("1960-02-03T04:05:06Z", "1960-02-03T04:05:05Z",
		      "1964-01-01T00:00:00Z");
}

/* RFC 5280 4.1.2.5: UTCTime through 2049, GeneralizedTime from 2050 on. */
Test(issue, validity_across_2050_changes_the_form_of_the_time)
{
	struct devpki *p = kit_pki(NULL, "2049-12-31T23:59:59Z");
	const struct devpki_cert *ee = kit_issue(p, "leaf");
	cr_expect_eq(X509_get0_notBefore(ee->x509)->type, V_ASN1_UTCTIME);
	cr_expect_eq(X509_get0_notAfter(ee->x509)->type, V_ASN1_GENERALIZEDTIME);
	kit_set(p, "2050-01-01T00:00:00Z");
	ee = kit_issue(p, "later");
	cr_expect_eq(X509_get0_notBefore(ee->x509)->type, V_ASN1_GENERALIZEDTIME);
	devpki_free(p);
}

/* RFC 3161 2.3: critical, timeStamping alone. */
Test(issue, tsa_certificate_has_one_critical_purpose)
{
	struct devpki *p = kit_pki(NULL, T2026);
	X509 *x = devpki_active(p, DEVPKI_TSA, 0)->x509;
	int critical = -1;
	EXTENDED_KEY_USAGE *eku =
	    X509_get_ext_d2i(x, NID_ext_key_usage, &critical, NULL);
	cr_assert_not_null(eku);
	cr_expect_eq(critical, 1);
	cr_expect_eq(sk_ASN1_OBJECT_num(eku), 1);
	cr_expect_eq(OBJ_obj2nid(sk_ASN1_OBJECT_value(eku, 0)), NID_time_stamp);
	sk_ASN1_OBJECT_pop_free(eku, ASN1_OBJECT_free);
	devpki_free(p);
}

Test(issue, each_flaw_shows_in_the_certificate)
{
	static const struct {
		enum devpki_kind kind;
		unsigned flaws;
		int nid;
		bool present, critical;
	} cases[] = {
		{ DEVPKI_TSA, DEVPKI_FLAW_EKU_NOT_CRITICAL, NID_ext_key_usage, true,
		  false },
		{ DEVPKI_TSA, DEVPKI_FLAW_EKU_SECOND, NID_ext_key_usage, true, true },
		{ DEVPKI_TSA, DEVPKI_FLAW_NO_EKU, NID_ext_key_usage, false, false },
		{ DEVPKI_OCSP, DEVPKI_FLAW_NO_EKU, NID_ext_key_usage, false, false },
		{ DEVPKI_OCSP, DEVPKI_FLAW_NO_NOCHECK, NID_id_pkix_OCSP_noCheck, false,
		  false },
		{ DEVPKI_CA, DEVPKI_FLAW_NO_KEY_USAGE, NID_key_usage, false, false },
		{ DEVPKI_EE, DEVPKI_FLAW_KEY_USAGE, NID_key_usage, true, true },
		{ DEVPKI_EE, DEVPKI_FLAW_NO_AIA, NID_info_access, false, false },
		{ DEVPKI_EE, DEVPKI_FLAW_NO_CRL_POINT, NID_crl_distribution_points,
		  false, false },
	};
	struct devpki *p = kit_pki(NULL, T2026);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct devpki_issue how = { .kind = cases[i].kind,
					    .flaws = cases[i].flaws };
		const struct devpki_cert *c = NULL;
		cr_assert_eq(devpki_issue(p, &how, &c, &err), 0, "%s", err.text);
		int at = X509_get_ext_by_NID(c->x509, cases[i].nid, -1);
		cr_expect_eq(at >= 0, cases[i].present, "case %zu", i);
		if (at >= 0)
			cr_expect_eq(
			    X509_EXTENSION_get_critical(X509_get_ext(c->x509, at)),
			    cases[i].critical, "case %zu", i);
	}
	devpki_free(p);
}

Test(issue, flawless_responder_has_nocheck_and_purpose)
{
	struct devpki *p = kit_pki(NULL, T2026);
	X509 *x = devpki_active(p, DEVPKI_OCSP, 0)->x509;
	cr_expect_geq(X509_get_ext_by_NID(x, NID_id_pkix_OCSP_noCheck, -1), 0);
	cr_expect_eq(X509_get_extended_key_usage(x), XKU_OCSP_SIGN);
	devpki_free(p);
}

Test(issue, every_key_type_makes_a_chain_that_verifies)
{
	static const enum devpki_key types[] = { DEVPKI_KEY_P384, DEVPKI_KEY_RSA2048,
						 DEVPKI_KEY_ED25519 };
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct devpki_options o = { .clock = clock_fixed(kit_time(T2026)) };
		struct devpki *p = NULL;
		o.key[DEVPKI_ROOT] = o.key[DEVPKI_CA] = o.key[DEVPKI_TSA] = types[i];
		cr_assert_eq(devpki_create(NULL, &o, &p, &err), 0, "%s", err.text);
		X509 *tsa = devpki_active(p, DEVPKI_TSA, 0)->x509;
		cr_expect_eq(kit_verify(p, tsa, kit_time(T2026), NULL, 0), X509_V_OK);
		X509_CRL_free(kit_crl(p, "root"));
		devpki_free(p);
	}
}

Test(issue, own_validity_in_the_past_is_an_expired_certificate)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	struct devpki_issue how = { .kind = DEVPKI_EE };
	const struct devpki_cert *c = NULL;
	how.not_before_ms = kit_time("2020-01-01T00:00:00Z");
	how.not_after_ms = kit_time("2021-01-01T00:00:00Z");
	cr_assert_eq(devpki_issue(p, &how, &c, &err), 0);
	cr_expect_eq(kit_verify(p, c->x509, kit_time(T2026), NULL, 0),
		     X509_V_ERR_CERT_HAS_EXPIRED);
	devpki_free(p);
}

Test(issue, default_validity_ends_with_the_issuer)
{
	struct devpki *p = kit_pki(NULL, T2026);
	kit_set(p, "2040-06-01T00:00:00Z");
	const struct devpki_cert *c = kit_issue(p, "leaf");
	cr_expect_eq(ASN1_TIME_compare(X509_get0_notAfter(c->x509),
				       X509_get0_notAfter(c->issuer->x509)),
		     0);
	devpki_free(p);
}

Test(issue, expired_issuer_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	struct devpki_issue how = { .kind = DEVPKI_EE };
	const struct devpki_cert *c = NULL;
	kit_set(p, "2050-06-01T00:00:00Z");
	expect_code(devpki_issue(p, &how, &c, &err), &err, LTPS_STATE);
	devpki_free(p);
}

Test(issue, names_taken_or_leaving_the_folder_are_refused)
{
	static const char *const names[] = {
		"tsa0", "",    "../x",
		"A",    "a.b", "0123456789012345678901234567890123456789012345678"
	};
	struct devpki *p = kit_pki(NULL, T2026);
	size_t before = devpki_count(p);
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct devpki_issue how = { .kind = DEVPKI_EE, .name = names[i] };
		const struct devpki_cert *c = NULL;
		expect_code(devpki_issue(p, &how, &c, &err), &err, LTPS_ARGUMENT);
	}
	cr_expect_eq(devpki_count(p), before);
	devpki_free(p);
}

Test(issue, issuer_that_is_no_ca_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	struct devpki_issue how = { .kind = DEVPKI_EE };
	const struct devpki_cert *c = NULL;
	how.issuer = devpki_active(p, DEVPKI_TSA, 0);
	expect_code(devpki_issue(p, &how, &c, &err), &err, LTPS_ARGUMENT);
	devpki_free(p);
}

Test(issue, validity_ending_before_it_begins_is_refused)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	struct devpki_issue how = { .kind = DEVPKI_EE };
	const struct devpki_cert *c = NULL;
	how.not_after_ms = kit_time("2020-01-01T00:00:00Z");
	expect_code(devpki_issue(p, &how, &c, &err), &err, LTPS_ARGUMENT);
	devpki_free(p);
}

Test(issue, issued_tsa_does_not_serve)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	struct devpki_issue how = { .kind = DEVPKI_TSA };
	const struct devpki_cert *serving = devpki_active(p, DEVPKI_TSA, 0);
	const struct devpki_cert *c = NULL;
	cr_assert_eq(devpki_issue(p, &how, &c, &err), 0);
	cr_expect_eq(devpki_active(p, DEVPKI_TSA, 0), serving);
	devpki_free(p);
}

Test(issue, bad_urls_policies_and_numbers_are_refused)
{
	static const struct devpki_options cases[] = {
		{ .url = "https://127.0.0.1" },
		{ .url = "http://" },
		{ .url = "http://a/" },
		{ .url = "http://a,b" },
		{ .url = "http://a\nx = y" },
		{ .tsa_policy = "not an oid" },
		{ .n_tsa = DEVPKI_TSA_MAX + 1 },
		{ .status_ms = -1 },
		{ .days = { [DEVPKI_TSA] = -1 } },
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct ltps_error err = LTPS_ERROR_INIT;
		struct devpki *p = NULL;
		cr_expect_eq(devpki_create(NULL, &cases[i], &p, &err), -1, "case %zu",
			     i);
		cr_expect_null(p);
	}
}

Test(issue, two_pkis_never_share_issuer_names)
{
	struct devpki *a = kit_pki(NULL, T2026);
	struct devpki *b = kit_pki(NULL, T2026);
	cr_expect_neq(
	    X509_NAME_cmp(X509_get_subject_name(devpki_active(a, DEVPKI_CA, 0)->x509),
			  X509_get_subject_name(devpki_active(b, DEVPKI_CA, 0)->x509)),
	    0);
	devpki_free(a);
	devpki_free(b);
}

/* ---- roll-over ---- */

Test(rollover, old_tsa_still_verifies_and_new_one_has_another_key)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *old = devpki_active(p, DEVPKI_TSA, 0), *new = NULL;
	kit_set(p, "2028-01-01T00:00:00Z");
	cr_assert_eq(devpki_rollover(p, DEVPKI_TSA, 0, NULL, &new, &err), 0);
	cr_expect_eq(devpki_active(p, DEVPKI_TSA, 0), new);
	cr_expect_neq(EVP_PKEY_eq(old->key, new->key), 1);
	cr_expect_eq(kit_verify(p, old->x509, devpki_now_ms(p), NULL, 0), X509_V_OK);
	cr_expect_eq(kit_verify(p, new->x509, devpki_now_ms(p), NULL, 0), X509_V_OK);
	cr_expect_neq(devpki_active(p, DEVPKI_TSA, 1), new);
	devpki_free(p);
}

Test(rollover, old_ca_stays_fetchable_and_keeps_its_own_status_service)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *before = kit_issue(p, "before"), *ca = NULL;
	cr_assert_eq(devpki_rollover(p, DEVPKI_CA, 0, NULL, &ca, &err), 0);
	const struct devpki_cert *after = kit_issue(p, "after");
	cr_expect_eq(after->issuer, ca);
	cr_expect_neq(before->issuer, ca);
	cr_expect_eq(kit_verify(p, before->x509, kit_time(T2026), NULL, 0), X509_V_OK);
	cr_expect_eq(kit_verify(p, after->x509, kit_time(T2026), NULL, 0), X509_V_OK);
	const struct devpki_cert *both[] = { before, after };
	for (size_t i = 0; i < 2; i++) {
		struct buf req = kit_ocsp_request(&both[i], 1, 0),
			   out = buf_make(1 << 20);
		cr_assert_eq(devpki_ocsp(p, view_buf(&req), &out, &err), 0);
		OCSP_BASICRESP *basic = kit_ocsp_verified(p, view_buf(&out), 0);
		cr_expect_eq(kit_ocsp_status(basic, both[i]), V_OCSP_CERTSTATUS_GOOD);
		OCSP_BASICRESP_free(basic);
		buf_free(&out);
		buf_free(&req);
	}
	static const char *const paths[] = { "/aia/ca.cer", "/aia/ca-2.cer" };
	for (size_t i = 0; i < 2; i++) {
		struct devpki_answer a = kit_ask(p, "GET", paths[i], NULL, VIEW_NULL);
		cr_expect_eq(a.status, 200);
		cr_expect(view_equal(view_buf(&a.body), both[i]->issuer->der));
		devpki_answer_free(&a);
	}
	X509_CRL_free(kit_crl(p, "ca"));
	X509_CRL_free(kit_crl(p, "ca-2"));
	devpki_free(p);
}

Test(rollover, new_root_joins_the_anchors_and_signs_the_next_ca)
{
	struct ltps_error err = LTPS_ERROR_INIT;
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *old_leaf = kit_issue(p, "old"), *root = NULL,
				 *ca = NULL;
	cr_assert_eq(devpki_rollover(p, DEVPKI_ROOT, 0, NULL, &root, &err), 0);
	cr_assert_eq(devpki_rollover(p, DEVPKI_CA, 0, NULL, &ca, &err), 0);
	cr_expect_eq(ca->issuer, root);
	cr_expect_eq(kit_verify(p, old_leaf->x509, kit_time(T2026), NULL, 0),
		     X509_V_OK);
	struct buf pem = buf_make(1 << 16);
	cr_assert_eq(devpki_anchors(p, &pem, &err), 0);
	const char *text = NULL;
	cr_assert_eq(buf_text(&pem, &text, &err), 0);
	const char *second = strstr(text, "BEGIN CERT");
	cr_expect_not_null(strstr(second + 1, "BEGIN CERT"));
	buf_free(&pem);
	devpki_free(p);
}

Test(rollover, of_end_entities_or_absent_tsas_is_refused)
{
	struct devpki *p = kit_pki(NULL, T2026);
	const struct devpki_cert *c = NULL;
	struct ltps_error err = LTPS_ERROR_INIT;
	expect_code(devpki_rollover(p, DEVPKI_EE, 0, NULL, &c, &err), &err,
		    LTPS_ARGUMENT);
	ltps_error_clear(&err);
	expect_code(devpki_rollover(p, DEVPKI_TSA, 2, NULL, &c, &err), &err,
		    LTPS_ARGUMENT);
	ltps_error_clear(&err);
	expect_code(devpki_rollover(p, DEVPKI_CA, 1, NULL, &c, &err), &err,
		    LTPS_ARGUMENT);
	devpki_free(p);
}

/* ---- revocation ---- */

Test(revoke, of_roots_unknown_serials_and_reasons_is_refused)
{
	struct devpki *p = kit_pki(NULL, T2026);
	int64_t now = kit_time(T2026);
	struct ltps_error err = LTPS_ERROR_INIT;
	expect_code(devpki_revoke(p, 1, now, DEVPKI_REASON_ABSENT, &err), &err,
		    LTPS_NOT_FOUND);
	ltps_error_clear(&err);
	expect_code(
	    devpki_revoke(p, DEVPKI_SERIAL_FIRST, now, DEVPKI_REASON_ABSENT, &err),
	    &err, LTPS_ARGUMENT);
	ltps_error_clear(&err);
	/* 7 is not used by RFC 5280 5.3.1. */
	expect_code(devpki_revoke(p, kit_named(p, "tsa0")->serial, now,
				  (enum devpki_reason)7, &err),
		    &err, LTPS_ARGUMENT);
	devpki_free(p);
}
